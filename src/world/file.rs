//! The file as a whole, and the settings of the cloud in it.

use serde::Deserialize;

use super::{
    Variables, World,
    mistakes::Mistakes,
    namespaces::{self, Namespace},
    secrets::{self, Secret},
    users::{self, Root, TemporaryKey, User},
    yaml::{Placed, Text, given},
};
use crate::{
    pop::RegionId,
    sae::model::{Cloud, DockerConfigMode, Quotas},
};

/// A world file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    #[serde(deserialize_with = "given")]
    account: Option<Text>,
    #[serde(deserialize_with = "given")]
    regions: Option<Placed<Vec<Text>>>,
    upgrading: bool,
    quotas: Quotas,
    namespaces: Vec<Placed<Namespace>>,
    secrets: Vec<Placed<Secret>>,
    users: Vec<Placed<User>>,
    root: Root,
    sts: Vec<TemporaryKey>,
}

impl File {
    /// The world that the file describes. What is mistaken is left out; then there is a mistake for it.
    pub fn into_world(
        self,
        docker_config: DockerConfigMode,
        variables: &Variables<'_>,
        mistakes: &mut Mistakes,
    ) -> World {
        let (quotas, upgrading) = (self.quotas, self.upgrading);
        let mut cloud = Cloud { quotas, upgrading, docker_config, ..Cloud::default() };
        let digits = |text: &str| {
            let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            fits.then(|| text.to_owned())
        };
        if let Some(text) = self.account {
            let account = text.parsed("an account is digits only", mistakes, digits);
            cloud.account = account.unwrap_or_default();
        }
        let regions = self.regions.map(|listed| regions(&listed, mistakes));
        let are_regions_known = regions.as_ref().is_none_or(Option::is_some);
        cloud.regions = regions.flatten().unwrap_or(cloud.regions);
        let known = namespaces::read(self.namespaces, &mut cloud, are_regions_known, mistakes);
        let secrets = secrets::read(self.secrets, &cloud, &known, mistakes);
        let (directory, suspects) =
            users::read(self.users, self.root, self.sts, variables, mistakes);
        World { cloud, namespaces: known.custom, secrets, directory, suspects }
    }
}

/// The served regions; `None` when they are not all known.
fn regions(listed: &Placed<Vec<Text>>, mistakes: &mut Mistakes) -> Option<Vec<RegionId>> {
    if listed.value.is_empty() {
        mistakes.add(listed.at, "at least one region must be served");
        return None;
    }
    let mut regions = Vec::new();
    let mut are_all_known = true;
    for text in &listed.value {
        let rule = "not a region id; one looks like cn-beijing";
        match text.parsed(rule, mistakes, RegionId::parse) {
            Some(region) if regions.contains(&region) => {
                mistakes.add(text.at, "this region stands twice");
            }
            Some(region) => regions.push(region),
            None => are_all_known = false,
        }
    }
    are_all_known.then_some(regions)
}
