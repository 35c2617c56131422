"""Who gets in, and what a stranger can do with what was signed. botocore signs; the requests are sent as they are written here."""

import base64
import datetime
import hashlib
import hmac
import http.client
import os
import re
import time
import urllib.parse
import zlib

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from conftest import MIB, Person


class Answer:
    def __init__(self, answer):
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()
        found = re.search(rb"<Code>(\w+)</Code>", self.body)
        self.code = found.group(1).decode() if found else ""

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


def send(server, method, target, headers=(), body=b""):
    """Every header as given, repeated ones too."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items() if isinstance(headers, dict) else headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def signed(person, method, path, body=b"", headers=None, query="", payload=None, when=None):
    """Method, target, headers and body as botocore signs them."""
    host = f"127.0.0.1:{person.server.port}"
    url = f"http://{host}{urllib.parse.quote(path)}" + (f"?{query}" if query else "")
    request = AWSRequest(method, url, headers={"Host": host} | (headers or {}), data=body)
    signer = S3SigV4Auth(Credentials(person.key, person.secret), "s3", "us-east-1")
    signer.payload = lambda _: payload or hashlib.sha256(body).hexdigest()
    if when:
        import botocore.auth
        kept, botocore.auth.get_current_datetime = botocore.auth.get_current_datetime, lambda *a, **k: when
        try:
            signer.add_auth(request)
        finally:
            botocore.auth.get_current_datetime = kept
    else:
        signer.add_auth(request)
    sent = dict(request.headers.items())
    if body:
        sent["Content-Length"] = str(len(body))
    return method, url.split(host, 1)[1], sent, body


def presigned(person, method, path, seconds=60, query=""):
    host = f"127.0.0.1:{person.server.port}"
    request = AWSRequest(method, f"http://{host}{urllib.parse.quote(path)}" + (f"?{query}" if query else ""), headers={"Host": host})
    S3SigV4QueryAuth(Credentials(person.key, person.secret), "s3", "us-east-1", expires=seconds).add_auth(request)
    return request.url.split(host, 1)[1], {"Host": host}


@pytest.fixture
def secret(office):
    office.carl.s3().put_object(Bucket="default", Key="secret.csv", Body=b"secret")
    return office


def test_botocore_and_the_server_compute_the_same_signature(office):
    office.carl.s3().put_object(Bucket="default", Key="a b/ü+&=~*'.txt", Body=b"x")
    for method, path, query, headers in (
            ("GET", "/s3/default/a b/ü+&=~*'.txt", "", {}), ("HEAD", "/s3/default/a b/ü+&=~*'.txt", "", {"Range": "bytes=0-0"}),
            ("GET", "/s3/default", "list-type=2&prefix=a%20b%2F&delimiter=%2F&encoding-type=url&max-keys=5", {}),
            ("GET", "/s3/default", "uploads", {}), ("GET", "/s3/", "", {"X-Amz-Meta-Blanks": "  a   b  "}),
            ("PUT", "/s3/default/put", "", {"x-amz-meta-k": "v", "Content-Type": "text/plain"})):
        body = b"body" if method == "PUT" else b""
        answer = send(office.server, *signed(office.carl, method, path, body, headers, query))
        assert answer.status in (200, 206), (method, path, query, answer)


def test_keys_and_grants(secret):
    read = lambda person: send(secret.server, *signed(person, "GET", "/s3/default/secret.csv"))
    write = lambda person: send(secret.server, *signed(person, "PUT", "/s3/default/mine", b"x"))
    assert read(secret.carl).body == b"secret" and write(secret.carl).status == 200
    assert read(secret.rex).body == b"secret" and (write(secret.rex).status, write(secret.rex).code) == (403, "AccessDenied")
    for person in (secret.nina, secret.walt):  # a role on some names, and one in another workspace
        assert (read(person).status, read(person).code) == (403, "AccessDenied"), read(person)
        assert write(person).code == "AccessDenied"
    stranger = Person(secret.server, "RGSKAAAAAAAAAAAAAAAA", secret.carl.secret)
    assert (read(stranger).status, read(stranger).code) == (403, "InvalidAccessKeyId")
    guesser = Person(secret.server, secret.carl.key, "x" * 40)
    assert (read(guesser).status, read(guesser).code) == (403, "SignatureDoesNotMatch")
    assert send(secret.server, "GET", "/s3/default/secret.csv", {"Host": "x"}).code == "AccessDenied"
    for header in (f"Bearer {secret.carl.key}", secret.carl.key, f"S3-Key {secret.carl.key}", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256"):
        answer = send(secret.server, "GET", "/s3/default/secret.csv", {"Host": "x", "Authorization": header})
        assert answer.status in (400, 403) and b"secret" != answer.body, (header, answer)
    # A token is a credential here as everywhere.
    assert send(secret.server, "GET", "/s3/default/secret.csv", {"Host": "x", "Authorization": f"Bearer {secret.rex.token}"}).body == b"secret"


def test_a_workspace_that_is_hidden_answers_as_one_that_is_not_there(office):
    ask = lambda bucket: send(office.server, *signed(office.walt, "GET", f"/s3/{bucket}/x"))
    assert (ask("default").status, ask("default").code) == (ask("nowhere").status, ask("nowhere").code) == (403, "AccessDenied")
    assert ask("west").code == "NoSuchKey"
    listed = send(office.server, *signed(office.walt, "GET", "/s3/"))
    assert b"<Name>west</Name>" in listed.body and b"<Name>default</Name>" not in listed.body
    assert send(office.server, *signed(office.boss, "GET", "/s3/nowhere/x")).code == "NoSuchBucket"
    for method in ("PUT", "DELETE"):
        assert send(office.server, *signed(office.carl, method, "/s3/new-bucket")).code == "AccessDenied"


def test_a_copy_needs_a_role_at_the_source(secret):
    copy = lambda person, source, to: send(secret.server, *signed(person, "PUT", to, headers={"x-amz-copy-source": source}))
    assert copy(secret.walt, "/default/secret.csv", "/s3/west/stolen").code == "AccessDenied"
    assert copy(secret.walt, "/nowhere/secret.csv", "/s3/west/stolen").code == "AccessDenied"
    for source in ("/west/../default/secret.csv", "/west/%2e%2e/default/secret.csv", "/west/..%2fdefault/secret.csv"):
        assert copy(secret.walt, source, "/s3/west/stolen").status in (400, 403, 404)
    assert copy(secret.carl, "/default/secret.csv", "/s3/west/planted").code == "AccessDenied"
    assert send(secret.server, *signed(secret.walt, "GET", "/s3/west/stolen")).code == "NoSuchKey"
    begun = send(secret.server, *signed(secret.walt, "POST", "/s3/west/p", query="uploads"))
    upload = re.search(rb"<UploadId>(\w+)<", begun.body).group(1).decode()
    part = send(secret.server, *signed(secret.walt, "PUT", "/s3/west/p", query=f"partNumber=1&uploadId={upload}", headers={"x-amz-copy-source": "/default/secret.csv"}))
    assert part.code == "AccessDenied", part


def test_grants_by_name_follow_the_experiment(office):
    """nina writes into experiments nina-*, in runs of her own; others' she does not even see."""
    def experiment(name):
        made = office.root("POST", "/api/2.0/mlflow/experiments/create", {"name": name})["experiment_id"]
        run = office.root("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": made, "start_time": 1})["run"]["info"]
        return made, run["artifact_uri"].split(":/", 1)[1].lstrip("/")
    mine, folder = experiment("nina-loans")
    other, hidden = experiment("payroll")
    nina, carl = office.nina.s3(), office.carl.s3()
    nina.put_object(Bucket="default", Key=f"{folder}/model/MLmodel", Body=b"m")
    carl.put_object(Bucket="default", Key=f"{hidden}/salaries.csv", Body=b"s")
    assert nina.get_object(Bucket="default", Key=f"{folder}/model/MLmodel")["Body"].read() == b"m"
    for call in (lambda: nina.get_object(Bucket="default", Key=f"{hidden}/salaries.csv"), lambda: nina.put_object(Bucket="default", Key=f"{hidden}/x", Body=b""),
                 lambda: nina.delete_object(Bucket="default", Key=f"{hidden}/salaries.csv"), lambda: nina.put_object(Bucket="default", Key="loose", Body=b""),
                 lambda: nina.create_multipart_upload(Bucket="default", Key=f"{hidden}/x"),
                 lambda: nina.copy_object(Bucket="default", Key=f"{folder}/stolen", CopySource=f"default/{hidden}/salaries.csv"),
                 lambda: nina.copy_object(Bucket="default", Key=f"{folder}/stolen", CopySource=f"default/{hidden}/no-such-file")):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
    seen = [item["Key"] for page in nina.get_paginator("list_objects_v2").paginate(Bucket="default", PaginationConfig={"PageSize": 1}) for item in page.get("Contents", [])]
    assert seen == [f"{folder}/model/MLmodel"]
    assert [one["Prefix"] for one in nina.list_objects_v2(Bucket="default", Delimiter="/").get("CommonPrefixes", [])] == [f"{mine}/"]
    carl.create_multipart_upload(Bucket="default", Key=f"{hidden}/upload")
    assert "Uploads" not in nina.list_multipart_uploads(Bucket="default")
    gone = nina.delete_objects(Bucket="default", Delete={"Objects": [{"Key": f"{hidden}/salaries.csv"}, {"Key": f"{folder}/model/MLmodel"}]})
    assert [one["Key"] for one in gone["Deleted"]] == [f"{folder}/model/MLmodel"] and gone["Errors"][0]["Code"] == "AccessDenied"
    assert carl.get_object(Bucket="default", Key=f"{hidden}/salaries.csv")["Body"].read() == b"s"


