//! Parses the command line and runs one command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    sae_secret::cli::Cli::parse().run()
}
