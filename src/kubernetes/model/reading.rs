//! Reads JSON one level at a time, out of a text whose syntax was checked: members keep their order and may repeat, and no depth
//! is too much. What is wrong inside strings becomes U+FFFD, as on the real server.

use std::borrow::Cow;

/// A value whose inside is not read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Json<'a> {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// As it is written.
    Number(&'a str),
    /// With its quotation marks.
    Text(&'a str),
    /// With its brackets.
    Array(&'a str),
    /// With its braces.
    Object(&'a str),
}

/// Bytes as text; each one that is no part of a character is U+FFFD.
#[must_use]
pub fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => bytes
            .utf8_chunks()
            .flat_map(|chunk| {
                chunk
                    .valid()
                    .chars()
                    .chain(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER))
            })
            .collect(),
    }
}

impl<'a> Json<'a> {
    /// The value that a text is, which may have blanks around it.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let text = text.trim_matches([' ', '\t', '\n', '\r']);
        match text.as_bytes().first() {
            Some(b'{') => Self::Object(text),
            Some(b'[') => Self::Array(text),
            Some(b'"') => Self::Text(text),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(text),
        }
    }

    /// What the real server calls this kind of value.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

/// The members of an object, in their order.
#[must_use]
pub fn members(object: &str) -> Vec<(String, Json<'_>)> {
    let member = |part| {
        let end = end_of_string(part);
        let (key, rest) = part.split_at_checked(end).unwrap_or((part, ""));
        let value = rest.trim_start_matches([' ', '\t', '\n', '\r', ':']);
        (string(key), Json::of(value))
    };
    parts(object).into_iter().map(member).collect()
}

/// The elements of an array, in their order.
#[must_use]
pub fn elements(array: &str) -> Vec<Json<'_>> {
    parts(array).into_iter().map(Json::of).collect()
}

/// What stands between the commas of an array or an object.
fn parts(text: &str) -> Vec<&str> {
    let inside = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    let mut parts = Vec::new();
    let (mut depth, mut begin, mut is_in_string, mut is_escaped) = (0_usize, 0, false, false);
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_in_string,
            b'"' => is_in_string = !is_in_string,
            _ if is_in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(inside.get(begin..at).unwrap_or_default());
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(inside.get(begin..).unwrap_or_default());
    let parts = parts.into_iter().map(|part| part.trim_matches([' ', '\t', '\n', '\r']));
    parts.filter(|part| !part.is_empty()).collect()
}

/// Where the string ends that a text begins with.
fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The content of a string that stands between quotation marks. Halves of surrogate pairs become U+FFFD.
#[must_use]
pub fn string(quoted: &str) -> String {
    let inside = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    if !inside.contains('\\') {
        return inside.to_owned();
    }
    let mut content = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((before, escape)) = rest.split_once('\\') {
        content.push_str(before);
        let mut chars = escape.chars();
        let escaped = chars.next();
        rest = chars.as_str();
        match escaped {
            Some('b') => content.push('\u{8}'),
            Some('f') => content.push('\u{C}'),
            Some('n') => content.push('\n'),
            Some('r') => content.push('\r'),
            Some('t') => content.push('\t'),
            Some('u') => {
                let (found, behind) = unicode(rest);
                content.push(found);
                rest = behind;
            }
            Some(other) => content.push(other),
            None => {}
        }
    }
    content.push_str(rest);
    content
}

/// The character of the digits that follow `\u`, with those of its second half, and what stands behind.
fn unicode(text: &str) -> (char, &str) {
    let (unit, rest) = unit(text);
    let second = || {
        let (second, rest) = self::unit(rest.strip_prefix("\\u")?);
        let pair = char::decode_utf16([unit, second]).next()?.ok()?;
        Some((pair, rest))
    };
    match char::from_u32(unit.into()) {
        Some(found) => (found, rest),
        None => second().unwrap_or((char::REPLACEMENT_CHARACTER, rest)),
    }
}

fn unit(text: &str) -> (u16, &str) {
    let (digits, rest) = text.split_at_checked(4).unwrap_or((text, ""));
    (u16::from_str_radix(digits, 16).unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests;
