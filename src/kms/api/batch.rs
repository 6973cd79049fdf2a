//! The handler of several values at once.

use serde::Serialize;

use super::{
    errors::{Fault, answered},
    request::{DENIED_NAMES, Handled, Request, SECRET_NAMES},
    secrets::ValueBody,
};
use crate::kms::{
    model::{BatchEntry, Error, Field, Result, SecretRef, Stage, VersionId},
    service::{GetSecretValue, SecretValue},
};

/// `BatchGetSecretValue`. What is wrong with one of the secrets is told beside the values of the others.
pub async fn get_values(request: Request<'_>) -> Handled {
    let entries = BatchEntry::parse_list(&request.required("SecretsList")?)?;
    let names = |entries: &mut dyn Iterator<Item = &BatchEntry>| -> Vec<String> {
        entries.map(|entry| entry.secret.clone()).collect()
    };
    request.call.note(|outcome| outcome.note_object(SECRET_NAMES, names(&mut entries.iter())));
    let wanted = entries.iter().map(read).collect();
    let context = request.context.clone();
    let found = request.service.batch_get_secret_values(context, wanted).await?;
    let is_denied = |found: &Result<SecretValue>| found.as_ref().is_err_and(Error::is_denial);
    let denied = entries.iter().zip(&found).filter(|(_, found)| is_denied(found));
    let denied = names(&mut denied.map(|(entry, _)| entry));
    if !denied.is_empty() {
        request.call.note(|outcome| {
            outcome.is_permitted = denied.len() < entries.len();
            outcome.note_object(DENIED_NAMES, denied);
        });
    }
    let mut body = BatchBody { secret_values: vec![], errors: vec![] };
    for (entry, found) in entries.iter().zip(&found) {
        match found {
            Ok(value) => body.secret_values.push(ValueBody::new(value, entry.with_config)),
            Err(error) => body.errors.push(error_body(&request, entry, error)),
        }
    }
    request.answer(&body)
}

fn read(entry: &BatchEntry) -> Result<GetSecretValue> {
    let (version, stage) = (entry.version.as_deref(), entry.stage.as_deref());
    Ok(GetSecretValue {
        secret: SecretRef::parse(&entry.secret)?,
        version: version.map(|text| VersionId::parse(text, Field::VersionId)).transpose()?,
        stage: stage.map(|text| Stage::parse(text, Field::VersionStage)).transpose()?,
        is_dry_run: false,
    })
}

/// As `GetSecretValue` would answer.
fn error_body<'a>(request: &Request<'_>, entry: &'a BatchEntry, error: &Error) -> ErrorBody<'a> {
    let caller = &request.context.rights.caller;
    let answer = answered(request.operation, caller, Fault::Product(error.clone()));
    if let Some(cause) = &answer.cause {
        let request_id = request.call.request_id.as_str();
        log::error!(request_id; "{cause}");
    }
    ErrorBody {
        secret_name: &entry.secret,
        code: answer.entry.code,
        message: answer.message,
        http_status: answer.entry.status,
    }
}

/// Plain lists, other than everywhere else (documented).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BatchBody<'a> {
    secret_values: Vec<ValueBody<'a>>,
    errors: Vec<ErrorBody<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorBody<'a> {
    secret_name: &'a str,
    code: &'static str,
    message: String,
    http_status: u16,
}
