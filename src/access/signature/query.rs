//! The parameters of a query as they are signed.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// What RFC 3986, section 2.3, does not let stand for itself.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The names of the parameters, decoded, in the order of the wire.
pub fn names(query: &str) -> impl Iterator<Item = Cow<'_, [u8]>> {
    query.split('&').map(|pair| decode(pair.split_once('=').map_or(pair, |(name, _)| name)))
}

/// The decoded parameters, sorted by name, then value: `+` is a space, escapes that are none stay as they are.
///
/// Clients sort the names before they encode them.
pub fn sorted(query: &str) -> Vec<[Cow<'_, [u8]>; 2]> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs: Vec<_> = pairs.map(|(name, value)| [name, value].map(decode)).collect();
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

/// Bytes in the encoding of RFC 3986: unreserved characters stay, all others become escapes in upper case.
pub fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, RESERVED).collect()
}
