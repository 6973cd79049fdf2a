//! Where lines are written, and those that could not be written yet.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::{fd::AsFd, unix::fs::OpenOptionsExt},
    path::Path,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::OFlags,
    io::Errno,
    pipe::PIPE_BUF,
};

use super::Destination;

/// How many lines are kept that could not be written yet. Further ones are lost, and counted.
pub const OWED_MAX: usize = 4096;

/// What ends a line.
const END: &[u8] = b"\n";

/// An open file, pipe, terminal or socket.
#[derive(Debug)]
pub struct Output {
    file: File,
    is_file: bool,
    /// It ends in the middle of a line, as a process leaves it that was stopped on a full disk.
    is_torn: bool,
}

impl Output {
    /// Opens the destination; a file goes on behind what is in it.
    pub fn open(destination: &Destination) -> io::Result<Self> {
        let (file, path) = match destination {
            Destination::File(path) => {
                let unopened = |error| {
                    let reason = reason(&error);
                    io::Error::other(format!(
                        "cannot open the audit log {}: {reason}",
                        path.display()
                    ))
                };
                (open_file(path).map_err(unopened)?, Some(path))
            }
            // Without the buffer of the standard library, which would keep what could not be written.
            Destination::Stdout => (io::stdout().as_fd().try_clone_to_owned()?.into(), None),
        };
        let about = file.metadata().ok();
        let is_file = about.as_ref().is_some_and(std::fs::Metadata::is_file);
        let has_text = is_file && about.is_some_and(|about| about.len() > 0);
        // What went into a pipe cannot be read back, and a file that may not be read tells nothing.
        let last = path.filter(|_| has_text).map(|path| last_byte(path));
        let is_torn = matches!(last, Some(Ok(last)) if last != END);
        Ok(Self { file, is_file, is_torn })
    }

    /// Writes what can be written without waiting. What goes to a regular file is taken by the kernel's cache; only a file
    /// system that hangs would be waited for. Anything else is asked first whether it has room, and takes at most what a
    /// pipe takes whole. Standard output cannot be made non-blocking, since other processes may share it; one of them
    /// would have to fill it between question and write for this to wait.
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_file {
            return (&self.file).write(bytes);
        }
        if !self.has_room() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        (&self.file).write(bytes.get(..PIPE_BUF).unwrap_or(bytes))
    }

    /// Whether something can be written at once; also when it would be refused.
    pub fn has_room(&self) -> bool {
        if self.is_file {
            return true;
        }
        let mut asked = [PollFd::new(&self.file, PollFlags::OUT)];
        // What cannot be asked is tried.
        poll(&mut asked, Some(&Timespec::default())) != Ok(0)
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        // A pipe that is not read is then refused instead of waited for; files do not know the difference.
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
}

/// What the system said when the file was opened, in words that tell what to do.
fn reason(error: &io::Error) -> String {
    if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) {
        return "it is a pipe that is not read".to_owned();
    }
    match error.kind() {
        io::ErrorKind::NotFound => "its directory does not exist".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::NotADirectory => "part of its path is not a directory".to_owned(),
        io::ErrorKind::PermissionDenied => "the server has no permission to write it".to_owned(),
        _ => error.to_string(),
    }
}

fn last_byte(path: &Path) -> io::Result<[u8; 1]> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last).map(|()| last)
}

/// The output and the lines for it, oldest first.
#[derive(Debug)]
pub struct Lines {
    output: Output,
    owed: VecDeque<Vec<u8>>,
    /// How much of the first of them is written, in bytes.
    begun: usize,
    /// How many lines were ever taken.
    taken: u64,
    /// How many lines are lost since the log last was well.
    pub lost: u64,
    /// A request has waited in vain, and not everything has been written since.
    pub is_stalled: bool,
    /// The failure stands in the server's log.
    has_complained: bool,
}

impl Lines {
    pub fn new(output: Output) -> Self {
        let owed = VecDeque::new();
        Self { output, owed, begun: 0, taken: 0, lost: 0, is_stalled: false, has_complained: false }
    }

    /// Takes a line; returns how many were ever taken. After an error the line is lost.
    pub fn take(&mut self, line: Vec<u8>) -> Result<u64, String> {
        if self.owed.len() >= OWED_MAX {
            // What is wrong is told by the write that follows; some of them may be written all the same.
            drop(self.write_all());
        }
        if self.owed.len() >= OWED_MAX {
            if self.lost == 0 {
                log::error!("the audit log takes no more lines: lines are being lost");
            }
            self.lost += 1;
            return Err(format!(
                "the audit log cannot be written, and {OWED_MAX} lines already wait"
            ));
        }
        self.owed.push_back(line);
        self.taken += 1;
        Ok(self.taken)
    }

    /// Writes what can be written; whether nothing is left.
    pub fn write_all(&mut self) -> Result<bool, String> {
        self.write(self.taken)
    }

    /// The same; whether at least the first so many of all lines are written.
    pub fn write(&mut self, count: u64) -> Result<bool, String> {
        let refused = match self.write_owed() {
            Ok(()) => {
                self.recover();
                return Ok(true);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(self.complain(format!("the audit log cannot be written: {error}"))),
        };
        let is_written = self.taken - self.owed.len() as u64 >= count;
        if is_written { Ok(true) } else { refused }
    }

    fn write_owed(&mut self) -> io::Result<()> {
        loop {
            // The end of the line that another process has left unfinished.
            let (rest, is_end) = match self.owed.front() {
                None => return Ok(()),
                Some(_) if self.output.is_torn => (END, true),
                Some(line) => (line.get(self.begun..).unwrap_or_default(), false),
            };
            let length = rest.len();
            match self.output.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) if is_end => self.output.is_torn = false,
                Ok(count) if count < length => self.begun += count,
                Ok(_) => {
                    self.owed.pop_front();
                    self.begun = 0;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether all lines are written and the output has room for another one.
    pub fn is_ready(&self) -> bool {
        self.owed.is_empty() && self.output.has_room()
    }

    /// Goes on with another output. A line that was begun is written to it whole, so that none is split over two files.
    /// A pipe may be the same as before, and holds its beginning: there it is ended first.
    pub fn switch(&mut self, mut output: Output) {
        output.is_torn |= !output.is_file && (self.begun > 0 || self.output.is_torn);
        self.output = output;
        self.begun = 0;
    }

    /// Logs once what is wrong.
    pub fn complain(&mut self, error: String) -> String {
        if !self.has_complained {
            log::error!("{error}");
            self.has_complained = true;
        }
        error
    }

    /// Everything is written.
    fn recover(&mut self) {
        if self.has_complained || self.lost > 0 {
            log::info!("the audit log is written again; {} lines are lost", self.lost);
        }
        (self.is_stalled, self.has_complained, self.lost) = (false, false, 0);
    }
}
