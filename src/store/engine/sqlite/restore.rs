//! Puts a backup into a database's place.

use std::{
    fmt::Display,
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt, fchown},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, bail, ensure};
use diesel::connection::SimpleConnection;

use super::{
    Access, AnyConnection, DatabaseUrl,
    connections::{establish, establish_to_read},
    files::{Partial, beside, folder_of, name_new, remove, sync_folder, unless, with_suffix},
};

/// How long closing a copy may take, on a slow disk.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// A copy of a backup beside the database that it is to replace: it can be checked before it does. Removed when it is
/// dropped, unless it is installed.
pub struct Staged {
    copy: Partial,
    target: PathBuf,
}

impl Staged {
    /// Copies a backup, which this program must have written, to the folder of the database that it is to become. The
    /// database is not changed.
    pub fn new(url: &DatabaseUrl, backup: &Path, force: bool) -> Result<Self> {
        let target = match url {
            DatabaseUrl::SqliteFile(target) => target,
            DatabaseUrl::SqliteMemory => bail!("a database in memory cannot be restored"),
            DatabaseUrl::Postgres(_) => {
                bail!(
                    "a PostgreSQL database is restored by pg_restore: docs/postgresql.md says how"
                )
            }
        };
        if !force && fs::symlink_metadata(target).is_ok() {
            return Err(exists(target));
        }
        let no_backup = |error| anyhow!("{} is no backup: {error}", backup.display());
        let mut from = open_backup(backup).map_err(no_backup)?;
        let mut copy = || -> io::Result<Partial> {
            let mut copy = Partial::new(target)?;
            io::copy(&mut from, &mut copy.file)?;
            give_to_owner(&copy.file, target)?;
            copy.file.sync_all()?;
            Ok(copy)
        };
        let copy = copy().map_err(|error| failed(target, &error))?;
        refuse_others(&copy.path).map_err(no_backup)?;
        Ok(Self { copy, target: target.clone() })
    }

    /// Where the copy is, to be opened and checked.
    #[must_use]
    pub fn url(&self) -> DatabaseUrl {
        DatabaseUrl::SqliteFile(self.copy.path.clone())
    }

    /// Replaces the database by the copy, which no process must have open any more. What is no database any more is set aside,
    /// with the log beside it.
    pub fn install(self, force: bool) -> Result<()> {
        let (copy, target) = (&self.copy.path, &self.target);
        let failed = |error| failed(target, &error);
        wait_until_closed(copy)?;
        if fs::symlink_metadata(target).is_err() {
            set_aside(beside(target)).map_err(failed)?;
            name_new(copy, target).map_err(failed)?;
        } else if force {
            // Held until the new file is there: meanwhile other processes find it locked.
            let _held = make_way(target)?;
            fs::rename(copy, target).map_err(failed)?;
        } else {
            return Err(exists(target));
        }
        if let Err(error) = sync_folder(target) {
            let target = target.display();
            log::warn!("{target} is restored; whether it outlives a crash is not known: {error}");
        }
        Ok(())
    }
}

fn open_backup(backup: &Path) -> Result<File> {
    // The log is beside the file itself, not beside a link to it.
    let backup = &fs::canonicalize(backup)?;
    // Before it is opened: to open a pipe waits for its other end.
    ensure!(fs::metadata(backup)?.is_file(), "it is no file");
    let from = File::open(backup)?;
    for log in ["-wal", "-journal"].map(|suffix| with_suffix(backup, suffix)) {
        let is_in_use = fs::metadata(log).is_ok_and(|log| log.len() > 0);
        ensure!(!is_in_use, "it has a log beside it, as a database in use has");
    }
    Ok(from)
}

/// Refuses what neither this version nor an older one wrote.
fn refuse_others(copy: &Path) -> Result<()> {
    let mut connection = establish_to_read(copy)?;
    connection.refuse_others()?;
    let is_whole = connection.has_table("secrets")? && connection.has_table("namespaces")?;
    ensure!(is_whole, "tables are missing");
    Ok(())
}

/// Waits until the log is gone, which is removed when the last connection is closed: threads of the pools do that.
fn wait_until_closed(copy: &Path) -> Result<()> {
    let until = Instant::now() + CLOSE_TIMEOUT;
    while with_suffix(copy, "-wal").exists() {
        if Instant::now() > until {
            return Err(failed(copy, &"it is still open"));
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn exists(target: &Path) -> anyhow::Error {
    let target = target.display();
    anyhow!("the database {target} is there already, and --force was not given")
}

fn failed(file: &Path, reason: &dyn Display) -> anyhow::Error {
    anyhow!("cannot restore {}: {reason}", file.display())
}

/// Gives the file to the owner of the database, or of its folder where there is none: a superuser may restore what another
/// user serves.
fn give_to_owner(file: &File, target: &Path) -> io::Result<()> {
    let owner = fs::metadata(target).or_else(|_| fs::metadata(folder_of(target)))?;
    let own = file.metadata()?;
    if (owner.uid(), owner.gid()) == (own.uid(), own.gid()) || own.uid() != 0 {
        return Ok(());
    }
    fchown(file, Some(owner.uid()), Some(owner.gid()))
}

/// Makes sure that no process has the database open and that there is no log beside it.
fn make_way(target: &Path) -> Result<Option<AnyConnection>> {
    let shown = target.display();
    let failed = |error: &dyn Display| failed(target, error);
    let mut held = match exclusive(target) {
        Ok(held) => held,
        Err(error) => {
            let said = error.to_string();
            let is_held = said.contains("database is locked");
            ensure!(
                !is_held,
                "another process has the database {shown} open: stop the server first"
            );
            // A backup replaces what is no database any more. Other errors may be temporary.
            if !said.contains("not a database") && !said.contains("malformed") {
                return Err(failed(&said));
            }
            log::warn!("{shown}: {said}: it is set aside");
            keep_aside(target).map_err(|error| failed(&error))?;
            return Ok(None);
        }
    };
    if held.refuse_others().is_err() {
        keep_aside(target).map_err(|error| failed(&error))?;
    }
    // All that was in them is in the database by now.
    beside(target).try_for_each(remove).map_err(|error| failed(&error))?;
    Ok(Some(held))
}

/// Writes the log back and takes the file for this connection alone, which works only while no other has it open.
fn exclusive(path: &Path) -> Result<AnyConnection> {
    let mut connection = establish(path, Access::Write)?;
    // The log is removed when the mode changes: it would be taken for the new file's.
    connection.batch_execute(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;",
    )?;
    Ok(connection)
}

/// Gives the database one more name, so that its own exists until the new file takes it, and its logs another one.
fn keep_aside(target: &Path) -> io::Result<()> {
    set_aside(beside(target))?;
    let aside = with_suffix(target, &aside_suffix());
    fs::hard_link(target, &aside).or_else(|_| name_new(target, &aside))
}

fn aside_suffix() -> String {
    format!(".replaced-{}", uuid::Uuid::new_v4().simple())
}

/// Renames files: a log of another file must not be beside the new one, for SQLite would write it into it, and what is set
/// aside may be the only copy of something.
fn set_aside(files: impl Iterator<Item = PathBuf>) -> io::Result<()> {
    let suffix = aside_suffix();
    for file in files {
        unless(io::ErrorKind::NotFound, name_new(&file, &with_suffix(&file, &suffix)))?;
    }
    Ok(())
}
