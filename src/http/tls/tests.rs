//! What files make a certificate, what is said of those that do not, and what a client gets to see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod files;
mod handshakes;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _};
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, DigitallySignedStruct, Error,
    ServerConnection, SideData, SignatureScheme, SupportedProtocolVersion,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{verify_tls12_signature, verify_tls13_signature},
};

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls/", $name))
    };
}
use fixture;

const ONE_CRT: &str = fixture!("listener/one.crt");
const ONE_KEY: &str = fixture!("listener/one.key");
const TWO_CRT: &str = fixture!("listener/two.crt");
const TWO_KEY: &str = fixture!("listener/two.key");
const RSA_CRT: &str = fixture!("rsa2048.crt");
const RSA_KEY: &str = fixture!("rsa2048.key");

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A folder with a chain and a key, which goes with its owner.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("listener-files-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn with(chain: &str, key: &str) -> Self {
        let folder = Self::new();
        folder.write(chain, key);
        folder
    }

    fn chain(&self) -> PathBuf {
        self.0.join("chain.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.join("key.pem")
    }

    fn write(&self, chain: &str, key: &str) {
        fs::write(self.chain(), chain).unwrap();
        fs::write(self.key(), key).unwrap();
    }

    fn load(&self) -> Result<Arc<Certificates>, String> {
        Certificates::load(&self.chain(), &self.key()).map(Arc::new)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// The certificates of a text, in its order.
fn ders(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect()
}

/// Takes every certificate; the server must have its key.
#[derive(Debug)]
struct AnyHolder;

impl ServerCertVerifier for AnyHolder {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _status: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// How a client speaks that asks for these protocols.
fn client(versions: &[&'static SupportedProtocolVersion], protocols: &[&[u8]]) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(versions);
    let mut config = builder
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyHolder))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

/// A handshake, as the client sees it when it is over.
fn shake(
    certificates: &Arc<Certificates>,
    client: ClientConfig,
) -> Result<ClientConnection, Error> {
    let config = server_config(Arc::clone(certificates)).unwrap();
    let mut server = ServerConnection::new(Arc::new(config))?;
    let mut client = ClientConnection::new(Arc::new(client), "any.invalid".try_into().unwrap())?;
    while client.is_handshaking() || server.is_handshaking() {
        carry(&mut client, &mut server)?;
        carry(&mut server, &mut client)?;
    }
    Ok(client)
}

fn carry<A: SideData, B: SideData>(
    from: &mut ConnectionCommon<A>,
    to: &mut ConnectionCommon<B>,
) -> Result<(), Error> {
    let mut data = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut data).unwrap();
    }
    let mut rest = data.as_slice();
    while !rest.is_empty() {
        to.read_tls(&mut rest).unwrap();
        to.process_new_packets()?;
    }
    Ok(())
}

/// What a client is shown.
fn shown(certificates: &Arc<Certificates>) -> Vec<CertificateDer<'static>> {
    let client = shake(certificates, client(&[&TLS13], &[])).unwrap();
    client.peer_certificates().unwrap().to_vec()
}
