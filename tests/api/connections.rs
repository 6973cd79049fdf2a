//! What becomes of a connection: offers of another protocol, halves that are closed, bodies that nobody reads.

use crate::common::{Request, TestServer, server::*};

const LIST: &str = "/pop/v1/sam/secret/secrets?NamespaceId=cn-beijing%3Atest";

#[test]
fn an_offer_of_another_protocol_is_answered_and_the_connection_closed() {
    let server = TestServer::start();
    for headers in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
        "Upgrade: websocket\r\n",
        "Upgrade: h2c\r\n",
        "Connection: Upgrade\r\n",
    ] {
        let mut connection = server.connect();
        let head = format!("GET {LIST} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        connection.send(head.as_bytes()).unwrap();
        let reply = connection.receive();
        assert_eq!((reply.status, reply.header("connection")), (200, Some("close")), "{headers}");
        connection.end();
        assert!(connection.is_closed_by_server(), "{headers}");
    }
}

#[test]
fn a_body_behind_an_offer_of_another_protocol_is_read_to_its_length() {
    let server = TestServer::start();
    for (number, headers) in
        ["Upgrade: h2c", "Upgrade: websocket", "Upgrade: WebSocket"].into_iter().enumerate()
    {
        let body = format!(
            r#"{{"NamespaceId":"cn-beijing:test","SecretName":"n{number}","SecretType":"Opaque","SecretData":{{"k":"canary-not-a-secret"}}}}"#
        );
        let head = format!(
            "POST {SECRET} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n{headers}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut connection = server.connect();
        connection.send(format!("{head}{body}and what is no part of it").as_bytes()).unwrap();
        connection.receive().secret_id();
    }
}

#[test]
fn a_client_may_close_its_side_before_the_answer() {
    let server = TestServer::start();
    let mut connection = server.connect();
    connection.send(&Request::new("GET", LIST).bytes(server.address)).unwrap();
    connection.end();
    connection.receive().data();
    assert!(connection.is_closed_by_server());
}

#[test]
fn a_body_may_wait_until_it_is_asked_for() {
    let server = TestServer::start();
    let mut connection = server.connect();
    let head = format!(
        "PUT {NAMESPACE} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    );
    connection.send(head.as_bytes()).unwrap();
    assert_eq!(connection.receive().status, 100);
    connection.send(b"{}").unwrap();
    connection.receive().assert_error(400, "InvalidParameter.NotEmpty");
    // The connection is kept.
    connection.send(&Request::new("GET", LIST).bytes(server.address)).unwrap();
    connection.receive().data();
}

#[test]
fn a_refused_body_that_was_read_to_its_end_keeps_the_connection() {
    let server = TestServer::start();
    let mut connection = server.connect();
    for framing in
        ["Content-Length: 5\r\n\r\nabcde", "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"]
    {
        let request = format!("POST /nowhere HTTP/1.1\r\nHost: x\r\n{framing}");
        connection.send(request.as_bytes()).unwrap();
        let reply = connection.receive();
        reply.assert_error(404, "InvalidApi.NotFound");
        assert_eq!(reply.header("connection"), None);
    }
}

#[test]
fn a_body_that_nobody_reads_closes_the_connection_behind_the_answer() {
    let server = TestServer::start();
    for framing in ["Content-Length: 5\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"] {
        let mut connection = server.connect();
        let request = format!("GET /health HTTP/1.1\r\nHost: x\r\n{framing}");
        connection.send(request.as_bytes()).unwrap();
        let reply = connection.receive();
        assert_eq!((reply.text(), reply.header("connection")), ("ok\n", Some("close")));
        assert!(connection.is_closed_by_server());
    }
}
