//! What secrets keep.

use std::fmt;

use zeroize::Zeroizing;

use super::{Error, Field, Result, SecretType};

/// How many bytes a version's data may have (documented).
const DATA_MAX: usize = 30_720;

/// The data of one version: 1 to 30,720 bytes of UTF-8 (documented), any characters. It has no `Display` and no
/// serialisation, its `Debug` prints a fixed text, its memory is zeroed when it goes; [`SecretData::expose`] is the one
/// way out. Copies that a parser or a reply made of the text are not zeroed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretData(Zeroizing<String>);

impl SecretData {
    /// Takes data in, verbatim.
    pub fn parse(text: impl Into<Zeroizing<String>>) -> Result<Self> {
        let text = text.into();
        if text.is_empty() {
            return Err(Error::Missing(Field::SecretData));
        }
        if text.len() > DATA_MAX {
            let reason = format!("has more than {DATA_MAX} bytes");
            return Err(Error::invalid(Field::SecretData, reason));
        }
        Ok(Self(text))
    }

    /// The data itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretData(hidden)")
    }
}

/// What the caller says that the data is. Nothing follows from it: binary data is any text as well (seen: what
/// Terraform's provider stores as binary).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataType {
    /// `text`.
    #[default]
    Text,
    /// `binary`.
    Binary,
}

impl DataType {
    /// The type of that name; names are case-sensitive.
    pub fn parse(text: &str) -> Result<Self> {
        let known = [Self::Text, Self::Binary].into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| Error::invalid(Field::SecretDataType, "is neither text nor binary"))
    }

    /// Checks that a secret of this type may have such data: a managed one has text only (documented).
    pub fn check_for(self, secret_type: SecretType) -> Result<()> {
        if self == Self::Binary && secret_type.is_managed() {
            let reason = "must be text for this type of secret";
            return Err(Error::invalid(Field::SecretDataType, reason));
        }
        Ok(())
    }

    /// The type's name, as requests and replies have it (documented).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn data_is_bounded_in_bytes_and_kept_verbatim() {
        let parse = |text: &str| SecretData::parse(text.to_owned());
        for text in ["x", "\0", " \r\n", "p@ss w*rd~/é中\u{ffff}", &"中".repeat(10_240)] {
            assert_eq!(parse(text).unwrap().expose(), text);
        }
        assert!(parse(&"x".repeat(30_720)).is_ok());
        for text in ["x".repeat(30_721), "中".repeat(10_241)] {
            let refused = parse(&text);
            assert!(matches!(refused, Err(Error::Invalid(Field::SecretData, _))));
        }
        assert_eq!(parse(""), Err(Error::Missing(Field::SecretData)));
        assert_eq!(format!("{:?}", parse("CANARY").unwrap()), "SecretData(hidden)");
    }

    #[test]
    fn only_generic_secrets_have_binary_data() {
        for known in [DataType::Text, DataType::Binary] {
            assert_eq!(DataType::parse(known.as_str()), Ok(known));
            assert_eq!(known.check_for(SecretType::Generic), Ok(()));
        }
        assert_eq!(DataType::Text.check_for(SecretType::Rds), Ok(()));
        for refused in [
            DataType::parse("").err(),
            DataType::parse("Text").err(),
            DataType::Binary.check_for(SecretType::Rds).err(),
        ] {
            assert!(matches!(refused, Some(Error::Invalid(Field::SecretDataType, _))));
        }
    }
}
