//! The handler of the list of secrets.

use serde::Serialize;

use super::{
    reply::Time,
    request::{Handled, Request},
    secrets::TagBodies,
};
use crate::kms::{
    model::{Filters, Page},
    service::ListSecrets,
};

/// `ListSecrets`.
pub async fn secrets(request: Request<'_>) -> Handled {
    let with_tags = request.flag("FetchTags")?.unwrap_or(false);
    let page = request.page(Page::SIZE)?;
    let filters = request.text("Filters")?;
    let filters = filters.map_or(Ok(Filters::default()), |text| Filters::parse(&text))?;
    let wanted = ListSecrets { page, filters, with_tags };
    let listed = request.service.list_secrets(request.context.clone(), wanted).await?;
    let secrets = listed.secrets.iter().map(|(secret, tags)| SecretBody {
        secret_name: secret.name.as_str(),
        secret_type: secret.secret_type.as_str(),
        create_time: Time(secret.created),
        update_time: Time(secret.updated),
        planned_delete_time: secret.delete_at.map(Time),
        tags: tags.as_deref().map(TagBodies::of),
    });
    request.answer(&SecretsBody {
        secret_list: SecretList { secret: secrets.collect() },
        page_number: page.number,
        page_size: page.size,
        total_count: listed.total,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SecretsBody<'a> {
    secret_list: SecretList<'a>,
    page_number: u32,
    page_size: u32,
    total_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SecretList<'a> {
    secret: Vec<SecretBody<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SecretBody<'a> {
    secret_name: &'a str,
    secret_type: &'static str,
    create_time: Time,
    update_time: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_delete_time: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<TagBodies<'a>>,
}
