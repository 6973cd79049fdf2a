//! The writing side of the front door, and the way to close a connection.

use std::{
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::{stream::FrontStream, timer::Deadline};

/// How much is read away at once, in bytes.
const PIECE: usize = 4 * 1024;

/// Waiting for the client to take the answer.
#[derive(Debug, Default)]
pub(super) struct Writing {
    /// Since when the client has taken nothing.
    stalled: Option<Instant>,
    closing: Closing,
    timer: Deadline,
}

/// How far the connection is closed.
#[derive(Debug, Default, Clone, Copy)]
enum Closing {
    #[default]
    Open,
    /// Our side is closed; what the client still sends is read away.
    Lingering {
        since: Instant,
        left: usize,
    },
    Closed,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> FrontStream<IO> {
    /// Fails when a write has been pending for too long.
    fn poll_stall(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let since = *self.writing.stalled.get_or_insert_with(Instant::now);
        ready!(self.writing.timer.poll(cx, since, self.limits.write_stall));
        Poll::Ready(io::Error::new(ErrorKind::TimedOut, "the client does not read the answer"))
    }

    /// Closes our side. A client that has closed the connection altogether is no error.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.io).poll_shutdown(cx)) {
            Err(error) if error.kind() != ErrorKind::NotConnected => Poll::Ready(Err(error)),
            Ok(()) | Err(_) => Poll::Ready(Ok(())),
        }
    }

    /// Reads input away until there is no more; answers how much of it there was.
    fn poll_discard(&mut self, cx: &mut Context<'_>, mut left: usize) -> (usize, Poll<()>) {
        let mut scratch = [0; PIECE];
        while left > 0 {
            let mut piece = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.io).poll_read(cx, &mut piece) {
                Poll::Pending => return (left, Poll::Pending),
                Poll::Ready(Ok(())) if !piece.filled().is_empty() => {
                    left = left.saturating_sub(piece.filled().len());
                }
                Poll::Ready(_) => return (left, Poll::Ready(())),
            }
        }
        (left, Poll::Ready(()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for FrontStream<IO> {
    /// # Errors
    /// [`ErrorKind::TimedOut`] when the client takes nothing for as long as the limits say.
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let Poll::Ready(written) = Pin::new(&mut this.io).poll_write(cx, data)? else {
            return this.poll_stall(cx).map(Err);
        };
        this.writing.stalled = None;
        if this.answer.follow(data.get(..written).unwrap_or_default()) {
            // The reading side has the next request to look for.
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Poll::Ready(flushed) = Pin::new(&mut this.io).poll_flush(cx) else {
            return this.poll_stall(cx).map(Err);
        };
        this.writing.stalled = None;
        Poll::Ready(flushed)
    }

    /// Closes our side, then reads away what the client is still sending.
    ///
    /// A socket that is closed with unread input resets the connection, and the reset can take
    /// the answer away from a client that reads late (RFC 9112, section 9.6).
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match this.writing.closing {
                Closing::Open => {
                    // TLS has a word of its own to send, which the client may not take.
                    let Poll::Ready(closed) = this.poll_close(cx) else {
                        return this.poll_stall(cx).map(Err);
                    };
                    closed?;
                    this.writing.closing = if this.is_closed {
                        Closing::Closed
                    } else {
                        let since = Instant::now();
                        Closing::Lingering { since, left: this.limits.linger_bytes }
                    };
                }
                Closing::Lingering { since, left } => {
                    let (still, input) = this.poll_discard(cx, left);
                    this.writing.closing = Closing::Lingering { since, left: still };
                    // A client that rests between two requests has nothing on the way.
                    let is_resting = still == this.limits.linger_bytes && this.is_idle();
                    if input.is_pending() && !is_resting {
                        ready!(this.writing.timer.poll(cx, since, this.limits.linger));
                    }
                    this.writing.closing = Closing::Closed;
                }
                Closing::Closed => return Poll::Ready(Ok(())),
            }
        }
    }
}
