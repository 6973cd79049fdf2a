//! Quotas and names hold when many ask at once.

use std::{sync::Barrier, thread};

use serde_json::json;

use crate::common::{Reply, TestServer};

const CALLERS: usize = 64;

/// Sends from 64 threads that start together.
fn at_once(call: impl Fn(usize) -> Reply + Sync) -> Vec<Reply> {
    let barrier = Barrier::new(CALLERS);
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|index| {
                let (barrier, call) = (&barrier, &call);
                scope.spawn(move || {
                    barrier.wait();
                    call(index)
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

fn counted(replies: &[Reply], code: &str) -> usize {
    replies.iter().filter(|reply| reply.code() == code).count()
}

#[test]
fn three_places_take_three_of_sixty_four_secrets() {
    let server = TestServer::start();
    let data = json!({"k": "canary-not-a-secret"});
    let replies = at_once(|index| {
        server.create_secret("cn-beijing:small", &format!("n{index}"), "Opaque", &data)
    });
    assert_eq!(counted(&replies, "200"), 3);
    assert_eq!(counted(&replies, "QuotaExceeded.SecretInNamespace"), 61);
    let listed = server.list_secrets("cn-beijing:small").data();
    assert_eq!(listed["Secrets"].as_array().unwrap().len(), 3);

    let id = listed["Secrets"][0]["SecretId"].as_i64().unwrap();
    let replies = at_once(|_| server.delete_secret("cn-beijing:small", id));
    assert_eq!(counted(&replies, "200"), 1);
    assert_eq!(counted(&replies, "InvalidSecretId.NotFound"), 63);
    server.create_secret("cn-beijing:small", "again", "Opaque", &data).data();
    server
        .create_secret("cn-beijing:small", "over", "Opaque", &data)
        .assert_error(400, "QuotaExceeded.SecretInNamespace");
}

#[test]
fn one_name_is_given_once() {
    let server = TestServer::start();
    let replies = at_once(|_| {
        server.create_secret(
            "cn-beijing:test",
            "one",
            "Opaque",
            &json!({"k": "canary-not-a-secret"}),
        )
    });
    assert_eq!(counted(&replies, "200"), 1);
    assert_eq!(counted(&replies, "SecretNameConflict.AlreadyExist"), 63);
    let listed = server.list_secrets("cn-beijing:test").data();
    assert_eq!(listed["Secrets"].as_array().unwrap().len(), 1);
}

#[test]
fn namespaces_are_made_once_and_within_the_quota() {
    let server = TestServer::start();
    let replies = at_once(|_| server.create_namespace("cn-beijing:one", "one"));
    assert_eq!(counted(&replies, "200"), 1);
    assert_eq!(counted(&replies, "InstanceExist.NamespaceId"), 63);
    // Four come from the world and one was just made: of ten, five are left.
    let replies = at_once(|index| server.create_namespace(&format!("cn-hangzhou:n{index}"), "n"));
    assert_eq!(counted(&replies, "200"), 5);
    assert_eq!(counted(&replies, "Exceed.Namespace"), 59);
}

#[test]
fn ids_differ_when_many_are_given_at_once() {
    let server = TestServer::start();
    let data = json!({"k": "canary-not-a-secret"});
    let replies = at_once(|index| {
        server.create_secret("cn-beijing:test", &format!("n{index}"), "Opaque", &data)
    });
    let mut ids: Vec<i64> = replies.iter().map(Reply::secret_id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), CALLERS);
}
