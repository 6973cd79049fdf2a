//! A strict reader for one level of a JSON object.
//!
//! `serde_json::Value` keeps the last of two equal keys and builds a tree, so a caller could be
//! given something else than what the sender meant, and a deeply nested text is an error at an
//! undocumented depth. This reader keeps the order, refuses a repeated key and never recurses:
//! a member's value stays unread text until it is asked for.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Why a text is not the one JSON object that was asked for. The texts may name a key; they never hold any part of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// The text is not JSON (RFC 8259), or one of its strings is not Unicode: a lone UTF-16
    /// surrogate.
    #[error("not valid JSON (line {line}, column {column})")]
    NotJson {
        line: usize,
        /// In bytes, counted from 1; 0 is the end of the line before.
        column: usize,
    },
    #[error("not a JSON object")]
    NotAnObject,
    #[error("more than {0} members")]
    TooManyMembers(usize),
    /// A key stands twice in the object. RFC 8259, section 4, leaves the meaning of that open.
    #[error("key [{}] is repeated", crate::text::shown(.0))]
    DuplicateKey(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    String,
    Number,
    Bool,
    Null,
    Array,
    Object,
}

/// The members of the one JSON object in `text`, in the order of the text.
///
/// Time is linear in the length of the text, and the stack does not grow with its nesting depth.
/// Keys are compared after their escapes are decoded, so `"a"` and `"\u0061"` are the same key.
///
/// # Errors
/// [`ObjectError`]; a defect of the syntax goes before a repeated key. Strings deeper than the
/// members of this object are checked for syntax, but not for lone surrogates, until they are read
/// themselves.
pub fn members(text: &str) -> Result<Vec<(String, &RawValue)>, ObjectError> {
    members_up_to(text, usize::MAX)
}

/// As [`members`], for an object that may have no more than `max` members; reading stops at the next one.
///
/// # Errors
/// As [`members`], and [`ObjectError::TooManyMembers`].
pub fn members_up_to(text: &str, max: usize) -> Result<Vec<(String, &RawValue)>, ObjectError> {
    let begins_object = text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{');
    if !begins_object {
        // Told to read an object, serde_json would not look whether the rest of an array is JSON.
        serde_json::from_str::<&RawValue>(text)?;
        return Err(ObjectError::NotAnObject);
    }

    let mut reader = serde_json::Deserializer::from_str(text);
    let mut members = Vec::new();
    let visitor = ObjectVisitor { max, members: &mut members };
    let read = reader.deserialize_map(visitor).and_then(|()| reader.end());
    if members.len() > max {
        return Err(ObjectError::TooManyMembers(max));
    }
    read?;

    let mut seen = HashSet::with_capacity(members.len());
    for (key, _) in &members {
        if !seen.insert(key.as_str()) {
            return Err(ObjectError::DuplicateKey(key.clone()));
        }
    }
    Ok(members)
}

pub fn kind(raw: &RawValue) -> Kind {
    // A RawValue is valid JSON without space around it, so its first byte decides.
    match raw.get().as_bytes().first() {
        Some(b'"') => Kind::String,
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'n') => Kind::Null,
        _ => Kind::Number,
    }
}

/// The decoded text of `raw`, or `None` if it is not a string.
///
/// A string with a lone surrogate gives `None` too, but [`members`] lets no such member through.
pub fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// Puts the members of an object into `members`; ends with an error after the first one above `max`.
struct ObjectVisitor<'a, 'de> {
    max: usize,
    members: &'a mut Vec<(String, &'de RawValue)>,
}

impl<'de> Visitor<'de> for ObjectVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let value: &'de RawValue = map.next_value()?;
            // Skipping a value does not decode it, and only an escape can write half a character.
            let may_be_broken = kind(value) == Kind::String && value.get().contains("\\u");
            if may_be_broken && string(value).is_none() {
                return Err(A::Error::custom("lone surrogate"));
            }
            self.members.push((key, value));
            if self.members.len() > self.max {
                return Err(A::Error::custom("too many members"));
            }
        }
        Ok(())
    }
}

