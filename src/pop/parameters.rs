//! One map of parameters out of query, form body and JSON body.
//!
//! Every client generation puts the parameters somewhere else, so a parameter is found wherever it stands: in the
//! query first, else in the body. Names are case-sensitive; what no operation asks for is ignored.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::json::{self, Kind};

/// How many parameters a query or a body may have. No operation has more than a handful, but for the keys of a secret's
/// data where they come as parameters of their own.
const PARAMETERS_MAX: usize = 10_000;

/// The parameters of one request. They may hold a secret's values, so there is no `Debug`.
#[derive(Default)]
pub struct Parameters {
    /// In the order in which they were met.
    entries: Vec<(String, Value)>,
    /// Where each name stands among the entries.
    index: HashMap<String, usize>,
    /// How many of the entries are from the query; they come first.
    query_length: usize,
    /// The query has more than [`PARAMETERS_MAX`].
    has_overflowed: bool,
}

#[derive(PartialEq)]
enum Value {
    /// From a query or a form, decoded.
    Text(String),
    /// A member of a JSON body, as it was sent.
    Json(String),
    /// Bytes that decode to no text, or the same name with two values in the same place.
    Unreadable,
}

/// A parameter is there and cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// A query or a body is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unacceptable {
    /// `query` or `body`.
    pub place: &'static str,
    /// Why.
    pub reason: String,
}

/// A parameter with a structure of its own, as it was found.
#[derive(Clone, PartialEq, Eq)]
pub enum Structure {
    /// The text of a query or form parameter.
    Text(String),
    /// A member of a JSON body, as it was sent.
    Json(String),
    /// The keys and values of flattened parameters.
    Members(Vec<(String, String)>),
}

impl std::fmt::Debug for Structure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Structure(hidden)")
    }
}

/// The validator puts what it refuses into its report; of a structure it gets nothing to put there.
impl serde::Serialize for Structure {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl Structure {
    /// In bytes.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Text(text) | Self::Json(text) => text.len(),
            Self::Members(members) => {
                members.iter().map(|(key, value)| key.len() + value.len()).sum()
            }
        }
    }
}

/// What an HTTP method says about its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyRole {
    /// A body carries parameters.
    Parameters,
    /// The same, and one of which a part cannot be decoded is refused as a whole.
    Decodable,
    /// A body has no meaning; some clients send one all the same.
    Ignorable,
}

impl Parameters {
    /// The parameters of a query string, which is decoded by the rules of forms: `+` is a space.
    #[must_use]
    pub fn from_query(query: &str) -> Self {
        let mut parameters = Self::default();
        match form_pairs(query.as_bytes()) {
            Some(pairs) => parameters.merge(pairs),
            None => parameters.has_overflowed = true,
        }
        parameters.query_length = parameters.entries.len();
        parameters
    }

    /// Adds the parameters of a body, where the query has none of the same name.
    ///
    /// A body whose first character is `{` is JSON whatever its type says; a form is read when its type says so.
    ///
    /// # Errors
    /// [`Unacceptable`] for `body` when it is neither, or does not decode as it has to, unless the method gives it no meaning;
    /// for `query` or `body` when it has more than 10,000 parameters.
    pub fn add_body(
        &mut self,
        body: &[u8],
        content_type: &str,
        role: BodyRole,
    ) -> Result<(), Unacceptable> {
        if self.has_overflowed {
            return Err(Unacceptable { place: "query", reason: too_many() });
        }
        match body_pairs(body, content_type, role) {
            Ok(pairs) => self.merge(pairs),
            Err(_) if role == BodyRole::Ignorable => {}
            Err(reason) => return Err(Unacceptable { place: "body", reason }),
        }
        Ok(())
    }

    fn merge(&mut self, pairs: Vec<(String, Value)>) {
        let before = self.entries.len();
        for (name, value) in pairs {
            let at = *self.index.entry(name.clone()).or_insert(self.entries.len());
            match self.entries.get_mut(at) {
                None => self.entries.push((name, value)),
                // The same name twice in one place: two equal values are one, of two others neither is right.
                Some((_, known)) if at >= before && *known != value => *known = Value::Unreadable,
                Some(_) => {}
            }
        }
    }

