//! Changes the state of a key, and what is said of it.

use std::sync::Arc;

use crate::kms::{
    model::{Key, KeyDescription, KeyRef, KeyState, PendingWindow, Result},
    service::{Context, Service},
};

impl Service {
    /// Has a key seal and open again.
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::kms::model::Error::Forbidden), [`Error::KeyNotFound`](crate::kms::model::Error::KeyNotFound),
    /// [`Error::KeyStateStays`](crate::kms::model::Error::KeyStateStays); of the three below as well.
    pub async fn enable_key(&self, context: Context, named: KeyRef) -> Result<()> {
        self.change_key(context, "kms:EnableKey", named, |key, state, _| {
            key.own_state = state.enable()?;
            Ok(())
        })
        .await
    }

    /// Has a key neither seal nor open until it is enabled.
    pub async fn disable_key(&self, context: Context, named: KeyRef) -> Result<()> {
        self.change_key(context, "kms:DisableKey", named, |key, state, _| {
            key.own_state = state.disable()?;
            Ok(())
        })
        .await
    }

    /// Has a key be deleted after a window in which it cannot be used.
    pub async fn schedule_key_deletion(
        &self,
        context: Context,
        named: KeyRef,
        window: PendingWindow,
    ) -> Result<()> {
        self.change_key(context, "kms:ScheduleKeyDeletion", named, move |key, state, context| {
            key.own_state = state.schedule_deletion()?;
            key.delete_at = Some(window.end(context.now));
            Ok(())
        })
        .await
    }

    /// Takes back that a key is to be deleted. It is enabled then, whatever it was before (documented).
    pub async fn cancel_key_deletion(&self, context: Context, named: KeyRef) -> Result<()> {
        self.change_key(context, "kms:CancelKeyDeletion", named, |key, state, _| {
            key.own_state = state.cancel_deletion(key.origin)?;
            key.delete_at = None;
            Ok(())
        })
        .await
    }

    /// Replaces what is said of a key.
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::kms::model::Error::Forbidden), [`Error::KeyNotFound`](crate::kms::model::Error::KeyNotFound),
    /// [`Error::KeyState`](crate::kms::model::Error::KeyState).
    pub async fn update_key_description(
        &self,
        context: Context,
        named: KeyRef,
        description: KeyDescription,
    ) -> Result<()> {
        self.change_key(context, "kms:UpdateKeyDescription", named, move |key, state, _| {
            state.check_changeable()?;
            key.description = description.clone();
            Ok(())
        })
        .await
    }

    /// Changes a key's row, as `change` does it in the state that the key has.
    async fn change_key(
        &self,
        context: Context,
        action: &'static str,
        named: KeyRef,
        change: impl Fn(&mut Key, KeyState, &Context) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let cloud = Arc::clone(&self.cloud);
        self.store
            .write(move |tx| {
                let before = context.key_to_change(tx, action, &named)?;
                let mut key = before.clone();
                change(&mut key, before.state(&cloud), &context)?;
                if key != before {
                    tx.update_kms_key(&key)?;
                }
                Ok(())
            })
            .await
    }
}
