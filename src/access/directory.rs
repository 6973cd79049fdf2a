//! The users, their access keys with the temporary ones that were handed out, and the callers that these make.

use std::{collections::HashMap, fmt, sync::Arc};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    KeyMaterial,
    policy::{self, Denied, Environment, Statement},
};
use crate::clock::Timestamp;

/// A user of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's name, unique among all that are known.
    pub name: String,
    /// The number of the account that the user belongs to.
    pub account: String,
    /// The statements of all policies attached to the user.
    pub policies: Vec<Statement>,
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
    /// A user, by a long-term key.
    User(Arc<User>),
    /// A user, by a temporary key.
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

    /// The account that the caller belongs to; `home` is the emulated one, to which all belong but some users.
    #[must_use]
    pub fn account<'a>(&'a self, home: &'a str) -> &'a str {
        self.user().map_or(home, |user| &user.account)
    }

    /// What the logs call this kind of caller.
    pub(crate) fn kind(&self) -> &'static str {
        match self.principal {
            Principal::Anonymous => "anonymous",
            Principal::Root => "root",
            Principal::User(_) => "user",
            Principal::Session(_) => "sts",
        }
    }

    /// Whether the caller may take an action, such as `sae:CreateSecret`, on a resource, such as
    /// `acs:sae:cn-beijing:1000000000000001:*`, as far as the caller's own policies say it: a resource may have a policy
    /// besides. The account itself may do everything.
    pub(crate) fn authorize(
        &self,
        action: &str,
        resource: &str,
        environment: &Environment<'_>,
    ) -> Result<(), Denied> {
        let Some(user) = self.user() else { return Ok(()) };
        policy::evaluate(&user.policies, action, resource, environment)
    }
}

/// An access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The access key id, as `LTAI…`; of a temporary key `STS.…`.
    pub id: String,
    /// What signatures by it are verified with.
    pub material: KeyMaterial,
    /// On whose behalf it signs.
    pub principal: Principal,
    /// Whether it may be used.
    pub is_active: bool,
    /// Of a temporary key.
    pub session: Option<Session>,
}

/// What a temporary key has besides.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The token that has to be sent with it.
    pub token: Zeroizing<String>,
    /// From when on the key cannot be used.
    pub expires: Timestamp,
}

impl Session {
    /// Whether that is the session's token; takes the same time whatever the difference.
    pub(crate) fn has_token(&self, token: &[u8]) -> bool {
        self.token.as_bytes().ct_eq(token).into()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(hidden)")
    }
}

/// Every access key that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory(HashMap<String, AccessKey>);

impl Directory {
    /// Makes a key known, unless one of that id is known already: that one stays.
    pub fn add(&mut self, key: AccessKey) -> Result<(), &'static str> {
        if self.0.contains_key(&key.id) {
            return Err("this access key id stands twice");
        }
        self.0.insert(key.id.clone(), key);
        Ok(())
    }

    pub(crate) fn find(&self, id: &str) -> Option<&AccessKey> {
        self.0.get(id)
    }

    /// How many access keys are known, temporary ones included.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a security token was handed out for any key.
    pub(super) fn knows_token(&self, token: &[u8]) -> bool {
        let mut sessions = self.0.values().filter_map(|key| key.session.as_ref());
        sessions.any(|session| session.has_token(token))
    }
}
