//! RPC style: what is found among the parameters, and what of them is signed.

use proptest::prelude::*;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256};

use super::super::rpc::{EmptyValues, Parameters, Rpc, string_to_sign};
use crate::access::{CommonField, Refusal};

const USUAL: &str = "AccessKeyId=id&Signature=c2ln&Timestamp=2026-01-02T03%3A04%3A05Z";

fn refused(query: &str, form: &[u8]) -> Option<Refusal> {
    Rpc::parse(&Parameters::read(query, form)).err()
}

/// The canonical query, before it is encoded once more.
fn signed(query: &str, form: &[u8], empty_values: EmptyValues) -> String {
    let text = string_to_sign("POST", &Parameters::read(query, form), empty_values);
    let encoded = text.strip_prefix("POST&%2F&").unwrap();
    assert!(!encoded.contains(['&', '=']), "{encoded}");
    percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap().into_owned()
}

#[test]
fn a_claim_is_found_wherever_it_stands() {
    let form = "SignatureNonce=n%2B1&SecurityToken=t+%C3%A9&SignatureMethod=HMAC-SHA256&Other";
    for (query, form) in [
        (format!("{USUAL}&{form}"), String::new()),
        (USUAL.to_owned(), form.to_owned()),
        (String::new(), format!("{form}&{USUAL}")),
    ] {
        let parameters = Parameters::read(&query, form.as_bytes());
        let claim = Rpc::parse(&parameters).ok().unwrap();
        assert_eq!((claim.access_key_id, claim.signature), ("id", "c2ln"));
        assert_eq!(claim.timestamp, "2026-01-02T03:04:05Z");
        assert_eq!((claim.nonce, claim.security_token), (Some("n+1"), Some("t é")));
        assert!(claim.algorithm == HMAC_SHA256);
    }
    for more in ["", "&SignatureNonce=&SecurityToken=&SignatureMethod=&SignatureType=&X"] {
        let query = format!("{USUAL}{more}");
        let parameters = Parameters::read(&query, b"");
        let claim = Rpc::parse(&parameters).ok().unwrap();
        assert_eq!((claim.nonce, claim.security_token), (None, None));
        assert!(claim.algorithm == HMAC_SHA1_FOR_LEGACY_USE_ONLY);
    }
}

#[test]
fn what_is_missing_is_named() {
    for (name, field) in [
        ("AccessKeyId", CommonField::AccessKeyId),
        ("Signature", CommonField::Signature),
        ("Timestamp", CommonField::Timestamp),
    ] {
        let missing = Some(Refusal::Missing(field));
        let renamed = USUAL.replace(&format!("{name}="), &format!("{name}X="));
        assert_eq!(refused(&renamed, b""), missing, "{name}");
        assert_eq!(refused(&USUAL.replace(name, &name.to_lowercase()), b""), missing, "{name}");
        for empty in ["", "="] {
            let query = format!("{renamed}&{name}{empty}");
            assert_eq!(refused(&query, b""), missing, "{query}");
        }
    }
    assert_eq!(refused("", b""), Some(Refusal::Missing(CommonField::AccessKeyId)));
    assert_eq!(refused("&&", b"=&="), Some(Refusal::Incomplete), "two without a name");
}

#[test]
fn other_ways_are_unsupported() {
    for (more, is_supported) in [
        ("SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureType=", true),
        ("SignatureMethod=HMAC-SHA256&SignatureVersion=", true),
        ("SignatureMethod=hmac-sha1", false),
        ("SignatureMethod=HMAC-SM3", false),
        ("SignatureMethod=SHA256withRSA&SignatureType=PRIVATEKEY", false),
        ("SignatureMethod=HMAC-SHA1&SignatureType=PRIVATEKEY", false),
        ("SignatureType=BEARERTOKEN&BearerToken=token", false),
        ("SignatureType=+", false),
        ("SignatureVersion=2.0", false),
        ("SignatureVersion=1", false),
    ] {
        let expected = (!is_supported).then_some(Refusal::UnknownMethod);
        assert_eq!(refused(&format!("{USUAL}&{more}"), b""), expected, "{more}");
        assert_eq!(refused(USUAL, more.as_bytes()), expected, "{more}");
    }
    // Such a request names no key.
    let bearer = "SignatureType=BEARERTOKEN&BearerToken=token&Timestamp=t";
    assert_eq!(refused(bearer, b""), Some(Refusal::UnknownMethod));
}

