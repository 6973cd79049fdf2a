//! The messages, and the JSON objects that they stand for. Names and numbers of their fields are those of the documented API.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use prost::{DecodeError, Message};
use serde_json::{Map, Value};

use super::Kind;

/// What is wrong with an encoded message. It tells field names, and nothing that was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// The bytes are no message of the expected type.
    #[error("{0}")]
    Encoding(String),
    /// RFC 3339 has no text for a time; the API allows none either (documented).
    #[error("time outside the years 1 to 9999")]
    Time,
}

impl From<DecodeError> for Defect {
    fn from(error: DecodeError) -> Self {
        // A number at the end was read from the message. In one that is broken it can be a part of a secret's value.
        let text = error.to_string();
        let text = text.trim_end_matches(|c: char| c.is_ascii_digit());
        Self::Encoding(text.trim_end_matches([' ', ':']).to_owned())
    }
}

/// The envelope of an object.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(super) struct Unknown {
    #[prost(message, optional, tag = "1")]
    pub type_meta: Option<TypeMeta>,
    /// The message of the object.
    #[prost(bytes = "bytes", tag = "2")]
    pub raw: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TypeMeta {
    #[prost(bytes = "bytes", tag = "1")]
    api_version: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    kind: Bytes,
}

impl TypeMeta {
    /// `apiVersion` and `kind`.
    pub fn into_texts(self) -> (String, String) {
        (text_of(&self.api_version), text_of(&self.kind))
    }
}

/// A message that stands for a JSON object.
trait Object: Message + Default {
    /// Adds the members of the object that are set.
    fn add_to(self, members: &mut Members) -> Result<(), Defect>;
}

/// The members of a JSON object.
#[derive(Default)]
pub(super) struct Members(Map<String, Value>);

impl From<Members> for Value {
    fn from(members: Members) -> Self {
        Self::Object(members.0)
    }
}

