//! The rows of namespaces and secrets: queries as methods on the transaction.

mod namespaces;
mod schema;
mod secrets;

pub use secrets::StoredSecret;

use crate::{sae::model::Error, store::Unavailable};

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
