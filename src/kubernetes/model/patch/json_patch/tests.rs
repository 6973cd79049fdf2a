use proptest::{collection::vec, option, prelude::*};
use serde_json::json;

use super::*;

fn patched(object: &Value, patch: &str) -> Result<Value, PatchError> {
    JsonPatch::parse(patch, FieldValidation::Warn)?.apply(object.clone())
}

fn secret() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "p", "namespace": "ex1", "labels": {"x": "y"}, "managedFields": [{"manager": "m"}]},
        "data": {"a": "YQ==", "b": "Yg=="}, "type": "Opaque",
    })
}

/// A probe: its name, its patch, and what it makes of the secret.
type Probe = (&'static str, &'static str, fn(&mut Value));

fn remove(object: &mut Value, name: &str) {
    object.as_object_mut().unwrap().remove(name).unwrap();
}

/// What the real server answered to these: itself, or as a refusal of the object that came out.
const PROBES: &[Probe] = &[
    (
        "patch json replace missing",
        r#"[{"op":"replace","path":"/data/none","value":"YQ=="}]"#,
        |o| o["data"]["none"] = json!("YQ=="),
    ),
    ("patch json add without value", r#"[{"op":"add","path":"/data/c"}]"#, |o| {
        o["data"]["c"] = json!(null);
    }),
    ("patch json copy missing", r#"[{"op":"copy","from":"/data/none","path":"/data/c"}]"#, |o| {
        o["data"]["c"] = json!(null);
    }),
    ("patch json move ok", r#"[{"op":"move","from":"/data/a","path":"/data/c"}]"#, |o| {
        remove(&mut o["data"], "a");
        o["data"]["c"] = json!("YQ==");
    }),
    ("patch json path without slash", r#"[{"op":"add","path":"data/c","value":"YQ=="}]"#, |o| {
        o["c"] = json!("YQ==");
    }),
    ("patch json root replace", r#"[{"op":"replace","path":"","value":{}}]"#, |o| {
        *o = json!({});
    }),
    ("patch json null", "null", |_| {}),
    ("patch json empty list", "[]", |_| {}),
    (
        "patch json test missing is null",
        r#"[{"op":"test","path":"/data/none","value":null}]"#,
        |_| {},
    ),
    ("patch json index on a map", r#"[{"op":"add","path":"/data/0","value":"YQ=="}]"#, |o| {
        o["data"]["0"] = json!("YQ==");
    }),
    ("patch json null value", r#"[{"op":"add","path":"/data/n","value":null}]"#, |o| {
        o["data"]["n"] = json!(null);
    }),
    ("patch json bad base64", r#"[{"op":"add","path":"/data/n","value":"*"}]"#, |o| {
        o["data"]["n"] = json!("*");
    }),
    ("patch json number", r#"[{"op":"add","path":"/data/n","value":5}]"#, |o| {
        o["data"]["n"] = json!(5);
    }),
    ("patch json kind change", r#"[{"op":"replace","path":"/kind","value":"ConfigMap"}]"#, |o| {
        o["kind"] = json!("ConfigMap");
    }),
    (
        "patch json apiVersion change",
        r#"[{"op":"replace","path":"/apiVersion","value":"v2"}]"#,
        |o| o["apiVersion"] = json!("v2"),
    ),
    ("order json-patch remove type on tls", r#"[{"op": "remove", "path": "/type"}]"#, |o| {
        remove(o, "type");
    }),
    ("fv json patch unknown target", r#"[{"op":"add","path":"/bogus","value":1}]"#, |o| {
        o["bogus"] = json!(1);
    }),
    (
        "fv json patch unknown + duplicate members",
        r#"[{"op":"add","path":"/data/b","value":"YQ==","value":"Yg==","zap":1}]"#,
        |_| {},
    ),
    ("k53: stringData whole", r#"[{"op":"add","path":"/stringData","value":{"c":"x"}}]"#, |o| {
        o["stringData"] = json!({"c": "x"});
    }),
    (
        "patch json add/replace/remove/test",
        r#"[{"op":"test","path":"/data/b","value":"Yg=="},{"op":"add","path":"/data/j","value":"ag=="},{"op":"remove","path":"/data/b"}]"#,
        |o| {
            o["data"]["j"] = json!("ag==");
            remove(&mut o["data"], "b");
        },
    ),
    (
        "patch json ~1 escaping",
        r#"[{"op":"add","path":"/metadata/annotations","value":{}},{"op":"add","path":"/metadata/annotations/a.b~1c","value":"d"}]"#,
        |o| {
            o["metadata"]["annotations"] = json!({"a.b/c": "d"});
        },
    ),
    (
        "ssa managedFields json-patch replace (kubectl migration)",
        r#"[{"op": "replace", "path": "/metadata/managedFields", "value": [{"manager": "kubectl", "fieldsV1": {"f:data": {"f:a": {}}}}]}]"#,
        |o| {
            o["metadata"]["managedFields"] =
                json!([{"manager": "kubectl", "fieldsV1": {"f:data": {"f:a": {}}}}]);
        },
    ),
];

