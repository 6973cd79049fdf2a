//! Where names are unique, and how resources are named across accounts.

use std::fmt;

use crate::region::RegionId;

/// An account in a region: what the names of secrets, the ids of keys and the aliases are unique in (documented).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The account's number.
    pub account: String,
    /// The region.
    pub region: RegionId,
}

/// The text that stands first in each table's key: `account/region`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

impl Scope {
    /// The scope in the text that [`Scope`] is displayed as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (account, region) = text.split_once('/')?;
        Some(Self { account: account.to_owned(), region: RegionId::parse(region)? })
    }

    /// The name of one of its resources: `acs:kms:REGION:ACCOUNT:secret/NAME` (documented).
    #[must_use]
    pub fn arn(&self, kind: Kind, name: &str) -> String {
        format!("{}/{name}", self.container(kind))
    }

    /// The name of all of its resources of a kind, which creating and listing are authorised on:
    /// `acs:kms:REGION:ACCOUNT:secret` (documented).
    #[must_use]
    pub fn container(&self, kind: Kind) -> String {
        let Self { account, region } = self;
        format!("acs:kms:{region}:{account}:{}", kind.name())
    }
}

/// The kinds of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Secret,
    Key,
    Alias,
}

impl Kind {
    /// What stands for it in a resource's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Key => "key",
            Self::Alias => "alias",
        }
    }
}

/// A resource as a caller names it by its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arn {
    /// Where it is.
    pub scope: Scope,
    /// What it is.
    pub kind: Kind,
    /// Its name or id, slashes included.
    pub name: String,
}

impl Arn {
    /// Reads `acs:kms:REGION:ACCOUNT:KIND/NAME`; `None` for what is none, also for another product's.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("acs:kms:")?;
        let (region, rest) = rest.split_once(':')?;
        let (account, resource) = rest.split_once(':')?;
        let (kind, name) = resource.split_once('/')?;
        let kind = [Kind::Secret, Kind::Key, Kind::Alias]
            .into_iter()
            .find(|known| known.name() == kind)?;
        let is_account = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
        let scope = Scope {
            account: is_account.then(|| account.to_owned())?,
            region: RegionId::parse(region)?,
        };
        Some(Self { scope, kind, name: name.to_owned() })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_read_as_it_is_written() {
        let text = "acs:kms:cn-hangzhou:1000000000000001:secret/acs/ecs/a";
        let arn = Arn::parse(text).unwrap();
        assert_eq!(arn.scope.to_string(), "1000000000000001/cn-hangzhou");
        assert_eq!(arn.scope.arn(arn.kind, &arn.name), text);
        assert_eq!(Scope::parse(&arn.scope.to_string()).as_ref(), Some(&arn.scope));
        for text in [
            "",
            "acs:kms",
            "acs:sae:cn-hangzhou:1:secret/a",
            "acs:kms:cn-hangzhou::secret/a",
            "acs:kms:cn-hangzhou:a:secret/a",
            "acs:kms:hangzhou:1:secret/a",
            "acs:kms:cn-hangzhou:1:secret",
            "acs:kms:cn-hangzhou:1:certificate/a",
            "ACS:kms:cn-hangzhou:1:secret/a",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
