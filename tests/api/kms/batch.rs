//! BatchGetSecretValue.

use super::harness::*;

const BATCH: &str = "BatchGetSecretValue";
const INVALID: &str = "InvalidParameter";

#[track_caller]
fn batch(caller: Caller<'_>, list: &Value) -> Value {
    caller.ok(BATCH, &[("SecretsList", &list.to_string())])
}

fn error(name: &str, status: u16, code: &str, message: &str) -> Value {
    json!({"SecretName": name, "Code": code, "Message": message, "HttpStatus": status})
}

#[test]
fn values_come_in_order_with_one_error_each() {
    let kms = Kms::start_with("kms: { instances: [{ id: kst-off, state: Error }] }");
    for name in ["a", "b", "c", "off"] {
        let more: &[(&str, &str)] =
            if name == "off" { &[("DKMSInstanceId", "kst-off")] } else { &[] };
        kms.create_with(name, more);
    }
    kms.put("a", "v2", &["x"]);
    kms.ok("DeleteSecret", &[("SecretName", "c")]);
    let alone = |parameters: &[(&str, &str)]| kms.ok("GetSecretValue", parameters);
    let by_arn = arn("b");
    let long = "v".repeat(65);
    let list = json!([
        {"SecretName": "none"},
        {"SecretName": "b"},
        {"SecretName": "c"},
        {"SecretName": "a", "VersionStage": "x", "FetchExtendedConfig": true},
        {"SecretName": "a b"},
        {"SecretName": "a", "VersionId": long},
        {"SecretName": "a", "VersionId": "v1", "VersionStage": "x"},
        {"SecretName": "off"},
        {"SecretName": by_arn},
        {"SecretName": "a", "VersionId": "v3"},
        {"SecretName": "b"},
    ]);
    let answer = batch(kms.root(), &list);
    let values = [
        alone(&[("SecretName", "b")]),
        alone(&[("SecretName", "a"), ("VersionStage", "x")]),
        alone(&[("SecretName", &by_arn)]),
        alone(&[("SecretName", "b")]),
    ];
    assert_eq!(answer["SecretValues"], json!(values));
    let gone = "Forbidden.ResourceNotFound";
    let letters = "may hold letters, digits and _/+=.@- only";
    let errors = [
        error("none", 404, gone, RESOURCE_STOP),
        error("c", 409, "Rejected.ResourceInDeleteWindow", IN_WINDOW),
        error("a b", 400, INVALID, &not_valid("SecretName", letters)),
        error("a", 400, INVALID, &not_valid("VersionId", "has more than 64 characters")),
        error("a", 400, INVALID, &not_valid("VersionStage", "does not stand on that version")),
        error(
            "off",
            403,
            "Forbidden.DKMSInstanceStateInvalid",
            "The DKMS instance state is invalid.",
        ),
        error("a", 404, gone, RESOURCE_STOP),
    ];
    assert_eq!(answer["Errors"], json!(errors));
    // Each as GetSecretValue has it.
    for (entry, parameters) in [
        (0, &[("SecretName", "none")][..]),
        (1, &[("SecretName", "c")]),
        (2, &[("SecretName", "a b")]),
        (3, &[("SecretName", "a"), ("VersionId", &long)]),
        (4, &[("SecretName", "a"), ("VersionId", "v1"), ("VersionStage", "x")]),
        (5, &[("SecretName", "off")]),
    ] {
        let reply = kms.call("GetSecretValue", parameters);
        let error = &errors[entry];
        assert_eq!(reply.status, error["HttpStatus"]);
        assert_eq!(
            (&reply.json()["Code"], &reply.json()["Message"]),
            (&error["Code"], &error["Message"])
        );
    }
}

#[test]
fn both_lists_are_there_when_they_are_empty() {
    let kms = Kms::start();
    kms.create("a");
    let found = batch(kms.root(), &json!([{"SecretName": "a"}]));
    assert_eq!(found["Errors"], json!([]));
    assert_eq!(found["SecretValues"].as_array().unwrap().len(), 1);
    let none = batch(kms.root(), &json!([{"SecretName": "b"}]));
    assert_eq!(none["SecretValues"], json!([]));
    assert_eq!(none["Errors"].as_array().unwrap().len(), 1);
}

