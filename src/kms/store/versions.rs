//! The rows of a secret's versions, which hold its values, sealed.

use diesel::{OptionalExtension, dsl::SqlTypeOf, prelude::*, sql_types::Nullable, sqlite::Sqlite};

use super::{readable, schema::kms_versions, secrets::SecretRow};
use crate::{
    clock::Timestamp,
    kms::model::{
        DataType, Field, Kind, Result, Scope, Secret, SecretName, Stage, Version, VersionId,
        Versions, stages_from_column, stages_to_column,
    },
    sealed::{SealedData, WrappedDataKey},
    store::{
        self, Tx,
        sql::{
            Value::{Bytes, MaybeText, Number, Text},
            corrupt, key_id, prepared,
        },
    },
};

/// What wraps the data key of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataKey {
    /// A key of the database.
    OfDatabase(WrappedDataKey),
    /// A version of a key of KMS.
    OfKms {
        /// Its id.
        key_version: String,
        /// The wrapped data key.
        bytes: Vec<u8>,
    },
}

/// A version as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredVersion {
    pub version: Version,
    pub data_key: DataKey,
    pub payload: SealedData,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = kms_versions)]
pub(super) struct MetaRow {
    number: i64,
    version_id: String,
    data_type: String,
    stages: String,
    created_at: i64,
}

