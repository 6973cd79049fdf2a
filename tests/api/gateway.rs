//! What happens before an operation: routes, targets, connections.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::common::{Request, TestServer, encoded, server::*};

/// Long after the 2 s for which the server reads away what a client goes on to send.
const CUT_OFF: Duration = Duration::from_secs(30);

#[test]
fn unknown_paths_and_methods_are_answered_as_the_gateway_does() {
    let server = TestServer::start();
    for path in [
        "/pop/v1/sam/secret",
        "/pop/v1/sam/secret/secret/",
        "/pop/v1/sam/secret/Secret",
        "/pop//v1/sam/secret/secret",
        "/%2e%2e/x",
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            server.call(method, path, &[]).assert_error(404, "InvalidApi.NotFound");
        }
    }
    for (path, methods) in [
        (SECRET, &["PATCH", "OPTIONS"][..]),
        (SECRETS, &["POST", "PUT", "DELETE"]),
        (NAMESPACE, &["PATCH"]),
        (NAMESPACES, &["POST"]),
        (NAMESPACE_LIST, &["POST", "DELETE"]),
        (NAMESPACE_RESOURCES, &["PUT"]),
        (REGIONS, &["POST"]),
    ] {
        for method in methods {
            server.call(method, path, &[]).assert_error(400, "UnsupportedHTTPMethod");
        }
    }
}

#[test]
fn operations_of_sae_that_are_not_emulated_say_so() {
    let server = TestServer::start();
    for (method, path) in [
        ("POST", "/pop/v1/sam/configmap/configMap"),
        ("GET", "/pop/v1/sam/configmap/listNamespacedConfigMaps"),
        ("POST", "/pop/v1/sam/app/createApplication"),
        ("GET", "/pop/v1/sam/app/listApplications"),
        ("PUT", "/pop/v1/sam/app/restartApplication"),
        ("POST", "/pop/v1/sam/ingress/Ingress"),
        ("PUT", "/pop/v1/sam/namespace/updateNamespaceVpc"),
        ("GET", "/tags"),
    ] {
        let reply = server.call(method, path, &[("NamespaceId", "cn-beijing")]);
        reply.assert_error(404, "InvalidApi.NotFound");
        assert!(reply.message().contains("does not emulate it"), "{path}: {}", reply.message());
    }
    let unknown = server.call("GET", "/pop/v1/sam/nothing", &[]);
    assert!(!unknown.message().contains("emulate"), "{}", unknown.message());
}

#[test]
fn the_servers_own_paths_take_get_only() {
    let server = TestServer::start();
    for path in ["/health", "/ready", "/metrics", "/openapi.yaml", "/openapi/kms.yaml"] {
        server.call("POST", path, &[]).assert_error(404, "InvalidApi.NotFound");
    }
}

#[test]
fn head_is_answered_without_a_body() {
    let server = TestServer::start();
    let mut connection = server.connect();
    connection.send(b"HEAD /pop/v1/paas/regionConfig HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!(connection.try_receive(true).unwrap().status, 400);
    connection.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_eq!(connection.receive().body, b"ok\n");
}

#[test]
fn the_action_and_version_headers_must_agree_with_the_route() {
    let server = TestServer::start();
    let list = |name: &str, value: &str| {
        server.send(
            &Request::new("GET", format!("{SECRETS}?NamespaceId=cn-beijing")).header(name, value),
        )
    };
    assert_eq!(list("x-acs-action", "ListSecrets").status, 200);
    assert_eq!(list("x-acs-version", "2019-05-06").status, 200);
    list("x-acs-action", "listsecrets").assert_error(404, "InvalidAction.NotFound");
    list("x-acs-version", "2019-05-07").assert_error(400, "InvalidVersion");
    assert_eq!(list("x-acs-action", "").status, 200);
    let twice = Request::new("GET", format!("{SECRETS}?NamespaceId=cn-beijing"));
    let twice = twice.header("x-acs-action", "ListSecrets").header("x-acs-action", "CreateSecret");
    server.send(&twice).assert_error(404, "InvalidAction.NotFound");
}

/// A creation whose request target is exactly so many bytes long.
fn creation_of_length(length: usize, name: &str) -> (Request, String) {
    let head = format!(
        "{SECRET}?NamespaceId=cn-beijing%3Atest&SecretName={name}&SecretType=Opaque&SecretData={}",
        encoded("{\"k\":\"")
    );
    let tail = encoded("\"}");
    let value = "x".repeat(length - head.len() - tail.len());
    (Request::new("POST", format!("{head}{value}{tail}")), value)
}

#[test]
fn targets_of_65534_bytes_work_and_longer_ones_are_refused() {
    let server = TestServer::start();
    for length in [60_000, 65_533, 65_534] {
        let (request, value) = creation_of_length(length, &format!("n{length}"));
        assert_eq!(request.target.len(), length);
        let id = server.send(&request).secret_id();
        let stored = server.describe_secret("cn-beijing:test", id).data();
        assert_eq!(stored["SecretData"], json!({ "k": value }), "{length}");
    }
    for (length, status) in [(65_535, 400), (102_400, 400), (131_000, 400), (140_000, 431)] {
        let (request, _) = creation_of_length(length, "over");
        let mut connection = server.connect();
        connection.send(&request.bytes(server.address)).unwrap();
        let reply = connection.receive();
        assert_eq!((reply.status, reply.is_bare()), (status, true), "{length}");
    }
}

#[test]
fn characters_of_a_target_that_have_to_be_percent_encoded() {
    let server = TestServer::start();
    let list = format!("{SECRETS}?NamespaceId=cn-beijing&x=");
    for odd in ["{a:[b|c]}", "^`\\", "~*'()!$&,;=:@/?", "%zz%", "+"] {
        assert_eq!(server.send(&Request::new("GET", format!("{list}{odd}"))).status, 200, "{odd}");
    }
    for odd in ["{\"k\":\"v\"}", "<v>", "\u{e9}", "\u{7f}"] {
        let mut connection = server.connect();
        let request = Request::new("GET", format!("{list}{odd}"));
        connection.send(&request.bytes(server.address)).unwrap();
        let reply = connection.receive();
        assert_eq!((reply.status, reply.is_bare()), (400, true), "{odd}");
    }
}

#[test]
fn there_are_only_so_many_parameters() {
    let server = TestServer::start();
    let many = |count: usize| -> String {
        (0..count).map(|index| format!("{index:x}&")).collect::<String>() + "NamespaceId=cn-beijing"
    };
    assert_eq!(server.send(&Request::new("GET", format!("{SECRETS}?{}", many(9_999)))).status, 200);
    let form =
        |count| Request::new("POST", SECRET).body("application/x-www-form-urlencoded", many(count));
    server.send(&form(9_999)).assert_error(400, "InvalidParameter.NotEmpty");
    let over = server.send(&form(10_000));
    over.assert_error(400, "InvalidParameter.WithMessage");
    assert!(over.message().contains("more than 10000 parameters"), "{}", over.message());
    let members: Vec<String> = (0..300_000).map(|index| format!("\"{index}\":1")).collect();
    let body = format!("{{{}}}", members.join(","));
    server
        .send(&Request::new("POST", SECRET).body("application/json", body))
        .assert_error(400, "InvalidParameter.WithMessage");
}

#[test]
fn connections_are_kept_and_pipelined() {
    let server = TestServer::start();
    let mut connection = server.connect();
    let (long, _) = creation_of_length(60_000, "long");
    let (short, _) = creation_of_length(2_000, "short");
    let get = Request::new("GET", REGIONS);
    let mut bytes = vec![];
    for request in [&get, &long, &get, &short, &get] {
        bytes.extend(request.bytes(server.address));
    }
    connection.send(&bytes).unwrap();
    let statuses: Vec<u16> = (0..5).map(|_| connection.receive().status).collect();
    assert_eq!(statuses, [200; 5]);
}

#[test]
fn what_is_not_http_is_answered_and_the_connection_closed() {
    let server = TestServer::start();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut connection = server.connect();
        connection.send(bytes).unwrap();
        let reply = connection.receive();
        assert_eq!((reply.status, reply.is_bare()), (400, true), "{bytes:?}");
        assert!(connection.is_closed_by_server());
    }
    let mut many = String::from("GET / HTTP/1.1\r\nHost: x\r\n");
    for index in 0..200 {
        many.push_str(&format!("x-{index}: y\r\n"));
    }
    let reply = server.send_bytes(format!("{many}\r\n").as_bytes());
    assert_eq!((reply.status, reply.is_bare()), (431, true));
}

