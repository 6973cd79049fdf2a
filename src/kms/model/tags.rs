//! The tags of secrets and keys.

use super::{Error, Field, Result};
use crate::json;

/// How long a tag's key and its value may be, in characters (documented).
const TEXT_MAX: usize = 128;

/// How many tags a resource may have, and how many a request may name (documented).
pub const TAGS_MAX: usize = 20;

/// What begins the keys of Alibaba Cloud's own tags (documented).
const RESERVED: [&str; 2] = ["aliyun", "acs:"];

/// The rule that keys and values share (documented).
fn check(text: &str) -> std::result::Result<(), &'static str> {
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || r"/\_-.+=:@".contains(c)) {
        return Err(r"may hold letters, digits and /\_-.+=:@ only");
    }
    if text.len() > TEXT_MAX {
        return Err("has more than 128 characters");
    }
    Ok(())
}

/// A tag's key: 1 to 128 letters, digits and `/\_-.+=:@`, not beginning with `aliyun` or `acs:` (documented).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagKey(String);

impl TagKey {
    /// The key, if it follows the rule.
    ///
    /// # Errors
    /// [`Error::TagKeyInvalid`].
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |reason: &'static str| Error::TagKeyInvalid(reason.into());
        if text.is_empty() {
            return Err(invalid("is empty"));
        }
        if RESERVED.iter().any(|prefix| text.starts_with(prefix)) {
            return Err(invalid("may not begin with aliyun or acs:"));
        }
        check(text).map_err(invalid)?;
        Ok(Self(text.to_owned()))
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A tag's value: up to 128 letters, digits and `/\_-.+=:@` (documented); it may be empty (inferred).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagValue(String);

impl TagValue {
    /// The value, if it follows the rule.
    ///
    /// # Errors
    /// [`Error::TagValueInvalid`].
    pub fn parse(text: &str) -> Result<Self> {
        check(text).map_err(|reason| Error::TagValueInvalid(reason.into()))?;
        Ok(Self(text.to_owned()))
    }

    /// The value's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A tag of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Unique on the resource.
    pub key: TagKey,
    pub value: TagValue,
}

/// Tags that one resource can have: at most 20 (documented), of different keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags(Vec<Tag>);

impl Tags {
    /// These tags together.
    ///
    /// # Errors
    /// [`Error::TagKeyDuplicate`]; [`Error::Invalid`] for more than 20.
    pub fn new(tags: Vec<Tag>) -> Result<Self> {
        if tags.len() > TAGS_MAX {
            return Err(too_many());
        }
        let mut rest = tags.as_slice();
        while let [tag, others @ ..] = rest {
            if others.iter().any(|other| other.key == tag.key) {
                return Err(Error::TagKeyDuplicate);
            }
            rest = others;
        }
        Ok(Self(tags))
    }

    /// Reads `[{"TagKey":"env","TagValue":"prod"}]` (documented). An empty text, as CreateKey may have it (documented), has
    /// no tags. A tag without a value has an empty one.
    ///
    /// # Errors
    /// [`Error::Invalid`], whatever is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let invalid = |reason: String| Error::invalid(Field::Tags, reason);
        let malformed =
            || invalid(r#"is not a JSON array of {"TagKey":"…","TagValue":"…"}"#.to_owned());
        let entries: Vec<&serde_json::value::RawValue> =
            serde_json::from_str(text).map_err(|_| malformed())?;
        if entries.len() > TAGS_MAX {
            return Err(too_many());
        }
        let texts = entries.iter().map(|entry| key_and_value(entry.get()).ok_or_else(malformed));
        let tags = texts.map(|texts| {
            let (key, value) = texts?;
            Ok(Tag { key: TagKey::parse(&key)?, value: TagValue::parse(&value)? })
        });
        tags.collect::<Result<_>>().and_then(Self::new).map_err(|error| match error {
            Error::TagKeyInvalid(reason) => invalid(format!("has a key that {reason}")),
            Error::TagValueInvalid(reason) => invalid(format!("has a value that {reason}")),
            Error::TagKeyDuplicate => invalid("has a key twice".to_owned()),
            other => other,
        })
    }

    /// The tags of a resource that has these and is given others, which replace those of the same keys (documented).
    ///
    /// # Errors
    /// [`Error::Invalid`] when it would have more than 20.
    pub fn merge(mut self, others: Self) -> Result<Self> {
        for tag in others.0 {
            match self.0.iter_mut().find(|known| known.key == tag.key) {
                Some(known) => *known = tag,
                None => self.0.push(tag),
            }
        }
        if self.0.len() > TAGS_MAX { Err(too_many()) } else { Ok(self) }
    }

    /// The tags, in the order of being set.
    pub fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.0.iter()
    }
}

fn too_many() -> Error {
    Error::invalid(Field::Tags, format!("are more than {TAGS_MAX} on one resource"))
}

/// The texts of an object that may hold nothing else.
fn key_and_value(text: &str) -> Option<(String, String)> {
    let (mut key, mut value) = (None, String::new());
    for (name, raw) in json::members_up_to(text, 2).ok()? {
        match name.as_str() {
            "TagKey" => key = Some(json::string(raw)?),
            "TagValue" => value = json::string(raw)?,
            _ => return None,
        }
    }
    Some((key?, value))
}

