//! JSON patches (RFC 6902), as the library of a real server applies them. It differs from the RFC: `replace` of a missing member
//! adds it, `copy` of a missing one writes null, a missing one passes the test for null, an operation without a value has null,
//! negative indices count from the end, what stands before the first slash of a path is not looked at, and the whole object can
//! be replaced and tested but neither added nor moved nor copied.

use std::{borrow::Cow, collections::HashSet, fmt, io};

use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use super::{
    DEPTH_MAX, FieldValidation, PatchError,
    document::{Findings, measure, read_at},
};

/// How many operations a patch may have (as a real server answers).
pub const OPERATIONS_MAX: usize = 10_000;

/// How many bytes `copy` may add in all, as JSON: a patch that copies an object into itself doubles it with every operation. A
/// real server has the same limit.
const COPIED_MAX: usize = 3 * 1024 * 1024;

/// How many elements may be shifted in arrays, and how many values moved, in all. Ten thousand operations on a list that
/// is as long as a body can make it would take minutes.
const STEPS_MAX: usize = 10_000_000;

/// A JSON patch.
#[derive(Clone, PartialEq)]
pub struct JsonPatch {
    operations: Vec<Operation>,
    findings: Vec<String>,
}

/// Without the values, which may be secrets.
impl fmt::Debug for JsonPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonPatch").field("findings", &self.findings).finish_non_exhaustive()
    }
}

#[derive(Clone, PartialEq)]
enum Operation {
    Add(Pointer, Operand),
    Remove(Pointer),
    Replace(Pointer, Operand),
    Move { from: Pointer, path: Pointer },
    Copy { from: Pointer, path: Pointer },
    Test(Pointer, Value),
}

/// A value that goes into the object.
#[derive(Clone, PartialEq)]
struct Operand {
    value: Value,
    depth: usize,
}

impl From<Value> for Operand {
    fn from(value: Value) -> Self {
        Self { depth: measure(&value).0, value }
    }
}

impl JsonPatch {
    /// Reads a patch. It takes text, because a [`Value`] would not show what stands twice in it.
    ///
    /// # Errors
    /// [`PatchError::NotJson`], [`PatchError::WrongType`], [`PatchError::TooManyOperations`], and [`PatchError::Rejected`] for an
    /// operation that is none.
    pub fn parse(text: &str, validation: FieldValidation) -> Result<Self, PatchError> {
        let mut findings = Findings::new("json patch ");
        let names = match validation {
            FieldValidation::Ignore => &IGNORING,
            FieldValidation::Warn | FieldValidation::Strict => &CHECKING,
        };
        let whole = read_raw::<&RawValue>(text)?;
        let elements = match kind(whole) {
            "array" => read_raw::<Vec<&RawValue>>(whole.get())?,
            "null" => vec![],
            found => return Err(names.wrong_type(found, names.list)),
        };
        let mut written = Vec::new();
        for (index, element) in elements.iter().enumerate() {
            let operation = match kind(element) {
                "object" => Written::read(index, element, names, &mut findings)?,
                "null" => Written::default(),
                found => return Err(names.wrong_type(found, names.operation)),
            };
            // One of a wrong type goes before too many, so all are read.
            if index < OPERATIONS_MAX {
                written.push(operation);
            }
        }
        if elements.len() > OPERATIONS_MAX {
            return Err(PatchError::TooManyOperations(elements.len()));
        }
        let operations = written.into_iter().map(Written::into_operation);
        Ok(Self {
            operations: operations.collect::<Result<_, _>>()?,
            findings: match validation {
                FieldValidation::Ignore => vec![],
                FieldValidation::Warn | FieldValidation::Strict => findings.into_texts(),
            },
        })
    }

    /// What the strict mode refuses in the patch itself, such as `json patch unknown field "[0].zap"`: each once, in the order
    /// of the text. They come before what is found in the patched object.
    #[must_use]
    pub fn findings(&self) -> &[String] {
        &self.findings
    }

    /// The object with all operations done on it.
    ///
    /// # Errors
    /// [`PatchError::Rejected`]: one of them fails, or the object would be nested deeper than [`DEPTH_MAX`], or they copy or move
    /// too much.
    pub fn apply(&self, object: Value) -> Result<Value, PatchError> {
        let mut target = Target { object, copied: 0, steps: 0 };
        for operation in &self.operations {
            target.run(operation)?;
        }
        let mut object = target.object;
        object.sort_all_objects();
        Ok(object)
    }
}

/// How a real server names its types where it reads patches.
struct Names {
    prefix: &'static str,
    list: &'static str,
    operation: &'static str,
    is_typed: bool,
}

