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

/// What went wrong. Texts never contain a secret's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A field that the command needs is absent or empty.
    #[error("{field:?} is missing")]
    Missing {
        /// The absent field.
        field: Field,
    },
    /// A field does not follow its syntax.
    #[error("{field:?} is malformed")]
    Malformed {
        /// The field with the wrong syntax.
        field: Field,
    },
    /// A field is well formed and still not acceptable.
    #[error("{field:?} is not acceptable: {reason}")]
    Invalid {
        /// The refused field.
        field: Field,
        /// Why it is refused; names keys and places, never values.
        reason: String,
    },
    /// The content of a key breaks the rule of the secret's type.
    #[error("the key {key:?} is not acceptable: {reason}")]
    SecretKeyInvalid {
        /// The key that the type requires.
        key: &'static str,
        /// Why its content is refused; names places, never values.
        reason: String,
    },
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
    /// The account has as many namespaces as it may have.
    #[error("the account may have no more than {quota} namespaces")]
    TooManyNamespaces {
        /// How many namespaces the account may have.
        quota: u32,
    },
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
    #[error("the secret type {given:?} is not supported")]
    SecretTypeUnsupported {
        /// What was asked for.
        given: String,
    },
    /// A key that the secret's type requires is missing from its data.
    #[error("the key {key:?} is missing from the secret {secret:?}")]
    SecretKeyMissing {
        /// The key that the type requires.
        key: &'static str,
        /// The secret's name.
        secret: String,
    },
    /// The namespace has a secret of that name.
    #[error("the namespace has a secret named {name:?}")]
    SecretExists {
        /// The name that is taken.
        name: String,
    },
    /// The namespace has no secret of that id.
    #[error("the namespace has no secret {id}")]
    SecretNotFound {
        /// The id that was asked for.
        id: i64,
    },
    /// The namespace has as many secrets as it may have.
    #[error("the namespace may have no more than {quota} secrets")]
    TooManySecrets {
        /// How many secrets the namespace may have.
        quota: u32,
    },
    /// The data has more keys than a secret may have.
    #[error("a secret may have no more than {quota} keys")]
    TooManyKeys {
        /// How many keys a secret may have.
        quota: u32,
    },
    /// What is stored of a secret does not open: it was changed, or belongs to another place.
    #[error("the secret {id} does not open: {cause}")]
    Damaged {
        /// The secret.
        id: i64,
        /// What is wrong, for the log only; shows nothing of the value.
        cause: String,
    },
    /// The store cannot answer now. Never used for "there is no such thing".
    #[error("the store is unavailable: {cause}")]
    Unavailable {
        /// What the store said, for the log only.
        cause: String,
    },
}

impl Error {
    /// An [`Error::Invalid`] with its reason.
    pub fn invalid(field: Field, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }

    /// An [`Error::Unavailable`] with what the store said.
    pub fn unavailable(cause: impl std::fmt::Display) -> Self {
        Self::Unavailable { cause: cause.to_string() }
    }
}
