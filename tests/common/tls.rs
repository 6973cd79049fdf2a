//! A client that speaks TLS and trusts nothing but the fixtures' authority.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
    crypto::ring,
    version::{TLS12, TLS13},
};

use super::{
    fixture,
    wire::{Connection, Stream, connect},
};

/// A client's end of a TLS connection.
pub type Secure<IO> = StreamOwned<ClientConnection, IO>;

/// A client that speaks either version and asks for no protocol.
pub fn client() -> Arc<ClientConfig> {
    client_with(&[&TLS13, &TLS12], &[])
}

pub fn client_with(
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&str],
) -> Arc<ClientConfig> {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(certificates("listener/ca"));
    assert_eq!(trusted.len(), 1);
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions);
    let mut config = builder.unwrap().with_root_certificates(trusted).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// Shakes hands over `stream` with a server that has to show a certificate for 127.0.0.1.
pub fn shake<IO: Stream>(client: Arc<ClientConfig>, mut stream: IO) -> io::Result<Secure<IO>> {
    let name = "127.0.0.1".try_into().unwrap();
    let mut connection = ClientConnection::new(client, name).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

/// Shakes hands on a connection of its own.
pub fn greet(address: SocketAddr) -> Secure<TcpStream> {
    shake(client(), connect(address)).expect("a handshake")
}

/// A connection to talk HTTP over.
pub fn open(address: SocketAddr) -> Connection {
    wrap(greet(address))
}

/// The same for a handshake that is done already.
pub fn wrap(stream: Secure<TcpStream>) -> Connection {
    let socket = stream.sock.try_clone().unwrap();
    Connection::over(stream, socket)
}

/// The chain that the server has shown.
pub fn chain<IO: Stream>(stream: &Secure<IO>) -> Vec<CertificateDer<'static>> {
    stream.conn.peer_certificates().expect("certificates").to_vec()
}

/// The certificates of a file of the fixtures.
pub fn certificates(name: &str) -> Vec<CertificateDer<'static>> {
    let text = fixture(&format!("tls/{name}.crt"));
    CertificateDer::pem_slice_iter(text.as_bytes()).map(Result::unwrap).collect()
}
