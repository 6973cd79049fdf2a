//! Looks whether everything in the database is sound.

use std::{fmt, sync::Arc};

use super::{Service, sealing::Sealing, secrets::payload};
use crate::{
    domain::{Error, Result},
    store::{StoredSecret, Tx},
};

/// How many places of secrets are asked for at once. The secrets themselves come one by one: one that cannot be read hides
/// no other.
const BATCH: i64 = 1000;

/// What was looked at and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many namespaces there are.
    pub namespaces: u64,
    /// How many secrets were opened.
    pub secrets: u64,
    /// How many keys were opened.
    pub keys: u64,
    /// Everything that is wrong, one text each. Names numbers and ids, never values.
    pub faults: Vec<String>,
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespaces, secrets, keys, faults } = self;
        let faults = faults.len();
        write!(f, "{secrets} secrets, {namespaces} namespaces, {keys} keys opened: {faults} faults")
    }
}

impl Service {
    /// Opens every key and every secret, counts what is counted, and follows every reference, all at one moment of the
    /// database. Changes nothing; while it goes on beside a server that writes, the database's log cannot get shorter.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there is no reading from the database. What cannot be read of it is a fault.
    pub async fn verify(&self) -> Result<Verification> {
        let sealing = Arc::clone(&self.sealing);
        self.store.read_for_upkeep(move |tx| Ok(verify(tx, &sealing))).await
    }
}

fn verify(tx: &mut Tx<'_>, sealing: &Sealing) -> Verification {
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
    for (what, count) in [
        (
            "the counts of secrets",
            count_secrets as fn(&mut Tx<'_>, &mut Verification) -> Result<()>,
        ),
        ("the counter of numbers", count_numbers),
        ("the counter of namespaces", count_namespaces),
        ("the namespaces", read_namespaces),
    ] {
        if let Err(error) = count(tx, &mut found) {
            found.fault(what, &error);
        }
    }
    if let Err(error) = open_all(tx, sealing, &mut found) {
        found.fault("the secrets", &error);
    }
    found
}

impl Verification {
    fn fault(&mut self, what: &str, error: &Error) {
        self.faults.push(match error {
            Error::Unavailable { cause } => format!("{what}: {cause}"),
            error => format!("{what}: {error}"),
        });
    }
}

fn open_all(tx: &mut Tx<'_>, sealing: &Sealing, found: &mut Verification) -> Result<()> {
    let mut after = None;
    loop {
        let batch = tx.secret_places(after.as_ref(), BATCH)?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = Some(last.clone());
        for place in batch {
            match tx.secret_at(&place).and_then(|stored| open(tx, sealing, &stored)) {
                Ok(()) => found.secrets += 1,
                Err(error @ Error::Damaged { .. }) => found.faults.push(error.to_string()),
                Err(error) => found.fault(&format!("secret {}", place.id), &error),
            }
        }
    }
}

fn open(tx: &mut Tx<'_>, sealing: &Sealing, stored: &StoredSecret) -> Result<()> {
    let data_key = sealing.unwrap(tx, &stored.data_key, &stored.summary)?;
    payload::open(&data_key, stored).map(drop)
}

fn count_secrets(tx: &mut Tx<'_>, found: &mut Verification) -> Result<()> {
    for wrong in tx.miscounts()? {
        let (namespace, counted, rows) = (wrong.namespace, wrong.counted, wrong.rows);
        let fault = format!("the namespace {namespace} counts {counted} secrets and has {rows}");
        found.faults.push(fault);
    }
    Ok(())
}

fn count_numbers(tx: &mut Tx<'_>, found: &mut Verification) -> Result<()> {
    let (given, highest) = (tx.last_secret_id()?, tx.highest_secret_id()?);
    if given < highest {
        let fault = format!("secret {highest} is there, and the last number given is {given}");
        found.faults.push(fault);
    }
    Ok(())
}

fn count_namespaces(tx: &mut Tx<'_>, found: &mut Verification) -> Result<()> {
    let (all, custom) = tx.namespace_counts()?;
    found.namespaces = all;
    let counted = tx.counted_namespaces()?;
    if counted != custom {
        let fault = format!("{counted} namespaces of users are counted and {custom} are there");
        found.faults.push(fault);
    }
    Ok(())
}

fn read_namespaces(tx: &mut Tx<'_>, _: &mut Verification) -> Result<()> {
    tx.namespaces().map(drop)
}
