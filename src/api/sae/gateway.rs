//! The way in: every request that is not for the server's own operations comes through [`serve`], which finds the
//! operation by method and path, reads the parameters, lets the handler answer, and words the reply.

use std::{collections::HashSet, time::Instant};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{Method, header::HeaderValue},
    web,
};

use super::{
    Sae,
    admission::Admission,
    codes::{ApiError, Code},
    namespaces, negotiation,
    operation::{self, Operation, Route, VERSION},
    parameters::{BodyRole, Malformed, Parameters},
    record, regions,
    reply::{self, Answer, Frame},
    resource, secrets,
};
use crate::{
    domain::{NamespaceId, RegionId, SecretId},
    http::{
        BODY_MAX, BodyError, Identity, READ_TIMEOUT, SharedOutcome, Source, cors, discard_body,
        front::{self, Limits, Refusal},
        read_body,
    },
    service::Context,
};

/// How much of a `Host` header an error repeats, in characters: a DNS name and a port.
const HOST_MAX: usize = 260;

/// The region that a request names. Most operations do not look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedRegion {
    /// It names none.
    None,
    /// It names this one, served or not.
    One(RegionId),
    /// It names something that is no region.
    Unreadable,
}

/// One request, ready for a handler.
pub struct Request<'a> {
    /// Under which id and when it is handled.
    pub context: Context,
    /// What is asked.
    pub parameters: Parameters,
    /// The region that the caller names.
    pub region: NamedRegion,
    /// The dialect.
    pub sae: &'a Sae,
    /// Where the handler notes what the log may tell.
    pub outcome: &'a SharedOutcome,
}

impl Request<'_> {
    /// The parameters, which are gone from the request then: what the handler does not use is not held while it waits.
    pub fn take_parameters(&mut self) -> Parameters {
        std::mem::take(&mut self.parameters)
    }

    /// Notes the namespace for the log.
    pub fn note(&self, namespace: &NamespaceId) {
        self.outcome.borrow_mut().namespace = Some(namespace.to_string());
    }

    /// Notes the secret for the logs, as far as it is known.
    pub fn note_secret(&self, id: Option<SecretId>, name: Option<&str>) {
        let mut outcome = self.outcome.borrow_mut();
        outcome.secret_id = id.map(SecretId::get).or(outcome.secret_id);
        outcome.secret_name = name.map(str::to_owned).or_else(|| outcome.secret_name.take());
    }

    /// Parses the namespace that a secret operation names, and notes it for the log.
    pub fn namespace(&self, text: &str) -> Result<NamespaceId, ApiError> {
        let namespace = NamespaceId::parse(text)?;
        self.note(&namespace);
        Ok(namespace)
    }
}

/// Answers any request in the dialect.
pub async fn serve(
    sae: web::Data<Sae>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let started = Instant::now();
    let parameters = Parameters::from_query(front::query(request.head()));
    let frame = Frame {
        identity: request.extensions().get::<Identity>().cloned().unwrap_or_default(),
        format: negotiation::choose(header_text(&request, "accept"), &parameters),
        host: host(&request),
    };
    let outcome = request.extensions().get::<SharedOutcome>().cloned().unwrap_or_default();
    let source = sae.proxies.source(&request);
    outcome.borrow_mut().source = source.address;
    let asked = Asked { sae: &sae, request: &request, parameters, source, frame: &frame };
    let answered = answer(asked, payload, &outcome).await;
    outcome.borrow_mut().code = code_of(&answered);
    let answered = record::record(&sae, &frame.identity, &outcome, started, answered).await;
    outcome.borrow_mut().code = code_of(&answered);
    match answered {
        Ok((operation, answer)) => reply::success(&frame, operation, answer),
        Err(error) => {
            if let Some(cause) = error.cause() {
                let request_id = frame.identity.request_id.as_str();
                log::error!(request_id; "{cause}");
            }
            reply::failure(&frame, &error)
        }
    }
}

/// What became of a request.
pub type Answered = Result<(Operation, Answer), ApiError>;

