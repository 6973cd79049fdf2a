//! Request heads as the application sees them: as if they had come in HTTP/1.

use std::time::Duration;

use h2::Reason;
use h2_http::Request;

use super::{
    Answer, Client, Limits,
    frames::{Outcome, Raw, get as head},
    get, reason, request, serve,
};
use crate::http::front::{LONG_PATH, REFUSAL_HEADER, TARGET_HEADER};

/// What the application saw of a request that a client of the crate can send.
async fn seen(limits: Limits, request: Request<()>) -> Result<String, h2::Error> {
    let (io, _server) = serve(limits);
    Client::connect(io).await.ask(request).await.map(|Answer { body, .. }| body)
}

/// What became of a head with these fields; afterwards the connection goes on.
async fn outcome(fields: &[(&str, &str)]) -> Outcome {
    let (io, _server) = serve(Limits::default());
    // Room for an answer that repeats the longest target.
    let mut raw = Raw::open_with(io, &[(4, 1 << 20)]).await;
    let outcome = raw.ask(1, fields).await;
    assert_eq!(raw.ask(3, &head("/pieces")).await, Outcome::Answer("onetwo".to_owned()));
    outcome
}

fn saw(text: &str) -> Outcome {
    Outcome::Answer(text.to_owned())
}

fn refused(token: &str) -> String {
    format!("GET /\nhost: x\n{REFUSAL_HEADER}: {token}")
}

fn reset() -> Outcome {
    Outcome::Reset(Reason::PROTOCOL_ERROR.into())
}

/// A head with this in the place of the authority.
fn named<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut head: Vec<_> = super::frames::GET.to_vec();
    head.retain(|(name, _)| *name != ":authority");
    // Names that begin with a colon come first.
    let (pseudo, rest): (Vec<_>, Vec<_>) =
        fields.iter().partition(|(name, _)| name.starts_with(':'));
    [pseudo, head, rest].concat()
}

#[actix_web::test]
async fn a_head_arrives_as_it_was_sent() {
    let mut wanted = request("PATCH", "/a/b?c=%20d&e");
    wanted.headers_mut().append("x-b", "1".parse().unwrap());
    wanted.headers_mut().append("x-b", "2".parse().unwrap());
    wanted.headers_mut().append("te", "trailers".parse().unwrap());
    assert_eq!(
        seen(Limits::default(), wanted).await.unwrap(),
        "PATCH /a/b?c=%20d&e\nhost: x\nte: trailers\nx-b: 1\nx-b: 2"
    );
}

#[actix_web::test]
async fn a_client_cannot_set_what_only_we_may_set() {
    let mut wanted = get("/a");
    for name in [TARGET_HEADER, REFUSAL_HEADER] {
        wanted.headers_mut().append(name, "malformed".parse().unwrap());
        wanted.headers_mut().append(name, "/b".parse().unwrap());
    }
    assert_eq!(seen(Limits::default(), wanted).await.unwrap(), "GET /a\nhost: x");
}

#[actix_web::test]
async fn targets_that_the_application_cannot_take_move() {
    let longest = format!("/a?{}", "q".repeat(65_534 - 3));
    let long_path = format!("/{}?q", "p".repeat(62_000));
    for (target, path) in [(longest, "/a"), (long_path, LONG_PATH)] {
        let moved = format!("GET {path}\nhost: x\n{TARGET_HEADER}: {target}");
        assert_eq!(outcome(&head(&target)).await, saw(&moved));
    }
    let raw = "/a\"{}|?b={c:[1]}|^`\\";
    assert_eq!(outcome(&head(raw)).await, saw(&format!("GET {raw}\nhost: x")));
}

#[actix_web::test]
async fn targets_that_the_crate_does_not_take_are_reset() {
    for length in [65_535, 65_536, 90_000] {
        let target = format!("/a?{}", "q".repeat(length - 3));
        assert_eq!(outcome(&head(&target)).await, reset(), "{length}");
    }
    // This one fits into no list of fields: the crate answers with a bare 431.
    assert_eq!(outcome(&head(&format!("/{}", "q".repeat(102_399)))).await, saw(""));
    for target in ["", "a", "http://x/a", "x:443", "/a b", "/a\u{7f}", "/a?b=<c>", "/a?b=\"", "**"]
    {
        assert_eq!(outcome(&head(target)).await, reset(), "{target}");
    }
}

#[actix_web::test]
async fn odd_targets_are_refused() {
    for target in ["*", "?a", "/ü", "/a?b=ü"] {
        assert_eq!(outcome(&head(target)).await, saw(&refused("malformed")), "{target}");
    }
    // The crate drops a fragment before anybody can see it.
    assert_eq!(outcome(&head("/a?b#c")).await, saw("GET /a?b\nhost: x"));
    let [_, scheme, authority, path] = head("*");
    let options = [(":method", "OPTIONS"), scheme, authority, path];
    assert_eq!(outcome(&options).await, saw("OPTIONS *\nhost: x"));
    assert_eq!(outcome(&[(":method", "CONNECT"), authority]).await, saw(&refused("malformed")));
}

#[actix_web::test]
async fn heads_beyond_the_limits_are_refused() {
    let limits = Limits { target: 100, headers: 10, header_bytes: 300, ..Limits::default() };
    let many = |count: usize| {
        let mut wanted = get("/a");
        for _ in 0..count {
            wanted.headers_mut().append("a", "b".parse().unwrap());
        }
        wanted
    };
    let long = |length: usize| {
        let mut wanted = get("/a");
        // The name, and four bytes that a line of HTTP/1 has beside it.
        wanted.headers_mut().append("a", "b".repeat(length - 5).parse().unwrap());
        wanted
    };
    let target = |length: usize| get(&format!("/{}", "a".repeat(length - 1)));
    for (within, beyond, token) in [
        (many(10), many(11), "head-too-large"),
        (long(300), long(301), "head-too-large"),
        (target(100), target(101), "uri-too-long"),
    ] {
        let text = seen(limits, within).await.unwrap();
        assert!(!text.contains(REFUSAL_HEADER), "{text}");
        assert_eq!(seen(limits, beyond).await.unwrap(), refused(token));
    }
}

