//! The secrets as rows that the keys of the database seal, and whether these rows are sound.

use super::secrets::payload;
use crate::{
    sae::model::{Error, Result},
    sealed::{KeyId, WrappedDataKey},
    sealing::{self, Binding, Holder, Sealing, Verification},
    store::{self, Progress, RowPlace, Tx, Unavailable},
};

/// How many places of secrets are read at once. The secrets themselves are read one by one: one that cannot be read hides
/// no other.
const BATCH: i64 = 1000;

/// What is counted.
const SECRET: &str = "secret";
const NAMESPACE: &str = "namespace";

/// The secrets of all namespaces.
#[derive(Debug, Clone, Copy)]
pub struct Secrets;

impl Holder for Secrets {
    fn noun(&self) -> &'static str {
        SECRET
    }

    fn counts(&self, tx: &mut Tx<'_>) -> store::Result<Vec<(KeyId, u64)>> {
        tx.data_key_counts()
    }

    fn wait_for_new_rows(&self, tx: &mut Tx<'_>) -> store::Result<()> {
        tx.wait_for_new_secrets()
    }

    fn not_under(
        &self,
        tx: &mut Tx<'_>,
        current: &KeyId,
        after: Option<&RowPlace>,
        limit: i64,
    ) -> store::Result<Vec<RowPlace>> {
        tx.secrets_not_under(current, after, limit)
    }

    fn lock(&self, tx: &mut Tx<'_>, rows: &[RowPlace]) -> store::Result<()> {
        tx.lock_secrets(rows)
    }

    fn data_key(
        &self,
        tx: &mut Tx<'_>,
        row: &RowPlace,
    ) -> std::result::Result<Option<(WrappedDataKey, Binding)>, sealing::Error> {
        match tx.data_key_of(row) {
            Ok((summary, data_key)) => Ok(Some((data_key, payload::binding(&summary)))),
            Err(Error::SecretNotFound(_)) => Ok(None),
            Err(Error::Damaged(_, cause)) => Err(sealing::Error::Damaged(cause)),
            Err(error) => Err(unavailable(error).into()),
        }
    }

    fn replace_data_key(
        &self,
        tx: &mut Tx<'_>,
        row: &RowPlace,
        data_key: &WrappedDataKey,
    ) -> store::Result<()> {
        tx.replace_data_key(row, data_key).map_err(unavailable)
    }

    fn verify(&self, tx: &mut Tx<'_>, sealing: &Sealing, found: &mut Verification) {
        type Check = fn(&mut Tx<'_>, &mut Verification) -> store::Result<()>;
        found.opened.add(SECRET, 0);
        found.places.add(NAMESPACE, 0);
        for (what, check) in [
            ("the counts of secrets", count_secrets as Check),
            ("the counter of numbers", count_numbers),
            ("the counter of namespaces", count_namespaces),
            ("the namespaces", |tx, _| tx.namespaces().map(drop)),
        ] {
            if let Err(error) = check(tx, found) {
                found.fault(what, &error);
            }
        }
        if let Err(error) = open_all(tx, sealing, found) {
            found.fault("the secrets", &error);
        }
    }
}

/// What the store said; whoever tells it says that the store is unavailable.
fn unavailable(error: Error) -> Unavailable {
    match error {
        Error::Unavailable(cause) => Unavailable::new(cause),
        other => Unavailable::new(other),
    }
}

fn open_all(tx: &mut Tx<'_>, sealing: &Sealing, found: &mut Verification) -> store::Result<()> {
    let mut progress = Progress::default();
    loop {
        let batch = tx.secret_places(progress.after(), BATCH)?;
        let Some(last) = batch.last() else { return Ok(()) };
        progress.advance(last.clone())?;
        for place in batch {
            match open(tx, sealing, &place) {
                Ok(()) => found.opened.add(SECRET, 1),
                Err(error @ Error::Damaged(..)) => found.faults.push(error.to_string()),
                Err(error) => found.fault(&format!("secret {}", place.id), &error),
            }
        }
    }
}

fn open(tx: &mut Tx<'_>, sealing: &Sealing, place: &RowPlace) -> Result<()> {
    let stored = tx.secret_at(place)?;
    let data_key = payload::unwrap(tx, sealing, &stored)?;
    payload::open(&data_key, &stored).map(drop)
}

fn count_secrets(tx: &mut Tx<'_>, found: &mut Verification) -> store::Result<()> {
    for (namespace, counted, rows) in tx.miscounts()? {
        let fault = format!("the namespace {namespace} counts {counted} secrets and has {rows}");
        found.faults.push(fault);
    }
    Ok(())
}

fn count_numbers(tx: &mut Tx<'_>, found: &mut Verification) -> store::Result<()> {
    let (given, highest) = (tx.last_secret_id()?, tx.highest_secret_id()?);
    if given < highest {
        let fault = format!("secret {highest} exists, and the last number given is {given}");
        found.faults.push(fault);
    }
    Ok(())
}

fn count_namespaces(tx: &mut Tx<'_>, found: &mut Verification) -> store::Result<()> {
    let (all, custom) = tx.namespace_counts()?;
    found.places.add(NAMESPACE, all);
    let counted = tx.counted_namespaces()?;
    if counted != custom {
        let fault = format!("{counted} namespaces of users are counted and {custom} are there");
        found.faults.push(fault);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_once_that_the_store_is_unavailable() {
        let said = |error| unavailable(error).to_string();
        assert_eq!(said(Error::unavailable("the file is gone")), "the file is gone");
        assert_eq!(said(Error::SecretNotFound(7)), "the namespace has no secret 7");
    }
}
