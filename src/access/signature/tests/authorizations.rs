//! The `Authorization` header: what it can say, and what it cannot.

use proptest::prelude::*;

use super::super::{
    Authorization, KeyMaterial, RsaPublicKey, SignedRequest,
    acs3::{self, Acs3, Algorithm, Style},
    roa::{self, Roa},
};
use crate::access::{CommonField, Refusal};

fn parse(text: &str) -> Result<Authorization<'_>, Refusal> {
    Authorization::parse(text.as_bytes())
}

#[test]
fn every_algorithm_is_read() {
    for algorithm in [Algorithm::HmacSha256, Algorithm::HmacSm3, Algorithm::RsaSha256] {
        let text = format!("{} Credential=id,SignedHeaders=a;b,Signature=0f", algorithm.name());
        let read = Acs3 { algorithm, access_key_id: "id", signed_headers: "a;b", signature: "0f" };
        assert_eq!(parse(&text), Ok(Authorization::Acs3(read)));
    }
    let read = Roa { access_key_id: "id", signature: "Zz+/=" };
    assert_eq!(parse("acs id:Zz+/="), Ok(Authorization::Roa(read)));
}

#[test]
fn parts_may_stand_in_any_order_with_space_between() {
    let usual = parse("ACS3-HMAC-SM3 Credential=id,SignedHeaders=a;b,Signature=0f").unwrap();
    assert_eq!(usual.access_key_id(), "id");
    for other in [
        "ACS3-HMAC-SM3   Credential=id, SignedHeaders=a;b, Signature=0f",
        "ACS3-HMAC-SM3 Signature=0f ,\tSignedHeaders=a;b ,Credential=id",
    ] {
        assert_eq!(parse(other), Ok(usual.clone()), "{other}");
    }
    assert_eq!(parse("acs   id:0f"), parse("acs id:0f"));
    // Only the first colon and the first equals sign part.
    let odd = parse("acs id:a:b=").unwrap();
    assert_eq!(odd, Authorization::Roa(Roa { access_key_id: "id", signature: "a:b=" }));
    let odd = parse("ACS3-HMAC-SM3 Credential=i=d,SignedHeaders=a,Signature==").unwrap();
    assert_eq!(odd.access_key_id(), "i=d");
}

