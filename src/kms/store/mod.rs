//! The rows of secrets, their versions and tags, and of keys: queries as methods on the transaction.

mod counts;
mod lists;
mod schema;
mod secrets;
mod tags;
mod versions;

pub use counts::Counted;
pub use tags::TagRow;
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
