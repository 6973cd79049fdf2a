//! The tables, as Markdown that can be read as it is.

use std::fmt::Write as _;

use super::{
    options::Options,
    results::{Cell, Pair, Results, median, samples},
    targets,
};

/// The whole report.
pub fn render(options: &Options, results: &Results) -> String {
    let mut text = String::new();
    machine(&mut text, options, results);
    targets(&mut text, results);
    operations(&mut text, results);
    lives(&mut text, results);
    errors(&mut text, results);
    text
}

fn machine(text: &mut String, options: &Options, results: &Results) {
    let mut line = |name: &str, value: &str| {
        writeln!(text, "- {name}: {value}").expect("a text takes what is written to it");
    };
    for (name, value) in &results.facts {
        line(name, value);
    }
    let pairs = results.cells.iter().flat_map(|(_, pairs)| pairs);
    let syncs = median(pairs.map(|pair| pair.sync));
    line("one fdatasync of 4 KiB, in milliseconds", &or_dash(syncs, 3));
    for version in &results.versions {
        line("version", version);
    }
    for missing in &results.missing {
        line("not measured", missing);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    line("command", &format!("make bench BENCH='{}'", without_defaults(&arguments)));
    let busiest = results.cells.iter().map(|(cell, _)| cell.connections).max();
    let busiest = results.cells.iter().filter(|(cell, _)| Some(cell.connections) == busiest);
    let noops = busiest.flat_map(|(_, pairs)| pairs).filter_map(|pair| pair.noop.as_ref());
    let each = median(noops.map(|noop| noop.own_cores / noop.throughput * 1e6));
    line("the generator's own processor time", &format!("{each:.0} µs a request of the no-op"));
    line("medians of", &format!("{} runs, {} s for each cell", options.runs, options.seconds));
    text.push('\n');
}

/// What a caller of make wrote: cargo and make add the rest.
fn without_defaults(arguments: &[String]) -> String {
    let mut words = vec![];
    let mut skips = 0;
    for argument in arguments {
        match argument.as_str() {
            "--bench" => {}
            "--binary" => skips = 1,
            _ if skips > 0 => skips -= 1,
            word => words.push(word),
        }
    }
    words.join(" ")
}

fn targets(text: &mut String, results: &Results) {
    text.push_str("| target | wanted | measured | verdict |\n|---|---|---|---|\n");
    for target in targets::all(results) {
        let targets::Target { name, wanted, measured, verdict } = target;
        writeln!(text, "| {name} | {wanted} | {measured} | {verdict} |")
            .expect("a text takes what is written to it");
    }
    text.push('\n');
}

fn operations(text: &mut String, results: &Results) {
    text.push_str(
        "| server | secrets | operation | connections | per second | p50 ms | p99 ms | p99.9 ms | no-op per second \
         | share of no-op | cores: server | cores: database | cores: generator | MiB |\n\
         |---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for (cell, pairs) in &results.cells {
        let of = |get: fn(&Pair) -> f64| median(pairs.iter().map(get));
        let noop = of(|pair| pair.noop.as_ref().map_or(f64::NAN, |noop| noop.throughput));
        let columns = [
            or_dash(of(|pair| pair.sample.throughput), 0),
            or_dash(of(|pair| pair.sample.p50), 2),
            or_dash(of(|pair| pair.sample.p99), 2),
            or_dash(of(|pair| pair.sample.p999), 2),
            or_dash(noop, 0),
            or_dash(of(share), 2),
            or_dash(of(|pair| pair.sample.server_cores), 2),
            or_dash(of(|pair| pair.sample.database_cores), 2),
            or_dash(of(|pair| pair.sample.own_cores), 2),
            or_dash(of(|pair| pair.sample.resident), 0),
        ];
        writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            cell.subject,
            cell.content,
            cell.operation,
            cell.connections,
            columns.join(" | ")
        )
        .expect("a text takes what is written to it");
    }
    text.push('\n');
}

/// What part of the no-op's throughput the operation had, within one run.
pub fn share(pair: &Pair) -> f64 {
    pair.noop.as_ref().map_or(f64::NAN, |noop| pair.sample.throughput / noop.throughput)
}

fn or_dash(value: f64, digits: usize) -> String {
    if value.is_nan() { "–".to_owned() } else { format!("{value:.digits$}") }
}

fn lives(text: &mut String, results: &Results) {
    text.push_str(
        "| server | secrets | ready after ms | MiB idle | MiB at most, after all of the above |\n\
         |---|--:|--:|--:|--:|\n",
    );
    for ((subject, content), life) in &results.lives {
        let of = |values: &[f64]| median(values.iter().copied());
        let (ready, idle, peak) = (of(&life.ready), of(&life.idle), of(&life.peak));
        writeln!(text, "| {subject} | {content} | {ready:.0} | {idle:.1} | {peak:.1} |")
            .expect("a text takes what is written to it");
    }
    text.push('\n');
}

fn errors(text: &mut String, results: &Results) {
    let all = results.cells.iter().flat_map(|(_, pairs)| samples(pairs));
    let count: usize = all.map(|sample| sample.errors).sum();
    writeln!(text, "Errors: {count}.").expect("a text takes what is written to it");
    for (cell, pairs) in &results.cells {
        for sample in samples(pairs).filter(|sample| sample.errors > 0) {
            let Cell { subject, content, operation, connections } = cell;
            let first =
                sample.first_error.as_deref().unwrap_or_default().replace(['\r', '\n'], " ");
            writeln!(
                text,
                "- {subject} {content} {operation} x{connections}: {} errors, such as `{first}`",
                sample.errors
            )
            .expect("a text takes what is written to it");
        }
    }
}
