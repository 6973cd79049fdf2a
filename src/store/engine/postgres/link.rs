//! A connection to a server, and how it is waited for.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};
use tokio_postgres::{AsyncMessage, Client, Connection, Error, Socket, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    BoxError,
    address::PostgresAddress,
    failure::{Consequence, Failure},
};

/// A connection, with a runtime of its own that runs on the thread of each caller: what is sent and received is handled
/// there, and every wait has an end.
pub struct Link {
    /// Taken when the link is dropped.
    runtime: Option<Runtime>,
    client: Client,
    /// Moves the bytes; gone when the connection is.
    driver: Option<Driver>,
    ended: Option<Error>,
    timed_out: bool,
}

type Driver = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

impl Link {
    /// Connects, in that time.
    pub fn connect(
        address: &PostgresAddress,
        tls: &MakeRustlsConnect,
        limit: Duration,
    ) -> Result<Self, BoxError> {
        let runtime = Some(Builder::new_current_thread().enable_io().enable_time().build()?);
        let mut waiting = Waiting(runtime);
        let connecting = async {
            match timeout(limit, address.config.connect(tls.clone())).await {
                Ok(Ok(made)) => Ok(made),
                Ok(Err(error)) => Err(BoxError::from(Failure::of(&error, None))),
                Err(_elapsed) => Err("the database server does not answer".into()),
            }
        };
        let Some(runtime) = &waiting.0 else { return Err("there is no runtime".into()) };
        let (client, driver) = runtime.block_on(connecting)?;
        Ok(Self {
            runtime: waiting.0.take(),
            client,
            driver: Some(driver),
            ended: None,
            timed_out: false,
        })
    }

    /// Does what needs the server, for no longer than that. After a timeout the link is of no use any more: the answer may
    /// still come.
    pub fn wait<T>(
        &mut self,
        limit: Duration,
        work: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let Self { runtime, client, driver, ended, .. } = self;
        let Some(runtime) = runtime.as_ref().filter(|_| driver.is_some()) else {
            return Err(Failure::closed());
        };
        let outcome = runtime.block_on(async {
            let mut work = pin!(work(client));
            let driven = poll_fn(|cx| {
                loop {
                    if let Poll::Ready(done) = work.as_mut().poll(cx) {
                        return Poll::Ready(done);
                    }
                    let Some(moving) = driver.as_mut() else { return Poll::Pending };
                    match moving.poll_message(cx) {
                        Poll::Ready(Some(Ok(message))) => note(&message),
                        Poll::Ready(Some(Err(error))) => {
                            *ended = Some(error);
                            *driver = None;
                        }
                        Poll::Ready(None) => *driver = None,
                        // What has come may be all that the work waits for.
                        Poll::Pending => return work.as_mut().poll(cx),
                    }
                }
            });
            timeout(limit, driven).await
        });
        match outcome {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                let failure = Failure::of(&error, self.ended.as_ref());
                if failure.ends_connection() {
                    self.driver = None;
                }
                Err(failure)
            }
            Err(_elapsed) => {
                self.driver = None;
                self.timed_out = true;
                Err(Failure::timed_out())
            }
        }
    }

    /// What the end of the link means, if it has come to its end.
    pub fn end(&self) -> Option<Consequence> {
        let end = if self.timed_out { Consequence::TimedOut } else { Consequence::Disconnected };
        self.is_closed().then_some(end)
    }

    /// Whether the link can be used once more, as far as that can be known without asking the server: it has not closed it.
    pub fn is_alive(&mut self) -> bool {
        let Self { runtime: Some(runtime), driver, .. } = self else { return false };
        let Some(moving) = driver.as_mut() else { return false };
        runtime.block_on(async {
            // Meanwhile the runtime asks the system what has come.
            tokio::task::yield_now().await;
            loop {
                match poll_fn(|cx| Poll::Ready(moving.poll_message(cx))).await {
                    Poll::Ready(Some(Ok(message))) => note(&message),
                    Poll::Ready(Some(Err(_)) | None) => return false,
                    Poll::Pending => return true,
                }
            }
        })
    }

    /// Sends a statement whose outcome is not needed, and waits for nothing: what comes back is received by the next wait.
    pub fn send(&mut self, sql: &str) {
        let Self { runtime: Some(runtime), client, driver, .. } = self else { return };
        let Some(moving) = driver.as_mut() else { return };
        let is_over = runtime.block_on(async {
            let mut work = pin!(client.batch_execute(sql));
            poll_fn(|cx| {
                let is_refused = work.as_mut().poll(cx).is_ready();
                let is_ended = matches!(moving.poll_message(cx), Poll::Ready(None | Some(Err(_))));
                Poll::Ready(is_refused || is_ended)
            })
            .await
        });
        if is_over {
            *driver = None;
        }
    }

    /// Ends the connection.
    pub fn close(&mut self) {
        self.driver = None;
    }

    /// Whether nothing more can be sent.
    pub fn is_closed(&self) -> bool {
        self.driver.is_none()
    }
}

/// Notices are for people who type SQL.
fn note(message: &AsyncMessage) {
    if let AsyncMessage::Notice(notice) = message {
        log::debug!("the database server says: {}", notice.message());
    }
}

/// A runtime that may go wherever it is: an ordinary one must not be dropped by a thread that runs another.
struct Waiting(Option<Runtime>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // A socket can only be taken from its runtime while that is there.
        self.driver = None;
        drop(Waiting(self.runtime.take()));
    }
}
