//! What a secret, a name, a quota *is*: plain types and rules without I/O, HTTP, SQL, wire names or a clock.

mod cloud;
pub mod docker_config;
mod error;
mod namespace;
mod quota;
mod region;
mod secret;
mod secret_data;
mod tls;

pub(crate) use cloud::Application;
pub use cloud::{Cloud, SeedNamespace, SeedSecret};
pub(crate) use docker_config::DockerConfigMode;
pub(crate) use error::{Error, Field, Result};
pub(crate) use namespace::{Namespace, parse_description};
pub use namespace::{NamespaceId, NamespaceName};
pub(crate) use quota::NamespaceQuotas;
pub use quota::Quotas;
pub(crate) use region::{DOCUMENTED_REGIONS, local_name};
pub(crate) use secret::{DOCKER_CONFIG_KEY, SecretId, SecretSummary, Version};
pub use secret::{SecretName, SecretType, SecretUid};
pub(crate) use secret_data::check_key;
pub use secret_data::{SecretData, SecretValue};
