//! Rules that hold for any sequence of writes.

use std::ops::Range;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

use super::super::super::set::{FieldSet, PathElement};
use super::{ApplyError, Managers, Server};

/// What somebody applies or creates: maps with these keys, of a size in a range, and lists.
fn config(keys: &'static str, size: Range<usize>) -> impl Strategy<Value = Value> {
    let value = prop_oneof![Just("YQ=="), Just("Yg=="), Just("")];
    let map = btree_map(keys, value, size).prop_map(|map| json!(map));
    let finalizers = subsequence(vec!["e/f", "e/g", "e/h"], 0..=3).prop_shuffle();
    let owners = subsequence(vec!["u1", "u2"], 0..=2).prop_shuffle().prop_map(|uids| {
        let owner = |uid| json!({"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": uid});
        uids.into_iter().map(owner).collect::<Value>()
    });
    let members = (
        [
            option::of(map.clone()),
            option::of(map.clone()),
            option::of(map.clone()),
            option::of(map),
        ],
        option::of(finalizers),
        option::of(owners),
        option::of(Just(true)),
    );
    members.prop_map(|([labels, annotations, data, strings], finalizers, owners, immutable)| {
        let mut config = json!({
            "metadata": {
                "labels": labels, "annotations": annotations,
                "finalizers": finalizers, "ownerReferences": owners,
            },
            "data": data, "stringData": strings, "immutable": immutable,
        });
        config["metadata"].as_object_mut().unwrap().retain(|_, value| !value.is_null());
        config.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        config
    })
}

fn any_config() -> impl Strategy<Value = Value> {
    config("[abc]", 0..3)
}

#[derive(Clone, Debug)]
enum Request {
    Apply { manager: &'static str, force: bool, config: Value },
    Patch { manager: &'static str, patch: Value },
}

fn manager() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("one"), Just("two"), Just("kubectl")]
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        (manager(), any::<bool>(), any_config())
            .prop_map(|(manager, force, config)| Request::Apply { manager, force, config }),
        (manager(), any_config()).prop_map(|(manager, patch)| Request::Patch { manager, patch }),
    ]
}

/// A server that had some requests for the object `s`.
fn server() -> impl Strategy<Value = Server> {
    (option::of(any_config()), vec(request(), 0..6)).prop_map(|(created, requests)| {
        let mut server = Server::default();
        if let Some(created) = created {
            server.create("s", "creator", &created);
        }
        for request in requests {
            match request {
                Request::Apply { manager, force, config } => {
                    let result = server.apply("s", manager, force, &config);
                    assert!(matches!(result, Ok(_) | Err(ApplyError::Conflict(_))));
                }
                Request::Patch { manager, patch } if server.objects.contains_key("s") => {
                    server.patch("s", manager, &patch);
                }
                Request::Patch { .. } => {}
            }
        }
        server
    })
}

/// What all owners have together.
fn owned(object: &Value) -> FieldSet {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let sets = entries.map(|entry| FieldSet::parse(&entry["fieldsV1"]).unwrap());
    sets.fold(FieldSet::default(), |all, set| all.union(&set))
}

/// What a configuration sets, as pairs of a pointer into the decoded object and a value.
fn leaves(config: &Value) -> Vec<(String, Value)> {
    let mut leaves = Vec::new();
    for map in ["/metadata/labels", "/metadata/annotations", "/data"] {
        for (name, value) in config.pointer(map).and_then(Value::as_object).into_iter().flatten() {
            leaves.push((format!("{map}/{name}"), value.clone()));
        }
    }
    leaves
}

/// The object with lists in one order and without the times of its owners.
fn unordered(object: &Value) -> Value {
    let mut object = object.clone();
    for list in ["finalizers", "ownerReferences", "managedFields"] {
        if let Some(Value::Array(items)) = object["metadata"].get_mut(list) {
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                item.remove("time");
            }
            items.iter_mut().for_each(Value::sort_all_objects);
            items.sort_by_key(Value::to_string);
        }
    }
    object
}

