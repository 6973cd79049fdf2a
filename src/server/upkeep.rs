//! What the commands do to a database, beside a server that may be using it.

use std::path::Path;

use anyhow::{Error, Result, anyhow, ensure};

use super::database::Database;
use crate::{
    clock::{Clock, SystemClock},
    sealing::{KeyService, Keys, Rotated, Verification},
    settings::DatabaseSettings,
    store::{Access, Staged, Unavailable},
};

pub(crate) use crate::sealing::counted;

/// What a backup is told that is not put back.
const NOT_SOUND: &str = "the backup is not sound, and nothing was replaced";

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unavailable(error: Unavailable) -> Error {
    anyhow!("the store is unavailable: {error}")
}

fn keys(database: &Database, access: Access) -> Result<KeyService> {
    let (store, sealing) = database.open_existing(access)?;
    Ok(super::keys(&store, &sealing))
}

pub async fn list_keys(settings: &DatabaseSettings) -> Result<Keys> {
    let keys = keys(&Database::find_unchecked(settings)?, Access::Read)?;
    keys.list().await.map_err(unavailable)
}

pub async fn rotate_keys(settings: &DatabaseSettings) -> Result<Rotated> {
    let keys = keys(&Database::find(settings)?, Access::Write)?;
    keys.rotate(SystemClock.now()).await.map_err(unavailable)
}

pub async fn retire_key(settings: &DatabaseSettings, id: &str) -> Result<String> {
    Ok(keys(&Database::find_unchecked(settings)?, Access::Write)?.retire(id).await?)
}

pub async fn verify(settings: &DatabaseSettings) -> Result<Verification> {
    let keys = keys(&Database::find_unchecked(settings)?, Access::Read)?;
    keys.verify().await.map_err(unavailable)
}

/// Writes a sealed copy of the database to a new file. The master keys need not be at hand.
pub async fn backup(settings: &DatabaseSettings, file: &Path) -> Result<()> {
    let (store, _) = Database::without_keys(settings)?.open_existing(Access::Read)?;
    store.backup(file).await
}

/// Puts a backup, when it is sound, into the database's place; returns what is in it. After an error the database is
/// what it was.
pub async fn restore(
    settings: &DatabaseSettings,
    file: &Path,
    force: bool,
) -> Result<Verification> {
    let database = Database::find_unchecked(settings)?;
    let staged = Staged::new(&database.url, file, force)?;
    let found = {
        let (store, sealing) = database.open_copy(&staged.url())?;
        let keys = super::keys(&store, &sealing);
        // A backup of an older version is brought up to date here, where nothing is lost if that is interrupted.
        super::prepare(&keys, SystemClock.now()).await?;
        keys.verify().await.map_err(|error| anyhow!("{NOT_SOUND}: {error}"))?
    };
    let faults = &found.faults;
    ensure!(faults.is_empty(), "{NOT_SOUND}:\n  {}", faults.join("\n  "));
    staged.install(force)?;
    Ok(found)
}
