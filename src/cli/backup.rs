//! `sae-secret backup FILE`

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Args;

use super::{say, upkeep};
use crate::{server, settings::DatabaseSettings};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The file to write, which must not be there yet
    file: PathBuf,

    #[command(flatten)]
    database: DatabaseSettings,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    upkeep(server::upkeep::backup(&arguments.database, &arguments.file))?;
    Ok(say(&format!("{} is written\n", arguments.file.display())))
}
