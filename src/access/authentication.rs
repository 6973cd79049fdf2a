//! Who is calling: the checks of a request's signature, in the order in which the platform makes them.

use std::sync::{Mutex, PoisonError};

use super::{
    Caller, Directory, KeyStatus, Known, Principal,
    directory::KeyMaterial,
    nonces::{NonceRefusal, Nonces, WINDOW_MS},
    signature::{
        self, Authorization, AuthorizationError, Key, SignedRequest,
        acs3::{self, Acs3, Algorithm},
        roa::{self, Roa},
    },
};
use crate::clock::Timestamp;

/// A field that a signed request must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommonField {
    /// Which key signed.
    AccessKeyId,
    /// The signature itself.
    Signature,
    /// When it was signed.
    Timestamp,
    /// What makes the request the only one of its kind.
    SignatureNonce,
    /// The hash of the body.
    ContentHash,
    /// The token of a temporary key.
    SecurityToken,
}

/// Why a caller is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A field is absent or empty.
    Missing(CommonField),
    /// The signature is not put as the rules want it.
    Incomplete,
    /// There is no such way to sign.
    UnknownMethod,
    /// No such key is known.
    UnknownKey,
    /// The key was disabled.
    InactiveKey,
    /// The date cannot be read.
    DateMalformed,
    /// The date is more than 15 minutes from now.
    DateExpired,
    /// The temporary key has run out.
    TokenExpired,
    /// No such token was handed out.
    TokenMalformed,
    /// The token belongs to another key.
    TokenMismatch,
    /// The signature is another one, in the newer way of signing.
    Acs3Mismatch {
        /// What the server makes of the request.
        canonical_request: String,
        /// What the server holds the signature against.
        string_to_sign: String,
    },
    /// The signature is another one, in the older way of signing.
    RoaMismatch {
        /// What the server holds the signature against.
        string_to_sign: String,
    },
    /// The body is not the one whose MD5 was given.
    ContentMd5Mismatch,
    /// The nonce was used before.
    NonceUsed,
}

/// Tells callers by their signatures.
#[derive(Debug)]
pub struct Authenticator {
    directory: Directory,
    allows_anonymous: bool,
    nonces: Mutex<Nonces>,
}

/// A request whose head is as it should be. It stands for its caller once [`Authenticator::admit`] has seen the body.
#[derive(Debug)]
#[must_use]
pub struct Claim {
    caller: Caller,
    /// The hash of the body and what it was made by, in the newer way of signing.
    hash: Option<(Algorithm, Vec<u8>)>,
    /// The body's MD5 in base64, where the client sends it.
    md5: Option<Vec<u8>>,
    /// When it was signed, in epoch milliseconds; `None` when nothing was.
    date: Option<i64>,
    nonce: Option<Vec<u8>>,
}

impl Authenticator {
    /// Knows those keys, and lets those pass that sign nothing if that is allowed.
    #[must_use]
    pub fn new(directory: Directory, allows_anonymous: bool) -> Self {
        Self { directory, allows_anonymous, nonces: Mutex::default() }
    }

    /// Checks all that the head of a request tells, so that the body of a stranger need not be read. The authorization is
    /// the request's own, as [`authorization`] reads it.
    ///
    /// # Errors
    /// [`Refusal`], the first of: what is absent or badly put, the key, the date, the token, the signature.
    pub fn check_head(
        &self,
        request: &SignedRequest<'_>,
        authorization: Option<&Authorization<'_>>,
        now: Timestamp,
    ) -> Result<Claim, Refusal> {
        match authorization {
            Some(Authorization::Acs3(authorization)) => {
                self.check_acs3(request, authorization, now)
            }
            Some(Authorization::Roa(authorization)) => self.check_roa(request, authorization, now),
            None => self.check_unsigned(request),
        }
    }

