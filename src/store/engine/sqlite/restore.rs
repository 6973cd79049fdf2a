//! Puts a backup into a database's place.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use diesel::{SqliteConnection, connection::SimpleConnection};

use super::{
    Access, BESIDE, BoxError,
    connections::establish,
    files::{beside, files_of, make_new, sync_folder, with_suffix},
    upkeep::name_new,
};
use crate::store::engine::{DatabaseUrl, OpenError};

/// A copy of a backup beside the database that it is to replace: it can be looked at before it does. Goes with its owner
/// unless it is installed.
pub struct Staged {
    copy: PathBuf,
    target: PathBuf,
    is_installed: bool,
}

impl Staged {
    /// Copies a backup to the folder of the database that it is to become. The database is not touched.
    ///
    /// # Errors
    /// [`OpenError`] for a database in memory, one that is there already unless `force` is given, and for a backup that
    /// cannot be read.
    pub fn new(url: &DatabaseUrl, backup: &Path, force: bool) -> Result<Self, OpenError> {
        let stage = || {
            let target = url.file().ok_or("a database in memory cannot be restored")?;
            if !force && fs::symlink_metadata(target).is_ok() {
                return Err("it is there already, and --force was not given".into());
            }
            let log = with_suffix(backup, "-wal");
            if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
                let why = "has a write-ahead log beside it: it is no backup but a database in use";
                return Err(format!("{} {why}", backup.display()).into());
            }
            let unreadable = |error: io::Error| format!("{}: {error}", backup.display());
            let mut from = File::open(backup).map_err(unreadable)?;
            if !from.metadata().map_err(unreadable)?.is_file() {
                return Err(format!("{} is no file", backup.display()).into());
            }
            let copy = with_suffix(target, &format!(".restoring-{}", std::process::id()));
            let staged = Self { copy, target: target.to_owned(), is_installed: false };
            let mut to = make_new(&staged.copy)?;
            io::copy(&mut from, &mut to)?;
            to.sync_all()?;
            Ok(staged)
        };
        stage().map_err(|error: BoxError| OpenError::new(url, &*error))
    }

    /// Where the copy is, to be opened and looked at.
    #[must_use]
    pub fn url(&self) -> DatabaseUrl {
        DatabaseUrl::SqliteFile(self.copy.clone())
    }

    /// Puts the copy, which nobody must have open any more, into the database's place.
    ///
    /// # Errors
    /// [`OpenError`] when another process has the database open; it is untouched then.
    pub fn install(mut self, force: bool) -> Result<(), OpenError> {
        let install = || -> Result<(), BoxError> {
            if with_suffix(&self.copy, "-wal").exists() {
                return Err("the copy is still open".into());
            }
            if fs::symlink_metadata(&self.target).is_err() {
                set_logs_aside(&self.target)?;
                name_new(&self.copy, &self.target)?;
            } else if force {
                // Held until the new file is there: whoever comes meanwhile finds it locked.
                let _held = match exclusive(&self.target) {
                    Ok(held) => {
                        // All that was in them is in the database by now.
                        beside(&self.target).try_for_each(remove)?;
                        Some(held)
                    }
                    Err(error) if is_in_use(&*error) => {
                        return Err("another process has it open: stop the server first".into());
                    }
                    // What is no database any more is what a backup is for.
                    Err(error) => {
                        log::warn!("{}: {error}", self.target.display());
                        set_logs_aside(&self.target)?;
                        None
                    }
                };
                fs::rename(&self.copy, &self.target)?;
            } else {
                return Err("it is there already, and --force was not given".into());
            }
            Ok(sync_folder(&self.target)?)
        };
        let installed = install();
        let url = DatabaseUrl::SqliteFile(self.target.clone());
        self.is_installed = installed.is_ok();
        installed.map_err(|error| OpenError::new(&url, &*error))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.is_installed {
            // What is left after a failure is known by its name and in nobody's way.
            files_of(&self.copy).for_each(|path| drop(fs::remove_file(path)));
        }
    }
}

/// Writes the log back and takes the file for this connection alone, which works only while no other has it open.
fn exclusive(path: &Path) -> Result<SqliteConnection, BoxError> {
    let mut connection = establish(path, Access::Write)?;
    // The log goes when the mode changes, and with it goes what would be taken for the new file's.
    connection.batch_execute(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;",
    )?;
    Ok(connection)
}

fn is_in_use(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let text = error.to_string();
    text.contains("locked") || text.contains("busy")
}

fn remove(path: PathBuf) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A log of another file must not stand beside the new one: SQLite would write it into it.
fn set_logs_aside(path: &Path) -> io::Result<()> {
    for suffix in BESIDE {
        let log = with_suffix(path, suffix);
        let aside = with_suffix(path, &format!(".replaced{suffix}"));
        match fs::rename(log, aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
