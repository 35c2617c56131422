"""Clone, fetch and push: what a team does every day."""

import subprocess
import threading

import pytest

from conftest import git, prompt


def test_an_empty_repository_takes_its_first_push(clone, api):
    work = clone()
    work.commit("Greet people\n\nWe had nothing.", files={
        "README.md": "Our prompts.\n", "prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!")})
    pushed = work.push()
    assert "registered greeting 1.0.0" in pushed.said
    status, version = api.version("greeting", "1.0.0")
    assert status == 200 and api.text("greeting", "1.0.0") == "Hello {{name}}!"
    assert version["description"].startswith("Greet people")
    assert version["tags"]["git.commit"] == work.head()
    assert version["tags"]["git.author"] == "Anna Author <anna@example.org>"
    again = clone()
    assert again.head() == work.head() and again.read("README.md") == "Our prompts.\n"
    assert again.git("tag").out.split() == ["greeting@v1.0.0"]
    assert again.git("fsck", "--strict").code == 0


def test_versions_of_other_fronts_arrive_as_commits(clone, api):
    api.prompt("greeting", "Hello {{name}}!", description="Be friendly")
    work = clone()
    assert "Hello {{name}}!" in work.read("prompts/greeting/v1.0.0.md")
    log = work.git("log", "--format=%an|%s").out.strip()
    assert log.endswith("|greeting 1.0.0: Be friendly")
    api.prompt("greeting", "Hello {{name}}! How are you?")
    api.ok("PUT", "/api/v1/assets/prompt/greeting/aliases/production", {"version": 2})
    work.git("pull", "-q", "--ff-only")
    newest = api.version("greeting", "2")[1]
    assert "How are you?" in work.read(f"prompts/greeting/v{newest['semver']}.md")
    assert f"production: {newest['semver']}" in work.read("prompts/greeting/aliases.yaml")
    assert f"greeting@v{newest['semver']}" in work.git("tag").out.split()
    assert clone().head() == work.head(), "asking again makes no new commits"
    assert work.git("fsck", "--strict").code == 0


def test_deleting_in_the_register_removes_the_file(clone, api):
    api.prompt("greeting", "Hello {{name}}!")
    api.prompt("greeting", "Hello {{name}}! How are you?")
    work = clone()
    assert len(list(work.path.glob("prompts/greeting/v*.md"))) == 2
    api.ok("DELETE", "/api/v1/assets/prompt/greeting/versions/1")
    work.git("pull", "-q", "--ff-only")
    assert not (work.path / "prompts/greeting/v1.0.0.md").exists()
    api.ok("DELETE", "/api/v1/assets/prompt/greeting")
    work.git("pull", "-q", "--ff-only")
    assert not (work.path / "prompts").exists()


def test_a_push_moves_an_alias(clone, api):
    work = clone()
    work.commit("first", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!"),
                                "prompts/greeting/aliases.yaml": "production: 1.0.0\n"})
    assert "greeting: production points to 1.0.0" in work.push().said
    assert api.alias("greeting", "production") == "1.0.0"
    work.commit("second", files={"prompts/greeting/v2.0.0.md": prompt("Hello {{name}} {{surname}}!"),
                                 "prompts/greeting/aliases.yaml": "production: 2.0.0\nold: 1.0.0\n"})
    work.push()
    assert api.alias("greeting", "production") == "2.0.0" and api.alias("greeting", "old") == "1.0.0"
    work.commit("third", files={"prompts/greeting/aliases.yaml": "production: 2.0.0\n"})
    assert "greeting: old is removed" in work.push().said
    assert api.alias("greeting", "old") is None
    work.git("pull", "-q", "--ff-only")
    assert work.git("log", "--format=%s").out.split("\n")[0] == "third", "the file already said where aliases stand"
    gone = work.commit("wrong", files={"prompts/greeting/aliases.yaml": "production: 9.9.9\n"})
    refused = work.push(check=False)
    assert refused.code != 0 and "9.9.9" in refused.said and gone not in clone().git("log", "--format=%H").out


