"""The Python client against the real server: what it returns, what it keeps, and how it outlives the server."""

import dataclasses
import os
import threading
import urllib.error

import pytest

import regesta
from regesta_server import eventually
from sdk import api, connect, greeting, make, point

FOREVER = {"fresh_for": 3600, "refresh_within": 3600}  # only the change feed can tell that something changed
AT_ONCE = {"fresh_for": 0, "refresh_within": 0, "follow": False}  # every call asks the server


@pytest.fixture
def client(server):
    with connect(server, fresh_for=0.02) as made:
        yield made


def test_a_prompt_is_what_the_server_resolves(server, client):
    make(server, model_config={"model": "m"},
         messages=[{"role": "system", "content": "Be {{tone}}."}, {"type": "placeholder", "name": "history"}])
    point(server, 1)
    prompt = client.prompt("greeting")
    assert (prompt.name, prompt.version, prompt.semver, prompt.type) == ("greeting", 1, "1.0.0", "chat")
    assert prompt.model_config == {"model": "m"} and prompt.why == "'production' points to version 1" and not prompt.stale
    with pytest.raises(dataclasses.FrozenInstanceError):
        prompt.version = 2
    prompt.messages.clear()  # a copy
    assert len(prompt.messages) == 2
    assert prompt.render_messages(tone="kind", history=[{"role": "user", "content": "{{tone}}"}]) == [
        {"role": "system", "content": "Be kind."}, {"role": "user", "content": "{{tone}}"}]
    with pytest.raises(regesta.RegestaError, match="is a chat"):
        prompt.render(tone="kind")


def test_errors_say_what_the_server_says(server, client):
    with pytest.raises(regesta.NotFound, match="There is no prompt named 'none'|no prompt") as caught:
        client.prompt("none")
    assert caught.value.status == 404
    greeting(server)
    with pytest.raises(regesta.RegestaError, match="'name' is missing"):
        client.prompt("greeting").render()
    server.stop()
    with pytest.raises(regesta.Unavailable, match="cannot be reached"):
        client.prompt("other")
    server.start(server.port)


def test_the_feed_brings_a_change_that_nobody_asks_for(server):
    greeting(server)
    with connect(server, **FOREVER) as client:
        assert client.wait_until_following()
        assert client.prompt("greeting").version == 1
        point(server, 2)
        eventually(lambda: client.prompt("greeting").version == 2, every=0.002)
        assert not client.prompt("greeting").stale


def test_without_the_feed_an_old_answer_is_fetched_again_in_the_background(server):
    greeting(server)
    with connect(server, fresh_for=0.02, follow=False) as client:
        assert client.prompt("greeting").version == 1
        point(server, 2)
        eventually(lambda: client.prompt("greeting").version == 2)


def test_keys_and_attributes_decide_in_a_rollout(server, client):
    greeting(server)
    api(server, "POST", "/api/v1/prompts/greeting/rollouts", {
        "version": 2, "steps": [{"weight": 50}],
        "segments": [{"name": "staff", "when": [{"attribute": "group", "operator": "in", "values": ["staff"]}],
                      "serve": "candidate"}]})
    served = {str(i): client.prompt("greeting", key=str(i)).version for i in range(12)}
    assert set(served.values()) == {1, 2}
    assert served == {key: client.prompt("greeting", key=key).version for key in served}
    staff = [client.prompt("greeting", key=key, context={"group": "staff"}) for key in served]
    assert {prompt.variant for prompt in staff} == {"candidate"}


def test_a_number_or_semver_is_asked_for_once(server):
    greeting(server)
    with connect(server, **AT_ONCE) as client:
        assert client.prompt("greeting", "1.1.0").version == client.prompt("greeting", "2").version == 2
        assert client.prompt("greeting", "^1.0").version == 2
        server.stop()
        found = client.prompt("greeting", "1.1.0")
        assert found.version == 2 and not found.stale
        server.start(server.port)


def test_a_file_maps_names_to_versions(server, tmp_path, monkeypatch):
    greeting(server, versions=3)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "regesta-client.toml").write_text(f'url = "{server.url}"\n[prompts]\ngreeting = "1.1.0"\n')
    with regesta.Client() as client:
        assert client.prompt("greeting").version == 2
        assert client.prompt("greeting", "production").version == 1
    for text, fault in (("prompt = 1", "prompt is not a setting"), ("[prompts]\na = true", "prompts.a must be"), ("x", "regesta-client")):
        (tmp_path / "regesta-client.toml").write_text(text)
        with pytest.raises(ValueError, match=fault):
            regesta.Client()


def test_an_outage_and_what_happened_meanwhile(server):
    greeting(server)
    with connect(server, fresh_for=0.02, refresh_within=0) as client:
        assert client.wait_until_following() and client.prompt("greeting").version == 1
        server.stop()
        eventually(lambda: client.prompt("greeting").stale)
        assert client.prompt("greeting").render(name="Ada") == "Hello Ada, 1!"
        server.start(server.port)
        point(server, 2)
        found = eventually(lambda: (p := client.prompt("greeting")).version == 2 and p)
        assert not found.stale
        assert client.wait_until_following()


def test_an_answer_that_is_too_old_does_not_take_the_place_of_a_failing_server(server):
    greeting(server)
    with connect(server, fresh_for=0, refresh_within=0, stale_if_error=0, follow=False) as client:
        assert client.prompt("greeting").version == 1
        server.stop()
        with pytest.raises(regesta.Unavailable):
            client.prompt("greeting")
        server.start(server.port)


