//! From the nodes of a document to the values that they stand for: aliases, merge keys and repeated keys are gone then.

use std::{borrow::Cow, collections::HashSet, iter, mem};

use super::{
    Duplicate, YamlError,
    scalar::{self, Scalar, Tag, general},
    syntax,
    tree::{Content, DEPTH_MAX, NodeId, Tree},
};

/// How many bytes of scalars aliases may repeat. A body is 3 MiB at most, so a manifest that people write stays far below.
const REPEATED_MAX: usize = 16 << 20;

/// How many repeated keys are told: nobody reads more, and a body may have half a million.
const DUPLICATES_MAX: usize = 1000;

/// Where a value stands among all values. One that is complete earlier stands earlier.
pub(super) type ValueId = usize;

/// Where a mapping stands among all mappings.
pub(super) type MappingId = usize;

/// A key of a mapping. Keys of different types are different, even if they are written the same in JSON.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key<'t> {
    Null,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    /// By its bits.
    Float(u64),
    Text(Cow<'t, str>),
}

impl<'t> Key<'t> {
    fn of(scalar: Scalar<'t>) -> Self {
        match scalar {
            Scalar::Null => Self::Null,
            Scalar::Bool(value) => Self::Bool(value),
            Scalar::Integer(number) => Self::Integer(number),
            Scalar::Unsigned(number) => Self::Unsigned(number),
            Scalar::Float(number) => Self::Float(number.to_bits()),
            Scalar::Timestamp(text) | Scalar::Text(text) => Self::Text(text),
        }
    }

    /// As it stands in JSON.
    pub(super) fn name(&self) -> Result<Cow<'_, str>, YamlError> {
        match self {
            Self::Null => Err(YamlError::UnsupportedKey("%!s(<nil>)")),
            Self::Unsigned(_) => Err(YamlError::UnsupportedKey("uint64")),
            Self::Bool(value) => Ok(Cow::Borrowed(if *value { "true" } else { "false" })),
            Self::Integer(number) => Ok(number.to_string().into()),
            Self::Float(bits) => Ok(float_name(f64::from_bits(*bits)).into()),
            Self::Text(text) => Ok(Cow::Borrowed(text)),
        }
    }

    /// As Go writes it in a message.
    fn quoted(&self) -> String {
        match self {
            Self::Null => "<nil>".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Unsigned(number) => format!("{number:#x}"),
            Self::Float(bits) => general(f64::from_bits(*bits)),
            Self::Text(text) => crate::kubernetes::model::quoted(text),
        }
    }
}

/// A number that is a key is rounded to 32 bits (as a real server answers).
fn float_name(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "that is the rule")]
    let number = number as f32;
    if number.is_nan() {
        ".nan".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { ".inf" } else { "-.inf" }.to_owned()
    } else {
        general(number)
    }
}

#[derive(Debug)]
pub(super) enum Value<'t> {
    Scalar(Scalar<'t>),
    Sequence(Vec<ValueId>),
    Mapping(MappingId),
}

/// An entry of a mapping.
#[derive(Debug)]
pub(super) struct Entry<'t> {
    pub key: Key<'t>,
    pub value: ValueId,
    /// Where the value begins.
    line: usize,
}

/// A collection that is being converted.
#[derive(Debug)]
enum Frame<'t> {
    Sequence {
        next: NodeId,
        end: NodeId,
        items: Vec<ValueId>,
    },
    Mapping {
        next: NodeId,
        end: NodeId,
        into: MappingId,
        /// The key whose value comes next, and the line of that value.
        key: Option<(Key<'t>, usize)>,
        /// Whether its entries are merged into the mapping of the frame below.
        is_merged: bool,
    },
    /// Mappings that are merged into one, the last one first: so the first one has the last word.
    Merge {
        sources: Vec<NodeId>,
        into: MappingId,
    },
    /// What an alias stands for is above.
    Alias(NodeId),
}

/// What was converted.
#[derive(Debug, Default)]
pub struct Document<'t> {
    pub(super) values: Vec<Value<'t>>,
    /// Sorted by their keys once they are complete.
    pub(super) mappings: Vec<Vec<Entry<'t>>>,
    pub(super) root: Option<ValueId>,
    /// The keys that were set although they were set already, with their values.
    duplicates: Vec<(ValueId, Duplicate)>,
}

