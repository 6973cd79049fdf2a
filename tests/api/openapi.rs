//! The documents, the tables of operations and errors, and the README say the same.

use std::{collections::BTreeSet, fs};

use sae_secret::{
    kms, ops,
    pop::{Entry, Origin},
    sae,
};
use serde_json::Value;

use crate::common::document::{Document, KMS, SAE};

/// A row of a table of errors: status, code, message with `%s` for each blank.
type Row = (u64, String, String);

#[test]
fn the_documents_have_every_route_and_no_other() {
    let mut routes: BTreeSet<(String, String, String)> = sae::api::Operation::ALL
        .iter()
        .map(|it| (it.method().to_string(), it.path().to_owned(), it.name().to_owned()))
        .collect();
    for (path, name) in ops::OPERATIONS {
        routes.insert(("GET".to_owned(), (*path).to_owned(), (*name).to_owned()));
    }
    let documented: BTreeSet<_> = SAE.operations().into_iter().collect();
    assert_eq!(documented, routes);

    let mut routes = BTreeSet::new();
    for operation in kms::api::Operation::ALL {
        let (name, path) = (operation.name(), format!("/#{}", operation.name()));
        routes.insert(("POST".to_owned(), path.clone(), name.to_owned()));
        if *operation != kms::api::Operation::SetSecretPolicy {
            routes.insert(("GET".to_owned(), path, format!("{name}ByGet")));
        }
    }
    let documented: BTreeSet<_> = KMS.operations().into_iter().collect();
    assert_eq!(documented, routes);
}

#[test]
fn every_route_names_the_action_that_policies_allow() {
    for operation in sae::api::Operation::ALL {
        let method = operation.method().as_str().to_lowercase();
        let documented = &SAE.root["paths"][operation.path()][method]["x-ram-action"];
        assert_eq!(documented, operation.action(), "{operation:?}");
        assert!(operation.action().starts_with("sae:"), "{operation:?}");
    }
    for operation in kms::api::Operation::ALL {
        let path = format!("/#{}", operation.name());
        let documented = &KMS.root["paths"][path]["post"]["x-ram-action"];
        assert_eq!(documented, operation.action(), "{operation:?}");
        assert!(operation.action().starts_with("kms:"), "{operation:?}");
    }
}

#[test]
fn the_document_of_sae_names_every_code_of_the_table_and_no_other() {
    let mut documented = BTreeSet::new();
    collect_codes(&SAE.root["components"]["schemas"], &mut documented);
    let table: BTreeSet<String> = sae::api::entries().map(|entry| entry.code.to_owned()).collect();
    assert_eq!(documented, table);
    assert!(sae::api::entries().any(|entry| entry.origin == Origin::Gateway));
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

#[test]
fn the_document_of_kms_has_every_row_of_the_table_and_no_other() {
    let schemas = KMS.root["components"]["schemas"].as_object().unwrap();
    let documented: BTreeSet<Row> = schemas.values().filter_map(documented_row).collect();
    let row =
        |entry: Entry| (u64::from(entry.status), entry.code.to_owned(), entry.template.to_owned());
    let table: BTreeSet<Row> = kms::api::entries().map(row).collect();
    let differences: Vec<&Row> = documented.symmetric_difference(&table).collect();
    assert!(differences.is_empty(), "only in the document or only in the table: {differences:#?}");
}

/// The row that a schema fixes, if it fixes one.
fn documented_row(schema: &Value) -> Option<Row> {
    let parts = schema["allOf"].as_array()?.iter();
    let fixed = parts.map(|part| &part["properties"]).find(|it| !it["HttpStatus"].is_null())?;
    let template = &schema["x-template"];
    let message = if template.is_null() { &fixed["Message"]["const"] } else { template };
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let status = fixed["HttpStatus"]["const"].as_u64().expect("a status");
    Some((status, text(&fixed["Code"]["const"]), text(message)))
}

#[test]
fn every_reply_of_the_documents_has_a_schema_that_can_be_checked() {
    let count = |document: &Document| {
        let pointers = document.schemas_of_replies();
        pointers.iter().for_each(|pointer| drop(document.validator(pointer)));
        pointers.len()
    };
    assert!(count(&SAE) > 50 && count(&KMS) > 100);
}

#[test]
fn the_readme_has_every_operation_and_no_other() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Operations\n").expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let (of_sae, of_kms) = section.split_once("\n| group | operations |\n").expect("two tables");

    let shown = cells(of_sae, 0);
    let names = sae::api::Operation::ALL.iter().map(|operation| operation.name());
    assert_eq!(shown, names.chain(["operation", "the server's own"]).collect());
    let own = of_sae.lines().find(|line| line.starts_with("| the server's own |")).expect("a row");
    let own: BTreeSet<&str> = own.split('`').skip(1).step_by(2).collect();
    assert_eq!(own, ops::OPERATIONS.iter().map(|(path, _)| *path).collect());

    let shown = cells(of_kms, 1);
    assert_eq!(shown, kms::api::Operation::ALL.iter().map(|operation| operation.name()).collect());
}

/// What stands in a column of a table, by commas.
fn cells(table: &str, column: usize) -> BTreeSet<&str> {
    let rows = table.lines().filter(|line| line.starts_with("| "));
    rows.filter_map(|row| row.split(" | ").nth(column))
        .flat_map(|cell| cell.split(','))
        .map(|name| name.trim_matches(['|', ' ']))
        .collect()
}
