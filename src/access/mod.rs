//! Who is calling, and may they: signatures, callers, policies.
//!
//! Nothing here knows HTTP libraries, the store or a dialect's error codes: a dialect hands over what was on the wire
//! and words the refusal. Of the wire, only the headers that carry signatures are known by name.

mod authentication;
mod caller;
mod directory;
mod nonces;
pub mod policy;
mod rate;
mod refusal;
pub mod signature;

pub use authentication::{Authenticator, Claim, authorization};
pub use caller::{Caller, Principal, User};
pub use directory::{AccessKey, Directory, Session};
pub use policy::Denied;
pub use rate::{Elapsed, Rate, RateLimit};
pub use refusal::{CommonField, Refusal};
pub use signature::KeyMaterial;

/// Authentication and rate limit, as the dialects share them.
#[derive(Debug)]
pub struct Access {
    /// Tells who is calling.
    pub authenticator: Authenticator,
    /// How often each caller may call; `None` for as often as it likes.
    pub rate_limit: Option<RateLimit>,
}
