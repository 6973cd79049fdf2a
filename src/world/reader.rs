//! The walk over a world file's tree: first the cloud's own settings, then what stands in it.

use std::collections::{HashMap, HashSet};

use super::{
    Variables, World,
    fields::{self, Fields},
    mistakes::{Mistakes, Position},
    tree::{Content, Node},
};
use crate::{
    pop::RegionId,
    sae::model::{DockerConfigMode, NamespaceId},
};

const KEYS: &[&str] =
    &["account", "regions", "upgrading", "quotas", "namespaces", "secrets", "users", "root", "sts"];

/// The world under this root. What could not be read is left out; then there is a mistake for it.
pub(super) fn read(
    root: &Node<'_>,
    docker_config: DockerConfigMode,
    variables: &Variables<'_>,
    mistakes: &mut Mistakes,
) -> World {
    let mut world = World::default();
    world.cloud.docker_config = docker_config;
    let listed = Some(HashMap::new());
    let mut reader = Reader { world, mistakes, variables, regions_known: true, listed };
    if !matches!(*root.content, Content::Null) {
        reader.root(root);
    }
    reader.world
}

/// The world as far as it is read, and what is needed to judge the rest.
pub(super) struct Reader<'m> {
    pub world: World,
    pub mistakes: &'m mut Mistakes,
    /// The variables of the environment.
    pub variables: &'m Variables<'m>,
    /// Whether the served regions are known for certain.
    pub regions_known: bool,
    /// The namespaces that the file lists, default ones included, and where; `None` when they
    /// cannot be told.
    pub listed: Option<HashMap<NamespaceId, Position>>,
}

