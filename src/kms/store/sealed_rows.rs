//! The rows that hold data keys which keys of the database wrap: versions of secrets and of keys, each found by its scope, the
//! number of what it is a version of, and its own.

use diesel::{
    OptionalExtension,
    expression::SqlLiteral,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Text as SqlText},
};

use super::{
    key_versions::{self, StoredKeyVersion},
    keys::KeyRow,
    readable,
    schema::{kms_key_versions, kms_keys, kms_secrets, kms_versions},
    secrets::SecretRow,
    versions::{self, StoredVersion},
};
use crate::{
    kms::model::{Key, Result, Secret, Version},
    sealed::{KeyId, WrappedDataKey},
    store::{
        self, RowPlace, Tx,
        sql::{
            AnyConnection,
            Value::{Bytes, Number, Text},
            key_id,
        },
    },
};

/// How many bytes of payload are rewritten in one transaction: SQLite rewrites a row as a whole, and others wait.
const REWRITTEN_MAX: i64 = 4 * 1024 * 1024;

fn place((scope, id, part): (String, i64, i64)) -> RowPlace {
    RowPlace { id, partition: Some(scope), part }
}

fn scope_of(place: &RowPlace) -> &str {
    place.partition.as_deref().unwrap_or_default()
}

/// Behind a place, so that the table's key finds it.
macro_rules! behind {
    ($owner:ident, $place:expr) => {
        diesel::dsl::sql::<Bool>(concat!("(scope, ", stringify!($owner), ", number) > ("))
            .bind::<SqlText, _>(scope_of($place))
            .sql(", ")
            .bind::<BigInt, _>($place.id)
            .sql(", ")
            .bind::<BigInt, _>($place.part)
            .sql(")")
    };
}

/// The queries that both tables have.
macro_rules! sealed_rows {
    ($kind:ident, $table:ident, $owner:ident, $size:literal) => {
        impl $kind {
            /// How many rows' data keys each key wraps; keys that wrap none are left out.
            pub fn counts(tx: &mut Tx<'_>) -> store::Result<Vec<(KeyId, u64)>> {
                let rows: Vec<(Option<String>, i64)> = $table::table
                    .filter($table::key_id.is_not_null())
                    .group_by($table::key_id)
                    .select(($table::key_id.nullable(), diesel::dsl::count_star()))
                    .order($table::key_id)
                    .load(tx.connection())?;
                let parse = |(id, count): (Option<String>, i64)| {
                    Ok((key_id(&id.unwrap_or_default())?, count.unsigned_abs()))
                };
                rows.into_iter().map(parse).collect()
            }

            /// Waits for all transactions under way that said that they insert a row.
            pub fn wait_for_new(tx: &mut Tx<'_>) -> store::Result<()> {
                if tx.has_other_writers() {
                    let sql = concat!("LOCK TABLE ", stringify!($table), " IN SHARE MODE");
                    tx.execute(sql, &[])?;
                }
                Ok(())
            }

            /// The first places behind `after`, in the order of the table's key.
            pub fn places(
                tx: &mut Tx<'_>,
                after: Option<&RowPlace>,
                limit: i64,
            ) -> store::Result<Vec<RowPlace>> {
                let columns = ($table::scope, $table::$owner, $table::number);
                let rows = $table::table.into_boxed();
                let rows = match after {
                    Some(after) => rows.filter(behind!($owner, after)),
                    None => rows,
                };
                let rows: Vec<(String, i64, i64)> =
                    rows.order(columns).limit(limit).select(columns).load(tx.connection())?;
                Ok(rows.into_iter().map(place).collect())
            }

            /// The places behind `after` of rows whose data keys another key than `current` wraps: as many as may be
            /// rewritten in one transaction, `limit` at most and at least one if there is any.
            pub fn not_under(
                tx: &mut Tx<'_>,
                current: &KeyId,
                after: Option<&RowPlace>,
                limit: i64,
            ) -> store::Result<Vec<RowPlace>> {
                let columns = ($table::scope, $table::$owner, $table::number);
                let rows = $table::table.filter($table::key_id.ne(current.as_str())).into_boxed();
                let rows = match after {
                    Some(after) => rows.filter(behind!($owner, after)),
                    None => rows,
                };
                let size: SqlLiteral<BigInt> = diesel::dsl::sql($size);
                let rows: Vec<((String, i64, i64), i64)> = rows
                    .order(columns)
                    .limit(limit)
                    .select((columns, size))
                    .load(tx.connection())?;
                let mut rewritten = 0;
                let fits = |(_, size): &((String, i64, i64), i64)| {
                    let is_first = rewritten == 0;
                    rewritten += size.max(&1);
                    is_first || rewritten <= REWRITTEN_MAX
                };
                let rows = rows.into_iter().take_while(fits);
                Ok(rows.map(|(columns, _)| place(columns)).collect())
            }

            /// Keeps other writers from these rows, in the order of the table's key.
            pub fn lock(tx: &mut Tx<'_>, places: &[RowPlace]) -> store::Result<()> {
                // Where it is another engine, no other transaction can write.
                if let AnyConnection::Postgres(postgres) = tx.connection() {
                    let scopes: Vec<&str> = places.iter().map(scope_of).collect();
                    let (owners, numbers): (Vec<i64>, Vec<i64>) =
                        places.iter().map(|place| (place.id, place.part)).unzip();
                    // No column of the key ever changes: a row that was changed while this waited for it is one of them.
                    diesel::sql_query(concat!(
                        "SELECT number FROM ",
                        stringify!($table),
                        " JOIN unnest($1, $2, $3) AS place (scope, ",
                        stringify!($owner),
                        ", number) USING (scope, ",
                        stringify!($owner),
                        ", number) ORDER BY scope, ",
                        stringify!($owner),
                        ", number FOR NO KEY UPDATE OF ",
                        stringify!($table),
                    ))
                    .bind::<Array<SqlText>, _>(scopes)
                    .bind::<Array<BigInt>, _>(owners)
                    .bind::<Array<BigInt>, _>(numbers)
                    .execute(postgres)?;
                }
                Ok(())
            }

            /// Replaces how the data key of a row is wrapped; nothing else of it changes.
            pub fn replace_data_key(
                tx: &mut Tx<'_>,
                place: &RowPlace,
                data_key: &WrappedDataKey,
            ) -> store::Result<()> {
                let sql = concat!(
                    "UPDATE ",
                    stringify!($table),
                    " SET key_id = ?, data_key = ? WHERE scope = ? AND ",
                    stringify!($owner),
                    " = ? AND number = ?",
                );
                let values = [
                    Text(data_key.key.as_str()),
                    Bytes(&data_key.bytes),
                    Text(scope_of(place)),
                    Number(place.id),
                    Number(place.part),
                ];
                let changed = tx.execute(sql, &values)?;
                if changed == 1 { Ok(()) } else { Err(store::Unavailable::new("the row is gone")) }
            }
        }
    };
}

