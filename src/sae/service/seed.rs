//! What must be there at every start: the default namespaces, and what the world file asks for.

use std::sync::Arc;

use crate::{
    clock::Timestamp,
    sae::{
        model::{Error, Namespace, NamespaceId, Result, SeedNamespace, SeedSecret, local_name},
        service::{
            Service,
            secrets::{SealedDraft, payload},
        },
    },
    sealing::Sealing,
    store::Tx,
};

/// How often missing rows are created, while other processes create the same.
const SEED_TRIES: u32 = 3;

impl Service {
    /// Creates what is missing of the default namespaces, of `namespaces` and of `secrets`, in one transaction; nothing that
    /// exists is changed. The quota of namespaces does not bind them; a secret whose namespace is full is left out with a
    /// warning in the log, since a start must not fail because of what users have created.
    /// [`Error::NamespaceNotFound`] when a secret's namespace is neither among them nor in the database.
    pub async fn seed(
        &self,
        namespaces: Vec<SeedNamespace>,
        secrets: Vec<SeedSecret>,
        now: Timestamp,
    ) -> Result<()> {
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        let draft = |SeedSecret { namespace, name, secret_type, data }| {
            SealedDraft::new(namespace, name, secret_type, payload::seal_here(data)?, now)
        };
        let secrets: Vec<SealedDraft> = secrets.into_iter().map(draft).collect::<Result<_>>()?;
        let all = Arc::new(move |tx: &mut Tx<'_>| {
            // Another process may start at the same moment.
            tx.lock_keys()?;
            for region in &cloud.regions {
                let name = local_name(region);
                seed_namespace(tx, &NamespaceId::default_of(region.clone()), name, "", now)?;
            }
            for SeedNamespace { id, name, description } in &namespaces {
                seed_namespace(tx, id, name.as_str(), description, now)?;
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
                // A request to another process created the same between the query and the insert: now it exists.
                Err(Error::SecretExists(_) | Error::NamespaceExists) if tries < SEED_TRIES => {}
                seeded => return seeded,
            }
        }
    }
}

fn seed_namespace(
    tx: &mut Tx<'_>,
    id: &NamespaceId,
    name: &str,
    description: &str,
    now: Timestamp,
) -> Result<()> {
    if tx.find_namespace(id)?.is_some() {
        return Ok(());
    }
    if !id.is_default() {
        // The quota is for what users create; the owner of the world file has set it.
        tx.take_namespace_place(u32::MAX)?;
    }
    tx.insert_namespace(&Namespace {
        id: id.clone(),
        name: name.to_owned(),
        description: description.to_owned(),
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
