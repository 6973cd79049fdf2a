//! A YAML document as a tree that knows where each part stands.
//!
//! Built from the parser's events, because ready-made trees stop at the first key that stands
//! twice. Aliases share the content they name, so they cost no memory here; how much a walk over
//! the tree would meet because of them is bounded all the same.

use std::{borrow::Cow, collections::HashMap, rc::Rc};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::mistakes::{Mistakes, Position};

/// How deeply lists and mappings may be nested, aliases followed. The format itself needs six
/// levels.
const DEPTH_MAX: usize = 64;

/// How much aliases may repeat: bytes of text, each node counted as [`NODE_WEIGHT`] more.
const REPEATED_MAX: usize = 16 * 1_048_576;

/// What a node costs whoever walks the tree besides its text, in bytes; roughly the memory of a
/// mistake.
const NODE_WEIGHT: usize = 64;

/// A part of the document. An alias stands where the alias is written, what is under it where the
/// anchor is.
#[derive(Clone)]
pub(super) struct Node<'t> {
    pub at: Position,
    pub content: Rc<Content<'t>>,
    size: Size,
}

/// How much a walk over a part meets.
#[derive(Clone, Copy)]
struct Size {
    /// In bytes, as [`REPEATED_MAX`] counts.
    weight: usize,
    /// The share of `weight` that only aliases add.
    repeated: usize,
    /// The levels of lists and mappings.
    height: usize,
}

/// What a part of the document is.
pub(super) enum Content<'t> {
    /// Nothing, `~` or `null`.
    Null,
    /// A scalar; `plain` when it has no quotes and so may stand for a number or a truth value.
    Text {
        text: Cow<'t, str>,
        plain: bool,
    },
    List(Vec<Node<'t>>),
    /// No key stands twice.
    Map(Vec<Entry<'t>>),
    /// Something that has been reported already.
    Refused,
}

/// A key of a mapping with its value.
pub(super) struct Entry<'t> {
    pub at: Position,
    pub key: Cow<'t, str>,
    pub value: Node<'t>,
}

/// The file's only document, [`Content::Null`] when it has none; `None` when reading on makes no
/// sense.
pub(super) fn parse<'t>(text: &'t str, mistakes: &mut Mistakes) -> Option<Node<'t>> {
    let mut builder = Builder { open: Vec::new(), anchors: HashMap::new(), root: None, mistakes };
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok((event, span)) => (event, span),
            Err(error) => {
                builder.mistakes.add(position(*error.marker()), syntax(&error));
                return None;
            }
        };
        let at = position(span.start);
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                builder.mistakes.add(at, "a second document begins here; a world file has one");
                break;
            }
        }
        builder.take(event, at)?;
    }
    let nothing = || Node::leaf(Position { line: 1, column: 1 }, Content::Null);
    Some(builder.root.unwrap_or_else(nothing))
}

fn position(marker: Marker) -> Position {
    Position { line: marker.line(), column: marker.col() + 1 }
}

/// The parser's texts are fixed ones with this single exception, which shows a character of the
/// file.
fn syntax(error: &ScanError) -> String {
    if error.info().starts_with("unexpected character") {
        return "not valid YAML: a text that begins with %, @ or ` needs quotes".to_owned();
    }
    format!("not valid YAML: {}", error.info())
}

impl<'t> Node<'t> {
    fn leaf(at: Position, content: Content<'t>) -> Self {
        let text = if let Content::Text { text, .. } = &content { text.len() } else { 0 };
        let size = Size { weight: NODE_WEIGHT + text, repeated: 0, height: 0 };
        Self { at, content: Rc::new(content), size }
    }
}

/// A list or mapping whose end has not come yet.
struct Open<'t> {
    at: Position,
    anchor: usize,
    refused: bool,
    parts: Parts<'t>,
    size: Size,
}

enum Parts<'t> {
    List(Vec<Node<'t>>),
    Map(Vec<Entry<'t>>, Pending<'t>),
}

/// What a mapping waits for.
enum Pending<'t> {
    Key,
    /// The value of this key.
    Value(Position, Cow<'t, str>),
    /// The value of a key that has been reported.
    Nothing,
}

struct Builder<'t, 'm> {
    open: Vec<Open<'t>>,
    anchors: HashMap<usize, Node<'t>>,
    root: Option<Node<'t>>,
    mistakes: &'m mut Mistakes,
}

