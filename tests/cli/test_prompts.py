"""Prompts in files, as a team keeps them: lint, plan, push, pull, diff, render, and what other products export."""

import json
import subprocess
import urllib.request

import pytest
from test_cli import Line


@pytest.fixture
def cli(server, tmp_path):
    return Line(server.url, tmp_path / "config")


def write(folder, path, text):
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    return target


def git(folder, *words):
    subprocess.run(["git", "-C", folder, "-c", "user.name=Anna", "-c", "user.email=anna@example.org", *words], check=True,
                   capture_output=True)


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, "prompts/greet/v1.0.0.md", "---\ndescription: first\nvariables: [name]\n---\nHello {{name}}\n")
    write(tmp_path, "prompts/greet/v1.1.0.md", "---\ndescription: warmer\nvariables: [name]\naliases: [staging]\n---\nDear {{name}}\n")
    write(tmp_path, "prompts/triage.prompt", "---\nmodel: openai/gpt-4o\n---\n{{role \"system\"}}\nSort.\n{{role \"user\"}}\n{{text}}\n")
    write(tmp_path, "README.md", "no prompt")
    return tmp_path


def test_push_plan_and_pull(cli, folder, tmp_path):
    out = cli.done("prompt", "push", folder / "prompts", "--no-git")
    assert "stored prompt/greet@1 (1.0.0)" in out and "stored prompt/greet@2 (1.1.0), minor" in out
    assert "prompt/greet#staging" in out and "stored prompt/triage@1 (1.0.0)" in out
    again = cli.json("prompt", "push", folder / "prompts", "--no-git")["items"]
    assert [item["created"] for item in again] == [False] * 3
    assert cli.json("prompt", "show", "greet#staging")["semver"] == "1.1.0"
    assert "Dear {{name}}" in cli.done("prompt", "show", "greet")
    assert "warmer" in cli.done("prompt", "history", "greet")

    write(folder, "prompts/greet/v1.2.0.md", "---\nvariables: [name, tone]\n---\nDear {{name}}, {{tone}}\n")
    got = cli.run("prompt", "plan", folder / "prompts", "--no-git")
    assert got.returncode == 1 and "must be at least 2.0.0" in got.stdout and "'tone' is new and required" in got.stdout
    assert cli.run("prompt", "push", folder / "prompts", "--no-git").returncode == 1
    (folder / "prompts/greet/v1.2.0.md").rename(folder / "prompts/greet/v2.0.0.md")
    assert cli.run("prompt", "plan", folder / "prompts", "--no-git").returncode == 0
    cli.done("prompt", "push", folder / "prompts", "--no-git")

    target = tmp_path / "pulled"
    cli.done("prompt", "pull", "greet", "--all", "--dir", target)
    assert sorted(path.name for path in (target / "prompts/greet").iterdir()) == ["v1.0.0.md", "v1.1.0.md", "v2.0.0.md"]
    pushed = cli.json("prompt", "push", target, "--no-git")["items"]
    assert [item["created"] for item in pushed] == [False] * 3
    assert cli.json("prompt", "pull", "greet", "--all", "--dir", target) == {"written": 0, "unchanged": 3}


def test_git_is_kept_as_provenance(cli, folder):
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "prompts")
    git(folder, "tag", "triage@v1.4.0")
    git(folder, "tag", "triage#canary")
    cli.done("prompt", "push", folder / "prompts")
    version = cli.json("version", "show", "prompt/triage@canary")
    assert version["semver"] == "1.4.0"
    tags = version["tags"]
    assert tags["git.author"] == "Anna <anna@example.org>" and len(tags["git.commit"]) == 40
    assert tags["git.time"].endswith("Z") and "git.signature" not in tags and "git.dirty" not in tags


def test_lint_without_a_server(tmp_path):
    write(tmp_path, "prompts/bad.md", "---\nvariables: [name]\n---\n\nHello {{nmae}}\nsk-proj-abcdefghijklmnop1234567890XYZ\n")
    write(tmp_path, "prompts/worse.md", "---\nvariables: [\n---\nx")
    write(tmp_path, "prompts/good.md", "Hello {{name}}")
    line = Line()
    got = line.run("prompt", "lint", tmp_path, "--sarif", tmp_path / "out.sarif", "--junit", tmp_path / "out.xml")
    assert got.returncode == 1
    assert "bad.md:5:7: error: variable 'nmae' is not declared in input_schema; did you mean 'name'?" in got.stdout
    assert "bad.md:6:1: error: looks like an OpenAI key" in got.stdout and "worse.md:3:1: error: is not YAML" in got.stdout
    assert "3 files, 3 errors" in got.stdout
    sarif = json.loads((tmp_path / "out.sarif").read_text())
    assert {result["ruleId"] for result in sarif["runs"][0]["results"]} >= {"undeclared-variable", "secret", "file"}
    assert (tmp_path / "out.xml").read_text().count("<failure") == 2
    assert line.run("prompt", "lint", tmp_path / "prompts/good.md").returncode == 0


