//! The private key, and whether it belongs to a certificate.

use rustls::crypto::ring::sign::{any_ecdsa_type, any_eddsa_type};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use x509_parser::asn1_rs::{Class, Tag};
use zeroize::Zeroizing;

use super::public_key::{Algorithm, Curve, PublicKey};
use super::{sequence, take, take_positive, take_universal, without_leading_zeros};

const NOT_PKCS8: &str = "the PRIVATE KEY block is not a PKCS#8 key in DER";
const NOT_PKCS1: &str = "the RSA key is not a PKCS#1 key in DER";
const NOT_SEC1: &str = "the EC key is not a SEC1 key in DER";
const UNKNOWN_CURVE: &str = "the private key's curve is not P-256, P-384 or P-521 by name";

/// What is needed of a private key to find out whose it is.
pub(super) enum PrivateKey {
    /// The public half of it, which is part of a PKCS#1 key.
    Rsa(PublicKey),
    /// The number, as long as the curve says, and the point if the key carries it.
    Ec { curve: Curve, scalar: Zeroizing<Vec<u8>>, point: Option<Vec<u8>> },
    /// The 32 bytes of RFC 8410, section 7.
    Ed25519 { seed: Zeroizing<Vec<u8>> },
}

impl PrivateKey {
    /// Reads `PrivateKeyInfo` (RFC 5208) or `OneAsymmetricKey` (RFC 5958).
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, &'static str> {
        let (oid, parameters, mut key) = pkcs8_fields(der).ok_or(NOT_PKCS8)?;
        match Algorithm::of(oid) {
            Some(Algorithm::Rsa) => Self::from_pkcs1(key),
            Some(Algorithm::Ec) => {
                Self::from_sec1(key, Some(named_curve(parameters).ok_or(UNKNOWN_CURVE)?))
            }
            Some(Algorithm::Ed25519) => take_universal(&mut key, Tag::OctetString)
                .filter(|seed| seed.len() == 32 && key.is_empty())
                .map(|seed| Self::Ed25519 { seed: Zeroizing::new(seed.to_vec()) })
                .ok_or("the Ed25519 key is not 32 bytes in DER"),
            None => Err("the private key is not RSA, ECDSA or Ed25519"),
        }
    }

    /// Reads `RSAPrivateKey` with two primes (RFC 8017, appendix A.1.2).
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, &'static str> {
        pkcs1_public(der).map(Self::Rsa).ok_or(NOT_PKCS1)
    }

    /// Reads `ECPrivateKey` (RFC 5915); `outer` is the curve that the PKCS#8 around it names.
    pub(super) fn from_sec1(der: &[u8], outer: Option<Curve>) -> Result<Self, &'static str> {
        let mut fields = sequence(der).ok_or(NOT_SEC1)?;
        if take_universal(&mut fields, Tag::Integer) != Some(&[1]) {
            return Err(NOT_SEC1);
        }
        let number = take_universal(&mut fields, Tag::OctetString).ok_or(NOT_SEC1)?;
        let inner = match take(&mut fields, Class::ContextSpecific, 0) {
            Some(parameters) => Some(named_curve(parameters).ok_or(UNKNOWN_CURVE)?),
            None => None,
        };
        let point = match take(&mut fields, Class::ContextSpecific, 1) {
            Some(bits) => Some(whole_bytes(bits).ok_or(NOT_SEC1)?.to_vec()),
            None => None,
        };
        if !fields.is_empty() {
            return Err(NOT_SEC1);
        }
        if inner.is_some() && outer.is_some() && inner != outer {
            return Err("the EC key names two curves");
        }
        let curve = inner.or(outer).ok_or("the EC key does not name its curve")?;
        let scalar = padded(number, curve.size()).ok_or(NOT_SEC1)?;
        Ok(Self::Ec { curve, scalar, point })
    }

    /// Whether `public` is the public key of this private key.
    ///
    /// # Errors
    /// The reason why that cannot be told.
    pub(super) fn belongs_to(&self, public: &PublicKey) -> Result<bool, &'static str> {
        match (self, public) {
            (Self::Rsa(own), public) => Ok(own == public),
            (Self::Ec { curve, .. }, PublicKey::Ec { curve: other, .. }) if curve != other => {
                Ok(false)
            }
            (Self::Ec { curve: Curve::P521, point, .. }, PublicKey::Ec { point: other, .. }) => {
                let point = point.as_ref();
                Ok(point.ok_or("an EC key on P-521 must carry its public key")? == other)
            }
            (Self::Ec { scalar, .. }, PublicKey::Ec { point, .. }) => {
                Ok(makes_point(scalar, point))
            }
            (Self::Ed25519 { seed }, PublicKey::Ed25519(bytes)) => Ok(makes_bytes(seed, bytes)),
            (Self::Ec { .. } | Self::Ed25519 { .. }, _) => Ok(false),
        }
    }
}

