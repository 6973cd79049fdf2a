//! The handlers of secrets and their values.

use serde::Serialize;

use super::{
    errors::Fault,
    reply::Time,
    request::{Handled, Map, Request},
};
use crate::kms::{
    model::{
        AutomaticRotation, CustomData, DataType, ExtendedConfig, Field, InstanceId, Interval,
        KeyForms, KeyId, KeyRef, ManagedType, Page, RecoveryWindow, RequestedName, Secret,
        SecretData, SecretDescription, SecretPolicy, SecretRef, SecretType, Stage, Tags, Version,
        VersionId, parse_stages,
    },
    service::{
        CreateSecret, DeleteSecret, GetSecretValue, Managed, PutSecretValue, SecretValue,
        UpdateSecret, UpdateSecretVersionStage,
    },
};

/// `CreateSecret`.
pub async fn create(request: Request<'_>) -> Handled {
    let name = request.required("SecretName")?;
    let version = request.required("VersionId")?;
    let data = request.required("SecretData")?;
    let secret_type = request.text("SecretType")?;
    let secret_type =
        secret_type.map_or(Ok(SecretType::Generic), |text| SecretType::parse(&text))?;
    let name = RequestedName::parse(&name, secret_type)?;
    if let RequestedName::Given(name) = &name {
        request.note_secret(&SecretRef::Name(name.clone()));
    }
    let data_type = data_type(&request)?;
    data_type.check_for(secret_type)?;
    let text = |name| request.text(name);
    let wanted = CreateSecret {
        name,
        version: VersionId::parse(&version, Field::VersionId)?,
        data: SecretData::parse(data)?,
        data_type,
        secret_type,
        encryption_key: text("EncryptionKeyId")?
            .map(|text| KeyRef::parse(Field::EncryptionKey, &text, KeyForms::ANY))
            .transpose()?,
        description: text("Description")?.map(SecretDescription::parse).transpose()?,
        tags: text("Tags")?.map_or(Ok(Tags::default()), |text| Tags::parse(&text))?,
        policy: text("Policy")?.map(|text| SecretPolicy::parse(&text)).transpose()?,
        managed: ManagedType::of(secret_type).map(|it| managed(&request, it)).transpose()?,
        // What is wrong with the others is told first.
        instance: text("DKMSInstanceId")?.map(|id| InstanceId::parse(&id)).transpose()?,
    };
    let context = request.context.clone();
    let created = request.service.create_secret(context, wanted).await?;
    let secret = &created.secret;
    request.note_secret(&SecretRef::Name(secret.name.clone()));
    let rotation = RotationBody::of(secret);
    let (interval, next) = rotation
        .as_ref()
        .map_or((None, None), |it| (it.rotation_interval.as_deref(), it.next_rotation_date));
    request.answer(&CreateBody {
        automatic_rotation: rotation.as_ref().map(|rotation| rotation.automatic_rotation),
        secret_name: secret.name.as_str(),
        version_id: created.version.as_str(),
        next_rotation_date: next,
        secret_type: secret.secret_type.as_str(),
        rotation_interval: interval,
        arn: secret.arn(),
        extended_config: secret.extended_config.as_deref(),
        d_kms_instance_id: secret.instance.as_ref().map(InstanceId::as_str),
    })
}

fn managed(request: &Request<'_>, managed_type: ManagedType) -> Result<Managed, Fault> {
    let config = request.text("ExtendedConfig")?.unwrap_or_default();
    let config = ExtendedConfig::parse(&config, managed_type)?;
    let is_on = request.flag("EnableAutomaticRotation")?.unwrap_or(false);
    Ok(Managed { config, interval: interval(request, is_on)? })
}

/// How often a secret is to be rotated by itself; it is looked at only where that is to be (documented).
pub fn interval(request: &Request<'_>, is_on: bool) -> Result<Option<Interval>, Fault> {
    if !is_on {
        return Ok(None);
    }
    Ok(Some(Interval::parse(&request.required("RotationInterval")?)?))
}

/// The members in the order of the newer page.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    automatic_rotation: Option<&'static str>,
    secret_name: &'a str,
    version_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_rotation_date: Option<Time>,
    secret_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_interval: Option<&'a str>,
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_config: Option<&'a str>,
    #[serde(rename = "DKMSInstanceId", skip_serializing_if = "Option::is_none")]
    d_kms_instance_id: Option<&'a str>,
}

/// `UpdateSecret`.
pub async fn update(request: Request<'_>) -> Handled {
    let secret = request.secret()?;
    // An empty description is one, where the parameter is there.
    let description = request.text_or_empty("Description")?;
    let description = description.map(SecretDescription::parse).transpose()?;
    let custom_data = match request.map("ExtendedConfig.CustomData")? {
        None => None,
        Some(Map::Json(text)) => Some(CustomData::parse(&text)?),
        Some(Map::Pairs(pairs)) => Some(CustomData::from_pairs(pairs)?),
    };
    let wanted = UpdateSecret { secret, description, custom_data };
    let secret = request.service.update_secret(request.context.clone(), wanted).await?;
    only_name(&request, &secret)
}

