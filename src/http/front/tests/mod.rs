//! The front door as a whole: over a pipe, and in front of a running application.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod closing;
mod random;
mod server;
mod stream;
mod tls;

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::Instant,
};

use super::{FrontStream, Limits};

/// An answer as the dispatcher would write it.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Answers how many whole seconds have passed since, by the runtime's clock. When that is paused
/// it goes on when everybody waits for it, and then at once.
fn stopwatch() -> impl Fn() -> u64 {
    let start = Instant::now();
    move || start.elapsed().as_secs()
}

async fn seconds(seconds: u64) {
    actix_web::rt::time::sleep(Duration::from_secs(seconds)).await;
}

/// A client's end, and the front door at the other end.
fn pipe(limits: Limits) -> (DuplexStream, FrontStream<DuplexStream>) {
    let (client, server) = duplex(64 * 1024);
    (client, FrontStream::new(server, limits))
}

/// Reads all that the dispatcher would read, and answers every request at once.
async fn read_all(front: &mut FrontStream<DuplexStream>, piece: usize) -> Vec<u8> {
    read(front, piece, true).await
}

/// Reads all that the dispatcher would read.
async fn read(front: &mut FrontStream<DuplexStream>, piece: usize, answers: bool) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = vec![0; piece];
    loop {
        let length = front.read(&mut buffer).await.unwrap();
        if length == 0 {
            return all;
        }
        all.extend_from_slice(&buffer[..length]);
        if answers && front.answer.is_due() {
            front.answer.follow(ANSWER);
        }
    }
}

/// Sends pieces, closes the client's sending side, and answers what went through, however long it
/// takes.
async fn through(limits: Limits, pieces: Vec<Vec<u8>>, piece: usize) -> Vec<u8> {
    let ever = Duration::MAX;
    let limits = Limits {
        first_byte_timeout: ever,
        head_timeout: ever,
        keep_alive: ever,
        body_stall: ever,
        linger: ever,
        linger_bytes: usize::MAX,
        ..limits
    };
    let (mut client, mut front) = pipe(limits);
    let sender = actix_web::rt::spawn(async move {
        for piece in pieces {
            if client.write_all(&piece).await.is_err() {
                break;
            }
            // Lets the reader see this piece by itself.
            actix_web::rt::task::yield_now().await;
        }
        client.shutdown().await.unwrap();
        client
    });
    let all = read_all(&mut front, piece).await;
    drop(front);
    sender.await.unwrap();
    all
}

/// Sends everything at once.
async fn whole(data: &[u8]) -> Vec<u8> {
    through(Limits::default(), vec![data.to_vec()], 8_192).await
}

/// What a refused request becomes when its `Host` is `x`.
fn refused(token: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nsae-secret-refusal: {token}\r\n\r\n")
        .into_bytes()
}

#[test]
fn the_dispatcher_takes_the_default_limits() {
    assert_eq!(Limits::default().within_dispatcher(), Limits::default());
    let most = Limits {
        target: usize::MAX,
        headers: usize::MAX,
        header_bytes: usize::MAX,
        ..Limits::default()
    };
    let Limits { target, headers, header_bytes, .. } = most.within_dispatcher();
    assert_eq!((target, headers, header_bytes), (61_536, 94, 65_536));
}
