//! The shape of Secrets and Namespaces, as far as ownership of fields depends on it.
//!
//! The shapes are those of the documented OpenAPI schema (`x-kubernetes-list-type`,
//! `x-kubernetes-list-map-keys`, `x-kubernetes-map-type`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::{self, Display, Formatter};

use serde_json::{Map, Value};

use super::set::{FieldPath, FieldSet, PathElement};

/// How many faults of one applied object are looked for. A real server names them all; a large
/// object could have hundreds of thousands.
const MAX_ERRORS: usize = 100;

/// What ownership needs to know about a value.
enum Shape {
    /// One value, owned as a whole.
    Scalar(Scalar),
    /// A map with any keys, each owned by itself.
    Map(&'static Shape),
    /// A map with known members, each owned by itself.
    Struct(Members),
    /// A map with known members, owned as a whole.
    AtomicStruct(Members),
    /// A list of different scalars, each owned by itself.
    Set(&'static Shape),
    /// A list whose items are told apart by one member; each is owned by itself.
    KeyedList(&'static str, &'static Shape),
    /// A list owned as a whole.
    AtomicList(&'static Shape),
    /// The list of owners, which nobody owns.
    ManagedFields,
}

type Members = &'static [(&'static str, Shape)];

#[derive(Clone, Copy)]
enum Scalar {
    Text,
    Number,
    Boolean,
    /// A time: any scalar, the decoder says more.
    Any,
}

impl Scalar {
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Any => !value.is_array() && !value.is_object(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "numeric (int or float)",
            Self::Boolean => "boolean",
            Self::Any => "any scalar",
        }
    }
}

const TEXT: Shape = Shape::Scalar(Scalar::Text);
const NUMBER: Shape = Shape::Scalar(Scalar::Number);
const BOOLEAN: Shape = Shape::Scalar(Scalar::Boolean);
const TIME: Shape = Shape::Scalar(Scalar::Any);
const TEXTS: Shape = Shape::Map(&TEXT);

const OWNER_REFERENCE: Shape = Shape::AtomicStruct(&[
    ("apiVersion", TEXT),
    ("blockOwnerDeletion", BOOLEAN),
    ("controller", BOOLEAN),
    ("kind", TEXT),
    ("name", TEXT),
    ("uid", TEXT),
]);

const METADATA: Shape = Shape::Struct(&[
    ("annotations", TEXTS),
    ("creationTimestamp", TIME),
    ("deletionGracePeriodSeconds", NUMBER),
    ("deletionTimestamp", TIME),
    ("finalizers", Shape::Set(&TEXT)),
    ("generateName", TEXT),
    ("generation", NUMBER),
    ("labels", TEXTS),
    ("managedFields", Shape::ManagedFields),
    ("name", TEXT),
    ("namespace", TEXT),
    ("ownerReferences", Shape::KeyedList("uid", &OWNER_REFERENCE)),
    ("resourceVersion", TEXT),
    ("selfLink", TEXT),
    ("uid", TEXT),
]);

const SECRET: Shape = Shape::Struct(&[
    ("apiVersion", TEXT),
    ("data", TEXTS),
    ("immutable", BOOLEAN),
    ("kind", TEXT),
    ("metadata", METADATA),
    ("stringData", TEXTS),
    ("type", TEXT),
]);

const CONDITION: Shape = Shape::Struct(&[
    ("lastTransitionTime", TIME),
    ("message", TEXT),
    ("reason", TEXT),
    ("status", TEXT),
    ("type", TEXT),
]);

const NAMESPACE: Shape = Shape::Struct(&[
    ("apiVersion", TEXT),
    ("kind", TEXT),
    ("metadata", METADATA),
    ("spec", Shape::Struct(&[("finalizers", Shape::AtomicList(&TEXT))])),
    (
        "status",
        Shape::Struct(&[("conditions", Shape::KeyedList("type", &CONDITION)), ("phase", TEXT)]),
    ),
]);

