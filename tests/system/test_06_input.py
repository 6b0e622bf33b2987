"""Bad input has a defined answer, in one form, and harms nobody."""

import json
import socket

import pytest

from harness import DEADLINE, curl

GOOD = {"agent_id": "agent1", "cmd": "true"}


def _error(answer, status):
    """Every error is JSON {"error", "code", "details"?}."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/json")
    body = answer.json
    assert isinstance(body["error"], str) and body["error"]
    assert isinstance(body["code"], str) and body["code"]
    return body


def _post(client, body, path="/tasks/shell", **headers):
    headers.setdefault("Content-Type", "application/json")
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    return client.call("POST", path, body, headers)


@pytest.mark.parametrize("body", [
    "", "{", "{]", '{"agent_id":"agent1" "cmd":"x"}', "null", "[]", '"text"', "12",
    '{"agent_id":"agent1","cmd":"true"} trailing', "[" * 1000, b"\xff\xfe{}",
    b'{"agent_id":"agent1","cmd":"\xc0\xaf"}', '{"agent_id":"agent1","cmd":"\\ud800"}',
    '{"agent_id":"agent1","cmd":"true","cmd":"false"}',
], ids=repr)
def test_malformed_json_is_400(client, body):
    _error(_post(client, body), 400)


@pytest.mark.parametrize("change", [
    {"agent_id": 1}, {"agent_id": None}, {"agent_id": ["agent1"]}, {"agent_id": ""},
    {"agent_id": "../../etc"}, {"agent_id": "a" * 65},
    {"cmd": 1}, {"cmd": None}, {"cmd": ["true"]}, {"cmd": ""}, {"cmd": "a\0b"},
    {"timeout": "soon"}, {"timeout": -1}, {"timeout": True}, {"timeout": 1e99},
    {"env": []}, {"env": {"A": 1}}, {"env": {"A=B": "x"}}, {"env": {"": "x"}},
    {"env": {"A": "x\0y"}}, {"cwd": 7}, {"user": {}},
    {"stop": 5}, {"stop": {"grace": -1}}, {"stop": {"grace": "x"}}, {"stop": {"signal": "NOPE"}},
    {"stop": {"frobnicate": 1}}, {"labels": "x"}, {"labels": {"a": 1}},
    {"timout": 5}, {"user": ""}, {"user": "a b"}, {"user": "x" * 65},
    {"idle_timeout": -1}, {"idle_timeout": "x"}, {"idle_timeout": 1e99}, {"start_timeout": []},
    {"limits": 5}, {"limits": {"disk": 1}}, {"limits": {"pids": 0}}, {"limits": {"pids": 1.5}},
    {"limits": {"pids": 1 << 32}}, {"limits": {"memory": "1k"}}, {"limits": {"memory": "lots"}},
    {"limits": {"cpu": 0}}, {"limits": {"cpu": -1}}, {"limits": {"cpu": "1"}},
    {"limits": {"open_files": -1}}, {"limits": {"file_size": 0}},
    {"stop": {"pre_stop": ""}}, {"stop": {"pre_stop": {"timeout": 1}}},
    {"stop": {"pre_stop": {"cmd": "x", "timeout": 601}}}, {"stop": {"pre_stop": "x" * 4097}},
    {"cleanup": "x"}, {"cleanup": ["x"]}, {"cleanup": [{}]}, {"cleanup": [{"cmd": 7}]},
    {"cleanup": [{"cmd": "x", "when": "sometimes"}]}, {"cleanup": [{"cmd": "x", "timeout": 0}]},
    {"cleanup": [{"cmd": "x"}] * 33}, {"cleanup": [{"cmd": "x\0"}]},
], ids=repr)
def test_wrong_field_is_400_and_named(client, change):
    body = _error(_post(client, {**GOOD, **change}), 400)
    name = next(iter(change))
    assert name in body["error"] + str(body.get("details")), body


@pytest.mark.parametrize("missing", ["agent_id", "cmd"])
def test_missing_field_is_400_and_named(client, missing):
    body = _error(_post(client, {k: v for k, v in GOOD.items() if k != missing}), 400)
    assert missing in body["error"] + str(body.get("details"))


def test_unknown_agent_is_404(client):
    _error(_post(client, {"agent_id": "agent99", "cmd": "true"}), 404)
    _error(client.get("/agents/agent99"), 404)
    _error(client.get("/agents/agent99/tasks"), 404)


def test_unknown_plugin_is_said(client):
    body, path = {"agent_id": "agent1", "params": {}}, "/tasks/no-such-plugin"
    answer = _post(client, body, path)
    if answer.status == 200:  # a new agent may still show it: waited for, not long
        with client.events(answer.json["task_id"]) as events:
            events.final()
        record = client.task(answer.json["task_id"])
        assert (record["status"], record["failure"]) == ("failed", "refused")
        assert "has no plugin 'no-such-plugin'; it has: countdown, " in record["message"]
        answer = _post(client, body, path)
    assert "no-such-plugin" in _error(answer, 400)["error"]


@pytest.mark.parametrize("params", [{}, {"from": "three"}, {"from": 3, "frobnicate": 1},
                                    {"from": [1, 2]}, []], ids=repr)
def test_wrong_parameters_of_a_plugin_are_400_or_refused(client, params):
    answer = _post(client, {"agent_id": "agent1", "params": params}, "/tasks/countdown")
    if answer.status == 200:  # defaults may fill in; nonsense may not pass
        assert params == {}, answer
    else:
        _error(answer, 400)


@pytest.mark.parametrize("path", ["/tasks/no-such-task", "/tasks/NOT_AN_ID", "/tasks/%2e%2e",
                                  "/tasks/" + "x" * 65, "/nowhere", "/tasks/a/b/c",
                                  "/tasks/no-such-task/output", "/stream?ref=no-such-task"])
def test_what_does_not_exist_is_404(client, path):
    _error(client.get(path), 404)


def test_stream_without_a_task_is_400(client):
    _error(client.get("/stream"), 400)
    assert client.get("/stream?ref=").status in (400, 404)


@pytest.mark.parametrize("method, path", [
    ("PUT", "/tasks/shell"), ("PATCH", "/tasks/some-task"), ("POST", "/agents"),
    ("DELETE", "/agents"), ("POST", "/stream"), ("GET", "/tasks/shell/"), ("BREW", "/healthz")])
def test_wrong_method_is_405_or_404(client, method, path):
    answer = client.call(method, path)
    assert answer.status in (404, 405, 501), answer
    if answer.status == 405:
        assert answer.headers["Allow"]
        _error(answer, 405)


def test_wrong_method_names_the_right_ones(client):
    answer = client.call("PUT", "/agents")
    _error(answer, 405)
    assert "GET" in answer.headers["Allow"]


def test_head_is_answered_like_get_without_a_body(client):
    answer = client.call("HEAD", "/agents")
    assert answer.status == 200 and answer.body == b""


def test_other_content_type_is_415(client):
    _error(_post(client, json.dumps(GOOD), **{"Content-Type": "text/xml"}), 415)


def test_curl_needs_no_content_type(shared):
    """curl -d says x-www-form-urlencoded by itself; README's lines work."""
    status, body = curl(f"{shared.main.client.url}/tasks/shell", "-d", json.dumps(GOOD))
    assert status == 200, body


