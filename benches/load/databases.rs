//! Databases to begin with. What takes long to fill is kept between runs and copied for each.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use sae_secret::{
    clock::Timestamp,
    crypto::MasterKeys,
    kms,
    sae::{
        model::{
            Cloud, NamespaceId, NamespaceName, Quotas, SecretData, SecretName, SecretType,
            SecretValue, SeedNamespace, SeedSecret,
        },
        service::{Secrets, Service},
    },
    sealing::{KeyService, Sealing},
    store::{DatabaseUrl, Store},
};

use super::{
    Failure,
    options::Content,
    requests::{DATA, data_text},
};

/// How many secrets a namespace has at first.
pub const SECRETS_EACH: usize = 100;

/// How many namespaces there are for new secrets, empty at first.
pub const ROOMS: usize = 256;

/// What the file of a database is called.
pub const FILE: &str = "load.db";

/// How many namespaces are filled in one transaction.
const BATCH: usize = 200;

/// The number of the form that is filled in here; another one is filled anew.
const FORM: u32 = 2;

/// A namespace that has secrets: those numbered from 100 times its own number, plus one.
pub fn namespace(number: usize) -> String {
    format!("cn-beijing:full{number:05}")
}

/// The name of a secret of KMS.
pub fn kms_secret(number: usize) -> String {
    format!("full/{number:07}")
}

/// The alias of the key of KMS.
pub const KMS_ALIAS: &str = "alias/load";

/// A namespace for new secrets.
pub fn room(number: usize) -> String {
    format!("cn-beijing:room{number:03}")
}

/// A database of a run's own.
pub struct Copy(RunFolder);

