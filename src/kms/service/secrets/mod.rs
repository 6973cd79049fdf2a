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

pub(super) use create::random;
pub use create::{CreateSecret, Created, Managed};
pub use delete::{DeleteSecret, Deleted};
pub use describe::{Described, ListedVersions};
pub use get::{GetSecretValue, SecretValue};
pub use list::{ListSecrets, ListedSecrets};
pub use put::{Put, PutSecretValue};
pub use rotate::{RotateSecret, Rotated};
pub use rotation_policy::UpdateSecretRotationPolicy;
pub use stages::UpdateSecretVersionStage;
pub use update::UpdateSecret;
