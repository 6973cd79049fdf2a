//! The rows of secrets, their versions and tags, of keys, their versions and aliases: queries as methods on the transaction.

mod aliases;
mod counts;
mod due;
mod due_keys;
mod key_versions;
mod keys;
mod lists;
mod rotations;
mod schema;
mod sealed_rows;
mod secrets;
mod soundness;
mod tags;
mod versions;

pub use counts::Counted;
pub use due::Due;
pub use due_keys::DueKey;
pub use key_versions::StoredKeyVersion;
pub use sealed_rows::{KeyVersionRows, SecretVersionRows};
pub use versions::{DataKey, StoredVersion};

use std::time::Duration;

use diesel::result::Error as DieselError;

use crate::{
    kms::model::{Error, Result},
    store::{self, Unavailable},
};

/// How long a transaction of the worker goes on to a further secret or key: others wait for its locks.
pub const HELD_MAX: Duration = Duration::from_millis(150);

impl From<Unavailable> for Error {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(error)
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        Unavailable::from(error).into()
    }
}

/// What was loaded and parsed. Whatever cannot be read of a row is [`Error::Damaged`], with what it is of, and no outage: it
/// stays so.
fn readable<R, T>(
    loaded: diesel::QueryResult<R>,
    parse: impl FnOnce(R) -> store::Result<T>,
    of: impl Fn() -> String,
) -> Result<T> {
    match loaded {
        Ok(rows) => parse(rows).map_err(|error| Error::Damaged(of(), error.to_string())),
        Err(DieselError::DeserializationError(_)) => {
            Err(Error::Damaged(of(), "its row cannot be read".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}
