//! What official SDKs sign, what else is read, and what is refused for which reason.

mod changes;
mod vectors;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{super::SignedRequest, *};
use vectors::{CANONICAL_HASHES, SECRET, SIGNED_AT, VECTORS, Vector};

const EMPTY_HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A request for a list without anything that is signed; a test changes what it is about.
const PLAIN: SignedRequest<'static> = SignedRequest {
    method: "GET",
    path: "/api/v1/secrets",
    query: "",
    headers: &[("host", b"k8s.test")],
};

fn sdk(text: &str) -> Sdk<'_> {
    match Sdk::parse(text.as_bytes()) {
        Ok(Some(authorization)) => authorization,
        other => panic!("{text}: {other:?}"),
    }
}

fn signing(signed_headers: &str) -> String {
    format!("SDK-HMAC-SHA256 Access=id, SignedHeaders={signed_headers}, Signature=0f")
}

fn authorization<'a>(request: &SignedRequest<'a>) -> Sdk<'a> {
    Sdk::parse(request.values("authorization").next().unwrap()).unwrap().unwrap()
}

/// All checks that a request has to pass.
fn admit(request: &SignedRequest<'_>, secret: &str, body: &[u8]) -> Result<(), Refusal> {
    let authorization = authorization(request);
    if unsigned_header(request, &authorization, !body.is_empty()).is_some() {
        return Err(Refusal::Incomplete);
    }
    check_date(request, SIGNED_AT)?;
    verify(request, &authorization, secret, body)
}

fn vector(name: &str) -> &'static Vector {
    VECTORS.iter().find(|vector| vector.name == name).unwrap()
}

#[test]
fn requests_of_official_sdks_are_admitted() {
    for Vector { name, request, body, secret, canonical_request: canonical } in &VECTORS {
        assert_eq!(admit(request, secret, body), Ok(()), "{name}");
        assert_eq!(admit(request, "another", body), Err(Refusal::Mismatch), "{name}");
        let authorization = authorization(request);
        assert_eq!(authorization.access_key_id, "AKEXAMPLE0000000000A");
        let hash = payload_hash(request, body).unwrap();
        let text = canonical_request(request, &authorization, &hash);
        if let Some(canonical) = canonical {
            assert_eq!(String::from_utf8(text).unwrap(), *canonical, "{name}");
        }
    }
}

#[test]
fn texts_of_all_vectors_are_made() {
    for (index, expected) in CANONICAL_HASHES.into_iter().enumerate() {
        let Vector { name, request, body, .. } = vector(&format!("V{}", index + 1));
        let hash = payload_hash(request, body).unwrap();
        let canonical = canonical_request(request, &authorization(request), &hash);
        let text = string_to_sign(b"20240102T030405Z", &canonical);
        let expected = format!("SDK-HMAC-SHA256\n20240102T030405Z\n{expected}");
        assert_eq!(String::from_utf8(text).unwrap(), expected, "{name}");
    }
    let text = string_to_sign(b"date", b"");
    assert_eq!(text, format!("SDK-HMAC-SHA256\ndate\n{EMPTY_HASH}").as_bytes());
}

/// The path of V5 as the HTTP libraries send it.
#[test]
fn an_encoded_path_is_signed_like_a_raw_one() {
    let Vector { request, body, secret, .. } = vector("V5");
    assert!(request.path.contains('é'));
    let path = request.path.replace('é', "%c3%A9");
    assert_eq!(admit(&SignedRequest { path: &path, ..*request }, secret, body), Ok(()));
}

