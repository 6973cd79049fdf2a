//! Requests that are made from the document, good ones and spoilt ones: the document has every reply to them, and what breaks
//! one of its rules does not succeed.

mod described;
mod pool;
mod values;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    thread,
};

use fastrand::Rng;
use sae_secret::kms::api::Operation;
use serde_json::{Map, Value};

use self::{
    described::{Described, Parameter},
    pool::Pool,
};
use crate::common::{
    Reply, Request, Signer, TestServer, document, encoded, query, server::SetClock,
    wire::Connection,
};

/// When everything happens: 2026-01-02T03:04:05Z.
const NOW: i64 = 1_767_323_045;

const SEEDS: u64 = 2;

/// How many requests a seed makes for each operation, and how many more for each of its parameters.
const ROUNDS: usize = 8;
const ROUNDS_MORE: usize = 3;

const WORLD: &str = r#"
account: "1000000000000001"
regions: [cn-hangzhou, cn-beijing]
root:
  access_keys: [{ id: LTAI5tRoot00000000000001, secret: root-not-real }]
users:
  - { name: alice }
  - name: reader
    access_keys: [{ id: LTAI5tReader000000000001, secret: reader-not-real }]
    policies: [AliyunKMSReadOnlyAccess]
  - name: nobody
    access_keys: [{ id: LTAI5tNobody000000000001, secret: nobody-not-real }]
kms:
  instances:
    - { id: kst-good }
    - { id: kst-small, secret_quota: 1, access_quota: 1 }
    - { id: kst-away, state: Disconnected }
"#;

const ROOT: (&str, &str) = ("LTAI5tRoot00000000000001", "root-not-real");
const READER: (&str, &str) = ("LTAI5tReader000000000001", "reader-not-real");
const NOBODY: (&str, &str) = ("LTAI5tNobody000000000001", "nobody-not-real");

/// Operations that take something away from the others.
const TAKING: [&str; 8] = [
    "DeleteSecret",
    "RestoreSecret",
    "EnableKey",
    "DisableKey",
    "ScheduleKeyDeletion",
    "CancelKeyDeletion",
    "UpdateAlias",
    "DeleteAlias",
];

/// Names and values, in the order in which they are sent.
type Given = Vec<(String, String)>;

/// Where parameters stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Query,
    Form,
    Json,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    /// Nobody that is named.
    Unsigned,
    /// The owner of a key, by headers.
    Signed((&'static str, &'static str)),
}

/// A client of a server, and what it has met.
struct Client {
    server: TestServer,
    connection: Connection,
    /// How often each operation answered: XML or not, successfully or not.
    met: BTreeMap<(&'static str, bool, bool), usize>,
    /// The rows that each operation answered.
    rows: BTreeSet<(&'static str, String)>,
}

/// Says what was sent when a test fails.
struct Note<'a>(&'a Request);

#[allow(clippy::print_stderr, reason = "a test that fails has to tell")]
impl Drop for Note<'_> {
    #[expect(clippy::print_stderr, reason = "beside what the panic says")]
    fn drop(&mut self) {
        if thread::panicking() {
            let body = String::from_utf8_lossy(&self.0.body);
            let shown: String = body.chars().take(3000).collect();
            eprintln!("{} {} {:?}\n{shown}", self.0.method, self.0.target, self.0.headers);
        }
    }
}

impl Client {
    fn start() -> Self {
        let server = TestServer::start_at(SetClock::at(NOW), WORLD, |_| {});
        let connection = server.connect();
        Self { server, connection, met: BTreeMap::new(), rows: BTreeSet::new() }
    }

    /// Sends a request; the document has its reply, and it is no fault of the server.
    #[track_caller]
    fn send(&mut self, request: &Request) -> Reply {
        let _note = Note(request);
        let bytes = request.bytes(self.server.address);
        self.connection.send(&bytes).expect("the server reads");
        let reply = self.connection.receive();
        if reply.header("connection") == Some("close") {
            self.connection = self.server.connect();
        }
        document::check_sent(&bytes, &reply);
        assert!(reply.status < 500, "{}", reply.text());
        reply
    }

    /// Asks as the account itself for what has to succeed.
    #[track_caller]
    fn ok(&mut self, action: &str, given: &[(&str, &str)]) -> Value {
        let reply = self.call(action, given);
        assert_eq!(reply.status, 200, "{action} {given:?}: {}", reply.text());
        reply.json()
    }

    /// Asks as the account itself.
    #[track_caller]
    fn call(&mut self, action: &str, given: &[(&str, &str)]) -> Reply {
        let target = format!("/?Action={action}&Version=2016-01-20");
        let request = Request::new("POST", target);
        self.send(&request.body("application/x-www-form-urlencoded", query(given)))
    }

