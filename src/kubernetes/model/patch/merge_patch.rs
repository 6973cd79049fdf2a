//! JSON merge patches (RFC 7386): members are set, null removes them, and whatever is no object is taken whole.

use std::fmt;

use serde_json::{Map, Value};

use super::{
    FieldValidation, PatchError,
    document::{bounded, kind},
};

/// A merge patch.
#[derive(Clone, PartialEq)]
pub struct MergePatch(Value);

/// Without the values, which may be secrets.
impl fmt::Debug for MergePatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MergePatch(hidden)")
    }
}

impl MergePatch {
    /// Takes a patch that was read. One that is no object takes the place of the whole object if nobody asks for more: what
    /// comes out of [`Self::apply`] is then no object either, which is for the decoder to refuse (as a real server answers).
    ///
    /// # Errors
    /// [`PatchError::Null`], [`PatchError::WrongType`], and [`PatchError::NotJson`] for one that is nested too deeply.
    pub fn new(patch: Value, validation: FieldValidation) -> Result<Self, PatchError> {
        let patch = bounded(patch)?;
        match (&patch, validation) {
            (Value::Null, _) => Err(PatchError::Null),
            (Value::Object(_), _) | (_, FieldValidation::Ignore) => Ok(Self(patch)),
            (other, FieldValidation::Warn | FieldValidation::Strict) => {
                Err(PatchError::WrongType {
                    prefix: "error decoding patch: ",
                    found: kind(other),
                    place: "value of type map[string]interface {}",
                })
            }
        }
    }

    /// The object with the patch on it.
    #[must_use]
    pub fn apply(&self, mut object: Value) -> Value {
        merge(&mut object, &self.0);
        object.sort_all_objects();
        object
    }
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    let mut members = match target.take() {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            members.swap_remove(name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
    *target = members.into();
}

#[cfg(test)]
mod tests;