#[actix_web::test]
async fn a_refusal_repeats_what_shapes_its_answer() {
    let limits = Limits { target: 10, ..Limits::default() };
    let mut wanted = request("HEAD", "/too/long/a/target");
    for (name, value) in [
        ("accept", "text/xml"),
        ("origin", "https://c"),
        ("x-other", "y"),
        ("sae-secret-target", "/b"),
    ] {
        wanted.headers_mut().append(name, value.parse().unwrap());
    }
    let (io, server) = serve(limits);
    let mut client = Client::connect(io).await;
    let answer = client.ask(wanted.clone()).await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    *wanted.method_mut() = h2_http::Method::PUT;
    let answer = client.ask(wanted).await.unwrap();
    assert_eq!(
        answer.body,
        format!(
            "GET /\naccept: text/xml\nhost: x\norigin: https://c\n{REFUSAL_HEADER}: uri-too-long"
        )
    );
    assert_eq!(server.watch.begun(), 2);

    let mut insane = get("/too/long/a/target");
    insane.headers_mut().append("accept", "a".repeat(513).parse().unwrap());
    insane.headers_mut().append("origin", "https://\u{fc}".parse().unwrap());
    assert_eq!(seen(limits, insane).await.unwrap(), refused("uri-too-long"));
    let nowhere = format!("GET /\nhost: localhost\n{REFUSAL_HEADER}: malformed");
    assert_eq!(outcome(&named(&[(":authority", "a,b")])).await, saw(&nowhere));
}

#[actix_web::test]
async fn a_request_names_one_host() {
    let as_x = saw("GET /\nhost: x");
    for fields in [
        &[(":authority", "x")][..],
        &[("host", "x")],
        &[(":authority", "x"), ("host", "x")],
        &[(":authority", "x"), ("host", "X")],
    ] {
        assert_eq!(outcome(&named(fields)).await, as_x, "{fields:?}");
    }
    let with_port = saw("GET /\nhost: [::1]:8080");
    assert_eq!(outcome(&named(&[(":authority", "[::1]:8080")])).await, with_port);
    let nowhere = saw(&format!("GET /\nhost: localhost\n{REFUSAL_HEADER}: malformed"));
    for fields in [
        &[][..],
        &[("host", "")],
        &[("host", "a b")],
        &[("host", "x"), ("host", "x")],
        &[("host", "x"), ("host", "y")],
        &[(":authority", "x"), ("host", "y")],
        &[(":authority", "x"), ("host", "x"), ("host", "x")],
        &[(":authority", "x"), ("host", "")],
        &[(":authority", "u@x")],
    ] {
        assert_eq!(outcome(&named(fields)).await, nowhere, "{fields:?}");
    }
}

#[actix_web::test]
async fn malformed_heads_are_reset() {
    let [method, scheme, authority, path] = head("/");
    for fields in [
        &[scheme, authority, path][..],
        &[method, authority, path],
        &[method, scheme, authority],
        &[method, scheme, authority, path, path],
        &[method, method, scheme, authority, path],
        &[method, scheme, authority, authority, path],
        &[method, scheme, authority, ("a", "b"), path],
        &[method, scheme, authority, path, (":status", "200")],
        &[method, scheme, authority, path, (":protocol", "websocket")],
        &[(":method", "CONNECT"), scheme, authority, path],
        &[method, (":scheme", "ht tp"), authority, path],
        &[method, scheme, (":authority", "a b"), path],
        &[method, scheme, authority, path, ("connection", "close")],
        &[method, scheme, authority, path, ("transfer-encoding", "chunked")],
        &[method, scheme, authority, path, ("upgrade", "websocket")],
        &[method, scheme, authority, path, ("keep-alive", "1")],
        &[method, scheme, authority, path, ("proxy-connection", "close")],
        &[method, scheme, authority, path, ("te", "gzip")],
        &[method, scheme, authority, path, ("content-length", "x")],
        &[method, scheme, authority, path, ("content-length", "1"), ("content-length", "2")],
    ] {
        assert_eq!(outcome(fields).await, reset(), "{fields:?}");
    }
}

#[actix_web::test]
async fn a_list_beyond_the_crates_limit_is_answered_with_a_bare_431() {
    let limits = Limits { first_byte_timeout: Duration::from_secs(100), ..Limits::default() };
    let (io, mut server) = serve(limits);
    let mut client = Client::connect(io).await;
    let mut wanted = get("/");
    for number in 0..10 {
        wanted
            .headers_mut()
            .append("a", format!("{number}{}", "b".repeat(10_000)).parse().unwrap());
    }
    let answer = client.ask(wanted.clone()).await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (431, ""));
    assert_eq!(server.watch.begun(), 0);
    assert_eq!(client.get("/pieces").await.unwrap().body, "onetwo");

    for number in 10..50 {
        wanted
            .headers_mut()
            .append("a", format!("{number}{}", "b".repeat(10_000)).parse().unwrap());
    }
    assert!(reason(client.ask(wanted).await).is_some());
    drop(client);
    server.done().await;
    assert_eq!(server.watch.begun(), 1);
}
