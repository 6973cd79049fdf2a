//! How the messages of a real server show a text that came from the caller.

use std::fmt::Write;

/// A text in double quotes, with the escapes of a Go string literal, as a real server answers:
/// printable characters stay, of ASCII only `"` and `\` are escaped among them; the rest becomes
/// `\n`, `\x1b`, `\u00a0` or `\U000e0001`.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0c' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0b' => quoted.push_str("\\v"),
            _ if is_printable(c) => quoted.push(c),
            _ => push_number(&mut quoted, c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character is shown as it is: letters, marks, numbers, punctuation, symbols, and of the
/// separators only the ASCII space. The tables are those of Rust's standard library.
#[must_use]
pub fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    // At the start of a string, and alone, combining marks would be escaped too.
    String::from_iter(['a', c]).escape_debug().nth(1) == Some(c)
}

fn push_number(quoted: &mut String, c: char) {
    let number = u32::from(c);
    let written = match number {
        0..=0x7f => write!(quoted, "\\x{number:02x}"),
        0x80..=0xffff => write!(quoted, "\\u{number:04x}"),
        _ => write!(quoted, "\\U{number:08x}"),
    };
    debug_assert!(written.is_ok(), "a String takes every text");
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_text_is_quoted_as_a_real_server_does() {
        for (text, expected) in [
            ("", r#""""#),
            ("a b", r#""a b""#),
            ("é", r#""é""#),
            (r#"a"b\c'd"#, r#""a\"b\\c'd""#),
            ("\x07\x08\x0c\n\r\t\x0b", r#""\a\b\f\n\r\t\v""#),
            ("\0\x1b\x7f", r#""\x00\x1b\x7f""#),
            (
                "\u{80}\u{a0}\u{ad}\u{2028}\u{3000}\u{feff}",
                r#""\u0080\u00a0\u00ad\u2028\u3000\ufeff""#,
            ),
            ("\u{e0001}\u{10ffff}", r#""\U000e0001\U0010ffff""#),
            ("\u{301}a\u{301}", "\"\u{301}a\u{301}\""),
            ("密钥🔑\u{fffd}", "\"密钥🔑\u{fffd}\""),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
