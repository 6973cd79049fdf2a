//! The handlers of secrets.

use serde::{Serialize, Serializer};
use serde_json::json;

use super::{
    reply::Answer,
    request::{Request, unfinished},
    requests::worded,
    requests::{CreateSecretRequest, ListSecretsRequest, OneSecretRequest, UpdateSecretRequest},
    secret_data::normalise as normalised,
};
use crate::exchange::Call;
use crate::pop::{ApiError, Structure};
use crate::sae::{
    model::{self, Error, Field, NamespaceId, SecretData, SecretId, SecretName, SecretType},
    service::secrets::{CreateSecret, Draft, ListedSecret, UpdateSecret},
};

/// `CreateSecret`.
pub async fn create(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let wanted = CreateSecretRequest::read(&request.take_parameters()).map_err(worded)?;
    let namespace = request.namespace(&wanted.namespace_id.unwrap_or_default())?;
    let name = SecretName::parse(&wanted.secret_name.unwrap_or_default())?;
    request.note_secret(None, Some(name.as_str()));
    let secret_type = SecretType::parse(&wanted.secret_type.unwrap_or_default());
    let draft = match secret_type {
        Ok(secret_type) => {
            let data = normalise(&request, wanted.secret_data).await?;
            data.map(|data| Draft { secret_type, data })
        }
        Err(error) => Err(error),
    };
    let command = CreateSecret { namespace, name, draft };
    let Call { now, request_id, .. } = request.call;
    let id = request.sae.service.create_secret(*now, request_id, command).await?;
    request.note_secret(Some(id), None);
    only_id(id)
}

/// `UpdateSecret`.
pub async fn update(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let wanted = UpdateSecretRequest::read(&request.take_parameters()).map_err(worded)?;
    let namespace = request.namespace(&wanted.namespace_id.unwrap_or_default())?;
    let id = SecretId::parse(&wanted.secret_id.unwrap_or_default())?;
    request.note_secret(Some(id), None);
    let data = normalise(&request, wanted.secret_data).await?;
    let command = UpdateSecret { namespace, id, data };
    let Call { now, request_id, .. } = request.call;
    let updated = request.sae.service.update_secret(*now, request_id, command).await?;
    request.note_secret(None, Some(&updated.name));
    only_id(updated.id)
}

/// `DescribeSecret`.
pub async fn describe(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let (namespace, id) = one_secret(&mut request)?;
    let secret = request.sae.service.describe_secret(namespace, id).await?;
    request.note_secret(None, Some(&secret.listed.summary.name));
    Answer::data(&SecretBody::new(&secret.listed, Some(&secret.data)))
}

/// `DeleteSecret`.
pub async fn delete(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let (namespace, id) = one_secret(&mut request)?;
    let deleted = request.sae.service.delete_secret(namespace, id).await?;
    request.note_secret(None, Some(&deleted.name));
    only_id(deleted.id)
}

/// `ListSecrets`.
pub async fn list(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let wanted = ListSecretsRequest::read(&request.take_parameters()).map_err(worded)?;
    let namespace = request.namespace(&wanted.namespace_id.unwrap_or_default())?;
    let secrets = request.sae.service.list_secrets(namespace).await?;
    let secrets: Vec<_> = secrets.iter().map(|secret| SecretBody::new(secret, None)).collect();
    Answer::data(&json!({ "Secrets": secrets }))
}

fn one_secret(request: &mut Request<'_>) -> Result<(NamespaceId, SecretId), ApiError> {
    let wanted = OneSecretRequest::read(&request.take_parameters()).map_err(worded)?;
    let namespace = request.namespace(&wanted.namespace_id.unwrap_or_default())?;
    let id = SecretId::parse(&wanted.secret_id.unwrap_or_default())?;
    request.note_secret(Some(id), None);
    Ok((namespace, id))
}

/// The keys and values; or what is wrong with them, which is reported only after the checks that come first.
async fn normalise(
    request: &Request<'_>,
    data: Option<Structure>,
) -> Result<model::Result<SecretData>, ApiError> {
    let Some(data) = data else {
        return Ok(Err(Error::Missing(Field::SecretData)));
    };
    let bodies = &request.call.exchange.bodies;
    bodies.work_on(data.length(), move || normalised(data)).await.ok_or_else(unfinished)
}

fn only_id(id: SecretId) -> Result<Answer, ApiError> {
    Answer::data(&json!({ "SecretId": id.get() }))
}

/// `Data` of `DescribeSecret`; without the values, one of `ListSecrets`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SecretBody<'a> {
    #[serde(serialize_with = "as_text")]
    namespace_id: &'a NamespaceId,
    secret_id: i64,
    secret_name: &'a str,
    secret_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_data: Option<Values<'a>>,
    relate_apps: Vec<ApplicationBody<'a>>,
    create_time: i64,
    update_time: i64,
}

/// Keys and values, as a JSON object.
struct Values<'a>(&'a SecretData);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key.as_str(), value.expose())))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ApplicationBody<'a> {
    app_name: &'a str,
    app_id: &'a str,
}

impl<'a> SecretBody<'a> {
    fn new(secret: &'a ListedSecret, data: Option<&'a SecretData>) -> Self {
        let summary = &secret.summary;
        let applications = secret.applications.iter();
        Self {
            namespace_id: &summary.namespace,
            secret_id: summary.id.get(),
            secret_name: &summary.name,
            secret_type: summary.secret_type.as_str(),
            secret_data: data.map(Values),
            relate_apps: applications
                .map(|it| ApplicationBody { app_name: &it.name, app_id: &it.id })
                .collect(),
            create_time: summary.created.0,
            update_time: summary.updated.0,
        }
    }
}

fn as_text<S: Serializer>(text: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(text)
}
