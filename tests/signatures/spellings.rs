//! Which requests are the same, spelt in another way, and which only look so.

use crate::{
    common::{Request, Signer, Way},
    sent::{SESSION, Sent, WAYS, signer},
};

const TARGET: &str =
    "/pop/v1/sam/secret/secret?NamespaceId=cn-beijing%3Atest&a=%2F+%2b~*&a=1&empty=&SecretName=n";

fn signed(way: Way) -> Sent {
    let body = r#"{"SecretData":"{\"k\":\"v\"}"}"#;
    let request = Request::new("POST", TARGET)
        .header("Accept", "application/json")
        .header("x-acs-twice", "b")
        .header("x-acs-twice", "a")
        .body("application/json", body);
    let sent = Sent::from(&signer(way).sign(request, Some("CreateSecret")));
    assert!(sent.is_verified(), "{way:?}");
    sent
}

/// The request with a piece of its target put in another way.
fn respelt(way: Way, from: &str, to: &str) -> bool {
    let mut sent = signed(way);
    let target = String::from_utf8(sent.target).unwrap();
    assert!(target.contains(from), "{from}");
    sent.target = target.replacen(from, to, 1).into_bytes();
    sent.is_verified()
}

fn is_roa(way: Way) -> bool {
    way == Way::RoaSha1
}

#[test]
fn a_query_can_be_spelt_in_these_ways() {
    for way in WAYS {
        for (from, to) in [
            ("%3A", ":"),
            ("%3A", "%3a"),
            ("%2b", "%2B"),
            ("%2F", "/"),
            ("+", "%20"),
            ("~", "%7E"),
            ("*", "%2A"),
            ("=n", "=%6E"),
            ("SecretName", "Secret%4eame"),
            ("empty=", "empty"),
            ("?", "?&"),
            ("&", "&&"),
            ("SecretName=n", "SecretName=n&"),
            // The order says nothing, not even that of one name's values.
            (
                "NamespaceId=cn-beijing%3Atest&a=%2F+%2b~*&a=1",
                "a=1&NamespaceId=cn-beijing%3Atest&a=%2F+%2b~*",
            ),
        ] {
            assert!(respelt(way, from, to), "{way:?}: {from} {to}");
        }
    }
}

#[test]
fn other_queries_are_other_requests() {
    for way in WAYS {
        for (from, to) in [
            ("+", "%2B"),
            ("%2b", "+"),
            ("%2b", "%252b"),
            ("%2F", "%252F"),
            ("=n", "=N"),
            ("=n", "=n%00"),
            ("=n", "=n+"),
            ("=n", "=%zz"),
            ("SecretName", "secretname"),
            ("empty=", ""),
            ("empty=", "empty=0"),
            ("empty=", "empty=&empty="),
            ("&a=1", ""),
            ("&a=1", "&a=1&a=1"),
            ("?", "?x=y&"),
            ("?", "?=&"),
            ("?", "/?"),
            ("/pop", "//pop"),
            ("/secret?", "/secre%54?"),
            ("SecretName=n", "SecretName=n&SecretName=m"),
        ] {
            assert!(!respelt(way, from, to), "{way:?}: {from} {to}");
        }
    }
}

/// The newer way signs the path as it is meant, the older one as it was sent.
#[test]
fn a_path_can_be_spelt_in_another_way_where_it_is_encoded() {
    for way in WAYS {
        assert_eq!(respelt(way, "/secret?", "/secre%74?"), !is_roa(way), "{way:?}");
        assert!(!respelt(way, "/sam/", "%2Fsam/"), "{way:?}");
    }
}

/// The older way does not say where a name or a value ends. Nothing can be done about it but to use the newer one.
#[test]
fn the_older_way_cannot_tell_a_sign_from_a_character() {
    for way in WAYS {
        assert_eq!(respelt(way, "&empty=", "%26empty%3D"), is_roa(way), "{way:?}");
        // One request has one spelling of empty values: here there is another one, and it has its equals sign.
        assert!(!respelt(way, "a=1&", "a%3D1&"), "{way:?}");
        let list = Request::new("GET", "/pop/v1/sam/secret/secrets?a=1");
        let mut sent = Sent::from(&signer(way).sign(list, None));
        sent.target = b"/pop/v1/sam/secret/secrets?a%3D1".to_vec();
        assert_eq!(sent.is_verified(), is_roa(way), "{way:?}");
    }
}

