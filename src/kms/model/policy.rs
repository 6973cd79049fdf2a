//! Policies of secrets: what accounts, users and roles may do with one secret.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::{
    Error, Field, Result,
    object::{self, Object, Read},
};
use crate::{
    access::policy::{self, Condition, Effect, Environment, Pattern, Patterns, VERSION},
    json::{self, Kind},
};

/// How long a policy may be, in bytes (documented).
const LENGTH_MAX: usize = 32_768;

/// How long a statement's `Sid` may be, in characters (documented).
const SID_MAX: usize = 128;

/// How long the name of a user or a role may be, in characters (RAM's rule).
const NAME_MAX: usize = 64;

/// The actions that a policy can allow and deny. It may name others, which has no effect; `kms:*` stands for every action,
/// those included (documented).
const EFFECTIVE: [&str; 10] = [
    "kms:List*",
    "kms:Describe*",
    "kms:PutSecretValue",
    "kms:Update*",
    "kms:DeleteSecret",
    "kms:RestoreSecret",
    "kms:RotateSecret",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:GetSecretValue",
];

/// The only action that a policy can allow another account (documented).
const USE: &str = "kms:GetSecretValue";

/// The policy of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPolicy {
    text: String,
    statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    principals: Vec<Principal>,
    /// One of its actions is `kms:*`.
    is_about_everything: bool,
    /// Its effect, actions and conditions.
    rule: policy::Statement,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Principal {
    account: String,
    who: Who,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    Everyone,
    Root,
    User(String),
    /// One, whichever: no caller here is a role.
    Role,
}

/// Who wants to do something with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrincipalRef<'a> {
    /// The number of the account to which the caller belongs.
    pub account: &'a str,
    /// Who of that account.
    pub kind: PrincipalKind<'a>,
}

/// Who of an account wants to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind<'a> {
    /// The account itself.
    Root,
    /// A user, by its name.
    User(&'a str),
}

/// The policy of a secret of that account to which nobody gave one, as the documentation prints it.
#[must_use]
pub fn default_policy(account: &str) -> String {
    format!(
        r#"{{"Version":"1","Statement": [{{"Sid":"kms default secret policy","Effect":"Allow","Principal":{{"RAM": ["acs:ram::{account}:*"]}},"Action":["kms:*"],"Resource": ["*"] }}] }}"#
    )
}

impl SecretPolicy {
    /// Reads a policy of at most 32,768 bytes: JSON with `Version` and `Statement`, and no key twice.
    ///
    /// # Errors
    /// [`Error::Invalid`], whose reason tells the place: `Statement[0]` is the first one.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |reason| Error::invalid(Field::Policy, reason);
        if text.len() > LENGTH_MAX {
            return Err(invalid("has more than 32,768 bytes".to_owned()));
        }
        let statements = statements(text).map_err(invalid)?;
        Ok(Self { text: text.to_owned(), statements })
    }

    /// The policy as it was sent.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The accounts that the policy names besides the secret's own.
    #[must_use]
    pub fn foreign_accounts(&self, own: &str) -> BTreeSet<&str> {
        let principals = self.statements.iter().flat_map(|statement| &statement.principals);
        principals.map(|known| known.account.as_str()).filter(|account| *account != own).collect()
    }

    /// What the policy of a secret of `own_account` says of a caller's action, such as `kms:GetSecretValue`; nothing if none
    /// of its statements applies.
    ///
    /// A denial wins, but does not bind the secret's own account itself (documented: it is always allowed). Callers of other
    /// accounts can only be allowed to get the value, and have to be allowed so by their own account besides.
    #[must_use]
    pub fn decide(
        &self,
        caller: PrincipalRef<'_>,
        own_account: &str,
        action: &str,
        environment: &Environment,
    ) -> Option<Effect> {
        let is_own = caller.account == own_account;
        if !is_own && action != USE {
            return None;
        }
        let name = action.to_ascii_lowercase();
        let statements = self.statements.iter().filter(|statement| {
            (statement.is_about_everything || is_effective(action))
                && statement.principals.iter().any(|known| known.is(caller))
                && statement.rule.applies(&name, "*", environment)
        });
        let mut decision = None;
        for statement in statements {
            match statement.rule.effect {
                Effect::Deny if is_own && caller.kind == PrincipalKind::Root => {}
                Effect::Deny => return Some(Effect::Deny),
                Effect::Allow => decision = Some(Effect::Allow),
            }
        }
        decision
    }
}

fn is_effective(action: &str) -> bool {
    EFFECTIVE.iter().any(|known| match known.strip_suffix('*') {
        Some(beginning) => action.starts_with(beginning),
        None => action == *known,
    })
}

impl Principal {
    /// Reads `acs:ram::ACCOUNT:` with `*`, `root`, `user/NAME` or `role/NAME` behind it (documented).
    fn parse(text: &str) -> Option<Self> {
        let (account, who) = text.strip_prefix("acs:ram::")?.split_once(':')?;
        let is_account = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
        let name = |name: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte);
            let fits = (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_plain);
            fits.then(|| name.to_owned())
        };
        let who = match (who, who.split_once('/')) {
            ("*", _) => Who::Everyone,
            ("root", _) => Who::Root,
            (_, Some(("user", user))) => Who::User(name(user)?),
            (_, Some(("role", role))) => name(role).map(|_| Who::Role)?,
            _ => return None,
        };
        is_account.then(|| Self { account: account.to_owned(), who })
    }

    fn is(&self, caller: PrincipalRef<'_>) -> bool {
        self.account == caller.account
            && match (&self.who, caller.kind) {
                (Who::Everyone, _) | (Who::Root, PrincipalKind::Root) => true,
                (Who::User(known), PrincipalKind::User(name)) => known == name,
                (Who::Root | Who::User(_) | Who::Role, _) => false,
            }
    }
}

