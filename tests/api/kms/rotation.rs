//! Rotation, asked for and by itself.

use super::harness::*;

const RDS: &str = r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-1"}"#;
const RDS_PAIR: &str = r#"{"SecretSubType":"DoubleUsers","DBInstanceId":"rm-1"}"#;
const ONE: &str = r#"{"Accounts":[{"AccountName":"app_user","AccountPassword":"first-canary"}]}"#;

/// Creates a secret of one account of a database.
#[track_caller]
fn create(kms: &Kms, name: &str, more: Given) -> Value {
    let given = [
        ("SecretName", name),
        ("VersionId", "v1"),
        ("SecretData", ONE),
        ("SecretType", "Rds"),
        ("ExtendedConfig", RDS),
    ];
    kms.ok("CreateSecret", &[&given, more].concat())
}

const WEEKLY: Given = &[("EnableAutomaticRotation", "true"), ("RotationInterval", "7d")];

#[track_caller]
fn rotate(kms: &Kms, name: &str, version: &str) -> Value {
    kms.ok("RotateSecret", &[("SecretName", name), ("VersionId", version)])
}

/// The account and the password of the version with that stage.
#[track_caller]
fn account(kms: &Kms, name: &str, stage: &str) -> (String, String) {
    let value = kms.ok("GetSecretValue", &[("SecretName", name), ("VersionStage", stage)]);
    let data: Value = serde_json::from_str(value["SecretData"].as_str().unwrap()).unwrap();
    assert_eq!(data.as_object().unwrap().len(), 2, "{data}");
    let text = |name: &str| data[name].as_str().unwrap().to_owned();
    (text("AccountName"), text("AccountPassword"))
}