/// A kind of object whose fields have owners. Both are of the version `v1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// A Secret.
    Secret,
    /// A Namespace.
    Namespace,
}

/// Part of a Namespace that has an address of its own. Each writes what the others may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subresource {
    /// `/status`: its writers own nothing in `spec`.
    Status,
    /// `/finalize`: its writers own nothing in `status`.
    Finalize,
}

impl Subresource {
    /// Its name in the list of owners.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Finalize => "finalize",
        }
    }
}

/// A fault of an applied object. `Display` is the text of a real server without what was found,
/// which may be a value of `data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    path: FieldPath,
    problem: Problem,
}

impl SchemaError {
    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl Display for SchemaError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.path.0.as_slice() {
            [] => write!(f, "{}", self.problem),
            _ => write!(f, "{}: {}", self.path, self.problem),
        }
    }
}

/// What can be wrong with a field of an applied object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The schema has no such member.
    #[error("field not declared in schema")]
    UnknownField,
    /// The value is of another type.
    #[error("expected {0}")]
    WrongType(&'static str),
    /// A set or a keyed list has two items of one name.
    #[error("duplicate entries for key {0}")]
    Duplicate(PathElement),
    /// An item of a set or a keyed list that has no name of its own.
    #[error("element {position}: {reason}")]
    Unnamed {
        /// Its position in the list, from zero.
        position: usize,
        /// Why it has none.
        reason: &'static str,
    },
}

/// What differs between two objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Paths that only the new object has.
    pub added: FieldSet,
    /// Leaves with another value.
    pub modified: FieldSet,
    /// Paths that only the old object has.
    pub removed: FieldSet,
}

impl Changes {
    /// Whether the objects are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }

    /// What has a new value: added or modified.
    #[must_use]
    pub fn written(&self) -> FieldSet {
        self.added.clone().union(&self.modified)
    }

    /// All paths that differ.
    #[must_use]
    pub fn all(&self) -> FieldSet {
        self.written().union(&self.removed)
    }

    /// The changes that are neither in the set nor below one of its paths.
    #[must_use]
    pub fn outside(&self, set: &FieldSet) -> Self {
        Self {
            added: self.added.outside(set),
            modified: self.modified.outside(set),
            removed: self.removed.outside(set),
        }
    }
}

impl ObjectKind {
    /// The member `apiVersion`.
    #[must_use]
    pub fn api_version(self) -> &'static str {
        match self {
            Self::Secret | Self::Namespace => "v1",
        }
    }

    /// The member `kind`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::Namespace => "Namespace",
        }
    }

    fn shape(self) -> &'static Shape {
        match self {
            Self::Secret => &SECRET,
            Self::Namespace => &NAMESPACE,
        }
    }

    /// Checks an applied object. Null is a value of every type.
    pub fn check(self, object: &Value) -> Result<(), Vec<SchemaError>> {
        let mut check = Check::default();
        check.value(self.shape(), object);
        if check.errors.is_empty() { Ok(()) } else { Err(check.errors) }
    }

    /// The fields that an object sets. A map or list that holds something is there by its members,
    /// without a path of its own.
    #[must_use]
    pub fn fields(self, object: &Value) -> FieldSet {
        let mut walk = Fields::default();
        walk.value(self.shape(), object);
        walk.set
    }

    /// What differs between two objects. `None` stands for an object that is not there.
    #[must_use]
    pub fn changes(self, old: Option<&Value>, new: &Value) -> Changes {
        let mut comparison = Comparison::default();
        if let Shape::Struct(members) = self.shape() {
            comparison.members(members, old, Some(new));
        }
        comparison.changes
    }

    /// The live object with an applied one over it. Maps and keyed lists are merged member by
    /// member, null is kept as a value of a scalar and changes nothing of a map or list.
    pub(super) fn merge(self, live: &Value, applied: &Value) -> Value {
        merge(self.shape(), Some(live), Some(applied)).unwrap_or_default()
    }

    /// The object without some fields. A map or list that loses its last member becomes null.
    pub(super) fn without(self, object: &Value, fields: &FieldSet) -> Value {
        without(self.shape(), object, fields)
    }

    /// The set, and every member of a struct that has paths of the set below it.
    pub(super) fn with_named_parents(self, set: FieldSet) -> FieldSet {
        let mut parents = FieldSet::default();
        name_parents(self.shape(), &set, &mut Vec::new(), &mut parents);
        set.union(&parents)
    }
}

