use super::*;

fn text(text: &str) -> Scalar<'_> {
    Scalar::Text(text.into())
}

#[test]
fn integers() {
    for (written, expected) in [
        ("0", 0),
        ("0123", 83),
        ("0x1F", 31),
        ("0X1f", 31),
        ("0o17", 15),
        ("0O17", 15),
        ("0b11", 3),
        ("1_000", 1000),
        ("1_", 1),
        ("0x_1F", 31),
        ("+1", 1),
        ("-0", 0),
        ("-017", -15),
        ("-0b11", -3),
        ("0b-1", -1),
        ("0b+1", 1),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
    ] {
        assert_eq!(resolve_plain(written), Scalar::Integer(expected), "{written}");
    }
    assert_eq!(resolve_plain("9223372036854775808"), Scalar::Unsigned(1 << 63));
    assert_eq!(resolve_plain("0xFFFFFFFFFFFFFFFF"), Scalar::Unsigned(u64::MAX));
}

#[test]
fn other_numbers() {
    for (written, expected) in [
        ("1e3", 1000.0),
        ("1E5", 100_000.0),
        (".5", 0.5),
        ("+.5", 0.5),
        (".5_0", 0.5),
        ("-.5e-3", -0.0005),
        ("1.", 1.0),
        ("1_0.5_0", 10.5),
        ("089", 89.0),
        ("08.5", 8.5),
        ("-0.0", -0.0),
        // More than 64 bits.
        ("18446744073709551616", 18_446_744_073_709_551_616.0),
        ("-9223372036854775809", -9_223_372_036_854_775_808.0),
        (".inf", f64::INFINITY),
        ("+.Inf", f64::INFINITY),
        ("-.INF", f64::NEG_INFINITY),
    ] {
        assert_eq!(resolve_plain(written), Scalar::Float(expected), "{written}");
    }
    assert!(matches!(resolve_plain(".NaN"), Scalar::Float(number) if number.is_nan()));
}

#[test]
fn words() {
    for written in ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"] {
        assert_eq!(resolve_plain(written), Scalar::Bool(true), "{written}");
    }
    for written in ["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"] {
        assert_eq!(resolve_plain(written), Scalar::Bool(false), "{written}");
    }
    for written in ["", "~", "null", "Null", "NULL"] {
        assert_eq!(resolve_plain(written), Scalar::Null, "{written}");
    }
}

#[test]
fn all_else_is_text() {
    for written in [
        "yEs",
        "nULL",
        "tRUE",
        "12:30:45",
        "1.2.3",
        "1,000",
        "=",
        "<<",
        "_1",
        "-",
        "+",
        ".",
        "0x",
        "0b",
        "0o",
        "0b12",
        "1e",
        "e1",
        ".e5",
        ".5e",
        "._5",
        ".5_",
        ".5__0",
        "0x1p4",
        "1e400",
        "-1e400",
        "inf",
        "nan",
        "Infinity",
        ".infinity",
        "+-1",
        "--1",
        "0x-1",
        "0o+1",
        "++.5",
        "-0b-1",
        "1 ",
        "٣",
    ] {
        assert_eq!(resolve_plain(written), text(written), "{written}");
    }
}

#[test]
fn moments_stay_as_they_are_written() {
    for written in [
        "2020-01-02",
        "2020-1-2",
        "2020-02-29",
        "2020-1-2 3:4:5",
        "2020-1-2  3:4:5.5",
        "2020-01-02T03:04:05Z",
        "2020-1-2t3:4:5.123+01:00",
    ] {
        assert_eq!(resolve_plain(written), Scalar::Timestamp(written.into()), "{written}");
    }
    for written in [
        "2021-02-29",
        "2020-13-02",
        "2020-1-222",
        "20200-1-2",
        "2020-1",
        "2020-1-2 ",
        "2020-1-2T3:4:5",
        "2020-1-2 3:4:5Z",
        "2020-1-2 24:0:0",
        "2020-1-2 3:4",
        "2020-1-2T3:4:5+1:00",
        "2020-1-2x",
        "+202-1-2",
    ] {
        assert_eq!(resolve_plain(written), text(written), "{written}");
    }
}

#[test]
fn tags_decide() {
    for (tag, written, expected) in [
        ("str", "12", text("12")),
        ("str", "~", text("~")),
        ("int", "0x1F", Scalar::Integer(31)),
        ("float", "3", Scalar::Float(3.0)),
        ("float", "1.5", Scalar::Float(1.5)),
        ("bool", "no", Scalar::Bool(false)),
        ("null", "", Scalar::Null),
        ("timestamp", "2020-01-02", Scalar::Timestamp("2020-01-02".into())),
        ("binary", "YQ==", text("a")),
        // Line ends count for nothing, nor do bits behind the last byte.
        ("binary", "Y\nR=\r\n=", text("a")),
        ("binary", "//8=", text("\u{FFFD}\u{FFFD}")),
        ("merge", "<<", text("<<")),
        ("map", "x", text("x")),
    ] {
        let tag = Tag::named(&format!("tag:yaml.org,2002:{tag}"));
        // Quotation marks change nothing then.
        assert_eq!(resolve(written, tag, true), Ok(expected.clone()), "{tag:?} {written}");
        assert_eq!(resolve(written, tag, false), Ok(expected), "{tag:?} {written}");
    }
    assert_eq!(resolve("12", Tag::named("!"), true), Ok(text("12")));
    assert_eq!(resolve("12", Tag::named("!secret"), true), Ok(text("12")));
    assert_eq!(resolve("12", Tag::Absent, false), Ok(text("12")));
}

#[test]
fn tags_that_do_not_fit_are_refused_without_the_text() {
    for (tag, written, expected) in [
        (Tag::Int, "hunter2", "yaml: cannot decode !!str as a !!int"),
        (Tag::Int, "12.5", "yaml: cannot decode !!float as a !!int"),
        (Tag::Int, "2020-01-02", "yaml: cannot decode !!str as a !!int"),
        (Tag::Null, "x", "yaml: cannot decode !!str as a !!null"),
        (Tag::Bool, "12", "yaml: cannot decode !!int as a !!bool"),
        (Tag::Float, "18446744073709551615", "yaml: cannot decode !!int as a !!float"),
        (Tag::Timestamp, "2020-13-02", "yaml: cannot decode !!str as a !!timestamp"),
        (Tag::Binary, "Y", "yaml: !!binary value contains invalid base64 data"),
        (Tag::Binary, "YQ", "yaml: !!binary value contains invalid base64 data"),
    ] {
        assert_eq!(resolve(written, tag, true).unwrap_err().to_string(), expected, "{written}");
    }
}

#[test]
fn numbers_as_go_prints_them() {
    for (number, expected) in [
        (1.1, "1.1"),
        (1000.0, "1000"),
        (-0.0, "-0"),
        (100_000.5, "100000.5"),
        (1e6, "1e+06"),
        (1_234_567.5, "1.2345675e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (1e21, "1e+21"),
        (-1.5e300, "-1.5e+300"),
    ] {
        assert_eq!(general(number), expected);
    }
    assert_eq!(general(123_456_789.5_f32), "1.2345679e+08");
}
