//! Secrets that the service manages: what they are made of, and what they give out.

use super::harness::*;

const RDS: &str = r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-1"}"#;
const RDS_PAIR: &str = r#"{"SecretSubType":"DoubleUsers","DBInstanceId":"rm-1"}"#;
const REDIS: &str = r#"{"SecretSubType":"DoubleUsers","InstanceId":"r-1","RegionId":"cn-hangzhou","AccountName":"u","CloneAccountName":"u_clone","AccountPrivilege":"RoleReadOnly"}"#;
const POLAR_DB: &str = r#"{"SecretSubType":"DoubleUsers","RegionId":"cn-hangzhou","DBClusterId":"pc-1","DBType":"PostgreSQL","AccountName":"u"}"#;
const RAM: &str = r#"{"SecretSubType":"RamUserAccessKey","UserName":"alice"}"#;
const ECS: &str =
    r#"{"SecretSubType":"Password","RegionId":"cn-hangzhou","InstanceId":"i-1","CommandId":""}"#;
const ECS_SSH: &str = r#"{"CustomData":{"b":"2","a":"é"},"SecretSubType":"SSHKey","RegionId":"cn-hangzhou","InstanceId":"i-1"}"#;

const ACCOUNT: &str =
    r#"{"Accounts":[{"AccountName":"app_user","AccountPassword":"canary \"1\""}]}"#;
const ACCOUNTS: &str = r#"{"Accounts":[{"AccountName":"app_user","AccountPassword":"canary-11"},{"AccountPassword":"canary-22","AccountName":"b"}]}"#;
const KEYS: &str = r#"{"AccessKeys":[{"AccessKeyId":"LTAI5tCanaryCanary000001","AccessKeySecret":"canary-not-real-1"},{"AccessKeyId":"LTAI5tCanaryCanary000002","AccessKeySecret":"canary-not-real-2"}]}"#;
const PASSWORD: &str = r#"{"UserName":"root","Password":"canary-pass"}"#;
const SSH_KEYS: &str =
    r#"{"UserName":"root","PublicKey":"ssh-rsa canary","PrivateKey":"-----BEGIN canary"}"#;

/// The parameters of a creation.
fn creation<'a>(
    name: &'a str,
    kind: &'a str,
    config: &'a str,
    data: &'a str,
) -> [(&'a str, &'a str); 5] {
    [
        ("SecretName", name),
        ("VersionId", "v1"),
        ("SecretType", kind),
        ("ExtendedConfig", config),
        ("SecretData", data),
    ]
}

/// Holds a creation to a refusal of the parameter, with that reason.
#[track_caller]
fn refused(kms: &Kms, given: Given, parameter: &str, why: &str) {
    let message = format!("The specified parameter is not valid. {parameter}: {why}");
    kms.refused("CreateSecret", given, 400, "InvalidParameter", &message);
}

