use super::*;

#[test]
fn moments_are_read_and_written() {
    for (text, expected) in [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.999999Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z"),
    ] {
        assert_eq!(parse(text).unwrap().to_string(), expected);
    }
}

#[test]
fn what_is_no_moment_is_told_by_the_part_that_is_wrong() {
    for (text, rest, part) in [
        ("yesterday", "yesterday", "2006"),
        ("", "", "2006"),
        ("2024", "", "-"),
        ("2024-01-02", "", "T"),
        ("2024-01-02 03:04:05Z", " 03:04:05Z", "T"),
        ("2024-01-02T03:04", "", ":"),
        ("2024-01-02T03:04:05", "", "Z07:00"),
        ("2024-01-02T03:04:05x", "x", "Z07:00"),
    ] {
        let expected = format!(
            "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{rest}\" as \"{part}\""
        );
        assert_eq!(parse(text), Err(expected));
    }
}
