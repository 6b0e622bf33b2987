"""The OpenAPI document, the routes of the server and the manual have the same words."""

import os
import re
import subprocess

import pytest

from harness import SBIN
from openapi import Document


@pytest.fixture(scope="module")
def document(module_system):
    return Document(module_system.server().client.get("/openapi.json").body)


def test_document_and_server_have_the_same_routes(document):
    text = subprocess.run([f"{SBIN}/nodelink-server", "--routes"], check=True,
                          capture_output=True).stdout.decode()
    served = {(method, re.sub(r"\{\w+\}", "{}", path), role)
              for method, path, role in (line.split() for line in text.splitlines())}
    told = set()
    for name, _, operation in document.operations():
        method, path = name.split()
        role = operation["x-role"]
        schemes = [] if role == "none" else [{"bearer": []}]
        if method == "GET" and role != "none":
            schemes.append({"session": []})
        assert operation["security"] == schemes, name
        if name in ("POST /tasks/shell", "POST /tasks/docker"):
            path = "/tasks/{}"  # plugins whose fields the document knows
        told.add((method, re.sub(r"\{\w+\}", "{}", path), role))
    assert told == served


def test_manual_has_all_words_of_the_document(document):
    """Routes, parameters, fields and codes."""
    text = ""
    for page in ("man/nodelink-api.7", "man/nodelink-tasks.7",
                 "plugins/docker/nodelink-plugin-docker.7"):
        with open(f"{os.path.dirname(__file__)}/../../{page}", encoding="utf-8") as file:
            text += file.read().replace("\\-", "-")
    routes = {f".Ss {name}" for name, _, _ in document.operations()
              if name not in ("POST /tasks/shell", "POST /tasks/docker")}
    told = {line.partition("?")[0].replace("{plugin}", "{id}") for line in text.splitlines()}
    words = document.names() | {what[2] for what in document.wanted
                                if len(what) == 3 and what[1] != "header"}
    missing = (routes - told) | (words - set(re.findall(r"[A-Za-z0-9_-]+", text)))
    assert not missing, missing
