//! The emulated cloud as the world file describes it.

use std::collections::BTreeMap;

use super::{
    AliasName, DataType, ExtendedConfig, Instance, InstanceId, InstanceState, Interval,
    KeyDescription, KeySpec, Scope, SecretData, SecretDescription, SecretName, SecretPolicy,
    SecretType, Tags, VersionId,
};
use crate::pop::RegionId;

/// What is there besides secrets and keys, and how much of them there may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cloud {
    /// The account that everything belongs to which no user of another account makes.
    pub account: String,
    /// The served regions; the first is used when a request names none.
    pub regions: Vec<RegionId>,
    /// The account's RAM users, whose access keys secrets may hold.
    pub users: Vec<String>,
    /// The instances by id; `None` where any `kst-…` counts as one.
    pub instances: Option<BTreeMap<InstanceId, Instance>>,
    /// How many secrets an account may have in a region; `None` for any number (no figure is documented).
    pub secret_quota: Option<u32>,
    /// How many keys an account may have in a region.
    pub key_quota: u32,
    /// Whether what only the cloud refuses is refused here as well.
    pub is_strict: bool,
}

impl Default for Cloud {
    /// Without a bound but that of keys: 200 (documented, of the older shared service).
    fn default() -> Self {
        Self {
            account: String::new(),
            regions: vec![],
            users: vec![],
            instances: None,
            secret_quota: None,
            key_quota: 200,
            is_strict: false,
        }
    }
}

impl Cloud {
    /// Whether the account has a RAM user of that name.
    #[must_use]
    pub fn has_user(&self, name: &str) -> bool {
        self.users.iter().any(|known| known == name)
    }

    /// The instance of that id, if there is one.
    #[must_use]
    pub fn instance(&self, id: &InstanceId) -> Option<Instance> {
        match &self.instances {
            Some(known) => known.get(id).copied(),
            None => Some(Instance::OPEN),
        }
    }

    /// The instances that can be used; `None` where each can.
    #[must_use]
    pub fn connected(&self) -> Option<Vec<&str>> {
        let is_connected = |instance: &Instance| instance.state == InstanceState::Connected;
        let known = self.instances.as_ref()?.iter();
        Some(known.filter(|(_, it)| is_connected(it)).map(|(id, _)| id.as_str()).collect())
    }
}

/// A key that must be there at every start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedKey {
    /// Where it is.
    pub scope: Scope,
    /// By which it is known whether it is there.
    pub alias: AliasName,
    /// Which cipher it has.
    pub spec: KeySpec,
    /// What is said of it.
    pub description: KeyDescription,
    /// The instance that it is in.
    pub instance: Option<InstanceId>,
}

/// A secret that must be there at every start.
#[derive(Debug, Clone)]
pub struct SeedSecret {
    /// Where it is.
    pub scope: Scope,
    /// Its name.
    pub name: SecretName,
    /// What it is for.
    pub secret_type: SecretType,
    /// Its first version.
    pub version: VersionId,
    /// The value as a caller would send it.
    pub data: SecretData,
    /// What is said of its data.
    pub data_type: DataType,
    /// What is said of it.
    pub description: Option<SecretDescription>,
    /// The alias of the key that encrypts it.
    pub key: Option<AliasName>,
    /// The instance that it is in.
    pub instance: Option<InstanceId>,
    /// How a managed secret is made.
    pub config: Option<ExtendedConfig>,
    /// How often a managed secret is rotated, if it is so by itself.
    pub rotation: Option<Interval>,
    /// Who else may use it.
    pub policy: Option<SecretPolicy>,
    /// Its tags.
    pub tags: Tags,
}
