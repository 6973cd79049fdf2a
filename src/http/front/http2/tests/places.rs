//! How many requests may be under way.

use std::sync::Arc;

use h2::Reason;
use tokio::{sync::Semaphore, time::pause};

use super::{
    Client, Limits, answer,
    frames::{END_STREAM, Outcome, Raw, SETTINGS, get as head},
    get, reason, seconds, serve, serve_among,
};

#[actix_web::test]
async fn the_client_is_told_the_limits() {
    let (io, _server) = serve(Limits::default());
    let mut raw = Raw::open(io).await;
    let frame = raw.next().await.unwrap();
    assert_eq!(frame.kind, SETTINGS);
    let settings: Vec<(u16, u32)> = frame
        .payload
        .chunks(6)
        .map(|pair| {
            let name = u16::from_be_bytes([pair[0], pair[1]]);
            (name, u32::from_be_bytes(pair[2..].try_into().unwrap()))
        })
        .collect();
    for wanted in [(3, 100), (4, 262_144), (6, 98_304)] {
        assert!(settings.contains(&wanted), "{wanted:?} in {settings:?}");
    }
}

#[actix_web::test]
async fn a_client_that_knows_the_limit_waits() {
    pause();
    let (io, server) = serve(Limits { streams: 2, ..Limits::default() });
    let mut client = Client::connect(io).await;
    client.get("/").await.unwrap();
    let (first, _) = client.start(get("/held"), true).await;
    let (second, _) = client.start(get("/held"), true).await;
    let (third, _) = client.start(get("/held"), true).await;
    seconds(1).await;
    assert_eq!(server.watch.begun(), 3);
    server.watch.let_go(3);
    for held in [first, second, third] {
        assert_eq!(answer(held).await.unwrap().body, "held");
    }
    assert_eq!(server.watch.most(), 2);
}

#[actix_web::test]
async fn a_client_that_ignores_the_limit_is_refused() {
    let (io, server) = serve(Limits { streams: 2, ..Limits::default() });
    let mut raw = Raw::open(io).await;
    raw.head(1, &head("/held"), END_STREAM).await;
    raw.head(3, &head("/held"), END_STREAM).await;
    let refused = Outcome::Reset(Reason::REFUSED_STREAM.into());
    assert_eq!(raw.ask(5, &head("/held")).await, refused);
    server.watch.let_go(2);
    server.watch.until_ended(2).await;
    assert_eq!(server.watch.begun(), 2);
}

#[actix_web::test]
async fn a_request_keeps_its_place_when_its_client_has_reset_it() {
    pause();
    let (io, server) = serve(Limits { streams: 2, ..Limits::default() });
    let mut raw = Raw::open(io).await;
    for stream in [1, 3] {
        raw.head(stream, &head("/held"), END_STREAM).await;
    }
    server.watch.until_begun(2).await;
    for stream in [1, 3] {
        raw.reset(stream).await;
    }
    raw.head(5, &head("/pieces"), END_STREAM).await;
    seconds(60).await;
    assert_eq!(server.watch.begun(), 2);
    server.watch.let_go(1);
    assert_eq!(raw.outcome(5).await, Outcome::Answer("onetwo".to_owned()));
    // It was not cancelled either.
    assert_eq!((server.watch.begun(), server.watch.ended()), (3, 2));
}

#[actix_web::test]
async fn connections_share_the_places_of_their_worker() {
    let places = Arc::new(Semaphore::new(2));
    let (io, one) = serve_among(Limits::default(), Arc::clone(&places));
    let mut client = Client::connect(io).await;
    let (io, other) = serve_among(Limits::default(), Arc::clone(&places));
    let mut late = Client::connect(io).await;
    let (first, _) = client.start(get("/held"), true).await;
    let (second, _) = client.start(get("/held"), true).await;
    one.watch.until_begun(2).await;
    for _ in 0..3 {
        assert_eq!(reason(late.get("/").await), Some(Reason::REFUSED_STREAM));
    }
    assert_eq!(other.watch.begun(), 0);
    one.watch.let_go(2);
    for held in [first, second] {
        answer(held).await.unwrap();
    }
    // The place is free when the answer has left, not when the client has it.
    while places.available_permits() < 2 {
        actix_web::rt::task::yield_now().await;
    }
    assert_eq!(late.get("/").await.unwrap().status, 200);
}

#[actix_web::test]
async fn a_request_keeps_its_place_when_its_client_has_gone() {
    let places = Arc::new(Semaphore::new(1));
    let (io, mut server) = serve_among(Limits::default(), Arc::clone(&places));
    let mut raw = Raw::open(io).await;
    raw.head(1, &head("/held"), END_STREAM).await;
    server.watch.until_begun(1).await;
    drop(raw);
    let (io, _other) = serve_among(Limits::default(), Arc::clone(&places));
    let mut late = Client::connect(io).await;
    assert_eq!(reason(late.get("/").await), Some(Reason::REFUSED_STREAM));
    assert!(!server.done.is_finished());
    server.watch.let_go(1);
    server.done().await;
    assert_eq!(server.watch.ended(), 1);
    assert_eq!(late.get("/").await.unwrap().status, 200);
}