    /// Checks what only the body can tell, and uses up the nonce. `now` is when the body was there: a request that took
    /// its time may have become too old, and then its nonce may be forgotten already.
    ///
    /// # Errors
    /// [`Refusal`]: the body is another one, the date has passed, or the nonce was used.
    pub fn admit(
        &self,
        claim: Claim,
        request: &SignedRequest<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        if let Some((algorithm, hash)) = &claim.hash {
            check_hash(request, *algorithm, hash, body)?;
        }
        if claim.md5.is_some_and(|md5| roa::content_md5(body).as_bytes() != md5) {
            return Err(Refusal::ContentMd5Mismatch);
        }
        let Some(date) = claim.date else { return Ok(claim.caller) };
        check_date(date, now)?;
        if let (Some(nonce), Some(key)) = (&claim.nonce, &claim.caller.access_key_id) {
            let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
            nonces.take(key, nonce, date, now.0).map_err(|refusal| match refusal {
                NonceRefusal::Used => Refusal::NonceUsed,
                NonceRefusal::TooOld => Refusal::DateExpired,
            })?;
        }
        Ok(claim.caller)
    }

    /// A request without a signature may pass for an anonymous one; one that tries to prove itself in another way may not.
    fn check_unsigned(&self, request: &SignedRequest<'_>) -> Result<Claim, Refusal> {
        const HALVES: [&str; 2] = ["x-acs-accesskey-id", "x-acs-security-token"];
        const OTHER_WAYS: [&str; 3] =
            ["x-acs-bearer-token", "x-acs-signature-type", "x-acs-zero-trust-idtoken"];
        let has = |name: &&str| {
            request.headers.iter().any(|(known, value)| known == name && !value.is_empty())
        };
        // Where the platform's APIs of RPC style have what this one has in headers.
        let asks = |name: &[u8]| signature::parameters(request.query).any(|known| *known == *name);
        if HALVES.iter().any(has) || asks(b"AccessKeyId") {
            return Err(Refusal::Missing(CommonField::Signature));
        }
        // Also one that says nothing: its client means to sign.
        let tries = request.headers.iter().any(|(known, _)| *known == "authorization");
        if !self.allows_anonymous || tries || OTHER_WAYS.iter().any(has) || asks(b"Signature") {
            return Err(Refusal::Missing(CommonField::AccessKeyId));
        }
        Ok(Claim { caller: Caller::ANONYMOUS, hash: None, md5: None, date: None, nonce: None })
    }

    fn check_acs3(
        &self,
        request: &SignedRequest<'_>,
        authorization: &Acs3<'_>,
        now: Timestamp,
    ) -> Result<Claim, Refusal> {
        let date = required(request, "x-acs-date", CommonField::Timestamp)?;
        let nonce = required(request, "x-acs-signature-nonce", CommonField::SignatureNonce)?;
        let hash = required(request, "x-acs-content-sha256", CommonField::ContentHash)?;
        let md5 = single(request, "content-md5")?;
        if acs3::unsigned_header(request, authorization).is_some() {
            return Err(Refusal::Incomplete);
        }
        let known = self.find(authorization.access_key_id)?;
        let date = signature::parse_acs3_date(date).ok_or(Refusal::DateMalformed)?;
        check_date(date, now)?;
        check_token(known, &self.directory, request, now)?;
        acs3::verify(request, authorization, &key(known))?;
        Ok(Claim {
            caller: caller(known),
            hash: Some((authorization.algorithm, hash.to_owned())),
            md5: md5.map(<[u8]>::to_owned),
            date: Some(date),
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
        if single(request, "x-acs-signature-method")?.is_some_and(|method| method != b"HMAC-SHA1") {
            return Err(Refusal::UnknownMethod);
        }
        let known = self.find(authorization.access_key_id)?;
        let date = signature::parse_http_date(date)
            .or_else(|| signature::parse_acs3_date(date))
            .ok_or(Refusal::DateMalformed)?;
        check_date(date, now)?;
        check_token(known, &self.directory, request, now)?;
        roa::verify(request, authorization, &key(known))?;
        Ok(Claim {
            caller: caller(known),
            hash: None,
            md5: md5.map(<[u8]>::to_owned),
            date: Some(date),
            nonce: nonce.map(<[u8]>::to_owned),
        })
    }

    fn find(&self, id: &str) -> Result<&Known, Refusal> {
        match self.directory.find(id) {
            None => Err(Refusal::UnknownKey),
            Some(Known::Key(key, _)) if key.status == KeyStatus::Inactive => {
                Err(Refusal::InactiveKey)
            }
            Some(known) => Ok(known),
        }
    }
}

impl From<AuthorizationError> for Refusal {
    fn from(error: AuthorizationError) -> Self {
        match error {
            AuthorizationError::Malformed => Self::Incomplete,
            AuthorizationError::MissingAccessKeyId => Self::Missing(CommonField::AccessKeyId),
            AuthorizationError::MissingSignature => Self::Missing(CommonField::Signature),
            AuthorizationError::UnknownAlgorithm => Self::UnknownMethod,
        }
    }
}

impl From<acs3::Mismatch> for Refusal {
    fn from(mismatch: acs3::Mismatch) -> Self {
        let acs3::Mismatch { canonical_request, string_to_sign } = mismatch;
        Self::Acs3Mismatch { canonical_request, string_to_sign }
    }
}

impl From<roa::Mismatch> for Refusal {
    fn from(mismatch: roa::Mismatch) -> Self {
        Self::RoaMismatch { string_to_sign: mismatch.string_to_sign }
    }
}

/// By which key and how a request claims to be signed; `None` when it claims nothing.
///
/// # Errors
/// [`Refusal`]: the claim is badly put.
pub fn authorization<'a>(
    request: &SignedRequest<'a>,
) -> Result<Option<Authorization<'a>>, Refusal> {
    let value = single(request, "authorization")?;
    Ok(value.map(Authorization::parse).transpose()?)
}

