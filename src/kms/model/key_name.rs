//! How keys, their versions and their aliases are called.

use std::fmt;

use uuid::Uuid;

use super::{Arn, Error, Field, Kind, Result, Scope};

/// How long a key's id may be, in characters (inferred; ids are UUIDs or such as `key-hzz62f1cb66fa42qo5o4r`).
const ID_MAX: usize = 64;

/// How many digits a new id has behind `key-`, as the documented ones.
const ID_DIGITS: usize = 21;

/// What an alias begins with (documented).
const ALIAS_PREFIX: &str = "alias/";

/// How long an alias may be behind that, in characters (guide to aliases; Terraform's provider. The parameter table of
/// CreateAlias leaves open what counts).
const ALIAS_MAX: usize = 255;

/// What aliases of services begin with (parameter table of CreateAlias).
const RESERVED_PREFIX: &str = "alias/acs";

fn is_id(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=ID_MAX).contains(&text.len()) && text.chars().all(legal)
}

/// A key's id: 1 to 64 letters, digits, hyphens and underscores. New ones are such as `key-hzz62f1cb66fa42qo5o4r`; old ones
/// are UUIDs (documented).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// The id that these random bytes make.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut number = u128::from_be_bytes(bytes);
        let digits = (0..ID_DIGITS).filter_map(|_| {
            let digit = u32::try_from(number % 36).ok()?;
            number /= 36;
            char::from_digit(digit, 36)
        });
        Self("key-".chars().chain(digits).collect())
    }

    /// The id in a text; `None` when the text is no such id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_id(text).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a version of a key: a UUID (documented).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyVersionId(Uuid);

impl KeyVersionId {
    /// The id that these random bytes make.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The id of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The id in its hyphenated text; `None` for another text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok()?;
        // The parser takes other spellings too, and an id has one.
        (id.hyphenated().to_string() == text).then_some(Self(id))
    }

    /// The id's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for KeyVersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A second name of a key: `alias/` and 1 to 255 letters, digits, `_`, `-` and `/` (guide to aliases).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AliasName(String);

impl AliasName {
    /// An alias as it is named to be found; a service's too.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_as(Field::AliasName, text)
    }

    /// An alias that is to be made: not one of those that services have, `alias/acs…` (documented).
    pub fn parse_new(text: &str) -> Result<Self> {
        if text.starts_with(RESERVED_PREFIX) {
            return Err(Error::invalid(
                Field::AliasName,
                "begins with alias/acs, which is reserved",
            ));
        }
        Self::parse(text)
    }

    fn parse_as(field: Field, text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::Missing(field));
        }
        let refused = |reason| Error::invalid(field, reason);
        let short = text.strip_prefix(ALIAS_PREFIX);
        let short = short.ok_or_else(|| refused("does not begin with alias/"))?;
        if short.is_empty() || short.chars().nth(ALIAS_MAX).is_some() {
            return Err(refused("does not have 1 to 255 characters behind alias/"));
        }
        if !short.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/')) {
            return Err(refused("has other characters than letters, digits, _, - and /"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole alias, as parameters and replies have it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The alias without `alias/`, which is the name of the resource.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.strip_prefix(ALIAS_PREFIX).unwrap_or_default()
    }

    /// The alias as a resource of a scope: `acs:kms:REGION:ACCOUNT:alias/NAME` (documented).
    #[must_use]
    pub fn arn(&self, scope: &Scope) -> String {
        scope.arn(Kind::Alias, self.short())
    }
}

impl fmt::Display for AliasName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an operation lets a key be named by, besides its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyForms {
    aliases: bool,
    arns: bool,
}

impl KeyForms {
    /// Nothing else: EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion, UpdateKeyDescription, CreateAlias,
    /// UpdateAlias, UntagResource, ListResourceTags.
    pub const ID: Self = Self { aliases: false, arns: false };
    /// GenerateDataKeyWithoutPlaintext.
    pub const ID_OR_ALIAS: Self = Self { aliases: true, arns: false };
    /// ListAliasesByKeyId, GetKeyPolicy, SetKeyPolicy.
    pub const ID_OR_ARN: Self = Self { aliases: false, arns: true };
    /// DescribeKey, Encrypt, GenerateDataKey, TagResource, and the key that encrypts a secret.
    pub const ANY: Self = Self { aliases: true, arns: true };
}

/// A key by its own name or by an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyName {
    /// Its id.
    Id(KeyId),
    /// An alias, which names one key at a time.
    Alias(AliasName),
}

/// A key as a caller names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRef {
    /// Where it is, when it was named by an ARN; else it is where the caller asks.
    pub scope: Option<Scope>,
    /// What it is called there.
    pub name: KeyName,
}

