//! Clients that speak no TLS, too old a TLS, or nothing at all.

use super::*;

/// The first flight of a client whose best TLS is that version: RFC 5246, section 7.4.1.2.
fn client_hello(version: [u8; 2]) -> Vec<u8> {
    let extensions = [
        // Groups x25519 and secp256r1, points uncompressed, ECDSA and RSA with SHA-256.
        &[0, 10, 0, 6, 0, 4, 0, 29, 0, 23][..],
        &[0, 11, 0, 2, 1, 0],
        &[0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1],
    ]
    .concat();
    let mut hello = [&version[..], &[7; 32], &[0]].concat();
    // Suites of TLS 1.2 and of older ones, no compression.
    hello.extend([0, 6, 0xc0, 0x2b, 0xc0, 0x09, 0x00, 0x2f, 1, 0]);
    hello.extend([0, u8::try_from(extensions.len()).unwrap()]);
    hello.extend(extensions);
    let length = u8::try_from(hello.len()).unwrap();
    [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat()
}

/// All that the server sends.
fn answer(server: &Server, data: &[u8]) -> Vec<u8> {
    let mut socket = wire::connect(server.address);
    // It may have been reset already.
    drop(socket.write_all(data));
    let mut answer = Vec::new();
    match socket.read_to_end(&mut answer) {
        // How a connection ends of which the last bytes had not been read.
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        Ok(_) => {}
    }
    answer
}

#[test]
fn plain_http_is_turned_away() {
    let folder = Folder::new();
    let server = start(&folder);
    let large = create("large", &"v".repeat(100_000)).bytes(server.address);
    for data in [
        &list().bytes(server.address)[..],
        &full().sign(list(), None).bytes(server.address),
        b"GET / HTTP/1.0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0",
        &large,
    ] {
        // An alert, if the connection is not reset before it can be read.
        let answer = answer(&server, data);
        assert!(answer.first().is_none_or(|kind| *kind == 21), "{answer:?}");
    }
    server.send(&full().sign(list(), None)).data();
}

#[test]
fn clients_that_know_no_newer_tls_than_1_1_are_refused() {
    /// Fatal, protocol_version: RFC 5246, section 7.2.
    const ALERT: [u8; 2] = [2, 70];
    let folder = Folder::new();
    let server = start(&folder);
    for version in [[3, 0], [3, 1], [3, 2]] {
        let answer = answer(&server, &client_hello(version));
        assert_eq!((answer[0], &answer[5..]), (21, &ALERT[..]), "{version:?}");
    }
    // The same with TLS 1.2 is answered.
    let mut socket = wire::connect(server.address);
    socket.write_all(&client_hello([3, 3])).unwrap();
    let mut record = [0; 6];
    socket.read_exact(&mut record).unwrap();
    assert_eq!((record[0], record[5]), (22, 2), "a ServerHello");
}

#[test]
fn clients_that_say_nothing_or_half_of_it_hold_up_nobody() {
    let folder = Folder::new();
    let server = start(&folder);
    let hello = client_hello([3, 3]);
    let unfinished: Vec<_> = (0..60)
        .map(|number| {
            let mut socket = wire::connect(server.address);
            // Nothing, one byte, half a hello, or a whole one that is never followed by more.
            let length = [0, 1, hello.len() / 2, hello.len()][number % 4];
            socket.write_all(&hello[..length]).unwrap();
            socket
        })
        .collect();
    for _ in 0..10 {
        server.send(&full().sign(list(), None)).data();
    }
    drop(unfinished);
}

#[test]
fn a_broken_record_ends_its_connection_only() {
    let folder = Folder::new();
    let server = start(&folder);
    let mut other = server.connect();
    let mut broken = tls::greet(server.address);
    // Application data, of TLS 1.2 or 1.3, that no key has sealed.
    broken.sock.write_all(&[23, 3, 3, 0, 32]).unwrap();
    broken.sock.write_all(&[7; 32]).unwrap();
    let ended = broken.read(&mut [0; 1]);
    assert!(!matches!(ended, Ok(1..)), "{ended:?}");
    other.send(&full().sign(list(), None).bytes(server.address)).unwrap();
    other.receive().data();
}
