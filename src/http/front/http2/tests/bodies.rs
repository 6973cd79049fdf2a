//! Bodies as the application reads them.

use std::future::poll_fn;

use actix_web::web::Bytes;
use h2::{Reason, SendStream};
use h2_http::HeaderMap;
use tokio::time::pause;

use super::{
    Client, Limits, answer,
    frames::{DATA, END_HEADERS, END_STREAM, HEADERS, Outcome, Raw},
    request, seconds, serve, upload, within,
};
use crate::http::front::http2::{CONNECTION_WINDOW, STREAM_WINDOW};

#[actix_web::test]
async fn bodies_larger_than_every_window_arrive() {
    let (io, _server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    for length in [0, 1, 70_000, 3_000_000] {
        let answer = client.post("/body", vec![b'x'; length]).await.unwrap();
        assert_eq!(answer.body, length.to_string());
    }
}

/// Sends as much as the server takes while the clock stands.
async fn fill(stream: &mut SendStream<Bytes>) -> usize {
    let mut sent = 0;
    loop {
        stream.reserve_capacity(1 << 20);
        let room = poll_fn(|cx| stream.poll_capacity(cx));
        let Ok(room) = tokio::time::timeout(std::time::Duration::from_secs(1), room).await else {
            return sent;
        };
        let room = room.unwrap().unwrap();
        stream.send_data(vec![0; room].into(), false).unwrap();
        sent += room;
    }
}

#[actix_web::test]
async fn bodies_that_nobody_reads_are_held_back() {
    pause();
    let (io, server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    let mut streams = Vec::new();
    for _ in 0..6 {
        streams.push(client.start(request("POST", "/unread"), false).await);
    }
    server.watch.until_begun(6).await;
    let mut sent = Vec::new();
    for (_, stream) in &mut streams {
        sent.push(fill(stream).await);
    }
    let window = STREAM_WINDOW as usize;
    assert_eq!(sent, [window, window, window, window, 0, 0]);
    assert_eq!(CONNECTION_WINDOW, 4 * STREAM_WINDOW);
    // What nobody has read is given back with the end of its request.
    server.watch.let_go(6);
    for (response, stream) in streams {
        assert_eq!(answer(response).await.unwrap().body, "unread");
        drop(stream);
    }
    assert_eq!(client.post("/body", vec![0; 2_000_000]).await.unwrap().body, "2000000");
}

#[actix_web::test]
async fn trailers_end_a_body() {
    let (io, _server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    let (response, mut stream) = client.start(request("POST", "/body"), false).await;
    upload(&mut stream, Bytes::from_static(b"abc")).await.unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("sae-secret-refusal", "malformed".parse().unwrap());
    stream.send_trailers(trailers).unwrap();
    assert_eq!(answer(response).await.unwrap().body, "3");
}

const POST: [(&str, &str); 4] =
    [(":method", "POST"), (":scheme", "https"), (":authority", "x"), (":path", "/body")];

#[actix_web::test]
async fn a_body_that_is_cut_off_is_not_taken_for_whole() {
    let (io, mut server) = serve(Limits::default());
    let mut raw = Raw::open(io).await;
    let wrong = Outcome::Reset(Reason::PROTOCOL_ERROR.into());
    for (number, length) in [(1, None), (3, Some("2")), (5, Some("4"))] {
        let length = length.map(|length| ("content-length", length));
        let head: Vec<_> = POST.into_iter().chain(length).collect();
        raw.head(number, &head, 0).await;
        server.watch.until_begun(server.watch.ended() + 1).await;
        if length.is_some() {
            raw.frame(DATA, END_STREAM, number, b"abc").await;
            assert_eq!(raw.outcome(number).await, wrong, "{length:?}");
        } else {
            raw.frame(DATA, 0, number, b"abc").await;
            raw.reset(number).await;
        }
        server.watch.until_ended(server.watch.begun()).await;
    }
    // A client that has gone is the last of it.
    raw.head(7, &POST, 0).await;
    raw.frame(DATA, 0, 7, b"abc").await;
    server.watch.until_begun(4).await;
    drop(raw);
    server.done().await;
    assert_eq!(server.watch.read(), ["broken"; 4]);
}

#[actix_web::test]
async fn an_answer_may_come_before_the_body() {
    let (io, server) = serve(Limits::default());
    server.watch.let_go(10);
    let mut client = Client::connect(io).await;
    for _ in 0..9 {
        let (response, mut stream) = client.start(request("POST", "/unread"), false).await;
        let sent = upload(&mut stream, vec![0; 3_000_000].into());
        let (answer, sent) = tokio::join!(answer(response), sent);
        assert_eq!(answer.unwrap().body, "unread");
        assert!(sent.is_err(), "all of it was taken");
    }
    let (io, server) = serve(Limits::default());
    server.watch.let_go(1);
    let mut raw = Raw::open(io).await;
    let [_, scheme, authority, _] = POST;
    raw.head(1, &[(":method", "POST"), scheme, authority, (":path", "/unread")], 0).await;
    assert_eq!(raw.outcome(1).await, Outcome::Answer("unread".to_owned()));
    // It is told to stop, without a reproach: RFC 9113, section 8.1.
    assert_eq!(raw.outcome(1).await, Outcome::Reset(Reason::NO_ERROR.into()));
}

#[actix_web::test]
async fn a_body_that_waits_for_a_word_gets_it() {
    pause();
    let (io, _server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    for expectation in ["100-continue", "100-Continue"] {
        let mut wanted = request("POST", "/body");
        wanted.headers_mut().insert("expect", expectation.parse().unwrap());
        let (mut response, mut stream) = client.start(wanted, false).await;
        let word = poll_fn(|cx| response.poll_informational(cx));
        let word = within(word).await.unwrap().unwrap();
        assert_eq!(word.status(), 100);
        upload(&mut stream, Bytes::from_static(b"abc")).await.unwrap();
        stream.send_data(Bytes::new(), true).unwrap();
        assert_eq!(answer(response).await.unwrap().body, "3");
    }
}

#[actix_web::test]
async fn nobody_else_gets_a_word_in_between() {
    pause();
    let (io, server) = serve(Limits::default());
    let mut raw = Raw::open(io).await;
    raw.head(1, &POST, 0).await;
    raw.frame(DATA, 0, 1, b"abc").await;
    seconds(1).await;
    raw.frame(DATA, END_STREAM, 1, b"").await;
    server.watch.until_ended(1).await;
    let mut heads = 0;
    loop {
        let frame = raw.next().await.unwrap();
        if frame.kind == HEADERS {
            assert_eq!(frame.flags, END_HEADERS);
            heads += 1;
        }
        if frame.kind == DATA {
            break;
        }
    }
    assert_eq!(heads, 1);
}
