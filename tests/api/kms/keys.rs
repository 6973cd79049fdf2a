//! Keys: what is told of them, their states, their lists.

use super::harness::*;

/// Errors, as the tables of operations and of common errors have them.
pub type Row = (u16, &'static str, &'static str);
pub const KEY_NOT_FOUND: Row = (404, "Forbidden.KeyNotFound", "The specified Key is not found.");
pub const ALIAS_NOT_FOUND: Row =
    (404, "Forbidden.AliasNotFound", "The specified Alias is not found.");
pub const UNSUPPORTED: Row = (400, "UnsupportedOperation", "This action is not supported.");
pub const STAYS: Row = (409, "Rejected.StateModifiedFailed", "Keystate modified failed.");
pub const DISABLED: Row =
    (409, "Rejected.Disabled", "The request was rejected because the key state is Disabled.");
pub const PENDING_DELETION: Row = (
    409,
    "Rejected.PendingDeletion",
    "The request was rejected because the key state is PendingDeletion.",
);
pub const PENDING_IMPORT: Row = (
    409,
    "Rejected.PendingImport",
    "The request was rejected because the key state is PendingImport.",
);
pub const UNAVAILABLE: Row =
    (409, "Rejected.Unavailable", "The request was rejected because the key state is Unavailable.");
pub const LIMIT: Row = (
    400,
    "Rejected.LimitExceeded",
    "The request was rejected because user create resource limit was exceeded",
);
pub const INSTANCE_NOT_FOUND: Row =
    (403, "Forbidden.DKMSInstanceNotFound", "The specified DKMS Instance is not found.");
pub const ALIAS_EXISTS: Row = (400, "AliasAlreadyExists", "AliasName Already Exists.");

/// Where the server is that all tests of keys ask.
pub const SCOPE: &str = "cn-hangzhou:1000000000000001";

impl Kms {
    /// Creates a key and returns its id.
    #[track_caller]
    pub fn key(&self, given: Given) -> String {
        let made = self.ok("CreateKey", given);
        made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
    }

    /// What is told of a key.
    #[track_caller]
    pub fn key_metadata(&self, key: &str) -> Value {
        self.ok("DescribeKey", &[("KeyId", key)])["KeyMetadata"].clone()
    }

    #[track_caller]
    pub fn state(&self, key: &str) -> String {
        self.key_metadata(key)["KeyState"].as_str().unwrap().to_owned()
    }

    /// Holds a call to a row of its error table.
    #[track_caller]
    pub fn refuses(&self, action: &str, given: Given, (status, code, message): Row) {
        self.refused(action, given, status, code, message);
    }

    /// Holds a call to the error for a parameter that is not valid.
    #[track_caller]
    pub fn is_invalid(&self, action: &str, given: Given, why: &str) {
        let sentence = if action == "Encrypt" { "invalid" } else { "not valid" };
        let message = format!("The specified parameter is {sentence}. {why}");
        self.refused(action, given, 400, "InvalidParameter", &message);
    }

    /// Holds a call to the error for a parameter that is missing.
    #[track_caller]
    pub fn misses(&self, action: &str, given: Given, parameter: &str) {
        let message = format!("The parameter \"{parameter}\" needed but no provided.");
        self.refused(action, given, 400, "MissingParameter", &message);
    }

    /// Holds what a user asks for to the error for whoever has no right to `resource`.
    #[track_caller]
    pub fn denies(&self, user: &str, action: &str, given: Given, resource: &str) {
        let message = format!("This operation for {resource} is forbidden by permission system.");
        let reply = self.user(user).call(action, given);
        failed(&reply, 403, "Forbidden.NoPermission", &message);
    }
}

/// A key in each state that one can have; the last one's instance is not connected.
pub fn in_every_state(kms: &Kms) -> [String; 5] {
    let keys = [
        kms.key(&[]),
        kms.key(&[]),
        kms.key(&[]),
        kms.key(&[("Origin", "EXTERNAL")]),
        kms.key(&[("DKMSInstanceId", "kst-away")]),
    ];
    kms.ok("DisableKey", &[("KeyId", &keys[1])]);
    kms.ok("ScheduleKeyDeletion", &[("KeyId", &keys[2]), ("PendingWindowInDays", "7")]);
    let states = keys.each_ref().map(|key| kms.state(key));
    assert_eq!(states, ["Enabled", "Disabled", "PendingDeletion", "PendingImport", "Unavailable"]);
    keys
}

/// Whether a text looks as the documented ids of keys: `key-hzz62f1cb66fa42qo5o4r`.
fn is_key_id(text: &str) -> bool {
    let digits = text.strip_prefix("key-").unwrap_or_default();
    digits.len() == 21 && digits.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
}

#[test]
fn a_key_is_told_of_with_every_member() {
    let kms = Kms::start();
    let made = kms.ok("CreateKey", &[("Description", "key of 测试")])["KeyMetadata"].clone();
    let (id, version) = (&made["KeyId"], &made["PrimaryKeyVersion"]);
    assert!(is_key_id(id.as_str().unwrap()), "{id}");
    assert!(uuid::Uuid::try_parse(version.as_str().unwrap()).is_ok(), "{version}");
    let expected = json!({
        "KeyId": id,
        "Arn": format!("acs:kms:{SCOPE}:key/{}", id.as_str().unwrap()),
        "KeyState": "Enabled",
        "KeySpec": "Aliyun_AES_256",
        "KeyUsage": "ENCRYPT/DECRYPT",
        "Origin": "Aliyun_KMS",
        "CreationDate": time(START),
        "Creator": "1000000000000001",
        "Description": "key of 测试",
        "ProtectionLevel": "SOFTWARE",
        "PrimaryKeyVersion": version,
        "AutomaticRotation": "Disabled",
        "LastRotationDate": time(START),
    });
    assert_eq!(made, expected);
    kms.wait(5);
    let mut described = expected;
    described["DeletionProtection"] = "Disabled".into();
    assert_eq!(kms.key_metadata(id.as_str().unwrap()), described);
    let other = kms.key(&[]);
    assert_ne!(id.as_str().unwrap(), other);
}

