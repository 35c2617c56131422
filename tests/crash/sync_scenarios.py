"""What is acknowledged before a power cut and looked for after it, in small pieces: each function works on a disk of its
own, in processes that may leave out one sync, and raises AssertionError when something is lost."""

import os
import pathlib
import shutil
import sqlite3
import subprocess

import kill_blobs
from power_clients import Agent, FrontClient, Published, check_backup

import kill

FOLDERS = "folders"  # leave out all syncs of folders, see skip_sync.c


def size_in(head):
    """Of a checkpoint in a file; -1 when it is lost or damaged."""
    note = head.read_bytes() if head.is_file() else b""
    return int(note.split(b"\n")[1]) if note.startswith(b"regesta/") else -1


def first_start(world):
    """Content and state that the first server acknowledges"""
    world.start()
    key = world.http().do("GET", "/ledger/key")
    world.store(3_000)
    world.store(900_000)
    world.create("m")
    world.http().do("POST", "/api/2.0/mlflow/model-versions/create", {"name": "m", "source": "s3://bucket/m"})
    world.http().do("POST", "/api/2.0/mlflow/registered-models/alias", {"name": "m", "alias": "a", "version": "1"})
    seen = world.wait_for_checkpoint()
    world.cut()
    Published(world.server.data).check({seen})
    head = pathlib.Path(world.server.data, "keys/ledger.head")
    assert size_in(head) >= seen, "the checkpoint outside the database is older than what a client saw"
    client = world.restarted()
    assert client.do("GET", "/ledger/key") == key, "the ledger has another key"
    client.do("GET", "/api/2.0/mlflow/registered-models/alias?name=m&alias=a")
    kill.verify_everything(world.server, "")


def full_tiles(world):
    """Tiles of more than 256 entries"""
    world.start()
    for i in range(270):
        world.create(f"m-{i}")
    seen = world.wait_for_checkpoint()
    world.cut()
    Published(world.server.data).check({seen})
    world.restarted()


def clean_restart(world):
    """Content and state from before a clean restart"""
    world.start()
    world.store(3_000)
    assert world.server.stop() == 0
    world.start()
    world.store(3_000)
    world.cut()
    world.restarted()
    kill.verify_everything(world.server, "")


def idle_start(world):
    """The key and the checkpoint of a server that nobody has used"""
    world.start()
    key, seen = world.http().do("GET", "/ledger/key"), world.wait_for_checkpoint()
    world.cut()
    Published(world.server.data).check({seen})
    assert world.restarted().do("GET", "/ledger/key") == key, "the ledger has another key"


def repaired_files(world):
    """Tiles and a checkpoint that a start has written again"""
    ledger = pathlib.Path(world.server.data, "ledger")
    world.start(watched=False)
    world.create("m")
    world.wait_for_checkpoint()
    assert world.server.stop() == 0
    shutil.rmtree(ledger / "tile")
    (ledger / "checkpoint").unlink()
    world.start()
    seen = world.wait_for_checkpoint()
    world.cut()
    Published(world.server.data).check({seen})
    world.restarted()


def key_before_use(world):
    """The key of a database that it has signed, when the power goes during the first start"""
    world.disk.fail_on("create", "keys/.tmp-", 2, "cut")  # the first is the key, the second the checkpoint beside it
    try:
        world.start()
    except RuntimeError:
        pass
    assert world.disk.is_off_within(10), "the power is still on: this test does not test"
    world.cut()
    world.restarted()


def key_of_killed_start(world):
    """The key that a start has found and used, after one that failed before it was durable"""
    world.disk.fail_on("fsync", "data/keys", 2, "EIO")  # the first is the key itself
    try:
        world.start(watched=False)
        raise AssertionError("the first start did not fail: this test does not test")
    except RuntimeError:
        pass
    assert pathlib.Path(world.server.data, "keys/ledger.key").exists(), "there is no key: this test does not test"
    world.disk.fail_on("create", "keys/.tmp-", 1, "cut")
    try:
        world.start()
    except RuntimeError:
        pass
    assert world.disk.is_off_within(10), "the power is still on: this test does not test"
    world.cut()
    world.restarted()


