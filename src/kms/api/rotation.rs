//! The handlers of rotation.

use serde::Serialize;

use super::{
    errors::Fault,
    request::{Handled, Request},
    secrets::{interval, only_name},
};
use crate::{
    kms::{
        model::{Field, Interval, VersionId},
        service::{RotateSecret, UpdateSecretRotationPolicy},
    },
    pop,
};

/// `RotateSecret`.
pub async fn rotate(request: Request<'_>) -> Handled {
    let secret = request.secret()?;
    let version = VersionId::parse(&request.required("VersionId")?, Field::VersionId)?;
    let context = request.context.clone();
    let wanted = RotateSecret { secret, version };
    let rotated = request.service.rotate_secret(context, wanted).await?;
    request.answer(&RotatedBody {
        arn: rotated.secret.arn(),
        secret_name: rotated.secret.name.as_str(),
        version_id: rotated.version.as_str(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RotatedBody<'a> {
    arn: String,
    secret_name: &'a str,
    version_id: &'a str,
}

/// `UpdateSecretRotationPolicy`.
pub async fn update_policy(request: Request<'_>) -> Handled {
    let secret = request.secret()?;
    let is_on = request.flag("EnableAutomaticRotation")?;
    let is_on = is_on.ok_or(Fault::Parameter(pop::Fault::Absent("EnableAutomaticRotation")))?;
    let mut interval = interval(&request, is_on)?;
    if request.service.cloud.is_strict {
        interval = interval.map(Interval::of_a_week_at_least).transpose()?;
    }
    let context = request.context.clone();
    let wanted = UpdateSecretRotationPolicy { secret, interval };
    let secret = request.service.update_secret_rotation_policy(context, wanted).await?;
    only_name(&request, &secret)
}
