//! Looks for a text in files, in whatever usual spelling it stands there.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// Every spelling that is looked for: as it is, hexadecimal, percent-encoded, UTF-16, and base64 wherever it may stand in a
/// longer text.
pub fn spellings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = text.as_bytes();
    let hex = |upper: bool| {
        let digits = bytes.iter().map(|byte| match upper {
            true => format!("{byte:02X}"),
            false => format!("{byte:02x}"),
        });
        digits.collect::<String>().into_bytes()
    };
    let percent: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut spellings = vec![
        ("raw", bytes.to_vec()),
        ("hexadecimal", hex(false)),
        ("upper-case hexadecimal", hex(true)),
        ("percent-encoded", percent.into_bytes()),
        ("UTF-16, little-endian", little),
        ("UTF-16, big-endian", big),
    ];
    for skipped in 0..3 {
        // What stands before the text decides about the first characters, what follows about the last.
        let padded = [vec![b'x'; skipped], bytes.to_vec()].concat();
        let encoded = STANDARD_NO_PAD.encode(padded);
        let inner = &encoded[(skipped * 8).div_ceil(6)..encoded.len() - 1];
        spellings.push(("base64", inner.as_bytes().to_vec()));
    }
    spellings
}

/// Where the text stands in a folder's files, and how it is spelled there.
pub fn hits(folder: &Path, text: &str) -> Vec<String> {
    let spellings = spellings(text);
    let mut hits = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            hits.extend(self::hits(&path, text));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for (name, spelling) in &spellings {
            if contains(&bytes, spelling) {
                hits.push(format!("{name} in {}", path.display()));
            }
        }
    }
    hits
}

pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn every_spelling_is_found_where_it_was_planted() {
    let folder = crate::common::server::Folder::new();
    let file = folder.path().join("planted");
    let text = "CANARY-of-the-scanner";
    let spellings = spellings(text);
    assert_eq!(spellings.len(), 9);
    for (name, spelling) in spellings {
        fs::write(&file, [b"before ".as_slice(), &spelling, b" after"].concat()).unwrap();
        let hits = hits(folder.path(), text);
        assert!(hits.iter().any(|hit| hit.starts_with(name)), "{name}: {hits:?}");
    }
    for before in 0..6 {
        let longer = format!("{}{text}, and more", "x".repeat(before));
        fs::write(&file, base64::prelude::BASE64_STANDARD.encode(longer)).unwrap();
        assert_eq!(hits(folder.path(), text).len(), 1, "{before}");
    }
    fs::write(&file, "CANARY-of-the-scannex").unwrap();
    assert!(hits(folder.path(), text).is_empty());
}
