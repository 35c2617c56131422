"""Somebody with SQL on the database changes one column, adds a row, deletes one, empties a table or puts yesterday's copy
of a table back. `regesta ledger verify` has to find each of them, on SQLite and on PostgreSQL, unless
docs/security/columns.txt lists the column as free: then it must pass, or the list does not tell the truth."""

import concurrent.futures
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time

from automation_calls import MAIL, tell_automation_story
from review_story import tell_review_story
from wandb_calls import tell_wandb_story

from conftest import FOUR_EYES, PASSWORD, PEOPLE, Caller, House
from regesta_server import ROOT, Server, binary, eventually

# Tables that need no row of their own: rows appear for seconds only, or (blob_…) the server does not write them yet. Only
# hf_xet writes xet_xorb: content_collect_test.cpp forges its rows.
MAY_BE_EMPTY = {"xet_xorb", "finished_sign_in", "guard_unit", "server_lease", "blob_hook", "blob_object", "blob_pack", "blob_use"}


def classes():
    """{table: class}, {(table, column): class} of docs/security/columns.txt."""
    tables, columns = {}, {}
    for line in (ROOT / "docs" / "security" / "columns.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        name, kind = line.split("\t")[:2]
        if "." in name:
            columns[tuple(name.split("."))] = kind
        else:
            tables[name] = kind
    return tables, columns


TABLES, COLUMNS = classes()
# The ledger's own tables have tests of their own: test_ledger_trust.py.
WALKED = [table for table, kind in TABLES.items() if kind != "ledger"]
COVERED = [table for table in WALKED if TABLES[table] != "free"]


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *words):
        pass


