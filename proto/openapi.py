#!/usr/bin/env python3
"""openapi.py FILE - the OpenAPI document FILE, which is YAML, as JSON in a C string

For the server, which has it built in. The same file gives the same bytes."""

import json
import sys

import yaml

PIECE = 100  # characters of a line

with open(sys.argv[1], encoding="utf-8") as file:
    document = yaml.safe_load(file)
# ASCII without control characters: JSON's quoting of it is C's, too.
text = json.dumps(document, separators=(",", ":"))
print("/* Made from openapi.yaml by openapi.py. */")
for at in range(0, len(text), PIECE):
    print(json.dumps(text[at:at + PIECE]))
print('"\\n"')
