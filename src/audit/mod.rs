//! The audit log: one line of JSON for each operation, written before its reply goes out.
//!
//! One thread writes what all requests have to say, so that lines stay whole and those that wait together are written
//! at once. No line is forced to the disk: what the kernel has taken survives the death of the process, and what
//! must survive a loss of power belongs on another machine.

mod entry;
mod gathering;
mod writer;

use std::{
    fs::{File, OpenOptions},
    io,
    os::{fd::AsFd, unix::fs::OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};

pub use entry::{CallerEntry, Decision, Entry};
use gathering::Gathered;
use writer::{Line, Message, Output, Writer};

/// How many times the lines of one moment wait for the writing thread before requests wait to hand theirs over.
const QUEUE: usize = 1024;

/// How many lines are kept that could not be written yet. Further ones are lost, and counted.
const PENDING_MAX: usize = 4096;

/// How long a request waits for its line to be written.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same once a request has waited in vain, until the lines are written again.
const SHORT_PATIENCE: Duration = Duration::from_millis(100);

/// How long a server that stops waits for the last lines.
const FLUSH: Duration = Duration::from_secs(1);

/// Where the lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To the end of this file, which is made for its owner only (mode 0600) when it is missing. A named pipe will do
    /// if somebody reads it.
    File(PathBuf),
    /// To standard output.
    Stdout,
}

/// The audit log cannot be written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuditError {
    /// The file cannot be opened.
    #[error("cannot open the audit log {}: {}", path.display(), reason(source))]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// Standard output cannot be used.
    #[error("cannot write the audit log to standard output: {0}")]
    Stdout(Arc<io::Error>),
    /// The system gives no thread to write with.
    #[error("cannot start the audit log's thread: {0}")]
    Thread(Arc<io::Error>),
    /// The system refused to write.
    #[error("the audit log cannot be written: {0}")]
    Write(Arc<io::Error>),
    /// The system neither wrote nor refused in the time that a request waits.
    #[error("the audit log takes no lines: nobody reads the pipe, or the disk does not answer")]
    Stalled,
    /// As many lines as are kept already wait.
    #[error("the audit log cannot be written, and {PENDING_MAX} lines already wait")]
    Full,
    /// The thread that writes is gone, which is a mistake in this program.
    #[error("the audit log's thread is gone")]
    Ended,
}

/// What the system said when the file was opened, in words that tell what to do.
fn reason(source: &io::Error) -> String {
    if source.raw_os_error() == Some(libc::ENXIO) {
        return "it is a pipe that nobody reads".to_owned();
    }
    match source.kind() {
        io::ErrorKind::NotFound => "its directory does not exist".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::NotADirectory => "part of its path is not a directory".to_owned(),
        io::ErrorKind::PermissionDenied => "the server has no permission to write it".to_owned(),
        _ => source.to_string(),
    }
}

/// What requests and the writing thread know of each other.
#[derive(Debug, Default)]
struct Shared {
    /// The file to go on with.
    next: Mutex<Option<Output>>,
    /// The last attempt to write failed, and lines wait.
    is_failing: AtomicBool,
    /// A request has waited in vain, and nothing was written since.
    is_stuck: AtomicBool,
    /// How many lines are lost since the log last was well.
    lost: AtomicU64,
}

impl Shared {
    /// Counts a line that will never be written.
    fn lose(&self) {
        if self.lost.fetch_add(1, Ordering::Relaxed) == 0 {
            log::error!("the audit log takes no more lines: lines are being lost");
        }
    }
}

#[derive(Debug)]
struct Inner {
    destination: Destination,
    inbox: mpsc::Sender<Message>,
    gathered: Gathered,
    shared: Arc<Shared>,
    is_best_effort: bool,
    patience: Duration,
}

/// The audit log. Cloning is cheap; all clones write to the same place.
#[derive(Debug, Clone)]
pub struct AuditLog(Arc<Inner>);

impl AuditLog {
    /// Opens the log. With best effort no request fails for it: lines are then handed over and not waited for.
    ///
    /// # Errors
    /// [`AuditError::Open`], [`AuditError::Stdout`] and [`AuditError::Thread`].
    pub fn open(destination: Destination, is_best_effort: bool) -> Result<Self, AuditError> {
        Self::open_with(destination, is_best_effort, PATIENCE)
    }

