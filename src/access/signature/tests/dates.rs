//! The two spellings of a date: what is read, as which moment, and what is not read.

use proptest::prelude::*;

use super::super::{parse_acs3_date, parse_http_date, parse_rpc_date};

/// 2026-01-02T03:04:05Z in epoch milliseconds.
const MOMENT: i64 = 1_767_323_045_000;

/// A date of the newer way and what it is.
const ACS3_DATES: [(&str, Option<i64>); 12] = [
    ("2026-01-02T03:04:05Z", Some(MOMENT)),
    ("1970-01-01T00:00:00Z", Some(0)),
    ("1969-12-31T23:59:59Z", Some(-1000)),
    ("0000-01-01T00:00:00Z", Some(-62_167_219_200_000)),
    ("9999-12-30T22:00:00Z", Some(253_402_207_200_000)),
    ("2024-02-29T23:59:59Z", Some(1_709_251_199_000)),
    ("2000-02-29T00:00:00Z", Some(951_782_400_000)),
    ("2025-02-29T00:00:00Z", None),
    ("1900-02-29T00:00:00Z", None),
    // A leap second: no clock of a server shows it, so it is the second before.
    ("2016-12-31T23:59:60Z", Some(1_483_228_799_000)),
    ("2016-12-31T23:59:61Z", None),
    ("2026-12-31T24:00:00Z", None),
];

/// What is no date of the newer way although it is one of ISO 8601, or nearly.
const NOT_ACS3_DATES: [&str; 31] = [
    "",
    "Z",
    "2026-01-02",
    "2026-01-02T03:04Z",
    "2026-01-02T03:04:05",
    "2026-01-02T03:04:05z",
    "2026-01-02t03:04:05Z",
    "2026-01-02 03:04:05Z",
    "2026-01-02T03:04:05.0Z",
    "2026-01-02T03:04:05.000Z",
    "2026-01-02T03:04:05+00:00",
    "2026-01-02T03:04:05-0000",
    "2026-01-02T03:04:05ZZ",
    "2026-01-02T03:04:05Z[UTC]",
    "2026-01-02T03:04:05Z[u-ca=iso8601]",
    "2026-01-02T03:04",
    " 2026-01-02T03:04:05Z",
    "2026-01-02T03:04:05Z ",
    "20260102T030405Z",
    "2026-1-2T03:04:05Z",
    "+2026-01-02T03:04:05Z",
    "-02026-01-02T03:04:05Z",
    "02026-01-02T03:04:05Z",
    "2026-00-02T03:04:05Z",
    "2026-13-02T03:04:05Z",
    "2026-01-00T03:04:05Z",
    "2026-04-31T03:04:05Z",
    "2026-01-02T03:60:05Z",
    "2026-01-02T0a:04:05Z",
    "１026-01-02T03:04:5Z",
    "Fri, 02 Jan 2026 03:04:05 GMT",
];

/// A date of the older way and what it is.
const HTTP_DATES: [(&str, Option<i64>); 14] = [
    ("Fri, 02 Jan 2026 03:04:05 GMT", Some(MOMENT)),
    ("Fri, 02 Jan 2026 03:04:05 UTC", Some(MOMENT)),
    ("Fri, 2 Jan 2026 03:04:05 GMT", Some(MOMENT)),
    ("Fri, 02 Jan 2026 03:04:05 +0000", Some(MOMENT)),
    ("Fri, 02 Jan 2026 03:04:05 -0000", Some(MOMENT)),
    ("Fri, 02 Jan 2026 11:04:05 +0800", Some(MOMENT)),
    ("Thu, 01 Jan 2026 21:34:05 -0530", Some(MOMENT)),
    ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
    ("Thu, 29 Feb 2024 23:59:59 GMT", Some(1_709_251_199_000)),
    ("Sat, 01 Mar 2025 00:00:00 GMT", Some(1_740_787_200_000)),
    ("Sat, 29 Feb 2025 00:00:00 GMT", None),
    ("Sat, 31 Dec 2016 23:59:60 GMT", Some(1_483_228_799_000)),
    ("Sat, 31 Dec 2016 23:59:61 GMT", None),
    ("Sat, 31 Dec 2016 24:00:00 GMT", None),
];

/// What is no date of the older way.
const NOT_HTTP_DATES: [&str; 25] = [
    "",
    "GMT",
    // The day of the week is another one.
    "Sat, 02 Jan 2026 03:04:05 GMT",
    // The other spellings of RFC 9110, section 5.6.7.
    "Friday, 02-Jan-26 03:04:05 GMT",
    "Fri Jan  2 03:04:05 2026",
    "Fri, 02 Jan 26 03:04:05 GMT",
    "Fri, 02 Jan 026 03:04:05 GMT",
    "Fri, 02 Jan 02026 03:04:05 GMT",
    "02 Jan 2026 03:04:05 GMT",
    "Fri, 02 Jan 2026 03:04 GMT",
    "Fri, 02 Jan 2026 03:04:05",
    "Fri, 02 Jan 2026 03:04:05 Z",
    "Fri, 02 Jan 2026 03:04:05 EST",
    "Fri, 02 Jan 2026 03:04:05 PDT",
    "Fri, 02 Jan 2026 03:04:05 CEST",
    "Fri, 02 Jan 2026 03:04:05 GMT+8",
    "Fri, 02 Jan 2026 03:04:05 +08",
    "Fri, 02 Jan 2026 03:04:05 +9900",
    "Fri, 02 Jan 2026 03:04:05.5 GMT",
    "Fri, 32 Jan 2026 03:04:05 GMT",
    "Fri, 00 Jan 2026 03:04:05 GMT",
    "Fri, 02 Xyz 2026 03:04:05 GMT",
    "Fri, 02 Jan -026 03:04:05 GMT",
    "Fri, 02 Jan 2026 03:04:05 GMT GMT",
    "2026-01-02T03:04:05Z",
];

