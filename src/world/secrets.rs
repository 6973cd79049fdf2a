//! The `secrets` of a world file.

use std::collections::HashMap;

use super::{
    WorldSecret,
    fields::{self, Fields},
    mistakes::Position,
    reader::Reader,
    tree::{Entry, Node},
};
use crate::sae::model::{
    DOCKER_CONFIG_KEY, DataKey, Error, NamespaceId, SecretData, SecretName, SecretType,
    SecretValue, docker_config,
};

/// What is told of a text that cannot be a secret's name.
pub(super) const NAME_RULE: &str =
    "a secret's name is a letter, then letters, digits, '-' and '_', at most 253 characters";

const KEY_RULE: &str = "a key of a secret has 1 to 253 letters, digits, '-', '_' and '.'; \
                        it is not '.' and does not begin with '..'";

const KEYS: &[&str] = &["namespace", "name", "type", "data", "registries"];

/// What the content of a secret is judged by.
#[derive(Clone, Copy)]
struct Frame {
    /// Its type, where the file names a right one.
    secret_type: Option<SecretType>,
    /// How many keys it may have.
    keys: u32,
}

impl Reader<'_> {
    pub fn secrets(&mut self, node: &Node<'_>) {
        let mut first = HashMap::new();
        let mut counts = HashMap::new();
        for item in fields::list(node, self.mistakes).unwrap_or_default() {
            let Some(fields) = Fields::of(item, KEYS, self.mistakes) else { continue };
            let namespace =
                fields.require("namespace", self.mistakes).and_then(|node| self.home(node));
            let name =
                fields.require("name", self.mistakes).and_then(|node| self.secret_name(node));
            let frame = self.frame(&fields, namespace.as_ref());
            let data = self.content(&fields, item.at, frame);
            let Some(place) = namespace.zip(name) else { continue };
            if let Some(first) = first.get(&place) {
                self.mistakes
                    .add(item.at, format!("this secret stands twice; the first is at {first}"));
                continue;
            }
            self.count(counts.entry(place.0.clone()).or_insert(0), &place.0, item.at);
            first.insert(place.clone(), item.at);
            if let (Some(data), Some(secret_type)) = (data, frame.secret_type) {
                let (namespace, name) = place;
                self.world.secrets.push(WorldSecret { namespace, name, secret_type, data });
            }
        }
    }

    /// The namespace that a secret lives in.
    fn home(&mut self, node: &Node<'_>) -> Option<NamespaceId> {
        let id = self.namespace_id(node)?;
        let unknown = self.listed.as_ref().is_some_and(|listed| !listed.contains_key(&id));
        if unknown && !id.is_default() {
            self.mistakes.add(node.at, "no such namespace; `namespaces` must list it");
            return None;
        }
        Some(id)
    }

    fn secret_name(&mut self, node: &Node<'_>) -> Option<SecretName> {
        fields::parsed(node, NAME_RULE, self.mistakes, |text| SecretName::parse(text).ok())
    }

    fn frame(&mut self, fields: &Fields<'_, '_>, namespace: Option<&NamespaceId>) -> Frame {
        let secret_type = match fields.get("type") {
            Some(node) => {
                let rule = format!(
                    "no such type; the types are {}",
                    SecretType::ALL.map(SecretType::as_str).join(", ")
                );
                fields::parsed(node, &rule, self.mistakes, |text| SecretType::parse(text).ok())
            }
            None => Some(SecretType::Opaque),
        };
        let quotas = &self.world.cloud.quotas;
        let keys = namespace.map_or(fields::QUOTA_MAX, |namespace| quotas.keys_in(namespace));
        Frame { secret_type, keys }
    }

    /// Counts one more secret of a namespace and reports the first that is too many.
    fn count(&mut self, count: &mut u32, namespace: &NamespaceId, at: Position) {
        let quota = self.world.cloud.quotas.secrets_in(namespace);
        if *count == quota {
            let message = format!(
                "the quota of this namespace is {quota} secrets; from here on there are more"
            );
            self.mistakes.add(at, message);
        }
        *count += 1;
    }

    fn content(
        &mut self,
        fields: &Fields<'_, '_>,
        at: Position,
        frame: Frame,
    ) -> Option<SecretData> {
        let (data, registries) = (fields.entry("data"), fields.entry("registries"));
        if data.is_none() && registries.is_none() {
            let docker = frame.secret_type == Some(SecretType::DockerConfigJson);
            let missing = if docker { "`data` or `registries`" } else { "`data`" };
            self.mistakes.add(at, format!("the key {missing} is missing"));
        }
        let given = data.map(|entry| self.data(&entry.value, frame));
        let built = registries.map(|entry| self.registries(entry, frame));
        if let (Some(data), Some(registries)) = (data, registries) {
            let later = if data.at < registries.at { registries } else { data };
            self.mistakes.add(later.at, "a secret has either `data` or `registries`, not both");
        }
        given.or(built).flatten()
    }

    fn data(&mut self, node: &Node<'_>, frame: Frame) -> Option<SecretData> {
        let entries = fields::map(node, self.mistakes)?;
        let mut pairs = Vec::with_capacity(entries.len());
        for (number, entry) in (0..).zip(entries) {
            if number == frame.keys {
                self.too_many_keys(entry.at, frame);
            }
            let key = DataKey::parse(&entry.key).ok();
            if key.is_none() {
                self.mistakes.add(entry.at, KEY_RULE);
            }
            let value = fields::text(&entry.value, self.mistakes);
            if let Some((key, value)) = key.zip(value) {
                pairs.push((key.as_str().to_owned(), SecretValue::new(value.to_owned())));
            }
        }
        if pairs.len() < entries.len() {
            return None;
        }
        let data = self.sized(pairs, node.at)?;
        let secret_type = frame.secret_type?;
        // The secret's name would only stand in an error, where the place in the file says more.
        let checked = secret_type.check(&data, "", self.world.cloud.docker_config);
        let Err(error) = checked else { return Some(data) };
        match error {
            Error::SecretKeyMissing { key, .. } => {
                let message =
                    format!("the key `{key}` is missing; secrets of type {secret_type} need it");
                self.mistakes.add(node.at, message);
            }
            Error::SecretKeyInvalid { key, reason } => {
                let culprit = entries.iter().find(|entry| entry.key == key);
                let at = culprit.map_or(node.at, |entry| entry.value.at);
                self.mistakes.add(at, format!("{key}: {reason}"));
            }
            error => self.mistakes.add(node.at, reason(error)),
        }
        None
    }

    fn registries(&mut self, entry: &Entry<'_>, frame: Frame) -> Option<SecretData> {
        if frame.secret_type.is_some_and(|given| given != SecretType::DockerConfigJson) {
            let message =
                format!("only secrets of type {} have registries", SecretType::DockerConfigJson);
            self.mistakes.add(entry.at, message);
        }
        if frame.keys == 0 {
            self.too_many_keys(entry.at, frame);
        }
        let entries = fields::map(&entry.value, self.mistakes)?;
        if entries.is_empty() {
            self.mistakes.add(entry.value.at, "at least one registry is needed");
            return None;
        }
        let accounts: Vec<_> = entries.iter().filter_map(|entry| self.registry(entry)).collect();
        if accounts.len() < entries.len() {
            return None;
        }
        let value = SecretValue::new(docker_config::build(&accounts));
        self.sized(vec![(DOCKER_CONFIG_KEY.to_owned(), value)], entry.value.at)
    }

    /// The registry, the user's name and the password. Each registry is judged alone, so that each
    /// mistake stands at its registry.
    fn registry(&mut self, entry: &Entry<'_>) -> Option<(String, String, String)> {
        let fields = Fields::of(&entry.value, &["username", "password"], self.mistakes)?;
        let mut field = |key| {
            let node = fields.require(key, self.mistakes)?;
            fields::text(node, self.mistakes).map(str::to_owned)
        };
        let (username, password) = (field("username"), field("password"));
        let account = (entry.key.clone().into_owned(), username?, password?);
        let value = SecretValue::new(docker_config::build(std::slice::from_ref(&account)));
        let mode = self.world.cloud.docker_config;
        let Err(reason) = docker_config::check(value.expose(), mode) else { return Some(account) };
        // What stands before is the registry's name and number, which the place says better.
        let reason = reason.rsplit(": ").next().unwrap_or_default();
        self.mistakes.add(entry.at, format!("this registry cannot be used: {reason}"));
        None
    }

    /// The data, if it is neither empty nor too large.
    fn sized(&mut self, pairs: Vec<(String, SecretValue)>, at: Position) -> Option<SecretData> {
        match SecretData::new(pairs) {
            Ok(data) => Some(data),
            Err(Error::Missing { .. }) => {
                self.mistakes.add(at, "a secret needs at least one key");
                None
            }
            Err(error) => {
                self.mistakes.add(at, reason(error));
                None
            }
        }
    }

    fn too_many_keys(&mut self, at: Position, frame: Frame) {
        let quota = frame.keys;
        self.mistakes
            .add(at, format!("the quota is {quota} keys a secret; from here on there are more"));
    }
}

/// What the domain says is wrong, without the name of the field: the place says which it is.
fn reason(error: Error) -> String {
    match error {
        Error::Invalid { reason, .. } => reason,
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
