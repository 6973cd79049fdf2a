//! One byte changed, at every place of what is signed: nothing of the kind is believed, except for a few spellings of
//! the same request, each of which is listed here and has to be believed.

use crate::{
    captures::SIGNED_ANOTHER_VALUE,
    sent::{Sent, captures, directory},
};

/// Where a byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Method,
    Target,
    /// The name of the header of that number.
    Name(usize),
    /// Its value.
    Value(usize),
    Body,
}

impl Place {
    pub fn of(self, sent: &mut Sent) -> &mut Vec<u8> {
        match self {
            Self::Method => &mut sent.method,
            Self::Target => &mut sent.target,
            Self::Name(number) => &mut sent.headers[number].0,
            Self::Value(number) => &mut sent.headers[number].1,
            Self::Body => &mut sent.body,
        }
    }
}

/// All that the signature covers, and the signature.
pub fn signed_places(sent: &Sent) -> Vec<Place> {
    let authorization = String::from_utf8_lossy(sent.header("authorization").unwrap()).into_owned();
    let listed = authorization.split_once("SignedHeaders=").map(|(_, rest)| {
        rest.split(',').next().unwrap().split(';').map(str::to_owned).collect::<Vec<_>>()
    });
    let is_signed = |name: &str| match &listed {
        Some(names) => names.iter().any(|known| known == name),
        None => {
            ["accept", "content-md5", "content-type", "date"].contains(&name)
                || name.starts_with("x-acs-")
        }
    };
    let mut places = vec![Place::Method, Place::Target];
    for (number, (name, _)) in sent.headers.iter().enumerate() {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        if name == "authorization" || is_signed(&name) {
            places.extend([Place::Name(number), Place::Value(number)]);
        }
    }
    if sent.is_acs3() || sent.header("content-md5").is_some() {
        places.push(Place::Body);
    }
    places
}

/// Whether that byte, put there, is another spelling of the same request.
pub fn is_respelling(place: Place, text: &[u8], at: usize, byte: u8) -> bool {
    let is_case = text[at].eq_ignore_ascii_case(&byte);
    match place {
        // Names are the same in either case.
        Place::Name(_) => is_case,
        // The space between a colon and a value says nothing, nor would a tab.
        Place::Value(_) => text[..at].trim_ascii().is_empty() && text[at] == b' ' && byte == b'\t',
        Place::Target => {
            // The digits of an escape are the same in either case.
            let is_escape = |at: Option<usize>| at.is_some_and(|at| text[at] == b'%');
            let is_digit = is_escape(at.checked_sub(1)) || is_escape(at.checked_sub(2));
            // A name without a value stands with or without its equals sign, and between two `&` stands nothing.
            let has_no_value = matches!(text.get(at + 1), None | Some(b'&'));
            let has_name = at > 0 && !matches!(text[at - 1], b'&' | b'?');
            let is_sign = text[at] == b'=' && byte == b'&';
            (is_case && is_digit) || (is_sign && has_name && has_no_value)
        }
        Place::Method | Place::Body => false,
    }
}

/// How many changes were tried, and how many of them were respellings.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tried {
    pub changes: usize,
    pub respellings: usize,
}

/// What is tried, and what has to come of it.
pub struct Trial<'a> {
    pub places: Vec<Place>,
    /// Every how many bytes one is changed.
    pub step: usize,
    /// What is put in the place of a byte.
    pub bytes: &'a dyn Fn(u8) -> Vec<u8>,
    pub is_verified: &'a dyn Fn(&Sent) -> bool,
    pub is_respelling: &'a dyn Fn(Place, &[u8], usize, u8) -> bool,
}

/// Puts those bytes, made from the one that is there, at each place.
fn try_all(name: &str, sent: &Sent, bytes: impl Fn(u8) -> Vec<u8>) -> Tried {
    let trial = Trial {
        places: signed_places(sent),
        step: 1,
        bytes: &bytes,
        is_verified: &Sent::is_verified,
        is_respelling: &is_respelling,
    };
    trial.run(name, sent)
}

