//! Decodes objects out of JSON whose syntax was checked, as the real server does: what is unknown or repeated is found and left
//! out or overwritten, and the first value of a wrong type is the error, in its words. Nothing here tells a value of a secret.

use std::{collections::BTreeMap, fmt};

use zeroize::Zeroizing;

use super::{
    object::{
        ManagedFieldsEntry, Namespace, NamespaceCondition, ObjectMeta, OwnerReference, Secret, Time,
    },
    quote::quoted,
    reading::{Json, elements, members, string},
};

/// Something that the strict mode refuses, in the words of the real server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A member that the type does not have.
    Unknown(String),
    /// A member that stands twice.
    Duplicate(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(path) => write!(f, "unknown field {}", quoted(path)),
            Self::Duplicate(path) => write!(f, "duplicate field {}", quoted(path)),
        }
    }
}

/// An object with what was found on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded<T> {
    /// The object.
    pub object: T,
    /// In the order in which they stand.
    pub findings: Vec<Finding>,
}

/// What an object says that it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeMeta {
    /// Its group and version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
}

/// Reads what an object says that it is.
///
/// # Errors
/// One of the two is no text, or the whole is no object.
pub fn type_meta(json: Json<'_>) -> Result<TypeMeta, String> {
    const STRUCT: &str = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
    let mut found = TypeMeta::default();
    let members = match json {
        Json::Object(text) => members(text),
        Json::Null => vec![],
        other => {
            return Err(format!(
                "json: cannot unmarshal {} into Go value of type {STRUCT}",
                other.kind()
            ));
        }
    };
    for (key, value) in members {
        let place = match key.as_str() {
            "apiVersion" => &mut found.api_version,
            "kind" => &mut found.kind,
            _ => continue,
        };
        match value {
            Json::Text(text) => *place = string(text),
            Json::Null => {}
            other => {
                return Err(format!(
                    "json: cannot unmarshal {} into Go struct field .{key} of type string",
                    other.kind()
                ));
            }
        }
    }
    Ok(found)
}

/// Decodes a secret; `stringData` is merged over `data`.
///
/// # Errors
/// The first value of a wrong type.
pub fn secret(json: Json<'_>) -> Result<Decoded<Secret>, String> {
    let mut decoder = Decoder::default();
    let mut secret = Secret::default();
    let mut texts = Vec::new();
    let top = Place::default();
    decoder.fields(json, &top, "v1.Secret", &mut |decoder, key, value, at| {
        match key {
            "apiVersion" | "kind" => {}
            "metadata" => decoder.meta(value, at, &mut secret.metadata),
            "immutable" => decoder.bool(value, at, &mut secret.immutable),
            "data" => {
                decoder.map(value, at, "map[string][]uint8", &mut |decoder, key, value, at| {
                    if let Some(bytes) = decoder.bytes(value, at) {
                        secret.data.0.insert(key, Zeroizing::new(bytes));
                    }
                });
            }
            "stringData" => {
                decoder.map(value, at, "map[string]string", &mut |decoder, key, value, at| {
                    let mut text = String::new();
                    decoder.text(value, at, "string", &mut text);
                    texts.push((key, text));
                });
            }
            "type" => decoder.text(value, at, "v1.SecretType", &mut secret.secret_type),
            _ => return false,
        }
        true
    });
    for (key, text) in texts {
        secret.data.0.insert(key, Zeroizing::new(text.into_bytes()));
    }
    decoder.end(secret)
}

