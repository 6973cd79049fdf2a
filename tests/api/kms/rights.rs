//! Who may do what: policies of users and of secrets.

use super::harness::*;
use sae_secret::{kms::api::Operation, settings::AnonymousChoice};

const DENIED: &str = "Forbidden.NoPermission";
const NOT_FOUND: &str = "Forbidden.ResourceNotFound";

const POLICY: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":"acs:ram::1:*"},"Action":"kms:*","Resource":"*"}]}"#;

/// A user of the world's account with these policies, which are YAML.
fn user(name: &str, policies: &str) -> String {
    format!(
        "  - {{ name: {name}, access_keys: [{{ id: AK-{name}, secret: secret-of-{name} }}], policies: [{policies}] }}\n"
    )
}

/// A user of the other account.
fn foreigner(name: &str, policies: &str) -> String {
    user(name, policies).replace("{ name:", &format!("{{ account: \"{FOREIGN}\", name:"))
}

/// A policy with these statements.
fn statements(statements: &[(&str, &str, &str)]) -> String {
    let statements: Vec<String> = statements
        .iter()
        .map(|(effect, action, resource)| {
            format!("{{ Effect: {effect}, Action: '{action}', Resource: '{resource}' }}")
        })
        .collect();
    format!("{{ Version: '1', Statement: [{}] }}", statements.join(", "))
}

fn start(users: &[String]) -> Kms {
    start_with(users, "")
}

fn start_with(users: &[String], world: &str) -> Kms {
    Kms::start_and(&format!("users:\n{}{world}", users.concat()), |settings| {
        settings.anonymous = Some(AnonymousChoice::Allow);
    })
}

/// The policy of a secret with these statements: effect, who, action.
fn policy(statements: &[(&str, &str, &str)]) -> String {
    let statements = statements.iter().map(|(effect, who, action)| {
        json!({
            "Effect": effect, "Principal": {"RAM": [format!("acs:ram::{who}")]},
            "Action": [action], "Resource": ["*"],
        })
    });
    json!({"Version": "1", "Statement": Value::from_iter(statements)}).to_string()
}

fn own(who: &str) -> String {
    format!("{ACCOUNT}:{who}")
}

/// Whether a caller may do what it asks for; then it is done.
#[track_caller]
fn may(caller: Caller<'_>, action: &str, parameters: &[(&str, &str)]) -> bool {
    is_done(action, &caller.call(action, parameters))
}

/// Whether a reply tells of what was done, and not that the caller has no right to it: nothing else may it tell.
#[track_caller]
fn is_done(action: &str, reply: &Reply) -> bool {
    if reply.status == 403 && reply.code() == DENIED {
        return false;
    }
    let expected = match action {
        // Of a secret that its owner changes the versions of.
        "RotateSecret" | "UpdateSecretRotationPolicy" => (400, "UnsupportedOperation"),
        _ => (200, "null"),
    };
    let told = (reply.status, reply.code());
    assert_eq!((told.0, told.1.as_str()), expected, "{action}: {}", reply.text());
    let errors = reply.json()["Errors"].as_array().cloned().unwrap_or_default();
    assert!(errors.iter().all(|error| error["Code"] == DENIED), "{action}: {}", reply.text());
    errors.is_empty()
}

#[track_caller]
fn may_get(caller: Caller<'_>, name: &str) -> bool {
    may(caller, "GetSecretValue", &[("SecretName", name)])
}

/// What requests are about besides the secret `s`.
pub struct Made {
    pub key: String,
    pub blob: String,
}

impl Made {
    /// Brings what there is into the state in which an operation can be done.
    fn prepare(&self, kms: &Kms, operation: Operation) {
        let (secret, key, alias) =
            (("SecretName", "s"), ("KeyId", self.key.as_str()), ("AliasName", "alias/a"));
        let new = [("SecretName", "new"), ("ForceDeleteWithoutRecovery", "true")];
        for (action, parameters) in [
            ("RestoreSecret", &[secret][..]),
            ("DeleteSecret", &new),
            ("CancelKeyDeletion", &[key]),
            ("EnableKey", &[key]),
            ("DeleteAlias", &[alias]),
        ] {
            kms.call(action, parameters);
        }
        match operation {
            Operation::RestoreSecret => drop(kms.ok("DeleteSecret", &[secret])),
            Operation::CancelKeyDeletion => {
                kms.ok("ScheduleKeyDeletion", &[key, ("PendingWindowInDays", "7")]);
            }
            Operation::UpdateAlias | Operation::DeleteAlias => {
                kms.ok("CreateAlias", &[key, alias]);
            }
            _ => {}
        }
    }
}

/// Makes the secret, a key, and what it encrypts.
pub fn make(kms: &Kms) -> Made {
    kms.create("s");
    let made = kms.ok("CreateKey", &[]);
    let key = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    let made = kms.ok("Encrypt", &[("KeyId", &key), ("Plaintext", "c3BlY2ltZW4=")]);
    Made { key, blob: made["CiphertextBlob"].as_str().unwrap().to_owned() }
}

