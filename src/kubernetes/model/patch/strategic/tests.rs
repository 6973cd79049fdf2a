use std::collections::BTreeMap;

use proptest::{collection::btree_map, option, prelude::*, sample::subsequence};
use serde_json::json;

use super::*;
use crate::kubernetes::model::patch::document::Document;

fn patched(object: &Value, patch: &str) -> Result<Value, PatchError> {
    let patch = Document::read(patch)?.value;
    StrategicPatch::new(patch)?.apply(object.clone(), Schema::Secret)
}

fn secret() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "p", "namespace": "ex1", "labels": {"x": "y"}},
        "data": {"a": "YQ==", "b": "Yg=="}, "type": "Opaque",
    })
}

/// A secret with lists.
fn owned() -> Value {
    json!({
        "metadata": {
            "finalizers": ["a/a", "b/b"],
            "ownerReferences": [{"uid": "u1", "name": "a"}, {"uid": "u2", "name": "b", "controller": true}],
            "managedFields": [{"manager": "m"}],
        },
        "data": {"a": "YQ=="},
    })
}

/// A probe: its name, its patch, and what it makes of the secret.
type Probe = (&'static str, &'static str, fn(&mut Value));

fn remove(object: &mut Value, name: &str) {
    object.as_object_mut().unwrap().remove(name).unwrap();
}

fn check(object: &Value, probes: &[Probe]) {
    for (name, patch, change) in probes {
        let mut expected = object.clone();
        change(&mut expected);
        assert_eq!(patched(object, patch), Ok(expected), "{name}");
    }
}

/// What the real server answered to these: itself, or as a refusal of the object that came out.
const PROBES: &[Probe] = &[
    ("patch strategic", r#"{"data":{"s":"cw=="},"metadata":{"labels":{"n":"1","x":null}}}"#, |o| {
        o["data"]["s"] = json!("cw==");
        o["metadata"]["labels"] = json!({"n": "1"});
    }),
    (
        "patch strategic finalizers merge",
        r#"{"metadata":{"finalizers":["example.com/a"],"$setElementOrder/finalizers":["example.com/a"]}}"#,
        |o| {
            o["metadata"]["finalizers"] = json!(["example.com/a"]);
        },
    ),
    ("patch strategic empty object", "{}", |_| {}),
    ("patch strategic null", "null", |_| {}),
    (
        "patch strategic null for an absent key",
        r#"{"data":{"none":null},"metadata":{"labels":{"none":null}}}"#,
        |_| {},
    ),
    (
        "patch strategic null deletes",
        r#"{"data":{"a":null},"metadata":{"labels":{"x":null}}}"#,
        |o| {
            remove(&mut o["data"], "a");
            o["metadata"]["labels"] = json!({});
        },
    ),
    ("patch strategic data null", r#"{"data":null}"#, |o| remove(o, "data")),
    ("patch strategic data number", r#"{"data":5}"#, |o| o["data"] = json!(5)),
    ("patch strategic data value number", r#"{"data":{"a":5}}"#, |o| {
        o["data"]["a"] = json!(5);
    }),
    ("patch strategic name change", r#"{"metadata":{"name":"zz"}}"#, |o| {
        o["metadata"]["name"] = json!("zz");
    }),
    ("patch strategic namespace change", r#"{"metadata":{"namespace":"ex2"}}"#, |o| {
        o["metadata"]["namespace"] = json!("ex2");
    }),
    ("patch strategic uid change", r#"{"metadata":{"uid":"zz"}}"#, |o| {
        o["metadata"]["uid"] = json!("zz");
    }),
    (
        "patch strategic creationTimestamp change",
        r#"{"metadata":{"creationTimestamp":"2001-01-01T00:00:00Z"}}"#,
        |o| {
            o["metadata"]["creationTimestamp"] = json!("2001-01-01T00:00:00Z");
        },
    ),
    ("patch strategic generation", r#"{"metadata":{"generation":5}}"#, |o| {
        o["metadata"]["generation"] = json!(5);
    }),
    ("patch strategic selfLink", r#"{"metadata":{"selfLink":"/x"}}"#, |o| {
        o["metadata"]["selfLink"] = json!("/x");
    }),
    ("patch strategic generateName", r#"{"metadata":{"generateName":"g-"}}"#, |o| {
        o["metadata"]["generateName"] = json!("g-");
    }),
    ("patch strategic type change", r#"{"type":"x"}"#, |o| o["type"] = json!("x")),
    ("patch strategic type null", r#"{"type":null}"#, |o| remove(o, "type")),
    (
        "patch strategic rv stale",
        r#"{"metadata":{"resourceVersion":"1"},"data":{"a":"Yg=="}}"#,
        |o| {
            o["metadata"]["resourceVersion"] = json!("1");
            o["data"]["a"] = json!("Yg==");
        },
    ),
    ("patch strategic rv garbage", r#"{"metadata":{"resourceVersion":"zz"}}"#, |o| {
        o["metadata"]["resourceVersion"] = json!("zz");
    }),
    (
        "patch strategic rv empty",
        r#"{"metadata":{"resourceVersion":""},"data":{"a":"Yg=="}}"#,
        |o| {
            o["metadata"]["resourceVersion"] = json!("");
            o["data"]["a"] = json!("Yg==");
        },
    ),
    ("patch strategic unknown", r#"{"bogus":1}"#, |o| o["bogus"] = json!(1)),
    (
        "patch strategic $patch replace on data",
        r#"{"data":{"$patch":"replace","q":"cQ=="}}"#,
        |o| o["data"] = json!({"q": "cQ=="}),
    ),
    ("patch strategic $patch delete on top", r#"{"$patch":"delete"}"#, |o| *o = json!({})),
    (
        "patch strategic delete finalizer that is not there",
        r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["example.com/a"]}}"#,
        |_| {},
    ),
    (
        "patch strategic owner $patch delete",
        r#"{"metadata":{"ownerReferences":[{"$patch":"delete","uid":"u1"}]}}"#,
        |o| {
            o["metadata"]["ownerReferences"] = json!([]);
        },
    ),
    ("ssa update owned by kubectl-edit", r#"{"data":{"k":"dQ=="}}"#, |o| {
        o["data"]["k"] = json!("dQ==");
    }),
    (
        "fv strategic patch unknown + duplicate",
        r#"{"bogus":1,"data":{"a":"YQ==","a":"Yg=="}}"#,
        |o| {
            o["bogus"] = json!(1);
            o["data"]["a"] = json!("Yg==");
        },
    ),
];

