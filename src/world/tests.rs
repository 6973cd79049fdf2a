//! World files: what they become, and every mistake with its place.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod shape;

use super::*;
use crate::{
    access::{
        AccessKey, KeyMaterial, KeyStatus, Known, Owner,
        policy::{Decision, Environment, KEYS, OPERATORS, Policy, evaluate},
    },
    domain::{DOCKER_CONFIG_KEY, SecretValue, Timestamp, docker_config},
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
    let found = World::parse(text, DockerConfigMode::Strict, &variable).expect_err(text);
    found.iter().map(ToString::to_string).collect()
}

/// Holds what is told of files to what is expected; `@` in a file marks where it is told.
#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let (mut found, mut expected) = (Vec::new(), Vec::new());
    for (marked, message) in cases {
        let before = marked.split('@').next().unwrap();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        expected.push((marked, vec![format!("{line}:{column}: {message}")]));
        found.push((marked, told(&marked.replacen('@', "", 1))));
    }
    assert_eq!(found, expected);
}

fn key<'w>(world: &'w World, id: &str) -> (&'w AccessKey, &'w Owner) {
    match world.directory.find(id) {
        Some(Known::Key(key, owner)) => (key, owner),
        other => panic!("a key, not {other:?}"),
    }
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
    assert_eq!(world.remarks(), [""; 0]);
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
    let place = |secret: &WorldSecret| format!("{}/{}", secret.namespace, secret.name.as_str());
    let places: Vec<_> = world.secrets.iter().map(place).collect();
    assert_eq!(places, ["cn-beijing:test/registry-auth", "cn-beijing/app-config"]);
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
        check(&[(&format!("account: @{bad}"), "an account is digits only")]);
    }
    let region = "not a region id; one looks like cn-beijing";
    check(&[
        ("regions: @[]", "at least one region must be served"),
        ("regions: [cn-beijing, @Beijing]", region),
        ("regions: [cn-beijing, @1]", region),
        ("regions: [cn-beijing, cn-hangzhou, @cn-beijing]", "this region stands twice"),
        // Wrong regions make no further mistakes.
        ("regions: [@Beijing]\nnamespaces: [{ id: cn-beijing:test }]", region),
        ("upgrading: @yes", "expected true or false"),
        ("upgrading: @1", "expected true or false"),
    ]);
    for bad in ["-1", "1.0", "1e3", "many", "99999999999", "[1]", "~"] {
        let text = format!("quotas: {{ namespaces: {bad} }}");
        assert!(told(&text)[0].starts_with("1:23: expected "), "{bad}: {:?}", told(&text));
    }
    check(&[("quotas: { @namespaces: 1000001 }", "expected a whole number from 0 to 1000000")]);
}

#[test]
fn a_namespace_is_read_with_what_stands_in_it() {
    let world = world(
        "\
quotas: { namespaces: 2 }
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
  - { id: cn-beijing, quotas: { secrets_per_namespace: 1 }, applications: [{ name: a }], clusters: [c] }
",
    );
    let [a, b] = &world.namespaces[..] else { panic!("two namespaces") };
    assert_eq!((a.name.as_str(), a.description.as_str()), ("a1", ""));
    assert_eq!((b.name.as_str(), b.description.as_str()), ("Bé", "about b"));
    let cloud = &world.cloud;
    assert_eq!((cloud.quotas.keys_in(&b.id), cloud.quotas.secrets_in(&b.id)), (0, 100));
    let [one, two] = cloud.applications_in(&b.id) else { panic!("two applications") };
    assert_eq!(
        (one.name.as_str(), &one.secrets[..]),
        ("one", &["not-there-yet".into(), "s".into()][..])
    );
    assert_eq!((two.id.as_str(), two.name.as_str(), two.secrets.len()), ("f16b4000", "two", 0));
    assert_eq!(cloud.clusters[&b.id], ["c1", "2"]);
    assert!(!cloud.has_clusters(&a.id));
    let default = id("cn-beijing");
    assert_eq!(cloud.quotas.secrets_in(&default), 1);
    assert!(cloud.has_clusters(&default) && cloud.applications_in(&default).len() == 1);
}

