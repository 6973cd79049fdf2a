//! What there is on the server, and requests for it that are right.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    Client, Given,
    described::{Described, Parameter},
    object,
};
use crate::common::Reply;

const POLICY: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["acs:ram::1000000000000001:*"]},"Action":["kms:*"],"Resource":["*"]}]}"#;
const SHARING: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["acs:ram::2000000000000002:*","acs:ram::3000000000000003:*"]},"Action":["kms:GetSecretValue"],"Resource":["*"]}]}"#;

/// Secrets of the type Generic.
const GENERIC: [&str; 4] = ["app/db", "app/word", "app/binary", "app/keyed"];

/// Managed secrets: type, name, configuration, value.
const MANAGED: [[&str; 4]; 6] = [
    [
        "Rds",
        "rds/one",
        r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-1","CustomData":{"a":"b"}}"#,
        r#"{"Accounts":[{"AccountName":"one","AccountPassword":"not-a-real-one"}]}"#,
    ],
    [
        "Rds",
        "rds/two",
        r#"{"SecretSubType":"DoubleUsers","DBInstanceId":"rm-2"}"#,
        r#"{"Accounts":[{"AccountName":"one","AccountPassword":"not-a-real-one"},{"AccountName":"two","AccountPassword":"not-real-either"}]}"#,
    ],
    [
        "Redis",
        "redis/one",
        r#"{"SecretSubType":"DoubleUsers","InstanceId":"r-1","RegionId":"cn-hangzhou","AccountName":"one","CloneAccountName":"one_clone","AccountPrivilege":"RoleReadOnly"}"#,
        "$Auto",
    ],
    [
        "PolarDB",
        "polar/one",
        r#"{"SecretSubType":"DoubleUsers","RegionId":"cn-hangzhou","DBClusterId":"pc-1","DBType":"MySQL","AccountName":"one"}"#,
        "$Auto",
    ],
    [
        "RAMCredentials",
        "acs/ram/user/alice",
        r#"{"SecretSubType":"RamUserAccessKey","UserName":"alice"}"#,
        r#"{"AccessKeys":[{"AccessKeyId":"LTAI5tAlice0000000000001","AccessKeySecret":"alice-not-a-real-one"}]}"#,
    ],
    [
        "ECS",
        "acs/ecs/one",
        r#"{"SecretSubType":"Password","RegionId":"cn-hangzhou","InstanceId":"i-1","CommandId":""}"#,
        r#"{"UserName":"root","Password":"not-a-real-one"}"#,
    ],
];

/// Secrets that are to be deleted.
const DELETED: [&str; 2] = ["gone/one", "gone/two"];

/// What is in the instances.
const PLACED: [[&str; 2]; 3] =
    [["in/good", "kst-good"], ["in/small", "kst-small"], ["in/away", "kst-away"]];

/// Secrets that keys encrypt which cannot be used.
const LOCKED: [&str; 2] = ["locked/one", "locked/two"];

const ALIASES: [&str; 2] = ["alias/app", "alias/two"];

/// What there is.
pub struct Pool {
    /// Keys that can be used.
    keys: Vec<String>,
    /// Keys that cannot: of the wrong kind, or in another state.
    others: Vec<String>,
    ciphertexts: Vec<String>,
    /// Of keys that cannot be used.
    locked: Vec<String>,
    count: u32,
}

impl Pool {
    pub fn fill(client: &mut Client) -> Self {
        let mut pool =
            Self { keys: vec![], others: vec![], ciphertexts: vec![], locked: vec![], count: 0 };
        for spec in ["Aliyun_AES_256", "Aliyun_AES_128", "Aliyun_SM4"] {
            pool.keys.push(new_key(client, &[("KeySpec", spec)]));
        }
        let unfit: [&[(&str, &str)]; 4] = [
            &[("KeySpec", "EC_P256")],
            &[("Origin", "EXTERNAL")],
            &[("Description", "disabled")],
            &[("Description", "deleted")],
        ];
        pool.others = unfit.into_iter().map(|given| new_key(client, given)).collect();
        let [_, _, disabled, deleted] = &pool.others[..] else { panic!("four keys") };
        for (key, name) in [disabled, deleted].into_iter().zip(LOCKED) {
            let given = [("KeyId", key.as_str()), ("Plaintext", "bm90LWEtcmVhbC1vbmU=")];
            let reply = client.ok("Encrypt", &given);
            pool.locked.push(reply["CiphertextBlob"].as_str().expect("a text").to_owned());
            let given = [
                ("SecretName", name),
                ("VersionId", "v1"),
                ("SecretData", "value-that-is-locked"),
                ("EncryptionKeyId", key),
            ];
            client.ok("CreateSecret", &given);
        }
        pool.restock(client);
        pool
    }