impl Reader<'_> {
    /// Reads in the order in which one part needs another, whatever the order in the file.
    fn root(&mut self, root: &Node<'_>) {
        let Some(fields) = Fields::of(root, KEYS, self.mistakes) else { return };
        if let Some(node) = fields.get("account") {
            self.account(node);
        }
        if let Some(node) = fields.get("regions") {
            self.regions_known = self.regions(node).is_some();
        }
        if let Some(node) = fields.get("upgrading") {
            self.world.cloud.upgrading = fields::truth(node, self.mistakes);
        }
        if let Some(node) = fields.get("quotas") {
            self.quotas(node);
        }
        if let Some(node) = fields.get("namespaces") {
            self.namespaces(node);
        }
        if let Some(node) = fields.get("secrets") {
            self.secrets(node);
        }
        self.callers(&fields);
    }

    fn account(&mut self, node: &Node<'_>) {
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let parse = |text: &str| digits(text).then(|| text.to_owned());
        if let Some(account) =
            fields::parsed(node, "an account is digits only", self.mistakes, parse)
        {
            self.world.cloud.account = account;
        }
    }

    /// Reads the served regions; `None` when they are not all known in the end.
    fn regions(&mut self, node: &Node<'_>) -> Option<()> {
        const RULE: &str = "not a region id; one looks like cn-beijing";
        let items = fields::list(node, self.mistakes)?;
        if items.is_empty() {
            self.mistakes.add(node.at, "at least one region must be served");
            return None;
        }
        let mut seen = HashSet::new();
        let mut regions = Vec::new();
        let mut complete = true;
        for item in items {
            let Some(region) = fields::parsed(item, RULE, self.mistakes, RegionId::parse) else {
                complete = false;
                continue;
            };
            if seen.insert(region.clone()) {
                regions.push(region);
            } else {
                self.mistakes.add(item.at, "this region stands twice");
            }
        }
        if !regions.is_empty() {
            self.world.cloud.regions = regions;
        }
        complete.then_some(())
    }

    fn quotas(&mut self, node: &Node<'_>) {
        const KEYS: &[&str] = &["namespaces", "secrets_per_namespace", "keys_per_secret"];
        let Some(fields) = Fields::of(node, KEYS, self.mistakes) else { return };
        let quotas = &mut self.world.cloud.quotas;
        for (key, quota) in [
            ("namespaces", &mut quotas.namespaces),
            ("secrets_per_namespace", &mut quotas.secrets_per_namespace),
            ("keys_per_secret", &mut quotas.keys_per_secret),
        ] {
            if let Some(node) = fields.get(key) {
                *quota = fields::quota(node, self.mistakes);
            }
        }
    }

    /// The namespace of that id, if its region is served.
    pub fn namespace_id(&mut self, node: &Node<'_>) -> Option<NamespaceId> {
        const RULE: &str = "not a namespace id; one is REGION:ID, where ID is 1 to 32 lower-case \
                            letters and digits, or a REGION alone for its default namespace";
        let id = fields::parsed(node, RULE, self.mistakes, |text| NamespaceId::parse(text).ok())?;
        if self.regions_known && !self.world.cloud.serves(id.region()) {
            self.mistakes.add(
                node.at,
                "the region of this namespace is not served; `regions` says which are",
            );
            return None;
        }
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{told, world};

    #[test]
    fn the_settings_of_the_cloud_are_read() {
        let world = world(
            "\
upgrading: true
quotas: { namespaces: 0, secrets_per_namespace: 1000000, keys_per_secret: 7 }
regions: [cn-hangzhou, xx-future-9]
account: 0012
",
        );
        let cloud = &world.cloud;
        assert!(cloud.upgrading);
        assert_eq!(cloud.account, "0012");
        let quotas = &cloud.quotas;
        assert_eq!(
            (quotas.namespaces, quotas.secrets_per_namespace, quotas.keys_per_secret),
            (0, 1_000_000, 7)
        );
        let regions: Vec<_> = cloud.regions.iter().map(ToString::to_string).collect();
        assert_eq!(regions, ["cn-hangzhou", "xx-future-9"]);
    }

    #[test]
    fn what_is_left_out_is_as_always() {
        let world = world("quotas: { keys_per_secret: 7 }\nupgrading: false\n");
        assert_eq!(world.cloud.quotas.namespaces, 100);
        assert_eq!(world.cloud.quotas.secrets_per_namespace, 100);
        assert_eq!(world.cloud.regions.len(), 15);
        assert!(!world.cloud.upgrading);
    }

    #[test]
    fn an_account_is_digits() {
        for bad in ["1e3", "-1", "''", "1 2", "١", "0x1"] {
            assert_eq!(told(&format!("account: {bad}")), ["1:10: an account is digits only"]);
        }
        assert_eq!(world("account: '007'").cloud.account, "007");
    }

    #[test]
    fn regions_are_well_formed_and_stand_once() {
        assert_eq!(
            told("regions:\n  - cn-beijing\n  - Beijing\n  - cn-beijing\n  - 1\n"),
            [
                "3:5: not a region id; one looks like cn-beijing",
                "4:5: this region stands twice",
                "5:5: not a region id; one looks like cn-beijing",
            ]
        );
        assert_eq!(told("regions: []"), ["1:10: at least one region must be served"]);
    }

    #[test]
    fn a_wrong_region_makes_no_further_mistakes() {
        let text = "regions: [Beijing]\nnamespaces: [{ id: cn-beijing:test }]\n";
        assert_eq!(told(text), ["1:11: not a region id; one looks like cn-beijing"]);
        let text = "regions: []\nsecrets: [{ namespace: cn-x, name: s, data: { k: v } }]\n";
        assert_eq!(told(text), ["1:10: at least one region must be served"]);
    }

    #[test]
    fn a_repeated_region_does_not_hide_other_mistakes() {
        let text = "regions: [cn-x, cn-x]\nnamespaces: [{ id: cn-y:a }]\n";
        assert_eq!(
            told(text),
            [
                "1:17: this region stands twice",
                "2:20: the region of this namespace is not served; `regions` says which are",
            ]
        );
    }

    #[test]
    fn a_wrong_quota_makes_no_further_mistakes() {
        let text = "quotas: { namespaces: none }\nnamespaces: [{ id: cn-beijing:test }]\n";
        assert_eq!(told(text), ["1:23: expected a whole number from 0 to 1000000"]);
    }
}