def killed_first_start(world):
    """A server that starts after the first one was killed before it synced a folder"""
    world.start(skip=FOLDERS)
    world.server.kill()
    world.start()
    key = world.http().do("GET", "/ledger/key")
    world.store(3_000)
    world.cut()
    assert world.restarted().do("GET", "/ledger/key") == key, "the ledger has another key"


def killed_publisher(world):
    """A checkpoint over tiles whose folder a killed server has not synced"""
    world.start(skip=FOLDERS)
    world.create("m")
    seen = world.wait_for_checkpoint()
    world.server.kill()
    world.start()
    world.wait_for_checkpoint()
    world.cut()
    Published(world.server.data).check({seen})
    assert pathlib.Path(world.server.data, "keys/ledger.head").is_file(), "the checkpoint outside the database is lost"


def killed_upload(world):
    """Content in a pack that reindexing has found, from a server that was killed before it synced the folder"""
    world.start(watched=False)
    world.server.kill()
    world.start(skip=FOLDERS)
    content = world.random.randbytes(200_000)
    FrontClient.lfs(world.http(), content)
    world.server.kill()
    with sqlite3.connect(pathlib.Path(world.server.data) / "regesta.db") as database:
        for table in ("blob_use", "blob_hook", "blob_object", "blob_pack", "blob_alias"):
            database.execute(f"DELETE FROM {table}")
    database.close()
    world.start()
    kill_blobs.maintain(kill_blobs.Api(world.server.port), "reindex")
    path = FrontClient.lfs(world.http(), content)
    world.stored[path] = path.rsplit("/", 1)[1]
    world.cut()
    world.restarted()


def sync(*paths):
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def synced_copy(pack, name):
    """Under another name, old, and on the disk."""
    copy = pack.parent.parent / name[:2] / f"{name}.pack"
    copy.parent.mkdir(exist_ok=True)
    shutil.copyfile(pack, copy)
    os.utime(copy, (0, 0))
    sync(copy, copy.parent, copy.parent.parent)
    return copy


def collected(world):
    """Content after repacking, and the removal of what was collected"""
    place = kill_blobs.Place(world.server.data)
    world.start()
    api = kill_blobs.Api(world.server.port)
    for _ in range(12):
        world.store(20_000)
    garbage = kill_blobs.Api.call(api, "PUT", "/api/v1/blobs", world.random.randbytes(9_000_000))["digest"]
    whole = place.put_whole_file(world.random.randbytes(50_000))
    file = place.blobs / whole[:2] / whole[2:]
    sync(file, file.parent, place.blobs)
    kill_blobs.maintain(api, "repack")
    before = set(place.packs())
    for _ in range(4):
        place.age()
        kill_blobs.maintain(api, "collect")
    stray = synced_copy(next(iter(place.packs().values())), "0" * 32)
    kill_blobs.maintain(api, "collect")
    assert not stray.exists(), "a file that no row names was not collected: this test does not test"
    removed = before - set(place.packs()) | {stray.stem}
    assert removed and api.content(garbage) is None, "nothing was collected: this test does not test"
    world.cut()
    assert not removed & set(place.packs()), "collected packs are back"
    assert not file.exists(), "a converted whole file is back"
    world.restarted()
    assert kill_blobs.Api(world.server.port).content(whole) is not None, "a converted whole file is lost"


def git_push(world):
    """Prompts pushed with Git"""
    clone, again = world.scratch / "clone", world.scratch / "again"
    environment = {"PATH": os.environ["PATH"], "HOME": str(world.scratch), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
                   "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"}

    def git(folder, *words):
        done = subprocess.run(["git", *map(str, words)], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"git {words}: {done.stdout}{done.stderr}"

    world.start()
    git(world.scratch, "clone", "-q", f"{world.server.url}/git/prompts.git", clone)
    (clone / "greeting.md").write_text("Hello {{name}}\n")
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "Greet")
    git(clone, "push", "-q", "origin", "HEAD:main")
    world.cut()
    world.restarted()
    git(world.scratch, "clone", "-q", f"{world.server.url}/git/prompts.git", again)
    assert (again / "greeting.md").read_text() == "Hello {{name}}\n"


