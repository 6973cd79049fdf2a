//! The one normaliser of `SecretData`: whatever a client generation makes of the map, the map comes out.
//!
//! Seen on the wire: the map itself as JSON text (B) or object (E), the SDK's model around it (A, C, D), a form (F),
//! flattened parameters of the model (G) or of the map (H), and the documentation's `Data` wrapper inside any (I).

use serde_json::value::RawValue;

use crate::{
    json::{self, Kind, ObjectError},
    pop::Structure,
    sae::model::{Error, Field, Result, SecretData, SecretValue},
    text::shown,
};

/// How many wrappers may stand around the map: the parameter's own object, the SDK's model, the documented `Data`.
const WRAPPERS_MAX: usize = 3;

/// How many members a map may have before it is read to its end: far more than any quota of keys, and so few that they fit
/// into 40 MiB of memory. No source; SAE documents a quota and no number.
const MEMBERS_MAX: usize = 100_000;

/// The members that a wrapper consists of.
const WRAPPERS: [&str; 2] = ["SecretData", "Data"];

/// The secret's keys and values. Strings are taken verbatim, numbers and booleans as they are written.
///
/// # Errors
/// [`Error::Malformed`] when it is no JSON object, or a wrapper around something else; [`Error::Missing`] when the map is
/// empty; [`Error::SecretDataInvalid`] for a repeated key, for a value that is null, an array or an object, and by
/// [`SecretData::new`].
pub fn normalise(found: Structure) -> Result<SecretData> {
    match found {
        Structure::Text(text) => object(&text, 0),
        Structure::Json(text) => {
            let raw = serde_json::from_str::<&RawValue>(&text).map_err(|_| malformed())?;
            match json::kind(raw) {
                Kind::String => object(&json::string(raw).ok_or_else(malformed)?, 0),
                _ => object(&text, 0),
            }
        }
        Structure::Members(members) => match members.as_slice() {
            [(name, text)] if is_wrapper(name) => object(text, 1),
            _ => {
                let pairs = members.into_iter().map(|(key, text)| (key, SecretValue::new(text)));
                SecretData::new(pairs.collect())
            }
        },
    }
}

fn malformed() -> Error {
    Error::Malformed(Field::SecretData)
}

fn is_wrapper(name: &str) -> bool {
    WRAPPERS.contains(&name)
}

/// Whether a wrapper's text is meant to be an object. One that begins like an object and is none is a mistake to be
/// told, not a value to be kept.
fn looks_like_object(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

fn object(text: &str, wrappers: usize) -> Result<SecretData> {
    let members = json::members_up_to(text, MEMBERS_MAX).map_err(|error| match error {
        ObjectError::NotJson { .. } | ObjectError::NotAnObject => malformed(),
        ObjectError::DuplicateKey(_) | ObjectError::TooManyMembers(_) => {
            Error::SecretDataInvalid(error.to_string())
        }
    })?;
    if let [(name, raw)] = members.as_slice()
        && is_wrapper(name)
    {
        let inner = match json::kind(raw) {
            Kind::Object => Some(raw.get().to_owned()),
            Kind::String => json::string(raw).filter(|inner| looks_like_object(inner)),
            _ => None,
        };
        match inner {
            Some(inner) if wrappers < WRAPPERS_MAX => return object(&inner, wrappers + 1),
            // More wrappers than any client makes are a mistake, and what is inside is not what was meant to be kept.
            Some(_) => return Err(malformed()),
            // Whoever sends the model and forgets to encode the map in it does not mean a key of the model's name. Inside a
            // wrapper the map was encoded, and may have such a key.
            None if wrappers == 0 => return Err(malformed()),
            None => {}
        }
    }
    let pairs = members.into_iter().map(|(key, raw)| value(&key, raw).map(|value| (key, value)));
    SecretData::new(pairs.collect::<Result<_>>()?)
}

fn value(key: &str, raw: &RawValue) -> Result<SecretValue> {
    let refuse = |kind: &str| {
        let key = shown(key);
        let reason = format!("the value of the key [{key}] is {kind}, it must be a string");
        Err(Error::SecretDataInvalid(reason))
    };
    match json::kind(raw) {
        Kind::String => json::string(raw).map(SecretValue::new).ok_or_else(malformed),
        Kind::Number | Kind::Bool => Ok(SecretValue::new(raw.get().to_owned())),
        Kind::Null => refuse("null"),
        Kind::Array => refuse("an array"),
        Kind::Object => refuse("an object"),
    }
}
