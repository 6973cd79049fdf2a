//! Answers in YAML, laid out as the real server lays them out.

use std::{cmp::Ordering, mem, slice, vec};

use serde_json::Value;

use super::scalar::{Scalar, general, resolve_plain};

/// How far a collection stands to the right of the one around it.
const INDENT: usize = 2;

/// Lines are broken at the first blank behind this column.
const WIDTH: usize = 80;

/// A longer key gets a line of its own, behind `?`.
const KEY_MAX: usize = 128;

/// Writes a value as YAML: keys in the order in which people sort names with numbers, lists as far to the left as their key,
/// lines of text in a block, and quotation marks where something else would be read without them.
///
/// What it writes is read by [`to_json`](super::to_json) as the same value, but a number without a fraction as an integer.
#[must_use]
pub fn from_json(value: &Value) -> String {
    let mut writer = Writer { yaml: String::new(), column: 0, open: Vec::new() };
    writer.value(value, 0, Place::Inline);
    while let Some(block) = writer.open.pop() {
        writer.advance(block);
    }
    writer.end_line();
    writer.yaml
}

/// A collection that is not all written yet.
struct Block<'v> {
    entries: Entries<'v>,
    indent: usize,
    /// Whether the next entry goes on in the line that has begun.
    is_inline: bool,
}

enum Entries<'v> {
    Mapping(vec::IntoIter<(&'v String, &'v Value)>),
    Sequence(slice::Iter<'v, Value>),
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Behind `key:`.
    Member,
    /// Behind `-`, or behind `:` of a key with a line of its own; or it is the whole document.
    Inline,
}

struct Writer<'v> {
    yaml: String,
    /// Characters since the last line feed.
    column: usize,
    open: Vec<Block<'v>>,
}

impl<'v> Writer<'v> {
    /// Writes the next entry of a collection.
    fn advance(&mut self, mut block: Block<'v>) {
        let (key, value) = match &mut block.entries {
            Entries::Mapping(entries) => entries.next().unzip(),
            Entries::Sequence(items) => (None, items.next()),
        };
        let Some(value) = value else { return };
        let indent = block.indent;
        if !mem::take(&mut block.is_inline) {
            self.begin_line(indent);
        }
        self.open.push(block);
        let place = match key {
            None => {
                self.push_str("-");
                Place::Inline
            }
            Some(key) if key.len() <= KEY_MAX && !key.contains(is_line_break) => {
                self.text(key, indent, true);
                self.push_str(":");
                Place::Member
            }
            Some(key) => {
                self.push_str("? ");
                self.text(key, indent, false);
                self.begin_line(indent);
                self.push_str(":");
                Place::Inline
            }
        };
        self.value(value, indent, place);
    }

    /// Writes a scalar or an empty collection, or opens a collection. `indent` is that of the collection around it.
    fn value(&mut self, value: &'v Value, indent: usize, place: Place) {
        let entries = match value {
            Value::Object(members) if !members.is_empty() => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by(|(a, _), (b, _)| compare_naturally(a, b));
                Entries::Mapping(members.into_iter())
            }
            Value::Array(items) if !items.is_empty() => Entries::Sequence(items.iter()),
            scalar => return self.scalar(scalar, indent),
        };
        let is_inline = place == Place::Inline;
        let is_nested = self.column > 0;
        if is_inline && is_nested {
            self.push_str(" ");
        }
        let is_list_of_key = !is_inline && matches!(entries, Entries::Sequence(_));
        let indent = if is_list_of_key || !is_nested { indent } else { indent + INDENT };
        self.open.push(Block { entries, indent, is_inline });
    }

    fn scalar(&mut self, value: &Value, indent: usize) {
        if self.column > 0 {
            self.push_str(" ");
        }
        match value {
            Value::String(text) => self.text(text, indent, false),
            Value::Object(_) => self.push_str("{}"),
            Value::Array(_) => self.push_str("[]"),
            Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
                Some(number) => self.push_str(&general(number)),
                None => self.push_str(&number.to_string()),
            },
            Value::Null | Value::Bool(_) => self.push_str(&value.to_string()),
        }
    }

    fn text(&mut self, text: &str, indent: usize, is_key: bool) {
        let indent = indent + INDENT;
        match Style::of(text) {
            Style::Literal => self.block(text, indent),
            style => self.line(text, indent, style, is_key),
        }
    }

    /// Writes a text in a line, or in several where it is too wide and no key.
    fn line(&mut self, text: &str, indent: usize, style: Style, is_key: bool) {
        self.push_str(style.quotation_mark());
        let (mut characters, mut previous) = (text.chars().peekable(), None);
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            let is_break = character == ' '
                && !is_key
                && self.column > WIDTH
                && !matches!(previous, None | Some(' '))
                && next.is_some_and(|next| next != ' ' || style == Style::Double);
            match character {
                ' ' if is_break => {
                    self.begin_line(indent);
                    if next == Some(' ') {
                        self.push_str("\\");
                    }
                }
                '\'' if style == Style::Single => self.push_str("''"),
                _ if style == Style::Double => self.escaped(character),
                _ => self.push(character),
            }
            previous = Some(character);
        }
        self.push_str(style.quotation_mark());
    }

    /// Writes lines of text as they are, behind a `|` that says how they begin and end.
    fn block(&mut self, text: &str, indent: usize) {
        self.push_str("|");
        if text.starts_with([' ', '\n']) {
            self.push_str(&INDENT.to_string());
        }
        match text.strip_suffix('\n') {
            None => self.push_str("-"),
            Some(rest) if rest.is_empty() || rest.ends_with('\n') => self.push_str("+"),
            Some(_) => {}
        }
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            self.push('\n');
            if !line.is_empty() {
                self.begin_line(indent);
                self.push_str(line);
            }
        }
        if text.ends_with('\n') {
            self.push('\n');
        }
    }

    /// Writes a character between double quotation marks.
    fn escaped(&mut self, character: char) {
        let letter = match character {
            '"' | '\\' => character,
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{B}' => 'v',
            '\u{C}' => 'f',
            '\r' => 'r',
            '\u{1B}' => 'e',
            '\u{85}' => 'N',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ if is_printable(character) => return self.push(character),
            _ => {
                let number = u32::from(character);
                return self.push_str(&match number {
                    0..=0xFF => format!("\\x{number:02X}"),
                    0x100..=0xFFFF => format!("\\u{number:04X}"),
                    _ => format!("\\U{number:08X}"),
                });
            }
        };
        self.push('\\');
        self.push(letter);
    }

    /// Begins a line, unless one has just begun.
    fn begin_line(&mut self, indent: usize) {
        self.end_line();
        for _ in 0..indent {
            self.push(' ');
        }
    }

    fn end_line(&mut self) {
        if self.column > 0 {
            self.push('\n');
        }
    }

    fn push(&mut self, character: char) {
        self.column = if character == '\n' { 0 } else { self.column + 1 };
        self.yaml.push(character);
    }

    fn push_str(&mut self, text: &str) {
        text.chars().for_each(|character| self.push(character));
    }
}

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

