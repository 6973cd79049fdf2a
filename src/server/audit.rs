//! Opens the audit log where the settings want it.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail, ensure};

use super::{master_keys, rights};
use crate::{
    audit::{AuditLog, Destination},
    settings::Settings,
    store::{self, DatabaseUrl},
};

/// What messages call the setting of the file.
const FLAG: &str = "--audit-log (SAE_SECRET_AUDIT_LOG)";

/// The audit log of the settings; nothing if there is to be none.
pub fn open(settings: &Settings, database: &DatabaseUrl) -> Result<Option<AuditLog>> {
    let is_best_effort = settings.audit_best_effort;
    let Some(path) = &settings.audit_log else {
        ensure!(
            !is_best_effort,
            "--audit-best-effort needs --audit-log (SAE_SECRET_AUDIT_BEST_EFFORT, SAE_SECRET_AUDIT_LOG)"
        );
        return Ok(None);
    };
    if path == Path::new("-") {
        return Ok(Some(AuditLog::open(Destination::Stdout, is_best_effort)?));
    }
    if let Some(other) = others(settings, database).find(|other| is_same(path, other)) {
        let other = other.display();
        bail!("{FLAG}: {other} is something else of this server already");
    }
    match AuditLog::open(Destination::File(path.clone()), is_best_effort) {
        Ok(log) => Ok(Some(log)),
        Err(error) => match rights::unwritable(path) {
            Some(reason) => bail!("{FLAG}: cannot open the audit log {}: {reason}", path.display()),
            None => bail!("{FLAG}: {error}"),
        },
    }
}

/// The files that the server has other uses for.
fn others(settings: &Settings, database: &DatabaseUrl) -> impl Iterator<Item = PathBuf> {
    let file = database.file();
    let key = file.map(master_keys::beside);
    let named = [
        &settings.world,
        &settings.tls_cert,
        &settings.tls_key,
        &settings.database.database_password_file,
        &settings.database.master_key_file,
        &key,
    ];
    let named: Vec<PathBuf> = named.into_iter().flatten().cloned().collect();
    let certificates = database.certificates();
    file.into_iter().flat_map(store::files_of).chain(certificates).chain(named)
}

/// Whether two paths lead to the same file, or would if it were there.
fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        (Err(_), Err(_)) => {
            place(one).is_some_and(|place_of_one| Some(place_of_one) == place(other))
        }
        _ => false,
    }
}

/// Where a file would be made.
fn place(path: &Path) -> Option<PathBuf> {
    Some(store::folder_of(path).canonicalize().ok()?.join(path.file_name()?))
}
