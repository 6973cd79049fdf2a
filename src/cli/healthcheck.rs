//! `sae-secret healthcheck`: what a container's health check runs, so that the image needs no HTTP client.

use std::{
    io::{self, Error, ErrorKind, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Result, bail};
use clap::Args;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::warn_of_variables;
use crate::{
    settings::ListenAddress,
    tls_client::{self, Verification},
};

/// How long each step may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How much of the answer is read, in bytes; the status line is all that counts.
const ANSWER_MAX: u64 = 4096;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The server's address: http:// or https://; its certificate is not checked [default: where a server on this machine
    /// listens by the other two: http://127.0.0.1:8080]
    #[arg(
        long,
        env = "SAE_SECRET_URL",
        value_name = "URL",
        conflicts_with_all = ["listen", "tls_cert"]
    )]
    url: Option<String>,

    /// Where the server listens
    #[arg(
        long,
        env = "SAE_SECRET_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT"
    )]
    listen: ListenAddress,

    /// The server's certificate: where there is one it is asked by https://
    #[arg(long, env = "SAE_SECRET_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
}

impl Arguments {
    fn url(&self) -> String {
        if let Some(url) = &self.url {
            return url.clone();
        }
        // A server that listens on all addresses is asked at that of this machine.
        let host = match self.listen.ip() {
            Some(IpAddr::V4(ip)) if ip.is_unspecified() => "127.0.0.1".to_owned(),
            Some(IpAddr::V6(ip)) if ip.is_unspecified() => "::1".to_owned(),
            _ => self.listen.host.clone(),
        };
        let scheme = if self.tls_cert.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", ListenAddress { host, port: self.listen.port })
    }
}

pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    warn_of_variables();
    let url = arguments.url();
    let answer = ask(&url);
    let url = without_user(&url);
    match answer {
        Ok(status) if status.contains(" 200 ") => Ok(ExitCode::SUCCESS),
        Ok(status) => bail!("{url} is not ready: {status}"),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            bail!("{url} does not answer within {} s", TIMEOUT.as_secs())
        }
        Err(error) => bail!("{url} does not answer: {error}"),
    }
}

/// The address without what stands before an `@`, which may be a password.
fn without_user(url: &str) -> String {
    let Some((before, host)) = url.rsplit_once('@') else { return url.to_owned() };
    let scheme = before.split_once("://").map(|(scheme, _)| format!("{scheme}://"));
    scheme.unwrap_or_default() + host
}

fn ask(url: &str) -> io::Result<String> {
    let (is_secure, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
        (Some(rest), _) => (false, rest),
        (None, Some(rest)) => (true, rest),
        (None, None) => {
            return Err(Error::other("the address must begin with http:// or https://"));
        }
    };
    let host = rest.strip_suffix('/').unwrap_or(rest);
    if host.contains('@') {
        return Err(Error::other("the address must have no user and no password"));
    }
    if host.contains(['/', '?', '#', ' ']) {
        return Err(Error::other("the address must end with the host or the port"));
    }
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, if is_secure { "443" } else { "80" }),
    };
    let mut last = Error::other("the host has no address");
    for address in format!("{name}:{port}").to_socket_addrs()? {
        match connect(address) {
            Ok(stream) if is_secure => {
                return status_line(secure(stream, name, address.ip())?, host);
            }
            Ok(stream) => return status_line(stream, host),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

/// Speaks TLS; the host's name tells a proxy in front of the server which one is asked for. Any certificate will do: the
/// address of a server beside us is seldom its name, nothing secret is sent, and "ready" is all that can be lied about.
fn secure(
    stream: TcpStream,
    name: &str,
    address: IpAddr,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).unwrap_or(ServerName::from(address));
    let config = tls_client::builder(Verification::None).map_err(Error::other)?;
    let config = Arc::new(config.with_no_client_auth());
    let connection = ClientConnection::new(config, name).map_err(Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}

fn status_line(mut stream: impl Read + Write, host: &str) -> io::Result<String> {
    write!(stream, "GET /ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut answer = Vec::new();
    match stream.take(ANSWER_MAX).read_to_end(&mut answer) {
        // Some servers end TCP without ending TLS. The line is whole all the same.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof && !answer.is_empty() => {}
        read => drop(read?),
    }
    if !answer.starts_with(b"HTTP/") {
        return Err(Error::other("what it says is no HTTP; it may speak https://"));
    }
    let answer = String::from_utf8_lossy(&answer);
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}
