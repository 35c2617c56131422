"""examples/sentiment-pipeline, run by `act` and by `gitlab-ci-local`: a changed prompt is trained, evaluated and promoted, or refused with
the reasons where the author of the change reads them."""

import re

import pytest
from issuer import Issuer
from runners import Repository

from conftest import Company
from regesta_server import ROOT, Server

EXAMPLE = ROOT / "examples" / "sentiment-pipeline"
BETTER = "{{title}}. {{text}}\n"
NO_BETTER = "Title: {{title}}. Text: {{text}}\n"


@pytest.fixture
def bank(tmp_path):
    server = Server(tmp_path / "data").start()
    made = Company(server, tmp_path)
    made.root.done("policy", "push", "gain", EXAMPLE / "gate.rego")
    made.root.done("policy", "bind", "gain", "model/sentiment#stage:Production")
    yield made
    assert server.stop() == 0, server.log()[-4000:]


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repo", (EXAMPLE, "."), (ROOT / "integrations", "integrations"))


def stages(bank):
    return {v["version"]: v["stage"] for v in bank.root.json("version", "list", "model/sentiment")["items"]}


def story(bank, repository, run):
    """The first version, one whose prompt makes it better, and one that is not better enough."""
    code, text = run()
    assert code == 0 and "accuracy 0." in text, text
    assert stages(bank) == {1: "Production"}

    repository.write("prompts/review/v2.0.0.md", BETTER)
    repository.commit("the prompt shows the text of the review")
    code, text = run()
    assert code == 0, text
    assert stages(bank)[2] == "Production"
    assert "version 2 of prompt review@2" in text

    repository.write("prompts/review/v2.1.0.md", NO_BETTER)
    repository.commit("labels in the prompt")
    code, text = run()
    assert code != 0
    assert stages(bank)[3] == "Staging", "it passed Staging and stays there"
    assert bank.root.json("history", "model/sentiment#stage:Production")["items"][0]["action"] == "move-refused"
    return text


def test_the_workflow_of_github_run_by_act(bank, repository):
    text = story(bank, repository, lambda: repository.github(bank.server.url, bank.token))
    [error] = [line for line in text.splitlines() if "::error" in line and "(accuracy)" in line]
    assert "file=prompts/review" in error and re.search(r"is below the required \d\d\.\d %", error)
    assert "Regesta gate: model/sentiment" in text, "the summary is shown"
    assert bank.token not in text


def test_the_pipeline_of_gitlab_run_by_gitlab_ci_local(bank, repository):
    text = story(bank, repository, lambda: repository.gitlab(bank.server.url, bank.token))
    assert re.search(r"✗ accuracy \d\d\.\d % is below the required", text)


SIGN_IN = """
on: push
permissions: {id-token: write}
env: {REGESTA_URL: "${{ vars.REGESTA_URL }}"}
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: ./integrations/github
        with: {mode: sign-in, audience: regesta}
      - run: regesta version create model/loan --source s3://bucket/1
      - {id: gate, uses: ./integrations/github, with: {mode: promote, version: loan@latest}}
      - run: echo "it is ${{ steps.gate.outputs.outcome }}, version ${{ steps.gate.outputs.version }}"
"""


def test_the_action_signs_in_without_a_stored_secret(bank, tmp_path):
    issuer = Issuer()
    try:
        bank.root.done("token", "create", "loan-ci", "--grant", "contributor", "--issuer", issuer.url, "--audience", "regesta",
                       "--claim", "repository=bank/loan")
        repository = Repository(tmp_path / "repo", (ROOT / "integrations", "integrations"))
        repository.write(".github/workflows/gate.yml", SIGN_IN)
        repository.commit("a workflow")
        job = {"ACTIONS_ID_TOKEN_REQUEST_URL": issuer.url + "/idtoken?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": issuer.request_token}
        code, text = repository.github(bank.server.url, **job)
        assert code == 0 and "it is moved, version 1" in text, text
        assert "rgx_" not in text, "the token is masked"
        assert bank.root.json("history", "model/loan")["items"][0]["actor"] == "token:loan-ci"
        issuer.job = {"repository": "evil/loan"}
        code, text = repository.github(bank.server.url, **job)
        assert code != 0 and "no token of this server trusts the job" in text
    finally:
        issuer.stop()
