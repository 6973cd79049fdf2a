//! The files of a database: who may read them, and how one is put into its place.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{BoxError, connections::Access};

/// What SQLite keeps beside a database file.
pub const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// For the owner only.
const MODE: u32 = 0o600;

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
    pub fn look(path: &Path, access: Access) -> io::Result<Self> {
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
            let now = identity(path).map_err(|error| format!("{shown}: {error}"))?;
            if now != *known {
                let remedy = "put the file back that was there at the start, or start anew";
                return Err(format!("{shown} was replaced: {remedy}").into());
            }
        }
        Ok(())
    }
}

fn identity(path: &Path) -> io::Result<FileIdentity> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// A path with something behind its name.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes the file where it is missing.
pub fn make_missing(path: &Path) -> io::Result<()> {
    match make_new(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes a file that must not be there yet.
pub fn make_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)
}

/// Takes the database's files from everybody but their owner. SQLite gives a new log the rights of its database.
pub fn keep_from_others(path: &Path) {
    for path in files_of(path) {
        let Ok(file) = fs::metadata(&path) else { continue };
        let mode = file.permissions().mode() & 0o7777;
        let private = mode & 0o700;
        if mode == private {
            continue;
        }
        match fs::set_permissions(&path, fs::Permissions::from_mode(private)) {
            Ok(()) => {
                log::warn!("{} could be read by others: its mode was {mode:o}", path.display());
            }
            Err(error) => {
                log::warn!("{} can be read by others (mode {mode:o}): {error}", path.display());
            }
        }
    }
}

/// Makes a rename in a file's folder durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// A database file and what SQLite keeps beside it.
pub fn files_of(path: &Path) -> impl Iterator<Item = PathBuf> {
    std::iter::once(path.to_owned()).chain(beside(path))
}

/// What SQLite keeps beside a database file.
pub fn beside(path: &Path) -> impl Iterator<Item = PathBuf> {
    BESIDE.map(|suffix| with_suffix(path, suffix)).into_iter()
}
