//! Sequences of requests against a real server, and the rules of server-side apply.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use super::super::managers::{Managers, Write, keep_times, record_update};
use super::super::schema::{ObjectKind, Problem, Subresource};
use super::{ApplyError, apply};
use crate::kubernetes::model::time;

mod properties;

/// What the product's decoder makes of an object, as far as these tests need it.
fn decode(kind: ObjectKind, mut object: Value) -> Result<Value, String> {
    let blank = |value: &Value| match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        value => *value == "" || value.is_null(),
    };
    let members = object.as_object_mut().unwrap();
    for name in ["data", "stringData"] {
        for (_, value) in members.get_mut(name).and_then(Value::as_object_mut).into_iter().flatten()
        {
            let text = value.as_str().unwrap_or_default();
            if name == "data" && BASE64.decode(text.as_bytes()).is_err() {
                return Err("illegal base64 data at input byte 0".to_owned());
            }
            *value = text.into();
        }
    }
    if let Some(Value::Object(texts)) = members.remove("stringData") {
        let data = members.entry("data").or_insert_with(|| json!({}));
        if data.is_null() {
            *data = json!({});
        }
        for (name, text) in texts {
            data[name] = BASE64.encode(text.as_str().unwrap().as_bytes()).into();
        }
    }
    members.retain(|_, value| !blank(value));
    let metadata = members.entry("metadata").or_insert_with(|| json!({}));
    for name in ["labels", "annotations"] {
        let texts = metadata.get_mut(name).and_then(Value::as_object_mut);
        texts.into_iter().flatten().filter(|(_, value)| value.is_null()).for_each(|(_, value)| {
            *value = "".into();
        });
    }
    let owners = metadata.get("managedFields").cloned();
    metadata.as_object_mut().unwrap().retain(|_, value| !blank(value));
    if let Some(owners) = owners {
        metadata["managedFields"] = owners;
    }
    match kind {
        ObjectKind::Secret => {
            members.entry("type").or_insert_with(|| json!("Opaque"));
        }
        ObjectKind::Namespace => {
            if let Some(name) = members["metadata"].get("name").cloned() {
                members["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
            }
            members.entry("spec").or_insert_with(|| json!({}));
            let status = members.entry("status").or_insert_with(|| json!({}));
            let conditions = status.get_mut("conditions").and_then(Value::as_array_mut);
            for condition in conditions.into_iter().flatten() {
                if condition.get("lastTransitionTime").is_none() {
                    condition["lastTransitionTime"] = Value::Null;
                }
            }
        }
    }
    Ok(object)
}

