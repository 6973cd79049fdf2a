//! Strategic merge patches of secrets and namespaces: maps merge, null removes, and lists merge as the types of the API say.
//!
//! Directives stand among the members of a patch: `$patch` (replace or delete a map, delete an element, replace a list),
//! `$retainKeys` (the members that may stay), `$setElementOrder/LIST` and `$deleteFromPrimitiveList/LIST` (documented). Where the
//! object has nothing yet, what the patch sets is taken as it is: maps with `$patch` are left out of it, and the other directives
//! stay as members (as a real server answers).

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use serde_json::{Map, Value};

use super::{
    PatchError,
    document::{bounded, kind},
};
use crate::kubernetes::model::quoted;

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const ELEMENT_ORDER: &str = "$setElementOrder";
const DELETION: &str = "$deleteFromPrimitiveList";

/// What kind of object a patch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// A secret.
    Secret,
    /// A namespace, of which the conditions merge too.
    Namespace,
}

/// A strategic merge patch.
#[derive(Clone, PartialEq)]
pub struct StrategicPatch(Map<String, Value>);

/// Without the values, which may be secrets.
impl fmt::Debug for StrategicPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StrategicPatch(hidden)")
    }
}

impl StrategicPatch {
    /// Takes a patch that was read. Null changes nothing.
    ///
    /// # Errors
    /// [`PatchError::WrongType`], and [`PatchError::NotJson`] for one that is nested too deeply.
    pub fn new(patch: Value) -> Result<Self, PatchError> {
        match bounded(patch)? {
            Value::Object(members) => Ok(Self(members)),
            Value::Null => Ok(Self(Map::new())),
            other => Err(PatchError::WrongType {
                prefix: "",
                found: kind(&other),
                place: "value of type map[string]interface {}",
            }),
        }
    }

    /// The object with the patch on it. What it then says of its `apiVersion` and `kind` counts for nothing on a real server.
    ///
    /// # Errors
    /// All of [`PatchError`] that speaks of directives, lists and their elements.
    pub fn apply(&self, object: Value, schema: Schema) -> Result<Value, PatchError> {
        let mut members = match object {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let place = match schema {
            Schema::Secret => Place::Secret,
            Schema::Namespace => Place::Namespace,
        };
        merge_map(&mut members, &self.0, place)?;
        let mut object = Value::Object(members);
        object.sort_all_objects();
        Ok(object)
    }
}

/// Where a map stands.
#[derive(Clone, Copy)]
enum Place {
    Secret,
    Namespace,
    Metadata,
    NamespaceSpec,
    NamespaceStatus,
    OwnerReference,
    NamespaceCondition,
    /// A map from names to texts, such as labels.
    Texts,
}

/// How a list merges.
#[derive(Clone, Copy)]
enum List {
    /// It is taken whole.
    Atomic,
    /// Its elements are texts, each once.
    Set,
    /// Its elements are maps, which this member tells from each other.
    Map(&'static str, Place),
}

impl Place {
    /// Where a map stands that is a member of this one.
    fn inside(self, name: &str) -> Self {
        match (self, name) {
            (Self::Secret | Self::Namespace, "metadata") => Self::Metadata,
            (Self::Namespace, "spec") => Self::NamespaceSpec,
            (Self::Namespace, "status") => Self::NamespaceStatus,
            _ => Self::Texts,
        }
    }

    /// How the list merges that has this name here (documented, in the types of the API).
    fn list(self, name: &str) -> Option<List> {
        match (self, name) {
            (Self::Metadata, "finalizers") => Some(List::Set),
            (Self::Metadata, "ownerReferences") => Some(List::Map("uid", Self::OwnerReference)),
            (Self::NamespaceStatus, "conditions") => {
                Some(List::Map("type", Self::NamespaceCondition))
            }
            (Self::Metadata, "managedFields") | (Self::NamespaceSpec, "finalizers") => {
                Some(List::Atomic)
            }
            _ => None,
        }
    }