def test_what_the_server_no_longer_has_is_not_given(server, tmp_path):
    greeting(server)
    options = AT_ONCE | {"cache_dir": tmp_path / "cache"}
    with connect(server, **options) as client:
        assert client.prompt("greeting").version == 1
        api(server, "DELETE", "/api/v1/assets/prompt/greeting/aliases/production")
        with pytest.raises(regesta.NotFound):
            client.prompt("greeting")
        server.stop()
        with pytest.raises(regesta.Unavailable):
            client.prompt("greeting")
    server.start(server.port)


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_cold_start_without_the_server(server, tmp_path):
    greeting(server)
    folder = tmp_path / "cache"
    with connect(server, cache_dir=folder) as client:
        assert client.prompt("greeting", key="a").version == 1
    assert [oct(path.stat().st_mode)[-3:] for path in files(folder)] == ["600"]
    server.stop()
    with connect(server, cache_dir=folder) as client:
        for _ in range(2):
            found = client.prompt("greeting", key="a")
            assert found.version == 1 and found.stale and found.render(name="Ada") == "Hello Ada, 1!"
        with pytest.raises(regesta.Unavailable):
            client.prompt("greeting", key="b")
    for other in ({"token": "rgs_another"}, {"workspace": "another"}):  # who may read less must not find it there
        with connect(server, cache_dir=folder, **other) as client, pytest.raises(regesta.Unavailable):
            client.prompt("greeting", key="a")
    with connect(server, cache_dir=folder, stale_if_error=0) as client, pytest.raises(regesta.Unavailable):
        client.prompt("greeting", key="a")
    server.start(server.port)
    with connect(server, cache_dir=folder) as client:
        assert not client.prompt("greeting", key="a").stale


def test_a_damaged_or_missing_folder_does_not_stop_the_client(server, tmp_path, caplog):
    greeting(server)
    folder = tmp_path / "cache"
    with connect(server, cache_dir=folder) as client:
        client.prompt("greeting")
    [file] = files(folder)
    file.write_text("{")
    server.stop()
    with connect(server, cache_dir=folder) as client, pytest.raises(regesta.Unavailable):
        client.prompt("greeting")
    assert files(folder) == [] and "cannot be read" in caplog.text
    server.start(server.port)
    (tmp_path / "file").write_text("")
    with connect(server, cache_dir=tmp_path / "file") as client:
        assert client.prompt("greeting").version == 1
    assert "cannot be kept" in caplog.text


def test_many_threads_never_go_back(server):
    greeting(server, versions=12)
    faults, done = [], threading.Event()
    with connect(server, fresh_for=0.001) as client:
        assert client.wait_until_following()

        def read(key):
            last = 0
            while not done.is_set():
                try:
                    found = client.prompt("greeting", key=key)
                    assert found.version >= last, (found.version, last)
                    assert found.text == f"Hello {{{{name}}}}, {found.version}!"
                    last = found.version
                except BaseException as error:
                    faults.append(error)
                    return

        threads = [threading.Thread(target=read, args=(str(i % 3),)) for i in range(8)]
        for thread in threads:
            thread.start()
        for version in range(2, 13):
            point(server, version)
        eventually(lambda: all(client.prompt("greeting", key=str(i)).version == 12 for i in range(3)))
        done.set()
        for thread in threads:
            thread.join(60)
    assert not faults


def test_few_are_kept(server, tmp_path):
    greeting(server)
    folder = tmp_path / "cache"
    with connect(server, cache_dir=folder, max_entries=3, follow=False) as client:
        for i in range(10):
            client.prompt("greeting", key=str(i))
        assert len(files(folder)) == 3
        server.stop()
        assert client.prompt("greeting", key="9").version == 1
        with pytest.raises(regesta.Unavailable):
            client.prompt("greeting", key="1")
    server.start(server.port)


def test_a_child_process_has_connections_and_threads_of_its_own(server):
    greeting(server)
    with connect(server, **FOREVER) as client:
        assert client.wait_until_following() and client.prompt("greeting").version == 1
        child = os.fork()
        if child == 0:
            code = 1
            try:
                assert client.prompt("greeting").version == 1
                assert client.wait_until_following()
                point(server, 2)
                eventually(lambda: client.prompt("greeting").version == 2)
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        eventually(lambda: client.prompt("greeting").version == 2)


def test_credentials_and_workspace(server):
    greeting(server)
    api(server, "POST", "/api/v1/users", {"name": "anna", "password": "correct-horse-battery"})
    with pytest.raises(urllib.error.HTTPError):
        api(server, "GET", "/api/v1/prompts")
    with connect(server, token="rgs_wrong") as client, pytest.raises(regesta.AccessDenied) as caught:
        client.prompt("greeting")
    assert caught.value.status == 401


def test_a_closed_client_says_so(server):
    client = regesta.Client(server.url)
    client.close()
    client.close()
    with pytest.raises(regesta.RegestaError, match="closed"):
        client.prompt("greeting")
    with pytest.raises(regesta.RegestaError, match="closed"):
        client.score("greeting", "m", 1, version=1)
    with pytest.raises(ValueError, match="http"):
        regesta.Client("ftp://x")
