//! Huawei Cloud's way of signing: `SDK-HMAC-SHA256`, with an access key and its secret.
//!
//! Nothing makes a request the only one of its kind: whoever has seen one can send it again as it is while its date is near
//! enough. Nor is the key's id signed.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use hmac::Hmac;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use super::{SignedRequest, acs3, has_shape, query};
use crate::access::{CommonField, nonces::WINDOW_MS};

/// The one algorithm that is verified.
const ALGORITHM: &str = "SDK-HMAC-SHA256";

const DATE: &str = "x-sdk-date";
const CONTENT_HASH: &str = "x-sdk-content-sha256";
const SECURITY_TOKEN: &str = "x-security-token";

/// What stands in the place of a body's hash where the body is not signed.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// How long a canonical request usually is at most, without its query, in bytes.
const CANONICAL_USUAL: usize = 1024;

/// Why a request is not authenticated in this way. No text holds what was signed: it may have tokens in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A field is absent or empty.
    Missing(CommonField),
    /// The signature is not put as the rules want it.
    Incomplete,
    /// It is signed by another algorithm.
    UnknownMethod,
    /// The date cannot be read.
    DateMalformed,
    /// The date is more than 15 minutes from now.
    DateExpired,
    /// The signature is another one.
    Mismatch,
    /// The body is not the one whose hash was given.
    BodyMismatch,
}

/// `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sdk<'a> {
    /// Which key signed.
    pub access_key_id: &'a str,
    /// The names of the signed headers, separated by semicolons, as the client lists them. Never empty.
    pub signed_headers: &'a str,
    /// The signature in hexadecimal digits.
    pub signature: &'a str,
}

impl<'a> Sdk<'a> {
    /// Reads the value of an `Authorization` header; `None` for a scheme of another kind, such as `Bearer`. The parts may
    /// stand in any order.
    ///
    /// # Errors
    /// [`Refusal::UnknownMethod`] for the other algorithms of the SDKs (`V11-HMAC-SHA256`, `SDK-HMAC-SM3`,
    /// `SDK-ECDSA-P256-SHA256`, `SDK-SM2-SM3`) and for every other scheme that begins like one of them, so that no signed
    /// request counts as one without a credential. [`Refusal::Missing`] for the key, then the signature.
    /// [`Refusal::Incomplete`] for anything else: a part that is unknown or stands twice, no signed headers, or a header
    /// among them that is listed twice.
    pub fn parse(value: &'a [u8]) -> Result<Option<Self>, Refusal> {
        let scheme = value.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        let (family, _) = scheme.split_at(scheme.len().min(4));
        if ![b"SDK-", b"V11-"].iter().any(|known| family.eq_ignore_ascii_case(*known)) {
            return Ok(None);
        }
        if scheme != ALGORITHM.as_bytes() {
            return Err(Refusal::UnknownMethod);
        }
        let text = std::str::from_utf8(value.get(scheme.len()..).unwrap_or_default());
        Self::parse_parts(text.map_err(|_| Refusal::Incomplete)?).map(Some)
    }

    fn parse_parts(text: &'a str) -> Result<Self, Refusal> {
        let (mut access, mut headers, mut signature) = (None, None, None);
        for part in text.split(',') {
            let (name, value) = part.trim_ascii().split_once('=').ok_or(Refusal::Incomplete)?;
            let place = match name {
                "Access" => &mut access,
                "SignedHeaders" => &mut headers,
                "Signature" => &mut signature,
                _ => return Err(Refusal::Incomplete),
            };
            if place.replace(value).is_some() {
                return Err(Refusal::Incomplete);
            }
        }
        let given = |part: Option<&'a str>| part.filter(|value| !value.is_empty());
        let access_key_id = given(access).ok_or(Refusal::Missing(CommonField::AccessKeyId))?;
        let signature = given(signature).ok_or(Refusal::Missing(CommonField::Signature))?;
        let signed_headers = given(headers).ok_or(Refusal::Incomplete)?;
        let authorization = Self { access_key_id, signed_headers, signature };
        if authorization.lists_names_once() { Ok(authorization) } else { Err(Refusal::Incomplete) }
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        self.signed_headers.split(';')
    }