impl Trial<'_> {
    pub fn run(&self, name: &str, sent: &Sent) -> Tried {
        let mut tried = Tried::default();
        let mut changed = sent.clone();
        for place in self.places.iter().copied() {
            let text = place.of(&mut changed).clone();
            for (at, before) in text.iter().copied().enumerate().step_by(self.step) {
                for byte in (self.bytes)(before).into_iter().filter(|byte| *byte != before) {
                    let is_same = (self.is_respelling)(place, &text, at, byte);
                    place.of(&mut changed)[at] = byte;
                    let is_verified = (self.is_verified)(&changed);
                    assert_eq!(is_verified, is_same, "{name}: {place:?} {at} {byte:#04x}");
                    tried.changes += 1;
                    tried.respellings += usize::from(is_same);
                }
                place.of(&mut changed)[at] = before;
            }
        }
        assert_eq!(changed, *sent);
        tried
    }
}

fn verified_captures() -> Vec<(String, Sent)> {
    let is_not = |name: &str| name.contains("_bearer_") || name == SIGNED_ANOTHER_VALUE;
    captures().into_iter().filter(|(name, _)| !is_not(name)).collect()
}

/// The other case, the neighbour, what is no ASCII, what parts parameters and headers, and what counts as nothing.
pub fn telling(byte: u8) -> Vec<u8> {
    vec![byte ^ 0x20, byte ^ 1, byte ^ 0x80, b'&', b'=', b'0', b' ']
}

fn try_telling(is_acs3: bool) -> Tried {
    let captures = verified_captures();
    let mut all = Tried::default();
    for (name, sent) in captures.iter().filter(|(_, sent)| sent.is_acs3() == is_acs3) {
        let tried = try_all(name, sent, telling);
        all.changes += tried.changes;
        all.respellings += tried.respellings;
    }
    all
}

fn try_every_value(name: &str) -> Tried {
    let captures = verified_captures();
    let (name, sent) = captures.iter().find(|(known, _)| known == name).unwrap();
    let tried = try_all(name, sent, |_| (0..=u8::MAX).collect());
    let bytes: usize =
        signed_places(sent).into_iter().map(|place| place.of(&mut sent.clone()).len()).sum();
    assert_eq!(tried.changes, bytes * 255);
    tried
}

#[test]
fn no_signed_byte_of_the_newer_way_can_be_changed() {
    assert_eq!(try_telling(true), Tried { changes: 296_190, respellings: 6720 });
}

#[test]
fn no_signed_byte_of_the_older_way_can_be_changed() {
    assert_eq!(try_telling(false), Tried { changes: 151_425, respellings: 5928 });
}

#[test]
fn no_signed_byte_of_the_newer_way_can_be_any_other() {
    assert_eq!(try_every_value("node_openapi_create_body").respellings, 122);
    assert_eq!(try_every_value("py_new_sm3_list").respellings, 127);
}

#[test]
fn no_signed_byte_of_the_older_way_can_be_any_other() {
    assert_eq!(try_every_value("py_common_update_body").respellings, 115);
    assert_eq!(try_every_value("node_popcore_sts_list").respellings, 155);
}

/// The same through all checks together, of which others than the signature's may be the first to refuse.
#[test]
fn no_changed_capture_is_admitted() {
    let directory = directory();
    for (name, sent) in verified_captures() {
        let now = sent.date();
        let mut changed = sent.clone();
        for place in signed_places(&sent) {
            let text = place.of(&mut changed).clone();
            for (at, before) in text.iter().copied().enumerate() {
                let byte = before ^ 1;
                place.of(&mut changed)[at] = byte;
                let is_let_through = changed.signed(|_| ()).is_some();
                if is_let_through && !is_respelling(place, &text, at, byte) {
                    let admitted = changed.admitted(&directory, now);
                    assert!(admitted.is_err(), "{name}: {place:?} {at}");
                }
                place.of(&mut changed)[at] = before;
            }
        }
    }
}
