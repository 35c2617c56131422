"""Golden datasets: a rule, a new version, a runner, and what the server makes of its report."""

import json
import subprocess
import sys

import pytest
from openai_server import OpenAIServer
from test_runner import Api, once, runner  # noqa: F401  a fixture

from regesta_server import binary, eventually

# Saves all models of this file in one process: importing MLflow takes long. Explicit requirements spare it a look for them.
MODELS = """
import sys, warnings
warnings.filterwarnings("ignore")
import mlflow.pyfunc, mlflow.sklearn, pandas, sklearn
from sklearn.linear_model import LinearRegression
rows = pandas.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 0, 1, 0]})
needs = [f"scikit-learn=={sklearn.__version__}"]
for name, factor in (("doubling", 2.0), ("tripling", 3.0)):
    mlflow.sklearn.save_model(LinearRegression().fit(rows, rows["a"] * factor), name, pip_requirements=needs)
open("noisy_model.py", "w").write('''
import os, mlflow
class Noisy(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        print("the model prints this")
        mode = model_input["mode"].iloc[0]
        if mode == "random":
            return [int.from_bytes(os.urandom(4), "big")]
        if mode == "raise":
            raise ValueError("no such customer")
        if mode == "nan":
            return [float("nan")]
        if mode == "die":
            os._exit(9)
        return [1]
mlflow.models.set_model(Noisy())
''')
mlflow.pyfunc.save_model("noisy", python_model="noisy_model.py", pip_requirements=needs)
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    done = subprocess.run([sys.executable, "-c", MODELS], capture_output=True, text=True, timeout=300, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def doubling(models):
    return models / "doubling"


@pytest.fixture
def tripling(models):
    return models / "tripling"


@pytest.fixture
def noisy(models):
    return models / "noisy"


class Golden(Api):
    def __init__(self, server, folder):
        super().__init__(server.url)
        self.server, self.folder = server, folder

    def cli(self, *arguments, code=0):
        done = subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True, timeout=300,
                              env={"REGESTA_URL": self.url, "HOME": str(self.folder), "PATH": "/usr/bin:/bin"})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def dataset(self, *rows, name="golden"):
        file = self.folder / "golden.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.cli("version", "create", f"dataset/{name}", "--file", file)

    def model(self, folder, name="loan-risk"):
        self.cli("version", "create", f"model/{name}", "--file", folder)

    def waiting(self, count=1):
        return eventually(lambda: [job for job in [self.jobs(status="waiting")] if len(job) == count])[0]

    def run_models(self, *options, token=""):
        environment = {"REGESTA_URL": self.url, "HOME": str(self.folder), "PATH": "/usr/bin:/bin"}
        if token:
            environment["REGESTA_TOKEN"] = token
        done = subprocess.run([binary(), "runner", "--run-models", "--once", "--python", sys.executable, *options],
                              env=environment, capture_output=True, text=True, timeout=300)
        return done.stdout + done.stderr

    def report(self, rule="loans"):
        return self.call("GET", f"/golden-rules/{rule}", None, 200)


@pytest.fixture
def golden(server, tmp_path):
    return Golden(server, tmp_path)


ROWS = [{"inputs": {"a": 1, "b": 1}, "expected": 2}, {"inputs": {"a": 5, "b": 0}, "expected": 10}]
GATE = """package regesta.gate
deny contains {"code": "golden", "msg": "the golden tests must pass"} if not input.candidate.golden.passed
"""


def test_every_new_version_is_run_and_the_gate_sees_it(golden, doubling, tripling):
    golden.dataset(*ROWS)
    golden.model(doubling, "loan-old")
    golden.cli("golden", "create", "loans", "--pattern", "loan-*", "--dataset", "golden@1", "--tolerance", "1e-6")
    golden.call("POST", "/policies/golden", {"modules": [{"name": "gate.rego", "text": GATE}]}, 201)
    golden.call("POST", "/policies/bindings", {"policy": "golden", "kind": "model", "name_pattern": "*", "pointer": "production"}, 201)
    golden.model(doubling)
    golden.model(tripling)
    golden.model(doubling, "other")
    jobs = golden.waiting(2)
    assert {job["subject"] for job in jobs} == {"model/loan-risk@1", "model/loan-risk@2"} and jobs[0]["needs"] == "models"
    golden.call("PUT", "/assets/model/loan-risk/aliases/production", {"version": "1"}, 403)

    # The runner gets the inputs and never sees what is expected.
    with OpenAIServer() as model:
        once(golden.url, model)
    assert len(golden.jobs(status="waiting")) == 2, "a runner that runs no models leaves them"
    out = golden.run_models()
    assert out.count("evidence") == 2, out
    [bad, good] = golden.report()["runs"]
    assert (good["subject"], bad["subject"]) == ("model/loan-risk@1", "model/loan-risk@2")
    assert good["summary"]["passed"] is True and good["summary"]["rows"] == 2 and good["summary"]["deterministic"] is True
    assert bad["summary"]["passed"] is False and bad["summary"]["different"] == 2
    evidence = golden.call("GET", f"/evidence/{bad['evidence']}", None, 200)
    assert evidence["verified"] is True and evidence["origin"] == "runner" and evidence["job"] == bad["job"]
    assert [row["row"] for row in evidence["body"]["differences"]] == [0, 1]
    assert evidence["body"]["differences"][0]["difference"]["expected"] == "2"
    assert evidence["body"]["environment"]["packages"]["scikit-learn"]
    golden.call("PUT", "/assets/model/loan-risk/aliases/production", {"version": "1"}, 200)
    golden.call("PUT", "/assets/model/loan-risk/aliases/production", {"version": "2"}, 403)
    shown = golden.cli("golden", "report", "loans")
    assert "failed model/loan-risk@2: 2 rows, 2 different" in shown and "row 0 $: expected 2, got 3" in shown, shown
    # Nothing is run twice by itself; on request it is, and older versions are.
    golden.cli("golden", "run", "loans", "loan-old@1")
    assert golden.waiting(1)[0]["subject"] == "model/loan-old@1"
    golden.server.settle()


def test_a_claim_does_not_open_the_gate(golden, doubling):
    golden.dataset(*ROWS)
    golden.cli("golden", "create", "loans", "--pattern", "*", "--dataset", "golden")
    golden.call("POST", "/policies/golden", {"modules": [{"name": "gate.rego", "text": GATE}]}, 201)
    golden.call("POST", "/policies/bindings", {"policy": "golden", "kind": "model", "name_pattern": "*", "pointer": "production"}, 201)
    golden.model(doubling)
    golden.call("POST", "/evidence", {"asset": {"kind": "model", "name": "loan-risk", "version": 1}, "type": "golden-test",
                                      "body": {"passed": True, "rule_id": 1, "rule": "loans"}}, 201)
    golden.call("PUT", "/assets/model/loan-risk/aliases/production", {"version": "1"}, 403)


def test_a_version_does_not_pass_by_being_run_again(golden, doubling):
    """Attack: an author runs a version that answers by chance until it happens to be right."""
    golden.dataset({"inputs": {"a": 1, "b": 1}, "expected": 2})
    golden.cli("golden", "create", "loans", "--pattern", "*", "--dataset", "golden@1", "--repeats", "1")
    golden.call("POST", "/policies/golden", {"modules": [{"name": "gate.rego", "text": GATE}]}, 201)
    golden.call("POST", "/policies/bindings", {"policy": "golden", "kind": "model", "name_pattern": "*", "pointer": "production"}, 201)
    golden.model(doubling)
    golden.waiting()

    def answer(*rows):
        leased = golden.call("POST", "/jobs/lease", {"models": True, "prompts": False, "wait": 30}, 200)
        golden.call("POST", f"/jobs/{leased['job']['id']}/complete", {"lease": leased["lease"], "result": {"runs": [list(rows)]}}, 200)

    promote = lambda version, status: golden.call("PUT", "/assets/model/loan-risk/aliases/production", {"version": version}, status)
    answer({"error": "the endpoint cannot be reached"})
    promote("1", 403)
    golden.cli("golden", "run", "loans", "loan-risk@1")
    answer({"output": 2})
    promote("1", 200)
    golden.model(doubling)
    golden.waiting()
    answer({"output": 3})
    golden.cli("golden", "run", "loans", "loan-risk@2")
    answer({"output": 2})
    assert golden.report()["runs"][0]["summary"]["passed"] is True
    promote("2", 403)


def test_changed_golden_data_is_shown(golden, doubling):
    golden.dataset(*ROWS)
    golden.cli("golden", "create", "loans", "--pattern", "*", "--dataset", "golden@latest", "--method", "numeric")
    assert golden.report()["rule"]["golden_changed"] is False
    golden.dataset({"inputs": {"a": 1, "b": 1}, "expected": 99})
    assert golden.report()["rule"]["golden_changed"] is True and "changed" in golden.cli("golden", "list")
    golden.model(doubling)
    golden.waiting()
    golden.run_models()
    [run] = golden.report()["runs"]
    assert run["summary"]["golden_changed"] is True and run["summary"]["passed"] is False
    assert "the golden data has changed" in golden.cli("golden", "report", "loans")


def test_models_that_misbehave(golden, noisy):
    golden.dataset(*[{"inputs": {"mode": mode}, "expected": 1} for mode in ("fine", "random", "raise", "nan")])
    golden.cli("golden", "create", "loans", "--pattern", "*", "--dataset", "golden")
    golden.model(noisy)
    golden.waiting()
    out = golden.run_models()
    assert "evidence" in out, out
    [run] = golden.report()["runs"]
    summary = run["summary"]
    assert (summary["identical"], summary["different"], summary["errors"]) == (1, 3, 1)
    assert summary["deterministic"] is False and summary["varying_rows"] == 1
    body = golden.call("GET", f"/evidence/{run['evidence']}")["body"]
    assert "no such customer" in json.dumps(body["differences"]) and "NaN" in json.dumps(body["differences"])
    golden.dataset({"inputs": {"mode": "fine"}, "expected": 1}, {"inputs": {"mode": "die"}, "expected": 1}, name="deadly")
    golden.cli("golden", "create", "deadly", "--pattern", "*", "--dataset", "deadly")
    golden.cli("golden", "run", "deadly", "loan-risk@1")
    out = golden.run_models()
    [run] = golden.report("deadly")["runs"]
    assert run["status"] == "dead" and "after 1 of 2 rows" in run["problem"], out


def test_a_report_with_other_rows_is_refused(golden, doubling):
    golden.dataset(*ROWS)
    golden.cli("golden", "create", "loans", "--pattern", "*", "--dataset", "golden", "--repeats", "1")
    golden.model(doubling)
    golden.waiting()
    leased = golden.call("POST", "/jobs/lease", {"models": True}, 200)
    assert all("expected" not in row for row in leased["work"]["rows"])
    path, lease = f"/jobs/{leased['job']['id']}/complete", leased["lease"]
    for result in ({}, {"runs": []}, {"runs": [[{"output": 2}]]}, {"runs": [[{"output": 2}, {}]]},
                   {"runs": [[{"output": 2}, {"output": 10}], [{"output": 2}, {"output": 10}]]}):
        golden.call("POST", path, {"lease": lease, "result": result}, 400)
    golden.call("POST", path, {"lease": "0" * 32, "result": {"runs": [[{"output": 2}, {"output": 10}]]}}, 409)
    golden.call("POST", path, {"lease": lease, "result": {"runs": [[{"output": 2}, {"output": 10}]]}}, 200)
    golden.call("POST", path, {"lease": lease, "result": {"runs": [[{"output": 2}, {"output": 10}]]}}, 409)
    assert golden.report()["runs"][0]["summary"]["passed"] is True


def test_prompts_have_golden_data_too(golden):
    golden.dataset({"inputs": {"name": "Eva"}, "expected": "hello,   EVA."}, {"inputs": {"name": "Ada"}, "expected": "Bye"})
    golden.cli("golden", "create", "greet", "--kind", "prompt", "--pattern", "greet*", "--dataset", "golden", "--method", "text")
    golden.prompt()
    golden.waiting()
    with OpenAIServer() as model:
        model.says(lambda body: "Hello, " + body["messages"][-1]["content"].split()[1], when="Greet")
        code, out = once(golden.url, model)
        assert code == 0 and "evidence" in out, out
    [run] = golden.report("greet")["runs"]
    assert run["summary"]["within_tolerance"] == 1 and run["summary"]["different"] == 1


@pytest.mark.parametrize("rows, says", [
    ([{"inputs": 1}], "expected"), ([1], "object"), ([], "at least one row"),
])
def test_wrong_golden_data_is_refused(golden, rows, says):
    golden.dataset(*rows)
    assert says in golden.cli("golden", "create", "loans", "--pattern", "*", "--dataset", "golden", code=1)


def test_who_may_make_rules(golden, doubling):
    golden.dataset(*ROWS)
    import base64
    golden.call("POST", "/users", {"name": "root", "password": "correct horse", "grants": []})
    basic = {"Authorization": "Basic " + base64.b64encode(b"root:correct horse").decode()}

    def token(name, role, pattern="*"):
        import urllib.request
        request = urllib.request.Request(golden.url + "/api/v1/tokens", method="POST", headers=basic | {"Content-Type": "application/json"},
                                         data=json.dumps({"name": name, "grants": [{"role": role, "name_pattern": pattern}]}).encode())
        return Api(golden.url, json.loads(urllib.request.urlopen(request).read())["token"])

    rule = {"name": "loans", "kind": "model", "name_pattern": "loan-*", "dataset": "golden"}
    token("writer", "contributor").call("POST", "/golden-rules", rule, 403)
    narrow = token("narrow", "admin", "loan-*")
    narrow.call("POST", "/golden-rules", rule | {"name_pattern": "*"}, 403)
    admin = token("admin", "admin")
    admin.call("POST", "/golden-rules", rule, 201)
    admin.call("POST", "/golden-rules", rule, 409)
    token("elsewhere", "reader", "x*").call("GET", "/golden-rules/loans", None, 404)
    token("writer2", "contributor").call("DELETE", "/golden-rules/loans", None, 403)
    admin.call("DELETE", "/golden-rules/loans", None, 204)
