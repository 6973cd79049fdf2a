//! Two servers on one database, asked for the same at the same moment.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::json;

use super::{NAMESPACE_ID, start};
use crate::{
    child::Server,
    common::{Reply, server::*},
    database::check_database,
    torture,
    upkeep::{done, keys, refused},
};

/// How many callers there are.
const CALLERS: usize = 32;

/// The database as it is, and one where every transaction is serializable: there each race ends in a refusal of the engine.
pub fn folders() -> [Folder; 2] {
    let plain = Folder::on_server();
    let strict = Folder::on_server();
    let name = strict.database().name().to_owned();
    strict.database().administer(&format!(
        "ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'"
    ));
    [plain, strict]
}

/// All callers ask at once, half of them one server and half the other.
pub fn ask_at_once(
    servers: [&Server; 2],
    ask: impl Fn(&Server, usize) -> Reply + Sync,
) -> Vec<Reply> {
    let barrier = Barrier::new(CALLERS);
    thread::scope(|scope| {
        let tasks: Vec<_> = (0..CALLERS)
            .map(|number| {
                let (barrier, ask) = (&barrier, &ask);
                scope.spawn(move || {
                    barrier.wait();
                    ask(servers[number % 2], number)
                })
            })
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    })
}

pub fn successes(replies: &[Reply]) -> usize {
    replies.iter().filter(|reply| reply.status == 200).count()
}

/// Everybody but the winners was told the same.
#[track_caller]
pub fn others_were_told(replies: &[Reply], code: &str) {
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.code(), code, "{}", reply.text());
    }
}

