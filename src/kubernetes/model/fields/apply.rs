//! Server-side apply: an applied configuration is merged into the live object.

use std::fmt::Display;

use serde_json::{Value, json};

use super::managers::{Conflicts, Managers, Write};
use super::schema::{Changes, ObjectKind, SchemaError};
use super::set::{FieldSet, PathElement};

/// The manager that takes over what kubectl's client-side apply has.
const KUBECTL: &str = "kubectl";

/// Annotation in which kubectl's client-side apply keeps what it applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The most that names and values of an object's annotations may have together, in bytes.
const MAX_ANNOTATION_BYTES: usize = 262_144;

/// Why nothing was applied. `Display` is the message; a conflict is answered with 409, all others
/// with 400.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The object is of another kind or version, shown as `/v1, Kind=ConfigMap`.
    #[error("invalid object type: {0}")]
    ObjectType(String),
    /// The object brings a list of owners.
    #[error("metadata.managedFields must be nil")]
    ManagedFields,
    /// The object does not fit the schema.
    #[error("failed to create typed patch object ({identity}): {}", list(errors))]
    Schema {
        /// Namespace, name and type of the applied object.
        identity: String,
        /// What is wrong, at least one.
        errors: Vec<SchemaError>,
    },
    /// The merged object cannot be decoded: bad base64 or a bad time.
    #[error(
        "failed to convert new object ({identity}) to proper version: \
         unable to convert unstructured object to {object_type}: error decoding from json: {cause}"
    )]
    Undecodable {
        /// Namespace, name and type of the applied object.
        identity: String,
        /// Its type, `/v1, Kind=Secret`.
        object_type: String,
        /// What the decoder says.
        cause: String,
    },
    /// Others own fields with other values.
    #[error(transparent)]
    Conflict(#[from] Conflicts),
}

fn list(errors: &[SchemaError]) -> String {
    match errors {
        [error] => error.to_string(),
        errors => {
            let lines = errors.iter().map(|error| format!("\n  {error}"));
            "errors:".to_owned() + &lines.collect::<String>()
        }
    }
}

/// Applies a configuration and returns the new object with its new list of owners.
///
/// `live` is `None` for an object that is not there; it is then made of the configuration alone.
/// `force` takes fields from other owners instead of failing.
///
/// `decode` gets the merged object, without a list of owners. It may have null for a scalar, a map
/// or a list and may have `stringData`: like the body of a PUT it is to be decoded and defaulted,
/// and `stringData` written into `data`. Its error must not hold a value of `data`.
///
/// The name, namespace, uid and resourceVersion of the configuration are in the result as given;
/// whether they fit is for the caller to say, as is all validation, which comes after conflicts.
/// Before the object is stored, [`keep_times`](super::managers::keep_times) is due.
pub fn apply<E: Display>(
    write: &Write<'_>,
    force: bool,
    live: Option<&Value>,
    applied: &Value,
    decode: impl FnOnce(Value) -> Result<Value, E>,
) -> Result<Value, ApplyError> {
    let kind = write.kind;
    let object_type = object_type(applied);
    if object_type != format!("/{}, Kind={}", kind.api_version(), kind.name()) {
        return Err(ApplyError::ObjectType(object_type));
    }
    if metadata(applied, "managedFields").is_some_and(Value::is_array) {
        return Err(ApplyError::ManagedFields);
    }
    let identity = || {
        let text = |name| metadata(applied, name).and_then(Value::as_str).unwrap_or_default();
        format!("{}/{}; {object_type}", text("namespace"), text("name"))
    };
    kind.check(applied).map_err(|errors| ApplyError::Schema { identity: identity(), errors })?;

    let mut managers = live.map(Managers::of).unwrap_or_default();
    if let Some(live) = live.filter(|_| managers.is_empty()) {
        managers.adopt(write, live);
    }
    let merged = Merged::new(write, live, applied, &managers);
    if let Err(conflicts) = managers.apply(write, &merged.applied, &merged.changes, force) {
        let allowed = live.filter(|_| write.manager == KUBECTL);
        let allowed = allowed.and_then(|live| last_applied_fields(kind, live)).unwrap_or_default();
        if let Some(conflicts) = conflicts.outside(&allowed) {
            return Err(conflicts.into());
        }
        managers.apply(write, &merged.applied, &merged.changes, true)?;
    }

    let mut object = decode(merged.object).map_err(|cause| ApplyError::Undecodable {
        identity: identity(),
        object_type: object_type.clone(),
        cause: cause.to_string(),
    })?;
    if write.manager == KUBECTL {
        renew_last_applied(&mut object, applied);
    }
    managers.write_to(&mut object);
    Ok(object)
}