impl Members {
    /// Adds what an encoded message of the kind has.
    pub fn extend_with(&mut self, kind: Kind, encoded: Bytes) -> Result<(), Defect> {
        match kind {
            Kind::Secret => Secret::decode(encoded)?.add_to(self),
            Kind::Namespace => Namespace::decode(encoded)?.add_to(self),
            Kind::SelfSubjectAccessReview => SelfSubjectAccessReview::decode(encoded)?.add_to(self),
            Kind::SelfSubjectRulesReview => SelfSubjectRulesReview::decode(encoded)?.add_to(self),
            Kind::SelfSubjectReview => SelfSubjectReview::decode(encoded)?.add_to(self),
            Kind::DeleteOptions => DeleteOptions::decode(encoded)?.add_to(self),
        }
    }

    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn optional(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    fn text(&mut self, name: &str, text: &[u8]) {
        if !text.is_empty() {
            self.set(name, text_of(text));
        }
    }

    /// A text that says something when it is empty, too.
    fn optional_text(&mut self, name: &str, text: Option<Bytes>) {
        self.optional(name, text.map(|text| text_of(&text)));
    }

    fn texts(&mut self, name: &str, texts: &[Bytes]) {
        if !texts.is_empty() {
            let texts: Vec<Value> = texts.iter().map(|text| text_of(text).into()).collect();
            self.set(name, texts);
        }
    }

    fn time(&mut self, name: &str, time: Option<Time>) -> Result<(), Defect> {
        const BEGIN_OF_YEAR_1: i64 = -62_135_596_800;
        let Some(seconds) = time.and_then(|time| time.seconds) else { return Ok(()) };
        let time = Timestamp::from_second(seconds).map_err(|_| Defect::Time)?;
        if seconds < BEGIN_OF_YEAR_1 {
            return Err(Defect::Time);
        }
        self.set(name, time.to_string());
        Ok(())
    }

    fn map(&mut self, name: &str, map: Map<String, Value>) {
        if !map.is_empty() {
            self.set(name, map);
        }
    }

    /// A map from texts to texts, from its encoded entries.
    fn text_map(&mut self, name: &str, entries: Vec<Bytes>) -> Result<(), Defect> {
        let mut map = Map::new();
        for entry in entries {
            let Entry { key, value } = Entry::decode(entry)?;
            map.insert(text_of(&key), text_of(&value).into());
        }
        self.map(name, map);
        Ok(())
    }

    fn object(&mut self, name: &str, message: Option<impl Object>) -> Result<(), Defect> {
        if let Some(message) = message {
            let mut members = Self::default();
            message.add_to(&mut members)?;
            self.set(name, members);
        }
        Ok(())
    }

    /// An array of objects, from their encoded messages.
    fn objects<M: Object>(&mut self, name: &str, encoded: Vec<Bytes>) -> Result<(), Defect> {
        if encoded.is_empty() {
            return Ok(());
        }
        let mut objects = Vec::<Value>::with_capacity(encoded.len());
        for message in encoded {
            let mut members = Self::default();
            M::decode(message)?.add_to(&mut members)?;
            objects.push(members.into());
        }
        self.set(name, objects);
        Ok(())
    }
}

fn text_of(bytes: &[u8]) -> String {
    crate::kubernetes::model::text_of(bytes).into_owned()
}

/// An entry of a map.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct Entry {
    #[prost(bytes = "bytes", tag = "1")]
    key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

/// A moment in seconds since 1970; without content it is none. Fractions of a second (field 2) are dropped.
#[derive(Clone, Copy, PartialEq, Message)]
struct Time {
    #[prost(int64, optional, tag = "1")]
    seconds: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct Secret {
    #[prost(message, optional, tag = "1")]
    metadata: Option<ObjectMeta>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    data: Vec<Bytes>,
    #[prost(bytes = "bytes", tag = "3")]
    type_name: Bytes,
    #[prost(bytes = "bytes", repeated, tag = "4")]
    string_data: Vec<Bytes>,
    #[prost(bool, optional, tag = "5")]
    immutable: Option<bool>,
}

impl Object for Secret {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.object("metadata", self.metadata)?;
        members.optional("immutable", self.immutable);
        let (mut data, mut string_data) = (Map::new(), Map::new());
        for entry in self.data {
            let Entry { key, value } = Entry::decode(entry)?;
            data.insert(text_of(&key), STANDARD.encode(&value).into());
        }
        for entry in self.string_data {
            let Entry { key, value } = Entry::decode(entry)?;
            let key = text_of(&key);
            // A string of a Go program holds any bytes. JSON has no such strings, but they can be written where they end up.
            if let Ok(text) = str::from_utf8(&value) {
                string_data.insert(key, text.into());
            } else {
                string_data.remove(&key);
                data.insert(key, STANDARD.encode(&value).into());
            }
        }
        members.map("data", data);
        members.map("stringData", string_data);
        members.text("type", &self.type_name);
        Ok(())
    }
}

#[derive(Clone, PartialEq, Message)]
struct ObjectMeta {
    #[prost(bytes = "bytes", tag = "1")]
    name: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    generate_name: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    namespace: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    self_link: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    uid: Bytes,
    #[prost(bytes = "bytes", tag = "6")]
    resource_version: Bytes,
    #[prost(int64, tag = "7")]
    generation: i64,
    #[prost(message, optional, tag = "8")]
    creation_timestamp: Option<Time>,
    #[prost(message, optional, tag = "9")]
    deletion_timestamp: Option<Time>,
    #[prost(int64, optional, tag = "10")]
    deletion_grace_period_seconds: Option<i64>,
    #[prost(bytes = "bytes", repeated, tag = "11")]
    labels: Vec<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "12")]
    annotations: Vec<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "13")]
    owner_references: Vec<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "14")]
    finalizers: Vec<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "17")]
    managed_fields: Vec<Bytes>,
}

impl Object for ObjectMeta {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.text("name", &self.name);
        members.text("generateName", &self.generate_name);
        members.text("namespace", &self.namespace);
        members.text("selfLink", &self.self_link);
        members.text("uid", &self.uid);
        members.text("resourceVersion", &self.resource_version);
        members.optional("generation", Some(self.generation).filter(|number| *number != 0));
        members.time("creationTimestamp", self.creation_timestamp)?;
        members.time("deletionTimestamp", self.deletion_timestamp)?;
        members.optional("deletionGracePeriodSeconds", self.deletion_grace_period_seconds);
        members.text_map("labels", self.labels)?;
        members.text_map("annotations", self.annotations)?;
        members.objects::<OwnerReference>("ownerReferences", self.owner_references)?;
        members.texts("finalizers", &self.finalizers);
        members.objects::<ManagedFieldsEntry>("managedFields", self.managed_fields)
    }
}