#[test]
fn dates_of_the_newer_way() {
    for (text, moment) in ACS3_DATES {
        assert_eq!(parse_acs3_date(text.as_bytes()), moment, "{text}");
    }
    for text in NOT_ACS3_DATES {
        assert_eq!(parse_acs3_date(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn dates_of_the_older_way() {
    for (text, moment) in HTTP_DATES {
        assert_eq!(parse_http_date(text.as_bytes()), moment, "{text}");
    }
    for text in NOT_HTTP_DATES {
        assert_eq!(parse_http_date(text.as_bytes()), None, "{text}");
    }
}

/// RPC style: the same dates, and those with a fraction.
#[test]
fn dates_of_rpc_style() {
    for (text, moment) in ACS3_DATES {
        assert_eq!(parse_rpc_date(text.as_bytes()), moment, "{text}");
    }
    for (text, moment) in [
        ("2026-01-02T03:04:05.0Z", Some(MOMENT)),
        ("2026-01-02T03:04:05.5Z", Some(MOMENT + 500)),
        ("2026-01-02T03:04:05.001Z", Some(MOMENT + 1)),
        ("2026-01-02T03:04:05.999999999Z", Some(MOMENT + 999)),
        ("2026-01-02T03:04:05.811796741Z", Some(MOMENT + 811)),
        ("2026-01-02T03:04:05.0000000000Z", None),
        ("2026-01-02T03:04:05.Z", None),
        ("2026-01-02T03:04:05.5", None),
        ("2026-01-02T03:04:05,5Z", None),
        ("2026-01-02T03:04:05.-5Z", None),
        ("2026-01-02T03:04:05.5.5Z", None),
        ("2026-01-02T03:04:05.5z", None),
        ("2026-01-02T03:04:05.５Z", None),
        ("2026-01-02T03:04:05Z.5Z", None),
        ("2026-01-02T03:04.5Z", None),
        ("2026-02-30T03:04:05.5Z", None),
        (".5Z", None),
        (".", None),
    ] {
        assert_eq!(parse_rpc_date(text.as_bytes()), moment, "{text}");
    }
    for text in NOT_ACS3_DATES.into_iter().filter(|text| !text.contains('.')) {
        assert_eq!(parse_rpc_date(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_date_of_the_newer_way_has_one_spelling() {
    for (at, byte) in (0..20).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
        let mut text = *b"2026-01-02T03:04:05Z";
        text[at] = byte;
        let is_same = text == *b"2026-01-02T03:04:05Z";
        let moment = parse_acs3_date(&text);
        assert_eq!(moment == Some(MOMENT), is_same, "{}", text.escape_ascii());
        assert!(is_same || moment.is_none() || byte.is_ascii_digit(), "{}", text.escape_ascii());
    }
}

/// The older way signs a date as it was sent, so that two spellings of a moment do no harm.
#[test]
fn a_date_of_the_older_way_has_few_spellings() {
    const DATE: &[u8; 29] = b"Fri, 02 Jan 2026 03:04:05 GMT";
    for (at, byte) in (0..29).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
        let mut text = *DATE;
        text[at] = byte;
        let is_other_case =
            (at < 3 || (8..11).contains(&at)) && byte.eq_ignore_ascii_case(&DATE[at]);
        let is_space_for_zero = at == 5 && byte.is_ascii_whitespace() && byte != b' ';
        let is_same = text == *DATE || is_other_case || is_space_for_zero;
        let moment = parse_http_date(&text);
        assert_eq!(moment == Some(MOMENT), is_same, "{}", text.escape_ascii());
        assert!(is_same || moment.is_none() || byte.is_ascii_digit(), "{}", text.escape_ascii());
    }
}

proptest! {
    #[test]
    fn every_second_is_read_as_itself(second in -62_167_219_200_i64..253_402_207_200) {
        let moment = jiff::Timestamp::from_second(second).unwrap();
        let text = moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        prop_assert_eq!(parse_acs3_date(text.as_bytes()), Some(second * 1000), "{}", text);
        let text = moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        prop_assert_eq!(parse_http_date(text.as_bytes()), Some(second * 1000), "{}", text);
    }

    #[test]
    fn bytes_that_are_no_date_are_refused(text in prop::collection::vec(any::<u8>(), 0..40)) {
        // By chance no date comes up: what is looked for is a panic.
        prop_assert_eq!(parse_acs3_date(&text), None);
        prop_assert_eq!(parse_http_date(&text), None);
        prop_assert_eq!(parse_rpc_date(&text), None);
    }

    #[test]
    fn what_is_nearly_a_date_does_no_harm(
        text in "[A-Za-zé]{3}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:é ]{8} ([+-][0-9]{4}|GMT|UTC|\\(GMT)",
    ) {
        let _moment = parse_http_date(text.as_bytes());
        let digits = text.replace(|c: char| !c.is_ascii_digit(), "-");
        let _moment = parse_acs3_date(digits.as_bytes());
    }
}