/// What the SDK for Python makes of calls that are refused.
#[test]
fn some_requests_of_an_sdk_are_refused() {
    const DATE: (&str, &[u8]) = ("x-sdk-date", b"20240102T030405Z");
    const HOST: (&str, &[u8]) = ("host", b"127.0.0.1:5000");
    // The hash of another body, where there is none: the SDK signs the hash of nothing.
    let request = SignedRequest {
        method: "DELETE",
        path: "/api/v1/namespaces/default/secrets/x",
        query: "",
        headers: &[
            DATE,
            HOST,
            ("content-type", b"application/json"),
            (
                "x-sdk-content-sha256",
                b"015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
            ),
            (
                "authorization",
                b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                SignedHeaders=content-type;host;x-sdk-content-sha256;x-sdk-date, \
                Signature=f7dc0fa332421502b1c480e8cb10beaf3ab65988f39fc1b2b2e3de763fff464e",
            ),
        ],
    };
    assert_eq!(admit(&request, SECRET, b""), Err(Refusal::BodyMismatch));
    // Numbers, which it sorts as such.
    let request = SignedRequest {
        method: "GET",
        path: "/api/v1/namespaces/default/secrets",
        query: "n=9&n=10",
        headers: &[
            DATE,
            HOST,
            (
                "authorization",
                b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, SignedHeaders=host;x-sdk-date, \
                Signature=2eeec928b34ad59c01e3d30aadf2a051e82a58a6f7f76b37e506b596d0071959",
            ),
        ],
    };
    assert_eq!(admit(&request, SECRET, b""), Err(Refusal::Mismatch));
    // A header in two spellings, of which its HTTP library sends one.
    let text = b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
        SignedHeaders=content-type;content-type;host;x-sdk-date, \
        Signature=ea14d0920e51320d047ad730bf3118c4345e0ed93b666408083a14a9aaf780b8";
    assert_eq!(Sdk::parse(text), Err(Refusal::Incomplete));
}

#[test]
fn other_algorithms_are_told_apart_from_other_schemes() {
    for text in [
        // What the SDK for Python sends for each of its other algorithms.
        "SDK-HMAC-SM3 Access=AKEXAMPLE0000000000A, SignedHeaders=host;x-sdk-date, \
            Signature=977156d32e07778b7ef7de0a6a724067c21d81ae354362a98bc8ecabab9e7420",
        "SDK-ECDSA-P256-SHA256 Access=AKEXAMPLE0000000000A, SignedHeaders=host;x-sdk-date, \
            Signature=3044022007c99bc76f8985b50788acc6a260de07",
        "SDK-SM2-SM3 Access=AKEXAMPLE0000000000A, SignedHeaders=host;x-sdk-date, \
            Signature=3045022100932780050b54d3bd8ec2000e8d67ea",
        "V11-HMAC-SHA256 Credential=AKEXAMPLE0000000000A/20240102/cn-north-4/cce, \
            SignedHeaders=host;x-sdk-date, \
            Signature=28fe06f15d9e37b6400a9201987bc275b6c650798b7636c3f569024b6e399536",
        "SDK-HMAC-SHA512 Access=id, SignedHeaders=a, Signature=0f",
        "SDK-HMAC-SHA256Access=id, SignedHeaders=a, Signature=0f",
        "SDK-HMAC-SHA256, Access=id, SignedHeaders=a, Signature=0f",
        "sdk-hmac-sha256 Access=id, SignedHeaders=a, Signature=0f",
        "v11-hmac-sha256",
        "SDK-",
    ] {
        assert_eq!(Sdk::parse(text.as_bytes()), Err(Refusal::UnknownMethod), "{text}");
    }
    assert_eq!(Sdk::parse(b"SDK-\xff Access=id"), Err(Refusal::UnknownMethod));
    for text in
        ["", " ", "Bearer SDK-HMAC-SHA256", "Basic aWQ6MGY=", "SDK", "V11", "ACS3-HMAC-SHA256 a=b"]
    {
        assert_eq!(Sdk::parse(text.as_bytes()), Ok(None), "{text}");
    }
    assert_eq!(Sdk::parse(b"\xff\xfe\xfd\xfc"), Ok(None));
}