def test_diff_and_render(cli, folder):
    cli.done("prompt", "push", folder / "prompts", "--no-git")
    out = cli.done("prompt", "diff", "greet", "--from", "1.0.0", "--to", "1.1.0")
    assert "[-Hello-]{+Dear+} {{name}}" in out and "minor: the text changed" in out
    out = cli.done("prompt", "diff", folder / "prompts/greet/v1.0.0.md", folder / "prompts/greet/v1.1.0.md")
    assert "[-Hello-]{+Dear+}" in out
    assert cli.done("prompt", "render", "greet@1.0.0", "--var", "name=Eva") == "Hello Eva\n"
    assert cli.done("prompt", "render", folder / "prompts/greet/v1.1.0.md", "--var", "name=Eva") == "Dear Eva\n"
    got = cli.run("prompt", "render", "greet@1.0.0")
    assert got.returncode == 1 and "variable 'name' is missing: add --var name=VALUE" in got.stderr
    jinja = write(folder, "loop.j2", "{% for x in 'ab' %}{{ x }}-{% endfor %}")
    assert cli.done("prompt", "render", jinja) == "a-b-\n"


def test_diff_takes_two_operands(cli, folder, tmp_path):
    cli.done("prompt", "push", folder / "prompts", "--no-git")
    got = cli.json("prompt", "diff", "greet@1.0.0", "greet@1.1.0")
    assert (got["from"]["semver"], got["to"]["semver"]) == ("1.0.0", "1.1.0")
    back = cli.json("prompt", "diff", "greet@1.1.0", "greet@1.0.0")
    assert (back["from"]["semver"], back["to"]["semver"]) == ("1.1.0", "1.0.0")
    other = write(tmp_path, "other.md", "Good day {{name}}\n")
    said = cli.done("prompt", "diff", "greet@1.0.0", other)
    assert "[-Hello" in said and "{+Good" in said
    assert cli.run("prompt", "diff", "greet@1.0.0", "greet@1.1.0", "--from", "1").returncode == 2


def test_plan_finds_what_lint_finds_and_shows_alias_moves(cli, folder):
    cli.done("prompt", "push", folder / "prompts", "--no-git")
    assert "alias" not in cli.done("prompt", "plan", folder / "prompts", "--no-git"), "staging is there already"
    write(folder, "prompts/greet/v1.2.0.md", "---\nvariables: [name]\naliases: [staging, live]\n---\nGood day {{name}}\n")
    out = cli.done("prompt", "plan", folder / "prompts", "--no-git")
    assert "alias staging would move here from 1.1.0 (#2)" in out and "alias live would move here\n" in out
    planned = {item["file"].rsplit("/", 1)[-1]: item for item in cli.json("prompt", "plan", folder / "prompts", "--no-git")["items"]}
    assert [move["alias"] for move in planned["v1.2.0.md"]["aliases"]] == ["staging", "live"]
    assert planned["v1.1.0.md"]["aliases"] == []
    # One command finds an error where the other does, also beside files that are fine.
    write(folder, "prompts/broken.md", "{{#open}}\n")
    write(folder, "prompts/odd.json", "{")
    linted = cli.run("prompt", "lint", folder / "prompts")
    planned = cli.run("prompt", "plan", folder / "prompts", "--no-git")
    assert (linted.returncode, planned.returncode) == (1, 1)
    for words in ("broken.md:1:", "section 'open' is not closed", "odd.json"):
        assert words in linted.stdout and words in planned.stdout, (words, planned.stdout)
    assert "greet" in planned.stdout


def test_versions_are_named_by_semver_everywhere(cli, folder):
    cli.done("prompt", "push", folder / "prompts", "--no-git")
    cli.done("alias", "set", "prompt/greet", "production", "1.0.0")
    cli.done("alias", "set", "prompt/greet", "production", "^1.1")
    cli.done("rollback", "prompt/greet", "--to", "1.0.0")
    assert cli.json("prompt", "show", "greet#production")["semver"] == "1.0.0"
    cli.done("rollback", "prompt/greet", "--to", "2")
    cli.done("rollback", "prompt/greet", "--to", "1.0.0")
    assert "1.0.0 (#1)" in cli.done("alias", "list", "prompt/greet")
    [alias] = [item for item in cli.json("alias", "list", "prompt/greet")["items"] if item["name"] == "production"]
    assert (alias["version"], alias["semver"]) == (1, "1.0.0")
    history = cli.json("history", "prompt/greet")["items"]
    assert [(item.get("from_semver"), item["to_semver"]) for item in history] == [
        ("1.1.0", "1.0.0"), ("1.0.0", "1.1.0"), ("1.1.0", "1.0.0"), ("1.0.0", "1.1.0"), (None, "1.0.0")]
    assert "1.1.0 (#2)" in cli.done("history", "prompt/greet")
    missing = cli.run("rollback", "prompt/greet", "--to", "9.9.9")
    assert missing.returncode == 4 and "has no version 9.9.9" in missing.stderr


