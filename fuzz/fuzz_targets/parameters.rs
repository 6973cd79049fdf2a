//! Query, form and JSON body become one map of parameters.
//!
//! An input is the query in its first line, the body's content type in its second, and the body in the rest.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::{Corpus, fuzz_target};
use sae_secret::pop::{BodyRole, Malformed, Parameters, Structure};
use sae_secret_fuzz::{escaped, holds};
use serde_json::{Map, Value};

const FORM: &str = "application/x-www-form-urlencoded";

/// How many parameters a query or a body may have, by the contract.
const PARAMETERS_MAX: usize = 10_000;

fuzz_target!(|input: &[u8]| -> Corpus {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (query, content_type, body) = (line(), line(), line());
    let (Ok(query), Ok(content_type)) =
        (std::str::from_utf8(query), std::str::from_utf8(content_type))
    else {
        return Corpus::Reject;
    };
    let names = names(query, body);
    the_merge_keeps_its_rules(query, body, content_type, &names);
    a_form_is_read_as_a_query(query, &names);
    every_spelling_is_read_the_same(&plain_pairs(query));
    Corpus::Keep
});

/// What stands under a name: as text, and as a structure.
type Reading = (Result<Option<String>, Malformed>, Result<Option<Structure>, Malformed>);

fn readings(parameters: &Parameters, names: &[String]) -> Vec<Reading> {
    names.iter().map(|name| (parameters.text(name), parameters.structure(name))).collect()
}

/// The names worth asking for: those that operations ask for, and all that seem to be there.
fn names(query: &str, body: &[u8]) -> Vec<String> {
    let mut names: Vec<String> =
        ["NamespaceId", "SecretData", "SecretId", ""].map(str::to_owned).into();
    let body_text = String::from_utf8_lossy(body);
    for text in [query, body_text.as_ref()] {
        for piece in text.split(['&', '"', ' ', '\n']) {
            let name = piece.split('=').next().unwrap_or_default();
            names.extend([name, name.split('.').next().unwrap_or_default()].map(str::to_owned));
        }
    }
    let members = serde_json::from_slice::<Map<String, Value>>(body).unwrap_or_default();
    names.extend(members.into_iter().map(|(name, _)| name));
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    // A hostile body has as many words as bytes; the first ones tell enough.
    names.truncate(64);
    names
}

fn the_merge_keeps_its_rules(query: &str, body: &[u8], content_type: &str, names: &[String]) {
    let merged = |role| {
        let mut parameters = Parameters::from_query(query);
        let answer = parameters.add_body(body, content_type, role);
        (answer, readings(&parameters, names))
    };
    let (answer, meant) = merged(BodyRole::Parameters);
    holds!((answer.clone(), meant.clone()) == merged(BodyRole::Parameters), "decoded twice");

    let alone = readings(&Parameters::from_query(query), names);
    let (ignoring, ignorable) = merged(BodyRole::Ignorable);
    let query_pieces = query.split('&').filter(|piece| !piece.is_empty()).count();
    holds!(
        ignoring.is_err() == (query_pieces > PARAMETERS_MAX),
        "a body without meaning is refused only for a query that is too long"
    );
    if answer.is_ok() {
        holds!(meant == ignorable, "a body that can be read is read in both roles");
    } else {
        holds!(alone == ignorable, "what cannot be read adds nothing");
    }

    let mut body_alone = Parameters::default();
    let is_read = body_alone.add_body(body, content_type, BodyRole::Parameters).is_ok();
    let in_body = readings(&body_alone, names);
    for (index, name) in names.iter().enumerate() {
        let ((text, structure), (query_text, query_structure)) = (&meant[index], &alone[index]);
        if *query_text != Ok(None) {
            holds!(text == query_text, "the query wins for the text {name:?}");
        } else if is_read && answer.is_ok() {
            holds!(*text == in_body[index].0, "the body has the text {name:?}");
        }
        if *query_structure != Ok(None) {
            holds!(structure == query_structure, "the query wins for the structure {name:?}");
        }
    }
}

fn a_form_is_read_as_a_query(query: &str, names: &[String]) {
    // Space around a body is not part of it, and a brace makes it JSON.
    let means_the_same =
        query.trim_ascii() == query && !query.starts_with(['{', '\u{feff}']) && !query.is_empty();
    if means_the_same {
        let mut form = Parameters::default();
        let answer = form.add_body(query.as_bytes(), FORM, BodyRole::Parameters);
        let parameters = Parameters::from_query(query);
        if answer.is_ok() {
            let same = readings(&form, names) == readings(&parameters, names);
            holds!(same, "the form {query:?} says what the query says");
        }
    }
}

