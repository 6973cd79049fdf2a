//! When a request may arrive: 15 minutes before or after its date, to the millisecond.

use sae_secret::{
    access::{CommonField, Refusal},
    clock::Timestamp,
};

use crate::{
    common::Way,
    sent::{Sent, WAYS, directory, list, signer},
};

/// 2026-01-02T03:04:05Z in Unix seconds.
const SIGNED_AT: i64 = 1_767_323_045;
const WINDOW_MS: i64 = 15 * 60 * 1000;

fn signed(way: Way) -> Sent {
    Sent::from(&signer(way).at(SIGNED_AT).sign(list(), None))
}

fn date_header(way: Way) -> &'static str {
    if way == Way::RoaSha1 { "date" } else { "x-acs-date" }
}

fn with_date(way: Way, date: &str) -> Sent {
    let mut sent = signed(way);
    sent.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(date_header(way).as_bytes()));
    sent.with_header(date_header(way), date)
}

#[test]
fn a_date_may_be_off_by_fifteen_minutes_and_no_more() {
    let directory = directory();
    for way in WAYS {
        for off in [0, 1, -1, WINDOW_MS - 1, 1 - WINDOW_MS, WINDOW_MS, -WINDOW_MS] {
            let now = Timestamp(SIGNED_AT * 1000 + off);
            let caller = signed(way).admitted(&directory, now).expect("it is in time");
            assert_eq!(caller.access_key_id, Some(signer(way).id));
        }
        for off in [WINDOW_MS + 1, -WINDOW_MS - 1, 2 * WINDOW_MS, -2 * WINDOW_MS] {
            let now = Timestamp(SIGNED_AT * 1000 + off);
            let refused = signed(way).admitted(&directory, now).unwrap_err();
            assert_eq!(refused, Refusal::DateExpired, "{way:?} {off}");
        }
        for now in [i64::MIN, 0, i64::MAX] {
            let refused = signed(way).admitted(&directory, Timestamp(now)).unwrap_err();
            assert_eq!(refused, Refusal::DateExpired, "{way:?} {now}");
        }
    }
}

#[test]
fn what_is_no_date_is_refused_as_such() {
    let (directory, now) = (directory(), Timestamp(SIGNED_AT * 1000));
    for way in WAYS {
        for date in ["x", "1767323045", "2026-01-02", "2026-02-30T00:00:00Z", "Fri, 02 Jan 2026"] {
            let refused = with_date(way, date).admitted(&directory, now).unwrap_err();
            assert_eq!(refused, Refusal::DateMalformed, "{way:?} {date}");
        }
        for date in ["0000-01-01T00:00:00Z", "9999-12-30T00:00:00Z"] {
            let refused = with_date(way, date).admitted(&directory, now).unwrap_err();
            assert_eq!(refused, Refusal::DateExpired, "{way:?} {date}");
        }
        let missing = Refusal::Missing(CommonField::Timestamp);
        assert_eq!(with_date(way, "").admitted(&directory, now).unwrap_err(), missing, "{way:?}");
        let twice = with_date(way, "x").with_header(date_header(way), "x");
        assert_eq!(twice.admitted(&directory, now).unwrap_err(), Refusal::Incomplete, "{way:?}");
    }
    // The newer way has one spelling only.
    let http = with_date(Way::Acs3Sha256, "Fri, 02 Jan 2026 03:04:05 GMT");
    assert_eq!(http.admitted(&directory, now).unwrap_err(), Refusal::DateMalformed);
}

/// The older way: a date in the other spelling, or in the other header, is as good if it is what was signed.
#[test]
fn the_older_way_takes_either_spelling_in_either_header() {
    let (directory, now) = (directory(), Timestamp(SIGNED_AT * 1000));
    let signer = signer(Way::RoaSha1).at(SIGNED_AT);
    let late = Timestamp(now.0 + WINDOW_MS + 1);
    for date in ["2026-01-02T03:04:05Z", "Fri, 02 Jan 2026 11:04:05 +0800"] {
        let sent = Sent::from(&signer.sign(list().header("x-acs-date", date), None));
        assert!(sent.admitted(&directory, now).is_ok(), "{date}");
        assert_eq!(sent.admitted(&directory, late).unwrap_err(), Refusal::DateExpired);
        let sent = Sent::from(&signer.sign(list().header("Date", date), None));
        assert!(sent.admitted(&directory, now).is_ok(), "{date}");
        assert_eq!(sent.admitted(&directory, late).unwrap_err(), Refusal::DateExpired);
        // Where both are there, Date is the one that counts.
        let both = list().header("x-acs-date", "2020-01-01T00:00:00Z");
        let sent = Sent::from(&signer.sign(both.header("Date", date), None));
        assert!(sent.admitted(&directory, now).is_ok(), "{date}");
    }
}
