//! Conditions: what a statement asks of the request besides its action and its resource.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp as Moment;

use super::{Environment, Pattern};

/// The condition keys that are known: RAM's common ones. SAE has none of its own.
pub const KEYS: [&str; 4] =
    ["acs:SourceIp", "acs:SecureTransport", "acs:CurrentTime", "acs:MFAPresent"];

/// The condition operators.
pub const OPERATORS: [&str; 21] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "IpAddress",
    "NotIpAddress",
];

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

/// How two ordered things have to stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Equals,
    NotEquals,
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
}

/// One comparison with the values it allows or rules out.
///
/// Any of several values is enough; for an operator with `Not` in its name, none of them may be the request's (as RAM's
/// own example for `NotIpAddress` has it, which shuts out every address but the two it names).
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Equals {
        negated: bool,
        values: Vec<String>,
    },
    EqualsIgnoreCase {
        negated: bool,
        values: Vec<String>,
    },
    Like {
        negated: bool,
        values: Vec<Pattern>,
    },
    /// In milliseconds since 1970; written as dates, or as seconds since 1970.
    Moment {
        order: Order,
        is_date: bool,
        values: Vec<i64>,
    },
    Bool {
        values: Vec<bool>,
    },
    Address {
        negated: bool,
        values: Vec<IpNet>,
    },
}

/// One key of a condition block with its operator and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    key: Key,
    test: Test,
}

impl Condition {
    /// A condition without values, which [`Condition::add`] puts in.
    ///
    /// `String*` compares the text of any key; `Date*` and `Numeric*` (in whole seconds since 1970) are for
    /// `acs:CurrentTime`, `Bool` for the two truth values, and `IpAddress` for `acs:SourceIp`.
    ///
    /// # Errors
    /// [`ConditionError::UnknownOperator`], [`ConditionError::UnknownKey`] and [`ConditionError::Unfit`].
    pub fn new(operator: &str, key: &str) -> Result<Self, ConditionError> {
        let test = Test::of(operator).ok_or(ConditionError::UnknownOperator)?;
        let key = match key {
            "acs:SourceIp" => Key::SourceIp,
            "acs:SecureTransport" => Key::SecureTransport,
            "acs:CurrentTime" => Key::CurrentTime,
            "acs:MFAPresent" => Key::MfaPresent,
            _ => return Err(ConditionError::UnknownKey),
        };
        let fits = match &test {
            Test::Equals { .. } | Test::EqualsIgnoreCase { .. } | Test::Like { .. } => true,
            Test::Moment { .. } => key == Key::CurrentTime,
            Test::Bool { .. } => matches!(key, Key::SecureTransport | Key::MfaPresent),
            Test::Address { .. } => key == Key::SourceIp,
        };
        if fits { Ok(Self { key, test }) } else { Err(ConditionError::Unfit) }
    }

    /// Adds a value to compare with.
    ///
    /// # Errors
    /// [`ConditionError::Value`].
    pub fn add(&mut self, value: &str) -> Result<(), ConditionError> {
        let expected = ConditionError::Value;
        match &mut self.test {
            Test::Equals { values, .. } => values.push(value.to_owned()),
            Test::EqualsIgnoreCase { values, .. } => values.push(value.to_lowercase()),
            Test::Like { values, .. } => values.push(Pattern::new(value)),
            Test::Moment { is_date: false, values, .. } => {
                values.push(seconds(value).ok_or(expected("a whole number"))?);
            }
            Test::Moment { is_date: true, values, .. } => {
                let date = date(value);
                values.push(date.ok_or(expected("a date such as 2026-01-02T03:04:05Z"))?);
            }
            Test::Bool { values } => values.push(match value {
                "true" => true,
                "false" => false,
                _ => return Err(expected("true or false")),
            }),
            Test::Address { values, .. } => {
                let net = net(value);
                values.push(net.ok_or(expected("an IP address, or a block such as 192.0.2.0/24"))?);
            }
        }
        Ok(())
    }

    pub(super) fn is_met(&self, environment: &Environment) -> bool {
        let text = || self.key.text(environment);
        match &self.test {
            Test::Equals { negated, values } => {
                text().is_some_and(|text| values.contains(&text) != *negated)
            }
            Test::EqualsIgnoreCase { negated, values } => {
                text().is_some_and(|text| values.contains(&text.to_lowercase()) != *negated)
            }
            Test::Like { negated, values } => text()
                .is_some_and(|text| values.iter().any(|known| known.matches(&text)) != *negated),
            // A moment lasts a second here, so that something can happen exactly then.
            Test::Moment { order, values, .. } => {
                order.holds(environment.now.0.div_euclid(1000) * 1000, values)
            }
            Test::Bool { values } => values.contains(&self.key.is_true(environment)),
            // Chosen: what is not known meets neither of the two.
            Test::Address { negated, values } => environment.source.is_some_and(|address| {
                values.iter().any(|net| net.contains(&address.to_canonical())) != *negated
            }),
        }
    }
}

impl Test {
    fn of(operator: &str) -> Option<Self> {
        let order = |kind: &str| {
            Some(match operator.strip_prefix(kind)? {
                "Equals" => Order::Equals,
                "NotEquals" => Order::NotEquals,
                "LessThan" => Order::LessThan,
                "LessThanEquals" => Order::LessThanEquals,
                "GreaterThan" => Order::GreaterThan,
                "GreaterThanEquals" => Order::GreaterThanEquals,
                _ => return None,
            })
        };
        Some(match operator {
            "StringEquals" => Self::Equals { negated: false, values: Vec::new() },
            "StringNotEquals" => Self::Equals { negated: true, values: Vec::new() },
            "StringEqualsIgnoreCase" => {
                Self::EqualsIgnoreCase { negated: false, values: Vec::new() }
            }
            "StringNotEqualsIgnoreCase" => {
                Self::EqualsIgnoreCase { negated: true, values: Vec::new() }
            }
            "StringLike" => Self::Like { negated: false, values: Vec::new() },
            "StringNotLike" => Self::Like { negated: true, values: Vec::new() },
            "Bool" => Self::Bool { values: Vec::new() },
            "IpAddress" => Self::Address { negated: false, values: Vec::new() },
            "NotIpAddress" => Self::Address { negated: true, values: Vec::new() },
            _ => match (order("Numeric"), order("Date")) {
                (Some(order), _) => Self::Moment { order, is_date: false, values: Vec::new() },
                (None, Some(order)) => Self::Moment { order, is_date: true, values: Vec::new() },
                (None, None) => return None,
            },
        })
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

    /// Nobody who calls with an access key has proved a second factor.
    fn is_true(self, environment: &Environment) -> bool {
        self == Self::SecureTransport && environment.is_secure
    }
}

impl Order {
    fn holds(self, given: i64, values: &[i64]) -> bool {
        match self {
            Self::Equals => values.contains(&given),
            Self::NotEquals => !values.contains(&given),
            Self::LessThan => values.iter().any(|value| given < *value),
            Self::LessThanEquals => values.iter().any(|value| given <= *value),
            Self::GreaterThan => values.iter().any(|value| given > *value),
            Self::GreaterThanEquals => values.iter().any(|value| given >= *value),
        }
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
