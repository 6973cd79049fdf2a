//! The states that keys go through.

/// The state of a key (documented).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    Enabled,
    Disabled,
    PendingDeletion,
    /// Its material has to be imported, which is not emulated.
    PendingImport,
    /// Its instance is not connected.
    Unavailable,
}

impl KeyState {
    /// The state's name, as replies and the texts of errors have it (documented).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion => "PendingDeletion",
            Self::PendingImport => "PendingImport",
            Self::Unavailable => "Unavailable",
        }
    }

    /// The state of that name; `None` for another text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Enabled,
            Self::Disabled,
            Self::PendingDeletion,
            Self::PendingImport,
            Self::Unavailable,
        ]
        .into_iter()
        .find(|state| state.name() == text)
    }
}
