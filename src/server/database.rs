//! Finds the database and its master keys, and opens it with them.

use std::sync::Arc;

use anyhow::{Error, Result, anyhow, bail, ensure};
use zeroize::Zeroizing;

use super::{
    hangup,
    master_keys::{self, NONE_GIVEN, Source},
    rights,
};
use crate::{
    crypto::{Keyring, MasterKeys, UnwrapError},
    sealing::{Sealing, listed},
    settings::{DATABASE_PASSWORD_VARIABLE, DatabaseSettings, secret_variable},
    store::{self, Access, DatabaseUrl, Store},
};

/// What messages call the setting of the database's address.
const DATABASE_FLAG: &str = "--database-url (SAE_SECRET_DATABASE_URL)";

/// The key of the compose file, as it stands there behind its id. It is public.
const DEVELOPMENT_KEY: &str = "ZGV2ZWxvcG1lbnQgb25seSwgbm90IGEgc2VjcmV0ISE=";

/// A database and its master keys. Nothing has been changed yet.
pub struct Database {
    pub url: DatabaseUrl,
    source: Source,
    masters: Option<MasterKeys>,
}

impl Database {
    /// Finds the database and its master keys, and checks that they open all of its keys. Nothing is made or changed.
    pub fn find(settings: &DatabaseSettings) -> Result<Self> {
        let found = Self::find_unchecked(settings)?;
        demand_open(&found.url, &found.source, found.masters.as_ref())?;
        Ok(found)
    }

    /// The same without the check.
    pub fn find_unchecked(settings: &DatabaseSettings) -> Result<Self> {
        let found = Self::without_keys(settings)?;
        let masters = found.source.read()?;
        Ok(Self { masters, ..found })
    }

    /// The same without reading the keys.
    pub fn without_keys(settings: &DatabaseSettings) -> Result<Self> {
        let url = settings.database_url.parse();
        let mut url: DatabaseUrl = url.map_err(|error| anyhow!("{DATABASE_FLAG}: {error}"))?;
        url.add_password(|| password(settings))?;
        let url = url.resolved().map_err(|error| anyhow!("{DATABASE_FLAG}: {error}"))?;
        let source = Source::of(settings, &url)?;
        Ok(Self { url, source, masters: None })
    }

    /// Opens the database, making it when it is missing. A master key is made where there is none, if it may be.
    pub fn open(&self, may_make_key: bool) -> Result<(Store, Arc<Sealing>)> {
        let is_made_beside = matches!(self.source, Source::Beside(_));
        if self.masters.is_none() && is_made_beside && !may_make_key {
            bail!(NONE_GIVEN);
        }
        // Before the database is touched: its tables must not be those of this version when there can be no key for it.
        let masters = match &self.masters {
            Some(masters) => masters.clone(),
            None => self.source.make()?,
        };
        let store = Store::open(&self.url).map_err(|error| unopened(&self.url, &error))?;
        if masters.text().contains(DEVELOPMENT_KEY) {
            log::warn!(
                "the master key is that of docker-compose.yml, which is public: with the database, anyone can read every secret. \
                 Give another with SAE_SECRET_MASTER_KEY or --master-key-file where that matters"
            );
        }
        if let Source::Beside(path) = &self.source {
            log::warn!(
                "the master key {} stands beside the database: both files together are enough to read every secret. Give \
                 one with --master-key-file, SAE_SECRET_MASTER_KEY or --master-key-command where that matters",
                path.display()
            );
        }
        Ok((store, self.sealing(masters)))
    }

    /// Opens the database for a command; a server may be using it.
    pub fn open_existing(&self, access: Access) -> Result<(Store, Arc<Sealing>)> {
        let store =
            Store::open_existing(&self.url, access).map_err(|error| unopened(&self.url, &error))?;
        Ok((store, self.sealing(self.masters.clone().unwrap_or_default())))
    }

