//! Deletes a key that nothing needs any more.

use std::sync::Arc;

use super::{KeyService, KeyState, KeysError, MasterState, list::states};
use crate::sealed::KeyId;

impl KeyService {
    /// Deletes a key of the database that no secret needs, or says that nothing needs a master key. Returns what to tell the
    /// operator. Backups do not count: they have keys of their own, wrapped by the master keys of their time.
    pub async fn retire(&self, id: &str) -> Result<String, KeysError> {
        match KeyId::parse(id) {
            Some(id) => self.delete_key(id).await,
            None => self.retire_master(id).await,
        }
    }

    async fn delete_key(&self, id: KeyId) -> Result<String, KeysError> {
        // All rows are counted, which takes long, so others can write meanwhile. A key that is not the current one does not
        // become it again, and nothing that begins from now on is wrapped by it.
        let holders = Arc::clone(&self.holders);
        let states = self.store.read_for_upkeep(move |tx| states(tx, &holders)).await?;
        let state = states.into_iter().find(|key| key.id == id);
        let KeyState { is_current, needed_by, .. } = state.ok_or_else(|| unknown(id.as_str()))?;
        let rows = needed_by.plural();
        if is_current {
            return Err(KeysError(format!(
                "the key {id} is the current one and needed by {rows}: `keys rotate` makes another one"
            )));
        }
        if needed_by.total() > 0 {
            return Err(KeysError(format!(
                "the key {id} is needed by {rows}: `keys rotate` wraps their data keys anew"
            )));
        }
        let deletion = self.store.write_for_upkeep(move |tx| {
            tx.lock_keys()?;
            if tx.delete_key(&id)? {
                return Ok(format!("the key {id} is deleted"));
            }
            Err(KeysError(format!(
                "the key {id} is needed by secrets that were written at the same time: `keys rotate` wraps their data keys \
                 anew"
            )))
        });
        deletion.await
    }

    async fn retire_master(&self, id: &str) -> Result<String, KeysError> {
        let masters = self.list().await?.masters;
        let master = masters.into_iter().find(|master| master.id.as_str() == id);
        let MasterState { id, seals, keys, .. } = master.ok_or_else(|| unknown(id))?;
        if keys > 0 {
            return Err(KeysError(format!(
                "the master key {id} is needed by {keys} keys of the database: `keys rotate` wraps them by the first of the \
                 master keys"
            )));
        }
        if seals {
            return Err(KeysError(format!(
                "the master key {id} is the first of those that were given, which seals: put another one first"
            )));
        }
        Ok(format!(
            "nothing in the database needs the master key {id}: it can go, unless backups need it"
        ))
    }
}

fn unknown(id: &str) -> KeysError {
    KeysError(format!("there is no key {id:?}: `keys list` shows all of them"))
}
