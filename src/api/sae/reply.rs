//! The bodies of replies.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderName, HeaderValue},
    },
};
use serde::Serialize;
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};

use super::{
    codes::{AccessDenied, ApiError, Code, Detail, Origin},
    negotiation::Format,
    operation::Operation,
    xml,
};
use crate::http::Identity;

/// When a throttled caller may try again, in milliseconds; the SDKs read it.
const RETRY_AFTER: HeaderName = HeaderName::from_static("x-acs-retry-after");

/// What an operation answers when it succeeds. It may hold a secret's values, so it has no `Debug`.
pub enum Answer {
    /// The common envelope around `Data`, which is JSON already.
    Data(Box<RawValue>),
    /// The common envelope without `Data`.
    Empty,
    /// The envelope of `DescribeRegions`: an integer code, no `Data`, and the list of regions.
    Regions(Value),
}

impl Answer {
    /// The common envelope around that.
    ///
    /// # Errors
    /// [`Code::InternalError`] when JSON cannot say it: no map that is answered has other keys than texts.
    pub fn data(data: &impl Serialize) -> Result<Self, ApiError> {
        let unsaid = |error| ApiError::new(Code::InternalError, &[]).caused_by(error);
        to_raw_value(data).map(Self::Data).map_err(unsaid)
    }
}

/// Everything that a reply needs to know of its request.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The ids of the request.
    pub identity: Identity,
    /// The format that the caller wants.
    pub format: Format,
    /// The host that the caller named.
    pub host: String,
}

/// The reply to a request that succeeded.
pub fn success(frame: &Frame, operation: Operation, answer: Answer) -> HttpResponse {
    let identity = &frame.identity;
    let root = || format!("{}Response", operation.name());
    match answer {
        Answer::Regions(regions) => {
            let body = json!({
                "Code": 200, "Message": "success", "RequestId": identity.request_id, "Regions": regions,
            });
            render(frame, StatusCode::OK, root, &body)
        }
        Answer::Data(data) => {
            render(frame, StatusCode::OK, root, &Envelope::new(identity, Some(&data)))
        }
        Answer::Empty => render(frame, StatusCode::OK, root, &Envelope::new(identity, None)),
    }
}

/// What is around the `Data` of all operations but `DescribeRegions`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope<'a> {
    request_id: &'a str,
    message: &'static str,
    trace_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    code: &'static str,
    success: bool,
}

impl<'a> Envelope<'a> {
    fn new(identity: &'a Identity, data: Option<&'a RawValue>) -> Self {
        Self {
            request_id: identity.request_id.as_str(),
            message: "success",
            trace_id: identity.trace_id.as_str(),
            data,
            code: "200",
            success: true,
        }
    }
}

/// The reply to a request that failed. The gateway's errors lack what only the service knows.
pub fn failure(frame: &Frame, error: &ApiError) -> HttpResponse {
    let entry = error.code().entry();
    let request_id = &frame.identity.request_id;
    let recommend = format!(
        "https://api.aliyun.com/troubleshoot?q={}&product=sae&requestId={request_id}",
        entry.code
    );
    let mut body = json!({
        "RequestId": request_id,
        "HostId": frame.host,
        "Code": entry.code,
        "Message": error.message(),
        "Recommend": recommend,
    });
    let mut retry_after = None;
    if let Value::Object(members) = &mut body {
        if entry.origin == Origin::Service {
            members.insert("TraceId".to_owned(), frame.identity.trace_id.as_str().into());
            members.insert("ErrorCode".to_owned(), entry.code.into());
            members.insert("Success".to_owned(), false.into());
        }
        match error.detail() {
            Some(Detail::AccessDenied(denied)) => {
                members.insert("AccessDeniedDetail".to_owned(), access_denied(denied));
            }
            Some(Detail::RetryAfter(millis)) => retry_after = Some(*millis),
            None => {}
        }
    }
    let status = StatusCode::from_u16(entry.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = render(frame, status, || "Error".to_owned(), &body);
    if let Some(millis) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(millis));
    }
    response
}

/// The member that the SDKs hand to whoever catches their exception. The platform's `EncodedDiagnosticMessage` is left
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

/// The body in the format that the caller wants; `root` is what XML calls it.
fn render(
    frame: &Frame,
    status: StatusCode,
    root: impl FnOnce() -> String,
    body: &impl Serialize,
) -> HttpResponse {
    let (content_type, text) = match frame.format {
        Format::Json => ("application/json;charset=utf-8", serde_json::to_string(body)),
        Format::Xml => (
            "text/xml;charset=utf-8",
            serde_json::to_value(body).map(|body| xml::document(&root(), &body)),
        ),
    };
    let Ok(text) = text else {
        log::error!("a reply cannot be written as JSON");
        return HttpResponse::InternalServerError().finish();
    };
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static(content_type)));
    response.body(text)
}
