"""The command line as a person and a script meet it: words, exit codes, files, and the page that describes it."""

import json
import os
import pathlib
import re
import stat
import subprocess
import urllib.request

import pytest

from regesta_server import ROOT, binary


class Line:
    def __init__(self, url="http://127.0.0.1:9", home="/nonexistent", **environment):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("REGESTA_")}
        self.environment = {**clean, "REGESTA_URL": url, "XDG_CONFIG_HOME": str(home), **environment}

    def run(self, *words, stdin=None):
        return subprocess.run([binary(), *map(str, words)], env=self.environment, capture_output=True, text=True,
                              timeout=60, input=stdin)

    def done(self, *words, **options):
        got = self.run(*words, **options)
        assert got.returncode == 0, (words, got.stdout, got.stderr)
        return got.stdout

    def json(self, *words):
        return json.loads(self.done(*words, "--json"))


@pytest.fixture
def cli(server, tmp_path):
    return Line(server.url, tmp_path / "config")


# --- words, without a server ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("words, suggestion", [
    (["modle"], "regesta model"), (["model", "lst"], "regesta model list"), (["alias", "sett", "a", "b", "1"], "regesta alias set"),
    (["promot", "x@1"], "regesta promote"), (["alias", "set", "a", "b", "1", "--raeson", "x"], "--reason"),
    (["version", "list", "a", "--jsn"], "--json")])
def test_mistyped_words_get_a_suggestion_and_exit_code_2(words, suggestion):
    got = Line().run(*words)
    assert got.returncode == 2 and suggestion in got.stderr, got.stderr


@pytest.mark.parametrize("words, why", [
    (["alias", "set", "loan"], "needs ALIAS"), (["alias", "set", "a", "b", "1", "c"], 'got "c"'),
    (["evidence", "add", "a@1"], "--type"), (["promote", "a@1", "--to"], "--to needs ALIAS"),
    (["prompt", "render", "a", "--var", "name"], "--var is written"), (["rollout", "start", "a"], "give a VERSION, or --plan FILE"),
    (["prompt", "create", "a", "--template", "x", "--file", "y"], "not several"), (["serve", "--listen", "4711"], "HOST:PORT"),
    (["version", "create", "artifact/a", "--file", "/nonexistent/file"], "does not exist"), (["version", "tag", "a@1", "x"], "KEY=VALUE"), (["promote", "loan-risk"], "@VERSION"),
    (["ledger", "verify"], "--receipt"), (["policy", "bind", "p", "model/x"], "#ALIAS"), (["model", "show", "model/"], "names no asset"),
    (["prompt", "lint", "x", "--max-tokens", "two"], "whole number"),
    # What a command would ignore: `prompt delete a@2` must not delete the prompt, nor `prompt resolve a@2` show another version.
    (["prompt", "delete", "a@2", "--yes"], "names a version"), (["model", "tag", "a#production", "k=v"], "names an alias"),
    (["prompt", "resolve", "a@2"], "names a version"), (["rollback", "a@2"], "names a version"), (["alias", "set", "a@2", "b", "1"], "names a version"),
    (["rollout", "show", "a#production", "1"], "names an alias"), (["history", "a#staging", "--alias", "production"], "name two aliases"),
    (["prompt", "show", "model/a"], "is a model, not a prompt"), (["prompt", "diff", "a@1", "model/a@2"], "is a model, not a prompt"),
    (["version", "delete", "a@1"], "add --yes"), (["prompt", "delete", "a"], "add --yes")])
def test_a_wrong_command_line_says_which_argument_and_exits_2(words, why):
    got = Line().run(*words)
    assert got.returncode == 2 and why in got.stderr and "usage: regesta" in got.stderr, got.stderr


def test_every_command_has_help_with_an_example():
    page = Line().done("reference-page")
    paths = re.findall(r"^regesta ([a-z -]+?) (?:[A-Z\[-].*)?\[options\]$", page, re.M)
    assert len(paths) > 50
    for path in paths:
        text = Line().done(*path.split(), "--help")
        assert "usage: regesta " + path in text and "examples" in text, path


