//! What is done to a whole file: writing it anew, copying it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::{
    Access, BoxError, Sqlite,
    connections::establish,
    files::{self, Partial, folder_of, name_new, sync_folder},
};
use crate::store::{Result, Unavailable, engine::BackupError};
use diesel::{
    QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    sql_types::{BigInt, Text},
};

/// How long emptying the write-ahead log waits for those who still read from it.
const CHECKPOINT_TIMEOUT: Duration = Duration::from_secs(10);

impl Sqlite {
    /// Writes every page anew and empties the write-ahead log, so that nothing is left in either of what was deleted.
    ///
    /// # Errors
    /// [`Unavailable`], as when the disk has no room for a second copy; nothing is lost then.
    pub fn scrub(&self) -> Result<()> {
        let mut connection = self.writer.get().map_err(Unavailable::new)?;
        let sqlite = connection.sqlite().map_err(Unavailable::new)?;
        // In a file the copy needs no memory; where there is no folder for one, memory has to do.
        if let Err(error) = sqlite.batch_execute("PRAGMA temp_store = FILE; VACUUM") {
            log::warn!("the database is written anew in memory: {error}");
            let in_memory = sqlite.batch_execute("PRAGMA temp_store = MEMORY; VACUUM");
            in_memory.map_err(Unavailable::new)?;
        }
        sqlite.batch_execute("PRAGMA temp_store = MEMORY").map_err(Unavailable::new)?;
        if self.files.is_none() { Ok(()) } else { empty_log(sqlite) }
    }

    /// Copies one moment of the database, while others go on reading and writing, to a new file that only its owner can
    /// read. The file gets its name when it is whole and on disk.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn backup(&self, file: &Path) -> std::result::Result<(), BackupError> {
        let from = self.files.as_ref().ok_or(BackupError::InMemory)?;
        let failed = |error: BoxError| BackupError::Failed {
            file: file.to_owned(),
            reason: error.to_string(),
        };
        let target = whole_path(file).map_err(failed)?;
        if files::beside(from.path()).any(|own| own == target) {
            return Err(failed("SQLite uses that name for the database's own log".into()));
        }
        if fs::symlink_metadata(&target).is_ok() {
            return Err(BackupError::Exists { file: file.to_owned() });
        }
        let copy = || -> std::result::Result<(), BoxError> {
            // SQLite takes an empty file, which keeps the rights that it was made with.
            let (partial, _file) = Partial::new(&target)?;
            let to = partial.path().to_str().ok_or("the path is not valid UTF-8")?;
            let mut connection = establish(from.path(), Access::Read)?;
            diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(to).execute(&mut connection)?;
            File::open(partial.path())?.sync_all()?;
            from.check()?;
            name_new(partial.path(), &target)?;
            Ok(sync_folder(&target)?)
        };
        copy().map_err(failed)
    }
}

/// The path from the root: SQLite takes a name that begins with `file:` for an address.
fn whole_path(file: &Path) -> std::result::Result<PathBuf, BoxError> {
    let name = file.file_name().ok_or("it has no name")?;
    Ok(folder_of(file).canonicalize()?.join(name))
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
            .map_err(Unavailable::new)?;
        if answer.busy == 0 {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(Unavailable::new("the write-ahead log is in use by another process"));
        }
        thread::sleep(Duration::from_millis(50));
    }
}
