//! What the audit log is told of each operation.

use std::time::Instant;

use super::{
    Sae,
    codes::{ApiError, Code},
    gateway::Answered,
    operation::Operation,
};
use crate::{
    audit::{CallerEntry, Decision, Entry},
    http::{Identity, Outcome, SharedOutcome},
};

/// Refuses before anything is done when it is known that it could not be written down.
pub async fn require_writable(sae: &Sae) -> Result<(), ApiError> {
    match &sae.audit {
        Some(audit) => audit
            .check()
            .await
            .map_err(|error| ApiError::new(Code::ServiceUnavailable, &[]).caused_by(error)),
        None => Ok(()),
    }
}

/// Writes down what became of a request for an operation. What cannot be written down has failed, even if it was done.
pub async fn record(
    sae: &Sae,
    identity: &Identity,
    outcome: &SharedOutcome,
    started: Instant,
    answered: Answered,
) -> Answered {
    let Some(audit) = &sae.audit else { return answered };
    let outcome = outcome.borrow().clone();
    let operation = Operation::ALL.iter().find(|known| Some(known.name()) == outcome.operation);
    let Some(operation) = operation else { return answered };
    let entry = entry(sae, identity, &outcome, *operation, started);
    match (audit.write(&entry).await, answered) {
        (Ok(()), answered) => answered,
        // It was refused because nothing can be written down now, and nothing was done: the caller may be told.
        (Err(_), Err(refusal)) if refusal.code() == Code::ServiceUnavailable => Err(refusal),
        (Err(error), _) => Err(ApiError::new(Code::InternalError, &[]).caused_by(error)),
    }
}

fn entry<'a>(
    sae: &Sae,
    identity: &'a Identity,
    outcome: &'a Outcome,
    operation: Operation,
    started: Instant,
) -> Entry<'a> {
    Entry {
        time: sae.clock.now(),
        request_id: &identity.request_id,
        caller: CallerEntry {
            kind: outcome.caller.kind,
            name: outcome.caller.name.as_deref(),
            access_key_id: outcome.caller.access_key_id.as_deref(),
        },
        source: outcome.source,
        action: operation.action(),
        namespace: outcome.namespace.as_deref(),
        secret_id: outcome.secret_id,
        secret_name: outcome.secret_name.as_deref(),
        decision: if outcome.is_permitted { Decision::Allow } else { Decision::Deny },
        code: outcome.code,
        duration_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
    }
}
