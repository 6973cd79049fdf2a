//! Heads of 128 KiB, and headers that hold something else than they should.

use std::io::ErrorKind;

use super::{texts::TEXTS, *};

/// What heads may make the process hold, in KiB: 8 MiB. A head is held until it is whole, at most 128 KiB, on a handful of
/// connections.
const ALLOWED_KIB: u64 = 8 * 1024;

fn get(headers: &[u8]) -> Vec<u8> {
    let begin = format!("GET {SECRETS}?NamespaceId=cn-beijing%3Atest HTTP/1.1\r\nHost: x\r\n");
    [begin.as_bytes(), headers, b"\r\n"].concat()
}

/// Sends what is refused before its end, maybe. A client that goes on sending may see its connection reset.
fn refused(server: &Server, bytes: &[u8], status: u16) {
    let mut connection = server.connect();
    drop(connection.send(bytes));
    match connection.try_receive(false) {
        Ok(reply) => assert_eq!((reply.status, reply.is_bare()), (status, true)),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[test]
fn heads_of_128_kib_are_refused_however_they_are_made_up() {
    let one = format!("x-large: {}\r\n", "y".repeat(131_072));
    let folded = format!("x-folded: y\r\n {}\r\n", "y".repeat(65_536));
    let lines = |count: usize, length: usize| -> String {
        (0..count).map(|number| format!("x-{number}: {}\r\n", "y".repeat(length))).collect()
    };
    let same = "x-same: yyyyyyyy\r\n".repeat(4096);
    attack("heads of 128 KiB", ALLOWED_KIB, |server| {
        let mut client = Client::new(server);
        for _ in 0..20 * torture::rounds(1) {
            for headers in [&one, &lines(64, 2048), &lines(4096, 8), &lines(96, 1), &same] {
                refused(server, &get(headers.as_bytes()), 431);
                client.sent += 1;
            }
            refused(server, &get(folded.as_bytes()), 400);
            client.sent += 1;
            // As much as there may be is taken.
            client.send_bytes("GET", SECRETS, &get(lines(95, 1024).as_bytes())).data();
        }
        client.sent
    });
}

/// The HTTP library panics over it, in the task of that connection.
#[test]
fn a_name_of_64_kib_ends_its_own_connection_only() {
    let folder = Folder::new();
    let server = Server::start(folder.path());
    let mut other = server.connect();
    for _ in 0..20 {
        let mut connection = server.connect();
        let header = format!("{}: y\r\n", "x".repeat(65_536));
        drop(connection.send(&get(header.as_bytes())));
        connection.try_receive(false).expect_err("no reply");
    }
    other.send(&get(b"")).unwrap();
    other.receive().data();
    server.call("GET", SECRETS, &[("NamespaceId", AIM)]).data();
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
        ("Origin", &[403]),
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
                    if text.bytes.contains(&b'\n') {
                        // What came behind it was another request, or none, which has closed the connection.
                        client.connection = server.connect();
                    }
                }
            }
        }
        client.sent
    });
}
