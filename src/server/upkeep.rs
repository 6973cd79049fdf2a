//! What is done to a database from the command line, beside a server that may be at work on it.

use std::path::Path;

use super::{StartError, database::Database};
use crate::{
    clock::{Clock, SystemClock},
    domain::Cloud,
    service::{
        Service, Verification,
        keys::{Keys, RetireError, Retired, Rotated},
    },
    settings::DatabaseSettings,
    store::{Access, BackupError, RestoreError, Staged},
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
    #[error(transparent)]
    Store(#[from] crate::domain::Error),
    /// The key stays.
    #[error(transparent)]
    Retire(#[from] RetireError),
    /// The backup is not sound.
    #[error("the backup is not sound, and nothing was replaced:\n  {}", .0.faults.join("\n  "))]
    Unsound(Verification),
}

fn service(settings: &DatabaseSettings, access: Access) -> Result<Service, StartError> {
    over(&Database::find_unchecked(settings)?, access)
}

fn over(database: &Database, access: Access) -> Result<Service, StartError> {
    let (store, sealing) = database.open_existing(access)?;
    Ok(Service::new(store, sealing, Cloud::default()))
}

/// Shows the keys.
///
/// # Errors
/// [`UpkeepError`].
pub async fn list_keys(settings: &DatabaseSettings) -> Result<Keys, UpkeepError> {
    Ok(service(settings, Access::Read)?.list_keys().await?)
}

/// Wraps every data key anew by a new key.
///
/// # Errors
/// [`UpkeepError`].
pub async fn rotate_keys(settings: &DatabaseSettings) -> Result<Rotated, UpkeepError> {
    let database = Database::find(settings)?;
    Ok(over(&database, Access::Write)?.rotate_keys(SystemClock.now()).await?)
}

/// Lets go of a key that nothing needs.
///
/// # Errors
/// [`UpkeepError`].
pub async fn retire_key(settings: &DatabaseSettings, id: &str) -> Result<Retired, UpkeepError> {
    Ok(service(settings, Access::Write)?.retire_key(id).await?)
}

/// Looks whether everything is sound.
///
/// # Errors
/// [`UpkeepError`] when it cannot be looked at.
pub async fn verify(settings: &DatabaseSettings) -> Result<Verification, UpkeepError> {
    Ok(service(settings, Access::Read)?.verify().await?)
}

/// Writes a sealed copy of the database to a new file.
///
/// # Errors
/// [`UpkeepError`].
pub async fn backup(settings: &DatabaseSettings, file: &Path) -> Result<(), UpkeepError> {
    // Without the master keys, which need not be at hand for that.
    let database = Database::without_keys(settings)?;
    Ok(over(&database, Access::Read)?.backup(file).await?)
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
        let service = Service::new(store, sealing, Cloud::default());
        service.prepare_keys(SystemClock.now()).await.map_err(StartError::from)?;
        service.verify().await?
    };
    if !found.faults.is_empty() {
        return Err(UpkeepError::Unsound(found));
    }
    staged.install(force)?;
    Ok(found)
}
