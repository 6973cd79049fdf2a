//! Data keys: one for each value, used once.

use std::fmt;

use super::{CryptoError, KeyBytes, frame, random};
use crate::sealed::SealedData;

/// What a value's frame is bound to, beside its key: what it is and in which version.
const VALUE: &[u8] = b"sae-secret value 1";

/// The key that seals one version of one secret's data.
pub struct DataEncryptionKey(pub(super) KeyBytes);

impl DataEncryptionKey {
    /// A new random key.
    pub fn generate() -> Result<Self, CryptoError> {
        random().map(Self)
    }

    /// Seals data. The place is not bound here but where the data key is wrapped, so that data can be sealed before its
    /// place is known; no other place has this key.
    pub fn seal(&self, plain: &[u8]) -> Result<SealedData, CryptoError> {
        frame::seal(&self.0, VALUE, plain).map(SealedData)
    }

    /// Opens what [`DataEncryptionKey::seal`] made.
    pub fn open(&self, sealed: &SealedData) -> Result<zeroize::Zeroizing<Vec<u8>>, CryptoError> {
        frame::open(&self.0, VALUE, &sealed.0)
    }
}

impl fmt::Debug for DataEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataEncryptionKey(hidden)")
    }
}

/// The place that a wrapped data key opens at, as associated data: a product puts together whatever never changes of the
/// row, so that nothing of one row can be exchanged for that of another without being noticed. Two places have the same bytes
/// only if they are the same: texts come with their length, everything else has a fixed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub(super) id: [u8; 16],
    pub(super) associated: Vec<u8>,
}

impl Binding {
    /// A place of this kind with a random identity that no other place has. The name of a kind belongs to one product and
    /// one order of parts.
    #[must_use]
    pub fn new(kind: &'static str, id: &[u8; 16]) -> Self {
        Self { id: *id, associated: kind.as_bytes().to_vec() }.bytes(id)
    }

    /// Followed by bytes, as many in every place of its kind.
    #[must_use]
    pub fn bytes<const LENGTH: usize>(mut self, bytes: &[u8; LENGTH]) -> Self {
        self.associated.extend_from_slice(bytes);
        self
    }

    /// Followed by a number.
    #[must_use]
    pub fn number(self, number: i64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// Followed by a text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        frame::extend_with_text(&mut self.associated, text);
        self
    }
}
