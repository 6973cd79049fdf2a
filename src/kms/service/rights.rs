//! What a caller may, decided where the resource is known: its tags and its own policy have a say.

use super::Context;
use crate::{
    access::{
        Caller, Denied,
        policy::{self, Effect, Environment},
    },
    kms::model::{
        Error, Kind, PrincipalKind, PrincipalRef, Result, Scope, Secret, SecretName, SecretPolicy,
        SecretRef, default_policy,
    },
    store::Tx,
};

/// A caller and what conditions ask about its request.
#[derive(Debug, Clone)]
pub struct Rights {
    /// Who asks.
    pub caller: Caller,
    /// From where and when.
    pub environment: Environment<'static>,
}

impl Rights {
    /// Whether the caller may do this to a resource that has neither tags nor a policy of its own; [`Error::Forbidden`].
    pub fn check(&self, action: &str, resource: &str) -> Result<()> {
        self.check_tagged(action, resource, resource, &[])
    }

    /// The same for a resource with tags; the error calls it `shown`.
    pub fn check_tagged(
        &self,
        action: &str,
        resource: &str,
        shown: &str,
        tags: &[(String, String)],
    ) -> Result<()> {
        let decision = self.identity(action, resource, tags);
        decision.map_err(|denied| forbidden(action, shown, denied))
    }

    /// What the caller's own policies say.
    fn identity(
        &self,
        action: &str,
        resource: &str,
        tags: &[(String, String)],
    ) -> std::result::Result<(), Denied> {
        let environment = Environment { tags, ..self.environment };
        self.caller.authorize(action, resource, &environment)
    }

    /// The tags of a resource where a policy of the caller asks for them, else none.
    pub fn tags_asked_for(
        &self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        kind: Kind,
        number: i64,
    ) -> Result<Vec<(String, String)>> {
        let mut policies = self.caller.user().into_iter().flat_map(|user| &user.policies);
        if policies.any(policy::Statement::asks_for_tags) {
            Ok(tx.kms_tags(scope, kind, number)?)
        } else {
            Ok(vec![])
        }
    }

    /// Whether no policy binds the caller: the account itself.
    pub fn is_account(&self) -> bool {
        self.caller.user().is_none()
    }
}

fn forbidden(action: &str, resource: &str, denied: Denied) -> Error {
    Error::Forbidden { action: action.to_owned(), resource: resource.to_owned(), denied }
}

impl Context {
    /// Whether the caller may create this: on the resource itself, or on all of its kind (documented policies name both). A
    /// denial on either wins.
    pub fn check_creation(&self, action: &str, kind: Kind, name: &str) -> Result<()> {
        let container = self.scope.container(kind);
        let on_all = self.rights.identity(action, &container, &[]);
        let on_named = self.rights.identity(action, &self.scope.arn(kind, name), &[]);
        let denied = match (on_all, on_named) {
            (Err(Denied::Explicitly), _) | (_, Err(Denied::Explicitly)) => Denied::Explicitly,
            (Ok(()), _) | (_, Ok(())) => return Ok(()),
            (Err(Denied::Implicitly), Err(Denied::Implicitly)) => Denied::Implicitly,
        };
        Err(forbidden(action, &container, denied))
    }

    /// The secret that a request names, if the caller may do this to it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] and [`Error::SecretNotFound`]; for another account's, [`Error::Concealed`] and the latter.
    pub fn secret(&self, tx: &mut Tx<'_>, action: &str, named: &SecretRef) -> Result<Secret> {
        let found = match self.locate(named) {
            Some((scope, name)) => tx.kms_secret(scope, name)?,
            None => None,
        };
        self.allowed(tx, action, named, found)
    }

    /// The same, and keeps other writers from it until the end of the transaction.
    pub fn secret_to_change(
        &self,
        tx: &mut Tx<'_>,
        action: &str,
        named: &SecretRef,
    ) -> Result<Secret> {
        let found = match self.locate(named) {
            Some((scope, name)) => tx.lock_kms_secret(scope, name)?,
            None => None,
        };
        self.allowed(tx, action, named, found)
    }

