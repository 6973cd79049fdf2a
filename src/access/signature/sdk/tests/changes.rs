//! A request that was changed on the way is noticed, wherever it was changed, unless it means the same as before.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::{
    super::{super::SignedRequest, Sdk, verify},
    vectors::{VECTORS, Vector},
};

/// A request that can be changed.
#[derive(Debug, Clone)]
struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    secret: String,
}

impl Request {
    fn of(vector: &Vector) -> Self {
        let headers = vector.request.headers.iter();
        Self {
            method: vector.request.method.to_owned(),
            path: vector.request.path.to_owned(),
            query: vector.request.query.to_owned(),
            headers: headers.map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect(),
            body: vector.body.to_vec(),
            secret: vector.secret.to_owned(),
        }
    }

    fn value(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    fn authorization(&self) -> Option<Sdk<'_>> {
        Sdk::parse(self.value("authorization")?).ok()?
    }

    fn is_right(&self) -> bool {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let request = SignedRequest {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
        };
        let secret = &self.secret;
        self.authorization()
            .is_some_and(|claim| verify(&request, &claim, secret, &self.body).is_ok())
    }

    /// Names that are signed, in lower case.
    fn signed(&self) -> Vec<String> {
        let names = self.authorization().unwrap().signed_headers;
        names.split(';').map(str::to_lowercase).collect()
    }

    fn has_unsigned_body(&self) -> bool {
        !self.body.is_empty() && self.value("x-sdk-content-sha256") == Some(b"UNSIGNED-PAYLOAD")
    }
}

fn unescaped(text: &[u8], plus: u8) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut bytes, mut at) = (Vec::new(), 0);
    while at < text.len() {
        match (text[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(16 * high + low).unwrap());
                at += 2;
            }
            (b'+', ..) => bytes.push(plus),
            (byte, ..) => bytes.push(byte),
        }
        at += 1;
    }
    bytes
}