impl Style {
    fn of(text: &str) -> Self {
        let is_printable = text.chars().all(is_printable);
        if text.contains('\n') {
            let is_block = is_printable && !text.ends_with(' ') && !text.contains(" \n");
            return if is_block { Self::Literal } else { Self::Double };
        }
        let is_text = matches!(resolve_plain(text), Scalar::Text(_));
        // A merge key is text to the real server, which writes it without quotation marks and cannot read it back.
        if !is_printable || !is_text || is_base_60(text) || text == "<<" {
            Self::Double
        } else if has_indicator(text) || text.starts_with(' ') || text.ends_with(' ') {
            Self::Single
        } else {
            Self::Plain
        }
    }

    fn quotation_mark(self) -> &'static str {
        match self {
            Self::Plain | Self::Literal => "",
            Self::Single => "'",
            Self::Double => "\"",
        }
    }
}

/// Whether the real server prints a character as it is. It does not print characters beyond U+FFFF.
fn is_printable(character: char) -> bool {
    match character {
        '\u{FEFF}' | '\u{2028}' | '\u{2029}' => false,
        '\n' | ' '..='~' | '\u{A0}'..='\u{FFFD}' => true,
        _ => false,
    }
}

/// Whether something in a line of text means something else without quotation marks.
fn has_indicator(text: &str) -> bool {
    let is_marked = match text.as_bytes() {
        [b'-' | b'?' | b':'] | [b'-' | b'?' | b':', b' ', ..] => true,
        [first, ..] => b"#,[]{}&*!|>'\"%@`".contains(first),
        [] => false,
    };
    is_marked
        || text.starts_with("---")
        || text.starts_with("...")
        || text.contains(": ")
        || text.ends_with(':')
        || text.contains(" #")
}

/// Whether YAML 1.1 has a number to the base of 60 here, which is text to the real server: `12:30:45`.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let is_digit_or_underscore = |byte: u8| byte.is_ascii_digit() || byte == b'_';
    whole.contains(':')
        && first.starts_with(|character: char| character.is_ascii_digit())
        && first.bytes().chain(fraction.bytes()).all(is_digit_or_underscore)
        && parts.all(|part| match part.as_bytes() {
            [digit] | [b'0'..=b'5', digit] => digit.is_ascii_digit(),
            _ => false,
        })
}

/// Whether a key cannot stand in one line with its value.
fn is_line_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Compares names as people do: numbers in them by their value, other characters before digits, and letters last.
fn compare_naturally(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (Some(first), Some(second)) = (left.chars().next(), right.chars().next()) else {
            return left.len().cmp(&right.len());
        };
        let order = if first.is_ascii_digit() && second.is_ascii_digit() {
            let (number, other) = (take_number(&mut left), take_number(&mut right));
            let digits = number.trim_start_matches('0');
            let other_digits = other.trim_start_matches('0');
            digits
                .len()
                .cmp(&other_digits.len())
                .then(digits.cmp(other_digits))
                .then(number.len().cmp(&other.len()))
        } else {
            left = left.get(first.len_utf8()..).unwrap_or_default();
            right = right.get(second.len_utf8()..).unwrap_or_default();
            rank(first).cmp(&rank(second)).then(first.cmp(&second))
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Letters are last, and digits next to last.
fn rank(character: char) -> u8 {
    u8::from(character.is_ascii_digit()) + 2 * u8::from(character.is_alphabetic())
}

/// Takes the digits at the beginning of a text.
fn take_number<'t>(text: &mut &'t str) -> &'t str {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end).unwrap_or_default();
    *text = rest;
    number
}

#[cfg(test)]
mod tests;
