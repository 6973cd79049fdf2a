//! Every text in every field of every operation, in each place where a field may stand.

use super::{
    texts::{TEXTS, Text, lookalikes},
    *,
};

/// What small requests on one connection may make the process hold, in KiB: 8 MiB, and SQLite's page caches.
const ALLOWED_KIB: u64 = 16 * 1024;

/// An operation with a good value for each field; `1` stands for the id of a secret that exists.
struct Operation {
    method: &'static str,
    path: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

const DATA: &str = "{\"k\":\"v\"}";
const SPACE: (&str, &str) = ("NamespaceId", AIM);
const ID: (&str, &str) = ("SecretId", "1");
const REGION: (&str, &str) = ("RegionId", "cn-beijing");

const OPERATIONS: [Operation; 13] = [
    Operation {
        method: "POST",
        path: SECRET,
        fields: &[
            SPACE,
            ("SecretName", "field-king"),
            ("SecretType", "Opaque"),
            ("SecretData", DATA),
        ],
    },
    Operation { method: "PUT", path: SECRET, fields: &[SPACE, ID, ("SecretData", DATA)] },
    Operation { method: "GET", path: SECRET, fields: &[SPACE, ID] },
    Operation { method: "DELETE", path: SECRET, fields: &[SPACE, ID] },
    Operation { method: "GET", path: SECRETS, fields: &[SPACE] },
    Operation {
        method: "POST",
        path: NAMESPACE,
        fields: &[
            ("NamespaceId", "cn-beijing:aisle"),
            ("NameSpaceShortId", "aisle"),
            ("NamespaceName", "a"),
            ("NamespaceDescription", "a"),
            ("EnableMicroRegistration", "false"),
        ],
    },
    Operation {
        method: "PUT",
        path: NAMESPACE,
        fields: &[
            ("NamespaceId", "cn-beijing:small"),
            ("NameSpaceShortId", "small"),
            ("NamespaceName", "a"),
            ("NamespaceDescription", "a"),
            ("EnableMicroRegistration", "false"),
        ],
    },
    Operation { method: "GET", path: NAMESPACE, fields: &[SPACE, ("NameSpaceShortId", "test")] },
    Operation {
        method: "DELETE",
        path: NAMESPACE,
        fields: &[("NamespaceId", "cn-beijing:busy"), ("NameSpaceShortId", "busy")],
    },
    Operation {
        method: "GET",
        path: NAMESPACES,
        fields: &[("CurrentPage", "1"), ("PageSize", "1"), REGION],
    },
    Operation {
        method: "GET",
        path: NAMESPACE_LIST,
        fields: &[("ContainCustom", "false"), ("HybridCloudExclude", "false"), REGION],
    },
    Operation {
        method: "GET",
        path: NAMESPACE_RESOURCES,
        fields: &[SPACE, ("NameSpaceShortId", "test")],
    },
    Operation { method: "GET", path: REGIONS, fields: &[] },
];

/// Where the parameters of a request stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Query,
    Form,
    Json,
}

/// A request of an operation in which one field holds something else.
fn request(
    operation: &Operation,
    place: Place,
    id: &str,
    field: &str,
    text: &Text,
) -> (Request, String) {
    let mut others = vec![];
    for (name, value) in operation.fields.iter().filter(|(name, _)| *name != field) {
        // The short id says something only where the id says nothing.
        let is_shadow = field == "NameSpaceShortId" && *name == "NamespaceId";
        if !is_shadow {
            others.push((*name, if *name == "SecretId" { id } else { *value }));
        }
    }
    let form = || {
        let others = query(&others);
        format!("{others}&{field}={}", text.encoded())
    };
    let request = |target: &str| Request::new(operation.method, target);
    let request = match place {
        Place::Query => request(&format!("{}?{}", operation.path, form())),
        Place::Form => request(operation.path).body("application/x-www-form-urlencoded", form()),
        Place::Json => {
            let mut body = serde_json::Map::new();
            for (name, value) in &others {
                body.insert((*name).to_owned(), (*value).into());
            }
            let others = Value::from(body).to_string();
            let begin = others.trim_end_matches('}');
            let comma = if begin == "{" { "" } else { "," };
            let begin = format!("{begin}{comma}\"{field}\":\"");
            request(operation.path)
                .body("application/json", [begin.as_bytes(), &text.in_json(), b"\"}"].concat())
        }
    };
    let what =
        format!("{} {} in {place:?}: {field} is {}", operation.method, operation.path, text.name);
    (request, what)
}

