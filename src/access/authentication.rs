//! Authentication: the checks of a request's signature, in the order in which the platform makes them.

use std::sync::{Mutex, PoisonError};

use super::{
    AccessKey, Caller, CommonField, Directory, Refusal,
    nonces::{CAPACITY, Nonces, WINDOW_MS},
    signature::{
        self, Authorization, SignedRequest,
        acs3::{self, Acs3, Algorithm, Style},
        roa::{self, Roa},
        rpc::{self, Rpc},
    },
};
use crate::clock::Timestamp;

/// Tells callers by their signatures.
pub struct Authenticator {
    directory: Directory,
    allows_anonymous: bool,
    nonces: Mutex<Nonces>,
}

/// A request whose head is as it should be. It stands for its caller once [`Authenticator::admit`] has seen the body.
#[must_use]
pub struct Claim {
    caller: Caller,
    /// The hash of the body and what it was made by, in the newer way of signing.
    hash: Option<(Algorithm, Style, Vec<u8>)>,
    /// The body's MD5 in base64, where the client sends it.
    md5: Option<Vec<u8>>,
    /// When it was signed, in epoch milliseconds; `None` when nothing was.
    date: Option<i64>,
    nonce: Option<Vec<u8>>,
}

/// Whether a nonce may be used once only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replays {
    Refused,
    /// Some clients of KMS send a request again as it is when its connection breaks.
    Taken,
}

impl Claim {
    /// Whether requests with the same nonce are refused from now on, and so is one that is signed without any.
    ///
    /// # Errors
    /// [`Refusal::Missing`] for the nonce.
    pub fn with(self, replays: Replays) -> Result<Self, Refusal> {
        let nonce = self.nonce.filter(|nonce| replays == Replays::Refused && !nonce.is_empty());
        if replays == Replays::Refused && nonce.is_none() && self.date.is_some() {
            return Err(Refusal::Missing(CommonField::SignatureNonce));
        }
        Ok(Self { nonce, ..self })
    }

    /// Whether the request is signed, by whichever caller.
    pub fn is_signed(&self) -> bool {
        self.date.is_some()
    }
}

impl Authenticator {
    /// Knows those keys, and admits unsigned requests if that is allowed.
    #[must_use]
    pub fn new(directory: Directory, allows_anonymous: bool) -> Self {
        let nonces = Mutex::new(Nonces::new(CAPACITY));
        Self { directory, allows_anonymous, nonces }
    }

    /// Checks all that the head of a request tells, so that the body of a request with a bad signature need not be read:
    /// what is absent or badly put, then the key, the date, the token, the signature. The authorization is the request's
    /// own, as [`authorization`] reads it.
    pub fn check_head(
        &self,
        request: &SignedRequest<'_>,
        authorization: Option<&Authorization<'_>>,
        now: Timestamp,
    ) -> Result<Claim, Refusal> {
        match authorization {
            Some(Authorization::Acs3(authorization)) => {
                self.check_acs3(request, authorization, Style::Roa, now)
            }
            Some(Authorization::Roa(authorization)) => self.check_roa(request, authorization, now),
            None => self.check_unsigned(request),
        }
    }

    /// Checks what only the body can tell, and uses up the nonce. `now` is when the body was there: a request that took
    /// its time may have become too old, and then its nonce may be forgotten already.
    pub fn admit(
        &self,
        claim: Claim,
        request: &SignedRequest<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        if let Some((algorithm, style, hash)) = &claim.hash {
            check_hash(request, *algorithm, *style, hash, body)?;
        }
        if claim.md5.is_some_and(|md5| roa::content_md5(body).as_bytes() != md5) {
            return Err(Refusal::ContentMd5Mismatch);
        }
        let Some(date) = claim.date else { return Ok(claim.caller) };
        check_date(Some(date), now)?;
        if let (Some(nonce), Some(key)) = (&claim.nonce, &claim.caller.access_key_id) {
            let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
            nonces.take(key, nonce, date, now.0)?;
        }
        Ok(claim.caller)
    }

