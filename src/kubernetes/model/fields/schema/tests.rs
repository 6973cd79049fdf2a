//! Which fields objects have, and what differs between them.

use serde_json::{Value, json};

use super::super::set::FieldSet;
use super::{MAX_ERRORS, ObjectKind, Problem};

fn fields(object: &Value) -> String {
    ObjectKind::Secret.fields(object).to_fields_v1().to_string()
}

fn changes(old: &Value, new: &Value) -> [String; 3] {
    let changes = ObjectKind::Secret.changes(Some(old), new);
    assert_eq!(changes.is_empty(), changes.all().is_empty());
    [changes.added, changes.modified, changes.removed].map(|set| set.to_fields_v1().to_string())
}

#[test]
fn an_object_has_the_fields_that_it_sets() {
    let owner = json!({"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u1"});
    for (object, expected) in [
        (json!({}), "{}"),
        (json!({"type": "Opaque", "immutable": false}), r#"{"f:immutable":{},"f:type":{}}"#),
        (json!({"data": {"a": "YQ=="}}), r#"{"f:data":{"f:a":{}}}"#),
        (json!({"data": {"a": null}}), r#"{"f:data":{"f:a":{}}}"#),
        (json!({"stringData": {"a": "b"}}), r#"{"f:stringData":{"f:a":{}}}"#),
        // A map of nothing is a field itself, a list of nothing is none.
        (json!({"data": {}}), r#"{"f:data":{}}"#),
        (json!({"data": null}), r#"{"f:data":{}}"#),
        (json!({"metadata": {"labels": {}}}), r#"{"f:metadata":{"f:labels":{}}}"#),
        (json!({"metadata": {"finalizers": []}}), "{}"),
        (json!({"metadata": {}}), r#"{"f:metadata":{}}"#),
        (
            json!({"metadata": {"finalizers": ["e/g", "e/f"]}}),
            r#"{"f:metadata":{"f:finalizers":{"v:\"e/f\"":{},"v:\"e/g\"":{}}}}"#,
        ),
        // References have no members below them.
        (
            json!({"metadata": {"ownerReferences": [owner]}}),
            r#"{"f:metadata":{"f:ownerReferences":{"k:{\"uid\":\"u1\"}":{}}}}"#,
        ),
        (
            json!({"metadata": {"ownerReferences": [{"name": "p"}]}}),
            r#"{"f:metadata":{"f:ownerReferences":{"k:{\"uid\":\"\"}":{}}}}"#,
        ),
    ] {
        assert_eq!(fields(&object), expected, "{object}");
    }
    let namespace = json!({
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active", "conditions": [{"type": "X", "status": "True"}]},
    });
    assert_eq!(
        ObjectKind::Namespace.fields(&namespace).to_fields_v1().to_string(),
        r#"{"f:spec":{"f:finalizers":{}},"f:status":{"f:conditions":{"k:{\"type\":\"X\"}":{".":{},"f:status":{},"f:type":{}}},"f:phase":{}}}"#
    );
}

#[test]
fn two_objects_give_what_changed() {
    let owner = |name: &str| json!({"kind": "Pod", "name": name, "uid": "u1"});
    let metadata = |name: &str, value: Value| json!({"metadata": {name: value}});
    let none = "{}";
    for (old, new, expected) in [
        (json!({}), json!({}), [none; 3]),
        // A new map is a field besides its keys.
        (
            json!({}),
            json!({"data": {"a": "YQ=="}}),
            [r#"{"f:data":{".":{},"f:a":{}}}"#, none, none],
        ),
        (
            json!({"data": {"a": "YQ==", "b": "YQ=="}}),
            json!({"data": {"a": "Yg==", "c": "YQ=="}}),
            [r#"{"f:data":{"f:c":{}}}"#, r#"{"f:data":{"f:a":{}}}"#, r#"{"f:data":{"f:b":{}}}"#],
        ),
        (
            json!({"data": {"a": "YQ=="}}),
            json!({}),
            [none, none, r#"{"f:data":{".":{},"f:a":{}}}"#],
        ),
        (json!({"data": {}}), json!({"data": null}), [none, r#"{"f:data":{}}"#, none]),
        (json!({}), json!({"data": {}}), [r#"{"f:data":{}}"#, none, none]),
        // Metadata is always there, and its list of owners is nobody's.
        (json!({}), metadata("managedFields", json!([{}])), [none; 3]),
        (
            json!({}),
            metadata("generateName", json!("g-")),
            [r#"{"f:metadata":{"f:generateName":{}}}"#, none, none],
        ),
        // The order of a set is no difference.
        (
            metadata("finalizers", json!(["e/f", "e/g"])),
            metadata("finalizers", json!(["e/g", "e/f"])),
            [none; 3],
        ),
        (
            metadata("finalizers", json!(["e/f"])),
            metadata("finalizers", json!(["e/g"])),
            [
                r#"{"f:metadata":{"f:finalizers":{"v:\"e/g\"":{}}}}"#,
                none,
                r#"{"f:metadata":{"f:finalizers":{"v:\"e/f\"":{}}}}"#,
            ],
        ),
        (
            metadata("ownerReferences", json!([owner("p")])),
            metadata("ownerReferences", json!([owner("q")])),
            [none, r#"{"f:metadata":{"f:ownerReferences":{"k:{\"uid\":\"u1\"}":{}}}}"#, none],
        ),
    ] {
        assert_eq!(changes(&old, &new), expected, "{old} {new}");
    }
}

#[test]
fn items_with_one_name_are_one_field() {
    let references = |names: &[&str]| {
        let items = names.iter().map(|name| json!({"name": name, "uid": "u1"}));
        json!({"metadata": {"ownerReferences": items.collect::<Value>()}})
    };
    let (none, field) = ("{}", r#"{"f:metadata":{"f:ownerReferences":{"k:{\"uid\":\"u1\"}":{}}}}"#);
    assert_eq!(fields(&references(&["p", "q"])), field);
    for (old, new, expected) in [
        (["p", "q"].as_slice(), ["p", "q"].as_slice(), [none; 3]),
        (&["p", "q"], &["p", "r"], [none, field, none]),
        (&["p", "q"], &["p"], [field, none, field]),
        (&["p"], &["p", "q"], [field, none, field]),
    ] {
        assert_eq!(changes(&references(old), &references(new)), expected);
    }
}

#[test]
fn a_condition_is_a_map_of_its_own() {
    let condition = |kind: &str, status: &str| json!({"status": {"conditions": [{"type": kind, "status": status}]}});
    let kind = ObjectKind::Namespace;
    let old = condition("X", "True");
    let changes = kind.changes(Some(&old), &condition("X", "False"));
    assert_eq!(
        changes.written().to_fields_v1().to_string(),
        r#"{"f:status":{"f:conditions":{"k:{\"type\":\"X\"}":{"f:status":{}}}}}"#
    );
    let changes = kind.changes(Some(&old), &condition("Y", "True"));
    assert_eq!(
        changes.added.to_fields_v1().to_string(),
        r#"{"f:status":{"f:conditions":{"k:{\"type\":\"Y\"}":{".":{},"f:status":{},"f:type":{}}}}}"#
    );
}

#[test]
fn applied_items_keep_their_order_and_live_ones_their_places() {
    let finalizers = |text: &str| json!({"metadata": {"finalizers": text.split_whitespace().collect::<Vec<_>>()}});
    for (live, applied, expected) in [
        ("f", "g", "f g"),
        ("a b c", "b x", "a b c x"),
        ("a b c", "c a", "b c a"),
        ("a b", "b a", "b a"),
        ("b a x", "a b n", "a x b n"),
        ("a b c", "x a y b z", "x a y b c z"),
        ("a a x", "a n m", "a n x m"),
        ("a a x", "x", "a a x"),
        ("a a", "", "a a"),
        ("", "b a", "b a"),
    ] {
        let merged = ObjectKind::Secret.merge(&finalizers(live), &finalizers(applied));
        assert_eq!(merged, finalizers(expected), "{live} + {applied}");
    }
}

#[test]
fn null_merges_as_a_scalar_and_not_as_a_map() {
    let live = json!({"type": "a", "data": {"a": "YQ=="}, "immutable": true});
    let applied = json!({"type": null, "data": null, "stringData": null});
    assert_eq!(
        ObjectKind::Secret.merge(&live, &applied),
        json!({"type": null, "data": {"a": "YQ=="}, "immutable": true, "stringData": null})
    );
}

#[test]
fn fields_are_removed_whole_or_in_part() {
    let set = |text: &str| FieldSet::parse(&serde_json::from_str(text).unwrap()).unwrap();
    let object = json!({
        "data": {"a": "YQ==", "b": "YQ=="},
        "metadata": {"finalizers": ["e/f", "e/g"], "ownerReferences": [{"uid": "u1"}]},
    });
    for (fields, pointer, left) in [
        (r#"{"f:data":{}}"#, "/data", None),
        (r#"{"f:data":{"f:a":{}}}"#, "/data", Some(json!({"b": "YQ=="}))),
        (r#"{"f:data":{"f:a":{},"f:b":{}}}"#, "/data", Some(Value::Null)),
        (r#"{"f:data":{"f:a":{"f:x":{}}}}"#, "/data/a", Some(json!("YQ=="))),
        (
            r#"{"f:metadata":{"f:finalizers":{"v:\"e/f\"":{}}}}"#,
            "/metadata/finalizers",
            Some(json!(["e/g"])),
        ),
        // What is owned as a whole is not taken apart, whatever a client says that it owns.
        (
            r#"{"f:metadata":{"f:ownerReferences":{"k:{\"uid\":\"u1\"}":{"f:uid":{}}}}}"#,
            "/metadata/ownerReferences",
            Some(json!([{"uid": "u1"}])),
        ),
    ] {
        let object = ObjectKind::Secret.without(&object, &set(fields));
        assert_eq!(object.pointer(pointer).cloned(), left, "{fields}");
    }
    assert_eq!(
        ObjectKind::Secret
            .with_named_parents(set(r#"{"f:data":{"f:a":{}},"f:x":{"f:y":{}}}"#))
            .to_fields_v1()
            .to_string(),
        r#"{"f:data":{".":{},"f:a":{}},"f:x":{"f:y":{}}}"#
    );
}

#[test]
fn only_so_many_faults_are_told() {
    let data: Value = (0..10_000).map(|n| (n.to_string(), json!(n))).collect();
    let errors = ObjectKind::Secret.check(&json!({"data": data})).unwrap_err();
    assert_eq!(errors.len(), MAX_ERRORS);
    // Of unknown members one in each map.
    let unknown: Value = (0..10_000).map(|n| (format!("x{n}"), json!(n))).collect();
    let errors = ObjectKind::Secret.check(&unknown).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(*errors[0].problem(), Problem::UnknownField);
    assert_eq!(errors[0].to_string(), ".x0: field not declared in schema");
    assert_eq!(ObjectKind::Secret.check(&json!(5)).unwrap_err()[0].to_string(), "expected map");
}

#[test]
fn large_objects_are_compared_and_merged() {
    let data = |from: u32, value: &str| -> Value {
        let keys = from..from + 20_000;
        let data: Value = keys.map(|n| (n.to_string(), json!(value))).collect();
        let list: Vec<_> = (from..from + 20_000).map(|n| n.to_string()).collect();
        json!({"data": data, "metadata": {"finalizers": list}})
    };
    let (old, new) = (data(0, "YQ=="), data(10_000, "Yg=="));
    let changes = ObjectKind::Secret.changes(Some(&old), &new);
    assert_eq!(changes.modified.paths().len(), 10_000);
    let merged = ObjectKind::Secret.merge(&old, &new);
    assert_eq!(merged["data"].as_object().unwrap().len(), 30_000);
    assert_eq!(merged["metadata"]["finalizers"].as_array().unwrap().len(), 30_000);
}
