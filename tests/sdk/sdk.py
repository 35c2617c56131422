"""What the tests of the Python client share."""

import json
import pathlib
import urllib.request

import regesta

SOURCE = pathlib.Path(regesta.__file__).resolve().parent.parent


def api(server, method, path, body=None):
    request = urllib.request.Request(server.url + path, json.dumps(body).encode() if body is not None else None,
                                     {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def connect(server, **options):
    """A client that is as patient as a busy machine needs."""
    return regesta.Client(server.url, **{"timeout": 60, **options})


def make(server, name="greeting", **content):
    """One more version of a prompt."""
    return api(server, "POST", f"/api/v1/prompts/{name}/versions", content)


def point(server, version, name="greeting", alias="production"):
    return api(server, "PUT", f"/api/v1/assets/prompt/{name}/aliases/{alias}", {"version": version})


def greeting(server, versions=2):
    """`greeting` with some versions; production points to the first."""
    for i in range(versions):
        make(server, template=f"Hello {{{{name}}}}, {i + 1}!")
    point(server, 1)


def bind(server, modules, pointer="production"):
    api(server, "POST", "/api/v1/policies/gate", {"modules": [{"name": "gate.rego", "text": modules}]})
    api(server, "POST", "/api/v1/policies/bindings",
        {"kind": "prompt", "policy": "gate", "name_pattern": "*", "pointer": pointer})
