//! Slow readers, and the end of a connection.

use std::io::ErrorKind;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::pause,
};

use super::{ANSWER, Limits, pipe, seconds, stopwatch};

const PUT: &[u8] = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";

#[actix_web::test]
async fn a_client_that_reads_nothing_is_given_up() {
    pause();
    let passed = stopwatch();
    let (client, mut front) = pipe(Limits::default());
    let error = front.write_all(&vec![0; 1_000_000]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(passed(), 30);
    drop(client);
}

#[actix_web::test]
async fn a_client_that_reads_slowly_is_waited_for() {
    pause();
    let passed = stopwatch();
    let (mut client, mut front) = pipe(Limits::default());
    let reader = actix_web::rt::spawn(async move {
        let mut buffer = vec![0; 60_000];
        let mut all = 0;
        loop {
            seconds(29).await;
            match client.read(&mut buffer).await.unwrap() {
                0 => return all,
                length => all += length,
            }
        }
    });
    front.write_all(&vec![0; 400_000]).await.unwrap();
    drop(front);
    assert_eq!(reader.await.unwrap(), 400_000);
    assert!(passed() > 100);
}

#[actix_web::test]
async fn what_the_client_still_sends_is_read_away() {
    pause();
    let passed = stopwatch();
    let (client, mut front) = pipe(Limits::default());
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
    assert_eq!(passed(), 0);
}

#[actix_web::test]
async fn lingering_is_bounded_in_time_and_bytes() {
    pause();
    let passed = stopwatch();
    let (mut client, mut front) = pipe(Limits::default());
    client.write_all(PUT).await.unwrap();
    front.read_exact(&mut vec![0; PUT.len()]).await.unwrap();
    front.shutdown().await.unwrap();
    assert_eq!(passed(), 2);

    let (mut client, mut front) = pipe(Limits { linger_bytes: 10_000, ..Limits::default() });
    client.write_all(PUT).await.unwrap();
    front.read_exact(&mut vec![0; PUT.len()]).await.unwrap();
    client.write_all(&vec![0; 20_000]).await.unwrap();
    front.shutdown().await.unwrap();
    assert_eq!(passed(), 2);
}

#[actix_web::test]
async fn a_resting_connection_closes_at_once() {
    pause();
    let passed = stopwatch();
    let (mut client, mut front) = pipe(Limits::default());
    let get = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    client.write_all(get).await.unwrap();
    front.read_exact(&mut vec![0; get.len()]).await.unwrap();
    front.write_all(ANSWER).await.unwrap();
    front.shutdown().await.unwrap();
    assert_eq!(passed(), 0);
}
