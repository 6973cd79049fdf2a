//! The handlers of tags.

use serde::Serialize;

use super::{
    errors::Fault,
    reply::Nothing,
    request::{Handled, KEY_IDS, Request, SECRET_NAMES},
};
use crate::{
    kms::{
        model::{
            Error, Field, KeyForms, KeyRef, Kind, SecretRef, TAGS_MAX, Tag, TagKey, TagValue, Tags,
            parse_tag_keys,
        },
        service::{ListTags, Resources, Tagged, TaggedRow, Untagging},
    },
    pop,
};

/// How many resources a request may name (documented).
const RESOURCES_MAX: usize = 50;

/// `TagResource`.
pub async fn tag(request: Request<'_>) -> Handled {
    let resource = named(&request, KeyForms::ANY)?;
    let tags = Tags::parse(&request.required("Tags")?)?;
    request.service.tag(request.context.clone(), resource, tags).await?;
    request.answer(&Nothing {})
}

/// `UntagResource`.
pub async fn untag(request: Request<'_>) -> Handled {
    let resource = named(&request, KeyForms::ID)?;
    let keys = parse_tag_keys(&request.required("TagKeys")?)?;
    request.service.untag(request.context.clone(), resource, keys).await?;
    request.answer(&Nothing {})
}

/// The one resource that a request names. Certificates are not emulated.
fn named(request: &Request<'_>, forms: KeyForms) -> Result<Tagged, Fault> {
    let secret = request.text("SecretName")?;
    match (secret, request.text("KeyId")?, request.text("CertificateId")?) {
        (Some(name), None, None) => {
            let secret = SecretRef::parse(&name)?;
            request.note_secret(&secret);
            Ok(Tagged::Secret(secret))
        }
        (None, Some(key), None) => {
            let key = KeyRef::parse(Field::KeyId, &key, forms)?;
            request.note_key(&key);
            Ok(Tagged::Key(key))
        }
        (None, None, Some(_)) => Err(Error::Unsupported.into()),
        _ => {
            let why = "exactly one of SecretName, KeyId and CertificateId has to be named";
            Err(Error::invalid(Field::SecretName, why).into())
        }
    }
}

/// `TagResources`.
pub async fn tag_all(request: Request<'_>) -> Handled {
    let resources = resources(&request)?;
    let members = request.tag_members()?;
    if members.is_empty() {
        return Err(absent("Tag"));
    }
    let tags = members.into_iter().map(|(key, value)| {
        let value = TagValue::parse(&value.unwrap_or_default())?;
        Ok(Tag { key: TagKey::parse(&key)?, value })
    });
    let tags = Tags::new(tags.collect::<Result<_, Error>>()?)?;
    request.service.tag_all(request.context.clone(), resources, tags).await?;
    request.answer(&Nothing {})
}

/// `UntagResources`.
pub async fn untag_all(request: Request<'_>) -> Handled {
    let resources = resources(&request)?;
    let names = request.list("TagKey", TAGS_MAX, Field::TagKeyMembers)?;
    let is_all = request.flag("All")?.unwrap_or(false);
    let keys = names.iter().map(|name| TagKey::parse(name).map_err(of_key));
    let keys: Vec<TagKey> = keys.collect::<Result<_, Error>>()?;
    let wanted = match (keys.is_empty(), is_all) {
        (false, _) => Untagging::These(keys),
        (true, true) => Untagging::All,
        (true, false) => return Err(absent("TagKey")),
    };
    request.service.untag_all(request.context.clone(), resources, wanted).await?;
    request.answer(&Nothing {})
}

/// A key that cannot be a tag's has no row of its own but where tags are set.
fn of_key(error: Error) -> Error {
    match error {
        Error::TagKeyInvalid(why) => Error::invalid(Field::TagKeyMembers, why),
        other => other,
    }
}

fn absent(parameter: &'static str) -> Fault {
    pop::Fault::Absent(parameter).into()
}

/// The resources that a request names, of which there has to be one.
fn resources(request: &Request<'_>) -> Result<Resources, Fault> {
    let resources = optional_resources(request)?;
    if resources.names.is_empty() {
        return Err(absent("ResourceId"));
    }
    Ok(resources)
}

fn optional_resources(request: &Request<'_>) -> Result<Resources, Fault> {
    let kind = match request.required("ResourceType")?.as_str() {
        "secret" => Kind::Secret,
        "key" => Kind::Key,
        _ => return Err(Error::invalid(Field::ResourceType, "is neither key nor secret").into()),
    };
    let names = request.list("ResourceId", RESOURCES_MAX, Field::ResourceIds)?;
    if !names.is_empty() {
        let noted = if kind == Kind::Secret { SECRET_NAMES } else { KEY_IDS };
        request.call.note(|outcome| outcome.note_object(noted, names.clone()));
    }
    Ok(Resources { kind, names })
}

/// `ListTagResources`.
pub async fn list(request: Request<'_>) -> Handled {
    let resources = optional_resources(&request)?;
    let mut tags: Vec<(TagKey, Option<TagValue>)> = Vec::new();
    for (key, value) in request.tag_members()? {
        let key = TagKey::parse(&key).map_err(of_tag)?;
        if tags.iter().any(|(known, _)| *known == key) {
            return Err(Error::TagKeyDuplicate.into());
        }
        let value = value.map(|value| TagValue::parse(&value).map_err(of_tag)).transpose()?;
        tags.push((key, value));
    }
    let token = request.text("NextToken")?;
    let kind = resources.kind;
    let wanted = ListTags { resources, tags, token };
    let listed = request.service.list_tags(request.context.clone(), wanted).await?;
    let rows = listed.rows.iter().map(|row| {
        let TaggedRow { resource, key, value } = row;
        RowBody {
            resource_id: resource,
            resource_type: kind.name(),
            tag_key: key,
            tag_value: value,
        }
    });
    request.answer(&RowsBody {
        tag_resources: RowList { tag_resource: rows.collect() },
        next_token: listed.next.as_deref().unwrap_or_default(),
    })
}

/// What no tag can have would find nothing: it is refused as a mistake.
fn of_tag(error: Error) -> Error {
    match error {
        Error::TagKeyInvalid(why) | Error::TagValueInvalid(why) => {
            Error::invalid(Field::TagMembers, why)
        }
        other => other,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RowsBody<'a> {
    tag_resources: RowList<'a>,
    next_token: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RowList<'a> {
    tag_resource: Vec<RowBody<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RowBody<'a> {
    resource_id: &'a str,
    resource_type: &'static str,
    tag_key: &'a str,
    tag_value: &'a str,
}

/// `ListResourceTags`, which is for keys alone.
pub async fn list_of_key(request: Request<'_>) -> Handled {
    let key = KeyRef::parse(Field::KeyId, &request.required("KeyId")?, KeyForms::ID)?;
    request.note_key(&key);
    let (key, tags) = request.service.tags_of_key(request.context.clone(), key).await?;
    let tags = tags.iter().map(|(tag_key, tag_value)| KeyTagBody {
        key_id: key.as_str(),
        tag_key,
        tag_value,
    });
    request.answer(&KeyTagsBody { tags: KeyTagList { tag: tags.collect() } })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyTagsBody<'a> {
    tags: KeyTagList<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyTagList<'a> {
    tag: Vec<KeyTagBody<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyTagBody<'a> {
    key_id: &'a str,
    tag_key: &'a str,
    tag_value: &'a str,
}
