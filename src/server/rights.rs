//! What to tell when this process may not use a file.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use rustix::{
    fs::{Access, AtFlags, CWD, accessat},
    io::{self as sys, Errno},
    process::{getegid, geteuid},
};

use crate::store::folder_of;

/// The same error; where it is about permissions, with the file or folder that refuses, its owner and mode, and this process'
/// user.
pub fn explained(path: &Path, error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::PermissionDenied => refusal(path).map_or(error, io::Error::other),
        _ => error,
    }
}

/// Why this process may not read a file; nothing where it may.
pub fn unreadable(path: &Path) -> Option<String> {
    (access(path, Access::READ_OK) == Err(Errno::ACCESS)).then(|| refusal(path)).flatten()
}

/// Why this process may not read and write a file, or make it where it is missing; nothing where it may.
pub fn unwritable(path: &Path) -> Option<String> {
    let wanted = match access(path, Access::READ_OK | Access::WRITE_OK) {
        Err(Errno::NOENT) => access(folder_of(path), Access::WRITE_OK | Access::EXEC_OK),
        wanted => wanted,
    };
    match wanted {
        Err(Errno::ACCESS) => refusal(path),
        Err(Errno::ROFS) => {
            Some(format!("{} is on a file system that is read-only", path.display()))
        }
        _ => None,
    }
}

/// As the system decides when the file is opened, by the effective user and group; access(2) goes by the real ones.
fn access(path: &Path, access: Access) -> sys::Result<()> {
    accessat(CWD, path, access, AtFlags::EACCESS)
}

/// What refuses: the first folder that may not be searched, else the file, else the folder where it would be made.
fn refusal(path: &Path) -> Option<String> {
    let folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    let closed = folders.filter(|folder| access(folder, Access::EXEC_OK) == Err(Errno::ACCESS));
    // The last of them is the one nearest to the root.
    let refusing = closed.last().unwrap_or(if path.exists() { path } else { folder_of(path) });
    let about = fs::metadata(refusing).ok()?;
    Some(format!(
        "permission denied: {} belongs to uid {} and gid {} with mode {:03o}, and this process runs as uid {} and gid {}",
        refusing.display(),
        about.uid(),
        about.gid(),
        about.mode() & 0o7777,
        geteuid().as_raw(),
        getegid().as_raw(),
    ))
}
