use super::*;

#[test]
fn what_a_real_server_takes() {
    for (text, expected) in [
        ("", ""),
        ("YQ==", "a"),
        ("YWI=", "ab"),
        ("YWJj", "abc"),
        ("YWJjZA==", "abcd"),
        ("YW\nJj\r\n", "abc"),
        ("YR==", "a"),
        ("YWJ=", "ab"),
    ] {
        assert_eq!(decode(text).unwrap(), expected.as_bytes(), "{text:?}");
    }
}

#[test]
fn where_it_is_wrong() {
    for (text, offset) in [
        ("YQ", 0),
        ("YWJjZA", 4),
        ("YQ=", 3),
        ("YQ==YQ==", 4),
        ("Y Q==", 1),
        ("QUJD\nR-V", 6),
        ("Y", 0),
        ("=", 0),
        ("Y===", 1),
        ("YW_j", 2),
        ("YQ=a", 3),
        ("<replace me>", 0),
        ("REDACTED!", 8),
        ("é", 0),
    ] {
        assert_eq!(decode(text), Err(Base64Error(offset)), "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn what_another_encoder_wrote_comes_back(bytes: Vec<u8>) {
        use ::base64::{Engine as _, engine::general_purpose::STANDARD};
        proptest::prop_assert_eq!(decode(&STANDARD.encode(&bytes)), Ok(bytes));
    }
}
