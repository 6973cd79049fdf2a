//! The labels of a secret's versions.

use std::borrow::Cow;

use super::{Error, Field, Result, name::check_name};
use crate::json;

/// How long a stage's name may be, in characters (inferred).
const STAGE_MAX: usize = 64;

/// A label that stands on one version of a secret: 1 to 64 characters, of those that names may have (inferred).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stage(Cow<'static, str>);

impl Stage {
    /// On the version that is given out. Every secret has it (documented).
    pub const CURRENT: Self = Self(Cow::Borrowed("ACSCurrent"));

    /// On the version that was current before (documented).
    pub const PREVIOUS: Self = Self(Cow::Borrowed("ACSPrevious"));

    /// The stage in a part of `field`.
    pub fn parse(text: &str, field: Field) -> Result<Self> {
        check_name(text, STAGE_MAX, field)?;
        Ok(Self(Cow::Owned(text.to_owned())))
    }

    /// Whether the service itself moves it.
    pub fn is_built_in(&self) -> bool {
        *self == Self::CURRENT || *self == Self::PREVIOUS
    }

    /// The stage's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Puts it on a version that has these: the built-in ones stand first, the others in the order of being set.
    pub(super) fn add_to(self, stages: &mut Vec<Self>) {
        stages.push(self);
        stages.sort_by_key(|stage| (*stage != Self::CURRENT, *stage != Self::PREVIOUS));
    }
}

/// The stages that a new version is to have: a JSON array (documented), or such an array in an object as
/// `{"VersionStage":["ACSCurrent"]}` (documented by older pages). At least one, none twice.
pub fn parse_stages(text: &str) -> Result<Vec<Stage>> {
    let invalid = |reason| Error::invalid(Field::VersionStages, reason);
    let names = stage_names(text).ok_or_else(|| invalid("is not a JSON array of stages"))?;
    if names.is_empty() || names.iter().any(String::is_empty) {
        return Err(invalid("names no stage, or an empty one"));
    }
    let mut stages = Vec::new();
    for name in names {
        let stage = Stage::parse(&name, Field::VersionStages)?;
        if stages.contains(&stage) {
            return Err(invalid("names a stage twice"));
        }
        stages.push(stage);
    }
    Ok(stages)
}

fn stage_names(text: &str) -> Option<Vec<String>> {
    if let Ok(members) = json::members(text) {
        return match members.as_slice() {
            [(key, names)] if key == "VersionStage" => serde_json::from_str(names.get()).ok(),
            _ => None,
        };
    }
    serde_json::from_str(text).ok()
}

/// The text of a column in which each stage has a comma on either side: `,ACSCurrent,ACSNext,`; `,` when there is none.
pub fn stages_to_column(stages: &[Stage]) -> String {
    stages.iter().fold(",".to_owned(), |column, stage| column + stage.as_str() + ",")
}

/// The stages in the text of such a column; `None` for another text.
pub fn stages_from_column(text: &str) -> Option<Vec<Stage>> {
    let names = text.strip_prefix(',')?.split_terminator(',');
    let stages = names.map(|name| Stage::parse(name, Field::VersionStages).ok()).collect();
    if text.ends_with(',') { stages } else { None }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_follows_its_rule() {
        let parse = |text: &str| Stage::parse(text, Field::VersionStage);
        for text in ["a", "ACSNext", "A/b+c=d@e.f-g_0", &"s".repeat(64)] {
            let stage = parse(text).unwrap();
            assert_eq!((stage.as_str(), stage.is_built_in()), (text, false));
        }
        assert_eq!(parse("ACSCurrent"), Ok(Stage::CURRENT));
        assert_eq!(parse("ACSPrevious"), Ok(Stage::PREVIOUS));
        assert!(Stage::CURRENT.is_built_in() && Stage::PREVIOUS.is_built_in());
        assert!(!parse("acscurrent").unwrap().is_built_in());
        for text in ["a b", "a,b", "中", "a\0", &"s".repeat(65)] {
            assert!(matches!(parse(text), Err(Error::Invalid(Field::VersionStage, _))), "{text:?}");
        }
        assert_eq!(parse(""), Err(Error::Missing(Field::VersionStage)));
    }

    #[test]
    fn stages_are_a_list_in_either_form() {
        let next = Stage::parse("ACSNext", Field::VersionStage).unwrap();
        for text in [
            r#"["ACSNext","ACSCurrent"]"#,
            r#" [ "ACSNext" , "ACS\u0043urrent" ] "#,
            r#"{"VersionStage":["ACSNext","ACSCurrent"]}"#,
        ] {
            assert_eq!(parse_stages(text), Ok(vec![next.clone(), Stage::CURRENT]), "{text}");
        }
        for text in [
            "",
            "ACSNext",
            "\"ACSNext\"",
            "null",
            "[]",
            "{}",
            r#"[""]"#,
            r#"["a","a"]"#,
            r#"["a","\u0061"]"#,
            r#"["a b"]"#,
            r#"["a",1]"#,
            r#"["a",null]"#,
            r#"[["a"]]"#,
            r#"["a"]x"#,
            r#"["\ud800"]"#,
            r#"{"VersionStage":"a"}"#,
            r#"{"VersionStage":[]}"#,
            r#"{"VersionStage":["a"],"VersionStage":["a"]}"#,
            r#"{"VersionStage":["a"],"Other":1}"#,
            r#"{"versionStage":["a"]}"#,
            &"[".repeat(100_000),
        ] {
            let refused = parse_stages(text);
            assert!(matches!(refused, Err(Error::Invalid(Field::VersionStages, _))), "{text}");
        }
    }

    #[test]
    fn a_column_keeps_stages_in_order() {
        let mut stages = vec![];
        for name in ["z", "ACSPrevious", "a", "ACSCurrent"] {
            Stage::parse(name, Field::VersionStage).unwrap().add_to(&mut stages);
        }
        let column = stages_to_column(&stages);
        assert_eq!(column, ",ACSCurrent,ACSPrevious,z,a,");
        assert_eq!(stages_from_column(&column), Some(stages));
        assert_eq!(stages_to_column(&[]), ",");
        assert_eq!(stages_from_column(","), Some(vec![]));
        for text in ["", "a", ",a", "a,", ",,", ",a,,b,", ",a b,"] {
            assert_eq!(stages_from_column(text), None, "{text}");
        }
    }
}
