//! How long the server waits for a client, and how it stops.

use h2::Reason;
use tokio::{io::AsyncWriteExt as _, time::pause};

use super::{
    Client, Limits, answer,
    application::LARGE,
    frames::{
        CONTINUATION, END_HEADERS, END_STREAM, GO_AWAY, HEADERS, Outcome, PING, Raw, block,
        get as head,
    },
    get, seconds, serve, stopwatch,
};

#[actix_web::test]
async fn a_client_without_a_request_is_waited_for_10_seconds() {
    pause();
    let passed = stopwatch();
    let (silent, mut server) = serve(Limits::default());
    server.done().await;
    assert_eq!(passed(), 10);
    drop(silent);

    let passed = stopwatch();
    let (io, mut server) = serve(Limits::default());
    let client = Client::connect(io).await;
    server.done().await;
    assert_eq!(passed(), 10);
    // It is told, not cut off.
    client.connection.await.unwrap().unwrap();
    assert_eq!(server.watch.begun(), 0);
}

#[actix_web::test]
async fn other_frames_are_no_request() {
    pause();
    let passed = stopwatch();
    let (io, mut server) = serve(Limits::default());
    let mut raw = Raw::open(io).await;
    let pieces = block(&[("a", "b"); 100]);
    let start = [block(&head("/")), pieces[..1].to_vec()].concat();
    let busy = actix_web::rt::spawn(async move {
        for number in 0_u64..5 {
            raw.frame(PING, 0, 0, &number.to_be_bytes()).await;
            seconds(1).await;
        }
        raw.frame(HEADERS, END_STREAM, 1, &start).await;
        for piece in pieces[1..].chunks(20) {
            seconds(1).await;
            if !raw.frame(CONTINUATION, 0, 1, piece).await {
                return raw;
            }
        }
        raw
    });
    server.done().await;
    // Ten seconds, and two for an answer to the farewell, which does not come.
    assert_eq!(passed(), 12);
    assert_eq!(server.watch.begun(), 0);
    drop(busy.await.unwrap());
}

#[actix_web::test]
async fn a_resting_connection_is_kept_75_seconds() {
    pause();
    let passed = stopwatch();
    let (io, mut server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    for _ in 0..3 {
        assert_eq!(client.get("/").await.unwrap().status, 200);
        seconds(74).await;
    }
    assert!(!server.done.is_finished());
    server.done().await;
    assert_eq!(passed(), 3 * 74 + 1);
    client.connection.await.unwrap().unwrap();
}

#[actix_web::test]
async fn a_request_under_way_may_take_longer() {
    pause();
    let passed = stopwatch();
    let (io, mut server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    let (response, _) = client.start(get("/held"), true).await;
    seconds(1000).await;
    server.watch.let_go(1);
    assert_eq!(answer(response).await.unwrap().body, "held");
    server.done().await;
    assert_eq!(passed(), 1075);
}

#[actix_web::test]
async fn a_farewell_that_nobody_answers_is_short() {
    pause();
    let (io, mut server) = serve(Limits::default());
    let mut raw = Raw::open(io).await;
    assert!(matches!(raw.ask(1, &head("/")).await, Outcome::Answer(_)));
    let passed = stopwatch();
    server.done().await;
    assert_eq!(passed(), 77);
    let mut farewells = 0;
    while let Some(frame) = raw.next().await {
        farewells += usize::from(frame.kind == GO_AWAY);
    }
    assert_eq!(farewells, 1);
}

#[actix_web::test]
async fn stopping_closes_what_rests_at_once() {
    pause();
    let passed = stopwatch();
    let (io, mut server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    client.get("/").await.unwrap();
    server.stop.notify_one();
    server.done().await;
    assert_eq!(passed(), 0);
    client.connection.await.unwrap().unwrap();

    // A client that has not said what it wants is not waited for either.
    let (client, mut server) = serve(Limits::default());
    server.stop.notify_one();
    server.done().await;
    assert_eq!(passed(), 0);
    drop(client);
}

#[actix_web::test]
async fn stopping_waits_for_answers() {
    pause();
    let passed = stopwatch();
    let (io, mut server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    let (response, _) = client.start(get("/held"), true).await;
    let (large, _) = client.start(get("/large"), true).await;
    server.watch.until_begun(2).await;
    server.stop.notify_one();
    seconds(20).await;
    assert!(!server.done.is_finished());
    // The farewell has reached the client, which begins nothing new.
    let more = client.sender.clone().ready().await;
    assert!(more.is_err(), "a further request would be taken");
    server.watch.let_go(1);
    let (held, large) = tokio::join!(answer(response), answer(large));
    assert_eq!((held.unwrap().body.as_str(), large.unwrap().body.len()), ("held", LARGE));
    server.done().await;
    assert_eq!(passed(), 20);
    client.connection.await.unwrap().unwrap();
}

#[actix_web::test]
async fn a_client_that_takes_nothing_is_given_up() {
    pause();
    let passed = stopwatch();
    let (mut io, mut server) = serve(Limits::default());
    // Room for the whole answer, by the protocol: only the pipe is full.
    io.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    io.write_all(&[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff]).await.unwrap();
    io.write_all(&[0, 0, 4, 8, 0, 0, 0, 0, 0, 0x70, 0, 0, 0]).await.unwrap();
    let block = block(&head("/large"));
    let length = u8::try_from(block.len()).unwrap();
    io.write_all(&[0, 0, length, 1, END_STREAM | END_HEADERS, 0, 0, 0, 1]).await.unwrap();
    io.write_all(&block).await.unwrap();
    server.done().await;
    assert_eq!(passed(), 30);
    assert_eq!(server.watch.ended(), 1);
}

#[actix_web::test]
async fn an_answer_that_nobody_takes_is_given_up_alone() {
    pause();
    let passed = stopwatch();
    let (io, mut server) = serve(Limits::default());
    // Room for a thousand bytes of each answer.
    let mut raw = Raw::open_with(io, &[(4, 1000)]).await;
    assert_eq!(raw.ask(1, &head("/large")).await, Outcome::Reset(Reason::CANCEL.into()));
    assert_eq!(passed(), 30);
    assert_eq!(raw.ask(3, &head("/pieces")).await, Outcome::Answer("onetwo".to_owned()));
    drop(raw);
    server.done().await;
}
