//! Another session that holds rows locked, or changes them at the same time.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use rustix::net::sockopt::set_socket_linger;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls};

use super::{
    NAMESPACE_ID,
    keys::{ask, key, start_in},
    start,
};
use crate::{
    audit::{lines, wait_until},
    child::Server,
    common::{Request, postgres::number, server::*, wire},
    database::check_database,
    due::call,
    upkeep::{done, keys, refused},
};

/// How long the other session may rest in a transaction. What waits for it goes on then, and comes too late for its test.
const REST: Duration = Duration::from_secs(15);

/// The other session.
struct Session {
    runtime: Runtime,
    client: Client,
    address: String,
}

impl Session {
    fn of(folder: &Folder) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let address = folder.database().address();
        let (client, connection) =
            runtime.block_on(tokio_postgres::connect(&address, NoTls)).unwrap();
        runtime.spawn(connection);
        let session = Self { runtime, client, address };
        let rest = REST.as_millis();
        session.execute(&format!("SET idle_in_transaction_session_timeout = {rest}"));
        session
    }

    fn execute(&self, sql: &str) {
        self.runtime.block_on(self.client.batch_execute(sql)).unwrap();
    }

    fn holds_somebody_up(&self) {
        let waiting = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        wait_until("nobody waits", || number(&self.address, waiting) > 0);
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_rotation_locks_no_row_between_its_own() {
    let folder = Folder::on_server();
    let server = start(folder.path());
    for name in ["first", "between", "last"] {
        server.create(NAMESPACE_ID, name, &json!({"k": "v"})).data();
    }
    let database = folder.database();
    database.execute("CREATE TABLE aside AS SELECT * FROM secrets WHERE name != 'between'");
    done(folder.path(), &["keys", "rotate"]);
    // As if it had been killed when it had come to the secret between both.
    database.execute(
        "UPDATE secrets SET key_id = aside.key_id, data_key = aside.data_key FROM aside
             WHERE secrets.id = aside.id;
         UPDATE counters SET value = 1 WHERE name = 'rotating'",
    );
    let session = Session::of(&folder);
    session.execute("BEGIN; SELECT id FROM secrets WHERE name = 'between' FOR UPDATE");
    let began = Instant::now();
    let said = done(folder.path(), &["keys", "rotate"]);
    assert!(said.contains("went on") && said.contains("of 2 secrets anew"), "{said}");
    assert!(began.elapsed() < REST, "it waited for a row that it does not change");
    session.execute("ROLLBACK");
    check_database(folder.path());
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_key_that_comes_to_be_needed_while_it_is_retired_stays() {
    let folder = Folder::on_server();
    let server = start(folder.path());
    let id = server.create(NAMESPACE_ID, "n", &json!({"k": "v"})).secret_id();
    let old = keys(folder.path()).remove(0).0;
    let database = folder.database();
    database.execute("CREATE TABLE aside AS SELECT * FROM secrets");
    done(folder.path(), &["keys", "rotate"]);
    let session = Session::of(&folder);
    session.execute(
        "BEGIN; UPDATE secrets SET key_id = aside.key_id, data_key = aside.data_key FROM aside
             WHERE secrets.id = aside.id",
    );
    let complaint = thread::scope(|scope| {
        let retired = scope.spawn(|| refused(folder.path(), &["keys", "retire", &old]));
        session.holds_somebody_up();
        session.execute("COMMIT");
        retired.join().unwrap()
    });
    let expected = format!("{old} is needed by secrets that were written at the same time");
    assert!(complaint.contains(&expected), "{complaint}");
    assert_eq!(server.describe(NAMESPACE_ID, id).data()["SecretData"]["k"], "v");
    check_database(folder.path());
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_write_that_a_stopping_server_drops_is_not_done() {
    let folder = Folder::on_server();
    let path = folder.path().join("audit.log");
    let mut server = Server::start_with(folder.path(), |command| {
        command.arg("--audit-log").arg(&path);
    });
    let session = Session::of(&folder);
    session.execute(&format!(
        "BEGIN; SELECT id FROM namespaces WHERE id = '{NAMESPACE_ID}' FOR UPDATE"
    ));
    let socket = wire::connect(server.address);
    set_socket_linger(&socket, Some(Duration::ZERO)).unwrap();
    let mut connection = wire::Connection::over(socket.try_clone().unwrap(), socket);
    let create = Request::new("POST", SECRET).json(&json!({
        "NamespaceId": NAMESPACE_ID, "SecretName": "dropped", "SecretType": "Opaque",
        "SecretData": {"k": "v"},
    }));
    connection.send(&create.bytes(server.address)).unwrap();
    session.holds_somebody_up();
    // Closed without lingering, a socket resets its connection: a stopping server waits for those that are open.
    drop(connection);
    thread::sleep(Duration::from_millis(300));
    server.terminate();
    thread::sleep(Duration::from_millis(500));
    session.execute("ROLLBACK");
    assert!(server.wait().success());
    let created = lines(&path).iter().filter(|line| line["action"] == "sae:CreateSecret").count();
    let secrets = number(&folder.database().address(), "SELECT count(*) FROM secrets");
    assert_eq!(secrets, created as i64, "{}", fs::read_to_string(&path).unwrap());
}

/// Whoever asks to delete it has a right to the key that it named then.
#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn an_alias_that_another_key_is_given_meanwhile_is_not_deleted() {
    let folder = Folder::on_server();
    let server = start(folder.path());
    let [one, other] = [(); 2].map(|()| key(&server, &[]));
    let name = ("AliasName", "alias/a");
    call(&server, "CreateAlias", &[("KeyId", &one), name]);
    let session = Session::of(&folder);
    session.execute(&format!(
        "BEGIN; UPDATE kms_aliases SET kms_key = id FROM kms_keys WHERE key_id = '{other}'"
    ));
    let reply = thread::scope(|scope| {
        let deleted = scope.spawn(|| ask(&server, "DeleteAlias", &[name]));
        session.holds_somebody_up();
        session.execute("COMMIT");
        deleted.join().unwrap()
    });
    assert_eq!((reply.status, reply.code()), (404, "Forbidden.AliasNotFound".to_owned()));
    let listed = call(&server, "ListAliasesByKeyId", &[("KeyId", &other)]);
    assert_eq!(listed["TotalCount"], 1);
}

/// A policy is held to the quota of its instance when its secret is counted already.
#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn whoever_waits_for_the_first_slot_of_the_counts_has_locked_no_other() {
    let folder = Folder::on_server();
    let [server, _] = start_in(&folder, "{ instances: [{ id: kst-a, access_quota: 3 }] }");
    let secret = [("SecretName", "s"), ("VersionId", "v1"), ("SecretData", "v")];
    call(&server, "CreateSecret", &secret);
    folder.database().execute(
        "INSERT INTO kms_counts SELECT DISTINCT scope, n, 0, 0
             FROM kms_counts, generate_series(0, 15) AS n ON CONFLICT DO NOTHING",
    );
    let policy = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["acs:ram::1:*"]},"Action":["kms:*"],"Resource":["*"]}]}"#;
    let shared = [("SecretName", "t"), ("DKMSInstanceId", "kst-a"), ("Policy", policy)];
    let session = Session::of(&folder);
    session.execute("BEGIN; SELECT slot FROM kms_counts WHERE slot = 0 FOR UPDATE");
    let reply = thread::scope(|scope| {
        let created =
            scope.spawn(|| ask(&server, "CreateSecret", &[&shared[..], &secret[1..]].concat()));
        session.holds_somebody_up();
        session.execute("SELECT slot FROM kms_counts FOR UPDATE NOWAIT; COMMIT");
        created.join().unwrap()
    });
    assert_eq!(reply.status, 200, "{}", reply.text());
    check_database(folder.path());
}
