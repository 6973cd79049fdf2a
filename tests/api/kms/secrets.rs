//! CreateSecret, DescribeSecret, UpdateSecret, DeleteSecret, RestoreSecret.

use std::collections::BTreeSet;

use super::harness::*;
use crate::common::fixture;

const CREATE: &str = "CreateSecret";
const INVALID: &str = "InvalidParameter";

const INSTANCES: &str = "kms: { instances: [{ id: kst-a }, { id: kst-b, secret_quota: 2, access_quota: 1 }, \
                         { id: kst-off, state: Disconnected }] }";

fn described(kms: &Kms, name: &str) -> Value {
    kms.ok("DescribeSecret", &[("SecretName", name)])
}

fn value(kms: &Kms, name: &str) -> Value {
    kms.ok("GetSecretValue", &[("SecretName", name)])
}

/// The reason behind the sentence and the name of the parameter of a creation that is refused for it.
#[track_caller]
fn reason(kms: &Kms, name: &str, more: &[(&str, &str)], parameter: &str) -> String {
    let reply = kms.call(CREATE, &creation(name, more));
    assert_eq!((reply.status, reply.code().as_str()), (400, INVALID), "{}", reply.text());
    let message = reply.message();
    let reason = message.strip_prefix(&not_valid(parameter, ""));
    reason.unwrap_or_else(|| panic!("{parameter}: {message}")).to_owned()
}

#[test]
fn a_secret_lives_and_dies() {
    let kms = Kms::start();
    let created = json!({
        "SecretName": "team/a", "VersionId": "v1", "SecretType": "Generic", "Arn": arn("team/a"),
    });
    assert_eq!(kms.create_with("team/a", &[("Description", "d")]), created);
    let shown = json!({
        "Arn": arn("team/a"), "SecretName": "team/a", "SecretType": "Generic", "Description": "d",
        "CreateTime": "2026-01-02T03:04:05Z", "UpdateTime": "2026-01-02T03:04:05Z",
    });
    assert_eq!(described(&kms, "team/a"), shown);

    kms.wait(1);
    let name = ("SecretName", "team/a");
    let answer = kms.ok("UpdateSecret", &[name, ("Description", "other")]);
    assert_eq!(answer, json!({"SecretName": "team/a"}));
    let shown = described(&kms, "team/a");
    assert_eq!(shown["Description"], "other");
    assert_eq!(shown["CreateTime"], "2026-01-02T03:04:05Z");
    assert_eq!(shown["UpdateTime"], "2026-01-02T03:04:06Z");
    assert_eq!(value(&kms, "team/a")["VersionId"], "v1");

    let answer = kms.ok("DeleteSecret", &[name, ("ForceDeleteWithoutRecovery", "true")]);
    let deleted = json!({"SecretName": "team/a", "PlannedDeleteTime": "2026-01-02T03:04:06Z"});
    assert_eq!(answer, deleted);
    for action in ["DescribeSecret", "UpdateSecret", "DeleteSecret", "RestoreSecret"] {
        kms.refused(action, &[name], 404, "Forbidden.ResourceNotFound", RESOURCE);
    }
    assert_eq!(kms.create("team/a"), created);
    assert_eq!(described(&kms, "team/a")["Description"], "");
}

#[test]
fn what_was_not_said_is_not_told() {
    let kms = Kms::start();
    kms.create("a");
    let members = described(&kms, "a");
    let names: BTreeSet<&str> = members.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["Arn", "CreateTime", "Description", "SecretName", "SecretType", "UpdateTime"];
    assert_eq!(names, expected.into());
    let told = kms.create_with(
        "generic",
        &[
            ("EnableAutomaticRotation", "true"),
            ("RotationInterval", "rubbish"),
            ("ExtendedConfig", "rubbish"),
        ],
    );
    // A Generic secret is not rotated and has no configuration.
    let expected = json!({
        "SecretName": "generic", "VersionId": "v1", "SecretType": "Generic", "Arn": arn("generic"),
    });
    assert_eq!(told, expected);
}

