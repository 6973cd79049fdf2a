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
//! kms:
//!   quotas: { secrets: 1000, keys: 200 }                     # of the account in each region; default: no bound, 200
//!   instances:                                               # default: every `kst-…` is one
//!     - { id: kst-hangzhou0001, secret_quota: 100, access_quota: 2, state: Connected }
//!   keys:                            # `region` is the first one when absent; `description`, `instance`
//!     - { region: cn-hangzhou, alias: alias/app, spec: Aliyun_AES_256 }
//!   secrets:                         # besides: `data_type`, `description`, `instance`
//!     - { region: cn-hangzhou, name: db/main, type: Generic, version: v1, data: not-a-real-one, tags: { team: a } }
//!     - name: db/shared
//!       region: cn-hangzhou
//!       data: not-a-real-one
//!       key: alias/app
//!       policy:
//!         Version: "1"
//!         Statement:
//!           - Effect: Allow
//!             Principal: { RAM: "acs:ram::2000000000000002:*" }
//!             Action: kms:GetSecretValue
//!             Resource: "*"
//!     - name: $Auto                  # called after the RAM user
//!       type: RAMCredentials
//!       data: '{"AccessKeys":[{"AccessKeyId":"LTAI5tExample","AccessKeySecret":"not-a-real-one"}]}'
//!       extended_config: { SecretSubType: RamUserAccessKey, UserName: reader, CustomData: { owner: me } }
//!       rotation: 7d                 # default: none
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
//!   - name: partner
//!     account: "2000000000000002"      # default: the one above; SAE takes no calls of another one
//!     access_keys: [{ id: LTAI5tPartnerPartnerPart, secret: partner-not-real }]
//!     policies: [AliyunKMSSecretUserAccess]
//! root:                                # the account itself, which no policy binds
//!   access_keys: [{ id: LTAI5tRootRootRootRootRo, secret: root-not-real }]
//! sts:
//!   - { id: STS.example, secret: sts-not-real, token: token-not-real, expires: 2030-01-01T00:00:00Z, user: reader }
//! ```
//!
//! Everything may be left out; an empty file is the default cloud. A scalar is taken as the text that stands in the file
//! (`1.10` stays `1.10`); an empty one, `~` and `null` are mistakes. The default namespace of each served region exists
//! without being listed; an entry for it may only give quotas, applications and clusters.
//!
//! The keys of KMS are known by their aliases, its secrets by their names: what is there under one stays as it is. A policy
//! and an extended configuration are mappings whose scalars are texts, so that their JSON can stand there as well.
//!
//! An access key has a `secret`, or for RSA signatures a `public_key` in PEM. An `id`, a `secret`, a `token` and a `public_key`
//! that is written `${NAME}` is taken from the environment, so that none needs to be written down.
//!
//! A file is read in two steps. serde finds its shape: which keys there are, and where a text, a list or a mapping
//! stands; the first mistake ends that. What the texts mean is checked then, and all mistakes are reported together.
//!
//! No message shows a value that stands in the file but the name of a policy or of a variable, and no key of a mapping that
//! holds secrets but one that a type asks for: a misplaced comma turns half a password into a key.

mod kms;
mod mistakes;
mod namespaces;
mod policies;
mod secrets;
mod users;
mod yaml;

use serde::Deserialize;

use crate::{
    access::Directory,
    kms::model as kms_model,
    pop::RegionId,
    sae::model::{Cloud, DOCUMENTED_REGIONS, DockerConfigMode, Quotas, SeedNamespace, SeedSecret},
};

use mistakes::Mistakes;
use namespaces::Namespace;
use secrets::Secret;
use users::{Root, TemporaryKey, User};
use yaml::{Placed, Text, given};

/// How large a file may be, in bytes: 64 MiB, which are the most that the reader of YAML takes in texts alone.
pub const FILE_MAX: u64 = 64 * 1024 * 1024;

/// The variables of the environment: the value of a name, if it is set.
pub type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// What a world file describes.
#[derive(Debug)]
pub struct World {
    pub cloud: Cloud,
    /// In the order of the file, the regions' default ones left out; each in a served region.
    pub namespaces: Vec<SeedNamespace>,
    /// In the order of the file, each within its namespace's quota and its type's rule.
    pub secrets: Vec<SeedSecret>,
    /// What KMS has besides secrets and keys.
    pub kms: kms_model::Cloud,
    /// In the order of the file, each in a served region.
    pub kms_keys: Vec<kms_model::SeedKey>,
    /// In the order of the file, each in a served region.
    pub kms_secrets: Vec<kms_model::SeedSecret>,
    pub directory: Directory,
    /// What is allowed and still worth a remark: regions that SAE does not document, perhaps for a slip of the pen, and
    /// what stands in a user's policies and says nothing about what is emulated.
    pub remarks: Vec<String>,
}

