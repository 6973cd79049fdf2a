//! A database that goes away and comes back.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use serde_json::json;

use super::child::Server;
use crate::common::server::*;

/// How soon the server must be well again.
const RECOVERY: Duration = Duration::from_secs(2);

fn recovers(server: &Server, name: &str) {
    let began = Instant::now();
    loop {
        let reply = server.create("cn-beijing:test", name, &json!({"k": "v"}));
        if reply.status == 200 {
            return;
        }
        reply.assert_error(500, "OperationFailed.RPCError");
        assert!(began.elapsed() < RECOVERY + Duration::from_secs(3), "no recovery");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_database_file_that_goes_away_is_an_outage_and_comes_back() {
    let folder = Folder::new();
    let server = Server::start(folder.path());
    let id = server.create("cn-beijing:test", "before", &json!({"k": "v"})).secret_id();
    let (here, away) = (folder.path().join("test.db"), folder.path().join("away.db"));
    fs::rename(&here, &away).unwrap();
    let began = Instant::now();
    server.describe("cn-beijing:test", id).assert_error(500, "OperationFailed.RPCError");
    server
        .create("cn-beijing:test", "during", &json!({"k": "v"}))
        .assert_error(500, "OperationFailed.RPCError");
    let list = server.call("GET", SECRETS, &[("NamespaceId", "cn-beijing:test")]);
    list.assert_error(500, "OperationFailed.RPCError");
    assert!(began.elapsed() < Duration::from_secs(20), "each answer comes within its deadline");
    assert_eq!(server.call("GET", "/ready", &[]).status, 503);
    assert_eq!(server.call("GET", "/health", &[]).status, 200);
    assert!(server.call("GET", "/metrics", &[]).text().contains("sae_secret_store_up 0"));
    assert!(!here.exists(), "the server made an empty database in place of the lost one");
    fs::rename(&away, &here).unwrap();
    recovers(&server, "after");
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretName"], "before");
    assert_eq!(server.call("GET", "/ready", &[]).status, 200);
}

#[test]
fn the_database_is_readable_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let server = Server::start(folder.path());
    server.create("cn-beijing:test", "n", &json!({"k": "v"})).secret_id();
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_locked_database_is_an_outage_for_writers_only() {
    let folder = Folder::new();
    let server = Server::start(folder.path());
    let id = server.create("cn-beijing:test", "before", &json!({"k": "v"})).secret_id();
    let path = folder.path().join("test.db").display().to_string();
    let mut other = SqliteConnection::establish(&path).unwrap();
    other.batch_execute("BEGIN EXCLUSIVE").unwrap();
    let began = Instant::now();
    server
        .create("cn-beijing:test", "during", &json!({"k": "v"}))
        .assert_error(500, "OperationFailed.RPCError");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(server.describe("cn-beijing:test", id).status, 200);
    other.batch_execute("ROLLBACK").unwrap();
    recovers(&server, "after");
    let deadline = Instant::now() + Duration::from_secs(10);
    while !server.log().contains("the store is unavailable") {
        assert!(Instant::now() < deadline, "{}", server.log());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_database_that_cannot_be_opened_stops_the_start_with_a_clear_message() {
    let folder = Folder::new();
    let garbage = folder.path().join("garbage.db");
    fs::write(&garbage, "this is no database, and long enough to be looked at as one: ".repeat(40))
        .unwrap();
    let missing = folder.path().join("no/such/folder/test.db");
    for path in [&garbage, &missing, &folder.path().to_owned()] {
        let url = format!("sqlite://{}", path.display());
        let output =
            super::child::run(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(
            complaint.contains("cannot open the database") && complaint.contains(&url),
            "{complaint}"
        );
    }
}

#[test]
fn a_database_that_can_only_be_read_stops_the_start() {
    let folder = Folder::new();
    let mut server = Server::start(folder.path());
    server.terminate();
    server.wait();
    let path = folder.path().join("test.db");
    // Another user could not open what is left of the log; whoever closes the file last writes it back.
    let mut last = SqliteConnection::establish(&path.display().to_string()).unwrap();
    last.batch_execute("SELECT count(*) FROM secrets").unwrap();
    drop(last);
    assert!(!folder.path().join("test.db-wal").exists(), "the log is written back");
    let url = format!("sqlite://{}", path.display());
    // Another user may not reach the place where it was built.
    let binary = folder.path().join("sae-secret");
    fs::copy(env!("CARGO_BIN_EXE_sae-secret"), &binary).unwrap();
    let nobody = |arguments: &[&str]| {
        let mut command = std::process::Command::new("setpriv");
        command.args(["--reuid=65534", "--clear-groups"]).arg(&binary);
        command.args(arguments).output().expect("setpriv runs")
    };
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o444)).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(folder.path(), open).unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--database-url", &url];
    // A superuser may write whatever the mode says, so another user is asked where that is possible.
    let output = match fs::metadata("/proc/self").map(|it| std::os::unix::fs::MetadataExt::uid(&it))
    {
        Ok(0) => nobody(&arguments),
        _ => super::child::run(&arguments),
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && complaint.contains("cannot open the database"),
        "{complaint}"
    );
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let folder = Folder::new();
    drop(Server::start(folder.path()));
    let path = folder.path().join("test.db");
    let mut other = SqliteConnection::establish(&path.display().to_string()).unwrap();
    let unknown = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')";
    other.batch_execute(unknown).unwrap();
    let url = format!("sqlite://{}", path.display());
    let output = super::child::run(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && complaint.contains("newer version"), "{complaint}");
}
