//! The versions of secrets and of keys as rows that the keys of the database seal, and whether these rows are sound.

use super::{keys::material, secrets::payload};
use crate::{
    kms::{
        model::{Error, Kind, Result, Secret},
        store::{Counted, KeyVersionRows, SecretVersionRows},
    },
    sealed::{KeyId, WrappedDataKey},
    sealing::{self, Binding, Holder, Sealing, Verification},
    store::{self, Progress, RowPlace, Tx, Unavailable},
};

/// How many places of rows are read at once. The rows themselves are read one by one: one that cannot be read hides no
/// other.
const BATCH: i64 = 1000;

/// The versions of all secrets. What a key of KMS wraps is none of the database's business until that key is.
#[derive(Debug, Clone, Copy)]
pub struct SecretVersions;

/// The versions of all keys.
#[derive(Debug, Clone, Copy)]
pub struct KeyVersions;

impl SecretVersions {
    const NOUN: &'static str = "KMS secret version";
}

impl KeyVersions {
    const NOUN: &'static str = "KMS key version";
}

impl Holder for SecretVersions {
    fn noun(&self) -> &'static str {
        Self::NOUN
    }

    fn counts(&self, tx: &mut Tx<'_>) -> store::Result<Vec<(KeyId, u64)>> {
        SecretVersionRows::counts(tx)
    }

    fn wait_for_new_rows(&self, tx: &mut Tx<'_>) -> store::Result<()> {
        SecretVersionRows::wait_for_new(tx)
    }

    fn not_under(
        &self,
        tx: &mut Tx<'_>,
        current: &KeyId,
        after: Option<&RowPlace>,
        limit: i64,
    ) -> store::Result<Vec<RowPlace>> {
        SecretVersionRows::not_under(tx, current, after, limit)
    }

    fn lock(&self, tx: &mut Tx<'_>, rows: &[RowPlace]) -> store::Result<()> {
        SecretVersionRows::lock(tx, rows)
    }

    fn data_key(
        &self,
        tx: &mut Tx<'_>,
        row: &RowPlace,
    ) -> std::result::Result<Option<(WrappedDataKey, Binding)>, sealing::Error> {
        let found = SecretVersionRows::data_key(tx, Self::NOUN, row).map_err(of_row)?;
        Ok(found.map(|(secret, version, key)| (key, payload::binding(&secret, &version))))
    }

    fn replace_data_key(
        &self,
        tx: &mut Tx<'_>,
        row: &RowPlace,
        data_key: &WrappedDataKey,
    ) -> store::Result<()> {
        SecretVersionRows::replace_data_key(tx, row, data_key)
    }

    fn verify(&self, tx: &mut Tx<'_>, sealing: &Sealing, found: &mut Verification) {
        found.opened.add(Self::NOUN, 0);
        for (what, check) in [
            (
                "the counts of KMS secrets",
                (|tx, found| count(tx, found, Counted::Secrets)) as Check,
            ),
            ("the counter of KMS secrets", |tx, found| {
                let (given, highest) = (tx.last_kms_secret_id()?, tx.highest_kms_secret_id()?);
                count_numbers(found, "KMS secret", given, highest);
                Ok(())
            }),
            ("the keys of KMS secrets", follow_keys),
            ("the tags of KMS secrets", |tx, found| follow_tags(tx, found, Kind::Secret)),
        ] {
            if let Err(error) = check(tx, found) {
                found.fault(what, &error);
            }
        }
        let opened = open_all(tx, found, Self::NOUN, SecretVersionRows::places, |tx, place| {
            open_secret_version(tx, sealing, place)
        });
        if let Err(error) = opened {
            found.fault("the KMS secret versions", &error);
        }
    }
}

impl Holder for KeyVersions {
    fn noun(&self) -> &'static str {
        Self::NOUN
    }

    fn counts(&self, tx: &mut Tx<'_>) -> store::Result<Vec<(KeyId, u64)>> {
        KeyVersionRows::counts(tx)
    }

    fn wait_for_new_rows(&self, tx: &mut Tx<'_>) -> store::Result<()> {
        KeyVersionRows::wait_for_new(tx)
    }

    fn not_under(
        &self,
        tx: &mut Tx<'_>,
        current: &KeyId,
        after: Option<&RowPlace>,
        limit: i64,
    ) -> store::Result<Vec<RowPlace>> {
        KeyVersionRows::not_under(tx, current, after, limit)
    }

    fn lock(&self, tx: &mut Tx<'_>, rows: &[RowPlace]) -> store::Result<()> {
        KeyVersionRows::lock(tx, rows)
    }

    fn data_key(
        &self,
        tx: &mut Tx<'_>,
        row: &RowPlace,
    ) -> std::result::Result<Option<(WrappedDataKey, Binding)>, sealing::Error> {
        let found = KeyVersionRows::find(tx, Self::NOUN, row).map_err(of_row)?;
        Ok(found.map(|(key, stored)| {
            let place = material::binding(&key, &stored.version);
            (stored.material, place)
        }))
    }

    fn replace_data_key(
        &self,
        tx: &mut Tx<'_>,
        row: &RowPlace,
        data_key: &WrappedDataKey,
    ) -> store::Result<()> {
        KeyVersionRows::replace_data_key(tx, row, data_key)
    }

    fn verify(&self, tx: &mut Tx<'_>, sealing: &Sealing, found: &mut Verification) {
        found.opened.add(Self::NOUN, 0);
        for (what, check) in [
            ("the counts of KMS keys", (|tx, found| count(tx, found, Counted::Keys)) as Check),
            ("the counter of KMS keys", |tx, found| {
                let (given, highest) = (tx.last_kms_key_number()?, tx.highest_kms_key_number()?);
                count_numbers(found, "KMS key", given, highest);
                Ok(())
            }),
            ("the versions of KMS keys", follow_versions),
            ("the aliases of KMS keys", follow_aliases),
            ("the tags of KMS keys", |tx, found| follow_tags(tx, found, Kind::Key)),
        ] {
            if let Err(error) = check(tx, found) {
                found.fault(what, &error);
            }
        }
        let opened = open_all(tx, found, Self::NOUN, KeyVersionRows::places, |tx, place| {
            let Some((key, stored)) = KeyVersionRows::find(tx, Self::NOUN, place)? else {
                return Ok(Opened::WithoutOwner);
            };
            material::open(tx, sealing, &key, &stored).map(|_| Opened::Yes)
        });
        if let Err(error) = opened {
            found.fault("the KMS key versions", &error);
        }
    }
}

