"""`regesta gate` as a pipeline meets it: exit codes, waiting, and every format read by a schema or a real reader."""

import json
import re
import subprocess
import sys

import jsonschema
import junitparser
import pytest

from conftest import FOLDER

SARIF = FOLDER / "node_modules" / "@microsoft" / "jest-sarif" / "lib" / "schemas" / "sarif-2.1.0-rtm.5.json"

# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object", "required": ["description", "check_name", "fingerprint", "location", "severity"],
        "properties": {
            "description": {"type": "string", "minLength": 1}, "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1}, "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {"type": "object", "required": ["path", "lines"], "properties": {
                "path": {"type": "string", "pattern": "^[^./]"},
                "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer"}}}}}}}}

NASTY = "bad\n::set-output name=x::y <script>alert(1)</script> & \"quoted\" | `tick` @everyone 100% ]]> \x1b[31m"


def reports(company, folder, verb, version, *more):
    """The exit code, and each format's text."""
    names = ("json", "junit", "sarif", "gitlab", "markdown", "dotenv", "github", "text")
    outputs = [word for name in names for word in ("-o", f"{name}={folder / name}")]
    got = company.ci.run("gate", verb, f"model/loan@{version}", "--to", "alias:production", *outputs, *more)
    assert (folder / "json").exists(), got.stderr
    return got.returncode, {name: (folder / name).read_text() for name in names}


def cases(text):
    xml = junitparser.JUnitXml.fromstring(text)
    return {case.name.split(":")[0]: {type(result).__name__ for result in case.result} for suite in xml for case in suite}


