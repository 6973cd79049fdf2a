//! Reads the values of several secrets.

use std::sync::Arc;

use super::get::{GetSecretValue, SecretValue, get};
use crate::kms::{
    model::{Error, Result},
    service::{Context, Service},
};

impl Service {
    /// Reads each of the values as [`Service::get_secret_value`] does, all at the same moment. What is an error already
    /// stays one in its place.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; everything else is an error of one of the values.
    pub async fn batch_get_secret_values(
        &self,
        context: Context,
        wanted: Vec<Result<GetSecretValue>>,
    ) -> Result<Vec<Result<SecretValue>>> {
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        self.store
            .read(move |tx| {
                let mut found = Vec::with_capacity(wanted.len());
                for wanted in &wanted {
                    let wanted = wanted.as_ref().map_err(Clone::clone);
                    match wanted.and_then(|wanted| get(tx, &cloud, &sealing, &context, wanted)) {
                        // Nothing more comes out of this transaction.
                        Err(error @ Error::Unavailable(_)) => return Err(error),
                        value => found.push(value),
                    }
                }
                Ok(found)
            })
            .await
    }
}
