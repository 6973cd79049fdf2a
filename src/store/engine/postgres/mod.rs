//! PostgreSQL, and what speaks its protocol: many connections, and other processes at work on the same database.

mod address;
mod connection;
mod failure;
mod inspection;
mod link;
mod migrations;
mod patience;
mod pool;
mod retry;
mod rows;
mod tls;

use std::time::Instant;

use self::{
    failure::Consequence,
    patience::Patience,
    pool::{Borrowed, Pool},
    retry::Retries,
};
use super::{AnyConnection, DatabaseUrl, OpenError, Pace, Tx};
use crate::{
    sealed::WrappedKey,
    store::{Result, Unavailable},
};

pub use address::PostgresAddress;
pub use connection::PostgresConnection;
pub use inspection::{has_table, last_of_sequence, next_of_sequence};

/// What a use case does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// It only looks, at one moment of the database.
    Reading,
    /// It changes something. It is right under whichever isolation the database has as its own.
    Writing,
}

/// What a use case begins with. The server is told, in milliseconds, how long a look and a wait for a lock may take: what is
/// given up here is not to go on there and keep a connection of the server's. A change has no limit for whole statements,
/// since `COMMIT` is one: a server that waits for its standby would give that up and call it a success. Of a process that
/// is cut off in the middle of a change the server frees what it had locked.
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

/// Where it is written down what was done to the tables.
const MIGRATIONS_TABLE: &str = "__diesel_schema_migrations";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The engine.
pub struct Postgres {
    pool: Pool,
    retries: Retries,
}

/// How a try of a use case went wrong.
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
        let build = || {
            let pool = Pool::new(address)?;
            migrations::migrate(&pool)?;
            Ok(Self { pool, retries: Retries::default() })
        };
        apart(build).map_err(|error| OpenError::new(url, &*error))
    }

    /// Connects to a database that is up to date, for upkeep beside servers that may be at work on it.
    pub fn open_existing(
        url: &DatabaseUrl,
        address: &PostgresAddress,
    ) -> std::result::Result<Self, OpenError> {
        let build = || {
            let pool = Pool::new(address)?;
            migrations::require_current(&pool)?;
            Ok(Self { pool, retries: Retries::default() })
        };
        apart(build).map_err(|error| OpenError::new(url, &*error))
    }

    /// The wrapped keys of a database; none where it has no tables yet, or no keys. Changes nothing.
    pub fn peek_keys(
        url: &DatabaseUrl,
        address: &PostgresAddress,
    ) -> std::result::Result<Vec<WrappedKey>, OpenError> {
        let peek = || {
            let pool = Pool::new(address)?;
            let mut connection = pool.connect(Patience::of(Pace::Request))?;
            let Some(postgres) = connection.postgres() else { return Ok(vec![]) };
            // A table of that name may be another program's.
            if !has_table(postgres, MIGRATIONS_TABLE)? || !has_table(postgres, "keys")? {
                return Ok(vec![]);
            }
            let Some(any) = connection.any() else { return Ok(vec![]) };
            Ok(Tx::new(any).keys()?)
        };
        apart(peek).map_err(|error| OpenError::new(url, &*error))
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

    /// Runs a use case that only looks.
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
        let (since, patience) = (Instant::now(), Patience::of(pace));
        let mut tries = 0;
        loop {
            let missed = match self.attempt(purpose, beginning(purpose, pace), patience, use_case) {
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
        patience: Patience,
        use_case: &dyn Fn(&mut Tx<'_>) -> Result<T, E>,
    ) -> std::result::Result<T, Missed<E>> {
        let last =
            |error: Unavailable| Missed { error: error.into(), consequence: Consequence::Final };
        let mut borrowed = self.pool.take(patience).map_err(last)?;
        if let Some(postgres) = borrowed.postgres() {
            postgres.begin(begin, patience);
        }
        let Some(any) = borrowed.any() else {
            return Err(last(Unavailable::new("no connection")));
        };
        match use_case(&mut Tx::new(any)) {
            Ok(answer) => self.commit(borrowed, purpose).map(|()| answer),
            Err(error) => Err(self.roll_back(borrowed, error)),
        }
    }

    fn commit<E: From<Unavailable>>(
        &self,
        mut borrowed: Borrowed<'_>,
        purpose: Purpose,
    ) -> std::result::Result<(), Missed<E>> {
        let Some(postgres) = borrowed.postgres() else { return Ok(()) };
        if purpose == Purpose::Reading {
            postgres.end_reading();
            borrowed.give_back();
            return Ok(());
        }
        let Err(failure) = postgres.commit() else {
            borrowed.give_back();
            return Ok(());
        };
        // Nothing was kept of what gave way. Whether anything was of what got no answer, nobody knows.
        let consequence = match failure.consequence() {
            Consequence::GaveWay => Consequence::GaveWay,
            _ => Consequence::Final,
        };
        match failure.consequence() {
            Consequence::TimedOut if postgres.is_unanswered() => self.pool.distrust(),
            // The server has ended the transaction.
            Consequence::GaveWay => borrowed.give_back(),
            Consequence::TimedOut | Consequence::Disconnected | Consequence::Final => {}
        }
        let is_known = consequence == Consequence::GaveWay || failure.is_said();
        let doubt = if is_known { "" } else { ": nobody knows whether the write was kept" };
        Err(Missed { error: Unavailable::new(format!("{failure}{doubt}")).into(), consequence })
    }

    fn roll_back<E>(&self, mut borrowed: Borrowed<'_>, error: E) -> Missed<E> {
        let Some(postgres) = borrowed.postgres() else {
            return Missed { error, consequence: Consequence::Final };
        };
        let consequence = postgres.trouble().unwrap_or(Consequence::Final);
        let is_unanswered = postgres.is_unanswered();
        postgres.roll_back();
        match consequence {
            Consequence::TimedOut if is_unanswered => self.pool.distrust(),
            // One that is not the right server any more is not asked again.
            Consequence::TimedOut | Consequence::Disconnected => {}
            Consequence::GaveWay | Consequence::Final => borrowed.give_back(),
        }
        Missed { error, consequence }
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

/// Does what blocks on a thread of its own: the caller's may have a runtime, which would not let it wait.
fn apart<T: Send>(
    work: impl FnOnce() -> std::result::Result<T, BoxError> + Send,
) -> std::result::Result<T, BoxError> {
    std::thread::scope(|scope| {
        let worker = scope.spawn(work);
        worker.join().unwrap_or_else(|_panicked| Err("the connection could not be made".into()))
    })
}
