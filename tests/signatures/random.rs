//! Requests at random: what a client of our own signs is believed, in every way of signing and however strange the
//! request; what nobody signed is not, and does no harm.

use proptest::prelude::*;
use sae_secret::clock::Timestamp;

use crate::{
    common::{Request, Way, fixture},
    sent::{Sent, WAYS, directory, signer},
};

/// 2026-01-02T03:04:05Z in Unix seconds.
const SIGNED_AT: i64 = 1_767_323_045;

/// A character of a parameter, and how it is put into the query.
type Spelt = (char, u8);

fn character() -> impl Strategy<Value = Spelt> {
    let hostile = prop::sample::select(
        "aZ0-_.~*+ /&=%?#:;,'\"(){}[]<>|\\^`!$@\0\t\r\n\u{7f}\u{e9}\u{ff}名\u{202e}\u{1f511}"
            .chars()
            .collect::<Vec<_>>(),
    );
    (prop_oneof![4 => hostile, 1 => any::<char>()], any::<u8>())
}

/// A character as it is, as a plus sign, or escaped in either case.
fn spell(text: &[Spelt]) -> String {
    let mut spelt = String::new();
    for (character, how) in text {
        let can_stand = character.is_ascii_graphic() && !"&=%+#".contains(*character);
        match how % 4 {
            0 | 1 if can_stand => spelt.push(*character),
            0 | 1 if *character == ' ' => spelt.push('+'),
            2 => character.to_string().bytes().for_each(|b| spelt.push_str(&format!("%{b:02x}"))),
            _ => character.to_string().bytes().for_each(|b| spelt.push_str(&format!("%{b:02X}"))),
        }
    }
    spelt
}

fn text(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(character(), 0..most).prop_map(|text| spell(&text))
}

/// Parameters with values, some of them empty, some of one name.
pub fn query() -> impl Strategy<Value = String> {
    let pair = (prop_oneof![text(6), Just("a".to_owned()), Just("b".to_owned())], text(12));
    let pair = pair.prop_map(|(name, value)| format!("{name}={value}"));
    prop::collection::vec(pair, 0..6).prop_map(|pairs| pairs.join("&"))
}

/// Headers with values, some of them empty, some of one name, none with space around it: clients leave that out.
fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![
        "x-acs-[a-c]{1,2}",
        "X-ACS-[a-z0-9_.~!#$%&'*+^`|-]{1,6}",
        Just("x-acs-".to_owned()),
    ];
    let value = "([!-~é名]([ -~é名\\t]{0,12}[!-~é名])?)?";
    prop::collection::vec((name, value), 0..5)
}

fn request() -> impl Strategy<Value = Request> {
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "DELETE"]);
    let path = prop::sample::select(vec!["/pop/v1/sam/secret/secret", "/", "/a.b~c/-_/"]);
    let accept = prop::option::of("[!-~]([ -~]{0,10}[!-~])?");
    let body = prop::option::of(prop::collection::vec(any::<u8>(), 0..40));
    (method, path, query(), headers(), accept, body).prop_map(
        |(method, path, query, headers, accept, body)| {
            let mut request = Request::new(method, format!("{path}?{query}"));
            request.headers = headers;
            request.headers.extend(accept.map(|value| ("Accept".to_owned(), value)));
            match body {
                Some(body) => request.body("application/json;charset=utf-8", body),
                None => request,
            }
        },
    )
}

/// The target with something added that makes it another one.
fn other_targets(target: &[u8]) -> [Vec<u8>; 4] {
    let with = |more: &[u8]| [target, more].concat();
    [with(b"&more=1"), with(b"x"), with(b"%00"), [b"/x".as_slice(), target].concat()]
}

const NAMES: &[&str] = &[
    "host",
    "date",
    "x-acs-nonsense",
    "x-acs-security-token",
    "content-md5",
    "x-acs-signature-method",
];

/// Any value that the HTTP library lets through.
fn value(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..=0xff], 0..most)
}

