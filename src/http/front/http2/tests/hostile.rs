//! Clients that mean harm.

use h2::Reason;
use tokio::{io::AsyncWriteExt as _, time::pause};

use super::{
    Limits,
    frames::{
        CONTINUATION, DATA, END_STREAM, HEADERS, Outcome, PING, Raw, SETTINGS, block, get as head,
    },
    seconds, serve, stopwatch,
};

fn calm() -> Outcome {
    Outcome::GoneAway(Reason::ENHANCE_YOUR_CALM.into())
}

/// Reads until the server has given the connection up.
async fn end(raw: &mut Raw) -> Outcome {
    raw.outcome(u32::MAX).await
}

#[actix_web::test]
async fn requests_that_are_reset_at_once_do_not_pile_up() {
    pause();
    let (io, mut server) = serve(Limits { streams: 5, ..Limits::default() });
    let mut raw = Raw::open(io).await;
    let held = [1, 3, 5, 7, 9];
    for stream in held {
        raw.head(stream, &head("/held"), END_STREAM).await;
    }
    server.watch.until_begun(5).await;
    for stream in held {
        raw.reset(stream).await;
    }
    let mut stream = 11;
    while stream < 20_000 {
        // One after the other, so that each would be begun if there were room.
        raw.head(stream, &head("/held"), END_STREAM).await;
        seconds(1).await;
        if !raw.reset(stream).await {
            break;
        }
        stream += 2;
    }
    assert!(stream < 20_000, "the server read on");
    assert_eq!(end(&mut raw).await, calm());
    assert_eq!(server.watch.begun(), 5);
    seconds(1000).await;
    assert!(!server.done.is_finished(), "their work goes on");
    server.watch.let_go(5);
    server.done().await;
    assert_eq!(server.watch.ended(), 5);
}

#[actix_web::test]
async fn requests_that_begin_and_are_reset_are_bounded_too() {
    let (io, mut server) = serve(Limits { streams: 5, ..Limits::default() });
    let mut raw = Raw::open(io).await;
    for number in 0..500 {
        let stream = 2 * number + 1;
        raw.head(stream, &head("/body"), 0).await;
        server.watch.until_begun(usize::try_from(stream).unwrap().div_ceil(2)).await;
        assert!(raw.reset(stream).await);
    }
    drop(raw);
    server.done().await;
    assert!(server.watch.most() <= 5, "{}", server.watch.most());
    assert_eq!((server.watch.begun(), server.watch.ended()), (500, 500));
}

#[actix_web::test]
async fn a_head_without_an_end_is_bounded() {
    // In small pieces, empty ones, and large ones that add up to nothing.
    for piece in [&block(&[("a", "b")])[..], b"", &[0x20; 16_384]] {
        let (io, mut server) = serve(Limits::default());
        let mut raw = Raw::open(io).await;
        raw.frame(HEADERS, END_STREAM, 1, &block(&head("/"))).await;
        let mut sent = 0;
        while sent < 100_000 && raw.frame(CONTINUATION, 0, 1, piece).await {
            sent += 1;
        }
        assert!(sent < 100_000, "the server read on");
        assert!(matches!(end(&mut raw).await, Outcome::GoneAway(_)));
        server.done().await;
        assert_eq!(server.watch.begun(), 0);
    }
}

#[actix_web::test]
async fn a_head_that_grows_when_it_is_decoded_is_bounded() {
    let (io, mut server) = serve(Limits::default());
    let mut raw = Raw::open(io).await;
    // One long field that is remembered, and then named by one byte as often as fits.
    let mut bomb = block(&head("/"));
    bomb.extend([0x40, 1, b'a', 0x7f, 0x81, 0x1e]);
    bomb.extend([b'b'; 4_000]);
    bomb.extend([0xbe; 5_000]);
    raw.frame(HEADERS, END_STREAM | 4, 1, &bomb).await;
    assert!(matches!(raw.outcome(1).await, Outcome::GoneAway(_)));
    server.done().await;
    assert_eq!(server.watch.begun(), 0);
}

#[actix_web::test]
async fn answers_to_pings_and_settings_do_not_pile_up() {
    pause();
    for kind in [PING, SETTINGS] {
        let passed = stopwatch();
        let (mut io, mut server) = serve(Limits::default());
        io.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        let length = if kind == PING { 8 } else { 0 };
        let mut frame = vec![0, 0, length, kind, 0, 0, 0, 0, 0];
        frame.resize(9 + usize::from(length), 0);
        // It reads nothing: when the pipe is full of answers nothing more is taken.
        let flood = frame.repeat(1_000_000 / frame.len());
        let flood = tokio::time::timeout(std::time::Duration::from_secs(5), io.write_all(&flood));
        assert!(flood.await.is_err(), "the server read on");
        server.done().await;
        assert!(passed() <= 35, "{}", passed());
    }
}

#[actix_web::test]
async fn empty_pieces_of_a_body_are_bounded() {
    let (io, mut server) = serve(Limits::default());
    let mut raw = Raw::open(io).await;
    raw.head(1, &head("/body"), 0).await;
    server.watch.until_begun(1).await;
    let mut sent = 0;
    while sent < 100_000 && raw.frame(DATA, 0, 1, b"").await {
        sent += 1;
    }
    assert!(sent < 100_000, "the server read on");
    assert_eq!(end(&mut raw).await, calm());
    server.done().await;
    assert_eq!(server.watch.read(), ["broken"]);
}

#[actix_web::test]
async fn what_is_not_http2_is_cut_off() {
    for bytes in [
        &b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        // A frame of 16 MiB, and frames that belong to a stream or do not.
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\x04\0\0\0\0\0",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x00\0\0\0\0\0",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x09\x04\0\0\0\x01",
    ] {
        let (mut io, mut server) = serve(Limits::default());
        io.write_all(bytes).await.unwrap();
        server.done().await;
        assert_eq!(server.watch.begun(), 0);
    }
}
