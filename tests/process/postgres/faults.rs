//! Faults on the way to the server: each is an outage in time, never "not found", and over when the fault is.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    NAMESPACE_ID, listens,
    proxy::{Fault, Proxy},
    start, start_roomy,
};
use crate::{
    child::run,
    common::server::*,
    database::check_database,
    outage::{Case, in_time},
    torture,
};

/// How long a request waits at most: for a permit and for the work.
const LONGEST: Duration = Duration::from_secs(10);

/// A server that reaches its database by way of the proxy.
fn behind(proxy: &Proxy) -> (Folder, Case) {
    let folder = Folder::on_server();
    point(&folder, proxy, "pool_size=6");
    let case = Case::new(folder.path());
    (folder, case)
}

fn point(folder: &Folder, proxy: &Proxy, parameters: &str) {
    let (port, name) = (proxy.port, folder.database().name());
    folder.point_to(&format!("postgres://postgres@127.0.0.1:{port}/{name}?{parameters}"));
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_server_that_refuses_is_an_outage_until_it_does_not() {
    let proxy = Proxy::before(listens());
    let (_folder, mut case) = behind(&proxy);
    proxy.set(Fault::Refusing);
    proxy.cut();
    case.refuses_reads();
    case.refuses_writes();
    case.reports(false);
    case.says("cannot be reached");
    proxy.set(Fault::None);
    case.recovers();
    case.survives_a_kill();
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_server_that_says_nothing_more_is_an_outage_in_time() {
    let proxy = Proxy::before(listens());
    let (_folder, mut case) = behind(&proxy);
    proxy.set(Fault::Stalled);
    case.refuses_reads();
    case.refuses_writes();
    case.reports(false);
    // Once that is known, others are refused at once.
    let began = Instant::now();
    let quick = (0..10).filter(|_| {
        let began = Instant::now();
        let reply = in_time(|| case.server.call("GET", SECRETS, &[("NamespaceId", NAMESPACE_ID)]));
        reply.assert_error(500, "OperationFailed.RPCError");
        began.elapsed() < Duration::from_millis(500)
    });
    assert!(quick.count() >= 5, "ten callers took {:?}", began.elapsed());
    proxy.set(Fault::None);
    case.recovers();
    case.survives_a_kill();
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn connections_that_were_cut_cost_no_request_an_error() {
    let proxy = Proxy::before(listens());
    let (_folder, mut case) = behind(&proxy);
    for round in 0..torture::rounds(5) {
        // As many as the server may have, all of them idle by now.
        thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| case.serves_reads());
            }
        });
        proxy.cut();
        if round % 2 == 0 {
            let reply = case.create(&format!("after-{round}"), &json!({"k": "v"}));
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
        case.serves_reads();
    }
    case.survives_a_kill();
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn what_is_cut_under_way_is_refused_or_done_and_nothing_else() {
    let proxy = Proxy::before(listens());
    let (folder, case) = behind(&proxy);
    drop(case);
    let server = start_roomy(folder.path());
    let is_over = AtomicBool::new(false);
    let mut acknowledged = vec![];
    let mut refused = 0;
    thread::scope(|scope| {
        let _ends = torture::ends(&is_over);
        let tasks: Vec<_> = (0..4)
            .map(|task| {
                let (server, is_over) = (&server, &is_over);
                scope.spawn(move || {
                    let (mut done, mut refused) = (vec![], 0);
                    for number in 0.. {
                        if is_over.load(Ordering::SeqCst) {
                            break;
                        }
                        let name = format!("n{task}-{number}");
                        let began = Instant::now();
                        let reply = server.create("cn-hangzhou", &name, &json!({"k": name}));
                        assert!(began.elapsed() < LONGEST, "{:?}", began.elapsed());
                        match reply.status {
                            200 => done.push((reply.secret_id(), name)),
                            _ => {
                                reply.assert_error(500, "OperationFailed.RPCError");
                                refused += 1;
                            }
                        }
                        thread::sleep(Duration::from_millis(20));
                    }
                    (done, refused)
                })
            })
            .collect();
        for round in 0..torture::rounds(30) {
            thread::sleep(Duration::from_millis(60 + u64::from(round) * 37 % 110));
            // Now and then the answer to a commit is what gets lost.
            let fault = [Fault::None, Fault::LosesAnswers, Fault::Slow][round as usize % 3];
            proxy.set(fault);
            thread::sleep(Duration::from_millis(5));
            proxy.cut();
            proxy.set(Fault::None);
        }
        is_over.store(true, Ordering::SeqCst);
        for task in tasks {
            let (done, some) = task.join().unwrap();
            acknowledged.extend(done);
            refused += some;
        }
    });
    for (id, name) in &acknowledged {
        let found = server.describe("cn-hangzhou", *id).data();
        assert_eq!(found["SecretData"]["k"], name.as_str());
    }
    println!("{} writes acknowledged, {refused} refused", acknowledged.len());
    assert!(acknowledged.len() > 10);
    check_database(folder.path());
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_slow_way_is_no_outage() {
    let proxy = Proxy::before(listens());
    let (_folder, mut case) = behind(&proxy);
    proxy.set(Fault::Slow);
    case.serves_reads();
    assert_eq!(case.create("slow", &json!({"k": "v"})).status, 200);
    proxy.set(Fault::None);
    case.recovers();
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn what_a_server_that_was_cut_off_had_locked_becomes_free() {
    let proxy = Proxy::before(listens());
    let (folder, case) = behind(&proxy);
    let other = Folder::new();
    other.point_to(&folder.database().url());
    let other = start(other.path());
    let id = case.some_id();
    // It begins, locks the secret, and is never heard of again.
    thread::scope(|scope| {
        let locked = scope.spawn(|| case.server.update(NAMESPACE_ID, id, &json!({"k": "lost"})));
        let waiting = "SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid)
            WHERE state = 'idle in transaction' AND relation = 'secrets'::regclass AND mode = 'RowShareLock'";
        proxy.set(Fault::Slow);
        let began = Instant::now();
        while crate::common::postgres::number(&folder.database().address(), waiting) == 0 {
            assert!(began.elapsed() < LONGEST, "nothing was locked");
        }
        proxy.set(Fault::Stalled);
        locked.join().unwrap();
        let began = Instant::now();
        while other.update(NAMESPACE_ID, id, &json!({"k": "other"})).status != 200 {
            assert!(began.elapsed() < Duration::from_secs(20), "the lock stays");
        }
        println!("free after {:?}", began.elapsed());
    });
    assert_eq!(other.describe(NAMESPACE_ID, id).data()["SecretData"]["k"], "other");
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_server_that_cannot_be_reached_stops_the_start() {
    let folder = Folder::on_server();
    let proxy = Proxy::before(listens());
    for (fault, said) in [
        (Fault::Refusing, "cannot open the database postgres://postgres@127.0.0.1"),
        (Fault::Stalled, "does not answer"),
    ] {
        proxy.set(fault);
        point(&folder, &proxy, "");
        let (url, _) = database_of(folder.path());
        let began = Instant::now();
        let output = run(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
        assert!(began.elapsed() < LONGEST, "{:?}", began.elapsed());
        assert_eq!(output.status.code(), Some(1));
        let report = String::from_utf8(output.stderr).unwrap();
        assert!(report.contains(said), "{fault:?}: {report}");
    }
}
