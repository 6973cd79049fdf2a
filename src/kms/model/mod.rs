//! What a secret, a version, a key, a policy *is*: plain types and rules without I/O, HTTP, SQL, wire names or a clock.

mod ciphertext;
mod error;
mod key;
mod key_name;
mod scope;

pub use ciphertext::{CiphertextBlob, DataKeyLength, EncryptionContext, Plaintext};
pub use error::{Error, Field, KeyState, Result};
pub use key::{
    KeyDescription, KeyRotation, KeySpec, KeyUsage, Origin, PendingWindow, ProtectionLevel,
};
pub use key_name::{AliasName, KeyForms, KeyId, KeyName, KeyRef, KeyVersionId};
pub use scope::{Arn, Kind, Scope};
