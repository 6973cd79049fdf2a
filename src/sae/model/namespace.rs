//! Namespaces: their ids, names and descriptions.

use std::fmt;

use super::{Error, Field, Result};
use crate::{clock::Timestamp, region::RegionId, text::is_storable_text};

/// How long the logical part of a namespace id may be, in characters. Source: the error text of
/// `InvalidNamespaceId.Format`.
const LOGICAL_ID_MAX: usize = 32;

/// How long a short namespace id may be, in characters. Source: the parameter table of `CreateNamespace`.
const SHORT_ID_MAX: usize = 20;

/// How long a namespace's name may be, in characters. The parameter text says 64 and the error text 63: the
/// wider one is used, so that nothing the service takes is refused.
const NAME_MAX: usize = 64;

/// How long a namespace's description may be, in characters. Source: the parameter table of `CreateNamespace`.
const DESCRIPTION_MAX: usize = 100;

/// A namespace's id: `<region>:<logical id>`, or the bare region id for a region's default namespace.
/// Source: the parameter tables of the namespace operations.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamespaceId {
    region: RegionId,
    logical: Option<String>,
}

impl NamespaceId {
    /// The default namespace of a region.
    pub(crate) fn default_of(region: RegionId) -> Self {
        Self { region, logical: None }
    }

    /// The namespace that a secret operation names: a bare region id or `<region>:<logical id>`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the text is neither; whether the namespace exists is for the store to say.
    pub fn parse(text: &str) -> Result<Self> {
        let malformed = |_| Error::Malformed(Field::NamespaceId);
        Self::parse_with(text, RegionId::parse).map_err(malformed)
    }

    /// The namespace that a namespace operation names: one of the `served` regions for its default namespace, or
    /// `<region>:<logical id>` in one of them.
    pub(crate) fn parse_served(text: &str, served: &[RegionId]) -> Result<Self> {
        let find = |region: &str| served.iter().find(|known| known.as_str() == region).cloned();
        Self::parse_with(text, find)
    }

    fn parse_with(text: &str, region: impl FnOnce(&str) -> Option<RegionId>) -> Result<Self> {
        let (name, logical) = match text.split_once(':') {
            Some((name, logical)) => (name, Some(logical)),
            None => (text, None),
        };
        let region = region(name).ok_or(Error::NamespaceIdFormat)?;
        logical.map_or(Ok(()), |logical| check_logical(logical, LOGICAL_ID_MAX))?;
        Ok(Self { region, logical: logical.map(str::to_owned) })
    }

    /// The namespace of a short id in a region.
    ///
    /// # Errors
    /// As [`NamespaceId::parse_served`]; a short id has at most 20 characters.
    pub(crate) fn from_short(short: &str, region: RegionId) -> Result<Self> {
        check_logical(short, SHORT_ID_MAX)?;
        Ok(Self { region, logical: Some(short.to_owned()) })
    }

    pub(crate) fn region(&self) -> &RegionId {
        &self.region
    }

    /// The logical part of the id; empty for a default namespace.
    #[must_use]
    pub fn short(&self) -> &str {
        self.logical.as_deref().unwrap_or_default()
    }

    /// Whether this is its region's default namespace.
    pub(crate) fn is_default(&self) -> bool {
        self.logical.is_none()
    }
}

fn check_logical(logical: &str, max: usize) -> Result<()> {
    if logical.is_empty() || logical.chars().count() > max {
        return Err(Error::NamespaceIdFormat);
    }
    if !logical.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(Error::NamespaceIdSuffix);
    }
    if logical.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(Error::NamespaceIdUppercase);
    }
    Ok(())
}

impl fmt::Display for NamespaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.logical {
            Some(logical) => write!(f, "{}:{logical}", self.region),
            None => self.region.fmt(f),
        }
    }
}

/// A namespace's display name: 1 to 64 characters that every reply format can carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceName(String);

impl NamespaceName {
    /// The name, if it follows the rule.
    pub fn parse(text: &str) -> Result<Self> {
        let length = text.chars().count();
        if length == 0 || length > NAME_MAX || !is_storable_text(text) {
            return Err(Error::NamespaceNameFormat);
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A namespace's description, if it follows the rule: at most [`DESCRIPTION_MAX`] characters that every reply
/// format can carry.
pub fn parse_description(text: &str) -> Result<String> {
    if text.chars().count() <= DESCRIPTION_MAX && is_storable_text(text) {
        Ok(text.to_owned())
    } else {
        Err(Error::Malformed(Field::NamespaceDescription))
    }
}

/// A namespace as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Never changes.
    pub id: NamespaceId,
    pub name: String,
    /// May be empty.
    pub description: String,
    /// Whether SAE's built-in registry serves the namespace's microservices.
    pub micro_registration: bool,
    pub secret_count: u64,
    pub created: Timestamp,
}
