//! With how many other accounts an instance is shared.

use std::collections::BTreeSet;

use crate::{
    kms::model::{Cloud, Error, InstanceId, Kind, Result, Scope, SecretPolicy},
    store::Tx,
};

/// With how many other accounts an instance may be shared, if there is a quota.
fn quota(cloud: &Cloud, instance: Option<&InstanceId>) -> Option<u32> {
    cloud.instance(instance?)?.access_quota
}

/// Has others wait whose policies are held to the same quota, before anything is counted.
pub fn lock_shares(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    scope: &Scope,
    instance: Option<&InstanceId>,
) -> Result<()> {
    match quota(cloud, instance) {
        Some(_) => Ok(tx.lock_kms_counts(scope)?),
        None => Ok(()),
    }
}

/// Holds the accounts that the policies of an instance name, which may have been set just now, to the instance's quota.
pub fn check_shares(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    scope: &Scope,
    instance: Option<&InstanceId>,
) -> Result<()> {
    let Some((id, quota)) = instance.zip(quota(cloud, instance)) else { return Ok(()) };
    tx.lock_kms_counts(scope)?;
    let mut accounts = BTreeSet::new();
    let of_secrets = tx.kms_policies_of(scope, id)?.into_iter().map(|it| (Kind::Secret, it));
    let of_keys = tx.kms_key_policies_of(scope, id)?.into_iter().map(|it| (Kind::Key, it));
    for (kind, (name, text)) in of_secrets.chain(of_keys) {
        let damaged = |error: Error| Error::Damaged(scope.arn(kind, &name), error.to_string());
        let policy = SecretPolicy::parse(&text).map_err(damaged)?;
        let named = policy.foreign_accounts(&scope.account).into_iter();
        accounts.extend(named.map(str::to_owned));
    }
    if accounts.len() > quota as usize { Err(Error::TooManyShares) } else { Ok(()) }
}
