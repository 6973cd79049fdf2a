//! What requests look like when they are signed: what is made equal, and what never is.

use proptest::prelude::*;

use super::{
    super::{
        SignedRequest,
        acs3::{self, Algorithm, Style},
        query,
        roa::{self, EmptyValues},
    },
    PLAIN, acs3 as authorization,
};
use crate::access::Refusal;

/// A line of what the newer way signs: 0 is the method, 1 the path, 2 the query, 3 the first header.
fn line(request: &SignedRequest<'_>, signed_headers: &str, line: usize) -> String {
    let text = format!("ACS3-HMAC-SHA256 Credential=a,SignedHeaders={signed_headers},Signature=0");
    let canonical = acs3::canonical_request(request, &authorization(&text), Style::Roa, b"hash");
    String::from_utf8(canonical).unwrap().split('\n').nth(line).unwrap().to_owned()
}

fn acs3_query(query: &str) -> String {
    line(&SignedRequest { query, ..PLAIN }, "host", 2)
}

fn resource(path: &str, query: &str, empty_values: EmptyValues) -> String {
    let request = SignedRequest { path, query, ..PLAIN };
    let text = String::from_utf8(roa::string_to_sign(&request, empty_values)).unwrap();
    text.strip_prefix("GET\n\n\n\n\n").unwrap().to_owned()
}

#[test]
fn parameters_are_decoded_sorted_and_encoded() {
    for (sent, signed) in [
        ("", ""),
        ("a=1", "a=1"),
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=1&a", "a=&a=1&a=2"),
        ("a", "a="),
        ("a=", "a="),
        ("=", "="),
        ("=v", "=v"),
        ("&&a=1&&", "a=1"),
        ("a=b=c", "a=b%3Dc"),
        ("a=x+y%20z%2Bw", "a=x%20y%20z%2Bw"),
        ("a=*~-_.!'()%2A%7e", "a=%2A~-_.%21%27%28%29%2A~"),
        ("a=%2f%2F/", "a=%2F%2F%2F"),
        ("a=%26%3D%3d&b", "a=%26%3D%3D&b="),
        ("%61=%31", "a=1"),
        ("a=%e5%90%8D", "a=%E5%90%8D"),
        ("a=%ff%00%0a", "a=%FF%00%0A"),
        // What is no escape is text.
        ("a=%&b=%4&c=%zz&d=%%41", "a=%25&b=%254&c=%25zz&d=%25A"),
        ("a=%2541", "a=%2541"),
        ("a={\"k\":1}", "a=%7B%22k%22%3A1%7D"),
        // The names are sorted as they are meant, not as they are written.
        ("a%2Db=1&a=2&a+b=3&a%7Eb=4&A=5&%C3%A9=6", "A=5&a=2&a%20b=3&a-b=1&a~b=4&%C3%A9=6"),
        ("ab=1&a=2&a.b=3", "a=2&a.b=3&ab=1"),
    ] {
        assert_eq!(acs3_query(sent), signed, "{sent}");
    }
}

#[test]
fn paths_are_encoded_by_segment() {
    for (sent, signed) in [
        ("", "/"),
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("//a//", "//a//"),
        ("/a%2fb", "/a%2Fb"),
        ("/a%2Fb/%7e~*+", "/a%2Fb/~~%2A%2B"),
        ("/%61%zz", "/a%25zz"),
        ("/名", "/%E5%90%8D"),
    ] {
        let request = SignedRequest { path: sent, ..PLAIN };
        assert_eq!(line(&request, "host", 1), signed, "{sent}");
        // The older way signs a path as it was sent.
        assert_eq!(resource(sent, "", EmptyValues::BareName), sent);
    }
}

#[test]
fn the_older_way_joins_what_is_decoded() {
    for (sent, with_sign, bare) in [
        ("", "/p", "/p"),
        ("&", "/p", "/p"),
        ("a", "/p?a=", "/p?a"),
        ("a=", "/p?a=", "/p?a"),
        ("b=2&a=1&c", "/p?a=1&b=2&c=", "/p?a=1&b=2&c"),
        ("a=x+y%2b%26", "/p?a=x y+&", "/p?a=x y+&"),
        ("b%20=%E5%90%8D&a=%zz", "/p?a=%zz&b =名", "/p?a=%zz&b =名"),
    ] {
        assert_eq!(resource("/p", sent, EmptyValues::WithEqualsSign), with_sign, "{sent}");
        assert_eq!(resource("/p", sent, EmptyValues::BareName), bare, "{sent}");
    }
}

