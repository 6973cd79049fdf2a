//! The instances of KMS, which secrets and keys may be in.

use super::{Error, Result};

/// How many characters an id may have behind `kst-`.
const ID_MAX: usize = 60;

/// An instance's id: `kst-` (documented) and 1 to 60 letters, digits and `-` (inferred).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(String);

impl InstanceId {
    /// The id, if it follows the rule.
    ///
    /// # Errors
    /// [`Error::InstanceNotFound`]: no instance is called otherwise.
    pub fn parse(text: &str) -> Result<Self> {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let fits = text
            .strip_prefix("kst-")
            .is_some_and(|rest| (1..=ID_MAX).contains(&rest.len()) && rest.bytes().all(is_legal));
        if fits { Ok(Self(text.to_owned())) } else { Err(Error::InstanceNotFound) }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A KMS instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instance {
    /// How many secrets it may have.
    pub secret_quota: Option<u32>,
    /// With how many other accounts it may be shared: policies that name them are counted by account (documented).
    pub access_quota: Option<u32>,
    /// Whether it can be used.
    pub state: InstanceState,
}

/// The state of an instance (documented).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceState {
    /// It was bought, and has no network yet.
    Uninitialized,
    /// It gets one.
    Connecting,
    /// It can be used.
    Connected,
    /// It has no network any more.
    Disconnected,
    /// It failed.
    Error,
}

impl Instance {
    /// Without quotas, and connected.
    pub const OPEN: Self =
        Self { secret_quota: None, access_quota: None, state: InstanceState::Connected };
}
