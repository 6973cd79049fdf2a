//! A load generator for the built server: real signatures, fresh nonces, connections that stay open, and each of them
//! asks again as soon as it is answered. `make bench` runs it; docs/benchmarks.md says what is measured and how.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    // Times and counts become numbers to be read, not to be counted with.
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod daemon;
mod databases;
mod driver;
mod http;
mod machine;
mod options;
mod peers;
mod plan;
mod postgres;
mod process;
mod report;
mod requests;
mod results;
mod server;
mod signature;
mod targets;
mod transfer;

use std::process::ExitCode;

use clap::Parser;
use tokio::task::LocalSet;

use self::options::Options;

/// What stops a run.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let options = Options::parse();
    // One thread: the processors are the server's.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(LocalSet::new().run_until(plan::run(&options))));
    match outcome {
        Ok(results) => {
            let report = report::render(&options, &results);
            println!("{report}");
            let file = options.folder.join("report.md");
            if let Err(error) = std::fs::write(&file, report) {
                eprintln!("load: cannot write {}: {error}", file.display());
                return ExitCode::FAILURE;
            }
            if results.has_errors() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
        Err(failure) => {
            eprintln!("load: {failure}");
            ExitCode::FAILURE
        }
    }
}
