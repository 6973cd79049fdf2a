//! The same API over HTTP/2 and TLS.

use std::{collections::BTreeSet, thread};

use sae_secret::settings::{AnonymousChoice, Settings};
use serde_json::{Value, json};

use crate::common::{
    Http2, Reply, Request, Signer, TestServer, Way,
    http2::{talk, with_tls},
    query,
    server::*,
};

const PLACE: (&str, &str) = ("NamespaceId", "cn-beijing:test");

fn start(world: &str, change: impl FnOnce(&mut Settings)) -> TestServer {
    TestServer::start_with(world, |settings| {
        with_tls(settings);
        change(settings);
    })
}

/// A server that wants every request signed.
fn strict() -> TestServer {
    start(&world_with_users(), |settings| settings.anonymous = Some(AnonymousChoice::Deny))
}

fn full() -> Signer {
    Signer::new("testAKid0000000000000001", "testAKsecret000000000000000001")
}

fn request(method: &str, path: &str, parameters: &[(&str, &str)]) -> Request {
    Request::new(method, format!("{path}?{}", query(parameters)))
}

fn create(name: &str, data: &Value) -> Request {
    let data = data.to_string();
    let parameters = [PLACE, ("SecretName", name), ("SecretType", "Opaque"), ("SecretData", &data)];
    request("POST", SECRET, &parameters)
}

fn list() -> Request {
    request("GET", SECRETS, &[PLACE])
}

