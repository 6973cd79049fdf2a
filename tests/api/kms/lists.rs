//! ListSecrets.

use super::harness::*;

const INVALID: &str = "InvalidParameter";
const LIST: &str = "ListSecrets";

/// Filters as the parameter has them.
fn filters(filters: &[(&str, &[&str])]) -> String {
    let filters = filters.iter().map(|(key, values)| json!({"Key": key, "Values": values}));
    Value::from_iter(filters).to_string()
}

#[track_caller]
fn found(kms: &Kms, wanted: &[(&str, &[&str])]) -> String {
    let listed = kms.ok(LIST, &[("Filters", &filters(wanted)), ("PageSize", "100")]);
    let names = names(&listed);
    assert_eq!(listed["TotalCount"], names.len());
    names.join(" ")
}

fn tags(tags: &[(&str, &str)]) -> String {
    let tags = tags.iter().map(|(key, value)| json!({"TagKey": key, "TagValue": value}));
    Value::from_iter(tags).to_string()
}

#[test]
fn empty_lists_have_their_wrapper() {
    let kms = Kms::start();
    let nothing = json!({
        "SecretList": {"Secret": []}, "PageNumber": 1, "PageSize": 10, "TotalCount": 0,
    });
    assert_eq!(kms.ok(LIST, &[]), nothing);
    kms.create("a");
    let behind = kms.ok(LIST, &[("PageNumber", "2")]);
    assert_eq!(behind["SecretList"], json!({"Secret": []}));
    assert_eq!(behind["TotalCount"], 1);
    for key in ["SecretName", "TagKey", "TagValue", "Description", "SecretType", "Creator"] {
        let listed = kms.ok(LIST, &[("Filters", &filters(&[(key, &["none"])]))]);
        assert_eq!(listed, nothing, "{key}");
    }
    // The other lists of secrets.
    let versions = [("SecretName", "a"), ("PageNumber", "9")];
    let behind = kms.ok("ListSecretVersionIds", &versions);
    assert_eq!(behind["VersionIds"], json!({"VersionId": []}));
    let rows = kms.ok("ListTagResources", &[("ResourceType", "secret"), ("ResourceId.1", "a")]);
    assert_eq!(rows, json!({"TagResources": {"TagResource": []}, "NextToken": ""}));
}

#[test]
fn secrets_are_listed_newest_first() {
    let kms = Kms::start();
    kms.create("a");
    kms.wait(1);
    // At the same moment they are still in their order.
    kms.create_with("c", &[("Tags", &tags(&[("k", "v"), ("j", "")]))]);
    kms.create("b");
    kms.create_with("elsewhere", &[("RegionId", "cn-beijing")]);
    kms.wait(1);
    kms.put("a", "v2", &[]);
    let secret = |name: &str, created: &str, updated: &str| {
        json!({
            "SecretName": name, "SecretType": "Generic", "CreateTime": created,
            "UpdateTime": updated,
        })
    };
    let expected = json!({
        "SecretList": {"Secret": [
            secret("b", "2026-01-02T03:04:06Z", "2026-01-02T03:04:06Z"),
            secret("c", "2026-01-02T03:04:06Z", "2026-01-02T03:04:06Z"),
            secret("a", "2026-01-02T03:04:05Z", "2026-01-02T03:04:07Z"),
        ]},
        "PageNumber": 1, "PageSize": 10, "TotalCount": 3,
    });
    assert_eq!(kms.ok(LIST, &[]), expected);
    assert_eq!(kms.ok(LIST, &[("FetchTags", "False"), ("Filters", "[]")]), expected);
    let listed = kms.ok(LIST, &[("FetchTags", "true")]);
    let shown = &listed["SecretList"]["Secret"];
    assert_eq!(shown[0]["Tags"], json!({"Tag": []}));
    let expected =
        [json!({"TagKey": "j", "TagValue": ""}), json!({"TagKey": "k", "TagValue": "v"})];
    assert_eq!(shown[1]["Tags"]["Tag"], json!(expected));
    assert_eq!(kms.listed(&[("RegionId", "cn-beijing")]), ["elsewhere"]);
}