    fn open_with(
        destination: Destination,
        is_best_effort: bool,
        patience: Duration,
    ) -> Result<Self, AuditError> {
        let output = match &destination {
            Destination::File(path) => open_file(path)?,
            Destination::Stdout => Output { file: open_stdout()?, path: None },
        };
        let shared = Arc::new(Shared::default());
        let (inbox, messages) = mpsc::channel(QUEUE);
        let writer = Writer::new(output, messages, Arc::clone(&shared), patience);
        thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| AuditError::Thread(Arc::new(error)))?;
        let gathered = Gathered::default();
        let inner = Inner { destination, inbox, gathered, shared, is_best_effort, patience };
        Ok(Self(Arc::new(inner)))
    }

    /// Whether an operation that is carried out now could be written down. When it is known that lines wait that
    /// could not be written, this tries to write them. With best effort the answer is always yes.
    ///
    /// # Errors
    /// What keeps the lines from being written: [`AuditError::Write`], [`AuditError::Stalled`] after at most 5 s.
    pub async fn check(&self) -> Result<(), AuditError> {
        let Inner { inbox, shared, is_best_effort, .. } = &*self.0;
        let is_well = !inbox.is_closed()
            && !shared.is_failing.load(Ordering::SeqCst)
            && !shared.is_stuck.load(Ordering::SeqCst);
        if *is_best_effort || is_well {
            return Ok(());
        }
        let deadline = self.deadline();
        let (done, answer) = oneshot::channel();
        self.queue(Message::Check(done), deadline).await?;
        self.answered(answer, deadline).await
    }

    /// Writes a line and returns when the kernel has it. With best effort it does not wait and always succeeds.
    ///
    /// A line that could not be written in time is kept and written later, before any other.
    ///
    /// # Errors
    /// [`AuditError::Write`], [`AuditError::Stalled`] after at most 5 s, and [`AuditError::Full`] when the line is
    /// not even kept.
    pub async fn write(&self, entry: &Entry<'_>) -> Result<(), AuditError> {
        let Inner { inbox, shared, is_best_effort, .. } = &*self.0;
        let bytes = entry.line();
        if *is_best_effort {
            if inbox.try_send(Message::Lines(vec![Line { bytes, done: None }])).is_err() {
                shared.lose();
            }
            return Ok(());
        }
        let deadline = self.deadline();
        let (done, answer) = oneshot::channel();
        self.gather(Line { bytes, done: Some(done) }).await;
        self.answered(answer, deadline).await
    }

    /// Opens the file anew, as is asked for after it has been renamed. If that fails the old one stays in use and an
    /// error is logged. Standard output stays what it is.
    pub fn reopen(&self) {
        let Inner { destination, inbox, shared, .. } = &*self.0;
        let Destination::File(path) = destination else { return };
        match open_file(path) {
            Ok(file) => {
                *shared.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
                // A thread that has no room for this is at work, and looks for the file by itself.
                drop(inbox.try_send(Message::Wake));
                log::info!("the audit log {} has been opened anew", path.display());
            }
            Err(error) => log::error!("the audit log stays the file that it was: {error}"),
        }
    }

    /// Waits until the lines handed over so far are written, 1 s at most. For a server that stops.
    pub async fn flush(&self) {
        let deadline = Instant::now() + FLUSH;
        let (done, answer) = oneshot::channel();
        let flushed = match self.queue(Message::Check(done), deadline).await {
            Ok(()) => self.answered(answer, deadline).await,
            Err(error) => Err(error),
        };
        if let Err(error) = flushed {
            log::error!("the last lines of the audit log may be lost: {error}");
        }
    }

    fn deadline(&self) -> Instant {
        // Requests that follow one another to a pipe that nobody reads do not each wait as long as the first.
        let is_stuck = self.0.shared.is_stuck.load(Ordering::SeqCst);
        Instant::now()
            + if is_stuck { SHORT_PATIENCE.min(self.0.patience) } else { self.0.patience }
    }

    async fn queue(&self, message: Message, deadline: Instant) -> Result<(), AuditError> {
        match timeout_at(deadline, self.0.inbox.reserve()).await {
            Ok(Ok(room)) => {
                room.send(message);
                Ok(())
            }
            Ok(Err(_closed)) => Err(AuditError::Ended),
            Err(_elapsed) => Err(self.stalled()),
        }
    }

    async fn answered(
        &self,
        answer: oneshot::Receiver<Result<(), AuditError>>,
        deadline: Instant,
    ) -> Result<(), AuditError> {
        match timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_closed)) => Err(AuditError::Ended),
            Err(_elapsed) => Err(self.stalled()),
        }
    }

    fn stalled(&self) -> AuditError {
        self.0.shared.is_stuck.store(true, Ordering::SeqCst);
        AuditError::Stalled
    }
}

fn open_file(path: &Path) -> Result<Output, AuditError> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        // A pipe that nobody reads is then refused instead of waited for; files do not know the difference.
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .map_err(|error| AuditError::Open { path: path.to_owned(), source: Arc::new(error) })?;
    Ok(Output { file, path: Some(path.to_owned()) })
}

/// Standard output without the buffer of the standard library, which would keep what could not be written.
fn open_stdout() -> Result<File, AuditError> {
    let output = io::stdout().as_fd().try_clone_to_owned();
    output.map(File::from).map_err(|error| AuditError::Stdout(Arc::new(error)))
}

#[cfg(test)]
mod tests;
