//! A database that goes away and comes back: what can no longer be done is refused in time and with the right words, what
//! was acknowledged stays, and all is well again by itself.

mod disk;
mod files;
mod locks;
mod start;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{child::Server, database::check_database};
use crate::common::{Reply, server::*};

/// How soon a request must be answered while the database is away.
const DEADLINE: Duration = Duration::from_secs(10);

/// How soon after the end of a fault the server must be well again.
const RECOVERY: Duration = Duration::from_secs(2);

const NAMESPACE_ID: &str = "cn-beijing:test";

/// A server that something happens to, and what it has acknowledged.
pub struct Case {
    pub server: Server,
    folder: PathBuf,
    /// All secrets of the namespace: id, name, data.
    known: BTreeMap<i64, (String, Value)>,
}

impl Case {
    pub fn new(folder: &Path) -> Self {
        Self::of(folder, Server::start(folder))
    }

    pub fn of(folder: &Path, server: Server) -> Self {
        let mut case = Self { server, folder: folder.to_owned(), known: BTreeMap::new() };
        for name in ["first", "second"] {
            let reply = case.create(name, &json!({"k": name}));
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
        case
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Tries to make a secret and remembers it if it was made.
    pub fn create(&mut self, name: &str, data: &Value) -> Reply {
        let reply = in_time(|| self.server.create(NAMESPACE_ID, name, data));
        if reply.status == 200 {
            self.known.insert(reply.secret_id(), (name.to_owned(), data.clone()));
        }
        reply
    }

    /// Every operation that writes is an outage, also when all come at once.
    pub fn refuses_writes(&self) {
        let (id, data) = (self.some_id().to_string(), json!({"k": "refused"}).to_string());
        let secret = [("NamespaceId", NAMESPACE_ID), ("SecretId", &id), ("SecretData", &data)];
        let new_secret = [
            ("NamespaceId", NAMESPACE_ID),
            ("SecretName", "refused"),
            ("SecretType", "Opaque"),
            ("SecretData", &data),
        ];
        let new_namespace = [("NamespaceId", "cn-beijing:refused"), ("NamespaceName", "refused")];
        let named = [("NamespaceId", NAMESPACE_ID), ("NamespaceName", "refused")];
        self.refuses(&[
            ("POST", SECRET, &new_secret),
            ("PUT", SECRET, &secret),
            ("DELETE", SECRET, &secret[..2]),
            ("POST", NAMESPACE, &new_namespace),
            ("PUT", NAMESPACE, &named),
            ("DELETE", NAMESPACE, &named[..1]),
        ]);
    }

    /// Every operation that looks at the database is an outage.
    pub fn refuses_reads(&self) {
        let id = self.some_id().to_string();
        let secret = [("NamespaceId", NAMESPACE_ID), ("SecretId", &id)];
        let absent = [("NamespaceId", NAMESPACE_ID), ("SecretId", "999999")];
        self.refuses(&[
            ("GET", SECRET, &secret),
            ("GET", SECRET, &absent),
            ("GET", SECRETS, &secret[..1]),
            ("GET", NAMESPACE, &secret[..1]),
            ("GET", NAMESPACE, &[("NamespaceId", "cn-beijing:absent")]),
            ("GET", NAMESPACES, &[("CurrentPage", "1"), ("PageSize", "10")]),
            ("GET", NAMESPACE_LIST, &[]),
        ]);
    }

    pub fn refuses(&self, calls: &[(&str, &str, &[(&str, &str)])]) {
        thread::scope(|scope| {
            for (method, path, parameters) in calls {
                scope.spawn(move || {
                    in_time(|| self.server.call(method, path, parameters))
                        .assert_error(500, "OperationFailed.RPCError");
                });
            }
        });
    }

    pub fn some_id(&self) -> i64 {
        *self.known.keys().next().expect("one was made")
    }

    /// Whatever was acknowledged can be read as it was, and nothing that was refused is there.
    pub fn serves_reads(&self) {
        let named = [("NamespaceId", NAMESPACE_ID)];
        let listed = in_time(|| self.server.call("GET", SECRETS, &named)).data();
        let listed = listed["Secrets"].as_array().unwrap().iter();
        let listed: BTreeMap<i64, &str> = listed
            .map(|it| (it["SecretId"].as_i64().unwrap(), it["SecretName"].as_str().unwrap()))
            .collect();
        let known = self.known.iter().map(|(id, (name, _))| (*id, &**name)).collect();
        assert_eq!(listed, known);
        for (id, (_, data)) in &self.known {
            let reply = in_time(|| self.server.describe(NAMESPACE_ID, *id));
            assert_eq!(&reply.data()["SecretData"], data, "{id}");
        }
        let described = self.server.call("GET", NAMESPACE, &named).data();
        assert_eq!(described["NamespaceName"], "test");
        let refused = [("NamespaceId", "cn-beijing:refused")];
        let described = self.server.call("GET", NAMESPACE, &refused);
        described.assert_error(404, "InvalidNamespaceId.NotFound");
    }

    /// What monitors are told: the process lives, and whether its database can be read.
    pub fn reports(&self, is_up: bool) {
        assert_eq!(in_time(|| self.server.call("GET", "/health", &[])).status, 200);
        let ready = in_time(|| self.server.call("GET", "/ready", &[])).status;
        assert_eq!(ready, if is_up { 200 } else { 503 });
        let metrics = in_time(|| self.server.call("GET", "/metrics", &[]));
        let line = |line: String| metrics.text().lines().any(|it| it == line);
        assert!(line(format!("sae_secret_store_up {}", u8::from(is_up))), "{}", metrics.text());
        // A count that nobody could take is not told as one.
        let count = format!("sae_secret_secrets {}", self.known.len());
        assert_eq!(line(count), is_up, "{}", metrics.text());
    }

    /// To be called as soon as the fault has ended.
    pub fn recovers(&mut self) {
        let began = Instant::now();
        let name = format!("recovered-{}", self.known.len());
        loop {
            let reply = self.create(&name, &json!({"k": "recovered"}));
            let took = began.elapsed();
            if reply.status == 200 {
                assert!(took < RECOVERY, "well again only after {took:?}");
                println!("well again after {took:?}");
                break;
            }
            reply.assert_error(500, "OperationFailed.RPCError");
            assert!(took < RECOVERY, "not well after {took:?}");
            thread::sleep(Duration::from_millis(20));
        }
        self.serves_reads();
        self.reports(true);
        check_database(&self.folder);
    }

    /// The log names the cause. It is read by another thread, which may be behind.
    pub fn says(&self, cause: &str) {
        let deadline = Instant::now() + DEADLINE;
        while !self.server.log().contains(cause) {
            assert!(Instant::now() < deadline, "{cause}: {}", self.server.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What was acknowledged is not only what the running server remembers.
    pub fn survives_a_kill(mut self) {
        self.server.kill();
        self.server = Server::start(&self.folder);
        self.serves_reads();
        check_database(&self.folder);
    }
}

pub fn in_time(send: impl FnOnce() -> Reply) -> Reply {
    let began = Instant::now();
    let reply = send();
    assert!(began.elapsed() < DEADLINE, "answered after {:?}", began.elapsed());
    reply
}
