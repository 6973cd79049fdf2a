//! What a sealed value is made of, and the names of the keys. Nothing here can seal or open.

use std::{fmt, str::FromStr};

use data_encoding::HEXLOWER;

use crate::clock::Timestamp;

/// How long a master key's id may be, in characters.
const MASTER_ID_MAX: usize = 64;

/// What the ids of database keys begin with. Its `/` keeps them apart from the ids of master keys.
const DATABASE_PREFIX: &str = "db/";

/// How many hexadecimal digits follow: ids are random, so that no two databases mean different keys by the same id.
const DATABASE_DIGITS: usize = 12;

/// The id of a key that wraps data keys: `db/` and twelve hexadecimal digits for a key of the database.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// The id that these random bytes make.
    #[must_use]
    pub fn from_random(bytes: [u8; DATABASE_DIGITS / 2]) -> Self {
        Self(format!("{DATABASE_PREFIX}{}", HEXLOWER.encode(&bytes)))
    }

    /// The id in a text; `None` when the text is no such id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(DATABASE_PREFIX)?;
        let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        (digits.len() == DATABASE_DIGITS && digits.chars().all(is_digit))
            .then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a master key: 1 to 64 letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeyId(String);

impl FromStr for MasterKeyId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let is_id = (1..=MASTER_ID_MAX).contains(&text.len()) && text.chars().all(legal);
        let rule = "the id of a master key has 1 to 64 letters, digits, '.', '_' and '-'";
        is_id.then(|| Self(text.to_owned())).ok_or(rule)
    }
}

impl MasterKeyId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key of the database, wrapped by a master key: all that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Its id.
    pub id: KeyId,
    /// The master key that wraps it.
    pub master: MasterKeyId,
    /// The wrapped key.
    pub bytes: Vec<u8>,
    /// When it was made.
    pub created: Timestamp,
}

/// A data key, wrapped by a key of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedDataKey {
    /// The key that wraps it.
    pub key: KeyId,
    /// The wrapped data key.
    pub bytes: Vec<u8>,
}

/// Data that a data key sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedData(pub Vec<u8>);
