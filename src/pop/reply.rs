//! The bodies of replies: what the products share of them.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderName, HeaderValue},
    },
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    error::{AccessDenied, ApiError, Detail},
    format::{self, Format},
    parameters::Parameters,
    xml,
};
use crate::exchange::Call;

/// The id of a request, in every reply.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-acs-request-id");

/// The id that the platform's tracing gives a request.
const TRACE_ID: HeaderName = HeaderName::from_static("x-acs-trace-id");

/// When a throttled caller may try again, in milliseconds; the SDKs read it.
const RETRY_AFTER: HeaderName = HeaderName::from_static("x-acs-retry-after");

/// The headers of replies that a page may read.
pub const EXPOSED_HEADERS: [HeaderName; 3] = [REQUEST_ID, TRACE_ID, RETRY_AFTER];

/// How much of a `Host` header an error repeats, in characters: a DNS name and a port.
const HOST_MAX: usize = 260;

/// Everything that a reply needs to know of its request.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The request's id.
    pub request_id: String,
    /// The id that tracing gave it.
    pub trace_id: String,
    /// The format that the caller wants.
    pub format: Format,
    /// The host that the caller named.
    pub host: String,
    /// Members whose value is a map with keys that are no element names of XML.
    pub maps: &'static [&'static str],
}

/// The host that a caller named, as far as errors repeat it.
pub fn shown_host(call: &Call<'_>) -> String {
    call.header("host").unwrap_or_default().chars().take(HOST_MAX).collect()
}

impl Frame {
    /// Of a request whose head has these parameters.
    #[must_use]
    pub fn new(
        call: &Call<'_>,
        parameters: &Parameters,
        trace_id: String,
        maps: &'static [&'static str],
    ) -> Self {
        Self {
            request_id: call.request_id.clone(),
            trace_id,
            format: format::choose(call.header("accept"), parameters),
            host: shown_host(call),
            maps,
        }
    }

    /// The body in the format that the caller wants; `root` is what XML calls it.
    #[must_use]
    pub fn render(
        &self,
        status: StatusCode,
        root: impl FnOnce() -> String,
        body: &impl Serialize,
    ) -> HttpResponse {
        let (content_type, text) = match self.format {
            Format::Json => ("application/json;charset=utf-8", serde_json::to_string(body)),
            Format::Xml => (
                "text/xml;charset=utf-8",
                serde_json::to_value(body).map(|body| xml::document(&root(), &body, self.maps)),
            ),
        };
        let Ok(text) = text else {
            log::error!("a reply cannot be written as JSON");
            return HttpResponse::InternalServerError().finish();
        };
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static(content_type)));
        if let Ok(trace_id) = HeaderValue::from_str(&self.trace_id) {
            response.insert_header((TRACE_ID, trace_id));
        }
        response.body(text)
    }

    /// The reply to a request that failed; `more` are the members that a product adds, `product` is its name in links. What
    /// only the log is told of the error is logged here.
    #[must_use]
    pub fn failure(
        &self,
        error: &ApiError,
        product: &str,
        more: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> HttpResponse {
        let request_id = self.request_id.as_str();
        if let Some(cause) = error.cause() {
            log::error!(request_id; "{cause}");
        }
        let entry = error.entry();
        let recommend = format!(
            "https://api.aliyun.com/troubleshoot?q={}&product={product}&requestId={request_id}",
            entry.code
        );
        let mut body = json!({
            "RequestId": request_id,
            "HostId": self.host,
            "Code": entry.code,
            "Message": error.message(),
            "Recommend": recommend,
        });
        let mut retry_after = None;
        if let Value::Object(members) = &mut body {
            members.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
            match error.detail() {
                Some(Detail::AccessDenied(denied)) => {
                    members.insert("AccessDeniedDetail".to_owned(), access_denied(denied));
                }
                Some(Detail::RetryAfter(millis)) => retry_after = Some(*millis),
                None => {}
            }
        }
        let status =
            StatusCode::from_u16(entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = self.render(status, || "Error".to_owned(), &body);
        if let Some(millis) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(millis));
        }
        response
    }
}

/// The member that the SDKs pass on in their exceptions. The platform's `EncodedDiagnosticMessage` is left
/// out: only its own console can decode one.
fn access_denied(denied: &AccessDenied) -> Value {
    let kind = if denied.is_explicit { "ExplicitDeny" } else { "ImplicitDeny" };
    json!({
        "AuthAction": denied.action,
        "AuthPrincipalDisplayName": denied.principal,
        "AuthPrincipalOwnerId": denied.account,
        "AuthPrincipalType": denied.principal_type,
        "NoPermissionType": kind,
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    })
}
