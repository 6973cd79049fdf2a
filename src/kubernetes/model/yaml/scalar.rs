//! What a scalar stands for by YAML 1.1, as Go's yaml library reads it, which is neither the whole of YAML 1.1 nor YAML 1.2.

use std::{
    borrow::Cow,
    fmt::{Display, LowerExp},
};

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::YamlError;

/// The real server takes bits behind the last byte that are not zero.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// What the tag of a scalar asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// There is none: the notation decides.
    Absent,
    /// `!!null`.
    Null,
    /// `!!bool`.
    Bool,
    /// `!!int`.
    Int,
    /// `!!float`.
    Float,
    /// `!!str`.
    Str,
    /// `!!timestamp`: stays the text that it is.
    Timestamp,
    /// `!!binary`: base64 of what is meant.
    Binary,
    /// `!!merge`: makes a merge key of a quoted `<<`.
    Merge,
    /// `!` alone: text, but `<<` is a merge key.
    NonSpecific,
    /// Any other, which nobody knows: text.
    Unknown,
}

impl Tag {
    /// The tag of this whole name.
    pub fn named(name: &str) -> Self {
        match name {
            "!" => Self::NonSpecific,
            "tag:yaml.org,2002:null" => Self::Null,
            "tag:yaml.org,2002:bool" => Self::Bool,
            "tag:yaml.org,2002:int" => Self::Int,
            "tag:yaml.org,2002:float" => Self::Float,
            "tag:yaml.org,2002:str" => Self::Str,
            "tag:yaml.org,2002:timestamp" => Self::Timestamp,
            "tag:yaml.org,2002:binary" => Self::Binary,
            "tag:yaml.org,2002:merge" => Self::Merge,
            _ => Self::Unknown,
        }
    }

    /// As it is written in a document.
    fn short(self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool => "!!bool",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Timestamp => "!!timestamp",
            _ => "!!str",
        }
    }
}

/// The value of a scalar.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    /// Nothing, `~` or `null`.
    Null,
    /// `yes`, `off`, `true`, …
    Bool(bool),
    /// An integer of 64 bits with sign.
    Integer(i64),
    /// An integer above those.
    Unsigned(u64),
    /// Any other number. Integers of more than 64 bits are among them, rounded (as a real server answers).
    Float(f64),
    /// A moment, which stays as it was written.
    Timestamp(Cow<'a, str>),
    /// Text.
    Text(Cow<'a, str>),
}

impl Scalar<'_> {
    fn tag(&self) -> Tag {
        match self {
            Self::Null => Tag::Null,
            Self::Bool(_) => Tag::Bool,
            Self::Integer(_) | Self::Unsigned(_) => Tag::Int,
            Self::Float(_) => Tag::Float,
            Self::Timestamp(_) => Tag::Timestamp,
            Self::Text(_) => Tag::Str,
        }
    }
}

/// Reads a scalar with its tag. Without a tag, what is quoted or a block is text.
///
/// # Errors
/// The text is not what the tag says.
pub fn resolve(text: &str, tag: Tag, is_plain: bool) -> Result<Scalar<'_>, YamlError> {
    match tag {
        Tag::Absent if is_plain => Ok(resolve_plain(text)),
        Tag::Absent | Tag::Str | Tag::Merge | Tag::NonSpecific | Tag::Unknown => {
            Ok(Scalar::Text(text.into()))
        }
        Tag::Binary => {
            let base64: Vec<u8> =
                text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
            let bytes = BASE64.decode(base64).map_err(|_| YamlError::InvalidBinary)?;
            Ok(Scalar::Text(String::from_utf8_lossy(&bytes).into_owned().into()))
        }
        Tag::Null | Tag::Bool | Tag::Int | Tag::Float | Tag::Timestamp => {
            // Only a timestamp tag makes one of the text.
            let resolved = match resolve_plain(text) {
                Scalar::Timestamp(text) if tag != Tag::Timestamp => Scalar::Text(text),
                resolved => resolved,
            };
            match resolved {
                #[expect(clippy::cast_precision_loss, reason = "as the real server converts it")]
                Scalar::Integer(number) if tag == Tag::Float => Ok(Scalar::Float(number as f64)),
                resolved if resolved.tag() == tag => Ok(resolved),
                resolved => Err(YamlError::TagMismatch {
                    found: resolved.tag().short(),
                    wanted: tag.short(),
                }),
            }
        }
    }
}

