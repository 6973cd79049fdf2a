//! From the bytes of a body to its characters: which encodings are read, and which characters YAML 1.1 has at all.

use thiserror::Error;

/// How much the real server decodes at once: a wrong byte makes the whole block unreadable (as a real server answers).
const BLOCK: usize = 512;

/// The bytes are no text that YAML 1.1 allows. The texts are the real server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EncodingError {
    /// A byte that begins no character.
    #[error("invalid leading UTF-8 octet")]
    LeadingOctet,
    /// A character that ends too early: Latin-1, for example.
    #[error("invalid trailing UTF-8 octet")]
    TrailingOctet,
    /// The body ends inside a character.
    #[error("incomplete UTF-8 octet sequence")]
    IncompleteSequence,
    /// More bytes than the character needs.
    #[error("invalid length of a UTF-8 sequence")]
    OverlongSequence,
    /// The number of no character.
    #[error("invalid Unicode character")]
    InvalidCharacter,
    /// UTF-16 with an odd number of bytes.
    #[error("incomplete UTF-16 character")]
    IncompleteUnit,
    /// The body ends inside a surrogate pair.
    #[error("incomplete UTF-16 surrogate pair")]
    IncompletePair,
    /// The second half of a surrogate pair without the first.
    #[error("unexpected low surrogate area")]
    UnexpectedLowSurrogate,
    /// The first half of a surrogate pair without the second.
    #[error("expected low surrogate area")]
    ExpectedLowSurrogate,
    /// A control character but tab and line ends, or U+FFFE, U+FFFF.
    #[error("control characters are not allowed")]
    ControlCharacter,
}

/// What of a body can be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    /// The characters, without a byte order mark. U+0085, a line end of YAML 1.1, is a line feed here.
    pub characters: String,
    /// Why they end where they do, if not at the end of the body.
    pub failure: Option<EncodingError>,
}

/// Reads the first character of some bytes, and of how many bytes it is.
type Next = fn(&[u8]) -> Result<(char, usize), EncodingError>;

/// Decodes UTF-8, or UTF-16 where a byte order mark says so.
pub fn decode(bytes: &[u8]) -> Text {
    let (next, mark): (Next, usize) = match bytes {
        [0xFF, 0xFE, ..] => (|rest| next_utf16(rest, u16::from_le_bytes), 2),
        [0xFE, 0xFF, ..] => (|rest| next_utf16(rest, u16::from_be_bytes), 2),
        [0xEF, 0xBB, 0xBF, ..] => (next_utf8, 3),
        _ => (next_utf8, 0),
    };
    let mut characters = String::with_capacity(bytes.len());
    let mut rest = bytes.get(mark..).unwrap_or_default();
    let (mut left_in_block, mut length_before_block) = (BLOCK - mark, 0);
    while !rest.is_empty() {
        match next(rest).and_then(|(character, width)| Ok((allow(character)?, width))) {
            Ok((character, width)) => {
                if width > left_in_block {
                    (left_in_block, length_before_block) = (BLOCK, characters.len());
                }
                left_in_block -= width;
                characters.push(character);
                rest = rest.get(width..).unwrap_or_default();
            }
            Err(failure) => {
                if left_in_block > 0 {
                    characters.truncate(length_before_block);
                }
                return Text { characters, failure: Some(failure) };
            }
        }
    }
    Text { characters, failure: None }
}

fn allow(character: char) -> Result<char, EncodingError> {
    match character {
        '\u{85}' => Ok('\n'),
        '\t' | '\n' | '\r' | ' '..='~' | '\u{A0}'..='\u{FFFD}' | '\u{10000}'.. => Ok(character),
        _ => Err(EncodingError::ControlCharacter),
    }
}

fn next_utf8(rest: &[u8]) -> Result<(char, usize), EncodingError> {
    let width = match rest.first().copied().unwrap_or_default() {
        octet @ 0..0x80 => return Ok((char::from(octet), 1)),
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0..0xF8 => 4,
        _ => return Err(EncodingError::LeadingOctet),
    };
    let octets = rest.get(..width).ok_or(EncodingError::IncompleteSequence)?;
    if let Some(character) = str::from_utf8(octets).ok().and_then(|text| text.chars().next()) {
        return Ok((character, width));
    }
    Err(match octets {
        [_, trailing @ ..] if trailing.iter().any(|octet| octet & 0xC0 != 0x80) => {
            EncodingError::TrailingOctet
        }
        [0xC0 | 0xC1, ..] | [0xE0, ..0xA0, ..] | [0xF0, ..0x90, ..] => {
            EncodingError::OverlongSequence
        }
        _ => EncodingError::InvalidCharacter,
    })
}

fn next_utf16(rest: &[u8], unit: fn([u8; 2]) -> u16) -> Result<(char, usize), EncodingError> {
    let units: Vec<u16> = rest.as_chunks().0.iter().take(2).map(|bytes| unit(*bytes)).collect();
    let first = *units.first().ok_or(EncodingError::IncompleteUnit)?;
    match char::decode_utf16(units.iter().copied()).next() {
        Some(Ok(character)) => Ok((character, character.len_utf16() * 2)),
        _ if (0xDC00..=0xDFFF).contains(&first) => Err(EncodingError::UnexpectedLowSurrogate),
        _ if units.len() == 1 => Err(EncodingError::IncompletePair),
        _ => Err(EncodingError::ExpectedLowSurrogate),
    }
}

#[cfg(test)]
mod tests;