fn statements(text: &str) -> Read<Vec<Statement>> {
    let document = Object::read("", text)?.only(&["Version", "Statement"])?;
    if document.required_text("Version")? != VERSION {
        return Err(format!("Version is not {VERSION:?}"));
    }
    let statements = object::items("Statement", document.required("Statement")?)?;
    statements.into_iter().map(|(place, value)| Statement::read(&place, value)).collect()
}

impl Statement {
    fn read(place: &str, value: &RawValue) -> Read<Self> {
        let known = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];
        let statement = Object::read(place, value.get())?.only(&known)?;
        if let Some(sid) = statement.text("Sid")? {
            check_sid(&sid).map_err(|reason| format!("{place}.Sid {reason}"))?;
        }
        let effect = match statement.required_text("Effect")?.as_str() {
            "Allow" => Effect::Allow,
            "Deny" => Effect::Deny,
            _ => return Err(format!("{place}.Effect is neither Allow nor Deny")),
        };
        let principals = principals(&statement)?;
        let (actions, is_about_everything) = actions(&statement)?;
        let resources = resources(&statement)?;
        let conditions = conditions(&statement)?;
        let rule = policy::Statement { effect, actions, resources, conditions };
        Ok(Self { principals, is_about_everything, rule })
    }
}

fn check_sid(sid: &str) -> std::result::Result<(), &'static str> {
    if sid.chars().count() > SID_MAX {
        return Err("has more than 128 characters");
    }
    let is_known = |c: char| c.is_ascii_alphanumeric() || " _/+=.@-".contains(c);
    if !sid.chars().all(is_known) {
        return Err("has other characters than letters, digits, spaces and _/+=.@-");
    }
    Ok(())
}

/// The texts of a member that has to be there, each with its place.
fn required_texts(object: &Object, name: &str) -> Read<Vec<(String, String)>> {
    object::texts(&object.place_of(name), object.required(name)?)
}

fn principals(statement: &Object) -> Read<Vec<Principal>> {
    let principal = statement.required("Principal")?;
    let principal = Object::read(&statement.place_of("Principal"), principal.get())?;
    let texts = required_texts(&principal.only(&["RAM"])?, "RAM")?;
    let read = texts.into_iter().map(|(place, text)| {
        Principal::parse(&text).ok_or_else(|| {
            format!("{place} is not acs:ram::ACCOUNT: followed by *, root, user/NAME or role/NAME")
        })
    });
    read.collect()
}

/// The actions, and whether one of them stands for all.
fn actions(statement: &Object) -> Read<(Patterns, bool)> {
    let (mut patterns, mut is_about_everything) = (Vec::new(), false);
    for (place, text) in required_texts(statement, "Action")? {
        let action = text.strip_prefix("kms:");
        let action = action.ok_or_else(|| format!("{place} does not begin with kms:"))?;
        is_about_everything |= action.bytes().all(|byte| byte == b'*');
        let pattern = Pattern::action(&text).map_err(|rule| format!("{place}: {rule}"))?;
        patterns.push(pattern);
    }
    Ok((Patterns::These(patterns), is_about_everything))
}

fn resources(statement: &Object) -> Read<Patterns> {
    let mut patterns = Vec::new();
    for (place, text) in required_texts(statement, "Resource")? {
        if text != "*" {
            return Err(format!("{place} is not *"));
        }
        patterns.push(Pattern::resource(&text).map_err(|rule| format!("{place}: {rule}"))?);
    }
    Ok(Patterns::These(patterns))
}

fn conditions(statement: &Object) -> Read<Vec<Condition>> {
    let Some(block) = statement.find("Condition") else { return Ok(Vec::new()) };
    let block = Object::read(&statement.place_of("Condition"), block.get())?;
    let mut conditions = Vec::new();
    for (operator, keys) in block.members() {
        let keys = Object::read(&block.place_of(operator), keys.get())?;
        for (key, values) in keys.members() {
            let place = keys.place_of(key);
            let made = Condition::new(operator, key);
            let mut condition = made.map_err(|error| format!("{place}: {error}"))?;
            for (place, value) in object::one_or_more(&place, values)? {
                let value = condition_value(value).ok_or_else(|| format!("{place} is no value"))?;
                condition.add(&value).map_err(|error| format!("{place}: {error}"))?;
            }
            conditions.push(condition);
        }
    }
    Ok(conditions)
}

/// Values are strings; numbers and truth values may stand without their quotes, as in RAM's policies.
fn condition_value(value: &RawValue) -> Option<String> {
    match json::kind(value) {
        Kind::String => json::string(value),
        Kind::Number | Kind::Bool => Some(value.get().to_owned()),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

#[cfg(test)]
mod tests;
