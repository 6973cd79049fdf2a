//! The way in: every request that is not for the server's own operation comes through [`serve`], which finds the
//! operation by method and path, reads the parameters, lets the handler answer, and words the reply.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, http::Method, web};

use super::{
    Sae,
    codes::{ApiError, Code},
    namespaces, negotiation,
    operation::{self, Operation, Route, VERSION},
    parameters::{BodyRole, Parameters},
    regions,
    reply::{self, Answer, Frame},
    secrets,
};
use crate::{
    domain::{NamespaceId, RegionId},
    http::{
        BODY_MAX, Body, BodyError, Identity, Outcome, READ_TIMEOUT, cors, discard_body,
        front::{self, Limits, Refusal},
        read_body,
    },
    service::Context,
};

/// How much of a `Host` header an error repeats, in characters: a DNS name and a port.
const HOST_MAX: usize = 260;

/// One request, ready for a handler.
pub struct Request<'a> {
    /// Who asks, and when.
    pub context: Context,
    /// What is asked.
    pub parameters: Parameters,
    /// The region that the caller names, if any.
    pub region: Option<RegionId>,
    /// The dialect.
    pub sae: &'a Sae,
    /// Where the handler notes what the log may tell.
    pub outcome: &'a mut Outcome,
}

impl Request<'_> {
    /// The parameters, which are gone from the request then: a request that waits for the store holds nothing big.
    pub fn take_parameters(&mut self) -> Parameters {
        std::mem::take(&mut self.parameters)
    }

    /// Parses the namespace that a secret operation names, and notes it for the log.
    pub fn namespace(&mut self, text: &str) -> Result<NamespaceId, ApiError> {
        let namespace = NamespaceId::parse(text)?;
        self.outcome.namespace = Some(namespace.to_string());
        Ok(namespace)
    }
}

/// Answers any request in the dialect.
pub async fn serve(
    sae: web::Data<Sae>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let parameters = Parameters::from_query(front::query(request.head()));
    let frame = Frame {
        identity: request.extensions().get::<Identity>().cloned().unwrap_or_default(),
        format: negotiation::choose(header_text(&request, "accept"), &parameters),
        host: host(&request),
    };
    let mut outcome = Outcome::default();
    let asked = Asked { sae: &sae, request: &request, parameters, frame: &frame };
    let mut response = match answer(asked, payload, &mut outcome).await {
        Ok((operation, answer)) => {
            outcome.code = "200";
            reply::success(&frame, operation, answer)
        }
        Err(error) => {
            outcome.code = error.code().entry().code;
            if let Some(cause) = error.cause() {
                let request_id = frame.identity.request_id.as_str();
                log::error!(request_id; "the store is unavailable: {cause}");
            }
            reply::failure(&frame, &error)
        }
    };
    response.extensions_mut().insert(outcome);
    response
}

/// What was asked, before it is known what for.
struct Asked<'a> {
    sae: &'a Sae,
    request: &'a HttpRequest,
    parameters: Parameters,
    frame: &'a Frame,
}

async fn answer(
    asked: Asked<'_>,
    payload: web::Payload,
    outcome: &mut Outcome,
) -> Result<(Operation, Answer), ApiError> {
    let Asked { sae, request, mut parameters, frame } = asked;
    let operation = match find_operation(request) {
        Ok(operation) => operation,
        Err(error) => {
            // A client that is still sending would not see the reply.
            discard_body(payload).await;
            return Err(error);
        }
    };
    outcome.operation = Some(operation.name());
    let declared = header_text(request, "content-length").and_then(|text| text.parse().ok());
    let body = read_body(payload, declared, &sae.bodies).await;
    add_body(request, body, &mut parameters)?;
    let context = Context { request_id: frame.identity.request_id.clone(), now: sae.clock.now() };
    let region = named_region(request, &parameters);
    let answer = run(operation, Request { context, parameters, region, sae, outcome }).await?;
    Ok((operation, answer))
}

fn header_text<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn host(request: &HttpRequest) -> String {
    header_text(request, "host").unwrap_or_default().chars().take(HOST_MAX).collect()
}

/// The checks of the gateway, in its order: the request is one at all, path and method, action, version.
fn find_operation(request: &HttpRequest) -> Result<Operation, ApiError> {
    if let Some(refusal) = front::refusal(request.headers()) {
        return Err(refused(refusal));
    }
    let operation = match operation::route(request.method(), request.path()) {
        Route::Operation(operation) => operation,
        Route::OtherMethod => return Err(ApiError::new(Code::MethodNotSupported, &[])),
        Route::Unknown => return Err(ApiError::new(Code::ApiNotFound, &[])),
    };
    // Browsers send simple requests without asking first, so a page could write what it may not read.
    if *request.method() != Method::GET && cors::is_from_unnamed_origin(request) {
        return Err(ApiError::new(Code::OriginForbidden, &[]));
    }
    let action = header_text(request, "x-acs-action").filter(|action| !action.is_empty());
    if action.is_some_and(|action| action != operation.name()) {
        return Err(ApiError::new(Code::ActionNotFound, &[]));
    }
    if header_text(request, "x-acs-version").is_some_and(|version| version != VERSION) {
        return Err(ApiError::new(Code::VersionNotValid, &[]));
    }
    Ok(operation)
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

fn add_body(
    request: &HttpRequest,
    body: Result<Body, BodyError>,
    parameters: &mut Parameters,
) -> Result<(), ApiError> {
    let body = body.map_err(|error| match error {
        BodyError::TooLarge => ApiError::new(Code::BodyTooLarge, &[&BODY_MAX]),
        BodyError::TooSlow => ApiError::new(Code::RequestTimeout, &[&READ_TIMEOUT.as_secs()]),
        BodyError::Broken => ApiError::new(Code::BadRequest, &[]),
    })?;
    let role = match *request.method() {
        Method::POST | Method::PUT => BodyRole::Parameters,
        _ => BodyRole::Ignorable,
    };
    parameters.add_body(
        body.bytes(),
        header_text(request, "content-type").unwrap_or_default(),
        role,
    )
}

/// The region that a request names: by parameter, by header, or by the real service's host name. Inferred; clients
/// that are pointed at another host name none.
fn named_region(request: &HttpRequest, parameters: &Parameters) -> Option<RegionId> {
    let parameter = parameters.text("RegionId").ok().flatten();
    let header = || header_text(request, "x-acs-region-id").map(str::to_owned);
    let host = || {
        let name = header_text(request, "host")?.strip_prefix("sae.")?;
        name.split_once(".aliyuncs.com").map(|(region, _)| region.to_owned())
    };
    parameter.or_else(header).or_else(host).and_then(|text| RegionId::parse(&text))
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
