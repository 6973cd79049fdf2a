//! Holds replies to `openapi.yaml`.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::{Value, json};

use super::Reply;

/// The document.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.yaml");
    let text = std::fs::read_to_string(path).expect("openapi.yaml");
    serde_saphyr::from_str(&text).expect("openapi.yaml is YAML")
});

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];

/// One validator for each schema of a reply, by its pointer in the document.
static VALIDATORS: LazyLock<HashMap<String, jsonschema::Validator>> = LazyLock::new(|| {
    let registry = jsonschema::Registry::new().add("urn:openapi", &*DOCUMENT).unwrap();
    let registry = registry.prepare().unwrap();
    let mut validators = HashMap::new();
    for pointer in media_pointers() {
        let reference = format!("urn:openapi#{}", pointer.replace(' ', "%20"));
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": reference,
        });
        let validator = jsonschema::options().with_registry(&registry).build(&schema);
        validators
            .insert(pointer, validator.unwrap_or_else(|error| panic!("{reference}: {error}")));
    }
    validators
});

/// The operations of the document: method in upper case, path, name.
pub fn operations() -> Vec<(String, String, String)> {
    let mut operations = vec![];
    for (path, item) in DOCUMENT["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("a path item") {
            if METHODS.contains(&method.as_str()) {
                let name = operation["operationId"].as_str().expect("an operationId");
                operations.push((method.to_uppercase(), path.clone(), name.to_owned()));
            }
        }
    }
    operations
}

fn media_pointers() -> Vec<String> {
    let mut pointers = vec![];
    let mut responses: Vec<String> = DOCUMENT["components"]["responses"]
        .as_object()
        .map(|known| known.keys().map(|name| format!("/components/responses/{name}")).collect())
        .unwrap_or_default();
    for (method, path, _) in operations() {
        let operation = format!("/paths/{}/{}/responses", escaped(&path), method.to_lowercase());
        let known = DOCUMENT.pointer(&operation).and_then(Value::as_object).expect("responses");
        responses.extend(
            known
                .iter()
                .filter(|(_, response)| response["$ref"].is_null())
                .map(|(status, _)| format!("{operation}/{status}")),
        );
    }
    for response in responses {
        let content = DOCUMENT.pointer(&response).map(|found| &found["content"]);
        for media_type in content.and_then(Value::as_object).into_iter().flat_map(|it| it.keys()) {
            let media = format!("{response}/content/{}", escaped(media_type));
            if DOCUMENT.pointer(&media).is_some_and(|found| !found["schema"].is_null()) {
                pointers.push(format!("{media}/schema"));
            }
        }
    }
    pointers
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Fails unless the document allows this reply to a request of that method and path. A path that the document does
/// not have, or a method that its path does not have, must be answered with an error of the gateway.
#[track_caller]
pub fn check(method: &str, path: &str, reply: &Reply) {
    let item = DOCUMENT["paths"].get(path);
    let response = match item.and_then(|item| item.get(method.to_lowercase())) {
        Some(operation) => {
            let response = operation["responses"].get(reply.status.to_string());
            let response = response.unwrap_or_else(|| {
                panic!("{method} {path} does not document {}: {}", reply.status, reply.text())
            });
            match response["$ref"].as_str() {
                Some(reference) => reference.trim_start_matches('#').to_owned(),
                None => format!(
                    "/paths/{}/{}/responses/{}",
                    escaped(path),
                    method.to_lowercase(),
                    reply.status
                ),
            }
        }
        None => match reply.status {
            400 => "/components/responses/BadRequest".to_owned(),
            403 => "/components/responses/Forbidden".to_owned(),
            404 => "/components/responses/NotFound".to_owned(),
            408 => "/components/responses/RequestTimeout".to_owned(),
            413 => "/components/responses/RequestEntityTooLarge".to_owned(),
            503 => "/components/responses/ServiceUnavailable".to_owned(),
            431 => "/components/responses/RequestHeaderFieldsTooLarge".to_owned(),
            status => panic!("{method} {path} is not documented and answered {status}"),
        },
    };
    check_headers(&response, reply);
    check_body(&response, reply);
}

#[track_caller]
fn check_headers(response: &str, reply: &Reply) {
    let headers = DOCUMENT.pointer(response).and_then(|found| found["headers"].as_object());
    for (name, header) in headers.into_iter().flatten() {
        let header = match header["$ref"].as_str() {
            Some(reference) => {
                DOCUMENT.pointer(reference.trim_start_matches('#')).expect("a header")
            }
            None => header,
        };
        if header["required"] == true {
            assert!(reply.header(name).is_some(), "{response}: the header {name} is missing");
        }
    }
    for (name, _) in reply.headers.iter().filter(|(name, _)| name.starts_with("x-acs-")) {
        let is_known = headers.is_some_and(|headers| headers.contains_key(name));
        assert!(is_known, "{response} does not document the header {name}");
    }
}

#[track_caller]
fn check_body(response: &str, reply: &Reply) {
    let content_type = reply.header("content-type").unwrap_or_default();
    let content = DOCUMENT.pointer(response).map(|found| &found["content"]);
    if content.is_some_and(Value::is_null) {
        return assert!(reply.body.is_empty(), "{response} has no body: {}", reply.text());
    }
    let content =
        content.and_then(Value::as_object).unwrap_or_else(|| panic!("{response}: no content"));
    let bare = content_type.split(';').next().unwrap_or_default();
    let media_type = content
        .keys()
        .find(|known| known.as_str() == content_type || known.split(';').next() == Some(bare))
        .unwrap_or_else(|| panic!("{response} does not document the type {content_type:?}"));
    let instance = if bare == "application/json" {
        assert_eq!(content_type, "application/json;charset=utf-8");
        reply.json()
    } else if bare == "application/yaml" {
        serde_saphyr::from_str(reply.text()).expect("YAML")
    } else {
        Value::String(reply.text().to_owned())
    };
    if bare == "text/xml" {
        assert_eq!(content_type, "text/xml;charset=utf-8");
    }
    let pointer = format!("{response}/content/{}/schema", escaped(media_type));
    let Some(validator) = VALIDATORS.get(&pointer) else {
        assert!(DOCUMENT.pointer(&pointer).is_none(), "{pointer} has no validator");
        return;
    };
    let errors: Vec<String> = validator
        .iter_errors(&instance)
        .map(|error| error.to_string().chars().take(500).collect())
        .collect();
    let shown: String = reply.text().chars().take(2000).collect();
    assert!(errors.is_empty(), "{response}: {errors:#?} in {shown}");
}
