//! A secret, without its values.

use super::{
    AutomaticRotation, Error, ExtendedConfig, Field, InstanceId, Interval, KeyId, Kind,
    ManagedType, Result, Scope, SecretName, SecretType,
};
use crate::{clock::Timestamp, text::is_storable_text};

/// A secret's identity: random, and no other secret has it, not even one of the same name made later.
pub type Uid = [u8; 16];

/// A secret, as all of its versions share it.
#[expect(clippy::struct_field_names, reason = "`type` is a word of the language")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Where it is.
    pub scope: Scope,
    /// Its number: positive, and never used twice.
    pub id: i64,
    /// Its identity.
    pub uid: Uid,
    /// Its name, unique in the scope.
    pub name: SecretName,
    /// What it is for.
    pub secret_type: SecretType,
    /// What somebody says of it.
    pub description: Option<SecretDescription>,
    /// The key that its creator named; `None` for the service's own.
    pub encryption_key: Option<KeyId>,
    /// The instance that its creator named.
    pub instance: Option<InstanceId>,
    /// How a managed secret is made, as JSON.
    pub extended_config: Option<String>,
    /// Who else may use it: the text that was set.
    pub policy: Option<String>,
    /// How a managed secret is rotated.
    pub rotation: Rotation,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub updated: Timestamp,
    /// When it is to be deleted, if it is.
    pub delete_at: Option<Timestamp>,
}

/// How and when a managed secret gets new values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// Whether it does so by itself.
    pub automatic: AutomaticRotation,
    /// How often.
    pub interval: Option<Interval>,
    /// When it did last.
    pub last: Option<Timestamp>,
    /// When it is to do so next.
    pub next: Option<Timestamp>,
}

impl Rotation {
    /// Of a secret that is not rotated by itself.
    pub const NONE: Self =
        Self { automatic: AutomaticRotation::Disabled, interval: None, last: None, next: None };

    /// By itself: first one interval after the last rotation, or after the secret was made where there was none
    /// (documented). That may be past.
    #[must_use]
    pub fn every(interval: Interval, last: Option<Timestamp>, created: Timestamp) -> Self {
        let next = interval.next(last.unwrap_or(created));
        let automatic = AutomaticRotation::Enabled;
        Self { automatic, interval: Some(interval), last, next: Some(next) }
    }

    /// Not by itself any more.
    #[must_use]
    pub const fn disabled(self) -> Self {
        Self { last: self.last, ..Self::NONE }
    }

    /// After a rotation, by itself or not. What could not be rotated before can be again.
    #[must_use]
    pub fn done(self, now: Timestamp) -> Self {
        match (self.automatic, self.interval) {
            (AutomaticRotation::Enabled | AutomaticRotation::Invalid, Some(interval)) => {
                Self::every(interval, Some(now), now)
            }
            _ => Self { last: Some(now), ..Self::NONE },
        }
    }
}

/// What somebody says of a secret: text of any length (no limit is documented) that every reply format can carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretDescription(String);

impl SecretDescription {
    /// The description, if it follows the rule.
    pub fn parse(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        if is_storable_text(&text) {
            return Ok(Self(text));
        }
        Err(Error::invalid(Field::Description, "has a control character"))
    }

    /// The description as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Secret {
    /// Its name across accounts.
    #[must_use]
    pub fn arn(&self) -> String {
        self.scope.arn(Kind::Secret, self.name.as_str())
    }

    /// How a managed secret is made.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn config(&self, managed: ManagedType) -> Result<ExtendedConfig> {
        let text = self.extended_config.as_deref().unwrap_or_default();
        let damaged =
            |why| Error::Damaged(self.arn(), format!("its extended configuration: {why}"));
        ExtendedConfig::read(text, managed).map_err(damaged)
    }

    /// The error for a value that is kept in another form than its type's.
    #[must_use]
    pub fn misshapen(&self) -> Error {
        Error::Damaged(self.arn(), "its value is not of its type's form".to_owned())
    }

    /// Whether the time to delete it has come: then there is no such secret any more, whatever the store still has.
    #[must_use]
    pub fn is_gone(&self, now: Timestamp) -> bool {
        self.delete_at.is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const HOURS: i64 = 3_600_000;

    #[test]
    fn a_rotation_is_due_an_interval_after_the_last_one() {
        let interval = Interval::parse("6h").unwrap();
        let new = Rotation::every(interval, None, Timestamp(HOURS));
        assert_eq!((new.last, new.next), (None, Some(Timestamp(7 * HOURS))));
        let done = new.done(Timestamp(8 * HOURS));
        assert_eq!(done, Rotation::every(interval, Some(Timestamp(8 * HOURS)), Timestamp(HOURS)));
        assert_eq!(done.next, Some(Timestamp(14 * HOURS)));
        let failed = Rotation { automatic: AutomaticRotation::Invalid, ..done };
        assert_eq!(failed.done(Timestamp(9 * HOURS)).automatic, AutomaticRotation::Enabled);
    }

    #[test]
    fn a_secret_that_is_not_rotated_by_itself_remembers_when_it_was() {
        let done = Rotation::NONE.done(Timestamp(7));
        assert_eq!(done, Rotation { last: Some(Timestamp(7)), ..Rotation::NONE });
        let every = Rotation::every(Interval::parse("6h").unwrap(), done.last, Timestamp(1));
        assert_eq!(every.disabled(), done);
    }
}
