//! Conditions: what a statement asks of the request besides its action and its resource.

use std::cmp::Ordering::{self, Equal, Greater, Less};

use ipnet::IpNet;
use jiff::Timestamp as Moment;

use super::{Environment, Pattern};
use crate::network;

/// The condition keys that are known: RAM's common ones, and KMS's for the tags of a resource. SAE has none of its own.
pub const KEYS: [&str; 6] = [
    "acs:SourceIp",
    "acs:SecureTransport",
    "acs:CurrentTime",
    "acs:MFAPresent",
    "acs:SourceVpc",
    "kms:tag/KEY",
];

/// What the keys for tags begin with; the tag's own key follows.
const TAG: &str = "kms:tag/";

/// The condition operators, each with the values that it compares; those with `Not` in their names negate.
static OPERATORS: [(&str, Values); 21] = [
    ("StringEquals", Values::Equal(Vec::new())),
    ("StringNotEquals", Values::Equal(Vec::new())),
    ("StringEqualsIgnoreCase", Values::EqualIgnoringCase(Vec::new())),
    ("StringNotEqualsIgnoreCase", Values::EqualIgnoringCase(Vec::new())),
    ("StringLike", Values::Like(Vec::new())),
    ("StringNotLike", Values::Like(Vec::new())),
    ("NumericEquals", Values::Numeric(&[Equal], Vec::new())),
    ("NumericNotEquals", Values::Numeric(&[Equal], Vec::new())),
    ("NumericLessThan", Values::Numeric(&[Less], Vec::new())),
    ("NumericLessThanEquals", Values::Numeric(&[Less, Equal], Vec::new())),
    ("NumericGreaterThan", Values::Numeric(&[Greater], Vec::new())),
    ("NumericGreaterThanEquals", Values::Numeric(&[Greater, Equal], Vec::new())),
    ("DateEquals", Values::Date(&[Equal], Vec::new())),
    ("DateNotEquals", Values::Date(&[Equal], Vec::new())),
    ("DateLessThan", Values::Date(&[Less], Vec::new())),
    ("DateLessThanEquals", Values::Date(&[Less, Equal], Vec::new())),
    ("DateGreaterThan", Values::Date(&[Greater], Vec::new())),
    ("DateGreaterThanEquals", Values::Date(&[Greater, Equal], Vec::new())),
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
    #[error("unknown condition operator")]
    UnknownOperator,
    #[error("unknown condition key")]
    UnknownKey,
    #[error("this operator does not fit the condition key")]
    Unfit,
    #[error("expected {0}")]
    Value(&'static str),
}

/// What a condition asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    SourceIp,
    SecureTransport,
    CurrentTime,
    MfaPresent,
    SourceVpc,
    /// The value of the resource's tag of that key.
    Tag(String),
}

/// What a request's value is compared with. Any of several values is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Values {
    Equal(Vec<String>),
    EqualIgnoringCase(Vec<String>),
    Like(Vec<Pattern>),
    /// Moments in milliseconds since 1970, to which the request's stands in one of the orders.
    Numeric(&'static [Ordering], Vec<i64>),
    /// The same, written as dates.
    Date(&'static [Ordering], Vec<i64>),
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
    /// Whether it asks about a tag of the resource.
    pub fn asks_for_tags(&self) -> bool {
        matches!(self.key, Key::Tag(_))
    }

    /// A condition without values, which [`Condition::add`] puts in.
    ///
    /// `String*` compares the text of any key, and is the only kind for `acs:SourceVpc` and `kms:tag/KEY`; `Date*` and `Numeric*` (in whole seconds since 1970) are for
    /// `acs:CurrentTime`, `Bool` for the two truth values, and `IpAddress` for `acs:SourceIp`.
    pub fn new(operator: &str, key: &str) -> Result<Self, ConditionError> {
        let known = OPERATORS.iter().find(|(name, _)| *name == operator);
        let values = known.ok_or(ConditionError::UnknownOperator)?.1.clone();
        let key = match key {
            "acs:SourceIp" => Key::SourceIp,
            "acs:SecureTransport" => Key::SecureTransport,
            "acs:CurrentTime" => Key::CurrentTime,
            "acs:MFAPresent" => Key::MfaPresent,
            "acs:SourceVpc" => Key::SourceVpc,
            _ => match key.strip_prefix(TAG) {
                Some(tag) if !tag.is_empty() => Key::Tag(tag.to_owned()),
                _ => return Err(ConditionError::UnknownKey),
            },
        };
        let fits = match &values {
            Values::Equal(_) | Values::EqualIgnoringCase(_) | Values::Like(_) => true,
            Values::Numeric(..) | Values::Date(..) => key == Key::CurrentTime,
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
            Values::Numeric(_, values) => {
                values.push(seconds(value).ok_or(expected("a whole number"))?);
            }
            Values::Date(_, values) => {
                let date = date(value);
                values.push(date.ok_or(expected("a date such as 2026-01-02T03:04:05Z"))?);
            }
            Values::Bools(values) => {
                values.push(value.parse().map_err(|_| expected("true or false"))?);
            }
            Values::Nets(values) => {
                let net = network::parse(value);
                values.push(net.ok_or(expected("an IP address, or a block such as 192.0.2.0/24"))?);
            }
        }
        Ok(())
    }

    /// What is not known of a request meets no condition, not even a negated one.
    pub fn is_met(&self, environment: &Environment<'_>) -> bool {
        self.has_value(environment).is_some_and(|has_value| has_value != self.is_negated)
    }

    fn has_value(&self, environment: &Environment<'_>) -> Option<bool> {
        let text = || self.key.text(environment);
        Some(match &self.values {
            Values::Equal(values) => values.contains(&text()?),
            Values::EqualIgnoringCase(values) => values.contains(&text()?.to_lowercase()),
            Values::Like(values) => {
                let text = text()?;
                values.iter().any(|known| known.matches(&text))
            }
            Values::Numeric(orders, values) | Values::Date(orders, values) => {
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

impl Key {
    /// What the request has under this key; nothing if that is not known.
    fn text(&self, environment: &Environment<'_>) -> Option<String> {
        match self {
            Self::SourceIp => environment.source.map(|source| source.to_canonical().to_string()),
            Self::CurrentTime => {
                let seconds = environment.now.0.div_euclid(1000);
                Moment::from_second(seconds).ok().map(|moment| moment.to_string())
            }
            Self::SecureTransport | Self::MfaPresent => Some(self.is_true(environment).to_string()),
            // No request of an emulated cloud comes out of a VPC.
            Self::SourceVpc => None,
            Self::Tag(wanted) => {
                let mut tags = environment.tags.iter();
                tags.find(|(key, _)| key == wanted).map(|(_, value)| value.clone())
            }
        }
    }

    /// A call with an access key proves no second factor.
    fn is_true(&self, environment: &Environment<'_>) -> bool {
        *self == Self::SecureTransport && environment.is_secure
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
