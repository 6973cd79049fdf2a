//! Databases of a test's own on the server that `tests/postgres/run` starts.

use std::{
    env, fs,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use tokio_postgres::{Client, NoTls};

/// The variable that names the server: the beginning of a URL, up to the name of a database.
pub const SERVER: &str = "TEST_POSTGRES";

/// The variable that, when it is set, has each database begin with partitioned tables.
const PARTITIONED: &str = "PARTITIONED";

/// How many partitions a table has then.
pub const PARTITIONS: usize = 4;

/// A master key, for databases beside which there is no place for one.
pub const MASTER_KEY: &str = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

static COUNT: AtomicU32 = AtomicU32::new(0);

/// The server, when the tests are to be held to it; else they are held to SQLite.
pub fn server() -> Option<String> {
    env::var(SERVER).ok()
}

/// A database that goes with its owner.
pub struct Database {
    name: String,
    server: String,
}

impl Database {
    /// An empty one.
    pub fn new() -> Self {
        let server = server();
        Self::on(&server.unwrap_or_else(|| panic!("{SERVER} names no server: tests/postgres/run")))
    }

    /// An empty one of another server.
    pub fn on(server: &str) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = Self {
            name: format!("test_{}_{number}", std::process::id()),
            server: server.to_owned(),
        };
        database.administer(&format!("CREATE DATABASE {}", database.name));
        if env::var_os(PARTITIONED).is_some() {
            database.partition();
        }
        database
    }

    /// Makes the tables of an empty one, as somebody does who wants them in partitions before a server makes them.
    pub fn partition(&self) {
        let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
        let mut folders: Vec<_> =
            fs::read_dir(migrations).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        for folder in folders {
            let mut sql = fs::read_to_string(folder.join("up.sql")).unwrap();
            for (table, key) in [("namespaces", "id"), ("secrets", "namespace_id")] {
                let Some(from) = sql.find(&format!("CREATE TABLE {table} (")) else { continue };
                let end = from + sql[from..].find("\n);").unwrap();
                let mut partitioned = format!("\n) PARTITION BY HASH ({key});");
                for number in 0..PARTITIONS {
                    partitioned += &format!(
                        "\nCREATE TABLE {table}_{number} PARTITION OF {table}
                         FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number});"
                    );
                }
                sql.replace_range(end..end + "\n);".len(), &partitioned);
            }
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            let version = name.split('_').next().unwrap().replace('-', "");
            self.execute(&format!(
                "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
                     version VARCHAR(50) PRIMARY KEY NOT NULL,
                     run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
                 );
                 {sql}
                 INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}');"
            ));
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address in the server's settings.
    pub fn url(&self) -> String {
        format!("{}?pool_size=8&sslmode=disable", self.address())
    }

    /// Its address without parameters.
    pub fn address(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    /// Does something to the server.
    pub fn administer(&self, sql: &str) {
        execute(&format!("{}/postgres", self.server), sql);
    }

    /// Does something to the database.
    pub fn execute(&self, sql: &str) {
        execute(&self.address(), sql);
    }
}

/// The number that a query answers.
pub fn number(address: &str, query: &str) -> i64 {
    with(address, async |client| client.query(query, &[]).await)[0].get(0)
}

/// The texts that a query answers.
pub fn texts(address: &str, query: &str) -> Vec<String> {
    let rows = with(address, async |client| client.query(query, &[]).await);
    rows.iter().map(|row| row.get(0)).collect()
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        if !std::thread::panicking() {
            self.administer(&sql);
        }
    }
}

/// Does something to what is at an address.
pub fn execute(address: &str, sql: &str) {
    with(address, async |client| client.batch_execute(sql).await);
}

/// On a thread of its own: the caller's may have a runtime.
fn with<T: Send>(
    address: &str,
    work: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error> + Send,
) -> T {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let connected = tokio_postgres::connect(address, NoTls).await;
                let (client, connection) = connected.unwrap_or_else(|error| panic!("{error:?}"));
                let driver = tokio::spawn(connection);
                let done = work(&client).await;
                drop(client);
                drop(driver.await);
                done.unwrap_or_else(|error| panic!("{error:?}"))
            })
        });
        worker.join().unwrap()
    })
}

/// Writes a file with a master key.
pub fn write_master_key(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, MASTER_KEY).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
