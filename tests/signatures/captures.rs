//! What the official SDKs sent, at the hour when they sent it.

use sae_secret::{
    access::{CommonField, Refusal},
    clock::Timestamp,
};

use crate::sent::{CAPTURED_AT, SESSION, captures, directory};

/// Its client signed another value than it sent: `undefined` for nothing.
pub const SIGNED_ANOTHER_VALUE: &str = "node_popcore_create_namespace";

#[test]
fn captures_are_verified() {
    let (directory, now) = (directory(), Timestamp(CAPTURED_AT * 1000));
    let (mut acs3, mut roa, mut sessions) = (0, 0, 0);
    for (name, sent) in captures() {
        let admitted = sent.admitted(&directory, now);
        if name.contains("_bearer_") {
            assert_eq!(admitted.unwrap_err(), Refusal::Missing(CommonField::AccessKeyId), "{name}");
        } else if name == SIGNED_ANOTHER_VALUE {
            assert!(matches!(admitted, Err(Refusal::RoaMismatch { .. })), "{name}: {admitted:?}");
        } else {
            let caller = admitted.unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
            assert!(sent.is_verified(), "{name}");
            assert_eq!(caller.user().map(|user| user.name.as_str()), Some("full"), "{name}");
            let is_session = caller.access_key_id.as_deref() == Some(SESSION.0);
            assert_eq!(is_session, name.contains("_sts_"), "{name}");
            sessions += usize::from(is_session);
            if sent.is_acs3() { acs3 += 1 } else { roa += 1 }
        }
    }
    assert_eq!((acs3, roa, sessions), (46, 29, 5));
}

/// The refused capture differs from a good one in nothing but that value.
#[test]
fn the_client_that_signs_undefined_did_just_that() {
    let captures = captures();
    let (_, sent) = captures.iter().find(|(name, _)| name == SIGNED_ANOTHER_VALUE).unwrap();
    let target = String::from_utf8(sent.target.clone()).unwrap();
    let mut meant = sent.clone();
    let pairs = target.split('&').map(|pair| match pair.strip_suffix('=') {
        Some(name) => format!("{name}=undefined"),
        None => pair.to_owned(),
    });
    meant.target = pairs.collect::<Vec<_>>().join("&").into_bytes();
    assert_ne!(meant, *sent);
    assert!(!sent.is_verified());
    assert!(meant.is_verified());
}