    /// Checks a request of an API of RPC style: its `Authorization` of the newer way, or what its parameters tell. Without
    /// either it may count as anonymous. The date comes last here, behind the signature (the order of the documented table).
    pub fn check_rpc_style(
        &self,
        request: &SignedRequest<'_>,
        authorization: Option<&Authorization<'_>>,
        parameters: &rpc::Parameters<'_>,
        now: Timestamp,
    ) -> Result<Claim, Refusal> {
        match authorization {
            Some(Authorization::Acs3(authorization)) => {
                self.check_acs3(request, authorization, Style::Rpc, now)
            }
            // That is the way of the other style.
            Some(Authorization::Roa(_)) => Err(Refusal::Incomplete),
            None if parameters.are_signed() => self.check_rpc(request, parameters, now),
            None => self.check_unsigned(request),
        }
    }

    fn check_rpc(
        &self,
        request: &SignedRequest<'_>,
        parameters: &rpc::Parameters<'_>,
        now: Timestamp,
    ) -> Result<Claim, Refusal> {
        let claim = Rpc::parse(parameters)?;
        let date = signature::parse_rpc_date(claim.timestamp.as_bytes());
        let token = claim.security_token.map(str::as_bytes);
        let known = self.check_key(claim.access_key_id)?;
        self.check_token(known, token, now)?;
        rpc::verify(request.method, parameters, &claim, &known.material)?;
        check_date(date, now)?;
        Ok(Claim {
            caller: caller(known),
            hash: None,
            md5: single(request, "content-md5")?.map(<[u8]>::to_owned),
            date,
            nonce: claim.nonce.map(|nonce| nonce.as_bytes().to_owned()),
        })
    }

    /// A request without a signature may count as anonymous; one that authenticates in another way may not.
    fn check_unsigned(&self, request: &SignedRequest<'_>) -> Result<Claim, Refusal> {
        const HALVES: [&str; 2] = ["x-acs-accesskey-id", "x-acs-security-token"];
        const OTHER_WAYS: [&str; 3] =
            ["x-acs-bearer-token", "x-acs-signature-type", "x-acs-zero-trust-idtoken"];
        let has = |name: &&str| request.values(name).any(|value| !value.is_empty());
        // Where the platform's APIs of RPC style have what this one has in headers.
        let asks = |name: &[u8]| signature::parameters(request.query).any(|known| *known == *name);
        if HALVES.iter().any(has) || asks(b"AccessKeyId") {
            return Err(Refusal::Missing(CommonField::Signature));
        }
        // Also one that says nothing: its client means to sign.
        let tries = request.values("authorization").next().is_some();
        if !self.allows_anonymous || tries || OTHER_WAYS.iter().any(has) || asks(b"Signature") {
            return Err(Refusal::Missing(CommonField::AccessKeyId));
        }
        Ok(Claim { caller: Caller::ANONYMOUS, hash: None, md5: None, date: None, nonce: None })
    }

    fn check_acs3(
        &self,
        request: &SignedRequest<'_>,
        authorization: &Acs3<'_>,
        style: Style,
        now: Timestamp,
    ) -> Result<Claim, Refusal> {
        let date = required(request, "x-acs-date", CommonField::Timestamp)?;
        let nonce = required(request, "x-acs-signature-nonce", CommonField::SignatureNonce)?;
        let hash = required(request, "x-acs-content-sha256", CommonField::ContentHash)?;
        let md5 = single(request, "content-md5")?;
        if acs3::unsigned_header(request, authorization, style).is_some() || repeats(request) {
            return Err(Refusal::Incomplete);
        }
        let date = signature::parse_acs3_date(date);
        let token = single(request, "x-acs-security-token")?;
        let known = self.check_key(authorization.access_key_id)?;
        if style == Style::Roa {
            check_date(date, now)?;
        }
        self.check_token(known, token, now)?;
        acs3::verify(request, authorization, &known.material, style)?;
        if style == Style::Rpc {
            check_date(date, now)?;
        }
        Ok(Claim {
            caller: caller(known),
            hash: Some((authorization.algorithm, style, hash.to_owned())),
            md5: md5.map(<[u8]>::to_owned),
            date,
            nonce: Some(nonce.to_owned()),
        })
    }

