//! Use cases of secrets and their versions.

mod batch;
pub mod create;
mod delete;
mod describe;
mod get;
mod list;
pub mod payload;
mod policy;
mod put;
mod restore;
mod stages;
mod update;

pub use create::{CreateSecret, Created, Managed};
pub use delete::{DeleteSecret, Deleted};
pub use describe::{Described, ListedVersions};
pub use get::{GetSecretValue, SecretValue};
pub use list::{ListSecrets, ListedSecrets};
pub use put::{Put, PutSecretValue};
pub use stages::UpdateSecretVersionStage;
pub use update::UpdateSecret;