#[test]
fn headers_are_signed_as_listed() {
    let request = SignedRequest {
        headers: &[
            ("x-acs-b", b"2"),
            ("x-acs-a", b" z\t"),
            ("x-acs-b", b"10"),
            ("x-acs-c", b""),
            ("x-acs-b", b" 1 0 "),
            ("host", b"h"),
        ],
        ..PLAIN
    };
    let names = "x-acs-b;X-Acs-A;absent;x-acs-c;host";
    let lines: Vec<String> = (3..11).map(|at| line(&request, names, at)).collect();
    let expected =
        ["x-acs-b:1 0,10,2", "x-acs-a:z", "absent:", "x-acs-c:", "host:h", "", names, "hash"];
    assert_eq!(lines, expected);
    let text = roa::string_to_sign(&request, EmptyValues::BareName);
    let expected = "GET\n\n\n\n\nx-acs-a:z\nx-acs-b:1 0,10,2\nx-acs-c:\n/pop/v1/sam/secret/secrets";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

#[test]
fn headers_of_rpc_style_are_signed_in_their_own_order() {
    let headers: &[(&'static str, &[u8])] = &[("x-acs-b", b"2"), ("x-acs-a", b"1"), ("host", b"h")];
    let request = SignedRequest { headers, ..PLAIN };
    let text = "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=x-acs-b;X-Acs-A;host,Signature=0";
    let signed = acs3::canonical_request(&request, &authorization(text), Style::Rpc, b"hash");
    let signed = String::from_utf8(signed).unwrap();
    let expected = "host:h\nx-acs-a:1\nx-acs-b:2\n\nx-acs-b;X-Acs-A;host\nhash";
    assert!(signed.ends_with(expected), "{signed}");
}

#[test]
fn what_must_be_signed_is_missed() {
    let missed = |headers: &[(&'static str, &[u8])], names: &str| {
        let text = format!("ACS3-HMAC-SHA256 Credential=a,SignedHeaders={names},Signature=0");
        let request = SignedRequest { headers, ..PLAIN };
        acs3::unsigned_header(&request, &authorization(&text), Style::Roa).map(str::to_owned)
    };
    let all: &[(&'static str, &[u8])] =
        &[("host", b"h"), ("user-agent", b"u"), ("content-type", b"t"), ("x-acs-date", b"d")];
    assert_eq!(missed(all, "host;content-type;x-acs-date"), None);
    assert_eq!(missed(all, "HOST;Content-Type;X-ACS-Date;user-agent;absent"), None);
    assert_eq!(missed(all, "content-type;x-acs-date").as_deref(), Some("host"));
    assert_eq!(missed(all, "host;x-acs-date").as_deref(), Some("content-type"));
    assert_eq!(missed(all, "host;content-type").as_deref(), Some("x-acs-date"));
    assert_eq!(missed(&[], "absent").as_deref(), Some("host"), "in any case");
    assert_eq!(missed(&[("host", b"h"), ("x-acs", b""), ("x-acs2-a", b"")], "host"), None);
    assert_eq!(missed(&[("host", b"h"), ("x-acs-", b"")], "host").as_deref(), Some("x-acs-"));
}

/// In RPC style that is so for `host` alone.
#[test]
fn the_host_need_not_be_signed_in_rpc_style() {
    let missed = |style, headers: &[(&'static str, &[u8])]| {
        let text = "ACS3-HMAC-SHA256 Credential=a,Signature=0,SignedHeaders=x-acs-date";
        let request = SignedRequest { headers, ..PLAIN };
        acs3::unsigned_header(&request, &authorization(text), style).map(str::to_owned)
    };
    let all: &[(&'static str, &[u8])] = &[("host", b"h"), ("x-acs-date", b"d")];
    assert_eq!(missed(Style::Roa, all).as_deref(), Some("host"));
    assert_eq!(missed(Style::Rpc, all), None);
    assert_eq!(missed(Style::Rpc, &[]), None);
    for name in ["content-type", "x-acs-action", "x-acs-security-token"] {
        let all: &[(&'static str, &[u8])] = &[("host", b"h"), ("x-acs-date", b"d"), (name, b"v")];
        assert_eq!(missed(Style::Rpc, all).as_deref(), Some(name));
    }
}

#[test]
fn the_type_of_no_body_need_not_be_signed() {
    let missed = |algorithm: &str, hashes: &[&str]| {
        let names = "host;x-acs-content-sha256";
        let text = format!("{algorithm} Credential=a,SignedHeaders={names},Signature=0");
        let mut headers: Vec<(&str, &[u8])> = vec![("host", b"h"), ("content-type", b"t")];
        headers.extend(hashes.iter().map(|hash| ("x-acs-content-sha256", hash.as_bytes())));
        let request = SignedRequest { headers: &headers, ..PLAIN };
        acs3::unsigned_header(&request, &authorization(&text), Style::Roa).map(str::to_owned)
    };
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let sm3 = "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b";
    let rest = [("ACS3-HMAC-SHA256", sha256), ("ACS3-RSA-SHA256", sha256), ("ACS3-HMAC-SM3", sm3)];
    for (algorithm, hash) in rest {
        assert_eq!(missed(algorithm, &[hash]), None, "{algorithm}");
        for hashes in [&[][..], &["00"], &[hash, hash], &["00", hash]] {
            let missed = missed(algorithm, hashes);
            assert_eq!(missed.as_deref(), Some("content-type"), "{algorithm} {hashes:?}");
        }
    }
    assert_eq!(missed("ACS3-HMAC-SM3", &[sha256]).as_deref(), Some("content-type"));
}

#[test]
fn hashes_are_the_algorithms() {
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let sm3 = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
    for (algorithm, hash) in
        [(Algorithm::HmacSha256, sha256), (Algorithm::RsaSha256, sha256), (Algorithm::HmacSm3, sm3)]
    {
        assert_eq!(algorithm.hash(b"abc"), hash);
        let text = acs3::string_to_sign(algorithm, b"abc");
        assert_eq!(text, format!("{}\n{hash}", algorithm.name()));
    }
    assert_eq!(roa::content_md5(b"abc"), "kAFQmDzST7DWlj99KOF/cg==");
}

#[test]
fn the_explanation_has_the_hash_of_what_came() {
    let claim = "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=0";
    let told = acs3::explain(&PLAIN, &authorization(claim), Style::Roa, "came");
    let canonical = "GET\n/pop/v1/sam/secret/secrets\n\nhost:sae.test\n\nhost\ncame";
    let Refusal::Acs3Mismatch { canonical_request, string_to_sign } = told else {
        panic!("not {told:?}")
    };
    assert_eq!(canonical_request, canonical);
    let text = acs3::string_to_sign(Algorithm::HmacSha256, canonical.as_bytes());
    assert_eq!(string_to_sign, text);
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

proptest! {
    /// Two queries are signed alike only if they mean the same parameters: what is signed is read back here.
    #[test]
    fn nothing_is_lost_of_parameters(
        pairs in prop::collection::vec((bytes(6), bytes(12)), 0..6),
    ) {
        let encoded = pairs.iter().map(|(name, value)| [query::encode(name), query::encode(value)]);
        let sent: Vec<String> = encoded.map(|pair| pair.join("=")).collect();
        let signed = acs3_query(&sent.join("&"));
        let unescaped = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
        let read: Vec<(Vec<u8>, Vec<u8>)> = signed
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (unescaped(name), unescaped(value)))
            .collect();
        let mut meant = pairs;
        meant.sort();
        prop_assert_eq!(read, meant);
    }

    /// However a query is spelt, signing what was signed changes nothing any more.
    #[test]
    fn a_signed_query_is_signed_as_itself(query in "([a-c&=+%*~]|%[0-9a-fA-F]{2}|\\PC){0,40}") {
        let once = acs3_query(&query);
        prop_assert_eq!(acs3_query(&once), once);
    }
}