/// RFC 7386.
fn merge_patch(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let target = target.as_object_mut().unwrap();
    for (name, value) in patch {
        if value.is_null() {
            target.shift_remove(name);
        } else {
            merge_patch(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// A server without validation.
#[derive(Clone, Debug, Default)]
struct Server {
    objects: BTreeMap<String, Value>,
    seconds: i64,
}

impl Server {
    fn write<'a>(&mut self, kind: ObjectKind, manager: &'a str) -> Write<'a> {
        self.seconds += 1;
        let time = time::parse(&format!(
            "2026-11-30T19:{:02}:{:02}Z",
            self.seconds / 60,
            self.seconds % 60
        ));
        Write { kind, subresource: None, manager, time: time.unwrap() }
    }

    fn apply(
        &mut self,
        name: &str,
        manager: &str,
        force: bool,
        config: &Value,
    ) -> Result<&Value, ApplyError> {
        let mut config = config.clone();
        config["apiVersion"] = json!("v1");
        config["kind"] = json!("Secret");
        config["metadata"]["name"] = json!(name);
        let write = self.write(ObjectKind::Secret, manager);
        let live = self.objects.get(name);
        let mut object =
            apply(&write, force, live, &config, |object| decode(ObjectKind::Secret, object))?;
        if let Some(live) = live {
            keep_times(live, &mut object);
        }
        self.objects.insert(name.to_owned(), object);
        Ok(&self.objects[name])
    }

    fn patch(&mut self, name: &str, manager: &str, patch: &Value) -> &Value {
        let write = self.write(ObjectKind::Secret, manager);
        let live = &self.objects[name];
        let mut object = live.clone();
        merge_patch(&mut object, patch);
        let mut object = decode(ObjectKind::Secret, object).unwrap();
        record_update(&write, Some(live), &mut object);
        keep_times(live, &mut object);
        self.objects.insert(name.to_owned(), object);
        &self.objects[name]
    }

    fn create(&mut self, name: &str, manager: &str, object: &Value) -> &Value {
        let write = self.write(ObjectKind::Secret, manager);
        let mut object = object.clone();
        object["apiVersion"] = json!("v1");
        object["kind"] = json!("Secret");
        object["metadata"]["name"] = json!(name);
        let mut object = decode(ObjectKind::Secret, object).unwrap();
        record_update(&write, None, &mut object);
        self.objects.insert(name.to_owned(), object);
        &self.objects[name]
    }

    /// One step of the recorded sequences.
    fn step(&mut self, step: &Value) -> Result<Value, ApplyError> {
        let kind = match step["kind"].as_str() {
            Some("Namespace") => ObjectKind::Namespace,
            _ => ObjectKind::Secret,
        };
        let name = step["object"].as_str().unwrap();
        let verb = step["verb"].as_str().unwrap();
        let mut write = self.write(kind, step["manager"].as_str().unwrap_or("unknown"));
        write.subresource = step.get("subresource").map(|_| Subresource::Status);
        let live = self.objects.get(name);
        let mut object = match verb {
            "get" => return Ok(live.unwrap().clone()),
            "delete" => return Ok(self.objects.remove(name).unwrap()),
            "apply" => {
                let force = step["force"] == true;
                apply(&write, force, live, &step["body"], |object| decode(kind, object))?
            }
            verb => {
                let mut object = match verb {
                    "post" | "put" => step["body"].clone(),
                    "merge" => live.unwrap().clone(),
                    verb => panic!("{verb}"),
                };
                if verb == "merge" {
                    merge_patch(&mut object, &step["body"]);
                }
                let mut object = decode(kind, object).unwrap();
                record_update(&write, live.filter(|_| verb != "post"), &mut object);
                object
            }
        };
        if let Some(live) = live {
            for name in ["uid", "creationTimestamp", "resourceVersion"] {
                object["metadata"].as_object_mut().unwrap().remove(name);
            }
            if kind == ObjectKind::Namespace {
                object["spec"] = live["spec"].clone();
                if write.subresource.is_none() {
                    object["status"] = live["status"].clone();
                }
            }
            keep_times(live, &mut object);
        } else if kind == ObjectKind::Namespace {
            object["spec"] = json!({"finalizers": ["kubernetes"]});
        }
        if step["dry"] != true {
            self.objects.insert(name.to_owned(), object.clone());
        }
        Ok(object)
    }
}

/// The members that the recorded answers have, with times masked and owners in one order.
fn shown(object: &Value) -> Value {
    let pick = |object: &Value, names: &[&str]| {
        let members =
            names.iter().filter_map(|name| Some(((*name).to_owned(), object.get(*name).cloned()?)));
        members.collect::<Map<_, _>>()
    };
    let names =
        ["labels", "annotations", "generateName", "finalizers", "ownerReferences", "managedFields"];
    let mut shown = pick(object, &["data", "type", "immutable"]);
    shown.insert("metadata".to_owned(), pick(&object["metadata"], &names).into());
    let mut shown = Value::Object(shown);
    if let Some(entries) = shown["metadata"].get_mut("managedFields").and_then(Value::as_array_mut)
    {
        for entry in entries.iter_mut() {
            if entry.get("time").is_some_and(|time| time != "2026-01-01T00:00:00Z") {
                entry["time"] = "<TIME>".into();
            }
        }
        entries.sort_by_key(|e| [e["operation"].to_string(), e["manager"].to_string()]);
    }
    shown
}

/// Sequences of the probes, in their order, with the answers of a real server (1.37.2) where they
/// are known. Strategic and JSON patches are written as the merge patches that they come to. Steps
/// that are refused by validation alone are left out, and what messages show of values is cut off.
#[test]
fn owners_and_objects_are_those_of_a_real_server() {
    let mut server = Server::default();
    let mut compared = 0;
    for line in include_str!("replay.jsonl").lines() {
        let step: Value = serde_json::from_str(line).unwrap();
        let result = server.step(&step);
        let Some(answer) = step.get("answer") else { continue };
        let got = match result {
            Ok(object) => shown(&object),
            Err(ApplyError::Conflict(conflicts)) => {
                let causes = conflicts.iter().map(|c| json!([c.message(), c.path().to_string()]));
                json!({"message": conflicts.to_string(), "causes": causes.collect::<Vec<_>>()})
            }
            Err(error) => json!({"message": error.to_string()}),
        };
        assert_eq!(got, *answer, "{}", step["name"]);
        compared += 1;
    }
    assert_eq!(compared, 92);
}

fn message(result: Result<&Value, ApplyError>) -> String {
    result.unwrap_err().to_string()
}

fn owners(object: &Value) -> Vec<String> {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let entries = entries.map(|entry| {
        let text = |name| entry[name].as_str().unwrap_or("-");
        let time = entry.get("time").map_or("no time", |_| "time");
        let (manager, operation) = (text("manager"), text("operation"));
        format!("{manager} {operation} {time} {}", entry["fieldsV1"])
    });
    entries.collect()
}

#[test]
fn conflicts_name_fields_and_owners() {
    let mut server = Server::default();
    let one = json!({"metadata": {"labels": {"l": "1"}}, "data": {"c": "ZA=="}});
    server.apply("s", "one", false, &one).unwrap();
    server.patch("s", "upd", &json!({"metadata": {"labels": {"x": "1"}}, "data": {"u": "dQ=="}}));

    let config = json!({"data": {"c": "eA=="}});
    assert_eq!(
        message(server.apply("s", "two", false, &config)),
        r#"Apply failed with 1 conflict: conflict with "one": .data.c"#
    );
    let config = json!({"data": {"u": "eA=="}});
    assert_eq!(
        message(server.apply("s", "two", false, &config)),
        r#"Apply failed with 1 conflict: conflict with "upd" using v1: .data.u"#
    );
    let config = json!({"metadata": {"labels": {"l": "2"}}, "data": {"c": "eA=="}});
    assert_eq!(
        message(server.apply("s", "two", false, &config)),
        "Apply failed with 2 conflicts: conflicts with \"one\":\n- .data.c\n- .metadata.labels.l"
    );
    let config = json!({
        "metadata": {"labels": {"l": "2", "x": "2"}}, "data": {"c": "eA==", "u": "eA=="},
    });
    let error = server.apply("s", "two", false, &config).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Apply failed with 4 conflicts: conflicts with \"one\":\n- .data.c\n- .metadata.labels.l\n\
         conflicts with \"upd\" using v1:\n- .data.u\n- .metadata.labels.x"
    );
    let ApplyError::Conflict(conflicts) = error else { panic!("{error}") };
    let causes: Vec<_> = conflicts.iter().map(|c| (c.message(), c.path().to_string())).collect();
    let upd = r#"conflict with "upd" using v1"#.to_owned();
    assert_eq!(causes[3], (upd, ".metadata.labels.x".to_owned()));
    // Nothing was applied.
    assert_eq!(server.objects["s"]["data"], json!({"c": "ZA==", "u": "dQ=="}));
}

#[test]
fn ones_own_updates_are_an_owner_of_their_own() {
    let mut server = Server::default();
    server.create("s", "one", &json!({"data": {"a": "YQ=="}}));
    assert_eq!(
        message(server.apply("s", "one", false, &json!({"data": {"a": "Yg=="}}))),
        r#"Apply failed with 1 conflict: conflict with "one" using v1: .data.a"#
    );
}

#[test]
fn the_type_conflicts_with_an_updater_that_owns_it_alone() {
    let mut server = Server::default();
    server.create("created", "upd", &json!({}));
    let config = json!({"type": "other", "metadata": {"labels": {"bad label": "x"}}});
    assert_eq!(
        message(server.apply("created", "two", false, &config)),
        r#"Apply failed with 1 conflict: conflict with "upd" using v1: .type"#
    );
    let label = json!({"metadata": {"labels": {"l": "1"}}});
    server.apply("applied", "one", false, &label).unwrap();
    // Whether the type may change is for validation, which is not here.
    let object = server.apply("applied", "two", false, &config).unwrap();
    assert_eq!(object["type"], "other");
}

#[test]
fn the_same_value_is_owned_together_and_without_a_time() {
    let mut server = Server::default();
    let config = json!({"data": {"c": "ZA=="}});
    server.apply("s", "one", false, &config).unwrap();
    let object = server.apply("s", "two", false, &config).unwrap();
    let fields = r#"{"f:data":{"f:c":{}}}"#;
    assert_eq!(
        owners(object),
        [format!("two Apply no time {fields}"), format!("one Apply time {fields}")]
    );
    // The other still owns it when one drops it; it goes with the last.
    server.apply("s", "one", false, &json!({})).unwrap();
    assert_eq!(server.objects["s"]["data"], json!({"c": "ZA=="}));
    let object = server.apply("s", "two", false, &json!({})).unwrap();
    assert_eq!(object.get("data"), None);
    // Nobody owns anything: there is no list.
    assert_eq!(object["metadata"].get("managedFields"), None);
}

#[test]
fn an_owner_of_less_keeps_its_time() {
    let mut server = Server::default();
    let config = json!({"data": {"c": "ZA==", "d": "ZA=="}});
    server.apply("s", "one", false, &config).unwrap();
    let before = server.objects["s"]["metadata"]["managedFields"][0]["time"].clone();
    server.apply("s", "two", false, &config).unwrap();
    let object = server.apply("s", "one", false, &json!({"data": {"c": "ZA=="}})).unwrap();
    assert_eq!(owners(object)[1], r#"one Apply time {"f:data":{"f:c":{}}}"#);
    assert_eq!(object["metadata"]["managedFields"][1]["time"], before);
}

#[test]
fn owners_of_another_version_do_not_count() {
    let mut server = Server::default();
    server.create("s", "upd", &json!({"data": {"a": "YQ=="}}));
    let list = server.objects.get_mut("s").unwrap();
    list["metadata"]["managedFields"][0]["apiVersion"] = json!("v2");
    let object = server.apply("s", "one", false, &json!({"data": {"a": "Yg=="}})).unwrap();
    assert_eq!(owners(object), [r#"one Apply time {"f:data":{"f:a":{}}}"#]);
    server.apply("s", "two", false, &json!({"data": {"a": "Yg=="}})).unwrap();
    let list = &mut server.objects.get_mut("s").unwrap()["metadata"]["managedFields"];
    list[0]["apiVersion"] = json!("v2");
    let object = server.apply("s", "one", false, &json!({})).unwrap();
    assert_eq!(object.get("data"), None);
}

#[test]
fn data_and_string_data_never_conflict() {
    let mut server = Server::default();
    server.apply("s", "one", false, &json!({"stringData": {"a": "b"}})).unwrap();
    server.apply("s", "two", false, &json!({"data": {"a": "eA=="}})).unwrap();
    assert_eq!(
        message(server.apply("s", "three", false, &json!({"stringData": {"a": "c"}}))),
        r#"Apply failed with 1 conflict: conflict with "one": .stringData.a"#
    );
    let object = server.apply("s", "one", false, &json!({"stringData": {"a": "z"}})).unwrap();
    assert_eq!(object["data"], json!({"a": "eg=="}));
    assert_eq!(
        owners(object),
        [
            r#"two Apply time {"f:data":{"f:a":{}}}"#,
            r#"one Apply time {"f:stringData":{"f:a":{}}}"#,
        ]
    );
}

#[test]
fn a_map_of_which_nobody_owns_a_key_goes_as_a_whole() {
    let mut server = Server::default();
    let both = json!({"data": {"c": "ZA=="}, "stringData": {"a": "b"}});
    server.apply("s", "one", false, &both).unwrap();
    server.apply("s", "two", true, &json!({"data": {"c": "eA=="}})).unwrap();
    let object = server.apply("s", "two", false, &json!({})).unwrap();
    assert_eq!(object.get("data"), None);
    assert_eq!(owners(object), [r#"one Apply time {"f:stringData":{"f:a":{}}}"#]);
}

#[test]
fn a_key_of_string_data_stays_as_long_as_data_does() {
    let mut server = Server::default();
    let both = json!({"data": {"c": "ZA=="}, "stringData": {"a": "b"}});
    server.apply("s", "one", false, &both).unwrap();
    server.patch("s", "upd", &json!({"data": {"u": "dQ=="}}));
    let object = server.apply("s", "one", false, &json!({})).unwrap();
    assert_eq!(object["data"], json!({"a": "Yg==", "u": "dQ=="}));
}

#[test]
fn the_same_again_changes_nothing_not_even_a_time() {
    let mut server = Server::default();
    let config = json!({"data": {"c": "ZA=="}, "stringData": {"a": "b"}});
    server.apply("s", "one", false, &config).unwrap();
    // Its later time would come after one's, so the list must be told by owners, not by places.
    server.apply("s", "two", false, &json!({"metadata": {"labels": {"l": "1"}}})).unwrap();
    let before = server.objects["s"].clone();
    server.apply("s", "one", false, &config).unwrap();
    assert_eq!(server.objects["s"].to_string(), before.to_string());
    server.patch("s", "upd", &json!({}));
    assert_eq!(server.objects["s"].to_string(), before.to_string());
    // Another value is written with its time.
    let config = json!({"data": {"c": "ZA=="}, "stringData": {"a": "c"}});
    let object = server.apply("s", "one", false, &config).unwrap();
    assert_ne!(object["metadata"]["managedFields"], before["metadata"]["managedFields"]);
}

#[test]
fn what_was_there_before_the_first_apply_has_an_owner() {
    let mut server = Server::default();
    server.create("s", "upd", &json!({"data": {"a": "YQ=="}}));
    server.patch("s", "upd", &json!({"metadata": {"managedFields": []}}));
    // Nobody owns the object, and so it stays with updates.
    let object = server.patch("s", "upd", &json!({"data": {"b": "YQ=="}}));
    assert_eq!(owners(object), Vec::<String>::new());
    assert_eq!(
        message(server.apply("s", "one", false, &json!({"data": {"a": "Yg=="}}))),
        "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a"
    );
    let object = server.apply("s", "one", false, &json!({"data": {"a": "YQ=="}})).unwrap();
    assert_eq!(
        owners(object),
        [
            r#"one Apply no time {"f:data":{"f:a":{}}}"#,
            r#"before-first-apply Update time {"f:data":{".":{},"f:a":{},"f:b":{}},"f:type":{}}"#,
        ]
    );
}

#[test]
fn lists_are_merged_item_by_item() {
    let mut server = Server::default();
    let owner = |uid: &str| json!({"apiVersion": "v1", "kind": "Pod", "name": uid, "uid": uid});
    server.create(
        "s",
        "upd",
        &json!({"metadata": {"finalizers": ["e/f"], "ownerReferences": [owner("u1")]}}),
    );
    let config = json!({
        "metadata": {"finalizers": ["e/g"], "ownerReferences": [owner("u2")]},
    });
    let object = server.apply("s", "one", false, &config).unwrap();
    assert_eq!(object["metadata"]["finalizers"], json!(["e/f", "e/g"]));
    assert_eq!(object["metadata"]["ownerReferences"], json!([owner("u1"), owner("u2")]));
    assert_eq!(
        owners(object)[0],
        "one Apply time {\"f:metadata\":{\"f:finalizers\":{\"v:\\\"e/g\\\"\":{}},\
         \"f:ownerReferences\":{\"k:{\\\"uid\\\":\\\"u2\\\"}\":{}}}}"
    );
    let mut other = owner("u1");
    other["name"] = json!("other");
    let config = json!({"metadata": {"ownerReferences": [other]}});
    assert_eq!(
        message(server.apply("s", "two", false, &config)),
        "Apply failed with 1 conflict: conflict with \"upd\" using v1: \
         .metadata.ownerReferences[uid=\"u1\"]"
    );
    let object = server.apply("s", "one", false, &json!({})).unwrap();
    assert_eq!(object["metadata"]["finalizers"], json!(["e/f"]));
    assert_eq!(object["metadata"]["ownerReferences"], json!([owner("u1")]));
}

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

fn client_side(last_applied: &Value, data: &Value) -> Value {
    let text = last_applied.to_string() + "\n";
    json!({"metadata": {"annotations": {LAST_APPLIED: text}}, "data": data})
}

#[test]
fn kubectl_takes_over_from_client_side_apply() {
    let mut server = Server::default();
    let last = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "YQ==", "b": "YQ=="},
                      "metadata": {"annotations": {}, "name": "s", "namespace": "ex1"}});
    // b has changed since, c was never applied.
    let data = json!({"a": "YQ==", "b": "Yg==", "c": "YQ=="});
    server.create("s", "kubectl-client-side-apply", &client_side(&last, &data));

    let config = json!({"data": {"a": "eA==", "b": "eA==", "c": "eA=="}});
    assert_eq!(
        message(server.apply("s", "kubectl", false, &config)),
        "Apply failed with 2 conflicts: conflicts with \"kubectl-client-side-apply\" using v1:\n\
         - .data.b\n- .data.c"
    );
    let config = json!({"data": {"a": "eA=="}});
    assert_eq!(
        message(server.apply("s", "other", false, &config)),
        "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using v1: .data.a"
    );
    let config = json!({
        "metadata": {"labels": {}, "annotations": {"k": "<&>\u{2028}", LAST_APPLIED: "x"}},
        "data": {"a": "eA=="},
    });
    let mut object = server.objects["s"].clone();
    // A conflict about an annotation is none that client-side apply allows.
    assert!(server.apply("s", "kubectl", false, &config).is_err());
    let config = json!({
        "metadata": {"labels": {}, "annotations": {"k": "<&>\u{2028}"}}, "data": {"a": "eA=="},
    });
    object.clone_from(server.apply("s", "kubectl", false, &config).unwrap());
    assert_eq!(object["data"], json!({"a": "eA==", "b": "Yg==", "c": "YQ=="}));
    assert_eq!(
        object["metadata"]["annotations"][LAST_APPLIED],
        "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"eA==\"},\"kind\":\"Secret\",\"metadata\":\
         {\"annotations\":{\"k\":\"\\u003c\\u0026\\u003e\\u2028\"},\"labels\":{},\"name\":\"s\"}}\n"
    );
}

#[test]
fn without_a_usable_annotation_kubectl_is_a_manager_as_others() {
    let fitting = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "YQ=="}});
    let mut unknown = fitting.clone();
    unknown["bogus"] = json!(1);
    let mut other = fitting.clone();
    other["kind"] = json!("ConfigMap");
    for (last, fits) in [(fitting, true), (unknown, false), (other, false), (json!(5), false)] {
        let mut server = Server::default();
        server.create("s", "m", &client_side(&last, &json!({"a": "YQ=="})));
        let result = server.apply("s", "kubectl", false, &json!({"data": {"a": "eA=="}}));
        assert_eq!(result.is_ok(), fits, "{last}");
    }
    let mut server = Server::default();
    server.create("s", "kubectl-client-side-apply", &json!({"data": {"a": "YQ=="}}));
    assert!(server.apply("s", "kubectl", false, &json!({"data": {"a": "eA=="}})).is_err());
    // It does not get the annotation either, nor one in which nothing is.
    let empty = json!({"metadata": {"annotations": {LAST_APPLIED: ""}}});
    server.create("e", "m", &empty);
    let object = server.apply("e", "kubectl", true, &json!({"data": {"a": "eA=="}})).unwrap();
    assert_eq!(object["metadata"]["annotations"][LAST_APPLIED], "");
    let object = server.apply("s", "kubectl", true, &json!({"data": {"a": "eA=="}})).unwrap();
    assert_eq!(object["metadata"].get("annotations"), None);
}

