//! The operations and their parameters, as the document has them.

use std::sync::Arc;

use sae_secret::kms::api::Operation;
use serde_json::Value;

use crate::common::document::KMS;

/// Parameters that every operation has.
const COMMON: [&str; 12] = [
    "Action",
    "Version",
    "Format",
    "RegionId",
    "AccessKeyId",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureType",
    "SignatureVersion",
    "SignatureNonce",
    "Timestamp",
];

/// An operation.
pub struct Described {
    pub name: &'static str,
    pub can_get: bool,
    pub parameters: Vec<Parameter>,
}

/// A parameter of an operation.
pub struct Parameter {
    pub name: String,
    pub is_needed: bool,
    /// What the document calls its schema.
    pub kind: String,
    pub schema: &'static Value,
    /// Whether its text is JSON.
    pub is_json: bool,
    /// The documented examples, as they are sent.
    pub examples: Vec<String>,
    validator: Arc<jsonschema::Validator>,
}

/// All operations.
pub fn operations() -> Vec<Described> {
    Operation::ALL.iter().map(|operation| Described::read(operation.name())).collect()
}

impl Described {
    fn read(name: &'static str) -> Self {
        let document: &'static Value = KMS.root;
        let path = format!("/#{name}");
        let item = &document["paths"][&path];
        let listed = item["parameters"].as_array().expect("parameters").iter().enumerate();
        let parameters: Vec<Parameter> = listed
            .map(|(index, parameter)| match parameter["$ref"].as_str() {
                Some(reference) => reference.trim_start_matches('#').to_owned(),
                None => format!("/paths/~1#{name}/parameters/{index}"),
            })
            .filter(|pointer| {
                let parameter = document.pointer(pointer).expect(pointer);
                let name = parameter["name"].as_str().expect("a name");
                parameter["in"] == "query" && !COMMON.contains(&name)
            })
            .map(|pointer| Parameter::read(&pointer))
            .collect();
        let form = "/post/requestBody/content/application~1x-www-form-urlencoded/schema/properties";
        let form = item.pointer(form).and_then(Value::as_object);
        let in_form: Vec<&String> = form.into_iter().flat_map(|members| members.keys()).collect();
        let in_query: Vec<&String> = parameters.iter().map(|it| &it.name).collect();
        assert_eq!(in_form, in_query, "{name}: query and form differ");
        Self { name, can_get: !item["get"].is_null(), parameters }
    }
}

impl Parameter {
    fn read(pointer: &str) -> Self {
        let parameter = KMS.root.pointer(pointer).expect(pointer);
        let is_json = parameter["schema"].is_null();
        let (more, part) = if is_json {
            ("/content/application~1json", &parameter["content"]["application/json"])
        } else {
            ("", parameter)
        };
        let kind = part["schema"]["$ref"].as_str().unwrap_or_default();
        let examples = part["examples"].as_object().into_iter().flatten();
        let examples = examples.map(|(_, example)| match &KMS.resolve(example)["value"] {
            Value::String(text) if !is_json => text.clone(),
            other => other.to_string(),
        });
        let root: &'static Value = KMS.root;
        Self {
            name: parameter["name"].as_str().expect("a name").to_owned(),
            is_needed: parameter["x-needed"] == true,
            kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
            schema: resolved(root, &part["schema"]),
            is_json,
            examples: examples.collect(),
            validator: KMS.validator(&format!("{pointer}{more}/schema")),
        }
    }

    /// Whether its text is for nobody else to see.
    pub fn is_secret(&self) -> bool {
        matches!(self.name.as_str(), "SecretData" | "Plaintext")
    }

    /// Whether the document allows this text.
    pub fn takes(&self, text: &str) -> bool {
        let value = if self.is_json {
            serde_json::from_str(text).ok()
        } else {
            match self.schema["type"].as_str() {
                Some("integer") => text.parse::<i64>().ok().map(Value::from),
                Some("boolean") => match text.to_ascii_lowercase().as_str() {
                    "true" => Some(Value::Bool(true)),
                    "false" => Some(Value::Bool(false)),
                    _ => None,
                },
                _ if self.kind == "Flag" => Some(Value::from(text.to_ascii_lowercase())),
                _ => Some(Value::from(text)),
            }
        };
        value.is_some_and(|value| self.validator.is_valid(&value))
    }
}

fn resolved(root: &'static Value, schema: &'static Value) -> &'static Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            resolved(root, root.pointer(reference.trim_start_matches('#')).expect(reference))
        }
        None => schema,
    }
}
