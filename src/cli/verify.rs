//! `sae-secret verify`

use std::process::ExitCode;

use super::{complain, say, upkeep};
use crate::{server, settings::DatabaseSettings};

/// Reports what was looked at, and everything that is wrong.
pub fn run(database: &DatabaseSettings) -> ExitCode {
    let found = match upkeep(server::upkeep::verify(database)) {
        Ok(found) => found,
        Err(error) => return complain(error),
    };
    let faults = found.faults.iter().map(|fault| format!("fault: {fault}"));
    let lines: Vec<String> = faults.chain([found.to_string()]).collect();
    let said = say(&(lines.join("\n") + "\n"));
    if found.faults.is_empty() { said } else { ExitCode::FAILURE }
}
