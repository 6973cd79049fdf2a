//! The secrets' rows.

use diesel::{
    OptionalExtension,
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
};

use super::{counts::Counted, readable, schema::kms_secrets};
use crate::{
    clock::Timestamp,
    kms::model::{
        AutomaticRotation, Error, InstanceId, Interval, KeyId, Kind, Result, Rotation, Scope,
        Secret, SecretDescription, SecretName, SecretType, Uid,
    },
    sealed::KeyId as DatabaseKeyId,
    store::{
        self, Tx,
        sql::{
            Value::{MaybeNumber, MaybeText, Number, Text},
            corrupt, is_of_primary_key,
        },
    },
};

/// The counter that the numbers of secrets are taken from, and the sequence in its place on engines that have some.
const SECRET: &str = "kms_secret";
const SECRETS: &str = "kms_secret_ids";

#[derive(Queryable, Selectable)]
#[diesel(table_name = kms_secrets)]
pub(super) struct SecretRow {
    scope: String,
    id: i64,
    uid: String,
    name: String,
    secret_type: String,
    description: Option<String>,
    encryption_key: Option<String>,
    instance: Option<String>,
    extended_config: Option<String>,
    policy: Option<String>,
    rotation: String,
    rotation_interval: Option<i64>,
    last_rotation_at: Option<i64>,
    next_rotation_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    delete_at: Option<i64>,
}

impl SecretRow {
    pub(super) fn parse(self) -> store::Result<Secret> {
        let broken = || corrupt("secret of KMS");
        let interval = |seconds: i64| u64::try_from(seconds).ok().and_then(Interval::of_seconds);
        Ok(Secret {
            scope: Scope::parse(&self.scope).ok_or_else(broken)?,
            id: self.id,
            uid: uid(&self.uid).ok_or_else(broken)?,
            name: SecretName::parse(&self.name).map_err(|_| broken())?,
            secret_type: SecretType::parse(&self.secret_type).map_err(|_| broken())?,
            description: self
                .description
                .map(|text| SecretDescription::parse(text).map_err(|_| broken()))
                .transpose()?,
            encryption_key: self
                .encryption_key
                .map(|text| KeyId::parse(&text).ok_or_else(broken))
                .transpose()?,
            instance: self.instance.as_deref().map(instance).transpose()?,
            extended_config: self.extended_config,
            policy: self.policy,
            rotation: Rotation {
                automatic: AutomaticRotation::parse(&self.rotation).ok_or_else(broken)?,
                interval: self
                    .rotation_interval
                    .map(|seconds| interval(seconds).ok_or_else(broken))
                    .transpose()?,
                last: self.last_rotation_at.map(Timestamp),
                next: self.next_rotation_at.map(Timestamp),
            },
            created: Timestamp(self.created_at),
            updated: Timestamp(self.updated_at),
            delete_at: self.delete_at.map(Timestamp),
        })
    }
}

/// The identity in its text of hexadecimal digits.
pub(super) fn uid(text: &str) -> Option<Uid> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// The id of the instance in its text.
pub(super) fn instance(text: &str) -> store::Result<InstanceId> {
    InstanceId::parse(text).map_err(|_| corrupt("instance of KMS"))
}

/// Whose time to be deleted has come, of all scopes: few at any time. By the scope itself all of its secrets would be read.
pub(super) const GONE: &str =
    "SELECT count(*) FROM kms_secrets WHERE delete_at <= ? AND scope || '' = ?";

