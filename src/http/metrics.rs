//! What the server counts.

use std::time::Duration;

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

/// The upper bounds of the latency histogram's buckets, in seconds.
const BUCKETS: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// A name and its value, as Prometheus has them.
type Label = (&'static str, &'static str);

/// The counters that requests move.
#[derive(Clone)]
pub struct Metrics {
    requests: Family<[Label; 3], Counter>,
    durations: Family<[Label; 2], Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    log_lines_dropped: Counter,
}

impl Metrics {
    /// With the count of log lines that were dropped because standard error is not read.
    #[must_use]
    pub fn new(log_lines_dropped: Counter) -> Self {
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            in_flight: Gauge::default(),
            log_lines_dropped,
        }
    }

    /// A request begins.
    pub fn begin(&self) {
        self.in_flight.inc();
    }

    /// A request ends; `took` is the time to its answer, if it had one. `service`, `operation` and `code` come from fixed
    /// tables, never from the request.
    pub fn ended(
        &self,
        service: &'static str,
        operation: &'static str,
        code: &'static str,
        took: Option<Duration>,
    ) {
        self.in_flight.dec();
        // The products have operations of the same name.
        let operation = [("service", service), ("operation", operation)];
        let [service, name] = operation;
        self.requests.get_or_create(&[service, name, ("code", code)]).inc();
        if let Some(took) = took {
            self.durations.get_or_create(&operation).observe(took.as_secs_f64());
        }
    }

    /// Registers the counters for a scrape.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "requests",
            "Requests that ended, by service, operation and code",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "Time from a request's head to its answer",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register("requests_in_flight", "Requests under way", self.in_flight.clone());
        registry.register(
            "log_lines_dropped",
            "Log lines dropped because standard error is not read",
            self.log_lines_dropped.clone(),
        );
    }
}
