//! The import rules, read from the sources.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::pedantic
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A row of the table: a module, what it may use of the crate, and which words must not stand in it.
struct Row {
    path: String,
    uses: Vec<String>,
    without: Vec<String>,
}

/// The rows of the table in `src/lib.rs`. A new module has to be put there before anything may use it.
fn table() -> Vec<Row> {
    let text = fs::read_to_string(root().join("lib.rs")).unwrap();
    let rows =
        text.lines().filter(|line| line.starts_with("//! | `") || line.starts_with("//! | [`"));
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    rows.map(|row| {
        let cells: Vec<Vec<String>> = row.split('|').skip(1).map(names).collect();
        let path = cells[0][0].clone();
        let mut uses = cells[1].clone();
        uses.push(path.replace('/', "::"));
        Row { path, uses, without: cells[2].clone() }
    })
    .collect()
}

/// The products, each layer of which has a row of its own.
const PRODUCTS: &[&str] = &["kms", "kubernetes", "sae"];

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

/// The files of a module: its folder, and the file of the same name beside it.
fn files_of(module: &str) -> Vec<PathBuf> {
    let mut files = vec![];
    for path in [root().join(module), root().join(format!("{module}.rs"))] {
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

/// The modules behind `crate::`, also in groups; of a product with its layer.
fn crate_names(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        collect(rest, &mut vec![], &mut names);
    }
    names
}

/// The paths of a group, up to the brace that closes it.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut from, mut members) = (0, 0, vec![]);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                members.push(&group[from..at]);
                from = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    members
}

/// Follows a path or a group of paths until it has as many names as a row of the table.
fn collect(text: &str, path: &mut Vec<String>, names: &mut BTreeSet<String>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        members(group).into_iter().for_each(|member| collect(member, path, names));
        return;
    }
    let name = word(text);
    if name.is_empty() {
        return;
    }
    path.push(name.to_owned());
    match text[name.len()..].strip_prefix("::") {
        Some(rest) if path.len() == 1 && PRODUCTS.contains(&name) => collect(rest, path, names),
        _ => drop(names.insert(path.join("::"))),
    }
    path.pop();
}

/// How many modules deep a file is: `sae/model/tls.rs` is three.
fn depth(file: &Path) -> usize {
    let relative = file.strip_prefix(root()).unwrap();
    relative.components().count() - usize::from(relative.ends_with("mod.rs"))
}

/// The longest chain of `super::`.
fn supers(code: &str) -> usize {
    (1..10).take_while(|count| code.contains(&"super::".repeat(*count))).count()
}

/// Whether a module may use another: by its name, or by that of the product as a whole.
fn is_allowed(row: &Row, name: &str) -> bool {
    let product = name.split("::").next().unwrap_or(name);
    row.uses.iter().any(|known| known == name || known == product)
}

#[test]
fn no_module_uses_what_it_must_not() {
    let mut checked = 0;
    let mut broken = vec![];
    for row in &table() {
        let files = files_of(&row.path);
        assert!(!files.is_empty(), "{} is empty", row.path);
        for file in files {
            checked += 1;
            let code = code(&fs::read_to_string(&file).unwrap());
            let used = crate_names(&code);
            let others = used.iter().filter(|name| !is_allowed(row, name));
            broken.extend(others.map(|name| format!("{} uses crate::{name}", file.display())));
            let words = row.without.iter().filter(|name| code.contains(name.as_str()));
            broken.extend(words.map(|name| format!("{} names {name}", file.display())));
            if depth(&file) < supers(&code) + row.path.split('/').count() {
                broken.push(format!("{} leaves its module by super::", file.display()));
            }
        }
    }
    assert!(checked > 60, "only {checked} files were checked");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_file_belongs_to_a_row() {
    let mut all = vec![];
    sources(&root(), &mut all);
    let listed: BTreeSet<PathBuf> = table().iter().flat_map(|row| files_of(&row.path)).collect();
    let above = ["main.rs", "lib.rs", "kms/mod.rs", "kubernetes/mod.rs", "sae/mod.rs"]
        .map(|name| root().join(name));
    let unlisted: Vec<_> =
        all.iter().filter(|file| !listed.contains(*file) && !above.contains(file)).collect();
    assert!(unlisted.is_empty(), "{unlisted:#?}");
}

/// The module that a file is, as names.
fn module_of(file: &Path) -> Vec<String> {
    let path = file.strip_prefix(root()).unwrap().with_extension("");
    let mut names: Vec<String> =
        path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    names.pop_if(|name| name == "mod" || name == "lib");
    names
}

/// The paths that a `use` names, with `crate`, `super` and `self` as they are written.
fn used_paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = vec![];
    for beginning in ["use crate::", "use super::", "use self::"] {
        for rest in code.split(beginning).skip(1) {
            let tree = rest.split(';').next().unwrap_or_default();
            let first = beginning.trim_start_matches("use ").trim_end_matches("::");
            leaves(tree, &mut vec![first.to_owned()], &mut paths);
        }
    }
    paths
}

