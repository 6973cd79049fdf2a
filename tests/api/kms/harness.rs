//! KMS over a socket: a server of a test, who calls it, and what its replies are held to.

pub use std::sync::atomic::Ordering;
use std::{
    sync::{Arc, atomic::AtomicU64},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use diesel::{
    Connection as _, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
    sql_query, sql_types::BigInt,
};
use hmac::{Hmac, KeyInit, Mac};
use sae_secret::{clock::Clock, settings::Settings};
pub use serde_json::{Value, json};
use sha1::Sha1;

pub use crate::common::{Reply, Request, TestServer, encoded, postgres, query, server::*};

/// The account of the world, and its first region.
pub const ACCOUNT: &str = "1000000000000001";
pub const REGION: &str = "cn-hangzhou";

/// The account that some users of the world belong to.
pub const FOREIGN: &str = "2000000000000002";

/// When the clock of a test begins, in Unix seconds: 2026-01-02T03:04:05Z.
pub const START: i64 = 1_767_323_045;

/// An hour and a day, in seconds.
pub const HOUR: i64 = 3_600;
pub const DAY: i64 = 86_400;

/// How long a test waits for what comes by itself.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A user without rights, one that may do anything to the secret `mine`, and two instances.
const WORLD: &str = r#"
users:
  - { name: alice }
  - { name: nobody, access_keys: [{ id: AK-nobody, secret: secret-of-nobody }] }
  - name: rotator
    access_keys: [{ id: AK-rotator, secret: secret-of-rotator }]
    policies:
      - Version: "1"
        Statement:
          - { Effect: Allow, Action: "kms:*", Resource: "acs:kms:*:*:secret/mine" }
kms:
  instances:
    - { id: kst-good }
    - { id: kst-away, state: Disconnected }
"#;

/// Parameters, by name.
pub type Given<'a> = &'a [(&'a str, &'a str)];

/// What refuses a parameter, by operation.
pub fn not_valid(name: &str, why: &str) -> String {
    format!("The specified parameter is not valid. {name}: {why}")
}

pub fn some_not_valid(name: &str) -> String {
    format!("some of the specified parameters \"{name}\" is not valid")
}

pub fn missing(name: &str) -> String {
    format!("The parameter \"{name}\" needed but no provided.")
}

pub fn forbidden_for(resource: &str) -> String {
    format!("This operation for {resource} is forbidden by permission system.")
}

pub const NOT_AUTHORIZED: &str = "You are not authorized to perform the operation.";
pub const THE_RESOURCE: &str = "The resource is not found.";
pub const RESOURCE: &str = "Resource not found";
pub const RESOURCE_STOP: &str = "Resource not found.";
pub const UNSUPPORTED: &str = "This action is not supported.";
pub const IN_WINDOW: &str = "secret in delete peroid";
pub const VERSION_EXISTS: &str = "The request was rejected becasue key already exsit";

pub fn arn(name: &str) -> String {
    format!("acs:kms:{REGION}:{ACCOUNT}:secret/{name}")
}

/// A server with a clock of its own, called by the account itself unless a user is said.
pub struct Kms {
    pub server: TestServer,
    pub clock: Arc<SetClock>,
}

impl Kms {
    pub fn start() -> Self {
        Self::start_with(WORLD)
    }

    /// A server of those refusals as well that only the cloud gives.
    pub fn start_strict() -> Self {
        Self::start_and(WORLD, |settings| settings.kms_strict = true)
    }

    /// A server with these lines of its world besides the account and the regions.
    pub fn start_with(world: &str) -> Self {
        Self::start_and(world, |_| {})
    }

    pub fn start_and(world: &str, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_in(START, &whole(world), change)
    }

    /// A server of that world alone, whose clock shows that Unix time in seconds.
    pub fn start_in(now: i64, world: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let clock = SetClock::at(now);
        let server = TestServer::start_at(clock.clone(), world, change);
        Self { server, clock }
    }

    /// Another server over the same database, with another world.
    pub fn again(&self, world: &str) -> Self {
        let (url, keys) = database_of(self.server.folder.path());
        let clock = Arc::clone(&self.clock);
        let server = TestServer::start_at(clock.clone(), &whole(world), |settings| {
            settings.database.database_url = url;
            settings.database.master_key_file = keys;
        });
        Self { server, clock }
    }

    /// Runs a statement on the database, past the server.
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
        let (url, _) = database_of(self.server.folder.path());
        let path = url.strip_prefix("sqlite://").unwrap();
        let mut connection = SqliteConnection::establish(path).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
        connection
    }

    /// Lets so many seconds go by at once.
    pub fn wait(&self, seconds: i64) {
        self.clock.set(self.clock.now().0 / 1000 + seconds);
    }

    /// Sets the time, in seconds since the test began.
    pub fn set_time(&self, seconds: i64) {
        self.clock.set(START + seconds);
    }

    pub fn root(&self) -> Caller<'_> {
        Caller { kms: self, user: None, id: None }
    }

    /// One of the world's users, whose key is `AK-NAME` with the secret `secret-of-NAME`.
    pub fn user<'a>(&'a self, name: &'a str) -> Caller<'a> {
        Caller { kms: self, user: Some(name), id: None }
    }

    /// Sends a request, and holds a reply in JSON to what each of them has.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Reply {
        let reply = self.server.send(request);
        if reply.header("content-type") == Some("application/json;charset=utf-8") {
            check(&reply);
        }
        reply
    }

    #[track_caller]
    pub fn call(&self, action: &str, parameters: Given) -> Reply {
        self.root().call(action, parameters)
    }

    #[track_caller]
    pub fn ok(&self, action: &str, parameters: Given) -> Value {
        self.root().ok(action, parameters)
    }

    #[track_caller]
    pub fn refused(&self, action: &str, parameters: Given, status: u16, code: &str, message: &str) {
        self.root().refused(action, parameters, status, code, message);
    }

    /// Creates a Generic secret with a version `v1`.
    #[track_caller]
    pub fn create(&self, name: &str) -> Value {
        self.create_with(name, &[])
    }

    #[track_caller]
    pub fn create_with(&self, name: &str, more: Given) -> Value {
        self.ok("CreateSecret", &creation(name, more))
    }

    /// Puts a version, with its stages if they are said.
    #[track_caller]
    pub fn put(&self, name: &str, version: &str, stages: &[&str]) -> Value {
        let data = data_of(version);
        let text = json!(stages).to_string();
        let mut parameters =
            vec![("SecretName", name), ("VersionId", version), ("SecretData", data.as_str())];
        if !stages.is_empty() {
            parameters.push(("VersionStages", text.as_str()));
        }
        self.ok("PutSecretValue", &parameters)
    }

    /// Each version that is listed with its stages, the newest first.
    #[track_caller]
    pub fn versions(&self, name: &str) -> Vec<String> {
        let listed = self.ok(
            "ListSecretVersionIds",
            &[("SecretName", name), ("IncludeDeprecated", "true"), ("PageSize", "100")],
        );
        let versions = listed["VersionIds"]["VersionId"].as_array().unwrap();
        let shown = versions.iter().map(|version| {
            let stages = version["VersionStages"]["VersionStage"].as_array().unwrap();
            let stages: Vec<&str> = stages.iter().map(|stage| stage.as_str().unwrap()).collect();
            format!("{} {}", version["VersionId"].as_str().unwrap(), stages.join(" "))
                .trim_end()
                .to_owned()
        });
        shown.collect()
    }

    /// What DescribeSecret tells of a secret.
    #[track_caller]
    pub fn describe(&self, name: &str) -> Value {
        self.ok("DescribeSecret", &[("SecretName", name)])
    }

    /// The current value, and what is told with it.
    #[track_caller]
    pub fn value(&self, name: &str) -> Value {
        self.ok("GetSecretValue", &[("SecretName", name)])
    }

    /// The names on a page of the list with these parameters.
    #[track_caller]
    pub fn listed(&self, parameters: Given) -> Vec<String> {
        names(&self.ok("ListSecrets", parameters))
    }
}

