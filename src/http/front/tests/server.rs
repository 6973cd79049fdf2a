//! A running application behind the front door, spoken to over sockets.

use std::{net::SocketAddr, time::Duration};

use actix_server::{Server, ServerHandle};
use actix_web::{
    App, HttpRequest, HttpResponse,
    rt::{net::TcpStream, spawn, task::JoinHandle, time},
    web,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;

use super::super::{Limits, listen, query, refusal};

/// Answers what it saw, as every handler with work to do: not at once.
async fn echo(request: HttpRequest, body: web::Payload) -> HttpResponse {
    let refused = refusal(request.headers());
    time::sleep(Duration::from_millis(3)).await;
    let body = match body.to_bytes_limited(1_000_000).await {
        Ok(Ok(body)) => body.len().to_string(),
        _ => String::from("broken"),
    };
    HttpResponse::build(refused.map_or(200, |_| 400).try_into().unwrap()).body(format!(
        "<{} {} {} {body} {}>",
        request.method(),
        request.path(),
        query(request.head()).len(),
        refused.map_or("", super::super::Refusal::token),
    ))
}

/// Told when a request has reached [`slow`].
static SLOW_BEGUN: Notify = Notify::const_new();

async fn slow() -> &'static str {
    SLOW_BEGUN.notify_one();
    time::sleep(Duration::from_secs(1)).await;
    "<slow>"
}

/// Lets the input pile up in the dispatcher before it takes it.
async fn late(body: web::Payload) -> String {
    time::sleep(Duration::from_millis(200)).await;
    let body = body.to_bytes_limited(1_000_000).await;
    format!("<{:?}>", body.ok().and_then(Result::ok).map(|body| body.len()))
}

/// Where a server is, what stops it, and its end.
pub(super) type Running = (SocketAddr, ServerHandle, JoinHandle<std::io::Result<()>>);

pub(super) fn start(limits: Limits) -> Running {
    start_with(limits, None)
}

pub(super) fn start_with(limits: Limits, tls: Option<TlsAcceptor>) -> Running {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let builder = Server::build().workers(1).disable_signals().shutdown_timeout(60);
    let server = listen(builder, listener, limits, tls, || {
        App::new()
            .route("/slow", web::get().to(slow))
            .route("/late", web::post().to(late))
            .route("/sync", web::post().to(|| async { "<sync>" }))
            .default_service(web::to(echo))
    });
    let server = server.unwrap().run();
    let handle = server.handle();
    (address, handle, spawn(server))
}

/// Sends all, then reads until the server closes.
pub(super) async fn talk(address: SocketAddr, data: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(data).await.unwrap();
    let mut answer = Vec::new();
    time::timeout(Duration::from_mins(2), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8(answer).unwrap()
}

pub(super) fn bodies(answers: &str) -> Vec<&str> {
    answers.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()).collect()
}

const LAST: &str = "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[actix_web::test]
async fn pipelined_requests_are_answered_in_order_and_in_full() {
    let (address, ..) = start(Limits::default());
    let long = "q".repeat(102_400 - 5);
    let data = format!(
        "GET /one?a HTTP/1.1\r\nHost: x\r\n\r\n\
         HEAD /two HTTP/1.1\r\nHost: x\r\n\r\n\
         PUT /s/t?{long} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
         3\r\nabc\r\n0\r\n\r\n\
         DELETE http://x/four HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}\
         POST /sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n\
         GET /six HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n{LAST}"
    );
    let answers = talk(address, data.as_bytes()).await;
    assert_eq!(
        bodies(&answers),
        [
            "GET /one 1 0 ",
            "PUT /s/t 102395 3 ",
            "DELETE /four 0 2 ",
            "sync",
            "GET /six 0 0 ",
            "GET /last 0 0 "
        ]
    );
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 7);
    assert_eq!(answers.matches("connection: ").count(), 1, "{answers}");
}