#[test]
fn a_secret_lives_over_http2_in_each_way_of_signing() {
    let server = strict();
    let mut client = Http2::open(server.address);
    for way in [Way::Acs3Sha256, Way::Acs3Sm3, Way::RoaSha1] {
        let signer = full().way(way);
        let name = format!("{way:?}").to_lowercase();
        let mut send = |request: Request, action| client.send(&signer.sign(request, Some(action)));
        let created = send(create(&name, &json!({"k": "canary-v"})), "CreateSecret");
        let id = created.secret_id().to_string();
        let one = [PLACE, ("SecretId", &id)];
        let described = send(request("GET", SECRET, &one), "DescribeSecret").data();
        assert_eq!(described["SecretData"], json!({"k": "canary-v"}));
        let changed = [PLACE, ("SecretId", &id), ("SecretData", r#"{"k":"w"}"#)];
        send(request("PUT", SECRET, &changed), "UpdateSecret").data();
        let described = send(request("GET", SECRET, &one), "DescribeSecret").data();
        assert_eq!(described["SecretData"], json!({"k": "w"}));
        let listed = send(list(), "ListSecrets").data();
        assert_eq!(listed["Secrets"][0]["SecretName"], name);
        send(request("DELETE", SECRET, &one), "DeleteSecret").data();
        assert_eq!(send(list(), "ListSecrets").data(), json!({"Secrets": []}));
    }
}

#[test]
fn signatures_are_verified_from_the_bytes_of_the_target() {
    let server = strict();
    let mut client = Http2::open(server.address);
    let odd = "a b+c%2F/&=?#~*'()!\"<>{}[]|^`\\\u{fc}\u{4e2d}\u{1f600}";
    for (number, way) in [Way::Acs3Sha256, Way::RoaSha1].into_iter().enumerate() {
        let signer = full().way(way);
        let data = json!({ "k": odd });
        let sent = signer.sign(create(&format!("odd{number}"), &data), None);
        let id = client.send(&sent).secret_id().to_string();
        let asked = request("GET", SECRET, &[PLACE, ("SecretId", &id)]);
        assert_eq!(client.send(&signer.sign(asked, None)).data()["SecretData"], data);
        // Another spelling of the same parameters: lower case, and characters that need no escape.
        let mut other = list();
        other.target = format!("{SECRETS}?NamespaceId=cn-beijing%3atest&x={{a:[b|c]}}&y=%7e+%20");
        client.send(&signer.sign(other.clone(), None)).data();
        let mut changed = signer.sign(other, None);
        changed.target = changed.target.replace("%7e", "%7f");
        client.send(&changed).assert_error(400, "SignatureDoesNotMatch");
    }
}

#[test]
fn the_authority_is_the_host_that_was_signed() {
    let server = strict();
    let mut client = Http2::open(server.address);
    let mut signed = full().sign(list().header("Host", "sae.cn-beijing.aliyuncs.com"), None);
    client.send(&signed).data();
    signed = full().sign(list().header("Host", "sae.cn-beijing.aliyuncs.com"), None);
    for (name, value) in &mut signed.headers {
        if name == "Host" {
            *value = "sae.cn-hangzhou.aliyuncs.com".to_owned();
        }
    }
    client.send(&signed).assert_error(400, "SignatureDoesNotMatch");
}

#[test]
fn a_wrong_signature_is_told_what_the_server_would_have_signed() {
    let server = strict();
    let mut client = Http2::open(server.address);
    let wrong = Signer::new(&full().id, "not-the-secret");
    let reply = client.send(&wrong.sign(list(), Some("ListSecrets")));
    reply.assert_error(400, "SignatureDoesNotMatch");
    let message = reply.message();
    assert!(message.contains("CanonicalRequest"), "{message}");
    assert!(message.contains("host:sae-secret.test"), "{message}");
    assert!(message.contains("NamespaceId=cn-beijing%3Atest"), "{message}");
    client.send(&list()).assert_error(400, "MissingAccessKeyId");
}

#[test]
fn a_nonce_counts_once_for_both_protocols() {
    let server = strict();
    let signed = full().sign(list().header("Host", "localhost"), None);
    let over_http1 = |request: &Request| {
        let request = request.clone().header("Connection", "close");
        let (chosen, said) = talk(server.address, &["http/1.1"], &request.bytes(server.address));
        assert_eq!(chosen.as_deref(), Some(&b"http/1.1"[..]));
        String::from_utf8(said).unwrap()
    };
    let first = over_http1(&signed);
    assert!(first.starts_with("HTTP/1.1 200 OK\r\n"), "{first}");
    let mut client = Http2::open(server.address);
    client.send(&signed).assert_error(400, "SignatureNonceUsed");
    // And the other way round.
    let signed = full().sign(list().header("Host", "localhost"), None);
    client.send(&signed).data();
    let second = over_http1(&signed);
    assert!(second.contains("SignatureNonceUsed"), "{second}");
}

#[test]
fn bodies_are_read_as_json_and_as_forms() {
    let server = strict();
    let mut client = Http2::open(server.address);
    let data = json!({"k": "v\u{e9}"});
    let whole = json!({"NamespaceId": PLACE.1, "SecretName": "json", "SecretType": "Opaque", "SecretData": data});
    let form = query(&[
        PLACE,
        ("SecretName", "form"),
        ("SecretType", "Opaque"),
        ("SecretData", &data.to_string()),
    ]);
    for way in [Way::Acs3Sha256, Way::RoaSha1] {
        let signer = full().way(way);
        for request in [
            Request::new("POST", SECRET).json(&whole),
            Request::new("POST", SECRET).body("application/x-www-form-urlencoded", form.clone()),
        ] {
            let id = client.send(&signer.sign(request.clone(), None)).secret_id().to_string();
            let one = [PLACE, ("SecretId", &id)];
            let mut send = |request| client.send(&signer.sign(request, None));
            assert_eq!(send(self::request("GET", SECRET, &one)).data()["SecretData"], data);
            send(self::request("DELETE", SECRET, &one)).data();
            if way == Way::Acs3Sha256 {
                let mut changed = signer.sign(request, None);
                changed.body.push(b' ');
                assert_eq!(client.send(&changed).status, 400);
            }
        }
    }
}

#[test]
fn bodies_up_to_4_mib_are_read_and_larger_ones_are_told_so() {
    let server = start(WORLD, |_| {});
    let mut client = Http2::open(server.address);
    let padded = |size: usize, is_declared: bool| {
        let whole = json!({"NamespaceId": PLACE.1, "SecretName": format!("n{size}{is_declared}"),
            "SecretType": "Opaque", "SecretData": {"k": "canary-v"}});
        let mut body = whole.to_string().into_bytes();
        body.resize(size, b' ');
        let request = Request::new("POST", SECRET).body("application/json", body);
        if is_declared { request.header("content-length", &size.to_string()) } else { request }
    };
    for is_declared in [true, false] {
        client.send(&padded(4 * 1024 * 1024, is_declared)).secret_id();
        for size in [4 * 1024 * 1024 + 1, 10_000_000] {
            let reply = client.send(&padded(size, is_declared));
            reply.assert_error(413, "RequestEntityTooLarge");
        }
    }
}

#[test]
fn long_targets_work_as_far_as_the_protocol_library_goes() {
    let server = strict();
    let mut client = Http2::open(server.address);
    for length in [59_999, 60_001, 65_000] {
        let data = json!({ "k": "x".repeat(length - 200) });
        let sent = full().sign(create(&format!("n{length}"), &data), None);
        let id = client.send(&sent).secret_id().to_string();
        let asked = request("GET", SECRET, &[PLACE, ("SecretId", &id)]);
        assert_eq!(client.send(&full().sign(asked, None)).data()["SecretData"], data);
    }
}

/// A frame of RFC 9113, section 4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field that nobody has to remember, with a value of at least 127 bytes: RFC 7541, section 6.2.2.
fn long_field(name: &str, value: &str) -> Vec<u8> {
    let mut rest = value.len() - 127;
    let mut field = [&[0, u8::try_from(name.len()).unwrap()], name.as_bytes(), &[127]].concat();
    while rest >= 128 {
        field.push(u8::try_from(rest % 128 + 128).unwrap());
        rest /= 128;
    }
    field.push(u8::try_from(rest).unwrap());
    field.extend_from_slice(value.as_bytes());
    field
}

#[test]
fn a_target_of_100_kib_is_turned_down_without_harm_to_the_others() {
    let server = start(WORLD, |_| {});
    // GET, https and /, from the table of RFC 7541, appendix A; the authority is x.
    let (get, https, root) = (0x82, 0x87, 0x84);
    let authority = [0x01, 0x01, b'x'];
    let target = format!("{SECRETS}?{}", "q".repeat(102_400 - SECRETS.len() - 1));
    let long = [vec![get, https], authority.to_vec(), long_field(":path", &target)].concat();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &[]));
    let pieces: Vec<&[u8]> = long.chunks(16_384).collect();
    for (index, piece) in pieces.iter().enumerate() {
        let ends = if index + 1 == pieces.len() { 4 } else { 0 };
        bytes.extend(if index == 0 { frame(1, 1, 1, piece) } else { frame(9, ends, 1, piece) });
    }
    bytes.extend(frame(1, 5, 3, &[&[get, https, root], &authority[..]].concat()));
    // The farewell, so that the server closes when it has answered.
    bytes.extend(frame(7, 0, 0, &[0; 8]));
    let (chosen, said) = talk(server.address, &["h2"], &bytes);
    assert_eq!(chosen.as_deref(), Some(&b"h2"[..]));
    let (mut rest, mut seen) = (&said[..], vec![]);
    while let [a, b, c, kind, _, w, x, y, z, after @ ..] = rest {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let stream = u32::from_be_bytes([*w, *x, *y, *z]);
        seen.push((stream, *kind, after[..length].to_vec()));
        rest = &after[length..];
    }
    let of = |stream, kind| {
        seen.iter().find(|(its, known, _)| (*its, *known) == (stream, kind)).map(|found| &found.2)
    };
    // A bare 431: the status stands in the head, and there is no body.
    assert!(of(1, 1).is_some() && of(1, 0).is_none(), "{seen:?}");
    let body = of(3, 0).expect("an answer to the other request");
    assert!(String::from_utf8_lossy(body).contains("InvalidApi.NotFound"));
}

