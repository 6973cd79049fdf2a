//! Hostile input against the built binary: huge, deep, endless, slow and malformed. What has to hold each time: the
//! documented answer, no 5xx, bounded memory, nothing changed that was not asked for, and everybody else is served.
//!
//! `make torture` sends ten times as much to the release build, and asks how long somebody else waits meanwhile.

mod bodies;
mod duplicates;
mod fields;
mod heads;
mod json;
mod sockets;
mod texts;

use std::{
    fs,
    panic::{self, AssertUnwindSafe},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use sae_secret::sae::api;
use serde_json::{Value, json};

use super::{child::Server, torture};
use crate::common::{Reply, Request, document, query, server::*, wire::Connection};

/// Where the attacks are aimed at.
const AIM: &str = "cn-beijing:test";

/// Where the secret lives that no attack may touch.
const HOME: &str = "cn-beijing:busy";

/// What the process may hold beside what an attack makes it hold, in KiB: 40 MiB, as much as an idle server may have.
const IDLE_KIB: u64 = 40 * 1024;

/// The good caller's p99 is compared to no less than this: on a machine with two cores, where those who attack have to run as
/// well, a process waits that long for its turn whatever the server does.
const P99_FLOOR: Duration = Duration::from_millis(10);

/// How long the good caller waits between two calls.
const PACE: Duration = Duration::from_millis(3);

/// Runs an attack, which tells how many inputs it sent, against a server of its own. `allowed_kib` is what the attack may
/// make the process hold at its peak.
fn attack(name: &str, allowed_kib: u64, attack: impl FnOnce(&Server) -> usize) {
    static TURN: Mutex<()> = Mutex::new(());
    // Two attacks at a time would each make the other's good caller wait.
    let _turn =
        (torture::rounds(1) > 1).then(|| TURN.lock().unwrap_or_else(PoisonError::into_inner));
    let folder = Folder::new();
    let server = Server::start(folder.path());
    let id = server.create(HOME, "bystander", &json!({"k": "canary-of-a-bystander"})).secret_id();
    let state = || (server.describe(HOME, id).data(), list(&server).data());
    let before = state();
    let quiet = Instant::now() + Duration::from_millis(600);
    let calm = call_until(&server, &before.1, || Instant::now() > quiet);
    let resident_before = memory(&server, "VmRSS:");

    let is_over = AtomicBool::new(false);
    let (inputs, pressed) = thread::scope(|scope| {
        let caller =
            scope.spawn(|| call_until(&server, &before.1, || is_over.load(Ordering::SeqCst)));
        let attacked = panic::catch_unwind(AssertUnwindSafe(|| attack(&server)));
        is_over.store(true, Ordering::SeqCst);
        let pressed = caller.join().expect("the good caller is answered all the time");
        (attacked.unwrap_or_else(|cause| panic::resume_unwind(cause)), pressed)
    });

    let peak = memory(&server, "VmHWM:");
    let (calm, pressed) = (Calls::of(calm), Calls::of(pressed));
    println!(
        "{name}: {inputs} inputs; {resident_before} KiB before, {peak} KiB at the peak; the good caller was answered {} \
         times, p99 {:?} before and {:?} meanwhile",
        pressed.count, calm.p99, pressed.p99,
    );
    assert_eq!(state(), before, "the bystander was touched");
    assert!(peak < IDLE_KIB + allowed_kib, "{peak} KiB, allowed are {IDLE_KIB} + {allowed_kib}");
    assert!(pressed.count > 0, "the good caller had no turn");
    no_fault(&server);
    if torture::rounds(1) > 1 {
        let allowed = 2 * calm.p99.max(P99_FLOOR);
        assert!(pressed.p99 < allowed, "{:?} meanwhile, {:?} before", pressed.p99, calm.p99);
    }
}

/// Nothing failed inside: no answer of 500 or more was counted, and nothing panicked.
fn no_fault(server: &Server) {
    let metrics = server.call("GET", "/metrics", &[]);
    let faults = api::entries().filter(|entry| entry.status >= 500);
    let faults: Vec<String> = faults.map(|entry| format!("code=\"{}\"", entry.code)).collect();
    assert!(!faults.is_empty());
    let requests = metrics.text().lines().filter(|line| line.starts_with("sae_secret_requests_"));
    for line in requests {
        assert!(!faults.iter().any(|fault| line.contains(fault)), "{line}");
    }
    let log = server.log();
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
}

fn list(server: &Server) -> Reply {
    server.call("GET", SECRETS, &[("NamespaceId", HOME)])
}

/// A line of the process's status, in KiB.
fn memory(server: &Server, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let value = status.lines().find_map(|known| known.strip_prefix(line)).expect(line);
    value.trim().trim_end_matches(" kB").parse().unwrap()
}

/// How long each call took of somebody who lists the bystander's namespace, by turns on a connection that is kept and on
/// a new one. Each answer has to be the right one.
fn call_until(server: &Server, expected: &Value, is_over: impl Fn() -> bool) -> Vec<Duration> {
    let target = format!("{SECRETS}?{}", query(&[("NamespaceId", HOME)]));
    let bytes = Request::new("GET", target).bytes(server.address);
    let mut kept = Connection::open(server.address);
    let mut took = vec![];
    while !is_over() {
        let begun = Instant::now();
        let mut new;
        let connection = if took.len() % 2 == 0 {
            &mut kept
        } else {
            new = Connection::open(server.address);
            &mut new
        };
        connection.send(&bytes).unwrap();
        let reply = connection.receive();
        took.push(begun.elapsed());
        document::check("GET", SECRETS, &reply);
        assert_eq!(&reply.data(), expected);
        thread::sleep(PACE);
    }
    took
}

/// The good caller's calls.
struct Calls {
    count: usize,
    p99: Duration,
}

impl Calls {
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort();
        let p99 = took.get(took.len() * 99 / 100).copied().unwrap_or_default();
        Self { count: took.len(), p99 }
    }
}

