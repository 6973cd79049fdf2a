//! The command line: one file a command.

mod access_key;
mod check_world;
mod healthcheck;
mod logging;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A server that speaks the namespaced Secret API of Alibaba Cloud SAE
#[derive(Debug, Parser)]
#[command(name = "sae-secret", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API until SIGTERM or Ctrl-C
    Serve(Box<crate::settings::Settings>),
    /// Ask a running server whether it is ready; exit code 0 says yes
    Healthcheck(healthcheck::Arguments),
    /// Check a world file and name every mistake with its line and column
    CheckWorld(check_world::Arguments),
    /// Print a new random access key for the world file
    AccessKey,
}

impl Cli {
    /// Runs the command; the exit code tells whether it did what it was asked to.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self.command {
            Command::Serve(settings) => serve::run(&settings),
            Command::Healthcheck(arguments) => healthcheck::run(&arguments),
            Command::CheckWorld(arguments) => check_world::run(&arguments),
            Command::AccessKey => access_key::run(),
        }
    }
}

/// Tells the user what went wrong, on standard error.
fn complain(message: impl std::fmt::Display) -> ExitCode {
    use std::io::Write;
    // Where standard error is gone there is nobody left to tell.
    drop(writeln!(std::io::stderr(), "sae-secret: {message}"));
    ExitCode::FAILURE
}
