"""What S3's operations do, as boto3 asks for them. A server without users: nobody is refused for who they are."""

import base64
import concurrent.futures
import datetime
import hashlib
import os
import threading
import urllib.request
import zlib

import pytest
from botocore.exceptions import ClientError

from conftest import MIB


@pytest.fixture(scope="module")
def s3(anybody):
    return anybody.s3()


def refused(code, status=None):
    """The `with` block ends with this S3 error."""
    class Refused:
        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            assert isinstance(error, ClientError), f"{code} expected, got {error!r}"
            self.message = error.response["Error"].get("Message", "")
            got = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            assert got[0] == code and status in (None, got[1]), got
            return True
    return Refused()


def test_an_object_comes_back_with_what_was_stored(s3):
    put = s3.put_object(Bucket="default", Key="o/full.csv", Body=b"a,b\n", ContentType="text/csv; charset=latin1", Metadata={"team": "risk", "ort": "x y"},
                        CacheControl="max-age=60", ContentDisposition='attachment; filename="x.csv"', ContentEncoding="identity", ContentLanguage="de")
    assert put["ETag"] == f'"{hashlib.md5(b"a,b" + bytes([10])).hexdigest()}"'
    got = s3.get_object(Bucket="default", Key="o/full.csv")
    assert got["Body"].read() == b"a,b\n" and got["ETag"] == put["ETag"] and got["ContentLength"] == 4
    assert got["ContentType"] == "text/csv; charset=latin1" and got["Metadata"] == {"team": "risk", "ort": "x y"}
    assert got["CacheControl"] == "max-age=60" and got["ContentEncoding"] == "identity" and got["ContentLanguage"] == "de"
    assert got["ContentDisposition"] == 'attachment; filename="x.csv"'
    assert abs((datetime.datetime.now(datetime.UTC) - got["LastModified"]).total_seconds()) < 60
    head = s3.head_object(Bucket="default", Key="o/full.csv")
    assert head["ContentLength"] == 4 and head["Metadata"] == got["Metadata"]
    s3.put_object(Bucket="default", Key="o/plain", Body=b"")
    assert s3.get_object(Bucket="default", Key="o/plain")["ContentType"] == "binary/octet-stream"


def test_ranges_and_conditions(s3):
    etag = s3.put_object(Bucket="default", Key="o/range", Body=b"0123456789")["ETag"]
    part = s3.get_object(Bucket="default", Key="o/range", Range="bytes=2-4")
    assert part["Body"].read() == b"234" and part["ContentRange"] == "bytes 2-4/10"
    assert s3.get_object(Bucket="default", Key="o/range", Range="bytes=-3")["Body"].read() == b"789"
    with refused("InvalidRange", 416):
        s3.get_object(Bucket="default", Key="o/range", Range="bytes=10-")
    with refused("PreconditionFailed", 412):
        s3.get_object(Bucket="default", Key="o/range", IfMatch='"other"')
    with refused("304", 304):
        s3.get_object(Bucket="default", Key="o/range", IfNoneMatch=etag)
    future = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    with refused("304", 304):
        s3.get_object(Bucket="default", Key="o/range", IfModifiedSince=future)
    with refused("PreconditionFailed", 412):
        s3.get_object(Bucket="default", Key="o/range", IfUnmodifiedSince=future - datetime.timedelta(days=2))


def test_conditional_writes(s3):
    s3.put_object(Bucket="default", Key="o/once", Body=b"1", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket="default", Key="o/once", Body=b"2", IfNoneMatch="*")
    etag = s3.head_object(Bucket="default", Key="o/once")["ETag"]
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket="default", Key="o/once", Body=b"2", IfMatch='"0"')
    s3.put_object(Bucket="default", Key="o/once", Body=b"2", IfMatch=etag)
    with refused("PreconditionFailed", 412):
        s3.delete_object(Bucket="default", Key="o/once", IfMatch=etag)
    with refused("NoSuchKey", 404):
        s3.put_object(Bucket="default", Key="o/never", Body=b"2", IfMatch=etag)
    assert s3.get_object(Bucket="default", Key="o/once")["Body"].read() == b"2"