    /// The names of all of them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.index.get(name).and_then(|at| self.entries.get(*at)).map(|(_, value)| value)
    }

    /// The parameter as text: numbers and booleans of a JSON body as they are written there.
    ///
    /// # Errors
    /// [`Malformed`] when it cannot be read, or is an object or an array.
    pub fn text(&self, name: &str) -> Result<Option<String>, Malformed> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(Value::Unreadable) => Err(Malformed),
            Some(Value::Json(text)) => {
                let raw = serde_json::from_str::<&RawValue>(text).map_err(|_| Malformed)?;
                match json::kind(raw) {
                    Kind::Null => Ok(None),
                    Kind::String => json::string(raw).map(Some).ok_or(Malformed),
                    Kind::Number | Kind::Bool => Ok(Some(text.clone())),
                    Kind::Object | Kind::Array => Err(Malformed),
                }
            }
        }
    }

    /// The parameter as a structure: whole under its own name, or flattened into `name.key` parameters of a query or a
    /// form. What stands in the query wins over what stands in the body, in either form.
    ///
    /// # Errors
    /// [`Malformed`] when a part of it cannot be read, or when it stands whole and flattened in the same place.
    pub fn structure(&self, name: &str) -> Result<Option<Structure>, Malformed> {
        let (query, body) = self.entries.split_at_checked(self.query_length).unwrap_or_default();
        match structure_in(query, name)? {
            Some(found) => Ok(Some(found)),
            None => structure_in(body, name),
        }
    }
}

fn structure_in(entries: &[(String, Value)], name: &str) -> Result<Option<Structure>, Malformed> {
    let mut whole = None;
    let mut members = Vec::new();
    for (full_name, value) in entries {
        let Some(rest) = full_name.strip_prefix(name) else { continue };
        match (rest.strip_prefix('.'), value) {
            (None, Value::Text(text)) if rest.is_empty() && !text.is_empty() => {
                whole = Some(Structure::Text(text.clone()));
            }
            (None, Value::Json(text))
                if rest.is_empty() && !matches!(text.as_str(), "null" | "\"\"") =>
            {
                whole = Some(Structure::Json(text.clone()));
            }
            (None, Value::Unreadable) if rest.is_empty() => return Err(Malformed),
            (Some(key), Value::Text(text)) => members.push((key.to_owned(), text.clone())),
            (Some(_), Value::Unreadable) => return Err(Malformed),
            _ => {}
        }
    }
    match (whole, members.is_empty()) {
        (whole, true) => Ok(whole),
        (None, false) => Ok(Some(Structure::Members(members))),
        // Neither half is what was meant to be kept.
        (Some(_), false) => Err(Malformed),
    }
}

/// Whether a body is read as JSON, whatever its type says.
#[must_use]
pub fn is_object(body: &[u8]) -> bool {
    text_of(body).starts_with(b"{")
}

/// A body without a byte order mark and without white space around it.
fn text_of(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii()
}

fn body_pairs(
    body: &[u8],
    content_type: &str,
    role: BodyRole,
) -> Result<Vec<(String, Value)>, String> {
    let whole = body;
    let body = text_of(whole);
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if body.is_empty() {
        Ok(Vec::new())
    } else if is_object(body) {
        let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
        let members =
            json::members_up_to(text, PARAMETERS_MAX).map_err(|error| error.to_string())?;
        let values =
            members.into_iter().map(|(name, raw)| (name, Value::Json(raw.get().to_owned())));
        Ok(values.collect())
    } else if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        // With every byte of it: what stands at its ends may be part of a value, and is signed.
        let mut halves = whole.split(|byte| matches!(byte, b'&' | b'='));
        if role == BodyRole::Decodable && halves.any(|half| decode(half).is_none()) {
            return Err("a part of it decodes to no text".to_owned());
        }
        form_pairs(whole).ok_or_else(too_many)
    } else if body.starts_with(b"\xFF\xFE") || body.starts_with(b"\xFE\xFF") {
        Err("it is UTF-16, by the byte order mark (BOM) at its start: send UTF-8".to_owned())
    } else {
        Err("it is neither a JSON object nor application/x-www-form-urlencoded".to_owned())
    }
}

fn too_many() -> String {
    format!("more than {PARAMETERS_MAX} parameters")
}

