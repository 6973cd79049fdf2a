//! What happens around every request: it gets its id, which its reply carries as a header, it is counted, and one line is
//! logged.

use std::{cell::RefCell, net::IpAddr, rc::Rc, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
    web,
};
use log::{Level, Record, kv};
use serde_json::Value;
use uuid::Uuid;

use super::Metrics;

/// The log target of the access log.
const ACCESS_LOG: &str = "access";

/// How much of the name of an unknown operation is logged, in characters; the longest of a product has 34.
const NAME_MAX: usize = 64;

/// The code of a request that ended without a reply.
const ABORTED: &str = "aborted";

/// What is known of a request, for the log line and the metrics. Handlers find it in the request's extensions as a
/// [`SharedOutcome`]. Nothing in it comes from a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// A UUID, which the reply carries too.
    pub request_id: String,
    /// What answers: a product, or the server itself.
    pub service: Option<&'static str>,
    pub operation: Option<&'static str>,
    /// What the request calls an operation that is not served in that version, for the log line alone:
    /// [`note_unknown`](Self::note_unknown).
    pub unknown: Option<String>,
    /// The action that policies know the operation by, if it has one.
    pub action: Option<&'static str>,
    /// The id that the product's tracing gave the request.
    pub trace_id: Option<String>,
    /// Where that is which the request is about: what the product calls such a place, and which it is. `None` where no
    /// product is asked.
    pub place: Option<(&'static str, Option<String>)>,
    /// What the request is about besides, for the audit log: members that the product names, `null` as long as nothing is
    /// known.
    pub object: Vec<(&'static str, Value)>,
    pub caller: CallerNote,
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
    pub name: Option<String>,
    /// The access key that signed, or that was claimed to.
    pub access_key_id: Option<String>,
}

impl Outcome {
    /// Notes what a request asks for that is no operation: the letters and digits of it, as many as a name has.
    pub fn note_unknown(&mut self, name: &str) {
        let shown = name.chars().filter(char::is_ascii_alphanumeric).take(NAME_MAX);
        self.unknown = Some(shown.collect()).filter(|shown: &String| !shown.is_empty());
    }

    /// Notes a member of the object, or what became known of one.
    pub fn note_object(&mut self, name: &'static str, value: impl Into<Value>) {
        let value = value.into();
        match self.object.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.object.push((name, value)),
        }
    }
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

/// An outcome, kept where the log line can read it even if the handler does not come to its end: when it panics, or the
/// server is stopped by force. The store may have done the work all the same.
pub type SharedOutcome = Rc<RefCell<Outcome>>;

/// A request under way. When it goes it is counted and logged.
struct UnderWay {
    observer: web::Data<Observer>,
    started: Instant,
    outcome: SharedOutcome,
    /// The reply's HTTP status.
    status: Option<u16>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let outcome = self.outcome.borrow();
        let operation = outcome.operation.unwrap_or("-");
        let code = match (self.status, outcome.code) {
            (None, _) => ABORTED,
            (Some(_), "") => "-",
            (Some(_), code) => code,
        };
        let service = outcome.service.unwrap_or("-");
        self.observer.metrics.ended(service, operation, code, self.status.map(|_| took));
        let status = self.status.unwrap_or_default();
        // What asks every few seconds whether all is well would drown the rest.
        let is_probe = matches!(operation, "Health" | "Ready") && status == 200;
        let level = if is_probe { Level::Debug } else { Level::Info };
        if level > log::max_level() {
            return;
        }
        let CallerNote { kind, name, .. } = &outcome.caller;
        let caller =
            name.as_ref().map_or_else(|| (*kind).to_owned(), |name| format!("{kind}:{name}"));
        let source = outcome.source.map_or_else(|| "-".to_owned(), |address| address.to_string());
        let mut members: Vec<(&str, kv::Value<'_>)> = vec![
            ("request_id", outcome.request_id.as_str().into()),
            ("trace_id", outcome.trace_id.as_deref().unwrap_or("-").into()),
            ("service", service.into()),
            ("operation", outcome.unknown.as_deref().unwrap_or(operation).into()),
        ];
        if let Some((name, place)) = &outcome.place {
            members.push((name, place.as_deref().unwrap_or("-").into()));
        }
        members.extend([
            ("caller", kv::Value::from(caller.as_str())),
            ("source", source.as_str().into()),
            ("status", status.into()),
            ("code", code.into()),
            ("duration_us", u64::try_from(took.as_micros()).unwrap_or(u64::MAX).into()),
        ]);
        log_line(level, if code == ABORTED { "aborted" } else { "answered" }, &members);
    }
}

/// Logs a line with members whose names only a product knows, which the macros of the library do not take.
fn log_line(level: Level, message: &str, members: &[(&str, kv::Value<'_>)]) {
    log::logger().log(
        &Record::builder()
            .level(level)
            .target(ACCESS_LOG)
            .module_path_static(Some(module_path!()))
            .key_values(&members)
            .args(format_args!("{message}"))
            .build(),
    );
}

/// The middleware around everything but [`settle`](super::settle).
pub async fn lifecycle<B: MessageBody>(
    observer: web::Data<Observer>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    observer.metrics.begin();
    let request_id = Uuid::new_v4().hyphenated().encode_upper(&mut [0; 36]).to_owned();
    let outcome = Rc::new(RefCell::new(Outcome { request_id, ..Outcome::default() }));
    request.extensions_mut().insert(Rc::clone(&outcome));
    let mut under_way = UnderWay { observer, started: Instant::now(), outcome, status: None };
    let mut response = match next.call(request).await {
        Ok(response) => response,
        Err(error) => {
            under_way.status = Some(error.as_response_error().status_code().as_u16());
            return Err(error);
        }
    };
    // Of the product that answered, which may write it in another case.
    let id_value = HeaderValue::from_str(&under_way.outcome.borrow().request_id);
    if let Ok(value) = id_value {
        response.headers_mut().insert(under_way.observer.id_header.clone(), value);
    }
    under_way.status = Some(response.status().as_u16());
    Ok(response)
}
