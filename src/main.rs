//! Parses the command line and runs one command.

use std::{env, process::ExitCode};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match sae_secret::cli::Cli::read(env::args_os()) {
        Ok(cli) => cli.run(),
        Err(error) => error.exit(),
    }
}
