//! Who is calling, and may they: signatures, callers, policies.
//!
//! Nothing here knows HTTP libraries, the store or a product's error codes: a product hands over what was on the wire
//! and words the refusal. Of the wire, only the headers that carry signatures are known by name.

mod authentication;
mod directory;
mod nonces;
pub(crate) mod policy;
mod rate;
pub mod signature;

pub use authentication::{Authenticator, authorization};
pub(crate) use authentication::{Claim, Replays};
pub use directory::{AccessKey, Caller, Directory, Principal, Session, User};
pub(crate) use policy::Denied;
pub(crate) use rate::{Rate, RateLimit};
pub use signature::KeyMaterial;

/// Authentication and rate limit, as the products share them.
pub struct Access {
    /// Tells who is calling.
    pub authenticator: Authenticator,
    /// How often each caller may call; `None` for as often as it likes.
    pub rate_limit: Option<RateLimit>,
}

/// A field that a signed request must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommonField {
    /// Which key signed.
    AccessKeyId,
    /// The signature itself.
    Signature,
    /// When it was signed.
    Timestamp,
    /// What makes the request the only one of its kind.
    SignatureNonce,
    /// The hash of the body.
    ContentHash,
    /// The token of a temporary key.
    SecurityToken,
}

/// Why a caller is not authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A field is absent or empty.
    Missing(CommonField),
    /// The signature is not put as the rules want it.
    Incomplete,
    /// There is no such way to sign.
    UnknownMethod,
    /// No such key is known.
    UnknownKey,
    /// The key was disabled.
    InactiveKey,
    /// The date cannot be read.
    DateMalformed,
    /// The date is more than 15 minutes from now.
    DateExpired,
    /// The temporary key has run out.
    TokenExpired,
    /// No such token was handed out.
    TokenMalformed,
    /// The token belongs to another key.
    TokenMismatch,
    /// The signature is another one, in the newer way of signing.
    Acs3Mismatch {
        /// What the server makes of the request.
        canonical_request: String,
        /// What the server holds the signature against.
        string_to_sign: String,
    },
    /// The signature is another one, in the older way of signing.
    RoaMismatch {
        /// What the server holds the signature against.
        string_to_sign: String,
    },
    /// The signature is another one, in the older way of signing of RPC style.
    RpcMismatch {
        /// What the server holds the signature against.
        string_to_sign: String,
    },
    /// The body is not the one whose MD5 was given.
    ContentMd5Mismatch,
    /// The nonce was used before.
    NonceUsed,
}
