//! The `labelSelector` parameter.

use std::collections::{BTreeMap, BTreeSet};

use super::SelectorError;
use crate::kubernetes::model::name;
use crate::kubernetes::model::quoted;

/// A list of requirements on an object's labels, all of which must hold.
///
/// The default, like an empty parameter, selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    condition: Condition,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Exists,
    DoesNotExist,
    /// `=`, `==` and `in`.
    In(BTreeSet<String>),
    /// `!=` and `notin`; they hold for an object without the label too.
    NotIn(BTreeSet<String>),
    GreaterThan(i64),
    LessThan(i64),
}

impl LabelSelector {
    /// Reads the parameter's value, percent-decoded: requirements with commas between them, of the
    /// forms `k`, `!k`, `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a)`, `k>1` and `k<1`
    /// (documented). Keys and values follow the rules of labels. An empty value may be left out, so
    /// `k=` and `k in ()` mean the empty value.
    ///
    /// A NUL ends the text where a token would start; right behind a token it only separates, as a
    /// real server answers.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let mut parser = Parser::new(text);
        let mut requirements = Vec::new();
        match parser.ahead {
            "" => return Ok(Self::default()),
            token if starts_requirement(token) => {}
            token => {
                return Err(SelectorError(format!(
                    "found '{token}', expected: !, identifier, or 'end of string'"
                )));
            }
        }
        loop {
            let requirement = parser.requirement().map_err(|reason| {
                SelectorError(format!("unable to parse requirement: {reason}"))
            })?;
            requirements.push(requirement);
            let (found, expected) = match parser.take() {
                "" => return Ok(Self { requirements }),
                "," if starts_requirement(parser.ahead) => continue,
                "," => (parser.ahead, "identifier after ','"),
                other => (other, "',' or 'end of string'"),
            };
            return Err(SelectorError(format!("found '{found}', expected: {expected}")));
        }
    }

    /// Whether an object with these labels is selected.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(labels))
    }

    /// Whether there is no requirement, so that every object is selected.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty()
    }
}

impl Requirement {
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        // A label that is no integer is neither greater nor less.
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match &self.condition {
            Condition::Exists => value.is_some(),
            Condition::DoesNotExist => value.is_none(),
            Condition::In(values) => value.is_some_and(|value| values.contains(value)),
            Condition::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Condition::GreaterThan(bound) => number().is_some_and(|number| number > *bound),
            Condition::LessThan(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

/// Reads tokens with one of them in advance. A token is its text: an operator, a bracket, a comma,
/// or else an identifier; the empty text is the end. `in` and `notin` are identifiers which are an
/// operator in its place.
struct Parser<'a> {
    ahead: &'a str,
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let mut parser = Self { ahead: "", rest: text };
        parser.take();
        parser
    }

    fn take(&mut self) -> &'a str {
        let (ahead, rest) = first_token(self.rest);
        self.rest = rest;
        std::mem::replace(&mut self.ahead, ahead)
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = self.ahead == "!";
        if negated {
            self.take();
        }
        let key = self.identifier()?;
        let mistakes = name::qualified_name(key);
        if !mistakes.is_empty() {
            return Err(invalid("<nil>", key, &mistakes));
        }
        let condition = if negated {
            Condition::DoesNotExist
        } else if matches!(self.ahead, "" | ",") {
            Condition::Exists
        } else {
            self.comparison(key)?
        };
        Ok(Requirement { key: key.to_owned(), condition })
    }

    fn comparison(&mut self, key: &str) -> Result<Condition, String> {
        Ok(match self.take() {
            "in" => Condition::In(label_values(key, &self.values()?)?),
            "notin" => Condition::NotIn(label_values(key, &self.values()?)?),
            "=" | "==" => Condition::In(label_values(key, &BTreeSet::from([self.value()?]))?),
            "!=" => Condition::NotIn(label_values(key, &BTreeSet::from([self.value()?]))?),
            ">" => Condition::GreaterThan(bound(key, self.value()?)?),
            "<" => Condition::LessThan(bound(key, self.value()?)?),
            found => {
                return Err(format!("found '{found}', expected: in, notin, =, ==, !=, gt, lt"));
            }
        })
    }

