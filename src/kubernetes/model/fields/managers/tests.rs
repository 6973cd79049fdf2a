//! The list of owners after creates, updates and patches.

use serde_json::{Value, json};

use super::super::schema::{ObjectKind, Subresource};
use super::{Managers, Write, keep_times, manager_name, record_update, time};

const TIME: &str = "2026-11-30T19:35:36Z";

fn write(manager: &str) -> Write<'_> {
    let time = time::parse(TIME).unwrap();
    Write { kind: ObjectKind::Secret, subresource: None, manager, time }
}

fn entry(manager: &str, operation: &str, time: Option<&str>, fields: &Value) -> Value {
    let mut entry = json!({"manager": manager, "operation": operation, "apiVersion": "v1"});
    if let Some(time) = time {
        entry["time"] = time.into();
    }
    entry["fieldsType"] = "FieldsV1".into();
    entry["fieldsV1"] = fields.clone();
    entry
}

fn secret(owners: &Value) -> Value {
    json!({
        "metadata": {"name": "s", "managedFields": owners},
        "data": {"a": "YQ==", "b": "YQ=="}, "type": "Opaque",
    })
}

fn owners(object: &Value) -> Value {
    object["metadata"].get("managedFields").cloned().unwrap_or_default()
}

/// Every entry that the probes got from a real server (1.37.2), with one time for all.
#[test]
fn entries_of_a_real_server_are_read_and_written() {
    let mut count = 0;
    for line in include_str!("answers.jsonl").lines() {
        let list = serde_json::from_str(&format!("[{line}]")).unwrap();
        let written = Managers::parse(&list).unwrap().to_value().to_string();
        assert_eq!(written, format!("[{line}]"));
        count += 1;
    }
    assert_eq!(count, 117);
}

#[test]
fn the_creator_owns_all_that_may_be_owned() {
    let mut object = json!({
        "apiVersion": "v1", "kind": "Secret", "immutable": false, "type": "Opaque",
        "data": {"a": "YQ==", "s": "eA=="},
        "metadata": {
            "name": "mg", "namespace": "n", "uid": "u", "resourceVersion": "1", "generation": 7,
            "creationTimestamp": TIME, "deletionTimestamp": TIME, "deletionGracePeriodSeconds": 0,
            "selfLink": "/x", "annotations": {"k": "v"}, "labels": {"l": "v"},
            "finalizers": ["example.com/f"], "ownerReferences": [{"name": "p", "uid": "u1"}],
        },
    });
    record_update(&write("unknown"), None, &mut object);
    let fields = r#"{"f:data":{".":{},"f:a":{},"f:s":{}},"f:immutable":{},"f:metadata":{"f:annotations":{".":{},"f:k":{}},"f:finalizers":{".":{},"v:\"example.com/f\"":{}},"f:labels":{".":{},"f:l":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"u1\"}":{}}},"f:type":{}}"#;
    assert_eq!(
        owners(&object).to_string(),
        json!([entry("unknown", "Update", Some(TIME), &serde_json::from_str(fields).unwrap())])
            .to_string()
    );
}

#[test]
fn a_list_sent_with_a_create_loses_what_the_creator_gets() {
    let list = json!([
        entry("m", "Update", None, &json!({})),
        entry("n", "Apply", None, &json!({"f:data": {"f:a": {}}})),
    ]);
    let mut object = secret(&list);
    record_update(&write("unknown"), None, &mut object);
    let fields = json!({"f:data": {".": {}, "f:a": {}, "f:b": {}}, "f:type": {}});
    assert_eq!(owners(&object), json!([entry("unknown", "Update", Some(TIME), &fields)]));
}

#[test]
fn a_changed_field_changes_hands() {
    let before = "2026-01-01T00:00:00Z";
    let list = json!([
        entry("one", "Apply", Some(before), &json!({"f:data": {"f:a": {}, "f:b": {}}})),
        entry("two", "Update", Some(before), &json!({"f:data": {"f:a": {}}})),
    ]);
    let live = secret(&list);
    let mut new = live.clone();
    new["data"]["a"] = "Yg==".into();
    record_update(&write("upd"), Some(&live), &mut new);
    let expected = [
        entry("one", "Apply", Some(before), &json!({"f:data": {"f:b": {}}})),
        entry("upd", "Update", Some(TIME), &json!({"f:data": {"f:a": {}}})),
    ];
    assert_eq!(owners(&new), json!(expected));

    // Who only removes gets nothing, and owners keep their times.
    let mut new = live.clone();
    new["data"].as_object_mut().unwrap().remove("b");
    record_update(&write("two"), Some(&live), &mut new);
    let fields = json!({"f:data": {"f:a": {}}});
    let expected =
        [("one", "Apply"), ("two", "Update")].map(|(m, o)| entry(m, o, Some(before), &fields));
    assert_eq!(owners(&new), json!(expected));
}

