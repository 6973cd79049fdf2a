//! The server's own operations: is it alive, is it ready, what has it done, and what does it speak.

pub mod noop;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, guard,
    http::header::{CONTENT_TYPE, ContentType},
    web,
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use crate::{
    audit::AuditLog,
    http::{Metrics, SharedOutcome},
    sae::service::Service,
    sealing::KeyService,
    store::Store,
};

/// The document that describes every operation.
const OPENAPI: &str = include_str!("../../openapi.yaml");

/// How many namespaces a scrape names one by one; the largest are chosen. The totals count all.
const NAMESPACES_MAX: usize = 1000;

/// Declares the operations: path, name, handler. Each is `GET`, and `HEAD` for monitors; other methods fall to the
/// application's default.
macro_rules! operations {
    ($($path:literal $name:literal $handler:ident;)*) => {
        /// The paths and names of these operations.
        pub const OPERATIONS: &[(&str, &str)] = &[$(($path, $name),)*];

        /// Routes these operations.
        pub fn routes(config: &mut web::ServiceConfig) {
            $(config.service(
                web::resource($path).guard(guard::Any(guard::Get()).or(guard::Head())).to(
                    move |ops: web::Data<Ops>, request: HttpRequest| async move {
                        let response = $handler(&ops).await;
                        note(&request, $name, &response);
                        response
                    },
                ),
            );)*
        }
    };
}

operations! {
    "/health" "Health" health;
    "/ready" "Ready" ready;
    "/metrics" "Metrics" metrics;
    "/openapi.yaml" "OpenApi" openapi;
}

fn note(request: &HttpRequest, operation: &'static str, response: &HttpResponse) {
    if let Some(outcome) = request.extensions().get::<SharedOutcome>() {
        let mut outcome = outcome.borrow_mut();
        outcome.operation = Some(operation);
        outcome.code = if response.status().is_success() { "200" } else { "503" };
    }
}

/// What these operations need.
#[derive(Clone)]
pub struct Ops {
    /// The database.
    pub store: Store,
    /// Its keys.
    pub keys: KeyService,
    /// What the product SAE can do.
    pub service: Service,
    /// What is counted.
    pub metrics: Metrics,
    /// Where operations are written down; `None` for nowhere.
    pub audit: Option<AuditLog>,
}

/// `GET /health`: the process is alive.
#[expect(clippy::unused_async, reason = "the table awaits every handler")]
async fn health(_ops: &Ops) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("ok\n")
}

/// `GET /ready`: the database can be read, and operations can be written down.
async fn ready(ops: &Ops) -> HttpResponse {
    if let Err(error) = ops.keys.check().await {
        return unready("the database does not answer\n", &error);
    }
    if let Some(audit) = &ops.audit
        && let Err(error) = audit.check().await
    {
        return unready("the audit log cannot be written\n", &error);
    }
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("ready\n")
}

fn unready(text: &'static str, cause: &dyn std::fmt::Display) -> HttpResponse {
    log::error!("not ready: {cause}");
    HttpResponse::ServiceUnavailable().content_type(ContentType::plaintext()).body(text)
}

/// `GET /openapi.yaml`: the description of every operation.
#[expect(clippy::unused_async, reason = "the table awaits every handler")]
async fn openapi(_ops: &Ops) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/yaml")).body(OPENAPI)
}

/// `GET /metrics`: what was counted, in the OpenMetrics text format that Prometheus reads.
async fn metrics(ops: &Ops) -> HttpResponse {
    let mut registry = Registry::with_prefix("sae_secret");
    ops.metrics.register(&mut registry);
    registry.register_collector(Box::new(StoreState::read(ops).await));
    let mut text = String::new();
    if let Err(error) = encode(&mut text, &registry) {
        // Cannot happen, for a text takes whatever is written to it; one that is cut short lacks its end mark.
        log::error!("cannot write the metrics: {error}");
    }
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    HttpResponse::Ok().insert_header((CONTENT_TYPE, content_type)).body(text)
}

/// The state of the store at the moment of a scrape.
#[derive(Debug)]
struct StoreState {
    load: [(&'static str, &'static str, usize); 6],
    retries: u64,
    up: bool,
    namespaces: usize,
    secrets: u64,
    largest: Vec<(String, u64)>,
}

impl StoreState {
    async fn read(ops: &Ops) -> Self {
        let load = ops.store.load();
        let found = ops.service.all_namespaces().await;
        let up =
            found.as_ref().inspect_err(|error| log::error!("no counts to scrape: {error}")).is_ok();
        let mut counts: Vec<(String, u64)> = found
            .unwrap_or_default()
            .into_iter()
            .map(|namespace| (namespace.id.to_string(), namespace.secret_count))
            .collect();
        let (namespaces, secrets) = (counts.len(), counts.iter().map(|(_, count)| count).sum());
        counts.sort_by(|(_, a), (_, b)| b.cmp(a));
        counts.truncate(NAMESPACES_MAX);
        Self {
            load: [
                ("connections_open", "Database connections that are open", load.connections_open),
                ("connections_max", "Database connections that may be open", load.connections_max),
                ("reads_running", "Reads under way", load.reading),
                ("reads_waiting", "Reads that wait for a connection", load.reads_waiting),
                ("writes_running", "Writes under way", load.writing),
                ("writes_waiting", "Writes that wait for their turn", load.writes_waiting),
            ],
            retries: load.retries,
            up,
            namespaces,
            secrets,
            largest: counts,
        }
    }
}

impl Collector for StoreState {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let retries = ConstCounter::new(self.retries);
        let help = "Use cases that were tried once more, for another one or a lost connection";
        let kind = retries.metric_type();
        retries.encode(encoder.encode_descriptor("store_retries", help, None, kind)?)?;
        let mut gauge = |name: &str, help: &str, value: i64| {
            let gauge = ConstGauge::new(value);
            let one = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(one)
        };
        for (name, help, value) in self.load {
            gauge(&format!("store_{name}"), help, i64::try_from(value).unwrap_or(i64::MAX))?;
        }
        gauge("store_up", "Whether the database answered this scrape", i64::from(self.up))?;
        if !self.up {
            return Ok(());
        }
        gauge(
            "namespaces",
            "Namespaces, the default ones included",
            signed(self.namespaces as u64),
        )?;
        gauge("secrets", "Secrets in all namespaces", signed(self.secrets))?;
        let help = format!("Secrets by namespace, the {NAMESPACES_MAX} largest");
        let kind = ConstGauge::new(0_i64).metric_type();
        let mut family = encoder.encode_descriptor("namespace_secrets", &help, None, kind)?;
        for (namespace, count) in &self.largest {
            let labels = [("namespace", namespace.as_str())];
            ConstGauge::new(signed(*count)).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
