//! Free text from outside: which of it can be kept, and how an error shows it.

/// How much of a text from outside an error shows, in characters.
const SHOWN_MAX: usize = 64;

/// A text from outside, fit to stand in an error: shortened to 64 characters, control characters escaped.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(SHOWN_MAX)
        .flat_map(|c| {
            let escaped = c.is_control() || !is_storable_text(c.encode_utf8(&mut [0; 4]));
            if escaped { c.escape_default().collect::<Vec<_>>() } else { vec![c] }
        })
        .collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        short.push('…');
    }
    short
}

/// Whether free text can be kept and given back in every reply format: the characters of XML 1.0 (section 2.2),
/// which also leaves out the NUL that databases refuse.
#[must_use]
pub fn is_storable_text(text: &str) -> bool {
    text.chars().all(|c| {
        matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
    })
}
