//! Secrets that are encrypted by a key of KMS.

use super::{
    harness::*,
    keys::{
        DISABLED, KEY_NOT_FOUND, PENDING_DELETION, PENDING_IMPORT, SCOPE, UNAVAILABLE, UNSUPPORTED,
        in_every_state,
    },
};

const VALUE: &str = "canary-of-a-secret";

const NO_RESOURCE: super::keys::Row =
    (404, "Forbidden.ResourceNotFound", "The resource is not found.");

impl Kms {
    /// What CreateSecret is given for a secret of that name with that key.
    #[track_caller]
    fn seal(&self, name: &str, key: &str, more: Given) -> serde_json::Value {
        self.ok("CreateSecret", &[&sealed(name, key)[..], more].concat())
    }

    #[track_caller]
    fn put_value(&self, name: &str, version: &str, value: &str) {
        let given = [("SecretName", name), ("VersionId", version), ("SecretData", value)];
        self.ok("PutSecretValue", &given);
    }

    #[track_caller]
    fn is_read(&self, name: &str, value: &str) {
        assert_eq!(self.value(name)["SecretData"], value);
    }
}

fn sealed<'a>(name: &'a str, key: &'a str) -> [(&'a str, &'a str); 4] {
    [("SecretName", name), ("VersionId", "v1"), ("SecretData", VALUE), ("EncryptionKeyId", key)]
}

#[test]
fn a_key_encrypts_the_versions_of_a_secret() {
    let kms = Kms::start();
    for spec in ["Aliyun_AES_256", "Aliyun_AES_192", "Aliyun_AES_128", "Aliyun_SM4"] {
        let key = kms.key(&[("KeySpec", spec)]);
        kms.seal(spec, &key, &[]);
        assert_eq!(kms.describe(spec)["EncryptionKeyId"], key.as_str());
        kms.is_read(spec, VALUE);
        kms.put_value(spec, "v2", "canary-of-version-2");
        kms.is_read(spec, "canary-of-version-2");
        let old = kms.ok("GetSecretValue", &[("SecretName", spec), ("VersionId", "v1")]);
        assert_eq!(old["SecretData"], VALUE);
        // The same again changes nothing.
        kms.put_value(spec, "v1", VALUE);
    }
    // By an alias or an ARN it is the key's own id that is kept.
    let key = kms.key(&[]);
    kms.ok("CreateAlias", &[("KeyId", &key), ("AliasName", "alias/a")]);
    let arn = format!("acs:kms:{SCOPE}:key/{key}");
    for (name, named) in [("by-alias", "alias/a"), ("by-arn", arn.as_str())] {
        kms.seal(name, named, &[]);
        assert_eq!(kms.describe(name)["EncryptionKeyId"], key.as_str());
    }
    kms.ok("UpdateAlias", &[("KeyId", &kms.key(&[])), ("AliasName", "alias/a")]);
    kms.is_read("by-alias", VALUE);
    let own = [("SecretName", "own"), ("VersionId", "v1"), ("SecretData", VALUE)];
    kms.ok("CreateSecret", &own);
    assert_eq!(kms.describe("own").get("EncryptionKeyId"), None);
    let by_kms =
        "SELECT count(*) FROM kms_versions WHERE key_id IS NULL AND key_version IS NOT NULL";
    assert_eq!(kms.number(by_kms), 10);
    assert_eq!(kms.number("SELECT count(*) FROM kms_versions WHERE key_id IS NOT NULL"), 1);
}