#[test]
fn only_the_changed_paths_themselves_are_lost() {
    // What a client says somebody owns may be anywhere.
    let elsewhere = json!({"f:data": {"f:zz": {}}});
    let mut live = secret(&json!([entry("m", "Apply", None, &elsewhere)]));
    let mut new = live.clone();
    live.as_object_mut().unwrap().remove("data");
    record_update(&write("upd"), Some(&live), &mut new);
    assert_eq!(owners(&new)[0], entry("m", "Apply", None, &elsewhere));
}

#[test]
fn a_request_may_write_the_list() {
    let fields = json!({"f:data": {"f:a": {}}});
    let live = secret(&json!([entry("one", "Apply", None, &fields)]));
    let other = entry("m", "Update", Some("2026-01-01T00:00:00Z"), &json!({"f:type": {}}));
    let bad = |name: &str, value: Value| {
        let mut entry = other.clone();
        entry[name] = value;
        json!([entry])
    };
    let kept = owners(&live);
    for (sent, expected) in [
        (Value::Null, kept.clone()),
        (json!([]), Value::Null),
        (json!([{}]), Value::Null),
        (json!([other]), json!([other])),
        // What cannot be read keeps the list.
        (json!([{}, {}]), kept.clone()),
        (json!({}), kept.clone()),
        (json!([5]), kept.clone()),
        (bad("operation", json!("Bogus")), kept.clone()),
        (bad("apiVersion", json!("")), kept.clone()),
        (bad("fieldsType", json!("FieldsV2")), kept.clone()),
        (bad("fieldsType", json!(null)), kept.clone()),
        (bad("fieldsV1", json!({"zap": {}})), kept.clone()),
        (bad("fieldsV1", json!("f:a")), kept.clone()),
        (bad("time", json!("yesterday")), kept.clone()),
        (bad("manager", json!(5)), kept.clone()),
        // No such version, and nothing in it.
        (bad("apiVersion", json!("v2")), Value::Null),
        (bad("fieldsV1", json!({})), Value::Null),
        (bad("fieldsV1", json!(null)), Value::Null),
    ] {
        let mut new = secret(&sent);
        record_update(&write("upd"), Some(&live), &mut new);
        assert_eq!(owners(&new), expected, "{sent}");
    }
    let mut absent = secret(&Value::Null);
    absent["metadata"].as_object_mut().unwrap().remove("managedFields");
    record_update(&write("upd"), Some(&live), &mut absent);
    assert_eq!(owners(&absent), kept);

    let mut by_status = secret(&json!([]));
    let status = Write { subresource: Some(Subresource::Status), ..write("upd") };
    record_update(&status, Some(&live), &mut by_status);
    assert_eq!(owners(&by_status), kept);
}

#[test]
fn an_object_without_owners_stays_without() {
    for list in [Value::Null, json!([]), json!([{"operation": "Bogus"}])] {
        let live = secret(&list);
        let mut new = live.clone();
        new["data"]["c"] = "YQ==".into();
        record_update(&write("upd"), Some(&live), &mut new);
        assert_eq!(new["metadata"].get("managedFields"), None);
    }
}