def commands(text):
    """GitHub's workflow commands, read as its runner does (ActionCommand.TryParseV2)."""
    read = []
    for line in text.splitlines():
        if not line.strip():
            continue
        found = re.match(r"^::(\w+) (.*?)::(.*)$", line)
        assert found, f"not a workflow command: {line!r}"
        properties = dict(pair.split("=", 1) for pair in found.group(2).split(","))
        for escape, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            properties = {key: value.replace(escape, char) for key, value in properties.items()}
        read.append((found.group(1), properties, found.group(3).replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")))
    return read


def test_a_refused_check_explains_itself_in_every_format(company, tmp_path):
    version = company.version(NASTY, "x=y")
    code, text = reports(company, tmp_path, "check", version, "--file", "models/loan.py")
    assert code == 3
    report = json.loads(text["json"])
    assert (report["outcome"], report["ok"], report["to"]) == ("refused", False, version)
    assert [(f["level"], f["code"]) for f in report["findings"]] == [("error", "bad"), ("pending", "risk"), ("warning", "untagged")]

    assert cases(text["junit"]) == {"bad": {"Failure"}, "risk": {"Failure"}, "untagged": set()}

    sarif = json.loads(text["sarif"])
    jsonschema.Draft7Validator(json.loads(SARIF.read_text())).validate(sarif)
    [run] = sarif["runs"]
    assert {(r["ruleId"], r["level"]) for r in run["results"]} == {("bad", "error"), ("risk", "error"), ("untagged", "warning")}
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "models/loan.py"

    quality = json.loads(text["gitlab"])
    jsonschema.validate(quality, CODE_QUALITY)
    assert [(issue["check_name"], issue["severity"]) for issue in quality] == [("bad", "blocker"), ("risk", "blocker"), ("untagged", "minor")]
    assert len({issue["fingerprint"] for issue in quality}) == 3

    read = commands(text["github"])
    assert [kind for kind, _, _ in read] == ["error", "error", "warning", "error"], "the policy's text starts no command of its own"
    assert read[0][1]["file"] == "models/loan.py" and "::set-output name=x::y" in read[0][2] and "100%" in read[0][2]

    assert "<script>" not in text["markdown"] and "@everyone" not in text["markdown"]
    [row] = [line for line in text["markdown"].splitlines() if "&#" not in line[:3] and line.startswith("| ❌")]
    assert row.count("|") == 5, "a pipe in a message ends no cell"
    assert text["dotenv"].splitlines()[0] == "REGESTA_OUTCOME=refused"
    assert "\x1b[31m" not in text["text"] and "to fix: train it again" in text["text"]


def test_fingerprints_stay_between_versions(company, tmp_path):
    prints = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        _, text = reports(company, folder, "check", company.version("bad as before"))
        prints.append({issue["fingerprint"] for issue in json.loads(text["gitlab"])})
    assert prints[0] == prints[1]


def test_missing_approvals_have_their_own_exit_code_and_may_be_allowed(company, tmp_path):
    version = company.version()
    code, text = reports(company, tmp_path, "check", version)
    assert code == 6 and cases(text["junit"])["risk"] == {"Failure"}
    code, text = reports(company, tmp_path, "check", version, "--allow-pending")
    assert code == 0 and cases(text["junit"])["risk"] == {"Skipped"}
    assert [kind for kind, _, _ in commands(text["github"])] == ["notice", "notice"]
    assert {r["level"] for r in json.loads(text["sarif"])["runs"][0]["results"]} == {"note"}
    assert not company.root.json("request", "list")["items"], "a check opens no change request"


def test_promote_waits_until_the_approval_arrives(company, tmp_path):
    version = company.version()
    waiting = company.ci.start("gate", "promote", f"loan@{version}", "--wait", "2m", "-o", f"junit={tmp_path / 'j.xml'}", "-o", "json")
    line = waiting.stderr.readline()
    number = re.search(r"waiting for change request (\d+) http", line).group(1)
    company.rita.done("approve", number, "-m", "fine")
    out, err = waiting.communicate(timeout=60)
    report = json.loads(out)
    assert waiting.returncode == 0 and report["outcome"] == "moved" and report["change_request"]["id"] == int(number), err
    assert report["findings"][0]["level"] == "passed" and report["findings"][0]["by"] == ["user:rita"]
    assert cases((tmp_path / "j.xml").read_text()) == {"risk": set()}
    assert company.ci.json("history", "model/loan#production")["items"][0]["to"] == version
    code, text = reports(company, tmp_path, "promote", version)
    assert code == 0 and json.loads(text["json"])["outcome"] == "unchanged"
    assert cases(text["junit"]) == {"gate": set()}


def test_promote_waits_through_a_restart_of_the_server(company):
    version = company.version()
    waiting = company.ci.start("gate", "promote", f"loan@{version}", "--wait", "2m", "-o", "json")
    number = re.search(r"change request (\d+)", waiting.stderr.readline()).group(1)
    company.server.stop()
    for line in waiting.stderr:
        if "still waiting" in line:
            break
    company.server.start(company.server.port)
    company.rita.done("approve", number, "-m", "fine")
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0 and json.loads(out)["outcome"] == "moved", err


def test_a_rejected_request_fails_the_job_with_the_reviewers_words(company, tmp_path):
    version = company.version()
    waiting = company.ci.start("gate", "promote", f"loan@{version}", "--wait", "2m", "-o", "json", "-o", f"junit={tmp_path / 'j.xml'}")
    number = re.search(r"change request (\d+)", waiting.stderr.readline()).group(1)
    company.rita.done("reject", number, "-m", "the sample is too small")
    out, _ = waiting.communicate(timeout=60)
    report = json.loads(out)
    assert waiting.returncode == 3 and report["outcome"] == "rejected" and "the sample is too small" in report["findings"][0]["msg"]
    assert cases((tmp_path / "j.xml").read_text())["change-request-rejected"] == {"Failure"}


def test_the_wait_ends_and_the_request_stays_open_for_the_next_run(company):
    version = company.version()
    first = company.ci.run("gate", "promote", f"loan@{version}", "--wait", "1s", "--json")
    second = company.ci.run("gate", "promote", f"loan@{version}", "--json")
    ids = {json.loads(got.stdout)["change_request"]["id"] for got in (first, second)}
    assert (first.returncode, second.returncode) == (6, 6) and len(ids) == 1
    [number] = ids
    company.ci.done("request", "withdraw", number)


def test_two_pipelines_at_once_share_one_change_request(company):
    version = company.version()
    both = [company.ci.start("gate", "promote", f"loan@{version}", "--wait", "2m", "--json") for _ in range(2)]
    numbers = {re.search(r"change request (\d+)", job.stderr.readline()).group(1) for job in both}
    assert len(numbers) == 1
    company.rita.done("approve", numbers.pop(), "-m", "fine")
    for job in both:
        out, err = job.communicate(timeout=60)
        assert job.returncode == 0 and json.loads(out)["outcome"] == "moved", err


def test_files_shared_by_a_runner_keep_what_they_had(company, tmp_path):
    version = company.version()
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    summary.write_text("before\n")
    outputs.write_text("a=b\n")
    got = company.ci.run("gate", "check", f"loan@{version}", "-o", f"markdown={summary}", "-o", f"dotenv={outputs}",
                         GITHUB_STEP_SUMMARY=str(summary), GITHUB_OUTPUT=str(outputs))
    assert got.returncode == 6 and "loan@" in got.stdout
    assert summary.read_text().startswith("before\n### ") and outputs.read_text().startswith("a=b\nREGESTA_OUTCOME=pending\n")


@pytest.mark.parametrize("words, code, why", [
    (["promote", "loan@1", "--wait", "soon"], 2, "90s, 30m or 2h"), (["promote", "loan@1", "--wait", "9999999h"], 2, "at most 30 days"),
    (["check", "loan@1", "-o", "xml"], 2, "FORMAT"), (["check", "loan@999"], 4, "999"), (["check", "nothing@1"], 4, "nothing"),
    (["check", "loan@1", "-o", "json=/nonexistent/x"], 1, "cannot write")])
def test_what_is_wrong_with_the_call_is_no_refusal(company, words, code, why):
    company.version()
    got = company.ci.run("gate", *words)
    assert got.returncode == code and why in got.stderr, got


def test_a_stage_and_a_pointer_without_a_gate(company):
    version = company.version()
    got = company.ci.run("gate", "check", f"loan@{version}", "--to", "stage:Staging", "--json")
    assert got.returncode == 0 and json.loads(got.stdout)["outcome"] == "allowed"
    assert "moved" in company.ci.done("gate", "promote", f"loan@{version}", "--to", "stage:Staging")


# --- pipelines -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("system, file, schema", [
    ("github", ".github/workflows/regesta.yml", "vendor.github-workflows"), ("gitlab", ".gitlab-ci.yml", "vendor.gitlab-ci")])
def test_a_written_pipeline_satisfies_the_systems_schema(company, tmp_path, system, file, schema):
    company.ci.folder, before = tmp_path, company.ci.folder
    try:
        assert "wrote" in company.ci.done("ci", "init", system, "model/loan", "--to", "stage:Production")
        assert company.ci.run("ci", "init", system, "model/loan").returncode == 1, "a file that is there stays"
        assert "model/loan@latest" in company.ci.done("ci", "init", system, "loan", "-o", "-")
        assert company.ci.run("ci", "init", system, "model/loan@$(id)", "-o", "-").returncode == 2
    finally:
        company.ci.folder = before
    checked = subprocess.run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(tmp_path / file)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
