//! The SAE dialect, version 2019-05-06: namespaced secrets and namespaces in ROA style.

mod codes;
mod gateway;
mod namespaces;
mod negotiation;
mod operation;
mod parameters;
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

use crate::{clock::Clock, http::BodyBudget, service::Service};

/// What the dialect needs to answer.
#[derive(Clone)]
pub struct Sae {
    service: Service,
    clock: Arc<dyn Clock>,
    bodies: BodyBudget,
}

impl Sae {
    /// The dialect over a service.
    #[must_use]
    pub fn new(service: Service, clock: Arc<dyn Clock>) -> Self {
        Self { service, clock, bodies: BodyBudget::default() }
    }
}
