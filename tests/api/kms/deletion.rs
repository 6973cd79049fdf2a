//! Deletion: its window, and what comes when it is over.

use super::harness::*;

const GENERIC: Given = &[("VersionId", "v1"), ("SecretData", "canary-generic")];

#[track_caller]
fn create(kms: &Kms, name: &str) -> Value {
    let tags = r#"[{"TagKey":"team","TagValue":"a"}]"#;
    let more = [("SecretName", name), ("Tags", tags)];
    kms.ok("CreateSecret", &[GENERIC, &more].concat())
}

#[track_caller]
fn delete(kms: &Kms, name: &str, more: Given) -> Value {
    kms.ok("DeleteSecret", &[&[("SecretName", name)], more].concat())
}

/// How many rows there are of secrets, versions and tags, and how many secrets are counted.
fn rows(kms: &Kms) -> [i64; 4] {
    [
        "count(*) FROM kms_secrets",
        "count(*) FROM kms_versions",
        "count(*) FROM kms_tags",
        "CAST(coalesce(sum(secrets), 0) AS BIGINT) FROM kms_counts",
    ]
    .map(|what| kms.number(&format!("SELECT {what}")))
}

fn total(kms: &Kms) -> i64 {
    kms.ok("ListSecrets", &[])["TotalCount"].as_i64().unwrap()
}

#[test]
fn a_window_has_7_to_30_days() {
    let kms = Kms::start();
    for (days, at) in [(None, 30), (Some("7"), 7), (Some("30"), 30)] {
        create(&kms, "n");
        let more: Vec<_> = days.iter().map(|days| ("RecoveryWindowInDays", *days)).collect();
        let planned = json!({ "SecretName": "n", "PlannedDeleteTime": time(START + at * DAY) });
        assert_eq!(delete(&kms, "n", &more), planned);
        assert_eq!(kms.describe("n")["PlannedDeleteTime"], time(START + at * DAY));
        delete(&kms, "n", &[("ForceDeleteWithoutRecovery", "true")]);
    }
    create(&kms, "n");
    for days in ["6", "31", "0", "-7", "7.0", "x"] {
        let reply =
            kms.call("DeleteSecret", &[("SecretName", "n"), ("RecoveryWindowInDays", days)]);
        reply.assert_error(400, "InvalidParameter");
        let text = "The specified parameter is not valid. RecoveryWindowInDays: ";
        assert!(reply.message().starts_with(text), "{days}: {}", reply.message());
    }
    assert_eq!(kms.describe("n")["PlannedDeleteTime"], Value::Null);
}

#[test]
fn what_is_deleted_at_once_leaves_nothing() {
    let kms = Kms::start();
    create(&kms, "n");
    create(&kms, "stays");
    assert_eq!(rows(&kms), [2, 2, 2, 2]);
    // Terraform's provider says both.
    let more = [("ForceDeleteWithoutRecovery", "true"), ("RecoveryWindowInDays", "30")];
    let gone = json!({ "SecretName": "n", "PlannedDeleteTime": time(START) });
    assert_eq!(delete(&kms, "n", &more), gone);
    assert_eq!(rows(&kms), [1, 1, 1, 1]);
    let not_found = "Resource not found";
    for action in ["DeleteSecret", "RestoreSecret", "DescribeSecret"] {
        kms.refused(action, &[("SecretName", "n")], 404, "Forbidden.ResourceNotFound", not_found);
    }
    create(&kms, "n");
}

#[test]
fn a_secret_can_be_restored_until_its_window_is_over() {
    let kms = Kms::start();
    create(&kms, "n");
    delete(&kms, "n", &[("RecoveryWindowInDays", "7")]);
    let again = [("SecretName", "n")];
    let code = "Rejected.ResourceInDeleteWindow";
    kms.refused("DeleteSecret", &again, 409, code, "secret in delete peroid");
    kms.refused("GetSecretValue", &again, 409, code, "secret in delete peroid");
    let anew = [GENERIC, &again].concat();
    kms.refused("CreateSecret", &anew, 409, code, "The secret is planned to be deleted.");
    kms.wait(7 * DAY - 1);
    assert_eq!(kms.ok("RestoreSecret", &again), json!({ "SecretName": "n" }));
    kms.refused("RestoreSecret", &again, 409, "Rejected.ResourceInUse", "restore normal secret");
    assert_eq!(kms.value("n")["SecretData"], "canary-generic");
    assert_eq!(kms.describe("n")["PlannedDeleteTime"], Value::Null);
    kms.wait(DAY);
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert_eq!(kms.value("n")["SecretData"], "canary-generic");
}

#[test]
fn when_its_window_is_over_a_secret_is_gone_at_once_and_its_rows_soon() {
    let kms = Kms::start();
    for name in ["n", "taken", "later", "stays"] {
        create(&kms, name);
    }
    for name in ["n", "taken"] {
        delete(&kms, name, &[("RecoveryWindowInDays", "7")]);
    }
    delete(&kms, "later", &[("RecoveryWindowInDays", "8")]);
    kms.wait(7 * DAY);
    // Whether anybody has been there or not.
    for (action, message) in [
        ("DescribeSecret", "Resource not found"),
        ("RestoreSecret", "Resource not found"),
        ("DeleteSecret", "Resource not found"),
        ("GetSecretValue", "Resource not found."),
    ] {
        kms.refused(action, &[("SecretName", "n")], 404, "Forbidden.ResourceNotFound", message);
    }
    assert_eq!(total(&kms), 2, "nobody counts what is gone");
    create(&kms, "taken");
    assert_eq!(total(&kms), 3);
    eventually("the deletion", || rows(&kms) == [3, 3, 3, 3]);
    assert_eq!(total(&kms), 3);
    assert_eq!(kms.describe("taken")["CreateTime"], time(START + 7 * DAY));
    assert_eq!(kms.describe("later")["PlannedDeleteTime"], time(START + 8 * DAY));
    create(&kms, "n");
    kms.wait(DAY);
    eventually("the other deletion", || rows(&kms) == [3, 3, 3, 3]);
    kms.describe("stays");
}

#[test]
fn many_that_are_to_be_deleted_at_once_are_all_deleted() {
    let kms = Kms::start();
    for number in 0..230 {
        let name = format!("n{number}");
        let given = [GENERIC, &[("SecretName", &name)]].concat();
        kms.ok("CreateSecret", &given);
    }
    create(&kms, "stays");
    // Some of them cannot even be read.
    kms.execute(&format!(
        "UPDATE kms_secrets SET delete_at = {START} WHERE name <> 'stays';
         UPDATE kms_secrets SET uid = '', secret_type = 'x' WHERE id % 7 = 0 AND name <> 'stays'"
    ));
    kms.wait(1);
    eventually("the deletions", || rows(&kms) == [1, 1, 1, 1]);
    kms.describe("stays");
}
