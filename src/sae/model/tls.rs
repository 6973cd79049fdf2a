//! The rule for the values of `tls.crt` and `tls.key` in a secret of type `kubernetes.io/tls`.

mod private_key;
mod public_key;

use rustls_pki_types::pem::{Error as PemError, PemObject, SectionKind};
use x509_parser::asn1_rs::{Any, Class, FromDer, Tag};
use zeroize::Zeroizing;

use super::docker_config::decode_base64;
use private_key::PrivateKey;
use public_key::PublicKey;

/// The key that holds the certificate.
pub const CERTIFICATE: &str = "tls.crt";

/// The key that holds the private key.
pub const KEY: &str = "tls.key";

/// What is wrong with a certificate or its private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct TlsDefect {
    /// The key of the secret whose value is at fault: `tls.crt` or `tls.key`.
    pub key: &'static str,
    /// What is wrong; it holds no part of either value.
    pub reason: String,
}

/// Checks the values of `tls.crt` and `tls.key` as the caller sent them.
///
/// The source is Kubernetes, Secret type kubernetes.io/tls, and the check of `kubectl create secret
/// tls`: the two are PEM, and the public key in the certificate belongs to the private key. Either
/// value may be the PEM text itself or base64 of it ([`decode_base64`]), for the `data` of a
/// Kubernetes manifest holds the latter.
///
/// * `certificate` holds one or more `CERTIFICATE` blocks, each an X.509 certificate in DER. The
///   first is the server's own. Neither the chain, nor a name, nor a date is checked.
/// * `key` holds a `PRIVATE KEY` (PKCS#8), `RSA PRIVATE KEY` (PKCS#1) or `EC PRIVATE KEY` (SEC1)
///   block; the first one counts. An encrypted key is refused, as nobody could give its passphrase.
/// * Blocks of other kinds and text outside of blocks are ignored.
/// * The keys are RSA of any size, ECDSA on P-256, P-384 or P-521, or Ed25519.
///
/// An ECDSA key on P-256 or P-384 and an Ed25519 key are proved to belong to the certificate by
/// computing the public key. An RSA key is compared by modulus and public exponent, and a key on
/// P-521 by the public key that it carries; their secret numbers are not verified.
///
/// # Errors
/// The first [`TlsDefect`], with the certificate's before the key's. A key that does not belong to
/// the certificate is a defect of `tls.key`.
pub fn check(certificate: &str, key: &str) -> Result<(), TlsDefect> {
    let public =
        leaf_public_key(certificate).map_err(|reason| TlsDefect { key: CERTIFICATE, reason })?;
    let key_defect = |reason: &str| TlsDefect { key: KEY, reason: reason.to_owned() };
    let private = read_private_key(key).map_err(key_defect)?;
    if private.belongs_to(&public).map_err(key_defect)? {
        Ok(())
    } else {
        Err(key_defect("the private key does not belong to the certificate in tls.crt"))
    }
}

fn leaf_public_key(value: &str) -> Result<PublicKey, String> {
    let text = pem_text(value)?;
    let mut leaf = None;
    let mut count = 0_usize;
    for block in blocks(&text) {
        let (kind, der) = block?;
        if kind != SectionKind::Certificate {
            continue;
        }
        count += 1;
        let Ok(([], certificate)) = x509_parser::parse_x509_certificate(&der) else {
            return Err(format!("certificate {count} is not an X.509 certificate in DER"));
        };
        if leaf.is_none() {
            leaf = Some(PublicKey::of(&certificate)?);
        }
    }
    leaf.ok_or_else(|| "there is no CERTIFICATE block".into())
}

fn read_private_key(value: &str) -> Result<PrivateKey, &'static str> {
    let text = pem_text(value)?;
    // Neither text can stand in base64, so neither can turn up in a block by chance.
    let encrypted = ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED"];
    if encrypted.iter().any(|mark| text.contains(mark)) {
        return Err("the private key is encrypted; only a plain key can be used");
    }
    for block in blocks(&text) {
        let (kind, der) = block?;
        match kind {
            SectionKind::PrivateKey => return PrivateKey::from_pkcs8(&der),
            SectionKind::RsaPrivateKey => return PrivateKey::from_pkcs1(&der),
            SectionKind::EcPrivateKey => return PrivateKey::from_sec1(&der, None),
            _ => {}
        }
    }
    Err("there is no PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY block")
}

/// The PEM text of a value that is either that text or base64 of it.
fn pem_text(value: &str) -> Result<Zeroizing<String>, &'static str> {
    const MARK: &str = "-----BEGIN ";
    if value.is_empty() {
        return Err("the value is empty");
    }
    // Base64 has no hyphen, so a value cannot be both.
    if value.contains(MARK) {
        return Ok(Zeroizing::new(value.to_owned()));
    }
    decode_base64(value)
        .and_then(|bytes| {
            std::str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned())).ok()
        })
        .filter(|text| text.contains(MARK))
        .ok_or("the value is neither PEM nor base64 of PEM")
}

type Block = (SectionKind, Zeroizing<Vec<u8>>);

fn blocks(text: &str) -> impl Iterator<Item = Result<Block, &'static str>> + '_ {
    <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()).map(|block| match block {
        Ok((kind, der)) => Ok((kind, Zeroizing::new(der))),
        // The library's texts quote the line at fault.
        Err(PemError::MissingSectionEnd { .. }) => Err("a PEM block has no END line"),
        Err(PemError::IllegalSectionStart { .. }) => Err("a BEGIN line of PEM is malformed"),
        Err(PemError::Base64Decode(_)) => Err("a PEM block is not base64"),
        Err(_) => Err("the PEM text is malformed"),
    })
}

/// Takes the next element off `input` if it has this class and tag, and gives its contents.
fn take<'a>(input: &mut &'a [u8], class: Class, tag: u32) -> Option<&'a [u8]> {
    let (rest, element) = Any::from_der(input).ok()?;
    if element.class() != class || element.tag() != Tag(tag) {
        return None;
    }
    *input = rest;
    Some(element.data)
}

fn take_universal<'a>(input: &mut &'a [u8], tag: Tag) -> Option<&'a [u8]> {
    take(input, Class::Universal, tag.0)
}

/// The contents of the one sequence that `der` is.
fn sequence(mut der: &[u8]) -> Option<&[u8]> {
    let contents = take_universal(&mut der, Tag::Sequence)?;
    der.is_empty().then_some(contents)
}

/// Takes a positive integer off `input`: its bytes without leading zeros.
fn take_positive<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let bytes = take_universal(input, Tag::Integer)?;
    // The first bit is the sign.
    let positive = bytes.first().is_some_and(|byte| *byte < 0x80);
    let digits = without_leading_zeros(bytes);
    (positive && !digits.is_empty()).then_some(digits)
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
