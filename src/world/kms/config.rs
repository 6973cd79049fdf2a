//! The `extended_config` of a managed secret.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::reason;
use crate::{
    kms::model::{ExtendedConfig, ManagedType},
    world::{
        mistakes::Mistakes,
        yaml::{Entries, Placed, Text},
    },
};

/// The only key whose value is a mapping.
const CUSTOM_DATA: &str = "CustomData";

/// Texts, and the custom data.
pub(super) struct Config {
    texts: Entries<Text>,
    custom_data: Option<Entries<Text>>,
}

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByKey;
        impl<'de> Visitor<'de> for ByKey {
            type Value = Config;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Config, A::Error> {
                let (mut texts, mut custom_data) = (Vec::new(), None);
                while let Some(key) = map.next_key::<Text>()? {
                    if key.value == CUSTOM_DATA {
                        custom_data = Some(map.next_value()?);
                    } else {
                        texts.push((key, map.next_value()?));
                    }
                }
                Ok(Config { texts: Entries(texts), custom_data })
            }
        }
        deserializer.deserialize_map(ByKey)
    }
}

impl Placed<Config> {
    /// The configuration, of the JSON that the API would get.
    pub fn read(self, managed: ManagedType, mistakes: &mut Mistakes) -> Option<ExtendedConfig> {
        let Config { texts, custom_data } = self.value;
        texts.check_unique(mistakes);
        let mut members = object(texts);
        if let Some(pairs) = custom_data {
            pairs.check_unique(mistakes);
            members.insert(CUSTOM_DATA.to_owned(), object(pairs).into());
        }
        let text = Value::from(members).to_string();
        let parsed = ExtendedConfig::parse(&text, managed);
        mistakes.check(self.at, parsed.map_err(reason))
    }
}

fn object(entries: Entries<Text>) -> Map<String, Value> {
    entries.0.into_iter().map(|(key, text)| (key.value, text.value.into())).collect()
}
