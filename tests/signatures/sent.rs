//! A request as it was on the wire, and the two ways to ask whether it is believed.

use std::{fs, sync::Arc};

use sae_secret::{
    access::{
        AccessKey, Authenticator, Caller, Directory, KeyMaterial, Principal, Refusal, Session,
        User, authorization,
        signature::{
            Authorization, RsaPublicKey, SignedRequest,
            acs3::{self, Style},
            parse_acs3_date, parse_http_date, roa,
        },
    },
    clock::Timestamp,
};

use crate::common::{Request, Signer, Way, fixture};

/// The key of most captures.
pub const KEY: (&str, &str) = ("testAKid0000000000000001", "testAKsecret000000000000000001");
/// The temporary key of the others, and its token.
pub const SESSION: (&str, &str, &str) = ("STS.fakeid", "fakests-secret", "FAKETOKEN/+=abc");
/// The key whose secret is a key pair.
pub const PAIR: &str = "LTAI5tRsa";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub method: Vec<u8>,
    pub target: Vec<u8>,
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Sent {
    /// Takes a request apart, and its chunks together.
    pub fn read(bytes: &[u8]) -> Self {
        let (head, body) = split_once(bytes, b"\r\n\r\n").expect("a whole head");
        let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        let mut words = lines.next().unwrap().split(|byte| *byte == b' ');
        let (method, target) = (words.next().unwrap().to_vec(), words.next().unwrap().to_vec());
        let headers = lines.map(|line| {
            let (name, value) = split_once(line, b":").expect("a colon in a header");
            (name.to_vec(), value.to_vec())
        });
        let mut sent = Self { method, target, headers: headers.collect(), body: body.to_vec() };
        if sent.header("transfer-encoding").is_some() {
            sent.body = unchunked(body);
        }
        sent
    }

    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let same = |known: &[u8]| known.eq_ignore_ascii_case(name.as_bytes());
        let found = self.headers.iter().find(|(known, _)| same(known));
        found.map(|(_, value)| value.trim_ascii())
    }

    /// The date that its client wrote.
    pub fn date(&self) -> Timestamp {
        let newer = self.header("x-acs-date").and_then(parse_acs3_date);
        let older = || self.header("date").and_then(parse_http_date);
        Timestamp(newer.or_else(older).expect("a date"))
    }

    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn is_acs3(&self) -> bool {
        self.header("authorization").is_some_and(|value| value.starts_with(b"ACS3-"))
    }

    /// Hands the request over as the HTTP library does; nothing if it would refuse it.
    pub fn signed<T>(&self, look: impl FnOnce(&SignedRequest<'_>) -> T) -> Option<T> {
        let is_token = |text: &[u8]| {
            !text.is_empty()
                && text.iter().all(|b| b.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(b))
        };
        let is_value = |text: &[u8]| {
            text.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~' | b'\x80'..=b'\xff'))
        };
        let is_target = self.target.starts_with(b"/")
            && self.target.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#');
        let are_headers =
            self.headers.iter().all(|(name, value)| is_token(name) && is_value(value));
        if !is_token(&self.method) || !is_target || !are_headers {
            return None;
        }
        let lower = self.headers.iter().map(|(name, _)| str(name).to_ascii_lowercase());
        let lower: Vec<String> = lower.collect();
        let values = self.headers.iter().map(|(_, value)| value.trim_ascii());
        let headers: Vec<(&str, &[u8])> = lower.iter().map(String::as_str).zip(values).collect();
        let target = str(&self.target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Some(look(&SignedRequest { method: str(&self.method), path, query, headers: &headers }))
    }

    /// Whether the signature is that of the key it names, and the body the signed one: by the pure functions alone.
    pub fn is_verified(&self) -> bool {
        self.signed(|request| {
            let mut values = request.values("authorization");
            let (Some(value), None) = (values.next(), values.next()) else { return false };
            match Authorization::parse(value) {
                Ok(Authorization::Acs3(claim)) => {
                    let hash = claim.algorithm.hash(&self.body);
                    acs3::unsigned_header(request, &claim, Style::Roa).is_none()
                        && request.values("x-acs-content-sha256").eq([hash.as_bytes()])
                        && with_key(claim.access_key_id, |key| {
                            acs3::verify(request, &claim, key, Style::Roa).is_ok()
                        })
                }
                Ok(Authorization::Roa(claim)) => {
                    let md5 = roa::content_md5(&self.body);
                    request.values("content-md5").all(|sent| sent == md5.as_bytes())
                        && with_key(claim.access_key_id, |key| {
                            roa::verify(request, &claim, key).is_ok()
                        })
                }
                Err(_) => false,
            }
        })
        .unwrap_or_default()
    }

    /// What an authenticator that has seen no other request says.
    pub fn admitted(&self, directory: &Directory, now: Timestamp) -> Result<Caller, Refusal> {
        let authenticator = Authenticator::new(directory.clone(), false);
        let answer = self.signed(|request| {
            let authorization = authorization(request)?;
            let claim = authenticator.check_head(request, authorization.as_ref(), now)?;
            authenticator.admit(claim, request, &self.body, now)
        });
        answer.expect("the HTTP library takes it")
    }
}

impl From<&Request> for Sent {
    fn from(request: &Request) -> Self {
        let headers = request.headers.iter();
        Self {
            method: request.method.clone().into_bytes(),
            target: request.target.clone().into_bytes(),
            headers: headers
                .map(|(name, value)| (name.clone().into_bytes(), value.clone().into_bytes()))
                .collect(),
            body: request.body.clone(),
        }
    }
}

fn str(ascii: &[u8]) -> &str {
    std::str::from_utf8(ascii).unwrap()
}

fn split_once<'a>(bytes: &'a [u8], by: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(by.len()).position(|window| window == by)?;
    Some((&bytes[..at], &bytes[at + by.len()..]))
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = vec![];
    loop {
        let (size, after) = split_once(rest, b"\r\n").expect("a chunk");
        let size = usize::from_str_radix(str(size), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&after[..size]);
        rest = after[size..].strip_prefix(b"\r\n").expect("the end of a chunk");
    }
}

