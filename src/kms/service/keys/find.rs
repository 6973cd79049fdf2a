//! Finds the key that a request names, if its caller may do what it asks for.

use std::rc::Rc;

use crate::{
    kms::{
        model::{Error, Key, KeyName, KeyRef, Kind, Result},
        service::Context,
    },
    store::Tx,
};

impl Context {
    /// The key that a request names, if the caller may do this to it.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::KeyNotFound`], [`Error::AliasNotFound`]; of the last two alone for another account's,
    /// which nobody else can use.
    pub fn key(&self, tx: &mut Tx<'_>, action: &str, named: &KeyRef) -> Result<Key> {
        let found = self.find_key(tx, named)?;
        self.authorize_found_key(tx, action, named, found.as_ref())?;
        found.ok_or(not_found(named))
    }

    /// The same as [`Context::key`], read once for all use cases that share a transaction.
    pub fn shared_key(&self, tx: &mut Tx<'_>, action: &str, named: &KeyRef) -> Result<Rc<Key>> {
        let found = if self.has_place_of(named) {
            let place = match &named.name {
                KeyName::Id(id) => self.scope.arn(Kind::Key, id.as_str()),
                KeyName::Alias(alias) => alias.arn(&self.scope),
            };
            tx.memoized(place, |tx| Ok::<_, Error>(self.read_key(tx, &named.name)?.map(Rc::new)))?
        } else {
            None
        };
        let found = found.filter(|key| !key.is_gone(self.now));
        self.authorize_found_key(tx, action, named, found.as_deref())?;
        found.ok_or(not_found(named))
    }

    /// The key that a request names, as [`Context::key`] finds it, kept from other writers until the end of the
    /// transaction.
    pub fn key_to_change(&self, tx: &mut Tx<'_>, action: &str, named: &KeyRef) -> Result<Key> {
        let found = match self.find_key(tx, named)? {
            Some(key) => tx.lock_kms_key(&key.scope, &key.id)?.filter(|key| !key.is_gone(self.now)),
            None => None,
        };
        self.authorize_found_key(tx, action, named, found.as_ref())?;
        found.ok_or(not_found(named))
    }

    /// The key of that name in the account and region of the request.
    pub fn find_key(&self, tx: &mut Tx<'_>, named: &KeyRef) -> Result<Option<Key>> {
        let found = if self.has_place_of(named) { self.read_key(tx, &named.name)? } else { None };
        Ok(found.filter(|key| !key.is_gone(self.now)))
    }

    /// Whether what a key is called can only be in the account and region of the request.
    fn has_place_of(&self, named: &KeyRef) -> bool {
        named.scope.as_ref().is_none_or(|scope| *scope == self.scope)
    }

    /// The key of that name there, also one whose time to be deleted has come.
    fn read_key(&self, tx: &mut Tx<'_>, name: &KeyName) -> Result<Option<Key>> {
        match name {
            KeyName::Id(id) => tx.kms_key(&self.scope, id),
            KeyName::Alias(alias) => tx.kms_key_named(&self.scope, alias),
        }
    }

    /// Whether the caller may do this to a key that was found or not.
    fn authorize_found_key(
        &self,
        tx: &mut Tx<'_>,
        action: &str,
        named: &KeyRef,
        found: Option<&Key>,
    ) -> Result<()> {
        match found {
            Some(key) => self.authorize_key(tx, action, key),
            None => self.authorize_missing_key(action, named),
        }
    }

    /// Whether the caller may do this to a key. An error shows the bare id of the key (seen for kms:Decrypt; for other
    /// actions inferred).
    pub fn authorize_key(&self, tx: &mut Tx<'_>, action: &str, key: &Key) -> Result<()> {
        let tags = self.rights.tags_asked_for(tx, &key.scope, Kind::Key, key.number)?;
        self.rights.check_tagged(action, &key.arn(), key.id.as_str(), &tags)
    }

    /// Whether the caller could do this to a key that does not exist. An alias may name any key.
    pub fn authorize_missing_key(&self, action: &str, named: &KeyRef) -> Result<()> {
        let scope = named.scope.as_ref().unwrap_or(&self.scope);
        if scope.account != self.scope.account {
            return Err(Error::Concealed(Box::new(not_found(named))));
        }
        let (id, shown) = match &named.name {
            KeyName::Id(id) => (id.as_str(), id.as_str()),
            KeyName::Alias(alias) => ("*", alias.as_str()),
        };
        self.rights.check_tagged(action, &scope.arn(Kind::Key, id), shown, &[])
    }
}

/// The error for a key that does not exist.
fn not_found(named: &KeyRef) -> Error {
    match named.name {
        KeyName::Id(_) => Error::KeyNotFound,
        KeyName::Alias(_) => Error::AliasNotFound,
    }
}
