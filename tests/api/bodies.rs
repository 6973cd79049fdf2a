//! Bodies: how large, how slow, how odd.

use std::time::Duration;

use serde_json::json;

use crate::common::{Request, TestServer, server::*};

#[test]
fn bodies_up_to_4_mib_are_read_and_larger_ones_are_told_so() {
    let server = TestServer::start();
    let padded = |size: usize| {
        let body = json!({
            "NamespaceId": "cn-beijing:test", "SecretName": format!("n{size}"), "SecretType": "Opaque",
            "SecretData": {"k": "canary-not-a-secret"},
        });
        let mut body = body.to_string().into_bytes();
        body.resize(size, b' ');
        Request::new("POST", SECRET).body("application/json", body)
    };
    assert_eq!(server.send(&padded(4 * 1024 * 1024)).status, 200);
    for size in [4 * 1024 * 1024 + 1, 20_000_000] {
        server.send(&padded(size)).assert_error(413, "RequestEntityTooLarge");
    }
}

#[test]
fn a_client_that_stops_sending_is_told_what_is_wrong() {
    let server = TestServer::start();
    let head = |path: &str, length: u64| {
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n")
    };
    for length in [4_194_305, 5_000_000_000] {
        server
            .send_bytes(head(SECRET, length).as_bytes())
            .assert_error(413, "RequestEntityTooLarge");
    }
    server.send_bytes(head("/nowhere", 1000).as_bytes()).assert_error(404, "InvalidApi.NotFound");
    let late = server.send_bytes(head(SECRET, 1000).as_bytes());
    late.assert_error(408, "RequestTimeout");
    assert!(late.message().contains("30 seconds"), "{}", late.message());
}

#[test]
fn large_bodies_share_a_budget_and_small_ones_need_none() {
    let server = TestServer::start();
    let almost = Request::new("POST", SECRET).body("application/json", vec![b' '; 4 * 1024 * 1024]);
    let almost = almost.bytes(server.address);
    let mut waiting: Vec<_> = (0..25)
        .map(|_| {
            let mut connection = server.connect();
            connection.send(&almost[..almost.len() - 1]).unwrap();
            connection
        })
        .collect();
    // Twenty-four of them fill the room and go on waiting for their last byte.
    let answered =
        (0..400).find_map(|round| waiting[round % 25].poll_reply(Duration::from_millis(50)));
    answered.expect("one finds no room").assert_error(503, "ServiceUnavailable");
    let body = |size: usize| {
        let body = json!({"NamespaceId": "cn-beijing:test", "SecretName": format!("n{size}"),
            "SecretType": "Opaque", "SecretData": {"k": "x".repeat(size)}});
        Request::new("POST", SECRET).json(&body)
    };
    server.send(&body(200_000)).assert_error(503, "ServiceUnavailable");
    server.send(&body(1_000)).secret_id();
    drop(waiting);
    for _ in 0..100 {
        if server.send(&body(300_000)).status == 200 {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the room is not given back");
}

#[test]
fn chunked_bodies_are_read_and_bounded() {
    let server = TestServer::start();
    let body = json!({
        "NamespaceId": "cn-beijing:test", "SecretName": "chunked", "SecretType": "Opaque", "SecretData": {"k": "canary-not-a-secret"},
    });
    let mut chunks = String::new();
    for byte in body.to_string().chars() {
        chunks.push_str(&format!("{:x};ext=1\r\n{byte}\r\n", byte.len_utf8()));
    }
    let head = format!("POST {SECRET} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    server.send_bytes(format!("{head}{chunks}0\r\n\r\n").as_bytes()).secret_id();
    let endless: String =
        std::iter::repeat_n(format!("10000\r\n{}\r\n", "x".repeat(65_536)), 80).collect();
    server
        .send_bytes(format!("{head}{endless}0\r\n\r\n").as_bytes())
        .assert_error(413, "RequestEntityTooLarge");
    // The HTTP library takes broken chunks for a broken connection.
    let mut broken = server.connect();
    broken.send(format!("{head}zz\r\nx\r\n0\r\n\r\n").as_bytes()).unwrap();
    broken.try_receive(false).expect_err("a reply to what is no request");
    assert_eq!(
        server.list_secrets("cn-beijing:test").data()["Secrets"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn junk_bodies_on_get_and_delete_are_ignored() {
    let server = TestServer::start();
    let id = server
        .create_secret("cn-beijing:test", "n", "Opaque", &json!({"k": "canary-not-a-secret"}))
        .secret_id();
    let target = format!("{SECRET}?NamespaceId=cn-beijing:test&SecretId={id}");
    for (content_type, body) in [
        ("application/json", "{}"),
        ("application/json", "{\"broken"),
        ("text/plain", "x"),
        ("application/json", "[1]"),
    ] {
        let reply = server.send(&Request::new("GET", target.clone()).body(content_type, body));
        assert_eq!(reply.status, 200, "{body}");
    }
    assert_eq!(
        server.send(&Request::new("DELETE", target).body("application/json", "{}")).status,
        200
    );
}

#[test]
fn deep_huge_and_odd_json_is_refused_and_survived() {
    let server = TestServer::start();
    let send =
        |data: String| server.send(&Request::new("POST", SECRET).body("application/json", data));
    let place =
        "\"NamespaceId\":\"cn-beijing:test\",\"SecretName\":\"n\",\"SecretType\":\"Opaque\"";
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    send(format!("{{{place},\"SecretData\":{{\"k\":{deep}}}}}"))
        .assert_error(400, "InvalidParameter.WithMessage");
    send(format!("{{{place},\"SecretData\":{deep}}}"))
        .assert_error(400, "InvalidParameter.Obviously");
    send(deep).assert_error(400, "InvalidParameter.WithMessage");
    send("{\"a\":".repeat(700_000)).assert_error(400, "InvalidParameter.WithMessage");
    for (count, code) in
        [(90_000, "QuotaExceeded.SecretDataKey"), (300_000, "InvalidParameter.WithMessage")]
    {
        let many: Vec<String> = (0..count).map(|index| format!("\"k{index}\":\"\"")).collect();
        send(format!("{{{place},\"SecretData\":{{{}}}}}", many.join(","))).assert_error(400, code);
    }
    send(format!("{{{place},\"SecretData\":{{\"k\":\"\\ud800\"}}}}"))
        .assert_error(400, "InvalidParameter.Obviously");
    send("\u{feff}{}".to_owned()).assert_error(400, "InvalidParameter.NotEmpty");
}

#[test]
fn a_body_that_ends_early_changes_nothing() {
    let server = TestServer::start();
    let body = "{\"NamespaceId\":\"cn-beijing:test\",\"SecretName\":\"n\",\"SecretType\":\"Opaque\",\"SecretData\":{\"k\":\"canary-not-a-secret\"}}";
    let head =
        format!("POST {SECRET} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len() + 10);
    let mut connection = server.connect();
    connection.send(format!("{head}{body}").as_bytes()).unwrap();
    drop(connection);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(server.list_secrets("cn-beijing:test").data(), json!({"Secrets": []}));
}
