//! What was measured, run by run.

use std::collections::BTreeMap;

use super::driver::Sample;

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The server and its database, such as `SQLite`.
    pub subject: String,
    /// What the database held at first; empty for a peer.
    pub content: String,
    pub operation: String,
    pub connections: usize,
}

/// What one run measured of a line.
#[derive(Debug, Clone)]
pub struct Pair {
    pub run: usize,
    pub sample: Sample,
    /// The no-op of the same server with the same requests, right after it.
    pub noop: Option<Sample>,
    /// The time of one fdatasync right before and after it, in milliseconds; not a number where it was not taken.
    pub sync: f64,
}

/// What is measured of a server besides its operations.
#[derive(Debug, Clone, Default)]
pub struct Life {
    /// From its start until it is ready, in milliseconds.
    pub ready: Vec<f64>,
    /// What it has in memory before it has done anything, in MiB.
    pub idle: Vec<f64>,
    /// The most that it had after everything, in MiB.
    pub peak: Vec<f64>,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Results {
    pub facts: Vec<(&'static str, String)>,
    pub versions: Vec<String>,
    /// What was not measured and why.
    pub missing: Vec<String>,
    /// The size of the binary, in MiB.
    pub binary: f64,
    /// That of the container image, if there is one.
    pub image: Option<f64>,
    /// In the order of their measurement.
    pub cells: Vec<(Cell, Vec<Pair>)>,
    /// By subject and content.
    pub lives: BTreeMap<(String, String), Life>,
}

impl Results {
    pub fn add(&mut self, cell: &Cell, pair: Pair) {
        match self.cells.iter_mut().find(|(known, _)| known == cell) {
            Some((_, pairs)) => pairs.push(pair),
            None => self.cells.push((cell.clone(), vec![pair])),
        }
    }

    pub fn life(&mut self, subject: &str, content: &str) -> &mut Life {
        self.lives.entry((subject.to_owned(), content.to_owned())).or_default()
    }

    /// Whether the server failed at anything. What peers fail at is told and is their own affair.
    pub fn has_errors(&self) -> bool {
        let ours = self.cells.iter().filter(|(cell, _)| !cell.content.is_empty());
        ours.flat_map(|(_, pairs)| samples(pairs)).any(|sample| sample.errors > 0)
    }

    /// The runs of one line.
    pub fn pairs(&self, subject: &str, content: &str, operation: &str, at: usize) -> &[Pair] {
        let is_it = |cell: &Cell| {
            cell.subject == subject
                && cell.content == content
                && cell.operation == operation
                && cell.connections == at
        };
        let found = self.cells.iter().find(|(cell, _)| is_it(cell));
        found.map_or(&[], |(_, pairs)| pairs.as_slice())
    }
}

/// What was measured in these runs, the no-op's samples among them.
pub fn samples(pairs: &[Pair]) -> impl Iterator<Item = &Sample> {
    pairs.iter().flat_map(|pair| [Some(&pair.sample), pair.noop.as_ref()]).flatten()
}

/// The middle of the values; not a number where there is none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}
