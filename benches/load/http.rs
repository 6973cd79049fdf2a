//! HTTP/1.1 on a connection that stays open. Nothing of a reply is read but its status, its length and what a workload
//! wants to see in its body.

use std::{cell::RefCell, net::SocketAddr, rc::Rc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::driver::Exchange;

/// What is asked, and what counts as an answer.
pub trait Requests {
    /// Appends the next request.
    fn write(&mut self, to: &mut Vec<u8>);

    /// Whether the reply says that it was done.
    fn is_done(&mut self, status: u16, body: &[u8]) -> bool;
}

/// One connection.
pub struct Connection<R> {
    address: SocketAddr,
    stream: Option<TcpStream>,
    requests: Rc<RefCell<R>>,
    sent: Vec<u8>,
    received: Vec<u8>,
}

/// So many connections with the requests of one workload.
pub fn connections<R: Requests>(
    address: SocketAddr,
    count: usize,
    requests: R,
) -> Vec<Connection<R>> {
    let requests = Rc::new(RefCell::new(requests));
    let connection = |_| Connection {
        address,
        stream: None,
        requests: Rc::clone(&requests),
        sent: Vec::with_capacity(4096),
        received: Vec::with_capacity(65_536),
    };
    (0..count).map(connection).collect()
}

/// A reply that is there as a whole.
struct Reply {
    status: u16,
    /// Where the body begins.
    body: usize,
    /// Where it ends.
    end: usize,
    is_last: bool,
}

impl Reply {
    /// The reply, if all of it is there.
    fn find(bytes: &[u8]) -> Result<Option<Self>, String> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut headers);
        let body = match head.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(error) => return Err(format!("no HTTP: {error}")),
        };
        let value = |name: &str| {
            let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.and_then(|header| std::str::from_utf8(header.value).ok())
        };
        let status = head.code.unwrap_or_default();
        let length: Option<usize> = value("content-length").and_then(|length| length.parse().ok());
        let length = match status {
            204 => 0,
            _ => length.ok_or("a reply without Content-Length")?,
        };
        let end = body + length;
        let is_last = value("connection").is_some_and(|it| it.eq_ignore_ascii_case("close"))
            || head.version == Some(0);
        Ok((bytes.len() >= end).then_some(Self { status, body, end, is_last }))
    }
}

impl<R: Requests> Exchange for Connection<R> {
    async fn exchange(&mut self) -> Result<(), String> {
        let outcome = self.try_exchange().await;
        if outcome.is_err() {
            self.stream = None;
        }
        outcome
    }
}

impl<R: Requests> Connection<R> {
    async fn try_exchange(&mut self) -> Result<(), String> {
        self.sent.clear();
        self.requests.borrow_mut().write(&mut self.sent);
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => none.insert(open(self.address).await?),
        };
        let reply = converse(stream, &self.sent, &mut self.received).await?;
        if reply.is_last {
            self.stream = None;
        }
        let body = &self.received[reply.body..reply.end];
        if self.requests.borrow_mut().is_done(reply.status, body) {
            return Ok(());
        }
        let text = String::from_utf8_lossy(body);
        Err(format!("{}: {}", reply.status, text.chars().take(300).collect::<String>()))
    }
}

async fn open(address: SocketAddr) -> Result<TcpStream, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    Ok(stream)
}

/// Sends a request and takes its reply, whole.
async fn converse(
    stream: &mut TcpStream,
    sent: &[u8],
    received: &mut Vec<u8>,
) -> Result<Reply, String> {
    stream.write_all(sent).await.map_err(|error| error.to_string())?;
    received.clear();
    loop {
        let count = stream.read_buf(received).await.map_err(|error| error.to_string())?;
        if count == 0 {
            return Err("closed before the reply's end".to_owned());
        }
        if let Some(reply) = Reply::find(received)? {
            return Ok(reply);
        }
    }
}

/// Sends one request on a connection of its own; answers status and body.
pub async fn call(address: SocketAddr, sent: &[u8]) -> Result<(u16, Vec<u8>), String> {
    let (mut stream, mut received) = (open(address).await?, vec![]);
    let reply = converse(&mut stream, sent, &mut received).await?;
    Ok((reply.status, received[reply.body..reply.end].to_vec()))
}

/// Appends a request with these headers, and a body if it is not empty.
pub fn request(
    method: &str,
    path: &str,
    host: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    to: &mut Vec<u8>,
) {
    let mut put = |text: &str| to.extend_from_slice(text.as_bytes());
    for text in [method, " ", path, " HTTP/1.1\r\nHost: ", host, "\r\n"] {
        put(text);
    }
    for (name, value) in headers {
        for text in [name, ": ", value, "\r\n"] {
            put(text);
        }
    }
    if method != "GET" {
        put(&format!("Content-Length: {}\r\n", body.len()));
    }
    put("\r\n");
    to.extend_from_slice(body);
}
