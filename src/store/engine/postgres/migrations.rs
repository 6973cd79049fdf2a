//! Brings the tables on a server up to date.

use std::{thread, time::Duration};

use anyhow::{Result, bail};

use super::{
    super::{AnyConnection, MIGRATIONS_TABLE},
    pool::Connector,
    timeouts::Timeouts,
};
use crate::store::Pace;

/// How many attempts are made in all, since another process may be creating the tables, and the pause in between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// Creates or changes the tables where they are not up to date. Each migration is a transaction. Of two processes that start
/// at once one fails on the tables of the other; it tries again and finds them up to date.
pub fn migrate(connector: &Connector) -> Result<()> {
    let mut tries = 0;
    loop {
        // A new connection each time: one caches what it knows of the tables.
        let mut connection = connector.connect(Timeouts::of(Pace::Upkeep))?;
        refuse_foreign(&mut connection)?;
        let Err(failed) = connection.run_migrations() else { return connection.refuse_unknown() };
        tries += 1;
        if tries == TRIES {
            return Err(failed);
        }
        log::debug!("the tables cannot be made: {failed}; trying again");
        thread::sleep(PAUSE);
    }
}

/// Refuses a database that has tables of these names which another program made.
fn refuse_foreign(connection: &mut AnyConnection) -> Result<()> {
    if connection.has_table(MIGRATIONS_TABLE)? {
        return connection.refuse_unknown();
    }
    for name in ["counters", "keys", "namespaces", "secrets"] {
        if connection.has_table(name)? && !connection.has_table(MIGRATIONS_TABLE)? {
            bail!("it has a table {name} of another program");
        }
    }
    Ok(())
}
