//! A secret's keys and values.

use std::{collections::HashSet, fmt};

use zeroize::Zeroizing;

use super::{Error, Field, Result};
use crate::text::shown;

/// How long a key may be, in characters. Source: Kubernetes' rule for the keys of a secret.
const KEY_MAX: usize = 253;

/// How many bytes all values of a secret may have together: 1 MiB. Source: Kubernetes' `MaxSecretSize`.
const VALUES_MAX: usize = 1_048_576;

/// Checks one key of a secret: `[-._a-zA-Z0-9]+`, at most 253 characters, neither `.` nor beginning with `..`.
/// Source: Kubernetes' rule for the keys of a secret. The error shows the beginning of the key.
pub fn check_key(key: &str) -> Result<()> {
    let refuse =
        |why: &str| Err(Error::SecretDataInvalid(format!("the key [{}] {why}", shown(key))));
    if key.is_empty() {
        return Err(Error::SecretDataInvalid("a key is empty".to_owned()));
    }
    if key.len() > KEY_MAX {
        return refuse("is longer than 253 characters");
    }
    if !key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')) {
        return refuse("may hold letters, digits, '-', '_' and '.' only");
    }
    if key == "." || key.starts_with("..") {
        return refuse("may not be '.' nor begin with '..'");
    }
    Ok(())
}

/// One value of a secret. It has no `Display` and no serialisation, its `Debug` prints a fixed text, its memory is
/// zeroed when it goes; [`SecretValue::expose`] is the one way out. Copies that a parser or a reply made of the text
/// are not zeroed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(Zeroizing<String>);

impl SecretValue {
    /// Takes a value in, verbatim.
    #[must_use]
    pub fn new(text: impl Into<Zeroizing<String>>) -> Self {
        Self(text.into())
    }

    /// The value itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(hidden)")
    }
}

/// A secret's keys and values, in the order in which they were given. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretData(Vec<(String, SecretValue)>);

impl SecretData {
    /// The data made of these keys and values.
    ///
    /// # Errors
    /// [`Error::Missing`] when there are none; [`Error::SecretDataInvalid`] for a key that breaks its rule or stands
    /// twice, and when the values have more than 1 MiB together.
    pub fn new(pairs: Vec<(String, SecretValue)>) -> Result<Self> {
        if pairs.is_empty() {
            return Err(Error::Missing(Field::SecretData));
        }
        let size: usize = pairs.iter().map(|(_, value)| value.expose().len()).sum();
        if size > VALUES_MAX {
            let reason =
                format!("the values have {size} bytes together, at most {VALUES_MAX} are allowed");
            return Err(Error::SecretDataInvalid(reason));
        }
        let mut seen = HashSet::with_capacity(pairs.len());
        for (key, _) in &pairs {
            if !seen.insert(key.as_str()) {
                let reason = format!("the key [{}] stands twice", shown(key));
                return Err(Error::SecretDataInvalid(reason));
            }
        }
        pairs.iter().try_for_each(|(key, _)| check_key(key))?;
        Ok(Self(pairs))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&SecretValue> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// How many keys there are; at least one.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.0.len()
    }

    /// The keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SecretValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}