/// Decodes a namespace.
///
/// # Errors
/// The first value of a wrong type.
pub fn namespace(json: Json<'_>) -> Result<Decoded<Namespace>, String> {
    let mut decoder = Decoder::default();
    let mut namespace = Namespace::default();
    let top = Place::default();
    decoder.fields(json, &top, "v1.Namespace", &mut |decoder, key, value, at| {
        match key {
            "apiVersion" | "kind" => {}
            "metadata" => decoder.meta(value, at, &mut namespace.metadata),
            "spec" => {
                decoder.fields(value, at, "v1.NamespaceSpec", &mut |decoder, key, value, at| {
                    let is_known = key == "finalizers";
                    if is_known {
                        decoder.texts(
                            value,
                            at,
                            "[]v1.FinalizerName",
                            "v1.FinalizerName",
                            &mut namespace.spec.finalizers,
                        );
                    }
                    is_known
                });
            }
            "status" => {
                decoder.fields(value, at, "v1.NamespaceStatus", &mut |decoder, key, value, at| {
                    match key {
                        "phase" => decoder.text(
                            value,
                            at,
                            "v1.NamespacePhase",
                            &mut namespace.status.phase,
                        ),
                        "conditions" => decoder.list(
                            value,
                            at,
                            "[]v1.NamespaceCondition",
                            &mut namespace.status.conditions,
                            Decoder::condition,
                        ),
                        _ => return false,
                    }
                    true
                });
            }
            _ => return false,
        }
        true
    });
    decoder.end(namespace)
}

/// Where a value stands: for findings with the numbers of list elements, for errors without them, below the type that holds it.
#[derive(Clone, Default)]
struct Place {
    holder: &'static str,
    shown: String,
    fields: String,
}

impl Place {
    fn member(&self, name: &str) -> Self {
        Self { shown: below(&self.shown, name), fields: below(&self.fields, name), ..*self }
    }

    /// A key of a map, which errors do not name.
    fn key(&self, name: &str) -> Self {
        Self { shown: below(&self.shown, name), fields: self.fields.clone(), ..*self }
    }

    fn element(&self, number: usize) -> Self {
        Self { shown: format!("{}[{number}]", self.shown), fields: self.fields.clone(), ..*self }
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[derive(Default)]
struct Decoder {
    findings: Vec<Finding>,
    error: Option<String>,
}

impl Decoder {
    fn end<T>(self, object: T) -> Result<Decoded<T>, String> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(Decoded { object, findings: self.findings }),
        }
    }

    fn fail(&mut self, error: String) {
        self.error.get_or_insert(error);
    }

    fn mismatch(&mut self, value: &str, at: &Place, wanted: &str) {
        let Place { holder, fields, .. } = at;
        let field = if fields.is_empty() {
            format!("Go value of type {wanted}")
        } else {
            format!("Go struct field {holder}.{fields} of type {wanted}")
        };
        self.fail(format!("json: cannot unmarshal {value} into {field}"));
    }

