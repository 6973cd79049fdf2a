//! The server's own operation: health, metrics, the document, cross-origin calls.

use sae_secret::ops;
use serde_json::json;

use crate::common::{Request, TestServer, postgres, server::*};

#[test]
fn health_and_readiness_answer() {
    let server = TestServer::start();
    for (path, body) in [("/health", "ok\n"), ("/ready", "ready\n")] {
        let reply = server.call("GET", path, &[]);
        assert_eq!((reply.status, reply.text()), (200, body));
    }
}

#[test]
fn monitors_may_ask_by_head() {
    let server = TestServer::start();
    let mut connection = server.connect();
    connection.send(b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let reply = connection.try_receive(true).unwrap();
    assert_eq!((reply.status, reply.header("content-length")), (200, Some("3")));
}

#[test]
fn the_documents_are_served_as_they_are_in_the_repository() {
    let server = TestServer::start();
    for path in ["/openapi.yaml", "/openapi/kms.yaml"] {
        let reply = server.call("GET", path, &[]);
        assert_eq!(reply.header("content-type"), Some("application/yaml"));
        let file = format!("{}{path}", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(reply.text(), std::fs::read_to_string(file).unwrap());
    }
}

#[test]
fn metrics_count_requests_secrets_and_the_store() {
    let server = TestServer::start();
    server.create_secret("cn-beijing:test", "n", "Opaque", &json!({"k": "CANARYVALUE"})).data();
    server.create_secret("cn-beijing:test", "n", "Opaque", &json!({"k": "canary-not-a-secret"}));
    server.list_secrets("cn-beijing:test").data();
    let reply = server.call("GET", "/metrics", &[]);
    assert_eq!(
        reply.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let text = reply.text();
    // As many as the address asks for; of a file there are one writer and four readers.
    let connections = match postgres::server() {
        Some(_) => "sae_secret_store_connections_max 8",
        None => "sae_secret_store_connections_max 5",
    };
    for line in [
        "sae_secret_requests_total{service=\"sae\",operation=\"CreateSecret\",code=\"200\"} 1",
        "sae_secret_requests_total{service=\"sae\",operation=\"CreateSecret\",code=\"SecretNameConflict.AlreadyExist\"} 1",
        "sae_secret_requests_total{service=\"sae\",operation=\"ListSecrets\",code=\"200\"} 1",
        "sae_secret_request_duration_seconds_count{service=\"sae\",operation=\"CreateSecret\"} 2",
        "sae_secret_requests_in_flight 1",
        "sae_secret_namespace_secrets{namespace=\"cn-beijing:test\"} 1",
        "sae_secret_namespace_secrets{namespace=\"cn-hangzhou\"} 0",
        "sae_secret_secrets 1",
        "sae_secret_namespaces 6",
        "sae_secret_store_up 1",
        "sae_secret_store_writes_waiting 0",
        connections,
        "sae_secret_store_retries_total 0",
        "# EOF",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} in\n{text}");
    }
    assert!(!text.contains("CANARYVALUE"));
}

#[test]
fn the_yardstick_answers_everything_and_only_where_it_is_asked_for() {
    let server = TestServer::start();
    for method in ["GET", "POST"] {
        server.call(method, "/noop", &[]).assert_error(404, "InvalidApi.NotFound");
    }
    assert!(!ops::OPERATIONS.iter().any(|(path, _)| *path == ops::NOOP_PATH));
    let server = TestServer::start_with(WORLD, |settings| settings.noop_endpoint = true);
    let mut connection = server.connect();
    for method in ["GET", "POST", "PUT", "DELETE"] {
        let request = Request::new(method, "/noop?SecretName=n").body("text/plain", "not wanted");
        connection.send(&request.bytes(server.address)).unwrap();
        let reply = connection.receive();
        assert_eq!((reply.status, &reply.json()["Success"]), (200, &json!(true)), "{method}");
        assert!(reply.header("x-acs-request-id").is_some());
    }
    let metrics = server.call("GET", "/metrics", &[]);
    let counted = "sae_secret_requests_total{service=\"ops\",operation=\"Noop\",code=\"200\"} 4";
    assert!(metrics.text().lines().any(|line| line == counted), "{}", metrics.text());
}

#[test]
fn browsers_of_named_origins_may_call() {
    let origin = "https://console.example";
    let server =
        TestServer::start_with(WORLD, |settings| settings.cors_origin = vec![origin.to_owned()]);
    let preflight = |origin: &str| {
        let request = Request::new("OPTIONS", SECRET)
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "PUT")
            .header("Access-Control-Request-Headers", "content-type,x-acs-action");
        let mut connection = server.connect();
        connection.send(&request.bytes(server.address)).unwrap();
        connection.receive()
    };
    let allowed = preflight(origin);
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("access-control-allow-origin"), Some(origin));
    assert!(
        allowed
            .header("access-control-allow-methods")
            .is_some_and(|methods| methods.contains("PUT"))
    );
    let refused = preflight("https://elsewhere.example");
    assert!(refused.header("access-control-allow-origin").is_none());
    refused.assert_error(400, "UnsupportedHTTPMethod");
    for (from, status, expected) in
        [(origin, 200, Some(origin)), ("https://elsewhere.example", 403, None)]
    {
        let request =
            Request::new("GET", format!("{SECRETS}?NamespaceId=cn-beijing")).header("Origin", from);
        let reply = server.send(&request);
        let allowed = reply.header("access-control-allow-origin");
        assert_eq!((reply.status, allowed), (status, expected));
    }
    let error = server.send(&Request::new("GET", SECRETS).header("Origin", origin));
    error.assert_error(400, "InvalidParameter.NotEmpty");
    assert_eq!(error.header("access-control-allow-origin"), Some(origin));
}

#[test]
fn without_origins_there_is_no_cross_origin_header() {
    let server = TestServer::start();
    let request = Request::new("GET", REGIONS).header("Origin", "https://console.example");
    assert!(server.send(&request).header("access-control-allow-origin").is_none());
}
