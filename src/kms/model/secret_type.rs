//! What secrets are for.

use super::{Error, Field, Result};

/// What a secret is for. Never changes (documented; older pages know only the first two).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretType {
    /// Any text, which its owner changes.
    Generic,
    /// An account of an RDS instance.
    Rds,
    /// An account of a Redis (Tair) instance.
    Redis,
    /// The AccessKey of a RAM user.
    RamCredentials,
    /// A password or a key pair of an ECS instance.
    Ecs,
    /// An account of a PolarDB cluster.
    PolarDb,
}

impl SecretType {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Generic, Self::Rds, Self::Redis, Self::RamCredentials, Self::Ecs, Self::PolarDb];

    /// The type of that name; names are case-sensitive.
    pub fn parse(text: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| Error::invalid(Field::SecretType, "is not a type of secret"))
    }

    /// The type of that name in any case: the page of ListSecrets writes `RDS` (documented).
    #[must_use]
    pub fn parse_ignoring_case(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(text))
    }

    /// The type's name, as requests and replies have it (documented).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "Generic",
            Self::Rds => "Rds",
            Self::Redis => "Redis",
            Self::RamCredentials => "RAMCredentials",
            Self::Ecs => "ECS",
            Self::PolarDb => "PolarDB",
        }
    }

    /// Whether the service makes its versions itself, by rotation, and its owner cannot put any.
    #[must_use]
    pub const fn is_managed(self) -> bool {
        !matches!(self, Self::Generic)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn types_have_exact_names_and_are_filtered_in_any_case() {
        for known in SecretType::ALL {
            let name = known.as_str();
            assert_eq!(SecretType::parse(name), Ok(known));
            let other = name.to_ascii_lowercase();
            assert!(SecretType::parse(&other).is_err(), "{other}");
            assert_eq!(SecretType::parse_ignoring_case(&other), Some(known));
            assert_eq!(known.is_managed(), name != "Generic");
        }
        assert_eq!(SecretType::parse_ignoring_case("RDS"), Some(SecretType::Rds));
        for text in ["", "Rds ", "Opaque"] {
            assert_eq!(SecretType::parse_ignoring_case(text), None);
            assert!(matches!(SecretType::parse(text), Err(Error::Invalid(Field::SecretType, _))));
        }
    }
}
