//! The `secrets` of a world file: what they become, and every mistake with its place.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::format_push_string)]

use super::super::{
    World,
    tests::{told, variable, world},
};
use super::*;
use crate::sae::model::DockerConfigMode;

const DOCKER: &str = "type: kubernetes.io/dockerconfigjson";

/// A file whose only secret has this content from line 5, column 5 on.
fn secret(content: &str) -> String {
    let content = content.replace('\n', "\n    ");
    format!(
        "\
quotas: {{ keys_per_secret: 3 }}
secrets:
  - namespace: cn-beijing
    name: s
    {content}
"
    )
}

fn built(accounts: &[(&str, &str, &str)]) -> String {
    let owned = accounts
        .iter()
        .map(|(host, user, key)| ((*host).to_owned(), (*user).to_owned(), (*key).to_owned()));
    docker_config::build(&owned.collect::<Vec<_>>())
}

#[test]
fn a_secret_is_read() {
    let world = world(&secret("data: { a: 1.10, b: '', c: 'x y' }"));
    let [secret] = &world.secrets[..] else { panic!("one secret") };
    assert_eq!(secret.namespace.to_string(), "cn-beijing");
    assert_eq!((secret.name.as_str(), secret.secret_type), ("s", SecretType::Opaque));
    let pairs = secret.data.iter().map(|(key, value)| (key.as_str(), value.expose()));
    assert_eq!(pairs.collect::<Vec<_>>(), [("a", "1.10"), ("b", ""), ("c", "x y")]);
}

#[test]
fn registries_build_the_docker_configuration() {
    let registries = "\
registries:
  r.io: { username: u, password: 0123 }
  https://index.docker.io/v1/: { username: v, password: 'a:b' }";
    let made = world(&secret(&format!("{DOCKER}\n{registries}"))).secrets;
    let built = built(&[("r.io", "u", "0123"), ("https://index.docker.io/v1/", "v", "a:b")]);
    assert_eq!(made[0].data.get(DOCKER_CONFIG_KEY).map(SecretValue::expose), Some(built.as_str()));
    let given = secret(&format!("{DOCKER}\ndata: {{ {DOCKER_CONFIG_KEY}: {built} }}"));
    assert_eq!(world(&given).secrets, made);
}

#[test]
fn a_certificate_is_read() {
    let certificate = include_str!("../../../tests/fixtures/tls/p256.crt");
    let key = include_str!("../../../tests/fixtures/tls/p256.key");
    let block = |text: &str| text.replace('\n', "\n    ");
    let content = format!(
        "type: kubernetes.io/tls\ndata:\n  tls.crt: |\n    {}\n  tls.key: |\n    {}",
        block(certificate),
        block(key)
    );
    let world = world(&secret(&content));
    let value = |key| world.secrets[0].data.get(key).map(SecretValue::expose);
    assert_eq!((value("tls.crt"), value("tls.key")), (Some(certificate), Some(key)));
}

#[test]
fn namespace_name_and_content_are_needed() {
    assert_eq!(
        told("secrets:\n  - {}\n"),
        [
            "2:5: the key `data` is missing",
            "2:5: the key `name` is missing",
            "2:5: the key `namespace` is missing",
        ]
    );
    assert_eq!(told(&secret(DOCKER)), ["3:5: the key `data` or `registries` is missing"]);
}

#[test]
fn a_secret_lives_in_a_namespace_that_exists() {
    let text = "\
regions: [cn-x]
secrets:
  - { namespace: 'cn-x:A', name: s, data: { k: v } }
  - { namespace: cn-x:b, name: s, data: { k: v } }
  - { namespace: cn-x:a, name: s, data: { k: v } }
  - { namespace: cn-x, name: s, data: { k: v } }
  - { namespace: cn-y, name: s, data: { k: v } }
namespaces: [{ id: cn-x:a }]
";
    let told = told(text);
    assert!(told[0].starts_with("3:18: not a namespace id; "), "{told:?}");
    assert_eq!(
        told[1..],
        [
            "4:18: no such namespace; `namespaces` must list it",
            "7:18: the region of this namespace is not served; `regions` says which are",
        ]
    );
}