const CHECKING: Names = Names {
    prefix: "error decoding patch: ",
    list: "value of type []handlers.jsonPatchOp",
    operation: "value of type handlers.jsonPatchOp",
    is_typed: true,
};

const IGNORING: Names = Names {
    prefix: "",
    list: "value of type jsonpatch.Patch",
    operation: "value of type jsonpatch.Operation",
    is_typed: false,
};

impl Names {
    fn wrong_type(&self, found: &'static str, place: &'static str) -> PatchError {
        PatchError::WrongType { prefix: self.prefix, found, place }
    }
}

fn read_raw<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, PatchError> {
    serde_json::from_str(text).map_err(|_| PatchError::NotJson)
}

fn kind(raw: &RawValue) -> &'static str {
    // It is JSON without blanks around it, so its first byte decides.
    match raw.get().as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "bool",
        Some(b'n') => "null",
        _ => "number",
    }
}

/// An operation as it is written.
#[derive(Default)]
struct Written {
    op: Option<String>,
    path: Option<String>,
    from: Option<String>,
    value: Value,
}

impl Written {
    fn read(
        index: usize,
        object: &RawValue,
        names: &Names,
        findings: &mut Findings,
    ) -> Result<Self, PatchError> {
        let mut written = Self::default();
        let mut seen = HashSet::new();
        let members = read_raw::<Members>(object.get())?.0;
        for (name, raw) in &members {
            let place = || format!("[{index}].{name}");
            let text = match name.as_str() {
                "op" => Some((&mut written.op, "struct field jsonPatchOp.op of type string")),
                "path" => Some((&mut written.path, "struct field jsonPatchOp.path of type string")),
                "from" => Some((&mut written.from, "struct field jsonPatchOp.from of type string")),
                "value" => None,
                _ => {
                    findings.add("unknown field", &place());
                    continue;
                }
            };
            if !seen.insert(name) {
                findings.add("duplicate field", &place());
            }
            match text {
                None => written.value = read_at(raw.get(), Some(place()), findings)?,
                Some((text, field)) => {
                    *text = match kind(raw) {
                        "string" => Some(read_raw(raw.get())?),
                        "null" => None,
                        found if names.is_typed => return Err(names.wrong_type(found, field)),
                        _ => None,
                    }
                }
            }
        }
        Ok(written)
    }

    fn into_operation(self) -> Result<Operation, PatchError> {
        let pointer = |text: Option<String>| text.map(Pointer).ok_or(PatchError::Rejected);
        let path = pointer(self.path)?;
        match self.op.as_deref() {
            Some("add") => Ok(Operation::Add(path, self.value.into())),
            Some("remove") => Ok(Operation::Remove(path)),
            Some("replace") => Ok(Operation::Replace(path, self.value.into())),
            Some("move") => Ok(Operation::Move { from: pointer(self.from)?, path }),
            Some("copy") => Ok(Operation::Copy { from: pointer(self.from)?, path }),
            Some("test") => Ok(Operation::Test(path, self.value)),
            _ => Err(PatchError::Rejected),
        }
    }
}

/// The members of an object as they are written, also the repeated ones.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// Where in the object an operation works (RFC 6901, but for what stands before the first slash).
#[derive(Clone, PartialEq)]
struct Pointer(String);

/// What holds values by names.
enum Container<'a> {
    Object(&'a mut Map<String, Value>),
    Array(&'a mut Vec<Value>),
}

impl<'a> Container<'a> {
    fn of(value: &'a mut Value) -> Result<Self, PatchError> {
        match value {
            Value::Object(members) => Ok(Self::Object(members)),
            Value::Array(elements) => Ok(Self::Array(elements)),
            _ => Err(PatchError::Rejected),
        }
    }

    /// What stands under a name, which may be missing in an object only.
    fn into_value(self, name: &str) -> Result<Option<&'a mut Value>, PatchError> {
        match self {
            Self::Object(members) => Ok(members.get_mut(name)),
            Self::Array(elements) => {
                let index = index(name, elements.len())?;
                Ok(elements.get_mut(index))
            }
        }
    }
}

/// The index that a name is in an array that has so many places.
fn index(name: &str, places: usize) -> Result<usize, PatchError> {
    let index: isize = name.parse().map_err(|_| PatchError::Rejected)?;
    let index = match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => places.checked_sub(index.unsigned_abs()),
    };
    index.filter(|index| *index < places).ok_or(PatchError::Rejected)
}

impl Pointer {
    fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    fn depth(&self) -> usize {
        self.0.matches('/').count()
    }