    fn note(&mut self, operation: &Described, reply: &Reply) {
        let is_xml = reply.header("content-type").is_some_and(|it| it.starts_with("text/xml"));
        let is_success = reply.status == 200;
        *self.met.entry((operation.name, is_xml, is_success)).or_default() += 1;
        if !is_success {
            let code = if is_xml { xml_code(reply.text()) } else { reply.code() };
            self.rows.insert((operation.name, format!("{} {code}", reply.status)));
        }
    }
}

/// A request as it is going to be sent.
struct Case {
    operation: &'static str,
    place: Place,
    is_post: bool,
    asker: Asker,
    wants_xml: bool,
    given: Given,
    /// What stands in the query as it is.
    raw: String,
    /// Whether the document may be held against a success.
    is_plain: bool,
}

impl Case {
    fn request(&self) -> Request {
        let mut system = vec![("Version".to_owned(), "2016-01-20".to_owned())];
        if self.asker == Asker::Unsigned {
            system.insert(0, ("Action".to_owned(), self.operation.to_owned()));
        }
        if self.wants_xml {
            system.push(("Format".to_owned(), "XML".to_owned()));
        }
        // What is spoilt stands first: of the same name in one place neither counts, and of two places the query does.
        let (in_query, in_body) = match self.place {
            Place::Query => ([&self.given[..], &system].concat(), vec![]),
            Place::Form | Place::Json => (system, self.given.clone()),
        };
        let method = if self.is_post { "POST" } else { "GET" };
        let request = Request::new(method, format!("/?{}{}", written(&in_query), self.raw));
        let request = match self.place {
            Place::Query => request,
            Place::Form => request.body("application/x-www-form-urlencoded", written(&in_body)),
            Place::Json => request.body("application/json", json_text(&in_body)),
        };
        match self.asker {
            Asker::Unsigned => request,
            Asker::Signed((id, secret)) => Signer::new(id, secret)
                .version("2016-01-20")
                .at(NOW)
                .sign(request, Some(self.operation)),
        }
    }
}

fn written(given: &[(String, String)]) -> String {
    let pairs: Vec<(&str, &str)> =
        given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    query(&pairs)
}

/// A flat object, with numbers and truth values as such; a name may stand twice.
fn json_text(given: &[(String, String)]) -> String {
    let mut text = "{".to_owned();
    for (index, (name, value)) in given.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let is_bare =
            value == "true" || value.parse::<u32>().is_ok_and(|it| it.to_string() == *value);
        let value = if is_bare { value.clone() } else { Value::from(value.as_str()).to_string() };
        write!(text, "{comma}{}:{value}", Value::from(name.as_str())).unwrap();
    }
    text + "}"
}

