//! Replies as XML: the JSON's members as elements, in their order.

use serde_json::Value;

use crate::text::{is_storable, is_storable_text};

/// The document with that root element. An array is its element's name, repeated; there is no wrapper around it. The members
/// named in `maps` have keys that are no element names: they hold the map as JSON text.
pub fn document(root: &str, body: &Value, maps: &[&str]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    element(&mut text, root, body, maps);
    text
}

/// Whether a document can hold every text of a body.
pub fn can_say(body: &Value) -> bool {
    match body {
        Value::Array(items) => items.iter().all(can_say),
        Value::Object(members) => members.values().all(can_say),
        Value::String(text) => is_storable_text(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

fn element(text: &mut String, name: &str, value: &Value, maps: &[&str]) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| element(text, name, item, maps)),
        Value::Object(_) if maps.contains(&name) => leaf(text, name, &json_text(value)),
        Value::Object(members) => {
            text.extend(["<", name, ">"]);
            members.iter().for_each(|(name, value)| element(text, name, value, maps));
            text.extend(["</", name, ">"]);
        }
        Value::String(content) => leaf(text, name, content),
        Value::Null => leaf(text, name, ""),
        Value::Bool(_) | Value::Number(_) => leaf(text, name, &value.to_string()),
    }
}

/// JSON in which what XML forbids is escaped in JSON's own way; the control characters always are.
fn json_text(value: &Value) -> String {
    value.to_string().replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff")
}

fn leaf(text: &mut String, name: &str, content: &str) {
    text.extend(["<", name, ">"]);
    for c in content.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            // A parser would read a bare one as a line feed (XML 1.0, section 2.11).
            '\r' => text.push_str("&#13;"),
            // What no document may hold, not even escaped.
            other if !is_storable(other) => text.push(char::REPLACEMENT_CHARACTER),
            other => text.push(other),
        }
    }
    text.extend(["</", name, ">"]);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_become_elements() {
        let body = json!({
            "A": "<&>\"\r\n\t\u{1}\u{FFFE}", "B": 16, "C": true, "D": {"E": [{"F": "1"}, {"F": "2"}], "G": []},
            "SecretData": {".k": "<\u{FFFF}\u{0}"},
        });
        assert_eq!(
            document("R", &body, &["SecretData"]),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><R><A>&lt;&amp;&gt;&quot;&#13;\n\t\u{FFFD}\u{FFFD}</A><B>16</B><C>true</C>\
             <D><E><F>1</F></E><E><F>2</F></E></D>\
             <SecretData>{&quot;.k&quot;:&quot;&lt;\\uffff\\u0000&quot;}</SecretData></R>"
        );
    }
}
