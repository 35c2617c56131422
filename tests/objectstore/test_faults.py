"""What goes wrong between a server and its bucket: throttling, cuts, outages, wrong keys, other buckets."""
import concurrent.futures
import pathlib
import random
import re
import sqlite3
import urllib.error

import pytest

from conftest import ACCESS
from stores import BUCKET, refusal, s3_client, some

SLOW_DOWN = refusal(503, "SlowDown", "Please reduce your request rate.")


def noise(size, seed):
    return random.Random(seed).randbytes(size)


def on_packs(wanted):
    return lambda method, path: method == wanted and "/packs/" in path


@pytest.mark.parametrize("fault", [SLOW_DOWN, refusal(500, "InternalError"), "hang up", "lose", ("cut", 10)],
                         ids=["SlowDown", "InternalError", "hang up", "lost answer", "cut answer"])
def test_an_upload_survives(nodes, proxy, store, fault):
    node = nodes(proxy.url)
    proxy.fault = some(3, fault, on_packs("PUT"))
    content = noise(800_000, 1)
    digest = node.upload(content)
    assert sum(on_packs("PUT")(*request) for request in proxy.requests) == (4 if fault != ("cut", 10) else 1)
    assert node.download(digest) == content
    assert node.command("blob", "reindex")[1]["new_packs"] == 0
    assert len(store.packs(node.prefix)) == 1


@pytest.mark.parametrize("fault", [SLOW_DOWN, "hang up", ("cut", 0), ("cut", 200_000)],
                         ids=["SlowDown", "hang up", "no body", "in mid-stream"])
def test_a_download_survives(nodes, proxy, fault):
    node = nodes(proxy.url)
    content = noise(3_000_000, 2)
    digest = node.upload(content)
    node.restart()
    proxy.fault = some(3, fault, on_packs("GET"))
    assert node.download(digest) == content


def test_an_outage_is_an_error_and_ends_by_itself(nodes, proxy):
    node = nodes(proxy.url, blobs_retry_seconds=2)
    kept = noise(100_000, 3)
    digest = node.upload(kept)
    node.restart()
    proxy.fault = lambda method, path: "hang up"
    content = noise(500_000, 4)
    with pytest.raises(urllib.error.HTTPError) as refused:
        node.upload(content)
    assert refused.value.code == 503
    # It has no connection with the content store, so it works.
    node.call("POST", "/api/v1/assets", {"kind": "model", "name": "during-the-outage"})
    # Callers do not queue up at an object store that is known to fail.
    proxy.requests.clear()
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        codes = list(pool.map(lambda n: status_of(lambda: node.upload(noise(600_000, 100 + n))), range(30)))
    assert set(codes) == {503}
    assert len(proxy.requests) < 30
    status, ready = node.ready()
    assert status == 200 and "object store" in ready["blobs"]
    assert "Empty reply from server" in node.log() or "Connection reset" in node.log()
    proxy.fault = lambda method, path: None
    assert node.upload(content)
    assert node.download(digest) == kept
    assert "blobs" not in node.ready()[1]
    assert node.command("blob", "scrub")[0] == 0, "content was marked as damaged because of an outage"


def status_of(call):
    try:
        call()
        return 200
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.mark.parametrize(("answer", "words"), [
    (refusal(404, "NoSuchBucket"), "create it"),
    (refusal(403, "SignatureDoesNotMatch"), "AWS_SECRET_ACCESS_KEY"),
    (refusal(403, "InvalidAccessKeyId"), "AWS_ACCESS_KEY_ID"),
    (refusal(400, "ExpiredToken"), "AWS_SESSION_TOKEN"),
    (refusal(403, "RequestTimeTooSkewed", headers="Date: Tue, 01 Dec 2020 00:00:00 GMT\r\n"), "synchronize"),
    (refusal(403, "AccessDenied"), "access is denied"),
    (refusal(301, "PermanentRedirect", headers="x-amz-bucket-region: eu-west-3\r\n"), "eu-west-3"),
    (refusal(503, "SlowDown"), "try again later"),
    ("hang up", "cannot be reached"),
])
def test_start_up_says_what_is_wrong(nodes, proxy, answer, words):
    proxy.fault = lambda method, path: answer
    with pytest.raises(RuntimeError) as failed:
        nodes(proxy.url, blobs_retry_seconds=1)
    message = str(failed.value)
    assert words in message and f"s3://{BUCKET}/test-" in message
    assert ACCESS not in message.replace("AWS_", "")


@pytest.mark.parametrize(("environment", "words"), [
    ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "the credentials are not accepted"),
    ({"AWS_ACCESS_KEY_ID": "nobody"}, "the credentials are not accepted"),
    ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY"),
], ids=["wrong secret", "unknown key", "no secret"])
def test_wrong_credentials_are_named(nodes, store, environment, words):
    with pytest.raises(RuntimeError) as failed:
        nodes(store.url, environment=environment)
    assert words in str(failed.value)


def test_a_bucket_that_vanishes_is_no_damage(nodes, proxy):
    """404 for the bucket, the user or by something between says nothing about content."""
    node = nodes(proxy.url)
    content = noise(400_000, 5)
    digest = node.upload(content)
    node.restart()
    for answer in (refusal(404, "NoSuchBucket"), refusal(404, "NoSuchUser"), refusal(404, "Whatever")):
        proxy.fault = lambda method, path, answer=answer: answer
        assert status_of(lambda: node.download(digest)) >= 500
    proxy.fault = lambda method, path: None
    assert node.download(digest) == content
    with sqlite3.connect(pathlib.Path(node.data) / "regesta.db") as database:
        assert database.execute("SELECT count(*) FROM blob_pack WHERE damaged_at <> 0").fetchone() == (0,)


def test_an_object_that_is_gone_is_damage(nodes, store):
    node = nodes(store.url)
    content = noise(400_000, 6)
    digest = node.upload(content)
    pack = store.packs(node.prefix)[0]
    s3_client(store.url).delete_object(Bucket=BUCKET, Key=f"{node.prefix}/packs/{pack.parent.name}/{pack.name}")
    node.stop()
    node.start()
    code, report, _ = node.command("blob", "scrub")
    assert code == 5 and report["damaged"][0]["blobs"][0]["digest"] == digest
    assert node.upload(content) == digest
    assert node.download(digest) == content


def test_another_bucket_under_the_same_database_is_noticed(nodes, store):
    node = nodes(store.url)
    digest = node.upload(noise(100_000, 7))
    assert node.ready()[0] == 200
    node.stop()
    other = nodes(store.url, prefix=node.prefix + "-other", data=node.data)
    status, ready = other.ready()
    assert status == 503 and ready["status"] == "not ready" and "elsewhere" in ready["blobs"]
    assert status_of(lambda: other.download(digest)) >= 400
    assert re.search(r"stored in the content store [0-9a-f]{32} and not in s3://", other.log())
    other.stop()
    again = nodes(store.url, prefix=node.prefix, data=node.data)
    assert again.ready()[0] == 200
    assert len(again.download(digest)) == 100_000


def test_the_settings_are_checked(nodes, store):
    for settings, words in (({"blobs": "ftp://x"}, "ftp:// is not supported"), ({"blobs": "s3://key:secret@b"}, "credentials"),
                            ({"blobs": "s3://b/../c"}, "prefix"), ({"blobs_retry_seconds": 9999}, "0 to 300")):
        with pytest.raises(RuntimeError) as failed:
            nodes(store.url, **settings)
        assert words in str(failed.value)
