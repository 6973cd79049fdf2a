//! One operation as one line of JSON.
#![allow(clippy::ref_option_ref, reason = "the derived code hands out references to fields")]

use std::net::IpAddr;

use jiff::fmt::temporal::DateTimePrinter;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::clock::Timestamp;

/// How much of a text that a client chose stands in a line, in characters.
const TEXT_MAX: usize = 256;

/// How long a line usually is at most, in bytes.
const LINE_USUAL: usize = 512;

/// How long a line is at most, in bytes.
pub(super) const LINE_MAX: usize = 16 * 1024;

/// Who called, as far as it is known.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CallerEntry<'a> {
    #[serde(serialize_with = "cut")]
    pub kind: &'a str,
    #[serde(serialize_with = "cut")]
    pub name: Option<&'a str>,
    /// The access key that signed, or that was claimed to.
    #[serde(serialize_with = "cut")]
    pub access_key_id: Option<&'a str>,
}

/// What became of one operation, in the order of the line's members. There is no place in it for a secret's value.
#[derive(Debug, Clone, Serialize)]
pub struct Entry<'a> {
    /// When the operation ended.
    #[serde(serialize_with = "time")]
    pub time: Timestamp,
    #[serde(serialize_with = "cut")]
    pub request_id: &'a str,
    pub caller: CallerEntry<'a>,
    pub source: Option<IpAddr>,
    /// The action that a policy has to allow.
    #[serde(serialize_with = "cut")]
    pub action: &'a str,
    /// What the operation was about, as far as it became known: numbers, texts, and lists of texts, under the names of its
    /// product.
    #[serde(flatten, serialize_with = "members")]
    pub object: Vec<(&'static str, Value)>,
    /// `allow`, or `deny` where the caller was not let through to the operation: then nothing was done.
    pub decision: &'static str,
    /// The reply's code: `200` or a symbolic one.
    #[serde(serialize_with = "cut")]
    pub code: &'a str,
    pub duration_us: u64,
}

impl Entry<'_> {
    /// The line, with its end: every member in every line, `null` where nothing is known, texts cut at 256 characters.
    ///
    /// No line is longer than 16 KiB, whatever a client sends: of a list that has no room the rest is told by its number.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = self.written();
        let lists = self.object.iter().filter_map(|(_, value)| value.as_array());
        let mut length = lists.map(Vec::len).max().unwrap_or_default();
        while line.len() > LINE_MAX && length > 0 {
            length -= 1;
            line = self.with_lists_of(length).written();
        }
        line
    }

    /// The same with so many members of each list, and the number of those that are left out behind them.
    fn with_lists_of(&self, length: usize) -> Self {
        let shown = |value: &Value| match value.as_array() {
            Some(list) if list.len() > length => {
                let rest = Value::from(list.len() - length);
                list.iter().take(length).cloned().chain([rest]).collect()
            }
            _ => value.clone(),
        };
        let object = self.object.iter().map(|(name, value)| (*name, shown(value))).collect();
        Self { object, ..self.clone() }
    }

    fn written(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LINE_USUAL);
        // Neither memory nor texts and numbers can refuse.
        if let Err(impossible) = serde_json::to_writer(&mut bytes, self) {
            log::error!("an audit line was not written: {impossible}");
        }
        let mut bytes = escaped(bytes);
        bytes.push(b'\n');
        bytes
    }
}

/// A moment by RFC 3339 in UTC, with milliseconds; `null` outside the years that jiff knows.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn time<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
    let moment = jiff::Timestamp::from_millisecond(moment.0).ok();
    moment.map(|moment| PRINTER.timestamp_to_string(&moment)).serialize(serializer)
}

/// The beginning of a text, if there is one.
fn cut<'a, S: Serializer>(
    text: &(impl Into<Option<&'a str>> + Copy),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    (*text).into().map(beginning).serialize(serializer)
}

fn beginning(text: &str) -> &str {
    text.char_indices().nth(TEXT_MAX).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// Each under its name, texts cut.
fn members<S: Serializer>(
    members: &[(&'static str, Value)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(members.iter().map(|(name, value)| (name, Shortened(value))))
}

/// A value with its texts cut.
struct Shortened<'a>(&'a Value);

impl Serialize for Shortened<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(text) => beginning(text).serialize(serializer),
            Value::Array(list) => serializer.collect_seq(list.iter().map(Shortened)),
            other => other.serialize(serializer),
        }
    }
}

/// The same JSON with escapes for control characters, for what some readers take for the end of a line, and for what
/// changes the direction of the text around it. JSON itself asks for few of them, and all can stand only inside its
/// strings.
fn escaped(json: Vec<u8>) -> Vec<u8> {
    if json.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return json;
    }
    let mut text = String::with_capacity(json.len() * 2);
    for c in String::from_utf8_lossy(&json).chars() {
        let turns = matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}') {
            text.extend(format!("\\u{:04x}", u32::from(c)).chars());
        } else {
            text.push(c);
        }
    }
    text.into_bytes()
}
