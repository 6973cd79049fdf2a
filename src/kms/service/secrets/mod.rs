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
pub(super) mod rotate;
mod rotation_policy;
mod stages;
mod update;

pub use create::{CreateSecret, Managed};
pub use delete::DeleteSecret;
pub use get::{GetSecretValue, SecretValue};
pub use list::ListSecrets;
pub use put::PutSecretValue;
pub use rotate::RotateSecret;
pub use rotation_policy::UpdateSecretRotationPolicy;
pub use stages::UpdateSecretVersionStage;
pub use update::UpdateSecret;