fn nearly_an_authorization() -> impl Strategy<Value = Vec<u8>> {
    let id = "(testAKid0000000000000001|LTAI5tRsa)";
    let more = "(;x-acs-date;x-acs-signature-nonce;x-acs-content-sha256)?";
    let acs3 = format!(
        "ACS3-(HMAC-SHA256|HMAC-SM3|RSA-SHA256) \
         Credential={id},SignedHeaders=[;a-z-]{{0,9}}(host)?{more},Signature=[0-9a-f]{{0,64}}"
    );
    let roa = format!("acs {id}:[A-Za-z0-9+/]{{0,27}}=?");
    let matching = |pattern: &str| {
        let text = prop::string::string_regex(pattern).expect("a pattern");
        text.prop_map(String::into_bytes)
    };
    prop_oneof![value(60), matching(&acs3), matching(&roa)]
}

proptest! {
    #[test]
    fn what_is_signed_is_believed_and_nothing_else(request in request()) {
        let (directory, now) = (directory(), Timestamp(SIGNED_AT * 1000));
        for way in WAYS {
            let signed = signer(way).at(SIGNED_AT).sign(request.clone(), Some("ListSecrets"));
            let sent = Sent::from(&signed);
            prop_assert!(sent.is_verified(), "{:?} {:?}", way, sent);
            // Which of two values comes first is not signed.
            let mut names: Vec<_> =
                request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
            names.sort_unstable();
            let is_clear = names.is_sorted_by(|name, next| name < next);
            let admitted = sent.admitted(&directory, now).is_ok();
            prop_assert_eq!(admitted, is_clear, "{:?} {:?}", way, sent);
            for target in other_targets(&sent.target) {
                let other = Sent { target, ..sent.clone() };
                prop_assert!(!other.is_verified(), "{:?} {:?}", way, other);
            }
            let other = Sent { method: b"PATCH".to_vec(), ..sent.clone() };
            prop_assert!(!other.is_verified(), "{:?} {:?}", way, other);
            let other = sent.clone().with_header("x-acs-added", "");
            prop_assert!(!other.is_verified(), "{:?} {:?}", way, other);
            if let Some(last) = sent.body.len().checked_sub(1) {
                let mut other = sent.clone();
                other.body[last] ^= 1;
                prop_assert!(!other.is_verified(), "{:?} {:?}", way, other);
            }
        }
    }

    #[test]
    fn another_secret_signs_nothing(request in request(), secret in "\\PC{0,40}") {
        for way in WAYS {
            let mut signer = signer(way);
            // The public half of a pair is no secret, but a pair signs with nothing but another pair.
            signer.secret = match way {
                Way::Acs3Rsa => fixture("tls/rsa2048-other.key"),
                _ => secret.clone(),
            };
            let sent = Sent::from(&signer.sign(request.clone(), None));
            prop_assert!(!sent.is_verified(), "{:?} {:?}", way, sent);
        }
    }

    #[test]
    fn what_nobody_signed_is_refused(
        authorization in nearly_an_authorization(),
        headers in prop::collection::vec((prop::sample::select(NAMES), value(40)), 0..4),
        target in "/[!-\"$-~]{0,40}",
        is_dated in any::<bool>(),
    ) {
        let mut sent = Sent::from(&Request::new("GET", target));
        sent.headers.push((b"Authorization".to_vec(), authorization));
        let headers = headers.into_iter().map(|(name, value)| (name.as_bytes().to_vec(), value));
        sent.headers.extend(headers);
        if is_dated {
            sent = sent
                .with_header("x-acs-date", "2026-01-02T03:04:05Z")
                .with_header("x-acs-signature-nonce", "n")
                .with_header("x-acs-content-sha256", "e3b0c44298fc1c14");
        }
        prop_assert!(!sent.is_verified());
        prop_assert!(sent.admitted(&directory(), Timestamp(SIGNED_AT * 1000)).is_err());
    }
}