/// The members of a value that is an object, in their order.
fn members(data: &Value) -> Vec<(String, String)> {
    let data: Value = serde_json::from_str(data.as_str().unwrap()).unwrap();
    let members = data.as_object().unwrap().iter();
    members.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

#[test]
fn every_type_is_created_given_out_and_rotated() {
    let kms = Kms::start();
    let first_key = format!(
        r#"{{"AccessKeyId":"LTAI5tCanaryCanary000001","AccessKeySecret":"canary-not-real-1","GenerateTimestamp":"{}"}}"#,
        time(START)
    );
    let account = r#"{"AccountName":"app_user","AccountPassword":"canary \"1\""}"#;
    let first_account = r#"{"AccountName":"app_user","AccountPassword":"canary-11"}"#;
    let with_data = |config: &str| config.replace('}', r#","CustomData":{}}"#);
    let password = ["UserName", "Password"];
    let account_names = ["AccountName", "AccountPassword"];
    let ssh = ["UserName", "PublicKey", "PrivateKey"];
    let key = ["AccessKeyId", "AccessKeySecret", "GenerateTimestamp"];
    let cases: [(&str, &str, &str, &str, String, Option<&str>, &[&str], &str); 8] = [
        ("rds", "Rds", RDS, ACCOUNT, with_data(RDS), Some(account), &account_names, "app_user"),
        (
            "pair",
            "Rds",
            RDS_PAIR,
            ACCOUNTS,
            with_data(RDS_PAIR),
            Some(first_account),
            &account_names,
            "b",
        ),
        ("redis", "Redis", REDIS, "$Auto", with_data(REDIS), None, &account_names, "u_clone"),
        (
            "polar",
            "PolarDB",
            POLAR_DB,
            "$Auto",
            with_data(POLAR_DB),
            None,
            &account_names,
            "u_clone",
        ),
        ("$Auto", "RAMCredentials", RAM, KEYS, with_data(RAM), Some(&first_key), &key, ""),
        ("acs/ecs/pass", "ECS", ECS, PASSWORD, with_data(ECS), Some(PASSWORD), &password, "root"),
        ("acs/ecs/ssh", "ECS", ECS_SSH, SSH_KEYS, ECS_SSH.to_owned(), Some(SSH_KEYS), &ssh, "root"),
        ("acs/ecs/", "ECS", ECS, PASSWORD, with_data(ECS), Some(PASSWORD), &password, "root"),
    ];
    for (asked, kind, config, data, shown, first, names, next_user) in cases {
        let name = if asked == "$Auto" { "acs/ram/user/alice" } else { asked };
        let created = kms.ok("CreateSecret", &creation(asked, kind, config, data));
        let arn = format!("acs:kms:cn-hangzhou:1000000000000001:secret/{name}");
        let expected = json!({
            "AutomaticRotation": "Disabled", "SecretName": name, "VersionId": "v1",
            "SecretType": kind, "Arn": arn, "ExtendedConfig": shown,
        });
        assert_eq!(created, expected);
        let described = kms.describe(name);
        let expected = json!({
            "Arn": arn, "SecretName": name, "SecretType": kind, "Description": "",
            "CreateTime": time(START), "UpdateTime": time(START),
            "AutomaticRotation": "Disabled", "ExtendedConfig": shown,
        });
        assert_eq!(described, expected);
        let value =
            kms.ok("GetSecretValue", &[("SecretName", name), ("FetchExtendedConfig", "True")]);
        let data = value["SecretData"].clone();
        let expected = json!({
            "SecretName": name, "SecretType": kind, "SecretData": data, "SecretDataType": "text",
            "VersionId": "v1", "VersionStages": { "VersionStage": ["ACSCurrent"] },
            "CreateTime": time(START), "AutomaticRotation": "Disabled", "ExtendedConfig": shown,
        });
        assert_eq!(value, expected);
        match first {
            Some(first) => assert_eq!(data, first, "{name}"),
            None => {
                let made = members(&data);
                assert_eq!(made[0], ("AccountName".to_owned(), "u".to_owned()));
                assert_eq!((made[1].0.as_str(), made[1].1.len()), ("AccountPassword", 32));
            }
        }
        assert_eq!(kms.value(name)["ExtendedConfig"], Value::Null, "nobody asked for it");

        kms.ok("RotateSecret", &[("SecretName", name), ("VersionId", "v2")]);
        let value = kms.value(name);
        assert_eq!((&value["VersionId"], &value["SecretDataType"]), (&json!("v2"), &json!("text")));
        let next = members(&value["SecretData"]);
        let in_order: Vec<&str> = next.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(in_order, names, "{name}");
        let is_text = |text: &str, length: usize| {
            text.len() == length && text.chars().all(|c| c.is_ascii_graphic())
        };
        match kind {
            "RAMCredentials" => {
                assert!(next[0].1.starts_with("LTAI5t") && is_text(&next[0].1, 24));
                assert!(is_text(&next[1].1, 30));
                assert_eq!(next[2].1, time(START));
            }
            "ECS" if names.len() == 3 => {
                assert_eq!(next[0].1, next_user);
                assert!(next[1].1.starts_with("ssh-rsa AAAAB3NzaC1yc2E"), "{}", next[1].1);
                assert!(next[2].1.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
            }
            "ECS" => assert!(next[0].1 == next_user && is_text(&next[1].1, 30)),
            _ => assert!(next[0].1 == next_user && is_text(&next[1].1, 32)),
        }
        let previous = [("SecretName", name), ("VersionStage", "ACSPrevious")];
        assert_eq!(kms.ok("GetSecretValue", &previous)["SecretData"], data, "{name}");
        assert_eq!(kms.describe(name)["LastRotationDate"], time(START));
    }
}

#[test]
fn members_stand_in_the_order_of_the_documented_reply() {
    let kms = Kms::start();
    let on = [
        ("EnableAutomaticRotation", "true"),
        ("RotationInterval", "7d"),
        ("DKMSInstanceId", "kst-good"),
    ];
    let given = [&creation("n", "Rds", RDS, ACCOUNT), &on[..]].concat();
    let reply = kms.call("CreateSecret", &given);
    let names = [
        "RequestId",
        "AutomaticRotation",
        "SecretName",
        "VersionId",
        "NextRotationDate",
        "SecretType",
        "RotationInterval",
        "Arn",
        "ExtendedConfig",
        "DKMSInstanceId",
    ];
    let reply = reply.json();
    assert_eq!(reply.as_object().unwrap().keys().collect::<Vec<_>>(), names);
    // A generic one has nothing to do with rotation, whatever is said of it.
    let on = [("EnableAutomaticRotation", "true"), ("RotationInterval", "rubbish")];
    let given = [("SecretName", "g"), ("VersionId", "v1"), ("SecretData", "canary-generic")];
    let more = [on[0], on[1], ("ExtendedConfig", "rubbish")];
    let created = kms.ok("CreateSecret", &[&given[..], &more].concat());
    let arn = "acs:kms:cn-hangzhou:1000000000000001:secret/g";
    let expected =
        json!({ "SecretName": "g", "VersionId": "v1", "SecretType": "Generic", "Arn": arn });
    assert_eq!(created, expected);
    for reply in [kms.describe("g"), kms.value("g")] {
        for name in ["AutomaticRotation", "RotationInterval", "NextRotationDate", "ExtendedConfig"]
        {
            assert_eq!(reply[name], Value::Null, "{reply}");
        }
    }
}

#[test]
fn a_managed_secret_is_answered_in_xml() {
    let kms = Kms::start();
    kms.ok("CreateSecret", &creation("n", "Rds", RDS, ACCOUNT));
    let given = [("SecretName", "n"), ("FetchExtendedConfig", "true"), ("Format", "XML")];
    let reply = kms.call("GetSecretValue", &given);
    assert_eq!(reply.status, 200, "{}", reply.text());
    for part in [
        "<SecretData>{\"AccountName\":\"app_user\",\"AccountPassword\":\"canary \\\"1\\\"\"}</SecretData>",
        "<AutomaticRotation>Disabled</AutomaticRotation>",
        "<ExtendedConfig>{\"SecretSubType\":\"SingleUser\",\"DBInstanceId\":\"rm-1\",\"CustomData\":{}}</ExtendedConfig>",
    ] {
        let text = reply.text().replace("&quot;", "\"");
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn an_extended_configuration_has_its_rules() {
    let kms = Kms::start();
    let pairs = |count: usize| {
        let pairs: Vec<String> = (0..count).map(|it| format!(r#""k{it}":"v""#)).collect();
        RDS.replace('}', &format!(r#","CustomData":{{{}}}}}"#, pairs.join(",")))
    };
    let long = |length: usize| {
        // Characters, and not bytes.
        RDS.replace('}', &format!(r#","é":"{}"}}"#, "é".repeat(length - RDS.len() - 7)))
    };
    let cases = [
        ("Rds", "", "is needed for this type of secret"),
        ("Rds", "{", "is not valid JSON (line 1, column 1)"),
        ("Rds", "[]", "is not a JSON object"),
        ("Rds", "{}", "SecretSubType is missing"),
        ("Rds", r#"{"SecretSubType":"SSHKey"}"#, "SecretSubType is not SingleUser or DoubleUsers"),
        ("Rds", r#"{"SecretSubType":"SingleUser"}"#, "DBInstanceId is missing"),
        ("Rds", r#"{"SecretSubType":"SingleUser","DBInstanceId":""}"#, "DBInstanceId is empty"),
        (
            "Rds",
            r#"{"SecretSubType":"SingleUser","DBInstanceId":7}"#,
            "DBInstanceId is not a string",
        ),
        (
            "Rds",
            r#"{"SecretSubType":"SingleUser","SecretSubType":"SingleUser","DBInstanceId":"rm-1"}"#,
            "has the key [SecretSubType] twice",
        ),
        ("Rds", &pairs(11), "CustomData has more than 10 members"),
        ("Rds", &RDS.replace('}', r#","CustomData":{"k":1}}"#), "CustomData.k is not a string"),
        ("Rds", &RDS.replace('}', r#","CustomData":"x"}"#), "CustomData is not a JSON object"),
        ("Rds", &long(1025), "has more than 1,024 characters"),
        ("Redis", RDS_PAIR, "InstanceId is missing"),
        ("Redis", &REDIS.replace("DoubleUsers", "SingleUser"), "SecretSubType is not DoubleUsers"),
        ("Redis", &REDIS.replace("InstanceId", "Other"), "InstanceId is missing"),
        ("Redis", &REDIS.replace("RegionId", "Other"), "RegionId is missing"),
        ("Redis", &REDIS.replace("\"AccountName", "\"Other"), "AccountName is missing"),
        ("Redis", &REDIS.replace("CloneAccountName", "Other"), "CloneAccountName is missing"),
        ("Redis", &REDIS.replace("AccountPrivilege", "Other"), "AccountPrivilege is missing"),
        (
            "Redis",
            &REDIS.replace("u_clone", "v"),
            "CloneAccountName is not AccountName with _clone behind it",
        ),
        (
            "PolarDB",
            &POLAR_DB.replace("DoubleUsers", "SingleUser"),
            "SecretSubType is not DoubleUsers",
        ),
        ("PolarDB", &POLAR_DB.replace("RegionId", "Other"), "RegionId is missing"),
        ("PolarDB", &POLAR_DB.replace("DBClusterId", "Other"), "DBClusterId is missing"),
        ("PolarDB", &POLAR_DB.replace("DBType", "Other"), "DBType is missing"),
        ("PolarDB", &POLAR_DB.replace("PostgreSQL", "Oracle"), "DBType is not MySQL or PostgreSQL"),
        ("PolarDB", &POLAR_DB.replace("AccountName", "Other"), "AccountName is missing"),
        (
            "PolarDB",
            &POLAR_DB.replace('}', r#","CloneAccountName":"u"}"#),
            "CloneAccountName is not AccountName with _clone behind it",
        ),
        (
            "PolarDB",
            &POLAR_DB.replace('}', r#","AccountType":"Super"}"#),
            "AccountType is not Normal",
        ),
        (
            "PolarDB",
            &POLAR_DB.replace('}', r#","AccountPrivilege":"ReadOnly"}"#),
            "AccountPrivilege is for MySQL only",
        ),
        ("PolarDB", &POLAR_DB.replace('}', r#","DBName":"d"}"#), "DBName is for MySQL only"),
        ("RAMCredentials", r#"{"UserName":"alice"}"#, "SecretSubType is missing"),
        ("RAMCredentials", &RAM.replace("RamUser", ""), "SecretSubType is not RamUserAccessKey"),
        ("RAMCredentials", &RAM.replace("UserName", "Other"), "UserName is missing"),
        ("ECS", &ECS.replace("Password", "SingleUser"), "SecretSubType is not Password or SSHKey"),
        ("ECS", &ECS.replace("RegionId", "Other"), "RegionId is missing"),
        ("ECS", &ECS.replace("InstanceId", "Other"), "InstanceId is missing"),
        (
            "ECS",
            &ECS.replace(r#""CommandId":"""#, r#""CommandId":[]"#),
            "CommandId is not a string",
        ),
    ];
    for (kind, config, why) in cases {
        let name = match kind {
            "RAMCredentials" => "$Auto",
            "ECS" => "acs/ecs/n",
            _ => "n",
        };
        refused(&kms, &creation(name, kind, config, "canary-data"), "ExtendedConfig", why);
    }
    let absent = creation("n", "Rds", "", ACCOUNT);
    let absent: Vec<_> = absent.into_iter().filter(|(name, _)| *name != "ExtendedConfig").collect();
    refused(&kms, &absent, "ExtendedConfig", "is needed for this type of secret");
    for (name, config) in [("ten", pairs(10)), ("long", long(1024))] {
        let created = kms.ok("CreateSecret", &creation(name, "Rds", &config, ACCOUNT));
        assert!(
            created["ExtendedConfig"].as_str().unwrap().starts_with(config.trim_end_matches('}'))
        );
    }
    let mysql = POLAR_DB
        .replace("PostgreSQL", "MySQL")
        .replace('}', r#","CloneAccountName":"u_clone","AccountType":"Normal","AccountPrivilege":"DDLOnly","DBName":"d"}"#);
    kms.ok("CreateSecret", &creation("mysql", "PolarDB", &mysql, "$Auto"));
}

#[test]
fn the_data_has_the_form_of_its_type() {
    let kms = Kms::start();
    let accounts = r#"{"Accounts":[{"AccountName":"","AccountPassword":""}]} filled in"#;
    let one = format!("is not {accounts}, with one account");
    let two = format!("is not {accounts}, with one or two accounts");
    let keys = r#"is not {"AccessKeys":[{"AccessKeyId":"","AccessKeySecret":""}]} filled in, with one or two keys"#;
    let password = r#"is not {"UserName":"","Password":""} filled in"#;
    let ssh = r#"is not {"UserName":"","PublicKey":"","PrivateKey":""} filled in"#;
    let three = ACCOUNTS.replace("]}", r#",{"AccountName":"c","AccountPassword":"canary-33"}]}"#);
    let same = ACCOUNTS.replace(r#""b""#, r#""app_user""#);
    let three_keys =
        KEYS.replace("]}", r#",{"AccessKeyId":"x","AccessKeySecret":"canary-not-real-3"}]}"#);
    let cases = [
        ("n", "Rds", RDS, "$Auto", one.as_str()),
        ("n", "Rds", RDS, ACCOUNTS, &one),
        ("n", "Rds", RDS, r#"{"AccountName":"a","AccountPassword":"canary-11"}"#, &one),
        ("n", "Rds", RDS_PAIR, &three, &two),
        ("n", "Rds", RDS_PAIR, &same, &two),
        ("n", "Rds", RDS_PAIR, r#"{"Accounts":[]}"#, &two),
        ("n", "Redis", REDIS, ACCOUNT, "is not $Auto"),
        ("n", "PolarDB", POLAR_DB, "$auto", "is not $Auto"),
        ("$Auto", "RAMCredentials", RAM, "$Auto", keys),
        ("$Auto", "RAMCredentials", RAM, r#"{"AccessKeys":[]}"#, keys),
        ("$Auto", "RAMCredentials", RAM, &three_keys, keys),
        ("acs/ecs/n", "ECS", ECS, SSH_KEYS, password),
        ("acs/ecs/n", "ECS", ECS, r#"{"UserName":"root","Password":""}"#, password),
        ("acs/ecs/n", "ECS", ECS_SSH, PASSWORD, ssh),
    ];
    for (name, kind, config, data, why) in cases {
        refused(&kms, &creation(name, kind, config, data), "SecretData", why);
    }
    for (name, kind, config, data) in [
        ("n", "Rds", RDS, ACCOUNT),
        ("n", "Redis", REDIS, "$Auto"),
        ("n", "PolarDB", POLAR_DB, "$Auto"),
        ("$Auto", "RAMCredentials", RAM, KEYS),
        ("acs/ecs/n", "ECS", ECS, PASSWORD),
    ] {
        let binary = [("SecretDataType", "binary")];
        let given = [&creation(name, kind, config, data), &binary[..]].concat();
        refused(&kms, &given, "SecretDataType", "must be text for this type of secret");
    }
}

#[test]
fn names_are_of_their_types() {
    let kms = Kms::start();
    let reserved = "may not begin with acs/ for this type of secret";
    let of_ecs = "must begin with acs/ecs/ for this type of secret";
    let automatic = "must be $Auto for this type of secret";
    let characters = "may hold letters, digits and _/+=.@- only";
    for (name, kind, config, data, why) in [
        ("acs/n", "Rds", RDS, ACCOUNT, reserved),
        ("acs/ecs/n", "Redis", REDIS, "$Auto", reserved),
        ("acs/ram/user/alice", "PolarDB", POLAR_DB, "$Auto", reserved),
        ("acs/n", "Generic", "", "canary-data", reserved),
        ("n", "ECS", ECS, PASSWORD, of_ecs),
        ("acs/ec/n", "ECS", ECS, PASSWORD, of_ecs),
        ("acs/ram/user/alice", "RAMCredentials", RAM, KEYS, automatic),
        ("alice", "RAMCredentials", RAM, KEYS, automatic),
        ("$auto", "RAMCredentials", RAM, KEYS, automatic),
        ("$Auto", "Rds", RDS, ACCOUNT, characters),
        ("$Auto", "ECS", ECS, PASSWORD, characters),
    ] {
        refused(&kms, &creation(name, kind, config, data), "SecretName", why);
    }
    let unknown = creation("n", "Mysql", RDS, ACCOUNT);
    refused(&kms, &unknown, "SecretType", "is not a type of secret");
}

#[test]
fn the_keys_of_a_ram_user_are_one_secret() {
    let kms = Kms::start();
    let unknown = RAM.replace("alice", "mallory");
    let of_unknown = creation("$Auto", "RAMCredentials", &unknown, KEYS);
    let not_found = "The resource is not found.";
    kms.refused("CreateSecret", &of_unknown, 404, "Forbidden.ResourceNotFound", not_found);
    // Who may not create does not learn who exists.
    let of_alice = creation("$Auto", "RAMCredentials", RAM, KEYS);
    let denied = "You are not authorized to perform the operation.";
    for given in [of_unknown, of_alice] {
        failed(
            &kms.user("nobody").call("CreateSecret", &given),
            403,
            "Forbidden.NoPermission",
            denied,
        );
    }
    kms.ok("CreateSecret", &of_alice);
    let exists = "The resource already exists.";
    let again = [&of_alice, &[("VersionId", "v9")][..]].concat();
    let again: Vec<_> = again.into_iter().filter(|pair| *pair != ("VersionId", "v1")).collect();
    kms.refused("CreateSecret", &again, 409, "Rejected.ResourceExist", exists);
    // In another region it is another one.
    kms.ok("CreateSecret", &[&of_alice, &[("RegionId", "cn-beijing")][..]].concat());
    // Nothing is called by what asked for its name.
    let invalid = "The specified parameter is not valid. SecretName: may hold letters, digits and _/+=.@- only";
    for action in ["DescribeSecret", "GetSecretValue", "DeleteSecret"] {
        kms.refused(action, &[("SecretName", "$Auto")], 400, "InvalidParameter", invalid);
    }
    let named = [("SecretName", "acs/ram/user/alice")];
    kms.ok("DeleteSecret", &[named[0], ("RecoveryWindowInDays", "7")]);
    let planned = "The secret is planned to be deleted.";
    kms.refused("CreateSecret", &of_alice, 409, "Rejected.ResourceInDeleteWindow", planned);
    kms.wait(7 * DAY);
    kms.ok("CreateSecret", &of_alice);
}

#[test]
fn only_the_service_makes_versions_of_managed_secrets() {
    let kms = Kms::start();
    kms.ok("CreateSecret", &creation("n", "Rds", RDS, ACCOUNT));
    let put: Given = &[("SecretName", "n"), ("VersionId", "v2"), ("SecretData", ACCOUNT)];
    let stage: Given = &[("SecretName", "n"), ("VersionStage", "mine"), ("MoveToVersion", "v1")];
    for (action, given) in [("PutSecretValue", put), ("UpdateSecretVersionStage", stage)] {
        let message = "This action is not supported.";
        kms.refused(action, given, 400, "UnsupportedOperation", message);
    }
    assert_eq!(kms.versions("n"), ["v1 ACSCurrent"]);
}

#[test]
fn custom_data_is_replaced_at_its_place() {
    let kms = Kms::start();
    let given = creation("acs/ecs/n", "ECS", ECS_SSH, SSH_KEYS);
    kms.ok("CreateSecret", &given);
    kms.wait(DAY);
    let named = [("SecretName", "acs/ecs/n")];
    let update = |more: Given| kms.ok("UpdateSecret", &[&named, more].concat());
    let config = || kms.describe("acs/ecs/n")["ExtendedConfig"].clone();
    let rest = r#""SecretSubType":"SSHKey","RegionId":"cn-hangzhou","InstanceId":"i-1"}"#;
    update(&[("ExtendedConfig.CustomData", r#"{"z":"1","y":"<>"}"#)]);
    assert_eq!(config(), format!(r#"{{"CustomData":{{"z":"1","y":"<>"}},{rest}"#));
    update(&[("ExtendedConfig.CustomData.城市", "杭州")]);
    assert_eq!(config(), format!(r#"{{"CustomData":{{"城市":"杭州"}},{rest}"#));
    update(&[("Description", "said")]);
    assert_eq!(config(), format!(r#"{{"CustomData":{{"城市":"杭州"}},{rest}"#));
    update(&[("ExtendedConfig.CustomData", "{}")]);
    assert_eq!(config(), format!(r#"{{"CustomData":{{}},{rest}"#));
    // It can be rotated as before.
    kms.ok("RotateSecret", &[named[0], ("VersionId", "v2")]);
}

#[test]
fn custom_data_has_its_bounds() {
    let kms = Kms::start();
    kms.ok("CreateSecret", &creation("n", "Rds", RDS, ACCOUNT));
    let update = |data: &str| {
        let given = [("SecretName", "n"), ("ExtendedConfig.CustomData", data)];
        kms.call("UpdateSecret", &given)
    };
    let pairs = |count: usize| {
        let pairs = (0..count).map(|number| (format!("k{number}"), json!("v")));
        Value::Object(pairs.collect()).to_string()
    };
    let long = |length: usize| json!({"k": "v".repeat(length)}).to_string();
    assert_eq!(update(&pairs(10)).status, 200);
    let kept = kms.describe("n");
    let shown = kept["ExtendedConfig"].as_str().unwrap();
    assert!(shown.contains(&pairs(10)), "{shown}");
    // 1,024 characters as they stand, and one more.
    let most = 1024 - long(0).len();
    for data in [&pairs(11), "[1]", "x", r#"{"a":1}"#, &long(most + 1)] {
        let message = some_not_valid("ExtendedConfig.CustomData");
        failed(&update(data), 400, "InvalidParameter", &message);
        assert_eq!(kms.describe("n"), kept, "{data}");
    }
    assert_eq!(update(&long(most)).status, 200);
}

/// What Terraform's acceptance test does with a secret of RDS: everything at once.
#[test]
fn a_secret_has_instance_key_policy_and_rotation_at_once() {
    let kms = Kms::start();
    let within = ("DKMSInstanceId", "kst-good");
    let key = kms.key(&[within]);
    let policy = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["acs:ram::1000000000000001:*"]},"Action":["kms:*"],"Resource":["*"]}]}"#;
    let on = [("EnableAutomaticRotation", "true"), ("RotationInterval", "605800s")];
    let more = [within, ("EncryptionKeyId", &key), ("Policy", policy), on[0], on[1]];
    let next = time(START + 605_800);
    let arn = arn("n");
    let config = RDS.replace('}', r#","CustomData":{}}"#);
    let created =
        kms.ok("CreateSecret", &[&creation("n", "Rds", RDS, ACCOUNT), &more[..]].concat());
    let expected = json!({
        "AutomaticRotation": "Enabled", "SecretName": "n", "VersionId": "v1",
        "NextRotationDate": next, "SecretType": "Rds", "RotationInterval": "605800s",
        "Arn": arn, "ExtendedConfig": config, "DKMSInstanceId": "kst-good",
    });
    assert_eq!(created, expected);
    let name = ("SecretName", "n");
    assert_eq!(kms.ok("GetSecretPolicy", &[name]), json!({ "Policy": policy }));
    let update = |more: Given| kms.ok("UpdateSecretRotationPolicy", &[&[name], more].concat());
    update(&[("EnableAutomaticRotation", "false")]);
    let off = kms.describe("n");
    assert_eq!(
        (&off["AutomaticRotation"], off.get("NextRotationDate")),
        (&json!("Disabled"), None)
    );
    update(&on);
    kms.wait(DAY);
    kms.ok("RotateSecret", &[name, ("VersionId", "v2")]);
    let expected = json!({
        "Arn": arn, "SecretName": "n", "SecretType": "Rds", "Description": "",
        "CreateTime": time(START), "UpdateTime": time(START + DAY),
        "EncryptionKeyId": key, "DKMSInstanceId": "kst-good",
        "AutomaticRotation": "Enabled", "RotationInterval": "605800s",
        "LastRotationDate": time(START + DAY), "NextRotationDate": time(START + DAY + 605_800),
        "ExtendedConfig": config,
    });
    assert_eq!(kms.describe("n"), expected);
    assert_eq!(kms.versions("n"), ["v2 ACSCurrent", "v1 ACSPrevious"]);
    assert_eq!(kms.ok("GetSecretPolicy", &[name]), json!({ "Policy": policy }));
}

#[test]
fn a_secret_in_an_instance_is_rotated_where_the_instance_is() {
    let kms = Kms::start();
    let unknown = [("DKMSInstanceId", "kst-unknown")];
    let given = creation("n", "Rds", RDS, ACCOUNT);
    let message = "The specified DKMS Instance is not found.";
    let of_unknown = [&given, &unknown[..]].concat();
    kms.refused("CreateSecret", &of_unknown, 403, "Forbidden.DKMSInstanceNotFound", message);
    let good = [("DKMSInstanceId", "kst-good")];
    let created = kms.ok("CreateSecret", &[&given, &good[..]].concat());
    assert_eq!(created["DKMSInstanceId"], "kst-good");
    kms.ok("RotateSecret", &[("SecretName", "n"), ("VersionId", "v2")]);
    assert_eq!(kms.describe("n")["DKMSInstanceId"], "kst-good");
}
