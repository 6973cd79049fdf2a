//! What the world file puts into KMS: instances, quotas, keys and secrets.

use std::path::Path;

use super::harness::*;

const WORLD: &str = r#"
account: "1000000000000001"
regions: [cn-hangzhou, cn-beijing]
users: [{ name: alice }]
kms:
  quotas: { secrets: 9, keys: 3 }
  instances:
    - { id: kst-hangzhou0001, secret_quota: 2, access_quota: 1 }
    - { id: kst-none, secret_quota: 0, access_quota: 0 }
    - { id: kst-uninitialized, state: Uninitialized }
    - { id: kst-connecting, state: Connecting }
    - { id: kst-disconnected, state: Disconnected }
    - { id: kst-error, state: Error }
  keys:
    - { region: cn-hangzhou, alias: alias/app, spec: Aliyun_SM4, description: of the file }
    - { alias: alias/inside, instance: kst-hangzhou0001 }
  secrets:
    - region: cn-hangzhou
      name: db/main
      type: Generic
      version: first
      data: canary-of-the-file
      data_type: binary
      description: of the file
      key: alias/app
      tags: { team: a, empty: "" }
    - name: shared
      data: canary-shared
      key: alias/inside
      instance: kst-hangzhou0001
      policy:
        Version: "1"
        Statement:
          - { Effect: Allow, Principal: { RAM: "acs:ram::2:*" }, Action: "kms:GetSecretValue", Resource: "*" }
    - name: rotated
      type: Rds
      data: '{"Accounts":[{"AccountName":"app","AccountPassword":"canary-of-rds"}]}'
      extended_config: { DBInstanceId: rm-1, SecretSubType: SingleUser, CustomData: { owner: me } }
      rotation: 7d
    - name: $Auto
      type: RAMCredentials
      data: '{"AccessKeys":[{"AccessKeyId":"LTAI5tAlice","AccessKeySecret":"canary-of-alice"}]}'
      extended_config: { SecretSubType: RamUserAccessKey, UserName: alice }
    - { name: "off/1", data: canary-off-1, instance: kst-uninitialized }
    - { name: "off/2", data: canary-off-2, instance: kst-connecting }
    - { name: "off/3", data: canary-off-3, instance: kst-disconnected }
    - { name: "off/4", data: canary-off-4, instance: kst-error }
    - { region: cn-beijing, name: db/main, data: canary-of-beijing }
"#;

const TOO_MANY: (u16, &str, &str) = (
    400,
    "Rejected.LimitExceeded",
    "The request was rejected because user create resource limit was exceeded",
);

const NOT_CONNECTED: (u16, &str, &str) =
    (403, "Forbidden.DKMSInstanceStateInvalid", "The DKMS instance state is invalid.");

fn start() -> Kms {
    Kms::start_in(START, WORLD, |_| {})
}

/// A server over a database that outlives it.
fn over(database: &Path, world: &str) -> Kms {
    over_at(START, database, world)
}

fn over_at(now: i64, database: &Path, world: &str) -> Kms {
    Kms::start_in(now, world, |settings| {
        settings.database.database_url = format!("sqlite://{}", database.display());
    })
}

#[track_caller]
fn refused(kms: &Kms, action: &str, given: Given, expected: (u16, &str, &str)) {
    let (status, code, message) = expected;
    failed(&kms.call(action, given), status, code, message);
}

fn key(kms: &Kms, alias: &str) -> Value {
    kms.ok("DescribeKey", &[("KeyId", alias)])["KeyMetadata"].clone()
}

fn create(name: &str) -> Vec<(&str, &str)> {
    vec![("SecretName", name), ("VersionId", "v1"), ("SecretData", "canary-of-the-test")]
}