#[test]
fn nothing_stands_twice() {
    for more in ["Timestamp=t", "Signature=c2ln", "%41ccessKeyId=id", "Signature", "a=1&a=1"] {
        assert_eq!(refused(&format!("{USUAL}&{more}"), b""), Some(Refusal::Incomplete), "{more}");
        if more != "a=1&a=1" {
            let other = if more.contains('=') { format!("{more}x") } else { format!("{more}=x") };
            assert_eq!(refused(USUAL, other.as_bytes()), Some(Refusal::Incomplete), "{more}");
        }
    }
    assert_eq!(refused(USUAL, b"a=1&a=1"), Some(Refusal::Incomplete));
    assert_eq!(refused(&format!("{USUAL}&a=1"), b"a=1"), None, "the same in both places is one");
    // The order of the two is not signed.
    let one = signed("a=1", b"a=2", EmptyValues::WithEqualsSign);
    assert_eq!(one, signed("a=2", b"a=1", EmptyValues::WithEqualsSign));
    assert_eq!(refused(&format!("{USUAL}&a=1"), b"a=2"), Some(Refusal::Incomplete));
    assert_eq!(refused(&format!("{USUAL}&a=1&A=1"), b"b=2"), None);
}

#[test]
fn what_is_no_text_is_no_claim() {
    for name in ["AccessKeyId", "SecurityToken", "SignatureNonce", "SignatureType"] {
        let query =
            USUAL.replace("AccessKeyId", if name == "AccessKeyId" { "x" } else { "AccessKeyId" });
        assert_eq!(
            refused(&format!("{query}&{name}=%FF"), b""),
            Some(Refusal::Incomplete),
            "{name}"
        );
    }
    assert_eq!(refused(&format!("{USUAL}&Other=%FF&%FF=1"), b"\xfe"), None);
    let odd = format!("{USUAL}&SecurityToken=%zz%&SignatureNonce=%2");
    let parameters = Parameters::read(&odd, b"");
    let claim = Rpc::parse(&parameters).ok().unwrap();
    assert_eq!((claim.security_token, claim.nonce), (Some("%zz%"), Some("%2")));
}

#[test]
fn all_parameters_but_the_signature_are_signed() {
    const ALL: EmptyValues = EmptyValues::WithEqualsSign;
    for (query, form, expected) in [
        ("", &b""[..], ""),
        ("Signature=x", b"Signature=y", ""),
        ("signature=x&Signature=y&SignatureNonce=z", b"", "SignatureNonce=z&signature=x"),
        ("b=2", b"a=1", "a=1&b=2"),
        ("&&b", b"&a=&", "a=&b="),
        ("a=x+y%20z%2Bw", b"b=x+y z", "a=x%20y%20z%2Bw&b=x%20y%20z"),
        ("a=*~-_.!'()%2A%7e/", b"", "a=%2A~-_.%21%27%28%29%2A~%2F"),
        ("a=b=c", b"d=%26%3D", "a=b%3Dc&d=%26%3D"),
        ("a=%&b=%4&c=%zz", b"d=%%41", "a=%25&b=%254&c=%25zz&d=%25A"),
        ("a=%ff%00", b"b=\xff\n", "a=%FF%00&b=%FF%0A"),
        // The names are sorted as they are meant, not as they are written.
        ("%C3%A9=6&a%2Db=1&a=2&A=5&a.b=3", b"a%7Eb=4", "A=5&a=2&a-b=1&a.b=3&a~b=4&%C3%A9=6"),
    ] {
        assert_eq!(signed(query, form, ALL), expected, "{query}");
        let left_out = expected.split('&').filter(|pair| !pair.ends_with('='));
        let left_out = left_out.collect::<Vec<_>>().join("&");
        assert_eq!(signed(query, form, EmptyValues::LeftOut), left_out, "{query}");
    }
    let parameters = Parameters::read("a=/", b"");
    assert_eq!(string_to_sign("GET", &parameters, ALL), "GET&%2F&a%3D%252F");
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

proptest! {
    #[test]
    fn what_is_no_request_does_no_harm(query in "([a-c&=+%*~]|%[0-9a-fA-F]{2}|\\PC){0,40}", form in bytes(60)) {
        prop_assert!(refused(&query, &form).is_some());
        // Where a parameter stands says nothing.
        let whole = [query.as_bytes(), b"&", &form].concat();
        for empty_values in [EmptyValues::WithEqualsSign, EmptyValues::LeftOut] {
            let in_both = string_to_sign("GET", &Parameters::read(&query, &form), empty_values);
            let in_one = string_to_sign("GET", &Parameters::read("", &whole), empty_values);
            prop_assert_eq!(in_both, in_one);
        }
    }
}