fn code_of(answered: &Answered) -> &'static str {
    match answered {
        Ok(_) => "200",
        Err(error) => error.code().entry().code,
    }
}

/// What was asked, before it is known what for.
struct Asked<'a> {
    sae: &'a Sae,
    request: &'a HttpRequest,
    parameters: Parameters,
    source: Source,
    frame: &'a Frame,
}

async fn answer(asked: Asked<'_>, payload: web::Payload, outcome: &SharedOutcome) -> Answered {
    let Asked { sae, request, mut parameters, source, frame } = asked;
    let admission = find_operation(request, |operation| {
        outcome.borrow_mut().operation = Some(operation.name());
        note_named(&parameters, outcome);
    })
    .and_then(|operation| {
        let admission = Admission::new(sae, request, operation, source, outcome);
        let claim = admission.check_head()?;
        Ok((operation, admission, claim))
    });
    let (operation, admission, claim) = match admission {
        Ok(admission) => admission,
        Err(error) => {
            // A client that is still sending would not see the reply.
            discard_body(payload).await;
            return Err(error);
        }
    };
    let declared = header_text(request, "content-length").and_then(|text| text.parse().ok());
    let body = read_body(payload, declared, &sae.bodies).await.map_err(unread)?;
    // The room is kept to the end: what the handler makes of the body is as large.
    let (body, _room) = body;
    let length = body.len();
    let caller = admission.admit(claim, &body)?;
    let content_type = header_text(request, "content-type").unwrap_or_default().to_owned();
    let role = role(request);
    let added = move || parameters.add_body(&body, &content_type, role).map(|()| parameters);
    let parameters = sae.bodies.work_on(length, added).await.ok_or_else(unfinished)?;
    // What a body has wrong is told only to a caller that may do this.
    let (nothing, cloud) = (Parameters::default(), sae.service.cloud());
    let known = parameters.as_ref().unwrap_or(&nothing);
    let region = named_region(request, known);
    let named = if let NamedRegion::One(region) = &region { Some(region) } else { None };
    admission.authorize(&caller, &resource::of(operation, known, named, cloud))?;
    record::require_writable(sae).await?;
    let parameters = parameters?;
    let request_id = frame.identity.request_id.clone();
    let context = Context { request_id, now: admission.now(), caller };
    let answer = run(operation, Request { context, parameters, region, sae, outcome }).await?;
    Ok((operation, answer))
}

/// Something went wrong inside while a body was read.
pub fn unfinished() -> ApiError {
    ApiError::new(Code::InternalError, &[])
}

/// Notes what the query names, so that the logs tell of a refused request what it was for.
fn note_named(parameters: &Parameters, outcome: &SharedOutcome) {
    let text = |name| parameters.text(name).ok().flatten();
    let mut outcome = outcome.borrow_mut();
    let namespace = text("NamespaceId").and_then(|text| NamespaceId::parse(&text).ok());
    outcome.namespace = namespace.map(|namespace| namespace.to_string());
    let id = text("SecretId").and_then(|text| SecretId::parse(&text).ok());
    outcome.secret_id = id.map(SecretId::get);
}

fn header_text<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn host(request: &HttpRequest) -> String {
    header_text(request, "host").unwrap_or_default().chars().take(HOST_MAX).collect()
}

/// The checks of the gateway, in its order: the request is one at all, path and method, origin, action, version. Tells of
/// the operation as soon as it is known, so that the logs have it whatever comes of the request.
fn find_operation(
    request: &HttpRequest,
    note: impl FnOnce(Operation),
) -> Result<Operation, ApiError> {
    if let Some(refusal) = front::refusal(request.headers()) {
        return Err(refused(refusal));
    }
    let operation = match operation::route(request.method(), request.path()) {
        Route::Operation(operation) => operation,
        Route::OtherMethod => return Err(ApiError::new(Code::MethodNotSupported, &[])),
        Route::Unknown => return Err(ApiError::new(Code::ApiNotFound, &[])),
    };
    note(operation);
    // Browsers send simple requests without asking first, so a page could write what it may not read.
    if *request.method() != Method::GET && cors::is_from_unnamed_origin(request) {
        return Err(ApiError::new(Code::OriginForbidden, &[]));
    }
    if contradicts(request, "x-acs-action", operation.name()) {
        return Err(ApiError::new(Code::ActionNotFound, &[]));
    }
    if contradicts(request, "x-acs-version", VERSION) {
        return Err(ApiError::new(Code::VersionNotValid, &[]));
    }
    Ok(operation)
}

