//! Where the master keys come from.

mod command;

use std::{
    fmt::Display,
    fs::File,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Error, Result, anyhow, bail};
use zeroize::Zeroizing;

use super::rights;
use crate::{
    crypto::MasterKeys,
    sealing::Reread,
    settings::{DatabaseSettings, MASTER_KEY_VARIABLE, NOT_UTF8, secret_variable},
    store::{self, DatabaseUrl},
};

/// How much text master keys may be, in bytes: about a thousand of them.
const TEXT_MAX: u64 = 64 * 1024;

/// What the file of the key that is made beside a database has behind the database's name.
const BESIDE: &str = ".key";

/// What a key that is made is called.
const MADE: &str = "local";

/// What to tell where no keys are given, and none may be made.
pub const NONE_GIVEN: &str = "no master key is given: use --master-key-file, SAE_SECRET_MASTER_KEY or \
                              --master-key-command. Only a server on a loopback address makes one by itself, beside its \
                              database";

/// A place that master keys are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
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
    store::with_suffix(database, BESIDE)
}

impl Source {
    /// Where the settings say that the master keys are. What is given wins over what is found.
    pub fn of(settings: &DatabaseSettings, database: &DatabaseUrl) -> Result<Self> {
        let file = settings.master_key_file.clone().map(Self::File);
        let variable = secret_variable(MASTER_KEY_VARIABLE).map(|_| Self::Variable);
        let command = settings.master_key_command.clone().map(Self::Command);
        let mut given = file.into_iter().chain(variable).chain(command);
        match (given.next(), given.next(), database) {
            (Some(_), Some(_), _) => bail!(
                "the master keys are given more than once: use one of --master-key-file \
                 (SAE_SECRET_MASTER_KEY_FILE), SAE_SECRET_MASTER_KEY and --master-key-command \
                 (SAE_SECRET_MASTER_KEY_COMMAND)"
            ),
            (Some(source), None, _) => Ok(source),
            (None, _, DatabaseUrl::SqliteFile(database)) => Ok(Self::Beside(beside(database))),
            (None, _, DatabaseUrl::SqliteMemory) => Ok(Self::Memory),
            (None, _, DatabaseUrl::Postgres(_)) => Ok(Self::Nowhere),
        }
    }

    /// The master keys; none where there is no file beside the database, or the database has no file.
    pub fn read(&self) -> Result<Option<MasterKeys>> {
        let text = match self {
            Self::File(path) => read_file(path).map_err(Error::from),
            Self::Variable => secret_variable(MASTER_KEY_VARIABLE)
                .unwrap_or_else(|| Ok(Zeroizing::default()))
                .and_then(|text| Ok(read_text(text.as_bytes())?)),
            Self::Command(command) => command::output(command).map_err(Error::from),
            Self::Beside(path) => match read_file(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                read => read.map_err(Error::from),
            },
            Self::Memory | Self::Nowhere => return Ok(None),
        };
        let keys = text.and_then(|text| MasterKeys::parse(&text));
        keys.map(Some).map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, reason: &dyn Display) -> Error {
        anyhow!("cannot read the master keys from {}: {reason}", self.described())
    }

    /// Makes a key where there is none: beside a database on this machine, or in memory.
    pub fn make(&self) -> Result<MasterKeys> {
        let path = match self {
            Self::Memory => return new_keys(),
            Self::Beside(path) => path,
            Self::Nowhere => bail!(
                "no master key is given, and a PostgreSQL database needs one: use --master-key-file, \
                 SAE_SECRET_MASTER_KEY or --master-key-command"
            ),
            Self::File(_) | Self::Variable | Self::Command(_) => bail!(NONE_GIVEN),
        };
        let made = new_keys().and_then(|keys| {
            match store::write_new_file(path, keys.text().as_bytes()) {
                // Another process may have been faster, and its key is the one.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                written => written?,
            }
            self.read()?
                .ok_or_else(|| anyhow!("there is something of that name, and it holds no key"))
        });
        made.map_err(|error| {
            let reason = rights::unwritable(path).unwrap_or_else(|| error.to_string());
            anyhow!("cannot make a master key in {}: {reason}", path.display())
        })
    }

    /// How the keys, which have to be there, can be read once more; nothing where that would tell nothing new. A command may
    /// take long.
    pub fn reread(&self) -> Option<Reread> {
        if !self.can_be_reread() {
            return None;
        }
        let source = self.clone();
        Some(Box::new(move || {
            // It may have become a pipe, which would be waited for.
            let read = if source.can_be_reread() {
                source.read().and_then(|keys| keys.ok_or_else(|| anyhow!(NONE_GIVEN)))
            } else {
                Err(source.unreadable(&"it is no file any more"))
            };
            read.map_err(|error| error.to_string())
        }))
    }

    /// A pipe gives its text once, and a variable stays what it is.
    fn can_be_reread(&self) -> bool {
        match self {
            Self::File(path) | Self::Beside(path) => path.is_file(),
            Self::Command(_) => true,
            Self::Variable | Self::Memory | Self::Nowhere => false,
        }
    }

    /// What the source is called where its setting may be wrong: with the flag and the variable.
    pub fn described(&self) -> String {
        match self {
            Self::File(_) => {
                format!("--master-key-file (SAE_SECRET_MASTER_KEY_FILE) {}", self.name())
            }
            _ => self.name(),
        }
    }

    /// What the source is called in messages.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Beside(path) => path.display().to_string(),
            Self::Variable => MASTER_KEY_VARIABLE.to_owned(),
            Self::Command(_) => "--master-key-command (SAE_SECRET_MASTER_KEY_COMMAND)".to_owned(),
            Self::Memory => "memory".to_owned(),
            Self::Nowhere => "nowhere".to_owned(),
        }
    }
}

fn new_keys() -> Result<MasterKeys> {
    Ok(MasterKeys::generate(MADE.parse().map_err(Error::msg)?)?)
}

/// Reads a file with something secret in it, which should be its owner's alone.
pub fn read_file(path: &Path) -> io::Result<Zeroizing<String>> {
    let file = File::open(path).map_err(|error| rights::explained(path, error))?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mode = about.permissions().mode() & 0o7777;
    if about.is_file() && mode & 0o004 != 0 {
        log::warn!(
            "all users of this machine can read what is secret in {}: its mode is {mode:o}",
            path.display()
        );
    }
    read_text(file)
}

/// Reads a text into memory that is zeroed, and that does not move while it grows.
fn read_text(from: impl Read) -> io::Result<Zeroizing<String>> {
    let capacity = usize::try_from(TEXT_MAX).map_or(usize::MAX, |max| max + 2);
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    from.take(TEXT_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > TEXT_MAX {
        return Err(io::Error::other(format!("it has more than {TEXT_MAX} bytes")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| io::Error::other(NOT_UTF8))?;
    Ok(Zeroizing::new(text.to_owned()))
}
