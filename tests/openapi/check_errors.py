"""Checks of a document that lists the errors of its operations by row: openapi/kms.yaml.

A row is a schema of components/schemas that fixes HttpStatus, Code and Message. Checked is that the rows that an
operation's x-errors names are the ones that its responses allow, each under its own status, that GET allows what POST
does, and that a row whose message has blanks tells both its pattern and its template.

Usage: check_errors.py openapi/kms.yaml
"""

import pathlib
import re
import sys

from schemathesis.core.deserialization import deserialize_yaml

document = deserialize_yaml(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
schemas = document["components"]["schemas"]
mistakes = []


def resolve(node):
    while "$ref" in node:
        target = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def fixed(schema):
    """What a row fixes, by member; nothing when the schema is no row."""
    found = {}
    for part in schema.get("allOf", []):
        if "HttpStatus" in part.get("properties", {}):
            found = part["properties"]
    return found


def rows_of(schema):
    """The rows that a schema of a failure allows, by name: those of the operation, those of the gateway."""
    own, gateway = [], []
    for part in schema.get("anyOf", [schema]):
        name = part["$ref"].rsplit("/", 1)[1]
        if fixed(schemas[name]):
            own.append(name)
        else:
            gateway += [inner["$ref"].rsplit("/", 1)[1] for inner in schemas[name]["anyOf"]]
    return own, gateway


# The rows: that each can be told from the others, and that its template gives what its pattern takes.
rows = {name: fixed(schema) for name, schema in schemas.items() if fixed(schema)}
known = {}
for name, row in rows.items():
    status, code, message = row["HttpStatus"]["const"], row["Code"]["const"], row["Message"]
    if name.split("-")[0] != code:
        mistakes.append(f"{name} has the code {code}")
    template = schemas[name].get("x-template", message.get("const"))
    if ("pattern" in message) != ("x-template" in schemas[name]) or template is None:
        mistakes.append(f"{name}: a pattern needs a template, and a template a pattern")
    elif "pattern" in message and not any(
        re.search(message["pattern"], template.replace("%s", blank)) for blank in ["Version", "1", "x y"]
    ):
        mistakes.append(f"{name}: {template} does not match {message['pattern']}")
    else:
        known.setdefault((status, code, template), []).append(name)
twins = [names for names in known.values() if len(names) > 1 and names != ["InvalidParameter", "InvalidParameter-common"]]
mistakes += [f"the same row: {', '.join(names)}" for names in twins]

# What any operation may answer is told once, by the responses that most of them share.
shared = {"RequestTimeout", "RequestEntityTooLarge", "Rejected.Throttling", "InternalFailure", "ServiceUnavailableTemporary"}
count = 0
for path, item in document["paths"].items():
    post = item["post"]
    name = post["operationId"]
    if path != f"/#{name}":
        mistakes.append(f"{path} is {name}")
    if "get" in item and (item["get"]["responses"], item["get"]["operationId"]) != (post["responses"], f"{name}ByGet"):
        mistakes.append(f"{name}: GET is not the same as POST")
    actions = [it["schema"]["const"] for it in map(resolve, item["parameters"]) if it["name"] == "Action"]
    if actions != [name]:
        mistakes.append(f"{name}: the action is {actions}")
    allowed = set()
    for status, response in post["responses"].items():
        content = resolve(response).get("content", {}).get("application/json")
        if status == "200" or content is None:
            continue
        own, gateway = rows_of(content["schema"])
        for row in own + gateway:
            if str(rows[row]["HttpStatus"]["const"]) != status:
                mistakes.append(f"{name} lists {row} under {status}")
        allowed |= set(own) - shared
        # There for operations that this server does not have.
        if response["$ref"].endswith("/BadRequest"):
            allowed.discard("UnsupportedOperation")
    count += len(post["x-errors"])
    if allowed != post["x-errors"].keys():
        mistakes.append(f"{name}: x-errors and responses differ in {sorted(allowed ^ post['x-errors'].keys())}")

for mistake in mistakes:
    print(f"{sys.argv[1]}: {mistake}", file=sys.stderr)
print(f"{sys.argv[1]}: {len(rows)} rows, {count} times in x-errors of {len(document['paths'])} operations")
sys.exit(1 if mistakes else 0)
