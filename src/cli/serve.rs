//! `sae-secret serve`

use std::{process::ExitCode, sync::Arc};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{complain, complain_to, logging, stderr::Stderr};
use crate::{clock::SystemClock, server::Application, settings::Settings};

/// How many files a server needs beside those of its workers: the database's, the listener, the log, some connections.
const FILES: u64 = 64;

/// How many files each worker needs before it has a connection.
const FILES_OF_A_WORKER: u64 = 5;

/// Serves until it is told to stop.
pub fn run(settings: &Settings) -> ExitCode {
    let log = match logging::init(settings.log_format) {
        Ok(log) => log,
        Err(error) => return complain(error),
    };
    if let Err(error) = open_enough_files() {
        return end(&log, complain_to(log.clone(), error));
    }
    let outcome = actix_web::rt::System::new().block_on(async {
        let application =
            Application::build(settings, Arc::new(SystemClock), log.dropped()).await?;
        log::info!("listening on {}://{}", application.scheme(), application.address());
        application.run_until_stopped().await?;
        log::info!("stopped");
        anyhow::Ok(())
    });
    let code = match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain_to(log.clone(), error),
    };
    end(&log, code)
}

fn end(log: &Stderr, code: ExitCode) -> ExitCode {
    log.flush_all();
    code
}

/// Sees to it that this process may open as many files as its runtime, its database and some connections need, which the
/// libraries take for granted. What a process may open without asking is often much less than what it may ask for.
fn open_enough_files() -> Result<(), String> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from) as u64;
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
        Some(limit) if limit < needed => Err(format!(
            "this process may open only {limit} files at once (ulimit -n): it needs {needed}, and one for each connection"
        )),
        _ => Ok(()),
    }
}