#[test]
fn intervals_are_shown_in_seconds_whatever_their_unit() {
    let kms = Kms::start();
    let intervals = [
        ("7d", 604_800),
        ("604800s", 604_800),
        ("604,800s", 604_800),
        ("605800s", 605_800),
        ("6h", 21_600),
        ("360m", 21_600),
        ("21600s", 21_600),
        ("8,760h", 31_536_000),
        ("8760h", 31_536_000),
        ("365d", 31_536_000),
    ];
    create(&kms, "changed", &[]);
    for (number, (text, seconds)) in intervals.into_iter().enumerate() {
        let (shown, next) = (format!("{seconds}s"), time(START + seconds));
        let name = format!("created-{number}");
        // Python's clients begin truth values with a capital letter.
        let on = [("EnableAutomaticRotation", "True"), ("RotationInterval", text)];
        let created = create(&kms, &name, &on);
        assert_eq!(
            created,
            json!({
                "AutomaticRotation": "Enabled", "SecretName": name, "VersionId": "v1",
                "NextRotationDate": next, "SecretType": "Rds", "RotationInterval": shown,
                "Arn": format!("acs:kms:cn-hangzhou:1000000000000001:secret/{name}"),
                "ExtendedConfig": RDS.replace('}', r#","CustomData":{}}"#),
            }),
            "{text}"
        );
        let policy = [&[("SecretName", "changed")], &on[..]].concat();
        let changed = kms.ok("UpdateSecretRotationPolicy", &policy);
        assert_eq!(changed, json!({ "SecretName": "changed" }));
        for name in [&*name, "changed"] {
            for reply in [kms.describe(name), kms.value(name)] {
                assert_eq!(reply["AutomaticRotation"], "Enabled", "{text}: {reply}");
                assert_eq!(reply["RotationInterval"], *shown, "{text}: {reply}");
                assert_eq!(reply["NextRotationDate"], *next, "{text}: {reply}");
                assert_eq!(reply["LastRotationDate"], Value::Null, "{text}: {reply}");
            }
        }
    }
}

#[test]
fn what_is_no_interval_is_refused() {
    let kms = Kms::start();
    create(&kms, "there", &[]);
    let create = |more: Given| {
        let given = [
            ("SecretName", "n"),
            ("VersionId", "v1"),
            ("SecretData", ONE),
            ("SecretType", "Rds"),
            ("ExtendedConfig", RDS),
            ("EnableAutomaticRotation", "true"),
        ];
        kms.call("CreateSecret", &[&given, more].concat())
    };
    let update = |more: Given| {
        let given = [("SecretName", "there"), ("EnableAutomaticRotation", "true")];
        kms.call("UpdateSecretRotationPolicy", &[&given, more].concat())
    };
    let range = "is shorter than 6 hours or longer than 8,760 hours";
    let form = "is not a whole number followed by d, h, m or s";
    for (texts, why) in [
        (&["5h", "21599s", "359m", "0d", "366d", "8761h", "31536001s"][..], range),
        (&["1w", "7", "7D", "d", "7 d", "-7d", "7.5d", ",7d", "7d7h", "yes"][..], form),
    ] {
        for text in texts {
            let message = format!("The specified parameter is not valid. RotationInterval: {why}");
            for reply in
                [create(&[("RotationInterval", text)]), update(&[("RotationInterval", text)])]
            {
                failed(&reply, 400, "InvalidParameter", &message);
            }
        }
    }
    let absent = "The parameter \"RotationInterval\" needed but no provided.";
    for reply in [create(&[]), update(&[]), update(&[("RotationInterval", "")])] {
        failed(&reply, 400, "MissingParameter", absent);
    }
    let maybe = [
        ("SecretName", "n"),
        ("VersionId", "v1"),
        ("SecretData", ONE),
        ("SecretType", "Rds"),
        ("ExtendedConfig", RDS),
        ("EnableAutomaticRotation", "maybe"),
    ];
    let message = not_valid("EnableAutomaticRotation", "cannot be read");
    kms.refused("CreateSecret", &maybe, 400, "InvalidParameter", &message);
    assert_eq!(kms.listed(&[]), ["there"]);
    let described = kms.describe("there");
    assert_eq!(described["AutomaticRotation"], "Disabled");
    assert_eq!(described["UpdateTime"], time(START));
}

#[test]
fn where_the_server_is_strict_a_policy_has_a_week_at_least() {
    let kms = Kms::start_strict();
    let six = [("EnableAutomaticRotation", "true"), ("RotationInterval", "6h")];
    assert_eq!(create(&kms, "n", &six)["RotationInterval"], "21600s");
    let update = |interval| {
        let on = [("SecretName", "n"), ("EnableAutomaticRotation", "true")];
        kms.call(
            "UpdateSecretRotationPolicy",
            &[&on[..], &[("RotationInterval", interval)]].concat(),
        )
    };
    for short in ["6h", "604799s"] {
        let message =
            "The specified parameter is not valid. RotationInterval: is shorter than 7 days";
        failed(&update(short), 400, "InvalidParameter", message);
    }
    assert_eq!(update("168h").status, 200);
    assert_eq!(kms.describe("n")["RotationInterval"], "604800s");
}

#[test]
fn a_secret_that_is_not_rotated_shows_neither_interval_nor_date() {
    let kms = Kms::start();
    // What says nothing is not looked at.
    for (name, more) in [
        ("silent", &[][..]),
        ("off", &[("EnableAutomaticRotation", "false"), ("RotationInterval", "rubbish")]),
    ] {
        let created = create(&kms, name, more);
        for reply in [created, kms.describe(name), kms.value(name)] {
            assert_eq!(reply["AutomaticRotation"], "Disabled", "{reply}");
            assert_eq!(reply["RotationInterval"], Value::Null, "{reply}");
            assert_eq!(reply["NextRotationDate"], Value::Null, "{reply}");
        }
    }
    create(&kms, "stopped", WEEKLY);
    kms.wait(DAY);
    let off = [
        ("SecretName", "stopped"),
        ("EnableAutomaticRotation", "False"),
        ("RotationInterval", "1w"),
    ];
    kms.ok("UpdateSecretRotationPolicy", &off);
    let described = kms.describe("stopped");
    assert_eq!(described["AutomaticRotation"], "Disabled");
    assert_eq!(described["RotationInterval"], Value::Null);
    assert_eq!(described["NextRotationDate"], Value::Null);
    assert_eq!(described["UpdateTime"], time(START + DAY));
    assert_eq!(
        kms.number("SELECT count(*) FROM kms_secrets WHERE next_rotation_at IS NOT NULL"),
        0
    );
}

#[test]
fn a_rotation_makes_the_current_version_and_leaves_the_old_one_as_the_previous() {
    let kms = Kms::start();
    create(&kms, "db/app", WEEKLY);
    let (_, first) = account(&kms, "db/app", "ACSCurrent");
    assert_eq!(first, "first-canary");
    kms.wait(DAY);
    let arn = "acs:kms:cn-hangzhou:1000000000000001:secret/db/app";
    let rotated = json!({ "Arn": arn, "SecretName": "db/app", "VersionId": "v2" });
    assert_eq!(rotate(&kms, "db/app", "v2"), rotated);
    let (name, second) = account(&kms, "db/app", "ACSCurrent");
    assert_eq!((name.as_str(), second.len()), ("app_user", 32));
    assert_eq!(account(&kms, "db/app", "ACSPrevious"), ("app_user".to_owned(), first));
    let described = kms.describe("db/app");
    assert_eq!(described["LastRotationDate"], time(START + DAY));
    assert_eq!(described["NextRotationDate"], time(START + 8 * DAY));
    assert_eq!(described["UpdateTime"], time(START + DAY));
    assert_eq!(described["CreateTime"], time(START));
    let value = kms.value("db/app");
    assert_eq!(value["LastRotationDate"], time(START + DAY));
    assert_eq!(value["VersionId"], "v2");
    assert_eq!(value["VersionStages"], json!({ "VersionStage": ["ACSCurrent"] }));
    assert_eq!(value["CreateTime"], time(START));

    // By its name across accounts as well; the one before the previous has no stage any more.
    kms.wait(HOUR);
    assert_eq!(rotate(&kms, arn, "v3")["SecretName"], "db/app");
    assert_eq!(kms.versions("db/app"), ["v3 ACSCurrent", "v2 ACSPrevious", "v1"]);
    assert_eq!(account(&kms, "db/app", "ACSPrevious").1, second);
    // A managed secret's versions are not asked for by their ids.
    let by_id = kms.ok("GetSecretValue", &[("SecretName", "db/app"), ("VersionId", "v1")]);
    assert_eq!(by_id["VersionId"], "v3");
}

#[test]
fn a_version_that_exists_is_not_made_again() {
    let kms = Kms::start();
    create(&kms, "n", WEEKLY);
    rotate(&kms, "n", "v2");
    let before = (kms.value("n"), kms.describe("n"), kms.versions("n"));
    kms.wait(HOUR);
    // As often as it is asked for: it is no rotation.
    for version in ["v2", "v1", "v2"].into_iter().cycle().take(60) {
        let again = rotate(&kms, "n", version);
        assert_eq!(again["VersionId"], version);
    }
    assert_eq!((kms.value("n"), kms.describe("n"), kms.versions("n")), before);
}

#[test]
fn ten_versions_of_a_rotated_secret_are_kept() {
    let kms = Kms::start();
    create(&kms, "n", &[]);
    for number in 2..=14 {
        rotate(&kms, "n", &format!("v{number}"));
    }
    let versions = kms.versions("n");
    let ids: Vec<&str> = versions.iter().map(|it| it.split(' ').next().unwrap()).collect();
    let expected: Vec<String> = (5..=14).rev().map(|number| format!("v{number}")).collect();
    assert_eq!(ids, expected);
}

#[test]
fn two_accounts_take_turns() {
    let kms = Kms::start();
    let pair = r#"{"Accounts":[{"AccountName":"first_user","AccountPassword":"canary-one"},{"AccountName":"second_user","AccountPassword":"canary-two"}]}"#;
    let redis = r#"{"SecretSubType":"DoubleUsers","InstanceId":"r-1","RegionId":"cn-hangzhou","AccountName":"u","CloneAccountName":"u_clone","AccountPrivilege":"RoleReadOnly"}"#;
    let polar = r#"{"SecretSubType":"DoubleUsers","RegionId":"cn-hangzhou","DBClusterId":"pc-1","DBType":"MySQL","AccountName":"u","AccountPrivilege":"ReadWrite","DBName":"shop"}"#;
    for (name, kind, config, data, accounts) in [
        ("pair", "Rds", RDS_PAIR, pair, ["first_user", "second_user"]),
        ("one", "Rds", RDS_PAIR, ONE, ["app_user", "app_user_clone"]),
        ("redis", "Redis", redis, "$Auto", ["u", "u_clone"]),
        ("polar", "PolarDB", polar, "$Auto", ["u", "u_clone"]),
    ] {
        let given = [
            ("SecretName", name),
            ("VersionId", "v0"),
            ("SecretData", data),
            ("SecretType", kind),
            ("ExtendedConfig", config),
        ];
        kms.ok("CreateSecret", &given);
        let mut passwords = vec![account(&kms, name, "ACSCurrent").1];
        for round in 1..=4 {
            rotate(&kms, name, &format!("v{round}"));
            let (current, password) = account(&kms, name, "ACSCurrent");
            assert_eq!(current, accounts[round % 2], "{name}");
            assert_eq!(password.len(), 32);
            // What was given out before still works, since the other account was changed.
            let previous = account(&kms, name, "ACSPrevious");
            assert_eq!(
                previous,
                (accounts[(round + 1) % 2].to_owned(), passwords[round - 1].clone())
            );
            passwords.push(password);
        }
        passwords.sort();
        passwords.dedup();
        assert_eq!(passwords.len(), 5, "{name}: each password is new");
    }
}

#[test]
fn errors_of_rotation() {
    let kms = Kms::start();
    create(&kms, "mine", &[]);
    create(&kms, "gone", &[]);
    kms.ok(
        "CreateSecret",
        &[("SecretName", "generic"), ("VersionId", "v"), ("SecretData", "canary-generic")],
    );
    kms.ok(
        "CreateSecret",
        &[("SecretName", "old"), ("VersionId", "v"), ("SecretData", "canary-generic")],
    );
    for name in ["gone", "old"] {
        kms.ok("DeleteSecret", &[("SecretName", name)]);
    }
    let away = [("DKMSInstanceId", "kst-away")];
    create(&kms, "away", &away);
    let on = [("EnableAutomaticRotation", "true"), ("RotationInterval", "6h")];
    let operations: [(&str, Given); 2] =
        [("RotateSecret", &[("VersionId", "v2")]), ("UpdateSecretRotationPolicy", &on)];
    for (action, more) in operations {
        let of = |name: &'static str| [&[("SecretName", name)], more].concat();
        let invalid = "The specified parameter is not valid. SecretName: may hold letters, digits and _/+=.@- only";
        kms.refused(action, &of("a b"), 400, "InvalidParameter", invalid);
        let absent = "The parameter \"SecretName\" needed but no provided.";
        kms.refused(action, more, 400, "MissingParameter", absent);
        for name in ["unknown", "$Auto", "acs:kms:cn-hangzhou:2000000000000002:secret/mine"] {
            if name == "$Auto" {
                kms.refused(action, &of(name), 400, "InvalidParameter", invalid);
            } else {
                let message = "Resource not found";
                kms.refused(action, &of(name), 404, "Forbidden.ResourceNotFound", message);
            }
        }
        let unsupported = "This action is not supported.";
        kms.refused(action, &of("generic"), 400, "UnsupportedOperation", unsupported);
        for name in ["gone", "old"] {
            let message = "secret in delete peroid";
            kms.refused(action, &of(name), 409, "Rejected.ResourceInDeleteWindow", message);
        }
        for name in ["mine", "unknown"] {
            let denied = kms.user("nobody").call(action, &of(name));
            let message = format!(
                "This operation for acs:kms:cn-hangzhou:1000000000000001:secret/{name} is forbidden by permission system."
            );
            failed(&denied, 403, "Forbidden.NoPermission", &message);
        }
        assert_eq!(kms.user("rotator").call(action, &of("mine")).status, 200, "{action}");
    }
    let of_mine = [("SecretName", "mine")];
    let rotate = |version: &str| kms.call("RotateSecret", &[of_mine[0], ("VersionId", version)]);
    let absent = "The parameter \"VersionId\" needed but no provided.";
    failed(&rotate(""), 400, "MissingParameter", absent);
    let invalid = "The specified parameter is not valid. VersionId: has more than 64 characters";
    failed(&rotate(&"é".repeat(65)), 400, "InvalidParameter", invalid);
    assert_eq!(rotate(&"é".repeat(64)).status, 200);
    let absent = "The parameter \"EnableAutomaticRotation\" needed but no provided.";
    kms.refused("UpdateSecretRotationPolicy", &of_mine, 400, "MissingParameter", absent);
    let invalid = "The specified parameter is not valid. EnableAutomaticRotation: cannot be read";
    let maybe = [of_mine[0], ("EnableAutomaticRotation", "maybe")];
    kms.refused("UpdateSecretRotationPolicy", &maybe, 400, "InvalidParameter", invalid);
    let of_away = [("SecretName", "away"), ("VersionId", "v2")];
    let message = "The DKMS instance state is invalid.";
    kms.refused("RotateSecret", &of_away, 403, "Forbidden.DKMSInstanceStateInvalid", message);
}

#[test]
fn an_account_has_fifty_rotations_an_hour() {
    let kms = Kms::start();
    create(&kms, "one", &[]);
    let in_beijing = [("RegionId", "cn-beijing")];
    create(&kms, "other", &in_beijing);
    kms.wait(10);
    for number in 0..25 {
        let version = format!("r{number}");
        rotate(&kms, "one", &version);
        let elsewhere = [("SecretName", "other"), ("VersionId", &version), in_beijing[0]];
        kms.ok("RotateSecret", &elsewhere);
        kms.wait(60);
    }
    let one_more = [("SecretName", "one"), ("VersionId", "more")];
    let message = "QPS Limit Exceeded";
    kms.refused("RotateSecret", &one_more, 429, "Rejected.Throttling", message);
    // What is no rotation is answered all the same.
    rotate(&kms, "one", "r24");
    assert_eq!(kms.value("one")["VersionId"], "r24");
    // The hour begins with the first rotation.
    kms.wait(HOUR - 25 * 60 - 1);
    kms.refused("RotateSecret", &one_more, 429, "Rejected.Throttling", message);
    kms.wait(1);
    rotate(&kms, "one", "more");
}

#[test]
fn the_next_rotation_is_an_interval_after_the_last_one_or_the_creation() {
    let kms = Kms::start();
    create(&kms, "n", &[]);
    kms.wait(DAY);
    let every = |interval| {
        let given = [
            ("SecretName", "n"),
            ("EnableAutomaticRotation", "true"),
            ("RotationInterval", interval),
        ];
        kms.ok("UpdateSecretRotationPolicy", &given);
        kms.describe("n")["NextRotationDate"].as_str().unwrap().to_owned()
    };
    assert_eq!(every("2d"), time(START + 2 * DAY), "after the creation");
    rotate(&kms, "n", "v2");
    assert_eq!(kms.describe("n")["NextRotationDate"], time(START + 3 * DAY));
    kms.wait(HOUR);
    assert_eq!(every("7d"), time(START + 8 * DAY), "after the last rotation");
    kms.ok(
        "UpdateSecretRotationPolicy",
        &[("SecretName", "n"), ("EnableAutomaticRotation", "false")],
    );
    assert_eq!(kms.describe("n")["LastRotationDate"], time(START + DAY), "it remembers that");
    assert_eq!(every("36h"), time(START + DAY + 36 * HOUR));
}

#[test]
fn what_is_past_is_rotated_at_once() {
    let kms = Kms::start();
    create(&kms, "n", &[]);
    kms.wait(3 * DAY);
    let given =
        [("SecretName", "n"), ("EnableAutomaticRotation", "true"), ("RotationInterval", "1d")];
    kms.ok("UpdateSecretRotationPolicy", &given);
    eventually("the rotation", || kms.versions("n").len() == 2);
    let described = kms.describe("n");
    assert_eq!(described["LastRotationDate"], time(START + 3 * DAY));
    assert_eq!(described["NextRotationDate"], time(START + 4 * DAY));
}

#[test]
fn a_secret_is_rotated_by_itself_once_each_time() {
    let kms = Kms::start();
    create(&kms, "n", WEEKLY);
    create(&kms, "never", &[]);
    let is_uuid = |id: &str| {
        let hyphens: Vec<usize> = id.match_indices('-').map(|(at, _)| at).collect();
        let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c) || c == '-';
        id.len() == 36 && hyphens == [8, 13, 18, 23] && id.chars().all(is_digit)
    };
    kms.wait(7 * DAY - 1);
    let due = || kms.number("SELECT count(*) FROM kms_secrets WHERE next_rotation_at IS NOT NULL");
    assert_eq!(due(), 1);
    // Time for two passes at least, in which nothing may happen.
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(kms.versions("n").len(), 1);
    let mut passwords = vec![account(&kms, "n", "ACSCurrent").1];
    for round in 1..=3_i64 {
        // More than one interval may have gone by: the next one counts from the rotation.
        kms.wait(if round == 1 { 1 } else { 15 * DAY });
        let now = START + 7 * DAY + (round - 1) * 15 * DAY;
        let count = usize::try_from(round + 1).unwrap();
        eventually("the rotation", || kms.versions("n").len() == count);
        let described = kms.describe("n");
        assert_eq!(described["AutomaticRotation"], "Enabled");
        assert_eq!(described["RotationInterval"], "604800s");
        assert_eq!(described["LastRotationDate"], time(now));
        assert_eq!(described["NextRotationDate"], time(now + 7 * DAY));
        assert_eq!(described["UpdateTime"], time(now));
        let value = kms.value("n");
        assert!(is_uuid(value["VersionId"].as_str().unwrap()), "{value}");
        assert_eq!(value["LastRotationDate"], time(now));
        assert_eq!(account(&kms, "n", "ACSPrevious").1, *passwords.last().unwrap());
        passwords.push(account(&kms, "n", "ACSCurrent").1);
    }
    passwords.sort();
    passwords.dedup();
    assert_eq!(passwords.len(), 4);
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!((kms.versions("n").len(), kms.versions("never").len()), (4, 1));
}