/// The error table of CreateSecret.
#[test]
fn a_key_that_cannot_be_used_encrypts_no_secret() {
    let kms = Kms::start();
    let elsewhere = kms.key(&[("RegionId", "cn-beijing")]);
    for unknown in [
        "key-hzz000000000000000000",
        "alias/none",
        elsewhere.as_str(),
        "acs:kms:cn-hangzhou:1000000000000001:key/key-hzz000000000000000000",
        "acs:kms:cn-hangzhou:1000000000000001:alias/none",
        &format!("acs:kms:cn-beijing:1000000000000001:key/{elsewhere}"),
        &format!("acs:kms:cn-hangzhou:2000000000000002:key/{elsewhere}"),
    ] {
        kms.refuses("CreateSecret", &sealed("s", unknown), NO_RESOURCE);
    }
    for (odd, why) in [
        ("a key", "does not have 1 to 64 letters, digits, - and _"),
        ("acs:kms:cn-hangzhou:1:secret/a", "is not the ARN of a key or an alias"),
        ("alias/", "does not have 1 to 255 characters behind alias/"),
    ] {
        kms.is_invalid("CreateSecret", &sealed("s", odd), &format!("EncryptionKeyId: {why}"));
    }
    let signing = kms.key(&[("KeySpec", "EC_P256")]);
    kms.refuses("CreateSecret", &sealed("s", &signing), UNSUPPORTED);
    let [_, disabled, deleted, external, away] = in_every_state(&kms);
    for (key, row) in [
        (&disabled, DISABLED),
        (&deleted, PENDING_DELETION),
        (&external, PENDING_IMPORT),
        (&away, UNAVAILABLE),
    ] {
        kms.refuses("CreateSecret", &sealed("s", key), row);
    }
    let (good, none) = (kms.key(&[("DKMSInstanceId", "kst-good")]), kms.key(&[]));
    let in_instance = |key| [&sealed("s", key)[..], &[("DKMSInstanceId", "kst-good")]].concat();
    let why = "EncryptionKeyId: is not in the instance of the secret";
    kms.is_invalid("CreateSecret", &sealed("s", &good), why);
    kms.is_invalid("CreateSecret", &in_instance(&none), why);
    assert_eq!(kms.number("SELECT count(*) FROM kms_secrets"), 0);
    kms.ok("CreateSecret", &in_instance(&good));
    kms.is_read("s", VALUE);
}

#[test]
fn a_secret_is_as_usable_as_its_key() {
    let kms = Kms::start();
    let key = kms.key(&[]);
    kms.seal("s", &key, &[]);
    let id = [("KeyId", key.as_str()), ("PendingWindowInDays", "7")];
    let get = [("SecretName", "s")];
    let put = [("SecretName", "s"), ("VersionId", "v2"), ("SecretData", "canary-of-version-2")];
    let text = kms.ok("GetSecretPolicy", &get)["Policy"].as_str().unwrap().to_owned();
    let policy = [("SecretName", "s"), ("Policy", text.as_str())];
    for (close, row, open) in [
        ("DisableKey", DISABLED, "EnableKey"),
        ("ScheduleKeyDeletion", PENDING_DELETION, "CancelKeyDeletion"),
    ] {
        kms.ok(close, &id);
        kms.refuses("GetSecretValue", &get, row);
        kms.refuses("PutSecretValue", &put, row);
        // All that needs no value can be done.
        assert_eq!(kms.describe("s")["EncryptionKeyId"], key.as_str());
        assert_eq!(kms.versions("s").len(), 1);
        kms.ok("UpdateSecret", &[("SecretName", "s"), ("Description", "x")]);
        kms.ok("SetSecretPolicy", &policy);
        kms.ok("GetSecretPolicy", &get);
        kms.ok(open, &id);
        kms.is_read("s", VALUE);
    }
    kms.ok("ScheduleKeyDeletion", &id);
    kms.wait(7 * DAY);
    for _ in 0..2 {
        kms.refuses("GetSecretValue", &get, KEY_NOT_FOUND);
        kms.refuses("PutSecretValue", &put, KEY_NOT_FOUND);
        let again = [("SecretName", "s"), ("VersionId", "v1"), ("SecretData", VALUE)];
        kms.refuses("PutSecretValue", &again, KEY_NOT_FOUND);
        kms.refuses("GetSecretPolicy", &get, KEY_NOT_FOUND);
        kms.refuses("SetSecretPolicy", &policy, KEY_NOT_FOUND);
        assert_eq!(kms.describe("s")["EncryptionKeyId"], key.as_str());
        eventually("the end of the key", || kms.number("SELECT count(*) FROM kms_keys") == 0);
    }
    kms.ok("DeleteSecret", &[("SecretName", "s"), ("ForceDeleteWithoutRecovery", "true")]);
}

