"""Who may call, through each SDK: what a program is told when its key, its clock or its rights are wrong."""

import uuid
from datetime import UTC, datetime, timedelta

import time_machine

from expectations import EXPECTED, NAMESPACES

STANDING = NAMESPACES["standing"]
SECRET = {"NamespaceId": STANDING, "SecretName": "unwelcome", "SecretType": "Opaque", "SecretData": {"k": "v"}}


def test_refused_callers(clouds, caller_refusal):
    cloud = clouds(caller_refusal["caller"])
    now = datetime.now(UTC) + timedelta(seconds=caller_refusal.get("clock_seconds", 0))
    with time_machine.travel(now):
        cloud.gateway_refused(caller_refusal["code"], "CreateSecret", **SECRET)
    assert clouds("dev").listed(STANDING) == []


def test_a_clock_that_is_almost_right(clouds):
    for minutes in (-14, 14):
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
            assert clouds("dev").listed(STANDING) == []


def test_a_nonce_counts_once(clouds):
    nonce = {"x-acs-signature-nonce": uuid.uuid4().hex}
    # A signature that is not right must not use it up.
    clouds("forger").gateway_refused("SignatureDoesNotMatch", "ListSecrets", nonce, NamespaceId=STANDING)
    clouds("dev").call("ListSecrets", nonce, NamespaceId=STANDING)
    clouds("dev").gateway_refused("SignatureNonceUsed", "ListSecrets", nonce, NamespaceId=STANDING)
    # Another key may happen to use the same one.
    clouds("reader").call("ListSecrets", nonce, NamespaceId=STANDING)


def test_denied_actions(clouds, denial):
    cloud = clouds(denial["caller"])
    failure = cloud.gateway_refused("NoPermission", "CreateSecret", **SECRET)
    # The classic SDK keeps nothing of it.
    if failure.body is not None:
        assert failure.access_denied == failure.body["AccessDeniedDetail"] == {
            "AuthAction": "sae:CreateSecret",
            "AuthPrincipalDisplayName": denial["principal"],
            "AuthPrincipalOwnerId": EXPECTED["account"],
            "AuthPrincipalType": denial["principal_type"],
            "NoPermissionType": denial["kind"],
            "PolicyType": "AccountLevelIdentityBasedPolicy",
        }
    assert cloud.listed(STANDING) == []