#[test]
fn everything_else_is_refused_for_what_it_lacks() {
    const MALFORMED: Refusal = Refusal::Incomplete;
    const NO_KEY: Refusal = Refusal::Missing(CommonField::AccessKeyId);
    const NO_SIGNATURE: Refusal = Refusal::Missing(CommonField::Signature);
    for (text, error) in [
        ("", MALFORMED),
        (" ", MALFORMED),
        ("acs", MALFORMED),
        ("acs ", MALFORMED),
        ("acs id", MALFORMED),
        ("acs :0f", NO_KEY),
        ("acs :", NO_KEY),
        ("acs id:", NO_SIGNATURE),
        ("ACS id:0f", MALFORMED),
        (" acs id:0f", MALFORMED),
        ("acs\tid:0f", MALFORMED),
        ("acsid:0f", MALFORMED),
        ("Bearer token", MALFORMED),
        ("Basic aWQ6MGY=", MALFORMED),
        ("acs3-HMAC-SHA256 Credential=id,SignedHeaders=a,Signature=0f", MALFORMED),
        ("ACS3- Credential=id,SignedHeaders=a,Signature=0f", Refusal::UnknownMethod),
        ("ACS3-hmac-sha256 Credential=id,SignedHeaders=a,Signature=0f", Refusal::UnknownMethod),
        ("ACS3-HMAC-SHA1 Credential=id,SignedHeaders=a,Signature=0f", Refusal::UnknownMethod),
        ("ACS3-NONE Credential=id,SignedHeaders=a,Signature=0f", Refusal::UnknownMethod),
        ("ACS3-HMAC-SHA256", MALFORMED),
        ("ACS3-HMAC-SHA256 ", MALFORMED),
        ("ACS3-HMAC-SHA256 ,", MALFORMED),
        ("ACS3-HMAC-SHA256 Credential", MALFORMED),
        ("ACS3-HMAC-SHA256 Credential=id,SignedHeaders=a,Signature=0f,", MALFORMED),
        ("ACS3-HMAC-SHA256 Credential=id,SignedHeaders=a,Signature=0f,Other=1", MALFORMED),
        ("ACS3-HMAC-SHA256 credential=id,SignedHeaders=a,Signature=0f", MALFORMED),
        ("ACS3-HMAC-SHA256 Credential =id,SignedHeaders=a,Signature=0f", MALFORMED),
        ("ACS3-HMAC-SHA256 Credential=id,Credential=id,SignedHeaders=a,Signature=0", MALFORMED),
        ("ACS3-HMAC-SHA256 Credential=id,SignedHeaders=a,SignedHeaders=,Signature=0", MALFORMED),
        ("ACS3-HMAC-SHA256 Credential=id,SignedHeaders=a,Signature=0,Signature=1", MALFORMED),
        ("ACS3-HMAC-SHA256 SignedHeaders=a,Signature=0f", NO_KEY),
        ("ACS3-HMAC-SHA256 Credential=,SignedHeaders=a,Signature=0f", NO_KEY),
        ("ACS3-HMAC-SHA256 Credential=,SignedHeaders=,Signature=", NO_KEY),
        ("ACS3-HMAC-SHA256 Credential=id,SignedHeaders=a", NO_SIGNATURE),
        ("ACS3-HMAC-SHA256 Credential=id,SignedHeaders=,Signature=", NO_SIGNATURE),
        ("ACS3-HMAC-SHA256 Credential=id,Signature=0f", MALFORMED),
        ("ACS3-HMAC-SHA256 Credential=id,SignedHeaders=,Signature=0f", MALFORMED),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
    assert_eq!(Authorization::parse(b"acs id:\xff"), Err(MALFORMED), "not UTF-8");
}

#[test]
fn signed_headers_are_names_and_each_stands_once() {
    let with = |names: &str| {
        let text = format!("ACS3-HMAC-SHA256 Credential=id,SignedHeaders={names},Signature=0f");
        parse(&text).err()
    };
    for names in ["host", "host;x-acs-date", "Host;X-Acs-Date", "x_y;x.y;!#$%&'*+-^`|~;0"] {
        assert_eq!(with(names), None, "{names}");
    }
    for names in [
        ";",
        "host;",
        ";host",
        "host;;date",
        "host;host",
        "host;date;HOST",
        "ho st",
        "host\t;date",
        "host: a",
        "ho\u{e9}t",
        "a\\b",
        "a/b",
        "a(b)",
        "a{b}",
        "a[b]",
        "a<b>",
        "a@b",
        "a?b",
        "a\"b",
        "a=b",
        "a\u{7f}b",
        "a\nb",
        "a\0b",
    ] {
        assert_eq!(with(names), Some(Refusal::Incomplete), "{names:?}");
    }
}

/// The bytes that headers are full of, so that a random text comes near to one.
fn nearly_an_authorization() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        &b"acs "[..],
        b"ACS3-HMAC-SHA256 ",
        b"ACS3-HMAC-SM3 ",
        b"ACS3-RSA-SHA256 ",
        b"Credential=",
        b"SignedHeaders=",
        b"Signature=",
        b"host",
        b"x-acs-date",
        b"id",
        b"0f",
        b":",
        b",",
        b";",
        b"=",
        b" ",
        b"\t",
        b"\n",
        b"\0",
        b"\xff",
        b"\xc3\xa9",
        b"\xc3",
    ]);
    prop::collection::vec(pieces, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Whatever a header says, nothing panics, and nobody is believed who does not have the key.
    #[test]
    fn nonsense_is_never_a_signature(
        header in prop_oneof![nearly_an_authorization(), prop::collection::vec(any::<u8>(), 0..80)],
        method in "\\PC{0,8}", path in "\\PC{0,20}", query in "([a&=+%]|\\PC){0,30}",
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 5),
    ) {
        const NAMES: [&str; 5] = ["host", "date", "x-acs-date", "x-acs-content-sha256", "host"];
        let headers: Vec<(&str, &[u8])> =
            NAMES.into_iter().zip(values.iter().map(Vec::as_slice)).collect();
        let request = SignedRequest { method: &method, path: &path, query: &query, headers: &headers };
        let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/rsa/public.pem"));
        let pair = RsaPublicKey::from_pem(pem).unwrap();
        let secret = |text: &str| KeyMaterial::Secret(text.to_owned().into());
        for key in [secret(""), secret("secret"), KeyMaterial::Rsa(pair)] {
            match Authorization::parse(&header) {
                Ok(Authorization::Acs3(claim)) => {
                    let _name = acs3::unsigned_header(&request, &claim, Style::Roa);
                    prop_assert!(acs3::verify(&request, &claim, &key, Style::Roa).is_err());
                }
                Ok(Authorization::Roa(claim)) => {
                    prop_assert!(roa::verify(&request, &claim, &key).is_err());
                }
                Err(_) => {}
            }
        }
    }
}