fn number(folder: &Folder, query: &str) -> i64 {
    crate::common::postgres::number(&folder.database().address(), query)
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn one_of_many_creates_wins_and_quotas_hold() {
    for folder in folders() {
        let (one, other) = (start(folder.path()), start(folder.path()));
        let servers = [&one, &other];
        for round in 0..torture::rounds(3) {
            let name = format!("raced-{round}");
            let replies = ask_at_once(servers, |server, _| {
                server.create(NAMESPACE_ID, &name, &json!({"k": "v"}))
            });
            assert_eq!(successes(&replies), 1, "of one name");
            others_were_told(&replies, "SecretNameConflict.AlreadyExist");
        }
        // There is room for three.
        let replies = ask_at_once(servers, |server, number| {
            server.create("cn-beijing:small", &format!("n{number}"), &json!({"k": "v"}))
        });
        assert_eq!(successes(&replies), 3);
        others_were_told(&replies, "QuotaExceeded.SecretInNamespace");
        // Ten, of which the world has made four.
        let replies = ask_at_once(servers, |server, number| {
            let id = format!("cn-beijing:new{number}");
            server.call("POST", NAMESPACE, &[("NamespaceId", &id), ("NamespaceName", "new")])
        });
        assert_eq!(successes(&replies), 6);
        others_were_told(&replies, "Exceed.Namespace");
        let id = "cn-hangzhou:same";
        let room = [("NamespaceId", "cn-beijing:small")];
        one.call("DELETE", NAMESPACE, &room).data();
        let replies = ask_at_once(servers, |server, _| {
            server.call("POST", NAMESPACE, &[("NamespaceId", id), ("NamespaceName", "same")])
        });
        assert_eq!(successes(&replies), 1);
        others_were_told(&replies, "InstanceExist.NamespaceId");
        check_database(folder.path());
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn versions_go_up_by_one_each() {
    for folder in folders() {
        let (one, other) = (start(folder.path()), start(folder.path()));
        let id = one.create(NAMESPACE_ID, "n", &json!({"k": "v"})).secret_id();
        let replies = ask_at_once([&one, &other], |server, number| {
            server.update(NAMESPACE_ID, id, &json!({"k": number.to_string()}))
        });
        assert_eq!(successes(&replies), CALLERS, "{}", replies[0].text());
        let version = number(&folder, &format!("SELECT version FROM secrets WHERE id = {id}"));
        assert_eq!(version, 1 + CALLERS as i64);
        check_database(folder.path());
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_namespace_goes_with_all_that_is_made_in_it() {
    for folder in folders() {
        let (one, other) = (start(folder.path()), start(folder.path()));
        for round in 0..torture::rounds(4) {
            let id = "cn-beijing:brief";
            one.call("POST", NAMESPACE, &[("NamespaceId", id), ("NamespaceName", "brief")]).data();
            let replies = ask_at_once([&one, &other], |server, number| match number {
                7 => {
                    thread::sleep(Duration::from_millis(u64::from(round) * 7));
                    server.call("DELETE", NAMESPACE, &[("NamespaceId", id)])
                }
                _ => server.create(id, &format!("n{number}"), &json!({"k": "v"})),
            });
            assert_eq!(replies[7].status, 200, "{}", replies[7].text());
            others_were_told(&replies, "InvalidNamespaceId.NotFound");
            let left = "SELECT count(*) FROM secrets WHERE namespace_id = 'cn-beijing:brief'";
            assert_eq!(number(&folder, left), 0);
            check_database(folder.path());
        }
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn secrets_that_two_delete_are_gone_once() {
    for folder in folders() {
        let (one, other) = (start(folder.path()), start(folder.path()));
        let id = one.create(NAMESPACE_ID, "n", &json!({"k": "v"})).secret_id().to_string();
        let replies = ask_at_once([&one, &other], |server, _| {
            server.call("DELETE", SECRET, &[("NamespaceId", NAMESPACE_ID), ("SecretId", &id)])
        });
        assert_eq!(successes(&replies), 1);
        others_were_told(&replies, "InvalidSecretId.NotFound");
        check_database(folder.path());
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn servers_that_start_at_once_on_nothing_agree() {
    for _ in 0..torture::rounds(2) {
        for folder in folders() {
            let world = folder.path().join("seeded.yaml");
            let text = "regions: [cn-beijing]\nnamespaces: [{ id: \"cn-beijing:test\", name: test }]\n\
                        secrets: [{ namespace: \"cn-beijing:test\", name: seed, data: { k: v } }]\n";
            fs::write(&world, text).unwrap();
            let servers: Vec<Server> = thread::scope(|scope| {
                let serve = || {
                    Server::start_with(folder.path(), |command| {
                        command.env("SAE_SECRET_WORLD", &world);
                    })
                };
                let tasks: Vec<_> = (0..4).map(|_| scope.spawn(serve)).collect();
                tasks.into_iter().map(|task| task.join().unwrap()).collect()
            });
            assert_eq!(keys(folder.path()).len(), 1, "one first key");
            let id = servers[0].create(NAMESPACE_ID, "n", &json!({"k": "v"})).secret_id();
            for server in &servers {
                assert_eq!(server.describe(NAMESPACE_ID, id).data()["SecretData"]["k"], "v");
            }
            assert_eq!(number(&folder, "SELECT count(*) FROM secrets"), 2);
            check_database(folder.path());
        }
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn nothing_is_left_behind_by_a_rotation_while_others_write() {
    for (folder, is_strict) in folders().into_iter().zip([false, true]) {
        let (one, other) = (start(folder.path()), start(folder.path()));
        let updated = one.create(NAMESPACE_ID, "updated", &json!({"k": "v"})).secret_id();
        let (is_over, written) = (AtomicBool::new(false), AtomicU64::new(0));
        thread::scope(|scope| {
            let _ends = torture::ends(&is_over);
            for task in 0..6 {
                let (server, is_over, written) =
                    (if task % 2 == 0 { &one } else { &other }, &is_over, &written);
                scope.spawn(move || {
                    while !is_over.load(Ordering::SeqCst) {
                        let number = written.fetch_add(1, Ordering::SeqCst);
                        let reply = match task {
                            0 | 1 => server.update(NAMESPACE_ID, updated, &json!({"k": "w"})),
                            _ => server.create(
                                "cn-hangzhou",
                                &format!("n{number}"),
                                &json!({"k": "v"}),
                            ),
                        };
                        match reply.status {
                            200 if task > 1 && number % 20 > 0 => {
                                // Else the namespace would be full soon.
                                let id = reply.secret_id().to_string();
                                let place = [("NamespaceId", "cn-hangzhou"), ("SecretId", &id)];
                                server.call("DELETE", SECRET, &place);
                            }
                            200 => {}
                            // Reading all rows and writing some conflict there, again and again.
                            _ if is_strict => {
                                reply.assert_error(500, "OperationFailed.RPCError");
                            }
                            _ => panic!("{}", reply.text()),
                        }
                        thread::sleep(Duration::from_millis(if is_strict { 100 } else { 20 }));
                    }
                });
            }
            for _ in 0..torture::rounds(6) {
                done(folder.path(), &["keys", "rotate"]);
                let all = keys(folder.path());
                let old: BTreeSet<_> = all.iter().filter(|(_, state, _)| state == "old").collect();
                assert!(old.iter().all(|(_, _, secrets)| *secrets == 0), "{all:?}");
                for (id, _, _) in old {
                    done(folder.path(), &["keys", "retire", id]);
                }
            }
        });
        let (current, _, _) = &keys(folder.path())[0];
        assert!(
            refused(folder.path(), &["keys", "retire", current]).contains("is the current one")
        );
        println!("{} writes while keys were rotated", written.load(Ordering::SeqCst));
        check_database(folder.path());
    }
}