#[test]
fn an_application_without_an_id_has_the_same_one_at_every_start() {
    let made = |account: u32, name: &str| {
        let applications = format!("applications: [{{ name: {name} }}]");
        let text =
            format!("account: {account}\nnamespaces: [{{ id: cn-beijing:b, {applications} }}]");
        world(&text).cloud.applications_in(&id("cn-beijing:b"))[0].id.clone()
    };
    assert_eq!(made(1, "one"), "ad87f71e-bcb8-5dda-8662-1ac6731281ab");
    assert_ne!(made(1, "one"), made(2, "one"));
    assert_ne!(made(1, "one"), made(1, "two"));
}

#[test]
fn namespaces_have_rules() {
    let rule = "not a namespace id; one is REGION:ID, where ID is 1 to 32 lower-case letters and digits, or a REGION \
                alone for its default namespace";
    for bad in [
        "cn-x:",
        "cn-x:A",
        "cn-x:a_b",
        "cn-x:a:b",
        "cn-x: a",
        "beijing",
        ":a",
        "",
        &format!("cn-x:{}", "1".repeat(33)),
    ] {
        check(&[(&format!("regions: [cn-x]\nnamespaces: [{{ id: @'{bad}' }}]"), rule)]);
    }
    let name = "a namespace's name has 1 to 64 characters, no control characters";
    let description = "a namespace's description has at most 100 characters, no control characters";
    let label = "expected a text that is not empty, no control characters";
    let secret =
        "a secret's name is a letter, then letters, digits, '-' and '_', at most 253 characters";
    let field = |field: &str| format!("namespaces: [{{ id: cn-beijing:a, {field} }}]");
    world(&field(&format!("name: {}, description: {}", "é".repeat(64), "é".repeat(100))));
    check(&[
        (&field(&format!("name: @{}", "é".repeat(65))), name),
        (&field("name: @''"), name),
        (&field("name: @\"\\a\""), name),
        (&field(&format!("description: @{}", "é".repeat(101))), description),
        (&field("description: @\"\\0\""), description),
        (&field("applications: [{ name: @'' }]"), label),
        (&field("applications: [{ name: a, id: @'' }]"), label),
        (&field("applications: [{ name: a, secrets: [@-s] }]"), secret),
        (
            &field("applications: [{ name: a }, @{ name: a }]"),
            "this application stands twice; the first is at 1:49",
        ),
        (&field("clusters: [@\"\\0\"]"), label),
        (
            "namespaces: [{ id: cn-beijing, name: @a }]",
            "a region's default namespace has no name of its own",
        ),
        (
            "namespaces: [{ id: cn-beijing, description: @'' }]",
            "a region's default namespace has no description of its own",
        ),
        (
            "regions: [cn-x]\nnamespaces: [{ id: @cn-y:a }, { id: cn-x:a }]",
            "the region of this namespace is not served; `regions` says which are",
        ),
        (
            "namespaces: [{ id: cn-beijing }, @{ id: cn-beijing }]",
            "this namespace stands twice; the first is at 1:14",
        ),
        (
            "quotas: { namespaces: 1 }\nnamespaces: [{ id: cn-beijing:a }, { id: cn-beijing }, @{ id: cn-beijing:b }, { id: cn-beijing:c }]",
            "the quota is 1 namespaces; from here on there are more",
        ),
    ]);
}

const DOCKER: &str = "type: kubernetes.io/dockerconfigjson";