#[derive(Clone, PartialEq, Message)]
struct OwnerReference {
    #[prost(bytes = "bytes", tag = "1")]
    kind: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    name: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    uid: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    api_version: Bytes,
    #[prost(bool, optional, tag = "6")]
    controller: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    block_owner_deletion: Option<bool>,
}

impl Object for OwnerReference {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.text("apiVersion", &self.api_version);
        members.text("kind", &self.kind);
        members.text("name", &self.name);
        members.text("uid", &self.uid);
        members.optional("controller", self.controller);
        members.optional("blockOwnerDeletion", self.block_owner_deletion);
        Ok(())
    }
}

#[derive(Clone, PartialEq, Message)]
struct ManagedFieldsEntry {
    #[prost(bytes = "bytes", tag = "1")]
    manager: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    operation: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    api_version: Bytes,
    #[prost(message, optional, tag = "4")]
    time: Option<Time>,
    #[prost(bytes = "bytes", tag = "6")]
    fields_type: Bytes,
    #[prost(message, optional, tag = "7")]
    fields_v1: Option<FieldsV1>,
    #[prost(bytes = "bytes", tag = "8")]
    subresource: Bytes,
}

/// A set of fields as JSON text.
#[derive(Clone, PartialEq, Message)]
struct FieldsV1 {
    #[prost(bytes = "bytes", tag = "1")]
    raw: Bytes,
}

impl Object for ManagedFieldsEntry {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.text("manager", &self.manager);
        members.text("operation", &self.operation);
        members.text("apiVersion", &self.api_version);
        members.time("time", self.time)?;
        members.text("fieldsType", &self.fields_type);
        if let Some(FieldsV1 { raw }) = self.fields_v1 {
            // What is no JSON, or nested more deeply than any set of fields, is no defect of the message but of this entry. As a
            // text it is one for the receiver as well.
            let fields: Value =
                serde_json::from_slice(&raw).unwrap_or_else(|_| text_of(&raw).into());
            members.set("fieldsV1", fields);
        }
        members.text("subresource", &self.subresource);
        Ok(())
    }
}

#[derive(Clone, PartialEq, Message)]
struct Namespace {
    #[prost(message, optional, tag = "1")]
    metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    spec: Option<NamespaceSpec>,
    #[prost(message, optional, tag = "3")]
    status: Option<NamespaceStatus>,
}

impl Object for Namespace {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.object("metadata", self.metadata)?;
        members.object("spec", self.spec)?;
        members.object("status", self.status)
    }
}

#[derive(Clone, PartialEq, Message)]
struct NamespaceSpec {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    finalizers: Vec<Bytes>,
}

impl Object for NamespaceSpec {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.texts("finalizers", &self.finalizers);
        Ok(())
    }
}

#[derive(Clone, PartialEq, Message)]
struct NamespaceStatus {
    #[prost(bytes = "bytes", tag = "1")]
    phase: Bytes,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    conditions: Vec<Bytes>,
}

impl Object for NamespaceStatus {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.text("phase", &self.phase);
        members.objects::<NamespaceCondition>("conditions", self.conditions)
    }
}

#[derive(Clone, PartialEq, Message)]
struct NamespaceCondition {
    #[prost(bytes = "bytes", tag = "1")]
    type_name: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    status: Bytes,
    #[prost(message, optional, tag = "4")]
    last_transition_time: Option<Time>,
    #[prost(bytes = "bytes", tag = "5")]
    reason: Bytes,
    #[prost(bytes = "bytes", tag = "6")]
    message: Bytes,
}

impl Object for NamespaceCondition {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.text("type", &self.type_name);
        members.text("status", &self.status);
        members.time("lastTransitionTime", self.last_transition_time)?;
        members.text("reason", &self.reason);
        members.text("message", &self.message);
        Ok(())
    }
}

#[derive(Clone, PartialEq, Message)]
struct SelfSubjectAccessReview {
    #[prost(message, optional, tag = "1")]
    metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    spec: Option<AccessReviewSpec>,
    #[prost(message, optional, tag = "3")]
    status: Option<AccessReviewStatus>,
}

