//! The rows of tags.

use std::collections::HashMap;

use diesel::{dsl::exists, prelude::*, sql_types};

use super::schema::{kms_keys, kms_secrets, kms_tags};
use crate::{
    clock::Timestamp,
    kms::model::{Kind, Scope, TagKey, TagList, TagPlace, TagValue, Tags},
    store::{
        self, Tx,
        sql::{
            AnyConnection,
            Value::{Number, Text},
            prepared,
        },
    },
};

diesel::alias!(const OTHERS: Alias<Others> = kms_tags as other_kms_tags);

type Rows<'a> = kms_tags::BoxedQuery<'a, <AnyConnection as Connection>::Backend>;

/// The number of a resource with the key and the value of a tag.
type FoundTag = (i64, String, String);

/// A tag as resources are found by it: one of its keys, or one of its values.
#[derive(Debug, Clone, Copy)]
pub enum TagText<'a> {
    Keys(&'a [String]),
    Values(&'a [String]),
}

/// A tag of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRow {
    /// The resource's number.
    pub id: i64,
    /// The name of a secret, or the id of a key.
    pub resource: String,
    pub key: String,
    pub value: String,
}

fn rows<'a>(scope: &Scope, kind: Kind) -> Rows<'a> {
    kms_tags::table
        .filter(kms_tags::scope.eq(scope.to_string()))
        .filter(kms_tags::kind.eq(kind.name()))
        .into_boxed()
}

