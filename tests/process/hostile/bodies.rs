//! Bodies that are too large and bodies that do not end.

use std::{io::Write, thread};

use super::*;
use crate::common::wire;

/// 50 MB.
const HUGE: usize = 50_000_000;

/// What a body that nobody wants may make the process hold, in KiB: 8 MiB. It is read away in pieces, by three connections
/// at a time; a chunked one is held up to the 4 MiB that a body may have.
const ALLOWED_KIB: u64 = 3 * 8 * 1024;

/// Where a body goes, and what its sender is told.
const PLACES: [(&str, &str, u16); 5] = [
    ("POST", SECRET, 413),
    ("PUT", SECRET, 413),
    ("GET", SECRETS, 413),
    ("DELETE", NAMESPACE, 413),
    ("POST", "/nowhere", 404),
];

fn head(method: &str, path: &str, framing: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n").into_bytes()
}

/// Sends a head and then pieces, until the server takes no more. Somebody reads at the same time, since the server
/// answers before it has all. Answers the reply and how many pieces were taken.
fn pour(
    server: &Server,
    head: &[u8],
    pieces: impl Iterator<Item = Vec<u8>> + Send,
) -> (Reply, usize) {
    let mut socket = wire::connect(server.address);
    let reading = socket.try_clone().unwrap();
    let mut connection = Connection::over(reading.try_clone().unwrap(), reading);
    thread::scope(|scope| {
        let sender = scope.spawn(move || {
            socket.write_all(head).unwrap();
            pieces.take_while(|piece| socket.write_all(piece).is_ok()).count()
        });
        let reply = connection.receive();
        drop(connection);
        (reply, sender.join().unwrap())
    })
}

fn checked(method: &str, path: &str, status: u16, reply: &Reply) {
    document::check(method, path, reply);
    assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
}

#[test]
fn bodies_of_50_mb_are_refused_whether_they_are_sent_or_only_announced() {
    attack("50 MB bodies", ALLOWED_KIB, |server| {
        let length = format!("Content-Length: {HUGE}");
        let rounds = torture::rounds(1);
        for (method, path, status) in (0..rounds).flat_map(|_| PLACES) {
            let head = head(method, path, &length);
            let announced = [&head[..], &vec![b'{'; 1000]].concat();
            let mut connection = server.connect();
            connection.send(&announced).unwrap();
            checked(method, path, status, &connection.receive());
            let (reply, _) = pour(server, &head, (0..HUGE / 50_000).map(|_| vec![b' '; 50_000]));
            checked(method, path, status, &reply);
        }
        2 * PLACES.len() * rounds as usize
    });
}

#[test]
fn chunked_bodies_that_do_not_end_are_cut_off() {
    /// More than a server takes of what it has refused, in the seconds that it lingers: on loopback that is gigabytes.
    const ENDLESS: usize = 1_000_000;
    let chunk = || format!("10000\r\n{}\r\n", " ".repeat(65_536)).into_bytes();
    // In chunks of a byte, which are four million until it is too many; of sixteen bytes where time is short.
    let tiny = if torture::rounds(1) > 1 { "1\r\n \r\n" } else { "10\r\n                \r\n" };
    let bytewise = || tiny.repeat(10_000).into_bytes();
    attack("chunked bodies", ALLOWED_KIB, |server| {
        let rounds = torture::rounds(1);
        for _ in 0..rounds {
            for (method, path, status) in PLACES {
                let head = head(method, path, "Transfer-Encoding: chunked");
                let (reply, taken) = pour(server, &head, (0..ENDLESS).map(|_| chunk()));
                checked(method, path, status, &reply);
                assert!(taken < ENDLESS, "{method} {path}: all was taken");
            }
            let head = head("POST", SECRET, "Transfer-Encoding: chunked");
            let (reply, taken) = pour(server, &head, (0..ENDLESS).map(|_| bytewise()));
            checked("POST", SECRET, 413, &reply);
            assert!(taken < ENDLESS, "all was taken");
        }
        (PLACES.len() + 1) * rounds as usize
    });
}

/// What is endless between the chunks, behind them, and in the place of a chunk's size. The HTTP library does not count
/// it, so the time that a body has must end it.
#[test]
fn what_is_endless_around_chunks_is_cut_off_by_time() {
    /// What a sender pauses after each piece: a client at the other end of a wire, not on this machine.
    const PACE: Duration = Duration::from_millis(5);
    /// Longer than a body may take.
    const ENDLESS: usize = 20_000;
    let extensions = || format!("1;{}", "x".repeat(65_536)).into_bytes();
    let trailer = || format!("x: {}\r\n", "x".repeat(65_536)).into_bytes();
    let zeros = || b"0".repeat(65_536);
    attack("around chunks", ALLOWED_KIB, |server| {
        let head = head("POST", SECRET, "Transfer-Encoding: chunked");
        let ways: [(&[u8], &(dyn Fn() -> Vec<u8> + Sync)); 3] =
            [(b"", &extensions), (b"0\r\n", &trailer), (b"", &zeros)];
        thread::scope(|scope| {
            for (begin, more) in ways {
                let head = [&head[..], begin].concat();
                scope.spawn(move || {
                    let paced = (0..ENDLESS).map(|_| {
                        thread::sleep(PACE);
                        more()
                    });
                    let (reply, taken) = pour(server, &head, paced);
                    checked("POST", SECRET, 408, &reply);
                    assert!(taken < ENDLESS, "all was taken");
                });
            }
        });
        ways.len()
    });
}
