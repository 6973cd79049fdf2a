//! The product KMS.

mod batch;
mod crypto;
mod deletion;
mod encryption;
mod generated;
mod harness;
mod keys;
mod lists;
mod managed;
mod password;
mod policies;
mod rights;
mod rotation;
mod secrets;
mod tags;
mod versions;
mod world;

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use diesel::{
    Connection as _, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
    sql_query, sql_types::BigInt,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;

use crate::common::{Reply, Request, TestServer, encoded, postgres, query, server::*};

/// When the tests begin: 2026-01-02T03:04:05Z.
pub const START: i64 = 1_767_323_045;

/// An hour and a day, in seconds.
pub const HOUR: i64 = 3_600;
pub const DAY: i64 = 86_400;

/// How long a test waits for what comes by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// Two regions, two users without rights, one of whom has keys, and three instances.
pub const WORLD: &str = r#"
account: "1000000000000001"
regions: [cn-hangzhou, cn-beijing]
users:
  - { name: alice }
  - name: nobody
    access_keys: [{ id: LTAI5tNobody000000000001, secret: nobody-not-real }]
  - name: rotator
    access_keys: [{ id: LTAI5tRotator00000000001, secret: rotator-not-real }]
    policies:
      - Version: "1"
        Statement:
          - { Effect: Allow, Action: "kms:*", Resource: "acs:kms:*:*:secret/mine" }
kms:
  instances:
    - { id: kst-good }
    - { id: kst-away, state: Disconnected }
"#;

/// An access key of the world's user that may do nothing, and of one that may do anything to the secret `mine`.
pub const NOBODY: (&str, &str) = ("LTAI5tNobody000000000001", "nobody-not-real");
pub const ROTATOR: (&str, &str) = ("LTAI5tRotator00000000001", "rotator-not-real");

/// Parameters, by name.
pub type Given<'a> = &'a [(&'a str, &'a str)];

/// A server with a clock that goes by what the test says.
pub struct Kms {
    pub server: TestServer,
    clock: Arc<SetClock>,
    now: std::cell::Cell<i64>,
}

impl Kms {
    pub fn start() -> Self {
        Self::start_in(WORLD, false)
    }

    pub fn start_in(world: &str, is_strict: bool) -> Self {
        let clock = SetClock::at(START);
        let strict = |settings: &mut sae_secret::settings::Settings| {
            settings.kms_strict = is_strict;
        };
        let server = TestServer::start_at(clock.clone(), world, strict);
        Self { server, clock, now: START.into() }
    }

    /// Lets so many seconds go by at once.
    pub fn pass(&self, seconds: i64) {
        self.now.set(self.now.get() + seconds);
        self.clock.set(self.now.get());
    }

    /// Asks by POST, as the account itself.
    #[track_caller]
    pub fn call(&self, action: &str, given: Given) -> Reply {
        let system = [("Action", action), ("Version", "2016-01-20")];
        let target = format!("/?{}", query(&system));
        let request = Request::new("POST", target);
        self.server.send(&request.body("application/x-www-form-urlencoded", query(given)))
    }

    /// The same as a user, signed by its key.
    #[track_caller]
    pub fn call_as(&self, (id, secret): (&str, &str), action: &str, given: Given) -> Reply {
        let nonce = format!("{:?}", Instant::now());
        let time = time(self.now.get());
        let mut all = vec![
            ("Action", action),
            ("Version", "2016-01-20"),
            ("Format", "JSON"),
            ("AccessKeyId", id),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &nonce),
            ("Timestamp", &time),
        ];
        all.extend(given);
        all.sort_unstable();
        let text = format!("GET&%2F&{}", encoded(&query(&all)));
        let mut mac = Hmac::<Sha1>::new_from_slice(format!("{secret}&").as_bytes()).unwrap();
        mac.update(text.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        all.push(("Signature", &signature));
        self.server.send(&Request::new("GET", format!("/?{}", query(&all))))
    }

    /// What a call answers besides the id of the request, when all goes well.
    #[track_caller]
    pub fn ok(&self, action: &str, given: Given) -> Value {
        let reply = self.call(action, given);
        assert_eq!(reply.status, 200, "{action} {given:?}: {}", reply.text());
        let mut members = reply.json();
        let id = members.as_object_mut().unwrap().remove("RequestId");
        assert_eq!(id.as_ref().and_then(Value::as_str), reply.header("x-acs-request-id"));
        members
    }

    /// Holds a call to an error.
    #[track_caller]
    pub fn fails(&self, action: &str, given: Given, status: u16, code: &str, message: &str) {
        failed(&self.call(action, given), status, code, message);
    }

    /// The names and values of secrets' members that are there.
    #[track_caller]
    pub fn describe(&self, name: &str) -> Value {
        self.ok("DescribeSecret", &[("SecretName", name)])
    }

    /// The current value.
    #[track_caller]
    pub fn value(&self, name: &str) -> Value {
        self.ok("GetSecretValue", &[("SecretName", name)])
    }

    /// The ids of all versions and their stages, the newest first.
    #[track_caller]
    pub fn versions(&self, name: &str) -> Vec<(String, Vec<String>)> {
        let given = [("SecretName", name), ("IncludeDeprecated", "true")];
        let listed = self.ok("ListSecretVersionIds", &given);
        let versions = listed["VersionIds"]["VersionId"].as_array().unwrap().iter();
        let stages = |version: &Value| {
            let stages = version["VersionStages"]["VersionStage"].as_array().unwrap().iter();
            stages.map(|stage| stage.as_str().unwrap().to_owned()).collect()
        };
        versions.map(|it| (it["VersionId"].as_str().unwrap().to_owned(), stages(it))).collect()
    }

    /// Does something to the database.
    pub fn execute(&self, sql: &str) {
        match direct_address(self.server.folder.path()) {
            Some(_) => self.server.folder.database().execute(sql),
            None => self.file().batch_execute(sql).unwrap(),
        }
    }

    /// The number that a query answers.
    pub fn number(&self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            number: i64,
        }
        match direct_address(self.server.folder.path()) {
            Some(address) => postgres::number(&address, sql),
            None => {
                let sql = format!("SELECT ({sql}) AS number");
                sql_query(sql).get_result::<Row>(&mut self.file()).unwrap().number
            }
        }
    }

    fn file(&self) -> SqliteConnection {
        let path = self.server.folder.path().join("test.db").display().to_string();
        let mut connection = SqliteConnection::establish(&path).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
        connection
    }
}

#[track_caller]
pub fn failed(reply: &Reply, status: u16, code: &str, message: &str) {
    let found = (reply.status, reply.code(), reply.message());
    assert_eq!(found, (status, code.to_owned(), message.to_owned()));
}

/// A moment as replies have it.
pub fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap().to_string()
}

/// Waits for what comes by itself.
#[track_caller]
pub fn eventually(what: &str, mut has_come: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !has_come() {
        assert!(Instant::now() < deadline, "{what} does not come");
        thread::sleep(Duration::from_millis(50));
    }
}
