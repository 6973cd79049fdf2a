//! The `kms` of a world file.

use super::*;
use crate::kms::model::{
    Cloud as Kms, DataType, Instance, InstanceId, InstanceState, KeySpec, SecretDescription,
    SecretType as KmsType,
};

/// A secret without a mistake but for what takes the place of `…`.
const SECRET: &str = "kms: { secrets: [{ name: s, data: d, … }] }";

fn instance(id: &str) -> InstanceId {
    InstanceId::parse(id).unwrap()
}

/// A policy that names this account's users, and others'.
fn policy(principals: &str) -> String {
    let statement = format!(
        "{{ Effect: Allow, Principal: {{ RAM: [{principals}] }}, Action: kms:*, Resource: '*' }}"
    );
    format!("policy: {{ Version: '1', Statement: [{statement}] }}")
}

#[test]
fn without_the_section_kms_has_its_defaults() {
    for text in ["", "kms: {}", "kms: { quotas: {}, keys: [], secrets: [] }"] {
        let world = world(text);
        let Cloud { account, regions, .. } = Cloud::default();
        assert_eq!(world.kms, Kms { account, regions, ..Kms::default() }, "{text}");
        assert!(world.kms.instances.is_none() && world.kms_keys.is_empty());
        assert!(world.kms_secrets.is_empty());
    }
    // No instance at all, while without a list any id is one.
    let none = world("kms: { instances: [] }").kms;
    assert_eq!(none.instances, Some([].into()));
    assert_eq!(none.instance(&instance("kst-a")), None);
}

#[test]
fn the_cloud_of_kms_is_read() {
    let world = world(
        "\
account: 0012
regions: [cn-x, cn-y]
users:
  - { name: a }
  - { name: b, account: '34' }
  - { name: c, account: 0012 }
kms:
  quotas: { secrets: 0, keys: 4294967295 }
  instances:
    - { id: kst-a, secret_quota: 1, access_quota: 0 }
    - { id: kst-b, state: Uninitialized }
    - { id: kst-c, state: Connecting }
    - { id: kst-d, state: Connected }
    - { id: kst-e, state: Disconnected }
    - { id: kst-f, state: Error }
",
    );
    let kms = world.kms;
    assert_eq!((kms.account.as_str(), kms.regions), ("0012", world.cloud.regions));
    assert_eq!(kms.users, ["a", "c"]);
    assert_eq!((kms.secret_quota, kms.key_quota), (Some(0), u32::MAX));
    let with = |state| Instance { state, ..Instance::OPEN };
    let states = [
        ("kst-b", InstanceState::Uninitialized),
        ("kst-c", InstanceState::Connecting),
        ("kst-d", InstanceState::Connected),
        ("kst-e", InstanceState::Disconnected),
        ("kst-f", InstanceState::Error),
    ];
    let mut known: std::collections::BTreeMap<_, _> =
        states.into_iter().map(|(id, state)| (instance(id), with(state))).collect();
    let first = Instance { secret_quota: Some(1), access_quota: Some(0), ..Instance::OPEN };
    known.insert(instance("kst-a"), first);
    assert_eq!(kms.instances, Some(known));
}

#[test]
fn instances_and_quotas_have_rules() {
    let longest = "a".repeat(60);
    let ids = ["kst-A-z09", "kst--", &format!("kst-{longest}")];
    let world = world(&format!("kms: {{ instances: [{{ id: {} }}] }}", ids.join(" }, { id: ")));
    assert_eq!(world.kms.instances.unwrap().len(), ids.len());
    for bad in
        ["kst-", "kst", "KST-a", "'kst-a b'", "kst-a_b", "kst-é", "''", &format!("kst-{longest}a")]
    {
        let message = "an instance's id is 'kst-' and 1 to 60 letters, digits and '-'";
        check("kms: { instances: [{ id: … }] }", &format!("@{bad} => {message}"));
    }
    check(
        "kms: { … }",
        "
        instances: [{ id: kst-a }, @{ id: kst-a }] => this instance stands twice; the first is at 1:20
        instances: [{ id: kst-a, state: @connected }], secrets: [{ name: s, data: d, instance: kst-a }] => an instance is Uninitialized, Connecting, Connected, Disconnected or Error
        instances: [{ id: kst-a, secret_quota: @-1 }] => expected a whole number
        instances: [{ id: kst-a, access_quota: @~ }] => expected a whole number
        instances: [{ id: kst-a, @quota: 1 }] => unknown key `quota`; the keys here are id, secret_quota, access_quota, state
        instances: [{ @state: Connected }] => the key `id` is missing in this mapping
        instances@: => expected a list
        instances: @{} => expected a list
        quotas: { secrets: @4294967296 } => expected a whole number
        quotas: { @aliases: 1 } => unknown key `aliases`; the keys here are secrets, keys
        @secret: [] => unknown key `secret`; the keys here are instances, quotas, keys, secrets
        ",
    );
}

