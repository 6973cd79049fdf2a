//! The JSON text of a converted document.

use std::{borrow::Cow, slice, vec};

use super::{
    YamlError,
    convert::{Document, Value, ValueId},
    scalar::Scalar,
    syntax,
};

/// Writes a document as JSON, `null` where there is none. The members of an object stand in the order of their names.
///
/// # Errors
/// A key has no name in JSON, or a number is none there.
pub fn write(document: &Document<'_>) -> Result<String, YamlError> {
    let mut writer = Writer { document, json: String::new(), unsupported: None, open: Vec::new() };
    match document.root {
        Some(root) => writer.value(root)?,
        None => writer.json.push_str("null"),
    }
    while let Some(open) = writer.open.pop() {
        writer.advance(open)?;
    }
    match writer.unsupported {
        Some(number) => Err(YamlError::UnsupportedNumber(number)),
        None => Ok(writer.json),
    }
}

/// A collection whose end is not written yet.
enum Open<'d> {
    Array(slice::Iter<'d, ValueId>),
    Object(vec::IntoIter<(Cow<'d, str>, ValueId)>),
}

struct Writer<'d> {
    document: &'d Document<'d>,
    json: String,
    /// The first number that JSON has not. Keys are all looked at before (as a real server answers).
    unsupported: Option<&'static str>,
    open: Vec<Open<'d>>,
}

impl<'d> Writer<'d> {
    fn value(&mut self, id: ValueId) -> Result<(), YamlError> {
        let document = self.document;
        match document.values.get(id).ok_or(syntax::UNKNOWN)? {
            Value::Scalar(scalar) => self.scalar(scalar),
            Value::Sequence(items) => {
                self.json.push('[');
                self.open.push(Open::Array(items.iter()));
            }
            Value::Mapping(id) => {
                let mapping = document.mappings.get(*id).ok_or(syntax::UNKNOWN)?;
                let members = mapping.iter().map(|entry| Ok((entry.key.name()?, entry.value)));
                let mut members = members.collect::<Result<Vec<_>, YamlError>>()?;
                // `1` and `"1"` are different keys in YAML. The last one is taken; the real server takes any of them.
                members.sort_by(|(a, early), (b, late)| a.cmp(b).then(late.cmp(early)));
                members.dedup_by(|(other, _), (name, _)| other == name);
                self.json.push('{');
                self.open.push(Open::Object(members.into_iter()));
            }
        }
        Ok(())
    }

    /// Writes the next element of a collection, or its end.
    fn advance(&mut self, mut open: Open<'d>) -> Result<(), YamlError> {
        let (name, value) = match &mut open {
            Open::Array(items) => (None, items.next().copied()),
            Open::Object(members) => members.next().unzip(),
        };
        let Some(value) = value else {
            self.json.push(if matches!(open, Open::Array(_)) { ']' } else { '}' });
            return Ok(());
        };
        // No value ends so.
        if !self.json.ends_with(['[', '{']) {
            self.json.push(',');
        }
        if let Some(name) = name {
            self.string(&name);
            self.json.push(':');
        }
        self.open.push(open);
        self.value(value)
    }

    fn scalar(&mut self, scalar: &Scalar<'_>) {
        match scalar {
            Scalar::Null => self.json.push_str("null"),
            Scalar::Bool(value) => self.json.push_str(if *value { "true" } else { "false" }),
            Scalar::Integer(number) => self.json.push_str(&number.to_string()),
            Scalar::Unsigned(number) => self.json.push_str(&number.to_string()),
            Scalar::Float(number) => match float(*number) {
                Ok(number) => self.json.push_str(&number),
                Err(number) => self.unsupported = self.unsupported.or(Some(number)),
            },
            Scalar::Timestamp(text) | Scalar::Text(text) => self.string(text),
        }
    }

    fn string(&mut self, text: &str) {
        self.json.push('"');
        for character in text.chars() {
            match character {
                '"' | '\\' => self.json.extend(['\\', character]),
                '\0'..' ' => self.json.extend([format!("\\u{:04x}", u32::from(character))]),
                _ => self.json.push(character),
            }
        }
        self.json.push('"');
    }
}

/// A number as the real server writes it in JSON, or the name of one that JSON has not.
fn float(number: f64) -> Result<String, &'static str> {
    if number.is_nan() {
        Err("NaN")
    } else if number.is_infinite() {
        Err(if number > 0.0 { "+Inf" } else { "-Inf" })
    } else if number == 0.0 || (1e-6..1e21).contains(&number.abs()) {
        Ok(number.to_string())
    } else {
        let scientific = format!("{number:e}");
        Ok(if scientific.contains("e-") { scientific } else { scientific.replace('e', "e+") })
    }
}

#[cfg(test)]
mod tests;