#[test]
fn what_goes_on_after_its_answer_is_cut_off() {
    let server = TestServer::start();
    let head = |path: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    };
    let mut silent = server.connect();
    silent.send(head("/nowhere").as_bytes()).unwrap();
    silent.receive().assert_error(404, "InvalidApi.NotFound");
    assert!(silent.is_closed_by_server());

    for path in ["/nowhere", SECRET] {
        let mut endless = server.connect();
        endless.send(head(path).as_bytes()).unwrap();
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(65_536));
        let started = Instant::now();
        while endless.send(chunk.as_bytes()).is_ok() {
            assert!(started.elapsed() < CUT_OFF, "the server reads on what it has refused");
        }
    }
}

#[test]
fn hostile_texts_in_every_parameter_are_answered_with_a_documented_error() {
    let server = TestServer::start();
    let hostile = [
        "'; DROP TABLE secrets; --",
        "%",
        "_",
        "%25",
        "\u{0}",
        "\r\nX-Injected: 1",
        "../../etc/passwd",
        "\u{202e}abc",
        "\u{ffff}",
        "<script>",
        "{{7*7}}",
        "${jndi:ldap://x}",
        "𝒳",
        "a\u{301}",
        " ",
        "null",
        "-1",
        "1e999",
        "cn-beijing:test' OR '1'='1",
    ];
    for text in hostile {
        for parameter in [
            "NamespaceId",
            "SecretName",
            "SecretType",
            "SecretData",
            "SecretId",
            "RegionId",
            "Format",
        ] {
            let mut parameters = vec![
                ("NamespaceId", "cn-beijing:test"),
                ("SecretName", "n"),
                ("SecretType", "Opaque"),
                ("SecretData", "{\"k\":\"canary-not-a-secret\"}"),
                ("SecretId", "1"),
            ];
            parameters.retain(|(name, _)| *name != parameter);
            parameters.push((parameter, text));
            for method in ["POST", "PUT", "GET", "DELETE"] {
                let reply = server.call(method, SECRET, &parameters);
                assert!(
                    reply.status == 200 || (400..500).contains(&reply.status),
                    "{text:?}: {}",
                    reply.text()
                );
                assert!(reply.header("x-injected").is_none());
            }
        }
        for parameter in
            ["NamespaceId", "NameSpaceShortId", "NamespaceName", "NamespaceDescription"]
        {
            let mut parameters =
                vec![("NamespaceId", "cn-beijing:hostile"), ("NamespaceName", "n")];
            parameters.retain(|(name, _)| *name != parameter);
            parameters.push((parameter, text));
            for method in ["POST", "PUT", "GET", "DELETE"] {
                let reply = server.call(method, NAMESPACE, &parameters);
                assert!(reply.status < 500, "{text:?}: {}", reply.text());
            }
        }
    }
    assert_eq!(server.list_secrets("cn-beijing:test").status, 200);
}
