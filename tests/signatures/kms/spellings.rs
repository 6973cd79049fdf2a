//! Which requests are the same, spelt in another way, and which only look so. They are signed here by a client of our own.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sae_secret::access::{Refusal, signature::acs3::Style};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{ID, SECRET, TOKEN, check, check_in};
use crate::{
    common::{Request, encoded, query},
    random,
    sent::Sent,
};

const COMMON: [(&str, &str); 5] = [
    ("AccessKeyId", ID),
    ("SignatureMethod", "HMAC-SHA1"),
    ("SignatureNonce", "n"),
    ("Timestamp", "2026-01-02T03:04:05Z"),
    ("Version", "2016-01-20"),
];

fn mac<M: Mac + KeyInit>(key: &str, text: &str) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HMAC-SHA1 as the older way has it.
pub fn rpc_signature(text: &str) -> String {
    STANDARD.encode(mac::<Hmac<Sha1>>(&format!("{SECRET}&"), text))
}

/// What a client adds to those parameters, its signature among them.
fn signed(method: &str, pairs: &[(&str, &str)]) -> String {
    let mut all = [&COMMON, pairs].concat();
    all.sort_unstable();
    let signature = rpc_signature(&format!("{method}&%2F&{}", encoded(&query(&all))));
    query(&[&COMMON[..], &[("Signature", &signature)]].concat())
}

fn get(query: &str) -> Sent {
    Sent::from(&Request::new("GET", format!("/?{query}")))
}

fn post(query: &str, form: impl Into<Vec<u8>>) -> Sent {
    let request = Request::new("POST", format!("/?{query}"));
    Sent::from(&request.body("application/x-www-form-urlencoded", form))
}

const PAIRS: [(&str, &str); 4] = [
    ("SecretName", "a/b+c d*~"),
    ("Empty", ""),
    ("ExtendedConfig.CustomData.城", "市"),
    ("Z", "&="),
];

#[test]
fn parameters_can_be_spelt_in_these_ways() {
    let common = signed("POST", &PAIRS);
    let sent =
        "SecretName=a%2Fb%2Bc+d%2A~&Empty=&ExtendedConfig.CustomData.%E5%9F%8E=%E5%B8%82&Z=%26%3D";
    for (from, to) in [
        ("", ""),
        ("%2F", "/"),
        ("%2F", "%2f"),
        ("+", "%20"),
        ("%2A~", "*%7e"),
        ("SecretName", "%53ecretName"),
        ("Empty=", "Empty"),
        ("&", "&&"),
        ("Z=%26%3D", "Z=%26="),
        ("Empty=&ExtendedConfig", "ExtendedConfig"),
    ] {
        let respelt = sent.replacen(from, to, 1);
        let is_same = from != "Empty=&ExtendedConfig";
        for request in [
            post(&format!("{common}&{respelt}"), ""),
            post(&format!("&{respelt}&{common}&"), ""),
            post(&common, respelt.clone()),
            post(&respelt, common.clone()),
            post("", format!("{respelt}&{common}")),
        ] {
            assert_eq!(check(&request).is_ok(), is_same, "{from} {to}");
        }
        assert!(check(&get(&format!("{common}&{respelt}"))).is_err(), "it was signed for POST");
    }
}

#[test]
fn other_parameters_are_other_requests() {
    let (common, own) = (signed("GET", &PAIRS), query(&PAIRS));
    assert_eq!(check(&get(&format!("{common}&{own}"))), Ok(()));
    for (from, to) in [
        ("%2B", "+"),
        ("%20", "%2B"),
        ("%2F", "%252F"),
        ("%2A", ""),
        ("SecretName", "secretName"),
        ("SecretName", "SecretNam"),
        ("SecretName", "SecretName%00"),
        ("Empty", "Other"),
        ("Empty=", "Empty=0"),
        ("Empty=", "Empty=&Other="),
        ("%E5%B8%82", "%E5%B8"),
        ("Z=%26%3D", "Z=&="),
        ("Z=%26%3D", "Z"),
        ("Z=", "Z=%"),
        ("Z=", "Other=1&Z="),
        ("Z=", "SecurityToken=t&Z="),
        ("Z=", "=&Z="),
    ] {
        let other = own.replacen(from, to, 1);
        assert_ne!(other, own, "{from}");
        let told = check(&get(&format!("{common}&{other}")));
        assert!(matches!(told, Err(Refusal::RpcMismatch { .. })), "{from} {to}: {told:?}");
    }
    for twice in ["Z=%26%3D", "Z", "SecretName=x", "Timestamp=2026-01-02T03%3A04%3A05Z"] {
        let told = check(&get(&format!("{common}&{own}&{twice}")));
        assert_eq!(told, Err(Refusal::Incomplete), "{twice}");
    }
}

/// It is what one client does, so anybody can add them to a request that was signed without any.
#[test]
fn parameters_without_a_value_may_be_added() {
    let pairs = [("SecretName", "n")];
    let (common, own) = (signed("GET", &pairs), query(&pairs));
    for (more, is_believed) in [
        ("", true),
        ("&Description=", true),
        ("&a&b=&c", true),
        ("&a=&b=+", false),
        ("&a&a", false),
    ] {
        assert_eq!(check(&get(&format!("{common}&{own}{more}"))).is_ok(), is_believed, "{more}");
    }
}