def test_a_revoked_or_expired_token_has_no_key(office):
    person = office.person("temp", {"role": "reader"})
    assert send(office.server, *signed(person, "GET", "/s3/")).status == 200
    office.root("DELETE", "/api/v1/tokens/temp")
    assert send(office.server, *signed(person, "GET", "/s3/")).code == "InvalidAccessKeyId"


def test_the_secret_is_not_in_the_database_and_shown_once(office):
    listed = office.root("GET", "/api/v1/tokens")["items"]
    assert {one["access_key_id"] for one in listed} >= {office.carl.key} and "secret" not in str(listed)
    stored = b"".join(path.read_bytes() for path in __import__("pathlib").Path(office.server.data).glob("regesta.db*"))
    assert office.carl.key.encode() in stored and office.carl.secret.encode() not in stored
    plain = office.root("POST", "/api/v1/tokens", {"name": "plain", "grants": [{"role": "reader"}]})
    assert "access_key_id" not in plain or plain["access_key_id"] is None


@pytest.mark.parametrize("change", ["path", "query", "method", "header", "body", "date", "host"])
def test_a_replay_with_anything_changed_is_refused(secret, change):
    method, target, headers, body = signed(secret.carl, "PUT", "/s3/default/replayed", b"body", {"x-amz-meta-k": "v"})
    assert send(secret.server, method, target, headers, body).status == 200
    if change == "path":
        target = "/s3/default/secret.csv"
    elif change == "query":
        target += "?partNumber=1&uploadId=x"
    elif change == "method":
        method, body = "DELETE", b""
        del headers["Content-Length"]
    elif change == "header":
        headers["x-amz-meta-k"] = "w"
    elif change == "body":
        body = b"BODY"
    elif change == "date":
        headers["X-Amz-Date"] = headers["X-Amz-Date"][:-2] + ("1Z" if headers["X-Amz-Date"][-2] != "1" else "2Z")
    elif change == "host":
        headers["Host"] = "localhost"
    answer = send(secret.server, method, target, headers, body)
    assert answer.code == ("XAmzContentSHA256Mismatch" if change == "body" else "SignatureDoesNotMatch"), answer
    kept = secret.carl.s3()
    assert kept.get_object(Bucket="default", Key="replayed")["Body"].read() == b"body"
    assert kept.get_object(Bucket="default", Key="secret.csv")["Body"].read() == b"secret"


