//! The newer way of signing: `ACS3-HMAC-SHA256` and its siblings (the platform's V3 request signature).

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use sm3::Sm3;
use subtle::ConstantTimeEq;

use super::{KeyMaterial, SignedRequest, query};
use crate::access::{CommonField, Refusal};

/// How long a canonical request usually is at most, without its query, in bytes.
const CANONICAL_USUAL: usize = 1024;

/// What hashes and signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// `ACS3-HMAC-SHA256`.
    HmacSha256,
    /// `ACS3-HMAC-SM3`.
    HmacSm3,
    /// `ACS3-RSA-SHA256`: PKCS #1 v1.5.
    RsaSha256,
}

impl Algorithm {
    /// The algorithm's name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "ACS3-HMAC-SHA256",
            Self::HmacSm3 => "ACS3-HMAC-SM3",
            Self::RsaSha256 => "ACS3-RSA-SHA256",
        }
    }

    /// The hash of a body as `x-acs-content-sha256` carries it: of SM3 where that signs.
    #[must_use]
    pub fn hash(self, bytes: &[u8]) -> String {
        match self {
            Self::HmacSha256 | Self::RsaSha256 => HEXLOWER.encode(&Sha256::digest(bytes)),
            Self::HmacSm3 => HEXLOWER.encode(&Sm3::digest(bytes)),
        }
    }
}

/// The style of the API that a request is for: what its clients sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// The path names what the request is about. All clients sign `host`, names of parameters as they encode them, and headers
    /// in the order of their list.
    Roa,
    /// All is in the parameters. The Java SDKs may leave out `host`, and those for Go and Python sign the names of
    /// parameters as they are: the values alone are encoded (seen in what they send). Headers are sorted.
    Rpc,
}

/// `ACS3-… Credential=…,SignedHeaders=…,Signature=…`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acs3<'a> {
    /// What hashes and signs.
    pub algorithm: Algorithm,
    /// Which key signed.
    pub access_key_id: &'a str,
    /// The names of the signed headers, separated by semicolons, as the client lists them. Never empty.
    pub signed_headers: &'a str,
    /// The signature in hexadecimal digits.
    pub signature: &'a str,
}

impl<'a> Acs3<'a> {
    pub(super) fn parse(scheme: &str, text: &'a str) -> Result<Self, Refusal> {
        let algorithm = [Algorithm::HmacSha256, Algorithm::HmacSm3, Algorithm::RsaSha256]
            .into_iter()
            .find(|algorithm| algorithm.name() == scheme)
            .ok_or(Refusal::UnknownMethod)?;
        let (mut credential, mut headers, mut signature) = (None, None, None);
        for part in text.split(',') {
            let (name, value) = part.trim().split_once('=').ok_or(Refusal::Incomplete)?;
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut headers,
                "Signature" => &mut signature,
                _ => return Err(Refusal::Incomplete),
            };
            if place.replace(value).is_some() {
                return Err(Refusal::Incomplete);
            }
        }
        let given = |part: Option<&'a str>| part.filter(|value| !value.is_empty());
        let access_key_id = given(credential).ok_or(Refusal::Missing(CommonField::AccessKeyId))?;
        let signature = given(signature).ok_or(Refusal::Missing(CommonField::Signature))?;
        let signed_headers = given(headers).ok_or(Refusal::Incomplete)?;
        let authorization = Self { algorithm, access_key_id, signed_headers, signature };
        if authorization.lists_names_once() { Ok(authorization) } else { Err(Refusal::Incomplete) }
    }

    fn names(&self) -> impl Iterator<Item = &'a str> + Clone {
        self.signed_headers.split(';')
    }

    fn lists_names_once(&self) -> bool {
        // What separates tokens in headers.
        let is_allowed = |byte: u8| {
            let is_separator = matches!(
                byte,
                b'"' | b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'['..=b']' | b'{' | b'}'
            );
            byte.is_ascii_graphic() && !is_separator
        };
        let text = self.signed_headers.to_ascii_lowercase();
        let mut names: Vec<&str> = text.split(';').collect();
        names.sort_unstable();
        names.is_sorted_by(|name, next| name < next)
            && names.iter().all(|name| !name.is_empty() && name.bytes().all(is_allowed))
    }
}

/// The first header that must be signed and is not: `host`, `content-type` and every `x-acs-…`, as far as the request has
/// them, and in REST style `host` in any case (the platform's V3 request signature).
///
/// Where the signed hash says that there is no body, its type means nothing and need not be signed: the HTTP library under
/// the asynchronous Python SDKs adds one after they have signed.
#[must_use]
pub fn unsigned_header<'a>(
    request: &SignedRequest<'a>,
    authorization: &Acs3<'_>,
    style: Style,
) -> Option<&'a str> {
    let signed: Vec<&str> = authorization.names().collect();
    let is_signed = |name: &str| signed.iter().any(|known| known.eq_ignore_ascii_case(name));
    let has_body = || {
        let nothing = authorization.algorithm.hash(b"");
        !request.values("x-acs-content-sha256").eq([nothing.as_bytes()])
    };
    let must = |name: &str| name.starts_with("x-acs-") || name == "content-type" && has_body();
    if style == Style::Roa && !is_signed("host") {
        return Some("host");
    }
    let mut names = request.headers.iter().map(|(name, _)| *name);
    names.find(|name| must(name) && !is_signed(name))
}

