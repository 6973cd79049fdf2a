//! What the parser takes and the real server does not: the parser reads YAML 1.2 and forgives some tabs.
//!
//! The other way round there is little: the real server also takes a comment directly behind a quotation mark or a bracket, tabs
//! in a flow collection inside of a block one, `[-]`, `{a:}` (with the key `a:`), `*alias: value`, the escape `\'`, and anything
//! behind a scalar or a flow collection that is the whole document. It ends lines at U+2028 and U+2029 as well.

use std::ops::Range;

use granit_parser::{Event, ScalarStyle, Span, StructureStyle};

use super::{
    YamlError,
    syntax::{self, at_line, line_breaks},
};

/// A collection that has not ended.
#[derive(Clone, Copy)]
enum Open {
    /// In block style, in this column.
    Block(usize),
    /// In flow style; and what is wrong if neither an entry nor the end follows an entry.
    Flow(&'static str),
}

/// Follows the events of a document through its text.
pub struct Dialect<'t> {
    text: &'t str,
    /// How much of the text the events have covered.
    end: usize,
    open: Vec<Open>,
    /// Whether a key may begin here: then a tab may not stand here.
    is_key_allowed: bool,
    /// How far to the right a text without quotation marks that just ended could be continued with a tab.
    continued_from: Option<usize>,
}

impl<'t> Dialect<'t> {
    /// Begins with a text.
    pub fn new(text: &'t str) -> Self {
        Self { text, end: 0, open: Vec::new(), is_key_allowed: true, continued_from: None }
    }

    /// Looks at the next event and at what stands before it. The answer is the line where the node begins, its tag included.
    ///
    /// # Errors
    /// The real server does not take it.
    pub fn follow(&mut self, event: &Event<'_>, span: &Span) -> Result<usize, YamlError> {
        match event {
            Event::Anchor(_, name) => check_anchor_name(name, span)?,
            // What ends the name in the real server: `*a: b` names `a`.
            Event::UnresolvedAlias(name) => {
                let end = name.find([':', '?', '%', '@', '`']).filter(|end| *end > 0);
                check_anchor_name(end.and_then(|end| name.get(..end)).unwrap_or(name), span)?;
            }
            _ => {}
        }
        let mut line = span.start.line().min(span.tag_start().map_or(usize::MAX, |tag| tag.line()));
        // There are no offsets in a text that ends with a wrong byte. An anchor comes after its node, and a document without
        // `---` covers its first token.
        let is_covered = matches!(event, Event::Anchor(..) | Event::DocumentStart(false, _));
        let Some(range) = span.byte_range().filter(|_| !is_covered) else { return Ok(line) };
        let gap = self.text.get(self.end..range.start).unwrap_or_default();
        if !matches!(self.open.last(), Some(Open::Flow(_))) {
            self.check_gap(gap, span)?;
        }
        if let Event::DocumentStart(true, _) = event {
            check_directives(self.text.get(..range.start).unwrap_or_default())?;
        }
        let token = self.text.get(range.clone()).unwrap_or_default();
        if !token.is_empty() {
            (self.is_key_allowed, self.continued_from) = (false, None);
        }
        match event {
            Event::Scalar(_, ScalarStyle::Plain, ..) if !token.is_empty() => {
                self.continued_from = Some(0);
                match self.open.last() {
                    Some(Open::Block(column)) => self.continued_from = Some(column + 1),
                    Some(Open::Flow(problem)) if self.ends_otherwise(&range) => {
                        let line = span.end.line().saturating_sub(1);
                        return Err(YamlError::Syntax { line, problem });
                    }
                    _ => {}
                }
            }
            Event::Scalar(_, ScalarStyle::DoubleQuoted, ..) => check_escapes(token, span)?,
            Event::Scalar(text, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
                self.is_key_allowed = true;
                line = line.min(check_block(text, gap, span)?);
            }
            Event::MappingStart(StructureStyle::Block, ..)
            | Event::SequenceStart(StructureStyle::Block, ..) => {
                self.open.push(Open::Block(span.start.col()));
            }
            Event::MappingStart(..) => self.open.push(Open::Flow(syntax::MAPPING_SEPARATOR)),
            Event::SequenceStart(..) => self.open.push(Open::Flow(syntax::SEQUENCE_SEPARATOR)),
            Event::MappingEnd | Event::SequenceEnd => {
                self.open.pop();
            }
            _ => {}
        }
        self.end = self.end.max(range.end);
        Ok(line)
    }

