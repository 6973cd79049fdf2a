//! Creates a secret.

use std::sync::Arc;

use super::payload;
use crate::{
    clock::Timestamp,
    sae::{
        model::{
            DockerConfigMode, Error, NamespaceId, Result, SecretData, SecretId, SecretName,
            SecretSummary, SecretType, SecretUid, Version,
        },
        service::Service,
    },
    sealing::{Sealing, random_id},
    store::Tx,
};

impl Service {
    /// Creates a secret and returns its id. `draft` is its type and data, which need not fit the rule of the type; or what is
    /// wrong with them, which is answered only once the namespace is known to exist.
    /// Errors, in this order: [`Error::NamespaceNotFound`]; what is wrong with the type, then with the data;
    /// [`Error::SecretExists`]; [`Error::TooManyKeys`]; [`Error::TooManySecrets`].
    pub async fn create_secret(
        &self,
        now: Timestamp,
        request_id: &str,
        namespace: NamespaceId,
        name: SecretName,
        draft: Result<(SecretType, SecretData)>,
    ) -> Result<SecretId> {
        self.require_served(&namespace)?;
        let checked = draft.and_then(|(secret_type, data)| {
            self.check_type(request_id, secret_type, &data, name.as_str())?;
            Ok((secret_type, data))
        });
        let (secret_type, data) = match checked {
            Ok(draft) => draft,
            Err(error) => return Err(self.unless_namespace_missing(namespace, error).await),
        };
        let quotas = &self.cloud.quotas;
        let (keys, keys_quota) = (data.key_count(), quotas.keys_in(&namespace));
        let quota = quotas.secrets_in(&namespace);
        let sealed = payload::seal(data).await?;
        let draft = SealedDraft::new(namespace, name, secret_type, sealed, now)?;
        let sealing = Arc::clone(&self.sealing);
        self.store
            .write(move |tx| create(tx, &sealing, &draft, check_keys(keys, keys_quota), quota))
            .await
    }

    /// Checks data against the rule of a secret's type. Where only `--docker-config strict` refuses it, the log says so.
    pub(super) fn check_type(
        &self,
        request_id: &str,
        secret_type: SecretType,
        data: &SecretData,
        name: &str,
    ) -> Result<()> {
        let mode = self.cloud.docker_config;
        let checked = secret_type.check(data, name, mode);
        // No other check has a looser form, and one that would come out the same is not worth its time.
        let has_looser =
            (secret_type, mode) == (SecretType::DockerConfigJson, DockerConfigMode::Strict);
        if checked.is_err()
            && has_looser
            && secret_type.check(data, name, DockerConfigMode::Lenient).is_ok()
        {
            log::info!(request_id; "--docker-config lenient would take the data that is refused");
        }
        checked
    }

    /// The error to answer for a command that is wrong in itself: that its namespace does not exist comes first.
    pub(super) async fn unless_namespace_missing(
        &self,
        namespace: NamespaceId,
        error: Error,
    ) -> Error {
        let found = self.store.read_briefly(move |tx| tx.namespace(&namespace)).await;
        found.err().unwrap_or(error)
    }
}

/// A secret that is ready to be inserted, but for its number and what depends on it.
pub(in crate::sae::service) struct SealedDraft {
    pub namespace: NamespaceId,
    pub name: SecretName,
    secret_type: SecretType,
    uid: SecretUid,
    created: Timestamp,
    sealed: payload::Sealed,
}

impl SealedDraft {
    pub fn new(
        namespace: NamespaceId,
        name: SecretName,
        secret_type: SecretType,
        sealed: payload::Sealed,
        created: Timestamp,
    ) -> Result<Self> {
        let uid = SecretUid::from_random(random_id().map_err(Error::unavailable)?);
        Ok(Self { namespace, name, secret_type, uid, created, sealed })
    }

    /// Inserts the secret under the next number. A place for it must be taken already. [`Error::SecretExists`].
    pub fn insert(&self, tx: &mut Tx<'_>, sealing: &Sealing) -> Result<SecretId> {
        let (id, key) = tx.next_secret()?;
        let summary = SecretSummary {
            id,
            uid: self.uid,
            namespace: self.namespace.clone(),
            name: self.name.as_str().to_owned(),
            secret_type: self.secret_type,
            version: Version::FIRST,
            created: self.created,
            updated: self.created,
        };
        let place = payload::binding(&summary);
        let data_key = sealing.wrap(tx, &key, &self.sealed.data_key, &place)?;
        tx.insert_secret(&summary, &data_key, &self.sealed.payload)?;
        Ok(summary.id)
    }
}

fn create(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    draft: &SealedDraft,
    has_few_keys: Result<()>,
    quota: u32,
) -> Result<SecretId> {
    // Before the current key is read: a rotation waits for transactions that have a place and not yet their key.
    if has_few_keys.is_ok() && tx.take_secret_place(&draft.namespace, quota)? {
        return draft.insert(tx, sealing);
    }
    // Nothing was done, and only now it matters what is wrong first.
    tx.namespace(&draft.namespace)?;
    if tx.has_secret_named(&draft.namespace, &draft.name)? {
        return Err(Error::SecretExists(draft.name.as_str().to_owned()));
    }
    has_few_keys?;
    Err(Error::TooManySecrets(quota))
}

pub(super) fn check_keys(keys: usize, quota: u32) -> Result<()> {
    if keys <= quota as usize { Ok(()) } else { Err(Error::TooManyKeys(quota)) }
}
