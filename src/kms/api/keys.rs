//! The handlers of keys and their aliases.

use serde::Serialize;

use super::{
    errors::Fault,
    reply::{Nothing, Time},
    request::{Handled, Request},
};
use crate::{
    kms::{
        model::{
            Alias, AliasName, Field, Filters, InstanceId, Key, KeyDescription, KeyForms, KeyRef,
            KeyRotation, KeySpec, KeyState, KeyUsage, Kind, Origin, Page, PendingWindow,
            ProtectionLevel, Scope, SecretPolicy, Tags,
        },
        service::{CreateAlias, CreateKey, DescribedKey, ListedAliases},
    },
    pop,
};

/// The key that the operation is about, which the logs name as well.
pub fn key(request: &Request<'_>, forms: KeyForms) -> Result<KeyRef, Fault> {
    let named = KeyRef::parse(Field::KeyId, &request.required("KeyId")?, forms)?;
    request.note_key(&named);
    Ok(named)
}

/// `CreateKey`.
pub async fn create(request: Request<'_>) -> Handled {
    let text = |name| request.text(name);
    let spec = text("KeySpec")?.map_or(Ok(KeySpec::default()), |text| KeySpec::parse(&text))?;
    let usage = text("KeyUsage")?.map(|text| KeyUsage::parse(&text)).transpose()?;
    let origin = text("Origin")?.map_or(Ok(Origin::default()), |text| Origin::parse(&text))?;
    origin.check(spec)?;
    let instance = text("DKMSInstanceId")?;
    // It says nothing about a key in an instance (documented).
    let protection = text("ProtectionLevel")?.filter(|_| instance.is_none());
    let protection = protection.map(|text| ProtectionLevel::parse(&text)).transpose()?;
    let description = text("Description")?.unwrap_or_default();
    // An empty one is no policy (documented), other than with CreateSecret.
    let policy = request.text_or_empty("Policy")?;
    let wanted = CreateKey {
        spec,
        usage: KeyUsage::of(spec, usage)?,
        origin,
        protection: protection.unwrap_or_default(),
        description: KeyDescription::parse(&description)?,
        rotation: rotation(&request, spec, origin)?,
        policy: policy.map(|text| SecretPolicy::parse(&text)).transpose()?,
        tags: text("Tags")?.map_or(Ok(Tags::default()), |text| Tags::parse(&text))?,
        // What is wrong with the others is told first.
        instance: instance.map(|id| InstanceId::parse(&id)).transpose()?,
    };
    let context = request.context.clone();
    let created = request.service.create_key(context, wanted).await?;
    request.note_key_id(&created.key.id);
    request.answer(&KeyBody { key_metadata: Metadata::of(&created, None) })
}

/// How often a new key is to be rotated; the interval counts only when it is.
fn rotation(
    request: &Request<'_>,
    spec: KeySpec,
    origin: Origin,
) -> Result<Option<KeyRotation>, Fault> {
    if !request.flag("EnableAutomaticRotation")?.unwrap_or(false) {
        return Ok(None);
    }
    let interval = request.required("RotationInterval")?;
    KeyRotation::check(spec, origin)?;
    Ok(Some(KeyRotation::parse(&interval)?))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyBody<'a> {
    key_metadata: Metadata<'a>,
}

/// A key, as replies show it. What is about rotation, the primary version among it, is there for symmetric keys; what is
/// about a date, when there is one (documented).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    key_id: &'a str,
    arn: String,
    key_state: &'static str,
    key_spec: &'static str,
    key_usage: &'static str,
    origin: &'static str,
    creation_date: Time,
    creator: &'a str,
    description: &'a str,
    protection_level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_key_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    automatic_rotation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_interval: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_rotation_date: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_rotation_date: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_date: Option<Time>,
    /// Of material from outside: empty where it stays for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    material_expire_time: Option<&'static str>,
    #[serde(rename = "DKMSInstanceId", skip_serializing_if = "Option::is_none")]
    d_kms_instance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_protection: Option<&'static str>,
}

impl<'a> Metadata<'a> {
    fn of(described: &'a DescribedKey, deletion_protection: Option<&'static str>) -> Self {
        let DescribedKey { key, state, primary } = described;
        let is_symmetric = key.spec.is_symmetric();
        let primary = primary.as_ref().filter(|_| is_symmetric);
        Self {
            key_id: key.id.as_str(),
            arn: key.arn(),
            key_state: state.name(),
            key_spec: key.spec.name(),
            key_usage: key.usage.name(),
            origin: key.origin.name(),
            creation_date: Time(key.created),
            creator: &key.creator,
            description: key.description.as_str(),
            protection_level: key.protection.name(),
            primary_key_version: primary.map(|version| version.id.to_string()),
            automatic_rotation: is_symmetric.then(|| automatic_rotation(key, *state)),
            rotation_interval: key.rotation.map(|rotation| format!("{}s", rotation.seconds())),
            next_rotation_date: key.next_rotation.map(Time),
            last_rotation_date: key.last_rotation.filter(|_| is_symmetric).map(Time),
            delete_date: key.delete_at.map(Time),
            material_expire_time: (key.origin == Origin::External).then_some(""),
            d_kms_instance_id: key.instance.as_ref().map(InstanceId::as_str),
            deletion_protection,
        }
    }
}

/// Whether a key is rotated by itself: not while it is not enabled (documented).
fn automatic_rotation(key: &Key, state: KeyState) -> &'static str {
    match (key.rotation, state) {
        (None, _) => "Disabled",
        (Some(_), KeyState::Enabled) => "Enabled",
        (
            Some(_),
            KeyState::Disabled
            | KeyState::PendingDeletion
            | KeyState::PendingImport
            | KeyState::Unavailable,
        ) => "Suspended",
    }
}

