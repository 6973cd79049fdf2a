//! What several fuzz targets need. Written apart from the product: a target that asked the product how a request is
//! encoded or signed would agree with its mistakes.

pub mod random;
pub mod signer;
pub mod wire;

/// Bytes as a query or a form may carry them: each one an escape, in digits of either case.
#[must_use]
pub fn escaped(bytes: &[u8], is_upper: bool) -> String {
    let escape = |byte: &u8| if is_upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
    bytes.iter().map(escape).collect()
}

/// Stops a target whose input shows a broken property: says which one, and what differs.
#[macro_export]
macro_rules! holds {
    ($condition:expr, $($words:tt)+) => {
        assert!($condition, "the property is broken: {}", format_args!($($words)+))
    };
}