/// A client that goes on after whatever it was told: a connection that the server closes is opened anew.
struct Client<'a> {
    server: &'a Server,
    connection: Connection,
    sent: usize,
}

impl<'a> Client<'a> {
    fn new(server: &'a Server) -> Self {
        Self { server, connection: server.connect(), sent: 0 }
    }

    /// Sends a request; the reply is one that the document has for it, and no 5xx. What the HTTP library refuses by
    /// itself has no body.
    #[track_caller]
    fn send(&mut self, request: &Request) -> Reply {
        let path = request.target.split('?').next().unwrap_or_default();
        self.send_bytes(&request.method, path, &request.bytes(self.server.address))
    }

    #[track_caller]
    fn send_bytes(&mut self, method: &str, path: &str, bytes: &[u8]) -> Reply {
        self.sent += 1;
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let sent = self.connection.send(bytes);
        let reply = match sent.and_then(|()| self.connection.try_receive(false)) {
            Ok(reply) => reply,
            // A client that goes on sending may see its connection reset and no reply.
            Err(error) => {
                let is_large = head.unwrap_or(bytes.len()) > 131_000;
                assert!(is_large, "{method} {path}: {error}, {head:?} of {} bytes", bytes.len());
                self.connection = self.server.connect();
                return Reply { status: 431, headers: vec![], body: vec![] };
            }
        };
        if !reply.is_bare() {
            document::check_sent(bytes, &reply);
        }
        assert!(reply.status < 500, "{method} {path}: {}", reply.text());
        // The HTTP library closes behind its own refusals, and does not always say so.
        if reply.is_bare() || reply.header("connection") == Some("close") {
            self.connection = self.server.connect();
        }
        reply
    }

    #[track_caller]
    fn call(&mut self, method: &str, path: &str, parameters: &[(&str, &str)]) -> Reply {
        self.send(&Request::new(method, format!("{path}?{}", query(parameters))))
    }

    /// Reads back a secret's data and deletes it, so that the next one has room.
    #[track_caller]
    fn take(&mut self, id: i64) -> Value {
        let id = id.to_string();
        let parameters = [("NamespaceId", AIM), ("SecretId", id.as_str())];
        let data = self.call("GET", SECRET, &parameters).data()["SecretData"].clone();
        self.call("DELETE", SECRET, &parameters).data();
        data
    }
}
