//! The `kms` of a world file: instances, quotas, keys and secrets.

mod config;
mod policy;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;

use self::config::Config;
use super::{
    mistakes::{Mistakes, Position},
    yaml::{Entries, Placed, Text, given},
};
use crate::{
    clock::Timestamp,
    kms::model::{
        AliasName, Cloud, DataType, Error, ExtendedConfig, Field, Instance, InstanceState,
        Interval, KeyDescription, KeySpec, ManagedType, RequestedName, Result, Scope, SecretData,
        SecretName, SecretPolicy, SecretType, SeedKey, SeedSecret, Tag, TagKey, TagValue, Tags,
        VersionId,
    },
    pop::RegionId,
    text::is_storable_text,
};

/// The version of a secret that names none.
const FIRST_VERSION: &str = "v1";

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
    extended_config: Option<Placed<Config>>,
    #[serde(default, deserialize_with = "given")]
    rotation: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    policy: Option<Placed<policy::Document>>,
    #[serde(default, deserialize_with = "given")]
    tags: Option<Placed<Entries<Text>>>,
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
    let mut reader = Reader {
        cloud,
        mistakes,
        aliases: HashMap::new(),
        keys: HashMap::new(),
        secrets: HashMap::new(),
        counts: HashMap::new(),
        shares: HashMap::new(),
    };
    let keys = section.keys.into_iter().filter_map(|key| reader.key(key)).collect();
    let secrets = section.secrets.into_iter().filter_map(|secret| reader.secret(secret)).collect();
    (keys, secrets)
}

