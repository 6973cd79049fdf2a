//! Tags of secrets and keys.

use super::{Context, Service};
use crate::{
    kms::model::{
        Error, Field, KeyForms, KeyId, KeyRef, Kind, Result, Scope, SecretRef, Tag, TagKey,
        TagList, TagPlace, TagValue, Tags,
    },
    store::Tx,
};

/// How many tags a page has (documented).
const PAGE: usize = 200;

/// One resource that has tags.
#[derive(Debug, Clone)]
pub enum Tagged {
    Secret(SecretRef),
    Key(KeyRef),
}

/// Several resources of a kind, as a request names them.
#[derive(Debug, Clone)]
pub struct Resources {
    pub kind: Kind,
    pub names: Vec<String>,
}

/// Which tags go.
#[derive(Debug, Clone)]
pub enum Untagging {
    /// Those of these keys; a resource need not have them (documented).
    These(Vec<TagKey>),
    All,
}

/// Which tags to list.
#[derive(Debug, Clone)]
pub struct ListTags {
    /// Of these; of all of the kind where none is named.
    pub resources: Resources,
    /// Only of resources that have all of these; without a value, whatever it is.
    pub tags: Vec<(TagKey, Option<TagValue>)>,
    /// Where the page before said that it goes on.
    pub token: Option<String>,
}

/// Tags of one page.
pub struct ListedTags {
    pub rows: Vec<TaggedRow>,
    /// What to ask for the next page by, if there is one.
    pub next: Option<String>,
}

/// A tag and what it stands on.
pub struct TaggedRow {
    /// The name of a secret, or the id of a key.
    pub resource: String,
    pub key: String,
    pub value: String,
}

/// A resource that the caller may do this to.
struct Found {
    scope: Scope,
    kind: Kind,
    id: i64,
}

impl Service {
    /// Gives a resource tags, in place of those of the same keys.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::SecretNotFound`], [`Error::KeyNotFound`]; [`Error::Invalid`] when it would have more
    /// than 20.
    pub async fn tag(&self, context: Context, named: Tagged, tags: Tags) -> Result<()> {
        self.store
            .write(move |tx| {
                let found = context.tagged(tx, "kms:TagResource", &named)?;
                add(tx, &found, &tags)
            })
            .await
    }

    /// Takes tags from a resource; those that it does not have are passed over.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::SecretNotFound`], [`Error::KeyNotFound`].
    pub async fn untag(&self, context: Context, named: Tagged, keys: Vec<TagKey>) -> Result<()> {
        self.store
            .write(move |tx| {
                let Found { scope, kind, id } = context.tagged(tx, "kms:UntagResource", &named)?;
                Ok(tx.delete_kms_tags(&scope, kind, id, &keys)?)
            })
            .await
    }

    /// Gives each of several resources tags, or none of them.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::ResourceIdNotFound`]; [`Error::Invalid`] when one would have more than 20.
    pub async fn tag_all(&self, context: Context, named: Resources, tags: Tags) -> Result<()> {
        self.store
            .write(move |tx| {
                for found in context.all_tagged(tx, "kms:TagResources", &named)? {
                    add(tx, &found, &tags).map_err(|error| match error {
                        Error::Invalid(Field::Tags, why) => Error::Invalid(Field::TagMembers, why),
                        other => other,
                    })?;
                }
                Ok(())
            })
            .await
    }

    /// Takes tags from each of several resources, or from none of them.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::ResourceIdNotFound`].
    pub async fn untag_all(
        &self,
        context: Context,
        named: Resources,
        wanted: Untagging,
    ) -> Result<()> {
        self.store
            .write(move |tx| {
                let found = context.all_tagged(tx, "kms:UntagResources", &named)?;
                for Found { scope, kind, id } in &found {
                    match &wanted {
                        Untagging::These(keys) => tx.delete_kms_tags(scope, *kind, *id, keys)?,
                        Untagging::All => tx.delete_all_kms_tags(scope, *kind, *id)?,
                    }
                }
                Ok(())
            })
            .await
    }

    /// Lists tags by the order of their resources and of their keys.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::ResourceIdNotFound`]; [`Error::Invalid`] for a token that belongs to no such list.
    pub async fn list_tags(&self, context: Context, wanted: ListTags) -> Result<ListedTags> {
        let ListTags { resources, tags, token } = wanted;
        self.store
            .read(move |tx| {
                let (action, scope) = ("kms:ListTagResources", context.scope.clone());
                let kind = resources.kind;
                let ids = if resources.names.is_empty() {
                    context.rights.check(action, &scope.container(kind))?;
                    None
                } else {
                    let found = context.all_tagged_to_read(tx, action, &resources)?;
                    let mut ids: Vec<i64> = found.iter().map(|found| found.id).collect();
                    ids.sort_unstable();
                    Some(ids)
                };
                let list = TagList { scope, kind, ids, tags: tags.clone() };
                let after = token.as_deref().map(|token| TagPlace::parse(token, &list));
                let after = after.transpose()?;
                // One more tells whether there is a next page.
                let mut rows = tx.list_kms_tags(&list, after, context.now, PAGE + 1)?;
                let is_last = rows.len() <= PAGE;
                rows.truncate(PAGE);
                let next = rows
                    .last()
                    .filter(|_| !is_last)
                    .map(|last| TagPlace { id: last.id, key: last.key.clone() }.token(&list));
                let rows = rows.into_iter().map(|row| TaggedRow {
                    resource: row.resource,
                    key: row.key,
                    value: row.value,
                });
                Ok(ListedTags { rows: rows.collect(), next })
            })
            .await
    }