fn member<'a>(members: &'a [(&'static str, Shape)], name: &str) -> Option<&'a Shape> {
    members.iter().find(|(known, _)| *known == name).map(|(_, shape)| shape)
}

/// What tells an item of a set or of a keyed list from the others, or why nothing does. A key that
/// is not given counts as empty: the documented schema has that default.
fn name_item(shape: &Shape, item: &Value) -> Result<PathElement, &'static str> {
    match (shape, item) {
        (Shape::KeyedList(key, _), Value::Object(members)) => {
            let value = members.get(*key).cloned().unwrap_or_else(|| "".into());
            Ok(PathElement::Key(BTreeMap::from([((*key).to_owned(), value)])))
        }
        (Shape::KeyedList(..), Value::Null) => {
            Err("associative list with keys may not have a null element")
        }
        (Shape::KeyedList(..), _) => {
            Err("associative list with keys may not have non-map elements")
        }
        (_, Value::Object(_)) => {
            Err("associative list without keys has an element that's a map type")
        }
        (_, Value::Array(_)) => Err("not supported: associative list with lists as elements"),
        (_, Value::Null) => {
            Err("associative list without keys has an element that's an explicit null")
        }
        (_, scalar) => Ok(PathElement::Item(scalar.clone())),
    }
}

/// The items of a set or of a keyed list by their names. Items without a name are left out: stored
/// objects have none, and [`ObjectKind::check`] refuses them in applied ones.
fn named_items<'a>(shape: &Shape, list: Option<&'a Value>) -> Vec<(PathElement, &'a Value)> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| Some((name_item(shape, item).ok()?, item))).collect()
}

fn is_blank(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Object(members)) => members.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        _ => true,
    }
}

#[derive(Default)]
struct Check {
    path: Vec<PathElement>,
    errors: Vec<SchemaError>,
}

