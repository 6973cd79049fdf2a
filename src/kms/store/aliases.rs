//! The aliases' rows.

use diesel::{
    BoolExpressionMethods,
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
};

use super::schema::{kms_aliases, kms_keys};
use crate::{
    clock::Timestamp,
    kms::model::{Alias, AliasName, Error, Key, KeyId, Page, Result, Scope},
    store::{
        self, Tx,
        sql::{
            Value::{Number, Text},
            corrupt,
        },
    },
};

/// The aliases of keys that are there now, with their keys.
macro_rules! rows {
    ($scope:expr, $now:expr) => {{
        let of_alias =
            kms_keys::scope.eq(kms_aliases::scope).and(kms_keys::id.eq(kms_aliases::kms_key));
        let is_there = kms_keys::delete_at.is_null().or(kms_keys::delete_at.gt($now.0));
        kms_aliases::table
            .inner_join(kms_keys::table.on(of_alias))
            .filter(kms_aliases::scope.eq($scope.to_string()))
            .filter(is_there.assume_not_null())
    }};
}

impl Tx<'_> {
    /// How many aliases a scope has now.
    pub fn kms_alias_count(&mut self, scope: &Scope, now: Timestamp) -> store::Result<u64> {
        let count: i64 = rows!(scope, now).count().get_result(self.connection())?;
        Ok(count.unsigned_abs())
    }

    /// Inserts an alias of a key; [`Error::AliasExists`] when there is one of that name.
    pub fn insert_kms_alias(&mut self, key: &Key, name: &AliasName, now: Timestamp) -> Result<()> {
        let sql = "INSERT INTO kms_aliases (scope, name, kms_key, created_at) VALUES (?, ?, ?, ?)";
        let scope = key.scope.to_string();
        let values = [Text(&scope), Text(name.as_str()), Number(key.number), Number(now.0)];
        match self.execute(sql, &values) {
            Ok(_) => Ok(()),
            Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                Err(Error::AliasExists)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives an alias to another key; `false` where there is none of that name.
    pub fn move_kms_alias(&mut self, key: &Key, name: &AliasName) -> store::Result<bool> {
        let sql = "UPDATE kms_aliases SET kms_key = ? WHERE scope = ? AND name = ?";
        let scope = key.scope.to_string();
        let values = [Number(key.number), Text(&scope), Text(name.as_str())];
        Ok(self.execute(sql, &values)? == 1)
    }

    /// Deletes an alias of a key; `false` where the key has none of that name.
    pub fn delete_kms_alias(&mut self, key: &Key, name: &AliasName) -> store::Result<bool> {
        let sql = "DELETE FROM kms_aliases WHERE scope = ? AND name = ? AND kms_key = ?";
        let scope = key.scope.to_string();
        Ok(self.execute(sql, &[Text(&scope), Text(name.as_str()), Number(key.number)])? == 1)
    }

    /// The aliases on one page by name, of a scope or of one of its keys, and how many there are on all pages. Those of keys
    /// whose time to be deleted has come are none any more.
    pub fn kms_alias_page(
        &mut self,
        scope: &Scope,
        key: Option<&Key>,
        now: Timestamp,
        page: Page,
    ) -> store::Result<(Vec<Alias>, u64)> {
        let rows = || match key {
            Some(key) => rows!(scope, now).filter(kms_aliases::kms_key.eq(key.number)).into_boxed(),
            None => rows!(scope, now).into_boxed(),
        };
        let total: i64 = rows().count().get_result(self.connection())?;
        let found: Vec<(String, String)> = rows()
            .order(kms_aliases::name)
            .offset(page.offset().cast_signed())
            .limit(page.size.into())
            .select((kms_aliases::name, kms_keys::key_id))
            .load(self.connection())?;
        let parse = |(name, key): (String, String)| {
            let broken = || corrupt("alias of a key of KMS");
            let name = AliasName::parse(&name).map_err(|_| broken())?;
            Ok(Alias { name, key: KeyId::parse(&key).ok_or_else(broken)? })
        };
        let aliases = found.into_iter().map(parse).collect::<store::Result<_>>()?;
        Ok((aliases, total.unsigned_abs()))
    }
}
