//! The front door: what stands between a TCP stream and the HTTP/1 dispatcher of actix.
//!
//! Clients of the Secret API put large values into the URL, but the dispatcher refuses a request
//! target of more than 65,534 bytes, and everything that it refuses itself gets an answer without
//! a body. [`FrontStream`] reads the raw bytes first and hands on only what the dispatcher takes:
//!
//! * a request head goes on byte for byte, unless one of the next three points applies;
//! * a long target, or one with characters that the dispatcher does not take, moves into the header
//!   [`TARGET_HEADER`], and the request line keeps its path: see [`original_target`] and [`query`];
//! * fields that only we may set are removed, and so is an offer to upgrade the protocol, which a
//!   server may ignore (RFC 9110, section 7.8);
//! * an unacceptable head is replaced by a small request that carries [`REFUSAL_HEADER`]: the
//!   application answers it in its own shape, see [`refusal`]. It is the last of its connection.
//!
//! The next request of a connection is handed on when the answer to the one before is complete.
//! The dispatcher would otherwise write the earlier answer by the rules of the later request: with
//! `connection: close`, or with a body although it answers a `HEAD`.
//!
//! From the end of a request to the end of its answer the socket is not read. That the client has
//! gone is noticed when the answer is written, no earlier: so a use case is not cancelled midway
//! because its client did not wait for it.
//!
//! All waiting for the client is timed here, so the dispatcher's own timers are to be off:
//! [`listen`] shows the wiring.

mod answer;
mod door;
mod entry;
mod framing;
mod head;
mod http2;
mod intake;
mod listen;
mod rewrite;
mod scan;
mod stream;
mod target;
mod timer;
mod transport;
mod write;

use std::time::Duration;

use actix_web::{
    dev::RequestHead,
    http::header::{HeaderMap, HeaderValue},
};

pub use self::{listen::listen, stream::FrontStream};

/// The header that carries a request target that cannot stay in the request line.
///
/// Never taken from a client: a field of this name is removed from every request.
pub const TARGET_HEADER: &str = "sae-secret-target";

/// The header that carries the reason why a request was refused before it reached the
/// application; its values are those of [`Refusal::token`].
///
/// Never taken from a client: a field of this name is removed from every request.
pub const REFUSAL_HEADER: &str = "sae-secret-refusal";

/// The path of a request line whose real path does not fit either: longer than 2,048 bytes.
///
/// No route may match it. The real path is the beginning of [`original_target`].
pub const LONG_PATH: &str = "/.sae-secret-long-path";

/// What the dispatcher can hold of one request head, in bytes (actix-http: `MAX_BUFFER_SIZE`).
const DISPATCHER_HEAD: usize = 131_072;
/// What a rewritten head needs beside the target and the header section, in bytes.
const REWRITE_ROOM: usize = 4_000;
/// The most header lines that leave room for our own (actix-http: `MAX_HEADERS` is 96).
const DISPATCHER_HEADERS: usize = 94;

/// How much, and how long, one connection may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest request target, in bytes: 102,400 (100 KiB). RFC 9112, section 3 asks for
    /// 8,000 at least.
    ///
    /// Together with `header_bytes` at most 127,072, so that the dispatcher's 131,072 hold; the
    /// target gives way.
    pub target: usize,
    /// The most header lines of a request: 90, and at most 94.
    pub headers: usize,
    /// The longest header section, without the request line, in bytes: 24,576 (24 KiB), and at
    /// most 65,536.
    pub header_bytes: usize,
    /// How much of an already refused head is read away before the refusal is handed on, in
    /// bytes: 8,388,608 (8 MiB).
    pub discard_bytes: usize,
    /// From the connection to the end of the TLS handshake: 10 s. The connection then closes.
    pub handshake_timeout: Duration,
    /// From the connection to the first byte of its first request: 10 s. The connection then
    /// closes without an answer. Empty lines before a request are no part of it. With TLS it
    /// begins after the handshake; in HTTP/2 it ends with the first whole request head.
    pub first_byte_timeout: Duration,
    /// From the first byte of a request head to its last: 10 s.
    pub head_timeout: Duration,
    /// From a complete answer to the first byte of the next request: 75 s. The connection then
    /// closes in the same way.
    pub keep_alive: Duration,
    /// A request body of which no byte comes for so long counts as cut off: 30 s.
    pub body_stall: Duration,
    /// An answer of which no byte can be sent for so long is given up: 30 s.
    pub write_stall: Duration,
    /// How long to read away what the client still sends when the connection is closed: 2 s.
    pub linger: Duration,
    /// How much to read away then, in bytes: 16,777,216 (16 MiB).
    pub linger_bytes: usize,
    /// The most requests under way on one HTTP/2 connection: 100, as RFC 9113, section 6.5.2 asks
    /// for at least.
    pub streams: u32,
    /// The most requests under way on all HTTP/2 connections of a worker: 4,096, as many as it may
    /// have connections of HTTP/1.
    pub worker_streams: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            target: 102_400,
            headers: 90,
            header_bytes: 24 * 1024,
            discard_bytes: 8 * 1024 * 1024,
            handshake_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            body_stall: Duration::from_secs(30),
            write_stall: Duration::from_secs(30),
            linger: Duration::from_secs(2),
            linger_bytes: 16 * 1024 * 1024,
            streams: 100,
            worker_streams: 4096,
        }
    }
}

impl Limits {
    /// The same limits within what the dispatcher can take.
    fn within_dispatcher(mut self) -> Self {
        self.headers = self.headers.min(DISPATCHER_HEADERS);
        self.header_bytes = self.header_bytes.min(65_536);
        self.target = self.target.min(DISPATCHER_HEAD - REWRITE_ROOM - self.header_bytes);
        self
    }
}

/// Why a request was refused before it reached the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The request target is longer than [`Limits::target`]: status 414.
    UriTooLong,
    /// Too many or too long header lines: status 431.
    HeadTooLarge,
    /// Not a request head by RFC 9112, or one that two parsers could read differently: status 400.
    Malformed,
    /// The head was not complete within [`Limits::head_timeout`]: status 408.
    Timeout,
}

impl Refusal {
    /// The value of [`REFUSAL_HEADER`].
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Self::UriTooLong => "uri-too-long",
            Self::HeadTooLarge => "head-too-large",
            Self::Malformed => "malformed",
            Self::Timeout => "timeout",
        }
    }
}

/// Why the request with these headers was refused; `None` for a real request.
#[must_use]
pub fn refusal(headers: &HeaderMap) -> Option<Refusal> {
    let token = headers.get(REFUSAL_HEADER)?.as_bytes();
    [Refusal::UriTooLong, Refusal::HeadTooLarge, Refusal::Malformed, Refusal::Timeout]
        .into_iter()
        .find(|refusal| refusal.token().as_bytes() == token)
}

/// The request target as the client sent it, if the dispatcher could not take it in the request
/// line.
///
/// Its path consists of characters that a URI may have, its query of visible ASCII characters.
/// `None` means that the request line is as the client sent it.
#[must_use]
pub fn original_target(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(TARGET_HEADER).map(HeaderValue::as_bytes)
}

/// The query of a request as the client sent it, without the question mark; empty if there is
/// none.
#[must_use]
pub fn query(head: &RequestHead) -> &str {
    match original_target(&head.headers) {
        Some(target) => {
            let target = std::str::from_utf8(target).unwrap_or_default();
            target.split_once('?').map_or("", |(_, query)| query)
        }
        None => head.uri.query().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