#[actix_web::test]
async fn refusals_are_answered_in_their_turn() {
    let (patient, ..) = start(Limits { head_timeout: Duration::from_mins(2), ..Limits::default() });
    let (hasty, ..) = start(Limits { head_timeout: Duration::from_secs(1), ..Limits::default() });
    let first = "HEAD /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
    for (bad, token) in [
        (format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(102_400)), "uri-too-long"),
        (format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(5_000_000)), "uri-too-long"),
        (format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200)), "head-too-large"),
        (String::from("GET / HTTP/1.1\r\nbad\r\n\r\n"), "malformed"),
        (String::from("\x16\x03\x01"), "malformed"),
        (String::from("GET / HTTP/1.1\r\nHo"), "timeout"),
    ] {
        let address = if token == "timeout" { hasty } else { patient };
        let answers = talk(address, [first, &bad].concat().as_bytes()).await;
        let refused = format!("GET / 0 0 {token}");
        assert_eq!(bodies(&answers), ["GET /2 0 0 ", &refused]);
        let (before, last) = answers.rsplit_once("HTTP/1.1 ").unwrap();
        assert!(last.starts_with("400 ") && last.contains("connection: close"), "{last}");
        assert!(!before.contains("connection: "), "{before}");
    }
}

#[actix_web::test]
async fn bodies_may_be_announced_and_may_break() {
    let (address, ..) = start(Limits::default());
    let head = "PUT /a HTTP/1.1\r\nHost: x\r\n";
    let answers = talk(
        address,
        format!("{head}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{{}}{LAST}").as_bytes(),
    )
    .await;
    assert!(answers.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"), "{answers}");
    assert_eq!(bodies(&answers), ["PUT /a 0 2 ", "GET /last 0 0 "]);
    let broken = format!("{head}Transfer-Encoding: chunked\r\n\r\n2\r\nabX{LAST}");
    let answers = talk(address, broken.as_bytes()).await;
    assert_eq!(bodies(&answers), ["PUT /a 0 broken "]);
    assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers}");
}

#[actix_web::test]
async fn an_early_answer_survives_a_body_that_nobody_reads() {
    let (address, ..) = start(Limits { linger: Duration::from_mins(1), ..Limits::default() });
    let head = "POST /sync HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n";
    for _ in 0..10 {
        let data = [head.as_bytes(), &vec![b'x'; 3_000_000]].concat();
        assert_eq!(bodies(&talk(address, &data).await), ["sync"]);
    }
}

#[actix_web::test]
async fn a_client_may_close_its_side_before_the_answer() {
    let (address, ..) = start(Limits::default());
    let head = "POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n";
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&[head.as_bytes(), &vec![b'x'; 100_000]].concat()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(bodies(&answer), ["Some(100000)"]);
}

#[actix_web::test]
async fn silent_connections_are_closed() {
    let wait = Duration::from_secs(1);
    let (address, ..) = start(Limits { first_byte_timeout: wait, ..Limits::default() });
    assert_eq!(talk(address, b"").await, "");
    let (address, ..) =
        start(Limits { keep_alive: wait, body_stall: wait, linger: wait, ..Limits::default() });
    let answers = talk(address, b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(bodies(&answers), ["GET /a 0 0 "]);
    // A body that stalls while nobody reads it does not hold the connection either.
    let stalled = b"POST /sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab";
    assert_eq!(bodies(&talk(address, stalled).await), ["sync"]);
}

#[actix_web::test]
async fn stopping_waits_for_answers_only() {
    let (address, handle, server) = start(Limits::default());
    let mut resting = TcpStream::connect(address).await.unwrap();
    resting.write_all(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b">") {
        assert!(resting.read_buf(&mut answer).await.unwrap() > 0);
    }
    let busy = spawn(async move { talk(address, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await });
    SLOW_BEGUN.notified().await;
    let start = std::time::Instant::now();
    handle.stop(true).await;
    assert_eq!(resting.read(&mut [0]).await.unwrap(), 0);
    let answer = busy.await.unwrap();
    assert_eq!(bodies(&answer), ["slow"]);
    assert!(answer.contains("connection: close"), "{answer}");
    server.await.unwrap().unwrap();
    // Far less than the shutdown timeout, and than the rest of a resting connection.
    assert!(start.elapsed() < Duration::from_secs(45), "{:?}", start.elapsed());
}
