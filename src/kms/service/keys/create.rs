//! Creates a key.

use std::sync::Arc;

use super::{describe::DescribedKey, material};
use crate::{
    clock::Timestamp,
    kms::{
        model::{
            Cloud, Error, Field, InstanceId, Key, KeyDescription, KeyId, KeyRotation, KeySpec,
            KeyUsage, KeyVersion, KeyVersionId, Kind, Origin, ProtectionLevel, Result, Scope,
            SecretPolicy, Tags, Uid,
        },
        service::{Context, Service, shares::check_shares},
    },
    sealing::{Material, Sealing, random_id},
    store::Tx,
};

/// The only interval at which the cloud rotates keys that are in no instance, in seconds (parameter table of CreateKey).
const YEAR: i64 = 365 * 24 * 60 * 60;

/// What to create.
#[derive(Debug, Clone)]
pub struct CreateKey {
    /// What it is made of.
    pub spec: KeySpec,
    /// What it is for.
    pub usage: KeyUsage,
    /// Where its material comes from.
    pub origin: Origin,
    /// What keeps its material.
    pub protection: ProtectionLevel,
    /// What the caller says of it.
    pub description: KeyDescription,
    /// The instance that it is to be in.
    pub instance: Option<InstanceId>,
    /// How often it is to be rotated.
    pub rotation: Option<KeyRotation>,
    /// Who may use it.
    pub policy: Option<SecretPolicy>,
    /// Its tags.
    pub tags: Tags,
}

/// A key that is ready to be inserted, but for its number and what depends on it.
pub struct NewKey {
    wanted: CreateKey,
    id: KeyId,
    uid: Uid,
    version: KeyVersionId,
    /// Of a key whose material does not come from outside.
    material: Option<Material>,
}

impl NewKey {
    /// Draws everything that is random.
    pub fn new(wanted: CreateKey) -> Result<Self> {
        let draw = || random_id().map_err(Error::unavailable);
        let material = match wanted.origin {
            Origin::AliyunKms => Some(material::generate(wanted.spec)?),
            Origin::External => None,
        };
        let (id, version) = (KeyId::from_random(draw()?), KeyVersionId::from_random(draw()?));
        Ok(Self { wanted, id, uid: draw()?, version, material })
    }

    /// Inserts the key with its first version, if it has one, and its tags.
    pub fn insert(
        &self,
        tx: &mut Tx<'_>,
        sealing: &Sealing,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<(Key, Option<KeyVersion>)> {
        let wanted = &self.wanted;
        let (number, current) = tx.next_kms_key()?;
        let key = Key {
            scope: scope.clone(),
            number,
            uid: self.uid,
            id: self.id.clone(),
            spec: wanted.spec,
            usage: wanted.usage,
            origin: wanted.origin,
            protection: wanted.protection,
            own_state: wanted.origin.first_state(),
            description: wanted.description.clone(),
            creator: scope.account.clone(),
            instance: wanted.instance.clone(),
            policy: wanted.policy.as_ref().map(|policy| policy.text().to_owned()),
            rotation: wanted.rotation,
            last_rotation: self.material.is_some().then_some(now),
            next_rotation: wanted.rotation.map(|rotation| rotation.next(now)),
            created: now,
            delete_at: None,
        };
        tx.insert_kms_key(&key)?;
        tx.put_kms_tags(scope, Kind::Key, number, &wanted.tags)?;
        let Some(material) = &self.material else { return Ok((key, None)) };
        let version = KeyVersion { number: 1, id: self.version, created: now };
        let stored = material::wrap(tx, sealing, &current, &key, version, material)?;
        tx.insert_kms_key_version(&key, &stored)?;
        Ok((key, Some(stored.version)))
    }
}

impl Service {
    /// Creates a key with its first version; one whose material comes from outside has none.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::InstanceNotFound`], [`Error::Unsupported`], [`Error::TooManyKeys`],
    /// [`Error::TooManyShares`].
    pub async fn create_key(&self, context: Context, wanted: CreateKey) -> Result<DescribedKey> {
        let new = NewKey::new(wanted)?;
        context.check_creation("kms:CreateKey", Kind::Key, new.id.as_str())?;
        let instance = new.wanted.instance.as_ref();
        if instance.is_some_and(|id| self.cloud.instance(id).is_none()) {
            return Err(Error::InstanceNotFound);
        }
        if self.cloud.is_strict {
            check_strictly(&new.wanted)?;
        }
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        self.store
            .write(move |tx| {
                let scope = &context.scope;
                check_quota(tx, &cloud, scope, context.now)?;
                let (key, primary) = new.insert(tx, &sealing, scope, context.now)?;
                if key.policy.is_some() {
                    check_shares(tx, &cloud, scope, key.instance.as_ref())?;
                }
                let state = key.state(&cloud);
                Ok(DescribedKey { key, state, primary })
            })
            .await
    }
}

/// Whether there may be one more key; it is not counted yet.
fn check_quota(tx: &mut Tx<'_>, cloud: &Cloud, scope: &Scope, now: Timestamp) -> Result<()> {
    tx.lock_kms_counts(scope)?;
    let is_full = tx.kms_key_count(scope, now)? >= cloud.key_quota.into();
    if is_full { Err(Error::TooManyKeys) } else { Ok(()) }
}

/// What only the cloud refuses: outside of instances keys have no policies and are rotated once a year, and the keys of
/// hardware modules are not rotated (parameter table of CreateKey).
fn check_strictly(wanted: &CreateKey) -> Result<()> {
    if wanted.rotation.is_some() && wanted.protection == ProtectionLevel::Hsm {
        return Err(Error::Unsupported);
    }
    if wanted.instance.is_some() {
        return Ok(());
    }
    if wanted.policy.is_some() {
        return Err(Error::Unsupported);
    }
    match wanted.rotation {
        Some(rotation) if rotation.seconds() != YEAR => {
            Err(Error::invalid(Field::RotationInterval, "is not 365 days"))
        }
        _ => Ok(()),
    }
}