/// What a reply has to be, by the rules of the field that holds the text: `None` where either a 200 or a 4xx will do.
fn is_taken(operation: &Operation, field: &str, text: &Text) -> Option<bool> {
    // The characters of XML 1.0, section 2.2.
    let storable = |text: &str| {
        text.chars().all(|c| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'))
    };
    let fits = |most: usize| {
        text.text().is_some_and(|text| text.chars().count() <= most && storable(text))
    };
    match field {
        "NamespaceName" => Some(fits(64)),
        "NamespaceDescription" => Some(fits(100)),
        // Whatever is an object in a text is data.
        "SecretData" => Some(false),
        // Only listings look at it.
        "RegionId" if operation.path == REGIONS => None,
        _ => Some(false),
    }
}

fn places(method: &str) -> &'static [Place] {
    match method {
        "POST" | "PUT" => &[Place::Query, Place::Form, Place::Json],
        // A body means nothing there.
        _ => &[Place::Query],
    }
}

#[test]
fn every_field_takes_what_it_documents_and_keeps_it_to_the_byte() {
    attack("texts in fields", ALLOWED_KIB, |server| {
        let mut client = Client::new(server);
        let data = json!({"k": "canary-of-a-target"});
        let id = server.create(AIM, "aim", &data).secret_id();
        let number = id.to_string();
        for _ in 0..torture::rounds(1) {
            for operation in &OPERATIONS {
                for (field, good) in operation.fields {
                    let own = match *field {
                        // Space around JSON is JSON.
                        "SecretData" => vec![],
                        "SecretId" => lookalikes(&number),
                        _ => lookalikes(good),
                    };
                    for text in TEXTS.iter().chain(&own) {
                        for place in places(operation.method) {
                            let (request, what) = request(operation, *place, &number, field, text);
                            let reply = client.send(&request);
                            judge(&mut client, operation, field, text, &reply, &what);
                        }
                    }
                }
            }
            let parameters = [SPACE, ("SecretId", &number)];
            assert_eq!(client.call("GET", SECRET, &parameters).data()["SecretData"], data);
        }
        client.sent
    });
}

/// Holds a reply to the rule of its field, and what was written to what was sent.
fn judge(
    client: &mut Client,
    operation: &Operation,
    field: &str,
    text: &Text,
    reply: &Reply,
    what: &str,
) {
    // A target of more than 65,534 bytes is none whatever the field is.
    if reply.is_bare() {
        return assert!(text.bytes.len() > 10_000, "{what}");
    }
    match is_taken(operation, field, text) {
        Some(true) => {
            assert_eq!(reply.status, 200, "{what}: {}", reply.text());
            let id = operation.fields[0];
            let kept = client.call("GET", NAMESPACE, &[id]).data();
            assert_eq!(kept[field].as_str(), text.text(), "{what}");
            if operation.method == "POST" {
                assert_eq!(client.call("DELETE", NAMESPACE, &[id]).status, 200);
            }
        }
        Some(false) => {
            assert!((400..500).contains(&reply.status), "{what}: {}", reply.text());
        }
        None => {}
    }
}