impl Object for SelfSubjectAccessReview {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.object("metadata", self.metadata)?;
        members.object("spec", self.spec)?;
        members.object("status", self.status)
    }
}

#[derive(Clone, PartialEq, Message)]
struct AccessReviewSpec {
    #[prost(message, optional, tag = "1")]
    resource_attributes: Option<ResourceAttributes>,
    #[prost(message, optional, tag = "2")]
    non_resource_attributes: Option<NonResourceAttributes>,
}

impl Object for AccessReviewSpec {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.object("resourceAttributes", self.resource_attributes)?;
        members.object("nonResourceAttributes", self.non_resource_attributes)
    }
}

#[derive(Clone, PartialEq, Message)]
struct ResourceAttributes {
    #[prost(bytes = "bytes", tag = "1")]
    namespace: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    verb: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    group: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    version: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    resource: Bytes,
    #[prost(bytes = "bytes", tag = "6")]
    subresource: Bytes,
    #[prost(bytes = "bytes", tag = "7")]
    name: Bytes,
}

impl Object for ResourceAttributes {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.text("namespace", &self.namespace);
        members.text("verb", &self.verb);
        members.text("group", &self.group);
        members.text("version", &self.version);
        members.text("resource", &self.resource);
        members.text("subresource", &self.subresource);
        members.text("name", &self.name);
        Ok(())
    }
}

#[derive(Clone, PartialEq, Message)]
struct NonResourceAttributes {
    #[prost(bytes = "bytes", tag = "1")]
    path: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    verb: Bytes,
}

impl Object for NonResourceAttributes {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.text("path", &self.path);
        members.text("verb", &self.verb);
        Ok(())
    }
}

#[derive(Clone, PartialEq, Message)]
struct AccessReviewStatus {
    #[prost(bool, tag = "1")]
    allowed: bool,
    #[prost(bytes = "bytes", tag = "2")]
    reason: Bytes,
    #[prost(bool, tag = "4")]
    denied: bool,
}

impl Object for AccessReviewStatus {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.set("allowed", self.allowed);
        members.optional("denied", self.denied.then_some(true));
        members.text("reason", &self.reason);
        Ok(())
    }
}

#[derive(Clone, PartialEq, Message)]
struct SelfSubjectRulesReview {
    #[prost(message, optional, tag = "1")]
    metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    spec: Option<RulesReviewSpec>,
}

impl Object for SelfSubjectRulesReview {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.object("metadata", self.metadata)?;
        members.object("spec", self.spec)
    }
}

#[derive(Clone, PartialEq, Message)]
struct RulesReviewSpec {
    #[prost(bytes = "bytes", tag = "1")]
    namespace: Bytes,
}

impl Object for RulesReviewSpec {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.text("namespace", &self.namespace);
        Ok(())
    }
}

#[derive(Clone, PartialEq, Message)]
struct SelfSubjectReview {
    #[prost(message, optional, tag = "1")]
    metadata: Option<ObjectMeta>,
}

impl Object for SelfSubjectReview {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.object("metadata", self.metadata)
    }
}

#[derive(Clone, PartialEq, Message)]
struct DeleteOptions {
    #[prost(int64, optional, tag = "1")]
    grace_period_seconds: Option<i64>,
    #[prost(message, optional, tag = "2")]
    preconditions: Option<Preconditions>,
    #[prost(bool, optional, tag = "3")]
    orphan_dependents: Option<bool>,
    #[prost(bytes = "bytes", optional, tag = "4")]
    propagation_policy: Option<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "5")]
    dry_run: Vec<Bytes>,
}

impl Object for DeleteOptions {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.optional("gracePeriodSeconds", self.grace_period_seconds);
        members.object("preconditions", self.preconditions)?;
        members.optional("orphanDependents", self.orphan_dependents);
        members.optional_text("propagationPolicy", self.propagation_policy);
        members.texts("dryRun", &self.dry_run);
        Ok(())
    }
}

#[derive(Clone, PartialEq, Message)]
struct Preconditions {
    #[prost(bytes = "bytes", optional, tag = "1")]
    uid: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    resource_version: Option<Bytes>,
}

impl Object for Preconditions {
    fn add_to(self, members: &mut Members) -> Result<(), Defect> {
        members.optional_text("uid", self.uid);
        members.optional_text("resourceVersion", self.resource_version);
        Ok(())
    }
}
