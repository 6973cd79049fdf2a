//! The import rules of the house, read from the sources.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::pedantic)]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A folder or file of `src`, and what must not be named in it.
const RULES: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "crate::api",
            "crate::cli",
            "crate::clock",
            "crate::http",
            "crate::server",
            "crate::service",
            "crate::settings",
            "crate::store",
            "crate::world",
            "actix",
            "diesel",
            "SystemTime",
            "Instant::now",
        ],
    ),
    (
        "store",
        &[
            "crate::api",
            "crate::cli",
            "crate::clock",
            "crate::http",
            "crate::server",
            "crate::service",
            "crate::settings",
            "crate::world",
            "actix",
            "SecretData",
            "SecretValue",
        ],
    ),
    (
        "service",
        &[
            "crate::api",
            "crate::cli",
            "crate::clock",
            "crate::http",
            "crate::server",
            "crate::settings",
            "crate::world",
            "actix",
            "diesel",
        ],
    ),
    (
        "http",
        &[
            "crate::api",
            "crate::cli",
            "crate::server",
            "crate::service",
            "crate::settings",
            "crate::store",
            "crate::world",
            "diesel",
        ],
    ),
    (
        "api/sae",
        &[
            "crate::store",
            "crate::server",
            "crate::cli",
            "crate::settings",
            "crate::world",
            "diesel",
            "api::ops",
        ],
    ),
    (
        "api/ops",
        &[
            "crate::store",
            "crate::server",
            "crate::cli",
            "crate::settings",
            "crate::world",
            "diesel",
            "api::sae",
        ],
    ),
    (
        "world",
        &[
            "crate::api",
            "crate::cli",
            "crate::clock",
            "crate::http",
            "crate::server",
            "crate::service",
            "crate::settings",
            "crate::store",
            "actix",
            "diesel",
        ],
    ),
    (
        "clock.rs",
        &["crate::api", "crate::http", "crate::service", "crate::store", "actix", "diesel"],
    ),
    (
        "settings.rs",
        &["crate::api", "crate::http", "crate::service", "crate::world", "actix", "diesel"],
    ),
];

/// How many lines a source file may have before it has to be split by meaning.
const LINES_MAX: usize = 400;

fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_file() {
        let of_tests = path.ends_with("tests.rs") || path.to_string_lossy().contains("/tests/");
        if of_tests {
            return;
        }
        found.push(path.to_owned());
        return;
    }
    for entry in fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
        let entry = entry.unwrap().path();
        if entry.is_dir() || entry.extension().is_some_and(|extension| extension == "rs") {
            sources(&entry, found);
        }
    }
}

/// The code of a file without its comments and without its unit tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Every path that a file imports, with nested `use` groups written out, and every path that it names in full.
fn names(path: &Path, forbidden: &str) -> bool {
    let code = code(path);
    let group = forbidden.strip_prefix("crate::").map(|module| {
        // `use crate::{a, b::C}` names `crate::b` too.
        code.split("use crate::{").skip(1).any(|rest| {
            let group = rest.split("};").next().unwrap_or_default();
            group
                .split([',', '{', '}', '\n', ' '])
                .any(|piece| piece == module || piece.starts_with(&format!("{module}::")))
        })
    });
    code.contains(forbidden) || group.unwrap_or(false)
}

#[test]
fn no_room_imports_what_it_must_not() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut checked = 0;
    let mut broken = vec![];
    for (room, forbidden) in RULES {
        let mut files = vec![];
        sources(&root.join(room), &mut files);
        let beside = root.join(format!("{room}.rs"));
        if beside.is_file() {
            files.push(beside);
        }
        assert!(!files.is_empty(), "{room} is empty");
        for file in files {
            checked += 1;
            for name in *forbidden {
                if names(&file, name) {
                    broken.push(format!("{} names {name}", file.display()));
                }
            }
        }
    }
    assert!(checked > 60, "only {checked} files were checked");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn tables_are_named_in_the_store_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![];
    sources(&root, &mut files);
    for file in files.iter().filter(|file| !file.starts_with(root.join("store"))) {
        assert!(!code(file).contains("diesel"), "{} names diesel", file.display());
    }
}

#[test]
fn no_file_has_grown_too_long() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![];
    sources(&root, &mut files);
    for file in files {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", file.display());
    }
}

#[test]
fn a_forbidden_import_is_seen() {
    let folder = std::env::temp_dir().join(format!("sae-secret-house-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("sample.rs");
    for (text, seen) in [
        ("use crate::store::Store;", true),
        ("use crate::{\n    domain::Error,\n    store::Store,\n};", true),
        ("use crate::{domain::Error, store};", true),
        ("fn f() { crate::store::f() }", true),
        ("// crate::store", false),
        ("use crate::{domain::{store_like, Error}};", false),
    ] {
        fs::write(&file, text).unwrap();
        assert_eq!(names(&file, "crate::store"), seen, "{text}");
    }
    fs::remove_dir_all(&folder).unwrap();
}
