//! Secrets that the service manages.
