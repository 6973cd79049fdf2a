//! What a request says, as far as it tells which part of a document is about it; written apart from the code that reads
//! requests.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// What marks a request that is signed by parameters.
const SIGNATURE: [&str; 7] = [
    "AccessKeyId",
    "BearerToken",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureType",
    "SignatureVersion",
];

/// A request.
pub struct Sent {
    pub method: String,
    pub path: String,
    headers: Vec<(String, String)>,
    /// Of the query, then of the body.
    parameters: Vec<(String, String)>,
}

impl Sent {
    /// Reads a request as it was sent.
    pub fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let (head, body) = bytes.split_at(end.unwrap_or(bytes.len()));
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut parameters = form(query);
        // Bodies for SAE may be large, and do not matter.
        if method == "POST" && path == "/" {
            let body = String::from_utf8_lossy(body);
            let body = body.trim_start_matches('\u{feff}').trim();
            match serde_json::from_str(body) {
                Ok(Value::Object(members)) => parameters.extend(
                    members
                        .into_iter()
                        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))),
                ),
                _ => parameters.extend(form(body)),
            }
        }
        Self { method, path: path.to_owned(), headers, parameters }
    }

    /// The name of the operation of KMS; empty where it names none.
    pub fn action(&self) -> String {
        let header = self.header("x-acs-action");
        let parameter = self.parameters.iter().find(|(name, _)| name == "Action");
        let parameter = parameter.map(|(_, value)| value.as_str()).filter(|it| !it.is_empty());
        let is_signed = |(name, _): &(String, String)| SIGNATURE.contains(&name.as_str());
        let named = if self.header("authorization").is_some() {
            header.or(parameter)
        } else if self.parameters.iter().any(is_signed) {
            parameter
        } else {
            parameter.or(header)
        };
        named.unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

fn form(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