/// Names and values in the text of a query as it stands there, escapes and all: any text may be either. Each name once.
fn plain_pairs(query: &str) -> Vec<(&str, &str)> {
    let pieces = query.split('&').filter(|piece| !piece.is_empty());
    let mut pairs: Vec<_> =
        pieces.map(|piece| piece.split_once('=').unwrap_or((piece, ""))).collect();
    let mut seen = HashSet::new();
    pairs.retain(|(name, _)| seen.insert(*name));
    pairs
}

fn every_spelling_is_read_the_same(pairs: &[(&str, &str)]) {
    let spelt = |spell: fn(&str) -> String| {
        let pieces = pairs.iter().map(|(name, value)| format!("{}={}", spell(name), spell(value)));
        pieces.collect::<Vec<_>>().join("&")
    };
    let spellings = [
        spelt(|text| escaped(text.as_bytes(), true)),
        spelt(|text| escaped(text.as_bytes(), false)),
        spelt(with_plus_signs),
    ];
    for query in &spellings {
        let mut form = Parameters::default();
        let answer = form.add_body(query.as_bytes(), FORM, BodyRole::Parameters);
        holds!(answer.is_ok(), "the form {query:?} can be read");
        for parameters in [&Parameters::from_query(query), &form] {
            holds_pairs(parameters, pairs, query);
            let structure = parameters.structure("SecretData");
            holds!(structure == flattened(pairs), "the structure of {query:?}");
        }
    }

    let members: Map<String, Value> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let json = Value::Object(members).to_string();
    let mut parameters = Parameters::default();
    let answer = parameters.add_body(json.as_bytes(), FORM, BodyRole::Parameters);
    holds!(answer.is_ok(), "the body {json:?} can be read");
    holds_pairs(&parameters, pairs, &json);

    if let (Some((name, value)), [query, ..]) = (pairs.first(), &spellings) {
        a_name_has_one_value(query, name, value);
    }
}

/// As browsers do it: a space is a plus sign, and what has no meaning stays as it is.
fn with_plus_signs(text: &str) -> String {
    let spell = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        b'+' | b'%' | b'&' | b'=' | b'{' | 0x80.. => escaped(&[byte], true),
        other if other.is_ascii_whitespace() => escaped(&[other], true),
        other => char::from(other).to_string(),
    };
    text.bytes().map(spell).collect()
}

fn holds_pairs(parameters: &Parameters, pairs: &[(&str, &str)], text: &str) {
    for (name, value) in pairs {
        let found = parameters.text(name);
        holds!(found == Ok(Some((*value).to_owned())), "{name:?} is {value:?} in {text:?}");
    }
}

/// What `SecretData` is, whole or flattened, by the contract.
fn flattened(pairs: &[(&str, &str)]) -> Result<Option<Structure>, Malformed> {
    let whole = pairs.iter().find(|(name, value)| *name == "SecretData" && !value.is_empty());
    let members = pairs.iter().filter_map(|(name, value)| {
        Some((name.strip_prefix("SecretData.")?.to_owned(), (*value).to_owned()))
    });
    let members: Vec<_> = members.collect();
    match (whole, members.is_empty()) {
        (None, true) => Ok(None),
        (Some((_, text)), true) => Ok(Some(Structure::Text((*text).to_owned()))),
        (None, false) => Ok(Some(Structure::Members(members))),
        (Some(_), false) => Err(Malformed),
    }
}

fn a_name_has_one_value(query: &str, name: &str, value: &str) {
    let repeated = |value: &str| {
        let name_and_value = (escaped(name.as_bytes(), true), escaped(value.as_bytes(), true));
        format!("{query}&{}={}", name_and_value.0, name_and_value.1)
    };
    let twice = Parameters::from_query(&repeated(value)).text(name);
    holds!(twice == Ok(Some(value.to_owned())), "two equal values of {name:?} are one");
    let other = Parameters::from_query(&repeated(&format!("{value}x"))).text(name);
    holds!(other == Err(Malformed), "two values of {name:?} are none");

    let json = |text: &str| Value::from(text).to_string();
    let body = format!("{{{name}:{value},{name}:{value}}}", name = json(name), value = json(value));
    let answer = Parameters::default().add_body(body.as_bytes(), "", BodyRole::Parameters);
    holds!(answer.is_err(), "the body {body:?} repeats a name");
}