fn instances(items: Vec<Placed<Item>>, mistakes: &mut Mistakes) -> BTreeMap<String, Instance> {
    let (mut known, mut first) = (BTreeMap::new(), HashMap::new());
    for Placed { at, value } in items {
        let Item { id, secret_quota, access_quota, state } = value;
        let rule = "an instance's id is 'kst-' and 1 to 60 letters, digits and '-'";
        let id = id.parsed(rule, mistakes, instance_id);
        let rule = "an instance is Uninitialized, Connecting, Connected, Disconnected or Error";
        let find = |text: &str| STATES.iter().find(|(name, _)| *name == text);
        let state = state.and_then(|text| text.parsed(rule, mistakes, find));
        let state = state.map_or(InstanceState::Connected, |(_, state)| *state);
        let Some(id) = id else { continue };
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

/// What is wrong with what stands at a place, in words that hold nothing of it.
fn reason(error: Error) -> String {
    match error {
        Error::Missing(_) => "this is empty".to_owned(),
        Error::Invalid(_, why) | Error::TagKeyInvalid(why) | Error::TagValueInvalid(why) => {
            format!("this {why}")
        }
        error => error.to_string(),
    }
}

/// A name or an alias in its region.
type Place = (RegionId, String);

/// What a secret is told of the key that is to encrypt it.
struct KnownKey {
    spec: KeySpec,
    instance: Option<String>,
}

struct Reader<'a> {
    cloud: &'a Cloud,
    mistakes: &'a mut Mistakes,
    /// Where the keys stand.
    aliases: HashMap<Place, Position>,
    /// The keys without a mistake.
    keys: HashMap<Place, KnownKey>,
    /// Where the secrets stand.
    secrets: HashMap<Place, Position>,
    /// How many there are of what, in a region or in an instance there.
    counts: HashMap<(&'static str, RegionId, String), u32>,
    /// The accounts that the policies of an instance name.
    shares: HashMap<(RegionId, String), BTreeSet<String>>,
}

impl Reader<'_> {
    /// What the model makes of a text; a mistake if that is nothing.
    fn held<T>(&mut self, at: Position, made: Result<T>) -> Option<T> {
        self.mistakes.check(at, made.map_err(reason))
    }

    /// The region of an item, in the account; the first that is served where it names none.
    fn scope(&mut self, region: Option<&Text>) -> Option<Scope> {
        let regions = &self.cloud.regions;
        let region = match region {
            None => regions.first().cloned(),
            Some(text) => {
                let rule = "not a region that is served; `regions` says which are";
                // There are none when the list of regions has a mistake, which is told already.
                let is_served = |region: &RegionId| regions.is_empty() || regions.contains(region);
                text.parsed(rule, self.mistakes, |text| RegionId::parse(text).filter(is_served))
            }
        };
        region.map(|region| Scope { account: self.cloud.account.clone(), region })
    }

    /// The instance that an item names, if it names one.
    fn instance(&mut self, text: Option<&Text>) -> Option<Option<String>> {
        let Some(text) = text else { return Some(None) };
        let rule = match self.cloud.instances {
            Some(_) => "no such instance; `instances` must list it",
            None => "an instance's id begins with 'kst-'",
        };
        let find = |text: &str| self.cloud.instance(text).map(|_| text.to_owned());
        text.parsed(rule, self.mistakes, find).map(Some)
    }

    /// Counts one more of `what`, and holds it to its quota.
    fn count(
        &mut self,
        what: &'static str,
        quota: Option<u32>,
        place: (&RegionId, &str),
        at: Position,
    ) {
        let Some(quota) = quota else { return };
        let (region, instance) = place;
        let count = self.counts.entry((what, region.clone(), instance.to_owned())).or_insert(0);
        self.mistakes.hold_to(quota, *count, what, at);
        *count += 1;
    }

    fn key(&mut self, item: Placed<Key>) -> Option<SeedKey> {
        let Placed { at, value: Key { region, alias, spec, description, instance } } = item;
        let scope = self.scope(region.as_ref());
        let parsed = self.held(alias.at, AliasName::parse_new(&alias.value));
        let spec = match spec {
            Some(text) => {
                let rule = one_of("specification", &KeySpec::ALL.map(KeySpec::name));
                text.parsed(&rule, self.mistakes, |text| KeySpec::parse(text).ok())
            }
            None => Some(KeySpec::default()),
        };
        let description = match description {
            Some(text) => self.held(text.at, KeyDescription::parse(&text.value)),
            None => Some(KeyDescription::default()),
        };
        let instance = self.instance(instance.as_ref());
        let (scope, alias) = scope.zip(parsed)?;
        let place = (scope.region.clone(), alias.as_str().to_owned());
        if !self.mistakes.is_first(&mut self.aliases, place.clone(), at, "this key") {
            return None;
        }
        self.count("keys", self.cloud.key_quota, (&scope.region, ""), at);
        let (spec, instance) = spec.zip(instance)?;
        self.keys.insert(place, KnownKey { spec, instance: instance.clone() });
        Some(SeedKey { scope, alias, spec, description: description?, instance })
    }

    fn secret(&mut self, item: Placed<Secret>) -> Option<SeedSecret> {
        let Placed { at, value: item } = item;
        let scope = self.scope(item.region.as_ref());
        let secret_type = match &item.kind {
            Some(text) => {
                let rule = one_of("type", &SecretType::ALL.map(SecretType::as_str));
                text.parsed(&rule, self.mistakes, |text| SecretType::parse(text).ok())
            }
            None => Some(SecretType::Generic),
        };
        let managed = secret_type.map(ManagedType::of);
        let config = self.config(managed, item.extended_config, at);
        let name = self.name(&item.name, secret_type, config.as_ref());
        let version = item.version.as_ref();
        let version_at = version.map_or(at, |text| text.at);
        let version = version.map_or(FIRST_VERSION, |text| &text.value);
        let version = self.held(version_at, VersionId::parse(version, Field::VersionId));
        let data = self.data(item.data, config.as_ref());
        let data_type = match &item.data_type {
            Some(text) => {
                let check = |known: &DataType| secret_type.map_or(Ok(()), |it| known.check_for(it));
                let parsed = DataType::parse(&text.value);
                self.held(text.at, parsed.and_then(|known| check(&known).map(|()| known)))
            }
            None => Some(DataType::Text),
        };
        if let Some(text) = &item.description {
            let rule = "this has a control character";
            text.parsed(rule, self.mistakes, |text| is_storable_text(text).then_some(()));
        }
        let rotation = self.rotation(managed, item.rotation.as_ref());
        let instance = self.instance(item.instance.as_ref());
        let key = match &item.key {
            Some(text) => self.known_key(text, scope.as_ref(), instance.as_ref()).map(Some),
            None => Some(None),
        };
        let policy = match item.policy {
            Some(placed) => self.policy(placed, scope.as_ref(), instance.as_ref()).map(Some),
            None => Some(None),
        };
        let tags = self.tags(item.tags);
        let (scope, name) = scope.zip(name)?;
        let place = (scope.region.clone(), name.as_str().to_owned());
        if !self.mistakes.is_first(&mut self.secrets, place, at, "this secret") {
            return None;
        }
        self.count("secrets", self.cloud.secret_quota, (&scope.region, ""), at);
        if let Some(Some(id)) = &instance {
            let quota = self.cloud.instance(id).and_then(|known| known.secret_quota);
            self.count("secrets of this instance", quota, (&scope.region, id), at);
        }
        Some(SeedSecret {
            scope,
            name,
            secret_type: secret_type?,
            version: version?,
            data: data?,
            data_type: data_type?,
            description: item.description.map(|text| text.value),
            key: key?,
            instance: instance?,
            config: config?,
            rotation: rotation?,
            policy: policy?,
            tags: tags?,
        })
    }

    /// What a secret is for, if it is managed; `managed` is nothing when its type has a mistake.
    fn config(
        &mut self,
        managed: Option<Option<ManagedType>>,
        given: Option<Placed<Config>>,
        at: Position,
    ) -> Option<Option<ExtendedConfig>> {
        match (managed?, given) {
            (None, None) => Some(None),
            (None, Some(config)) => {
                self.mistakes.add(config.at, "only managed secrets have an `extended_config`");
                None
            }
            (Some(_), None) => {
                self.mistakes.add(at, "a secret of this type needs an `extended_config`");
                None
            }
            (Some(managed), Some(config)) => config.read(managed, self.mistakes).map(Some),
        }
    }

    /// The secret's name; one of a RAM user's access keys is called after the user.
    fn name(
        &mut self,
        text: &Text,
        secret_type: Option<SecretType>,
        config: Option<&Option<ExtendedConfig>>,
    ) -> Option<SecretName> {
        match self.held(text.at, RequestedName::parse(&text.value, secret_type?))? {
            RequestedName::Given(name) => Some(name),
            RequestedName::OfUser => {
                let user = config?.as_ref()?.user_name()?;
                let rule = "the RAM user is unknown; `users` must list it in this account";
                let is_known = self.cloud.has_user(user);
                self.mistakes.check(text.at, is_known.then_some(()).ok_or(rule))?;
                self.held(text.at, SecretName::of_ram_user(user))
            }
        }
    }

    /// The data, if a secret of this configuration can begin with it.
    fn data(&mut self, text: Text, config: Option<&Option<ExtendedConfig>>) -> Option<SecretData> {
        let data = self.held(text.at, SecretData::parse(text.value))?;
        if let Some(config) = config?.as_ref() {
            // What is made here is thrown away.
            let mut zeros = |bytes: &mut [u8]| {
                bytes.fill(0);
                Ok(())
            };
            self.held(text.at, config.initial_value(data.expose(), &mut zeros, Timestamp(0)))?;
        }
        Some(data)
    }

    fn rotation(
        &mut self,
        managed: Option<Option<ManagedType>>,
        text: Option<&Text>,
    ) -> Option<Option<Interval>> {
        let Some(text) = text else { return Some(None) };
        if managed?.is_none() {
            self.mistakes.add(text.at, "only managed secrets have a `rotation`");
            return None;
        }
        self.held(text.at, Interval::parse(&text.value)).map(Some)
    }

    /// The alias of a listed key that can encrypt a secret of this region and instance.
    fn known_key(
        &mut self,
        text: &Text,
        scope: Option<&Scope>,
        instance: Option<&Option<String>>,
    ) -> Option<AliasName> {
        let alias = self.held(text.at, AliasName::parse(&text.value))?;
        let place = (scope?.region.clone(), alias.as_str().to_owned());
        let rule = if !self.aliases.contains_key(&place) {
            "no such key in this region; `keys` must list it"
        } else {
            // One that is not there has a mistake, which is told already.
            let key = self.keys.get(&place)?;
            if !key.spec.is_symmetric() {
                "this key is asymmetric and encrypts no secrets"
            } else if *instance? != key.instance {
                "the key and the secret must be in one instance, or both in none"
            } else {
                return Some(alias);
            }
        };
        self.mistakes.add(text.at, rule);
        None
    }

    /// The policy of a secret, which counts among those of its instance.
    fn policy(
        &mut self,
        placed: Placed<policy::Document>,
        scope: Option<&Scope>,
        instance: Option<&Option<String>>,
    ) -> Option<SecretPolicy> {
        let at = placed.at;
        let policy = placed.read(self.mistakes)?;
        let (Some(scope), Some(Some(id))) = (scope, instance) else { return Some(policy) };
        let Some(quota) = self.cloud.instance(id).and_then(|known| known.access_quota) else {
            return Some(policy);
        };
        let shares = self.shares.entry((scope.region.clone(), id.clone())).or_default();
        for account in policy.foreign_accounts(&scope.account) {
            if shares.contains(account) {
                continue;
            }
            let count = u32::try_from(shares.len()).unwrap_or(u32::MAX);
            self.mistakes.hold_to(quota, count, "accounts that share this instance", at);
            shares.insert(account.to_owned());
        }
        Some(policy)
    }

    fn tags(&mut self, given: Option<Placed<Entries<Text>>>) -> Option<Tags> {
        let Some(Placed { at, value: entries }) = given else { return Some(Tags::default()) };
        entries.check_unique(self.mistakes);
        let mut tags = Vec::new();
        for (key, value) in entries.0 {
            let (key_at, value_at) = (key.at, value.at);
            let key = self.held(key_at, TagKey::parse(&key.value));
            let value = self.held(value_at, TagValue::parse(&value.value));
            tags.push(key.zip(value).map(|(key, value)| Tag { key, value }));
        }
        let tags = tags.into_iter().collect::<Option<Vec<Tag>>>()?;
        match Tags::new(tags) {
            // Told already.
            Err(Error::TagKeyDuplicate) => None,
            Err(Error::Invalid(_, why)) => {
                self.mistakes.add(at, format!("these {why}"));
                None
            }
            tags => self.held(at, tags),
        }
    }
}

fn one_of(what: &str, names: &[&str]) -> String {
    format!("no such {what}; the {what}s are {}", names.join(", "))
}
