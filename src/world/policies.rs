//! The policies of a user: the names of system policies, and policy documents as RAM has them.

use super::{
    fields::{self, Fields, nearest},
    reader::Reader,
    tree::{Content, Entry, Node},
};
use crate::access::policy::{
    self, ActionPattern, Actions, Condition, ConditionError, Effect, Policy, ResourcePattern,
    Resources, Statement,
};

const KEYS: &[&str] = &["Version", "Statement"];
const STATEMENT_KEYS: &[&str] =
    &["Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];

impl Reader<'_> {
    /// The policies attached to a user.
    pub fn policies(&mut self, node: &Node<'_>) -> Vec<Policy> {
        let items = fields::list(node, self.mistakes).unwrap_or_default();
        items.iter().filter_map(|item| self.policy(item)).collect()
    }

    fn policy(&mut self, node: &Node<'_>) -> Option<Policy> {
        if let Content::Text { text, .. } = &*node.content {
            let known = policy::system_policy(text);
            if known.is_none() {
                let names = policy::SYSTEM_POLICIES;
                let hint = match nearest(text, &names) {
                    Some(near) => format!("did you mean {near}?"),
                    None => {
                        format!("there are {}; others are written out here", names.join(" and "))
                    }
                };
                self.mistakes.add(node.at, format!("unknown system policy; {hint}"));
            }
            return known;
        }
        let fields = Fields::of(node, KEYS, self.mistakes)?;
        if let Some(node) = fields.require("Version", self.mistakes) {
            let is_known = |text: &str| (text == policy::VERSION).then_some(());
            fields::parsed(node, "the version of a policy is \"1\"", self.mistakes, is_known);
        }
        let node = fields.require("Statement", self.mistakes)?;
        let items = fields::list(node, self.mistakes)?;
        Some(Policy { statements: items.iter().filter_map(|item| self.statement(item)).collect() })
    }

    fn statement(&mut self, node: &Node<'_>) -> Option<Statement> {
        let fields = Fields::of(node, STATEMENT_KEYS, self.mistakes)?;
        let effect = fields.require("Effect", self.mistakes).and_then(|node| {
            fields::parsed(node, "an effect is Allow or Deny", self.mistakes, effect)
        });
        let actions = self.either(&fields, "Action", "NotAction").and_then(|(is_not, node)| {
            let patterns = self.strings(node, ActionPattern::parse)?;
            Some(if is_not { Actions::AllBut(patterns) } else { Actions::These(patterns) })
        });
        let resources =
            self.either(&fields, "Resource", "NotResource").and_then(|(is_not, node)| {
                let patterns = self.strings(node, ResourcePattern::parse)?;
                Some(if is_not { Resources::AllBut(patterns) } else { Resources::These(patterns) })
            });
        let conditions = match fields.get("Condition") {
            Some(node) => self.conditions(node),
            None => Some(Vec::new()),
        };
        let resources = resources?;
        if let Resources::These(patterns) = &resources
            && !patterns.iter().any(ResourcePattern::is_everything)
        {
            self.world.idle_statements.push(node.at);
        }
        Some(Statement { effect: effect?, actions: actions?, resources, conditions: conditions? })
    }

    /// The value of one of two keys, and whether it is the second one's.
    fn either<'n, 't>(
        &mut self,
        fields: &Fields<'n, 't>,
        key: &str,
        not: &str,
    ) -> Option<(bool, &'n Node<'t>)> {
        match (fields.get(key), fields.entry(not)) {
            (Some(_), Some(entry)) => {
                self.mistakes
                    .add(entry.at, format!("a statement has either `{key}` or `{not}`, not both"));
                None
            }
            (None, Some(entry)) => Some((true, &entry.value)),
            (_, None) => fields.require(key, self.mistakes).map(|node| (false, node)),
        }
    }

    /// One text, or a list of at least one.
    fn strings<T, E: std::fmt::Display>(
        &mut self,
        node: &Node<'_>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let one = std::slice::from_ref(node);
        let items = match &*node.content {
            Content::List(items) if items.is_empty() => {
                self.mistakes.add(node.at, "expected a text, or a list of at least one");
                return None;
            }
            Content::List(items) => items,
            _ => one,
        };
        let mut parsed = Vec::new();
        let mut is_whole = true;
        for item in items {
            match fields::text(item, self.mistakes).map(&parse) {
                Some(Ok(value)) => parsed.push(value),
                Some(Err(error)) => {
                    self.mistakes.add(item.at, error.to_string());
                    is_whole = false;
                }
                None => is_whole = false,
            }
        }
        is_whole.then_some(parsed)
    }

    fn conditions(&mut self, node: &Node<'_>) -> Option<Vec<Condition>> {
        let mut conditions = Vec::new();
        let mut is_whole = true;
        for operator in fields::map(node, self.mistakes)? {
            let Some(keys) = fields::map(&operator.value, self.mistakes) else {
                is_whole = false;
                continue;
            };
            for key in keys {
                match Condition::new(&operator.key, &key.key) {
                    Ok(condition) => {
                        let filled = self.filled(condition, &key.value);
                        is_whole &= filled.is_some();
                        conditions.extend(filled);
                    }
                    Err(error) => {
                        is_whole = false;
                        self.mistaken_condition(error, operator, key);
                    }
                }
            }
        }
        is_whole.then_some(conditions)
    }

    fn mistaken_condition(&mut self, error: ConditionError, operator: &Entry<'_>, key: &Entry<'_>) {
        let (at, given, known): (_, _, &[&str]) = match error {
            ConditionError::UnknownOperator => (operator.at, &operator.key, &policy::OPERATORS),
            ConditionError::UnknownKey | ConditionError::Unfit | ConditionError::Value(_) => {
                (key.at, &key.key, &policy::KEYS)
            }
        };
        let hint = match nearest(given, known) {
            _ if error == ConditionError::Unfit => String::new(),
            Some(near) => format!("; did you mean `{near}`?"),
            None => format!("; there are {}", known.join(", ")),
        };
        self.mistakes.add(at, format!("{error}{hint}"));
    }

    /// A condition with the values that stand in the file.
    fn filled(&mut self, mut condition: Condition, node: &Node<'_>) -> Option<Condition> {
        let values = self.strings(node, |text| Ok::<_, ConditionError>(text.to_owned()))?;
        let places = match &*node.content {
            Content::List(items) => items.iter().map(|item| item.at).collect(),
            _ => vec![node.at],
        };
        let mut is_whole = true;
        for (value, at) in values.iter().zip(places) {
            if let Err(error) = condition.add(value) {
                self.mistakes.add(at, error.to_string());
                is_whole = false;
            }
        }
        is_whole.then_some(condition)
    }
}

fn effect(text: &str) -> Option<Effect> {
    match text {
        "Allow" => Some(Effect::Allow),
        "Deny" => Some(Effect::Deny),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