    fn identifier(&mut self) -> Result<&'a str, String> {
        match self.take() {
            token if is_identifier(token) => Ok(token),
            found => Err(format!("found '{found}', expected: identifier")),
        }
    }

    fn value(&mut self) -> Result<&'a str, String> {
        if matches!(self.ahead, "" | ",") { Ok("") } else { self.identifier() }
    }

    /// A list in brackets. Nothing between two commas, or between a bracket and a comma, is the
    /// empty value.
    fn values(&mut self) -> Result<BTreeSet<&'a str>, String> {
        let open = self.take();
        if open != "(" {
            return Err(format!("found '{open}' expected: '('"));
        }
        let mut values = BTreeSet::new();
        match self.ahead {
            ")" => {
                values.insert("");
            }
            token if token == "," || is_identifier(token) => {}
            found => return Err(format!("found '{found}', expected: ',', ')' or identifier")),
        }
        while self.ahead != ")" {
            match self.take() {
                "," => {
                    if values.is_empty() || matches!(self.ahead, "," | ")") {
                        values.insert("");
                    }
                }
                token if is_identifier(token) => {
                    values.insert(token);
                    if !matches!(self.ahead, "," | ")") {
                        return Err(format!("found '{}', expected: ',' or ')'", self.ahead));
                    }
                }
                found => return Err(format!("found '{found}', expected: ',', or identifier")),
            }
        }
        self.take();
        Ok(values)
    }
}

/// The first token of a text, and what follows it.
fn first_token(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(is_blank);
    let length = match text.chars().next() {
        None | Some('\0') => return ("", ""),
        Some(_) if text.starts_with("==") || text.starts_with("!=") => 2,
        Some(c) if is_symbol(c) => 1,
        Some(_) => text.find(|c| c == '\0' || is_blank(c) || is_symbol(c)).unwrap_or(text.len()),
    };
    let (token, rest) = text.split_at(length);
    (token, rest.strip_prefix('\0').unwrap_or(rest))
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_symbol(c: char) -> bool {
    matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

fn is_identifier(token: &str) -> bool {
    token.chars().next().is_some_and(|c| !is_symbol(c))
}

fn starts_requirement(token: &str) -> bool {
    token == "!" || is_identifier(token)
}

/// The values, if all of them can stand in a label.
fn label_values(key: &str, values: &BTreeSet<&str>) -> Result<BTreeSet<String>, String> {
    // The number in a message is the place in the sorted list.
    let reasons: Vec<String> = values
        .iter()
        .enumerate()
        .filter_map(|(index, value)| invalid_label_value(key, index, value))
        .collect();
    if reasons.is_empty() {
        Ok(values.iter().copied().map(str::to_owned).collect())
    } else {
        Err(all_of(&reasons))
    }
}

/// The integer behind `>` or `<`, which must be able to stand in a label, too: `-1` cannot.
fn bound(key: &str, value: &str) -> Result<i64, String> {
    let number = value.parse();
    let mut reasons = Vec::new();
    if number.is_err() {
        let text = "for 'Gt', 'Lt' operators, the value must be an integer";
        reasons.push(invalid("values[0]", value, &[text]));
    }
    reasons.extend(invalid_label_value(key, 0, value));
    match number {
        Ok(number) if reasons.is_empty() => Ok(number),
        _ => Err(all_of(&reasons)),
    }
}

fn invalid_label_value(key: &str, index: usize, value: &str) -> Option<String> {
    let mistakes = name::label_value(value);
    (!mistakes.is_empty()).then(|| invalid(&format!("values[{index}][{key}]"), value, &mistakes))
}

fn invalid(place: &str, value: &str, mistakes: &[&str]) -> String {
    format!("{place}: Invalid value: {}: {}", quoted(value), mistakes.join("; "))
}

fn all_of(reasons: &[String]) -> String {
    match reasons {
        [reason] => reason.clone(),
        _ => format!("[{}]", reasons.join(", ")),
    }
}

#[cfg(test)]
mod tests;