fn metadata<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.get("metadata")?.get(name)
}

/// Group, version and kind as messages show them: `/v1, Kind=Secret`.
fn object_type(object: &Value) -> String {
    let text = |name| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = text("kind");
    let (group, version) = text("apiVersion").rsplit_once('/').unwrap_or(("", text("apiVersion")));
    if group.contains('/') {
        return "/, Kind=".to_owned();
    }
    format!("{group}/{version}, Kind={kind}")
}

/// The live object with the configuration over it.
struct Merged {
    object: Value,
    /// What the configuration sets.
    applied: FieldSet,
    /// What is different from the live object.
    changes: Changes,
}

impl Merged {
    fn new(write: &Write<'_>, live: Option<&Value>, config: &Value, managers: &Managers) -> Self {
        let kind = write.kind;
        let nothing = json!({});
        let live = live.unwrap_or(&nothing);
        let mut merged = kind.merge(live, config);
        if let Some(metadata) = merged.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.shift_remove("managedFields");
        }
        let unchanged = write.unchanged();
        let applied = kind.fields(config).outside(&unchanged);
        let (last, others) = managers.applied_and_others(write);
        let object = if last.is_empty() {
            merged
        } else {
            prune(kind, &merged, last, others.union(&applied))
        };
        let changes = kind.changes(Some(live), &object).outside(&unchanged);
        Self { object, applied, changes }
    }
}

/// Removes what the applier had applied before and nobody owns now. A map or list of which nobody
/// owns anything any more goes as a whole, with what nobody ever owned in it.
fn prune(kind: ObjectKind, merged: &Value, last: FieldSet, mut owned: FieldSet) -> Value {
    // The object's name stays, also when the configuration leaves it to the address.
    owned.insert(&["metadata", "name"].map(PathElement::field));
    let owned = kind.with_named_parents(owned);
    kind.without(merged, &kind.with_named_parents(last).difference(&owned))
}

/// The fields that kubectl's client-side apply set last and that still have the values it gave
/// them. `None` without the annotation, or when it cannot be read.
fn last_applied_fields(kind: ObjectKind, live: &Value) -> Option<FieldSet> {
    let text = metadata(live, "annotations")?.get(LAST_APPLIED)?.as_str()?;
    let config: Value = serde_json::from_str(text).ok()?;
    if object_type(&config) != object_type(live) {
        return None;
    }
    kind.check(&config).ok()?;
    let changes = kind.changes(Some(&config), live);
    Some(kind.fields(&config).difference(&changes.all()))
}

/// Writes the configuration into the annotation of client-side apply, if the object has it. When
/// the annotations get too large by that, the object loses it, as on a real server.
fn renew_last_applied(object: &mut Value, applied: &Value) {
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    let Some(annotations) = annotations else { return };
    match annotations.get(LAST_APPLIED).and_then(Value::as_str) {
        None | Some("") => return,
        Some(_) => {}
    }
    let mut config = applied.clone();
    if let Some(metadata) = config.get_mut("metadata").and_then(Value::as_object_mut) {
        match metadata.get_mut("annotations") {
            Some(Value::Object(annotations)) => {
                annotations.remove(LAST_APPLIED);
            }
            _ => {
                metadata.remove("annotations");
            }
        }
    }
    config.sort_all_objects();
    let text = escape_html(&config.to_string()) + "\n";
    annotations.insert(LAST_APPLIED.to_owned(), text.into());
    let sizes =
        annotations.iter().map(|(name, value)| name.len() + value.as_str().map_or(0, str::len));
    if sizes.sum::<usize>() > MAX_ANNOTATION_BYTES {
        annotations.shift_remove(LAST_APPLIED);
    }
}

/// JSON as Go writes it: these characters, which JSON has in texts alone, are escaped.
fn escape_html(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests;
