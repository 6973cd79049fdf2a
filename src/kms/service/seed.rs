//! What must be there at every start: the keys and secrets that the world file asks for.

use std::sync::Arc;

use super::{
    Service,
    keys::{CreateKey, NewKey},
    random::random,
    secrets::{create, payload},
};
use crate::{
    clock::Timestamp,
    kms::model::{
        AliasName, Error, ExtendedConfig, KeyState, KeyUsage, Kind, Origin, ProtectionLevel,
        Result, Rotation, Scope, Secret, SeedKey, SeedSecret, Stage, Tags, Uid, Version,
    },
    sealing::{Sealing, random_id},
    store::Tx,
};

/// How often missing rows are created, while other processes create the same.
const SEED_TRIES: u32 = 3;

/// A key that is ready to be inserted.
struct KeyDraft {
    scope: Scope,
    alias: AliasName,
    key: NewKey,
}

/// A secret that is ready to be inserted, but for its number and what depends on it.
struct Draft {
    wanted: SeedSecret,
    uid: Uid,
    sealed: payload::Sealed,
}

impl Service {
    /// Creates what is missing of these keys and secrets, in one transaction; nothing that exists is changed, and what is
    /// planned to be deleted exists. Quotas do not bind them.
    pub async fn seed(
        &self,
        keys: Vec<SeedKey>,
        secrets: Vec<SeedSecret>,
        now: Timestamp,
    ) -> Result<()> {
        if keys.is_empty() && secrets.is_empty() {
            return Ok(());
        }
        let sealing = Arc::clone(&self.sealing);
        let keys: Vec<KeyDraft> = keys.into_iter().map(key_draft).collect::<Result<_>>()?;
        let drafts = secrets.into_iter().map(|wanted| draft(wanted, now));
        let drafts: Vec<Draft> = drafts.collect::<Result<_>>()?;
        let all = Arc::new(move |tx: &mut Tx<'_>| {
            // Another process may start at the same moment.
            tx.lock_keys()?;
            for key in &keys {
                seed_key(tx, &sealing, key, now)?;
            }
            for draft in &drafts {
                seed_secret(tx, &sealing, draft, now)?;
            }
            Ok(())
        });
        let mut tries = 0;
        loop {
            let all = Arc::clone(&all);
            tries += 1;
            match self.store.write_for_upkeep(move |tx| all(tx)).await {
                // A request to another process created the same between the query and the insert: now it exists.
                Err(Error::SecretExists | Error::AliasExists) if tries < SEED_TRIES => {}
                seeded => return seeded,
            }
        }
    }
}

fn key_draft(wanted: SeedKey) -> Result<KeyDraft> {
    let SeedKey { scope, alias, spec, description, instance } = wanted;
    let key = NewKey::new(CreateKey {
        spec,
        usage: KeyUsage::of(spec, None)?,
        origin: Origin::AliyunKms,
        protection: ProtectionLevel::default(),
        description,
        instance,
        rotation: None,
        policy: None,
        tags: Tags::default(),
    })?;
    Ok(KeyDraft { scope, alias, key })
}

fn seed_key(tx: &mut Tx<'_>, sealing: &Sealing, draft: &KeyDraft, now: Timestamp) -> Result<()> {
    let KeyDraft { scope, alias, key } = draft;
    match tx.kms_key_named(scope, alias)? {
        Some(key) if key.is_gone(now) => drop(tx.delete_kms_alias(&key, alias)?),
        Some(_) => return Ok(()),
        None => {}
    }
    let (key, _) = key.insert(tx, sealing, scope, now)?;
    tx.insert_kms_alias(&key, alias, now)
}

fn draft(wanted: SeedSecret, now: Timestamp) -> Result<Draft> {
    let data = wanted.data.expose();
    let sealed = match &wanted.config {
        None => payload::seal(data)?,
        Some(config) => payload::seal(&config.initial_value(data, &mut random, now)?)?,
    };
    let uid = random_id().map_err(Error::unavailable)?;
    Ok(Draft { wanted, uid, sealed })
}

fn seed_secret(tx: &mut Tx<'_>, sealing: &Sealing, draft: &Draft, now: Timestamp) -> Result<()> {
    let Draft { wanted, uid, sealed } = draft;
    match tx.kms_secret(&wanted.scope, &wanted.name)? {
        Some(secret) if secret.is_gone(now) => tx.delete_kms_secret(&secret)?,
        Some(_) => return Ok(()),
        None => {}
    }
    let encryption_key = match &wanted.key {
        Some(alias) => {
            let key = tx.kms_key_named(&wanted.scope, alias)?.ok_or(Error::AliasNotFound)?;
            // Users may have given the alias to any key.
            // What is sealed by a key that goes is lost with it.
            let stays = key.own_state != KeyState::PendingDeletion;
            let encrypts =
                key.spec.check_encrypts().is_ok() && tx.primary_kms_key_version(&key)?.is_some();
            if !stays || !encrypts {
                let (name, alias) = (wanted.name.as_str(), alias.as_str());
                log::warn!(
                    "the world: {name} is not made, {alias} names a key that encrypts nothing or is being deleted"
                );
                return Ok(());
            }
            Some(key.id)
        }
        None => None,
    };
    let (id, current) = tx.next_kms_secret()?;
    let secret = Secret {
        scope: wanted.scope.clone(),
        id,
        uid: *uid,
        name: wanted.name.clone(),
        secret_type: wanted.secret_type,
        description: wanted.description.clone(),
        encryption_key,
        instance: wanted.instance.clone(),
        extended_config: wanted.config.as_ref().map(ExtendedConfig::to_json),
        policy: wanted.policy.as_ref().map(|policy| policy.text().to_owned()),
        rotation: wanted
            .rotation
            .map_or(Rotation::NONE, |interval| Rotation::every(interval, None, now)),
        created: now,
        updated: now,
        delete_at: None,
    };
    let version = Version {
        number: 1,
        id: wanted.version.clone(),
        data_type: wanted.data_type,
        stages: vec![Stage::CURRENT],
        created: now,
    };
    create::insert(tx, sealing, &current, &secret, version, sealed)?;
    Ok(tx.put_kms_tags(&wanted.scope, Kind::Secret, id, &wanted.tags)?)
}
