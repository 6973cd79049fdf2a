//! YAML as world files have it: what is taken, what is refused, and what no message shows.

use super::*;

#[test]
fn a_scalar_is_the_text_that_is_written() {
    let value = |written: &str| {
        let text = format!(
            "secrets:\n  - namespace: cn-beijing\n    name: s\n    data:\n      k: {written}\n"
        );
        world(&text).secrets[0].data.get("k").map(SecretValue::expose).unwrap().to_owned()
    };
    for text in [
        "1.10",
        "true",
        "yes",
        "0x1F",
        "007",
        "1_000",
        "2024-01-01",
        "1e3",
        ".nan",
        ".inf",
        "nUll",
        "a b:c",
        "=",
        "-1",
    ] {
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
        ("!!binary w6k=", "é"),
    ] {
        assert_eq!(value(written), text, "{written}");
    }
}

#[test]
fn what_is_not_yaml_is_told_with_its_place() {
    for (text, place) in [
        ("account: 1\n regions: []\n", "2:9"),
        ("quotas:\n  namespaces: 5\n keys: 3\n", "3:2"),
        ("regions: [cn-beijing\n", "1:10"),
        ("account: 'x\n", "1:10"),
        ("quotas:\n\tnamespaces: 1\n", "2:2"),
        ("account: \0\n", "1:10"),
        ("account: @1", "1:10"),
    ] {
        let told = told(text);
        let expected = format!("{place}: not valid YAML: ");
        assert!(told.len() == 1 && told[0].starts_with(&expected), "{text}: {told:?}");
    }
    assert!(
        told("account: @1")[0]
            .ends_with("a text that begins with a sign such as %, @ or ` needs quotes")
    );
}

#[test]
fn the_shape_is_right() {
    check(
        "…",
        "
        @[] => expected a mapping
        @just text => expected a mapping
        account: @[1] => expected a text
        account: @{} => expected a text
        account@: => expected a text, found nothing; an empty text is written ''
        account: @~ => expected a text, found nothing
        regions: @cn-beijing => expected a list
        regions@: => expected a list
        regions: [@[cn-beijing]] => expected a text
        regions: [@~] => expected a text, found nothing
        quotas: @[1] => expected a mapping
        quotas: @null => expected a mapping
        upgrading: @~ => expected true or false
        namespaces@: => expected a list
        namespaces: [@test] => expected a mapping
        secrets: [@~] => expected a mapping
        root: { access_keys: [{ id: a, secret@: }] } => expected a text, found nothing
        root: { access_keys: [{ id: a, status: @~ }] } => expected a text, found nothing
        users: [{ name: u, policies: @AliyunSAEFullAccess }] => expected a list
        users: [{ name: u, policies: [@[]] }] => expected the name of a system policy, or a policy document
        @acount: 1 => unknown key `acount`; the keys here are account, regions, upgrading, quotas, namespaces, secrets, users, root, sts, kms
        quotas: { @name-spaces: 1 } => unknown key `name-spaces`; the keys here are namespaces, secrets_per_namespace, keys_per_secret
        namespaces: [{ id: a, @nmae: 'é😀' }] => unknown key `nmae`; the keys here are id, name, description, quotas, applications,
        account: 'é😀' # é\r¶\r¶@x: 1\r¶ => unknown key `x`
        users: [{ name: u, access_keys: [{ id: a, secret: can, @ary: 1 }] }] => unknown key; the keys here are id, secret,
        namespaces: [{ @name: a }] => the key `id` is missing in this mapping
        namespaces: [{ name: a, @clusters: [] }] => the key `id` is missing in this mapping
        account: 1¶@account: 2¶ => this key stands twice in its mapping
        users: [{ name: u, policies: [{ Version: 1, @Version: 1 }] }] => this key stands twice in its mapping
        { @[a]: 1 } => expected a text
        @~: 1 => expected a text, found nothing
        @<<: 1 => merge keys are not supported; write the keys out
        account: !secret @1 => YAML tags have no meaning here; a text that begins with ! needs quotes
        account: !!int @1 => YAML tags have no meaning here
        regions: !!set @[cn-beijing] => YAML tags have no meaning here
        !x @account: 1 => YAML tags have no meaning here
        !!int @account: 1 => YAML tags have no meaning here
        account: @*nowhere => this alias names nothing; a text that begins with * needs quotes
        regions: &r [@*r] => an alias cannot stand inside the part that it names
        account: 1¶---¶@regions: no¶ => a second document begins here; a world file has one
        ",
    );
    assert_eq!(world("!!map\naccount: !!str 1\nregions: !!seq [cn-x]").cloud.account, "1");
    assert_eq!(world("---\naccount: 1\n...\n").cloud.account, "1");
}