#[test]
fn pages_are_parts_of_the_list() {
    let kms = Kms::start();
    for number in 0..23 {
        kms.create(&format!("s{number:02}"));
    }
    let mut all = vec![];
    for page in 1..=4 {
        let number = page.to_string();
        let listed = kms.ok(LIST, &[("PageNumber", &number)]);
        assert_eq!((&listed["PageNumber"], &listed["PageSize"]), (&json!(page), &json!(10)));
        assert_eq!(listed["TotalCount"], 23);
        let names = names(&listed);
        assert_eq!(names.len(), [10, 10, 3, 0][page - 1]);
        all.extend(names);
    }
    let expected: Vec<String> = (0..23).rev().map(|number| format!("s{number:02}")).collect();
    assert_eq!(all, expected);
    assert_eq!(kms.listed(&[("PageSize", "100")]), expected);
    assert_eq!(kms.listed(&[("PageSize", "1"), ("PageNumber", "23")]), ["s00"]);
    let last = [("PageSize", "100"), ("PageNumber", "2147483647")];
    assert_eq!(kms.ok(LIST, &last)["PageNumber"], 2_147_483_647);
    // Those of a filter have pages as well.
    let filter = filters(&[("SecretName", &["s03", "s01", "s02"])]);
    let page = |number| {
        kms.ok(LIST, &[("Filters", filter.as_str()), ("PageSize", "2"), ("PageNumber", number)])
    };
    assert_eq!(
        (names(&page("1")), &page("1")["TotalCount"]),
        (vec!["s03".into(), "s02".into()], &json!(3))
    );
    assert_eq!((names(&page("2")), &page("2")["TotalCount"]), (vec!["s01".into()], &json!(3)));
    assert_eq!(names(&page("3")), Vec::<String>::new());
    let filter = filters(&[("SecretType", &["Generic"])]);
    let parameters = [("Filters", filter.as_str()), ("PageSize", "20"), ("PageNumber", "2")];
    let listed = kms.ok(LIST, &parameters);
    assert_eq!(
        (names(&listed), &listed["TotalCount"]),
        (vec!["s02".into(), "s01".into(), "s00".into()], &json!(23))
    );

    for (name, value) in [
        ("PageNumber", "0"),
        ("PageNumber", "-1"),
        ("PageNumber", "2147483648"),
        ("PageNumber", "one"),
        ("PageSize", "0"),
        ("PageSize", "101"),
        ("PageSize", "ten"),
        ("FetchTags", "yes"),
    ] {
        kms.refused(LIST, &[(name, value)], 400, INVALID, &some_not_valid(name));
    }
}

#[test]
fn those_in_their_window_are_listed_and_those_past_it_are_not() {
    let kms = Kms::start();
    for name in ["a", "b", "c"] {
        kms.create_with(name, &[("Tags", &tags(&[("k", "v")]))]);
    }
    kms.ok("DeleteSecret", &[("SecretName", "b"), ("RecoveryWindowInDays", "7")]);
    kms.ok("DeleteSecret", &[("SecretName", "c"), ("RecoveryWindowInDays", "8")]);
    let ways = [
        "[]".to_owned(),
        filters(&[("SecretName", &["a", "b", "c"])]),
        filters(&[("TagKey", &["k"])]),
        filters(&[("TagValue", &["v"])]),
        filters(&[("SecretType", &["Generic"])]),
        filters(&[("Creator", &[ACCOUNT])]),
    ];
    let check = |expected: &[&str]| {
        for way in &ways {
            let listed = kms.ok(LIST, &[("Filters", way)]);
            assert_eq!(names(&listed), expected, "{way}");
            assert_eq!(listed["TotalCount"], expected.len(), "{way}");
            let page = [("Filters", way.as_str()), ("PageSize", "1"), ("PageNumber", "2")];
            let second: Vec<&str> = expected.iter().skip(1).take(1).copied().collect();
            assert_eq!(kms.listed(&page), second, "{way}");
        }
    };
    check(&["c", "b", "a"]);
    kms.set_time(7 * DAY - 1);
    check(&["c", "b", "a"]);
    kms.set_time(7 * DAY);
    check(&["c", "a"]);
    kms.set_time(8 * DAY);
    check(&["a"]);
    kms.create("b");
    assert_eq!(kms.listed(&[]), ["b", "a"]);
    assert_eq!(kms.ok(LIST, &[])["TotalCount"], 2);
}

