//! What the audit log tells of requests to KMS.

use std::{fs, path::PathBuf};

use super::harness::*;

/// One user without rights, one with those on the secret `mine` alone, and one of another account.
const USERS: &str = r#"
users:
  - { name: nobody, access_keys: [{ id: AK-nobody, secret: secret-of-nobody }] }
  - name: owner
    access_keys: [{ id: AK-owner, secret: secret-of-owner }]
    policies:
      - Version: "1"
        Statement:
          - { Effect: Allow, Action: "kms:*", Resource: "acs:kms:*:*:secret/mine" }
  - name: stranger
    account: "2000000000000002"
    access_keys: [{ id: AK-stranger, secret: secret-of-stranger }]
    policies: [AliyunKMSFullAccess]
"#;

/// A server with an audit log.
struct Audited {
    kms: Kms,
    path: PathBuf,
    /// Goes with its owner.
    _folder: Folder,
}

impl Audited {
    fn start() -> Self {
        let folder = Folder::new();
        let path = folder.path().join("audit.log");
        let kms = Kms::start_and(USERS, |settings| settings.audit_log = Some(path.clone()));
        Self { kms, path, _folder: folder }
    }

    fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    /// The only line about a request.
    #[track_caller]
    fn line_of(&self, reply: &Reply) -> Value {
        let id = reply.header("x-acs-request-id").unwrap();
        let mut lines = self.lines();
        lines.retain(|line| line["request_id"] == id);
        assert_eq!(lines.len(), 1, "{}", reply.text());
        lines.remove(0)
    }

    /// The line about what the account itself asks for.
    #[track_caller]
    fn line(&self, action: &str, parameters: Given) -> Value {
        let line = self.line_of(&self.kms.call(action, parameters));
        assert_eq!(line["action"], format!("kms:{action}"));
        line
    }
}

#[track_caller]
fn has(line: &Value, members: Value) {
    for (name, value) in members.as_object().unwrap() {
        assert_eq!(line.get(name), Some(value), "{name} of {line}");
    }
}

