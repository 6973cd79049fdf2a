//! The policies of a user: the names of system policies, and policy documents as RAM has them.

use std::fmt::{self, Display};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    mistakes::{Mistakes, Position},
    yaml::{Entries, OneOrMore, Placed, Text, given},
};
use crate::{
    access::policy::{
        self, Condition, ConditionError, Effect, KEYS, Pattern, Patterns, operators,
        system_policies,
    },
    kms::model::{Kind, Scope},
    region::RegionId,
    sae::model::Cloud,
};

/// A policy: the name of one that comes with the platform, or a document.
pub(super) enum Policy {
    System(String),
    Document(Document),
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrDocument;
        impl<'de> Visitor<'de> for NameOrDocument {
            type Value = Policy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a system policy, or a policy document")
            }

            fn visit_str<E>(self, name: &str) -> Result<Policy, E> {
                Ok(Policy::System(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Policy, A::Error> {
                Document::deserialize(MapAccessDeserializer::new(map)).map(Policy::Document)
            }
        }
        deserializer.deserialize_any(NameOrDocument)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Document {
    version: Text,
    statement: Vec<Placed<Statement>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Statement {
    effect: Text,
    #[serde(default, deserialize_with = "given")]
    action: Option<OneOrMore>,
    #[serde(default, deserialize_with = "given")]
    not_action: Option<OneOrMore>,
    #[serde(default, deserialize_with = "given")]
    resource: Option<OneOrMore>,
    #[serde(default, deserialize_with = "given")]
    not_resource: Option<OneOrMore>,
    #[serde(default, deserialize_with = "given")]
    condition: Option<Conditions>,
}

/// The values by operator and condition key.
pub(super) type Conditions = Entries<Entries<OneOrMore>>;

/// Reads the statements of the policies of a user of that account; remarks on what grants nothing in this cloud.
pub(super) fn read(
    items: Vec<Placed<Policy>>,
    account: &str,
    cloud: &Cloud,
    mistakes: &mut Mistakes,
) -> Vec<policy::Statement> {
    let mut statements = Vec::new();
    for Placed { at, value } in items {
        match value {
            Policy::Document(document) => {
                statements.extend(document.read(account, cloud, mistakes));
            }
            Policy::System(name) => match policy::system_policy(&name) {
                Some(none) if none.is_empty() => mistakes
                    .remarks
                    .push(format!("{at}: a system policy of another service grants nothing here")),
                Some(known) => statements.extend(known),
                None => {
                    let known = system_policies().collect::<Vec<_>>().join(", ");
                    mistakes.add(
                        at,
                        format!(
                            "there is no system policy {name:?}; known are {known} and, without effect here, those of \
                             other services; a policy of your own is written out as a document"
                        ),
                    );
                }
            },
        }
    }
    statements
}

impl Document {
    fn read(self, account: &str, cloud: &Cloud, mistakes: &mut Mistakes) -> Vec<policy::Statement> {
        let is_known = |text: &str| (text == policy::VERSION).then_some(());
        self.version.parsed("the version of a policy is \"1\"", mistakes, is_known);
        let mut statements = Vec::new();
        for Placed { at, value } in self.statement {
            let Some(statement) = value.read(at, mistakes) else { continue };
            if !of_sae(&statement, cloud) && !of_kms(&statement, account, cloud) {
                let is_about = |service| statement.actions.cover_some(service);
                let why = if is_about("kms:") && !is_about("sae:") {
                    "KMS authorises its operations on acs:kms:REGION:ACCOUNT:secret/NAME and the like"
                } else {
                    "SAE authorises its operations on acs:sae:REGION:ACCOUNT:*"
                };
                mistakes.remarks.push(format!(
                    "{at}: this statement never applies: {why}, which its resources do not cover"
                ));
            }
            statements.push(statement);
        }
        statements
    }
}

/// Whether a statement is about what SAE authorises its operations on.
fn of_sae(statement: &policy::Statement, cloud: &Cloud) -> bool {
    let mut asked = cloud.regions.iter().map(|region| cloud.ram_resource(region));
    asked.any(|resource| statement.resources.cover(&resource))
}

/// Whether a statement is about something that KMS has or could have, for a user of that account.
fn of_kms(statement: &policy::Statement, account: &str, cloud: &Cloud) -> bool {
    let accounts = [account, cloud.account.as_str()];
    let mut scopes = accounts.into_iter().flat_map(|account| {
        let scope =
            |region: &RegionId| Scope { account: account.to_owned(), region: region.clone() };
        cloud.regions.iter().map(scope)
    });
    statement.actions.cover_some("kms:")
        && scopes.any(|scope| {
            let kinds = [Kind::Secret, Kind::Key, Kind::Alias].map(|kind| scope.container(kind));
            kinds.iter().any(|container| statement.resources.cover_some(container))
        })
}

impl Statement {
    fn read(self, at: Position, mistakes: &mut Mistakes) -> Option<policy::Statement> {
        let effect =
            self.effect.parsed("an effect is Allow or Deny", mistakes, |text| match text {
                "Allow" => Some(Effect::Allow),
                "Deny" => Some(Effect::Deny),
                _ => None,
            });
        let mut patterns =
            |key, these, all_but, parse: fn(&str) -> Result<Pattern, &'static str>| {
                let (texts, made): (OneOrMore, fn(_) -> _) = match (these, all_but) {
                    (Some(texts), None) => (texts, Patterns::These),
                    (None, Some(texts)) => (texts, Patterns::AllBut),
                    _ => {
                        mistakes.add(at, format!("a statement has either `{key}` or `Not{key}`"));
                        return None;
                    }
                };
                all(&texts, parse, mistakes).map(made)
            };
        let actions = patterns("Action", self.action, self.not_action, Pattern::action);
        let resources = patterns("Resource", self.resource, self.not_resource, Pattern::resource);
        let conditions = conditions(self.condition.as_ref(), mistakes);
        let (effect, actions, resources) = (effect?, actions?, resources?);
        let conditions = conditions?;
        Some(policy::Statement { effect, actions, resources, conditions })
    }
}

/// What the conditions of a statement mean.
pub(super) fn conditions(
    given: Option<&Conditions>,
    mistakes: &mut Mistakes,
) -> Option<Vec<Condition>> {
    let mut conditions = Vec::new();
    for (operator, keys) in given.into_iter().flat_map(|given| &given.0) {
        for (key, values) in &keys.0 {
            conditions.push(condition(operator, key, values, mistakes));
        }
    }
    conditions.into_iter().collect()
}

fn condition(
    operator: &Text,
    key: &Text,
    values: &OneOrMore,
    mistakes: &mut Mistakes,
) -> Option<Condition> {
    let made = Condition::new(&operator.value, &key.value);
    let (at, known) = match made {
        Err(ConditionError::UnknownOperator) => (operator.at, operators().collect()),
        Err(ConditionError::UnknownKey) => (key.at, KEYS.to_vec()),
        _ => (key.at, vec![]),
    };
    let hint =
        if known.is_empty() { String::new() } else { format!("; there are {}", known.join(", ")) };
    let mut condition = mistakes.check(at, made.map_err(|error| format!("{error}{hint}")))?;
    all(values, |text| condition.add(text), mistakes).map(|_| condition)
}

/// What all of the texts mean.
fn all<T, E: Display>(
    texts: &OneOrMore,
    mut parse: impl FnMut(&str) -> Result<T, E>,
    mistakes: &mut Mistakes,
) -> Option<Vec<T>> {
    let texts = texts.texts().into_iter();
    let parsed: Vec<_> = texts.map(|(at, text)| mistakes.check(at, parse(text))).collect();
    parsed.into_iter().collect()
}
