//! The files of a database: their modes, whether they are still the same, and how new ones get their names.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Result, anyhow, bail, ensure};
use rustix::{
    fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with},
    io::Errno,
    process::geteuid,
};

/// What connections may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading and writing, with a write-ahead log.
    Write,
    /// Reading only.
    Read,
}

/// The files of a database at the start, with device and inode: what their paths must still mean. One that was moved,
/// removed or replaced takes writes without an error and loses them. A file that replaced it is not opened even if it is a
/// database, for the log beside it would be read into it and spoil both.
pub struct Files {
    pub path: PathBuf,
    known: Vec<(PathBuf, u64, u64)>,
}

impl Files {
    /// Of an open database. Where it can be written, the log exists once it was read.
    pub fn open_now(path: &Path, access: Access) -> io::Result<Self> {
        let mut files = vec![path.to_owned()];
        if access == Access::Write {
            // SQLite keeps the log beside the file itself, not beside a link to it.
            files.push(with_suffix(&fs::canonicalize(path)?, "-wal"));
        }
        let known = files.into_iter().map(|path| {
            let file = fs::metadata(&path)?;
            Ok((path, file.dev(), file.ino()))
        });
        Ok(Self { path: path.to_owned(), known: known.collect::<io::Result<_>>()? })
    }

    /// Whether all of them are the same as at the start.
    pub fn check(&self) -> Result<()> {
        for (path, device, inode) in &self.known {
            let shown = path.display();
            let now = fs::metadata(path).map_err(|error| anyhow!("{shown}: {error}"))?;
            ensure!(
                (now.dev(), now.ino()) == (*device, *inode),
                "{shown} was replaced: put the file back that was there at the start; before a start with another one, \
                 take away what stands beside it"
            );
            ensure!(
                *path != self.path || now.len() >= HEADER,
                "{shown} was emptied: copy what stands beside it before the server ends, which removes it, and put the \
                 content back"
            );
        }
        Ok(())
    }
}

/// How long the beginning of a database is, in bytes: a shorter file is none (SQLite's file format, section 1.3).
const HEADER: u64 = 100;

/// A path with something behind its name.
#[must_use]
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

/// What is between a file's name and the random end, 32 hexadecimal digits, of the name that it has until it is whole.
const PARTIAL: &str = ".partial-";

/// A file that is not whole yet, under a name of its own: other processes may write the same, also in containers where each
/// is process 1. Removed when it is dropped, unless it got its real name.
pub struct Partial {
    pub path: PathBuf,
    /// Locked while it is open.
    pub file: File,
}

impl Partial {
    /// Creates an empty one beside the file that it is to become, for its owner only, and removes what was left of others.
    pub fn new(becomes: &Path) -> io::Result<Self> {
        Self::remove_left(becomes);
        loop {
            let path = with_suffix(becomes, &format!("{PARTIAL}{}", uuid::Uuid::new_v4().simple()));
            let partial = Self { file: make_new(&path)?, path };
            // Until it is locked, another process takes it for one that was left.
            if takes_lock(&partial.file)? && partial.file.metadata()?.nlink() > 0 {
                return Ok(partial);
            }
        }
    }

    /// Removes those whose processes were killed.
    pub fn remove_left(becomes: &Path) {
        let Ok(entries) = fs::read_dir(folder_of(becomes)) else { return };
        let start = with_suffix(becomes.file_name().unwrap_or_default().as_ref(), PARTIAL);
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            // Not what SQLite keeps beside one: that is removed with it.
            let end = name.strip_prefix(start.as_os_str().as_encoded_bytes()).unwrap_or_default();
            if end.len() != 32 || !end.iter().all(u8::is_ascii_hexdigit) {
                continue;
            }
            // Locked until it is removed, so that no other process takes the name meanwhile.
            let lock = File::open(&path).ok().filter(|file| takes_lock(file).is_ok_and(|it| it));
            // The file itself last: by its name the others are found.
            let removed = || beside(&path).try_for_each(remove).and_then(|()| remove(path.clone()));
            if lock.is_some() && removed().is_ok() {
                log::info!("{} was left by a killed command, and is removed", path.display());
            }
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // A file that got its real name does not exist here any more.
        files_of(&self.path).for_each(|path| drop(fs::remove_file(path)));
    }
}

/// Takes the lock of a file; `false` when another process has it. An error where the file system has no locks.
fn takes_lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(io::Error::other(format!("a file there cannot be locked: {error}"))),
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

/// Writes a new file for its owner only: it gets its name when it is whole and on disk. A file that has the name stays:
/// [`io::ErrorKind::AlreadyExists`].
pub fn write_new_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut partial = Partial::new(path)?;
    partial.file.write_all(bytes)?;
    partial.file.sync_all()?;
    name_new(&partial.path, path)?;
    sync_folder(path)
}

