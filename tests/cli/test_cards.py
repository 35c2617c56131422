"""Cards: drafts with what the registry knows, and rules that say which sections they must have."""

import json
import os
import subprocess

import pytest

from regesta_server import binary


@pytest.fixture
def cli(server, tmp_path):
    def run(*words, fails=False):
        done = subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=120, cwd=tmp_path,
                              env=os.environ | {"REGESTA_URL": server.url, "HOME": "/nonexistent"})
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout if not fails else done.stdout + done.stderr
    return run


def test_a_draft_has_what_the_registry_knows(cli, tmp_path):
    (tmp_path / "weights.bin").write_text("weights")
    cli("version", "create", "loan", "--file", "weights.bin", "-t", "team=credit")
    for template in ("huggingface-model", "model-card-toolkit", "ai-act-annex-iv", "model-risk"):
        text = cli("card", "draft", "loan@1", "--template", template)
        assert text.startswith("# loan\n") and "| team | credit |" in text and "<!--" in text
    assert "weights.bin" in cli("card", "draft", "loan@1", "--template", "model-risk")
    assert "must be one of huggingface-model" in cli("card", "draft", "loan@1", "--template", "nonsense", fails=True)
    for template in json.loads(cli("card", "templates", "--json"))["items"]:
        assert set(template["required"]) <= set(template["sections"])


def test_a_card_is_rendered_without_running_what_it_holds(cli, tmp_path):
    cli("prompt", "create", "greeting", "--template", "Hello")
    (tmp_path / "card.md").write_text("---\nlicense: mit\n---\n# greeting\n<!-- note -->\n## Purpose\nGreets <script>alert(1)</script>\n"
                                      "people.\n\n| a | b |\n| --- | --- |\n| 1 | <img src=x> |\n```\nx < y\n```\n")
    page = cli("card", "render", "card.md")
    assert "Purpose</h3>" in page and "Greets &lt;script&gt;" in page and "people.</p>" in page and "<td>1</td>" in page
    assert "<script" not in page and "<img" not in page and "license" not in page and "note" not in page and "x &lt; y" in page
    cli("evidence", "add", "prompt/greeting@1", "--type", "card", "--file", "card.md")
    cli("pack", "prompt/greeting@1", "--output", "pack.zip")
    report = subprocess.run(["unzip", "-p", tmp_path / "pack.zip", "report.html"], capture_output=True, text=True).stdout
    assert "Purpose</h3>" in report and "Greets &lt;script&gt;" in report and "<script" not in report
    cli("pack", "verify", "pack.zip")


def test_hugging_face_reads_the_draft(cli, tmp_path):
    import huggingface_hub as huggingface_hub
    cli("prompt", "create", "greeting", "--template", "Hello")
    cli("card", "draft", "prompt/greeting@1", "--output", "card.md")
    assert huggingface_hub.ModelCard((tmp_path / "card.md").read_text()).text


POLICY = """package regesta.gate
deny contains {"code": "card", "msg": sprintf("missing: %s", [concat(", ", input.candidate.card.missing)])} if {
  input.candidate.card
  not input.candidate.card.complete
}
deny contains {"code": "card", "msg": "no card"} if not input.candidate.card
"""


def test_a_gate_refuses_a_card_without_the_required_sections(cli, tmp_path):
    cli("prompt", "create", "greeting", "--template", "Hello")
    (tmp_path / "card.rego").write_text(POLICY)
    cli("policy", "push", "cards", "card.rego")
    cli("policy", "bind", "cards", "prompt/greeting#production")
    assert "no card" in cli("alias", "set", "prompt/greeting", "production", "1", fails=True)
    cli("card", "rule", "set", "prompt/*", "--template", "prompt", "--section", "Data protection")
    cli("card", "rule", "set", "model/*", "--section", "Never asked for")

    def add(text):
        (tmp_path / "card.md").write_text(text)
        cli("evidence", "add", "prompt/greeting@1", "--type", "card", "--file", "card.md")

    add("# greeting\n## Purpose\nGreets.\n## Inputs and outputs\n<!-- to do\nlater -->\n## Owner\n### Team\nus\n")
    assert "missing: Inputs and outputs, Tests, Risks and limitations, Data protection" in cli(
        "alias", "set", "prompt/greeting", "production", "1", fails=True)
    add("# greeting\n## 1. purpose\nGreets.\n## INPUTS AND OUTPUTS\nnone\n## Tests\n```\n# a comment\n```\nnone\n"
        "## Risks and limitations\nnone\n## Owner\nus\n## Data protection\nnone\n")
    cli("alias", "set", "prompt/greeting", "production", "1")

    rules = json.loads(cli("card", "rule", "list", "--json"))["items"]
    assert [rule["kind"] for rule in rules] == ["prompt", "model"]
    cli("card", "rule", "set", "prompt/*", "--section", "Signed by the board")
    rules = json.loads(cli("card", "rule", "list", "--json"))["items"]
    assert sorted(rule["kind"] for rule in rules) == ["model", "prompt"], "the rule of a pattern is replaced"
    cli("prompt", "create", "other", "--template", "x")
    cli("card", "rule", "delete", rules[-1]["id"], "--yes")
    actions = [entry["body"]["action"] for entry in json.loads(cli("ledger", "list", "--action", "card-rule.*", "--json"))["items"]]
    assert actions.count("card-rule.set") == 3 and actions.count("card-rule.deleted") == 1
    for wrong in (["prompt/*"], ["nonsense/*", "--section", "x"], ["prompt/*", "--section", "A", "--section", "a"],
                  ["prompt/*", "--template", "nonsense"]):
        cli("card", "rule", "set", *wrong, fails=True)