#[test]
fn the_shape_of_secrets_and_statements_is_right() {
    check(
        "secrets: [{ namespace: a, name: b, … }]",
        "
        data@: => expected a mapping
        type: @~ => expected a text, found nothing
        data: { k: @[] } => expected a text
        data: { k: @~ } => expected a text, found nothing
        data: { k: v, @'k': w } => this key stands twice in its mapping
        data: { x@,can ary } => expected a text, found nothing
        data: { @<<: 1 } => merge keys are not supported
        registries: { r.io: { @username: u } } => the key `password` is missing in this mapping
        ",
    );
    check(
        "users: [{ name: u, policies: [{ Version: 1, Statement: [{ Effect: Deny, … }] }] }]",
        "
        Action: @{} => expected a text, or a list of at least one
        @Action: [] => expected a text, or a list of at least one
        Action: [@{}] => expected a text
        Condition: { Bool: @true } => expected a mapping
        @Principal: x => unknown key `Principal`; the keys here are Effect, Action, NotAction, Resource, NotResource, Condition
        ",
    );
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
    assert_eq!(world.cloud.quotas.keys_in(&world.namespaces[1].id), 1);
    assert_eq!(world.secrets[0].data, world.secrets[2].data);
    let repeated = format!("{text}  - *first\n");
    assert_eq!(told(&repeated), ["8:5: this secret stands twice; the first is at 5:12"]);
}

#[test]
fn hostile_files_end_with_a_mistake() {
    let too_much = "the file is too large, too deep, or its aliases repeat too much";
    let bomb = |width: usize| {
        let inner = |level: usize| vec![format!("*x{}", level - 1); width].join(", ");
        let levels = (1..40).map(|level| format!("- &x{level} [{}]\n", inner(level)));
        format!("regions:\n- &x0 [a, a, a]\n{}", levels.collect::<String>())
    };
    for text in
        [bomb(10), bomb(1), "- ".repeat(100_000), "{a: ".repeat(100_000), "[".repeat(100_000)]
    {
        assert_eq!(told(&text).len(), 1);
    }
    let entry = "&s { namespace: cn-beijing, name: s, data: { k: &v xxxxxxxxxx } }";
    let wide = format!("secrets:\n  - {entry}\n{}", "  - *s\n".repeat(100_000));
    let large = format!("regions:\n  - &r {}\n{}", "x".repeat(1_000_000), "  - *r\n".repeat(100));
    for text in [wide, large] {
        assert!(told(&text)[0].ends_with(too_much), "{:?}", told(&text));
    }
    // A file without aliases may be long.
    let list = "- { namespace: cn-beijing, name: s, data: { k: v } }\n".repeat(10_000);
    assert_eq!(told(&format!("secrets:\n{list}")).len(), 9_999);
}