/// Refuses a log without its database: SQLite, also when it only reads, would take an empty file with the log of a lost one
/// for a new database, and write over what was written last.
pub fn refuse_log_alone(path: &Path) -> Result<()> {
    let holds = |file: &Path, least| fs::metadata(file).is_ok_and(|file| file.len() >= least);
    // The file is checked after the log: a process that creates a database at the same moment creates the file first, and
    // writes its content with a journal before there is the other log.
    let (wal, journal) = (with_suffix(path, "-wal"), with_suffix(path, "-journal"));
    let alone = match (holds(&wal, 1), holds(&journal, 1)) {
        (true, _) if !holds(path, HEADER) => wal,
        (_, true) if !path.try_exists()? => journal,
        _ => return Ok(()),
    };
    bail!(
        "{} is there without its database, and may hold what was written last: put the database back, or take that file \
         away",
        alone.display()
    )
}

/// Refuses a file that can be opened by another name: SQLite keeps the log beside the name that it was given, so that what
/// was written by one name is not found by the other, and servers under both spoil the file.
pub fn refuse_second_name(path: &Path) -> Result<()> {
    ensure!(
        fs::metadata(path)?.nlink() < 2,
        "it has another name, a hard link, and what was written last stands beside one of them only: remove the other"
    );
    // Absent where the system is not Linux, or hides it.
    let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mut mounts = mounts.split(|byte| *byte == b'\n');
    let is_mount = |line: &[u8]| {
        let place = line.split(|byte| *byte == b' ').nth(4);
        place == Some(path.as_os_str().as_encoded_bytes())
    };
    ensure!(
        !mounts.any(is_mount),
        "it is mounted by itself, and what is written last would stand beside it, outside of what is mounted: mount its folder"
    );
    Ok(())
}

/// Refuses to make the files that SQLite keeps beside a database, even when it only reads, for another user than the owner:
/// the owner could not open them. A superuser's are given to the owner.
pub fn refuse_other_users(path: &Path) -> Result<()> {
    let (owner, user) = (fs::metadata(path)?.uid(), geteuid());
    let is_own = user.is_root() || user.as_raw() == owner;
    ensure!(
        is_own || !has_wal_mode(path) || with_suffix(path, "-wal").exists(),
        "it belongs to uid {owner}, and this process runs as uid {}: run it as its owner, who could not open what another \
         user leaves beside it",
        user.as_raw()
    );
    Ok(())
}

/// Whether the header demands a write-ahead log (SQLite's file format, section 1.3.3), as that of a backup does not.
fn has_wal_mode(path: &Path) -> bool {
    let mut header = [0; 20];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && header.ends_with(&[2, 2])
}

/// Creates the file where it is missing.
pub fn make_missing(path: &Path) -> io::Result<()> {
    unless(io::ErrorKind::AlreadyExists, make_new(path).map(drop))
}

/// The result, where an error of that kind is none.
pub fn unless(kind: io::ErrorKind, done: io::Result<()>) -> io::Result<()> {
    done.or_else(|error| if error.kind() == kind { Ok(()) } else { Err(error) })
}

fn make_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Gives the database's files to their owner alone. SQLite gives a new log the mode of its database; an older one is changed
/// as well.
pub fn keep_from_others(path: &Path) {
    let Ok(database) = fs::metadata(path) else { return };
    let private = database.permissions().mode() & 0o700;
    for path in files_of(path) {
        let Ok(file) = fs::metadata(&path) else { continue };
        let (shown, mode) = (path.display(), file.permissions().mode() & 0o7777);
        if mode == private {
            continue;
        }
        match fs::set_permissions(&path, fs::Permissions::from_mode(private)) {
            Ok(()) if mode & !0o700 == 0 => {}
            Ok(()) => log::warn!("{shown} could be read by others: its mode was {mode:o}"),
            Err(error) => log::warn!("{shown} keeps its mode {mode:o}: {error}"),
        }
    }
}

/// The folder that a file is in.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Removes a file if it exists.
pub fn remove(path: PathBuf) -> io::Result<()> {
    unless(io::ErrorKind::NotFound, fs::remove_file(path))
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
    ["-wal", "-shm", "-journal"].map(|suffix| with_suffix(path, suffix)).into_iter()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rustix::fs::OFlags;

    use super::*;

    #[test]
    fn a_file_that_cannot_be_locked_is_not_taken_for_one_that_is_locked() {
        let path = std::env::temp_dir().join(format!("sae-secret-lock-{}", std::process::id()));
        let first = make_new(&path).unwrap();
        let second = File::open(&path).unwrap();
        // As every file is where the file system has no locks, one that is only a place cannot be locked.
        let flags = i32::try_from(OFlags::PATH.bits()).unwrap();
        let place = OpenOptions::new().read(true).custom_flags(flags).open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(takes_lock(&first).unwrap());
        assert!(!takes_lock(&second).unwrap());
        let error = takes_lock(&place).unwrap_err().to_string();
        assert!(error.contains("cannot be locked"), "{error}");
    }
}