/// Reads an unquoted scalar without a tag.
pub fn resolve_plain(text: &str) -> Scalar<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Scalar::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let number = match text.as_bytes().first() {
        Some(b'0'..=b'9' | b'+' | b'-') if is_timestamp(text) => {
            return Scalar::Timestamp(text.into());
        }
        Some(b'0'..=b'9' | b'+' | b'-') => number(&text.replace('_', "")),
        Some(b'.') if are_digits_grouped(text) => float(&text.replace('_', "")),
        _ => None,
    };
    number.unwrap_or_else(|| Scalar::Text(text.into()))
}

/// A number that begins with a digit or a sign, without its underscores.
fn number(text: &str) -> Option<Scalar<'static>> {
    integer(text).or_else(|| float(text)).or_else(|| {
        // A second sign behind `0b` slips through in the real server.
        let (sign, digits) = match text.strip_prefix("-0b") {
            Some(digits) => ("-", digits),
            None => ("", text.strip_prefix("0b")?),
        };
        i64::from_str_radix(&format!("{sign}{digits}"), 2).ok().map(Scalar::Integer)
    })
}

/// An integer with the prefixes of C and Go: `0x`, `0b`, `0o`, and `0` for octal.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let (sign, unsigned) = match text.as_bytes().first() {
        Some(b'-') => ("-", text.get(1..)?),
        Some(b'+') => ("", text.get(1..)?),
        _ => ("", text),
    };
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, unsigned.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, unsigned.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, unsigned.get(2..)?),
        [b'0', _, ..] => (8, unsigned.get(1..)?),
        _ => (10, unsigned),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let integer = i64::from_str_radix(&format!("{sign}{digits}"), radix).map(Scalar::Integer);
    integer.ok().or_else(|| {
        // An unsigned integer has no sign at all in the real server.
        let is_unsigned = unsigned.len() == text.len();
        let number = u64::from_str_radix(digits, radix).ok().filter(|_| is_unsigned)?;
        Some(Scalar::Unsigned(number))
    })
}

/// A decimal number. One that is too big for 64 bits of floating point is none.
fn float(text: &str) -> Option<Scalar<'static>> {
    // Rust reads `inf` and `nan` too, which are text here.
    if text.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E')) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Scalar::Float)
}

/// Whether each underscore stands between two digits.
fn are_digits_grouped(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.match_indices('_').all(|(at, _)| {
        let is_digit =
            |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1))
    })
}

/// Whether the text is a moment: `2006-1-2`, with ` 15:4:5` or with `T15:4:5` and a zone.
fn is_timestamp(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let day_length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let Some((day, time)) = rest.split_at_checked(day_length) else { return false };
    let is_date = year.len() == 4
        && year.bytes().all(|byte| byte.is_ascii_digit())
        && [month, day].iter().all(|part| matches!(part.len(), 1 | 2))
        && match (year.parse(), month.parse(), day.parse()) {
            (Ok(year), Ok(month), Ok(day)) => jiff::civil::Date::new(year, month, day).is_ok(),
            _ => false,
        };
    is_date
        && match time.as_bytes().first() {
            None => true,
            Some(b' ') => is_time_of_day(time.trim_start_matches(' ')),
            Some(b'T' | b't') => {
                let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
                let (time, zone) = time.split_at_checked(zone_at).unwrap_or_default();
                is_time_of_day(time.get(1..).unwrap_or_default()) && is_zone(zone)
            }
            Some(_) => false,
        }
}

/// `15:4:5`, with a fraction of a second or without.
fn is_time_of_day(text: &str) -> bool {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let parts: Vec<&str> = whole.split(':').collect();
    parts.len() == 3
        && parts.iter().zip([24, 60, 60]).all(|(part, end)| is_number_below(part, 1..=2, end))
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// `Z`, or `+01:00`.
fn is_zone(text: &str) -> bool {
    match text.strip_prefix(['+', '-']) {
        Some(offset) => offset.split_once(':').is_some_and(|(hours, minutes)| {
            is_number_below(hours, 2..=2, 25) && is_number_below(minutes, 2..=2, 60)
        }),
        None => text == "Z",
    }
}

fn is_number_below(text: &str, length: std::ops::RangeInclusive<usize>, end: u8) -> bool {
    length.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<u8>().is_ok_and(|number| number < end)
}

/// A number as Go writes it by `%g` in the fewest digits: `1.1`, `1e+06`.
pub fn general<F: Display + LowerExp>(number: F) -> String {
    let scientific = format!("{number:e}");
    match scientific.split_once('e').map(|(mantissa, exponent)| (mantissa, exponent.parse())) {
        Some((mantissa, Ok(exponent @ (..-4 | 6..)))) => format!("{mantissa}{}", signed(exponent)),
        _ => number.to_string(),
    }
}

/// An exponent of at least two digits.
fn signed(exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests;