    /// Whether a text without quotation marks in a flow collection ends somewhere else in the real server: a question mark ends
    /// it there, and a colon only with a blank behind it.
    fn ends_otherwise(&self, range: &Range<usize>) -> bool {
        let token = self.text.get(range.clone()).unwrap_or_default();
        let behind = self.text.get(range.end..).and_then(|rest| rest.strip_prefix(':'));
        token.contains('?')
            || behind.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(char::is_whitespace))
    }

    /// Looks for tabs that stand for indentation between two tokens, in a block collection.
    fn check_gap(&mut self, gap: &str, span: &Span) -> Result<(), YamlError> {
        let (mut column, mut previous) = (usize::MAX, ' ');
        let mut characters = gap.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            match character {
                '\n' | '\r' => {
                    self.is_key_allowed = true;
                    (column, previous) = (0, character);
                    continue;
                }
                '\t' if self.is_key_allowed => {
                    let line = line_before(span, gap.get(at..).unwrap_or_default());
                    match self.continued_from {
                        None => return Err(at_line(line, syntax::NO_TOKEN)),
                        Some(from) if column < from => {
                            return Err(at_line(line, syntax::TAB_IN_PLAIN));
                        }
                        Some(_) => {}
                    }
                }
                ' ' | '\t' => {}
                '#' if previous.is_ascii_whitespace() => {
                    while characters.next_if(|(_, next)| !matches!(next, '\n' | '\r')).is_some() {}
                    self.continued_from = None;
                }
                _ => {
                    self.is_key_allowed = matches!(character, '-' | '?')
                        && previous.is_ascii_whitespace()
                        && characters.peek().is_none_or(|(_, next)| next.is_ascii_whitespace());
                    self.continued_from = None;
                }
            }
            previous = character;
            column = column.saturating_add(1);
        }
        Ok(())
    }
}

/// The line where the text begins that stands directly before a token.
fn line_before(span: &Span, text: &str) -> usize {
    span.start.line().saturating_sub(line_breaks(text))
}

fn check_anchor_name(name: &str, span: &Span) -> Result<(), YamlError> {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_name { Ok(()) } else { Err(at_line(span.start.line(), syntax::ANCHOR_NAME)) }
}

/// Whether all directives in front of a document are known.
fn check_directives(prefix: &str) -> Result<(), YamlError> {
    let unknown = prefix.lines().position(|line| {
        let name = line.split([' ', '\t']).next().unwrap_or_default();
        name.starts_with('%') && !matches!(name, "%YAML" | "%TAG")
    });
    unknown.map_or(Ok(()), |at| Err(at_line(at + 1, syntax::UNKNOWN_DIRECTIVE)))
}

/// Whether a text in double quotation marks has only escapes that YAML 1.1 has.
fn check_escapes(token: &str, span: &Span) -> Result<(), YamlError> {
    let mut rest = token;
    while let Some((_, escape)) = rest.split_once('\\') {
        let problem = match escape.as_bytes() {
            [b'/', ..] => syntax::UNKNOWN_ESCAPE,
            [b'u', b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..] => {
                syntax::SURROGATE_ESCAPE
            }
            _ => {
                let mut characters = escape.chars();
                characters.next();
                rest = characters.as_str();
                continue;
            }
        };
        let before = token.get(..token.len() - escape.len()).unwrap_or_default();
        return Err(at_line(span.start.line() + line_breaks(before), problem));
    }
    Ok(())
}

/// The line of the `|` or `>` of a block. Its text may begin with a tab only if the indentation is given there.
fn check_block(text: &str, gap: &str, span: &Span) -> Result<usize, YamlError> {
    let before = gap.trim_end();
    let mut words = before.rsplit(['\n', '\r']).next().unwrap_or_default().split_ascii_whitespace();
    let Some(header) = words.find(|word| word.starts_with(['|', '>'])) else {
        return Ok(span.start.line());
    };
    let is_tab_first = text.trim_start_matches('\n').starts_with('\t');
    if is_tab_first && !header.contains(|character: char| character.is_ascii_digit()) {
        return Err(at_line(span.start.line(), syntax::TAB_IN_BLOCK));
    }
    Ok(line_before(span, gap.get(before.len()..).unwrap_or_default()))
}

#[cfg(test)]
mod tests;
