//! Looks whether everything in the database is sound.

use std::{fmt, sync::Arc};

use super::{Service, sealing::Sealing, secrets::payload};
use crate::{
    domain::{Error, Result},
    store::{StoredSecret, Tx},
};

/// How many secrets are held in memory at once; each has up to some MiB.
const BATCH: i64 = 16;

/// The counters, as the store calls them.
const SECRET_ID: &str = "secret_id";
const CUSTOM_NAMESPACES: &str = "custom_namespaces";

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
    /// database. Changes nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database cannot be read at all.
    pub async fn verify(&self) -> Result<Verification> {
        let sealing = Arc::clone(&self.sealing);
        self.store.read_for_upkeep(move |tx| verify(tx, &sealing)).await
    }
}

fn verify(tx: &mut Tx<'_>, sealing: &Sealing) -> Result<Verification> {
    let mut found = Verification { faults: tx.defects()?, ..Verification::default() };
    let (_, closed) = sealing.refresh(tx)?;
    let keys = tx.keys()?.len();
    found.keys = keys.saturating_sub(closed.len()) as u64;
    found.faults.extend(closed.iter().map(ToString::to_string));
    if let Err(error) = tx.current_key() {
        found.faults.push(format!("no key is the current one: {error}"));
    }
    count(tx, &mut found)?;
    let mut after = None;
    loop {
        let batch = tx.stored_secrets(after, BATCH)?;
        let Some((last, _)) = batch.last() else { return Ok(found) };
        after = Some(*last);
        for (id, stored) in batch {
            match stored.and_then(|stored| open(tx, sealing, &stored)) {
                Ok(()) => found.secrets += 1,
                Err(Error::Unavailable { cause }) => {
                    found.faults.push(format!("secret {id}: {cause}"));
                }
                Err(error) => found.faults.push(format!("secret {id}: {error}")),
            }
        }
    }
}

fn open(tx: &mut Tx<'_>, sealing: &Sealing, stored: &StoredSecret) -> Result<()> {
    let data_key = sealing.unwrap(tx, &stored.data_key, &stored.summary)?;
    payload::open(&data_key, &stored.payload).map(drop)
}

/// Holds the counters against what they count.
fn count(tx: &mut Tx<'_>, found: &mut Verification) -> Result<()> {
    let namespaces = tx.namespaces()?;
    found.namespaces = namespaces.len() as u64;
    for wrong in tx.miscounts()? {
        let (counted, rows) = (wrong.counted, wrong.rows);
        let fault =
            format!("the namespace {} counts {counted} secrets and has {rows}", wrong.namespace);
        found.faults.push(fault);
    }
    let custom = namespaces.iter().filter(|namespace| !namespace.id.is_default()).count();
    let counted = tx.counter(CUSTOM_NAMESPACES)?;
    if usize::try_from(counted) != Ok(custom) {
        found
            .faults
            .push(format!("{counted} namespaces of users are counted and {custom} are there"));
    }
    let (given, highest) = (tx.counter(SECRET_ID)?, tx.highest_secret_id()?);
    if given < highest {
        found
            .faults
            .push(format!("secret {highest} is there, and the last number given is {given}"));
    }
    Ok(())
}
