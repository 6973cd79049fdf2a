#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp(1_000);

fn id(text: &str) -> VersionId {
    VersionId::parse(text, Field::VersionId).unwrap()
}

fn stage(text: &str) -> Stage {
    Stage::parse(text, Field::VersionStage).unwrap()
}

fn stages(texts: &[&str]) -> Vec<Stage> {
    texts.iter().map(|text| stage(text)).collect()
}

fn put(versions: &Versions, name: &str, names: &[&str]) -> Result<Change> {
    let stages = (!names.is_empty()).then(|| stages(names));
    versions.put(id(name), DataType::Binary, stages, NOW)
}

/// Those of a new secret.
fn first(name: &str) -> Versions {
    let stages = vec![Stage::CURRENT];
    let (id, data_type) = (id(name), DataType::Text);
    Versions::stored(vec![Version { number: 1, id, data_type, created: NOW, stages }])
}

/// Versions of these ids, of which the first one is made and each other one put with its stages.
fn made(steps: &[(&str, &[&str])]) -> Versions {
    let [(first, _), rest @ ..] = steps else { panic!("no step") };
    let mut versions = self::first(first);
    for (name, names) in rest {
        versions = put(&versions, name, names).unwrap().versions;
    }
    versions
}

/// Each version's id with its stages.
fn shown(versions: &Versions) -> Vec<String> {
    let texts = |version: &Version| {
        let stages: Vec<&str> = version.stages.iter().map(Stage::as_str).collect();
        format!("{} {}", version.id.as_str(), stages.join(" ")).trim_end().to_owned()
    };
    versions.iter().map(texts).collect()
}

fn moved(versions: &Versions, name: &str, to: &str, from: &str) -> Result<Change> {
    let named = |text: &str| (!text.is_empty()).then(|| id(text));
    versions.move_stage(&stage(name), named(to).as_ref(), named(from).as_ref())
}

#[test]
fn a_versions_id_follows_its_rule() {
    for text in ["a", " ", "v,1/\"x\"", "中😀", &"é".repeat(64)] {
        assert_eq!(id(text).as_str(), text);
    }
    for text in ["a\n", "\0", "\u{85}", "\u{7f}", &"v".repeat(65), &"é".repeat(65)] {
        let refused = VersionId::parse(text, Field::MoveToVersion);
        assert!(matches!(refused, Err(Error::Invalid(Field::MoveToVersion, _))), "{text:?}");
    }
    let missing = Err(Error::Missing(Field::VersionId));
    assert_eq!(VersionId::parse("", Field::VersionId), missing);
}

#[test]
fn a_put_version_becomes_current_and_the_former_one_previous() {
    let first = made(&[("a", &[])]);
    assert_eq!(shown(&first), ["a ACSCurrent"]);
    let second = put(&first, "b", &[]).unwrap();
    assert_eq!(shown(&second.versions), ["a ACSPrevious", "b ACSCurrent"]);
    let expected = Version {
        number: 2,
        id: id("b"),
        data_type: DataType::Binary,
        created: NOW,
        stages: stages(&["ACSCurrent"]),
    };
    assert_eq!(second.made.as_ref(), Some(&expected));
    assert_eq!(second.relabelled.len(), 1);

    let third = put(&second.versions, "c", &["x", "ACSCurrent"]).unwrap();
    assert_eq!(shown(&third.versions), ["a", "b ACSPrevious", "c ACSCurrent x"]);
    assert_eq!(third.relabelled.len(), 2);
    assert_eq!(put(&third.versions, "a", &["y"]), Err(Error::VersionExists));

    let rotated = third.versions.rotate(id("d"), NOW).unwrap();
    assert_eq!(shown(&rotated.versions), ["a", "b", "c ACSPrevious x", "d ACSCurrent"]);
    assert_eq!(rotated.made.map(|version| version.data_type), Some(DataType::Text));
}

#[test]
fn a_version_that_is_put_with_other_stages_leaves_the_current_one() {
    let versions = made(&[("a", &[]), ("b", &["x", "y"]), ("c", &["y", "z"])]);
    assert_eq!(shown(&versions), ["a ACSCurrent", "b x", "c y z"]);
    let versions = put(&versions, "d", &["ACSPrevious", "x"]).unwrap().versions;
    assert_eq!(shown(&versions), ["a ACSCurrent", "b", "c y z", "d ACSPrevious x"]);
    let both = put(&versions, "e", &["ACSPrevious", "ACSCurrent"]);
    assert!(matches!(both, Err(Error::Invalid(Field::VersionStages, _))));
}

