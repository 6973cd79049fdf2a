//! What keys encrypt, and what comes out.

use std::{collections::BTreeMap, fmt};

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::{Error, Field, KeyId, KeyVersionId, Result, Scope};
use crate::json::{self, ObjectError};

/// How much Encrypt takes, in bytes (parameter table of Encrypt: 6 KB).
const PLAINTEXT_MAX: usize = 6 * 1024;

/// How long a context may be as JSON, in characters (guide to EncryptionContext).
const CONTEXT_MAX: usize = 8192;

/// How long a data key may be, in bytes (parameter table of GenerateDataKey).
const DATA_KEY_MAX: i64 = 1024;

/// What a blob begins with. Another layout gets another number.
const FORMAT: u8 = 1;

/// What the associated data of every blob begins with.
const ASSOCIATED: &[u8] = b"sae-secret kms ciphertext 1";

/// The bytes that Encrypt gets and Decrypt gives back: base64 on the wire (documented). Zeroed when they go.
#[derive(PartialEq, Eq)]
pub struct Plaintext(Zeroizing<Vec<u8>>);

impl Plaintext {
    /// What is to be encrypted: padded base64 of 1 to 6,144 bytes.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = |reason| Error::invalid(Field::Plaintext, reason);
        if text.is_empty() {
            return Err(Error::Missing(Field::Plaintext));
        }
        // The decoder writes straight into what is zeroed. It wants room for what the padding may hide.
        let room = text.len().div_ceil(4) * 3;
        if room > PLAINTEXT_MAX {
            return Err(refused("is longer than base64 of 6144 bytes"));
        }
        let mut bytes = Zeroizing::new(vec![0; room]);
        let length = STANDARD.decode_slice(text, bytes.as_mut_slice());
        bytes.truncate(length.map_err(|_| refused("is not padded base64"))?);
        Ok(Self(bytes))
    }

    /// Bytes that were opened or made here.
    #[must_use]
    pub const fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as base64.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.expose()))
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(hidden)")
    }
}

/// What is bound to a ciphertext and is no part of it: texts by their names (documented). The order does not count, nor how
/// the JSON was written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EncryptionContext(BTreeMap<String, String>);

impl EncryptionContext {
    /// Reads a JSON object whose values are texts, up to 8,192 characters as it was sent. An empty text is the context
    /// without names, as `{}`, and as if there were none.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = |reason: String| Error::invalid(Field::EncryptionContext, reason);
        if text.is_empty() {
            return Ok(Self::default());
        }
        if text.chars().nth(CONTEXT_MAX).is_some() {
            return Err(refused("has more than 8192 characters".to_owned()));
        }
        let members = json::members(text).map_err(|error| {
            refused(match error {
                ObjectError::DuplicateKey(_) => "has a name twice".to_owned(),
                ObjectError::NotJson { .. }
                | ObjectError::NotAnObject
                | ObjectError::TooManyMembers(_) => format!("is {error}"),
            })
        })?;
        let pairs = members.into_iter().map(|(name, value)| Some((name, json::string(value)?)));
        let pairs: Option<_> = pairs.collect();
        pairs.map(Self).ok_or_else(|| refused("has a value that is not a text".to_owned()))
    }
}

impl EncryptionContext {
    /// Takes pairs that were sent one by one; their names are different ones. They may have as many characters as in JSON.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self> {
        let length =
            |(name, value): &(String, String)| name.chars().count() + value.chars().count();
        if pairs.iter().map(length).sum::<usize>() > CONTEXT_MAX {
            return Err(Error::invalid(Field::EncryptionContext, "has more than 8192 characters"));
        }
        Ok(Self(pairs.into_iter().collect()))
    }
}

/// Without what is in it, which may be nobody else's business.
impl fmt::Debug for EncryptionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptionContext({} pairs)", self.0.len())
    }
}

/// What a key made of a plaintext: `format (1) | version's id (16) | length of the key's id (1) | key's id | frame`, as
/// padded base64. It names the key and its version and no scope: it opens where it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CiphertextBlob {
    /// The key that opens it.
    pub key: KeyId,
    /// The version of the key that sealed it.
    pub version: KeyVersionId,
    /// The frame, which is sealed with [`CiphertextBlob::associated`] as associated data.
    pub sealed: Vec<u8>,
}

