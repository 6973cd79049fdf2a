//! The `kms` of a world file: instances, quotas, keys and secrets.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{
    mistakes::{Mistakes, Position},
    yaml::{Entries, Placed, Text, given},
};
use crate::{
    kms::model::{
        AliasName, Cloud, DataType, Error, ExtendedConfig, Field, Instance, InstanceState, KeySpec,
        ManagedType, RequestedName, Scope, SecretData, SecretPolicy, SecretType, SeedKey,
        SeedSecret, Tag, TagKey, TagValue, Tags, VersionId,
    },
    pop::RegionId,
};

const STATES: [(&str, InstanceState); 5] = [
    ("Uninitialized", InstanceState::Uninitialized),
    ("Connecting", InstanceState::Connecting),
    ("Connected", InstanceState::Connected),
    ("Disconnected", InstanceState::Disconnected),
    ("Error", InstanceState::Error),
];

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    #[serde(deserialize_with = "given")]
    instances: Option<Vec<Placed<Item>>>,
    quotas: Quotas,
    keys: Vec<Placed<Key>>,
    secrets: Vec<Placed<Secret>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    id: Text,
    #[serde(default, deserialize_with = "given")]
    secret_quota: Option<u32>,
    #[serde(default, deserialize_with = "given")]
    access_quota: Option<u32>,
    #[serde(default, deserialize_with = "given")]
    state: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Quotas {
    #[serde(deserialize_with = "given")]
    secrets: Option<u32>,
    #[serde(deserialize_with = "given")]
    keys: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    #[serde(default, deserialize_with = "given")]
    region: Option<Text>,
    alias: Text,
    #[serde(default, deserialize_with = "given")]
    spec: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    description: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    instance: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Secret {
    #[serde(default, deserialize_with = "given")]
    region: Option<Text>,
    name: Text,
    #[serde(default, rename = "type", deserialize_with = "given")]
    kind: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    version: Option<Text>,
    data: Text,
    #[serde(default, deserialize_with = "given")]
    data_type: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    description: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    key: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    instance: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    extended_config: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    policy: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    tags: Option<Placed<Entries<Text>>>,
}

/// Where keys and secrets stand that were met already.
#[derive(Default)]
struct Met {
    aliases: HashMap<(RegionId, String), Position>,
    secrets: HashMap<(RegionId, String), Position>,
}

/// What the section describes, put into the cloud; the keys and secrets that are to be made are in the order of the file.
pub(super) fn read(
    section: Section,
    cloud: &mut Cloud,
    mistakes: &mut Mistakes,
) -> (Vec<SeedKey>, Vec<SeedSecret>) {
    cloud.secret_quota = section.quotas.secrets;
    cloud.key_quota = section.quotas.keys;
    cloud.instances = section.instances.map(|items| instances(items, mistakes));
    let mut met = Met::default();
    let keys = section.keys.into_iter().filter_map(|key| key.read(cloud, &mut met, mistakes));
    let keys = keys.collect();
    let secrets = section.secrets.into_iter();
    let secrets = secrets.filter_map(|secret| secret.read(cloud, &mut met, mistakes)).collect();
    (keys, secrets)
}

fn instances(items: Vec<Placed<Item>>, mistakes: &mut Mistakes) -> BTreeMap<String, Instance> {
    let (mut known, mut first) = (BTreeMap::new(), HashMap::new());
    for Placed { at, value } in items {
        let Item { id, secret_quota, access_quota, state } = value;
        let rule = "an instance's id is kst- and 1 to 60 letters, digits and hyphens";
        let id = id.parsed(rule, mistakes, instance_id);
        let state = match state {
            None => Some(InstanceState::Connected),
            Some(text) => {
                let rule =
                    "an instance is Uninitialized, Connecting, Connected, Disconnected or Error";
                let find = |text: &str| STATES.iter().find(|(name, _)| *name == text);
                text.parsed(rule, mistakes, |text| find(text).map(|(_, state)| *state))
            }
        };
        let Some((id, state)) = id.zip(state) else { continue };
        if mistakes.is_first(&mut first, id.clone(), at, "this instance") {
            known.insert(id, Instance { secret_quota, access_quota, state });
        }
    }
    known
}

fn instance_id(text: &str) -> Option<String> {
    let rest = text.strip_prefix("kst-")?;
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let fits = (1..=60).contains(&rest.len()) && rest.bytes().all(is_legal);
    fits.then(|| text.to_owned())
}

/// What the model makes of a text, or a mistake where the text stands.
fn held<T>(text: &Text, mistakes: &mut Mistakes, made: Result<T, Error>) -> Option<T> {
    let told = made.map_err(|error| match error {
        Error::Invalid(_, why) => format!("it {why}"),
        other => other.to_string(),
    });
    mistakes.check(text.at, told)
}

/// The region of an item; the first that is served where it names none.
fn scope(region: Option<&Text>, cloud: &Cloud, mistakes: &mut Mistakes) -> Option<Scope> {
    let region = match region {
        None => cloud.regions.first().cloned(),
        Some(text) => {
            let rule = "not a region that is served; `regions` says which are";
            // There are none when the list of regions has a mistake, which is told already.
            let is_served =
                |region: &RegionId| cloud.regions.is_empty() || cloud.regions.contains(region);
            text.parsed(rule, mistakes, |text| RegionId::parse(text).filter(is_served))
        }
    };
    region.map(|region| Scope { account: cloud.account.clone(), region })
}

fn instance(text: Option<Text>, cloud: &Cloud, mistakes: &mut Mistakes) -> Option<Option<String>> {
    let Some(text) = text else { return Some(None) };
    let rule = "no such instance; `instances` must list it";
    let find = |text: &str| cloud.instance(text).map(|_| text.to_owned());
    text.parsed(rule, mistakes, find).map(Some)
}

impl Placed<Key> {
    fn read(self, cloud: &Cloud, met: &mut Met, mistakes: &mut Mistakes) -> Option<SeedKey> {
        let Key { region, alias, spec, description, instance } = self.value;
        let scope = scope(region.as_ref(), cloud, mistakes);
        let parsed = held(&alias, mistakes, AliasName::parse_new(&alias.value));
        let spec = match spec {
            Some(text) => held(&text, mistakes, KeySpec::parse(&text.value)),
            None => Some(KeySpec::Aes256),
        };
        let instance = self::instance(instance, cloud, mistakes);
        let (scope, alias) = scope.zip(parsed)?;
        let place = (scope.region.clone(), alias.as_str().to_owned());
        let is_first = mistakes.is_first(&mut met.aliases, place, self.at, "this alias");
        let description = description.map(|text| text.value).unwrap_or_default();
        let (spec, instance) = spec.zip(instance).filter(|_| is_first)?;
        Some(SeedKey { scope, alias, spec, description, instance })
    }
}

impl Placed<Secret> {
    fn read(self, cloud: &Cloud, met: &mut Met, mistakes: &mut Mistakes) -> Option<SeedSecret> {
        let item = self.value;
        let scope = scope(item.region.as_ref(), cloud, mistakes);
        let secret_type = match &item.kind {
            Some(text) => held(text, mistakes, SecretType::parse(&text.value)),
            None => Some(SecretType::Generic),
        };
        let name = secret_type.and_then(|secret_type| {
            held(&item.name, mistakes, RequestedName::parse(&item.name.value, secret_type))
        });
        let version = match &item.version {
            Some(text) => held(text, mistakes, VersionId::parse(&text.value, Field::VersionId)),
            None => VersionId::parse("v1", Field::VersionId).ok(),
        };
        let data = held(&item.data, mistakes, SecretData::parse(item.data.value.clone()));
        let data_type = match &item.data_type {
            Some(text) => held(text, mistakes, DataType::parse(&text.value)),
            None => Some(DataType::Text),
        };
        let config = match (secret_type.and_then(ManagedType::of), &item.extended_config) {
            (None, None) => Some(None),
            (None, Some(text)) => {
                mistakes.add(text.at, "only managed secrets have an extended configuration");
                None
            }
            (Some(_), None) => {
                mistakes.add(self.at, "a managed secret needs an `extended_config`");
                None
            }
            (Some(managed), Some(text)) => {
                held(text, mistakes, ExtendedConfig::parse(&text.value, managed)).map(Some)
            }
        };
        let policy = match &item.policy {
            Some(text) => held(text, mistakes, SecretPolicy::parse(&text.value)).map(Some),
            None => Some(None),
        };
        let key = match &item.key {
            Some(text) => known_key(text, scope.as_ref(), met, mistakes).map(Some),
            None => Some(None),
        };
        let instance = instance(item.instance, cloud, mistakes);
        let tags = tags(item.tags, mistakes)?;
        let place = (scope.as_ref()?.region.clone(), item.name.value);
        if !mistakes.is_first(&mut met.secrets, place, self.at, "this secret") {
            return None;
        }
        Some(SeedSecret {
            scope: scope?,
            name: name?,
            secret_type: secret_type?,
            version: version?,
            data: data?,
            data_type: data_type?,
            description: item.description.map(|text| text.value),
            key: key?,
            instance: instance?,
            config: config?,
            policy: policy?,
            tags,
        })
    }
}

/// The alias of one of the section's keys.
fn known_key(
    text: &Text,
    scope: Option<&Scope>,
    met: &Met,
    mistakes: &mut Mistakes,
) -> Option<AliasName> {
    let alias = held(text, mistakes, AliasName::parse(&text.value))?;
    let place = (scope?.region.clone(), alias.as_str().to_owned());
    let rule = "no such key in this region; `keys` must list it";
    mistakes.check(text.at, met.aliases.contains_key(&place).then_some(alias).ok_or(rule))
}

fn tags(given: Option<Placed<Entries<Text>>>, mistakes: &mut Mistakes) -> Option<Tags> {
    let Some(Placed { at, value: entries }) = given else { return Some(Tags::default()) };
    entries.check_unique(mistakes);
    let tags = entries.0.into_iter().filter_map(|(key, value)| {
        let parsed = held(&key, mistakes, TagKey::parse(&key.value));
        parsed.zip(held(&value, mistakes, TagValue::parse(&value.value)))
    });
    let tags: Vec<Tag> = tags.map(|(key, value)| Tag { key, value }).collect();
    let made = Tags::new(tags).map_err(|error| error.to_string());
    mistakes.check(at, made)
}
