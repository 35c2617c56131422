"""Signing in through a real OpenID provider, as a browser does it."""

import json
import os
import subprocess
import time
import urllib.parse

import pytest
from browser import Browser

from identity import CLIENT, Provider, root
from regesta_server import Server, binary

MIA = {"sub": "s-mia", "preferred_username": "mia", "email": "mia@bank.example", "email_verified": True, "groups": ["risk"]}


def entries(server, action):
    items = root(server, "GET", "/api/v1/ledger/entries?page_size=1000")[1]["items"]
    return [item["body"] for item in items if item["body"]["action"] == action]


def settled(server, action, count):
    """The entries of an action, when the log has taken `count` of them in."""
    deadline = time.monotonic() + 60
    while len(found := entries(server, action)) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(found) == count, found
    return found


@pytest.mark.parametrize("options", [("RS256",), ("ES256",), ("EdDSA",), ("RS256", "userinfo")], ids=" ".join)
def test_every_algorithm_and_userinfo(serve, options):
    provider = Provider(*options)
    try:
        provider.people(mia=MIA)
        server = serve(provider.issuer, create_users="true", roles="risk = risk:credit; * = reader", label="Bank ID")
        browser = Browser(server)
        assert browser.ways()["oidc"] == {"label": "Bank ID", "start": "/api/v1/session/oidc/start"}
        assert browser.me() is None
        assert browser.sign_in("mia", "/ledger?entry=3") == "/ledger?entry=3"
        assert browser.me() == "user:mia"
        begun, session = browser.set["regesta_sign_in"], browser.set["regesta_session"]
        assert "HttpOnly" in begun and "SameSite=Lax" in begun and "Path=/api/v1/session" in begun
        assert "HttpOnly" in session and "SameSite=Strict" in session
        users = {user["name"]: user for user in root(server, "GET", "/api/v1/users")[1]["items"]}
        assert users["mia"]["link"] == {"issuer": provider.issuer, "subject": "s-mia"}
        assert users["mia"]["password"] is False and users["root"]["password"] is True
        assert [grant["role"] for grant in users["mia"]["grants"]] == ["risk", "reader"]
        used = "/me" in provider.control()["calls"]
        assert used == (len(options) > 1)
    finally:
        provider.stop()


def test_groups_follow_the_provider_and_changes_are_recorded(serve, provider):
    server = serve(provider.issuer, create_users="true", roles="risk = risk:credit\n* = reader")
    provider.people(mia=MIA)
    assert Browser(server).sign_in("mia") == "/"
    assert Browser(server).sign_in("mia") == "/"
    settled(server, "user.created", 2)
    assert entries(server, "user.grants-set") == []
    provider.people(mia=MIA | {"groups": []})
    browser = Browser(server)
    browser.sign_in("mia")
    (entry,) = settled(server, "user.grants-set", 1)
    assert entry["actor"] == "system:sign-in" and entry["subject"] == "user/mia"
    assert [grant["role"] for grant in entry["data"]["grants"]] == ["reader"]
    # The ledger is public: who somebody is at their provider does not stand in it.
    assert "s-mia" not in json.dumps(root(server, "GET", "/api/v1/ledger/entries?page_size=1000")[1])
    assert server.stop() == 0
    verified = subprocess.run([binary(), "ledger", "verify", "--data", server.data], capture_output=True, text=True, timeout=120)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_names_never_take_over_an_account(serve, provider):
    server = serve(provider.issuer, create_users="true")
    provider.people(mia=MIA, other=MIA | {"sub": "s-other"}, boss=MIA | {"sub": "s-boss", "preferred_username": "root"})
    browser = Browser(server)
    assert browser.sign_in("boss") == "/" and browser.me() is None
    assert "not linked to your account" in browser.ways()["failure"]
    assert "failure" not in browser.ways()  # told once
    Browser(server).sign_in("mia")
    thief = Browser(server)
    thief.sign_in("other")
    assert thief.me() is None and "not linked" in thief.ways()["failure"]
    provider.people(mia=MIA | {"preferred_username": "mia.new"})
    renamed = Browser(server)
    renamed.sign_in("mia")
    assert renamed.me() == "user:mia"
    assert root(server, "PUT", "/api/v1/users/root/link", {"subject": "s-boss"})[0] == 200
    linked = Browser(server)
    linked.sign_in("boss")
    assert linked.me() == "user:root"
    assert root(server, "PUT", "/api/v1/users/mia/link", {"subject": "s-boss"})[0] == 409
    assert root(server, "DELETE", "/api/v1/users/root/link")[0] == 204
    assert linked.me() is None


