//! What can go wrong, by meaning. The API answers every variant in one exhaustive `match`.

use std::{borrow::Cow, fmt};

use super::KeyState;
use crate::access::Denied;

/// The result of everything that stands on the domain.
pub type Result<T> = std::result::Result<T, Error>;

/// The part of a command that an error is about. The API says how it is called on its wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    AliasName,
    CiphertextBlob,
    CustomData,
    Description,
    EnableAutomaticRotation,
    EncryptionContext,
    EncryptionKey,
    ExcludedCharacters,
    ExtendedConfig,
    Filters,
    Instance,
    KeyId,
    KeySpec,
    KeyUsage,
    MoveToVersion,
    NextToken,
    NumberOfBytes,
    Origin,
    PageNumber,
    PageSize,
    PasswordLength,
    PendingWindow,
    Plaintext,
    Policy,
    ProtectionLevel,
    RecoveryWindow,
    RemoveFromVersion,
    ResourceIds,
    ResourceType,
    RotationInterval,
    SecretData,
    SecretDataType,
    SecretName,
    SecretType,
    SecretsList,
    /// `Tag.N.Key` and `Tag.N.Value`.
    TagMembers,
    /// `TagKey.N`.
    TagKeyMembers,
    TagKeys,
    Tags,
    VersionId,
    VersionStage,
    VersionStages,
}

/// What went wrong. Reasons name rules and places; they never contain a secret's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A field is absent or empty.
    #[error("{0:?} is missing")]
    Missing(Field),
    /// A field breaks a rule; the text tells which, such as `has more than 64 characters`.
    #[error("{0:?} {1}")]
    Invalid(Field, Cow<'static, str>),
    /// The secret, its version or its stage does not exist, or its window to be restored is over.
    #[error("the secret or its version does not exist")]
    SecretNotFound,
    /// A secret is to be encrypted by a key that does not exist.
    #[error("the key that is to encrypt the secret does not exist")]
    EncryptionKeyNotFound,
    /// The RAM user whose keys a secret is to hold does not exist.
    #[error("the RAM user does not exist")]
    UserNotFound,
    /// A secret has only the policy `default`.
    #[error("a secret has no other policy than its default one")]
    PolicyNotFound,
    #[error("the key does not exist")]
    KeyNotFound,
    #[error("the alias does not exist")]
    AliasNotFound,
    #[error("the alias exists already")]
    AliasExists,
    /// One of the resources to be tagged does not exist.
    #[error("a resource does not exist")]
    ResourceIdNotFound,
    #[error("the instance does not exist")]
    InstanceNotFound,
    #[error("the instance is not connected")]
    InstanceNotConnected,
    #[error("a secret of that name exists")]
    SecretExists,
    /// The version's id was used for other data.
    #[error("the version exists with other data")]
    VersionExists,
    /// The secret is to be deleted, and its name is not free until then.
    #[error("the secret is planned to be deleted")]
    SecretPlannedToBeDeleted,
    /// The secret is not to be deleted, so that nothing is to be restored.
    #[error("the secret is not planned to be deleted")]
    SecretNotDeleted,
    /// The key cannot be used in this state.
    #[error("the key is {}", .0.name())]
    KeyState(KeyState),
    /// The key's state cannot be changed as it was asked for.
    #[error("the key is {} and stays so", .0.name())]
    KeyStateStays(KeyState),
    /// The operation is not for this type of secret or kind of key.
    #[error("the operation does not support this type of secret or key")]
    Unsupported,
    #[error("the account or the instance may have no more secrets")]
    TooManySecrets,
    #[error("the account may have no more keys")]
    TooManyKeys,
    #[error("the account may have no more aliases")]
    TooManyAliases,
    /// Of all stages of a secret.
    #[error("the secret may have no more stages")]
    TooManyStages,
    #[error("the instance may be shared with no more accounts")]
    TooManyShares,
    /// The account may rotate no more secrets within the hour.
    #[error("the account may rotate no more secrets within the hour")]
    TooManyRotations,
    /// Neither version is named, or the one that is to lose the stage does not have it.
    #[error("the versions do not match the stage")]
    StageMismatch,
    /// A built-in stage can be moved and not be removed.
    #[error("a built-in stage can only be moved")]
    StageBuiltIn,
    #[error("a tag's key is not acceptable: {0}")]
    TagKeyInvalid(Cow<'static, str>),
    #[error("a tag's value is not acceptable: {0}")]
    TagValueInvalid(Cow<'static, str>),
    #[error("a tag's key stands twice")]
    TagKeyDuplicate,
    /// In strict mode a secret has a policy of its own only in an instance.
    #[error("the secret can have no policy of its own")]
    PolicyUnsupported,
    /// The caller may not do that to that resource, for this reason.
    #[error("the caller is not allowed {action} on {resource}")]
    Forbidden {
        /// What a policy would have to allow: on the key of a secret another action than the operation's own.
        action: String,
        /// As the caller is told it.
        resource: String,
        denied: Denied,
    },
    /// The caller may not do this to a resource of another account, or in another region without a right to it, nor learn
    /// whether there is one: it is told this error, which it would be told if there were none.
    #[error("the caller is not allowed to learn of the resource")]
    Concealed(Box<Error>),
    /// The operation was only to be tried, and would succeed.
    #[error("the operation would succeed")]
    DryRun,
    /// What is stored was changed, or belongs to another place; the text names what does not open.
    #[error("{0} does not open: {1}")]
    Damaged(String, String),
    /// The store cannot answer now, as it says. Never used for "there is no such thing".
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

impl Error {
    /// Whether the caller had no right to what it asked for, whatever it is told.
    #[must_use]
    pub const fn is_denial(&self) -> bool {
        matches!(self, Self::Forbidden { .. } | Self::Concealed(_))
    }

    /// An [`Error::Invalid`] with this reason.
    pub fn invalid(field: Field, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(field, reason.into())
    }

    /// An [`Error::Unavailable`] with what the store said.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        Self::Unavailable(cause.to_string())
    }
}