    /// Puts back what requests have taken away.
    pub fn restock(&mut self, client: &mut Client) {
        for key in &self.keys {
            drop(client.call("CancelKeyDeletion", &[("KeyId", key)]));
            client.ok("EnableKey", &[("KeyId", key)]);
        }
        for (alias, key) in ALIASES.into_iter().zip(&self.keys) {
            let changed = client.call("UpdateAlias", &[("AliasName", alias), ("KeyId", key)]);
            if changed.status != 200 {
                client.ok("CreateAlias", &[("AliasName", alias), ("KeyId", key)]);
            }
        }
        let [_, _, disabled, deleted] = &self.others[..] else { panic!("four keys") };
        drop(client.call("CancelKeyDeletion", &[("KeyId", disabled)]));
        drop(client.call("DisableKey", &[("KeyId", disabled)]));
        let given = [("KeyId", deleted.as_str()), ("PendingWindowInDays", "7")];
        drop(client.call("ScheduleKeyDeletion", &given));
        for name in GENERIC {
            let data = self.secret_data("of the pool");
            let mut given = vec![("SecretName", name), ("VersionId", "v1"), ("SecretData", &data)];
            if name == "app/binary" {
                given.push(("SecretDataType", "binary"));
            }
            if name == "app/keyed" {
                given.push(("EncryptionKeyId", &self.keys[0]));
            }
            self.put_back(client, name, &given);
            let data = self.secret_data("of the pool, too");
            let given = [("SecretName", name), ("VersionId", "v2"), ("SecretData", &data)];
            drop(client.call("PutSecretValue", &given));
        }
        for [secret_type, name, config, data] in MANAGED {
            let asked = if secret_type == "RAMCredentials" { "$Auto" } else { name };
            let given = [
                ("SecretName", asked),
                ("VersionId", "v1"),
                ("SecretData", data),
                ("SecretType", secret_type),
                ("ExtendedConfig", config),
            ];
            self.put_back(client, name, &given);
        }
        for [name, instance] in PLACED {
            let data = self.secret_data("in an instance");
            let given = [
                ("SecretName", name),
                ("VersionId", "v1"),
                ("SecretData", &data),
                ("DKMSInstanceId", instance),
            ];
            // The small one may be full of what else was made.
            if client.call("RestoreSecret", &[("SecretName", name)]).status == 404 {
                drop(client.call("CreateSecret", &given));
            }
        }
        for name in DELETED {
            let data = self.secret_data("to be deleted");
            let given = [("SecretName", name), ("VersionId", "v1"), ("SecretData", &data)];
            self.put_back(client, name, &given);
            client.ok("DeleteSecret", &[("SecretName", name)]);
        }
    }

    fn put_back(&self, client: &mut Client, name: &str, given: &[(&str, &str)]) {
        if client.call("RestoreSecret", &[("SecretName", name)]).status == 404 {
            client.ok("CreateSecret", given);
        }
    }

    /// Takes note of what a reply tells.
    pub fn learn(&mut self, operation: &Described, reply: &Reply) {
        let is_json = reply.header("content-type").is_some_and(|it| it.contains("json"));
        let makes = ["Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"];
        if is_json && reply.status == 200 && makes.contains(&operation.name) {
            let text = reply.json()["CiphertextBlob"].as_str().expect("a text").to_owned();
            self.ciphertexts.push(text);
        }
    }

    /// A value of a secret, which is no part of whatever else is sent; a long text only tells how long it is.
    pub fn secret_data(&mut self, text: &str) -> String {
        let begin = format!("value-{}-of-a-secret ", self.number());
        if text.len() > 60 {
            begin.chars().cycle().take(text.chars().count()).collect()
        } else {
            begin + text
        }
    }

