//! The nodes of the first document of a text.

use std::{borrow::Cow, collections::HashMap};

use granit_parser::{BorrowedInput, ErrorKind, Event, Parser, ScalarStyle, YamlVersion};

use super::{YamlError, dialect::Dialect, scalar::Tag, syntax, text::Text};

/// How deep collections may stand in each other (as a real server answers).
pub const DEPTH_MAX: usize = 10_000;

/// Where a node stands among the nodes of its tree.
pub type NodeId = usize;

/// The nodes of a document, each before its children. There is none where the text has no document.
#[derive(Debug, Default)]
pub struct Tree<'t> {
    nodes: Vec<Node<'t>>,
}

/// A node.
#[derive(Debug)]
pub struct Node<'t> {
    /// Where it begins, its tag and anchor included. The first line is 1.
    pub line: usize,
    /// What it is.
    pub content: Content<'t>,
}

/// What a node is.
#[derive(Debug)]
pub enum Content<'t> {
    /// Text, a number, nothing, …
    Scalar {
        /// Its text, without quotation marks and escapes.
        text: Cow<'t, str>,
        /// What it is to be, if that is said.
        tag: Tag,
        /// Whether it is neither quoted nor a block.
        is_plain: bool,
    },
    /// The nodes behind this one, until `end`.
    Sequence {
        /// The first node that is not inside.
        end: NodeId,
    },
    /// Likewise, keys and values in turn.
    Mapping {
        /// The first node that is not inside.
        end: NodeId,
    },
    /// Another node once more.
    Alias(NodeId),
}

impl<'t> Tree<'t> {
    /// Whether there is no document.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node of this number.
    pub fn node(&self, id: NodeId) -> Result<&Node<'t>, YamlError> {
        self.nodes.get(id).ok_or(syntax::UNKNOWN)
    }

    /// The node behind this one and all that is inside it.
    pub fn after(&self, id: NodeId) -> NodeId {
        match self.node(id).map(|node| &node.content) {
            Ok(Content::Sequence { end } | Content::Mapping { end }) => *end,
            _ => id + 1,
        }
    }
}

/// Reads the first document of a text. What follows it is not read at all (as a real server answers).
///
/// # Errors
/// The text is not YAML, is nested deeper than [`DEPTH_MAX`], or names an anchor that is not there.
pub fn read(text: &Text) -> Result<Tree<'_>, YamlError> {
    let mut options = granit_parser::options! {
        bom_inside_document_as_content: true,
        block_scalar_eof_without_line_feed: true,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    options.set_emit_comments(false);
    if text.failure.is_none() {
        return build(Parser::new_from_str_with_options(&text.characters, options), text);
    }
    let end = ErrorKind::InputDecoding { message: String::new() };
    let characters = text.characters.chars().map(Ok).chain([Err(end)]);
    build(Parser::new_from_fallible_iter_with_options(characters, options), text)
}

fn build<'i, I: BorrowedInput<'i>>(
    parser: Parser<'i, I>,
    text: &Text,
) -> Result<Tree<'i>, YamlError> {
    let mut dialect = Dialect::new(&text.characters);
    let mut tree = Tree::default();
    let mut open = Vec::new();
    let mut anchors = HashMap::new();
    for event in parser {
        let (event, span) = event.map_err(|error| syntax::explain(&error, text))?;
        let line = dialect.follow(&event, &span)?;
        let id = tree.nodes.len();
        if let Some(anchor) = event.anchor_id().filter(|_| event.is_node()) {
            anchors.insert(anchor, id);
        }
        let content = match event {
            Event::DocumentStart(_, Some(version)) if version != YamlVersion::new(1, 1) => {
                return Err(YamlError::IncompatibleVersion);
            }
            Event::Anchor(..) => {
                if let Some(node) = tree.nodes.last_mut() {
                    node.line = node.line.min(line);
                }
                continue;
            }
            Event::Scalar(text, style, _, tag) => Content::Scalar {
                text,
                tag: tag
                    .map_or(Tag::Absent, |tag| Tag::named(&[tag.handle(), tag.suffix()].concat())),
                is_plain: style == ScalarStyle::Plain,
            },
            Event::SequenceStart(..) => {
                open.push(id);
                Content::Sequence { end: id }
            }
            Event::MappingStart(..) => {
                open.push(id);
                Content::Mapping { end: id }
            }
            Event::Alias(anchor) => {
                Content::Alias(*anchors.get(&anchor).ok_or(YamlError::UnknownAnchor)?)
            }
            Event::UnresolvedAlias(_) => return Err(YamlError::UnknownAnchor),
            Event::SequenceEnd | Event::MappingEnd => {
                let start = open.pop().and_then(|start| tree.nodes.get_mut(start));
                if let Some(Content::Sequence { end } | Content::Mapping { end }) =
                    start.map(|node| &mut node.content)
                {
                    *end = id;
                }
                continue;
            }
            Event::DocumentEnd => break,
            _ => continue,
        };
        tree.nodes.push(Node { line, content });
    }
    Ok(tree)
}
