//! The objects of the API, as their rules see them: what is not known is gone, and what is absent has its zero value, as in the
//! types of the real server.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;
use zeroize::Zeroizing;

/// A moment, in whole seconds since 1970: more is not kept (as a real server answers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

impl fmt::Display for Time {
    /// By RFC 3339 in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(moment) => write!(f, "{moment}"),
            Err(_) => f.write_str("0001-01-01T00:00:00Z"),
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What every object has. An empty text, list or map is the same as none.
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectMeta {
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What a name is made of where none is given.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub generate_name: String,
    /// The namespace that it is in.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its path.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub self_link: String,
    /// A number that no other object ever has.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// The revision of its last change.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_version: String,
    /// Kept as it was sent.
    #[serde(skip_serializing_if = "is_zero")]
    pub generation: i64,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_timestamp: Option<Time>,
    /// When its deletion was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_timestamp: Option<Time>,
    /// How long its deletion waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_grace_period_seconds: Option<i64>,
    /// What selectors find it by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What else is said of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The objects that it depends on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owner_references: Vec<OwnerReference>,
    /// What has to be done before it goes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub finalizers: Vec<String>,
    /// Who owns which of its fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub managed_fields: Vec<ManagedFieldsEntry>,
}

/// Without the annotations: a client keeps in one of them what it applied, the values of a secret among it.
impl fmt::Debug for ObjectMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, name, resource_version, .. } = self;
        let mut shown = f.debug_struct("ObjectMeta");
        shown.field("namespace", namespace).field("name", name);
        shown.field("resource_version", resource_version).finish_non_exhaustive()
    }
}

/// An object that another one depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerReference {
    /// Its group and version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: String,
    /// Whether it is the one that manages the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<bool>,
    /// Whether it stays, when it is deleted with all that depends on it, until the object is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_owner_deletion: Option<bool>,
}

/// What one manager owns of an object.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedFieldsEntry {
    /// Who it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub manager: String,
    /// `Apply` or `Update`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operation: String,
    /// The version of the object that the fields are named by.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// When it last changed what it owns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// `FieldsV1`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fields_type: String,
    /// The fields.
    #[serde(rename = "fieldsV1", skip_serializing_if = "Option::is_none")]
    pub fields_v1: Option<Value>,
    /// The part of the object that was written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subresource: String,
}

/// The values of a secret by their keys.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Data(pub BTreeMap<String, Zeroizing<Vec<u8>>>);

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Data(hidden)")
    }
}

/// In base64, as it goes over the wire.
impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, &Zeroizing::new(STANDARD.encode(value)))?;
        }
        map.end()
    }
}

/// A secret, its members in the order of the real server's replies.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Secret {
    /// What every object has.
    pub metadata: ObjectMeta,
    /// Whether the values stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    /// The values.
    #[serde(skip_serializing_if = "is_empty")]
    pub data: Data,
    /// What it is for. Never empty once it is made.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub secret_type: String,
}

/// A namespace.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Namespace {
    /// What every object has.
    pub metadata: ObjectMeta,
    /// What keeps it.
    pub spec: NamespaceSpec,
    /// How far it is.
    pub status: NamespaceStatus,
}

/// What keeps a namespace from going.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NamespaceSpec {
    /// What has to be done before it goes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub finalizers: Vec<String>,
}

/// How far a namespace is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NamespaceStatus {
    /// `Active` or `Terminating`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub phase: String,
    /// What is told of its deletion.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<NamespaceCondition>,
}

/// What is told of a namespace that is being deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceCondition {
    /// What it is about.
    #[serde(rename = "type")]
    pub condition: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Time>,
    /// Why, in one word.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Why.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

fn is_empty(data: &Data) -> bool {
    data.0.is_empty()
}
