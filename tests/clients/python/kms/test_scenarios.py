"""KMS through each SDK: the scenarios and the refused callers of `kms.json`."""

from datetime import UTC, datetime, timedelta

import time_machine

from scenario import KMS, assert_refused, play


def test_scenario(way, client_of, scenario):
    play(scenario, client_of)


def test_refused_caller(way, client_of, refused_caller):
    refused = refused_caller["refused"]
    if way.compares_signed:
        refused = refused_caller.get("refused of a client that compares what was signed", refused)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=refused_caller.get("clock_seconds", 0))):
        assert_refused(client_of(refused_caller["caller"]), "GetSecretValue", {"SecretName": "unwelcome"}, refused)


def test_no_scenario_is_left_out_that_is_not_there(way):
    assert set(way.lacks) <= {scenario["title"] for scenario in KMS["scenarios"]}
