"""The whole story, run by `make demo`: training, a gate, approval, rollback, a prompt that goes back by itself, an audit."""

import contextlib
import io
import json
import os
import secrets
import sqlite3
import time
import warnings
import zipfile

STARTED = time.monotonic()
for name, value in {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
                    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "GIT_PYTHON_REFRESH": "quiet"}.items():
    os.environ.setdefault(name, value)
warnings.filterwarnings("ignore")

from stage import ROOT, WORK, Person, code, expect, fetch, indent, say, start_server, title  # noqa: E402
from support_chat import step_prompt  # noqa: E402
from versioned_data import DVC, Project  # noqa: E402

EXAMPLE = ROOT / "examples" / "loan"


@contextlib.contextmanager
def quiet():
    """Without mlflow's own lines about every run and version."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def step_server():
    title(1, "A server on embedded storage, and two people")
    server, url = start_server()
    anyone = Person("", "", url)
    anna = Person("anna", secrets.token_urlsafe(9), url)
    rita = Person("rita", secrets.token_urlsafe(9), url)
    say("Anna builds models; as the first user she is admin. Rita is a risk officer: she may approve, not build.")
    anyone.run("user", "create", "anna", stdin=anna.password)
    anna.run("user", "create", "rita", "--grant", "risk", stdin=rita.password)
    anyone.run("model", "list", exit_code=3)
    expect(True, "from now on nobody gets in without credentials (exit code 3)")
    return server, anna, rita


def step_training(anna):
    title(2, "Training on real mortgage applications, with the unmodified mlflow client")
    os.environ.update(MLFLOW_TRACKING_URI=anna.url, MLFLOW_TRACKING_USERNAME=anna.name, MLFLOW_TRACKING_PASSWORD=anna.password)
    say("loading mlflow and scikit-learn …")
    import logging

    import mlflow
    import train
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    code(f'mlflow.set_tracking_uri("{anna.url}")')
    with quiet():
        mlflow.set_experiment("loan-risk")
    holdout = train.write_holdout(WORK)
    dataset = train.training_data()
    runs, grown = {}, {}
    for build in train.CANDIDATES:
        code(f'mlflow.{"pyfunc" if build.__name__ == "fair" else "sklearn"}.log_model({build.__name__}, registered_model_name="{train.MODEL}")')
        before = stored_bytes()
        with quiet():
            run, version = train.log_candidate(build, dataset)
        runs[version], grown[version] = run, stored_bytes() - before
    expect(sorted(runs) == [1, 2, 3, 4], "four candidates are versions 1 to 4 of loan-risk")
    with quiet():
        same = train.predicts_as_before(3, train.CANDIDATES[2]())
    expect(same, "version 3, loaded from the server, decides as it did when it was logged")
    code('mlflow.genai.register_prompt(name="loan-summary", …); mlflow.genai.load_prompt("prompts:/loan-summary@production")')
    with quiet():
        prompt = train.register_prompt()
    expect(prompt.version == 1 and "{{name}}" in prompt.template, "the prompt comes back by its alias")
    anna.run("version", "list", "loan-risk")
    say("The server computes accuracy and fairness itself, from the predictions stored with each run and a stored dataset.")
    stored = (["version", "create", "dataset/loan-holdout", "--file", holdout] if not DVC.exists()
              else ["dataset", "add", "loan-holdout", "--dvc", Project(anna).push(holdout)])
    anna.run(*stored, "-m", "40 % of loanapp, never trained on")
    for version, run in runs.items():
        words = ["evidence", "evaluate", f"loan-risk@{version}", "--dataset", "loan-holdout@1", "--predictions",
                 f"run:{run}:predictions.csv", "--label", "approve", "--group", "race", "--join", "id"]
        if version == 2:
            anna.run(*words)
        else:
            anna.ask(*words)
    show_what_is_shared(anna, grown)
    return mlflow


def stored_bytes():
    """What the packs of the content store take on the disk."""
    return sum(file.stat().st_size for file in (WORK / "data" / "blobs").rglob("*.pack"))


def show_what_is_shared(anna, grown):
    """`grown`: by how much the content store grew for each version."""
    size = {version: sum(file["size"] for file in anna.ask("version", "files", f"loan-risk@{version}")["items"]) for version in grown}
    say("Version 3 is the forest of version 2 with another cut-off. What both have in common is stored once.")
    expect(grown[3] < size[3] / 10, f"version 2 has {size[2] // 1000} kB of files; version 3 has {size[3] // 1000} kB, and it and its "
                                    f"run took {grown[3] // 1000} kB more on the disk")


def step_gate(anna, client):
    title(3, "A policy that guards production")
    say("Version 1 goes to production under a policy that only warns: a weak model that approves nearly everybody.")
    # A decision lets it in, so there is a way back to it later: what no policy has seen is no way back.
    first = WORK / "first.rego"
    first.write_text('package regesta.gate\n\nwarn contains {"code": "card", "msg": "there is no model card"} if {\n'
                     "\tnot input.candidate.card\n}\n")
    anna.run("policy", "push", "first-rules", first)
    anna.run("policy", "bind", "first-rules", "model/loan-risk#production")
    code('MlflowClient().set_registered_model_alias("loan-risk", "production", 1)')
    client.set_registered_model_alias("loan-risk", "production", "1")
    anna.run("policy", "test", EXAMPLE)
    anna.run("policy", "push", "fair-lending", EXAMPLE / "gate.rego")
    anna.run("policy", "bind", "fair-lending", "model/loan-risk#production")


def try_move(client, version):
    """The plain client call; returns the server's reasons, or nothing when it moved."""
    from mlflow.exceptions import MlflowException
    code(f'MlflowClient().set_registered_model_alias("loan-risk", "production", {version})')
    try:
        client.set_registered_model_alias("loan-risk", "production", str(version))
        return ""
    except MlflowException as refusal:
        indent(str(refusal.message))
        return str(refusal.message)


