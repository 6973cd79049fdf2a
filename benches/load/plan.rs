//! What is measured after what. The server, its no-op and the others take turns within a run, so that what else the
//! machine does meets all of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    Failure,
    databases::{Copy, RunFolder},
    driver::{self, Sample},
    http, machine,
    options::{Content, Engine, Operation, Options},
    peers,
    postgres::{self, Cluster, Database},
    requests::Api,
    results::{Cell, Pair, Results},
    server::Server,
};

/// How long a server is left alone before it is looked at how much memory it takes when it has nothing to do.
const IDLE: Duration = Duration::from_secs(2);

const MIB: f64 = 1_048_576.0;

/// The share of its operation's time that a no-op gets: it has more answers in it.
const NOOP_SHARE: f64 = 0.5;

/// Measures everything.
pub async fn run(options: &Options) -> Result<Results, Failure> {
    fs::create_dir_all(&options.folder)?;
    let binary = fs::metadata(&options.binary)
        .map_err(|error| format!("{}: {error}", options.binary.display()))?;
    let mut results = Results {
        facts: machine::facts(&options.folder),
        binary: binary.len() as f64 / MIB,
        image: image(),
        ..Results::default()
    };
    let version = Command::new(&options.binary).arg("--version").output()?;
    results.versions.push(String::from_utf8_lossy(&version.stdout).trim().to_owned());
    let cluster = cluster(options, &mut results)?;
    for run in 1..=options.runs {
        for engine in &options.engines {
            for content in &options.databases {
                match (engine, &cluster) {
                    (Engine::Sqlite, _) => on_sqlite(options, run, *content, &mut results).await?,
                    (Engine::Postgres, Some(cluster)) if *content != Content::Thousand => {
                        on_postgres(options, run, *content, cluster, &mut results).await?;
                    }
                    (Engine::Postgres, _) => {}
                }
            }
        }
        peers::measure(options, run, &mut results).await?;
    }
    Ok(results)
}

/// The size of the image that `make image` builds, in MiB, if it is there.
fn image() -> Option<f64> {
    let arguments = ["image", "inspect", "--format", "{{.Size}}", "sae-secret"];
    let output = ["docker", "podman"]
        .into_iter()
        .filter_map(|engine| Command::new(engine).args(arguments).output().ok())
        .find(|output| output.status.success())?;
    let size: f64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(size / MIB)
}

/// The database server, if it is wanted and there can be one.
fn cluster(options: &Options, results: &mut Results) -> Result<Option<Cluster>, Failure> {
    if !options.engines.contains(&Engine::Postgres) {
        return Ok(None);
    }
    let started = if postgres::is_supported() {
        Cluster::start(&options.folder)
    } else {
        Err("this version of the server has no engine for it".into())
    };
    match started {
        Ok(cluster) => {
            results.versions.push(cluster.version()?);
            Ok(Some(cluster))
        }
        Err(failure) => {
            results.missing.push(format!("PostgreSQL: {failure}"));
            Ok(None)
        }
    }
}

async fn on_sqlite(
    options: &Options,
    run: usize,
    content: Content,
    results: &mut Results,
) -> Result<(), Failure> {
    let copy = Copy::make(&options.folder, content).await?;
    let bed = Bed {
        engine: Engine::Sqlite,
        content,
        folder: copy.folder(),
        url: copy.url(),
        master_keys: copy.master_keys(),
        database: None,
    };
    bed.measure(options, run, results).await
}

async fn on_postgres(
    options: &Options,
    run: usize,
    content: Content,
    cluster: &Cluster,
    results: &mut Results,
) -> Result<(), Failure> {
    let folder = RunFolder::make(&options.folder, "postgres")?;
    let database = cluster.database(content).await?;
    let bed = Bed {
        engine: Engine::Postgres,
        content,
        folder: folder.path(),
        url: database.url(),
        master_keys: database.master_keys.clone(),
        database: Some(&database),
    };
    bed.measure(options, run, results).await
}

/// What a server is started over.
struct Bed<'a> {
    engine: Engine,
    content: Content,
    folder: &'a Path,
    url: String,
    master_keys: PathBuf,
    database: Option<&'a Database<'a>>,
}

impl Bed<'_> {
    async fn measure(
        &self,
        options: &Options,
        run: usize,
        results: &mut Results,
    ) -> Result<(), Failure> {
        let server = Server::start(options, self.folder, &self.url, &self.master_keys)?;
        tokio::time::sleep(IDLE).await;
        let idle = server.process().resident();
        for operation in &options.ops {
            for connections in &options.connections {
                self.operation(options, run, &server, (*operation, *connections), results).await?;
            }
        }
        let life = results.life(&self.engine.to_string(), &self.content.to_string());
        life.ready.push(server.ready_after.as_secs_f64() * 1000.0);
        life.idle.push(idle);
        life.peak.push(server.process().resident_peak());
        Ok(())
    }

    async fn operation(
        &self,
        options: &Options,
        run: usize,
        server: &Server,
        (operation, connections): (Operation, usize),
        results: &mut Results,
    ) -> Result<(), Failure> {
        let ask = async |is_noop, share| {
            let requests = Api::new(operation, self.content, is_noop, &server.host());
            let all = http::connections(server.address, connections, requests);
            let counted = options.counted().mul_f64(share);
            let database = self.database.map(Database::process);
            driver::run(all, counted, server.process(), database).await
        };
        // The disk of a busy machine is another one each second.
        let is_compared = operation == Operation::Create && connections == 1;
        let sync = || if is_compared { machine::sync_time(self.folder) } else { Ok(f64::NAN) };
        let before = sync()?;
        let sample = ask(false, 1.0).await;
        let sync = f64::midpoint(before, sync()?);
        let noop = ask(true, NOOP_SHARE).await;
        let cell = Cell {
            subject: self.engine.to_string(),
            content: self.content.to_string(),
            operation: operation.to_string(),
            connections,
        };
        tell(run, &cell, &sample, Some(&noop));
        results.add(&cell, Pair { run, sample, noop: Some(noop), sync });
        if let (Some(database), Operation::Create) = (self.database, operation) {
            let sample = database.pgbench(connections, options.counted())?;
            let cell = Cell { subject: "pgbench".to_owned(), ..cell };
            tell(run, &cell, &sample, None);
            results.add(&cell, Pair { run, sample, noop: None, sync: f64::NAN });
        }
        Ok(())
    }
}

/// A line for whoever waits.
pub fn tell(run: usize, cell: &Cell, sample: &Sample, noop: Option<&Sample>) {
    let Cell { subject, content, operation, connections } = cell;
    let noop = noop.map(|noop| format!(", no-op {:.0}/s", noop.throughput)).unwrap_or_default();
    let error =
        sample.first_error.as_ref().map(|error| format!(", FAILED {}: {error}", sample.errors));
    eprintln!(
        "run {run}: {subject} {content} {operation} x{connections}: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms{noop}{}",
        sample.throughput,
        sample.p50,
        sample.p99,
        error.unwrap_or_default()
    );
}