#[test]
fn a_secret_that_is_to_be_deleted_is_rotated_only_once_it_is_restored() {
    let kms = Kms::start();
    create(&kms, "n", &[("EnableAutomaticRotation", "true"), ("RotationInterval", "6h")]);
    create(&kms, "witness", &[("EnableAutomaticRotation", "true"), ("RotationInterval", "6h")]);
    kms.ok("DeleteSecret", &[("SecretName", "n")]);
    kms.wait(DAY);
    eventually("the other rotation", || kms.versions("witness").len() == 2);
    let pending = kms.describe("n");
    assert_eq!(pending["NextRotationDate"], time(START + 6 * HOUR));
    assert_eq!(kms.versions("n").len(), 1);
    kms.ok("RestoreSecret", &[("SecretName", "n")]);
    eventually("the rotation", || kms.versions("n").len() == 2);
    assert_eq!(kms.describe("n")["NextRotationDate"], time(START + DAY + 6 * HOUR));
}

#[test]
fn what_cannot_be_rotated_is_invalid_until_its_next_date_and_holds_up_no_other() {
    let kms = Kms::start();
    let every_six = [("EnableAutomaticRotation", "true"), ("RotationInterval", "6h")];
    let damages = [
        ("payload", "kms_versions SET payload = data_key"),
        ("config", "kms_secrets SET extended_config = '{}'"),
        ("type", "kms_secrets SET secret_type = 'Generic'"),
        ("row", "kms_secrets SET uid = 'zz'"),
        ("version", "kms_versions SET data_type = 'weird'"),
        ("stage", "kms_versions SET stages = ',Other,'"),
    ];
    let names = damages.map(|(name, _)| name);
    for name in names.iter().chain(&["whole", "other"]) {
        create(&kms, name, &every_six);
    }
    let in_away = [every_six[0], every_six[1], ("DKMSInstanceId", "kst-away")];
    create(&kms, "away", &in_away);
    for (name, change) in damages {
        let id = format!("(SELECT id FROM kms_secrets WHERE name = '{name}')");
        let key = if change.starts_with("kms_versions") { "secret_id" } else { "id" };
        kms.execute(&format!("UPDATE {change} WHERE {key} = {id}"));
    }
    let state = |name: &str, state: &str, next: i64| {
        kms.number(&format!(
            "SELECT count(*) FROM kms_secrets WHERE name = '{name}' AND rotation = '{state}'
             AND next_rotation_at = {next}"
        )) == 1
    };
    kms.wait(6 * HOUR);
    for name in names.iter().chain(&["away"]) {
        let next = (START + 12 * HOUR) * 1000;
        eventually(name, || state(name, "Invalid", next));
    }
    for name in ["whole", "other"] {
        eventually(name, || kms.versions(name).len() == 2);
    }
    let described = kms.describe("payload");
    assert_eq!(described["AutomaticRotation"], "Invalid");
    assert_eq!(described["RotationInterval"], "21600s");
    assert_eq!(described["NextRotationDate"], time(START + 12 * HOUR));
    assert_eq!(described["LastRotationDate"], Value::Null);
    let failure = kms.call("RotateSecret", &[("SecretName", "payload"), ("VersionId", "v2")]);
    failed(&failure, 500, "InternalFailure", "Internal Failure");

    // What is mended meanwhile is rotated when it is due next, and is not invalid any more.
    kms.execute(&format!("UPDATE kms_secrets SET extended_config = '{RDS}' WHERE name = 'config'"));
    kms.wait(6 * HOUR - 1);
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert_eq!(kms.describe("config")["AutomaticRotation"], "Invalid");
    kms.wait(1);
    eventually("the mended one", || kms.describe("config")["AutomaticRotation"] == "Enabled");
    assert_eq!(kms.versions("config").len(), 2);
    for name in ["payload", "stage", "row"] {
        eventually(name, || state(name, "Invalid", (START + 18 * HOUR) * 1000));
    }
    // Nor when its policy is set anew, or it is rotated by hand.
    kms.execute("UPDATE kms_secrets SET rotation = 'Invalid' WHERE name IN ('whole', 'other')");
    rotate(&kms, "whole", "by-hand");
    let given = [("SecretName", "other"), every_six[0], every_six[1]];
    kms.ok("UpdateSecretRotationPolicy", &given);
    for name in ["whole", "other"] {
        assert_eq!(kms.describe(name)["AutomaticRotation"], "Enabled");
    }
}

