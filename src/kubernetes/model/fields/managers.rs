//! The owners of an object's fields: `metadata.managedFields`.
//!
//! The rules are those that a real server was seen to follow (1.37.2); the merge rules behind them
//! are documented for server-side apply.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde_json::{Map, Value, json};

use super::schema::{Changes, ObjectKind, Subresource};
use super::set::{FieldPath, FieldSet, PathElement};
use crate::kubernetes::model::{Time, quoted, text_of, time};

/// Owner of everything that an object without owners had before somebody first applied to it.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// Owner of what the oldest updates wrote, once there are too many updaters.
const ANCIENT_CHANGES: &str = "ancient-changes";

/// How many updaters an object has at most. Appliers are not counted.
const MAX_UPDATERS: usize = 10;

/// The longest name of a manager, in bytes.
const MAX_MANAGER_BYTES: usize = 128;

/// Members of every object, and members of `metadata`, that nobody owns.
const UNOWNED: [&str; 3] = ["apiVersion", "kind", "metadata"];
const UNOWNED_METADATA: [&str; 10] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Name of the manager of a write: `fieldManager`, else the start of the User-Agent up to a slash,
/// without what cannot be printed and cut to 128 bytes, else `unknown`. Bytes of the User-Agent
/// that are not UTF-8 become U+FFFD, each.
#[must_use]
pub fn manager_name(field_manager: &str, user_agent: &[u8]) -> String {
    if !field_manager.is_empty() {
        return field_manager.to_owned();
    }
    let mut name = String::new();
    let product = user_agent.split(|byte| *byte == b'/').next().unwrap_or_default();
    for c in text_of(product).chars().filter(|c| !c.is_control()) {
        if name.len() + c.len_utf8() > MAX_MANAGER_BYTES {
            return name;
        }
        name.push(c);
    }
    if name.is_empty() { "unknown".to_owned() } else { name }
}

/// How a manager came to own its fields. Appliers come first in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Apply,
    Update,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// A write, as far as the owners need to know about it.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// What is written.
    pub kind: ObjectKind,
    /// Which address of a Namespace it goes to.
    pub subresource: Option<Subresource>,
    /// Who writes: see [`manager_name`].
    pub manager: &'a str,
    /// When.
    pub time: Time,
}

impl Write<'_> {
    /// Fields that a write to this address does not change, so that its writer never owns them.
    pub(super) fn unchanged(&self) -> FieldSet {
        let mut set = FieldSet::default();
        let field = match (self.kind, self.subresource) {
            (ObjectKind::Secret, _) => return set,
            (ObjectKind::Namespace, Some(Subresource::Status)) => "spec",
            (ObjectKind::Namespace, None | Some(Subresource::Finalize)) => "status",
        };
        set.insert(&[PathElement::field(field)]);
        set
    }
}

/// Who owns fields. One manager has an entry for its updates, one for what it applies, and such
/// entries for each subresource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    manager: String,
    operation: Operation,
    /// Empty for appliers: they stay the same owner when they change the version.
    api_version: String,
    subresource: String,
}

impl Owner {
    fn of(write: &Write<'_>, operation: Operation) -> Self {
        Self {
            manager: write.manager.to_owned(),
            operation,
            api_version: match operation {
                Operation::Apply => String::new(),
                Operation::Update => write.kind.api_version().to_owned(),
            },
            subresource: write.subresource.map_or("", Subresource::name).to_owned(),
        }
    }
}

/// As messages name it: `"one"`, `"upd" using v1`.
impl Display for Owner {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.manager))?;
        if !self.subresource.is_empty() {
            write!(f, " with subresource {}", quoted(&self.subresource))?;
        }
        match self.operation {
            Operation::Apply => Ok(()),
            Operation::Update => write!(f, " using {}", self.api_version),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    api_version: String,
    fields: FieldSet,
    /// When its fields last changed the object. An owner that only agreed with it has none.
    time: Option<Time>,
}

/// An entry of managedFields that cannot be read: an unknown operation or type of fields, no
/// version, or malformed FieldsV1. A real server then keeps the list it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed entry of managedFields")]
pub struct MalformedEntry;

/// An applied field that another owner has with another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    owner: Owner,
    path: FieldPath,
}

impl Conflict {
    /// Message of its cause in the Status, such as `conflict with "upd" using v1`. Its reason there
    /// is `FieldManagerConflict`.
    #[must_use]
    pub fn message(&self) -> String {
        format!("conflict with {}", self.owner)
    }

