//! Two thousand clients that send a byte now and then.

use std::{io::Write, net::TcpStream, process::Command};

use super::*;
use crate::common::wire;

const SOCKETS: usize = 2_000;

/// What a connection may make the process hold, in KiB: 48 KiB, the buffers of its socket's reader and of the dispatcher
/// behind it.
const EACH_KIB: u64 = 48;

/// How long the sockets are kept busy: longer than a head, or the wait for its first byte, may take, which is 10 s.
const BUSY: Duration = Duration::from_secs(12);

/// How many descriptors a process may have open, by its own limits.
fn descriptors(id: u32) -> u64 {
    let limits = fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let soft = line.split_whitespace().next().unwrap();
    soft.parse().unwrap_or(u64::MAX)
}

/// Lets this process, and the children that it starts from now on, have that many descriptors.
fn allow_descriptors(needed: u64) {
    let id = std::process::id();
    if descriptors(id) < needed {
        let arguments = [format!("--pid={id}"), format!("--nofile={needed}:")];
        let raised = Command::new("prlimit").args(&arguments).status().expect("prlimit runs");
        assert!(raised.success(), "a process may not have {needed} files open on this machine");
    }
    assert!(descriptors(id) >= needed);
}

/// What a socket is to send, a byte at a time.
fn script(number: usize) -> Vec<u8> {
    let body =
        "{\"NamespaceId\":\"cn-beijing:test\",\"SecretName\":\"slow\",\"SecretType\":\"Opaque\"";
    match number % 4 {
        // Nothing at all.
        0 => vec![],
        // A head that does not end.
        1 => format!("GET {SECRETS}?NamespaceId=cn-beijing%3Atest HTTP/1.1\r\nHost: x\r\nx: ")
            .into_bytes(),
        // Lines that do not end.
        2 => b"GET / HTTP/1.1\r\nHost: x\r\na: b\r\nc: d\r\ne: f\r\ng: h\r\n".to_vec(),
        // A body that never comes to its end; its head is sent at once.
        _ => body.as_bytes().to_vec(),
    }
}

#[test]
fn two_thousand_slow_clients_keep_nobody_waiting() {
    allow_descriptors(2 * SOCKETS as u64 + 500);
    attack("slow sockets", SOCKETS as u64 * EACH_KIB, |server| {
        assert!(descriptors(server.id()) >= SOCKETS as u64 + 500);
        for _ in 0..torture::rounds(1) {
            one_wave(server);
        }
        let secrets = server.call("GET", SECRETS, &[("NamespaceId", AIM)]).data();
        assert_eq!(secrets, json!({"Secrets": []}), "half a request was taken for a whole one");
        SOCKETS * torture::rounds(1) as usize
    });
}

fn one_wave(server: &Server) {
    let mut sockets: Vec<(TcpStream, Vec<u8>)> = (0..SOCKETS)
        .map(|number| {
            let mut socket = wire::connect(server.address);
            if number % 4 == 3 {
                let head =
                    format!("POST {SECRET} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
                socket.write_all(head.as_bytes()).unwrap();
            }
            (socket, script(number))
        })
        .collect();
    let end = Instant::now() + BUSY;
    for at in 0.. {
        if Instant::now() > end {
            break;
        }
        for (socket, script) in &mut sockets {
            if let Some(byte) = script.get(at) {
                // A socket that the server has answered and closed is read below.
                drop(socket.write_all(&[*byte]));
            }
        }
        thread::sleep(Duration::from_millis(400));
    }
    for (number, (socket, _)) in sockets.into_iter().enumerate() {
        let mut connection = Connection::over(socket.try_clone().unwrap(), socket);
        match number % 4 {
            // Its thirty seconds are not over.
            3 => assert!(connection.poll_reply(Duration::from_micros(1)).is_none()),
            _ => {
                let reply = connection.receive();
                assert_eq!((reply.status, reply.is_bare()), (408, true));
                assert!(connection.is_closed_by_server(), "socket {number} is still open");
            }
        }
    }
}
