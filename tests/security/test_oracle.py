"""What somebody may not read is answered as what does not exist: status, headers and body.

Goes over docs/access-matrix.txt, which is made from the route tables, with two strangers: nils, whose grants cover other
names of the workspace, and walt, whose grants are in another workspace."""

import base64
import hashlib
import json
import re
import urllib.parse

import pytest
from oracle_table import ALIKE, FIELDS, NOTHING_NAMED, OBJECTS, PLAIN, REQUESTS, ROOTS
from test_matrix import RULES
from test_schema_walk import SETTINGS, tell_story

from conftest import PASSWORD, Caller, House
from regesta_server import Server

MLFLOW2, MLFLOW3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
VOLATILE = {"date", "x-request-id", "content-length"}  # the length follows from the body
# What differs between two answers about the same thing: numbers of requests, and of what a call has just made.
MADE = re.compile(r'"request_id":"\w+"|<(RequestId|HostId)>.*?</\1>|(?<=grant=)[\w.=-]+|[0-9a-f-]{20,}|[A-Z0-9]{26}|\d{4}-\d\d-\d\dT[\d:.]+Z|\b\d{13}\b|Experiment (\d+|ID)'
                  r'|"(id|run_id|digest|name)":"?[0-9a-f]+"?|"\w+-\w+-\d+"|"(id|index)":\d+')


def routes():
    for line in RULES:
        route, _, rule = line.partition(" | ")
        if rule and " " in route and route.startswith("/"):
            path, _, method = route.rpartition(" ")
            yield path, method


def objects_of(path, method):
    """The kinds that a path names, by variable; none for a route that names no object in its path."""
    for pattern, kinds in OBJECTS:
        if re.search(pattern, f"{path} {method}"):
            return {name: kind for name, kind in kinds.items() if re.search(r"\{" + name + r"(\.\.\.)?\}", path)}
    return {}


def filled(text, choose):
    """With the objects that `choose` picks for "<kind>"."""
    return re.sub(r"<([a-zA-Z0-9 -]+)>", lambda found: choose(found[1]), text)


def requests():
    """(route, text of the request's path, method, body as JSON or empty), with "<kind>" for each object."""
    for path, method in routes():
        if path.startswith("/graphql "):
            continue
        kinds = objects_of(path, method)
        whole = re.sub(r"\{(\w+)(?:\.\.\.)?\}", lambda found, kinds=kinds: f"<{kinds[found[1]]}>" if found[1] in kinds else PLAIN.get(found[1], "1"), path)
        route = f"{path} {method}"
        if kinds:
            body = "{}" if method in ("POST", "PUT", "PATCH") and not path.startswith("/s3") else ""
            yield route, whole, method, body
        for one in REQUESTS.get(route, []):
            if isinstance(one, str):
                yield route, f"{whole}?{one}", method, ""
            elif method == "GET" or (method == "DELETE" and path.startswith("/hf")):
                yield route, whole, method, json.dumps(one)
            else:
                yield route, whole, method, json.dumps(one)
    for field, documents in FIELDS.items():
        for document in documents:
            yield f"/graphql {field}", "/graphql", "POST", json.dumps({"query": document})


def graphql_fields():
    return [path.split(" ")[1] for line in RULES if line.startswith("/graphql ") for path in [line.partition(" | ")[0]] if "." in path]


def test_every_route_is_in_the_table():
    """A new route is compared below, or named with the reason why there is nothing to compare."""
    covered = {route for route, *_ in requests()}
    missing = []
    for path, method in routes():
        route = f"{path} {method}"
        if path == "/graphql" and method != "POST":
            continue
        # A variable in the path names something, so only a reason for that very route excuses it.
        patterns = [pattern for pattern, _ in NOTHING_NAMED if "{" not in path or pattern.startswith("VARIABLE")]
        reason = any(re.search(pattern.removeprefix("VARIABLE"), route) for pattern in patterns)
        if route not in covered and not reason:
            missing.append(route)
    assert not missing, "\n".join(missing)
    roots = [field for field in graphql_fields() if ROOTS.search(field)]
    unnamed = {"Query.serverInfo", "Query.viewer", "Query.users", "Query.models", "Mutation.createArtifact"}
    by_object = {"Mutation.addAliases", "Mutation.deleteAliases", "Mutation.createArtifactFiles", "Mutation.createArtifactManifest",
                 "Mutation.createRunFiles", "Mutation.markRunFilesUploaded", "Mutation.notifyScriptableRunAlert", "Mutation.updateArtifactManifest"}
    # tests/wandb/test_access.py sends each mutation as people with and without the role.
    by_object |= {f"Mutation.{name}" for name in (
        "completeMultipartUploadArtifact createFilterTrigger updateFilterTrigger deleteTrigger upsertModel createArtifactCollectionTagAssignments "
        "deleteArtifactCollectionTagAssignments deleteArtifactPortfolio deleteArtifactSequence updateArtifactPortfolio updateArtifactSequence "
        "createProject createGenericWebhookIntegration moveArtifactSequence renameProject deleteModel").split()}
    assert set(roots) - set(FIELDS) <= unnamed | by_object, sorted(set(roots) - set(FIELDS) - unnamed - by_object)


