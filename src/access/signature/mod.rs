//! The ways in which requests are signed. Everything here is a pure function of what was on the wire and of a key.
//!
//! One file a way: [`acs3`] (the newer one of the SDKs), [`roa`] (the older one, of REST style), [`rpc`] (the older one of RPC
//! style), and [`sdk`] (Huawei Cloud's, which nothing serves yet).

pub mod acs3;
mod query;
pub mod roa;
pub mod rpc;
mod rsa;
pub mod sdk;

pub use query::names as parameters;
pub use rsa::RsaPublicKey;

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{Timestamp, fmt::rfc2822};
use ring::hmac;
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
        let mut values = self.values(name).map(<[u8]>::trim_ascii);
        match (values.next(), values.next()) {
            (None, _) => {}
            (Some(only), None) => text.extend_from_slice(only),
            (Some(first), Some(second)) => {
                let mut all: Vec<&[u8]> = [first, second].into_iter().chain(values).collect();
                all.sort_unstable();
                text.extend_from_slice(&all.join(&b','));
            }
        }
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

/// Whether a text is as long as a shape and has a digit for each of its zeros, and else the same bytes.
fn has_shape(text: &[u8], shape: &[u8]) -> bool {
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    text.len() == shape.len() && text.iter().zip(shape).all(fits)
}

/// The moment of `YYYY-MM-DDTHH:MM:SSZ`, exactly so, in epoch milliseconds.
#[must_use]
pub fn parse_acs3_date(text: &[u8]) -> Option<i64> {
    if !has_shape(text, b"0000-00-00T00:00:00Z") {
        return None;
    }
    let moment: Timestamp = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(moment.as_millisecond())
}

/// The moment of a date that [`parse_acs3_date`] reads, or of one with a fraction of one to nine digits, in epoch
/// milliseconds. One Rust SDK sends nanoseconds.
#[must_use]
pub fn parse_rpc_date(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let Some((seconds, fraction)) = text.split_once('.') else {
        return parse_acs3_date(text.as_bytes());
    };
    let digits = fraction.strip_suffix('Z')?;
    if !(1..=9).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    parse_acs3_date(format!("{seconds}Z").as_bytes())?;
    let moment: Timestamp = text.parse().ok()?;
    Some(moment.as_millisecond())
}

/// The moment of an RFC 1123 date with four digits of the year, in GMT or with a zone in numbers, in epoch milliseconds.
#[must_use]
pub fn parse_http_date(text: &[u8]) -> Option<i64> {
    // `Fri, 02 Jan 2026 03:04:05 GMT` has 29 bytes, a zone in numbers two more, and one digit of the day may be left out.
    if !(28..=31).contains(&text.len()) {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let has_long_year = text.split(' ').nth(3).is_some_and(|year| year.len() == 4);
    let has_zone = text
        .rsplit(' ')
        .next()
        .is_some_and(|zone| zone == "GMT" || zone == "UTC" || zone.starts_with(['+', '-']));
    if !has_long_year || !has_zone {
        return None;
    }
    // The parser knows the zone by the name of its own standard.
    let text = text.replace("UTC", "GMT");
    rfc2822::DateTimeParser::new().parse_timestamp(&text).ok().map(Timestamp::as_millisecond)
}

/// Whether that is the HMAC of a text, in base64; the time that it takes does not depend on where they differ.
fn is_hmac(algorithm: hmac::Algorithm, key: &[u8], text: &[u8], signature: &str) -> bool {
    // No other spelling of the same bytes is base64 to this engine.
    let Ok(signature) = STANDARD.decode(signature) else { return false };
    hmac::verify(&hmac::Key::new(algorithm, key), text, &signature).is_ok()
}

#[cfg(test)]
mod tests;
