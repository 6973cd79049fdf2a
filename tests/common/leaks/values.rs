//! The secret values in what a test sends, however it writes them; written apart from the code that reads requests.

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::SHORTEST;

/// The values of `SecretData` and `Plaintext` in one or more requests.
pub fn of_requests(mut bytes: &[u8]) -> Vec<String> {
    let mut values = vec![];
    // Most of what is sent, and all of what is large, has none. The search in a text is much faster than one in bytes
    // that was not optimised.
    let text = String::from_utf8_lossy(bytes);
    if !["SecretData", "Plaintext"].iter().any(|name| text.contains(name)) {
        return values;
    }
    while let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&bytes[..end]);
        let rest = &bytes[end + 4..];
        let target = head.split([' ', '\r']).nth(1).unwrap_or_default();
        of_form(target.split_once('?').map_or("", |(_, query)| query), &mut values);
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        let (body, next) = rest.split_at(rest.len().min(length.unwrap_or(rest.len())));
        of_body(&String::from_utf8_lossy(body), &mut values);
        bytes = next;
    }
    values.retain(|value| is_secret(value));
    values
}

/// What a world file has as keys' secrets, tokens and data.
pub fn of_world(world: &str) -> Vec<String> {
    let mut values = vec![];
    let world: Value = serde_saphyr::from_str(world).expect("the world is YAML");
    of_world_node(&world, &mut values);
    values.retain(|value| is_secret(value));
    values
}

fn of_world_node(node: &Value, values: &mut Vec<String>) {
    match node {
        Value::Object(members) => {
            for (name, value) in members {
                match name.as_str() {
                    "secret" | "token" | "data" | "password" => leaves(value, values),
                    _ => of_world_node(value, values),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| of_world_node(item, values)),
        _ => {}
    }
}

/// Short numbers and short runs of one character stand in logs by chance.
fn is_secret(value: &str) -> bool {
    let first = value.chars().next();
    let is_plain =
        value.bytes().all(|byte| byte.is_ascii_digit()) || value.chars().all(|c| Some(c) == first);
    value.len() >= if is_plain { 4 * SHORTEST } else { SHORTEST }
}

fn is_data(name: &str) -> bool {
    matches!(name, "SecretData" | "Plaintext") || name.starts_with("SecretData.")
}

fn of_form(form: &str, values: &mut Vec<String>) {
    for (name, value) in form.split('&').filter_map(|pair| pair.split_once('=')) {
        if is_data(&decoded(name)) {
            of_text(&decoded(value), values);
        }
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn of_body(body: &str, values: &mut Vec<String>) {
    match serde_json::from_str(body.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(members)) => {
            for (_, value) in members.iter().filter(|(name, _)| is_data(name)) {
                leaves(value, values);
            }
        }
        _ => match body.split_once("\"SecretData") {
            // What cannot be read is quoted by a careless error soonest.
            Some((_, data)) => quoted(&format!("\"{data}"), values),
            None => of_form(body, values),
        },
    }
}

/// The texts in a structure; names of members are none.
fn leaves(value: &Value, values: &mut Vec<String>) {
    match value {
        Value::String(text) => of_text(text, values),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, values)),
        Value::Object(members) => members.values().for_each(|value| leaves(value, values)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What a text holds that is a structure itself, as it is or in base64; else the text.
fn of_text(text: &str, values: &mut Vec<String>) {
    if text.trim_start().starts_with(['{', '[']) {
        match serde_json::from_str(text) {
            Ok(value) => leaves(&value, values),
            Err(_) => quoted(text, values),
        }
        return;
    }
    values.push(text.to_owned());
    if let Ok(bytes) = STANDARD.decode(text)
        && let Ok(inner) = String::from_utf8(bytes)
        && !inner.is_empty()
    {
        of_text(&inner, values);
    }
}

/// What stands in quotes and is no name of a member, in something that is not quite JSON.
fn quoted(text: &str, values: &mut Vec<String>) {
    let mut pieces = text.split('"').skip(1);
    while let (Some(inside), Some(behind)) = (pieces.next(), pieces.next()) {
        if !behind.trim_start().starts_with(':') && !inside.contains('\\') {
            values.push(inside.to_owned());
        }
    }
}