#[test]
fn patches_as_the_real_server() {
    check(&secret(), PROBES);
}

const ON_MAPS: &[Probe] = &[
    ("delete", r#"{"data":{"$patch":"delete"}}"#, |o| o["data"] = json!({})),
    ("replace on top", r#"{"$patch":"replace","data":{"q":"cQ=="}}"#, |o| {
        *o = json!({"data": {"q": "cQ=="}});
    }),
    ("replace takes what it has as it is", r#"{"data":{"$patch":"replace","c":null}}"#, |o| {
        o["data"] = json!({"c": null});
    }),
    ("retain", r#"{"data":{"$retainKeys":["a"],"a":"eA=="}}"#, |o| {
        o["data"] = json!({"a": "eA=="});
    }),
    ("retain without setting", r#"{"data":{"$retainKeys":["b"]}}"#, |o| {
        o["data"] = json!({"b": "Yg=="});
    }),
    ("retain and remove", r#"{"data":{"$retainKeys":["a"],"b":null}}"#, |o| {
        o["data"] = json!({"a": "YQ=="});
    }),
    ("retain on top", r#"{"$retainKeys":["metadata","kind"],"metadata":{"labels":null}}"#, |o| {
        *o = json!({"kind": "Secret", "metadata": {"name": "p", "namespace": "ex1"}});
    }),
    ("a map that is not there", r#"{"metadata":{"annotations":{"a":null,"b":"c"}}}"#, |o| {
        o["metadata"]["annotations"] = json!({"b": "c"});
    }),
    (
        "replace of a map that is not there",
        r#"{"metadata":{"annotations":{"$patch":"replace","a":"b"}}}"#,
        |_| {},
    ),
    (
        "any directive in a map that is not there",
        r#"{"bogus":{"$patch":"bogus"},"q":{"a":null,"b":{"$patch":"x"},"c":[{"$patch":"y"},null,{"d":null}]}}"#,
        |o| {
            o["q"] = json!({"c": [null, {}]});
        },
    ),
    ("a directive in place of a text", r#"{"type":{"$patch":"delete"}}"#, |o| {
        remove(o, "type");
    }),
    ("a map in place of a text", r#"{"type":{"a":null,"b":1}}"#, |o| {
        o["type"] = json!({"b": 1});
    }),
];

