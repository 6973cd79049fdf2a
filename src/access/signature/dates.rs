//! The two spellings of a request's date.

use jiff::{Timestamp, fmt::rfc2822};

/// The moment of `YYYY-MM-DDTHH:MM:SSZ`, exactly so, in epoch milliseconds.
#[must_use]
pub fn parse_acs3_date(text: &[u8]) -> Option<i64> {
    const SHAPE: &[u8; 20] = b"0000-00-00T00:00:00Z";
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    if text.len() != SHAPE.len() || !text.iter().zip(SHAPE).all(fits) {
        return None;
    }
    let moment: Timestamp = std::str::from_utf8(text).ok()?.parse().ok()?;
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
