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
        AliasName, Cloud, DataType, Error, ExtendedConfig, Field, Instance, InstanceId,
        InstanceState, Interval, KeyDescription, KeySpec, ManagedType, RequestedName, Result,
        Scope, SecretData, SecretDescription, SecretName, SecretPolicy, SecretType, SeedKey,
        SeedSecret, Tag, TagKey, TagValue, Tags, VersionId,
    },
    pop::RegionId,
};

/// The version of a secret that names none.
const FIRST_VERSION: &str = "v1";

const INSTANCE_RULE: &str = "an instance's id is 'kst-' and 1 to 60 letters, digits and '-'";

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
    cloud.key_quota = section.quotas.keys.unwrap_or(cloud.key_quota);
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
    let keys = section.keys.into_iter().filter_map(|key| reader.key(key).ok()).collect();
    let secrets =
        section.secrets.into_iter().filter_map(|secret| reader.secret(secret).ok()).collect();
    (keys, secrets)
}

fn instances(items: Vec<Placed<Item>>, mistakes: &mut Mistakes) -> BTreeMap<InstanceId, Instance> {
    let (mut known, mut first) = (BTreeMap::new(), HashMap::new());
    for Placed { at, value } in items {
        let Item { id, secret_quota, access_quota, state } = value;
        let id = id.parsed(INSTANCE_RULE, mistakes, |text| InstanceId::parse(text).ok());
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

/// What is wrong with what stands at a place, in words that hold nothing of it.
fn reason(error: Error) -> String {
    match error {
        Error::Missing(_) => "this is empty".to_owned(),
        Error::Invalid(_, why) | Error::TagKeyInvalid(why) | Error::TagValueInvalid(why) => {
            // Some name the part that they are about.
            let names_it = why.starts_with(|c: char| c.is_ascii_uppercase());
            if names_it { why.into_owned() } else { format!("this {why}") }
        }
        error => error.to_string(),
    }
}

/// What a part of the section means, or nothing because of a mistake that is told.
type Held<T> = std::result::Result<T, Told>;

#[derive(Clone, Copy)]
struct Told;

/// A name, an alias or an instance in its region.
type Place = (RegionId, String);

/// What a secret is told of the key that is to encrypt it.
struct KnownKey {
    spec: KeySpec,
    instance: Option<InstanceId>,
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
    counts: HashMap<(&'static str, Place), u32>,
    /// The accounts that the policies of an instance name.
    shares: HashMap<Place, BTreeSet<String>>,
}

impl Reader<'_> {
    /// What the model makes of a text.
    fn held<T>(&mut self, at: Position, made: Result<T>) -> Held<T> {
        self.mistakes.check(at, made.map_err(reason)).ok_or(Told)
    }

    /// Refuses what stands at a place.
    fn refuse<T>(&mut self, at: Position, why: &str) -> Held<T> {
        self.mistakes.add(at, why);
        Err(Told)
    }

    /// The region of an item, in the account; the first that is served where it names none.
    fn scope(&mut self, region: Option<&Text>) -> Held<Scope> {
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
        Ok(Scope { account: self.cloud.account.clone(), region: region.ok_or(Told)? })
    }

    /// The instance that an item names, if it names one.
    fn instance(&mut self, text: Option<&Text>) -> Held<Option<InstanceId>> {
        let Some(text) = text else { return Ok(None) };
        let rule = match self.cloud.instances {
            Some(_) => "no such instance; `instances` must list it",
            None => INSTANCE_RULE,
        };
        let find = |text: &str| {
            InstanceId::parse(text).ok().filter(|id| self.cloud.instance(id).is_some())
        };
        text.parsed(rule, self.mistakes, find).map(Some).ok_or(Told)
    }

    /// Counts one more of `what`, and holds it to its quota.
    fn count(&mut self, what: &'static str, quota: Option<u32>, place: Place, at: Position) {
        let Some(quota) = quota else { return };
        let count = self.counts.entry((what, place)).or_insert(0);
        self.mistakes.hold_to(quota, *count, what, at);
        *count += 1;
    }

    fn key(&mut self, item: Placed<Key>) -> Held<SeedKey> {
        let Placed { at, value: Key { region, alias, spec, description, instance } } = item;
        let scope = self.scope(region.as_ref());
        let alias = self.held(alias.at, AliasName::parse_new(&alias.value));
        let spec = match spec {
            Some(text) => {
                let rule = one_of("specification", &KeySpec::ALL.map(KeySpec::name));
                let parse = |text: &str| KeySpec::parse(text).ok();
                text.parsed(&rule, self.mistakes, parse).ok_or(Told)
            }
            None => Ok(KeySpec::default()),
        };
        let description = match description {
            Some(text) => self.held(text.at, KeyDescription::parse(&text.value)),
            None => Ok(KeyDescription::default()),
        };
        let instance = self.instance(instance.as_ref());
        let (scope, alias) = (scope?, alias?);
        let place = (scope.region.clone(), alias.as_str().to_owned());
        if !self.mistakes.is_first(&mut self.aliases, place.clone(), at, "this key") {
            return Err(Told);
        }
        self.count("keys", Some(self.cloud.key_quota), (scope.region.clone(), String::new()), at);
        let (spec, instance) = (spec?, instance?);
        self.keys.insert(place, KnownKey { spec, instance: instance.clone() });
        Ok(SeedKey { scope, alias, spec, description: description?, instance })
    }

    fn secret(&mut self, item: Placed<Secret>) -> Held<SeedSecret> {
        let Placed { at, value: item } = item;
        let scope = self.scope(item.region.as_ref());
        let secret_type = self.secret_type(item.kind.as_ref());
        let managed = secret_type.map(ManagedType::of);
        let config = self.config(managed, item.extended_config, at);
        let known = config.as_ref().ok().and_then(Option::as_ref);
        let name = self.name(&item.name, secret_type, known);
        let version = self.version(item.version.as_ref(), at);
        let data = self.data(item.data, known);
        let data_type = self.data_type(item.data_type.as_ref(), secret_type);
        let description = self.description(item.description);
        let rotation = self.rotation(managed, item.rotation.as_ref());
        let instance = self.instance(item.instance.as_ref());
        let place = scope.as_ref().ok().zip(instance.as_ref().ok());
        let key =
            item.key.map(|text| self.known_key(&text, scope.as_ref().ok(), instance.as_ref().ok()));
        let policy = item.policy.map(|policy| self.policy(policy, place));
        let tags = self.tags(item.tags);
        let (scope, name) = (scope?, name?);
        self.admit(&scope, &name, instance.as_ref().ok(), at)?;
        Ok(SeedSecret {
            scope,
            name,
            secret_type: secret_type?,
            version: version?,
            data: data?,
            data_type: data_type?,
            description: description?,
            key: key.transpose()?,
            instance: instance?,
            config: config?,
            rotation: rotation?,
            policy: policy.transpose()?,
            tags: tags?,
        })
    }

    /// Holds a secret to the others in its region and in its instance.
    fn admit(
        &mut self,
        scope: &Scope,
        name: &SecretName,
        instance: Option<&Option<InstanceId>>,
        at: Position,
    ) -> Held<()> {
        let place = |text: &str| (scope.region.clone(), text.to_owned());
        if !self.mistakes.is_first(&mut self.secrets, place(name.as_str()), at, "this secret") {
            return Err(Told);
        }
        self.count("secrets", self.cloud.secret_quota, place(""), at);
        if let Some(Some(id)) = instance {
            let quota = self.cloud.instance(id).and_then(|known| known.secret_quota);
            self.count("secrets of this instance", quota, place(id.as_str()), at);
        }
        Ok(())
    }

    fn secret_type(&mut self, text: Option<&Text>) -> Held<SecretType> {
        let Some(text) = text else { return Ok(SecretType::Generic) };
        let rule = one_of("type", &SecretType::ALL.map(SecretType::as_str));
        text.parsed(&rule, self.mistakes, |text| SecretType::parse(text).ok()).ok_or(Told)
    }

    /// What a secret is for, if it is managed.
    fn config(
        &mut self,
        managed: Held<Option<ManagedType>>,
        given: Option<Placed<Config>>,
        at: Position,
    ) -> Held<Option<ExtendedConfig>> {
        match (managed?, given) {
            (None, None) => Ok(None),
            (None, Some(config)) => {
                self.refuse(config.at, "only managed secrets have an `extended_config`")
            }
            (Some(_), None) => self.refuse(at, "a secret of this type needs an `extended_config`"),
            (Some(managed), Some(config)) => {
                config.read(managed, self.mistakes).map(Some).ok_or(Told)
            }
        }
    }

    /// The secret's name; one of a RAM user's access keys is called after the user.
    fn name(
        &mut self,
        text: &Text,
        secret_type: Held<SecretType>,
        config: Option<&ExtendedConfig>,
    ) -> Held<SecretName> {
        match self.held(text.at, RequestedName::parse(&text.value, secret_type?))? {
            RequestedName::Given(name) => Ok(name),
            RequestedName::OfUser => {
                let user = config.and_then(ExtendedConfig::user_name).ok_or(Told)?;
                if !self.cloud.has_user(user) {
                    let why = "the RAM user is unknown; `users` must list it in this account";
                    return self.refuse(text.at, why);
                }
                self.held(text.at, SecretName::of_ram_user(user))
            }
        }
    }

    fn version(&mut self, text: Option<&Text>, at: Position) -> Held<VersionId> {
        let (at, text) = text.map_or((at, FIRST_VERSION), |text| (text.at, &text.value));
        self.held(at, VersionId::parse(text, Field::VersionId))
    }

    /// The data, if a secret of this configuration can begin with it.
    fn data(&mut self, text: Text, config: Option<&ExtendedConfig>) -> Held<SecretData> {
        let data = self.held(text.at, SecretData::parse(text.value))?;
        if let Some(config) = config {
            // What is made here is thrown away.
            let mut zeros = |bytes: &mut [u8]| {
                bytes.fill(0);
                Ok(())
            };
            self.held(text.at, config.initial_value(data.expose(), &mut zeros, Timestamp(0)))?;
        }
        Ok(data)
    }

    fn data_type(&mut self, text: Option<&Text>, of: Held<SecretType>) -> Held<DataType> {
        let Some(text) = text else { return Ok(DataType::Text) };
        let known = self.held(text.at, DataType::parse(&text.value))?;
        self.held(text.at, known.check_for(of?))?;
        Ok(known)
    }

    fn description(&mut self, text: Option<Text>) -> Held<Option<SecretDescription>> {
        let read = |text: Text| self.held(text.at, SecretDescription::parse(text.value));
        text.map(read).transpose()
    }

    fn rotation(
        &mut self,
        managed: Held<Option<ManagedType>>,
        text: Option<&Text>,
    ) -> Held<Option<Interval>> {
        match (text, managed?) {
            (None, _) => Ok(None),
            (Some(text), None) => self.refuse(text.at, "only managed secrets have a `rotation`"),
            (Some(text), Some(_)) => self.held(text.at, Interval::parse(&text.value)).map(Some),
        }
    }

    /// The alias of a listed key that can encrypt a secret of this region and instance.
    fn known_key(
        &mut self,
        text: &Text,
        scope: Option<&Scope>,
        instance: Option<&Option<InstanceId>>,
    ) -> Held<AliasName> {
        let alias = self.held(text.at, AliasName::parse(&text.value))?;
        let place = (scope.ok_or(Told)?.region.clone(), alias.as_str().to_owned());
        if !self.aliases.contains_key(&place) {
            return self.refuse(text.at, "no such key in this region; `keys` must list it");
        }
        let key = self.keys.get(&place).ok_or(Told)?;
        if !key.spec.is_symmetric() {
            return self.refuse(text.at, "this key is asymmetric and encrypts no secrets");
        }
        if *instance.ok_or(Told)? != key.instance {
            let why = "the key and the secret must be in one instance, or both in none";
            return self.refuse(text.at, why);
        }
        Ok(alias)
    }

    /// The policy of a secret, which counts among those of its instance.
    fn policy(
        &mut self,
        placed: Placed<policy::Document>,
        place: Option<(&Scope, &Option<InstanceId>)>,
    ) -> Held<SecretPolicy> {
        let at = placed.at;
        let policy = placed.read(self.mistakes).ok_or(Told)?;
        let Some((scope, Some(id))) = place else { return Ok(policy) };
        let quota = self.cloud.instance(id).and_then(|known| known.access_quota);
        let Some(quota) = quota else { return Ok(policy) };
        let shares = self.shares.entry((scope.region.clone(), id.as_str().to_owned())).or_default();
        for account in policy.foreign_accounts(&scope.account) {
            let count = u32::try_from(shares.len()).unwrap_or(u32::MAX);
            if shares.insert(account.to_owned()) {
                self.mistakes.hold_to(quota, count, "accounts that share this instance", at);
            }
        }
        Ok(policy)
    }

    fn tags(&mut self, given: Option<Placed<Entries<Text>>>) -> Held<Tags> {
        let Some(Placed { at, value: entries }) = given else { return Ok(Tags::default()) };
        entries.check_unique(self.mistakes);
        let mut tags = Vec::new();
        for (key, value) in entries.0 {
            let key = self.held(key.at, TagKey::parse(&key.value));
            let value = self.held(value.at, TagValue::parse(&value.value));
            tags.push(key.and_then(|key| Ok(Tag { key, value: value? })));
        }
        match Tags::new(tags.into_iter().collect::<Held<_>>()?) {
            Ok(tags) => Ok(tags),
            Err(Error::Invalid(_, why)) => self.refuse(at, &format!("these {why}")),
            // A key that stands twice is told already.
            Err(_) => Err(Told),
        }
    }
}

fn one_of(what: &str, names: &[&str]) -> String {
    format!("no such {what}; the {what}s are {}", names.join(", "))
}
