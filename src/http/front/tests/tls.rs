//! The front door with TLS in front of it: handshakes that do not end, and connections that do.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use actix_web::rt::net::{TcpListener, TcpStream};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::ring,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{pause, timeout},
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};

use super::{
    super::transport::handshake,
    Limits,
    server::{bodies, start_with},
    stopwatch,
};
use crate::http::tls::{Certificates, server_config};

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

/// The beginning of a handshake: the header of a record, and less than it announces.
const HALF: &[u8] = &[22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 7, 7, 7];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls/listener").join(name)
}

fn acceptor() -> TlsAcceptor {
    let certificates = Certificates::load(&fixture("one.crt"), &fixture("one.key")).unwrap();
    TlsAcceptor::from(Arc::new(server_config(Arc::new(certificates)).unwrap()))
}

/// A client's end of a TLS connection, after the handshake.
async fn greet(address: SocketAddr) -> TlsStream<TcpStream> {
    greet_in(&TLS13, address).await
}

async fn greet_in(
    version: &'static SupportedProtocolVersion,
    address: SocketAddr,
) -> TlsStream<TcpStream> {
    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_file(fixture("ca.crt")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect("localhost".try_into().unwrap(), stream).await.unwrap()
}

async fn receive(stream: &mut TlsStream<TcpStream>) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b">") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0);
    }
    String::from_utf8(answer).unwrap()
}

/// The server has closed, or does, without a byte.
async fn assert_closed(client: &mut TcpStream) {
    match timeout(Duration::from_mins(2), client.read(&mut [0])).await.unwrap() {
        Ok(length) => assert_eq!(length, 0),
        // How a connection ends of which the last bytes had not been read.
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[actix_web::test]
async fn a_handshake_has_ten_seconds() {
    pause();
    for said in [&[][..], &HALF[..1], HALF] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        client.write_all(said).await.unwrap();
        let passed = stopwatch();
        assert!(handshake(&acceptor(), server, Limits::default()).await.is_none());
        assert_eq!(passed(), 10, "{said:?}");
        assert_closed(&mut client).await;
    }
}

#[actix_web::test]
async fn connections_that_never_speak_tls_are_closed() {
    let wait = Duration::from_secs(1);
    let limits = Limits { handshake_timeout: wait, ..Limits::default() };
    let (address, ..) = start_with(limits, Some(acceptor()));
    for said in [&[][..], &HALF[..1], HALF] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(said).await.unwrap();
        assert_closed(&mut client).await;
    }
}

#[actix_web::test]
async fn a_handshake_alone_earns_no_rest() {
    let wait = Duration::from_secs(1);
    let limits = Limits { first_byte_timeout: wait, ..Limits::default() };
    let (address, ..) = start_with(limits, Some(acceptor()));
    // Without the word that ends TLS this would be an error.
    assert_eq!(greet(address).await.read(&mut [0]).await.unwrap(), 0);
    let limits = Limits { keep_alive: wait, ..Limits::default() };
    let (address, ..) = start_with(limits, Some(acceptor()));
    let mut stream = greet(address).await;
    stream.write_all(GET).await.unwrap();
    assert_eq!(bodies(&receive(&mut stream).await), ["GET /a 0 0 "]);
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[actix_web::test]
async fn a_client_may_end_tcp_without_ending_tls() {
    let (address, ..) = start_with(Limits::default(), Some(acceptor()));
    let head = "POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n";
    for (sent, answer) in [(100_000, "Some(100000)"), (99_999, "None")] {
        let mut stream = greet(address).await;
        stream.write_all(&[head.as_bytes(), &vec![b'x'; sent]].concat()).await.unwrap();
        stream.flush().await.unwrap();
        stream.get_mut().0.shutdown().await.unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).await.unwrap();
        assert_eq!(bodies(&all), [answer]);
    }
}

#[actix_web::test]
async fn stopping_waits_for_no_handshake_and_no_resting_client() {
    let limits = Limits { handshake_timeout: Duration::from_mins(5), ..Limits::default() };
    let (address, handle, server) = start_with(limits, Some(acceptor()));
    let mut unfinished = Vec::new();
    for said in [&[][..], HALF] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said).await.unwrap();
        unfinished.push(stream);
    }
    let mut resting = greet(address).await;
    resting.write_all(GET).await.unwrap();
    receive(&mut resting).await;
    // In TLS 1.2 the server has the last word: when the client is through, so is the server.
    let mut greeted = greet_in(&TLS12, address).await;
    let start = std::time::Instant::now();
    handle.stop(true).await;
    assert_eq!(resting.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(greeted.read(&mut [0]).await.unwrap(), 0);
    server.await.unwrap().unwrap();
    // Far less than the shutdown timeout.
    assert!(start.elapsed() < Duration::from_secs(45), "{:?}", start.elapsed());
}
