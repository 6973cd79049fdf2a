//! The product as requests meet it: which operation a method and a path lead to, and what runs for it.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method,
        header::{CONTENT_ENCODING, HeaderValue},
    },
    web,
};
use serde_json::Value;

use super::{
    errors::{refused, with_message},
    namespaces,
    operation::{self, Operation},
    reply::{self, Answer},
    request::{
        NAMESPACE, NamedRegion, Request, SECRET_ID, SECRET_NAME, Sae, find_region, unfinished,
    },
    secrets,
};
use crate::{
    access::{Caller, Claim, Denied},
    exchange::{self, Body, Call, Product},
    http::Room,
    pop::{
        self, Admission, ApiError, BodyRole, Format, Frame, Parameters, Unsayable, Xml,
        access_denied, environment,
    },
    region::RegionId,
    sae::model::{Cloud, NamespaceId, SecretId},
};

/// The version of the API.
const VERSION: &str = "2019-05-06";

/// How replies look as XML: the keys of a secret are no element names.
const XML: Xml = Xml { error_root: "Error", maps: &["SecretData"], unsayable: Unsayable::Replaced };

/// How much of a `Content-Encoding` header an error repeats, in characters.
const ENCODING_MAX: usize = 64;

/// Answers any request to the product.
pub async fn serve(
    sae: web::Data<Sae>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    exchange::serve(sae.get_ref(), &sae.exchange, &request, payload).await
}

pub struct State {
    frame: Frame,
    /// Of the query; those of the body come to them.
    parameters: Parameters,
}

pub struct Admitted {
    operation: Operation,
    parameters: Parameters,
    region: NamedRegion,
    /// Held to the end: what the handler makes of the body is as large.
    _room: Room,
}

impl Product for Sae {
    type State = State;
    type Claim = (Operation, Claim);
    type Admitted = Admitted;
    type Answer = (Operation, Answer);
    type Error = ApiError;

    fn begin(&self, call: &Call<'_>) -> State {
        let parameters = Parameters::from_query(call.head.query_string());
        let trace_id = self.trace_ids.next(call.now);
        call.note(|outcome| {
            outcome.service = Some("sae");
            outcome.trace_id = Some(trace_id.clone());
            outcome.place = Some((NAMESPACE, None));
            outcome.object = vec![(SECRET_ID, Value::Null), (SECRET_NAME, Value::Null)];
        });
        let format = Format::named(&parameters);
        let format = format.unwrap_or_else(|| Format::accepted(call.header("accept")));
        State { frame: Frame::new(call, trace_id, format, XML), parameters }
    }

    fn admit_head(
        &self,
        call: &Call<'_>,
        state: &mut State,
    ) -> Result<(Operation, Claim), ApiError> {
        // The checks of the gateway, in its order: path and method, action, version.
        let operation = operation::find(call.head.method(), call.head.path())?;
        note(call, operation, &state.parameters);
        if contradicts(call.head, "x-acs-action", operation.name()) {
            return Err(ApiError::new(pop::Code::ActionNotFound, &[]));
        }
        if contradicts(call.head, "x-acs-version", VERSION) {
            return Err(ApiError::new(pop::Code::VersionNotValid, &[]));
        }
        let claim = Admission::new(&self.access, call).check_head().map_err(refused)?;
        Ok((operation, claim))
    }

    async fn admit(
        &self,
        call: &Call<'_>,
        state: &mut State,
        (operation, claim): (Operation, Claim),
        body: Body,
    ) -> Result<Admitted, ApiError> {
        let Body { bytes, room } = body;
        let admission = Admission::new(&self.access, call);
        let caller = admission.admit(claim, &bytes, self.exchange.clock.now()).map_err(refused)?;
        let role = match *call.head.method() {
            Method::POST | Method::PUT => BodyRole::Parameters,
            _ => BodyRole::Ignorable,
        };
        if role == BodyRole::Parameters && !bytes.is_empty() {
            check_encoding(call.head)?;
        }
        let content_type = call.header("content-type").unwrap_or_default().to_owned();
        let mut parameters = std::mem::take(&mut state.parameters);
        let length = bytes.len();
        let added = move || {
            let added = parameters.add_body(&bytes, &content_type, role);
            (parameters, added)
        };
        let added = self.exchange.bodies.work_on(length, added).await;
        let (parameters, added) = added.ok_or_else(unfinished)?;
        let region = find_region(call, &parameters);
        let named = region.as_ref().ok().and_then(Option::as_ref);
        let cloud = &self.service.cloud;
        let resources = resources_of(operation, &parameters, named, cloud);
        check_rights(call, &caller, operation, &resources, cloud)?;
        // What a body has wrong is told only to a caller that may do this.
        added.map_err(|refused| with_message(refused.place, refused.reason))?;
        Ok(Admitted { operation, parameters, region, _room: room })
    }