def test_unless_users_are_created_an_admin_makes_them(serve, provider):
    server = serve(provider.issuer)
    provider.people(mia=MIA, mail={"sub": "s-mail", "email": "mail@bank.example", "email_verified": True},
                    unverified={"sub": "s-un", "email": "mail@bank.example", "email_verified": False})
    browser = Browser(server)
    browser.sign_in("mia")
    assert browser.me() is None and "regesta user create mia --oidc" in browser.ways()["failure"]
    grant = [{"role": "contributor", "workspace": "*", "name_pattern": "*"}]
    assert root(server, "POST", "/api/v1/users", {"name": "mia", "oidc": True, "password": "x" * 9})[0] == 400
    assert root(server, "POST", "/api/v1/users", {"name": "mia", "subject": "s", "password": "x" * 9})[0] == 400
    status, made = root(server, "POST", "/api/v1/users", {"name": "mia", "oidc": True, "grants": grant})
    assert status == 201 and made["link"]["subject"] == "" and made["password"] is False
    browser = Browser(server)  # the provider remembers the other one
    browser.sign_in("mia")
    assert browser.me() == "user:mia"
    # Without oidc.roles what the admin gave stays.
    assert json.loads(browser.ask(server.url + "/api/v1/users/me")[2])["grants"] == grant
    root(server, "POST", "/api/v1/users", {"name": "mail@bank.example", "oidc": True})
    liar = Browser(server)
    liar.sign_in("unverified")
    assert liar.me() is None and "verified email" in liar.ways()["failure"]
    mail = Browser(server)
    mail.sign_in("mail")
    assert mail.me() == "user:mail@bank.example"


def test_who_has_no_password_cannot_make_one(serve, provider):
    server = serve(provider.issuer, create_users="true")
    provider.people(mia=MIA)
    browser = Browser(server)
    browser.sign_in("mia")
    status, answer = browser.call("PUT", "/api/v1/users/mia/password", {"password": "a long password"})
    assert status == 403 and "identity provider" in answer["error"]["message"]


def test_an_answer_belongs_to_one_browser_and_counts_once(serve, provider):
    server = serve(provider.issuer, create_users="true")
    provider.people(mia=MIA)
    mine, other = Browser(server), Browser(server)
    callback = mine.to_callback("mia")
    other.to_provider()
    for stranger in (Browser(server), other):
        status, headers, _ = stranger.ask(callback)
        assert status == 303 and headers["Location"] == "/"
        assert stranger.me() is None and "another browser" in stranger.ways()["failure"]
    cookie = dict(mine.cookies[f"127.0.0.1:{server.port}"])
    assert mine.ask(callback)[0] == 303 and mine.me() == "user:mia"
    again = Browser(server)
    again.cookies[f"127.0.0.1:{server.port}"] = cookie
    again.ask(callback)
    assert again.me() is None and "failure" in again.ways()


def test_the_way_back_stays_on_this_server(serve, provider):
    server = serve(provider.issuer, create_users="true")
    browser = Browser(server)
    for back in ["//evil.example/", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "evil", "/" + "a" * 3000]:
        status, _, text = browser.ask(server.url + "/api/v1/session/oidc/start?" + urllib.parse.urlencode({"back": back}))
        assert status == 400 and json.loads(text)["error"]["message"].startswith("back"), back


def test_declining_is_said_in_plain_words(serve, provider):
    server = serve(provider.issuer)
    browser = Browser(server)
    assert browser.sign_in("", "/prompts") == "/prompts"
    assert browser.me() is None and "declined" in browser.ways()["failure"]