/// A file with a secret of this content.
fn secret(content: &str) -> String {
    format!(
        "quotas: {{ keys_per_secret: 3 }}\nsecrets:\n  - {{ namespace: cn-beijing, name: s, {content} }}"
    )
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
    let pairs = opaque.data.iter().map(|(key, value)| (key.as_str(), value.expose()));
    assert_eq!(pairs.collect::<Vec<_>>(), [("c", "1.10"), ("b", ""), ("a", "x y")]);

    let registries = "registries: { r.io: { username: u, password: 0123 }, \
                      https://index.docker.io/v1/: { username: v, password: 'a:b' } }";
    let made = world(&secret(&format!("{DOCKER}, {registries}"))).secrets;
    let config = built(&[("r.io", "u", "0123"), ("https://index.docker.io/v1/", "v", "a:b")]);
    assert_eq!(made[0].data.get(DOCKER_CONFIG_KEY).map(SecretValue::expose), Some(&*config));
    let given = format!("{DOCKER}, data: {{ {DOCKER_CONFIG_KEY}: {config} }}");
    assert_eq!(world(&secret(&given)).secrets, made);

    let certificate = include_str!("../../tests/fixtures/tls/p256.crt");
    let key = include_str!("../../tests/fixtures/tls/p256.key");
    let pair =
        format!("type: kubernetes.io/tls, data: {{ tls.crt: {certificate:?}, tls.key: {key:?} }}");
    let tls = world(&secret(&pair)).secrets;
    assert_eq!(tls[0].data.get("tls.crt").map(SecretValue::expose), Some(certificate));
}

#[test]
fn secrets_have_rules() {
    let missing = "a secret has `data`, or for an image registry `registries` in its place";
    let only = "only secrets of type kubernetes.io/dockerconfigjson have registries";
    let key = "a key of a secret has 1 to 253 letters, digits, '-', '_' and '.'; it is not '.' and does not begin \
               with '..'";
    let name =
        "a secret's name is a letter, then letters, digits, '-' and '_', at most 253 characters";
    let types =
        "no such type; the types are Opaque, kubernetes.io/dockerconfigjson, kubernetes.io/tls";
    let registries = |registries: &str| secret(&format!("{DOCKER}, registries: {registries}"));
    for bad in ["1st", "-s", "s.t", "''", "sécret", &"s".repeat(254)] {
        let text =
            format!("secrets: [{{ namespace: cn-beijing, name: @{bad}, data: {{ k: v }} }}]");
        check(&[(&text, name)]);
    }
    let large = "v".repeat(1_048_575);
    world(&secret(&format!("data: {{ k: {large}, l: x }}")));
    check(&[
        ("secrets: [@{ namespace: cn-beijing, name: s }]", missing),
        (
            "secrets: [@{ namespace: cn-beijing, name: s, type: kubernetes.io/dockerconfigjson, \
             data: { .dockerconfigjson: eyJhdXRocyI6eyJyLmlvIjp7InVzZXJuYW1lIjoidSIsInBhc3N3b3JkIjoicCIsImF1dGgiOiJkVHB3In19fQ== }, registries: { r.io: { username: u, password: p } } }]",
            missing,
        ),
        (&secret("registries: @{ r.io: { username: u, password: p } }"), only),
        (&secret("type: @opaque, data: { k: v }"), types),
        (&secret("data: { @a b: v }"), key),
        (&secret("data: { @'': v }"), key),
        (&secret("data: @{}"), "a secret needs at least one key"),
        (&secret("data: { 1: a, @'1': b }"), "this key stands twice; the first is at 3:47"),
        (
            &secret("data: { a: 1, b: 2, c: 3, @d: 4, e: 5 }"),
            "the quota is 3 keys a secret; from here on there are more",
        ),
        (
            &secret(&format!("data: @{{ k: {large}, l: xy }}")),
            "the values have 1048577 bytes together, at most 1048576 are allowed",
        ),
        (
            &secret(&format!("{DOCKER}, data: @{{ k: v }}")),
            "the key `.dockerconfigjson` is missing; secrets of this type need it",
        ),
        (
            &secret(&format!("data: {{ k: v, .dockerconfigjson: @'?' }}, {DOCKER}")),
            ".dockerconfigjson: the value is not base64",
        ),
        (
            &secret("type: kubernetes.io/tls, data: { tls.key: x, tls.crt: @x }"),
            "tls.crt: the value is neither PEM nor base64 of PEM",
        ),
        (&registries("@{}"), "at least one registry is needed"),
        (
            &registries(
                "{ @u@r.io: { username: u, password: p }, g.io: { username: u, password: p } }",
            ),
            "this registry cannot be used: the name must not hold user information",
        ),
        (
            &registries("{ @r.io: { username: 'u:v', password: p } }"),
            "this registry cannot be used: username holds a colon",
        ),
        (
            &registries("{ @r.io: { username: u, password: '' } }"),
            "this registry cannot be used: password is empty",
        ),
    ]);
    let lenient = registries("{ 'a b': { username: 'u:v', password: '' } }");
    assert_eq!(
        World::parse(&lenient, DockerConfigMode::Lenient, &variable).unwrap().secrets.len(),
        1
    );
}

