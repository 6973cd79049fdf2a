//! Copies a database while it is in use.

use std::{
    fs::{self, File},
    path::Path,
};

use diesel::{RunQueryDsl, sql_types::Text};

use super::{
    Access, BackupError, BoxError,
    connections::establish,
    files::{self, Files, Partial, folder_of, name_new, sync_folder},
};

/// Copies a snapshot of the database, while others go on reading and writing, to a new file that only its owner can read.
/// The file gets its name when it is whole and on disk.
pub fn copy(from: &Files, file: &Path) -> Result<(), BackupError> {
    let copy = || -> Result<(), BoxError> {
        // From the root: SQLite takes a name that begins with `file:` for an address.
        let target =
            folder_of(file).canonicalize()?.join(file.file_name().ok_or("it has no name")?);
        if files::beside(from.path()).any(|own| own == target) {
            return Err("SQLite uses that name for the database's own log".into());
        }
        if fs::symlink_metadata(&target).is_ok() {
            return Err("it is there already".into());
        }
        // SQLite takes an empty file, which keeps its mode.
        let (partial, _file) = Partial::new(&target)?;
        let to = partial.path().to_str().ok_or("the path is not valid UTF-8")?;
        let mut connection = establish(from.path(), Access::Read)?;
        diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(to).execute(&mut connection)?;
        File::open(partial.path())?.sync_all()?;
        from.check()?;
        name_new(partial.path(), &target)?;
        Ok(sync_folder(&target)?)
    };
    let failed = |error| format!("cannot write the backup {}: {error}", file.display());
    copy().map_err(|error| BackupError(failed(error)))
}