#[test]
fn namespaces_that_cannot_be_read_make_no_further_mistakes() {
    let text = "\
namespaces: x
secrets: [{ namespace: cn-beijing:a, name: s, data: { k: v } }]
";
    assert_eq!(told(text), ["1:13: expected a list, found a text"]);
}

#[test]
fn a_name_is_well_formed() {
    for bad in ["1st", "-s", "s.t", "''", "sécret", &"s".repeat(254)] {
        let text = format!("secrets: [{{ namespace: cn-beijing, name: {bad}, data: {{ k: v }} }}]");
        assert_eq!(told(&text), [format!("1:42: {NAME_RULE}")], "{bad}");
    }
}

#[test]
fn a_secret_stands_once_in_its_namespace() {
    let text = "\
secrets:
  - { namespace: cn-beijing, name: s, data: { k: v } }
  - { namespace: cn-hangzhou, name: s, data: { k: v } }
  - { name: s, namespace: cn-beijing, data: { k: } }
";
    assert_eq!(
        told(text),
        [
            "4:5: this secret stands twice; the first is at 2:5",
            "4:48: expected a text, found nothing; an empty text is written ''",
        ]
    );
}

#[test]
fn a_type_is_one_of_the_documented_ones() {
    let rule = "no such type; the types are Opaque, kubernetes.io/dockerconfigjson, \
                kubernetes.io/tls";
    for bad in ["opaque", "''", "kubernetes.io/basic-auth"] {
        let text = secret(&format!("type: {bad}\ndata: {{ k: v }}"));
        assert_eq!(told(&text), [format!("5:11: {rule}")]);
    }
}

#[test]
fn there_are_no_more_secrets_than_the_quota() {
    let mut text = "\
quotas: { secrets_per_namespace: 2 }
namespaces: [{ id: cn-beijing, quotas: { secrets_per_namespace: 1 } }]
secrets:
"
    .to_owned();
    for place in [
        "cn-beijing, name: a",
        "cn-hangzhou, name: a",
        "cn-hangzhou, name: b",
        "cn-beijing, name: b",
        "cn-hangzhou, name: c",
        "cn-beijing, name: c",
    ] {
        text += &format!("  - {{ namespace: {place}, data: {{ k: v }} }}\n");
    }
    assert_eq!(
        told(&text),
        [
            "7:5: the quota of this namespace is 1 secrets; from here on there are more",
            "8:5: the quota of this namespace is 2 secrets; from here on there are more",
        ]
    );
}

#[test]
fn there_are_no_more_keys_than_the_quota() {
    assert_eq!(world(&secret("data: { a: 1, b: 2, c: 3 }")).secrets[0].data.key_count(), 3);
    assert_eq!(
        told(&secret("data: { a: 1, b: 2, c: 3, d: 4, e: 5 }")),
        ["5:31: the quota is 3 keys a secret; from here on there are more"]
    );
    let text = "\
namespaces: [{ id: cn-beijing:a, quotas: { keys_per_secret: 0 } }]
secrets:
  - namespace: cn-beijing:a
    name: s
    type: kubernetes.io/dockerconfigjson
    registries: { r.io: { username: u, password: p } }
  - { namespace: cn-beijing:a, name: t, data: { k: v } }
";
    assert_eq!(
        told(text),
        [
            "6:5: the quota is 0 keys a secret; from here on there are more",
            "7:49: the quota is 0 keys a secret; from here on there are more",
        ]
    );
}

#[test]
fn keys_and_values_are_well_formed() {
    let text = "\
secrets:
  - namespace: cn-beijing
    name: s
    data:
      a b: v
      ..: v
      n: null
      l: []
      '': ~
";
    let nothing = "expected a text, found nothing; an empty text is written ''";
    assert_eq!(
        told(text),
        [
            format!("5:7: {KEY_RULE}").as_str(),
            &format!("6:7: {KEY_RULE}"),
            &format!("7:10: {nothing}"),
            "8:10: expected a text, found a list",
            &format!("9:7: {KEY_RULE}"),
            &format!("9:11: {nothing}"),
        ]
    );
    assert_eq!(told(&secret("data: {}")), ["5:11: a secret needs at least one key"]);
    assert_eq!(told(&secret("data:")), ["5:9: expected a mapping, found nothing"]);
}