def production(client):
    return int(client.get_model_version_by_alias("loan-risk", "production").version)


def step_promotion(anna, rita, client):
    title(4, "Moving production")
    say("Version 2 is far more accurate.")
    reasons = try_move(client, 2)
    expect("demographic parity ratio" in reasons and "model card" in reasons, "refused, with every reason and its remediation")
    expect("cut-off" not in reasons and "accuracy is" not in reasons, "and with no other reason: its accuracy is fine")
    expect(production(client) == 1, "production still is version 1")

    say("Version 3 has one cut-off for everybody, chosen for parity. It gets a model card.")
    anna.run("evidence", "add", "loan-risk@3", "--type", "card", "--file", EXAMPLE / "card.md")
    waiting = try_move(client, 3)
    expect("risk" in waiting and production(client) == 1, "the numbers pass; now one person with the role risk has to approve")
    requests = anna.ask("request", "list")["items"]
    expect(len(requests) == 1 and requests[0]["version"] == 3, "a change request for version 3 is open")
    number = str(requests[0]["id"])
    anna.run("approve", number, "--role", "risk", exit_code=3)
    expect(production(client) == 1, "Anna, who made it, cannot approve it herself")
    rita.run("request", "show", number)
    rita.run("approve", number, "--role", "risk", "--comment", "read the card, checked the rates by race")
    expect(production(client) == 3, "with Rita's approval production moves to version 3 by itself")

    say("Version 4 is worse in both ways.")
    reasons = try_move(client, 4)
    expect("accuracy is" in reasons and "demographic parity ratio" in reasons, "refused for both")
    anna.run("promote", "loan-risk@4", exit_code=3)
    expect(production(client) == 3, "production still is version 3")

    say("Complaints come in: back to what was there before, with one command.")
    anna.run("rollback", "loan-risk", "--reason", "complaints from two branches")
    expect(production(client) == 1, "production is version 1 again")


def change_a_row(copy):
    """What somebody with access to the database could do: let production point elsewhere."""
    with contextlib.closing(sqlite3.connect(copy / "regesta.db", isolation_level=None)) as database:
        changed = database.execute("UPDATE alias SET number = 4 WHERE name = 'production' AND asset IN "
                                   "(SELECT id FROM asset WHERE kind = 'model' AND name = 'loan-risk')").rowcount
    expect(changed == 1, "one row of the copy's table alias now says version 4")


