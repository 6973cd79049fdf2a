use super::*;

fn told(text: &[u8]) -> String {
    check(text).map_or_else(|error| error.to_string(), |()| String::new())
}

#[test]
fn what_is_json_passes() {
    for text in [
        "null",
        " true ",
        "false",
        "0",
        "-0",
        "-1.5e+3",
        "1E9",
        "\"\"",
        r#""\u00e9\"\\\/\b\f\n\r\t""#,
        "[]",
        "{}",
        "[ ]",
        "{ }",
        r#"{"a":[1,{"b":null}],"a":{}}"#,
        "\t[\n1\r,2 ]",
        "\"\u{7f}é\"",
    ] {
        assert_eq!(told(text.as_bytes()), "", "{text}");
    }
    assert_eq!(told(b"\"\xff\""), "", "what is no character inside strings is taken");
}

#[test]
fn what_is_wrong_is_told_in_the_real_servers_words() {
    for (text, expected) in [
        ("", "unexpected end of JSON input"),
        ("  ", "unexpected end of JSON input"),
        ("{", "unexpected end of JSON input"),
        ("[1", "unexpected end of JSON input"),
        ("\"a", "unexpected end of JSON input"),
        ("-", "unexpected end of JSON input"),
        ("{not json", "invalid character 'n' looking for beginning of object key string"),
        (r#"{"a":1,}"#, "invalid character '}' looking for beginning of object key string"),
        (r#"{"a" 1}"#, "invalid character '1' after object key"),
        (r#"{"a":1 "b":2}"#, "invalid character '\"' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("{} {}", "invalid character '{' after top-level value"),
        ("01", "invalid character '1' after top-level value"),
        ("-a", "invalid character 'a' in numeric literal"),
        ("1.x", "invalid character 'x' after decimal point in numeric literal"),
        ("1e+", "unexpected end of JSON input"),
        ("1ex", "invalid character 'x' in exponent of numeric literal"),
        ("nul1", "invalid character '1' in literal null (expecting 'l')"),
        ("tru3", "invalid character '3' in literal true (expecting 'e')"),
        ("fAlse", "invalid character 'A' in literal false (expecting 'a')"),
        ("NaN", "invalid character 'N' looking for beginning of value"),
        ("'a'", r"invalid character '\'' looking for beginning of value"),
        ("\"a\nb\"", r"invalid character '\n' in string literal"),
        (r#""\x""#, "invalid character 'x' in string escape code"),
        (r#""\u12g4""#, r"invalid character 'g' in \u hexadecimal character escape"),
        ("\u{feff}{}", "invalid character 'ï' looking for beginning of value"),
        ("# comment", "invalid character '#' looking for beginning of value"),
    ] {
        assert_eq!(told(text.as_bytes()), expected, "{text}");
    }
    assert_eq!(told(b"\x81"), r"invalid character '\u0081' looking for beginning of value");
}

#[test]
fn ten_thousand_levels_are_the_most() {
    for (open, close) in [("[", "]"), (r#"{"x":"#, "}")] {
        let nested = |levels: usize| format!("{}0{}", open.repeat(levels), close.repeat(levels));
        assert_eq!(told(nested(10_000).as_bytes()), "");
        let shown = open.chars().next().unwrap();
        assert_eq!(
            told(nested(10_001).as_bytes()),
            format!("invalid character '{shown}' exceeded max depth")
        );
    }
    assert_eq!(told(&vec![b'['; 3_000_000]), "invalid character '[' exceeded max depth");
}

proptest::proptest! {
    #[test]
    fn it_agrees_with_another_reader_of_json(text in r#"[\[\]{}",:0-9a-z\\ .eE+-]{0,24}"#) {
        let others = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
        proptest::prop_assert_eq!(check(text.as_bytes()).is_ok(), others, "{}", text);
    }
}
