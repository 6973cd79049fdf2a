//! What is wrong with a world file, and where.

use std::fmt;

/// One mistake in a world file. Its `Display` is `LINE:COLUMN: message`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct Mistake {
    /// The line of the offending part, counted from 1.
    pub line: usize,
    /// The column of the offending part, counted from 1, in characters.
    pub column: usize,
    /// What is wrong; never shows a secret's value.
    pub message: String,
}

/// A place in the file; both numbers count from 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub fn add(&mut self, at: Position, message: impl Into<String>) {
        self.0.push(Mistake { line: at.line, column: at.column, message: message.into() });
    }

    /// All of them in file order. A part that several aliases repeat is told once.
    pub fn into_sorted(mut self) -> Vec<Mistake> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}