/// A well-formed request for an operation, and the resource that the caller has to have a right to.
pub fn request_for(operation: Operation, made: &Made) -> (Vec<(&'static str, &str)>, String) {
    let secret = ("SecretName", "s");
    let key = ("KeyId", made.key.as_str());
    let resource = [("ResourceType", "secret"), ("ResourceId.1", "s")];
    let alias = ("AliasName", "alias/a");
    let container = |kind: &str| format!("acs:kms:{REGION}:{ACCOUNT}:{kind}");
    let bare = || key.1.to_owned();
    match operation {
        Operation::CreateSecret => (
            vec![("SecretName", "new"), ("VersionId", "v1"), ("SecretData", "canary-not-made")],
            container("secret"),
        ),
        Operation::DescribeSecret
        | Operation::RestoreSecret
        | Operation::GetSecretValue
        | Operation::ListSecretVersionIds
        | Operation::GetSecretPolicy => (vec![secret], arn("s")),
        Operation::DeleteSecret => (vec![secret, ("RecoveryWindowInDays", "7")], arn("s")),
        Operation::UpdateSecret => (vec![secret, ("Description", "x")], arn("s")),
        Operation::PutSecretValue => {
            (vec![secret, ("VersionId", "v2"), ("SecretData", "canary-not-put")], arn("s"))
        }
        Operation::UpdateSecretVersionStage => {
            (vec![secret, ("VersionStage", "x"), ("MoveToVersion", "v1")], arn("s"))
        }
        Operation::RotateSecret => (vec![secret, ("VersionId", "v2")], arn("s")),
        Operation::UpdateSecretRotationPolicy => {
            (vec![secret, ("EnableAutomaticRotation", "false")], arn("s"))
        }
        Operation::SetSecretPolicy => (vec![secret, ("Policy", POLICY)], arn("s")),
        Operation::ListSecrets => (vec![], container("secret")),
        Operation::BatchGetSecretValue => {
            (vec![("SecretsList", r#"[{"SecretName":"s"}]"#)], arn("s"))
        }
        Operation::TagResource => {
            (vec![secret, ("Tags", r#"[{"TagKey":"k","TagValue":"v"}]"#)], arn("s"))
        }
        Operation::UntagResource => (vec![secret, ("TagKeys", "k")], arn("s")),
        Operation::TagResources => ([&resource[..], &[("Tag.1.Key", "k")]].concat(), arn("s")),
        Operation::UntagResources => ([&resource[..], &[("All", "true")]].concat(), arn("s")),
        Operation::ListTagResources => (resource.to_vec(), arn("s")),
        Operation::GetRandomPassword
        | Operation::DescribeRegions
        | Operation::ListKmsInstances
        | Operation::OpenKmsService
        | Operation::DescribeAccountKmsStatus => (vec![], "*".to_owned()),
        Operation::CreateKey => (vec![], container("key")),
        Operation::ListKeys => (vec![], container("key")),
        Operation::ListAliases => (vec![], container("alias")),
        Operation::DescribeKey
        | Operation::EnableKey
        | Operation::DisableKey
        | Operation::CancelKeyDeletion
        | Operation::ListAliasesByKeyId
        | Operation::ListResourceTags
        | Operation::GenerateDataKey
        | Operation::GenerateDataKeyWithoutPlaintext => (vec![key], bare()),
        Operation::ScheduleKeyDeletion => (vec![key, ("PendingWindowInDays", "7")], bare()),
        Operation::UpdateKeyDescription => (vec![key, ("Description", "x")], bare()),
        Operation::CreateAlias | Operation::UpdateAlias => (vec![key, alias], bare()),
        Operation::DeleteAlias => (vec![alias], "alias/a".to_owned()),
        Operation::Encrypt => (vec![key, ("Plaintext", "c3BlY2ltZW4=")], bare()),
        Operation::Decrypt => (vec![("CiphertextBlob", made.blob.as_str())], bare()),
    }
}

fn is_of_keys(operation: Operation) -> bool {
    let name = operation.name();
    let crypto = ["Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"];
    name.contains("Key")
        || name.contains("Alias")
        || crypto.contains(&name)
        || operation == Operation::ListResourceTags
}

/// What has no resource.
fn is_of_nothing(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::GetRandomPassword
            | Operation::DescribeRegions
            | Operation::ListKmsInstances
            | Operation::OpenKmsService
            | Operation::DescribeAccountKmsStatus
    )
}

#[test]
fn who_has_no_policy_may_nothing() {
    let kms = start(&[user("nobody", ""), user("of-sae", "AliyunSAEFullAccess")]);
    let made = make(&kms);
    let before = kms.ok("DescribeSecret", &[("SecretName", "s"), ("FetchTags", "true")]);
    for operation in Operation::ALL {
        let (parameters, resource) = request_for(*operation, &made);
        for name in ["nobody", "of-sae"] {
            let reply = kms.user(name).call(operation.name(), &parameters);
            let body = reply.json();
            if *operation == Operation::BatchGetSecretValue {
                let message = forbidden_for(&resource);
                let error = json!({
                    "SecretName": "s", "Code": DENIED, "Message": message, "HttpStatus": 403,
                });
                assert_eq!((&body["SecretValues"], &body["Errors"]), (&json!([]), &json!([error])));
                continue;
            }
            let message = match operation {
                Operation::CreateSecret | Operation::DescribeSecret => NOT_AUTHORIZED.to_owned(),
                _ => forbidden_for(&resource),
            };
            let told = (reply.status, reply.code(), reply.message());
            assert_eq!(told, (403, DENIED.to_owned(), message), "{operation:?}");
            let detail = json!({
                "AuthAction": operation.action(),
                "AuthPrincipalDisplayName": name,
                "AuthPrincipalOwnerId": ACCOUNT,
                "AuthPrincipalType": "SubUser",
                "NoPermissionType": "ImplicitDeny",
                "PolicyType": "AccountLevelIdentityBasedPolicy",
            });
            assert_eq!(body["AccessDeniedDetail"], detail, "{operation:?}");
        }
    }
    let after = kms.ok("DescribeSecret", &[("SecretName", "s"), ("FetchTags", "true")]);
    assert_eq!((after, kms.listed(&[])), (before, vec!["s".to_owned()]));
}

/// What a caller without rights is told of a secret that is not there: the same.
#[test]
fn who_has_no_right_does_not_learn_what_is_there() {
    let kms = start(&[user("nobody", "")]);
    let made = make(&kms);
    kms.ok("DeleteSecret", &[("SecretName", "s"), ("ForceDeleteWithoutRecovery", "true")]);
    let made = Made { key: "key-hzz62f1cb66fa42qo5o4r".to_owned(), ..made };
    for operation in Operation::ALL {
        let (parameters, _) = request_for(*operation, &made);
        assert!(!may(kms.user("nobody"), operation.name(), &parameters), "{operation:?}");
    }
    // Nor of a user of the account, before it may create anything.
    let config = r#"{"SecretSubType":"RamUserAccessKey","UserName":"unknown"}"#;
    let data = r#"{"AccessKeys":[{"AccessKeyId":"LTAI5tCanary0001","AccessKeySecret":"canary-not-real"}]}"#;
    let parameters = [
        ("SecretName", "$Auto"),
        ("VersionId", "v1"),
        ("SecretData", data),
        ("SecretType", "RAMCredentials"),
        ("ExtendedConfig", config),
    ];
    kms.user("nobody").refused("CreateSecret", &parameters, 403, DENIED, NOT_AUTHORIZED);
    kms.refused("CreateSecret", &parameters, 404, NOT_FOUND, THE_RESOURCE);
    // Nor by names that no secret can have.
    let parameters = [("ResourceType", "secret"), ("ResourceId.1", "a b"), ("Tag.1.Key", "k")];
    assert!(!may(kms.user("nobody"), "TagResources", &parameters));
}

/// Each system policy and each operation.
#[test]
fn system_policies_are_known() {
    let policies: [(&str, fn(Operation) -> bool); 7] = [
        ("AliyunKMSFullAccess", |_| true),
        ("AdministratorAccess", |_| true),
        ("AliyunKMSReadOnlyAccess", |operation| {
            let name = operation.name();
            name.starts_with("List") || name.starts_with("Describe") || name == "GetSecretPolicy"
        }),
        ("AliyunKMSSecretAdminAccess", |operation| {
            operation == Operation::GetRandomPassword
                || !is_of_keys(operation) && !is_of_nothing(operation)
        }),
        ("AliyunKMSSecretUserAccess", |operation| {
            matches!(
                operation,
                Operation::GetSecretValue
                    | Operation::BatchGetSecretValue
                    | Operation::DescribeSecret
                    | Operation::ListSecretVersionIds
            )
        }),
        ("AliyunKMSCryptoAdminAccess", is_of_keys),
        ("AliyunKMSCryptoUserAccess", |operation| {
            matches!(
                operation,
                Operation::Encrypt
                    | Operation::Decrypt
                    | Operation::GenerateDataKey
                    | Operation::GenerateDataKeyWithoutPlaintext
            )
        }),
    ];
    for (name, allows) in policies {
        let kms = start(&[user("u", name)]);
        let made = make(&kms);
        for operation in Operation::ALL {
            let (parameters, _) = request_for(*operation, &made);
            made.prepare(&kms, *operation);
            let may = may(kms.user("u"), operation.name(), &parameters);
            assert_eq!(may, allows(*operation), "{name} {operation:?}");
        }
    }
}

/// Each operation is allowed by its own action, which that of no other stands in for.
#[test]
fn every_operation_has_its_action() {
    let users: Vec<String> = Operation::ALL
        .iter()
        .flat_map(|operation| {
            let (name, action) = (operation.name(), operation.action());
            [
                user(&format!("only-{name}"), &statements(&[("Allow", action, "*")])),
                user(
                    &format!("but-{name}"),
                    &statements(&[("Allow", "kms:*", "*"), ("Deny", action, "*")]),
                ),
            ]
        })
        .collect();
    let kms = start(&users);
    let made = make(&kms);
    for operation in Operation::ALL {
        let name = operation.name();
        let (parameters, _) = request_for(*operation, &made);
        let seen = [format!("but-{name}"), format!("only-{name}")].map(|user| {
            made.prepare(&kms, *operation);
            may(kms.user(&user), name, &parameters)
        });
        assert_eq!(seen, [false, true], "{name}");
    }
}

#[test]
fn every_operation_knows_its_callers() {
    let kms = start(&[user("full", "AliyunKMSFullAccess")]);
    let made = make(&kms);
    for operation in Operation::ALL {
        let (parameters, _) = request_for(*operation, &made);
        let action = operation.name();
        let unknown = "The Access Key ID provided does not exist in our records.";
        let stranger = kms.user("stranger");
        stranger.refused(action, &parameters, 404, "InvalidAccessKeyId.NotFound", unknown);
        for (at, status) in [(-901, 400), (-900, 200), (900, 200), (901, 400)] {
            made.prepare(&kms, *operation);
            let reply = kms.user("full").call_at(at, action, &parameters);
            if status == 400 {
                let told = (reply.status, reply.code(), reply.message());
                let expected = (
                    400,
                    "IllegalTimestamp".to_owned(),
                    "The input parameter \"Timestamp\" that is mandatory for processing this request is not supplied.".to_owned(),
                );
                assert_eq!(told, expected, "{action}");
            } else {
                assert!(is_done(action, &reply), "{action}");
            }
        }
    }
}

/// As after `echo $ID | base64`: nothing is trimmed.
#[test]
fn key_id_with_a_newline() {
    let kms = start(&[user("full", "AliyunKMSFullAccess")]);
    kms.create("s");
    let unknown = "The Access Key ID provided does not exist in our records.";
    for id in ["AK-full\n", " AK-full", "AK-full\r\n", "AK-full%0A"] {
        let caller = kms.user("full").with_id(id);
        let name = [("SecretName", "s")];
        caller.refused("GetSecretValue", &name, 404, "InvalidAccessKeyId.NotFound", unknown);
    }
    kms.user("full").ok("GetSecretValue", &[("SecretName", "s")]);
}

#[test]
fn a_creation_needs_the_container_or_the_name() {
    let container = "acs:kms:*:*:secret";
    let named = "acs:kms:*:*:secret/team/*";
    let create = "kms:CreateSecret";
    let kms = start(&[
        user("container", &statements(&[("Allow", create, container)])),
        user("named", &statements(&[("Allow", create, named)])),
        user("both", &statements(&[("Allow", create, container), ("Allow", create, named)])),
        user(
            "but",
            &statements(&[("Allow", "kms:*", "*"), ("Deny", create, "acs:kms:*:*:secret/team/*")]),
        ),
        user("never", &statements(&[("Allow", create, named), ("Deny", create, container)])),
        user("other-action", &statements(&[("Allow", "kms:PutSecretValue", "*")])),
        user("other-region", &statements(&[("Allow", create, "acs:kms:cn-beijing:*:*")])),
    ]);
    let mut number = 0;
    let mut may_create = |name: &str, prefix: &str| {
        number += 1;
        let secret = format!("{prefix}{number}");
        let reply = kms.user(name).call("CreateSecret", &creation(&secret, &[]));
        if reply.status != 200 {
            let told = (reply.status, reply.code(), reply.message());
            assert_eq!(told, (403, DENIED.to_owned(), NOT_AUTHORIZED.to_owned()));
        }
        reply.status == 200
    };
    for (name, team, else_where) in [
        ("container", true, true),
        ("named", true, false),
        ("both", true, true),
        ("but", false, true),
        ("never", false, false),
        ("other-action", false, false),
        ("other-region", false, false),
    ] {
        assert_eq!(may_create(name, "team/"), team, "{name}");
        assert_eq!(may_create(name, "x"), else_where, "{name}");
    }
    // A right to create is none to the rest.
    kms.create("team/s");
    assert!(!may_get(kms.user("container"), "team/s"));
    assert!(!may(kms.user("container"), "ListSecrets", &[]));
}

#[test]
fn a_list_needs_the_container() {
    let kms = start(&[
        user("container", &statements(&[("Allow", "kms:List*", "acs:kms:*:*:secret")])),
        user("named", &statements(&[("Allow", "kms:*", "acs:kms:*:*:secret/*")])),
        user("both", &statements(&[("Allow", "kms:*", "acs:kms:*:*:secret*")])),
    ]);
    kms.create("s");
    let container = format!("acs:kms:{REGION}:{ACCOUNT}:secret");
    let of_all = [("ResourceType", "secret")];
    let of_one = [of_all[0], ("ResourceId.1", "s")];
    for (name, all, one) in
        [("container", true, false), ("named", false, true), ("both", true, true)]
    {
        assert_eq!(may(kms.user(name), "ListSecrets", &[]), all, "{name}");
        assert_eq!(may(kms.user(name), "ListTagResources", &of_all), all, "{name}");
        assert_eq!(may(kms.user(name), "ListTagResources", &of_one), one, "{name}");
    }
    let message = forbidden_for(&container);
    kms.user("named").refused("ListSecrets", &[], 403, DENIED, &message);
    kms.user("named").refused("ListTagResources", &of_all, 403, DENIED, &message);
    let keys = [("ResourceType", "key")];
    let message = forbidden_for(&format!("acs:kms:{REGION}:{ACCOUNT}:key"));
    kms.user("both").refused("ListTagResources", &keys, 403, DENIED, &message);
}

#[test]
fn resources_are_secrets_by_name() {
    let get = "kms:GetSecretValue";
    let kms = start(&[
        user("one", &statements(&[("Allow", get, &arn("team/a"))])),
        user("team", &statements(&[("Allow", "kms:Get*", "acs:kms:cn-hangzhou:*:secret/team/*")])),
        user("mark", &statements(&[("Allow", get, "acs:kms:*:*:secret/team/?")])),
        user("other", &statements(&[("Allow", get, "acs:kms:cn-beijing:*:secret/*")])),
        user("but", &statements(&[("Allow", "kms:*", "*"), ("Deny", get, &arn("team/a"))])),
        user("case", &statements(&[("Allow", "KMS:getsecretvalue", &arn("team/a"))])),
    ]);
    for name in ["team/a", "team/bb", "x"] {
        kms.create(name);
    }
    for (name, expected) in [
        ("one", [true, false, false]),
        ("team", [true, true, false]),
        ("mark", [true, false, false]),
        ("other", [false, false, false]),
        ("but", [false, true, true]),
        ("case", [true, false, false]),
    ] {
        let seen = ["team/a", "team/bb", "x"].map(|secret| may_get(kms.user(name), secret));
        assert_eq!(seen, expected, "{name}");
        // By its ARN it is the same secret.
        assert_eq!(may_get(kms.user(name), &arn("team/a")), expected[0], "{name}");
    }
    let message = forbidden_for(&arn("x"));
    let name = [("SecretName", "x")];
    kms.user("one").refused("GetSecretValue", &name, 403, DENIED, &message);
    let detail = |name: &str| {
        let reply = kms.user(name).call("GetSecretValue", &[("SecretName", "team/a")]);
        reply.json()["AccessDeniedDetail"]["NoPermissionType"].clone()
    };
    assert_eq!((detail("other"), detail("but")), (json!("ImplicitDeny"), json!("ExplicitDeny")));
}

/// Within the account an Allow of either is enough, and a Deny of either wins.
#[test]
fn either_policy_allows_and_either_denies() {
    let get = "kms:GetSecretValue";
    let kms = start(&[
        user("nobody", ""),
        user("reader", &statements(&[("Allow", get, "*")])),
        user("denied", &statements(&[("Deny", get, "*")])),
    ]);
    let seen = |policy: Option<&str>| {
        kms.call("DeleteSecret", &[("SecretName", "s"), ("ForceDeleteWithoutRecovery", "true")]);
        match policy {
            Some(policy) => kms.create_with("s", &[("Policy", policy)]),
            None => kms.create("s"),
        };
        let name = [("SecretName", "s")];
        let root = kms.call("GetSecretValue", &name).status == 200;
        let users = ["nobody", "reader", "denied"].map(|name| may_get(kms.user(name), "s"));
        (root, users)
    };
    let all = own("*");
    let user = own("user/nobody");
    assert_eq!(seen(None), (true, [false, true, false]));
    assert_eq!(seen(Some(&policy(&[("Allow", &all, get)]))), (true, [true, true, false]));
    assert_eq!(seen(Some(&policy(&[("Allow", &user, get)]))), (true, [true, true, false]));
    assert_eq!(seen(Some(&policy(&[("Allow", &all, "kms:*")]))), (true, [true, true, false]));
    assert_eq!(
        seen(Some(&policy(&[("Allow", &all, "kms:Describe*")]))),
        (true, [false, true, false])
    );
    assert_eq!(seen(Some(&policy(&[("Deny", &all, get)]))), (true, [false, false, false]));
    let reader = own("user/reader");
    let both = policy(&[("Allow", &all, get), ("Deny", &reader, get)]);
    assert_eq!(seen(Some(&both)), (true, [true, false, false]));
    // Those of other accounts are others.
    let other = format!("{FOREIGN}:user/nobody");
    assert_eq!(seen(Some(&policy(&[("Allow", &other, get)]))), (true, [false, true, false]));
    assert_eq!(seen(Some(&policy(&[("Deny", &other, get)]))), (true, [false, true, false]));
    // No policy shuts the account itself out.
    for who in ["root", "*"] {
        assert!(seen(Some(&policy(&[("Deny", &own(who), "kms:*")]))).0);
    }
    // A role of a user's name is none.
    let role = own("role/nobody");
    assert_eq!(seen(Some(&policy(&[("Allow", &role, get)]))), (true, [false, true, false]));
}

/// The actions that a secret's policy can allow, and `kms:*` for all.
#[test]
fn a_secrets_policy_has_effect_on_some_actions() {
    let effective = |name: &str| {
        name.starts_with("List")
            || name.starts_with("Describe")
            || name.starts_with("Update")
            || [
                "PutSecretValue",
                "DeleteSecret",
                "RestoreSecret",
                "RotateSecret",
                "TagResource",
                "UntagResource",
                "GetSecretValue",
                "BatchGetSecretValue",
            ]
            .contains(&name)
    };
    let kms = start(&[user("nobody", "")]);
    let made = make(&kms);
    let of_secrets = Operation::ALL.iter().filter(|it| request_for(**it, &made).1 == arn("s"));
    for operation in of_secrets {
        for action in ["kms:*", operation.action(), "kms:G*", "kms:S*", "kms:T*", "kms:U*"] {
            let action = match (*operation, action) {
                (Operation::BatchGetSecretValue, "kms:BatchGetSecretValue") => "kms:GetSecretValue",
                (_, action) => action,
            };
            kms.call(
                "DeleteSecret",
                &[("SecretName", "s"), ("ForceDeleteWithoutRecovery", "true")],
            );
            kms.create_with("s", &[("Policy", &policy(&[("Allow", &own("*"), action)]))]);
            made.prepare(&kms, *operation);
            let (parameters, _) = request_for(*operation, &made);
            let name = operation.name();
            let wanted =
                if *operation == Operation::BatchGetSecretValue { "GetSecretValue" } else { name };
            let covers = match action.strip_suffix('*') {
                Some("kms:") => true,
                Some(begin) => format!("kms:{wanted}").starts_with(begin) && effective(name),
                None => effective(name),
            };
            assert_eq!(may(kms.user("nobody"), name, &parameters), covers, "{name} {action}");
        }
    }
}

/// In an instance the default policy binds: it opens a secret to all of the account. Elsewhere RAM's policies alone decide.
#[test]
fn the_default_policy_binds_in_an_instance() {
    let kms = start(&[user("nobody", ""), foreigner("stranger", "AliyunKMSFullAccess")]);
    kms.create("outside");
    kms.create_with("inside", &[("DKMSInstanceId", "kst-a")]);
    assert!(!may_get(kms.user("nobody"), "outside"));
    assert!(may_get(kms.user("nobody"), "inside"));
    let name = [("SecretName", &*arn("inside"))];
    kms.user("stranger").refused("GetSecretValue", &name, 404, NOT_FOUND, RESOURCE_STOP);
    let own = policy(&[("Allow", &own("user/other"), "kms:*")]);
    kms.ok("SetSecretPolicy", &[("SecretName", "inside"), ("Policy", &own)]);
    assert!(!may_get(kms.user("nobody"), "inside"));
}

/// Users of another account need both an Allow of their own and one of the secret's policy, and an ARN.
#[test]
fn another_account_needs_both_and_an_arn() {
    let get = "kms:GetSecretValue";
    let kms = start(&[
        foreigner("full", "AliyunKMSFullAccess"),
        foreigner("poor", ""),
        foreigner("denied", &statements(&[("Allow", "kms:*", "*"), ("Deny", get, &arn("s"))])),
        foreigner("narrow", &statements(&[("Allow", get, &arn("s"))])),
        foreigner("else", &statements(&[("Allow", get, "acs:kms:*:2000000000000002:*")])),
    ]);
    let made = make(&kms);
    let seen = |policy: &str| {
        kms.call("DeleteSecret", &[("SecretName", "s"), ("ForceDeleteWithoutRecovery", "true")]);
        kms.create_with("s", &[("Policy", policy)]);
        ["full", "poor", "denied", "narrow", "else"].map(|name| {
            let reply = kms.user(name).call("GetSecretValue", &[("SecretName", &arn("s"))]);
            if reply.status != 200 {
                // Nobody learns of another account's secrets.
                let told = (reply.status, reply.code(), reply.message());
                let gone = (404, NOT_FOUND.to_owned(), RESOURCE_STOP.to_owned());
                assert_eq!(told, gone, "{name}");
                assert_eq!(reply.json().get("AccessDeniedDetail"), None);
            } else {
                assert_eq!(reply.json()["SecretName"], "s");
            }
            reply.status == 200
        })
    };
    let none = [false; 5];
    let (all, root) = (format!("{FOREIGN}:*"), format!("{FOREIGN}:root"));
    let full = format!("{FOREIGN}:user/full");
    assert_eq!(seen(&policy(&[("Allow", &all, get)])), [true, false, false, true, false]);
    assert_eq!(seen(&policy(&[("Allow", &all, "kms:*")])), [true, false, false, true, false]);
    assert_eq!(seen(&policy(&[("Allow", &full, get)])), [true, false, false, false, false]);
    assert_eq!(seen(&policy(&[("Allow", &root, get)])), none);
    assert_eq!(seen(&policy(&[("Allow", &own("*"), get)])), none);
    assert_eq!(seen(&policy(&[("Allow", "3000000000000003:*", get)])), none);
    let but = policy(&[("Allow", &all, get), ("Deny", &full, get)]);
    assert_eq!(seen(&but), [false, false, false, true, false]);

    // It may get the value, and nothing else.
    seen(&policy(&[("Allow", &all, "kms:*")]));
    let by_arn = arn("s");
    for operation in Operation::ALL.iter().filter(|it| request_for(**it, &made).1 == by_arn) {
        if matches!(operation, Operation::GetSecretValue | Operation::BatchGetSecretValue) {
            continue;
        }
        let (parameters, _) = request_for(*operation, &made);
        let parameters: Vec<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| {
                let names = ["SecretName", "ResourceId.1"];
                (*name, if names.contains(name) { by_arn.as_str() } else { *value })
            })
            .collect();
        let reply = kms.user("full").call(operation.name(), &parameters);
        assert_eq!(reply.status, 404, "{operation:?}: {}", reply.text());
        assert!([NOT_FOUND, "InvalidResourceId.NotFound"].contains(&reply.code().as_str()));
    }
    let batch = json!([{"SecretName": by_arn}, {"SecretName": "s"}]).to_string();
    let found = kms.user("full").ok("BatchGetSecretValue", &[("SecretsList", &batch)]);
    assert_eq!(found["SecretValues"][0]["SecretName"], "s");
    assert_eq!(found["Errors"][0]["Code"], NOT_FOUND);

    // By its name alone, a secret is of the caller's account.
    let name = [("SecretName", "s")];
    kms.user("full").refused("GetSecretValue", &name, 404, NOT_FOUND, RESOURCE_STOP);
    let message = forbidden_for(&format!("acs:kms:{REGION}:{FOREIGN}:secret/s"));
    kms.user("poor").refused("GetSecretValue", &name, 403, DENIED, &message);
    let told = kms.user("full").ok("CreateSecret", &creation("s", &[("Description", "theirs")]));
    assert_eq!(told["Arn"], format!("acs:kms:{REGION}:{FOREIGN}:secret/s"));
    assert_eq!(kms.user("full").ok("DescribeSecret", &name)["Description"], "theirs");
    assert_eq!(kms.ok("DescribeSecret", &name)["Description"], "");
    assert_eq!(names(&kms.user("full").ok("ListSecrets", &[])), ["s"]);
}

#[test]
fn conditions_ask_for_tags() {
    let condition = |operator: &str, key: &str, value: &str| {
        format!(
            "{{ Version: '1', Statement: [{{ Effect: Allow, Action: 'kms:*', Resource: '*', \
             Condition: {{ {operator}: {{ '{key}': '{value}' }} }} }}] }}"
        )
    };
    let kms = start(&[
        user("team-a", &condition("StringEquals", "kms:tag/team", "a")),
        user("like", &condition("StringLike", "kms:tag/team", "a*")),
        user("not-a", &condition("StringNotEquals", "kms:tag/team", "a")),
    ]);
    for (name, team) in [("one", Some("a")), ("two", Some("ab")), ("three", None)] {
        let tags = team.map(|team| json!([{"TagKey": "team", "TagValue": team}]).to_string());
        match &tags {
            Some(tags) => kms.create_with(name, &[("Tags", tags)]),
            None => kms.create(name),
        };
    }
    for (name, expected) in [
        ("team-a", [true, false, false]),
        ("like", [true, true, false]),
        // What is not known meets no condition.
        ("not-a", [false, true, false]),
    ] {
        let seen = ["one", "two", "three"].map(|secret| may_get(kms.user(name), secret));
        assert_eq!(seen, expected, "{name}");
        let several =
            json!([{"SecretName": "one"}, {"SecretName": "two"}, {"SecretName": "three"}]);
        let found =
            kms.user(name).ok("BatchGetSecretValue", &[("SecretsList", &several.to_string())]);
        let count = expected.iter().filter(|may| **may).count();
        assert_eq!(found["SecretValues"].as_array().unwrap().len(), count);
    }
    // One that it may not keeps all as they are.
    let both = [
        ("ResourceType", "secret"),
        ("ResourceId.1", "one"),
        ("ResourceId.2", "two"),
        ("Tag.1.Key", "k"),
    ];
    let message = forbidden_for(&arn("two"));
    kms.user("team-a").refused("TagResources", &both, 403, DENIED, &message);
    let rows = kms.ok("ListTagResources", &[("ResourceType", "secret"), ("Tag.1.Key", "k")]);
    assert_eq!(rows["TagResources"]["TagResource"], json!([]));
    kms.user("team-a").ok("TagResources", &[both[0], both[1], both[3]]);
    // Tags of a request are no tags of a resource.
    let tags = ("Tags", r#"[{"TagKey":"team","TagValue":"a"}]"#);
    assert!(!may(kms.user("team-a"), "CreateSecret", &creation("new", &[tags])));
    assert!(!may(kms.user("team-a"), "TagResource", &[("SecretName", "three"), tags]));
    // In a secret's policy as well.
    let mut with_condition: Value =
        serde_json::from_str(&policy(&[("Allow", &own("*"), "kms:GetSecretValue")])).unwrap();
    with_condition["Statement"][0]["Condition"] = json!({"StringEquals": {"kms:tag/env": "dev"}});
    kms.ok("SetSecretPolicy", &[("SecretName", "three"), ("Policy", &with_condition.to_string())]);
    assert!(!may_get(kms.user("team-a"), "three"));
    let dev = ("Tags", r#"[{"TagKey":"env","TagValue":"dev"}]"#);
    kms.ok("TagResource", &[("SecretName", "three"), dev]);
    assert!(may_get(kms.user("team-a"), "three"));
}

#[test]
fn callers_at_the_same_moment_keep_their_own_rights() {
    let tagged = "{ Version: '1', Statement: [{ Effect: Allow, Action: 'kms:*', Resource: '*', \
                  Condition: { StringEquals: { 'kms:tag/team': b } } }] }";
    let kms = start(&[
        user("may", &statements(&[("Allow", "kms:*", "*")])),
        user("not", &statements(&[("Deny", "kms:Encrypt", "*"), ("Allow", "kms:*", "*")])),
        user("tagged", tagged),
    ]);
    let ids: Vec<String> = ["a", "b"]
        .map(|team| {
            let tags = format!(r#"[{{"TagKey":"team","TagValue":"{team}"}}]"#);
            let made = kms.user("may").ok("CreateKey", &[("Tags", &tags)]);
            let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
            kms.ok("CreateAlias", &[("AliasName", &format!("alias/{team}")), ("KeyId", &id)]);
            id
        })
        .into();
    // More than ever share a transaction, of which the first reads the key.
    std::thread::scope(|scope| {
        for number in 0..96 {
            let (kms, ids) = (&kms, &ids);
            scope.spawn(move || {
                let which = number % 2;
                let alias = ["alias/a", "alias/b"][which];
                let name = if number % 4 < 2 { alias } else { ids[which].as_str() };
                let (caller, may) = match number % 3 {
                    0 => ("may", true),
                    1 => ("not", false),
                    _ => ("tagged", which == 1),
                };
                let reply =
                    kms.user(caller).call("Encrypt", &[("KeyId", name), ("Plaintext", "YQ==")]);
                assert_eq!(reply.status, if may { 200 } else { 403 }, "{caller} {name}");
                if may {
                    assert_eq!(reply.json()["KeyId"].as_str().unwrap(), ids[which]);
                }
            });
        }
    });
}

#[test]
fn conditions_ask_where_and_when() {
    let condition = |operator: &str, key: &str, value: &str| {
        format!(
            "{{ Version: '1', Statement: [{{ Effect: Allow, Action: 'kms:*', Resource: '*', \
             Condition: {{ {operator}: {{ '{key}': '{value}' }} }} }}] }}"
        )
    };
    let kms = start(&[
        user("here", &condition("IpAddress", "acs:SourceIp", "127.0.0.0/8")),
        user("there", &condition("IpAddress", "acs:SourceIp", "198.51.100.0/24")),
        user("early", &condition("DateLessThan", "acs:CurrentTime", "2026-01-02T03:04:06Z")),
        user("secure", &condition("Bool", "acs:SecureTransport", "true")),
        user("nobody", ""),
    ]);
    kms.create("s");
    let seen = || ["here", "there", "early", "secure"].map(|name| may_get(kms.user(name), "s"));
    assert_eq!(seen(), [true, false, true, false]);
    kms.wait(1);
    assert_eq!(seen(), [true, false, false, false]);
    let mut with_condition: Value =
        serde_json::from_str(&policy(&[("Allow", &own("*"), "kms:GetSecretValue")])).unwrap();
    for (net, expected) in [("198.51.100.0/24", false), ("127.0.0.0/8", true)] {
        with_condition["Statement"][0]["Condition"] = json!({"IpAddress": {"acs:SourceIp": net}});
        kms.ok("SetSecretPolicy", &[("SecretName", "s"), ("Policy", &with_condition.to_string())]);
        assert_eq!(may_get(kms.user("nobody"), "s"), expected, "{net}");
    }
}

#[test]
fn a_temporary_key_has_the_rights_of_its_user() {
    let world = "sts:\n  - { id: STS.AK-temporary, secret: secret-of-temporary, token: TOKEN-OF-TEMPORARY, expires: 2100-01-01T00:00:00Z, user: reader }\n";
    let get = statements(&[("Allow", "kms:GetSecretValue", "*")]);
    let kms = start_with(&[user("reader", &get)], world);
    kms.create("s");
    let caller = kms.user("temporary").with_id("STS.AK-temporary");
    let token = ("SecurityToken", "TOKEN-OF-TEMPORARY");
    let name = ("SecretName", "s");
    assert_eq!(caller.ok("GetSecretValue", &[name, token])["SecretName"], "s");
    let reply = caller.call("DescribeSecret", &[name, token]);
    assert_eq!((reply.status, reply.message()), (403, NOT_AUTHORIZED.to_owned()));
    let detail = &reply.json()["AccessDeniedDetail"];
    assert_eq!(detail["AuthPrincipalType"], "AssumedRoleUser");
    let of_user = policy(&[("Allow", &own("user/reader"), "kms:Describe*")]);
    kms.ok("SetSecretPolicy", &[name, ("Policy", &of_user)]);
    caller.ok("DescribeSecret", &[name, token]);
}
