//! The keys' rows.

use diesel::{BoolExpressionMethods, OptionalExtension, prelude::*, sql_types::Bool};

use super::{
    counts::Counted,
    readable,
    schema::{kms_deleted_keys, kms_keys},
    secrets::{instance, uid},
};
use crate::{
    clock::Timestamp,
    kms::model::{
        AliasName, Filters, InstanceId, Key, KeyDescription, KeyFilter, KeyId, KeyRotation,
        KeySpec, KeyState, KeyUsage, Kind, Origin, Page, ProtectionLevel, Result, Scope,
    },
    sealed::KeyId as DatabaseKeyId,
    store::{
        self, Tx, Unavailable,
        sql::{
            AnyConnection,
            Value::{self, MaybeNumber, MaybeText, Number, Text},
            corrupt, prepared,
        },
    },
};

/// The counter that the numbers of keys are taken from, and the sequence in its place on engines that have some.
const KEY: &str = "kms_key";
const KEYS: &str = "kms_key_ids";

#[derive(Queryable, Selectable)]
#[diesel(table_name = kms_keys)]
pub(super) struct KeyRow {
    scope: String,
    id: i64,
    uid: String,
    key_id: String,
    spec: String,
    usage: String,
    origin: String,
    protection: String,
    state: String,
    description: String,
    creator: String,
    instance: Option<String>,
    policy: Option<String>,
    rotation_interval: Option<i64>,
    last_rotation_at: Option<i64>,
    next_rotation_at: Option<i64>,
    created_at: i64,
    delete_at: Option<i64>,
}

impl KeyRow {
    pub(super) fn parse(self) -> store::Result<Key> {
        let broken = || corrupt("key of KMS");
        let rotation = |seconds| KeyRotation::from_seconds(seconds).map_err(|_| broken());
        Ok(Key {
            scope: Scope::parse(&self.scope).ok_or_else(broken)?,
            number: self.id,
            uid: uid(&self.uid).ok_or_else(broken)?,
            id: KeyId::parse(&self.key_id).ok_or_else(broken)?,
            spec: KeySpec::parse(&self.spec).map_err(|_| broken())?,
            usage: KeyUsage::parse(&self.usage).map_err(|_| broken())?,
            origin: Origin::parse(&self.origin).map_err(|_| broken())?,
            protection: ProtectionLevel::parse(&self.protection).map_err(|_| broken())?,
            own_state: KeyState::parse(&self.state).ok_or_else(broken)?,
            description: KeyDescription::parse(&self.description).map_err(|_| broken())?,
            creator: self.creator,
            instance: self.instance.as_deref().map(instance).transpose()?,
            policy: self.policy,
            rotation: self.rotation_interval.map(rotation).transpose()?,
            last_rotation: self.last_rotation_at.map(Timestamp),
            next_rotation: self.next_rotation_at.map(Timestamp),
            created: Timestamp(self.created_at),
            delete_at: self.delete_at.map(Timestamp),
        })
    }
}

/// The columns in the order of [`KeyRow`].
const BY_ID: &str = "SELECT scope, id, uid, key_id, spec, usage, origin, protection, state, \
    description, creator, instance, policy, rotation_interval, last_rotation_at, \
    next_rotation_at, created_at, delete_at FROM kms_keys WHERE scope = ? AND key_id = ?";

/// The same columns.
const BY_ALIAS: &str = "SELECT k.scope, k.id, k.uid, k.key_id, k.spec, k.usage, k.origin, \
    k.protection, k.state, k.description, k.creator, k.instance, k.policy, k.rotation_interval, \
    k.last_rotation_at, k.next_rotation_at, k.created_at, k.delete_at \
    FROM kms_aliases a JOIN kms_keys k ON k.scope = a.scope AND k.id = a.kms_key \
    WHERE a.scope = ? AND a.name = ?";

/// Whose time to be deleted has come, of all scopes: few at any time. By the scope itself all of its keys would be read.
pub(super) const GONE: &str =
    "SELECT count(*) FROM kms_keys WHERE delete_at <= ? AND scope || '' = ?";

type Rows<'a> = kms_keys::BoxedQuery<'a, <AnyConnection as Connection>::Backend>;

