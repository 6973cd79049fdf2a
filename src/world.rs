//! The world file: the YAML text that describes the emulated cloud, its namespaces, its secrets and its callers.
//!
//! ```yaml
//! account: "1000000000000001"          # digits
//! regions: [cn-beijing, cn-hangzhou]   # default: every documented region
//! upgrading: false                     # true: the platform takes no changes of namespaces
//! quotas: { namespaces: 100, secrets_per_namespace: 100, keys_per_secret: 100 }
//! namespaces:
//!   - id: cn-beijing:test              # a bare region id: the region's default namespace
//!     name: test                       # default: the part of the id after the colon
//!     description: ""
//!     quotas: { secrets_per_namespace: 3, keys_per_secret: 10 }
//!     applications:
//!       - { name: shop, secrets: [app-config] }              # `id` is made up when absent
//!     clusters: [first]
//! secrets:
//!   - namespace: cn-beijing:test
//!     name: registry-auth
//!     type: kubernetes.io/dockerconfigjson                   # default: Opaque
//!     registries:                      # builds `.dockerconfigjson`; stands instead of `data`
//!       registry.example.com: { username: someone, password: example }
//!   - { namespace: cn-beijing, name: app-config, data: { k1: v1 } }
//! users:
//!   - name: dev
//!     access_keys:
//!       - { id: LTAI5tExampleExampleExam, secret: example-not-real, status: Active }
//!     policies: [AliyunSAEFullAccess]
//!   - name: reader
//!     access_keys: [{ id: LTAI5tReaderReaderReader, secret: "${READER_SECRET}" }]
//!     policies:
//!       - AliyunSAEReadOnlyAccess
//!       - { Version: "1", Statement: [{ Effect: Deny, Action: "sae:DescribeSecret", Resource: "*" }] }
//! root:                                # the account itself, which no policy binds
//!   access_keys: [{ id: LTAI5tRootRootRootRootRo, secret: root-not-real }]
//! sts:
//!   - { id: STS.example, secret: sts-not-real, token: token-not-real, expires: 2030-01-01T00:00:00Z, user: reader }
//! ```
//!
//! Everything may be left out; an empty file is the default cloud. A scalar is taken as the text
//! that stands in the file (`1.10` stays `1.10`); an empty one, `~` and `null` are mistakes. The
//! default namespace of each served region exists without being listed; an entry for it may only
//! give quotas, applications and clusters.
//!
//! A key has a `secret`, or for RSA signatures a `public_key` in PEM. An `id`, a `secret`, a `token`
//! and a `public_key` that is written `${NAME}` is taken from the environment, so that none needs to
//! be written down.
//!
//! No message shows what stands in the file except where a type's rule names a registry, a key or a
//! secret: a misplaced comma turns half a password into a key.

mod fields;
mod mistakes;
mod namespaces;
mod policies;
mod reader;
mod secrets;
mod tree;
mod users;

use crate::{
    access::Directory,
    pop::{DOCUMENTED_REGIONS, RegionId},
    sae::model::{
        Cloud, DockerConfigMode, NamespaceId, NamespaceName, SecretData, SecretName, SecretType,
    },
};

use mistakes::Position;

pub use mistakes::Mistake;

/// The variables of the environment: the value of a name, if it is set.
pub type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// What a world file describes.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// The cloud's own settings.
    pub cloud: Cloud,
    /// The namespaces that the file lists, in its order, the regions' default ones left out.
    pub namespaces: Vec<WorldNamespace>,
    /// The secrets that the file lists, in its order.
    pub secrets: Vec<WorldSecret>,
    /// Who is known, and by which access keys.
    pub directory: Directory,
    /// Where statements of policies stand that never apply.
    idle_statements: Vec<Position>,
}

/// A namespace that a world file lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldNamespace {
    /// Its id; never that of a default namespace, always in a served region.
    pub id: NamespaceId,
    /// Its display name.
    pub name: NamespaceName,
    /// Its description; may be empty.
    pub description: String,
}

/// A secret that a world file lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldSecret {
    /// The namespace it lives in: a listed one, or the default one of a served region.
    pub namespace: NamespaceId,
    /// Its name, unique in the namespace.
    pub name: SecretName,
    /// Its type.
    pub secret_type: SecretType,
    /// Its keys and values, within the namespace's quota and the type's rule.
    pub data: SecretData,
}

