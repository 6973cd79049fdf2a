//! The rows of tags.

use diesel::prelude::*;

use super::schema::kms_tags;
use crate::{
    kms::model::{Kind, Scope, Tags},
    store::{
        self, Tx,
        sql::Value::{Number, Text},
    },
};

impl Tx<'_> {
    /// The tags of a resource, by key.
    pub fn kms_tags(
        &mut self,
        scope: &Scope,
        kind: Kind,
        id: i64,
    ) -> store::Result<Vec<(String, String)>> {
        let rows = kms_tags::table
            .filter(kms_tags::scope.eq(scope.to_string()))
            .filter(kms_tags::kind.eq(kind.name()))
            .filter(kms_tags::resource_id.eq(id))
            .order(kms_tags::tag_key)
            .select((kms_tags::tag_key, kms_tags::tag_value));
        Ok(rows.load(self.connection())?)
    }

    /// Gives a resource these tags, in place of those of the same keys.
    pub fn put_kms_tags(
        &mut self,
        scope: &Scope,
        kind: Kind,
        id: i64,
        tags: &Tags,
    ) -> store::Result<()> {
        let sql = "INSERT INTO kms_tags (scope, kind, resource_id, tag_key, tag_value) \
                   VALUES (?, ?, ?, ?, ?) ON CONFLICT (scope, kind, resource_id, tag_key) \
                   DO UPDATE SET tag_value = excluded.tag_value";
        let scope = scope.to_string();
        for tag in tags.iter() {
            let (key, value) = (tag.key.as_str(), tag.value.as_str());
            let values = [Text(&scope), Text(kind.name()), Number(id), Text(key), Text(value)];
            self.execute(sql, &values)?;
        }
        Ok(())
    }
}
