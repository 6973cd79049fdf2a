//! Files that are moved, removed and replaced under the running server.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::Case;
use crate::{child::Server, common::server::*, database};

#[test]
fn a_file_that_is_moved_away_is_an_outage_until_it_is_back() {
    // The database, and the log that holds what was acknowledged last.
    for name in ["test.db", "test.db-wal"] {
        let folder = Folder::new();
        let mut case = Case::new(folder.path());
        let (here, away) = (case.path(name), case.path("away"));
        fs::rename(&here, &away).unwrap();
        is_out(&case);
        assert!(!here.exists(), "the server made an empty {name} in place of the lost one");
        fs::rename(&away, &here).unwrap();
        case.recovers();
        case.survives_a_kill();
    }
}

#[test]
fn a_file_that_is_removed_is_an_outage_until_it_is_put_back() {
    for name in ["test.db", "test.db-wal"] {
        let folder = Folder::new();
        let mut case = Case::new(folder.path());
        let (here, other_name) = (case.path(name), case.path("other-name"));
        fs::rename(&here, &other_name).unwrap();
        is_out(&case);
        assert!(!here.exists(), "the server made an empty {name} in place of the lost one");
        fs::rename(&other_name, &here).unwrap();
        case.recovers();
        case.survives_a_kill();
    }
}

#[test]
fn a_file_that_is_emptied_is_an_outage_until_its_content_is_back() {
    let folder = Folder::new();
    let mut case = Case::new(folder.path());
    let here = case.path("test.db");
    let content = fs::read(&here).unwrap();
    fs::File::options().write(true).open(&here).unwrap().set_len(0).unwrap();
    is_out(&case);
    case.says("test.db was emptied");
    fs::write(&here, content).unwrap();
    case.recovers();
    case.survives_a_kill();
}

#[test]
fn a_removed_file_of_which_there_is_a_copy_comes_back_with_a_restart() {
    let folder = Folder::new();
    let mut case = Case::new(folder.path());
    let (here, copy) = (case.path("test.db"), case.path("copy"));
    fs::copy(&here, &copy).unwrap();
    fs::remove_file(&here).unwrap();
    is_out(&case);
    fs::rename(&copy, &here).unwrap();
    // The copy may be of any age, and the log may not fit to it: whether it does is for a person to say.
    is_out(&case);
    case.says("test.db was replaced: put the file back");
    case.server.kill();
    case.server = Server::start(folder.path());
    case.recovers();
    case.survives_a_kill();
}

#[test]
fn another_database_in_its_place_is_neither_read_nor_written() {
    let elsewhere = Folder::new();
    let mut other = Case::new(elsewhere.path());
    other.create("other", &serde_json::json!({"k": "other"})).data();
    other.server.terminate();
    other.server.wait();
    // Whoever closes the file last writes the log back.
    assert_eq!(database::secret_count(elsewhere.path()), 3);
    let foreign = other.path("test.db");
    let empty = elsewhere.path().join("empty");
    fs::write(&empty, "").unwrap();
    let garbage = elsewhere.path().join("garbage");
    fs::write(&garbage, "this is no database ".repeat(1000)).unwrap();
    for replacement in [foreign, empty, garbage] {
        let folder = Folder::new();
        let mut case = Case::new(folder.path());
        let (here, away) = (case.path("test.db"), case.path("away"));
        fs::rename(&here, &away).unwrap();
        fs::copy(&replacement, &here).unwrap();
        is_out(&case);
        let (found, expected) = (fs::read(&here).unwrap(), fs::read(&replacement).unwrap());
        assert!(found == expected, "{} was written to", replacement.display());
        fs::rename(&away, &here).unwrap();
        case.recovers();
        case.survives_a_kill();
    }
}

#[test]
fn a_folder_that_is_gone_is_an_outage_until_it_is_back() {
    let folder = Folder::new();
    let inner = folder.path().join("data");
    for replacement in [None, Some(folder.path().join("made-anew"))] {
        fs::create_dir(&inner).unwrap();
        let mut case = Case::new(&inner);
        let away = folder.path().join("away");
        fs::rename(&inner, &away).unwrap();
        if let Some(replacement) = &replacement {
            fs::create_dir(replacement).unwrap();
            fs::rename(replacement, &inner).unwrap();
        }
        is_out(&case);
        match &replacement {
            Some(_) => assert_eq!(names_in(&inner), [""; 0], "the server made a database anew"),
            None => assert!(!inner.exists()),
        }
        if replacement.is_some() {
            fs::remove_dir(&inner).unwrap();
        }
        fs::rename(&away, &inner).unwrap();
        case.recovers();
        case.survives_a_kill();
        fs::remove_dir_all(&inner).unwrap();
    }
}

fn is_out(case: &Case) {
    case.refuses_writes();
    case.refuses_reads();
    case.reports(false);
}

fn names_in(folder: &Path) -> Vec<String> {
    let path = |entry: std::io::Result<fs::DirEntry>| -> PathBuf { entry.unwrap().path() };
    fs::read_dir(folder).unwrap().map(|it| path(it).display().to_string()).collect()
}
