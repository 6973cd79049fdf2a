//! How many secrets and keys a scope has.

use std::collections::BTreeMap;

use diesel::{prelude::*, sql_types::BigInt};

use super::schema::kms_counts;
use crate::{
    clock::Timestamp,
    kms::model::Scope,
    store::{
        self, Tx,
        sql::{
            Value::{Number, Text},
            prepared,
        },
    },
};

/// In how many rows a count is kept where several transactions write at once: a row is locked by each writer until its
/// commit.
const SLOTS: i64 = 16;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Secrets,
    Keys,
}

impl Tx<'_> {
    /// How many the scope has.
    pub fn kms_count(&mut self, scope: &Scope, counted: Counted) -> store::Result<u64> {
        let rows: Vec<(i64, i64)> = kms_counts::table
            .filter(kms_counts::scope.eq(scope.to_string()))
            .select((kms_counts::secrets, kms_counts::keys))
            .load(self.connection())?;
        let counts = rows.into_iter().map(|(secrets, keys)| match counted {
            Counted::Secrets => secrets,
            Counted::Keys => keys,
        });
        Ok(counts.sum::<i64>().unsigned_abs())
    }

    /// How many rows of a scope a query finds whose time to be deleted has come.
    pub(super) fn count_gone(
        &mut self,
        sql: &'static str,
        scope: &Scope,
        now: Timestamp,
    ) -> store::Result<i64> {
        let values = [Number(now.0), Text(&scope.to_string())];
        Ok(prepared::<BigInt>(sql, &values).get_result(self.connection())?)
    }

    /// How many secrets and keys all scopes have.
    pub fn all_kms_counts(&mut self) -> store::Result<(u64, u64)> {
        let rows: Vec<(i64, i64)> = kms_counts::table
            .select((kms_counts::secrets, kms_counts::keys))
            .load(self.connection())?;
        let sum =
            |count: fn(&(i64, i64)) -> i64| rows.iter().map(count).sum::<i64>().unsigned_abs();
        Ok((sum(|(secrets, _)| *secrets), sum(|(_, keys)| *keys)))
    }

    /// Has all others that hold something to a quota of this scope wait until the end of the transaction, so that what is
    /// counted from here on stays as it is. It locks the first slot: a transaction that locks several of a scope begins
    /// with it, after the rows of secrets and keys. Creations of one name may wait for each other all the same, on the name and on
    /// this slot; the database ends one of them, which is retried.
    pub fn lock_kms_counts(&mut self, scope: &Scope) -> store::Result<()> {
        self.lock_first_slot(&scope.to_string())
    }

    fn lock_first_slot(&mut self, scope: &str) -> store::Result<()> {
        if self.has_other_writers() {
            let sql = "INSERT INTO kms_counts (scope, slot, secrets, keys) VALUES (?, 0, 0, 0) \
                       ON CONFLICT (scope, slot) DO UPDATE SET secrets = kms_counts.secrets";
            self.execute(sql, &[Text(scope)])?;
        }
        Ok(())
    }

    /// Counts one more; `id` is its number.
    pub fn count_kms_up(&mut self, scope: &Scope, counted: Counted, id: i64) -> store::Result<()> {
        let sql = match counted {
            Counted::Secrets => {
                "INSERT INTO kms_counts (scope, slot, secrets, keys) VALUES (?, ?, 1, 0) \
                 ON CONFLICT (scope, slot) DO UPDATE SET secrets = kms_counts.secrets + 1"
            }
            Counted::Keys => {
                "INSERT INTO kms_counts (scope, slot, secrets, keys) VALUES (?, ?, 0, 1) \
                 ON CONFLICT (scope, slot) DO UPDATE SET keys = kms_counts.keys + 1"
            }
        };
        let slot = self.slot(id);
        self.execute(sql, &[Text(&scope.to_string()), Number(slot)])?;
        Ok(())
    }

    /// Counts one less; `id` is its number.
    pub fn count_kms_down(
        &mut self,
        scope: &Scope,
        counted: Counted,
        id: i64,
    ) -> store::Result<()> {
        let sql = match counted {
            Counted::Secrets => {
                "UPDATE kms_counts SET secrets = secrets - 1 WHERE scope = ? AND slot = ?"
            }
            Counted::Keys => "UPDATE kms_counts SET keys = keys - 1 WHERE scope = ? AND slot = ?",
        };
        let slot = self.slot(id);
        self.execute(sql, &[Text(&scope.to_string()), Number(slot)])?;
        Ok(())
    }

    /// Counts so many less, of these scopes and with these numbers. Scopes are locked in their order, and of each the first
    /// slot first.
    pub(super) fn count_kms_gone(
        &mut self,
        counted: Counted,
        gone: &[(&str, i64)],
    ) -> store::Result<()> {
        let mut slots = BTreeMap::<_, i64>::new();
        for (scope, id) in gone {
            *slots.entry((*scope, self.slot(*id))).or_default() += 1;
        }
        let sql = match counted {
            Counted::Secrets => {
                "UPDATE kms_counts SET secrets = secrets - ? WHERE scope = ? AND slot = ?"
            }
            Counted::Keys => "UPDATE kms_counts SET keys = keys - ? WHERE scope = ? AND slot = ?",
        };
        let mut locked = None;
        for ((scope, slot), count) in slots {
            if locked.replace(scope) != Some(scope) {
                self.lock_first_slot(scope)?;
            }
            self.execute(sql, &[Number(count), Text(scope), Number(slot)])?;
        }
        Ok(())
    }

    fn slot(&self, id: i64) -> i64 {
        if self.has_other_writers() { id % SLOTS } else { 0 }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};

    use super::{super::keys, super::secrets, *};
    use crate::store::{DatabaseUrl, Result, Store};

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    #[tokio::test]
    async fn what_is_to_be_deleted_is_counted_without_reading_the_others() {
        let store = Store::open(&DatabaseUrl::SqliteMemory).unwrap();
        for (sql, index) in
            [(secrets::GONE, "kms_secrets_to_delete"), (keys::GONE, "kms_keys_to_delete")]
        {
            let explain = move |tx: &mut Tx<'_>| -> Result<Vec<Step>> {
                let sql = sql.replacen('?', "1", 1).replacen('?', "'s'", 1);
                Ok(sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(tx.connection())?)
            };
            let plan = store.read(explain).await.unwrap();
            let [step] = &plan[..] else { panic!("{} steps", plan.len()) };
            assert!(
                step.detail.contains(&format!("INDEX {index} (delete_at<?)")),
                "{}",
                step.detail
            );
        }
    }
}
