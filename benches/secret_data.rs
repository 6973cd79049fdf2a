//! What it costs to find the map of keys and values in what clients send: query or body into parameters, parameters into
//! the map, for each shape that is seen on the wire.
//!
//! `make bench-micro`, or `cargo bench --bench secret_data`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use divan::{Bencher, black_box};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sae_secret::{
    pop::{BodyRole, Parameters},
    sae::{api::normalise, model::SecretData},
};
use serde_json::{Map, Value, json};

fn main() {
    divan::main();
}

/// How a client sends the map. The letters are those of the list in the normaliser.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// The present SDKs: their model as JSON in the query, the map as a text in it (A).
    Model,
    /// The map itself as JSON in the query (B).
    Map,
    /// Older SDKs: the model as a JSON body (C).
    Body,
    /// Hand-written JSON: an object as a member of the body (E).
    Object,
    /// A form (F).
    Form,
    /// One parameter a key (H).
    Flat,
}

const SHAPES: [Shape; 6] =
    [Shape::Model, Shape::Map, Shape::Body, Shape::Object, Shape::Form, Shape::Flat];

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A request's query, its body's type, and its body.
fn request(shape: Shape, keys: usize) -> (String, &'static str, String) {
    let pair = |number: usize| (format!("KEY_{number:03}"), format!("value-of-{number:031}"));
    let map: Map<String, Value> =
        (0..keys).map(pair).map(|(key, value)| (key, value.into())).collect();
    let text = Value::from(map.clone()).to_string();
    let model = json!({ "SecretData": text }).to_string();
    let place = "NamespaceId=cn-beijing%3Atest&SecretName=app-config&SecretType=Opaque";
    let in_query = |data: &str| format!("{place}&SecretData={}", encoded(data));
    let json = "application/json; charset=utf-8";
    let form = "application/x-www-form-urlencoded";
    match shape {
        Shape::Model => (in_query(&model), "", String::new()),
        Shape::Map => (in_query(&text), "", String::new()),
        Shape::Body => (place.to_owned(), json, model),
        Shape::Object => (place.to_owned(), json, json!({ "SecretData": map }).to_string()),
        Shape::Form => (place.to_owned(), form, format!("SecretData={}", encoded(&text))),
        Shape::Flat => {
            let members = (0..keys).map(pair);
            let members: Vec<String> =
                members.map(|(key, value)| format!("&SecretData.{key}={value}")).collect();
            (place.to_owned() + &members.concat(), "", String::new())
        }
    }
}

/// All that is done with a request's parameters until the map is there.
fn found(query: &str, content_type: &str, body: &str) -> SecretData {
    let mut parameters = Parameters::from_query(query);
    let added = parameters.add_body(body.as_bytes(), content_type, BodyRole::Parameters);
    added.expect("a body that can be read");
    let raw = parameters.structure("SecretData").expect("well-formed").expect("it is there");
    normalise(raw).expect("a map")
}

fn measure(bencher: Bencher<'_, '_>, shape: Shape, keys: usize) {
    let (query, content_type, body) = request(shape, keys);
    assert_eq!(found(&query, content_type, &body).key_count(), keys, "{shape:?}");
    bencher.bench_local(|| found(black_box(&query), content_type, black_box(&body)));
}

/// A handful of settings.
#[divan::bench(args = SHAPES)]
fn of_5_keys(bencher: Bencher<'_, '_>, shape: Shape) {
    measure(bencher, shape, 5);
}

/// As many keys as a secret may have by default.
#[divan::bench(args = SHAPES)]
fn of_100_keys(bencher: Bencher<'_, '_>, shape: Shape) {
    measure(bencher, shape, 100);
}