impl World {
    /// What is allowed and still worth a look: regions that SAE does not document, perhaps for a slip of the pen, and
    /// statements about resources narrower than all, which SAE authorises nothing on.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let documented =
            |region: &&RegionId| DOCUMENTED_REGIONS.iter().any(|(id, _)| *id == region.as_str());
        let strange = self.cloud.regions.iter().filter(|region| !documented(region));
        let strange = strange.map(|region| format!("{region} is no documented region of SAE"));
        let idle = self.idle_statements.iter().map(|at| {
            format!("{at}: this statement never applies: SAE authorises its operations on the resource * alone")
        });
        strange.chain(idle).collect()
    }

    /// The world that a file's text describes. `docker_config` says how closely docker
    /// configurations are looked at, here and later in the running cloud; `variables` are those that
    /// the file may name.
    ///
    /// # Errors
    /// Every mistake of the file, in file order; never an empty list. Text that is not YAML ends
    /// the reading, so that only the mistakes of the YAML itself are told then.
    pub fn parse(
        text: &str,
        docker_config: DockerConfigMode,
        variables: &Variables<'_>,
    ) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = mistakes::Mistakes::default();
        let world = tree::parse(text, &mut mistakes)
            .map(|root| reader::read(&root, docker_config, variables, &mut mistakes));
        match (world, mistakes.into_sorted()) {
            (Some(world), found) if found.is_empty() => Ok(world),
            (_, found) => Err(found),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::sae::model::SecretValue;

    /// An environment with what the documented example takes from it.
    pub(super) fn variable(name: &str) -> Option<String> {
        (name == "READER_SECRET").then(|| "from-the-environment".to_owned())
    }

    pub(super) fn world(text: &str) -> World {
        World::parse(text, DockerConfigMode::Strict, &variable).expect("a world without mistakes")
    }

    pub(super) fn told(text: &str) -> Vec<String> {
        let found = World::parse(text, DockerConfigMode::Strict, &variable).expect_err("mistakes");
        found.iter().map(ToString::to_string).collect()
    }

    fn documented_example() -> String {
        let source = include_str!("world.rs");
        let lines = source.lines().skip_while(|line| *line != "//! ```yaml").skip(1);
        let lines = lines.take_while(|line| *line != "//! ```");
        lines
            .map(|line| line.trim_start_matches("//!").strip_prefix(' ').unwrap_or_default())
            .fold(String::new(), |text, line| text + line + "\n")
    }

    #[test]
    fn the_documented_example_is_a_world() {
        let world = world(&documented_example());
        let names: Vec<_> = world.secrets.iter().map(|secret| secret.name.as_str()).collect();
        assert_eq!(names, ["registry-auth", "app-config"]);
        let test = NamespaceId::parse("cn-beijing:test").unwrap();
        assert_eq!(world.namespaces[0].id, test);
        assert_eq!(world.cloud.quotas.secrets_in(&test), 3);
        assert_eq!(world.cloud.quotas.keys_in(&test), 10);
        assert_eq!(world.cloud.applications_in(&test)[0].secrets, ["app-config"]);
        assert!(world.cloud.has_clusters(&test));
        assert_eq!(world.secrets[1].data.get("k1").map(SecretValue::expose), Some("v1"));
    }

    #[test]
    fn the_development_world_is_a_world() {
        let world = world(include_str!("../worlds/dev.yaml"));
        assert_eq!(world.cloud.regions[0].as_str(), "cn-beijing");
        assert_eq!(world.cloud.regions[1].as_str(), "cn-hangzhou");
        let ids: Vec<_> = world.namespaces.iter().map(|known| known.id.to_string()).collect();
        assert_eq!(ids, ["cn-beijing:test", "cn-beijing:dev"]);
        let places: Vec<_> = world
            .secrets
            .iter()
            .map(|secret| format!("{}/{}", secret.namespace, secret.name.as_str()))
            .collect();
        assert_eq!(places, ["cn-beijing:test/registry-auth", "cn-beijing/app-config"]);
    }

    #[test]
    fn an_empty_file_is_the_default_cloud() {
        for text in ["", "\n", "# nothing\n", "---\n", "---\n...\n", "{}", "~", "\u{FEFF}"] {
            let world = world(text);
            assert_eq!(world.cloud.regions, Cloud::default().regions, "{text:?}");
            assert_eq!(world.cloud.account, Cloud::default().account, "{text:?}");
            assert!(world.namespaces.is_empty() && world.secrets.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn the_way_docker_configurations_are_looked_at_goes_into_the_cloud() {
        for mode in [DockerConfigMode::Strict, DockerConfigMode::Lenient] {
            assert_eq!(World::parse("", mode, &variable).unwrap().cloud.docker_config, mode);
        }
    }

    #[test]
    fn every_mistake_is_told_in_file_order() {
        let text = "\
secrets:
  - { namespace: cn-beijing:nowhere, name: 1st, data: { k: } }
acount: 1
namespaces:
  - id: cn-beijing:TEST
regions: [cn-beijing, Beijing]
quotas: { namespaces: -1 }
";
        let places = told(text);
        let places: Vec<_> =
            places.iter().map(|mistake| mistake.split(' ').next().unwrap()).collect();
        assert_eq!(places, ["2:18:", "2:44:", "2:58:", "3:1:", "5:9:", "6:23:", "7:23:"]);
    }

    /// Files in which everything that could be a part of a secret's value is called `canary`.
    const CANARIES: &[&str] = &[
        // What a comma, a colon, a hash or an indicator makes of a value that needs quotes.
        "data: { k: x,canary }",
        "data: { k: x,canary, l: y,canary }",
        "data: { k: x,can ary canary }",
        "data: { k: canary: canary }",
        "data: { k: [canary] }",
        "data: { k: {canary: canary} }",
        "data: { k: !canary }",
        "data: { k: !canary! x }",
        "data: { k: !<canary> x }",
        "data: { k: *canary }",
        "data: { k: &canary }",
        "data: { k: @canary }",
        "data: { k: `canary }",
        "data: { k: %canary }",
        "data: { k: \"canary\\canary\" }",
        "data: { k: \"canary }",
        "data: { k: 'canary }",
        "data: { k: canary } canary",
        "data: { ? canary, ? canary canary }",
        "data: { ? [canary] : canary }",
        "data: canary",
        "data: [canary]",
        "data: { canary canary: canary }",
        "data: { canary: canary, canary: canary }",
        "data: { k: \"canary\0\" }",
        "dta: { k: canary }",
        "data: { k: v }, canary: canary",
        "canary",
        "data: { <<: canary }",
        "type: canary, data: { k: canary }",
        // What the types' rules refuse.
        "type: kubernetes.io/tls, data: { k: canary }",
        "type: kubernetes.io/tls, data: { tls.crt: canary, tls.key: canary }",
        "type: kubernetes.io/dockerconfigjson, data: { k: canary }",
        "type: kubernetes.io/dockerconfigjson, data: { .dockerconfigjson: canary }",
        "type: kubernetes.io/dockerconfigjson, data: { .dockerconfigjson: '{\"canary\":1}' }",
        "type: kubernetes.io/dockerconfigjson, data: { .dockerconfigjson: eyJjYW5hcnkiOjF9 }",
        // The same for registries.
        "registries: { r.io: { username: u, password: canary } }",
        "type: kubernetes.io/dockerconfigjson, registries: { r.io: { username: u, password: x,canary } }",
        "type: kubernetes.io/dockerconfigjson, registries: { r.io: { username: u:canary, password: canary } }",
        "type: kubernetes.io/dockerconfigjson, registries: { r.io: { username: '', password: canary } }",
        "type: kubernetes.io/dockerconfigjson, registries: { r.io: canary }",
        "type: kubernetes.io/dockerconfigjson, registries: { r.io: [canary] }",
        "type: kubernetes.io/dockerconfigjson, registries: { r.io: { username: u, pasword: canary } }",
        "type: kubernetes.io/dockerconfigjson, registries: { r.io: { username: u, password: !canary } }",
        "type: kubernetes.io/dockerconfigjson, registries: { 'u:canary@r.io': { username: u, password: canary } }",
        "type: kubernetes.io/dockerconfigjson, registries: { 'canary:x': { username: u, password: canary } }",
        "registries: { r.io: { username: u, password: canary } }, data: { k: canary }",
    ];

    #[test]
    fn no_message_shows_a_value() {
        for canary in CANARIES {
            for place in ["namespace: cn-beijing, name: s", "namespace: cn-x:canary, name: -canary"]
            {
                let text = format!("secrets:\n  - {{ {place}, {canary} }}\n");
                let told = told(&text);
                assert!(!told.is_empty(), "{text}");
                for message in told {
                    assert!(!message.contains("canary"), "{text}{message}");
                }
            }
        }
    }

    #[test]
    fn no_world_shows_a_value_when_it_is_debugged() {
        let world = world(
            "secrets:
  - { namespace: cn-beijing, name: s, data: { k: canary } }
  - namespace: cn-beijing
    name: r
    type: kubernetes.io/dockerconfigjson
    registries: { r.io: { username: u, password: canary } }
",
        );
        assert!(!format!("{world:?}").contains("canary"));
    }
}
