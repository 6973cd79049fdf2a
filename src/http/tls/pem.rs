//! Reads certificates and keys from PEM files.

use std::{
    fs::OpenOptions,
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use rustix::fs::OFlags;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{Error as PemError, PemObject},
};
use zeroize::Zeroizing;

/// How large a file may be, in bytes: 1 MiB. A chain of ten certificates has less than 32 KiB.
const FILE_MAX: u64 = 1024 * 1024;

/// The certificates of a file, in its order; at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(path)?;
    let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| unusable(path, malformed(&error)))?;
    if chain.is_empty() {
        return Err(unusable(path, "there is no CERTIFICATE block in PEM"));
    }
    Ok(chain)
}

/// The first private key of a file: PKCS#8, PKCS#1 or SEC1.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let text = read(path)?;
    // Neither text can stand in base64, so neither can occur in a block.
    let encrypted: [&[u8]; 2] =
        [b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED"];
    if encrypted.iter().any(|mark| text.windows(mark.len()).any(|window| window == *mark)) {
        return Err(unusable(path, "the private key is encrypted; only a plain key can be used"));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        PemError::NoItemsFound => unusable(
            path,
            "there is no PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY block in PEM",
        ),
        other => unusable(path, malformed(&other)),
    })
}

pub(super) fn unusable(path: &Path, reason: &str) -> String {
    format!("{}: {reason}", path.display())
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let unreadable = |error: io::Error| format!("cannot read {}: {error}", path.display());
    // A pipe without a writer would be waited for.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = file.map_err(unreadable)?;
    let kind = file.metadata().map_err(unreadable)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(unusable(path, "it is not a regular file"));
    }
    let mut text = Zeroizing::new(Vec::new());
    let length = file.take(FILE_MAX + 1).read_to_end(&mut text).map_err(unreadable)?;
    if length as u64 > FILE_MAX {
        return Err(unusable(path, "it is larger than 1 MiB"));
    }
    Ok(text)
}

/// What is wrong with PEM. The library's own texts quote the line at fault.
fn malformed(error: &PemError) -> &'static str {
    match error {
        PemError::MissingSectionEnd { .. } => "a PEM block has no END line",
        PemError::IllegalSectionStart { .. } => "a BEGIN line of PEM is malformed",
        PemError::Base64Decode(_) => "a PEM block is not base64",
        _ => "the PEM text is malformed",
    }
}
