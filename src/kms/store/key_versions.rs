//! The rows of a key's versions, which hold its material, wrapped.

use diesel::{OptionalExtension, dsl::SqlTypeOf, prelude::*, sqlite::Sqlite};

use super::{readable, schema::kms_key_versions};
use crate::{
    clock::Timestamp,
    kms::model::{Key, KeyVersion, KeyVersionId, Result},
    sealed::WrappedDataKey,
    store::{
        self, Tx,
        sql::{
            Value::{Bytes, Number, Text},
            corrupt, key_id, prepared,
        },
    },
};

/// A version as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKeyVersion {
    pub version: KeyVersion,
    pub material: WrappedDataKey,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = kms_key_versions)]
pub(super) struct StoredRow {
    number: i64,
    version_id: String,
    created_at: i64,
    key_id: String,
    data_key: Vec<u8>,
}

/// The types of the columns of a [`StoredRow`], which are the same on every engine.
type Columns = SqlTypeOf<<StoredRow as Selectable<Sqlite>>::SelectExpression>;

impl StoredRow {
    pub(super) fn parse(self) -> store::Result<StoredKeyVersion> {
        let id = KeyVersionId::parse(&self.version_id);
        let id = id.ok_or_else(|| corrupt("version of a key of KMS"))?;
        Ok(StoredKeyVersion {
            version: KeyVersion { number: self.number, id, created: Timestamp(self.created_at) },
            material: WrappedDataKey { key: key_id(&self.key_id)?, bytes: self.data_key },
        })
    }
}

impl Tx<'_> {
    /// The primary version of a key, which is the newest one; `None` for a key without material.
    pub fn primary_kms_key_version(&mut self, key: &Key) -> Result<Option<StoredKeyVersion>> {
        // The columns in the order of the row.
        let sql = "SELECT number, version_id, created_at, key_id, data_key FROM kms_key_versions \
                   WHERE scope = ? AND kms_key = ? ORDER BY number DESC LIMIT 1";
        let values = [Text(&key.scope.to_string()), Number(key.number)];
        let rows = prepared::<Columns>(sql, &values).load(self.connection());
        let parse =
            |rows: Vec<StoredRow>| rows.into_iter().next().map(StoredRow::parse).transpose();
        readable(rows, parse, || key.arn())
    }

    /// The version of a key with that id.
    pub fn kms_key_version(
        &mut self,
        key: &Key,
        id: &KeyVersionId,
    ) -> Result<Option<StoredKeyVersion>> {
        let row = kms_key_versions::table
            .filter(kms_key_versions::scope.eq(key.scope.to_string()))
            .filter(kms_key_versions::kms_key.eq(key.number))
            .filter(kms_key_versions::version_id.eq(id.to_string()))
            .select(StoredRow::as_select())
            .first(self.connection())
            .optional();
        readable(row, |row| row.map(StoredRow::parse).transpose(), || key.arn())
    }

    /// Says that this transaction will insert a version of a key, before it looks up the key of the database that wraps
    /// its material.
    pub fn announce_kms_key_version(&mut self) -> store::Result<()> {
        if self.has_other_writers() {
            self.execute("LOCK TABLE kms_key_versions IN ROW EXCLUSIVE MODE", &[])?;
        }
        Ok(())
    }

    /// Inserts a version of a key.
    pub fn insert_kms_key_version(
        &mut self,
        key: &Key,
        stored: &StoredKeyVersion,
    ) -> store::Result<()> {
        let sql = "INSERT INTO kms_key_versions (scope, kms_key, number, version_id, created_at, \
                   key_id, data_key) VALUES (?, ?, ?, ?, ?, ?, ?)";
        let StoredKeyVersion { version, material } = stored;
        let values = [
            Text(&key.scope.to_string()),
            Number(key.number),
            Number(version.number),
            Text(&version.id.to_string()),
            Number(version.created.0),
            Text(material.key.as_str()),
            Bytes(&material.bytes),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }
}
