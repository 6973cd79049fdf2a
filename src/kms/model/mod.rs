//! What a secret, a version, a key, a policy *is*: plain types and rules without I/O, HTTP, SQL, wire names or a clock.

mod error;
mod scope;

pub use error::{Error, Field, KeyState, Result};
pub use scope::{Arn, Kind, Scope};
