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
                for found in
                    context.all_tagged(tx, "kms:TagResources", &named, Purpose::Changing)?
                {
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
                let found =
                    context.all_tagged(tx, "kms:UntagResources", &named, Purpose::Changing)?;
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
                    let found = context.all_tagged(tx, action, &resources, Purpose::Reading)?;
                    Some(found.iter().map(|found| found.id).collect())
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
    let known = known.collect::<Result<_>>().and_then(Tags::new).map_err(|error| {
        Error::Damaged(format!("tags of {} {id} of {scope}", kind.name()), error.to_string())
    })?;
    known.merge(tags.clone())?;
    Ok(tx.put_kms_tags(scope, *kind, *id, tags)?)
}

/// What a resource is found for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Reading,
    /// No other writer changes it until the end of the transaction.
    Changing,
}

impl Context {
    /// The resource that a request is to change the tags of.
    fn tagged(&self, tx: &mut Tx<'_>, action: &str, named: &Tagged) -> Result<Found> {
        self.find_tagged(tx, action, named, Purpose::Changing)
    }

    fn find_tagged(
        &self,
        tx: &mut Tx<'_>,
        action: &str,
        named: &Tagged,
        purpose: Purpose,
    ) -> Result<Found> {
        match named {
            Tagged::Secret(named) => {
                let secret = match purpose {
                    Purpose::Reading => self.secret(tx, action, named)?,
                    Purpose::Changing => self.secret_to_change(tx, action, named)?,
                };
                Ok(Found { scope: secret.scope, kind: Kind::Secret, id: secret.id })
            }
            Tagged::Key(named) => {
                let key = match purpose {
                    Purpose::Reading => self.key(tx, action, named)?,
                    Purpose::Changing => {
                        let key = self.key_to_change(tx, action, named)?;
                        // Documented for a key that is to be deleted.
                        key.own_state.check_changeable()?;
                        key
                    }
                };
                Ok(Found { scope: key.scope, kind: Kind::Key, id: key.number })
            }
        }
    }

    /// All of the resources, each once, by their numbers.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for the first that the caller may not do this to, [`Error::ResourceIdNotFound`].
    fn all_tagged(
        &self,
        tx: &mut Tx<'_>,
        action: &str,
        named: &Resources,
        purpose: Purpose,
    ) -> Result<Vec<Found>> {
        // Transactions that lock several do so in one order, so that they do not wait for each other in a circle.
        let mut sorted: Vec<&str> = named.names.iter().map(String::as_str).collect();
        sorted.sort_unstable_by_key(|name| bare(name));
        sorted.dedup();
        let mut found = Vec::with_capacity(sorted.len());
        for name in sorted {
            let one = self
                .resource(action, named.kind, name)
                .and_then(|named| self.find_tagged(tx, action, &named, purpose));
            found.push(one.map_err(|error| match error {
                Error::SecretNotFound | Error::KeyNotFound => Error::ResourceIdNotFound,
                Error::Concealed(_) => Error::Concealed(Box::new(Error::ResourceIdNotFound)),
                other => other,
            })?);
        }
        // A name and an ARN may be one and the same.
        found.sort_by_key(|found| found.id);
        found.dedup_by_key(|found| found.id);
        Ok(found)
    }

    /// The resource of that name. What nothing can be called does not exist, which a caller without rights is not to learn.
    fn resource(&self, action: &str, kind: Kind, name: &str) -> Result<Tagged> {
        let named = match kind {
            Kind::Secret => SecretRef::parse(name).map(Tagged::Secret),
            Kind::Key | Kind::Alias => {
                KeyRef::parse(Field::ResourceIds, name, KeyForms::ID_OR_ARN).map(Tagged::Key)
            }
        };
        named.or_else(|_| {
            let (resource, shown) = (self.scope.arn(kind, name), self.scope.container(kind));
            self.rights.check_tagged(action, &resource, &shown, &[])?;
            Err(Error::ResourceIdNotFound)
        })
    }
}

/// A resource's name without the rest of its ARN.
fn bare(name: &str) -> &str {
    let parts = [":secret/", ":key/"];
    parts.iter().find_map(|part| name.split_once(part)).map_or(name, |(_, bare)| bare)
}