/// The keys of a scope that are there now and pass every filter. `connected` are the instances that can be used, if not each
/// can.
fn listed<'a>(
    scope: &Scope,
    filters: &'a Filters<KeyFilter>,
    connected: Option<&'a [&'a str]>,
    now: Timestamp,
) -> Rows<'a> {
    let is_there = kms_keys::delete_at.is_null().or(kms_keys::delete_at.gt(now.0));
    let of_scope = kms_keys::table.filter(kms_keys::scope.eq(scope.to_string())).into_boxed();
    filters.iter().fold(of_scope.filter(is_there.assume_not_null()), |rows, (filter, values)| {
        match filter {
            KeyFilter::State => in_states(rows, values, connected),
            KeyFilter::Spec => rows.filter(kms_keys::spec.eq_any(values)),
            KeyFilter::Usage => rows.filter(kms_keys::usage.eq_any(values)),
            KeyFilter::ProtectionLevel => rows.filter(kms_keys::protection.eq_any(values)),
            KeyFilter::Instance => {
                rows.filter(kms_keys::instance.eq_any(values.iter().map(Some)).assume_not_null())
            }
            // Services have no keys here.
            KeyFilter::CreatorType if values.iter().any(|value| value == "User") => rows,
            KeyFilter::CreatorType => rows.filter(diesel::dsl::sql::<Bool>("1 = 0")),
        }
    })
}

/// Those in one of these states, as [`Key::state`] has it.
fn in_states<'a>(
    rows: Rows<'a>,
    states: &'a [String],
    connected: Option<&'a [&'a str]>,
) -> Rows<'a> {
    let of_row = kms_keys::state.eq_any(states);
    let Some(connected) = connected else { return rows.filter(of_row) };
    let is_reached = kms_keys::instance
        .is_null()
        .or(kms_keys::instance.eq_any(connected.iter().map(Some)).assume_not_null());
    let is_own = is_reached.or(kms_keys::state.eq(KeyState::PendingDeletion.name()));
    if states.iter().any(|state| state == KeyState::Unavailable.name()) {
        rows.filter(of_row.or(diesel::dsl::not(is_own)))
    } else {
        rows.filter(of_row.and(is_own))
    }
}

