//! What a secret, a version, a key, a policy *is*: plain types and rules without I/O, HTTP, SQL, wire names or a clock.

mod error;
mod managed;
mod object;
mod password;
mod policy;
mod random;
mod scope;

pub use error::{Error, Field, KeyState, Result};
pub(crate) use managed::{CustomData, ExtendedConfig, ManagedType};
pub(crate) use password::{CharacterType, DEFAULT_LENGTH, PasswordRules};
pub(crate) use policy::{PrincipalKind, PrincipalRef, SecretPolicy, default_policy};
pub(crate) use random::Random;
pub use scope::{Arn, Kind, Scope};
