//! The JSON that a reply in XML stands for, by the schema of the same reply in JSON.

use roxmltree::Node;
use serde_json::{Map, Value};

use super::Document;

/// The value that a document in XML stands for. Fails unless it is well-formed and has that root.
#[track_caller]
pub fn value(document: &Document, schema: &Value, root: &str, text: &str) -> Value {
    let read = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let element = read.root_element();
    assert_eq!(element.tag_name().name(), root, "the root of {text}");
    of_element(document, element, schema)
}

fn of_element(document: &Document, element: Node<'_, '_>, schema: &Value) -> Value {
    let branches = branches(document, schema);
    let known: Vec<(&String, &Value)> =
        branches.iter().filter_map(|it| it["properties"].as_object()).flatten().collect();
    if !known.is_empty() {
        return Value::Object(of_members(document, element, &known));
    }
    let text = element.text().unwrap_or_default();
    assert!(!element.children().any(|child| child.is_element()), "{element:?} has no members");
    let kind = branches.iter().find_map(|branch| branch["type"].as_str());
    match kind {
        Some("object") => serde_json::from_str(text).expect("JSON"),
        Some("integer") => Value::from(text.parse::<i64>().expect("an integer")),
        Some("boolean") => Value::from(text.parse::<bool>().expect("true or false")),
        _ => Value::from(text),
    }
}

fn of_members(
    document: &Document,
    element: Node<'_, '_>,
    known: &[(&String, &Value)],
) -> Map<String, Value> {
    let mut members = Map::new();
    for child in element.children().filter(Node::is_element) {
        let name = child.tag_name().name();
        let schema = known.iter().find(|(known, _)| *known == name);
        let schema = document.resolve(schema.map_or(&Value::Null, |(_, schema)| schema));
        if schema["type"] == "array" {
            let item = of_element(document, child, &schema["items"]);
            let list = members.entry(name).or_insert_with(|| Value::Array(vec![]));
            list.as_array_mut().expect("a list").push(item);
        } else {
            let before = members.insert(name.to_owned(), of_element(document, child, schema));
            assert!(before.is_none(), "<{name}> occurs twice");
        }
    }
    // An empty list has no element at all.
    for (name, schema) in known {
        if document.resolve(schema)["type"] == "array" {
            members.entry(name.as_str()).or_insert_with(|| Value::Array(vec![]));
        }
    }
    members
}

/// A schema and all that it is composed of.
fn branches<'a>(document: &'a Document, schema: &'a Value) -> Vec<&'a Value> {
    let schema = document.resolve(schema);
    let parts = ["allOf", "anyOf"].into_iter().filter_map(|name| schema[name].as_array());
    let parts = parts.flatten().flat_map(|part| branches(document, part));
    std::iter::once(schema).chain(parts).collect()
}