#[test]
fn secrets_of_the_file_are_there() {
    let kms = start();
    let value = kms.ok("GetSecretValue", &[("SecretName", "db/main")]);
    assert_eq!(
        value,
        json!({
            "SecretName": "db/main", "SecretType": "Generic", "SecretData": "canary-of-the-file",
            "SecretDataType": "binary", "VersionId": "first",
            "VersionStages": {"VersionStage": ["ACSCurrent"]}, "CreateTime": "2026-01-02T03:04:05Z",
        })
    );
    let of_beijing =
        kms.ok("GetSecretValue", &[("SecretName", "db/main"), ("RegionId", "cn-beijing")]);
    assert_eq!(
        (&of_beijing["SecretData"], &of_beijing["VersionId"]),
        (&json!("canary-of-beijing"), &json!("v1"))
    );
    let described = kms.ok("DescribeSecret", &[("SecretName", "db/main"), ("FetchTags", "true")]);
    assert_eq!(described["Description"], "of the file");
    assert_eq!(described["EncryptionKeyId"], key(&kms, "alias/app")["KeyId"]);
    assert!(described.get("DKMSInstanceId").is_none());
    let tags = described["Tags"]["Tag"].as_array().unwrap();
    let mut tags: Vec<_> = tags.iter().map(|tag| (&tag["TagKey"], &tag["TagValue"])).collect();
    tags.sort_by_key(|(key, _)| key.to_string());
    assert_eq!(tags, [(&json!("empty"), &json!("")), (&json!("team"), &json!("a"))]);

    let shared = kms.ok("DescribeSecret", &[("SecretName", "shared")]);
    assert_eq!(shared["DKMSInstanceId"], "kst-hangzhou0001");
    let policy = kms.ok("GetSecretPolicy", &[("SecretName", "shared")]);
    assert_eq!(
        policy["Policy"],
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":"acs:ram::2:*"},"Action":"kms:GetSecretValue","Resource":"*"}]}"#
    );
    let value = kms.ok("GetSecretValue", &[("SecretName", "shared")]);
    assert_eq!(value["SecretData"], "canary-shared");
}

#[test]
fn managed_secrets_of_the_file_are_there() {
    let kms = start();
    let wanted = [("SecretName", "rotated"), ("FetchExtendedConfig", "true")];
    let value = kms.ok("GetSecretValue", &wanted);
    assert_eq!(value["SecretType"], "Rds");
    let data = r#"{"AccountName":"app","AccountPassword":"canary-of-rds"}"#;
    assert_eq!(value["SecretData"], data);
    assert_eq!(
        value["ExtendedConfig"],
        r#"{"DBInstanceId":"rm-1","SecretSubType":"SingleUser","CustomData":{"owner":"me"}}"#
    );
    assert_eq!(value["AutomaticRotation"], "Enabled");
    assert_eq!(value["RotationInterval"], "604800s");
    assert_eq!(value["NextRotationDate"], "2026-01-09T03:04:05Z");
    assert!(value.get("LastRotationDate").is_none());
    let value = kms.ok("GetSecretValue", &[("SecretName", "acs/ram/user/alice")]);
    assert_eq!(value["AutomaticRotation"], "Disabled");
    let data: Value = serde_json::from_str(value["SecretData"].as_str().unwrap()).unwrap();
    assert_eq!(data["AccessKeySecret"], "canary-of-alice");
}

#[test]
fn keys_of_the_file_are_found_by_their_aliases() {
    let kms = start();
    let app = key(&kms, "alias/app");
    let shown = ["KeySpec", "KeyState", "KeyUsage", "Description"].map(|name| app[name].clone());
    assert_eq!(shown, ["Aliyun_SM4", "Enabled", "ENCRYPT/DECRYPT", "of the file"]);
    let id = app["KeyId"].as_str().unwrap();
    assert_eq!(app["Arn"], format!("acs:kms:cn-hangzhou:1000000000000001:key/{id}"));
    let inside = key(&kms, "alias/inside");
    assert_eq!(inside["KeySpec"], "Aliyun_AES_256");
    assert_eq!(inside["DKMSInstanceId"], "kst-hangzhou0001");
    let aliases = kms.ok("ListAliasesByKeyId", &[("KeyId", id)]);
    assert_eq!(aliases["Aliases"]["Alias"][0]["AliasName"], "alias/app");
    refused(
        &kms,
        "DescribeKey",
        &[("KeyId", "alias/app"), ("RegionId", "cn-beijing")],
        (404, "Forbidden.AliasNotFound", "The specified Alias is not found."),
    );
    let sealed = kms.ok("Encrypt", &[("KeyId", "alias/app"), ("Plaintext", "c3BlY2ltZW4=")]);
    let opened = [("CiphertextBlob", sealed["CiphertextBlob"].as_str().unwrap())];
    assert_eq!(kms.ok("Decrypt", &opened)["Plaintext"], "c3BlY2ltZW4=");
}

#[test]
fn a_region_has_as_many_secrets_as_its_quota_says() {
    let kms = start();
    kms.ok("CreateSecret", &create("ninth"));
    refused(&kms, "CreateSecret", &create("tenth"), TOO_MANY);
    // One that waits to be deleted still counts.
    kms.ok("DeleteSecret", &[("SecretName", "ninth")]);
    refused(&kms, "CreateSecret", &create("tenth"), TOO_MANY);
    let forced = [("SecretName", "ninth"), ("ForceDeleteWithoutRecovery", "true")];
    kms.ok("DeleteSecret", &forced);
    kms.ok("CreateSecret", &create("tenth"));
    let mut elsewhere = create("tenth");
    elsewhere.push(("RegionId", "cn-beijing"));
    kms.ok("CreateSecret", &elsewhere);
}

