//! The material of KMS keys, and the ciphers that it is used with.

use std::fmt;

use aes_gcm::{
    Aes128Gcm, Aes256Gcm, AesGcm, KeyInit,
    aes::{Aes192, cipher::consts::U12},
};
use sm4::Sm4;
use zeroize::Zeroizing;

use super::{Binding, CryptoError, DataEncryptionKey, KEY_LENGTH, frame, key_of, random};

/// How many points the group of the curve P-256 has (FIPS 186-5): a private key is less.
const P256_ORDER: [u8; KEY_LENGTH] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// What a symmetric key of KMS seals with: a block cipher in GCM. Its key is what the material begins with: 32, 24 or
/// 16 bytes for AES, 16 for SM4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    /// AES-256-GCM.
    Aes256,
    /// AES-192-GCM.
    Aes192,
    /// AES-128-GCM.
    Aes128,
    /// SM4-GCM (RFC 8998).
    Sm4,
}

impl Cipher {
    /// The number that its frames begin with.
    const fn format(self) -> u8 {
        match self {
            Self::Aes256 => frame::AES_256,
            Self::Aes192 => 2,
            Self::Aes128 => 3,
            Self::Sm4 => 4,
        }
    }
}

/// The material of one version of a KMS key: 32 secret bytes, kept as a data key is. One version must not seal more than
/// 2^32 times, since its nonces are random (NIST SP 800-38D, 8.3).
pub struct Material(DataEncryptionKey);

impl Material {
    /// New random material for a cipher.
    pub fn generate() -> Result<Self, CryptoError> {
        DataEncryptionKey::generate().map(Self)
    }

    /// A new random private key of the curve P-256, as a big-endian number.
    pub fn generate_p256() -> Result<Self, CryptoError> {
        loop {
            // All but one of 2^32 are in the range.
            let bytes = random()?;
            if is_p256_private_key(&bytes) {
                return Ok(Self(DataEncryptionKey(bytes)));
            }
        }
    }

    /// The material as what a key of the database wraps.
    #[must_use]
    pub fn data_key(&self) -> &DataEncryptionKey {
        &self.0
    }

    /// Seals bytes; only the same material, cipher and `associated` bytes open them.
    pub fn seal(
        &self,
        cipher: Cipher,
        associated: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let format = cipher.format();
        match cipher {
            Cipher::Aes256 => {
                frame::seal_by(format, &self.keyed::<Aes256Gcm>()?, associated, plain)
            }
            Cipher::Aes192 => {
                frame::seal_by(format, &self.keyed::<AesGcm<Aes192, U12>>()?, associated, plain)
            }
            Cipher::Aes128 => {
                frame::seal_by(format, &self.keyed::<Aes128Gcm>()?, associated, plain)
            }
            Cipher::Sm4 => {
                frame::seal_by(format, &self.keyed::<AesGcm<Sm4, U12>>()?, associated, plain)
            }
        }
    }

    /// Opens what [`Material::seal`] made.
    pub fn open(
        &self,
        cipher: Cipher,
        associated: &[u8],
        framed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let format = cipher.format();
        match cipher {
            Cipher::Aes256 => {
                frame::open_by(format, &self.keyed::<Aes256Gcm>()?, associated, framed)
            }
            Cipher::Aes192 => {
                frame::open_by(format, &self.keyed::<AesGcm<Aes192, U12>>()?, associated, framed)
            }
            Cipher::Aes128 => {
                frame::open_by(format, &self.keyed::<Aes128Gcm>()?, associated, framed)
            }
            Cipher::Sm4 => {
                frame::open_by(format, &self.keyed::<AesGcm<Sm4, U12>>()?, associated, framed)
            }
        }
    }

    /// Wraps the data key of a row for its place, as a key of the database does.
    pub fn wrap_data_key(
        &self,
        cipher: Cipher,
        data_key: &DataEncryptionKey,
        place: &Binding,
    ) -> Result<Vec<u8>, CryptoError> {
        self.seal(cipher, &place.associated, data_key.0.as_ref())
    }

    /// The data key of a place.
    pub fn unwrap_data_key(
        &self,
        cipher: Cipher,
        wrapped: &[u8],
        place: &Binding,
    ) -> Result<DataEncryptionKey, CryptoError> {
        let plain = self.open(cipher, &place.associated, wrapped)?;
        key_of(&plain).map(DataEncryptionKey).ok_or(CryptoError::CannotOpen)
    }

    /// A cipher, with as much of the material as its key takes.
    fn keyed<C: KeyInit>(&self) -> Result<C, CryptoError> {
        let key = self.0.0.get(..C::key_size()).ok_or(CryptoError::CannotOpen)?;
        C::new_from_slice(key).map_err(|_| CryptoError::CannotOpen)
    }
}

/// The material in a data key that was unwrapped.
impl From<DataEncryptionKey> for Material {
    fn from(data_key: DataEncryptionKey) -> Self {
        Self(data_key)
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Material(hidden)")
    }
}

