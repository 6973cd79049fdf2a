//! Texts that mean something to somebody on the way, and bytes that are no text.

use std::sync::LazyLock;

/// What is put into a field.
pub struct Text {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Text {
    /// The text, unless the bytes are none.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// As it stands in a query or a form.
    pub fn encoded(&self) -> String {
        self.bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
    }

    /// As it stands in JSON, between the quotes: what need not be escaped is not.
    pub fn in_json(&self) -> Vec<u8> {
        let mut json = vec![];
        for byte in &self.bytes {
            match byte {
                b'"' | b'\\' => json.extend([b'\\', *byte]),
                0..0x20 => json.extend(format!("\\u{byte:04x}").bytes()),
                _ => json.push(*byte),
            }
        }
        json
    }
}

/// None of them is a name, an id, a number or a type.
pub static TEXTS: LazyLock<Vec<Text>> = LazyLock::new(|| {
    let long = |unit: &str, count: usize| unit.repeat(count);
    let texts: Vec<(&str, Vec<u8>)> = vec![
        ("an end of a statement", b"'; DROP TABLE secrets; --".into()),
        ("an alternative", b"cn-beijing:test' OR '1'='1".into()),
        ("a union", b"x' UNION SELECT payload FROM secrets--".into()),
        ("quotes", b"\"'`''\"\"".into()),
        ("a bound parameter", b"?1 :name @name $name".into()),
        ("any text", b"%".into()),
        ("any character", b"_%_".into()),
        ("a pattern with a class", b"[a-z]*?".into()),
        ("an escaped pattern", b"\\%\\_".into()),
        ("a comment", b"/**/".into()),
        ("NUL", b"\0".into()),
        ("NUL behind a good text", b"cn-beijing:test\0".into()),
        ("NUL within", b"a\0b".into()),
        ("line ends", b"a\r\nX-Injected: 1\r\n\r\n".into()),
        ("control characters", b"\x01\x07\x08\x1b[31m\x7f".into()),
        ("C1 control characters", "\u{85}\u{9b}".into()),
        ("an overlong slash", b"\xC0\xAF".into()),
        ("an overlong NUL", b"\xC0\x80".into()),
        ("an overlong quote", b"\xE0\x80\xA7".into()),
        ("an overlong quote in four bytes", b"\xF0\x80\x80\xA7".into()),
        ("beyond Unicode", b"\xF4\x90\x80\x80".into()),
        ("a five-byte sequence", b"\xF8\x88\x80\x80\x80".into()),
        ("a lone first byte", b"a\xE5".into()),
        ("a lone later byte", b"\x80a".into()),
        ("bytes that never occur", b"\xFF\xFE".into()),
        ("a high surrogate", b"\xED\xA0\x80".into()),
        ("a low surrogate", b"\xED\xB0\x80".into()),
        ("a pair of surrogates", b"\xED\xA0\xBD\xED\xB8\x80".into()),
        ("a right-to-left override", "\u{202e}tset:gnijieb-nc\u{202c}".into()),
        ("bidi isolates", "\u{2066}cn-beijing:test\u{2069}".into()),
        ("a combining character", "cn-beijing:te\u{301}st".into()),
        ("composed and decomposed", "\u{e9} e\u{301}".into()),
        ("Cyrillic letters that look like Latin ones", "\u{441}n-beijing:t\u{435}st".into()),
        ("full-width letters", "ｃｎ－ｂｅｉｊｉｎｇ：ｔｅｓｔ".into()),
        ("full-width digits", "１".into()),
        ("Arabic digits", "٣".into()),
        ("a superscript digit", "²".into()),
        ("a byte order mark", "\u{feff}cn-beijing:test".into()),
        ("U+FFFE", "\u{fffe}".into()),
        ("U+FFFF", "a\u{ffff}".into()),
        ("the last code point", "\u{10ffff}".into()),
        ("a private character", "\u{e000}".into()),
        ("zero-width characters", "cn-\u{200b}beijing\u{200d}:test\u{2060}".into()),
        ("separators", "a\u{2028}b\u{2029}c\u{a0}".into()),
        ("a dotted capital I", "cn-beİjİng:test".into()),
        ("a dotless i", "cn-beıjıng:test".into()),
        ("a long s", "cn-beijing:teſt".into()),
        ("a Kelvin sign", "\u{212a}ubernetes.io/tls".into()),
        ("a sharp s", "ẞß".into()),
        ("a ligature", "ﬁﬀ".into()),
        ("one grapheme of many code points", long("👩\u{200d}", 20).into()),
        ("one very long grapheme", format!("a{}", long("\u{301}", 10_000)).into()),
        ("astral characters", "𝒳𝒴".into()),
        ("spaces", b"   ".into()),
        ("a tabulator", b"\t".into()),
        ("markup", b"<script>]]>&lt;<!--".into()),
        ("a lookup", b"${jndi:ldap://x}{{7*7}}#{1}".into()),
        ("a format", b"%s%n%x{}{0}".into()),
        ("a path", b"../../../etc/passwd".into()),
        ("a number with an exponent", b"+1e999".into()),
        ("a negative number", b"-9223372036854775809".into()),
        ("no number", b"-NaN".into()),
        ("JSON", b"{\"k\":\"v\"}]".into()),
        ("percent signs", b"%00%2525%u0041".into()),
        ("a query", b"&SecretName=x&x=y#z".into()),
    ];
    texts.into_iter().map(|(name, bytes)| Text { name: name.to_owned(), bytes }).collect()
});

/// Changes of a good text that only a careless comparison takes for the same.
pub fn lookalikes(good: &str) -> Vec<Text> {
    let changes = [
        ("i", "ı"),
        ("i", "İ"),
        ("s", "ſ"),
        ("k", "\u{212a}"),
        ("a", "а"),
        ("e", "е"),
        ("o", "о"),
        ("1", "１"),
        ("-", "‐"),
        (":", "："),
        ("/", "∕"),
    ];
    let changed = changes.iter().filter(|(from, _)| good.contains(from));
    let mut texts: Vec<Text> = changed
        .map(|(from, to)| Text {
            name: format!("{to} for {from}"),
            bytes: good.replace(from, to).into(),
        })
        .collect();
    for (name, text) in [
        ("behind a space", format!(" {good}")),
        ("before a line end", format!("{good}\n")),
        ("before a NUL", format!("{good}\0")),
        ("before a pattern", format!("{good}%")),
        ("within quotes", format!("'{good}'")),
        ("behind a byte order mark", format!("\u{feff}{good}")),
        ("before a zero-width space", format!("{good}\u{200b}")),
        ("before a combining character", format!("{good}\u{301}")),
    ] {
        texts.push(Text { name: name.to_owned(), bytes: text.into() });
    }
    texts
}
