//! The handlers of secrets.

use serde_json::{Map, Value, json};

use super::{
    codes::ApiError,
    gateway::{Request, unfinished},
    reply::Answer,
    requests::{CreateSecretRequest, ListSecretsRequest, OneSecretRequest, UpdateSecretRequest},
    secret_data::RawSecretData,
};
use crate::{
    domain::{
        self, Application, Error, Field, NamespaceId, SecretData, SecretId, SecretName, SecretType,
    },
    service::secrets::{CreateSecret, Draft, ListedSecret, UpdateSecret},
};

/// `CreateSecret`.
pub async fn create(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let wanted = CreateSecretRequest::read(&request.take_parameters())?;
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
    let id = request.sae.service.create_secret(&request.context, command).await?;
    request.note_secret(Some(id), None);
    Ok(only_id(id))
}

/// `UpdateSecret`.
pub async fn update(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let wanted = UpdateSecretRequest::read(&request.take_parameters())?;
    let namespace = request.namespace(&wanted.namespace_id.unwrap_or_default())?;
    let id = SecretId::parse(&wanted.secret_id.unwrap_or_default())?;
    request.note_secret(Some(id), None);
    let data = normalise(&request, wanted.secret_data).await?;
    let command = UpdateSecret { namespace, id, data };
    let updated = request.sae.service.update_secret(&request.context, command).await?;
    request.note_secret(None, Some(&updated.name));
    Ok(only_id(updated.id))
}

/// `DescribeSecret`.
pub async fn describe(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let (namespace, id) = one_secret(&mut request)?;
    let secret = request.sae.service.describe_secret(&request.context, namespace, id).await?;
    request.note_secret(None, Some(&secret.listed.summary.name));
    let pairs = secret.data.iter();
    let data: Map<String, Value> =
        pairs.map(|(key, value)| (key.as_str().to_owned(), value.expose().into())).collect();
    Ok(Answer::Data(secret_body(&secret.listed, Some(data))))
}

/// `DeleteSecret`.
pub async fn delete(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let (namespace, id) = one_secret(&mut request)?;
    let deleted = request.sae.service.delete_secret(&request.context, namespace, id).await?;
    request.note_secret(None, Some(&deleted.name));
    Ok(only_id(deleted.id))
}

/// `ListSecrets`.
pub async fn list(mut request: Request<'_>) -> Result<Answer, ApiError> {
    let wanted = ListSecretsRequest::read(&request.take_parameters())?;
    let namespace = request.namespace(&wanted.namespace_id.unwrap_or_default())?;
    let secrets = request.sae.service.list_secrets(&request.context, namespace).await?;
    let secrets: Vec<Value> = secrets.iter().map(|secret| secret_body(secret, None)).collect();
    Ok(Answer::Data(json!({ "Secrets": secrets })))
}

fn one_secret(request: &mut Request<'_>) -> Result<(NamespaceId, SecretId), ApiError> {
    let wanted = OneSecretRequest::read(&request.take_parameters())?;
    let namespace = request.namespace(&wanted.namespace_id.unwrap_or_default())?;
    let id = SecretId::parse(&wanted.secret_id.unwrap_or_default())?;
    request.note_secret(Some(id), None);
    Ok((namespace, id))
}

/// The keys and values; or what is wrong with them, which is said only after what comes first has been looked at.
async fn normalise(
    request: &Request<'_>,
    data: Option<RawSecretData>,
) -> Result<domain::Result<SecretData>, ApiError> {
    let Some(data) = data else {
        return Ok(Err(Error::Missing { field: Field::SecretData }));
    };
    let bodies = &request.sae.bodies;
    bodies.work_on(data.length(), move || data.normalise()).await.ok_or_else(unfinished)
}

fn only_id(id: SecretId) -> Answer {
    Answer::Data(json!({ "SecretId": id.get() }))
}

fn secret_body(secret: &ListedSecret, data: Option<Map<String, Value>>) -> Value {
    let summary = &secret.summary;
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("NamespaceId", summary.namespace.to_string().into());
    put("SecretId", summary.id.get().into());
    put("SecretName", summary.name.as_str().into());
    put("SecretType", summary.secret_type.as_str().into());
    if let Some(data) = data {
        put("SecretData", data.into());
    }
    put("RelateApps", secret.applications.iter().map(application).collect());
    put("CreateTime", summary.created.0.into());
    put("UpdateTime", summary.updated.0.into());
    Value::Object(body)
}

fn application(application: &Application) -> Value {
    json!({ "AppName": application.name, "AppId": application.id })
}
