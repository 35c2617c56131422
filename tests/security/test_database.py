"""Somebody with SQL on the database, a grudge, and a server that starts again afterwards."""

import hashlib
import json
import sqlite3

import pytest

from artifacts import ART, experiment, put, run
from conftest import FOUR_EYES


def by_sql(server, *statements):
    """Runs the statements while the server is stopped; answers what the last one found."""
    server.stop()
    with sqlite3.connect(server.data + "/regesta.db") as database:
        for sql in statements:
            found = database.execute(sql).fetchall()
    database.close()
    server.start()
    return found


def verify(house):
    """The exit code and the output of verify; stops the server first."""
    house.server.stop()
    done = house.cli("ledger", "verify", "--data", house.server.data)
    return done.returncode, done.stdout + done.stderr


def ask(house, name, author=None):
    """A version of a prompt that needs four eyes, and a change request for it."""
    house.guard(f"prompt/{name}#production", FOUR_EYES)
    author = author or house.carl
    author.prompt(name, "Hello.")
    author.call("PUT", f"/api/v1/assets/prompt/{name}/aliases/production", {"version": 1})
    return max(item["id"] for item in house.root.ok("GET", "/api/v1/change-requests")["items"])


def holder(house, name):
    aliases = house.carl.ok("GET", f"/api/v1/assets/prompt/{name}/aliases")["items"]
    return [alias["version"] for alias in aliases if alias["name"] == "production"]


def test_a_row_before_the_first_entry_does_not_make_the_server_sign_the_rows_as_they_are(house):
    """A junk entry with the lowest id hides that the ledger tells of rows: the server would adopt forged ones anew."""
    house.carl.prompt("chat", "Hello.")
    digest = hashlib.sha256(b"stolen").hexdigest()
    by_sql(house.server,
           "UPDATE asset SET description = 'forged' WHERE name = 'chat'",
           f"INSERT INTO session (hash, actor, created_at, expires_at, via, agent, used_at, mac) VALUES ('{digest}', "
           "'user:root', 1796085575801, 1899999999999, '', '', 1796085575801, '')",
           "INSERT INTO ledger_entry (id, time, body, mac) VALUES (-1, 1764549000000000, '{}', '')")
    assert house.anonymous.get("/api/v1/users/me", headers={"Cookie": "regesta_session=stolen"}).status == 401
    adopted = by_sql(house.server, "DELETE FROM ledger_entry WHERE id = -1",
                     "SELECT COUNT(*) FROM ledger_entry WHERE body LIKE '%state.adopted%'")
    assert adopted == [(0,)]
    code, text = verify(house)
    assert code == 5 and "prompt/chat" in text and "session" in text, text


@pytest.mark.parametrize("table,column", [("alias", "name"), ("asset", "name"), ("user_account", "name"), ("binding", "workspace"),
                                          ("subject_entry", "subject"), ("tree_seal", "folder")])
