//! Another process that holds the database locked.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use serde_json::json;

use super::Case;
use crate::{child, common::server::*, database};

#[test]
fn a_writer_that_does_not_end_is_an_outage_for_writers_only() {
    for lock in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        let folder = Folder::new();
        let mut case = Case::new(folder.path());
        let mut other = database::open(folder.path());
        other.batch_execute(lock).unwrap();
        case.refuses_writes();
        case.serves_reads();
        case.reports(true);
        other.batch_execute("ROLLBACK").unwrap();
        case.recovers();
        drop(other);
        case.says("the store is unavailable: ");
        case.survives_a_kill();
    }
}

#[test]
fn a_write_waits_for_another_writer_that_ends() {
    let folder = Folder::new();
    let mut case = Case::new(folder.path());
    let mut other = database::open(folder.path());
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let end = thread::spawn(move || {
        thread::sleep(Duration::from_millis(2700));
        other.batch_execute("ROLLBACK").unwrap();
    });
    let reply = case.create("patient", &json!({"k": "v"}));
    assert_eq!(reply.status, 200, "{}", reply.text());
    end.join().unwrap();
}

#[test]
fn a_lock_on_everything_is_an_outage_for_all() {
    let folder = Folder::new();
    let mut case = Case::new(folder.path());
    let lock = Lock::take(&case.path("test.db-shm"));
    case.refuses_writes();
    case.refuses_reads();
    case.reports(false);
    drop(lock);
    case.recovers();
    case.survives_a_kill();
}

#[test]
fn a_write_whose_caller_was_told_that_it_failed_is_not_done_later() {
    let folder = Folder::new();
    let mut case = Case::new(folder.path());
    let lock = Lock::take(&case.path("test.db-shm"));
    case.refuses_writes();
    // The writer still waits inside SQLite, for longer than anybody would wait for it, and now gets what it waits for.
    drop(lock);
    case.recovers();
    case.says("a write came too late to be done");
    case.survives_a_kill();
}

#[test]
fn nobody_has_the_database_for_himself_while_the_server_runs() {
    let folder = Folder::new();
    let mut case = Case::new(folder.path());
    let path = case.path("test.db").display().to_string();
    // Set before the file is looked at for the first time, this asks for all of it at once.
    let mut other = SqliteConnection::establish(&path).unwrap();
    let exclusive = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE";
    let refused = other.batch_execute(exclusive).expect_err("the server has it open");
    assert!(refused.to_string().contains("locked"), "{refused}");
    case.serves_reads();
    case.reports(true);
    case.recovers();
    drop(other);

    case.server.kill();
    let mut other = SqliteConnection::establish(&path).unwrap();
    other.batch_execute(exclusive).unwrap();
    let url = format!("sqlite://{path}");
    let began = Instant::now();
    let output = child::run(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
    assert!(began.elapsed() < super::DEADLINE, "{:?}", began.elapsed());
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "it serves a database that it cannot read");
    assert!(
        complaint.contains("cannot open the database") && complaint.contains("locked"),
        "{complaint}"
    );
    drop(other);
    case.server = child::Server::start(folder.path());
    case.recovers();
}

/// Another process with the locks that SQLite takes of the shared memory when it restores the log after a crash: no
/// statement of SQL keeps readers out for longer.
struct Lock(Child);

impl Lock {
    /// The eight bytes: writer, checkpoint, recovery and five places for readers. See "WAL-mode File Format", 2.3.
    const HOLD: &str = "
import fcntl, sys
file = open(sys.argv[1], 'r+b')
fcntl.lockf(file, fcntl.LOCK_EX, 8, 120)
print('locked', flush=True)
sys.stdin.read()
";

    fn take(shared_memory: &Path) -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", Self::HOLD]).arg(shared_memory);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("python3 runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "locked\n");
        Self(child)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