#[test]
fn what_was_asked_for_is_told() {
    let kms = Kms::start();
    let rotated = kms.key(&[
        ("EnableAutomaticRotation", "True"),
        ("RotationInterval", "604,800s"),
        ("ProtectionLevel", "HSM"),
        ("KeySpec", "Aliyun_SM4"),
        ("KeyUsage", "ENCRYPT/DECRYPT"),
        ("Origin", "Aliyun_KMS"),
    ]);
    let told = kms.key_metadata(&rotated);
    assert_eq!(told["KeySpec"], "Aliyun_SM4");
    assert_eq!(told["ProtectionLevel"], "HSM");
    assert_eq!(told["AutomaticRotation"], "Enabled");
    assert_eq!(told["RotationInterval"], "604800s");
    assert_eq!(told["NextRotationDate"], time(START + 7 * DAY));

    let external = kms.key_metadata(&kms.key(&[("Origin", "EXTERNAL")]));
    assert_eq!(external["Origin"], "EXTERNAL");
    assert_eq!(external["KeyState"], "PendingImport");
    assert_eq!(external["MaterialExpireTime"], "");
    assert_eq!(external["AutomaticRotation"], "Disabled");
    for absent in ["PrimaryKeyVersion", "LastRotationDate", "DeleteDate", "DKMSInstanceId"] {
        assert_eq!(external.get(absent), None, "{absent}");
    }

    let asymmetric = kms.key_metadata(&kms.key(&[("KeySpec", "EC_P256")]));
    assert_eq!(
        (&asymmetric["KeySpec"], &asymmetric["KeyUsage"]),
        (&json!("EC_P256"), &json!("SIGN/VERIFY"))
    );
    for absent in ["PrimaryKeyVersion", "AutomaticRotation", "LastRotationDate"] {
        assert_eq!(asymmetric.get(absent), None, "{absent}");
    }

    // What an instance's key is kept by depends on the instance.
    let of_instance = kms.key(&[("DKMSInstanceId", "kst-good"), ("ProtectionLevel", "Nonsense")]);
    let told = kms.key_metadata(&of_instance);
    assert_eq!(
        (&told["DKMSInstanceId"], &told["ProtectionLevel"]),
        (&json!("kst-good"), &json!("SOFTWARE"))
    );

    let tags = r#"[{"TagKey":"env","TagValue":"prod"},{"TagKey":"empty"}]"#;
    kms.key(&[("Tags", tags), ("Policy", POLICY)]);
    assert_eq!(kms.number("SELECT count(*) FROM kms_tags WHERE kind = 'key'"), 2);
    assert_eq!(kms.number("SELECT count(*) FROM kms_keys WHERE policy IS NOT NULL"), 1);
    kms.key(&[("Tags", "")]);
}

const POLICY: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["acs:ram::1000000000000001:*"]},"Action":["kms:*"],"Resource":["*"]}]}"#;

