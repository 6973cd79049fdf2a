//! Which values `BatchGetSecretValue` is asked for.

use serde_json::value::RawValue;

use super::{Error, Field, Result};
use crate::json::{self, Kind};

/// How many values a request may name (documented).
const ENTRIES_MAX: usize = 20;

/// One value that is asked for, in texts that are not read yet: what is wrong with them is an answer for this entry alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchEntry {
    /// The secret as the request names it.
    pub secret: String,
    pub version: Option<String>,
    pub stage: Option<String>,
    /// Whether a managed secret's configuration is asked for as well.
    pub with_config: bool,
}

impl BatchEntry {
    /// Reads `[{"SecretName":"…","VersionId":"…","VersionStage":"…","FetchExtendedConfig":true}]`: 1 to 20 entries, of
    /// which each names a secret (documented). A text that is empty says nothing.
    pub fn parse_list(text: &str) -> Result<Vec<Self>> {
        let entries: Vec<&RawValue> =
            serde_json::from_str(text).map_err(|_| invalid("is not a JSON array"))?;
        if entries.is_empty() || entries.len() > ENTRIES_MAX {
            return Err(invalid("does not have 1 to 20 entries"));
        }
        let read = entries.iter().map(|entry| Self::read(entry.get()));
        read.collect::<Option<_>>().ok_or_else(|| {
            invalid(
                "has an entry that is not an object of SecretName, VersionId, VersionStage and FetchExtendedConfig",
            )
        })
    }

    fn read(text: &str) -> Option<Self> {
        let mut entry = Self::default();
        for (name, raw) in json::members_up_to(text, 4).ok()? {
            match name.as_str() {
                "SecretName" => entry.secret = json::string(raw)?,
                "VersionId" => entry.version = Some(optional(raw)?).filter(|text| !text.is_empty()),
                "VersionStage" => {
                    entry.stage = Some(optional(raw)?).filter(|text| !text.is_empty());
                }
                "FetchExtendedConfig" => entry.with_config = flag(raw)?,
                _ => return None,
            }
        }
        (!entry.secret.is_empty()).then_some(entry)
    }
}

fn invalid(reason: &'static str) -> Error {
    Error::invalid(Field::SecretsList, reason)
}

/// A text; empty for nothing.
fn optional(raw: &RawValue) -> Option<String> {
    match json::kind(raw) {
        Kind::Null => Some(String::new()),
        Kind::String | Kind::Bool | Kind::Number | Kind::Array | Kind::Object => json::string(raw),
    }
}

/// A truth value, or the text of one in any case of its letters.
fn flag(raw: &RawValue) -> Option<bool> {
    let text = match json::kind(raw) {
        Kind::Null => return Some(false),
        Kind::Bool => raw.get().to_owned(),
        Kind::String | Kind::Number | Kind::Array | Kind::Object => json::string(raw)?,
    };
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" | "" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_in_order() {
        let text = r#"[{"SecretName":"b"},{"SecretName":"acs:kms:cn-x:1:secret/a","VersionId":"v1",
            "VersionStage":"ACSCurrent","FetchExtendedConfig":true},
            {"FetchExtendedConfig":"False","VersionId":"","VersionStage":null,"SecretName":"b b"}]"#;
        let read = BatchEntry::parse_list(text).unwrap();
        let named = |secret: &str| BatchEntry { secret: secret.to_owned(), ..Default::default() };
        let full = BatchEntry {
            version: Some("v1".to_owned()),
            stage: Some("ACSCurrent".to_owned()),
            with_config: true,
            ..named("acs:kms:cn-x:1:secret/a")
        };
        assert_eq!(read, [named("b"), full, named("b b")]);
    }

    #[test]
    fn other_forms_are_refused() {
        let list = |count| serde_json::json!(vec![serde_json::json!({"SecretName": "a"}); count]);
        assert_eq!(BatchEntry::parse_list(&list(20).to_string()).unwrap().len(), 20);
        let many = list(21).to_string();
        for text in [
            "",
            "a",
            "null",
            "{}",
            "[]",
            "[1]",
            "[{}]",
            r#"["a"]"#,
            r#"{"SecretName":"a"}"#,
            r#"[{"SecretName":""}]"#,
            r#"[{"SecretName":null}]"#,
            r#"[{"SecretName":1}]"#,
            r#"[{"secretName":"a"}]"#,
            r#"[{"SecretName":"a"},{"VersionId":"v1"}]"#,
            r#"[{"SecretName":"a","SecretName":"b"}]"#,
            r#"[{"SecretName":"a","VersionId":1}]"#,
            r#"[{"SecretName":"a","FetchExtendedConfig":1}]"#,
            r#"[{"SecretName":"a","FetchExtendedConfig":"yes"}]"#,
            r#"[{"SecretName":"a","Other":"b"}]"#,
            r#"[{"SecretName":"a"}]]"#,
            &many,
        ] {
            let refused = BatchEntry::parse_list(text);
            assert!(matches!(refused, Err(Error::Invalid(Field::SecretsList, _))), "{text}");
        }
    }
}