fn whole(world: &str) -> String {
    format!("account: \"{ACCOUNT}\"\nregions: [{REGION}, cn-beijing]\n{world}\n")
}

/// The names in a list of secrets.
pub fn names(listed: &Value) -> Vec<String> {
    let secrets = listed["SecretList"]["Secret"].as_array().unwrap();
    secrets.iter().map(|secret| secret["SecretName"].as_str().unwrap().to_owned()).collect()
}

/// The data that tests put into a version.
pub fn data_of(version: &str) -> String {
    format!("canary-data-of-{version}")
}

/// The parameters of a creation, in which `more` replaces and adds.
pub fn creation<'a>(name: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut parameters =
        vec![("SecretName", name), ("VersionId", "v1"), ("SecretData", "canary-data-of-v1")];
    parameters.retain(|(known, _)| more.iter().all(|(name, _)| name != known));
    parameters.extend(more);
    parameters
}

/// Somebody who calls.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    kms: &'a Kms,
    user: Option<&'a str>,
    /// The id of the key, where it is not the user's.
    id: Option<&'a str>,
}

static NONCE: AtomicU64 = AtomicU64::new(0);

impl<'a> Caller<'a> {
    /// With another id of the key.
    pub fn with_id(self, id: &'a str) -> Self {
        Self { id: Some(id), ..self }
    }

