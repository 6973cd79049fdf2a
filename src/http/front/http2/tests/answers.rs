//! Answers as the client gets them.

use h2::Reason;
use h2_http::header;
use tokio::time::pause;

use super::{
    Client, Limits, answer, application::LARGE, get, next, reason, request, seconds, serve,
    stopwatch, within,
};

#[actix_web::test]
async fn a_large_answer_arrives_whole() {
    let (io, _server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    let answer = client.get("/large").await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, LARGE));
    assert_eq!(answer.headers[header::CONTENT_LENGTH], LARGE.to_string());
    assert!(answer.headers.contains_key(header::DATE));
}

#[actix_web::test]
async fn answers_without_a_body_end_with_their_head() {
    let (io, _server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    for (request, status, length) in [
        (request("HEAD", "/large"), 200, Some(LARGE.to_string())),
        (request("HEAD", "/pieces"), 200, None),
        (get("/204"), 204, None),
        (get("/304"), 304, None),
        (get("/empty"), 200, Some(String::from("0"))),
    ] {
        let (response, _) = client.start(request, true).await;
        let (head, body) = within(response).await.unwrap().into_parts();
        let found = head.headers.get(header::CONTENT_LENGTH);
        let found = found.map(|length| length.to_str().unwrap().to_owned());
        assert_eq!((head.status.as_u16(), found), (status, length));
        assert!(body.is_end_stream());
    }
}

#[actix_web::test]
async fn fields_of_a_connection_stay_behind() {
    let (io, _server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    let answer = client.get("/connection").await.unwrap();
    let mut names: Vec<_> = answer.headers.keys().map(header::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-length", "date", "set-cookie"]);
    let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["a", "b"]);
}

#[actix_web::test]
async fn an_error_is_an_answer_too() {
    let (io, _server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    let answer = client.get("/error").await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (418, "error"));
}

#[actix_web::test]
async fn a_body_of_unknown_length_ends_with_its_last_piece() {
    let (io, _server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    let answer = client.get("/pieces").await.unwrap();
    assert_eq!(answer.body, "onetwo");
    assert!(!answer.headers.contains_key(header::CONTENT_LENGTH));
}

#[actix_web::test]
async fn a_body_that_is_not_what_it_promised_is_never_taken_for_whole() {
    let (io, _server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    for path in ["/breaks", "/short", "/long"] {
        let (response, _) = client.start(get(path), true).await;
        assert_eq!(reason(answer(response).await), Some(Reason::INTERNAL_ERROR), "{path}");
    }
    // The connection is none the worse for it.
    assert_eq!(client.get("/pieces").await.unwrap().status, 200);
}

#[actix_web::test]
async fn a_slow_reader_is_waited_for() {
    pause();
    let passed = stopwatch();
    let (io, server) = serve(Limits::default());
    let mut client = Client::connect(io).await;
    let (response, _) = client.start(get("/large"), true).await;
    let mut body = within(response).await.unwrap().into_body();
    let mut length = 0;
    while let Some(piece) = next(&mut body).await {
        length += piece.unwrap().len();
        seconds(29).await;
    }
    assert_eq!(length, LARGE);
    assert!(passed() > 300, "{}", passed());
    assert_eq!(server.watch.ended(), 1);
}
