//! What goes through, and what becomes of the rest.

use std::{pin::Pin, time::Duration};

use super::{ANSWER, Limits, pipe, read, read_all, refused, seconds, stopwatch, through, whole};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::pause,
};

const GET: &[u8] = b"GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";

fn requests() -> Vec<u8> {
    [
        GET,
        b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nGET / HTTP/",
        b"PUT /q HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
          4;e=1\r\n\r\n\r\n\r\n0\r\nt: v\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"HEAD http://x/y HTTP/1.1\r\nHost: x\r\n\r\n",
        b"DELETE /d HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    ]
    .concat()
}

fn long_target(length: usize) -> String {
    format!("/s?{}", "q".repeat(length - 3))
}

fn long_request(length: usize) -> Vec<u8> {
    format!("PUT {} HTTP/1.1\r\nHost: x\r\n\r\n", long_target(length)).into_bytes()
}

fn long_rewritten(length: usize) -> Vec<u8> {
    let target = long_target(length);
    format!("PUT /s HTTP/1.1\r\nsae-secret-target: {target}\r\nHost: x\r\n\r\n").into_bytes()
}

#[actix_web::test]
async fn requests_go_through_byte_for_byte_in_every_split() {
    let all = requests();
    for cut in 0..=all.len() {
        let pieces = vec![all[..cut].to_vec(), all[cut..].to_vec()];
        assert_eq!(through(Limits::default(), pieces, 8_192).await, all, "cut at {cut}");
    }
    for piece in [1, 7, 8_192] {
        let bytes = all.iter().map(|byte| vec![*byte]).collect();
        assert_eq!(through(Limits::default(), bytes, piece).await, all);
    }
}

#[actix_web::test]
async fn nothing_follows_the_last_request() {
    assert_eq!(whole(&[requests(), GET.to_vec()].concat()).await, requests());
    let old = b"GET / HTTP/1.0\r\n\r\n";
    assert_eq!(whole(&[&old[..], GET].concat()).await, old);
}

#[actix_web::test]
async fn empty_lines_before_a_request_are_skipped() {
    let data = [b"\r\n\r\n", GET, b"\r\n", GET, b"\r\n"].concat();
    assert_eq!(whole(&data).await, [GET, GET].concat());
    let lines = |count: usize| [GET, &b"\r\n".repeat(count), GET].concat();
    assert_eq!(whole(&lines(4)).await, [GET, GET].concat());
    let data = lines(5);
    assert!(whole(&data).await.ends_with(b"sae-secret-refusal: malformed\r\n\r\n"));
    for piece in [1, 2, 3] {
        let pieces = data.chunks(piece).map(<[u8]>::to_vec).collect();
        let all = through(Limits::default(), pieces, 8_192).await;
        assert!(all.ends_with(b"sae-secret-refusal: malformed\r\n\r\n"), "{piece}");
    }
}

#[actix_web::test]
async fn a_long_target_moves_wherever_it_comes() {
    for (length, token) in [(60_001, None), (102_400, None), (102_401, Some("uri-too-long"))] {
        let data = [GET, &long_request(length), &requests()].concat();
        let expected = match token {
            None => [GET, &long_rewritten(length), &requests()].concat(),
            Some(token) => [GET, &refused(token)].concat(),
        };
        assert!(whole(&data).await == expected, "{length}");
        let pieces = data.chunks(1_000).map(<[u8]>::to_vec).collect();
        assert!(through(Limits::default(), pieces, 100).await == expected, "{length}");
    }
    assert!(whole(&long_request(60_000)).await == long_request(60_000));
}

#[actix_web::test]
async fn a_long_target_may_come_in_single_bytes() {
    let bytes = long_request(102_400).chunks(1).map(<[u8]>::to_vec).collect();
    assert!(through(Limits::default(), bytes, 8_192).await == long_rewritten(102_400));
}

#[actix_web::test]
async fn an_endless_target_is_read_to_its_end() {
    pause();
    let data = [long_request(5_000_000), GET.to_vec()].concat();
    let (mut client, mut front) = pipe(Limits::default());
    let sender = actix_web::rt::spawn(async move {
        client.write_all(&data).await.unwrap();
        client
    });
    assert_eq!(read_all(&mut front, 8_192).await, refused("uri-too-long"));
    drop(sender.await.unwrap());
    // Beyond the bound the refusal does not wait for the end.
    let limits = Limits { discard_bytes: 200_000, ..Limits::default() };
    let pieces = long_request(1_000_000).chunks(9_000).map(<[u8]>::to_vec).collect();
    let answer = String::from_utf8(through(limits, pieces, 8_192).await).unwrap();
    assert!(answer.contains("host: localhost\r\n") && answer.contains("uri-too-long"));
}

#[actix_web::test]
async fn large_header_sections_are_refused() {
    let with = |fields: &str| format!("GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n").into_bytes();
    let most = with(&"A: b\r\n".repeat(89));
    assert_eq!(whole(&most).await, most);
    assert_eq!(whole(&with(&"A: b\r\n".repeat(90))).await, refused("head-too-large"));
    let longest = with(&format!("A: {}\r\n", "b".repeat(24_576 - 9 - 5 - 2)));
    assert_eq!(whole(&longest).await, longest);
    let longer = with(&format!("A: {}\r\n", "b".repeat(24_576 - 9 - 5 - 1)));
    assert_eq!(whole(&longer).await, refused("head-too-large"));
    assert_eq!(whole(&with(&"A: b\r\n".repeat(500_000))).await, refused("head-too-large"));
}

#[actix_web::test]
async fn malformed_heads_are_refused_in_their_turn() {
    for bad in [
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nA: b\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    ] {
        let data = [GET, bad.as_bytes(), GET].concat();
        assert_eq!(whole(&data).await, [GET, &refused("malformed")].concat(), "{bad}");
    }
    let preface = whole(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(
        preface,
        [&b"GET / HTTP/1.1\r\nhost: localhost\r\n"[..], &refused("malformed")[25..]].concat()
    );
}

#[actix_web::test]
async fn own_headers_of_a_client_are_removed() {
    let data = b"GET / HTTP/1.1\r\nHost: x\r\nSae-Secret-Refusal: timeout\r\n\r\n";
    let expected = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(whole(&[&data[..], GET].concat()).await, [&expected[..], GET].concat());
}

#[actix_web::test]
async fn a_head_that_breaks_off_is_the_end() {
    for cut in 1..GET.len() {
        assert_eq!(whole(&[GET, &GET[..cut]].concat()).await, GET);
    }
}

#[actix_web::test]
async fn a_broken_chunk_ends_the_input() {
    let head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let good = [&head[..], b"3\r\nabc\r\n"].concat();
    for bad in [&b"zz\r\n"[..], b"\n", b"-1\r\n"] {
        let data = [&good, bad, GET].concat();
        assert_eq!(whole(&data).await, good);
        let pieces = vec![good.clone(), [bad, GET].concat()];
        assert_eq!(through(Limits::default(), pieces, 8_192).await, good);
    }
}

#[actix_web::test]
async fn a_request_waits_for_the_answer_before_it() {
    pause();
    let (mut client, mut front) = pipe(Limits::default());
    client.write_all(&[GET, GET].concat()).await.unwrap();
    let mut buffer = vec![0; 8_192];
    assert_eq!(front.read(&mut buffer).await.unwrap(), GET.len());
    let wait = Duration::from_secs(1_000);
    assert!(actix_web::rt::time::timeout(wait, front.read(&mut buffer)).await.is_err());
    front.write_all(&ANSWER[..ANSWER.len() - 1]).await.unwrap();
    assert!(actix_web::rt::time::timeout(wait, front.read(&mut buffer)).await.is_err());
    // As the dispatcher does: one task for both sides, which the last byte of the answer wakes.
    let mut is_written = false;
    let read = std::future::poll_fn(|cx| {
        let mut room = ReadBuf::new(&mut buffer);
        let read = Pin::new(&mut front).poll_read(cx, &mut room);
        if !is_written {
            assert!(read.is_pending());
            is_written = true;
            assert!(Pin::new(&mut front).poll_write(cx, &ANSWER[ANSWER.len() - 1..]).is_ready());
        }
        read.map_ok(|()| room.filled().len())
    });
    assert_eq!(read.await.unwrap(), GET.len());
}

/// Pieces and the seconds before each; answers what went through, and how long it took.
async fn slowly(limits: Limits, pieces: Vec<(u64, &'static [u8])>) -> (Vec<u8>, u64) {
    slowly_answered(limits, pieces, true).await
}

/// The same, where the answer may be left out.
async fn slowly_answered(
    limits: Limits,
    pieces: Vec<(u64, &'static [u8])>,
    answers: bool,
) -> (Vec<u8>, u64) {
    let passed = stopwatch();
    let (mut client, mut front) = pipe(limits);
    let sender = actix_web::rt::spawn(async move {
        for (wait, piece) in pieces {
            seconds(wait).await;
            if client.write_all(piece).await.is_err() {
                return;
            }
        }
        // The client stays until the front door goes.
        while client.read(&mut [0]).await.is_ok_and(|length| length > 0) {}
    });
    let all = read(&mut front, 100, answers).await;
    let passed = passed();
    drop(front);
    sender.await.unwrap();
    (all, passed)
}

/// Waits that can be told from each other by their lengths.
fn waits() -> Limits {
    Limits {
        target: 100,
        first_byte_timeout: Duration::from_secs(10),
        head_timeout: Duration::from_secs(20),
        keep_alive: Duration::from_secs(70),
        body_stall: Duration::from_secs(30),
        linger: Duration::from_secs(40),
        ..Limits::default()
    }
}

#[actix_web::test]
async fn waiting_has_its_limits() {
    pause();
    // Nothing at all, and nothing after an answer: closed without a word.
    assert_eq!(slowly(waits(), vec![]).await, (Vec::new(), 10));
    assert_eq!(slowly(waits(), vec![(9, GET)]).await, (GET.to_vec(), 9 + 70));
    let two = vec![(9, GET), (69, GET)];
    assert_eq!(slowly(waits(), two).await, ([GET, GET].concat(), 9 + 69 + 70));
    // A part of a head.
    let part: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nAcc";
    assert_eq!(slowly(waits(), vec![(9, part)]).await, (refused("timeout"), 9 + 20));
    let (all, passed) = slowly(waits(), vec![(0, GET), (69, b"G")]).await;
    assert!(all.starts_with(GET) && all.ends_with(b"sae-secret-refusal: timeout\r\n\r\n"));
    assert_eq!(passed, 69 + 20);
    // A method without an end, and the end of a target that is too long already.
    let (all, passed) = slowly(waits(), vec![(0, &[b'a'; 1_000])]).await;
    assert!(all.ends_with(b"sae-secret-refusal: malformed\r\n\r\n"));
    assert_eq!(passed, 0);
    let long = vec![(0, &b"GET /"[..]), (1, &[b'a'; 1_000])];
    let (all, passed) = slowly(waits(), long).await;
    assert!(all.ends_with(b"sae-secret-refusal: uri-too-long\r\n\r\n"));
    assert_eq!(passed, 20);
    // A part of a body, before its answer and after it.
    let part = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234";
    let stalled = slowly_answered(waits(), vec![(0, part)], false).await;
    assert_eq!(stalled, (part.to_vec(), 30));
    let body = vec![(0, &part[..]), (29, b"5"), (29, b"6")];
    let expected = [part, &b"56"[..]].concat();
    let dripped = slowly_answered(waits(), body.clone(), false).await;
    assert_eq!(dripped, (expected, 29 + 29 + 30));
    assert_eq!(slowly(waits(), vec![(0, part)]).await, (part.to_vec(), 40));
    assert_eq!(slowly(waits(), body).await, ([part, &b"5"[..]].concat(), 40));
}

#[actix_web::test]
async fn a_head_in_drops_is_timed_from_its_first_byte() {
    pause();
    let drops = GET.chunks(1).map(|byte| (1, byte)).collect();
    let (all, passed) = slowly(waits(), drops).await;
    assert!(all.ends_with(b"sae-secret-refusal: timeout\r\n\r\n"));
    assert_eq!(passed, 1 + 20);
}

#[actix_web::test]
async fn empty_lines_do_not_prolong_a_wait() {
    pause();
    // At the beginning, whole and in halves, which are no part of a head either.
    assert_eq!(slowly(waits(), vec![(4, b"\r\n"); 50]).await, (Vec::new(), 10));
    let halves = [(2, &b"\r"[..]), (2, b"\n")].repeat(50);
    assert_eq!(slowly(waits(), halves).await, (Vec::new(), 10));
    assert_eq!(slowly(waits(), vec![(9, b"\r")]).await, (Vec::new(), 10));
    // After an answer.
    let after = [vec![(5, GET)], vec![(30, &b"\r\n"[..]); 50]].concat();
    assert_eq!(slowly(waits(), after).await, (GET.to_vec(), 5 + 70));
    // The first byte of a head ends the wait.
    let head = vec![(4, &b"\r\n"[..]), (4, b"\r\n"), (1, b"\r\nGET / "), (19, b"HTTP/1.1\r\n")];
    let (all, passed) = slowly(waits(), head).await;
    assert!(all.ends_with(b"sae-secret-refusal: timeout\r\n\r\n"));
    assert_eq!(passed, 9 + 20);
}