def put_image(carl):
    config = "sha256:" + hashlib.sha256(b"{}").hexdigest()
    assert carl.post(f"/v2/default/image1/blobs/uploads/?digest={config}", raw=b"{}").status == 201
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": kind, "layers": [],
                "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2}}
    pushed = carl.call("PUT", "/v2/default/image1/manifests/v1", raw=json.dumps(manifest).encode(), headers={"Content-Type": kind})
    assert pushed.status == 201, pushed


def collect(house):
    """{kind: (of something that nils may not read, of nothing)}"""
    root, carl = house.root, house.carl
    get = lambda path, **more: root.ok("GET", path, **more)
    hexes = lambda text: re.sub(r"[0-9a-f]", "f", text)
    found = {}
    experiment = get(f"{MLFLOW2}/experiments/get-by-name?experiment_name=loans1")["experiment"]["experiment_id"]
    found["experiment"] = (experiment, "987654")
    found["experiment name"] = ("loans1", "ghost1")
    run = carl.ok("POST", f"{MLFLOW2}/runs/search", {"experiment_ids": [experiment]})["runs"][-1]["info"]
    found["run"] = (run["run_id"], "f" * 32)
    made = carl.ok("POST", f"{MLFLOW2}/logged-models/search", {"experiment_ids": [experiment]})["models"][0]["info"]["model_id"]
    found["logged model"] = (made, "m-" + "f" * 32)
    path = run["artifact_uri"].split(":/", 1)[1].lstrip("/") + "/model/weights.bin"
    found["file"] = (path, path.replace(experiment, "987654", 1).replace(run["run_id"], "f" * 32))
    found["trace"] = ("tr-1", "tr-9")
    found["otel trace"] = (f"{1:032x}", "f" * 32)
    found["prompt"], found["model"], found["dataset"] = ("chat1", "ghost1"), ("loan-risk1", "ghost1"), ("rows1", "ghost1")
    data = carl.ok("POST", f"{MLFLOW3}/datasets/search", {})["datasets"]
    found["evaluation dataset"] = (next(d["dataset_id"] for d in data if d["name"] == "golden1"), "d-" + "f" * 32)
    found["evaluation dataset name"] = ("golden1", "ghost1")
    issue = carl.ok("POST", f"{MLFLOW3}/issues/search", {"experiment_id": experiment})["issues"][0]["issue_id"]
    found["issue"] = (issue, hexes(issue))
    schema = get(f"{MLFLOW3}/label-schemas/list?experiment_id={experiment}")["label_schemas"][0]["schema_id"]
    found["label schema"] = (schema, "ls-" + "f" * 32)
    queue = get(f"{MLFLOW3}/review-queues/list?experiment_id={experiment}")["review_queues"][0]["queue_id"]
    found["review queue"] = (queue, "rq-" + "f" * 32)
    scorer = json.dumps(get(f"{MLFLOW3}/scorers/list?experiment_id={experiment}"))
    found["scorer"] = (re.search(r'"scorer_id": "([^"]+)"', scorer)[1] if "scorer_id" in scorer else "1", "ghost")
    number = lambda path, more="": (str(get(path)["items"][0]["id"]), "987654")
    for kind, path in {"break-glass": "break-glass", "change request": "change-requests", "evidence": "evidence?kind=model&name=loan-risk1&version=1",
                       "delegate": "delegates", "hold": "holds", "incident": "incidents", "waiver": "waivers", "job": "jobs", "card rule": "card-rules",
                       "binding": "policies/bindings", "rollout": "prompts/chat1/rollouts", "webhook": "webhooks"}.items():
        found[kind] = number(f"/api/v1/{path}")
    found["connection"], found["golden rule"], found["trigger"] = ("jira1", "ghost1"), ("rows1", "ghost1"), ("fire1", "ghost1")
    found["retention rule"], found["import"], found["token"] = ("none-1", "ghost1"), ("mlflow-1", "ghost-1"), ("ci-1", "ghost-1")
    found["user"], found["workspace"], found["policy"], found["alias"] = ("lin1", "ghost1"), ("north-1", "ghost-1"), ("never1", "ghost1"), ("production", "ghost")
    found["decision"] = (get("/api/v1/decisions")["items"][0]["digest"], "f" * 64)
    entries = get("/api/v1/ledger/entries?page_size=200")["items"]
    index = next(e["index"] for e in entries if "loan-risk1" in json.dumps(e))
    found["entry"] = (str(index), "987654")
    record = get("/api/v1/records")["items"][0]
    found["record"] = (str(record["id"]), re.sub(r"[0-9a-f]", "9", str(record["id"])))
    found["record batch"] = number("/api/v1/record-batches")
    found["score"] = (get("/api/public/scores")["data"][0]["id"], "ghost")
    found["score config"] = (get("/api/public/score-configs")["data"][0]["id"], "f" * 32)
    house.carl.ok("POST", "/api/v1/session", {"user": "carl", "password": PASSWORD}, headers={"Origin": house.server.url})
    found["session"] = (str(carl.ok("GET", "/api/v1/sessions")["items"][0]["id"]), "987654")
    house.rita.ok("PUT", "/api/v1/subscriptions/other", {"address": "rita@bank.example", "events": ["incident.opened"]})
    found["subscription"] = ("other", "ghost")
    blob = carl.ok("PUT", "/api/v1/blobs", raw=b"a secret of carl's")["digest"]
    found["blob"] = (blob, "f" * 64)
    oid = hashlib.sha256(b"large").hexdigest()
    assert carl.call("PUT", f"/lfs/default/objects/{oid}", raw=b"large").status == 200
    found["oid"] = (oid, "f" * 64)
    md5 = hashlib.md5(b"table 1").hexdigest()
    found["md5 head"], found["md5 tail"] = (md5[:2], md5[:2]), (md5[2:], "f" * 30)
    announced = base64.b64encode(hashlib.sha256(b"upload").hexdigest().encode()).decode()
    begun = carl.post("/api/v1/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "6", "Upload-Metadata": f"sha256 {announced}"})
    assert begun.status == 201, begun
    upload = begun.headers["Location"].rpartition("/")[2]
    found["upload"] = (upload, hexes(upload))
    put_image(carl)
    found["repository"] = ("image1", "ghost1")
    found["lock"] = (str(carl.ok("GET", "/lfs/default/locks")["locks"][0]["id"]), "987654")
    found["wandb project"] = ("wandb1", "ghost1")
    ask = lambda query: carl.ok("POST", "/graphql", {"query": query})["data"]["project"]
    project = ask('query { project(name: "wandb1", entityName: "default") { artifact(name: "data:v0") { id artifactSequence { id } } run(name: "r") { id } '
                  'sweeps { edges { node { name } } } } }')
    artifact = project["artifact"]["id"]
    coded = base64.b64decode(artifact).decode()
    found["wandb artifact id"] = (artifact, base64.b64encode(re.sub(r"\d+", "987654", coded).encode()).decode())
    found["number"] = (coded.split(":")[1], "987654")
    run_id = project["run"]["id"]
    found["wandb run id"] = (run_id, base64.b64encode(base64.b64decode(run_id).replace(b"wandb1", b"ghost1")).decode())
    collection = project["artifact"]["artifactSequence"]["id"]
    found["wandb collection id"] = (collection, base64.b64encode(b"ArtifactCollection:987654").decode())
    found["wandb run file"] = tuple(base64.b64encode(f"RunFile:{run}:a".encode()).decode() for run in found["wandb run id"])
    found["sweep"] = (project["sweeps"]["edges"][0]["node"]["name"], "ghostghost")
    found["agent"] = (base64.b64encode(b"Agent:1").decode(), base64.b64encode(b"Agent:987654").decode())
    found["wandb client"] = ("0" * 16, "1" * 16)
    own = house.nils.ok("POST", f"{MLFLOW2}/experiments/create", {"name": "nina-e"})["experiment_id"]
    found["own experiment"] = (own, own)
    mine = house.nils.ok("POST", f"{MLFLOW2}/runs/create", {"experiment_id": own, "start_time": 1})["run"]["info"]["run_id"]
    found["own run"] = (mine, mine)
    return found


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("oracle")
    server = Server(folder / "data", environment=SETTINGS).start()
    made = House(server)
    made.root.ok("POST", "/api/v1/users", {"name": "nils", "password": PASSWORD, "grants": [
        {"role": "contributor", "workspace": "default", "name_pattern": "nina-*"}]})
    made.nils = Caller(server, ("nils", PASSWORD))
    tell_story(made, folder, 1)
    made.nils.prompt("nina-p", "Hello {{x}}")
    made.nils.ok("POST", f"{MLFLOW2}/registered-models/create", {"name": "nina-m"})
    made.nils.ok("POST", f"{MLFLOW2}/model-versions/create", {"name": "nina-m", "source": "s3://b/x"})
    made.server.settle()
    made.found = collect(made)
    yield made
    assert server.stop() == 0, server.log()[-4000:]


def decoded(value):
    """An id of W&B is base64 of the names that it stands for."""
    try:
        return base64.b64decode(value, validate=True).decode()
    except ValueError:
        return ""


def compared(answer, values):
    """The parts of an answer that a caller can tell apart, without the ids that they sent."""
    spellings = {spelling for value in values for spelling in (value, urllib.parse.quote(value, safe=""))}
    inner = [part for value in values for part in decoded(value).split(":")]
    spellings |= {part for value in values for part in (*value.split("/"), *inner) if len(part) > 2}
    spellings |= {part for one in inner for part in decoded(one).split(":") if len(part) > 2}  # the id of a file has that of its run

    def plain(text):
        for one in sorted(spellings, key=len, reverse=True):
            text = re.sub(r"(?<![0-9A-Za-z.])" + re.escape(one) + r"(?![0-9A-Za-z.])", "ID", text)
        return MADE.sub("MADE", text)

    headers = {name.lower(): plain(text) for name, text in answer.headers.items() if name.lower() not in VOLATILE}
    return answer.status, headers, plain(answer.text)


ASKED = list(requests())


def ask_both(house, who, place, headers=None):
    """The comparable answers about what exists and about nothing."""
    route, path, method, body = ASKED[place]
    answers = []
    for which in (0, 1):
        values = []

        def choose(kind, which=which, values=values):
            values.append(house.found[kind][which])
            return values[-1]

        text = filled(body, choose)
        target = filled(path, lambda kind, choose=choose: urllib.parse.quote(choose(kind), safe="/:@" if "..." in route else ""))
        answers.append(compared(who.call(method, target, json.loads(text) if text else None, headers=headers), values))
    return answers


NAMES = [f"{place}-{row[0].replace('/', '_')}"[:90] for place, row in enumerate(ASKED)]


@pytest.mark.parametrize("stranger", ["nils", "walt"])
@pytest.mark.parametrize("place", range(len(ASKED)), ids=NAMES)
def test_what_is_hidden_answers_as_what_does_not_exist(house, place, stranger):
    headers = {"X-MLFLOW-WORKSPACE": "west", "X-Regesta-Workspace": "west"} if stranger == "walt" else {}
    hidden, absent = ask_both(house, getattr(house, stranger), place, headers)
    assert hidden == absent, f"{stranger}: {ASKED[place][1:]}\n hidden: {hidden}\n absent: {absent}"
    assert hidden[0] != 500, hidden


READING = sorted({route for route, _, method, _ in ASKED if method == "GET" and not re.search(ALIKE, route)})


@pytest.mark.parametrize("route", READING)
def test_somebody_who_may_read_it_sees_the_difference(house, route):
    """Otherwise the comparison above would compare nothing with nothing."""
    places = [place for place, row in enumerate(ASKED) if row[0] == route]
    answers = [ask_both(house, who, place) for place in places for who in (house.root, house.carl)]
    assert any(there != absent for there, absent in answers), answers
