"""The shared expectations, read from `expectations.json`, and how a reply or a refusal is held against them."""

import base64
import json
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
EXPECTED = json.loads((FOLDER / "expectations.json").read_text("utf-8"))

CALLERS = EXPECTED["callers"]
REGIONS = EXPECTED["regions"]
NAMESPACES = EXPECTED["namespaces"]
VALUES = EXPECTED["values"]
LARGE_VALUE = EXPECTED["large_value"]["unit"] * EXPECTED["large_value"]["times"]
CERTIFICATE = (FOLDER / EXPECTED["tls"]["certificate"]).read_text("ascii")
PRIVATE_KEY = (FOLDER / EXPECTED["tls"]["key"]).read_text("ascii")

REQUEST_ID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
TRACE_ID = re.compile(r"[0-9a-f]{8}\d{13}\d{4}[a-z][0-9a-f]{4}")


def base64_text(text):
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def docker_config(which="docker_config"):
    """The one key of a registry secret, with the value as kubectl writes it."""
    return {".dockerconfigjson": base64_text(json.dumps(EXPECTED[which]))}


def fill(template, arguments):
    # Not str.format: the braces of `{%s}` belong to the message.
    assert template.count("%s") == len(arguments), template
    for argument in arguments:
        template = template.replace("%s", argument, 1)
    return template


def assert_success(operation, body):
    assert REQUEST_ID.fullmatch(body["RequestId"]), body["RequestId"]
    assert body["Message"] == "success"
    if operation == "DescribeRegions":
        # The one operation whose documented Code is a number, and which has no Data, Success and TraceId.
        assert body["Code"] == 200
        assert type(body["Code"]) is int
        return
    assert body["Code"] == "200"
    assert body["Success"] is True
    assert TRACE_ID.fullmatch(body["TraceId"]), body["TraceId"]
    assert "ErrorCode" not in body


def assert_refused(failure, code, arguments=None):
    """Holds what an SDK raised against the error table. Without `arguments` a placeholder stands for any text."""
    expected = EXPECTED["errors"][code]
    assert_failure(failure, code, expected["status"], expected["message"], arguments)
    if failure.body is not None:
        assert failure.body["ErrorCode"] == code
        assert failure.body["Success"] is False
        assert TRACE_ID.fullmatch(failure.body["TraceId"]), failure.body["TraceId"]


def assert_gateway_refused(failure, code, signing):
    """The same for what the gateway refuses: its replies have fewer members, one message depends on the signature."""
    expected = EXPECTED["gateway_errors"][code]
    assert_failure(failure, code, expected["status"], expected.get("message") or expected[signing], None)
    if failure.body is not None:
        assert not {"ErrorCode", "Success", "TraceId"} & failure.body.keys()
        assert ("AccessDeniedDetail" in failure.body) == (code == "NoPermission")


def assert_failure(failure, code, status, message, arguments):
    assert failure.code == code
    assert failure.status == status
    assert REQUEST_ID.fullmatch(failure.request_id), failure.request_id
    if arguments is None:
        pattern = ".+".join(re.escape(part) for part in message.split("%s"))
        assert re.fullmatch(pattern, failure.message, re.DOTALL), failure.message
    else:
        assert failure.message == fill(message, arguments)
    if failure.body is not None:
        assert failure.body["Code"] == code
        assert failure.body["Message"] == failure.message
        assert failure.body["RequestId"] == failure.request_id
        assert failure.body["HostId"]
        assert failure.body["Recommend"]
        assert "Data" not in failure.body