def tell_story(house, folder, n):
    """Adds rows to every table, through the public API. Told twice, with names of its own each time."""
    root, carl, rita, dora = house.root, house.carl, house.rita, house.dora
    mlflow = lambda path, body, method="POST": carl.ok(method, "/api/2.0/mlflow/" + path, body)
    root.ok("POST", "/api/v1/workspaces", {"name": f"north-{n}", "description": "cold"})
    house.token(f"ci-{n}", {"role": "reader"})
    root.ok("POST", "/api/v1/tokens", {"name": f"s3-{n}", "grants": [{"role": "reader"}], "s3": True})
    root.ok("POST", "/api/v1/tokens", {"name": f"jobs-{n}", "grants": [{"role": "reader"}], "trust": {
        "issuer": "https://ci.example", "audience": "regesta", "claims": {"repository": "bank/loan"}}})
    root.ok("POST", "/api/v1/users", {"name": f"lin{n}", "password": PASSWORD, "grants": [{"role": "reader"}]})
    root.ok("PUT", f"/api/v1/users/lin{n}/link", {"subject": f"s-{n}"})
    site = {"Origin": house.server.url}
    house.anonymous.ok("POST", "/api/v1/session", {"user": "carl", "password": PASSWORD}, headers=site)
    # Prompts: a partial, tests and their job, aliases, a rollout with a guard and reports.
    carl.prompt(f"tone{n}", "Be kind.")
    carl.prompt(f"chat{n}", "Help {{name}}.")
    carl.ok("PUT", f"/api/v1/prompts/chat{n}/tests",
            {"tests": [{"vars": {"name": "Eva"}, "assert": [{"type": "contains", "value": "Eva"}]}]})
    carl.prompt(f"chat{n}", "Help {{name}} now. {{> tone%d@1}}" % n)
    for alias in ("production", "beta"):
        carl.ok("PUT", f"/api/v1/assets/prompt/chat{n}/aliases/{alias}", {"version": 1})
    carl.ok("POST", f"/api/v1/prompts/chat{n}/rollouts",
            {"version": 2, "steps": [{"weight": 10}], "guards": [{"metric": "quality", "margin": 0.02}]})
    carl.ok("POST", f"/api/v1/prompts/chat{n}/reports",
            {"reports": [{"version": v, "metric": "quality", "value": 0.5 + v / 10, "key": f"u{i}-{v}"} for v in (1, 2) for i in range(4)]})
    # Decision records, about a person and about nobody.
    lines = [{"prompt": f"chat{n}@1", "inputs": {"name": "Eva"}, "output": "Hi", "subject": s} for s in (f"customer-{n}", f"other-{n}")]
    carl.ok("POST", "/api/v1/records", raw="\n".join(map(json.dumps, lines)).encode(), headers={"Idempotency-Key": f"b-{n}"})
    root.ok("POST", "/api/v1/records/erase", {"subject": f"other-{n}"})
    root.ok("PUT", "/api/v1/access-log/rule", {"percent": 100, "keep_days": n})
    eventually(lambda: carl.ok("GET", f"/api/v1/prompts/chat{n}/versions/1") and root.ok("GET", "/api/v1/access-log")["items"])
    carl.ok("POST", "/api/v1/lineage", {"eventTime": "2026-11-30T10:00:00Z", "run": {"runId": f"r-{n}"}, "job": {"namespace": "a", "name": "b"},
                                        "inputs": [{"namespace": "s3://raw", "name": f"rows-{n}"}]})
    # Golden data and its rule: the version that comes next gets a job.
    row = carl.ok("PUT", "/api/v1/blobs", raw=json.dumps({"inputs": {"name": "Eva"}, "expected": f"Hi {n}"}).encode())["digest"]
    carl.ok("POST", "/api/v1/assets", {"kind": "dataset", "name": f"rows{n}"})
    carl.ok("POST", f"/api/v1/assets/dataset/rows{n}/versions", {"files": [{"path": "rows.jsonl", "digest": row}]})
    root.ok("POST", "/api/v1/golden-rules", {"name": f"rows{n}", "kind": "prompt", "name_pattern": f"checked{n}", "dataset": f"rows{n}"})
    carl.prompt(f"checked{n}", "Help.")
    eventually(lambda: root.ok("GET", f"/api/v1/golden-rules/rows{n}")["runs"])
    # Models: experiments, runs, files, logged models, evidence, a gate with a request that was discussed and approved.
    experiment = mlflow("experiments/create", {"name": f"loans{n}"})["experiment_id"]
    runs = []
    for end in (True, False):
        run = mlflow("runs/create", {"experiment_id": experiment, "start_time": 1, "run_name": "r"})["run"]["info"]
        runs.append(run)
        mlflow("runs/log-batch",
               {"run_id": run["run_id"], "metrics": [{"key": "acc", "value": 0.9, "timestamp": 1, "step": s} for s in (0, 1)],
                "params": [{"key": "lr", "value": "0.1"}], "tags": [{"key": "k", "value": "v"}]})
        if not end:
            mlflow("runs/log-inputs", {"run_id": run["run_id"], "datasets": [
                {"dataset": {"name": "d", "digest": f"{n}", "source_type": "local", "source": "x"},
                 "tags": [{"key": "mlflow.data.context", "value": "training"}]}]})
        path = run["artifact_uri"].split(":/", 1)[1].lstrip("/")
        carl.ok("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}/model/weights.bin", raw=b"weights" + run["run_id"].encode())
        if end:
            mlflow("runs/update", {"run_id": run["run_id"], "status": "FINISHED", "end_time": 5})
    carl.ok("PUT", "/api/v1/blobs", raw=f"blob {n}".encode())
    digest = hashlib.md5(f"table {n}".encode()).hexdigest()
    carl.ok("POST", f"/dvc/default/files/md5/{digest[:2]}/{digest[2:]}", raw=f"table {n}".encode())
    carl.ok("POST", "/lfs/default/locks", {"path": f"model-{n}.bin"})
    tell_wandb_story(carl, n)
    digest = hashlib.sha256(f"layer {n}".encode()).hexdigest()
    assert carl.post(f"/v2/default/image{n}/blobs/uploads/?digest=sha256:{digest}", raw=f"layer {n}".encode()).status == 201
    location = carl.post(f"/v2/default/image{n}/blobs/uploads/").headers["Location"]
    assert carl.call("PATCH", location, raw=f"piece {n}".encode()).status == 202
    begun = carl.call("POST", f"/s3/default/parts/{n}?uploads", headers={"Content-Type": "text/csv"})
    upload = begun.text.split("<UploadId>")[1].split("<")[0]
    assert carl.call("PUT", f"/s3/default/parts/{n}?partNumber=1&uploadId={upload}", raw=b"part").status == 200
    assert carl.call("PUT", f"/s3/default/file-{n}", raw=f"file {n}".encode(), headers={"x-amz-meta-k": "v"}).status == 200
    run = runs[0]
    made = mlflow("logged-models", {"experiment_id": experiment, "name": "m", "source_run_id": run["run_id"],
                                    "params": [{"key": "a", "value": "b"}]})["model"]["info"]["model_id"]
    mlflow(f"logged-models/{made}", {"model_id": made, "status": "LOGGED_MODEL_READY"}, "PATCH")
    mlflow("runs/log-metric", {"run_id": runs[1]["run_id"], "key": "acc", "value": 0.5, "timestamp": 9, "step": 3, "model_id": made})
    model = f"loan-risk{n}"
    mlflow("registered-models/create", {"name": model, "tags": [{"key": "tier", "value": "high"}]})
    for _ in range(2):
        mlflow("model-versions/create", {"name": model, "source": run["artifact_uri"] + "/model", "run_id": run["run_id"],
                                         "tags": [{"key": "t", "value": "v"}]})
    house.guard(f"model/{model}#production", FOUR_EYES)
    carl.ok("POST", "/api/v1/evidence", {"asset": {"kind": "model", "name": model, "version": 1}, "type": "card",
                                         "body": "# Card\nSays something."})
    carl.call("PUT", f"/api/v1/assets/model/{model}/aliases/production", {"version": 1, "reason": "better"})
    request = max(item["id"] for item in root.ok("GET", "/api/v1/change-requests")["items"])
    dora.ok("POST", f"/api/v1/change-requests/{request}/comments", {"body": "why now?"})
    rita.ok("POST", f"/api/v1/change-requests/{request}/approve", {"comment": "fine"})
    tell_review_story(root, carl, model, n)
    # A copy, whose origin is deleted.
    for name, source in ((f"origin{n}", "s3://bucket/loan"), (f"copy{n}", f"models:/origin{n}/1")):
        mlflow("registered-models/create", {"name": name})
        mlflow("model-versions/create", {"name": name, "source": source})
    root.ok("DELETE", f"/api/v1/assets/model/origin{n}?force=true")
    root.ok("PUT", f"/api/v1/retention/rules/none-{n}", {"name_pattern": f"none-{n}*", "delete_after": "1d"})
    root.ok("POST", "/api/v1/retention/apply", {"digest": root.ok("GET", "/api/v1/retention/plan")["digest"]})
    tell_automation_story(root, carl, n)
    root.ok("PUT", "/api/v1/card-rules", {"kind": "model", "name_pattern": f"carded{n}", "sections": ["Limits"]})
    carl.ok("POST", "/api/2.0/mlflow/traces/link-to-run", {"run_id": runs[0]["run_id"], "trace_ids": [f"tr-awaited-{n}"]})
    carl.ok("PUT", f"/api/v1/assets/prompt/chat{n}/versions/1/expiry", {"after": "36500d"})
    root.ok("POST", "/api/v1/holds", {"kind": "model", "name": f"copy{n}", "version": 1, "reason": "case 1"})
    # Webhooks and a delivery.
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    hook = root.ok("POST", "/api/v1/webhooks", {"url": f"http://127.0.0.1:{receiver.server_port}/hook", "actions": ["alias.*"],
                                                "headers": {"X-Team": "credit"}, "template": {"text": "{{type}}"}, "kinds": ["model", "prompt"]})["id"]
    carl.ok("PUT", f"/api/v1/assets/prompt/chat{n}/aliases/live", {"version": 1})
    # Traces, scores, evaluation.
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
    carl.ok("POST", "/api/3.0/mlflow/traces", {"trace": {"trace_info": {
        "trace_id": f"tr-{n}", "trace_location": place, "request_time": "2026-01-01T00:00:00Z", "state": "OK", "tags": {"a": "b"}}}})
    now, trace = time.time_ns(), f"{n:032x}"
    span = {"traceId": trace, "spanId": f"{n:016x}", "name": "call", "kind": 1,
            "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 5), "attributes": [
                {"key": "langfuse.observation.type", "value": {"stringValue": "generation"}},
                {"key": "langfuse.observation.prompt.name", "value": {"stringValue": f"chat{n}"}},
                {"key": "langfuse.observation.prompt.version", "value": {"intValue": "1"}}]}
    carl.ok("POST", "/api/public/otel/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    carl.ok("POST", "/api/public/score-configs", {"name": f"helpful{n}", "dataType": "NUMERIC"})
    for name in ("helpful", "kind"):
        carl.ok("POST", "/api/public/scores", {"name": name, "value": 0.5, "traceId": trace})
    dataset = carl.ok("POST", "/api/3.0/mlflow/datasets/create", {"name": f"golden{n}", "experiment_ids": [experiment]})["dataset"]["dataset_id"]
    carl.ok("POST", f"/api/3.0/mlflow/datasets/{dataset}/records", {"records": json.dumps([{"inputs": {"q": "why"}}, {"inputs": {"q": "how"}}])})
    carl.ok("POST", "/api/3.0/mlflow/scorers/register", {"experiment_id": experiment, "name": "s", "serialized_scorer": "{\"name\": \"s\"}"})
    carl.ok("POST", "/api/3.0/mlflow/issues", {"experiment_id": experiment, "name": "slow", "description": "too slow"})
    schema = carl.ok("POST", "/api/3.0/mlflow/label-schemas/create", {"experiment_id": experiment, "name": f"right{n}", "type": "FEEDBACK", "input": {"text": {}}})
    queue = carl.ok("POST", "/api/3.0/mlflow/review-queues/create", {
        "experiment_id": experiment, "name": f"queue{n}", "queue_type": "CUSTOM", "schema_ids": [schema["label_schema"]["schema_id"]]})
    carl.ok("POST", "/api/3.0/mlflow/review-queues/items/add", {"queue_id": queue["review_queue"]["queue_id"], "item_ids": [f"tr-{n}"]})
    key = root.ok("POST", "/api/3.0/mlflow/gateway/secrets/create", {"secret_name": f"key{n}", "secret_value": {"api_key": "sk-0123456789"}, "provider": "openai"})
    root.ok("POST", "/api/3.0/mlflow/gateway/model-definitions/create", {
        "name": f"gpt{n}", "secret_id": key["secret"]["secret_id"], "provider": "openai", "model_name": "gpt"})
    root.ok("POST", f"/api/v1/imports/mlflow-{n}/experiments", {"items": [
        {"id": str(9000 + n), "digest": "0" * 64, "name": f"imported{n}"}, {"id": str(9100 + n), "digest": "0" * 64, "name": f"also{n}"}]})
    # Git: what other fronts did is brought onto main as soon as somebody clones.
    clone = ["git", "-c", f"http.extraHeader=Authorization: {carl.authorization['Authorization']}", "clone", "-q",
             f"http://127.0.0.1:{house.server.port}/git/prompts.git", str(pathlib.Path(folder) / f"clone-{n}")]
    subprocess.run(clone, check=True, env={"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0"}, capture_output=True)
    eventually(lambda: root.ok("GET", f"/api/v1/webhooks/{hook}/deliveries")["items"])
    receiver.shutdown()


def verify(*arguments):
    done = subprocess.run([binary(), "ledger", "verify", *map(str, arguments)], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def literal(value):
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


def equals(name, value):
    return f"{name} IS NULL" if value is None else f"{name} = {literal(value)}"


class Sqlite:
    """Copies of one data directory, each taken by one thread."""

    ONE_BYTE = "X'00'"

    def __init__(self, folder, data, number):
        self.data = pathlib.Path(folder) / number
        shutil.copytree(data, self.data)
        self.kept = self.data / "kept.db"
        shutil.copy(self.data / "regesta.db", self.kept)

    def table(self, name):
        """[(column, is a number)], rows; without columns of bytes."""
        with sqlite3.connect(self.kept) as database:
            columns = [(row[1], row[2] in ("BIGINT", "INTEGER")) for row in database.execute(f"PRAGMA table_info({name})") if row[2] != "BLOB"]
            return columns, database.execute(f"SELECT {', '.join(c for c, _ in columns)} FROM {name}").fetchall()

    def needed_bytes(self, name):
        with sqlite3.connect(self.kept) as database:
            return [row[1] for row in database.execute(f"PRAGMA table_info({name})") if row[2] == "BLOB" and row[3]]

    def after(self, statements):
        """The result of verify after the statements."""
        for suffix in ("-wal", "-shm"):
            pathlib.Path(str(self.data / "regesta.db") + suffix).unlink(missing_ok=True)
        shutil.copy(self.kept, self.data / "regesta.db")
        database = sqlite3.connect(self.data / "regesta.db", isolation_level=None)
        for sql in statements:
            database.execute(sql)
        database.close()
        return verify("--data", self.data)


def psql(url, *statements):
    done = subprocess.run(["psql", "-qXAtv", "ON_ERROR_STOP=1", "-d", url, "-f", "-"], input=";\n".join(statements) + ";", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Postgres:
    """Databases made from one template; what a case changed is put back before the next one."""

    ONE_BYTE = r"'\x00'::bytea"

    def __init__(self, folder, data, number, url):
        self.data, self.dirty = data, None
        psql(url.replace("/regesta?", "/postgres?"), f"CREATE DATABASE {number} TEMPLATE regesta")
        self.url = url.replace("/regesta?", f"/{number}?")
        psql(self.url, "CREATE SCHEMA kept", *[f"CREATE TABLE kept.{table} AS TABLE public.{table}" for table in WALKED])

    def table(self, name):
        columns = [line.split("|") for line in psql(self.url, "SELECT column_name, data_type FROM information_schema.columns WHERE "
                                                    f"table_schema = 'public' AND table_name = '{name}' ORDER BY ordinal_position").splitlines()]
        columns = [(column, kind == "bigint") for column, kind in columns if kind != "bytea"]
        rows = json.loads(psql(self.url, f"SELECT coalesce(json_agg(json_build_array({', '.join(c for c, _ in columns)})), '[]') FROM {name}"))
        return columns, rows

    def needed_bytes(self, name):
        return psql(self.url, "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND "
                              f"table_name = '{name}' AND data_type = 'bytea' AND is_nullable = 'NO'").split()

    def after(self, statements):
        back = [f"DELETE FROM {self.dirty}", f"INSERT INTO {self.dirty} OVERRIDING SYSTEM VALUE SELECT * FROM kept.{self.dirty}"] if self.dirty else []
        if statements:
            self.dirty = statements[0].replace("UPDATE ", "").replace("DELETE FROM ", "").replace("INSERT INTO ", "").split(" ")[0]
        psql(self.url, "SET session_replication_role = replica", "BEGIN", *back, *statements, "COMMIT")
        return verify("--data", self.data, "--db", self.url)


def inserts(store, table, columns, row):
    """The columns of bytes that need a value get one byte."""
    needed = store.needed_bytes(table)
    names = ", ".join([*[name for name, _ in columns], *needed])
    values = ", ".join([*map(literal, row), *[store.ONE_BYTE] * len(needed)])
    return f"INSERT INTO {table} ({names}) VALUES ({values})"


def mutations(store):
    """(name, expected to be found, statements) of every change that somebody with SQL may make."""
    for table in WALKED:
        columns, rows = store.table(table)
        if not rows:
            continue
        names = [name for name, _ in columns]
        row = rows[-1]
        where = " AND ".join(equals(name, value) for name, value in zip(names, row))
        for (name, number), value in zip(columns, row):
            if table == "run":  # what a seal covers is governed, what no seal covers is free
                sealed = COLUMNS[(table, name)] != "free"
                row = next(r for r in rows if bool(r[names.index("sealed_digest")]) == sealed)
                value = row[names.index(name)]
                where = " AND ".join(equals(n, v) for n, v in zip(names, row))
            other = (value or 0) + 7_000_000 if number or isinstance(value, int | float) else "0" * 64 if name == "mac" else (value or "") + "x"
            yield (f"{table}.{name} changed", COLUMNS.get((table, name)) != "free",
                   [f"UPDATE {table} SET {name} = {literal(other)} WHERE {where}"])
        if table not in COVERED or table == "run":
            continue
        if TABLES[table] != "authenticated":
            yield f"{table} emptied", True, [f"DELETE FROM {table}"]
            yield f"{table} row deleted", True, [f"DELETE FROM {table} WHERE {where}"]
        forged = [(value or 0) + 9_000_000 if number else (value or "") + "-forged" for (name, number), value in zip(columns, row)]
        yield f"{table} row inserted", True, [inserts(store, table, columns, forged)]


def yesterday(before, after):
    """Restores one table at a time to its state before the second story."""
    for table in COVERED:
        columns, old = before[table]
        if TABLES[table] == "authenticated" or sorted(map(str, old)) == sorted(map(str, after.table(table)[1])):
            continue
        yield f"{table} of yesterday", True, [f"DELETE FROM {table}", *[inserts(after, table, columns, row) for row in old]]


def walk(stores, cases):
    """Runs the cases on several copies at once; returns what went wrong."""
    free = list(stores)

    def run(case):
        name, expected, statements = case
        store = free.pop()
        try:
            code, text = store.after(statements)
        except (sqlite3.Error, AssertionError) as fault:
            return f"{name}: {fault}"
        finally:
            free.append(store)
        if expected and code != 5:
            return f"{name}: not found ({code}) {text[-300:]}"
        if not expected and code != 0:
            return f"{name}: is free, and yet verify says ({code}) {text[-300:]}"
        return None

    with concurrent.futures.ThreadPoolExecutor(len(stores)) as pool:
        return [fault for fault in pool.map(run, cases) if fault]


def check_all(server, folder, make, free=True):
    """Tells the story twice; `make` makes a copy of the state as it is. `free`: changes free columns, too."""
    house = House(server)
    tell_story(house, folder, 1)
    server.stop()
    first = make("first")
    before = {table: first.table(table) for table in WALKED}
    server.start()
    house = House.__new__(House)
    house.server = server
    for name in PEOPLE:
        setattr(house, name, Caller(server, (name, PASSWORD)))
    house.anonymous = Caller(server)
    tell_story(house, folder, 2)
    house.carl.ok("PUT", "/api/v1/assets/prompt/chat1/aliases/live", {"version": 2})
    server.stop()
    stores = [make(f"copy{n}") for n in range(3)]
    empty = {table for table in WALKED if not stores[0].table(table)[1]} - MAY_BE_EMPTY
    assert not empty, "no row in " + ", ".join(sorted(empty))
    code, text = stores[0].after([])
    assert code == 0, text
    cases = [case for case in (*mutations(stores[0]), *yesterday(before, stores[0])) if free or case[1]]
    assert len(cases) > 350
    faults = walk(stores, cases)
    assert not faults, f"{len(faults)} of {len(cases)}:\n" + "\n".join(faults)
    assert stores[0].after([])[0] == 0


SETTINGS = {"REGESTA_WEBHOOKS_ALLOW": "127.0.0.1", "REGESTA_OIDC_ISSUER": "http://127.0.0.1:9/", "REGESTA_OIDC_CLIENT_ID": "regesta",
            **MAIL}


def test_every_change_by_sql_is_found_on_sqlite(tmp_path):
    data = tmp_path / "data"
    server = Server(data, environment=SETTINGS).start()
    check_all(server, tmp_path, lambda name: Sqlite(tmp_path, data, name))


def test_every_change_by_sql_is_found_on_postgresql():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # as root the cluster runs as another user, who must get through
        cluster, data = pathlib.Path(folder) / "pg", pathlib.Path(folder) / "data"
        tool = lambda word, *more: subprocess.run([ROOT / "tools" / "postgres", word, cluster, *more], check=True, capture_output=True, text=True)
        url = tool("start", "--fast").stdout.strip()
        try:
            server = Server(data, "--db", url, environment=SETTINGS).start()
            check_all(server, folder, lambda name: Postgres(folder, data, name, url), free=False)
        finally:
            tool("drop")
