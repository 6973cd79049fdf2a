//! The public half of a key pair.

use std::fmt;

use data_encoding::HEXLOWER;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use x509_parser::{
    der_parser::asn1_rs::FromDer, oid_registry::OID_PKCS1_RSAENCRYPTION, x509::SubjectPublicKeyInfo,
};

/// A public key for RSA signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPublicKey {
    /// `RSAPublicKey` of RFC 8017 in DER.
    der: Vec<u8>,
}

pub(super) const NOT_A_KEY: &str = "not a public key in PEM (-----BEGIN PUBLIC KEY-----)";

impl RsaPublicKey {
    /// Reads a PEM text with a `PUBLIC KEY` (RFC 5280, SubjectPublicKeyInfo).
    pub fn from_pem(text: &str) -> Result<Self, &'static str> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes());
        let der = der.map_err(|_| NOT_A_KEY)?;
        let (rest, info) = SubjectPublicKeyInfo::from_der(&der).map_err(|_| NOT_A_KEY)?;
        if !rest.is_empty() {
            return Err(NOT_A_KEY);
        }
        if info.algorithm.algorithm != OID_PKCS1_RSAENCRYPTION {
            return Err("not an RSA key");
        }
        let bits = info.parsed().map_err(|_| NOT_A_KEY)?.key_size();
        if !(2048..=8192).contains(&bits) {
            return Err("an RSA key must have 2048 to 8192 bits");
        }
        Ok(Self { der: info.subject_public_key.data.to_vec() })
    }

    /// Whether that is the signature of a text, in lower-case hexadecimal digits.
    pub(super) fn verifies(&self, text: &[u8], signature: &str) -> bool {
        let Ok(signature) = HEXLOWER.decode(signature.as_bytes()) else { return false };
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.der)
            .verify(text, &signature)
            .is_ok()
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaPublicKey")
    }
}
