//! A server of a test's own, built by the function that `serve` builds it with.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use actix_web::dev::ServerHandle;
use sae_secret::{
    clock::{Clock, SystemClock, Timestamp},
    server::Application,
    settings::{DatabaseSettings, DockerConfigChoice, LogFormat, Settings},
};
use serde_json::Value;

use super::{
    Reply, Request, document, leaks,
    postgres::{self, Database},
    query,
    wire::Connection,
};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A folder that goes with its owner, and the database of a server that belongs to it, if one does.
pub struct Folder {
    path: PathBuf,
    database: Option<Database>,
}

/// The file in a folder that names the database that belongs to it.
const DATABASE_URL: &str = "database.url";

/// The file in a folder that says where the tests themselves find it, whatever stands before it.
const DIRECT_ADDRESS: &str = "database.address";

/// The file in a folder with the master key of that.
const DATABASE_KEY: &str = "master.keys";

impl Folder {
    pub fn new() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sae-secret-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self { path, database: None }
    }

    /// With a database of the server that the tests are held to, if they are; else with none, and a file will be made.
    pub fn with_database() -> Self {
        if postgres::server().is_some() { Self::on_server() } else { Self::new() }
    }

    /// With a database of the server.
    pub fn on_server() -> Self {
        let mut folder = Self::new();
        let database = Database::new();
        folder.point_to_database(&database);
        folder.database = Some(database);
        folder
    }

    /// Says that a database belongs to the folder, which goes by itself.
    pub fn point_to_database(&self, database: &Database) {
        self.point_to(&database.url());
        fs::write(self.path.join(DIRECT_ADDRESS), database.address()).unwrap();
    }

    /// Says where the database of the folder is from now on.
    pub fn point_to(&self, url: &str) {
        fs::write(self.path.join(DATABASE_URL), url).unwrap();
        postgres::write_master_key(&self.path.join(DATABASE_KEY));
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database of the server.
    pub fn database(&self) -> &Database {
        self.database.as_ref().expect("the folder has a database of a server")
    }
}

/// Where the database of a folder is, and where its master keys are if they have to be named.
pub fn database_of(folder: &Path) -> (String, Option<PathBuf>) {
    match fs::read_to_string(folder.join(DATABASE_URL)) {
        Ok(url) => (url, Some(folder.join(DATABASE_KEY))),
        Err(_) => (format!("sqlite://{}", folder.join("test.db").display()), None),
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.path));
    }
}

/// The world of most tests: two regions, a namespace with room, one with room for three secrets, one that is in use.
pub const WORLD: &str = r#"
account: "1000000000000001"
regions: [cn-beijing, cn-hangzhou]
quotas: { namespaces: 10, secrets_per_namespace: 100, keys_per_secret: 5 }
namespaces:
  - { id: "cn-beijing:test", name: test, description: "" }
  - { id: "cn-beijing:small", name: small, quotas: { secrets_per_namespace: 3 } }
  - id: "cn-beijing:busy"
    name: busy
    applications:
      - { id: f16b4000-9058-4c22-a49d-49a28f0b0000, name: test-app, secrets: [used] }
  - { id: "cn-beijing:clustered", name: clustered, clusters: [cluster-1] }
"#;

/// Who is known in the tests about callers: one of each kind, with secrets that are none.
pub const USERS: &str = r#"
users:
  - name: full
    access_keys:
      - { id: testAKid0000000000000001, secret: testAKsecret000000000000000001 }
      - { id: LTAI5tFullInactive000001, secret: full-inactive-not-real, status: Inactive }
    policies: [AliyunSAEFullAccess]
  - name: reader
    access_keys: [{ id: LTAI5tReader000000000001, secret: reader-not-real }]
    policies: [AliyunSAEReadOnlyAccess]
  - name: nobody
    access_keys: [{ id: LTAI5tNobody000000000001, secret: nobody-not-real }]
  - name: forbidden
    access_keys: [{ id: LTAI5tForbidden000000001, secret: forbidden-not-real }]
    policies:
      - AliyunSAEFullAccess
      - { Version: "1", Statement: [{ Effect: Deny, Action: "sae:D*", Resource: "*" }] }
root:
  access_keys: [{ id: LTAI5tRoot00000000000001, secret: root-not-real }]
sts:
  - { id: STS.fakeid, secret: fakests-secret, token: "FAKETOKEN/+=abc", expires: 2100-01-01T00:00:00Z, user: full }
  - { id: STS.reader, secret: sts-reader-not-real, token: READERTOKEN, expires: 2100-01-01T00:00:00Z, user: reader }
  - { id: STS.expired, secret: sts-expired-not-real, token: EXPIREDTOKEN, expires: 2020-01-01T00:00:00Z, user: full }
"#;

/// The world of the tests, with users.
pub fn world_with_users() -> String {
    format!("{WORLD}{USERS}")
}

/// A clock that stands still until it is set.
pub struct SetClock(AtomicI64);

impl SetClock {
    /// A clock that shows that Unix time, in seconds.
    pub fn at(seconds: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(seconds)))
    }

    pub fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst) * 1000)
    }
}

