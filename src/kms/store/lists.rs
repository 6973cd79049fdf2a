//! Lists of secrets: pages that are read from the end of the table's key, and filters.

use diesel::prelude::*;

use super::{schema::kms_secrets, tags::TagText};
use crate::{
    clock::Timestamp,
    kms::model::{Filters, Kind, Page, Scope, SecretFilter, SecretName, SecretSummary, SecretType},
    store::{
        self, Tx,
        sql::{AnyConnection, corrupt},
    },
};

/// How many secrets a list can find by a tag (documented); the newest ones.
const TAGGED_MAX: usize = 4000;

diesel::define_sql_function! {
    /// The text with something else in each place of a part of it: another text, if it has such a part.
    fn replace(
        text: diesel::sql_types::Nullable<diesel::sql_types::Text>,
        part: diesel::sql_types::Text,
        with: diesel::sql_types::Text,
    ) -> diesel::sql_types::Nullable<diesel::sql_types::Text>;
}

type Rows<'a> = kms_secrets::BoxedQuery<'a, <AnyConnection as Connection>::Backend>;

#[derive(Queryable, Selectable)]
#[diesel(table_name = kms_secrets)]
struct SummaryRow {
    id: i64,
    name: String,
    secret_type: String,
    created_at: i64,
    updated_at: i64,
    delete_at: Option<i64>,
}

impl SummaryRow {
    fn parse(self) -> store::Result<SecretSummary> {
        let broken = || corrupt("secret of KMS");
        Ok(SecretSummary {
            id: self.id,
            name: SecretName::parse(&self.name).map_err(|_| broken())?,
            secret_type: SecretType::parse(&self.secret_type).map_err(|_| broken())?,
            created: Timestamp(self.created_at),
            updated: Timestamp(self.updated_at),
            delete_at: self.delete_at.map(Timestamp),
        })
    }
}

/// The filters of a list, by how they are applied.
struct Wanted<'a> {
    names: Option<&'a [String]>,
    tags: Vec<TagText<'a>>,
    /// What no index finds.
    others: Vec<(SecretFilter, &'a [String])>,
}

impl<'a> Wanted<'a> {
    /// `None` where nothing can be found.
    fn read(filters: &'a Filters<SecretFilter>, scope: &Scope) -> Option<Self> {
        let mut wanted = Self { names: None, tags: vec![], others: vec![] };
        for (key, values) in filters.iter() {
            match key {
                SecretFilter::Name => wanted.names = Some(values),
                SecretFilter::TagKey => wanted.tags.push(TagText::Keys(values)),
                SecretFilter::TagValue => wanted.tags.push(TagText::Values(values)),
                // What users make belongs to their account, and it is told as the creator (documented for keys).
                SecretFilter::Creator => {
                    if !values.contains(&scope.account) {
                        return None;
                    }
                }
                SecretFilter::Description | SecretFilter::Instance | SecretFilter::Type => {
                    wanted.others.push((key, values));
                }
            }
        }
        Some(wanted)
    }

    /// The rows that are there at that time and that the filters without an index let through.
    fn rows(&self, scope: &Scope, now: Timestamp) -> Rows<'a> {
        let mut rows = kms_secrets::table
            .filter(kms_secrets::scope.eq(scope.to_string()))
            .filter(kms_secrets::delete_at.is_null().or(kms_secrets::delete_at.gt(now.0)))
            .into_boxed();
        for (key, values) in &self.others {
            match key {
                SecretFilter::Instance => {
                    rows = rows.filter(kms_secrets::instance.eq_any(values.to_vec()));
                }
                SecretFilter::Type => {
                    rows = rows.filter(kms_secrets::secret_type.eq_any(values.to_vec()));
                }
                SecretFilter::Description
                | SecretFilter::Name
                | SecretFilter::TagKey
                | SecretFilter::TagValue
                | SecretFilter::Creator => rows = rows.filter(contains_any(values)),
            }
        }
        rows
    }
}

type Condition<'a> = Box<
    dyn BoxableExpression<
            kms_secrets::table,
            <AnyConnection as Connection>::Backend,
            SqlType = diesel::sql_types::Nullable<diesel::sql_types::Bool>,
        > + 'a,
>;