#[test]
fn annotations_that_get_too_large_lose_the_last_applied_configuration() {
    let last = json!({"apiVersion": "v1", "kind": "Secret"});
    for (size, kept) in [(1000, true), (262_144, false)] {
        let mut server = Server::default();
        server.create("s", "m", &client_side(&last, &json!({})));
        let config = json!({"data": {"a": "A".repeat(size)}});
        let object = server.apply("s", "kubectl", false, &config).unwrap();
        let annotations = object["metadata"]["annotations"].as_object().unwrap();
        assert_eq!(annotations.contains_key(LAST_APPLIED), kept, "{size}");
    }
}

fn refused(config: &Value) -> ApplyError {
    let write = Server::default().write(ObjectKind::Secret, "one");
    let decoder = |object| decode(ObjectKind::Secret, object);
    apply(&write, false, None, config, decoder).unwrap_err()
}

#[test]
fn other_types_and_lists_of_owners_are_refused() {
    for (config, message) in [
        (json!({}), "invalid object type: /, Kind="),
        (json!([]), "invalid object type: /, Kind="),
        (json!({"metadata": {"name": "s"}}), "invalid object type: /, Kind="),
        (
            json!({"apiVersion": "v1", "kind": "ConfigMap"}),
            "invalid object type: /v1, Kind=ConfigMap",
        ),
        (
            json!({"apiVersion": "apps/v1", "kind": "Secret"}),
            "invalid object type: apps/v1, Kind=Secret",
        ),
        (json!({"apiVersion": "a/b/c", "kind": "Secret"}), "invalid object type: /, Kind="),
    ] {
        let error = refused(&config);
        assert!(matches!(error, ApplyError::ObjectType(_)));
        assert_eq!(error.to_string(), message);
    }
    for owners in [json!([]), json!([{}]), json!([5])] {
        let metadata = json!({"name": "s", "managedFields": owners});
        let error = refused(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata}));
        assert!(matches!(error, ApplyError::ManagedFields));
        assert_eq!(error.to_string(), "metadata.managedFields must be nil");
    }
    let config = json!({"metadata": {"managedFields": null}});
    assert!(Server::default().apply("s", "one", false, &config).is_ok());
}

