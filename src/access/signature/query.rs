//! The parameters of a query as they are signed.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// A name and its value, decoded.
pub type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// The decoded parameters, sorted by name, then value: `+` is a space, escapes that are none stay as they are.
///
/// Clients sort the names before they encode them.
pub fn sorted(query: &str) -> Vec<Pair<'_>> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs: Vec<_> = pairs.map(|(name, value)| (decode(name), decode(value))).collect();
    pairs.sort_unstable();
    pairs
}

fn decode(text: &str) -> Cow<'_, [u8]> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return Cow::Owned(percent_decode(spaced.as_bytes()).collect());
    }
    percent_decode(text.as_bytes()).into()
}

/// Adds bytes in the encoding of RFC 3986: unreserved characters stay, all others become escapes in upper case.
pub fn encode(bytes: &[u8], text: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => text.push(*byte),
            _ => {
                let digit =
                    |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
                text.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
}