#[test]
fn secrets_live_in_namespaces() {
    let secret = |place: &str| format!("{{ namespace: {place}, data: {{ k: v }} }}");
    let text = |quotas: &str, places: &[&str]| {
        let secrets: Vec<_> =
            places.iter().map(|place| format!("  - {}\n", secret(place))).collect();
        format!(
            "regions: [cn-x, cn-z]\n{quotas}\nnamespaces: [{{ id: cn-x:a, quotas: {{ secrets_per_namespace: 1 }} }}]\nsecrets:\n{}",
            secrets.concat()
        )
    };
    world(&text("", &["cn-x:a, name: s", "cn-x, name: s", "cn-z, name: s"]));
    assert_eq!(
        told(&text(
            "quotas: { secrets_per_namespace: 2 }",
            &[
                "cn-x:b, name: s",
                "cn-y, name: s",
                "cn-x, name: s",
                "cn-x, name: s",
                "cn-x:a, name: s",
                "cn-x:a, name: t",
                "cn-x, name: t",
                "cn-x, name: u",
                "cn-x, name: v",
            ]
        )),
        [
            "5:18: no such namespace; `namespaces` must list it",
            "6:18: the region of this namespace is not served; `regions` says which are",
            "8:5: this secret stands twice; the first is at 7:5",
            "10:5: the quota of this namespace is 1 secrets; from here on there are more",
            "12:5: the quota of this namespace is 2 secrets; from here on there are more",
        ]
    );
}

#[test]
fn users_and_their_keys_are_read() {
    let world = world(&format!(
        "\
sts:
  - {{ id: '${{STS_ID}}', secret: '${{DOLLAR}}', token: 'x/+=', expires: 2030-01-01T08:00:00+08:00, user: a.b-c_D1 }}
users:
  - {{ name: keyless }}
  - name: a.b-c_D1
    access_keys:
      - {{ id: LTAI5tOne, secret: 0123 }}
      - {{ id: LTAI5tTwo, secret: '!*', status: Inactive }}
root: {{ access_keys: [{{ id: LTAI5tPair, public_key: {PUBLIC_KEY:?} }}, {{ id: '${{KEY_ID}}', public_key: '${{PEM}}' }}] }}
"
    ));
    let secret = |text: &str| KeyMaterial::Secret(text.to_owned().into());
    let (one, owner) = key(&world, "LTAI5tOne");
    assert!(one.material == secret("0123") && one.status == KeyStatus::Active);
    assert!(
        matches!(owner, Owner::User(user) if user.name == "a.b-c_D1" && user.policies.is_empty())
    );
    let (two, _) = key(&world, "LTAI5tTwo");
    assert!(two.material == secret("!*") && two.status == KeyStatus::Inactive);
    for pair in ["LTAI5tPair", "LTAI5tLent"] {
        assert!(matches!(
            key(&world, pair),
            (AccessKey { material: KeyMaterial::Rsa(_), .. }, Owner::Root)
        ));
    }
    assert_eq!(world.directory.find("LTAI5tone"), None);
    let Some(Known::Session(session)) = world.directory.find("STS.lent") else {
        panic!("a session")
    };
    assert_eq!((session.expires, &*session.user.name), (Timestamp(1_893_456_000_000), "a.b-c_D1"));
    assert!(session.has_token(b"x/+=") && !session.has_token(b"x/+") && !session.has_token(b""));
    // What a variable holds is not looked into again.
    assert_eq!(session.secret.as_str(), "${KEY_ID}");
}

