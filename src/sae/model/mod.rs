//! What a secret, a name, a quota *is*: plain types and rules without I/O, HTTP, SQL, wire names or a clock.

mod cloud;
pub mod docker_config;
mod error;
mod namespace;
mod quota;
mod secret;
mod secret_data;
pub mod tls;

pub use cloud::{Application, Cloud, SeedNamespace, SeedSecret};
pub use docker_config::DockerConfigMode;
pub use error::{Error, Field, Result};
pub use namespace::{DESCRIPTION_MAX, Namespace, NamespaceId, NamespaceName, parse_description};
pub use quota::{NamespaceQuotas, Quotas};
pub use secret::{
    DOCKER_CONFIG_KEY, SecretId, SecretName, SecretSummary, SecretType, SecretUid, Version,
};
pub use secret_data::{DataKey, SecretData, SecretValue};
