//! The files of a database: who may read them, and how one is put into its place.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with},
    io::Errno,
};

use super::BoxError;

/// What SQLite keeps beside a database file.
pub const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// For the owner only.
const MODE: u32 = 0o600;

/// What connections may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everything, by way of a write-ahead log.
    Write,
    /// Reading only.
    Read,
}

/// The files of a database as they were at the start: what their paths must still mean. One that was moved, removed or
/// replaced takes writes without an error and loses them. A file that came in its place is not opened even if it is a
/// database, for the log beside it would be read into it and spoil both.
pub struct Files {
    database: (PathBuf, FileIdentity),
    /// Absent where nothing is written: there need not be one.
    log: Option<(PathBuf, FileIdentity)>,
}

/// Device and inode.
type FileIdentity = (u64, u64);

impl Files {
    /// Of a database that is open. Where it is open to be written, the log is there once it was read.
    pub fn open_now(path: &Path, access: Access) -> io::Result<Self> {
        let known = |path: PathBuf| identity(&path).map(|identity| (path, identity));
        let log = match access {
            // SQLite keeps the log beside the file itself, not beside a link to it.
            Access::Write => Some(known(with_suffix(&fs::canonicalize(path)?, "-wal"))?),
            Access::Read => None,
        };
        Ok(Self { database: known(path.to_owned())?, log })
    }

    /// The path of the database.
    pub fn path(&self) -> &Path {
        &self.database.0
    }

    /// Whether all of them are the ones that they were.
    pub fn check(&self) -> Result<(), BoxError> {
        for (path, known) in std::iter::once(&self.database).chain(&self.log) {
            let shown = path.display();
            let now = fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?;
            if identity_of(&now) != *known {
                let remedy = "put the file back that was there at the start; before a start with another one, take away \
                              what stands beside it";
                return Err(format!("{shown} was replaced: {remedy}").into());
            }
            if *path == self.database.0 && now.len() < HEADER {
                let remedy = "copy what stands beside it before the server ends, which removes it, and put the content back";
                return Err(format!("{shown} was emptied: {remedy}").into());
            }
        }
        Ok(())
    }
}

/// How long the beginning of a database is, in bytes: a shorter file is none (SQLite's file format, section 1.3).
const HEADER: u64 = 100;

fn identity(path: &Path) -> io::Result<FileIdentity> {
    fs::metadata(path).map(|file| identity_of(&file))
}

fn identity_of(file: &fs::Metadata) -> FileIdentity {
    (file.dev(), file.ino())
}

/// A path with something behind its name.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

/// What is between a file's name and the random end of the name that it has until it is whole.
const PARTIAL: &str = ".partial-";

/// How many digits that end has: those of a UUID.
const RANDOM_DIGITS: usize = 32;

/// A file that is not whole yet, under a name of its own: other processes may be at the same, also in containers where each
/// has the number 1. Goes with its owner, unless it got its real name.
pub struct Partial {
    path: PathBuf,
    /// Locked as long as its owner lives.
    _lock: File,
}

impl Partial {
    /// Makes an empty one beside the file that it is to become, for its owner only, and removes what was left of others.
    pub fn new(becomes: &Path) -> io::Result<(Self, File)> {
        Self::remove_left(becomes);
        loop {
            let path = with_suffix(becomes, &format!("{PARTIAL}{}", uuid::Uuid::new_v4().simple()));
            let file = make_new(&path)?;
            // Until it is locked, another process takes it for one that was left.
            let is_ours = takes_lock(&file) && file.metadata()?.nlink() > 0;
            if is_ours {
                let partial = Self { path, _lock: file.try_clone()? };
                return Ok((partial, file));
            }
            drop(fs::remove_file(path));
        }
    }

