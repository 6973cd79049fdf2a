//! The ids that the platform's tracing gives requests.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use crate::clock::Timestamp;

/// Ids that differ from call to call and from process to process, of 30 characters: 8 hexadecimal digits of the server's
/// address, 13 digits of epoch milliseconds, 4 digits of a running number, one letter, 4 hexadecimal digits of the process.
/// The documented sample has this form. Cloning is cheap; clones give different ids.
#[derive(Debug, Clone)]
pub struct TraceIds {
    address: Ipv4Addr,
    process: u32,
    count: Arc<AtomicU32>,
}

impl TraceIds {
    /// Ids of a server at that address.
    pub fn new(address: IpAddr) -> Self {
        let address = match address {
            IpAddr::V4(address) => address,
            IpAddr::V6(_) => Ipv4Addr::LOCALHOST,
        };
        Self { address, process: std::process::id(), count: Arc::default() }
    }

    /// The id of a request that arrives at that moment.
    pub fn next(&self, now: Timestamp) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed) % 10_000;
        let [a, b, c, d] = self.address.octets();
        let millis = now.0.clamp(0, 9_999_999_999_999);
        let process = self.process & 0xFFFF;
        format!("{a:02x}{b:02x}{c:02x}{d:02x}{millis:013}{count:04}e{process:04x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_documented_form() {
        let ids = TraceIds::new(IpAddr::V4(Ipv4Addr::new(10, 152, 160, 35)));
        let one = ids.next(Timestamp(1_595_556_477_284));
        assert!(one.starts_with("0a98a02315955564772840000e"), "{one}");
        assert_eq!(one.len(), 30);
        assert_ne!(ids.next(Timestamp(0)), ids.next(Timestamp(0)));
        assert_eq!(ids.next(Timestamp(i64::MAX)).len(), 30);
    }
}
