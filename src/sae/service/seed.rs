//! What must be there at every start: the default namespaces, and what the world file asks for.

use std::sync::Arc;

use crate::{
    clock::Timestamp,
    sae::{
        model::{Error, Namespace, NamespaceId, Result, SeedNamespace, SeedSecret},
        service::{
            Service,
            secrets::{SealedDraft, payload},
        },
    },
    sealing::Sealing,
    store::Tx,
};

/// How often it is tried to make what is missing, while others make the same.
const SEED_TRIES: u32 = 3;

/// What is to be made where it is missing. Nothing that exists is changed.
#[derive(Debug, Clone, Default)]
pub struct Seeds {
    /// Namespaces.
    pub namespaces: Vec<SeedNamespace>,
    /// Secrets.
    pub secrets: Vec<SeedSecret>,
}

impl Service {
    /// Makes what is missing of the default namespaces and of `seeds`, in one transaction. The quota of namespaces
    /// does not bind the seeds; a secret that finds its namespace full is left out with a warning in the log, since
    /// a start must not fail over what users have made.
    ///
    /// # Errors
    /// [`crate::sae::model::Error::NamespaceNotFound`] when a secret's namespace is neither a seed nor there;
    /// [`crate::sae::model::Error::Unavailable`].
    pub async fn seed(&self, seeds: &Seeds, now: Timestamp) -> Result<()> {
        let cloud = Arc::clone(&self.cloud);
        let namespaces = seeds.namespaces.clone();
        let draft = |seed: &SeedSecret| {
            let SeedSecret { namespace, name, secret_type, data } = seed.clone();
            SealedDraft::new(namespace, name, secret_type, payload::seal_here(data)?, now)
        };
        let secrets: Vec<SealedDraft> = seeds.secrets.iter().map(draft).collect::<Result<_>>()?;
        let sealing = Arc::clone(&self.sealing);
        let all = Arc::new(move |tx: &mut Tx<'_>| {
            // Another process may start at the same moment.
            tx.lock_keys()?;
            for region in &cloud.regions {
                seed_default_namespace(tx, NamespaceId::default_of(region.clone()), now)?;
            }
            for namespace in &namespaces {
                seed_namespace(tx, namespace, now)?;
            }
            for secret in &secrets {
                seed_secret(tx, &sealing, secret, cloud.quotas.secrets_in(&secret.namespace))?;
            }
            Ok(())
        });
        let mut tries = 0;
        loop {
            let all = Arc::clone(&all);
            tries += 1;
            match self.store.write_for_upkeep(move |tx| all(tx)).await {
                // A user of another process made the same between our look and our insert: now it is there.
                Err(Error::SecretExists(_) | Error::NamespaceExists) if tries < SEED_TRIES => {}
                seeded => return seeded,
            }
        }
    }
}

fn seed_default_namespace(tx: &mut Tx<'_>, id: NamespaceId, now: Timestamp) -> Result<()> {
    if tx.find_namespace(&id)?.is_some() {
        return Ok(());
    }
    let name = id.region().local_name().to_owned();
    tx.insert_namespace(&Namespace {
        id,
        name,
        description: String::new(),
        micro_registration: true,
        secret_count: 0,
        created: now,
    })
}

fn seed_namespace(tx: &mut Tx<'_>, seed: &SeedNamespace, now: Timestamp) -> Result<()> {
    if tx.find_namespace(&seed.id)?.is_some() {
        return Ok(());
    }
    // The account's quota is for what users make; the owner of the world file has set it.
    tx.take_namespace_place(u32::MAX)?;
    tx.insert_namespace(&Namespace {
        id: seed.id.clone(),
        name: seed.name.as_str().to_owned(),
        description: seed.description.clone(),
        micro_registration: true,
        secret_count: 0,
        created: now,
    })
}

fn seed_secret(tx: &mut Tx<'_>, sealing: &Sealing, secret: &SealedDraft, quota: u32) -> Result<()> {
    if tx.has_secret_named(&secret.namespace, &secret.name)? {
        return Ok(());
    }
    if !tx.take_secret_place(&secret.namespace, quota)? {
        let (namespace, name) = (&secret.namespace, secret.name.as_str());
        log::warn!("the namespace {namespace} is full: the world's secret {name} is left out");
        return Ok(());
    }
    secret.insert(tx, sealing).map(drop)
}
