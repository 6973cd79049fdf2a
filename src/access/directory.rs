//! The known users, their access keys, and the temporary keys that were handed out.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{KeyMaterial, Principal};
use crate::clock::Timestamp;

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
    #[must_use]
    pub fn has_token(&self, token: &[u8]) -> bool {
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
    /// Makes a key known.
    ///
    /// # Errors
    /// A key of that id is known already; it stays.
    pub fn add(&mut self, key: AccessKey) -> Result<(), &'static str> {
        match self.0.entry(key.id.clone()) {
            Entry::Occupied(_) => Err("this access key id stands twice"),
            Entry::Vacant(place) => {
                place.insert(key);
                Ok(())
            }
        }
    }

    /// The access key of that id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&AccessKey> {
        self.0.get(id)
    }

    /// How many access keys are known, temporary ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no key is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a security token was handed out for any key.
    #[must_use]
    pub fn knows_token(&self, token: &[u8]) -> bool {
        let mut sessions = self.0.values().filter_map(|key| key.session.as_ref());
        sessions.any(|session| session.has_token(token))
    }
}
