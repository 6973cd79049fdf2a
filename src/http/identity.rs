//! The two ids of a request.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::domain::Timestamp;

/// The ids of a request; both stand in the reply, in its headers and in the log line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// An upper-case UUID.
    pub request_id: String,
    /// 30 characters: 8 hexadecimal digits of the server's address, 13 digits of epoch milliseconds, 4 digits of a
    /// running number, one letter, 4 hexadecimal digits of the process. The documented sample has this form.
    pub trace_id: String,
}

/// A source of ids; tests fix it.
pub trait IdentitySource: Send + Sync {
    /// The ids of a request that arrives now.
    fn next(&self, now: Timestamp) -> Identity;
}

/// Ids that differ from call to call and from process to process.
#[derive(Debug)]
pub struct SystemIdentities {
    address: Ipv4Addr,
    process: u32,
    count: AtomicU32,
}

impl SystemIdentities {
    /// Ids of a server at that address.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        let address = match address {
            IpAddr::V4(address) => address,
            IpAddr::V6(_) => Ipv4Addr::LOCALHOST,
        };
        Self { address, process: std::process::id(), count: AtomicU32::new(0) }
    }
}

impl IdentitySource for SystemIdentities {
    fn next(&self, now: Timestamp) -> Identity {
        let request_id = uuid::Uuid::new_v4().hyphenated().encode_upper(&mut [0; 36]).to_owned();
        let count = self.count.fetch_add(1, Ordering::Relaxed) % 10_000;
        let [a, b, c, d] = self.address.octets();
        let millis = now.0.clamp(0, 9_999_999_999_999);
        let process = self.process & 0xFFFF;
        let trace_id = format!("{a:02x}{b:02x}{c:02x}{d:02x}{millis:013}{count:04}e{process:04x}");
        Identity { request_id, trace_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_documented_form() {
        let ids = SystemIdentities::new(IpAddr::V4(Ipv4Addr::new(10, 152, 160, 35)));
        let one = ids.next(Timestamp(1_595_556_477_284));
        assert!(one.trace_id.starts_with("0a98a02315955564772840000e"), "{}", one.trace_id);
        assert_eq!(one.trace_id.len(), 30);
        let parsed = uuid::Uuid::parse_str(&one.request_id).map(|id| id.to_string().to_uppercase());
        assert_eq!(parsed.as_ref(), Ok(&one.request_id));
        assert_ne!(ids.next(Timestamp(0)), ids.next(Timestamp(0)));
        assert_eq!(ids.next(Timestamp(i64::MAX)).trace_id.len(), 30);
    }
}
