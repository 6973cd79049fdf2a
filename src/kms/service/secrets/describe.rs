//! What a secret and its versions are, without their values.

use crate::kms::{
    model::{Kind, Page, Result, Secret, SecretRef, Version},
    service::{Context, Service},
};

/// A secret, with its tags if they were asked for.
pub struct Described {
    pub secret: Secret,
    pub tags: Option<Vec<(String, String)>>,
}

/// Some of a secret's versions, the newest first.
pub struct ListedVersions {
    pub secret: Secret,
    pub versions: Vec<Version>,
    /// How many there are in all.
    pub total: usize,
}

impl Service {
    /// A secret, also one that is planned to be deleted.
    pub async fn describe_secret(
        &self,
        context: Context,
        named: SecretRef,
        with_tags: bool,
    ) -> Result<Described> {
        self.store
            .read_briefly(move |tx| {
                let secret = context.secret(tx, "kms:DescribeSecret", &named)?;
                let tags = if with_tags {
                    Some(tx.kms_tags(&secret.scope, Kind::Secret, secret.id)?)
                } else {
                    None
                };
                Ok(Described { secret, tags })
            })
            .await
    }

    /// The versions of a secret on one page; those without a stage only if they are asked for.
    pub async fn list_secret_version_ids(
        &self,
        context: Context,
        named: SecretRef,
        with_deprecated: bool,
        page: Page,
    ) -> Result<ListedVersions> {
        self.store
            .read_briefly(move |tx| {
                let secret = context.secret(tx, "kms:ListSecretVersionIds", &named)?;
                let versions = tx.kms_versions(&secret)?;
                let is_listed = |version: &&Version| with_deprecated || !version.stages.is_empty();
                let listed: Vec<_> = versions.iter().rev().filter(is_listed).collect();
                let total = listed.len();
                let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
                let versions = listed.into_iter().skip(offset).take(page.size as usize);
                Ok(ListedVersions { secret, versions: versions.cloned().collect(), total })
            })
            .await
    }
}
