//! How a value looks when it comes out.

use std::collections::HashSet;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use super::SHORTEST;
use crate::common::encoded;

/// How much of a long value is looked for, in bytes, at its beginning, in its middle and at its end: whoever prints a
/// part of one prints one of these.
const PIECE: usize = 32;

/// The forms of a value, with their names, as far as they are long enough to be looked for.
pub fn of(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut seen = HashSet::new();
    let mut forms: Vec<_> = pieces(value).into_iter().flat_map(of_piece).collect();
    forms.retain(|(_, text)| text.len() >= SHORTEST && seen.insert(text.clone()));
    forms
}

fn pieces(value: &str) -> Vec<&str> {
    if value.len() <= 3 * PIECE {
        return vec![value];
    }
    let piece = |at: usize| {
        let begin = value.ceil_char_boundary(at);
        &value[begin..value.floor_char_boundary(begin + PIECE)]
    };
    vec![piece(0), piece(value.len() / 2), piece(value.len() - PIECE - 3)]
}

fn of_piece(piece: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = piece.as_bytes();
    let json = serde_json::to_string(piece).unwrap();
    let url = encoded(piece);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    let mut forms = vec![
        ("as it is", piece.to_owned()),
        ("JSON", json[1..json.len() - 1].to_owned()),
        ("Debug", piece.escape_debug().to_string()),
        ("Debug of bytes", bytes.escape_ascii().to_string()),
        ("a list of numbers", numbers.join(", ")),
        ("url-encoded", url.clone()),
        ("url-encoded in lower case", lower_escapes(&url)),
        ("form-encoded", url.replace("%20", "+")),
        ("hex in upper case", hex.to_uppercase()),
        ("hex", hex),
    ];
    // It may stand anywhere in what was encoded: three bytes are four characters.
    for before in 0..3 {
        let padded = [&vec![0; before][..], bytes].concat();
        let (begin, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        forms.push(("base64", STANDARD_NO_PAD.encode(&padded)[begin..end].to_owned()));
        forms.push(("url-safe base64", URL_SAFE_NO_PAD.encode(&padded)[begin..end].to_owned()));
    }
    forms.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

fn lower_escapes(url: &str) -> String {
    let mut pieces = url.split('%');
    let mut lower = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (digits, rest) = piece.split_at(2);
        lower += &format!("%{}{rest}", digits.to_lowercase());
    }
    lower
}