    fn check_roa(
        &self,
        request: &SignedRequest<'_>,
        authorization: &Roa<'_>,
        now: Timestamp,
    ) -> Result<Claim, Refusal> {
        // Browsers do not let a page set Date, so some clients send the other one.
        let date = match single(request, "date")? {
            Some(date) => date,
            None => required(request, "x-acs-date", CommonField::Timestamp)?,
        };
        let nonce = single(request, "x-acs-signature-nonce")?;
        let md5 = single(request, "content-md5")?;
        if repeats(request) {
            return Err(Refusal::Incomplete);
        }
        if single(request, "x-acs-signature-method")?.is_some_and(|method| method != b"HMAC-SHA1") {
            return Err(Refusal::UnknownMethod);
        }
        let date = signature::parse_http_date(date).or_else(|| signature::parse_acs3_date(date));
        let token = single(request, "x-acs-security-token")?;
        let known = self.check_key(authorization.access_key_id)?;
        check_date(date, now)?;
        self.check_token(known, token, now)?;
        roa::verify(request, authorization, &known.material)?;
        Ok(Claim {
            caller: caller(known),
            hash: None,
            md5: md5.map(<[u8]>::to_owned),
            date,
            nonce: nonce.map(<[u8]>::to_owned),
        })
    }

    /// The key that a request names, if it may sign.
    fn check_key(&self, id: &str) -> Result<&AccessKey, Refusal> {
        let key = self.directory.find(id).ok_or(Refusal::UnknownKey)?;
        key.is_active.then_some(key).ok_or(Refusal::InactiveKey)
    }

    fn check_token(
        &self,
        key: &AccessKey,
        token: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match (&key.session, token) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(Refusal::Missing(CommonField::SecurityToken)),
            (Some(session), Some(token)) if session.has_token(token) => {
                (now < session.expires).then_some(()).ok_or(Refusal::TokenExpired)
            }
            // A long-term key has no token, whatever the token is.
            (None, Some(_)) => Err(Refusal::TokenMismatch),
            (Some(_), Some(token)) if self.directory.knows_token(token) => {
                Err(Refusal::TokenMismatch)
            }
            (Some(_), Some(_)) => Err(Refusal::TokenMalformed),
        }
    }
}

/// By which key and how a request claims to be signed; `None` when it claims nothing.
pub fn authorization<'a>(
    request: &SignedRequest<'a>,
) -> Result<Option<Authorization<'a>>, Refusal> {
    single(request, "authorization")?.map(Authorization::parse).transpose()
}

/// Holds a body to the hash that was signed.
fn check_hash(
    request: &SignedRequest<'_>,
    algorithm: Algorithm,
    style: Style,
    hash: &[u8],
    body: &[u8],
) -> Result<(), Refusal> {
    let actual = algorithm.hash(body);
    if actual.as_bytes() == hash {
        return Ok(());
    }
    match authorization(request)? {
        Some(Authorization::Acs3(authorization)) => {
            Err(acs3::explain(request, &authorization, style, &actual))
        }
        _ => Err(Refusal::Incomplete),
    }
}

/// The value of a header that may stand once; an empty one says nothing.
fn single<'a>(request: &SignedRequest<'a>, name: &str) -> Result<Option<&'a [u8]>, Refusal> {
    let mut values = request.values(name);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Refusal::Incomplete),
        (value, None) => Ok(value.filter(|value| !value.is_empty())),
    }
}

/// Whether a header that means something stands twice: signed are its values, sorted, and not which of them comes first.
fn repeats(request: &SignedRequest<'_>) -> bool {
    let mut names = request.headers.iter().map(|(name, _)| *name);
    names.any(|name| {
        let means_something = name.starts_with("x-acs-") || name == "content-type";
        means_something && request.values(name).nth(1).is_some()
    })
}

fn required<'a>(
    request: &SignedRequest<'a>,
    name: &str,
    field: CommonField,
) -> Result<&'a [u8], Refusal> {
    single(request, name)?.ok_or(Refusal::Missing(field))
}

fn check_date(date: Option<i64>, now: Timestamp) -> Result<(), Refusal> {
    let date = date.ok_or(Refusal::DateMalformed)?;
    let is_near = now.0.abs_diff(date) <= WINDOW_MS.unsigned_abs();
    if is_near { Ok(()) } else { Err(Refusal::DateExpired) }
}

fn caller(key: &AccessKey) -> Caller {
    Caller { principal: key.principal.clone(), access_key_id: Some(key.id.clone()) }
}