def test_new_keys_of_the_provider_are_found(serve, provider):
    server = serve(provider.issuer, create_users="true")
    provider.people(mia=MIA)
    Browser(server).sign_in("mia")
    provider.control(rotate=True)
    deadline = time.monotonic() + 60  # keys are asked for rarely
    while time.monotonic() < deadline:
        browser = Browser(server)
        browser.sign_in("mia")
        if browser.me():
            break
        assert "does not publish" in browser.ways()["failure"]
        time.sleep(0.5)
    assert browser.me() == "user:mia"


def test_a_provider_that_is_away_locks_nobody_else_out(serve, provider):
    server = serve(provider.issuer)
    provider.stop()
    browser = Browser(server)
    address, text = browser.follow(server.url + "/api/v1/session/oidc/start?back=/runs", lambda address: True)
    assert address == server.url + "/runs" and browser.ways()["failure"]
    assert root(server, "GET", "/api/v1/users/me")[0] == 200


def test_signing_out_offers_the_providers_sign_out_too(serve, provider):
    server = serve(provider.issuer, create_users="true")
    provider.people(mia=MIA)
    browser = Browser(server)
    browser.sign_in("mia")
    status, answer = browser.call("DELETE", "/api/v1/session")
    assert status == 200 and answer == {"provider_sign_out": "/api/v1/session/oidc/sign-out"}
    assert browser.me() is None
    status, headers, _ = browser.ask(server.url + answer["provider_sign_out"])
    to = urllib.parse.urlsplit(headers["Location"])
    assert status == 303 and headers["Location"].startswith(provider.issuer + "/session/end")
    assert urllib.parse.parse_qs(to.query) == {"client_id": ["regesta"], "post_logout_redirect_uri": [server.url + "/"]}
    assert browser.ask(headers["Location"])[0] == 200
    # A session that began with a password ends here alone.
    assert root(server, "DELETE", "/api/v1/session")[0] == 204


def test_sessions_are_listed_and_ended_everywhere(serve, provider):
    server = serve(provider.issuer, create_users="true")
    provider.people(mia=MIA, otto=MIA | {"sub": "s-otto", "preferred_username": "otto"})
    here, there, otto = Browser(server), Browser(server), Browser(server)
    here.sign_in("mia")
    there.sign_in("mia")
    otto.sign_in("otto")
    items = here.call("GET", "/api/v1/sessions")[1]["items"]
    assert sorted(item["current"] for item in items) == [False, True] and all(item["provider"] for item in items)
    first = here.call("GET", "/api/v1/sessions?page_size=1")[1]
    second = here.call("GET", "/api/v1/sessions?page_size=1&page_token=" + first["next_page_token"])[1]
    assert first["items"] + second["items"] == items and "next_page_token" not in second
    assert here.call("DELETE", "/api/v1/sessions") == (200, {"ended": 2, "provider_sign_out": "/api/v1/session/oidc/sign-out"})
    assert (here.me(), there.me(), otto.me()) == (None, None, "user:otto")


def test_the_command_line_makes_links_and_ends_them(serve, provider):
    server = serve(provider.issuer)
    provider.people(mia=MIA, otto=MIA | {"sub": "s-otto", "preferred_username": "otto"})
    token = root(server, "POST", "/api/v1/tokens", {"name": "admin", "grants": [{"role": "admin", "workspace": "*", "name_pattern": "*"}]})[1]["token"]

    def regesta(*words):
        ran = subprocess.run([binary(), *words], capture_output=True, text=True, timeout=60, env=os.environ | {"REGESTA_URL": server.url, "REGESTA_TOKEN": token})
        return ran.returncode, ran.stdout + ran.stderr

    assert regesta("user", "create", "mia", "--oidc", "--grant", "reader")[0] == 0
    assert regesta("user", "create", "otto", "--password", "a long password")[0] == 0
    assert regesta("user", "create", "eve", "--oidc", "--password", "a long password")[0] == 2
    assert regesta("user", "create", "eve", "--subject", "s", "--password", "a long password")[0] == 2
    code, said = regesta("user", "link", "otto", "--subject", "s-otto")
    assert code == 0 and "otto signs in at the identity provider" in said
    mia, otto = Browser(server), Browser(server)
    mia.sign_in("mia")
    otto.sign_in("otto")
    assert (mia.me(), otto.me()) == ("user:mia", "user:otto")
    assert regesta("user", "unlink", "otto")[0] == 0
    assert otto.me() is None
    assert "no browser is signed in as you" in regesta("user", "sessions")[1]
    assert "signed out 0 browsers" in regesta("user", "sign-out")[1]


