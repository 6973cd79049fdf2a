//! Pages that call from a browser: which are believed without a signature.

use sae_secret::settings::{AnonymousChoice, Settings};
use serde_json::json;

use crate::common::{Reply, Request, Signer, TestServer, server::*};

const CONSOLE: &str = "https://console.example";

fn list() -> Request {
    Request::new("GET", format!("{SECRETS}?NamespaceId=cn-beijing%3Atest"))
}

fn create(name: &str) -> Request {
    Request::new("POST", SECRET).json(&json!({
        "NamespaceId": "cn-beijing:test", "SecretName": name, "SecretType": "Opaque",
        "SecretData": {"k": "canary-not-a-secret"},
    }))
}

fn named(settings: &mut Settings) {
    settings.cors_origin = vec![CONSOLE.to_owned()];
    settings.allowed_host = vec!["secrets.example".to_owned()];
}

fn signed(request: Request) -> Request {
    Signer::new("testAKid0000000000000001", "testAKsecret000000000000000001").sign(request, None)
}

#[track_caller]
fn assert_refused(reply: &Reply, code: &str, flag: &str) {
    reply.assert_error(403, code);
    assert!(reply.message().contains(flag), "{}", reply.message());
}

#[test]
fn the_servers_own_page_may_read_and_write() {
    let server = TestServer::start();
    for (number, host) in
        ["localhost:8080", "127.0.0.1", "[::1]:9", "sae-secret"].iter().enumerate()
    {
        let page = |request: Request| {
            let request = request.header("Host", host).header("Origin", &format!("http://{host}"));
            server.send(&request.header("Sec-Fetch-Site", "same-origin"))
        };
        page(create(&format!("n{number}"))).secret_id();
        page(list()).data();
    }
}

#[test]
fn pages_of_other_origins_may_neither_read_nor_write() {
    let server = TestServer::start_with(WORLD, named);
    for origin in ["https://evil.example", "null", "http://localhost:3000", "http://localhost"] {
        for request in [list(), create("n")] {
            let request = request.header("Host", "localhost:8080").header("Origin", origin);
            assert_refused(&server.send(&request), "Forbidden.Origin", "--cors-origin");
        }
    }
    // An image or a form of another page says no origin.
    let kms =
        "/?Version=2016-01-20&Action=CreateSecret&SecretName=n&VersionId=v1&SecretData=canary";
    for (site, request) in ["cross-site", "same-site"].into_iter().flat_map(|site| {
        [list(), create("n"), Request::new("GET", kms)].map(|request| (site, request))
    }) {
        let request = request.header("Sec-Fetch-Site", site);
        assert_refused(&server.send(&request), "Forbidden.Origin", "--cors-origin");
    }
    assert_eq!(server.list_secrets("cn-beijing:test").data(), json!({"Secrets": []}));
    let console = |request: Request| {
        server.send(&request.header("Origin", CONSOLE).header("Sec-Fetch-Site", "cross-site"))
    };
    console(create("n")).secret_id();
    assert_eq!(console(list()).header("access-control-allow-origin"), Some(CONSOLE));
    // Typed into the browser.
    server
        .send(&list().header("Sec-Fetch-Site", "none").header("Sec-Fetch-Mode", "navigate"))
        .data();
}

#[test]
fn a_page_that_rebinds_its_name_reads_nothing() {
    let server = TestServer::start_with(WORLD, named);
    for host in
        ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "sub.secrets.example"]
    {
        for request in [list(), create("n"), Request::new("GET", REGIONS)] {
            let request = request.header("Host", host).header("Origin", &format!("http://{host}"));
            let request = request.header("Sec-Fetch-Site", "same-origin");
            let reply = server.send(&request);
            assert_refused(&reply, "Forbidden.Host", "--allowed-host");
            assert!(reply.message().contains(host), "{}", reply.message());
            assert_refused(
                &server.send(&list().header("Host", host)),
                "Forbidden.Host",
                "--allowed-host",
            );
        }
    }
    let xml = server.send(&list().header("Host", "evil.example").xml());
    assert!(xml.text().contains("<Code>Forbidden.Host</Code>"), "{}", xml.text());
    assert_eq!(server.list_secrets("cn-beijing:test").data(), json!({"Secrets": []}));
    server.send(&list().header("Host", "Secrets.Example:443")).data();
    // No browser speaks HTTP/1.0, and no page leaves the host out.
    let old = format!("GET {SECRETS}?NamespaceId=cn-beijing%3Atest HTTP/1.0\r\n\r\n");
    server.send_bytes(old.as_bytes()).data();
}

#[test]
fn signed_requests_are_not_concerned() {
    let server = TestServer::start_with(&world_with_users(), |_| {});
    for (name, value) in [
        ("Host", "sae.cn-beijing.aliyuncs.com"),
        ("Origin", "https://evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        server.send(&signed(list().header(name, value))).data();
        server.send(&signed(create(&name.replace('-', "_")).header(name, value))).secret_id();
    }
    // Who has to sign learns that first.
    let server = TestServer::start_with(&world_with_users(), |settings| {
        settings.anonymous = Some(AnonymousChoice::Deny);
    });
    let reply = server.send(&list().header("Host", "evil.example"));
    reply.assert_error(400, "MissingAccessKeyId");
}

#[test]
fn the_servers_own_operations_are_open_to_all() {
    let server = TestServer::start();
    for path in ["/health", "/ready", "/metrics", "/openapi.yaml", "/openapi/kms.yaml"] {
        let request = Request::new("GET", path).header("Host", "evil.example");
        let request = request.header("Origin", "http://evil.example");
        assert_eq!(server.send(&request).status, 200, "{path}");
    }
}
