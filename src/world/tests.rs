//! World files: what they become, and every mistake with its place.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod kms;
mod namespaces;
mod policies;
mod secrets;
mod shape;
mod users;

use super::*;
use crate::{
    access::{AccessKey, Principal},
    kms::model::InstanceId,
    sae::model::{NamespaceId, SecretType, SecretValue},
};

const PUBLIC_KEY: &str = include_str!("../../tests/fixtures/rsa/public.pem");

/// The environment of the tests.
fn variable(name: &str) -> Option<String> {
    let value = match name {
        "READER_SECRET" => "from-the-environment",
        "KEY_ID" => "LTAI5tLent",
        "PEM" => PUBLIC_KEY,
        "STS_ID" => "STS.lent",
        "EMPTY" => "",
        "SPACE" => "has space",
        "DOLLAR" => "${KEY_ID}",
        _ => return None,
    };
    Some(value.to_owned())
}

fn world(text: &str) -> World {
    World::parse(text, DockerConfigMode::Strict, &variable).expect(text)
}

fn told(text: &str) -> Vec<String> {
    World::parse(text, DockerConfigMode::Strict, &variable).expect_err(text)
}

/// Holds what is told of files to what is expected. A line of `cases` is `PART => MESSAGE`: the part takes the place of `…`
/// in the file, `@` in it marks where the only mistake is told, `¶` stands for the end of a line, and the message begins
/// so.
#[track_caller]
fn check(file: &str, cases: &str) {
    for case in cases.trim().lines() {
        let (part, message) = case.trim().split_once(" => ").expect(case);
        let marked = file.replace('…', part).replace('¶', "\n");
        let before = marked.split('@').next().unwrap();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        let (found, expected) =
            (told(&marked.replacen('@', "", 1)), format!("{line}:{column}: {message}"));
        assert!(
            found.len() == 1 && found[0].starts_with(&expected),
            "{case}: {found:?}, not {expected}"
        );
    }
}

fn key<'w>(world: &'w World, id: &str) -> &'w AccessKey {
    world.directory.find(id).unwrap()
}

fn id(text: &str) -> NamespaceId {
    NamespaceId::parse(text).unwrap()
}

#[test]
fn the_documented_example_is_a_world() {
    let lines = include_str!("../world.rs").lines().skip_while(|line| *line != "//! ```yaml");
    let lines = lines.skip(1).take_while(|line| *line != "//! ```");
    let lines = lines.map(|line| line.trim_start_matches("//!").strip_prefix(' ').unwrap_or(""));
    let world = world(&lines.collect::<Vec<_>>().join("\n"));
    let names: Vec<_> = world.secrets.iter().map(|secret| secret.name.as_str()).collect();
    assert_eq!(names, ["registry-auth", "app-config"]);
    let test = id("cn-beijing:test");
    assert_eq!(world.namespaces[0].id, test);
    let quotas = &world.cloud.quotas;
    assert_eq!((quotas.secrets_in(&test), quotas.keys_in(&test)), (3, 10));
    assert_eq!(world.cloud.applications_in(&test)[0].secrets, ["app-config"]);
    assert!(world.cloud.has_clusters(&test));
    assert_eq!(world.secrets[1].data.get("k1").map(SecretValue::expose), Some("v1"));
    assert_eq!(world.kms_keys.len(), 1);
    let names = world.kms_secrets.iter().map(|secret| secret.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["db/main", "db/shared", "acs/ram/user/reader"]);
    let id = InstanceId::parse("kst-hangzhou0001").unwrap();
    let instance = world.kms.instance(&id).unwrap();
    assert_eq!((instance.secret_quota, instance.access_quota), (Some(100), Some(2)));
    assert_eq!(world.remarks, [""; 0]);
}