impl Check {
    fn report(&mut self, problem: Problem) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(SchemaError { path: FieldPath(self.path.clone()), problem });
        }
    }

    fn below(&mut self, element: PathElement, shape: &Shape, value: &Value) {
        self.path.push(element);
        self.value(shape, value);
        self.path.pop();
    }

    fn value(&mut self, shape: &Shape, value: &Value) {
        if value.is_null() {
            return;
        }
        match (shape, value) {
            (Shape::Scalar(scalar), value) => {
                if !scalar.takes(value) {
                    self.report(Problem::WrongType(scalar.name()));
                }
            }
            (Shape::Map(shape), Value::Object(given)) => {
                given
                    .iter()
                    .for_each(|(name, value)| self.below(PathElement::field(name), shape, value));
            }
            (Shape::Struct(members) | Shape::AtomicStruct(members), Value::Object(given)) => {
                self.members(members, given);
            }
            (Shape::Set(item) | Shape::KeyedList(_, item), Value::Array(items)) => {
                self.items(shape, item, items);
            }
            (Shape::AtomicList(shape), Value::Array(items)) => {
                for (position, item) in (0..).zip(items) {
                    self.below(PathElement::Position(position), shape, item);
                }
            }
            (Shape::ManagedFields, Value::Array(_)) => {}
            (Shape::Map(_) | Shape::Struct(_) | Shape::AtomicStruct(_), _) => {
                self.report(Problem::WrongType("map"));
            }
            (
                Shape::Set(_) | Shape::KeyedList(..) | Shape::AtomicList(_) | Shape::ManagedFields,
                _,
            ) => self.report(Problem::WrongType("list")),
        }
    }

    /// Known members come first, then one unknown member: a real server stops at the first one of
    /// a map, in no certain order.
    fn members(&mut self, members: &[(&'static str, Shape)], given: &Map<String, Value>) {
        let mut unknown = None;
        for (name, value) in given {
            match member(members, name) {
                Some(shape) => self.below(PathElement::field(name), shape, value),
                None => unknown = unknown.or(Some(name)),
            }
        }
        if let Some(name) = unknown {
            self.path.push(PathElement::field(name));
            self.report(Problem::UnknownField);
            self.path.pop();
        }
    }

    fn items(&mut self, list: &Shape, shape: &Shape, items: &[Value]) {
        let mut seen = BTreeSet::new();
        for (position, item) in items.iter().enumerate() {
            match name_item(list, item) {
                // A real server does not look at the rest of the list either.
                Err(reason) => return self.report(Problem::Unnamed { position, reason }),
                Ok(element) => {
                    if !seen.insert(element.clone()) {
                        self.report(Problem::Duplicate(element.clone()));
                    }
                    self.below(element, shape, item);
                }
            }
        }
    }
}

#[derive(Default)]
struct Fields {
    path: Vec<PathElement>,
    set: FieldSet,
}

impl Fields {
    fn value(&mut self, shape: &Shape, value: &Value) {
        match shape {
            Shape::Scalar(_) | Shape::AtomicStruct(_) | Shape::AtomicList(_) => {
                self.set.insert(&self.path);
            }
            Shape::Map(shape) => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    self.below(PathElement::field(name), shape, value, true);
                }
            }
            Shape::Struct(members) => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    let Some(shape) = member(members, name) else { continue };
                    let blank = value.is_null() || value.as_object().is_some_and(Map::is_empty);
                    self.below(PathElement::field(name), shape, value, blank);
                }
            }
            Shape::Set(item) | Shape::KeyedList(_, item) => self.items(shape, item, value),
            Shape::ManagedFields => {}
        }
    }

    fn below(&mut self, element: PathElement, shape: &Shape, value: &Value, itself: bool) {
        self.path.push(element);
        self.value(shape, value);
        if itself {
            self.set.insert(&self.path);
        }
        self.path.pop();
    }

    /// Items that share a name are owned together, by their name alone.
    fn items(&mut self, list: &Shape, shape: &Shape, value: &Value) {
        let mut by_name = BTreeMap::<_, Vec<_>>::new();
        for (element, item) in named_items(list, Some(value)) {
            by_name.entry(element).or_default().push(item);
        }
        for (element, items) in by_name {
            if let [item] = items.as_slice() {
                self.below(element, shape, item, true);
            } else {
                self.path.push(element);
                self.set.insert(&self.path);
                self.path.pop();
            }
        }
    }
}

#[derive(Default)]
struct Comparison {
    path: Vec<PathElement>,
    changes: Changes,
}

