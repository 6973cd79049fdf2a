//! The ways in which requests are signed. Everything here is a pure function of what was on the wire and of a key.
//!
//! One file a way: [`acs3`] (the newer one of the SDKs) and [`roa`] (the older one, of REST style).

pub mod acs3;
mod dates;
mod query;
pub mod roa;
mod rsa;

pub use dates::{parse_acs3_date, parse_http_date};
pub use query::names as parameters;
pub use rsa::RsaPublicKey;

use std::fmt;

use zeroize::Zeroizing;

use super::Refusal;
use acs3::Acs3;
use roa::Roa;

/// What was on the wire, as far as signatures cover it.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The path as it was sent, without the query.
    pub path: &'a str,
    /// The query as it was sent, without the question mark.
    pub query: &'a str,
    /// Names in lower case, and values without white space around them, in the order of the wire; a name may repeat.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> SignedRequest<'a> {
    /// The values of a header, in the order of the wire.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let same = move |(known, _): &&(&str, &[u8])| known.eq_ignore_ascii_case(name);
        self.headers.iter().filter(same).map(|(_, value)| *value)
    }

    /// Adds a header's value as it is signed: several ones sorted and joined by commas, none as nothing.
    fn push_value(&self, name: &str, text: &mut Vec<u8>) {
        let mut values: Vec<&[u8]> = self.values(name).map(<[u8]>::trim_ascii).collect();
        values.sort_unstable();
        text.extend_from_slice(&values.join(&b','));
    }
}

/// What a signature is verified with.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyMaterial {
    /// The secret that both sides know: HMAC.
    Secret(Zeroizing<String>),
    /// The public half of a key pair: RSA.
    Rsa(RsaPublicKey),
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMaterial(hidden)")
    }
}

/// The content of an `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization<'a> {
    /// `ACS3-…`.
    Acs3(Acs3<'a>),
    /// `acs …`.
    Roa(Roa<'a>),
}

impl<'a> Authorization<'a> {
    /// Reads the header's value.
    pub fn parse(value: &'a [u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(value).map_err(|_| Refusal::Incomplete)?;
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim_start_matches(' ');
        if scheme == "acs" {
            Roa::parse(rest).map(Self::Roa)
        } else if scheme.starts_with("ACS3-") {
            Acs3::parse(scheme, rest).map(Self::Acs3)
        } else {
            Err(Refusal::Incomplete)
        }
    }

    /// Which key is said to have signed.
    #[must_use]
    pub fn access_key_id(&self) -> &'a str {
        match self {
            Self::Acs3(authorization) => authorization.access_key_id,
            Self::Roa(authorization) => authorization.access_key_id,
        }
    }
}

#[cfg(test)]
mod tests;
