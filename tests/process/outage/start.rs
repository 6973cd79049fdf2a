//! A database that a server does not start with.

use std::fs;

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use serde_json::json;

use crate::{
    child::{self, Server},
    common::server::*,
    database::open,
    upkeep::{done, refused},
};

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
fn a_database_that_cannot_be_opened_stops_the_start_with_a_clear_message() {
    let folder = Folder::new();
    let garbage = folder.path().join("garbage.db");
    fs::write(&garbage, "this is no database, and long enough to be looked at as one: ".repeat(40))
        .unwrap();
    let missing = folder.path().join("no/such/folder/test.db");
    for path in [&garbage, &missing, &folder.path().to_owned()] {
        let url = format!("sqlite://{}", path.display());
        let output = child::run(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(
            complaint.contains("cannot open the database") && complaint.contains(&url),
            "{complaint}"
        );
    }
}

/// SQLite keeps the log beside the name by which it was asked for the file.
#[test]
fn a_database_with_a_second_name_is_not_opened() {
    let folder = Folder::new();
    let mut server = Server::start(folder.path());
    let id = server.create("cn-beijing:test", "n", &json!({"k": "v"})).secret_id();
    let (path, link) = (folder.path().join("test.db"), folder.path().join("link.db"));
    fs::hard_link(&path, &link).unwrap();
    let url = format!("sqlite://{}", link.display());
    let output = child::run(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && complaint.contains("a hard link"), "{complaint}");
    assert!(refused(folder.path(), &["verify"]).contains("a hard link"));
    server.kill();
    fs::remove_file(link).unwrap();
    let server = Server::start(folder.path());
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "v");
}

/// As after a restore by hand that forgot the counter.
#[test]
fn a_number_that_was_given_before_is_not_told_as_a_name() {
    let folder = Folder::new();
    let server = Server::start(folder.path());
    server.create("cn-beijing:test", "there", &json!({"k": "v"})).secret_id();
    open(folder.path())
        .batch_execute("UPDATE counters SET value = 0 WHERE name = 'secret_id'")
        .unwrap();
    let reply = server.create("cn-beijing:test", "other", &json!({"k": "v"}));
    assert_eq!((reply.status, reply.code().as_str()), (500, "OperationFailed.RPCError"));
    let reply = server.create("cn-beijing:test", "there", &json!({"k": "v"}));
    assert_eq!(reply.code(), "SecretNameConflict.AlreadyExist");
}

/// Somebody moved the file while the server was down, and not what stands beside it.
#[test]
fn a_log_without_its_database_is_not_written_over() {
    let folder = Folder::new();
    let mut server = Server::start(folder.path());
    let id = server.create("cn-beijing:test", "n", &json!({"k": "v"})).secret_id();
    server.kill();
    let (path, moved) = (folder.path().join("test.db"), folder.path().join("moved.db"));
    let log = fs::read(folder.path().join("test.db-wal")).unwrap();
    fs::rename(&path, &moved).unwrap();
    let url = format!("sqlite://{}", path.display());
    let refused = |arguments: &[&str]| {
        let output = child::run(&[arguments, &["--database-url", &url]].concat());
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        let why = "test.db-wal is there without its database";
        assert!(complaint.contains(why), "{arguments:?}: {complaint}");
        assert!(fs::read(folder.path().join("test.db-wal")).unwrap() == log, "{arguments:?}");
    };
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    refused(&serve);
    assert!(!path.exists());
    refused(&["verify"]);
    // Who touches it has not put it back.
    for content in ["", "x"] {
        fs::write(&path, content).unwrap();
        refused(&serve);
        refused(&["verify"]);
    }
    fs::rename(&moved, &path).unwrap();
    let server = Server::start(folder.path());
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "v");
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
    for file in [&path, &folder.path().join("test.db.key")] {
        fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o444)).unwrap();
    }
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(folder.path(), open).unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--database-url", &url];
    // A superuser may write whatever the mode says, so another user is asked where that is possible.
    let output = match fs::metadata("/proc/self").map(|it| std::os::unix::fs::MetadataExt::uid(&it))
    {
        Ok(0) => nobody(&arguments),
        _ => child::run(&arguments),
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && complaint.contains("cannot open the database"),
        "{complaint}"
    );
}

