//! The `namespaces` of a world file.

use std::collections::HashMap;

use serde::Deserialize;
use uuid::Uuid;

use super::{
    mistakes::{Mistakes, Position},
    yaml::{Placed, Text, given},
};
use crate::{
    sae::model::{
        self, Cloud, NamespaceId, NamespaceName, NamespaceQuotas, SecretName, SeedNamespace,
        parse_description,
    },
    text::is_storable_text,
};

const ID_RULE: &str = "not a namespace id; one is REGION:ID, where ID is 1 to 32 lower-case letters and digits, or a \
                       REGION alone for its default namespace";
const NAME_RULE: &str = "a namespace's name has 1 to 64 characters, no control characters";
const DESCRIPTION_RULE: &str =
    "a namespace's description has at most 100 characters, no control characters";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Namespace {
    id: Text,
    #[serde(default, deserialize_with = "given")]
    name: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    description: Option<Text>,
    #[serde(default)]
    quotas: OwnQuotas,
    #[serde(default)]
    applications: Vec<Placed<Application>>,
    #[serde(default)]
    clusters: Vec<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct OwnQuotas {
    #[serde(deserialize_with = "given")]
    secrets_per_namespace: Option<u32>,
    #[serde(deserialize_with = "given")]
    keys_per_secret: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    #[serde(default, deserialize_with = "given")]
    id: Option<Text>,
    name: Text,
    #[serde(default)]
    secrets: Vec<Text>,
}

/// The namespaces that a file lists.
#[derive(Default)]
pub(super) struct KnownNamespaces {
    /// Those that are to be made.
    pub custom: Vec<SeedNamespace>,
    /// Where each stands, the default ones included.
    first: HashMap<NamespaceId, Position>,
}

/// Reads the namespaces, and puts what stands in them into the cloud.
pub(super) fn read(
    items: Vec<Placed<Namespace>>,
    cloud: &mut Cloud,
    mistakes: &mut Mistakes,
) -> KnownNamespaces {
    let mut known = KnownNamespaces::default();
    for Placed { at, value } in items {
        known.add(value, at, cloud, mistakes);
    }
    known
}

impl KnownNamespaces {
    fn add(&mut self, item: Namespace, at: Position, cloud: &mut Cloud, mistakes: &mut Mistakes) {
        let id = served(&item.id, cloud, mistakes);
        let is_first = id
            .clone()
            .is_some_and(|id| mistakes.is_first(&mut self.first, id, at, "this namespace"));
        let is_default = id.as_ref().is_some_and(NamespaceId::is_default);
        for text in [&item.name, &item.description].into_iter().flatten().filter(|_| is_default) {
            mistakes.add(text.at, "a region's default namespace has no name or description");
        }
        let parse_name = |text: &str| NamespaceName::parse(text).ok();
        let name = item.name.map(|text| text.parsed(NAME_RULE, mistakes, parse_name));
        let parse = |text: &str| parse_description(text).ok();
        let description =
            item.description.and_then(|text| text.parsed(DESCRIPTION_RULE, mistakes, parse));
        let applications = applications(item.applications, &cloud.account, id.as_ref(), mistakes);
        let clusters = item.clusters.iter().filter_map(|text| label(text, mistakes)).collect();
        let Some(id) = id.filter(|_| is_first) else { return };
        let OwnQuotas { secrets_per_namespace, keys_per_secret } = item.quotas;
        let quotas = NamespaceQuotas { secrets_per_namespace, keys_per_secret };
        cloud.quotas.overrides.insert(id.clone(), quotas);
        cloud.applications.insert(id.clone(), applications);
        cloud.clusters.insert(id.clone(), clusters);
        let name = name.unwrap_or_else(|| parse_name(id.short()));
        let Some(name) = name.filter(|_| !id.is_default()) else { return };
        let count = u32::try_from(self.custom.len()).unwrap_or(u32::MAX);
        mistakes.hold_to(cloud.quotas.namespaces, count, "namespaces", at);
        self.custom.push(SeedNamespace { id, name, description: description.unwrap_or_default() });
    }

    /// The namespace of that id, if there is one: a listed one, or the default one of a served region.
    pub fn find(&self, text: &Text, cloud: &Cloud, mistakes: &mut Mistakes) -> Option<NamespaceId> {
        let id = served(text, cloud, mistakes)?;
        let is_known = id.is_default() || self.first.contains_key(&id);
        let rule = "no such namespace; `namespaces` must list it";
        mistakes.check(text.at, is_known.then_some(id).ok_or(rule))
    }
}

/// The namespace of that id, if its region is served.
fn served(text: &Text, cloud: &Cloud, mistakes: &mut Mistakes) -> Option<NamespaceId> {
    let id = text.parsed(ID_RULE, mistakes, |text| NamespaceId::parse(text).ok())?;
    // There are none when the list of regions has a mistake, which is told already.
    let is_served = cloud.regions.is_empty() || cloud.regions.contains(id.region());
    let rule = "the region of this namespace is not served; `regions` says which are";
    mistakes.check(text.at, is_served.then_some(id).ok_or(rule))
}

fn applications(
    items: Vec<Placed<Application>>,
    account: &str,
    namespace: Option<&NamespaceId>,
    mistakes: &mut Mistakes,
) -> Vec<model::Application> {
    let mut first = HashMap::new();
    let mut applications = Vec::new();
    for Placed { at, value } in items {
        let name = label(&value.name, mistakes);
        let id = value.id.and_then(|text| label(&text, mistakes));
        let secrets = value.secrets.iter().filter_map(|text| secret_name(text, mistakes));
        let secrets = secrets.map(|name| name.as_str().to_owned()).collect();
        let Some(name) = name else { continue };
        mistakes.is_first(&mut first, name.clone(), at, "this application");
        // Where the file gives no id, the same one at every start.
        let made = || {
            let namespace = namespace.map(ToString::to_string).unwrap_or_default();
            let path = format!("{account}/{namespace}/{name}");
            Uuid::new_v5(&Uuid::NAMESPACE_URL, path.as_bytes()).to_string()
        };
        applications.push(model::Application { id: id.unwrap_or_else(made), name, secrets });
    }
    applications
}

pub(super) fn secret_name(text: &Text, mistakes: &mut Mistakes) -> Option<SecretName> {
    let rule =
        "a secret's name is a letter, then letters, digits, '-' and '_', at most 253 characters";
    text.parsed(rule, mistakes, |text| SecretName::parse(text).ok())
}

/// A name that no rule is documented for: it must only fit into a reply.
fn label(text: &Text, mistakes: &mut Mistakes) -> Option<String> {
    let rule = "expected a text that is not empty, no control characters";
    let fits = |text: &str| !text.is_empty() && is_storable_text(text);
    text.parsed(rule, mistakes, |text| fits(text).then(|| text.to_owned()))
}
