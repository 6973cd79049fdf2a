use proptest::{collection::vec, prelude::*};
use serde_json::json;

use super::*;
use crate::kubernetes::model::patch::document::Document;

fn patched(object: &Value, patch: &str) -> Result<Value, PatchError> {
    let patch = Document::read(patch)?.value;
    Ok(MergePatch::new(patch, FieldValidation::Warn)?.apply(object.clone()))
}

fn secret() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "p", "namespace": "ex1", "uid": "u", "resourceVersion": "7", "labels": {"x": "y"}},
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
        "patch merge null for an absent key",
        r#"{"data":{"none":null},"metadata":{"labels":{"none":null}}}"#,
        |_| {},
    ),
    ("patch merge null deletes", r#"{"data":{"a":null},"metadata":{"labels":{"x":null}}}"#, |o| {
        remove(&mut o["data"], "a");
        o["metadata"]["labels"] = json!({});
    }),
    ("patch merge data null", r#"{"data":null}"#, |o| remove(o, "data")),
    ("patch merge kind change", r#"{"kind":"ConfigMap"}"#, |o| o["kind"] = json!("ConfigMap")),
    ("patch merge apiVersion change", r#"{"apiVersion":"v2"}"#, |o| {
        o["apiVersion"] = json!("v2");
    }),
    ("patch name change, patch merge name change", r#"{"metadata":{"name":"zz"}}"#, |o| {
        o["metadata"]["name"] = json!("zz");
    }),
    ("patch merge namespace change", r#"{"metadata":{"namespace":"ex2"}}"#, |o| {
        o["metadata"]["namespace"] = json!("ex2");
    }),
    ("patch uid change", r#"{"metadata":{"uid":"zz"}}"#, |o| {
        o["metadata"]["uid"] = json!("zz");
    }),
    (
        "patch merge creationTimestamp change",
        r#"{"metadata":{"creationTimestamp":"2001-01-01T00:00:00Z"}}"#,
        |o| {
            o["metadata"]["creationTimestamp"] = json!("2001-01-01T00:00:00Z");
        },
    ),
    (
        "patch merge deletionTimestamp",
        r#"{"metadata":{"deletionTimestamp":"2001-01-01T00:00:00Z"}}"#,
        |o| {
            o["metadata"]["deletionTimestamp"] = json!("2001-01-01T00:00:00Z");
        },
    ),
    (
        "del terminating: clear deletionTimestamp",
        r#"{"metadata":{"deletionTimestamp":null}}"#,
        |_| {},
    ),
    ("patch merge generation", r#"{"metadata":{"generation":5}}"#, |o| {
        o["metadata"]["generation"] = json!(5);
    }),
    ("patch merge selfLink", r#"{"metadata":{"selfLink":"/x"}}"#, |o| {
        o["metadata"]["selfLink"] = json!("/x");
    }),
    ("patch merge type change", r#"{"type":"x"}"#, |o| o["type"] = json!("x")),
    ("patch merge type null", r#"{"type":null}"#, |o| remove(o, "type")),
    ("order merge type null on tls", r#"{"type":null}"#, |o| remove(o, "type")),
    ("patch merge rv 0", r#"{"metadata":{"resourceVersion":"0"},"data":{"a":"Yg=="}}"#, |o| {
        o["metadata"]["resourceVersion"] = json!("0");
        o["data"]["a"] = json!("Yg==");
    }),
    ("patch merge rv empty", r#"{"metadata":{"resourceVersion":""},"data":{"a":"Yg=="}}"#, |o| {
        o["metadata"]["resourceVersion"] = json!("");
        o["data"]["a"] = json!("Yg==");
    }),
    ("patch rv stale", r#"{"metadata":{"resourceVersion":"1"},"data":{"a":"Yg=="}}"#, |o| {
        o["metadata"]["resourceVersion"] = json!("1");
        o["data"]["a"] = json!("Yg==");
    }),
    ("patch rv garbage", r#"{"metadata":{"resourceVersion":"zz"}}"#, |o| {
        o["metadata"]["resourceVersion"] = json!("zz");
    }),
    ("k46: rv and uid removed", r#"{"metadata":{"resourceVersion":null,"uid":null}}"#, |o| {
        remove(&mut o["metadata"], "resourceVersion");
        remove(&mut o["metadata"], "uid");
    }),
    ("patch merge stringData", r#"{"stringData":{"st":"x"}}"#, |o| {
        o["stringData"] = json!({"st": "x"});
    }),
    ("imm stringData same value", r#"{"stringData":{"a":"a"}}"#, |o| {
        o["stringData"] = json!({"a": "a"});
    }),
    ("imm stringData new key", r#"{"stringData":{"n":"a"}}"#, |o| {
        o["stringData"] = json!({"n": "a"});
    }),
    ("patch merge stringData null value", r#"{"stringData":{"a":null}}"#, |o| {
        o["stringData"] = json!({});
    }),
    ("patch merge unknown", r#"{"bogus":1}"#, |o| o["bogus"] = json!(1)),
    ("patch merge bad base64", r#"{"data":{"a":"***"}}"#, |o| o["data"]["a"] = json!("***")),
    ("patch bad data", r#"{"data":{"a":"***"}}"#, |o| o["data"]["a"] = json!("***")),
    ("patch merge data number", r#"{"data":5}"#, |o| o["data"] = json!(5)),
    ("patch bad type of data", r#"{"data":5}"#, |o| o["data"] = json!(5)),
    ("patch merge data value number", r#"{"data":{"a":5}}"#, |o| o["data"]["a"] = json!(5)),
    ("patch force without apply", "{}", |_| {}),
    ("immutable change data", r#"{"data":{"a":"Yg=="}}"#, |o| o["data"]["a"] = json!("Yg==")),
    ("immutable revert", r#"{"immutable":false}"#, |o| o["immutable"] = json!(false)),
    ("imm to null", r#"{"immutable":null}"#, |_| {}),
    ("imm set and change at once", r#"{"immutable":true,"data":{"a":"Yg=="}}"#, |o| {
        o["immutable"] = json!(true);
        o["data"]["a"] = json!("Yg==");
    }),
    ("immutable label change ok", r#"{"metadata":{"labels":{"a":"b"}}}"#, |o| {
        o["metadata"]["labels"]["a"] = json!("b");
    }),
    ("warn tls on update", r#"{"metadata":{"labels":{"a":"b"}}}"#, |o| {
        o["metadata"]["labels"]["a"] = json!("b");
    }),
    ("limit patch over", r#"{"data":{"l":"YQ=="}}"#, |o| o["data"]["l"] = json!("YQ==")),
    (
        "ns secret update while terminating, update in terminating ns",
        r#"{"data":{"t":"dA=="}}"#,
        |o| {
            o["data"]["t"] = json!("dA==");
        },
    ),
    ("table on patch", r#"{"data":{"c":"YQ=="}}"#, |o| o["data"]["c"] = json!("YQ==")),
    ("dry patch", r#"{"data":{"z":"eg=="}}"#, |o| o["data"]["z"] = json!("eg==")),
    (
        "ssa update by another manager",
        r#"{"data":{"u":"dQ=="},"metadata":{"labels":{"x":"1"}}}"#,
        |o| {
            o["data"]["u"] = json!("dQ==");
            o["metadata"]["labels"]["x"] = json!("1");
        },
    ),
    ("ssa same manager, Update after Apply", r#"{"data":{"z":"eg=="}}"#, |o| {
        o["data"]["z"] = json!("eg==");
    }),
    ("ssa box: Update adds u", r#"{"data":{"u":"dQ=="}}"#, |o| o["data"]["u"] = json!("dQ==")),
    (
        "warn owners duplicate on merge patch",
        r#"{"metadata":{"ownerReferences":[{"uid":"u1"},{"uid":"u1"}]}}"#,
        |o| {
            o["metadata"]["ownerReferences"] = json!([{"uid": "u1"}, {"uid": "u1"}]);
        },
    ),
    ("ssa managedFields = [] is ignored?", r#"{"metadata":{"managedFields":[]}}"#, |o| {
        o["metadata"]["managedFields"] = json!([]);
    }),
    (
        "ssa managedFields bad entry",
        r#"{"metadata":{"managedFields":[{"operation":"Bogus"}]}}"#,
        |o| {
            o["metadata"]["managedFields"] = json!([{"operation": "Bogus"}]);
        },
    ),
    (
        "ssa managedFields bad fieldsV1",
        r#"{"metadata":{"managedFields":[{"fieldsV1":{"zap":{}}}]}}"#,
        |o| {
            o["metadata"]["managedFields"] = json!([{"fieldsV1": {"zap": {}}}]);
        },
    ),
    ("fv merge patch unknown + duplicate", r#"{"bogus":1,"data":{"a":"YQ==","a":"Yg=="}}"#, |o| {
        o["bogus"] = json!(1);
        o["data"]["a"] = json!("Yg==");
    }),
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
fn takes_lists_whole() {
    let object = json!({"metadata": {"name": "fz", "finalizers": ["example.com/f"]}});
    let patch = r#"{"metadata":{"finalizers":["example.com/f","example.com/g"]}}"#;
    let both =
        json!({"metadata": {"name": "fz", "finalizers": ["example.com/f", "example.com/g"]}});
    assert_eq!(
        patched(&object, patch),
        Ok(both),
        "terminating add finalizer, del terminating: add finalizer"
    );
    let none = Ok(json!({"metadata": {"name": "fz"}}));
    let patch = r#"{"metadata":{"finalizers":null}}"#;
    assert_eq!(patched(&object, patch), none, "terminating clear finalizer");
    let object = json!({"data": {"q": "cQ=="}});
    let patch = r#"{"data":{"q":null,"r":"cg=="}}"#;
    assert_eq!(patched(&object, patch), Ok(json!({"data": {"r": "cg=="}})), "patch merge");
}

#[test]
fn patches_namespaces() {
    let namespace = json!({
        "metadata": {"labels": {"kubernetes.io/metadata.name": "n"}},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    });
    let probes: &[Probe] = &[
        (
            "ns patch remove",
            r#"{"metadata":{"labels":{"kubernetes.io/metadata.name":null}}}"#,
            |o| o["metadata"]["labels"] = json!({}),
        ),
        ("ns patch all labels null", r#"{"metadata":{"labels":null}}"#, |o| {
            o["metadata"] = json!({});
        }),
        ("ns patch labels, ns patch add another", r#"{"metadata":{"labels":{"a":"b"}}}"#, |o| {
            o["metadata"]["labels"]["a"] = json!("b");
        }),
        (
            "ns patch spec.finalizers added",
            r#"{"spec":{"finalizers":["kubernetes","example.com/x"]}}"#,
            |o| {
                o["spec"]["finalizers"] = json!(["kubernetes", "example.com/x"]);
            },
        ),
        (
            "ns patch status.phase, ns status patch phase",
            r#"{"status":{"phase":"Terminating"}}"#,
            |o| {
                o["status"]["phase"] = json!("Terminating");
            },
        ),
        ("ns status patch conditions", r#"{"status":{"conditions":[{"type":"X"}]}}"#, |o| {
            o["status"]["conditions"] = json!([{"type": "X"}]);
        }),
    ];
    for (name, patch, change) in probes {
        let mut expected = namespace.clone();
        change(&mut expected);
        assert_eq!(patched(&namespace, patch), Ok(expected), "{name}");
    }
}

/// RFC 7386, appendix A.
#[test]
fn the_examples_of_the_rfc() {
    for (object, patch, result) in [
        (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
        (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
        (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
        (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
        (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
        (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
        ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
        ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
    ] {
        let object: Value = serde_json::from_str(object).unwrap();
        let result: Value = serde_json::from_str(result).unwrap();
        assert_eq!(patched(&object, patch), Ok(result), "{object} {patch}");
    }
    for (object, patch) in
        [(json!({"a": "foo"}), json!("bar")), (json!(["a", "b"]), json!(["c", "d"]))]
    {
        let taken = MergePatch::new(patch.clone(), FieldValidation::Ignore).unwrap();
        assert_eq!(taken.apply(object), patch);
    }
}

#[test]
fn refuses_what_is_no_object_as_the_real_server() {
    for (name, patch, text) in [
        (
            "patch merge array",
            "[]",
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
        (
            "patch merge string",
            "\"x\"",
            "error decoding patch: json: cannot unmarshal string into Go value of type map[string]interface {}",
        ),
        (
            "patch merge number",
            "5",
            "error decoding patch: json: cannot unmarshal number into Go value of type map[string]interface {}",
        ),
        (
            "patch merge bool",
            "true",
            "error decoding patch: json: cannot unmarshal bool into Go value of type map[string]interface {}",
        ),
        ("patch merge null", "null", "Invalid JSON Patch"),
        ("patch merge not json", "{x", "invalid JSON patch"),
        ("patch merge empty body", "", "invalid JSON patch"),
    ] {
        assert_eq!(patched(&secret(), patch).unwrap_err().to_string(), text, "{name}");
    }
}

#[test]
fn leaves_what_is_no_object_to_the_decoder_if_nobody_checks() {
    let ignoring = |patch| MergePatch::new(patch, FieldValidation::Ignore);
    assert_eq!(
        ignoring(json!([])).unwrap().apply(secret()),
        json!([]),
        "patch merge array, Ignore"
    );
    assert_eq!(ignoring(Value::Null), Err(PatchError::Null));
    assert_eq!(
        MergePatch::new(json!([]), FieldValidation::Strict).unwrap_err().to_string(),
        "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
    );
}

#[test]
fn members_come_in_alphabetical_order() {
    let patched = patched(
        &json!({"z": {"q": 1}, "m": 1}),
        r#"{"zap":1,"bogus":1,"z":{"a":[{"c":1,"b":1}]}}"#,
    );
    assert_eq!(
        patched.unwrap().to_string(),
        r#"{"bogus":1,"m":1,"z":{"a":[{"b":1,"c":1}],"q":1},"zap":1}"#
    );
}

#[test]
fn refuses_a_patch_that_is_nested_too_deeply() {
    let mut patch = json!(1);
    for _ in 0..10_000 {
        patch = Value::from_iter([("a", patch)]);
    }
    assert_eq!(MergePatch::new(patch, FieldValidation::Ignore), Err(PatchError::NotJson));
}

#[test]
fn no_value_is_printed() {
    let patch = MergePatch::new(json!({"data": {"a": "c2VjcmV0"}}), FieldValidation::Warn).unwrap();
    assert_eq!(format!("{patch:?}"), "MergePatch(hidden)");
    let error = MergePatch::new(json!("c2VjcmV0"), FieldValidation::Warn).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("c2VjcmV0"));
}

/// The merge patch that makes one value out of another, which must not hold null.
fn diff(from: &Value, to: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (from, to) else { return to.clone() };
    let removed = from.keys().filter(|name| !to.contains_key(*name));
    let mut patch: Map<_, _> = removed.map(|name| (name.clone(), Value::Null)).collect();
    for (name, value) in to {
        match from.get(name) {
            Some(before) if before == value => {}
            Some(before) => {
                patch.insert(name.clone(), diff(before, value));
            }
            None => {
                patch.insert(name.clone(), value.clone());
            }
        }
    }
    patch.into()
}

fn value(has_null: bool) -> impl Strategy<Value = Value> {
    let null = if has_null { json!(null) } else { json!(0) };
    let leaf = prop_oneof![
        Just(null),
        any::<bool>().prop_map(Value::from),
        (0..3).prop_map(Value::from),
        "[ab]".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 48, 4, |inside| {
        let member = ("[a-d]", inside.clone());
        prop_oneof![
            vec(inside, 0..3).prop_map(Value::from),
            vec(member, 0..5).prop_map(Value::from_iter)
        ]
    })
}

fn object(has_null: bool) -> impl Strategy<Value = Value> {
    vec(("[a-d]", value(has_null)), 0..5).prop_map(Value::from_iter)
}

proptest! {
    #[test]
    fn a_difference_gives_its_target(from in object(true), to in object(false)) {
        let patch = MergePatch::new(diff(&from, &to), FieldValidation::Strict).unwrap();
        prop_assert_eq!(patch.apply(from), to);
    }

    #[test]
    fn to_patch_twice_is_to_patch_once(before in object(true), patch in object(true)) {
        let patch = MergePatch::new(patch, FieldValidation::Warn).unwrap();
        let once = patch.apply(before);
        prop_assert_eq!(patch.apply(once.clone()), once);
    }
}
