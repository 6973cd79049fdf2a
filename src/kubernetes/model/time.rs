//! Moments as texts, with the real server's words for those that it cannot read.

use super::object::Time;

const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";

impl From<jiff::Timestamp> for Time {
    fn from(moment: jiff::Timestamp) -> Self {
        // A fraction counts from the second before, also before 1970.
        Self(moment.as_second() - i64::from(moment.subsec_nanosecond() < 0))
    }
}

/// Reads a moment of RFC 3339, with any offset; fractions of a second are dropped.
///
/// # Errors
/// The text of the real server: which part of the layout it could not find, and where it looked.
pub fn parse(text: &str) -> Result<Time, String> {
    let failed = |rest: &str, part: &str| {
        let (text, rest) = (super::quote::quoted(text), super::quote::quoted(rest));
        format!("parsing time {text} as \"{LAYOUT}\": cannot parse {rest} as \"{part}\"")
    };
    let mut rest = text;
    for (length, part, behind) in [
        (4, "2006", "-"),
        (2, "01", "-"),
        (2, "02", "T"),
        (2, "15", ":"),
        (2, "04", ":"),
        (2, "05", ""),
    ] {
        let digits =
            rest.get(..length).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        if digits.is_none() {
            return Err(failed(rest, part));
        }
        rest = rest.get(length..).unwrap_or_default();
        rest = rest.strip_prefix(behind).ok_or_else(|| failed(rest, behind))?;
    }
    let moment: Result<jiff::Timestamp, _> = text.parse();
    match moment {
        Ok(moment) => Ok(moment.into()),
        Err(_) if rest.is_empty() => Err(failed("", "Z07:00")),
        Err(_) => {
            Err(failed(rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()), "Z07:00"))
        }
    }
}

#[cfg(test)]
mod tests;
