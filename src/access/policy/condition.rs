//! Conditions: what a statement asks of the request besides its action and its resource.

use std::{
    cmp::Ordering::{self, Equal, Greater, Less},
    net::IpAddr,
};

use ipnet::IpNet;
use jiff::Timestamp as Moment;

use super::{Environment, Pattern};

/// The condition keys that are known: RAM's common ones. SAE has none of its own.
pub const KEYS: [&str; 4] =
    ["acs:SourceIp", "acs:SecureTransport", "acs:CurrentTime", "acs:MFAPresent"];

/// The condition operators, each with the values that it compares; those with `Not` in their names negate.
static OPERATORS: [(&str, Values); 21] = [
    ("StringEquals", Values::Equal(Vec::new())),
    ("StringNotEquals", Values::Equal(Vec::new())),
    ("StringEqualsIgnoreCase", Values::EqualIgnoringCase(Vec::new())),
    ("StringNotEqualsIgnoreCase", Values::EqualIgnoringCase(Vec::new())),
    ("StringLike", Values::Like(Vec::new())),
    ("StringNotLike", Values::Like(Vec::new())),
    ("NumericEquals", Values::moments(false, &[Equal])),
    ("NumericNotEquals", Values::moments(false, &[Equal])),
    ("NumericLessThan", Values::moments(false, &[Less])),
    ("NumericLessThanEquals", Values::moments(false, &[Less, Equal])),
    ("NumericGreaterThan", Values::moments(false, &[Greater])),
    ("NumericGreaterThanEquals", Values::moments(false, &[Greater, Equal])),
    ("DateEquals", Values::moments(true, &[Equal])),
    ("DateNotEquals", Values::moments(true, &[Equal])),
    ("DateLessThan", Values::moments(true, &[Less])),
    ("DateLessThanEquals", Values::moments(true, &[Less, Equal])),
    ("DateGreaterThan", Values::moments(true, &[Greater])),
    ("DateGreaterThanEquals", Values::moments(true, &[Greater, Equal])),
    ("Bool", Values::Bools(Vec::new())),
    ("IpAddress", Values::Nets(Vec::new())),
    ("NotIpAddress", Values::Nets(Vec::new())),
];

/// The names of the condition operators.
pub fn operators() -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().map(|(name, _)| *name)
}

/// Why a condition is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// There is no such operator.
    #[error("unknown condition operator")]
    UnknownOperator,
    /// There is no such key.
    #[error("unknown condition key")]
    UnknownKey,
    /// The operator is for keys of another kind.
    #[error("this operator does not fit the condition key")]
    Unfit,
    /// The value is not what the operator compares.
    #[error("expected {0}")]
    Value(&'static str),
}

/// What a condition asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    SourceIp,
    SecureTransport,
    CurrentTime,
    MfaPresent,
}

/// What a request's value is compared with. Any of several values is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Values {
    Equal(Vec<String>),
    EqualIgnoringCase(Vec<String>),
    Like(Vec<Pattern>),
    /// In milliseconds since 1970; written as dates, or as seconds since 1970. The request's stands to them in one of the
    /// orders.
    Moments {
        orders: &'static [Ordering],
        is_date: bool,
        values: Vec<i64>,
    },
    Bools(Vec<bool>),
    Nets(Vec<IpNet>),
}

/// One key of a condition block with its operator and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    key: Key,
    /// The operator has `Not` in its name: none of the values may be the request's (as RAM's own example for `NotIpAddress`
    /// has it, which shuts out every address but the two it names).
    is_negated: bool,
    values: Values,
}