#[test]
fn directives_work_on_maps() {
    check(&secret(), ON_MAPS);
}

const ON_FINALIZERS: &[Probe] = &[
    ("added in front", r#"{"metadata":{"finalizers":["n/n"]}}"#, |o| {
        o["metadata"]["finalizers"] = json!(["n/n", "a/a", "b/b"]);
    }),
    ("there already", r#"{"metadata":{"finalizers":["b/b"]}}"#, |_| {}),
    ("twice", r#"{"metadata":{"finalizers":["n/n","n/n"]}}"#, |o| {
        o["metadata"]["finalizers"] = json!(["n/n", "a/a", "b/b"]);
    }),
    ("in the order of the patch", r#"{"metadata":{"finalizers":["b/b","n/n","a/a"]}}"#, |o| {
        o["metadata"]["finalizers"] = json!(["b/b", "n/n", "a/a"]);
    }),
    ("none", r#"{"metadata":{"finalizers":[]}}"#, |_| {}),
    ("null", r#"{"metadata":{"finalizers":null}}"#, |o| {
        remove(&mut o["metadata"], "finalizers");
    }),
    ("no list", r#"{"metadata":{"finalizers":"x"}}"#, |o| {
        o["metadata"]["finalizers"] = json!("x");
    }),
    ("ordered", r#"{"metadata":{"$setElementOrder/finalizers":["b/b","a/a"]}}"#, |o| {
        o["metadata"]["finalizers"] = json!(["b/b", "a/a"]);
    }),
    (
        "ordered and added",
        r#"{"metadata":{"$setElementOrder/finalizers":["b/b","n/n","a/a"],"finalizers":["n/n"]}}"#,
        |o| {
            o["metadata"]["finalizers"] = json!(["b/b", "n/n", "a/a"]);
        },
    ),
    (
        "another one keeps its place",
        r#"{"metadata":{"$setElementOrder/finalizers":["n/n","b/b"],"finalizers":["n/n"]}}"#,
        |o| {
            o["metadata"]["finalizers"] = json!(["n/n", "a/a", "b/b"]);
        },
    ),
    ("deleted", r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a/a"]}}"#, |o| {
        o["metadata"]["finalizers"] = json!(["b/b"]);
    }),
    ("all deleted", r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["b/b","a/a"]}}"#, |o| {
        o["metadata"]["finalizers"] = json!([]);
    }),
    (
        "deleted, ordered and added",
        r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a/a"],"$setElementOrder/finalizers":["n/n","b/b"],"finalizers":["n/n"]}}"#,
        |o| {
            o["metadata"]["finalizers"] = json!(["n/n", "b/b"]);
        },
    ),
    (
        "deleted wins",
        r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["n/n"],"finalizers":["n/n"]}}"#,
        |_| {},
    ),
    ("deleted by null", r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":null}}"#, |o| {
        remove(&mut o["metadata"], "finalizers");
    }),
    (
        "nothing to order",
        r#"{"metadata":{"$retainKeys":["finalizers"],"$setElementOrder/finalizers":["b/b"],"$deleteFromPrimitiveList/finalizers":["a/a"]}}"#,
        |o| {
            o["metadata"] = json!({"finalizers": ["b/b"]});
        },
    ),
];

#[test]
fn finalizers_are_a_set() {
    check(&owned(), ON_FINALIZERS);
    let none = json!({"metadata": {}});
    let patch =
        r#"{"metadata":{"$setElementOrder/finalizers":["b/b","a/a"],"finalizers":["b/b","a/a"]}}"#;
    assert_eq!(patched(&none, patch), Ok(json!({"metadata": {"finalizers": ["b/b", "a/a"]}})));
    let patch = r#"{"metadata":{"$setElementOrder/finalizers":["b/b"]}}"#;
    assert_eq!(patched(&none, patch), Ok(none));
}