    /// What a real server calls the type of the map.
    fn type_name(self) -> &'static str {
        match self {
            Self::Secret => "struct Secret",
            Self::Namespace => "struct Namespace",
            Self::Metadata => "struct ObjectMeta",
            Self::NamespaceSpec => "struct NamespaceSpec",
            Self::NamespaceStatus => "struct NamespaceStatus",
            Self::OwnerReference => "struct OwnerReference",
            Self::NamespaceCondition => "struct NamespaceCondition",
            Self::Texts => "map",
        }
    }
}

/// Merges a patch into the map that stands at a place.
fn merge_map(
    target: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    place: Place,
) -> Result<(), PatchError> {
    if let Some(directive) = patch.get(PATCH) {
        return match directive.as_str() {
            Some("replace") => {
                let members = patch.iter().filter(|(name, _)| *name != PATCH);
                *target = members.map(|(name, value)| (name.clone(), value.clone())).collect();
                Ok(())
            }
            Some("delete") => {
                target.clear();
                Ok(())
            }
            _ => Err(unknown_patch_type(directive)),
        };
    }
    if let Some(names) = patch.get(RETAIN_KEYS) {
        retain(target, patch, names)?;
    }
    let ordered = merge_ordered_lists(target, patch, place)?;
    for (name, value) in patch {
        if !is_directive(name) && !ordered.contains(name.as_str()) {
            merge_member(target, name, value, place)?;
        }
    }
    // Last, so that what a patch both adds and deletes is gone: a real server follows no order here.
    delete_from_lists(target, patch)
}

fn is_directive(name: &str) -> bool {
    name == RETAIN_KEYS || name.starts_with(ELEMENT_ORDER) || name.starts_with(DELETION)
}

fn unknown_patch_type(directive: &Value) -> PatchError {
    let shown = match directive {
        Value::String(text) => text.clone(),
        // It may hold anything.
        Value::Array(_) | Value::Object(_) => kind(directive).to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) => directive.to_string(),
    };
    PatchError::UnknownPatchType(shown)
}

/// Removes the members that `names` does not list.
fn retain(
    target: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    names: &Value,
) -> Result<(), PatchError> {
    let names = names.as_array().ok_or(PatchError::RetainKeys)?;
    let names: HashSet<&str> = names.iter().filter_map(Value::as_str).collect();
    let mut set = patch.iter().filter(|(name, value)| !is_directive(name) && !value.is_null());
    if set.any(|(name, _)| !names.contains(name.as_str())) {
        return Err(PatchError::RetainKeys);
    }
    target.retain(|name, _| names.contains(name.as_str()));
    Ok(())
}

fn merge_member(
    target: &mut Map<String, Value>,
    name: &str,
    value: &Value,
    place: Place,
) -> Result<(), PatchError> {
    match (target.get_mut(name), value) {
        (_, Value::Null) => {
            target.swap_remove(name);
        }
        (Some(Value::Object(target)), Value::Object(patch)) => {
            merge_map(target, patch, place.inside(name))?;
        }
        (Some(Value::Array(target)), Value::Array(patch)) => {
            let list = place.list(name).unwrap_or(List::Atomic);
            *target = merge_list(std::mem::take(target), patch, list)?;
        }
        _ => match without_directives(value) {
            Some(value) => {
                target.insert(name.to_owned(), value);
            }
            None => {
                target.swap_remove(name);
            }
        },
    }
    Ok(())
}

