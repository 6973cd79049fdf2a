//! The keys of a database, opened.

use std::{collections::HashMap, fmt, sync::Arc};

use super::{CryptoError, DatabaseKey, MasterKeys, UnwrapError};
use crate::sealed::{KeyId, WrappedKey};

/// The opened keys of a database.
#[derive(Default)]
pub struct Keyring(HashMap<KeyId, Arc<DatabaseKey>>);

impl Keyring {
    /// Opens the keys of a database, and says what is wrong with those that do not open, each thing once. Those that
    /// this keyring has already need not be opened again; those that the database does not have any more are left out.
    #[must_use]
    pub fn opened(&self, wrapped: &[WrappedKey], masters: &MasterKeys) -> (Self, Vec<UnwrapError>) {
        let mut keys = HashMap::with_capacity(wrapped.len());
        let mut closed = vec![];
        for one in wrapped {
            let known = self.0.get(&one.id).cloned().map(Ok);
            match known.unwrap_or_else(|| DatabaseKey::unwrap(one, masters).map(Arc::new)) {
                Ok(key) => drop(keys.insert(one.id.clone(), key)),
                Err(error) if closed.contains(&error) => {}
                Err(error) => closed.push(error),
            }
        }
        (Self(keys), closed)
    }

    /// How many keys are open.
    pub(crate) fn key_count(&self) -> usize {
        self.0.len()
    }

    /// The key of that id, if it is open.
    pub fn get(&self, id: &KeyId) -> Result<&DatabaseKey, CryptoError> {
        self.0.get(id).map(Arc::as_ref).ok_or_else(|| CryptoError::UnknownKey(id.clone()))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
