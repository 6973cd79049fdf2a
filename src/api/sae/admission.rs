//! Who is calling, and may they: hands the request over as it was on the wire, and words the refusals.

use actix_web::HttpRequest;

use super::{
    Sae,
    codes::{AccessDenied, ApiError, Code, Detail},
    operation::Operation,
};
use crate::{
    access::{
        self, Caller, Claim, CommonField, Denied, Principal, Refusal, policy::Environment,
        signature::SignedRequest,
    },
    domain::Timestamp,
    http::{CallerNote, SharedOutcome, Source, front},
};

/// One request at the gate.
pub struct Admission<'a> {
    sae: &'a Sae,
    request: &'a HttpRequest,
    headers: Vec<(&'a str, &'a [u8])>,
    operation: Operation,
    source: Source,
    now: Timestamp,
    outcome: &'a SharedOutcome,
}

impl<'a> Admission<'a> {
    /// A request for an operation that arrives now.
    pub fn new(
        sae: &'a Sae,
        request: &'a HttpRequest,
        operation: Operation,
        source: Source,
        outcome: &'a SharedOutcome,
    ) -> Self {
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        Self { sae, request, headers, operation, source, now: sae.clock.now(), outcome }
    }

    /// When the request arrived.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    fn signed(&self) -> SignedRequest<'_> {
        SignedRequest {
            method: self.request.method().as_str(),
            path: self.operation.path(),
            query: front::query(self.request.head()),
            headers: &self.headers,
        }
    }

    /// Checks what the head tells of the caller.
    pub fn check_head(&self) -> Result<Claim, ApiError> {
        let signed = self.signed();
        let authorization = access::authorization(&signed);
        if let Ok(Some(authorization)) = &authorization {
            let claimed = authorization.access_key_id().to_owned();
            self.outcome.borrow_mut().caller.access_key_id = Some(claimed);
        }
        let has = |name: &str| {
            self.headers.iter().any(|(known, value)| *known == name && !value.is_empty())
        };
        if has("authorization") && !has("x-acs-version") {
            return Err(ApiError::new(Code::MissingVersion, &[]));
        }
        let authenticator = &self.sae.access.authenticator;
        Ok(authenticator.check_head(&signed, authorization?.as_ref(), self.now)?)
    }

    /// Checks what the body tells of the caller, and whether the caller may call now and as often.
    pub fn admit(&self, claim: Claim, body: &[u8]) -> Result<Caller, ApiError> {
        let access = &self.sae.access;
        let now = self.sae.clock.now();
        let caller = access.authenticator.admit(claim, &self.signed(), body, now)?;
        self.outcome.borrow_mut().caller = note(&caller);
        if let Some(limit) = &access.rate_limit {
            limit.take(&caller).map_err(|early| {
                ApiError::new(Code::ThrottlingUser, &[]).with(Detail::RetryAfter(early.millis))
            })?;
        }
        Ok(caller)
    }

    /// Checks whether the caller may do this on every one of the resources.
    pub fn authorize(&self, caller: &Caller, resources: &[String]) -> Result<(), ApiError> {
        let environment = Environment {
            source: self.source.address,
            is_secure: self.source.is_secure,
            now: self.now,
        };
        for resource in resources {
            access::authorize(caller, self.operation.action(), resource, &environment)
                .map_err(|denied| self.forbidden(caller, denied))?;
        }
        self.outcome.borrow_mut().is_permitted = true;
        Ok(())
    }

    fn forbidden(&self, caller: &Caller, denied: Denied) -> ApiError {
        let principal_type = match caller.principal {
            Principal::Session(_) => "AssumedRoleUser",
            Principal::Anonymous | Principal::Root | Principal::User(_) => "SubUser",
        };
        ApiError::new(Code::NoPermission, &[]).with(Detail::AccessDenied(AccessDenied {
            action: self.operation.action(),
            account: self.sae.service.cloud().account.clone(),
            principal_type,
            principal: caller.user().map(|user| user.name.clone()).unwrap_or_default(),
            is_explicit: denied == Denied::Explicitly,
        }))
    }
}

fn note(caller: &Caller) -> CallerNote {
    CallerNote {
        kind: caller.kind(),
        name: caller.user().map(|user| user.name.clone()),
        access_key_id: caller.access_key_id.clone(),
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::Missing(CommonField::AccessKeyId) => Code::MissingAccessKeyId,
            Refusal::Missing(CommonField::Signature) => Code::MissingSignature,
            Refusal::Missing(CommonField::Timestamp) => Code::MissingTimestamp,
            Refusal::Missing(CommonField::SignatureNonce) => Code::MissingSignatureNonce,
            Refusal::Missing(CommonField::ContentHash) => Code::MissingContentSha256,
            Refusal::Missing(CommonField::SecurityToken) => Code::MissingSecurityToken,
            Refusal::Incomplete => Code::IncompleteSignature,
            Refusal::UnknownMethod => Code::SignatureMethodNotValid,
            Refusal::UnknownKey => Code::AccessKeyNotFound,
            Refusal::InactiveKey => Code::AccessKeyInactive,
            Refusal::DateMalformed => Code::TimestampFormat,
            Refusal::DateExpired => Code::TimestampExpired,
            Refusal::TokenExpired => Code::TokenExpired,
            Refusal::TokenMalformed => Code::TokenMalformed,
            Refusal::TokenMismatch => Code::TokenMismatch,
            Refusal::ContentMd5Mismatch => Code::ContentMd5Mismatch,
            Refusal::NonceUsed => Code::NonceUsed,
            Refusal::Acs3Mismatch { string_to_sign, canonical_request } => {
                let blanks: [&dyn std::fmt::Display; 2] = [&string_to_sign, &canonical_request];
                return Self::new(Code::Acs3SignatureMismatch, &blanks);
            }
            Refusal::RoaMismatch { string_to_sign } => {
                return Self::new(Code::RoaSignatureMismatch, &[&string_to_sign]);
            }
        };
        Self::new(code, &[])
    }
}
