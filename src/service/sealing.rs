//! Which keys wrap and unwrap the data keys: the database's own, opened by the master keys that were given.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use crate::{
    crypto::{Binding, DataKey, Keyring, MasterKeys, UnwrapError},
    domain::{Error, KeyId, Result, SecretSummary, WrappedDataKey},
    store::Tx,
};

/// Reads the master keys once more; the error's text says why that was not possible.
pub type Reread = Box<dyn Fn() -> std::result::Result<MasterKeys, String> + Send + Sync>;

/// The keys of a service. They are looked up in the transaction that needs them: another process may have made new ones
/// since, and the rows and the keys of one transaction always fit together.
pub struct Sealing {
    masters: RwLock<Arc<MasterKeys>>,
    /// Absent where that takes long or cannot tell anything new.
    reread: Option<Reread>,
    ring: RwLock<Arc<Keyring>>,
}

impl Sealing {
    /// With these master keys, and a quick way to read them anew when one turns out to lack, if there is any.
    #[must_use]
    pub fn new(masters: MasterKeys, reread: Option<Reread>) -> Self {
        Self { masters: RwLock::new(Arc::new(masters)), reread, ring: RwLock::default() }
    }

    /// The master keys.
    #[must_use]
    pub fn masters(&self) -> Arc<MasterKeys> {
        Arc::clone(&self.masters.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes other master keys from now on. Keys that are open stay open.
    pub fn replace_masters(&self, masters: MasterKeys) {
        *self.masters.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(masters);
    }

    /// Wraps the data key of what a transaction writes, by the key that is the current one in it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the key cannot be opened.
    pub fn wrap(
        &self,
        tx: &mut Tx<'_>,
        data_key: &DataKey,
        place: &SecretSummary,
    ) -> Result<WrappedDataKey> {
        let current = tx.current_key()?;
        self.ring_with(tx, &current)?
            .wrap_data_key(&current, data_key, &binding(place))
            .map_err(Error::unavailable)
    }

    /// The data key of what a transaction read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the key that wraps it cannot be opened, or when the data key belongs elsewhere.
    pub fn unwrap(
        &self,
        tx: &mut Tx<'_>,
        wrapped: &WrappedDataKey,
        place: &SecretSummary,
    ) -> Result<DataKey> {
        let data_key = self.ring_with(tx, &wrapped.key)?.unwrap_data_key(wrapped, &binding(place));
        data_key.map_err(|error| {
            Error::unavailable(format!("the key of the secret {}: {error}", place.id.get()))
        })
    }

    /// A keyring that has this key.
    fn ring_with(&self, tx: &mut Tx<'_>, key: &KeyId) -> Result<Arc<Keyring>> {
        let ring = self.ring();
        if ring.get(key).is_some() {
            return Ok(ring);
        }
        let (ring, closed) = self.refresh(tx)?;
        if ring.get(key).is_some() {
            return Ok(ring);
        }
        Err(Error::unavailable(format!("the key {key} cannot be opened: {}", listed(&closed))))
    }

    fn ring(&self) -> Arc<Keyring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens the keys that the database has now, and returns what is wrong with those that do not open.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn refresh(&self, tx: &mut Tx<'_>) -> Result<(Arc<Keyring>, Vec<UnwrapError>)> {
        let wrapped = tx.keys()?;
        let (mut ring, mut closed) = self.ring().opened(&wrapped, &self.masters());
        if !closed.is_empty()
            && let Some(reread) = &self.reread
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

    /// The same, where every key has to open.
    ///
    /// # Errors
    /// [`Error::Unavailable`] that names the master keys that are missing or wrong.
    pub fn open_all(&self, tx: &mut Tx<'_>) -> Result<()> {
        let (_, closed) = self.refresh(tx)?;
        if closed.is_empty() { Ok(()) } else { Err(Error::unavailable(listed(&closed))) }
    }
}

/// What is wrong with keys, in one text.
pub fn listed(closed: &[UnwrapError]) -> String {
    closed.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealing").field("masters", &self.masters()).finish_non_exhaustive()
    }
}

/// Where a data key belongs.
fn binding(summary: &SecretSummary) -> Binding<'_> {
    Binding {
        uid: summary.uid,
        id: summary.id,
        namespace: &summary.namespace,
        name: &summary.name,
        secret_type: summary.secret_type,
        version: summary.version,
    }
}
