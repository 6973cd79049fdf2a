//! One operation as one line of JSON.

use std::net::IpAddr;

use serde::Serialize;

use crate::clock::Timestamp;

/// How much of a text that a client chose stands in a line, in characters.
const TEXT_MAX: usize = 128;

/// Whether the caller was let through to the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It was.
    Allow,
    /// It was not; nothing was done.
    Deny,
}

impl Decision {
    fn text(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// Who called, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub struct CallerEntry<'a> {
    /// The kind of caller.
    pub kind: &'a str,
    /// The user's name.
    pub name: Option<&'a str>,
    /// The access key that signed, or that was claimed to.
    pub access_key_id: Option<&'a str>,
}

/// What became of one operation. There is no place in it for a secret's value.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// When the operation ended.
    pub time: Timestamp,
    /// The id that the reply carries too.
    pub request_id: &'a str,
    /// Who called.
    pub caller: CallerEntry<'a>,
    /// Where the request came from.
    pub source: Option<IpAddr>,
    /// The action that a policy has to allow.
    pub action: &'a str,
    /// The namespace, if a well-formed one was named.
    pub namespace: Option<&'a str>,
    /// The secret's number, if one was named or made.
    pub secret_id: Option<i64>,
    /// The secret's name, as far as it became known.
    pub secret_name: Option<&'a str>,
    /// Whether the caller was let through.
    pub decision: Decision,
    /// The reply's code: `200` or a symbolic one.
    pub code: &'a str,
    /// How long the operation took, in microseconds.
    pub duration_us: u64,
}

impl Entry<'_> {
    /// The line, with its end: every member in every line, `null` where nothing is known, texts cut at 128 characters.
    /// So no line is longer than 8 KiB, whatever a client sends.
    pub(super) fn line(&self) -> Vec<u8> {
        let line = Line {
            time: time(self.time),
            request_id: cut(self.request_id),
            caller: CallerLine {
                kind: cut(self.caller.kind),
                name: self.caller.name.map(cut),
                access_key_id: self.caller.access_key_id.map(cut),
            },
            source: self.source,
            action: cut(self.action),
            namespace: self.namespace.map(cut),
            secret_id: self.secret_id,
            secret_name: self.secret_name.map(cut),
            decision: self.decision.text(),
            code: cut(self.code),
            duration_us: self.duration_us,
        };
        let mut bytes = Vec::with_capacity(LINE_USUAL);
        // Neither memory nor texts and numbers can refuse.
        if let Err(impossible) = serde_json::to_writer(&mut bytes, &line) {
            log::error!("an audit line was not worded: {impossible}");
        }
        let mut bytes = escaped(bytes);
        bytes.push(b'\n');
        bytes
    }
}

/// How long a line usually is at most, in bytes.
const LINE_USUAL: usize = 512;

/// The members of a line, in their order.
#[derive(Serialize)]
struct Line<'a> {
    time: Option<String>,
    request_id: &'a str,
    caller: CallerLine<'a>,
    source: Option<IpAddr>,
    action: &'a str,
    namespace: Option<&'a str>,
    secret_id: Option<i64>,
    secret_name: Option<&'a str>,
    decision: &'a str,
    code: &'a str,
    duration_us: u64,
}

#[derive(Serialize)]
struct CallerLine<'a> {
    kind: &'a str,
    name: Option<&'a str>,
    access_key_id: Option<&'a str>,
}

/// A moment by RFC 3339 in UTC, with milliseconds; `None` outside the years that it can tell.
fn time(moment: Timestamp) -> Option<String> {
    let moment = jiff::Timestamp::from_millisecond(moment.0).ok()?;
    Some(moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(TEXT_MAX).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// The same JSON with escapes for what a terminal would obey, what some readers take for the end of a line, and what changes
/// the direction of the text around it. JSON itself asks for few of them, and all can stand only inside its strings.
fn escaped(json: Vec<u8>) -> Vec<u8> {
    if json.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return json;
    }
    let mut bytes = Vec::with_capacity(json.len() * 2);
    for c in String::from_utf8_lossy(&json).chars() {
        let turns = matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}') {
            bytes.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
        } else {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    bytes
}
