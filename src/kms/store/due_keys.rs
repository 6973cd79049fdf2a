//! Keys for which the time has come: to be deleted, or to be rotated.

use std::time::Instant;

use diesel::{BoolExpressionMethods, OptionalExtension, prelude::*, sql_types::Bool};

use super::{HELD_MAX, counts::Counted, keys::KeyRow, readable, schema::kms_keys};
use crate::{
    clock::Timestamp,
    kms::model::{Key, Kind, Result},
    store::{
        self, Tx,
        sql::Value::{Number, Text},
    },
};

/// A key's row and the date in it. Nothing else of the row is read, so that one that is damaged is found like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueKey {
    scope: String,
    id: String,
    number: i64,
    at: Timestamp,
}

impl DueKey {
    /// Which key it is, for the log.
    pub fn what(&self) -> String {
        format!("key {} of {}", self.number, self.scope)
    }
}

impl Tx<'_> {
    /// Whether a key's time to be deleted has come.
    pub fn is_kms_key_to_delete(&mut self, now: Timestamp) -> store::Result<bool> {
        let row = kms_keys::table
            .filter(kms_keys::delete_at.le(now.0))
            .select(kms_keys::id)
            .first::<i64>(self.connection())
            .optional()?;
        Ok(row.is_some())
    }

    /// Deletes so many keys at most whose time has come, with their versions, aliases and tags, as long as the transaction
    /// has not taken too long, and writes down those that secrets name; returns how many.
    pub fn purge_kms_keys(&mut self, now: Timestamp, limit: i64) -> store::Result<u64> {
        let begun = Instant::now();
        let mut due: Vec<(String, i64, String)> = kms_keys::table
            .filter(kms_keys::delete_at.le(now.0))
            .order(kms_keys::delete_at)
            .limit(limit)
            .select((kms_keys::scope, kms_keys::id, kms_keys::key_id))
            .load(self.connection())?;
        // In the order of their key: two that delete wait for each other at the first row that they have in common.
        due.sort_unstable();
        let mut gone = vec![];
        for (scope, number, id) in &due {
            if begun.elapsed() > HELD_MAX {
                break;
            }
            let sql = "DELETE FROM kms_keys WHERE scope = ? AND id = ? AND delete_at <= ?";
            if self.execute(sql, &[Text(scope), Number(*number), Number(now.0)])? == 1 {
                self.delete_all_of_kms_key(scope, *number)?;
                let sql = "INSERT INTO kms_deleted_keys (scope, key_id, deleted_at) SELECT ?, ?, ? \
                           WHERE EXISTS (SELECT 1 FROM kms_secrets \
                           WHERE scope = ? AND encryption_key = ?) \
                           ON CONFLICT (scope, key_id) DO NOTHING";
                let values = [Text(scope), Text(id), Number(now.0), Text(scope), Text(id)];
                self.execute(sql, &values)?;
                gone.push((scope.as_str(), *number));
            }
        }
        self.count_kms_gone(Counted::Keys, &gone)?;
        Ok(gone.len() as u64)
    }

    /// Deletes what belongs to a key whose own row is deleted.
    fn delete_all_of_kms_key(&mut self, scope: &str, number: i64) -> store::Result<()> {
        let versions = "DELETE FROM kms_key_versions WHERE scope = ? AND kms_key = ?";
        self.execute(versions, &[Text(scope), Number(number)])?;
        let aliases = "DELETE FROM kms_aliases WHERE scope = ? AND kms_key = ?";
        self.execute(aliases, &[Text(scope), Number(number)])?;
        let tags = "DELETE FROM kms_tags WHERE scope = ? AND kind = ? AND resource_id = ?";
        self.execute(tags, &[Text(scope), Text(Kind::Key.name()), Number(number)])?;
        Ok(())
    }

    /// Enabled keys whose time to be rotated has come, so many at most. `connected` are the instances that can be used, if
    /// not each can.
    pub fn kms_keys_to_rotate(
        &mut self,
        connected: Option<&[&str]>,
        now: Timestamp,
        limit: i64,
    ) -> store::Result<Vec<DueKey>> {
        use kms_keys::{instance, next_rotation_at as next};
        // The state as the index has it, which is not found by a value that is bound.
        let due = kms_keys::table
            .filter(next.le(now.0))
            .filter(diesel::dsl::sql::<Bool>("state = 'Enabled'"))
            .into_boxed();
        let due = match connected {
            Some(connected) => due.filter(
                instance
                    .is_null()
                    .or(instance.eq_any(connected.iter().map(Some)).assume_not_null()),
            ),
            None => due,
        };
        let rows: Vec<(String, String, i64, i64)> = due
            .order((next, kms_keys::scope, kms_keys::id))
            .limit(limit)
            .select((kms_keys::scope, kms_keys::key_id, kms_keys::id, next.assume_not_null()))
            .load(self.connection())?;
        let due = rows.into_iter();
        let due =
            due.map(|(scope, id, number, at)| DueKey { scope, id, number, at: Timestamp(at) });
        let mut due: Vec<DueKey> = due.collect();
        // As requests for several keys lock them.
        due.sort_unstable_by(|one, other| (&one.scope, &one.id).cmp(&(&other.scope, &other.id)));
        Ok(due)
    }

    /// The key that is due; [`Error::Damaged`](crate::kms::model::Error::Damaged).
    pub fn due_kms_key(&mut self, due: &DueKey) -> Result<Option<Key>> {
        let row = kms_keys::table
            .find((&due.scope, due.number))
            .select(KeyRow::as_select())
            .first(self.connection())
            .optional();
        readable(row, |row| row.map(KeyRow::parse).transpose(), || due.what())
    }

    /// Writes down that a key that is due is rotated and will be due again; `false` when somebody else has changed the date,
    /// or it is not enabled any more.
    pub fn take_kms_key_rotation(
        &mut self,
        due: &DueKey,
        now: Timestamp,
        next: Timestamp,
    ) -> store::Result<bool> {
        let sql = "UPDATE kms_keys SET last_rotation_at = ?, next_rotation_at = ? \
                   WHERE scope = ? AND id = ? AND state = 'Enabled' AND next_rotation_at = ?";
        let values =
            [Number(now.0), Number(next.0), Text(&due.scope), Number(due.number), Number(due.at.0)];
        Ok(self.execute(sql, &values)? == 1)
    }

    /// Puts the date of a key that is due and cannot be rotated off by its interval; `false` when somebody else has changed
    /// it. A row without a whole interval is not due any more.
    pub fn put_off_kms_key_rotation(
        &mut self,
        due: &DueKey,
        now: Timestamp,
    ) -> store::Result<bool> {
        let sql = "UPDATE kms_keys SET next_rotation_at = \
                   CASE WHEN rotation_interval BETWEEN 604800 AND 31536000 \
                   THEN rotation_interval * 1000 + ? END \
                   WHERE scope = ? AND id = ? AND next_rotation_at = ?";
        let values = [Number(now.0), Text(&due.scope), Number(due.number), Number(due.at.0)];
        Ok(self.execute(sql, &values)? == 1)
    }
}
