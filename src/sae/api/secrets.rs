//! The handlers of secrets.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{
    errors::worded,
    reply::Answer,
    request::{Request, unfinished},
    requests::{CreateSecretRequest, ListSecretsRequest, OneSecretRequest, UpdateSecretRequest},
    secret_data::normalise,
};
use crate::exchange::Call;
use crate::pop::{ApiError, Structure};
use crate::sae::model::{
    self, Cloud, Error, Field, NamespaceId, SecretData, SecretId, SecretName, SecretSummary,
    SecretType,
};

/// `CreateSecret`.
pub async fn create(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let wanted = CreateSecretRequest::read(&request.take_parameters()).map_err(worded)?;
    let namespace = request.namespace(&wanted.namespace_id.unwrap_or_default())?;
    let name = SecretName::parse(&wanted.secret_name.unwrap_or_default())?;
    request.note_secret(None, Some(name.as_str()));
    let draft = match SecretType::parse(&wanted.secret_type.unwrap_or_default()) {
        Ok(secret_type) => {
            let data = read_data(&request, wanted.secret_data).await?;
            data.map(|data| (secret_type, data))
        }
        Err(error) => Err(error),
    };
    let Call { now, request_id, .. } = request.call;
    let service = &request.sae.service;
    let id = service.create_secret(*now, request_id, namespace, name, draft).await?;
    request.note_secret(Some(id), None);
    only_id(id)
}

/// `UpdateSecret`.
pub async fn update(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let wanted = UpdateSecretRequest::read(&request.take_parameters()).map_err(worded)?;
    let namespace = request.namespace(&wanted.namespace_id.unwrap_or_default())?;
    let id = SecretId::parse(&wanted.secret_id.unwrap_or_default())?;
    request.note_secret(Some(id), None);
    let data = read_data(&request, wanted.secret_data).await?;
    let Call { now, request_id, .. } = request.call;
    let service = &request.sae.service;
    let updated = service.update_secret(*now, request_id, namespace, id, data).await?;
    request.note_secret(None, Some(&updated.name));
    only_id(updated.id)
}

/// `DescribeSecret`.
pub async fn describe(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let (namespace, id) = one_secret(&mut request)?;
    let service = &request.sae.service;
    let (secret, data) = service.describe_secret(namespace, id).await?;
    request.note_secret(None, Some(&secret.name));
    Answer::data(&SecretBody::new(&service.cloud, &secret, Some(&data)))
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
    let service = &request.sae.service;
    let secrets = service.list_secrets(namespace).await?;
    let bodies = secrets.iter().map(|secret| SecretBody::new(&service.cloud, secret, None));
    Answer::data(&json!({ "Secrets": bodies.collect::<Vec<_>>() }))
}

fn one_secret(request: &mut Request<'_>) -> Result<(NamespaceId, SecretId), ApiError> {
    let wanted = OneSecretRequest::read(&request.take_parameters()).map_err(worded)?;
    let namespace = request.namespace(&wanted.namespace_id.unwrap_or_default())?;
    let id = SecretId::parse(&wanted.secret_id.unwrap_or_default())?;
    request.note_secret(Some(id), None);
    Ok((namespace, id))
}

/// The keys and values; or what is wrong with them, which is reported only after the checks that come first.
async fn read_data(
    request: &Request<'_>,
    data: Option<Structure>,
) -> Result<model::Result<SecretData>, ApiError> {
    let Some(data) = data else {
        return Ok(Err(Error::Missing(Field::SecretData)));
    };
    let bodies = &request.call.exchange.bodies;
    bodies.work_on(data.length(), move || normalise(data)).await.ok_or_else(unfinished)
}

fn only_id(id: SecretId) -> Result<Answer, ApiError> {
    Answer::data(&json!({ "SecretId": id.get() }))
}

/// `Data` of `DescribeSecret`; without the values, one of `ListSecrets`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SecretBody<'a> {
    namespace_id: String,
    secret_id: i64,
    secret_name: &'a str,
    secret_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_data: Option<Values<'a>>,
    relate_apps: Value,
    create_time: i64,
    update_time: i64,
}

/// Keys and values, as a JSON object.
struct Values<'a>(&'a SecretData);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value.expose())))
    }
}

impl<'a> SecretBody<'a> {
    fn new(cloud: &Cloud, secret: &'a SecretSummary, data: Option<&'a SecretData>) -> Self {
        let applications = cloud
            .applications_using(secret)
            .map(|application| json!({ "AppName": application.name, "AppId": application.id }));
        Self {
            namespace_id: secret.namespace.to_string(),
            secret_id: secret.id.get(),
            secret_name: &secret.name,
            secret_type: secret.secret_type.as_str(),
            secret_data: data.map(Values),
            relate_apps: applications.collect(),
            create_time: secret.created.0,
            update_time: secret.updated.0,
        }
    }
}