/// Parts of a secret in which everything that could be a part of its value is called `canary`.
const SECRETS: &[&str] = &[
    // What a comma, a colon, a hash or an indicator makes of a value that needs quotes.
    "data: { k: x,canary }",
    "data: { k: x,canary, l: y,canary }",
    "data: { k: x,can ary canary }",
    "data: { k: canary: canary }",
    "data: { k: [canary] }",
    "data: { k: {canary: canary} }",
    "data: { k: !canary }",
    "data: { k: !canary! x }",
    "data: { k: !<canary> x }",
    "data: { k: !!canary x }",
    "data: { k: !!int canary }",
    "data: { k: !!binary canary }",
    "data: { k: !!binary /w== }",
    "data: { !!int canary: v }",
    "data: { k: *canary }",
    "data: { k: &canary }",
    "data: { k: &canary [canary], l: *canary }",
    "data: { k: @canary }",
    "data: { k: `canary }",
    "data: { k: %canary }",
    "data: { k: \"canary\\canary\" }",
    "data: { k: \"canary }",
    "data: { k: 'canary }",
    "data: { k: canary } canary",
    "data: { ? canary, ? canary canary }",
    "data: { ? [canary] : canary }",
    "data: canary",
    "data: [canary]",
    "data: { canary canary: canary }",
    "data: { canary: canary, canary: canary }",
    "data: { 1: canary, '1': canary }",
    "data: { k: \"canary\0\" }",
    "dta: { k: canary }",
    "data: { k: v }, canary: canary",
    "canary",
    "!!int canary: canary",
    "data: { <<: canary }",
    "type: canary, data: { k: canary }",
    // What the types' rules refuse.
    "type: kubernetes.io/tls, data: { k: canary }",
    "type: kubernetes.io/tls, data: { tls.crt: canary, tls.key: canary }",
    "type: kubernetes.io/dockerconfigjson, data: { k: canary }",
    "type: kubernetes.io/dockerconfigjson, data: { .dockerconfigjson: canary }",
    "type: kubernetes.io/dockerconfigjson, data: { .dockerconfigjson: '{\"canary\":1}' }",
    "type: kubernetes.io/dockerconfigjson, data: { .dockerconfigjson: eyJjYW5hcnkiOjF9 }",
    "registries: { r.io: { username: u, password: canary } }",
    "type: kubernetes.io/dockerconfigjson, registries: { r.io: { username: u, password: x,canary } }",
    "type: kubernetes.io/dockerconfigjson, registries: { r.io: { username: u:canary, password: canary } }",
    "type: kubernetes.io/dockerconfigjson, registries: { r.io: { username: '', password: canary } }",
    "type: kubernetes.io/dockerconfigjson, registries: { r.io: canary }",
    "type: kubernetes.io/dockerconfigjson, registries: { r.io: { username: u, pasword: canary } }",
    "type: kubernetes.io/dockerconfigjson, registries: { r.io: { username: u, password: !canary } }",
    "type: kubernetes.io/dockerconfigjson, registries: { 'u:canary@r.io': { username: u, password: canary } }",
    "registries: { r.io: { username: u, password: canary } }, data: { k: canary }",
];

/// The same for a user.
const USERS: &[&str] = &[
    "access_keys: [{ id: a, secret: canary canary }]",
    "access_keys: [{ id: a, secret: x,canary }]",
    "access_keys: [{ id: a, secret: x,canary: y }]",
    "access_keys: [{ id: a, secret: [canary] }]",
    "access_keys: [{ id: a, secret: !canary }]",
    "access_keys: [{ id: a, secret: 'canary${canary}' }]",
    "access_keys: [{ id: a, public_key: canary }]",
    "access_keys: [{ id: a, secret: canary, public_key: canary }]",
    "access_keys: [{ id: canary canary, secret: canary }]",
    "access_keys: [{ id: a, secret: canary, status: canary }]",
    "access_keys: [{ id: a, secret: canary }, { id: a, secret: canary }]",
    "access_keys: canary",
    "access_keys: [canary]",
    "policies: [{ other: canary }]",
    "policies: [{ Version: canary, Statement: canary }]",
    "policies: [{ Version: canary, Statement: [] }]",
    "policies: [{ Version: '1', Statement: [canary] }]",
    "policies: [{ Version: '1', Statement: [{ Effect: canary, Action: canary, Resource: canary }] }]",
    "policies: [{ Version: '1', Statement: [{ Effect: Deny, Condition: { canary: { canary: canary } } }] }]",
    "policies: [{ Version: '1', Statement: [{ Effect: Deny, Condition: { Bool: { canary: canary } } }] }]",
    "policies: [{ Version: '1', Statement: [{ Effect: Deny, Condition: { Bool: { acs:MFAPresent: canary } } }] }]",
    "canary: canary",
];

