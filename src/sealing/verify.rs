//! Whether everything in a database is sound.

use std::{fmt, sync::Arc};

use super::{Holder, KeyService, Sealing};
use crate::store::{Result, Tx};

/// What was checked and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    pub namespaces: u64,
    /// How many were opened.
    pub secrets: u64,
    /// How many were opened.
    pub keys: u64,
    /// Everything that is wrong, one text each. Names numbers and ids, never values.
    pub faults: Vec<String>,
}

/// A number of things, each of which is called `what`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "opened {} and {} in {}: {}",
            counted(self.secrets, "secret"),
            counted(self.keys, "key"),
            counted(self.namespaces, "namespace"),
            counted(self.faults.len() as u64, "fault")
        )
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
