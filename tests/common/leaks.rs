//! Whether a secret value comes out where none may: in the log at its finest level, in a panic, in the metrics, or in the
//! error that answers the very request that it came with.
//!
//! What a test sends is looked through for values when it is sent, so that they are known before the server can say them;
//! what the server says is looked through as it is said. A find fails the test that comes to [`check`] next, whichever
//! test sent the value: its name is told.

mod forms;
mod values;

use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    net::SocketAddr,
    panic,
    sync::{
        LazyLock, Mutex, Once, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use log::{
    LevelFilter, Log, Metadata, Record,
    kv::{self, Key, VisitSource},
};
use sae_secret::{cli::logging, settings::LogFormat};

use super::{
    tls,
    wire::{Connection, Reply, Request},
};

/// How many bytes a text must have that is looked for: shorter ones would be found by chance. All of [`Needles`] begin
/// with so many.
const SHORTEST: usize = 8;

/// What is known of the texts that are looked for, by their first eight bytes.
#[derive(Default)]
struct Needles {
    all: Vec<Needle>,
    by_beginning: HashMap<u64, Vec<usize>>,
    by_text: HashMap<Vec<u8>, usize>,
    /// Whether any beginning has this hash: nearly every byte that is looked at ends here.
    may_begin: Vec<bool>,
}

struct Needle {
    text: Vec<u8>,
    form: &'static str,
    /// The test that sent it first.
    sender: String,
}

/// A needle that was found.
#[derive(Debug, Clone)]
pub struct Find {
    sender: String,
    pub form: &'static str,
    /// Where it was found: level and target of a log record, or what else it was.
    pub place: String,
}

static IS_RECORDING: AtomicBool = AtomicBool::new(false);
static NEEDLES: LazyLock<RwLock<Needles>> = LazyLock::new(RwLock::default);
static FINDS: Mutex<Vec<Find>> = Mutex::new(vec![]);
static VALUES: AtomicU64 = AtomicU64::new(0);
static RECORDS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// Who sent what is to be found.
const CONTROL: &str = "the control";

/// Begins to record what the server logs, at the finest level and by the rules of production, and what its threads say
/// when they panic.
pub fn record() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let mut production = logging::builder(LogFormat::Text);
        // The default is silent about it, and RUST_LOG need not be.
        production.filter_module("actix_server", LevelFilter::Trace);
        let production = production.filter_level(LevelFilter::Trace).build();
        log::set_boxed_logger(Box::new(Recorder { production })).expect("no other logger");
        log::set_max_level(LevelFilter::Trace);
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let file = info.location().map_or("", panic::Location::file);
            if is_of_server(thread::current().name(), file) {
                let message = info.payload_as_str().unwrap_or_default();
                let found = look(message.as_bytes(), || format!("a panic in {file}"));
                if !found {
                    note(Find {
                        sender: String::new(),
                        form: "",
                        place: format!("a panic in {file}"),
                    });
                }
            }
            usual(info);
        }));
        IS_RECORDING.store(true, Ordering::SeqCst);
    });
}

/// Tests may say their values when they fail. Their threads have their names, and what they start has their files.
fn is_of_server(thread: Option<&str>, file: &str) -> bool {
    !file.starts_with("tests/") && !thread.is_some_and(|name| name.contains("::"))
}

/// Takes what production would write if it were told to write all.
struct Recorder {
    /// Only for its filter: it writes nothing here.
    production: env_logger::Logger,
}

impl Log for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.production.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.production.matches(record) {
            return;
        }
        let mut line = Line(record.args().to_string());
        record.key_values().visit(&mut line).expect("a text takes all");
        RECORDS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(line.0.len() as u64, Ordering::Relaxed);
        look(line.0.as_bytes(), || {
            let file = record.file().unwrap_or_default();
            format!("the log: {} {} ({file})", record.level(), record.target())
        });
    }

    fn flush(&self) {}
}

/// A record's message and its fields.
struct Line(String);

impl<'kvs> VisitSource<'kvs> for Line {
    fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        write!(self.0, " {key}={value}")?;
        Ok(())
    }
}

impl Needles {
    fn add(&mut self, text: Vec<u8>, form: &'static str, sender: &str) -> usize {
        if let Some(known) = self.by_text.get(&text) {
            return *known;
        }
        let number = self.all.len();
        let beginning = u64::from_be_bytes(text[..SHORTEST].try_into().unwrap());
        self.may_begin.resize(1 << 18, false);
        self.may_begin[hash(beginning)] = true;
        self.by_beginning.entry(beginning).or_default().push(number);
        self.by_text.insert(text.clone(), number);
        self.all.push(Needle { text, form, sender: sender.to_owned() });
        number
    }

