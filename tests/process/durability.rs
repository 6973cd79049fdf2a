//! What was acknowledged is there after a restart.

use std::{thread, time::Duration};

use serde_json::json;

use super::child::Server;
use crate::common::{Request, server::*, wire::Connection};

#[test]
fn data_and_ids_survive_a_restart() {
    let folder = Folder::with_database();
    let data = json!({"k": "名 \u{0} +%&", "other": "v"});
    let mut server = Server::start(folder.path());
    let id = server.create("cn-beijing:test", "kept", &data).secret_id();
    let described = server.describe("cn-beijing:test", id).data();
    let last = server.create("cn-beijing:test", "deleted", &data).secret_id();
    server
        .call(
            "DELETE",
            SECRET,
            &[("NamespaceId", "cn-beijing:test"), ("SecretId", &last.to_string())],
        )
        .data();
    server.terminate();
    assert!(server.wait().success());

    let server = Server::start(folder.path());
    assert_eq!(server.describe("cn-beijing:test", id).data(), described);
    assert!(server.create("cn-beijing:test", "new", &data).secret_id() > last);
}

#[test]
fn a_request_under_way_is_finished_on_sigterm_and_ctrl_c() {
    finishes_on("-TERM");
    finishes_on("-INT");
}

fn finishes_on(signal: &str) {
    let folder = Folder::with_database();
    let mut server = Server::start(folder.path());
    let body = json!({
        "NamespaceId": "cn-beijing:test", "SecretName": "slow", "SecretType": "Opaque", "SecretData": {"k": "v"},
    });
    let bytes = Request::new("POST", SECRET).json(&body).bytes(server.address);
    let (first, rest) = bytes.split_at(bytes.len() - 5);
    let mut connection = Connection::open(server.address);
    connection.send(first).unwrap();
    thread::sleep(Duration::from_millis(200));
    server.signal(signal);
    thread::sleep(Duration::from_millis(200));
    connection.send(rest).unwrap();
    let id = connection.receive().secret_id();
    assert!(server.wait().success());
    let server = Server::start(folder.path());
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretName"], "slow");
}
