//! What secrets are called, and how requests refer to them.

use super::{Arn, Error, Field, Kind, Result, Scope, SecretType};

/// How long a secret's name may be, in characters (documented).
const NAME_MAX: usize = 192;

/// What begins the names that belong to the types of Alibaba Cloud's own resources (documented).
const RESERVED: &str = "acs/";

/// What begins the name of a secret of an ECS instance (documented).
const OF_ECS: &str = "acs/ecs/";

/// What begins the name of a secret of a RAM user (documented).
const OF_RAM_USER: &str = "acs/ram/user/";

/// What stands for the name of a RAM user's secret that is to be made (documented).
const AUTOMATIC: &str = "$Auto";

/// Checks the rule that names of secrets and of stages share: 1 to `max` letters, digits and `_/+=.@-`.
pub(super) fn check_name(text: &str, max: usize, field: Field) -> Result<()> {
    if text.is_empty() {
        return Err(Error::Missing(field));
    }
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || "_/+=.@-".contains(c)) {
        return Err(Error::invalid(field, "may hold letters, digits and _/+=.@- only"));
    }
    if text.len() > max {
        return Err(Error::invalid(field, format!("has more than {max} characters")));
    }
    Ok(())
}

/// A secret's name: 1 to 192 letters, digits and `_/+=.@-` (documented). Unique in its [`Scope`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SecretName(String);

impl SecretName {
    /// The name, if it follows the rule.
    pub fn parse(text: &str) -> Result<Self> {
        check_name(text, NAME_MAX, Field::SecretName)?;
        Ok(Self(text.to_owned()))
    }

    /// The name of the secret that holds the keys of a RAM user: `acs/ram/user/USER` (documented).
    pub fn of_ram_user(user: &str) -> Result<Self> {
        Self::parse(&format!("{OF_RAM_USER}{user}")).map_err(|_| {
            Error::invalid(Field::ExtendedConfig, "names a user whose name no secret's can hold")
        })
    }

    /// Checks that a secret of this type may have the name (documented; for PolarDB inferred).
    pub fn check_for(&self, secret_type: SecretType) -> Result<()> {
        let (is_right, rule) = match secret_type {
            SecretType::Generic | SecretType::Rds | SecretType::Redis | SecretType::PolarDb => {
                (!self.0.starts_with(RESERVED), "may not begin with acs/ for this type of secret")
            }
            SecretType::Ecs => {
                (self.0.starts_with(OF_ECS), "must begin with acs/ecs/ for this type of secret")
            }
            SecretType::RamCredentials => (
                self.0.starts_with(OF_RAM_USER),
                "must begin with acs/ram/user/ for this type of secret",
            ),
        };
        if is_right { Ok(()) } else { Err(Error::invalid(Field::SecretName, rule)) }
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a new secret is to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestedName {
    /// As the caller says.
    Given(SecretName),
    /// By the RAM user whose keys it holds: [`SecretName::of_ram_user`].
    OfUser,
}

impl RequestedName {
    /// The name that a new secret of this type may be given. For the keys of a RAM user the text has to be `$Auto`, and
    /// for no other type it may be (documented).
    pub fn parse(text: &str, secret_type: SecretType) -> Result<Self> {
        match secret_type {
            SecretType::RamCredentials => match text {
                AUTOMATIC => Ok(Self::OfUser),
                "" => Err(Error::Missing(Field::SecretName)),
                _ => {
                    Err(Error::invalid(Field::SecretName, "must be $Auto for this type of secret"))
                }
            },
            SecretType::Generic
            | SecretType::Rds
            | SecretType::Redis
            | SecretType::Ecs
            | SecretType::PolarDb => {
                let name = SecretName::parse(text)?;
                name.check_for(secret_type)?;
                Ok(Self::Given(name))
            }
        }
    }
}

/// A secret as a request refers to it: by its name, or by its ARN, as other accounts have to (documented).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// In the caller's own scope.
    Name(SecretName),
    /// Where its ARN says.
    Arn(Scope, SecretName),
    /// An ARN that no secret can have: malformed, of another product or of another kind. Never found.
    Nowhere(String),
}

impl SecretRef {
    /// Reads a name or an ARN. What begins with `acs:` can only be the latter, since names hold no colon.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that breaks its rule; no ARN is an error.
    pub fn parse(text: &str) -> Result<Self> {
        if !text.starts_with("acs:") {
            return SecretName::parse(text).map(Self::Name);
        }
        let arn = Arn::parse(text).filter(|arn| arn.kind == Kind::Secret);
        let found = arn.and_then(|arn| Some((arn.scope, SecretName::parse(&arn.name).ok()?)));
        Ok(match found {
            Some((scope, name)) => Self::Arn(scope, name),
            None => Self::Nowhere(text.to_owned()),
        })
    }

    /// The resource that the operation is authorised on, whether it exists or not; `own` is the caller's scope.
    pub fn arn(&self, own: &Scope) -> String {
        match self {
            Self::Name(name) => own.arn(Kind::Secret, name.as_str()),
            Self::Arn(scope, name) => scope.arn(Kind::Secret, name.as_str()),
            Self::Nowhere(text) => text.clone(),
        }
    }

