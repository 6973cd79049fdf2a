//! What was wanted, and whether it was reached. A ratio is one of two numbers of the same run; the median of the runs'
//! ratios counts.

use super::{
    driver::Sample,
    report::share,
    results::{Pair, Results, median},
};

/// A line of the target table.
pub struct Target {
    pub name: String,
    pub wanted: String,
    pub measured: String,
    pub verdict: &'static str,
}

const SQLITE: &str = "SQLite";
const EMPTY: &str = "empty";

/// A number to be at least or at most something.
fn judge(name: impl Into<String>, wanted: &str, measured: f64, is_met: bool, unit: &str) -> Target {
    let verdict = match measured.is_nan() {
        true => "not measured",
        false if is_met => "met",
        false => "**missed**",
    };
    let measured =
        if measured.is_nan() { "–".to_owned() } else { format!("{measured:.2}{unit}") };
    Target { name: name.into(), wanted: wanted.to_owned(), measured, verdict }
}

fn at_least(name: impl Into<String>, least: f64, measured: f64, unit: &str) -> Target {
    judge(name, &format!("≥ {least}{unit}"), measured, measured >= least, unit)
}

fn at_most(name: impl Into<String>, most: f64, measured: f64, unit: &str) -> Target {
    judge(name, &format!("≤ {most}{unit}"), measured, measured <= most, unit)
}

fn below(name: impl Into<String>, most: f64, measured: f64, unit: &str) -> Target {
    judge(name, &format!("< {most}{unit}"), measured, measured < most, unit)
}

/// All targets.
pub fn all(results: &Results) -> Vec<Target> {
    let mut targets = against_noop(results);
    targets.extend(of_kms(results));
    targets.extend(against_peers(results));
    targets.extend(latencies(results));
    targets.extend(lives(results));
    targets.push(image(results));
    let pgbench = results.pairs("pgbench", EMPTY, "CreateSecret", 64);
    let on_postgres = results.pairs("PostgreSQL", EMPTY, "CreateSecret", 64);
    targets.push(at_least(
        "PostgreSQL, CreateSecret at 64 connections, against pgbench with the same statements",
        0.6,
        ratio(on_postgres, pgbench, |sample| sample.throughput),
        "",
    ));
    targets
}

fn ours<'r>(results: &'r Results, operation: &str, connections: usize) -> &'r [Pair] {
    results.pairs(SQLITE, EMPTY, operation, connections)
}

fn against_noop(results: &Results) -> Vec<Target> {
    let create = ours(results, "CreateSecret", 64);
    let describe = ours(results, "DescribeSecret", 64);
    vec![
        at_least(
            "CreateSecret at 64 connections, against the no-op POST of the same request",
            0.35,
            median(create.iter().map(share)),
            "",
        ),
        at_most(
            "its 99th percentile",
            12.0,
            median(create.iter().map(|pair| pair.sample.p99)),
            " ms",
        ),
        at_least(
            "DescribeSecret at 64 connections, against the no-op GET of the same request",
            0.4,
            median(describe.iter().map(share)),
            "",
        ),
    ]
}

fn of_kms(results: &Results) -> Vec<Target> {
    let against = |operation: &str, twin: &str| {
        ratio(ours(results, operation, 64), ours(results, twin, 64), |sample| sample.throughput)
    };
    let of_noop = |operation: &str| median(ours(results, operation, 64).iter().map(share));
    vec![
        at_least(
            "KMS GetSecretValue against DescribeSecret of SAE, at 64 connections",
            0.9,
            against("KMS GetSecretValue", "DescribeSecret"),
            "",
        ),
        at_least(
            "KMS CreateSecret against CreateSecret of SAE, at 64 connections",
            0.85,
            against("KMS CreateSecret", "CreateSecret"),
            "",
        ),
        at_least(
            "KMS Encrypt at 64 connections, against the no-op POST of the same request",
            0.5,
            of_noop("KMS Encrypt"),
            "",
        ),
        at_least(
            "KMS GenerateDataKey at 64 connections, against the no-op POST of the same request",
            0.5,
            of_noop("KMS GenerateDataKey"),
            "",
        ),
    ]
}

/// The ratio of two lines, run by run.
fn ratio(one: &[Pair], other: &[Pair], get: fn(&Sample) -> f64) -> f64 {
    median(one.iter().filter_map(|pair| {
        let twin = other.iter().find(|twin| twin.run == pair.run)?;
        Some(get(&pair.sample) / get(&twin.sample))
    }))
}

fn against_peers(results: &Results) -> Vec<Target> {
    let against = |operation: &str, peer: &str, theirs: &str| {
        let theirs = results.pairs(peer, "", theirs, 64);
        ratio(ours(results, operation, 64), theirs, |sample| sample.throughput)
    };
    [
        ("CreateSecret", "etcd", "put", 4.0),
        ("CreateSecret", "etcd by JSON", "put", 4.0),
        ("CreateSecret", "RustyVault", "put", 1.8),
        ("DescribeSecret", "RustyVault", "get", 1.5),
        ("CreateSecret", "moto", "put", 60.0),
        ("DescribeSecret", "moto", "get", 60.0),
    ]
    .into_iter()
    .map(|(operation, peer, theirs, least)| {
        let name = format!("{operation} against {peer}'s {theirs}, at 64 connections");
        at_least(name, least, against(operation, peer, theirs), " ×")
    })
    .collect()
}

fn latencies(results: &Results) -> Vec<Target> {
    let alone = ours(results, "CreateSecret", 1).iter();
    let in_syncs = alone.map(|pair| pair.sample.p50 / pair.sync);
    let mut worst = (f64::NAN, String::new());
    for (cell, pairs) in &results.cells {
        if cell.subject != SQLITE || cell.content != "1,000,000" {
            continue;
        }
        let twin = results.pairs(SQLITE, "1,000", &cell.operation, cell.connections);
        let grown = ratio(pairs, twin, |sample| sample.p50);
        if grown.is_finite() && (worst.0.is_nan() || grown > worst.0) {
            worst = (grown, format!(": {} at {}", cell.operation, cell.connections));
        }
    }
    vec![
        at_most(
            "one caller, median latency of CreateSecret, against one fdatasync",
            3.0,
            median(in_syncs),
            " ×",
        ),
        at_most(
            format!("median latency at 1,000,000 secrets against 1,000; the worst{}", worst.1),
            1.25,
            worst.0,
            " ×",
        ),
    ]
}

/// Without the image the binary tells the least that it can have.
fn image(results: &Results) -> Target {
    let name = "container image";
    match results.image {
        Some(size) => below(name, 40.0, size, " MiB"),
        None => Target {
            measured: format!("no image here; the binary in it has {:.1} MiB", results.binary),
            ..below(name, 40.0, f64::NAN, " MiB")
        },
    }
}

fn lives(results: &Results) -> Vec<Target> {
    let life = |content: &str| results.lives.get(&(SQLITE.to_owned(), content.to_owned()));
    let middle = |values: Option<&Vec<f64>>| median(values.into_iter().flatten().copied());
    let (empty, million) = (life(EMPTY), life("1,000,000"));
    vec![
        below("ready after start, empty", 100.0, middle(empty.map(|it| &it.ready)), " ms"),
        below("ready after start, 1,000,000", 300.0, middle(million.map(|it| &it.ready)), " ms"),
        below("resident idle, 1,000,000", 40.0, middle(million.map(|it| &it.idle)), " MiB"),
        below("resident under load, 1,000,000", 150.0, middle(million.map(|it| &it.peak)), " MiB"),
    ]
}
