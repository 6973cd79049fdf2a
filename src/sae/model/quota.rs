//! How much an account may keep.

use std::collections::HashMap;

use serde::Deserialize;

use super::NamespaceId;

/// The account's quotas. SAE documents the error codes and not the numbers; the defaults are this product's
/// choice: 100 namespaces, 100 secrets a namespace, 100 keys a secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// How many namespaces an account may have, the default ones not counted.
    pub namespaces: u32,
    /// How many secrets a namespace may have.
    pub secrets_per_namespace: u32,
    /// How many keys a secret may have.
    pub keys_per_secret: u32,
    /// What differs in single namespaces.
    #[serde(skip)]
    pub overrides: HashMap<NamespaceId, NamespaceQuotas>,
}

/// The quotas of one namespace where they differ from the account's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NamespaceQuotas {
    pub secrets_per_namespace: Option<u32>,
    pub keys_per_secret: Option<u32>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            namespaces: 100,
            secrets_per_namespace: 100,
            keys_per_secret: 100,
            overrides: HashMap::new(),
        }
    }
}

impl Quotas {
    /// How many secrets this namespace may have.
    pub(crate) fn secrets_in(&self, namespace: &NamespaceId) -> u32 {
        let own = self.overrides.get(namespace).and_then(|quotas| quotas.secrets_per_namespace);
        own.unwrap_or(self.secrets_per_namespace)
    }

    /// How many keys a secret of this namespace may have.
    pub(crate) fn keys_in(&self, namespace: &NamespaceId) -> u32 {
        let own = self.overrides.get(namespace).and_then(|quotas| quotas.keys_per_secret);
        own.unwrap_or(self.keys_per_secret)
    }
}
