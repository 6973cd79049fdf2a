//! Many requests for one row, and a session that keeps it locked.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{NAMESPACE_ID, start};
use crate::common::server::*;

/// How long another session has the row of a namespace locked: longer than a request waits for a permit and then for the row.
const HELD: Duration = Duration::from_secs(15);

/// How long the server waits for a lock, and a little.
const LOCK_TIMEOUT: Duration = Duration::from_millis(2500);

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_write_that_waits_for_a_row_keeps_no_reader_out_and_does_not_go_on_when_it_was_given_up() {
    let folder = Folder::on_server();
    let server = start(folder.path());
    let id = server.create(NAMESPACE_ID, "there", &json!({"k": "v"})).secret_id();
    let database = folder.database();
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND datname = current_database()";
    thread::scope(|scope| {
        let holding = scope.spawn(|| {
            database.execute(&format!(
                "BEGIN; SELECT 1 FROM namespaces WHERE id = '{NAMESPACE_ID}' FOR UPDATE; \
                 SELECT pg_sleep({}); COMMIT",
                HELD.as_secs()
            ));
        });
        let held = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND wait_event = 'PgSleep'";
        let number = |query| crate::common::postgres::number(&database.address(), query);
        while number(held) == 0 {
            thread::yield_now();
        }
        let began = Instant::now();
        // More than may write at once.
        let writers: Vec<_> = (0..10)
            .map(|index| {
                let server = &server;
                let name = format!("n{index}");
                scope.spawn(move || server.create(NAMESPACE_ID, &name, &json!({"k": "v"})))
            })
            .collect();
        let beside = server.create("cn-hangzhou", "beside", &json!({"k": "v"}));
        assert_eq!(beside.status, 200, "it waits for those before it: {}", beside.text());
        let mut reads = 0;
        while writers.iter().any(|writer| !writer.is_finished()) {
            let asked = Instant::now();
            assert_eq!(server.describe(NAMESPACE_ID, id).status, 200);
            assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
            assert!(number(waiting) <= 8, "as many as there are connections");
            reads += 1;
        }
        assert!(reads > 0);
        for writer in writers {
            assert_eq!(writer.join().unwrap().code(), "OperationFailed.RPCError");
        }
        // On a busy machine a wait for the lock may have begun late; the server ends it all the same.
        let answered = Instant::now();
        while number(waiting) > 0 {
            assert!(answered.elapsed() < LOCK_TIMEOUT, "what was given up goes on");
        }
        assert!(began.elapsed() < HELD, "the row was held all the time");
        holding.join().unwrap();
    });
    assert!(server.create(NAMESPACE_ID, "later", &json!({"k": "v"})).secret_id() > id);
    // Nothing of those that were refused.
    assert_eq!(
        crate::common::postgres::number(&database.address(), "SELECT count(*) FROM secrets"),
        3
    );
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_number_that_was_given_before_is_not_told_as_a_name() {
    let folder = Folder::on_server();
    let server = start(folder.path());
    server.create(NAMESPACE_ID, "there", &json!({"k": "v"})).secret_id();
    // As after a restore that forgot the sequence.
    folder.database().execute("SELECT setval('secret_ids', 1, false)");
    let reply = server.create(NAMESPACE_ID, "other", &json!({"k": "v"}));
    assert_eq!((reply.status, reply.code().as_str()), (500, "OperationFailed.RPCError"));
    let reply = server.create(NAMESPACE_ID, "there", &json!({"k": "v"}));
    assert_eq!(reply.code(), "SecretNameConflict.AlreadyExist");
}
