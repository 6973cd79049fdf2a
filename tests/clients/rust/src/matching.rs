//! What the texts of a scenario stand for, and how a reply is held against what is expected of it.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{members, text};

/// What `${…}` stands for, by its name.
pub type Known = BTreeMap<String, String>;

/// The template with what its `${…}` stand for, in names as well as in texts.
pub fn filled(template: &Value, known: &Known) -> Result<Value, String> {
    Ok(match template {
        Value::String(template) => filled_text(template, known)?.into(),
        Value::Array(parts) => {
            parts.iter().map(|each| filled(each, known)).collect::<Result<_, _>>()?
        }
        Value::Object(parts) => parts
            .iter()
            .map(|(name, value)| Ok((name.clone(), filled(value, known)?)))
            .collect::<Result<serde_json::Map<_, _>, String>>()?
            .into(),
        other => other.clone(),
    })
}

fn filled_text(template: &str, known: &Known) -> Result<String, String> {
    let mut parts = template.split("${");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').ok_or("a `${` without `}`")?;
        whole += known.get(name).ok_or_else(|| format!("nothing is known as {name}"))?;
        whole += rest;
    }
    Ok(whole)
}

/// Whether it is a UUID as KMS writes it.
pub fn is_request_id(id: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = id.split('-').collect();
    parts.len() == lengths.len()
        && parts.iter().zip(lengths).all(|(part, length)| {
            part.len() == length
                && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
}

/// Whether a message is the template, where each `%s` stands for any text.
pub fn is_worded(template: &str, message: &str) -> bool {
    let mut parts = template.split("%s");
    let Some(mut rest) = message.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let found = if parts.peek().is_none() {
            rest.len().checked_sub(part.len()).filter(|_| rest.ends_with(part))
        } else {
            rest.find(part)
        };
        match found {
            Some(at) if at > 0 => rest = rest.split_at(at + part.len()).1,
            _ => return false,
        }
    }
    rest.is_empty()
}

/// Tells where the value is not what the pattern asks for.
pub fn mismatch(pattern: &Value, value: &Value, path: &str) -> Result<(), String> {
    match pattern {
        Value::Object(parts) => {
            if let Some(inner) = parts.get("$json") {
                let held = serde_json::from_str(text(value))
                    .map_err(|_| format!("{path} is no text that holds JSON: {value}"))?;
                return mismatch(inner, &held, path);
            }
            for (name, inner) in members(pattern) {
                let held = value
                    .get(name)
                    .ok_or_else(|| format!("{path}.{name} is not there: {value}"))?;
                mismatch(inner, held, &format!("{path}.{name}"))?;
            }
            Ok(())
        }
        Value::Array(parts) => {
            let mut rest =
                value.as_array().ok_or_else(|| format!("{path} is no list: {value}"))?.clone();
            if rest.len() != parts.len() {
                return Err(format!("{path} is not a list of {}: {value}", parts.len()));
            }
            for inner in parts {
                let found = rest
                    .iter()
                    .position(|each| mismatch(inner, each, path).is_ok())
                    .ok_or_else(|| format!("{path} has none like {inner}: {value}"))?;
                rest.swap_remove(found);
            }
            Ok(())
        }
        Value::String(kind) if kind.starts_with('<') && kind.ends_with('>') => {
            if is_of_kind(kind.trim_matches(['<', '>']), value) {
                Ok(())
            } else {
                Err(format!("{path} is not {kind}: {value}"))
            }
        }
        _ if pattern == value => Ok(()),
        _ => Err(format!("{path} is not {pattern}: {value}")),
    }
}

fn is_of_kind(kind: &str, value: &Value) -> bool {
    let held = text(value);
    let (first, second) = kind.split_once(' ').unwrap_or((kind, ""));
    match (first, second) {
        ("number", _) => value.is_u64(),
        ("text", _) => !held.is_empty(),
        ("time", later) => {
            let seconds = later.parse().unwrap_or(0);
            OffsetDateTime::parse(held, &Rfc3339).is_ok_and(|time| {
                let off = (time - OffsetDateTime::now_utc()).whole_seconds() - seconds;
                held.len() == "2026-01-02T03:04:05Z".len() && off.abs() < 120
            })
        }
        (count, "characters") => count.parse() == Ok(held.chars().count()),
        (count, "bytes") => {
            BASE64_STANDARD.decode(held).is_ok_and(|bytes| count.parse() == Ok(bytes.len()))
        }
        _ => false,
    }
}
