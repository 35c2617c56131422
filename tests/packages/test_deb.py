"""The Debian package: built, checked, and installed on a clean root, which is then used, and cleared of it."""

import os
import pathlib
import shutil
import subprocess

import pytest

from minute import CLEAN, play
from regesta_server import ROOT

SOURCES = pathlib.Path("/etc/apt/sources.list.d/debian.sources")
QUIET = CLEAN | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}


@pytest.fixture(scope="module")
def package(program):
    built = subprocess.run([ROOT / "packaging" / "deb", program], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return ROOT / built.stdout.split()[-1]


@pytest.fixture(scope="module")
def clean_root(package):
    """A Debian 12 with nothing but what apt needs, and the package."""
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        pytest.skip("a clean root needs root and mmdebstrap")
    folder = ROOT / "build" / "deb-root"
    remove(folder)
    sources = SOURCES.read_text() if SOURCES.exists() else ""
    made = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=apt", "--format=directory",
         f"--customize-hook=cp {package} $1/tmp/regesta.deb",
         "--customize-hook=chroot $1 apt-get install -qq --yes --no-install-recommends /tmp/regesta.deb",
         "bookworm", folder, *(["-"] if sources else [])], input=sources, capture_output=True, text=True, env=QUIET)
    if made.returncode and not (folder / "usr" / "bin" / "apt-get").exists():
        pytest.skip(f"mmdebstrap cannot make a root here: {made.stderr[-300:]}")
    assert made.returncode == 0, made.stdout + made.stderr
    yield folder
    remove(folder)


def remove(folder):
    subprocess.run(["rm", "-rf", "--one-file-system", folder], check=True)


def inside(root, *words, user="root"):
    """The command that runs `words` in the root, with a /proc that ends with it."""
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
            'mount -t proc proc "$0/proc" && user=$1 && root=$0 && shift && exec chroot --userspec="$user" "$root" "$@"',
            str(root), f"{user}:{user}", *words]


def output(root, *words):
    done = subprocess.run(inside(root, *words), capture_output=True, text=True, env=QUIET)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("lintian") is None, reason="lintian is not installed")
def test_lintian_finds_nothing(package):
    done = subprocess.run(["lintian", "--fail-on", "error,warning", package], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_service_is_hardened():
    unit = ROOT / "packaging" / "debian" / "regesta.service"
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", unit], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-400:]


def test_install_use_remove_and_purge(clean_root, package):
    assert output(clean_root, "id", "-un", "regesta").strip() == "regesta"
    for path, mode in (("etc/regesta/regesta.toml", "640"), ("var/lib/regesta", "700"), ("var/log/regesta", "750")):
        assert oct((clean_root / path).stat().st_mode)[-3:] == mode, path
    play(inside(clean_root, "regesta", user="regesta"), "/", "/var/lib/regesta", ("--config", "/etc/regesta/regesta.toml"))
    assert (clean_root / "var/lib/regesta/regesta.db").exists() and (clean_root / "var/log/regesta/access.log").stat().st_size

    settings = clean_root / "etc/regesta/regesta.toml"
    settings.write_text(settings.read_text() + "# mine\n")
    shutil.copy(package, clean_root / "opt" / "regesta.deb")
    output(clean_root, "dpkg", "-i", "/opt/regesta.deb")
    assert settings.read_text().endswith("# mine\n")
    output(clean_root, "dpkg", "--remove", "regesta")
    assert settings.exists() and not (clean_root / "usr/bin/regesta").exists()
    assert "your data stays in /var/lib/regesta" in output(clean_root, "dpkg", "--purge", "regesta")
    assert not settings.exists() and not (clean_root / "var/log/regesta").exists()
    assert (clean_root / "var/lib/regesta/regesta.db").exists()
