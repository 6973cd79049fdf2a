//! `kill -9` in the midst of writing: what was acknowledged is there, what was not is there wholly or not at all.

mod client;
mod tally;
mod writer;

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use super::{
    child::Server,
    database::{check_database, secret_count},
    torture::{self, Dice},
};
use crate::common::server::*;
use client::Client;
use tally::Tally;
use writer::{SHARED, Writer};

const KILLS: u32 = 30;

/// How long after the first acknowledgement the server may live, in milliseconds.
const LIFE: std::ops::Range<u64> = 10..150;

/// How long a server that was started may take to its first acknowledgement.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How large a writer's secrets are, in bytes, and how many it keeps at most. Large ones span many pages of the database,
/// small ones make many commits.
const SMALL: (usize, usize) = (40, 40);
const LARGE: (usize, usize) = (64 * 1024, 8);

const WRITERS: [(usize, usize); 6] = [SMALL, LARGE, SMALL, LARGE, SMALL, SMALL];

#[test]
fn a_kill_loses_no_acknowledged_write_and_leaves_nothing_half_made() {
    let folder = Folder::with_database();
    let mut dice = Dice::new(torture::seed());
    let given = Mutex::new(HashSet::new());
    let mut writers: Vec<Writer> = (WRITERS.into_iter().enumerate())
        .map(|(number, (bytes, most))| Writer::new(number, Dice::new(dice.number()), bytes, most))
        .collect();
    let mut tally = Tally::default();
    let mut server = serve(folder.path());
    for _ in 0..torture::rounds(KILLS) {
        let life = Duration::from_millis(dice.within(LIFE));
        for (kind, count) in write_and_kill(&mut writers, &given, server, life) {
            *tally.acknowledged.entry(kind).or_default() += count;
        }
        tally.kills += 1;
        server = serve(folder.path());
        let mut client = Client::new(server.address);
        for writer in &mut writers {
            writer.settle(&mut client, &given, &mut tally);
        }
        let findings = [&tally.lost, &tally.half_made];
        assert!(findings.iter().all(|it| it.is_empty()), "{tally}\n{findings:#?}");
        nothing_else_is_there(&writers, &mut client, folder.path());
        check_database(folder.path());
    }
    println!("{tally}");
    assert_eq!(tally.acknowledged.len(), 5, "every kind of write was acknowledged");
    assert!(tally.done + tally.not_done > 0, "something was under way at a kill");
}

fn serve(folder: &Path) -> Server {
    let world = folder.join("roomy.yaml");
    let quotas = "{ namespaces: 1000, secrets_per_namespace: 1000000 }";
    fs::write(&world, format!("regions: [{SHARED}]\nquotas: {quotas}\n")).unwrap();
    Server::start_with(folder, |command| {
        command.env("SAE_SECRET_WORLD", &world);
    })
}

/// All write at once, until the server is killed. Answers how many writes of each kind were acknowledged.
fn write_and_kill(
    writers: &mut [Writer],
    given: &Mutex<HashSet<i64>>,
    mut server: Server,
    life: Duration,
) -> BTreeMap<&'static str, u64> {
    let is_killed = AtomicBool::new(false);
    let (sender, acknowledged) = mpsc::channel();
    thread::scope(|scope| {
        let mut tasks = vec![];
        for writer in writers {
            // Made here: a writer that was slow to start would find no server.
            let mut client = Client::new(server.address);
            let (is_killed, sender) = (&is_killed, sender.clone());
            tasks.push(scope.spawn(move || writer.write(&mut client, given, is_killed, &sender)));
        }
        acknowledged.recv_timeout(TIMEOUT).expect("something is acknowledged");
        thread::sleep(life);
        is_killed.store(true, Ordering::SeqCst);
        server.kill();
        let mut counts = BTreeMap::new();
        for task in tasks {
            for (kind, count) in task.join().unwrap() {
                *counts.entry(kind).or_default() += count;
            }
        }
        counts
    })
}

/// What was deleted stays deleted, and nobody has made what no writer asked for.
fn nothing_else_is_there(writers: &[Writer], client: &mut Client, folder: &Path) {
    let mut expected = BTreeMap::from([(SHARED.to_owned(), vec![])]);
    for writer in writers {
        expected.extend(writer.namespaces.iter().map(|id| (id.clone(), vec![])));
    }
    for (id, secret) in writers.iter().flat_map(|writer| &writer.secrets) {
        expected.get_mut(&secret.namespace).expect("its namespace is there").push(*id);
    }
    let listed: BTreeMap<String, Vec<i64>> = (client.namespaces().into_iter())
        .map(|id| (id.clone(), client.secrets(&id).into_keys().collect()))
        .collect();
    expected.values_mut().for_each(|ids| ids.sort_unstable());
    assert_eq!(listed, expected);
    let count: usize = expected.values().map(Vec::len).sum();
    assert_eq!(secret_count(folder), count as i64, "also where no listing looks");
}
