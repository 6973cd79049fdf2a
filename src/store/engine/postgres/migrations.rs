//! Brings the tables up to date.

use std::{thread, time::Duration};

use diesel::pg::Pg;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    BoxError, MIGRATIONS_TABLE, PostgresConnection, has_table, pool::Connector, timeouts::Timeouts,
};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// How many attempts are made in all, since another process may be making the tables, and how long is waited in between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// Makes or changes the tables where they are not up to date. Each migration is a transaction. Of two processes that start
/// at once one is refused by what the other one made; it tries again and finds it done.
pub fn migrate(connector: &Connector) -> Result<(), BoxError> {
    let mut tries = 0;
    loop {
        // A new connection each time: where another one made tables, what was known of them is not true any more.
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
    if !has_table(postgres, MIGRATIONS_TABLE)? || postgres.applied_migrations()?.is_empty() {
        return Err("it is no database of this program".into());
    }
    refuse_unknown(postgres)?;
    if postgres.has_pending_migration(MIGRATIONS)? {
        return Err("it was made by an older version: `serve` brings it up to date".into());
    }
    Ok(())
}

/// Refuses a database that has tables of our names which we did not make.
fn refuse_foreign(postgres: &mut PostgresConnection) -> Result<(), BoxError> {
    if has_table(postgres, MIGRATIONS_TABLE)? {
        return refuse_unknown(postgres);
    }
    for name in ["counters", "keys", "namespaces", "secrets"] {
        if has_table(postgres, name)? && !has_table(postgres, MIGRATIONS_TABLE)? {
            return Err(format!("it has a table {name} of another program").into());
        }
    }
    Ok(())
}

fn refuse_unknown(postgres: &mut PostgresConnection) -> Result<(), BoxError> {
    super::super::migrations::refuse_unknown::<Pg>(&MIGRATIONS, &postgres.applied_migrations()?)
}