def test_headers_that_were_not_signed(secret):
    method, target, headers, body = signed(secret.carl, "PUT", "/s3/default/smuggled", b"body")
    for name, value in (("x-amz-copy-source", "/default/secret.csv"), ("x-amz-meta-x", "y"), ("x-amz-acl", "private"), ("Content-MD5", "A" * 22 + "==")):
        answer = send(secret.server, method, target, headers | {name: value}, body)
        assert answer.code == "AccessDenied" and b"was not signed" in answer.body, answer
    for name in ("X-Amz-Date", "X-Amz-Content-SHA256", "Authorization", "Host"):
        answer = send(secret.server, method, target, [*headers.items(), (name.lower(), headers[name])], body)
        assert answer.status == 400, answer
    url, sent = presigned(secret.carl, "GET", "/s3/default/secret.csv")
    assert send(secret.server, "GET", url, sent | {"x-amz-checksum-mode": "ENABLED"}).code == "AccessDenied"


def test_clock_skew(secret):
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    for minutes, code in ((-14, ""), (14, ""), (-16, "RequestTimeTooSkewed"), (16, "RequestTimeTooSkewed")):
        answer = send(secret.server, *signed(secret.carl, "GET", "/s3/default/secret.csv", when=now + datetime.timedelta(minutes=minutes)))
        assert answer.code == code, (minutes, answer)


