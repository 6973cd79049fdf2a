//! Keys are rotated beside a server that goes on, and whatever is killed, every secret can be read at every moment.

use std::{
    fs,
    process::Stdio,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::Duration,
};

use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection};
use serde_json::json;

use super::{
    child::{Server, binary, with_database},
    torture,
    upkeep::{done, keys, refused},
};
use crate::common::{Request, query, server::*, wire::Connection};

const SECRETS_COUNT: i64 = 1500;

/// Many secrets in one go, each with its own number as its value.
fn filled() -> (Folder, Server) {
    let folder = Folder::with_database();
    let world = folder.path().join("roomy.yaml");
    let secret = |number| {
        format!(
            "  - {{ namespace: \"cn-beijing:test\", name: n{number}, data: {{ k: \"{number}\" }} }}\n"
        )
    };
    let secrets: String = (1..=SECRETS_COUNT).map(secret).collect();
    let text = format!(
        "regions: [cn-beijing]\nquotas: {{ secrets_per_namespace: 100000 }}\nnamespaces:\n  \
         - {{ id: \"cn-beijing:test\", name: test }}\nsecrets:\n{secrets}"
    );
    fs::write(&world, text).unwrap();
    let server = Server::start_with(folder.path(), |command| {
        command.env("SAE_SECRET_WORLD", &world);
    });
    (folder, server)
}

fn describe(connection: &mut Connection, server: &Server, id: i64) -> String {
    let parameters = [("NamespaceId", "cn-beijing:test"), ("SecretId", &id.to_string())];
    let request = Request::new("GET", format!("{SECRET}?{}", query(&parameters)));
    connection.send(&request.bytes(server.address)).unwrap();
    let reply = connection.receive();
    assert_eq!(reply.status, 200, "secret {id}: {}", reply.text());
    reply.data()["SecretData"]["k"].as_str().unwrap().to_owned()
}

#[test]
fn a_rotation_killed_anywhere_goes_on_and_every_secret_stays_readable() {
    let (folder, server) = filled();
    let (ended, reads, written) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    let rounds = torture::rounds(8);
    let (mut killed, mut resumed) = (0, 0);
    thread::scope(|scope| {
        let _ends = torture::ends(&ended);
        for reader in 0..2 {
            let (server, ended, reads) = (&server, &ended, &reads);
            scope.spawn(move || {
                let mut connection = server.connect();
                let mut id = 1 + reader * 700;
                while !ended.load(Ordering::SeqCst) {
                    assert_eq!(describe(&mut connection, server, id), id.to_string());
                    id = id % SECRETS_COUNT + 1;
                    reads.fetch_add(1, Ordering::SeqCst);
                    // Without pauses the readers would take the processors from the rotation.
                    thread::sleep(Duration::from_millis(1));
                }
            });
        }
        let (server, ended, written) = (&server, &ended, &written);
        scope.spawn(move || {
            while !ended.load(Ordering::SeqCst) {
                let number = written.fetch_add(1, Ordering::SeqCst);
                let name = format!("during-{number}");
                let reply = server.create("cn-beijing:test", &name, &json!({"k": name}));
                assert_eq!(reply.status, 200, "{}\n{}", reply.text(), server.log());
                // Each is one more secret to rotate: at a higher rate a slow rotation would become ever slower.
                thread::sleep(Duration::from_millis(25));
            }
        });
        for round in 0..rounds {
            let mut command = binary();
            command.args(["keys", "rotate"]);
            with_database(&mut command, folder.path());
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            thread::sleep(Duration::from_millis(u64::from(20 + round * 67 % 240)));
            if child.try_wait().unwrap().is_none() {
                killed += 1;
                child.kill().unwrap();
            }
            child.wait().unwrap();
            if round % 2 == 1 {
                resumed += u32::from(done(folder.path(), &["keys", "rotate"]).contains("went on"));
            }
        }
        done(folder.path(), &["keys", "rotate"]);
    });
    let states = keys(folder.path());
    let rows: u64 = states.iter().map(|(_, _, secrets)| secrets).sum();
    let (_, state, secrets) = states.last().unwrap();
    assert_eq!((state.as_str(), *secrets), ("current", rows), "{states:?}");
    assert_eq!(rows, SECRETS_COUNT as u64 + u64::from(written.load(Ordering::SeqCst)));
    done(folder.path(), &["verify"]);
    println!(
        "{killed} of {rounds} rotations killed, {resumed} resumed; {} reads and {} writes meanwhile, none failed",
        reads.load(Ordering::SeqCst),
        written.load(Ordering::SeqCst),
    );
    assert!(killed > 0 && resumed > 0, "no rotation was under way when it was killed");
}