/// The object identifier of the algorithm, its parameters in DER, and the key itself.
fn pkcs8_fields(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut fields = sequence(der)?;
    let version = take_universal(&mut fields, Tag::Integer)?;
    if !matches!(version, [0 | 1]) {
        return None;
    }
    let mut algorithm = take_universal(&mut fields, Tag::Sequence)?;
    let oid = take_universal(&mut algorithm, Tag::Oid)?;
    let key = take_universal(&mut fields, Tag::OctetString)?;
    // Attributes and a copy of the public key may follow; neither says whose key it is.
    while !fields.is_empty() {
        take(&mut fields, Class::ContextSpecific, 0)
            .or_else(|| take(&mut fields, Class::ContextSpecific, 1))?;
    }
    Some((oid, algorithm, key))
}

fn pkcs1_public(der: &[u8]) -> Option<PublicKey> {
    const SECRET_NUMBERS: usize = 6;
    let mut fields = sequence(der)?;
    if take_universal(&mut fields, Tag::Integer)? != [0] {
        return None;
    }
    let modulus = take_positive(&mut fields)?.to_vec();
    let exponent = take_positive(&mut fields)?.to_vec();
    for _ in 0..SECRET_NUMBERS {
        take_positive(&mut fields)?;
    }
    fields.is_empty().then_some(PublicKey::Rsa { modulus, exponent })
}

fn named_curve(mut parameters: &[u8]) -> Option<Curve> {
    let oid = take_universal(&mut parameters, Tag::Oid)?;
    if parameters.is_empty() { Curve::of(oid) } else { None }
}

/// The bytes of a bit string that has no odd bits.
fn whole_bytes(mut der: &[u8]) -> Option<&[u8]> {
    let bits = take_universal(&mut der, Tag::BitString)?;
    bits.strip_prefix(&[0]).filter(|_| der.is_empty())
}

/// A number with exactly `size` bytes. Some programs write it shorter or longer than RFC 5915 says.
fn padded(number: &[u8], size: usize) -> Option<Zeroizing<Vec<u8>>> {
    let digits = without_leading_zeros(number);
    let zeros = size.checked_sub(digits.len())?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(size));
    bytes.resize(zeros, 0);
    bytes.extend_from_slice(digits);
    Some(bytes)
}

/// Whether `scalar` times the base point is `point`, on P-256 or P-384.
///
/// A new SEC1 key of the two is accepted by the library only if they agree. So a key needs not
/// carry its public key, and one that carries a wrong one does no harm.
fn makes_point(scalar: &[u8], point: &[u8]) -> bool {
    let bits = [&[0], point].concat();
    let public = element(0xa1, &element(0x03, &bits));
    let fields = Zeroizing::new([&[2, 1, 1], element(4, scalar).as_slice(), &public].concat());
    let der = element(0x30, &fields);
    any_ecdsa_type(&PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(der.as_slice()))).is_ok()
}

