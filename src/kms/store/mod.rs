//! The rows of secrets, their versions and tags, of keys, their versions and aliases: queries as methods on the transaction.

mod aliases;
mod counts;
mod key_versions;
mod keys;
mod schema;
mod sealed_rows;
mod secrets;
mod soundness;
mod tags;
mod versions;

pub use counts::Counted;
pub use key_versions::StoredKeyVersion;
pub use sealed_rows::{KeyVersionRows, SecretVersionRows};
pub use versions::{DataKey, StoredVersion};

use crate::{kms::model::Error, store::Unavailable};

impl From<Unavailable> for Error {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(error)
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Unavailable::from(error).into()
    }
}