    /// The field, such as `.data.c`.
    #[must_use]
    pub fn path(&self) -> &FieldPath {
        &self.path
    }
}

/// The conflicts of an apply, at least one. `Display` is the message of a real server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflicts(Vec<Conflict>);

impl Conflicts {
    /// Each conflict, by owner and then by path. On a real server the order of owners varies.
    pub fn iter(&self) -> impl Iterator<Item = &Conflict> {
        self.0.iter()
    }

    /// The conflicts about fields outside of a set, if any are left.
    pub(super) fn outside(&self, allowed: &FieldSet) -> Option<Self> {
        let left = self.0.iter().filter(|conflict| !allowed.contains(&conflict.path.0)).cloned();
        let left: Vec<_> = left.collect();
        (!left.is_empty()).then_some(Self(left))
    }
}

impl Display for Conflicts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let [Conflict { owner, path }] = self.0.as_slice() {
            return write!(f, "Apply failed with 1 conflict: conflict with {owner}: {path}");
        }
        write!(f, "Apply failed with {} conflicts:", self.0.len())?;
        let mut separator = ' ';
        for of_one in self.0.chunk_by(|a, b| a.owner == b.owner) {
            for (position, Conflict { owner, path }) in of_one.iter().enumerate() {
                if position == 0 {
                    write!(f, "{separator}conflicts with {owner}:")?;
                }
                write!(f, "\n- {path}")?;
            }
            separator = '\n';
        }
        Ok(())
    }
}

impl std::error::Error for Conflicts {}

/// The owners of one object's fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Managers {
    entries: BTreeMap<Owner, Entry>,
}

