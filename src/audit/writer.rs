//! The thread that writes the lines.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write},
    path::PathBuf,
    sync::{Arc, PoisonError, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{
    mpsc::{self, error::TryRecvError},
    oneshot,
};

use super::{AuditError, PENDING_MAX, Shared};

/// How much is written to a pipe at once, in bytes; a single line may be longer. A pipe takes that much whole or not at
/// all, so that whoever stops reading it has no part of a line.
const PIPE_BATCH: usize = libc::PIPE_BUF;

/// How much is written to a file at once, in bytes: the lines of some hundred requests.
const FILE_BATCH: usize = 64 * 1024;

/// How long to wait before a pipe that is full is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// What ends a line.
const END: &[u8] = b"\n";

/// Who waits for something to be written.
pub type Answer = oneshot::Sender<Result<(), AuditError>>;

/// What is asked of the thread.
#[derive(Debug)]
pub enum Message {
    /// To write lines.
    Lines(Vec<Line>),
    /// To say whether everything is written, after an attempt.
    Check(Answer),
    /// To look for another file.
    Wake,
}

/// Where lines are written.
#[derive(Debug)]
pub struct Output {
    /// Open for appending, or a pipe.
    pub file: File,
    /// Where it was opened; `None` for standard output.
    pub path: Option<PathBuf>,
}

impl Output {
    fn is_file(&self) -> bool {
        self.file.metadata().is_ok_and(|data| data.is_file())
    }

    /// Whether it ends in the middle of a line, as a process leaves it that was stopped on a full disk. Nobody can read
    /// back what went into a pipe, and a file that may not be read tells nothing.
    fn is_torn(&self) -> bool {
        let is_file = self.file.metadata().is_ok_and(|data| data.is_file() && data.len() > 0);
        let last = |path: &PathBuf| {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last).map(|()| last)
        };
        let last = self.path.as_ref().filter(|_| is_file).map(last);
        matches!(last, Some(Ok(last)) if last != END)
    }
}

/// A line that is to be written.
#[derive(Debug)]
pub struct Line {
    /// The line with its end.
    pub bytes: Vec<u8>,
    /// Who waits for it.
    pub done: Option<Answer>,
}

/// What the thread knows.
pub struct Writer {
    output: Output,
    is_file: bool,
    inbox: mpsc::Receiver<Message>,
    shared: Arc<Shared>,
    /// After how long a pipe that takes nothing is spoken of.
    patience: Duration,
    /// The lines that are still to be written, oldest first.
    pending: VecDeque<Line>,
    /// How much of the first of them is written, in bytes.
    written: usize,
    /// Who asks whether there are any.
    checks: Vec<Answer>,
    /// Since when the output takes nothing without refusing.
    stalled: Option<Instant>,
    /// The log was told that something is wrong.
    has_complained: bool,
}

impl Writer {
    /// Writes what comes in to the output, until nobody can send any more.
    pub fn new(
        output: Output,
        inbox: mpsc::Receiver<Message>,
        shared: Arc<Shared>,
        patience: Duration,
    ) -> Self {
        Self {
            is_file: output.is_file(),
            output,
            inbox,
            shared,
            patience,
            pending: VecDeque::new(),
            written: 0,
            checks: vec![],
            stalled: None,
            has_complained: false,
        }
    }

    /// The thread's work.
    pub fn run(mut self) {
        self.begin();
        while self.receive() {
            self.switch();
            self.write_pending();
        }
        // The last who could ask for another file is gone, but may have asked.
        self.switch();
        self.write_pending();
    }

