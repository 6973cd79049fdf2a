//! YAML as world files have it: what is taken, what is refused and where that is told.

#![allow(clippy::indexing_slicing, clippy::format_push_string)]

use super::super::tests::{told, world};
use super::*;
use crate::sae::model::SecretValue;

fn value(written: &str) -> String {
    let start = "secrets:\n  - namespace: cn-beijing\n    name: s\n    data:\n      k: ";
    let world = world(&format!("{start}{written}\n"));
    world.secrets[0].data.get("k").map(SecretValue::expose).unwrap_or_default().to_owned()
}

#[test]
fn a_scalar_is_the_text_that_is_written() {
    for text in ["1.10", "true", "0x1F", "007", "2024-01-01", "1e3", ".nan", "nUll", "a b:c"] {
        assert_eq!(value(text), text);
    }
    for (written, text) in [
        ("'null'", "null"),
        ("\"~\"", "~"),
        ("''", ""),
        ("!!str null", "null"),
        ("!!str", ""),
        ("\"a\\tb\"", "a\tb"),
        ("|\n        one\n         two\n", "one\n two\n"),
        (">-\n        one\n        two\n", "one two"),
    ] {
        assert_eq!(value(written), text, "{written}");
    }
}

#[test]
fn text_that_is_not_yaml_is_told_with_its_place() {
    for (text, place) in [
        ("account: 1\n regions: []\n", "2:9"),
        ("quotas:\n  namespaces: 5\n keys: 3\n", "3:2"),
        ("regions: [cn-beijing\n", "2:1"),
        ("account: 'x\n", "1:10"),
        ("account: *nowhere\n", "1:10"),
        ("quotas:\n\tnamespaces: 1\n", "2:2"),
        ("account: \0\n", "1:10"),
    ] {
        let told = told(text);
        let expected = format!("{place}: not valid YAML: ");
        assert!(told.len() == 1 && told[0].starts_with(&expected), "{text}: {told:?}");
    }
    assert_eq!(
        told("account: @1"),
        ["1:10: not valid YAML: a text that begins with %, @ or ` needs quotes"]
    );
}

#[test]
fn mistakes_before_broken_yaml_are_told_too() {
    let told = told("quotas: { keys_per_secret: 1, keys_per_secret: 2 }\naccount: 'x\n");
    assert_eq!(told[0], "1:31: this key stands twice; the first is at 1:11");
    assert!(told[1].starts_with("2:10: not valid YAML: "), "{told:?}");
}

#[test]
fn columns_count_characters() {
    assert_eq!(
        told("secrets: [{ namespace: cn-x, name: 'é😀', nmae: 1 }] # é"),
        [
            "1:11: the key `data` is missing",
            "1:24: the region of this namespace is not served; `regions` says which are",
            "1:36: a secret's name is a letter, then letters, digits, '-' and '_', at most 253 \
             characters",
            "1:42: unknown key; did you mean `name`?",
        ]
    );
    assert_eq!(told("\r\n\r\nx: 1\r\n").len(), 1);
    assert!(told("\r\n\r\nx: 1\r\n")[0].starts_with("3:1: "));
}

#[test]
fn a_second_document_is_told_with_the_mistakes_of_the_first() {
    assert_eq!(
        told("account: x\n---\nregions: no\n"),
        [
            "1:10: an account is digits only",
            "2:1: a second document begins here; a world file has one",
        ]
    );
    assert_eq!(world("---\naccount: 1\n...\n").cloud.account, "1");
}

#[test]
fn every_key_that_stands_twice_is_told() {
    let text = "\
account: 1
account: 2
quotas:
  namespaces: 1
  'namespaces': 2
  namespaces: 3
secrets:
  - { namespace: cn-beijing, name: s, data: { 1: a, '1': b } }
";
    assert_eq!(
        told(text),
        [
            "2:1: this key stands twice; the first is at 1:1",
            "5:3: this key stands twice; the first is at 4:3",
            "6:3: this key stands twice; the first is at 4:3",
            "8:53: this key stands twice; the first is at 8:47",
        ]
    );
}

#[test]
fn a_key_is_a_text() {
    for (text, expected) in [
        ("{ [a]: 1 }", "1:3: a key must be a text"),
        ("{ {a: 1}: 1 }", "1:3: a key must be a text"),
        ("? [a]\n: 1\n", "1:3: a key must be a text"),
        ("~: 1", "1:1: a key is missing here"),
        (": 1", "1:1: a key is missing here"),
        ("<<: 1", "1:1: merge keys are not supported; write the keys out"),
    ] {
        assert_eq!(told(text), [expected], "{text}");
    }
}

