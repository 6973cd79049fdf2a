//! Makes a request of the application of a request of HTTP/2: RFC 9113, section 8.3.
//!
//! What the application sees is what it would see of the same request in HTTP/1: a `Host` field, a
//! target that may have moved into an internal header, none of the fields that only we may set, and
//! a small request with a reason in place of an unacceptable one.

use std::{
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_http::{BoxedPayloadStream, Request, error::PayloadError};
use actix_web::{
    dev::{Payload, RequestHead},
    http::{
        Method, Uri, Version,
        header::{HOST, HeaderMap, HeaderName, HeaderValue},
    },
    web::Bytes,
};
use futures_core::Stream;
use h2::RecvStream;
use h2_http::request::Parts;

use crate::http::front::{
    Limits, REFUSAL_HEADER, Refusal, TARGET_HEADER,
    rewrite::{REPEATED, is_host, is_internal, is_visible},
    target,
};

/// What one header line of HTTP/1 has beside its name and its value, in bytes.
const LINE: usize = 4;

/// The request for the application.
pub(super) fn convert(
    request: h2_http::Request<RecvStream>,
    peer: Option<SocketAddr>,
    limits: &Limits,
) -> Request {
    let (parts, body) = request.into_parts();
    let payload = if body.is_end_stream() {
        Payload::None
    } else {
        let payload: BoxedPayloadStream = Box::pin(Body(body));
        Payload::Stream { payload }
    };
    let mut request = Request::with_payload(payload);
    let head = request.head_mut();
    head.version = Version::HTTP_2;
    head.peer_addr = peer;
    if let Err(refusal) = fill(head, &parts, limits) {
        refuse(head, &parts, refusal);
    }
    request
}

/// True if the client waits for a word before it sends its body: RFC 9110, section 10.1.1.
pub(super) fn expects_continue(request: &h2_http::Request<RecvStream>) -> bool {
    let expectation = request.headers().get(h2_http::header::EXPECT);
    expectation.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// Judges a head as that of HTTP/1 is judged, and takes it over.
fn fill(head: &mut RequestHead, parts: &Parts, limits: &Limits) -> Result<(), Refusal> {
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    if target.len() > limits.target {
        return Err(Refusal::UriTooLong);
    }
    let section: usize = parts.headers.iter().map(|(name, value)| line(name, value)).sum();
    if parts.headers.len() > limits.headers || section > limits.header_bytes {
        return Err(Refusal::HeadTooLarge);
    }
    // The absolute form belongs to HTTP/1, and a tunnel has no target at all.
    if !target.starts_with('/') && target != "*" {
        return Err(Refusal::Malformed);
    }
    let method = parts.method.as_str();
    let path = target::check(method, target)?;
    head.method = Method::from_bytes(method.as_bytes()).map_err(|_| Refusal::Malformed)?;
    head.uri = Uri::try_from(path.unwrap_or(target)).map_err(|_| Refusal::Malformed)?;
    put(&mut head.headers, HOST.as_str(), host(parts)?)?;
    if path.is_some() {
        put(&mut head.headers, TARGET_HEADER, target.as_bytes())?;
    }
    for (name, value) in &parts.headers {
        if name != h2_http::header::HOST && !is_internal(name.as_str().as_bytes()) {
            put(&mut head.headers, name.as_str(), value.as_bytes())?;
        }
    }
    Ok(())
}

fn line(name: &h2_http::HeaderName, value: &h2_http::HeaderValue) -> usize {
    name.as_str().len() + value.len() + LINE
}

/// The authority, or the `Host` field that a client may send instead of it. If there are both they
/// have to be the same.
fn host(parts: &Parts) -> Result<&[u8], Refusal> {
    let authority = parts.uri.authority().map(|authority| authority.as_str().as_bytes());
    let mut fields = parts.headers.get_all(h2_http::header::HOST).iter();
    let field = fields.next().map(h2_http::HeaderValue::as_bytes);
    let host = match (authority, field) {
        (Some(authority), Some(field)) if !authority.eq_ignore_ascii_case(field) => None,
        (authority, field) => authority.or(field),
    };
    host.filter(|host| fields.next().is_none() && !host.is_empty() && is_host(host))
        .ok_or(Refusal::Malformed)
}

fn put(headers: &mut HeaderMap, name: &str, value: &[u8]) -> Result<(), Refusal> {
    let (name, value) = field(name, value).ok_or(Refusal::Malformed)?;
    headers.append(name, value);
    Ok(())
}

fn field(name: &str, value: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    HeaderValue::from_bytes(value).ok().map(|value| (name, value))
}

/// Puts a small request with the reason in the place of a refused one; like that of HTTP/1 it
/// repeats what shapes the answer.
fn refuse(head: &mut RequestHead, parts: &Parts, refusal: Refusal) {
    let is_head = parts.method == h2_http::Method::HEAD;
    head.method = if is_head { Method::HEAD } else { Method::GET };
    head.uri = Uri::default();
    head.headers.clear();
    let host = host(parts).ok().filter(|host| host.len() <= REPEATED);
    let fields = [("accept", h2_http::header::ACCEPT), ("origin", h2_http::header::ORIGIN)];
    let fields = fields.iter().filter_map(|(name, wanted)| {
        let value = parts.headers.get(wanted)?.as_bytes();
        (value.len() <= REPEATED && is_visible(value)).then_some((*name, value))
    });
    let always = [
        (HOST.as_str(), host.unwrap_or(b"localhost")),
        (REFUSAL_HEADER, refusal.token().as_bytes()),
    ];
    for (name, value) in
        always.into_iter().chain(fields).filter_map(|(name, value)| field(name, value))
    {
        head.headers.append(name, value);
    }
}

/// The body as the application reads it. What is read makes room for more.
struct Body(RecvStream);

impl Stream for Body {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let stream = &mut self.get_mut().0;
        let broken = |error| PayloadError::Io(std::io::Error::other(error));
        let piece = match ready!(stream.poll_data(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(broken(error)))),
            Some(Ok(piece)) => piece,
        };
        let released = stream.flow_control().release_capacity(piece.len());
        Poll::Ready(Some(released.map(|()| piece).map_err(broken)))
    }
}