/// The parameters of a form; `None` when there are more than there may be.
fn form_pairs(text: &[u8]) -> Option<Vec<(String, Value)>> {
    let mut pairs = Vec::new();
    for piece in text.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
        if pairs.len() == PARAMETERS_MAX {
            return None;
        }
        let mut halves = piece.splitn(2, |byte| *byte == b'=');
        let mut half = || decode(halves.next().unwrap_or_default());
        // A name that cannot be decoded is no name that is asked for.
        if let Some(name) = half() {
            pairs.push((name, half().map_or(Value::Unreadable, Value::Text)));
        }
    }
    Some(pairs)
}

/// Decodes `%XX` and `+`. A `%` without two digits, or bytes that are not UTF-8, decode to nothing: a guess could
/// change a secret unseen.
fn decode(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(*digit).to_digit(16));
                let (high, low) = (digit()?, digit()?);
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_as_forms() {
        let parameters =
            Parameters::from_query("a=x+y%20z&b=%E5%90%8D&c=a%2Bb*c~d&d=&e&&=f&%41=1&g=1=2");
        assert_eq!(parameters.text("a"), Ok(Some("x y z".to_owned())));
        assert_eq!(parameters.text("b"), Ok(Some("名".to_owned())));
        assert_eq!(parameters.text("c"), Ok(Some("a+b*c~d".to_owned())));
        assert_eq!(parameters.text("d"), Ok(Some(String::new())));
        assert_eq!(parameters.text("e"), Ok(Some(String::new())));
        assert_eq!(parameters.text("A"), Ok(Some("1".to_owned())));
        assert_eq!(parameters.text("g"), Ok(Some("1=2".to_owned())));
        assert_eq!(parameters.text("f"), Ok(None));
    }

    #[test]
    fn what_cannot_be_decoded_is_malformed_and_never_guessed() {
        for query in ["a=%", "a=%4", "a=%zz", "a=%FF", "a=%ED%A0%80", "a=1&a=2"] {
            assert_eq!(Parameters::from_query(query).text("a"), Err(Malformed), "{query}");
        }
        assert_eq!(Parameters::from_query("a=1&a=1").text("a"), Ok(Some("1".to_owned())));
    }

    #[test]
    fn the_query_wins_over_the_body() {
        let mut parameters = Parameters::from_query("a=query");
        let body = br#" {"a":"body","b":17,"c":true,"d":null,"e":{"f":1},"g":"\u00e9"} "#;
        parameters.add_body(body, "text/plain", BodyRole::Parameters).unwrap();
        assert_eq!(parameters.text("a"), Ok(Some("query".to_owned())));
        assert_eq!(parameters.text("b"), Ok(Some("17".to_owned())));
        assert_eq!(parameters.text("c"), Ok(Some("true".to_owned())));
        assert_eq!(parameters.text("d"), Ok(None));
        assert_eq!(parameters.text("e"), Err(Malformed));
        assert_eq!(parameters.text("g"), Ok(Some("é".to_owned())));
    }

    #[test]
    fn other_bodies_are_refused_where_they_would_mean_something() {
        for (body, content_type) in [
            ("[1]", "application/json"),
            ("{\"a\":1", "application/json"),
            ("{\"a\":1,\"a\":2}", "application/json"),
            ("a=b", "text/plain"),
            ("null", "application/json"),
        ] {
            let add = |role| Parameters::default().add_body(body.as_bytes(), content_type, role);
            assert!(add(BodyRole::Parameters).is_err(), "{body}");
            assert_eq!(add(BodyRole::Ignorable), Ok(()), "{body}");
        }
    }

    #[test]
    fn a_form_of_which_a_part_is_no_text_can_be_refused_as_a_whole() {
        for form in [&b"a=%ff%fe"[..], b"a=%zz", b"a=\xff", b"%zz=a", b"a=b&c=%", b"a=b=%4"] {
            let add = |role| {
                Parameters::default().add_body(form, "application/x-www-form-urlencoded", role)
            };
            assert!(add(BodyRole::Decodable).is_err(), "{form:?}");
            assert_eq!(add(BodyRole::Parameters), Ok(()), "{form:?}");
        }
        let mut whole = Parameters::default();
        let form = b"a=%E4%B8%AD=+b&a=%E4%B8%AD=+b&c";
        whole.add_body(form, "application/x-www-form-urlencoded", BodyRole::Decodable).unwrap();
        assert_eq!(whole.text("a"), Ok(Some("中= b".to_owned())));
    }
}