#[test]
fn the_development_world_is_a_world() {
    let world = world(include_str!("../../worlds/dev.yaml"));
    assert_eq!(
        world.cloud.regions[..2],
        ["cn-beijing", "cn-hangzhou"].map(|id| RegionId::parse(id).unwrap())
    );
    let ids: Vec<_> = world.namespaces.iter().map(|known| known.id.to_string()).collect();
    assert_eq!(ids, ["cn-beijing:test", "cn-beijing:dev"]);
    let place = |secret: &SeedSecret| format!("{}/{}", secret.namespace, secret.name.as_str());
    let places: Vec<_> = world.secrets.iter().map(place).collect();
    assert_eq!(places, ["cn-beijing:test/registry-auth", "cn-beijing/app-config"]);
    let keys: Vec<_> = world.kms_keys.iter().map(|key| key.alias.as_str()).collect();
    let secrets: Vec<_> = world.kms_secrets.iter().map(|secret| secret.name.as_str()).collect();
    assert_eq!((keys, secrets), (vec!["alias/app"], vec!["db/main", "db/rotated"]));
    assert_eq!(world.remarks, [""; 0]);
}

#[test]
fn what_is_left_out_is_as_always() {
    for text in
        ["", "\n", "# nothing\n", "---\n", "---\n...\n", "{}", "~", "\u{FEFF}", "upgrading: false"]
    {
        let (world, default) = (world(text), Cloud::default());
        assert_eq!(world.cloud.regions, default.regions, "{text:?}");
        assert_eq!(world.cloud.account, default.account, "{text:?}");
        assert_eq!(world.cloud.quotas, default.quotas, "{text:?}");
        assert!(!world.cloud.upgrading && world.namespaces.is_empty() && world.secrets.is_empty());
    }
    for mode in [DockerConfigMode::Strict, DockerConfigMode::Lenient] {
        assert_eq!(World::parse("", mode, &variable).unwrap().cloud.docker_config, mode);
    }
}

#[test]
fn every_mistake_of_meaning_is_told_in_file_order() {
    let text = "\
secrets:
  - { namespace: cn-beijing:nowhere, name: 1st, data: { ..k: v } }
namespaces:
  - { id: cn-beijing:TEST, name: '' }
regions: [cn-beijing, Beijing]
account: one
users: [{ name: 'a b', access_keys: [{ id: a, secret: '' }], policies: [Nothing] }]
";
    let places = told(text);
    let places: Vec<_> = places.iter().map(|told| told.split(' ').next().unwrap()).collect();
    assert_eq!(
        places,
        ["2:18:", "2:44:", "2:57:", "4:11:", "4:34:", "5:23:", "6:10:", "7:17:", "7:55:", "7:73:"]
    );
}

#[test]
fn the_settings_of_the_cloud_are_read() {
    let cloud = world(
        "\
upgrading: true
quotas: { namespaces: 0, secrets_per_namespace: 1000000, keys_per_secret: 7 }
regions: [cn-hangzhou, xx-future-9]
account: 0012
",
    )
    .cloud;
    assert!(cloud.upgrading);
    assert_eq!(cloud.account, "0012");
    let quotas = &cloud.quotas;
    let numbers = (quotas.namespaces, quotas.secrets_per_namespace, quotas.keys_per_secret);
    assert_eq!(numbers, (0, 1_000_000, 7));
    let regions: Vec<_> = cloud.regions.iter().map(ToString::to_string).collect();
    assert_eq!(regions, ["cn-hangzhou", "xx-future-9"]);
}

#[test]
fn the_settings_of_the_cloud_have_rules() {
    for bad in ["1e3", "-1", "''", "1 2", "١", "0x1"] {
        check("account: …", &format!("@{bad} => an account is digits only"));
    }
    check(
        "…",
        "
        regions: @[] => at least one region must be served
        regions: [cn-beijing, @Beijing] => not a region id; one looks like cn-beijing
        regions: [cn-beijing, @1] => not a region id
        regions: [cn-beijing, cn-hangzhou, @cn-beijing] => this region stands twice
        regions: [@Beijing]¶namespaces: [{ id: cn-beijing:test }] => not a region id
        upgrading: @yes => expected true or false
        upgrading: @1 => expected true or false
        quotas: { namespaces: @-1 } => expected a whole number
        quotas: { namespaces: @1.0 } => expected a whole number
        quotas: { namespaces: @1e3 } => expected a whole number
        quotas: { namespaces: @many } => expected a whole number
        quotas: { namespaces: @99999999999 } => expected a whole number
        quotas: { namespaces: @[1] } => expected
        quotas: { namespaces: @~ } => expected a whole number
        ",
    );
}
