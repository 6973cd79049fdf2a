//! The front door as a whole: over a pipe, and in front of a running application.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod closing;
mod random;
mod server;
mod stream;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::{FrontStream, Limits};

/// An answer as the dispatcher would write it.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Limits whose waits are short enough to be waited for.
fn quick() -> Limits {
    Limits {
        first_byte_timeout: Duration::from_millis(150),
        head_timeout: Duration::from_millis(150),
        keep_alive: Duration::from_millis(150),
        body_stall: Duration::from_millis(150),
        write_stall: Duration::from_millis(150),
        linger: Duration::from_millis(150),
        ..Limits::default()
    }
}

/// A client's end, and the front door at the other end.
fn pipe(limits: Limits) -> (DuplexStream, FrontStream<DuplexStream>) {
    let (client, server) = duplex(64 * 1024);
    (client, FrontStream::new(server, limits))
}

/// Reads all that the dispatcher would read, and answers every request at once.
async fn read_all(front: &mut FrontStream<DuplexStream>, piece: usize) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = vec![0; piece];
    loop {
        let length = front.read(&mut buffer).await.unwrap();
        if length == 0 {
            return all;
        }
        all.extend_from_slice(&buffer[..length]);
        if front.answer.is_due() {
            front.answer.follow(ANSWER);
        }
    }
}

/// Sends pieces, closes the client's sending side, and answers what went through.
async fn through(limits: Limits, pieces: Vec<Vec<u8>>, piece: usize) -> Vec<u8> {
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