#[test]
fn filters_narrow_a_list_down() {
    let kms = Kms::start_with("kms: { instances: [{ id: kst-a }, { id: kst-b }] }");
    kms.create_with("one", &[("Description", "First one"), ("Tags", &tags(&[("env", "prod")]))]);
    kms.create_with(
        "two",
        &[("Description", "second %_one"), ("Tags", &tags(&[("env", "dev"), ("team", "prod")]))],
    );
    kms.create_with("three", &[("Tags", &tags(&[("Env", "Prod"), ("empty", "")]))]);
    let rds = r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-1"}"#;
    let data = r#"{"Accounts":[{"AccountName":"u","AccountPassword":"canary-not-real"}]}"#;
    kms.create_with(
        "four",
        &[
            ("SecretType", "Rds"),
            ("ExtendedConfig", rds),
            ("SecretData", data),
            ("DKMSInstanceId", "kst-a"),
            ("Tags", &tags(&[("env", "prod"), ("team", "x")])),
        ],
    );

    let found = |wanted: &[(&str, &[&str])]| found(&kms, wanted);
    // Names are whole, and their case counts.
    assert_eq!(found(&[("SecretName", &["one", "four", "none"])]), "four one");
    assert_eq!(found(&[("SecretName", &["One", "o", "on%"])]), "");
    // Descriptions contain it, and no character is a pattern.
    assert_eq!(found(&[("Description", &["one"])]), "two one");
    assert_eq!(found(&[("Description", &["First"])]), "one");
    assert_eq!(found(&[("Description", &["first", "FIRST"])]), "");
    assert_eq!(found(&[("Description", &["%_"])]), "two");
    assert_eq!(found(&[("Description", &["_", "st"])]), "two one");
    assert_eq!(found(&[("Description", &["%"])]), "two");
    // Keys and values of any tag.
    assert_eq!(found(&[("TagKey", &["env"])]), "four two one");
    assert_eq!(found(&[("TagKey", &["Env", "team"])]), "four three two");
    assert_eq!(found(&[("TagKey", &["e"])]), "");
    assert_eq!(found(&[("TagValue", &["prod"])]), "four two one");
    assert_eq!(found(&[("TagValue", &["x", "Prod"])]), "four three");
    assert_eq!(
        found(&[("TagKey", &["team"]), ("TagValue", &["prod"])]),
        "two four".split(' ').rev().collect::<Vec<_>>().join(" ")
    );
    // The page of ListSecrets writes RDS.
    for kind in ["Rds", "RDS", "rds"] {
        assert_eq!(found(&[("SecretType", &[kind])]), "four", "{kind}");
    }
    assert_eq!(found(&[("SecretType", &["generic", "ECS"])]), "three two one");
    assert_eq!(found(&[("SecretType", &["Other"])]), "");
    assert_eq!(found(&[("DKMSInstanceId", &["kst-a"])]), "four");
    assert_eq!(found(&[("DKMSInstanceId", &["kst-b", "kst-a"])]), "four");
    assert_eq!(found(&[("DKMSInstanceId", &["kst-b"])]), "");
    // What users make is the account's.
    assert_eq!(found(&[("Creator", &[ACCOUNT, "other"])]), "four three two one");
    assert_eq!(found(&[("Creator", &[FOREIGN])]), "");
    // All filters have to hold; one without values says nothing.
    assert_eq!(found(&[("TagKey", &["env"]), ("SecretType", &["Generic"])]), "two one");
    assert_eq!(found(&[("SecretName", &["one", "three"]), ("TagKey", &["env"])]), "one");
    assert_eq!(found(&[("SecretName", &["three"]), ("TagKey", &["env"])]), "");
    assert_eq!(
        found(&[("TagKey", &["env"]), ("Description", &["one"]), ("TagValue", &["dev"])]),
        "two"
    );
    assert_eq!(found(&[("SecretName", &[]), ("TagKey", &["team"])]), "four two");
    assert_eq!(found(&[("Description", &["one"]), ("DKMSInstanceId", &["kst-a"])]), "");
}