#[test]
fn parts_may_stand_in_any_order_with_space_between() {
    let usual = Sdk { access_key_id: "id", signed_headers: "a;b", signature: "0f" };
    for text in [
        "SDK-HMAC-SHA256 Access=id, SignedHeaders=a;b, Signature=0f",
        "SDK-HMAC-SHA256 Access=id,SignedHeaders=a;b,Signature=0f",
        "SDK-HMAC-SHA256\t Signature=0f ,\tSignedHeaders=a;b  ,   Access=id ",
    ] {
        assert_eq!(sdk(text), usual, "{text}");
    }
    // Only the first equals sign parts.
    let odd = sdk("SDK-HMAC-SHA256 Access=i=d, SignedHeaders=a, Signature==");
    assert_eq!((odd.access_key_id, odd.signature), ("i=d", "="));
}

#[test]
fn every_other_header_is_refused_for_what_it_lacks() {
    const MALFORMED: Refusal = Refusal::Incomplete;
    const NO_KEY: Refusal = Refusal::Missing(CommonField::AccessKeyId);
    const NO_SIGNATURE: Refusal = Refusal::Missing(CommonField::Signature);
    for (parts, refusal) in [
        ("", MALFORMED),
        (" ", MALFORMED),
        (" ,", MALFORMED),
        (" Access", MALFORMED),
        (" Access=id, SignedHeaders=a, Signature=0f,", MALFORMED),
        (" ,Access=id, SignedHeaders=a, Signature=0f", MALFORMED),
        (" Access=id, SignedHeaders=a, Signature=0f, Other=1", MALFORMED),
        (" Access=id; SignedHeaders=a; Signature=0f", NO_SIGNATURE),
        (" Credential=id, SignedHeaders=a, Signature=0f", MALFORMED),
        (" access=id, SignedHeaders=a, Signature=0f", MALFORMED),
        (" ACCESS=id, SignedHeaders=a, Signature=0f", MALFORMED),
        (" Access =id, SignedHeaders=a, Signature=0f", MALFORMED),
        (" Access=id, Access=id, SignedHeaders=a, Signature=0f", MALFORMED),
        (" Access=id, SignedHeaders=a, SignedHeaders=, Signature=0f", MALFORMED),
        (" Access=id, SignedHeaders=a, Signature=0f, Signature=0f", MALFORMED),
        (" SignedHeaders=a, Signature=0f", NO_KEY),
        (" Access=, SignedHeaders=, Signature=", NO_KEY),
        (" Access=id, SignedHeaders=a", NO_SIGNATURE),
        (" Access=id, SignedHeaders=, Signature=", NO_SIGNATURE),
        (" Access=id, Signature=0f", MALFORMED),
        (" Access=id, SignedHeaders=, Signature=0f", MALFORMED),
        (" Access=id, SignedHeaders=;, Signature=0f", MALFORMED),
        (" Access=id, SignedHeaders=a;, Signature=0f", MALFORMED),
        (" Access=id, SignedHeaders=a;;b, Signature=0f", MALFORMED),
        (" Access=id, SignedHeaders=a;b;a, Signature=0f", MALFORMED),
        (" Access=id, SignedHeaders=a;b;A, Signature=0f", MALFORMED),
    ] {
        let text = format!("SDK-HMAC-SHA256{parts}");
        assert_eq!(Sdk::parse(text.as_bytes()), Err(refusal), "{text}");
    }
    assert_eq!(Sdk::parse(b"SDK-HMAC-SHA256 Access=\xff"), Err(MALFORMED), "not UTF-8");
}

#[test]
fn covered_headers_are_told_apart_from_others() {
    let text = signing("Host;x-sdk-date;x_y");
    let authorization = sdk(&text);
    for name in ["host", "HOST", "x-sdk-date", "X-Sdk-Date", "x_y"] {
        assert!(authorization.covers(name), "{name}");
    }
    for name in ["", "hos", "host;x-sdk-date", "x-sdk", "x-y", "user-agent"] {
        assert!(!authorization.covers(name), "{name}");
    }
}

fn unsigned(names: &[&'static str], signed_headers: &str, has_body: bool) -> Option<String> {
    let headers: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &b"v"[..])).collect();
    let request = SignedRequest { headers: &headers, ..PLAIN };
    let text = signing(signed_headers);
    unsigned_header(&request, &sdk(&text), has_body).map(str::to_owned)
}