impl KeyRef {
    /// Reads an id, an alias, or the ARN of either, of what the operation takes.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Invalid`] of that field.
    pub fn parse(field: Field, text: &str, forms: KeyForms) -> Result<Self> {
        let refused = |reason| Err(Error::invalid(field, reason));
        if text.is_empty() {
            return Err(Error::Missing(field));
        }
        let (scope, kind, name) = if text.starts_with("acs:") {
            match Arn::parse(text) {
                Some(Arn { kind: Kind::Secret, .. }) | None => {
                    return refused("is not the ARN of a key or an alias");
                }
                Some(_) if !forms.arns => return refused("cannot be an ARN here"),
                Some(Arn { scope, kind, name }) => (Some(scope), kind, name),
            }
        } else if let Some(short) = text.strip_prefix(ALIAS_PREFIX) {
            (None, Kind::Alias, short.to_owned())
        } else {
            (None, Kind::Key, text.to_owned())
        };
        if kind == Kind::Alias {
            if !forms.aliases {
                return refused("cannot be an alias here");
            }
            let alias = AliasName::parse_as(field, &format!("{ALIAS_PREFIX}{name}"))?;
            return Ok(Self { scope, name: KeyName::Alias(alias) });
        }
        match KeyId::parse(&name) {
            Some(id) => Ok(Self { scope, name: KeyName::Id(id) }),
            None => refused("does not have 1 to 64 letters, digits, - and _"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ARN: &str = "acs:kms:cn-hangzhou:1000000000000001:";

    fn is_invalid<T>(parsed: &Result<T>, field: Field) -> bool {
        matches!(parsed, Err(Error::Invalid(refused, _)) if *refused == field)
    }

    #[test]
    fn a_new_id_looks_as_the_documented_ones() {
        assert_eq!(KeyId::from_random([0; 16]).as_str(), "key-000000000000000000000");
        let (one, other) = (KeyId::from_random([0xff; 16]), KeyId::from_random([0xa5; 16]));
        assert_ne!(one, other);
        for id in [one, other] {
            assert_eq!(id.as_str().len(), "key-hzz62f1cb66fa42qo5o4r".len());
            assert!(
                id.as_str()
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            );
            assert_eq!(KeyId::parse(id.as_str()), Some(id));
        }
    }

    #[test]
    fn an_id_has_1_to_64_safe_characters() {
        for text in ["a", "08c33a6f-4e0a-4a1b-a3fa-7ddfa1d40000", "Key_1", &"k".repeat(64)] {
            assert_eq!(KeyId::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "a/b", "a b", "a:b", "schlüssel", "a.b", "a\n", &"k".repeat(65)] {
            assert_eq!(KeyId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_id_of_a_version_is_a_uuid() {
        let id = KeyVersionId::from_random([0xff; 16]);
        assert_eq!(id.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(KeyVersionId::parse(&id.to_string()), Some(id));
        assert_eq!(KeyVersionId::from_bytes(*id.as_bytes()), id);
        for text in ["", "ffffffffffff4fffbfffffffffffffff", "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF"]
        {
            assert_eq!(KeyVersionId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_alias_has_a_prefix_and_1_to_255_characters() {
        for text in
            ["alias/a", "alias/Team_1/key-2", "alias//", &format!("alias/{}", "a".repeat(255))]
        {
            let alias = AliasName::parse_new(text).unwrap();
            assert_eq!(alias.as_str(), text);
            assert_eq!(format!("alias/{}", alias.short()), text);
        }
        assert_eq!(AliasName::parse(""), Err(Error::Missing(Field::AliasName)));
        for text in [
            "alias/",
            "alias",
            "a",
            "Alias/a",
            "/alias/a",
            "alias/a b",
            "alias/a.b",
            "alias/schlüssel",
            "alias/a:b",
            "alias/a\n",
            &format!("alias/{}", "a".repeat(256)),
        ] {
            assert!(is_invalid(&AliasName::parse(text), Field::AliasName), "{text}");
        }
        for text in ["alias/acs", "alias/acs/oss", "alias/acsa"] {
            assert!(AliasName::parse(text).is_ok(), "{text}");
            assert!(is_invalid(&AliasName::parse_new(text), Field::AliasName), "{text}");
        }
        assert!(AliasName::parse_new("alias/ac").is_ok());
    }

    #[test]
    fn a_key_is_named_in_what_forms_the_operation_takes() {
        let scope = Scope::parse("1000000000000001/cn-hangzhou").unwrap();
        let alias = AliasName::parse("alias/a/b").unwrap();
        assert_eq!(alias.arn(&scope), format!("{ARN}alias/a/b"));
        let key = || KeyName::Id(KeyId::parse("key-1").unwrap());
        let forms = [KeyForms::ID, KeyForms::ID_OR_ALIAS, KeyForms::ID_OR_ARN, KeyForms::ANY];
        for (text, scope, name, taken) in [
            ("key-1".to_owned(), None, key(), [true, true, true, true]),
            (
                "alias/a/b".to_owned(),
                None,
                KeyName::Alias(alias.clone()),
                [false, true, false, true],
            ),
            (format!("{ARN}key/key-1"), Some(scope.clone()), key(), [false, false, true, true]),
            (alias.arn(&scope), Some(scope), KeyName::Alias(alias), [false, false, false, true]),
        ] {
            for (forms, taken) in forms.into_iter().zip(taken) {
                let parsed = KeyRef::parse(Field::KeyId, &text, forms);
                if taken {
                    let expected = KeyRef { scope: scope.clone(), name: name.clone() };
                    assert_eq!(parsed, Ok(expected), "{text} {forms:?}");
                } else {
                    assert!(is_invalid(&parsed, Field::KeyId), "{text} {forms:?}");
                }
            }
        }
    }

    #[test]
    fn what_names_no_key_is_refused_by_its_field() {
        let parse = |text: &str| KeyRef::parse(Field::EncryptionKey, text, KeyForms::ANY);
        assert_eq!(parse(""), Err(Error::Missing(Field::EncryptionKey)));
        for text in [
            "a b",
            "alias/",
            "alias/a b",
            "acs:",
            "acs:kms:cn-hangzhou:1000000000000001:secret/a",
            "acs:kms:cn-hangzhou:1000000000000001:key/",
            "acs:kms:cn-hangzhou:1000000000000001:key/a/b",
            "acs:kms:cn-hangzhou:1000000000000001:alias/",
            "acs:sae:cn-hangzhou:1000000000000001:key/a",
            &"k".repeat(65),
        ] {
            assert!(is_invalid(&parse(text), Field::EncryptionKey), "{text}");
        }
        assert!(parse("alias/acs/kms").is_ok(), "a service's alias may be looked up");
    }
}
