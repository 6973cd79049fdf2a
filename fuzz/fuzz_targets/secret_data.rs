//! Whatever a client makes of the map of a secret, the map comes out.
//!
//! An input is a text, taken as each of the three things that a request may hold; as flattened parameters it has a
//! `key=value` in each line.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::{Corpus, fuzz_target};
use sae_secret::{
    pop::Structure,
    sae::{api::normalise, model::SecretData},
};
use sae_secret_fuzz::{holds, random::Choices};
use serde_json::{Map, Value, json};

/// Stands where values were, so that it can be told whether an error shows any.
const CANARY: &str = "CANARY";

fuzz_target!(|input: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(input) else { return Corpus::Reject };
    let lines = text.lines().map(|line| line.split_once('=').unwrap_or((line, "")));
    let members: Vec<(String, String)> =
        lines.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();

    for raw in [
        Structure::Text(text.to_owned()),
        Structure::Json(text.to_owned()),
        Structure::Members(members.clone()),
    ] {
        let first = normalise(raw.clone());
        holds!(first == normalise(raw), "normalised twice");
        if let Ok(data) = first {
            the_data_keeps_the_rules(&data);
            every_shape_gives_the_same_pairs(&data);
        }
    }
    strings_are_taken_verbatim(text);
    good_pairs_are_accepted(&members);
    if !text.contains(CANARY) {
        no_error_shows_a_value(&members, &mut Choices::of(input));
    }
    Corpus::Keep
});

fn pairs(data: &SecretData) -> Vec<(String, String)> {
    let pairs = data.iter().map(|(key, value)| (key.into(), value.expose().into()));
    pairs.collect()
}

/// Kubernetes' rule for the keys of a secret.
fn is_key(key: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (1..=253).contains(&key.len())
        && key.bytes().all(is_plain)
        && key != "."
        && !key.starts_with("..")
}

fn the_data_keeps_the_rules(data: &SecretData) {
    let pairs = pairs(data);
    let keys: HashSet<&str> = pairs.iter().map(|(key, _)| key.as_str()).collect();
    holds!(!pairs.is_empty() && data.key_count() == pairs.len(), "there are keys");
    holds!(keys.len() == pairs.len(), "each key stands once: {keys:?}");
    holds!(keys.iter().all(|key| is_key(key)), "each key follows the rule: {keys:?}");
    let size: usize = pairs.iter().map(|(_, value)| value.len()).sum();
    holds!(size <= 1 << 20, "the values have {size} bytes");
    for (key, value) in &pairs {
        holds!(data.get(key).is_some_and(|found| found.expose() == value), "{key} is found");
    }
}

/// The map as clients of every generation send it, in up to three wrappers.
fn every_shape_gives_the_same_pairs(data: &SecretData) {
    let pairs = pairs(data);
    // Under a wrapper's name and not wrapped, a plain text is taken for a map that was not encoded.
    if matches!(pairs.as_slice(), [(key, _)] if ["SecretData", "Data"].contains(&key.as_str())) {
        return;
    }
    let map: Map<String, Value> =
        pairs.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
    let map = Value::Object(map);
    let as_object = |name: &str, inner: &Value| json!({ name: inner });
    let as_text = |name: &str, inner: &Value| json!({ name: inner.to_string() });
    let spaced = serde_json::to_string_pretty(&map).unwrap_or_default();

    let mut shapes = vec![
        Structure::Text(format!("\r\n {spaced}\t")),
        Structure::Json(Value::from(spaced.clone()).to_string()),
        Structure::Members(pairs),
        Structure::Members(vec![("SecretData".to_owned(), format!(" {map}"))]),
        Structure::Members(vec![("Data".to_owned(), as_text("SecretData", &map).to_string())]),
    ];
    let (mut objects, mut texts) = (map.clone(), map);
    for name in ["Data", "SecretData", "Data", "SecretData"] {
        for shape in [&objects, &texts] {
            shapes.push(Structure::Text(shape.to_string()));
            shapes.push(Structure::Json(shape.to_string()));
            shapes.push(Structure::Json(Value::from(shape.to_string()).to_string()));
        }
        objects = as_object(name, &objects);
        texts = as_text(name, &texts);
    }
    for (index, shape) in shapes.into_iter().enumerate() {
        holds!(normalise(shape).as_ref() == Ok(data), "shape {index} gives the same pairs");
    }
    for too_deep in [objects, texts] {
        let refused = normalise(Structure::Text(too_deep.to_string()));
        let said = refused.err().map(|error| error.to_string());
        holds!(said.as_deref() == Some("SecretData is malformed"), "four wrappers are too many");
    }
}

/// A plain map of strings, as another reader understands it.
fn strings_are_taken_verbatim(text: &str) {
    let Ok(map) = serde_json::from_str::<Map<String, Value>>(text) else { return };
    let is_wrapper = map.len() == 1 && (map.contains_key("SecretData") || map.contains_key("Data"));
    let strings: Option<Vec<_>> = map
        .iter()
        .map(|(key, value)| value.as_str().map(|value| (key.clone(), value.to_owned())))
        .collect();
    if let (Some(strings), false) = (strings, is_wrapper)
        && let Ok(data) = normalise(Structure::Text(text.to_owned()))
    {
        holds!(pairs(&data) == strings, "the pairs of {map:?}");
    }
}

fn good_pairs_are_accepted(members: &[(String, String)]) {
    let keys: HashSet<&str> = members.iter().map(|(key, _)| key.as_str()).collect();
    let are_keys = keys.len() == members.len() && keys.iter().all(|key| is_key(key));
    // An object under the name of a wrapper is not a pair.
    let is_wrapped =
        matches!(members, [(key, _)] if ["SecretData", "Data"].contains(&key.as_str()));
    if are_keys && !members.is_empty() && !is_wrapped {
        let data = normalise(Structure::Members(members.to_vec()));
        holds!(data.is_ok_and(|data| pairs(&data) == members), "{keys:?} are good keys");
    }
}

/// The keys of the input with other values, in a text that ends anywhere: whatever is wrong with it, no error shows one.
fn no_error_shows_a_value(members: &[(String, String)], choices: &mut Choices) {
    let value = |number: usize| match number % 4 {
        0 => json!({ "key": CANARY }),
        1 => json!([CANARY]),
        _ => json!(CANARY),
    };
    let kind = choices.below(8);
    let member = |(number, (key, _)): (usize, &(String, String))| {
        let number = if kind == 0 { number } else { 2 };
        format!("{}:{}", Value::from(key.clone()), value(number))
    };
    let text: Vec<String> = members.iter().enumerate().map(member).collect();
    let text = format!("{{{}}}", text.join(","));
    let end = if choices.one_in(2) { text.len() } else { choices.below(text.len()) };
    let cut = String::from_utf8_lossy(&text.as_bytes()[..end]).into_owned();
    let hidden: Vec<_> = members.iter().map(|(key, _)| (key.clone(), CANARY.to_owned())).collect();
    for raw in [
        Structure::Json(Value::from(cut.clone()).to_string()),
        Structure::Text(cut),
        Structure::Members(hidden),
    ] {
        let shown = format!("{raw:?}");
        holds!(!shown.contains(CANARY), "Debug shows a value: {shown}");
        let answer = normalise(raw);
        let shown = match &answer {
            Ok(data) => format!("{data:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        holds!(!shown.contains(CANARY), "a value is shown: {shown}");
    }
}
