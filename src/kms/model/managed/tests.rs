use proptest::prelude::*;

use super::*;

const RDS: &str = r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-1"}"#;
const REDIS: &str = r#"{"SecretSubType":"DoubleUsers","AccountName":"u","CloneAccountName":"u_clone","AccountPrivilege":"ROLE_READ_ONLY","InstanceId":"r-1","RegionId":"cn-hangzhou"}"#;
const POLAR_DB: &str = r#"{"SecretSubType":"DoubleUsers","RegionId":"cn-hangzhou","DBClusterId":"pc-1","DBType":"MySQL","AccountName":"u","CloneAccountName":"u_clone","AccountType":"Normal","AccountPrivilege":"ReadOnly","DBName":"d"}"#;
const RAM: &str = r#"{"SecretSubType":"RamUserAccessKey","UserName":"alice"}"#;
const ECS: &str = r#"{"CommandId":"","CustomData":{"tf-testAcc":"tf-testAcc"},"InstanceId":"i-1","RegionId":"cn-hangzhou","SecretSubType":"Password"}"#;

const ALL: [(ManagedType, &str); 5] = [
    (ManagedType::Rds, RDS),
    (ManagedType::Redis, REDIS),
    (ManagedType::PolarDb, POLAR_DB),
    (ManagedType::RamCredentials, RAM),
    (ManagedType::Ecs, ECS),
];

