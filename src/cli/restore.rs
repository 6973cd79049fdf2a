//! `sae-secret restore FILE`

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Args;

use super::{say, upkeep};
use crate::{server, settings::DatabaseSettings};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The backup
    file: PathBuf,

    /// Replace a database that is there already
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    database: DatabaseSettings,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let Arguments { file, force, database } = arguments;
    let found = upkeep(server::upkeep::restore(database, file, *force))?;
    Ok(say(&format!("restored; {found}\n")))
}
