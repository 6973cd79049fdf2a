"""The life of a secret, through each SDK."""

import time

import pytest

from expectations import (
    CERTIFICATE,
    LARGE_VALUE,
    NAMESPACES,
    PRIVATE_KEY,
    VALUES,
    base64_text,
    docker_config,
)

TLS = "kubernetes.io/tls"
DOCKER = "kubernetes.io/dockerconfigjson"

LIVES = {
    "opaque": ("Opaque", VALUES, {"other": "value", "plain": "changed"}),
    "docker": (DOCKER, docker_config(), docker_config("docker_config_changed")),
    "tls": (
        TLS,
        {"tls.crt": CERTIFICATE, "tls.key": PRIVATE_KEY},
        {"tls.crt": base64_text(CERTIFICATE), "tls.key": base64_text(PRIVATE_KEY)},
    ),
}

MINUTE = 60_000


def now():
    return time.time_ns() // 1_000_000


@pytest.mark.parametrize("life", LIVES)
def test_create_update_describe_list_delete(cloud, namespace, life):
    kind, first, second = LIVES[life]
    name = f"registry-auth_{life}"

    secret_id = cloud.create(namespace, name, first, kind)
    assert type(secret_id) is int
    assert secret_id > 0

    created = cloud.describe(namespace, secret_id)
    assert created["SecretData"] == first
    assert created["NamespaceId"] == namespace
    assert created["SecretId"] == secret_id
    assert type(created["SecretId"]) is int
    assert created["SecretName"] == name
    assert created["SecretType"] == kind
    assert created["RelateApps"] == []
    assert type(created["CreateTime"]) is int
    assert type(created["UpdateTime"]) is int
    # Within a minute of our own clock only if the unit is milliseconds.
    assert abs(created["CreateTime"] - now()) < MINUTE
    assert created["UpdateTime"] == created["CreateTime"]

    # So that a moved UpdateTime shows even on a coarse clock.
    time.sleep(0.005)
    reply = cloud.call("UpdateSecret", NamespaceId=namespace, SecretId=secret_id, SecretData=second)
    assert reply["Data"] == {"SecretId": secret_id}

    updated = cloud.describe(namespace, secret_id)
    # An update replaces the whole map: no key of the first may be left.
    assert updated["SecretData"] == second
    assert updated["CreateTime"] == created["CreateTime"]
    assert updated["UpdateTime"] > created["UpdateTime"]
    changed = {"SecretData", "UpdateTime"}
    assert {k: v for k, v in updated.items() if k not in changed} == {
        k: v for k, v in created.items() if k not in changed
    }

    # A list shows all but the values.
    assert cloud.listed(namespace) == [{k: v for k, v in updated.items() if k != "SecretData"}]

    assert cloud.delete(namespace, secret_id)["Data"] == {"SecretId": secret_id}
    assert cloud.listed(namespace) == []
    cloud.refused(
        "InvalidSecretId.NotFound", [str(secret_id)], "DescribeSecret", NamespaceId=namespace, SecretId=secret_id
    )


@pytest.mark.parametrize("key", VALUES)
def test_a_value_comes_back_as_it_was_sent(cloud, key):
    # A second key, for a map with the one key `SecretData` is by rule an envelope and not a secret.
    data = {key: VALUES[key], "beside": "it"}
    namespace = NAMESPACES["standing"]
    secret_id = cloud.create(namespace, "value", data)
    try:
        assert cloud.describe(namespace, secret_id)["SecretData"] == data
    finally:
        cloud.delete(namespace, secret_id)


def test_a_value_of_60_kib(cloud, namespace):
    assert len(LARGE_VALUE) == 60 * 1024
    secret_id = cloud.create(namespace, "large", {"k": LARGE_VALUE})
    assert cloud.describe(namespace, secret_id)["SecretData"] == {"k": LARGE_VALUE}
    changed = LARGE_VALUE[::-1]
    cloud.call("UpdateSecret", NamespaceId=namespace, SecretId=secret_id, SecretData={"k": changed})
    assert cloud.describe(namespace, secret_id)["SecretData"] == {"k": changed}


