//! What every product shares on the wire: the connection with its TLS, where a request comes from, its
//! id, the reading of its body, the log line and metrics.

mod body;
pub mod browser;
mod connection;
pub(crate) mod cors;
mod lifecycle;
mod listener;
mod metrics;
mod source;
pub(crate) mod tls;

pub use body::BodyBudget;
pub(crate) use body::{BODY_MAX, BodyError, READ_TIMEOUT, Room, discard_body, read_body};
pub(crate) use connection::settle;
pub(crate) use lifecycle::{CallerNote, Outcome, SharedOutcome};
pub use lifecycle::{Observer, lifecycle};
pub(crate) use listener::{WRITE_STALL, bind};
pub use metrics::Metrics;
pub(crate) use source::Source;
pub use source::TrustedProxies;