    /// What is signed is then never longer than what was sent.
    fn lists_names_once(&self) -> bool {
        let text = self.signed_headers.to_ascii_lowercase();
        let mut names: Vec<&str> = text.split(';').collect();
        names.sort_unstable();
        names.is_sorted_by(|name, next| name < next) && names.iter().all(|name| !name.is_empty())
    }

    /// Whether the signature covers a header, so that nobody but the key's owner can have added, changed or taken it away.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        self.names().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// The first header that must be signed and is not: `x-sdk-date` in any case, and as far as the request has them every
/// other `x-sdk-…` and those that tell who calls in which project. All SDKs sign these.
///
/// `host`, and the `content-type` of a body, must be signed too, unless neither is listed: the SDK for Go never signs either
/// (v0.1.207, seen in what it sends); those for Python, Java and Node.js sign both. The type of no body means nothing, and
/// HTTP libraries may add one after the SDK has signed.
///
/// What is left may be added or changed on the way: HTTP libraries and proxies do so with `accept`, `user-agent` and others.
#[must_use]
pub fn unsigned_header<'a>(
    request: &SignedRequest<'a>,
    authorization: &Sdk<'_>,
    has_body: bool,
) -> Option<&'a str> {
    const CALLERS: [&str; 4] = [SECURITY_TOKEN, "x-auth-token", "x-project-id", "x-domain-id"];
    let has_host = authorization.covers("host");
    if !authorization.covers(DATE) {
        return Some(DATE);
    }
    if !has_host && authorization.covers("content-type") {
        return Some("host");
    }
    let must = |name: &str| {
        let is_type = name == "content-type" && has_body && has_host;
        is_type || name.starts_with("x-sdk-") || CALLERS.contains(&name)
    };
    let mut names = request.headers.iter().map(|(name, _)| *name);
    names.find(|name| must(name) && !authorization.covers(name))
}

/// When a request was signed, in epoch milliseconds, if that is within 15 minutes of now, both ends included.
///
/// # Errors
/// [`Refusal::Missing`], [`Refusal::DateMalformed`] or [`Refusal::DateExpired`]; [`Refusal::Incomplete`] when there are two.
pub fn check_date(request: &SignedRequest<'_>, now_ms: i64) -> Result<i64, Refusal> {
    let text = single(request, DATE)?.ok_or(Refusal::Missing(CommonField::Timestamp))?;
    let date = parse_date(text).ok_or(Refusal::DateMalformed)?;
    if now_ms.abs_diff(date) <= WINDOW_MS.unsigned_abs() {
        Ok(date)
    } else {
        Err(Refusal::DateExpired)
    }
}

/// The moment of `YYYYMMDDTHHMMSSZ`, exactly so, in epoch milliseconds.
#[must_use]
pub fn parse_date(text: &[u8]) -> Option<i64> {
    if !has_shape(text, b"00000000T000000Z") {
        return None;
    }
    let moment: Timestamp = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(moment.as_millisecond())
}

/// The token in `X-Security-Token`, which must be there with a temporary key. Whether it is the key's is not checked here.
///
/// # Errors
/// [`Refusal::Missing`] where it is needed and absent or empty; [`Refusal::Incomplete`] when there are two.
pub fn security_token<'a>(
    request: &SignedRequest<'a>,
    is_needed: bool,
) -> Result<Option<&'a [u8]>, Refusal> {
    match single(request, SECURITY_TOKEN)? {
        None if is_needed => Err(Refusal::Missing(CommonField::SecurityToken)),
        token => Ok(token),
    }
}