#[test]
fn filters_refused() {
    let kms = Kms::start();
    kms.create("a");
    let many: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    found(&kms, &[("SecretName", &many[..10])]);
    let long = |length: usize| "n".repeat(length);
    found(&kms, &[("SecretName", &[&long(192)])]);
    found(&kms, &[("TagKey", &[&long(256)])]);
    found(&kms, &[("Description", &[&"中".repeat(256)])]);
    for text in [
        r#"[{"key":"SecretName","values":["a"]}]"#.to_owned(),
        r#"{"Key":"SecretName","Values":["a"]}"#.to_owned(),
        r#"[{"Key":"SecretName","Values":"a"}]"#.to_owned(),
        r#"[{"Key":"SecretName"}]"#.to_owned(),
        r#"[{"Values":["a"]}]"#.to_owned(),
        r#"[{"Key":"SecretName","Values":[1]}]"#.to_owned(),
        r#"[{"Key":"SecretName","Values":["a"],"More":1}]"#.to_owned(),
        "SecretName=a".to_owned(),
        "null".to_owned(),
        filters(&[("Name", &["a"])]),
        filters(&[("secretname", &["a"])]),
        filters(&[("KeyState", &["Enabled"])]),
        filters(&[("OwingService", &["rds"])]),
        filters(&[("", &["a"])]),
        filters(&[("SecretName", &["a"]), ("SecretName", &["b"])]),
        filters(&[("SecretName", &[""])]),
        filters(&[("SecretName", &many)]),
        filters(&[("SecretName", &[&long(193)])]),
        filters(&[("Description", &[&"中".repeat(257)])]),
        filters(&[("TagValue", &["a\u{0}"])]),
        format!("[{}]", [r#"{"Key":"TagKey","Values":[]}"#; 11].join(",")),
    ] {
        kms.refused(LIST, &[("Filters", &text)], 400, INVALID, &some_not_valid("Filters"));
    }
}

/// By a tag at most 4,000 secrets can be found: the newest ones.
#[test]
fn a_tag_finds_so_many() {
    let kms = Kms::start();
    kms.create_with("first", &[("Tags", &tags(&[("wide", "all"), ("narrow", "few")]))]);
    kms.create_with("second", &[("Tags", &tags(&[("wide", "all"), ("other", "all")]))]);
    kms.execute(&format!(
        "INSERT INTO kms_secrets (scope, id, uid, name, secret_type, rotation, created_at, updated_at)
         SELECT scope, id, '00000000000000000000000000000000', name, 'Generic', 'Disabled', 0, 0
         FROM (WITH RECURSIVE numbers(n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5998)
               SELECT '{ACCOUNT}/{REGION}' AS scope, n AS id, 's' || n AS name FROM numbers) AS made;
         INSERT INTO kms_tags (scope, kind, resource_id, tag_key, tag_value)
         SELECT scope, 'secret', id, 'wide', 'all' FROM kms_secrets WHERE id >= 1000;"
    ));
    for wanted in [("TagKey", &["wide"][..]), ("TagValue", &["all", "none"])] {
        let listed = kms.ok(LIST, &[("Filters", &filters(&[wanted])), ("PageSize", "2")]);
        assert_eq!(names(&listed), ["s5998", "s5997"]);
        assert_eq!(listed["TotalCount"], 4000);
        let text = filters(&[wanted]);
        let last = [("Filters", text.as_str()), ("PageSize", "100"), ("PageNumber", "40")];
        assert_eq!(kms.listed(&last).last().unwrap(), "s1999");
    }
    // What another filter finds is looked at as a whole.
    let found = |wanted: &[(&str, &[&str])]| found(&kms, wanted);
    assert_eq!(found(&[("TagKey", &["wide"]), ("TagValue", &["few"])]), "first");
    assert_eq!(found(&[("TagValue", &["all"]), ("TagKey", &["narrow", "other"])]), "second first");
    assert_eq!(found(&[("TagKey", &["wide"]), ("SecretName", &["first", "s1000"])]), "s1000 first");
    let text = filters(&[("TagKey", &["wide"]), ("TagValue", &["all"])]);
    assert_eq!(kms.ok(LIST, &[("Filters", &text)])["TotalCount"], 4000);
}