def forge(pack):
    """A copy of the evidence pack in which somebody else approved."""
    forged = pack.with_name("forged.zip")
    with zipfile.ZipFile(pack) as archive, zipfile.ZipFile(forged, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            copy.writestr(name, content.replace(b"user:rita", b"user:anna") if name == "change-requests.json" else content)
    return forged


def step_audit(anna):
    title(6, "What an auditor sees")
    anna.run("history", "loan-risk")
    actions = [item["action"] for item in anna.ask("history", "loan-risk")["items"]]
    expect(sum(action == "move-refused" for action in actions) >= 3, "refused attempts are on record, too")
    anna.run("lineage", "loan-risk@3")
    graph = anna.ask("lineage", "loan-risk@3")
    expect("loanapp" in str(graph["edges"]), "version 3 leads back to the data file it was trained on")
    moved = next(item for item in anna.ask("history", "loan-risk")["items"] if item["to"] == 3 and item["action"] == "moved")
    entry = str(moved["entry_index"])
    receipt = (WORK / "receipt").relative_to(ROOT)
    anna.run("ledger", "receipt", entry, "--output", str(receipt))
    pack = WORK / "loan-risk-3.zip"
    say("Everything about version 3 in one file, for somebody who has no account here.")
    anna.run("pack", "loan-risk@3", "--output", str(pack.relative_to(ROOT)))
    say("Offline from here: no server is asked.")
    nobody = Person("", "", "http://127.0.0.1:9")
    nobody.run("ledger", "verify", "--receipt", f"{receipt}.tlog-proof", "--entry",
               f"{receipt}.json", "--key", f"{receipt}.vkey")
    nobody.run("pack", "verify", str(pack.relative_to(ROOT)), "--key", f"{receipt}.vkey")
    found = nobody.run("pack", "verify", str(forge(pack).relative_to(ROOT)), "--key", f"{receipt}.vkey", exit_code=5)
    expect("change-requests.json" in found, "a pack in which Anna approved instead of Rita does not verify, and says where")
    copy = WORK / "copy"
    nobody.run("backup", copy, "--data", WORK / "data")
    key = ["--key", f"{receipt}.vkey"]
    nobody.run("ledger", "verify", "--data", copy, *key)
    say("Now somebody changes one row in that copy of the database, by hand.")
    change_a_row(copy)
    found = nobody.run("ledger", "verify", "--data", copy, *key, exit_code=5)
    expect("model/loan-risk#production" in found, "verification fails (exit code 5) and names what was changed")


def step_request(anna, rita):
    """Leaves a change request open, for whoever runs the demo. Returns its address in the browser."""
    title(7, "A change request for you to answer")
    say("The branches know the limits of version 3 now; Anna asks for it once more. This time nobody has answered yet.")
    anna.run("promote", "loan-risk@3", "--reason", "the branches know its limits now", exit_code=3)
    number = anna.ask("request", "list")["items"][0]["id"]
    anna.run("request", "comment", str(number), "--text",
             "The complaints were about **two branches**; both have read the card since. Same numbers as before.")
    address = f"{anna.url}/changes/{number}"
    status, page = fetch(address)
    expect(status == 200 and "<title>" in page, f"{address} answers, before anybody signs in")
    waiting = json.loads(fetch(f"{anna.url}/api/v1/approvals?waiting_for=me", rita)[1])["items"]
    expect([(one["id"], one["status"]) for one in waiting] == [(number, "open")], "and it waits for Rita")
    return address


def finish(server, anna, rita, address):
    print(f"\nDone in {time.monotonic() - STARTED:.0f} seconds.", flush=True)
    browser = (f"Open in a browser: {address}\n"
               f"  sign in as {rita.name} with the password {rita.password}, read, and approve: production moves to version 3.")
    if os.environ.get("CI"):
        print(browser, flush=True)
        server.terminate()
        expect(server.wait(20) == 0, "the server drains and ends")
        return
    environment = WORK / "env"
    environment.touch(mode=0o600)
    environment.write_text(f"export REGESTA_URL={anna.url} REGESTA_USER={anna.name} REGESTA_PASSWORD={anna.password}\n"
                           f'export PATH="{os.path.dirname(os.environ["REGESTA_BINARY"])}:$PATH"\n')
    print(f"The server stays at {anna.url} (data in build/demo/data; stop it with: kill $(cat build/demo/server.pid)).\nTry next:\n"
          "  . build/demo/env && regesta promote loan-risk@3 --dry-run\n"
          "  . build/demo/env && regesta evidence list loan-risk@2\n"
          "  . build/demo/env && regesta ledger list --subject model/loan-risk#production\n"
          f"{browser}")


def main():
    os.chdir(ROOT)
    server, anna, rita = step_server()
    try:
        mlflow = step_training(anna)
        client = mlflow.MlflowClient()
        step_gate(anna, client)
        step_promotion(anna, rita, client)
        step_prompt(anna)
        step_audit(anna)
        address = step_request(anna, rita)
    except BaseException:
        server.terminate()
        raise
    finish(server, anna, rita, address)


if __name__ == "__main__":
    main()