/// `PutSecretValue`.
pub async fn put_value(request: Request<'_>) -> Handled {
    let version = request.required("VersionId")?;
    let secret = request.secret()?;
    let data = request.required("SecretData")?;
    let wanted = PutSecretValue {
        secret,
        version: VersionId::parse(&version, Field::VersionId)?,
        data: SecretData::parse(data)?,
        data_type: data_type(&request)?,
        stages: request.text("VersionStages")?.map(|text| parse_stages(&text)).transpose()?,
    };
    let context = request.context.clone();
    let put = request.service.put_secret_value(context, wanted).await?;
    request.answer(&PutBody {
        secret_name: put.secret.name.as_str(),
        version_id: put.version.id.as_str(),
        version_stages: Stages::of(&put.version),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutBody<'a> {
    secret_name: &'a str,
    version_id: &'a str,
    version_stages: Stages<'a>,
}

/// A list of stages in its wrapper, which is there also when the list is empty.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Stages<'a> {
    version_stage: Vec<&'a str>,
}

impl<'a> Stages<'a> {
    fn of(version: &'a Version) -> Self {
        Self { version_stage: version.stages.iter().map(Stage::as_str).collect() }
    }
}

fn data_type(request: &Request<'_>) -> Result<DataType, Fault> {
    let text = request.text("SecretDataType")?;
    Ok(text.map_or(Ok(DataType::Text), |text| DataType::parse(&text))?)
}

/// `GetSecretValue`.
pub async fn get_value(request: Request<'_>) -> Handled {
    let secret = request.secret()?;
    let version = request.text("VersionId")?;
    let stage = request.text("VersionStage")?;
    let with_config = request.flag("FetchExtendedConfig")?.unwrap_or(false);
    let is_dry_run = request.flag("DryRun")?.unwrap_or(false);
    let wanted = GetSecretValue {
        secret,
        version: version.map(|text| VersionId::parse(&text, Field::VersionId)).transpose()?,
        stage: stage.map(|text| Stage::parse(&text, Field::VersionStage)).transpose()?,
        is_dry_run,
    };
    let context = request.context.clone();
    let value = request.service.get_secret_value(context, wanted).await?;
    request.answer(&ValueBody::new(&value, with_config))
}

/// A value, as `GetSecretValue` and `BatchGetSecretValue` answer it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ValueBody<'a> {
    secret_name: &'a str,
    secret_type: &'static str,
    secret_data: &'a str,
    secret_data_type: &'static str,
    version_id: &'a str,
    version_stages: Stages<'a>,
    create_time: Time,
    #[serde(flatten)]
    rotation: Option<RotationBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_config: Option<&'a str>,
}

impl<'a> ValueBody<'a> {
    pub fn new(value: &'a SecretValue, with_config: bool) -> Self {
        let SecretValue { secret, version, data } = value;
        Self {
            secret_name: secret.name.as_str(),
            secret_type: secret.secret_type.as_str(),
            secret_data: data,
            secret_data_type: version.data_type.as_str(),
            version_id: version.id.as_str(),
            version_stages: Stages::of(version),
            create_time: Time(secret.created),
            rotation: RotationBody::of(secret),
            extended_config: secret.extended_config.as_deref().filter(|_| with_config),
        }
    }
}

/// How a managed secret is rotated (the interval and the next date unless it is disabled: documented on the older page).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotationBody {
    automatic_rotation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_interval: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_rotation_date: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_rotation_date: Option<Time>,
}

impl RotationBody {
    pub fn of(secret: &Secret) -> Option<Self> {
        let rotation = secret.rotation;
        let is_on = rotation.automatic != AutomaticRotation::Disabled;
        secret.secret_type.is_managed().then(|| Self {
            automatic_rotation: rotation.automatic.as_str(),
            rotation_interval: rotation.interval.filter(|_| is_on).map(|it| it.to_string()),
            next_rotation_date: rotation.next.filter(|_| is_on).map(Time),
            last_rotation_date: rotation.last.map(Time),
        })
    }
}