impl CiphertextBlob {
    /// Reads a blob. Nothing of it is authentic before it was opened.
    ///
    /// # Errors
    /// [`Error::Missing`]; [`CiphertextBlob::refused`] for what has another form.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::Missing(Field::CiphertextBlob));
        }
        let parts = || {
            let bytes = STANDARD.decode(text).ok()?;
            let (&[FORMAT], rest) = bytes.split_first_chunk::<1>()? else {
                return None;
            };
            let (version, rest) = rest.split_first_chunk::<16>()?;
            let (&[length], rest) = rest.split_first_chunk::<1>()?;
            let (key, sealed) = rest.split_at_checked(usize::from(length))?;
            let key = KeyId::parse(str::from_utf8(key).ok()?)?;
            let version = KeyVersionId::from_bytes(*version);
            Some(Self { key, version, sealed: sealed.to_vec() })
        };
        parts().ok_or_else(Self::refused)
    }

    /// The blob as the text that [`CiphertextBlob::parse`] reads.
    #[must_use]
    pub fn text(&self) -> String {
        let key = self.key.as_str().as_bytes();
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(self.version.as_bytes());
        // An id has up to 64 characters, each a byte.
        bytes.push(u8::try_from(key.len()).unwrap_or_default());
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&self.sealed);
        STANDARD.encode(bytes)
    }

    /// What a frame is bound to: the scope, the key, the version and the context. Different ones never give the same bytes.
    #[must_use]
    pub fn associated(
        scope: &Scope,
        key: &KeyId,
        version: &KeyVersionId,
        context: &EncryptionContext,
    ) -> Vec<u8> {
        let mut bytes = [ASSOCIATED, version.as_bytes()].concat();
        let scope = scope.to_string();
        let pairs = context.0.iter().flat_map(|(name, value)| [name.as_str(), value]);
        for text in [scope.as_str(), key.as_str()].into_iter().chain(pairs) {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }

    /// The error for a blob that is none, and for one that does not open.
    #[must_use]
    pub fn refused() -> Error {
        let reason =
            "does not open: it was not made here, was changed, or has another EncryptionContext";
        Error::invalid(Field::CiphertextBlob, reason)
    }
}

/// How long a data key is: 1 to 1,024 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataKeyLength(usize);

impl DataKeyLength {
    /// What NumberOfBytes says, else KeySpec, which is `AES_256` or `AES_128`; 32 bytes without either (documented). A space
    /// before a specification is none: the parameter table has one there.
    pub fn parse(spec: Option<&str>, bytes: Option<i64>) -> Result<Self> {
        let from_spec = match spec.map(|spec| spec.trim_start_matches(' ')) {
            None | Some("AES_256") => 32,
            Some("AES_128") => 16,
            Some(_) => return Err(Error::invalid(Field::KeySpec, "is not AES_256 or AES_128")),
        };
        let Some(bytes) = bytes else {
            return Ok(Self(from_spec));
        };
        let fits =
            (1..=DATA_KEY_MAX).contains(&bytes).then(|| usize::try_from(bytes).ok()).flatten();
        let reason = "is not from 1 to 1024";
        fits.map(Self).ok_or_else(|| Error::invalid(Field::NumberOfBytes, reason))
    }

    /// The length, in bytes.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sealing::{Cipher, Material};

    const CIPHERS: [Cipher; 4] = [Cipher::Aes256, Cipher::Aes192, Cipher::Aes128, Cipher::Sm4];

    fn context(text: &str) -> EncryptionContext {
        EncryptionContext::parse(text).unwrap()
    }

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    fn is_invalid<T>(parsed: &Result<T>, field: Field) -> bool {
        matches!(parsed, Err(Error::Invalid(refused, _)) if *refused == field)
    }

    #[test]
    fn a_plaintext_has_1_to_6144_bytes() {
        for length in [1, 2, 3, 4, 6143, 6144] {
            let bytes = vec![0xff; length];
            let plain = Plaintext::parse(&STANDARD.encode(&bytes)).unwrap();
            assert_eq!(plain.expose(), bytes, "{length}");
            assert_eq!(*plain.to_base64(), STANDARD.encode(&bytes));
        }
        assert_eq!(Plaintext::parse(""), Err(Error::Missing(Field::Plaintext)));
        for text in
            ["A", "AA", "AAA", "AA=", "AB==", "A===", "=", "AAAA\n", "AA-_", "AAAA=", " AAAA"]
        {
            assert!(is_invalid(&Plaintext::parse(text), Field::Plaintext), "{text}");
        }
        for length in [6145, 6146, 6147, 100_000] {
            let text = STANDARD.encode(vec![0; length]);
            assert!(is_invalid(&Plaintext::parse(&text), Field::Plaintext), "{length}");
        }
        assert_eq!(format!("{:?}", Plaintext::parse("AAAA").unwrap()), "Plaintext(hidden)");
        assert_eq!(Plaintext::new(Zeroizing::new(vec![1])).expose(), [1]);
    }

