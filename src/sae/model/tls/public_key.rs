//! The public key in a certificate.

use x509_parser::asn1_rs::Tag;
use x509_parser::certificate::X509Certificate;

use super::{sequence, take_positive};

/// What a certificate and a private key are compared by.
#[derive(PartialEq, Eq)]
pub(super) enum PublicKey {
    /// Both numbers big-endian, without leading zeros (RFC 8017, appendix A.1.1).
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// An uncompressed point: `04`, x, y (RFC 5480, section 2.2).
    Ec { curve: Curve, point: Vec<u8> },
    /// The 32 bytes of RFC 8410, section 4.
    Ed25519(Vec<u8>),
}

/// The kinds of keys that are known, by their object identifiers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rsa,
    Ec,
    Ed25519,
}

/// The curves that are known (RFC 5480, section 2.1.1.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Algorithm {
    /// The algorithm with this object identifier, given as the contents of its DER.
    pub(super) fn of(oid: &[u8]) -> Option<Self> {
        match oid {
            // 1.2.840.113549.1.1.1
            b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" => Some(Self::Rsa),
            // 1.2.840.10045.2.1
            b"\x2a\x86\x48\xce\x3d\x02\x01" => Some(Self::Ec),
            // 1.3.101.112
            b"\x2b\x65\x70" => Some(Self::Ed25519),
            _ => None,
        }
    }
}

impl Curve {
    /// The curve with this object identifier, given as the contents of its DER.
    pub(super) fn of(oid: &[u8]) -> Option<Self> {
        match oid {
            // 1.2.840.10045.3.1.7
            b"\x2a\x86\x48\xce\x3d\x03\x01\x07" => Some(Self::P256),
            // 1.3.132.0.34
            b"\x2b\x81\x04\x00\x22" => Some(Self::P384),
            // 1.3.132.0.35
            b"\x2b\x81\x04\x00\x23" => Some(Self::P521),
            _ => None,
        }
    }

    /// The length of a coordinate and of a private key, in bytes.
    pub(super) const fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl PublicKey {
    /// The public key of `certificate`.
    ///
    /// # Errors
    /// The reason why it is none that can be used.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Result<Self, &'static str> {
        let info = certificate.public_key();
        let bytes = info.subject_public_key.data.as_ref();
        match Algorithm::of(info.algorithm.algorithm.as_bytes()) {
            Some(Algorithm::Rsa) => rsa(bytes).ok_or("the certificate's RSA key is malformed"),
            Some(Algorithm::Ec) => {
                let curve = info
                    .algorithm
                    .parameters
                    .as_ref()
                    .filter(|parameters| parameters.tag() == Tag::Oid)
                    .and_then(|parameters| Curve::of(parameters.data))
                    .ok_or("the certificate's curve is not P-256, P-384 or P-521 by name")?;
                if bytes.first() != Some(&4) || bytes.len() != 1 + 2 * curve.size() {
                    return Err("the certificate's EC key is not an uncompressed point");
                }
                Ok(Self::Ec { curve, point: bytes.to_vec() })
            }
            Some(Algorithm::Ed25519) if bytes.len() == 32 => Ok(Self::Ed25519(bytes.to_vec())),
            Some(Algorithm::Ed25519) => Err("the certificate's Ed25519 key is malformed"),
            None => Err("the certificate's key is not RSA, ECDSA or Ed25519"),
        }
    }
}

fn rsa(der: &[u8]) -> Option<PublicKey> {
    let mut fields = sequence(der)?;
    let modulus = take_positive(&mut fields)?.to_vec();
    let exponent = take_positive(&mut fields)?.to_vec();
    fields.is_empty().then_some(PublicKey::Rsa { modulus, exponent })
}
