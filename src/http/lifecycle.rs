//! What happens around every request: it gets its ids, which its reply carries as headers, it is counted, and one line
//! is logged.

use std::{sync::Arc, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
    web,
};

use super::{Identity, IdentitySource, Metrics};
use crate::clock::Clock;

/// The log target of the access log.
pub const ACCESS_LOG: &str = "access";

/// The code of a request that ended without a reply.
const ABORTED: &str = "aborted";

/// What a handler leaves in its response's extensions for the log line and the metrics. Nothing in it comes from a
/// secret; the namespace is set only once it has been parsed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The operation's name, if the request led to one.
    pub operation: Option<&'static str>,
    /// The namespace, if the request named a well-formed one.
    pub namespace: Option<String>,
    /// The reply's code: `200` or a symbolic one.
    pub code: &'static str,
}

/// What the lifecycle needs.
#[derive(Clone)]
pub struct Observer {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub identities: Arc<dyn IdentitySource>,
    /// What is counted.
    pub metrics: Metrics,
}

/// A request under way. When it goes it is counted and logged, also when its client went away before the reply.
struct UnderWay {
    observer: web::Data<Observer>,
    identity: Identity,
    started: Instant,
    /// What it came to, and the reply's HTTP status.
    answered: Option<(Outcome, u16)>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let (outcome, status) = self.answered.take().unwrap_or_default();
        let code = match (outcome.code, status) {
            ("", 0) => ABORTED,
            ("", _) => "-",
            (code, _) => code,
        };
        self.observer.metrics.end();
        self.observer.metrics.answered(outcome.operation.unwrap_or("-"), code, took);
        let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        log_line(&self.identity, &outcome, status, code, duration_us);
    }
}

/// The middleware around everything.
///
/// # Errors
/// None of its own.
pub async fn lifecycle<B: MessageBody>(
    observer: web::Data<Observer>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    observer.metrics.begin();
    let identity = observer.identities.next(observer.clock.now());
    request.extensions_mut().insert(identity.clone());
    let mut under_way = UnderWay { observer, identity, started: Instant::now(), answered: None };
    let mut response = next.call(request).await?;
    for (name, value) in [
        ("x-acs-request-id", &under_way.identity.request_id),
        ("x-acs-trace-id", &under_way.identity.trace_id),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    let outcome = response.response().extensions().get::<Outcome>().cloned().unwrap_or_default();
    under_way.answered = Some((outcome, response.status().as_u16()));
    Ok(response)
}

fn log_line(identity: &Identity, outcome: &Outcome, status: u16, code: &str, duration_us: u64) {
    log::info!(
        target: ACCESS_LOG,
        request_id = identity.request_id.as_str(),
        trace_id = identity.trace_id.as_str(),
        operation = outcome.operation.unwrap_or("-"),
        namespace = outcome.namespace.as_deref().unwrap_or("-"),
        status,
        code,
        duration_us;
        "answered"
    );
}
