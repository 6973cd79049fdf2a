//! Heads of 64 KiB, and headers that hold something else than they should.

use super::{texts::TEXTS, *};

/// What heads may make the process hold, in KiB: 8 MiB. A head is held until it is judged, at most 24 KiB of headers and
/// 100 KiB of target, on a handful of connections.
const ALLOWED_KIB: u64 = 8 * 1024;

fn get(headers: &[u8]) -> Vec<u8> {
    let begin = format!("GET {SECRETS}?NamespaceId=cn-beijing%3Atest HTTP/1.1\r\nHost: x\r\n");
    [begin.as_bytes(), headers, b"\r\n"].concat()
}

#[test]
fn heads_of_64_kib_are_refused_however_they_are_made_up() {
    let one = format!("x-large: {}\r\n", "y".repeat(65_536));
    let name = format!("{}: y\r\n", "x".repeat(65_536));
    let folded = format!("x-folded: y\r\n {}\r\n", "y".repeat(65_536));
    let lines = |count: usize, length: usize| -> String {
        (0..count).map(|number| format!("x-{number}: {}\r\n", "y".repeat(length))).collect()
    };
    let same = "x-same: yyyyyyyy\r\n".repeat(4096);
    attack("heads of 64 KiB", ALLOWED_KIB, |server| {
        let mut client = Client::new(server);
        for _ in 0..20 * torture::rounds(1) {
            for headers in [&one, &name, &lines(64, 1024), &lines(4096, 8), &lines(91, 1), &same] {
                let reply = client.send_bytes("GET", SECRETS, &get(headers.as_bytes()));
                reply.assert_error(431, "RequestHeaderFieldsTooLarge");
            }
            let reply = client.send_bytes("GET", SECRETS, &get(folded.as_bytes()));
            assert!([400, 431].contains(&reply.status), "{}", reply.text());
            // As much as there may be is taken.
            client.send_bytes("GET", SECRETS, &get(lines(80, 280).as_bytes())).data();
        }
        client.sent
    });
}

#[test]
fn a_header_may_hold_anything_and_is_never_believed() {
    /// Each with the status that a text has which a header can carry and which says nothing to the server.
    const HEADERS: [(&str, &[u16]); 14] = [
        ("x-acs-action", &[404]),
        ("x-acs-version", &[400]),
        ("x-acs-region-id", &[200]),
        ("x-acs-request-id", &[200]),
        ("x-acs-date", &[200, 400]),
        ("x-acs-signature-nonce", &[200, 400]),
        ("x-acs-security-token", &[200, 400]),
        ("x-acs-accesskey-id", &[200, 400]),
        ("Authorization", &[400, 403, 404]),
        ("Content-Type", &[200]),
        ("Accept", &[200, 400]),
        ("Origin", &[200]),
        ("X-Forwarded-For", &[200]),
        ("Cookie", &[200]),
    ];
    attack("texts in headers", ALLOWED_KIB, |server| {
        let mut client = Client::new(server);
        for _ in 0..torture::rounds(1) {
            for text in TEXTS.iter() {
                // RFC 9110, section 5.5: all but control characters.
                let is_value = !text.bytes.iter().any(|byte| byte.is_ascii_control());
                // Space around a value is no part of it, and an empty one says nothing.
                let is_value = is_value && !text.bytes.trim_ascii().is_empty();
                for (name, statuses) in HEADERS {
                    let header = [name.as_bytes(), b": ", &text.bytes[..], b"\r\n"].concat();
                    let reply = client.send_bytes("GET", SECRETS, &get(&header));
                    if is_value && text.bytes.len() < 20_000 {
                        let status = reply.status;
                        assert!(statuses.contains(&status), "{name}, {}: {status}", text.name);
                    }
                    assert!(reply.header("x-injected").is_none(), "{name}, {}", text.name);
                }
            }
        }
        client.sent
    });
}
