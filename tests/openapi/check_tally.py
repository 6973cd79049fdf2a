"""Whether the generated requests met what they were meant to meet; a run that only ever saw failures proves little.

Usage: check_tally.py openapi.yaml tally.json
"""

import collections
import json
import pathlib
import sys

from schemathesis.core.deserialization import deserialize_yaml

document = deserialize_yaml(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
tally = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
met = collections.defaultdict(collections.Counter)
for line, count in tally["replies"].items():
    operation, status, kind = line.split(" ", 2)
    met[operation][f"{status} {kind}"] += count

mistakes = [f"schemathesis itself crashed: {crash}" for crash in tally["crashes"]]
for path, item in document["paths"].items():
    for method, operation in item.items():
        if method == "parameters":
            continue
        name = operation["operationId"]
        print(f"  {name}: " + ", ".join(f"{count} x {what}" for what, count in sorted(met[name].items())))
        mistakes += [
            f"{name} was not asked in the phase {phase}"
            for phase in ["coverage", "fuzzing"]
            if not tally["phases"].get(f"{name} {phase}")
        ]
        wanted = [f"200 {kind}" for kind in operation["responses"]["200"]["content"]]
        if path.startswith("/pop/"):
            wanted.append("400 application/json")
        mistakes += [f"{name} never answered {what}" for what in wanted if not met[name][what]]

# Not every operation can be made to fail often enough for each format; all of them together can.
for wanted in ["400 text/xml", "404 text/xml"]:
    if not any(counts[wanted] for counts in met.values()):
        mistakes.append(f"no operation ever answered {wanted}")

for mistake in mistakes:
    print(f"tests/openapi: {mistake}", file=sys.stderr)
sys.exit(1 if mistakes else 0)