#[test]
fn keys_that_are_needed_stay() {
    let folder = Folder::new();
    let server = Server::start(folder.path());
    let id = server.create("cn-beijing:test", "n", &json!({"k": "v"})).secret_id();
    server.create("cn-beijing:test", "m", &json!({"k": "v"})).data();
    let retire = |id: &str| refused(folder.path(), &["keys", "retire", id]);
    let first = keys(folder.path())[0].0.clone();
    let report = retire(&first);
    assert!(report.contains("is the current one and needed by 2 secrets"), "{report}");
    let report = retire("local");
    assert!(report.contains("the master key local is needed by 1 keys"), "{report}");
    for unknown in ["nothing", "db/000000000000", "", "db/", "LOCAL"] {
        assert!(retire(unknown).contains("there is no key"), "{unknown}");
    }
    let said = done(folder.path(), &["keys", "rotate"]);
    assert!(said.contains("wraps the data keys of 2 secrets anew"), "{said}");
    // One that an interrupted rotation would have left behind.
    let path = folder.path().join("test.db");
    let mut rows = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let mut sql = |text: &str| {
        rows.batch_execute(text).unwrap();
    };
    sql(&format!(
        "CREATE TABLE aside AS SELECT * FROM secrets; UPDATE secrets SET key_id = '{first}' WHERE id = {id}"
    ));
    let report = retire(&first);
    assert!(report.contains(&format!("{first} is needed by 1 secrets")), "{report}");
    sql("DELETE FROM secrets; INSERT INTO secrets SELECT * FROM aside; DROP TABLE aside");
    let said = done(folder.path(), &["keys", "retire", &first]);
    assert!(said.contains(&format!("the key {first} is deleted")), "{said}");
    assert_eq!(keys(folder.path()).len(), 1);
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "v");
}

#[test]
fn a_damaged_secret_holds_up_no_other() {
    let folder = Folder::new();
    let server = Server::start(folder.path());
    let whole = server.create("cn-beijing:test", "whole", &json!({"k": "v"})).secret_id();
    let damaged = server.create("cn-beijing:test", "damaged", &json!({"k": "v"})).secret_id();
    let path = folder.path().join("test.db");
    let mut rows = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let spoil = format!("UPDATE secrets SET data_key = zeroblob(61) WHERE id = {damaged}");
    rows.batch_execute(&spoil).unwrap();
    let report = refused(folder.path(), &["keys", "rotate"]);
    assert!(report.contains(&format!("keep the key that they had: {damaged}")), "{report}");
    assert_eq!(server.describe("cn-beijing:test", whole).data()["SecretData"]["k"], "v");
    let counts: Vec<u64> = keys(folder.path()).into_iter().map(|(_, _, secrets)| secrets).collect();
    assert_eq!(counts, [1, 1]);
    // Nor the next rotation, which is a new one.
    let report = refused(folder.path(), &["keys", "rotate"]);
    assert!(!report.contains("went on") && report.contains("of 1 secret anew"), "{report}");
    let counts: Vec<u64> = keys(folder.path()).into_iter().map(|(_, _, secrets)| secrets).collect();
    assert_eq!(counts, [1, 0, 1]);
    let parameters = [("NamespaceId", "cn-beijing:test"), ("SecretId", &damaged.to_string())];
    server.call("DELETE", SECRET, &parameters).data();
    done(folder.path(), &["keys", "rotate"]);
    done(folder.path(), &["verify"]);
    // Whatever stands in a row.
    let odd = server.create("cn-beijing:test", "odd", &json!({"k": "v"})).secret_id();
    let keep = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
        CREATE TABLE aside AS SELECT * FROM secrets;";
    rows.batch_execute(keep).unwrap();
    for change in [
        "uid = 'zz'",
        "uid = x'ff'",
        "name = x'ff41'",
        "secret_type = 'Weird'",
        "version = 0",
        "version = 'x'",
        "namespace_id = 'Bad Ns'",
        "key_id = 'kms/foo'",
        "key_id = 'db/000000000000'",
    ] {
        let update = format!("UPDATE secrets SET {change} WHERE id = {odd}");
        rows.batch_execute(&update).unwrap();
        let report = refused(folder.path(), &["keys", "rotate"]);
        assert!(
            report.contains(&format!("keep the key that they had: {odd}")),
            "{change}: {report}"
        );
        assert!(report.contains("of 1 secret anew"), "{change}: {report}");
        let again = "DELETE FROM secrets; INSERT INTO secrets SELECT * FROM aside";
        rows.batch_execute(again).unwrap();
    }
    done(folder.path(), &["keys", "rotate"]);
    done(folder.path(), &["verify"]);
}
