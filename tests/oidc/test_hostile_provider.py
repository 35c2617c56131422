"""What an identity provider, or somebody between, may try: nothing of it opens a session, and everything has words."""

import time
import urllib.parse

import pytest
from browser import Browser
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from liar import Key, Liar, b64, certificate, token


@pytest.fixture
def liar():
    running = Liar()
    yield running
    running.stop()


def attempt(server, liar, make, **answer):
    """A sign-in whose token is make(nonce); who the browser is then, and why not."""
    browser = Browser(server)
    status, headers, _ = browser.ask(server.url + "/api/v1/session/oidc/start?back=/")
    assert status == 303
    if not headers["Location"].startswith(liar.issuer + "/auth"):
        return browser.me(), browser.ways().get("failure")
    sent = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(headers["Location"]).query))
    assert sent["code_challenge_method"] == "S256" and len(sent["code_challenge"]) == 43
    if (made := make(sent["nonce"])) is not None:
        liar.hand_out(made)
    query = urllib.parse.urlencode({"code": "c", "state": sent["state"]} | answer)
    status, headers, _ = browser.ask(server.url + "/api/v1/session/oidc/callback?" + query)
    assert status == 303 and headers["Location"] == "/"
    return browser.me(), browser.ways().get("failure")


def test_forged_tokens(serve, liar):
    server = serve(liar.issuer, create_users="true")
    public = liar.key.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    other, curve, kid = Key(kid="k1"), Key("ec"), liar.key.kid
    claims, now = liar.claims, int(time.time())

    def header(algorithm, sign, **more):
        return lambda nonce: token(claims(nonce), {"alg": algorithm, "kid": kid} | more, sign)

    def body(**more):
        return lambda nonce: liar.honest(claims(nonce, **more))

    hostile = {
        "no signature": header("none", lambda _: b""),
        "no signature, in capitals": header("NONE", lambda _: b""),
        "no algorithm": lambda nonce: token(claims(nonce), {"kid": kid}, liar.key.sign),
        "an HMAC under the public key as PEM": header("HS256", liar.hmac_of(pem)),
        "an HMAC under the modulus": header("HS256", liar.hmac_of(liar.key.jwk()["n"].encode())),
        "an HMAC under the client's secret": header("HS256", liar.hmac_of(b"a secret with spaces & signs")),
        "another key under the same id": header("RS256", other.sign),
        "another type of key": header("ES256", curve.sign),
        "the right key called by another algorithm": header("RS384", liar.key.sign),
        "an unknown key": header("RS256", other.sign, kid="k9"),
        "a key that the token brings along": header("RS256", other.sign, jwk=other.jwk()),
        "an address of a key": header("RS256", other.sign, jku=liar.issuer + "/keys"),
        "an extension that must be understood": header("RS256", liar.key.sign, crit=["b64"], b64=False),
        "a signature cut off": lambda nonce: liar.honest(claims(nonce))[:-20],
        "two tokens glued together": lambda nonce: liar.honest(claims(nonce)) + "." + liar.honest(claims(nonce)),
        "no token": lambda nonce: "",
        "not a token": lambda nonce: "x" * 100,
        "a huge token": body(name="x" * 100_000),
        "claims that are no object": lambda nonce: token([1], {"alg": "RS256", "kid": kid}, liar.key.sign),
        "expired": body(exp=now - 120),
        "without an end": body(exp=None),
        "an end that is text": body(exp="never"),
        "from the future": body(iat=now + 3600),
        "for somebody else": body(aud="other"),
        "for nobody": body(aud=None),
        "for several, asked for by another": body(aud=["regesta", "other"], azp="other"),
        "of another issuer": body(iss="https://accounts.example"),
        "of another sign-in": lambda nonce: liar.honest(claims("n" * 43)),
        "without a nonce": body(nonce=None),
        "without a subject": body(sub=None),
        "a name that breaks out": body(preferred_username="user:root"),
    }
    let_in = {name: got for name, make in hostile.items() if (got := attempt(server, liar, make))[0] or not got[1]}
    assert let_in == {}
    assert attempt(server, liar, body(), iss="https://evil.example")[0] is None
    # The same way is open to an honest one, so what was refused above was refused for its lie.
    assert attempt(server, liar, body()) == ("user:eve", None)


