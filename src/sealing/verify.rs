//! Whether everything in a database is sound.

use std::{fmt, sync::Arc};

use super::{Counts, Holder, KeyService, Sealing, counts::counted};
use crate::store::{Result, Tx};

/// What was checked and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many of the products' rows were opened.
    pub opened: Counts,
    /// How many keys of the database were opened.
    pub keys: u64,
    /// How many places the rows are in, such as namespaces.
    pub places: Counts,
    /// Everything that is wrong, one text each. Names numbers and ids, never values.
    pub faults: Vec<String>,
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (opened, places) = (self.opened.with(counted(self.keys, "key")), &self.places);
        write!(f, "opened {opened}")?;
        if *places != Counts::default() {
            write!(f, " in {places}")?;
        }
        write!(f, ": {}", counted(self.faults.len() as u64, "fault"))
    }
}

impl Verification {
    /// Adds something that is wrong with `what`.
    pub fn fault(&mut self, what: &str, error: &dyn fmt::Display) {
        self.faults.push(format!("{what}: {error}"));
    }
}

impl KeyService {
    /// Opens every key and every value, counts what is counted, and follows every reference, all at one moment of the
    /// database. Changes nothing; while it goes on beside a server that writes, the database's log cannot get shorter.
    pub async fn verify(&self) -> Result<Verification> {
        let (sealing, holders) = (Arc::clone(&self.sealing), Arc::clone(&self.holders));
        self.store.read_for_upkeep(move |tx| Ok(verify(tx, &sealing, &holders))).await
    }
}

fn verify(tx: &mut Tx<'_>, sealing: &Sealing, holders: &[Arc<dyn Holder>]) -> Verification {
    let mut found = Verification::default();
    match tx.defects() {
        Ok(defects) => found.faults.extend(defects),
        Err(error) => found.fault("the file", &error),
    }
    match sealing.refresh(tx) {
        Ok((ring, closed)) => {
            found.keys = ring.key_count() as u64;
            found.faults.extend(closed.iter().map(ToString::to_string));
        }
        Err(error) => found.fault("the keys", &error),
    }
    if let Err(error) = tx.current_key() {
        found.fault("no key is the current one", &error);
    }
    for holder in holders {
        holder.verify(tx, sealing, &mut found);
    }
    found
}