impl From<serde_json::Error> for ObjectError {
    /// Keeps the place and drops the text of the library's error, which could quote the input.
    fn from(error: serde_json::Error) -> Self {
        Self::NotJson { line: error.line(), column: error.column() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn not_json(text: &str) -> bool {
        matches!(members(text), Err(ObjectError::NotJson { .. }))
    }

    #[test]
    fn members_keep_their_order_and_their_text() {
        let text = " \t\r\n{\"z\": 1.50 , \"a\":\"x\\ny\",\"\":null,\"é😀\":[ ],\"o\":{\"a\":1,\"a\":2}} \n";
        let members = members(text).unwrap();
        let seen: Vec<_> = members.iter().map(|(k, v)| (k.as_str(), v.get())).collect();
        assert_eq!(
            seen,
            [
                ("z", "1.50"),
                ("a", "\"x\\ny\""),
                ("", "null"),
                ("é😀", "[ ]"),
                ("o", "{\"a\":1,\"a\":2}"),
            ]
        );
        assert_eq!(super::members("{}").unwrap().len(), 0);
    }

    #[test]
    fn reading_stops_at_the_bound() {
        assert_eq!(members_up_to("{\"a\":1,\"b\":2}", 2).unwrap().len(), 2);
        for rest in ["}", ",\"c\":3}", ",\"c\":3}garbage"] {
            let text = format!("{{\"a\":1,\"b\":2,\"d\":4{rest}");
            assert_eq!(members_up_to(&text, 2).unwrap_err(), ObjectError::TooManyMembers(2));
        }
    }

    #[test]
    fn kinds_and_strings() {
        let text =
            r#"{"s":"a\u0041\ud83d\ude00","n":-1e3,"t":true,"f":false,"z":null,"a":[],"o":{}}"#;
        let members = members(text).unwrap();
        let kinds: Vec<_> = members.iter().map(|(_, v)| kind(v)).collect();
        assert_eq!(
            kinds,
            [
                Kind::String,
                Kind::Number,
                Kind::Bool,
                Kind::Bool,
                Kind::Null,
                Kind::Array,
                Kind::Object,
            ]
        );
        let strings: Vec<_> = members.iter().map(|(_, v)| string(v)).collect();
        assert_eq!(strings[0].as_deref(), Some("aA😀"));
        assert!(strings[1..].iter().all(Option::is_none));
    }

    #[test]
    fn a_repeated_key_is_refused_however_it_is_spelled() {
        for text in [r#"{"k":1,"k":1}"#, r#"{"k":"a","b":2,"\u006b":"c"}"#] {
            assert_eq!(members(text).unwrap_err(), ObjectError::DuplicateKey("k".into()));
        }
        assert!(members(r#"{"k":1,"K":1}"#).is_ok());
        // The syntax goes first.
        assert!(not_json(r#"{"k":1,"k":1"#));
    }

    #[test]
    fn what_is_not_json() {
        for text in [
            "",
            " ",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1}x",
            "{\"a\":1}{}",
            "[",
            "[1",
            "[1,]",
            "{'a':1}",
            "{a:1}",
            "{\"a\":01}",
            "{\"a\":NaN}",
            "{\"a\":\"\n\"}",
            "\u{feff}{}",
            "{1:2}",
            "nul",
            "\"",
            "{\"a\":tru}",
            "// c\n{}",
            "\u{a0}{}",
            "{\"a\":[1,}]}",
            "{\"a\":[}",
        ] {
            assert!(not_json(text), "{text:?}");
        }
    }

    #[test]
    fn what_is_json_but_not_an_object() {
        for text in ["[]", " null ", "1", "\"{}\"", "true", "[{\"a\":1}]"] {
            assert_eq!(members(text).unwrap_err(), ObjectError::NotAnObject, "{text:?}");
        }
    }

    #[test]
    fn lone_surrogates_are_not_json() {
        for text in [
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\udc00"}"#,
            r#"{"a":"\ud800\ud800"}"#,
            r#"{"a":"\ud83dx"}"#,
            r#"{"\ud800":1}"#,
        ] {
            assert!(not_json(text), "{text}");
        }
        assert!(members(r#"{"a":"\\ud800"}"#).is_ok());
    }

    #[test]
    fn errors_give_the_place_and_never_the_text() {
        assert_eq!(
            members("{\n  \"a\": CANARY}").unwrap_err(),
            ObjectError::NotJson { line: 2, column: 8 }
        );
        for text in [
            "CANARY",
            "{\"a\":CANARY}",
            "{\"a\":\"CANARY\\ud800\"}",
            "\"CANARY\"",
            "{\"a\":\"CANARY",
            "{\"a\":\"CANARY\"x",
            "{\"a\":\"CANARY\",\"a\":\"CANARY\"}",
            "[\"CANARY\"]",
        ] {
            let error = members(text).unwrap_err();
            assert!(!error.to_string().contains("CANARY"), "{text}: {error}");
            assert!(!format!("{error:?}").contains("CANARY"), "{text}: {error:?}");
        }
    }

    #[test]
    fn a_key_is_shown_short_and_escaped() {
        let key = "k".repeat(65);
        let error = ObjectError::DuplicateKey(key.clone()).to_string();
        assert_eq!(error, format!("key [{}…] is repeated", &key[..64]));
        let error = ObjectError::DuplicateKey("k".repeat(64)).to_string();
        assert!(!error.contains('…'));
        let error = ObjectError::DuplicateKey("a\nb\u{1b}[31m".into()).to_string();
        assert!(!error.contains(char::is_control), "{error:?}");
    }

    #[test]
    fn depth_does_not_touch_the_stack() {
        const DEPTH: usize = 1_000_000;
        let open = "[".repeat(DEPTH);
        let nested = format!("{open}{}", "]".repeat(DEPTH));
        let objects = format!("{}1{}", "{\"a\":".repeat(DEPTH), "}".repeat(DEPTH));
        let in_member = format!("{{\"k\":{nested}}}");
        let texts = [nested, open, objects, in_member, "{\"a\":".repeat(DEPTH)];
        // A small stack makes a recursion over a few thousand levels fatal.
        let run = move || texts.each_ref().map(|text| members(text).map(|m| m.len()));
        let results =
            std::thread::Builder::new().stack_size(128 * 1024).spawn(run).unwrap().join().unwrap();
        assert_eq!(results[0], Err(ObjectError::NotAnObject));
        assert!(matches!(results[1], Err(ObjectError::NotJson { .. })));
        assert_eq!(results[2], Ok(1));
        assert_eq!(results[3], Ok(1));
        assert!(matches!(results[4], Err(ObjectError::NotJson { .. })));
    }

    #[test]
    fn a_million_keys_take_linear_time() {
        let object = |count: usize, last: &str| {
            let keys: Vec<String> = (0..count).map(|n| format!("\"k{n}\":1,")).collect();
            format!("{{{}\"{last}\":1}}", keys.concat())
        };
        let start = Instant::now();
        assert_eq!(members(&object(999_999, "last")).unwrap().len(), 1_000_000);
        let repeated = members(&object(99_999, "k0")).unwrap_err();
        assert_eq!(repeated, ObjectError::DuplicateKey("k0".into()));
        // Comparing each key with each other one would take hours.
        assert!(start.elapsed() < Duration::from_mins(1));
    }
}
