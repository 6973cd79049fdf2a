//! The command line: one file a command.

mod access_key;
mod arguments;
mod backup;
mod check_world;
mod descriptors;
mod healthcheck;
mod keys;
pub mod logging;
mod restore;
mod serve;
mod stderr;
mod verify;

use std::{ffi::OsString, process::ExitCode};

use clap::{FromArgMatches, Parser, Subcommand};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::settings::{LogFormat, remarks};

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
    /// Show, rotate and retire the keys that values are sealed by
    #[command(subcommand)]
    Keys(keys::Command),
    /// Write a sealed copy of the database to a file, while the server goes on
    Backup(backup::Arguments),
    /// Put a backup into the database's place, if all of it can be opened
    Restore(restore::Arguments),
    /// Open every secret, follow every reference and check every counter; exit code 0 says that all is sound
    Verify(crate::settings::DatabaseSettings),
}

impl Cli {
    /// Reads the arguments, the first of which is the program's name, and the environment.
    ///
    /// # Errors
    /// Something is wrong with them, or help is asked for: the error's `exit` says so.
    pub fn read(arguments: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::from_arg_matches(&arguments::read(arguments.collect())?)
    }

    /// Runs the command; the exit code tells whether it did what it was asked to.
    #[must_use]
    pub fn run(self) -> ExitCode {
        if let Err(error) = protect_memory() {
            return complain(error);
        }
        match self.command {
            Command::Serve(settings) => serve::run(&settings),
            Command::Healthcheck(arguments) => healthcheck::run(&arguments),
            Command::CheckWorld(arguments) => check_world::run(&arguments),
            Command::AccessKey => access_key::run(),
            Command::Keys(command) => keys::run(&command),
            Command::Backup(arguments) => backup::run(&arguments),
            Command::Restore(arguments) => restore::run(&arguments),
            Command::Verify(database) => verify::run(&database),
        }
    }
}

/// Keeps what is in memory out of core dumps, and from other processes of the same user.
fn protect_memory() -> Result<(), String> {
    let never = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, never)
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable))
        .map_err(|error| format!("core dumps cannot be switched off: {error}"))
}

/// Runs what a command does to a database to its end.
fn upkeep<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let log = logging::init(LogFormat::Text)?;
    let done = match descriptors::open_enough() {
        Ok(()) => actix_web::rt::System::new().block_on(work),
        Err(error) => Err(anyhow::Error::msg(error)),
    };
    log.flush_all();
    done
}

/// Prints what a command was asked for.
fn say(text: &str) -> ExitCode {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(error),
    }
}

/// Tells what is strange about the variables, for a command that does not log.
fn warn_of_variables() {
    for remark in remarks() {
        complain(format!("warning: {remark}"));
    }
}

/// Tells the user what went wrong, on standard error.
fn complain(message: impl std::fmt::Display) -> ExitCode {
    complain_to(std::io::stderr(), message)
}

/// The same where standard error may be a pipe that is not read.
fn complain_to(mut stderr: impl std::io::Write, message: impl std::fmt::Display) -> ExitCode {
    // In one piece; and where standard error is gone there is nothing left to tell it to.
    drop(stderr.write_all(format!("sae-secret: {message}\n").as_bytes()));
    ExitCode::FAILURE
}
