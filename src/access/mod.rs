//! Who is calling, and may they: signatures, callers, policies.
//!
//! Nothing here knows HTTP libraries, the store or a dialect's error codes: a dialect hands over what was on the wire
//! and words the refusal. Of the wire, only the headers that carry signatures are known by name.

mod authentication;
mod authorization;
mod caller;
mod directory;
mod nonces;
pub mod policy;
mod rate;
pub mod signature;

pub use authentication::{Authenticator, Claim, CommonField, Refusal, authorization};
pub use authorization::{Denied, authorize};
pub use caller::{Caller, Principal};
pub use directory::{
    AccessKey, Directory, DuplicateKey, KeyMaterial, KeyStatus, Known, Owner, Session, User,
};
pub use rate::{Elapsed, Rate, RateError, RateLimit, RetryAfter};

/// The gate that every request for an operation passes; the dialects share it.
#[derive(Debug)]
pub struct Access {
    /// Tells who is calling.
    pub authenticator: Authenticator,
    /// How often each caller may call; `None` for as often as it likes.
    pub rate_limit: Option<RateLimit>,
}
