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
        let length: usize = value("content-length")
            .and_then(|length| length.parse().ok())
            .ok_or("a reply without Content-Length")?;
        let end = body + length;
        let is_last = value("connection").is_some_and(|it| it.eq_ignore_ascii_case("close"))
            || head.version == Some(0);
        let status = head.code.unwrap_or_default();
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
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await.map_err(|it| it.to_string())?;
            stream.set_nodelay(true).map_err(|it| it.to_string())?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_mut().ok_or("no connection")?;
        stream.write_all(&self.sent).await.map_err(|it| it.to_string())?;
        self.received.clear();
        let reply = loop {
            let count = stream.read_buf(&mut self.received).await.map_err(|it| it.to_string())?;
            if count == 0 {
                return Err("closed before the reply's end".to_owned());
            }
            if let Some(reply) = Reply::find(&self.received)? {
                break reply;
            }
        };
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
