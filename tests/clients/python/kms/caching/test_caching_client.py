"""The client that keeps secrets in memory, which speaks TLS only; the classic SDK changes what it reads."""

import logging
import time

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential

from alibaba_cloud_secretsmanager_client.model.region_info import RegionInfo
from alibaba_cloud_secretsmanager_client.secret_manager_cache_client_builder import SecretManagerCacheClientBuilder
from alibaba_cloud_secretsmanager_client.service.default_secret_manager_client_builder import (
    DefaultSecretManagerClientBuilder,
)
from expectations import CALLERS, REGIONS
from scenario import KMS, REQUEST_ID

# It refreshes in the background at full seconds.
TTL_SECONDS = 2


@pytest.fixture
def new_cache(request):
    """Makes a cache for a caller; `settings` are methods of its builder and what they are given."""
    made = []

    def cache(caller="dev", **settings):
        keys = CALLERS[caller]["secret"]
        if "token" in keys:
            credentials = StsTokenCredential(keys["id"], keys["secret"], keys["token"])
        else:
            credentials = AccessKeyCredential(keys["id"], keys["secret"])
        region = RegionInfo(REGIONS[0], False, request.config.getoption("--server"))
        client = DefaultSecretManagerClientBuilder().with_credentials(credentials).add_region_info(region).build()
        builder = SecretManagerCacheClientBuilder.new_cache_client_builder(client)
        builder.with_logger(logging.getLogger("cache"))
        for name, values in settings.items():
            getattr(builder, name)(*values)
        made.append(builder.build())
        return made[-1]

    yield cache
    for each in made:
        each.close()


@pytest.fixture
def secret(client_of, request):
    """The name of a secret that is there for one test, and a function that gives it a new version."""
    client = client_of("dev")
    name = "cached/" + request.function.__name__
    client.call("CreateSecret", {"SecretName": name, "VersionId": "v1", "SecretData": "first"})

    def put(version, data, **others):
        client.call("PutSecretValue", {"SecretName": name, "VersionId": version, "SecretData": data, **others})

    yield name, put
    client.call("DeleteSecret", {"SecretName": name, "ForceDeleteWithoutRecovery": "true"})


def test_what_it_tells_of_a_secret(new_cache, secret):
    name, _ = secret
    told = new_cache().get_secret_info(name)
    assert (told.secret_name, told.version_id, told.secret_value) == (name, "v1", "first")
    assert (told.secret_type, told.secret_data_type) == ("Generic", "text")
    assert told.create_time.endswith("Z")
    assert told.automatic_rotation is told.extended_config is told.next_rotation_date is None


def test_what_it_tells_of_a_managed_secret(new_cache, client_of):
    client = client_of("dev")
    create = next(each for each in KMS["scenarios"] if each["title"] == "a managed secret")["steps"][0]["with"]
    client.call("CreateSecret", {**create, "SecretName": "cached/rds"})
    told = new_cache().get_secret_info("cached/rds")
    assert (told.secret_type, told.automatic_rotation) == ("Rds", "Enabled")
    assert told.rotation_interval == "604800s"
    assert told.next_rotation_date.endswith("Z")
    assert "SingleUser" in told.extended_config
    client.call("DeleteSecret", {"SecretName": "cached/rds", "ForceDeleteWithoutRecovery": "true"})


def test_a_new_version_is_seen_after_a_refresh(new_cache, secret):
    name, put = secret
    cache = new_cache()
    assert cache.get_secret_value(name) == "first"
    put("v2", "second")
    assert cache.get_secret_value(name) == "first"
    assert cache.refresh_now(name)
    assert cache.get_secret_value(name) == "second"


def test_a_new_version_is_seen_in_time(new_cache, secret):
    name, put = secret
    cache = new_cache(with_secret_ttl=(name, TTL_SECONDS * 1000))
    assert cache.get_secret_value(name) == "first"
    put("v2", "second")
    until = time.monotonic() + 3 * TTL_SECONDS
    while cache.get_secret_value(name) != "second":
        assert time.monotonic() < until
        time.sleep(0.1)


def test_another_stage(new_cache, secret):
    name, put = secret
    put("v2", "second")
    assert new_cache(with_cache_stage=["ACSPrevious"]).get_secret_value(name) == "first"


def test_binary_data(new_cache, secret):
    name, put = secret
    put("v2", "/w==", SecretDataType="binary")
    told = new_cache().get_secret_info(name)
    # Its get_binary_value fails on whatever is stored: it wraps what its library refuses to wrap.
    assert (told.secret_data_type, told.secret_value) == ("binary", "/w==")


def test_a_temporary_key(new_cache, secret):
    name, _ = secret
    assert new_cache("session").get_secret_value(name) == "first"


@pytest.mark.parametrize(
    ("caller", "code", "status"),
    [
        ("dev", "Forbidden.ResourceNotFound", 404),
        ("stranger", "InvalidAccessKeyId.NotFound", 404),
        ("forger", "InvalidAccessKeySecret", 400),
    ],
)
def test_errors(new_cache, caller, code, status):
    with pytest.raises(ServerException) as raised:
        new_cache(caller).get_secret_value("cached/absent")
    assert (raised.value.error_code, raised.value.http_status) == (code, status)
    assert REQUEST_ID.fullmatch(raised.value.request_id)
