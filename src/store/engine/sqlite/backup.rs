//! Copies a database while it is in use.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use super::{
    Access, BoxError, Sqlite,
    connections::establish,
    files::{self, Partial, folder_of, name_new, sync_folder},
};
use crate::store::engine::BackupError;
use diesel::{RunQueryDsl, sql_types::Text};

impl Sqlite {
    /// Copies one moment of the database, while others go on reading and writing, to a new file that only its owner can
    /// read. The file gets its name when it is whole and on disk.
    pub fn backup(&self, file: &Path) -> Result<(), BackupError> {
        let in_memory = || BackupError("a database in memory cannot be backed up".to_owned());
        let from = self.files.as_ref().ok_or_else(in_memory)?;
        let failed = |error: BoxError| {
            BackupError(format!("cannot write the backup {}: {error}", file.display()))
        };
        let target = whole_path(file).map_err(failed)?;
        if files::beside(from.path()).any(|own| own == target) {
            return Err(failed("SQLite uses that name for the database's own log".into()));
        }
        if fs::symlink_metadata(&target).is_ok() {
            return Err(BackupError(format!("{} is there already", file.display())));
        }
        let copy = || -> Result<(), BoxError> {
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
fn whole_path(file: &Path) -> Result<PathBuf, BoxError> {
    let name = file.file_name().ok_or("it has no name")?;
    Ok(folder_of(file).canonicalize()?.join(name))
}
