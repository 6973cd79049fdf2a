//! One statement of a policy.

use super::{Condition, Environment, Pattern};

/// What a statement does to the requests that it applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows them.
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
    #[must_use]
    pub fn cover(&self, text: &str) -> bool {
        match self {
            Self::These(patterns) => patterns.iter().any(|known| known.matches(text)),
            Self::AllBut(patterns) => !patterns.iter().any(|known| known.matches(text)),
        }
    }
}

/// A statement: it applies to a request for one of its actions on one of its resources that meets all of its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Which actions.
    pub actions: Patterns,
    /// On what.
    pub resources: Patterns,
    /// Under which conditions; all of them have to be met.
    pub conditions: Vec<Condition>,
}

impl Statement {
    pub(super) fn applies(&self, action: &str, resource: &str, environment: &Environment) -> bool {
        self.actions.cover(action)
            && self.resources.cover(resource)
            && self.conditions.iter().all(|condition| condition.is_met(environment))
    }
}