/// A creation whose data has that key and that value, in an encoding of the API.
fn creation(encoding: &str, key: &Text, value: &Text) -> Request {
    let named = "NamespaceId=cn-beijing%3Atest&SecretName=n&SecretType=Opaque";
    let post = |more: &str| Request::new("POST", format!("{SECRET}?{named}{more}"));
    let map = [b"{\"", &key.in_json()[..], b"\":\"", &value.in_json(), b"\"}"].concat();
    let as_text = Text { name: String::new(), bytes: map.clone() };
    let flattened = format!("SecretData.{}={}", key.encoded(), value.encoded());
    let form = "application/x-www-form-urlencoded";
    let json = "application/json";
    match encoding {
        "text in the query" => post(&format!("&SecretData={}", as_text.encoded())),
        "flattened in the query" => post(&format!("&{flattened}")),
        "text in a form" => post("").body(form, format!("SecretData={}", as_text.encoded())),
        "flattened in a form" => post("").body(form, flattened),
        "text in a body" => {
            post("").body(json, [b"{\"SecretData\":\"", &as_text.in_json()[..], b"\"}"].concat())
        }
        _ => post("").body(json, [b"{\"SecretData\":", &map[..], b"}"].concat()),
    }
}

/// Kubernetes' rule for the keys of a secret.
fn is_key(text: &str) -> bool {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    text.len() <= 253 && text.chars().all(is_legal) && text != "." && !text.starts_with("..")
}

const ENCODINGS: [&str; 6] = [
    "text in the query",
    "flattened in the query",
    "text in a form",
    "flattened in a form",
    "text in a body",
    "an object in a body",
];

#[test]
fn values_are_kept_to_the_byte_and_keys_are_held_to_their_rule() {
    let key = Text { name: "k".to_owned(), bytes: b"k".into() };
    let value = Text { name: "v".to_owned(), bytes: b"v".into() };
    attack("texts in the data", ALLOWED_KIB, |server| {
        let mut client = Client::new(server);
        for _ in 0..torture::rounds(1) {
            for text in TEXTS.iter() {
                for encoding in ENCODINGS {
                    let reply = client.send(&creation(encoding, &key, text));
                    let what = format!("{encoding}: the value is {}", text.name);
                    match text.text() {
                        Some(kept) if !reply.is_bare() => {
                            assert_eq!(reply.status, 200, "{what}: {}", reply.text());
                            let id = reply.secret_id().to_string();
                            let parameters = [SPACE, ("SecretId", id.as_str())];
                            let target = format!("{SECRET}?{}", query(&parameters));
                            let xml = client.send(&Request::new("GET", target).xml());
                            assert_eq!(xml.status, 200, "{what}");
                            assert_eq!(
                                client.take(id.parse().unwrap()),
                                json!({"k": kept}),
                                "{what}"
                            );
                        }
                        Some(_) => assert!(text.bytes.len() > 10_000, "{what}"),
                        None => assert_eq!(reply.status, 400, "{what}: {}", reply.text()),
                    }
                    let reply = client.send(&creation(encoding, text, &value));
                    let what = format!("{encoding}: the key is {}", text.name);
                    if text.text().is_some_and(is_key) {
                        let data = client.take(reply.secret_id());
                        assert_eq!(data, json!({text.text().unwrap(): "v"}), "{what}");
                    } else {
                        assert!([400, 431].contains(&reply.status), "{what}: {}", reply.text());
                    }
                }
            }
            for escaped in ["\\ud800", "\\udc00", "\\ud83d\\ud83d", "a\\udfffb", "\\uD800\\u0041"] {
                let body = format!("{{\"SecretData\":{{\"k\":\"{escaped}\"}}}}");
                let key = format!("{{\"SecretData\":{{\"{escaped}\":\"v\"}}}}");
                let text = format!("{{\"SecretData\":\"{{\\\"k\\\":\\\"\\{escaped}\\\"}}\"}}");
                let name = format!("{{\"SecretName\":\"{escaped}\"}}");
                for body in [body, key, text, name] {
                    let query = "NamespaceId=cn-beijing%3Atest&SecretName=n&SecretType=Opaque";
                    let query =
                        if body.contains("Name") { "NamespaceId=cn-beijing" } else { query };
                    let request = Request::new("POST", format!("{SECRET}?{query}"));
                    let reply = client.send(&request.body("application/json", body));
                    assert_eq!(reply.status, 400, "{escaped}: {}", reply.text());
                }
            }
        }
        let secrets = client.call("GET", SECRETS, &[SPACE]).data();
        assert_eq!(secrets, json!({"Secrets": []}));
        client.sent
    });
}