def copied(world, *options):
    """A backup and a data directory restored from it, in folders of a user."""
    mount = world.disk.mount
    world.start(watched=False)
    world.store(30_000)
    world.create("m")
    size = world.wait_for_checkpoint()
    assert world.server.stop() == 0
    world.run("backup", mount / "b", "--data", world.server.data, *options)
    world.run("restore", mount / "b", "--data", mount / "restored", *options)
    world.cut()
    assert (mount / "b").is_dir(), "the backup is lost"
    check_backup(mount / "b", size, world.scratch, *options)
    world.server.data = str(mount / "restored")
    assert pathlib.Path(world.server.data).is_dir(), "the restored directory is lost"
    world.restarted()
    kill.verify_everything(world.server, "")


def backup(world):
    """A backup and a data directory restored from it"""
    copied(world)


def encrypted_backup(world):
    """An encrypted backup and a data directory restored from it"""
    passphrase = world.scratch / "passphrase"
    passphrase.write_text("a long passphrase\n")
    copied(world, "--passphrase-file", passphrase)


def with_agent(world, work):
    world.start(watched=False)
    killed = {"LD_PRELOAD": world.environment.get("LD_PRELOAD", ""), "POWERCUT_SKIP_SYNC": FOLDERS}
    Agent(world.disk, world.server.url, killed).start().kill()
    running = Agent(world.disk, world.server.url, world.environment).start()
    work(running)
    world.disk.cut()
    running.kill()
    world.server.kill()
    world.disk.restore(world.survivors)
    running.check()


def agent(world):
    """Prompts that the agent stores"""
    with_agent(world, lambda running: running.fetch(world.server.port, "kept"))


def agent_drop(world):
    """That the agent has dropped a prompt"""
    def work(running):
        running.fetch(world.server.port, "dropped")
        running.drop(world.server.port, "dropped")

    with_agent(world, work)


def accepted_restore(world):
    """The evidence of a restore that was accepted"""
    data = pathlib.Path(world.server.data)
    world.start(watched=False)
    world.store(3_000)
    assert world.server.stop() == 0
    shutil.copy(data / "regesta.db", world.scratch / "earlier.db")
    world.start(watched=False)
    world.create("m")
    world.wait_for_checkpoint()
    assert world.server.stop() == 0
    shutil.copyfile(world.scratch / "earlier.db", data / "regesta.db")
    sync(data / "regesta.db", data / "keys")
    world.run("ledger", "accept-restore", "--data", data, "--reason", "disk lost")
    world.cut()
    evidence = [path for path in (data / "keys").glob("ledger.head.lost-*") if path.read_bytes().startswith(b"regesta/")]
    assert evidence, "the checkpoint that was lost is no evidence any more"
    assert (data / "keys" / "ledger.head").is_file(), "the checkpoint outside the database is lost"
    world.restarted()
    kill.verify_everything(world.server, "")


def client_files(world):
    """Credentials and receipts that the command line wrote"""
    home, folder = world.disk.mount / "home", world.disk.mount / "receipts"
    world.start(watched=False)
    world.create("m")
    world.wait_for_checkpoint()
    world.run("login", "--url", world.server.url, "--token", "rg_0123456789abcdef", XDG_CONFIG_HOME=str(home))
    world.run("ledger", "receipt", "0", "--output", folder / "r")
    world.cut()
    files = [home / "regesta" / "credentials", *(folder / f"r.{ending}" for ending in ("tlog-proof", "json", "vkey"))]
    for file in files:
        assert file.is_file() and file.read_bytes().strip(b"\0"), f"{file.name} is lost"


def logout(world):
    """That credentials were deleted"""
    home = world.disk.mount / "home"
    world.start(watched=False)
    world.run("login", "--url", world.server.url, "--token", "rg_0123456789abcdef", XDG_CONFIG_HOME=str(home))
    world.run("logout", XDG_CONFIG_HOME=str(home))
    world.cut()
    assert not (home / "regesta" / "credentials").exists(), "deleted credentials are back"


SCENARIOS = [first_start, idle_start, key_before_use, key_of_killed_start, full_tiles, repaired_files, clean_restart, killed_first_start, killed_publisher, killed_upload, collected, git_push, backup, encrypted_backup, agent, agent_drop,
             accepted_restore, client_files, logout]