#[test]
fn an_instance_has_as_many_secrets_as_its_quota_says() {
    let kms = start();
    let inside = |name, id| {
        let mut wanted = create(name);
        wanted.push(("DKMSInstanceId", id));
        wanted
    };
    kms.ok("CreateSecret", &inside("second", "kst-hangzhou0001"));
    refused(&kms, "CreateSecret", &inside("third", "kst-hangzhou0001"), TOO_MANY);
    refused(&kms, "CreateSecret", &inside("third", "kst-none"), TOO_MANY);
    let forced = [("SecretName", "second"), ("ForceDeleteWithoutRecovery", "true")];
    kms.ok("DeleteSecret", &forced);
    kms.ok("CreateSecret", &inside("third", "kst-hangzhou0001"));
}

#[test]
fn a_region_has_as_many_keys_as_its_quota_says() {
    let kms = start();
    kms.ok("CreateKey", &[]);
    refused(&kms, "CreateKey", &[], TOO_MANY);
    for _ in 0..3 {
        kms.ok("CreateKey", &[("RegionId", "cn-beijing")]);
    }
    refused(&kms, "CreateKey", &[("RegionId", "cn-beijing")], TOO_MANY);
}

#[test]
fn only_the_instances_of_the_file_exist() {
    let kms = start();
    let missing =
        (403, "Forbidden.DKMSInstanceNotFound", "The specified DKMS Instance is not found.");
    for id in ["kst-other", "kst-", "kst", "KST-hangzhou0001", "key-1"] {
        let mut wanted = create("s");
        wanted.push(("DKMSInstanceId", id));
        refused(&kms, "CreateSecret", &wanted, missing);
    }
    let listed = kms.ok("ListKmsInstances", &[]);
    let listed = listed["KmsInstances"]["KmsInstance"].as_array().unwrap();
    let ids: Vec<_> = listed.iter().map(|it| it["KmsInstanceId"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "kst-connecting",
            "kst-disconnected",
            "kst-error",
            "kst-hangzhou0001",
            "kst-none",
            "kst-uninitialized"
        ]
    );

    // Without a list whatever looks like one does.
    let kms = Kms::start_in(START, "regions: [cn-hangzhou]", |_| {});
    for (name, id) in [("s", "kst-other"), ("t", "kst-hangzhou0001")] {
        let mut wanted = create(name);
        wanted.push(("DKMSInstanceId", id));
        kms.ok("CreateSecret", &wanted);
    }
    for id in ["kst-", "key-1"] {
        let mut wanted = create("u");
        wanted.push(("DKMSInstanceId", id));
        refused(&kms, "CreateSecret", &wanted, missing);
    }
}

#[test]
fn what_is_in_an_instance_needs_it_connected() {
    let kms = start();
    let policy = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["acs:ram::1000000000000001:*"]},"Action":["kms:*"],"Resource":["*"]}]}"#;
    for name in ["off/1", "off/2", "off/3", "off/4"] {
        refused(&kms, "GetSecretValue", &[("SecretName", name)], NOT_CONNECTED);
        refused(&kms, "GetSecretPolicy", &[("SecretName", name)], NOT_CONNECTED);
        let wanted = [("SecretName", name), ("Policy", policy)];
        refused(&kms, "SetSecretPolicy", &wanted, NOT_CONNECTED);
        kms.ok("DescribeSecret", &[("SecretName", name)]);
    }
    kms.ok("GetSecretValue", &[("SecretName", "shared")]);
    kms.ok("SetSecretPolicy", &[("SecretName", "shared"), ("Policy", policy)]);
}

