//! The secrets as what the keys of the database seal, and whether their rows are sound.

use super::secrets::payload;
use crate::{
    sae::model::{Error, Result},
    sealed::{KeyId, WrappedDataKey},
    sealing::{self, Binding, Holder, Sealing, Verification},
    store::{self, RowPlace, Tx, Unavailable},
};

/// How many numbers of secrets are read at once. The secrets themselves come one by one: one that cannot be read hides no
/// other.
const BATCH: i64 = 1000;

/// The secrets of all namespaces.
#[derive(Debug, Clone, Copy)]
pub struct Secrets;

impl Holder for Secrets {
    fn noun(&self) -> &'static str {
        "secret"
    }

    fn has_rows(&self, tx: &mut Tx<'_>) -> store::Result<bool> {
        Ok(tx.highest_secret_id().map_err(outage)? > 0)
    }

    fn counts(&self, tx: &mut Tx<'_>) -> store::Result<Vec<(KeyId, u64)>> {
        tx.data_key_counts().map_err(outage)
    }

    fn wait_for_new_rows(&self, tx: &mut Tx<'_>) -> store::Result<()> {
        tx.wait_for_new_secrets().map_err(outage)
    }

    fn not_under(
        &self,
        tx: &mut Tx<'_>,
        current: &KeyId,
        after: Option<&RowPlace>,
        limit: i64,
    ) -> store::Result<Vec<RowPlace>> {
        tx.secrets_not_under(current, after, limit).map_err(outage)
    }

    fn lock(&self, tx: &mut Tx<'_>, rows: &[RowPlace]) -> store::Result<()> {
        // Where no other transaction can write, rows have no partition, and nothing is to be locked.
        let mut partitioned = rows.iter().filter_map(|row| Some((row.partition.as_ref()?, row.id)));
        let locked = partitioned.try_for_each(|(namespace, id)| tx.lock_secret(namespace, id));
        locked.map_err(outage)
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
            Err(error) => Err(outage(error).into()),
        }
    }

    fn replace_data_key(
        &self,
        tx: &mut Tx<'_>,
        row: &RowPlace,
        data_key: &WrappedDataKey,
    ) -> store::Result<()> {
        tx.replace_data_key(row, data_key).map_err(outage)
    }

    fn verify(&self, tx: &mut Tx<'_>, sealing: &Sealing, found: &mut Verification) {
        type Check = fn(&mut Tx<'_>, &mut Verification) -> Result<()>;
        for (what, check) in [
            ("the counts of secrets", count_secrets as Check),
            ("the counter of numbers", count_numbers),
            ("the counter of namespaces", count_namespaces),
            ("the namespaces", read_namespaces),
        ] {
            if let Err(error) = check(tx, found) {
                found.fault(what, &outage(error));
            }
        }
        if let Err(error) = open_all(tx, sealing, found) {
            found.fault("the secrets", &outage(error));
        }
    }
}

/// An error of a query that can fail in no other way.
fn outage(error: Error) -> Unavailable {
    match error {
        Error::Unavailable(cause) => Unavailable::new(cause),
        error => Unavailable::new(error),
    }
}

fn open_all(tx: &mut Tx<'_>, sealing: &Sealing, found: &mut Verification) -> Result<()> {
    let mut after = None;
    loop {
        let batch = tx.secret_places(after.as_ref(), BATCH)?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = Some(last.clone());
        for place in batch {
            match tx.secret_at(&place).and_then(|stored| {
                let data_key = payload::unwrap(tx, sealing, &stored)?;
                payload::open(&data_key, &stored)
            }) {
                Ok(_) => found.secrets += 1,
                Err(error @ Error::Damaged(..)) => found.faults.push(error.to_string()),
                Err(error) => found.fault(&format!("secret {}", place.id), &outage(error)),
            }
        }
    }
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
