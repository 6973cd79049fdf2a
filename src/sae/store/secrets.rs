//! The secrets' rows.

use diesel::{
    OptionalExtension,
    expression::SqlLiteral,
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
    sql_types::{Nullable, Text as SqlText},
};

use super::schema::{namespaces, secrets};
use crate::{
    clock::Timestamp,
    sae::model::{
        Error, NamespaceId, Result, SecretId, SecretName, SecretSummary, SecretType, SecretUid,
        Version,
    },
    sealed::{KeyId, SealedData, WrappedDataKey},
    store::{
        RowPlace, Tx,
        sql::{
            AnyConnection, Prepared,
            Value::{Bytes, Number, Text},
            corrupt, is_of_primary_key,
        },
    },
};

/// The counter that secret ids are taken from, and the sequence in its place on engines that have some.
const SECRET_ID: &str = "secret_id";
const SECRET_IDS: &str = "secret_ids";

/// A secret as it is kept.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    /// All but the data.
    pub summary: SecretSummary,
    /// The key of its data.
    pub data_key: WrappedDataKey,
    /// The data, as it was given to the store.
    pub payload: SealedData,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = secrets)]
pub(super) struct SummaryRow {
    id: i64,
    uid: String,
    namespace_id: String,
    name: String,
    secret_type: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl SummaryRow {
    pub(super) fn parse(self) -> Result<SecretSummary> {
        let (id, namespace, secret_type) =
            parse_place(self.id, &self.namespace_id, &self.secret_type)?;
        Ok(SecretSummary {
            id,
            uid: SecretUid::parse(&self.uid).ok_or_else(|| corrupt("secret uid"))?,
            namespace,
            name: self.name,
            secret_type,
            version: Version::new(self.version).ok_or_else(|| corrupt("secret version"))?,
            created: Timestamp(self.created_at),
            updated: Timestamp(self.updated_at),
        })
    }
}

type StoredRow = (SummaryRow, String, Vec<u8>, Vec<u8>);

fn parse_stored(id: i64, found: QueryResult<Option<StoredRow>>) -> Result<StoredSecret> {
    let found = found.map_err(|error| unreadable(id, error))?;
    let (row, key, data_key, payload) = found.ok_or(Error::SecretNotFound(id))?;
    let parse = || {
        Ok(StoredSecret {
            summary: row.parse()?,
            data_key: WrappedDataKey { key: key_id(&key)?, bytes: data_key },
            payload: SealedData(payload),
        })
    };
    parse().map_err(|error| damaged(id, error))
}

/// A query for one secret failed: over what stands in its row, or else.
pub(super) fn unreadable(id: i64, error: DieselError) -> Error {
    match error {
        DieselError::DeserializationError(cause) => Error::Damaged(id, cause.to_string()),
        error => error.into(),
    }
}

/// What stands in a secret's row is none of ours.
pub(super) fn damaged(id: i64, error: Error) -> Error {
    match error {
        Error::Unavailable(cause) => Error::Damaged(id, cause),
        error => error,
    }
}

pub(super) type Rows<'a> = secrets::BoxedQuery<'a, <AnyConnection as Connection>::Backend>;

/// What makes a [`RowPlace`] of a row.
pub(super) fn place_columns(tx: &Tx<'_>) -> (secrets::id, SqlLiteral<Nullable<SqlText>>) {
    let namespace = if tx.has_row_ids() { "NULL" } else { "namespace_id" };
    (secrets::id, diesel::dsl::sql(namespace))
}

/// The place that [`place_columns`] selected.
pub(super) fn place((id, partition): (i64, Option<String>)) -> RowPlace {
    RowPlace { id, partition }
}

/// The row that stands there.
pub(super) fn row_at(place: &RowPlace) -> Rows<'_> {
    let row = secrets::table.filter(secrets::id.eq(place.id)).into_boxed();
    match &place.partition {
        Some(namespace) => row.filter(secrets::namespace_id.eq(namespace)),
        None => row,
    }
}

/// The rows of all namespaces behind a place, in the order of the table's key.
pub(super) fn rows_behind<'a>(after: Option<&'a RowPlace>, tx: &Tx<'_>) -> Rows<'a> {
    let rows = secrets::table.into_boxed();
    let rows = match after {
        Some(RowPlace { id, partition: None }) => rows.filter(secrets::id.gt(id)),
        // An index is searched by the first condition and read on by the second.
        Some(RowPlace { id, partition: Some(namespace) }) => rows
            .filter(secrets::namespace_id.ge(namespace))
            .filter(secrets::namespace_id.gt(namespace).or(secrets::id.gt(id))),
        None => rows,
    };
    if tx.has_row_ids() {
        rows.order(secrets::id)
    } else {
        rows.order((secrets::namespace_id, secrets::id))
    }
}

