//! Master keys: given from outside, never stored in the database.

use std::fmt;

use anyhow::{anyhow, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{CryptoError, KEY_LENGTH, KeyBytes, random};
use crate::sealed::MasterKeyId;

/// The master keys that were given: the first seals, all of them open.
#[derive(Clone, Default)]
pub struct MasterKeys(Vec<(MasterKeyId, KeyBytes)>);

impl MasterKeys {
    /// The keys in a text of lines `id:base64`. Empty lines and lines that begin with `#` are left out.
    /// Errors name lines, never their content.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        // Room for all of them: a vector that grows leaves copies behind that are not zeroed.
        let mut keys: Vec<(MasterKeyId, KeyBytes)> = Vec::with_capacity(text.lines().count());
        // Some editors begin a file with a mark that cannot be seen.
        let text = text.trim_start_matches('\u{feff}');
        for (index, line) in text.lines().enumerate() {
            let (number, line) = (index + 1, line.trim());
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let refused = |why: &str| anyhow!("line {number}{why}");
            let form = " is not of the form id:base64";
            let (id, key) = line.split_once(':').ok_or_else(|| refused(form))?;
            let id = id.trim_end().parse::<MasterKeyId>();
            let id = id.map_err(|rule| refused(&format!(": {rule}")))?;
            if keys.iter().any(|(known, _)| *known == id) {
                return Err(refused(": a key of this id stands above already"));
            }
            let form = ": what follows the id is not padded base64 of 32 bytes";
            keys.push((id, key_in(key.trim_start()).ok_or_else(|| refused(form))?));
        }
        if keys.is_empty() {
            bail!("it holds no key: one stands on each line, as id:base64 of 32 bytes");
        }
        Ok(Self(keys))
    }

    /// One new random key.
    pub fn generate(id: MasterKeyId) -> Result<Self, CryptoError> {
        Ok(Self(vec![(id, random()?)]))
    }

    /// The keys as the text that [`MasterKeys::parse`] reads.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.0.len() * 128));
        for (id, key) in &self.0 {
            let encoded = Zeroizing::new(STANDARD.encode(key.as_ref()));
            for part in [id.as_str(), ":", &encoded, "\n"] {
                text.push_str(part);
            }
        }
        text
    }

    /// The key that seals.
    pub(super) fn sealing(&self) -> Result<(&MasterKeyId, &KeyBytes), CryptoError> {
        self.0.first().map(|(id, key)| (id, key)).ok_or(CryptoError::NoMasterKey)
    }

    /// The id of the key that seals; none where none was given.
    #[must_use]
    pub fn sealing_id(&self) -> Option<&MasterKeyId> {
        self.ids().next()
    }

    /// The key of that id.
    pub(super) fn get(&self, id: &MasterKeyId) -> Option<&KeyBytes> {
        self.0.iter().find(|(known, _)| known == id).map(|(_, key)| key)
    }

    /// The ids of all keys, the one that seals first.
    pub fn ids(&self) -> impl Iterator<Item = &MasterKeyId> {
        self.0.iter().map(|(id, _)| id)
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
        let long = "x".repeat(65);
        for (text, error) in [
            (String::new(), "it holds no key"),
            ("\n# nothing\n".to_owned(), "it holds no key"),
            (format!("# one\n{A}"), "line 2 is not of the form id:base64"),
            (format!(":{A}"), "line 1: the id of a master key has"),
            (format!("db/012345678901:{A}"), "line 1: the id of a master key has"),
            (format!("schlüssel:{A}"), "line 1: the id of a master key has"),
            (format!("{long}:{A}"), "line 1: the id of a master key has"),
            ("a:".to_owned(), "line 1: what follows the id is not padded base64"),
            ("a:not base64".to_owned(), "line 1: what follows the id is not padded base64"),
            ("a:AAAA".to_owned(), "line 1: what follows the id is not padded base64"),
            // 31 and 33 bytes, and 48: longer than what there is room for.
            (
                format!("a:{}A==", "A".repeat(41)),
                "line 1: what follows the id is not padded base64",
            ),
            (format!("a:{}", "A".repeat(44)), "line 1: what follows the id is not padded base64"),
            (format!("a:{}", "A".repeat(64)), "line 1: what follows the id is not padded base64"),
            (
                format!("a:{}", A.trim_end_matches('=')),
                "line 1: what follows the id is not padded base64",
            ),
            (format!("a:{A}\nb:{B}\na:{B}"), "line 3: a key of this id"),
        ] {
            let refused = MasterKeys::parse(&text).unwrap_err().to_string();
            assert!(refused.starts_with(error), "{text}: {refused}");
            assert!(!refused.contains("AAAA"), "{refused}");
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
