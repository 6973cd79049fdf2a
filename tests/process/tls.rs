//! TLS on the listener, as clients meet it.

mod certificate;
mod strangers;

use std::{
    fs,
    io::{ErrorKind, Read, Result, Write},
    net::TcpStream,
    process::Command,
};

use rustls::version::{TLS12, TLS13};
use serde_json::json;

use super::{
    audit::{line_of, lines, wait_until},
    callers::{full, list},
    child::{Server, run},
};
use crate::common::{Request, Signer, Way, fixture, query, server::*, tls, wire};

const TEST: &str = "cn-beijing:test";

/// Puts a chain and a key of the fixtures where [`start`] has its server look for them.
fn place(folder: &Folder, chain: &str, key: &str) {
    fs::write(folder.path().join("chain.pem"), fixture(&format!("tls/{chain}.crt"))).unwrap();
    fs::write(folder.path().join("key.pem"), fixture(&format!("tls/{key}.key"))).unwrap();
}

/// A server that knows users and speaks TLS with what [`place`] has put there.
fn start_with(folder: &Folder, change: impl FnOnce(&mut Command)) -> Server {
    let world = folder.path().join("users.yaml");
    fs::write(&world, world_with_users()).unwrap();
    let server = Server::start_with(folder.path(), |command| {
        command.arg("--tls-cert").arg(folder.path().join("chain.pem"));
        command.arg("--tls-key").arg(folder.path().join("key.pem"));
        command.env("SAE_SECRET_WORLD", &world);
        change(command);
    });
    assert_eq!(server.scheme, "https");
    server
}

/// The same with the listener's first certificate.
fn start(folder: &Folder) -> Server {
    place(folder, "listener/one", "listener/one");
    start_with(folder, |_| {})
}

/// A socket that sends its bytes one by one.
struct ByteByByte(TcpStream);