    /// Where it is until then.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes those whose owners were killed.
    pub fn remove_left(becomes: &Path) {
        let Some(name) = becomes.file_name() else { return };
        let mut start = name.to_owned();
        start.push(PARTIAL);
        let Ok(entries) = fs::read_dir(folder_of(becomes)) else { return };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            // Not what SQLite keeps beside one: that goes with it.
            let end = name.strip_prefix(start.as_encoded_bytes()).unwrap_or_default();
            if end.len() != RANDOM_DIGITS || !end.iter().all(u8::is_ascii_hexdigit) {
                continue;
            }
            // Held until it is removed, so that no other process takes the name meanwhile.
            let lock = File::open(&path).ok().filter(takes_lock);
            if lock.is_some() && files_of(&path).try_for_each(remove).is_ok() {
                log::info!(
                    "{} was left by a command that was killed, and is removed",
                    path.display()
                );
            }
        }
    }
}

/// Takes the lock of a file; `false` when it is held already.
fn takes_lock(file: &File) -> bool {
    flock(file, FlockOperation::NonBlockingLockExclusive).is_ok()
}

impl Drop for Partial {
    fn drop(&mut self) {
        // What has its real name is not there any more; what cannot be removed is known by its name.
        files_of(&self.path).for_each(|path| drop(fs::remove_file(path)));
    }
}

/// Gives a file a name that no other file has.
pub fn name_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems, such as those of networks, do not know the flag.
        Err(Errno::INVAL | Errno::NOSYS) => {
            fs::hard_link(from, to).and_then(|()| fs::remove_file(from))
        }
        renamed => Ok(renamed?),
    }
}

/// Writes a new file for its owner only: it gets its name when it is whole and on disk.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when there is something of that name, which stays; others when it cannot be written.
pub fn write_new_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (partial, mut file) = Partial::new(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    name_new(partial.path(), path)?;
    sync_folder(path)
}

/// Refuses a log without its database: SQLite, also when it only reads, would take an empty file with the log of a lost one
/// for a new database, and write over what was written last.
pub fn refuse_log_alone(path: &Path) -> io::Result<()> {
    let holds = |file: &Path, least| fs::metadata(file).is_ok_and(|file| file.len() >= least);
    // The file is checked after the log: a process that makes a database at the same moment makes the file first, and gives it a
    // content by way of the journal before there is the other log.
    let (wal, journal) = (with_suffix(path, "-wal"), with_suffix(path, "-journal"));
    let alone = match (holds(&wal, 1), holds(&journal, 1)) {
        (true, _) if !holds(path, HEADER) => wal,
        (_, true) if !path.try_exists()? => journal,
        _ => return Ok(()),
    };
    Err(io::Error::other(format!(
        "{} is there without its database, and may hold what was written last: put the database back, or take that file \
         away",
        alone.display()
    )))
}

/// Makes the file where it is missing.
pub fn make_missing(path: &Path) -> io::Result<()> {
    match make_new(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes a file that must not be there yet.
fn make_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)
}

/// Gives the database's files to their owner alone. SQLite gives a new log the rights of its database; one that is
/// left from before these were changed gets them as well.
pub fn keep_from_others(path: &Path) {
    let Ok(database) = fs::metadata(path) else { return };
    let private = database.permissions().mode() & 0o700;
    for path in files_of(path) {
        let Ok(file) = fs::metadata(&path) else { continue };
        let mode = file.permissions().mode() & 0o7777;
        if mode == private {
            continue;
        }
        match fs::set_permissions(&path, fs::Permissions::from_mode(private)) {
            Ok(()) if mode & !0o700 != 0 => {
                log::warn!("{} could be read by others: its mode was {mode:o}", path.display());
            }
            Ok(()) => {}
            Err(error) => {
                log::warn!("{} keeps its mode {mode:o}: {error}", path.display());
            }
        }
    }
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Removes a file that need not be there.
pub fn remove(path: PathBuf) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a rename in a file's folder durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// A database file and what SQLite keeps beside it.
pub fn files_of(path: &Path) -> impl Iterator<Item = PathBuf> {
    std::iter::once(path.to_owned()).chain(beside(path))
}

/// What SQLite keeps beside a database file.
pub fn beside(path: &Path) -> impl Iterator<Item = PathBuf> {
    BESIDE.map(|suffix| with_suffix(path, suffix)).into_iter()
}
