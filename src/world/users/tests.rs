//! The `users`, the `root` and the `sts` of a world file: what they become, and every mistake with its place.

#![allow(clippy::unwrap_used, clippy::panic)]

use super::super::{
    World,
    tests::{told, variable, world},
};
use super::*;
use crate::{access::Directory, sae::model::DockerConfigMode};

const PUBLIC_KEY: &str = include_str!("../../../tests/fixtures/rsa/public.pem");

fn key<'d>(directory: &'d Directory, id: &str) -> (&'d AccessKey, &'d Owner) {
    match directory.find(id) {
        Some(Known::Key(key, owner)) => (key, owner),
        other => panic!("a key, not {other:?}"),
    }
}

fn secret(text: &str) -> KeyMaterial {
    KeyMaterial::Secret(Zeroizing::new(text.to_owned()))
}

#[test]
fn users_and_their_keys_are_read() {
    let directory = world(
        "\
users:
  - { name: keyless }
  - name: a.b-c_D1
    access_keys:
      - { id: LTAI5tOne, secret: 0123 }
      - { id: LTAI5tTwo, secret: '!*', status: Inactive }
",
    )
    .directory;
    let (one, owner) = key(&directory, "LTAI5tOne");
    assert!(one.material == secret("0123"));
    assert_eq!(one.status, KeyStatus::Active);
    let Owner::User(user) = owner else { panic!("a user's key") };
    assert_eq!((user.name.as_str(), user.policies.len()), ("a.b-c_D1", 0));
    let (two, _) = key(&directory, "LTAI5tTwo");
    assert!(two.material == secret("!*"));
    assert_eq!(two.status, KeyStatus::Inactive);
    assert_eq!(directory.find("LTAI5tone"), None);
}

#[test]
fn the_account_itself_has_keys() {
    let directory = world("root: { access_keys: [{ id: LTAI5tRoot, secret: s }] }").directory;
    assert_eq!(key(&directory, "LTAI5tRoot").1, &Owner::Root);
    for nothing in ["root: {}", "users: []", "sts: []", "root: { access_keys: [] }"] {
        assert!(world(nothing).directory.is_empty(), "{nothing}");
    }
}

#[test]
fn temporary_keys_act_for_users() {
    let directory = world(
        "\
sts:
  - { id: STS.a, secret: s, token: 'x/+=', expires: 2030-01-01T08:00:00+08:00, user: u }
users: [{ name: u }]
",
    )
    .directory;
    let Some(Known::Session(session)) = directory.find("STS.a") else { panic!("a session") };
    assert_eq!(session.expires, Timestamp(1_893_456_000_000));
    assert_eq!(session.user.name, "u");
    assert!(session.has_token(b"x/+=") && !session.has_token(b"x/+") && !session.has_token(b""));
}

#[test]
fn a_public_key_stands_instead_of_a_secret() {
    let pem = PUBLIC_KEY.trim_end().replace('\n', "\n          ");
    let text = format!(
        "\
root:
  access_keys:
    - id: LTAI5tPair
      public_key: |
          {pem}
"
    );
    assert!(matches!(key(&world(&text).directory, "LTAI5tPair").0.material, KeyMaterial::Rsa(_)));
    for (bad, message) in [
        ("nonsense", "3:28: not a public key in PEM (-----BEGIN PUBLIC KEY-----)"),
        ("''", "3:28: not a public key in PEM (-----BEGIN PUBLIC KEY-----)"),
        ("[]", "3:28: expected a text, found a list"),
    ] {
        let text = format!("root:\n  access_keys:\n    - {{ id: a, public_key: {bad} }}");
        assert_eq!(told(&text), [message], "{bad}");
    }
}

