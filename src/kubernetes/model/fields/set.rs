//! Sets of field paths, and their JSON form, "FieldsV1".

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter, Write as _};

use serde_json::{Map, Number, Value};

use crate::kubernetes::model::quoted;

/// How deep FieldsV1 may be nested. Paths into a Secret or a Namespace have at most five elements;
/// a real server stops at 10,000 levels, which are not worth a stack here.
const MAX_DEPTH: usize = 100;

/// FieldsV1 that cannot be read: not an object, a name without a colon at its second place, bad
/// JSON behind `v:` or `k:`, or nested deeper than 100 levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed FieldsV1")]
pub struct MalformedFields;

/// One element of a path. Elements are ordered as a real server writes them: fields, keys, items,
/// positions, and each kind by its own value.
#[derive(Clone, Debug)]
pub enum PathElement {
    /// A member of a map, `f:NAME`.
    Field(String),
    /// An item of a keyed list, named by its key members, `k:{"uid":"u1"}`.
    Key(BTreeMap<String, Value>),
    /// An item of a set, named by its value, `v:"example.com/f"`.
    Item(Value),
    /// An item of a list, named by its position, `i:0`. No list of these objects needs it, but a
    /// client may send it.
    Position(i64),
}

impl PathElement {
    /// A member of a map.
    #[must_use]
    pub fn field(name: &str) -> Self {
        Self::Field(name.to_owned())
    }

    /// Reads the name of a member of FieldsV1. `None` for a kind that is not known: a real server
    /// passes over those.
    fn parse(text: &str) -> Result<Option<Self>, MalformedFields> {
        let Some((kind, rest)) = text.split_at_checked(1) else { return Err(MalformedFields) };
        let rest = rest.strip_prefix(':').ok_or(MalformedFields)?;
        let element = match kind {
            "f" => Self::Field(rest.to_owned()),
            "k" => Self::Key(serde_json::from_str(rest).map_err(|_| MalformedFields)?),
            "v" => Self::Item(serde_json::from_str(rest).map_err(|_| MalformedFields)?),
            "i" => Self::Position(rest.parse().map_err(|_| MalformedFields)?),
            _ => return Ok(None),
        };
        Ok(Some(element))
    }

    /// The name of a member of FieldsV1.
    fn name(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(members) => {
                let members = members.iter().map(|(name, value)| (name.clone(), value.clone()));
                format!("k:{}", Value::Object(members.collect()))
            }
            Self::Item(value) => format!("v:{value}"),
            Self::Position(position) => format!("i:{position}"),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Field(_) => 0,
            Self::Key(_) => 1,
            Self::Item(_) => 2,
            Self::Position(_) => 3,
        }
    }
}

/// As messages name it: `.data`, `[uid="u1"]`, `[="example.com/f"]`, `[0]`.
impl Display for PathElement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(members) => {
                f.write_char('[')?;
                for (position, (name, value)) in members.iter().enumerate() {
                    let comma = if position == 0 { "" } else { "," };
                    write!(f, "{comma}{name}=")?;
                    write_value(f, value)?;
                }
                f.write_char(']')
            }
            Self::Item(value) => {
                f.write_str("[=")?;
                write_value(f, value)?;
                f.write_char(']')
            }
            Self::Position(position) => write!(f, "[{position}]"),
        }
    }
}

fn write_value(f: &mut Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::String(text) => f.write_str(&quoted(text)),
        other => write!(f, "{other}"),
    }
}

