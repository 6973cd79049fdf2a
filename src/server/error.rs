//! Why the server could not be started.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::master_keys::MasterKeyError;
use crate::{
    audit::AuditError,
    http::{ProxyError, browser::HostError, cors::OriginError, tls::TlsError},
    sealing::KeysError,
    settings::ListenAddress,
    store::{DatabaseUrlError, OpenError},
    world::Mistake,
};

/// The server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The world file cannot be read.
    #[error("cannot read the world file {}: {source}", path.display())]
    WorldUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The world file has mistakes.
    #[error("the world file {} has mistakes:{}", path.display(), listed(path, mistakes))]
    WorldMistaken {
        /// The file.
        path: PathBuf,
        /// Every mistake in it.
        mistakes: Vec<Mistake>,
    },
    /// The database's address is none.
    #[error("--database-url (SAE_SECRET_DATABASE_URL): {0}")]
    DatabaseUrl(#[from] DatabaseUrlError),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The password of the database cannot be had.
    #[error("cannot read the password of the database from {source_name}: {source}")]
    DatabasePassword {
        /// Where it should have been.
        source_name: String,
        /// What went wrong; shows nothing of what was read.
        source: io::Error,
    },
    /// This process has not the rights to the files of the database.
    #[error("cannot open the database {database}: {reason}")]
    DatabaseDenied {
        /// The database.
        database: String,
        /// What refuses.
        reason: String,
    },
    /// There are no master keys, or not those of the database.
    #[error(transparent)]
    MasterKeys(#[from] MasterKeyError),
    /// The database's keys are not ready, nor can they be made.
    #[error("cannot prepare the keys of the database: {0}")]
    Keys(#[from] KeysError),
    /// The database cannot take what must be in it.
    #[error("cannot prepare the database: {0}")]
    Seed(crate::sae::model::Error),
    /// A trusted proxy is none.
    #[error("--trusted-proxy (SAE_SECRET_TRUSTED_PROXY): {0}")]
    Proxy(#[from] ProxyError),
    /// The audit log cannot be written.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// It is said how an audit log is to be kept, and not where.
    #[error(
        "--audit-best-effort needs --audit-log (SAE_SECRET_AUDIT_BEST_EFFORT, SAE_SECRET_AUDIT_LOG)"
    )]
    NoAuditLog,
    /// The audit log is to be written into a file that has another use.
    #[error("--audit-log (SAE_SECRET_AUDIT_LOG): {} is something else of this server already", path.display())]
    AuditElsewhere {
        /// The other file.
        path: PathBuf,
    },
    /// An origin for CORS is none.
    #[error("--cors-origin (SAE_SECRET_CORS_ORIGIN): {0}")]
    Origin(#[from] OriginError),
    /// A name that the server has is none.
    #[error(transparent)]
    Host(#[from] HostError),
    /// TLS is asked for, but not with a usable certificate and its key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: ListenAddress,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no thread that writes the log.
    #[error("cannot start the log's thread: {0}")]
    Log(io::Error),
    /// The server failed while it ran.
    #[error("the server failed: {0}")]
    Run(io::Error),
}

fn listed(path: &Path, mistakes: &[Mistake]) -> String {
    mistakes
        .iter()
        .fold(String::new(), |text, mistake| format!("{text}\n  {}:{mistake}", path.display()))
}
