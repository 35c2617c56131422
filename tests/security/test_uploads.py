"""Uploads under way and locks: what one person began, nobody else continues, and nobody uses up what all share."""

import sqlite3

import pytest

KEY = "/s3/default/model.bin"


def begin(who, key=KEY):
    answer = who.post(f"{key}?uploads")
    assert answer.status == 200, answer
    return answer.text.split("<UploadId>")[1].split("<")[0]


@pytest.fixture
def parts(house):
    """An upload of carl's with one part: its id and the ETag of the part."""
    upload = begin(house.carl)
    return upload, house.carl.call("PUT", f"{KEY}?uploadId={upload}&partNumber=1", raw=b"carl's").headers["ETag"]


def complete(who, upload, etag):
    document = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    return who.call("POST", f"{KEY}?uploadId={upload}", raw=document.encode())


def test_an_upload_under_way_belongs_to_who_began_it(house, parts):
    """dora may write there as well. She neither sees what carl has sent so far, nor adds to it, ends it or passes it off as hers."""
    upload, etag = parts
    for who in (house.dora, house.root):
        for answer in (who.get(f"{KEY}?uploadId={upload}"), who.call("PUT", f"{KEY}?uploadId={upload}&partNumber=2", raw=b"another's"),
                       who.call("PUT", f"{KEY}?uploadId={upload}&partNumber=1", raw=b"another's"), complete(who, upload, etag)):
            assert answer.status == 404 and "NoSuchUpload" in answer.text, answer
    assert house.dora.call("DELETE", f"{KEY}?uploadId={upload}").status == 404
    assert house.nina.call("DELETE", f"{KEY}?uploadId={upload}").status == 403
    assert complete(house.carl, upload, etag).status == 200
    assert house.dora.get(KEY).body == b"carl's"
    assert complete(house.dora, upload, etag).status == 404  # nor that it is repeated


def test_an_administrator_clears_away_what_others_left(house, parts):
    upload, etag = parts
    assert house.root.call("DELETE", f"{KEY}?uploadId={upload}").status == 204
    assert complete(house.carl, upload, etag).status == 404


def test_one_person_leaves_uploads_for_others(house):
    for _ in range(1000):
        last = begin(house.carl)
    refused = house.carl.post(f"{KEY}?uploads")
    assert refused.status in (400, 413) and "user:carl has 1000 uploads under way" in refused.text, refused
    begin(house.dora)
    assert house.carl.call("DELETE", f"{KEY}?uploadId={last}").status == 204
    # A completed one is not under way.
    upload = begin(house.carl)
    etag = house.carl.call("PUT", f"{KEY}?uploadId={upload}&partNumber=1", raw=b"x").headers["ETag"]
    assert complete(house.carl, upload, etag).status == 200
    begin(house.carl)


def test_one_person_leaves_locks_for_others(house):
    with sqlite3.connect(f"{house.server.data}/regesta.db", timeout=60) as database:
        database.executemany("INSERT INTO path_lock (workspace, path, owner, locked_at) VALUES ('default', ?, 'user:carl', 1)",
                             ((f"many/{number}",) for number in range(10_000)))
    database.close()
    refused = house.carl.post("/lfs/default/locks", {"path": "one more"})
    assert refused.status in (400, 413) and "user:carl has 10000 locks" in refused.text, refused
    assert house.dora.post("/lfs/default/locks", {"path": "one more"}).status == 201