/// A check of a whole table.
type Check = fn(&mut Tx<'_>, &mut Verification) -> store::Result<()>;

/// What became of opening a row.
enum Opened {
    Yes,
    /// What sealed it was deleted, and it is lost.
    Lost,
    /// What it is a version of is not there.
    WithoutOwner,
}

fn of_row(error: Error) -> sealing::Error {
    match error {
        Error::Damaged(_, cause) => sealing::Error::Damaged(cause),
        Error::Unavailable(cause) => Unavailable::new(cause).into(),
        other => Unavailable::new(other).into(),
    }
}

fn open_all(
    tx: &mut Tx<'_>,
    found: &mut Verification,
    noun: &'static str,
    places: impl Fn(&mut Tx<'_>, Option<&RowPlace>, i64) -> store::Result<Vec<RowPlace>>,
    open: impl Fn(&mut Tx<'_>, &RowPlace) -> Result<Opened>,
) -> store::Result<()> {
    let mut progress = Progress::default();
    loop {
        let batch = places(tx, progress.after(), BATCH)?;
        let Some(last) = batch.last() else { return Ok(()) };
        progress.advance(last.clone())?;
        for place in batch {
            let named = format!("{noun} {place}");
            match open(tx, &place) {
                Ok(Opened::Yes) => found.opened.add(noun, 1),
                Ok(Opened::Lost) => {}
                Ok(Opened::WithoutOwner) => found.fault(&named, &"what it belongs to is missing"),
                Err(Error::Damaged(_, cause)) => {
                    found.faults.push(format!("{named} does not open: {cause}"));
                }
                Err(error) => found.fault(&named, &error),
            }
        }
    }
}

fn open_secret_version(tx: &mut Tx<'_>, sealing: &Sealing, place: &RowPlace) -> Result<Opened> {
    let Some((secret, stored)) = SecretVersionRows::find(tx, SecretVersions::NOUN, place)? else {
        return Ok(Opened::WithoutOwner);
    };
    match payload::open(tx, sealing, &secret, &stored) {
        Err(Error::KeyNotFound) if is_key_deleted(tx, &secret)? => Ok(Opened::Lost),
        opened => opened.map(|_| Opened::Yes),
    }
}

fn is_key_deleted(tx: &mut Tx<'_>, secret: &Secret) -> store::Result<bool> {
    match &secret.encryption_key {
        Some(id) => tx.is_deleted_kms_key(&secret.scope, id),
        None => Ok(false),
    }
}

fn count(tx: &mut Tx<'_>, found: &mut Verification, counted: Counted) -> store::Result<()> {
    let noun = match counted {
        Counted::Secrets => "secrets",
        Counted::Keys => "keys",
    };
    for (scope, counted, rows) in tx.kms_miscounts(counted)? {
        found.faults.push(format!("KMS in {scope} counts {counted} {noun} and has {rows}"));
    }
    Ok(())
}

fn count_numbers(found: &mut Verification, noun: &str, given: i64, highest: i64) {
    if given < highest {
        let fault = format!("{noun} {highest} exists, and the last number given is {given}");
        found.faults.push(fault);
    }
}

fn follow_keys(tx: &mut Tx<'_>, found: &mut Verification) -> store::Result<()> {
    for (scope, id, key) in tx.kms_secrets_without_key()? {
        let fault =
            format!("KMS secret {id} in {scope} names the key {key}, which never was there");
        found.faults.push(fault);
    }
    Ok(())
}

fn follow_versions(tx: &mut Tx<'_>, found: &mut Verification) -> store::Result<()> {
    for (scope, number) in tx.kms_keys_without_version()? {
        found.faults.push(format!("KMS key {number} in {scope} has no version"));
    }
    Ok(())
}

fn follow_aliases(tx: &mut Tx<'_>, found: &mut Verification) -> store::Result<()> {
    for (scope, name) in tx.kms_aliases_without_key()? {
        found.faults.push(format!("{name} in {scope} names a KMS key that is missing"));
    }
    Ok(())
}

fn follow_tags(tx: &mut Tx<'_>, found: &mut Verification, kind: Kind) -> store::Result<()> {
    for (scope, number) in tx.kms_tags_without_resource(kind)? {
        let noun = kind.name();
        found.faults.push(format!("KMS {noun} {number} in {scope} has tags and is missing"));
    }
    Ok(())
}
