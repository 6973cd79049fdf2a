//! Signs as the SDKs do, with ACS3-HMAC-SHA256, and fast enough for a load generator.

use std::{
    fmt::{self, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use data_encoding::HEXLOWER;
use ring::{digest, hmac};

const AGENT: &str = "AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SIGNED: &str = "accept;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;\
                      x-acs-date;x-acs-signature-nonce;x-acs-version";

/// What is asked for.
pub struct Call<'a> {
    pub method: &'a str,
    /// The path that is signed.
    pub path: &'a str,
    /// The path that is sent: another one for the no-op.
    pub sent_path: &'a str,
    /// Encoded as in RFC 3986 and sorted, and so the same on the wire and in what is signed.
    pub query: &'a str,
    pub action: &'a str,
    /// Of the API.
    pub version: &'a str,
}

/// Signs calls without a body, as the present SDKs make them for every operation on secrets.
pub struct Signer {
    key_id: String,
    key: hmac::Key,
    host: String,
    nonce: u64,
    nonce_prefix: String,
    second: u64,
    date: String,
    canonical: String,
    hashed: String,
}

impl Signer {
    pub fn new(key_id: &str, secret: &str, host: &str) -> Self {
        Self {
            key_id: key_id.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            host: host.to_owned(),
            nonce: 0,
            nonce_prefix: format!("{:016x}", fastrand::u64(..)),
            second: 0,
            date: String::new(),
            canonical: String::with_capacity(2048),
            hashed: String::with_capacity(128),
        }
    }

    /// Appends the request, with a nonce of its own and the date of this second.
    pub fn write(&mut self, call: &Call<'_>, to: &mut Vec<u8>) -> fmt::Result {
        self.look_at_the_clock();
        self.nonce += 1;
        let nonce = format!("{}{:016x}", self.nonce_prefix, self.nonce);
        let Self { key_id, host, date, canonical, hashed, .. } = self;
        let Call { method, path, sent_path, query, action, version } = call;
        canonical.clear();
        write!(
            canonical,
            "{method}\n{path}\n{query}\naccept:application/json\nhost:{host}\nuser-agent:{AGENT}\n\
             x-acs-action:{action}\nx-acs-content-sha256:{EMPTY}\nx-acs-credentials-provider:static_ak\n\
             x-acs-date:{date}\nx-acs-signature-nonce:{nonce}\nx-acs-version:{version}\n\n{SIGNED}\n{EMPTY}"
        )?;
        let hash = digest::digest(&digest::SHA256, canonical.as_bytes());
        hashed.clear();
        hashed.push_str("ACS3-HMAC-SHA256\n");
        HEXLOWER.encode_append(hash.as_ref(), hashed);
        let signature = HEXLOWER.encode(hmac::sign(&self.key, hashed.as_bytes()).as_ref());
        canonical.clear();
        // In the order of the Python SDK.
        write!(
            canonical,
            "{method} {sent_path}?{query} HTTP/1.1\r\nAccept-Encoding: identity\r\nhost: {host}\r\n\
             x-acs-version: {version}\r\nx-acs-action: {action}\r\nuser-agent: {AGENT}\r\n\
             x-acs-date: {date}\r\nx-acs-signature-nonce: {nonce}\r\naccept: application/json\r\n\
             x-acs-content-sha256: {EMPTY}\r\nx-acs-credentials-provider: static_ak\r\n\
             Authorization: ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={SIGNED},Signature={signature}\r\n"
        )?;
        canonical.push_str(if *method == "GET" { "\r\n" } else { "Content-Length: 0\r\n\r\n" });
        to.extend_from_slice(canonical.as_bytes());
        Ok(())
    }

    fn look_at_the_clock(&mut self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        if now != self.second {
            self.second = now;
            let time = jiff::Timestamp::from_second(now.cast_signed()).expect("a time");
            self.date = time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        }
    }
}