#[test]
fn a_line_names_what_was_asked_for() {
    let audited = Audited::start();
    let nothing = json!({"secret_name": null, "key_id": null});
    let line = audited.line("ListSecrets", &[]);
    has(&line, nothing.clone());
    has(&line, json!({"region": REGION, "decision": "allow", "code": "200"}));
    has(&line["caller"], json!({"kind": "anonymous", "name": null}));

    let secret = [("SecretName", "mine"), ("VersionId", "v1"), ("SecretData", "canary-audited")];
    has(&audited.line("CreateSecret", &secret), json!({"secret_name": "mine", "code": "200"}));
    has(&audited.line("GetSecretValue", &secret[..1]), json!({"secret_name": "mine"}));
    let by_arn = [("SecretName", &*arn("mine"))];
    has(&audited.line("GetSecretValue", &by_arn), json!({"secret_name": "mine", "code": "200"}));
    // Another one's secret of that name is another secret.
    for (other, decision) in [
        (format!("acs:kms:{REGION}:{FOREIGN}:secret/mine"), "deny"),
        (format!("acs:kms:cn-beijing:{ACCOUNT}:secret/mine"), "allow"),
        ("acs:ram::1:user/mine".to_owned(), "allow"),
    ] {
        let line = audited.line("DeleteSecret", &[("SecretName", &other)]);
        has(&line, json!({"secret_name": other, "code": "Forbidden.ResourceNotFound"}));
        has(&line, json!({"decision": decision}));
    }

    let made = audited.kms.call("CreateKey", &[]);
    let key = made.json()["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    has(&audited.line_of(&made), json!({"key_id": key, "secret_name": null}));
    let (key, alias) = (("KeyId", key.as_str()), ("AliasName", "alias/a"));
    for action in ["CreateAlias", "UpdateAlias"] {
        has(
            &audited.line(action, &[key, alias]),
            json!({"key_id": key.1, "alias_name": "alias/a"}),
        );
    }
    let line = audited.line("DescribeKey", &[("KeyId", "alias/a")]);
    has(&line, json!({"key_id": key.1, "alias_name": "alias/a"}));
    let line = audited.line("Encrypt", &[("KeyId", "alias/b"), ("Plaintext", "c3BlY2ltZW4=")]);
    has(&line, json!({"key_id": null, "alias_name": "alias/b"}));
    let foreign = format!("acs:kms:{REGION}:{FOREIGN}:key/{}", key.1);
    let line = audited.line("DescribeKey", &[("KeyId", &foreign)]);
    has(&line, json!({"key_id": foreign, "decision": "deny", "code": "Forbidden.KeyNotFound"}));
    let line = audited.line("DeleteAlias", &[alias]);
    has(&line, json!({"key_id": null, "alias_name": "alias/a", "code": "200"}));

    let of_key = [("ResourceType", "key"), ("ResourceId.1", &*foreign), ("Tag.1.Key", "k")];
    let line = audited.line("TagResources", &of_key);
    has(&line, json!({"decision": "deny", "code": "InvalidResourceId.NotFound"}));

    let tagged = [("ResourceType", "secret"), ("ResourceId.1", "mine"), ("Tag.1.Key", "k")];
    has(&audited.line("TagResources", &tagged), json!({"secret_names": ["mine"]}));
    assert!(!fs::read_to_string(&audited.path).unwrap().contains("canary-audited"));
}

#[test]
fn a_caller_without_rights_is_denied_whatever_it_is_told() {
    let audited = Audited::start();
    audited.kms.create("mine");
    let denied = json!({"decision": "deny", "secret_name": "mine"});
    let named = [("SecretName", "mine")];
    let reply = audited.kms.user("nobody").call("GetSecretValue", &named);
    let line = audited.line_of(&reply);
    has(&line, denied);
    has(&line, json!({"code": "Forbidden.NoPermission"}));
    has(&line["caller"], json!({"kind": "user", "name": "nobody", "access_key_id": "AK-nobody"}));

    // One of another account is told that there is no such secret, and is denied it all the same.
    let arn = arn("mine");
    let stranger = audited.kms.user("stranger");
    for action in ["GetSecretValue", "DescribeSecret"] {
        let reply = stranger.call(action, &[("SecretName", &arn)]);
        let line = audited.line_of(&reply);
        has(&line, json!({"decision": "deny", "secret_name": arn}));
        has(&line, json!({"code": "Forbidden.ResourceNotFound"}));
    }
    let all = [("ResourceType", "secret"), ("ResourceId.1", &*arn), ("Tag.1.Key", "k")];
    let reply = stranger.call("TagResources", &all);
    failed(&reply, 404, "InvalidResourceId.NotFound", "The specified ResourceId is not found.");
    has(&audited.line_of(&reply), json!({"decision": "deny", "secret_names": [arn]}));

    // What fails for another reason is no denial.
    let line = audited.line("GetSecretValue", &[("SecretName", "missing")]);
    has(&line, json!({"decision": "allow", "code": "Forbidden.ResourceNotFound"}));
}

#[test]
fn a_batch_tells_which_of_its_secrets_were_denied() {
    let audited = Audited::start();
    audited.kms.create("mine");
    audited.kms.create("other");
    let batch = |user: &str, names: &[&str]| {
        let entries: Vec<Value> = names.iter().map(|name| json!({"SecretName": name})).collect();
        let list = Value::from(entries).to_string();
        let reply = audited.kms.user(user).call("BatchGetSecretValue", &[("SecretsList", &list)]);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let line = audited.line_of(&reply);
        has(&line, json!({"action": "kms:GetSecretValue", "secret_names": names, "code": "200"}));
        line
    };
    let line = batch("owner", &["mine", "mine"]);
    has(&line, json!({"decision": "allow"}));
    assert_eq!(line.get("denied_names"), None);
    let line = batch("owner", &["mine", "other", "missing"]);
    has(&line, json!({"decision": "allow", "denied_names": ["other", "missing"]}));
    let line = batch("nobody", &["mine", "other"]);
    has(&line, json!({"decision": "deny", "denied_names": ["mine", "other"]}));
    let line = batch("stranger", &[&arn("mine")]);
    has(&line, json!({"decision": "deny", "denied_names": [arn("mine")]}));
}
