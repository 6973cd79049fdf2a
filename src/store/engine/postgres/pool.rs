//! The connections of a process. Who may have one is decided before, by turns; so nobody waits here but for a server.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    AnyConnection, BoxError, PostgresConnection, address::PostgresAddress, link::Link,
    patience::Patience, tls::Tls,
};
use crate::store::{Result, Unavailable};

/// For how long others are told that a server cannot be reached without trying themselves, once somebody found that out.
const OUTAGE_PAUSE: Duration = Duration::from_millis(250);

/// How soon a connection must have failed for a second one to be tried, and how long is waited in between.
const SECOND_TRY: Duration = Duration::from_millis(50);

/// Makes connections and keeps those that nobody uses.
pub struct Pool {
    address: Box<PostgresAddress>,
    tls: Tls,
    /// The one that was used last is taken first; what is too many gets old at the other end, and goes.
    idle: Mutex<Vec<AnyConnection>>,
    open: AtomicUsize,
    outage: Mutex<Option<Outage>>,
}

/// The server could not be reached the last time.
struct Outage {
    reason: String,
    since: Instant,
    /// Somebody is finding out whether it can be reached again.
    is_looked_into: bool,
}

impl Pool {
    /// Without a connection yet.
    pub fn new(address: &PostgresAddress) -> std::result::Result<Self, BoxError> {
        Ok(Self {
            tls: Tls::load(address.tls())?,
            address: Box::new(address.clone()),
            idle: Mutex::default(),
            open: AtomicUsize::new(0),
            outage: Mutex::default(),
        })
    }

    /// A connection that is not known to be broken. While the server cannot be reached, one caller at a time tries whether
    /// it can, and the others are told at once.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn take(&self, patience: Patience) -> Result<Borrowed<'_>> {
        while let Some(connection) = self.last_used() {
            let mut borrowed = Borrowed { pool: self, connection: Some(connection) };
            if borrowed.postgres().is_some_and(PostgresConnection::is_alive) {
                return Ok(borrowed);
            }
        }
        let is_known = match &mut *self.locked_outage() {
            Some(outage) if outage.is_looked_into || outage.since.elapsed() < OUTAGE_PAUSE => {
                return Err(Unavailable::new(&outage.reason));
            }
            Some(outage) => {
                outage.is_looked_into = true;
                true
            }
            None => false,
        };
        let since = Instant::now();
        let connected = self.connect(patience).or_else(|error| {
            // It may be the connection alone that was lost.
            if is_known || since.elapsed() > SECOND_TRY {
                return Err(error);
            }
            thread::sleep(SECOND_TRY);
            self.connect(patience)
        });
        connected.map_err(|error| {
            // Where the caller's time was over, the server may have had none.
            if is_known || !patience.is_over() {
                self.note_outage(&error.to_string());
            }
            Unavailable::new(error)
        })
    }

    /// A new connection.
    ///
    /// # Errors
    /// Why the server cannot be reached; its text holds no password.
    pub fn connect(&self, patience: Patience) -> std::result::Result<Borrowed<'_>, BoxError> {
        let link = Link::connect(&self.address, &self.tls, patience.for_connection())?;
        if self.locked_outage().take().is_some() {
            log::info!("the database server can be reached again");
        }
        self.open.fetch_add(1, Ordering::Relaxed);
        let made = PostgresConnection::over(link, self.address.names_statements(), patience);
        Ok(Borrowed { pool: self, connection: Some(AnyConnection::Postgres(made)) })
    }

    fn last_used(&self) -> Option<AnyConnection> {
        self.locked_idle().pop()
    }

    /// The one that nobody has used for longest, if it is too old by now.
    fn outdated(&self) -> Option<AnyConnection> {
        let mut idle = self.locked_idle();
        match idle.first() {
            Some(AnyConnection::Postgres(postgres)) if postgres.is_old() => Some(idle.remove(0)),
            _ => None,
        }
    }

    fn note_outage(&self, reason: &str) {
        let outage =
            Outage { reason: reason.to_owned(), since: Instant::now(), is_looked_into: false };
        if self.locked_outage().replace(outage).is_none() {
            log::warn!("the database server cannot be reached: {reason}");
        }
    }

    /// Lets go of what nobody uses: the server did not answer by another connection.
    pub fn distrust(&self) {
        let gone = std::mem::take(&mut *self.locked_idle());
        self.open.fetch_sub(gone.len(), Ordering::Relaxed);
    }

    /// How many connections are open, and how many may be.
    pub fn counts(&self) -> (usize, usize) {
        (self.open.load(Ordering::Relaxed), self.size())
    }

    /// How many connections may be open.
    pub fn size(&self) -> usize {
        self.address.pool_size() as usize
    }

    fn locked_idle(&self) -> MutexGuard<'_, Vec<AnyConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn locked_outage(&self) -> MutexGuard<'_, Option<Outage>> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that somebody has for himself. It is closed when it goes, unless it is given back.
pub struct Borrowed<'a> {
    pool: &'a Pool,
    connection: Option<AnyConnection>,
}

impl Borrowed<'_> {
    /// The connection.
    pub fn any(&mut self) -> Option<&mut AnyConnection> {
        self.connection.as_mut()
    }

    /// The same, as this engine's.
    pub fn postgres(&mut self) -> Option<&mut PostgresConnection> {
        match self.any() {
            Some(AnyConnection::Postgres(postgres)) => Some(postgres),
            _ => None,
        }
    }

    /// Gives a connection back on which no transaction is under way.
    pub fn give_back(mut self) {
        if self.postgres().is_some_and(|it| !it.is_broken()) {
            let connection = self.connection.take();
            self.pool.locked_idle().extend(connection);
            if let Some(outdated) = self.pool.outdated() {
                drop(Borrowed { pool: self.pool, connection: Some(outdated) });
            }
        }
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if self.connection.is_some() {
            self.pool.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