#[test]
fn keys_are_read() {
    let world = world(
        "\
regions: [cn-x, cn-y]
kms:
  instances: [{ id: kst-a }]
  keys:
    - { alias: alias/app }
    - { region: cn-y, alias: alias/app, spec: Aliyun_SM4, description: 'of two', instance: kst-a }
    - { region: cn-y, alias: alias/sign, spec: EC_P256 }
",
    );
    let [first, second, third] = &world.kms_keys[..] else { panic!("three keys") };
    let shown =
        (first.scope.to_string(), first.alias.as_str(), first.spec, first.description.as_str());
    let account = &world.cloud.account;
    assert_eq!(shown, (format!("{account}/cn-x"), "alias/app", KeySpec::Aes256, ""));
    let shown = (second.scope.to_string(), second.alias.as_str(), second.spec);
    assert_eq!(shown, (format!("{account}/cn-y"), "alias/app", KeySpec::Sm4));
    assert_eq!(
        (second.description.as_str(), second.instance.clone()),
        ("of two", Some(instance("kst-a")))
    );
    assert_eq!((third.spec, &third.instance), (KeySpec::EcP256, &None));
}

#[test]
fn keys_have_rules() {
    check(
        "{ regions: [cn-x, cn-y], kms: { … } }",
        "
        keys: [{ region: @cn-z, alias: alias/a }] => not a region that is served; `regions` says which are
        keys: [{ region: @X, alias: alias/a }] => not a region that is served
        keys: [{ alias: @app }] => this does not begin with alias/
        keys: [{ alias: @alias/ }] => this does not have 1 to 255 characters behind alias/
        keys: [{ alias: @alias/acs/a }] => this begins with alias/acs, which is reserved
        keys: [{ alias: @'' }] => this is empty
        keys: [{ alias: alias/a, spec: @AES_256 }] => no such specification; the specifications are Aliyun_AES_256, Aliyun_AES_192, Aliyun_AES_128, Aliyun_SM4, EC_P256
        keys: [{ alias: alias/a, spec: @RSA_2048 }] => no such specification
        keys: [{ alias: alias/a, description: @\"a\\0b\" }] => this has a control character
        keys: [{ alias: alias/a, instance: @a }] => an instance's id is 'kst-' and 1 to 60 letters, digits and '-'
        keys: [{ alias: alias/a, instance: @kst- }] => an instance's id is 'kst-' and 1 to 60 letters, digits and '-'
        instances: [], keys: [{ alias: alias/a, instance: @kst-a }] => no such instance; `instances` must list it
        keys: [{ alias: alias/a }, { region: cn-y, alias: alias/a }, @{ region: cn-x, alias: alias/a }] => this key stands twice; the first is at 1:40
        quotas: { keys: 1 }, keys: [{ alias: alias/a }, { region: cn-y, alias: alias/a }, @{ alias: alias/b }, { alias: alias/c }] => the quota of 1 keys is full before this one
        quotas: { keys: 0 }, keys: [@{ alias: alias/a }] => the quota of 0 keys is full before this one
        keys: [{ alias: alias/a, @id: x }] => unknown key `id`; the keys here are region, alias, spec, description, instance
        ",
    );
    let longest = "a".repeat(255);
    world(&format!("kms: {{ keys: [{{ alias: alias/{longest} }}] }}"));
    let message = "this does not have 1 to 255 characters behind alias/";
    check("kms: { keys: [{ alias: … }] }", &format!("@alias/{longest}a => {message}"));
    check("{ regions: [@X], kms: { keys: [{ alias: alias/a }] } }", "… => not a region id");
}

#[test]
fn secrets_are_read() {
    let world = world(
        "\
regions: [cn-x, cn-y]
kms:
  instances: [{ id: kst-a }]
  keys: [{ alias: alias/app, instance: kst-a }]
  secrets:
    - { name: a, data: 1.10 }
    - region: cn-x
      name: db/main
      type: Generic
      version: v2
      data: '{\"user\":\"root\"}'
      data_type: binary
      description: ''
      key: alias/app
      instance: kst-a
      policy:
        { \"Version\": \"1\", \"Statement\": [{ \"Sid\": \"a b\", \"Effect\": \"Deny\",
          \"Principal\": { \"RAM\": \"acs:ram::2:*\" }, \"Action\": [\"kms:List*\", kms:GetSecretValue],
          \"Resource\": \"*\", \"Condition\": { \"Bool\": { \"acs:SecureTransport\": [true] } } }] }
      tags: { team: a, 'kms:b': '' }
    - { region: cn-y, name: a, data: e }
",
    );
    let [first, second, third] = &world.kms_secrets[..] else { panic!("three secrets") };
    assert_eq!(first.scope.to_string(), format!("{}/cn-x", world.cloud.account));
    assert_eq!((first.name.as_str(), first.secret_type), ("a", KmsType::Generic));
    assert_eq!((first.version.as_str(), first.data_type), ("v1", DataType::Text));
    assert_eq!(first.data.expose(), "1.10");
    assert!(first.description.is_none() && first.key.is_none() && first.instance.is_none());
    assert!(first.config.is_none() && first.rotation.is_none() && first.policy.is_none());
    assert_eq!(first.tags, kms_model::Tags::default());
    assert_eq!((second.name.as_str(), second.version.as_str()), ("db/main", "v2"));
    assert_eq!((second.data.expose(), second.data_type), ("{\"user\":\"root\"}", DataType::Binary));
    assert_eq!(second.description.as_ref().map(SecretDescription::as_str), Some(""));
    assert_eq!(second.key.as_ref().unwrap().as_str(), "alias/app");
    assert_eq!(second.instance, Some(instance("kst-a")));
    let sent = concat!(
        r#"{"Version":"1","Statement":[{"Sid":"a b","Effect":"Deny","Principal":{"RAM":"acs:ram::2:*"},"#,
        r#""Action":["kms:List*","kms:GetSecretValue"],"Resource":"*","#,
        r#""Condition":{"Bool":{"acs:SecureTransport":["true"]}}}]}"#,
    );
    assert_eq!(second.policy.as_ref().unwrap().text(), sent);
    let tags = r#"[{"TagKey":"team","TagValue":"a"},{"TagKey":"kms:b","TagValue":""}]"#;
    assert_eq!(second.tags, kms_model::Tags::parse(tags).unwrap());
    assert_eq!((third.scope.region.as_str(), third.name.as_str()), ("cn-y", "a"));
}

#[test]
fn secrets_have_rules() {
    let tags = |count: usize| {
        let tags = (0..count).map(|number| format!("k{number}: v"));
        tags.collect::<Vec<_>>().join(", ")
    };
    world(&SECRET.replace('…', &format!("tags: {{ {} }}", tags(20))));
    check(SECRET, &format!("tags: @{{ {} }} => these are more than 20 on one resource", tags(21)));
    check(
        SECRET,
        "
        region: @cn => not a region that is served; `regions` says which are
        type: @generic => no such type; the types are Generic, Rds, Redis, RAMCredentials, ECS, PolarDB
        version: @'' => this is empty
        version: @\"a\\nb\" => this has a control character
        data_type: @Text => this is neither text nor binary
        description: @\"a\\0b\" => this has a control character
        instance: @a => an instance's id is 'kst-' and 1 to 60 letters, digits and '-'
        key: @alias/a => no such key in this region; `keys` must list it
        key: @app => this does not begin with alias/
        extended_config: @{} => only managed secrets have an `extended_config`
        rotation: @7d => only managed secrets have a `rotation`
        tags: { @aliyun: v } => this may not begin with aliyun or acs:
        tags: { @'': v } => this is empty
        tags: { k: @'a b' } => this may hold letters, digits and
        tags: { 1: a, @'1': b } => this key stands twice; the first is at 1:46
        tags: @x => expected a mapping
        policy: @x => expected a mapping
        extended_config: @x => expected a mapping
        @extra: x => unknown key; the keys here are region, name, type, version, data, data_type, description, key, instance, extended_config, rotation, policy, tags
        ",
    );
    for (field, max, message) in [
        ("name: …, data: d", 192, "this has more than 192 characters"),
        ("name: s, version: …, data: d", 64, "this has more than 64 characters"),
        ("name: s, data: …", 30_720, "this has more than 30720 bytes"),
        ("name: s, data: d, tags: { …: v }", 128, "this has more than 128 characters"),
        ("name: s, data: d, tags: { k: … }", 128, "this has more than 128 characters"),
    ] {
        let file = format!("kms: {{ secrets: [{{ {field} }}] }}");
        world(&file.replace('…', &"a".repeat(max)));
        check(&file, &format!("@{} => {message}", "a".repeat(max + 1)));
    }
    check(
        "kms: { secrets: [{ … }] }",
        "
        name: @a b, data: d => this may hold letters, digits and _/+=.@- only
        name: @acs/a, data: d => this may not begin with acs/ for this type of secret
        name: @$Auto, data: d => this may hold letters, digits and
        name: @'', data: d => this is empty
        name: a, data: @'' => this is empty
        name: a, data: @{ a: b } => expected a text
        @name: a => the key `data` is missing in this mapping
        ",
    );
}

#[test]
fn every_mistake_of_a_secret_is_told() {
    let text = "\
kms:
  instances: [{ id: kst-a, access_quota: 0 }]
  secrets:
    - region: cn
      name: a b
      version: ''
      data: ''
      data_type: x
      description: \"\\0\"
      key: a
      instance: kst-b
      extended_config: {}
      rotation: 1h
      policy: { Version: 2, Statement: [] }
      tags: { '': ' ', 'ü': v }
    - { name: s, data: d }
    - { name: s, data: '', tags: { '': v } }
";
    let places: Vec<_> =
        told(text).iter().map(|told| told.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(
        places,
        [
            "4:15:", "5:13:", "6:16:", "7:13:", "8:18:", "9:20:", "10:12:", "11:17:", "12:24:",
            "13:17:", "14:26:", "15:15:", "15:19:", "15:24:", "17:7:", "17:24:", "17:36:",
        ]
    );
}

#[test]
fn a_secret_and_its_key_are_in_one_region_and_one_instance() {
    let start = "
regions: [cn-x, cn-y]
kms:
  keys:
    - { alias: alias/none }
    - { alias: alias/a, instance: kst-a }
    - { region: cn-y, alias: alias/y }
    - { alias: alias/ec, spec: EC_P256 }
    - { alias: alias/bad, description: \"\\0\" }
    - { alias: alias/worse, spec: x }
  secrets:
";
    let file = |secrets: &[&str]| {
        let secrets = secrets.iter().zip('a'..);
        let secrets = secrets.map(|(it, name)| format!("  - {{ name: {name}, data: d, {it} }}\n"));
        start.to_owned() + &secrets.collect::<String>()
    };
    assert_eq!(
        told(&file(&[
            "key: alias/none",
            "key: alias/a, instance: kst-a",
            "region: cn-y, key: alias/y",
            "key: alias/bad",
            "key: alias/worse",
            "key: alias/y",
            "region: cn-y, key: alias/none",
            "key: alias/none, instance: kst-a",
            "key: alias/a",
            "key: alias/a, instance: kst-b",
            "key: alias/ec",
        ])),
        [
            "9:40: this has a control character",
            "10:35: no such specification; the specifications are Aliyun_AES_256, Aliyun_AES_192, \
             Aliyun_AES_128, Aliyun_SM4, EC_P256",
            "17:30: no such key in this region; `keys` must list it",
            "18:44: no such key in this region; `keys` must list it",
            "19:30: the key and the secret must be in one instance, or both in none",
            "20:30: the key and the secret must be in one instance, or both in none",
            "21:30: the key and the secret must be in one instance, or both in none",
            "22:30: this key is asymmetric and encrypts no secrets",
        ]
    );
}

#[test]
fn secrets_are_unique_in_their_region_and_within_quotas() {
    let file = |secrets: &[&str]| {
        let start = "
regions: [cn-x, cn-y]
kms:
  quotas: { secrets: 3 }
  instances: [{ id: kst-a, secret_quota: 1 }, { id: kst-b }]
  secrets:
";
        let secret = |it: &&str| format!("  - {{ data: d, name: {it} }}\n");
        start.to_owned() + &secrets.iter().map(secret).collect::<String>()
    };
    let full = [
        "a, instance: kst-a",
        "a, instance: kst-a, region: cn-y",
        "b, instance: kst-b",
        "c, instance: kst-b",
    ];
    assert_eq!(world(&file(&full)).kms_secrets.len(), 4);
    let mut more = full.to_vec();
    more.extend(["c", "d, region: cn-y, instance: kst-a", "d", "e"]);
    assert_eq!(
        told(&file(&more)),
        [
            "11:5: this secret stands twice; the first is at 10:5",
            "12:5: the quota of 1 secrets of this instance is full before this one",
            "13:5: the quota of 3 secrets is full before this one",
        ]
    );
}

#[test]
fn managed_secrets_are_read() {
    let world = world(
        "\
users: [{ name: alice }, { name: bob }]
kms:
  secrets:
    - name: rds
      type: Rds
      data: '{\"Accounts\":[{\"AccountName\":\"a\",\"AccountPassword\":\"p\"}]}'
      extended_config: { SecretSubType: SingleUser, CustomData: { version: 1.10 }, DBInstanceId: 007 }
      rotation: 7d
    - name: redis
      type: Redis
      data: $Auto
      extended_config:
        SecretSubType: DoubleUsers
        RegionId: cn-hangzhou
        InstanceId: r-1
        AccountName: u
        CloneAccountName: u_clone
        AccountPrivilege: RoleReadOnly
    - name: $Auto
      type: RAMCredentials
      data: '{\"AccessKeys\":[{\"AccessKeyId\":\"a\",\"AccessKeySecret\":\"s\"}]}'
      extended_config: { \"SecretSubType\": \"RamUserAccessKey\", \"UserName\": \"alice\" }
    - name: $Auto
      type: RAMCredentials
      data: '{\"AccessKeys\":[{\"AccessKeyId\":\"b\",\"AccessKeySecret\":\"s\"}]}'
      extended_config: { SecretSubType: RamUserAccessKey, UserName: bob }
    - name: acs/ecs/web
      type: ECS
      data: '{\"UserName\":\"root\",\"Password\":\"p\"}'
      extended_config: { SecretSubType: Password, RegionId: cn-hangzhou, InstanceId: i-1, CommandId: '' }
",
    );
    let secrets = &world.kms_secrets;
    let names: Vec<_> = secrets.iter().map(|secret| secret.name.as_str()).collect();
    assert_eq!(names, ["rds", "redis", "acs/ram/user/alice", "acs/ram/user/bob", "acs/ecs/web"]);
    assert_eq!(
        secrets[0].config.as_ref().unwrap().to_json(),
        r#"{"SecretSubType":"SingleUser","DBInstanceId":"007","CustomData":{"version":"1.10"}}"#
    );
    assert_eq!(secrets[0].rotation.unwrap().to_string(), "604800s");
    assert!(secrets[1..].iter().all(|secret| secret.rotation.is_none()));
    assert_eq!(secrets[1].data.expose(), "$Auto");
    assert!(secrets[0].data.expose().starts_with("{\"Accounts\""));
}

/// A file with this secret, and a user of the account and one of another.
fn file(secret: &str) -> String {
    let users = "users: [{ name: u }, { name: x, account: '2' }]";
    format!("{{ {users}, kms: {{ secrets: [{secret}] }} }}")
}

fn rds(content: &str) -> String {
    file(&format!("{{ name: s, type: Rds, {content} }}"))
}

const ACCOUNT: &str = r#"data: '{"Accounts":[{"AccountName":"a","AccountPassword":"p"}]}'"#;

#[test]
fn managed_secrets_have_rules() {
    let config = "extended_config: { SecretSubType: SingleUser, DBInstanceId: r }";
    check(
        &rds(&format!("{ACCOUNT}, …")),
        "
        extended_config: @{ SecretSubType: SingleUser } => DBInstanceId is missing
        extended_config: @{ SecretSubType: Single, DBInstanceId: r } => SecretSubType is not SingleUser or DoubleUsers
        extended_config: @{ SecretSubType: SingleUser, DBInstanceId: '' } => DBInstanceId is empty
        extended_config: { SecretSubType: SingleUser, DBInstanceId: @[r] } => expected a text
        extended_config: { SecretSubType: SingleUser, DBInstanceId: @~ } => expected a text
        extended_config: { SecretSubType: SingleUser, DBInstanceId: r, CustomData: @x } => expected a mapping
        extended_config: { SecretSubType: SingleUser, DBInstanceId: r, 1: a, @'1': b } => this key stands twice; the first is at
        extended_config: { SecretSubType: SingleUser, DBInstanceId: r, CustomData: { 1: a, @'1': b } } => this key stands twice; the first is at
        ",
    );
    check(
        &rds(&format!("{ACCOUNT}, {config}, …")),
        "
        rotation: @5h => this is shorter than 6 hours or longer than 8,760 hours
        rotation: @366d => this is shorter than 6 hours
        rotation: @7 => this is not a whole number followed by d, h, m or s
        data_type: @binary => this must be text for this type of secret
        ",
    );
    for interval in ["6h", "8760h", "604,800s"] {
        world(&rds(&format!("{ACCOUNT}, {config}, rotation: '{interval}'")));
    }
    check(
        &rds(&format!("{config}, …")),
        "
        data: @$Auto => this is not {\"Accounts\":[{\"AccountName\":\"\",\"AccountPassword\":\"\"}]} filled in, with one account
        data: @'' => this is empty
        ",
    );
    check(
        &file("@{ name: s, type: Rds, data: d }"),
        "… => a secret of this type needs an `extended_config`",
    );
}

#[test]
fn a_secret_of_a_ram_user_is_called_after_it() {
    let ram = |name: &str, user: &str| {
        let data = r#"data: '{"AccessKeys":[{"AccessKeyId":"a","AccessKeySecret":"s"}]}'"#;
        let config =
            format!("extended_config: {{ SecretSubType: RamUserAccessKey, UserName: {user} }}");
        format!("{{ name: {name}, type: RAMCredentials, {data}, {config} }}")
    };
    world(&file(&ram("$Auto", "u")));
    let cases = [
        (ram("@$Auto", "nobody"), "the RAM user is unknown; `users` must list it in this account"),
        (ram("@$Auto", "x"), "the RAM user is unknown; `users` must list it in this account"),
        (ram("@u", "u"), "this must be $Auto for this type of secret"),
        (format!("{}, @{0}", ram("$Auto", "u")), "this secret stands twice"),
    ];
    for (content, message) in cases {
        check(&file("…"), &format!("{content} => {message}"));
    }
}

#[test]
fn an_extended_configuration_has_limits() {
    let pairs = |count: usize| {
        let pairs: Vec<_> = (0..count).map(|number| format!("k{number}: v")).collect();
        format!(
            "extended_config: {{ SecretSubType: SingleUser, DBInstanceId: r, CustomData: {{ {} }} }}",
            pairs.join(", ")
        )
    };
    world(&rds(&format!("{ACCOUNT}, {}", pairs(10))));
    let eleven = pairs(11).replacen("{ S", "@{ S", 1);
    check(
        &rds(&format!("{ACCOUNT}, …")),
        &format!("{eleven} => CustomData has more than 10 members"),
    );
    let long = |count: usize| {
        format!(
            "extended_config: @{{ SecretSubType: SingleUser, DBInstanceId: {} }}",
            "r".repeat(count)
        )
    };
    let around = r#"{"SecretSubType":"SingleUser","DBInstanceId":""}"#.len();
    world(&rds(&format!("{ACCOUNT}, {}", long(1024 - around).replace('@', ""))));
    check(
        &rds(&format!("{ACCOUNT}, …")),
        &format!("{} => this has more than 1,024 characters", long(1025 - around)),
    );
}

#[test]
fn policies_have_rules() {
    let statement =
        "Effect: Allow, Principal: { RAM: 'acs:ram::1:*' }, Action: kms:*, Resource: '*'";
    check(
        SECRET,
        &"
        policy: { Version: @2, Statement: [{ OK }] } => the version of a policy is \"1\"
        policy: @{ Version: 1, Statement: [] } => Statement is empty
        policy: { Version: 1, Statement: [{ OK }, @{ Effect: X, Principal: { RAM: 'acs:ram::1:*' }, Action: kms:*, Resource: '*' }] } => Effect is neither Allow nor Deny
        policy: { Version: 1, Statement: [@{ Effect: Deny, Principal: { RAM: x }, Action: kms:*, Resource: '*' }] } => Principal.RAM is not acs:ram::ACCOUNT: followed by
        policy: { Version: 1, Statement: [@{ Effect: Deny, Principal: { RAM: 'acs:ram::1:*' }, Action: [kms:*, sae:*], Resource: '*' }] } => Action[1] does not begin with kms:
        policy: { Version: 1, Statement: [@{ Effect: Deny, Principal: { RAM: 'acs:ram::1:*' }, Action: kms:*, Resource: x }] } => Resource is not *
        policy: { Version: 1, Statement: [@{ Sid: 'ü', OK }] } => Sid has other characters
        policy: { Version: 1, Statement: [{ OK, Condition: { @Same: { acs:SourceIp: x } } }] } => unknown condition operator; there are StringEquals,
        policy: { Version: 1, Statement: [{ OK, Condition: { Bool: { @no: x } } }] } => unknown condition key; there are acs:SourceIp,
        policy: { Version: 1, Statement: [{ OK, Condition: { Bool: { acs:SecureTransport: @maybe } } }] } => expected true or false
        policy: { Version: 1, Statement: [{ @Effect: Allow }] } => the key `Principal` is missing in this mapping
        policy: { Version: 1, Statement: [{ OK, @NotAction: x }] } => unknown key
        policy: { Version: 1, Statement: [{ OK, @RAM: a }] } => unknown key
        ".replace("OK", statement),
    );
    // Neither of the two statements is too large.
    let sized = |count: usize| {
        let json = r#"{"Effect":"Allow","Principal":{"RAM":"acs:ram::1:*"},"Action":"kms:*","Resource":"*"}"#;
        let around = r#"{"Version":"1","Statement":[,]}"#.len() + 2 * json.len();
        let action = format!("kms:*{}", "a".repeat(count - around));
        let long = statement.replace("kms:*", &action);
        format!("policy: @{{ Version: 1, Statement: [{{ {statement} }}, {{ {long} }}] }}")
    };
    world(&SECRET.replace('…', &sized(32_768).replace('@', "")));
    check(SECRET, &format!("{} => this has more than 32,768 bytes", sized(32_769)));
}

#[test]
fn an_instance_is_shared_with_as_many_accounts_as_it_may_be() {
    let file = |quota: u32, policies: &[(&str, &str)]| {
        let secrets = policies.iter().zip('a'..).map(|((instance, principals), name)| {
            format!(
                "    - {{ name: {name}, data: d, instance: {instance}, {} }}\n",
                policy(principals)
            )
        });
        format!(
            "
account: 1
kms:
  instances: [{{ id: kst-a, access_quota: {quota} }}, {{ id: kst-b }}]
  secrets:
{}",
            secrets.collect::<String>()
        )
    };
    let own = ("kst-a", "'acs:ram::1:*'");
    world(&file(0, &[own, ("kst-b", "'acs:ram::2:*', 'acs:ram::3:*'")]));
    let two = [
        own,
        ("kst-a", "'acs:ram::2:*', 'acs:ram::2:root'"),
        ("kst-a", "'acs:ram::3:user/u', 'acs:ram::2:*'"),
    ];
    world(&file(2, &two));
    assert_eq!(
        told(&file(1, &two)),
        ["8:52: the quota of 1 accounts that share this instance is full before this one"]
    );
    assert_eq!(
        told(&file(0, &two)),
        ["7:52: the quota of 0 accounts that share this instance is full before this one"]
    );
}
