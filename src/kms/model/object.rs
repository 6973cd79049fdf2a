//! Objects in the JSON that callers send, each at its place, which reasons name.

use serde_json::value::RawValue;

use crate::{
    json::{self, Kind, ObjectError},
    text::shown,
};

/// What was read, or why it is not acceptable: a reason that names rules and places, such as
/// `Statement[0].Effect is missing`.
pub type Read<T> = Result<T, String>;

/// An object and its place in the text, such as `Statement[0]`; the outermost has none.
#[derive(Debug)]
pub struct Object<'a> {
    place: String,
    members: Vec<(String, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// The object that a text is.
    pub fn read(place: &str, text: &'a str) -> Read<Self> {
        Self::read_up_to(place, text, usize::MAX)
    }

    /// The same, for an object that may have no more than `max` members.
    pub fn read_up_to(place: &str, text: &'a str, max: usize) -> Read<Self> {
        let members = json::members_up_to(text, max).map_err(|error| {
            let reason = match error {
                ObjectError::NotJson { .. } | ObjectError::NotAnObject => format!("is {error}"),
                ObjectError::TooManyMembers(max) => format!("has more than {max} members"),
                ObjectError::DuplicateKey(key) => format!("has the key [{}] twice", shown(&key)),
            };
            if place.is_empty() { reason } else { format!("{place} {reason}") }
        })?;
        Ok(Self { place: place.to_owned(), members })
    }

    /// The object if it has no other members than these.
    pub fn only(self, known: &[&str]) -> Read<Self> {
        match self.members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(format!("{} is unknown", self.place_of(name))),
            None => Ok(self),
        }
    }

    /// The members in the order of the text.
    pub fn members(&self) -> &[(String, &'a RawValue)] {
        &self.members
    }

    /// How reasons call one of the members.
    pub fn place_of(&self, name: &str) -> String {
        let name = shown(name);
        if self.place.is_empty() { name } else { format!("{}.{name}", self.place) }
    }

    /// A member, if it is there.
    pub fn find(&self, name: &str) -> Option<&'a RawValue> {
        self.members.iter().find_map(|(known, value)| (known == name).then_some(*value))
    }

    /// A member that has to be there.
    pub fn required(&self, name: &str) -> Read<&'a RawValue> {
        self.find(name).ok_or_else(|| format!("{} is missing", self.place_of(name)))
    }

    /// The text of a member, if it is there.
    pub fn text(&self, name: &str) -> Read<Option<String>> {
        let read = |value| string(&self.place_of(name), value);
        self.find(name).map(read).transpose()
    }

    /// The text of a member that has to be there and not be empty.
    pub fn required_text(&self, name: &str) -> Read<String> {
        let place = self.place_of(name);
        let text = string(&place, self.required(name)?)?;
        if text.is_empty() { Err(format!("{place} is empty")) } else { Ok(text) }
    }
}

/// The text that a value is.
fn string(place: &str, value: &RawValue) -> Read<String> {
    json::string(value).ok_or_else(|| format!("{place} is not a string"))
}

/// The items of a list, which must have some, with their places.
pub fn items<'a>(place: &str, value: &'a RawValue) -> Read<Vec<(String, &'a RawValue)>> {
    let items: Vec<&RawValue> =
        serde_json::from_str(value.get()).map_err(|_| format!("{place} is not a list"))?;
    if items.is_empty() {
        return Err(format!("{place} is empty"));
    }
    let placed = items.into_iter().enumerate();
    Ok(placed.map(|(index, item)| (format!("{place}[{index}]"), item)).collect())
}

/// What stands as one value, or as a list of some.
pub fn one_or_more<'a>(place: &str, value: &'a RawValue) -> Read<Vec<(String, &'a RawValue)>> {
    match json::kind(value) {
        Kind::Array => items(place, value),
        _ => Ok(vec![(place.to_owned(), value)]),
    }
}

/// The texts that stand as one string, or as a list of some.
pub fn texts(place: &str, value: &RawValue) -> Read<Vec<(String, String)>> {
    let texts = one_or_more(place, value)?.into_iter();
    texts.map(|(place, value)| string(&place, value).map(|text| (place, text))).collect()
}
