//! PostgreSQL, and what speaks its protocol: many connections, and other processes at work on the same database.

mod address;
mod connection;
mod failure;
mod inspection;
mod link;
mod migrations;
mod pool;
mod retry;
mod rows;
mod timeouts;
mod tls;

use std::time::Instant;

use self::{
    failure::Consequence,
    pool::{Connector, Pool},
    retry::Retries,
    timeouts::Timeouts,
};
use super::{DatabaseUrl, OpenError};
use crate::{
    sealed::WrappedKey,
    store::{
        engine::connection::AnyConnection,
        error::{Result, Unavailable},
        job::Purpose,
        pace::{Pace, WORK_TIMEOUT},
        tx::Tx,
    },
};

pub use address::PostgresAddress;
pub use connection::PostgresConnection;
use inspection::has_table;
pub use inspection::{last_of_sequence, next_of_sequence};

/// What a use case begins with. The server is told, in milliseconds, how long a read and a wait for a lock may take: what is
/// given up here must not go on there and keep a connection of the server's. A write has no limit for whole statements,
/// since `COMMIT` is one: a server that waits for its standby would give that up and call it a success. What a process had
/// locked that is cut off in the middle of a write becomes free.
fn beginning(purpose: Purpose, pace: Pace) -> &'static str {
    match (purpose, pace) {
        (Purpose::Reading, Pace::Request) => {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 3000"
        }
        (Purpose::Reading, Pace::Upkeep) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        (Purpose::Writing, Pace::Request) => {
            "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 10000; SET LOCAL lock_timeout = 2000"
        }
        (Purpose::Writing, Pace::Upkeep) => {
            "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 10000"
        }
    }
}

/// Where diesel records which migrations were applied.
const MIGRATIONS_TABLE: &str = "__diesel_schema_migrations";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The engine.
pub struct Postgres {
    pool: Pool,
    retries: Retries,
}

/// How an attempt at a use case failed.
struct Missed<E> {
    error: E,
    consequence: Consequence,
}

impl Postgres {
    /// Connects, and brings the tables up to date, making them when they are missing.
    pub fn open(
        url: &DatabaseUrl,
        address: &PostgresAddress,
    ) -> std::result::Result<Self, OpenError> {
        let opened = connected(address, |connector| {
            migrations::migrate(&connector)?;
            Ok(Self::over(connector))
        });
        opened.map_err(|error| OpenError::new(url, &*error))
    }

    /// Connects to a database that is up to date, for upkeep beside servers that may be at work on it.
    pub fn open_existing(
        url: &DatabaseUrl,
        address: &PostgresAddress,
    ) -> std::result::Result<Self, OpenError> {
        let opened = connected(address, |connector| {
            migrations::require_current(&connector)?;
            Ok(Self::over(connector))
        });
        opened.map_err(|error| OpenError::new(url, &*error))
    }

    fn over(connector: Connector) -> Self {
        Self { pool: Pool::new(connector), retries: Retries::default() }
    }

    /// The wrapped keys of a database; none where it has no tables yet, or no keys. Changes nothing.
    pub fn peek_keys(
        url: &DatabaseUrl,
        address: &PostgresAddress,
    ) -> std::result::Result<Vec<WrappedKey>, OpenError> {
        let keys = connected(address, |connector| {
            let mut postgres = connector.connect(Timeouts::of_request(WORK_TIMEOUT))?;
            // A table of that name may be another program's.
            if !has_table(&mut postgres, MIGRATIONS_TABLE)? || !has_table(&mut postgres, "keys")? {
                return Ok(vec![]);
            }
            Ok(Tx::new(&mut AnyConnection::Postgres(postgres)).keys()?)
        });
        keys.map_err(|error| OpenError::new(url, &*error))
    }

    /// Runs a use case that changes something; what it did is kept by the server before this returns. A server that is gone
    /// before it could answer the commit leaves it open whether it was kept: that is an error, and nothing is tried again.
    pub fn write<T, E: From<Unavailable>>(
        &self,
        pace: Pace,
        use_case: &dyn Fn(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transact(Purpose::Writing, pace, use_case)
    }

    /// Runs a use case that only reads.
    pub fn read<T, E: From<Unavailable>>(
        &self,
        pace: Pace,
        use_case: &dyn Fn(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transact(Purpose::Reading, pace, use_case)
    }

    /// Tries a use case until it comes to its end, or there is no use in trying or no time left for it.
    fn transact<T, E: From<Unavailable>>(
        &self,
        purpose: Purpose,
        pace: Pace,
        use_case: &dyn Fn(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let since = Instant::now();
        let timeouts = match pace {
            Pace::Request => Timeouts::of_request(WORK_TIMEOUT),
            Pace::Upkeep => Timeouts::of_upkeep(),
        };
        let mut tries = 0;
        loop {
            let missed = match self.attempt(purpose, beginning(purpose, pace), timeouts, use_case) {
                Ok(answer) => return Ok(answer),
                Err(missed) => missed,
            };
            tries += 1;
            if !self.retries.wait_for_next(tries, since, missed.consequence) {
                return Err(missed.error);
            }
        }
    }

    fn attempt<T, E: From<Unavailable>>(
        &self,
        purpose: Purpose,
        begin: &'static str,
        timeouts: Timeouts,
        use_case: &dyn Fn(&mut Tx<'_>) -> Result<T, E>,
    ) -> std::result::Result<T, Missed<E>> {
        let last =
            |error: Unavailable| Missed { error: error.into(), consequence: Consequence::Final };
        let none = || last(Unavailable::new("no connection"));
        let mut slot = self.pool.take(timeouts).map_err(last)?;
        slot.postgres().ok_or_else(none)?.begin(begin, timeouts);
        let done = use_case(&mut Tx::new(slot.any().ok_or_else(none)?));
        let postgres = slot.postgres().ok_or_else(none)?;
        let ended = match (done, purpose) {
            (Ok(answer), Purpose::Reading) => {
                postgres.end_reading();
                Ok(answer)
            }
            (Ok(answer), Purpose::Writing) => commit(postgres).map(|()| answer),
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

    /// How many use cases are at work at once: for each there is a connection.
    pub fn width(&self) -> usize {
        self.pool.size()
    }

    /// How many connections are open, and how many may be.
    pub fn connections(&self) -> (usize, usize) {
        self.pool.counts()
    }

    /// How often use cases were tried once more.
    pub fn retries(&self) -> u64 {
        self.retries.count()
    }
}

fn commit<E: From<Unavailable>>(
    postgres: &mut PostgresConnection,
) -> std::result::Result<(), Missed<E>> {
    postgres.commit().map_err(|failure| {
        // Nothing was kept of what gave way or was refused. Of what got no answer that is not known, so it is not tried again.
        let consequence = match failure.consequence() {
            Consequence::GaveWay => Consequence::GaveWay,
            _ => Consequence::Final,
        };
        let doubt =
            if failure.is_said() { "" } else { ": whether the write was kept is not known" };
        Missed { error: Unavailable::new(format!("{failure}{doubt}")).into(), consequence }
    })
}

/// Does what needs a connection on a thread of its own: that of the caller may run a runtime, which would not let it wait.
fn connected<T: Send>(
    address: &PostgresAddress,
    work: impl FnOnce(Connector) -> std::result::Result<T, BoxError> + Send,
) -> std::result::Result<T, BoxError> {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| work(Connector::new(address)?));
        worker.join().unwrap_or_else(|_panicked| Err("the connection could not be made".into()))
    })
}