def test_of_racing_first_writers_one_wins(anybody):
    outcomes = []

    def write(i):
        try:
            anybody.s3().put_object(Bucket="default", Key="o/race", Body=str(i).encode() * 1000, IfNoneMatch="*")
            outcomes.append(i)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"

    threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(outcomes) == 1
    assert anybody.s3().get_object(Bucket="default", Key="o/race")["Body"].read() == str(outcomes[0]).encode() * 1000


def crc(content, polynomial, bits):
    """A reflected CRC, bit by bit: slow and plain."""
    value = mask = (1 << bits) - 1
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ polynomial if value & 1 else value >> 1
    return base64.b64encode((value ^ mask).to_bytes(bits // 8, "big")).decode()


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums_are_verified_kept_and_sent_back(s3, algorithm):
    content = os.urandom(30_000)
    more = {"ChecksumAlgorithm": algorithm}
    if algorithm in ("CRC32C", "CRC64NVME"):  # which botocore computes only with a library beside it
        more = {f"Checksum{algorithm}": crc(content, 0x82F63B78, 32) if algorithm == "CRC32C" else crc(content, 0x9A6C9329AC4BC9B5, 64)}
        with refused("BadDigest", 400):
            s3.put_object(Bucket="default", Key=f"o/{algorithm}", Body=content[1:], **more)
    put = s3.put_object(Bucket="default", Key=f"o/{algorithm}", Body=content, **more)
    got = s3.get_object(Bucket="default", Key=f"o/{algorithm}", ChecksumMode="ENABLED")
    assert got["Body"].read() == content and got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]
    assert f"Checksum{algorithm}" not in s3.get_object(Bucket="default", Key=f"o/{algorithm}", ChecksumMode="ENABLED", Range="bytes=0-9")


def test_wrong_checksums_store_nothing(s3):
    right = base64.b64encode(zlib.crc32(b"content").to_bytes(4, "big")).decode()
    s3.put_object(Bucket="default", Key="o/sum", Body=b"content", ChecksumCRC32=right)
    for more in ({"ChecksumCRC32": right}, {"ContentMD5": base64.b64encode(hashlib.md5(b"x").digest()).decode()},
                 {"ChecksumSHA256": base64.b64encode(hashlib.sha256(b"x").digest()).decode()}):
        with refused("BadDigest", 400):
            s3.put_object(Bucket="default", Key="o/wrong", Body=b"other", **more)
    with refused("InvalidDigest", 400):
        s3.put_object(Bucket="default", Key="o/wrong", Body=b"other", ContentMD5="x")
    with refused("404"):
        s3.head_object(Bucket="default", Key="o/wrong")


def test_listing(anybody, s3):
    keys = ["l/a", "l/b/1", "l/b/2", "l/b!", "l/c d+e&f/x", "l/ü/1", "l/z"]
    for key in keys:
        s3.put_object(Bucket="default", Key=key, Body=key.encode())
    listed = lambda **more: s3.list_objects_v2(Bucket="default", Prefix="l/", **more)
    assert [item["Key"] for item in listed()["Contents"]] == sorted(keys, key=str.encode)
    page = listed(Delimiter="/")
    assert [item["Key"] for item in page["Contents"]] == ["l/a", "l/b!", "l/z"] and page["KeyCount"] == 6
    assert [item["Prefix"] for item in page["CommonPrefixes"]] == ["l/b/", "l/c d+e&f/", "l/ü/"]
    # Page by page, keys and cut keys come once each and in order.
    seen, token = [], {}
    while True:
        page = listed(Delimiter="/", MaxKeys=1, **token)
        seen += [item["Key"] for item in page.get("Contents", [])] + [item["Prefix"] for item in page.get("CommonPrefixes", [])]
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert seen == ["l/a", "l/b!", "l/b/", "l/c d+e&f/", "l/z", "l/ü/"]
    assert [item["Key"] for item in listed(StartAfter="l/b/1")["Contents"]][0] == "l/b/2"
    assert listed(MaxKeys=0)["KeyCount"] == 0
    assert s3.list_objects_v2(Bucket="default", Prefix="l/b")["KeyCount"] == 3
    old = s3.list_objects(Bucket="default", Prefix="l/", Delimiter="/", MaxKeys=2)
    assert old["IsTruncated"] and [item["Key"] for item in old["Contents"]] == ["l/a", "l/b!"]
    assert [item["Prefix"] for item in s3.list_objects(Bucket="default", Prefix="l/", Delimiter="/", Marker=old["NextMarker"])["CommonPrefixes"]][0] == "l/b/"
    raw = urllib.request.urlopen(f"{anybody.endpoint}/default?list-type=2&prefix=l/c&encoding-type=url").read().decode()
    assert "<Key>l/c%20d%2Be%26f/x</Key>" in raw
    with refused("InvalidArgument", 400):
        listed(ContinuationToken="%%%")


def test_a_thousand_and_one_objects(s3):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda i: s3.put_object(Bucket="default", Key=f"many/{i:04}", Body=b""), range(1001)))
    found = [item["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="default", Prefix="many/") for item in page["Contents"]]
    assert found == [f"many/{i:04}" for i in range(1001)]
    gone = s3.delete_objects(Bucket="default", Delete={"Objects": [{"Key": key} for key in found[:1000]], "Quiet": False})
    assert len(gone["Deleted"]) == 1000 and "Errors" not in gone
    assert s3.list_objects_v2(Bucket="default", Prefix="many/")["KeyCount"] == 1
    with refused("MalformedXML", 400):
        s3.delete_objects(Bucket="default", Delete={"Objects": [{"Key": key} for key in found]})


def test_copies(s3):
    s3.put_object(Bucket="default", Key="c/a b+ü", Body=b"copy me", Metadata={"k": "v"}, ContentType="text/x")
    s3.copy_object(Bucket="default", Key="c/b", CopySource={"Bucket": "default", "Key": "c/a b+ü"})
    got = s3.get_object(Bucket="default", Key="c/b")
    assert got["Body"].read() == b"copy me" and got["Metadata"] == {"k": "v"} and got["ContentType"] == "text/x"
    with refused("InvalidRequest", 400):
        s3.copy_object(Bucket="default", Key="c/b", CopySource="default/c/b")
    s3.copy_object(Bucket="default", Key="c/b", CopySource="default/c/b", MetadataDirective="REPLACE", Metadata={"n": "2"})
    assert s3.head_object(Bucket="default", Key="c/b")["Metadata"] == {"n": "2"}
    with refused("NoSuchKey", 404):
        s3.copy_object(Bucket="default", Key="c/x", CopySource="default/c/none")
    with refused("PreconditionFailed", 412):
        s3.copy_object(Bucket="default", Key="c/x", CopySource="default/c/b", CopySourceIfMatch='"0"')


def test_multipart(s3):
    begun = s3.create_multipart_upload(Bucket="default", Key="m/file", ContentType="x/y", Metadata={"k": "v"})
    upload = begun["UploadId"]
    content = [os.urandom(5 * MIB), os.urandom(5 * MIB), b"the rest"]
    assert [one["Key"] for one in s3.list_multipart_uploads(Bucket="default", Prefix="m/")["Uploads"]] == ["m/file"]
    part = lambda number, body: s3.upload_part(Bucket="default", Key="m/file", UploadId=upload, PartNumber=number, Body=body)["ETag"]
    etags = {3: part(3, content[2]), 1: part(1, b"replaced"), 2: part(2, content[1])}
    etags[1] = part(1, content[0])
    listed = s3.list_parts(Bucket="default", Key="m/file", UploadId=upload)
    assert [(one["PartNumber"], one["Size"]) for one in listed["Parts"]] == [(1, 5 * MIB), (2, 5 * MIB), (3, 8)]
    assert s3.list_parts(Bucket="default", Key="m/file", UploadId=upload, MaxParts=2)["NextPartNumberMarker"] == 2
    complete = lambda *parts: s3.complete_multipart_upload(Bucket="default", Key="m/file", UploadId=upload, MultipartUpload={
        "Parts": [{"PartNumber": number, "ETag": etag} for number, etag in parts]})
    with refused("InvalidPart", 400):
        complete((1, '"00000000000000000000000000000000"'), (3, etags[3]))
    with refused("InvalidPart", 400):
        complete((1, etags[1]), (4, etags[3]))
    with refused("InvalidPartOrder", 400):
        complete((2, etags[2]), (1, etags[1]))
    with refused("404"):  # nothing is visible before
        s3.head_object(Bucket="default", Key="m/file")
    done = complete(*sorted(etags.items()))
    digests = b"".join(hashlib.md5(one).digest() for one in content)
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    assert complete(*sorted(etags.items()))["ETag"] == done["ETag"]  # the answer may have been lost
    got = s3.get_object(Bucket="default", Key="m/file")
    assert got["Body"].read() == b"".join(content) and got["ETag"] == done["ETag"]
    assert got["ContentType"] == "x/y" and got["Metadata"] == {"k": "v"}
    with refused("NoSuchUpload", 404):
        part(1, b"late")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="default", Prefix="m/")


def test_multipart_limits(s3):
    upload = s3.create_multipart_upload(Bucket="default", Key="m/small")["UploadId"]
    common = {"Bucket": "default", "Key": "m/small", "UploadId": upload}
    etags = [s3.upload_part(**common, PartNumber=number, Body=b"x" * 100)["ETag"] for number in (1, 2)]
    with refused("EntityTooSmall", 400):
        s3.complete_multipart_upload(**common, MultipartUpload={"Parts": [{"PartNumber": i + 1, "ETag": etags[i]} for i in range(2)]})
    for number in (0, 10_001):
        with refused("InvalidArgument", 400):
            s3.upload_part(**common, PartNumber=number, Body=b"x")
    with refused("NoSuchUpload", 404):
        s3.upload_part(**(common | {"Key": "m/other"}), PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(**common)
    for call in (s3.abort_multipart_upload, s3.list_parts):
        with refused("NoSuchUpload", 404):
            call(**common)


@pytest.mark.parametrize("kind, algorithm", [("COMPOSITE", "CRC32"), ("FULL_OBJECT", "CRC32"), ("COMPOSITE", "SHA256")])
def test_multipart_checksums(s3, kind, algorithm):
    content = [os.urandom(5 * MIB), b"end"]
    key = f"m/{kind}-{algorithm}"
    upload = s3.create_multipart_upload(Bucket="default", Key=key, ChecksumAlgorithm=algorithm, ChecksumType=kind)["UploadId"]
    parts = []
    for number, body in enumerate(content, 1):
        sent = s3.upload_part(Bucket="default", Key=key, UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm=algorithm)
        parts.append({"PartNumber": number, "ETag": sent["ETag"], f"Checksum{algorithm}": sent[f"Checksum{algorithm}"]})
    wrong = [parts[0] | {f"Checksum{algorithm}": parts[1][f"Checksum{algorithm}"]}, parts[1]]
    with refused("InvalidPart", 400):
        s3.complete_multipart_upload(Bucket="default", Key=key, UploadId=upload, MultipartUpload={"Parts": wrong})
    whole = base64.b64encode(zlib.crc32(b"".join(content)).to_bytes(4, "big")).decode()
    if kind == "FULL_OBJECT":
        with refused("BadDigest", 400):
            s3.complete_multipart_upload(Bucket="default", Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, ChecksumCRC32="AAAAAA==")
    done = s3.complete_multipart_upload(Bucket="default", Key=key, UploadId=upload, MultipartUpload={"Parts": parts})
    if kind == "FULL_OBJECT":
        assert done["ChecksumCRC32"] == whole
    else:
        function = (lambda data: zlib.crc32(data).to_bytes(4, "big")) if algorithm == "CRC32" else (lambda data: hashlib.sha256(data).digest())
        assert done[f"Checksum{algorithm}"] == base64.b64encode(function(b"".join(map(function, content)))).decode() + "-2"
    got = s3.get_object(Bucket="default", Key=key, ChecksumMode="ENABLED")
    assert got["Body"].read() == b"".join(content)


def test_parts_are_copied(s3):
    content = os.urandom(6 * MIB)
    s3.put_object(Bucket="default", Key="m/source", Body=content)
    common = {"Bucket": "default", "Key": "m/copied", "UploadId": s3.create_multipart_upload(Bucket="default", Key="m/copied")["UploadId"]}
    copy = lambda number, span: s3.upload_part_copy(**common, PartNumber=number, CopySource="default/m/source", CopySourceRange=span)["CopyPartResult"]["ETag"]
    parts = [{"PartNumber": 1, "ETag": copy(1, f"bytes=0-{5 * MIB - 1}")}, {"PartNumber": 2, "ETag": copy(2, f"bytes={5 * MIB}-{6 * MIB - 1}")}]
    with refused("InvalidArgument", 400):
        copy(3, f"bytes=0-{6 * MIB}")
    with refused("PreconditionFailed", 412):
        s3.upload_part_copy(**common, PartNumber=3, CopySource="default/m/source", CopySourceIfMatch='"0"')
    with refused("AccessDenied", 403):
        s3.upload_part_copy(**common, PartNumber=3, CopySource="default/m/source", ExpectedSourceBucketOwner="other")
    with refused("AccessDenied", 403):
        s3.get_object(Bucket="default", Key="m/source", ExpectedBucketOwner="other")
    with refused("InvalidRequest", 400):
        s3.complete_multipart_upload(**common, MultipartUpload={"Parts": parts}, MpuObjectSize=5)
    s3.complete_multipart_upload(**common, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket="default", Key="m/copied")["Body"].read() == content


@pytest.mark.parametrize("key", ["k" * 255 + "/" + "ä" * 384, "spaces in  it", "%41%2F", "a+b", "ünï/çødé/日本語/🙂", "q?u=e&r#y".replace("#", ""), "~tilde*'()!", "a/.hidden/..b/c..", "'\"<&>"])
def test_unusual_keys(s3, key):
    s3.put_object(Bucket="default", Key=key, Body=key.encode())
    assert s3.get_object(Bucket="default", Key=key)["Body"].read() == key.encode()
    assert key in [item["Key"] for item in s3.list_objects_v2(Bucket="default", Prefix=key)["Contents"]]
    assert s3.delete_objects(Bucket="default", Delete={"Objects": [{"Key": key}]})["Deleted"] == [{"Key": key}]
    with refused("404"):
        s3.head_object(Bucket="default", Key=key)


@pytest.mark.parametrize("key", ["a//b", "/lead", "back\\slash", "ha#sh", "%2e%2e/x", "a/%2e%2e%2fx", "c:/x"])
def test_keys_that_no_file_can_have(s3, key):
    with refused("InvalidArgument", 400):
        s3.put_object(Bucket="default", Key=key, Body=b"x")
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket="default", Key=key)
    s3.delete_object(Bucket="default", Key=key)


def test_a_key_of_more_than_1024_bytes(s3):
    with refused("KeyTooLongError", 400):
        s3.put_object(Bucket="default", Key="ä" * 512 + "k", Body=b"")


def test_files_and_folders(s3):
    s3.put_object(Bucket="default", Key="f/file", Body=b"x")
    with refused("InvalidRequest", 400) as why:
        s3.put_object(Bucket="default", Key="f/file/below", Body=b"x")
    assert "is a file, not a folder" in why.message
    with refused("InvalidRequest", 400):
        s3.put_object(Bucket="default", Key="f", Body=b"x")
    s3.put_object(Bucket="default", Key="f/folder/", Body=b"")  # markers of folders are taken and not kept
    with refused("404"):
        s3.head_object(Bucket="default", Key="f/folder/")
    with refused("InvalidArgument", 400):
        s3.put_object(Bucket="default", Key="f/folder/", Body=b"content")
    s3.delete_object(Bucket="default", Key="f")  # a folder is no object
    assert s3.head_object(Bucket="default", Key="f/file")["ContentLength"] == 1


def test_what_mlflow_stored_is_there_and_the_other_way_around(anybody, s3):
    url = f"{anybody.server.url}/api/2.0/mlflow-artifacts/artifacts"
    urllib.request.urlopen(urllib.request.Request(f"{url}/0/x/model/MLmodel", b"flavors: {}\n", method="PUT"))
    got = s3.get_object(Bucket="default", Key="0/x/model/MLmodel")
    assert got["Body"].read() == b"flavors: {}\n" and got["ETag"].endswith('-1"')
    s3.put_object(Bucket="default", Key="0/x/model/weights", Body=b"w", Metadata={"k": "v"})
    assert urllib.request.urlopen(f"{url}/0/x/model/weights").read() == b"w"
    urllib.request.urlopen(urllib.request.Request(f"{url}/0/x/model/weights", b"v", method="PUT"))
    assert s3.head_object(Bucket="default", Key="0/x/model/weights")["Metadata"] == {}


def test_buckets(local):
    s3 = local.s3()
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["default"]
    s3.create_bucket(Bucket="team-a")
    with refused("BucketAlreadyOwnedByYou", 409):
        s3.create_bucket(Bucket="team-a")
    with refused("InvalidBucketName", 400):
        s3.create_bucket(Bucket="a.b")
    s3.head_bucket(Bucket="team-a")
    assert not s3.get_bucket_location(Bucket="team-a").get("LocationConstraint")
    assert "Status" not in s3.get_bucket_versioning(Bucket="team-a")
    s3.put_object(Bucket="team-a", Key="x", Body=b"1")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket="team-a")
    s3.delete_object(Bucket="team-a", Key="x")
    s3.delete_bucket(Bucket="team-a")
    with refused("404"):
        s3.head_bucket(Bucket="team-a")
    for call in (lambda: s3.list_objects_v2(Bucket="team-a"), lambda: s3.get_object(Bucket="team-a", Key="x"),
                 lambda: s3.put_object(Bucket="team-a", Key="x", Body=b""), lambda: s3.delete_bucket(Bucket="team-a")):
        with refused("NoSuchBucket", 404):
            call()


