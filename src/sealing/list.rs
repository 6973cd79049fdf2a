//! Shows which keys there are and what needs them.

use std::{collections::HashMap, sync::Arc};

use super::{Counts, Holder, KeyService};
use crate::{
    clock::Timestamp,
    sealed::{KeyId, MasterKeyId, WrappedKey},
    store::{Result, Tx},
};

/// The keys of a database and the master keys around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The master keys: those that were given in their order, then those that the database needs and that are missing.
    pub masters: Vec<MasterState>,
    /// The keys of the database, oldest first.
    pub keys: Vec<KeyState>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterState {
    pub id: MasterKeyId,
    pub is_given: bool,
    pub seals: bool,
    /// How many keys of the database it wraps.
    pub keys: u64,
}

/// A key of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyState {
    pub id: KeyId,
    /// Whether it wraps the data keys of what is written now.
    pub is_current: bool,
    pub master: MasterKeyId,
    pub created: Timestamp,
    /// How many rows' data keys it wraps.
    pub needed_by: Counts,
}

impl KeyService {
    /// Which keys there are and what needs them. No key is opened for that.
    pub async fn list(&self) -> Result<Keys> {
        let masters = self.sealing.masters();
        let holders = Arc::clone(&self.holders);
        let keys = self.store.read_for_upkeep(move |tx| states(tx, &holders)).await?;
        let mut states: Vec<MasterState> = vec![];
        for id in masters.ids().chain(keys.iter().map(|key| &key.master)) {
            if states.iter().any(|known| known.id == *id) {
                continue;
            }
            states.push(MasterState {
                id: id.clone(),
                is_given: masters.ids().any(|given| given == id),
                seals: masters.sealing_id() == Some(id),
                keys: keys.iter().filter(|key| key.master == *id).count() as u64,
            });
        }
        Ok(Keys { masters: states, keys })
    }
}

/// The keys of the database as one transaction sees them.
pub(super) fn states(tx: &mut Tx<'_>, holders: &[Arc<dyn Holder>]) -> Result<Vec<KeyState>> {
    let current = tx.find_current_key()?;
    let mut counts = Vec::new();
    for holder in holders {
        counts.push((holder.noun(), HashMap::<KeyId, u64>::from_iter(holder.counts(tx)?)));
    }
    let state = |key: WrappedKey| {
        let mut needed_by = Counts::default();
        for (noun, counts) in &counts {
            needed_by.add(noun, counts.get(&key.id).copied().unwrap_or_default());
        }
        KeyState {
            is_current: Some(&key.id) == current.as_ref(),
            needed_by,
            id: key.id,
            master: key.master,
            created: key.created,
        }
    };
    Ok(tx.keys()?.into_iter().map(state).collect())
}