    fn allowed(
        &self,
        tx: &mut Tx<'_>,
        action: &str,
        named: &SecretRef,
        found: Option<Secret>,
    ) -> Result<Secret> {
        let found = found.filter(|secret| !secret.is_gone(self.now));
        self.authorize(tx, action, named, found.as_ref())?;
        found.ok_or(Error::SecretNotFound)
    }

    /// Where a secret is looked up; `None` for what is not in the region of the request.
    #[must_use]
    pub fn locate<'a>(&'a self, named: &'a SecretRef) -> Option<(&'a Scope, &'a SecretName)> {
        let located = named.locate(&self.scope).ok();
        located.filter(|(scope, _)| scope.region == self.scope.region)
    }

    /// Whether the caller may do this to a secret that exists or does not.
    pub fn authorize(
        &self,
        tx: &mut Tx<'_>,
        action: &str,
        named: &SecretRef,
        found: Option<&Secret>,
    ) -> Result<()> {
        let is_own =
            self.locate(named).is_some_and(|(scope, _)| scope.account == self.scope.account);
        if is_own && self.rights.is_account() {
            return Ok(());
        }
        let arn = named.arn(&self.scope);
        let tags = match found {
            Some(secret) if secret.policy.is_some() => {
                tx.kms_tags(&secret.scope, Kind::Secret, secret.id)?
            }
            Some(secret) => {
                self.rights.tags_asked_for(tx, &secret.scope, Kind::Secret, secret.id)?
            }
            None => vec![],
        };
        let identity = self.rights.identity(action, &arn, &tags);
        let own_policy = match found {
            Some(secret) => self.policy_says(action, secret, &tags)?,
            None => None,
        };
        let decision = match (identity, own_policy) {
            (Err(Denied::Explicitly), _) | (_, Some(Effect::Deny)) => Err(Denied::Explicitly),
            (Ok(()), Some(Effect::Allow)) => Ok(()),
            (Ok(()), None) | (Err(Denied::Implicitly), Some(Effect::Allow)) if is_own => Ok(()),
            (Ok(()) | Err(Denied::Implicitly), _) => Err(Denied::Implicitly),
        };
        let is_foreign =
            named.locate(&self.scope).is_ok_and(|(scope, _)| scope.account != self.scope.account);
        match decision {
            Err(_) if is_foreign || (!is_own && identity.is_err()) => {
                Err(Error::Concealed(Box::new(Error::SecretNotFound)))
            }
            // Of the caller's own account, in another region.
            Err(_) if !is_own => Err(Error::SecretNotFound),
            decision => decision.map_err(|denied| forbidden(action, &arn, denied)),
        }
    }

    /// What the secret's own policy says, if it has one: one that was set, or in an instance the default one. The cloud
    /// knows policies in instances alone; elsewhere the default one would open every secret to all users of the account.
    fn policy_says(
        &self,
        action: &str,
        secret: &Secret,
        tags: &[(String, String)],
    ) -> Result<Option<Effect>> {
        let own = &secret.scope.account;
        let text = match (&secret.policy, &secret.instance) {
            (Some(text), _) => text.clone(),
            (None, Some(_)) => default_policy(own),
            (None, None) => return Ok(None),
        };
        let damaged = |error: Error| Error::Damaged(secret.arn(), error.to_string());
        let policy = SecretPolicy::parse(&text).map_err(damaged)?;
        let kind = match self.rights.caller.user() {
            Some(user) => PrincipalKind::User(&user.name),
            None => PrincipalKind::Root,
        };
        let principal = PrincipalRef { account: &self.scope.account, kind };
        let environment = Environment { tags, ..self.rights.environment };
        Ok(policy.decide(principal, own, action, &environment))
    }
}
