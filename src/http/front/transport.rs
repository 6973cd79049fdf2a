//! What carries a connection's bytes: TCP, or TLS over it.

use std::{
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{FrontStream, Limits};
use crate::http::tls::ALPN_HTTP2;

/// The first byte of a TLS connection: RFC 8446, section 5.1.
const HANDSHAKE: u8 = 22;

/// What a client hears that speaks HTTP to a port that speaks TLS.
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    content-type: text/plain\r\n\
    content-length: 48\r\n\
    connection: close\r\n\r\n\
    This port speaks TLS: use https:// to reach it.\n";

/// The bytes of one HTTP/1 connection.
pub(super) enum Transport {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// Makes TLS of a connection; nothing if the client does not finish the handshake in time, or at all.
pub(super) async fn handshake(
    acceptor: &TlsAcceptor,
    io: TcpStream,
    limits: Limits,
) -> Option<Box<TlsStream<TcpStream>>> {
    let shaken = timeout(limits.handshake_timeout, async {
        let mut first = [0];
        if io.peek(&mut first).await? == 1 && first != [HANDSHAKE] {
            return Ok(Err(io));
        }
        acceptor.accept(io).await.map(|stream| Ok(Box::new(stream)))
    });
    match shaken.await {
        Ok(Ok(Ok(stream))) => return Some(stream),
        Ok(Ok(Err(io))) => turn_away(io, limits).await,
        // The library's texts tell of protocol versions and alerts, nothing that was sent.
        Ok(Err(error)) => log::debug!("a TLS handshake failed: {error}"),
        Err(_elapsed) => log::debug!("a TLS handshake was not finished in time"),
    }
    None
}

/// Tells a client that does not speak TLS so, in case that it speaks HTTP.
async fn turn_away(io: TcpStream, limits: Limits) {
    log::debug!("a client does not speak TLS");
    let mut stream = FrontStream::new(Transport::Plain(io), limits);
    if stream.write_all(NOT_TLS).await.is_ok() {
        // It has gone already if this fails.
        drop(stream.shutdown().await);
    }
}

/// True if the two sides have agreed on HTTP/2.
pub(super) fn is_http2(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(ALPN_HTTP2)
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_read(cx, buf),
            Self::Secure(stream) => match Pin::new(stream).poll_read(cx, buf) {
                // Many clients end TCP without ending TLS. HTTP/1 knows by itself what is cut off.
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                    Poll::Ready(Ok(()))
                }
                read => read,
            },
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_write(cx, data),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, data),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
