//! `sae-secret verify`

use std::process::ExitCode;

use anyhow::Result;

use super::{say, upkeep};
use crate::{server, settings::DatabaseSettings};

pub fn run(database: &DatabaseSettings) -> Result<ExitCode> {
    let found = upkeep(server::upkeep::verify(database))?;
    let faults = found.faults.iter().map(|fault| format!("fault: {fault}"));
    let lines: Vec<String> = faults.chain([found.to_string()]).collect();
    let said = say(&(lines.join("\n") + "\n"));
    Ok(if found.faults.is_empty() { said } else { ExitCode::FAILURE })
}