    #[test]
    fn a_context_is_compared_parsed() {
        let one = context(r#"{"a":"b c","é":"中<>"}"#);
        assert_eq!(context("{ \"\\u00e9\": \"中\\u003c\\u003e\",\n\"a\":\"b c\"}"), one);
        for other in [r#"{"a":"b c"}"#, r#"{"a":"b c","é":"中<"}"#, r#"{"A":"b c","é":"中<>"}"#]
        {
            assert_ne!(context(other), one, "{other}");
        }
        assert_eq!(context(""), context("{}"));
        assert_ne!(context(r#"{"":""}"#), context("{}"));
        assert_eq!(format!("{one:?}"), "EncryptionContext(2 pairs)");
    }

    #[test]
    fn a_context_is_an_object_of_texts() {
        for text in [
            " ",
            "null",
            "a",
            "{",
            r#"[{"a":"b"}]"#,
            r#"{"a":1}"#,
            r#"{"a":null}"#,
            r#"{"a":["b"]}"#,
            r#"{"a":{"b":"c"}}"#,
            r#"{"a":"b","a":"b"}"#,
            r#"{"a":"b","\u0061":"c"}"#,
            r#"{"a":"\ud800"}"#,
        ] {
            assert!(
                is_invalid(&EncryptionContext::parse(text), Field::EncryptionContext),
                "{text}"
            );
        }
        let of = |length: usize| format!(r#"{{"a":"{}"}}"#, "中".repeat(length - 8));
        assert!(EncryptionContext::parse(&of(8192)).is_ok());
        assert!(is_invalid(&EncryptionContext::parse(&of(8193)), Field::EncryptionContext));
        let canary = EncryptionContext::parse(r#"{"CANARY":1,"CANARY":"CANARY"}"#).unwrap_err();
        assert!(!canary.to_string().contains("CANARY"), "{canary}");
    }

    #[test]
    fn a_blob_has_the_documented_parts() {
        let blob = CiphertextBlob {
            key: KeyId::parse("key-1").unwrap(),
            version: KeyVersionId::from_bytes([7; 16]),
            sealed: b"frame".to_vec(),
        };
        let bytes = [&[1][..], &[7; 16], &[5], b"key-1", b"frame"].concat();
        assert_eq!(blob.text(), STANDARD.encode(&bytes));
        assert_eq!(CiphertextBlob::parse(&blob.text()), Ok(blob));
        assert_eq!(CiphertextBlob::parse(""), Err(Error::Missing(Field::CiphertextBlob)));
        let longest = CiphertextBlob {
            key: KeyId::parse(&"k".repeat(64)).unwrap(),
            version: KeyVersionId::from_bytes([7; 16]),
            sealed: vec![],
        };
        assert_eq!(CiphertextBlob::parse(&longest.text()), Ok(longest));
        for length in 0..23 {
            let text = STANDARD.encode(&bytes[..length]);
            assert!(CiphertextBlob::parse(&text).is_err(), "{length} bytes");
        }
        for text in ["A", "not base64", "AQ", &STANDARD.encode([&[2], &bytes[1..]].concat())] {
            assert_eq!(CiphertextBlob::parse(text), Err(CiphertextBlob::refused()), "{text}");
        }
    }

    #[test]
    fn what_is_bound_has_the_documented_bytes() {
        let key = KeyId::parse("key-1").unwrap();
        let version = KeyVersionId::from_bytes([7; 16]);
        let context = context(r#"{"b":"2","a":"中"}"#);
        let bound = CiphertextBlob::associated(&scope("1/cn-a"), &key, &version, &context);
        let mut expected = b"sae-secret kms ciphertext 1".to_vec();
        expected.extend([7; 16]);
        for text in ["1/cn-a", "key-1", "a", "中", "b", "2"] {
            expected.extend([0, 0, 0, 0, 0, 0, 0, u8::try_from(text.len()).unwrap()]);
            expected.extend(text.as_bytes());
        }
        assert_eq!(bound, expected);
    }

    #[test]
    fn nothing_else_is_bound_alike() {
        let (key, version) = (KeyId::parse("k").unwrap(), KeyVersionId::from_bytes([7; 16]));
        let mut seen = std::collections::HashSet::new();
        for text in [
            "{}",
            r#"{"":""}"#,
            r#"{"a":"bc"}"#,
            r#"{"ab":"c"}"#,
            r#"{"a":"","bc":""}"#,
            r#"{"abc":""}"#,
        ] {
            let context = context(text);
            assert!(seen.insert(CiphertextBlob::associated(
                &scope("1/cn-a"),
                &key,
                &version,
                &context
            )));
        }
        let none = EncryptionContext::default();
        let (other_key, other_version) =
            (KeyId::parse("kk").unwrap(), KeyVersionId::from_bytes([8; 16]));
        for (scope, key, version) in [
            (scope("2/cn-a"), &key, &version),
            (scope("1/cn-b"), &key, &version),
            (scope("1/cn-a"), &other_key, &version),
            (scope("1/cn-a"), &key, &other_version),
        ] {
            assert!(seen.insert(CiphertextBlob::associated(&scope, key, version, &none)));
        }
    }

    #[test]
    fn a_data_key_has_1_to_1024_bytes() {
        for (spec, bytes, length) in [
            (None, None, 32),
            (Some("AES_256"), None, 32),
            (Some("AES_128"), None, 16),
            (Some(" AES_128"), None, 16),
            (Some("AES_128"), Some(1), 1),
            (None, Some(1024), 1024),
        ] {
            assert_eq!(
                DataKeyLength::parse(spec, bytes).unwrap().get(),
                length,
                "{spec:?} {bytes:?}"
            );
        }
        for spec in ["", "AES_192", "aes_256", "AES_256 ", "Aliyun_AES_256"] {
            assert!(
                is_invalid(&DataKeyLength::parse(Some(spec), Some(1)), Field::KeySpec),
                "{spec}"
            );
        }
        for bytes in [i64::MIN, -1, 0, 1025, i64::MAX] {
            assert!(
                is_invalid(&DataKeyLength::parse(None, Some(bytes)), Field::NumberOfBytes),
                "{bytes}"
            );
        }
    }

    /// A blob opened as Decrypt does: by what it says itself, with this material whatever key it names.
    fn open(
        text: &str,
        material: &Material,
        cipher: Cipher,
        scope: &Scope,
        context: &EncryptionContext,
    ) -> Option<Vec<u8>> {
        let blob = CiphertextBlob::parse(text).ok()?;
        let bound = CiphertextBlob::associated(scope, &blob.key, &blob.version, context);
        material.open(cipher, &bound, &blob.sealed).ok().map(|plain| plain.to_vec())
    }

    proptest! {
        #[test]
        fn a_blob_opens_unchanged_and_in_its_place_only(
            plain in prop::collection::vec(any::<u8>(), 1..100),
            (key, version) in ("[A-Za-z0-9_-]{1,64}", any::<[u8; 16]>()),
            pairs in prop::collection::btree_map("\\PC{0,5}", "\\PC{0,5}", 0..4),
            other_pairs in prop::collection::btree_map("\\PC{0,5}", "\\PC{0,5}", 0..4),
            cipher in prop::sample::select(&CIPHERS[..]),
            flipped in any::<prop::sample::Index>(),
        ) {
            let (home, material) = (scope("1/cn-a"), Material::generate().unwrap());
            let context = EncryptionContext::parse(&serde_json::to_string(&pairs).unwrap()).unwrap();
            let (key, version) = (KeyId::parse(&key).unwrap(), KeyVersionId::from_bytes(version));
            let bound = CiphertextBlob::associated(&home, &key, &version, &context);
            let sealed = material.seal(cipher, &bound, &plain).unwrap();
            let text = CiphertextBlob { key, version, sealed }.text();
            prop_assert_eq!(open(&text, &material, cipher, &home, &context), Some(plain));

            let mut bytes = STANDARD.decode(&text).unwrap();
            let at = flipped.index(bytes.len() * 8);
            bytes[at / 8] ^= 1 << (at % 8);
            let changed = STANDARD.encode(&bytes);
            prop_assert_eq!(open(&changed, &material, cipher, &home, &context), None, "bit {}", at);

            // The text as it is sent, too: no two texts are the same blob.
            let mut sent = text.clone().into_bytes();
            let at = flipped.index(sent.len());
            sent[at] = if sent[at] == b'A' { b'B' } else { b'A' };
            let sent = String::from_utf8(sent).unwrap();
            prop_assert_eq!(open(&sent, &material, cipher, &home, &context), None, "character {}", at);

            prop_assert_eq!(open(&text, &material, cipher, &scope("2/cn-a"), &context), None);
            prop_assert_eq!(open(&text, &material, cipher, &scope("1/cn-b"), &context), None);
            prop_assert_eq!(open(&text, &Material::generate().unwrap(), cipher, &home, &context), None);
            let other = EncryptionContext(other_pairs);
            prop_assume!(other != context);
            prop_assert_eq!(open(&text, &material, cipher, &home, &other), None);
        }
    }
}
