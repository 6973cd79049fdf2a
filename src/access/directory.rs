//! Who is known: the account itself, its users, their access keys, and the temporary keys that were handed out.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    sync::Arc,
};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{policy::Policy, signature::RsaPublicKey};
use crate::clock::Timestamp;

/// A user of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's name, unique in the account.
    pub name: String,
    /// The policies attached to the user.
    pub policies: Vec<Policy>,
}

/// Whose key it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The account itself, which no policy binds.
    Root,
    /// A user of the account.
    User(Arc<User>),
}

/// What a signature is verified with.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyMaterial {
    /// The secret that both sides know: HMAC.
    Secret(Zeroizing<String>),
    /// The public half of a key pair: RSA.
    Rsa(RsaPublicKey),
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMaterial(hidden)")
    }
}

/// Whether a key may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStatus {
    /// It may.
    Active,
    /// It was disabled.
    Inactive,
}

/// A long-term access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The access key id, as `LTAI…`.
    pub id: String,
    /// What signatures by it are verified with.
    pub material: KeyMaterial,
    /// Whether it may be used.
    pub status: KeyStatus,
}

/// A temporary access key with its security token.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The access key id, `STS.…`.
    pub id: String,
    /// What signatures by it are verified with.
    pub secret: Zeroizing<String>,
    /// The token that has to come along.
    pub token: Zeroizing<String>,
    /// From when on it is of no use any more.
    pub expires: Timestamp,
    /// On whose behalf it acts.
    pub user: Arc<User>,
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
        write!(f, "Session({}, hidden)", self.id)
    }
}

/// What an access key id stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// A long-term key and its owner.
    Key(AccessKey, Owner),
    /// A temporary key.
    Session(Session),
}

/// An access key id stands twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this access key id stands twice")]
pub struct DuplicateKey;

/// Every access key that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    keys: HashMap<String, Known>,
}

impl Directory {
    /// Makes a key known.
    ///
    /// # Errors
    /// [`DuplicateKey`]; the key that was there stays.
    pub fn add(&mut self, known: Known) -> Result<(), DuplicateKey> {
        let id = match &known {
            Known::Key(key, _) => key.id.clone(),
            Known::Session(session) => session.id.clone(),
        };
        match self.keys.entry(id) {
            Entry::Occupied(_) => Err(DuplicateKey),
            Entry::Vacant(place) => {
                place.insert(known);
                Ok(())
            }
        }
    }

    /// What an access key id stands for.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Known> {
        self.keys.get(id)
    }

    /// How many access keys are known, temporary ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a security token was handed out for any key.
    #[must_use]
    pub fn knows_token(&self, token: &[u8]) -> bool {
        self.keys
            .values()
            .any(|known| matches!(known, Known::Session(session) if session.has_token(token)))
    }
}
