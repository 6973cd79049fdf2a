//! What lists of secrets and keys are narrowed down by.

use serde_json::value::RawValue;

use super::{Error, Field, Result, SecretType};
use crate::{json, text::is_storable_text};

/// How many filters a list may have, and how many values each (documented).
const FILTERS_MAX: usize = 10;

/// A property that a list can be filtered by.
pub trait FilterKey: Copy + PartialEq + 'static {
    /// All of the list's.
    const ALL: &'static [Self];

    /// What it is called in the filters' text.
    fn name(self) -> &'static str;

    /// How many characters a value may have; at least one (documented).
    fn longest(self) -> usize {
        256
    }

    /// The value as it is kept of what is filtered.
    fn normalize(self, value: String) -> String {
        value
    }
}

/// What secrets are filtered by. Each has to equal one of the filter's values; only a description has to contain it
/// (inferred).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretFilter {
    Name,
    Description,
    /// The key of any of its tags.
    TagKey,
    /// The value of any of its tags, of whatever key.
    TagValue,
    Instance,
    /// The case does not matter: the page of ListSecrets writes `RDS` (documented). A type that is unknown stands as it is
    /// and no secret has it.
    Type,
    Creator,
}

impl FilterKey for SecretFilter {
    const ALL: &'static [Self] = &[
        Self::Name,
        Self::Description,
        Self::TagKey,
        Self::TagValue,
        Self::Instance,
        Self::Type,
        Self::Creator,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Name => "SecretName",
            Self::Description => "Description",
            Self::TagKey => "TagKey",
            Self::TagValue => "TagValue",
            Self::Instance => "DKMSInstanceId",
            Self::Type => "SecretType",
            Self::Creator => "Creator",
        }
    }

    fn longest(self) -> usize {
        if self == Self::Name { 192 } else { 256 }
    }

    fn normalize(self, value: String) -> String {
        match (self, SecretType::parse_ignoring_case(&value)) {
            (Self::Type, Some(known)) => known.as_str().to_owned(),
            _ => value,
        }
    }
}

/// What keys are filtered by. Each has to equal one of the filter's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFilter {
    State,
    Spec,
    Usage,
    ProtectionLevel,
    CreatorType,
    Instance,
}

impl FilterKey for KeyFilter {
    const ALL: &'static [Self] = &[
        Self::State,
        Self::Spec,
        Self::Usage,
        Self::ProtectionLevel,
        Self::CreatorType,
        Self::Instance,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::State => "KeyState",
            Self::Spec => "KeySpec",
            Self::Usage => "KeyUsage",
            Self::ProtectionLevel => "ProtectionLevel",
            Self::CreatorType => "CreatorType",
            Self::Instance => "DKMSInstanceId",
        }
    }
}

/// What has to hold of every entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filters<K>(Vec<(K, Vec<String>)>);