#[test]
fn a_header_that_must_be_signed_is_missed() {
    let unsigned = |names: &[&'static str], signed: &str| unsigned(names, signed, true);
    let all = ["host", "user-agent", "content-type", "x-sdk-date", "x-sdk-content-sha256"];
    let signed = "content-type;host;x-sdk-content-sha256;x-sdk-date";
    assert_eq!(unsigned(&all, signed), None);
    assert_eq!(unsigned(&all, &signed.to_uppercase()), None);
    for name in ["content-type", "host", "x-sdk-content-sha256", "x-sdk-date"] {
        let but_one: Vec<&str> = signed.split(';').filter(|known| *known != name).collect();
        assert_eq!(unsigned(&all, &but_one.join(";")).as_deref(), Some(name));
    }
    let plain = "host;x-sdk-date";
    for name in
        ["x-sdk-", "x-sdk-other", "x-security-token", "x-auth-token", "x-project-id", "x-domain-id"]
    {
        assert_eq!(unsigned(&["host", "x-sdk-date", name], plain).as_deref(), Some(name));
        assert_eq!(unsigned(&["host", "x-sdk-date", name], &format!("{plain};{name}")), None);
    }
    for name in ["accept", "accept-encoding", "authorization", "connection", "content-length"] {
        assert_eq!(
            unsigned(&["host", "x-sdk-date", name, "user-agent", "x_sdk_date"], plain),
            None
        );
    }
    // Of two of a kind both are signed or none.
    assert_eq!(unsigned(&["x-project-id", "x-project-id"], "host;x-project-id;x-sdk-date"), None);
    // The two are missed also where the request does not have them.
    assert_eq!(unsigned(&[], "x-other").as_deref(), Some("x-sdk-date"));
    assert_eq!(unsigned(&[], "content-type;x-sdk-date").as_deref(), Some("host"));
}

#[test]
fn the_type_may_be_unsigned_without_a_body_or_a_host() {
    let all = ["host", "content-type", "x-sdk-date"];
    assert_eq!(unsigned(&all, "host;x-sdk-date", true).as_deref(), Some("content-type"));
    assert_eq!(unsigned(&all, "host;x-sdk-date", false), None);
    for has_body in [false, true] {
        assert_eq!(unsigned(&all, "x-sdk-date", has_body), None, "as the SDK for Go does");
        let missed = unsigned(&all, "content-type;x-sdk-date", has_body);
        assert_eq!(missed.as_deref(), Some("host"));
    }
}

/// Whoever changes an unsigned header is told only if it must be signed.
#[test]
fn a_header_that_was_added_on_the_way_is_noticed_if_it_matters() {
    let Vector { request, body, secret, .. } = vector("V2");
    let with = |name: &'static str, value: &'static [u8]| {
        let headers: Vec<_> = request.headers.iter().copied().chain([(name, value)]).collect();
        admit(&SignedRequest { headers: &headers, ..*request }, secret, body)
    };
    assert_eq!(with("accept", b"application/yaml"), Ok(()));
    assert_eq!(with("x-project-id", b"other"), Err(Refusal::Incomplete));
    assert_eq!(with("x-security-token", b"other"), Err(Refusal::Incomplete));
    assert_eq!(with("x-sdk-content-sha256", EMPTY_HASH.as_bytes()), Err(Refusal::Incomplete));
    // Signed ones.
    assert_eq!(with("host", b"127.0.0.1:5000"), Err(Refusal::Mismatch));
    assert_eq!(with("host", b""), Err(Refusal::Mismatch));
    assert_eq!(with("x-sdk-date", b"20240102T030405Z"), Err(Refusal::Incomplete));
}

fn payload(hashes: &[&'static str], body: &[u8]) -> Result<String, Refusal> {
    let headers: Vec<(&str, &[u8])> =
        hashes.iter().map(|hash| ("x-sdk-content-sha256", hash.as_bytes())).collect();
    payload_hash(&SignedRequest { headers: &headers, ..PLAIN }, body)
}

#[test]
fn the_body_is_hashed_unless_the_header_says_otherwise() {
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const UPPER: &str = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
    let hashed = |hash: &str| Ok(hash.to_owned());
    let wrong = Err(Refusal::BodyMismatch);
    for (header, of_abc, of_nothing) in [
        (&[][..], hashed(ABC), hashed(EMPTY_HASH)),
        (&[""], hashed(ABC), hashed(EMPTY_HASH)),
        (&["UNSIGNED-PAYLOAD"], hashed("UNSIGNED-PAYLOAD"), hashed(EMPTY_HASH)),
        (&[ABC], hashed(ABC), wrong.clone()),
        (&[EMPTY_HASH], wrong.clone(), hashed(EMPTY_HASH)),
        (&[UPPER], wrong.clone(), wrong.clone()),
        (&["unsigned-payload"], wrong.clone(), wrong.clone()),
        (&["STREAMING-UNSIGNED-PAYLOAD-TRAILER"], wrong.clone(), wrong.clone()),
        (&["0"], wrong.clone(), wrong),
        (&[ABC, ABC], Err(Refusal::Incomplete), Err(Refusal::Incomplete)),
        (&["UNSIGNED-PAYLOAD", ""], Err(Refusal::Incomplete), Err(Refusal::Incomplete)),
    ] {
        assert_eq!(payload(header, b"abc"), of_abc, "{header:?}");
        assert_eq!(payload(header, b""), of_nothing, "{header:?}");
    }
}

#[test]
fn a_wrong_hash_is_told_apart_from_a_wrong_signature() {
    let Vector { request, body, secret, .. } = vector("own_digest");
    assert_eq!(admit(request, secret, body), Ok(()));
    assert_eq!(admit(request, secret, b"{}"), Err(Refusal::BodyMismatch));
    assert_eq!(admit(request, "another", body), Err(Refusal::Mismatch));
    let Vector { request, secret, .. } = vector("V1");
    assert_eq!(admit(request, secret, b"{}"), Err(Refusal::Mismatch), "no hash was sent");
}

#[test]
fn an_unsigned_body_is_any_body() {
    for name in ["V3", "V5", "protobuf", "go_merge_patch"] {
        let Vector { request, secret, .. } = vector(name);
        for body in [&b"another"[..], b"\0", b""] {
            assert_eq!(admit(request, secret, body), Ok(()), "{name}");
        }
    }
    // Where the hash of nothing was signed, nothing is.
    let Vector { request, secret, .. } = vector("delete_of_another_type");
    assert_eq!(admit(request, secret, b"a"), Err(Refusal::Mismatch));
}

/// Who signs that the body is not signed has to say so.
#[test]
fn an_unsigned_body_is_one_that_is_said_to_be() {
    let with = |signature: &str, body: &[u8]| {
        let text = format!(
            "SDK-HMAC-SHA256 Access=id, SignedHeaders=host;x-sdk-date, Signature={signature}"
        );
        let headers: &[(&str, &[u8])] = &[
            ("host", b"k8s.test"),
            ("x-sdk-date", b"20240102T030405Z"),
            ("authorization", text.as_bytes()),
        ];
        admit(&SignedRequest { headers, ..PLAIN }, SECRET, body)
    };
    let hashed = "40e692b82931061c38696d06429f2abd8aeb1041cac8d3a3db48a808e162c9dd";
    let unsigned = "00bf37bd5cd38e02d5f1e38597c68806c0e9ce74a358a0deed9a1bc800cb8532";
    assert_eq!(with(hashed, b""), Ok(()));
    assert_eq!(with(unsigned, b""), Err(Refusal::Mismatch));
    assert_eq!(with(unsigned, b"a"), Err(Refusal::Mismatch));
}

#[test]
fn a_date_has_one_spelling() {
    for (text, moment) in [
        ("20240102T030405Z", Some(SIGNED_AT)),
        ("19700101T000000Z", Some(0)),
        ("19691231T235959Z", Some(-1000)),
        ("00000101T000000Z", Some(-62_167_219_200_000)),
        ("99991230T220000Z", Some(253_402_207_200_000)),
        ("20240229T235959Z", Some(1_709_251_199_000)),
        // A leap second: no clock of a server shows it, so it is the second before.
        ("20161231T235960Z", Some(1_483_228_799_000)),
        ("20161231T235961Z", None),
        ("20250229T000000Z", None),
        ("20240102T240000Z", None),
        ("20241302T030405Z", None),
        ("20240002T030405Z", None),
        ("20240100T030405Z", None),
        ("20240102T036005Z", None),
        ("", None),
        ("Z", None),
        ("20240102", None),
        ("20240102T0304Z", None),
        ("20240102T030405", None),
        ("20240102T030405z", None),
        ("20240102t030405Z", None),
        ("20240102 030405Z", None),
        ("20240102T030405.0Z", None),
        ("20240102T030405+00", None),
        ("20240102T030405ZZ", None),
        ("20240102T030405Z[UTC]", None),
        (" 20240102T030405Z", None),
        ("2024-01-02T03:04:05Z", None),
        ("2024-01-02T0304Z", None),
        ("+2024012T030405Z", None),
        // The SDK for Python reads, and signs, this one.
        ("2024012T030405Z", None),
        ("２0240102T0304Z", None),
        ("Tue, 02 Jan 2024 03:04:05 GMT", None),
    ] {
        assert_eq!(parse_date(text.as_bytes()), moment, "{text}");
    }
    for (at, byte) in (0..16).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
        let mut text = *b"20240102T030405Z";
        text[at] = byte;
        let moment = parse_date(&text);
        let is_same = text == *b"20240102T030405Z";
        assert_eq!(moment == Some(SIGNED_AT), is_same, "{}", text.escape_ascii());
        assert!(is_same || moment.is_none() || byte.is_ascii_digit(), "{}", text.escape_ascii());
    }
}

#[test]
fn the_date_must_be_near() {
    const MINUTES_15: i64 = 15 * 60 * 1000;
    let at = |dates: &[&'static str], now: i64| {
        let headers: Vec<(&str, &[u8])> =
            dates.iter().map(|date| ("x-sdk-date", date.as_bytes())).collect();
        check_date(&SignedRequest { headers: &headers, ..PLAIN }, now)
    };
    let usual = &["20240102T030405Z"][..];
    for ahead in [-MINUTES_15, -1, 0, 999, MINUTES_15] {
        assert_eq!(at(usual, SIGNED_AT + ahead), Ok(SIGNED_AT), "{ahead}");
    }
    for ahead in [-MINUTES_15 - 1, MINUTES_15 + 1, i64::MIN / 2, i64::MAX / 2] {
        assert_eq!(at(usual, SIGNED_AT + ahead), Err(Refusal::DateExpired), "{ahead}");
    }
    for now in [i64::MIN, i64::MAX] {
        assert_eq!(at(usual, now), Err(Refusal::DateExpired));
    }
    let missing = Err(Refusal::Missing(CommonField::Timestamp));
    assert_eq!(at(&[], SIGNED_AT), missing);
    assert_eq!(at(&[""], SIGNED_AT), missing);
    assert_eq!(at(&["20240102"], SIGNED_AT), Err(Refusal::DateMalformed));
    assert_eq!(at(&[usual[0], usual[0]], SIGNED_AT), Err(Refusal::Incomplete));
}

#[test]
fn a_temporary_key_needs_its_token() {
    let read = |tokens: &[&'static str], is_needed: bool| {
        let headers: Vec<(&str, &[u8])> =
            tokens.iter().map(|token| ("x-security-token", token.as_bytes())).collect();
        let token = security_token(&SignedRequest { headers: &headers, ..PLAIN }, is_needed);
        token.map(|token| token.map(<[u8]>::to_owned))
    };
    let missing = Err(Refusal::Missing(CommonField::SecurityToken));
    for is_needed in [false, true] {
        assert_eq!(read(&["FAKE/+="], is_needed), Ok(Some(b"FAKE/+=".to_vec())));
        assert_eq!(read(&["a", "a"], is_needed), Err(Refusal::Incomplete));
        for none in [&[][..], &[""]] {
            let expected = if is_needed { missing.clone() } else { Ok(None) };
            assert_eq!(read(none, is_needed), expected);
        }
    }
    let Vector { request, .. } = vector("token_and_project");
    assert_eq!(security_token(request, true), Ok(Some(&b"FAKE-TOKEN/+=abc"[..])));
    assert!(authorization(request).covers("x-security-token"));
}

/// A line of the canonical request: 0 is the method, 1 the path, 2 the query, 3 the first header.
fn line(request: &SignedRequest<'_>, signed_headers: &str, line: usize) -> String {
    let text = signing(signed_headers);
    let canonical = canonical_request(request, &sdk(&text), "hash");
    String::from_utf8(canonical).unwrap().split('\n').nth(line).unwrap().to_owned()
}

#[test]
fn paths_are_decoded_and_split_and_end_with_a_slash() {
    for (sent, signed) in [
        ("", "/"),
        ("/", "/"),
        ("//", "//"),
        ("/a", "/a/"),
        ("/a/", "/a/"),
        ("/a//", "/a//"),
        ("//a", "//a/"),
        ("/a%2fb", "/a/b/"),
        ("/a%2F", "/a/"),
        ("/a%252Fb", "/a%252Fb/"),
        ("/%61%7e%2D", "/a~-/"),
        ("/~*+!$&'()=:@;,", "/~%2A%2B%21%24%26%27%28%29%3D%3A%40%3B%2C/"),
        ("/é 名", "/%C3%A9%20%E5%90%8D/"),
        ("/%c3%a9", "/%C3%A9/"),
        ("/%ff%00%0a", "/%FF%00%0A/"),
        // What is no escape is text.
        ("/%zz%4%", "/%25zz%254%25/"),
        ("/a/../b/./c", "/a/../b/./c/"),
        ("a", "a/"),
    ] {
        assert_eq!(line(&SignedRequest { path: sent, ..PLAIN }, "host", 1), signed, "{sent}");
    }
}

#[test]
fn parameters_are_decoded_sorted_and_encoded() {
    for (sent, signed) in [
        ("", ""),
        ("&", ""),
        ("a", "a="),
        ("a=", "a="),
        ("=v", "=v"),
        ("&limit=500", "limit=500"),
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=10&a=1&a", "a=&a=1&a=10&a=2"),
        ("a=1&a=1", "a=1&a=1"),
        ("a=b=c", "a=b%3Dc"),
        ("a=x+y%20z%2Bw", "a=x%20y%20z%2Bw"),
        ("a=*~-_.!'()%2A%7e", "a=%2A~-_.%21%27%28%29%2A~"),
        ("a=%2f/", "a=%2F%2F"),
        ("a=%26%3d&%61=0", "a=%26%3D&a=0"),
        ("a=é%C3%a9", "a=%C3%A9%C3%A9"),
        ("a=%ff%00", "a=%FF%00"),
        ("a=%&b=%zz", "a=%25&b=%25zz"),
        // Sorted as they are meant, capitals first.
        ("a-b=1&a+b=2&a=3&A=4&%C3%A9=5", "A=4&a=3&a%20b=2&a-b=1&%C3%A9=5"),
    ] {
        assert_eq!(line(&SignedRequest { query: sent, ..PLAIN }, "host", 2), signed, "{sent}");
    }
}

#[test]
fn headers_make_a_line_each_in_the_order_of_the_list() {
    let request = SignedRequest {
        headers: &[
            ("x-b", b"2"),
            ("x-a", b" z\t"),
            ("x-b", b"10"),
            ("x-c", b""),
            ("x-b", b" 1  0 "),
            ("host", b"h"),
            ("X-D", "é".as_bytes()),
        ],
        ..PLAIN
    };
    let names = "x-b;X-A;absent;x-c;host;x-d";
    let lines: Vec<String> = (3..13).map(|at| line(&request, names, at)).collect();
    let expected =
        ["x-b:2", "x-b:10", "x-b:1  0", "x-a:z", "x-c:", "host:h", "x-d:é", "", names, "hash"];
    assert_eq!(lines, expected);
    assert_eq!(line(&SignedRequest { headers: &[], ..PLAIN }, "absent", 3), "");
    // No byte of a value is lost, whatever it is.
    let request = SignedRequest { headers: &[("x", b"\xff\x01")], ..PLAIN };
    let canonical = canonical_request(&request, &sdk(&signing("x")), "hash");
    assert_eq!(canonical, b"GET\n/api/v1/secrets/\n\nx:\xff\x01\n\nx\nhash");
}

/// What is signed is at most as long as what was sent with everything escaped, and it takes no time worth speaking of.
#[test]
fn long_requests_make_no_longer_texts() {
    let names = (0..20_000).map(|number| format!("x-{number}")).collect::<Vec<String>>().join(";");
    let long = "/%/+&=é".repeat(20_000);
    let value = vec![b'v'; 60_000];
    let headers: Vec<(&str, &[u8])> = vec![("x-1", &value), ("x-2", &value), ("x-1", &value)];
    let request = SignedRequest { method: "GET", path: &long, query: &long, headers: &headers };
    let text = signing(&names);
    let authorization = sdk(&text);
    let canonical = canonical_request(&request, &authorization, "hash");
    assert!(canonical.len() < 2 * 3 * long.len() + 3 * value.len() + names.len() + 100);
    assert_eq!(unsigned_header(&request, &authorization, true), Some("x-sdk-date"));
    assert_eq!(verify(&request, &authorization, SECRET, &value), Err(Refusal::Mismatch));
    let text = format!("SDK-HMAC-SHA256 {}", "Access=,".repeat(20_000));
    assert_eq!(Sdk::parse(text.as_bytes()), Err(Refusal::Incomplete));
    let text = signing(&"a;".repeat(20_000));
    assert_eq!(Sdk::parse(text.as_bytes()), Err(Refusal::Incomplete));
}

/// The bytes that headers are full of, so that a random text comes near to one.
fn nearly_an_authorization() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        &b"SDK-HMAC-SHA256 "[..],
        b"Access=",
        b"SignedHeaders=",
        b"Signature=",
        b"host;x-sdk-date",
        b"host",
        b"id",
        b"0f",
        b", ",
        b",",
        b";",
        b"=",
        b" ",
        b"\t",
        b"\0",
        b"\xff",
        b"\xc3\xa9",
    ]);
    prop::collection::vec(pieces, 0..12)
        .prop_map(|pieces| [b"SDK-HMAC-SHA256 ", &pieces.concat()[..]].concat())
}