/// A value as it is set where nothing of its type was: without members that are null and without maps that have `$patch`.
fn without_directives(value: &Value) -> Option<Value> {
    match value {
        Value::Object(members) if members.contains_key(PATCH) => None,
        Value::Object(members) => {
            let set = members.iter().filter(|(_, value)| !value.is_null());
            let kept =
                set.filter_map(|(name, value)| Some((name.clone(), without_directives(value)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(elements) => {
            Some(Value::Array(elements.iter().filter_map(without_directives).collect()))
        }
        other => Some(other.clone()),
    }
}

/// Merges the lists whose order the patch tells, and gives their names.
fn merge_ordered_lists<'p>(
    target: &mut Map<String, Value>,
    patch: &'p Map<String, Value>,
    place: Place,
) -> Result<HashSet<&'p str>, PatchError> {
    let mut ordered = HashSet::new();
    for (directive, order) in patch.iter().filter(|(name, _)| name.starts_with(ELEMENT_ORDER)) {
        let order = elements(order)?;
        let name = list_name(directive, ELEMENT_ORDER).ok_or(PatchError::OrderFormat)?;
        let before = match target.get_mut(name) {
            Some(Value::Array(list)) => Some(std::mem::take(list)),
            Some(other) => return Err(not_a_list(other)),
            None => None,
        };
        let set = patch.get(name).map(elements).transpose()?;
        let list = place.list(name).ok_or_else(|| PatchError::UnknownList {
            within: place.type_name(),
            name: quoted(name),
        })?;
        check_order(set.map_or(&[], Vec::as_slice), order, list)?;
        let (places_before, merged) = match (before, set) {
            (None, None) => continue,
            (Some(before), None) => {
                check_elements(&before, &[])?;
                (places(&before, list)?, before)
            }
            (None, Some(set)) => {
                check_elements(&[], set)?;
                (HashMap::new(), set.iter().filter_map(without_directives).collect())
            }
            (Some(before), Some(set)) => {
                check_elements(&before, set)?;
                (places(&before, list)?, merge_list(before, set, list)?)
            }
        };
        let merged = arrange(merged, &places(order, list)?, &places_before, list)?;
        target.insert(name.to_owned(), merged.into());
        ordered.insert(name);
    }
    Ok(ordered)
}

fn elements(value: &Value) -> Result<&Vec<Value>, PatchError> {
    value.as_array().ok_or_else(|| not_a_list(value))
}

fn not_a_list(value: &Value) -> PatchError {
    PatchError::Unexpected { expected: "[]interface {}", found: go_type(value) }
}

fn members(value: &Value) -> Result<&Map<String, Value>, PatchError> {
    value.as_object().ok_or(PatchError::Unexpected {
        expected: "map[string]interface {}",
        found: go_type(value),
    })
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        other => kind(other),
    }
}

/// The name of the list that a directive is for.
fn list_name<'a>(directive: &'a str, prefix: &str) -> Option<&'a str> {
    directive.strip_prefix(prefix)?.strip_prefix('/')
}

/// What tells an element from others, as a key for maps and comparisons.
fn identity(element: &Value, list: List) -> Result<String, PatchError> {
    match list {
        List::Atomic | List::Set => Ok(element.to_string()),
        List::Map(key, _) => match members(element)?.get(key) {
            Some(value) => Ok(value.to_string()),
            None => Err(PatchError::NoMergeKey(key)),
        },
    }
}

/// Where each element stands first.
fn places(elements: &[Value], list: List) -> Result<HashMap<String, usize>, PatchError> {
    let mut places = HashMap::with_capacity(elements.len());
    for (place, element) in elements.iter().enumerate() {
        places.entry(identity(element, list)?).or_insert(place);
    }
    Ok(places)
}

/// Checks that the elements which a patch sets all stand in its order, one behind the other.
fn check_order(patch: &[Value], order: &[Value], list: List) -> Result<(), PatchError> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let is_set = |element: &&Value| match list {
        List::Map(..) => element.get(PATCH).is_none(),
        List::Atomic | List::Set => true,
    };
    let mut rest = order.iter();
    for element in patch.iter().filter(is_set) {
        let wanted = identity(element, list)?;
        let mut is_found = false;
        for other in rest.by_ref() {
            if identity(other, list)? == wanted {
                is_found = true;
                break;
            }
        }
        if !is_found {
            return Err(PatchError::ElementOrder { list: printed(patch), order: printed(order) });
        }
    }
    Ok(())
}

/// Checks that the elements of both lists are of one type.
fn check_elements(target: &[Value], patch: &[Value]) -> Result<(), PatchError> {
    let mut types = target.iter().chain(patch).map(go_type);
    match types.next() {
        None => Err(PatchError::NoElements),
        Some("[]interface {}") => Err(PatchError::ListOfLists),
        Some(first) if types.any(|other| other != first) => Err(PatchError::MixedList),
        Some(_) => Ok(()),
    }
}

fn merge_list(target: Vec<Value>, patch: &[Value], list: List) -> Result<Vec<Value>, PatchError> {
    let is_empty = target.is_empty() && patch.is_empty();
    match list {
        List::Atomic => Ok(patch.to_vec()),
        List::Set | List::Map(..) if is_empty => Ok(target),
        List::Set => {
            check_elements(&target, patch)?;
            if patch.iter().chain(&target).any(Value::is_object) {
                return Err(PatchError::MixedList);
            }
            merge_set(target, patch)
        }
        List::Map(key, place) => {
            check_elements(&target, patch)?;
            merge_elements(target, patch, key, place)
        }
    }
}

/// The elements of both lists, each once.
fn merge_set(target: Vec<Value>, patch: &[Value]) -> Result<Vec<Value>, PatchError> {
    let (order, before) = (places(patch, List::Set)?, places(&target, List::Set)?);
    let mut seen = HashSet::new();
    let mut merged = target;
    merged.extend_from_slice(patch);
    merged.retain(|element| seen.insert(element.to_string()));
    arrange(merged, &order, &before, List::Set)
}