const ON_OWNERS: &[Probe] = &[
    ("added", r#"{"metadata":{"ownerReferences":[{"uid":"u3","name":"c"}]}}"#, |o| {
        o["metadata"]["ownerReferences"]
            .as_array_mut()
            .unwrap()
            .insert(0, json!({"uid": "u3", "name": "c"}));
    }),
    (
        "merged",
        r#"{"metadata":{"ownerReferences":[{"uid":"u2","name":"B","controller":null}]}}"#,
        |o| {
            o["metadata"]["ownerReferences"][1] = json!({"uid": "u2", "name": "B"});
        },
    ),
    (
        "merged in the order of the patch",
        r#"{"metadata":{"ownerReferences":[{"uid":"u2"},{"uid":"u1","name":"R"}]}}"#,
        |o| {
            o["metadata"]["ownerReferences"] =
                json!([{"uid": "u2", "name": "b", "controller": true}, {"uid": "u1", "name": "R"}]);
        },
    ),
    (
        "new and given twice",
        r#"{"metadata":{"ownerReferences":[{"uid":"n","name":"1"},{"uid":"n","name":"2"}]}}"#,
        |o| {
            o["metadata"]["ownerReferences"]
                .as_array_mut()
                .unwrap()
                .insert(0, json!({"uid": "n", "name": "2"}));
        },
    ),
    ("deleted", r#"{"metadata":{"ownerReferences":[{"uid":"u2","$patch":"delete"}]}}"#, |o| {
        o["metadata"]["ownerReferences"] = json!([{"uid": "u1", "name": "a"}]);
    }),
    (
        "all replaced",
        r#"{"metadata":{"ownerReferences":[{"$patch":"replace"},{"uid":"u9"}]}}"#,
        |o| o["metadata"]["ownerReferences"] = json!([{"uid": "u9"}]),
    ),
    (
        "ordered",
        r#"{"metadata":{"$setElementOrder/ownerReferences":[{"uid":"u2"},{"uid":"u1"}]}}"#,
        |o| {
            o["metadata"]["ownerReferences"].as_array_mut().unwrap().reverse();
        },
    ),
    (
        "ordered, added and deleted",
        r#"{"metadata":{"$setElementOrder/ownerReferences":[{"uid":"u2"},{"uid":"u3"}],"ownerReferences":[{"uid":"u3","name":"n"},{"uid":"u1","$patch":"delete"}]}}"#,
        |o| {
            o["metadata"]["ownerReferences"] =
                json!([{"uid": "u2", "name": "b", "controller": true}, {"uid": "u3", "name": "n"}]);
        },
    ),
    ("none", r#"{"metadata":{"ownerReferences":[]}}"#, |_| {}),
];

#[test]
fn owners_merge_by_their_uid() {
    check(&owned(), ON_OWNERS);
    // Elements are not looked at where there was no list.
    let patch = r#"{"metadata":{"ownerReferences":[{"name":"x"},{"uid":"u","$patch":"delete"}]}}"#;
    let taken = json!({"metadata": {"ownerReferences": [{"name": "x"}]}});
    assert_eq!(patched(&json!({"metadata": {}}), patch), Ok(taken));
}

#[test]
fn everything_else_is_taken_whole() {
    check(
        &owned(),
        &[
            ("managedFields", r#"{"metadata":{"managedFields":[{"manager":"z"}]}}"#, |o| {
                o["metadata"]["managedFields"] = json!([{"manager": "z"}]);
            }),
            (
                "maps are not deleted like texts",
                r#"{"metadata":{"$deleteFromPrimitiveList/managedFields":[{"manager":"m"}]}}"#,
                |_| {},
            ),
            ("managedFields emptied", r#"{"metadata":{"managedFields":[{}]}}"#, |o| {
                o["metadata"]["managedFields"] = json!([{}]);
            }),
            ("a list in place of a map", r#"{"data":["x"]}"#, |o| o["data"] = json!(["x"])),
            ("no map", r#"{"metadata":5}"#, |o| o["metadata"] = json!(5)),
        ],
    );
}