def test_body_over_the_limit_is_413(client):
    big = json.dumps({**GOOD, "cmd": "x" * (2 << 20)})
    try:
        answer = _post(client, big)
    except (BrokenPipeError, ConnectionResetError):
        return  # refused while we were still talking: also an answer
    _error(answer, 413)


def test_chunked_body_over_the_limit_is_413(shared):
    """Nobody says beforehand how long it will be."""
    big = shared.path("big.json", json.dumps({**GOOD, "cmd": "x" * (2 << 20)}))
    status, body = curl(f"{shared.main.client.url}/tasks/shell", "-T", big, "-X", "POST",
                        "-H", "Transfer-Encoding: chunked", "-H", "Content-Type: application/json")
    assert status == 413 and json.loads(body)["error"]


def test_command_over_the_kernels_limit_is_refused(client):
    answer = _post(client, {**GOOD, "cmd": ": " + "x" * (130 << 10)})
    _error(answer, answer.status if answer.status in (400, 413) else 400)


def test_longest_command_runs(client):
    cmd = ": " + "x" * (120 << 10)
    assert client.run(cmd)[0]["status"] == "completed"


def test_too_many_variables_are_refused(client):
    _error(_post(client, {**GOOD, "env": {f"V{n}": "x" for n in range(2000)}}), 400)


@pytest.mark.parametrize("change, text", [
    ({"limits": {"pids": 0}}, "field 'limits': field 'pids': expected a whole number 1..4194304, got 0"),
    ({"cleanup": [{"cmd": "x"}, {"cmd": "y", "when": "?"}]},
     "field 'cleanup[1]': field 'when': expected \"always\", \"cancelled\" or \"failed\", got \"?\""),
    ({"stop": {"pre_stop": {"cmd": "x", "timeout": "20m"}}},
     "field 'stop': field 'pre_stop': field 'timeout': expected seconds 0..600"),
], ids=repr)
def test_errors_name_field_limit_and_value(client, change, text):
    assert text in _error(_post(client, {**GOOD, **change}), 400)["error"]


def test_list_with_wrong_query_is_400(client):
    for query in ("status=sleeping", "limit=0", "limit=x", "limit=-1", "cursor=!!", "label=",
                  "label==x", "agent_id=a&agent_id=b", "&".join(["label=x"] * 33)):
        _error(client.get(f"/tasks?{query}"), 400)


@pytest.mark.parametrize("method, path", [
    ("GET", "/tasks?lable=job"), ("GET", "/tasks?limit=1&Limit=2"),
    ("GET", "/agents/agent1/tasks?agent_id=agent2"), ("DELETE", "/tasks?lable=x&agent_id=agent1"),
    ("DELETE", "/tasks/some-task?forced=1"), ("GET", "/tasks/some-task/output?strem=stderr"),
    ("GET", "/stream?ref=some-task&after=3"), ("GET", "/webhooks?status=dead")])
def test_a_query_that_is_misspelt_is_not_taken_for_none(client, method, path):
    error = _error(client.call(method, path), 400)
    assert error["code"] == "bad_query" and "unknown query" in error["error"], error
    assert " has these: " in error["details"], error


def _raw(client, text):
    """Bytes as they are; what comes back at once, which may be nothing."""
    host, _, port = client.address.rpartition(":")
    with socket.create_connection((host, int(port)), DEADLINE) as connection:
        received = b""
        try:
            connection.sendall(text)
            connection.settimeout(0.5)
            while piece := connection.recv(65536):
                received += piece
        except OSError:  # silence, or a connection that was cut
            pass
        return received


@pytest.mark.parametrize("text", [
    b"\0\0\0\0", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /tasks/shell HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
    b"POST /tasks/shell HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /tasks/shell HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"x" * 200000 + b"\r\n\r\n",
], ids=range(9))
def test_requests_that_are_none_get_no_200(client, text):
    answer = _raw(client, text)
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert client.get("/healthz").status == 200


def test_thousand_bad_requests_leave_the_server_well(client):
    connection = client.connect()
    for _ in range(1000):
        connection.request("POST", "/tasks/shell", "{", {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 400
        answer.read()
    connection.close()
    assert client.run("echo well")[1] == "well\n"
