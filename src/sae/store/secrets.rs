//! The secrets' rows, and which keys wrap their data keys.

use diesel::{
    OptionalExtension,
    expression::SqlLiteral,
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
    sql_types::{Array, BigInt, Nullable, Text as SqlText},
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
            corrupt, is_of_primary_key, key_id,
        },
    },
};

/// The counter that secret ids are taken from, and the sequence in its place on engines that have some.
const SECRET_ID: &str = "secret_id";
const SECRET_IDS: &str = "secret_ids";

/// How many bytes of payload are rewritten in one transaction: SQLite rewrites a row as a whole, and others wait.
const REWRITTEN_MAX: i64 = 4 * 1024 * 1024;

/// A secret as it is stored.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    pub summary: SecretSummary,
    pub data_key: WrappedDataKey,
    pub payload: SealedData,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = secrets)]
struct SummaryRow {
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
    fn parse(self) -> store::Result<SecretSummary> {
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

#[derive(Queryable, Selectable)]
#[diesel(table_name = secrets)]
struct StoredRow {
    #[diesel(embed)]
    summary: SummaryRow,
    key_id: String,
    data_key: Vec<u8>,
    payload: Vec<u8>,
}

impl StoredRow {
    fn parse(self) -> store::Result<StoredSecret> {
        Ok(StoredSecret {
            summary: self.summary.parse()?,
            data_key: WrappedDataKey { key: key_id(&self.key_id)?, bytes: self.data_key },
            payload: SealedData(self.payload),
        })
    }
}

/// What a query for one secret found; [`Error::SecretNotFound`], and [`Error::Damaged`] for a row that this version cannot
/// have written.
fn parse_found<Row, T>(
    id: i64,
    found: QueryResult<Option<Row>>,
    parse: impl FnOnce(Row) -> store::Result<T>,
) -> Result<T> {
    match found {
        Ok(Some(row)) => parse(row).map_err(|error| Error::Damaged(id, error.to_string())),
        Ok(None) => Err(Error::SecretNotFound(id)),
        Err(DieselError::DeserializationError(cause)) => Err(Error::Damaged(id, cause.to_string())),
        Err(error) => Err(error.into()),
    }
}

type Rows<'a> = secrets::BoxedQuery<'a, <AnyConnection as Connection>::Backend>;

/// What makes a [`RowPlace`] of a row.
fn place_columns(tx: &Tx<'_>) -> (secrets::id, SqlLiteral<Nullable<SqlText>>) {
    let namespace = if tx.has_other_writers() { "namespace_id" } else { "NULL" };
    (secrets::id, diesel::dsl::sql(namespace))
}

fn place((id, partition): (i64, Option<String>)) -> RowPlace {
    RowPlace { id, partition, part: 0 }
}

/// The row at a place.
fn row_at(place: &RowPlace) -> Rows<'_> {
    let row = secrets::table.filter(secrets::id.eq(place.id)).into_boxed();
    match &place.partition {
        Some(namespace) => row.filter(secrets::namespace_id.eq(namespace)),
        None => row,
    }
}

/// The rows of all namespaces behind a place, in the order of the table's key.
fn rows_behind<'a>(after: Option<&'a RowPlace>, tx: &Tx<'_>) -> Rows<'a> {
    let rows = secrets::table.into_boxed();
    let rows = match after {
        Some(RowPlace { id, partition: None, .. }) => rows.filter(secrets::id.gt(id)),
        // An index is searched by the first condition and read on by the second.
        Some(RowPlace { id, partition: Some(namespace), .. }) => rows
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

    /// The highest number of a secret; zero where there is none.
    pub fn highest_secret_id(&mut self) -> store::Result<i64> {
        let highest: Option<i64> =
            secrets::table.select(diesel::dsl::max(secrets::id)).first(self.connection())?;
        Ok(highest.unwrap_or_default())
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
        match parse_found(id.get(), row, SummaryRow::parse) {
            Err(Error::SecretNotFound(_)) => Err(self.why_missing(namespace, id)?),
            summary => summary,
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
            .select(StoredRow::as_select())
            .first(self.connection())
            .optional();
        match parse_found(id.get(), row, StoredRow::parse) {
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
        Ok(places.into_iter().map(place).collect())
    }

    /// The secret at a place, with its data; [`Error::SecretNotFound`].
    pub fn secret_at(&mut self, place: &RowPlace) -> Result<StoredSecret> {
        let row = row_at(place).select(StoredRow::as_select()).first(self.connection()).optional();
        parse_found(place.id, row, StoredRow::parse)
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

    /// Keeps other writers from a secret, if it exists, until the end of the transaction. A transaction that locks several
    /// does so in the order of the table's key, so that no two wait for each other.
    pub fn lock_secret(&mut self, namespace: &NamespaceId, id: SecretId) -> store::Result<()> {
        if self.has_other_writers() {
            let sql = "SELECT id FROM secrets WHERE namespace_id = ? AND id = ? FOR NO KEY UPDATE";
            self.execute(sql, &[Text(&namespace.to_string()), Number(id.get())])?;
        }
        Ok(())
    }

    /// Keeps other writers from these secrets and from no others, in the order of the table's key, by one statement: a
    /// rotation locks hundreds of them.
    pub fn lock_secrets(&mut self, places: &[RowPlace]) -> store::Result<()> {
        // Where it is another engine, no other transaction can write.
        if let AnyConnection::Postgres(postgres) = self.connection() {
            let (namespaces, ids): (Vec<_>, Vec<_>) =
                places.iter().map(|place| (place.partition.as_deref(), place.id)).unzip();
            // Neither column ever changes: a row that was changed while this waited for it is still one of them.
            diesel::sql_query(
                "SELECT id FROM secrets JOIN unnest($1, $2) AS place (namespace_id, id) \
                 USING (namespace_id, id) ORDER BY namespace_id, id FOR NO KEY UPDATE OF secrets",
            )
            .bind::<Array<Nullable<SqlText>>, _>(namespaces)
            .bind::<Array<BigInt>, _>(ids)
            .execute(postgres)?;
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

    /// How many secrets' data keys each key wraps; keys that wrap none are left out.
    pub fn data_key_counts(&mut self) -> store::Result<Vec<(KeyId, u64)>> {
        let rows: Vec<(String, i64)> = secrets::table
            .group_by(secrets::key_id)
            .select((secrets::key_id, diesel::dsl::count_star()))
            .order(secrets::key_id)
            .load(self.connection())?;
        let parse = |(id, count): (String, i64)| Ok((key_id(&id)?, count.unsigned_abs()));
        rows.into_iter().map(parse).collect()
    }

    /// The places of the secrets behind `after` whose data keys another key than `current` wraps, in the order of the
    /// table's key: as many as may be rewritten in one transaction, `limit` at most and at least one if there is any.
    pub fn secrets_not_under(
        &mut self,
        current: &KeyId,
        after: Option<&RowPlace>,
        limit: i64,
    ) -> store::Result<Vec<RowPlace>> {
        // PostgreSQL's length is a shorter integer.
        let size = "CAST(length(payload) AS BIGINT)";
        let size = diesel::dsl::sql::<BigInt>(size);
        let rows: Vec<((i64, Option<String>), i64)> = rows_behind(after, self)
            .filter(secrets::key_id.ne(current.as_str()))
            .limit(limit)
            .select((place_columns(self), size))
            .load(self.connection())?;
        let mut rewritten = 0;
        let fits = |(_, size): &((i64, Option<String>), i64)| {
            let is_first = rewritten == 0;
            rewritten += size.max(&1);
            is_first || rewritten <= REWRITTEN_MAX
        };
        let rows = rows.into_iter().take_while(fits);
        Ok(rows.map(|(columns, _)| place(columns)).collect())
    }

    /// The data key of the secret at a place; [`Error::SecretNotFound`] and [`Error::Damaged`].
    pub fn data_key_of(&mut self, place: &RowPlace) -> Result<(SecretSummary, WrappedDataKey)> {
        let row = row_at(place)
            .select((SummaryRow::as_select(), secrets::key_id, secrets::data_key))
            .first(self.connection())
            .optional();
        parse_found(place.id, row, |(row, key, bytes): (SummaryRow, String, _)| {
            Ok((row.parse()?, WrappedDataKey { key: key_id(&key)?, bytes }))
        })
    }

    /// Replaces how a secret's data key is wrapped; [`Error::SecretNotFound`]. Nothing else of the secret changes.
    pub fn replace_data_key(&mut self, place: &RowPlace, data_key: &WrappedDataKey) -> Result<()> {
        let (key, bytes) = (Text(data_key.key.as_str()), Bytes(&data_key.bytes));
        let changed = match &place.partition {
            Some(namespace) => self.execute(
                "UPDATE secrets SET key_id = ?, data_key = ? WHERE namespace_id = ? AND id = ?",
                &[key, bytes, Text(namespace), Number(place.id)],
            ),
            None => self.execute(
                "UPDATE secrets SET key_id = ?, data_key = ? WHERE id = ?",
                &[key, bytes, Number(place.id)],
            ),
        };
        found(changed?, place.id)
    }
}

/// [`Error::SecretNotFound`] if no row was changed.
fn found(changed: usize, id: i64) -> Result<()> {
    if changed == 0 { Err(Error::SecretNotFound(id)) } else { Ok(()) }
}