    /// Takes whatever waits, and waits for something unless there is something to be tried again. `false` when
    /// nothing can come any more.
    fn receive(&mut self) -> bool {
        if self.stalled.is_some() {
            thread::sleep(RETRY);
        } else {
            match self.inbox.blocking_recv() {
                Some(message) => self.take(message),
                None => return false,
            }
        }
        loop {
            match self.inbox.try_recv() {
                Ok(message) => self.take(message),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Lines(lines) => lines.into_iter().for_each(|line| self.keep(line)),
            Message::Check(done) => self.checks.push(done),
            Message::Wake => {}
        }
    }

    fn keep(&mut self, line: Line) {
        if self.pending.len() < PENDING_MAX {
            return self.pending.push_back(line);
        }
        self.shared.lose();
        answer(line.done, Err(AuditError::Full));
    }

    /// Goes on with another file if there is one.
    fn switch(&mut self) {
        let next = self.shared.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(output) = next {
            self.is_file = output.is_file();
            self.output = output;
            // The first part of the line is in the old file, where nobody would look for it.
            self.written = 0;
            self.begin();
        }
    }

    /// Ends a line that somebody else has left unfinished, so that it spoils no other.
    fn begin(&mut self) {
        // One that could not be written yet was meant for another file.
        self.pending.pop_front_if(|line| line.bytes == END);
        if self.output.is_torn() {
            self.pending.push_front(Line { bytes: END.to_vec(), done: None });
        }
    }

    fn write_pending(&mut self) {
        while !self.pending.is_empty() {
            match self.output.file.write(&self.batch()) {
                Ok(0) => return self.fail(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.advance(count),
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock => return self.stall(),
                    _ => return self.fail(error),
                },
            }
        }
        self.recover();
    }

    /// What is to be written next: the rest of the first line, and the lines behind it as far as they fit.
    fn batch(&self) -> Vec<u8> {
        let max = if self.is_file { FILE_BATCH } else { PIPE_BATCH };
        let mut batch = Vec::with_capacity(max.min(self.pending.len() * 512));
        let mut skip = self.written;
        for line in &self.pending {
            if !batch.is_empty() && batch.len() + line.bytes.len() > max {
                break;
            }
            batch.extend_from_slice(line.bytes.get(skip..).unwrap_or_default());
            skip = 0;
        }
        batch
    }

    /// Answers those whose lines are written to their ends.
    fn advance(&mut self, count: usize) {
        self.stalled = None;
        self.written += count;
        while let Some(line) = self.pending.pop_front_if(|line| line.bytes.len() <= self.written) {
            self.written -= line.bytes.len();
            answer(line.done, Ok(()));
        }
    }

    /// The output takes nothing now: whoever waits goes on waiting, as long as they care to.
    fn stall(&mut self) {
        let since = *self.stalled.get_or_insert_with(Instant::now);
        if since.elapsed() >= self.patience {
            self.complain(&AuditError::Stalled);
        }
        self.checks.retain(|check| !check.is_closed());
    }

    /// The output refuses: nobody waits any longer, but the lines are kept.
    fn fail(&mut self, error: io::Error) {
        let error = AuditError::Write(Arc::new(error));
        self.stalled = None;
        self.complain(&error);
        self.shared.is_failing.store(true, Ordering::SeqCst);
        let waiting = self.pending.iter_mut().map(|line| line.done.take());
        for done in waiting.chain(self.checks.drain(..).map(Some)) {
            answer(done, Err(error.clone()));
        }
    }

    /// Everything is written.
    fn recover(&mut self) {
        self.stalled = None;
        self.shared.is_failing.store(false, Ordering::SeqCst);
        self.shared.is_stuck.store(false, Ordering::SeqCst);
        let lost = self.shared.lost.swap(0, Ordering::Relaxed);
        if self.has_complained || lost > 0 {
            log::info!("the audit log is written again; {lost} lines are lost");
        }
        self.has_complained = false;
        for check in self.checks.drain(..) {
            answer(Some(check), Ok(()));
        }
    }

    fn complain(&mut self, error: &AuditError) {
        if !self.has_complained {
            log::error!("{error}");
            self.has_complained = true;
        }
    }
}

/// Tells who waits what became of it. Who no longer waits need not know.
pub fn answer(done: Option<Answer>, result: Result<(), AuditError>) {
    if let Some(done) = done {
        drop(done.send(result));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::{self, OpenOptions};

    use super::*;

    #[test]
    fn an_end_that_waits_is_not_carried_into_another_file() {
        let name = format!("audit-ends-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let open = |text: &str| {
            fs::write(&path, text).unwrap();
            let file = OpenOptions::new().append(true).open(&path).unwrap();
            Output { file, path: Some(path.clone()) }
        };
        let shared = Arc::new(Shared::default());
        let (_outbox, inbox) = mpsc::channel(1);
        let mut writer = Writer::new(open("{"), inbox, Arc::clone(&shared), Duration::ZERO);
        writer.begin();
        // The disk stays full, and the file is opened anew.
        for (text, waiting) in [("{", 1), ("{", 1), ("{}\n", 0), ("", 0), ("{", 1)] {
            *shared.next.lock().unwrap() = Some(open(text));
            writer.switch();
            assert_eq!(writer.pending.len(), waiting, "{text:?}");
        }
        fs::remove_file(&path).unwrap();
    }
}