#[test]
fn nothing_is_made_beside_the_database_of_another_program() {
    let folder = Folder::new();
    let path = folder.path().join("test.db");
    let mut foreign = SqliteConnection::establish(&path.display().to_string()).unwrap();
    foreign.batch_execute("CREATE TABLE orders (number)").unwrap();
    drop(foreign);
    let complaint = refused(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(complaint.contains("--database-url (SAE_SECRET_DATABASE_URL)"), "{complaint}");
    let names = fs::read_dir(path.parent().unwrap()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["test.db"]);
}

#[test]
fn a_database_of_another_schema_is_left_alone() {
    let folder = Folder::new();
    drop(Server::start(folder.path()));
    let path = folder.path().join("test.db");
    for (migration, complaint) in [
        ("29991231000000", "newer version"),
        // As development versions had them before the first release.
        ("20261122000000", "start with a new database"),
    ] {
        let mut other = SqliteConnection::establish(&path.display().to_string()).unwrap();
        let only = format!(
            "DELETE FROM __diesel_schema_migrations WHERE version <>
                 (SELECT max(version) FROM __diesel_schema_migrations);
             UPDATE __diesel_schema_migrations SET version = '{migration}'"
        );
        other.batch_execute(&only).unwrap();
        drop(other);
        let before = fs::read(&path).unwrap();
        for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["verify"], &["keys", "list"]]
        {
            let report = refused(folder.path(), arguments);
            assert!(report.contains(complaint), "{report}");
        }
        assert!(fs::read(&path).unwrap() == before, "{migration}: it is changed");
    }
}

#[test]
fn a_transaction_that_was_killed_is_undone_by_whoever_comes_next() {
    let folder = Folder::new();
    let mut server = Server::start(folder.path());
    let id = server.create("cn-beijing:test", "kept", &json!({"k": "v"})).secret_id();
    server.terminate();
    server.wait();
    // By way of a journal, as after a restore or in the middle of the first start: changed pages stand in the file, and
    // the journal has what they were.
    let (path, torn) = (folder.path().join("test.db"), Folder::new());
    let mut rows = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let half_done = "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN;
        UPDATE namespaces SET description = 'half done'; CREATE TABLE half (x); INSERT INTO half VALUES (zeroblob(90000))";
    rows.batch_execute(half_done).unwrap();
    for name in ["test.db", "test.db-journal", "test.db.key"] {
        fs::copy(folder.path().join(name), torn.path().join(name)).unwrap();
    }
    assert!(fs::metadata(torn.path().join("test.db-journal")).unwrap().len() > 512);
    for arguments in [&["verify"][..], &["keys", "list"], &["keys", "rotate"]] {
        let again = Folder::new();
        for name in ["test.db", "test.db-journal", "test.db.key"] {
            fs::copy(torn.path().join(name), again.path().join(name)).unwrap();
        }
        done(again.path(), arguments);
    }
    let server = Server::start(torn.path());
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretName"], "kept");
}

#[test]
fn what_is_no_database_of_ours_is_left_as_it_is() {
    let folder = Folder::new();
    let foreign = folder.path().join("foreign.db");
    let mut rows = SqliteConnection::establish(foreign.to_str().unwrap()).unwrap();
    rows.batch_execute("CREATE TABLE contacts (name TEXT)").unwrap();
    drop(rows);
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let device = std::path::PathBuf::from("/dev/zero");
    for (path, complaint) in [
        (&foreign, "it is no database of this program"),
        (&pipe, "it is no file"),
        (&device, "it is no file"),
    ] {
        let about = || {
            let about = fs::metadata(path).unwrap();
            (about.len(), about.permissions(), about.modified().ok().filter(|_| path != &device))
        };
        let before = about();
        let url = format!("sqlite://{}", path.display());
        let output = child::run(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(complaint), "{text}");
        assert_eq!(about(), before, "{}", path.display());
    }
}
