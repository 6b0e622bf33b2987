"""The OpenAPI document that a server shows, as a judge of what servers answer.

    document = Document(text)
    client = Witness(document, server.http)
    client.get("/agents")       # fails when the document does not allow the answer
    document.missing()          # what it promises and no answer has shown yet
"""

import http.client
import json
import re
import socket
import urllib.parse

from jsonschema import Draft202012Validator, RefResolver
from jsonschema.exceptions import best_match

from harness import DEADLINE, Answer, Client

# Headers of any answer, as its introduction says; what has content has the first.
COMMON = {"content-type", "content-length", "transfer-encoding", "date", "server",
          "cache-control", "connection"}
METHODS = ("get", "post", "delete")


def _under(pointer, *words):
    return "/".join([pointer, *(str(w).replace("~", "~0").replace("/", "~1") for w in words)])


class Document:
    def __init__(self, text):
        self.root = json.loads(text)
        self._resolver = RefResolver("", self.root)
        self._validators = {}
        self.seen = set()
        self.wanted = set(self._promises())

    # ------------------------------------------------------------------ reading

    def look(self, pointer):
        return self._resolver.resolve_fragment(self.root, pointer[1:])

    def follow(self, pointer):
        """The pointer to what is really there, and that."""
        value = self.look(pointer)
        while "$ref" in value:
            pointer = value["$ref"]
            value = self.look(pointer)
        return pointer, value

    def flat(self, schema):
        """A schema with what it refers to and all of its parts merged into it."""
        parts = [self.look(schema["$ref"])] if "$ref" in schema else []
        merged = {}
        for part in [*map(self.flat, parts + schema.get("allOf", [])), schema]:
            for name, value in part.items():
                if name == "properties":
                    value = {**merged.get(name, {}), **value}
                elif name == "required":
                    value = [*merged.get(name, []), *value]
                if name not in ("$ref", "allOf"):
                    merged[name] = value
        return merged

    def operations(self):
        """("GET /tasks/{id}", the pointer to it, it)"""
        for path, item in self.root["paths"].items():
            for method in METHODS:
                if method in item:
                    yield (f"{method.upper()} {path}", _under("#/paths", path, method),
                           item[method])

    def names(self):
        """Of all members that are in bodies."""
        def look(value):
            if isinstance(value, dict):
                if isinstance(value.get("properties"), dict):
                    yield from value["properties"]
                value = value.values()
            if not isinstance(value, str) and hasattr(value, "__iter__"):
                for part in value:
                    yield from look(part)

        return set(look(self.root))

    def template(self, path):
        """Which of the paths it is: one without parameters beats the others."""
        if path in self.root["paths"]:
            return path
        for template in self.root["paths"]:
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
                return template
        raise AssertionError(f"the document has no path for {path}")

    def parameters(self, method, path, kind="paths"):
        """{(in, name): (pointer, parameter)}"""
        found = {}
        for place in (_under(f"#/{kind}", path), _under(f"#/{kind}", path, method.lower())):
            for i in range(len(self.look(place).get("parameters", []))):
                pointer, value = self.follow(_under(place, "parameters", i))
                found[value["in"], value["name"]] = (pointer, value)
        return found

    def _responses(self, place):
        for status in self.look(place)["responses"]:
            yield status, *self.follow(_under(place, "responses", status))

    def _words(self, pointer):
        """(pointer, word) of an enumeration of codes."""
        pointer, schema = self.follow(pointer)
        if "const" in schema:
            yield pointer, schema["const"]
        for word in schema.get("enum", []):
            yield pointer, word
        for i in range(len(schema.get("anyOf", []))):
            yield from self._words(_under(pointer, "anyOf", i))

    def codes(self, pointer):
        """(pointer, word) of all codes that an error of this schema may have."""
        pointer, schema = self.follow(pointer)
        for key in ("allOf", "anyOf", "oneOf"):
            for i in range(len(schema.get(key, []))):
                yield from self.codes(_under(pointer, key, i))
        if "code" in schema.get("properties", {}):
            yield from self._words(_under(pointer, "properties", "code"))

    def _promises(self):
        for name, place, _ in self.operations():
            for status, pointer, response in self._responses(place):
                yield name, status
                for header in response.get("headers", {}):
                    yield pointer, "header", header
                if not status.startswith("2"):
                    schema = _under(pointer, "content", "application/json", "schema")
                    yield from (("code", *code) for code in self.codes(schema))
            for _, parameter in self.parameters(*name.split()):
                yield name, "parameter", parameter

    def excuse(self, code):
        """This host lets us bring about no error of this code."""
        self.wanted = {what for what in self.wanted if what[-1] != code}

    def missing(self):
        return sorted(self.wanted - self.seen, key=str)

    # ----------------------------------------------------------------- comparing

    def errors(self, pointer, value):
        """What is wrong with the value, by the schema there; None: nothing."""
        if pointer not in self._validators:
            self._validators[pointer] = Draft202012Validator(
                {"$ref": pointer}, resolver=self._resolver)
        return best_match(self._validators[pointer].iter_errors(value))

    def fits(self, pointer, value, what):
        error = self.errors(pointer, value)
        assert not error, f"{what}: at {list(error.absolute_path)}: {error.message[:600]}"

    def check(self, method, target, headers, body, answer):
        """This answer to this request is one that the document knows."""
        path, _, query = target.partition("?")
        template = self.template(path)
        name = f"{'GET' if method == 'HEAD' else method} {template}"
        place = _under("#/paths", template, name.split()[0].lower())
        what = f"{method} {target[:200]}: {answer}"
        known = {status: (pointer, response)
                 for status, pointer, response in self._responses(place)}
        status = str(answer.status) if str(answer.status) in known else "default"
        pointer, response = known[status]
        self._check_headers(pointer, response, answer, what)
        if method == "HEAD":
            assert not answer.body, what
            return
        self._check_content(pointer, response, answer, what)
        self.seen.add((name, status))
        if answer.status < 400:
            self._check_request(name, query, headers, body, what)

    def _check_headers(self, pointer, response, answer, what):
        named = {header.lower(): header for header in response.get("headers", {})}
        came = {header.lower() for header in answer.headers}
        assert came <= COMMON | set(named), what
        assert {"content-type", "date", "server"} <= came, what
        assert answer.headers["Cache-Control"] == "no-store", what
        for low, header in named.items():
            at, value = self.follow(_under(pointer, "headers", header))
            if low in came:
                self.fits(_under(at, "schema"), answer.headers[header], f"{header} of {what}")
                self.seen.add((pointer, "header", header))
            assert low in came or not value.get("required"), f"no {header}: {what}"

    def _check_content(self, pointer, response, answer, what):
        kind = answer.headers["Content-Type"].partition(";")[0]
        assert kind in response["content"], what
        content = _under(pointer, "content", kind)
        if kind == "text/event-stream":
            for data in events(answer.body):
                self.fits(_under(content, "x-itemSchema"), data, f"{data} of {what}")
        elif kind == "application/json":
            self.fits(_under(content, "schema"), answer.json, what)
            if answer.status >= 400:
                self.seen.update(("code", at, word) for at, word in self.codes(
                    _under(content, "schema")) if word == answer.json["code"])

    def _check_request(self, name, query, headers, body, what):
        """What was accepted is what the document lets one ask for."""
        method, path = name.split()
        parameters = self.parameters(method, path)
        asked = {("query", key): values for key, values in
                 urllib.parse.parse_qs(query, keep_blank_values=True).items()}
        asked.update({("header", key): [value] for key, value in (headers or {}).items()
                      if ("header", key) in parameters})
        asked.update({key: None for key in parameters if key[0] == "path"})
        for key, values in asked.items():
            assert key in parameters, f"{key} is not documented: {what}"
            pointer, parameter = parameters[key]
            if values:
                kind = self.flat(parameter["schema"]).get("type")
                value = values if kind == "array" else \
                    int(values[0]) if kind == "integer" else values[0]
                self.fits(_under(pointer, "schema"), value, f"{key} of {what}")
            self.seen.add((name, "parameter", key[1]))
        if body is not None:
            self.fits(self.body(method, path), body, f"body {body} of {what}")

    def body(self, method, path):
        """Where the schema of an operation's body is."""
        return _under("#/paths", path, method.lower(), "requestBody", "content",
                      "application/json", "schema")


