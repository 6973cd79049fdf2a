//! RustyVault over its file storage, by its HTTP interface.

use std::{fs, net::SocketAddr, path::Path, process::Command};

use serde_json::{Value, json};

use super::{Errand, Names};
use crate::{
    Failure,
    daemon::Daemon,
    http::{self, Requests, request},
    requests::data_text,
};

/// One that says little, as a server in use would.
pub fn start(program: &Path, folder: &Path, address: SocketAddr) -> Result<Daemon, Failure> {
    let config = folder.join("config.hcl");
    fs::write(
        &config,
        format!(
            "storage \"file\" {{\n  path = \"{0}/data\"\n}}\n\
             listener \"tcp\" {{\n  address = \"{address}\"\n  tls_disable = \"true\"\n}}\n\
             api_addr = \"http://{address}\"\nlog_level = \"error\"\nwork_dir = \"{0}/work\"\n\
             pid_file = \"{0}/pid\"\n",
            folder.display()
        ),
    )?;
    let mut command = Command::new(program);
    command.arg("server").arg("--config").arg(&config);
    Daemon::start(command, address, &folder.join("log"))
}

/// Makes its keys and opens it; answers the token of its owner.
pub async fn unseal(address: SocketAddr) -> Result<String, Failure> {
    let host = address.to_string();
    let ask = async |path: &str, body: Value| -> Result<Value, Failure> {
        let mut bytes = vec![];
        request("PUT", path, &host, &[], body.to_string().as_bytes(), &mut bytes);
        let (status, reply) = http::call(address, &bytes).await?;
        if !(200..300).contains(&status) {
            return Err(format!("{path}: {status}: {}", String::from_utf8_lossy(&reply)).into());
        }
        Ok(serde_json::from_slice(&reply)?)
    };
    let made = ask("/v1/sys/init", json!({"secret_shares": 1, "secret_threshold": 1})).await?;
    let key = made.pointer("/keys/0").cloned().unwrap_or_default();
    ask("/v1/sys/unseal", json!({ "key": key })).await?;
    let token = made.pointer("/root_token").and_then(Value::as_str);
    Ok(token.ok_or("no token")?.to_owned())
}

struct Kv {
    host: String,
    token: String,
    names: Names,
    value: String,
}

/// Puts or gets in the store of keys and values that is there by itself.
pub fn requests(token: &str, address: SocketAddr, names: Names) -> impl Requests + use<> {
    Kv { host: address.to_string(), token: token.to_owned(), names, value: data_text() }
}

impl Requests for Kv {
    fn write(&mut self, to: &mut Vec<u8>) {
        let path = format!("/v1/secret/{}", self.names.next());
        let headers = [("X-Vault-Token", self.token.as_str())];
        match self.names.errand {
            Errand::Get => request("GET", &path, &self.host, &headers, b"", to),
            Errand::Put => request("POST", &path, &self.host, &headers, self.value.as_bytes(), to),
        }
    }

    fn is_done(&mut self, status: u16, body: &[u8]) -> bool {
        match self.names.errand {
            Errand::Get => status == 200 && body.len() > self.value.len(),
            Errand::Put => status == 200 || status == 204,
        }
    }
}
