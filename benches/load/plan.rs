//! What is measured after what. The server, its no-op and the others take turns within a run, so that what else the
//! machine does meets all of them.

use std::{fs, process::Command, time::Duration};

use super::{
    Failure,
    databases::Copy,
    driver::{self, Sample},
    http, machine,
    options::{Content, Operation, Options},
    peers,
    requests::Api,
    results::{Cell, Pair, Results},
    server::Server,
};

/// How long a server is left alone before it is looked at how much memory it takes when it has nothing to do.
const IDLE: Duration = Duration::from_secs(2);

/// The share of its operation's time that a no-op gets: it has more answers in it.
const NOOP_SHARE: f64 = 0.5;

/// Measures everything.
pub async fn run(options: &Options) -> Result<Results, Failure> {
    fs::create_dir_all(&options.folder)?;
    let mut results = Results { facts: machine::facts(&options.folder), ..Results::default() };
    results.binary = fs::metadata(&options.binary)
        .map_err(|error| format!("{}: {error}", options.binary.display()))?
        .len() as f64
        / 1_048_576.0;
    let version = Command::new(&options.binary).arg("--version").output()?;
    results.versions.push(String::from_utf8_lossy(&version.stdout).trim().to_owned());
    for run in 1..=options.runs {
        for content in &options.databases {
            sqlite(options, run, *content, &mut results).await?;
        }
        peers::measure(options, run, &mut results).await?;
    }
    Ok(results)
}

async fn sqlite(
    options: &Options,
    run: usize,
    content: Content,
    results: &mut Results,
) -> Result<(), Failure> {
    let copy = Copy::make(&options.folder, content).await?;
    let server = Server::start(options, copy.folder(), &copy.url(), &copy.master_keys())?;
    tokio::time::sleep(IDLE).await;
    let idle = server.process().resident();
    for operation in &options.ops {
        for connections in &options.connections {
            let cell = Cell {
                subject: "SQLite".to_owned(),
                content: content.to_string(),
                operation: operation.to_string(),
                connections: *connections,
            };
            // The disk of a busy machine is another one each second.
            let is_compared = *operation == Operation::Create && *connections == 1;
            let sync =
                || if is_compared { machine::sync_time(copy.folder()) } else { Ok(f64::NAN) };
            let before = sync()?;
            let sample = ask(options, &server, content, *operation, *connections, false).await;
            let sync = f64::midpoint(before, sync()?);
            let noop = ask(options, &server, content, *operation, *connections, true).await;
            tell(run, &cell, &sample, Some(&noop));
            results.add(&cell, Pair { run, sample, noop: Some(noop), sync });
        }
    }
    let life = results.life("SQLite", &content.to_string());
    life.ready.push(server.ready_after.as_secs_f64() * 1000.0);
    life.idle.push(idle);
    life.peak.push(server.process().resident_peak());
    Ok(())
}

/// One operation, or the no-op with the same requests.
async fn ask(
    options: &Options,
    server: &Server,
    content: Content,
    operation: Operation,
    connections: usize,
    is_noop: bool,
) -> Sample {
    let requests = Api::new(operation, content, is_noop, &server.host());
    let all = http::connections(server.address, connections, requests);
    let share = if is_noop { NOOP_SHARE } else { 1.0 };
    driver::run(all, options.counted().mul_f64(share), &server.process(), None).await
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