/// What a request says besides the operation's own parameters.
fn spoil_system(random: &mut Rng, case: &mut Case) {
    let choices = [
        ("Version", "2016-01-21"),
        ("Version", ""),
        ("RegionId", "cn-beijing"),
        ("RegionId", "cn-nowhere"),
        ("RegionId", "<&>"),
        ("Format", "None"),
        ("Format", "xml"),
        ("AccessKeyId", "LTAI5tNobody000000000001"),
        ("AccessKeyId", "unknown"),
        ("Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("SignatureMethod", "SHA256withRSA"),
        ("SignatureType", ""),
        ("SignatureType", "BEARERTOKEN"),
        ("SecurityToken", "none"),
        ("Timestamp", "2020-01-01T00:00:00Z"),
    ];
    let (name, value) = choices[random.usize(..choices.len())];
    case.given.insert(0, (name.to_owned(), value.to_owned()));
    case.is_plain = false;
}

fn spoil(random: &mut Rng, operation: &Described, pool: &mut Pool, case: &mut Case) {
    let count = case.given.len();
    let parameter = (!operation.parameters.is_empty())
        .then(|| &operation.parameters[random.usize(..operation.parameters.len())]);
    match (random.u8(..20), parameter) {
        (0..2, _) if count > 0 => drop(case.given.remove(random.usize(..count))),
        (0..12, Some(parameter)) => {
            let value = values::wrong(random, parameter, pool);
            case.given.retain(|(name, _)| *name != parameter.name);
            case.given.push((parameter.name.clone(), value));
        }
        (12..14, Some(parameter)) => {
            // Twice, with two values or one.
            let value = pool.good(random, operation, parameter);
            case.given.push((parameter.name.clone(), value));
            case.is_plain = false;
        }
        (14, Some(parameter)) => {
            let name = parameter.name.to_lowercase();
            case.given.push((name, values::hostile(random).to_owned()));
        }
        (15, Some(parameter)) => {
            // The next of a list, or the member of a structure.
            let name = parameter.name.replacen(".1", ".2", 1);
            let name = if name == parameter.name { format!("{name}.x") } else { name };
            case.given.push((name, pool.good(random, operation, parameter)));
            case.is_plain = false;
        }
        (16, Some(parameter)) => {
            let bytes = ["%zz", "%", "%FF", "%ED%A0%80", "%00"];
            let bytes = bytes[random.usize(..bytes.len())];
            case.raw = format!("&{}={bytes}", encoded(&parameter.name));
            case.asker = Asker::Unsigned;
            case.is_plain = false;
        }
        _ => spoil_system(random, case),
    }
}

/// A request for an operation, spoilt more often than not.
fn case(random: &mut Rng, operation: &Described, pool: &mut Pool) -> Case {
    let is_post = !operation.can_get || random.bool();
    let place = match random.u8(..3) {
        0 if is_post => Place::Form,
        1 if is_post => Place::Json,
        _ => Place::Query,
    };
    let asker = match random.u8(..10) {
        0 => Asker::Signed(NOBODY),
        1 => Asker::Signed(READER),
        2 => Asker::Signed(ROOT),
        _ => Asker::Unsigned,
    };
    let mut case = Case {
        operation: operation.name,
        place,
        is_post,
        asker,
        wants_xml: random.bool(),
        given: pool.request(random, operation),
        raw: String::new(),
        is_plain: true,
    };
    let parameters = &operation.parameters;
    match random.u8(..3) {
        0 => {}
        1 if !parameters.is_empty() => {
            // Right in form, and not there or in another state.
            let parameter = &parameters[random.usize(..parameters.len())];
            if case.given.iter().any(|(name, _)| *name == parameter.name) || random.bool() {
                pool::set(&mut case.given, &parameter.name, &pool.other(random, parameter));
            }
        }
        _ => (0..random.usize(1..3)).for_each(|_| spoil(random, operation, pool, &mut case)),
    }
    // A target has its limits; the values that have limits of their own stand in the body.
    if case.place == Place::Query && written(&case.given).len() > 60_000 {
        (case.is_post, case.place) = (true, Place::Form);
    }
    case
}

/// What of a request breaks a rule of the document.
fn broken<'a>(operation: &'a Described, case: &Case) -> Vec<&'a str> {
    let of = |parameter: &&Parameter| {
        let value = case.given.iter().find(|(name, _)| *name == parameter.name);
        match value.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty()) {
            None => parameter.is_needed,
            Some(value) => !parameter.takes(value),
        }
    };
    operation.parameters.iter().filter(of).map(|parameter| parameter.name.as_str()).collect()
}

/// What the document forbids, and where it says that it is not looked at.
fn is_ignored(operation: &str, name: &str, case: &Case) -> bool {
    let value = |wanted: &str| {
        let found = case.given.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    match (operation, name) {
        // Of a secret of the type Generic.
        ("CreateSecret", "ExtendedConfig" | "EnableAutomaticRotation")
            if matches!(value("SecretType"), "" | "Generic") =>
        {
            true
        }
        (_, "RotationInterval") => !value("EnableAutomaticRotation").eq_ignore_ascii_case("true"),
        // A forced deletion has no window.
        ("DeleteSecret", "RecoveryWindowInDays") => {
            value("ForceDeleteWithoutRecovery").eq_ignore_ascii_case("true")
        }
        ("GenerateDataKey" | "GenerateDataKeyWithoutPlaintext", "KeySpec") => {
            !value("NumberOfBytes").is_empty()
        }
        ("UpdateKeyDescription", "Description") => value("Description").is_empty(),
        // What is wrong with one of them is told of that one.
        ("BatchGetSecretValue", "SecretsList") => true,
        _ => false,
    }
}

#[track_caller]
fn check_format(case: &Case, reply: &Reply) {
    let is_xml = reply.header("content-type") == Some("text/xml;charset=utf-8");
    let is_format_clear = !case.given.iter().any(|(name, _)| name == "Format");
    if is_format_clear && case.wants_xml && !is_xml {
        // Unless it is what XML cannot say.
        let says = |text: &str| {
            text.chars()
                .any(|c| (c < ' ' && !"\t\n\r".contains(c)) || matches!(c, '\u{FFFE}' | '\u{FFFF}'))
        };
        assert!(has_text(&reply.json(), &says), "JSON in place of XML: {}", reply.text());
    } else if is_format_clear {
        assert_eq!(is_xml, case.wants_xml, "{}", reply.text());
    }
}

fn has_text(value: &Value, is_wanted: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_wanted(text),
        Value::Array(items) => items.iter().any(|item| has_text(item, is_wanted)),
        Value::Object(members) => members.values().any(|member| has_text(member, is_wanted)),
        _ => false,
    }
}