#[test]
fn an_instance_is_shared_with_as_many_accounts_as_its_quota_says() {
    let kms = start();
    let shared = |accounts: &[&str]| {
        let principals: Vec<_> =
            accounts.iter().map(|account| format!("acs:ram::{account}:root")).collect();
        json!({"Version": "1", "Statement": [{"Effect": "Allow", "Principal": {"RAM": principals},
               "Action": ["kms:GetSecretValue"], "Resource": ["*"]}]})
        .to_string()
    };
    let too_many = (400, "Rejected.ShareQuotaExceedLimit", "Instance Share Quota Exceed Limit.");
    let inside = |name: &'static str, id: &'static str| {
        let mut wanted = create(name);
        wanted.push(("DKMSInstanceId", id));
        wanted
    };
    // The file's secret is shared with account 2 already.
    for accounts in [&["3"][..], &["2", "3"]] {
        let policy = shared(accounts);
        let mut wanted = inside("second", "kst-hangzhou0001");
        wanted.push(("Policy", &policy));
        refused(&kms, "CreateSecret", &wanted, too_many);
    }
    let (two, three, own) = (shared(&["2"]), shared(&["3"]), shared(&["1000000000000001"]));
    let mut wanted = inside("second", "kst-hangzhou0001");
    wanted.push(("Policy", &two));
    kms.ok("CreateSecret", &wanted);
    let change = |name, policy| [("SecretName", name), ("Policy", policy)];
    refused(&kms, "SetSecretPolicy", &change("second", &three), too_many);
    let kept = kms.ok("GetSecretPolicy", &[("SecretName", "second")]);
    assert_eq!(kept["Policy"], two);
    kms.ok("SetSecretPolicy", &change("second", &own));
    kms.ok("SetSecretPolicy", &change("shared", &three));
    // Outside of instances nothing is counted.
    kms.ok("SetSecretPolicy", &change("db/main", &shared(&["4", "5", "6"])));
}

#[test]
fn a_restart_makes_what_is_missing_and_keeps_what_was_changed() {
    let folder = Folder::new();
    let database = folder.path().join("kept.db");
    let state = |kms: &Kms| {
        let names = ["db/main", "shared", "rotated", "acs/ram/user/alice", "off/1", "off/2"];
        let secrets = names.map(|name| {
            let described =
                kms.ok("DescribeSecret", &[("SecretName", name), ("FetchTags", "true")]);
            let versions = kms
                .ok("ListSecretVersionIds", &[("SecretName", name), ("IncludeDeprecated", "true")]);
            let value = kms.call("GetSecretValue", &[("SecretName", name)]);
            (described, versions, value.json()["SecretData"].clone())
        });
        let keys = ["alias/app", "alias/inside", "alias/second"].map(|alias| key(kms, alias));
        let policy = kms.ok("GetSecretPolicy", &[("SecretName", "shared")]);
        (secrets, keys, policy)
    };
    let before = {
        let kms = over(&database, WORLD);
        let put = [
            ("SecretName", "db/main"),
            ("VersionId", "second"),
            ("SecretData", "canary-of-the-user"),
        ];
        kms.ok("PutSecretValue", &put);
        kms.ok("UpdateSecret", &[("SecretName", "db/main"), ("Description", "changed")]);
        let untag = [("SecretName", "db/main"), ("TagKeys", "[\"team\"]")];
        kms.ok("UntagResource", &untag);
        let own = r#"{"Version":"1","Statement":[{"Effect":"Deny","Principal":{"RAM":["acs:ram::3:*"]},"Action":["kms:*"],"Resource":["*"]}]}"#;
        kms.ok("SetSecretPolicy", &[("SecretName", "shared"), ("Policy", own)]);
        let quiet = [("SecretName", "rotated"), ("EnableAutomaticRotation", "false")];
        kms.ok("UpdateSecretRotationPolicy", &quiet);
        kms.ok("RotateSecret", &[("SecretName", "acs/ram/user/alice"), ("VersionId", "second")]);
        kms.ok("DeleteSecret", &[("SecretName", "off/1")]);
        let app = key(&kms, "alias/app")["KeyId"].as_str().unwrap().to_owned();
        let changed = [("KeyId", app.as_str()), ("Description", "changed")];
        kms.ok("UpdateKeyDescription", &changed);
        kms.ok("CreateAlias", &[("AliasName", "alias/second"), ("KeyId", &app)]);
        let inside = key(&kms, "alias/inside")["KeyId"].as_str().unwrap().to_owned();
        kms.ok("DisableKey", &[("KeyId", &inside)]);
        // The alias now names another key than the one that the file made.
        let other = kms.ok("CreateKey", &[])["KeyMetadata"]["KeyId"].clone();
        let moved = [("AliasName", "alias/app"), ("KeyId", other.as_str().unwrap())];
        kms.ok("UpdateAlias", &moved);
        state(&kms)
    };
    assert_eq!(before.0[0].2, "canary-of-the-user");
    assert_eq!(before.0[0].0["Description"], "changed");
    assert!(before.0[4].0.get("PlannedDeleteTime").is_some());
    assert_eq!(before.1[1]["KeyState"], "Disabled");
    for world in [WORLD, &WORLD.replace("of the file", "of another file")] {
        assert_eq!(state(&over(&database, world)), before);
    }
    // What a file does not name any more stays.
    let value = over(&database, "regions: [cn-hangzhou]").value("db/main");
    assert_eq!(value["SecretData"], "canary-of-the-user");
    {
        let kms = over(&database, WORLD);
        let forced = [("SecretName", "db/main"), ("ForceDeleteWithoutRecovery", "true")];
        kms.ok("DeleteSecret", &forced);
        kms.ok("DeleteAlias", &[("AliasName", "alias/app")]);
    }
    let kms = over(&database, WORLD);
    let value = kms.ok("GetSecretValue", &[("SecretName", "db/main")]);
    assert_eq!(
        (&value["SecretData"], &value["VersionId"]),
        (&json!("canary-of-the-file"), &json!("first"))
    );
    let app = key(&kms, "alias/app");
    assert_eq!(
        (&app["Description"], &app["KeySpec"]),
        (&json!("of the file"), &json!("Aliyun_SM4"))
    );
    let described = kms.ok("DescribeSecret", &[("SecretName", "db/main")]);
    assert_eq!(described["EncryptionKeyId"], app["KeyId"]);
    // The quota of keys is exceeded by the file's own, which does not stop the start, and holds for all others.
    refused(&kms, "CreateKey", &[], TOO_MANY);
}