def test_the_page_about_the_command_line_is_what_the_program_says():
    page = Line().done("reference-page")
    assert (ROOT / "docs" / "cli.md").read_text() == page, "run: build/dev/regesta reference-page > docs/cli.md"


def test_no_server_is_a_sentence_with_a_cure_and_exit_code_1():
    got = Line().run("model", "list")
    assert got.returncode == 1 and "regesta serve" in got.stderr
    got = Line().run("model", "list", "--json")
    assert got.returncode == 1 and json.loads(got.stdout)["error"]["code"] == "unavailable"


def test_piped_output_has_no_colour_and_a_terminal_has():
    words = f"{binary()} config --listen 127.0.0.1:1"
    assert "\x1b" not in Line().done("config")
    on_terminal = subprocess.run(["script", "-qec", words, "/dev/null"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                 env={**os.environ, "TERM": "xterm"}, timeout=30)
    assert "\x1b[1m" in on_terminal.stdout


@pytest.mark.parametrize("so_far, expected", [(["policy", ""], "test"), ([""], "promote"), (["alias", "set", "--"], "--reason")])
def test_completion_offers_what_may_come_next(so_far, expected):
    assert expected in Line().done("complete-words", "--", *so_far).splitlines()


def test_completion_works_in_a_real_bash():
    program = pathlib.Path(binary()).parent
    script = ('eval "$(regesta completion bash)"; COMP_WORDS=(regesta led); COMP_CWORD=1; _regesta; echo "${COMPREPLY[@]}"; '
              'COMP_WORDS=(regesta ledger ver); COMP_CWORD=2; _regesta; echo "${COMPREPLY[@]}"')
    got = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30,
                         env={**os.environ, "PATH": f"{program}:{os.environ['PATH']}"})
    assert got.stdout.split() == ["ledger", "verify"], got


def test_config_says_where_each_value_came_from(tmp_path):
    (tmp_path / "regesta.toml").write_text('threads = 3\nlisten = "127.0.0.1:1"\n')
    settings = Line(REGESTA_LISTEN="127.0.0.1:2").json("config", "--config", tmp_path / "regesta.toml", "--data", "d")
    assert settings["threads"]["value"] == "3" and "regesta.toml" in settings["threads"]["origin"]
    assert settings["listen"] == {"value": "127.0.0.1:2", "origin": "environment REGESTA_LISTEN"}
    assert settings["data"] == {"value": "d", "origin": "flag --data"}
    assert Line().run("serve", "--config", tmp_path / "none.toml").returncode == 1
    mistyped = Line(REGESTA_LISTN="1").run("config")
    assert mistyped.returncode == 1 and "did you mean REGESTA_LISTEN" in mistyped.stderr


# --- policies, without a server ------------------------------------------------------------------------------------

def test_policy_test_runs_the_example_and_fails_readably(tmp_path):
    text = Line().done("policy", "test", ROOT / "examples" / "loan", "--coverage", "--threshold", "95")
    assert re.search(r"1\d passed, 0 failed", text)
    gate = (ROOT / "examples" / "loan" / "gate.rego").read_text().replace("least_parity := 0.8", "least_parity := 0.7")
    (tmp_path / "gate.rego").write_text(gate)
    (tmp_path / "gate_test.rego").write_text((ROOT / "examples" / "loan" / "gate_test.rego").read_text())
    broken = Line().run("policy", "test", tmp_path)
    assert broken.returncode == 1 and "test_unfair_is_denied" in broken.stdout and "gate_test.rego:" in broken.stdout
    (tmp_path / "empty.rego").write_text("package regesta.gate\n")
    assert Line().run("policy", "test", tmp_path / "empty.rego").returncode == 1, "no test at all is no success"


def test_two_folders_of_policies_are_not_made_one(tmp_path):
    for name, rule in (("a", "deny contains \"a\""), ("b", "deny contains \"b\" if false\ntest_b if count(deny) == 0")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "gate.rego").write_text(f"# one\npackage regesta.gate # two\n{rule}\n")
    for command in (("test",), ("check",), ("push", "both")):
        refused = Line().run("policy", *command, tmp_path / "a", tmp_path / "b")
        assert refused.returncode == 1 and "both have the package regesta.gate" in refused.stderr, refused
    assert Line().run("policy", "test", tmp_path / "b").returncode == 0
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "gate_test.rego").write_text("package regesta.gate\ntest_more if count(deny) == 0\n")
    assert "2 passed" in Line().done("policy", "test", tmp_path / "b", tmp_path / "tests")


