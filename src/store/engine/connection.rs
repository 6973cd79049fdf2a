//! The connection that queries are written against, and which databases it can work with.

use anyhow::{Error, Result, bail, ensure};
use diesel::{
    Connection, MultiConnection, QueryResult, RunQueryDsl, SqliteConnection,
    dsl::sql,
    migration::{Migration, MigrationSource, MigrationVersion},
    sql_types::{BigInt, Text},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{MIGRATIONS_TABLE, postgres::connection::PostgresConnection};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// A connection to any of the supported databases; queries are written against it once.
#[derive(MultiConnection)]
pub enum AnyConnection {
    Sqlite(SqliteConnection),
    Postgres(PostgresConnection),
}

impl AnyConnection {
    fn migrations(&self) -> EmbeddedMigrations {
        match self {
            Self::Sqlite(_) => SQLITE,
            Self::Postgres(_) => POSTGRES,
        }
    }

    fn applied(&mut self) -> Result<Vec<MigrationVersion<'static>>> {
        self.applied_migrations().map_err(Error::from_boxed)
    }

    /// Whether there is a table of that name.
    pub fn has_table(&mut self, name: &str) -> QueryResult<bool> {
        match self {
            Self::Sqlite(sqlite) => {
                let tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ";
                let found = sql::<BigInt>(tables).bind::<Text, _>(name).get_result::<i64>(sqlite);
                Ok(found? > 0)
            }
            Self::Postgres(postgres) => postgres.has_table(name),
        }
    }

    /// Creates or changes the tables where they are not up to date.
    pub fn run_migrations(&mut self) -> Result<()> {
        let migrations = self.migrations();
        self.run_pending_migrations(migrations).map(drop).map_err(Error::from_boxed)
    }

    /// Refuses tables that are not up to date, and changes nothing.
    pub fn require_current(&mut self) -> Result<()> {
        self.refuse_others()?;
        let migrations = self.migrations();
        let is_older = self.has_pending_migration(migrations).map_err(Error::from_boxed)?;
        ensure!(!is_older, "it was made by an older version: `serve` brings it up to date");
        Ok(())
    }

    /// Refuses a database that neither this version nor an older one made, and changes nothing.
    pub fn refuse_others(&mut self) -> Result<()> {
        // The table first: the library would create it.
        let is_own = self.has_table(MIGRATIONS_TABLE)? && !self.applied()?.is_empty();
        ensure!(is_own, "it is no database of this program");
        self.refuse_unknown()
    }

    /// Refuses a database to which a migration was applied that this version does not have. One that is older than all of
    /// them is of a schema that was never released, and nothing brings it up to date.
    pub fn refuse_unknown(&mut self) -> Result<()> {
        type Known = Box<dyn Migration<<AnyConnection as Connection>::Backend>>;
        let known: Vec<Known> = self.migrations().migrations().map_err(Error::from_boxed)?;
        let known: Vec<MigrationVersion<'_>> = known.iter().map(|it| it.name().version()).collect();
        let applied = self.applied()?;
        let Some(unknown) = applied.iter().find(|applied| !known.contains(applied)) else {
            return Ok(());
        };
        if known.iter().all(|known| unknown < known) {
            bail!(
                "it was made by a version before the first release (migration {unknown}) and cannot be brought up to date: \
                 start with a new database"
            );
        }
        bail!("it was made by a newer version (migration {unknown})")
    }
}
