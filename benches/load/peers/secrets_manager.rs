//! Two that stand for AWS Secrets Manager. Neither looks at signatures, and both keep values in memory.

use std::{net::SocketAddr, path::Path, process::Command};

use serde_json::json;

use super::{Errand, Names, Peer};
use crate::{
    Failure,
    daemon::Daemon,
    http::{Requests, request},
    requests::data_text,
};

pub fn start(
    peer: Peer,
    program: &Path,
    folder: &Path,
    address: SocketAddr,
) -> Result<Daemon, Failure> {
    let mut command = Command::new(program);
    let port = address.port().to_string();
    if peer == Peer::Moto {
        command.args(["--host", "127.0.0.1", "--port", &port]);
    } else {
        command.env("GATEWAY_PORT", &port).env("BIND_HOST", "127.0.0.1").env("LOG_LEVEL", "ERROR");
        // Written when it ends, and so after everything that is measured.
        command.env("PERSIST_STATE", "1").env("STATE_DIR", folder.join("state"));
    }
    command.env("TMPDIR", folder);
    Daemon::start(command, address, &folder.join("log"))
}

struct Json {
    host: String,
    names: Names,
    value: String,
}

/// CreateSecret or GetSecretValue.
pub fn requests(address: SocketAddr, names: Names) -> impl Requests {
    Json { host: address.to_string(), names, value: data_text() }
}

impl Requests for Json {
    fn write(&mut self, to: &mut Vec<u8>) {
        let name = self.names.next();
        let (action, body) = match self.names.errand {
            Errand::Get => ("secretsmanager.GetSecretValue", json!({ "SecretId": name })),
            Errand::Put => {
                let token = format!("{:032x}", fastrand::u128(..));
                let body =
                    json!({"Name": name, "SecretString": self.value, "ClientRequestToken": token});
                ("secretsmanager.CreateSecret", body)
            }
        };
        let headers = [
            ("X-Amz-Target", action),
            ("X-Amz-Date", "20260101T000000Z"),
            // By this they tell which service is meant.
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/secretsmanager/aws4_request, \
                 SignedHeaders=host;x-amz-date;x-amz-target, Signature=\
                 0000000000000000000000000000000000000000000000000000000000000000",
            ),
            ("Content-Type", "application/x-amz-json-1.1"),
        ];
        request("POST", "/", &self.host, &headers, body.to_string().as_bytes(), to);
    }

    fn is_done(&mut self, status: u16, body: &[u8]) -> bool {
        let least = if self.names.errand == Errand::Get { self.value.len() } else { 0 };
        status == 200 && body.len() > least
    }
}