/// What stands for the body in the canonical request: `UNSIGNED-PAYLOAD` where `X-Sdk-Content-Sha256` says so and there is a
/// body, its hash otherwise.
///
/// # Errors
/// [`Refusal::BodyMismatch`] where the header has anything else than the body's hash in lower case, be it no hash
/// at all; [`Refusal::Incomplete`] when there are two.
pub fn payload_hash(request: &SignedRequest<'_>, body: &[u8]) -> Result<String, Refusal> {
    let hash = HEXLOWER.encode(&Sha256::digest(body));
    match single(request, CONTENT_HASH)? {
        Some(given) if given == UNSIGNED_PAYLOAD.as_bytes() => {
            Ok(if body.is_empty() { hash } else { UNSIGNED_PAYLOAD.to_owned() })
        }
        Some(given) if given != hash.as_bytes() => Err(Refusal::BodyMismatch),
        _ => Ok(hash),
    }
}

/// What the server makes of a request. It may hold tokens: neither a log nor a caller may get it.
///
/// A header that stands several times makes a line each time, in the order of the wire; one that is absent makes none, unlike
/// one that is empty.
#[must_use]
pub fn canonical_request(
    request: &SignedRequest<'_>,
    authorization: &Sdk<'_>,
    payload_hash: &str,
) -> Vec<u8> {
    let query = query::canonical(&query::sorted(request.query));
    let mut text = Vec::with_capacity(query.len() + CANONICAL_USUAL);
    for line in [request.method, &canonical_path(request.path), &query] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    for name in authorization.names() {
        for value in request.values(name) {
            text.extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
            text.push(b':');
            text.extend_from_slice(value.trim_ascii());
            text.push(b'\n');
        }
    }
    text.push(b'\n');
    for line in [authorization.signed_headers, "\n", payload_hash] {
        text.extend_from_slice(line.as_bytes());
    }
    text
}

/// The path is decoded before it is split, so that an encoded slash is signed as one that is not, and it always ends with a
/// slash (as the SDK does).
fn canonical_path(path: &str) -> String {
    let decoded = Cow::from(percent_decode_str(path));
    let segments = decoded.split(|byte| *byte == b'/').map(query::encode);
    let mut path = segments.collect::<Vec<String>>().join("/");
    if !path.ends_with('/') {
        path.push('/');
    }
    path
}

/// What a signature is made of. The date is the text of `X-Sdk-Date`.
#[must_use]
pub fn string_to_sign(date: &[u8], canonical_request: &[u8]) -> Vec<u8> {
    let hash = HEXLOWER.encode(&Sha256::digest(canonical_request));
    [ALGORITHM.as_bytes(), date, hash.as_bytes()].join(&b'\n')
}

/// Verifies a signature, and that the body is the one whose hash was sent, if one was. The time that it takes does not depend
/// on where signatures differ.
///
/// The SDKs differ where there is no body and `X-Sdk-Content-Sha256` says `UNSIGNED-PAYLOAD`: that for Python signs the hash
/// of nothing, that for Go the header's text. Both are right here.
///
/// # Errors
/// [`Refusal::Mismatch`], and those of [`payload_hash`]; [`Refusal::Incomplete`] when there are two dates.
pub fn verify(
    request: &SignedRequest<'_>,
    authorization: &Sdk<'_>,
    secret: &str,
    body: &[u8],
) -> Result<(), Refusal> {
    let date = single(request, DATE)?.unwrap_or_default();
    let is_right = |payload_hash: &str| {
        let canonical_request = canonical_request(request, authorization, payload_hash);
        let text = string_to_sign(date, &canonical_request);
        acs3::is_hmac::<Hmac<Sha256>>(secret, &text, authorization.signature)
    };
    let says_unsigned =
        || request.values(CONTENT_HASH).any(|value| value == UNSIGNED_PAYLOAD.as_bytes());
    if is_right(&payload_hash(request, body)?) || says_unsigned() && is_right(UNSIGNED_PAYLOAD) {
        Ok(())
    } else {
        Err(Refusal::Mismatch)
    }
}

/// The value of a header that may stand once; an empty one says nothing.
fn single<'a>(request: &SignedRequest<'a>, name: &str) -> Result<Option<&'a [u8]>, Refusal> {
    let mut values = request.values(name);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Refusal::Incomplete),
        (value, None) => Ok(value.filter(|value| !value.is_empty())),
    }
}

#[cfg(test)]
mod tests;