    /// Where the secret is to be looked up; `own` is the caller's scope.
    ///
    /// # Errors
    /// [`Error::SecretNotFound`] when it can be nowhere.
    pub fn locate<'a>(&'a self, own: &'a Scope) -> Result<(&'a Scope, &'a SecretName)> {
        match self {
            Self::Name(name) => Ok((own, name)),
            Self::Arn(scope, name) => Ok((scope, name)),
            Self::Nowhere(_) => Err(Error::SecretNotFound),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn is_invalid<T>(result: &Result<T>) -> bool {
        matches!(result, Err(Error::Invalid(Field::SecretName, _)))
    }

    #[test]
    fn a_name_follows_its_rule() {
        for text in ["a", "-", "acme/db+prod=1@x", "A.z_0-9", &"n".repeat(192)] {
            assert_eq!(SecretName::parse(text).unwrap().as_str(), text);
        }
        for text in ["a b", "a:b", "$Auto", "密", "a\n", "a\0", "a*", "a\\b", &"n".repeat(193)] {
            assert!(is_invalid(&SecretName::parse(text)), "{text:?}");
        }
        assert_eq!(SecretName::parse(""), Err(Error::Missing(Field::SecretName)));
    }

    #[test]
    fn prefixes_belong_to_types() {
        use SecretType::{Ecs, Generic, PolarDb, RamCredentials, Rds, Redis};
        for (text, types) in [
            ("a", &[Generic, Rds, Redis, PolarDb][..]),
            ("acs", &[Generic, Rds, Redis, PolarDb]),
            ("acs-a/b", &[Generic, Rds, Redis, PolarDb]),
            ("ACS/a", &[Generic, Rds, Redis, PolarDb]),
            ("acs/a", &[]),
            ("acs/ecs", &[]),
            ("acs/ecs/a", &[Ecs]),
            ("acs/ram/user/a", &[RamCredentials]),
            ("acs/ram/a", &[]),
        ] {
            let name = SecretName::parse(text).unwrap();
            for known in [Generic, Rds, Redis, RamCredentials, Ecs, PolarDb] {
                assert_eq!(
                    name.check_for(known).is_ok(),
                    types.contains(&known),
                    "{text} {known:?}"
                );
                let given = RequestedName::parse(text, known);
                if types.contains(&known) && known != RamCredentials {
                    assert_eq!(given, Ok(RequestedName::Given(name.clone())));
                } else {
                    assert!(is_invalid(&given), "{text} {known:?}");
                }
            }
        }
    }

    #[test]
    fn only_a_ram_users_secret_is_named_by_the_service() {
        use SecretType::{Generic, RamCredentials};
        assert_eq!(RequestedName::parse("$Auto", RamCredentials), Ok(RequestedName::OfUser));
        assert!(is_invalid(&RequestedName::parse("$auto", RamCredentials)));
        assert!(is_invalid(&RequestedName::parse("$Auto", Generic)));
        for known in [Generic, RamCredentials] {
            let empty = RequestedName::parse("", known);
            assert_eq!(empty, Err(Error::Missing(Field::SecretName)));
        }

        let name = SecretName::of_ram_user("app.one").unwrap();
        assert_eq!(name.as_str(), "acs/ram/user/app.one");
        assert_eq!(SecretName::of_ram_user(&"u".repeat(179)).unwrap().as_str().len(), 192);
        for user in ["小明", "a b", &"u".repeat(180)] {
            let refused = SecretName::of_ram_user(user);
            assert!(matches!(refused, Err(Error::Invalid(Field::ExtendedConfig, _))), "{user}");
        }
    }

    #[test]
    fn a_reference_is_a_name_or_an_arn() {
        let own = Scope::parse("1000000000000001/cn-hangzhou").unwrap();
        let other = Scope::parse("2/cn-beijing").unwrap();
        let name = SecretName::parse("a/b").unwrap();

        let by_name = SecretRef::parse("a/b").unwrap();
        assert_eq!(by_name.locate(&own), Ok((&own, &name)));
        let arn = "acs:kms:cn-beijing:2:secret/a/b";
        let by_arn = SecretRef::parse(arn).unwrap();
        assert_eq!(by_arn.locate(&own), Ok((&other, &name)));
        assert_eq!(by_arn.arn(&own), arn);
        assert_eq!(by_name.arn(&other), arn);

        for text in [
            "acs:",
            "acs:kms:cn-beijing:2:secret/",
            "acs:kms:cn-beijing:2:secret/a b",
            "acs:kms:cn-beijing:2:key/a",
            "acs:ram::2:user/a",
            "acs:kms:cn-beijing:x:secret/a",
        ] {
            let nowhere = SecretRef::parse(text).unwrap();
            assert_eq!(nowhere.locate(&own), Err(Error::SecretNotFound), "{text}");
            assert_eq!(nowhere.arn(&own), text);
        }
        let long = format!("acs:kms:cn-beijing:2:secret/{}", "n".repeat(193));
        assert_eq!(SecretRef::parse(&long), Ok(SecretRef::Nowhere(long)));

        for text in ["a:b", "arn:aws:secretsmanager:x:1:secret:a", "ACS:kms:a", "$Auto"] {
            assert!(is_invalid(&SecretRef::parse(text)), "{text}");
        }
        assert_eq!(SecretRef::parse(""), Err(Error::Missing(Field::SecretName)));
    }
}