impl Ord for PathElement {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(a), Self::Field(b)) => a.cmp(b),
            (Self::Key(a), Self::Key(b)) => compare_members(a.iter(), b.iter()),
            (Self::Item(a), Self::Item(b)) => compare_values(a, b),
            (Self::Position(a), Self::Position(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PathElement {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PathElement {}

/// Numbers come before texts, then booleans, lists, objects and null, as in a real server.
fn compare_values(a: &Value, b: &Value) -> Ordering {
    fn rank(value: &Value) -> u8 {
        match value {
            Value::Number(_) => 0,
            Value::String(_) => 1,
            Value::Bool(_) => 2,
            Value::Array(_) => 3,
            Value::Object(_) => 4,
            Value::Null => 5,
        }
    }
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => compare_numbers(a, b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let unequal = a.iter().zip(b).map(|(a, b)| compare_values(a, b)).find(|o| o.is_ne());
            unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Object(a), Value::Object(b)) => {
            let (a, b) = (a.iter().collect::<BTreeMap<_, _>>(), b.iter().collect());
            compare_members(a.into_iter(), BTreeMap::into_iter(b))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

/// Integers that are the same as floating-point numbers are told apart by their digits.
fn compare_numbers(a: &Number, b: &Number) -> Ordering {
    let float = |n: &Number| n.as_f64().unwrap_or(f64::NAN);
    let integer = |n: &Number| n.as_i64().map(i128::from).or_else(|| n.as_u64().map(i128::from));
    float(a).total_cmp(&float(b)).then_with(|| integer(a).cmp(&integer(b)))
}

fn compare_members<'a>(
    a: impl ExactSizeIterator<Item = (&'a String, &'a Value)>,
    b: impl ExactSizeIterator<Item = (&'a String, &'a Value)>,
) -> Ordering {
    let lengths = a.len().cmp(&b.len());
    let members = a.zip(b).map(|((a, x), (b, y))| a.cmp(b).then_with(|| compare_values(x, y)));
    members.into_iter().find(|o| o.is_ne()).unwrap_or(lengths)
}

/// The place of a field, shown as in messages: `.metadata.labels.app`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(pub Vec<PathElement>);

impl Display for FieldPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|element| write!(f, "{element}"))
    }
}

/// A set of field paths. A path and the paths below it are members of their own: with `.data.a` in
/// the set, `.data` need not be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    /// No node that is neither a member nor has members below it.
    nodes: BTreeMap<PathElement, Node>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Node {
    member: bool,
    below: FieldSet,
}

impl FieldSet {
    /// Reads FieldsV1. Null and `{}` are the empty set; members of an unknown kind are passed over,
    /// as a real server does.
    pub fn parse(fields: &Value) -> Result<Self, MalformedFields> {
        read(fields, MAX_DEPTH).map(|(set, _)| set)
    }

    /// Writes FieldsV1, in the order of a real server.
    #[must_use]
    pub fn to_fields_v1(&self) -> Value {
        Value::Object(self.members_v1(false))
    }

    fn members_v1(&self, itself: bool) -> Map<String, Value> {
        let dot = itself.then(|| (".".to_owned(), Value::Object(Map::new())));
        let nodes = self.nodes.iter().map(|(element, node)| {
            // A member without members below it is `{}`, not `{".":{}}`.
            let itself = node.member && !node.below.is_empty();
            (element.name(), Value::Object(node.below.members_v1(itself)))
        });
        dot.into_iter().chain(nodes).collect()
    }

    /// Whether no path is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds a path. The empty path, an object as a whole, is not a field and changes nothing.
    pub fn insert(&mut self, path: &[PathElement]) {
        let Some((first, rest)) = path.split_first() else { return };
        let node = match self.nodes.get_mut(first) {
            Some(node) => node,
            None => self.nodes.entry(first.clone()).or_default(),
        };
        if rest.is_empty() {
            node.member = true;
        } else {
            node.below.insert(rest);
        }
    }

    /// Whether just this path is in the set.
    #[must_use]
    pub fn contains(&self, path: &[PathElement]) -> bool {
        let Some((first, rest)) = path.split_first() else { return false };
        self.nodes.get(first).is_some_and(|node| match rest {
            [] => node.member,
            rest => node.below.contains(rest),
        })
    }

    /// The elements at the top, each with whether it is a member itself and with what is below it.
    pub(super) fn top(&self) -> impl Iterator<Item = (&PathElement, bool, &Self)> {
        self.nodes.iter().map(|(element, node)| (element, node.member, &node.below))
    }

    /// One element at the top, as [`FieldSet::top`] gives it.
    pub(super) fn at(&self, element: &PathElement) -> Option<(bool, &Self)> {
        self.nodes.get(element).map(|node| (node.member, &node.below))
    }

    /// The paths of either set.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        self.extend(other);
        self
    }

    fn extend(&mut self, other: &Self) {
        for (element, node) in &other.nodes {
            let own = self.nodes.entry(element.clone()).or_default();
            own.member |= node.member;
            own.below.extend(&node.below);
        }
    }

    /// The paths that are not in the other set. Paths below one in the other set stay.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.filter(&|element, node| match other.nodes.get(element) {
            None => node.clone(),
            Some(taken) => Node {
                member: node.member && !taken.member,
                below: node.below.difference(&taken.below),
            },
        })
    }

    /// The paths that are neither in the other set nor below one in it.
    #[must_use]
    pub fn outside(&self, other: &Self) -> Self {
        self.filter(&|element, node| match other.nodes.get(element) {
            None => node.clone(),
            Some(taken) if taken.member => Node::default(),
            Some(taken) => Node { member: node.member, below: node.below.outside(&taken.below) },
        })
    }

    /// The paths that are in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.filter(&|element, node| match other.nodes.get(element) {
            None => Node::default(),
            Some(shared) => Node {
                member: node.member && shared.member,
                below: node.below.intersection(&shared.below),
            },
        })
    }

    /// The paths that have no other path of the set below them.
    #[must_use]
    pub fn leaves(&self) -> Self {
        self.filter(&|_, node| Node { member: node.below.is_empty(), below: node.below.leaves() })
    }

    fn filter(&self, keep: &dyn Fn(&PathElement, &Node) -> Node) -> Self {
        let kept = self.nodes.iter().map(|(element, node)| (element, keep(element, node)));
        let kept = kept.filter(|(_, node)| node.member || !node.below.is_empty());
        Self { nodes: kept.map(|(element, node)| (element.clone(), node)).collect() }
    }

    /// All paths, in the order in which a real server lists conflicts: the members of a level
    /// first, then what is below each element of it.
    #[must_use]
    pub fn paths(&self) -> Vec<FieldPath> {
        let (mut prefix, mut out) = (Vec::new(), Vec::new());
        self.list(&mut prefix, &mut out);
        out
    }

    fn list(&self, prefix: &mut Vec<PathElement>, out: &mut Vec<FieldPath>) {
        for (element, node) in &self.nodes {
            if node.member {
                let path = prefix.iter().chain([element]).cloned();
                out.push(FieldPath(path.collect()));
            }
        }
        for (element, node) in &self.nodes {
            prefix.push(element.clone());
            node.below.list(prefix, out);
            prefix.pop();
        }
    }
}

/// The set below a path, and whether the path itself is a member: with `"."`, or when nothing is
/// below it.
fn read(fields: &Value, depth: usize) -> Result<(FieldSet, bool), MalformedFields> {
    let members = match fields {
        Value::Null => return Ok((FieldSet::default(), true)),
        Value::Object(members) => members,
        _ => return Err(MalformedFields),
    };
    let depth = depth.checked_sub(1).ok_or(MalformedFields)?;
    let mut set = FieldSet::default();
    let mut itself = false;
    for (name, fields) in members {
        if name == "." {
            itself = true;
        } else if let Some(element) = PathElement::parse(name)? {
            let (below, member) = read(fields, depth)?;
            let node = set.nodes.entry(element).or_default();
            node.member |= member;
            node.below.extend(&below);
        }
    }
    let itself = itself || set.is_empty();
    Ok((set, itself))
}

#[cfg(test)]
mod tests;