impl Comparison {
    /// Members of a struct. Structs in a struct are always there on a real server, if empty.
    fn members(
        &mut self,
        members: &[(&'static str, Shape)],
        old: Option<&Value>,
        new: Option<&Value>,
    ) {
        for (name, shape) in members {
            let (old, new) = (old.and_then(|old| old.get(name)), new.and_then(|new| new.get(name)));
            self.path.push(PathElement::field(name));
            match shape {
                Shape::Struct(members) => self.members(members, old, new),
                shape => self.value(shape, old, new),
            }
            self.path.pop();
        }
    }

    fn value(&mut self, shape: &Shape, old: Option<&Value>, new: Option<&Value>) {
        let blank = is_blank(old) && is_blank(new);
        match shape {
            Shape::ManagedFields => {}
            Shape::Map(shape) if !blank => {
                self.entries(shape, old, new);
                self.whole(old, new);
            }
            Shape::Struct(members) if !blank => {
                self.members(members, old, new);
                self.whole(old, new);
            }
            Shape::Set(item) | Shape::KeyedList(_, item) if !blank => {
                self.items(shape, item, old, new);
                self.whole(old, new);
            }
            // Also maps and lists with nothing in them: null and empty are different values.
            _ => {
                self.whole(old, new);
                if old.is_some() && new.is_some() && old != new {
                    self.changes.modified.insert(&self.path);
                }
            }
        }
    }

    fn whole(&mut self, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (None, Some(_)) => self.changes.added.insert(&self.path),
            (Some(_), None) => self.changes.removed.insert(&self.path),
            _ => {}
        }
    }

    fn entries(&mut self, shape: &Shape, old: Option<&Value>, new: Option<&Value>) {
        let (old, new) = (old.and_then(Value::as_object), new.and_then(Value::as_object));
        for (name, value) in old.into_iter().flatten() {
            let new = new.and_then(|new| new.get(name));
            self.below(PathElement::field(name), shape, Some(value), new);
        }
        for (name, value) in new.into_iter().flatten() {
            if old.is_none_or(|old| !old.contains_key(name)) {
                self.below(PathElement::field(name), shape, None, Some(value));
            }
        }
    }

    fn below(
        &mut self,
        element: PathElement,
        shape: &Shape,
        old: Option<&Value>,
        new: Option<&Value>,
    ) {
        if old.is_none() && new.is_none() {
            return;
        }
        self.path.push(element);
        self.value(shape, old, new);
        self.path.pop();
    }

    /// Items that share a name count as one value.
    fn items(&mut self, list: &Shape, shape: &Shape, old: Option<&Value>, new: Option<&Value>) {
        let mut by_name = BTreeMap::<PathElement, (Vec<&Value>, Vec<&Value>)>::new();
        for (element, item) in named_items(list, old) {
            by_name.entry(element).or_default().0.push(item);
        }
        for (element, item) in named_items(list, new) {
            by_name.entry(element).or_default().1.push(item);
        }
        for (element, (old, new)) in by_name {
            match (old.as_slice(), new.as_slice()) {
                ([] | [_], [] | [_]) => {
                    self.below(element, shape, old.first().copied(), new.first().copied());
                }
                (several @ [_, _, ..], others @ [_, _, ..]) => {
                    if several != others {
                        self.path.push(element);
                        self.changes.modified.insert(&self.path);
                        self.path.pop();
                    }
                }
                ([_, _, ..], one) => {
                    self.below(element.clone(), shape, None, one.first().copied());
                    self.path.push(element);
                    self.changes.removed.insert(&self.path);
                    self.path.pop();
                }
                (one, [_, _, ..]) => {
                    self.below(element.clone(), shape, one.first().copied(), None);
                    self.path.push(element);
                    self.changes.added.insert(&self.path);
                    self.path.pop();
                }
            }
        }
    }
}

fn merge(shape: &Shape, live: Option<&Value>, applied: Option<&Value>) -> Option<Value> {
    let (Some(old), Some(new)) = (live, applied) else { return applied.or(live).cloned() };
    if is_blank(live) && is_blank(applied) {
        return Some(new.clone());
    }
    match shape {
        Shape::Map(shape) => Some(merge_members(&|_| Some(shape), old, new)),
        Shape::Struct(members) => Some(merge_members(&|name| member(members, name), old, new)),
        Shape::Set(item) | Shape::KeyedList(_, item) => Some(merge_items(shape, item, old, new)),
        Shape::Scalar(_) | Shape::AtomicStruct(_) | Shape::AtomicList(_) | Shape::ManagedFields => {
            Some(new.clone())
        }
    }
}

fn merge_members<'a>(
    shape: &dyn Fn(&str) -> Option<&'a Shape>,
    live: &Value,
    applied: &Value,
) -> Value {
    let (live, applied) = (live.as_object(), applied.as_object());
    let old = live.into_iter().flatten().map(|(name, _)| name);
    let only_new = |name: &&String| live.is_none_or(|live| !live.contains_key(*name));
    let new = applied.into_iter().flatten().map(|(name, _)| name).filter(only_new);
    let merged = old.chain(new).filter_map(|name| {
        let old = live.and_then(|live| live.get(name));
        let new = applied.and_then(|applied| applied.get(name));
        Some((name.clone(), merge(shape(name)?, old, new)?))
    });
    Value::Object(merged.collect())
}