#[test]
fn the_list_has_one_order() {
    let mut object = secret(&Value::Null);
    let mut seconds = 0;
    let mut update = |manager: &str, key: &str, live: Option<Value>| {
        let mut new = live.clone().unwrap_or_else(|| secret(&Value::Null));
        new["data"][key] = "YQ==".into();
        seconds += 1;
        let time = time::parse(&format!("2026-01-01T00:00:0{seconds}Z")).unwrap();
        record_update(&Write { time, ..write(manager) }, live.as_ref(), &mut new);
        new
    };
    object.clone_from(&update("mid", "a", None));
    for (manager, key) in [("zeta", "z"), ("alpha", "y"), ("mid", "e")] {
        object.clone_from(&update(manager, key, Some(object.clone())));
    }
    let names = |list: &Value| {
        let list = list.as_array().unwrap().iter();
        list.map(|entry| entry["manager"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&owners(&object)), ["zeta", "alpha", "mid"]);

    // Appliers first; entries without a time before those with one; then names.
    let fields = json!({"f:type": {}});
    let list = json!([
        entry("b", "Update", Some(TIME), &fields),
        entry("a", "Update", Some(TIME), &fields),
        entry("c", "Update", None, &fields),
        entry("zeta", "Apply", Some(TIME), &fields),
        entry("yan", "Apply", Some("2026-01-01T00:00:00Z"), &fields),
    ]);
    let list = Managers::parse(&list).unwrap().to_value();
    assert_eq!(names(&list), ["yan", "zeta", "c", "a", "b"]);
}

#[test]
fn addresses_of_a_namespace_have_entries_of_their_own() {
    let live = json!({
        "metadata": {"name": "n", "labels": {"a": "b"}}, "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    });
    let mut namespace = live.clone();
    let main = Write { kind: ObjectKind::Namespace, ..write("m") };
    record_update(&main, None, &mut namespace);
    // Not the status.
    let fields = json!({
        "f:metadata": {"f:labels": {".": {}, "f:a": {}}}, "f:spec": {"f:finalizers": {}},
    });
    let created = entry("m", "Update", Some(TIME), &fields);
    assert_eq!(owners(&namespace), json!([created]));

    let mut new = namespace.clone();
    new["spec"] = json!({});
    new["status"]["phase"] = json!("Terminating");
    let status = Write { subresource: Some(Subresource::Status), ..main };
    record_update(&status, Some(&namespace), &mut new);
    let mut by_status = entry("m", "Update", Some(TIME), &json!({"f:status": {"f:phase": {}}}));
    by_status["subresource"] = "status".into();
    // The finalizers, which this address does not write, stay with their owner.
    assert_eq!(owners(&new), json!([created, by_status]));

    let finalize = Write { subresource: Some(Subresource::Finalize), ..main };
    let mut new = namespace.clone();
    new["spec"]["finalizers"] = json!([]);
    new["status"] = json!({});
    record_update(&finalize, Some(&namespace), &mut new);
    assert_eq!(owners(&new)[1]["subresource"], "finalize");
}

#[test]
fn the_oldest_updaters_become_one() {
    let fields = |key: &str| json!({"f:data": {format!("f:{key}"): {}}});
    let seconds = |n: usize| format!("2026-01-01T00:00:{n:02}Z");
    let list = (0..10)
        .map(|n| entry(&format!("u{n}"), "Update", Some(&seconds(n)), &fields(&n.to_string())));
    let applier = entry("one", "Apply", None, &fields("x"));
    let mut object = secret(&list.chain([applier]).collect());
    for (manager, oldest, owners_time, ancient) in [
        ("new", "u2", seconds(1), json!({"f:data": {"f:0": {}, "f:1": {}}})),
        ("newer", "u3", seconds(2), json!({"f:data": {"f:0": {}, "f:1": {}, "f:2": {}}})),
    ] {
        let live = object.clone();
        object["data"][manager] = "YQ==".into();
        record_update(&write(manager), Some(&live), &mut object);
        let owners = owners(&object);
        let owners = owners.as_array().unwrap();
        assert_eq!(owners.len(), 11);
        assert_eq!(owners[0]["manager"], "one");
        assert_eq!(owners[1]["manager"], "ancient-changes");
        assert_eq!(owners[1]["fieldsV1"], ancient);
        assert_eq!(owners[1]["time"], owners_time);
        assert_eq!(owners[2]["manager"], oldest);
    }
}

#[test]
fn times_alone_are_no_change() {
    let fields = json!({"f:data": {"f:a": {}}});
    let list = |time: &str| json!([entry("one", "Apply", Some(time), &fields)]);
    let (before, after) = ("2026-01-01T00:00:00Z", TIME);
    let live = secret(&list(before));
    let mut new = secret(&list(after));
    keep_times(&live, &mut new);
    assert_eq!(new, live);

    let mut others = [secret(&list(after)), secret(&list(after)), secret(&list(after))];
    others[0]["data"]["a"] = "Yg==".into();
    others[1]["metadata"]["labels"] = json!({"l": "1"});
    others[2]["metadata"]["managedFields"][0]["manager"] = "two".into();
    for other in &mut others {
        keep_times(&live, other);
        assert_eq!(owners(other)[0]["time"], after);
    }
}

#[test]
fn a_manager_has_a_name_of_its_own_or_that_of_its_program() {
    let long = [b'x'; 200];
    for (field_manager, user_agent, expected) in [
        ("me", b"curl/8.0".as_slice(), "me"),
        ("", b"curl/8.0", "curl"),
        ("", b"", "unknown"),
        ("", b"/8.0", "unknown"),
        ("", b"my tool \xfc/1.0", "my tool \u{fffd}"),
        ("", b"a\x01b\tc", "abc"),
        ("", &long, &"x".repeat(128)),
        ("", "é".repeat(100).as_bytes(), &"é".repeat(64)),
    ] {
        assert_eq!(manager_name(field_manager, user_agent), expected);
    }
}

#[test]
fn a_list_of_very_many_entries_is_no_trouble() {
    let fields = json!({"f:data": {"f:a": {}}});
    let list = (0..10_000).map(|n| entry(&n.to_string(), "Apply", None, &fields));
    let live = secret(&list.collect());
    let mut new = live.clone();
    new["data"]["a"] = "Yg==".into();
    record_update(&write("upd"), Some(&live), &mut new);
    assert_eq!(owners(&new), json!([entry("upd", "Update", Some(TIME), &fields)]));
}