#[test]
fn the_environment_lends_its_variables() {
    let variables = |name: &str| match name {
        "KEY_ID" => Some("LTAI5tLent".to_owned()),
        "_S2" => Some("lent-secret".to_owned()),
        "PEM" => Some(PUBLIC_KEY.to_owned()),
        "STS_ID" => Some("STS.lent".to_owned()),
        "TOKEN" => Some("lent-token".to_owned()),
        "EMPTY" => Some(String::new()),
        "SPACE" => Some("has space".to_owned()),
        "DOLLAR" => Some("${KEY_ID}".to_owned()),
        _ => None,
    };
    let parse = |text: &str| World::parse(text, DockerConfigMode::Strict, &variables);
    let text = "\
users:
  - { name: u, access_keys: [{ id: '${KEY_ID}', secret: '${_S2}' }, { id: p, public_key: '${PEM}' }] }
sts: [{ id: '${STS_ID}', secret: ${DOLLAR}, token: '${TOKEN}', expires: 2030-01-01T00:00:00Z, user: u }]
";
    // Without quotes a brace ends the text here, as in any YAML.
    assert!(parse(text).is_err());
    let directory = parse(&text.replace("${DOLLAR}", "'${DOLLAR}'")).unwrap().directory;
    assert!(key(&directory, "LTAI5tLent").0.material == secret("lent-secret"));
    assert!(matches!(key(&directory, "p").0.material, KeyMaterial::Rsa(_)));
    let Some(Known::Session(session)) = directory.find("STS.lent") else { panic!("a session") };
    assert!(session.has_token(b"lent-token"));
    // What a variable holds is not looked into again.
    assert_eq!(session.secret.as_str(), "${KEY_ID}");

    let not_set = "this variable of the environment is not set, or not UTF-8";
    let form = "a variable of the environment is written ${NAME}, with nothing around it";
    for (written, message) in [
        ("${UNSET}", not_set),
        ("${EMPTY}", SECRET_RULE),
        ("${SPACE}", SECRET_RULE),
        ("x${KEY_ID}", form),
        ("${KEY_ID}x", form),
        ("${KEY_ID}${KEY_ID}", form),
        ("${}", form),
        ("${1A}", form),
        ("${A-B}", form),
        ("${KEY_ID", form),
    ] {
        let text = format!("root:\n  access_keys:\n    - id: a\n      secret: '{written}'");
        let found = parse(&text).expect_err("mistakes");
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, [format!("4:15: {message}")], "{written}");
    }
}

#[test]
fn a_key_has_an_id_and_one_of_two_proofs() {
    for (key, message) in [
        ("{ secret: s }", "3:7: the key `id` is missing".to_owned()),
        (
            "{ id: a }",
            "3:7: the key `secret` is missing (or `public_key`, for an RSA key pair)".to_owned(),
        ),
        (
            "{ id: a, secret: s, public_key: p }",
            "3:27: a key has either `secret` or `public_key`, not both".to_owned(),
        ),
        ("{ id: a, secret: s, status: active }", format!("3:35: {STATUS_RULE}")),
        (
            "{ id: a, secret: s, state: Active }",
            "3:27: unknown key; did you mean `status`?".to_owned(),
        ),
        ("{ id: STS.a, secret: s }", format!("3:13: {KEY_ID_RULE}")),
        ("{ id: 'a b', secret: s }", format!("3:13: {KEY_ID_RULE}")),
        ("{ id: 'a:b', secret: s }", format!("3:13: {KEY_ID_RULE}")),
        ("{ id: a, secret: '' }", format!("3:24: {SECRET_RULE}")),
        ("{ id: a, secret: 'a b' }", format!("3:24: {SECRET_RULE}")),
        ("{ id: a, secret: \u{e9} }", format!("3:24: {SECRET_RULE}")),
        (
            "{ id: a, secret: }",
            "3:22: expected a text, found nothing; an empty text is written ''".to_owned(),
        ),
        ("LTAI5t", "3:7: expected a mapping, found a text".to_owned()),
    ] {
        assert_eq!(told(&format!("root:\n  access_keys:\n    - {key}")), [message], "{key}");
    }
    let long = format!("root: {{ access_keys: [{{ id: {}, secret: s }}] }}", "a".repeat(129));
    assert_eq!(told(&long), [format!("1:29: {KEY_ID_RULE}")]);
    let long = format!("root: {{ access_keys: [{{ id: a, secret: {} }}] }}", "a".repeat(257));
    assert_eq!(told(&long), [format!("1:40: {SECRET_RULE}")]);
}

#[test]
fn users_have_names_of_their_own() {
    for (user, message) in [
        ("{ access_keys: [] }", "2:5: the key `name` is missing".to_owned()),
        ("{ name: '' }", format!("2:13: {NAME_RULE}")),
        ("{ name: 'a b' }", format!("2:13: {NAME_RULE}")),
        (
            "{ name: a, keys: [] }",
            "2:16: unknown key; the keys here are name, access_keys, policies".to_owned(),
        ),
        ("{ name: a, access_keys: {} }", "2:29: expected a list, found a mapping".to_owned()),
        (
            "{ name: a, policies: AliyunSAEFullAccess }",
            "2:26: expected a list, found a text".to_owned(),
        ),
    ] {
        assert_eq!(told(&format!("users:\n  - {user}")), [message], "{user}");
    }
    let twice = "users:\n  - { name: a }\n  - { name: a }";
    assert_eq!(told(twice), ["3:5: this user stands twice; the first is at 2:5"]);
}

#[test]
fn no_access_key_id_stands_twice() {
    let text = "\
users:
  - { name: u, access_keys: [{ id: a, secret: s }, { id: a, secret: t }] }
root: { access_keys: [{ id: a, secret: s }] }
sts:
  - { id: STS.a, secret: s, token: t, expires: 2030-01-01T00:00:00Z, user: u }
  - { id: STS.a, secret: s, token: t, expires: 2030-01-01T00:00:00Z, user: u }
";
    assert_eq!(
        told(text),
        [
            "2:58: this access key id stands twice; the first is at 2:36",
            "3:29: this access key id stands twice; the first is at 2:36",
            "6:11: this access key id stands twice; the first is at 5:11",
        ]
    );
}

