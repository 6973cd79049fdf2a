//! What every dialect shares on the wire: the connection with its TLS, where a request comes from, its
//! ids, the reading of its body, the log line and metrics.

mod body;
pub mod browser;
mod connection;
pub mod cors;
mod identity;
mod lifecycle;
mod listener;
mod metrics;
mod source;
pub mod tls;

pub use body::{BODY_MAX, BodyBudget, BodyError, READ_TIMEOUT, Room, discard_body, read_body};
pub use connection::settle;
pub use identity::Identity;
pub use lifecycle::{CallerNote, Observer, Outcome, SharedOutcome, lifecycle};
pub use listener::{WRITE_STALL, bind};
pub use metrics::Metrics;
pub use source::{Source, TrustedProxies};
