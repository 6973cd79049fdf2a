//! The secrets of an account in a region.

use crate::kms::{
    model::{Filters, Kind, Page, Result, SecretFilter, SecretSummary},
    service::{Context, Service},
};

/// The tags of a secret: keys with their values.
type TagPairs = Vec<(String, String)>;

/// Which secrets to list.
#[derive(Debug, Clone)]
pub struct ListSecrets {
    pub page: Page,
    pub filters: Filters<SecretFilter>,
    /// Whether to tell their tags.
    pub with_tags: bool,
}

/// The secrets of one page, the newest first.
pub struct ListedSecrets {
    /// With their tags, by key, if those were asked for.
    pub secrets: Vec<(SecretSummary, Option<TagPairs>)>,
    /// How many there are in all, as far as the reply's number can tell.
    pub total: u32,
}

impl Service {
    /// Lists secrets, those that are planned to be deleted among them.
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::kms::model::Error::Forbidden).
    pub async fn list_secrets(
        &self,
        context: Context,
        wanted: ListSecrets,
    ) -> Result<ListedSecrets> {
        context.rights.check("kms:ListSecrets", &context.scope.container(Kind::Secret))?;
        self.store
            .read(move |tx| {
                let Context { scope, now, .. } = &context;
                let (listed, total) =
                    tx.list_kms_secrets(scope, &wanted.filters, wanted.page, *now)?;
                let mut tags = if wanted.with_tags {
                    let ids: Vec<i64> = listed.iter().map(|secret| secret.id).collect();
                    Some(tx.kms_tags_of(scope, Kind::Secret, &ids)?)
                } else {
                    None
                };
                let secrets = listed.into_iter().map(|secret| {
                    let tags =
                        tags.as_mut().map(|known| known.remove(&secret.id).unwrap_or_default());
                    (secret, tags)
                });
                let total = u32::try_from(total).unwrap_or(u32::MAX).min(i32::MAX.unsigned_abs());
                Ok(ListedSecrets { secrets: secrets.collect(), total })
            })
            .await
    }
}