#[test]
fn users_and_their_keys_have_rules() {
    let id = "an access key id has 1 to 128 letters, digits, '.', '-' and '_', and does not begin with 'STS.', which \
              is for temporary keys";
    let secret = "a secret has 1 to 256 characters, all of them visible ASCII";
    let pem = "not a public key in PEM (-----BEGIN PUBLIC KEY-----)";
    let form = "a variable of the environment is written ${NAME}, with nothing around it";
    let not_set = "this variable of the environment is not set, or not UTF-8";
    let (long_id, long_secret) = ("a".repeat(129), "a".repeat(257));
    let proof = "a key has either a `secret` or, for RSA signatures, a `public_key`";
    for (key, message) in [
        ("{ id: @STS.a, secret: s }", id),
        ("{ id: @'a b', secret: s }", id),
        ("{ id: @'', secret: s }", id),
        (&format!("{{ id: @{long_id}, secret: s }}"), id),
        ("@{ id: a }", proof),
        ("@{ id: a, secret: s, public_key: p }", proof),
        ("{ id: a, secret: s, status: @active }", "a status is Active or Inactive"),
        ("{ id: a, secret: @'' }", secret),
        ("{ id: a, secret: @'a b' }", secret),
        ("{ id: a, secret: @\u{e9} }", secret),
        (&format!("{{ id: a, secret: @{long_secret} }}"), secret),
        ("{ id: a, public_key: @nonsense }", pem),
        ("{ id: a, public_key: @'' }", pem),
        ("{ id: a, secret: @'${UNSET}' }", not_set),
        ("{ id: a, secret: @'${EMPTY}' }", secret),
        ("{ id: a, secret: @'${SPACE}' }", secret),
        ("{ id: a, secret: @'x${KEY_ID}' }", form),
        ("{ id: a, secret: @'${KEY_ID}x' }", form),
        ("{ id: a, secret: @'${}' }", form),
        ("{ id: a, secret: @'${1A}' }", form),
        ("{ id: a, secret: @'${A-B}' }", form),
        ("{ id: a, secret: @'${KEY_ID' }", form),
    ] {
        check(&[(&format!("root:\n  access_keys:\n    - {key}"), message)]);
    }
    let twice = "this access key id stands twice";
    let name = "a user's name has 1 to 64 letters, digits, '.', '-' and '_'";
    check(&[
        ("users: [{ name: @'' }]", name),
        ("users: [{ name: @a b }]", name),
        ("users: [{ name: a }, @{ name: a }]", "this user stands twice; the first is at 1:9"),
        ("root: { access_keys: [{ id: a, secret: s }, { id: @a, secret: t }] }", twice),
        (
            "root: { access_keys: [{ id: @a, secret: s }] }\nusers: [{ name: u, access_keys: [{ id: a, secret: s }] }]",
            twice,
        ),
    ]);
    let session = "the id of a temporary key begins with 'STS.'; it has 5 to 128 letters, digits, '.', '-' and '_'";
    let moment = "not a moment; one looks like 2030-01-01T00:00:00Z";
    let whole = "id: STS.a, secret: s, token: t, expires: 2030-01-01T00:00:00Z, user: u";
    for (from, to, message) in [
        ("STS.a", "@LTAI5t", session),
        ("STS.a", "@STS.", session),
        ("STS.a", "@sts.a", session),
        (
            "token: t",
            "token: @'a b'",
            "a security token has 1 to 4096 characters, all of them visible ASCII",
        ),
        ("2030-01-01T00:00:00Z", "@2030-01-01", moment),
        ("2030-01-01T00:00:00Z", "@2030-01-01T00:00:00", moment),
        ("user: u", "user: @v", "no such user; `users` must list it"),
    ] {
        let text = format!("users: [{{ name: u }}]\nsts:\n  - {{ {} }}", whole.replace(from, to));
        check(&[(&text, message)]);
    }
    check(&[(
        &format!(
            "users: [{{ name: u }}]\nsts: [{{ {whole} }}, {{ {} }}]",
            whole.replace("STS.a", "@STS.a")
        ),
        twice,
    )]);
}

