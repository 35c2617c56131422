"""CI jobs that sign in with an ID token of their platform (RFC 8693), and everything that must not come in this way."""

import base64
import json
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from issuer import Issuer, b64

from conftest import Company, Line
from regesta_server import Server

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture(scope="module")
def issuer():
    running = Issuer()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def bank(tmp_path_factory, issuer):
    folder = tmp_path_factory.mktemp("bank")
    server = Server(folder / "data").start()
    made = Company(server, folder)
    said = made.root.done("token", "create", "loan-ci", "--grant", "contributor:default:loan*", "--issuer", issuer.url,
                          "--audience", "regesta", "--claim", "repository=bank/loan", "--claim", "ref=refs/heads/*")
    assert "rgs_" not in said, "there is no secret"
    yield made
    assert server.stop() == 0, server.log()[-4000:]


def exchange(bank, token, content_type="application/x-www-form-urlencoded", **more):
    form = {"grant_type": GRANT, "subject_token": token, "subject_token_type": ID_TOKEN} | more
    request = urllib.request.Request(bank.server.url + "/api/v1/tokens/exchange", urllib.parse.urlencode(form).encode(),
                                     {"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer), answer.headers
    except urllib.error.HTTPError as fault:
        return fault.code, json.load(fault), fault.headers


def me(bank, token):
    request = urllib.request.Request(bank.server.url + "/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_a_job_gets_a_short_lived_token_with_the_grants_of_its_token(bank, issuer, tmp_path):
    before = time.time()
    status, answer, headers = exchange(bank, issuer.token(run_id="17"))
    assert status == 200 and headers["Cache-Control"] == "no-store"
    assert (answer["token_type"], answer["issued_token_type"]) == ("Bearer", ACCESS_TOKEN)
    assert 890 - (time.time() - before) <= answer["expires_in"] <= 900
    assert me(bank, answer["access_token"])["actor"] == "token:loan-ci"
    job = Line(bank.server.url, tmp_path, REGESTA_TOKEN=answer["access_token"])
    job.done("version", "create", "model/loan-risk", "--source", "s3://b/1")
    refused = job.run("version", "create", "model/other", "--source", "s3://b/1")
    assert refused.returncode == 3, "the grants of the token hold, no more"
    bank.server.settle()
    [entry] = [e["body"] for e in bank.root.json("ledger", "list")["items"] if e["body"]["action"] == "session.opened"]
    assert (entry["actor"], entry["data"]["via"], entry["data"]["run_id"]) == ("token:loan-ci", "exchange", "17")
    assert entry["data"]["subject"] == "repo:bank/loan:ref:refs/heads/main"
    assert answer["access_token"] not in json.dumps(bank.root.json("ledger", "list")), "the ledger has no credential"


def test_mlflow_and_git_style_credentials_work_too(bank, issuer):
    token = exchange(bank, issuer.token())[1]["access_token"]
    request = urllib.request.Request(bank.server.url + "/api/v1/users/me", headers={
        "Authorization": "Basic " + base64.b64encode(f"token:{token}".encode()).decode()})
    assert json.load(urllib.request.urlopen(request, timeout=60))["actor"] == "token:loan-ci"


ATTACKS = {
    "another audience": lambda i: i.token(aud="sts.amazonaws.com"),
    "an audience among others, asked for by nobody known": lambda i: i.token(aud=["regesta", "evil"]),
    "no audience": lambda i: i.token(aud=None),
    "expired": lambda i: i.token(exp=int(time.time()) - 120),
    "no expiry": lambda i: i.token(exp=None),
    "from the future": lambda i: i.token(nbf=int(time.time()) + 3600),
    "another repository": lambda i: i.token(repository="evil/loan"),
    "a repository whose name begins the same": lambda i: i.token(repository="bank/loan2"),
    "a repository whose name ends the same": lambda i: i.token(repository="evil/bank/loan"),
    "no repository": lambda i: i.token(repository=None),
    "a repository as a list": lambda i: i.token(repository=["bank/loan"]),
    "a tag instead of a branch": lambda i: i.token(ref="refs/tags/v1"),
    "another issuer": lambda i: i.token(iss="https://token.actions.githubusercontent.com"),
    "an issuer with a slash more": lambda i: i.token(iss=i.url + "/"),
    "no subject": lambda i: i.token(sub=None),
    "no signature": lambda i: i.token({"alg": "none"}, b""),
    "no signature, in other letters": lambda i: i.token({"alg": "None"}, b""),
    "an empty signature": lambda i: i.token(None, b""),
    "an HMAC under the public key": lambda i: i.token({"alg": "HS256"}, i.public_pem()),
    "an HMAC that calls itself RS256": lambda i: i.token(None, i.public_pem()),
    "another key under a known id": lambda i: i.token(None, rsa.generate_private_key(public_exponent=65537, key_size=2048)),
    "a key of its own in the header": lambda i: i.token({"jwk": {"kty": "oct", "k": "AAAA"}, "alg": "HS256"}, b"\0\0\0"),
    "an extension that must be understood": lambda i: i.token({"crit": ["exp"]}),
    "a key id that is not published": lambda i: i.token({"kid": "two"}),
    "claims changed after signing": lambda i: forged(i.token(repository="evil/loan")),
    "no token at all": lambda i: "rgs_abc",
    "nothing": lambda i: "",
}


def forged(token):
    header, claims, signature = token.split(".")
    read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return f"{header}.{b64(json.dumps(read | {'repository': 'bank/loan'}).encode())}.{signature}"


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_not_a_token_of_a_trusted_job_gets_nothing(bank, issuer, attack):
    token = ATTACKS[attack](issuer)
    status, answer, _ = exchange(bank, token)
    assert status == 400 and answer["error"] == "invalid_request" and set(answer) == {"error", "error_description"}, answer
    if len(token) > 20:
        assert token.split(".")[1] not in json.dumps(answer) and token.split(".")[1] not in bank.server.log()


def test_an_issuer_that_nobody_trusts_is_never_asked(bank):
    stranger = Issuer()
    try:
        assert exchange(bank, stranger.token())[0] == 400 and stranger.asked == []
    finally:
        stranger.stop()


def test_an_id_token_counts_once(bank, issuer):
    token = issuer.token()
    assert exchange(bank, token)[0] == 200
    status, answer, _ = exchange(bank, token)
    assert status == 400 and "used already" in answer["error_description"]
    without = issuer.token(jti=None)
    assert [exchange(bank, without)[0] for _ in range(2)] == [200, 200], "one without an id cannot be told apart"


@pytest.mark.parametrize("change, error", [
    ({"grant_type": "password"}, "unsupported_grant_type"), ({"subject_token_type": ACCESS_TOKEN}, "invalid_request"),
    ({"requested_token_type": ID_TOKEN}, "invalid_request"), ({"content_type": "application/json"}, "invalid_request"),
    ({"requested_subject": "ci"}, "invalid_request")])
def test_a_request_that_breaks_the_standard_is_told_so(bank, issuer, change, error):
    status, answer, _ = exchange(bank, issuer.token(), **change)
    assert (status, answer["error"]) == (400, error)


def test_two_tokens_that_trust_one_job_are_told_apart_by_name(bank, issuer):
    bank.root.done("token", "create", "loan-reader", "--grant", "reader", "--issuer", issuer.url, "--audience", "regesta",
                   "--claim", "sub=repo:bank/loan:*", "--lasts", "1m")
    try:
        status, answer, _ = exchange(bank, issuer.token())
        assert status == 400 and "requested_subject" in answer["error_description"]
        status, answer, _ = exchange(bank, issuer.token(), requested_subject="loan-reader")
        assert status == 200 and answer["expires_in"] <= 60 and me(bank, answer["access_token"])["actor"] == "token:loan-reader"
    finally:
        bank.root.done("token", "revoke", "loan-reader")


def test_a_revoked_token_ends_its_jobs(bank, issuer):
    bank.root.done("token", "create", "brief", "--grant", "reader", "--issuer", issuer.url, "--audience", "brief", "--claim", "sub=repo:bank/*")
    token = exchange(bank, issuer.token(aud="brief"))[1]["access_token"]
    assert me(bank, token)["actor"] == "token:brief"
    bank.root.done("token", "revoke", "brief")
    with pytest.raises(urllib.error.HTTPError) as refused:
        me(bank, token)
    assert refused.value.code == 401
    assert exchange(bank, issuer.token(aud="brief"))[0] == 400


@pytest.mark.parametrize("words, why", [
    (["--claim", "repository=*"], "begins with text"), (["--claim", "repository=*/loan"], "begins with text"), ([], "must name 1 to"),
    (["--claim", "sub=x", "--lasts", "2d"], "--lasts"), (["--claim", "sub=x", "--lasts", "25h"], "lasts_seconds"),
    (["--claim", "sub=x", "--issuer", "http://issuer.example"], "https")])
def test_a_trust_that_lets_strangers_in_is_not_stored(bank, issuer, words, why):
    if "--issuer" not in words:
        words = ["--issuer", issuer.url, *words]
    got = bank.root.run("token", "create", "lax", "--grant", "reader", *words)
    assert got.returncode != 0 and why in got.stderr, got.stderr


def test_trust_needs_an_administrator_and_shows_in_the_list(bank, issuer):
    body = {"name": "own", "grants": [{"role": "admin"}], "trust": {"issuer": issuer.url, "audience": "x", "claims": {"sub": "repo:x"}}}
    request = urllib.request.Request(bank.server.url + "/api/v1/tokens", json.dumps(body).encode(),
                                     {"Content-Type": "application/json", "Authorization": f"Bearer {bank.token}"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    assert refused.value.code == 403
    [listed] = [token for token in bank.root.json("token", "list")["items"] if token["name"] == "loan-ci"]
    assert listed["trust"]["claims"] == {"repository": "bank/loan", "ref": "refs/heads/*"}


def test_the_command_asks_the_platform_and_prints_the_token(bank, issuer, tmp_path):
    issuer.job = {}
    github = Line(bank.server.url, tmp_path, ACTIONS_ID_TOKEN_REQUEST_URL=issuer.url + "/idtoken?x=1",
                  ACTIONS_ID_TOKEN_REQUEST_TOKEN=issuer.request_token)
    token = github.done("ci", "token", "--audience", "regesta").strip()
    assert me(bank, token)["actor"] == "token:loan-ci"
    gitlab = Line(bank.server.url, tmp_path, REGESTA_ID_TOKEN=issuer.token())
    assert me(bank, gitlab.done("ci", "token").strip())["actor"] == "token:loan-ci"
    assert gitlab.run("ci", "token").returncode == 3, "the same ID token again"
    none = Line(bank.server.url, tmp_path).run("ci", "token")
    assert none.returncode == 2 and "id-token: write" in none.stderr


def test_an_issuer_that_is_away_is_no_refusal(bank):
    away = Issuer()
    bank.root.done("token", "create", "away", "--grant", "reader", "--issuer", away.url, "--audience", "regesta", "--claim", "sub=repo:bank/*")
    token = away.token()
    away.stop()
    status, answer, _ = exchange(bank, token)
    assert (status, answer["error"]) == (503, "temporarily_unavailable") and away.url not in json.dumps(answer)


def test_a_stranger_does_not_learn_which_tokens_there_are(bank, issuer):
    """Without a signature of a trusted issuer, every answer is the same; a proven job learns of no other token either."""
    stranger = Issuer()
    try:
        forged_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        told = {exchange(bank, token, **more)[1]["error_description"]
                for token in (issuer.token(None, forged_key), issuer.token({"kid": "two"}), stranger.token())
                for more in ({}, {"requested_subject": "loan-ci"}, {"requested_subject": "nobody"})}
        assert len(told) == 1, told
    finally:
        stranger.stop()
    evil = {name: exchange(bank, issuer.token(repository="evil/loan"), requested_subject=name)[1]["error_description"]
            for name in ("loan-ci", "nobody")}
    assert evil["loan-ci"] == evil["nobody"], evil
