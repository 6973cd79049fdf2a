//! What the server counts.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

/// The upper bounds of the latency histogram's buckets, in seconds.
const BUCKETS: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
}

/// The counters that requests move.
#[derive(Clone, Default)]
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    durations: DurationFamily,
    in_flight: Gauge,
    log_lines_dropped: Counter,
}

#[derive(Clone)]
struct DurationFamily(Family<OperationLabels, Histogram, fn() -> Histogram>);

impl Default for DurationFamily {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(BUCKETS)))
    }
}

impl Metrics {
    /// With the count of log lines that were dropped because standard error is not read.
    #[must_use]
    pub fn with_log(log_lines_dropped: Counter) -> Self {
        Self { log_lines_dropped, ..Self::default() }
    }

    /// A request begins.
    pub fn begin(&self) {
        self.in_flight.inc();
    }

    /// A request ends; `took` is the time to its answer, if it had one. `operation` and `code` come from fixed tables,
    /// never from the request.
    pub fn ended(&self, operation: &'static str, code: &'static str, took: Option<Duration>) {
        self.in_flight.dec();
        self.requests.get_or_create(&RequestLabels { operation, code }).inc();
        if let Some(took) = took {
            let labels = OperationLabels { operation };
            self.durations.0.get_or_create(&labels).observe(took.as_secs_f64());
        }
    }

    /// Registers the counters for a scrape.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "requests",
            "Requests that ended, by operation and code",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "Time from a request's head to its answer",
            Unit::Seconds,
            self.durations.0.clone(),
        );
        registry.register("requests_in_flight", "Requests under way", self.in_flight.clone());
        registry.register(
            "log_lines_dropped",
            "Log lines dropped because standard error is not read",
            self.log_lines_dropped.clone(),
        );
    }
}