def test_userinfo_about_somebody_else(serve, liar):
    server = serve(liar.issuer, create_users="true")
    liar.answers["/userinfo"] = {"sub": "s-other", "preferred_username": "eve"}
    who, why = attempt(server, liar, lambda nonce: liar.honest(liar.claims(nonce, preferred_username=None)))
    assert who is None and "another account" in why
    liar.answers["/userinfo"] = {"sub": "s-eve", "preferred_username": "eve"}
    assert attempt(server, liar, lambda nonce: liar.honest(liar.claims(nonce, preferred_username=None)))[0] == "user:eve"


def test_answers_to_the_code(serve, liar):
    server = serve(liar.issuer, create_users="true")
    for answer in [lambda: (400, {"error": "invalid_grant"}), lambda: (400, {"error": "<script>alert(1)</script>"}), lambda: (500, b"oops"),
                   lambda: (200, b"not json"), lambda: (200, b"[]"), lambda: (200, {"id_token": 7}),
                   lambda: (302, b""), lambda: (200, b'{"a":' * 5000), lambda: (200, b"{" + b" " * 300_000)]:
        liar.answers["/token"] = answer
        who, why = attempt(server, liar, lambda nonce: None)
        assert who is None and why and "<script>" not in why


@pytest.mark.parametrize("name,change", {
    "discovery of another issuer": lambda liar: liar.discovery.update(issuer="https://accounts.example"),
    "discovery that sends the secret elsewhere": lambda liar: liar.discovery.update(token_endpoint="http://id.example/token"),
    "keys from a file": lambda liar: liar.discovery.update(jwks_uri="file:///etc/passwd"),
    "discovery that moves": lambda liar: liar.answers.update({"/.well-known/openid-configuration": lambda: (302, b"")}),
    "a huge discovery": lambda liar: liar.answers.update({"/.well-known/openid-configuration": liar.discovery | {"x": "y" * 400_000}}),
    "no discovery": lambda liar: liar.answers.update({"/.well-known/openid-configuration": lambda: (404, b"")}),
    "a huge key set": lambda liar: liar.answers.update({"/keys": {"keys": [liar.key.jwk()], "x": "y" * 400_000}}),
    "too many keys": lambda liar: liar.answers.update({"/keys": {"keys": [liar.key.jwk() | {"kid": str(i)} for i in range(101)]}}),
    "two keys of one id": lambda liar: liar.answers.update({"/keys": {"keys": [liar.key.jwk(), Key().jwk()]}}),
    "no keys": lambda liar: liar.answers.update({"/keys": {"keys": []}}),
    "keys that are none": lambda liar: liar.answers.update({"/keys": b"<html>"}),
    "a key for encryption": lambda liar: liar.answers.update({"/keys": {"keys": [liar.key.jwk() | {"use": "enc"}]}}),
    "a key for another algorithm": lambda liar: liar.answers.update({"/keys": {"keys": [liar.key.jwk() | {"alg": "RS512"}]}}),
    "a weak key": lambda liar: weak(liar),
    "a key that costs minutes": lambda liar: liar.answers.update({"/keys": {"keys": [liar.key.jwk() | {"e": b64(b"\xff" * 60_000)}]}}),
}.items(), ids=lambda value: value if isinstance(value, str) else "")
def test_hostile_discovery_and_keys(serve, liar, name, change):
    change(liar)
    server = serve(liar.issuer, create_users="true")
    who, why = attempt(server, liar, lambda nonce: liar.honest(liar.claims(nonce)))
    assert who is None and why, name


def test_a_provider_that_nobody_vouches_for(serve, tmp_path):
    trusted = certificate(tmp_path / "provider.pem")
    liar = Liar(trusted)
    try:
        def honest(nonce):
            return liar.honest(liar.claims(nonce))

        who, why = attempt(serve(liar.issuer, create_users="true"), liar, honest)
        assert who is None and "certificate" in why
        assert attempt(serve(liar.issuer, create_users="true", ca_file=trusted), liar, honest) == ("user:eve", None)
    finally:
        liar.stop()


def weak(liar):
    liar.key = Key(bits=1024)
    liar.answers["/keys"] = {"keys": [liar.key.jwk()]}