impl Managers {
    /// The owners that an object names. A list that cannot be read counts as none.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        list(object).and_then(|list| Self::parse(list).ok()).unwrap_or_default()
    }

    /// Reads the list `managedFields`. Null is the empty list. Of two entries for one owner the
    /// last one counts.
    pub fn parse(list: &Value) -> Result<Self, MalformedEntry> {
        match list {
            Value::Null => Ok(Self::default()),
            Value::Array(list) => {
                let entries = list.iter().map(parse_entry).collect::<Result<_, _>>()?;
                Ok(Self { entries })
            }
            _ => Err(MalformedEntry),
        }
    }

    /// Whether nobody owns anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The list `managedFields` in its order: appliers before updaters, then by time, then by name.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|(owner, entry)| {
            let seconds = entry.time.map_or(0, |time| time.0);
            let version = &entry.api_version;
            (owner.operation, seconds, &owner.manager, version, &owner.subresource)
        });
        entries.into_iter().map(|(owner, entry)| entry_value(owner, entry)).collect()
    }

    /// Puts the list into an object, as the last member of its metadata. Without owners the object
    /// gets no list.
    pub fn write_to(&self, object: &mut Value) {
        let Some(object) = object.as_object_mut() else { return };
        let metadata = object.entry("metadata").or_insert_with(|| Map::new().into());
        let Some(metadata) = metadata.as_object_mut() else { return };
        metadata.shift_remove("managedFields");
        if !self.is_empty() {
            metadata.insert("managedFields".to_owned(), self.to_value());
        }
    }

    /// What a manager applied last, as far as it can write it, and what all others own together.
    pub(super) fn applied_and_others(&self, write: &Write<'_>) -> (FieldSet, FieldSet) {
        let mine = Owner::of(write, Operation::Apply);
        let mut applied = FieldSet::default();
        let mut others = FieldSet::default();
        for (owner, entry) in &self.entries {
            if *owner == mine {
                applied = entry.fields.outside(&write.unchanged());
            } else if entry.api_version == write.kind.api_version() {
                others = others.union(&entry.fields);
            }
        }
        (applied, others)
    }

    /// The owners after an update: whoever had a field that changed loses it, and the writer has
    /// all that it wrote.
    fn update(&mut self, write: &Write<'_>, changes: &Changes) {
        let changes = changes.outside(&write.unchanged());
        let version = write.kind.api_version();
        self.release(version, &changes.all(), None);
        let written = strip(&changes.written());
        if written.is_empty() {
            return;
        }
        let entry = self.entries.entry(Owner::of(write, Operation::Update)).or_insert_with(|| {
            Entry { api_version: version.to_owned(), fields: FieldSet::default(), time: None }
        });
        entry.fields = std::mem::take(&mut entry.fields).union(&written);
        entry.time = Some(write.time);
        self.merge_oldest_updates(version);
    }

    /// Everything in the object becomes the property of one who wrote before the first apply.
    pub(super) fn adopt(&mut self, write: &Write<'_>, object: &Value) {
        let write = Write { manager: BEFORE_FIRST_APPLY, ..*write };
        self.update(&write, &write.kind.changes(None, object));
    }

    /// The owners after an apply: the applier has just what it applied, and whoever had a field
    /// that went, or that now has another value, loses it.
    ///
    /// Fails when others have fields with other values, unless `force` takes these from them.
    pub(super) fn apply(
        &mut self,
        write: &Write<'_>,
        applied: &FieldSet,
        changes: &Changes,
        force: bool,
    ) -> Result<(), Conflicts> {
        let version = write.kind.api_version();
        let mine = Owner::of(write, Operation::Apply);
        if !force {
            let written = changes.written();
            let others = self
                .entries
                .iter()
                .filter(|(owner, entry)| **owner != mine && entry.api_version == version);
            let conflicts = others.flat_map(|(owner, entry)| {
                let paths = entry.fields.intersection(&written).paths().into_iter();
                paths.map(|path| Conflict { owner: owner.clone(), path })
            });
            let conflicts: Vec<_> = conflicts.collect();
            if !conflicts.is_empty() {
                return Err(Conflicts(conflicts));
            }
        }
        self.release(version, &changes.all(), Some(&mine));
        let before = self.entries.remove(&mine).and_then(|entry| entry.time);
        let fields = strip(applied);
        if !fields.is_empty() {
            let time = if changes.is_empty() { before } else { Some(write.time) };
            self.entries.insert(mine, Entry { api_version: version.to_owned(), fields, time });
        }
        Ok(())
    }

    /// Takes fields from all owners but one, and drops owners that are left with nothing or whose
    /// version there is not.
    fn release(&mut self, version: &str, fields: &FieldSet, but: Option<&Owner>) {
        self.entries.retain(|owner, entry| {
            if Some(owner) == but {
                return true;
            }
            entry.fields = entry.fields.difference(fields);
            entry.api_version == version && !entry.fields.is_empty()
        });
    }

    /// Keeps the number of updaters down: the oldest ones become one. As far as known a real server
    /// does the same with the eleventh.
    fn merge_oldest_updates(&mut self, version: &str) {
        let ancient = Owner {
            manager: ANCIENT_CHANGES.to_owned(),
            operation: Operation::Update,
            api_version: version.to_owned(),
            subresource: String::new(),
        };
        let is_update = |owner: &&Owner| owner.operation == Operation::Update;
        let count = self.entries.keys().filter(is_update).count();
        if count <= MAX_UPDATERS {
            return;
        }
        let others =
            self.entries.iter().filter(|(owner, _)| is_update(owner) && **owner != ancient);
        let mut others: Vec<_> = others.map(|(owner, entry)| (entry.time, owner.clone())).collect();
        others.sort();
        let excess = count - MAX_UPDATERS + usize::from(!self.entries.contains_key(&ancient));
        for (time, owner) in others.into_iter().take(excess) {
            let Some(entry) = self.entries.remove(&owner) else { continue };
            let bucket = self.entries.entry(ancient.clone()).or_insert_with(|| Entry {
                api_version: version.to_owned(),
                fields: FieldSet::default(),
                time,
            });
            bucket.fields = std::mem::take(&mut bucket.fields).union(&entry.fields);
            bucket.time = bucket.time.max(time);
        }
    }

    fn same_but_for_times(&self, other: &Self) -> bool {
        let timeless = |managers: &Self| {
            let mut managers = managers.clone();
            managers.entries.values_mut().for_each(|entry| entry.time = None);
            managers
        };
        timeless(self) == timeless(other)
    }
}

