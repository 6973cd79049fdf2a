//! What is wrong with the syntax of a text, in the words of the real server: people search for them.

use granit_parser::{ErrorKind, Marker, ScanError};

use super::{YamlError, text::Text};

/// A character that begins nothing. A tab that stands for indentation is one.
pub const NO_TOKEN: &str = "found character that cannot start any token";
/// A tab that continues a text without quotation marks, left of where it may be continued.
pub const TAB_IN_PLAIN: &str = "found a tab character that violates indentation";
/// A tab in front of the first character of a block.
pub const TAB_IN_BLOCK: &str = "found a tab character where an indentation space is expected";
/// A name of an anchor that is none in YAML 1.1.
pub const ANCHOR_NAME: &str = "did not find expected alphabetic or numeric character";
/// An escape that only JSON has: `\/`.
pub const UNKNOWN_ESCAPE: &str = "found unknown escape character";
/// Half of a surrogate pair, as JSON writes characters beyond U+FFFF.
pub const SURROGATE_ESCAPE: &str = "found invalid Unicode character escape code";
/// A directive that is neither `%YAML` nor `%TAG`.
pub const UNKNOWN_DIRECTIVE: &str = "found unknown directive name";
/// Something behind an entry of a list in brackets.
pub const SEQUENCE_SEPARATOR: &str = "did not find expected ',' or ']'";
/// Something behind an entry of a mapping in braces.
pub const MAPPING_SEPARATOR: &str = "did not find expected ',' or '}'";
/// Nothing where a value has to be.
const NODE_CONTENT: &str = "did not find expected node content";

/// For what has no words of its own.
pub const UNKNOWN: YamlError =
    YamlError::Syntax { line: 0, problem: "unknown problem parsing YAML content" };

/// Which line the real server names.
#[derive(Clone, Copy)]
enum Place {
    /// The one where it stumbles over a character.
    Character,
    /// The one where it goes on after a text that should have been a key.
    AfterKey,
    /// The one that a tab begins.
    Tab,
    /// The one before that where it stumbles over what it has read (as a real server answers).
    Token,
    /// The last one: it misses a character until there.
    End,
    /// The last one that is not empty: it misses more than a character.
    LastToken,
}

/// Says in the words of the real server where and why the parser stopped.
pub fn explain(error: &ScanError, text: &Text) -> YamlError {
    let kind = error.kind();
    match kind {
        ErrorKind::InputDecoding { .. } => {
            return text.failure.map_or(UNKNOWN, YamlError::Encoding);
        }
        ErrorKind::RecursionLimitExceeded => return YamlError::TooDeep,
        ErrorKind::UnsupportedYamlMajorVersion => return YamlError::IncompatibleVersion,
        _ => {}
    }
    let (marker, text) = (error.marker(), text.characters.as_str());
    let (place, problem) = if matches!(kind, ErrorKind::UnclosedFlowCollection { .. }) {
        let is_value_missing = text.trim_end().ends_with(['[', '{', ',', ':']);
        (Place::LastToken, if is_value_missing { NODE_CONTENT } else { problem_of_token(kind) })
    } else if let Some(problem) = problem_of_character(kind) {
        (place_of_character(kind), problem)
    } else {
        (Place::Token, problem_of_token(kind))
    };
    match place {
        Place::Character => at_line(marker.line(), problem),
        Place::AfterKey => at_line(line_after_key(marker, text), problem),
        Place::Tab => at_line(line_of_tab(marker, text), problem),
        Place::End => at_line(line_breaks(text) + 1, problem),
        Place::Token => YamlError::Syntax { line: marker.line().saturating_sub(1), problem },
        Place::LastToken => YamlError::Syntax { line: lines_to_end(text), problem },
    }
}

fn place_of_character(kind: &ErrorKind) -> Place {
    match kind {
        ErrorKind::TabInPlainScalar | ErrorKind::TabAtBlockScalarStart => Place::Tab,
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => Place::AfterKey,
        ErrorKind::UnclosedQuotedScalar => Place::End,
        _ => Place::Character,
    }
}