def events(body):
    """The data of a stream of server-sent events; it must have all that is promised."""
    last = 0
    for block in body.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n")
                      if line and not line.startswith(":"))
        if fields:
            assert set(fields) == {"id", "event", "data"} and fields["event"] == "response"
            assert int(fields["id"]) > last, fields
            last = int(fields["id"])
            yield json.loads(fields["data"])


class Witness(Client):
    """A client that shows every answer to the document."""

    def __init__(self, document, address, token=None, headers=None):
        super().__init__(address, token, headers)
        self.document = document

    def bearing(self, token):
        return Witness(self.document, self.address, token)

    def call(self, method, path, body=None, headers=None, timeout=60):
        answer = super().call(method, path, body, headers, timeout)
        self.document.check(method, path, {**self.headers, **(headers or {})}, body, answer)
        return answer

    def expect(self, status, method, path, body=None, code=None, headers=None):
        """A call whose answer has this status, and this code if it is an error's."""
        answer = self.call(method, path, body, headers)
        assert answer.status == status, (method, path, answer)
        assert code is None or answer.json["code"] == code, (method, path, answer)
        return answer

    def begin(self, method, path, body=None, headers=None):
        """Ask; what it returns waits for the answer, which comes by its socket."""
        headers = {**self.headers, **(headers or {})}
        connection = self.connect()
        connection.request(method, path, json.dumps(body) if body else None, headers)

        def finish():
            came = connection.getresponse()
            answer = Answer(came.status, came.headers, came.read())
            self.document.check(method, path, headers, body, answer)
            return answer

        finish.socket = connection.sock
        return finish

    def half(self, method, path, text):
        """Send these very bytes, which are about this path; what it returns takes the
        rest of them and waits for the answer."""
        host, _, port = self.address.rpartition(":")
        sock = socket.create_connection((host, int(port)), timeout=DEADLINE)
        sock.sendall(text)

        def finish(rest):
            with sock:
                sock.sendall(rest)
                came = http.client.HTTPResponse(sock, method=method)
                came.begin()
                answer = Answer(came.status, came.headers, came.read())
            self.document.check(method, path, {}, None, answer)
            return answer

        return finish
