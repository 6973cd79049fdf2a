//! PostgreSQL, and what speaks its protocol: many connections, and other processes at work on the same database.

mod address;
pub(super) mod connection;
mod failure;
mod inspection;
mod link;
mod migrations;
mod pool;
mod retry;
mod rows;
mod timeouts;
mod tls;

use std::{path::Path, sync::LazyLock, time::Instant};

use self::{
    failure::Consequence,
    pool::{Connector, Pool},
    retry::Retries,
    timeouts::{ANSWER, LOCK, Timeouts},
};
use super::{AnyConnection, BackupError, BoxError, Engine, Permits};
use crate::{
    sealed::WrappedKey,
    store::{
        error::{Result, Unavailable},
        job::{Job, Purpose, Undone, run_alone},
        pace::{Pace, WORK_TIMEOUT},
        tx::Tx,
    },
};

pub use address::PostgresAddress;
pub use connection::PostgresConnection;
use inspection::has_table;
pub use inspection::{last_of_sequence, next_of_sequence};

const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const WRITE: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 10000";

static READ_WITHIN: LazyLock<String> =
    LazyLock::new(|| format!("{READ}; SET LOCAL statement_timeout = {}", ANSWER.as_millis()));
static WRITE_WITHIN: LazyLock<String> =
    LazyLock::new(|| format!("{WRITE}; SET LOCAL lock_timeout = {}", LOCK.as_millis()));

/// What begins a transaction. The timeouts, in milliseconds, end on the server what is given up here, so that it keeps no
/// connection of the server's. A write has no timeout for whole statements, since `COMMIT` is one: a server that waits for
/// its standby would give that up and call it a success. Locks of a process that is cut off in a write become free.
fn beginning(purpose: Purpose, pace: Pace) -> &'static str {
    match (purpose, pace) {
        (Purpose::Reading, Pace::Request) => &READ_WITHIN,
        (Purpose::Reading, Pace::Upkeep) => READ,
        (Purpose::Writing, Pace::Request) => &WRITE_WITHIN,
        (Purpose::Writing, Pace::Upkeep) => WRITE,
    }
}

/// A PostgreSQL database, or one that speaks its protocol.
pub struct Postgres {
    pool: Pool,
    retries: Retries,
}

/// A failed attempt at a use case.
struct Missed {
    error: Undone,
    consequence: Consequence,
}

impl Postgres {
    /// Connects, and brings the tables up to date, creating them when they are missing.
    pub fn open(address: &PostgresAddress) -> std::result::Result<Self, BoxError> {
        Self::after(address, migrations::migrate)
    }

    /// Connects to a database that is up to date, for upkeep beside servers that may be using it.
    pub fn open_existing(address: &PostgresAddress) -> std::result::Result<Self, BoxError> {
        Self::after(address, migrations::require_current)
    }

    fn after(
        address: &PostgresAddress,
        prepare: fn(&Connector) -> std::result::Result<(), BoxError>,
    ) -> std::result::Result<Self, BoxError> {
        connected(address, |connector| {
            prepare(&connector)?;
            Ok(Self { pool: Pool::new(connector), retries: Retries::default() })
        })
    }

