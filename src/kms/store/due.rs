//! Secrets for which the time has come: to be deleted, or to be rotated.

use std::time::Instant;

use diesel::{OptionalExtension, prelude::*};

use super::{HELD_MAX, counts::Counted, readable, schema::kms_secrets, secrets::SecretRow};
use crate::{
    clock::Timestamp,
    kms::model::{AutomaticRotation, Result, Secret},
    store::{
        self, Tx,
        sql::Value::{Number, Text},
    },
};

/// A secret's row and the date in it. Nothing else of the row is read, so that one that is damaged is found like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    scope: String,
    id: i64,
    at: Timestamp,
}

impl Due {
    fn of((scope, id, at): (String, i64, i64)) -> Self {
        Self { scope, id, at: Timestamp(at) }
    }

    /// Which secret it is, for the log.
    pub fn what(&self) -> String {
        format!("secret {} of {}", self.id, self.scope)
    }
}

impl Tx<'_> {
    /// Secrets whose time to be deleted has come, so many at most.
    pub fn kms_secrets_to_delete(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> store::Result<Vec<Due>> {
        let rows = kms_secrets::table
            .filter(kms_secrets::delete_at.le(now.0))
            .order(kms_secrets::delete_at)
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .select((
                kms_secrets::scope,
                kms_secrets::id,
                kms_secrets::delete_at.assume_not_null(),
            ));
        let rows = rows.load(self.connection())?;
        Ok(rows.into_iter().map(Due::of).collect())
    }

    /// Deletes those of these secrets that are still to be, with all that belongs to them, as long as the transaction has not
    /// taken too long; returns how many.
    pub fn purge_kms_secrets(&mut self, mut due: Vec<Due>, now: Timestamp) -> store::Result<usize> {
        let begun = Instant::now();
        // In the order of their key: two that delete wait for each other at the first row that they have in common.
        due.sort_by(|one, other| (&one.scope, one.id).cmp(&(&other.scope, other.id)));
        let mut gone = vec![];
        for Due { scope, id, .. } in &due {
            if begun.elapsed() > HELD_MAX {
                break;
            }
            let sql = "DELETE FROM kms_secrets WHERE scope = ? AND id = ? AND delete_at <= ?";
            if self.execute(sql, &[Text(scope), Number(*id), Number(now.0)])? == 1 {
                self.delete_all_of_kms_secret(scope, *id)?;
                gone.push((scope.as_str(), *id));
            }
        }
        self.count_kms_gone(Counted::Secrets, &gone)?;
        Ok(gone.len())
    }

    /// Secrets whose time to be rotated has come, behind one of them and so many at most. Those that are planned to be
    /// deleted are not rotated any more, unless they are restored.
    pub fn kms_secrets_to_rotate(
        &mut self,
        now: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> store::Result<Vec<Due>> {
        use kms_secrets::{delete_at, id, next_rotation_at as next, scope};
        let (at, of, number) =
            after.map_or((i64::MIN, "", 0), |due| (due.at.0, &due.scope, due.id));
        let is_behind = scope.gt(of).or(scope.eq(of).and(id.gt(number)));
        let rows = kms_secrets::table
            .filter(next.le(now.0).and(next.ge(at)).and(delete_at.is_null()))
            .filter(next.gt(at).or(next.eq(at).and(is_behind.nullable())))
            .order((next, scope, id))
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .select((scope, id, next.assume_not_null()));
        let rows = rows.load(self.connection())?;
        Ok(rows.into_iter().map(Due::of).collect())
    }

    /// A secret that is due, if its date is still that one.
    pub fn due_kms_secret(&mut self, due: &Due) -> Result<Option<Secret>> {
        let row = kms_secrets::table
            .find((&due.scope, due.id))
            .filter(kms_secrets::next_rotation_at.eq(due.at.0))
            .filter(kms_secrets::delete_at.is_null())
            .select(SecretRow::as_select())
            .first(self.connection())
            .optional();
        readable(row, |row| row.map(SecretRow::parse).transpose(), || due.what())
    }

    /// The same, and keeps other writers from it until the end of the transaction.
    pub fn lock_due_kms_secret(&mut self, due: &Due) -> Result<Option<Secret>> {
        if self.has_other_writers() {
            let sql = "SELECT id FROM kms_secrets WHERE scope = ? AND id = ? FOR NO KEY UPDATE";
            self.execute(sql, &[Text(&due.scope), Number(due.id)])?;
        }
        self.due_kms_secret(due)
    }

    /// Writes down that a secret that is due cannot be rotated, and puts its date off by its interval; `false` when somebody
    /// else has changed the date. A row without a whole interval is not due any more.
    pub fn put_off_kms_rotation(&mut self, due: &Due, now: Timestamp) -> store::Result<bool> {
        let sql = "UPDATE kms_secrets SET rotation = ?, next_rotation_at = \
                   CASE WHEN rotation_interval BETWEEN 21600 AND 31536000 \
                   THEN rotation_interval * 1000 + ? END \
                   WHERE scope = ? AND id = ? AND next_rotation_at = ?";
        let values = [
            Text(AutomaticRotation::Invalid.as_str()),
            Number(now.0),
            Text(&due.scope),
            Number(due.id),
            Number(due.at.0),
        ];
        Ok(self.execute(sql, &values)? == 1)
    }
}
