//! HTTP/2 on one connection: RFC 9113.
//!
//! The frames are the `h2` crate's part; the dispatcher of actix is not used for it, because that
//! limits neither the requests under way nor the size of their heads, waits for ever, and cannot be
//! told to stop. Here:
//!
//! * a connection has at most [`Limits::streams`] requests under way, whether or not the client has
//!   reset them, and all of a worker's have at most [`Limits::worker_streams`]: further ones of a
//!   connection wait or are refused by the crate, further ones of the worker are refused unprocessed;
//! * a head has at most [`HEAD_LIST`] bytes: the crate answers a longer one with a bare 431, and
//!   closes the connection at four times as much. Within that, [`request`] applies the same limits
//!   as in HTTP/1;
//! * a target ends at 65,534 bytes, where the URI type of the crate ends: it resets the stream of a
//!   longer one (or answers as to any head that is too long), and the others go on. Long values
//!   belong into the body then. It does the same if
//!   the query has a `"`, `<` or `>` that was not percent-encoded, which HTTP/1 takes, and it drops a
//!   fragment, which HTTP/1 refuses;
//! * the connection closes when no request comes for as long as in HTTP/1, and when the client takes
//!   nothing of what is sent;
//! * when the server stops, or a wait is over, the client is told to open no further requests
//!   (`GOAWAY`), and those under way are finished.
//!
//! A use case is not cancelled when its client resets the request, as in HTTP/1.

mod answer;
mod patient;
mod request;

use std::{
    future::{Future, poll_fn},
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    task::Poll,
};

use actix_http::{
    Request, Response,
    body::{BoxBody, MessageBody},
};
use actix_service::Service;
use actix_web::{http::Method, web::Bytes};
use h2::{
    Reason, RecvStream,
    server::{Builder, Connection, SendResponse},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout},
};

use self::patient::Patient;
use super::{Limits, entry::Entry, timer::Deadline};

/// The longest list of header fields, the target among them, in bytes as RFC 9113, section 6.5.2
/// counts them: 96 KiB. Room for the longest target and for [`Limits::header_bytes`].
const HEAD_LIST: u32 = 96 * 1024;
/// How much of one body the client may send before the application has read it, in bytes.
const STREAM_WINDOW: u32 = 256 * 1024;
/// The same for all bodies of a connection together.
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// How much of one answer is held until the client takes it, in bytes.
const SEND_BUFFER: usize = 64 * 1024;

/// A client that wants to speak HTTP/2.
pub(super) struct Visit<S> {
    pub(super) limits: Limits,
    pub(super) entry: Entry<S>,
    /// The room for the worker's requests under way.
    pub(super) places: Arc<Semaphore>,
    pub(super) peer: Option<SocketAddr>,
}

/// What a connection has to do next.
enum Event {
    Request(Box<h2_http::Request<RecvStream>>, SendResponse<Bytes>),
    /// A request has ended.
    Ended,
    /// The server is to stop.
    Stop,
    /// The client has been waited for long enough.
    Tired,
    /// The connection is closed or broken.
    Closed,
}

