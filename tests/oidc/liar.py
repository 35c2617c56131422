"""An identity provider that lies: it signs, or does not sign, whatever a test wants."""

import base64
import datetime
import hashlib
import hmac
import http.server
import ipaddress
import json
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Key:
    def __init__(self, kind="rsa", kid="k1", bits=2048):
        self.kind, self.kid = kind, kid
        self.private = {"rsa": lambda: rsa.generate_private_key(65537, bits), "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
                        "ed": ed25519.Ed25519PrivateKey.generate}[kind]()
        self.algorithm = {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA"}[kind]

    def jwk(self):
        if self.kind == "rsa":
            numbers = self.private.public_key().public_numbers()
            return {"kty": "RSA", "kid": self.kid, "n": number(numbers.n), "e": number(numbers.e)}
        if self.kind == "ec":
            numbers = self.private.public_key().public_numbers()
            return {"kty": "EC", "crv": "P-256", "kid": self.kid, "x": number(numbers.x, 32), "y": number(numbers.y, 32)}
        return {"kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": b64(self.private.public_key().public_bytes_raw())}

    def sign(self, data):
        if self.kind == "rsa":
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        if self.kind == "ec":
            r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.private.sign(data)


def token(claims, header, sign):
    text = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
    return text + "." + b64(sign(text.encode()))


def certificate(path):
    """A key and a certificate for 127.0.0.1 that only itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
    path.write_bytes(made.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(path)


class Liar:
    """`key` signs honestly; tests replace what they want to be a lie."""

    def __init__(self, certificate=None):
        self.key = Key()
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = liar.answers[self.path.split("?")[0]]
                status, body = body() if callable(body) else (200, body)
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                if status == 302:
                    self.send_header("Location", liar.issuer + "/moved")
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:
                    pass  # the client had enough

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.issuer = f"http{'s' if certificate else ''}://127.0.0.1:{self.server.server_port}"
        self.discovery = {"issuer": self.issuer, "authorization_endpoint": self.issuer + "/auth", "token_endpoint": self.issuer + "/token",
                          "userinfo_endpoint": self.issuer + "/userinfo", "jwks_uri": self.issuer + "/keys"}
        self.answers = {"/.well-known/openid-configuration": self.discovery, "/moved": self.discovery,
                        "/keys": {"keys": [self.key.jwk()]}, "/userinfo": {}}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def claims(self, nonce, /, **more):
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "s-eve", "aud": "regesta", "exp": now + 300, "iat": now, "nonce": nonce, "preferred_username": "eve"} | more
        return {name: value for name, value in claims.items() if value is not None}

    def honest(self, claims):
        return token(claims, {"alg": self.key.algorithm, "kid": self.key.kid}, self.key.sign)

    def hand_out(self, id_token):
        self.answers["/token"] = {"id_token": id_token, "access_token": "a", "token_type": "Bearer"}

    def hmac_of(self, secret):
        return lambda data: hmac.new(secret, data, hashlib.sha256).digest()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