/// Whether a header says something else than this; absent and empty ones say nothing.
fn contradicts(request: &HttpRequest, name: &str, expected: &str) -> bool {
    let mut values = request.headers().get_all(name).map(HeaderValue::as_bytes);
    values.any(|value| !value.is_empty() && value != expected.as_bytes())
}

fn refused(refusal: Refusal) -> ApiError {
    let limits = Limits::default();
    match refusal {
        Refusal::UriTooLong => ApiError::new(Code::TargetTooLong, &[&limits.target]),
        Refusal::HeadTooLarge => {
            ApiError::new(Code::HeadTooLarge, &[&limits.headers, &limits.header_bytes])
        }
        Refusal::Malformed => ApiError::new(Code::BadRequest, &[]),
        Refusal::Timeout => ApiError::new(Code::RequestTimeout, &[&limits.head_timeout.as_secs()]),
    }
}

fn unread(error: BodyError) -> ApiError {
    match error {
        BodyError::TooLarge => ApiError::new(Code::BodyTooLarge, &[&BODY_MAX]),
        BodyError::TooSlow => ApiError::new(Code::RequestTimeout, &[&READ_TIMEOUT.as_secs()]),
        BodyError::NoRoom => ApiError::new(Code::ServiceUnavailable, &[]),
        BodyError::Broken => ApiError::new(Code::BadRequest, &[]),
    }
}

fn role(request: &HttpRequest) -> BodyRole {
    match *request.method() {
        Method::POST | Method::PUT => BodyRole::Parameters,
        _ => BodyRole::Ignorable,
    }
}

/// The region that a request names: by parameter, by header, or by the real service's host name. Inferred; clients
/// that are pointed at another host name none.
fn named_region(request: &HttpRequest, parameters: &Parameters) -> NamedRegion {
    let region =
        |text: &str| RegionId::parse(text).map_or(NamedRegion::Unreadable, NamedRegion::One);
    match parameters.text("RegionId") {
        Ok(Some(text)) if !text.is_empty() => return region(&text),
        Err(Malformed) => return NamedRegion::Unreadable,
        Ok(_) => {}
    }
    let headers = request.headers().get_all("x-acs-region-id").map(HeaderValue::as_bytes);
    let headers: HashSet<&[u8]> = headers.filter(|value| !value.is_empty()).collect();
    if let Some(first) = headers.iter().next() {
        let text = std::str::from_utf8(first).ok().filter(|_| headers.len() == 1);
        return text.map_or(NamedRegion::Unreadable, region);
    }
    let host = header_text(request, "host").and_then(|host| host.strip_prefix("sae."));
    match host.and_then(|host| host.split_once(".aliyuncs.com")) {
        Some((text, _)) => region(text),
        None => NamedRegion::None,
    }
}

async fn run(operation: Operation, request: Request<'_>) -> Result<Answer, ApiError> {
    match operation {
        Operation::CreateSecret => secrets::create(request).await,
        Operation::UpdateSecret => secrets::update(request).await,
        Operation::DescribeSecret => secrets::describe(request).await,
        Operation::DeleteSecret => secrets::delete(request).await,
        Operation::ListSecrets => secrets::list(request).await,
        Operation::CreateNamespace => namespaces::create(request).await,
        Operation::UpdateNamespace => namespaces::update(request).await,
        Operation::DescribeNamespace => namespaces::describe(request).await,
        Operation::DeleteNamespace => namespaces::delete(request).await,
        Operation::DescribeNamespaces => namespaces::page(request).await,
        Operation::DescribeNamespaceList => namespaces::list(request).await,
        Operation::DescribeNamespaceResources => namespaces::resources(request).await,
        Operation::DescribeRegions => Ok(regions::list(&request)),
    }
}
