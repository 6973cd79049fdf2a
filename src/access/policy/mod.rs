//! RAM policies: what a user may do.
//!
//! The grammar and its evaluation are those of the RAM pages "Permission policy elements" and "Conditional operators";
//! where the pages are silent the comments here say what was chosen.

mod condition;
mod pattern;
mod statement;
mod system;

use std::net::IpAddr;

pub use condition::{Condition, ConditionError, KEYS, operators};
pub use pattern::Pattern;
pub use statement::{Effect, Patterns, Statement};
pub use system::{SYSTEM_POLICIES, SystemPolicy, system_policy};

use crate::clock::Timestamp;

/// The only version of the policy language.
pub const VERSION: &str = "1";

/// A policy: its statements, whose order does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it allows and denies.
    pub statements: Vec<Statement>,
}

/// What conditions can ask about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Environment {
    /// The address it comes from (`acs:SourceIp`), where it is known.
    pub source: Option<IpAddr>,
    /// Whether it came over TLS (`acs:SecureTransport`).
    pub is_secure: bool,
    /// When it arrived (`acs:CurrentTime`).
    pub now: Timestamp,
}

/// The caller may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// No statement allows it.
    Implicitly,
    /// A statement denies it, whatever others allow.
    Explicitly,
}

/// What a user's policies say of taking an action, such as `sae:CreateSecret`, on a resource, such as
/// `acs:sae:cn-beijing:1000000000000001:*` for all of a region's.
pub fn evaluate(
    policies: &[Policy],
    action: &str,
    resource: &str,
    environment: &Environment,
) -> Result<(), Denied> {
    let action = action.to_ascii_lowercase();
    let statements = policies.iter().flat_map(|policy| &policy.statements);
    let mut decision = Err(Denied::Implicitly);
    for statement in statements.filter(|known| known.applies(&action, resource, environment)) {
        match statement.effect {
            Effect::Deny => return Err(Denied::Explicitly),
            Effect::Allow => decision = Ok(()),
        }
    }
    decision
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
