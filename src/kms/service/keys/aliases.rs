//! Second names of keys.

use std::sync::Arc;

use crate::kms::{
    model::{Alias, AliasName, Error, KeyName, KeyRef, Kind, Page, Result},
    service::{Context, Service},
};

/// How many aliases an account may have in a region (documented).
const ALIASES_MAX: u64 = 300;

/// Which key is to be called what.
#[derive(Debug, Clone)]
pub struct CreateAlias {
    /// The key.
    pub key: KeyRef,
    /// The alias.
    pub name: AliasName,
}

/// Some aliases, by name.
pub struct ListedAliases {
    pub aliases: Vec<Alias>,
    /// How many there are in all.
    pub total: u64,
}

impl Context {
    /// Whether the caller may do this to an alias: it needs that besides the right to the key (documented).
    fn authorize_alias(&self, action: &str, name: &AliasName) -> Result<()> {
        self.rights.check_tagged(action, &name.arn(&self.scope), name.as_str(), &[])
    }
}

impl Service {
    /// Gives a key an alias.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::KeyNotFound`], [`Error::KeyStateStays`], [`Error::AliasExists`],
    /// [`Error::TooManyAliases`].
    pub async fn create_alias(&self, context: Context, wanted: CreateAlias) -> Result<()> {
        let cloud = Arc::clone(&self.cloud);
        self.store
            .write(move |tx| {
                let (action, name) = ("kms:CreateAlias", &wanted.name);
                let key = context.key_to_change(tx, action, &wanted.key)?;
                context.authorize_alias(action, name)?;
                key.state(&cloud).check_named()?;
                let (scope, now) = (&context.scope, context.now);
                match tx.kms_key_named(scope, name)? {
                    // It is free again when the time to delete its key has come.
                    Some(named) if named.is_gone(now) => {
                        tx.delete_kms_alias(&named, name)?;
                    }
                    Some(_) => return Err(Error::AliasExists),
                    None => {}
                }
                tx.lock_kms_counts(scope)?;
                if tx.kms_alias_count(scope, now)? >= ALIASES_MAX {
                    return Err(Error::TooManyAliases);
                }
                tx.insert_kms_alias(&key, name, now)
            })
            .await
    }

    /// Gives an alias to another key.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::KeyNotFound`], [`Error::AliasNotFound`]; [`Error::KeyState`] of the other key.
    pub async fn update_alias(&self, context: Context, wanted: CreateAlias) -> Result<()> {
        let cloud = Arc::clone(&self.cloud);
        self.store
            .write(move |tx| {
                let (action, name) = ("kms:UpdateAlias", &wanted.name);
                let key = context.key_to_change(tx, action, &wanted.key)?;
                context.authorize_alias(action, name)?;
                let named = tx.kms_key_named(&context.scope, name)?;
                if named.is_none_or(|named| named.is_gone(context.now)) {
                    return Err(Error::AliasNotFound);
                }
                key.state(&cloud).check_changeable()?;
                let is_moved = tx.move_kms_alias(&key, name)?;
                if is_moved { Ok(()) } else { Err(Error::AliasNotFound) }
            })
            .await
    }

    /// Takes an alias away from its key, in whatever state that is.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::AliasNotFound`].
    pub async fn delete_alias(&self, context: Context, name: AliasName) -> Result<()> {
        self.store
            .write(move |tx| {
                let action = "kms:DeleteAlias";
                let named = KeyRef { scope: None, name: KeyName::Alias(name.clone()) };
                let key = context.key(tx, action, &named)?;
                context.authorize_alias(action, &name)?;
                // Another key may have been given it meanwhile, which the caller may have no right to.
                let is_gone = tx.delete_kms_alias(&key, &name)?;
                if is_gone { Ok(()) } else { Err(Error::AliasNotFound) }
            })
            .await
    }

    /// The aliases of the account in the region, on one page.
    pub async fn list_aliases(&self, context: Context, page: Page) -> Result<ListedAliases> {
        context.rights.check("kms:ListAliases", &context.scope.container(Kind::Alias))?;
        self.store
            .read_briefly(move |tx| {
                let found = tx.kms_alias_page(&context.scope, None, context.now, page);
                let (aliases, total) = found?;
                Ok(ListedAliases { aliases, total })
            })
            .await
    }

    /// The aliases of a key, on one page.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::KeyNotFound`].
    pub async fn list_aliases_of_key(
        &self,
        context: Context,
        named: KeyRef,
        page: Page,
    ) -> Result<ListedAliases> {
        self.store
            .read_briefly(move |tx| {
                let key = context.key(tx, "kms:ListAliasesByKeyId", &named)?;
                let found = tx.kms_alias_page(&key.scope, Some(&key), context.now, page);
                let (aliases, total) = found?;
                Ok(ListedAliases { aliases, total })
            })
            .await
    }
}