#[test]
fn many_that_are_due_at_once_are_all_rotated() {
    let kms = Kms::start();
    for number in 0..130 {
        create(&kms, &format!("n{number}"), &[]);
    }
    // More than are read at once; the first ones cannot be rotated.
    kms.execute(&format!(
        "UPDATE kms_secrets SET rotation = 'Enabled', rotation_interval = 21600, next_rotation_at = {START};
         UPDATE kms_secrets SET extended_config = '' WHERE id <= 110"
    ));
    kms.wait(1);
    let count = |sql: &str| kms.number(&format!("SELECT count(*) FROM {sql}"));
    eventually("the rotations", || count("kms_secrets WHERE last_rotation_at IS NOT NULL") == 20);
    eventually("the others", || count("kms_secrets WHERE rotation = 'Invalid'") == 110);
    assert_eq!(count("kms_versions"), 150);
}

#[test]
fn a_secret_is_rotated_only_as_long_as_its_key_can_be_used() {
    let kms = Kms::start();
    let key = |kms: &Kms| {
        let made = kms.ok("CreateKey", &[]);
        made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
    };
    let (used, other) = (key(&kms), key(&kms));
    let every_six = [("EnableAutomaticRotation", "true"), ("RotationInterval", "6h")];
    for (name, key) in [("n", &used), ("m", &other)] {
        create(&kms, name, &[every_six[0], every_six[1], ("EncryptionKeyId", key)]);
    }
    rotate(&kms, "n", "v2");
    assert_eq!(account(&kms, "n", "ACSPrevious").1, "first-canary");
    assert_eq!(kms.describe("n")["EncryptionKeyId"], used);
    let count = "SELECT count(*) FROM kms_versions WHERE key_version IS NOT NULL";
    assert_eq!(kms.number(count), 3);

    kms.ok("DisableKey", &[("KeyId", &used)]);
    let of_n = [("SecretName", "n"), ("VersionId", "v3")];
    let state = "The request was rejected because the key state is Disabled.";
    kms.refused("RotateSecret", &of_n, 409, "Rejected.Disabled", state);
    kms.wait(6 * HOUR);
    eventually("the other one", || kms.versions("m").len() == 2);
    eventually("the failure", || kms.describe("n")["AutomaticRotation"] == "Invalid");
    assert_eq!(kms.describe("n")["NextRotationDate"], time(START + 12 * HOUR));
    kms.ok("EnableKey", &[("KeyId", &used)]);
    assert_eq!(kms.versions("n").len(), 2, "not before it is due again");
    kms.wait(6 * HOUR);
    eventually("the rotation", || kms.versions("n").len() == 3);
    assert_eq!(kms.describe("n")["AutomaticRotation"], "Enabled");

    kms.ok("ScheduleKeyDeletion", &[("KeyId", &used), ("PendingWindowInDays", "7")]);
    let state = "The request was rejected because the key state is PendingDeletion.";
    kms.refused("RotateSecret", &of_n, 409, "Rejected.PendingDeletion", state);
    kms.wait(7 * DAY);
    let gone = "The specified Key is not found.";
    kms.refused("RotateSecret", &of_n, 404, "Forbidden.KeyNotFound", gone);
    eventually("the failure", || kms.describe("n")["AutomaticRotation"] == "Invalid");
    kms.refused("RotateSecret", &of_n, 404, "Forbidden.KeyNotFound", gone);
}