/// Where the tests themselves find the database of a server that belongs to a folder, if one does.
pub fn direct_address(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join(DIRECT_ADDRESS)).ok()
}

/// A running server with its own database.
pub struct TestServer {
    pub address: SocketAddr,
    pub folder: Folder,
    handle: ServerHandle,
    thread: Option<thread::JoinHandle<()>>,
}

impl TestServer {
    pub fn start() -> Self {
        Self::start_with(WORLD, |_| {})
    }

    pub fn start_with(world: &str, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_at(Arc::new(SystemClock), world, change)
    }

    /// A server that goes by another clock.
    pub fn start_at(
        clock: Arc<dyn Clock>,
        world: &str,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        leaks::record();
        leaks::know_world(world);
        let folder = Folder::with_database();
        let world_file = folder.path().join("world.yaml");
        fs::write(&world_file, world).unwrap();
        let (database_url, master_key_file) = database_of(folder.path());
        let mut settings = Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            database: DatabaseSettings {
                database_url,
                database_password_file: None,
                master_key_file,
                master_key_command: None,
            },
            world: Some(world_file),
            docker_config: DockerConfigChoice::Strict,
            kms_strict: false,
            cors_origin: vec![],
            allowed_host: vec![],
            anonymous: None,
            rate_limit: None,
            trusted_proxy: vec![],
            audit_log: None,
            audit_best_effort: false,
            noop_endpoint: false,
            tls_cert: None,
            tls_key: None,
            log_format: LogFormat::Text,
        };
        change(&mut settings);
        Self::run(folder, settings, clock)
    }

    fn run(folder: Folder, settings: Settings, clock: Arc<dyn Clock>) -> Self {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let application = Application::build(&settings, clock, Default::default()).await;
                let application = application.expect("the server starts");
                sender.send((application.address, application.handle())).unwrap();
                application.run_until_stopped().await.expect("the server runs");
            });
        });
        let (address, handle) = receiver.recv().expect("the server starts");
        Self { address, folder, handle, thread: Some(thread) }
    }

    pub fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// Sends a request on a connection of its own and holds the reply to the document.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Reply {
        self.send_bytes(&request.bytes(self.address))
    }

    /// Sends bytes on a connection of their own and holds the reply to the document.
    #[track_caller]
    pub fn send_bytes(&self, bytes: &[u8]) -> Reply {
        let mut connection = self.connect();
        connection.send(bytes).expect("the server reads");
        let reply = connection.receive();
        document::check_sent(bytes, &reply);
        reply
    }

    #[track_caller]
    pub fn call(&self, method: &str, path: &str, parameters: &[(&str, &str)]) -> Reply {
        self.send(&Request::new(method, format!("{path}?{}", query(parameters))))
    }

    #[track_caller]
    pub fn create_secret(&self, namespace: &str, name: &str, kind: &str, data: &Value) -> Reply {
        self.call(
            "POST",
            SECRET,
            &[
                ("NamespaceId", namespace),
                ("SecretName", name),
                ("SecretType", kind),
                ("SecretData", &data.to_string()),
            ],
        )
    }

    #[track_caller]
    pub fn update_secret(&self, namespace: &str, id: i64, data: &Value) -> Reply {
        self.call(
            "PUT",
            SECRET,
            &[
                ("NamespaceId", namespace),
                ("SecretId", &id.to_string()),
                ("SecretData", &data.to_string()),
            ],
        )
    }

    #[track_caller]
    pub fn describe_secret(&self, namespace: &str, id: i64) -> Reply {
        self.call("GET", SECRET, &[("NamespaceId", namespace), ("SecretId", &id.to_string())])
    }

    #[track_caller]
    pub fn delete_secret(&self, namespace: &str, id: i64) -> Reply {
        self.call("DELETE", SECRET, &[("NamespaceId", namespace), ("SecretId", &id.to_string())])
    }

    #[track_caller]
    pub fn list_secrets(&self, namespace: &str) -> Reply {
        self.call("GET", SECRETS, &[("NamespaceId", namespace)])
    }

    #[track_caller]
    pub fn create_namespace(&self, id: &str, name: &str) -> Reply {
        self.call("POST", NAMESPACE, &[("NamespaceId", id), ("NamespaceName", name)])
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let has_failed = thread::panicking();
        if !has_failed {
            leaks::look_at_metrics(self.address);
        }
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        if !has_failed {
            leaks::check();
        }
    }
}

pub const SECRET: &str = "/pop/v1/sam/secret/secret";
pub const SECRETS: &str = "/pop/v1/sam/secret/secrets";
pub const NAMESPACE: &str = "/pop/v1/paas/namespace";
pub const NAMESPACES: &str = "/pop/v1/paas/namespaces";
pub const NAMESPACE_LIST: &str = "/pop/v1/sam/namespace/describeNamespaceList";
pub const NAMESPACE_RESOURCES: &str = "/pop/v1/sam/namespace/describeNamespaceResources";
pub const REGIONS: &str = "/pop/v1/paas/regionConfig";
