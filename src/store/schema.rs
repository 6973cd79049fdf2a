//! The tables that belong to no product, as the migrations make them on every engine.

diesel::table! {
    counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    keys (id) {
        id -> Text,
        master_key -> Text,
        wrapped -> Binary,
        is_current -> Bool,
        created_at -> BigInt,
    }
}