#[test]
fn a_hundred_requests_at_once_are_all_answered() {
    let server = start(WORLD, |_| {});
    let mut client = Http2::open(server.address);
    let requests: Vec<Request> = (0..100)
        .map(|number| create(&format!("n{number}"), &json!({"k": number.to_string()})))
        .collect();
    let replies = client.ask_together(&requests);
    let ids: BTreeSet<i64> = replies.iter().map(Reply::secret_id).collect();
    assert_eq!(ids.len(), 100);
    for (reply, number) in replies.iter().zip(0..) {
        let id = reply.secret_id().to_string();
        let stored = client.send(&request("GET", SECRET, &[PLACE, ("SecretId", &id)])).data();
        assert_eq!(stored["SecretData"], json!({"k": i32::to_string(&number)}));
    }
    // More than a connection may have at once wait for each other.
    let replies = client.ask_together(&vec![list(); 250]);
    assert!(replies.iter().all(|reply| reply.status == 200));
}

#[test]
fn connections_do_not_wait_for_each_other() {
    let server = start(WORLD, |_| {});
    let address = server.address;
    let askers: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(move || {
                let mut client = Http2::open(address);
                (0..20).all(|_| client.send(&list()).status == 200)
            })
        })
        .collect();
    for asker in askers {
        assert!(asker.join().unwrap());
    }
}