pub fn secret(text: &str) -> KeyMaterial {
    KeyMaterial::Secret(text.to_owned().into())
}

fn with_key(id: &str, verify: impl FnOnce(&KeyMaterial) -> bool) -> bool {
    match id {
        id if id == KEY.0 => verify(&secret(KEY.1)),
        id if id == SESSION.0 => verify(&secret(SESSION.1)),
        PAIR => verify(&KeyMaterial::Rsa(public_key())),
        _ => false,
    }
}

pub fn public_key() -> RsaPublicKey {
    RsaPublicKey::from_pem(&fixture("rsa/public.pem")).unwrap()
}

/// Every way of signing.
pub const WAYS: [Way; 4] = [Way::Acs3Sha256, Way::Acs3Sm3, Way::Acs3Rsa, Way::RoaSha1];

/// A client that signs in that way with one of the keys above.
pub fn signer(way: Way) -> Signer {
    let (id, secret) = match way {
        Way::Acs3Rsa => (PAIR, fixture("tls/rsa2048.key")),
        Way::Acs3Sha256 | Way::Acs3Sm3 | Way::RoaSha1 => (KEY.0, KEY.1.to_owned()),
    };
    Signer::new(id, &secret).way(way)
}

pub fn list() -> Request {
    Request::new("GET", "/pop/v1/sam/secret/secrets?NamespaceId=cn-beijing%3Atest")
}

/// The keys above, all of one user.
pub fn directory() -> Directory {
    let account = "1000000000000001".to_owned();
    let user = Arc::new(User { name: "full".to_owned(), account, policies: vec![] });
    let key = |id: &str, material, session: Option<Session>| {
        let user = Arc::clone(&user);
        let principal = match session {
            Some(_) => Principal::Session(user),
            None => Principal::User(user),
        };
        AccessKey { id: id.to_owned(), material, principal, is_active: true, session }
    };
    let session = Session { token: SESSION.2.to_owned().into(), expires: Timestamp(i64::MAX) };
    let mut directory = Directory::default();
    for key in [
        key(KEY.0, secret(KEY.1), None),
        key(PAIR, KeyMaterial::Rsa(public_key()), None),
        key(SESSION.0, secret(SESSION.1), Some(session)),
    ] {
        directory.add(key).unwrap();
    }
    directory
}

/// Every capture of SAE's clients by its name.
pub fn captures() -> Vec<(String, Sent)> {
    // The recorder ended each file with a line feed of its own.
    captures_in("sae", |bytes| bytes.strip_suffix(b"\n").unwrap_or(bytes))
}

/// Every capture of a product by its name, made from what is in its file.
pub fn captures_in(product: &str, request: fn(&[u8]) -> &[u8]) -> Vec<(String, Sent)> {
    let folder = format!("{}/tests/fixtures/{product}", env!("CARGO_MANIFEST_DIR"));
    let mut captures = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let bytes = fs::read(&path).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            captures.push((name, Sent::read(request(&bytes))));
        }
    }
    captures.sort_by(|(a, _), (b, _)| a.cmp(b));
    captures
}
