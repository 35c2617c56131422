"""Addresses that stand for credentials open one thing, for a while, to whom could open it anyway."""

import urllib.parse

import pytest

PROXY = "/api/2.0/mlflow-artifacts"
WEST = {"X-MLFLOW-WORKSPACE": "west"}


def place(url):
    parts = urllib.parse.urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.fixture
def office(house):
    """An experiment of nina's with a file, and one that she cannot see."""
    house.home = house.nina.ok("POST", "/api/2.0/mlflow/experiments/create", {"name": "nina-loans"})["experiment_id"]
    house.other = house.carl.ok("POST", "/api/2.0/mlflow/experiments/create", {"name": "loans"})["experiment_id"]
    house.carl.ok("PUT", f"{PROXY}/artifacts/{house.other}/x/secret.csv", raw=b"secret")
    house.nina.ok("PUT", f"{PROXY}/artifacts/{house.home}/x/mine.csv", raw=b"mine")
    return house


def begin(caller, home, headers=None, file="model.bin"):
    return caller.call("POST", f"{PROXY}/mpu/create/{home}/x", {"path": file, "num_parts": 2}, headers=headers)


def end(caller, verb, home, upload, parts=(), headers=None):
    body = {"path": "model.bin", "upload_id": upload, "parts": list(parts)}
    return caller.call("POST", f"{PROXY}/mpu/{verb}/{home}/x", body, headers=headers)


def test_an_upload_belongs_to_who_began_it(office):
    """carl may write where nina may, but neither completes nor aborts her upload, and rex may not write at all."""
    started = begin(office.nina, office.home).json
    upload, address = started["upload_id"], place(started["credentials"][0]["url"])
    for caller in (office.carl, office.root):
        for verb in ("complete", "abort"):
            assert end(caller, verb, office.home, upload).status == 404
    assert end(office.rex, "abort", office.home, upload).status == 403
    assert end(office.walt, "abort", office.home, upload, headers=WEST).status in (403, 404)
    assert begin(office.nina, office.other).status == 403
    assert begin(office.rex, office.home).status == 403
    # The address needs no credentials, and wrong ones do not matter.
    answer = office.anonymous.call("PUT", address, raw=b"one")
    assert answer.status == 200, answer
    done = end(office.nina, "complete", office.home, upload, [{"part_number": 1, "etag": answer.headers["ETag"]}])
    assert done.status == 200, done
    assert office.nina.get(f"{PROXY}/artifacts/{office.home}/x/model.bin").body == b"one"


def test_an_address_of_parts_ends_with_its_owners_role(office):
    address = place(begin(office.nina, office.home).json["credentials"][0]["url"])
    assert office.anonymous.call("PUT", address, raw=b"one").status == 200
    office.root.ok("PUT", "/api/v1/users/nina/grants", {"grants": [{"role": "reader", "name_pattern": "nina-*"}]})
    assert office.anonymous.call("PUT", address, raw=b"two").status == 403


def test_a_forged_address_opens_nothing(office):
    address = place(begin(office.nina, office.home).json["credentials"][0]["url"])
    file = place(office.nina.ok("GET", f"{PROXY}/presigned/{office.home}/x/mine.csv")["url"])
    assert office.anonymous.get(file).body == b"mine"
    grant, other = address.split("grant=")[1], file.split("grant=")[1]
    for forged in (grant[:-1] + ("0" if grant[-1] != "0" else "1"), "", "x.y", other, grant.split(".")[0] + "." + other.split(".")[1]):
        answer = office.anonymous.call("PUT", f"{PROXY}/mpu/part/1?grant={urllib.parse.quote(forged)}", raw=b"x")
        assert answer.status == 403, (forged, answer)
    # Signed for one file: no other, not even one that nina may read, and not as part of an upload.
    for path in (f"{office.home}/x/other.csv", f"{office.other}/x/secret.csv"):
        answer = office.anonymous.get(f"{PROXY}/signed/{path}?grant={other}")
        assert answer.status == 403 and b"secret" not in answer.body, answer
    assert office.nina.get(f"{PROXY}/presigned/{office.other}/x/secret.csv").status == 403
    assert office.anonymous.get(f"{PROXY}/signed/{office.home}/x/mine.csv?grant={grant}").status == 403
    office.root.ok("PUT", "/api/v1/users/nina/grants", {"grants": [{"role": "reader", "name_pattern": "other-*"}]})
    assert office.anonymous.get(file).status == 403


def test_an_address_of_a_versions_file_is_of_that_version(office):
    """`dvc artifacts get` with the stage production gets its files, and no key to the next version."""
    office.nina.ok("POST", "/api/v1/assets", {"kind": "dataset", "name": "nina-loans"})
    for content in (b"first", b"second"):
        digest = office.nina.ok("PUT", "/api/v1/blobs", raw=content)["digest"]
        office.nina.ok("POST", "/api/v1/assets/dataset/nina-loans/versions", {"files": [{"path": "a b.csv", "digest": digest}]})
    office.nina.ok("PUT", "/api/v1/assets/dataset/nina-loans/aliases/production", {"version": 1})
    ask = "/api/model-registry/get-download-uris?repo=x&name=nina-loans"
    (path, url), = office.nina.ok("GET", f"{ask}&stage=production").items()
    assert path == "a b.csv" and office.anonymous.get(place(url)).body == b"first"
    assert office.anonymous.get(place(url).replace("/1/a", "/2/a")).status == 403
    assert office.anonymous.get(place(url).replace("a%20b", "none")).status == 404
    (_, second), = office.nina.ok("GET", ask).items()
    assert office.anonymous.get(place(second)).body == b"second"
    assert office.nina.get(f"{ask}&version=2&stage=production").status == 400
    assert office.nina.get(f"{ask}&stage=none").status == 404
    hidden, absent = (office.nina.get(f"/api/model-registry/get-download-uris?repo=x&name={name}") for name in ("loans", "ghost"))
    assert hidden.status == absent.status == 403
    assert office.anonymous.get(ask).status == 401 and office.walt.get(f"/dvc/default{ask}").status == 403
    office.root.ok("PUT", "/api/v1/users/nina/grants", {"grants": [{"role": "reader", "name_pattern": "other-*"}]})
    assert office.anonymous.get(place(url)).status == 403


def test_parts_count_against_the_quota_until_they_are_aborted(tmp_path):
    from conftest import House
    from regesta_server import Server

    server = Server(tmp_path / "data", environment={"REGESTA_QUOTA_WORKSPACE_BYTES": "3000"}).start()
    house = House(server)
    home = house.carl.ok("POST", "/api/2.0/mlflow/experiments/create", {"name": "loans"})["experiment_id"]
    started = begin(house.carl, home).json
    first, second = (place(one["url"]) for one in started["credentials"])
    assert house.anonymous.call("PUT", first, raw=b"a" * 2000).status == 200
    refused = house.anonymous.call("PUT", second, raw=b"b" * 2000)
    assert refused.status == 413 and "quota.workspace-bytes" in refused.text, refused
    assert end(house.carl, "abort", home, started["upload_id"]).status == 200
    again = place(begin(house.carl, home).json["credentials"][0]["url"])
    assert house.anonymous.call("PUT", again, raw=b"b" * 2000).status == 200
    assert server.stop() == 0
