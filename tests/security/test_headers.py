"""What answers, cookies, passwords and sessions must carry or refuse (docs/security/asvs.md names the requirements)."""

import http.client
import json
import socket
import sqlite3
import ssl
import subprocess

import pytest

from regesta_server import Server

PASSWORD = "a long password"
JSON = {"Content-Type": "application/json"}


def call(server, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, JSON | (headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace"), answer.headers
    finally:
        connection.close()


def sign_in(server, headers=None, user="carl"):
    status, text, answered = call(server, "POST", "/api/v1/session", {"user": user, "password": PASSWORD}, headers)
    assert status == 200, text
    return {"Cookie": answered["Set-Cookie"].split(";")[0]}


def is_in(server, cookie):
    return call(server, "GET", "/api/v1/users/me", headers=cookie)[0] == 200


ANSWERS = ["/api/v1/users/me", "/api/v1/assets", "/api/v1/nothing", "/api/2.0/mlflow/experiments/search", "/openapi.json",
           "/api/public/v2/prompts/none", "/git/prompts.git/info/refs?service=git-upload-pack", "/metrics", "/health",
           "/api/v1/prompts/greeting/resolve", "/api/v1/ledger/entries", "/ofrep/v1/evaluate/flags/none"]


@pytest.mark.parametrize("path", ANSWERS)
def test_no_answer_is_sniffed_framed_or_run_as_a_page(house, path):
    """A page of others frames an API answer, or has a browser guess that it is HTML (3.4.4, 3.4.6)."""
    house.root.prompt("greeting", "hello")
    headers = house.root.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert len(headers.get_all("Content-Security-Policy")) == len(headers.get_all("X-Content-Type-Options")) == 1


def test_an_answer_that_was_not_modified_keeps_the_policy_of_the_stored_one(house):
    """A browser replaces the headers that it stored by those of a 304: the page's own policy must survive."""
    etag = house.anonymous.get("/").headers["ETag"]
    if etag is None:
        pytest.skip("built without the web UI")
    again = house.anonymous.get("/", headers={"If-None-Match": etag})
    assert again.status == 304 and again.headers["Content-Security-Policy"] is None
    assert again.headers["Cache-Control"] is None or "no-store" not in again.headers["Cache-Control"]


def test_answers_with_credentials_or_people_are_not_stored(house):
    """The next user of a shared computer reads tokens, sessions and users in the browser's cache (14.2.2, 14.3.2)."""
    browser = sign_in(house.server)
    for path in ("/api/v1/users/me", "/api/v1/users", "/api/v1/sessions", "/api/v1/tokens", "/api/v1/webhooks"):
        assert house.root.get(path).headers["Cache-Control"] == "no-store", path
    made = house.root.call("POST", "/api/v1/tokens", {"name": "ci", "grants": [{"role": "reader"}]})
    assert made.status == 201 and made.headers["Cache-Control"] == "no-store"
    assert call(house.server, "POST", "/api/v1/session", {"user": "carl", "password": PASSWORD})[2]["Cache-Control"] == "no-store"
    assert call(house.server, "GET", "/api/v1/users/me", headers=browser)[2]["Cache-Control"] == "no-store"


def test_prompts_stay_cacheable(house):
    house.root.prompt("greeting", "hello")
    resolved = house.root.get("/api/v1/prompts/greeting/versions/1")
    assert resolved.headers["ETag"] and "no-store" not in resolved.headers["Cache-Control"]


def test_texts_say_their_charset(house):
    """Without one, a browser guesses, and another guess makes other text (4.1.1). A file to be saved is not shown, has an encoding of its own, and MLflow's
    clients expect exactly the type text/plain."""
    assert house.root.get("/health").headers["Content-Type"] == "text/plain; charset=utf-8"
    experiment = house.root.ok("POST", "/api/2.0/mlflow/experiments/create", {"name": "e"})["experiment_id"]
    run = house.root.ok("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": experiment})["run"]["info"]
    path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run['run_id']}/artifacts/notes.txt"
    assert house.root.call("PUT", path, raw=b"hello").status in (200, 201)
    saved = house.root.get(path).headers
    assert saved["Content-Type"] == "text/plain" and saved["Content-Disposition"] == "attachment; filename=notes.txt"
    assert saved["X-Content-Type-Options"] == "nosniff"


