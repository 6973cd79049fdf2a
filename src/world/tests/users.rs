//! The `users`, the `root` and the `sts` of a world file.

use super::*;
use crate::{
    access::{Caller, KeyMaterial},
    clock::Timestamp,
};

#[test]
fn users_and_their_keys_are_read() {
    let world = world(&format!(
        "\
sts:
  - {{ id: '${{STS_ID}}', secret: '${{DOLLAR}}', token: 'x/+=', expires: 2030-01-01T08:00:00+08:00, user: a.b-c_D1 }}
users:
  - {{ name: keyless }}
  - name: a.b-c_D1
    account: 0021
    access_keys:
      - {{ id: LTAI5tOne, secret: 0123 }}
      - {{ id: LTAI5tTwo, secret: '!*', status: Inactive }}
root: {{ access_keys: [{{ id: LTAI5tPair, public_key: {PUBLIC_KEY:?} }}, {{ id: '${{KEY_ID}}', public_key: '${{PEM}}' }}] }}
"
    ));
    let secret = |text: &str| KeyMaterial::Secret(text.to_owned().into());
    let one = key(&world, "LTAI5tOne");
    assert!(one.material == secret("0123") && one.is_active);
    assert!(
        matches!(&one.principal, Principal::User(user) if user.name == "a.b-c_D1" && user.policies.is_empty())
    );
    assert!(matches!(&one.principal, Principal::User(user) if user.account == "0021"));
    let two = key(&world, "LTAI5tTwo");
    assert!(two.material == secret("!*") && !two.is_active);
    for pair in ["LTAI5tPair", "LTAI5tLent"] {
        let pair = key(&world, pair);
        assert!(matches!(
            (&pair.material, &pair.principal),
            (KeyMaterial::Rsa(_), Principal::Root)
        ));
    }
    assert_eq!(world.directory.find("LTAI5tone"), None);
    let lent = key(&world, "STS.lent");
    let session = lent.session.as_ref().unwrap();
    assert_eq!(session.expires, Timestamp(1_893_456_000_000));
    assert!(matches!(&lent.principal, Principal::Session(user) if user.name == "a.b-c_D1"));
    assert!(session.has_token(b"x/+=") && !session.has_token(b"x/+") && !session.has_token(b""));
    // What a variable holds is not looked into again.
    assert!(lent.material == secret("${KEY_ID}"));
}

#[test]
fn a_user_belongs_to_the_account_of_the_world_or_to_another() {
    let world = world(
        "\
account: 12
users:
  - { name: own, access_keys: [{ id: a, secret: s }] }
  - { name: other, account: 34, access_keys: [{ id: b, secret: s }] }
root: { access_keys: [{ id: c, secret: s }] }
sts: [{ id: STS.d, secret: s, token: t, expires: 2030-01-01T00:00:00Z, user: other }]
",
    );
    for (id, account) in [("a", "12"), ("b", "34"), ("c", "12"), ("STS.d", "34")] {
        let caller = Caller { principal: key(&world, id).principal.clone(), access_key_id: None };
        assert_eq!(caller.account("12"), account, "{id}");
    }
}

