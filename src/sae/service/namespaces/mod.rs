//! What can be done with namespaces.

mod create;
mod delete;
mod describe;
mod list;
mod update;

use super::Service;
use crate::sae::model::{Error, NamespaceId, Result};

impl Service {
    /// Refuses a default namespace: the service documents that it cannot be described, changed or deleted.
    fn require_custom(&self, id: &NamespaceId) -> Result<()> {
        self.require_served(id)?;
        if id.is_default() { Err(Error::NamespaceNotFound) } else { Ok(()) }
    }

    /// Refuses a change of namespaces while the platform is being upgraded.
    fn require_no_upgrade(&self) -> Result<()> {
        if self.cloud.upgrading { Err(Error::Upgrading) } else { Ok(()) }
    }
}