#[test]
fn stages_move_and_custom_ones_go() {
    let versions = made(&[("a", &[]), ("b", &[]), ("c", &["x"])]);
    assert_eq!(shown(&versions), ["a ACSPrevious", "b ACSCurrent", "c x"]);
    for (name, to, from, expected) in [
        ("x", "a", "", ["a ACSPrevious x", "b ACSCurrent", "c"]),
        ("x", "b", "c", ["a ACSPrevious", "b ACSCurrent x", "c"]),
        ("x", "", "c", ["a ACSPrevious", "b ACSCurrent", "c"]),
        ("y", "c", "", ["a ACSPrevious", "b ACSCurrent", "c x y"]),
        ("ACSCurrent", "c", "", ["a", "b ACSPrevious", "c ACSCurrent x"]),
        ("ACSCurrent", "c", "b", ["a", "b ACSPrevious", "c ACSCurrent x"]),
        ("ACSCurrent", "a", "b", ["a ACSCurrent", "b ACSPrevious", "c x"]),
        ("ACSPrevious", "c", "", ["a", "b ACSCurrent", "c ACSPrevious x"]),
        ("ACSPrevious", "c", "a", ["a", "b ACSCurrent", "c ACSPrevious x"]),
    ] {
        let change = moved(&versions, name, to, from).unwrap();
        assert_eq!(shown(&change.versions), expected, "{name} {to} {from}");
        assert!(!change.is_empty());
    }
    for (name, to, from) in [
        ("x", "c", ""),
        ("x", "c", "c"),
        ("ACSCurrent", "b", ""),
        ("ACSCurrent", "b", "b"),
        ("ACSPrevious", "a", ""),
    ] {
        let change = moved(&versions, name, to, from).unwrap();
        assert!(change.is_empty() && change.versions == versions, "{name} {to} {from}");
    }
}

#[test]
fn stages_are_not_moved_at_random() {
    let versions = made(&[("a", &[]), ("b", &[]), ("c", &["x"])]);
    for (name, to, from, error) in [
        ("x", "", "", Error::StageMismatch),
        ("ACSCurrent", "", "", Error::StageMismatch),
        ("x", "", "a", Error::StageMismatch),
        ("x", "b", "a", Error::StageMismatch),
        ("y", "", "a", Error::StageMismatch),
        ("ACSCurrent", "c", "a", Error::StageMismatch),
        ("ACSCurrent", "", "b", Error::StageBuiltIn),
        ("ACSPrevious", "", "a", Error::StageBuiltIn),
        ("ACSPrevious", "b", "a", Error::StageBuiltIn),
        ("ACSPrevious", "b", "", Error::StageBuiltIn),
        ("x", "z", "", Error::SecretNotFound),
        ("x", "", "z", Error::SecretNotFound),
        ("x", "z", "c", Error::SecretNotFound),
        ("x", "a", "z", Error::SecretNotFound),
    ] {
        assert_eq!(moved(&versions, name, to, from), Err(error), "{name} {to} {from}");
    }
}

#[test]
fn eight_stages_stand_on_a_secret() {
    let versions = made(&[("a", &[]), ("b", &["1", "2", "3", "4", "5", "6"])]);
    let one_more = put(&versions, "c", &["7"]).unwrap().versions;
    assert_eq!(put(&versions, "c", &["7", "8"]), Err(Error::TooManyStages));
    assert_eq!(put(&one_more, "d", &["8"]), Err(Error::TooManyStages));
    assert_eq!(moved(&one_more, "8", "a", ""), Err(Error::TooManyStages));
    // The first version that stops being current needs the place of ACSPrevious.
    assert_eq!(put(&one_more, "d", &[]), Err(Error::TooManyStages));
    assert_eq!(moved(&one_more, "ACSCurrent", "b", ""), Err(Error::TooManyStages));
    assert!(put(&one_more, "d", &["7"]).is_ok());
    let freed = moved(&one_more, "7", "", "c").unwrap().versions;
    assert!(put(&freed, "d", &[]).is_ok());
}

#[test]
fn ten_versions_are_kept() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let mut steps: Vec<(&str, &[&str])> = names.iter().map(|name| (*name, &["x"][..])).collect();
    let versions = made(&steps);
    assert_eq!(versions.iter().count(), 10);
    // The first one is still current: it stays, and is the one to go back to for one more version.
    let change = put(&versions, "k", &[]).unwrap();
    assert_eq!(change.deleted, [2]);
    let kept = shown(&change.versions);
    assert_eq!(kept.first().map(String::as_str), Some("a ACSPrevious"));
    assert_eq!(kept.last().map(String::as_str), Some("k ACSCurrent"));
    let next = put(&change.versions, "l", &[]).unwrap();
    assert_eq!(next.deleted, [1]);
    // The id of a deleted version is free, its number is not.
    let again = put(&next.versions, "a", &[]).unwrap();
    assert_eq!((again.made.map(|version| version.number), again.deleted), (Some(13), vec![3]));

    // A stage goes with the version that it stands on, and makes room as well.
    steps.splice(1..2, [("b", &["1", "2", "3", "4", "5", "6"][..])]);
    let change = put(&made(&steps), "k", &["7", "8"]).unwrap();
    assert_eq!(change.deleted, [2]);
    assert_eq!(change.versions.with_stage(&stage("1")), None);
}

