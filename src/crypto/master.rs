//! Master keys: given from outside, never kept in the database.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{CryptoError, KEY_LENGTH, KeyBytes, random};
use crate::sealed::{MasterKeyId, MasterKeyIdError};

/// The master keys that were given: the first seals, all of them open.
#[derive(Clone, Default)]
pub struct MasterKeys(Vec<(MasterKeyId, KeyBytes)>);

/// A text does not hold master keys. Names lines, never what stands in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeysError {
    /// There is no key in it.
    #[error("it holds no key: one stands on each line, as id:base64 of 32 bytes")]
    Empty,
    /// A line has no colon.
    #[error("line {0} is not of the form id:base64")]
    Form(usize),
    /// A line's id is none.
    #[error("line {0}: {1}")]
    Id(usize, MasterKeyIdError),
    /// What follows the id is no key.
    #[error("line {0}: what follows the id is not padded base64 of 32 bytes")]
    Key(usize),
    /// An id stands twice.
    #[error("line {0}: a key of this id stands above already")]
    Twice(usize),
}

impl MasterKeys {
    /// The keys in a text of lines `id:base64`. Empty lines and lines that begin with `#` are left out.
    pub fn parse(text: &str) -> Result<Self, MasterKeysError> {
        // Room for all of them: what grows leaves copies behind that nobody zeroes.
        let mut keys: Vec<(MasterKeyId, KeyBytes)> = Vec::with_capacity(text.lines().count());
        // Some editors begin a file with a mark that cannot be seen.
        let text = text.trim_start_matches('\u{feff}');
        for (index, line) in text.lines().enumerate() {
            let (number, line) = (index + 1, line.trim());
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, key) = line.split_once(':').ok_or(MasterKeysError::Form(number))?;
            let id = id.trim_end().parse().map_err(|error| MasterKeysError::Id(number, error))?;
            if keys.iter().any(|(known, _)| *known == id) {
                return Err(MasterKeysError::Twice(number));
            }
            let key = key_in(key.trim_start()).ok_or(MasterKeysError::Key(number))?;
            keys.push((id, key));
        }
        if keys.is_empty() { Err(MasterKeysError::Empty) } else { Ok(Self(keys)) }
    }

    /// One new random key.
    pub fn generate(id: MasterKeyId) -> Result<Self, CryptoError> {
        Ok(Self(vec![(id, random()?)]))
    }

    /// The keys as the text that [`MasterKeys::parse`] reads.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.0.len() * 128));
        for (id, key) in self.all() {
            let encoded = Zeroizing::new(STANDARD.encode(key.as_ref()));
            for part in [id.as_str(), ":", &encoded, "\n"] {
                text.push_str(part);
            }
        }
        text
    }

    /// The key that seals.
    pub(super) fn sealing(&self) -> Result<(&MasterKeyId, &KeyBytes), CryptoError> {
        self.all().next().ok_or(CryptoError::NoMasterKey)
    }

    /// The id of the key that seals; none where none was given.
    #[must_use]
    pub fn sealing_id(&self) -> Option<&MasterKeyId> {
        self.ids().next()
    }

    /// The key of that id.
    pub(super) fn get(&self, id: &MasterKeyId) -> Option<&KeyBytes> {
        self.all().find(|(known, _)| *known == id).map(|(_, key)| key)
    }

    /// The ids of all keys, the one that seals first.
    pub fn ids(&self) -> impl Iterator<Item = &MasterKeyId> {
        self.all().map(|(id, _)| id)
    }

    fn all(&self) -> impl Iterator<Item = (&MasterKeyId, &KeyBytes)> {
        self.0.iter().map(|(id, key)| (id, key))
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.ids()).finish()
    }
}

fn key_in(text: &str) -> Option<KeyBytes> {
    // The decoder writes straight into what is zeroed. It wants room for what the padding may hide.
    let mut decoded = Zeroizing::new([0; KEY_LENGTH + 1]);
    let length = STANDARD.decode_slice(text, decoded.as_mut()).ok()?;
    super::key_of(decoded.get(..length)?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const A: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const B: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn ids(text: &str) -> Vec<String> {
        MasterKeys::parse(text).unwrap().ids().map(ToString::to_string).collect()
    }

    #[test]
    fn lines_are_keys_and_the_first_seals() {
        assert_eq!(
            ids(&format!("\u{feff}new:{A}\r\n# old ones\n\n  2025.old_key-1 : {B}  ")),
            ["new", "2025.old_key-1"]
        );
        let both = MasterKeys::parse(&format!("a:{A}\nb:{B}")).unwrap();
        assert_eq!(both.sealing_id().map(MasterKeyId::as_str), Some("a"));
        assert_eq!(**both.get(&"b".parse().unwrap()).unwrap(), [1; 32]);
        assert!(both.get(&"c".parse().unwrap()).is_none());
        assert_eq!(*both.text(), format!("a:{A}\nb:{B}\n"));
    }

    #[test]
    fn mistakes_name_the_line_and_not_its_content() {
        let (number, long) = (MasterKeyIdError, "x".repeat(65));
        for (text, error) in [
            (String::new(), MasterKeysError::Empty),
            ("\n# nothing\n".to_owned(), MasterKeysError::Empty),
            (format!("# one\n{A}"), MasterKeysError::Form(2)),
            (format!(":{A}"), MasterKeysError::Id(1, number)),
            (format!("db/012345678901:{A}"), MasterKeysError::Id(1, number)),
            (format!("schlüssel:{A}"), MasterKeysError::Id(1, number)),
            (format!("{long}:{A}"), MasterKeysError::Id(1, number)),
            ("a:".to_owned(), MasterKeysError::Key(1)),
            ("a:not base64".to_owned(), MasterKeysError::Key(1)),
            ("a:AAAA".to_owned(), MasterKeysError::Key(1)),
            // 31 and 33 bytes, and 48: longer than what there is room for.
            (format!("a:{}A==", "A".repeat(41)), MasterKeysError::Key(1)),
            (format!("a:{}", "A".repeat(44)), MasterKeysError::Key(1)),
            (format!("a:{}", "A".repeat(64)), MasterKeysError::Key(1)),
            (format!("a:{}", A.trim_end_matches('=')), MasterKeysError::Key(1)),
            (format!("a:{A}\nb:{B}\na:{B}"), MasterKeysError::Twice(3)),
        ] {
            let refused = MasterKeys::parse(&text).unwrap_err();
            assert_eq!(refused, error, "{text}");
            assert!(!refused.to_string().contains("AAAA"), "{refused}");
        }
    }

    #[test]
    fn new_keys_differ_and_are_not_shown() {
        let new = || MasterKeys::generate("a".parse().unwrap()).unwrap();
        assert_ne!(*new().text(), *new().text());
        let keys = new();
        assert_eq!(format!("{keys:?}"), r#"{MasterKeyId("a")}"#);
        assert_eq!(*MasterKeys::parse(&keys.text()).unwrap().text(), *keys.text());
    }
}
