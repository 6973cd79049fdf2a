//! Requests under way when their connection is reset, or when the server is told to stop.

use std::{thread, time::Duration};

use diesel::{SqliteConnection, connection::SimpleConnection};
use rustix::net::sockopt::set_socket_linger;
use serde_json::json;

use super::{
    audit::{lines, wait_until},
    child::Server,
    database,
};
use crate::common::{Request, server::*, wire};

const TEST: &str = "cn-beijing:test";

/// How long a request is given to reach the database.
const ARRIVAL: Duration = Duration::from_millis(500);

fn create(name: &str) -> Request {
    Request::new("POST", SECRET).json(&json!({
        "NamespaceId": TEST, "SecretName": name, "SecretType": "Opaque", "SecretData": {"k": "v"},
    }))
}

fn locked(folder: &Folder) -> SqliteConnection {
    let mut other = database::open(folder.path());
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    other
}

#[test]
fn a_request_whose_connection_is_reset_runs_to_its_end() {
    let folder = Folder::new();
    let path = folder.path().join("audit.log");
    let server = Server::start_with(folder.path(), |command| {
        command.arg("--audit-log").arg(&path);
    });
    let mut other = locked(&folder);
    let socket = wire::connect(server.address);
    set_socket_linger(&socket, Some(Duration::ZERO)).unwrap();
    let mut connection = wire::Connection::over(socket.try_clone().unwrap(), socket);
    connection.send(&create("orphan").bytes(server.address)).unwrap();
    thread::sleep(ARRIVAL);
    // Closed without lingering, a socket resets its connection.
    drop(connection);
    thread::sleep(ARRIVAL);
    assert!(!server.log().contains("operation=CreateSecret"), "{}", server.log());
    other.batch_execute("ROLLBACK").unwrap();
    wait_until("the request is not counted as done", || {
        let log = server.log();
        let mut lines = log.lines().filter(|line| line.contains("operation=CreateSecret"));
        lines.any(|line| line.contains("answered") && line.contains("code=200"))
    });
    let written = lines(&path);
    let of_creation = written.iter().filter(|line| line["action"] == "sae:CreateSecret");
    assert_eq!(of_creation.map(|line| line["code"].clone()).collect::<Vec<_>>(), [json!("200")]);
    let listed = server.call("GET", SECRETS, &[("NamespaceId", TEST)]);
    assert!(listed.text().contains("orphan"), "{}", listed.text());
}

#[test]
fn stopping_waits_for_answers_only() {
    let folder = Folder::new();
    let mut server = Server::start(folder.path());
    let mut resting = server.connect();
    resting.send(&Request::new("GET", REGIONS).bytes(server.address)).unwrap();
    resting.receive().data();
    let mut silent = server.connect();
    let mut other = locked(&folder);
    let mut busy = server.connect();
    busy.send(&create("late").bytes(server.address)).unwrap();
    thread::sleep(ARRIVAL);
    server.terminate();
    assert!(resting.is_closed_by_server());
    assert!(silent.is_closed_by_server());
    assert!(busy.poll_reply(Duration::from_millis(1)).is_none());
    other.batch_execute("ROLLBACK").unwrap();
    let reply = busy.receive();
    assert_eq!(reply.header("connection"), Some("close"));
    reply.secret_id();
    assert!(server.wait().success());
}