#[test]
fn what_breaks_a_rule_is_no_key() {
    let kms = Kms::start();
    let long = "中".repeat(8193);
    let policy = POLICY.replace("kms:*", &"kms:x".repeat(6600));
    assert!(policy.len() > 32_768);
    for (name, value, why) in [
        ("KeySpec", "AES_256", "KeySpec: is no specification of a key"),
        ("KeyUsage", "ENCRYPT", "KeyUsage: is no usage of a key"),
        ("KeyUsage", "SIGN/VERIFY", "KeyUsage: has to be ENCRYPT/DECRYPT for this KeySpec"),
        ("Origin", "external", "Origin: is no origin of a key"),
        ("ProtectionLevel", "hsm", "ProtectionLevel: is no protection level"),
        ("Description", &long, "Description: has more than 8192 characters"),
        ("EnableAutomaticRotation", "yes", "EnableAutomaticRotation: cannot be read"),
        ("Policy", &policy, "Policy: has more than 32,768 bytes"),
        ("Policy", "{}", "Policy: Version is missing"),
        ("Tags", "x", r#"Tags: is not a JSON array of {"TagKey":"…","TagValue":"…"}"#),
        (
            "Tags",
            r#"[{"TagKey":"acs:a"}]"#,
            "Tags: has a key that may not begin with aliyun or acs:",
        ),
        ("Tags", r#"[{"TagKey":"a"},{"TagKey":"a"}]"#, "Tags: has a key twice"),
    ] {
        kms.is_invalid("CreateKey", &[(name, value)], why);
    }
    for (interval, why) in [
        ("6d", "is not from 7 to 365 days"),
        ("604799s", "is not from 7 to 365 days"),
        ("366d", "is not from 7 to 365 days"),
        ("7w", "is not a whole number followed by d, h, m or s"),
        ("7", "is not a whole number followed by d, h, m or s"),
    ] {
        let given = [("EnableAutomaticRotation", "true"), ("RotationInterval", interval)];
        kms.is_invalid("CreateKey", &given, &format!("RotationInterval: {why}"));
    }
    kms.misses("CreateKey", &[("EnableAutomaticRotation", "true")], "RotationInterval");
    for spec in ["RSA_2048", "RSA_3072", "RSA_4096", "EC_P256K", "EC_SM2", "Aliyun_DES3_192"] {
        kms.refuses("CreateKey", &[("KeySpec", spec)], UNSUPPORTED);
    }
    let rotated = [("EnableAutomaticRotation", "true"), ("RotationInterval", "7d")];
    for other in [("KeySpec", "EC_P256"), ("Origin", "EXTERNAL")] {
        kms.refuses("CreateKey", &[rotated[0], rotated[1], other], UNSUPPORTED);
    }
    kms.refuses("CreateKey", &[("KeySpec", "EC_P256"), ("Origin", "EXTERNAL")], UNSUPPORTED);
    for instance in ["kst-other", "kst-", "x"] {
        kms.refuses("CreateKey", &[("DKMSInstanceId", instance)], INSTANCE_NOT_FOUND);
    }
    assert_eq!(kms.number("SELECT count(*) FROM kms_keys"), 0);
    // What is as long as may be.
    kms.key(&[
        ("Description", &"中".repeat(8192)),
        ("EnableAutomaticRotation", "true"),
        ("RotationInterval", "365d"),
    ]);
    // An interval says nothing where the key is not rotated.
    kms.key(&[("RotationInterval", "nonsense"), ("EnableAutomaticRotation", "false")]);
}

#[test]
fn a_region_has_no_more_keys_than_its_quota() {
    let world = "kms: { quotas: { keys: 2 } }";
    let kms = Kms::start_with(world);
    kms.key(&[]);
    let second = kms.key(&[]);
    kms.refuses("CreateKey", &[], LIMIT);
    kms.key(&[("RegionId", "cn-beijing")]);
    // Its place is taken until it is gone.
    kms.ok("ScheduleKeyDeletion", &[("KeyId", &second), ("PendingWindowInDays", "7")]);
    kms.refuses("CreateKey", &[], LIMIT);
    kms.wait(7 * DAY);
    kms.key(&[]);
    kms.refuses("CreateKey", &[], LIMIT);
}

#[test]
fn policies_share_an_instance_with_no_more_accounts_than_its_quota() {
    let world = "kms: { instances: [{ id: kst-one, access_quota: 1 }] }";
    let kms = Kms::start_with(world);
    let of = |account: &str| POLICY.replace("1000000000000001", account);
    let create =
        |policy: &str| kms.call("CreateKey", &[("DKMSInstanceId", "kst-one"), ("Policy", policy)]);
    for account in ["1000000000000001", "2000000000000002", "2000000000000002"] {
        assert_eq!(create(&of(account)).status, 200, "{account}");
    }
    let full = (400, "Rejected.ShareQuotaExceedLimit", "Instance Share Quota Exceed Limit.");
    failed(&create(&of("3000000000000003")), full.0, full.1, full.2);
    // Those of secrets count as well.
    let secret = [
        ("SecretName", "s"),
        ("VersionId", "v1"),
        ("SecretData", "canary-1"),
        ("DKMSInstanceId", "kst-one"),
        ("Policy", &of("3000000000000003")),
    ];
    kms.refuses("CreateSecret", &secret, full);
    assert_eq!(kms.number("SELECT count(*) FROM kms_keys"), 3);
    // Outside of instances nothing is shared.
    kms.key(&[("Policy", &of("3000000000000003"))]);
}

#[test]
fn what_only_the_cloud_refuses_is_refused_where_that_is_wanted() {
    let kms = Kms::start_strict();
    let rotated = |interval| [("EnableAutomaticRotation", "true"), ("RotationInterval", interval)];
    kms.refuses("CreateKey", &[("Policy", POLICY)], UNSUPPORTED);
    kms.key(&[("Policy", POLICY), ("DKMSInstanceId", "kst-good")]);
    kms.is_invalid("CreateKey", &rotated("7d"), "RotationInterval: is not 365 days");
    kms.key(&rotated("365d"));
    kms.key(&[&rotated("7d")[..], &[("DKMSInstanceId", "kst-good")]].concat());
    let hsm = [&rotated("365d")[..], &[("ProtectionLevel", "HSM")]].concat();
    kms.refuses("CreateKey", &hsm, UNSUPPORTED);
}

/// The table of states and operations.
#[test]
fn a_state_says_what_can_be_done() {
    let kms = Kms::start();
    for (action, more, rows) in [
        ("EnableKey", None, [None, None, Some(STAYS), Some(STAYS), Some(STAYS)]),
        ("DisableKey", None, [None, None, Some(STAYS), Some(STAYS), Some(STAYS)]),
        (
            "ScheduleKeyDeletion",
            Some(("PendingWindowInDays", "7")),
            [None, None, Some(STAYS), None, Some(STAYS)],
        ),
        ("CancelKeyDeletion", None, [Some(STAYS), Some(STAYS), None, Some(STAYS), Some(STAYS)]),
        (
            "UpdateKeyDescription",
            Some(("Description", "other")),
            [None, None, Some(PENDING_DELETION), None, None],
        ),
        ("DescribeKey", None, [None; 5]),
        ("ListAliasesByKeyId", None, [None; 5]),
    ] {
        for (key, row) in in_every_state(&kms).iter().zip(rows) {
            let mut given = vec![("KeyId", key.as_str())];
            given.extend(more);
            match row {
                Some(row) => kms.refuses(action, &given, row),
                None => drop(kms.ok(action, &given)),
            }
        }
    }
    let keys = in_every_state(&kms);
    for (number, row) in [None, None, Some(STAYS), None, None].into_iter().enumerate() {
        let name = format!("alias/new-{number}");
        let given = [("KeyId", keys[number].as_str()), ("AliasName", &name)];
        match row {
            Some(row) => kms.refuses("CreateAlias", &given, row),
            None => drop(kms.ok("CreateAlias", &given)),
        }
    }
    kms.ok("CreateAlias", &[("KeyId", &kms.key(&[])), ("AliasName", "alias/moved")]);
    for (number, row) in [None, None, Some(PENDING_DELETION), None, None].into_iter().enumerate() {
        let given = [("KeyId", keys[number].as_str()), ("AliasName", "alias/moved")];
        match row {
            Some(row) => kms.refuses("UpdateAlias", &given, row),
            None => drop(kms.ok("UpdateAlias", &given)),
        }
    }
    // That of any key can be taken away.
    kms.ok("ScheduleKeyDeletion", &[("KeyId", &keys[0]), ("PendingWindowInDays", "7")]);
    kms.ok("DeleteAlias", &[("AliasName", "alias/new-0")]);
}

#[test]
fn states_follow_each_other() {
    let kms = Kms::start();
    let key = kms.key(&[]);
    let id = [("KeyId", key.as_str())];
    for (action, state) in [
        ("DisableKey", "Disabled"),
        ("DisableKey", "Disabled"),
        ("EnableKey", "Enabled"),
        ("EnableKey", "Enabled"),
        ("DisableKey", "Disabled"),
        ("ScheduleKeyDeletion", "PendingDeletion"),
        // Also when it was not before.
        ("CancelKeyDeletion", "Enabled"),
    ] {
        let given = [id[0], ("PendingWindowInDays", "30")];
        assert_eq!(kms.ok(action, &given), json!({}), "{action}");
        assert_eq!(kms.state(&key), state);
        let date = (state == "PendingDeletion").then(|| json!(time(START + 30 * DAY)));
        assert_eq!(kms.key_metadata(&key).get("DeleteDate"), date.as_ref());
    }
    let external = kms.key(&[("Origin", "EXTERNAL")]);
    kms.ok("ScheduleKeyDeletion", &[("KeyId", &external), ("PendingWindowInDays", "7")]);
    kms.ok("CancelKeyDeletion", &[("KeyId", &external)]);
    assert_eq!(kms.state(&external), "PendingImport");
}

#[test]
fn a_key_is_gone_when_its_time_has_come() {
    let kms = Kms::start();
    let key = kms.key(&[("Tags", r#"[{"TagKey":"a"}]"#)]);
    kms.ok("CreateAlias", &[("KeyId", &key), ("AliasName", "alias/gone")]);
    let stays = kms.key(&[]);
    for days in ["6", "367", "", "x", "7.5", "-7"] {
        let given = [("KeyId", key.as_str()), ("PendingWindowInDays", days)];
        match days {
            "" => kms.misses("ScheduleKeyDeletion", &given, "PendingWindowInDays"),
            _ => kms.is_invalid(
                "ScheduleKeyDeletion",
                &given,
                "PendingWindowInDays: is not a whole number from 7 to 366",
            ),
        }
    }
    kms.misses("ScheduleKeyDeletion", &[("KeyId", &key)], "PendingWindowInDays");
    kms.ok("ScheduleKeyDeletion", &[("KeyId", &key), ("PendingWindowInDays", "366")]);
    kms.wait(366 * DAY - 1);
    assert_eq!(kms.key_metadata(&key)["DeleteDate"], time(START + 366 * DAY));
    assert_eq!(kms.ok("ListKeys", &[])["TotalCount"], 2);
    kms.wait(1);
    for action in ["DescribeKey", "EnableKey", "DisableKey", "CancelKeyDeletion"] {
        kms.refuses(action, &[("KeyId", &key)], KEY_NOT_FOUND);
    }
    kms.refuses("DescribeKey", &[("KeyId", "alias/gone")], ALIAS_NOT_FOUND);
    let listed = kms.ok("ListKeys", &[]);
    assert_eq!(
        (&listed["TotalCount"], listed["Keys"]["Key"][0]["KeyId"].as_str()),
        (&json!(1), Some(stays.as_str()))
    );
    assert_eq!(kms.ok("ListAliases", &[])["TotalCount"], 0);
    // Its alias is free.
    kms.ok("CreateAlias", &[("KeyId", &stays), ("AliasName", "alias/gone")]);
    eventually("the end of a key", || kms.number("SELECT count(*) FROM kms_keys") == 1);
    for (table, rows) in [("kms_key_versions", 1), ("kms_tags", 0), ("kms_aliases", 1)] {
        assert_eq!(kms.number(&format!("SELECT count(*) FROM {table}")), rows, "{table}");
    }
    assert_eq!(kms.number("SELECT CAST(sum(keys) AS BIGINT) FROM kms_counts"), 1);
    assert_eq!(kms.ok("ListKeys", &[])["TotalCount"], 1);
    kms.refuses("DescribeKey", &[("KeyId", &key)], KEY_NOT_FOUND);
    assert_eq!(kms.key_metadata("alias/gone")["KeyId"], stays.as_str());
}

#[test]
fn a_description_is_replaced() {
    let kms = Kms::start();
    let key = kms.key(&[("Description", "one")]);
    for text in ["two", "", &"中".repeat(8192)] {
        kms.ok("UpdateKeyDescription", &[("KeyId", &key), ("Description", text)]);
        assert_eq!(kms.key_metadata(&key)["Description"], text);
    }
    kms.misses("UpdateKeyDescription", &[("KeyId", &key)], "Description");
    kms.misses("UpdateKeyDescription", &[("Description", "x")], "KeyId");
    let long = "x".repeat(8193);
    let given = [("KeyId", key.as_str()), ("Description", &long)];
    kms.is_invalid("UpdateKeyDescription", &given, "Description: has more than 8192 characters");
    let given = [("KeyId", key.as_str()), ("Description", "\u{1}")];
    kms.is_invalid("UpdateKeyDescription", &given, "Description: has a control character");
}

/// What each operation lets a key be called, and what it says of one that is not there.
#[test]
fn a_key_is_named_as_documented() {
    let kms = Kms::start();
    let key = kms.key(&[]);
    kms.ok("CreateAlias", &[("KeyId", &key), ("AliasName", "alias/a/b")]);
    let (arn, alias_arn) =
        (format!("acs:kms:{SCOPE}:key/{key}"), format!("acs:kms:{SCOPE}:alias/a/b"));
    let plaintext = ("Plaintext", "YQ==");
    for (action, more, takes_alias, takes_arn) in [
        ("DescribeKey", None, true, true),
        ("GenerateDataKey", None, true, true),
        ("Encrypt", Some(plaintext), true, true),
        ("GenerateDataKeyWithoutPlaintext", None, true, false),
        ("ListAliasesByKeyId", None, false, true),
        ("EnableKey", None, false, false),
        ("DisableKey", None, false, false),
        ("EnableKey", None, false, false),
        ("UpdateKeyDescription", Some(("Description", "x")), false, false),
        ("UpdateAlias", Some(("AliasName", "alias/a/b")), false, false),
        ("ScheduleKeyDeletion", Some(("PendingWindowInDays", "7")), false, false),
        ("CancelKeyDeletion", None, false, false),
    ] {
        let call =
            |name: &str| kms.call(action, &[&[("KeyId", name)][..], more.as_slice()].concat());
        let refused = |name: &str, why: &str| {
            let given = [&[("KeyId", name)][..], more.as_slice()].concat();
            kms.is_invalid(action, &given, &format!("KeyId: {why}"));
        };
        assert_eq!(call(&key).status, 200, "{action}");
        match takes_alias {
            true => assert_eq!(call("alias/a/b").status, 200, "{action}"),
            false => refused("alias/a/b", "cannot be an alias here"),
        }
        match (takes_arn, takes_alias) {
            (true, true) => assert_eq!(call(&alias_arn).status, 200, "{action}"),
            (true, false) => refused(&alias_arn, "cannot be an alias here"),
            (false, _) => refused(&arn, "cannot be an ARN here"),
        }
        if takes_arn {
            assert_eq!(call(&arn).status, 200, "{action}");
            // Of another account, or another region.
            for arn in [
                arn.replace("1000000000000001", "2000000000000002"),
                arn.replace("hangzhou", "beijing"),
            ] {
                let given = [&[("KeyId", arn.as_str())][..], more.as_slice()].concat();
                kms.refuses(action, &given, KEY_NOT_FOUND);
            }
        }
        for id in ["key-hzz000000000000000000", "a"] {
            let given = [&[("KeyId", id)][..], more.as_slice()].concat();
            kms.refuses(action, &given, KEY_NOT_FOUND);
        }
        if takes_alias {
            let given = [&[("KeyId", "alias/none")][..], more.as_slice()].concat();
            kms.refuses(action, &given, ALIAS_NOT_FOUND);
        }
        for odd in ["key 1", "ключ", &"k".repeat(65)] {
            refused(odd, "does not have 1 to 64 letters, digits, - and _");
        }
        kms.misses(action, more.as_slice(), "KeyId");
        kms.misses(action, &[&[("KeyId", "")][..], more.as_slice()].concat(), "KeyId");
    }
}

#[test]
fn keys_are_listed_page_by_page_the_newest_first() {
    let kms = Kms::start();
    let empty = kms.ok("ListKeys", &[]);
    assert_eq!(
        empty,
        json!({"Keys": {"Key": []}, "PageNumber": 1, "PageSize": 10, "TotalCount": 0})
    );
    let mut keys: Vec<String> = (0..13).map(|_| kms.key(&[])).collect();
    kms.key(&[("RegionId", "cn-beijing")]);
    keys.reverse();
    let page = |given: Given| {
        let listed = kms.ok("ListKeys", given);
        assert_eq!(listed["TotalCount"], 13);
        let keys = listed["Keys"]["Key"].as_array().unwrap().clone();
        for key in &keys {
            let arn = format!("acs:kms:{SCOPE}:key/{}", key["KeyId"].as_str().unwrap());
            assert_eq!(*key, json!({"KeyId": key["KeyId"], "KeyArn": arn}));
        }
        keys.iter().map(|key| key["KeyId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(page(&[]), keys[..10]);
    assert_eq!(page(&[("PageNumber", "2")]), keys[10..]);
    for size in 1..=14 {
        let pages = (1..=14).map(|number: usize| {
            page(&[("PageNumber", &number.to_string()), ("PageSize", &size.to_string())])
        });
        let pages: Vec<Vec<String>> = pages.collect();
        assert!(pages.iter().all(|page| page.len() <= size));
        assert_eq!(pages.concat(), keys[..(14 * size).min(13)], "{size}");
    }
    assert_eq!(page(&[("PageNumber", "2147483647"), ("PageSize", "100")]), [""; 0]);
    for (name, value, most) in [
        ("PageNumber", "0", "2147483647"),
        ("PageNumber", "2147483648", "2147483647"),
        ("PageSize", "0", "100"),
        ("PageSize", "101", "100"),
        ("PageSize", "x", "100"),
    ] {
        let why = format!("{name}: is not a whole number from 1 to {most}");
        for action in ["ListKeys", "ListAliases"] {
            kms.is_invalid(action, &[(name, value)], &why);
        }
    }
}

#[test]
fn lists_of_keys_are_filtered() {
    let kms = Kms::start();
    let [enabled, disabled, deleted, external, away] = in_every_state(&kms);
    let sm4 = kms.key(&[("KeySpec", "Aliyun_SM4"), ("ProtectionLevel", "HSM")]);
    let signing = kms.key(&[("KeySpec", "EC_P256")]);
    let good = kms.key(&[("DKMSInstanceId", "kst-good")]);
    let all = [&enabled, &disabled, &deleted, &external, &away, &sm4, &signing, &good];
    let found = |filters: Value| {
        let mut found = vec![];
        for page in ["1", "2", "3", "4"] {
            let given = [
                ("Filters", filters.to_string()),
                ("PageSize", "2".into()),
                ("PageNumber", page.into()),
            ];
            let given = given.each_ref().map(|(name, value)| (*name, value.as_str()));
            let listed = kms.ok("ListKeys", &given);
            let keys = listed["Keys"]["Key"].as_array().unwrap().clone();
            found.extend(keys.iter().map(|key| key["KeyId"].as_str().unwrap().to_owned()));
            if page == "4" {
                assert_eq!(listed["TotalCount"], found.len(), "{filters}");
            }
        }
        found.reverse();
        found
    };
    let one = |key: &str, values: Value| found(json!([{"Key": key, "Values": values}]));
    for (key, values, expected) in [
        ("KeyState", json!(["Enabled"]), &[&enabled, &sm4, &signing, &good][..]),
        ("KeyState", json!(["Disabled", "PendingDeletion"]), &[&disabled, &deleted]),
        ("KeyState", json!(["PendingImport"]), &[&external]),
        ("KeyState", json!(["Unavailable"]), &[&away]),
        ("KeyState", json!(["Unavailable", "Disabled"]), &[&disabled, &away]),
        ("KeyState", json!(["enabled"]), &[]),
        ("KeySpec", json!(["Aliyun_SM4", "EC_P256"]), &[&sm4, &signing]),
        ("KeyUsage", json!(["SIGN/VERIFY"]), &[&signing]),
        ("ProtectionLevel", json!(["HSM"]), &[&sm4]),
        ("CreatorType", json!(["User"]), &all),
        ("CreatorType", json!(["Service"]), &[]),
        ("CreatorType", json!(["Service", "User"]), &all),
        ("DKMSInstanceId", json!(["kst-good", "kst-away"]), &[&away, &good]),
        ("DKMSInstanceId", json!(["kst-other"]), &[]),
        ("KeySpec", json!([]), &all),
    ] {
        assert_eq!(one(key, values.clone()).iter().collect::<Vec<_>>(), expected, "{key} {values}");
    }
    let both = json!([
        {"Key": "KeyState", "Values": ["Enabled", "Disabled"]},
        {"Key": "KeySpec", "Values": ["Aliyun_AES_256"]},
    ]);
    assert_eq!(found(both), [enabled, disabled, good].map(|key| key.clone()));
    assert_eq!(found(json!([])).len(), 8);
    for (filters, why) in [
        ("x", "is not a JSON array"),
        (r#"{"Key":"KeyState","Values":["Enabled"]}"#, "is not a JSON array"),
        (r#"[{"Key":"SecretName","Values":["a"]}]"#, "has an unknown key"),
        (r#"[{"key":"KeyState"}]"#, r#"has an entry that is not {"Key":"…","Values":["…"]}"#),
        (r#"[{"Key":"KeyState","Values":"Enabled"}]"#, "has values that are not an array of texts"),
    ] {
        kms.is_invalid("ListKeys", &[("Filters", filters)], &format!("Filters: {why}"));
    }
}

#[test]
fn aliases_are_made_moved_and_taken_away() {
    let kms = Kms::start();
    let (one, other) = (kms.key(&[]), kms.key(&[]));
    let name = ("AliasName", "alias/Some/name_1-x");
    assert_eq!(kms.ok("CreateAlias", &[("KeyId", &one), name]), json!({}));
    assert_eq!(kms.key_metadata(name.1)["KeyId"], one.as_str());
    for key in [&one, &other] {
        kms.refuses("CreateAlias", &[("KeyId", key), name], ALIAS_EXISTS);
    }
    // In another region it is another one.
    let elsewhere = kms.key(&[("RegionId", "cn-beijing")]);
    kms.ok("CreateAlias", &[("KeyId", &elsewhere), name, ("RegionId", "cn-beijing")]);
    assert_eq!(kms.ok("UpdateAlias", &[("KeyId", &other), name]), json!({}));
    assert_eq!(kms.key_metadata(name.1)["KeyId"], other.as_str());
    kms.ok("UpdateAlias", &[("KeyId", &other), name]);
    assert_eq!(kms.ok("DeleteAlias", &[name]), json!({}));
    kms.refuses("DeleteAlias", &[name], ALIAS_NOT_FOUND);
    kms.refuses("UpdateAlias", &[("KeyId", &one), name], ALIAS_NOT_FOUND);
    kms.refuses("DescribeKey", &[("KeyId", name.1)], ALIAS_NOT_FOUND);
    for action in ["CreateAlias", "UpdateAlias"] {
        let gone = "key-hzz000000000000000000";
        kms.refuses(action, &[("KeyId", gone), name], KEY_NOT_FOUND);
        kms.misses(action, &[("KeyId", &one)], "AliasName");
        kms.misses(action, &[name], "KeyId");
    }
    kms.misses("DeleteAlias", &[], "AliasName");
    let longest = format!("alias/{}", "x".repeat(255));
    kms.ok("CreateAlias", &[("KeyId", &one), ("AliasName", &longest)]);
    for (name, why) in [
        ("key", "does not begin with alias/"),
        ("alias/", "does not have 1 to 255 characters behind alias/"),
        (&format!("{longest}x"), "does not have 1 to 255 characters behind alias/"),
        ("alias/中", "has other characters than letters, digits, _, - and /"),
        ("alias/a b", "has other characters than letters, digits, _, - and /"),
    ] {
        let why = format!("AliasName: {why}");
        let given = [("KeyId", one.as_str()), ("AliasName", name)];
        for action in ["CreateAlias", "UpdateAlias", "DeleteAlias"] {
            kms.is_invalid(action, &given, &why);
        }
    }
    for name in ["alias/acs", "alias/acs/secretsmanager", "alias/acsx"] {
        let given = [("KeyId", one.as_str()), ("AliasName", name)];
        let why = "AliasName: begins with alias/acs, which is reserved";
        kms.is_invalid("CreateAlias", &given, why);
        kms.refuses("DeleteAlias", &given, ALIAS_NOT_FOUND);
    }
}

#[test]
fn aliases_are_listed_by_name() {
    let kms = Kms::start();
    let empty = json!({"Aliases": {"Alias": []}, "PageNumber": 1, "PageSize": 10, "TotalCount": 0});
    assert_eq!(kms.ok("ListAliases", &[]), empty);
    let (one, other) = (kms.key(&[]), kms.key(&[]));
    assert_eq!(kms.ok("ListAliasesByKeyId", &[("KeyId", &one)]), empty);
    for number in 0_u32..12 {
        let key = if number.is_multiple_of(4) { &other } else { &one };
        let name = format!("alias/n{number:02}");
        kms.ok("CreateAlias", &[("KeyId", key), ("AliasName", &name)]);
    }
    let entry = |number: usize| {
        let key = if number.is_multiple_of(4) { &other } else { &one };
        json!({
            "AliasName": format!("alias/n{number:02}"),
            "AliasArn": format!("acs:kms:{SCOPE}:alias/n{number:02}"),
            "KeyId": key,
        })
    };
    let expected = |numbers: &[usize], page: (u32, u32), total: usize| {
        let aliases: Vec<Value> = numbers.iter().map(|number| entry(*number)).collect();
        json!({
            "Aliases": {"Alias": aliases},
            "PageNumber": page.0, "PageSize": page.1, "TotalCount": total,
        })
    };
    let first: Vec<usize> = (0..10).collect();
    assert_eq!(kms.ok("ListAliases", &[]), expected(&first, (1, 10), 12));
    let second = [("PageNumber", "2"), ("PageSize", "7")];
    assert_eq!(kms.ok("ListAliases", &second), expected(&[7, 8, 9, 10, 11], (2, 7), 12));
    let of_other = kms.ok("ListAliasesByKeyId", &[("KeyId", &other)]);
    assert_eq!(of_other, expected(&[0, 4, 8], (1, 10), 3));
    let arn = format!("acs:kms:{SCOPE}:key/{one}");
    let last = [("KeyId", arn.as_str()), ("PageNumber", "3"), ("PageSize", "4")];
    assert_eq!(kms.ok("ListAliasesByKeyId", &last), expected(&[11], (3, 4), 9));
    for (name, value) in [("PageSize", "101"), ("PageNumber", "0")] {
        let reply = kms.call("ListAliasesByKeyId", &[("KeyId", &one), (name, value)]);
        assert_eq!((reply.status, reply.code().as_str()), (400, "InvalidParameter"));
    }
}

#[test]
fn a_region_has_300_aliases() {
    let kms = Kms::start();
    let (key, dying) = (kms.key(&[]), kms.key(&[]));
    let create = |number: usize, key: &str| {
        kms.call("CreateAlias", &[("KeyId", key), ("AliasName", &format!("alias/n{number}"))])
    };
    for number in 0..300 {
        let key = if number < 2 { &dying } else { &key };
        assert_eq!(create(number, key).status, 200, "{number}");
    }
    failed(&create(300, &key), LIMIT.0, LIMIT.1, LIMIT.2);
    failed(&create(299, &key), ALIAS_EXISTS.0, ALIAS_EXISTS.1, ALIAS_EXISTS.2);
    kms.ok("DeleteAlias", &[("AliasName", "alias/n299")]);
    assert_eq!(create(300, &key).status, 200);
    failed(&create(301, &key), LIMIT.0, LIMIT.1, LIMIT.2);
    kms.ok("ScheduleKeyDeletion", &[("KeyId", &dying), ("PendingWindowInDays", "7")]);
    failed(&create(301, &key), LIMIT.0, LIMIT.1, LIMIT.2);
    kms.wait(7 * DAY);
    assert_eq!(create(301, &key).status, 200);
}

/// A user that may do anything to the keys of the list, one that may to those with a tag, and one with a system policy.
fn users(keys: &[&str]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("\"acs:kms:*:*:{key}\"")).collect();
    let statement = |resource: &str, more: &str| {
        format!(
            r#"{{ Version: "1", Statement: [{{ Effect: Allow, Action: "kms:*", Resource: [{resource}]{more} }}] }}"#
        )
    };
    let tagged = r#", Condition: { StringEquals: { "kms:tag/team": ["red"] } }"#;
    format!(
        r#"
users:
  - {{ name: nobody, access_keys: [{{ id: AK-nobody, secret: secret-of-nobody }}] }}
  - {{ name: owner, access_keys: [{{ id: AK-owner, secret: secret-of-owner }}], policies: [{}] }}
  - {{ name: tagged, access_keys: [{{ id: AK-tagged, secret: secret-of-tagged }}], policies: [{}] }}
  - {{ name: crypto, access_keys: [{{ id: AK-crypto, secret: secret-of-crypto }}], policies: [AliyunKMSCryptoUserAccess] }}
"#,
        statement(&keys.join(", "), ""),
        statement("\"*\"", tagged),
    )
}

#[test]
fn who_has_no_right_learns_nothing() {
    let kms = Kms::start_with(&users(&["key/none"]));
    let key = kms.key(&[]);
    kms.ok("CreateAlias", &[("KeyId", &key), ("AliasName", "alias/known")]);
    let sealed = kms.ok("Encrypt", &[("KeyId", &key), ("Plaintext", "YQ==")]);
    let (container, aliases) = (format!("acs:kms:{SCOPE}:key"), format!("acs:kms:{SCOPE}:alias"));
    for user in ["nobody", "owner"] {
        kms.denies(user, "CreateKey", &[], &container);
        kms.denies(user, "ListKeys", &[], &container);
        kms.denies(user, "ListAliases", &[], &aliases);
        for (action, more) in [
            ("DescribeKey", None),
            ("EnableKey", None),
            ("DisableKey", None),
            ("CancelKeyDeletion", None),
            ("ListAliasesByKeyId", None),
            ("GenerateDataKey", None),
            ("GenerateDataKeyWithoutPlaintext", None),
            ("Encrypt", Some(("Plaintext", "YQ=="))),
            ("UpdateKeyDescription", Some(("Description", "x"))),
            ("ScheduleKeyDeletion", Some(("PendingWindowInDays", "7"))),
            ("CreateAlias", Some(("AliasName", "alias/other"))),
            ("UpdateAlias", Some(("AliasName", "alias/known"))),
        ] {
            // Whether it is there or not.
            for id in [key.as_str(), "key-hzz000000000000000000"] {
                let given = [&[("KeyId", id)][..], more.as_slice()].concat();
                kms.denies(user, action, &given, id);
            }
        }
        for alias in ["alias/known", "alias/unknown"] {
            let shown = if alias == "alias/known" { key.as_str() } else { alias };
            kms.denies(user, "DescribeKey", &[("KeyId", alias)], shown);
            kms.denies(user, "DeleteAlias", &[("AliasName", alias)], shown);
        }
        let blob = sealed["CiphertextBlob"].as_str().unwrap();
        kms.denies(user, "Decrypt", &[("CiphertextBlob", blob)], &key);
    }
    assert_eq!(kms.state(&key), "Enabled");
    // Parameters are judged before, as everywhere.
    let reply = kms.user("nobody").call("DescribeKey", &[("KeyId", "alias/")]);
    assert_eq!((reply.status, reply.code().as_str()), (400, "InvalidParameter"));
}

#[test]
fn rights_are_on_keys_and_aliases() {
    let kms = Kms::start_with(&users(&["key/*", "alias/mine"]));
    let key =
        kms.user("owner").ok("CreateKey", &[])["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    kms.user("owner").ok("DescribeKey", &[("KeyId", &key)]);
    failed(
        &kms.user("owner").call("DescribeKey", &[("KeyId", "key-hzz000000000000000000")]),
        KEY_NOT_FOUND.0,
        KEY_NOT_FOUND.1,
        KEY_NOT_FOUND.2,
    );
    failed(
        &kms.user("owner").call("DescribeKey", &[("KeyId", "alias/none")]),
        ALIAS_NOT_FOUND.0,
        ALIAS_NOT_FOUND.1,
        ALIAS_NOT_FOUND.2,
    );
    // An alias needs rights to itself besides those to its key.
    let of = |name| [("KeyId", key.as_str()), ("AliasName", name)];
    kms.denies("owner", "CreateAlias", &of("alias/other"), "alias/other");
    kms.user("owner").ok("CreateAlias", &of("alias/mine"));
    kms.ok("CreateAlias", &of("alias/other"));
    kms.denies("owner", "UpdateAlias", &of("alias/other"), "alias/other");
    kms.denies("owner", "DeleteAlias", &of("alias/other"), "alias/other");
    kms.user("owner").ok("UpdateAlias", &of("alias/mine"));
    kms.user("owner").ok("DeleteAlias", &of("alias/mine"));
    // To name a key by one needs rights to the key alone.
    kms.user("owner").ok("DescribeKey", &[("KeyId", "alias/other")]);
}

#[test]
fn a_policy_may_ask_for_the_tags_of_a_key() {
    let kms = Kms::start_with(&users(&["key/none"]));
    let red = kms.key(&[("Tags", r#"[{"TagKey":"team","TagValue":"red"}]"#)]);
    let blue = kms.key(&[("Tags", r#"[{"TagKey":"team","TagValue":"blue"}]"#)]);
    let none = kms.key(&[]);
    kms.user("tagged").ok("DescribeKey", &[("KeyId", &red)]);
    for key in [&blue, &none] {
        kms.denies("tagged", "DescribeKey", &[("KeyId", key)], key);
    }
    kms.user("crypto").ok("GenerateDataKey", &[("KeyId", &blue)]);
    kms.denies("crypto", "DisableKey", &[("KeyId", &blue)], &blue);
}

#[test]
fn a_key_is_rotated_when_it_is_due() {
    let kms = Kms::start();
    let key = kms.key(&[("EnableAutomaticRotation", "true"), ("RotationInterval", "7d")]);
    let before = kms.key_metadata(&key);
    let sealed = kms.ok("Encrypt", &[("KeyId", &key), ("Plaintext", "c3BlY2ltZW4=")]);
    let blob = sealed["CiphertextBlob"].as_str().unwrap();
    assert_eq!(sealed["KeyVersionId"], before["PrimaryKeyVersion"]);
    kms.wait(7 * DAY + 5);
    let version = |key: &str| kms.key_metadata(key)["PrimaryKeyVersion"].clone();
    eventually("a rotation", || version(&key) != before["PrimaryKeyVersion"]);
    let after = kms.key_metadata(&key);
    assert_eq!(after["LastRotationDate"], time(START + 7 * DAY + 5));
    assert_eq!(after["NextRotationDate"], time(START + 14 * DAY + 5));
    assert_eq!(after["CreationDate"], time(START));
    let again = kms.ok("Encrypt", &[("KeyId", &key), ("Plaintext", "c3BlY2ltZW4=")]);
    assert_eq!(again["KeyVersionId"], after["PrimaryKeyVersion"]);
    for (blob, version) in [
        (blob, &before["PrimaryKeyVersion"]),
        (again["CiphertextBlob"].as_str().unwrap(), &after["PrimaryKeyVersion"]),
    ] {
        let opened = kms.ok("Decrypt", &[("CiphertextBlob", blob)]);
        assert_eq!(
            (&opened["Plaintext"], &opened["KeyVersionId"]),
            (&json!("c3BlY2ltZW4="), version)
        );
    }
    assert_eq!(kms.number("SELECT count(*) FROM kms_key_versions"), 2);

    // Not while it is not enabled, and at once when it is again.
    kms.ok("DisableKey", &[("KeyId", &key)]);
    let suspended = kms.key_metadata(&key);
    assert_eq!(suspended["AutomaticRotation"], "Suspended");
    assert_eq!(suspended["NextRotationDate"], after["NextRotationDate"]);
    let other = kms.key(&[("EnableAutomaticRotation", "true"), ("RotationInterval", "7d")]);
    let other_version = version(&other);
    kms.wait(30 * DAY);
    eventually("the rotation of another key", || version(&other) != other_version);
    assert_eq!(version(&key), after["PrimaryKeyVersion"]);
    kms.ok("EnableKey", &[("KeyId", &key)]);
    eventually("the rotation that was due", || version(&key) != after["PrimaryKeyVersion"]);
    let now = START + 37 * DAY + 5;
    assert_eq!(kms.key_metadata(&key)["NextRotationDate"], time(now + 7 * DAY));
}

/// The worker goes on to the others.
#[test]
fn a_damaged_key_holds_up_no_rotation() {
    let kms = Kms::start();
    let rotated = [("EnableAutomaticRotation", "true"), ("RotationInterval", "7d")];
    let (damaged, whole) = (kms.key(&rotated), kms.key(&rotated));
    kms.execute(&format!("UPDATE kms_keys SET spec = 'Weird' WHERE key_id = '{damaged}'"));
    let internal = (500, "InternalFailure", "Internal Failure");
    kms.refuses("DescribeKey", &[("KeyId", &damaged)], internal);
    kms.wait(7 * DAY);
    let due = "SELECT count(*) FROM kms_keys WHERE last_rotation_at < next_rotation_at - 604800000";
    eventually("the rotation of the other", || {
        kms.key_metadata(&whole)["LastRotationDate"] == time(START + 7 * DAY)
    });
    eventually("the damaged one is put off", || kms.number(due) == 1);
    assert_eq!(kms.number("SELECT count(*) FROM kms_key_versions"), 3);
}

#[test]
fn replies_are_xml_where_that_is_wanted() {
    let kms = Kms::start();
    let key = kms.key(&[("DKMSInstanceId", "kst-good"), ("Description", "a<b")]);
    kms.ok("CreateAlias", &[("KeyId", &key), ("AliasName", "alias/a")]);
    let xml =
        |action: &str| kms.call(action, &[("KeyId", &key), ("Format", "XML")]).text().to_owned();
    let described = xml("DescribeKey");
    assert!(described.contains("<KMS><RequestId>"), "{described}");
    assert!(described.contains(&format!("<KeyMetadata><KeyId>{key}</KeyId><Arn>")), "{described}");
    assert!(described.contains("<Description>a&lt;b</Description>"), "{described}");
    assert!(described.contains("<DKMSInstanceId>kst-good</DKMSInstanceId>"), "{described}");
    let listed = xml("ListKeys");
    let entry = format!(
        "<Keys><Key><KeyId>{key}</KeyId><KeyArn>acs:kms:{SCOPE}:key/{key}</KeyArn></Key></Keys>"
    );
    assert!(listed.contains(&entry), "{listed}");
    let aliases = xml("ListAliases");
    let entry = format!(
        "<Aliases><Alias><AliasName>alias/a</AliasName><AliasArn>acs:kms:{SCOPE}:alias/a</AliasArn><KeyId>{key}</KeyId></Alias></Aliases>"
    );
    assert!(aliases.contains(&entry), "{aliases}");
    assert!(xml("EnableKey").ends_with("</RequestId></KMS>"));
}

#[test]
fn a_region_has_two_hundred_keys_where_the_world_says_nothing() {
    let kms = Kms::start();
    for _ in 0..200 {
        kms.key(&[]);
    }
    kms.refuses("CreateKey", &[], LIMIT);
    kms.key(&[("RegionId", "cn-beijing")]);
}

/// What cannot be read of it puts its rotation off, and nothing says that it was rotated.
#[test]
fn a_key_whose_version_is_damaged_is_not_rotated() {
    let kms = Kms::start();
    kms.key(&[("EnableAutomaticRotation", "true"), ("RotationInterval", "7d")]);
    kms.execute("UPDATE kms_key_versions SET version_id = 'x'");
    kms.wait(7 * DAY);
    let put_off = (START + 14 * DAY) * 1000;
    let query = format!("SELECT count(*) FROM kms_keys WHERE next_rotation_at >= {put_off}");
    eventually("the next date", || kms.number(&query) == 1);
    let query = "SELECT count(*) FROM kms_keys WHERE last_rotation_at = created_at";
    assert_eq!(kms.number(query), 1);
    assert_eq!(kms.number("SELECT count(*) FROM kms_key_versions"), 1);
}

#[test]
fn of_deleted_keys_those_are_remembered_that_secrets_name() {
    let kms = Kms::start();
    let keys = [kms.key(&[]), kms.key(&[]), kms.key(&[("RegionId", "cn-beijing")])];
    kms.create_with("s", &[("EncryptionKeyId", &keys[1])]);
    for (key, region) in keys.iter().zip([REGION, REGION, "cn-beijing"]) {
        let given = [("KeyId", key.as_str()), ("PendingWindowInDays", "7"), ("RegionId", region)];
        kms.ok("ScheduleKeyDeletion", &given);
    }
    kms.wait(7 * DAY);
    eventually("the end of the keys", || kms.number("SELECT count(*) FROM kms_keys") == 0);
    let all = "SELECT count(*) FROM kms_deleted_keys";
    let named = format!("{all} WHERE key_id = '{}'", keys[1]);
    assert_eq!([kms.number(all), kms.number(&named)], [1, 1]);
}

/// Other than with CreateSecret.
#[test]
fn an_empty_policy_is_none_of_a_key() {
    let kms = Kms::start();
    kms.is_invalid("CreateKey", &[("Policy", "")], "Policy: is not valid JSON (line 1, column 0)");
    assert_eq!(kms.number("SELECT count(*) FROM kms_keys"), 0);
}