#[test]
fn patches_as_the_real_server() {
    for (name, patch, change) in PROBES {
        let mut expected = secret();
        change(&mut expected);
        assert_eq!(patched(&secret(), patch), Ok(expected), "{name}");
    }
}

#[test]
fn rejects_as_the_real_server() {
    for (name, patch) in [
        ("patch json test fails", r#"[{"op":"test","path":"/data/a","value":"x"}]"#),
        ("patch json test missing", r#"[{"op":"test","path":"/data/none","value":"x"}]"#),
        ("patch json remove missing", r#"[{"op":"remove","path":"/data/none"}]"#),
        (
            "patch json add below missing",
            r#"[{"op":"add","path":"/metadata/annotations/a","value":"x"}]"#,
        ),
        ("patch json add, no path", r#"[{"op":"add","value":1}]"#),
        ("patch json move missing", r#"[{"op":"move","from":"/data/none","path":"/data/c"}]"#),
        ("patch json bad op", r#"[{"op":"frob","path":"/data/a"}]"#),
        ("patch json no op", r#"[{"path":"/data/a"}]"#),
        (
            "patch json append finalizer without list",
            r#"[{"op":"add","path":"/metadata/finalizers/-","value":"a/b"}]"#,
        ),
        (
            "patch json list index out of range",
            r#"[{"op":"add","path":"/metadata/managedFields/99","value":{}}]"#,
        ),
        (
            "a later one fails",
            r#"[{"op":"add","path":"/data/c","value":"YQ=="},{"op":"remove","path":"/data/none"}]"#,
        ),
        ("no operation", "[null]"),
        ("op is null", r#"[{"op":null,"path":"/data/a"}]"#),
        ("in another case", r#"[{"Op":"remove","path":"/data/a"}]"#),
        ("no from", r#"[{"op":"copy","path":"/data/a"}]"#),
        ("below a text", r#"[{"op":"add","path":"/data/a/b","value":1}]"#),
        ("into itself", r#"[{"op":"move","from":"/data","path":"/data/x"}]"#),
        ("test below missing", r#"[{"op":"test","path":"/none/x","value":null}]"#),
        ("test for null", r#"[{"op":"test","path":"/data/a","value":null}]"#),
        ("root added", r#"[{"op":"add","path":"","value":{}}]"#),
        ("root removed", r#"[{"op":"remove","path":""}]"#),
        ("root copied", r#"[{"op":"copy","from":"","path":"/data/c"}]"#),
        ("root replaced by a text", r#"[{"op":"replace","path":"","value":"x"}]"#),
        ("root tested", r#"[{"op":"test","path":"","value":{}}]"#),
        ("no slash at all", r#"[{"op":"add","path":"data","value":{}}]"#),
    ] {
        let error = patched(&secret(), patch).unwrap_err();
        assert_eq!(error, PatchError::Rejected, "{name}");
        assert_eq!(
            error.to_string(),
            "the server rejected our request due to an error in our request"
        );
    }
}

#[test]
fn refuses_what_is_no_patch_as_the_real_server() {
    let top = "into Go value of type []handlers.jsonPatchOp";
    let operation = "into Go value of type handlers.jsonPatchOp";
    let ignored_top = "into Go value of type jsonpatch.Patch";
    let ignored_operation = "into Go value of type jsonpatch.Operation";
    for (patch, found, place, ignored) in [
        ("{}", "object", top, Some(ignored_top)),
        (r#"{"op":"add"}"#, "object", top, Some(ignored_top)),
        (r#""x""#, "string", top, Some(ignored_top)),
        ("5", "number", top, Some(ignored_top)),
        ("true", "bool", top, Some(ignored_top)),
        ("[1]", "number", operation, Some(ignored_operation)),
        (r#"["x"]"#, "string", operation, Some(ignored_operation)),
        ("[[],5]", "array", operation, Some(ignored_operation)),
        (r#"[{"op":5}]"#, "number", "into Go struct field jsonPatchOp.op of type string", None),
        (
            r#"[{"op":"add","path":[]}]"#,
            "array",
            "into Go struct field jsonPatchOp.path of type string",
            None,
        ),
        (
            r#"[{"op":"add","path":"/c","from":{}}]"#,
            "object",
            "into Go struct field jsonPatchOp.from of type string",
            None,
        ),
        (
            r#"[{"op":true,"op":"add","path":"/c"}]"#,
            "bool",
            "into Go struct field jsonPatchOp.op of type string",
            None,
        ),
    ] {
        for validation in [FieldValidation::Warn, FieldValidation::Strict] {
            let error = JsonPatch::parse(patch, validation).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("error decoding patch: json: cannot unmarshal {found} {place}")
            );
        }
        let error = JsonPatch::parse(patch, FieldValidation::Ignore);
        if let Some(place) = ignored {
            let text = format!("json: cannot unmarshal {found} {place}");
            assert_eq!(error.unwrap_err().to_string(), text);
        } else {
            assert!(!matches!(error, Err(PatchError::WrongType { .. })), "{patch}");
        }
    }
    for patch in ["{x", "", "[{]", "[] []", r#"[{"op":"add","path":"/a","value":"\ud800"}]"#] {
        assert_eq!(JsonPatch::parse(patch, FieldValidation::Warn), Err(PatchError::NotJson));
    }
}

#[test]
fn tells_unknown_and_repeated_members_as_the_real_server() {
    for (patch, findings) in [
        (
            r#"[{"op":"add","path":"/data/b","value":"YQ==","value":"Yg==","zap":1}]"#,
            vec![
                r#"json patch duplicate field "[0].value""#,
                r#"json patch unknown field "[0].zap""#,
            ],
        ),
        (
            r#"[{"zap":1,"op":"test","op":"test","path":"/kind","value":"Secret"},{"op":"test","path":"/c","zip":{"a":1,"a":2},"zip":1}]"#,
            vec![
                r#"json patch unknown field "[0].zap""#,
                r#"json patch duplicate field "[0].op""#,
                r#"json patch unknown field "[1].zip""#,
            ],
        ),
        (
            r#"[{"op":"add","path":"/c","value":{"a":1,"a":2},"value":[{"b":1,"b":1}]}]"#,
            vec![
                r#"json patch duplicate field "[0].value.a""#,
                r#"json patch duplicate field "[0].value""#,
                r#"json patch duplicate field "[0].value[0].b""#,
            ],
        ),
        (
            r#"[{"op":"add","path":"/c","Value":1,"a\"b":2}]"#,
            vec![
                r#"json patch unknown field "[0].Value""#,
                r#"json patch unknown field "[0].a\"b""#,
            ],
        ),
        (r#"[{"op":"add","path":"/c","from":null,"value":{"a":{"a":1}}}]"#, vec![]),
    ] {
        for validation in [FieldValidation::Warn, FieldValidation::Strict] {
            assert_eq!(JsonPatch::parse(patch, validation).unwrap().findings(), findings);
        }
        let ignored = JsonPatch::parse(patch, FieldValidation::Ignore).unwrap();
        assert!(ignored.findings().is_empty());
    }
    let many: Vec<_> = (0..150).map(|i| format!(r#""z{i}":1"#)).collect();
    let patch = format!(r#"[{{"op":"test","path":"/c",{}}}]"#, many.join(","));
    assert_eq!(JsonPatch::parse(&patch, FieldValidation::Warn).unwrap().findings().len(), 100);
}

#[test]
fn of_repeated_members_the_last_one_counts() {
    let patch =
        r#"[{"op":"frob","path":"/none","value":1,"op":"add","path":"/data/c","value":"YQ=="}]"#;
    assert_eq!(patched(&secret(), patch).unwrap()["data"]["c"], "YQ==");
    let patch = r#"[{"op":"remove","path":"/data/a","op":null}]"#;
    assert_eq!(patched(&secret(), patch), Err(PatchError::Rejected));
}

#[test]
fn a_missing_value_is_null() {
    for (patch, is_taken) in [
        (r#"[{"op":"test","path":"/data/none"}]"#, true),
        (r#"[{"op":"test","path":"/data/a"}]"#, false),
        (r#"[{"op":"add","path":"/x"},{"op":"test","path":"/x","value":null}]"#, true),
        (r#"[{"op":"add","path":"/x"},{"op":"add","path":"/x/y","value":1}]"#, false),
        (r#"[{"op":"add","path":"/x"},{"op":"remove","path":"/x"}]"#, true),
    ] {
        assert_eq!(patched(&secret(), patch).is_ok(), is_taken, "{patch}");
    }
}

#[test]
fn paths_are_read_as_the_real_server_does() {
    for (path, holder, name) in [
        ("/data/c", "/data", "c"),
        ("x/data/c", "/data", "c"),
        ("data/data/c", "/data", "c"),
        ("x/c", "", "c"),
        ("/", "", ""),
        ("/data/", "/data", ""),
        ("/data/~0~1~2", "/data", "~/~2"),
        ("/data/~01", "/data", "~1"),
        ("/data/~", "/data", "~"),
        ("/da~0ta", "", "da~ta"),
    ] {
        let patch = json!([{"op": "add", "path": path, "value": "here"}]).to_string();
        let patched = patched(&secret(), &patch).unwrap();
        assert_eq!(patched.pointer(holder).unwrap()[name], "here", "{path}");
    }
}

#[test]
fn indices_are_read_as_the_real_server_does() {
    let object = json!({"l": ["a", "b"]});
    let done = |op: &str, index: &str| {
        let patch = json!([{"op": op, "path": format!("/l/{index}"), "value": "n"}]).to_string();
        Some(patched(&object, &patch).ok()?["l"].clone())
    };
    for (index, added, replaced, removed) in [
        ("0", Some(json!(["n", "a", "b"])), Some(json!(["n", "b"])), Some(json!(["b"]))),
        ("1", Some(json!(["a", "n", "b"])), Some(json!(["a", "n"])), Some(json!(["a"]))),
        ("+1", Some(json!(["a", "n", "b"])), Some(json!(["a", "n"])), Some(json!(["a"]))),
        ("01", Some(json!(["a", "n", "b"])), Some(json!(["a", "n"])), Some(json!(["a"]))),
        ("2", Some(json!(["a", "b", "n"])), None, None),
        ("-", Some(json!(["a", "b", "n"])), None, None),
        ("-1", Some(json!(["a", "b", "n"])), Some(json!(["a", "n"])), Some(json!(["a"]))),
        ("-2", Some(json!(["a", "n", "b"])), Some(json!(["n", "b"])), Some(json!(["b"]))),
        ("-3", Some(json!(["n", "a", "b"])), None, None),
        ("3", None, None, None),
        ("-4", None, None, None),
        ("", None, None, None),
        ("x", None, None, None),
        ("1_0", None, None, None),
        ("0x1", None, None, None),
        ("99999999999999999999", None, None, None),
        ("-9223372036854775808", None, None, None),
    ] {
        assert_eq!(done("add", index), added, "add {index}");
        assert_eq!(done("replace", index), replaced, "replace {index}");
        assert_eq!(done("remove", index), removed, "remove {index}");
    }
    let patch =
        r#"[{"op":"copy","from":"/l/-1","path":"/l/0"},{"op":"test","path":"/l/-2","value":"a"}]"#;
    assert_eq!(patched(&object, patch), Ok(json!({"l": ["b", "a", "b"]})));
}

#[test]
fn tests_compare_whole_values() {
    for (patch, is_taken) in [
        (r#"[{"op":"test","path":"/data","value":{"b":"Yg==","a":"YQ=="}}]"#, true),
        (r#"[{"op":"test","path":"/data","value":{"a":"YQ=="}}]"#, false),
        (r#"[{"op":"test","path":"/metadata/managedFields","value":[{"manager":"m"}]}]"#, true),
        (r#"[{"op":"add","path":"/y","value":1.0},{"op":"test","path":"/y","value":1}]"#, false),
    ] {
        assert_eq!(patched(&secret(), patch).is_ok(), is_taken, "{patch}");
    }
    let whole = json!([{"op": "test", "path": "", "value": secret()}]).to_string();
    assert_eq!(patched(&secret(), &whole), Ok(secret()));
}

#[test]
fn the_whole_can_be_replaced_and_worked_on() {
    let patch =
        r#"[{"op":"replace","path":"","value":{"a":1}},{"op":"add","path":"/b","value":2}]"#;
    assert_eq!(patched(&secret(), patch), Ok(json!({"a": 1, "b": 2})));
    let patch = r#"[{"op":"replace","path":"","value":[1]},{"op":"add","path":"/-","value":2}]"#;
    assert_eq!(patched(&secret(), patch), Ok(json!([1, 2])));
}

#[test]
fn takes_ten_thousand_operations() {
    let operations = |count: usize| {
        let operation = r#"{"op":"test","path":"/kind","value":"Secret"}"#;
        format!("[{}]", vec![operation; count].join(","))
    };
    assert_eq!(patched(&secret(), &operations(10_000)), Ok(secret()), "patch json 10000 ops");
    let last = operations(9_999).replace("}]", r#"},{"op":"remove","path":"/kind"}]"#);
    assert_eq!(patched(&secret(), &last).unwrap().get("kind"), None);
    let error = patched(&secret(), &operations(10_001)).unwrap_err();
    assert_eq!(error, PatchError::TooManyOperations(10_001));
    assert_eq!(
        error.to_string(),
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001"
    );
    let mixed = operations(10_001).replacen('{', "5,{", 1);
    assert!(matches!(patched(&secret(), &mixed), Err(PatchError::WrongType { .. })));
}

#[test]
fn members_come_in_alphabetical_order() {
    let patch = r#"[{"op":"add","path":"/z","value":{"q":1,"b":2}},{"op":"remove","path":"/a"}]"#;
    let patched = patched(&json!({"m": 1, "a": 1, "c": 1}), patch).unwrap();
    assert_eq!(patched.to_string(), r#"{"c":1,"m":1,"z":{"b":2,"q":1}}"#);
}

#[test]
fn can_be_applied_again_to_a_newer_object() {
    let patch = r#"[{"op":"add","path":"/data/c","value":"Yw=="}]"#;
    let patch = JsonPatch::parse(patch, FieldValidation::Warn).unwrap();
    for object in [json!({"data": {}}), json!({"data": {"c": "old"}})] {
        assert_eq!(patch.apply(object), Ok(json!({"data": {"c": "Yw=="}})));
    }
}

#[test]
fn refuses_values_that_are_nested_too_deeply() {
    for depth in [DEPTH_MAX + 1, 10_000, 1_000_000] {
        let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let patch = format!(r#"[{{"op":"add","path":"/x","value":{value}}}]"#);
        assert_eq!(JsonPatch::parse(&patch, FieldValidation::Warn), Err(PatchError::NotJson));
    }
}

#[test]
fn what_it_makes_can_be_read_again() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let add = |depth| format!(r#"[{{"op":"add","path":"/data/x","value":{}}}]"#, nested(depth));
    let deepest = patched(&secret(), &add(DEPTH_MAX - 2)).unwrap();
    assert!(serde_json::from_str::<Value>(&deepest.to_string()).is_ok());
    assert_eq!(patched(&secret(), &add(DEPTH_MAX - 1)), Err(PatchError::Rejected));

    let deeper = r#"{"op":"add","path":"/n","value":{}},{"op":"move","from":"/data","path":"/n/a"},{"op":"move","from":"/n","path":"/data"}"#;
    let patch = |times: usize| format!("[{}]", vec![deeper; times].join(","));
    assert!(patched(&secret(), &patch(100)).is_ok());
    assert_eq!(patched(&secret(), &patch(3_000)), Err(PatchError::Rejected));

    let copies: Vec<_> = (0..20)
        .map(|i| json!({"op": "copy", "from": "/data", "path": format!("/data{}", "/x".repeat(1 << i))}))
        .collect();
    assert_eq!(patched(&secret(), &json!(copies).to_string()), Err(PatchError::Rejected));
}

#[test]
fn copies_no_more_than_the_limit() {
    let doubling = |times: usize| {
        let copies: Vec<_> = (0..times)
            .map(|i| json!({"op": "copy", "from": "/data", "path": format!("/data/x{i}")}))
            .collect();
        json!(copies).to_string()
    };
    assert!(patched(&secret(), &doubling(10)).is_ok());
    assert_eq!(patched(&secret(), &doubling(60)), Err(PatchError::Rejected));
}

#[test]
fn shifts_and_moves_no_more_than_the_limit() {
    let long = json!(vec![1; 300_000]).to_string();
    let first = format!(r#"{{"op":"replace","path":"/l","value":{long}}}"#);
    let shift = vec![r#"{"op":"add","path":"/l/0","value":1}"#; 9_000].join(",");
    assert_eq!(patched(&secret(), &format!("[{first},{shift}]")), Err(PatchError::Rejected));
    let there_and_back =
        r#"{"op":"move","from":"/l","path":"/m"},{"op":"move","from":"/m","path":"/l"}"#;
    let moves = vec![there_and_back; 4_000].join(",");
    assert_eq!(patched(&secret(), &format!("[{first},{moves}]")), Err(PatchError::Rejected));
}

#[test]
fn thousands_of_small_moves_and_removals_pass() {
    let data: Map<_, _> = (0..4_000).map(|i| (i.to_string(), json!("YQ=="))).collect();
    let moves: Vec<_> = (0..4_000)
        .map(|i| json!({"op": "move", "from": format!("/data/{i}"), "path": format!("/metadata/annotations/{i}")}))
        .collect();
    let object = json!({"data": data, "metadata": {"annotations": {}}});
    let patched = patched(&object, &json!(moves).to_string()).unwrap();
    assert_eq!(patched["data"], json!({}));
    assert_eq!(patched["metadata"]["annotations"].as_object().unwrap().len(), 4_000);
}

#[test]
fn no_value_is_printed() {
    for patch in [
        r#"[{"op":"test","path":"/data/a","value":"c2VjcmV0"}]"#,
        r#"[{"op":"add","path":"/none/a","value":"c2VjcmV0"}]"#,
        r#"["c2VjcmV0"]"#,
        r#""c2VjcmV0""#,
        r#"[{"op":"add","path":"/data/a","value":"c2VjcmV0}]"#,
        r#"[{"op":"c2VjcmV0"}]"#,
    ] {
        let error = patched(&secret(), patch).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("c2VjcmV0"), "{patch}");
    }
    let patch = r#"[{"op":"add","path":"/data/a","value":"c2VjcmV0"}]"#;
    let patch = JsonPatch::parse(patch, FieldValidation::Warn).unwrap();
    assert!(!format!("{patch:?}").contains("c2VjcmV0"));
}

fn path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        8 => prop::sample::select(vec!["data", "metadata", "labels", "finalizers", "a", "x", "0", "1", "-", "-1", "~1", "~", ""]),
    ];
    let path = vec(part, 0..4)
        .prop_map(|parts| parts.iter().flat_map(|part| ["/", part]).collect::<String>());
    prop_oneof![9 => path, 1 => Just("data/a".to_owned()), 1 => ".{0,4}"]
}

fn operation() -> impl Strategy<Value = Value> {
    let ops =
        prop::sample::select(vec!["add", "remove", "replace", "move", "copy", "test", "frob"]);
    let value = prop::sample::select(vec![
        json!(null),
        json!("x"),
        json!(["x", "y"]),
        json!({"a": {"x": 1}}),
        json!({}),
    ]);
    (ops, path(), option::of(path()), option::of(value)).prop_map(|(op, path, from, value)| {
        let mut operation = json!({"op": op, "path": path});
        if let Some(from) = from {
            operation["from"] = from.into();
        }
        if let Some(value) = value {
            operation["value"] = value;
        }
        operation
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_operations_never_panic(operations in vec(operation(), 0..8)) {
        let object = json!({"data": {"a": "YQ=="}, "metadata": {"labels": {"x": "y"}, "finalizers": ["a/b", "c/d"]}});
        if let Ok(patched) = patched(&object, &json!(operations).to_string()) {
            let read: Value = serde_json::from_str(&patched.to_string()).unwrap();
            prop_assert_eq!(read, patched);
        }
    }

    #[test]
    fn random_texts_never_panic(text in r#"[\[\]{}:,"a-z0-9\\/]{0,40}"#) {
        if let Ok(patched) = patched(&secret(), &text) {
            let ignoring = JsonPatch::parse(&text, FieldValidation::Ignore).unwrap();
            prop_assert_eq!(ignoring.apply(secret()), Ok(patched));
        }
    }

    #[test]
    fn a_value_that_was_added_is_there(name in "[a-z~/]{1,4}", value in "[a-z]{0,3}") {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        let path = format!("/data/{escaped}");
        let patch = json!([{"op": "add", "path": path, "value": value}, {"op": "test", "path": path, "value": value}]);
        let patched = patched(&secret(), &patch.to_string()).unwrap();
        prop_assert_eq!(&patched["data"][&name], &json!(value));
    }
}
