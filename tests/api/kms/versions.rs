//! PutSecretValue, GetSecretValue, ListSecretVersionIds, UpdateSecretVersionStage.

use super::harness::*;

const INVALID: &str = "InvalidParameter";
const NOT_FOUND: &str = "Forbidden.ResourceNotFound";
const NAME: (&str, &str) = ("SecretName", "a");

const GET: &str = "GetSecretValue";
const PUT: &str = "PutSecretValue";
const MOVE: &str = "UpdateSecretVersionStage";

/// The version that a request gets, with its stages.
#[track_caller]
fn got(kms: &Kms, more: &[(&str, &str)]) -> String {
    let value = kms.ok(GET, &[&[NAME], more].concat());
    let stages = value["VersionStages"]["VersionStage"].as_array().unwrap();
    let stages: Vec<&str> = stages.iter().map(|stage| stage.as_str().unwrap()).collect();
    let version = value["VersionId"].as_str().unwrap();
    assert_eq!(value["SecretData"], data_of(version));
    format!("{version} {}", stages.join(" ")).trim_end().to_owned()
}

#[track_caller]
fn moved(kms: &Kms, stage: &str, to: &str, from: &str) -> Reply {
    let mut parameters = vec![NAME, ("VersionStage", stage)];
    if !to.is_empty() {
        parameters.push(("MoveToVersion", to));
    }
    if !from.is_empty() {
        parameters.push(("RemoveFromVersion", from));
    }
    kms.call(MOVE, &parameters)
}

#[track_caller]
fn assert_moved(kms: &Kms, stage: &str, to: &str, from: &str) {
    let reply = moved(kms, stage, to, from);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["SecretName"], "a");
}

#[test]
fn a_value_is_got_with_what_is_told_of_it() {
    let kms = Kms::start();
    kms.create("a");
    kms.wait(5);
    let put = kms.put("a", "v2", &[]);
    let expected = json!({
        "SecretName": "a", "VersionId": "v2",
        "VersionStages": {"VersionStage": ["ACSCurrent"]},
    });
    assert_eq!(put, expected);
    // The time is the secret's and not the version's.
    let value = kms.ok(GET, &[NAME, ("FetchExtendedConfig", "true")]);
    let expected = json!({
        "SecretName": "a", "SecretType": "Generic", "SecretData": data_of("v2"),
        "SecretDataType": "text", "VersionId": "v2",
        "VersionStages": {"VersionStage": ["ACSCurrent"]}, "CreateTime": "2026-01-02T03:04:05Z",
    });
    assert_eq!(value, expected);
    let listed = kms.ok("ListSecretVersionIds", &[NAME]);
    let expected = json!({
        "SecretName": "a",
        "VersionIds": {"VersionId": [
            {
                "VersionId": "v2", "CreateTime": "2026-01-02T03:04:10Z",
                "VersionStages": {"VersionStage": ["ACSCurrent"]},
            },
            {
                "VersionId": "v1", "CreateTime": "2026-01-02T03:04:05Z",
                "VersionStages": {"VersionStage": ["ACSPrevious"]},
            },
        ]},
        "PageNumber": 1, "PageSize": 20, "TotalCount": 2,
    });
    assert_eq!(listed, expected);
    let shown = kms.ok("DescribeSecret", &[NAME]);
    assert_eq!(shown["UpdateTime"], "2026-01-02T03:04:10Z");
}

