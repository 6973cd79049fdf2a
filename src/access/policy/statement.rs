//! One statement of a policy.

use super::{ActionPattern, Condition, Environment, ResourcePattern};

/// What a statement does to the requests that it applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows them.
    Allow,
    /// It denies them, whatever other statements allow.
    Deny,
}

/// The actions that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actions {
    /// `Action`: those that one of the patterns matches.
    These(Vec<ActionPattern>),
    /// `NotAction`: those that none of the patterns matches.
    AllBut(Vec<ActionPattern>),
}

/// The resources that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resources {
    /// `Resource`: those that one of the patterns matches.
    These(Vec<ResourcePattern>),
    /// `NotResource`: those that none of the patterns matches.
    AllBut(Vec<ResourcePattern>),
}

/// A statement: it applies to a request for one of its actions on one of its resources that meets all of its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Which actions.
    pub actions: Actions,
    /// On what.
    pub resources: Resources,
    /// Under which conditions; all of them have to be met.
    pub conditions: Vec<Condition>,
}

impl Statement {
    pub(super) fn applies(&self, action: &str, resource: &str, environment: &Environment) -> bool {
        let is_action = match &self.actions {
            Actions::These(patterns) => patterns.iter().any(|known| known.matches(action)),
            Actions::AllBut(patterns) => !patterns.iter().any(|known| known.matches(action)),
        };
        let is_resource = match &self.resources {
            Resources::These(patterns) => patterns.iter().any(|known| known.matches(resource)),
            Resources::AllBut(patterns) => !patterns.iter().any(|known| known.matches(resource)),
        };
        is_action
            && is_resource
            && self.conditions.iter().all(|condition| condition.is_met(environment))
    }
}