def test_presigned_requests(secret):
    url, headers = presigned(secret.carl, "GET", "/s3/default/secret.csv", query="response-content-type=text%2Fplain")
    got = send(secret.server, "GET", url, headers)
    assert got.body == b"secret" and got.headers["Content-Type"] == "text/plain" and "sandbox" in got.headers["Content-Security-Policy"]
    for changed in (url.replace("secret.csv", "other"), url.replace("text%2Fplain", "text%2Fhtml"), url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
                    url + "&uploads", url.replace("X-Amz-Date=2", "X-Amz-Date=3")):
        assert send(secret.server, "GET", changed, headers).status in (400, 403), changed
    assert send(secret.server, "DELETE", url, headers).code == "SignatureDoesNotMatch"
    assert send(secret.server, "GET", url + "&X-Amz-Expires=60", headers).code == "InvalidArgument"
    assert send(secret.server, "GET", url, headers | {"Authorization": f"Bearer {secret.carl.token}"}).code == "InvalidArgument"
    short, _ = presigned(secret.carl, "GET", "/s3/default/secret.csv", seconds=1)
    deadline = time.time() + 20
    while send(secret.server, "GET", short, headers).status == 200 and time.time() < deadline:
        time.sleep(0.2)
    late = send(secret.server, "GET", short, headers)
    assert late.code == "AccessDenied" and b"expired" in late.body
    long, _ = presigned(secret.carl, "GET", "/s3/default/secret.csv", seconds=8 * 24 * 3600)
    assert send(secret.server, "GET", long, headers).status == 400
    put, _ = presigned(secret.carl, "PUT", "/s3/default/by-link")
    assert send(secret.server, "PUT", put, headers | {"Content-Length": "4", "Content-Type": "text/plain"}, b"sent").status == 200
    assert secret.carl.s3().get_object(Bucket="default", Key="by-link")["Body"].read() == b"sent"
    boto = secret.carl.s3(signature_version="s3v4").generate_presigned_url("get_object", {"Bucket": "default", "Key": "by-link"})
    assert send(secret.server, "GET", boto.split(str(secret.server.port), 1)[1], headers).body == b"sent"


