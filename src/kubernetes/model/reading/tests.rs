use super::*;

#[test]
fn members_keep_their_order_and_repeat() {
    let object = r#" {"a": 1, "b" :[1,"],"], "a":{"x":"}"} ,"\u00e9\"":"\\"} "#;
    let Json::Object(text) = Json::of(object) else { panic!("{object}") };
    let expected = [
        ("a", Json::Number("1")),
        ("b", Json::Array(r#"[1,"],"]"#)),
        ("a", Json::Object(r#"{"x":"}"}"#)),
        ("é\"", Json::Text(r#""\\""#)),
    ];
    let expected: Vec<(String, Json<'_>)> =
        expected.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    assert_eq!(members(text), expected);
    assert_eq!(members("{ }"), []);
    assert_eq!(elements("[]"), []);
    assert_eq!(elements("[ true,false , null]"), [Json::Bool(true), Json::Bool(false), Json::Null]);
}

#[test]
fn strings_are_unescaped() {
    for (quoted, expected) in [
        (r#""""#, ""),
        (r#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
        (r#""\u00e9\u4e2d""#, "é中"),
        (r#""\ud83d\ude00!""#, "😀!"),
        (r#""\ud83d""#, "\u{fffd}"),
        (r#""\ud83dx\ude00""#, "\u{fffd}x\u{fffd}"),
        (r#""\ud83d\u0041""#, "\u{fffd}A"),
    ] {
        assert_eq!(string(quoted), expected, "{quoted}");
    }
}

#[test]
fn each_byte_that_is_no_character_becomes_one() {
    assert_eq!(text_of("é".as_bytes()), "é");
    assert_eq!(text_of(b"a\xffb\xe2\x82"), "a\u{fffd}b\u{fffd}\u{fffd}");
}

proptest::proptest! {
    #[test]
    fn texts_come_back(text in ".{0,40}") {
        let quoted = serde_json::to_string(&text).unwrap();
        proptest::prop_assert_eq!(string(&quoted), text);
    }
}
