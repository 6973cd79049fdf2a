//! The `secrets` of a world file.

use super::*;
use crate::sae::model::{DOCKER_CONFIG_KEY, docker_config};

const DOCKER: &str = "type: kubernetes.io/dockerconfigjson";

const SECRET: &str =
    "{ quotas: { keys_per_secret: 3 }, secrets: [{ namespace: cn-beijing, name: s, … }] }";

/// A file with a secret of this content.
fn secret(content: &str) -> String {
    SECRET.replace('…', content)
}

fn built(accounts: &[(&str, &str, &str)]) -> String {
    let owned = accounts.iter().map(|(host, name, password)| {
        ((*host).to_owned(), (*name).to_owned(), (*password).to_owned())
    });
    docker_config::build(&owned.collect::<Vec<_>>())
}

#[test]
fn secrets_are_read() {
    let read = world(&secret("data: { c: 1.10, b: '', a: 'x y' }")).secrets;
    let [opaque] = &read[..] else { panic!("one secret") };
    assert_eq!((opaque.name.as_str(), opaque.secret_type), ("s", SecretType::Opaque));
    let pairs = opaque.data.iter().map(|(key, value)| (key, value.expose()));
    assert_eq!(pairs.collect::<Vec<_>>(), [("c", "1.10"), ("b", ""), ("a", "x y")]);

    let registries = "registries: { r.io: { username: u, password: 0123 }, \
                      https://index.docker.io/v1/: { username: v, password: 'a:b' } }";
    let made = world(&secret(&format!("{DOCKER}, {registries}"))).secrets;
    let config = built(&[("r.io", "u", "0123"), ("https://index.docker.io/v1/", "v", "a:b")]);
    assert_eq!(made[0].data.get(DOCKER_CONFIG_KEY).map(SecretValue::expose), Some(&*config));
    let given = format!("{DOCKER}, data: {{ {DOCKER_CONFIG_KEY}: {config} }}");
    assert_eq!(world(&secret(&given)).secrets, made);

    let certificate = include_str!("../../../tests/fixtures/tls/p256.crt");
    let key = include_str!("../../../tests/fixtures/tls/p256.key");
    let pair =
        format!("type: kubernetes.io/tls, data: {{ tls.crt: {certificate:?}, tls.key: {key:?} }}");
    let tls = world(&secret(&pair)).secrets;
    assert_eq!(tls[0].data.get("tls.crt").map(SecretValue::expose), Some(certificate));
}

#[test]
fn secrets_have_rules() {
    for bad in ["1st", "-s", "s.t", "''", "sécret", &"s".repeat(254)] {
        let message = "a secret's name is a letter, then letters, digits, '-' and '_', at most 253";
        let file = "secrets: [{ namespace: cn-beijing, name: …, data: { k: v } }]";
        check(file, &format!("@{bad} => {message}"));
    }
    let large = "v".repeat(1_048_575);
    world(&secret(&format!("data: {{ k: {large}, l: x }}")));
    let message = "the values have 1048577 bytes together, at most 1048576 are allowed";
    check(SECRET, &format!("data: @{{ k: {large}, l: xy }} => {message}"));
    check(
        SECRET,
        "
        type: @opaque, data: { k: v } => no such type; the types are Opaque, kubernetes.io/dockerconfigjson, kubernetes.io/tls
        registries: @{ r.io: { username: u, password: p } } => only kubernetes.io/dockerconfigjson secrets have registries
        data: { @a b: v } => a key of a secret has 1 to 253 letters, digits, '-', '_' and '.'
        data: { @'': v } => a key of a secret
        data: { @..a: v } => a key of a secret
        data: @{} => a secret needs at least one key
        data: { 1: a, @'1': b } => this key stands twice; the first is at 1:87
        data: { a: 1, b: 2, c: 3, @d: 4, e: 5 } => the quota of 3 keys is full before this one
        type: kubernetes.io/tls, data: @{ tls.crt: x } => the key `tls.key` is missing; secrets of this type need it
        type: kubernetes.io/tls, data: { tls.key: x, tls.crt: @x } => tls.crt: the value is neither PEM nor base64 of PEM
        ",
    );
    check(
        &secret(&format!("{DOCKER}, …")),
        "
        data: @{ k: v } => the key `.dockerconfigjson` is missing; secrets of this type need it
        data: { .dockerconfigjson: @'?' } => .dockerconfigjson: the value is not base64
        registries: @{} => at least one registry is needed
        registries: { @u@r.io: { username: u, password: p } } => this registry cannot be used: the name must not hold
        registries: { @r.io: { username: 'u:v', password: p } } => this registry cannot be used: username holds a colon
        registries: { @r.io: { username: u, password: '' } } => this registry cannot be used: password is empty
        ",
    );
    let both = format!(
        "registries: {{ r.io: {{ username: u, password: p }} }}, data: {{ {DOCKER_CONFIG_KEY}: {} }}",
        built(&[("r.io", "u", "p")])
    );
    for content in [DOCKER, "type: Opaque", &format!("{DOCKER}, {both}")] {
        let message = "a secret has either `data` or, for an image registry, `registries`";
        check(
            "secrets: […]",
            &format!("@{{ namespace: cn-beijing, name: s, {content} }} => {message}"),
        );
    }
    let lenient =
        secret(&format!("{DOCKER}, registries: {{ 'a b': {{ username: 'u:v', password: '' }} }}"));
    assert_eq!(
        World::parse(&lenient, DockerConfigMode::Lenient, &variable).unwrap().secrets.len(),
        1
    );
}

#[test]
fn secrets_live_in_namespaces() {
    let file = |places: &[&str]| {
        let start = "
regions: [cn-x, cn-z]
quotas: { secrets_per_namespace: 2 }
namespaces: [{ id: cn-x:a, quotas: { secrets_per_namespace: 1 } }]
secrets:
";
        let secret = |place: &&str| format!("  - {{ namespace: {place}, data: {{ k: v }} }}\n");
        start.to_owned() + &places.iter().map(secret).collect::<String>()
    };
    world(&file(&["cn-x:a, name: s", "cn-x, name: s", "cn-x, name: t", "cn-z, name: s"]));
    assert_eq!(
        told(&file(&[
            "cn-x:b, name: s",
            "cn-y, name: s",
            "cn-x, name: s",
            "cn-x, name: s",
            "cn-x:a, name: s",
            "cn-x:a, name: t",
            "cn-x, name: t",
            "cn-x, name: u",
            "cn-x, name: v",
        ])),
        [
            "6:18: no such namespace; `namespaces` must list it",
            "7:18: the region of this namespace is not served; `regions` says which are",
            "9:5: this secret stands twice; the first is at 8:5",
            "11:5: the quota of 1 secrets is full before this one",
            "13:5: the quota of 2 secrets is full before this one",
        ]
    );
}