impl<S> Visit<S> {
    /// Serves the connection to its end: until it is closed and every request has ended.
    /// `stopping` is ready when the server is to stop.
    pub(super) async fn serve<B>(
        self,
        io: impl AsyncRead + AsyncWrite + Unpin,
        stopping: impl Future<Output = ()>,
    ) where
        S: Service<Request> + 'static,
        S::Response: Into<Response<B>>,
        S::Error: Into<Response<BoxBody>>,
        B: MessageBody + 'static,
    {
        let begun = Instant::now();
        let mut stopping = pin!(stopping);
        let shaken = tokio::select! {
            shaken = timeout(self.limits.first_byte_timeout, self.handshake(io)) => shaken,
            () = &mut stopping => return,
        };
        let Ok(Ok(mut connection)) = shaken else { return };
        let mut requests = JoinSet::new();
        let mut wait = Wait { since: begun, patience: self.limits.first_byte_timeout };
        let mut timer = Deadline::default();
        let mut is_closing = false;
        loop {
            let is_full = requests.len() >= self.limits.streams as usize;
            let is_idle = requests.is_empty();
            let event = tokio::select! {
                event = poll_fn(|cx| poll(&mut connection, is_full, cx)) => event,
                Some(_ended) = requests.join_next() => Event::Ended,
                () = &mut stopping, if !is_closing => Event::Stop,
                () = poll_fn(|cx| timer.poll(cx, wait.since, wait.patience)), if is_idle => Event::Tired,
            };
            match event {
                Event::Request(request, respond) => self.start(*request, respond, &mut requests),
                Event::Closed => break,
                Event::Tired if is_closing => break,
                Event::Stop | Event::Tired => {
                    connection.graceful_shutdown();
                    is_closing = true;
                    wait = self.wait(&connection, is_closing);
                }
                Event::Ended => wait = self.wait(&connection, is_closing),
            }
        }
        drop(connection);
        // Their work goes on, so the connection's place among the worker's stays taken.
        while requests.join_next().await.is_some() {}
    }

    async fn handshake<IO: AsyncRead + AsyncWrite + Unpin>(
        &self,
        io: IO,
    ) -> Result<Connection<Patient<IO>, Bytes>, h2::Error> {
        Builder::new()
            .max_concurrent_streams(self.limits.streams)
            .max_header_list_size(HEAD_LIST)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buffer_size(SEND_BUFFER)
            .handshake(Patient::new(io, self.limits.write_stall))
            .await
    }

    /// Lets the application answer a request, or refuses it if the worker has no room for it.
    fn start<B>(
        &self,
        request: h2_http::Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
        requests: &mut JoinSet<()>,
    ) where
        S: Service<Request> + 'static,
        S::Response: Into<Response<B>>,
        S::Error: Into<Response<BoxBody>>,
        B: MessageBody + 'static,
    {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return respond.send_reset(Reason::REFUSED_STREAM);
        };
        if request::expects_continue(&request) {
            let mut go_on = h2_http::Response::new(());
            *go_on.status_mut() = h2_http::StatusCode::CONTINUE;
            // A client that has gone needs it no more.
            drop(respond.send_informational(go_on));
        }
        let request = request::convert(request, self.peer, &self.limits);
        let is_head = request.head().method == Method::HEAD;
        let (entry, patience) = (self.entry.clone(), self.limits.write_stall);
        requests.spawn_local(async move {
            let sent = match entry.call(request).await {
                Ok(answer) => answer::send(answer.into(), &mut respond, is_head, patience).await,
                Err(error) => answer::send(error.into(), &mut respond, is_head, patience).await,
            };
            if let Err(error) = sent {
                log::debug!("an answer could not be sent: {error}");
            }
            drop(place);
        });
    }

    /// How long the client may now let the connection rest.
    fn wait<IO>(&self, connection: &Connection<Patient<IO>, Bytes>, is_closing: bool) -> Wait
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let patience = if !is_closing {
            self.limits.keep_alive
        } else if connection.has_streams() {
            // The rest of an answer is on its way.
            self.limits.write_stall
        } else {
            self.limits.linger
        };
        Wait { since: Instant::now(), patience }
    }
}

/// Waiting for a client without requests.
struct Wait {
    since: Instant,
    patience: std::time::Duration,
}

/// Drives the connection; takes a request from it unless it has its fill.
fn poll<IO: AsyncRead + AsyncWrite + Unpin>(
    connection: &mut Connection<IO, Bytes>,
    is_full: bool,
    cx: &mut std::task::Context<'_>,
) -> Poll<Event> {
    if is_full {
        return connection.poll_closed(cx).map(|_closed| Event::Closed);
    }
    connection.poll_accept(cx).map(|accepted| match accepted {
        Some(Ok((request, respond))) => Event::Request(Box::new(request), respond),
        Some(Err(error)) => {
            log::debug!("an HTTP/2 connection broke: {error}");
            Event::Closed
        }
        None => Event::Closed,
    })
}

#[cfg(test)]
mod tests;
