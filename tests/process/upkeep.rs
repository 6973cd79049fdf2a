//! The commands that look after a database.

use std::{
    path::{Path, PathBuf},
    process::Output,
};

use super::child::{binary, with_database};

/// The database of [`super::child::Server`] in a folder.
pub fn database(folder: &Path) -> PathBuf {
    folder.join("test.db")
}

pub fn url(folder: &Path) -> String {
    format!("sqlite://{}", database(folder).display())
}

/// Runs a command on the database of a folder to its end.
pub fn command(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = binary();
    command.args(arguments);
    with_database(&mut command, folder);
    command.output().expect("the binary runs")
}

/// All that a command printed.
pub fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(text).unwrap()
}

/// Runs a command that has to succeed, and returns what it printed.
#[track_caller]
pub fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that has to fail, and returns its complaint.
#[track_caller]
pub fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
    said(&output)
}

/// The keys of the database, as `keys list` shows them: id, state, who needs them.
pub fn keys(folder: &Path) -> Vec<(String, String, u64)> {
    let text = done(folder, &["keys", "list"]);
    let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let rows = rows.filter(|row| row[1] == "database");
    rows.map(|row| (row[0].to_owned(), row[2].to_owned(), row[4].parse().unwrap())).collect()
}
