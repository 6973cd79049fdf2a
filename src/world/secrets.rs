//! The `secrets` of a world file.

use std::collections::HashMap;

use serde::Deserialize;

use super::{
    mistakes::{Mistakes, Position},
    namespaces::{KnownNamespaces, secret_name},
    yaml::{Entries, Placed, Text, given},
};
use crate::sae::model::{
    Cloud, DOCKER_CONFIG_KEY, Error, SecretData, SecretType, SecretValue, SeedSecret, check_key,
    docker_config,
};

const KEY_RULE: &str = "a key of a secret has 1 to 253 letters, digits, '-', '_' and '.'; it is not '.' and does not \
                        begin with '..'";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Secret {
    namespace: Text,
    name: Text,
    #[serde(default, rename = "type", deserialize_with = "given")]
    kind: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    data: Option<Placed<Entries<Text>>>,
    #[serde(default, deserialize_with = "given")]
    registries: Option<Placed<Entries<Registry>>>,
}

/// The account at an image registry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registry {
    username: Text,
    password: Text,
}

pub(super) fn read(
    items: Vec<Placed<Secret>>,
    cloud: &Cloud,
    namespaces: &KnownNamespaces,
    mistakes: &mut Mistakes,
) -> Vec<SeedSecret> {
    let mut secrets = Vec::new();
    let mut first = HashMap::new();
    let mut counts = HashMap::new();
    for Placed { at, value } in items {
        let namespace = namespaces.find(&value.namespace, cloud, mistakes);
        let name = secret_name(&value.name, mistakes);
        let quota =
            namespace.as_ref().map_or(u32::MAX, |namespace| cloud.quotas.keys_in(namespace));
        let content = value.content(at, quota, cloud, mistakes);
        let Some((namespace, name)) = namespace.zip(name) else { continue };
        let place = (namespace.clone(), name.clone());
        if !mistakes.is_first(&mut first, place, at, "this secret") {
            continue;
        }
        let count = counts.entry(namespace.clone()).or_insert(0);
        mistakes.hold_to(cloud.quotas.secrets_in(&namespace), *count, "secrets", at);
        *count += 1;
        if let Some((secret_type, data)) = content {
            secrets.push(SeedSecret { namespace, name, secret_type, data });
        }
    }
    secrets
}

impl Secret {
    /// The type and the data; `at` is where the secret stands, `quota` how many keys it may have.
    fn content(
        self,
        at: Position,
        quota: u32,
        cloud: &Cloud,
        mistakes: &mut Mistakes,
    ) -> Option<(SecretType, SecretData)> {
        let secret_type = match &self.kind {
            Some(text) => {
                let types = SecretType::ALL.map(SecretType::as_str).join(", ");
                let rule = format!("no such type; the types are {types}");
                text.parsed(&rule, mistakes, |text| SecretType::parse(text).ok())
            }
            None => Some(SecretType::Opaque),
        };
        let is_docker = secret_type.is_none_or(|known| known == SecretType::DockerConfigJson);
        if let Some(list) = self.registries.as_ref().filter(|_| !is_docker) {
            mistakes.add(list.at, "only kubernetes.io/dockerconfigjson secrets have registries");
        } else if self.data.is_some() == self.registries.is_some() {
            mistakes.add(at, "a secret has either `data` or, for an image registry, `registries`");
        }
        let given = self.data.map(|data| checked_data(data, secret_type, quota, cloud, mistakes));
        let built = self.registries.map(|list| docker_config(list, quota, cloud, mistakes));
        let data = given.or(built).flatten();
        secret_type.zip(data)
    }
}

fn checked_data(
    given: Placed<Entries<Text>>,
    secret_type: Option<SecretType>,
    quota: u32,
    cloud: &Cloud,
    mistakes: &mut Mistakes,
) -> Option<SecretData> {
    let Placed { at, value: entries } = given;
    entries.check_unique(mistakes);
    let count = entries.0.len();
    let mut places = HashMap::new();
    let mut pairs = Vec::new();
    for (number, (key, value)) in (0..).zip(entries.0) {
        mistakes.hold_to(quota, number, "keys", key.at);
        let parsed = key.parsed(KEY_RULE, mistakes, |key| check_key(key).ok());
        if parsed.is_some() && places.insert(key.value.clone(), value.at).is_none() {
            pairs.push((key.value, SecretValue::new(value.value)));
        }
    }
    if pairs.len() < count {
        return None;
    }
    let data = sized(pairs, at, mistakes)?;
    // The secret's name would only stand in an error, where the place in the file says more.
    let Err(error) = secret_type?.check(&data, "", cloud.docker_config) else { return Some(data) };
    let (at, message) = match error {
        Error::SecretKeyMissing(key, _) => {
            (at, format!("the key `{key}` is missing; secrets of this type need it"))
        }
        Error::SecretKeyInvalid(key, reason) => {
            (places.get(key).copied().unwrap_or(at), format!("{key}: {reason}"))
        }
        error => (at, error.to_string()),
    };
    mistakes.add(at, message);
    None
}

/// The data that is built of the accounts at registries. Each is judged alone, so that each mistake stands at its
/// registry.
fn docker_config(
    given: Placed<Entries<Registry>>,
    quota: u32,
    cloud: &Cloud,
    mistakes: &mut Mistakes,
) -> Option<SecretData> {
    let Placed { at, value: entries } = given;
    entries.check_unique(mistakes);
    if entries.0.is_empty() {
        mistakes.add(at, "at least one registry is needed");
        return None;
    }
    let mut accounts = Vec::new();
    for (host, Registry { username, password }) in entries.0 {
        let account = (host.value, username.value, password.value);
        let value = SecretValue::new(docker_config::build(std::slice::from_ref(&account)));
        match docker_config::check(value.expose(), cloud.docker_config) {
            Ok(()) => accounts.push(account),
            Err(reason) => {
                // What stands before is the registry's name and number, which the place says better.
                let reason = reason.rsplit(": ").next().unwrap_or_default();
                mistakes.add(host.at, format!("this registry cannot be used: {reason}"));
            }
        }
    }
    mistakes.hold_to(quota, 0, "keys", at);
    let value = SecretValue::new(docker_config::build(&accounts));
    sized(vec![(DOCKER_CONFIG_KEY.to_owned(), value)], at, mistakes)
}

/// The data, if it is neither empty nor too large.
fn sized(
    pairs: Vec<(String, SecretValue)>,
    at: Position,
    mistakes: &mut Mistakes,
) -> Option<SecretData> {
    let data = SecretData::new(pairs).map_err(|error| match error {
        Error::Missing(_) => "a secret needs at least one key".to_owned(),
        // The place says which field it is.
        Error::SecretDataInvalid(reason) => reason,
        error => error.to_string(),
    });
    mistakes.check(at, data)
}
