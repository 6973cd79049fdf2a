//! What a caller may, decided where the resource is known: its tags and its own policy have a say.

use super::Context;
use crate::{
    access::{
        Caller, Denied, Principal,
        policy::{Effect, Environment},
    },
    kms::model::{Error, Kind, PrincipalRef, Result, Secret, SecretName, SecretPolicy, SecretRef, Scope},
    store::Tx,
};

/// A caller and what conditions ask about its request.
#[derive(Debug, Clone)]
pub struct Rights {
    /// Who asks.
    pub caller: Caller,
    /// From where and when.
    pub environment: Environment,
}

impl Rights {
    /// Whether the account itself asks, which no policy binds.
    fn is_account(&self) -> bool {
        self.caller.user().is_none()
    }

    /// What the caller's own policies say.
    fn identity(&self, action: &str, resource: &str, tags: &[(String, String)]) -> std::result::Result<(), Denied> {
        self.caller.authorize(action, resource, &self.environment.with_tags(tags))
    }

    /// Whether the caller may do this to a resource that has neither tags nor a policy of its own; [`Error::Forbidden`].
    pub fn check(&self, action: &str, resource: &str) -> Result<()> {
        let decision = self.identity(action, resource, &[]);
        decision.map_err(|_| Error::Forbidden(resource.to_owned()))
    }
}