impl MetaRow {
    pub(super) fn parse(self) -> store::Result<Version> {
        let broken = || corrupt("version of a secret of KMS");
        Ok(Version {
            number: self.number,
            id: VersionId::parse(&self.version_id, Field::VersionId).map_err(|_| broken())?,
            data_type: DataType::parse(&self.data_type).map_err(|_| broken())?,
            stages: stages_from_column(&self.stages).ok_or_else(broken)?,
            created: Timestamp(self.created_at),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = kms_versions)]
pub(super) struct StoredRow {
    #[diesel(embed)]
    meta: MetaRow,
    key_id: Option<String>,
    key_version: Option<String>,
    data_key: Vec<u8>,
    payload: Vec<u8>,
}

impl StoredRow {
    pub(super) fn parse(self) -> store::Result<StoredVersion> {
        let bytes = self.data_key;
        let data_key = match (self.key_id, self.key_version) {
            (Some(key), None) => DataKey::OfDatabase(WrappedDataKey { key: key_id(&key)?, bytes }),
            (None, Some(key_version)) => DataKey::OfKms { key_version, bytes },
            _ => return Err(corrupt("data key of a secret of KMS")),
        };
        Ok(StoredVersion {
            version: self.meta.parse()?,
            data_key,
            payload: SealedData(self.payload),
        })
    }
}

/// The types of the columns, which are the same on every engine.
type AtStage = (
    SqlTypeOf<<SecretRow as Selectable<Sqlite>>::SelectExpression>,
    Nullable<SqlTypeOf<<StoredRow as Selectable<Sqlite>>::SelectExpression>>,
);

/// The columns in the order of [`SecretRow`] and [`StoredRow`].
const AT_STAGE: &str = "SELECT s.scope, s.id, s.uid, s.name, s.secret_type, s.description, \
    s.encryption_key, s.instance, s.extended_config, s.policy, s.rotation, s.rotation_interval, \
    s.last_rotation_at, s.next_rotation_at, s.created_at, s.updated_at, s.delete_at, \
    v.number, v.version_id, v.data_type, v.stages, v.created_at, \
    v.key_id, v.key_version, v.data_key, v.payload \
    FROM kms_secrets s LEFT JOIN kms_versions v \
    ON v.scope = s.scope AND v.secret_id = s.id AND v.stages LIKE ? \
    WHERE s.scope = ? AND s.name = ?";

impl Tx<'_> {
    /// A secret and its version with that stage, in one query; the version is `None` where no one has it.
    pub fn kms_secret_at_stage(
        &mut self,
        scope: &Scope,
        name: &SecretName,
        stage: &Stage,
    ) -> Result<Option<(Secret, Option<StoredVersion>)>> {
        // A column holds `,A,B,`. An underscore stands for any character here, so that others may be found as well.
        let pattern = format!("%,{},%", stage.as_str());
        let values = [Text(&pattern), Text(&scope.to_string()), Text(name.as_str())];
        let rows = prepared::<AtStage>(AT_STAGE, &values).load(self.connection());
        let parse = |rows: Vec<(SecretRow, Option<StoredRow>)>| {
            let mut found = None;
            for (secret, version) in rows {
                let version = version.map(StoredRow::parse).transpose()?;
                let version = version.filter(|stored| stored.version.stages.contains(stage));
                if found.is_none() || version.is_some() {
                    found = Some((secret.parse()?, version));
                }
            }
            Ok(found)
        };
        readable(rows, parse, || scope.arn(Kind::Secret, name.as_str()))
    }

    /// The version of a secret with that id.
    pub fn kms_version(
        &mut self,
        secret: &Secret,
        id: &VersionId,
    ) -> Result<Option<StoredVersion>> {
        let row = kms_versions::table
            .filter(kms_versions::scope.eq(secret.scope.to_string()))
            .filter(kms_versions::secret_id.eq(secret.id))
            .filter(kms_versions::version_id.eq(id.as_str()))
            .select(StoredRow::as_select())
            .first(self.connection())
            .optional();
        readable(row, |row| row.map(StoredRow::parse).transpose(), || secret.arn())
    }

    /// All versions of a secret without their data, oldest first.
    pub fn kms_versions(&mut self, secret: &Secret) -> Result<Versions> {
        let rows = kms_versions::table
            .filter(kms_versions::scope.eq(secret.scope.to_string()))
            .filter(kms_versions::secret_id.eq(secret.id))
            .order(kms_versions::number)
            .select(MetaRow::as_select())
            .load(self.connection());
        let parse = |rows: Vec<MetaRow>| rows.into_iter().map(MetaRow::parse).collect();
        readable(rows, parse, || secret.arn()).map(Versions::stored)
    }

    /// Says that this transaction will insert a version of a secret, before it looks up the key of the database that wraps
    /// its data key.
    pub fn announce_kms_version(&mut self) -> store::Result<()> {
        if self.has_other_writers() {
            self.execute("LOCK TABLE kms_versions IN ROW EXCLUSIVE MODE", &[])?;
        }
        Ok(())
    }

    /// Inserts a version of a secret.
    pub fn insert_kms_version(
        &mut self,
        secret: &Secret,
        stored: &StoredVersion,
    ) -> store::Result<()> {
        let sql = "INSERT INTO kms_versions (scope, secret_id, number, version_id, data_type, \
                   stages, created_at, key_id, key_version, data_key, payload) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let StoredVersion { version, data_key, payload } = stored;
        let (key, key_version, bytes) = match data_key {
            DataKey::OfDatabase(key) => (Some(key.key.as_str()), None, &key.bytes),
            DataKey::OfKms { key_version, bytes } => (None, Some(key_version.as_str()), bytes),
        };
        let values = [
            Text(&secret.scope.to_string()),
            Number(secret.id),
            Number(version.number),
            Text(version.id.as_str()),
            Text(version.data_type.as_str()),
            Text(&stages_to_column(&version.stages)),
            Number(version.created.0),
            MaybeText(key),
            MaybeText(key_version),
            Bytes(bytes),
            Bytes(&payload.0),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    /// Writes down which stages a version has now.
    pub fn update_kms_stages(
        &mut self,
        secret: &Secret,
        number: i64,
        stages: &[Stage],
    ) -> store::Result<()> {
        let sql = "UPDATE kms_versions SET stages = ? \
                   WHERE scope = ? AND secret_id = ? AND number = ?";
        let values = [
            Text(&stages_to_column(stages)),
            Text(&secret.scope.to_string()),
            Number(secret.id),
            Number(number),
        ];
        self.execute(sql, &values)?;
        Ok(())
    }

    /// Deletes a version.
    pub fn delete_kms_version(&mut self, secret: &Secret, number: i64) -> store::Result<()> {
        let sql = "DELETE FROM kms_versions WHERE scope = ? AND secret_id = ? AND number = ?";
        let scope = secret.scope.to_string();
        self.execute(sql, &[Text(&scope), Number(secret.id), Number(number)])?;
        Ok(())
    }
}
