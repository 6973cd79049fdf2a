//! What is done to a whole file: writing it anew, copying it.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use diesel::{
    QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    sql_types::{BigInt, Text},
};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{
    Access, AnyConnection, BoxError, Sqlite,
    connections::establish,
    files::{make_new, sync_folder, with_suffix},
};
use crate::domain::{Error, Result};

/// How long emptying the write-ahead log waits for those who still read from it.
const CHECKPOINT_TIMEOUT: Duration = Duration::from_secs(10);

impl Sqlite {
    /// Writes every page anew and empties the write-ahead log, so that nothing is left in either of what was deleted.
    ///
    /// # Errors
    /// [`Error::Unavailable`], as when the disk has no room for a second copy; nothing is lost then.
    pub fn scrub(&self) -> Result<()> {
        let mut connection = self.writer.get().map_err(Error::unavailable)?;
        let AnyConnection::Sqlite(sqlite) = &mut *connection;
        sqlite.batch_execute("VACUUM").map_err(Error::unavailable)?;
        if self.is_in_memory() { Ok(()) } else { empty_log(sqlite) }
    }

    /// Copies one moment of the database, while others go on reading and writing, to a new file that only its owner can
    /// read. The file gets its name when it is whole and on disk.
    ///
    /// # Errors
    /// [`Error::Unavailable`] that says why: the file is there already, the disk is full.
    pub fn backup(&self, file: &Path) -> Result<()> {
        let files = self.files.as_ref();
        let from = files.ok_or_else(|| Error::unavailable("a database in memory has no file"))?;
        if fs::symlink_metadata(file).is_ok() {
            return Err(Error::unavailable(format!("{} is there already", file.display())));
        }
        let partial = Partial::new(file);
        let copy = || -> std::result::Result<(), BoxError> {
            // SQLite takes an empty file, which keeps the rights that it was made with.
            drop(make_new(&partial.0)?);
            let to = partial.0.to_str().ok_or("the path is not valid UTF-8")?;
            let mut connection = establish(from.path(), Access::Read)?;
            diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(to).execute(&mut connection)?;
            File::open(&partial.0)?.sync_all()?;
            from.check()?;
            name_new(&partial.0, file)?;
            Ok(sync_folder(file)?)
        };
        copy().map_err(Error::unavailable)
    }
}

/// A file that is not whole yet; goes with its owner.
struct Partial(PathBuf);

impl Partial {
    fn new(file: &Path) -> Self {
        Self(with_suffix(file, &format!(".partial-{}", std::process::id())))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // When it has got its name there is nothing left to remove.
        drop(fs::remove_file(&self.0));
    }
}

/// Gives a file a name that no other file has.
pub fn name_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems, such as those of networks, do not know the flag.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            fs::hard_link(from, to).and_then(|()| fs::remove_file(from))
        }
        renamed => Ok(renamed?),
    }
}

/// Writes the log into the database and cuts it to nothing.
fn empty_log(sqlite: &mut SqliteConnection) -> Result<()> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = BigInt)]
        busy: i64,
    }
    let until = Instant::now() + CHECKPOINT_TIMEOUT;
    loop {
        let answer: Answer = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)")
            .get_result(sqlite)
            .map_err(Error::unavailable)?;
        if answer.busy == 0 {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(Error::unavailable("the write-ahead log is in use by another process"));
        }
        thread::sleep(Duration::from_millis(50));
    }
}
