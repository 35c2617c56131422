"""What a screen of runs needs beyond single answers: asking again costs nothing while nothing changed, and grants hold."""

import base64
import http.client
import json


def call(server, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"} | (headers or {}))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, json.loads(content) if content else None, answer.headers


def make_run(server, experiment, headers=None):
    _, made, _ = call(server, "POST", "/api/2.0/mlflow/runs/create", {"experiment_id": experiment, "start_time": 1}, headers)
    return made["run"]["info"]["run_id"]


def log(server, run, value, step):
    body = {"run_id": run, "metrics": [{"key": "loss", "value": value, "timestamp": step, "step": step}]}
    assert call(server, "POST", "/api/2.0/mlflow/runs/log-batch", body)[0] == 200


def test_an_answer_that_did_not_change_is_not_sent_again(server):
    run, other = make_run(server, "0"), make_run(server, "0")
    log(server, run, 0.5, 1)
    paths = (f"/api/v1/runs/{run}", "/api/v1/runs?total=true", f"/api/v1/runs/curves?run={run}&metric=loss")
    for step, path in enumerate(paths, start=2):
        status, first, headers = call(server, "GET", path)
        assert status == 200 and headers["Cache-Control"] == "private, no-cache"
        known = {"If-None-Match": headers["ETag"]}
        assert call(server, "GET", path, headers=known)[:2] == (304, None), path
        log(server, run, 0.5 + step, step)
        status, second, later = call(server, "GET", path, headers=known)
        assert status == 200 and second != first and later["ETag"] != headers["ETag"], path
    # What another run logs changes the list, and not what was drawn of this one.
    path = f"/api/v1/runs/curves?run={run}&metric=loss"
    known = {"If-None-Match": call(server, "GET", path)[2]["ETag"]}
    log(server, other, 1, 1)
    assert call(server, "GET", path, headers=known)[0] == 304


def test_grants_name_experiments(server):
    _, made, _ = call(server, "POST", "/api/2.0/mlflow/experiments/create", {"name": "loans"})
    loan, secret = make_run(server, made["experiment_id"]), make_run(server, "0")
    log(server, secret, 1, 1)

    def user(name, grants):
        return call(server, "POST", "/api/v1/users", {"name": name, "password": "correct horse", "grants": grants}, admin)

    def credentials(name):
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:correct horse".encode()).decode()}

    admin = None
    assert user("anna", [{"role": "admin"}])[0] == 201
    admin = credentials("anna")
    assert user("otto", [{"role": "reader", "name_pattern": "loan*"}])[0] == 201
    otto = credentials("otto")

    assert [e["name"] for e in call(server, "GET", "/api/v1/experiments", headers=otto)[1]["items"]] == ["loans"]
    assert [r["id"] for r in call(server, "GET", "/api/v1/runs", headers=otto)[1]["items"]] == [loan]
    assert call(server, "GET", f"/api/v1/runs/{loan}", headers=otto)[0] == 200
    for path in (f"/api/v1/runs/{secret}", "/api/v1/runs?experiment=Default", "/api/v1/runs/keys?experiment=0",
                 f"/api/v1/runs/curves?run={loan}&run={secret}&metric=loss"):
        assert call(server, "GET", path, headers=otto)[0] == 404, path  # as what does not exist
    assert call(server, "GET", "/api/v1/runs/keys", headers=otto)[1]["runs"] == 1
    assert len(call(server, "GET", "/api/v1/runs", headers=admin)[1]["items"]) == 2
