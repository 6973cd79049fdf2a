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
mod tls;

use std::time::{Duration, Instant};

use self::{
    failure::Consequence,
    pool::{Borrowed, Pool},
    retry::Retries,
};
use super::{AnyConnection, DatabaseUrl, OpenError, Tx};
use crate::domain::{Error, Result, WrappedKey};

pub use address::PostgresAddress;
pub use connection::PostgresConnection;
pub use inspection::{
    has_table, last_secret_id, lock_namespace, lock_secrets, next_secret, wait_for_new_secrets,
};

/// How long one answer of the server is waited for while callers wait: with a new connection that is still within the time
/// that a use case has.
const PATIENCE: Duration = Duration::from_secs(3);

/// The same, where nobody's request waits: counting all rows of a large database takes that long.
const PATIENCE_OF_UPKEEP: Duration = Duration::from_mins(10);

/// What a use case begins with that only looks: it sees one moment of the database.
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// What a use case begins with that changes something. It is right under whichever isolation the database has as its own.
/// Of a process that is cut off in the middle of it the server frees what it had locked, in milliseconds.
const BEGIN_WRITING: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 10000";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The engine.
pub struct Postgres {
    pool: Pool,
    retries: Retries,
}

/// How a try of a use case went wrong.
struct Missed {
    error: Error,
    consequence: Consequence,
}

impl Postgres {
    /// Connects, and brings the tables up to date, making them when they are missing.
    pub fn open(
        url: &DatabaseUrl,
        address: &PostgresAddress,
    ) -> std::result::Result<Self, OpenError> {
        let build = || {
            migrations::migrate(&Pool::new(address, PATIENCE_OF_UPKEEP)?)?;
            Ok(Self { pool: Pool::new(address, PATIENCE)?, retries: Retries::default() })
        };
        apart(build).map_err(|error| OpenError::new(url, &*error))
    }

    /// Connects to a database that is up to date, for upkeep beside servers that may be at work on it.
    pub fn open_existing(
        url: &DatabaseUrl,
        address: &PostgresAddress,
    ) -> std::result::Result<Self, OpenError> {
        let build = || {
            let pool = Pool::new(address, PATIENCE_OF_UPKEEP)?;
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
            let pool = Pool::new(address, PATIENCE)?;
            let mut connection = pool.connect()?;
            let Some(postgres) = connection.postgres() else { return Ok(vec![]) };
            if !has_table(postgres, "keys")? {
                return Ok(vec![]);
            }
            let Some(any) = connection.any() else { return Ok(vec![]) };
            Ok(Tx::new(any).keys()?)
        };
        apart(peek).map_err(|error| OpenError::new(url, &*error))
    }

    /// Runs a use case that changes something; what it did is kept by the server before this returns. A server that is gone
    /// before it could answer the commit leaves it open whether it was kept: that is an error, and nothing is tried again.
    pub fn write<T>(&self, use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.transact(BEGIN_WRITING, use_case)
    }

    /// Runs a use case that only looks.
    pub fn read<T>(&self, use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.transact(BEGIN_READING, use_case)
    }

    /// Tries a use case until it comes to its end, or there is no use in trying or no time left for it.
    fn transact<T>(
        &self,
        begin: &'static str,
        use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let since = Instant::now();
        let mut tries = 0;
        loop {
            let missed = match self.attempt(begin, use_case) {
                Ok(answer) => return Ok(answer),
                Err(missed) => missed,
            };
            tries += 1;
            if !self.retries.wait_for_next(tries, since, missed.consequence, &missed.error) {
                return Err(missed.error);
            }
        }
    }

    fn attempt<T>(
        &self,
        begin: &'static str,
        use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>,
    ) -> std::result::Result<T, Missed> {
        let last = |error| Missed { error, consequence: Consequence::Final };
        let mut borrowed = self.pool.take().map_err(last)?;
        if let Some(postgres) = borrowed.postgres() {
            postgres.begin(begin);
        }
        let Some(any) = borrowed.any() else {
            return Err(last(Error::unavailable("no connection")));
        };
        match use_case(&mut Tx::new(any)) {
            Ok(answer) => self.commit(borrowed, begin).map(|()| answer),
            Err(error) => Err(self.roll_back(borrowed, error)),
        }
    }

    fn commit(&self, mut borrowed: Borrowed<'_>, begin: &str) -> std::result::Result<(), Missed> {
        let Some(postgres) = borrowed.postgres() else { return Ok(()) };
        if begin == BEGIN_READING {
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
            Consequence::TimedOut => self.pool.distrust(),
            // The server has ended the transaction.
            Consequence::GaveWay => borrowed.give_back(),
            Consequence::Disconnected | Consequence::Final => {}
        }
        Err(Missed { error: Error::unavailable(failure), consequence })
    }

    fn roll_back(&self, mut borrowed: Borrowed<'_>, error: Error) -> Missed {
        let Some(postgres) = borrowed.postgres() else {
            return Missed { error, consequence: Consequence::Final };
        };
        let consequence = postgres.trouble().unwrap_or(Consequence::Final);
        postgres.roll_back();
        match consequence {
            Consequence::TimedOut => self.pool.distrust(),
            // One that is not the right server any more is not asked again.
            Consequence::Disconnected => {}
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