    async fn run(
        &self,
        call: &Call<'_>,
        admitted: Admitted,
    ) -> Result<(Operation, Answer), ApiError> {
        let Admitted { operation, parameters, region, _room } = admitted;
        let request = Request { parameters, region, sae: self, call };
        Ok((operation, run(operation, request).await?))
    }

    fn code(
        &self,
        _state: &State,
        outcome: &Result<(Operation, Answer), ApiError>,
    ) -> &'static str {
        match outcome {
            Ok(_) => "200",
            Err(error) => error.entry.code,
        }
    }

    fn reply(
        &self,
        _call: &Call<'_>,
        state: State,
        outcome: Result<(Operation, Answer), ApiError>,
    ) -> HttpResponse {
        match outcome {
            Ok((operation, answer)) => reply::success(&state.frame, operation, answer),
            Err(error) => reply::failure(&state.frame, &error),
        }
    }
}

/// Notes the operation and what the query names, so that the logs tell of a refused request what it was for.
fn note(call: &Call<'_>, operation: Operation, parameters: &Parameters) {
    let text = |name| parameters.text(name).ok().flatten();
    let namespace = text("NamespaceId").and_then(|text| NamespaceId::parse(&text).ok());
    let id = text("SecretId").and_then(|text| SecretId::parse(&text).ok());
    call.note(|outcome| {
        outcome.operation = Some(operation.name());
        outcome.action = Some(operation.action());
        outcome.place = Some((NAMESPACE, namespace.map(|namespace| namespace.to_string())));
        outcome.note_object(SECRET_ID, id.map(SecretId::get));
    });
}

/// Checks whether the caller may do this to all of the resources. Nothing of SAE is shared across accounts.
fn check_rights(
    call: &Call<'_>,
    caller: &Caller,
    operation: Operation,
    resources: &[String],
    cloud: &Cloud,
) -> Result<(), ApiError> {
    let (action, home) = (operation.action(), &cloud.account);
    let refuse = |denied| ApiError {
        access_denied: Some(Box::new(access_denied(caller, action, home, denied))),
        ..ApiError::new(pop::Code::NoPermission, &[])
    };
    if caller.account(home) != home {
        return Err(refuse(Denied::Implicitly));
    }
    let environment = environment(call);
    for resource in resources {
        caller.authorize(action, resource, &environment).map_err(refuse)?;
    }
    call.note(|outcome| outcome.is_permitted = true);
    Ok(())
}

/// A compressed body would be taken for one that cannot be read.
fn check_encoding(request: &HttpRequest) -> Result<(), ApiError> {
    let mut encodings = request.headers().get_all(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    let is_none = |value: &&[u8]| value.is_empty() || value.eq_ignore_ascii_case(b"identity");
    let Some(encoding) = encodings.find(|value| !is_none(value)) else { return Ok(()) };
    let shown: String = String::from_utf8_lossy(encoding).chars().take(ENCODING_MAX).collect();
    let reason = format!("its Content-Encoding {shown} is not supported, send it as it is");
    Err(with_message("body", reason))
}

/// Whether a header says something else than this; absent and empty ones say nothing.
fn contradicts(request: &HttpRequest, name: &str, expected: &str) -> bool {
    let mut values = request.headers().get_all(name).map(HeaderValue::as_bytes);
    values.any(|value| !value.is_empty() && value != expected.as_bytes())
}

/// The RAM resources that a request is authorised on: all that the account has in one region, or in each served region for
/// a list that names none. A caller must be allowed on every one of them. `named` is the region that the request names.
///
/// The region is found as the handlers find it, so that nothing else is done than what was allowed: an operation on one
/// namespace goes by its id, whatever other region the request names; a list has no id. The list of regions alone shows
/// more than the region that is named: which regions there are is public.
fn resources_of(
    operation: Operation,
    parameters: &Parameters,
    named: Option<&RegionId>,
    cloud: &Cloud,
) -> Vec<String> {
    let region = match operation {
        Operation::DescribeNamespaces
        | Operation::DescribeNamespaceList
        | Operation::DescribeRegions => named.cloned(),
        Operation::CreateSecret
        | Operation::UpdateSecret
        | Operation::DescribeSecret
        | Operation::DeleteSecret
        | Operation::ListSecrets
        | Operation::CreateNamespace
        | Operation::UpdateNamespace
        | Operation::DescribeNamespace
        | Operation::DeleteNamespace
        | Operation::DescribeNamespaceResources => {
            region_of_namespace(parameters).or_else(|| named.or(cloud.regions.first()).cloned())
        }
    };
    match region {
        Some(region) => vec![cloud.ram_resource(&region)],
        None => cloud.regions.iter().map(|region| cloud.ram_resource(region)).collect(),
    }
}

/// The region in a namespace's id, also where the rest of the id is wrong: that is reported after authorization.
fn region_of_namespace(parameters: &Parameters) -> Option<RegionId> {
    let id = parameters.text("NamespaceId").ok().flatten()?;
    RegionId::parse(id.split(':').next().unwrap_or_default())
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
        Operation::DescribeRegions => Ok(namespaces::regions(&request)),
    }
}