def test_a_text_stored_as_bytes_is_found(house, table, column):
    """Equal bytes of another storage class: the server finds the row no more, and its digest stays what it was."""
    ask(house, "chat")
    house.carl.ok("PUT", "/api/v1/assets/prompt/chat/aliases/live", {"version": 1})
    run = house.carl.ok("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
    house.carl.ok("PUT", f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/model/m.bin", raw=b"MODEL")
    house.carl.ok("POST", "/api/2.0/mlflow/registered-models/create", {"name": "scorer"})
    house.carl.ok("POST", "/api/2.0/mlflow/model-versions/create", {"name": "scorer", "source": f"runs:/{run}/model", "run_id": run})
    house.server.stop()
    with sqlite3.connect(house.server.data + "/regesta.db") as database:
        assert database.execute(f"UPDATE {table} SET {column} = CAST({column} AS BLOB)").rowcount > 0
    database.close()
    code, text = verify(house)
    assert code == 5 and f"of {table}: {column} is not stored as text" in text, text


COPY = "INSERT INTO approval (change_request, actor, roles, comment, bound, decision, created_at) SELECT {}"


def forged(house, request):
    """The approval that rita never gave, as a statement."""
    bound = json.loads(by_sql(house.server, "SELECT body FROM ledger_entry WHERE body LIKE '%change-request.opened%'")[0][0])["data"]["bound"]
    return COPY.format(f"{request}, 'user:rita', '[\"risk\"]', '', '{bound}', decision, opened_at FROM change_request WHERE id = {request}")


def test_a_forged_approval_counts_for_nothing(house):
    """A row like those that the server writes, put there for the moment of the move."""
    request = ask(house, "chat")
    by_sql(house.server, forged(house, request))
    house.carl.call("POST", f"/api/v1/change-requests/{request}/retry", {})
    assert holder(house, "chat") == []
    by_sql(house.server, "DELETE FROM approval")
    house.rita.ok("POST", f"/api/v1/change-requests/{request}/approve", {})
    assert holder(house, "chat") == [1]
    code, text = verify(house)
    assert code == 0, text


def test_a_move_on_a_forged_approval_is_found_after_it_was_removed(house):
    """The entry beside the approval is forged as well, and both are taken away again once the pointer has moved."""
    request = ask(house, "chat")
    row = forged(house, request)
    bound, decision = by_sql(house.server, row, "SELECT bound, decision FROM approval")[0]
    body = json.dumps({"action": "approval.given", "actor": "user:rita", "data": {"roles": ["risk"], "bound": bound, "decision": decision}})
    with sqlite3.connect(house.server.data + "/regesta.db") as database:  # a server does not start beside such an entry
        database.execute("INSERT INTO ledger_entry (id, idx, time, body, mac) VALUES (900000, 900000, 1, ?, '')", [body])
        database.execute("INSERT INTO subject_entry (workspace, subject, entry) VALUES ('default', ?, 900000)", [f"change-request/{request}"])
    house.carl.call("POST", f"/api/v1/change-requests/{request}/retry", {})
    assert holder(house, "chat") == [1]
    by_sql(house.server, "DELETE FROM approval", "DELETE FROM subject_entry WHERE entry = 900000", "DELETE FROM ledger_entry WHERE id = 900000")
    code, text = verify(house)
    assert code == 5 and "an approval by user:rita that no entry before the move records" in text, text


def test_an_author_altered_for_the_moment_of_the_move_is_found(house):
    """Whoever wrote the version approves it, while its row says that somebody else did; afterwards the row is put back."""
    house.root.ok("PUT", "/api/v1/users/rita/grants", {"grants": [{"role": "risk"}, {"role": "contributor"}]})
    request = ask(house, "chat", house.rita)
    by_sql(house.server, "UPDATE version SET created_by = 'user:carl' WHERE content LIKE '%Hello.%'")
    house.rita.call("PUT", "/api/v1/assets/prompt/chat/aliases/production", {"version": 1})
    house.rita.call("POST", f"/api/v1/change-requests/{request}/approve", {})
    assert holder(house, "chat") == [1]
    by_sql(house.server, "UPDATE version SET created_by = 'user:rita' WHERE content LIKE '%Hello.%'")
    code, text = verify(house)
    assert code == 5 and "as the author of version 1" in text, text


def test_a_sealed_run_that_says_it_was_written_to_is_compared_all_the_same(house):
    """The revision is raised beside the forged content, as a write through the server would."""
    house.carl.ok("POST", "/api/2.0/mlflow/registered-models/create", {"name": "scorer"})
    run = house.carl.ok("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
    house.carl.ok("PUT", f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/model/m.bin", raw=b"MODEL")
    house.carl.ok("POST", "/api/2.0/mlflow/model-versions/create", {"name": "scorer", "source": f"runs:/{run}/model", "run_id": run})
    # A write through the server is no fault.
    house.carl.ok("POST", "/api/2.0/mlflow/runs/log-metric", {"run_id": run, "key": "auc", "value": 0.5, "timestamp": 1})
    house.carl.ok("POST", "/api/2.0/mlflow/runs/log-inputs", {"run_id": run, "datasets": [{"dataset": {
        "name": "d", "digest": "1", "source_type": "local", "source": "{}"}}]})
    code, text = verify(house)
    assert code == 0, text
    house.server.start()
    by_sql(house.server, "UPDATE run SET name = 'forged', revision = revision + 1 WHERE sealed_digest <> ''")
    code, text = verify(house)
    assert code == 5 and f"run/{run}" in text, text


def test_emptied_checkpoints_are_found(house):
    house.carl.prompt("chat", "Hello.")
    by_sql(house.server, "SELECT 1")
    house.server.stop()
    with sqlite3.connect(house.server.data + "/regesta.db") as database:
        assert database.execute("DELETE FROM ledger_checkpoint").rowcount > 0
    database.close()
    code, text = verify(house)
    assert code == 5 and "ledger_checkpoint" in text, text


def test_a_folder_by_sql_gives_nobody_the_files_of_others(house):
    """Attack: the column that finds whose folder a path is in is changed, so that nina owns what carl stored."""
    secret = experiment(house.carl, "sql-secret", artifact_location="mlflow-artifacts:/sql-vault")
    path = f"sql-vault/{run(house.carl, secret)['run_id']}/artifacts/weights"
    put(house.carl, path, b"top secret")
    experiment(house.nina, "nina-sql", artifact_location="mlflow-artifacts:/nina-sql")
    by_sql(house.server, "UPDATE experiment SET folder = 'elsewhere' WHERE name = 'sql-secret'",
           "UPDATE experiment SET folder = 'sql-vault' WHERE name = 'nina-sql'")
    assert house.nina.get(f"{ART}/{path}").status in (403, 404)
    assert put(house.nina, path, b"hers").status in (403, 404)
    by_sql(house.server, "UPDATE experiment SET folder = 'nina-sql' WHERE name = 'nina-sql'",
           "UPDATE experiment SET folder = 'sql-vault' WHERE name = 'sql-secret'")
    assert house.carl.get(f"{ART}/{path}").body == b"top secret"