    /// Sends a request as Terraform's provider does: the system's parameters in the query, those of the operation in a
    /// form.
    #[track_caller]
    pub fn call(&self, action: &str, parameters: Given) -> Reply {
        self.call_at(0, action, parameters)
    }

    /// The same with the time of its signature so many seconds from now.
    #[track_caller]
    pub fn call_at(&self, seconds: i64, action: &str, parameters: Given) -> Reply {
        self.kms.send(&self.request(seconds, &[], action, parameters).0)
    }

    /// A request as it is sent, without some of the system's parameters, and the text that its signature is of.
    pub fn request(
        &self,
        seconds: i64,
        left_out: &[&str],
        action: &str,
        parameters: Given,
    ) -> (Request, String) {
        self.request_by("POST", seconds, left_out, action, parameters)
    }

    /// The same by another method.
    pub fn request_by(
        &self,
        method: &str,
        seconds: i64,
        left_out: &[&str],
        action: &str,
        parameters: Given,
    ) -> (Request, String) {
        let mut system = vec![("Action", action.to_owned()), ("Version", "2016-01-20".to_owned())];
        if parameters.iter().all(|(name, _)| *name != "Format") {
            system.push(("Format", "json".to_owned()));
        }
        let mut text = String::new();
        if let Some(user) = self.user {
            let now = self.kms.clock.now().0 + seconds * 1000;
            let now = jiff::Timestamp::from_millisecond(now).unwrap();
            let id = self.id.map_or_else(|| format!("AK-{user}"), str::to_owned);
            system.extend([
                ("AccessKeyId", id),
                ("SignatureMethod", "HMAC-SHA1".to_owned()),
                ("SignatureVersion", "1.0".to_owned()),
                ("SignatureNonce", NONCE.fetch_add(1, Ordering::Relaxed).to_string()),
                ("Timestamp", now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ]);
            system.retain(|(name, _)| !left_out.contains(name));
            let all = system.iter().map(|(name, value)| (*name, value.as_str()));
            let mut all: Vec<_> = all.chain(parameters.iter().copied()).collect();
            all.sort_unstable();
            text = format!("{method}&%2F&{}", encoded(&query(&all)));
            let key = format!("secret-of-{user}&");
            let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
            mac.update(text.as_bytes());
            system.push(("Signature", STANDARD.encode(mac.finalize().into_bytes())));
        }
        system.retain(|(name, _)| !left_out.contains(name));
        let system: Vec<_> = system.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = Request::new(method, format!("/?{}", query(&system)))
            .body("application/x-www-form-urlencoded", query(parameters));
        (request, text)
    }

    /// The members of a reply to what succeeds, but for the request's id.
    #[track_caller]
    pub fn ok(&self, action: &str, parameters: Given) -> Value {
        let reply = self.call(action, parameters);
        assert_eq!(reply.status, 200, "{action}: {}", reply.text());
        let mut body = reply.json();
        body.as_object_mut().unwrap().shift_remove("RequestId");
        body
    }

    #[track_caller]
    pub fn refused(&self, action: &str, parameters: Given, status: u16, code: &str, message: &str) {
        failed(&self.call(action, parameters), status, code, message);
    }
}

/// What every reply in JSON has.
#[track_caller]
fn check(reply: &Reply) {
    let body = reply.json();
    let members = body.as_object().expect("an object");
    let id = members["RequestId"].as_str().expect("an id");
    let parsed = id.parse::<uuid::Uuid>().expect("a UUID");
    assert_eq!(parsed.hyphenated().to_string(), id);
    assert_eq!(reply.header("x-acs-request-id"), Some(id));
    if reply.status == 200 {
        assert!(!members.contains_key("Code") && !members.contains_key("Success"), "{body}");
        return;
    }
    assert_eq!(members["HttpStatus"], reply.status, "{body}");
    for name in ["Code", "Message", "HostId", "Recommend"] {
        assert!(members[name].is_string(), "{body}");
    }
    let known = ["RequestId", "HttpStatus", "HostId", "Code", "Message", "Recommend"];
    let is_known = |name: &String| known.contains(&name.as_str()) || name == "AccessDeniedDetail";
    assert!(members.keys().all(is_known), "{body}");
}

/// Holds a reply to an error.
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
    let deadline = Instant::now() + TIMEOUT;
    while !has_come() {
        assert!(Instant::now() < deadline, "{what} does not come");
        thread::sleep(Duration::from_millis(50));
    }
}