def test_a_list_is_in_the_order_of_the_ids(cloud, namespace):
    ids = [cloud.create(namespace, name, {"k": "v"}) for name in ("zeta", "alpha", "Mid_dle")]
    assert ids == sorted(set(ids))
    listed = cloud.listed(namespace)
    assert [secret["SecretId"] for secret in listed] == ids
    assert [secret["SecretName"] for secret in listed] == ["zeta", "alpha", "Mid_dle"]


def test_a_name_is_free_after_deletion_and_an_id_never_is(cloud, namespace):
    first = cloud.create(namespace, "again", {"k": "v"})
    cloud.delete(namespace, first)
    assert cloud.create(namespace, "again", {"k": "v"}) > first


def test_a_name_is_taken_once_in_a_namespace(cloud, namespace):
    cloud.create(namespace, "taken", {"k": "v"})
    cloud.refused(
        "SecretNameConflict.AlreadyExist",
        ["taken"],
        "CreateSecret",
        NamespaceId=namespace,
        SecretName="taken",
        SecretType="Opaque",
        SecretData={"k": "v"},
    )
    # Elsewhere it is free.
    elsewhere = cloud.create(NAMESPACES["standing"], "taken", {"k": "v"})
    cloud.delete(NAMESPACES["standing"], elsewhere)


def test_the_default_namespace_holds_secrets(cloud):
    namespace = NAMESPACES["default"]
    secret_id = cloud.create(namespace, "in_default", {"k": "v"})
    assert cloud.describe(namespace, secret_id)["NamespaceId"] == namespace
    assert [secret["SecretId"] for secret in cloud.listed(namespace)] == [secret_id]
    cloud.delete(namespace, secret_id)
    assert cloud.listed(namespace) == []


def test_a_secret_is_not_found_from_another_namespace(cloud, namespace):
    secret_id = cloud.create(namespace, "mine", {"k": "v"})
    elsewhere = NAMESPACES["standing"]
    for operation, more in (("DescribeSecret", {}), ("UpdateSecret", {"SecretData": {"k": "w"}}), ("DeleteSecret", {})):
        cloud.refused(
            "InvalidSecretId.NotFound",
            [str(secret_id)],
            operation,
            NamespaceId=elsewhere,
            SecretId=secret_id,
            **more,
        )
    assert cloud.describe(namespace, secret_id)["SecretData"] == {"k": "v"}


def test_the_quota_of_a_namespace(cloud, tiny):
    only = cloud.create(tiny, "only", {"k": "v"})
    cloud.refused(
        "QuotaExceeded.SecretInNamespace",
        None,
        "CreateSecret",
        NamespaceId=tiny,
        SecretName="second",
        SecretType="Opaque",
        SecretData={"k": "v"},
    )
    assert [secret["SecretId"] for secret in cloud.listed(tiny)] == [only]
    cloud.delete(tiny, only)
    cloud.create(tiny, "second", {"k": "v"})


def test_a_docker_config_whose_auth_contradicts_its_password(cloud):
    cloud.refused(
        "InvalidParameter.WithMessage",
        None,
        "CreateSecret",
        NamespaceId=NAMESPACES["standing"],
        SecretName="refused",
        SecretType=DOCKER,
        SecretData=docker_config("docker_config_contradicting"),
    )


def test_an_update_must_keep_the_key_that_the_type_requires(cloud, namespace):
    secret_id = cloud.create(namespace, "registry", docker_config(), DOCKER)
    cloud.refused(
        "InvalidSecretDataKey.NotFound",
        [".dockerconfigjson", "registry"],
        "UpdateSecret",
        NamespaceId=namespace,
        SecretId=secret_id,
        SecretData={"config.json": "e30="},
    )
    assert cloud.describe(namespace, secret_id)["SecretData"] == docker_config()


def test_a_certificate_needs_its_private_key(cloud):
    request = {"NamespaceId": NAMESPACES["standing"], "SecretName": "refused", "SecretType": TLS}
    cloud.refused(
        "InvalidSecretDataKey.NotFound",
        ["tls.key", "refused"],
        "CreateSecret",
        **request,
        SecretData={"tls.crt": CERTIFICATE},
    )
    cloud.refused(
        "InvalidParameter.WithMessage",
        None,
        "CreateSecret",
        **request,
        SecretData={"tls.crt": CERTIFICATE, "tls.key": CERTIFICATE},
    )
