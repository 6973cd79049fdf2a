//! The `namespaces` of a world file: what they become, and every mistake with its place.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::super::{
    secrets::NAME_RULE,
    tests::{told, world},
};
use super::*;

const ID_RULE: &str = "not a namespace id; one is REGION:ID, where ID is 1 to 32 lower-case \
                       letters and digits, or a REGION alone for its default namespace";

fn id(text: &str) -> NamespaceId {
    NamespaceId::parse(text).unwrap()
}

#[test]
fn a_namespace_is_read_with_what_stands_in_it() {
    let world = world(
        "\
namespaces:
  - { id: cn-beijing:a1 }
  - id: cn-beijing:b
    name: Bé
    description: about b
    quotas: { keys_per_secret: 0 }
    applications:
      - { name: one, secrets: [not-there-yet, s] }
      - { id: f16b4000, name: two }
    clusters: [c1, 2]
",
    );
    let [a, b] = &world.namespaces[..] else { panic!("two namespaces") };
    assert_eq!((a.name.as_str(), a.description.as_str()), ("a1", ""));
    assert_eq!((b.name.as_str(), b.description.as_str()), ("Bé", "about b"));
    let cloud = &world.cloud;
    assert_eq!(cloud.quotas.overrides.len(), 1);
    assert_eq!((cloud.quotas.keys_in(&b.id), cloud.quotas.secrets_in(&b.id)), (0, 100));
    let [one, two] = cloud.applications_in(&b.id) else { panic!("two applications") };
    assert_eq!(one.name, "one");
    assert_eq!(one.secrets, ["not-there-yet", "s"]);
    assert_eq!((two.id.as_str(), two.name.as_str(), two.secrets.len()), ("f16b4000", "two", 0));
    assert_eq!(cloud.clusters[&b.id], ["c1", "2"]);
    assert!(!cloud.has_clusters(&a.id));
}

#[test]
fn an_application_without_an_id_has_the_same_one_at_every_start() {
    let made = |account: u32, name: &str| {
        let text = format!(
            "account: {account}
namespaces: [{{ id: cn-beijing:b, applications: [{{ name: {name} }}] }}]
"
        );
        world(&text).cloud.applications_in(&id("cn-beijing:b"))[0].id.clone()
    };
    assert_eq!(made(1, "one"), "ad87f71e-bcb8-5dda-8662-1ac6731281ab");
    assert_ne!(made(1, "one"), made(2, "one"));
    assert_ne!(made(1, "one"), made(1, "two"));
}

#[test]
fn a_default_namespace_may_be_listed_for_what_stands_in_it() {
    let world = world(
        "\
regions: [cn-beijing]
quotas: { namespaces: 0 }
namespaces:
  - id: cn-beijing
    quotas: { secrets_per_namespace: 1 }
    applications: [{ name: a }]
    clusters: [c]
",
    );
    assert!(world.namespaces.is_empty());
    let default = id("cn-beijing");
    assert_eq!(world.cloud.quotas.secrets_in(&default), 1);
    assert_eq!(world.cloud.applications_in(&default).len(), 1);
    assert!(world.cloud.has_clusters(&default));
}

#[test]
fn a_default_namespace_has_no_name_and_no_description() {
    assert_eq!(
        told("namespaces:\n  - id: cn-beijing\n    name: a\n    description: ''\n"),
        [
            "3:5: a region's default namespace has no name of its own",
            "4:5: a region's default namespace has no description of its own",
        ]
    );
}

#[test]
fn an_id_is_well_formed() {
    for bad in [
        "cn-beijing:",
        "cn-beijing:A",
        "cn-beijing:a_b",
        "cn-beijing:a:b",
        "cn-beijing: a",
        "beijing",
        ":a",
        "",
        "cn-beijing:123456789012345678901234567890123",
    ] {
        let text = format!("namespaces: [{{ id: '{bad}' }}]");
        assert_eq!(told(&text), [format!("1:20: {ID_RULE}")], "{bad}");
    }
    assert_eq!(told("namespaces: [{ name: a }]"), ["1:14: the key `id` is missing"]);
}