def test_policy_check_finds_a_mistyped_input_member(tmp_path):
    (tmp_path / "gate.rego").write_text('package regesta.gate\n\ndeny contains "x" if input.acter.name == "anna"\n')
    got = Line().run("policy", "check", tmp_path / "gate.rego")
    assert got.returncode == 1 and "gate.rego:3" in got.stdout and "acter" in got.stdout, got.stdout


def test_policy_eval_answers_json(tmp_path):
    (tmp_path / "p.rego").write_text("package p\n\nx := input.a + 1\n")
    assert Line().done("policy", "eval", tmp_path / "p.rego", "-q", "data.p.x", "--input", "-", stdin='{"a": 41}').strip() == "42"
    assert Line().done("policy", "eval", tmp_path / "p.rego", "-q", "data.p.y").strip() == "undefined"


# --- with a server -------------------------------------------------------------------------------------------------

def test_versions_files_and_aliases(cli, tmp_path):
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    (folder / "a b.bin").write_bytes(bytes(range(256)) * 4000)
    (tmp_path / "in" / "card.md").write_text("# hi\n")
    assert "artifact/tokenizer@1" in cli.done("version", "create", "artifact/tokenizer", "--file", tmp_path / "in", "--semver", "1.2.0")
    assert {item["path"] for item in cli.json("version", "files", "artifact/tokenizer@1")["items"]} == {"deep/a b.bin", "card.md"}
    cli.done("alias", "set", "artifact/tokenizer", "stable", "1.2.0")
    assert cli.json("version", "show", "artifact/tokenizer@stable")["version"] == 1
    cli.done("version", "download", "artifact/tokenizer@^1", "--output", tmp_path / "out")
    assert (tmp_path / "out" / "deep" / "a b.bin").read_bytes() == bytes(range(256)) * 4000
    assert cli.run("version", "show", "artifact/tokenizer@2").returncode == 4
    assert cli.run("version", "download", "artifact/tokenizer@1", "nothing.txt").returncode == 4
    table = cli.done("version", "list", "artifact/tokenizer")
    assert re.search(r"VERSION +SEMVER", table) and re.search(r"1 +1\.2\.0 +stable", table)


def test_every_list_can_be_had(cli, tmp_path):
    """Also of a server with nothing in it but what the command's operands name."""
    (tmp_path / "p.rego").write_text("package regesta.gate\ndeny contains \"no\" if input.candidate.version > 9\n")
    cli.done("prompt", "create", "greeting", "--template", "Hello {{name}}")
    cli.done("alias", "set", "prompt/greeting", "production", "1")
    cli.done("policy", "push", "p", tmp_path / "p.rego")
    cli.done("policy", "bind", "p", "prompt/*#production")
    hook = cli.json("webhook", "create", "http://127.0.0.1:9/")["id"]
    operands = {"alias list": ["prompt/greeting"], "evidence list": ["prompt/greeting@1"], "prompt history": ["greeting"],
                "prompt quality": ["greeting"], "rollout list": ["greeting"], "version files": ["prompt/greeting@1"],
                "version list": ["prompt/greeting"], "webhook deliveries": [hook], "history": ["prompt/greeting#production"], "guard list": ["prompt/greeting"]}
    page = cli.done("reference-page")
    lists = [path for path in re.findall(r"^regesta ([a-z -]+?) (?:[A-Z\[-].*)?\[options\]$", page, re.M) if path.endswith(" list")]
    assert len(lists) > 10
    for path in {*lists, *operands, "policy bindings"}:
        words = [*path.split(), *operands.get(path, [])]
        assert isinstance(cli.json(*words)["items"], list), path
        cli.done(*words)
    assert cli.json("alias", "list", "prompt/greeting")["items"][0]["name"] == "production"
    assert cli.json("policy", "bindings")["items"][0]["policy"] == "p"


