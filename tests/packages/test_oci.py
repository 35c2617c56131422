"""The container image: its configuration, its files, a start as in a hardened container, and a push to Regesta itself."""

import json
import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest

from minute import CLEAN, play
from regesta_server import ROOT, Server

USER = 10001


@pytest.fixture(scope="module")
def image(program):
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None or shutil.which("buildah") is None:
        pytest.skip("the image needs root, mmdebstrap and buildah")
    if named := os.environ.get("REGESTA_IMAGE_FILE"):
        return pathlib.Path(named)
    built = subprocess.run([ROOT / "packaging" / "oci", program], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return ROOT / built.stdout.split()[-1]


def skopeo(*words):
    done = subprocess.run(["skopeo", "--insecure-policy", *map(str, words)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def root(image, tmp_path_factory):
    """The unpacked layers."""
    folder = tmp_path_factory.mktemp("image")
    skopeo("copy", f"oci-archive:{image}", f"dir:{folder}/dir")
    manifest = json.loads((folder / "dir" / "manifest.json").read_text())
    (folder / "root").mkdir(mode=0o755)
    folder.chmod(0o755)
    for layer in manifest["layers"]:
        subprocess.run(["tar", "--numeric-owner", "-C", folder / "root", "-xpzf", folder / "dir" / layer["digest"].split(":")[1]], check=True)
    yield folder / "root"
    subprocess.run(["rm", "-rf", "--one-file-system", folder], check=True)


def contained(root, data, *words, mounts=()):
    """The command that runs `words` as the image's user with a read-only root, as `docker run --read-only` does. `mounts`: (source, target)."""
    binds = "".join(f'mount --bind "{source}" "$0{target}" && mount -o remount,ro,bind "$0{target}" && ' for source, target in mounts)
    setup = ('mount --bind "$0" "$0" && mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/tmp" && mount --bind "$1" "$0/var/lib/regesta" && '
             f'{binds} mount -o remount,ro,bind "$0" && root=$0 && shift && exec chroot --userspec={USER}:{USER} "$root" env -i '
             'REGESTA_DATA=/var/lib/regesta HOME=/var/lib/regesta PATH=/usr/bin:/bin LANG=C.UTF-8 ${REGESTA_URL:+REGESTA_URL=$REGESTA_URL} "$@"')
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", setup, str(root), str(data), *words]


@pytest.fixture
def data(tmp_path):
    tmp_path.chmod(0o755)
    folder = tmp_path / "volume"
    folder.mkdir(mode=0o700)
    os.chown(folder, USER, USER)
    return folder


def test_the_configuration(image):
    seen = json.loads(skopeo("inspect", "--config", f"oci-archive:{image}"))
    config = seen["config"]
    assert seen["architecture"] == "amd64" and seen["os"] == "linux"
    assert config["User"] == f"{USER}:{USER}" and config["Entrypoint"] == ["/usr/bin/regesta"] and config["Cmd"] == ["serve"]
    assert list(config["ExposedPorts"]) == ["4600"] or list(config["ExposedPorts"]) == ["4600/tcp"]
    assert "/var/lib/regesta" in config["Volumes"] and config["Labels"]["org.opencontainers.image.title"] == "regesta"
    assert not [name for name in config["Env"] if "TOKEN" in name or "PASSWORD" in name]


def test_the_files(root):
    # nothing that raises privileges, and each package with its licence
    assert subprocess.run(["find", root, "-xdev", "-type", "f", "-perm", "/6000"], capture_output=True, text=True).stdout == ""
    assert subprocess.run(["find", root, "-xdev", "-perm", "-o+w", "!", "-perm", "-1000", "!", "-type", "l", "!", "-type", "c"], capture_output=True,
                          text=True).stdout == ""
    for package in ("libssl3", "libpq5", "regesta"):
        assert (root / "usr/share/doc" / package / "copyright").exists()
    for folder in ("var/lib/regesta", "var/lib/regesta-key"):
        assert ((root / folder).stat().st_uid, (root / folder).stat().st_mode & 0o777) == (USER, 0o700)


def test_the_first_minute_with_a_read_only_root(root, data):
    said = play(contained(root, data, "/usr/bin/regesta"), "/", "/var/lib/regesta")
    assert said and (data / "regesta.db").stat().st_uid == USER


def test_prepare_and_a_key_that_cannot_be_written(root, data, tmp_path):
    """As the compose file and the chart start it: the key is a read-only file of a group, and there are no other writable places."""
    made = subprocess.run(contained(root, data, "/bin/sh", "-c", "timeout 20 regesta serve --listen 127.0.0.1:0 & sleep 0.1; while [ ! -f keys/ledger.key ]; do "
                                    "cd /var/lib/regesta; done; kill $!; wait"), capture_output=True, text=True)
    assert made.returncode in (0, 143), made.stderr
    key = tmp_path / "secret"
    key.mkdir(mode=0o750)
    shutil.copy(data / "keys" / "ledger.key", key / "ledger.key")
    (key / "password").write_text("correct-horse-battery\n")
    for path in (key, key / "ledger.key", key / "password"):
        os.chown(path, 0, USER)
    (key / "ledger.key").chmod(0o440)
    (key / "password").chmod(0o440)
    subprocess.run(["rm", "-rf", *data.iterdir()], check=True)
    prepared = subprocess.run(contained(root, data, "/usr/bin/env", "PREPARE_PASSWORD_FILE=/var/lib/regesta-key/password", "PREPARE_LISTEN=127.0.0.1:4671",
                                        "REGESTA_LEDGER_KEY=/var/lib/regesta-key/ledger.key", "/usr/lib/regesta/prepare",
                                        mounts=[(key, "/var/lib/regesta-key")]), capture_output=True, text=True, timeout=120)
    assert prepared.returncode == 0, prepared.stdout + prepared.stderr
    assert "created user admin" in prepared.stdout or "admin" in prepared.stdout, prepared.stdout
    assert not (data / "keys" / "ledger.key").exists()
    checked = subprocess.run(contained(root, data, "regesta", "doctor"), capture_output=True, text=True)
    assert "give up their system calls (seccomp)" in checked.stdout, checked.stdout + checked.stderr


def test_push_it_to_regesta_and_pull_it_back(image, tmp_path):
    server = Server(tmp_path / "data").start()
    try:
        place = f"docker://127.0.0.1:{server.port}/default/images/regesta:stable"
        skopeo("copy", "--dest-tls-verify=false", f"oci-archive:{image}", place)
        skopeo("copy", "--src-tls-verify=false", place, f"oci-archive:{tmp_path}/back.tar")
        digests = [json.loads(skopeo("inspect", *options, where))["Digest"] for options, where in (
            ((), f"oci-archive:{image}"), (("--tls-verify=false",), place), ((), f"oci-archive:{tmp_path}/back.tar"))]
        assert len(set(digests)) == 1
        listed = subprocess.run([os.environ.get("REGESTA_BINARY", "regesta"), "version", "list", "artifact/images/regesta"], capture_output=True,
                                text=True, env=CLEAN | {"REGESTA_URL": server.url})
        assert listed.returncode == 0 and "1" in listed.stdout
    finally:
        assert server.stop() == 0


def test_the_archive_has_no_other_files(image):
    with tarfile.open(image) as archive:
        assert {name.split("/")[0] for name in archive.getnames()} <= {"blobs", "index.json", "oci-layout", "."}
