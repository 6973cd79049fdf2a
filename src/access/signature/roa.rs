//! The older way of signing, of REST style: `acs ID:SIGNATURE` with HMAC-SHA1 (the platform's ROA request signature).
//!
//! What it signs of the parameters is their decoded text, joined by `&`, so a value that holds an `&` cannot be told from two
//! parameters; and a body is signed only where the client sends its MD5. Both are the way's own weakness.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;

use super::{KeyMaterial, SignedRequest, is_hmac, query};
use crate::access::{CommonField, Refusal};

/// `acs ID:SIGNATURE`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roa<'a> {
    /// Which key signed.
    pub access_key_id: &'a str,
    /// The signature in base64.
    pub signature: &'a str,
}

/// How a client signs a parameter without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyValues {
    /// `name=`: the classic SDKs.
    WithEqualsSign,
    /// `name`: the generated SDKs.
    BareName,
}

impl<'a> Roa<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Refusal> {
        match text.split_once(':').ok_or(Refusal::Incomplete)? {
            ("", _) => Err(Refusal::Missing(CommonField::AccessKeyId)),
            (_, "") => Err(Refusal::Missing(CommonField::Signature)),
            (access_key_id, signature) => Ok(Self { access_key_id, signature }),
        }
    }
}

/// What a signature is made of.
#[must_use]
pub fn string_to_sign(request: &SignedRequest<'_>, empty_values: EmptyValues) -> Vec<u8> {
    let mut text = Vec::with_capacity(request.query.len() + 512);
    text.extend_from_slice(request.method.as_bytes());
    text.push(b'\n');
    for name in ["accept", "content-md5", "content-type", "date"] {
        request.push_value(name, &mut text);
        text.push(b'\n');
    }
    let names = request.headers.iter().map(|(name, _)| *name);
    let mut names: Vec<&str> = names.filter(|name| name.starts_with("x-acs-")).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        request.push_value(name, &mut text);
        text.push(b'\n');
    }
    text.extend_from_slice(request.path.as_bytes());
    for (index, [name, value]) in query::sorted(request.query).iter().enumerate() {
        text.push(if index == 0 { b'?' } else { b'&' });
        text.extend_from_slice(name);
        if !value.is_empty() || empty_values == EmptyValues::WithEqualsSign {
            text.push(b'=');
            text.extend_from_slice(value);
        }
    }
    text
}

/// The MD5 of a body as `Content-MD5` carries it (RFC 1864).
#[must_use]
pub fn content_md5(body: &[u8]) -> String {
    STANDARD.encode(Md5::digest(body))
}

/// Verifies a signature, in either way of signing parameters without a value; the time that it takes does not depend on
/// where the signatures differ. [`Refusal::RoaMismatch`], also when the key is a key pair's, tells the text of the classic
/// SDKs: one of them compares it with its own.
pub fn verify(
    request: &SignedRequest<'_>,
    authorization: &Roa<'_>,
    key: &KeyMaterial,
) -> Result<(), Refusal> {
    let texts = [EmptyValues::WithEqualsSign, EmptyValues::BareName]
        .map(|empty_values| string_to_sign(request, empty_values));
    if let KeyMaterial::Secret(secret) = key {
        let is_right = |text: &Vec<u8>| {
            let algorithm = HMAC_SHA1_FOR_LEGACY_USE_ONLY;
            is_hmac(algorithm, secret.as_bytes(), text, authorization.signature)
        };
        if texts.iter().any(is_right) {
            return Ok(());
        }
    }
    let [told, _] = texts;
    Err(Refusal::RoaMismatch { string_to_sign: String::from_utf8_lossy(&told).into_owned() })
}
