//! Pairs of SSH keys.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rsa::{
    PrivateKey,
    pkcs1::{EncodeRsaPrivateKey as _, LineEnding},
    rand_core::{TryCryptoRng, TryRng},
    traits::PublicKeyParts,
};
use zeroize::Zeroizing;

use super::super::{Error, Random, Result};

/// How long a key is, in bits. Those that ECS makes have as many (documented).
const BITS: usize = 2048;

const ALGORITHM: &str = "ssh-rsa";

/// A new pair. It takes a tenth of a second to find one, sometimes several.
pub struct KeyPair {
    /// A line `ssh-rsa …`, as OpenSSH has it.
    pub public_key: String,
    /// PEM of PKCS#1, `BEGIN RSA PRIVATE KEY`.
    pub private_key: Zeroizing<String>,
}

impl KeyPair {
    /// Finds a pair.
    pub fn generate(random: &mut dyn Random) -> Result<Self> {
        let mut source = Source { random, failure: None };
        let key = PrivateKey::new(&mut source, BITS);
        if let Some(failure) = source.failure {
            return Err(failure);
        }
        let key = key.map_err(Error::unavailable)?;
        Ok(Self {
            public_key: public_key(&key),
            private_key: key.to_pkcs1_pem(LineEnding::LF).map_err(Error::unavailable)?,
        })
    }
}

/// RFC 4253, section 6.6: the name of the algorithm, the exponent and the modulus.
fn public_key(key: &PrivateKey) -> String {
    let mut blob = Vec::new();
    field(&mut blob, &[ALGORITHM.as_bytes()]);
    for number in [key.e_bytes(), key.n_bytes()] {
        // A number with its highest bit set would be a negative one.
        let sign: &[u8] = if number.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
        field(&mut blob, &[sign, &number]);
    }
    format!("{ALGORITHM} {}", STANDARD.encode(blob))
}

/// Appends a string with its length before it (RFC 4251, section 5).
fn field(blob: &mut Vec<u8>, parts: &[&[u8]]) {
    let bytes = parts.concat();
    blob.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    blob.extend(bytes);
}

/// Keeps what went wrong, which the library does not tell.
struct Source<'a> {
    random: &'a mut dyn Random,
    failure: Option<Error>,
}

impl TryRng for Source<'_> {
    type Error = Error;

    fn try_next_u32(&mut self) -> Result<u32> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<()> {
        let filled = self.random.fill(bytes);
        self.failure = filled.as_ref().err().cloned();
        filled
    }
}

impl TryCryptoRng for Source<'_> {}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rsa::pkcs1::DecodeRsaPrivateKey as _;

    use super::{
        super::super::random::tests::{broken, seeded},
        *,
    };

    #[test]
    fn a_pair_is_a_pair() {
        let pair = KeyPair::generate(&mut seeded(11)).unwrap();
        let pem = &*pair.private_key;
        assert!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\nMII"), "{pem}");
        assert!(pem.ends_with("\n-----END RSA PRIVATE KEY-----\n"), "{pem}");
        let key = PrivateKey::from_pkcs1_pem(pem).unwrap();
        key.validate().unwrap();
        assert_eq!((key.size(), &*key.e_bytes()), (256, &[1, 0, 1][..]));
        assert_eq!(public_key(&key), pair.public_key);

        // What every such key of that length begins with: "ssh-rsa", 65537, and 257 bytes of which the first is 0.
        assert!(pair.public_key.starts_with("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ"));
        let blob = STANDARD.decode(pair.public_key.strip_prefix("ssh-rsa ").unwrap()).unwrap();
        assert_eq!(blob.len(), 4 + 7 + 4 + 3 + 4 + 257);
        assert!(blob.ends_with(&key.n_bytes()));
    }

    #[test]
    fn a_number_without_its_highest_bit_has_no_sign() {
        let mut blob = Vec::new();
        field(&mut blob, &[&[], &[1, 0, 1]]);
        field(&mut blob, &[&[0], &[0x80]]);
        assert_eq!(blob, [0, 0, 0, 3, 1, 0, 1, 0, 0, 0, 2, 0, 0x80]);
    }

    #[test]
    fn the_source_decides() {
        let one = KeyPair::generate(&mut seeded(12)).unwrap();
        let same = KeyPair::generate(&mut seeded(12)).unwrap();
        assert_eq!((&one.public_key, &one.private_key), (&same.public_key, &same.private_key));
        let other = KeyPair::generate(&mut seeded(13)).unwrap();
        assert_ne!(one.public_key, other.public_key);
        let error = KeyPair::generate(&mut broken()).err();
        assert_eq!(error, Some(Error::unavailable("no random bytes")));
    }
}