/// Whether `public` is the Ed25519 public key of `seed`.
fn makes_bytes(seed: &[u8], public: &[u8]) -> bool {
    // A PKCS#8 key up to the seed: version 0, algorithm 1.3.101.112, a string in a string.
    let head = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    let der = Zeroizing::new([head, seed].concat());
    any_eddsa_type(&PrivatePkcs8KeyDer::from(der.as_slice()))
        .ok()
        .and_then(|key| key.public_key().map(|info| info.ends_with(public)))
        .unwrap_or(false)
}

/// A DER element of at most 255 bytes; the keys of P-256 and P-384 are shorter.
fn element(tag: u8, contents: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut der = Zeroizing::new(Vec::with_capacity(contents.len() + 3));
    der.push(tag);
    if contents.len() > 0x7f {
        der.push(0x81);
    }
    der.push(u8::try_from(contents.len()).unwrap_or(u8::MAX));
    der.extend_from_slice(contents);
    der
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_padded_to_the_size_of_the_curve() {
        assert_eq!(padded(&[1, 2], 4).unwrap().as_slice(), [0, 0, 1, 2]);
        assert_eq!(padded(&[0, 0, 0, 1, 2, 3, 4], 4).unwrap().as_slice(), [1, 2, 3, 4]);
        assert!(padded(&[1, 2, 3, 4, 5], 4).is_none());
    }

    #[test]
    fn elements_have_their_length() {
        assert_eq!(element(4, &[7; 127]).get(..3).unwrap(), [4, 127, 7]);
        assert_eq!(element(4, &[7; 128]).get(..4).unwrap(), [4, 0x81, 128, 7]);
    }

    const P256_OID: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";

    fn sec1(version: u8, parameters: &[u8]) -> Zeroizing<Vec<u8>> {
        element(0x30, &[&[2, 1, version], element(4, &[7; 30]).as_slice(), parameters].concat())
    }

    #[test]
    fn a_sec1_key_has_one_version_and_one_curve() {
        let named = element(0xa0, P256_OID);
        let read = |version, parameters: &[u8], outer| {
            PrivateKey::from_sec1(&sec1(version, parameters), outer).map(|_| ())
        };
        assert_eq!(read(1, &named, None), Ok(()));
        assert_eq!(read(1, &named, Some(Curve::P256)), Ok(()));
        assert_eq!(read(1, &[], Some(Curve::P256)), Ok(()));
        assert_eq!(read(2, &named, None), Err(NOT_SEC1));
        assert_eq!(read(1, &named, Some(Curve::P384)), Err("the EC key names two curves"));
        assert_eq!(read(1, &[5, 0], Some(Curve::P256)), Err(NOT_SEC1));
        assert_eq!(read(1, &element(0xa1, b"\x03\x01\x01"), Some(Curve::P256)), Err(NOT_SEC1));
    }

    #[test]
    fn an_ed25519_key_has_32_bytes_and_a_known_version() {
        let read = |version: u8, length: usize| {
            let seed = element(4, &element(4, &vec![7; length]));
            let head = [&[2, 1, version], &b"\x30\x05\x06\x03\x2b\x65\x70"[..], &seed].concat();
            PrivateKey::from_pkcs8(&element(0x30, &head)).map(|_| ())
        };
        let malformed = Err("the Ed25519 key is not 32 bytes in DER");
        assert_eq!([read(0, 32), read(1, 32)], [Ok(()), Ok(())]);
        assert_eq!([read(0, 31), read(0, 33), read(0, 0)], [malformed; 3]);
        assert_eq!(read(2, 32), Err(NOT_PKCS8));
    }

    #[test]
    fn a_pkcs1_key_has_two_primes() {
        let key = |version: u8, numbers: usize| {
            element(0x30, &[&[2, 1, version], b"\x02\x01\x03".repeat(numbers).as_slice()].concat())
        };
        assert!(PrivateKey::from_pkcs1(&key(0, 8)).is_ok());
        for damaged in [key(1, 8), key(0, 7), key(0, 9), key(0, 2)] {
            assert_eq!(PrivateKey::from_pkcs1(&damaged).map(|_| ()), Err(NOT_PKCS1));
        }
    }
}