def test_a_broken_file_is_refused_with_its_line(clone, api):
    work = clone()
    work.commit("good", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!")})
    work.push()
    work.commit("bad", files={"prompts/greeting/v2.0.0.md": "---\ninput: [unclosed\n---\nHello\n",
                              "prompts/other/v1.0.0.md": prompt("Fine.")})
    refused = work.push(check=False)
    assert refused.code != 0 and "[remote rejected]" in refused.err
    assert "prompts/greeting/v2.0.0.md:" in refused.said
    assert api.version("greeting", "2.0.0")[0] == 404 and api.version("other", "1.0.0")[0] == 404
    assert "good" in clone().git("log", "-1", "--format=%s").out


@pytest.mark.parametrize("path,text,words", [
    ("prompts/greeting/v1.0.0.md", prompt("Something else entirely."), "never changes"),
    ("prompts/greeting/v1.1.md", prompt("Short number."), "whole Semantic Version"),
    ("prompts/greeting/v1.0.1.md", prompt("Hello {{name}} {{surname}}!"), "at least"),
    ("prompts/greeting/v1.0.1.md", prompt("Hello {{name}}!"), "identical to version"),
    ("prompts/greeting/aliases.yaml", "production 1.0.0\n", "aliases.yaml:1: "),
    ("prompts/greeting/aliases.yaml", "latest: 1.0.0\n", "aliases.yaml:1: "),
    ("prompts/a:b/v1.0.0.md", prompt("x"), "not allowed"),
])
def test_rules(clone, api, path, text, words):
    work = clone()
    work.commit("good", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!")})
    work.push()
    work.commit("bad", files={path: text})
    refused = work.push(check=False)
    assert refused.code != 0 and words in refused.err, refused.err
    assert len(api.ok("GET", "/api/v1/assets/prompt/greeting/versions")["items"]) == 1


def test_files_stay_and_history_is_not_rewritten(clone, api):
    work = clone()
    work.commit("first", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!"), "notes/ideas.txt": "more\n"})
    work.push()
    work.git("rm", "-q", "prompts/greeting/v1.0.0.md")
    work.git("commit", "-q", "-m", "away")
    assert "run `regesta version delete prompt/greeting@1.0.0`" in work.push(check=False).said
    work.git("reset", "-q", "--hard", "HEAD~1")
    work.git("commit", "-q", "--amend", "-m", "other words")
    assert "non-fast-forward" in work.push("--force", "HEAD:main", check=False).err
    assert "cannot be deleted" in work.push(":main", check=False).err
    assert "stays" in work.push(":refs/tags/greeting@v1.0.0", check=False).err
    assert clone().read("notes/ideas.txt") == "more\n"


def test_a_branch_is_a_draft(clone, api):
    work = clone()
    work.commit("first", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!")})
    work.push()
    work.git("checkout", "-q", "-b", "idea")
    work.commit("idea", files={"prompts/greeting/v1.1.md": prompt("Hi"), "prompts/new/v1.0.0.md": prompt("New")})
    pushed = work.push("idea")
    assert "warning: prompts/greeting/v1.1.md" in pushed.said
    assert api.version("new", "1.0.0")[0] == 404
    other = clone()
    assert other.git("rev-parse", "origin/idea").out.strip() == work.head()
    work.git("commit", "-q", "--amend", "-m", "better idea")
    work.push("--force", "idea")
    work.push(":idea")
    assert "idea" not in clone().git("branch", "-r").out


def test_the_later_of_two_pushes_must_fetch_first(clone, api):
    first = clone()
    first.commit("base", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!")})
    first.push()
    second = clone()
    first.commit("a", files={"prompts/a/v1.0.0.md": prompt("A")})
    second.commit("b", files={"prompts/b/v1.0.0.md": prompt("B")})
    first.push()
    late = second.push(check=False)
    assert late.code != 0 and "fetch first" in late.err
    second.git("pull", "-q", "--rebase")
    second.push()
    assert api.version("a", "1.0.0")[0] == 200 and api.version("b", "1.0.0")[0] == 200


def test_of_many_pushes_at_once_each_wins_or_is_told(clone, api):
    clones = []
    base = clone()
    base.commit("base", files={"README.md": "x\n"})
    base.push()
    for i in range(6):
        work = clone()
        work.commit(f"mine {i}", files={f"prompts/p{i}/v1.0.0.md": prompt(f"Number {i}")})
        clones.append(work)
    results = [None] * len(clones)

    def push(i):
        results[i] = clones[i].push(check=False)

    threads = [threading.Thread(target=push, args=(i,)) for i in range(len(clones))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [i for i, done in enumerate(results) if done.code == 0]
    assert len(won) == 1, [done.err for done in results]
    for i, done in enumerate(results):
        assert (api.version(f"p{i}", "1.0.0")[0] == 200) == (i in won)
        assert i in won or "fetch first" in done.err, done.err


def test_shallow_clones_work_and_deepen(clone, api):
    for i in range(5):
        api.prompt("greeting", f"Hello {{{{name}}}}, take {i}!")
    shallow = clone("--depth", "1", "--no-single-branch")
    assert shallow.git("rev-list", "--count", "HEAD").out.strip() == "1"
    shallow.git("fetch", "-q", "--depth", "3")
    assert shallow.git("rev-list", "--count", "origin/main").out.strip() == "3"
    shallow.git("fetch", "-q", "--unshallow")
    assert shallow.git("rev-list", "--count", "origin/main").out.strip() == "5"
    assert shallow.git("fsck", "--strict").code == 0
    second = clone("--depth", "1")
    second.commit("from a shallow clone", files={"prompts/other/v1.0.0.md": prompt("Other")})
    second.push()
    assert api.version("other", "1.0.0")[0] == 200


def test_signed_tags_and_commits(clone, api, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "anna", "-f", key], check=True)
    work = clone()
    for name, value in {"gpg.format": "ssh", "user.signingkey": str(key) + ".pub"}.items():
        work.git("config", name, value)
    work.write("prompts/greeting/v1.0.0.md", prompt("Hello {{name}}!"))
    work.git("add", "-A")
    work.git("commit", "-q", "-S", "-m", "signed")
    work.git("tag", "-s", "greeting@v1.0.0", "-m", "First release")
    work.push("HEAD:main", "greeting@v1.0.0")
    fingerprint = subprocess.run(["ssh-keygen", "-l", "-f", str(key) + ".pub"], check=True, capture_output=True,
                                 text=True).stdout.split()[1]
    tags = api.version("greeting", "1.0.0")[1]["tags"]
    assert tags["git.signature"] == f"ssh {fingerprint} verified"
    assert tags["git.tag"] == "greeting@v1.0.0" and tags["git.tag-signature"] == f"ssh {fingerprint} verified"
    again = clone()
    allowed = tmp_path / "allowed"
    allowed.write_text("anna@example.org " + (tmp_path / "key.pub").read_text())
    again.git("config", "gpg.ssh.allowedSignersFile", allowed)
    assert "Good" in again.git("verify-tag", "greeting@v1.0.0").err
    wrong = work.push("HEAD:refs/tags/greeting@v7.0.0", check=False)
    assert wrong.code != 0 and "no version to tag" in wrong.err
    # A version that other fronts made can be signed afterwards.
    api.prompt("greeting", "Hello {{name}}! How are you?")
    again.git("pull", "-q", "--ff-only")
    newest = api.version("greeting", "2")[1]["semver"]
    again.git("config", "gpg.format", "ssh")
    again.git("config", "user.signingkey", str(key) + ".pub")
    again.git("tag", "-f", "-s", f"greeting@v{newest}", "-m", "Signed later")
    again.push("--force", f"greeting@v{newest}")
    assert api.version("greeting", newest)[1]["tags"]["git.tag-signature"] == f"ssh {fingerprint} verified"


def test_gto_tags_move_aliases(clone, api):
    work = clone()
    work.commit("first", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!")})
    work.push()
    work.git("tag", "greeting#staging")
    assert "staging points to 1.0.0" in work.push("greeting#staging").said
    assert api.alias("greeting", "staging") == "1.0.0"
    work.git("pull", "-q", "--ff-only")
    assert "staging: 1.0.0" in work.read("prompts/greeting/aliases.yaml")
    work.git("tag", "greeting#staging!#2")
    work.push("greeting#staging!#2")
    assert api.alias("greeting", "staging") is None


def test_a_clone_of_nothing_starts_on_main(clone, api, tmp_path):
    """Whatever the author's own Git calls a first branch: main is what counts here."""
    own = {"GIT_CONFIG_VALUE_0": "master"}
    url = f"{api.server.url}/git/prompts.git"
    git(tmp_path, "clone", "-q", url, "empty", environment=own)
    assert git(tmp_path / "empty", "symbolic-ref", "HEAD").out.strip() == "refs/heads/main"
    assert git(tmp_path, "ls-remote", url).out == ""
    git(tmp_path / "empty", "fetch", "-q", "origin")
    git(tmp_path, "-c", "protocol.version=0", "clone", "-q", url, "old", environment=own)
    (tmp_path / "empty/prompts/greeting").mkdir(parents=True)
    (tmp_path / "empty/prompts/greeting/v1.0.0.md").write_text(prompt("Hello!"))
    git(tmp_path / "empty", "add", "-A")
    git(tmp_path / "empty", "commit", "-q", "-m", "first")
    git(tmp_path / "empty", "push", "-q", "origin", "main")
    assert api.text("greeting", "1.0.0") == "Hello!"
    git(tmp_path / "empty", "pull", "-q", "--ff-only")
    assert clone().read("prompts/greeting/v1.0.0.md")


def test_a_draft_is_told_of_a_semver_that_is_too_low(clone, api):
    work = clone()
    work.commit("first", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!")})
    work.push()
    work.commit("next", files={"prompts/greeting/v1.0.1.md": prompt("Hello {{name}} from {{place}}!")})
    said = work.push("HEAD:draft").said
    assert "warning: prompts/greeting/v1.0.1.md: semver: must be at least 2.0.0" in said, said
    work.git("mv", "prompts/greeting/v1.0.1.md", "prompts/greeting/v2.0.0.md")
    work.commit("major")
    assert "must be at least" not in work.push("HEAD:draft").said


def test_restart_keeps_everything_and_the_cache_is_only_a_cache(clone, api, server):
    work = clone()
    work.commit("first", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!")})
    work.push()
    server.stop()
    import shutil
    shutil.rmtree(f"{server.data}/git")
    server.start(server.port)
    again = clone()
    assert again.head() == work.head() and again.git("fsck", "--strict").code == 0
    again.commit("second", files={"prompts/greeting/v1.0.1.md": prompt("Hello  {{name}}!")})
    server.stop()
    server.start(server.port)
    again.push()
    assert clone().head() == again.head()


def test_a_large_history_arrives_whole(clone, api):
    work = clone()
    for i in range(40):
        work.commit(f"commit {i}", files={f"prompts/p{i % 7}/v{1 + i // 7}.0.0.md": prompt(f"Text {i} " + "words " * 500),
                                          f"data/{i}.txt": "line\n" * 2000})
    work.push()
    again = clone()
    assert again.head() == work.head() and again.git("fsck", "--strict").code == 0
    work.git("checkout", "-q", "-b", "side", "HEAD~5")
    work.commit("side", files={"side.txt": "x\n"})
    work.push("side")
    again.git("fetch", "-q")
    assert again.head("origin/side") == work.head()
    assert again.git("fsck", "--strict").code == 0
    # What each version came from is the commit that brought it, not the tip.
    tags = api.version("p0", "1.0.0")[1]["tags"]
    assert tags["git.commit"] == again.git("log", "--format=%H", "--grep", "^commit 0$", "main").out.strip()


def test_workspaces_have_repositories_of_their_own(clone, api):
    api.ok("POST", "/api/v1/workspaces", {"name": "risk"})
    work = clone(repository="risk-prompts")
    work.commit("first", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!")})
    work.push()
    assert api.version("greeting", "1.0.0")[0] == 404
    assert api.call("GET", "/api/v1/prompts/greeting/versions/1.0.0", headers={"X-Regesta-Workspace": "risk"})[0] == 200
    assert git("/tmp", "ls-remote", f"{api.server.url}/git/other-prompts.git", check=False).code != 0
    assert git("/tmp", "ls-remote", f"{api.server.url}/git/nothing.git", check=False).code != 0


def test_odd_names_survive_a_checkout(clone, api):
    for name in ("a b", "ünïcode", ".git", "50%", "what?", "git~1"):
        api.ok("POST", f"/api/v1/prompts/{__import__('urllib.parse').parse.quote(name, safe='')}/versions", {"template": f"I am {name}"})
    work = clone()
    assert work.git("fsck", "--strict").code == 0
    texts = sorted(file.read_text() for file in work.path.glob("prompts/*/v1.0.0.md"))
    assert len(texts) == 6
    work.commit("second", files={"prompts/50%25/v1.1.0.md": prompt("I am quite 50 %")})
    work.push()
    assert api.version("50%25", "1.1.0")[0] == 200
    assert len(work.git("tag").out.split()) == 6


def test_the_push_is_in_the_ledger(clone, api, server):
    work = clone()
    work.commit("first", files={"prompts/greeting/v1.0.0.md": prompt("Hello {{name}}!")})
    work.push()
    server.settle()
    changes = api.ok("GET", "/api/v1/changes?after=-1&wait=30")["items"]
    pushed = [item["body"] for item in changes if item["body"]["action"] == "git.pushed"]
    assert len(pushed) == 1 and pushed[0]["data"]["versions"] == ["prompt/greeting@1"]
    assert pushed[0]["data"]["refs"][0]["to"] == work.head()
    assert api.ok("POST", "/api/v1/ledger/verify")["ok"]
