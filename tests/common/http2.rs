//! HTTP/2 over TLS, by a client of the crate that the server is made with, held to the document like every other.

use std::{future::poll_fn, net::SocketAddr, path::PathBuf, time::Duration};

use actix_web::{rt::net::TcpStream, web::Bytes};
use h2::client::{ResponseFuture, SendRequest};
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::ServerName;
use sae_secret::settings::Settings;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::Runtime,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Reply, Request, document, leaks::Sent, tls};

/// How long a test waits for the server.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lets a server speak TLS, as `localhost` and `127.0.0.1`.
pub fn with_tls(settings: &mut Settings) {
    let file = |name: &str| {
        PathBuf::from(format!("{}/tests/fixtures/tls/listener/{name}", env!("CARGO_MANIFEST_DIR")))
    };
    settings.tls_cert = Some(file("one.crt"));
    settings.tls_key = Some(file("one.key"));
}

/// A TLS connection on which these protocols are offered.
async fn dial(address: SocketAddr, protocols: &[&str]) -> TlsStream<TcpStream> {
    let client = tls::client_with(&[&TLS13, &TLS12], protocols);
    let io = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(client).connect(name, io).await.unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Sends bytes to a server that is offered these protocols; answers what it chose and all that it said before it
/// closed the connection.
pub fn talk(address: SocketAddr, protocols: &[&str], bytes: &[u8]) -> (Option<Vec<u8>>, Vec<u8>) {
    runtime().block_on(async {
        let mut stream = dial(address, protocols).await;
        let chosen = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        stream.write_all(bytes).await.unwrap();
        let mut said = vec![];
        timeout(PATIENCE, stream.read_to_end(&mut said)).await.unwrap().unwrap();
        (chosen, said)
    })
}

/// One connection.
pub struct Http2 {
    runtime: Runtime,
    sender: SendRequest<Bytes>,
    address: SocketAddr,
}

impl Http2 {
    pub fn open(address: SocketAddr) -> Self {
        let runtime = runtime();
        let sender = runtime.block_on(async {
            let stream = dial(address, &["h2", "http/1.1"]).await;
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            let (sender, connection) = h2::client::handshake(stream).await.unwrap();
            // Its end is seen by the requests.
            drop(tokio::spawn(connection));
            sender
        });
        Self { runtime, sender, address }
    }

    /// Sends a request and holds the reply to the document.
    #[track_caller]
    pub fn send(&mut self, request: &Request) -> Reply {
        let reply = self.ask(request).unwrap_or_else(|error| panic!("{error}"));
        let path = request.target.split('?').next().unwrap_or_default();
        document::check(&request.method, path, &reply);
        reply
    }

    /// Sends a request; nothing is said of a reply to `HEAD` or `OPTIONS`.
    pub fn ask(&mut self, request: &Request) -> Result<Reply, h2::Error> {
        let Self { runtime, sender, address } = self;
        let asked = ask(sender, request, *address);
        runtime.block_on(async { timeout(PATIENCE, asked).await.expect("a reply in time") })
    }

    /// Sends all at once, each in a stream of its own, and answers the replies in that order.
    pub fn ask_together(&mut self, requests: &[Request]) -> Vec<Reply> {
        let Self { runtime, sender, address } = self;
        runtime.block_on(async {
            let mut waiting = vec![];
            for request in requests {
                let (response, sent) = begin(sender, request, *address).await.unwrap();
                // Read as it comes: answers that nobody reads take the room of the others.
                waiting.push(tokio::spawn(timeout(PATIENCE, finish(response, sent))));
            }
            let mut replies = vec![];
            for reply in waiting {
                replies.push(reply.await.unwrap().expect("a reply in time").unwrap());
            }
            replies
        })
    }
}

async fn ask(
    sender: &mut SendRequest<Bytes>,
    request: &Request,
    address: SocketAddr,
) -> Result<Reply, h2::Error> {
    let (response, sent) = begin(sender, request, address).await?;
    finish(response, sent).await
}

/// What a client of HTTP/1 says in `Host` is the authority here.
async fn begin(
    sender: &mut SendRequest<Bytes>,
    request: &Request,
    address: SocketAddr,
) -> Result<(ResponseFuture, Sent), h2::Error> {
    let mut sent = Sent::default();
    sent.note(&request.bytes(address));
    let host = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let host = host.map_or_else(|| address.to_string(), |(_, host)| host.clone());
    let mut head = h2_http::Request::builder()
        .method(request.method.as_str())
        .uri(format!("https://{host}{}", request.target));
    for (name, value) in &request.headers {
        if !name.eq_ignore_ascii_case("host") {
            head = head.header(name, value);
        }
    }
    poll_fn(|cx| sender.poll_ready(cx)).await?;
    let ends = request.body.is_empty();
    let (response, mut stream) = sender.send_request(head.body(()).unwrap(), ends)?;
    let mut body = Bytes::from(request.body.clone());
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        // A server that has answered already may take no more.
        let Some(Ok(room)) = poll_fn(|cx| stream.poll_capacity(cx)).await else { break };
        let part = body.split_to(room.min(body.len()));
        stream.send_data(part, body.is_empty())?;
    }
    Ok((response, sent))
}

async fn finish(response: ResponseFuture, sent: Sent) -> Result<Reply, h2::Error> {
    let (head, mut stream) = response.await?.into_parts();
    let headers = head.headers.iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let mut reply = Reply { status: head.status.as_u16(), headers, body: vec![] };
    while let Some(piece) = poll_fn(|cx| stream.poll_data(cx)).await {
        let piece = piece?;
        stream.flow_control().release_capacity(piece.len())?;
        reply.body.extend_from_slice(&piece);
    }
    sent.check(&reply);
    Ok(reply)
}
