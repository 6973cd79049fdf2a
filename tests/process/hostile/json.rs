//! JSON that is deep, or has a great many members.

use super::*;
use crate::common::encoded;

const DEPTH: usize = 100_000;

/// What bodies of 4 MiB may make the process hold, in KiB: 120 MiB. One at a time is read here; its text stands in memory
/// up to three times (as it came, as a parameter, without its wrapper), each of 100,000 members takes about 200 bytes
/// until they are counted, and each of the threads that reads large bodies keeps what it has freed.
const ALLOWED_KIB: u64 = 120 * 1024;

const FORM: &str = "application/x-www-form-urlencoded";

/// The names that every creation has, as a query.
const NAMED: &str = "NamespaceId=cn-beijing%3Atest&SecretName=n&SecretType=Opaque";

fn post(query: &str) -> Request {
    Request::new("POST", format!("{SECRET}?{query}"))
}

/// A creation for each way in which the API takes `SecretData`, with that JSON text in it.
fn encodings(text: &str) -> Vec<(&'static str, Request)> {
    let named = || post(NAMED);
    let model = json!({ "SecretData": text }).to_string();
    let form = |name: &str, text: &str| named().body(FORM, format!("{name}={}", encoded(text)));
    let body = |text: &str| named().body("application/json", format!("{{\"SecretData\":{text}}}"));
    let string = |text: &str| Value::from(text).to_string();
    vec![
        ("text in the query", post(&format!("{NAMED}&SecretData={text}"))),
        ("the model in the query", post(&format!("{NAMED}&SecretData={}", encoded(&model)))),
        ("flattened in the query", post(&format!("{NAMED}&SecretData.SecretData={text}"))),
        ("text in a form", form("SecretData", text)),
        ("the model in a form", form("SecretData", &model)),
        ("the flattened model in a form", form("SecretData.SecretData", text)),
        ("text in a body", body(&string(text))),
        ("the model's text in a body", body(&string(&model))),
        ("the model in a body", body(&model)),
        ("an object in a body", body(text)),
        ("the documented wrapper", body(&format!("{{\"Data\":{text}}}"))),
        ("the documented wrapper's text", body(&format!("{{\"Data\":{}}}", string(text)))),
        ("the documented wrapper, as text", body(&string(&format!("{{\"Data\":{text}}}")))),
    ]
}

#[test]
fn json_a_hundred_thousand_levels_deep_is_refused_in_every_place() {
    let nested = |open: &str, middle: &str, close: &str| {
        format!("{}{middle}{}", open.repeat(DEPTH), close.repeat(DEPTH))
    };
    let arrays = nested("[", "", "]");
    let objects = nested("{\"a\":", "1", "}");
    let wrappers = nested("{\"Data\":", "{\"k\":\"v\"}", "}");
    let within = format!("{{\"k\":{arrays}}}");
    let texts = [&arrays, &objects, &wrappers, &within, &arrays[..DEPTH]];
    attack("deep JSON", ALLOWED_KIB, |server| {
        let mut client = Client::new(server);
        for _ in 0..torture::rounds(1) {
            for text in texts {
                let whole = Request::new("POST", SECRET).body("application/json", text);
                assert_eq!(client.send(&whole).status, 400);
                for (encoding, request) in encodings(text) {
                    let is_too_long = request.target.len() > 65_534;
                    let reply = client.send(&request);
                    // What begins no object is a value like any other where a wrapper could hold a text.
                    let is_value = ["model", "flattened", "wrapper's text"]
                        .iter()
                        .any(|wrapper| encoding.contains(wrapper));
                    match reply.status {
                        _ if reply.is_bare() => assert!(is_too_long, "{encoding}"),
                        200 if is_value && text.starts_with('[') => {
                            let data = client.take(reply.secret_id());
                            let values: Vec<_> = data.as_object().unwrap().values().collect();
                            assert!(values == [text], "{encoding}");
                        }
                        status => assert_eq!(status, 400, "{encoding}: {}", reply.text()),
                    }
                }
            }
            // A value is a text, however deep it is.
            let flattened = post(NAMED).body(FORM, format!("SecretData.k={}", encoded(&arrays)));
            let id = client.send(&flattened).secret_id();
            assert!(client.take(id) == json!({ "k": arrays }));
        }
        client.sent
    });
}

#[test]
fn objects_with_a_million_keys_are_refused_in_every_place() {
    /// As many as 4 MiB hold.
    const MOST: usize = 495_000;
    let members = |count: usize| -> String {
        let members: Vec<String> =
            (0..count).map(|number| format!("\"{}\":1", short(number))).collect();
        format!("{{{}}}", members.join(","))
    };
    let pairs = |count: usize| -> String {
        let pairs: Vec<String> = (0..count).map(|number| format!("{}=", short(number))).collect();
        pairs.join("&")
    };
    let (most, million) = (members(MOST), members(1_000_000));
    assert!((4_100_000..4_194_000).contains(&most.len()), "{}", most.len());
    attack("a million keys", ALLOWED_KIB, |server| {
        let mut client = Client::new(server);
        let json = |text: String| post(NAMED).body("application/json", text);
        for _ in 0..torture::rounds(1) {
            client.send(&json(most.clone())).assert_error(400, "InvalidParameter.WithMessage");
            let string = Value::from(members(390_000)).to_string();
            for data in [&most, &string, &format!("{{\"Data\":{}}}", &members(494_000))] {
                client
                    .send(&json(format!("{{\"SecretData\":{data}}}")))
                    .assert_error(400, "InvalidParameter.WithMessage");
            }
            client
                .send(&json(format!("{{\"SecretData\":{}}}", members(100_000))))
                .assert_error(400, "QuotaExceeded.SecretDataKey");
            let form = |text: String| post(NAMED).body(FORM, text);
            client.send(&form(pairs(700_000))).assert_error(400, "InvalidParameter.WithMessage");
            let flattened: Vec<String> =
                (0..9_000).map(|number| format!("SecretData.{}=", short(number))).collect();
            client
                .send(&form(flattened.join("&")))
                .assert_error(400, "QuotaExceeded.SecretDataKey");
            client
                .send(&post(&format!("{NAMED}&{}", pairs(12_000))))
                .assert_error(400, "InvalidParameter.WithMessage");
            for request in [json(million.clone()), form(pairs(1_000_000))] {
                client.send(&request).assert_error(413, "RequestEntityTooLarge");
            }
        }
        client.sent
    });
}

/// The shortest key of that number.
fn short(mut number: usize) -> String {
    const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
    let mut key = String::new();
    loop {
        key.push(char::from(DIGITS[number % DIGITS.len()]));
        number /= DIGITS.len();
        if number == 0 {
            return key;
        }
    }
}
