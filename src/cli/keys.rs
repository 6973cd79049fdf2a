//! `sae-secret keys list | rotate | retire ID`

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use super::{say, upkeep};
use crate::{
    server::{self, upkeep::counted},
    settings::DatabaseSettings,
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the master keys and the keys of the database, and what needs them
    List(DatabaseSettings),
    /// Make a new key of the database and wrap every data key by it; the first master key wraps all keys of the database
    /// from then on. Servers that have the first master key already may go on, and what is interrupted is resumed by the
    /// next rotation
    Rotate(DatabaseSettings),
    /// Delete a key of the database that no secret needs, or ask whether anything needs a master key
    Retire(RetireArguments),
}

#[derive(Debug, Args)]
pub struct RetireArguments {
    /// The key's id, as `keys list` shows it
    id: String,

    #[command(flatten)]
    database: DatabaseSettings,
}

pub fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::List(database) => list(database),
        Command::Rotate(database) => rotate(database),
        Command::Retire(RetireArguments { id, database }) => {
            let retired = upkeep(server::upkeep::retire_key(database, id))?;
            Ok(say(&format!("{retired}\n")))
        }
    }
}

fn list(database: &DatabaseSettings) -> Result<ExitCode> {
    let keys = upkeep(server::upkeep::list_keys(database))?;
    let mut rows =
        vec![["KEY", "KIND", "STATE", "WRAPPED BY", "NEEDED BY", "MADE"].map(str::to_owned)];
    for master in &keys.masters {
        let state = match (master.is_given, master.seals) {
            (true, true) => "seals",
            (true, false) => "opens",
            (false, _) => "missing",
        };
        let (id, needed) = (master.id.to_string(), counted(master.keys, "key"));
        rows.push([id, "master".into(), state.into(), "-".into(), needed, "-".into()]);
    }
    for key in &keys.keys {
        let state = if key.is_current { "current" } else { "old" };
        let (id, needed) = (key.id.to_string(), key.needed_by.to_string());
        let made = jiff::Timestamp::from_millisecond(key.created.0)
            .map_or_else(|_| "-".to_owned(), |time| format!("{time:.0}"));
        rows.push([id, "database".into(), state.into(), key.master.to_string(), needed, made]);
    }
    Ok(say(&table(&rows)))
}

fn rotate(database: &DatabaseSettings) -> Result<ExitCode> {
    let rotated = upkeep(server::upkeep::rotate_keys(database))?;
    let rows = &rotated.rewrapped;
    let how = if rotated.was_resumed { "a rotation that had been begun went on: " } else { "" };
    let done = say(&format!("{how}{} wraps the data keys of {rows} anew\n", rotated.key));
    if rotated.damaged.is_empty() {
        return Ok(done);
    }
    let kinds = rotated.damaged.chunk_by(|(one, _), (other, _)| one == other);
    let told = kinds.map(|rows| {
        let noun = rows.first().map_or("", |(noun, _)| noun);
        let places: Vec<String> = rows.iter().map(|(_, place)| place.to_string()).collect();
        format!("{noun}s that do not open keep the key that they had: {}", places.join(", "))
    });
    bail!("{}", told.collect::<Vec<_>>().join("; "))
}

/// Rows with each column as wide as its widest cell.
fn table(rows: &[[String; 6]]) -> String {
    let mut widths = [0; 6];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.len());
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