/// Holds a body to the hash that was signed.
fn check_hash(
    request: &SignedRequest<'_>,
    algorithm: Algorithm,
    hash: &[u8],
    body: &[u8],
) -> Result<(), Refusal> {
    let actual = acs3::content_hash(algorithm, body);
    if actual.as_bytes() == hash {
        return Ok(());
    }
    match authorization(request)? {
        Some(Authorization::Acs3(authorization)) => {
            Err(acs3::explain(request, &authorization, &actual).into())
        }
        _ => Err(Refusal::Incomplete),
    }
}

/// The value of a header that may stand once; an empty one says nothing.
fn single<'a>(request: &SignedRequest<'a>, name: &str) -> Result<Option<&'a [u8]>, Refusal> {
    let mut values =
        request.headers.iter().filter(|(known, _)| *known == name).map(|(_, value)| *value);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Refusal::Incomplete),
        (value, None) => Ok(value.filter(|value| !value.is_empty())),
    }
}

fn required<'a>(
    request: &SignedRequest<'a>,
    name: &str,
    field: CommonField,
) -> Result<&'a [u8], Refusal> {
    single(request, name)?.ok_or(Refusal::Missing(field))
}

fn check_date(date: i64, now: Timestamp) -> Result<(), Refusal> {
    if now.0.abs_diff(date) <= WINDOW_MS.unsigned_abs() {
        Ok(())
    } else {
        Err(Refusal::DateExpired)
    }
}

fn check_token(
    known: &Known,
    directory: &Directory,
    request: &SignedRequest<'_>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let token = single(request, "x-acs-security-token")?;
    match (known, token) {
        (Known::Key(..), None) => Ok(()),
        (Known::Session(_), None) => Err(Refusal::Missing(CommonField::SecurityToken)),
        (Known::Session(session), Some(token)) if session.has_token(token) => {
            if now < session.expires { Ok(()) } else { Err(Refusal::TokenExpired) }
        }
        (_, Some(token)) if directory.knows_token(token) => Err(Refusal::TokenMismatch),
        // A long-term key has no token, whatever the token is.
        (Known::Key(..), Some(_)) => Err(Refusal::TokenMismatch),
        (Known::Session(_), Some(_)) => Err(Refusal::TokenMalformed),
    }
}

fn key(known: &Known) -> Key<'_> {
    match known {
        Known::Key(key, _) => match &key.material {
            KeyMaterial::Secret(secret) => Key::Secret(secret),
            KeyMaterial::Rsa(public) => Key::Rsa(public),
        },
        Known::Session(session) => Key::Secret(&session.secret),
    }
}

fn caller(known: &Known) -> Caller {
    match known {
        Known::Key(key, owner) => {
            Caller { principal: Principal::from(owner), access_key_id: Some(key.id.clone()) }
        }
        Known::Session(session) => Caller {
            principal: Principal::Session(session.user.clone()),
            access_key_id: Some(session.id.clone()),
        },
    }
}
