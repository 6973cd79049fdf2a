//! What must be there at every start: the keys and secrets that the world file asks for.

use std::sync::Arc;

use super::{
    Service,
    secrets::{create, payload},
};
use crate::{
    clock::Timestamp,
    kms::model::{
        Error, KeyId, Kind, RequestedName, Result, Rotation, Secret, SecretName, SeedKey,
        SeedSecret, Stage, Uid, Version,
    },
    sealing::{Sealing, random_id},
    store::Tx,
};

/// How often missing rows are created, while other processes create the same.
const SEED_TRIES: u32 = 3;

/// A secret that is ready to be inserted, but for its number and what depends on it.
struct Draft {
    wanted: SeedSecret,
    name: SecretName,
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
        let drafts = secrets.into_iter().map(|wanted| draft(wanted, now));
        let drafts: Vec<Draft> = drafts.collect::<Result<_>>()?;
        let all = Arc::new(move |tx: &mut Tx<'_>| {
            // Another process may start at the same moment.
            tx.lock_keys()?;
            for key in &keys {
                return Err(Error::Unavailable(format!("{key:?} is not made yet")));
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

fn draft(wanted: SeedSecret, now: Timestamp) -> Result<Draft> {
    let data = wanted.data.expose();
    let sealed = match &wanted.config {
        None => payload::seal(data)?,
        Some(config) => payload::seal(&config.initial_value(data, &mut create::random, now)?)?,
    };
    let user = wanted.config.as_ref().and_then(|config| config.user_name());
    let name = match (&wanted.name, user) {
        (RequestedName::Given(name), _) => name.clone(),
        (RequestedName::OfUser, Some(user)) => SecretName::of_ram_user(user)?,
        (RequestedName::OfUser, None) => return Err(Error::UserNotFound),
    };
    let uid = random_id().map_err(Error::unavailable)?;
    Ok(Draft { wanted, name, uid, sealed })
}

fn seed_secret(tx: &mut Tx<'_>, sealing: &Sealing, draft: &Draft, now: Timestamp) -> Result<()> {
    let Draft { wanted, name, uid, sealed } = draft;
    match tx.kms_secret(&wanted.scope, name)? {
        Some(secret) if secret.is_gone(now) => tx.delete_kms_secret(&secret)?,
        Some(_) => return Ok(()),
        None => {}
    }
    let encryption_key: Option<KeyId> = match &wanted.key {
        Some(alias) => return Err(Error::Unavailable(format!("{alias:?} is not made yet"))),
        None => None,
    };
    let (id, current) = tx.next_kms_secret()?;
    let secret = Secret {
        scope: wanted.scope.clone(),
        id,
        uid: *uid,
        name: name.clone(),
        secret_type: wanted.secret_type,
        description: wanted.description.clone(),
        encryption_key,
        instance: wanted.instance.clone(),
        extended_config: wanted.config.as_ref().map(|config| config.to_json()),
        policy: wanted.policy.as_ref().map(|policy| policy.text().to_owned()),
        rotation: Rotation::NONE,
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
