//! The frame of everything sealed: `format (1) | nonce (12) | ciphertext | tag (16)`, by a block cipher in GCM.

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce, Tag,
    aead::AeadInOut,
    aes::cipher::consts::{U12, U16},
};
use zeroize::Zeroizing;

use super::{CryptoError, KeyBytes, random};

/// The format of what AES-256-GCM sealed. Another cipher or layout gets another number.
pub const AES_256: u8 = 1;

const NONCE_LENGTH: usize = 12;
const TAG_LENGTH: usize = 16;

/// How many bytes a frame has beside the ciphertext, which is as long as what was sealed.
pub const OVERHEAD: usize = 1 + NONCE_LENGTH + TAG_LENGTH;

/// A cipher whose nonces have 12 bytes and whose tags have 16.
pub trait Framing: AeadInOut<NonceSize = U12, TagSize = U16> {}

impl<C: AeadInOut<NonceSize = U12, TagSize = U16>> Framing for C {}

/// Seals `plain` by AES-256-GCM; only the same key and the same `associated` bytes open it.
pub fn seal(key: &KeyBytes, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
    seal_by(AES_256, &cipher(key), associated, plain)
}

/// The same by any cipher; the format is the cipher's own number.
pub fn seal_by(
    format: u8,
    cipher: &impl Framing,
    associated: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let nonce = random::<NONCE_LENGTH>()?;
    let mut framed = Vec::with_capacity(plain.len() + OVERHEAD);
    framed.push(format);
    framed.extend_from_slice(nonce.as_ref());
    framed.extend_from_slice(plain);
    let text = framed.get_mut(1 + NONCE_LENGTH..).ok_or(CryptoError::TooLong)?;
    let tag = cipher
        .encrypt_inout_detached(&Nonce::from(*nonce), associated, text.into())
        .map_err(|_| CryptoError::TooLong)?;
    framed.extend_from_slice(&tag);
    Ok(framed)
}

/// Opens what [`seal`] made.
pub fn open(
    key: &KeyBytes,
    associated: &[u8],
    framed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    open_by(AES_256, &cipher(key), associated, framed)
}

/// Opens what [`seal_by`] made by this cipher.
pub fn open_by(
    format: u8,
    cipher: &impl Framing,
    associated: &[u8],
    framed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let parts = || {
        let (&[known], rest) = framed.split_first_chunk::<1>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LENGTH>()?;
        let (text, tag) = rest.split_last_chunk::<TAG_LENGTH>()?;
        (known == format).then_some((nonce, text, tag))
    };
    let (nonce, text, tag) = parts().ok_or(CryptoError::CannotOpen)?;
    let mut plain = Zeroizing::new(text.to_vec());
    let (nonce, tag) = (Nonce::from(*nonce), Tag::from(*tag));
    cipher
        .decrypt_inout_detached(&nonce, associated, plain.as_mut_slice().into(), &tag)
        .map_err(|_| CryptoError::CannotOpen)?;
    Ok(plain)
}

/// Opens a frame that holds a key; [`CryptoError::CannotOpen`] also for a sealed value that is no key.
pub fn open_key(key: &KeyBytes, associated: &[u8], framed: &[u8]) -> Result<KeyBytes, CryptoError> {
    let plain = open(key, associated, framed)?;
    super::key_of(&plain).ok_or(CryptoError::CannotOpen)
}

fn cipher(key: &KeyBytes) -> Aes256Gcm {
    let key: &[u8; super::KEY_LENGTH] = key;
    Aes256Gcm::new(key.into())
}

/// Puts texts one after the other so that no other texts give the same bytes: each behind its length.
pub fn extend_with_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_documented_parts() {
        let key = random().unwrap();
        let framed = seal(&key, b"place", b"value").unwrap();
        assert_eq!((framed.len(), framed[0]), (5 + OVERHEAD, 1));
        assert_eq!(open(&key, b"place", &framed).unwrap().as_slice(), b"value");
        assert_ne!(seal(&key, b"place", b"value").unwrap(), framed, "each nonce is a new one");
    }

    #[test]
    fn the_cipher_is_aes_256_gcm() {
        // Test case 16 of the specification that McGrew and Viega proposed to NIST.
        let bytes = |hex: &str| data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
        let key: [u8; 32] = <[u8; 16]>::try_from(bytes("feffe9928665731c6d6a8f9467308308"))
            .map(|half| [half, half].concat().try_into().unwrap())
            .unwrap();
        let framed = [
            vec![AES_256],
            bytes("cafebabefacedbaddecaf888"),
            bytes(
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                 8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            ),
            bytes("76fc6ece0f4e1768cddf8853bb2d551b"),
        ]
        .concat();
        let associated = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = open(&Zeroizing::new(key), &associated, &framed).unwrap();
        assert_eq!(
            plain.as_slice(),
            bytes(
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                 1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
            )
        );
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let key = random().unwrap();
        let framed = seal(&key, b"place", b"a value of some length").unwrap();
        for at in 0..framed.len() * 8 {
            let mut changed = framed.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert_eq!(open(&key, b"place", &changed), Err(CryptoError::CannotOpen), "bit {at}");
        }
        for length in 0..framed.len() {
            assert_eq!(open(&key, b"place", &framed[..length]), Err(CryptoError::CannotOpen));
        }
        let longer = [framed.as_slice(), &[0]].concat();
        assert_eq!(open(&key, b"place", &longer), Err(CryptoError::CannotOpen));
        assert_eq!(open(&key, b"places", &framed), Err(CryptoError::CannotOpen));
        assert_eq!(open(&random().unwrap(), b"place", &framed), Err(CryptoError::CannotOpen));
    }
}
