
mod error;
mod password;
mod random;
mod scope;

pub use error::{Error, Field, KeyState, Result};
pub(crate) use password::{CharacterType, DEFAULT_LENGTH, PasswordRules};
pub(crate) use random::Random;
pub use scope::{Arn, Kind, Scope};