fn leaves(text: &str, path: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        members(group).into_iter().for_each(|member| leaves(member, path, paths));
        return;
    }
    let name = word(text);
    if name.is_empty() {
        return;
    }
    path.push(name.to_owned());
    match text[name.len()..].strip_prefix("::") {
        Some(rest) => leaves(rest, path, paths),
        None => paths.push(path.clone()),
    }
    path.pop();
}

/// Which files each file uses, but for those of its own folder's module and the other way round.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut files = vec![];
    sources(&root(), &mut files);
    let modules: BTreeSet<Vec<String>> = files.iter().map(|file| module_of(file)).collect();
    let mut found = BTreeMap::new();
    for file in &files {
        let own = module_of(file);
        let mut uses = BTreeSet::new();
        for path in used_paths(&code(&fs::read_to_string(file).unwrap())) {
            let ups = path.iter().take_while(|name| *name == "super").count();
            let base = if path[0] == "crate" { &[][..] } else { &own[..own.len() - ups] };
            let names =
                path.iter().filter(|name| !["crate", "super", "self"].contains(&name.as_str()));
            let whole: Vec<String> = base.iter().chain(names).cloned().collect();
            let module = (1..=whole.len()).rev().find(|length| modules.contains(&whole[..*length]));
            let module = module.map(|length| &whole[..length]).unwrap_or_default();
            if !module.starts_with(&own) && !own.starts_with(module) {
                uses.insert(module.join("::"));
            }
        }
        found.insert(own.join("::"), uses);
    }
    found
}

/// What is left of the files when those that use none of the others are taken away, again and again.
fn in_circles(mut uses: BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    loop {
        let ends: BTreeSet<String> =
            uses.iter().filter(|(_, used)| used.is_empty()).map(|(file, _)| file.clone()).collect();
        if ends.is_empty() {
            return uses.into_iter().map(|(file, used)| format!("{file} uses {used:?}")).collect();
        }
        uses.retain(|file, _| !ends.contains(file));
        uses.values_mut().for_each(|used| used.retain(|file| !ends.contains(file)));
    }
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let uses = dependencies();
    assert!(uses["sae::api::product"].contains("sae::api::secrets"), "{uses:?}");
    let circles = in_circles(uses);
    assert!(circles.is_empty(), "{circles:#?}");
    let circle = [("a", "b"), ("b", "c"), ("c", "b")];
    let circle = circle.map(|(file, used)| (file.to_owned(), BTreeSet::from([used.to_owned()])));
    assert_eq!(in_circles(circle.into()).len(), 3, "one that leads into a circle counts as well");
}

#[test]
fn uses_are_seen_however_they_are_written() {
    for (text, names) in [
        ("use crate::store::Store;", &["store"][..]),
        ("use crate::{\n    clock::Clock,\n    store::{Store, Tx},\n};", &["clock", "store"]),
        ("use crate::{clock::{self, Clock}, store};", &["clock", "store"]),
        (
            "use crate::{sae::{api::Sae, model::{Error, tls}}, store};",
            &["sae::api", "sae::model", "store"],
        ),
        ("use crate::sae::model::Error;", &["sae::model"]),
        ("fn f() { crate::store::f() }", &["store"]),
        ("// crate::store", &[]),
        (
            "use crate::clock_like;\n#[cfg(test)]\nmod tests {\n    use crate::store;\n}",
            &["clock_like"],
        ),
    ] {
        let seen = crate_names(&code(text));
        assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), names, "{text}");
    }
    assert_eq!(supers("use super::super::x; super::y"), 2);
    assert_eq!(depth(&root().join("sae/model/tls.rs")), 3);
    assert_eq!(depth(&root().join("sae/mod.rs")), 1);
}