impl Tx<'_> {
    /// The tags of a resource, by key.
    pub fn kms_tags(
        &mut self,
        scope: &Scope,
        kind: Kind,
        id: i64,
    ) -> store::Result<Vec<(String, String)>> {
        let sql = "SELECT tag_key, tag_value FROM kms_tags \
                   WHERE scope = ? AND kind = ? AND resource_id = ? ORDER BY tag_key";
        let values = [Text(&scope.to_string()), Text(kind.name()), Number(id)];
        let tags = prepared::<(sql_types::Text, sql_types::Text)>(sql, &values);
        Ok(tags.load(self.connection())?)
    }

    /// The tags of several resources, by key; those that have none are left out.
    pub fn kms_tags_of(
        &mut self,
        scope: &Scope,
        kind: Kind,
        ids: &[i64],
    ) -> store::Result<HashMap<i64, Vec<(String, String)>>> {
        let rows: Vec<(i64, String, String)> = rows(scope, kind)
            .filter(kms_tags::resource_id.eq_any(ids.to_vec()))
            .order((kms_tags::resource_id, kms_tags::tag_key))
            .select((kms_tags::resource_id, kms_tags::tag_key, kms_tags::tag_value))
            .load(self.connection())?;
        let mut tags: HashMap<i64, Vec<(String, String)>> = HashMap::new();
        for (id, key, value) in rows {
            tags.entry(id).or_default().push((key, value));
        }
        Ok(tags)
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

    /// Takes the tags of these keys from a resource.
    pub fn delete_kms_tags(
        &mut self,
        scope: &Scope,
        kind: Kind,
        id: i64,
        keys: &[TagKey],
    ) -> store::Result<()> {
        let sql = "DELETE FROM kms_tags \
                   WHERE scope = ? AND kind = ? AND resource_id = ? AND tag_key = ?";
        let scope = scope.to_string();
        for key in keys {
            let values = [Text(&scope), Text(kind.name()), Number(id), Text(key.as_str())];
            self.execute(sql, &values)?;
        }
        Ok(())
    }

    /// Takes all tags from a resource.
    pub fn delete_all_kms_tags(&mut self, scope: &Scope, kind: Kind, id: i64) -> store::Result<()> {
        let sql = "DELETE FROM kms_tags WHERE scope = ? AND kind = ? AND resource_id = ?";
        self.execute(sql, &[Text(&scope.to_string()), Text(kind.name()), Number(id)])?;
        Ok(())
    }

    /// The numbers of resources with such a tag, the highest first: as many as are asked for.
    pub fn newest_kms_tagged(
        &mut self,
        scope: &Scope,
        kind: Kind,
        tag: &TagText<'_>,
        limit: usize,
    ) -> store::Result<Vec<i64>> {
        let (TagText::Keys(texts) | TagText::Values(texts)) = tag;
        let mut ids = Vec::new();
        // Each text has its part of an index, in the order of the numbers.
        for text in *texts {
            let rows = match tag {
                TagText::Keys(_) => rows(scope, kind).filter(kms_tags::tag_key.eq(text)),
                TagText::Values(_) => rows(scope, kind).filter(kms_tags::tag_value.eq(text)),
            };
            let found: Vec<i64> = rows
                .select(kms_tags::resource_id)
                .distinct()
                .order(kms_tags::resource_id.desc())
                .limit(i64::try_from(limit).unwrap_or(i64::MAX))
                .load(self.connection())?;
            ids.extend(found);
        }
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids.dedup();
        ids.truncate(limit);
        Ok(ids)
    }

    /// Which of these resources have such a tag.
    pub fn kms_tagged_among(
        &mut self,
        scope: &Scope,
        kind: Kind,
        tag: &TagText<'_>,
        ids: Vec<i64>,
    ) -> store::Result<Vec<i64>> {
        let rows = rows(scope, kind).filter(kms_tags::resource_id.eq_any(ids));
        let rows = match tag {
            TagText::Keys(texts) => rows.filter(kms_tags::tag_key.eq_any(texts.to_vec())),
            TagText::Values(texts) => rows.filter(kms_tags::tag_value.eq_any(texts.to_vec())),
        };
        Ok(rows.select(kms_tags::resource_id).distinct().load(self.connection())?)
    }

    /// The tags of a list behind a place, in the order of the resources' numbers and the keys: as many as are asked for. A
    /// resource whose time to be deleted has come has none.
    pub fn list_kms_tags(
        &mut self,
        list: &TagList,
        mut after: Option<TagPlace>,
        now: Timestamp,
        limit: usize,
    ) -> store::Result<Vec<TagRow>> {
        let driver = self.rarest_tag(list)?;
        let mut listed = Vec::new();
        while listed.len() < limit {
            let (rows, next) = self.kms_tag_rows(list, driver, after.as_ref(), limit)?;
            let names = self.kms_names(&list.scope, list.kind, &rows, now)?;
            let alive = rows.into_iter().filter_map(|(id, key, value)| {
                let resource = names.get(&id)?.clone();
                Some(TagRow { id, resource, key, value })
            });
            listed.extend(alive);
            if next.is_none() {
                break;
            }
            after = next;
        }
        listed.truncate(limit);
        Ok(listed)
    }

    /// Some tags of a list behind a place, those of resources among them whose time has come; and the place behind which
    /// there may be more.
    fn kms_tag_rows(
        &mut self,
        list: &TagList,
        driver: Option<&(TagKey, Option<TagValue>)>,
        after: Option<&TagPlace>,
        limit: usize,
    ) -> store::Result<(Vec<FoundTag>, Option<TagPlace>)> {
        let count = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = rows(&list.scope, list.kind);
        if let Some(ids) = &list.ids {
            rows = rows.filter(kms_tags::resource_id.eq_any(ids.clone()));
        }
        let mut further = None;
        if let Some(driver) = driver {
            let ids = self.kms_resources_with(list, driver, after.map(|place| place.id), count)?;
            // The first of them may have no tag behind the place, so that fewer tags than were asked for are not the end.
            let highest = ids.last().filter(|_| ids.len() == limit);
            further = highest.map(|id| TagPlace { id: id + 1, key: String::new() });
            rows = rows.filter(kms_tags::resource_id.eq_any(ids));
        }
        if let Some(TagPlace { id, key }) = after {
            // An index is searched by the first condition and read on by the second.
            rows = rows
                .filter(kms_tags::resource_id.ge(id))
                .filter(kms_tags::resource_id.gt(id).or(kms_tags::tag_key.gt(key.clone())));
        }
        let rows: Vec<FoundTag> = rows
            .order((kms_tags::resource_id, kms_tags::tag_key))
            .select((kms_tags::resource_id, kms_tags::tag_key, kms_tags::tag_value))
            .limit(count)
            .load(self.connection())?;
        let end = rows.last().filter(|_| rows.len() == limit);
        let next = end.map(|(id, key, _)| TagPlace { id: *id, key: key.clone() }).or(further);
        Ok((rows, next))
    }

    /// The first resources from a number on that have all tags of a list; `driver` is the one that they are looked up by.
    fn kms_resources_with(
        &mut self,
        list: &TagList,
        driver: &(TagKey, Option<TagValue>),
        from: Option<i64>,
        limit: i64,
    ) -> store::Result<Vec<i64>> {
        let mut rows = tagged(list, driver, from);
        for other in list.tags.iter().filter(|other| *other != driver) {
            let (key, value) = other;
            let others = OTHERS
                .filter(OTHERS.field(kms_tags::scope).eq(kms_tags::scope))
                .filter(OTHERS.field(kms_tags::kind).eq(kms_tags::kind))
                .filter(OTHERS.field(kms_tags::resource_id).eq(kms_tags::resource_id))
                .filter(OTHERS.field(kms_tags::tag_key).eq(key.as_str()));
            rows = match value {
                Some(value) => rows.filter(exists(
                    others.filter(OTHERS.field(kms_tags::tag_value).eq(value.as_str())),
                )),
                None => rows.filter(exists(others)),
            };
        }
        let ids = rows.select(kms_tags::resource_id).order(kms_tags::resource_id).limit(limit);
        Ok(ids.load(self.connection())?)
    }

    /// The tag of a list that the fewest resources have, as far as that is worth counting.
    fn rarest_tag<'l>(
        &mut self,
        list: &'l TagList,
    ) -> store::Result<Option<&'l (TagKey, Option<TagValue>)>> {
        const WORTH_COUNTING: i64 = 1000;
        if let [] | [_] = list.tags.as_slice() {
            return Ok(list.tags.first());
        }
        let mut counted = Vec::new();
        for tag in &list.tags {
            let ids: Vec<i64> = tagged(list, tag, None)
                .select(kms_tags::resource_id)
                .limit(WORTH_COUNTING)
                .load(self.connection())?;
            counted.push((ids.len(), tag));
        }
        Ok(counted.into_iter().min_by_key(|(count, _)| *count).map(|(_, tag)| tag))
    }

    /// What the resources of these rows are called, but for those whose time to be deleted has come.
    fn kms_names(
        &mut self,
        scope: &Scope,
        kind: Kind,
        rows: &[FoundTag],
        now: Timestamp,
    ) -> store::Result<HashMap<i64, String>> {
        let mut ids: Vec<i64> = rows.iter().map(|(id, _, _)| *id).collect();
        ids.dedup();
        let names: Vec<(i64, String)> = match kind {
            Kind::Secret => kms_secrets::table
                .filter(kms_secrets::scope.eq(scope.to_string()))
                .filter(kms_secrets::id.eq_any(ids))
                .filter(kms_secrets::delete_at.is_null().or(kms_secrets::delete_at.gt(now.0)))
                .select((kms_secrets::id, kms_secrets::name))
                .load(self.connection())?,
            Kind::Key | Kind::Alias => kms_keys::table
                .filter(kms_keys::scope.eq(scope.to_string()))
                .filter(kms_keys::id.eq_any(ids))
                .filter(kms_keys::delete_at.is_null().or(kms_keys::delete_at.gt(now.0)))
                .select((kms_keys::id, kms_keys::key_id))
                .load(self.connection())?,
        };
        Ok(names.into_iter().collect())
    }
}

/// The rows of a tag of the list, of resources from a number on.
fn tagged<'l>(
    list: &'l TagList,
    (key, value): &'l (TagKey, Option<TagValue>),
    from: Option<i64>,
) -> Rows<'l> {
    let mut rows = rows(&list.scope, list.kind).filter(kms_tags::tag_key.eq(key.as_str()));
    if let Some(value) = value {
        rows = rows.filter(kms_tags::tag_value.eq(value.as_str()));
    }
    if let Some(from) = from {
        rows = rows.filter(kms_tags::resource_id.ge(from));
    }
    if let Some(ids) = &list.ids {
        rows = rows.filter(kms_tags::resource_id.eq_any(ids.clone()));
    }
    rows
}
