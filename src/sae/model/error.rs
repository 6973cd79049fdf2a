//! What can go wrong, by meaning. Each API answers every variant in one exhaustive `match`.

/// The result of everything that stands on the domain.
pub type Result<T> = std::result::Result<T, Error>;

/// The part of a command that an error is about. An API says how the field is called on its wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    NamespaceId,
    NamespaceDescription,
    SecretId,
    SecretName,
    SecretData,
}

/// What went wrong. Texts and reasons name keys and places; they never contain a secret's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A field is absent or empty.
    #[error("{0:?} is missing")]
    Missing(Field),
    #[error("{0:?} is malformed")]
    Malformed(Field),
    #[error("SecretData is not acceptable: {0}")]
    SecretDataInvalid(String),
    /// The content of a key breaks the rule of the secret's type, for this reason.
    #[error("the key {0:?} is not acceptable: {1}")]
    SecretKeyInvalid(&'static str, String),
    #[error("the namespace does not exist")]
    NamespaceNotFound,
    #[error("the namespace exists already")]
    NamespaceExists,
    /// Also for a region that is not served, and for an id that is too long.
    #[error("the namespace id is not <region>:<logical id>")]
    NamespaceIdFormat,
    #[error("the namespace id's logical part may hold letters and digits only")]
    NamespaceIdSuffix,
    #[error("the namespace id's logical part holds an upper-case letter")]
    NamespaceIdUppercase,
    /// It is too long or holds characters that cannot be kept.
    #[error("the namespace name is not acceptable")]
    NamespaceNameFormat,
    #[error("the account may have no more than {0} namespaces")]
    TooManyNamespaces(u32),
    #[error("applications run in the namespace")]
    NamespaceHasApplications,
    #[error("clusters stand in the namespace")]
    NamespaceHasClusters,
    /// It takes no changes of namespaces meanwhile.
    #[error("the platform is being upgraded")]
    Upgrading,
    #[error("the secret type {0:?} is not supported")]
    SecretTypeUnsupported(String),
    /// A key that the secret's type requires, and the secret's name.
    #[error("the key {0:?} is missing from the secret {1:?}")]
    SecretKeyMissing(&'static str, String),
    #[error("the namespace has a secret named {0:?}")]
    SecretExists(String),
    #[error("the namespace has no secret {0}")]
    SecretNotFound(i64),
    #[error("the namespace may have no more than {0} secrets")]
    TooManySecrets(u32),
    #[error("a secret may have no more than {0} keys")]
    TooManyKeys(u32),
    /// What is stored of it was changed, or belongs to another place.
    #[error("the secret {0} does not open: {1}")]
    Damaged(i64, String),
    /// The store cannot answer now, as it says. Never used for "there is no such thing".
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

impl Error {
    /// An [`Error::Unavailable`] with what the store said.
    pub fn unavailable(cause: impl std::fmt::Display) -> Self {
        Self::Unavailable(cause.to_string())
    }
}