    /// Tries a use case until it ends, a retry would not help or there is no time left for it. What a write did is kept by
    /// the server before this returns. Where the answer to a commit is lost, it is not known whether it was kept: that is an
    /// error, and not retried.
    fn transact(
        &self,
        purpose: Purpose,
        pace: Pace,
        use_case: &dyn Fn(&mut Tx<'_>) -> Result<(), Undone>,
    ) -> Result<(), Undone> {
        let since = Instant::now();
        let timeouts = match pace {
            Pace::Request => Timeouts::of_request(WORK_TIMEOUT),
            Pace::Upkeep => Timeouts::of_upkeep(),
        };
        let mut tries = 0;
        loop {
            let missed = match self.attempt(purpose, beginning(purpose, pace), timeouts, use_case) {
                Ok(()) => return Ok(()),
                Err(missed) => missed,
            };
            tries += 1;
            if !self.retries.wait_for_next(tries, since.elapsed(), missed.consequence) {
                return Err(missed.error);
            }
        }
    }

    fn attempt(
        &self,
        purpose: Purpose,
        begin: &'static str,
        timeouts: Timeouts,
        use_case: &dyn Fn(&mut Tx<'_>) -> Result<(), Undone>,
    ) -> std::result::Result<(), Missed> {
        let last =
            |error: Unavailable| Missed { error: error.into(), consequence: Consequence::Final };
        let none = || last(Unavailable::new("no connection"));
        let mut slot = self.pool.take(timeouts).map_err(last)?;
        slot.postgres().ok_or_else(none)?.begin(begin, timeouts);
        let done = use_case(&mut Tx::new(slot.0.as_mut().ok_or_else(none)?));
        let postgres = slot.postgres().ok_or_else(none)?;
        let ended = match (done, purpose) {
            (Ok(()), Purpose::Reading) => {
                postgres.end_reading();
                Ok(())
            }
            (Ok(()), Purpose::Writing) => commit(postgres),
            (Err(error), _) => {
                let consequence = postgres.trouble().unwrap_or(Consequence::Final);
                postgres.roll_back();
                Err(Missed { error, consequence })
            }
        };
        if postgres.is_unanswered() {
            self.pool.close_idle();
        }
        ended
    }
}

impl Engine for Postgres {
    fn run(&self, purpose: Purpose, pace: Pace, next: &mut dyn FnMut() -> Option<Box<dyn Job>>) {
        for job in std::iter::from_fn(next) {
            run_alone(job, |use_case| self.transact(purpose, pace, use_case));
        }
    }

    fn backup(&self, _: &Path) -> std::result::Result<(), BackupError> {
        let how = "a PostgreSQL database is backed up by pg_dump: docs/postgresql.md says how";
        Err(BackupError(how.to_owned()))
    }

    fn permits(&self) -> Permits {
        Permits::of_pool(self.connections().1)
    }

    fn connections(&self) -> (usize, usize) {
        self.pool.counts()
    }

    fn retries(&self) -> u64 {
        self.retries.count()
    }
}

/// The wrapped keys of a database; none where it has no tables yet, or no keys. Changes nothing.
pub fn peek_keys(address: &PostgresAddress) -> std::result::Result<Vec<WrappedKey>, BoxError> {
    connected(address, |connector| {
        let mut postgres = connector.connect(Timeouts::of_request(WORK_TIMEOUT))?;
        // A table `keys` may be another program's.
        let tables = [super::migrations::TABLE, "keys"];
        for table in tables {
            if !has_table(&mut postgres, table)? {
                return Ok(vec![]);
            }
        }
        Ok(Tx::new(&mut AnyConnection::Postgres(postgres)).keys()?)
    })
}

fn commit(postgres: &mut PostgresConnection) -> std::result::Result<(), Missed> {
    postgres.commit().map_err(|failure| {
        // What the server refused was rolled back. Of what got no answer that is not known, so it is not retried.
        let consequence = match failure.consequence() {
            Consequence::GaveWay => Consequence::GaveWay,
            _ => Consequence::Final,
        };
        let doubt = if failure.ends_connection() {
            ": whether the write was kept is not known"
        } else {
            ""
        };
        Missed { error: Unavailable::new(format!("{failure}{doubt}")).into(), consequence }
    })
}

/// Does what needs a connection on a thread of its own: the caller's may run a runtime, in which nothing may block.
fn connected<T: Send>(
    address: &PostgresAddress,
    work: impl FnOnce(Connector) -> std::result::Result<T, BoxError> + Send,
) -> std::result::Result<T, BoxError> {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| work(Connector::new(address)?));
        worker.join().unwrap_or_else(|_panicked| Err("the connection could not be made".into()))
    })
}
