"""The unmodified clients, each reading what the others wrote."""

import os
import re
import subprocess

import pytest

from conftest import CLIENTS, MIB, Person
from regesta_server import ROOT


@pytest.fixture
def bucket(office):
    return office.carl


def test_aws_copies_a_file_both_ways(bucket, tmp_path):
    content = os.urandom(300_000)
    (tmp_path / "model.bin").write_bytes(content)
    bucket.aws("s3", "cp", tmp_path / "model.bin", "s3://default/cli/model.bin")
    bucket.aws("s3", "cp", "s3://default/cli/model.bin", tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == content
    assert bucket.aws("s3", "cp", "s3://default/cli/none", tmp_path / "x", fails=True).count("404") == 1


def test_the_page_works_as_it_is_printed(server, tmp_path):
    page = (ROOT / "docs" / "s3.md").read_text()
    commands = re.search(r"## Copy a file.*?```sh\n(.*?)```", page, re.S).group(1).replace("http://127.0.0.1:4600", server.url)
    Person(server).run("sh", "-ec", commands, folder=tmp_path)
    assert (tmp_path / "back.csv").read_text() == "id,amount\n"


def test_aws_moves_a_large_file_in_parts(bucket, tmp_path):
    content = os.urandom(20 * MIB + 5)
    (tmp_path / "big").write_bytes(content)
    bucket.aws("s3", "cp", tmp_path / "big", "s3://default/cli/big", "--only-show-errors")
    assert bucket.s3().head_object(Bucket="default", Key="cli/big")["ETag"].endswith('-3"')
    bucket.aws("s3", "cp", "s3://default/cli/big", tmp_path / "back", "--only-show-errors")
    assert (tmp_path / "back").read_bytes() == content
    bucket.aws("s3", "mv", "s3://default/cli/big", "s3://default/cli/moved", "--only-show-errors")
    listed = bucket.aws("s3", "ls", "s3://default/cli/")
    assert "moved" in listed and "big" not in listed


def test_aws_synchronizes_a_folder(bucket, tmp_path):
    here = tmp_path / "here"
    (here / "inner" / "größe & co").mkdir(parents=True)
    (here / "a.txt").write_text("a")
    (here / "inner" / "empty").write_bytes(b"")
    (here / "inner" / "größe & co" / "c+d=e.txt").write_text("c")
    bucket.aws("s3", "sync", here, "s3://default/sync")
    assert bucket.aws("s3", "sync", here, "s3://default/sync") == ""  # nothing to do
    bucket.aws("s3", "sync", "s3://default/sync", tmp_path / "there")
    assert subprocess.run(["diff", "-r", here, tmp_path / "there"]).returncode == 0
    (here / "a.txt").unlink()
    bucket.aws("s3", "sync", "--delete", here, "s3://default/sync")
    assert bucket.aws("s3", "ls", "--recursive", "s3://default/sync/").count("\n") == 2
    bucket.aws("s3", "rm", "--recursive", "s3://default/sync/")
    assert bucket.aws("s3", "ls", "--recursive", "s3://default/sync/", fails=True) == ""


def test_aws_lists_buckets_and_folders(bucket):
    bucket.s3().put_object(Bucket="default", Key="ls/folder/file", Body=b"x")
    assert "default" in bucket.aws("s3", "ls") and "west" not in bucket.aws("s3", "ls")
    assert "PRE folder/" in bucket.aws("s3", "ls", "s3://default/ls/")


S3FS = """
import os, s3fs
fs = s3fs.S3FileSystem(client_kwargs={"region_name": "us-east-1"}, endpoint_url=os.environ["AWS_ENDPOINT_URL"])
assert "default" in fs.ls("")
big = os.urandom(12 * 1024 * 1024)
with fs.open("default/s3fs/big.bin", "wb", block_size=5 * 1024 * 1024) as file:
    file.write(big)
assert fs.cat("default/s3fs/big.bin") == big
assert fs.size("default/s3fs/big.bin") == len(big)
with fs.open("default/s3fs/big.bin", "rb") as file:
    file.seek(7_000_000)
    assert file.read(1000) == big[7_000_000:7_001_000]
fs.pipe("default/s3fs/in/a", b"a")
fs.cp("default/s3fs/in/a", "default/s3fs/in/b")
assert sorted(fs.find("default/s3fs")) == ["default/s3fs/big.bin", "default/s3fs/in/a", "default/s3fs/in/b"]
assert fs.isdir("default/s3fs/in") and fs.exists("default/s3fs/in/b") and not fs.exists("default/s3fs/none")
assert sorted(name.rsplit("/", 1)[1] for name in fs.ls("default/s3fs", detail=False)) == ["big.bin", "in"]
fs.mv("default/s3fs/in/b", "default/s3fs/in/c")
fs.rm("default/s3fs", recursive=True)
fs.invalidate_cache()
assert not fs.exists("default/s3fs")
"""


def test_s3fs(bucket):
    bucket.run(CLIENTS / "python", "-c", S3FS)


def test_rclone(bucket, tmp_path):
    settings = {"RCLONE_CONFIG_R_TYPE": "s3", "RCLONE_CONFIG_R_PROVIDER": "Other", "RCLONE_CONFIG_R_ENV_AUTH": "true",
                "RCLONE_CONFIG_R_ENDPOINT": bucket.endpoint, "RCLONE_CONFIG_R_REGION": "us-east-1", "RCLONE_CONFIG": str(tmp_path / "rclone.conf")}
    (tmp_path / "rclone.conf").touch()

    def rclone(*words, **options):
        return bucket.run(CLIENTS / "rclone", *words, **options, **settings)

    here = tmp_path / "here"
    (here / "deep" / "er").mkdir(parents=True)
    (here / "one.txt").write_text("one")
    (here / "deep" / "er" / "two.bin").write_bytes(os.urandom(7 * MIB))
    rclone("copy", here, "R:default/rclone")
    rclone("check", here, "R:default/rclone")
    assert "There was nothing to transfer" in rclone("copy", "-v", here, "R:default/rclone")
    assert sorted(rclone("lsf", "-R", "R:default/rclone").split()) == ["deep/", "deep/er/", "deep/er/two.bin", "one.txt"]
    rclone("copy", "R:default/rclone", tmp_path / "there")
    assert subprocess.run(["diff", "-r", here, tmp_path / "there"]).returncode == 0
    assert os.path.getmtime(here / "one.txt") == pytest.approx(os.path.getmtime(tmp_path / "there" / "one.txt"), abs=1e-3)
    rclone("copy", "--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M", here, "R:default/rclone-parts")
    rclone("check", "--download", here, "R:default/rclone-parts")
    os.utime(here / "one.txt", (1e9, 1e9))
    rclone("sync", here, "R:default/rclone")  # sets the time by a copy onto itself
    assert "2001-09-09" in rclone("lsl", "R:default/rclone/one.txt")
    assert rclone("cat", "R:default/rclone/one.txt") == "one"
    rclone("purge", "R:default/rclone")
    rclone("purge", "R:default/rclone-parts")


def test_dvc(bucket, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    extra = {"DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(tmp_path / "site"), "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
             "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"}

    def dvc(*words):
        return bucket.run(CLIENTS / "dvc", *words, folder=project, **extra)

    bucket.run("git", "init", "-q", ".", folder=project, **extra)
    dvc("init", "-q")
    dvc("remote", "add", "-d", "regesta", "s3://default/dvc")
    dvc("remote", "modify", "regesta", "endpointurl", bucket.endpoint)
    (project / "table.csv").write_text("a,b\n1,2\n")
    (project / "images").mkdir()
    for i in range(20):
        (project / "images" / f"{i}.bin").write_bytes(os.urandom(1000))
    dvc("add", "-q", "table.csv", "images")
    assert "pushed" in dvc("push") and "up to date" in dvc("push") and "in sync" in dvc("status", "-c")
    keep = {path.name: path.read_bytes() for path in (project / "images").iterdir()}
    subprocess.run(["rm", "-rf", project / ".dvc" / "cache", project / "images", project / "table.csv"], check=True)
    dvc("pull")
    assert {path.name: path.read_bytes() for path in (project / "images").iterdir()} == keep
    before = bucket.aws("s3", "ls", "--recursive", "s3://default/dvc/").count("\n")
    (project / "images" / "0.bin").write_bytes(b"new")
    dvc("add", "-q", "images")
    dvc("push")
    dvc("gc", "-c", "-w", "-f")  # which an HTTP remote cannot do
    assert bucket.aws("s3", "ls", "--recursive", "s3://default/dvc/").count("\n") == before
    assert "in sync" in dvc("status", "-c")


def test_pyarrow(bucket):
    import pyarrow
    import pyarrow.fs
    import pyarrow.parquet

    fs = pyarrow.fs.S3FileSystem(endpoint_override=bucket.endpoint.removeprefix("http://"), scheme="http", access_key=bucket.key,
                                 secret_key=bucket.secret, region="us-east-1", force_virtual_addressing=False)
    table = pyarrow.table({"id": list(range(200_000)), "text": [f"row {i}" for i in range(200_000)]})
    fs.create_dir("default/arrow/sub")
    pyarrow.parquet.write_table(table, "default/arrow/sub/t.parquet", filesystem=fs)
    assert pyarrow.parquet.read_table("default/arrow/sub/t.parquet", columns=["id"], filesystem=fs)["id"].to_pylist()[-1] == 199_999
    names = {item.path for item in fs.get_file_info(pyarrow.fs.FileSelector("default/arrow", recursive=True))}
    assert names == {"default/arrow/sub", "default/arrow/sub/t.parquet"}
    fs.copy_file("default/arrow/sub/t.parquet", "default/arrow/u.parquet")
    fs.delete_file("default/arrow/sub/t.parquet")
    assert fs.get_file_info("default/arrow/sub/t.parquet").type == pyarrow.fs.FileType.NotFound