#[test]
fn a_namespace_stands_in_a_served_region() {
    let rule = "the region of this namespace is not served; `regions` says which are";
    let text = "namespaces: [{ id: cn-y:a }, { id: cn-y }, { id: cn-x:a }]\nregions: [cn-x]\n";
    assert_eq!(told(text), [format!("1:20: {rule}"), format!("1:36: {rule}")]);
}

#[test]
fn a_namespace_stands_once() {
    let text = "\
namespaces:
  - { id: cn-beijing:a, name: first }
  - { name: second, id: 'cn-beijing:a', x: 1 }
  - { id: cn-beijing }
  - id: cn-beijing
";
    assert_eq!(
        told(text),
        [
            "3:5: this namespace stands twice; the first is at 2:5",
            "3:41: unknown key; the keys here are id, name, description, quotas, applications, \
             clusters",
            "5:5: this namespace stands twice; the first is at 4:5",
        ]
    );
}

#[test]
fn names_and_descriptions_fit() {
    let text = |name: &str, description: &str| {
        format!("namespaces:\n- id: cn-x:a\n  name: {name}\n  description: {description}\n")
    };
    let text = |name: &str, about: &str| format!("regions: [cn-x]\n{}", text(name, about));
    let (name, about) = ("é".repeat(64), "é".repeat(100));
    assert_eq!(world(&text(&name, &about)).namespaces[0].description, about);
    let expected = [
        "4:9: a namespace's name has 1 to 64 characters, no control characters",
        "5:16: a namespace's description has at most 100 characters, no control characters",
    ];
    assert_eq!(told(&text(&(name + "n"), &(about + "d"))), expected);
    assert_eq!(told(&text("\"\\a\"", "\"\\0\"")), expected);
    assert_eq!(told(&text("''", "''")), expected[..1]);
}

#[test]
fn there_are_no_more_namespaces_than_the_quota() {
    let text = "\
quotas: { namespaces: 1 }
namespaces:
  - { id: cn-beijing }
  - { id: cn-beijing:a }
  - { id: cn-beijing:b }
  - { id: cn-beijing:c }
";
    assert_eq!(told(text), ["5:5: the quota is 1 namespaces; from here on there are more"]);
}

#[test]
fn the_quotas_of_a_namespace_are_about_its_secrets() {
    assert_eq!(
        told("namespaces: [{ id: cn-beijing:a, quotas: { namespaces: 1, keys_per_secret: x } }]"),
        [
            "1:44: unknown key; the keys here are secrets_per_namespace, keys_per_secret",
            "1:76: expected a whole number from 0 to 1000000",
        ]
    );
}

#[test]
fn applications_and_clusters_are_named() {
    let text = "\
namespaces:
  - id: cn-beijing:a
    applications:
      - { secrets: [] }
      - { name: '', id: '' }
      - { name: one, secrets: [-s, ~, s] }
      - { name: one, secret: [] }
      - one
    clusters: ['', ~, \"\\0\"]
  - { id: cn-beijing:b, applications: { name: one }, clusters: one }
";
    let label = "expected a text that is not empty, no control characters";
    let nothing = "expected a text, found nothing; an empty text is written ''";
    assert_eq!(
        told(text),
        [
            "4:9: the key `name` is missing",
            &format!("5:17: {label}"),
            &format!("5:25: {label}"),
            &format!("6:32: {NAME_RULE}"),
            &format!("6:36: {nothing}"),
            "7:9: this application stands twice in its namespace; the first is at 6:9",
            "7:22: unknown key; did you mean `secrets`?",
            "8:9: expected a mapping, found a text",
            &format!("9:16: {label}"),
            &format!("9:20: {nothing}"),
            &format!("9:23: {label}"),
            "10:39: expected a list, found a mapping",
            "10:64: expected a list, found a text",
        ]
    );
}
