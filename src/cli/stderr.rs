//! Standard error behind a bounded queue: a pipe that is not read holds up neither requests nor the end of the process.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, Write},
    panic,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread,
    time::Duration,
};

use prometheus_client::metrics::counter::Counter;

/// How much may wait to be written, in bytes: some thousand lines.
const WAITING_MAX: usize = 1024 * 1024;

/// What a waiting line takes beside its text, in bytes, so that very short lines are bounded too.
const OVERHEAD: usize = 64;

/// How long a process that ends waits for the last lines.
const FLUSH: Duration = Duration::from_secs(1);

enum Message {
    Line(Vec<u8>),
    /// To answer once everything before it is written.
    Flush(SyncSender<()>),
}

/// The queue's end for writers: each `write` is one line, which is written later or dropped and counted. Cloning is
/// cheap, and all clones write to the same queue.
#[derive(Clone)]
pub struct Stderr {
    messages: Sender<Message>,
    /// How much waits, in bytes.
    waiting: Arc<AtomicUsize>,
    /// How many lines were dropped.
    pub dropped: Counter,
}

impl Stderr {
    /// Starts the thread that writes. A panic is logged from then on, since the standard library would wait for the pipe.
    pub fn start() -> io::Result<Self> {
        let (messages, received) = channel();
        let stderr = Self { messages, waiting: Arc::default(), dropped: Counter::default() };
        let of_thread = stderr.clone();
        let thread = thread::Builder::new().name("log".to_owned());
        thread.spawn(move || of_thread.write_all_of(&received, io::stderr()))?;
        let of_hook = stderr.clone();
        panic::set_hook(Box::new(move |panic| {
            let trace = Backtrace::capture();
            match trace.status() {
                BacktraceStatus::Captured => log::error!("{panic}\n{trace}"),
                _ => log::error!("{panic}"),
            }
            // The process ends with this thread.
            if thread::current().name() == Some("main") {
                of_hook.flush_all();
            }
        }));
        Ok(stderr)
    }

    /// Waits until the lines so far are written, 1 s at most.
    pub fn flush_all(&self) {
        let (done, flushed) = sync_channel(1);
        if self.messages.send(Message::Flush(done)).is_ok() && flushed.recv_timeout(FLUSH).is_err()
        {
            log::debug!("the last lines of the log are not read");
        }
    }

    fn write_all_of(&self, received: &Receiver<Message>, mut out: impl Write) {
        let (mut told, mut is_cut) = (0, false);
        for message in received {
            match message {
                Message::Line(line) => {
                    // A full disk may have taken the beginning of the line before.
                    let is_apart = !is_cut || out.write_all(b"\n").is_ok();
                    is_cut = !is_apart || out.write_all(&line).is_err();
                    if is_cut {
                        self.dropped.inc();
                    }
                    self.waiting.fetch_sub(line.len() + OVERHEAD, Ordering::Relaxed);
                }
                Message::Flush(done) => drop(done.send(())),
            }
            let dropped = self.dropped.get();
            // Logged by a line of its own as soon as there is room for it, behind those that did not have to be dropped.
            if dropped > told && !is_cut && self.waiting.load(Ordering::Relaxed) < WAITING_MAX / 2 {
                log::error!(
                    "{} log lines were dropped: standard error was not read, or was full",
                    dropped - told
                );
                told = dropped;
            }
        }
    }
}

impl Write for Stderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let size = line.len() + OVERHEAD;
        let has_room = self.waiting.fetch_add(size, Ordering::Relaxed) + size <= WAITING_MAX;
        if !has_room || self.messages.send(Message::Line(line.to_vec())).is_err() {
            self.waiting.fetch_sub(size, Ordering::Relaxed);
            self.dropped.inc();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A disk that is full once it has that many bytes, until it has been asked so often.
    #[derive(Clone, Default)]
    struct Disk {
        text: Arc<Mutex<Vec<u8>>>,
        full_at: usize,
        refusals: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut text = self.text.lock().unwrap();
            let room = if self.refusals > 0 { self.full_at - text.len() } else { usize::MAX };
            if room == 0 {
                self.refusals -= 1;
                return Err(io::ErrorKind::StorageFull.into());
            }
            let fits = bytes.get(..room).unwrap_or(bytes);
            text.extend(fits);
            Ok(fits.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_a_full_disk_cut_is_ended_before_the_next_one() {
        let (messages, received) = channel();
        let mut stderr = Stderr { messages, waiting: Arc::default(), dropped: Counter::default() };
        for line in ["first\n", "second\n", "third\n", "fourth\n"] {
            stderr.write_all(line.as_bytes()).unwrap();
        }
        // The queue ends with its last sender.
        let writer = Stderr { messages: channel().0, ..stderr.clone() };
        let (dropped, disk) =
            (stderr.dropped.clone(), Disk { full_at: 9, refusals: 2, ..Disk::default() });
        let text = Arc::clone(&disk.text);
        drop(stderr);
        writer.write_all_of(&received, disk);
        assert_eq!(String::from_utf8_lossy(&text.lock().unwrap()), "first\nsec\nfourth\n");
        assert_eq!(dropped.get(), 2);
    }
}