/// Whether the description has one of the texts as a part; the case of letters matters on every engine.
fn contains_any(texts: &[String]) -> Condition<'_> {
    let contains = |text| -> Condition<'_> {
        Box::new(
            replace(kms_secrets::description, text, "")
                .ne(kms_secrets::description)
                .and(kms_secrets::description.is_not_null()),
        )
    };
    let mut conditions = texts.iter().map(|text| contains(text.as_str()));
    let first = conditions.next().unwrap_or_else(|| contains(""));
    conditions.fold(first, |all, one| Box::new(all.or(one)))
}

impl Tx<'_> {
    /// The secrets on a page of the list that the filters leave, the newest first, and how many that list has. A secret
    /// whose time to be deleted has come is on none.
    pub fn list_kms_secrets(
        &mut self,
        scope: &Scope,
        filters: &Filters<SecretFilter>,
        page: Page,
        now: Timestamp,
    ) -> store::Result<(Vec<SecretSummary>, u64)> {
        let Some(wanted) = Wanted::read(filters, scope) else { return Ok((vec![], 0)) };
        let rows = wanted.rows(scope, now);
        let mut is_backwards = false;
        let (rows, total) = if let Some(candidates) = self.kms_candidates(scope, &wanted)? {
            let mut ids: Vec<i64> = rows
                .filter(kms_secrets::id.eq_any(candidates))
                .select(kms_secrets::id)
                .load(self.connection())?;
            ids.sort_unstable_by(|one, other| other.cmp(one));
            let total = ids.len() as u64;
            let skipped = usize::try_from(page.offset()).unwrap_or(usize::MAX);
            let shown: Vec<i64> = ids.into_iter().skip(skipped).take(page.size as usize).collect();
            let shown = kms_secrets::table
                .filter(kms_secrets::scope.eq(scope.to_string()))
                .filter(kms_secrets::id.eq_any(shown));
            (shown.order(kms_secrets::id.desc()).into_boxed(), total)
        } else {
            let total = self.count_listed(scope, &wanted, now)?;
            let (begin, size) = (page.offset().min(total), u64::from(page.size));
            let end = (begin + size).min(total);
            // What is skipped is read as well, so a page is found from the nearer end.
            let rows = if begin > total - end {
                is_backwards = true;
                let rows = rows.order(kms_secrets::id.asc());
                rows.offset((total - end).cast_signed()).limit((end - begin).cast_signed())
            } else {
                let rows = rows.order(kms_secrets::id.desc());
                rows.offset(begin.cast_signed()).limit(size.cast_signed())
            };
            (rows, total)
        };
        let mut rows: Vec<SummaryRow> =
            rows.select(SummaryRow::as_select()).load(self.connection())?;
        if is_backwards {
            rows.reverse();
        }
        let secrets: store::Result<_> = rows.into_iter().map(SummaryRow::parse).collect();
        Ok((secrets?, total))
    }

    fn count_listed(
        &mut self,
        scope: &Scope,
        wanted: &Wanted<'_>,
        now: Timestamp,
    ) -> store::Result<u64> {
        if wanted.others.is_empty() {
            return self.kms_secret_count(scope, now);
        }
        let count: i64 = wanted.rows(scope, now).count().get_result(self.connection())?;
        Ok(count.unsigned_abs())
    }

    /// The numbers of the secrets that the filters with an index find; `None` without such a filter.
    fn kms_candidates(
        &mut self,
        scope: &Scope,
        wanted: &Wanted<'_>,
    ) -> store::Result<Option<Vec<i64>>> {
        let mut found: Option<Vec<i64>> = None;
        if let Some(names) = wanted.names {
            let ids = kms_secrets::table
                .filter(kms_secrets::scope.eq(scope.to_string()))
                .filter(kms_secrets::name.eq_any(names.to_vec()))
                .select(kms_secrets::id);
            found = Some(ids.load(self.connection())?);
        }
        // What a tag finds more of than it may is only looked at among what the others find.
        let mut wide = Vec::new();
        for tag in &wanted.tags {
            let mut tagged = self.newest_kms_tagged(scope, Kind::Secret, tag, TAGGED_MAX + 1)?;
            if tagged.len() > TAGGED_MAX {
                tagged.truncate(TAGGED_MAX);
                wide.push((tag, tagged));
                continue;
            }
            found = Some(match found {
                None => tagged,
                Some(mut found) => {
                    tagged.sort_unstable();
                    found.retain(|id| tagged.binary_search(id).is_ok());
                    found
                }
            });
        }
        for (tag, tagged) in wide {
            found = Some(match found {
                None => tagged,
                Some(found) => self.kms_tagged_among(scope, Kind::Secret, tag, found)?,
            });
        }
        Ok(found)
    }
}