impl Tx<'_> {
    /// The number of the next secret, and the current key of the database, which wraps its data keys. From here on, whoever
    /// waits for new rows waits for this transaction.
    pub fn next_kms_secret(&mut self) -> store::Result<(i64, DatabaseKeyId)> {
        self.announce_kms_version()?;
        self.next_number(SECRET, SECRETS)
    }

    /// The last number that a secret was given.
    pub fn last_kms_secret_id(&mut self) -> store::Result<i64> {
        self.last_number(SECRET, SECRETS)
    }

    /// The secret of that name, also one whose time to be deleted has come.
    pub fn kms_secret(&mut self, scope: &Scope, name: &SecretName) -> Result<Option<Secret>> {
        let row = kms_secrets::table
            .filter(kms_secrets::scope.eq(scope.to_string()))
            .filter(kms_secrets::name.eq(name.as_str()))
            .select(SecretRow::as_select())
            .first(self.connection())
            .optional();
        let parse = |row: Option<SecretRow>| row.map(SecretRow::parse).transpose();
        readable(row, parse, || scope.arn(Kind::Secret, name.as_str()))
    }

    /// The same, and keeps other writers from it until the end of the transaction.
    pub fn lock_kms_secret(&mut self, scope: &Scope, name: &SecretName) -> Result<Option<Secret>> {
        if self.has_other_writers() {
            let sql = "SELECT id FROM kms_secrets WHERE scope = ? AND name = ? FOR NO KEY UPDATE";
            self.execute(sql, &[Text(&scope.to_string()), Text(name.as_str())])?;
        }
        self.kms_secret(scope, name)
    }

    /// Inserts a secret and counts it; [`Error::SecretExists`] when another writer was faster with the same name.
    pub fn insert_kms_secret(&mut self, secret: &Secret) -> Result<()> {
        let sql = "INSERT INTO kms_secrets (scope, id, uid, name, secret_type, description, \
                   encryption_key, instance, extended_config, policy, rotation, \
                   rotation_interval, last_rotation_at, next_rotation_at, created_at, \
                   updated_at, delete_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let Rotation { automatic, interval, last, next } = secret.rotation;
        let values = [
            Text(&secret.scope.to_string()),
            Number(secret.id),
            Text(&data_encoding::HEXLOWER.encode(&secret.uid)),
            Text(secret.name.as_str()),
            Text(secret.secret_type.as_str()),
            MaybeText(secret.description.as_ref().map(SecretDescription::as_str)),
            MaybeText(secret.encryption_key.as_ref().map(KeyId::as_str)),
            MaybeText(secret.instance.as_ref().map(InstanceId::as_str)),
            MaybeText(secret.extended_config.as_deref()),
            MaybeText(secret.policy.as_deref()),
            Text(automatic.as_str()),
            MaybeNumber(interval.map(|interval| interval.seconds().into())),
            MaybeNumber(last.map(|at| at.0)),
            MaybeNumber(next.map(|at| at.0)),
            Number(secret.created.0),
            Number(secret.updated.0),
            MaybeNumber(secret.delete_at.map(|at| at.0)),
        ];
        match self.execute(sql, &values) {
            Ok(_) => Ok(self.count_kms_up(&secret.scope, Counted::Secrets, secret.id)?),
            Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, said))
                if !is_of_primary_key(&*said, "kms_secrets.id") =>
            {
                Err(Error::SecretExists)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces all of a secret's row that can change: not its scope, number, identity, name and type.
    pub fn update_kms_secret(&mut self, secret: &Secret) -> store::Result<()> {
        let sql = "UPDATE kms_secrets SET description = ?, extended_config = ?, policy = ?, \
                   rotation = ?, rotation_interval = ?, last_rotation_at = ?, \
                   next_rotation_at = ?, updated_at = ?, delete_at = ? \
                   WHERE scope = ? AND id = ?";
        let Rotation { automatic, interval, last, next } = secret.rotation;
        let values = [
            MaybeText(secret.description.as_ref().map(SecretDescription::as_str)),
            MaybeText(secret.extended_config.as_deref()),
            MaybeText(secret.policy.as_deref()),
            Text(automatic.as_str()),
            MaybeNumber(interval.map(|interval| interval.seconds().into())),
            MaybeNumber(last.map(|at| at.0)),
            MaybeNumber(next.map(|at| at.0)),
            Number(secret.updated.0),
            MaybeNumber(secret.delete_at.map(|at| at.0)),
            Text(&secret.scope.to_string()),
            Number(secret.id),
        ];
        let changed = self.execute(sql, &values)?;
        if changed == 1 { Ok(()) } else { Err(store::Unavailable::new("the secret is gone")) }
    }

    /// Writes down when a secret was changed.
    pub fn touch_kms_secret(&mut self, secret: &Secret) -> store::Result<()> {
        let sql = "UPDATE kms_secrets SET updated_at = ? WHERE scope = ? AND id = ?";
        let scope = secret.scope.to_string();
        self.execute(sql, &[Number(secret.updated.0), Text(&scope), Number(secret.id)])?;
        Ok(())
    }

    /// How many secrets a scope has; not those whose time has come, which are counted until somebody deletes them.
    pub fn kms_secret_count(&mut self, scope: &Scope, now: Timestamp) -> store::Result<u64> {
        let gone = self.count_gone(GONE, scope, now)?;
        Ok(self.kms_count(scope, Counted::Secrets)?.saturating_sub(gone.unsigned_abs()))
    }

    /// The same in an instance.
    pub fn kms_secrets_of(
        &mut self,
        scope: &Scope,
        instance: &InstanceId,
        now: Timestamp,
    ) -> store::Result<u64> {
        let count: i64 = kms_secrets::table
            .filter(kms_secrets::scope.eq(scope.to_string()))
            .filter(kms_secrets::instance.eq(instance.as_str()))
            .filter(kms_secrets::delete_at.is_null().or(kms_secrets::delete_at.gt(now.0)))
            .count()
            .get_result(self.connection())?;
        Ok(count.unsigned_abs())
    }

    /// The policies that were set in an instance.
    pub fn kms_policies_of(
        &mut self,
        scope: &Scope,
        instance: &InstanceId,
    ) -> store::Result<Vec<(String, String)>> {
        let policies = kms_secrets::table
            .filter(kms_secrets::scope.eq(scope.to_string()))
            .filter(kms_secrets::instance.eq(instance.as_str()))
            .filter(kms_secrets::policy.is_not_null())
            .select((kms_secrets::name, kms_secrets::policy.assume_not_null()));
        Ok(policies.load(self.connection())?)
    }

    /// Deletes a secret with its versions and tags, and counts it no more.
    pub fn delete_kms_secret(&mut self, secret: &Secret) -> store::Result<()> {
        let (scope, id) = (secret.scope.to_string(), secret.id);
        let sql = "DELETE FROM kms_secrets WHERE scope = ? AND id = ?";
        if self.execute(sql, &[Text(&scope), Number(id)])? == 1 {
            self.delete_all_of_kms_secret(&scope, id)?;
            self.count_kms_down(&secret.scope, Counted::Secrets, id)?;
        }
        Ok(())
    }

    /// Deletes what belongs to a secret whose own row is deleted.
    pub(super) fn delete_all_of_kms_secret(&mut self, scope: &str, id: i64) -> store::Result<()> {
        let versions = "DELETE FROM kms_versions WHERE scope = ? AND secret_id = ?";
        self.execute(versions, &[Text(scope), Number(id)])?;
        let tags = "DELETE FROM kms_tags WHERE scope = ? AND kind = ? AND resource_id = ?";
        self.execute(tags, &[Text(scope), Text(Kind::Secret.name()), Number(id)])?;
        Ok(())
    }
}