def test_prompts(cli):
    cli.done("prompt", "create", "greeting", "--template", "Hello {{name}}", "-m", "first")
    cli.done("prompt", "create", "greeting", "--file", "-", stdin="Good day {{name}}")
    cli.done("alias", "set", "prompt/greeting", "production", "1")
    assert cli.json("prompt", "resolve", "greeting")["template"] == "Hello {{name}}"
    assert [item["name"] for item in cli.json("prompt", "list")["items"]] == ["greeting"]


def test_login_keeps_credentials_private_and_sends_them_to_their_server_only(cli, server, tmp_path):
    cli.done("user", "create", "anna", "--password", "correct horse")
    assert cli.run("model", "list").returncode == 3
    assert cli.run("login", server.url, "--user", "anna", stdin="wrong horse\n").returncode == 3
    half = Line(server.url, tmp_path / "config", REGESTA_USER="anna")
    assert "REGESTA_PASSWORD is not set" in half.run("model", "list").stderr
    assert "anna" in half.done("login", server.url, "--user", "anna", stdin="correct horse\n")
    file = tmp_path / "config" / "regesta" / "credentials"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert cli.json("user", "me")["name"] == "anna"
    elsewhere = Line(server.url.replace("127.0.0.1", "localhost"), tmp_path / "config")
    assert elsewhere.run("user", "me").returncode == 3, "another URL gets no credentials"
    token = cli.done("token", "create", "ci", "--grant", "reader").strip()
    reader = Line(server.url, "/nonexistent", REGESTA_TOKEN=token)
    assert reader.json("model", "list")["items"] == []
    assert reader.run("model", "create", "x").returncode == 3
    cli.done("token", "revoke", "ci")
    assert reader.run("model", "list").returncode == 3
    cli.done("logout")
    assert not file.exists()


def test_a_refusal_prints_every_reason_and_cure(cli, tmp_path):
    (tmp_path / "gate.rego").write_text(
        'package regesta.gate\n\ndeny contains {"code": "a", "msg": "too early", "remediation": "wait a day"} if input.candidate\n\n'
        'deny contains {"code": "b", "msg": "too risky", "remediation": "ask risk"} if input.candidate\n')
    cli.done("version", "create", "artifact/x", "--file", tmp_path / "gate.rego")
    cli.done("policy", "push", "careful", tmp_path / "gate.rego")
    cli.done("policy", "bind", "careful", "artifact/*#production")
    got = cli.run("promote", "artifact/x@1")
    assert got.returncode == 3
    for text in ("refused", "too early", "wait a day", "too risky", "ask risk"):
        assert text in got.stderr, got.stderr
    dry = cli.run("promote", "artifact/x@1", "--dry-run")
    assert dry.returncode == 3 and "too risky" in dry.stdout
    refused = json.loads(cli.run("promote", "artifact/x@1", "--json").stdout)["error"]
    assert refused["code"] == "refused" and len(refused["detail"]["verdict"]["deny"]) == 2
    assert [item["action"] for item in cli.json("history", "artifact/x")["items"]] == ["move-refused"] * 2
    assert cli.run("request", "comment", "99", "--text", "hello").returncode == 4


def test_a_misspelt_role_or_workspace_is_no_role(cli, server):
    own = cli.done("user", "create", "anna", "--password", "correct horse", "--grant", "risk")
    assert "risk is a custom approval role" in own
    admin = Line(server.url, REGESTA_USER="anna", REGESTA_PASSWORD="correct horse")
    for grant, meant in (("contributer", "did you mean contributor?"), ("contributor:defalt", "did you mean default?"),
                         ("contributor:team-seven", "regesta workspace create team-seven")):
        for words in (["user", "create", "carl", "--password", "correct horse"], ["user", "grant", "anna"], ["token", "create", "ci"]):
            got = admin.run(*words, "--grant", grant)
            assert got.returncode == 1 and meant in got.stderr, got.stderr
    assert "own" not in admin.done("user", "create", "carl", "--password", "correct horse", "--grant", "contributor")