#[test]
fn namespaces_have_lists_of_their_own() {
    let namespace = json!({
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active", "conditions": [{"type": "A", "status": "True"}, {"type": "B", "status": "True"}]},
    });
    let apply = |patch: &str, schema| {
        let patch = StrategicPatch::new(serde_json::from_str(patch).unwrap()).unwrap();
        patch.apply(namespace.clone(), schema).unwrap()
    };
    let conditions = r#"{"status":{"conditions":[{"type":"B","status":"False"},{"type":"C"}]}}"#;
    assert_eq!(
        apply(conditions, Schema::Namespace)["status"]["conditions"],
        json!([{"type": "A", "status": "True"}, {"type": "B", "status": "False"}, {"type": "C"}])
    );
    let taken = json!([{"type": "B", "status": "False"}, {"type": "C"}]);
    assert_eq!(apply(conditions, Schema::Secret)["status"]["conditions"], taken);
    let finalizers = r#"{"spec":{"finalizers":["x"]}}"#;
    assert_eq!(apply(finalizers, Schema::Namespace)["spec"]["finalizers"], json!(["x"]));
    let ordered =
        r#"{"spec":{"$setElementOrder/finalizers":["x","kubernetes"],"finalizers":["x"]}}"#;
    assert_eq!(apply(ordered, Schema::Namespace)["spec"]["finalizers"], json!(["x"]));
    let left = r#"{"spec":{"$setElementOrder/finalizers":["x","kubernetes"]}}"#;
    assert_eq!(apply(left, Schema::Namespace)["spec"]["finalizers"], json!(["kubernetes"]));
}