impl Condition {
    /// A condition without values, which [`Condition::add`] puts in.
    ///
    /// `String*` compares the text of any key; `Date*` and `Numeric*` (in whole seconds since 1970) are for
    /// `acs:CurrentTime`, `Bool` for the two truth values, and `IpAddress` for `acs:SourceIp`.
    pub fn new(operator: &str, key: &str) -> Result<Self, ConditionError> {
        let known = OPERATORS.iter().find(|(name, _)| *name == operator);
        let values = known.ok_or(ConditionError::UnknownOperator)?.1.clone();
        let key = match key {
            "acs:SourceIp" => Key::SourceIp,
            "acs:SecureTransport" => Key::SecureTransport,
            "acs:CurrentTime" => Key::CurrentTime,
            "acs:MFAPresent" => Key::MfaPresent,
            _ => return Err(ConditionError::UnknownKey),
        };
        let fits = match &values {
            Values::Equal(_) | Values::EqualIgnoringCase(_) | Values::Like(_) => true,
            Values::Moments { .. } => key == Key::CurrentTime,
            Values::Bools(_) => matches!(key, Key::SecureTransport | Key::MfaPresent),
            Values::Nets(_) => key == Key::SourceIp,
        };
        let is_negated = operator.contains("Not");
        if fits { Ok(Self { key, is_negated, values }) } else { Err(ConditionError::Unfit) }
    }

    /// Adds a value to compare with.
    pub fn add(&mut self, value: &str) -> Result<(), ConditionError> {
        let expected = ConditionError::Value;
        match &mut self.values {
            Values::Equal(values) => values.push(value.to_owned()),
            Values::EqualIgnoringCase(values) => values.push(value.to_lowercase()),
            Values::Like(values) => values.push(Pattern::new(value)),
            Values::Moments { is_date: false, values, .. } => {
                values.push(seconds(value).ok_or(expected("a whole number"))?);
            }
            Values::Moments { is_date: true, values, .. } => {
                let date = date(value);
                values.push(date.ok_or(expected("a date such as 2026-01-02T03:04:05Z"))?);
            }
            Values::Bools(values) => {
                values.push(value.parse().map_err(|_| expected("true or false"))?);
            }
            Values::Nets(values) => {
                let net = net(value);
                values.push(net.ok_or(expected("an IP address, or a block such as 192.0.2.0/24"))?);
            }
        }
        Ok(())
    }

    /// What is not known of a request meets no condition, not even a negated one.
    pub(super) fn is_met(&self, environment: &Environment) -> bool {
        self.has_value(environment).is_some_and(|has_value| has_value != self.is_negated)
    }

    fn has_value(&self, environment: &Environment) -> Option<bool> {
        let text = || self.key.text(environment);
        Some(match &self.values {
            Values::Equal(values) => values.contains(&text()?),
            Values::EqualIgnoringCase(values) => values.contains(&text()?.to_lowercase()),
            Values::Like(values) => {
                let text = text()?;
                values.iter().any(|known| known.matches(&text))
            }
            Values::Moments { orders, values, .. } => {
                // A moment lasts a second here, so that something can happen exactly then.
                let now = environment.now.0.div_euclid(1000) * 1000;
                values.iter().any(|value| orders.contains(&now.cmp(value)))
            }
            Values::Bools(values) => values.contains(&self.key.is_true(environment)),
            Values::Nets(values) => {
                let address = environment.source?.to_canonical();
                values.iter().any(|net| net.contains(&address))
            }
        })
    }
}

impl Values {
    const fn moments(is_date: bool, orders: &'static [Ordering]) -> Self {
        Self::Moments { orders, is_date, values: Vec::new() }
    }
}

impl Key {
    /// What the request has under this key; nothing if that is not known.
    fn text(self, environment: &Environment) -> Option<String> {
        match self {
            Self::SourceIp => environment.source.map(|source| source.to_canonical().to_string()),
            Self::CurrentTime => {
                let seconds = environment.now.0.div_euclid(1000);
                Moment::from_second(seconds).ok().map(|moment| moment.to_string())
            }
            Self::SecureTransport | Self::MfaPresent => Some(self.is_true(environment).to_string()),
        }
    }

    /// A call with an access key proves no second factor.
    fn is_true(self, environment: &Environment) -> bool {
        self == Self::SecureTransport && environment.is_secure
    }
}

/// A moment as ISO 8601 writes it, with `Z` or an offset, or in seconds since 1970; in milliseconds.
fn date(text: &str) -> Option<i64> {
    seconds(text).or_else(|| text.parse().ok().map(Moment::as_millisecond))
}

/// Whole seconds since 1970, in milliseconds.
fn seconds(text: &str) -> Option<i64> {
    text.parse::<i64>().ok()?.checked_mul(1000)
}

fn net(text: &str) -> Option<IpNet> {
    let address = || text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical()));
    text.parse().ok().or_else(address)
}
