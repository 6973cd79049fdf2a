//! How many files this process may open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many files a command that opens a database needs beside those of its workers: the database's, and for a server the listener and some connections.
const FILES: u64 = 64;

/// How many files each worker needs before it has a connection.
const FILES_OF_A_WORKER: u64 = 5;

/// Sees to it that this process may open as many files as its runtime, its database and some connections need, which the
/// libraries take for granted. What a process may open without asking is often much less than what it may ask for.
pub fn open_enough() -> Result<(), String> {
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
