//! What can go wrong with what is sealed.

use crate::{crypto::CryptoError, store::Unavailable};

/// Something sealed cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not open: it was changed, or belongs to another place. The text shows nothing of the value.
    #[error("{0}")]
    Damaged(String),
    /// The database does not answer, or the key that wraps it cannot be opened now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<CryptoError> for Unavailable {
    fn from(error: CryptoError) -> Self {
        Self::new(error)
    }
}