#[test]
fn replies_come_in_xml_too() {
    let server = strict();
    let mut client = Http2::open(server.address);
    let reply = client.send(&full().sign(list().xml(), None));
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/xml;charset=utf-8")));
    let refused = client.send(&list().xml());
    assert!(refused.text().contains("<Code>MissingAccessKeyId</Code>"), "{}", refused.text());
}

#[test]
fn refused_heads_are_answered_in_the_apis_own_shape() {
    let origin = "https://console.example";
    let server = start(WORLD, |settings| settings.cors_origin = vec![origin.to_owned()]);
    let mut client = Http2::open(server.address);
    let many = (0..91).fold(list(), |request, number| request.header(&format!("x-{number}"), "y"));
    let long = list().header("x-long", &"y".repeat(25_000));
    let two = list().header("Host", "x").header("origin", origin);
    let odd = Request::new("GET", format!("{SECRETS}?NamespaceId=\u{fc}"));
    for (request, status, code) in [
        (many, 431, "RequestHeaderFieldsTooLarge"),
        (long, 431, "RequestHeaderFieldsTooLarge"),
        (odd, 400, "BadRequest"),
    ] {
        client.send(&request).assert_error(status, code);
        let xml = client.send(&request.clone().xml().header("origin", origin));
        assert!(xml.text().contains(&format!("<Code>{code}</Code>")), "{}", xml.text());
        assert_eq!(xml.header("access-control-allow-origin"), Some(origin));
    }
    assert_eq!(client.send(&Request { headers: two.headers, ..list() }).status, 200);
}

#[test]
fn a_client_cannot_smuggle_a_target_or_a_refusal() {
    let server = start(WORLD, |_| {});
    let mut client = Http2::open(server.address);
    for (name, value) in
        [("sae-secret-target", "/x?NamespaceId=cn-nowhere"), ("sae-secret-refusal", "malformed")]
    {
        assert_eq!(client.send(&list().header(name, value)).status, 200);
    }
}

#[test]
fn head_and_preflight_are_answered_as_in_http1() {
    let origin = "https://console.example";
    let server = start(WORLD, |settings| settings.cors_origin = vec![origin.to_owned()]);
    let mut client = Http2::open(server.address);
    let health = client.ask(&Request::new("GET", "/health")).unwrap();
    assert_eq!((health.status, health.text()), (200, "ok\n"));
    let head = client.ask(&Request::new("HEAD", REGIONS)).unwrap();
    assert_eq!((head.status, head.text()), (400, ""));

    let preflight = |origin: &str| {
        Request::new("OPTIONS", SECRET)
            .header("Host", "localhost")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "PUT")
            .header("Access-Control-Request-Headers", "content-type,x-acs-action")
    };
    let names = ["access-control-allow-origin", "access-control-allow-methods", "vary"];
    for from in [origin, "https://elsewhere.example"] {
        let reply = client.ask(&preflight(from)).unwrap();
        let request = preflight(from).header("Connection", "close").bytes(server.address);
        let (_, said) = talk(server.address, &["http/1.1"], &request);
        let said = String::from_utf8(said).unwrap();
        let status = said.split(' ').nth(1).unwrap();
        assert_eq!(reply.status.to_string(), status);
        let (fields, _) = said.split_once("\r\n\r\n").unwrap();
        for name in names {
            let there = fields.lines().filter_map(|line| line.split_once(": "));
            let there = there.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            let words = |value: &str| -> BTreeSet<String> {
                value.split(',').map(|word| word.trim().to_owned()).collect()
            };
            assert_eq!(
                reply.header(name).map(words),
                there.map(|(_, value)| words(value)),
                "{name}"
            );
        }
    }
    let allowed = client.ask(&preflight(origin)).unwrap();
    assert_eq!(allowed.header("access-control-allow-origin"), Some(origin));
}

#[test]
fn a_client_without_http2_speaks_http1() {
    let server = start(WORLD, |_| {});
    let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    for (offered, expected) in [(&["http/1.1"][..], Some(&b"http/1.1"[..])), (&[], None)] {
        let (chosen, said) = talk(server.address, offered, request);
        assert_eq!(chosen.as_deref(), expected);
        let said = String::from_utf8(said).unwrap();
        assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.ends_with("ok\n"), "{said}");
    }
    // What was not agreed on is not spoken.
    let (_, said) = talk(server.address, &[], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert!(said.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&said));
}
