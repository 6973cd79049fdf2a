//! Reads patches as JSON, with what stands twice in them.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{DEPTH_MAX, PatchError};
use crate::kubernetes::model::quoted;

/// How many findings of one patch are told (as a real server answers).
const FINDINGS_MAX: usize = 100;

/// How many bytes of names are put together for findings; the first one is told however long it is. A long name in front of
/// many short ones would take quadratic time.
const FINDINGS_BYTES_MAX: usize = 1 << 20;

/// A patch as JSON.
#[derive(Clone, PartialEq)]
pub struct Document {
    /// Of repeated members the last one.
    pub value: Value,
    /// What the strict mode refuses, such as `duplicate field "data.a"`: each once, in the order of the text.
    pub findings: Vec<String>,
}

/// Without the value, which may be a secret.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("findings", &self.findings).finish_non_exhaustive()
    }
}

impl Document {
    /// Reads one JSON value.
    ///
    /// # Errors
    /// [`PatchError::NotJson`], also for half a surrogate pair and for a number that no `f64` holds.
    pub fn read(text: &str) -> Result<Self, PatchError> {
        let mut findings = Findings::new("");
        let value = read_at(text, None, &mut findings)?;
        Ok(Self { value, findings: findings.into_texts() })
    }
}

/// Reads a value; what stands twice in it goes to `findings`, as something of the place where the value stands.
pub(super) fn read_at(
    text: &str,
    place: Option<String>,
    findings: &mut Findings,
) -> Result<Value, PatchError> {
    let separator = if place.is_some() { "." } else { "" };
    let mut place = place.unwrap_or_default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let seed = ValueSeed { place: &mut place, separator, findings };
    let value = seed.deserialize(&mut reader).map_err(|_| PatchError::NotJson)?;
    reader.end().map_err(|_| PatchError::NotJson)?;
    Ok(value)
}

/// What was found in a patch: each once, and no more than a real server tells.
pub(super) struct Findings {
    /// Stands in front of each.
    prefix: &'static str,
    texts: Vec<String>,
    bytes: usize,
}

impl Findings {
    pub(super) fn new(prefix: &'static str) -> Self {
        Self { prefix, texts: vec![], bytes: 0 }
    }

    /// `finding` is what it is, such as `duplicate field`.
    pub(super) fn add(&mut self, finding: &str, place: &str) {
        if self.texts.len() >= FINDINGS_MAX || self.bytes >= FINDINGS_BYTES_MAX {
            return;
        }
        self.bytes += place.len();
        let text = format!("{}{finding} {}", self.prefix, quoted(place));
        if !self.texts.contains(&text) {
            self.texts.push(text);
        }
    }

    pub(super) fn into_texts(self) -> Vec<String> {
        self.texts
    }
}

/// How deep arrays and objects stand in each other, and how many values there are in all.
pub(super) fn measure(value: &Value) -> (usize, usize) {
    let mut open = vec![(value, 0)];
    let (mut deepest, mut count) = (0, 0);
    while let Some((value, depth)) = open.pop() {
        count += 1;
        let inside = match value {
            Value::Array(_) | Value::Object(_) => depth + 1,
            _ => depth,
        };
        deepest = deepest.max(inside);
        match value {
            Value::Array(elements) => open.extend(elements.iter().map(|e| (e, inside))),
            Value::Object(members) => open.extend(members.values().map(|m| (m, inside))),
            _ => {}
        }
    }
    (deepest, count)
}

/// The value, if it is not nested too deeply.
pub(super) fn bounded(value: Value) -> Result<Value, PatchError> {
    let (depth, _) = measure(&value);
    if depth <= DEPTH_MAX {
        return Ok(value);
    }
    // Dropped in one piece it would take the stack that the limit is there to save.
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(elements) => open.extend(elements),
            Value::Object(members) => open.extend(members.into_iter().map(|(_, member)| member)),
            _ => {}
        }
    }
    Err(PatchError::NotJson)
}

/// What a real server calls the type of a value.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Reads a value at a place.
struct ValueSeed<'a> {
    place: &'a mut String,
    /// Stands between the place and the name of a member.
    separator: &'static str,
    findings: &'a mut Findings,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Value, A::Error> {
        let Self { place, findings, .. } = self;
        let end = place.len();
        let mut elements = Vec::new();
        loop {
            let index = format!("[{}]", elements.len());
            place.push_str(&index);
            let seed = ValueSeed { place, separator: ".", findings };
            let element = array.next_element_seed(seed)?;
            place.truncate(end);
            match element {
                Some(element) => elements.push(element),
                None => return Ok(elements.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let Self { place, separator, findings } = self;
        let end = place.len();
        let mut members = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            place.push_str(separator);
            place.push_str(&name);
            if members.contains_key(&name) {
                findings.add("duplicate field", place);
            }
            let seed = ValueSeed { place, separator: ".", findings };
            let member = object.next_value_seed(seed)?;
            members.insert(name, member);
            place.truncate(end);
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests;