    fn number(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    /// A name of what there is, most often in a state or of a kind that is not right for everything.
    pub fn other(&mut self, random: &mut Rng, parameter: &Parameter) -> String {
        if parameter.is_secret() {
            return self.secret_data("another");
        }
        let managed = MANAGED.map(|[_, name, ..]| name);
        let placed = PLACED.map(|[name, _]| name);
        let keys: Vec<&str> = self.others.iter().map(String::as_str).collect();
        let locked: Vec<&str> = self.locked.iter().map(String::as_str).collect();
        let known = match parameter.name.as_str() {
            "SecretName" | "ResourceId.1" => {
                [&managed[..2], &placed, &DELETED, &LOCKED, &GENERIC[..1], &["nowhere"]].concat()
            }
            "KeyId" | "EncryptionKeyId" => {
                [&keys[..], &["key-hzz000000example0001", "alias/nowhere"]].concat()
            }
            "AliasName" => [&ALIASES[..], &["alias/nowhere"]].concat(),
            "VersionId" | "MoveToVersion" | "RemoveFromVersion" => vec!["v1", "v2"],
            "VersionStage" => vec!["ACSCurrent", "ACSPrevious", "mine"],
            "DKMSInstanceId" => vec!["kst-good", "kst-small", "kst-away", "kst-none"],
            "Policy" => vec![SHARING],
            "CiphertextBlob" => locked,
            "DryRun" | "ForceDeleteWithoutRecovery" => vec!["true"],
            _ => vec!["v1", "kst-away", SHARING, GENERIC[0]],
        };
        known[random.usize(..known.len())].to_owned()
    }

    /// A value for a parameter that should be right.
    pub fn good(
        &mut self,
        random: &mut Rng,
        operation: &Described,
        parameter: &Parameter,
    ) -> String {
        let one = |random: &mut Rng, from: &[&str]| from[random.usize(..from.len())].to_owned();
        let managed = MANAGED.map(|[_, name, ..]| name);
        match (operation.name, parameter.name.as_str()) {
            ("CreateSecret", "SecretName") => format!("made/{}", self.number()),
            ("RestoreSecret", "SecretName") => one(random, &DELETED),
            ("RotateSecret" | "UpdateSecretRotationPolicy", "SecretName") => one(random, &managed),
            (_, "SecretName") => {
                let from = if random.u8(..5) == 0 { &managed[..] } else { &GENERIC };
                let name = one(random, from);
                let arn = format!("acs:kms:cn-hangzhou:1000000000000001:secret/{name}");
                if random.u8(..4) == 0 { arn } else { name }
            }
            ("CreateSecret" | "PutSecretValue" | "RotateSecret", "VersionId") => {
                format!("v{}", 10 + self.number())
            }
            (_, "VersionId" | "MoveToVersion" | "RemoveFromVersion") => one(random, &["v1", "v2"]),
            ("UpdateSecretVersionStage", "VersionStage") => one(random, &["mine", "ACSCurrent"]),
            (_, "VersionStage") => one(random, &["ACSCurrent", "ACSPrevious"]),
            (_, "SecretData") => self.secret_data("é<&>\r\n"),
            (_, "SecretType") => "Generic".to_owned(),
            (_, "DKMSInstanceId") => "kst-good".to_owned(),
            (_, "Policy") => POLICY.to_owned(),
            (_, "ResourceId.1") => one(random, &GENERIC),
            ("CreateAlias", "AliasName") => format!("alias/made-{}", self.number()),
            (_, "AliasName") => one(random, &ALIASES),
            (_, "KeyId" | "EncryptionKeyId") => {
                let at = random.usize(..self.keys.len());
                let key = self.keys[at].clone();
                match (parameter.kind.as_str(), random.u8(..3)) {
                    ("KeyIdOrAlias" | "KeyIdOrAliasOrArn", 0) => one(random, &ALIASES),
                    ("KeyIdOrArn" | "KeyIdOrAliasOrArn", 1) => {
                        format!("acs:kms:cn-hangzhou:1000000000000001:key/{key}")
                    }
                    _ => key,
                }
            }
            (_, "CiphertextBlob") => {
                let known = self.ciphertexts.len();
                if known == 0 {
                    String::new()
                } else {
                    self.ciphertexts[random.usize(..known)].clone()
                }
            }
            (_, "Plaintext") => "bm90LWEtcmVhbC1vbmU=".to_owned(),
            (_, "Tag.1.Key" | "TagKey.1") => "team".to_owned(),
            (_, "Tag.1.Value") => "web".to_owned(),
            (_, "TagKeys") => one(random, &["team,stage", r#"["team"]"#]),
            ("UpdateSecretVersionStage", _) => String::new(),
            (_, "SecretsList") => json!([
                { "SecretName": "app/db" },
                { "SecretName": "rds/one", "FetchExtendedConfig": true },
                { "SecretName": "gone/one" },
                { "SecretName": "nowhere" },
                { "SecretName": "app/word", "VersionId": "v1" },
            ])
            .to_string(),
            _ => self.by_schema(random, parameter),
        }
    }

    fn by_schema(&mut self, random: &mut Rng, parameter: &Parameter) -> String {
        if !parameter.examples.is_empty() {
            return parameter.examples[random.usize(..parameter.examples.len())].clone();
        }
        let schema = parameter.schema;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let known = schema["enum"].as_array();
        let known = known.and_then(|known| text(&known[random.usize(..known.len())]));
        let found = known.or_else(|| text(&schema["const"])).or_else(|| text(&schema["default"]));
        found.unwrap_or_else(|| match schema["type"].as_str() {
            Some("integer") => schema["minimum"].as_i64().unwrap_or(1).to_string(),
            Some("boolean") => ["true", "False"][random.usize(..2)].to_owned(),
            _ => "a text".to_owned(),
        })
    }

    /// The parameters of a request that should succeed.
    pub fn request(&mut self, random: &mut Rng, operation: &Described) -> Given {
        let mut given: Given = vec![];
        for parameter in &operation.parameters {
            if parameter.is_needed || random.u8(..3) == 0 {
                given.push((parameter.name.clone(), self.good(random, operation, parameter)));
            }
        }
        let mut drop_all = |names: &[&str]| given.retain(|(name, _)| !names.contains(&&name[..]));
        match operation.name {
            "CreateSecret" => {
                drop_all(&["ExtendedConfig", "EnableAutomaticRotation", "RotationInterval"]);
                // A key of no instance, or an instance without a key.
                drop_all(&[["DKMSInstanceId", "EncryptionKeyId"][random.usize(..2)]]);
            }
            "UpdateSecret" => {
                let data = given.iter().position(|(name, _)| name == "ExtendedConfig.CustomData");
                if data.is_some() {
                    set(&mut given, "SecretName", "rds/one");
                }
            }
            "PutSecretValue" => {
                set(&mut given, "SecretName", GENERIC[random.usize(..GENERIC.len())])
            }
            "GetSecretValue" => {
                drop_all(&["DryRun", ["VersionId", "VersionStage"][random.usize(..2)]]);
            }
            "UpdateSecretVersionStage" => {
                drop_all(&["RemoveFromVersion"]);
                set(&mut given, "SecretName", GENERIC[random.usize(..GENERIC.len())]);
                set(&mut given, "MoveToVersion", ["v1", "v2"][random.usize(..2)]);
            }
            "GetRandomPassword" => drop_all(&["ExcludeLowercase", "ExcludeUppercase"]),
            "UpdateSecretRotationPolicy" => set(&mut given, "RotationInterval", "7d"),
            "TagResource" | "UntagResource" => {
                drop_all(&["SecretName", "KeyId", "CertificateId"]);
                let (name, value) =
                    [("SecretName", GENERIC[0]), ("KeyId", &self.keys[0][..])][random.usize(..2)];
                set(&mut given, name, value);
            }
            "TagResources" | "UntagResources" | "ListTagResources" => {
                drop_all(&["NextToken"]);
                if given.iter().any(|(name, _)| name == "TagKey.1") {
                    given.retain(|(name, _)| name != "All");
                }
                let kind = ["secret", "key"][random.usize(..2)];
                set(&mut given, "ResourceType", kind);
                if kind == "key" && given.iter().any(|(name, _)| name == "ResourceId.1") {
                    set(&mut given, "ResourceId.1", &self.keys[0].clone());
                }
                // A value alone is none of a tag.
                if !given.iter().any(|(name, _)| name == "Tag.1.Key") {
                    given.retain(|(name, _)| name != "Tag.1.Value");
                }
            }
            "CreateKey" => {
                drop_all(&["KeyUsage", "KeySpec", "ProtectionLevel", "DKMSInstanceId"]);
                drop_all(&["EnableAutomaticRotation", "RotationInterval"]);
            }
            "CancelKeyDeletion" => set(&mut given, "KeyId", &self.others[3].clone()),
            "Encrypt" | "Decrypt" | "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => {
                drop_all(&["EncryptionContext"]);
            }
            _ => {}
        }
        given
    }
}

/// Puts a value in the place of what there is of that name.
pub fn set(given: &mut Given, name: &str, value: &str) {
    given.retain(|(known, _)| known != name);
    given.push((name.to_owned(), value.to_owned()));
}

fn new_key(client: &mut Client, given: &[(&str, &str)]) -> String {
    let reply = client.ok("CreateKey", given);
    let metadata = object(&reply["KeyMetadata"].to_string());
    metadata["KeyId"].as_str().expect("an id").to_owned()
}
