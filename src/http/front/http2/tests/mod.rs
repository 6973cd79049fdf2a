//! HTTP/2 over a pipe, spoken by the client of the same crate, or frame by frame.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod answers;
mod application;
mod bodies;
mod frames;
mod heads;
mod hostile;
mod places;
mod waits;

use std::{
    future::{Future, poll_fn},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use actix_web::{
    rt::{spawn, task::JoinHandle},
    web::Bytes,
};
use h2::{
    Reason, RecvStream, SendStream,
    client::{ResponseFuture, SendRequest},
};
use h2_http::{HeaderMap, Request};
use tokio::{
    io::{DuplexStream, duplex},
    sync::{Notify, Semaphore},
    time::{Instant, timeout},
};

use self::application::{Application, Watch};
use super::{Entry, Limits, Visit};

/// What the pipe holds in each direction, in bytes.
const PIPE: usize = 64 * 1024;

/// Answers how many whole seconds have passed since, by the runtime's clock. When that is paused
/// it goes on when everybody waits for it, and then at once.
fn stopwatch() -> impl Fn() -> u64 {
    let start = Instant::now();
    move || start.elapsed().as_secs()
}

async fn seconds(seconds: u64) {
    actix_web::rt::time::sleep(Duration::from_secs(seconds)).await;
}

/// Waits longer than the server ever does; nobody hears of a test that waits for ever.
async fn within<T>(done: impl Future<Output = T>) -> T {
    timeout(Duration::from_mins(2), done).await.expect("it comes in time")
}

/// One connection as the server sees it.
struct Server {
    watch: Watch,
    stop: Rc<Notify>,
    done: JoinHandle<()>,
}

impl Server {
    /// Waits until the server has done with the connection.
    async fn done(&mut self) {
        within(&mut self.done).await.unwrap();
    }
}

/// A client's end, and the server at the other end.
fn serve(limits: Limits) -> (DuplexStream, Server) {
    serve_among(limits, Arc::new(Semaphore::new(limits.worker_streams)))
}

/// The same for one connection of several, which share these places.
fn serve_among(limits: Limits, places: Arc<Semaphore>) -> (DuplexStream, Server) {
    let (client, io) = duplex(PIPE);
    let (watch, stop) = (Watch::new(), Rc::new(Notify::new()));
    let entry = Entry::new(Application(watch.clone()), true);
    let visit = Visit { limits, entry, places, peer: None };
    let stopping = Rc::clone(&stop);
    let done = spawn(visit.serve(io, async move { stopping.notified().await }));
    (client, Server { watch, stop, done })
}

/// A client that keeps to the protocol.
struct Client {
    sender: SendRequest<Bytes>,
    /// Ends when the connection does.
    connection: JoinHandle<Result<(), h2::Error>>,
}

/// An answer as the client sees it.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Client {
    async fn connect(io: DuplexStream) -> Self {
        let (sender, connection) = h2::client::handshake(io).await.unwrap();
        Self { sender, connection: spawn(connection) }
    }

    /// Sends the head of a request, when the server allows a further one.
    async fn start(
        &mut self,
        request: Request<()>,
        ends: bool,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        within(poll_fn(|cx| self.sender.poll_ready(cx))).await.unwrap();
        self.sender.send_request(request, ends).unwrap()
    }

    async fn ask(&mut self, request: Request<()>) -> Result<Answer, h2::Error> {
        let (response, _) = self.start(request, true).await;
        answer(response).await
    }

    async fn get(&mut self, path: &str) -> Result<Answer, h2::Error> {
        self.ask(get(path)).await
    }

    /// Sends a request with a body, as fast as the server takes it.
    async fn post(&mut self, path: &str, body: Vec<u8>) -> Result<Answer, h2::Error> {
        let (response, mut stream) = self.start(request("POST", path), false).await;
        upload(&mut stream, body.into()).await?;
        stream.send_data(Bytes::new(), true)?;
        answer(response).await
    }
}

fn request(method: &str, path: &str) -> Request<()> {
    Request::builder().method(method).uri(format!("https://x{path}")).body(()).unwrap()
}

fn get(path: &str) -> Request<()> {
    request("GET", path)
}

async fn upload(stream: &mut SendStream<Bytes>, mut body: Bytes) -> Result<(), h2::Error> {
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        match within(poll_fn(|cx| stream.poll_capacity(cx))).await {
            Some(room) => stream.send_data(body.split_to(room?.min(body.len())), false)?,
            None => return Err(Reason::STREAM_CLOSED.into()),
        }
    }
    Ok(())
}

async fn answer(response: ResponseFuture) -> Result<Answer, h2::Error> {
    let (head, mut stream) = within(response).await?.into_parts();
    let mut body = Vec::new();
    while let Some(piece) = next(&mut stream).await {
        body.extend_from_slice(&piece?);
    }
    let body = String::from_utf8(body).unwrap();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
}

/// The next piece of a body, for which it makes room again.
async fn next(stream: &mut RecvStream) -> Option<Result<Bytes, h2::Error>> {
    let piece = within(poll_fn(|cx| stream.poll_data(cx))).await?;
    if let Ok(piece) = &piece {
        stream.flow_control().release_capacity(piece.len()).unwrap();
    }
    Some(piece)
}

fn reason<T: std::fmt::Debug>(answer: Result<T, h2::Error>) -> Option<Reason> {
    answer.unwrap_err().reason()
}
