//! Holds replies to the documents: those to requests to `/` to `openapi/kms.yaml`, all others to `openapi.yaml`.

mod mirror;
mod sent;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

use self::sent::Sent;
use super::Reply;

/// The document of SAE and of the server's own operations.
pub static SAE: LazyLock<Document> = LazyLock::new(|| Document::read("openapi.yaml", None));

/// The document of KMS. Its operations have one path and are told apart by their names: the path of each in the document is
/// `/#` and the name.
pub static KMS: LazyLock<Document> =
    LazyLock::new(|| Document::read("openapi/kms.yaml", Some("KMS")));

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];

/// What each document calls itself.
const URN: &str = "urn:openapi";

/// An OpenAPI document.
pub struct Document {
    pub root: &'static Value,
    /// The root element of every reply as XML; `None` where it depends on operation and outcome.
    xml_root: Option<&'static str>,
    registry: Registry<'static>,
    /// Of the schemas of replies that were needed yet, by their pointers in the document.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Document {
    fn read(name: &str, xml_root: Option<&'static str>) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let text = std::fs::read_to_string(path).expect(name);
        let root: Value = serde_saphyr::from_str(&text).expect(name);
        let root: &'static Value = Box::leak(Box::new(root));
        let registry = Registry::new().add(URN, root).unwrap().prepare().unwrap();
        Self { root, xml_root, registry, validators: Mutex::default() }
    }

