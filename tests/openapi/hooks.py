"""What schemathesis is taught here: to ask for XML, to read it, and to count what it met.

schemathesis knows no XML replies and would pass them over in silence. So every text/xml body is parsed, given to
the document's own pattern, and then turned back into the JSON that it stands for, which has to fit the JSON schema
of the same reply.
"""

import atexit
import collections
import json
import os
import pathlib
import threading
import xml.etree.ElementTree as ElementTree

import jsonschema
import schemathesis
from schemathesis.core.deserialization import deserialize_yaml
from schemathesis.core.failures import Failure
from schemathesis.generation.meta import TestPhase

DOCUMENT = deserialize_yaml(pathlib.Path(os.environ["OPENAPI_DOCUMENT"]).read_text(encoding="utf-8"))
TALLY = collections.Counter()
PHASES = collections.Counter()
CRASHES = []


# An exception here would end the thread that schemathesis works in: what is wrong with a body is for a check to say.
@schemathesis.deserializer("text/xml", "text/plain", "application/openmetrics-text")
def read_text(_context, response):
    return response.content.decode("utf-8", errors="replace")


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """Asks for XML by the Accept header whenever an operation has succeeded more often in JSON than in XML.

    So an operation that succeeds twice has succeeded in both. A chain of requests reads the ids it goes on with from
    JSON replies: no link of one may ask for XML.
    """
    if case.meta is not None and case.meta.phase.name == TestPhase.STATEFUL:
        case.query.pop("Format", None)
        return
    operation = case.operation.definition.raw["operationId"]
    if TALLY[f"{operation} 200 text/xml"] < TALLY[f"{operation} 200 application/json"]:
        case.headers["Accept"] = "application/xml"


@schemathesis.hook
def after_call(_context, case, response):
    operation = case.operation.definition.raw["operationId"]
    kind = (response.headers.get("content-type") or ["none"])[0].split(";")[0]
    TALLY[f"{operation} {response.status_code} {kind}"] += 1
    if case.meta is not None:
        PHASES[f"{operation} {case.meta.phase.name}"] += 1


def note_crash(crash):
    """Of a thread that dies schemathesis itself says nothing in its verdict."""
    CRASHES.append(f"{crash.exc_type.__name__}: {crash.exc_value}")
    report_crash(crash)


report_crash = threading.excepthook
threading.excepthook = note_crash


@atexit.register
def write_tally():
    tally = {"replies": TALLY, "phases": PHASES, "crashes": CRASHES}
    pathlib.Path(os.environ["OPENAPI_TALLY"]).write_text(json.dumps(tally, indent=1, sort_keys=True), encoding="utf-8")


def resolve(node):
    """The schema that a reference leads to, or the node itself."""
    while "$ref" in node:
        target = DOCUMENT
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def branches(schema):
    """A schema and all that it is composed of."""
    schema = resolve(schema)
    yield schema
    for keyword in ("allOf", "anyOf"):
        for part in schema.get(keyword, []):
            yield from branches(part)


def member(schema, name):
    for branch in branches(schema):
        if name in branch.get("properties", {}):
            return branch["properties"][name]
    return {"type": "string"}


def from_xml(element, schema):
    """The JSON value that an element stands for."""
    schema = resolve(schema)
    if any("properties" in branch for branch in branches(schema)):
        value = {}
        for child in element:
            inner = resolve(member(schema, child.tag))
            if inner.get("type") == "array":
                value.setdefault(child.tag, []).append(from_xml(child, inner["items"]))
            elif child.tag in value:
                raise ValueError(f"<{child.tag}> occurs twice")
            else:
                value[child.tag] = from_xml(child, inner)
        # An empty list has no element at all.
        for branch in branches(schema):
            for name, inner in branch.get("properties", {}).items():
                if resolve(inner).get("type") == "array":
                    value.setdefault(name, [])
        return value
    text = element.text or ""
    kind = schema.get("type")
    if kind == "object":
        return json.loads(text)
    if kind == "integer":
        return int(text)
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


@schemathesis.check
def xml_mirrors_json(_context, response, case):
    kind = (response.headers.get("content-type") or [""])[0]
    documented = case.operation.definition.raw["responses"].get(str(response.status_code))
    if not kind.startswith("text/xml") or documented is None:
        return
    schema = resolve(documented)["content"]["application/json"]["schema"]
    operation = case.operation.definition.raw["operationId"]
    try:
        root = ElementTree.fromstring(response.content)
        expected = f"{operation}Response" if response.status_code == 200 else "Error"
        if root.tag != expected:
            raise ValueError(f"the root is <{root.tag}>, not <{expected}>")
        value = from_xml(root, schema)
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": DOCUMENT["components"], **schema}
        jsonschema.Draft202012Validator(whole).validate(value)
    except (ElementTree.ParseError, ValueError, jsonschema.ValidationError) as problem:
        reason = getattr(problem, "message", str(problem))
        raise Failure(operation=case.operation.label, title="XML does not mirror the JSON reply", message=reason) from problem
