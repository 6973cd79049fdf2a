//! The tables of the product, as the migrations make them on every engine.

diesel::table! {
    kms_counts (scope, slot) {
        scope -> Text,
        slot -> BigInt,
        secrets -> BigInt,
        keys -> BigInt,
    }
}

diesel::table! {
    kms_secrets (scope, id) {
        scope -> Text,
        id -> BigInt,
        uid -> Text,
        name -> Text,
        secret_type -> Text,
        description -> Nullable<Text>,
        encryption_key -> Nullable<Text>,
        instance -> Nullable<Text>,
        extended_config -> Nullable<Text>,
        policy -> Nullable<Text>,
        rotation -> Text,
        rotation_interval -> Nullable<BigInt>,
        last_rotation_at -> Nullable<BigInt>,
        next_rotation_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        delete_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    kms_versions (scope, secret_id, number) {
        scope -> Text,
        secret_id -> BigInt,
        number -> BigInt,
        version_id -> Text,
        data_type -> Text,
        stages -> Text,
        created_at -> BigInt,
        key_id -> Nullable<Text>,
        key_version -> Nullable<Text>,
        data_key -> Binary,
        payload -> Binary,
    }
}

diesel::table! {
    kms_rotations (account) {
        account -> Text,
        since -> BigInt,
        count -> BigInt,
    }
}

diesel::table! {
    kms_tags (scope, kind, resource_id, tag_key) {
        scope -> Text,
        kind -> Text,
        resource_id -> BigInt,
        tag_key -> Text,
        tag_value -> Text,
    }
}

diesel::table! {
    kms_keys (scope, id) {
        scope -> Text,
        id -> BigInt,
        uid -> Text,
        key_id -> Text,
        spec -> Text,
        usage -> Text,
        origin -> Text,
        protection -> Text,
        state -> Text,
        description -> Text,
        creator -> Text,
        instance -> Nullable<Text>,
        policy -> Nullable<Text>,
        rotation_interval -> Nullable<BigInt>,
        last_rotation_at -> Nullable<BigInt>,
        next_rotation_at -> Nullable<BigInt>,
        created_at -> BigInt,
        delete_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    kms_deleted_keys (scope, key_id) {
        scope -> Text,
        key_id -> Text,
        deleted_at -> BigInt,
    }
}

diesel::table! {
    kms_key_versions (scope, kms_key, number) {
        scope -> Text,
        kms_key -> BigInt,
        number -> BigInt,
        version_id -> Text,
        created_at -> BigInt,
        key_id -> Text,
        data_key -> Binary,
    }
}

diesel::table! {
    kms_aliases (scope, name) {
        scope -> Text,
        name -> Text,
        kms_key -> BigInt,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    kms_secrets,
    kms_versions,
    kms_tags,
    kms_keys,
    kms_deleted_keys,
    kms_key_versions,
    kms_aliases,
);