/// The items of both lists. Applied items keep their order, and live items that are not applied
/// their place before the item that they stood before, as on a real server.
fn merge_items(list: &Shape, shape: &Shape, live: &Value, applied: &Value) -> Value {
    let live = named_items(list, Some(live));
    let applied = named_items(list, Some(applied));
    let in_live: BTreeMap<_, _> = live.iter().map(|(element, item)| (element, *item)).collect();
    let in_applied: BTreeSet<_> = applied.iter().map(|(element, _)| element).collect();
    let mut shared: VecDeque<_> = applied
        .iter()
        .map(|(element, _)| element)
        .filter(|element| in_live.contains_key(element))
        .collect();
    let mut done = BTreeSet::new();
    let mut out = Vec::with_capacity(live.len() + applied.len());
    let (mut olds, mut news) = (live.iter().peekable(), applied.iter().peekable());
    loop {
        if let Some((element, item)) = olds.peek() {
            if !in_applied.contains(element) {
                out.push((*item).clone());
                olds.next();
                continue;
            }
            let next = news.peek().map(|(element, _)| element);
            let later = shared.front().is_some_and(|awaited| *awaited != element);
            if next == Some(element) {
                olds.next();
            } else if next.is_some() && later {
                // The applied list has it in another place.
                olds.next();
                continue;
            } else if next.is_none() || done.contains(element) {
                olds.next();
            }
        }
        let Some((element, item)) = news.next() else {
            if olds.peek().is_none() {
                return Value::Array(out);
            }
            continue;
        };
        out.extend(merge(shape, in_live.get(element).copied(), Some(item)));
        done.insert(element);
        if shared.front() == Some(&element) {
            shared.pop_front();
        }
    }
}

fn without(shape: &Shape, value: &Value, fields: &FieldSet) -> Value {
    let kept = |element: &PathElement, shape: &Shape, value: &Value| match fields.at(element) {
        Some((true, _)) => None,
        Some((false, below)) => Some(without(shape, value, below)),
        None => Some(value.clone()),
    };
    match (shape, value) {
        (Shape::Map(_) | Shape::Struct(_), Value::Object(given)) if !given.is_empty() => {
            let shape = |name: &str| match shape {
                Shape::Struct(members) => member(members, name),
                Shape::Map(shape) => Some(*shape),
                _ => None,
            };
            let left = given.iter().filter_map(|(name, value)| {
                Some((name.clone(), kept(&PathElement::field(name), shape(name)?, value)?))
            });
            let left: Map<_, _> = left.collect();
            if left.is_empty() { Value::Null } else { Value::Object(left) }
        }
        (Shape::Set(item) | Shape::KeyedList(_, item), Value::Array(given))
            if !given.is_empty() =>
        {
            let items = named_items(shape, Some(value)).into_iter();
            let left = items.filter_map(|(element, value)| kept(&element, item, value));
            let left: Vec<_> = left.collect();
            if left.is_empty() { Value::Null } else { Value::Array(left) }
        }
        // What is owned as a whole is not taken apart, nor is what has nothing in it.
        _ => value.clone(),
    }
}

fn name_parents(
    shape: &Shape,
    set: &FieldSet,
    path: &mut Vec<PathElement>,
    parents: &mut FieldSet,
) {
    for (element, _, below) in set.top() {
        let next = match (shape, element) {
            (Shape::Struct(members), PathElement::Field(name)) => member(members, name),
            (Shape::Map(shape), PathElement::Field(_))
            | (Shape::KeyedList(_, shape), PathElement::Key(_)) => Some(*shape),
            _ => None,
        };
        let Some(next) = next else { continue };
        path.push(element.clone());
        if matches!(shape, Shape::Struct(_)) && !below.is_empty() {
            parents.insert(path);
        }
        name_parents(next, below, path, parents);
        path.pop();
    }
}

#[cfg(test)]
mod tests;
