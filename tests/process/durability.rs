//! What was acknowledged is there after a restart and after `kill -9`.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::json;

use super::child::Server;
use crate::common::{Request, query, server::*, wire::Connection};

#[test]
fn data_and_ids_survive_a_restart() {
    let folder = Folder::new();
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
fn kill_loses_no_acknowledged_write() {
    let folder = Folder::new();
    let acknowledged = Mutex::new(vec![]);
    for round in 0..3 {
        let roomy = "regions: [cn-hangzhou]\nquotas: { secrets_per_namespace: 1000000 }\n";
        let world = folder.path().join("roomy.yaml");
        std::fs::write(&world, roomy).unwrap();
        let serve = || {
            Server::start_with(folder.path(), |command| {
                command.env("SAE_SECRET_WORLD", &world);
            })
        };
        let mut server = serve();
        let before = acknowledged.lock().unwrap().len();
        let stopped = AtomicBool::new(false);
        thread::scope(|scope| {
            for writer in 0..4 {
                let (address, stopped, acknowledged) = (server.address, &stopped, &acknowledged);
                scope.spawn(move || {
                    let mut connection = Connection::open(address);
                    for count in 0.. {
                        let value = format!("{round}-{writer}-{count}");
                        let name = format!("n{value}");
                        let parameters = [
                            ("NamespaceId", "cn-hangzhou"),
                            ("SecretName", name.as_str()),
                            ("SecretType", "Opaque"),
                            ("SecretData", &json!({"k": value}).to_string()),
                        ];
                        let request =
                            Request::new("POST", format!("{SECRET}?{}", query(&parameters)));
                        let sent = connection.send(&request.bytes(address));
                        match sent.and_then(|()| connection.try_receive(false)) {
                            Ok(reply) if reply.status == 200 => {
                                acknowledged.lock().unwrap().push((reply.secret_id(), value));
                            }
                            Ok(reply) if reply.code() == "QuotaExceeded.SecretInNamespace" => {
                                return;
                            }
                            Ok(reply) => panic!("{}", reply.text()),
                            Err(_) => {
                                assert!(
                                    stopped.load(Ordering::SeqCst),
                                    "the connection broke before the kill"
                                );
                                return;
                            }
                        }
                    }
                });
            }
            thread::sleep(Duration::from_millis(120 + 40 * round));
            stopped.store(true, Ordering::SeqCst);
            server.kill();
        });
        let server = serve();
        let known = acknowledged.lock().unwrap();
        assert!(known.len() > before, "nothing was written before the kill");
        for (id, value) in known.iter() {
            let stored = server.describe("cn-hangzhou", *id).data();
            assert_eq!(stored["SecretData"], json!({"k": value}), "{id}");
        }
        let listed = server.call("GET", SECRETS, &[("NamespaceId", "cn-hangzhou")]).data();
        let listed = listed["Secrets"].as_array().unwrap().len();
        assert!(listed >= known.len() && listed <= known.len() + 4 * (round as usize + 1));
    }
}

#[test]
fn a_request_under_way_is_finished_on_sigterm_and_ctrl_c() {
    finishes_on("-TERM");
    finishes_on("-INT");
}

fn finishes_on(signal: &str) {
    let folder = Folder::new();
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