#[test]
fn values_are_not_too_large() {
    let text = |length: usize| secret(&format!("data: {{ k: {}, l: x }}", "v".repeat(length)));
    assert_eq!(world(&text(1_048_575)).secrets.len(), 1);
    assert_eq!(
        told(&text(1_048_576)),
        ["5:11: the values have 1048577 bytes together, at most 1048576 are allowed"]
    );
}

#[test]
fn the_rules_of_the_types_hold() {
    for (content, expected) in [
        (
            format!("{DOCKER}\ndata: {{ k: v }}"),
            "6:11: the key `.dockerconfigjson` is missing; secrets of type \
             kubernetes.io/dockerconfigjson need it",
        ),
        (
            format!("data:\n  k: v\n  .dockerconfigjson: '?'\n{DOCKER}"),
            "7:26: .dockerconfigjson: the value is not base64",
        ),
        (
            "type: kubernetes.io/tls\ndata: { tls.crt: x }".to_owned(),
            "6:11: the key `tls.key` is missing; secrets of type kubernetes.io/tls need it",
        ),
        (
            "type: kubernetes.io/tls\ndata: { tls.key: x, tls.crt: x }".to_owned(),
            "6:34: tls.crt: the value is neither PEM nor base64 of PEM",
        ),
    ] {
        assert_eq!(told(&secret(&content)), [expected], "{content}");
    }
}

#[test]
fn only_docker_configurations_have_registries() {
    let registries = "registries: { r.io: { username: u, password: p } }";
    let rule = "only secrets of type kubernetes.io/dockerconfigjson have registries";
    assert_eq!(told(&secret(registries)), [format!("5:5: {rule}")]);
    let tls = format!("type: kubernetes.io/tls\n{registries}");
    assert_eq!(told(&secret(&tls)), [format!("6:5: {rule}")]);
}

#[test]
fn data_and_registries_do_not_stand_together() {
    let registries = "registries: { r.io: { username: u, password: p } }";
    let data = format!("data: {{ {DOCKER_CONFIG_KEY}: {} }}", built(&[("r.io", "u", "p")]));
    for (first, second) in [(data.as_str(), registries), (registries, &data)] {
        assert_eq!(
            told(&secret(&format!("{first}\n{second}\n{DOCKER}"))),
            ["6:5: a secret has either `data` or `registries`, not both"]
        );
    }
}

#[test]
fn every_registry_is_judged() {
    let registries = "\
registries:
  'user@r.io': { username: u, password: p }
  good.io: { username: u, password: p }
  r.io: { username: 'u:v', password: p }
  s.io: { username: u, password: '' }
  t.io: { username: ~, pass: x }
  u.io: x";
    assert_eq!(
        told(&secret(&format!("{DOCKER}\n{registries}"))),
        [
            "7:7: this registry cannot be used: the name must not hold user information",
            "9:7: this registry cannot be used: username holds a colon",
            "10:7: this registry cannot be used: password is empty",
            "11:13: the key `password` is missing",
            "11:25: expected a text, found nothing; an empty text is written ''",
            "11:28: unknown key; the keys here are username, password",
            "12:13: expected a mapping, found a text",
        ]
    );
    let empty = secret(&format!("{DOCKER}\nregistries: {{}}"));
    assert_eq!(told(&empty), ["6:17: at least one registry is needed"]);
}

#[test]
fn lenient_docker_configurations_are_looked_at_from_outside_only() {
    let registries = "registries: { 'a b': { username: 'u:v', password: '' } }";
    let text = secret(&format!("{DOCKER}\n{registries}"));
    assert_eq!(
        told(&text),
        ["6:19: this registry cannot be used: the name holds a space or a control character"]
    );
    assert_eq!(World::parse(&text, DockerConfigMode::Lenient, &variable).unwrap().secrets.len(), 1);
}
