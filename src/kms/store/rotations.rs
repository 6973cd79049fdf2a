//! How often an account has had secrets rotated within the hour.

use diesel::{OptionalExtension, prelude::*};

use super::schema::kms_rotations;
use crate::{
    clock::Timestamp,
    store::{
        self, Tx,
        sql::Value::{Number, Text},
    },
};

/// In milliseconds.
const HOUR: i64 = 3_600_000;

impl Tx<'_> {
    /// Whether an account that may ask for so many rotations within the hour has some left.
    pub fn has_kms_rotations_left(
        &mut self,
        account: &str,
        now: Timestamp,
        limit: i64,
    ) -> store::Result<bool> {
        let row = kms_rotations::table
            .find(account)
            .select((kms_rotations::since, kms_rotations::count))
            .first::<(i64, i64)>(self.connection())
            .optional()?;
        let begun = now.0.saturating_sub(HOUR);
        Ok(row.is_none_or(|(since, count)| since <= begun || count < limit))
    }

    /// Counts a rotation that an account asks for; `false` when it has had so many within the hour, which begins with the
    /// first of them.
    pub fn count_kms_rotation(
        &mut self,
        account: &str,
        now: Timestamp,
        limit: i64,
    ) -> store::Result<bool> {
        let sql = "INSERT INTO kms_rotations (account, since, count) VALUES (?, ?, 1) \
                   ON CONFLICT (account) DO UPDATE SET \
                   count = CASE WHEN kms_rotations.since <= ? THEN 1 ELSE kms_rotations.count + 1 END, \
                   since = CASE WHEN kms_rotations.since <= ? THEN excluded.since \
                   ELSE kms_rotations.since END \
                   WHERE kms_rotations.since <= ? OR kms_rotations.count < ?";
        let begun = now.0.saturating_sub(HOUR);
        let values = [
            Text(account),
            Number(now.0),
            Number(begun),
            Number(begun),
            Number(begun),
            Number(limit),
        ];
        Ok(self.execute(sql, &values)? == 1)
    }
}
