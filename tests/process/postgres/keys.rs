//! KMS keys, where several servers write at once.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use super::{
    races::{ask_at_once, folders, others_were_told, successes},
    start,
};
use crate::{
    child::Server,
    common::{Reply, Request, query, server::*},
    database::{check_database, execute, number_of},
    due::call,
    torture,
    upkeep::{done, keys},
};

/// What an operation answers, whatever that is.
pub fn ask(server: &Server, action: &str, given: &[(&str, &str)]) -> Reply {
    let system = [("Action", action), ("Version", "2016-01-20")];
    let target = format!("/?{}", query(&[&system[..], given].concat()));
    let mut connection = server.connect();
    connection.send(&Request::new("GET", target).bytes(server.address)).unwrap();
    connection.receive()
}

pub fn key(server: &Server, given: &[(&str, &str)]) -> String {
    let made = call(server, "CreateKey", given);
    made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
}

fn count(folder: &Folder, what: &str) -> i64 {
    number_of(folder.path(), &format!("SELECT CAST(count(*) AS BIGINT) AS number FROM {what}"))
}

/// Servers with room for so many keys.
fn start_with_quota(folder: &Folder, keys: u32) -> [Server; 2] {
    start_in(folder, &format!("{{ quotas: {{ keys: {keys} }} }}"))
}