def test_changing_ones_own_password_can_show_the_present_one(cli, server):
    cli.done("user", "create", "anna", "--password", "correct horse")
    anna = Line(server.url, REGESTA_USER="anna", REGESTA_PASSWORD="correct horse")
    wrong = anna.run("user", "password", "anna", "--password", "battery staple", "--current-password", "a guess")
    assert wrong.returncode != 0 and "current_password" in wrong.stderr
    anna.done("user", "password", "anna", "--password", "battery staple", "--current-password", "correct horse")
    assert anna.run("user", "me").returncode != 0
    Line(server.url, REGESTA_USER="anna", REGESTA_PASSWORD="battery staple").done("user", "me")


def test_what_a_refusal_says_to_run_can_be_run(cli, server, tmp_path):
    """Roles that are missing, requests that wait, and evidence that completes one: each remediation is a whole command."""
    (tmp_path / "gate.rego").write_text(
        'package regesta.gate\n\nrequire contains {"code": "r", "msg": "risk agrees", "remediation": "regesta approve <id> --role risk",'
        ' "approvals": {"role": "risk"}} if true\n\nrequire contains {"code": "c", "msg": "a card", "evidence": {"type": "card"}} if true\n')
    cli.done("user", "create", "root", "--password", "correct horse")
    people = {name: Line(server.url, tmp_path / name, REGESTA_USER=name, REGESTA_PASSWORD="correct horse") for name in ("root", "carl")}
    root, carl = people["root"], people["carl"]
    root.done("user", "create", "carl", "--password", "correct horse", "--grant", "contributor", "--grant", "legal:default:loan-*")
    root.done("version", "create", "model/my-model", "--source", "s3://b/1")
    assert "also stops rollbacks" in root.run("policy", "push", "gate", tmp_path / "gate.rego").stderr
    assert "has an alias 'prodution'" in root.run("policy", "bind", "gate", "model/my-model#prodution").stderr
    root.done("policy", "bind", "gate", "model/my-model#production")

    waits = root.run("promote", "my-model@1").stderr
    assert "next: regesta approve 1 --comment TEXT" in waits and "regesta approve 1 --role risk" in waits and "<id>" not in waits
    assert f"{server.url}/changes/1" in waits and "evidence add model/my-model@1 --type card" in waits
    screen = urllib.request.Request(f"{server.url}/changes/1", headers={"Accept": "text/html"})
    assert urllib.request.urlopen(screen).headers["Content-Type"].startswith("text/html")

    refused = carl.run("approve", "1").stderr
    remediation = re.search(r"regesta (user grant .*)$", refused, re.M).group(1)
    assert remediation == "user grant carl --grant contributor --grant 'legal:default:loan-*' --grant risk:default", refused
    root.done(*[word.strip("'") for word in remediation.split()])
    assert "legal on default/loan-*" in carl.done("user", "me") and "risk on default/*" in carl.done("user", "me")
    left = carl.done("approve", "1")
    assert "a card" in left and "risk agrees" not in left, "what is met is left out"

    waits = root.run("promote", "my-model@1").stderr
    assert "next: regesta evidence add model/my-model@1 --type card --file FILE" in waits
    (tmp_path / "card.md").write_text("# A card\n\nWhat it is for.\n")
    done = root.done("evidence", "add", "my-model@1", "--type", "card", "--file", tmp_path / "card.md")
    assert "change request 1 is complete: model/my-model#production now points to version 1" in done


def test_the_other_kind_of_a_name_is_named(cli):
    cli.done("prompt", "create", "letter", "--template", "Hi")
    got = cli.run("promote", "letter@1")
    assert got.returncode == 4 and "there is a prompt of this name: write prompt/letter" in got.stderr
    for kind in ("artifact", "dataset"):
        cli.done("version", "create", f"{kind}/letter", "--source", "s3://b/1")
    assert "write" not in cli.run("history", "letter").stderr, "three others: none of them is meant"
    assert "must not contain ':' or" in cli.run("prompt", "create", "a:b", "--template", "Hi").stderr
    cli.done("promote", "prompt/letter@1")
    assert cli.json("version", "show", "prompt/letter#production")["version"] == 1


