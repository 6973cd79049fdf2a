//! Who is calling.

use std::sync::Arc;

use super::{Owner, User};

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
    /// Nobody said; acts as the account itself where that is allowed.
    Anonymous,
    /// The account itself.
    Root,
    /// A user of the account, by a long-term key.
    User(Arc<User>),
    /// A user of the account, by a temporary key.
    Session(Arc<User>),
}

impl Caller {
    /// Somebody who signed nothing.
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
}

impl From<&Owner> for Principal {
    fn from(owner: &Owner) -> Self {
        match owner {
            Owner::Root => Self::Root,
            Owner::User(user) => Self::User(Arc::clone(user)),
        }
    }
}