#[test]
fn a_signature_has_one_spelling() {
    let common = signed("GET", &[]);
    let (rest, signature) = common.split_once("&Signature=").unwrap();
    assert_eq!(check(&get(&common)), Ok(()));
    let plain = signature.replace("%3D", "");
    for other in [plain.clone(), format!("{plain}%3D%3D"), format!("{plain}%3D+"), "%FF".to_owned()]
    {
        assert!(check(&get(&format!("{rest}&Signature={other}"))).is_err(), "{other}");
    }
}

#[test]
fn a_large_form_is_verified() {
    let value = "% +\u{e9}".repeat(400_000);
    let names: Vec<String> = (0..10_000).map(|number| format!("Tag.{number}.Key")).collect();
    let mut pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
    pairs.push(("SecretData", &value));
    let common = signed("POST", &pairs);
    let mut request = post(&common, query(&pairs));
    assert_eq!(check(&request), Ok(()));
    *request.body.last_mut().unwrap() ^= 1;
    let Err(Refusal::RpcMismatch { string_to_sign }) = check(&request) else { panic!("believed") };
    assert!(string_to_sign.starts_with("POST&%2F&AccessKeyId%3DLTAI"));
}

/// A request of the newer way that signs this text as its query.
fn acs3(target: &str, canonical_query: &str) -> Sent {
    let hash = hex(&Sha256::digest(b""));
    let names = "x-acs-content-sha256;x-acs-date";
    let date = "2026-01-02T03:04:05Z";
    let canonical = format!(
        "POST\n/\n{canonical_query}\nx-acs-content-sha256:{hash}\nx-acs-date:{date}\n\n{names}\n{hash}"
    );
    let text = format!("ACS3-HMAC-SHA256\n{}", hex(&Sha256::digest(canonical)));
    let signature = hex(&mac::<Hmac<Sha256>>(SECRET, &text));
    let request = Request::new("POST", target)
        .header("Host", "any")
        .header("x-acs-date", date)
        .header("x-acs-content-sha256", &hash)
        .header(
            "Authorization",
            &format!(
                "ACS3-HMAC-SHA256 Credential={ID},Signature={signature},SignedHeaders={names}"
            ),
        );
    Sent::from(&request)
}

#[test]
fn names_may_be_signed_as_they_are() {
    for (target, canonical_query, is_believed) in [
        ("/?a=1", "a=1", true),
        ("/", "", true),
        ("/?b=%2F&%E5%9F%8E=1", "b=%2F&%E5%9F%8E=1", true),
        ("/?b=%2F&%E5%9F%8E=1", "b=%2F&城=1", true),
        ("/?%E5%9F%8E=%E5%B8%82", "城=市", false),
        ("/?a+b=1&a%2Fb=2", "a b=1&a/b=2", true),
        // All of them or none.
        ("/?a+b=1&a%2Fb=2", "a b=1&a%2Fb=2", false),
        ("/?100%25=1&%25zz=2", "%zz=2&100%=1", true),
        // These could be other parameters.
        ("/?a%3Db=1", "a%3Db=1", true),
        ("/?a%3Db=1", "a=b=1", false),
        ("/?a%26b=1", "a&b=1", false),
        ("/?a=1&b%3D2%26c=3", "a=1&b=2&c=3", false),
        ("/?%25E5%259F%258E=1", "%E5%9F%8E=1", false),
        ("/?a%2541=1", "a%41=1", false),
        ("/?%FF=1", "\u{fffd}=1", false),
        // A line break does not begin a header.
        ("/?a%0Ab=1", "a\nb=1", true),
        ("/?a=1%0Ax-acs-date:x", "a=1\nx-acs-date:x", false),
    ] {
        let sent = acs3(target, canonical_query);
        assert_eq!(check(&sent).is_ok(), is_believed, "{target} {canonical_query}");
        assert_eq!(check_in(Style::Roa, &sent), Err(Refusal::Incomplete), "host is not signed");
    }
}

#[test]
fn a_token_without_a_key_beside_it_has_to_be_signed() {
    let sent = acs3("/", "");
    assert_eq!(check(&sent), Ok(()));
    let sent = sent.with_header("x-acs-security-token", TOKEN);
    assert_eq!(check(&sent), Err(Refusal::Incomplete));
}

proptest! {
    #[test]
    fn what_is_signed_is_believed_and_nothing_else(
        sent in random::query(),
        at in any::<prop::sample::Index>(),
    ) {
        let decoded = |text: &str| {
            let plain = text.replace('+', " ");
            percent_encoding::percent_decode_str(&plain).decode_utf8().unwrap().into_owned()
        };
        let pairs = sent.split('&').filter_map(|pair| pair.split_once('='));
        let pairs: Vec<(String, String)> =
            pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
        let borrowed: Vec<(&str, &str)> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let common = signed("POST", &borrowed);
        let mut names: Vec<&str> = borrowed.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        if names.windows(2).any(|two| two[0] == two[1]) {
            prop_assert_eq!(check(&post(&common, sent)), Err(Refusal::Incomplete));
            return Ok(());
        }
        prop_assert_eq!(check(&post(&common, sent.clone())), Ok(()));
        // In two parts, wherever it is parted.
        let pieces: Vec<&str> = sent.split('&').collect();
        let (query, form) = pieces.split_at(at.index(pieces.len() + 1));
        let parted = post(&format!("{}&{common}", query.join("&")), form.join("&"));
        prop_assert_eq!(check(&parted), Ok(()));
        for other in [format!("{sent}&more=1"), format!("more=1&{sent}"), format!("{sent}%00=1")] {
            prop_assert!(check(&post(&common, other.clone())).is_err(), "{}", other);
        }
    }
}