#[test]
fn users_and_their_keys_have_rules() {
    let (long_id, long_secret) = ("a".repeat(129), "a".repeat(257));
    let file = "root:¶  access_keys:¶    - …";
    check(
        file,
        &format!("{{ id: @{long_id}, secret: s }} => an access key id has 1 to 128 letters"),
    );
    check(
        file,
        &format!(
            "{{ id: a, secret: @{long_secret} }} => an access key's secret has 1 to 256 characters"
        ),
    );
    check(
        file,
        "
        { id: @STS.a, secret: s } => an access key id has 1 to 128 letters, digits, '.', '-' and '_', and does not begin
        { id: @'a b', secret: s } => an access key id
        { id: @'', secret: s } => an access key id
        @{ id: a } => a key has either a `secret` or, for RSA signatures, a `public_key`
        @{ id: a, secret: s, public_key: p } => a key has either a `secret` or, for RSA signatures, a `public_key`
        { id: a, secret: s, status: @active } => a status is Active or Inactive
        { id: a, secret: @'' } => an access key's secret has 1 to 256 characters, all of them visible ASCII
        { id: a, secret: @'a b' } => an access key's secret has 1 to 256 characters
        { id: a, secret: @é } => an access key's secret has 1 to 256 characters
        { id: a, public_key: @nonsense } => not a public key in PEM (-----BEGIN PUBLIC KEY-----)
        { id: a, public_key: @'' } => not a public key in PEM
        { id: a, secret: @'${UNSET}' } => the environment's variable UNSET is not set, or not UTF-8
        { id: a, secret: @'${EMPTY}' } => an access key's secret has 1 to 256 characters
        { id: a, secret: @'${SPACE}' } => an access key's secret has 1 to 256 characters
        { id: a, secret: @'x${KEY_ID}' } => a variable of the environment is written ${NAME}, with nothing around it
        { id: a, secret: @'${KEY_ID}x' } => a variable of the environment is written ${NAME}
        { id: a, secret: @'${KEY_ID}${KEY_ID}' } => a variable of the environment is written ${NAME}
        { id: a, secret: @'${}' } => a variable of the environment is written ${NAME}
        { id: a, secret: @'${1A}' } => a variable of the environment is written ${NAME}
        { id: a, secret: @'${A-B}' } => a variable of the environment is written ${NAME}
        { id: a, secret: @'${KEY_ID' } => a variable of the environment is written ${NAME}
        { id: a, secret: s }¶    - { id: @a, secret: t }¶users: [{ name: u }] => this access key id stands twice
        { id: @a, secret: s }¶users: [{ name: u, access_keys: [{ id: a, secret: t }] }] => this access key id stands twice
        ",
    );
    check(
        "users: […]",
        "
        { name: @'' } => a user's name has 1 to 64 letters, digits, '.', '-' and '_'
        { name: @a b } => a user's name
        { name: a, account: @one } => an account is digits only
        { name: a, account: @'' } => an account is digits only
        { name: a, account: @~ } => expected a text, found nothing
        { name: a, account: @[1] } => expected a text
        { name: a, @acount: 1 } => unknown key; the keys here are name, account, access_keys, policies
        { name: a, account: 1 }, @{ name: a, account: 2 } => this user stands twice; the first is at 1:9
        { name: a }, @{ name: a } => this user stands twice; the first is at 1:9
        ",
    );
}

#[test]
fn temporary_keys_have_rules() {
    let session = "{ id: STS.a, secret: s, token: t, expires: 2030-01-01T00:00:00Z, user: u }";
    for (from, to, message) in [
        ("STS.a", "@LTAI5t", "the id of a temporary key begins with 'STS.'"),
        ("STS.a", "@STS.", "the id of a temporary key begins with 'STS.'"),
        ("STS.a", "@sts.a", "the id of a temporary key begins with 'STS.'"),
        ("token: t", "token: @'a b'", "a security token has 1 to 4096 characters"),
        (
            "2030-01-01T00:00:00Z",
            "@2030-01-01",
            "not a moment; one looks like 2030-01-01T00:00:00Z",
        ),
        ("2030-01-01T00:00:00Z", "@2030-01-01T00:00:00", "not a moment"),
        ("user: u", "user: @v", "no such user; `users` must list it"),
        ("{ id: STS.a", "{ id: STS.b", ""),
    ] {
        let (first, second) =
            (session.replace("STS.a", "STS.first"), session.replacen(from, to, 1));
        let text = format!("{{ users: [{{ name: u }}], sts: [{first}, {second}] }}");
        match message {
            "" => drop(world(&text)),
            message => check("…", &format!("{text} => {message}")),
        }
    }
    let twice = format!("{session}, {}", session.replace("STS", "@STS"));
    check(
        "{ users: [{ name: u }], sts: […] }",
        &format!("{twice} => this access key id stands twice"),
    );
}
