//! Finds the database and the master keys of its keys, and opens it with them.

use std::sync::Arc;

use super::{
    StartError, hangup,
    master_keys::{MasterKeyError, Source},
};
use crate::{
    crypto::{Keyring, MasterKeys},
    sealing::{Sealing, listed},
    settings::DatabaseSettings,
    store::{Access, DatabaseUrl, Store},
};

/// A database whose keys open with the master keys at hand. It was looked at and not touched.
pub struct Database {
    url: DatabaseUrl,
    source: Source,
    masters: Option<MasterKeys>,
}

impl Database {
    /// Looks for the database and its master keys, and whether they go together. Nothing is made or changed.
    ///
    /// # Errors
    /// [`StartError::DatabaseUrl`], [`StartError::Database`] and [`StartError::MasterKeys`].
    pub fn find(settings: &DatabaseSettings) -> Result<Self, StartError> {
        let found = Self::find_unchecked(settings)?;
        demand_open(&found.url, &found.masters.clone().unwrap_or_default())?;
        Ok(found)
    }

    /// The same, for what can do with master keys that are not those of the database.
    ///
    /// # Errors
    /// [`StartError::DatabaseUrl`], [`StartError::Database`] and [`StartError::MasterKeys`].
    pub fn find_unchecked(settings: &DatabaseSettings) -> Result<Self, StartError> {
        let found = Self::without_keys(settings)?;
        let masters = found.source.read()?;
        Ok(Self { masters, ..found })
    }

    /// The same, for what needs no keys: they are not read.
    ///
    /// # Errors
    /// [`StartError::DatabaseUrl`] and [`StartError::Database`]; [`StartError::MasterKeys`] for more than one source.
    pub fn without_keys(settings: &DatabaseSettings) -> Result<Self, StartError> {
        let url = settings.database_url.parse::<DatabaseUrl>()?.resolved()?;
        let source = Source::of(settings, &url)?;
        Ok(Self { url, source, masters: None })
    }

    /// Where the database is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Opens the database, making it when it is missing. A master key is made where there is none, if it may be.
    ///
    /// # Errors
    /// [`StartError::Database`]; [`StartError::MasterKeys`].
    pub fn open(&self, may_make_key: bool) -> Result<(Store, Arc<Sealing>), StartError> {
        if self.masters.is_none()
            && !may_make_key
            && self.source != Source::Memory
            && self.source != Source::Nowhere
        {
            return Err(MasterKeyError::None.into());
        }
        // Before the database is touched: its tables must not be those of this version when there can be no key for it.
        let masters = match &self.masters {
            Some(masters) => masters.clone(),
            None => self.source.make()?,
        };
        let store = Store::open(&self.url)?;
        if let Source::Beside(path) = &self.source {
            log::warn!(
                "the master key {} stands beside the database: whoever gets both files can read every secret. Give one \
                 with --master-key-file, SAE_SECRET_MASTER_KEY or --master-key-command where that matters",
                path.display()
            );
        }
        Ok((store, self.sealing(masters)))
    }

    /// Opens the database for upkeep; a server may be at work on it.
    ///
    /// # Errors
    /// [`StartError::Database`].
    pub fn open_existing(&self, access: Access) -> Result<(Store, Arc<Sealing>), StartError> {
        let store = Store::open_existing(&self.url, access)?;
        Ok((store, self.sealing(self.masters.clone().unwrap_or_default())))
    }

    /// Opens a copy that is to become this database, as [`Database::open`] would open it.
    ///
    /// # Errors
    /// [`StartError::Database`]; [`StartError::MasterKeys`].
    pub fn open_copy(&self, copy: &DatabaseUrl) -> Result<(Store, Arc<Sealing>), StartError> {
        demand_open(copy, &self.masters.clone().unwrap_or_default())?;
        let masters = self.masters.clone().ok_or(MasterKeyError::None)?;
        Ok((Store::open(copy)?, self.sealing(masters)))
    }

    fn sealing(&self, masters: MasterKeys) -> Arc<Sealing> {
        Arc::new(Sealing::new(masters, self.source.reread()))
    }

    /// Reads the master keys again, when they can be. They have to open all that the others have opened.
    pub fn reread(&self, sealing: Arc<Sealing>) -> Option<hangup::Task> {
        if !self.source.can_be_read_again() {
            return None;
        }
        let (source, url) = (self.source.clone(), self.url.clone());
        let reread = move || match read_for(&source, &url) {
            Ok(masters) => {
                sealing.replace_masters(masters);
                log::info!("the master keys in {} have been read again", source.name());
            }
            Err(error) => log::error!("the master keys stay the ones that they were: {error}"),
        };
        Some(("master-keys-reload", Box::new(reread)))
    }
}

/// The master keys of a source, if they are those of the database.
fn read_for(source: &Source, url: &DatabaseUrl) -> Result<MasterKeys, StartError> {
    let masters = source.read_again()?;
    demand_open(url, &masters)?;
    Ok(masters)
}

/// Demands that every key of a database opens.
fn demand_open(url: &DatabaseUrl, masters: &MasterKeys) -> Result<(), StartError> {
    let (_, closed) = Keyring::default().opened(&Store::peek_keys(url)?, masters);
    if closed.is_empty() {
        return Ok(());
    }
    let closed = listed(&closed);
    Err(MasterKeyError::Closed { database: url.to_string(), closed }.into())
}