impl<K> Default for Filters<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: FilterKey> Filters<K> {
    /// Reads `[{"Key":"SecretName","Values":["a","b"]}]`: up to 10 filters of different keys, each of up to 10 values
    /// (documented). One without values narrows nothing down (inferred).
    pub fn parse(text: &str) -> Result<Self> {
        let entries = read::<&RawValue>(text, "is not a JSON array")?;
        let mut filters = Vec::with_capacity(entries.len());
        for entry in entries {
            let (name, values) = key_and_values(entry.get())
                .ok_or_else(|| invalid(r#"has an entry that is not {"Key":"…","Values":["…"]}"#))?;
            let key = K::ALL.iter().copied().find(|key| key.name() == name);
            let key = key.ok_or_else(|| invalid("has an unknown key"))?;
            if filters.iter().any(|(known, _)| *known == key) {
                return Err(invalid("has a key twice"));
            }
            let values = read::<String>(values.get(), "has values that are not an array of texts")?;
            values.iter().try_for_each(|value| check(value, key.longest()))?;
            filters.push((key, values.into_iter().map(|value| key.normalize(value)).collect()));
        }
        filters.retain(|(_, values): &(K, Vec<String>)| !values.is_empty());
        Ok(Self(filters))
    }

    /// The filters, all of which have to hold: the property, and the values of which it has to have one. There is at least
    /// one value each.
    pub fn iter(&self) -> impl Iterator<Item = (K, &[String])> {
        self.0.iter().map(|(key, values)| (*key, values.as_slice()))
    }
}

fn invalid(reason: &'static str) -> Error {
    Error::invalid(Field::Filters, reason)
}

/// The elements of a JSON array of at most [`FILTERS_MAX`].
fn read<'a, T: serde::Deserialize<'a>>(text: &'a str, malformed: &'static str) -> Result<Vec<T>> {
    let elements: Vec<T> = serde_json::from_str(text).map_err(|_| invalid(malformed))?;
    if elements.len() > FILTERS_MAX {
        return Err(invalid("has more than 10 entries, or 10 values of one"));
    }
    Ok(elements)
}

/// The members of an object that holds these two and nothing else.
fn key_and_values(text: &str) -> Option<(String, &RawValue)> {
    let (mut key, mut values) = (None, None);
    for (name, raw) in json::members_up_to(text, 2).ok()? {
        match name.as_str() {
            "Key" => key = Some(json::string(raw)?),
            "Values" => values = Some(raw),
            _ => return None,
        }
    }
    Some((key?, values?))
}

fn check(value: &str, longest: usize) -> Result<()> {
    if value.is_empty() || value.chars().count() > longest {
        return Err(invalid("has a value that is empty or too long"));
    }
    // Nothing that is kept holds such a character, and PostgreSQL takes no NUL in a text.
    if !is_storable_text(value) {
        return Err(invalid("has a value with a control character"));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Result<Filters<SecretFilter>> {
        Filters::parse(text)
    }

    fn of(key: &str, value: &str) -> String {
        serde_json::json!([{"Key": key, "Values": [value]}]).to_string()
    }

    #[test]
    fn filters_are_read_from_json() {
        let text = r#"[{"Key":"SecretName","Values":["demo","acme/db"]},
            {"Values":["rds","ECS","Nothing"],"Key":"SecretType"},
            {"Key":"TagKey","Values":[]}]"#;
        let filters = secrets(text).unwrap();
        let pairs: Vec<_> = filters.iter().map(|(key, values)| (key, values.join(" "))).collect();
        let expected = [
            (SecretFilter::Name, "demo acme/db".to_owned()),
            (SecretFilter::Type, "Rds ECS Nothing".to_owned()),
        ];
        assert_eq!(pairs, expected);
        assert_eq!(secrets("[]"), Ok(Filters::default()));
    }

    #[test]
    fn each_list_has_its_keys() {
        for key in SecretFilter::ALL {
            assert_eq!(secrets(&of(key.name(), "v")), Ok(Filters(vec![(*key, vec!["v".into()])])));
        }
        for key in KeyFilter::ALL {
            let read = Filters::<KeyFilter>::parse(&of(key.name(), "rds"));
            assert_eq!(read, Ok(Filters(vec![(*key, vec!["rds".into()])])));
        }
        assert!(Filters::<KeyFilter>::parse(&of("SecretName", "a")).is_err());
        assert!(secrets(&of("KeyState", "a")).is_err());
    }

    #[test]
    fn values_have_limits() {
        for (key, longest) in [("SecretName", 192), ("Description", 256), ("TagValue", 256)] {
            assert!(secrets(&of(key, "中")).is_ok());
            assert!(secrets(&of(key, &"中".repeat(longest))).is_ok(), "{key}");
            assert!(secrets(&of(key, &"中".repeat(longest + 1))).is_err(), "{key}");
            assert!(secrets(&of(key, "")).is_err());
            assert!(secrets(&of(key, "a\0")).is_err());
        }
        let values = |count| serde_json::json!([{"Key": "TagKey", "Values": vec!["a"; count]}]);
        assert!(secrets(&values(10).to_string()).is_ok());
        assert!(secrets(&values(11).to_string()).is_err());
    }

    #[test]
    fn other_forms_are_refused() {
        let eleven = format!("[{}]", [r#"{"Key":"TagKey","Values":[]}"#; 11].join(","));
        for text in [
            "",
            "null",
            "{}",
            "a",
            "[1]",
            "[{}]",
            r#"{"Key":"TagKey","Values":["a"]}"#,
            r#"[{"key":"TagKey","values":["a"]}]"#,
            r#"[{"Key":"TagKey"}]"#,
            r#"[{"Values":["a"]}]"#,
            r#"[{"Key":"TagKey","Values":"a"}]"#,
            r#"[{"Key":"TagKey","Values":null}]"#,
            r#"[{"Key":"TagKey","Values":[1]}]"#,
            r#"[{"Key":"TagKey","Values":["\ud800"]}]"#,
            r#"[{"Key":"tagkey","Values":["a"]}]"#,
            r#"[{"Key":"","Values":["a"]}]"#,
            r#"[{"Key":1,"Values":["a"]}]"#,
            r#"[{"Key":"TagKey","Values":["a"],"More":1}]"#,
            r#"[{"Key":"TagKey","Key":"TagKey","Values":["a"]}]"#,
            r#"[{"Key":"TagKey","Values":["a"]},{"Key":"TagKey","Values":["b"]}]"#,
            r#"[{"Key":"TagKey","Values":[]},{"Key":"TagKey","Values":["b"]}]"#,
            &eleven,
        ] {
            let refused = secrets(text);
            assert!(matches!(refused, Err(Error::Invalid(Field::Filters, _))), "{text}");
        }
    }
}