    /// The members of an object; `known` takes one, or says that the type does not have it.
    fn fields(
        &mut self,
        value: Json<'_>,
        at: &Place,
        wanted: &'static str,
        known: &mut dyn FnMut(&mut Self, &str, Json<'_>, &Place) -> bool,
    ) {
        let text = match value {
            Json::Object(text) => text,
            Json::Null => return,
            other => return self.mismatch(other.kind(), at, wanted),
        };
        let at = Place { holder: wanted.trim_start_matches("v1."), ..at.clone() };
        let mut seen = BTreeMap::new();
        for (key, value) in members(text) {
            let place = at.member(&key);
            let count: &mut usize = seen.entry(key.clone()).or_default();
            *count += 1;
            // Each is told once.
            match (known(self, &key, value, &place), *count) {
                (true, 2) => self.findings.push(Finding::Duplicate(place.shown)),
                (false, 1) => self.findings.push(Finding::Unknown(place.shown)),
                _ => {}
            }
        }
    }

    /// The keys of a map.
    fn map(
        &mut self,
        value: Json<'_>,
        at: &Place,
        wanted: &str,
        each: &mut dyn FnMut(&mut Self, String, Json<'_>, &Place),
    ) {
        let text = match value {
            Json::Object(text) => text,
            Json::Null => return,
            other => return self.mismatch(other.kind(), at, wanted),
        };
        let mut seen = BTreeMap::new();
        for (key, value) in members(text) {
            let place = at.key(&key);
            let count: &mut usize = seen.entry(key.clone()).or_default();
            *count += 1;
            if *count == 2 {
                self.findings.push(Finding::Duplicate(place.shown.clone()));
            }
            each(self, key, value, &place);
        }
    }

    fn list<T: Default>(
        &mut self,
        value: Json<'_>,
        at: &Place,
        wanted: &str,
        into: &mut Vec<T>,
        each: fn(&mut Self, Json<'_>, &Place, &mut T),
    ) {
        let text = match value {
            Json::Array(text) => text,
            Json::Null => return into.clear(),
            other => return self.mismatch(other.kind(), at, wanted),
        };
        into.clear();
        for (number, element) in elements(text).into_iter().enumerate() {
            let mut found = T::default();
            each(self, element, &at.element(number), &mut found);
            into.push(found);
        }
    }

    fn texts(
        &mut self,
        value: Json<'_>,
        at: &Place,
        wanted: &str,
        element: &'static str,
        into: &mut Vec<String>,
    ) {
        let text = match value {
            Json::Array(text) => text,
            Json::Null => return into.clear(),
            other => return self.mismatch(other.kind(), at, wanted),
        };
        into.clear();
        for json in elements(text) {
            let mut found = String::new();
            self.text(json, at, element, &mut found);
            into.push(found);
        }
    }

    fn text(&mut self, value: Json<'_>, at: &Place, wanted: &str, into: &mut String) {
        match value {
            Json::Text(text) => *into = string(text),
            Json::Null => {}
            other => self.mismatch(other.kind(), at, wanted),
        }
    }

    fn bool(&mut self, value: Json<'_>, at: &Place, into: &mut Option<bool>) {
        match value {
            Json::Bool(found) => *into = Some(found),
            Json::Null => *into = None,
            other => self.mismatch(other.kind(), at, "bool"),
        }
    }

    fn integer(&mut self, value: Json<'_>, at: &Place, into: &mut Option<i64>) {
        match value {
            Json::Number(text) => match text.parse() {
                Ok(number) => *into = Some(number),
                Err(_) => self.mismatch(&format!("number {text}"), at, "int64"),
            },
            Json::Null => *into = None,
            other => self.mismatch(other.kind(), at, "int64"),
        }
    }

    fn time(&mut self, value: Json<'_>, into: &mut Option<Time>) {
        match value {
            Json::Null => *into = None,
            Json::Text(text) => match super::time::parse(&string(text)) {
                Ok(time) => *into = Some(time),
                Err(error) => self.fail(error),
            },
            other => self.fail(format!(
                "json: cannot unmarshal {} into Go value of type string",
                other.kind()
            )),
        }
    }

    /// Base64, or an array of bytes.
    fn bytes(&mut self, value: Json<'_>, at: &Place) -> Option<Vec<u8>> {
        match value {
            Json::Null => Some(Vec::new()),
            Json::Text(text) => match super::base64::decode(&string(text)) {
                Ok(bytes) => Some(bytes),
                Err(error) => {
                    self.fail(error.to_string());
                    None
                }
            },
            Json::Array(text) => {
                elements(text).into_iter().map(|element| self.byte(element, at)).collect()
            }
            other => {
                self.mismatch(other.kind(), at, "[]uint8");
                None
            }
        }
    }

    fn byte(&mut self, value: Json<'_>, at: &Place) -> Option<u8> {
        match value {
            // Not the number itself: it is part of a secret's value.
            Json::Number(text) => text.parse().ok().or_else(|| {
                self.mismatch("number", at, "uint8");
                None
            }),
            Json::Null => Some(0),
            other => {
                self.mismatch(other.kind(), at, "uint8");
                None
            }
        }
    }

    fn meta(&mut self, value: Json<'_>, at: &Place, meta: &mut ObjectMeta) {
        self.fields(value, at, "v1.ObjectMeta", &mut |decoder, key, value, at| {
            let mut integer = None;
            match key {
                "name" => decoder.text(value, at, "string", &mut meta.name),
                "generateName" => decoder.text(value, at, "string", &mut meta.generate_name),
                "namespace" => decoder.text(value, at, "string", &mut meta.namespace),
                "selfLink" => decoder.text(value, at, "string", &mut meta.self_link),
                "uid" => decoder.text(value, at, "types.UID", &mut meta.uid),
                "resourceVersion" => {
                    decoder.text(value, at, "string", &mut meta.resource_version);
                }
                "generation" => {
                    decoder.integer(value, at, &mut integer);
                    meta.generation = integer.unwrap_or(meta.generation);
                }
                "creationTimestamp" => decoder.time(value, &mut meta.creation_timestamp),
                "deletionTimestamp" => decoder.time(value, &mut meta.deletion_timestamp),
                "deletionGracePeriodSeconds" => {
                    decoder.integer(value, at, &mut meta.deletion_grace_period_seconds);
                }
                "labels" | "annotations" => {
                    let map =
                        if key == "labels" { &mut meta.labels } else { &mut meta.annotations };
                    decoder.map(value, at, "map[string]string", &mut |decoder, key, value, at| {
                        let mut text = String::new();
                        decoder.text(value, at, "string", &mut text);
                        map.insert(key, text);
                    });
                }
                "ownerReferences" => decoder.list(
                    value,
                    at,
                    "[]v1.OwnerReference",
                    &mut meta.owner_references,
                    Self::owner,
                ),
                "finalizers" => {
                    decoder.texts(value, at, "[]string", "string", &mut meta.finalizers);
                }
                "managedFields" => decoder.list(
                    value,
                    at,
                    "[]v1.ManagedFieldsEntry",
                    &mut meta.managed_fields,
                    Self::managed_fields,
                ),
                _ => return false,
            }
            true
        });
    }

    fn owner(&mut self, value: Json<'_>, at: &Place, owner: &mut OwnerReference) {
        self.fields(value, at, "v1.OwnerReference", &mut |decoder, key, value, at| {
            match key {
                "apiVersion" => decoder.text(value, at, "string", &mut owner.api_version),
                "kind" => decoder.text(value, at, "string", &mut owner.kind),
                "name" => decoder.text(value, at, "string", &mut owner.name),
                "uid" => decoder.text(value, at, "types.UID", &mut owner.uid),
                "controller" => decoder.bool(value, at, &mut owner.controller),
                "blockOwnerDeletion" => {
                    decoder.bool(value, at, &mut owner.block_owner_deletion);
                }
                _ => return false,
            }
            true
        });
    }

    fn managed_fields(&mut self, value: Json<'_>, at: &Place, entry: &mut ManagedFieldsEntry) {
        self.fields(value, at, "v1.ManagedFieldsEntry", &mut |decoder, key, value, at| {
            match key {
                "manager" => decoder.text(value, at, "string", &mut entry.manager),
                "operation" => {
                    decoder.text(value, at, "v1.ManagedFieldsOperationType", &mut entry.operation);
                }
                "apiVersion" => decoder.text(value, at, "string", &mut entry.api_version),
                "time" => decoder.time(value, &mut entry.time),
                "fieldsType" => decoder.text(value, at, "string", &mut entry.fields_type),
                "fieldsV1" => entry.fields_v1 = raw(value),
                "subresource" => decoder.text(value, at, "string", &mut entry.subresource),
                _ => return false,
            }
            true
        });
    }

    fn condition(&mut self, value: Json<'_>, at: &Place, condition: &mut NamespaceCondition) {
        self.fields(value, at, "v1.NamespaceCondition", &mut |decoder, key, value, at| {
            match key {
                "type" => {
                    decoder.text(value, at, "v1.NamespaceConditionType", &mut condition.condition);
                }
                "status" => {
                    decoder.text(value, at, "v1.ConditionStatus", &mut condition.status);
                }
                "lastTransitionTime" => {
                    decoder.time(value, &mut condition.last_transition_time);
                }
                "reason" => decoder.text(value, at, "string", &mut condition.reason),
                "message" => decoder.text(value, at, "string", &mut condition.message),
                _ => return false,
            }
            true
        });
    }
}

/// A value as it stands; what nests deeper than any field set does is taken for none.
fn raw(value: Json<'_>) -> Option<serde_json::Value> {
    match value {
        Json::Object(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
