//! Whether what is counted is there, and whether what is referred to is.

use std::collections::BTreeMap;

use diesel::{dsl::count_star, prelude::*};

use super::{
    counts::Counted,
    schema::{
        kms_aliases, kms_counts, kms_deleted_keys, kms_key_versions, kms_keys, kms_secrets,
        kms_tags,
    },
};
use crate::{
    kms::model::{Kind, Origin},
    store::{self, Tx},
};

/// How many references that lead nowhere are told.
const TOLD_MAX: i64 = 1000;

impl Tx<'_> {
    /// The highest number of a secret; zero where there is none.
    pub fn highest_kms_secret_id(&mut self) -> store::Result<i64> {
        let highest: Option<i64> = kms_secrets::table
            .select(diesel::dsl::max(kms_secrets::id))
            .first(self.connection())?;
        Ok(highest.unwrap_or_default())
    }

    /// The scopes that count another number than they have, with both.
    pub fn kms_miscounts(&mut self, counted: Counted) -> store::Result<Vec<(String, i64, i64)>> {
        let slots: Vec<(String, i64, i64)> = kms_counts::table
            .select((kms_counts::scope, kms_counts::secrets, kms_counts::keys))
            .load(self.connection())?;
        let rows: Vec<(String, i64)> = match counted {
            Counted::Secrets => kms_secrets::table
                .group_by(kms_secrets::scope)
                .select((kms_secrets::scope, count_star()))
                .load(self.connection())?,
            Counted::Keys => kms_keys::table
                .group_by(kms_keys::scope)
                .select((kms_keys::scope, count_star()))
                .load(self.connection())?,
        };
        let mut counts: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for (scope, secrets, keys) in slots {
            counts.entry(scope).or_default().0 += match counted {
                Counted::Secrets => secrets,
                Counted::Keys => keys,
            };
        }
        for (scope, count) in rows {
            counts.entry(scope).or_default().1 = count;
        }
        let wrong = counts.into_iter().filter(|(_, (counted, there))| counted != there);
        Ok(wrong.map(|(scope, (counted, there))| (scope, counted, there)).collect())
    }

    /// Secrets that name a key which neither is there nor was: their scope and number, and the key.
    pub fn kms_secrets_without_key(&mut self) -> store::Result<Vec<(String, i64, String)>> {
        let of_key = kms_keys::scope
            .eq(kms_secrets::scope)
            .and(kms_secrets::encryption_key.eq(kms_keys::key_id.nullable()));
        let of_deleted = kms_deleted_keys::scope
            .eq(kms_secrets::scope)
            .and(kms_secrets::encryption_key.eq(kms_deleted_keys::key_id.nullable()));
        let rows = kms_secrets::table
            .left_join(kms_keys::table.on(of_key))
            .left_join(kms_deleted_keys::table.on(of_deleted))
            .filter(kms_secrets::encryption_key.is_not_null())
            .filter(kms_keys::id.nullable().is_null())
            .filter(kms_deleted_keys::deleted_at.nullable().is_null())
            .limit(TOLD_MAX)
            .select((
                kms_secrets::scope,
                kms_secrets::id,
                kms_secrets::encryption_key.assume_not_null(),
            ));
        Ok(rows.load(self.connection())?)
    }

    /// Aliases whose key is not there: their scope and name.
    pub fn kms_aliases_without_key(&mut self) -> store::Result<Vec<(String, String)>> {
        let of_key =
            kms_keys::scope.eq(kms_aliases::scope).and(kms_keys::id.eq(kms_aliases::kms_key));
        let rows = kms_aliases::table
            .left_join(kms_keys::table.on(of_key))
            .filter(kms_keys::id.nullable().is_null())
            .limit(TOLD_MAX)
            .select((kms_aliases::scope, kms_aliases::name));
        Ok(rows.load(self.connection())?)
    }

    /// Keys whose material does not come from outside and that have none: their scope and number.
    pub fn kms_keys_without_version(&mut self) -> store::Result<Vec<(String, i64)>> {
        let of_key = kms_key_versions::scope
            .eq(kms_keys::scope)
            .and(kms_key_versions::kms_key.eq(kms_keys::id));
        let rows = kms_keys::table
            .left_join(kms_key_versions::table.on(of_key))
            .filter(kms_keys::origin.eq(Origin::AliyunKms.name()))
            .filter(kms_key_versions::number.nullable().is_null())
            .limit(TOLD_MAX)
            .select((kms_keys::scope, kms_keys::id));
        Ok(rows.load(self.connection())?)
    }

    /// Tags of a kind of resource that is not there: their scope and its number.
    pub fn kms_tags_without_resource(&mut self, kind: Kind) -> store::Result<Vec<(String, i64)>> {
        let columns = (kms_tags::scope, kms_tags::resource_id);
        let rows = match kind {
            Kind::Secret => {
                let of_secret = kms_secrets::scope
                    .eq(kms_tags::scope)
                    .and(kms_secrets::id.eq(kms_tags::resource_id));
                kms_tags::table
                    .left_join(kms_secrets::table.on(of_secret))
                    .filter(kms_tags::kind.eq(kind.name()))
                    .filter(kms_secrets::id.nullable().is_null())
                    .limit(TOLD_MAX)
                    .select(columns)
                    .load(self.connection())?
            }
            Kind::Key => {
                let of_key =
                    kms_keys::scope.eq(kms_tags::scope).and(kms_keys::id.eq(kms_tags::resource_id));
                kms_tags::table
                    .left_join(kms_keys::table.on(of_key))
                    .filter(kms_tags::kind.eq(kind.name()))
                    .filter(kms_keys::id.nullable().is_null())
                    .limit(TOLD_MAX)
                    .select(columns)
                    .load(self.connection())?
            }
            // Aliases have none.
            Kind::Alias => vec![],
        };
        Ok(rows)
    }
}
