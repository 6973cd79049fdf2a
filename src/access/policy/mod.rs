//! RAM policies: what a user may do.
//!
//! The grammar and its evaluation are those of the RAM pages "Permission policy elements" and "Conditional operators";
//! where the pages are silent the comments here say what was chosen.

mod condition;
mod pattern;
mod system;

use std::net::IpAddr;

pub use condition::{Condition, ConditionError, KEYS, operators};
pub use pattern::Pattern;
pub use system::{system_policies, system_policy};

use crate::clock::Timestamp;

/// The only version of the policy language.
pub const VERSION: &str = "1";

/// What a statement does to the requests that it applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Allow,
    /// It denies them, whatever other statements allow.
    Deny,
}

/// The actions or the resources that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patterns {
    /// `Action` and `Resource`: those that one of the patterns matches.
    These(Vec<Pattern>),
    /// `NotAction` and `NotResource`: those that none of the patterns matches.
    AllBut(Vec<Pattern>),
}

impl Patterns {
    /// Whether the action, in small letters, or the resource is one of them.
    pub fn cover(&self, text: &str) -> bool {
        match self {
            Self::These(patterns) => patterns.iter().any(|known| known.matches(text)),
            Self::AllBut(patterns) => !patterns.iter().any(|known| known.matches(text)),
        }
    }

    /// Whether some action or resource that begins so may be one of them.
    pub fn cover_some(&self, beginning: &str) -> bool {
        match self {
            Self::These(patterns) => patterns.iter().any(|known| known.matches_some(beginning)),
            Self::AllBut(_) => self.cover(&format!("{beginning}*")),
        }
    }
}

/// A statement: it applies to a request for one of its actions on one of its resources that meets all of its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub effect: Effect,
    pub actions: Patterns,
    pub resources: Patterns,
    pub conditions: Vec<Condition>,
}

impl Statement {
    /// Whether a condition asks about the tags of the resource.
    pub fn asks_for_tags(&self) -> bool {
        self.conditions.iter().any(Condition::asks_for_tags)
    }

    /// Whether it is about the action, in small letters, on the resource, and its conditions are met.
    pub fn applies(&self, action: &str, resource: &str, environment: &Environment<'_>) -> bool {
        self.actions.cover(action)
            && self.resources.cover(resource)
            && self.conditions.iter().all(|condition| condition.is_met(environment))
    }
}

/// What conditions can ask about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Environment<'a> {
    /// The address it comes from (`acs:SourceIp`), where it is known.
    pub source: Option<IpAddr>,
    /// Whether it came over TLS (`acs:SecureTransport`).
    pub is_secure: bool,
    /// When it arrived (`acs:CurrentTime`).
    pub now: Timestamp,
    /// The tags of the resource that is asked for (`kms:tag/KEY`), each key with its value.
    pub tags: &'a [(String, String)],
}

/// The caller may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// No statement allows it.
    Implicitly,
    /// A statement denies it, whatever others allow.
    Explicitly,
}

/// What the statements of policies, whose order does not matter, say of taking an action, such as `sae:CreateSecret`, on a
/// resource, such as `acs:sae:cn-beijing:1000000000000001:*` for all of a region's.
pub fn evaluate<'s>(
    statements: impl IntoIterator<Item = &'s Statement>,
    action: &str,
    resource: &str,
    environment: &Environment<'_>,
) -> Result<(), Denied> {
    let action = action.to_ascii_lowercase();
    let mut decision = Err(Denied::Implicitly);
    let statements = statements.into_iter();
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