/// Where a secret stands.
fn parse_place(
    id: i64,
    namespace: &str,
    secret_type: &str,
) -> Result<(SecretId, NamespaceId, SecretType)> {
    Ok((
        SecretId::new(id).ok_or_else(|| corrupt("secret id"))?,
        NamespaceId::parse(namespace).map_err(|_| corrupt("namespace id"))?,
        SecretType::parse(secret_type).map_err(|_| corrupt("secret type"))?,
    ))
}

pub(super) fn key_id(text: &str) -> Result<KeyId> {
    Ok(KeyId::parse(text).ok_or_else(|| corrupt("key id"))?)
}

impl Tx<'_> {
    /// Whether a secret of that name lives in the namespace.
    ///
    /// # Errors
    /// [`Error::NamespaceNotFound`]; [`Error::Unavailable`].
    pub fn has_secret_named(&mut self, namespace: &NamespaceId, name: &SecretName) -> Result<bool> {
        let is_twin = secrets::namespace_id.eq(namespaces::id).and(secrets::name.eq(name.as_str()));
        let twin = namespaces::table
            .left_join(secrets::table.on(is_twin))
            .filter(namespaces::id.eq(namespace.to_string()))
            .select(secrets::id.nullable())
            .first::<Option<i64>>(self.connection())
            .optional();
        Ok(twin?.ok_or(Error::NamespaceNotFound)?.is_some())
    }

    /// Keeps a secret with its sealed data. The namespace's count is the caller's to raise.
    ///
    /// # Errors
    /// [`Error::SecretExists`] when another writer was faster with the same name; [`Error::Unavailable`].
    pub fn insert_secret(
        &mut self,
        summary: &SecretSummary,
        data_key: &WrappedDataKey,
        payload: &SealedData,
    ) -> Result<()> {
        let inserting = Prepared("INSERT INTO secrets (id, uid, namespace_id, name, secret_type, version, created_at, updated_at, key_id, data_key, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &[Number(summary.id.get()), Text(&summary.uid.to_string()), Text(&summary.namespace.to_string()), Text(&summary.name), Text(summary.secret_type.as_str()), Number(summary.version.get()), Number(summary.created.0), Number(summary.updated.0), Text(data_key.key.as_str()), Bytes(&data_key.bytes), Bytes(&payload.0)])
        .execute(self.connection());
        match inserting {
            Ok(_) => Ok(()),
            Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, said))
                if !is_of_primary_key(&*said, "secrets.id") =>
            {
                Err(Error::SecretExists(summary.name.clone()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The number of the next secret, and the key that wraps its data key: the one that is current now. The number is never
    /// given again, unless the transaction is rolled back.
    ///
    /// # Errors
    /// [`Error::Unavailable`], also when no key is the current one.
    pub fn next_secret(&mut self) -> Result<(SecretId, KeyId)> {
        let (next, key) = self.next_number(SECRET_ID, SECRET_IDS)?;
        Ok((SecretId::new(next).ok_or_else(|| corrupt("secret counter"))?, key))
    }

    /// The last number that a secret was given.
    pub fn last_secret_id(&mut self) -> Result<i64> {
        Ok(self.last_number(SECRET_ID, SECRET_IDS)?)
    }

    /// A secret of the namespace, without its data.
    ///
    /// # Errors
    /// [`Error::NamespaceNotFound`]; [`Error::SecretNotFound`]; [`Error::Unavailable`].
    pub fn secret_summary(
        &mut self,
        namespace: &NamespaceId,
        id: SecretId,
    ) -> Result<SecretSummary> {
        let row = secrets::table
            .find((namespace.to_string(), id.get()))
            .select(SummaryRow::as_select())
            .first(self.connection())
            .optional();
        match row.map_err(|error| unreadable(id.get(), error))? {
            Some(row) => row.parse().map_err(|error| damaged(id.get(), error)),
            None => Err(self.why_missing(namespace, id)?),
        }
    }

    /// What is not there: the namespace or only its secret. Asked last, since most secrets that are asked for are there.
    fn why_missing(&mut self, namespace: &NamespaceId, id: SecretId) -> Result<Error> {
        self.namespace(namespace)?;
        Ok(Error::SecretNotFound(id.get()))
    }

    /// A secret of the namespace, with its data.
    ///
    /// # Errors
    /// [`Error::NamespaceNotFound`]; [`Error::SecretNotFound`]; [`Error::Unavailable`].
    pub fn stored_secret(&mut self, namespace: &NamespaceId, id: SecretId) -> Result<StoredSecret> {
        let row = secrets::table
            .find((namespace.to_string(), id.get()))
            .select((SummaryRow::as_select(), secrets::key_id, secrets::data_key, secrets::payload))
            .first::<StoredRow>(self.connection())
            .optional();
        match parse_stored(id.get(), row) {
            Err(Error::SecretNotFound(_)) => Err(self.why_missing(namespace, id)?),
            stored => stored,
        }
    }

    /// The first places of secrets of all namespaces behind `after`, in the order of the table's key.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn secret_places(&mut self, after: Option<&RowPlace>, limit: i64) -> Result<Vec<RowPlace>> {
        let places = rows_behind(after, self).limit(limit).select(place_columns(self));
        let places: Vec<(i64, Option<String>)> = places.load(self.connection())?;
        Ok(places.into_iter().map(place).collect())
    }

    /// The secret of that place, with its data.
    ///
    /// # Errors
    /// [`Error::SecretNotFound`]; [`Error::Unavailable`].
    pub fn secret_at(&mut self, place: &RowPlace) -> Result<StoredSecret> {
        let row = row_at(place)
            .select((SummaryRow::as_select(), secrets::key_id, secrets::data_key, secrets::payload))
            .first::<StoredRow>(self.connection())
            .optional();
        parse_stored(place.id, row)
    }

    /// All secrets of a namespace without their data, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn secret_summaries(&mut self, namespace: &NamespaceId) -> Result<Vec<SecretSummary>> {
        let mut rows: Vec<SummaryRow> = secrets::table
            .filter(secrets::namespace_id.eq(namespace.to_string()))
            .select(SummaryRow::as_select())
            .load(self.connection())?;
        rows.sort_unstable_by_key(|row| row.id);
        rows.into_iter().map(SummaryRow::parse).collect()
    }

    /// Keeps other writers from a secret, whether it is there or not, until the end of the transaction. Several are locked in
    /// the order of the table's key, so that no two transactions wait for each other.
    pub fn lock_secret(&mut self, namespace: &str, id: i64) -> Result<()> {
        if self.has_other_writers() {
            Prepared(
                "SELECT id FROM secrets WHERE namespace_id = ? AND id = ? FOR NO KEY UPDATE",
                &[Text(namespace), Number(id)],
            )
            .execute(self.connection())?;
        }
        Ok(())
    }

    /// Replaces the data of a secret that exists; the summary has its new version and time.
    ///
    /// # Errors
    /// [`Error::SecretNotFound`]; [`Error::Unavailable`].
    pub fn replace_payload(
        &mut self,
        summary: &SecretSummary,
        data_key: &WrappedDataKey,
        payload: &SealedData,
    ) -> Result<()> {
        let replacing = Prepared("UPDATE secrets SET version = ?, updated_at = ?, key_id = ?, data_key = ?, payload = ? WHERE namespace_id = ? AND id = ?", &[Number(summary.version.get()), Number(summary.updated.0), Text(data_key.key.as_str()), Bytes(&data_key.bytes), Bytes(&payload.0), Text(&summary.namespace.to_string()), Number(summary.id.get())])
        .execute(self.connection());
        let changed = replacing?;
        if changed == 0 { Err(Error::SecretNotFound(summary.id.get())) } else { Ok(()) }
    }

    /// Forgets a secret of the namespace. The namespace's count is the caller's to lower.
    ///
    /// # Errors
    /// [`Error::NamespaceNotFound`]; [`Error::SecretNotFound`]; [`Error::Unavailable`].
    pub fn delete_secret(&mut self, namespace: &NamespaceId, id: SecretId) -> Result<()> {
        let row = secrets::table.find((namespace.to_string(), id.get()));
        let gone = diesel::delete(row).execute(self.connection())?;
        if gone == 0 { Err(self.why_missing(namespace, id)?) } else { Ok(()) }
    }

    /// Forgets all secrets of a namespace.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn delete_secrets_in(&mut self, namespace: &NamespaceId) -> Result<()> {
        diesel::delete(secrets::table.filter(secrets::namespace_id.eq(namespace.to_string())))
            .execute(self.connection())?;
        Ok(())
    }
}
