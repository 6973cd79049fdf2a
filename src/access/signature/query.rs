//! The parameters of a query or a form as they are signed.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// What RFC 3986, section 2.3, does not let stand for itself.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The names of the parameters, decoded, in the order of the wire.
pub fn names(query: &str) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let names = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
    names.map(|name| decode(name.as_bytes()))
}

/// The decoded parameters of a query, sorted by name, then value.
///
/// Clients sort the names before they encode them.
pub fn sorted(query: &str) -> Vec<[Cow<'_, [u8]>; 2]> {
    let mut pairs: Vec<_> = pairs(query.as_bytes()).collect();
    pairs.sort_unstable();
    pairs
}

/// The decoded parameters, in the order of the wire: `+` is a space, escapes that are none stay as they are.
pub fn pairs(text: &[u8]) -> impl Iterator<Item = [Cow<'_, [u8]>; 2]> {
    let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        [halves.next(), halves.next()].map(|half| decode(half.unwrap_or_default()))
    })
}

fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if text.contains(&b'+') {
        let spaced = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte });
        return Cow::Owned(percent_decode(&spaced.collect::<Vec<u8>>()).collect());
    }
    percent_decode(text).into()
}

/// Decoded parameters as they are signed, in their order.
pub fn canonical<'p>(pairs: impl IntoIterator<Item = &'p [Cow<'p, [u8]>; 2]>) -> String {
    let mut text = String::new();
    for [name, value] in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(percent_encode(name, RESERVED));
        text.push('=');
        text.extend(percent_encode(value, RESERVED));
    }
    text
}

/// Bytes in the encoding of RFC 3986: unreserved characters stay, all others become escapes in upper case.
pub fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, RESERVED).collect()
}
