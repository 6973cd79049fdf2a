//! Where the master keys come from.

mod command;

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{
    crypto::{CryptoError, MasterKeys, MasterKeysError},
    sealed::MasterKeyId,
    sealing::Reread,
    settings::{DatabaseSettings, MASTER_KEY_VARIABLE, NotUtf8},
    store::{self, DatabaseUrl},
};

/// How much text master keys may be, in bytes: about a thousand of them.
const TEXT_MAX: u64 = 64 * 1024;

/// What the file of the key that is made beside a database has behind the database's name.
const BESIDE: &str = ".key";

/// What a key that is made is called.
const MADE: &str = "local";

/// The master keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// They are given in more than one way.
    #[error(
        "the master keys are given more than once: use one of --master-key-file, SAE_SECRET_MASTER_KEY and \
         --master-key-command"
    )]
    Several,
    /// They cannot be read.
    #[error("cannot read the master keys from {source_name}: {reason}")]
    Unreadable {
        /// Where they should have been.
        source_name: String,
        /// What went wrong; shows nothing of what was read.
        reason: String,
    },
    /// What was read holds no master keys.
    #[error("cannot read the master keys from {source_name}: {mistake}")]
    Mistaken {
        /// Where it was read.
        source_name: String,
        /// What is wrong with it.
        mistake: MasterKeysError,
    },
    /// None are given, and none may be made.
    #[error(
        "no master key is given: use --master-key-file, SAE_SECRET_MASTER_KEY or --master-key-command. Only a server \
         on a loopback address makes one by itself, beside its database"
    )]
    None,
    /// None are given, and there is no place beside the database for one.
    #[error(
        "no master key is given, and a PostgreSQL database needs one: use --master-key-file, SAE_SECRET_MASTER_KEY or \
         --master-key-command"
    )]
    NotGiven,
    /// The key that was to be made cannot be written, or not be made at all.
    #[error("cannot make a master key in {}: {reason}", path.display())]
    NotMade {
        /// Its file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// They are not those of the database.
    #[error(
        "the database {database} does not open: {closed}; the master keys come from --master-key-file, \
         SAE_SECRET_MASTER_KEY, --master-key-command, or a file beside the database"
    )]
    Closed {
        /// The database.
        database: String,
        /// The master keys that are missing or wrong.
        closed: String,
    },
}

/// A place that master keys are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// The variable.
    Variable,
    /// What a command prints.
    Command(String),
    /// The file beside the database.
    Beside(PathBuf),
    /// Nothing: the keys last as long as the database, which is in memory.
    Memory,
    /// Nothing, and the database is on a server: they have to be given.
    Nowhere,
}

/// The file of the key that is made beside a database.
pub fn beside(database: &Path) -> PathBuf {
    let mut name = OsString::from(database.as_os_str());
    name.push(BESIDE);
    PathBuf::from(name)
}

impl Source {
    /// Where the settings say that the master keys are. What is given wins over what is found.
    ///
    /// # Errors
    /// [`MasterKeyError::Several`].
    pub fn of(settings: &DatabaseSettings, database: &DatabaseUrl) -> Result<Self, MasterKeyError> {
        let file = settings.master_key_file.clone().map(Self::File);
        let variable = DatabaseSettings::master_keys().map(|_| Self::Variable);
        let command = settings.master_key_command.clone().map(Self::Command);
        let mut given = file.into_iter().chain(variable).chain(command);
        match (given.next(), given.next(), database) {
            (Some(_), Some(_), _) => Err(MasterKeyError::Several),
            (Some(source), None, _) => Ok(source),
            (None, _, DatabaseUrl::SqliteFile(database)) => Ok(Self::Beside(beside(database))),
            (None, _, DatabaseUrl::SqliteMemory) => Ok(Self::Memory),
            (None, _, DatabaseUrl::Postgres(_)) => Ok(Self::Nowhere),
        }
    }

    /// The master keys; none where there is no file beside the database, or the database has no file.
    ///
    /// # Errors
    /// [`MasterKeyError::Unreadable`] and [`MasterKeyError::Mistaken`].
    pub fn read(&self) -> Result<Option<MasterKeys>, MasterKeyError> {
        let text = match self {
            Self::File(path) => read_file(path),
            Self::Variable => read_variable(),
            Self::Command(command) => command::output(command),
            Self::Beside(path) => match read_file(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                read => read,
            },
            Self::Memory | Self::Nowhere => return Ok(None),
        };
        let text = text.map_err(|error| MasterKeyError::Unreadable {
            source_name: self.name(),
            reason: error.to_string(),
        })?;
        let keys = MasterKeys::parse(&text);
        keys.map(Some)
            .map_err(|mistake| MasterKeyError::Mistaken { source_name: self.name(), mistake })
    }

