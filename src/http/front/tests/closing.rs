//! Slow readers, and the end of a connection.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{ANSWER, Limits, pipe, quick};

const PUT: &[u8] = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";

#[actix_web::test]
async fn a_client_that_reads_nothing_is_given_up() {
    let (client, mut front) = pipe(quick());
    let start = Instant::now();
    let error = front.write_all(&vec![0; 1_000_000]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!((150..5_000).contains(&start.elapsed().as_millis()));
    drop(client);
}

#[actix_web::test]
async fn a_client_that_reads_slowly_is_waited_for() {
    let (mut client, mut front) =
        pipe(Limits { write_stall: Duration::from_millis(600), ..quick() });
    let reader = actix_web::rt::spawn(async move {
        let mut buffer = vec![0; 60_000];
        let mut all = 0;
        loop {
            actix_web::rt::time::sleep(Duration::from_millis(150)).await;
            match client.read(&mut buffer).await.unwrap() {
                0 => return all,
                length => all += length,
            }
        }
    });
    front.write_all(&vec![0; 400_000]).await.unwrap();
    drop(front);
    assert_eq!(reader.await.unwrap(), 400_000);
}

#[actix_web::test]
async fn what_the_client_still_sends_is_read_away() {
    let (client, mut front) = pipe(quick());
    let (mut reading, mut writing) = tokio::io::split(client);
    writing.write_all(PUT).await.unwrap();
    let mut buffer = vec![0; 100];
    assert_eq!(front.read(&mut buffer).await.unwrap(), PUT.len());
    front.write_all(ANSWER).await.unwrap();
    let sender = actix_web::rt::spawn(async move {
        writing.write_all(&vec![b'x'; 1_000_000]).await.unwrap();
        let mut answer = Vec::new();
        reading.read_to_end(&mut answer).await.unwrap();
        answer
    });
    front.shutdown().await.unwrap();
    assert_eq!(sender.await.unwrap(), ANSWER);
}

#[actix_web::test]
async fn lingering_is_bounded_in_time_and_bytes() {
    let (mut client, mut front) = pipe(quick());
    client.write_all(PUT).await.unwrap();
    front.read_exact(&mut vec![0; PUT.len()]).await.unwrap();
    let start = Instant::now();
    front.shutdown().await.unwrap();
    assert!((150..5_000).contains(&start.elapsed().as_millis()));

    let (mut client, mut front) = pipe(Limits { linger_bytes: 10_000, ..Limits::default() });
    client.write_all(PUT).await.unwrap();
    front.read_exact(&mut vec![0; PUT.len()]).await.unwrap();
    client.write_all(&vec![0; 20_000]).await.unwrap();
    let start = Instant::now();
    front.shutdown().await.unwrap();
    assert!(start.elapsed().as_millis() < 1_000);
}

#[actix_web::test]
async fn a_resting_connection_closes_at_once() {
    let (mut client, mut front) = pipe(Limits::default());
    let get = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    client.write_all(get).await.unwrap();
    front.read_exact(&mut vec![0; get.len()]).await.unwrap();
    front.write_all(ANSWER).await.unwrap();
    let start = Instant::now();
    front.shutdown().await.unwrap();
    assert!(start.elapsed().as_millis() < 1_000);
}
