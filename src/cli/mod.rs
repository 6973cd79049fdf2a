//! The command line: one file a command.

mod access_key;
mod arguments;
mod backup;
mod check_world;
mod healthcheck;
mod keys;
pub mod logging;
mod restore;
mod serve;
mod stderr;
mod verify;

use std::{
    env,
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
    thread::available_parallelism,
};

use anyhow::{Result, anyhow, bail};
use clap::{FromArgMatches, Parser, Subcommand};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};

use crate::settings::{DatabaseSettings, LogFormat, Settings, remarks};

/// How many files a command that opens a database needs beside those of its workers: the database's, and for a server the
/// listener and some connections.
const FILES: u64 = 64;

/// How many files each worker needs before it has a connection.
const FILES_OF_A_WORKER: u64 = 5;

/// A server that speaks Alibaba Cloud's secret APIs: SAE's namespaced secrets and KMS Secrets Manager
#[derive(Debug, Parser)]
#[command(name = "sae-secret", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API until SIGTERM or Ctrl-C
    Serve(Box<Settings>),
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
    Verify(DatabaseSettings),
}

/// Runs the command that the arguments and the environment ask for; the exit code tells whether it did what it was asked
/// to. Ends the process when something is wrong with them, or help is asked for.
#[must_use]
pub fn run() -> ExitCode {
    let read = arguments::read(env::args_os().collect());
    let cli =
        read.and_then(|read| Cli::from_arg_matches(&read)).unwrap_or_else(|error| error.exit());
    let done = protect_memory().and_then(|()| match cli.command {
        Command::Serve(settings) => serve::run(&settings),
        Command::Healthcheck(arguments) => healthcheck::run(&arguments),
        Command::CheckWorld(arguments) => check_world::run(&arguments),
        Command::AccessKey => access_key::run(),
        Command::Keys(command) => keys::run(&command),
        Command::Backup(arguments) => backup::run(&arguments),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::Verify(database) => verify::run(&database),
    });
    done.unwrap_or_else(complain)
}

/// Keeps what is in memory out of core dumps, and from other processes of the same user.
fn protect_memory() -> Result<()> {
    let never = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, never)
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable))
        .map_err(|error| anyhow!("core dumps cannot be switched off: {error}"))
}

/// Runs what a command does to a database to its end.
fn upkeep<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let log = logging::init(LogFormat::Text)?;
    let done = open_enough_files().and_then(|()| actix_web::rt::System::new().block_on(work));
    log.flush_all();
    done
}

/// Sees to it that this process may open as many files as its runtime, its database and some connections need, which the
/// libraries take for granted. What a process may open without asking is often much less than what it may ask for.
fn open_enough_files() -> Result<()> {
    let workers = available_parallelism().map_or(1, usize::from) as u64;
    let needed = FILES + workers * FILES_OF_A_WORKER;
    let limit = getrlimit(Resource::Nofile);
    let is_raised = limit.current < limit.maximum || limit.maximum.is_none();
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let limit = match is_raised.then(|| setrlimit(Resource::Nofile, raised)) {
        Some(Ok(())) => limit.maximum,
        // Where there is no end of it the system may know one all the same.
        _ => limit.current,
    };
    match limit {
        Some(limit) if limit < needed => bail!(
            "this process may open only {limit} files at once (ulimit -n): it needs {needed}, and one for each connection"
        ),
        _ => Ok(()),
    }
}

/// Prints what a command was asked for.
fn say(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
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
fn complain(message: impl Display) -> ExitCode {
    complain_to(io::stderr(), message)
}

/// The same where standard error may be a pipe that is not read.
fn complain_to(mut stderr: impl Write, message: impl Display) -> ExitCode {
    // In one piece; and where standard error is gone there is nothing left to tell it to.
    drop(stderr.write_all(format!("sae-secret: {message}\n").as_bytes()));
    ExitCode::FAILURE
}