fn config(managed_type: ManagedType, text: &str) -> ExtendedConfig {
    ExtendedConfig::parse(text, managed_type).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn reason(managed_type: ManagedType, text: &str) -> String {
    match ExtendedConfig::parse(text, managed_type) {
        Err(Error::Invalid(Field::ExtendedConfig, reason)) => reason.into_owned(),
        other => panic!("{text}: {other:?}"),
    }
}

/// The text with a member taken out, or with another value, or with one more.
fn with(text: &str, name: &str, value: Option<&str>) -> String {
    let mut members = json::members(text).unwrap();
    let value = value.map(|value| serde_json::value::RawValue::from_string(value.into()).unwrap());
    match (members.iter().position(|(known, _)| known == name), &value) {
        (Some(at), Some(value)) => members[at].1 = value,
        (Some(at), None) => drop(members.remove(at)),
        (None, Some(value)) => members.push((name.into(), value)),
        (None, None) => {}
    }
    let members = members.iter().map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

#[test]
fn every_type_has_its_form() {
    for (managed_type, text) in ALL {
        let config = config(managed_type, text);
        let user = (managed_type == ManagedType::RamCredentials).then_some("alice");
        assert_eq!(config.user_name(), user);
        assert_eq!(ExtendedConfig::read(&config.to_json(), managed_type), Ok(config));
    }
    let double = RDS.replace("SingleUser", "DoubleUsers");
    config(ManagedType::Rds, &double);
    config(ManagedType::Ecs, &ECS.replace("Password", "SSHKey"));
}

#[test]
fn required_keys_are_required() {
    for (managed_type, text) in ALL {
        let optional: &[&str] = match managed_type {
            ManagedType::PolarDb => {
                &["CloneAccountName", "AccountType", "AccountPrivilege", "DBName"]
            }
            _ => &["CommandId", "CustomData"],
        };
        for (name, _) in json::members(text).unwrap() {
            let without = with(text, &name, None);
            let empty = with(text, &name, Some("\"\""));
            let number = with(text, &name, Some("1"));
            if optional.contains(&name.as_str()) {
                config(managed_type, &without);
                if name != "CustomData" {
                    config(managed_type, &empty);
                }
            } else {
                assert_eq!(reason(managed_type, &without), format!("{name} is missing"));
                assert_eq!(reason(managed_type, &empty), format!("{name} is empty"));
            }
            let expected = match name.as_str() {
                "CustomData" => "CustomData is not a JSON object".to_owned(),
                _ => format!("{name} is not a string"),
            };
            assert_eq!(reason(managed_type, &number), expected);
        }
    }
}

#[test]
fn values_have_their_rules() {
    const CLONE: &str = "CloneAccountName is not AccountName with _clone behind it";
    for (managed_type, text, name, value, expected) in [
        (ManagedType::Rds, RDS, "SecretSubType", "singleuser", "is not SingleUser or DoubleUsers"),
        (ManagedType::Rds, RDS, "SecretSubType", "Password", "is not SingleUser or DoubleUsers"),
        (ManagedType::Redis, REDIS, "SecretSubType", "SingleUser", "is not DoubleUsers"),
        (ManagedType::PolarDb, POLAR_DB, "SecretSubType", "SingleUser", "is not DoubleUsers"),
        (ManagedType::RamCredentials, RAM, "SecretSubType", "Key", "is not RamUserAccessKey"),
        (ManagedType::Ecs, ECS, "SecretSubType", "SSHkey", "is not Password or SSHKey"),
        (ManagedType::PolarDb, POLAR_DB, "DBType", "Oracle", "is not MySQL or PostgreSQL"),
        (ManagedType::PolarDb, POLAR_DB, "AccountType", "Super", "is not Normal"),
    ] {
        let changed = with(text, name, Some(&format!("\"{value}\"")));
        assert_eq!(reason(managed_type, &changed), format!("{name} {expected}"), "{changed}");
    }
    for (managed_type, text) in [(ManagedType::Redis, REDIS), (ManagedType::PolarDb, POLAR_DB)] {
        for (name, value) in
            [("CloneAccountName", "u"), ("CloneAccountName", "u_Clone"), ("AccountName", "v")]
        {
            let changed = with(text, name, Some(&format!("\"{value}\"")));
            assert_eq!(reason(managed_type, &changed), CLONE, "{changed}");
        }
    }
    let postgres = POLAR_DB.replace("MySQL", "PostgreSQL");
    assert_eq!(reason(ManagedType::PolarDb, &postgres), "AccountPrivilege is for MySQL only");
    let postgres = with(&postgres, "AccountPrivilege", None);
    assert_eq!(reason(ManagedType::PolarDb, &postgres), "DBName is for MySQL only");
    config(ManagedType::PolarDb, &with(&postgres, "DBName", Some("\"\"")));
    config(ManagedType::PolarDb, &with(&postgres, "DBName", None));
    let clone = with(&with(POLAR_DB, "CloneAccountName", None), "AccountName", Some("\"x\""));
    config(ManagedType::PolarDb, &clone);
}

#[test]
fn only_a_json_object_will_do() {
    for (text, expected) in [
        ("", "is needed for this type of secret"),
        ("{", "is not valid JSON (line 1, column 1)"),
        ("[]", "is not a JSON object"),
        ("\"{}\"", "is not a JSON object"),
        (
            r#"{"SecretSubType":"SingleUser","SecretSubType":"SingleUser","DBInstanceId":"rm-1"}"#,
            "has the key [SecretSubType] twice",
        ),
        // The broken sample of the documentation.
        (
            r#"{"SecretSubType":"SingleUser","CustomData":"Key1": "v1"}"#,
            "is not valid JSON (line 1, column 50)",
        ),
    ] {
        assert_eq!(reason(ManagedType::Rds, text), expected, "{text}");
    }
}

#[test]
fn characters_are_counted_as_they_were_sent() {
    let text = |length: usize| {
        let rest = length - RDS.chars().count() - r#","x":"""#.len();
        with(RDS, "x", Some(&format!("\"{}\"", "中".repeat(rest))))
    };
    assert_eq!(text(1024).chars().count(), 1024);
    let longest = config(ManagedType::Rds, &text(1024));
    assert_eq!(reason(ManagedType::Rds, &text(1025)), "has more than 1,024 characters");
    // What is kept has custom data besides.
    let kept = longest.to_json();
    assert!(kept.chars().count() > 1024);
    assert_eq!(ExtendedConfig::read(&kept, ManagedType::Rds), Ok(longest));
    // White space and escapes count as well.
    assert_eq!(
        reason(ManagedType::Rds, &format!("{}{RDS}", " ".repeat(1024))),
        "has more than 1,024 characters"
    );
}

#[test]
fn members_keep_their_order() {
    for (managed_type, text, expected) in [
        (
            ManagedType::Rds,
            r#"{ "SecretSubType":"SingleUser", "DBInstanceId":"rm-1" ,"CustomData":{} }"#,
            r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-1","CustomData":{}}"#,
        ),
        (
            ManagedType::Rds,
            r#"{"CustomData":{"k":"v \u003c\u0026\u003e 1", "城市" : "杭州\n"},"DBInstanceId":"rm-1","SecretSubType":"SingleUser"}"#,
            r#"{"CustomData":{"k":"v <&> 1","城市":"杭州\n"},"DBInstanceId":"rm-1","SecretSubType":"SingleUser"}"#,
        ),
        (ManagedType::Ecs, ECS, ECS),
        (
            ManagedType::RamCredentials,
            r#"{"z":[1.50, null],"UserName":"\u0061","SecretSubType":"RamUserAccessKey","a":1e400}"#,
            r#"{"z":[1.50, null],"UserName":"a","SecretSubType":"RamUserAccessKey","a":1e400,"CustomData":{}}"#,
        ),
    ] {
        let json = config(managed_type, text).to_json();
        assert_eq!(json, expected);
        assert_eq!(config(managed_type, &json).to_json(), expected);
    }
}

#[test]
fn what_does_not_read_from_the_store_says_why() {
    let error = ExtendedConfig::read("{}", ManagedType::Ecs);
    assert_eq!(error, Err("SecretSubType is missing".to_owned()));
}

fn custom_data_reason(result: Result<CustomData>) -> String {
    match result {
        Err(Error::Invalid(Field::CustomData, reason)) => reason.into_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn custom_data_is_ten_pairs_of_texts() {
    let pairs =
        |count: usize| (0..count).map(|n| (format!("k{n}"), "v".to_owned())).collect::<Vec<_>>();
    let json = |count| {
        let pairs = pairs(count);
        let pairs = pairs.iter().map(|(key, value)| format!("\"{key}\": \"{value}\""));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
    };
    for count in [0, 1, 10] {
        let data = CustomData::parse(&json(count)).unwrap();
        assert_eq!(CustomData::from_pairs(pairs(count)).unwrap(), data);
        config(ManagedType::Rds, &with(RDS, "CustomData", Some(&json(count))));
    }
    let many = "has more than 10 members";
    assert_eq!(custom_data_reason(CustomData::parse(&json(11))), many);
    assert_eq!(custom_data_reason(CustomData::from_pairs(pairs(11))), many);
    let whole = with(RDS, "CustomData", Some(&json(11)));
    assert_eq!(reason(ManagedType::Rds, &whole), format!("CustomData {many}"));

    for (text, expected) in [
        ("", "is not valid JSON (line 1, column 0)"),
        ("[]", "is not a JSON object"),
        (r#"{"a":"1","\u0061":"2"}"#, "has the key [a] twice"),
        (r#"{"a":1}"#, "a is not a string"),
        (r#"{"a":{}}"#, "a is not a string"),
    ] {
        assert_eq!(custom_data_reason(CustomData::parse(text)), expected, "{text}");
    }
    let nested = with(RDS, "CustomData", Some(r#"{"a":{"b":"c"}}"#));
    assert_eq!(reason(ManagedType::Rds, &nested), "CustomData.a is not a string");
    let twice = [("a", "1"), ("a", "2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(custom_data_reason(CustomData::from_pairs(twice.to_vec())), "has a key twice");
}

#[test]
fn custom_data_has_a_length_too() {
    let long = "has more than 1,024 characters";
    let value = |length| "中".repeat(length - r#"{"k":""}"#.len());
    let json = |length| format!(r#"{{"k":"{}"}}"#, value(length));
    assert!(CustomData::parse(&json(1024)).is_ok());
    assert_eq!(custom_data_reason(CustomData::parse(&json(1025))), long);
    let pairs = |length| CustomData::from_pairs(vec![("k".to_owned(), value(length))]);
    assert!(pairs(1024).is_ok());
    assert_eq!(custom_data_reason(pairs(1025)), long);
}

#[test]
fn custom_data_is_replaced_where_it_stands() {
    let data = || CustomData::parse(r#"{"new":"1"}"#).unwrap();
    assert_eq!(
        config(ManagedType::Ecs, ECS).with_custom_data(data()).to_json(),
        ECS.replace(r#""tf-testAcc":"tf-testAcc""#, r#""new":"1""#)
    );
    let rds = config(ManagedType::Rds, RDS).with_custom_data(data()).to_json();
    assert_eq!(rds, with(RDS, "CustomData", Some(r#"{"new":"1"}"#)));
    let none = config(ManagedType::Ecs, ECS).with_custom_data(CustomData::default()).to_json();
    assert_eq!(none, with(ECS, "CustomData", Some("{}")));
}

proptest! {
    /// What is kept reads as what was sent.
    #[test]
    fn any_texts_come_back(name in "\\PC{1,20}", value in any::<String>(), key in any::<String>()) {
        prop_assume!(!["CustomData", "SecretSubType", "UserName"].contains(&name.as_str()));
        let sent = serde_json::json!({
            "SecretSubType": "RamUserAccessKey",
            "UserName": "u",
            name: value.chars().take(50).collect::<String>(),
            "CustomData": { key.chars().take(50).collect::<String>(): "x" },
        });
        let config = ExtendedConfig::parse(&sent.to_string(), ManagedType::RamCredentials).unwrap();
        let kept: serde_json::Value = serde_json::from_str(&config.to_json()).unwrap();
        prop_assert_eq!(&kept, &sent);
        prop_assert_eq!(ExtendedConfig::read(&config.to_json(), ManagedType::RamCredentials), Ok(config));
    }
}
