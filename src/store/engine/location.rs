//! Where a database lives.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use super::OpenError;

/// The address of a database: `sqlite://PATH`, relative or absolute, or `sqlite::memory:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// An SQLite file.
    SqliteFile(PathBuf),
    /// An SQLite database that lives as long as the process.
    SqliteMemory,
}

/// The text is no address of a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no database address: use sqlite://PATH or sqlite::memory:")]
pub struct DatabaseUrlError {
    given: String,
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "sqlite::memory:" {
            return Ok(Self::SqliteMemory);
        }
        let path =
            text.strip_prefix("sqlite://").filter(|path| !path.is_empty() && !path.contains('\0'));
        match path {
            // Some tools write absolute paths with four slashes; to SQLite two at the beginning name a host.
            Some(path) if path.starts_with("//") => {
                Ok(Self::SqliteFile(PathBuf::from(format!("/{}", path.trim_start_matches('/')))))
            }
            Some(path) => Ok(Self::SqliteFile(PathBuf::from(path))),
            // Only the scheme is shown: the rest may hold a password.
            None => Err(DatabaseUrlError {
                given: text.split("//").next().unwrap_or_default().to_owned(),
            }),
        }
    }
}

impl DatabaseUrl {
    /// The same address by the path of the file itself, where the one that was given leads by links: logs and copies stand
    /// beside the file, not beside a link to it.
    ///
    /// # Errors
    /// [`OpenError`] where there is no such folder.
    pub fn resolved(self) -> Result<Self, OpenError> {
        let Self::SqliteFile(path) = &self else { return Ok(self) };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let resolved = match (path.canonicalize(), path.file_name()) {
            (Ok(path), _) => Ok(path),
            // It is still to be made.
            (Err(_), Some(name)) => folder.canonicalize().map(|folder| folder.join(name)),
            (Err(error), None) => Err(error),
        };
        match resolved {
            // A pipe would be waited for, and a device would be spoiled.
            Ok(path) if path.exists() && !path.is_file() => {
                Err(OpenError::new(&self, &io::Error::other("it is no file")))
            }
            Ok(path) => Ok(Self::SqliteFile(path)),
            Err(error) => Err(OpenError::new(&self, &error)),
        }
    }

    /// The file; none for a database in memory.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::SqliteFile(path) => Some(path),
            Self::SqliteMemory => None,
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqliteFile(path) => write!(f, "sqlite://{}", path.display()),
            Self::SqliteMemory => f.write_str("sqlite::memory:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let file = |path: &str| Ok(DatabaseUrl::SqliteFile(PathBuf::from(path)));
        assert_eq!("sqlite://a/b.db".parse(), file("a/b.db"));
        assert_eq!("sqlite:///var/lib/b.db".parse(), file("/var/lib/b.db"));
        assert_eq!("sqlite:////var/lib/b.db".parse(), file("/var/lib/b.db"));
        assert_eq!("sqlite::memory:".parse(), Ok(DatabaseUrl::SqliteMemory));
        for text in ["", "sqlite://", "sqlite:x", "mysql://user:hidden@host/db", "x.db"] {
            let refused = text.parse::<DatabaseUrl>().map_err(|error| error.to_string());
            assert!(
                refused.as_ref().is_err_and(|error| !error.contains("hidden")),
                "{text}: {refused:?}"
            );
        }
    }
}
