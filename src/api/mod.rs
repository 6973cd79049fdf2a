//! The dialects: each decodes its own requests and words its own answers.

pub mod ops;
pub mod sae;
