"""KMS through each SDK: the scenarios and the refused callers of `kms.json`."""

from datetime import UTC, datetime, timedelta

import time_machine

from scenario import KMS, assert_refused, play


def test_scenario(way, client_of, scenario):
    play(scenario, client_of)


def test_as_much_as_a_secret_holds(client_of, request):
    client = client_of("dev")
    secret = {"SecretName": f"large/{request.node.callspec.id}", "VersionId": "v1"}
    data = ("a" * 1000 + "密") * 30
    data += "b" * (30_720 - len(data.encode()))
    refused = ["InvalidParameter", "The specified parameter is not valid. SecretData: %s"]
    assert_refused(client, "CreateSecret", {**secret, "SecretData": data + "b"}, refused)
    client.call("CreateSecret", {**secret, "SecretData": data})
    assert client.call("GetSecretValue", {"SecretName": secret["SecretName"]})["SecretData"] == data
    client.call("DeleteSecret", {"SecretName": secret["SecretName"], "ForceDeleteWithoutRecovery": "true"})


def test_refused_caller(way, client_of, refused_caller):
    refused = refused_caller["refused"]
    if way.compares_signed:
        refused = refused_caller.get("refused of a client that compares what was signed", refused)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=refused_caller.get("clock_seconds", 0))):
        assert_refused(client_of(refused_caller["caller"]), "GetSecretValue", {"SecretName": "unwelcome"}, refused)


def test_no_scenario_is_left_out_that_is_not_there(way):
    assert set(way.lacks) <= {scenario["title"] for scenario in KMS["scenarios"]}
