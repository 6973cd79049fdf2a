//! Random passwords.

use zeroize::Zeroizing;

use super::{Context, Service, random::random};
use crate::kms::model::{PasswordRules, Result};

impl Service {
    /// A new password, which is kept nowhere.
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::kms::model::Error::Forbidden).
    pub fn random_password(
        &self,
        context: &Context,
        rules: &PasswordRules,
    ) -> Result<Zeroizing<String>> {
        context.rights.check("kms:GetRandomPassword", "*")?;
        rules.generate(&mut random)
    }
}
