//! A PostgreSQL of the benchmark's own, from Debian's binaries, that waits for the disk at each commit; and what its own
//! benchmark makes of the statements of CreateSecret.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, getuid, kill_process};
use sae_secret::store::{DatabaseUrl, Store};

use super::{
    Failure,
    daemon::free_address,
    databases::{FILE, form, template as template_of},
    driver::Sample,
    options::Content,
    process::Process,
    transfer::transfer,
};

/// Whom the server runs as where this is run by root, whom PostgreSQL refuses.
const USER: &str = "postgres";

/// What is not as PostgreSQL has it by itself. `fsync`, `synchronous_commit` and `full_page_writes` are on, as they are.
const SETTINGS: [&str; 6] = [
    "fsync=on",
    "synchronous_commit=on",
    "shared_buffers=256MB",
    "max_wal_size=4GB",
    "max_connections=200",
    "unix_socket_directories=",
];

/// How long the server may take to start, and to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server.
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    child: Child,
}

/// A database of a run's own on it.
pub struct Database<'a> {
    cluster: &'a Cluster,
    name: String,
    pub master_keys: PathBuf,
}

/// Whether the server under test can work on PostgreSQL.
pub fn is_supported() -> bool {
    "postgres://localhost/database".parse::<DatabaseUrl>().is_ok()
}

/// Debian's binaries of the newest version that is installed.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let versions = versions.filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    let newest = versions.max()?;
    Some(PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin")))
}

/// A program, as somebody whom PostgreSQL takes.
fn command(program: &Path) -> Command {
    if !getuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]).arg(program);
    command
}

fn checked(mut command: Command) -> Result<Output, Failure> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output);
    }
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{command:?} ended with {}: {told}", output.status).into())
}

impl Cluster {
    /// Starts the server over its files of earlier runs, or over new ones.
    pub fn start(folder: &Path) -> Result<Self, Failure> {
        let programs =
            programs().ok_or("there is none in /usr/lib/postgresql: apt-get install postgresql")?;
        let folder = folder.join("postgres");
        fs::create_dir_all(&folder)?;
        let folder = folder.canonicalize()?;
        let data = folder.join("data");
        if !data.join("PG_VERSION").exists() {
            if getuid().is_root() {
                let mut owner = Command::new("chown");
                owner.arg(USER).arg(&folder);
                checked(owner)?;
            }
            let mut init = command(&programs.join("initdb"));
            init.arg("--pgdata").arg(&data);
            init.args(["--auth=trust", "--username=postgres", "--no-locale", "--encoding=UTF8"]);
            checked(init)?;
        }
        let address = free_address()?;
        let mut server = command(&programs.join("postgres"));
        server.arg("-D").arg(&data).args(["-p", &address.port().to_string()]);
        server.args(["-c", "listen_addresses=127.0.0.1"]);
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        let log = fs::File::create(folder.join("log"))?;
        server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).current_dir("/");
        let child = server.spawn()?;
        let mut cluster = Self { programs, folder, address, child };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    fn wait_until_ready(&mut self) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        while self.sql("postgres", "SELECT 1").is_err() {
            if self.child.try_wait()?.is_some() || Instant::now() > deadline {
                let told = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(format!("PostgreSQL does not start: {told}").into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    pub fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Its version, as it tells it.
    pub fn version(&self) -> Result<String, Failure> {
        Ok(format!(
            "PostgreSQL {}, {}",
            self.sql("postgres", "SHOW server_version")?,
            SETTINGS.join(" ")
        ))
    }

    /// One of PostgreSQL's own clients.
    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.env("PGHOST", "127.0.0.1").env("PGPORT", self.address.port().to_string());
        command.env("PGUSER", "postgres");
        command
    }

    fn sql(&self, database: &str, statement: &str) -> Result<String, Failure> {
        let mut command = self.client("psql");
        command.args(["-X", "-q", "-A", "-t", "-d", database, "-c", statement]);
        Ok(String::from_utf8(checked(command)?.stdout)?.trim().to_owned())
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", self.address)
    }

    /// A copy of the database of that content, which is filled first where there is none yet.
    pub async fn database(&self, content: Content) -> Result<Database<'_>, Failure> {
        let template = format!("{content:?}_{:016x}", form("postgres")?).to_lowercase();
        let master_keys = self.folder.join(format!("{template}.keys"));
        let known = format!("SELECT count(*) FROM pg_database WHERE datname = '{template}'");
        if self.sql("postgres", &known)? == "0" {
            self.fill(&template, &master_keys, content).await?;
        }
        let name = format!("run_{}", std::process::id());
        self.sql("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        let copy = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
        self.sql("postgres", &copy)?;
        self.sql("postgres", "CHECKPOINT")?;
        Ok(Database { cluster: self, name, master_keys })
    }

    async fn fill(&self, template: &str, keys: &Path, content: Content) -> Result<(), Failure> {
        let name = format!("fill_{}", std::process::id());
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        let source = template_of(self.folder.parent().ok_or("no folder")?, content).await?;
        fs::copy(source.join("master.keys"), keys)?;
        // Opening makes the tables. On a thread of its own, since it waits.
        let url: DatabaseUrl = self.url(&name).parse()?;
        tokio::task::spawn_blocking(move || Store::open(&url).map(drop)).await??;
        let client = || {
            let mut psql = self.client("psql");
            psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &name]);
            psql
        };
        transfer(&source.join(FILE), client)?;
        // Else it would be done some time later, while something is measured.
        self.sql(&name, "VACUUM (ANALYZE, FREEZE)")?;
        let others = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        self.sql("postgres", &others)?;
        self.sql("postgres", &format!("ALTER DATABASE {name} RENAME TO {template}"))?;
        Ok(())
    }
}

impl Drop for Cluster {
    /// Ends it as its owner would: at once, and so that nothing has to be recovered at the next start.
    fn drop(&mut self) {
        if let Some(id) = Pid::from_raw(self.child.id().cast_signed()) {
            kill_process(id, Signal::INT).ok();
        }
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Database<'_> {
    pub fn url(&self) -> String {
        self.cluster.url(&self.name)
    }

    /// What the database server takes.
    pub fn process(&self) -> Process {
        self.cluster.process()
    }

    /// The statements of CreateSecret, from so many clients that have nothing else to do.
    pub fn pgbench(&self, clients: usize, counted: Duration) -> Result<Sample, Failure> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/load/create.sql");
        let seconds = counted.as_secs_f64().ceil().max(1.0);
        let mut command = self.cluster.client("pgbench");
        command.args(["--no-vacuum", "--protocol=prepared", "--jobs=1", "--file", script]);
        command.args(["--client", &clients.to_string(), "--time", &format!("{seconds:.0}")]);
        let database = self.cluster.process();
        let (begun, before) = (Instant::now(), database.processor_time());
        let output = checked({
            command.arg(&self.name);
            command
        })?;
        let (took, after) = (begun.elapsed().as_secs_f64(), database.processor_time());
        let told = String::from_utf8_lossy(&output.stdout);
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
        let throughput = rate.and_then(|rate| rate.parse().ok());
        Ok(Sample {
            throughput: throughput.ok_or_else(|| format!("pgbench tells no rate: {told}"))?,
            p50: f64::NAN,
            p99: f64::NAN,
            p999: f64::NAN,
            server_cores: f64::NAN,
            own_cores: f64::NAN,
            resident: f64::NAN,
            database_cores: (after - before) / took,
            ..Sample::default()
        })
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        let gone = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        drop(self.cluster.sql("postgres", &gone));
    }
}