/// Patches that are refused, with the texts.
const REFUSED: &[(&str, &str)] = &[
    // patch strategic array, patch strategic string, patch strategic number, patch strategic not json, patch strategic empty
    // body
    ("[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    (r#""x""#, "json: cannot unmarshal string into Go value of type map[string]interface {}"),
    ("5", "json: cannot unmarshal number into Go value of type map[string]interface {}"),
    ("{x", "invalid JSON patch"),
    ("", "invalid JSON patch"),
    // patch strategic $patch bogus
    (r#"{"data":{"$patch":"bogus"}}"#, "unknown patch type: bogus"),
    (r#"{"data":{"$patch":"merge"}}"#, "unknown patch type: merge"),
    (r#"{"data":{"$patch":5}}"#, "unknown patch type: 5"),
    (r#"{"data":{"$patch":null}}"#, "unknown patch type: null"),
    (r#"{"data":{"$patch":{"a":"b"}}}"#, "unknown patch type: object"),
    (r#"{"$patch":"bogus"}"#, "unknown patch type: bogus"),
    (
        r#"{"metadata":{"ownerReferences":[{"uid":"u2","$patch":"bogus"}]}}"#,
        "unknown patch type: bogus",
    ),
    (
        r#"{"metadata":{"ownerReferences":[{"uid":"u2","$patch":"merge"}]}}"#,
        "merging lists cannot yet be specified in the patch",
    ),
    // patch strategic setElementOrder mismatch
    (
        r#"{"metadata":{"finalizers":["example.com/a"],"$setElementOrder/finalizers":["example.com/b"]}}"#,
        "The order in patch list:\n[example.com/a]\n doesn't match $setElementOrder list:\n[example.com/b]\n",
    ),
    (
        r#"{"metadata":{"finalizers":["n/n","a/a"],"$setElementOrder/finalizers":["a/a","b/b","n/n",5,true,null,["x","y"]]}}"#,
        "The order in patch list:\n[n/n a/a]\n doesn't match $setElementOrder list:\n[a/a b/b n/n 5 true <nil> [x y]]\n",
    ),
    (
        r#"{"metadata":{"ownerReferences":[{"uid":"u3","name":"a"}],"$setElementOrder/ownerReferences":[{"uid":"u2"}]}}"#,
        "The order in patch list:\n[map[name:a uid:u3]]\n doesn't match $setElementOrder list:\n[map[uid:u2]]\n",
    ),
    (
        r#"{"metadata":{"$setElementOrder/bogus":["a"]}}"#,
        r#"unable to find api field in struct ObjectMeta for the json field "bogus""#,
    ),
    (
        r#"{"$setElementOrder/bogus":["a"]}"#,
        r#"unable to find api field in struct Secret for the json field "bogus""#,
    ),
    (
        r#"{"data":{"$setElementOrder/z":["a"]}}"#,
        r#"unable to find api field in map for the json field "z""#,
    ),
    (
        r#"{"metadata":{"$setElementOrder/finalizers":"x"}}"#,
        "expected a []interface {}, but received a string",
    ),
    (
        r#"{"metadata":{"$setElementOrder/finalizers":["a/a"],"finalizers":1.5}}"#,
        "expected a []interface {}, but received a float64",
    ),
    (
        r#"{"metadata":{"$setElementOrder/ownerReferences":["u2"],"ownerReferences":[{"uid":"u3"}]}}"#,
        "expected a map[string]interface {}, but received a string",
    ),
    (
        r#"{"data":{"$setElementOrder/a":["a"]}}"#,
        "expected a []interface {}, but received a string",
    ),
    (r#"{"metadata":{"$setElementOrder":["a"]}}"#, "invalid patch format of setElementOrder list"),
    (
        r#"{"metadata":{"$setElementOrderX/finalizers":["a"]}}"#,
        "invalid patch format of setElementOrder list",
    ),
    (
        r#"{"metadata":{"$deleteFromPrimitiveList":["a"]}}"#,
        "invalid patch format of primitive list",
    ),
    (
        r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":[1]}}"#,
        "list element types are not identical",
    ),
    (r#"{"metadata":{"finalizers":[1]}}"#, "list element types are not identical"),
    (r#"{"metadata":{"finalizers":[{"a":1}]}}"#, "list element types are not identical"),
    (r#"{"metadata":{"ownerReferences":["u"]}}"#, "list element types are not identical"),
    (
        r#"{"metadata":{"ownerReferences":[{"name":"b"}]}}"#,
        "map does not contain declared merge key: uid",
    ),
    (
        r#"{"metadata":{"ownerReferences":[{"$patch":"delete"}]}}"#,
        "map does not contain declared merge key: uid",
    ),
    (r#"{"data":{"$retainKeys":["a"],"b":"eA=="}}"#, "invalid patch format of retainKeys"),
    (r#"{"data":{"$retainKeys":"a"}}"#, "invalid patch format of retainKeys"),
];

#[test]
fn refuses_as_the_real_server_but_without_values() {
    for (patch, text) in REFUSED {
        assert_eq!(patched(&owned(), patch).unwrap_err().to_string(), *text, "{patch}");
    }
    let empty = json!({"metadata": {}});
    for (patch, error) in [
        (
            r#"{"metadata":{"$setElementOrder/finalizers":[],"finalizers":[]}}"#,
            PatchError::NoElements,
        ),
        (
            r#"{"metadata":{"$setElementOrder/finalizers":[["a"]],"finalizers":[["a"]]}}"#,
            PatchError::ListOfLists,
        ),
    ] {
        assert_eq!(patched(&empty, patch), Err(error));
    }
}

#[test]
fn no_value_is_printed() {
    for data in ["data", "stringData"] {
        for inside in [
            r#""$patch":"bogus","a":"c2VjcmV0""#,
            r#""$patch":{"a":"c2VjcmV0"},"a":"c2VjcmV0""#,
            r#""$patch":["c2VjcmV0"]"#,
            r#""$retainKeys":["b"],"a":"c2VjcmV0""#,
            r#""$setElementOrder/a":["c2VjcmV0"],"a":["c2VjcmV0"]"#,
            r#""$setElementOrder/z":["c2VjcmV0"],"z":["c2VjcmV0"]"#,
            r#""$setElementOrder/a":"c2VjcmV0""#,
            r#""$deleteFromPrimitiveList":"c2VjcmV0""#,
        ] {
            let object = json!({data: {"a": "c2VjcmV0"}});
            let patch = format!(r#"{{"{data}":{{{inside}}}}}"#);
            let error = patched(&object, &patch).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("c2VjcmV0"), "{patch}: {error}");
        }
        for patch in [
            format!(r#"{{"$setElementOrder/{data}":["c2VjcmV0"],"{data}":["c2VjcmV0"]}}"#),
            format!(r#"{{"$patch":"bogus","{data}":{{"a":"c2VjcmV0"}}}}"#),
            format!(r#"{{"$retainKeys":[],"{data}":{{"a":"c2VjcmV0"}}}}"#),
            r#"["c2VjcmV0"]"#.to_owned(),
        ] {
            let error = patched(&owned(), &patch).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("c2VjcmV0"), "{patch}: {error}");
        }
    }
    let patch = StrategicPatch::new(json!({"data": {"a": "c2VjcmV0"}})).unwrap();
    assert_eq!(format!("{patch:?}"), "StrategicPatch(hidden)");
}

#[test]
fn members_come_in_alphabetical_order() {
    let patched = patched(
        &json!({"z": {"q": "1"}, "m": 1}),
        r#"{"zap":1,"bogus":{"d":1,"c":2},"z":{"a":"1"}}"#,
    )
    .unwrap();
    assert_eq!(
        patched.to_string(),
        r#"{"bogus":{"c":2,"d":1},"m":1,"z":{"a":"1","q":"1"},"zap":1}"#
    );
}

#[test]
fn refuses_a_patch_that_is_nested_too_deeply() {
    let mut patch = json!(1);
    for _ in 0..10_000 {
        patch = Value::from_iter([("metadata", patch)]);
    }
    assert_eq!(StrategicPatch::new(patch), Err(PatchError::NotJson));
}

#[test]
fn long_lists_take_no_quadratic_time() {
    let names: Vec<String> = (0..30_000).map(|i| format!("example.com/{i}")).collect();
    let reversed: Vec<&String> = names.iter().rev().collect();
    let deleted: Vec<&String> = names.iter().step_by(2).collect();
    let uids = |names: &[&String]| names.iter().map(|uid| json!({"uid": uid})).collect::<Vec<_>>();
    let object = json!({"metadata": {
        "finalizers": names, "ownerReferences": uids(&names.iter().collect::<Vec<_>>()),
    }});
    let patch = json!({"metadata": {
        "finalizers": reversed, "$setElementOrder/finalizers": reversed, "$deleteFromPrimitiveList/finalizers": deleted,
        "ownerReferences": uids(&reversed), "$setElementOrder/ownerReferences": uids(&reversed),
    }});
    let patched = StrategicPatch::new(patch).unwrap().apply(object, Schema::Secret).unwrap();
    assert_eq!(patched["metadata"]["finalizers"].as_array().unwrap().len(), 15_000);
    assert_eq!(patched["metadata"]["ownerReferences"][0]["uid"], "example.com/29999");
}

/// The patch that kubectl computes to make one object out of another.
fn diff(from: &Map<String, Value>, to: &Map<String, Value>) -> Map<String, Value> {
    let removed = from.keys().filter(|name| !to.contains_key(*name));
    let mut patch: Map<_, _> = removed.map(|name| (name.clone(), Value::Null)).collect();
    for (name, value) in to {
        match (from.get(name), value) {
            (Some(before), _) if before == value => {}
            (Some(Value::Object(before)), Value::Object(value)) => {
                patch.insert(name.clone(), diff(before, value).into());
            }
            (Some(Value::Array(before)), Value::Array(value)) if name == "finalizers" => {
                let added = value.iter().filter(|it| !before.contains(it));
                let deleted = before.iter().filter(|it| !value.contains(it));
                patch.insert(name.clone(), added.cloned().collect());
                patch.insert(format!("{DELETION}/{name}"), deleted.cloned().collect());
                patch.insert(format!("{ELEMENT_ORDER}/{name}"), value.clone().into());
            }
            (Some(Value::Array(before)), Value::Array(value)) if name == "ownerReferences" => {
                let find =
                    |list: &[Value], uid: &Value| list.iter().find(|it| it["uid"] == *uid).cloned();
                let changed = value.iter().filter_map(|it| match find(before, &it["uid"]) {
                    Some(before) if before == *it => None,
                    Some(before) => {
                        let mut change = diff(before.as_object()?, it.as_object()?);
                        change.insert("uid".to_owned(), it["uid"].clone());
                        Some(change.into())
                    }
                    None => Some(it.clone()),
                });
                let deleted = before.iter().filter(|it| find(value, &it["uid"]).is_none());
                let deleted = deleted.map(|it| json!({"$patch": "delete", "uid": it["uid"]}));
                let order = value.iter().map(|it| json!({"uid": it["uid"]}));
                patch.insert(name.clone(), changed.chain(deleted).collect());
                patch.insert(format!("{ELEMENT_ORDER}/{name}"), order.collect());
            }
            _ => {
                patch.insert(name.clone(), value.clone());
            }
        }
    }
    patch
}

fn texts() -> impl Strategy<Value = Option<BTreeMap<String, String>>> {
    option::of(btree_map("[a-d]", "[xyz]", 0..4))
}

fn owner() -> impl Strategy<Value = (String, Option<bool>)> {
    ("[pq]", option::of(any::<bool>()))
}

prop_compose! {
    fn any_secret()(
        data in texts(), labels in texts(), annotations in texts(),
        finalizers in option::of(subsequence(vec!["a/a", "b/b", "c/c", "d/d"], 0..=4).prop_shuffle()),
        uids in option::of(subsequence(vec!["u1", "u2", "u3", "u4"], 0..=4).prop_shuffle()),
        owners in prop::array::uniform4(owner()),
        managers in option::of(0..3),
        immutable in option::of(any::<bool>()),
    ) -> Map<String, Value> {
        let owners = uids.map(|uids| {
            let owners = uids.into_iter().zip(owners).map(|(uid, (name, controller))| {
                let mut owner = json!({"uid": uid, "name": name});
                if let Some(controller) = controller {
                    owner["controller"] = controller.into();
                }
                owner
            });
            owners.collect::<Vec<_>>()
        });
        let secret = json!({
            "metadata": {
                "name": "s", "labels": labels, "annotations": annotations, "finalizers": finalizers,
                "ownerReferences": owners, "managedFields": managers.map(|n| vec![json!({"manager": n})]),
            },
            "data": data, "immutable": immutable, "type": "Opaque",
        });
        let Some(Value::Object(secret)) = without_directives(&secret) else { unreachable!() };
        secret
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_kubectl_computes_gives_its_target(from in any_secret(), to in any_secret()) {
        let patch = StrategicPatch::new(diff(&from, &to).into()).unwrap();
        prop_assert_eq!(patch.apply(from.into(), Schema::Secret), Ok(to.into()));
    }

    /// Others' finalizers, owners, labels and data survive a patch that was computed without them.
    #[test]
    fn what_others_have_added_stays(from in any_secret(), to in any_secret()) {
        let add = |secret: &Map<String, Value>| {
            let mut secret = Value::from(secret.clone());
            for (name, value) in [("finalizers", json!("z/z")), ("ownerReferences", json!({"uid": "u9"}))] {
                if let Some(list) = secret["metadata"].get_mut(name).and_then(Value::as_array_mut) {
                    list.push(value);
                }
            }
            if let Some(data) = secret.get_mut("data") {
                data["z"] = json!("eg==");
            }
            secret.sort_all_objects();
            secret
        };
        let patch = StrategicPatch::new(diff(&from, &to).into()).unwrap();
        let patched = patch.apply(add(&from), Schema::Secret).unwrap();
        for name in ["finalizers", "ownerReferences"] {
            if from["metadata"].get(name).is_some() && to["metadata"].get(name).is_some() {
                let lists = [&patched, &add(&to)].map(|secret| secret["metadata"][name].clone());
                let sorted = lists.map(|list| {
                    let mut texts: Vec<_> = list.as_array().unwrap().iter().map(Value::to_string).collect();
                    texts.sort();
                    texts
                });
                prop_assert_eq!(&sorted[0], &sorted[1]);
            }
        }
        if from.contains_key("data") && to.contains_key("data") {
            prop_assert_eq!(&patched["data"], &add(&to)["data"]);
        }
    }
}
