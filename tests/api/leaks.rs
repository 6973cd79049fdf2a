//! The search for values that come out finds them: what is written here on purpose, in each form.

use std::{sync::Mutex, thread};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::common::{Request, TestServer, encoded, leaks, server::*};

/// What one of these tests expects, another one must not take.
static TURN: Mutex<()> = Mutex::new(());

/// The places in which something is found that `say` says.
fn found(say: impl FnOnce()) -> Vec<(String, &'static str)> {
    say();
    leaks::take_expected().into_iter().map(|find| (find.place, find.form)).collect()
}

#[test]
fn a_value_is_found_in_the_log_in_whatever_form_it_stands_there() {
    let _turn = TURN.lock().unwrap();
    let _server = TestServer::start();
    let value = "canary of a control: \"q\"\n";
    leaks::expect(value);
    let around = |text: &str| format!("some{text}thing");
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    for (form, text) in [
        ("as it is", around(value)),
        ("JSON", json!({ "k": value }).to_string()),
        ("Debug", around(&format!("{value:?}"))),
        ("Debug", format!("{:?}", Some(value))),
        ("a list of numbers", format!("{:?}", value.as_bytes())),
        ("base64", STANDARD.encode(value)),
        ("base64", STANDARD.encode(around(value))),
        ("base64", STANDARD.encode(format!("12{value}"))),
        ("url-encoded", encoded(value)),
        ("url-encoded in lower case", encoded(value).replace("%3A", "%3a").replace("%0A", "%0a")),
        ("form-encoded", encoded(value).replace("%20", "+")),
        ("hex in upper case", hex.to_uppercase()),
        ("hex", hex.clone()),
    ] {
        for target in ["a::target", "sae_secret"] {
            let finds = found(|| log::trace!(target: target, "{text}"));
            let [(place, seen)] = &finds[..] else { panic!("{form}: {finds:?}") };
            let is_same = *seen == form || (form == "Debug" && *seen == "JSON");
            assert!(is_same, "{form} is seen as {seen}");
            assert!(place.contains("TRACE") && place.contains(target), "{place}");
            assert!(!place.contains("canary"), "{place}");
        }
    }
    let finds = found(|| log::trace!(field = value; "a record with a field"));
    assert_eq!(finds.len(), 1, "{finds:?}");
    assert_eq!(found(|| log::trace!("canary of a contro")), []);
    #[allow(clippy::print_stdout, reason = "`--nocapture` shows what was counted")]
    {
        println!("{}", leaks::statistics());
    }
}

#[test]
fn a_part_of_a_long_value_is_found() {
    let _turn = TURN.lock().unwrap();
    let _server = TestServer::start();
    let value: String = (0..10_000).map(|number| format!("canary-{number};")).collect();
    leaks::expect(&value);
    for part in [&value[..64], &value[..value.len() / 2 + 64], &value[value.len() - 64..]] {
        assert_eq!(found(|| log::debug!("{part}")).len(), 1, "{part}");
    }
}

#[test]
fn a_value_is_found_in_a_panic_of_a_thread_of_the_server() {
    let _turn = TURN.lock().unwrap();
    let _server = TestServer::start();
    let value = "canary-of-a-panic";
    leaks::expect(value);
    // Called by the standard library, as no test calls it: so the panic is not a test's.
    #[allow(clippy::unnecessary_map_on_constructor)]
    let fail = move || Some(Err::<(), _>(value)).map(Result::unwrap);
    let finds = found(|| drop(thread::spawn(fail).join()));
    assert!(finds.len() == 1 && finds[0].0.contains("a panic"), "{finds:?}");
}

#[test]
fn what_production_never_writes_is_not_looked_at() {
    let _turn = TURN.lock().unwrap();
    let _server = TestServer::start();
    let value = "canary-of-the-filter";
    leaks::expect(value);
    let silent = || log::error!(target: "actix_http::h1::dispatcher", "{value}");
    assert_eq!(found(silent), []);
    assert_eq!(found(|| log::trace!(target: "actix_server", "{value}")).len(), 1);
}

#[test]
fn values_are_known_however_they_are_sent() {
    let value = "canary-not-a-secret \u{e9}\"+%&=";
    let map = json!({ "a-long-name-of-a-key": value }).to_string();
    let model = json!({ "SecretData": map }).to_string();
    let wrapped = json!({ "Data": map }).to_string();
    let query = |text: &str| Request::new("POST", format!("{SECRET}?SecretData={}", encoded(text)));
    let flat = format!("NamespaceId=x&SecretData.k={}", encoded(value));
    let json = |body: &str| Request::new("POST", SECRET).body("application/json", body);
    let form =
        |body: &str| Request::new("POST", SECRET).body("application/x-www-form-urlencoded", body);
    let requests = [
        query(&map),
        query(&model),
        query(&wrapped),
        Request::new("PUT", format!("{SECRET}?{flat}")),
        form(&flat),
        form(&format!("SecretData={}", encoded(&model))),
        json(&model),
        json(&format!("{{\"SecretData\":{map}}}")),
        json(&json!({ "SecretData": model }).to_string()),
        json(&json!({ "SecretData": {"k": STANDARD.encode(&map)} }).to_string()),
    ];
    let address = "127.0.0.1:1".parse().unwrap();
    let mut together = vec![];
    for request in &requests {
        let values = leaks::values_of(&request.bytes(address));
        assert!(values.contains(&value.to_owned()), "{request:?}: {values:?}");
        assert!(!values.iter().any(|value| value.contains("a-long-name")), "{values:?}");
        together.extend(request.bytes(address));
    }
    // Several in a row on one connection; and what is cut off or no JSON.
    let values = leaks::values_of(&together);
    assert_eq!(values.iter().filter(|known| *known == value).count(), requests.len());
    let broken = json("{\"SecretData\":{\"k\":\"canary-not-a-secret\",\"a-long-name\":");
    assert_eq!(leaks::values_of(&broken.bytes(address)), ["canary-not-a-secret"]);
}
