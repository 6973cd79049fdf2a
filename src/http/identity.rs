//! The id of a request.

/// The id of a request; it stands in the reply, in a header of it and in the log line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// An upper-case UUID.
    pub request_id: String,
}

impl Identity {
    /// One that no other request has.
    #[must_use]
    pub fn random() -> Self {
        let id = uuid::Uuid::new_v4();
        Self { request_id: id.hyphenated().encode_upper(&mut [0; 36]).to_owned() }
    }
}
