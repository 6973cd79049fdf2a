//! One byte changed, at every place of what is signed: nothing of the kind is believed, except for spellings of the same
//! request, and for what one client leaves unsigned.

use super::{captures, check, is_acs4};
use crate::{
    changed::{Place, Trial, Tried, is_respelling, signed_places, telling},
    sent::Sent,
};

/// Its target has 92,000 bytes, so only some of them are changed.
const BIG: &str = "java-kms20160120-1.2.3.CreateSecret.big";

/// What of a parameter this client does not sign, as it stands in its target.
const UNSIGNED: (&str, &str) =
    ("_odd_java-kms20160120-1.2.3-sigv1.UpdateSecret.empty-unsigned", "&Description=&");

fn places(sent: &Sent) -> Vec<Place> {
    if sent.is_acs3() {
        return signed_places(sent);
    }
    vec![Place::Method, Place::Target, Place::Body]
}

/// In the older way a form is signed as the query is, and in it a space may stand for itself.
fn is_form_respelling(place: Place, text: &[u8], at: usize, byte: u8) -> bool {
    let is_space = place == Place::Body && text[at] == b'+' && byte == b' ';
    let place = if place == Place::Body { Place::Target } else { place };
    is_space || is_respelling(place, text, at, byte)
}

/// A parameter without a value is believed under any name by who signs none of them; with a value it is not.
fn is_unsigned(text: &[u8], at: usize, byte: u8) -> bool {
    let piece = UNSIGNED.1.as_bytes();
    let Some(from) = text.windows(piece.len()).position(|window| window == piece) else {
        return false;
    };
    let is_inside = (from + 1..from + piece.len() - 1).contains(&at);
    is_inside && byte.is_ascii_graphic() && !b"=#".contains(&byte)
}

fn try_all(name: &str, sent: &Sent, bytes: &dyn Fn(u8) -> Vec<u8>) -> Tried {
    let is_same = |place, text: &[u8], at, byte| {
        if sent.is_acs3() {
            is_respelling(place, text, at, byte)
        } else {
            is_form_respelling(place, text, at, byte)
                || (name == UNSIGNED.0 && place == Place::Target && is_unsigned(text, at, byte))
        }
    };
    let trial = Trial {
        places: places(sent),
        step: if name == BIG { 997 } else { 1 },
        bytes,
        is_verified: &|sent| check(sent).is_ok(),
        is_respelling: &is_same,
    };
    trial.run(name, sent)
}

fn try_telling(is_acs3: bool) -> Tried {
    let captures = captures();
    let mut all = Tried::default();
    let wanted = |(name, sent): &&(String, Sent)| sent.is_acs3() == is_acs3 && !is_acs4(name);
    for (name, sent) in captures.iter().filter(wanted) {
        let tried = try_all(name, sent, &telling);
        assert!(tried.changes > 700, "{name}");
        all.changes += tried.changes;
        all.respellings += tried.respellings;
    }
    all
}

fn try_every_value(name: &str) -> Tried {
    let captures = captures();
    let (name, sent) = captures.iter().find(|(known, _)| known == name).expect(name);
    try_all(name, sent, &|_| (0..=u8::MAX).collect())
}

#[test]
fn no_signed_byte_of_the_newer_way_can_be_changed() {
    assert_eq!(try_telling(true), Tried { changes: 213_250, respellings: 4747 });
}

#[test]
fn no_parameter_can_be_changed() {
    assert_eq!(try_telling(false), Tried { changes: 225_826, respellings: 1642 });
}

#[test]
fn no_signed_byte_of_the_newer_way_can_be_any_other() {
    let raw_names = "_odd_go-kms20160120-3.2.3.UpdateSecret.raw-names";
    assert_eq!(try_every_value(raw_names).respellings, 101);
}

#[test]
fn no_parameter_can_be_any_other() {
    let form = "go-classic-commonrequest.CreateSecret.form";
    assert_eq!(try_every_value(form).respellings, 27);
}