/// `DescribeSecret`.
pub async fn describe(request: Request<'_>) -> Handled {
    let secret = request.secret()?;
    let with_tags = request.flag("FetchTags")?.unwrap_or(false);
    let context = request.context.clone();
    let described = request.service.describe_secret(context, secret, with_tags).await?;
    let secret = &described.secret;
    request.answer(&DescribeBody {
        arn: secret.arn(),
        secret_name: secret.name.as_str(),
        secret_type: secret.secret_type.as_str(),
        description: secret.description.as_ref().map_or("", SecretDescription::as_str),
        create_time: Time(secret.created),
        update_time: Time(secret.updated),
        planned_delete_time: secret.delete_at.map(Time),
        encryption_key_id: secret.encryption_key.as_ref().map(KeyId::as_str),
        d_kms_instance_id: secret.instance.as_ref().map(InstanceId::as_str),
        tags: described.tags.as_deref().map(TagBodies::of),
        rotation: RotationBody::of(secret),
        extended_config: secret.extended_config.as_deref(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeBody<'a> {
    arn: String,
    secret_name: &'a str,
    secret_type: &'static str,
    description: &'a str,
    create_time: Time,
    update_time: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_delete_time: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_key_id: Option<&'a str>,
    #[serde(rename = "DKMSInstanceId", skip_serializing_if = "Option::is_none")]
    d_kms_instance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<TagBodies<'a>>,
    #[serde(flatten)]
    rotation: Option<RotationBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_config: Option<&'a str>,
}

/// Tags in their wrapper.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagBodies<'a> {
    tag: Vec<TagBody<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagBody<'a> {
    tag_key: &'a str,
    tag_value: &'a str,
}

impl<'a> TagBodies<'a> {
    pub fn of(tags: &'a [(String, String)]) -> Self {
        let tags = tags.iter().map(|(key, value)| TagBody { tag_key: key, tag_value: value });
        Self { tag: tags.collect() }
    }
}

/// `ListSecretVersionIds`.
pub async fn list_version_ids(request: Request<'_>) -> Handled {
    let secret = request.secret()?;
    let with_deprecated = request.flag("IncludeDeprecated")?.unwrap_or(false);
    let page = request.page(Page::SIZE_OF_LONG)?;
    let context = request.context.clone();
    let listed =
        request.service.list_secret_version_ids(context, secret, with_deprecated, page).await?;
    let versions = listed.versions.iter().map(|version| VersionBody {
        version_id: version.id.as_str(),
        create_time: Time(version.created),
        version_stages: Stages::of(version),
    });
    request.answer(&VersionsBody {
        secret_name: listed.secret.name.as_str(),
        version_ids: VersionList { version_id: versions.collect() },
        page_number: page.number,
        page_size: page.size,
        total_count: listed.total,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionsBody<'a> {
    secret_name: &'a str,
    version_ids: VersionList<'a>,
    page_number: u32,
    page_size: u32,
    total_count: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionList<'a> {
    version_id: Vec<VersionBody<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionBody<'a> {
    version_id: &'a str,
    create_time: Time,
    version_stages: Stages<'a>,
}

/// `UpdateSecretVersionStage`.
pub async fn update_stage(request: Request<'_>) -> Handled {
    let secret = request.secret()?;
    let stage = request.required("VersionStage")?;
    let (to, from) = (request.text("MoveToVersion")?, request.text("RemoveFromVersion")?);
    let version =
        |text: Option<String>, field| text.map(|text| VersionId::parse(&text, field)).transpose();
    let wanted = UpdateSecretVersionStage {
        secret,
        stage: Stage::parse(&stage, Field::VersionStage)?,
        move_to: version(to, Field::MoveToVersion)?,
        remove_from: version(from, Field::RemoveFromVersion)?,
    };
    let context = request.context.clone();
    let secret = request.service.update_secret_version_stage(context, wanted).await?;
    only_name(&request, &secret)
}

/// `DeleteSecret`.
pub async fn delete(request: Request<'_>) -> Handled {
    let secret = request.secret()?;
    let is_forced = request.flag("ForceDeleteWithoutRecovery")?.unwrap_or(false);
    let days = request.text("RecoveryWindowInDays")?;
    // Terraform's provider sends both, although that is documented not to be allowed.
    let window = if is_forced { None } else { Some(RecoveryWindow::parse(days.as_deref())?) };
    let context = request.context.clone();
    let deleted = request.service.delete_secret(context, DeleteSecret { secret, window }).await?;
    request.answer(&DeletedBody {
        secret_name: deleted.secret.name.as_str(),
        planned_delete_time: Time(deleted.at),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeletedBody<'a> {
    secret_name: &'a str,
    planned_delete_time: Time,
}

/// `RestoreSecret`.
pub async fn restore(request: Request<'_>) -> Handled {
    let secret = request.secret()?;
    let secret = request.service.restore_secret(request.context.clone(), secret).await?;
    only_name(&request, &secret)
}

/// A reply that names the secret alone.
pub fn only_name(request: &Request<'_>, secret: &Secret) -> Handled {
    request.answer(&NameBody { secret_name: secret.name.as_str() })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NameBody<'a> {
    secret_name: &'a str,
}
