//! What every dialect shares on the wire: the connection with its TLS and its protocols, where a request comes from, its
//! ids, the reading of its body, the log line and metrics.

mod arrival;
mod body;
pub mod cors;
pub mod front;
mod identity;
mod lifecycle;
mod metrics;
mod source;
pub mod tls;

pub use arrival::is_secure;
pub use body::{BODY_MAX, BodyBudget, BodyError, READ_TIMEOUT, Room, discard_body, read_body};
pub use identity::Identity;
pub use lifecycle::{CallerNote, Observer, Outcome, SharedOutcome, lifecycle};
pub use metrics::Metrics;
pub use source::{ProxyError, Source, TrustedProxies};
