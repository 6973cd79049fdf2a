//! What a caller keeps in a managed secret's configuration.

use std::collections::HashSet;

use super::{
    super::{
        Error, Field, Result,
        object::{Object, Read},
    },
    LENGTH_MAX, json_string,
};
use crate::json;

/// How many pairs there may be (documented).
const PAIRS_MAX: usize = 10;

/// Keys and values of the caller's own: `CustomData`, at most 10 pairs of texts (documented).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomData(Vec<(String, String)>);

impl CustomData {
    /// Reads the pairs from one JSON object, as the command line tool sends it (seen).
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than 10 pairs, a key twice, a value that is no string, and, as for the whole
    /// configuration, for more than 1,024 characters (inferred).
    pub fn parse(text: &str) -> Result<Self> {
        check_length(text)?;
        Self::read("", text).map_err(|reason| Error::invalid(Field::CustomData, reason))
    }

    /// Takes the pairs that stand as parameters of their own, as SDKs send them (seen).
    ///
    /// # Errors
    /// As [`CustomData::parse`].
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self> {
        let invalid = |reason| Err(Error::invalid(Field::CustomData, reason));
        if pairs.len() > PAIRS_MAX {
            return invalid("has more than 10 members");
        }
        let mut seen = HashSet::new();
        if !pairs.iter().all(|(key, _)| seen.insert(key)) {
            return invalid("has a key twice");
        }
        let data = Self(pairs);
        check_length(&data.to_json())?;
        Ok(data)
    }

    /// Reads the pairs from an object of that name.
    pub(super) fn read(place: &str, text: &str) -> Read<Self> {
        let object = Object::read_up_to(place, text, PAIRS_MAX)?;
        let pairs = object.members().iter().map(|(key, value)| {
            let text = json::string(value);
            let text = text.ok_or_else(|| format!("{} is not a string", object.place_of(key)))?;
            Ok((key.clone(), text))
        });
        pairs.collect::<Read<_>>().map(Self)
    }

    pub(super) fn to_json(&self) -> String {
        let pairs = self.0.iter();
        let pairs =
            pairs.map(|(key, value)| format!("{}:{}", json_string(key), json_string(value)));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
    }
}

fn check_length(text: &str) -> Result<()> {
    if text.chars().count() > LENGTH_MAX {
        return Err(Error::invalid(Field::CustomData, "has more than 1,024 characters"));
    }
    Ok(())
}