/// What the data key of a secret's version is bound to, which key wraps it, and it.
type DataKeyRow = (SecretRow, versions::MetaRow, String, Vec<u8>);

/// The versions of secrets.
pub struct SecretVersionRows;

/// The versions of keys.
pub struct KeyVersionRows;

// PostgreSQL's length is a shorter integer.
sealed_rows!(SecretVersionRows, kms_versions, secret_id, "CAST(length(payload) AS BIGINT)");
sealed_rows!(KeyVersionRows, kms_key_versions, kms_key, "CAST(0 AS BIGINT)");

impl SecretVersionRows {
    /// The version at a place with its secret; [`Error::Damaged`](crate::kms::model::Error::Damaged).
    pub fn find(
        tx: &mut Tx<'_>,
        noun: &str,
        place: &RowPlace,
    ) -> Result<Option<(Secret, StoredVersion)>> {
        let of_secret = kms_versions::scope
            .eq(kms_secrets::scope)
            .and(kms_versions::secret_id.eq(kms_secrets::id));
        let row = kms_versions::table
            .inner_join(kms_secrets::table.on(of_secret))
            .filter(kms_versions::scope.eq(scope_of(place)))
            .filter(kms_versions::secret_id.eq(place.id))
            .filter(kms_versions::number.eq(place.part))
            .select((SecretRow::as_select(), versions::StoredRow::as_select()))
            .first::<(SecretRow, versions::StoredRow)>(tx.connection())
            .optional();
        let parse = |row: Option<(SecretRow, versions::StoredRow)>| {
            row.map(|(secret, stored)| Ok((secret.parse()?, stored.parse()?))).transpose()
        };
        readable(row, parse, || format!("{noun} {place}"))
    }

    /// The data key of the version at a place, with what it is bound to; `None` also where another key wraps it than one of
    /// the database. [`Error::Damaged`](crate::kms::model::Error::Damaged).
    pub fn data_key(
        tx: &mut Tx<'_>,
        noun: &str,
        place: &RowPlace,
    ) -> Result<Option<(Secret, Version, WrappedDataKey)>> {
        let of_secret = kms_versions::scope
            .eq(kms_secrets::scope)
            .and(kms_versions::secret_id.eq(kms_secrets::id));
        let row = kms_versions::table
            .inner_join(kms_secrets::table.on(of_secret))
            .filter(kms_versions::scope.eq(scope_of(place)))
            .filter(kms_versions::secret_id.eq(place.id))
            .filter(kms_versions::number.eq(place.part))
            .filter(kms_versions::key_id.is_not_null())
            .select((
                SecretRow::as_select(),
                versions::MetaRow::as_select(),
                kms_versions::key_id.assume_not_null(),
                kms_versions::data_key,
            ))
            .first::<DataKeyRow>(tx.connection())
            .optional();
        let parse = |row: Option<DataKeyRow>| {
            let parse = |(secret, version, key, bytes): DataKeyRow| {
                let data_key = WrappedDataKey { key: key_id(&key)?, bytes };
                Ok((secret.parse()?, version.parse()?, data_key))
            };
            row.map(parse).transpose()
        };
        readable(row, parse, || format!("{noun} {place}"))
    }
}

impl KeyVersionRows {
    /// The version at a place with its key; [`Error::Damaged`](crate::kms::model::Error::Damaged).
    pub fn find(
        tx: &mut Tx<'_>,
        noun: &str,
        place: &RowPlace,
    ) -> Result<Option<(Key, StoredKeyVersion)>> {
        let of_key = kms_key_versions::scope
            .eq(kms_keys::scope)
            .and(kms_key_versions::kms_key.eq(kms_keys::id));
        let row = kms_key_versions::table
            .inner_join(kms_keys::table.on(of_key))
            .filter(kms_key_versions::scope.eq(scope_of(place)))
            .filter(kms_key_versions::kms_key.eq(place.id))
            .filter(kms_key_versions::number.eq(place.part))
            .select((KeyRow::as_select(), key_versions::StoredRow::as_select()))
            .first::<(KeyRow, key_versions::StoredRow)>(tx.connection())
            .optional();
        let parse = |row: Option<(KeyRow, key_versions::StoredRow)>| {
            row.map(|(key, stored)| Ok((key.parse()?, stored.parse()?))).transpose()
        };
        readable(row, parse, || format!("{noun} {place}"))
    }
}
