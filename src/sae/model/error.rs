//! What can go wrong, by meaning. Each API answers every variant in one exhaustive `match`.

/// The result of everything that stands on the domain.
pub type Result<T> = std::result::Result<T, Error>;

/// The part of a command that an error is about. An API says how the field is called on its wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The namespace that a command works in.
    NamespaceId,
    /// A namespace's description.
    NamespaceDescription,
    /// A secret's number.
    SecretId,
    /// A secret's name.
    SecretName,
    /// A secret's map of keys and values.
    SecretData,
}

/// What went wrong. Texts and reasons name keys and places; they never contain a secret's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A field that the command needs is absent or empty.
    #[error("{0:?} is missing")]
    Missing(Field),
    /// A field does not follow its syntax.
    #[error("{0:?} is malformed")]
    Malformed(Field),
    /// A field is well formed and still not acceptable, for this reason.
    #[error("{0:?} is not acceptable: {1}")]
    Invalid(Field, String),
    /// The content of a key breaks the rule of the secret's type, for this reason.
    #[error("the key {0:?} is not acceptable: {1}")]
    SecretKeyInvalid(&'static str, String),
    /// No namespace of that id exists.
    #[error("the namespace does not exist")]
    NamespaceNotFound,
    /// A namespace of that id exists already.
    #[error("the namespace exists already")]
    NamespaceExists,
    /// The id is not of the form `<region>:<logical id>`, names a region that is not served, or is too long.
    #[error("the namespace id is not <region>:<logical id>")]
    NamespaceIdFormat,
    /// The logical part of the id holds something else than letters and digits.
    #[error("the namespace id's logical part may hold letters and digits only")]
    NamespaceIdSuffix,
    /// The logical part of the id holds an upper-case letter.
    #[error("the namespace id's logical part holds an upper-case letter")]
    NamespaceIdUppercase,
    /// The namespace's name is too long or holds characters that cannot be kept.
    #[error("the namespace name is not acceptable")]
    NamespaceNameFormat,
    /// The account has as many namespaces as its quota.
    #[error("the account may have no more than {0} namespaces")]
    TooManyNamespaces(u32),
    /// Applications run in the namespace.
    #[error("applications run in the namespace")]
    NamespaceHasApplications,
    /// Clusters stand in the namespace.
    #[error("clusters stand in the namespace")]
    NamespaceHasClusters,
    /// The platform is being upgraded and takes no changes of namespaces.
    #[error("the platform is being upgraded")]
    Upgrading,
    /// The secret's type is none of the supported ones.
    #[error("the secret type {0:?} is not supported")]
    SecretTypeUnsupported(String),
    /// A key that the secret's type requires is missing from its data: the key, and the secret's name.
    #[error("the key {0:?} is missing from the secret {1:?}")]
    SecretKeyMissing(&'static str, String),
    /// The namespace has a secret of that name.
    #[error("the namespace has a secret named {0:?}")]
    SecretExists(String),
    /// The namespace has no secret of that id.
    #[error("the namespace has no secret {0}")]
    SecretNotFound(i64),
    /// The namespace has as many secrets as its quota.
    #[error("the namespace may have no more than {0} secrets")]
    TooManySecrets(u32),
    /// The data has more keys than the quota of a secret.
    #[error("a secret may have no more than {0} keys")]
    TooManyKeys(u32),
    /// What is stored of the secret of that id does not open, for this reason: it was changed, or belongs to another place.
    #[error("the secret {0} does not open: {1}")]
    Damaged(i64, String),
    /// The store cannot answer now, as it says. Never used for "there is no such thing".
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

impl Error {
    /// An [`Error::Invalid`] with its reason.
    pub fn invalid(field: Field, reason: impl Into<String>) -> Self {
        Self::Invalid(field, reason.into())
    }

    /// An [`Error::Unavailable`] with what the store said.
    pub fn unavailable(cause: impl std::fmt::Display) -> Self {
        Self::Unavailable(cause.to_string())
    }
}