/// What the server makes of a request, with that hash of the body.
#[must_use]
pub fn canonical_request(
    request: &SignedRequest<'_>,
    authorization: &Acs3<'_>,
    style: Style,
    content_hash: &[u8],
) -> Vec<u8> {
    let query = query::canonical(&query::sorted(request.query));
    with_query(request, authorization, style, content_hash, &query)
}

/// The parameters with their names as they are; `None` where other parameters, encoded or not, could have the same text.
fn query_with_raw_names(query: &str) -> Option<String> {
    let pairs = query::sorted(query).into_iter().map(|[name, value]| {
        let name = std::str::from_utf8(&name).ok()?;
        // A name that holds the text of an escape reads as the encoded one of another parameter.
        let has_escape = matches!(Cow::from(percent_decode_str(name)), Cow::Owned(_));
        let is_clear = !has_escape && !name.contains(['=', '&']);
        is_clear.then(|| format!("{name}={}", query::encode(&value)))
    });
    Some(pairs.collect::<Option<Vec<String>>>()?.join("&"))
}

fn lower(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|byte| byte.to_ascii_lowercase())
}

fn with_query(
    request: &SignedRequest<'_>,
    authorization: &Acs3<'_>,
    style: Style,
    content_hash: &[u8],
    query: &str,
) -> Vec<u8> {
    let path = if request.path.is_empty() { "/" } else { request.path };
    let segments = path.split('/').map(|text| Cow::from(percent_decode_str(text)));
    let segments: Vec<String> = segments.map(|segment| query::encode(&segment)).collect();
    let path = segments.join("/");
    let mut text = Vec::with_capacity(query.len() + CANONICAL_USUAL);
    for line in [request.method, &path, query] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    let mut names: Vec<&str> = authorization.names().collect();
    if style == Style::Rpc {
        names.sort_by(|name, other| lower(name).cmp(lower(other)));
    }
    for name in names {
        text.extend(lower(name));
        text.push(b':');
        request.push_value(name, &mut text);
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(authorization.signed_headers.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(content_hash);
    text
}

/// What a signature is made of.
#[must_use]
pub fn string_to_sign(algorithm: Algorithm, canonical_request: &[u8]) -> String {
    format!("{}\n{}", algorithm.name(), algorithm.hash(canonical_request))
}

/// Verifies a signature; [`Refusal::Acs3Mismatch`] also when the key is of another kind than the algorithm's. The time
/// that it takes does not depend on where the signatures differ. In RPC style a signature over raw names is as good, but the
/// refusal always tells the texts with encoded ones.
///
/// The body's hash is taken from `x-acs-content-sha256`: that it is the body's is not checked here.
pub fn verify(
    request: &SignedRequest<'_>,
    authorization: &Acs3<'_>,
    key: &KeyMaterial,
    style: Style,
) -> Result<(), Refusal> {
    let mut hash = Vec::new();
    request.push_value("x-acs-content-sha256", &mut hash);
    let canonical_request = canonical_request(request, authorization, style, &hash);
    let string_to_sign = string_to_sign(authorization.algorithm, &canonical_request);
    if is_signature(authorization, &string_to_sign, key) {
        return Ok(());
    }
    if style == Style::Rpc
        && let Some(query) = query_with_raw_names(request.query)
    {
        let raw = with_query(request, authorization, style, &hash, &query);
        let text = self::string_to_sign(authorization.algorithm, &raw);
        if is_signature(authorization, &text, key) {
            return Ok(());
        }
    }
    Err(mismatch(&canonical_request, string_to_sign))
}

fn is_signature(authorization: &Acs3<'_>, text: &str, key: &KeyMaterial) -> bool {
    let text = text.as_bytes();
    match (authorization.algorithm, key) {
        (Algorithm::HmacSha256, KeyMaterial::Secret(secret)) => {
            is_hmac::<Hmac<Sha256>>(secret, text, authorization.signature)
        }
        (Algorithm::HmacSm3, KeyMaterial::Secret(secret)) => {
            is_hmac::<Hmac<Sm3>>(secret, text, authorization.signature)
        }
        (Algorithm::RsaSha256, KeyMaterial::Rsa(key)) => {
            key.verifies(text, authorization.signature)
        }
        (Algorithm::RsaSha256, KeyMaterial::Secret(_))
        | (Algorithm::HmacSha256 | Algorithm::HmacSm3, KeyMaterial::Rsa(_)) => false,
    }
}

/// What to tell a caller whose body is another one than the signed one: the texts with the hash of the body that came.
#[must_use]
pub fn explain(
    request: &SignedRequest<'_>,
    authorization: &Acs3<'_>,
    style: Style,
    content_hash: &str,
) -> Refusal {
    let hash = content_hash.as_bytes();
    let canonical_request = canonical_request(request, authorization, style, hash);
    let string_to_sign = string_to_sign(authorization.algorithm, &canonical_request);
    mismatch(&canonical_request, string_to_sign)
}

fn mismatch(canonical_request: &[u8], string_to_sign: String) -> Refusal {
    let canonical_request = String::from_utf8_lossy(canonical_request).into_owned();
    Refusal::Acs3Mismatch { canonical_request, string_to_sign }
}

/// Whether that is the MAC of a text, in hexadecimal digits. The time that it takes does not depend on where they differ.
pub(super) fn is_hmac<M: Mac + KeyInit>(secret: &str, text: &[u8], signature: &str) -> bool {
    // A MAC of this kind takes keys of any length.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(text);
    let expected = HEXLOWER.encode(&mac.finalize().into_bytes());
    expected.as_bytes().ct_eq(signature.as_bytes()).into()
}