/// The policies of a user to whom a file gives these.
fn policies(text: &str) -> Vec<Policy> {
    let text =
        format!("users: [{{ name: u, access_keys: [{{ id: a, secret: s }}], policies: {text} }}]");
    match key(&world(&text), "a").1 {
        Owner::User(user) => user.policies.clone(),
        Owner::Root => panic!("a user's key"),
    }
}

fn decide(policies: &[Policy], action: &str, source: &str) -> Decision {
    let now = Timestamp(1_767_323_045_000);
    let environment = Environment { source: source.parse().ok(), is_secure: true, now };
    evaluate(policies, action, "acs:sae:cn-beijing:1:*", &environment)
}

#[test]
fn a_document_is_read_as_ram_writes_it() {
    let policies = policies(
        r#"["AliyunOSSFullAccess", {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["sae:Describe*", "sae:List*"],
                "Resource": "*",
                "Condition": {
                    "IpAddress": { "acs:SourceIp": ["192.0.2.0/24", "2001:db8::/32"] },
                    "Bool": { "acs:SecureTransport": true },
                    "NumericGreaterThan": { "acs:CurrentTime": 1767323044 }
                }
            },
            { "Effect": "Deny", "NotAction": "sae:*Secret*", "NotResource": ["acs:x:*:*:*"] }
        ]
    }]"#,
    );
    assert_eq!(policies.len(), 1);
    for (action, source, expected) in [
        ("sae:DescribeSecret", "192.0.2.1", Decision::Allowed),
        ("sae:ListSecrets", "2001:db8::5", Decision::Allowed),
        ("sae:ListSecrets", "198.51.100.1", Decision::ImplicitlyDenied),
        ("sae:CreateSecret", "192.0.2.1", Decision::ImplicitlyDenied),
        ("sae:DescribeNamespace", "192.0.2.1", Decision::ExplicitlyDenied),
    ] {
        assert_eq!(decide(&policies, action, source), expected, "{action} from {source}");
    }
}