/// The same for a secret of KMS.
const KMS_SECRETS: &[&str] = &[
    "data: x,canary",
    "data: x,canary: y",
    "data: [canary]",
    "data: {canary: canary}",
    "data: !canary",
    "data: canary: canary",
    "data: canary, canary: canary",
    "data: canary, data: canary",
    "data: canary, data_type: canary, description: \"canary\\0\", type: canary, version: \"canary\\n\"",
    "data: canary, key: canary, instance: canary, region: canary",
    "data: canary, tags: { canary canary: canary canary, aliyun-canary: canary }",
    "data: canary, tags: { canary: 1, 'canary': 2 }",
    "data: canary, tags: { x,canary }",
    "data: canary, type: Rds",
    "data: canary, type: Rds, rotation: canary, extended_config: canary",
    "data: canary, type: Rds, rotation: canary, extended_config: { canary: canary }",
    "data: canary, type: Rds, extended_config: { canary: [canary] }",
    "data: canary, type: Rds, extended_config: { SecretSubType: x,canary }",
    "data: canary, type: Rds, extended_config: { SecretSubType: canary, CustomData: { canary: canary } }",
    "data: canary, type: Rds, extended_config: { CustomData: { canary: {canary: canary} } }",
    "data: canary, type: Rds, extended_config: { CustomData: { x,canary } }",
    "data: canary, type: Rds, extended_config: { SecretSubType: SingleUser, DBInstanceId: canary }",
    "data: canary, type: RAMCredentials, extended_config: { SecretSubType: RamUserAccessKey, UserName: canary }",
    "data: canary, policy: canary",
    "data: canary, policy: { canary: canary }",
    "data: canary, policy: { Version: canary, Statement: [] }",
    "data: canary, policy: { Version: 1, Statement: [canary] }",
    "data: canary, policy: { Version: 1, Statement: [{ canary: canary }] }",
    "data: canary, policy: { Version: 1, Statement: [{ Effect: canary, Principal: { RAM: canary }, Action: canary, Resource: canary }] }",
    "data: canary, policy: { Version: 1, Statement: [{ Effect: Deny, Principal: { canary: canary }, Action: kms:*, Resource: '*' }] }",
    "data: canary, policy: { Version: 1, Statement: [{ Sid: canary$, Effect: Deny, Principal: { RAM: 'acs:ram::1:*' }, \
     Action: kms:canary/, Resource: '*', Condition: { canary: { canary: canary } } }] }",
    "data: canary, policy: { Version: 1, Statement: [{ Effect: Deny, Principal: { RAM: 'acs:ram::1:*' }, \
     Action: kms:*, Resource: '*', Condition: { Bool: { canary: canary, acs:SecureTransport: canary } } }] }",
];

#[test]
fn no_message_shows_a_value() {
    let kms = KMS_SECRETS.iter().flat_map(|part| {
        ["s", "-ü canary"].map(|name| format!("kms:\n  secrets:\n  - {{ name: {name}, {part} }}\n"))
    });
    let secrets = SECRETS.iter().flat_map(|part| {
        ["namespace: cn-beijing, name: s", "namespace: cn-x:canary, name: -canary"]
            .map(|place| format!("secrets:\n  - {{ {place}, {part} }}\n"))
    });
    let users = USERS.iter().map(|part| format!("users:\n  - {{ name: u, {part} }}\n"));
    let others = [
        "account: canary",
        "regions: [canary, canary]",
        "upgrading: canary",
        "quotas: { namespaces: canary }",
        "namespaces: [{ id: canary }]",
        "kms: { instances: [{ id: canary, state: canary }], quotas: { keys: canary } }",
        "kms: { keys: [{ region: canary, alias: canary, spec: canary, instance: canary }] }",
        "sts: [{ id: canary, token: canary canary, secret: '', expires: canary, user: canary }]",
    ];
    for text in secrets.chain(users).chain(kms).chain(others.map(str::to_owned)) {
        let told = told(&text);
        assert!(!told.is_empty(), "{text}");
        assert!(!told.concat().contains("canary"), "{text}{told:?}");
    }
}

#[test]
fn no_world_shows_a_value_when_it_is_debugged() {
    let world = world(
        "\
secrets:
  - { namespace: cn-beijing, name: s, data: { k: canary } }
  - namespace: cn-beijing
    name: r
    type: kubernetes.io/dockerconfigjson
    registries: { r.io: { username: u, password: canary } }
users: [{ name: u, access_keys: [{ id: a, secret: canary }] }]
sts: [{ id: STS.a, secret: canary, token: canary, expires: 2030-01-01T00:00:00Z, user: u }]
kms: { secrets: [{ name: s, data: canary }] }
",
    );
    assert!(!format!("{world:?}").contains("canary"));
}
