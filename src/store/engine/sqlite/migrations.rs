//! Brings the tables of an SQLite file up to date.

use diesel::{
    SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    sqlite::Sqlite as SqliteBackend,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    super::migrations::{self as common, FOREIGN, NOT_CURRENT, TABLE},
    AnyConnection, BoxError,
    inspection::{has_table, is_empty},
    transaction::roll_back,
};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Creates or changes the tables where they are not up to date.
pub fn migrate(connection: &mut AnyConnection) -> Result<(), BoxError> {
    let sqlite = connection.sqlite()?;
    // One transaction around all: of two processes that start at once one waits.
    AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?;
    let migrated = refuse_unknown(sqlite)
        .and_then(|()| sqlite.run_pending_migrations(MIGRATIONS).map(drop))
        // A file that can only be read is opened without an error; a write fails.
        .and_then(|()| Ok(sqlite.batch_execute("UPDATE counters SET value = value")?));
    match migrated {
        Ok(()) => Ok(AnsiTransactionManager::commit_transaction(sqlite)?),
        Err(error) => {
            roll_back(sqlite);
            Err(error)
        }
    }
}

/// Refuses tables that are not up to date, and changes nothing.
pub fn require_current(sqlite: &mut SqliteConnection) -> Result<(), BoxError> {
    refuse_others(sqlite)?;
    if sqlite.has_pending_migration(MIGRATIONS)? {
        return Err(NOT_CURRENT.into());
    }
    Ok(())
}

/// Refuses a database that has tables of another program, and changes nothing.
pub fn refuse_foreign(sqlite: &mut SqliteConnection) -> Result<(), BoxError> {
    if is_empty(sqlite)? { Ok(()) } else { refuse_others(sqlite) }
}

/// Refuses a database that neither this version nor an older one made, and changes nothing.
pub fn refuse_others(sqlite: &mut SqliteConnection) -> Result<(), BoxError> {
    // The table first: the library would create it.
    if !has_table(sqlite, TABLE)? || sqlite.applied_migrations()?.is_empty() {
        return Err(FOREIGN.into());
    }
    refuse_unknown(sqlite)
}

fn refuse_unknown(sqlite: &mut SqliteConnection) -> Result<(), BoxError> {
    common::refuse_unknown::<SqliteBackend>(&MIGRATIONS, &sqlite.applied_migrations()?)
}
