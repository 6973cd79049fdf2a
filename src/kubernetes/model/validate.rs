//! The rules for objects: every broken one is told, in the order of the real server. No text holds a value of a secret.

use std::collections::BTreeMap;

use super::{Namespace, ObjectMeta, OwnerReference, Secret, name, quote::quoted, syntax};

/// How many bytes the values of a secret may have together.
const DATA_MAX: usize = 1024 * 1024;

/// How many bytes the annotations of an object may have together, keys and values.
const ANNOTATIONS_MAX: usize = 256 * 1024;

/// The annotation that a service account's token has to have.
const SERVICE_ACCOUNT: &str = "kubernetes.io/service-account.name";

/// What stands for a value of a secret in a text.
const REDACTED: &str = "<secret contents redacted>";

/// A rule that an object breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueRequired` and the like.
    pub reason: &'static str,
    /// Where in the object.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

impl Cause {
    /// A value that has to be there.
    pub fn required(field: impl Into<String>, why: &str) -> Self {
        let message = if why.is_empty() {
            "Required value".to_owned()
        } else {
            format!("Required value: {why}")
        };
        Self { reason: "FieldValueRequired", field: field.into(), message }
    }

    /// A value that breaks a rule, as it is shown.
    pub fn invalid(field: impl Into<String>, shown: &str, why: &str) -> Self {
        let message = format!("Invalid value: {shown}: {why}");
        Self { reason: "FieldValueInvalid", field: field.into(), message }
    }

    /// A value that may not be there, or not change.
    pub fn forbidden(field: impl Into<String>, why: &str) -> Self {
        let message = format!("Forbidden: {why}");
        Self { reason: "FieldValueForbidden", field: field.into(), message }
    }

    fn too_long(field: &str, max: usize) -> Self {
        let message = format!("Too long: may not be more than {max} bytes");
        Self { reason: "FieldValueTooLong", field: field.to_owned(), message }
    }

    fn each(field: &str, value: &str, why: Vec<&'static str>) -> impl Iterator<Item = Self> {
        let shown = quoted(value);
        why.into_iter().map(move |why| Self::invalid(field, &shown, why))
    }
}

/// The rules that a secret breaks.
pub fn secret(secret: &Secret) -> Vec<Cause> {
    let mut causes = Vec::new();
    meta(&secret.metadata, name::dns_subdomain, name::dns_subdomain_base, &mut causes);
    for key in secret.data.0.keys() {
        causes.extend(Cause::each(&format!("data[{key}]"), key, name::data_key(key)));
    }
    if secret.data.0.values().map(|value| value.len()).sum::<usize>() > DATA_MAX {
        causes.push(Cause::too_long("data", DATA_MAX));
    }
    of_type(secret, &mut causes);
    causes
}

/// The rules that a namespace breaks.
pub fn namespace(namespace: &Namespace) -> Vec<Cause> {
    let mut causes = Vec::new();
    meta(&namespace.metadata, name::dns_label, name::dns_label_base, &mut causes);
    for finalizer in &namespace.spec.finalizers {
        causes.extend(finalizer_rules("spec.finalizers", "spec.finalizers", finalizer));
    }
    causes
}

/// The rules that a change of a secret breaks, those of the secret itself among them.
#[must_use]
pub fn secret_update(new: &Secret, old: &Secret) -> Vec<Cause> {
    let mut causes = meta_update(&new.metadata, &old.metadata);
    if new.secret_type != old.secret_type {
        causes.push(Cause::invalid("type", &quoted(&new.secret_type), IMMUTABLE));
    }
    if old.immutable == Some(true) {
        const SET: &str = "field is immutable when `immutable` is set";
        if new.immutable != Some(true) {
            causes.push(Cause::forbidden("immutable", SET));
        }
        if new.data != old.data {
            causes.push(Cause::forbidden("data", SET));
        }
    }
    causes.extend(secret(new));
    causes
}

/// The rules that a change of a namespace breaks, those of the namespace itself among them.
#[must_use]
pub fn namespace_update(new: &Namespace, old: &Namespace) -> Vec<Cause> {
    let mut causes = meta_update(&new.metadata, &old.metadata);
    causes.extend(namespace(new));
    causes
}

const IMMUTABLE: &str = "field is immutable";

fn meta(
    meta: &ObjectMeta,
    name_rules: fn(&str) -> Vec<&'static str>,
    base_rules: fn(&str) -> Vec<&'static str>,
    causes: &mut Vec<Cause>,
) {
    if !meta.generate_name.is_empty() {
        let why = base_rules(&meta.generate_name);
        causes.extend(Cause::each("metadata.generateName", &meta.generate_name, why));
    }
    if meta.name.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
    } else {
        causes.extend(Cause::each("metadata.name", &meta.name, name_rules(&meta.name)));
    }
    if meta.generation < 0 {
        let shown = meta.generation.to_string();
        let why = "must be greater than or equal to 0";
        causes.push(Cause::invalid("metadata.generation", &shown, why));
    }
    for (key, value) in &meta.labels {
        causes.extend(Cause::each("metadata.labels", key, name::qualified_name(key)));
        causes.extend(Cause::each("metadata.labels", value, name::label_value(value)));
    }
    annotations(&meta.annotations, causes);
    owners(&meta.owner_references, causes);
    for (number, finalizer) in meta.finalizers.iter().enumerate() {
        let qualified = format!("metadata.finalizers[{number}]");
        causes.extend(finalizer_rules("metadata.finalizers", &qualified, finalizer));
    }
}

