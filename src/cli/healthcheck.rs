//! `sae-secret healthcheck`: what a container's health check runs, so that the image needs no HTTP client.

use std::{
    io::{ErrorKind, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    process::ExitCode,
    time::Duration,
};

use clap::Args;

use super::complain;

/// How long each step may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How much of the answer is read, in bytes; the status line is all that counts.
const ANSWER_MAX: u64 = 4096;

/// Whom to ask.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The server's address; only http:// is understood
    #[arg(
        long,
        env = "SAE_SECRET_URL",
        default_value = "http://127.0.0.1:8080",
        value_name = "URL"
    )]
    url: String,
}

/// Asks the server whether it is ready.
pub fn run(arguments: &Arguments) -> ExitCode {
    match ask(&arguments.url) {
        Ok(status) if status.contains(" 200 ") => ExitCode::SUCCESS,
        Ok(status) => complain(format!("{} is not ready: {status}", arguments.url)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            complain(format!("{} does not answer within {} s", arguments.url, TIMEOUT.as_secs()))
        }
        Err(error) => complain(format!("{} does not answer: {error}", arguments.url)),
    }
}

fn ask(url: &str) -> std::io::Result<String> {
    let invalid = |why: &str| std::io::Error::new(ErrorKind::InvalidInput, why.to_owned());
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| invalid("the address must begin with http://"))?;
    let host = rest.strip_suffix('/').unwrap_or(rest);
    if host.contains(['/', '?', '#', ' ']) {
        return Err(invalid("the address must end with the host or the port"));
    }
    let bare = host.rsplit_once(':').is_none_or(|(_, port)| port.ends_with(']'));
    let address = if bare { format!("{host}:80") } else { host.to_owned() };
    let mut last = invalid("the host has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => return status_line(stream, host),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn status_line(mut stream: TcpStream, host: &str) -> std::io::Result<String> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(stream, "GET /ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}
