"""Checks of a document beyond its grammar: every example fits its own schema, and every part is used.

Usage: check_document.py DOCUMENT
"""

import pathlib
import re
import sys

import jsonschema
from schemathesis.core.deserialization import deserialize_yaml

document = deserialize_yaml(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
mistakes = []
checked = 0


def resolve(node):
    while "$ref" in node:
        target = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def check(where, schema, examples):
    global checked
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": document["components"], **schema}
    for name, example in examples.items():
        checked += 1
        for error in jsonschema.Draft202012Validator(whole).iter_errors(resolve(example)["value"]):
            mistakes.append(f"{where}, example {name}: {error.message}")


def check_content(where, content):
    for kind, media in content.items():
        check(f"{where} {kind}", media.get("schema", {}), media.get("examples", {}))


operations = []
requirements = list(document["security"])
for path, item in document["paths"].items():
    for method, operation in item.items():
        if method == "parameters":
            continue
        name = operation["operationId"]
        operations.append(name)
        requirements += operation.get("security", [])
        for parameter in map(resolve, item.get("parameters", []) + operation.get("parameters", [])):
            check(f"{name} {parameter['name']}", parameter.get("schema", {}), parameter.get("examples", {}))
            check_content(f"{name} {parameter['name']}", parameter.get("content", {}))
        check_content(f"{name} body", operation.get("requestBody", {}).get("content", {}))
        for status, response in operation["responses"].items():
            check_content(f"{name} {status}", resolve(response).get("content", {}))

text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
used = set(re.findall(r"#/components/([A-Za-z]+/[A-Za-z0-9._-]+)'", text))
# The one kind of part that is named without its path.
schemes = {scheme for requirement in requirements for scheme in requirement}
unknown = schemes - document["components"]["securitySchemes"].keys()
mistakes += [f"security names {scheme}, which is no scheme" for scheme in unknown]
used |= {f"securitySchemes/{scheme}" for scheme in schemes}
for kind, parts in document["components"].items():
    for part in parts:
        if f"{kind}/{part}" not in used:
            mistakes.append(f"components/{kind}/{part} is used nowhere")
if len(set(operations)) != len(operations):
    mistakes.append("an operationId occurs twice")

for mistake in mistakes:
    print(f"{sys.argv[1]}: {mistake}", file=sys.stderr)
print(f"{sys.argv[1]}: {len(operations)} operations, {checked} examples checked")
sys.exit(1 if mistakes else 0)
