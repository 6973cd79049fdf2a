//! What a secret, a version, a key, a policy *is*: plain types and rules without I/O, HTTP, SQL or a clock. Wire names stand
//! here only inside parameters that are texts of their own (JSON, lists), and as the names of kinds that are stored as well.

mod batch;
mod ciphertext;
mod cloud;
mod data;
mod error;
mod filters;
mod key;
mod key_name;
mod listing;
mod managed;
mod name;
mod number;
mod object;
mod paging;
mod password;
mod policy;
mod random;
mod rotation;
mod scope;
mod secret;
mod secret_type;
mod stage;
mod tags;
mod version;
mod window;

pub(crate) use batch::BatchEntry;
pub(crate) use ciphertext::{CiphertextBlob, DataKeyLength, EncryptionContext, Plaintext};
pub use cloud::{Cloud, Instance, InstanceState, SeedKey, SeedSecret};
pub(crate) use data::{DataType, SecretData};
pub(crate) use error::{Error, Field, KeyState, Result};
pub(crate) use filters::{FilterKey, Filters, KeyFilter, SecretFilter};
pub(crate) use key::{
    KeyDescription, KeyRotation, KeySpec, KeyUsage, Origin, PendingWindow, ProtectionLevel,
};
pub(crate) use key_name::{AliasName, KeyForms, KeyId, KeyName, KeyRef, KeyVersionId};
pub(crate) use listing::{SecretSummary, TagList, TagPlace};
pub(crate) use managed::{CustomData, ExtendedConfig, ManagedType};
pub(crate) use name::{RequestedName, SecretName, SecretRef};
pub(crate) use number::whole_number;
pub(crate) use paging::Page;
pub(crate) use password::{CharacterType, DEFAULT_LENGTH, PasswordRules};
pub(crate) use policy::{PrincipalKind, PrincipalRef, SecretPolicy, default_policy};
pub(crate) use random::Random;
pub(crate) use rotation::{AutomaticRotation, Interval};
pub(crate) use scope::{Arn, Kind, Scope};
pub(crate) use secret::{Rotation, Secret, Uid};
pub(crate) use secret_type::SecretType;
pub(crate) use stage::{Stage, parse_stages, stages_from_column, stages_to_column};
pub(crate) use tags::{TAGS_MAX, Tag, TagKey, TagValue, Tags, parse_tag_keys};
pub(crate) use version::{Change, Version, VersionId, Versions};
pub(crate) use window::RecoveryWindow;