/// What is wrong with a character, if that is it.
fn problem_of_character(kind: &ErrorKind) -> Option<&'static str> {
    use ErrorKind as Kind;
    Some(match kind {
        Kind::UnexpectedCharacter { .. }
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabNotAllowed
        | Kind::InvalidBlockEntryWhitespace
        | Kind::InvalidMappingValueWhitespace
        | Kind::PlainScalarStartsWithDashFlowIndicator => NO_TOKEN,
        Kind::TabInPlainScalar => TAB_IN_PLAIN,
        Kind::TabAtBlockScalarStart => TAB_IN_BLOCK,
        Kind::MappingValueNotAllowed => "mapping values are not allowed in this context",
        Kind::MappingKeyNotAllowed => "mapping keys are not allowed in this context",
        Kind::BlockSequenceEntryNotAllowed => {
            "block sequence entries are not allowed in this context"
        }
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => "could not find expected ':'",
        Kind::MissingAnchorOrAliasName => ANCHOR_NAME,
        Kind::UnclosedQuotedScalar => "found unexpected end of stream",
        Kind::DocumentIndicatorInQuotedScalar => "found unexpected document indicator",
        Kind::UnknownQuotedScalarEscape => UNKNOWN_ESCAPE,
        Kind::InvalidQuotedScalarHexEscape | Kind::InvalidLowSurrogateHexEscape => {
            "did not find expected hexdecimal number"
        }
        Kind::InvalidUnicodeEscape
        | Kind::InvalidLowSurrogate
        | Kind::MissingLowSurrogate
        | Kind::UnpairedLowSurrogate => SURROGATE_ESCAPE,
        Kind::InvalidBlockScalarHeader | Kind::InvalidDirectiveTerminator => {
            "did not find expected comment or line break"
        }
        Kind::ZeroBlockScalarIndent => "found an indentation indicator equal to 0",
        Kind::InvalidTagTerminator | Kind::InvalidTagDirectiveTerminator => {
            "did not find expected whitespace or line break"
        }
        Kind::MissingTagUri => "did not find expected tag URI",
        Kind::UnclosedVerbatimTag => "did not find the expected '>'",
        Kind::InvalidTagEscape => "did not find URI escaped octet",
        Kind::MissingDirectiveName => "could not find expected directive name",
        Kind::InvalidDirectiveName => "found unexpected non-alphabetical character",
        Kind::MissingYamlVersion => "did not find expected version number",
        Kind::MissingYamlVersionSeparator => "did not find expected digit or '.' character",
        _ => return None,
    })
}

/// What is wrong with something that has been read.
fn problem_of_token(kind: &ErrorKind) -> &'static str {
    use ErrorKind as Kind;
    match kind {
        Kind::UndeclaredTagHandle => "found undefined tag handle",
        Kind::DuplicateVersionDirective => "found duplicate %YAML directive",
        Kind::DuplicateTagDirective => "found duplicate %TAG directive",
        Kind::ExpectedDocumentStart
        | Kind::MissingDocumentEndBeforeDirective
        | Kind::InvalidDocumentEnd => "did not find expected <document start>",
        Kind::ExpectedBlockMappingKey
        | Kind::InvalidTrailingSingleQuotedScalar
        | Kind::InvalidTrailingDoubleQuotedScalar
        | Kind::InvalidBlockScalarIndent
        | Kind::CommentInterceptedScalar => "did not find expected key",
        Kind::ExpectedBlockSequenceEntry => "did not find expected '-' indicator",
        Kind::UnclosedFlowCollection { open: '[' }
        | Kind::MismatchedFlowCollectionEnd { open: '[', .. }
        | Kind::InvalidColonPlacement
        | Kind::ExpectedFlowSequenceSeparator => SEQUENCE_SEPARATOR,
        Kind::UnclosedFlowCollection { .. }
        | Kind::MismatchedFlowCollectionEnd { .. }
        | Kind::FlowMappingValueAdjacentCollection
        | Kind::ExpectedFlowMappingSeparator => MAPPING_SEPARATOR,
        _ => NODE_CONTENT,
    }
}

/// The line of what follows a text that should have been a key: lines further to the right belong to it.
fn line_after_key(key: &Marker, text: &str) -> usize {
    let rest = rest(key, text);
    let mut lines = rest.split('\n').enumerate().skip(1);
    let next = lines.find(|(_, line)| {
        let content = line.trim_start_matches(' ');
        let is_right_of_key = line.len() - content.len() > key.col();
        !content.trim_end().is_empty() && (content.starts_with('#') || !is_right_of_key)
    });
    key.line() + next.map_or_else(|| lines_to_end(rest), |(number, _)| number)
}

/// The first line that a tab begins, in a text that ends there.
fn line_of_tab(start: &Marker, text: &str) -> usize {
    let mut lines = rest(start, text).split('\n').enumerate().skip(1);
    let tab = lines.find(|(_, line)| line.trim_start_matches(' ').starts_with('\t'));
    start.line() + tab.map_or(0, |(number, _)| number)
}

fn rest<'t>(start: &Marker, text: &'t str) -> &'t str {
    start.byte_offset().and_then(|offset| text.get(offset..)).unwrap_or_default()
}

/// How many lines end in a text, the last one with the text itself.
fn lines_to_end(text: &str) -> usize {
    line_breaks(text) + usize::from(!text.ends_with(['\n', '\r']))
}

/// A problem with a character of this line. The real server does not name the first line.
pub fn at_line(line: usize, problem: &'static str) -> YamlError {
    YamlError::Syntax { line: if line > 1 { line } else { 0 }, problem }
}

/// How many lines end in a text.
pub fn line_breaks(text: &str) -> usize {
    text.matches(['\n', '\r']).count() - text.matches("\r\n").count()
}

#[cfg(test)]
mod tests;
