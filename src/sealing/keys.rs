//! Which keys wrap and unwrap the data keys: the database's own, opened by the master keys that were given.

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use super::Error;
use crate::{
    clock::Timestamp,
    crypto::{Binding, DataEncryptionKey, DatabaseKey, Keyring, MasterKeys, UnwrapError},
    sealed::{KeyId, WrappedDataKey, WrappedKey},
    store::{Result, Tx, Unavailable},
};

/// The pause before the master keys are read again when that did not help.
const REREAD_PAUSE: Duration = Duration::from_secs(1);

/// Reads the master keys again; the error says why that was not possible.
pub type Reread = Box<dyn Fn() -> std::result::Result<MasterKeys, String> + Send + Sync>;

/// The keys of a service. They are read in the transaction that needs them: another process may have made new ones
/// since, and the rows and the keys of one transaction always fit together.
pub struct Sealing {
    masters: RwLock<Arc<MasterKeys>>,
    /// `None` where that takes long or would give the same.
    reread: Option<Reread>,
    last_reread: Mutex<Option<Instant>>,
    ring: RwLock<Arc<Keyring>>,
}

impl Sealing {
    /// With these master keys, and a quick way to read them again when one is missing, if there is any.
    #[must_use]
    pub fn new(masters: MasterKeys, reread: Option<Reread>) -> Self {
        Self {
            masters: RwLock::new(Arc::new(masters)),
            reread,
            last_reread: Mutex::default(),
            ring: RwLock::default(),
        }
    }

    pub(crate) fn masters(&self) -> Arc<MasterKeys> {
        Arc::clone(&self.masters.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses other master keys from now on. Keys that are open stay open.
    pub fn replace_masters(&self, masters: MasterKeys) {
        *self.masters.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(masters);
    }

    /// A new random key of the database, wrapped by the master key that seals.
    pub(super) fn new_key(&self, now: Timestamp) -> Result<WrappedKey> {
        Ok(DatabaseKey::generate()?.wrap(&self.masters(), now)?)
    }

    /// Wraps the data key of what a transaction writes by the current key.
    pub fn wrap(
        &self,
        tx: &mut Tx<'_>,
        current: &KeyId,
        data_key: &DataEncryptionKey,
        place: &Binding,
    ) -> Result<WrappedDataKey> {
        Ok(self.ring_with(tx, current)?.get(current)?.wrap_data_key(data_key, place)?)
    }

    /// Whether what a transaction writes now could be sealed.
    pub fn check(&self, tx: &mut Tx<'_>) -> Result<()> {
        let current = tx.current_key()?;
        self.ring_with(tx, &current).map(drop)
    }

    /// The data key of what a transaction read; [`Error::Damaged`] when it was changed or belongs elsewhere.
    pub fn unwrap(
        &self,
        tx: &mut Tx<'_>,
        wrapped: &WrappedDataKey,
        place: &Binding,
    ) -> Result<DataEncryptionKey, Error> {
        let ring = self.ring_with(tx, &wrapped.key)?;
        let data_key = ring.get(&wrapped.key).and_then(|key| key.unwrap_data_key(wrapped, place));
        data_key.map_err(|error| Error::Damaged(error.to_string()))
    }

    /// A keyring that has this key, if the database has it.
    fn ring_with(&self, tx: &mut Tx<'_>, key: &KeyId) -> Result<Arc<Keyring>> {
        let ring = self.ring();
        if ring.get(key).is_ok() {
            return Ok(ring);
        }
        let (ring, closed) = self.refresh(tx)?;
        // Where all keys are open, the database has no such key, which using the ring will tell.
        if ring.get(key).is_ok() || closed.is_empty() {
            return Ok(ring);
        }
        Err(Unavailable::new(format!("the key {key} cannot be opened: {}", listed(&closed))))
    }

    fn ring(&self) -> Arc<Keyring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens the keys that the database has now, and returns what is wrong with those that do not open.
    pub fn refresh(&self, tx: &mut Tx<'_>) -> Result<(Arc<Keyring>, Vec<UnwrapError>)> {
        let wrapped = tx.keys()?;
        let (mut ring, mut closed) = self.ring().opened(&wrapped, &self.masters());
        if !closed.is_empty()
            && let Some(reread) = self.reread.as_ref().filter(|_| self.may_reread())
        {
            match reread() {
                Ok(masters) => {
                    let (more, less) = ring.opened(&wrapped, &masters);
                    if less.len() < closed.len() {
                        (ring, closed) = (more, less);
                        self.replace_masters(masters);
                    }
                }
                Err(error) => log::error!("the master keys cannot be read again: {error}"),
            }
        }
        let ring = Arc::new(ring);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&ring);
        Ok((ring, closed))
    }

    /// Whether the last time is long enough ago: while a key is missing, every request asks for it.
    fn may_reread(&self) -> bool {
        let mut last = self.last_reread.lock().unwrap_or_else(PoisonError::into_inner);
        let may = last.is_none_or(|last| last.elapsed() > REREAD_PAUSE);
        if may {
            *last = Some(Instant::now());
        }
        may
    }
}

/// What is wrong with keys, in one text.
pub fn listed(closed: &[UnwrapError]) -> String {
    closed.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
