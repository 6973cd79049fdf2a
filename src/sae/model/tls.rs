//! The rule for the values of `tls.crt` and `tls.key` in a secret of type `kubernetes.io/tls`.

mod key_pair;
mod pem;

use zeroize::Zeroizing;

use super::{Error, docker_config::decode_base64};
use pem::Block;

/// The key that holds the certificate.
pub const CERTIFICATE: &str = "tls.crt";

/// The key that holds the private key.
pub const KEY: &str = "tls.key";

/// Checks the values of `tls.crt` and `tls.key` as the caller sent them.
///
/// The source is the check of `kubectl create secret tls`, which is Go's `tls.X509KeyPair`: what it takes
/// is taken and what it refuses is refused, with two exceptions. Each certificate of a chain has to be one,
/// not only the first; and an RSA key has at most 16,384 bits, the most that OpenSSL uses. Either value may
/// be the PEM text itself or base64 of it ([`decode_base64`]), for the `data` of a Kubernetes manifest holds
/// the latter.
///
/// * `certificate` holds one or more `CERTIFICATE` blocks. The first is the server's own. Neither the chain,
///   nor a name, nor a date is checked.
/// * `key` holds a `PRIVATE KEY` block of any kind (`RSA PRIVATE KEY`, …); the first one counts. Whatever it is
///   called, its contents are PKCS#1, PKCS#8 or SEC1. An encrypted key is refused.
/// * Blocks of other kinds, blocks that are malformed and text outside of blocks are ignored.
/// * The keys are RSA, ECDSA on P-224, P-256, P-384 or P-521, or Ed25519. That they belong together is
///   proved by the private numbers: a public key beside them is ignored.
///
/// # Errors
/// [`Error::SecretKeyInvalid`] for the first defect, with the certificate's before the key's; its reason holds no part
/// of either value. A key that does not belong to the certificate is a defect of `tls.key`.
pub fn check(certificate: &str, key: &str) -> Result<(), Error> {
    let text = pem_text(certificate).map_err(|reason| defect(CERTIFICATE, reason))?;
    let blocks = pem::blocks(&text).map_err(|reason| defect(CERTIFICATE, reason))?;
    let chain: Vec<_> = blocks.iter().filter(|block| block.label == "CERTIFICATE").collect();
    let mut leaf = None;
    for (number, block) in (1..).zip(&chain) {
        let reason = match x509_parser::parse_x509_certificate(&block.der) {
            Ok(([], parsed)) if parsed.raw_serial().first().is_some_and(|byte| *byte < 0x80) => {
                leaf.get_or_insert(parsed);
                continue;
            }
            Ok(([], _)) => "has a negative serial number",
            _ => "is not an X.509 certificate in DER",
        };
        return Err(defect(CERTIFICATE, &format!("certificate {number} {reason}")));
    }
    let Some(leaf) = leaf else {
        return Err(defect(
            CERTIFICATE,
            if blocks.iter().any(Block::is_private_key) {
                "there is no CERTIFICATE block but a private key"
            } else {
                "there is no CERTIFICATE block"
            },
        ));
    };
    let public =
        key_pair::PublicKey::of(leaf.public_key()).map_err(|reason| defect(CERTIFICATE, reason))?;
    check_key(key, &public).map_err(|reason| defect(KEY, reason))
}

fn check_key(value: &str, public: &key_pair::PublicKey<'_>) -> Result<(), &'static str> {
    let text = pem_text(value)?;
    let blocks = pem::blocks(&text)?;
    let Some(block) = blocks.iter().find(|block| block.is_private_key()) else {
        return Err(if blocks.iter().any(|block| block.label == "CERTIFICATE") {
            "there is no PRIVATE KEY block but a certificate"
        } else {
            "there is no PRIVATE KEY block"
        });
    };
    public.check_private(&block.der).map_err(|reason| {
        if block.is_encrypted() {
            "the private key is encrypted; only a plain key can be used"
        } else if block.label == "OPENSSH PRIVATE KEY" {
            "the private key is in OpenSSH's format and not in PKCS#8, PKCS#1 or SEC1"
        } else {
            reason
        }
    })
}

fn defect(key: &'static str, reason: &str) -> Error {
    Error::SecretKeyInvalid(key, reason.to_owned())
}

/// The PEM text of a value that is either that text or base64 of it. What is not UTF-8 there is outside of
/// blocks, and read as Latin-1.
fn pem_text(value: &str) -> Result<Zeroizing<String>, &'static str> {
    const MARK: &str = "-----BEGIN ";
    if value.is_empty() {
        return Err("the value is empty");
    }
    // Base64 has no hyphen, so a value cannot be both.
    if value.contains(MARK) {
        return Ok(Zeroizing::new(value.to_owned()));
    }
    let bytes = decode_base64(value).ok_or("the value is neither PEM nor base64 of PEM")?;
    let mut text = Zeroizing::new(String::with_capacity(2 * bytes.len()));
    text.extend(bytes.iter().copied().map(char::from));
    if text.contains(MARK) {
        Ok(text)
    } else {
        Err("the value is base64 of something else than PEM")
    }
}

#[cfg(test)]
mod tests;