def test_the_rest_is_not_implemented(s3):
    s3.put_object(Bucket="default", Key="n", Body=b"x")
    for call in (lambda: s3.get_object_acl(Bucket="default", Key="n"), lambda: s3.get_object_tagging(Bucket="default", Key="n"),
                 lambda: s3.get_bucket_policy(Bucket="default"), lambda: s3.get_object(Bucket="default", Key="n", VersionId="1"),
                 lambda: s3.put_object_tagging(Bucket="default", Key="n", Tagging={"TagSet": []}),
                 lambda: s3.put_object(Bucket="default", Key="n", Body=b"y", ServerSideEncryption="AES256"),
                 lambda: s3.put_object(Bucket="default", Key="n", Body=b"y", Tagging="a=b"),
                 lambda: s3.put_bucket_versioning(Bucket="default", VersioningConfiguration={"Status": "Enabled"})):
        with refused("NotImplemented", 501):
            call()
    with refused("AccessControlListNotSupported", 400):
        s3.put_object(Bucket="default", Key="n", Body=b"y", ACL="public-read")
    with refused("MetadataTooLarge", 400):
        s3.put_object(Bucket="default", Key="n", Body=b"y", Metadata={"k": "v" * 2048})
    assert s3.get_object(Bucket="default", Key="n")["Body"].read() == b"x"
