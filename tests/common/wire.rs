//! HTTP as bytes: what is sent is exactly what a test says, and what comes back is all that came back.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

use super::leaks::Sent;

/// How long a test waits for bytes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, target: impl Into<String>) -> Self {
        Self { method: method.to_owned(), target: target.into(), headers: vec![], body: vec![] }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", content_type)
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn xml(self) -> Self {
        self.header("Accept", "application/xml")
    }

    pub fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str(&format!("Host: {address}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.body.is_empty() || self.method == "POST" || self.method == "PUT" {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A reply.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the reply is UTF-8")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(&self.body)))
    }

    pub fn code(&self) -> String {
        match &self.json()["Code"] {
            Value::String(code) => code.clone(),
            other => other.to_string(),
        }
    }

    pub fn message(&self) -> String {
        self.json()["Message"].as_str().unwrap_or_default().to_owned()
    }

    pub fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()["Data"].clone()
    }

    pub fn secret_id(&self) -> i64 {
        self.data()["SecretId"].as_i64().expect("SecretId is a number")
    }

    /// Whether the HTTP library answered by itself: it says nothing but the status.
    pub fn is_bare(&self) -> bool {
        self.body.is_empty() && self.header("x-acs-request-id").is_none()
    }

    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text());
        self
    }
}

/// What carries a connection's bytes.
pub trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// A socket that a test does not wait for without end.
pub fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).expect("the server listens");
    socket.set_read_timeout(Some(TIMEOUT)).unwrap();
    socket.set_write_timeout(Some(TIMEOUT)).unwrap();
    socket
}

/// One connection.
pub struct Connection {
    stream: Box<dyn Stream>,
    /// The same as `stream`, or what is under it.
    socket: TcpStream,
    buffered: Vec<u8>,
    sent: Sent,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Self {
        let socket = connect(address);
        Self::over(socket.try_clone().unwrap(), socket)
    }

    /// A connection over something that has its bytes from `socket`.
    pub fn over(stream: impl Stream + 'static, socket: TcpStream) -> Self {
        Self { stream: Box::new(stream), socket, buffered: vec![], sent: Sent::default() }
    }

    /// Tells the server by TCP alone that nothing more comes.
    pub fn end(&self) {
        self.socket.shutdown(Shutdown::Write).unwrap();
    }

    pub fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.sent.note(bytes);
        self.stream.write_all(bytes)
    }

    /// The next reply on the connection.
    #[track_caller]
    pub fn receive(&mut self) -> Reply {
        self.try_receive(false).expect("a reply")
    }

    /// The next reply, to a `HEAD` request if `bodyless`; an error when there is none.
    pub fn try_receive(&mut self, bodyless: bool) -> std::io::Result<Reply> {
        let end = loop {
            if let Some(at) = find(&self.buffered, b"\r\n\r\n") {
                break at + 4;
            }
            self.more()?;
        };
        let head = String::from_utf8(self.buffered[..end].to_vec()).expect("an ASCII head");
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        let mut reply = Reply { status: status.parse().expect("a status"), headers, body: vec![] };
        let length = reply.header("content-length").and_then(|length| length.parse().ok());
        let has_body = reply.status >= 200 && !bodyless;
        let length: usize = length.filter(|_| has_body).unwrap_or_default();
        while self.buffered.len() < end + length {
            self.more()?;
        }
        // Nothing is taken before all is there: who asks again later finds it whole.
        reply.body = self.buffered.drain(..end + length).skip(end).collect();
        self.sent.check(&reply);
        Ok(reply)
    }

    /// The next reply if it comes within that time.
    pub fn poll_reply(&mut self, timeout: Duration) -> Option<Reply> {
        self.socket.set_read_timeout(Some(timeout)).unwrap();
        let reply = self.try_receive(false);
        self.socket.set_read_timeout(Some(TIMEOUT)).unwrap();
        match reply {
            Ok(reply) => Some(reply),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Whether the server closes the connection without another byte.
    pub fn is_closed_by_server(&mut self) -> bool {
        self.buffered.is_empty() && matches!(self.stream.read(&mut [0; 1]), Ok(0))
    }

    fn more(&mut self) -> std::io::Result<()> {
        let mut chunk = [0; 65_536];
        match self.stream.read(&mut chunk) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                self.buffered.extend_from_slice(&chunk[..read]);
                Ok(())
            }
            // As when the whole machine was suspended: a read with a time limit is not begun again by itself.
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