#[test]
fn the_document_has_every_reply_to_generated_requests() {
    let operations = described::operations();
    let mut client = Client::start();
    let mut pool = Pool::fill(&mut client);
    let mut accepted = BTreeMap::new();
    for seed in 0..SEEDS {
        let mut random = Rng::with_seed(seed);
        let mut order: Vec<&Described> = operations.iter().collect();
        random.shuffle(&mut order);
        for operation in order {
            for round in 0..ROUNDS + ROUNDS_MORE * operation.parameters.len() {
                let case = case(&mut random, operation, &mut pool);
                let request = case.request();
                let reply = client.send(&request);
                client.note(operation, &reply);
                let _note = Note(&request);
                check_format(&case, &reply);
                if reply.status == 200 && case.is_plain {
                    let mut broken = broken(operation, &case);
                    broken.retain(|name| !is_ignored(operation.name, name, &case));
                    for name in broken {
                        let value = case.given.iter().find(|(known, _)| known == name);
                        accepted.insert((operation.name, name), value.cloned());
                    }
                }
                pool.learn(operation, &reply);
                if (round + 1) % 10 == 0 && TAKING.contains(&operation.name) {
                    pool.restock(&mut client);
                }
            }
        }
    }
    assert!(accepted.is_empty(), "taken, although the document does not: {accepted:#?}");
    let mut lacking = vec![];
    for operation in Operation::ALL {
        for is_xml in [false, true] {
            for is_success in [false, true] {
                if !client.met.contains_key(&(operation.name(), is_xml, is_success)) {
                    lacking.push((operation.name(), is_xml, is_success));
                }
            }
        }
    }
    assert!(lacking.is_empty(), "never met (operation, XML, success): {lacking:#?}");
    // The requests are not all refused for the same few reasons.
    assert!(client.rows.len() > 150, "only {} rows: {:#?}", client.rows.len(), client.rows);
}

#[test]
fn what_is_needed_is_missed() {
    let mut client = Client::start();
    let mut pool = Pool::fill(&mut client);
    let mut random = Rng::with_seed(0);
    for operation in &described::operations() {
        for parameter in operation.parameters.iter().filter(|it| it.is_needed) {
            let given = pool.request(&mut random, operation);
            for is_empty in [false, true] {
                let mut given = given.clone();
                given.retain(|(name, _)| *name != parameter.name);
                // Without its key a tag's value makes no tag.
                given.retain(|(name, _)| name != "Tag.1.Value");
                if is_empty {
                    given.push((parameter.name.clone(), String::new()));
                }
                let target = format!("/?Action={}&Version=2016-01-20", operation.name);
                let body = written(&given);
                let request = Request::new("POST", target);
                let request = request.body("application/x-www-form-urlencoded", body);
                let reply = client.send(&request);
                let _note = Note(&request);
                // Where the document says what an empty one means.
                match (operation.name, &parameter.name[..]) {
                    ("UpdateKeyDescription", "Description") if is_empty => {
                        assert_eq!(reply.status, 200);
                        continue;
                    }
                    _ => {}
                }
                reply.assert_error(400, "MissingParameter");
                // A list is named as a whole.
                let name = parameter.name.split('.').next().unwrap_or_default();
                let text = format!("The parameter \"{name}\" needed but no provided.");
                assert_eq!(reply.message(), text);
            }
        }
    }
}

#[test]
fn other_actions_and_methods_are_answered_by_the_gateway() {
    let mut client = Client::start();
    for (action, status, code) in [
        ("", 400, "MissingParameter"),
        ("CreateSecrets", 404, "InvalidAction.NotFound"),
        ("createsecret", 404, "InvalidAction.NotFound"),
        ("<&>\u{0}", 404, "InvalidAction.NotFound"),
        ("ReEncrypt", 400, "UnsupportedOperation"),
    ] {
        client.call(&encoded(action), &[]).assert_error(status, code);
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let request = Request::new(method, "/?Action=ListSecrets&Version=2016-01-20");
        client.send(&request).assert_error(403, "UnsupportedHTTPMethod");
    }
    let request = Request::new("GET", "/?Action=SetSecretPolicy&Version=2016-01-20");
    client.send(&request).assert_error(403, "UnsupportedHTTPMethod");
}

fn xml_code(text: &str) -> String {
    let (_, rest) = text.split_once("<Code>").expect("a code");
    rest.split('<').next().unwrap_or_default().to_owned()
}

/// The object that a text says.
fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).expect("an object")
}
