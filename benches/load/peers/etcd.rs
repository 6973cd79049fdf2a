//! etcd by its gRPC interface, as its clients speak it: HTTP/2, several callers on each connection. And by its gateway for
//! HTTP and JSON, which asks the same by gRPC for those who do not speak it.

use std::{net::SocketAddr, path::Path, process::Command};

use actix_web::web::Bytes;
use base64::{Engine, prelude::BASE64_STANDARD};
use h2::client::{self, SendRequest};
use h2_http::Request;
use serde_json::json;
use tokio::net::TcpStream;

use super::{Errand, Names, VALUES};
use crate::{
    Failure,
    daemon::{Daemon, free_address},
    driver::Exchange,
    http::{self, Requests},
    requests::data_text,
};

/// How many callers share a connection: etcd's clients have one connection, however many callers.
const CALLERS_EACH: usize = 8;

/// A member of its own, with the settings that etcd has by itself: every put is synced before it is answered, every get
/// is linearizable.
pub fn start(program: &Path, folder: &Path, address: SocketAddr) -> Result<Daemon, Failure> {
    let (client, peer) = (format!("http://{address}"), format!("http://{}", free_address()?));
    let mut command = Command::new(program);
    command.arg("--data-dir").arg(folder.join("data"));
    for (flag, value) in [
        ("--listen-client-urls", &client),
        ("--advertise-client-urls", &client),
        ("--listen-peer-urls", &peer),
        ("--initial-advertise-peer-urls", &peer),
        ("--initial-cluster", &format!("default={peer}")),
        ("--log-level", &"error".to_owned()),
    ] {
        command.arg(flag).arg(value);
    }
    Daemon::start(command, address, &folder.join("log"))
}

/// Somebody who calls, on a connection that others may share.
pub struct Caller {
    sender: SendRequest<Bytes>,
    address: SocketAddr,
    names: Names,
    value: String,
}

/// So many callers.
pub async fn callers(
    address: SocketAddr,
    errand: Errand,
    count: usize,
) -> Result<Vec<Caller>, Failure> {
    let mut callers = vec![];
    while callers.len() < count {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = client::handshake(stream).await?;
        tokio::task::spawn_local(async move {
            // It ends when the callers have gone; what went wrong before, they are told.
            drop(connection.await);
        });
        for _ in 0..CALLERS_EACH.min(count - callers.len()) {
            let (sender, names, value) = (sender.clone(), Names::of(errand), data_text());
            callers.push(Caller { sender, address, names, value });
        }
    }
    Ok(callers)
}

/// Makes the first values.
pub async fn fill(address: SocketAddr) -> Result<(), Failure> {
    for mut caller in callers(address, Errand::Put, 1).await? {
        caller.names = Names::first();
        for _ in 0..VALUES {
            caller.exchange().await?;
        }
    }
    Ok(())
}

/// A field of bytes as protobuf writes it.
fn field(number: u8, bytes: &[u8], to: &mut Vec<u8>) {
    to.push(number << 3 | 2);
    let mut length = bytes.len();
    while length >= 0x80 {
        to.push(length as u8 | 0x80);
        length >>= 7;
    }
    to.push(length as u8);
    to.extend_from_slice(bytes);
}

impl Caller {
    /// The method, and its message in gRPC's frame.
    fn next(&mut self) -> (&'static str, Bytes) {
        let mut message = vec![0; 5];
        field(1, self.names.next().as_bytes(), &mut message);
        let method = match self.names.errand {
            Errand::Get => "Range",
            Errand::Put => {
                field(2, self.value.as_bytes(), &mut message);
                "Put"
            }
        };
        let length = message.len() as u32 - 5;
        message[1..5].copy_from_slice(&length.to_be_bytes());
        (method, message.into())
    }

    async fn call(&mut self) -> Result<(), Failure> {
        let (method, message) = self.next();
        let request = Request::post(format!("http://{}/etcdserverpb.KV/{method}", self.address))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())?;
        let mut sender = self.sender.clone().ready().await?;
        let (response, mut stream) = sender.send_request(request, false)?;
        stream.send_data(message, true)?;
        let response = response.await?;
        let mut body = response.into_body();
        let mut length = 0;
        while let Some(chunk) = body.data().await {
            let chunk = chunk?;
            length += chunk.len();
            body.flow_control().release_capacity(chunk.len())?;
        }
        let trailers = body.trailers().await?;
        let status = trailers.as_ref().and_then(|trailers| trailers.get("grpc-status"));
        if status.is_none_or(|status| status != "0") {
            return Err(format!("gRPC status {trailers:?}").into());
        }
        if self.names.errand == Errand::Get && length < self.value.len() {
            return Err("the value is missing".into());
        }
        Ok(())
    }
}

impl Exchange for Caller {
    async fn exchange(&mut self) -> Result<(), String> {
        self.call().await.map_err(|error| error.to_string())
    }
}

struct Json {
    host: String,
    names: Names,
    value: String,
}

/// Puts or gets by the gateway.
pub fn requests(address: SocketAddr, names: Names) -> impl Requests {
    let value = BASE64_STANDARD.encode(data_text());
    Json { host: address.to_string(), names, value }
}

impl Requests for Json {
    fn write(&mut self, to: &mut Vec<u8>) {
        let key = BASE64_STANDARD.encode(self.names.next());
        let (path, body) = match self.names.errand {
            Errand::Get => ("/v3/kv/range", json!({ "key": key })),
            Errand::Put => ("/v3/kv/put", json!({ "key": key, "value": self.value })),
        };
        let headers = [("Content-Type", "application/json")];
        http::request("POST", path, &self.host, &headers, body.to_string().as_bytes(), to);
    }

    fn is_done(&mut self, status: u16, body: &[u8]) -> bool {
        let least = if self.names.errand == Errand::Get { self.value.len() } else { 0 };
        status == 200 && body.len() > least
    }
}
