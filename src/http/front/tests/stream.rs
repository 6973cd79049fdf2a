//! What goes through, and what becomes of the rest.

use std::{pin::Pin, time::Instant};

use super::{ANSWER, Limits, pipe, quick, read_all, refused, through, whole};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

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
async fn single_bytes_of_a_long_target_are_looked_at_once() {
    let start = Instant::now();
    let bytes = long_request(102_400).chunks(1).map(<[u8]>::to_vec).collect();
    assert!(through(Limits::default(), bytes, 8_192).await == long_rewritten(102_400));
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[actix_web::test]
async fn an_endless_target_is_read_to_its_end() {
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
    let (mut client, mut front) = pipe(Limits::default());
    client.write_all(&[GET, GET].concat()).await.unwrap();
    let mut buffer = vec![0; 8_192];
    assert_eq!(front.read(&mut buffer).await.unwrap(), GET.len());
    let wait = std::time::Duration::from_millis(20);
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

#[actix_web::test]
async fn waiting_has_its_limits() {
    // Nothing at all, and nothing after an answer: closed without a word.
    let (client, mut front) = pipe(quick());
    assert_eq!(read_all(&mut front, 100).await, b"");
    drop(client);
    let (mut client, mut front) = pipe(quick());
    client.write_all(GET).await.unwrap();
    assert_eq!(read_all(&mut front, 100).await, GET);
    // A part of a head.
    let (mut client, mut front) = pipe(quick());
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nAcc").await.unwrap();
    assert_eq!(read_all(&mut front, 100).await, refused("timeout"));
    // The end of a target that is too long already.
    let (mut client, mut front) = pipe(Limits { target: 100, ..quick() });
    client.write_all(&[b'a'; 1_000]).await.unwrap();
    assert!(String::from_utf8(read_all(&mut front, 100).await).unwrap().contains("malformed"));
    let (mut client, mut front) = pipe(Limits { target: 100, ..quick() });
    client.write_all(&long_request(1_000)[..900]).await.unwrap();
    assert!(String::from_utf8(read_all(&mut front, 100).await).unwrap().contains("uri-too-long"));
    // A part of a body.
    let (mut client, mut front) = pipe(quick());
    let part = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234";
    client.write_all(part).await.unwrap();
    assert_eq!(read_all(&mut front, 100).await, part);
}

#[actix_web::test]
async fn a_head_in_drops_is_timed_from_its_first_byte() {
    let (mut client, mut front) = pipe(quick());
    let sender = actix_web::rt::spawn(async move {
        for byte in GET {
            if client.write_all(&[*byte]).await.is_err() {
                break;
            }
            actix_web::rt::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    let start = Instant::now();
    let all = String::from_utf8(read_all(&mut front, 100).await).unwrap();
    assert!(all.contains("sae-secret-refusal: timeout"), "{all}");
    assert!(start.elapsed().as_millis() < 800);
    drop(front);
    sender.await.unwrap();
}