#[test]
fn temporary_keys_have_all_their_parts() {
    let whole = "id: STS.a, secret: s, token: t, expires: 2030-01-01T00:00:00Z, user: u";
    let told = |session: &str| told(&format!("users: [{{ name: u }}]\nsts:\n  - {{ {session} }}"));
    for (part, message) in [
        ("id: STS.a, ", "the key `id` is missing"),
        ("secret: s, ", "the key `secret` is missing"),
        ("token: t, ", "the key `token` is missing"),
        ("expires: 2030-01-01T00:00:00Z, ", "the key `expires` is missing"),
        (", user: u", "the key `user` is missing"),
    ] {
        assert_eq!(told(&whole.replace(part, "")), [format!("3:5: {message}")]);
    }
    for (from, to, message) in [
        ("STS.a", "LTAI5t", format!("3:11: {SESSION_ID_RULE}")),
        ("STS.a", "STS.", format!("3:11: {SESSION_ID_RULE}")),
        ("STS.a", "sts.a", format!("3:11: {SESSION_ID_RULE}")),
        ("token: t", "token: 'a b'", format!("3:36: {TOKEN_RULE}")),
        ("2030-01-01T00:00:00Z", "2030-01-01", format!("3:48: {EXPIRES_RULE}")),
        ("2030-01-01T00:00:00Z", "never", format!("3:48: {EXPIRES_RULE}")),
        ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00", format!("3:48: {EXPIRES_RULE}")),
        ("user: u", "user: v", "3:76: no such user; `users` must list it".to_owned()),
    ] {
        assert_eq!(told(&whole.replace(from, to)), [message], "{to}");
    }
}

/// Mistakes of every kind in which everything secret is called `canary`.
const CANARIES: &[&str] = &[
    "access_keys: [{ id: a, secret: canary canary }]",
    "access_keys: [{ id: a, secret: x,canary }]",
    "access_keys: [{ id: a, secret: x,canary: y }]",
    "access_keys: [{ id: a, secret: [canary] }]",
    "access_keys: [{ id: a, secret: {canary: canary} }]",
    "access_keys: [{ id: a, secret: !canary }]",
    "access_keys: [{ id: a, secret: '${canary}' }]",
    "access_keys: [{ id: a, secret: 'canary${canary}' }]",
    "access_keys: [{ id: a, public_key: canary }]",
    "access_keys: [{ id: a, secret: canary, public_key: canary }]",
    "access_keys: [{ id: canary canary, secret: canary }]",
    "access_keys: [{ id: a, secret: canary, status: canary }]",
    "access_keys: [{ id: a, secret: canary }, { id: a, secret: canary }]",
    "access_keys: canary",
    "access_keys: [canary]",
    "policies: [canary]",
    "policies: [{ canary: canary }]",
    "policies: [{ Version: canary, Statement: canary }]",
    "policies: [{ Version: '1', Statement: [canary] }]",
    "policies: [{ Version: '1', Statement: [{ Effect: canary, Action: canary, Resource: canary }] }]",
    "policies: [{ Version: '1', Statement: [{ Condition: { canary: { canary: canary } } }] }]",
    "policies: [{ Version: '1', Statement: [{ Condition: { Bool: { canary: canary } } }] }]",
    "policies: [{ Version: '1', Statement: [{ Condition: { Bool: { acs:MFAPresent: canary } } }] }]",
    "canary: canary",
];

#[test]
fn no_message_shows_a_credential() {
    for canary in CANARIES {
        let text = format!("users:\n  - {{ name: u, {canary} }}\n");
        let told = told(&text);
        assert!(!told.is_empty(), "{text}");
        for message in told {
            assert!(!message.contains("canary"), "{text}{message}");
        }
    }
    for canary in [
        "id: canary",
        "token: canary canary",
        "secret: [canary]",
        "expires: canary",
        "user: canary",
    ] {
        for message in told(&format!("sts:\n  - {{ {canary} }}\n")) {
            assert!(!message.contains("canary"), "{canary}: {message}");
        }
    }
}

#[test]
fn no_world_shows_a_credential_when_it_is_debugged() {
    let world = world(
        "\
users: [{ name: u, access_keys: [{ id: a, secret: canary }] }]
sts: [{ id: STS.a, secret: canary, token: canary, expires: 2030-01-01T00:00:00Z, user: u }]
",
    );
    assert!(!format!("{world:?}").contains("canary"));
    assert!(variable("HOME").is_none(), "tests see an environment of their own");
}