fn finalizer_rules<'a>(
    whole: &'a str,
    element: &'a str,
    finalizer: &'a str,
) -> impl Iterator<Item = Cause> + 'a {
    let qualified = Cause::each(whole, finalizer, name::qualified_name(finalizer));
    qualified.chain(Cause::each(element, finalizer, name::finalizer(finalizer)))
}

fn annotations(annotations: &BTreeMap<String, String>, causes: &mut Vec<Cause>) {
    for key in annotations.keys() {
        causes.extend(Cause::each("metadata.annotations", key, name::annotation_key(key)));
    }
    let total: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    if total > ANNOTATIONS_MAX {
        causes.push(Cause::too_long("metadata.annotations", ANNOTATIONS_MAX));
    }
}

fn owners(owners: &[OwnerReference], causes: &mut Vec<Cause>) {
    const EMPTY: &str = "must not be empty";
    let mut controller: Option<&OwnerReference> = None;
    for (number, owner) in owners.iter().enumerate() {
        let field = format!("metadata.ownerReferences[{number}]");
        if owner.api_version.is_empty() {
            causes.push(Cause::required(format!("{field}.apiVersion"), EMPTY));
        } else if owner.api_version.matches('/').count() > 1 {
            let why = "must be <group>/<version> or <version>";
            let shown = quoted(&owner.api_version);
            causes.push(Cause::invalid(format!("{field}.apiVersion"), &shown, why));
        }
        for (member, value) in [("kind", &owner.kind), ("name", &owner.name), ("uid", &owner.uid)] {
            if value.is_empty() {
                causes.push(Cause::required(format!("{field}.{member}"), EMPTY));
            }
        }
        if owner.api_version == "v1" && owner.kind == "Event" {
            let why = "/v1, Kind=Event is disallowed from being an owner";
            causes.push(Cause::invalid(field, &shown(owner), why));
        }
        if owner.controller == Some(true) {
            if let Some(first) = controller {
                let why = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {}/{} and {}/{}",
                    first.kind, first.name, owner.kind, owner.name
                );
                causes.push(Cause::invalid("metadata.ownerReferences", &shown(owners), &why));
            }
            controller = Some(owner);
        }
    }
}

fn shown(value: &(impl serde::Serialize + ?Sized)) -> String {
    // Neither memory nor texts can refuse.
    serde_json::to_string(value).unwrap_or_default()
}

fn of_type(secret: &Secret, causes: &mut Vec<Cause>) {
    let data = &secret.data.0;
    let mut require = |key: &str, why: &str| {
        if !data.contains_key(key) {
            causes.push(Cause::required(format!("data[{key}]"), why));
        }
    };
    match secret.secret_type.as_str() {
        "kubernetes.io/service-account-token" => {
            let account = secret.metadata.annotations.get(SERVICE_ACCOUNT);
            if account.is_none_or(String::is_empty) {
                let field = format!("metadata.annotations[{SERVICE_ACCOUNT}]");
                causes.push(Cause::required(field, ""));
            }
        }
        "kubernetes.io/dockercfg" => causes.extend(docker_config(secret, ".dockercfg")),
        "kubernetes.io/dockerconfigjson" => {
            causes.extend(docker_config(secret, ".dockerconfigjson"));
        }
        "kubernetes.io/basic-auth"
            if !data.contains_key("username") && !data.contains_key("password") =>
        {
            require("username", "");
            require("password", "");
        }
        "kubernetes.io/ssh-auth"
            if data.get("ssh-privatekey").is_none_or(|value| value.is_empty()) =>
        {
            causes.push(Cause::required("data[ssh-privatekey]", ""));
        }
        "kubernetes.io/tls" => {
            require("tls.crt", "");
            require("tls.key", "");
        }
        _ => {}
    }
}

/// What is wrong with a docker configuration: it has to be an object, or null.
fn docker_config(secret: &Secret, key: &str) -> Option<Cause> {
    let field = format!("data[{key}]");
    let Some(value) = secret.data.0.get(key) else { return Some(Cause::required(field, "")) };
    let why = match syntax::check(value) {
        Err(error) => error.to_string(),
        Ok(()) => match super::Json::of(&super::text_of(value)) {
            super::Json::Object(_) | super::Json::Null => return None,
            other => format!(
                "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                other.kind()
            ),
        },
    };
    Some(Cause::invalid(field, &quoted(REDACTED), &why))
}

fn meta_update(new: &ObjectMeta, old: &ObjectMeta) -> Vec<Cause> {
    let mut causes = Vec::new();
    if old.deletion_timestamp.is_some() {
        let added: Vec<String> = new
            .finalizers
            .iter()
            .filter(|finalizer| !old.finalizers.contains(finalizer))
            .map(|finalizer| quoted(finalizer))
            .collect();
        if !added.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            );
            causes.push(Cause::forbidden("metadata.finalizers", &why));
        }
    }
    for (field, new, old) in [
        ("metadata.name", &new.name, &old.name),
        ("metadata.namespace", &new.namespace, &old.namespace),
        ("metadata.uid", &new.uid, &old.uid),
    ] {
        if new != old {
            causes.push(Cause::invalid(field, &quoted(new), IMMUTABLE));
        }
    }
    if new.deletion_timestamp != old.deletion_timestamp {
        let shown = new
            .deletion_timestamp
            .map_or_else(|| "null".to_owned(), |time| quoted(&time.to_string()));
        causes.push(Cause::invalid("metadata.deletionTimestamp", &shown, IMMUTABLE));
    }
    causes
}

#[cfg(test)]
mod tests;