impl Tx<'_> {
    /// The number of the next key, and the current key of the database, which wraps its material. From here on, whoever
    /// waits for new rows waits for this transaction.
    pub fn next_kms_key(&mut self) -> store::Result<(i64, DatabaseKeyId)> {
        self.announce_kms_key_version()?;
        self.next_number(KEY, KEYS)
    }

    /// The last number that a key was given.
    pub fn last_kms_key_number(&mut self) -> store::Result<i64> {
        self.last_number(KEY, KEYS)
    }

    /// The highest number of a key; zero where there is none.
    pub fn highest_kms_key_number(&mut self) -> store::Result<i64> {
        let highest: Option<i64> =
            kms_keys::table.select(diesel::dsl::max(kms_keys::id)).first(self.connection())?;
        Ok(highest.unwrap_or_default())
    }

    /// The key of that id, also one whose time to be deleted has come.
    pub fn kms_key(&mut self, scope: &Scope, id: &KeyId) -> Result<Option<Key>> {
        self.one_key(BY_ID, &[Text(&scope.to_string()), Text(id.as_str())], || {
            scope.arn(Kind::Key, id.as_str())
        })
    }

    /// The key that an alias names, also one whose time to be deleted has come.
    pub fn kms_key_named(&mut self, scope: &Scope, alias: &AliasName) -> Result<Option<Key>> {
        self.one_key(BY_ALIAS, &[Text(&scope.to_string()), Text(alias.as_str())], || {
            alias.arn(scope)
        })
    }

    fn one_key(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        of: impl Fn() -> String,
    ) -> Result<Option<Key>> {
        let rows = prepared::<kms_keys::SqlType>(sql, values).load(self.connection());
        let parse = |rows: Vec<KeyRow>| rows.into_iter().next().map(KeyRow::parse).transpose();
        readable(rows, parse, of)
    }

    /// The key of that id, kept from other writers until the end of the transaction.
    pub fn lock_kms_key(&mut self, scope: &Scope, id: &KeyId) -> Result<Option<Key>> {
        if self.has_other_writers() {
            let sql = "SELECT id FROM kms_keys WHERE scope = ? AND key_id = ? FOR NO KEY UPDATE";
            self.execute(sql, &[Text(&scope.to_string()), Text(id.as_str())])?;
        }
        self.kms_key(scope, id)
    }

    /// Inserts a key and counts it.
    pub fn insert_kms_key(&mut self, key: &Key) -> store::Result<()> {
        let sql = "INSERT INTO kms_keys (scope, id, uid, key_id, spec, usage, origin, protection, \
                   state, description, creator, instance, policy, rotation_interval, \
                   last_rotation_at, next_rotation_at, created_at, delete_at) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let values = [
            Text(&key.scope.to_string()),
            Number(key.number),
            Text(&data_encoding::HEXLOWER.encode(&key.uid)),
            Text(key.id.as_str()),
            Text(key.spec.name()),
            Text(key.usage.name()),
            Text(key.origin.name()),
            Text(key.protection.name()),
            Text(key.own_state.name()),
            Text(key.description.as_str()),
            Text(&key.creator),
            MaybeText(key.instance.as_ref().map(InstanceId::as_str)),
            MaybeText(key.policy.as_deref()),
            MaybeNumber(key.rotation.map(KeyRotation::seconds)),
            MaybeNumber(key.last_rotation.map(|at| at.0)),
            MaybeNumber(key.next_rotation.map(|at| at.0)),
            Number(key.created.0),
            MaybeNumber(key.delete_at.map(|at| at.0)),
        ];
        self.execute(sql, &values)?;
        self.count_kms_up(&key.scope, Counted::Keys, key.number)
    }

    /// Replaces a key's state, its description and the time to delete it.
    pub fn update_kms_key(&mut self, key: &Key) -> store::Result<()> {
        let sql = "UPDATE kms_keys SET state = ?, description = ?, delete_at = ? \
                   WHERE scope = ? AND id = ?";
        let values = [
            Text(key.own_state.name()),
            Text(key.description.as_str()),
            MaybeNumber(key.delete_at.map(|at| at.0)),
            Text(&key.scope.to_string()),
            Number(key.number),
        ];
        let changed = self.execute(sql, &values)?;
        if changed == 1 { Ok(()) } else { Err(Unavailable::new("the key is gone")) }
    }

    /// How many keys a scope has now.
    pub fn kms_key_count(&mut self, scope: &Scope, now: Timestamp) -> store::Result<u64> {
        let gone = self.count_gone(GONE, scope, now)?;
        let counted = self.kms_count(scope, Counted::Keys)?;
        Ok(counted.saturating_sub(gone.unsigned_abs()))
    }

    /// The ids of keys on one page, the newest first, and how many there are on all pages.
    pub fn kms_key_page(
        &mut self,
        scope: &Scope,
        filters: &Filters<KeyFilter>,
        connected: Option<&[&str]>,
        now: Timestamp,
        page: Page,
    ) -> store::Result<(Vec<KeyId>, u64)> {
        let rows = || listed(scope, filters, connected, now);
        let total = if filters.iter().next().is_none() {
            self.kms_key_count(scope, now)?
        } else {
            let total: i64 = rows().count().get_result(self.connection())?;
            total.unsigned_abs()
        };
        let begin = page.offset().min(total);
        let end = begin.saturating_add(page.size.into()).min(total);
        // What is skipped is read as well, so a page is found from the nearer end.
        let is_behind = begin > total - end;
        let skipped = if is_behind { total - end } else { begin };
        let (skipped, length) = (skipped.cast_signed(), (end - begin).cast_signed());
        let rows = rows().offset(skipped).limit(length);
        let rows = if is_behind {
            rows.order(kms_keys::id.asc())
        } else {
            rows.order(kms_keys::id.desc())
        };
        let mut ids: Vec<String> = rows.select(kms_keys::key_id).load(self.connection())?;
        if is_behind {
            ids.reverse();
        }
        let parse = |id: String| KeyId::parse(&id).ok_or_else(|| corrupt("key of KMS"));
        Ok((ids.into_iter().map(parse).collect::<store::Result<_>>()?, total))
    }

    /// Whether there was a key of that id which secrets named when it was deleted.
    pub fn is_deleted_kms_key(&mut self, scope: &Scope, id: &KeyId) -> store::Result<bool> {
        let row = kms_deleted_keys::table
            .find((scope.to_string(), id.as_str()))
            .select(kms_deleted_keys::deleted_at)
            .first::<i64>(self.connection())
            .optional()?;
        Ok(row.is_some())
    }

    /// The policies of keys that were set in an instance.
    pub fn kms_key_policies_of(
        &mut self,
        scope: &Scope,
        instance: &InstanceId,
    ) -> store::Result<Vec<(String, String)>> {
        let policies = kms_keys::table
            .filter(kms_keys::scope.eq(scope.to_string()))
            .filter(kms_keys::instance.eq(instance.as_str()))
            .filter(kms_keys::policy.is_not_null())
            .select((kms_keys::key_id, kms_keys::policy.assume_not_null()));
        Ok(policies.load(self.connection())?)
    }
}
