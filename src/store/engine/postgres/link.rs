//! A connection to a server, on which every wait has a timeout.

use std::{future::poll_fn, time::Duration};

use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinHandle, yield_now},
    time::timeout,
};
use tokio_postgres::{AsyncMessage, Client, Connection, Error, Socket, tls::TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    address::PostgresAddress,
    failure::{Consequence, Failure},
};

/// A connection, with a runtime of its own that runs on the thread of each caller: what is sent and received is handled
/// there, and every wait has an end.
pub struct Link {
    client: Client,
    /// Sends and receives.
    driver: JoinHandle<Result<(), Error>>,
    /// Gone when the connection is closed, and with it the driver and its socket.
    runtime: Option<Runtime>,
    end: Consequence,
}

impl Link {
    /// Connects, in that time.
    pub fn connect(
        address: &PostgresAddress,
        tls: &MakeRustlsConnect,
        limit: Duration,
    ) -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let connecting = async { timeout(limit, address.config.connect(tls.clone())).await };
        let failure = match runtime.block_on(connecting) {
            Ok(Ok((client, connection))) => {
                let driver = runtime.spawn(drive(connection));
                let end = Consequence::Disconnected;
                return Ok(Self { client, driver, runtime: Some(runtime), end });
            }
            Ok(Err(error)) => Failure::of(&error),
            Err(_elapsed) => Failure::timed_out(),
        };
        // A name may still be resolved, which an ordinary shutdown would wait for.
        runtime.shutdown_background();
        Err(failure.into())
    }

    /// Runs a query with a timeout, after which the link is closed: the answer may still come.
    pub fn wait<T>(
        &mut self,
        limit: Duration,
        work: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let Self { runtime: Some(runtime), client, driver, .. } = self else {
            return Err(Failure::closed());
        };
        let outcome = runtime.block_on(async {
            match timeout(limit, work(client)).await {
                Ok(Ok(done)) => Ok(done),
                // The driver has the reason.
                Ok(Err(error)) if error.is_closed() => match timeout(limit, driver).await {
                    Ok(Ok(Err(reason))) => Err(Failure::of(&reason)),
                    _ => Err(Failure::of(&error)),
                },
                Ok(Err(error)) => Err(Failure::of(&error)),
                Err(_elapsed) => Err(Failure::timed_out()),
            }
        });
        if let Err(failure) = &outcome
            && failure.ends_connection()
        {
            self.end = failure.consequence;
            self.close();
        }
        outcome
    }

    /// Why the link was closed, if it was.
    pub fn end(&self) -> Option<Consequence> {
        self.is_closed().then_some(self.end)
    }

    /// Whether the server has not closed the connection, as far as the socket tells.
    pub fn is_alive(&self) -> bool {
        let Some(runtime) = &self.runtime else { return false };
        runtime.block_on(async {
            // The runtime polls the socket, and then the driver reads it.
            yield_now().await;
            yield_now().await;
        });
        !self.driver.is_finished()
    }

    /// Sends a statement without waiting for the answer, which the next wait receives.
    pub fn send(&self, sql: &str) {
        let Some(runtime) = &self.runtime else { return };
        runtime.block_on(async {
            tokio::select! {
                biased;
                _ = self.client.batch_execute(sql) => {}
                // Meanwhile the driver sends it.
                () = yield_now() => {}
            }
        });
    }

    pub fn close(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // An ordinary shutdown would block, which is not allowed within another runtime.
            runtime.shutdown_background();
        }
    }

    pub fn is_closed(&self) -> bool {
        self.runtime.is_none()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.close();
    }
}

async fn drive<S>(mut connection: Connection<Socket, S>) -> Result<(), Error>
where
    S: TlsStream + Unpin,
{
    while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
        if let AsyncMessage::Notice(notice) = message? {
            log::debug!("the database server says: {}", notice.message());
        }
    }
    Ok(())
}