#[test]
fn policies_have_rules() {
    let system = "unknown system policy; there are AdministratorAccess, AliyunSAEFullAccess, AliyunSAEReadOnlyAccess, \
                  and those of other services; others are written out here";
    let policy = |text: &str| format!("users: [{{ name: u, policies: [{text}] }}]");
    for bad in [
        "AliyunSAEFulAccess",
        "AliyunSaeFullAccess1",
        "Administrator",
        "''",
        "AliyunOSS FullAccess",
    ] {
        check(&[(&policy(&format!("@{bad}")), system)]);
    }
    check(&[(&policy("{ Version: @'2', Statement: [] }"), "the version of a policy is \"1\"")]);
    let (action, resource) = (
        "an action is SERVICE:ACTION, such as sae:DescribeSecret or sae:List*, or * alone",
        "a resource is acs:SERVICE:REGION:ACCOUNT:ID, or * alone",
    );
    let operators = format!("unknown condition operator; there are {}", OPERATORS.join(", "));
    let keys = format!("unknown condition key; there are {}", KEYS.join(", "));
    for (statement, message) in [
        ("@{ Effect: Allow, Resource: '*' }", "a statement has either `Action` or `NotAction`"),
        (
            "@{ Effect: Allow, Action: '*', NotAction: '*', Resource: '*' }",
            "a statement has either `Action` or `NotAction`",
        ),
        ("@{ Effect: Allow, Action: '*' }", "a statement has either `Resource` or `NotResource`"),
        ("{ Effect: @allow, Action: '*', Resource: '*' }", "an effect is Allow or Deny"),
        ("{ Effect: Deny, Action: @ListSecrets, Resource: '*' }", action),
        ("{ Effect: Deny, Action: ['*', @''], Resource: '*' }", action),
        ("{ Effect: Deny, NotAction: @sae, Resource: '*' }", action),
        ("{ Effect: Deny, Action: '*', Resource: @secret/1 }", resource),
    ] {
        check(&[(&policy(&format!("{{ Version: '1', Statement: [{statement}] }}")), message)]);
    }
    for (condition, message) in [
        ("@IpAdress: { acs:SourceIp: 192.0.2.1 }", &*operators),
        ("StringEquals: { @acs:SourceIP: x }", &*keys),
        ("Bool: { @acs:SourceIp: 'true' }", "this operator does not fit the condition key"),
        ("Bool: { acs:SecureTransport: @'yes' }", "expected true or false"),
        ("Bool: { acs:SecureTransport: ['true', @'yes'] }", "expected true or false"),
        (
            "IpAddress: { acs:SourceIp: @192.0.2.0/99 }",
            "expected an IP address, or a block such as 192.0.2.0/24",
        ),
        (
            "DateLessThan: { acs:CurrentTime: @tomorrow }",
            "expected a date such as 2026-01-02T03:04:05Z",
        ),
        ("NumericLessThan: { acs:CurrentTime: @many }", "expected a whole number"),
    ] {
        let statement = format!(
            "{{ Effect: Allow, Action: '*', Resource: '*', Condition: {{ {condition} }} }}"
        );
        check(&[(&policy(&format!("{{ Version: '1', Statement: [{statement}] }}")), message)]);
    }
}

#[test]
fn what_grants_nothing_is_remarked_on() {
    let remarks = |policy: &str| {
        let text =
            format!("account: 12\nregions: [cn-x]\nusers: [{{ name: u, policies: [{policy}] }}]");
        world(&text).remarks()[1..].to_vec()
    };
    assert_eq!(
        world("regions: [cn-bejing]").remarks(),
        ["cn-bejing is no documented region of SAE"]
    );
    for quiet in ["AdministratorAccess", "AliyunSAEFullAccess", "AliyunSAEReadOnlyAccess"] {
        assert_eq!(remarks(quiet), [""; 0], "{quiet}");
    }
    for other in [
        "AliyunOSSFullAccess",
        "AliyunContainerRegistryReadOnlyAccess",
        "AliyunKMSSecretUserAccess",
    ] {
        assert_eq!(
            remarks(other),
            ["3:31: a system policy of another service grants nothing here"],
            "{other}"
        );
    }
    for (resource, applies) in [
        ("Resource: '*'", true),
        ("Resource: 'acs:sae:cn-x:*:*'", true),
        ("Resource: 'acs:sae:*:12:*'", true),
        ("Resource: ['acs:oss:*:*:*', 'acs:*:*:*:*']", true),
        ("NotResource: 'acs:oss:*:*:*'", true),
        ("Resource: 'acs:sae:cn-y:*:*'", false),
        ("Resource: 'acs:sae:*:13:*'", false),
        ("Resource: 'acs:sae:*:*:application/*'", false),
        ("Resource: 'acs:sae:*:*:?'", false),
        ("Resource: 'acs:oss:*:*:*'", false),
        ("NotResource: '*'", false),
    ] {
        let statement = format!("{{ Effect: Allow, Action: '*', {resource} }}");
        let remarks = remarks(&format!("{{ Version: '1', Statement: [{statement}] }}"));
        let told = remarks
            .iter()
            .filter(|remark| remark.starts_with("3:59: this statement never applies"));
        assert_eq!(told.count(), usize::from(!applies), "{resource}: {remarks:?}");
    }
}