#[test]
fn the_keys_of_a_user_that_is_gone_are_not_rotated() {
    let kms = Kms::start();
    let given = [
        ("SecretName", "$Auto"),
        ("VersionId", "v1"),
        (
            "SecretData",
            r#"{"AccessKeys":[{"AccessKeyId":"LTAI5tCanary","AccessKeySecret":"canary-not-real"}]}"#,
        ),
        ("SecretType", "RAMCredentials"),
        ("ExtendedConfig", r#"{"SecretSubType":"RamUserAccessKey","UserName":"alice"}"#),
        ("EnableAutomaticRotation", "true"),
        ("RotationInterval", "6h"),
    ];
    kms.ok("CreateSecret", &given);
    // As if the world had lost the user since.
    kms.execute(
        "UPDATE kms_secrets SET extended_config = replace(extended_config, 'alice', 'mallory')",
    );
    let named = [("SecretName", "acs/ram/user/alice"), ("VersionId", "v2")];
    kms.refused("RotateSecret", &named, 404, "Forbidden.ResourceNotFound", "Resource not found");
    kms.wait(6 * HOUR);
    let state = || kms.describe("acs/ram/user/alice")["AutomaticRotation"].clone();
    eventually("the failure", || state() == "Invalid");
}

#[test]
fn what_waits_for_its_key_stays_due_and_holds_up_no_other() {
    let kms = Kms::start();
    for number in 0..115 {
        create(&kms, &format!("n{number}"), &[]);
    }
    // More than are read at once, by a key of the database whose master key is not at hand.
    kms.execute(&format!(
        "INSERT INTO keys (id, master_key, wrapped, is_current, created_at)
             SELECT 'db/000000000000', 'absent', wrapped, false, created_at FROM keys;
         UPDATE kms_versions SET key_id = 'db/000000000000' WHERE secret_id <= 110;
         UPDATE kms_secrets SET rotation = 'Enabled', rotation_interval = 21600,
             next_rotation_at = {START} + id"
    ));
    kms.wait(1);
    let count = |sql: &str| kms.number(&format!("SELECT count(*) FROM kms_secrets WHERE {sql}"));
    eventually("the others", || count("last_rotation_at IS NOT NULL") == 5);
    assert_eq!(count(&format!("rotation = 'Enabled' AND next_rotation_at = {START} + id")), 110);
    kms.execute(
        "UPDATE kms_versions SET key_id = (SELECT id FROM keys WHERE is_current)
         WHERE key_id = 'db/000000000000'",
    );
    eventually("the next try", || count("last_rotation_at IS NOT NULL") == 115);
}