#[test]
fn faults_of_the_object_are_named_without_its_values() {
    let owner = |uid: &str| json!({"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": uid});
    let typed = "failed to create typed patch object (ns/s; /v1, Kind=Secret): ";
    for (member, value, message) in [
        ("bogus", json!("geheim"), ".bogus: field not declared in schema"),
        ("data", json!("geheim"), ".data: expected map"),
        ("data", json!({"a": ["geheim"]}), ".data.a: expected string"),
        ("stringData", json!({"a": 5}), ".stringData.a: expected string"),
        ("immutable", json!("geheim"), ".immutable: expected boolean"),
    ] {
        let metadata = json!({"name": "s", "namespace": "ns"});
        let error = refused(&json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": metadata, member: value,
        }));
        assert!(matches!(error, ApplyError::Schema { .. }));
        assert_eq!(error.to_string(), format!("{typed}{message}"));
    }
    for (member, value, message) in [
        ("generation", json!("7"), ".metadata.generation: expected numeric (int or float)"),
        ("creationTimestamp", json!([]), ".metadata.creationTimestamp: expected any scalar"),
        ("finalizers", json!({}), ".metadata.finalizers: expected list"),
        ("managedFields", json!({}), ".metadata.managedFields: expected list"),
        (
            "finalizers",
            json!(["example.com/g", "example.com/g"]),
            ".metadata.finalizers: duplicate entries for key [=\"example.com/g\"]",
        ),
        (
            "ownerReferences",
            json!([owner("u1"), owner("u1")]),
            ".metadata.ownerReferences: duplicate entries for key [uid=\"u1\"]",
        ),
        (
            "ownerReferences",
            json!([{"uid": "u1", "zap": 1}]),
            ".metadata.ownerReferences[uid=\"u1\"].zap: field not declared in schema",
        ),
        (
            "finalizers",
            json!(["a", null]),
            ".metadata.finalizers: element 1: associative list without keys has an element that's \
             an explicit null",
        ),
    ] {
        let metadata = json!({"name": "s", "namespace": "ns", member: value});
        let error = refused(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata}));
        assert_eq!(error.to_string(), format!("{typed}{message}"));
    }
}