/// Records a create, PUT or patch (other than apply) in the list of the new object.
///
/// `live` is the object before, `None` for a create. `new` is the object as the request makes it,
/// decoded and defaulted, with `stringData` already in `data`, and before the server undoes what
/// this operation may not change: a real server looks at this moment. Its own `managedFields` is
/// what the request wants it to be: absent, null or unreadable keeps the list of the live object,
/// `[]` and `[{}]` empty it, anything else replaces it. By a subresource the list cannot be written.
///
/// An object that exists and that nobody owns stays so: ownership begins with a create or an apply.
pub fn record_update(write: &Write<'_>, live: Option<&Value>, new: &mut Value) {
    let wanted = list(new).filter(|_| write.subresource.is_none());
    let wanted = match wanted {
        Some(list) if is_reset(list) => Some(Managers::default()),
        Some(list) => Managers::parse(list).ok().filter(|managers| !managers.is_empty()),
        None => None,
    };
    let mut managers = wanted.or_else(|| live.map(Managers::of)).unwrap_or_default();
    if live.is_none() || !managers.is_empty() {
        managers.update(write, &write.kind.changes(live, new));
    }
    managers.write_to(new);
}

/// Puts the old list of owners back when the new object differs from the live one in the times of
/// that list alone, so that a write which changes nothing leaves the object the same.
///
/// To be called for every write by update, patch or apply, once everything else in the new object
/// is as it will be stored.
pub fn keep_times(live: &Value, new: &mut Value) {
    let owners = Managers::of(live);
    if same_but_for_managers(live, new) && owners.same_but_for_times(&Managers::of(new)) {
        owners.write_to(new);
    }
}

fn same_but_for_managers(a: &Value, b: &Value) -> bool {
    fn members(object: &Value) -> BTreeMap<&str, &Value> {
        let members = object.as_object().into_iter().flatten();
        members.map(|(name, value)| (name.as_str(), value)).collect()
    }
    fn metadata(object: &Value) -> BTreeMap<&str, &Value> {
        let mut metadata = object.get("metadata").map(members).unwrap_or_default();
        metadata.remove("managedFields");
        metadata
    }
    fn rest(object: &Value) -> BTreeMap<&str, &Value> {
        let mut rest = members(object);
        rest.remove("metadata");
        rest
    }
    rest(a) == rest(b) && metadata(a) == metadata(b)
}

fn list(object: &Value) -> Option<&Value> {
    object.get("metadata")?.get("managedFields")
}

/// `[]`, and one entry with nothing in it.
fn is_reset(list: &Value) -> bool {
    match list.as_array().map(Vec::as_slice) {
        Some([]) => true,
        Some([Value::Object(entry)]) => entry.is_empty(),
        _ => false,
    }
}

/// Without what nobody owns.
fn strip(fields: &FieldSet) -> FieldSet {
    let mut unowned = FieldSet::default();
    let metadata = PathElement::field("metadata");
    for name in UNOWNED {
        unowned.insert(&[PathElement::field(name)]);
    }
    for name in UNOWNED_METADATA {
        unowned.insert(&[metadata.clone(), PathElement::field(name)]);
    }
    fields.difference(&unowned)
}

fn parse_entry(value: &Value) -> Result<(Owner, Entry), MalformedEntry> {
    let text = |name: &str| match value.get(name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(MalformedEntry),
    };
    let operation = match text("operation")? {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return Err(MalformedEntry),
    };
    let api_version = text("apiVersion")?;
    if api_version.is_empty() || text("fieldsType")? != "FieldsV1" {
        return Err(MalformedEntry);
    }
    let fields = value.get("fieldsV1").unwrap_or(&Value::Null);
    let entry = Entry {
        api_version: api_version.to_owned(),
        fields: FieldSet::parse(fields).map_err(|_| MalformedEntry)?,
        time: match text("time")? {
            "" => None,
            text => Some(time::parse(text).map_err(|_| MalformedEntry)?),
        },
    };
    let owner = Owner {
        manager: text("manager")?.to_owned(),
        operation,
        api_version: match operation {
            Operation::Apply => String::new(),
            Operation::Update => api_version.to_owned(),
        },
        subresource: text("subresource")?.to_owned(),
    };
    Ok((owner, entry))
}

fn entry_value(owner: &Owner, entry: &Entry) -> Value {
    let mut value = Map::new();
    let mut put = |name: &str, member: Value| value.insert(name.to_owned(), member);
    if !owner.manager.is_empty() {
        put("manager", json!(owner.manager));
    }
    put("operation", json!(owner.operation.name()));
    put("apiVersion", json!(entry.api_version));
    if let Some(time) = entry.time {
        put("time", json!(time.to_string()));
    }
    put("fieldsType", json!("FieldsV1"));
    put("fieldsV1", entry.fields.to_fields_v1());
    if !owner.subresource.is_empty() {
        put("subresource", json!(owner.subresource));
    }
    Value::Object(value)
}

#[cfg(test)]
mod tests;
