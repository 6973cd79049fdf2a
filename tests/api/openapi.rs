//! The document and the route table say the same.

use std::collections::BTreeSet;

use sae_secret::{
    ops,
    pop::Origin,
    sae::api::{self, Operation},
};
use serde_json::Value;

use crate::common::document::{DOCUMENT, operations};

#[test]
fn the_document_has_every_route_and_no_other() {
    let mut routes: BTreeSet<(String, String, String)> = Operation::ALL
        .iter()
        .map(|it| (it.method().to_string(), it.path().to_owned(), it.name().to_owned()))
        .collect();
    for (path, name) in ops::OPERATIONS {
        routes.insert(("GET".to_owned(), (*path).to_owned(), (*name).to_owned()));
    }
    let documented: BTreeSet<_> = operations().into_iter().collect();
    assert_eq!(documented, routes);
}

#[test]
fn every_route_names_the_action_that_policies_allow() {
    for operation in Operation::ALL {
        let method = operation.method().as_str().to_lowercase();
        let documented = &DOCUMENT["paths"][operation.path()][method]["x-ram-action"];
        assert_eq!(documented, operation.action(), "{operation:?}");
        assert!(operation.action().starts_with("sae:"), "{operation:?}");
    }
}

#[test]
fn the_document_names_every_code_of_the_table_and_no_other() {
    let mut documented = BTreeSet::new();
    collect_codes(&DOCUMENT["components"]["schemas"], &mut documented);
    let table: BTreeSet<String> = api::entries().map(|entry| entry.code.to_owned()).collect();
    assert_eq!(documented, table);
    assert!(api::entries().any(|entry| entry.origin == Origin::Gateway));
}

/// The values that a schema allows for a member `Code`.
fn collect_codes(schema: &Value, codes: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                if name == "Code" {
                    let one = value["const"].as_str().into_iter();
                    let many =
                        value["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
                    codes.extend(one.chain(many).filter(|code| *code != "200").map(str::to_owned));
                }
                collect_codes(value, codes);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_codes(item, codes)),
        _ => {}
    }
}