#[test]
fn headers_can_be_spelt_in_these_ways() {
    for way in WAYS {
        let change = |what: &str, change: &dyn Fn(&mut Vec<(Vec<u8>, Vec<u8>)>)| {
            let mut sent = signed(way);
            let before = sent.clone();
            change(&mut sent.headers);
            assert_ne!(sent, before, "{what}");
            assert!(sent.is_verified(), "{way:?}: {what}");
        };
        change("order", &|headers| headers.reverse());
        change("case", &|headers| {
            headers.iter_mut().for_each(|(name, _)| name.make_ascii_uppercase());
        });
        change("space", &|headers| {
            for (_, value) in headers {
                *value = [b"\t  ".as_slice(), value, b" \t"].concat();
            }
        });
        change("two of a name as one", &|headers| {
            headers.retain(|(name, value)| name != b"x-acs-twice" || value != b"b");
            let one = headers.iter_mut().find(|(name, _)| name == b"x-acs-twice").unwrap();
            one.1 = b"a,b".to_vec();
        });
        change("what is not signed", &|headers| {
            headers.push((b"x-forwarded-for".to_vec(), b"::1".to_vec()));
            headers.push((b"Accept-Encoding".to_vec(), b"gzip".to_vec()));
        });
    }
}

#[test]
fn other_headers_are_other_requests() {
    let added = [("x-acs-new", "1"), ("x-acs-new", ""), ("x-acs-action", "CreateSecret")];
    let added = added.into_iter().chain([("x-acs-twice", "a"), ("content-type", "text/plain")]);
    let added: Vec<_> = added.chain([("accept", "*/*"), ("Authorization", "acs a:b")]).collect();
    for way in WAYS {
        for (name, value) in &added {
            let sent = signed(way).with_header(name, value);
            assert!(!sent.is_verified(), "{way:?}: {name}: {value}");
        }
        let count = signed(way).headers.len();
        for gone in 0..count {
            let mut sent = signed(way);
            let (name, _) = sent.headers.remove(gone);
            assert!(!sent.is_verified(), "{way:?}: without {}", name.escape_ascii());
        }
    }
}

/// A body that was not signed can be any: the older way without its MD5.
#[test]
fn a_body_is_held_to_what_was_signed() {
    for way in WAYS {
        let mut sent = signed(way);
        sent.body.push(b' ');
        assert!(!sent.is_verified(), "{way:?}");
        sent.body.clear();
        assert!(!sent.is_verified(), "{way:?}");
    }
    let request = Request::new("POST", TARGET).body("application/json", "{}");
    let careless = Signer { with_md5: false, ..signer(Way::RoaSha1) };
    let mut sent = Sent::from(&careless.sign(request, None));
    sent.body = b"anything".to_vec();
    assert!(sent.is_verified());
}

/// A signature of one way, key or algorithm is none of another.
#[test]
fn a_signature_cannot_be_passed_off_as_another() {
    for way in WAYS {
        let value = signed(way).header("authorization").unwrap().to_vec();
        let value = String::from_utf8(value).unwrap();
        for (from, to) in [
            ("ACS3-HMAC-SHA256", "ACS3-HMAC-SM3"),
            ("ACS3-HMAC-SM3", "ACS3-HMAC-SHA256"),
            ("ACS3-RSA-SHA256", "ACS3-HMAC-SHA256"),
            ("ACS3-HMAC-SHA256", "ACS3-RSA-SHA256"),
            (signer(way).id.as_str(), SESSION.0),
            (signer(way).id.as_str(), "LTAI5tRsa2"),
            ("accept;", "Accept;"),
            ("accept;", ""),
            ("content-type;", ""),
            ("host;", ""),
            ("x-acs-date;", ""),
            ("accept;content-type", "content-type;accept"),
            ("x-acs-version", "x-acs-version;absent"),
        ] {
            if !value.contains(from) {
                continue;
            }
            let mut sent = signed(way);
            sent.headers.retain(|(name, _)| name != b"Authorization");
            let sent = sent.with_header("Authorization", &value.replacen(from, to, 1));
            assert!(!sent.is_verified(), "{way:?}: {from} {to}");
        }
    }
}
