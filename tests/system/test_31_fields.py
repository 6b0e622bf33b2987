"""Every field of every request, as the OpenAPI document describes it: the server takes
the values that the document allows, and refuses those that it does not."""

import re

import pytest

from harness import Client
from openapi import Document
from receiver import settings

CREATE = {"/tasks/shell": {"agent_id": "agent1", "cmd": "true"},
          "/tasks/docker": {"agent_id": "agent1"},
          "/tasks/countdown": {"agent_id": "agent1"}}

# More values to try than the document itself suggests.
ALSO = {"labels": [{"": "x"}, {"a=": "x"}, {"a": 1}, {"x" * 257: "x"}, {"x": "x" * 257},
                   {str(i): "x" for i in range(33)}],
        "env": [{"": "x"}, {"A=": "x"}, {"A": 1}, {"A": ""}],
        "user": ["a:b"], "agent_id": [".x"], "code": [900, 200, "x.y"],
        "params": [{"from": {}}, {"from": [[]]}, {"from": "2"}],
        "role": ["root"], "orphans": ["none"], "when": ["never"]}


def values(document, schema, name=None):
    """Some that the document allows where it has this schema, and some that it does not."""
    schema = document.flat(schema)
    yield from schema.get("examples", [])
    yield from schema.get("enum", [])
    yield from ALSO.get(name, [])
    for key, step in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", 0)):
        if key in schema:
            yield from (schema[key], schema[key] + step)
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)
    yield from ({}, [], "", "?", True, -1, 0, 0.5)
    for part in schema.get("anyOf", []):
        yield from values(document, part)
    if "items" in schema:
        yield from ([item] for item in values(document, schema["items"]))
        if "maxItems" in schema:
            yield from (item * (schema["maxItems"] + 1) for item in schema.get("examples", []))
    properties = schema.get("properties", {})
    base = {key: next(values(document, properties[key])) for key in schema.get("required", [])}
    for key, part in properties.items():
        yield from ({**base, key: value} for value in values(document, part, key))
    if properties:
        yield {**base, "unknown": 1}


def inside(document, schema, names):
    """The schema of a member of a member of ..., of this one."""
    schema = document.flat(schema)
    for name in names:
        schema = document.flat(schema["properties"][name])
        schema = document.flat(schema.get("items", schema))
        for part in schema.get("anyOf", []):
            if "properties" in document.flat(part):
                schema = document.flat(part)
    return schema


class Judge:
    def __init__(self, document, client):
        self.document = document
        self.client = client
        self.asked = 0

    def compare(self, method, path, body):
        """Server and document agree on whether this body is right."""
        place = self.document.body(method, self.document.template(path.partition("?")[0]))
        wrong = self.document.errors(place, body)
        answer = self.client.call(method, path, body)
        error = answer.json.get("error", "") if answer.status == 400 else ""
        # What the document allows a node may not have.
        refused = error and not re.search(r"the agent('s host| has| runs)", error)
        assert bool(refused) == bool(wrong), (body, answer, wrong and wrong.message)
        known = re.search(r"^(.*)unknown field 'unknown'; there are (.*)", error)
        if known:
            names = re.findall(r"field '(\w+)(?:\[\d+\])?'", known[1])
            told = inside(self.document, self.document.look(place), names)["properties"]
            assert set(known[2].split(", ")) == set(told), body
        self.asked += 1

    def fields(self, method, path, base, names, exact=True):
        """exact: the server knows all that is wrong, and need not ask the node."""
        place = self.document.body(method, self.document.template(path.partition("?")[0]))
        fields = inside(self.document, self.document.look(place), [])["properties"]
        for name in names or fields:
            for value in values(self.document, fields[name], name):
                body = {**base, name: value}
                if exact or value == {} or not self.document.errors(place, body):
                    self.compare(method, path, body)
        self.compare(method, path, {**base, "unknown": 1})


@pytest.fixture(scope="module")
def judge(module_system):
    """Of a server whose agent takes no task: what is created only waits."""
    server = module_system.server("--store", "memory", *settings(module_system, per_task="yes"))
    module_system.agent("agent1", server)
    server.client.ok("POST", "/agents/agent1/drain")
    document = Document(server.client.get("/openapi.json").body)
    return Judge(document, Client(server.http))


def names_of(judge, schema):
    return set(inside(judge.document, {"$ref": f"#/components/schemas/{schema}"}, [])["properties"])


def test_fields_of_every_task(judge):
    judge.fields("POST", "/tasks/shell", CREATE["/tasks/shell"], names_of(judge, "NodeOptions"))
    assert judge.asked > 300


def test_fields_of_shell(judge):
    own = names_of(judge, "ShellTask") - names_of(judge, "NodeOptions")
    judge.fields("POST", "/tasks/shell", CREATE["/tasks/shell"], own - {"shell"})
    judge.fields("POST", "/tasks/shell", CREATE["/tasks/shell"], {"shell"}, exact=False)


def test_fields_of_docker_are_those_that_its_plugin_declares(judge):
    plugins = judge.client.get("/agents/agent1").json["plugins"]
    declared = {p["name"] for plugin in plugins if plugin["name"] == "docker"
                for p in plugin["params"]}
    if not declared:
        pytest.skip("built without the docker plugin")
    assert names_of(judge, "DockerTask") == names_of(judge, "TaskOptions") | declared
    judge.fields("POST", "/tasks/docker", CREATE["/tasks/docker"], declared, exact=False)


def test_fields_of_other_plugins(judge):
    judge.fields("POST", "/tasks/countdown", CREATE["/tasks/countdown"], {"params"}, exact=False)


def test_fields_of_a_cancel_and_a_drain(judge):
    judge.fields("DELETE", "/tasks?agent_id=agent1&dry_run=1", {}, None)
    judge.fields("POST", "/agents/agent1/drain", {}, None)


def test_fields_of_a_token(system, judge):
    server = system.server("--store", "memory", auth=system.auth())
    Judge(judge.document, server.client).fields(
        "POST", "/tokens", {"client": "new", "role": "viewer"}, None)
