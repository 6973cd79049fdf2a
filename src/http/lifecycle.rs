//! What happens around every request: it gets its ids, which its reply carries as headers, it is counted, and one line
//! is logged.

use std::{cell::RefCell, net::IpAddr, rc::Rc, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
    web,
};
use log::Level;

use super::{Identity, Metrics};

/// The log target of the access log.
pub const ACCESS_LOG: &str = "access";

/// The code of a request that ended without a reply.
const ABORTED: &str = "aborted";

/// What a handler notes for the log line and the metrics, in the [`SharedOutcome`] of its request's extensions.
/// Nothing in it comes from a secret; the namespace is set only once it has been parsed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The operation's name, if the request led to one.
    pub operation: Option<&'static str>,
    /// The action that policies know it by, if it has one.
    pub action: Option<&'static str>,
    /// The id that the product's tracing gave the request.
    pub trace_id: Option<String>,
    /// The namespace, if the request named a well-formed one.
    pub namespace: Option<String>,
    /// The number of what the request is about, if it named or made something that has one.
    pub object_id: Option<i64>,
    /// The name of what the request is about, as far as it became known.
    pub object_name: Option<String>,
    /// Who called.
    pub caller: CallerNote,
    /// Where the request came from.
    pub source: Option<IpAddr>,
    /// Whether the caller was let through to the operation.
    pub is_permitted: bool,
    /// The reply's code: `200` or a symbolic one.
    pub code: &'static str,
}

/// Who called, as far as logs tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerNote {
    /// The kind of caller; `unknown` until the caller is certain.
    pub kind: &'static str,
    /// The user's name.
    pub name: Option<String>,
    /// The access key that signed, or that was claimed to.
    pub access_key_id: Option<String>,
}

impl Default for CallerNote {
    fn default() -> Self {
        Self { kind: "unknown", name: None, access_key_id: None }
    }
}

/// What the lifecycle needs.
#[derive(Clone)]
pub struct Observer {
    /// The header that carries the id of a request in its reply.
    pub id_header: HeaderName,
    /// What is counted.
    pub metrics: Metrics,
}

/// What a handler knows of its request, kept where the log line can read it even if the handler does not come to its
/// end: when the server is stopped by force, or when a body's client goes away. The store may have done the work all
/// the same.
pub type SharedOutcome = Rc<RefCell<Outcome>>;

/// A request under way. When it goes it is counted and logged.
struct UnderWay {
    observer: web::Data<Observer>,
    identity: Identity,
    started: Instant,
    outcome: SharedOutcome,
    /// The reply's HTTP status.
    status: Option<u16>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let outcome = self.outcome.borrow();
        let code = match (self.status, outcome.code) {
            (None, _) => ABORTED,
            (Some(_), "") => "-",
            (Some(_), code) => code,
        };
        let took_if_answered = self.status.map(|_| took);
        self.observer.metrics.ended(outcome.operation.unwrap_or("-"), code, took_if_answered);
        let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        log_line(&self.identity, &outcome, self.status.unwrap_or_default(), code, duration_us);
    }
}

/// The middleware around everything.
pub async fn lifecycle<B: MessageBody>(
    observer: web::Data<Observer>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    observer.metrics.begin();
    let identity = Identity::random();
    request.extensions_mut().insert(identity.clone());
    let outcome = SharedOutcome::default();
    request.extensions_mut().insert(Rc::clone(&outcome));
    let mut under_way =
        UnderWay { observer, identity, started: Instant::now(), outcome, status: None };
    let mut response = match next.call(request).await {
        Ok(response) => response,
        Err(error) => {
            under_way.status = Some(error.as_response_error().status_code().as_u16());
            return Err(error);
        }
    };
    if let Ok(value) = HeaderValue::from_str(&under_way.identity.request_id) {
        response.headers_mut().insert(under_way.observer.id_header.clone(), value);
    }
    under_way.status = Some(response.status().as_u16());
    Ok(response)
}

fn log_line(identity: &Identity, outcome: &Outcome, status: u16, code: &str, duration_us: u64) {
    let CallerNote { kind, name, .. } = &outcome.caller;
    let caller = name.as_ref().map_or_else(|| (*kind).to_owned(), |name| format!("{kind}:{name}"));
    let source = outcome.source.map_or_else(|| "-".to_owned(), |address| address.to_string());
    // What asks every few seconds whether all is well would drown the rest.
    let is_probe = matches!(outcome.operation, Some("Health" | "Ready")) && status == 200;
    let level = if is_probe { Level::Debug } else { Level::Info };
    log::log!(
        target: ACCESS_LOG,
        level,
        request_id = identity.request_id.as_str(),
        trace_id = outcome.trace_id.as_deref().unwrap_or("-"),
        operation = outcome.operation.unwrap_or("-"),
        namespace = outcome.namespace.as_deref().unwrap_or("-"),
        caller = caller.as_str(),
        source = source.as_str(),
        status,
        code,
        duration_us;
        "{}", if code == ABORTED { "aborted" } else { "answered" }
    );
}