#[test]
fn a_put_moves_current_and_previous() {
    let kms = Kms::start();
    kms.create("a");
    kms.put("a", "v2", &[]);
    assert_eq!(kms.versions("a"), ["v2 ACSCurrent", "v1 ACSPrevious"]);
    kms.put("a", "v3", &["ACSCurrent"]);
    assert_eq!(kms.versions("a"), ["v3 ACSCurrent", "v2 ACSPrevious", "v1"]);
    assert_eq!(got(&kms, &[]), "v3 ACSCurrent");
    assert_eq!(got(&kms, &[("VersionStage", "ACSCurrent")]), "v3 ACSCurrent");
    assert_eq!(got(&kms, &[("VersionStage", "ACSPrevious")]), "v2 ACSPrevious");
    assert_eq!(got(&kms, &[("VersionId", "v1")]), "v1");
    // As Terraform's provider has it.
    kms.put("a", "v5", &["ACSCurrent", "ACSNext"]);
    assert_eq!(kms.versions("a")[0], "v5 ACSCurrent ACSNext");
    assert_eq!(got(&kms, &[("VersionStage", "ACSNext")]), "v5 ACSCurrent ACSNext");
}

/// The data of two versions may be the same.
#[test]
fn the_same_data_under_another_id_is_another_version() {
    let kms = Kms::start();
    kms.create("a");
    kms.ok(PUT, &[NAME, ("VersionId", "v2"), ("SecretData", &data_of("v1"))]);
    assert_eq!(kms.versions("a"), ["v2 ACSCurrent", "v1 ACSPrevious"]);
    assert_eq!(kms.ok("ListSecretVersionIds", &[NAME])["TotalCount"], 2);
    assert_eq!(kms.value("a")["SecretData"], data_of("v1"));
}