#[test]
fn a_secret_whose_key_encrypts_nothing_any_more_does_not_stop_the_start() {
    let folder = Folder::new();
    let database = folder.path().join("kept.db");
    {
        let kms = over(&database, WORLD);
        let created = kms.ok("CreateKey", &[("KeySpec", "EC_P256")]);
        let id = created["KeyMetadata"]["KeyId"].as_str().unwrap();
        kms.ok("UpdateAlias", &[("AliasName", "alias/app"), ("KeyId", id)]);
        let forced = [("SecretName", "db/main"), ("ForceDeleteWithoutRecovery", "true")];
        kms.ok("DeleteSecret", &forced);
    }
    let kms = over(&database, WORLD);
    assert_eq!(key(&kms, "alias/app")["KeySpec"], "EC_P256");
    let missing = (404, "Forbidden.ResourceNotFound", "Resource not found.");
    refused(&kms, "GetSecretValue", &[("SecretName", "db/main")], missing);
    assert_eq!(kms.value("shared")["SecretData"], "canary-shared");
}

#[test]
fn no_secret_is_made_under_a_key_that_is_being_deleted() {
    let folder = Folder::new();
    let database = folder.path().join("kept.db");
    {
        let kms = over(&database, WORLD);
        let forced = [("SecretName", "db/main"), ("ForceDeleteWithoutRecovery", "true")];
        kms.ok("DeleteSecret", &forced);
        let id = key(&kms, "alias/app")["KeyId"].as_str().unwrap().to_owned();
        kms.ok("ScheduleKeyDeletion", &[("KeyId", &id), ("PendingWindowInDays", "7")]);
    }
    {
        let kms = over(&database, WORLD);
        let missing = (404, "Forbidden.ResourceNotFound", "Resource not found.");
        refused(&kms, "GetSecretValue", &[("SecretName", "db/main")], missing);
        assert_eq!(kms.value("shared")["SecretData"], "canary-shared");
    }
    // Then there is another key, and the secret with it.
    let kms = over_at(START + 7 * DAY, &database, WORLD);
    assert_eq!(kms.value("db/main")["SecretData"], "canary-of-the-file");
}

#[test]
fn what_the_time_to_delete_has_come_for_is_made_again() {
    let folder = Folder::new();
    let database = folder.path().join("kept.db");
    let (app, inside) = {
        let kms = over(&database, WORLD);
        let ids = ["alias/app", "alias/inside"].map(|alias| key(&kms, alias)["KeyId"].clone());
        let forced = [("SecretName", "db/main"), ("RecoveryWindowInDays", "7")];
        kms.ok("DeleteSecret", &forced);
        let window = [("KeyId", ids[0].as_str().unwrap()), ("PendingWindowInDays", "7")];
        kms.ok("ScheduleKeyDeletion", &window);
        let [app, inside] = ids;
        (app, inside)
    };
    {
        let kms = over(&database, WORLD);
        assert_eq!(key(&kms, "alias/app")["KeyState"], "PendingDeletion");
        assert!(kms.describe("db/main").get("PlannedDeleteTime").is_some());
    }
    let kms = over_at(START + 7 * DAY, &database, WORLD);
    let again = key(&kms, "alias/app");
    assert_eq!(again["KeyState"], "Enabled");
    assert_ne!(again["KeyId"], app);
    assert_eq!(key(&kms, "alias/inside")["KeyId"], inside);
    assert_eq!(kms.value("db/main")["SecretData"], "canary-of-the-file");
    assert_eq!(kms.describe("db/main")["EncryptionKeyId"], again["KeyId"]);
}
