use proptest::prelude::*;

use super::*;

fn read(bytes: &[u8]) -> Result<String, EncodingError> {
    let text = decode(bytes);
    text.failure.map_or(Ok(text.characters), Err)
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert_eq!(read(b"\xEF\xBB\xBFa: b"), Ok("a: b".to_owned()));
    assert_eq!(read(b"\xEF\xBB\xBF"), Ok(String::new()));
    assert_eq!(read(b"\xFF\xFEa\0:\0"), Ok("a:".to_owned()));
    assert_eq!(read(b"\xFE\xFF\0a\0:\xD8\x3C\xDF\x89"), Ok("a:\u{1F389}".to_owned()));
}

#[test]
fn wrong_bytes_are_told_apart() {
    for (bytes, expected) in [
        (b"a: \xFF".as_slice(), EncodingError::LeadingOctet),
        (b"a\x80", EncodingError::LeadingOctet),
        // Latin-1.
        (b"a: caf\xE9 x", EncodingError::TrailingOctet),
        (b"a: caf\xE9", EncodingError::IncompleteSequence),
        (b"a: \xC0\x80", EncodingError::OverlongSequence),
        (b"a: \xE0\x80\x80", EncodingError::OverlongSequence),
        (b"a: \xF0\x80\x80\x80", EncodingError::OverlongSequence),
        (b"a: \xED\xA0\x80", EncodingError::InvalidCharacter),
        (b"a: \xF4\x90\x80\x80", EncodingError::InvalidCharacter),
        (b"\xFF\xFEa\0b", EncodingError::IncompleteUnit),
        (b"\xFE\xFF\xD8\x3C", EncodingError::IncompletePair),
        (b"\xFE\xFF\xD8\x3C\0a", EncodingError::ExpectedLowSurrogate),
        (b"\xFE\xFF\xDF\x89", EncodingError::UnexpectedLowSurrogate),
        (b"a: \x7F", EncodingError::ControlCharacter),
        (b"a: \0", EncodingError::ControlCharacter),
        (b"a: \xEF\xBF\xBE", EncodingError::ControlCharacter),
        // UTF-16 without a byte order mark.
        (b"a\0:\0", EncodingError::ControlCharacter),
    ] {
        assert_eq!(read(bytes), Err(expected), "{bytes:?}");
    }
}

#[test]
fn next_line_is_a_line_feed() {
    assert_eq!(read("a\u{85}b".as_bytes()), Ok("a\nb".to_owned()));
}

#[test]
fn a_wrong_byte_spoils_its_block() {
    for (length, kept) in [(511, 0), (512, 512), (1023, 512), (1024, 1024)] {
        let text = decode(&[&vec![b'a'; length], b"\xFF".as_slice()].concat());
        assert_eq!(text.characters.len(), kept, "{length}");
    }
    // A character that does not fit into a block is the first of the next one.
    let text = decode(&["é".repeat(256).as_bytes(), b"\xFF"].concat());
    assert_eq!(text.characters.len(), 512);
    let text = decode(&["aé", &"é".repeat(256), "\u{1}"].concat().into_bytes());
    assert_eq!(text.characters.len(), 511);
}

proptest! {
    #[test]
    fn what_is_allowed_is_read_in_each_encoding(text in "[ -~\u{A0}-\u{D7FF}\u{10000}-\u{10FFFF}\n\t]*") {
        let little = text.encode_utf16().flat_map(u16::to_le_bytes);
        let big = text.encode_utf16().flat_map(u16::to_be_bytes);
        prop_assert_eq!(read(text.as_bytes()), Ok(text.clone()));
        prop_assert_eq!(read(&[0xFF, 0xFE].into_iter().chain(little).collect::<Vec<_>>()), Ok(text.clone()));
        prop_assert_eq!(read(&[0xFE, 0xFF].into_iter().chain(big).collect::<Vec<_>>()), Ok(text));
    }

    #[test]
    fn any_bytes_are_decoded_like_the_library_does(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let is_marked = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
        if let (Ok(text), false) = (read(&bytes), is_marked) {
            let expected = String::from_utf8(bytes).unwrap().replace('\u{85}', "\n");
            prop_assert_eq!(text, expected.strip_prefix('\u{FEFF}').unwrap_or(&expected));
        }
    }
}
