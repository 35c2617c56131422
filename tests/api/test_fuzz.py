"""Every operation of /openapi.json with valid, broken and hostile requests: whatever comes in, the answer is a client error
in the front's dialect or a success, never a server error, and the server stays. REGESTA_SEED sets the seed."""

import http.client
import json
import random
import time

from seed import seed

HOSTILE = ["", "a", "../../etc/passwd", "%2e%2e%2f", "'; DROP TABLE asset; --", "\u0000", "😀" * 50, "a" * 70_000, "NaN", "1e999", "-1",
           "9223372036854775808", "{}", "[]", "null", "true", "latest", "^1.2", "${jndi:ldap://x}", "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1")]
VALUES = [None, True, 0, -1, 2**63 - 1, 2**64, 1.5, 1e308, [], {}, [[]], [None], {"a": {"b": []}}, *HOSTILE]
SECONDS = 20
ALLOWED_5XX = {501, 503}


class Generator:
    def __init__(self, document, rng):
        self.schemas, self.rng = document["components"]["schemas"], rng

    def value(self, schema, depth=0):
        rng = self.rng
        if rng.random() < 0.08 or depth > 6:
            return rng.choice(VALUES)
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
        if "enum" in schema:
            return rng.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "object" and "properties" in schema:
            required = set(schema.get("required", []))
            return {k: self.value(v, depth + 1) for k, v in schema["properties"].items() if k in required and rng.random() < 0.97 or rng.random() < 0.4}
        if kind == "object":
            return {rng.choice(HOSTILE): rng.choice(HOSTILE)}
        if kind == "array":
            return [self.value(schema["items"], depth + 1) for _ in range(rng.randint(0, 3))]
        if kind == "integer":
            return rng.choice([0, 1, 2, 100, -1, 2**62])
        if kind == "number":
            return rng.choice([0.5, -1.0, 1e300, "NaN"])
        if kind == "boolean":
            return rng.random() < 0.5
        return rng.choice(["default", "model", "m", "prompt", "production", "1", "0", *HOSTILE])


def encode(text):
    return "".join(chr(b) if 33 <= b < 127 and chr(b) not in "%/?#&=+" else f"%{b:02X}" for b in str(text).encode("utf-8", "replace"))


def build(generator, pattern, method, operation):
    rng, query, path = generator.rng, [], pattern
    for parameter in operation["parameters"]:
        value = generator.value(parameter["schema"])
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", encode(value) or "x")
        elif rng.random() < 0.6:
            query.append(f"{parameter['name']}={encode(value)}")
    body = None
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        body = json.dumps(generator.value(schema)).encode()
        if rng.random() < 0.05:
            body = body[: rng.randint(0, len(body))] + bytes([rng.randint(0, 255)])
    return method.upper(), path + ("?" + "&".join(query) if query else ""), body


def check(method, target, body, status, content):
    shown = f"{method} {target[:300]} {(body or b'')[:500]!r} -> {status} {content[:300]!r}"
    assert status < 500 or status in ALLOWED_5XX, shown
    if status >= 400 and content and content.startswith(b"{"):
        answer = json.loads(content)
        assert {"error", "errors", "error_code", "errorCode", "errorDetails"} & answer.keys(), shown  # each front's own word


def test_no_request_breaks_the_server(server):
    rng = random.Random(seed())
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/openapi.json")
    document = json.loads(connection.getresponse().read())
    generator = Generator(document, rng)
    operations = [(p, m, o) for p, methods in document["paths"].items() for m, o in methods.items()
                  if not p.startswith(("/api/v1/users", "/api/v1/tokens"))  # a first user would lock the rest out
                  and "x-streaming" not in o]  # events never end, and bodies of bytes have tests of their own
    ends = time.monotonic() + SECONDS
    count = 0
    while time.monotonic() < ends:
        method, target, body = build(generator, *rng.choice(operations))
        headers = {"Content-Type": "application/json"} if rng.random() < 0.95 else {}
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        check(method, target, body, answer.status, answer.read())
        count += 1
    assert server.process.poll() is None, "the server is gone"
    print(count, "requests")