#[test]
fn a_secret_stays_readable_when_its_key_is_rotated() {
    let kms = Kms::start();
    let key = kms.key(&[("EnableAutomaticRotation", "true"), ("RotationInterval", "7d")]);
    kms.seal("s", &key, &[]);
    let before = kms.key_metadata(&key)["PrimaryKeyVersion"].clone();
    kms.wait(7 * DAY);
    eventually("a rotation", || kms.key_metadata(&key)["PrimaryKeyVersion"] != before);
    kms.is_read("s", VALUE);
    kms.put_value("s", "v2", "canary-of-version-2");
    kms.is_read("s", "canary-of-version-2");
    let versions = "SELECT count(DISTINCT key_version) FROM kms_versions";
    assert_eq!(kms.number(versions), 2);
    let old = kms.ok("GetSecretValue", &[("SecretName", "s"), ("VersionId", "v1")]);
    assert_eq!(old["SecretData"], VALUE);
}

/// One user that may do anything to secrets alone, two that may besides open or seal with keys.
fn users() -> String {
    let policy = |actions: &str| {
        format!(
            r#"{{ Version: "1", Statement: [
              {{ Effect: Allow, Action: "kms:*", Resource: "acs:kms:*:*:secret*" }},
              {{ Effect: Allow, Action: [{actions}], Resource: "acs:kms:*:*:key/*" }}] }}"#
        )
    };
    let user = |name: &str, policy: String| {
        format!(
            "  - {{ name: {name}, access_keys: [{{ id: AK-{name}, secret: secret-of-{name} }}], policies: [{policy}] }}\n"
        )
    };
    format!(
        "users:\n{}{}{}{}",
        user("nobody", policy(r#""kms:ListKeys""#)),
        user("reader", policy(r#""kms:Decrypt""#)),
        user("writer", policy(r#""kms:GenerateDataKey""#)),
        user("both", policy(r#""kms:Decrypt", "kms:GenerateDataKey""#)),
    )
}

#[test]
fn the_key_needs_rights_of_its_own() {
    let kms = Kms::start_with(&users());
    let key = kms.key(&[]);
    kms.ok("CreateAlias", &[("KeyId", &key), ("AliasName", "alias/a")]);
    kms.seal("s", &key, &[]);
    let (get, put) = (
        [("SecretName", "s")],
        [("SecretName", "s"), ("VersionId", "v2"), ("SecretData", "canary-of-version-2")],
    );
    for user in ["nobody", "reader"] {
        for named in [key.as_str(), "alias/a", "key-hzz000000000000000000", "alias/none"] {
            failed(
                &kms.user(user).call("CreateSecret", &sealed("t", named)),
                403,
                "Forbidden.NoPermission",
                "You are not authorized to perform the operation.",
            );
        }
        kms.denies(user, "PutSecretValue", &put, &key);
    }
    for user in ["nobody", "writer"] {
        kms.denies(user, "GetSecretValue", &get, &key);
    }
    // What is missing is the action on the key, and not that of the operation.
    for (action, given, needed) in [
        ("CreateSecret", &sealed("t", &key)[..], "kms:GenerateDataKey"),
        ("PutSecretValue", &put, "kms:GenerateDataKey"),
        ("GetSecretValue", &get, "kms:Decrypt"),
    ] {
        let detail = kms.user("nobody").call(action, given).json()["AccessDeniedDetail"].clone();
        assert_eq!(detail["AuthAction"], needed, "{action}");
    }
    assert_eq!(kms.user("reader").ok("GetSecretValue", &get)["SecretData"], VALUE);
    for user in ["writer", "both"] {
        for named in ["key-hzz000000000000000000", "alias/none"] {
            let reply = kms.user(user).call("CreateSecret", &sealed("t", named));
            failed(&reply, NO_RESOURCE.0, NO_RESOURCE.1, NO_RESOURCE.2);
        }
    }
    kms.user("writer").ok("CreateSecret", &sealed("of-writer", "alias/a"));
    kms.user("writer").ok("PutSecretValue", &put);
    assert_eq!(kms.user("both").ok("GetSecretValue", &get)["SecretData"], "canary-of-version-2");
    // Where the key is not there any more, no right to it is asked for.
    kms.ok("ScheduleKeyDeletion", &[("KeyId", &key), ("PendingWindowInDays", "7")]);
    kms.wait(7 * DAY);
    for (action, given) in [("GetSecretValue", &get[..]), ("PutSecretValue", &put)] {
        let reply = kms.user("nobody").call(action, given);
        failed(&reply, KEY_NOT_FOUND.0, KEY_NOT_FOUND.1, KEY_NOT_FOUND.2);
    }
    // A secret without a key of its creator's needs no right to any.
    kms.user("nobody").ok("CreateSecret", &sealed("own", "")[..3]);
    assert_eq!(
        kms.user("nobody").ok("GetSecretValue", &[("SecretName", "own")])["SecretData"],
        VALUE
    );
}

#[test]
fn what_a_key_wraps_stays_in_its_place() {
    let kms = Kms::start();
    let key = kms.key(&[]);
    for name in ["one", "other"] {
        kms.seal(name, &key, &[]);
        kms.put_value(name, "v2", "canary-of-version-2");
    }
    let internal = (500, "InternalFailure", "Internal Failure");
    let given = [("SecretName", "one"), ("VersionId", "v1")];
    let of = |name: &str, version: &str| {
        let secret = format!("(SELECT id FROM kms_secrets WHERE name = '{name}')");
        format!("secret_id = {secret} AND version_id = '{version}'")
    };
    let here = of("one", "v1");
    let elsewhere = kms.key(&[]);
    let unknown = "11111111-2222-4333-8444-555555555555";
    for change in [
        format!("data_key = (SELECT data_key FROM aside WHERE {})", of("one", "v2")),
        format!("data_key = (SELECT data_key FROM aside WHERE {})", of("other", "v1")),
        "data_type = 'binary'".to_owned(),
        format!("key_version = '{unknown}'"),
        "key_version = 'x'".to_owned(),
        format!(
            "key_version = (SELECT version_id FROM kms_key_versions v JOIN kms_keys k ON v.kms_key = k.id \
             WHERE k.key_id = '{elsewhere}')"
        ),
    ] {
        kms.execute(&format!(
            "CREATE TABLE aside AS SELECT * FROM kms_versions; UPDATE kms_versions SET {change} WHERE {here}"
        ));
        kms.refuses("GetSecretValue", &given, internal);
        kms.execute(
            "DELETE FROM kms_versions; INSERT INTO kms_versions SELECT * FROM aside; DROP TABLE aside",
        );
        assert_eq!(kms.ok("GetSecretValue", &given)["SecretData"], VALUE);
    }
    // Nor does another key open it.
    kms.execute(&format!("UPDATE kms_secrets SET encryption_key = '{elsewhere}'"));
    kms.refuses("GetSecretValue", &given, internal);
    kms.execute("UPDATE kms_secrets SET encryption_key = NULL");
    kms.refuses("GetSecretValue", &given, internal);
    kms.execute(&format!("UPDATE kms_secrets SET encryption_key = '{key}'"));
    assert_eq!(kms.ok("GetSecretValue", &given)["SecretData"], json!(VALUE));
}