    /// Makes a key where there is none: beside a database on this machine, or in memory.
    ///
    /// # Errors
    /// [`MasterKeyError::NotMade`]; [`MasterKeyError::None`] and [`MasterKeyError::NotGiven`] where none may be made.
    pub fn make(&self) -> Result<MasterKeys, MasterKeyError> {
        let not_made = |path: &Path, reason: &dyn std::fmt::Display| MasterKeyError::NotMade {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        match self {
            Self::Memory => new_keys().map_err(|error| not_made(Path::new("memory"), &error)),
            Self::Beside(path) => {
                let keys = new_keys().map_err(|error| not_made(path, &error))?;
                write_new(path, &keys).map_err(|error| not_made(path, &error))?;
                // Another process may have been faster, and its key is the one.
                self.read()?.ok_or_else(|| {
                    not_made(path, &"there is something of that name, and it holds no key")
                })
            }
            Self::Nowhere => Err(MasterKeyError::NotGiven),
            Self::File(_) | Self::Variable | Self::Command(_) => Err(MasterKeyError::None),
        }
    }

    /// How the keys can be read once more in no time; nothing where that would tell nothing new or take long.
    pub fn reread(&self) -> Option<Reread> {
        match self {
            // A pipe gives its text once.
            Self::File(path) | Self::Beside(path) if path.is_file() => {
                let source = self.clone();
                Some(Box::new(move || source.read_again().map_err(|error| error.to_string())))
            }
            _ => None,
        }
    }

    /// Whether the keys can be read once more at all.
    pub fn can_be_read_again(&self) -> bool {
        matches!(self, Self::Command(_)) || self.reread().is_some()
    }

    /// The keys once more, which have to be there.
    ///
    /// # Errors
    /// [`MasterKeyError`].
    pub fn read_again(&self) -> Result<MasterKeys, MasterKeyError> {
        match self {
            // It may have become a pipe, which would be waited for.
            Self::File(path) | Self::Beside(path) if !path.is_file() => {
                Err(MasterKeyError::Unreadable {
                    source_name: self.name(),
                    reason: "it is no file any more".to_owned(),
                })
            }
            _ => self.read()?.ok_or(MasterKeyError::None),
        }
    }

    /// What the source is called in messages.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Beside(path) => path.display().to_string(),
            Self::Variable => MASTER_KEY_VARIABLE.to_owned(),
            Self::Command(_) => "--master-key-command".to_owned(),
            Self::Memory => "memory".to_owned(),
            Self::Nowhere => "nowhere".to_owned(),
        }
    }
}

fn new_keys() -> Result<MasterKeys, CryptoError> {
    let id: MasterKeyId = MADE.parse().map_err(|_| CryptoError::NoMasterKey)?;
    MasterKeys::generate(id)
}

fn read_file(path: &Path) -> io::Result<Zeroizing<String>> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mode = about.permissions().mode() & 0o7777;
    if about.is_file() && mode & 0o004 != 0 {
        log::warn!(
            "everybody on this machine can read the master keys in {}: its mode is {mode:o}",
            path.display()
        );
    }
    read_text(file)
}

fn read_variable() -> io::Result<Zeroizing<String>> {
    let text = DatabaseSettings::master_keys().unwrap_or_else(|| Ok(Zeroizing::default()));
    let text = text.map_err(io::Error::other)?;
    if text.len() as u64 > TEXT_MAX { Err(too_long()) } else { Ok(text) }
}

/// Reads a text into memory that is zeroed, and that does not move while it grows.
fn read_text(from: impl Read) -> io::Result<Zeroizing<String>> {
    let capacity = usize::try_from(TEXT_MAX).map_or(usize::MAX, |max| max + 2);
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    from.take(TEXT_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > TEXT_MAX {
        return Err(too_long());
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| io::Error::other(NotUtf8))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn too_long() -> io::Error {
    io::Error::other(format!("it has more than {TEXT_MAX} bytes"))
}

/// Writes a key file whole or not at all, for its owner only; one that is there already stays.
fn write_new(path: &Path, keys: &MasterKeys) -> io::Result<()> {
    match store::write_new_file(path, keys.text().as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        written => written,
    }
}
