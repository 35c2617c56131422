"""Who may clone and push, and what protected aliases do."""

import pytest

from conftest import Api, git, prompt

POLICY = """package regesta.gate

deny contains {"code": "beta", "msg": "beta prompts never go to production", "remediation": "remove the label"} if {
  input.pointer.name == "beta"
}

require contains {"code": "risk", "msg": "risk approves", "approvals": {"role": "risk"}}
"""


@pytest.fixture
def people(server):
    root = Api(server)
    root.ok("POST", "/api/v1/users", {"name": "root", "password": "correct horse", "grants": []})
    root.user = "root:correct horse"
    for name, grants in {"anna": [{"role": "contributor"}], "rita": [{"role": "risk"}], "ned": [{"role": "reader"}],
                         "tim": [{"role": "reader"}, {"role": "contributor", "name_pattern": "team-*"}],
                         "sid": [{"role": "contributor", "name_pattern": "team-*"}]}.items():
        root.ok("POST", "/api/v1/users", {"name": name, "password": "correct horse", "grants": grants})
    root.ok("POST", "/api/v1/policies/gate", {"modules": [{"name": "g.rego", "text": POLICY}]})
    root.ok("POST", "/api/v1/policies/bindings",
            {"kind": "prompt", "name_pattern": "*", "pointer": "production", "policy": "gate"})
    return root


def test_credentials(server, people, clone, tmp_path):
    url = f"{server.url}/git/prompts.git"
    nobody = git(tmp_path, "ls-remote", url, check=False)
    assert nobody.code != 0 and "could not read Username" in nobody.err
    assert git(tmp_path, "ls-remote", url.replace("//", "//anna:wrong@"), check=False).code != 0
    assert git(tmp_path, "ls-remote", url.replace("//", "//anna:correct%20horse@")).code == 0
    token = people.ok("POST", "/api/v1/tokens", {"name": "ci", "grants": [{"role": "contributor"}]})["token"]
    assert git(tmp_path, "ls-remote", url.replace("//", f"//x:{token}@")).code == 0
    # As a credential helper gives them: git asks without, is told 401, and comes again.
    helper = "!f() { echo username=anna; echo 'password=correct horse'; }; f"
    assert git(tmp_path, "-c", f"credential.helper={helper}", "ls-remote", url).code == 0


def test_roles(people, clone):
    anna, ned, tim = (clone(user=f"{name}:correct%20horse") for name in ("anna", "ned", "tim"))
    anna.commit("first", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!"), "README.md": "x\n"})
    anna.push()
    version = people.version("greeting", "1.0.0")[1]
    assert version["created_by"] == "user:anna"
    ned.git("pull", "-q", "origin", "main")
    ned.commit("mine", files={"prompts/greeting/v1.1.0.md": prompt("Hello!")})
    refused = ned.push(check=False)
    assert refused.code != 0 and "403" in refused.err
    tim.git("pull", "-q", "origin", "main")
    tim.commit("ours", files={"prompts/team-hello/v1.0.0.md": prompt("Hello team!")})
    tim.push()
    tim.commit("theirs", files={"prompts/greeting/v1.0.1.md": prompt("Hello  {{name}}!")})
    refused = tim.push(check=False)
    assert refused.code != 0 and "you may not change prompt 'greeting'" in refused.said
    tim.git("reset", "-q", "--hard", "HEAD~1")
    tim.commit("readme", files={"README.md": "y\n"})
    assert "README.md: you may not change files outside" in tim.push(check=False).said
    # A clone holds every prompt, so who may read some of them cannot have it.
    sid = git(anna.path, "ls-remote", anna.git("remote", "get-url", "origin").out.strip().replace("anna", "sid"), check=False)
    assert sid.code != 0 and "403" in sid.err


def test_a_protected_alias_asks_for_approval(people, clone):
    anna = clone(user="anna:correct%20horse")
    anna.commit("first", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!"),
                                "prompts/greeting/aliases.yaml": "production: 1.0.0\n"})
    pushed = anna.push()
    assert "risk approves" in pushed.said and "/changes/1" in pushed.said
    assert people.version("greeting", "1.0.0")[0] == 200 and people.alias("greeting", "production") is None
    anna.git("pull", "-q", "--ff-only", "origin", "main")
    assert not (anna.path / "prompts/greeting/aliases.yaml").exists(), "main says where the alias really stands"
    rita = Api(people.server, "rita:correct horse")
    rita.ok("POST", "/api/v1/change-requests/1/approve", {"comment": "fine"})
    assert people.alias("greeting", "production") == "1.0.0"
    anna.git("pull", "-q", "--ff-only", "origin", "main")
    assert "production: 1.0.0" in anna.read("prompts/greeting/aliases.yaml")


def test_a_denied_move_refuses_the_push(people, clone):
    anna = clone(user="anna:correct%20horse")
    anna.commit("first", files={"prompts/beta/v1.0.0.md": prompt("Hello {{name}}!")})
    anna.push()
    anna.commit("promote", files={"prompts/beta/aliases.yaml": "production: 1.0.0\n", "note.txt": "x\n"})
    refused = anna.push(check=False)
    assert refused.code != 0 and "beta prompts never go to production" in refused.said
    assert "remove the label" in refused.said
    assert not (clone(user="anna:correct%20horse").path / "note.txt").exists()
    # With a version that only comes with the push, the gate can answer only afterwards.
    anna.git("reset", "-q", "--hard", "HEAD~1")
    anna.commit("promote", files={"prompts/beta/aliases.yaml": "production: 2.0.0\n",
                                  "prompts/beta/v2.0.0.md": prompt("Hello {{name}} {{surname}}!")})
    pushed = anna.push()
    assert "beta prompts never go to production" in pushed.said and "was not moved" in pushed.said
    assert people.version("beta", "2.0.0")[0] == 200 and people.alias("beta", "production") is None
    anna.git("tag", "beta#production", "HEAD")
    assert "beta prompts never" in anna.push("beta#production", check=False).said
