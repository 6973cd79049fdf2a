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
        self, RowPlace, Tx,
        sql::{
            AnyConnection,
            Value::{Bytes, Number, Text},
            corrupt, is_of_primary_key,
        },
    },
};

/// The counter that secret ids are taken from, and the sequence in its place on engines that have some.
const SECRET_ID: &str = "secret_id";
const SECRET_IDS: &str = "secret_ids";

/// A secret as it is stored.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    /// All but the data.
    pub summary: SecretSummary,
    /// The wrapped key of its data.
    pub data_key: WrappedDataKey,
    /// The sealed data.
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
    pub(super) fn parse(self) -> store::Result<SecretSummary> {
        Ok(SecretSummary {
            id: SecretId::new(self.id).ok_or_else(|| corrupt("secret id"))?,
            uid: SecretUid::parse(&self.uid).ok_or_else(|| corrupt("secret uid"))?,
            namespace: NamespaceId::parse(&self.namespace_id)
                .map_err(|_| corrupt("namespace id"))?,
            name: self.name,
            secret_type: SecretType::parse(&self.secret_type)
                .map_err(|_| corrupt("secret type"))?,
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
    parse().map_err(|error: store::Unavailable| damaged(id, &error))
}

/// A query for one secret failed, because of the content of its row or for another reason.
pub(super) fn unreadable(id: i64, error: DieselError) -> Error {
    match error {
        DieselError::DeserializationError(cause) => damaged(id, &cause),
        error => error.into(),
    }
}

/// The row of a secret holds what this version cannot have written.
pub(super) fn damaged(id: i64, cause: &dyn std::fmt::Display) -> Error {
    Error::Damaged(id, cause.to_string())
}

pub(super) type Rows<'a> = secrets::BoxedQuery<'a, <AnyConnection as Connection>::Backend>;

/// What makes a [`RowPlace`] of a row.
pub(super) fn place_columns(tx: &Tx<'_>) -> (secrets::id, SqlLiteral<Nullable<SqlText>>) {
    let namespace = if tx.has_other_writers() { "namespace_id" } else { "NULL" };
    (secrets::id, diesel::dsl::sql(namespace))
}

/// The row at a place.
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
    if tx.has_other_writers() {
        rows.order((secrets::namespace_id, secrets::id))
    } else {
        rows.order(secrets::id)
    }
}

pub(super) fn key_id(text: &str) -> store::Result<KeyId> {
    KeyId::parse(text).ok_or_else(|| corrupt("key id"))
}

impl Tx<'_> {
    /// Whether the namespace has a secret of that name; [`Error::NamespaceNotFound`].
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

    /// Inserts a secret; [`Error::SecretExists`] when another writer was faster with the same name. The caller raises the
    /// namespace's count.
    pub fn insert_secret(
        &mut self,
        summary: &SecretSummary,
        data_key: &WrappedDataKey,
        payload: &SealedData,
    ) -> Result<()> {
        let sql = "INSERT INTO secrets (id, uid, namespace_id, name, secret_type, version, \
                   created_at, updated_at, key_id, data_key, payload) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let values = [
            Number(summary.id.get()),
            Text(&summary.uid.to_string()),
            Text(&summary.namespace.to_string()),
            Text(&summary.name),
            Text(summary.secret_type.as_str()),
            Number(summary.version.get()),
            Number(summary.created.0),
            Number(summary.updated.0),
            Text(data_key.key.as_str()),
            Bytes(&data_key.bytes),
            Bytes(&payload.0),
        ];
        match self.execute(sql, &values) {
            Ok(_) => Ok(()),
            Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, said))
                if !is_of_primary_key(&*said, "secrets.id") =>
            {
                Err(Error::SecretExists(summary.name.clone()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The number of the next secret, and the current key, which wraps its data key. The number is never given again,
    /// unless the transaction is rolled back.
    pub fn next_secret(&mut self) -> store::Result<(SecretId, KeyId)> {
        let (next, key) = self.next_number(SECRET_ID, SECRET_IDS)?;
        Ok((SecretId::new(next).ok_or_else(|| corrupt("secret counter"))?, key))
    }

    /// The last number that a secret was given.
    pub fn last_secret_id(&mut self) -> store::Result<i64> {
        self.last_number(SECRET_ID, SECRET_IDS)
    }

    /// A secret of the namespace, without its data; [`Error::NamespaceNotFound`] and [`Error::SecretNotFound`].
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
            Some(row) => row.parse().map_err(|error| damaged(id.get(), &error)),
            None => Err(self.why_missing(namespace, id)?),
        }
    }

    /// What does not exist: the namespace or only its secret. Asked last, since most secrets that are asked for exist.
    fn why_missing(&mut self, namespace: &NamespaceId, id: SecretId) -> Result<Error> {
        self.namespace(namespace)?;
        Ok(Error::SecretNotFound(id.get()))
    }

    /// A secret of the namespace, with its data; [`Error::NamespaceNotFound`] and [`Error::SecretNotFound`].
    pub fn stored_secret(&mut self, namespace: &NamespaceId, id: SecretId) -> Result<StoredSecret> {
        let row = secrets::table
            .find((namespace.to_string(), id.get()))
            .select((SummaryRow::as_select(), secrets::key_id, secrets::data_key, secrets::payload))
            .first(self.connection())
            .optional();
        match parse_stored(id.get(), row) {
            Err(Error::SecretNotFound(_)) => Err(self.why_missing(namespace, id)?),
            stored => stored,
        }
    }

    /// The first places of secrets of all namespaces behind `after`, in the order of the table's key.
    pub fn secret_places(
        &mut self,
        after: Option<&RowPlace>,
        limit: i64,
    ) -> store::Result<Vec<RowPlace>> {
        let places = rows_behind(after, self).limit(limit).select(place_columns(self));
        let places: Vec<(i64, Option<String>)> = places.load(self.connection())?;
        Ok(places.into_iter().map(|(id, partition)| RowPlace { id, partition }).collect())
    }

    /// The secret at a place, with its data; [`Error::SecretNotFound`].
    pub fn secret_at(&mut self, place: &RowPlace) -> Result<StoredSecret> {
        let row = row_at(place)
            .select((SummaryRow::as_select(), secrets::key_id, secrets::data_key, secrets::payload))
            .first(self.connection())
            .optional();
        parse_stored(place.id, row)
    }

    /// All secrets of a namespace without their data, oldest first.
    pub fn secret_summaries(
        &mut self,
        namespace: &NamespaceId,
    ) -> store::Result<Vec<SecretSummary>> {
        let mut rows: Vec<SummaryRow> = secrets::table
            .filter(secrets::namespace_id.eq(namespace.to_string()))
            .select(SummaryRow::as_select())
            .load(self.connection())?;
        rows.sort_unstable_by_key(|row| row.id);
        rows.into_iter().map(SummaryRow::parse).collect()
    }

    /// Keeps other writers from a secret, whether it exists or not, until the end of the transaction. Several are locked in
    /// the order of the table's key, so that no two transactions wait for each other.
    pub fn lock_secret(&mut self, namespace: &str, id: i64) -> store::Result<()> {
        if self.has_other_writers() {
            let sql = "SELECT id FROM secrets WHERE namespace_id = ? AND id = ? FOR NO KEY UPDATE";
            self.execute(sql, &[Text(namespace), Number(id)])?;
        }
        Ok(())
    }

    /// Keeps other writers from all secrets from the first place to the last one, in the order of the table's key, by one
    /// statement: a rotation locks hundreds of them.
    pub fn lock_secrets(&mut self, first: &RowPlace, last: &RowPlace) -> store::Result<()> {
        // Where the number alone finds a row, no other transaction can write.
        if let (Some(from), Some(to)) = (&first.partition, &last.partition) {
            let sql = "SELECT id FROM secrets WHERE namespace_id >= ? AND namespace_id <= ? \
                       AND (namespace_id > ? OR id >= ?) AND (namespace_id < ? OR id <= ?) \
                       ORDER BY namespace_id, id FOR NO KEY UPDATE";
            let (first, last) = (Number(first.id), Number(last.id));
            self.execute(sql, &[Text(from), Text(to), Text(from), first, Text(to), last])?;
        }
        Ok(())
    }

    /// Replaces the data of a secret; the summary has its new version and time. [`Error::SecretNotFound`].
    pub fn replace_payload(
        &mut self,
        summary: &SecretSummary,
        data_key: &WrappedDataKey,
        payload: &SealedData,
    ) -> Result<()> {
        let sql = "UPDATE secrets SET version = ?, updated_at = ?, key_id = ?, data_key = ?, \
                   payload = ? WHERE namespace_id = ? AND id = ?";
        let values = [
            Number(summary.version.get()),
            Number(summary.updated.0),
            Text(data_key.key.as_str()),
            Bytes(&data_key.bytes),
            Bytes(&payload.0),
            Text(&summary.namespace.to_string()),
            Number(summary.id.get()),
        ];
        found(self.execute(sql, &values)?, summary.id.get())
    }

    /// Deletes a secret; [`Error::NamespaceNotFound`] and [`Error::SecretNotFound`]. The caller lowers the namespace's
    /// count.
    pub fn delete_secret(&mut self, namespace: &NamespaceId, id: SecretId) -> Result<()> {
        let row = secrets::table.find((namespace.to_string(), id.get()));
        let gone = diesel::delete(row).execute(self.connection())?;
        if gone == 0 { Err(self.why_missing(namespace, id)?) } else { Ok(()) }
    }

    /// Deletes all secrets of a namespace.
    pub fn delete_secrets_in(&mut self, namespace: &NamespaceId) -> store::Result<()> {
        let rows = secrets::table.filter(secrets::namespace_id.eq(namespace.to_string()));
        diesel::delete(rows).execute(self.connection())?;
        Ok(())
    }
}

/// [`Error::SecretNotFound`] if no row was changed.
pub(super) fn found(changed: usize, id: i64) -> Result<()> {
    if changed == 0 { Err(Error::SecretNotFound(id)) } else { Ok(()) }
}
