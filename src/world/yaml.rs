//! The parts that the sections of a world file are made of, and how the file becomes them.

use std::{collections::HashMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor, value::SeqAccessDeserializer},
};
use serde_saphyr::{MergeKeyPolicy, Spanned};

use super::mistakes::{self, Mistakes, Position};

/// Reads the only document of a file; nothing when there is nothing in it. How large it may be, how deep, and how much
/// its aliases may repeat are the library's limits: 250,000 nodes and 64 MiB of texts, 64 levels.
///
/// # Errors
/// The first mistake of shape.
pub(super) fn read<'t, T: Deserialize<'t>>(text: &'t str) -> Result<Option<T>, String> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        merge_keys: MergeKeyPolicy::Error,
        reject_unsupported_tags: true,
        reject_tagged_field_names: true,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| mistakes::of_shape(&error))
}

/// Reads a key's value for a field that may be absent. Without it serde would take `~`, or no value at all, for absent:
/// a forgotten secret for none.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A part of the file, and where it stands; for one that an alias repeats, where the alias stands.
pub(super) struct Placed<T> {
    pub at: Position,
    pub value: T,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::deserialize(deserializer)?;
        Ok(Self { at: referenced.into(), value })
    }
}

/// Without its place, as JSON has it.
impl<T: Serialize> Serialize for Placed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// A scalar as it is written: `1.10`, `yes` and `0x1F` are texts like any other.
pub(super) type Text = Placed<String>;

impl Text {
    /// What the text means; `rule` is the message when it means nothing.
    pub fn parsed<T>(
        &self,
        rule: &str,
        mistakes: &mut Mistakes,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        mistakes.check(self.at, parse(&self.value).ok_or(rule))
    }
}

/// A mapping whose keys are for the writer to choose, in the order of the file.
pub(super) struct Entries<V>(pub Vec<(Text, V)>);

impl<V> Entries<V> {
    /// Adds a mistake for every key that stands twice as a text, such as `1` and `'1'`, which are two keys to YAML.
    pub fn check_unique(&self, mistakes: &mut Mistakes) {
        let mut first = HashMap::new();
        for (key, _) in &self.0 {
            mistakes.is_first(&mut first, key.value.as_str(), key.at, "this key");
        }
    }
}

impl<V: Serialize> Serialize for Entries<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for InOrder<V> {
            type Value = Entries<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

/// One text, or a list of at least one.
pub(super) type OneOrMore = Placed<OneOrList>;

pub(super) enum OneOrList {
    One(String),
    List(Vec<Text>),
}

impl OneOrMore {
    /// Each text, and where it stands.
    pub fn texts(&self) -> Vec<(Position, &str)> {
        match &self.value {
            OneOrList::One(text) => vec![(self.at, text)],
            OneOrList::List(items) => {
                items.iter().map(|text| (text.at, text.value.as_str())).collect()
            }
        }
    }
}

impl Serialize for OneOrList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(text) => text.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for OneOrList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyText;
        impl<'de> Visitor<'de> for AnyText {
            type Value = OneOrList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a list of at least one")
            }

            fn visit_str<E>(self, text: &str) -> Result<OneOrList, E> {
                Ok(OneOrList::One(text.to_owned()))
            }

            // Conditions compare truth values and seconds, which need no quotes.
            fn visit_bool<E>(self, value: bool) -> Result<OneOrList, E> {
                Ok(OneOrList::One(value.to_string()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<OneOrList, E> {
                Ok(OneOrList::One(number.to_string()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<OneOrList, E> {
                Ok(OneOrList::One(number.to_string()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<OneOrList, A::Error> {
                let items = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
                if items.is_empty() {
                    return Err(de::Error::invalid_length(0, &self));
                }
                Ok(OneOrList::List(items))
            }
        }
        deserializer.deserialize_any(AnyText)
    }
}