def test_a_deleted_version_is_called_deleted(cli, folder, server):
    cli.done("prompt", "push", folder / "prompts", "--no-git")
    cli.done("alias", "remove", "prompt/greet", "staging")
    path = "/api/v1/assets/prompt/greet/versions/1.1.0"
    urllib.request.urlopen(urllib.request.Request(server.url + path, method="DELETE"), timeout=60).close()
    shown = cli.run("prompt", "show", "greet@1.1.0")
    assert shown.returncode == 4 and "version 1.1.0 of prompt 'greet' was deleted" in shown.stderr
    pushed = cli.run("prompt", "push", folder / "prompts/greet/v1.1.0.md", "--no-git")
    assert pushed.returncode == 1
    assert "had a version 1.1.0 (#2), which was deleted" in pushed.stderr and "choose another" in pushed.stderr


def test_imports_are_idempotent(cli, tmp_path):
    langfuse = write(tmp_path, "langfuse.json", json.dumps({"data": [
        {"name": "lf", "version": 2, "prompt": [{"type": "chatmessage", "role": "user", "content": "b {{x}}"}],
         "labels": ["production", "latest"], "tags": ["team"], "config": {"model": "gpt-4o"}, "commitMessage": "second"},
        {"name": "lf", "version": 1, "prompt": [{"role": "user", "content": "a {{x}}"}], "labels": [], "config": {}}]}))
    first = cli.json("prompt", "import", "langfuse", langfuse, "--aliases")
    assert (first["stored"], first["failed"]) == (2, 0)
    assert cli.json("prompt", "resolve", "lf")["messages"] == [{"content": "b {{x}}", "role": "user"}]
    second = cli.json("prompt", "import", "langfuse", langfuse)
    assert (second["stored"], second["unchanged"]) == (0, 2)

    layer = write(tmp_path, "layer.json", json.dumps({
        "prompt_name": "pl", "commit_message": "m", "tags": ["t"],
        "prompt_template": {"type": "chat", "messages": [
            {"role": "system", "content": [{"type": "text", "text": "Be {tone}"}], "template_format": "f-string",
             "input_variables": ["tone"]}], "tools": []},
        "metadata": {"model": {"provider": "openai", "name": "gpt-4o", "parameters": {"temperature": 0}}}}))
    cli.done("prompt", "import", "promptlayer", layer)
    version = cli.json("prompt", "show", "pl")
    assert version["template_format"] == "f-string" and version["model_config"]["model"] == "gpt-4o"
    assert version["messages"] == [{"content": "Be {tone}", "role": "system"}]

    write(tmp_path, "chat.json", '[{"role": "user", "content": "Q: {{q}}"}]')
    promptfoo = write(tmp_path, "promptfooconfig.yaml",
                      "prompts:\n  - 'Answer {{q}}'\n  - {id: 'file://chat.json', label: asked}\nproviders: [openai:gpt-4o-mini]\n")
    out = cli.json("prompt", "import", "promptfoo", promptfoo)
    assert [item["name"] for item in out["items"]] == ["promptfooconfig-1", "asked"]
    assert cli.json("prompt", "import", "promptfoo", promptfoo)["unchanged"] == 2

    pasted = write(tmp_path, "pasted.json", json.dumps({
        "id": "pmpt_68aabbccddee", "model": "gpt-5", "instructions": "Be {{tone}}",
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "{{q}}"}]}]}))
    cli.done("prompt", "import", "openai", pasted, "--name", "support")
    assert [message["role"] for message in cli.json("prompt", "show", "support")["messages"]] == ["developer", "user"]
    write(tmp_path, "src/app.py", 'prompt={"id": "pmpt_68aabbccddee"}\n')
    found = cli.json("prompt", "import", "openai", tmp_path / "src", "--scan")["items"]
    assert [(item["line"], item["id"]) for item in found] == [(1, "pmpt_68aabbccddee")]
    got = cli.run("prompt", "import", "langfuse", write(tmp_path, "bad.json", "{"))
    assert got.returncode == 1 and "must be JSON" in got.stderr