fn is_p256_private_key(bytes: &[u8; KEY_LENGTH]) -> bool {
    *bytes < P256_ORDER && *bytes != [0; KEY_LENGTH]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const ALL: [Cipher; 4] = [Cipher::Aes256, Cipher::Aes192, Cipher::Aes128, Cipher::Sm4];

    fn bytes(hex: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()
    }

    fn material(hex: &str) -> Material {
        Material(DataEncryptionKey(key_of(&bytes(hex)).unwrap()))
    }

    #[test]
    fn the_ciphers_are_the_published_ones() {
        // Test cases 16, 10 and 4 of the specification that McGrew and Viega proposed to NIST, whose keys begin alike; and
        // RFC 8998, A.1.
        let nist = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
        let nist_plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                          1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
        let nist_nonce = "cafebabefacedbaddecaf888";
        let sm4 = "0123456789abcdeffedcba9876543210ffffffffffffffffffffffffffffffff";
        let sm4_plain = "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd\
                         eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa";
        let associated = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        for (cipher, key, format, nonce, plain, sealed) in [
            (
                Cipher::Aes256,
                nist,
                "01",
                nist_nonce,
                nist_plain,
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                 8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
                 76fc6ece0f4e1768cddf8853bb2d551b",
            ),
            (
                Cipher::Aes192,
                nist,
                "02",
                nist_nonce,
                nist_plain,
                "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c\
                 7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710\
                 2519498e80f1478f37ba55bd6d27618c",
            ),
            (
                Cipher::Aes128,
                nist,
                "03",
                nist_nonce,
                nist_plain,
                "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e\
                 21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091\
                 5bc94fbc3221a5db94fae95ae7121a47",
            ),
            (
                Cipher::Sm4,
                sm4,
                "04",
                "00001234567800000000abcd",
                sm4_plain,
                "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735\
                 d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d\
                 83de3541e4c2b58177e065a9bf7b62ec",
            ),
        ] {
            let framed = bytes(&[format, nonce, sealed].concat());
            let opened = material(key).open(cipher, &associated, &framed).unwrap();
            assert_eq!(*opened, bytes(plain), "{cipher:?}");
            let again = material(key).seal(cipher, &associated, &opened).unwrap();
            assert_eq!((again.len(), again[0]), (framed.len(), framed[0]));
            assert_eq!(material(key).open(cipher, &associated, &again).unwrap(), opened);
        }
    }

    #[test]
    fn every_changed_bit_is_noticed_by_every_cipher() {
        let material = Material::generate().unwrap();
        for cipher in ALL {
            let framed = material.seal(cipher, b"place", b"some value").unwrap();
            assert_eq!(material.open(cipher, b"place", &framed).unwrap().as_slice(), b"some value");
            let refused = |material: &Material, associated: &[u8], framed: &[u8]| {
                material.open(cipher, associated, framed) == Err(CryptoError::CannotOpen)
            };
            for at in 0..framed.len() * 8 {
                let mut changed = framed.clone();
                changed[at / 8] ^= 1 << (at % 8);
                assert!(refused(&material, b"place", &changed), "{cipher:?}, bit {at}");
            }
            for length in 0..framed.len() {
                assert!(refused(&material, b"place", &framed[..length]));
            }
            assert!(refused(&material, b"places", &framed));
            assert!(refused(&Material::generate().unwrap(), b"place", &framed));
            for other in ALL.into_iter().filter(|other| *other != cipher) {
                assert!(
                    material.open(other, b"place", &framed).is_err(),
                    "{cipher:?} by {other:?}"
                );
                let mut renamed = framed.clone();
                renamed[0] = other.format();
                assert!(material.open(other, b"place", &renamed).is_err());
            }
        }
    }

    #[test]
    fn a_cipher_uses_what_the_material_begins_with() {
        let seal = |cipher| material(&"11".repeat(32)).seal(cipher, b"", b"value").unwrap();
        for (cipher, length) in
            [(Cipher::Aes256, 32), (Cipher::Aes192, 24), (Cipher::Aes128, 16), (Cipher::Sm4, 16)]
        {
            for changed in 0..32 {
                let mut key = vec![0x11; 32];
                key[changed] = 0;
                let other = Material(DataEncryptionKey(key_of(&key).unwrap()));
                let opens = other.open(cipher, b"", &seal(cipher)).is_ok();
                assert_eq!(opens, changed >= length, "{cipher:?}, byte {changed}");
            }
        }
    }

    #[test]
    fn a_data_key_opens_in_its_place_only() {
        let material = Material::generate().unwrap();
        let data_key = DataEncryptionKey::generate().unwrap();
        let place = |number| Binding::new("test 1", &[7; 16]).number(number);
        let sealed = data_key.seal(b"value").unwrap();
        for cipher in ALL {
            let wrapped = material.wrap_data_key(cipher, &data_key, &place(1)).unwrap();
            let again = material.unwrap_data_key(cipher, &wrapped, &place(1)).unwrap();
            assert_eq!(again.open(&sealed).unwrap().as_slice(), b"value");
            assert!(material.unwrap_data_key(cipher, &wrapped, &place(2)).is_err());
            let no_key = material.seal(cipher, &place(1).associated, b"value").unwrap();
            assert!(material.unwrap_data_key(cipher, &no_key, &place(1)).is_err());
        }
    }

    #[test]
    fn a_private_key_is_less_than_the_order_of_its_curve() {
        let mut least = [0; KEY_LENGTH];
        assert!(!is_p256_private_key(&least));
        least[31] = 1;
        assert!(is_p256_private_key(&least));
        let mut greatest = P256_ORDER;
        assert!(!is_p256_private_key(&greatest));
        greatest[31] -= 1;
        assert!(is_p256_private_key(&greatest));
        assert!(!is_p256_private_key(&[0xff; KEY_LENGTH]));
        assert!(is_p256_private_key(&Material::generate_p256().unwrap().0.0));
    }

    #[test]
    fn material_is_new_each_time_and_is_not_shown() {
        let new = || Material::generate().unwrap();
        assert_ne!(*new().data_key().0, *new().data_key().0);
        assert_eq!(format!("{:?}", new()), "Material(hidden)");
    }
}
