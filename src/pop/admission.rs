//! Authentication and authorization: hands the request over as it was on the wire, and tells why it goes no further. Each
//! product has words of its own for that.

use serde_json::{Value, json};

use super::reply::shown_host;
use crate::{
    access::{
        self, Access, Caller, Claim, Denied, Principal, Refusal,
        policy::Environment,
        signature::{SignedRequest, rpc},
    },
    clock::Timestamp,
    exchange::Call,
    http::{
        CallerNote,
        browser::{self, Foreign},
    },
};

/// Why a request is not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdmissionError {
    /// Its caller is not authenticated.
    Refused(Refusal),
    /// It is signed in a header, and no other header names the version of the API.
    MissingVersion,
    /// It is unsigned and came under this host name, which may be another site's.
    HostForbidden(String),
    /// It is unsigned, for a page of an origin that is not named.
    OriginForbidden,
    /// Its caller calls too often.
    Throttled {
        /// After how many milliseconds it may call again.
        millis: u64,
    },
}

impl From<Refusal> for AdmissionError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

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
    pub fn check_head(&self) -> Result<Claim, AdmissionError> {
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
            return Err(AdmissionError::MissingVersion);
        }
        let authenticator = &self.access.authenticator;
        let claim = authenticator.check_head(&signed, authorization?.as_ref(), self.call.now)?;
        self.held_to_its_site(claim)
    }

    /// Authenticates the caller of a request of RPC style by its head and its parameters.
    pub fn check_rpc_style(
        &self,
        parameters: &rpc::Parameters<'_>,
    ) -> Result<Claim, AdmissionError> {
        let signed = self.signed();
        let authorization = access::authorization(&signed)?;
        let claimed = match &authorization {
            Some(authorization) => Some(authorization.access_key_id().to_owned()),
            None => parameters.access_key_id().map(str::to_owned),
        };
        self.call.note(|outcome| outcome.caller.access_key_id = claimed);
        let authenticator = &self.access.authenticator;
        let now = self.call.now;
        let claim =
            authenticator.check_rpc_style(&signed, authorization.as_ref(), parameters, now)?;
        self.held_to_its_site(claim)
    }

    /// The claim, unless a page that may be another site's sends the request.
    fn held_to_its_site(&self, claim: Claim) -> Result<Claim, AdmissionError> {
        if !claim.is_signed() {
            let call = self.call;
            let headers = call.head.headers();
            browser::check_unsigned(&call.request_id, headers, &call.exchange.sites).map_err(
                |foreign| match foreign {
                    Foreign::Host(_) => AdmissionError::HostForbidden(shown_host(call)),
                    Foreign::Origin(_) | Foreign::FetchSite => AdmissionError::OriginForbidden,
                },
            )?;
        }
        Ok(claim)
    }

    /// Checks the signed body at the moment `now`, and whether the caller may call as often.
    pub fn admit(
        &self,
        claim: Claim,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Caller, AdmissionError> {
        let caller = self.access.authenticator.admit(claim, &self.signed(), body, now)?;
        self.call.note(|outcome| {
            outcome.caller = CallerNote {
                kind: caller.kind(),
                name: caller.user().map(|user| user.name.clone()),
                access_key_id: caller.access_key_id.clone(),
            };
        });
        if let Some(limit) = &self.access.rate_limit {
            limit.take(&caller).map_err(|millis| AdmissionError::Throttled { millis })?;
        }
        Ok(caller)
    }
}

/// What policies can ask about a request, whatever resource it is for: no tags.
pub fn environment(call: &Call<'_>) -> Environment<'static> {
    let source = &call.source;
    Environment { source: source.address, is_secure: source.is_secure, now: call.now, tags: &[] }
}

/// The member that the SDKs pass on in their exceptions when a caller may not; `home` is the emulated account. The
/// platform's `EncodedDiagnosticMessage` is left out: only its own console can decode one.
pub fn access_denied(caller: &Caller, action: &str, home: &str, denied: Denied) -> Value {
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
        "AuthPrincipalOwnerId": caller.account(home),
        "AuthPrincipalType": principal_type,
        "NoPermissionType": kind,
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    })
}