impl<'t> Builder<'t, '_> {
    /// Takes the next event in; `None` when the document must not be read any further.
    fn take(&mut self, event: Event<'t>, at: Position) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let content = self.scalar(text, style, tag.as_deref(), at);
                self.place(Node::leaf(at, content), anchor)
            }
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::SequenceStart(anchor, tag) => {
                let refused = self.refuses(tag.as_deref(), "seq", at);
                self.begin(at, anchor, refused, Parts::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                let refused = self.refuses(tag.as_deref(), "map", at);
                self.begin(at, anchor, refused, Parts::Map(Vec::new(), Pending::Key))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Some(()),
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: Position,
    ) -> Content<'t> {
        if self.refuses(tag, "str", at) {
            return Content::Refused;
        }
        let plain = style == ScalarStyle::Plain && tag.is_none();
        if plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
            return Content::Null;
        }
        Content::Text { text, plain }
    }

    /// Reports every tag but the one that says what the node is anyway. The tag is not shown: it
    /// may be a password that begins with an exclamation mark.
    fn refuses(&mut self, tag: Option<&Tag>, expected: &str, at: Position) -> bool {
        let Some(tag) = tag else { return false };
        let harmless = tag.is_yaml_core_schema() && tag.suffix == expected;
        if !harmless {
            self.mistakes
                .add(at, "YAML tags have no meaning here; a text that begins with ! needs quotes");
        }
        !harmless
    }

    fn alias(&mut self, anchor: usize, at: Position) -> Option<()> {
        let Some(named) = self.anchors.get(&anchor) else {
            self.mistakes.add(at, "an alias cannot stand inside the part that it names");
            return self.place(Node::leaf(at, Content::Refused), 0);
        };
        let size = Size { repeated: named.size.weight, ..named.size };
        let node = Node { at, content: Rc::clone(&named.content), size };
        let repeated: usize = self.open.iter().map(|open| open.size.repeated).sum();
        if repeated + size.repeated > REPEATED_MAX {
            self.mistakes.add(at, "the aliases up to here repeat more than 16 MiB");
            return None;
        }
        self.place(node, 0)
    }

    fn begin(
        &mut self,
        at: Position,
        anchor: usize,
        refused: bool,
        parts: Parts<'t>,
    ) -> Option<()> {
        if self.open.len() == DEPTH_MAX {
            return self.too_deep(at);
        }
        let size = Size { weight: NODE_WEIGHT, repeated: 0, height: 1 };
        self.open.push(Open { at, anchor, refused, parts, size });
        Some(())
    }

    fn too_deep(&mut self, at: Position) -> Option<()> {
        self.mistakes.add(at, format!("nested deeper than {DEPTH_MAX} levels"));
        None
    }

    fn end(&mut self) -> Option<()> {
        let Open { at, anchor, refused, parts, size } = self.open.pop()?;
        let content = match parts {
            _ if refused => Content::Refused,
            Parts::List(items) => Content::List(items),
            Parts::Map(entries, _) => Content::Map(self.without_repeated_keys(entries)),
        };
        self.place(Node { at, content: Rc::new(content), size }, anchor)
    }

    fn without_repeated_keys(&mut self, entries: Vec<Entry<'t>>) -> Vec<Entry<'t>> {
        let mut first: HashMap<Cow<'t, str>, Position> = HashMap::with_capacity(entries.len());
        let is_first = |entry: &Entry<'t>| match first.get(&entry.key) {
            Some(at) => {
                self.mistakes.add(entry.at, format!("this key stands twice; the first is at {at}"));
                false
            }
            None => first.insert(entry.key.clone(), entry.at).is_none(),
        };
        let mut entries = entries;
        entries.retain(is_first);
        entries
    }

    /// Puts a finished node where the innermost open list or mapping expects it.
    fn place(&mut self, node: Node<'t>, anchor: usize) -> Option<()> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        open.size.weight += node.size.weight;
        open.size.repeated += node.size.repeated;
        open.size.height = open.size.height.max(node.size.height + 1);
        // Aliases nest without indentation, and what is too deep could not even be dropped safely.
        if open.size.height > DEPTH_MAX {
            return self.too_deep(node.at);
        }
        match &mut open.parts {
            Parts::List(items) => items.push(node),
            Parts::Map(entries, pending) => {
                *pending = match std::mem::replace(pending, Pending::Key) {
                    Pending::Key => key(&node, self.mistakes),
                    Pending::Value(at, key) => {
                        entries.push(Entry { at, key, value: node });
                        Pending::Key
                    }
                    Pending::Nothing => Pending::Key,
                };
            }
        }
        Some(())
    }
}

/// What a mapping waits for after this key.
fn key<'t>(node: &Node<'t>, mistakes: &mut Mistakes) -> Pending<'t> {
    let problem = match &*node.content {
        Content::Text { text, plain: true } if text == "<<" => {
            "merge keys are not supported; write the keys out"
        }
        Content::Text { text, .. } => return Pending::Value(node.at, text.clone()),
        Content::Refused => return Pending::Nothing,
        Content::Null => "a key is missing here",
        Content::List(_) | Content::Map(_) => "a key must be a text",
    };
    mistakes.add(node.at, problem);
    Pending::Nothing
}

#[cfg(test)]
mod tests;
