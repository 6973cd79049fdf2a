//! Opens the audit log where the settings want it.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{StartError, master_keys, rights};
use crate::{
    audit::{AuditError, AuditLog, Destination},
    settings::Settings,
    store::{self, DatabaseUrl},
};

/// The audit log of the settings; nothing if there is to be none.
///
/// # Errors
/// [`StartError::NoAuditLog`], [`StartError::AuditElsewhere`] and [`StartError::Audit`].
pub fn open(settings: &Settings, database: &DatabaseUrl) -> Result<Option<AuditLog>, StartError> {
    let Some(path) = &settings.audit_log else {
        return if settings.audit_best_effort { Err(StartError::NoAuditLog) } else { Ok(None) };
    };
    if path == Path::new("-") {
        return Ok(Some(AuditLog::open(Destination::Stdout, settings.audit_best_effort)?));
    }
    if let Some(other) = others(settings, database).find(|other| is_same(path, other)) {
        return Err(StartError::AuditElsewhere { path: other });
    }
    let destination = Destination::File(path.clone());
    let log = AuditLog::open(destination, settings.audit_best_effort);
    Ok(Some(log.map_err(|error| match (error, rights::unwritable(path)) {
        (AuditError::Open { path, .. }, Some(reason)) => {
            AuditError::Open { path, source: Arc::new(io::Error::other(reason)) }
        }
        (error, _) => error,
    })?))
}

/// The files that the server has other uses for.
fn others(settings: &Settings, database: &DatabaseUrl) -> impl Iterator<Item = PathBuf> {
    let database = database.file();
    let key = database.map(master_keys::beside);
    let database = database.into_iter().flat_map(store::files_of);
    let given = &settings.database.master_key_file;
    let named = [&settings.world, &settings.tls_cert, &settings.tls_key, given, &key];
    let named: Vec<PathBuf> = named.into_iter().flatten().cloned().collect();
    database.chain(named)
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
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
    Some(folder.join(path.file_name()?))
}