#[test]
fn several_faults_are_listed() {
    let config = json!({
        "bogus": 1, "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "foo": 1},
    });
    let error = refused(&config);
    assert_eq!(
        error.to_string(),
        "failed to create typed patch object (/s; /v1, Kind=Secret): errors:\n  \
         .metadata.foo: field not declared in schema\n  .bogus: field not declared in schema"
    );
    let ApplyError::Schema { errors, .. } = error else { panic!("{error}") };
    assert!(errors.iter().all(|error| *error.problem() == Problem::UnknownField));
}

#[test]
fn what_the_decoder_refuses_is_refused_after_conflicts() {
    let mut server = Server::default();
    server.apply("s", "one", false, &json!({"data": {"a": "YQ=="}})).unwrap();
    let config = json!({"data": {"a": "*"}});
    assert!(message(server.apply("s", "two", false, &config)).starts_with("Apply failed"));
    assert_eq!(
        message(server.apply("s", "two", true, &config)),
        "failed to convert new object (/s; /v1, Kind=Secret) to proper version: unable to convert \
         unstructured object to /v1, Kind=Secret: error decoding from json: illegal base64 data at \
         input byte 0"
    );
}

#[test]
fn the_name_stays_when_the_configuration_leaves_it_to_the_address() {
    let mut server = Server::default();
    let mut live = server
        .apply("s", "one", false, &json!({"metadata": {"labels": {"l": "1"}}}))
        .unwrap()
        .clone();
    live["metadata"]["uid"] = json!("u");
    let write = server.write(ObjectKind::Secret, "one");
    let config = json!({"apiVersion": "v1", "kind": "Secret"});
    let decoder = |object| decode(ObjectKind::Secret, object);
    let object = apply(&write, false, Some(&live), &config, decoder).unwrap();
    assert_eq!(object["metadata"], json!({"name": "s", "uid": "u"}));
}