impl Default for World {
    /// The world of an empty file.
    fn default() -> Self {
        let cloud = Cloud::default();
        let kms = kms_of(&cloud);
        Self {
            cloud,
            namespaces: Vec::new(),
            secrets: Vec::new(),
            kms,
            kms_keys: Vec::new(),
            kms_secrets: Vec::new(),
            directory: Directory::default(),
            remarks: Vec::new(),
        }
    }
}

/// The same account in the same regions, as KMS sees it.
fn kms_of(cloud: &Cloud) -> kms_model::Cloud {
    kms_model::Cloud {
        account: cloud.account.clone(),
        regions: cloud.regions.clone(),
        ..kms_model::Cloud::default()
    }
}

impl World {
    /// The world that a file's text describes. `docker_config` says how closely docker configurations are checked,
    /// here and later in the running cloud; `variables` are those that the file may name.
    ///
    /// # Errors
    /// Mistakes as `LINE:COLUMN: message`, never an empty list. The first one of the file's shape (YAML itself, unknown,
    /// missing and repeated keys, a list instead of a text) alone; when there is none, every mistake in what the file
    /// means, in file order.
    pub fn parse(
        text: &str,
        docker_config: DockerConfigMode,
        variables: &Variables<'_>,
    ) -> Result<Self, Vec<String>> {
        let file: File = yaml::read(text).map_err(|mistake| vec![mistake])?.unwrap_or_default();
        let mut mistakes = Mistakes::default();
        let mut world = file.into_world(docker_config, variables, &mut mistakes);
        world.remarks = std::mem::take(&mut mistakes.remarks);
        let mistakes = mistakes.into_texts();
        if mistakes.is_empty() { Ok(world) } else { Err(mistakes) }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
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
    kms: kms::Section,
}

impl File {
    /// The world that the file describes. What is mistaken is left out; then there is a mistake for it.
    fn into_world(
        self,
        docker_config: DockerConfigMode,
        variables: &Variables<'_>,
        mistakes: &mut Mistakes,
    ) -> World {
        let (quotas, upgrading) = (self.quotas, self.upgrading);
        let mut cloud = Cloud { quotas, upgrading, docker_config, ..Cloud::default() };
        if let Some(text) = self.account {
            cloud.account = account(&text, mistakes).unwrap_or_default();
        }
        if let Some(listed) = self.regions {
            cloud.regions = regions(&listed, mistakes);
        }
        let known = namespaces::read(self.namespaces, &mut cloud, mistakes);
        let secrets = secrets::read(self.secrets, &cloud, &known, mistakes);
        let mut kms = kms_of(&cloud);
        kms.users = users::own(&self.users, &cloud.account);
        let (kms_keys, kms_secrets) = kms::read(self.kms, &mut kms, mistakes);
        let directory = users::read(self.users, self.root, self.sts, &cloud, variables, mistakes);
        World {
            cloud,
            namespaces: known.custom,
            secrets,
            kms,
            kms_keys,
            kms_secrets,
            directory,
            remarks: Vec::new(),
        }
    }
}

/// The number of an account.
fn account(text: &Text, mistakes: &mut Mistakes) -> Option<String> {
    text.parsed("an account is digits only", mistakes, |text| {
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.to_owned())
    })
}

/// The served regions; none when they are not all known.
fn regions(listed: &Placed<Vec<Text>>, mistakes: &mut Mistakes) -> Vec<RegionId> {
    if listed.value.is_empty() {
        mistakes.add(listed.at, "at least one region must be served");
    }
    let mut regions = Vec::new();
    let mut are_all_known = true;
    for text in &listed.value {
        let rule = "not a region id; one looks like cn-beijing";
        match text.parsed(rule, mistakes, RegionId::parse) {
            Some(region) if regions.contains(&region) => {
                mistakes.add(text.at, "this region stands twice");
            }
            Some(region) => {
                if !DOCUMENTED_REGIONS.iter().any(|(id, _)| *id == region.as_str()) {
                    mistakes.remarks.push(format!("{region} is no documented region of SAE"));
                }
                regions.push(region);
            }
            None => are_all_known = false,
        }
    }
    if are_all_known { regions } else { Vec::new() }
}

#[cfg(test)]
mod tests;
