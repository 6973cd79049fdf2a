//! The import rules of the house, read from the sources.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::pedantic)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A room: its modules, what it may use of the crate, and which libraries have no place in it.
struct Room {
    path: &'static str,
    uses: &'static [&'static str],
    without: &'static [&'static str],
}

/// The table of `src/lib.rs`. A new module has to be put here before anybody may use it.
const ROOMS: &[Room] = &[
    Room {
        path: "domain",
        uses: &["domain"],
        without: &["actix", "diesel", "tokio", "log::", "SystemTime", "Instant::now"],
    },
    Room {
        path: "access",
        uses: &["domain", "access"],
        without: &["actix", "diesel", "tokio", "log::", "SystemTime", "Instant::now"],
    },
    Room { path: "audit", uses: &["domain", "audit", "turn"], without: &["actix", "diesel"] },
    Room {
        path: "crypto",
        uses: &["domain", "crypto"],
        without: &["actix", "diesel", "tokio", "log::", "SystemTime", "Instant::now"],
    },
    Room { path: "turn", uses: &["turn"], without: &["actix", "diesel", "log::"] },
    Room { path: "clock", uses: &["domain"], without: &["actix", "diesel", "tokio"] },
    Room {
        path: "store",
        uses: &["domain", "store"],
        without: &["actix", "SecretData", "SecretValue"],
    },
    Room {
        path: "service",
        uses: &["domain", "store", "service", "access", "crypto"],
        without: &["actix", "diesel", "SystemTime"],
    },
    Room { path: "http", uses: &["domain", "clock", "http"], without: &["diesel"] },
    Room {
        path: "api/sae",
        uses: &["access", "audit", "domain", "service", "clock", "http"],
        without: &["diesel", "SystemTime"],
    },
    Room {
        path: "api/ops",
        uses: &["audit", "domain", "service", "http"],
        without: &["diesel", "SystemTime"],
    },
    Room { path: "world", uses: &["domain", "access"], without: &["actix", "diesel", "tokio"] },
    Room { path: "settings", uses: &["domain", "access"], without: &["actix", "diesel", "tokio"] },
    Room {
        path: "server",
        uses: &[
            "access", "api", "audit", "clock", "crypto", "domain", "http", "service", "settings",
            "store", "world",
        ],
        without: &["diesel"],
    },
    Room { path: "cli", uses: &["server", "settings", "access"], without: &["diesel"] },
];

/// How many lines a source file may have before it has to be split by meaning.
const LINES_MAX: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_file() {
        let inside = path.strip_prefix(root()).unwrap_or(path).to_string_lossy();
        let of_tests = inside.ends_with("tests.rs") || inside.contains("/tests/");
        if path.extension().is_some_and(|extension| extension == "rs") && !of_tests {
            found.push(path.to_owned());
        }
        return;
    }
    for entry in fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
        sources(&entry.unwrap().path(), found);
    }
}

/// Every source below a folder, those of tests among them.
fn all_sources(path: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !name.starts_with('.') {
            all_sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// The files of a room: its folder, and the file of the same name beside it.
fn files_of(room: &str) -> Vec<PathBuf> {
    let mut files = vec![];
    for path in [root().join(room), root().join(format!("{room}.rs"))] {
        if path.exists() {
            sources(&path, &mut files);
        }
    }
    files
}

/// The code of a file without its comments and without the unit tests, which must be at its end.
fn code(text: &str) -> String {
    let (text, tests) = text.split_once("#[cfg(test)]").unwrap_or((text, ""));
    let modules = tests.lines().filter(|line| line.starts_with("mod "));
    let others = tests.lines().filter(|line| {
        ["use ", "pub ", "fn ", "struct ", "enum ", "impl "].iter().any(|it| line.starts_with(it))
    });
    assert!(modules.count() <= 1 && others.count() == 0, "code behind the unit tests: {tests}");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The first names behind `crate::`, also in a group.
fn crate_names(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(word(rest).to_owned());
            continue;
        };
        let mut depth = 1;
        let mut item = String::new();
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 || (depth == 1 && c == ',') {
                names.insert(word(item.trim()).to_owned());
                item.clear();
            } else {
                item.push(c);
            }
            if depth == 0 {
                break;
            }
        }
    }
    names.remove("");
    names
}

/// How many modules deep a file is: `domain/tls/public_key.rs` is three.
fn depth(file: &Path) -> usize {
    let relative = file.strip_prefix(root()).unwrap();
    relative.components().count() - usize::from(relative.ends_with("mod.rs"))
}

/// The longest chain of `super::`.
fn supers(code: &str) -> usize {
    (1..10).take_while(|count| code.contains(&"super::".repeat(*count))).count()
}

#[test]
fn no_room_uses_what_it_must_not() {
    let mut checked = 0;
    let mut broken = vec![];
    for room in ROOMS {
        let files = files_of(room.path);
        assert!(!files.is_empty(), "{} is empty", room.path);
        for file in files {
            checked += 1;
            let code = code(&fs::read_to_string(&file).unwrap());
            let used = crate_names(&code);
            let strange = used.iter().filter(|name| !room.uses.contains(&name.as_str()));
            broken.extend(strange.map(|name| format!("{} uses crate::{name}", file.display())));
            let strange = room.without.iter().filter(|name| code.contains(**name));
            broken.extend(strange.map(|name| format!("{} names {name}", file.display())));
            let room_depth = room.path.split('/').count();
            if depth(&file) < supers(&code) + room_depth {
                broken.push(format!("{} leaves its room by super::", file.display()));
            }
        }
    }
    assert!(checked > 60, "only {checked} files were checked");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_file_stands_in_a_room() {
    let mut all = vec![];
    sources(&root(), &mut all);
    let rooms: BTreeSet<PathBuf> = ROOMS.iter().flat_map(|room| files_of(room.path)).collect();
    let doors = ["main.rs", "lib.rs", "api/mod.rs"].map(|name| root().join(name));
    let homeless: Vec<_> =
        all.iter().filter(|file| !rooms.contains(*file) && !doors.contains(file)).collect();
    assert!(homeless.is_empty(), "{homeless:#?}");
}

#[test]
fn no_file_has_grown_too_long() {
    let mut files = vec![];
    for folder in ["src", "tests", "benches", "fuzz"] {
        all_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    assert!(files.len() > 150, "only {} files were found", files.len());
    for file in files {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", file.display());
    }
}

#[test]
fn uses_are_seen_however_they_are_written() {
    for (text, names) in [
        ("use crate::store::Store;", &["store"][..]),
        ("use crate::{\n    domain::Error,\n    store::{Store, Tx},\n};", &["domain", "store"]),
        ("use crate::{domain::{self, Error}, store};", &["domain", "store"]),
        ("fn f() { crate::store::f() }", &["store"]),
        ("// crate::store", &[]),
        (
            "use crate::domain::store_like;\n#[cfg(test)]\nmod tests {\n    use crate::store;\n}",
            &["domain"],
        ),
    ] {
        let seen = crate_names(&code(text));
        assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), names, "{text}");
    }
    assert_eq!(supers("use super::super::x; super::y"), 2);
    assert_eq!(depth(&root().join("domain/tls/public_key.rs")), 3);
    assert_eq!(depth(&root().join("domain/mod.rs")), 1);
}