/// The keys of the tags that are to be removed: separated by commas, or as a JSON array (documented as the one and shown as
/// the other). A key may stand twice.
///
/// # Errors
/// [`Error::Invalid`], whatever is wrong.
pub fn parse_tag_keys(text: &str) -> Result<Vec<TagKey>> {
    let invalid = |reason: String| Error::invalid(Field::TagKeys, reason);
    let names: Vec<String> = if text.starts_with('[') {
        serde_json::from_str(text)
            .map_err(|_| invalid("is not a JSON array of texts".to_owned()))?
    } else {
        text.split(',').map(str::to_owned).collect()
    };
    if names.is_empty() || names.len() > TAGS_MAX {
        return Err(invalid(format!("does not name 1 to {TAGS_MAX} keys")));
    }
    let keys = names.iter().map(|name| TagKey::parse(name));
    keys.collect::<Result<_>>().map_err(|error| match error {
        Error::TagKeyInvalid(reason) => invalid(format!("has a key that {reason}")),
        other => other,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn is_invalid<T>(result: &Result<T>, field: Field) -> bool {
        matches!(result, Err(Error::Invalid(found, _)) if *found == field)
    }

    fn tags(keys: std::ops::Range<usize>, value: &str) -> Vec<Tag> {
        let tag = |n| Tag {
            key: TagKey::parse(&format!("k{n}")).unwrap(),
            value: TagValue::parse(value).unwrap(),
        };
        keys.map(tag).collect()
    }

    fn shown(tags: &Tags) -> Vec<(&str, &str)> {
        tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect()
    }

    #[test]
    fn keys_and_values_follow_their_rules() {
        for text in ["a", r"Az09/\_-.+=:@", "aliyu", "acs", "Aliyun", "xacs:", &"k".repeat(128)] {
            assert_eq!(TagKey::parse(text).unwrap().as_str(), text);
        }
        let long = "k".repeat(129);
        for text in ["", "aliyun", "aliyun-a", "acs:", "acs:a", "a b", "a,b", "中", "a\0", &long] {
            assert!(matches!(TagKey::parse(text), Err(Error::TagKeyInvalid(_))), "{text:?}");
        }
        for text in ["", "aliyun", "acs:a", r"Az09/\_-.+=:@", &"v".repeat(128)] {
            assert_eq!(TagValue::parse(text).unwrap().as_str(), text);
        }
        for text in ["a b", "中", "a\n", &long] {
            assert!(matches!(TagValue::parse(text), Err(Error::TagValueInvalid(_))), "{text:?}");
        }
    }

    #[test]
    fn tags_are_read_from_json() {
        let text =
            r#"[{"TagKey":"b","TagValue":"1"}, {"TagValue":"","TagKey":"a"},{"TagKey":"c"}]"#;
        assert_eq!(shown(&Tags::parse(text).unwrap()), [("b", "1"), ("a", ""), ("c", "")]);
        for text in ["", "[]"] {
            assert_eq!(Tags::parse(text), Ok(Tags::default()));
        }
        let list = |count: usize| {
            let entries: Vec<String> =
                (0..count).map(|n| format!(r#"{{"TagKey":"k{n}","TagValue":"v"}}"#)).collect();
            format!("[{}]", entries.join(","))
        };
        assert_eq!(Tags::parse(&list(20)).unwrap().iter().count(), 20);
        for text in [
            " ",
            "null",
            "{}",
            "[{}]",
            "[1]",
            r#"{"TagKey":"a","TagValue":"b"}"#,
            r#"[{\"TagKey\":\"a\",\"TagValue\":\"b\"}]"#,
            r#"[{"Key":"a","Value":"b"}]"#,
            r#"[{"TagKey":"a","TagValue":"b","More":1}]"#,
            r#"[{"TagKey":"a","TagKey":"b"}]"#,
            r#"[{"TagKey":"a","TagValue":1}]"#,
            r#"[{"TagKey":"a","TagValue":null}]"#,
            r#"[{"TagKey":"","TagValue":"b"}]"#,
            r#"[{"TagKey":"acs:a","TagValue":"b"}]"#,
            r#"[{"TagKey":"a","TagValue":"b c"}]"#,
            r#"[{"TagKey":"a","TagValue":"b"},{"TagKey":"a","TagValue":"b"}]"#,
            &list(21),
        ] {
            assert!(is_invalid(&Tags::parse(text), Field::Tags), "{text}");
        }
    }

    #[test]
    fn a_resource_has_20_tags_of_different_keys() {
        let known = Tags::new(tags(0..20, "old")).unwrap();
        assert!(is_invalid(&Tags::new(tags(0..21, "")), Field::Tags));
        let twice = [tags(0..2, ""), tags(1..2, "")].concat();
        assert_eq!(Tags::new(twice), Err(Error::TagKeyDuplicate));

        let same = Tags::new(tags(18..20, "new")).unwrap();
        let merged = known.clone().merge(same).unwrap();
        let expected = [tags(0..18, "old"), tags(18..20, "new")].concat();
        assert_eq!(merged, Tags(expected));
        let one_more = Tags::new(tags(19..21, "")).unwrap();
        assert!(is_invalid(&known.merge(one_more), Field::Tags));
    }

    #[test]
    fn keys_to_remove_are_listed_in_either_form() {
        for text in ["a,b", r#"["a","b"]"#, r#"[ "a" , "\u0062" ]"#] {
            let keys = parse_tag_keys(text).unwrap();
            assert_eq!(keys.iter().map(TagKey::as_str).collect::<Vec<_>>(), ["a", "b"], "{text}");
        }
        let list = |count: usize| vec!["k"; count].join(",");
        assert_eq!(parse_tag_keys(&list(20)).unwrap().len(), 20);
        for text in [
            "",
            ",",
            "a,",
            "a, b",
            "[]",
            "[",
            r#"[""]"#,
            "[1]",
            r#"[["a"]]"#,
            r#"["a"],"b""#,
            "aliyun",
            &list(21),
        ] {
            assert!(is_invalid(&parse_tag_keys(text), Field::TagKeys), "{text}");
        }
    }
}
