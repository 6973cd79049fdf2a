//! With how many other accounts an instance is shared.

use std::collections::BTreeSet;

use crate::{
    kms::model::{Cloud, Error, InstanceId, Result, Scope, SecretPolicy},
    store::Tx,
};

/// Holds the accounts that the policies of an instance name, which may have been set just now, to the instance's quota.
pub fn check_shares(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    scope: &Scope,
    instance: Option<&InstanceId>,
) -> Result<()> {
    let Some(id) = instance else { return Ok(()) };
    let Some(quota) = cloud.instance(id).and_then(|instance| instance.access_quota) else {
        return Ok(());
    };
    tx.lock_kms_counts(scope)?;
    let mut accounts = BTreeSet::new();
    let policies = [tx.kms_policies_of(scope, id)?, tx.kms_key_policies_of(scope, id)?];
    for text in policies.iter().flatten() {
        let policy = SecretPolicy::parse(text)
            .map_err(|error| Error::Damaged("a policy".to_owned(), error.to_string()))?;
        let named = policy.foreign_accounts(&scope.account).into_iter();
        accounts.extend(named.map(str::to_owned));
    }
    if accounts.len() > quota as usize { Err(Error::TooManyShares) } else { Ok(()) }
}
