//! The audit log: one line of JSON for each operation, written before its reply goes out.
//!
//! The thread that answers appends the line by one `write`: for a file that takes microseconds, less than waking another
//! thread. What cannot be written now is kept, and written before any other line by the next request or readiness check.
//! No line is forced to the disk: what the kernel has taken survives the death of the process, and what must survive a
//! loss of power belongs on another machine.

mod entry;
mod output;

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

pub(crate) use entry::{CallerEntry, Entry};
use output::{Lines, Output};

/// How long a request waits for its line to be written.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The same once a request has waited in vain, until the lines are written again.
const SHORT_TIMEOUT: Duration = Duration::from_millis(100);

/// How long a server that stops waits for the last lines.
const FLUSH: Duration = Duration::from_secs(1);

/// How long to wait before a pipe that is full is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// What is wrong when the output had no room in the time that a request waits.
const STALLED: &str = "the audit log takes no lines: the pipe or terminal is not read";

/// Where the lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To the end of this file, which is made for its owner only (mode 0600) when it is missing. A named pipe will do
    /// if it is read.
    File(PathBuf),
    /// To standard output.
    Stdout,
}

/// The audit log. Cloning is cheap; all clones write to the same place.
#[derive(Debug, Clone)]
pub struct AuditLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    destination: Destination,
    lines: Mutex<Lines>,
    is_best_effort: bool,
    timeout: Duration,
}

impl AuditLog {
    /// Opens the log. With best effort no request fails for it or waits for it.
    pub fn open(destination: Destination, is_best_effort: bool) -> io::Result<Self> {
        let lines = Mutex::new(Lines::new(Output::open(&destination)?));
        Ok(Self(Arc::new(Inner { destination, lines, is_best_effort, timeout: TIMEOUT })))
    }

    /// Whether an operation that is carried out now could be written down: tries to write the lines that are owed. With
    /// best effort the answer is always yes. The error is what keeps them from being written, after at most 5 s.
    pub async fn check(&self) -> Result<(), String> {
        if self.0.is_best_effort {
            return Ok(());
        }
        let attempt =
            |lines: &mut Lines| Ok(lines.is_ready() || (lines.write_all()? && lines.is_ready()));
        self.retry(attempt, self.timeout()).await
    }

    /// Writes a line and returns when the kernel has it. With best effort it does not wait and always succeeds.
    ///
    /// A line that could not be written in 5 s is kept and written later, before any other. The error says what is wrong,
    /// also when there are too many of them to keep another.
    pub async fn write(&self, entry: &Entry<'_>) -> Result<(), String> {
        let line = entry.line();
        let taken = {
            let mut lines = self.lines();
            lines.take(line).and_then(|count| Ok((count, lines.write(count)?)))
        };
        match taken {
            // What is wrong stands in the server's log.
            _ if self.0.is_best_effort => Ok(()),
            Ok((_, true)) => Ok(()),
            Ok((count, false)) => self.retry(|lines| lines.write(count), self.timeout()).await,
            Err(error) => Err(error),
        }
    }

    /// Opens the file anew, as is asked for after it has been renamed. If that fails the old one stays in use and an
    /// error is logged. Standard output stays what it is.
    pub fn reopen(&self) {
        let Destination::File(path) = &self.0.destination else { return };
        match Output::open(&self.0.destination) {
            Ok(output) => {
                let mut lines = self.lines();
                lines.switch(output);
                log::info!("the audit log {} has been opened anew", path.display());
                // An error stands in the log already.
                drop(lines.write_all());
            }
            Err(error) => log::error!("the audit log stays the file that it was: {error}"),
        }
    }

    /// Waits until all lines are written, 1 s at most. For a server that stops.
    pub async fn flush(&self) {
        if let Err(error) = self.retry(Lines::write_all, FLUSH).await {
            log::error!("the last lines of the audit log may be lost: {error}");
        }
    }

    /// Tries until something is done or refused, or the time is up.
    async fn retry(
        &self,
        attempt: impl Fn(&mut Lines) -> Result<bool, String>,
        timeout: Duration,
    ) -> Result<(), String> {
        let deadline = Instant::now() + timeout;
        while !attempt(&mut self.lines())? {
            if Instant::now() >= deadline {
                let mut lines = self.lines();
                lines.is_stalled = true;
                return Err(lines.complain(STALLED.to_owned()));
            }
            sleep(RETRY).await;
        }
        Ok(())
    }

    fn timeout(&self) -> Duration {
        // Requests that follow one another to a pipe that is not read do not each wait as long as the first.
        let is_stalled = self.lines().is_stalled;
        if is_stalled { SHORT_TIMEOUT.min(self.0.timeout) } else { self.0.timeout }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
