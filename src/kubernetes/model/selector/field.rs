//! The `fieldSelector` parameter.

use super::SelectorError;

/// A list of comparisons with fields of an object, all of which must hold.
///
/// The default, like an empty parameter, selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: String,
    is_equal: bool,
    value: String,
}

impl FieldSelector {
    /// Reads the parameter's value, percent-decoded: comparisons with commas between them, of the
    /// forms `field=value`, `field==value` and `field!=value` (documented). `fields` are those that
    /// the resource can be selected by. In a value, `\`, `,` and `=` have a backslash before them.
    ///
    /// Empty comparisons are skipped, also such a one as `=`. What cannot be read is reported
    /// before a field that is not supported, and else the first of the sorted comparisons, as a
    /// real server answers.
    pub fn parse(text: &str, fields: &[&str]) -> Result<Self, SelectorError> {
        let mut parts = comparisons(text);
        parts.sort_unstable();
        let mut terms = Vec::new();
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            let term = Term::parse(part)?.ok_or_else(|| {
                SelectorError(format!("invalid selector: '{text}'; can't understand '{part}'"))
            })?;
            if !(term.field.is_empty() && term.value.is_empty()) {
                terms.push(term);
            }
        }
        match terms.iter().find(|term| !fields.contains(&term.field.as_str())) {
            Some(Term { field, .. }) => {
                Err(SelectorError(format!("field label not supported: {field}")))
            }
            None => Ok(Self { terms }),
        }
    }

    /// Whether an object is selected; `value_of` is asked for the object's value of a field, only
    /// for fields that were given to [`FieldSelector::parse`].
    #[must_use]
    pub fn matches<'a>(&self, value_of: impl Fn(&str) -> &'a str) -> bool {
        self.terms.iter().all(|term| (value_of(&term.field) == term.value) == term.is_equal)
    }

    /// Whether there is no comparison, so that every object is selected.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.terms.is_empty()
    }

    /// A value that the field must have, if the selector demands one. It need not be enough: the
    /// selector may have other comparisons, even with the same field.
    #[must_use]
    pub fn required(&self, field: &str) -> Option<&str> {
        self.terms
            .iter()
            .find(|term| term.is_equal && term.field == field)
            .map(|term| term.value.as_str())
    }
}

impl Term {
    /// `None` if there is no operator.
    fn parse(text: &str) -> Result<Option<Self>, SelectorError> {
        let Some((left, right)) = text.split_once('=') else {
            return Ok(None);
        };
        let (field, is_equal, value) = match left.strip_suffix('!') {
            Some(field) => (field, false, right),
            None => (left, true, right.strip_prefix('=').unwrap_or(right)),
        };
        Ok(Some(Self { field: field.to_owned(), is_equal, value: unescape(value)? }))
    }
}

/// Splits at each comma without a backslash before it.
fn comparisons(text: &str) -> Vec<&str> {
    let mut is_escaped = false;
    text.split(|c| {
        let ends = c == ',' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    })
    .collect()
}

fn unescape(text: &str) -> Result<String, SelectorError> {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(escaped @ ('\\' | ',' | '=')) => value.push(escaped),
                other => {
                    let sequence: String = [c].into_iter().chain(other).collect();
                    return Err(SelectorError(format!(
                        "invalid field selector: invalid escape sequence: {sequence}"
                    )));
                }
            },
            // A comma without a backslash cannot come here. A real server prints the number.
            '=' => {
                return Err(SelectorError(format!(
                    "invalid field selector: unescaped character in value: {}",
                    u32::from(c)
                )));
            }
            _ => value.push(c),
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