def chunked(person, target, content, trailers=(), declared=None, spoil=None, payload=None, signs=True, trailer=None):
    """A body in aws-chunked, with chunk signatures when `signs`; `spoil(chunk text)` changes the body on its way."""
    payload = payload or ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD" if signs else "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    headers = {"Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": str(len(content) if declared is None else declared)}
    if trailer:
        headers["x-amz-trailer"] = trailer
    method, target, sent, _ = signed(person, "PUT", target, headers=headers, payload=payload)
    date, scope = sent["X-Amz-Date"], f"{sent['X-Amz-Date'][:8]}/us-east-1/s3/aws4_request"
    key = ("AWS4" + person.secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    previous, body = sent["Authorization"].rsplit("Signature=", 1)[1], b""
    for piece in [content[i:i + 65536] for i in range(0, len(content), 65536)] + [b""]:
        text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", date, scope, previous, hashlib.sha256(b"").hexdigest(), hashlib.sha256(piece).hexdigest()])
        previous = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        body += f"{len(piece):x}".encode() + (f";chunk-signature={previous}".encode() if signs else b"") + b"\r\n" + (piece + b"\r\n" if piece else b"")
    lines = "".join(f"{name}:{value}\n" for name, value in trailers)
    body += lines.replace("\n", "\r\n").encode()
    if signs and trailers:
        text = "\n".join(["AWS4-HMAC-SHA256-TRAILER", date, scope, previous, hashlib.sha256(lines.encode()).hexdigest()])
        body += f"x-amz-trailer-signature:{hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}\r\n".encode()
    body += b"\r\n"
    if spoil:
        body = spoil(body)
    return send(person.server, method, target, sent | {"Content-Length": str(len(body))}, body)


def test_streamed_bodies(office):
    content = os.urandom(200_000)
    crc = base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()
    named = ("x-amz-checksum-crc32", crc)
    put = lambda **more: chunked(office.carl, "/s3/default/streamed", content, **more)
    kept = lambda: office.carl.s3().get_object(Bucket="default", Key="streamed")["Body"].read()
    assert put().status == 200 and kept() == content
    assert put(signs=False, trailers=[named], trailer=named[0]).status == 200 and kept() == content
    assert put(payload="STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", trailers=[named], trailer=named[0]).status == 200
    flip = lambda body: body[:100_000] + bytes([body[100_000] ^ 1]) + body[100_001:]
    other = ("x-amz-checksum-crc32", "AAAAAA==")
    for answer, code in ((put(spoil=flip), "SignatureDoesNotMatch"),
                         (put(spoil=lambda body: body.replace(b"chunk-signature=", b"chunk-signature=0")), "SignatureDoesNotMatch"),
                         (put(payload="STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", trailers=[named], trailer=named[0],
                              spoil=lambda body: body.replace(crc.encode(), b"AAAAAA==")), "SignatureDoesNotMatch"),
                         (put(signs=False, trailers=[named], trailer=named[0], spoil=flip), "BadDigest"),
                         (put(signs=False, trailers=[other], trailer=named[0]), "BadDigest"),
                         (put(signs=False, trailers=[], trailer=named[0]), "MalformedTrailerError"),
                         (put(signs=False, trailers=[named]), "MalformedTrailerError"),
                         (put(declared=len(content) + 1), "IncompleteBody"), (put(declared=5), "IncompleteBody"),
                         (put(spoil=lambda body: body[:-90]), "IncompleteBody"), (put(spoil=lambda body: b"not chunked\r\n"), "InvalidRequest"),
                         (put(payload="STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"), "InvalidArgument")):
        assert answer.code == code and answer.status < 500, (code, answer)
    assert kept() == content


@pytest.mark.parametrize("path", ["/s3/default/../west/x", "/s3/default/%2e%2e/west/x", "/s3/default/a/%2e%2e%2f%2e%2e/west", "/s3/%2e%2e/default/x",
                                  "/s3/default/a%00b", "/s3/default/%ff", "/s3/default/%zz", "/s3/default/..%2f..%2fetc/passwd"])
def test_paths_that_lead_elsewhere(secret, path):
    for method in ("GET", "PUT", "DELETE", "POST"):
        headers = {"Host": "x", "Authorization": f"Bearer {secret.boss.token}"}
        answer = send(secret.server, method, path, headers | ({"Content-Length": "1"} if method == "PUT" else {}), b"x" if method == "PUT" else b"")
        assert 400 <= answer.status < 500, (method, answer)
        assert b"<Code>" in answer.body or method == "HEAD"


def test_double_slashes(secret):
    for path in ("/s3//default/secret.csv", "/s3/default//secret.csv", "/s3/default/secret.csv/"):
        answer = send(secret.server, *signed(secret.carl, "GET", path))
        assert answer.status in (400, 403, 404), (path, answer)
    assert send(secret.server, *signed(secret.carl, "GET", "//s3/default/secret.csv")).body in (b"secret",)  # signed as it was sent


def test_odd_queries(secret):
    headers = {"Host": "x", "Authorization": f"Bearer {secret.carl.token}"}
    for query, code in (("prefix=a&prefix=b", "InvalidArgument"), ("max-keys=-1", "InvalidArgument"), ("max-keys=x", "InvalidArgument"),
                        ("encoding-type=xml", "InvalidArgument"), ("list-type=3", "InvalidArgument"), ("prefix=%zz", "InvalidURI"),
                        ("acl", "NotImplemented"), ("prefix=%ff", "InvalidArgument"), ("list-type=2&continuation-token=", "InvalidArgument")):
        answer = send(secret.server, "GET", f"/s3/default?{query}", headers)
        assert answer.code == code, (query, answer)
    assert send(secret.server, "GET", "/s3/default?max-keys=99999999", headers).status == 200


def test_hostile_documents(secret):
    post = lambda body, query="delete": send(secret.server, *signed(secret.carl, "POST", "/s3/default", body, query=query))
    for body in (b"", b"<Delete>", b"<a/>", b"<Delete/>", b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><Delete><Object><Key>&y;</Key></Object></Delete>",
                 b"<a>" * 100_000, b"<Delete><Object><Key/></Object></Delete>"):
        assert post(body).code == "MalformedXML", body[:50]
    assert post(b"x" * 9 * MIB).status in (400, 413)
    assert post(b"", query="").code == "NotImplemented"


def test_a_refused_upload_is_refused_before_its_body(secret):
    method, target, headers, _ = signed(secret.rex, "PUT", "/s3/default/big", payload="UNSIGNED-PAYLOAD")
    connection = http.client.HTTPConnection("127.0.0.1", secret.server.port, timeout=20)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in (headers | {"Content-Length": str(100 * 2**30)}).items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = Answer(connection.getresponse())
    assert answer.code == "AccessDenied", answer


def test_a_stored_page_runs_nowhere(secret):
    secret.carl.s3().put_object(Bucket="default", Key="x.html", Body=b"<script>alert(1)</script>", ContentType="text/html")
    got = send(secret.server, *signed(secret.carl, "GET", "/s3/default/x.html"))
    assert got.headers["Content-Security-Policy"].startswith("sandbox") and got.headers["X-Content-Type-Options"] == "nosniff"
