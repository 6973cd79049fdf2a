//! What can be done with secrets.

mod create;
mod delete;
mod describe;
mod list;
pub(super) mod payload;
mod update;

pub(super) use create::SealedDraft;
pub use create::{CreateSecret, Draft};
pub use update::UpdateSecret;

use crate::sae::model::{Application, Cloud, SecretData, SecretSummary};

/// A secret without its values, and the applications that use it.
#[derive(Debug, Clone)]
pub struct ListedSecret {
    /// The secret.
    pub summary: SecretSummary,
    /// The applications that use it.
    pub applications: Vec<Application>,
}

/// A secret with its values.
#[derive(Debug, Clone)]
pub struct DescribedSecret {
    /// All but the values.
    pub listed: ListedSecret,
    /// The keys and values.
    pub data: SecretData,
}

impl ListedSecret {
    fn new(cloud: &Cloud, summary: SecretSummary) -> Self {
        let uses = |application: &&Application| application.secrets.contains(&summary.name);
        let applications = cloud.applications_in(&summary.namespace);
        Self { applications: applications.iter().filter(uses).cloned().collect(), summary }
    }
}