proptest! {
    // Each case is a history of several writes.
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_same_again_changes_nothing(
        mut server in server(),
        mut config in config("[abc]", 1..3),
    ) {
        // A map or list of nothing is new each time, since no stored object has one.
        config["metadata"].as_object_mut().unwrap().retain(|_, value| *value != json!([]));
        // An object that nobody owns anything of gets an owner before the next apply.
        config["metadata"]["labels"] = json!({"l": "1"});
        // A key that is in both maps has two values, of which one is not the object's.
        if let (Some(strings), Some(data)) =
            (config.get("stringData").cloned(), config.get_mut("data"))
        {
            let strings = strings.as_object().unwrap();
            data.as_object_mut().unwrap().retain(|name, _| !strings.contains_key(name));
        }
        let first = server.apply("s", "one", true, &config).unwrap().clone();
        // Without force: what one owns now has the values that one applies.
        match server.apply("s", "one", false, &config) {
            Ok(second) => prop_assert_eq!(second.to_string(), first.to_string()),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn force_never_conflicts_and_sets_what_is_applied(
        mut server in server(),
        mut config in any_config(),
    ) {
        config.as_object_mut().unwrap().remove("stringData");
        let object = server.apply("s", "two", true, &config).unwrap();
        for (pointer, value) in leaves(&config) {
            prop_assert_eq!(object.pointer(&pointer), Some(&value), "{}", pointer);
        }
    }

    #[test]
    fn managers_of_other_fields_do_not_care_who_comes_first(
        mut first in server(),
        mut one in config("[abc]", 1..3),
        mut two in config("[def]", 1..3),
    ) {
        // An object that nobody owns anything of would have an owner before the next apply.
        one["metadata"]["labels"] = json!({"a": "1"});
        two["metadata"]["labels"] = json!({"d": "1"});
        // Who has a map of nothing loses it to whoever first writes into it by its own name.
        one.as_object_mut().unwrap().remove("stringData");
        two.as_object_mut().unwrap().remove("stringData");
        // The lists and the scalar have one user.
        two.as_object_mut().unwrap().remove("immutable");
        for list in ["finalizers", "ownerReferences"] {
            two["metadata"].as_object_mut().unwrap().remove(list);
        }
        let mut second = first.clone();
        for (server, order) in [
            (&mut first, [("new one", &one), ("new two", &two)]),
            (&mut second, [("new two", &two), ("new one", &one)]),
        ] {
            for (manager, config) in order {
                server.apply("s", manager, true, config).unwrap();
            }
        }
        prop_assert_eq!(unordered(&first.objects["s"]), unordered(&second.objects["s"]));
    }

    #[test]
    fn what_was_applied_and_nobody_owns_any_more_goes(
        mut server in server(),
        config in any_config(),
    ) {
        server.apply("s", "new", true, &config).unwrap();
        let object = server.apply("s", "new", false, &json!({})).unwrap();
        let owned = owned(object);
        for (pointer, _) in leaves(&config) {
            let path: Vec<_> = pointer.split('/').skip(1).map(PathElement::field).collect();
            prop_assert_eq!(object.pointer(&pointer).is_some(), owned.contains(&path), "{}", pointer);
        }
        for finalizer in config["metadata"]["finalizers"].as_array().into_iter().flatten() {
            let list = object["metadata"]["finalizers"].as_array();
            let path = ["metadata", "finalizers"].map(PathElement::field);
            let path = [path.as_slice(), &[PathElement::Item(finalizer.clone())]].concat();
            let there = list.is_some_and(|list| list.contains(finalizer));
            prop_assert_eq!(there, owned.contains(&path));
        }
    }

    #[test]
    fn owners_own_what_is_there(server in server()) {
        let Some(object) = server.objects.get("s") else { return Ok(()) };
        let owners = Managers::of(object);
        prop_assert_eq!(Managers::parse(&owners.to_value()), Ok(owners.clone()));
        for path in owned(object).leaves().paths() {
            let path = path.to_string();
            // An applier owns stringData, and a map of nothing, that no object shows.
            if path.starts_with(".stringData") || path.matches('.').count() < 3 && !path.starts_with(".data.") {
                continue;
            }
            let pointer = path.replace('.', "/");
            prop_assert!(path.contains('[') || object.pointer(&pointer).is_some(), "{} {}", path, object);
        }
    }
}