impl Copy {
    /// Copies the database of that content into a new folder. It is filled first where there is none yet.
    pub async fn make(parent: &Path, content: Content) -> Result<Self, Failure> {
        let template = template(parent, content).await?;
        let folder = RunFolder::make(parent, "sqlite")?;
        for entry in fs::read_dir(&template)? {
            let file = entry?.path();
            let copied =
                Command::new("cp").arg("--reflink=auto").arg(&file).arg(folder.path()).status()?;
            if !copied.success() {
                return Err(format!("cannot copy {}", file.display()).into());
            }
        }
        // Else the first measurements would pay for writing the copy.
        Command::new("sync").arg("--file-system").arg(folder.path()).status()?;
        Ok(Self(folder))
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn url(&self) -> String {
        url_in(self.folder())
    }

    pub fn master_keys(&self) -> PathBuf {
        self.folder().join("master.keys")
    }
}

/// A folder of this run alone, for another one may be at work beside it. It goes with its owner.
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// Makes it, empty.
    pub fn make(parent: &Path, name: &str) -> Result<Self, Failure> {
        let folder =
            Self(parent.canonicalize()?.join(format!("run-{}-{name}", std::process::id())));
        fs::create_dir_all(&folder.0)?;
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn url_in(folder: &Path) -> String {
    format!("sqlite://{}", folder.join(FILE).display())
}

/// The folder with the filled database and its master keys.
pub async fn template(folder: &Path, content: Content) -> Result<PathBuf, Failure> {
    let kind = format!("{content:?}-").to_lowercase();
    let name = format!("{kind}{:016x}", form("sqlite")?);
    let all = folder.join("databases");
    let done = all.join(&name);
    if !done.exists() {
        fs::create_dir_all(&all)?;
        remove_old(&all, &kind)?;
        let begun = RunFolder::make(&all, &name)?;
        let keys = MasterKeys::generate("load".parse()?)?;
        fs::write(begun.path().join("master.keys"), keys.text().as_bytes())?;
        fill(&url_in(begun.path()), keys, content).await?;
        // Another run may have been faster.
        if !done.exists() {
            fs::rename(begun.path(), &done)?;
        }
    }
    Ok(done)
}

/// Removes what older versions were measured with: it takes half a gigabyte each.
fn remove_old(folder: &Path, kind: &str) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(kind) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// A number that is another one when other tables are filled, or with something else.
pub fn form(engine: &str) -> Result<u64, Failure> {
    let mut migrations = vec![];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
    for entry in fs::read_dir(folder)? {
        migrations.push(entry?.file_name());
    }
    migrations.sort();
    let mut hasher = DefaultHasher::new();
    (FORM, SECRETS_EACH, ROOMS, DATA, migrations).hash(&mut hasher);
    Ok(hasher.finish())
}

/// Fills a database by way of the product's own library: sealed values, as the API would have written them.
async fn fill(url: &str, keys: MasterKeys, content: Content) -> Result<(), Failure> {
    let store = Store::open(&url.parse::<DatabaseUrl>()?)?;
    let unbounded =
        Quotas { namespaces: u32::MAX, secrets_per_namespace: u32::MAX, ..Quotas::default() };
    let cloud = Cloud { quotas: unbounded, ..Cloud::default() };
    let sealing = Arc::new(Sealing::new(keys, None));
    let keys = KeyService::new(store.clone(), Arc::clone(&sealing), vec![Arc::new(Secrets)]);
    let kms = kms::service::Service::new(
        store.clone(),
        Arc::clone(&sealing),
        kms::model::Cloud::default(),
    );
    let service = Service::new(store, sealing, cloud);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let now = Timestamp(i64::try_from(now)?);
    keys.prepare(now).await?;
    let rooms = (0..ROOMS).map(|number| seed_namespace(&room(number))).collect::<Result<_, _>>()?;
    service.seed(rooms, vec![], now).await?;
    kms.seed(vec![kms_key()?], vec![], now).await?;
    let total = content.namespaces();
    for first in (0..total).step_by(BATCH) {
        let numbers = first..(first + BATCH).min(total);
        let of_kms = numbers.start * SECRETS_EACH..numbers.end * SECRETS_EACH;
        let secrets = of_kms.map(seed_kms_secret).collect::<Result<_, _>>()?;
        kms.seed(vec![], secrets, now).await?;
        let (mut namespaces, mut secrets) = (vec![], vec![]);
        for number in numbers {
            let id = namespace(number);
            namespaces.push(seed_namespace(&id)?);
            for secret in 0..SECRETS_EACH {
                secrets.push(seed_secret(&id, secret)?);
            }
        }
        service.seed(namespaces, secrets, now).await?;
        if total > BATCH {
            eprintln!("filling: {} of {total} namespaces", (first + BATCH).min(total));
        }
    }
    Ok(())
}

fn seed_namespace(id: &str) -> Result<SeedNamespace, Failure> {
    let id = NamespaceId::parse(id)?;
    let name = NamespaceName::parse(id.short())?;
    Ok(SeedNamespace { id, name, description: String::new() })
}

fn seed_secret(namespace: &str, number: usize) -> Result<SeedSecret, Failure> {
    let pairs =
        DATA.iter().map(|(key, value)| ((*key).to_owned(), SecretValue::new((*value).to_owned())));
    Ok(SeedSecret {
        namespace: NamespaceId::parse(namespace)?,
        name: SecretName::parse(&format!("secret-{number:03}"))?,
        secret_type: SecretType::parse("Opaque")?,
        data: SecretData::new(pairs.collect())?,
    })
}

fn kms_scope() -> Result<kms::model::Scope, Failure> {
    Ok(kms::model::Scope::parse("1000000000000001/cn-beijing").ok_or("a scope")?)
}

fn kms_key() -> Result<kms::model::SeedKey, Failure> {
    Ok(kms::model::SeedKey {
        scope: kms_scope()?,
        alias: kms::model::AliasName::parse(KMS_ALIAS)?,
        spec: kms::model::KeySpec::Aes256,
        description: kms::model::KeyDescription::parse("")?,
        instance: None,
    })
}

fn seed_kms_secret(number: usize) -> Result<kms::model::SeedSecret, Failure> {
    use kms::model::{DataType, SecretData, SecretName, SecretType, SeedSecret, Tags, VersionId};
    Ok(SeedSecret {
        scope: kms_scope()?,
        name: SecretName::parse(&kms_secret(number))?,
        secret_type: SecretType::Generic,
        version: VersionId::from_random([1; 16]),
        data: SecretData::parse(data_text())?,
        data_type: DataType::Text,
        description: None,
        key: None,
        instance: None,
        config: None,
        rotation: None,
        policy: None,
        tags: Tags::default(),
    })
}
