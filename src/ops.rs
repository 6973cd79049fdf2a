//! The server's own operations: is it alive, is it ready, what has it done, and what does it speak.

use std::cmp::Reverse;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, guard,
    http::header::{CONTENT_TYPE, ContentType},
    web,
};
use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::ConstCounter,
        family::Family,
        gauge::{ConstGauge, Gauge},
    },
    registry::Registry,
};

use crate::{
    audit::AuditLog,
    http::{Metrics, SharedOutcome, discard_body},
    kms,
    sae::{model::Namespace, service::Service},
    sealing::KeyService,
    store::Store,
};

const OPENAPI: &str = include_str!("../openapi.yaml");
const OPENAPI_OF_KMS: &str = include_str!("../openapi/kms.yaml");

/// The path of an endpoint with nothing to do, which tells what the server costs: the yardstick of `make bench`. It is served
/// only where the settings ask for it, and so has no place in the document.
pub const NOOP_PATH: &str = "/noop";

/// Its reply: of the form and about the length of CreateSecret's.
const NOOP_REPLY: &str = r#"{"RequestId":"00000000-0000-4000-8000-000000000000","Message":"success","TraceId":"000000000000000000000000000000","Data":{"SecretId":1000000},"Code":"200","Success":true}"#;

/// How many namespaces a scrape names one by one; the largest are chosen. The totals count all.
const NAMESPACES_MAX: usize = 1000;

/// Declares the operations: path, name, handler. Each is `GET`, and `HEAD` for monitors; other methods go to the
/// application's default service.
macro_rules! operations {
    ($($path:literal $name:literal $handler:ident;)*) => {
        /// The paths and names of these operations.
        pub const OPERATIONS: &[(&str, &str)] = &[$(($path, $name),)*];

        pub(crate) fn routes(config: &mut web::ServiceConfig, has_noop: bool) {
            if has_noop {
                config.service(web::resource(NOOP_PATH).to(noop));
            }
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
    "/openapi/kms.yaml" "OpenApiOfKms" openapi_of_kms;
}

fn note(request: &HttpRequest, operation: &'static str, response: &HttpResponse) {
    if let Some(outcome) = request.extensions().get::<SharedOutcome>() {
        let mut outcome = outcome.borrow_mut();
        outcome.service = Some("ops");
        outcome.operation = Some(operation);
        outcome.code = if response.status().is_success() { "200" } else { "503" };
    }
}

/// What these operations need.
#[derive(Clone)]
pub(crate) struct Ops {
    pub store: Store,
    pub keys: KeyService,
    pub service: Service,
    pub kms: kms::service::Service,
    pub metrics: Metrics,
    pub audit: Option<AuditLog>,
}

#[expect(clippy::unused_async, reason = "the table awaits every handler")]
async fn health(_ops: &Ops) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("ok\n")
}

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

#[expect(clippy::unused_async, reason = "the table awaits every handler")]
async fn openapi(_ops: &Ops) -> HttpResponse {
    yaml(OPENAPI)
}

#[expect(clippy::unused_async, reason = "the table awaits every handler")]
async fn openapi_of_kms(_ops: &Ops) -> HttpResponse {
    yaml(OPENAPI_OF_KMS)
}

fn yaml(text: &'static str) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/yaml")).body(text)
}

async fn metrics(ops: &Ops) -> HttpResponse {
    let mut registry = Registry::with_prefix("sae_secret");
    ops.metrics.register(&mut registry);
    register_store(ops, &mut registry).await;
    let mut text = String::new();
    if let Err(error) = encode(&mut text, &registry) {
        // Cannot happen, for a text takes whatever is written to it; one that is cut short lacks its end mark.
        log::error!("cannot write the metrics: {error}");
    }
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    HttpResponse::Ok().insert_header((CONTENT_TYPE, content_type)).body(text)
}

/// What the products have in the store.
async fn counted(ops: &Ops) -> Result<(Vec<Namespace>, kms::service::Counts), String> {
    let namespaces = ops.service.all_namespaces().await.map_err(|error| error.to_string())?;
    let of_kms = ops.kms.counts().await.map_err(|error| error.to_string())?;
    Ok((namespaces, of_kms))
}

/// Registers the state of the store at this moment.
async fn register_store(ops: &Ops, registry: &mut Registry) {
    let load = ops.store.load();
    let mut gauge = |name: &str, help: &str, value: u64| {
        registry.register(name, help, ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)));
    };
    for (name, help, value) in [
        ("connections_open", "Database connections that are open", load.connections_open),
        ("connections_max", "Database connections that may be open", load.connections_max),
        ("reads_running", "Reads under way", load.reading),
        ("reads_waiting", "Reads that wait for a connection", load.reads_waiting),
        ("writes_running", "Writes under way", load.writing),
        ("writes_waiting", "Writes that wait for the executor", load.writes_waiting),
    ] {
        gauge(&format!("store_{name}"), help, value as u64);
    }
    let found = counted(ops).await;
    let found = found.inspect_err(|error| log::error!("no counts to scrape: {error}")).ok();
    gauge("store_up", "Whether the database answered this scrape", u64::from(found.is_some()));
    if let Some((mut namespaces, of_kms)) = found {
        gauge(
            "kms_secrets",
            "Secrets of KMS, those that are to be deleted included",
            of_kms.secrets,
        );
        gauge("kms_keys", "Keys of KMS, those that are to be deleted included", of_kms.keys);
        let secrets = namespaces.iter().map(|namespace| namespace.secret_count).sum();
        gauge("namespaces", "Namespaces, the default ones included", namespaces.len() as u64);
        gauge("secrets", "Secrets in all namespaces", secrets);
        namespaces.sort_by_key(|namespace| Reverse(namespace.secret_count));
        let family = Family::<[(&str, String); 1], Gauge>::default();
        for namespace in namespaces.iter().take(NAMESPACES_MAX) {
            let label = ("namespace", namespace.id.to_string());
            let count = i64::try_from(namespace.secret_count).unwrap_or(i64::MAX);
            family.get_or_create(&[label]).set(count);
        }
        let help = format!("Secrets by namespace, the {NAMESPACES_MAX} largest");
        registry.register("namespace_secrets", help, family);
    }
    let help = "Transactions that were retried after a conflict or a lost connection";
    registry.register("store_retries", help, ConstCounter::new(load.retries));
}

/// Takes the body off the wire and always answers the same. The request passes the listener, the framing and the lifecycle
/// as any other does; its signature is not checked.
async fn noop(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    // An unread body would cost the connection.
    discard_body(payload).await;
    let response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json;charset=utf-8"))
        .body(NOOP_REPLY);
    note(&request, "Noop", &response);
    response
}