    /// What holds the value that is meant, and the name under which it does.
    fn resolve<'a>(
        &self,
        object: &'a mut Value,
    ) -> Result<(Container<'a>, Cow<'_, str>), PatchError> {
        let (parents, name) = self.0.rsplit_once('/').ok_or(PatchError::Rejected)?;
        let mut holder = object;
        for parent in parents.split('/').skip(1) {
            let value = Container::of(holder)?.into_value(&unescaped(parent))?;
            holder = value.ok_or(PatchError::Rejected)?;
        }
        Ok((Container::of(holder)?, unescaped(name)))
    }
}

fn unescaped(name: &str) -> Cow<'_, str> {
    if name.contains('~') { name.replace("~1", "/").replace("~0", "~").into() } else { name.into() }
}

/// An object on which a patch works.
struct Target {
    object: Value,
    copied: usize,
    steps: usize,
}

impl Target {
    fn run(&mut self, operation: &Operation) -> Result<(), PatchError> {
        match operation {
            Operation::Add(path, operand) => {
                check_depth(path, operand.depth)?;
                self.add(path, operand.value.clone())
            }
            Operation::Remove(path) => self.remove(path).map(drop),
            Operation::Replace(path, operand) => {
                check_depth(path, operand.depth)?;
                self.replace(path, operand.value.clone())
            }
            Operation::Move { from, path } => {
                let value = self.remove(from)?;
                let (depth, count) = measure(&value);
                self.step(count)?;
                check_depth(path, depth)?;
                self.add(path, value)
            }
            Operation::Copy { from, path } => {
                let value = self.copy(from)?;
                check_depth(path, measure(&value).0)?;
                self.add(path, value)
            }
            Operation::Test(path, expected) => self.test(path, expected),
        }
    }

    fn step(&mut self, count: usize) -> Result<(), PatchError> {
        self.steps = self.steps.saturating_add(count);
        if self.steps > STEPS_MAX { Err(PatchError::Rejected) } else { Ok(()) }
    }

    fn add(&mut self, path: &Pointer, value: Value) -> Result<(), PatchError> {
        match path.resolve(&mut self.object)? {
            (Container::Object(members), name) => {
                members.insert(name.into_owned(), value);
            }
            (Container::Array(elements), name) if name == "-" => elements.push(value),
            (Container::Array(elements), name) => {
                let index = index(&name, elements.len() + 1)?;
                let shifted = elements.len() - index;
                elements.insert(index, value);
                self.step(shifted)?;
            }
        }
        Ok(())
    }

    fn remove(&mut self, path: &Pointer) -> Result<Value, PatchError> {
        match path.resolve(&mut self.object)? {
            (Container::Object(members), name) => {
                members.swap_remove(&*name).ok_or(PatchError::Rejected)
            }
            (Container::Array(elements), name) => {
                let index = index(&name, elements.len())?;
                let shifted = elements.len() - index;
                let value = elements.remove(index);
                self.step(shifted)?;
                Ok(value)
            }
        }
    }

    fn replace(&mut self, path: &Pointer, value: Value) -> Result<(), PatchError> {
        if path.is_whole() {
            if !matches!(value, Value::Object(_) | Value::Array(_)) {
                return Err(PatchError::Rejected);
            }
            self.object = value;
            return Ok(());
        }
        match path.resolve(&mut self.object)? {
            (Container::Object(members), name) => {
                members.insert(name.into_owned(), value);
            }
            (container, name) => {
                *container.into_value(&name)?.ok_or(PatchError::Rejected)? = value;
            }
        }
        Ok(())
    }

    fn copy(&mut self, from: &Pointer) -> Result<Value, PatchError> {
        let (container, name) = from.resolve(&mut self.object)?;
        let Some(value) = container.into_value(&name)? else { return Ok(Value::Null) };
        let mut length = Length(0);
        serde_json::to_writer(&mut length, value).map_err(|_| PatchError::Rejected)?;
        self.copied += length.0;
        if self.copied > COPIED_MAX {
            return Err(PatchError::Rejected);
        }
        Ok(value.clone())
    }

    fn test(&mut self, path: &Pointer, expected: &Value) -> Result<(), PatchError> {
        let is_equal = if path.is_whole() {
            self.object == *expected
        } else {
            let (container, name) = path.resolve(&mut self.object)?;
            match container.into_value(&name)? {
                Some(value) => value == expected,
                None => expected.is_null(),
            }
        };
        if is_equal { Ok(()) } else { Err(PatchError::Rejected) }
    }
}

fn check_depth(path: &Pointer, depth: usize) -> Result<(), PatchError> {
    if path.depth() + depth > DEPTH_MAX { Err(PatchError::Rejected) } else { Ok(()) }
}

/// Counts what is written to it.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