#[test]
fn the_members_of_a_created_secret_stand_in_the_documented_order() {
    let kms = Kms::start_with(INSTANCES);
    let config = r#"{"SecretSubType":"SingleUser", "DBInstanceId":"rm-bp1b3dd3a506e****" ,"CustomData":{"Key1": "v1", "fds":"fdsf"}}"#;
    let reply = kms.call(
        CREATE,
        &[
            ("SecretName", "mydbconninfo"),
            ("VersionId", "v1"),
            (
                "SecretData",
                r#"{"Accounts":[{"AccountName":"user1","AccountPassword":"canary-****"}]}"#,
            ),
            ("SecretType", "Rds"),
            ("ExtendedConfig", config),
            ("EnableAutomaticRotation", "true"),
            ("RotationInterval", "30d"),
            ("DKMSInstanceId", "kst-a"),
        ],
    );
    let names: Vec<String> = reply.json().as_object().unwrap().keys().cloned().collect();
    let expected = [
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
    assert_eq!(names, expected);
    let body = reply.json();
    assert_eq!(body["AutomaticRotation"], "Enabled");
    assert_eq!(body["RotationInterval"], "2592000s");
    assert_eq!(body["NextRotationDate"], "2026-02-01T03:04:05Z");
    assert_eq!(
        body["ExtendedConfig"],
        r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-bp1b3dd3a506e****","CustomData":{"Key1":"v1","fds":"fdsf"}}"#
    );
    assert_eq!(body["DKMSInstanceId"], "kst-a");
}

/// The request of the older page, as the file of samples has it, and both of its replies.
#[test]
fn the_documented_sample_is_answered_as_documented() {
    let samples = fixture("kms/documented_samples.md");
    let lines: Vec<&str> = samples.lines().collect();
    let block = |fence: &str, nth: usize| -> String {
        let starts = lines.iter().enumerate().filter(|(_, line)| **line == fence);
        let (start, _) = starts.clone().nth(nth).expect("a block");
        let body = lines[start + 1..].iter().take_while(|line| **line != "```");
        body.copied().collect::<Vec<_>>().join("\n")
    };
    let kms = Kms::start();
    let request = block("```", 0);
    let request = request.replace("http(s)://[Endpoint]/?", "").replace('\n', "");
    let request = request.replace("&<common request parameters>", "");
    let pairs: Vec<(&str, &str)> =
        request.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
    assert_eq!(pairs[0], ("Action", CREATE));
    // What differs from the sample: the account, the region and the request's id.
    let told = kms.ok(CREATE, &pairs[1..]);
    let sample: Value = serde_json::from_str(&block("```json", 0)).unwrap();
    let mut expected = sample.as_object().unwrap().clone();
    expected.remove("RequestId");
    expected["Arn"] = arn("mydbconninfo").into();
    assert_eq!(told, Value::Object(expected.clone()));
    assert_eq!(value(&kms, "mydbconninfo")["SecretData"], r#"{"user":"root","passwd":"****"}"#);

    kms.ok(
        "DeleteSecret",
        &[("SecretName", "mydbconninfo"), ("ForceDeleteWithoutRecovery", "true")],
    );
    let mut in_xml = vec![("Format", "XML"), ("Version", "2016-01-20")];
    in_xml.extend(&pairs);
    let request = Request::new("GET", format!("/?{}", query(&in_xml)));
    let reply = kms.server.send(&request);
    assert_eq!(reply.header("content-type"), Some("text/xml;charset=utf-8"));
    let element = |text: &str, name: &str| -> Option<String> {
        let rest = text.split_once(&format!("<{name}>"))?.1;
        Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
    };
    let sample = block("```xml", 0);
    let text = reply.text();
    assert!(text.contains("<KMS>") && text.trim_end().ends_with("</KMS>"), "{text}");
    for name in ["Arn", "SecretName", "VersionId", "SecretType"] {
        assert!(element(&sample, name).is_some(), "{name}");
        assert_eq!(element(text, name), expected[name].as_str().map(str::to_owned));
    }
    assert_eq!(
        element(text, "RequestId").unwrap().len(),
        element(&sample, "RequestId").unwrap().len()
    );
}

/// The example values of the older page, one parameter at a time.
#[test]
fn documented_example_values_are_taken_as_they_are_meant() {
    let kms = Kms::start();
    kms.create_with("typed", &[("SecretDataType", "text"), ("Description", "mydbinfo")]);
    assert_eq!(described(&kms, "typed")["Description"], "mydbinfo");
    // The page prints its tags with backslashes: that is no JSON.
    let printed = r#"[{\"TagKey\":\"key1\",\"TagValue\":\"val1\"},{\"TagKey\":\"key2\",\"TagValue\":\"val2\"}]"#;
    let why = reason(&kms, "tagged", &[("Tags", printed)], "Tags");
    assert_eq!(why, r#"is not a JSON array of {"TagKey":"…","TagValue":"…"}"#);
    kms.create_with("tagged", &[("Tags", &printed.replace('\\', ""))]);
    let shown = kms.ok("DescribeSecret", &[("SecretName", "tagged"), ("FetchTags", "true")]);
    let tags = json!({"Tag": [
        {"TagKey": "key1", "TagValue": "val1"}, {"TagKey": "key2", "TagValue": "val2"},
    ]});
    assert_eq!(shown["Tags"], tags);

    let rds = [
        ("SecretType", "Rds"),
        (
            "ExtendedConfig",
            r#"{"SecretSubType":"SingleUser", "DBInstanceId":"rm-bp1b3dd3a506e****" ,"CustomData":{}}"#,
        ),
        ("SecretData", r#"{"Accounts":[{"AccountName":"user1","AccountPassword":"canary-****"}]}"#),
        ("EnableAutomaticRotation", "true"),
    ];
    for (number, interval) in ["7d", "604,800s"].iter().enumerate() {
        let name = format!("rotated{number}");
        let more = [&rds[..], &[("RotationInterval", *interval)]].concat();
        let told = kms.create_with(&name, &more);
        assert_eq!(told["AutomaticRotation"], "Enabled");
        assert_eq!(told["RotationInterval"], "604800s", "{interval}");
        assert_eq!(told["NextRotationDate"], "2026-01-09T03:04:05Z");
    }
}

#[test]
fn needed_parameters_are_needed() {
    let kms = Kms::start();
    for name in ["SecretName", "VersionId", "SecretData"] {
        for empty in [true, false] {
            let mut parameters = creation("a", &[]);
            if empty {
                parameters.iter_mut().filter(|(known, _)| *known == name).for_each(|it| it.1 = "");
            } else {
                parameters.retain(|(known, _)| *known != name);
            }
            kms.refused(CREATE, &parameters, 400, "MissingParameter", &missing(name));
        }
    }
    for action in ["DescribeSecret", "UpdateSecret", "DeleteSecret", "RestoreSecret"] {
        kms.refused(action, &[], 400, "MissingParameter", &missing("SecretName"));
    }
}

#[test]
fn names_have_their_bounds() {
    let kms = Kms::start();
    let longest = "n".repeat(192);
    for name in ["a", "-", "Az09_/+=.@-", "acs", "acsx/y", "ACS/a", &longest] {
        assert_eq!(kms.create(name)["SecretName"], name);
        assert_eq!(described(&kms, name)["Arn"], arn(name));
    }
    let characters = "may hold letters, digits and _/+=.@- only";
    for name in ["a b", "a:b", "a*", "密", "é", "a\n", " a", "$Auto", "a\\b"] {
        assert_eq!(reason(&kms, name, &[], "SecretName"), characters, "{name:?}");
    }
    let why = reason(&kms, &"n".repeat(193), &[], "SecretName");
    assert_eq!(why, "has more than 192 characters");
    let reserved = "may not begin with acs/ for this type of secret";
    assert_eq!(reason(&kms, "acs/a", &[], "SecretName"), reserved);
    // What is only looked up may begin so, and none is there.
    kms.refused(
        "DescribeSecret",
        &[("SecretName", "acs/a")],
        404,
        "Forbidden.ResourceNotFound",
        RESOURCE,
    );
}

#[test]
fn version_ids_have_their_bounds() {
    let kms = Kms::start();
    for (number, version) in
        ["1", " ", "v,1 \"x\"/", &"é".repeat(64), &"😀".repeat(64)].iter().enumerate()
    {
        let name = format!("s{number}");
        assert_eq!(kms.create_with(&name, &[("VersionId", version)])["VersionId"], **version);
        let named = [("SecretName", name.as_str()), ("VersionId", version)];
        assert_eq!(kms.ok("GetSecretValue", &named)["VersionId"], **version);
    }
    for version in ["v".repeat(65), "é".repeat(65)] {
        let why = reason(&kms, "long", &[("VersionId", &version)], "VersionId");
        assert_eq!(why, "has more than 64 characters");
    }
    for version in ["v\n", "\0", "\u{7f}"] {
        let why = reason(&kms, "control", &[("VersionId", version)], "VersionId");
        assert_eq!(why, "has a control character");
    }
}

#[test]
fn data_has_its_bounds_in_bytes() {
    let kms = Kms::start();
    for (number, data) in ["x".repeat(30_720), "中".repeat(10_240), "\0".to_owned(), " ".to_owned()]
        .iter()
        .enumerate()
    {
        let name = format!("s{number}");
        kms.create_with(&name, &[("SecretData", data)]);
        assert_eq!(value(&kms, &name)["SecretData"], **data);
    }
    for data in ["x".repeat(30_721), "中".repeat(10_240) + "x"] {
        let why = reason(&kms, "more", &[("SecretData", &data)], "SecretData");
        assert_eq!(why, "has more than 30720 bytes");
    }
}

#[test]
fn types_are_named_exactly() {
    let kms = Kms::start();
    for kind in ["generic", "RDS", "Opaque", "Generic "] {
        let why = reason(&kms, "a", &[("SecretType", kind)], "SecretType");
        assert_eq!(why, "is not a type of secret", "{kind}");
    }
    for kind in ["Text", "BINARY", "json"] {
        let why = reason(&kms, "a", &[("SecretDataType", kind)], "SecretDataType");
        assert_eq!(why, "is neither text nor binary", "{kind}");
    }
    let rds = r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-1"}"#;
    for kind in ["Rds", "Redis", "RAMCredentials", "ECS", "PolarDB"] {
        let name = match kind {
            "RAMCredentials" => "$Auto",
            "ECS" => "acs/ecs/a",
            _ => "a",
        };
        let more = [("SecretType", kind), ("SecretDataType", "binary"), ("ExtendedConfig", rds)];
        let why = reason(&kms, name, &more, "SecretDataType");
        assert_eq!(why, "must be text for this type of secret", "{kind}");
        // And each of them needs a configuration.
        let why = reason(&kms, name, &[("SecretType", kind)], "ExtendedConfig");
        assert_eq!(why, "is needed for this type of secret", "{kind}");
    }
    kms.create_with("binary", &[("SecretDataType", "binary")]);
    assert_eq!(value(&kms, "binary")["SecretDataType"], "binary");
}

#[test]
fn names_belong_to_types() {
    let kms = Kms::start();
    let why = reason(&kms, "a", &[("SecretType", "ECS")], "SecretName");
    assert_eq!(why, "must begin with acs/ecs/ for this type of secret");
    let why = reason(&kms, "acs/ram/user/a", &[("SecretType", "RAMCredentials")], "SecretName");
    assert_eq!(why, "must be $Auto for this type of secret");
    for kind in ["Rds", "Redis", "PolarDB"] {
        let why = reason(&kms, "acs/a", &[("SecretType", kind)], "SecretName");
        assert_eq!(why, "may not begin with acs/ for this type of secret");
    }
}

#[test]
fn tags_have_their_bounds() {
    let kms = Kms::start();
    let tags = |tags: &[(&str, &str)]| {
        let tags = tags.iter().map(|(key, value)| json!({"TagKey": key, "TagValue": value}));
        Value::from_iter(tags).to_string()
    };
    let list = |count: usize| {
        let keys: Vec<String> = (0..count).map(|number| format!("k{number}")).collect();
        let pairs: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "v")).collect();
        tags(&pairs)
    };
    let long = "k".repeat(128);
    let all = tags(&[(r"Az09/\_-.+=:@", r"Az09/\_-.+=:@"), (&long, &long), ("empty", "")]);
    kms.create_with("tagged", &[("Tags", &all)]);
    let shown = kms.ok("DescribeSecret", &[("SecretName", "tagged"), ("FetchTags", "true")]);
    let tag = |key: &str, value: &str| json!({"TagKey": key, "TagValue": value});
    let expected = [tag(r"Az09/\_-.+=:@", r"Az09/\_-.+=:@"), tag("empty", ""), tag(&long, &long)];
    assert_eq!(shown["Tags"]["Tag"], json!(expected));
    kms.create_with("twenty", &[("Tags", &list(20))]);
    kms.create_with("none", &[("Tags", "[]")]);
    let shown = kms.ok("DescribeSecret", &[("SecretName", "none"), ("FetchTags", "True")]);
    assert_eq!(shown["Tags"], json!({"Tag": []}));

    for (text, why) in [
        (list(21), "are more than 20 on one resource"),
        (tags(&[("a", "1"), ("a", "2")]), "has a key twice"),
        (tags(&[("", "v")]), "has a key that is empty"),
        (tags(&[(&"k".repeat(129), "v")]), "has a key that has more than 128 characters"),
        (tags(&[("k", &"v".repeat(129))]), "has a value that has more than 128 characters"),
        (tags(&[("aliyun-a", "v")]), "has a key that may not begin with aliyun or acs:"),
        (tags(&[("acs:a", "v")]), "has a key that may not begin with aliyun or acs:"),
        (tags(&[("a b", "v")]), r"has a key that may hold letters, digits and /\_-.+=:@ only"),
        (tags(&[("k", "中")]), r"has a value that may hold letters, digits and /\_-.+=:@ only"),
        (
            r#"{"TagKey":"a","TagValue":"b"}"#.to_owned(),
            r#"is not a JSON array of {"TagKey":"…","TagValue":"…"}"#,
        ),
    ] {
        assert_eq!(reason(&kms, "more", &[("Tags", &text)], "Tags"), why, "{text}");
    }
}

#[test]
fn a_description_may_be_any_text_and_is_kept() {
    let kms = Kms::start();
    let text = " <&>\"中😀\r\n".repeat(1000);
    kms.create_with("a", &[("Description", &text)]);
    assert_eq!(described(&kms, "a")["Description"], text);
    let name = ("SecretName", "a");
    kms.ok("UpdateSecret", &[name, ("Description", "")]);
    assert_eq!(described(&kms, "a")["Description"], "");
    for text in ["\0", "a\u{1}b", "\u{ffff}"] {
        let message = not_valid("Description", "has a control character");
        let parameters = creation("b", &[("Description", text), ("DKMSInstanceId", "a")]);
        kms.refused(CREATE, &parameters, 400, INVALID, &message);
        let message = some_not_valid("Description");
        kms.refused("UpdateSecret", &[name, ("Description", text)], 400, INVALID, &message);
    }
}

#[test]
fn an_update_of_nothing_changes_nothing() {
    let kms = Kms::start();
    kms.create_with("a", &[("Description", "d")]);
    let before = described(&kms, "a");
    kms.wait(10);
    assert_eq!(kms.ok("UpdateSecret", &[("SecretName", "a")]), json!({"SecretName": "a"}));
    assert_eq!(described(&kms, "a"), before);
    for custom_data in
        [("ExtendedConfig.CustomData", r#"{"a":"b"}"#), ("ExtendedConfig.CustomData.a", "b")]
    {
        let parameters = [("SecretName", "a"), custom_data];
        let message = some_not_valid("ExtendedConfig.CustomData");
        kms.refused("UpdateSecret", &parameters, 400, INVALID, &message);
    }
    assert_eq!(described(&kms, "a"), before);
}

#[test]
fn names_that_none_can_have_are_refused_in_the_words_of_the_operation() {
    let kms = Kms::start();
    let parameters = [("SecretName", "a b")];
    let why = "may hold letters, digits and _/+=.@- only";
    for action in ["DescribeSecret", "DeleteSecret"] {
        kms.refused(action, &parameters, 400, INVALID, &not_valid("SecretName", why));
    }
    for action in ["UpdateSecret", "RestoreSecret"] {
        kms.refused(action, &parameters, 400, INVALID, &some_not_valid("SecretName"));
    }
    for (action, parameter, value, message) in [
        ("DescribeSecret", "FetchTags", "yes", not_valid("FetchTags", "cannot be read")),
        (
            "DeleteSecret",
            "ForceDeleteWithoutRecovery",
            "1",
            not_valid("ForceDeleteWithoutRecovery", "cannot be read"),
        ),
    ] {
        kms.create(action);
        let parameters = [("SecretName", action), (parameter, value)];
        kms.refused(action, &parameters, 400, INVALID, &message);
    }
}

#[test]
fn names_are_unique_in_a_region() {
    let kms = Kms::start();
    kms.create("a");
    let exists = "The resource already exists.";
    kms.refused(CREATE, &creation("a", &[]), 409, "Rejected.ResourceExist", exists);
    // Also with the same version and data, other than elsewhere.
    let other = creation("a", &[("VersionId", "v2"), ("SecretData", "canary-other-data")]);
    kms.refused(CREATE, &other, 409, "Rejected.ResourceExist", exists);
    let elsewhere = ("RegionId", "cn-beijing");
    let told = kms.create_with("a", &[elsewhere, ("Description", "there")]);
    assert_eq!(told["Arn"], format!("acs:kms:cn-beijing:{ACCOUNT}:secret/a"));
    assert_eq!(described(&kms, "a")["Description"], "");
    assert_eq!(value(&kms, "a")["SecretData"], "canary-data-of-v1");
    // Names differ by the case of their letters.
    kms.create("A");
}

#[test]
fn many_creations_one_wins() {
    let kms = Kms::start();
    let statuses: Vec<(u16, String)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|number| {
                let kms = &kms;
                scope.spawn(move || {
                    let (version, data) = (format!("v{number}"), data_of(&number.to_string()));
                    let more = [("VersionId", version.as_str()), ("SecretData", data.as_str())];
                    let reply = kms.call(CREATE, &creation("a", &more));
                    match reply.status {
                        200 => (200, version),
                        409 => (409, reply.message()),
                        _ => panic!("{}", reply.text()),
                    }
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let winners: Vec<&String> =
        statuses.iter().filter(|(status, _)| *status == 200).map(|(_, version)| version).collect();
    assert_eq!(winners.len(), 1, "{statuses:?}");
    let others = statuses.iter().filter(|(status, _)| *status == 409);
    assert!(others.clone().all(|(_, message)| message == "The resource already exists."));
    assert_eq!(others.count(), 63);
    let kept = value(&kms, "a");
    assert_eq!(kept["VersionId"], **winners[0]);
    assert_eq!(kept["SecretData"], data_of(&winners[0][1..]));
    assert_eq!(kms.ok("ListSecrets", &[])["TotalCount"], 1);
}

#[test]
fn what_goes_in_the_window() {
    let kms = Kms::start();
    kms.create_with("a", &[("Description", "d")]);
    let name = ("SecretName", "a");
    let answer = kms.ok("DeleteSecret", &[name]);
    let planned = "2026-02-01T03:04:05Z";
    assert_eq!(answer, json!({"SecretName": "a", "PlannedDeleteTime": planned}));
    assert_eq!(described(&kms, "a")["PlannedDeleteTime"], planned);
    assert_eq!(kms.versions("a"), ["v1 ACSCurrent"]);
    let listed = kms.ok("ListSecrets", &[]);
    assert_eq!(listed["SecretList"]["Secret"][0]["PlannedDeleteTime"], planned);

    let policy = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["acs:ram::1:*"]},"Action":["kms:*"],"Resource":["*"]}]}"#;
    for (action, more) in [
        ("DeleteSecret", &[][..]),
        ("DeleteSecret", &[("RecoveryWindowInDays", "7")]),
        ("UpdateSecret", &[("Description", "x")]),
        ("GetSecretValue", &[]),
        ("PutSecretValue", &[("VersionId", "v2"), ("SecretData", "canary-not-put")]),
        ("UpdateSecretVersionStage", &[("VersionStage", "x"), ("MoveToVersion", "v1")]),
        ("SetSecretPolicy", &[("Policy", policy)]),
    ] {
        let parameters = [&[name], more].concat();
        kms.refused(action, &parameters, 409, "Rejected.ResourceInDeleteWindow", IN_WINDOW);
    }
    let planned_to = "The secret is planned to be deleted.";
    let again = creation("a", &[]);
    kms.refused(CREATE, &again, 409, "Rejected.ResourceInDeleteWindow", planned_to);
    // Tags and the policy can be seen, and tags changed.
    kms.ok("GetSecretPolicy", &[name]);
    kms.ok("TagResource", &[name, ("Tags", r#"[{"TagKey":"k","TagValue":"v"}]"#)]);
    kms.ok("UntagResource", &[name, ("TagKeys", "k")]);
    let resource = [("ResourceType", "secret"), ("ResourceId.1", "a")];
    kms.ok("TagResources", &[&resource[..], &[("Tag.1.Key", "k")]].concat());
    kms.ok("ListTagResources", &resource);
    kms.ok("UntagResources", &[&resource[..], &[("All", "true")]].concat());

    kms.wait(5);
    assert_eq!(kms.ok("RestoreSecret", &[name]), json!({"SecretName": "a"}));
    let shown = described(&kms, "a");
    assert_eq!(shown.get("PlannedDeleteTime"), None);
    assert_eq!(shown["Description"], "d");
    assert_eq!(value(&kms, "a")["SecretData"], "canary-data-of-v1");
    kms.refused("RestoreSecret", &[name], 409, "Rejected.ResourceInUse", "restore normal secret");
    kms.ok("UpdateSecret", &[name, ("Description", "after")]);
}

#[test]
fn a_window_has_7_to_30_days() {
    let kms = Kms::start();
    for (days, planned) in [
        ("7", "2026-01-09T03:04:05Z"),
        ("30", "2026-02-01T03:04:05Z"),
        ("", "2026-02-01T03:04:05Z"),
    ] {
        let name = ("SecretName", "a");
        kms.create("a");
        for force in ["false", "False", ""] {
            let parameters =
                [name, ("ForceDeleteWithoutRecovery", force), ("RecoveryWindowInDays", days)];
            assert_eq!(kms.ok("DeleteSecret", &parameters)["PlannedDeleteTime"], planned);
            kms.ok("RestoreSecret", &[name]);
        }
        // Terraform's provider sends both: the window does not count.
        for force in ["true", "True"] {
            let parameters =
                [name, ("ForceDeleteWithoutRecovery", force), ("RecoveryWindowInDays", days)];
            let answer = kms.ok("DeleteSecret", &parameters);
            assert_eq!(answer["PlannedDeleteTime"], "2026-01-02T03:04:05Z");
            kms.create("a");
        }
        kms.ok("DeleteSecret", &[name, ("ForceDeleteWithoutRecovery", "true")]);
    }
    kms.create("a");
    for days in ["6", "31", "0", "-7", "7.5", "seven"] {
        let parameters = [("SecretName", "a"), ("RecoveryWindowInDays", days)];
        let why = "is not a whole number from 7 to 30";
        let message = not_valid("RecoveryWindowInDays", why);
        kms.refused("DeleteSecret", &parameters, 400, INVALID, &message);
    }
    assert_eq!(described(&kms, "a").get("PlannedDeleteTime"), None);
}

#[test]
fn a_secret_goes_when_its_time_has_come() {
    let kms = Kms::start();
    let name = ("SecretName", "a");
    kms.create("a");
    kms.ok("DeleteSecret", &[name, ("RecoveryWindowInDays", "7")]);
    kms.set_time(7 * DAY - 1);
    described(&kms, "a");
    kms.set_time(7 * DAY);
    for action in ["DescribeSecret", "RestoreSecret", "UpdateSecret", "DeleteSecret"] {
        kms.refused(action, &[name], 404, "Forbidden.ResourceNotFound", RESOURCE);
    }
    kms.refused("GetSecretValue", &[name], 404, "Forbidden.ResourceNotFound", RESOURCE_STOP);
    let force = ("ForceDeleteWithoutRecovery", "true");
    kms.refused("DeleteSecret", &[name, force], 404, "Forbidden.ResourceNotFound", RESOURCE);
    assert_eq!(kms.ok("ListSecrets", &[])["TotalCount"], 0);
    kms.create("a");
    assert_eq!(kms.ok("ListSecrets", &[])["TotalCount"], 1);
}

#[test]
fn force_deletes_one_in_its_window() {
    let kms = Kms::start();
    let name = ("SecretName", "a");
    kms.create("a");
    kms.ok("DeleteSecret", &[name]);
    let answer = kms.ok("DeleteSecret", &[name, ("ForceDeleteWithoutRecovery", "true")]);
    assert_eq!(answer["PlannedDeleteTime"], "2026-01-02T03:04:05Z");
    kms.refused("RestoreSecret", &[name], 404, "Forbidden.ResourceNotFound", RESOURCE);
    kms.create("a");
}

#[test]
fn a_new_secret_of_an_old_name() {
    let kms = Kms::start();
    let name = ("SecretName", "a");
    let tags = ("Tags", r#"[{"TagKey":"old","TagValue":"v"}]"#);
    kms.create_with("a", &[tags, ("Description", "old")]);
    kms.put("a", "v2", &["ACSCurrent", "label"]);
    let policy = format!(
        r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Principal":{{"RAM":"acs:ram::{ACCOUNT}:*"}},"Action":"kms:*","Resource":"*"}}]}}"#
    );
    kms.ok("SetSecretPolicy", &[name, ("Policy", &policy)]);
    for by_force in [true, false] {
        if by_force {
            kms.ok("DeleteSecret", &[name, ("ForceDeleteWithoutRecovery", "true")]);
        } else {
            kms.put("a", "v2", &["ACSCurrent", "label"]);
            kms.ok("TagResource", &[name, tags]);
            kms.ok("DeleteSecret", &[name, ("RecoveryWindowInDays", "7")]);
            kms.wait(7 * DAY);
        }
        kms.create_with("a", &[("VersionId", "v9"), ("SecretData", "canary-new-data")]);
        assert_eq!(kms.versions("a"), ["v9 ACSCurrent"]);
        let version = [name, ("VersionId", "v2")];
        let gone = "Forbidden.ResourceNotFound";
        kms.refused("GetSecretValue", &version, 404, gone, RESOURCE_STOP);
        let stage = [name, ("VersionStage", "label")];
        kms.refused("GetSecretValue", &stage, 404, gone, RESOURCE_STOP);
        let shown = kms.ok("DescribeSecret", &[name, ("FetchTags", "true")]);
        assert_eq!((&shown["Tags"], &shown["Description"]), (&json!({"Tag": []}), &json!("")));
        let rows = kms.ok("ListTagResources", &[("ResourceType", "secret")]);
        assert_eq!(rows["TagResources"]["TagResource"], json!([]));
        let kept = kms.ok("GetSecretPolicy", &[name])["Policy"].clone();
        assert!(kept.as_str().unwrap().contains("kms default secret policy"), "{kept}");
    }
}

#[test]
fn by_arn() {
    let kms = Kms::start();
    kms.create("team/a");
    let by_arn = arn("team/a");
    let name = ("SecretName", by_arn.as_str());
    assert_eq!(kms.ok("DescribeSecret", &[name])["SecretName"], "team/a");
    assert_eq!(kms.ok("GetSecretValue", &[name])["SecretName"], "team/a");
    let put =
        kms.ok("PutSecretValue", &[name, ("VersionId", "v2"), ("SecretData", "canary-by-arn")]);
    assert_eq!(put["SecretName"], "team/a");
    assert_eq!(kms.ok("ListSecretVersionIds", &[name])["SecretName"], "team/a");
    let stage = [name, ("VersionStage", "x"), ("MoveToVersion", "v1")];
    assert_eq!(kms.ok("UpdateSecretVersionStage", &stage)["SecretName"], "team/a");
    let update = [name, ("Description", "by ARN")];
    assert_eq!(kms.ok("UpdateSecret", &update)["SecretName"], "team/a");
    assert_eq!(kms.ok("DeleteSecret", &[name])["SecretName"], "team/a");
    assert_eq!(kms.ok("RestoreSecret", &[name])["SecretName"], "team/a");
    assert_eq!(described(&kms, "team/a")["Description"], "by ARN");
    let at_once = [name, ("ForceDeleteWithoutRecovery", "true")];
    let gone = json!({"SecretName": "team/a", "PlannedDeleteTime": time(START)});
    assert_eq!(kms.ok("DeleteSecret", &at_once), gone);
    for named in [name, ("SecretName", "team/a")] {
        kms.refused("DescribeSecret", &[named], 404, "Forbidden.ResourceNotFound", RESOURCE);
    }
    kms.create("team/a");

    kms.create_with("team/a", &[("RegionId", "cn-beijing")]);
    for other in [
        format!("acs:kms:{REGION}:{FOREIGN}:secret/team/a"),
        format!("acs:kms:cn-beijing:{ACCOUNT}:secret/team/a"),
        format!("acs:sae:{REGION}:{ACCOUNT}:secret/team/a"),
        format!("acs:kms:{REGION}:{ACCOUNT}:key/team/a"),
        format!("acs:kms:{REGION}:{ACCOUNT}:secret/team"),
        format!("acs:kms:{REGION}:{ACCOUNT}:secret/"),
        "acs:".to_owned(),
    ] {
        let name = [("SecretName", other.as_str())];
        let gone = "Forbidden.ResourceNotFound";
        kms.refused("DescribeSecret", &name, 404, gone, RESOURCE);
        kms.refused("UpdateSecret", &name, 404, gone, RESOURCE);
        kms.refused("DeleteSecret", &name, 404, gone, RESOURCE);
        kms.refused("RestoreSecret", &name, 404, gone, RESOURCE);
        kms.refused("GetSecretValue", &name, 404, gone, RESOURCE_STOP);
        kms.refused("GetSecretPolicy", &name, 404, gone, RESOURCE_STOP);
    }
    // A new secret has a name.
    let why = reason(&kms, &by_arn, &[], "SecretName");
    assert_eq!(why, "may hold letters, digits and _/+=.@- only");
}

#[test]
fn a_name_of_auto_comes_back_resolved() {
    let kms = Kms::start_with("users: [{ name: app.one }, { name: app-two }]");
    let config =
        |user: &str| json!({"SecretSubType": "RamUserAccessKey", "UserName": user}).to_string();
    let data = r#"{"AccessKeys":[{"AccessKeyId":"LTAI5tCanary0001","AccessKeySecret":"canary-not-real"}]}"#;
    let of = |config: &str| {
        let parameters = [
            ("SecretName", "$Auto"),
            ("VersionId", "v1"),
            ("SecretData", data),
            ("SecretType", "RAMCredentials"),
            ("ExtendedConfig", config),
        ];
        kms.call(CREATE, &parameters)
    };
    let reply = of(&config("app.one"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["SecretName"], "acs/ram/user/app.one");
    assert_eq!(reply.json()["Arn"], arn("acs/ram/user/app.one"));
    assert_eq!(described(&kms, "acs/ram/user/app.one")["SecretType"], "RAMCredentials");
    assert_eq!(kms.listed(&[]), ["acs/ram/user/app.one"]);
    // The literal names nothing.
    let why = "may hold letters, digits and _/+=.@- only";
    let message = not_valid("SecretName", why);
    kms.refused("DescribeSecret", &[("SecretName", "$Auto")], 400, INVALID, &message);

    let again = of(&config("app.one"));
    let told = (again.status, again.code(), again.message());
    assert_eq!(told, (409, "Rejected.ResourceExist".into(), "The resource already exists.".into()));
    assert_eq!(of(&config("app-two")).json()["SecretName"], "acs/ram/user/app-two");
    let unknown = of(&config("app-three"));
    let told = (unknown.status, unknown.code(), unknown.message());
    assert_eq!(told, (404, "Forbidden.ResourceNotFound".into(), THE_RESOURCE.into()));
}

#[test]
fn a_key_that_is_not_there_is_not_found() {
    let kms = Kms::start();
    for key in [
        "key-hzz62f1cb66fa42qo5o4r".to_owned(),
        "00aa68af-2c02-4f68-95fe-3435d3300000".to_owned(),
        "alias/none".to_owned(),
        format!("acs:kms:{REGION}:{ACCOUNT}:key/key-hzz62f1cb66fa42qo5o4r"),
        format!("acs:kms:{REGION}:{ACCOUNT}:alias/none"),
        format!("acs:kms:{REGION}:{FOREIGN}:key/key-hzz62f1cb66fa42qo5o4r"),
    ] {
        let parameters = creation("a", &[("EncryptionKeyId", &key)]);
        kms.refused(CREATE, &parameters, 404, "Forbidden.ResourceNotFound", THE_RESOURCE);
    }
    assert_eq!(kms.listed(&[]), Vec::<String>::new());
}

#[test]
fn instances_are_those_of_the_world() {
    let kms = Kms::start_with(INSTANCES);
    for id in ["kst-c", "kst-", "a", "KST-a"] {
        let parameters = creation("a", &[("DKMSInstanceId", id)]);
        let none = "The specified DKMS Instance is not found.";
        kms.refused(CREATE, &parameters, 403, "Forbidden.DKMSInstanceNotFound", none);
    }
    let told = kms.create_with("a", &[("DKMSInstanceId", "kst-a")]);
    assert_eq!(told["DKMSInstanceId"], "kst-a");
    assert_eq!(described(&kms, "a")["DKMSInstanceId"], "kst-a");

    // Where the world names none, anything of the form is one.
    let open = Kms::start_with("");
    open.create_with("a", &[("DKMSInstanceId", "kst-whatever")]);
    let longest = format!("kst-{}", "a".repeat(60));
    open.create_with("b", &[("DKMSInstanceId", &longest)]);
    for id in ["kst-", "a", "kst-a b", "kst-a_b", "kst-\0", "kst-中", &format!("{longest}a")] {
        let parameters = creation("c", &[("DKMSInstanceId", id)]);
        let none = "The specified DKMS Instance is not found.";
        open.refused(CREATE, &parameters, 403, "Forbidden.DKMSInstanceNotFound", none);
    }
}

#[test]
fn an_instance_that_is_not_connected_gives_no_values() {
    let kms = Kms::start_with(INSTANCES);
    kms.create_with("a", &[("DKMSInstanceId", "kst-off")]);
    let policy = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["acs:ram::1:*"]},"Action":["kms:*"],"Resource":["*"]}]}"#;
    for (action, more) in [
        ("GetSecretValue", &[][..]),
        ("PutSecretValue", &[("VersionId", "v2"), ("SecretData", "canary-not-put")]),
        ("GetSecretPolicy", &[]),
        ("SetSecretPolicy", &[("Policy", policy)]),
    ] {
        let parameters = [&[("SecretName", "a")], more].concat();
        let invalid = "The DKMS instance state is invalid.";
        kms.refused(action, &parameters, 403, "Forbidden.DKMSInstanceStateInvalid", invalid);
    }
    described(&kms, "a");
}

#[test]
fn an_instance_that_is_no_longer_there_gives_no_values() {
    let kms = Kms::start_with(INSTANCES);
    let within = ("DKMSInstanceId", "kst-a");
    kms.create_with("a", &[within]);
    let rds = [
        ("SecretType", "Rds"),
        ("ExtendedConfig", r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-1"}"#),
        ("SecretData", r#"{"Accounts":[{"AccountName":"app","AccountPassword":"canary-of-rds"}]}"#),
    ];
    kms.create_with("rds", &[&rds[..], &[within]].concat());
    let later = kms.again("kms: { instances: [{ id: kst-b }] }");
    let policy = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":["acs:ram::1:*"]},"Action":["kms:*"],"Resource":["*"]}]}"#;
    let none = "The specified DKMS Instance is not found.";
    for (action, name, more) in [
        ("GetSecretValue", "a", &[][..]),
        ("PutSecretValue", "a", &[("VersionId", "v2"), ("SecretData", "canary-not-put")]),
        ("GetSecretPolicy", "a", &[]),
        ("SetSecretPolicy", "a", &[("Policy", policy)]),
        ("RotateSecret", "rds", &[("VersionId", "v2")]),
    ] {
        let parameters = [&[("SecretName", name)], more].concat();
        later.refused(action, &parameters, 403, "Forbidden.DKMSInstanceNotFound", none);
    }
    assert_eq!((kms.versions("a").len(), kms.versions("rds").len()), (1, 1));
    value(&kms, "a");
}

#[test]
fn an_account_has_a_quota_of_secrets() {
    const EXCEEDED: &str =
        "The request was rejected because user create resource limit was exceeded";
    let kms = Kms::start_with("kms: { quotas: { secrets: 2 } }");
    kms.create("a");
    kms.create("b");
    kms.refused(CREATE, &creation("c", &[]), 400, "Rejected.LimitExceeded", EXCEEDED);
    // Each region has its own.
    kms.create_with("c", &[("RegionId", "cn-beijing")]);
    kms.ok("DeleteSecret", &[("SecretName", "a"), ("RecoveryWindowInDays", "7")]);
    kms.refused(CREATE, &creation("c", &[]), 400, "Rejected.LimitExceeded", EXCEEDED);
    kms.ok("DeleteSecret", &[("SecretName", "a"), ("ForceDeleteWithoutRecovery", "true")]);
    kms.create("c");
    kms.refused(CREATE, &creation("d", &[]), 400, "Rejected.LimitExceeded", EXCEEDED);
    // One whose time has come takes no room.
    kms.ok("DeleteSecret", &[("SecretName", "b"), ("RecoveryWindowInDays", "7")]);
    kms.wait(7 * DAY);
    kms.create("d");

    let kms = Kms::start_with(INSTANCES);
    let within = [("DKMSInstanceId", "kst-b")];
    kms.create_with("a", &within);
    kms.create_with("b", &within);
    kms.refused(CREATE, &creation("c", &within), 400, "Rejected.LimitExceeded", EXCEEDED);
    kms.create_with("c", &[("DKMSInstanceId", "kst-a")]);
    kms.create("d");
}

#[test]
fn a_quota_holds_against_many_at_once() {
    let kms = Kms::start_with("kms: { quotas: { secrets: 10 } }");
    let made = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..32)
            .map(|number| {
                let kms = &kms;
                scope.spawn(move || kms.call(CREATE, &creation(&format!("s{number}"), &[])).status)
            })
            .collect();
        let statuses = threads.into_iter().map(|thread| thread.join().unwrap());
        statuses.filter(|status| *status == 200).count()
    });
    assert_eq!(made, 10);
    assert_eq!(kms.ok("ListSecrets", &[])["TotalCount"], 10);
}

#[test]
fn an_instance_is_shared_with_so_many_accounts() {
    const EXCEEDED: &str = "Instance Share Quota Exceed Limit.";
    let policy = |accounts: &[&str]| {
        let principals: Vec<String> =
            accounts.iter().map(|account| format!("acs:ram::{account}:user/x")).collect();
        json!({"Version": "1", "Statement": [{
            "Effect": "Allow", "Principal": {"RAM": principals}, "Action": ["kms:GetSecretValue"],
            "Resource": ["*"],
        }]})
        .to_string()
    };
    let kms = Kms::start_with(INSTANCES);
    let within = ("DKMSInstanceId", "kst-b");
    let two = policy(&["2", "3"]);
    let parameters = creation("a", &[within, ("Policy", &two)]);
    kms.refused(CREATE, &parameters, 400, "Rejected.ShareQuotaExceedLimit", EXCEEDED);
    assert_eq!(kms.listed(&[]), Vec::<String>::new());
    let one = policy(&["2", ACCOUNT, "2"]);
    kms.create_with("a", &[within, ("Policy", &one)]);
    // Over all policies of the instance, by account.
    kms.create_with("b", &[within, ("Policy", &one)]);
    let other = policy(&["3"]);
    let set = [("SecretName", "b"), ("Policy", other.as_str())];
    kms.refused("SetSecretPolicy", &set, 400, "Rejected.ShareQuotaExceedLimit", EXCEEDED);
    let kept = kms.ok("GetSecretPolicy", &[("SecretName", "b")]);
    assert_eq!(kept["Policy"], one);
    kms.ok("SetSecretPolicy", &[("SecretName", "a"), ("Policy", &policy(&[ACCOUNT]))]);
    // What is replaced counts no more.
    kms.ok("SetSecretPolicy", &set);
    let set = [("SecretName", "a"), ("Policy", one.as_str())];
    kms.refused("SetSecretPolicy", &set, 400, "Rejected.ShareQuotaExceedLimit", EXCEEDED);
    // An instance without such a quota, and no instance at all.
    kms.create_with("c", &[("DKMSInstanceId", "kst-a"), ("Policy", &two)]);
    kms.create_with("d", &[("Policy", &two)]);
}

#[test]
fn a_policy_has_its_bounds() {
    let kms = Kms::start();
    let policy = |spaces: usize| {
        let text = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":"acs:ram::1:*"},"Action":"kms:*","Resource":"*"}]}"#;
        text.to_owned() + &" ".repeat(spaces)
    };
    let most = 32_768 - policy(0).len();
    kms.create_with("most", &[("Policy", &policy(most))]);
    let kept = kms.ok("GetSecretPolicy", &[("SecretName", "most")]);
    assert_eq!(kept["Policy"], policy(most));
    let why = reason(&kms, "more", &[("Policy", &policy(most + 1))], "Policy");
    assert_eq!(why, "has more than 32,768 bytes");
    assert_eq!(reason(&kms, "more", &[("Policy", "{}")], "Policy"), "Version is missing");
    let set = [("SecretName", "most"), ("Policy", &policy(most + 1))];
    let message = not_valid("Policy", "has more than 32,768 bytes");
    kms.refused("SetSecretPolicy", &set, 400, INVALID, &message);
    // An empty one is none.
    kms.create_with("none", &[("Policy", "")]);
}

#[test]
fn in_strict_mode_a_policy_needs_an_instance() {
    let kms = Kms::start_and("", |settings| settings.kms_strict = true);
    let policy = r#"{"Version":"1","Statement":[{"Effect":"Allow","Principal":{"RAM":"acs:ram::1:*"},"Action":"kms:*","Resource":"*"}]}"#;
    let parameters = creation("a", &[("Policy", policy)]);
    kms.refused(CREATE, &parameters, 400, "UnsupportedOperation", UNSUPPORTED);
    kms.create("a");
    let name = ("SecretName", "a");
    let unsupported = "The specified key does not support key policy.";
    let code = "Forbidden.KeyPolicyUnSupported";
    kms.refused("SetSecretPolicy", &[name, ("Policy", policy)], 400, code, unsupported);
    kms.refused("GetSecretPolicy", &[name], 400, code, unsupported);
    kms.create_with("b", &[("Policy", policy), ("DKMSInstanceId", "kst-a")]);
    assert_eq!(kms.ok("GetSecretPolicy", &[("SecretName", "b")])["Policy"], policy);
}

#[test]
fn too_many_requests_are_throttled() {
    let kms = Kms::start_and("", |settings| settings.rate_limit = Some("1/s".parse().unwrap()));
    // On a slow machine the second request may come late enough to be answered.
    let throttled = |action, parameters: Given| {
        let mut replies = (0..50).map(|_| kms.call(action, parameters));
        replies.find(|reply| reply.status == 429).expect("too many requests")
    };
    let reply = throttled(CREATE, &creation("a", &[]));
    failed(&reply, 429, "Rejected.Throttling", "The QPS upper limit is exceeded.");
    assert_eq!(reply.header("x-acs-retry-after"), Some("1"));
    let reply = throttled("GetSecretValue", &[("SecretName", "a")]);
    failed(&reply, 429, "Rejected.Throttling", "QPS Limit Exceeded");
}