#[test]
fn stages_are_a_list_in_either_form() {
    let kms = Kms::start();
    kms.create("a");
    for (number, stages) in
        [r#"["x","y"]"#, r#"{"VersionStage":["x","y"]}"#, r#" [ "x" , "\u0079" ] "#]
            .iter()
            .enumerate()
    {
        let version = format!("n{number}");
        let parameters = [
            NAME,
            ("VersionId", version.as_str()),
            ("SecretData", "canary-data"),
            ("VersionStages", stages),
        ];
        let put = kms.ok(PUT, &parameters);
        assert_eq!(put["VersionStages"]["VersionStage"], json!(["x", "y"]), "{stages}");
    }
    for stages in
        ["x", "[]", r#"["x","x"]"#, r#"["x y"]"#, r#"{"VersionStages":["x"]}"#, r#"[""]"#, "[1]"]
    {
        let parameters = [
            NAME,
            ("VersionId", "other"),
            ("SecretData", "canary-data"),
            ("VersionStages", stages),
        ];
        kms.refused(PUT, &parameters, 400, INVALID, &some_not_valid("VersionStages"));
    }
    let both = r#"["ACSCurrent","ACSPrevious"]"#;
    let parameters =
        [NAME, ("VersionId", "b"), ("SecretData", "canary-data"), ("VersionStages", both)];
    kms.refused(PUT, &parameters, 400, INVALID, &some_not_valid("VersionStages"));
}

#[test]
fn pending_does_not_touch_current() {
    let kms = Kms::start();
    kms.create("a");
    kms.put("a", "v2", &["pending"]);
    assert_eq!(kms.versions("a"), ["v2 pending", "v1 ACSCurrent"]);
    assert_eq!(got(&kms, &[]), "v1 ACSCurrent");
    assert_eq!(got(&kms, &[("VersionStage", "pending")]), "v2 pending");
    assert_moved(&kms, "ACSCurrent", "v2", "v1");
    assert_eq!(kms.versions("a"), ["v2 ACSCurrent pending", "v1 ACSPrevious"]);
    assert_eq!(got(&kms, &[]), "v2 ACSCurrent pending");
}

#[test]
fn put_answers_about_its_own_version() {
    let kms = Kms::start();
    kms.create("a");
    let put = kms.put("a", "v2", &["pending"]);
    let expected = json!({
        "SecretName": "a", "VersionId": "v2", "VersionStages": {"VersionStage": ["pending"]},
    });
    assert_eq!(put, expected);
    let put = kms.put("a", "v3", &["pending", "other"]);
    assert_eq!(put["VersionStages"]["VersionStage"], json!(["pending", "other"]));
    assert_eq!(kms.versions("a"), ["v3 pending other", "v2", "v1 ACSCurrent"]);
}

#[test]
fn same_version_put_again() {
    let kms = Kms::start();
    kms.create("a");
    kms.put("a", "v2", &["ACSCurrent", "x"]);
    let before = kms.ok("DescribeSecret", &[NAME]);
    kms.wait(5);
    for stages in [&[][..], &["ACSCurrent"], &["y"], &["ACSCurrent", "x"]] {
        let put = kms.put("a", "v2", stages);
        assert_eq!(put["VersionStages"]["VersionStage"], json!(["ACSCurrent", "x"]), "{stages:?}");
    }
    // Terraform's provider puts the version that it has just created.
    assert_eq!(
        kms.put("a", "v1", &["ACSCurrent"])["VersionStages"]["VersionStage"],
        json!(["ACSPrevious"])
    );
    let parameters =
        [NAME, ("VersionId", "v2"), ("SecretData", &data_of("v2")), ("SecretDataType", "binary")];
    kms.ok(PUT, &parameters);
    assert_eq!(kms.ok(GET, &[NAME])["SecretDataType"], "text");
    assert_eq!(kms.versions("a"), ["v2 ACSCurrent x", "v1 ACSPrevious"]);
    assert_eq!(kms.ok("DescribeSecret", &[NAME]), before);

    for version in ["v1", "v2"] {
        let parameters = [NAME, ("VersionId", version), ("SecretData", "canary-other-than-before")];
        kms.refused(PUT, &parameters, 409, "Rejected.ResourceExist", VERSION_EXISTS);
    }
    assert_eq!(got(&kms, &[]), "v2 ACSCurrent x");
}

#[test]
fn put_of_an_older_version_is_no_rollback() {
    let kms = Kms::start();
    kms.create("a");
    kms.put("a", "v2", &[]);
    let put = kms.put("a", "v1", &["ACSCurrent"]);
    assert_eq!(put["VersionStages"]["VersionStage"], json!(["ACSPrevious"]));
    assert_eq!(got(&kms, &[]), "v2 ACSCurrent");
    // A rollback moves the label.
    assert_moved(&kms, "ACSCurrent", "v1", "");
    assert_eq!(got(&kms, &[]), "v1 ACSCurrent");
    assert_eq!(kms.versions("a"), ["v2 ACSPrevious", "v1 ACSCurrent"]);
}

#[test]
fn pinned_version_is_reported() {
    let kms = Kms::start();
    kms.create("a");
    kms.put("a", "v2", &[]);
    kms.put("a", "v3", &[]);
    let value = kms.ok(GET, &[NAME, ("VersionId", "v1")]);
    assert_eq!(value["VersionStages"], json!({"VersionStage": []}));
    assert_eq!(value["SecretData"], data_of("v1"));
    let text = [("SecretName", "a"), ("VersionId", "v1"), ("Format", "XML")];
    let target = format!("/?{}&Action=GetSecretValue&Version=2016-01-20", query(&text));
    let mut connection = kms.server.connect();
    connection.send(&Request::new("GET", target).bytes(kms.server.address)).unwrap();
    let reply = connection.receive();
    assert!(reply.text().contains("<VersionStages></VersionStages>"), "{}", reply.text());
}

#[test]
fn a_version_or_stage_that_is_not_there_is_not_found() {
    let kms = Kms::start();
    kms.create("a");
    kms.put("a", "v2", &["x"]);
    for more in [
        &[("VersionId", "v3")][..],
        &[("VersionStage", "ACSPrevious")],
        &[("VersionStage", "y")],
        &[("VersionStage", "acscurrent")],
        &[("VersionId", "v3"), ("VersionStage", "ACSCurrent")],
    ] {
        kms.refused(GET, &[&[NAME], more].concat(), 404, NOT_FOUND, RESOURCE_STOP);
    }
    assert_eq!(got(&kms, &[("VersionId", "v2"), ("VersionStage", "x")]), "v2 x");
    let parameters = [NAME, ("VersionId", "v1"), ("VersionStage", "x")];
    let message = not_valid("VersionStage", "does not stand on that version");
    kms.refused(GET, &parameters, 400, INVALID, &message);
    kms.refused(GET, &[("SecretName", "b")], 404, NOT_FOUND, RESOURCE_STOP);
}

#[test]
fn what_is_asked_for_has_rules() {
    let kms = Kms::start();
    kms.create("a");
    for (name, value, why) in [
        ("VersionId", "v".repeat(65), "has more than 64 characters"),
        ("VersionId", "v\n".to_owned(), "has a control character"),
        ("VersionStage", "s".repeat(65), "has more than 64 characters"),
        ("VersionStage", "a b".to_owned(), "may hold letters, digits and _/+=.@- only"),
        ("FetchExtendedConfig", "maybe".to_owned(), "cannot be read"),
        ("DryRun", "maybe".to_owned(), "cannot be read"),
    ] {
        kms.refused(GET, &[NAME, (name, &value)], 400, INVALID, &not_valid(name, why));
    }
    kms.refused(GET, &[], 400, "MissingParameter", &missing("SecretName"));
    let message = not_valid("SecretName", "may hold letters, digits and _/+=.@- only");
    kms.refused(GET, &[("SecretName", "a b")], 400, INVALID, &message);
    // Empty is as good as absent.
    assert_eq!(got(&kms, &[("VersionId", ""), ("VersionStage", "")]), "v1 ACSCurrent");
}

#[test]
fn a_dry_run_never_answers_the_value() {
    let kms = Kms::start();
    kms.create("a");
    let dry = ("DryRun", "true");
    let would = "The request would succeed: it was a dry run.";
    kms.refused(GET, &[NAME, dry], 400, "DryRunOperationError", would);
    kms.refused(GET, &[("SecretName", "b"), dry], 404, NOT_FOUND, RESOURCE_STOP);
    // What is wrong with the request itself has codes of its own, and the words that it would be told in.
    let odd = [("SecretName", "a b"), dry];
    let message = not_valid("SecretName", "may hold letters, digits and _/+=.@- only");
    kms.refused(GET, &odd, 400, "ValidationError", &message);
    let message = forbidden_for(&arn("a"));
    kms.user("nobody").refused(GET, &[NAME, dry], 400, "AccessDeniedError", &message);
    got(&kms, &[("DryRun", "false")]);
}

#[test]
fn binary_is_given_back_as_sent() {
    let kms = Kms::start();
    kms.create("a");
    for (number, data) in
        ["tf-testAccxx_123-update", "aGVsbG8=", "aGVsbG8", "//79", "\u{fffd}é"].iter().enumerate()
    {
        let version = format!("b{number}");
        let parameters = [
            NAME,
            ("VersionId", version.as_str()),
            ("SecretData", data),
            ("SecretDataType", "binary"),
        ];
        kms.ok(PUT, &parameters);
        let value = kms.ok(GET, &[NAME]);
        assert_eq!(
            (&value["SecretData"], &value["SecretDataType"]),
            (&json!(data), &json!("binary"))
        );
    }
    // The type belongs to the version.
    assert_eq!(kms.ok(GET, &[NAME, ("VersionId", "v1")])["SecretDataType"], "text");
}

#[test]
fn json_comes_back_to_the_letter() {
    let kms = Kms::start();
    kms.create("a");
    for (number, data) in [
        r#"{"port":5432,"big":12345678901234567890.10,"exp":1E5,"z":1,"a":2}"#,
        "{ \"a\" : 1 ,\r\n\t\"b\": [ ] }\n",
        r#"{"a":1,"a":2,"u":"\u00e9","s":"\/"}"#,
        "not json {",
        "  ",
    ]
    .iter()
    .enumerate()
    {
        let version = format!("j{number}");
        kms.ok(PUT, &[NAME, ("VersionId", version.as_str()), ("SecretData", data)]);
        assert_eq!(kms.ok(GET, &[NAME])["SecretData"], *data);
    }
}

#[test]
fn data_of_a_version_has_the_bounds_of_a_secrets() {
    let kms = Kms::start();
    kms.create("a");
    let put = |version: &str, data: &str| {
        kms.call(PUT, &[NAME, ("VersionId", version), ("SecretData", data)])
    };
    assert_eq!(put("most", &"中".repeat(10_240)).status, 200);
    assert_eq!(put(&"é".repeat(64), "canary-data").status, 200);
    for (version, data, name) in [
        ("more", "x".repeat(30_721), "SecretData"),
        (&"é".repeat(65), "canary-data".to_owned(), "VersionId"),
        ("v\n", "canary-data".to_owned(), "VersionId"),
    ] {
        let parameters = [NAME, ("VersionId", version), ("SecretData", &data)];
        kms.refused(PUT, &parameters, 400, INVALID, &some_not_valid(name));
    }
    let parameters =
        [NAME, ("VersionId", "x"), ("SecretData", "canary-data"), ("SecretDataType", "Text")];
    kms.refused(PUT, &parameters, 400, INVALID, &some_not_valid("SecretDataType"));
    let all = [NAME, ("VersionId", "x"), ("SecretData", "canary-data")];
    for (number, (name, _)) in all.iter().enumerate() {
        let mut parameters = all.to_vec();
        parameters.remove(number);
        kms.refused(PUT, &parameters, 400, "MissingParameter", &missing(name));
    }
    let parameters = [("SecretName", "b"), ("VersionId", "x"), ("SecretData", "canary-data")];
    kms.refused(PUT, &parameters, 404, NOT_FOUND, RESOURCE);
}

#[test]
fn ten_versions_are_kept_and_current_is_one() {
    let kms = Kms::start();
    kms.create("a");
    for number in 2..=10 {
        kms.put("a", &format!("v{number}"), &["x"]);
    }
    assert_eq!(kms.versions("a").len(), 10);
    // The first version is still the current one: the second has to go.
    kms.put("a", "v11", &["x"]);
    let versions = kms.versions("a");
    assert_eq!((versions.len(), versions[0].as_str()), (10, "v11 x"));
    assert_eq!((versions[8].as_str(), versions[9].as_str()), ("v3", "v1 ACSCurrent"));
    kms.refused(GET, &[NAME, ("VersionId", "v2")], 404, NOT_FOUND, RESOURCE_STOP);
    assert_eq!(got(&kms, &[]), "v1 ACSCurrent");
    // It stays to go back to when it stops being current, and is the oldest one then.
    kms.put("a", "v12", &[]);
    assert_eq!(kms.versions("a").last().unwrap(), "v1 ACSPrevious");
    kms.put("a", "v13", &[]);
    assert_eq!(kms.versions("a").last().unwrap(), "v4");
    // The id of a version that is gone is free.
    kms.put("a", "v2", &[]);
    assert_eq!(kms.versions("a").len(), 10);
    assert_eq!(got(&kms, &[]), "v2 ACSCurrent");
}

#[test]
fn eight_labels() {
    const LIMIT: &str = "Rejected.LimitExceeded";
    const EXCEEDED: &str = "exceed secret limits error";
    let kms = Kms::start();
    kms.create("a");
    // With ACSCurrent these are seven.
    kms.put("a", "v2", &["1", "2", "3", "4", "5", "6"]);
    let version = [NAME, ("VersionId", "v3"), ("SecretData", "canary-data")];
    let with = |stages| [&version[..], &[("VersionStages", stages)]].concat();
    kms.refused(PUT, &with(r#"["7","8"]"#), 400, LIMIT, EXCEEDED);
    // A new current one makes the former one ACSPrevious, which is the eighth label.
    kms.refused(PUT, &with(r#"["ACSCurrent","7"]"#), 400, LIMIT, EXCEEDED);
    kms.ok(PUT, &with(r#"["7"]"#));
    let more = [NAME, ("VersionId", "v4"), ("SecretData", "canary-data")];
    kms.refused(PUT, &more, 400, LIMIT, EXCEEDED);
    failed(&moved(&kms, "8", "v1", ""), 400, LIMIT, EXCEEDED);
    // What moves is no ninth.
    assert_moved(&kms, "7", "v1", "v3");
    assert_moved(&kms, "1", "v3", "");
    assert_eq!(kms.versions("a"), ["v3 1", "v2 2 3 4 5 6", "v1 ACSCurrent 7"]);
    assert_moved(&kms, "7", "", "v1");
    assert_moved(&kms, "8", "v1", "");
}

#[test]
fn labels_move_and_go() {
    let kms = Kms::start();
    kms.create("a");
    kms.put("a", "v2", &[]);
    kms.put("a", "v3", &["x"]);
    assert_eq!(kms.versions("a"), ["v3 x", "v2 ACSCurrent", "v1 ACSPrevious"]);
    assert_moved(&kms, "y", "v1", "");
    assert_moved(&kms, "x", "v1", "");
    assert_moved(&kms, "y", "v3", "v1");
    assert_eq!(kms.versions("a"), ["v3 y", "v2 ACSCurrent", "v1 ACSPrevious x"]);
    assert_moved(&kms, "x", "", "v1");
    assert_moved(&kms, "ACSCurrent", "v3", "");
    assert_eq!(kms.versions("a"), ["v3 ACSCurrent y", "v2 ACSPrevious", "v1"]);
    assert_moved(&kms, "ACSPrevious", "v1", "v2");
    assert_eq!(kms.versions("a"), ["v3 ACSCurrent y", "v2", "v1 ACSPrevious"]);
    // One that is there already: nothing changes.
    let before = kms.ok("DescribeSecret", &[NAME]);
    kms.wait(5);
    for (stage, to, from) in
        [("y", "v3", ""), ("y", "v3", "v3"), ("ACSCurrent", "v3", ""), ("ACSPrevious", "v1", "")]
    {
        assert_moved(&kms, stage, to, from);
    }
    assert_eq!(kms.versions("a"), ["v3 ACSCurrent y", "v2", "v1 ACSPrevious"]);
    assert_eq!(kms.ok("DescribeSecret", &[NAME]), before);
    assert_moved(&kms, "y", "v2", "");
    assert_ne!(kms.ok("DescribeSecret", &[NAME]), before);
}

#[test]
fn labels_are_not_moved_at_random() {
    const MISMATCH: (u16, &str, &str) = (400, "Rejected.InvalidRequest", "param mismatch");
    const BUILT_IN: (u16, &str, &str) =
        (400, "Rejected.UnsupportedOperation", "secret stages in unnormal status");
    const MISSING: (u16, &str, &str) = (404, NOT_FOUND, RESOURCE);
    let kms = Kms::start();
    kms.create("a");
    kms.put("a", "v2", &[]);
    kms.put("a", "v3", &["x"]);
    let before = kms.versions("a");
    for (stage, to, from, expected) in [
        ("x", "", "", MISMATCH),
        ("ACSCurrent", "", "", MISMATCH),
        ("x", "", "v1", MISMATCH),
        ("x", "v2", "v1", MISMATCH),
        ("y", "", "v1", MISMATCH),
        ("ACSCurrent", "v3", "v1", MISMATCH),
        ("ACSCurrent", "", "v2", BUILT_IN),
        ("ACSPrevious", "", "v1", BUILT_IN),
        ("ACSPrevious", "v2", "v1", BUILT_IN),
        ("x", "v4", "", MISSING),
        ("x", "", "v4", MISSING),
        ("x", "v1", "v4", MISSING),
    ] {
        let reply = moved(&kms, stage, to, from);
        let (code, message) = (reply.code(), reply.message());
        let told = (reply.status, code.as_str(), message.as_str());
        assert_eq!(told, expected, "{stage} {to} {from}");
    }
    assert_eq!(kms.versions("a"), before);
    for (name, value) in [
        ("VersionStage", "a b".to_owned()),
        ("VersionStage", "s".repeat(65)),
        ("MoveToVersion", "v".repeat(65)),
        ("RemoveFromVersion", "v\n".to_owned()),
    ] {
        let mut parameters = vec![NAME, ("VersionStage", "x"), ("MoveToVersion", "v1")];
        parameters.retain(|(known, _)| *known != name);
        parameters.push((name, &value));
        kms.refused(MOVE, &parameters, 400, INVALID, &some_not_valid(name));
    }
    kms.refused(MOVE, &[NAME], 400, "MissingParameter", &missing("VersionStage"));
    let parameters = [("VersionStage", "x"), ("MoveToVersion", "v1")];
    kms.refused(MOVE, &parameters, 400, "MissingParameter", &missing("SecretName"));
    let parameters = [("SecretName", "b"), ("VersionStage", "x"), ("MoveToVersion", "v1")];
    kms.refused(MOVE, &parameters, 404, NOT_FOUND, RESOURCE);
    assert_moved(&kms, &"s".repeat(64), "v1", "");
}

#[test]
fn versions_without_a_label_are_listed_when_they_are_asked_for() {
    let kms = Kms::start();
    kms.create("a");
    for number in 2..=4 {
        kms.put("a", &format!("v{number}"), &[]);
    }
    let ids = |more: &[(&str, &str)]| {
        let listed = kms.ok("ListSecretVersionIds", &[&[NAME], more].concat());
        let versions = listed["VersionIds"]["VersionId"].as_array().unwrap().clone();
        let ids: Vec<String> = versions
            .iter()
            .map(|version| version["VersionId"].as_str().unwrap().to_owned())
            .collect();
        (ids.join(" "), listed["TotalCount"].as_i64().unwrap())
    };
    assert_eq!(ids(&[]), ("v4 v3".to_owned(), 2));
    assert_eq!(ids(&[("IncludeDeprecated", "false")]), ("v4 v3".to_owned(), 2));
    let all = ("IncludeDeprecated", "True");
    assert_eq!(ids(&[all]), ("v4 v3 v2 v1".to_owned(), 4));
    assert_eq!(ids(&[all, ("PageSize", "3")]), ("v4 v3 v2".to_owned(), 4));
    assert_eq!(ids(&[all, ("PageSize", "3"), ("PageNumber", "2")]), ("v1".to_owned(), 4));
    assert_eq!(ids(&[all, ("PageNumber", "3")]), (String::new(), 4));
    let parameters = [NAME, ("IncludeDeprecated", "maybe")];
    let action = "ListSecretVersionIds";
    kms.refused(action, &parameters, 400, INVALID, &some_not_valid("IncludeDeprecated"));
    for (name, value) in
        [("PageNumber", "0"), ("PageNumber", "x"), ("PageSize", "0"), ("PageSize", "101")]
    {
        kms.refused(action, &[NAME, (name, value)], 400, INVALID, &some_not_valid(name));
    }
    kms.refused(action, &[], 400, "MissingParameter", &missing("SecretName"));
    kms.refused(action, &[("SecretName", "b")], 404, NOT_FOUND, RESOURCE);
    kms.refused(action, &[("SecretName", "a b")], 400, INVALID, &some_not_valid("SecretName"));
}

#[test]
fn many_puts_one_current() {
    let kms = Kms::start();
    kms.create("a");
    std::thread::scope(|scope| {
        for number in 0..64 {
            let kms = &kms;
            scope.spawn(move || {
                let version = format!("p{number}");
                let put = kms.put("a", &version, &[]);
                assert_eq!(put["VersionId"], version);
                assert_eq!(put["VersionStages"]["VersionStage"], json!(["ACSCurrent"]));
            });
        }
    });
    let versions = kms.versions("a");
    assert_eq!(versions.len(), 10, "{versions:?}");
    let with = |stage: &str| versions.iter().filter(|text| text.ends_with(stage)).count();
    assert_eq!((with("ACSCurrent"), with("ACSPrevious")), (1, 1), "{versions:?}");
    assert!(versions[0].ends_with("ACSCurrent") && versions[1].ends_with("ACSPrevious"));
    for version in &versions {
        let (id, _) = version.split_once(' ').unwrap_or((version, ""));
        got(&kms, &[("VersionId", id)]);
    }
}

/// None is lost: each of as many puts as fit is there.
#[test]
fn puts_at_the_same_time_are_all_kept() {
    let kms = Kms::start();
    kms.create("a");
    std::thread::scope(|scope| {
        for number in 0..9 {
            let kms = &kms;
            scope.spawn(move || kms.put("a", &format!("p{number}"), &["moving"]));
        }
    });
    let versions = kms.versions("a");
    assert_eq!(versions.len(), 10, "{versions:?}");
    assert_eq!(versions.iter().filter(|text| text.ends_with(" moving")).count(), 1);
    assert_eq!(versions.last().unwrap(), "v1 ACSCurrent");
    for number in 0..9 {
        got(&kms, &[("VersionId", &format!("p{number}"))]);
    }
}

/// The same version by many: one puts it and the others find it, or have other data.
#[test]
fn one_version_is_put_once() {
    let kms = Kms::start();
    kms.create("a");
    let replies: Vec<(u16, String)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|number| {
                let kms = &kms;
                scope.spawn(move || {
                    let data = format!("canary-of-thread-{}", number % 2);
                    let reply = kms.call(PUT, &[NAME, ("VersionId", "v2"), ("SecretData", &data)]);
                    (reply.status, data)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let kept = kms.ok(GET, &[NAME]);
    for (status, data) in &replies {
        assert_eq!(*status == 200, kept["SecretData"] == **data, "{replies:?}");
        assert!(*status == 200 || *status == 409);
    }
    assert_eq!(kms.versions("a"), ["v2 ACSCurrent", "v1 ACSPrevious"]);
}

#[test]
fn managed_secrets_have_no_versions_of_their_owners() {
    let kms = Kms::start();
    let data = r#"{"Accounts":[{"AccountName":"u","AccountPassword":"canary-not-real"}]}"#;
    let config = r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-1"}"#;
    kms.create_with(
        "a",
        &[("SecretType", "Rds"), ("ExtendedConfig", config), ("SecretData", data)],
    );
    let put = [NAME, ("VersionId", "v2"), ("SecretData", "canary-data")];
    kms.refused(PUT, &put, 400, "UnsupportedOperation", UNSUPPORTED);
    let reply = moved(&kms, "x", "v1", "");
    let told = (reply.status, reply.code(), reply.message());
    let unsupported = (400, "UnsupportedOperation".to_owned(), UNSUPPORTED.to_owned());
    assert_eq!(told, unsupported);
    // The version that is asked for does not count.
    let value = kms.ok(GET, &[NAME, ("VersionId", "none")]);
    assert_eq!(value["VersionId"], "v1");
    assert_eq!(value.get("ExtendedConfig"), None);
    assert_eq!(value["AutomaticRotation"], "Disabled");
    let value = kms.ok(GET, &[NAME, ("FetchExtendedConfig", "true")]);
    assert!(value["ExtendedConfig"].as_str().unwrap().contains("rm-1"));
}

#[test]
fn tags_and_description_stay_when_a_version_is_put() {
    let kms = Kms::start();
    let tags = r#"[{"TagKey":"k","TagValue":"v"}]"#;
    kms.create_with("a", &[("Description", "d"), ("Tags", tags)]);
    kms.put("a", "v2", &[]);
    let shown = kms.ok("DescribeSecret", &[NAME, ("FetchTags", "true")]);
    assert_eq!(shown["Description"], "d");
    assert_eq!(shown["Tags"]["Tag"][0]["TagKey"], "k");
}
