//! Copies a database while it is in use.

use std::{fs, path::Path};

use anyhow::{Context, Error, Result, anyhow, ensure};
use diesel::{RunQueryDsl, sql_types::Text};

use super::{
    Access,
    connections::establish,
    files::{self, Files, Partial, folder_of, name_new, sync_folder},
};

/// Copies a snapshot of the database, while others go on reading and writing, to a new file that only its owner can read.
/// The file gets its name when it is whole and on disk.
pub fn copy(from: &Files, file: &Path) -> Result<()> {
    let copy = || {
        // From the root: SQLite takes a name that begins with `file:` for an address.
        let target =
            folder_of(file).canonicalize()?.join(file.file_name().context("it has no name")?);
        let is_log = files::beside(&from.path).any(|own| own == target);
        ensure!(!is_log, "SQLite uses that name for the database's own log");
        ensure!(fs::symlink_metadata(&target).is_err(), "it is there already");
        // SQLite takes an empty file, which keeps its mode.
        let partial = Partial::new(&target)?;
        let to = partial.path.to_str().context("the path is not valid UTF-8")?;
        let mut connection = establish(&from.path, Access::Read)?;
        diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(to).execute(&mut connection)?;
        partial.file.sync_all()?;
        from.check()?;
        name_new(&partial.path, &target)?;
        Ok(sync_folder(&target)?)
    };
    copy().map_err(|error: Error| anyhow!("cannot write the backup {}: {error}", file.display()))
}
