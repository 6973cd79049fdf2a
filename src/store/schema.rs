//! The tables, as the migrations make them on every engine.

diesel::table! {
    counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    namespaces (id) {
        id -> Text,
        name -> Text,
        description -> Text,
        micro_registration -> Bool,
        secret_count -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    secrets (id) {
        id -> BigInt,
        namespace_id -> Text,
        name -> Text,
        secret_type -> Text,
        payload -> Binary,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}