#[test]
fn tags_are_refused_unless_they_say_nothing_new() {
    let tag = "YAML tags have no meaning here; a text that begins with ! needs quotes";
    for (text, place) in [
        ("account: !secret 1", "1:10"),
        ("account: !!int 1", "1:10"),
        ("account: !!binary MQ==", "1:10"),
        ("upgrading: !!bool true", "1:12"),
        ("quotas: { namespaces: !x 1 }", "1:23"),
        ("quotas: !x {}", "1:9"),
        ("regions: !!set [cn-beijing]", "1:10"),
        ("!x account: 1", "1:1"),
    ] {
        assert_eq!(told(text), [format!("{place}: {tag}")], "{text}");
    }
    assert_eq!(world("!!map\naccount: !!str 1\nregions: !!seq [cn-x]").cloud.account, "1");
}

#[test]
fn aliases_stand_for_what_they_name() {
    let text = "\
namespaces:
  - { id: cn-beijing:a, quotas: &small { keys_per_secret: 1 } }
  - { id: cn-beijing:b, quotas: *small }
secrets:
  - &first { namespace: cn-beijing:a, name: &name s, data: &data { &key k: &value v } }
  - { namespace: cn-beijing:b, name: *name, data: *data }
  - { namespace: cn-beijing:b, name: t, data: { *key : *value } }
";
    let world = world(text);
    assert_eq!(world.secrets.len(), 3);
    assert_eq!(world.cloud.quotas.overrides.len(), 2);
    assert_eq!(world.secrets[0].data, world.secrets[2].data);
}

#[test]
fn a_repeated_mistake_is_told_once_and_a_repeated_part_where_it_is_repeated() {
    let text = "\
secrets:
  - &s { namespace: cn-beijing, name: s, data: { k: v }, x: 1 }
  - *s
";
    let told = told(text);
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with("2:58: unknown key"), "{told:?}");
    assert_eq!(told[1], "3:5: this secret stands twice; the first is at 2:5");
}

#[test]
fn an_alias_cannot_stand_in_itself() {
    let expected = ["1:14: an alias cannot stand inside the part that it names"];
    assert_eq!(told("regions: &r [*r]"), expected);
    assert_eq!(told("quotas: &q { *q : 1 }").len(), 1);
}

#[test]
fn an_alias_bomb_does_not_go_off() {
    let mut bomb = "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n".to_owned();
    for level in 1..40 {
        let inner = vec![format!("*x{}", level - 1); 10].join(", ");
        bomb += &format!("x{level}: &x{level} [{inner}]\n");
    }
    let told = told(&bomb);
    let expected = ["6:15: the aliases up to here repeat more than 16 MiB"];
    assert_eq!(told, expected);
}

#[test]
fn a_wide_alias_bomb_does_not_go_off() {
    let entry = "&s { namespace: cn-beijing, name: s, data: { k: &v xxxxxxxxxx } }";
    let text = format!("secrets:\n  - {entry}\n{}", "  - *s\n".repeat(100_000));
    let told = told(&text);
    assert!(told[0].ends_with("the aliases up to here repeat more than 16 MiB"), "{}", told[0]);
    assert_eq!(told.len(), 1);
}

#[test]
fn deep_nesting_ends_with_a_mistake() {
    let deep = |text: &str| told(text)[0].clone();
    assert_eq!(deep(&"- ".repeat(100_000)), "1:129: nested deeper than 64 levels");
    assert!(deep(&"[".repeat(100_000)).starts_with("1:"));
    assert!(deep(&"{a: ".repeat(100_000)).starts_with("1:"));
    assert!(deep(&format!("{}{}", "[".repeat(65), "]".repeat(65))).starts_with("1:65: nested"));
    assert!(deep(&format!("{}{}", "[".repeat(64), "]".repeat(64))).contains("a mapping"));
    let mut chain = "- &x0 []\n".to_owned();
    for level in 1..10_000 {
        chain += &format!("- &x{level} [*x{}]\n", level - 1);
    }
    assert_eq!(deep(&chain), "64:3: nested deeper than 64 levels");
}

#[test]
fn a_file_without_aliases_may_be_long() {
    let list = "- { namespace: cn-beijing, name: s, data: { k: v } }\n".repeat(10_000);
    let mistakes = told(&format!("secrets:\n{list}"));
    assert_eq!(mistakes.len(), 9_999);
    assert!(!mistakes.iter().any(|mistake| mistake.contains("16 MiB")));
}

#[test]
fn a_position_counts_from_one() {
    let at = position(Marker::new(0, 1, 0));
    assert_eq!(at.to_string(), "1:1");
}