/// `DescribeKey`.
pub async fn describe(request: Request<'_>) -> Handled {
    let named = key(&request, KeyForms::ANY)?;
    let described = request.service.describe_key(request.context.clone(), named).await?;
    request.note_key_id(&described.key.id);
    request.answer(&KeyBody { key_metadata: Metadata::of(&described, Some("Disabled")) })
}

/// `ListKeys`.
pub async fn list(request: Request<'_>) -> Handled {
    let page = request.page(Page::SIZE)?;
    let filters = request.text("Filters")?;
    let filters = filters.map_or(Ok(Filters::default()), |text| Filters::parse(&text))?;
    let context = request.context.clone();
    let listed = request.service.list_keys(context, filters, page).await?;
    let scope = &request.context.scope;
    let keys = listed
        .ids
        .iter()
        .map(|id| ListedKey { key_id: id.as_str(), key_arn: scope.arn(Kind::Key, id.as_str()) });
    request.answer(&KeysBody {
        keys: KeyList { key: keys.collect() },
        page_number: page.number,
        page_size: page.size,
        total_count: listed.total,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeysBody<'a> {
    keys: KeyList<'a>,
    page_number: u32,
    page_size: u32,
    total_count: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyList<'a> {
    key: Vec<ListedKey<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListedKey<'a> {
    key_id: &'a str,
    key_arn: String,
}

/// `UpdateKeyDescription`.
pub async fn update_description(request: Request<'_>) -> Handled {
    let named = key(&request, KeyForms::ID)?;
    let description = request.text_or_empty("Description")?;
    let description = description.ok_or(pop::Fault::Absent("Description"))?;
    let description = KeyDescription::parse(&description)?;
    let context = request.context.clone();
    request.service.update_key_description(context, named, description).await?;
    request.answer(&Nothing {})
}

/// `EnableKey`.
pub async fn enable(request: Request<'_>) -> Handled {
    let named = key(&request, KeyForms::ID)?;
    request.service.enable_key(request.context.clone(), named).await?;
    request.answer(&Nothing {})
}

/// `DisableKey`.
pub async fn disable(request: Request<'_>) -> Handled {
    let named = key(&request, KeyForms::ID)?;
    request.service.disable_key(request.context.clone(), named).await?;
    request.answer(&Nothing {})
}

/// `ScheduleKeyDeletion`.
pub async fn schedule_deletion(request: Request<'_>) -> Handled {
    let named = key(&request, KeyForms::ID)?;
    let window = PendingWindow::parse(&request.required("PendingWindowInDays")?)?;
    request.service.schedule_key_deletion(request.context.clone(), named, window).await?;
    request.answer(&Nothing {})
}

/// `CancelKeyDeletion`.
pub async fn cancel_deletion(request: Request<'_>) -> Handled {
    let named = key(&request, KeyForms::ID)?;
    request.service.cancel_key_deletion(request.context.clone(), named).await?;
    request.answer(&Nothing {})
}

/// `CreateAlias`.
pub async fn create_alias(request: Request<'_>) -> Handled {
    let key = key(&request, KeyForms::ID)?;
    let name = request.alias(AliasName::parse_new)?;
    let context = request.context.clone();
    request.service.create_alias(context, CreateAlias { key, name }).await?;
    request.answer(&Nothing {})
}

/// `UpdateAlias`.
pub async fn update_alias(request: Request<'_>) -> Handled {
    let key = key(&request, KeyForms::ID)?;
    let name = request.alias(AliasName::parse)?;
    let context = request.context.clone();
    request.service.update_alias(context, CreateAlias { key, name }).await?;
    request.answer(&Nothing {})
}

/// `DeleteAlias`.
pub async fn delete_alias(request: Request<'_>) -> Handled {
    let name = request.alias(AliasName::parse)?;
    request.service.delete_alias(request.context.clone(), name).await?;
    request.answer(&Nothing {})
}

/// `ListAliases`.
pub async fn list_aliases(request: Request<'_>) -> Handled {
    let page = request.page(Page::SIZE)?;
    let listed = request.service.list_aliases(request.context.clone(), page).await?;
    answer_aliases(&request, page, &listed)
}

/// `ListAliasesByKeyId`.
pub async fn list_aliases_of_key(request: Request<'_>) -> Handled {
    let named = key(&request, KeyForms::ID_OR_ARN)?;
    let page = request.page(Page::SIZE)?;
    let context = request.context.clone();
    let listed = request.service.list_aliases_of_key(context, named, page).await?;
    answer_aliases(&request, page, &listed)
}

fn answer_aliases(request: &Request<'_>, page: Page, listed: &ListedAliases) -> Handled {
    let scope = &request.context.scope;
    let aliases = listed.aliases.iter().map(|alias| AliasBody::of(scope, alias));
    request.answer(&AliasesBody {
        aliases: AliasList { alias: aliases.collect() },
        page_number: page.number,
        page_size: page.size,
        total_count: listed.total,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasesBody<'a> {
    aliases: AliasList<'a>,
    page_number: u32,
    page_size: u32,
    total_count: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasList<'a> {
    alias: Vec<AliasBody<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasBody<'a> {
    alias_name: &'a str,
    alias_arn: String,
    key_id: &'a str,
}

impl<'a> AliasBody<'a> {
    fn of(scope: &Scope, alias: &'a Alias) -> Self {
        Self {
            alias_name: alias.name.as_str(),
            alias_arn: alias.name.arn(scope),
            key_id: alias.key.as_str(),
        }
    }
}