    /// Opens a copy that is to become this database, as [`Database::open`] would open it.
    pub fn open_copy(&self, copy: &DatabaseUrl) -> Result<(Store, Arc<Sealing>)> {
        demand_open(copy, &self.source, self.masters.as_ref())?;
        let masters = self.masters.clone().ok_or_else(|| anyhow!(NONE_GIVEN))?;
        Ok((Store::open(copy)?, self.sealing(masters)))
    }

    fn sealing(&self, masters: MasterKeys) -> Arc<Sealing> {
        // A request does not wait for a command.
        let reread = self.source.reread().filter(|_| !matches!(self.source, Source::Command(_)));
        Arc::new(Sealing::new(masters, reread))
    }

    /// Reads the master keys again, when they can be. They have to open every key of the database.
    pub fn reread(&self, sealing: Arc<Sealing>) -> Option<hangup::Task> {
        let reread = self.source.reread()?;
        let (source, url) = (self.source.clone(), self.url.clone());
        let reload = move || {
            let read = reread().map_err(Error::msg).and_then(|masters| {
                demand_open(&url, &source, Some(&masters))?;
                sealing.replace_masters(masters);
                Ok(())
            });
            match read {
                Ok(()) => {
                    log::info!("the master keys in {} have been read again", source.name());
                }
                Err(error) => log::error!("the master keys stay unchanged: {error}"),
            }
        };
        Some(("master-keys-reload", Box::new(reload)))
    }
}

/// Demands that every key of a database opens.
fn demand_open(url: &DatabaseUrl, source: &Source, masters: Option<&MasterKeys>) -> Result<()> {
    let keys = Store::peek_keys(url).map_err(|error| unopened(url, &error))?;
    let given = masters.cloned().unwrap_or_default();
    let (_, closed) = Keyring::default().opened(&keys, &given);
    if closed.is_empty() {
        return Ok(());
    }
    let what = format!("the database {url} does not open: {}", listed(&closed));
    if masters.is_none() {
        bail!(
            "{what}; give the master keys with --master-key-file, SAE_SECRET_MASTER_KEY or --master-key-command, or as a \
             file beside the database"
        );
    }
    let held: Vec<_> = given.ids().map(ToString::to_string).collect();
    let hint = if closed.iter().any(|error| matches!(error, UnwrapError::Missing(_))) {
        "; append the line of the missing key to it"
    } else {
        ""
    };
    bail!("{what}; {} was read and holds {}{hint}", source.described(), held.join(", "))
}

/// The error; where it is about permissions, with what refuses.
fn unopened(url: &DatabaseUrl, error: &Error) -> Error {
    let files = url.file().into_iter().flat_map(store::files_of);
    // The database itself first, which may still have to be made; the others only where they are there.
    let mut files = files.enumerate().filter(|(place, file)| *place == 0 || file.exists());
    match files.find_map(|(_, file)| rights::unwritable(&file)) {
        Some(reason) => anyhow!("{DATABASE_FLAG}: cannot open the database {url}: {reason}"),
        None => anyhow!("{DATABASE_FLAG}: {error}"),
    }
}

/// The password for an address of a server that has none.
fn password(settings: &DatabaseSettings) -> Result<Option<Zeroizing<String>>> {
    let variable = secret_variable(DATABASE_PASSWORD_VARIABLE);
    let (source, read) = match (variable, &settings.database_password_file) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            let too = "--database-password-file (SAE_SECRET_DATABASE_PASSWORD_FILE) is given, too";
            (DATABASE_PASSWORD_VARIABLE.to_owned(), Err(anyhow!(too)))
        }
        (Some(text), None) => (DATABASE_PASSWORD_VARIABLE.to_owned(), text),
        (None, Some(file)) => {
            let text = master_keys::read_file(file).map_err(Error::from).and_then(|text| {
                let line = text
                    .strip_suffix('\n')
                    .map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
                ensure!(!line.is_empty(), "it is empty");
                Ok(Zeroizing::new(line.to_owned()))
            });
            let flag = "--database-password-file (SAE_SECRET_DATABASE_PASSWORD_FILE)";
            (format!("{flag} {}", file.display()), text)
        }
    };
    let read = read.map(Some);
    read.map_err(|error| anyhow!("cannot read the password of the database from {source}: {error}"))
}
