//! What is done to a database from the command line, beside a server that may be at work on it.

use std::path::Path;

use super::{StartError, database::Database};
use crate::{
    clock::{Clock, SystemClock},
    sealing::{KeyService, Keys, KeysError, Rotated, Verification},
    settings::DatabaseSettings,
    store::{Access, BackupError, RestoreError, Staged, Unavailable},
};

/// Why something could not be done to a database.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The database cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The backup cannot be taken.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The backup cannot be put into its place.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The database does not answer, or not as it should.
    #[error("the store is unavailable: {0}")]
    Store(#[from] Unavailable),
    /// The key stays.
    #[error(transparent)]
    Retire(#[from] KeysError),
    /// The backup is not sound.
    #[error("the backup is not sound, and nothing was replaced:\n  {}", .0.faults.join("\n  "))]
    Unsound(Verification),
}

fn keys(settings: &DatabaseSettings, access: Access) -> Result<KeyService, StartError> {
    over(&Database::find_unchecked(settings)?, access)
}

fn over(database: &Database, access: Access) -> Result<KeyService, StartError> {
    let (store, sealing) = database.open_existing(access)?;
    Ok(super::keys(&store, &sealing))
}

/// Shows the keys.
///
/// # Errors
/// [`UpkeepError`].
pub async fn list_keys(settings: &DatabaseSettings) -> Result<Keys, UpkeepError> {
    Ok(keys(settings, Access::Read)?.list().await?)
}

/// Wraps every data key anew by a new key.
///
/// # Errors
/// [`UpkeepError`].
pub async fn rotate_keys(settings: &DatabaseSettings) -> Result<Rotated, UpkeepError> {
    let database = Database::find(settings)?;
    Ok(over(&database, Access::Write)?.rotate(SystemClock.now()).await?)
}

/// Lets go of a key that nothing needs.
///
/// # Errors
/// [`UpkeepError`].
pub async fn retire_key(settings: &DatabaseSettings, id: &str) -> Result<String, UpkeepError> {
    Ok(keys(settings, Access::Write)?.retire(id).await?)
}

/// Looks whether everything is sound.
///
/// # Errors
/// [`UpkeepError`] when it cannot be looked at.
pub async fn verify(settings: &DatabaseSettings) -> Result<Verification, UpkeepError> {
    Ok(keys(settings, Access::Read)?.verify().await?)
}

/// Writes a sealed copy of the database to a new file.
///
/// # Errors
/// [`UpkeepError`].
pub async fn backup(settings: &DatabaseSettings, file: &Path) -> Result<(), UpkeepError> {
    // Without the master keys, which need not be at hand for that.
    let database = Database::without_keys(settings)?;
    let (store, _) = database.open_existing(Access::Read)?;
    Ok(store.backup(file).await?)
}

/// Puts a backup, when it is sound, into the database's place; returns what is in it.
///
/// # Errors
/// [`UpkeepError`]; the database under its path is as it was then.
pub async fn restore(
    settings: &DatabaseSettings,
    file: &Path,
    force: bool,
) -> Result<Verification, UpkeepError> {
    let database = Database::find_unchecked(settings)?;
    let staged = Staged::new(database.url(), file, force)?;
    let found = {
        let (store, sealing) = database.open_copy(&staged.url())?;
        let keys = super::keys(&store, &sealing);
        // A backup of an older version is brought up to date here, where nothing is lost if that is interrupted.
        keys.prepare(SystemClock.now()).await.map_err(StartError::from)?;
        keys.verify().await?
    };
    if !found.faults.is_empty() {
        return Err(UpkeepError::Unsound(found));
    }
    staged.install(force)?;
    Ok(found)
}