def test_hsts_is_sent_over_tls_only(tmp_path):
    """Somebody between turns the next visit into plain HTTP (3.4.1)."""
    server = Server(tmp_path / "proxied", "--trusted-proxies", "127.0.0.1").start()
    try:
        secure = call(server, "GET", "/health", headers={"X-Forwarded-Proto": "https"})[2]
        assert secure["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert call(server, "GET", "/health")[2]["Strict-Transport-Security"] is None
        local = call(server, "GET", "/health", headers={"X-Forwarded-Proto": "https", "Host": "localhost"})[2]
        assert local["Strict-Transport-Security"] is None  # would bind every other server of this machine
    finally:
        server.stop()
    server = Server(tmp_path / "public", "--public-url", "https://registry.bank.example").start()
    try:
        assert call(server, "GET", "/health")[2]["Strict-Transport-Security"]
    finally:
        server.stop()


def test_the_cookies_of_a_sign_in_at_a_provider_are_host_cookies_over_tls(tmp_path):
    """A site under the same domain sets a session cookie of its own (3.3.1, 3.3.3)."""
    server = Server(tmp_path / "data", "--trusted-proxies", "127.0.0.1", "--oidc-issuer", "http://127.0.0.1:1",
                    "--oidc-client-id", "regesta", "--public-url", "http://127.0.0.1:4600").start()
    try:
        for proto, start in (("https", "__Host-regesta_sign_in_failure="), ("http", "regesta_sign_in_failure=")):
            status, _, headers = call(server, "GET", "/api/v1/session/oidc/start?back=/",
                                      headers={"X-Forwarded-Proto": proto})
            assert status == 303
            cookie = [one for one in headers.get_all("Set-Cookie") if "_failure=" in one][0]
            assert cookie.startswith(start) and "HttpOnly" in cookie and "SameSite=Lax" in cookie
            assert ("; Secure" in cookie and "; Path=/;" in cookie) == (proto == "https"), cookie
            sent = {"Cookie": cookie.split(";")[0], "X-Forwarded-Proto": proto}
            assert "failure" in json.loads(call(server, "GET", "/api/v1/session/ways", headers=sent)[1])
    finally:
        server.stop()


@pytest.mark.parametrize("password,why", [
    ("äöüä", "8 characters"), ("password123", "most common"), ("QwertyUiop", "most common"), ("iloveyou", "most common"),
    ("Paula2026!", "name of the user"), ("regesta2026", "product"), ("RegestaRegesta", "product"),
    ("äöüßäöüß", None), ("correct horse battery", None)])
def test_passwords_that_are_guessed_first_are_refused(house, password, why):
    """The first thousand guesses hold the common words, the name and the product (6.2.1, 6.2.4)."""
    answer = house.root.call("POST", "/api/v1/users", {"name": "paula", "password": password, "grants": []})
    if why is None:
        assert answer.status == 201, answer
    else:
        assert answer.status == 400 and why in answer.json["error"]["message"], answer
        changed = house.root.call("PUT", "/api/v1/users/carl/password", {"password": password.replace("Paula", "Carl")})
        assert changed.status == 400, changed


def test_signing_in_again_ends_the_session_that_the_browser_had(house):
    """A cookie that was copied before outlives the next sign-in (7.2.4)."""
    before = sign_in(house.server)
    after = sign_in(house.server, headers=before)
    assert is_in(house.server, after) and not is_in(house.server, before)
    call(house.server, "POST", "/api/v1/session", {"user": "carl", "password": "wrong"}, after)
    assert is_in(house.server, after)  # a wrong password ends nothing


def test_faults_of_the_server_keep_paths_and_sql_to_themselves(server):
    """A missing table or a lost folder told strangers of the server's disk and statements (16.5.1)."""
    database = sqlite3.connect(server.data + "/regesta.db")
    database.execute("ALTER TABLE workspace RENAME TO workspace_away")
    database.commit()
    database.close()
    for path in ("/api/v1/workspaces", "/git/prompts.git/info/refs?service=git-upload-pack"):
        status, text, headers = call(server, "GET", path)
        assert status >= 500, text
        assert headers["X-Request-Id"] in text
        for inside in ("SELECT", "workspace_away", "no such table", server.data, "regesta.db"):
            assert inside not in text, text
    assert "no such table" in server.log()  # the operator reads the reason


def test_tls_offers_only_suites_with_forward_secrecy_and_authentication(tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out",
                    certificate], check=True, capture_output=True)
    server = Server(tmp_path / "data", "--tls-certificate", str(certificate), "--tls-key", str(key))
    server.start()

    def offering(ciphers):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode, context.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw, context.wrap_socket(raw) as stream:
            return stream.cipher()[0]

    try:
        assert offering("DEFAULT") in ("ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305")
        for weak in ("ECDHE-RSA-AES256-SHA384", "ECDHE-RSA-AES128-SHA", "AES256-GCM-SHA384", "AES128-SHA"):
            with pytest.raises(ssl.SSLError):
                offering(weak)
    finally:
        server.stop()
