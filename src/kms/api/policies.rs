//! The handlers of secrets' policies.

use serde::Serialize;

use super::{
    errors::Fault,
    reply::Nothing,
    request::{Handled, Request},
};
use crate::kms::model::{Error, SecretPolicy};

/// The only policy that a secret has (documented).
const DEFAULT: &str = "default";

/// `SetSecretPolicy`.
pub async fn set(request: Request<'_>) -> Handled {
    let secret = request.secret()?;
    let policy = SecretPolicy::parse(&request.required("Policy")?)?;
    check_name(&request)?;
    request.service.set_secret_policy(request.context.clone(), secret, policy).await?;
    request.answer(&Nothing {})
}

/// `GetSecretPolicy`.
pub async fn get(request: Request<'_>) -> Handled {
    let secret = request.secret()?;
    check_name(&request)?;
    let policy = request.service.get_secret_policy(request.context.clone(), secret).await?;
    request.answer(&PolicyBody { policy: &policy })
}

fn check_name(request: &Request<'_>) -> Result<(), Fault> {
    match request.text("PolicyName")?.as_deref() {
        None | Some(DEFAULT) => Ok(()),
        Some(_) => Err(Error::PolicyNotFound.into()),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyBody<'a> {
    policy: &'a str,
}
