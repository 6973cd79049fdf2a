//! Authentication and authorization: hands the request over as it was on the wire, and translates the refusals.

use serde_json::{Value, json};

use super::{
    error::{ApiError, Code},
    reply::shown_host,
};
use crate::{
    access::{
        self, Access, Caller, Claim, CommonField, Denied, Principal, Refusal, policy::Environment,
        signature::SignedRequest,
    },
    clock::Timestamp,
    exchange::Call,
    http::{
        CallerNote,
        browser::{self, Foreign},
    },
};

/// One request at admission.
pub struct Admission<'a> {
    access: &'a Access,
    call: &'a Call<'a>,
    headers: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Admission<'a> {
    /// Of this request.
    pub fn new(access: &'a Access, call: &'a Call<'a>) -> Self {
        let headers = call.head.headers().iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        Self { access, call, headers }
    }

    fn signed(&self) -> SignedRequest<'_> {
        SignedRequest {
            method: self.call.head.method().as_str(),
            path: self.call.head.path(),
            query: self.call.head.query_string(),
            headers: &self.headers,
        }
    }

    /// Authenticates the caller by the head.
    pub fn check_head(&self) -> Result<Claim, ApiError> {
        let signed = self.signed();
        let authorization = access::authorization(&signed);
        if let Ok(Some(authorization)) = &authorization {
            let claimed = authorization.access_key_id().to_owned();
            self.call.note(|outcome| outcome.caller.access_key_id = Some(claimed));
        }
        let has = |name: &str| {
            self.headers.iter().any(|(known, value)| *known == name && !value.is_empty())
        };
        if has("authorization") && !has("x-acs-version") {
            return Err(ApiError::new(Code::MissingVersion, &[]));
        }
        let authenticator = &self.access.authenticator;
        let claim = authenticator.check_head(&signed, authorization?.as_ref(), self.call.now)?;
        if !claim.is_signed() {
            let call = self.call;
            let headers = call.head.headers();
            browser::check_unsigned(&call.request_id, headers, &call.exchange.sites).map_err(
                |foreign| match foreign {
                    Foreign::Host(_) => ApiError::new(Code::HostForbidden, &[&shown_host(call)]),
                    Foreign::Origin(_) | Foreign::FetchSite => {
                        ApiError::new(Code::OriginForbidden, &[])
                    }
                },
            )?;
        }
        Ok(claim)
    }

    /// Checks the signed body at the moment `now`, and whether the caller may call as often.
    pub fn admit(&self, claim: Claim, body: &[u8], now: Timestamp) -> Result<Caller, ApiError> {
        let caller = self.access.authenticator.admit(claim, &self.signed(), body, now)?;
        self.call.note(|outcome| {
            outcome.caller = CallerNote {
                kind: caller.kind(),
                name: caller.user().map(|user| user.name.clone()),
                access_key_id: caller.access_key_id.clone(),
            };
        });
        if let Some(limit) = &self.access.rate_limit {
            limit.take(&caller).map_err(|millis| ApiError {
                retry_after: Some(millis),
                ..ApiError::new(Code::ThrottlingUser, &[])
            })?;
        }
        Ok(caller)
    }
}

/// Checks whether a caller may take an action, such as `sae:CreateSecret`, on every one of the resources, such as
/// `acs:sae:cn-beijing:1000000000000001:*`, of the account of that number.
///
/// # Errors
/// `NoPermission`.
pub fn authorize(
    call: &Call<'_>,
    caller: &Caller,
    action: &str,
    resources: &[String],
    account: &str,
) -> Result<(), ApiError> {
    let source = &call.source;
    let environment =
        Environment { source: source.address, is_secure: source.is_secure, now: call.now };
    for resource in resources {
        caller.authorize(action, resource, &environment).map_err(|denied| ApiError {
            access_denied: Some(Box::new(access_denied(caller, action, account, denied))),
            ..ApiError::new(Code::NoPermission, &[])
        })?;
    }
    call.note(|outcome| outcome.is_permitted = true);
    Ok(())
}

/// The member that the SDKs pass on in their exceptions. The platform's `EncodedDiagnosticMessage` is left out: only its
/// own console can decode one.
fn access_denied(caller: &Caller, action: &str, account: &str, denied: Denied) -> Value {
    let principal_type = match caller.principal {
        Principal::Session(_) => "AssumedRoleUser",
        Principal::Anonymous | Principal::Root | Principal::User(_) => "SubUser",
    };
    let kind = match denied {
        Denied::Explicitly => "ExplicitDeny",
        Denied::Implicitly => "ImplicitDeny",
    };
    json!({
        "AuthAction": action,
        "AuthPrincipalDisplayName": caller.user().map_or("", |user| &user.name),
        "AuthPrincipalOwnerId": account,
        "AuthPrincipalType": principal_type,
        "NoPermissionType": kind,
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    })
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
            Refusal::RoaMismatch { string_to_sign } | Refusal::RpcMismatch { string_to_sign } => {
                return Self::new(Code::RoaSignatureMismatch, &[&string_to_sign]);
            }
        };
        Self::new(code, &[])
    }
}
