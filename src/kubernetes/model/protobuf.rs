//! Decodes protobuf request bodies into the JSON value of the body that means the same, so that objects are decoded and checked
//! in one place, whatever a client sends.
//!
//! A body is four magic bytes and an envelope, which may name the type of the object and holds its message (documented). What
//! follows is as a real server answers, where a client can see it:
//! * Fields of unknown numbers are dropped, and of a map key that is given twice the last value counts; both without a finding,
//!   so that the strict validation of fields never refuses a protobuf body.
//! * Texts need not be UTF-8: each byte that is part of no character becomes U+FFFD. A value of `stringData` keeps its bytes.
//! * The envelope's content encoding and content type are ignored.
//!
//! Memory is bounded by the length of the body: what repeats in an object stays encoded until it is converted, a length that is
//! larger than what follows it is an error before anything is allocated, and the message types nest to a fixed depth.

mod message;

use bytes::Bytes;
use prost::Message;
use serde_json::Value;

use message::{Members, Unknown};

pub use message::Defect;

const MAGIC: &[u8] = b"k8s\0";

/// The type of object that a request wants in its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A secret.
    Secret,
    /// A namespace.
    Namespace,
    /// The question whether the caller may do something.
    SelfSubjectAccessReview,
    /// The question what the caller may do in a namespace.
    SelfSubjectRulesReview,
    /// The question who the caller is.
    SelfSubjectReview,
    /// The options of a deletion.
    DeleteOptions,
}

impl Kind {
    /// As the member `kind` writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::Namespace => "Namespace",
            Self::SelfSubjectAccessReview => "SelfSubjectAccessReview",
            Self::SelfSubjectRulesReview => "SelfSubjectRulesReview",
            Self::SelfSubjectReview => "SelfSubjectReview",
            Self::DeleteOptions => "DeleteOptions",
        }
    }

    /// The group and version that a body has which names none.
    #[must_use]
    pub fn api_version(self) -> &'static str {
        match self {
            Self::Secret | Self::Namespace => "v1",
            Self::SelfSubjectAccessReview | Self::SelfSubjectRulesReview => {
                "authorization.k8s.io/v1"
            }
            Self::SelfSubjectReview => "authentication.k8s.io/v1",
            Self::DeleteOptions => "meta.k8s.io/v1",
        }
    }

    /// What a real server begins with when it does not get as far as the type of the object. It tells nothing but the defect for
    /// the options of a deletion.
    fn unrecognized(self) -> String {
        match self {
            Self::DeleteOptions => String::new(),
            _ => format!("the object provided is unrecognized (must be of type {}): ", self.name()),
        }
    }

    /// What a real server begins with when it knows the type of the object.
    fn unhandled(self, version: &str) -> String {
        match self {
            Self::DeleteOptions => String::new(),
            _ => format!("{0} in version {version:?} cannot be handled as a {0}: ", self.name()),
        }
    }
}

/// Why a body cannot be decoded: the whole message of a 400 `BadRequest`, in the words of a real server as far as they tell
/// nothing of the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtobufError {
    /// The body has no bytes.
    #[error("{}empty data (<empty>)", .0.unrecognized())]
    Empty(Kind),
    /// The body does not begin as a protobuf body does.
    #[error(
        "{}provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
        .0.unrecognized()
    )]
    NoMagic(Kind),
    /// Nothing follows the magic bytes.
    #[error("{}empty body", .0.unrecognized())]
    MagicOnly(Kind),
    /// The envelope cannot be decoded, as when the body was cut off.
    #[error("{}{defect}", .kind.unrecognized())]
    Envelope {
        /// What was expected.
        kind: Kind,
        /// What is wrong.
        defect: Defect,
    },
    /// The message of the object cannot be decoded.
    #[error("{}{defect}", .kind.unhandled(.version))]
    Object {
        /// What was expected, and what the envelope names.
        kind: Kind,
        /// As the envelope gives it, without the group.
        version: String,
        /// What is wrong.
        defect: Defect,
    },
}

/// Decodes a body that should be an object of `expected`.
///
/// `kind` and `apiVersion` are what the envelope says, whatever that is, and the expected ones where it says nothing. Of an
/// object of **another kind** they are all that the value has: the caller refuses it, as one in JSON. An object that says another
/// version is decoded.
///
/// Left out is what is unset: empty texts, but those which a client sends only on purpose (`propagationPolicy` and the members of
/// `preconditions`, where an empty one means another thing than none), times without content, and a generation of 0.
///
/// # Errors
/// [`ProtobufError`]; all are the caller's mistake.
pub fn decode(body: &Bytes, expected: Kind) -> Result<Value, ProtobufError> {
    if body.is_empty() {
        return Err(ProtobufError::Empty(expected));
    }
    if !body.starts_with(MAGIC) {
        return Err(ProtobufError::NoMagic(expected));
    }
    let envelope = body.slice(MAGIC.len()..);
    if envelope.is_empty() {
        return Err(ProtobufError::MagicOnly(expected));
    }
    let Unknown { type_meta, raw } = Unknown::decode(envelope)
        .map_err(|error| ProtobufError::Envelope { kind: expected, defect: error.into() })?;
    let (api_version, kind) = type_meta.unwrap_or_default().into_texts();
    let kind = if kind.is_empty() { expected.name().to_owned() } else { kind };
    let api_version =
        if api_version.is_empty() { expected.api_version().to_owned() } else { api_version };

    let is_expected = kind == expected.name();
    let version = api_version.rsplit('/').next().unwrap_or_default().to_owned();
    let mut members = Members::default();
    members.set("kind", kind);
    members.set("apiVersion", api_version);
    if is_expected {
        members.extend_with(expected, raw).map_err(|defect| ProtobufError::Object {
            kind: expected,
            version,
            defect,
        })?;
    }
    Ok(members.into())
}

#[cfg(test)]
mod tests;
