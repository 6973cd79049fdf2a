//! What the log tells, and what it never tells.

use serde_json::{Value, json};

use super::child::Server;
use crate::common::{Request, server::*};

const CANARY: &str = "CANARYVALUE";

#[test]
fn a_start_and_a_stop_are_told_and_nothing_of_the_library() {
    let folder = Folder::new();
    let mut server = Server::start(folder.path());
    server.terminate();
    assert!(server.wait().success());
    let log = server.log();
    assert!(log.contains("listening on") && log.trim_end().ends_with("stopped"), "{log}");
    assert!(!log.contains("actix"), "{log}");
}

#[test]
fn each_request_has_one_line_with_its_ids_and_no_value() {
    let folder = Folder::new();
    let mut server = Server::start_with(folder.path(), |command| {
        command.env("RUST_LOG", "trace");
    });
    let reply = server.create("cn-beijing:test", "n", &json!({"k": CANARY}));
    let id = reply.secret_id();
    server.create("cn-beijing:test", "n", &json!({"k": CANARY, "l": null}));
    server.create("cn-beijing:nowhere", "n", &json!({"k": CANARY}));
    assert!(server.describe("cn-beijing:test", id).text().contains(CANARY));
    let body =
        json!({"NamespaceId": "cn-beijing:test", "SecretId": id, "SecretData": {"k": CANARY}});
    server.send(&Request::new("PUT", SECRET).json(&body)).data();
    let long = CANARY.repeat(5000);
    server.create("cn-beijing:test", "long", &json!({"k": long})).data();
    server.terminate();
    server.wait();
    let log = server.log();
    let request_id = reply.header("x-acs-request-id").unwrap();
    let lines: Vec<&str> =
        log.lines().filter(|line| line.contains("access]") && line.contains(request_id)).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let trace_id = format!("trace_id={}", reply.header("x-acs-trace-id").unwrap());
    for part in [
        &trace_id,
        "operation=CreateSecret",
        "namespace=cn-beijing:test",
        "status=200",
        "code=200",
        "duration_us=",
    ] {
        assert!(lines[0].contains(part), "{part} in {}", lines[0]);
    }
    let refused = log.lines().find(|line| line.contains("namespace=cn-beijing:nowhere")).unwrap();
    for part in [
        "operation=CreateSecret",
        "caller=anonymous",
        "source=127.0.0.1",
        "status=404",
        "code=InvalidNamespaceId.NotFound",
    ] {
        assert!(refused.contains(part), "{part} in {refused}");
    }
    let leak = log.lines().find(|line| line.contains(CANARY));
    assert!(leak.is_none(), "a value is in the log: {leak:?}");
}

#[test]
fn an_operation_that_there_is_not_is_named_as_far_as_it_may_be_a_name() {
    let folder = Folder::new();
    let mut server = Server::start(folder.path());
    for (action, version, code) in [
        ("GetTea", "2016-01-20", "InvalidAction.NotFound"),
        ("ReEncrypt", "2016-01-20", "UnsupportedOperation"),
        ("CreateSecret", "2019-05-06", "InvalidVersion"),
        ("x y\n\"=z", "2016-01-20", "InvalidAction.NotFound"),
        (&"a".repeat(100), "2016-01-20", "InvalidAction.NotFound"),
        ("\n", "2016-01-20", "InvalidAction.NotFound"),
    ] {
        let reply = server.call("GET", "/", &[("Action", action), ("Version", version)]);
        assert_eq!(reply.code(), code);
    }
    server.terminate();
    server.wait();
    let log = server.log();
    for (shown, code) in [
        ("GetTea", "InvalidAction.NotFound"),
        ("ReEncrypt", "UnsupportedOperation"),
        ("CreateSecret", "InvalidVersion"),
        ("xyz", "InvalidAction.NotFound"),
        (&"a".repeat(64), "InvalidAction.NotFound"),
        ("-", "InvalidAction.NotFound"),
    ] {
        let (operation, code) =
            (format!(" service=kms operation={shown} "), format!(" code={code} "));
        let mut lines = log.lines().filter(|line| line.contains(&operation));
        assert!(lines.any(|line| line.contains(&code)), "{operation} in {log}");
    }
}

#[test]
fn a_refusal_that_lenient_would_not_make_says_so_in_the_log() {
    const HINT: &str = "--docker-config lenient would take";
    // In base64: an entry without a password, and something else than an object.
    let refused = "eyJhdXRocyI6eyJyLmV4YW1wbGUiOnsidXNlcm5hbWUiOiJ1In19fQ==";
    let useless = "W10=";
    let create = |server: &Server, kind: &str, data: &Value| {
        let data = data.to_string();
        let parameters = [
            ("NamespaceId", "cn-beijing:test"),
            ("SecretName", "n"),
            ("SecretType", kind),
            ("SecretData", &data),
        ];
        server.call("POST", SECRET, &parameters)
    };
    let folder = Folder::new();
    let mut server = Server::start(folder.path());
    let docker = "kubernetes.io/dockerconfigjson";
    let reply = create(&server, docker, &json!({ ".dockerconfigjson": refused }));
    reply.assert_error(400, "InvalidParameter.WithMessage");
    assert!(!reply.message().contains("lenient"), "{}", reply.message());
    create(&server, docker, &json!({ ".dockerconfigjson": useless }));
    create(&server, "kubernetes.io/tls", &json!({"tls.crt": "x", "tls.key": "x"}));
    server.terminate();
    server.wait();
    let log = server.log();
    let hints: Vec<&str> = log.lines().filter(|line| line.contains(HINT)).collect();
    assert_eq!(hints.len(), 1, "{log}");
    let id = reply.header("x-acs-request-id").unwrap();
    assert!(hints[0].contains(id), "{id} in {}", hints[0]);
}

#[test]
fn a_filter_that_means_nothing_is_told_and_silences_nothing() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let folder = Folder::new();
    for (filter, told) in [
        (&b"inof"[..], Some("\"inof\" is neither a level")),
        (b"info,access=loud", Some("\"access=loud\" is neither a level")),
        (b",", Some("\",\" is neither a level")),
        (b"info/a/b", Some("\"info/a/b\" is neither a level")),
        (b"inf\xFF", Some("it is not UTF-8")),
        (b"info,", None),
        (b"access=off, INFO", None),
        (b"sae_secret", None),
    ] {
        // It starts only if the log says where it listens.
        let server = Server::start_with(folder.path(), |command| {
            command.env("RUST_LOG", OsStr::from_bytes(filter));
        });
        let log = server.log();
        match told {
            Some(told) => assert!(log.contains(&format!("RUST_LOG: {told}")), "{log}"),
            None => assert!(!log.contains("RUST_LOG"), "{log}"),
        }
    }
}

#[test]
fn json_lines_are_json() {
    let folder = Folder::new();
    let mut server = Server::start_with(folder.path(), |command| {
        command.env("SAE_SECRET_LOG_FORMAT", "json");
    });
    server.call("GET", REGIONS, &[]);
    server.terminate();
    server.wait();
    let log = server.log();
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let access = lines.iter().find(|line| line["target"] == "access").expect("an access line");
    assert_eq!(access["operation"], "DescribeRegions");
    assert_eq!(access["status"], 200);
    assert!(access["request_id"].is_string() && access["trace_id"].is_string());
    assert!(access["duration_us"].is_u64() && access["time"].is_string());
}