#[test]
fn stored_versions_are_put_in_order() {
    let versions = made(&[("a", &[]), ("b", &[]), ("c", &["x"])]);
    let backwards = versions.iter().rev().cloned().collect();
    assert_eq!(Versions::stored(backwards), versions);
}

/// A call with numbers for names, so that calls meet the same versions and stages.
#[derive(Debug, Clone)]
enum Call {
    Put(u8, Option<Vec<Stage>>),
    Move(Stage, Option<u8>, Option<u8>),
}

fn any_stage() -> impl Strategy<Value = Stage> {
    prop_oneof![
        2 => Just(Stage::CURRENT),
        2 => Just(Stage::PREVIOUS),
        5 => (0..9u8).prop_map(|n| stage(&format!("s{n}"))),
    ]
}

fn any_call() -> impl Strategy<Value = Call> {
    let version = 0..16u8;
    let wanted = prop::collection::vec(any_stage(), 1..4).prop_map(|mut stages| {
        let mut seen = HashSet::new();
        stages.retain(|stage| seen.insert(stage.clone()));
        stages
    });
    prop_oneof![
        (version.clone(), prop::option::of(wanted)).prop_map(|(id, stages)| Call::Put(id, stages)),
        (any_stage(), prop::option::of(version.clone()), prop::option::weighted(0.3, version))
            .prop_map(|(stage, to, from)| Call::Move(stage, to, from)),
    ]
}

fn check_rules(versions: &Versions) {
    let count = versions.iter().count();
    assert!((1..=10).contains(&count));
    let all: Vec<&Stage> = versions.iter().flat_map(|version| &version.stages).collect();
    assert!(all.len() <= 8);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "a stage on two versions");
    assert_eq!(all.iter().filter(|stage| ***stage == Stage::CURRENT).count(), 1);
    let is_both = |version: &Version| version.has(&Stage::CURRENT) && version.has(&Stage::PREVIOUS);
    assert!(!versions.iter().any(is_both));
    assert_eq!(versions.iter().map(|version| &version.id).collect::<HashSet<_>>().len(), count);
    assert!(versions.iter().is_sorted_by(|one, next| one.number < next.number));
}

/// The rows that a store has when it writes what a change says and nothing else.
fn write(rows: &mut BTreeMap<i64, Version>, change: &Change) {
    for number in &change.deleted {
        assert!(rows.remove(number).is_some());
    }
    for version in &change.relabelled {
        assert!(rows.insert(version.number, version.clone()).is_some());
    }
    if let Some(version) = &change.made {
        assert!(rows.insert(version.number, version.clone()).is_none());
    }
}

proptest! {
    #[test]
    fn no_history_breaks_the_rules(calls in prop::collection::vec(any_call(), 0..80)) {
        let mut versions = first("v0");
        let mut rows: BTreeMap<i64, Version> =
            versions.iter().map(|version| (version.number, version.clone())).collect();
        let mut last = 1;
        for call in calls {
            let named = |n: u8| id(&format!("v{n}"));
            let result = match &call {
                Call::Put(n, stages) => {
                    versions.put(named(*n), DataType::Text, stages.clone(), NOW)
                }
                Call::Move(stage, to, from) => {
                    let (to, from) = (to.map(named), from.map(named));
                    versions.move_stage(stage, to.as_ref(), from.as_ref())
                }
            };
            let Ok(change) = result else { continue };
            check_rules(&change.versions);
            prop_assert_eq!(change.is_empty(), change.versions == versions);
            let was_current = versions.with_stage(&Stage::CURRENT).unwrap().number;
            prop_assert!(!change.deleted.contains(&was_current));
            let current = change.versions.with_stage(&Stage::CURRENT).unwrap().number;
            if current != was_current {
                let previous = change.versions.with_stage(&Stage::PREVIOUS).unwrap();
                prop_assert_eq!(previous.number, was_current);
            }
            if let Some(version) = &change.made {
                prop_assert_eq!(version.number, last + 1);
                last = version.number;
            }
            match &call {
                Call::Put(_, None) => prop_assert_eq!(current, last),
                Call::Put(_, Some(stages)) => {
                    let made = change.made.as_ref().unwrap();
                    prop_assert_eq!(made.stages.len(), stages.len());
                    prop_assert!(stages.iter().all(|stage| made.has(stage)));
                }
                Call::Move(stage, to, _) => {
                    let holder = change.versions.with_stage(stage).map(|version| &version.id);
                    let to = to.map(named);
                    prop_assert_eq!(holder, to.as_ref());
                    prop_assert!(change.made.is_none() && change.deleted.is_empty());
                }
            }
            write(&mut rows, &change);
            prop_assert_eq!(&Versions::stored(rows.values().cloned().collect()), &change.versions);
            versions = change.versions;
        }
    }
}