impl Document<'_> {
    /// The first of the keys that were set although they were set already, in the order found.
    pub fn into_duplicates(mut self) -> Vec<Duplicate> {
        self.duplicates.sort_by_key(|(value, _)| *value);
        self.duplicates.truncate(DUPLICATES_MAX);
        self.duplicates.into_iter().map(|(_, duplicate)| duplicate).collect()
    }
}

/// Converts a document.
///
/// # Errors
/// A node is not what its tag says, a key is no scalar, a merge key has no mapping, an alias stands in what it names, or aliases
/// multiply the document too much.
pub fn convert<'t>(tree: &'t Tree<'_>) -> Result<Document<'t>, YamlError> {
    let mut converter = Converter {
        tree,
        document: Document::default(),
        frames: Vec::new(),
        open_aliases: HashSet::new(),
        conversions: 1,
        repetitions: 0,
        repeated_bytes: 0,
    };
    if !tree.is_empty() {
        converter.begin(0)?;
        while let Some(frame) = converter.frames.pop() {
            converter.advance(frame)?;
        }
    }
    Ok(converter.document)
}

struct Converter<'t> {
    tree: &'t Tree<'t>,
    document: Document<'t>,
    frames: Vec<Frame<'t>>,
    open_aliases: HashSet<NodeId>,
    /// Nodes converted so far.
    conversions: u32,
    /// How many of them an alias asked for.
    repetitions: u32,
    repeated_bytes: usize,
}

impl<'t> Converter<'t> {
    /// Converts a scalar, or opens a collection whose frame does the rest.
    fn begin(&mut self, mut id: NodeId) -> Result<(), YamlError> {
        loop {
            self.count()?;
            let frame = match &self.tree.node(id)?.content {
                Content::Alias(target) => {
                    self.open_alias(id)?;
                    id = *target;
                    continue;
                }
                Content::Scalar { text, tag, is_plain } => {
                    let scalar = scalar::resolve(text, *tag, *is_plain)?;
                    self.count_bytes(text.len())?;
                    return self.deliver(Value::Scalar(scalar));
                }
                Content::Sequence { end } => {
                    Frame::Sequence { next: id + 1, end: *end, items: Vec::new() }
                }
                Content::Mapping { end } => {
                    let into = self.document.mappings.len();
                    let children = self.siblings(id + 1, *end).count();
                    self.document.mappings.push(Vec::with_capacity(children / 2));
                    Frame::Mapping { next: id + 1, end: *end, into, key: None, is_merged: false }
                }
            };
            return self.push(frame);
        }
    }

    /// Takes the next step in a collection.
    fn advance(&mut self, frame: Frame<'t>) -> Result<(), YamlError> {
        match frame {
            Frame::Sequence { next, end, items } if next < end => {
                self.push(Frame::Sequence { next: self.tree.after(next), end, items })?;
                self.begin(next)
            }
            Frame::Sequence { items, .. } => self.deliver(Value::Sequence(items)),
            Frame::Mapping { next, end, into, key, is_merged } if next < end => {
                let after = self.tree.after(next);
                if key.is_none() && self.is_merge_key(next)? {
                    let next = self.tree.after(after);
                    self.push(Frame::Mapping { next, end, into, key, is_merged })?;
                    self.merge(after, into)
                } else {
                    self.push(Frame::Mapping { next: after, end, into, key, is_merged })?;
                    self.begin(next)
                }
            }
            Frame::Mapping { is_merged: true, .. } => Ok(()),
            Frame::Mapping { into, .. } => {
                self.complete(into);
                self.deliver(Value::Mapping(into))
            }
            Frame::Merge { mut sources, into } => match sources.pop() {
                Some(source) => {
                    self.push(Frame::Merge { sources, into })?;
                    self.merge_mapping(source, into)
                }
                None => Ok(()),
            },
            Frame::Alias(id) => {
                self.open_aliases.remove(&id);
                Ok(())
            }
        }
    }

    /// Hands a value to the collection that it belongs to.
    fn deliver(&mut self, value: Value<'t>) -> Result<(), YamlError> {
        while let Some(Frame::Alias(id)) = self.frames.last() {
            self.open_aliases.remove(id);
            self.frames.pop();
        }
        let Document { values, mappings, root, .. } = &mut self.document;
        let id = values.len();
        match self.frames.last_mut() {
            Some(Frame::Mapping { key, next, into, .. }) => match (key.take(), value) {
                (None, Value::Scalar(scalar)) => {
                    *key = Some((Key::of(scalar), self.tree.node(*next)?.line));
                }
                (None, _) => return Err(YamlError::InvalidKey),
                (Some((key, line)), value) => {
                    values.push(value);
                    let mapping = mappings.get_mut(*into).ok_or(syntax::UNKNOWN)?;
                    mapping.push(Entry { key, value: id, line });
                }
            },
            Some(Frame::Sequence { items, .. }) => {
                values.push(value);
                items.push(id);
            }
            _ => {
                values.push(value);
                *root = Some(id);
            }
        }
        Ok(())
    }