/// Deletes and merges elements that are maps.
fn merge_elements(
    mut target: Vec<Value>,
    patch: &[Value],
    key: &'static str,
    place: Place,
) -> Result<Vec<Value>, PatchError> {
    let list = List::Map(key, place);
    let mut deleted = HashSet::new();
    let mut is_replaced = false;
    let mut set = Vec::new();
    for element in patch {
        match members(element)?.get(PATCH) {
            None => set.push(element.clone()),
            Some(directive) => match directive.as_str() {
                Some("delete") => {
                    deleted.insert(identity(element, list)?);
                }
                Some("replace") => is_replaced = true,
                Some("merge") => return Err(PatchError::MergedList),
                _ => return Err(unknown_patch_type(directive)),
            },
        }
    }
    if is_replaced {
        places(&set, list)?;
        return Ok(set);
    }
    if !deleted.is_empty() {
        // One without the key is not deleted, and is refused below.
        target.retain(|element| !identity(element, list).is_ok_and(|it| deleted.contains(&it)));
    }
    let mut found = places(&target, list)?;
    let length_before = target.len();
    for element in &set {
        let identity = identity(element, list)?;
        let place_in_list = *found.entry(identity).or_insert(target.len());
        match target.get_mut(place_in_list) {
            Some(Value::Object(target)) => merge_map(target, members(element)?, place)?,
            _ => target.push(element.clone()),
        }
    }
    found.retain(|_, place| *place < length_before);
    arrange(target, &places(&set, list)?, &found, list)
}

/// Brings a merged list in order: the elements of `order` follow it, the others follow the order they had `before`, and where
/// both had a place before, an other one goes first if it did then.
fn arrange(
    merged: Vec<Value>,
    order: &HashMap<String, usize>,
    before: &HashMap<String, usize>,
    list: List,
) -> Result<Vec<Value>, PatchError> {
    let mut ordered = Vec::new();
    let mut others = Vec::new();
    for element in merged {
        let identity = identity(&element, list)?;
        let place_before = before.get(&identity).copied();
        match order.get(&identity) {
            Some(place) => ordered.push((*place, place_before, element)),
            None => others.push((place_before, element)),
        }
    }
    ordered.sort_by_key(|(place, ..)| *place);
    others.sort_by_key(|(place_before, _)| place_before.unwrap_or(usize::MAX));

    let mut arranged = Vec::with_capacity(ordered.len() + others.len());
    let mut others = others.into_iter().peekable();
    for (_, place_before, element) in ordered {
        let goes_first = |other: &(Option<usize>, Value)| {
            other.0.zip(place_before).is_some_and(|(other, this)| other < this)
        };
        while let Some((_, other)) = others.next_if(goes_first) {
            arranged.push(other);
        }
        arranged.push(element);
    }
    arranged.extend(others.map(|(_, other)| other));
    Ok(arranged)
}

/// Deletes from lists of texts what the patch names for it. What is no list of them is left alone.
fn delete_from_lists(
    target: &mut Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<(), PatchError> {
    for (directive, deleted) in patch.iter().filter(|(name, _)| name.starts_with(DELETION)) {
        let name = list_name(directive, DELETION).ok_or(PatchError::DeletionFormat)?;
        match (target.get_mut(name), deleted) {
            (_, Value::Null) => {
                target.swap_remove(name);
            }
            (Some(Value::Array(target)), Value::Array(deleted)) if !deleted.is_empty() => {
                check_elements(target, deleted)?;
                if deleted.iter().any(Value::is_object) {
                    continue;
                }
                let deleted: HashSet<String> = deleted.iter().map(Value::to_string).collect();
                target.retain(|element| !deleted.contains(&element.to_string()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A list as a real server prints it.
fn printed(elements: &[Value]) -> String {
    let mut text = String::new();
    print_list(elements, &mut text);
    text
}

fn print_list(elements: &[Value], text: &mut String) {
    text.push('[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        print(element, text);
    }
    text.push(']');
}

fn print(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("<nil>"),
        Value::String(string) => text.push_str(string),
        Value::Array(elements) => print_list(elements, text),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            text.push_str("map[");
            for (index, (name, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    text.push(' ');
                }
                text.push_str(name);
                text.push(':');
                print(member, text);
            }
            text.push(']');
        }
        Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests;
