"""Plays the scenarios of `kms.json`: what its texts stand for, and how a reply or a refusal is held against it."""

import base64
import itertools
import json
import re
from datetime import UTC, datetime

import pytest

from expectations import FOLDER

KMS = json.loads((FOLDER / "kms.json").read_text("utf-8"))
REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

serial = itertools.count(1)


def play(scenario, client_of):
    """Runs the steps; `client_of` makes an adapter for a caller's name."""
    known = dict(KMS["texts"], here=f"t{next(serial)}")
    for number, step in enumerate(scenario["steps"], 1):
        # Where an assertion in here fails, pytest shows this.
        where = f"step {number}, {step['call']}"
        client = client_of(step.get("as", "dev"))
        parameters = filled(step["with"], known)
        if "refused" in step:
            assert_refused(client, step["call"], parameters, filled(step["refused"], known), where)
            continue
        reply = client.call(step["call"], parameters)
        assert REQUEST_ID.fullmatch(reply["RequestId"]), where
        # Some clients take a reply that holds these for an error.
        assert not {"Code", "Message", "Success"} & reply.keys(), where
        wrong = mismatch(filled(step["reply"], known), reply)
        assert wrong is None, f"{where}: {wrong}"
        for name in step.get("absent", []):
            assert name not in reply, where
        for name, path in step.get("save", {}).items():
            value = reply
            for member in path.split("."):
                value = value[member]
            known[name] = value


def filled(template, known):
    """The template with what its `${…}` stand for, in keys as well as in texts."""
    match template:
        case str():
            return re.sub(r"\$\{([^}]*)\}", lambda found: known[found[1]], template)
        case list():
            return [filled(each, known) for each in template]
        case dict():
            return {name: filled(value, known) for name, value in template.items()}
        case _:
            return template


def assert_refused(client, operation, parameters, refused, where=None):
    code, template = refused
    with pytest.raises(client.error) as raised:
        client.call(operation, parameters)
    failure = client.failure(raised.value)
    pattern = ".+".join(re.escape(part) for part in template.split("%s"))
    assert failure.code == code, (where, failure)
    assert failure.status == KMS["statuses"][code], (where, failure)
    assert re.fullmatch(pattern, failure.message, re.DOTALL), (where, failure)
    assert REQUEST_ID.fullmatch(failure.request_id), (where, failure)
    if failure.body is not None:
        assert failure.body["Code"] == code
        assert failure.body["Message"] == failure.message
        assert failure.body["RequestId"] == failure.request_id
        assert failure.body["HttpStatus"] == failure.status
        assert failure.body["HostId"]
        assert failure.body["Recommend"]


def mismatch(pattern, value, path="reply"):
    """Where the value is not what the pattern asks for; None if nowhere."""
    match pattern:
        case {"$json": inner}:
            if not isinstance(value, str):
                return f"{path} is no text: {value!r}"
            return mismatch(inner, json.loads(value), path)
        case dict():
            if not isinstance(value, dict):
                return f"{path} is no map: {value!r}"
            for name, inner in pattern.items():
                if name not in value:
                    return f"{path}.{name} is not there"
                wrong = mismatch(inner, value[name], f"{path}.{name}")
                if wrong is not None:
                    return wrong
            return None
        case list():
            if not isinstance(value, list) or len(value) != len(pattern):
                return f"{path} is not a list of {len(pattern)}: {value!r}"
            rest = list(value)
            for inner in pattern:
                found = next((each for each in rest if mismatch(inner, each) is None), None)
                if found is None:
                    return f"{path} has none like {inner!r}: {rest!r}"
                rest.remove(found)
            return None
        case str() if re.fullmatch("<.+>", pattern):
            is_right = is_of_kind(pattern[1:-1], value)
        case _:
            is_right = type(value) is type(pattern) and value == pattern
    return None if is_right else f"{path} is not {pattern!r}: {value!r}"


def is_of_kind(kind, value):
    if kind == "number":
        return type(value) is int
    if not isinstance(value, str) or not value:
        return False
    match kind.split():
        case ["text"]:
            return True
        case ["time", *later]:
            seconds = int(later[0]) if later else 0
            time = datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            return abs((time - datetime.now(UTC)).total_seconds() - seconds) < 120
        case [count, "characters"]:
            return len(value) == int(count)
        case [count, "bytes"]:
            return len(base64.b64decode(value, validate=True)) == int(count)
    raise AssertionError(f"<{kind}> is nothing that a value can be")