proptest! {
    /// Whatever a request says, nothing panics, and nobody is believed who does not have the key.
    #[test]
    fn nonsense_is_never_a_signature(
        header in prop_oneof![nearly_an_authorization(), prop::collection::vec(any::<u8>(), 0..80)],
        method in "\\PC{0,8}", path in "\\PC{0,20}", query in "([a&=+%]|\\PC){0,30}",
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 4),
        body in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        const NAMES: [&str; 4] = ["host", "x-sdk-date", "x-sdk-content-sha256", "host"];
        let headers: Vec<(&str, &[u8])> =
            NAMES.into_iter().zip(values.iter().map(Vec::as_slice)).collect();
        let request = SignedRequest { method: &method, path: &path, query: &query, headers: &headers };
        if let Ok(Some(authorization)) = Sdk::parse(&header) {
            let _name = unsigned_header(&request, &authorization, true);
            prop_assert!(verify(&request, &authorization, "", &body).is_err());
        }
        prop_assert!(check_date(&request, SIGNED_AT).is_err());
    }

    #[test]
    fn every_second_is_read_as_itself(second in -62_167_219_200_i64..253_402_207_200) {
        let moment = Timestamp::from_second(second).unwrap();
        let text = moment.strftime("%Y%m%dT%H%M%SZ").to_string();
        prop_assert_eq!(parse_date(text.as_bytes()), Some(second * 1000), "{}", text);
    }
}