#[test]
fn each_address_of_a_namespace_owns_what_it_can_write() {
    let kind = ObjectKind::Namespace;
    let mut server = Server::default();
    let mut write = server.write(kind, "one");
    let condition = |status: &str| json!({"type": "X", "status": status});
    let config = |spec: Value, status: Value| {
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"},
               "spec": spec, "status": status})
    };
    let both = config(json!({"finalizers": ["a/b"]}), json!({"conditions": [condition("True")]}));
    let live = apply(&write, false, None, &both, |object| decode(kind, object)).unwrap();
    assert_eq!(owners(&live), [r#"one Apply time {"f:spec":{"f:finalizers":{}}}"#]);

    write.subresource = Some(Subresource::Status);
    let config = config(json!({}), json!({"conditions": [condition("False")]}));
    let live = apply(&write, false, Some(&live), &config, |object| decode(kind, object)).unwrap();
    let status = live["metadata"]["managedFields"].as_array().unwrap();
    let status = status.iter().find(|entry| entry["subresource"] == "status").unwrap();
    let fields = r#"{"f:status":{"f:conditions":{"k:{\"type\":\"X\"}":{".":{},"f:status":{},"f:type":{}}}}}"#;
    assert_eq!(status["fieldsV1"].to_string(), fields);

    write.manager = "two";
    let mut other = config.clone();
    other["status"]["conditions"][0]["status"] = json!("Unknown");
    let error = apply(&write, false, Some(&live), &other, |object| decode(kind, object));
    assert_eq!(
        error.unwrap_err().to_string(),
        "Apply failed with 1 conflict: conflict with \"one\" with subresource \"status\": \
         .status.conditions[type=\"X\"].status"
    );
    // The main address neither conflicts over the status, nor removes it, whatever its owners say.
    write.subresource = None;
    let mut named = live.clone();
    named["status"]["phase"] = json!("Active");
    let fields = json!({"f:status": {"f:phase": {}}});
    let list = named["metadata"]["managedFields"].as_array_mut().unwrap();
    list.push(json!({"manager": "two", "operation": "Apply", "apiVersion": "v1",
                     "fieldsType": "FieldsV1", "fieldsV1": fields}));
    apply(&write, false, Some(&named), &other, |object| decode(kind, object)).unwrap();
    let mut without = other;
    without["status"] = json!({});
    let object = apply(&write, false, Some(&named), &without, |object| decode(kind, object));
    assert_eq!(object.unwrap()["status"], named["status"]);
    write.subresource = Some(Subresource::Status);
    // Dropped by its only owner, the condition goes.
    write.manager = "one";
    let mut none = config;
    none["status"] = json!({});
    let live = apply(&write, false, Some(&live), &none, |object| decode(kind, object)).unwrap();
    assert_eq!(live["status"], json!({}));
}

#[test]
fn large_and_deep_configurations_are_no_trouble() {
    let data: Value = (0..10_000).map(|n| (n.to_string(), json!("YQ=="))).collect();
    let finalizers: Vec<_> = (0..10_000).map(|n| format!("e/{n}")).collect();
    let config = json!({"data": data, "metadata": {"finalizers": finalizers}});
    let mut server = Server::default();
    server.apply("s", "one", false, &config).unwrap();
    server.apply("s", "two", false, &config).unwrap();
    server.apply("s", "one", false, &json!({})).unwrap();
    let object = server.apply("s", "two", false, &json!({"data": {"0": "YQ=="}})).unwrap();
    assert_eq!(object["data"], json!({"0": "YQ=="}));
    assert_eq!(object["metadata"].get("finalizers"), None);

    // Dropping such values takes a stack that this thread may not have.
    for name in ["data", "metadata", "type", "bogus"] {
        let nest = |inner, _| Value::Object([("labels".to_owned(), inner)].into_iter().collect());
        let deep = (0..10_000).fold(Value::Null, nest);
        let mut config = json!({"apiVersion": "v1", "kind": "Secret"});
        config.as_object_mut().unwrap().insert(name.to_owned(), deep);
        assert!(matches!(refused(&config), ApplyError::Schema { .. }), "{name}");
        std::mem::forget(config);
    }
}