    /// The operations: method in upper case, path, name.
    pub fn operations(&self) -> Vec<(String, String, String)> {
        let mut operations = vec![];
        for (path, item) in self.root["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("a path item") {
                if METHODS.contains(&method.as_str()) {
                    let name = operation["operationId"].as_str().expect("an operationId");
                    operations.push((method.to_uppercase(), path.clone(), name.to_owned()));
                }
            }
        }
        operations
    }

    /// What a node stands for: the end of its references.
    pub fn resolve<'a>(&'a self, mut node: &'a Value) -> &'a Value {
        while let Some(reference) = node["$ref"].as_str() {
            node = self.root.pointer(reference.trim_start_matches('#')).expect(reference);
        }
        node
    }

    /// The pointers of the schemas of all replies.
    pub fn schemas_of_replies(&self) -> Vec<String> {
        let known = self.root["components"]["responses"].as_object().expect("responses");
        let mut responses: Vec<String> =
            known.keys().map(|name| format!("/components/responses/{name}")).collect();
        for (method, path, _) in self.operations() {
            let operation =
                format!("/paths/{}/{}/responses", escaped(&path), method.to_lowercase());
            let known = self.root.pointer(&operation).and_then(Value::as_object).expect(&operation);
            let own = known.iter().filter(|(_, response)| response["$ref"].is_null());
            responses.extend(own.map(|(status, _)| format!("{operation}/{status}")));
        }
        let mut pointers = vec![];
        for response in responses {
            let content = &self.root.pointer(&response).expect(&response)["content"];
            for (media_type, media) in content.as_object().into_iter().flatten() {
                if !media["schema"].is_null() {
                    pointers.push(schema_pointer(&response, media_type));
                }
            }
        }
        pointers
    }

    /// The validator of the schema at a pointer.
    pub fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut known = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = known.entry(pointer.to_owned()).or_insert_with(|| {
            let reference = format!("{URN}#{}", pointer.replace(' ', "%20").replace("#", "%23"));
            let schema = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": reference,
            });
            let built = jsonschema::options().with_registry(&self.registry).build(&schema);
            Arc::new(built.unwrap_or_else(|error| panic!("{pointer}: {error}")))
        });
        Arc::clone(validator)
    }

    /// Fails unless the document allows this reply to a request of that method and path. A path that the document does not
    /// have, or a method that its path does not have, must be answered with an error of the gateway.
    #[track_caller]
    fn check(&self, method: &str, path: &str, reply: &Reply) {
        let operation = self.root["paths"].get(path).and_then(|it| it.get(method.to_lowercase()));
        let response = match operation {
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
        let xml_root = self.xml_root.map_or_else(
            || match operation.filter(|_| reply.status == 200) {
                Some(known) => format!("{}Response", known["operationId"].as_str().unwrap()),
                None => "Error".to_owned(),
            },
            str::to_owned,
        );
        self.check_headers(&response, reply);
        self.check_body(&response, &xml_root, reply);
    }

    #[track_caller]
    fn check_headers(&self, response: &str, reply: &Reply) {
        let headers = self.root.pointer(response).and_then(|found| found["headers"].as_object());
        for (name, header) in headers.into_iter().flatten() {
            if self.resolve(header)["required"] == true {
                assert!(reply.header(name).is_some(), "{response}: the header {name} is missing");
            }
        }
        for (name, _) in reply.headers.iter().filter(|(name, _)| name.starts_with("x-acs-")) {
            let is_known = headers.is_some_and(|headers| headers.contains_key(name));
            assert!(is_known, "{response} does not document the header {name}");
        }
    }

    #[track_caller]
    fn check_body(&self, response: &str, xml_root: &str, reply: &Reply) {
        let content_type = reply.header("content-type").unwrap_or_default();
        let content = &self.root.pointer(response).expect(response)["content"];
        let Some(content) = content.as_object() else {
            return assert!(reply.body.is_empty(), "{response} has no body: {}", reply.text());
        };
        let bare = content_type.split(';').next().unwrap_or_default();
        let media_type = content
            .keys()
            .find(|known| known.as_str() == content_type || known.split(';').next() == Some(bare))
            .unwrap_or_else(|| panic!("{response} does not document the type {content_type:?}"));
        let json_pointer = schema_pointer(response, "application/json");
        match bare {
            "application/json" => {
                assert_eq!(content_type, "application/json;charset=utf-8");
                self.check_value(&json_pointer, &reply.json(), reply);
            }
            "text/xml" => {
                assert_eq!(content_type, "text/xml;charset=utf-8");
                let pointer = schema_pointer(response, media_type);
                self.check_value(&pointer, &Value::String(reply.text().to_owned()), reply);
                let schema = self.root.pointer(&json_pointer).expect("the same as JSON");
                let mirrored = mirror::value(self, schema, xml_root, reply.text());
                self.check_value(&json_pointer, &mirrored, reply);
            }
            "application/yaml" => {
                let value = serde_saphyr::from_str(reply.text()).expect("YAML");
                self.check_value(&schema_pointer(response, media_type), &value, reply);
            }
            _ => {
                let pointer = schema_pointer(response, media_type);
                self.check_value(&pointer, &Value::String(reply.text().to_owned()), reply);
            }
        }
    }

    /// Fails unless the schema at the pointer, if there is one, takes the value; one that has them tells number and status
    /// of the reply.
    #[track_caller]
    fn check_value(&self, pointer: &str, value: &Value, reply: &Reply) {
        if self.root.pointer(pointer).is_none() {
            return;
        }
        let errors: Vec<String> = self
            .validator(pointer)
            .iter_errors(value)
            .map(|error| error.to_string().chars().take(500).collect())
            .collect();
        let shown: String = reply.text().chars().take(2000).collect();
        assert!(errors.is_empty(), "{pointer}: {errors:#?} in {shown}");
        if let Some(id) = value["RequestId"].as_str() {
            assert_eq!(reply.header("x-acs-request-id"), Some(id), "{pointer}: {shown}");
        }
        if let Some(status) = value["HttpStatus"].as_u64() {
            assert_eq!(u64::from(reply.status), status, "{pointer}: {shown}");
        }
    }
}

fn schema_pointer(response: &str, media_type: &str) -> String {
    format!("{response}/content/{}/schema", escaped(media_type))
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Fails unless its document allows this reply to a request, which is given as it was sent.
#[track_caller]
pub fn check_sent(request: &[u8], reply: &Reply) {
    let sent = Sent::read(request);
    if sent.path == "/" {
        let path = format!("/#{}", sent.action());
        KMS.check(&sent.method, &path, reply);
    } else {
        SAE.check(&sent.method, &sent.path, reply);
    }
}

/// Fails unless its document allows this reply to a request of that method and path, which names no operation.
#[track_caller]
pub fn check(method: &str, path: &str, reply: &Reply) {
    check_sent(format!("{method} {path} HTTP/1.1\r\n\r\n").as_bytes(), reply);
}