#[test]
fn twenty_are_the_most() {
    let kms = Kms::start();
    kms.create("a");
    let list = |count| json!(vec![json!({"SecretName": "a"}); count]);
    let found = batch(kms.root(), &list(20));
    assert_eq!(found["SecretValues"].as_array().unwrap().len(), 20);
    let why = "does not have 1 to 20 entries";
    for list in [list(21), json!([])] {
        let parameters = [("SecretsList", &*list.to_string())];
        kms.refused(BATCH, &parameters, 400, INVALID, &not_valid("SecretsList", why));
    }
    let form = "has an entry that is not an object of SecretName, VersionId, VersionStage and FetchExtendedConfig";
    for (list, why) in [
        (r#"["a"]"#, form),
        (r#"[{"SecretName":"a"},{"SecretName":""}]"#, form),
        (r#"[{"VersionId":"v1"}]"#, form),
        (r#"[{"secretName":"a"}]"#, form),
        (r#"[{"SecretName":"a","VersionId":1}]"#, form),
        (r#"[{"SecretName":"a","FetchExtendedConfig":"yes"}]"#, form),
        (r#"{"SecretName":"a"}"#, "is not a JSON array"),
        ("a", "is not a JSON array"),
    ] {
        let message = not_valid("SecretsList", why);
        kms.refused(BATCH, &[("SecretsList", list)], 400, INVALID, &message);
    }
    kms.refused(BATCH, &[], 400, "MissingParameter", &missing("SecretsList"));
}

#[test]
fn binary_and_managed_values_are_as_alone() {
    let kms = Kms::start();
    kms.create_with("binary", &[("SecretDataType", "binary"), ("SecretData", "canary-not-base64")]);
    let data = r#"{"Accounts":[{"AccountName":"u","AccountPassword":"canary-not-real"}]}"#;
    let config = r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-1"}"#;
    kms.create_with(
        "rds",
        &[("SecretType", "Rds"), ("ExtendedConfig", config), ("SecretData", data)],
    );
    let list = json!([
        {"SecretName": "binary"}, {"SecretName": "rds", "FetchExtendedConfig": "True"},
        {"SecretName": "rds"},
    ]);
    let found = &batch(kms.root(), &list)["SecretValues"];
    let rds = [("SecretName", "rds")];
    let with_config = [rds[0], ("FetchExtendedConfig", "true")];
    assert_eq!(found[0], kms.ok("GetSecretValue", &[("SecretName", "binary")]));
    assert_eq!(found[1], kms.ok("GetSecretValue", &with_config));
    assert_eq!(found[2], kms.ok("GetSecretValue", &rds));
    assert_ne!(found[1], found[2]);
}

/// The rights of each are its own, and those of another account's need its policy as well.
#[test]
fn rights_are_looked_up_for_each() {
    let world = format!(
        r#"
users:
  - name: reader
    access_keys: [{{ id: AK-reader, secret: secret-of-reader }}]
    policies:
      - Version: "1"
        Statement:
          - {{ Effect: Allow, Action: kms:GetSecretValue, Resource: "{}" }}
"#,
        arn("open/*")
    );
    let kms = Kms::start_with(&world);
    for name in ["open/a", "closed", "open/b"] {
        kms.create(name);
    }
    let list = json!([
        {"SecretName": "open/a"}, {"SecretName": "closed"}, {"SecretName": "missing"},
        {"SecretName": "open/missing"}, {"SecretName": "open/b"},
        {"SecretName": format!("acs:kms:{REGION}:{FOREIGN}:secret/open/a")},
    ]);
    let answer = batch(kms.user("reader"), &list);
    let names: Vec<&str> = answer["SecretValues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value["SecretName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["open/a", "open/b"]);
    let denied =
        |name: &str| error(name, 403, "Forbidden.NoPermission", &forbidden_for(&arn(name)));
    let gone = "Forbidden.ResourceNotFound";
    let foreign = format!("acs:kms:{REGION}:{FOREIGN}:secret/open/a");
    let errors = json!([
        denied("closed"),
        denied("missing"),
        error("open/missing", 404, gone, RESOURCE_STOP),
        error(&foreign, 404, gone, RESOURCE_STOP),
    ]);
    assert_eq!(answer["Errors"], errors);
}

#[test]
fn a_value_that_does_not_open_spoils_no_other() {
    let kms = Kms::start();
    kms.create("a");
    kms.create("b");
    kms.execute(
        "UPDATE kms_versions SET version_id = 'v2' WHERE secret_id IN
         (SELECT id FROM kms_secrets WHERE name = 'a')",
    );
    let answer = batch(kms.root(), &json!([{"SecretName": "a"}, {"SecretName": "b"}]));
    assert_eq!(answer["SecretValues"][0]["SecretName"], "b");
    let failure = error("a", 500, "InternalFailure", "Internal Failure");
    assert_eq!(answer["Errors"], json!([failure]));
    let name = [("SecretName", "a")];
    kms.refused("GetSecretValue", &name, 500, "InternalFailure", "Internal Failure");
}

/// A row that cannot be read stays so: that is no outage, which would be an error of the whole request.
#[test]
fn a_row_that_cannot_be_read_spoils_no_other() {
    let kms = Kms::start();
    let damages = [
        ("uid", "kms_secrets SET uid = ''"),
        ("type", "kms_secrets SET secret_type = 'x'"),
        ("stages", "kms_versions SET stages = 'x'"),
        ("stage", "kms_versions SET stages = ',a b,ACSCurrent,'"),
        ("data-type", "kms_versions SET data_type = 'x'"),
    ];
    kms.create("whole");
    for (name, change) in damages {
        kms.create(name);
        let id = if change.starts_with("kms_versions") { "secret_id" } else { "id" };
        let secret = format!("(SELECT id FROM kms_secrets WHERE name = '{name}')");
        kms.execute(&format!("UPDATE {change} WHERE {id} = {secret}"));
    }
    let all: Vec<Value> = damages.iter().map(|(name, _)| json!({"SecretName": name})).collect();
    let answer = batch(kms.root(), &json!([all, vec![json!({"SecretName": "whole"})]].concat()));
    assert_eq!(answer["SecretValues"].as_array().unwrap().len(), 1);
    let failure = |name| error(name, 500, "InternalFailure", "Internal Failure");
    assert_eq!(answer["Errors"], json!(damages.map(|(name, _)| failure(name))));
}
