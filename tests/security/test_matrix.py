"""Every route of docs/access-matrix.txt, asked by everybody: roles, names, workspaces and states of the object.

The matrix is generated from the route tables (a unit test keeps the file current), so a new route is tested by being
there. What is asserted follows from the rule beside the route alone."""

import pathlib
import re
import urllib.parse

import pytest

from conftest import House
from regesta_server import ROOT, Server

RULES = pathlib.Path(ROOT / "docs" / "access-matrix.txt").read_text().splitlines()
WORKSPACES = ("X-MLFLOW-WORKSPACE", "X-Regesta-Workspace")
# May the role do what the rule asks for, in its workspace?
VERBS = {
    "rex": {"read"},
    "carl": {"read", "write"},
    "rita": {"read", "approve"},
    "runner": {"read", "run"},
    "auditor": {"read"},
}
STREAMS = re.compile(r"^/(git|dvc|lfs|v2|hf|s3|graphql|files|artifactsV2|api/v1/changes|api/v1/blobs|ofrep/v1/events|api/2.0/mlflow-artifacts/(mpu/part|signed))")  # bodies and answers of their own: test_edge, test_signed_addresses, test_content_fronts, test_oci, test_xet, tests/hf, tests/s3, tests/wandb


def routes():
    for line in RULES:
        route, _, rule = line.partition(" | ")
        path, _, method = route.rpartition(" ")
        if path and rule and not STREAMS.match(path):
            yield path, method, rule.split(" or ")[0].split(" ")[0] if rule not in ("anyone", "signed in") else rule


ROUTES = list(routes())
NAMED = [(path, method, verb) for path, method, verb in ROUTES
         if re.match(r"^/api/(v1/(assets|prompts)|public/v2/prompts)/.*\{name", path)]


def filled(path, name):
    values = {"name": name, "kind": "prompt", "selector": "1", "alias": "production", "key": "k", "id": "1", "version": "1"}
    return re.sub(r"\{(\w+)(?:\.\.\.)?\}", lambda found: values.get(found.group(1), "1"), path)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("matrix") / "data").start()
    made = House(server)
    made.runner = made.token("runner", {"role": "runner"})
    made.auditor = made.token("auditor", {"role": "auditor"})
    for name in ("others-1", "nina-1"):
        made.root.prompt(name, "Hello {{x}}")
        made.root.ok("PUT", f"/api/v1/assets/prompt/{name}/aliases/production", {"version": 1})
    yield made
    assert server.stop() == 0, server.log()[-4000:]


def ask(caller, method, path, **headers):
    body = {} if method in ("POST", "PUT", "PATCH") else None
    return caller.call(method, path, body, headers=headers)


def test_the_matrix_is_not_empty():
    assert len(ROUTES) > 200 and len(NAMED) > 25


@pytest.mark.parametrize("path, method, verb", ROUTES, ids=lambda value: value if "/" in value else None)
def test_nobody_in_particular_reaches_only_what_is_open(house, path, method, verb):
    answer = ask(house.anonymous, method, filled(path, "others-1"))
    if verb == "anyone":
        # Two routes say themselves who may go on: by a password, and by a connection's signature.
        own = ("/api/v1/session", "/api/v1/connections/{name}/events")
        assert answer.status != 403 and (answer.status != 401 or path in own), answer
    else:
        assert answer.status == 401, answer


@pytest.mark.parametrize("path, method, verb", ROUTES, ids=lambda value: value if "/" in value else None)
def test_a_role_does_what_its_rule_allows_and_nothing_else(house, path, method, verb):
    if verb in ("anyone", "signed in"):
        return
    for name, verbs in VERBS.items():
        if verb in verbs:
            continue  # what it may do changes the state the others are asked about
        answer = ask(getattr(house, name), method, filled(path, "others-1"))
        assert answer.status == 403, (name, answer)


@pytest.mark.parametrize("path, method, verb", ROUTES, ids=lambda value: value if "/" in value else None)
def test_another_workspace_is_closed(house, path, method, verb):
    """walt contributes to west and wendy administers it; neither has a grant in the default workspace."""
    if verb in ("anyone", "signed in"):
        return
    default = dict.fromkeys(WORKSPACES, "default")  # some fronts would choose the caller's own
    for caller in (house.walt, house.wendy):
        answer = ask(caller, method, filled(path, "others-1"), **default)
        assert answer.status == 403, answer


@pytest.mark.parametrize("path, method, verb", NAMED, ids=lambda value: value if "/" in value else None)
def test_a_name_out_of_reach_answers_as_one_that_does_not_exist(house, path, method, verb):
    """nina may write nina-* only. What she cannot read must look as if it were not there, whatever she asks."""
    there = ask(house.nina, method, filled(path, "others-1"))
    absent = ask(house.nina, method, filled(path, "ghost-1"))
    assert there.status in (400, 403, 404, 415), there
    assert there.status == absent.status, (there, absent)
    assert there.text.replace("others-1", "ghost-1") == absent.text, (there, absent)


def requests_about(name):
    """Requests that carry the name in the query or the body."""
    for path, method, _ in ROUTES:
        if not re.match(r"^/api/2.0/mlflow/(registered-models|model-versions)/", path) or path.endswith(("/create", "/search")):
            continue
        fields = {"name": name, "version": "1", "alias": "production", "key": "k", "value": "v", "new_name": "nina-2",
                  "description": "d", "stage": "Staging"}
        if method == "GET":
            yield method, f"{path}?{urllib.parse.urlencode({'name': name, 'version': '1', 'alias': 'production'})}", None
        elif "stage" in path:
            yield method, path, {"name": name, "version": "1", "stage": "Staging"}
        else:
            yield method, path, fields
    asset = {"kind": "prompt", "name": name, "version": "1"}
    yield "GET", f"/api/v1/evidence?kind=prompt&name={name}&version=1", None
    yield "POST", "/api/v1/evidence", {"asset": asset, "type": "card", "body": "# Card\n\nText."}
    yield "POST", "/api/v1/change-requests", {"kind": "prompt", "name": name, "pointer": "production", "version": 1}
    yield "POST", "/api/v1/policies/eval", {"pointer": {"kind": "prompt", "name": name, "alias": "production", "version": "1"}}
    yield "GET", f"/api/v1/lineage/graph?node=prompt/{name}@1", None
    yield "GET", f"/api/v1/decisions?kind=prompt&name={name}&pointer=production", None
    yield "POST", f"/ofrep/v1/evaluate/flags/{name}", {"context": {"targetingKey": "u"}}


@pytest.mark.parametrize("place", range(len(list(requests_about("x")))))
def test_a_name_in_query_or_body_that_is_out_of_reach_looks_absent(house, place):
    answers = []
    for name in ("others-1", "ghost-1"):
        method, path, body = list(requests_about(name))[place]
        answers.append(house.nina.call(method, path, body))
    there, absent = answers
    assert there.status == absent.status, (method, path, there, absent)
    if there.status >= 400:
        assert there.text.replace("others-1", "ghost-1") == absent.text, (method, path, there, absent)
    else:
        assert "others-1" not in there.text, (method, path, there)


def test_the_state_of_the_object_does_not_open_a_route(house):
    """Deleted, protected or absent: a reader is refused alike."""
    house.root.prompt("gone-1", "Hello {{x}}")
    house.root.ok("DELETE", "/api/v1/assets/prompt/gone-1")
    for path, method, verb in NAMED:
        if verb != "read":
            texts = {ask(house.rex, method, filled(path, name)).status for name in ("gone-1", "others-1", "ghost-1")}
            assert texts == {403}, (method, path, texts)
