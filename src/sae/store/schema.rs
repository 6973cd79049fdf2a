//! The tables of the product, as the migrations make them on every engine. The primary key of the secrets is PostgreSQL's.
//! SQLite's is the id alone, by which it finds a row whether the namespace is asked for as well or not.

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
    secrets (namespace_id, id) {
        namespace_id -> Text,
        id -> BigInt,
        uid -> Text,
        name -> Text,
        secret_type -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        key_id -> Text,
        data_key -> Binary,
        payload -> Binary,
    }
}

diesel::allow_tables_to_appear_in_same_query!(namespaces, secrets);