fn escaped(bytes: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(*byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    bytes.iter().map(one).collect()
}

/// What a path means: an encoded slash is one, and one at the end is as good as none.
fn meant_path(path: &str) -> Vec<u8> {
    let mut path = unescaped(path.as_bytes(), b'+');
    if !path.ends_with(b"/") {
        path.push(b'/');
    }
    path
}

fn meant_query(query: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let halves = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let read = |half: &str| unescaped(half.as_bytes(), b' ');
    let mut pairs: Vec<_> = halves.map(|(name, value)| (read(name), read(value))).collect();
    pairs.sort();
    pairs
}

/// Every text that differs from this one in one byte, by one of these bits, by one byte less or one more.
fn near(text: &[u8], bits: [u8; 3]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for at in 0..text.len() {
        for bit in bits {
            let mut other = text.to_vec();
            other[at] ^= bit;
            all.push(other);
        }
        let mut other = text.to_vec();
        other.remove(at);
        all.push(other);
    }
    for at in 0..=text.len() {
        let mut other = text.to_vec();
        other.insert(at, b'a');
        all.push(other);
    }
    all
}

/// Those that are text.
fn near_text(text: &str) -> impl Iterator<Item = String> {
    near(text.as_bytes(), [1, 4, 0x20])
        .into_iter()
        .filter_map(|other| String::from_utf8(other).ok())
}

#[test]
fn every_changed_byte_of_the_first_lines_is_noticed() {
    for vector in &VECTORS {
        let request = Request::of(vector);
        assert!(request.is_right(), "{}", vector.name);
        for method in near_text(&request.method) {
            let changed = Request { method, ..request.clone() };
            assert!(!changed.is_right(), "{}: {}", vector.name, changed.method);
        }
        for path in near_text(&request.path) {
            let is_same = meant_path(&path) == meant_path(&request.path);
            let changed = Request { path, ..request.clone() };
            assert_eq!(changed.is_right(), is_same, "{}: {}", vector.name, changed.path);
        }
        for query in near_text(&request.query) {
            let is_same = meant_query(&query) == meant_query(&request.query);
            let changed = Request { query, ..request.clone() };
            assert_eq!(changed.is_right(), is_same, "{}: {}", vector.name, changed.query);
        }
    }
}

#[test]
fn every_changed_byte_of_a_signed_header_is_noticed() {
    for vector in &VECTORS {
        let request = Request::of(vector);
        let signed = request.signed();
        for at in 0..request.headers.len() {
            let (name, value) = &request.headers[at];
            if name == "authorization" {
                continue;
            }
            let is_unsigned = !signed.contains(name);
            for other in near(value, [1, 0x20, 0x80]) {
                let mut changed = request.clone();
                changed.headers[at].1 = other;
                assert_eq!(changed.is_right(), is_unsigned, "{}: {changed:?}", vector.name);
            }
            for other in near_text(name).filter(|other| !other.eq_ignore_ascii_case(name)) {
                let mut changed = request.clone();
                changed.headers[at].0 = other;
                assert_eq!(changed.is_right(), is_unsigned, "{}: {changed:?}", vector.name);
            }
            let mut changed = request.clone();
            changed.headers.remove(at);
            assert_eq!(changed.is_right(), is_unsigned, "{}: {changed:?}", vector.name);
            for place in [at, at + 1] {
                for other in [value.clone(), b"other".to_vec(), Vec::new()] {
                    let mut changed = request.clone();
                    changed.headers.insert(place, (name.clone(), other));
                    assert_eq!(changed.is_right(), is_unsigned, "{}: {changed:?}", vector.name);
                }
            }
        }
    }
}

/// A header with its value moved to another one of those that are signed.
#[test]
fn values_that_are_exchanged_are_noticed() {
    for vector in &VECTORS {
        let request = Request::of(vector);
        let signed = request.signed();
        let places: Vec<usize> = (0..request.headers.len())
            .filter(|at| signed.contains(&request.headers[*at].0))
            .collect();
        for (one, other) in
            places.iter().flat_map(|one| places.iter().map(move |other| (*one, *other)))
        {
            let mut changed = request.clone();
            changed.headers[one].1.clone_from(&request.headers[other].1);
            changed.headers[other].1.clone_from(&request.headers[one].1);
            assert_eq!(changed.is_right(), one == other, "{}: {changed:?}", vector.name);
        }
        // Their order among each other tells nothing.
        let mut changed = request.clone();
        changed.headers.reverse();
        assert!(changed.is_right(), "{}", vector.name);
    }
}

#[test]
fn every_changed_byte_of_the_authorization_is_noticed() {
    for vector in &VECTORS {
        let request = Request::of(vector);
        let place = request.headers.iter().position(|(name, _)| name == "authorization").unwrap();
        let claim = request.authorization().unwrap();
        for other in near(&request.headers[place].1, [1, 0x20, 0x80]) {
            let mut changed = request.clone();
            changed.headers[place].1 = other;
            // Whose secret it is, is not signed: another key has another one.
            let is_same = changed.authorization().is_some_and(|other| {
                other.signed_headers == claim.signed_headers && other.signature == claim.signature
            });
            assert_eq!(changed.is_right(), is_same, "{}: {changed:?}", vector.name);
        }
    }
}

#[test]
fn every_changed_byte_of_a_hashed_body_is_noticed() {
    let mut hashed = 0;
    for vector in &VECTORS {
        let request = Request::of(vector);
        // Nothing of it, and that is signed as a body that is not.
        if vector.name == "go_delete_of_another_type" {
            continue;
        }
        let is_unsigned = request.has_unsigned_body();
        hashed += usize::from(!is_unsigned && !request.body.is_empty());
        for body in near(&request.body, [1, 0x20, 0x80]) {
            let changed = Request { body, ..request.clone() };
            assert_eq!(changed.is_right(), is_unsigned, "{}: {changed:?}", vector.name);
        }
    }
    assert!(hashed >= 8, "{hashed}");
}

/// Signs by the rules, from what is meant and not from what is sent.
fn sign(request: &Request, names: &[String]) -> String {
    let path = meant_path(&request.path);
    let path: Vec<String> = path.split(|byte| *byte == b'/').map(escaped).collect();
    let pairs = meant_query(&request.query).into_iter();
    let pairs: Vec<String> =
        pairs.map(|(name, value)| format!("{}={}", escaped(&name), escaped(&value))).collect();
    let mut text =
        format!("{}\n{}\n{}\n", request.method, path.join("/"), pairs.join("&")).into_bytes();
    for name in names {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend_from_slice(request.value(name).unwrap());
        text.push(b'\n');
    }
    let hash = if request.has_unsigned_body() {
        "UNSIGNED-PAYLOAD".to_owned()
    } else {
        HEXLOWER.encode(&Sha256::digest(&request.body))
    };
    text.extend(format!("\n{}\n{hash}", names.join(";")).bytes());
    let mut mac = Hmac::<Sha256>::new_from_slice(request.secret.as_bytes()).unwrap();
    mac.update(b"SDK-HMAC-SHA256\n");
    mac.update(request.value("x-sdk-date").unwrap());
    mac.update(format!("\n{}", HEXLOWER.encode(&Sha256::digest(&text))).as_bytes());
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(
        prop_oneof![any::<u8>(), prop::sample::select(b"a/%+&= ~".to_vec())],
        0..most,
    )
}

/// Bytes as a client may send them: what must be escaped is, and some more.
fn sent(most: usize) -> impl Strategy<Value = String> {
    let one = |(byte, is_escaped): (u8, bool)| match escaped(&[byte]) {
        raw if raw.len() == 1 && is_escaped => format!("%{byte:02x}"),
        text => text,
    };
    let bytes = prop_oneof![any::<u8>(), prop::sample::select(b"a/%+&= ~".to_vec())];
    prop::collection::vec((bytes, any::<bool>()), 0..most)
        .prop_map(move |bytes| bytes.into_iter().map(one).collect())
}

prop_compose! {
    /// A rightly signed request, and the names of what it signs.
    fn signed_request()(
        method in "[A-Z]{1,7}",
        segments in prop::collection::vec(sent(6), 1..5),
        pairs in prop::collection::vec((sent(4), sent(6)), 0..5),
        values in prop::collection::btree_map("[a-w][a-z0-9_-]{0,8}", bytes(8), 0..5),
        body in bytes(20),
        is_unsigned in any::<bool>(),
        secret in "\\PC{0,80}",
        signs_all in any::<bool>(),
    ) -> (Request, Vec<String>) {
        let mut headers: Vec<(String, Vec<u8>)> = values
            .into_iter()
            .filter(|(name, _)| name != "authorization" && name != "host")
            .map(|(name, value)| (name, value.trim_ascii().to_vec()))
            .collect();
        headers.push(("host".to_owned(), b"k8s.test".to_vec()));
        headers.push(("x-sdk-date".to_owned(), b"20240102T030405Z".to_vec()));
        if is_unsigned {
            headers.push(("x-sdk-content-sha256".to_owned(), b"UNSIGNED-PAYLOAD".to_vec()));
        }
        let names = headers.iter().map(|(name, _)| name.clone());
        let mut names: Vec<String> =
            names.filter(|name| signs_all || name == "host" || name.starts_with("x-sdk-")).collect();
        names.sort();
        let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request {
            method,
            path: format!("/{}", segments.join("/")),
            query: query.join("&"),
            headers,
            body,
            secret,
        };
        let signature = sign(&request, &names);
        let text = format!(
            "SDK-HMAC-SHA256 Access=id, SignedHeaders={}, Signature={signature}", names.join(";"),
        );
        request.headers.push(("authorization".to_owned(), text.into_bytes()));
        (request, names)
    }
}

/// A byte of a text is another one, or gone, or one is put before it.
fn change(text: &[u8], at: prop::sample::Index, byte: u8, how: u8) -> Vec<u8> {
    let mut other = text.to_vec();
    let at = at.index(text.len() + 1);
    match how {
        0 if at < text.len() => other[at] = byte,
        1 if at < text.len() => drop(other.remove(at)),
        _ => other.insert(at, byte),
    }
    other
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever is signed is right as it is, and wrong as soon as it means something else.
    #[test]
    fn every_request_is_right_until_it_is_changed(
        (request, names) in signed_request(),
        part in 0_u8..6,
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        how in 0_u8..3,
    ) {
        prop_assert!(request.is_right());
        let mut changed = request.clone();
        let text = |old: &str| String::from_utf8(change(old.as_bytes(), at, byte & 0x7f, how)).unwrap();
        let place = which.index(request.headers.len() - 1);
        let is_signed = names.contains(&request.headers[place].0);
        let stays = match part {
            0 => {
                changed.method = text(&request.method);
                changed.method == request.method
            }
            1 => {
                changed.path = text(&request.path);
                meant_path(&changed.path) == meant_path(&request.path)
            }
            2 => {
                changed.query = text(&request.query);
                meant_query(&changed.query) == meant_query(&request.query)
            }
            3 => {
                let other = change(&request.headers[place].1, at, byte, how);
                // As an HTTP server hands it over.
                changed.headers[place].1 = other.trim_ascii().to_vec();
                let is_same = changed.headers[place].1 == request.headers[place].1;
                is_same || !is_signed
            }
            4 => {
                changed.body = change(&request.body, at, byte, how);
                changed.body == request.body || request.has_unsigned_body()
            }
            _ => {
                let last = request.headers.len() - 1;
                changed.headers[last].1 = change(&request.headers[last].1, at, byte, how);
                let claim = request.authorization().unwrap();
                changed.authorization().is_some_and(|other| {
                    other.signed_headers == claim.signed_headers && other.signature == claim.signature
                })
            }
        };
        prop_assert_eq!(changed.is_right(), stays, "{:?}\n{:?}", request, changed);
    }
}
