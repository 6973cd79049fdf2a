//! Finds the database and the master keys of its keys, and opens it with them.

use std::sync::Arc;

use super::{
    StartError, hangup,
    master_keys::{MasterKeyError, Source},
};
use crate::{
    crypto::{Keyring, MasterKeys},
    service::{Sealing, listed},
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
        found.check(&found.url)?;
        Ok(found)
    }

    /// The same for what needs no keys.
    ///
    /// # Errors
    /// [`StartError::DatabaseUrl`] and [`StartError::MasterKeys`].
    pub fn find_unchecked(settings: &DatabaseSettings) -> Result<Self, StartError> {
        let url: DatabaseUrl = settings.database_url.parse()?;
        let source = Source::of(settings, &url)?;
        let masters = source.read()?;
        Ok(Self { url, source, masters })
    }

    /// Where the database is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Whether the keys of a database, this one or one that is to become it, open with the master keys at hand.
    ///
    /// # Errors
    /// [`StartError::Database`]; [`MasterKeyError::Closed`] with the ids of the master keys that are missing or wrong.
    pub fn check(&self, url: &DatabaseUrl) -> Result<(), StartError> {
        let masters = self.masters.clone().unwrap_or_default();
        let (_, closed) = Keyring::default().opened(&Store::peek_keys(url)?, &masters);
        if closed.is_empty() {
            return Ok(());
        }
        let closed = listed(&closed);
        Err(MasterKeyError::Closed { database: url.to_string(), closed }.into())
    }

    /// Opens the database, making it when it is missing. A master key is made where there is none, if it may be.
    ///
    /// # Errors
    /// [`StartError::Database`]; [`StartError::MasterKeys`].
    pub fn open(&self, may_make_key: bool) -> Result<(Store, Arc<Sealing>), StartError> {
        if self.masters.is_none() && !may_make_key && self.source != Source::Memory {
            return Err(MasterKeyError::None.into());
        }
        let store = Store::open(&self.url)?;
        // Not before the database is there: a key alone would be of no use.
        let masters = match &self.masters {
            Some(masters) => masters.clone(),
            None => self.source.make()?,
        };
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
        self.check(copy)?;
        let masters = self.masters.clone().ok_or(MasterKeyError::None)?;
        Ok((Store::open(copy)?, self.sealing(masters)))
    }

    fn sealing(&self, masters: MasterKeys) -> Arc<Sealing> {
        Arc::new(Sealing::new(masters, self.source.reread()))
    }

    /// Reads the master keys again, when they can be.
    pub fn reread(&self, sealing: Arc<Sealing>) -> Option<hangup::Task> {
        if !self.source.can_be_read_again() {
            return None;
        }
        let source = self.source.clone();
        let reread = move || match source.read_given() {
            Ok(masters) => {
                sealing.replace_masters(masters);
                log::info!("the master keys in {} have been read again", source.name());
            }
            Err(error) => log::error!("the master keys stay the ones that they were: {error}"),
        };
        Some(("master-keys-reload", Box::new(reread)))
    }
}