def test_moving_an_alias_says_what_else_it_did(cli):
    assert "created prompt/chat@1 (1.0.0)" in cli.done("prompt", "create", "chat", "--template", "Hi")
    assert "created prompt/chat@2 (1.1.0), minor" in cli.done("prompt", "create", "chat", "--template", "Hello")
    assert "has no version 1.9.0" in cli.run("prompt", "report", "chat@1.9.0", "--metric", "score", "--value", "1").stderr
    cli.done("promote", "prompt/chat@1")
    cli.done("prompt", "report", "chat@1", "--metric", "helpfulness", "--value", "1")
    warned = cli.run("rollout", "start", "chat", "2", "--steps", "10", "--guard", "helpfulnes").stderr
    assert "nobody has ever reported 'helpfulnes'" in warned and "reported: helpfulness" in warned
    assert "regesta rollout stop chat 1" in cli.run("rollout", "start", "chat", "2").stderr
    assert "everybody gets version 1" in cli.done("rollout", "kill", "chat", "1")
    assert "everybody gets version 1" in cli.done("rollout", "stop", "chat", "1")
    cli.done("rollout", "start", "chat", "2", "--steps", "10")
    assert "rollout 2 was stopped by this" in cli.done("promote", "prompt/chat@2")
    assert "version 1 (was 2)" in (back := cli.done("rollback", "prompt/chat")) and "it pointed to before" in back
    assert "margin" in cli.run("rollout", "start", "chat", "2", "--guard", "helpfulness,foo=1").stderr


def test_the_doctor_asks_the_server_and_leaves_it_alone(cli, server):
    got = cli.run("doctor", "--data", server.data)
    assert got.returncode == 0, got.stdout
    assert f"in use by process {server.process.pid}" in got.stdout and f"{server.url} answers, version" in got.stdout
    assert "policy workers" in got.stdout and "seccomp" in got.stdout
    assert "login" in got.stdout and "no users yet" in got.stdout
    cli.done("user", "create", "anna", "--password", "correct horse")
    got = cli.run("doctor", "--data", server.data)
    assert got.returncode == 1 and "regesta login" in got.stdout


def test_a_server_that_names_files_outside_cannot_write_there(tmp_path):
    """A hostile server: its file list points out of the folder."""
    import http.server
    import threading

    class Evil(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"items": [{"path": "../../escaped", "digest": "0" * 64, "size": 3}]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    evil = http.server.HTTPServer(("127.0.0.1", 0), Evil)
    threading.Thread(target=evil.serve_forever, daemon=True).start()
    try:
        target = tmp_path / "a" / "b"
        target.mkdir(parents=True)
        got = Line(f"http://127.0.0.1:{evil.server_port}").run("version", "download", "x@1", "--output", target)
        assert got.returncode == 1 and "outside" in got.stderr
        assert not (tmp_path / "escaped").exists()
    finally:
        evil.shutdown()


def test_quality_guards_and_webhooks(cli):
    cli.done("prompt", "create", "chat", "--template", "Hi", "--semver", "1.3.2")
    cli.done("alias", "set", "prompt/chat", "production", "1")
    cli.done("prompt", "create", "chat", "--template", "Hello", "--semver", "1.4.0")
    assert "nothing was reported" in cli.done("prompt", "quality", "chat")
    cli.done("prompt", "report", "chat@1.4.0", "--metric", "score", "--value", "0.25", "--key", "k")
    assert "already exists" in cli.done("prompt", "report", "chat@1.4.0", "--metric", "score", "--value", "1", "--key", "k")
    assert "0.25" in cli.done("prompt", "quality", "chat")
    cli.done("rollout", "start", "chat", "1.4.0", "--steps", "10", "--guard", "score,margin=0.05,role=signal")
    why = cli.json("rollout", "why", "chat")
    assert why["items"][0]["standing"] == "waiting" and why["items"][0]["config"]["margin"] == 0.05
    assert "0 of 30 reports" in cli.done("rollout", "why", "chat", "1")
    assert cli.done("webhook", "create", "http://127.0.0.1:1/hook", "--action", "none").startswith("whsec_")
    assert cli.json("webhook", "list")["items"][0]["actions"] == ["none"]
    test = cli.run("webhook", "test", "1")
    assert test.returncode == 1 and "not delivered" in test.stdout
    assert "webhook.test" in cli.done("webhook", "deliveries", "1")
    assert "stopped" in cli.done("webhook", "change", "1", "--stop")
    cli.done("webhook", "delete", "1")
    assert cli.json("webhook", "list")["items"] == []
