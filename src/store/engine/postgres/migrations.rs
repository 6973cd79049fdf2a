//! Brings the tables on a server up to date.

use std::{thread, time::Duration};

use diesel::pg::Pg;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    super::migrations::{self as common, FOREIGN, NOT_CURRENT, TABLE},
    BoxError, PostgresConnection, has_table,
    pool::Connector,
    timeouts::Timeouts,
};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// How many attempts are made in all, since another process may be creating the tables, and the pause in between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// Creates or changes the tables where they are not up to date. Each migration is a transaction. Of two processes that start
/// at once one fails on the tables of the other; it tries again and finds them up to date.
pub fn migrate(connector: &Connector) -> Result<(), BoxError> {
    let mut tries = 0;
    loop {
        // A new connection each time: one caches what it knows of the tables.
        let postgres = &mut connector.connect(Timeouts::of_upkeep())?;
        refuse_foreign(postgres)?;
        let Err(failed) = postgres.run_pending_migrations(MIGRATIONS) else {
            return refuse_unknown(postgres);
        };
        tries += 1;
        if tries == TRIES {
            return Err(failed);
        }
        log::debug!("the tables cannot be made: {failed}; trying again");
        thread::sleep(PAUSE);
    }
}

/// Refuses tables that are not up to date, and changes nothing.
pub fn require_current(connector: &Connector) -> Result<(), BoxError> {
    let postgres = &mut connector.connect(Timeouts::of_upkeep())?;
    if !has_table(postgres, TABLE)? || postgres.applied_migrations()?.is_empty() {
        return Err(FOREIGN.into());
    }
    refuse_unknown(postgres)?;
    if postgres.has_pending_migration(MIGRATIONS)? {
        return Err(NOT_CURRENT.into());
    }
    Ok(())
}

/// Refuses a database that has tables of these names which another program made.
fn refuse_foreign(postgres: &mut PostgresConnection) -> Result<(), BoxError> {
    if has_table(postgres, TABLE)? {
        return refuse_unknown(postgres);
    }
    for name in ["counters", "keys", "namespaces", "secrets"] {
        if has_table(postgres, name)? && !has_table(postgres, TABLE)? {
            return Err(format!("it has a table {name} of another program").into());
        }
    }
    Ok(())
}

fn refuse_unknown(postgres: &mut PostgresConnection) -> Result<(), BoxError> {
    common::refuse_unknown::<Pg>(&MIGRATIONS, &postgres.applied_migrations()?)
}
