//! Free text from outside: which of it can be kept, and how an error shows it.

/// How much of a text from outside an error shows, in characters.
const SHOWN_MAX: usize = 64;

/// A text from outside, fit to stand in an error: shortened to 64 characters, control characters escaped.
pub fn shown(text: &str) -> String {
    let mut short = String::new();
    for c in text.chars().take(SHOWN_MAX) {
        if c.is_control() || !is_storable(c) {
            short.extend(c.escape_default());
        } else {
            short.push(c);
        }
    }
    if text.chars().nth(SHOWN_MAX).is_some() {
        short.push('…');
    }
    short
}

/// Whether free text can be kept and given back in every reply format.
pub fn is_storable_text(text: &str) -> bool {
    text.chars().all(is_storable)
}

/// The characters of XML 1.0 (section 2.2), which also leaves out the NUL that databases refuse.
pub fn is_storable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}
