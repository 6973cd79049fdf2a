//! Signs requests as a client does, by the platform's descriptions of the two ways.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use sm3::Sm3;

use crate::wire::Wire;

/// What hashes and signs in the newer way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// `ACS3-HMAC-SHA256`.
    Sha256,
    /// `ACS3-HMAC-SM3`.
    Sm3,
}

impl Hash {
    /// How the algorithm is called on the wire.
    #[must_use]
    pub fn algorithm(self) -> &'static str {
        match self {
            Self::Sha256 => "ACS3-HMAC-SHA256",
            Self::Sm3 => "ACS3-HMAC-SM3",
        }
    }

    /// The hash in hexadecimal digits.
    #[must_use]
    pub fn of(self, bytes: &[u8]) -> String {
        match self {
            Self::Sha256 => HEXLOWER.encode(&Sha256::digest(bytes)),
            Self::Sm3 => HEXLOWER.encode(&Sm3::digest(bytes)),
        }
    }

    fn mac(self, secret: &str, text: &[u8]) -> String {
        match self {
            Self::Sha256 => HEXLOWER.encode(&mac::<Hmac<Sha256>>(secret, text)),
            Self::Sm3 => HEXLOWER.encode(&mac::<Hmac<Sm3>>(secret, text)),
        }
    }
}

fn mac<M: Mac + KeyInit>(secret: &str, text: &[u8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// Unreserved characters stay; all others become escapes in upper case.
fn encoded(bytes: &[u8]) -> String {
    let encode = |byte: &u8| {
        let stands = byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
        if stands { char::from(*byte).to_string() } else { crate::escaped(&[*byte], true) }
    };
    bytes.iter().map(encode).collect()
}

/// The canonical request of the newer way; `listed` are the names of the signed headers as the client lists them.
#[must_use]
pub fn canonical_request(wire: &Wire, listed: &[String], content_hash: &[u8]) -> Vec<u8> {
    let path: Vec<String> = wire.segments().iter().map(|segment| encoded(segment)).collect();
    let parameters = wire.parameters();
    let query: Vec<String> =
        parameters.iter().map(|(name, value)| encoded(name) + "=" + &encoded(value)).collect();
    let mut lines = vec![
        wire.method.clone().into_bytes(),
        path.join("/").into_bytes(),
        query.join("&").into_bytes(),
    ];
    for name in listed {
        let name = name.to_ascii_lowercase();
        lines.push([name.as_bytes(), b":", &wire.values(&name).join(&b","[..])].concat());
    }
    lines.extend([vec![], listed.join(";").into_bytes(), content_hash.to_vec()]);
    lines.join(&b'\n')
}

/// The signature of the newer way.
#[must_use]
pub fn sign_acs3(wire: &Wire, listed: &[String], hash: Hash, secret: &str) -> String {
    let content_hash = wire.values("x-acs-content-sha256").join(&b","[..]);
    let canonical = canonical_request(wire, listed, &content_hash);
    let text = format!("{}\n{}", hash.algorithm(), hash.of(&canonical));
    hash.mac(secret, text.as_bytes())
}

/// What the older way signs. Clients differ in what they make of a parameter without a value.
#[must_use]
pub fn roa_text(wire: &Wire, has_equals_sign: bool) -> Vec<u8> {
    let mut text = [wire.method.as_bytes(), b"\n"].concat();
    for name in ["accept", "content-md5", "content-type", "date"] {
        text.extend([wire.values(name).join(&b","[..]).as_slice(), b"\n"].concat());
    }
    for name in wire.names().into_iter().filter(|name| name.starts_with("x-acs-")) {
        let value = wire.values(&name).join(&b","[..]);
        text.extend([name.as_bytes(), b":", value.as_slice(), b"\n"].concat());
    }
    text.extend(wire.path.as_bytes());
    let mut pairs = vec![];
    for (name, value) in wire.parameters() {
        let is_bare = value.is_empty() && !has_equals_sign;
        pairs.push(if is_bare { name } else { [name, value].join(&b'=') });
    }
    if !pairs.is_empty() {
        text.push(b'?');
        text.extend(pairs.join(&b'&'));
    }
    text
}

/// The signature of the older way.
#[must_use]
pub fn sign_roa(wire: &Wire, has_equals_sign: bool, secret: &str) -> String {
    STANDARD.encode(mac::<Hmac<Sha1>>(secret, &roa_text(wire, has_equals_sign)))
}

/// The hash of a body as the older way sends it.
#[must_use]
pub fn content_md5(body: &[u8]) -> String {
    STANDARD.encode(Md5::digest(body))
}