    /// The first needle in a text that `wanted` takes.
    fn find(&self, text: &[u8], wanted: impl Fn(usize) -> bool) -> Option<&Needle> {
        if self.all.is_empty() {
            return None;
        }
        let mut window = 0;
        for (at, byte) in text.iter().enumerate() {
            window = window << 8 | u64::from(*byte);
            if !self.may_begin[hash(window)] || at + 1 < SHORTEST {
                continue;
            }
            let rest = &text[at + 1 - SHORTEST..];
            let known = self.by_beginning.get(&window).into_iter().flatten();
            let mut found = known.filter(|number| rest.starts_with(&self.all[**number].text));
            if let Some(found) = found.find(|number| wanted(**number)) {
                return Some(&self.all[*found]);
            }
        }
        None
    }
}

/// Fibonacci hashing to 18 bits.
fn hash(window: u64) -> usize {
    usize::try_from(window.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 46).unwrap()
}

/// Looks through what the server said; `place` tells where.
fn look(text: &[u8], place: impl Fn() -> String) -> bool {
    let needles = NEEDLES.read().unwrap_or_else(PoisonError::into_inner);
    let Some(Needle { form, sender, .. }) = needles.find(text, |_| true) else { return false };
    note(Find { sender: sender.clone(), form, place: place() });
    true
}

fn note(find: Find) {
    FINDS.lock().unwrap_or_else(PoisonError::into_inner).push(find);
}

fn add(value: &str, sender: &str, own: &mut HashSet<usize>) {
    VALUES.fetch_add(1, Ordering::Relaxed);
    // Outside of the lock, which every log line waits for.
    let forms = forms::of(value);
    let mut needles = NEEDLES.write().unwrap_or_else(PoisonError::into_inner);
    own.extend(forms.into_iter().map(|(form, text)| needles.add(text, form, sender)));
}

fn is_recording() -> bool {
    IS_RECORDING.load(Ordering::SeqCst)
}

fn sender() -> String {
    thread::current().name().unwrap_or("a thread of a test").to_owned()
}

/// What a world file has that nobody may be told.
pub fn know_world(world: &str) {
    for value in values::of_world(world) {
        add(&value, &sender(), &mut HashSet::new());
    }
}

/// The secret values that were sent on one connection.
#[derive(Default)]
pub struct Sent(HashSet<usize>);

impl Sent {
    /// Notes the values in what is about to be sent.
    pub fn note(&mut self, bytes: &[u8]) {
        if is_recording() {
            for value in values::of_requests(bytes) {
                add(&value, &sender(), &mut self.0);
            }
        }
    }

    /// Holds a reply: an error repeats no value of its request. `SignatureDoesNotMatch` tells its caller what the server
    /// made of the request, as the cloud does.
    #[track_caller]
    pub fn check(&self, reply: &Reply) {
        let is_exempt = || find(&reply.body, b"SignatureDoesNotMatch");
        if is_recording() && reply.status >= 400 && !is_exempt() {
            let needles = NEEDLES.read().unwrap_or_else(PoisonError::into_inner);
            let headers = reply.headers.iter().map(|(_, value)| value.as_bytes());
            let found = headers
                .chain([&reply.body[..]])
                .find_map(|text| needles.find(text, |number| self.0.contains(&number)));
            let form = found.map(|needle| needle.form);
            // A poisoned lock would hide what the others say.
            drop(needles);
            assert!(
                form.is_none(),
                "a value stands in the {} that answers it, {form:?}",
                reply.status
            );
        }
        check();
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// Looks through what a server tells monitors.
pub fn look_at_metrics(address: SocketAddr) {
    let request = Request::new("GET", "/metrics").bytes(address);
    let ask = |mut connection: Connection| {
        connection.send(&request).unwrap();
        connection.receive()
    };
    let mut reply = ask(Connection::open(address));
    if reply.status == 400 {
        reply = ask(tls::open(address));
    }
    assert!(find(&reply.body, b"# EOF"), "{reply:?}");
    look(&reply.body, || "the metrics".to_owned());
}

/// Fails if a value has come out since the last look.
#[track_caller]
pub fn check() {
    let mut finds = FINDS.lock().unwrap_or_else(PoisonError::into_inner);
    let leaks: Vec<Find> = finds.extract_if(.., |find| find.sender != CONTROL).collect();
    drop(finds);
    assert!(leaks.is_empty(), "values, or panics, came out: {leaks:#?}");
}

/// How much was looked for and looked at up to now.
pub fn statistics() -> String {
    let needles = NEEDLES.read().unwrap_or_else(PoisonError::into_inner).all.len();
    let [values, records, bytes] =
        [&VALUES, &RECORDS, &BYTES].map(|count| count.load(Ordering::Relaxed));
    format!("{values} values sent, {needles} needles; {records} log records of {bytes} bytes")
}

/// Lets a value be found without failing anybody, as a control of the search itself.
pub fn expect(value: &str) {
    add(value, CONTROL, &mut HashSet::new());
}

/// What of [`expect`] has been found since the last time.
pub fn take_expected() -> Vec<Find> {
    let mut finds = FINDS.lock().unwrap_or_else(PoisonError::into_inner);
    finds.extract_if(.., |find| find.sender == CONTROL).collect()
}

/// The values that are seen in a request, for tests of this search.
pub fn values_of(request: &[u8]) -> Vec<String> {
    values::of_requests(request)
}
