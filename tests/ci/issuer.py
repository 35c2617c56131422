"""An issuer of ID tokens for CI jobs, as GitHub and GitLab run one: discovery and keys, no sign-in; and GitHub's service in the job."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.parse
import uuid

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def b64(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Issuer:
    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.asked = []  # paths, in order
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                answer = issuer.answer(self.path, self.headers.get("Authorization"))
                body = json.dumps(answer).encode()
                self.send_response(200 if answer is not None else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.request_token = "request-" + uuid.uuid4().hex
        self.job = {}  # claims of the job whose runner asks for an ID token
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path, authorization):
        address = urllib.parse.urlsplit(path)
        if address.path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": self.url + "/jwks", "id_token_signing_alg_values_supported": ["RS256"]}
        if address.path == "/jwks":
            public = self.key.public_key().public_numbers()
            return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one", "n": number(public.n), "e": number(public.e)}]}
        if address.path == "/idtoken" and authorization == f"Bearer {self.request_token}":
            [audience] = urllib.parse.parse_qs(address.query)["audience"]
            return {"value": self.token(aud=audience, **self.job)}
        return None

    def public_pem(self):
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def token(self, header=None, key=None, **claims):
        """An ID token; claims that are None are left out. `key`: another private key, or bytes for an HMAC, or b"" for no signature."""
        now = int(time.time())
        all_claims = {"iss": self.url, "sub": "repo:bank/loan:ref:refs/heads/main", "aud": "regesta", "iat": now, "nbf": now,
                      "exp": now + 300, "jti": uuid.uuid4().hex, "repository": "bank/loan", "ref": "refs/heads/main"} | claims
        text = ".".join(b64(json.dumps(part).encode()) for part in (
            {"alg": "RS256", "typ": "JWT", "kid": "one"} | (header or {}), {k: v for k, v in all_claims.items() if v is not None}))
        if isinstance(key, bytes):
            signature = hmac.new(key, text.encode(), hashlib.sha256).digest() if key else b""
        else:
            signature = (key or self.key).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{b64(signature)}"
