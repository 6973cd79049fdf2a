//! Who is calling.

use std::sync::Arc;

use super::policy::{self, Denied, Environment, Policy};

/// A user of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's name, unique in the account.
    pub name: String,
    /// The policies attached to the user.
    pub policies: Vec<Policy>,
}

/// Who is calling, once that is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// On whose behalf the request is made.
    pub principal: Principal,
    /// The access key that signed it; `None` when nothing did.
    pub access_key_id: Option<String>,
}

/// On whose behalf a request is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Nothing was signed; acts as the account itself where that is allowed.
    Anonymous,
    /// The account itself.
    Root,
    /// A user of the account, by a long-term key.
    User(Arc<User>),
    /// A user of the account, by a temporary key.
    Session(Arc<User>),
}

impl Caller {
    /// The caller of an unsigned request.
    pub const ANONYMOUS: Self = Self { principal: Principal::Anonymous, access_key_id: None };

    /// The user that policies are looked up for; `None` for the account itself, which no policy binds.
    #[must_use]
    pub fn user(&self) -> Option<&Arc<User>> {
        match &self.principal {
            Principal::Anonymous | Principal::Root => None,
            Principal::User(user) | Principal::Session(user) => Some(user),
        }
    }

    /// The name of the kind of caller: `anonymous`, `root`, `user` or `sts`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.principal {
            Principal::Anonymous => "anonymous",
            Principal::Root => "root",
            Principal::User(_) => "user",
            Principal::Session(_) => "sts",
        }
    }

    /// Whether the caller may take an action, such as `sae:CreateSecret`, on a resource, such as
    /// `acs:sae:cn-beijing:1000000000000001:*`. The account itself may do everything.
    pub fn authorize(
        &self,
        action: &str,
        resource: &str,
        environment: &Environment,
    ) -> Result<(), Denied> {
        let Some(user) = self.user() else { return Ok(()) };
        policy::evaluate(&user.policies, action, resource, environment)
    }
}