    /// The tags of a key, by their keys.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::KeyNotFound`].
    pub async fn tags_of_key(
        &self,
        context: Context,
        named: KeyRef,
    ) -> Result<(KeyId, Vec<(String, String)>)> {
        self.store
            .read_briefly(move |tx| {
                let key = context.key(tx, "kms:ListResourceTags", &named)?;
                let tags = tx.kms_tags(&key.scope, Kind::Key, key.number)?;
                Ok((key.id, tags))
            })
            .await
    }
}

/// Gives a resource tags, unless it would have too many.
fn add(tx: &mut Tx<'_>, found: &Found, tags: &Tags) -> Result<()> {
    let Found { scope, kind, id } = found;
    let known = tx.kms_tags(scope, *kind, *id)?;
    let known = known
        .iter()
        .map(|(key, value)| Ok(Tag { key: TagKey::parse(key)?, value: TagValue::parse(value)? }));
    Tags::new(known.collect::<Result<_>>()?)?.merge(tags.clone())?;
    Ok(tx.put_kms_tags(scope, *kind, *id, tags)?)
}

impl Context {
    /// The resource, which no other writer changes until the end of the transaction.
    fn tagged(&self, tx: &mut Tx<'_>, action: &str, named: &Tagged) -> Result<Found> {
        match named {
            Tagged::Secret(named) => {
                let secret = self.secret_to_change(tx, action, named)?;
                Ok(Found { scope: secret.scope, kind: Kind::Secret, id: secret.id })
            }
            Tagged::Key(named) => self.tagged_key(tx, action, named),
        }
    }

    /// The key, whose tags cannot be changed while it is to be deleted (documented).
    fn tagged_key(&self, tx: &mut Tx<'_>, action: &str, named: &KeyRef) -> Result<Found> {
        let key = self.key_to_change(tx, action, named)?;
        key.own_state.check_changeable()?;
        Ok(Found { scope: key.scope, kind: Kind::Key, id: key.number })
    }

    /// The key of that id or ARN. What no key can be called does not exist, which a caller without rights is not to learn.
    fn key_of(&self, action: &str, name: &str) -> Result<KeyRef> {
        KeyRef::parse(Field::ResourceIds, name, KeyForms::ID_OR_ARN).or_else(|_| {
            self.rights.check(action, &self.scope.arn(Kind::Key, name))?;
            Err(Error::KeyNotFound)
        })
    }

    /// All of the resources, each once, which no other writer changes until the end of the transaction.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for the first that the caller may not do this to, [`Error::ResourceIdNotFound`].
    fn all_tagged(&self, tx: &mut Tx<'_>, action: &str, named: &Resources) -> Result<Vec<Found>> {
        each(named, |kind, name| match kind {
            Kind::Secret => {
                let secret = self.secret_to_change(tx, action, &self.secret_of(action, name)?)?;
                Ok(Found { scope: secret.scope, kind, id: secret.id })
            }
            Kind::Key => self.tagged_key(tx, action, &self.key_of(action, name)?),
            Kind::Alias => Err(Error::ResourceIdNotFound),
        })
    }

    /// The same, to read them.
    fn all_tagged_to_read(
        &self,
        tx: &mut Tx<'_>,
        action: &str,
        named: &Resources,
    ) -> Result<Vec<Found>> {
        each(named, |kind, name| match kind {
            Kind::Secret => {
                let secret = self.secret(tx, action, &self.secret_of(action, name)?)?;
                Ok(Found { scope: secret.scope, kind, id: secret.id })
            }
            Kind::Key => {
                let key = self.key(tx, action, &self.key_of(action, name)?)?;
                Ok(Found { scope: key.scope, kind, id: key.number })
            }
            Kind::Alias => Err(Error::ResourceIdNotFound),
        })
    }

    /// The secret of that name. What no secret can be called does not exist, which a caller without rights is not to learn.
    fn secret_of(&self, action: &str, name: &str) -> Result<SecretRef> {
        SecretRef::parse(name).or_else(|_| {
            self.rights.check(action, &self.scope.arn(Kind::Secret, name))?;
            Err(Error::SecretNotFound)
        })
    }
}

/// Each in the order of the names: transactions that lock several do not wait for each other in a circle.
fn each(
    named: &Resources,
    mut find: impl FnMut(Kind, &str) -> Result<Found>,
) -> Result<Vec<Found>> {
    let mut sorted: Vec<&str> = named.names.iter().map(String::as_str).collect();
    let prefix = format!(":{}/", named.kind.name());
    sorted.sort_unstable_by_key(|name| name.rsplit_once(&prefix).map_or(*name, |(_, it)| it));
    sorted.dedup();
    let found = sorted.into_iter().map(|name| find(named.kind, name));
    let mut found: Vec<Found> = found.collect::<Result<_>>().map_err(|error| match error {
        Error::SecretNotFound | Error::KeyNotFound => Error::ResourceIdNotFound,
        other => other,
    })?;
    // A name and an ARN may be one and the same.
    found.sort_by_key(|found| found.id);
    found.dedup_by_key(|found| found.id);
    Ok(found)
}
