//! The address of a database.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Error, Result, anyhow, bail, ensure};
use zeroize::Zeroizing;

use super::{
    postgres::{PostgresAddress, Trust},
    sqlite::folder_of,
};

/// The address of a database: `sqlite://PATH`, relative or absolute, `sqlite::memory:`, or
/// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. Neither `Display` nor `Debug` shows a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// An SQLite file.
    SqliteFile(PathBuf),
    /// An SQLite database that lives as long as the process.
    SqliteMemory,
    /// A database of a PostgreSQL server, or of what speaks its protocol.
    Postgres(Box<PostgresAddress>),
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    /// An error shows no part that may be a password.
    fn from_str(text: &str) -> Result<Self> {
        // As SQLAlchemy and others write it, with two slashes or three.
        let memory = ["sqlite::memory:", "sqlite://:memory:", "sqlite:///:memory:"];
        if memory.iter().any(|memory| memory.eq_ignore_ascii_case(text)) {
            return Ok(Self::SqliteMemory);
        }
        let mut schemes = ["postgres://", "postgresql://"].into_iter();
        if let Some(rest) = schemes.find_map(|scheme| text.strip_prefix(scheme)) {
            let address = PostgresAddress::parse(rest).map_err(|reason| {
                anyhow!("the address of the PostgreSQL server cannot be read: {reason}")
            })?;
            return Ok(Self::Postgres(Box::new(address)));
        }
        let path = text.strip_prefix("sqlite://").filter(|path| !path.is_empty());
        let Some(path) = path else {
            // Only the scheme is shown: the rest may hold a password.
            let given = text.split([':', '/', '@']).next().unwrap_or_default();
            bail!(
                "{given:?} is no database address: use sqlite://PATH, sqlite::memory: or \
                 postgres://USER:PASSWORD@HOST:PORT/DATABASE"
            );
        };
        ensure!(
            !path.contains('?'),
            "sqlite://PATH takes no parameters: leave out the ? and what stands behind it"
        );
        ensure!(
            !path.starts_with([':', ' ']) && !path.starts_with("file:") && !path.ends_with(' '),
            "sqlite://PATH takes a path, which begins neither with a colon nor with file:, and has no spaces at its ends"
        );
        ensure!(
            !path.contains(char::is_control),
            "the path of an SQLite file holds no control characters"
        );
        // Some tools write absolute paths with four slashes; to SQLite two at the beginning name a host.
        Ok(Self::SqliteFile(match path.strip_prefix("//") {
            Some(rest) => PathBuf::from(format!("/{}", rest.trim_start_matches('/'))),
            None => PathBuf::from(path),
        }))
    }
}

impl DatabaseUrl {
    /// Gives the address of a server the password that `read` finds, if it has none of its own.
    pub fn add_password(
        &mut self,
        read: impl FnOnce() -> Result<Option<Zeroizing<String>>>,
    ) -> Result<()> {
        if let Self::Postgres(address) = self
            && address.config.get_password().is_none()
            && let Some(password) = read()?
        {
            address.config.password(&*password);
        }
        Ok(())
    }

    /// The same address without symbolic links: logs and copies are beside the file, not beside a link to it.
    pub fn resolved(self) -> Result<Self> {
        let Self::SqliteFile(path) = &self else { return Ok(self) };
        let resolved = match (path.canonicalize(), path.file_name()) {
            (Ok(path), _) => Ok(path),
            // It does not exist yet.
            (Err(_), Some(name)) => folder_of(path).canonicalize().map(|folder| folder.join(name)),
            (Err(error), None) => Err(error),
        };
        let path = resolved.map_err(|error| self.cannot_open(error))?;
        // Opening a pipe would block, and a device would be spoiled.
        if path.exists() && !path.is_file() {
            return Err(self.cannot_open("it is no file"));
        }
        Ok(Self::SqliteFile(path))
    }

