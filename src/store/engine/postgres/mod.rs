//! PostgreSQL, and what speaks its protocol: many connections, and other processes at work on the same database.

mod address;
pub(in crate::store) mod connection;
mod failure;
mod link;
mod migrations;
mod pool;
mod retry;
mod rows;
mod timeouts;
mod tls;

use std::{path::Path, sync::LazyLock, time::Instant};

use anyhow::bail;

use self::{
    failure::Consequence,
    pool::{Connector, Pool},
    retry::Retries,
    timeouts::{ANSWER, LOCK, Timeouts},
};
use super::{AnyConnection, Engine, MIGRATIONS_TABLE, Permits};
use crate::{
    sealed::WrappedKey,
    store::{
        Pace, Result, Unavailable,
        job::{Job, Purpose, run_alone},
        tx::Tx,
    },
};

pub use address::{PostgresAddress, Trust};
use connection::PostgresConnection;

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
    /// What its job ends with if there is no other attempt.
    end: Result<()>,
    consequence: Consequence,
}

impl Postgres {
    /// Connects, and brings the tables up to date, creating them when they are missing.
    pub fn open(address: &PostgresAddress) -> anyhow::Result<Self> {
        Self::after(address, migrations::migrate)
    }

    /// Connects to a database that is up to date, for upkeep beside servers that may be using it.
    pub fn open_existing(address: &PostgresAddress) -> anyhow::Result<Self> {
        Self::after(address, |connector| {
            connector.connect(Timeouts::of(Pace::Upkeep))?.require_current()
        })
    }

    fn after(
        address: &PostgresAddress,
        prepare: fn(&Connector) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        connected(address, |connector| {
            prepare(&connector)?;
            Ok(Self { pool: Pool::new(connector), retries: Retries::default() })
        })
    }

    /// Tries a use case until it ends, a retry would not help or there is no time left for it. What a write did is kept by
    /// the server before this returns. Where the answer to a commit is lost, it is not known whether it was kept: that is an
    /// error, and not retried.
    fn transact(&self, purpose: Purpose, pace: Pace, job: &mut dyn Job) -> Result<()> {
        let (since, timeouts) = (Instant::now(), Timeouts::of(pace));
        let mut tries = 0;
        loop {
            let Err(missed) = self.attempt(purpose, beginning(purpose, pace), timeouts, job) else {
                return Ok(());
            };
            tries += 1;
            if !self.retries.wait_for_next(tries, since.elapsed(), missed.consequence) {
                return missed.end;
            }
        }
    }

    fn attempt(
        &self,
        purpose: Purpose,
        begin: &'static str,
        timeouts: Timeouts,
        job: &mut dyn Job,
    ) -> Result<(), Missed> {
        let last = |error| Missed { end: Err(error), consequence: Consequence::Final };
        let none = || last(Unavailable::new("no connection"));
        let mut slot = self.pool.take(timeouts).map_err(last)?;
        slot.postgres().ok_or_else(none)?.begin(begin, timeouts);
        let done = run_alone(job, &mut Tx::new(slot.0.as_mut().ok_or_else(none)?));
        let postgres = slot.postgres().ok_or_else(none)?;
        let ended = match (done, purpose) {
            (Ok(true), Purpose::Reading) => {
                postgres.end_reading();
                Ok(())
            }
            (Ok(true), Purpose::Writing) => commit(postgres),
            (done, _) => {
                let consequence = postgres.trouble.unwrap_or(Consequence::Final);
                postgres.roll_back();
                Err(Missed { end: done.map(drop), consequence })
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
        for mut job in std::iter::from_fn(next) {
            if job.begin() {
                let end = self.transact(purpose, pace, &mut *job);
                job.finish(end);
            }
        }
    }

    fn backup(&self, _: &Path) -> anyhow::Result<()> {
        bail!("a PostgreSQL database is backed up by pg_dump: docs/postgresql.md says how")
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
pub fn peek_keys(address: &PostgresAddress) -> anyhow::Result<Vec<WrappedKey>> {
    connected(address, |connector| {
        let mut connection = connector.connect(Timeouts::of(Pace::Request))?;
        // A table `keys` may be another program's.
        if !connection.has_table(MIGRATIONS_TABLE)? || !connection.has_table("keys")? {
            return Ok(vec![]);
        }
        Ok(Tx::new(&mut connection).keys()?)
    })
}

fn commit(postgres: &mut PostgresConnection) -> Result<(), Missed> {
    postgres.commit().map_err(|failure| {
        // What the server refused was rolled back. Of what got no answer that is not known, so it is not retried.
        let consequence = match failure.consequence {
            Consequence::GaveWay => Consequence::GaveWay,
            _ => Consequence::Final,
        };
        let doubt = if failure.ends_connection() {
            ": whether the write was kept is not known"
        } else {
            ""
        };
        Missed { end: Err(Unavailable::new(format!("{failure}{doubt}"))), consequence }
    })
}

/// Does what needs a connection on a thread of its own: the caller's may run a runtime, in which nothing may block.
fn connected<T: Send>(
    address: &PostgresAddress,
    work: impl FnOnce(Connector) -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| work(Connector::new(address)?));
        worker.join().unwrap_or_else(|_panicked| bail!("the connection could not be made"))
    })
}
