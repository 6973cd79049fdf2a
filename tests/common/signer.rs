//! Signs requests as a client does, from what the client knows: written apart from the code that verifies.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;
use sm3::Sm3;

use super::{Request, encoded};

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Acs3Sha256,
    Acs3Sm3,
    Acs3Rsa,
    RoaSha1,
}

/// A key pair, and what a clumsy or hostile client would do with it.
#[derive(Clone)]
pub struct Signer {
    pub id: String,
    /// The secret; for RSA the private key (PKCS#8, PEM).
    pub secret: String,
    pub token: Option<String>,
    pub way: Way,
    /// Of the API.
    pub version: &'static str,
    /// Unix time in seconds.
    pub time: i64,
    /// A new one for each request where `None`; none at all where empty.
    pub nonce: Option<String>,
    /// Whether a body's MD5 is sent along (the older way only).
    pub with_md5: bool,
}

static NONCE: AtomicU64 = AtomicU64::new(0);

pub fn unix_now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

impl Signer {
    pub fn new(id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            token: None,
            way: Way::Acs3Sha256,
            version: "2019-05-06",
            time: unix_now(),
            nonce: None,
            with_md5: true,
        }
    }

    pub fn way(mut self, way: Way) -> Self {
        self.way = way;
        self
    }

    pub fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    pub fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub fn at(mut self, time: i64) -> Self {
        self.time = time;
        self
    }

    pub fn nonce(mut self, nonce: &str) -> Self {
        self.nonce = Some(nonce.to_owned());
        self
    }

    /// The request with the headers that a client adds; parameters and headers that it has already are signed too.
    pub fn sign(&self, request: Request, action: Option<&str>) -> Request {
        let nonce = self.nonce.clone().unwrap_or_else(|| {
            let number = NONCE.fetch_add(1, Ordering::Relaxed);
            format!("{:08x}{:016x}{number:08x}", std::process::id(), self.time)
        });
        let mut request = request.header("x-acs-version", self.version);
        if !nonce.is_empty() {
            request = request.header("x-acs-signature-nonce", &nonce);
        }
        if let Some(action) = action {
            request = request.header("x-acs-action", action);
        }
        if let Some(token) = &self.token {
            request = request
                .header("x-acs-accesskey-id", &self.id)
                .header("x-acs-security-token", token);
        }
        if self.way == Way::RoaSha1 { self.roa(request) } else { self.acs3(request) }
    }

    fn acs3(&self, request: Request) -> Request {
        let hash = match self.way {
            Way::Acs3Sm3 => hex(&Sm3::digest(&request.body)),
            _ => hex(&Sha256::digest(&request.body)),
        };
        let date = jiff::Timestamp::from_second(self.time).unwrap().strftime("%Y-%m-%dT%H:%M:%SZ");
        let mut request =
            request.header("x-acs-date", &date.to_string()).header("x-acs-content-sha256", &hash);
        if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header("Host", "sae-secret.test");
        }
        let headers = sorted(&request, |_| true);
        let names: Vec<&str> = headers.keys().map(String::as_str).collect();
        let names = names.join(";");
        let lines: String =
            headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let (path, parameters) = parameters(&request);
        let query: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let canonical =
            format!("{}\n{path}\n{}\n{lines}\n{names}\n{hash}", request.method, query.join("&"));
        let algorithm = match self.way {
            Way::Acs3Sm3 => "ACS3-HMAC-SM3",
            Way::Acs3Rsa => "ACS3-RSA-SHA256",
            _ => "ACS3-HMAC-SHA256",
        };
        let digest = match self.way {
            Way::Acs3Sm3 => hex(&Sm3::digest(&canonical)),
            _ => hex(&Sha256::digest(&canonical)),
        };
        let text = format!("{algorithm}\n{digest}");
        let signature = match self.way {
            Way::Acs3Sm3 => hex(&mac::<Hmac<Sm3>>(&self.secret, &text)),
            Way::Acs3Rsa => hex(&rsa(&self.secret, &text)),
            _ => hex(&mac::<Hmac<Sha256>>(&self.secret, &text)),
        };
        let authorization = format!(
            "{algorithm} Credential={},SignedHeaders={names},Signature={signature}",
            self.id
        );
        request.header("Authorization", &authorization)
    }

    fn roa(&self, request: Request) -> Request {
        let time = jiff::Timestamp::from_second(self.time).unwrap();
        let date = time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let is_date = |name: &str| {
            name.eq_ignore_ascii_case("date") || name.eq_ignore_ascii_case("x-acs-date")
        };
        let mut request = request
            .header("x-acs-signature-method", "HMAC-SHA1")
            .header("x-acs-signature-version", "1.0");
        if !request.headers.iter().any(|(name, _)| is_date(name)) {
            request = request.header("Date", &date);
        }
        if self.with_md5 && !request.body.is_empty() {
            let md5 = STANDARD.encode(Md5::digest(&request.body));
            request = request.header("Content-MD5", &md5);
        }
        let value = |name: &str| {
            let found = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let mut text = format!("{}\n", request.method);
        for name in ["accept", "content-md5", "content-type", "date"] {
            text += &format!("{}\n", value(name));
        }
        for (name, value) in sorted(&request, |name| name.starts_with("x-acs-")) {
            text += &format!("{name}:{value}\n");
        }
        let (path, parameters) = parameters(&request);
        text += &path;
        let pairs: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !pairs.is_empty() {
            text += &format!("?{}", pairs.join("&"));
        }
        let signature = STANDARD.encode(mac::<Hmac<Sha1>>(&self.secret, &text));
        request.header("Authorization", &format!("acs {}:{signature}", self.id))
    }
}

/// The headers by name; several of one name are sorted and joined by commas.
fn sorted(request: &Request, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let mut headers: Vec<(String, &String)> =
        request.headers.iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
    headers.sort();
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers.into_iter().filter(|(name, _)| wanted(name)) {
        joined
            .entry(name)
            .and_modify(|before| *before += &format!(",{value}"))
            .or_insert_with(|| value.clone());
    }
    joined
}

/// The path, and the parameters as the client knew them before it encoded them, sorted.
fn parameters(request: &Request) -> (String, Vec<(String, String)>) {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs: Vec<_> = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
    pairs.sort();
    (path.to_owned(), pairs)
}

fn decoded(text: &str) -> String {
    let plain = text.replace('+', " ");
    percent_encoding::percent_decode_str(&plain).decode_utf8().unwrap().into_owned()
}

fn mac<M: Mac + KeyInit>(secret: &str, text: &str) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn rsa(private_key: &str, text: &str) -> Vec<u8> {
    use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
    let der = PrivatePkcs8KeyDer::from_pem_slice(private_key.as_bytes()).unwrap();
    let pair = ring::signature::RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let mut signature = vec![0; pair.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    pair.sign(&ring::signature::RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature)
        .unwrap();
    signature
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