    /// The error that it cannot be opened.
    pub(in crate::store) fn cannot_open(&self, reason: impl fmt::Display) -> Error {
        anyhow!("cannot open the database {self}: {reason}")
    }

    /// The file; none for a database in memory or of a server.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::SqliteFile(path) => Some(path),
            Self::SqliteMemory | Self::Postgres(_) => None,
        }
    }

    /// The files with certificates that the address of a server names, and with the key of the client's own.
    #[must_use]
    pub fn certificates(&self) -> Vec<PathBuf> {
        let Self::Postgres(address) = self else { return vec![] };
        let signers = match &address.trust {
            Trust::SignedBy(file) | Trust::NamedBy(file) => Some(file),
            Trust::Any | Trust::NamedBySystem => None,
        };
        let own = address.identity.iter().flat_map(|(certificate, key)| [certificate, key]);
        signers.into_iter().chain(own).cloned().collect()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqliteFile(path) => write!(f, "sqlite://{}", path.display()),
            Self::SqliteMemory => f.write_str("sqlite::memory:"),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(text: &str) -> DatabaseUrl {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_are_read() {
        let file = |path: &str| DatabaseUrl::SqliteFile(PathBuf::from(path));
        assert_eq!(parse("sqlite://a/b.db"), file("a/b.db"));
        assert_eq!(parse("sqlite:///var/lib/b.db"), file("/var/lib/b.db"));
        assert_eq!(parse("sqlite:////var/lib/b.db"), file("/var/lib/b.db"));
        for memory in ["sqlite::memory:", "sqlite://:memory:", "sqlite:///:memory:"] {
            assert_eq!(parse(memory), DatabaseUrl::SqliteMemory);
        }
        for scheme in ["postgres", "postgresql"] {
            let address = parse(&format!("{scheme}://user:hidden@host/db"));
            assert_eq!(address.file(), None);
            assert_eq!(address.to_string(), "postgres://user@host:5432/db");
            assert!(!format!("{address:?}").contains("hidden"), "{address:?}");
        }
        for text in [
            "postgres://u:hidden@h/db?x=1",
            "",
            "sqlite://",
            "sqlite:x",
            "sqlite://s.db?mode=rwc",
            "sqlite://s.db\r",
            "mysql://user:hidden@host/db",
            "postgres:/u:hidden@h/db",
            "postgres:u:hidden@h/db",
            "x.db",
        ] {
            let refused = text.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(!refused.contains("hidden"), "{text}: {refused}");
        }
    }

    #[test]
    fn the_files_of_a_server_s_address_are_known() {
        let files =
            |parameters: &str| parse(&format!("postgres://u@h/d?{parameters}")).certificates();
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(files("sslmode=require"), paths(&[]));
        assert_eq!(files("sslmode=verify-full&sslrootcert=system"), paths(&[]));
        assert_eq!(files("sslmode=verify-ca&sslrootcert=ca.pem"), paths(&["ca.pem"]));
        let all = "sslmode=verify-full&sslrootcert=ca.pem&sslcert=own.pem&sslkey=own.key";
        assert_eq!(files(all), paths(&["ca.pem", "own.pem", "own.key"]));
    }

    #[test]
    fn a_server_s_password_may_stand_elsewhere() {
        let with_password = |text: &str| {
            let mut url = parse(text);
            url.add_password(|| Ok(Some(Zeroizing::new("@/?#%\u{e9}".to_owned())))).unwrap();
            url
        };
        let encoded = "%40%2F%3F%23%25%C3%A9";
        let added = with_password("postgres://u@h/d");
        assert_eq!(added, parse(&format!("postgres://u:{encoded}@h/d")));
        assert!(!format!("{added} {added:?}").contains("@/?#"));
        let own = "postgres://u:its-own@h/d";
        assert_eq!(with_password(own), parse(own));
        assert_ne!(parse(own), parse("postgres://u@h/d"));
    }
}
