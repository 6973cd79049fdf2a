//! The connections of a process, kept by r2d2, and what is done while the server cannot be reached. How many use cases run at
//! once is limited before, by the executor's permits: here they wait only for the server.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use r2d2::{ManageConnection, NopErrorHandler, PooledConnection};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    AnyConnection, PostgresConnection, address::PostgresAddress, failure::Failure, link::Link,
    timeouts::Timeouts, tls,
};
use crate::store::{Result, Unavailable};

/// How long a connection is used: within that time a changed host name or another server of a proxy is followed, unless the
/// connection is never idle.
const LIFETIME: Duration = Duration::from_mins(30);

/// How long after a failure to connect other requests fail without an attempt of their own.
const OUTAGE_PAUSE: Duration = Duration::from_millis(250);

/// An attempt that failed within this time is followed by a second one, after a pause of the same length.
const SECOND_TRY: Duration = Duration::from_millis(50);

/// Makes connections.
pub struct Connector {
    address: Box<PostgresAddress>,
    tls: MakeRustlsConnect,
}

impl Connector {
    /// Reads the certificates that the address names; connects to nothing yet.
    pub fn new(address: &PostgresAddress) -> anyhow::Result<Self> {
        Ok(Self { tls: tls::connector(address)?, address: Box::new(address.clone()) })
    }

    /// A new connection, in no pool. The text of an error holds no password.
    pub fn connect(&self, timeouts: Timeouts) -> anyhow::Result<AnyConnection> {
        let link = Link::connect(&self.address, &self.tls, timeouts.connection())?;
        let names_statements = self.address.names_statements;
        Ok(AnyConnection::Postgres(PostgresConnection::over(link, names_statements, timeouts)))
    }
}

/// Keeps connections that are not in use.
pub struct Pool {
    connector: Connector,
    slots: r2d2::Pool<Slots>,
    outage: Mutex<Option<Outage>>,
}

/// The server could not be reached the last time.
struct Outage {
    reason: String,
    /// Until then nothing is tried, or another caller tries.
    until: Instant,
}

impl Pool {
    /// Without a connection yet.
    pub fn new(connector: Connector) -> Self {
        let slots = r2d2::Pool::builder()
            .max_size(connector.address.pool_size)
            .min_idle(Some(0))
            .max_lifetime(Some(LIFETIME))
            .idle_timeout(None)
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(Slots);
        Self { connector, slots, outage: Mutex::default() }
    }

    /// A connection that is not known to be broken. Dropping it gives it back, unless it is broken or has a transaction
    /// under way. While the server cannot be reached, one caller at a time tries to, and the others fail at once.
    pub fn take(&self, timeouts: Timeouts) -> Result<PooledConnection<Slots>> {
        let mut slot = self.slots.get_timeout(timeouts.connection()).map_err(Unavailable::new)?;
        if slot.0.is_none() {
            slot.0 = Some(self.connect(timeouts)?);
        }
        Ok(slot)
    }

    fn connect(&self, timeouts: Timeouts) -> Result<AnyConnection> {
        let is_known = match &mut *self.outage() {
            Some(outage) if Instant::now() < outage.until => {
                return Err(Unavailable::new(&outage.reason));
            }
            Some(outage) => {
                outage.until = Instant::now() + timeouts.connection();
                true
            }
            None => false,
        };
        let since = Instant::now();
        let connected = self.connector.connect(timeouts).or_else(|error| {
            // Perhaps only the connection was lost.
            if is_known || since.elapsed() > SECOND_TRY {
                return Err(error);
            }
            thread::sleep(SECOND_TRY);
            self.connector.connect(timeouts)
        });
        match &connected {
            Ok(_) => {
                if self.outage().take().is_some() {
                    log::info!("the database server can be reached again");
                }
            }
            // What fails after the deadline says nothing about the server.
            Err(error) if is_known || !timeouts.are_over() => {
                let until = Instant::now() + OUTAGE_PAUSE;
                let outage = Outage { reason: error.to_string(), until };
                if self.outage().replace(outage).is_none() {
                    log::warn!("the database server cannot be reached: {error}");
                }
            }
            Err(_) => {}
        }
        connected.map_err(Unavailable::new)
    }

    /// Closes the connections that are not in use: the server did not answer by another one.
    pub fn close_idle(&self) {
        while let Some(mut slot) = self.slots.try_get() {
            slot.0 = None;
        }
    }

    /// How many connections are open, and how many may be.
    pub fn counts(&self) -> (usize, usize) {
        (self.slots.state().connections as usize, self.slots.max_size() as usize)
    }

    fn outage(&self) -> MutexGuard<'_, Option<Outage>> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes empty slots, in which each caller connects: r2d2 would connect on threads of its own, and retry without an end
/// while its callers wait.
pub struct Slots;

/// Room for one connection.
pub struct Slot(pub Option<AnyConnection>);

impl Slot {
    pub fn postgres(&mut self) -> Option<&mut PostgresConnection> {
        match &mut self.0 {
            Some(AnyConnection::Postgres(postgres)) => Some(postgres),
            _ => None,
        }
    }
}

impl ManageConnection for Slots {
    type Connection = Slot;
    type Error = Failure;

    fn connect(&self) -> std::result::Result<Slot, Failure> {
        Ok(Slot(None))
    }

    /// By what the socket has received, without a query.
    fn is_valid(&self, slot: &mut Slot) -> std::result::Result<(), Failure> {
        let is_alive = slot.postgres().is_none_or(PostgresConnection::is_alive);
        if is_alive { Ok(()) } else { Err(Failure::closed()) }
    }

    fn has_broken(&self, slot: &mut Slot) -> bool {
        !slot.postgres().is_some_and(|postgres| postgres.is_reusable())
    }
}
