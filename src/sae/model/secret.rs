//! Secrets: their ids, names and types.

use std::fmt;

use uuid::Uuid;

use super::{DockerConfigMode, Error, Field, NamespaceId, Result, SecretData, docker_config, tls};
use crate::clock::Timestamp;

/// How long a secret's name may be, in characters. SAE documents no limit; this is that of a Kubernetes name.
const NAME_MAX: usize = 253;

/// The key that holds the docker configuration of a [`SecretType::DockerConfigJson`].
pub const DOCKER_CONFIG_KEY: &str = ".dockerconfigjson";

/// A secret's number: positive, unique in the whole service, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretId(i64);

impl SecretId {
    /// The id in a decimal text.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the text is not a whole number from 1 to 2^63 - 1 in decimal digits.
    pub fn parse(text: &str) -> Result<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { text.parse::<i64>().ok() } else { None };
        number.and_then(Self::new).ok_or(Error::Malformed(Field::SecretId))
    }

    /// The id of that number; `None` unless it is positive.
    pub fn new(number: i64) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    pub fn get(self) -> i64 {
        self.0
    }
}

/// A secret's identity. Never changes, and no other secret has it, not even one of the same name made later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretUid(Uuid);

impl SecretUid {
    /// The identity that these random bytes make.
    pub(crate) fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The identity in its hyphenated text; `None` for another text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uid = Uuid::try_parse(text).ok()?;
        // The parser takes other spellings too, and a uid has one.
        (uid.hyphenated().to_string() == text).then_some(Self(uid))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for SecretUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Which data of a secret is meant: 1 is what it was made with, each replacement is one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(i64);

impl Version {
    /// The version of a new secret.
    pub const FIRST: Self = Self(1);

    /// The version of that number; `None` unless it is positive.
    pub fn new(number: i64) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    pub fn get(self) -> i64 {
        self.0
    }

    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A secret's name: `^[a-zA-Z][a-zA-Z0-9_-]*$`, at most 253 characters. The parameter's text leaves out the hyphen,
/// its own example and the resource type of Alibaba Cloud's template service have it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SecretName(String);

impl SecretName {
    /// The name, if it follows the rule.
    pub fn parse(text: &str) -> Result<Self> {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let well_formed = text.len() <= NAME_MAX
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(legal);
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Malformed(Field::SecretName))
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a secret is for; decides which keys it must have. Source: the enumeration of the official SDK 2.11.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretType {
    /// Any keys and values.
    Opaque,
    /// The credentials of image registries, in docker's own format.
    DockerConfigJson,
    /// A certificate and its private key.
    Tls,
}

impl SecretType {
    pub(crate) const ALL: [Self; 3] = [Self::Opaque, Self::DockerConfigJson, Self::Tls];

    /// The type of that name; names are case-sensitive.
    pub fn parse(text: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| Error::SecretTypeUnsupported(crate::text::shown(text)))
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Opaque => "Opaque",
            Self::DockerConfigJson => "kubernetes.io/dockerconfigjson",
            Self::Tls => "kubernetes.io/tls",
        }
    }

    /// Whether this data may stand in a secret of this type. `secret` is the secret's name, for the error's text. Source of
    /// the required keys: the Kubernetes secret types of the same names.
    ///
    /// # Errors
    /// [`Error::SecretKeyMissing`] for the first required key that is absent; [`Error::SecretKeyInvalid`] when the content
    /// of a required key breaks the type's rule.
    pub(crate) fn check(
        self,
        data: &SecretData,
        secret: &str,
        mode: DockerConfigMode,
    ) -> Result<()> {
        let required = |key: &'static str| {
            data.get(key).ok_or_else(|| Error::SecretKeyMissing(key, secret.to_owned()))
        };
        match self {
            Self::Opaque => Ok(()),
            Self::DockerConfigJson => {
                docker_config::check(required(DOCKER_CONFIG_KEY)?.expose(), mode)
                    .map_err(|reason| Error::SecretKeyInvalid(DOCKER_CONFIG_KEY, reason))
            }
            Self::Tls => {
                let (certificate, key) = (required(tls::CERTIFICATE)?, required(tls::KEY)?);
                tls::check(certificate.expose(), key.expose())
            }
        }
    }
}

/// A secret without its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSummary {
    pub id: SecretId,
    pub uid: SecretUid,
    pub namespace: NamespaceId,
    /// Unique in the namespace.
    pub name: String,
    /// Never changes.
    pub secret_type: SecretType,
    pub version: Version,
    pub created: Timestamp,
    /// When its data was last replaced.
    pub updated: Timestamp,
}
