//! The emulated cloud around the secrets: what its owner decides and the API only shows.

use std::collections::HashMap;

use super::{
    DOCUMENTED_REGIONS, DockerConfigMode, NamespaceId, NamespaceName, Quotas, SecretData,
    SecretName, SecretSummary, SecretType,
};
use crate::region::RegionId;

/// The emulated cloud.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// The account's number.
    pub account: String,
    /// The regions that are served; the first is used where a request names none. Never empty.
    pub regions: Vec<RegionId>,
    /// The account's quotas.
    pub quotas: Quotas,
    /// The applications that run in each namespace.
    pub applications: HashMap<NamespaceId, Vec<Application>>,
    /// The clusters that stand in each namespace.
    pub clusters: HashMap<NamespaceId, Vec<String>>,
    /// Whether the platform is being upgraded: then namespaces cannot be made, changed or deleted.
    pub upgrading: bool,
    /// How closely the content of a docker configuration is checked.
    pub docker_config: DockerConfigMode,
}

/// An application that runs in a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// A UUID on the real platform.
    pub id: String,
    pub name: String,
    /// The names of the secrets that it uses.
    pub secrets: Vec<String>,
}

impl Default for Cloud {
    fn default() -> Self {
        Self {
            account: "1000000000000001".to_owned(),
            regions: DOCUMENTED_REGIONS.iter().filter_map(|(id, _)| RegionId::parse(id)).collect(),
            quotas: Quotas::default(),
            applications: HashMap::new(),
            clusters: HashMap::new(),
            upgrading: false,
            docker_config: DockerConfigMode::Strict,
        }
    }
}

impl Cloud {
    pub(crate) fn applications_in(&self, namespace: &NamespaceId) -> &[Application] {
        self.applications.get(namespace).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn applications_using(
        &self,
        secret: &SecretSummary,
    ) -> impl Iterator<Item = &Application> {
        let applications = self.applications_in(&secret.namespace).iter();
        applications.filter(|application| application.secrets.contains(&secret.name))
    }

    pub(crate) fn has_clusters(&self, namespace: &NamespaceId) -> bool {
        self.clusters.get(namespace).is_some_and(|clusters| !clusters.is_empty())
    }

    /// The resource that operations in a region are authorised on: all that the account has there. SAE's pages document
    /// no narrower one for secrets and namespaces, and grant `acs:sae:REGION:*:*`.
    pub(crate) fn ram_resource(&self, region: &RegionId) -> String {
        format!("acs:sae:{region}:{}:*", self.account)
    }
}

/// A secret that is to be made where it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedSecret {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: SecretName,
    /// Its type, whose rule its data follows.
    pub secret_type: SecretType,
    /// Its keys and values.
    pub data: SecretData,
}

/// A namespace that is to be made where it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedNamespace {
    /// Its id.
    pub id: NamespaceId,
    /// Its display name.
    pub name: NamespaceName,
    /// Its description.
    pub description: String,
}
