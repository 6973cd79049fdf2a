//! What the requests of the tests reach.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::{Future, poll_fn},
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_http::{
    BoxedPayloadStream, Request, Response,
    body::{BodySize, BoxBody, MessageBody},
};
use actix_service::Service;
use actix_web::{
    dev::Payload,
    http::{StatusCode, header},
    web::Bytes,
};
use tokio::sync::{Notify, Semaphore};

/// How long the answer of `/large` is, in bytes.
pub(super) const LARGE: usize = 1_000_000;

/// Tells how far the requests are, and lets those go on that wait.
#[derive(Clone)]
pub(super) struct Watch(Rc<Counts>);

struct Counts {
    begun: Cell<usize>,
    ended: Cell<usize>,
    most: Cell<usize>,
    read: RefCell<Vec<String>>,
    changed: Notify,
    go: Semaphore,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self(Rc::new(Counts {
            begun: Cell::new(0),
            ended: Cell::new(0),
            most: Cell::new(0),
            read: RefCell::new(Vec::new()),
            changed: Notify::new(),
            go: Semaphore::new(0),
        }))
    }

    pub(super) fn begun(&self) -> usize {
        self.0.begun.get()
    }

    pub(super) fn ended(&self) -> usize {
        self.0.ended.get()
    }

    /// The most requests that were under way at once.
    pub(super) fn most(&self) -> usize {
        self.0.most.get()
    }

    /// How long the bodies were that were read, or that they have not come whole.
    pub(super) fn read(&self) -> Vec<String> {
        self.0.read.borrow().clone()
    }

    pub(super) async fn until_begun(&self, count: usize) {
        while self.begun() < count {
            super::within(self.0.changed.notified()).await;
        }
    }

    pub(super) async fn until_ended(&self, count: usize) {
        while self.ended() < count {
            super::within(self.0.changed.notified()).await;
        }
    }

    /// Lets so many of the requests that wait go on.
    pub(super) fn let_go(&self, count: usize) {
        self.0.go.add_permits(count);
    }

    fn begin(&self) {
        self.0.begun.set(self.begun() + 1);
        self.0.most.set(self.most().max(self.begun() - self.ended()));
        self.0.changed.notify_one();
    }

    fn end(&self) {
        self.0.ended.set(self.ended() + 1);
        self.0.changed.notify_one();
    }

    async fn wait(&self) {
        self.0.go.acquire().await.unwrap().forget();
    }
}

pub(super) struct Application(pub(super) Watch);

type Answer = Result<Response<BoxBody>, Response<BoxBody>>;

impl Service<Request> for Application {
    type Response = Response<BoxBody>;
    type Error = Response<BoxBody>;
    type Future = Pin<Box<dyn Future<Output = Answer>>>;

    fn poll_ready(&self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&self, request: Request) -> Self::Future {
        let watch = self.0.clone();
        Box::pin(async move {
            watch.begin();
            let answer = answer(&watch, request).await;
            watch.end();
            answer
        })
    }
}

async fn answer(watch: &Watch, mut request: Request) -> Answer {
    let path = request.path().to_owned();
    Ok(match path.as_str() {
        "/held" => {
            watch.wait().await;
            text("held")
        }
        // Whoever sends it sees how much is taken of a body that nobody reads.
        "/unread" => {
            let payload = request.take_payload();
            watch.wait().await;
            drop(payload);
            text("unread")
        }
        "/body" => {
            let length = read(request.take_payload()).await;
            watch.0.read.borrow_mut().push(length.clone());
            text(length)
        }
        "/large" => text("x".repeat(LARGE)),
        "/error" => return Err(bare(StatusCode::IM_A_TEAPOT).set_body(BoxBody::new("error"))),
        "/204" => bare(StatusCode::NO_CONTENT).set_body(BoxBody::new("none")),
        "/304" => bare(StatusCode::NOT_MODIFIED).set_body(BoxBody::new("none")),
        "/empty" => text(""),
        "/connection" => connection_fields(),
        "/pieces" => pieces(BodySize::Stream, &["one", "", "two"], false),
        "/breaks" => pieces(BodySize::Stream, &["one"], true),
        "/short" => pieces(BodySize::Sized(7), &["one"], false),
        "/long" => pieces(BodySize::Sized(4), &["one", "two"], false),
        _ => text(describe(&request)),
    })
}

/// The head as a client of HTTP/1 would have sent it, with its fields in order.
fn describe(request: &Request) -> String {
    let head = request.head();
    let fields = head.headers.iter();
    let mut fields: Vec<_> =
        fields.map(|(name, value)| format!("\n{name}: {}", value.to_str().unwrap())).collect();
    fields.sort();
    format!("{} {}{}", head.method, head.uri, fields.concat())
}

/// How long a body is, or that it has not come whole.
async fn read(payload: Payload) -> String {
    let mut stream: BoxedPayloadStream = Box::pin(payload);
    let mut length = 0;
    while let Some(piece) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
        match piece {
            Ok(piece) => length += piece.len(),
            Err(_) => return String::from("broken"),
        }
    }
    length.to_string()
}

fn bare(status: StatusCode) -> Response<BoxBody> {
    Response::new(status)
}

fn text(text: impl Into<String>) -> Response<BoxBody> {
    bare(StatusCode::OK).set_body(BoxBody::new(text.into()))
}

fn connection_fields() -> Response<BoxBody> {
    let mut answer = text("fields");
    for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        answer
            .headers_mut()
            .insert(header::HeaderName::from_static(name), header::HeaderValue::from_static("x"));
    }
    answer.headers_mut().append(header::SET_COOKIE, header::HeaderValue::from_static("a"));
    answer.headers_mut().append(header::SET_COOKIE, header::HeaderValue::from_static("b"));
    answer
}

fn pieces(size: BodySize, pieces: &[&'static str], fails: bool) -> Response<BoxBody> {
    let pieces = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
    let failure = fails.then(|| Err(io::Error::other("the store is gone")));
    let pieces = pieces.chain(failure).collect();
    bare(StatusCode::OK).set_body(BoxBody::new(Pieces { size, pieces }))
}

/// A body that comes in pieces, and need not be as long as it says.
struct Pieces {
    size: BodySize,
    pieces: VecDeque<io::Result<Bytes>>,
}

impl MessageBody for Pieces {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        Poll::Ready(self.pieces.pop_front())
    }
}
