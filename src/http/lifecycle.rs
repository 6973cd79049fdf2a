//! What happens around every request: it gets its ids, it is counted, and one line is logged.

use std::{sync::Arc, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};

use super::{Identity, IdentitySource, Metrics};
use crate::clock::Clock;

/// The log target of the access log.
pub const ACCESS_LOG: &str = "access";

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

/// Counts a request as under way until it is dropped, also when its client goes away.
struct InFlight(Metrics);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.end();
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
    let started = Instant::now();
    observer.metrics.begin();
    let _in_flight = InFlight(observer.metrics.clone());
    let identity = observer.identities.next(observer.clock.now());
    request.extensions_mut().insert(identity.clone());
    let response = next.call(request).await?;
    let outcome = response.response().extensions().get::<Outcome>().cloned().unwrap_or_default();
    let took = started.elapsed();
    let operation = outcome.operation.unwrap_or("-");
    let code = if outcome.code.is_empty() { "-" } else { outcome.code };
    observer.metrics.answered(operation, code, took);
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    log_line(&identity, &outcome, response.status().as_u16(), code, duration_us);
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