impl Read for ByteByByte {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for ByteByByte {
    fn write(&mut self, data: &[u8]) -> Result<usize> {
        self.0.write(&data[..data.len().min(1)])
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

fn create(name: &str, value: &str) -> Request {
    Request::new("POST", SECRET).json(&json!({
        "NamespaceId": TEST, "SecretName": name, "SecretType": "Opaque", "SecretData": {"k": value},
    }))
}

fn describe(id: i64) -> Request {
    let id = id.to_string();
    Request::new("GET", format!("{SECRET}?{}", query(&[("NamespaceId", TEST), ("SecretId", &id)])))
}

#[test]
fn signed_requests_are_answered_over_either_version() {
    let folder = Folder::new();
    place(&folder, "listener/one", "listener/one");
    let server = start_with(&folder, |command| {
        command.args(["--anonymous", "deny"]);
    });
    for version in [&TLS12, &TLS13] {
        for (protocols, agreed) in [
            (&[][..], None),
            (&["http/1.1"], Some(&b"http/1.1"[..])),
            (&["h2", "http/1.1"], Some(b"http/1.1")),
        ] {
            let client = tls::client_with(&[version], protocols);
            let stream = tls::shake(client, wire::connect(server.address)).unwrap();
            assert_eq!(stream.conn.protocol_version(), Some(version.version));
            assert_eq!(stream.conn.alpn_protocol(), agreed);
            assert_eq!(tls::chain(&stream), tls::certificates("listener/one"));
            let mut connection = tls::wrap(stream);
            let signed = full().sign(list(), None);
            connection.send(&signed.bytes(server.address)).unwrap();
            connection.receive().data();
        }
    }
    server.send(&list()).assert_error(400, "MissingAccessKeyId");
}

#[test]
fn one_connection_carries_requests_and_replies_of_all_sizes() {
    let folder = Folder::new();
    let server = start(&folder);
    let mut connection = server.connect();
    let mut ask = |request: &Request| {
        connection.send(&request.bytes(server.address)).unwrap();
        connection.receive()
    };
    // Less than a TLS record, about one, a little more than one, and many.
    for length in [1, 16_000, 16_384, 17_000, 1_000_000] {
        let value = "v".repeat(length);
        let created = ask(&full().sign(create(&format!("of-{length}"), &value), None));
        let described = ask(&full().sign(describe(created.secret_id()), None));
        assert!(described.data()["SecretData"]["k"] == value, "{length}");
    }
    let value = "q".repeat(60_000);
    let in_query = Request::new("GET", format!("{REGIONS}?{}", query(&[("Ignored", &value)])));
    ask(&full().sign(in_query, None)).data();
    assert_eq!(ask(&list()).data()["Secrets"].as_array().map(Vec::len), Some(5));
}

#[test]
fn requests_that_come_in_one_record_are_all_answered() {
    let folder = Folder::new();
    let server = start(&folder);
    let mut connection = server.connect();
    let requests: Vec<_> = ["a", "b", "c"].map(|name| create(name, name)).into();
    let bytes: Vec<u8> =
        requests.iter().flat_map(|request| request.bytes(server.address)).collect();
    connection.send(&bytes).unwrap();
    for _ in &requests {
        connection.receive().secret_id();
    }
}

#[test]
fn a_handshake_and_a_request_may_come_byte_by_byte() {
    let folder = Folder::new();
    let server = start(&folder);
    for version in [&TLS12, &TLS13] {
        let socket = wire::connect(server.address);
        socket.set_nodelay(true).unwrap();
        let client = tls::client_with(&[version], &[]);
        let mut stream = tls::shake(client, ByteByByte(socket.try_clone().unwrap())).unwrap();
        // A record for each byte of the request, too.
        for byte in full().sign(list(), None).bytes(server.address) {
            stream.write_all(&[byte]).unwrap();
            stream.flush().unwrap();
        }
        wire::Connection::over(stream, socket).receive().data();
    }
}

#[test]
fn what_is_cut_off_is_no_request_however_it_was_cut_off() {
    let folder = Folder::new();
    let server = start(&folder);
    server.send(&create("whole", "v")).secret_id();
    let bytes = create("cut", "v").bytes(server.address);
    let mut connection = server.connect();
    connection.send(&bytes[..bytes.len() - 1]).unwrap();
    connection.end();
    let reply = connection.try_receive(false);
    assert!(reply.as_ref().map_or(true, |reply| reply.status == 400), "{reply:?}");
    let listed = server.send(&list());
    assert!(listed.text().contains("whole") && !listed.text().contains("cut"), "{}", listed.text());
}

#[test]
fn policies_tell_tls_from_plain_http() {
    let folder = Folder::new();
    let users: String = ["true", "false"]
        .map(|value| {
            let condition = format!(r#"{{ Bool: {{ "acs:SecureTransport": {value} }} }}"#);
            let statement = format!(
                r#"{{ Effect: Allow, Action: "sae:*", Resource: "*", Condition: {condition} }}"#
            );
            let policy = format!(r#"{{ Version: "1", Statement: [{statement}] }}"#);
            let keys = format!("[{{ id: AK-{value}, secret: s-{value} }}]");
            format!("  - {{ name: of-{value}, access_keys: {keys}, policies: [{policy}] }}\n")
        })
        .concat();
    let world = folder.path().join("conditions.yaml");
    fs::write(&world, format!("{WORLD}users:\n{users}")).unwrap();
    place(&folder, "listener/one", "listener/one");
    let secure = start_with(&folder, |command| {
        command.env("SAE_SECRET_WORLD", &world);
    });
    let plain = Server::start_with(folder.path(), |command| {
        command.env("SAE_SECRET_WORLD", &world);
    });
    assert_eq!(plain.scheme, "http");
    for (server, value, status) in [
        (&secure, "true", 200),
        (&secure, "false", 403),
        (&plain, "true", 403),
        (&plain, "false", 200),
    ] {
        let signer = Signer::new(&format!("AK-{value}"), &format!("s-{value}"));
        // A stranger's word does not count on either side.
        for said in ["http", "https"] {
            let request = list().header("X-Forwarded-Proto", said);
            let reply = server.send(&signer.sign(request, None));
            assert_eq!(reply.status, status, "{value} over {}: {}", server.scheme, reply.text());
        }
    }
}

#[test]
fn the_audit_log_tells_of_requests_over_tls() {
    let folder = Folder::new();
    let (path, old) = (folder.path().join("audit.log"), folder.path().join("audit.log.1"));
    place(&folder, "listener/one", "listener/one");
    let server = start_with(&folder, |command| {
        command.arg("--audit-log").arg(&path);
    });
    let reply = server.send(&full().sign(list(), None));
    let line = line_of(&lines(&path), &reply);
    assert_eq!(line["source"], "127.0.0.1");
    assert_eq!((&line["caller"]["name"], &line["code"]), (&json!("full"), &json!("200")));
    // SIGHUP is for both: a certificate that cannot be read keeps the log from nothing.
    fs::remove_file(folder.path().join("key.pem")).unwrap();
    fs::rename(&path, &old).unwrap();
    server.signal("-HUP");
    wait_until("the file is not opened anew", || path.exists());
    wait_until("the certificate is not looked for", || server.log().contains("cannot read"));
    let reply = server.send(&full().sign(list(), None));
    line_of(&lines(&path), &reply);
}

/// It may hold values: the canonical request has the whole query in it.
#[test]
fn what_a_mismatch_tells_its_caller_reaches_no_log() {
    const CANARY: &str = "CANARYVALUE";
    let folder = Folder::new();
    let path = folder.path().join("audit.log");
    place(&folder, "listener/one", "listener/one");
    let mut server = start_with(&folder, |command| {
        command.env("RUST_LOG", "trace").arg("--audit-log").arg(&path);
    });
    let data = json!({"k": CANARY}).to_string();
    let named = [("NamespaceId", TEST), ("SecretName", "n"), ("SecretType", "Opaque")];
    let parameters = [&named[..], &[("SecretData", &data)]].concat();
    let create = Request::new("POST", format!("{SECRET}?{}", query(&parameters)));
    for way in [Way::Acs3Sha256, Way::RoaSha1] {
        let wrong = Signer::new(&full().id, "no").way(way).sign(create.clone(), None);
        let reply = server.send(&wrong);
        reply.assert_error(400, "SignatureDoesNotMatch");
        assert!(reply.message().contains(CANARY), "{way:?}: {}", reply.message());
    }
    server.send(&full().sign(create, None)).secret_id();
    // What the HTTP library refuses by itself is not repeated either.
    let mut connection = server.connect();
    let odd = Request::new("GET", format!("/x?SecretData=\"{CANARY}\""));
    connection.send(&odd.bytes(server.address)).unwrap();
    assert!(connection.receive().is_bare());
    server.terminate();
    server.wait();
    assert!(server.log().contains("caller=user:full"), "{}", server.log());
    for text in [server.log(), fs::read_to_string(&path).unwrap()] {
        assert!(text.contains("SignatureDoesNotMatch"), "{text}");
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[test]
fn the_health_check_takes_any_certificate() {
    let folder = Folder::new();
    // For another host, and signed by nobody.
    place(&folder, "ed25519", "ed25519");
    let server = start_with(&folder, |_| {});
    tls::shake(tls::client(), wire::connect(server.address)).expect_err("nobody else takes it");
    let check = |url: &str| {
        let output = run(&["healthcheck", "--url", url]);
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let port = server.address.port();
    for url in [
        format!("https://127.0.0.1:{port}"),
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}"),
    ] {
        assert_eq!(check(&url), (true, String::new()), "{url}");
    }
    let (is_ready, said) = check(&format!("http://127.0.0.1:{port}"));
    assert!(!is_ready && said.contains("does not answer"), "{said}");
    fs::rename(folder.path().join("test.db"), folder.path().join("away.db")).unwrap();
    let (is_ready, said) = check(&format!("https://127.0.0.1:{port}"));
    assert!(!is_ready && said.contains("is not ready: HTTP/1.1 503 "), "{said}");

    let folder = Folder::new();
    let plain = Server::start(folder.path());
    let (is_ready, said) = check(&format!("https://{}", plain.address));
    assert!(!is_ready && said.contains("does not answer"), "{said}");
}

#[test]
fn stopping_ends_resting_connections_with_a_word() {
    let folder = Folder::new();
    let mut server = start(&folder);
    // Before the others, so that it has been accepted when they have.
    let mut silent = wire::Connection::open(server.address);
    let mut resting = server.connect();
    resting.send(&list().bytes(server.address)).unwrap();
    resting.receive().data();
    // In TLS 1.2 the server has the last word: when the client is through, so is the server.
    let client = tls::client_with(&[&TLS12], &[]);
    let mut greeted = tls::wrap(tls::shake(client, wire::connect(server.address)).unwrap());
    server.terminate();
    // Closed by force they would end without the word that ends TLS.
    assert!(resting.is_closed_by_server());
    assert!(greeted.is_closed_by_server());
    assert!(silent.is_closed_by_server());
    assert!(server.wait().success());
}