/// Servers with that `kms` in their world.
pub fn start_in(folder: &Folder, kms: &str) -> [Server; 2] {
    let world = folder.path().join("small.yaml");
    std::fs::write(&world, format!("regions: [cn-beijing]\nkms: {kms}\n")).unwrap();
    [(); 2].map(|()| {
        Server::start_with(folder.path(), |command| {
            command.env("SAE_SECRET_WORLD", &world);
        })
    })
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn the_quotas_of_keys_and_aliases_hold() {
    for (folder, is_serializable) in folders().into_iter().zip([false, true]) {
        // There all that wait for one row are refused at once, and some too often.
        let others_were_told = |replies: &[Reply], code: &str| {
            let is_other = |reply: &&Reply| !is_serializable || reply.code() != "InternalFailure";
            let replies: Vec<Reply> = replies.iter().filter(is_other).cloned().collect();
            others_were_told(&replies, code);
        };
        let servers = start_with_quota(&folder, 10);
        let both = [&servers[0], &servers[1]];
        let replies = ask_at_once(both, |server, _| ask(server, "CreateKey", &[]));
        assert_eq!((successes(&replies), count(&folder, "kms_keys")), (10, 10));
        others_were_told(&replies, "Rejected.LimitExceeded");
        let id = ask(both[0], "ListKeys", &[]).json()["Keys"]["Key"][0]["KeyId"].clone();
        let id = id.as_str().unwrap();
        let replies = ask_at_once(both, |server, _| {
            ask(server, "CreateAlias", &[("KeyId", id), ("AliasName", "alias/raced")])
        });
        assert_eq!((successes(&replies), count(&folder, "kms_aliases")), (1, 1));
        others_were_told(&replies, "AliasAlreadyExists");
        execute(
            folder.path(),
            &format!(
                "INSERT INTO kms_aliases SELECT scope, 'alias/' || n, id, 0
                 FROM kms_keys, generate_series(1, 289) AS n WHERE key_id = '{id}'"
            ),
        );
        let replies = ask_at_once(both, |server, number| {
            let name = format!("alias/of-{number}");
            ask(server, "CreateAlias", &[("KeyId", id), ("AliasName", &name)])
        });
        assert_eq!((successes(&replies), count(&folder, "kms_aliases")), (10, 300));
        others_were_told(&replies, "Rejected.LimitExceeded");
        check_database(folder.path());
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn a_key_that_several_servers_find_due_is_rotated_once() {
    for folder in folders() {
        let servers = [start(folder.path()), start(folder.path()), start(folder.path())];
        let rotated = [("EnableAutomaticRotation", "true"), ("RotationInterval", "7d")];
        let keys: Vec<String> = (0..30).map(|_| key(&servers[0], &rotated)).collect();
        let given = [("KeyId", keys[7].as_str()), ("Plaintext", "c3BlY2ltZW4=")];
        let sealed = call(&servers[1], "Encrypt", &given);
        for round in 1..=torture::rounds(1) {
            execute(folder.path(), "UPDATE kms_keys SET next_rotation_at = 1000");
            while count(&folder, "kms_keys WHERE next_rotation_at = 1000") > 0 {
                thread::sleep(Duration::from_millis(20));
            }
            // Time for the others to come as well.
            thread::sleep(Duration::from_millis(2_500));
            assert_eq!(count(&folder, "kms_key_versions"), 30 * (i64::from(round) + 1));
        }
        let blob = sealed["CiphertextBlob"].as_str().unwrap();
        for server in &servers {
            let opened = call(server, "Decrypt", &[("CiphertextBlob", blob)]);
            assert_eq!(opened["Plaintext"], "c3BlY2ltZW4=");
            assert!(!server.log().contains("ERROR"), "{}", server.log());
        }
        check_database(folder.path());
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn keys_that_several_servers_find_to_be_deleted_are_counted_once() {
    for folder in folders() {
        let servers = [start(folder.path()), start(folder.path())];
        let keys: Vec<String> = (0..150).map(|_| key(&servers[0], &[])).collect();
        let name = ("AliasName", "alias/stays");
        call(&servers[0], "CreateAlias", &[("KeyId", &keys[0]), name]);
        let secret = [("SecretName", "s"), ("VersionId", "v1"), ("SecretData", "v")];
        let by_key = [("EncryptionKeyId", keys[1].as_str())];
        call(&servers[0], "CreateSecret", &[&secret[..], &by_key].concat());
        execute(
            folder.path(),
            &format!(
                "UPDATE kms_keys SET delete_at = 1000, state = 'PendingDeletion' WHERE key_id <> '{}'",
                keys[0]
            ),
        );
        while count(&folder, "kms_keys") > 1 {
            thread::sleep(Duration::from_millis(20));
        }
        let counted = "SELECT CAST(sum(keys) AS BIGINT) AS number FROM kms_counts";
        assert_eq!(number_of(folder.path(), counted), 1);
        assert_eq!(
            (count(&folder, "kms_key_versions"), count(&folder, "kms_deleted_keys")),
            (1, 1)
        );
        call(&servers[1], "DescribeKey", &[("KeyId", name.1)]);
        for server in &servers {
            assert!(!server.log().contains("ERROR"), "{}", server.log());
        }
        check_database(folder.path());
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn whatever_is_written_beside_a_rotation_is_under_its_key() {
    let folder = Folder::on_server();
    let servers = start_with_quota(&folder, 1_000_000);
    let sealing = key(&servers[0], &[]);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let _ends = torture::ends(&ended);
        for writer in 0..4 {
            let (ended, server, sealing) = (&ended, &servers[writer % 2], &sealing);
            scope.spawn(move || {
                let mut number = 0;
                while !ended.load(Ordering::SeqCst) {
                    let name = format!("n{writer}-{number}");
                    let given =
                        [("SecretName", name.as_str()), ("VersionId", "v1"), ("SecretData", "v")];
                    let by_key = [("EncryptionKeyId", sealing.as_str())];
                    let by_key = if number % 5 == 0 { &by_key[..] } else { &[] };
                    call(server, "CreateSecret", &[&given[..], by_key].concat());
                    let put = [given[0], ("VersionId", "v2"), ("SecretData", "w")];
                    call(server, "PutSecretValue", &put);
                    call(server, "CreateKey", &[]);
                    number += 1;
                    thread::sleep(Duration::from_millis(20));
                }
            });
        }
        for _ in 0..torture::rounds(3) {
            done(folder.path(), &["keys", "rotate"]);
            let states = keys(folder.path());
            let old: Vec<&String> = states.iter().rev().skip(1).map(|(id, _, _)| id).collect();
            for id in old {
                let left = ["kms_versions", "kms_key_versions"]
                    .map(|table| count(&folder, &format!("{table} WHERE key_id = '{id}'")));
                assert_eq!(left, [0, 0], "{id} wraps rows that were written meanwhile");
                done(folder.path(), &["keys", "retire", id]);
            }
        }
    });
    check_database(folder.path());
}
