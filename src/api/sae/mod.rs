//! The SAE dialect, version 2019-05-06: namespaced secrets and namespaces in ROA style.

mod admission;
mod codes;
mod gateway;
mod namespaces;
mod negotiation;
mod operation;
mod parameters;
mod record;
mod regions;
mod reply;
mod requests;
mod secret_data;
mod secrets;
mod xml;

use std::sync::Arc;

pub use codes::{Code, Entry, Origin};
pub use gateway::serve;
pub use operation::{Operation, VERSION};
pub use parameters::{BodyRole, Malformed, Parameters};
pub use secret_data::RawSecretData;

use crate::{
    access::Access,
    audit::AuditLog,
    clock::Clock,
    http::{BodyBudget, TrustedProxies},
    service::Service,
};

/// The headers of replies that clients look at.
pub const HEADERS: &[&str] = &["x-acs-request-id", "x-acs-trace-id", "x-acs-retry-after"];

/// What the dialect needs to answer. Cloning is cheap.
#[derive(Clone)]
pub struct Sae {
    /// What can be done.
    pub service: Service,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who may call.
    pub access: Arc<Access>,
    /// Whose word is taken for where a request comes from.
    pub proxies: TrustedProxies,
    /// Where each operation is written down; `None` for nowhere.
    pub audit: Option<AuditLog>,
    /// The room that large bodies share.
    pub bodies: BodyBudget,
}