def test_nothing_secret_reaches_a_log(serve, provider, tmp_path):
    server = serve(provider.issuer, create_users="true")
    provider.people(mia=MIA, boss=MIA | {"sub": "s-boss", "preferred_username": "root"})
    refused, browser = Browser(server), Browser(server)
    refused.sign_in("boss")
    browser.sign_in("mia")
    secrets = [CLIENT["REGESTA_OIDC_CLIENT_SECRET"], *browser.cookies[f"127.0.0.1:{server.port}"].values()]
    for address in refused.addresses + browser.addresses:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)
        secrets += [value for name in ("code", "state", "nonce") for value in query.get(name, [])]
    assert len(secrets) > 6
    server.stop()
    logs = server.log() + (tmp_path / "access.log").read_text()
    assert "signing in at the identity provider failed" in logs and "/api/v1/session/oidc/callback" in logs
    assert [secret for secret in secrets if secret in logs] == []


@pytest.mark.parametrize("settings,said", [
    ({"REGESTA_OIDC_ISSUER": "http://id.example"}, "https"),
    ({"REGESTA_OIDC_CLIENT_ID": ""}, "oidc.client-id"),
    ({"REGESTA_OIDC_SCOPES": "profile"}, "openid"),
    ({"REGESTA_OIDC_ROLES": "admins"}, "oidc.roles[0]"),
    ({"REGESTA_OIDC_CREATE_USERS": "maybe"}, "oidc.create-users"),
    ({"REGESTA_OIDC_CLIENT_SECRET_FILE": "/nonexistent"}, "oidc.client-secret-file"),
], ids=lambda value: None if isinstance(value, dict) else value)
def test_wrong_settings_are_refused_at_the_start(tmp_path, settings, said):
    server = Server(tmp_path / "data", environment=CLIENT | {"REGESTA_OIDC_ISSUER": "https://id.example"} | settings)
    with pytest.raises(RuntimeError) as fault:
        server.start()
    assert said in str(fault.value)


def test_the_doctor_asks_the_provider(tmp_path, provider):
    def findings(issuer, **more):
        ran = subprocess.run([binary(), "doctor", "--json", "--data", str(tmp_path / "none")], capture_output=True, text=True, timeout=60,
                             env=os.environ | CLIENT | {"REGESTA_OIDC_ISSUER": issuer, "REGESTA_URL": "http://127.0.0.1:9"} | more)
        items = json.loads(ran.stdout)["items"]
        return ran.returncode, [item for item in items if "sign-in" in item["subject"] or "oidc" in item["subject"]]

    code, (found,) = findings(provider.issuer)
    assert code == 0 and found["level"] == "ok" and "/api/v1/session/oidc/callback" in found["message"]
    code, (found,) = findings(provider.issuer + "/elsewhere")
    assert code == 1 and found["level"] == "problem"
    secret = tmp_path / "secret"
    secret.write_text("s\n")
    secret.chmod(0o644)
    code, found = findings(provider.issuer, REGESTA_OIDC_CLIENT_SECRET="", REGESTA_OIDC_CLIENT_SECRET_FILE=str(secret), REGESTA_PUBLIC_URL="http://registry.bank.example")
    assert code == 0 and [item["level"] for item in found] == ["warning", "warning", "ok"]
    provider.stop()
    code, (found,) = findings(provider.issuer)
    assert code == 1 and found["level"] == "problem" and found["remediation"]