    /// Leaves the last of the entries with the same key. What was said about the others is kept.
    fn complete(&mut self, id: MappingId) {
        let Document { mappings, duplicates, .. } = &mut self.document;
        let Some(mapping) = mappings.get_mut(id) else { return };
        mapping.sort_by(|a, b| a.key.cmp(&b.key));
        mapping.dedup_by(|later, earlier| {
            let is_repeated = later.key == earlier.key;
            if is_repeated {
                let key = later.key.quoted();
                duplicates.push((later.value, Duplicate { line: later.line, key }));
                mem::swap(later, earlier);
            }
            is_repeated
        });
    }

    fn is_merge_key(&self, id: NodeId) -> Result<bool, YamlError> {
        Ok(match &self.tree.node(id)?.content {
            Content::Scalar { text, tag, is_plain } if text == "<<" => match tag {
                Tag::Absent => *is_plain,
                Tag::NonSpecific | Tag::Merge => true,
                _ => false,
            },
            _ => false,
        })
    }

    /// Merges the value of a merge key into a mapping: a mapping, or a list of them.
    fn merge(&mut self, id: NodeId, into: MappingId) -> Result<(), YamlError> {
        let Content::Sequence { end } = self.tree.node(id)?.content else {
            return self.merge_mapping(id, into);
        };
        let sources = self.siblings(id + 1, end).collect();
        self.push(Frame::Merge { sources, into })
    }

    /// The children of a collection, from the first one on.
    fn siblings(&self, first: NodeId, end: NodeId) -> impl Iterator<Item = NodeId> {
        iter::successors(Some(first), |id| Some(self.tree.after(*id)))
            .take_while(move |id| *id < end)
    }

    fn merge_mapping(&mut self, id: NodeId, into: MappingId) -> Result<(), YamlError> {
        let (start, content) = match &self.tree.node(id)?.content {
            Content::Alias(target) => (*target, &self.tree.node(*target)?.content),
            content => (id, content),
        };
        let Content::Mapping { end } = *content else { return Err(YamlError::MergeWithoutMapping) };
        self.count()?;
        if start != id {
            self.open_alias(id)?;
            self.count()?;
        }
        self.push(Frame::Mapping { next: start + 1, end, into, key: None, is_merged: true })
    }

    fn open_alias(&mut self, id: NodeId) -> Result<(), YamlError> {
        if !self.open_aliases.insert(id) {
            return Err(YamlError::AliasInItself);
        }
        self.push(Frame::Alias(id))
    }

    fn push(&mut self, frame: Frame<'t>) -> Result<(), YamlError> {
        self.frames.push(frame);
        if self.frames.len() > DEPTH_MAX { Err(YamlError::TooDeep) } else { Ok(()) }
    }

    /// Counts a node. How many of the nodes may come by aliases depends on how many there are (as a real server answers).
    fn count(&mut self) -> Result<(), YamlError> {
        const SMALL: f64 = 400_000.0;
        const LARGE: f64 = 4_000_000.0;
        self.conversions += 1;
        self.repetitions += u32::from(!self.open_aliases.is_empty());
        let (conversions, repetitions) = (f64::from(self.conversions), f64::from(self.repetitions));
        let share = ((conversions - SMALL) / (LARGE - SMALL)).clamp(0.0, 1.0);
        let allowed = 0.99 - 0.89 * share;
        if self.repetitions > 100 && self.conversions > 1000 && repetitions / conversions > allowed
        {
            return Err(YamlError::ExcessiveAliasing);
        }
        Ok(())
    }

    /// Counts the bytes that aliases repeat. A real server has no such limit: there one alias of a big text after the other
    /// makes an answer of gigabytes.
    fn count_bytes(&mut self, bytes: usize) -> Result<(), YamlError> {
        if !self.open_aliases.is_empty() {
            self.repeated_bytes += bytes;
        }
        if self.repeated_bytes > REPEATED_MAX { Err(YamlError::ExcessiveAliasing) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
