"""The wheel, installed into a new virtual environment."""

import json
import pathlib
import re
import subprocess
import sys
import zipfile

import pytest

from minute import CLEAN, play, run
from regesta_server import ROOT, Server


@pytest.fixture(scope="module")
def wheel(program):
    built = subprocess.run([ROOT / "packaging" / "wheel", program], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return ROOT / built.stdout.split()[-1]


@pytest.fixture(scope="module")
def bin_folder(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    run([folder / "bin" / "pip"], "install", "--quiet", "--disable-pip-version-check", "--no-index", wheel, env=CLEAN)
    return folder / "bin"


def test_the_tag_and_the_content(wheel):
    assert re.fullmatch(r"regesta-[\d.]+-py3-none-manylinux_2_\d+_x86_64\.whl", wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert not [name for name in names if "__pycache__" in name]
        libraries = [name for name in names if name.startswith("regesta.libs/")]
        notices = next(name for name in names if name.endswith("/NOTICES.md"))
        sbom = json.loads(archive.read(next(name for name in names if name.endswith("sboms/regesta.cdx.json"))))
        listed = archive.read(notices).decode()
        missing = [row for row in listed.splitlines() if row.startswith("| deb |") and row.endswith("| - |")]
        assert missing == []  # each bundled library has its licence's text
        texts = {pathlib.PurePath(name).name for name in names if "/licenses/" in name}
        assert set(re.findall(r"\S+\.txt", listed.replace(",", " "))) <= texts
    assert len(libraries) > 20 and len(sbom["components"]) == listed.count("\n| deb |") + listed.count("\n| cargo |") + listed.count("\n| npm |")
    carried = {re.sub(r"-[0-9a-f]{8}.*", "", pathlib.PurePath(name).name) for name in libraries}
    assert {"libgit2", "libssl", "libpq", "libsqlite3"} <= carried


def test_the_first_minute(bin_folder, tmp_path):
    play([str(bin_folder / "regesta")], tmp_path)


def test_it_uses_the_libraries_that_it_carries(bin_folder):
    program = run([bin_folder / "python"], "-c", "import regesta._program as p; print(p.program())", env=CLEAN).strip()
    foreign = [line for line in run(["ldd"], program, env=CLEAN).splitlines()
               if "=>" in line and "regesta.libs" not in line
               and not re.match(r"\s*(libc|libm|libstdc\+\+|libgcc_s|libresolv|libz)\.so|\s*linux-vdso", line)]
    assert foreign == []


def test_the_client_of_the_wheel(bin_folder, tmp_path):
    server = Server(tmp_path / "data").start()
    try:
        program = """
import regesta, sys
with regesta.Client(sys.argv[1]) as client:
    client.request("POST", "/api/v1/prompts/greeting/versions", {"template": "Hello {{name}}!"})
    client.promote("prompt/greeting@1")
    print(client.prompt("greeting").render(name="Ada"), regesta.__version__)
"""
        said = run([bin_folder / "python"], "-c", program, server.url, env=CLEAN)
        assert said.startswith("Hello Ada! ")
        assert said.split()[-1] == run([bin_folder / "regesta"], "--version", env=CLEAN).split()[-1]
    finally:
        assert server.stop() == 0


def test_exit_codes_and_the_demo_without_its_packages(bin_folder, tmp_path):
    refused = subprocess.run([bin_folder / "regesta", "no-such-command"], capture_output=True, env=CLEAN, cwd=tmp_path)
    assert refused.returncode == 2
    demo = subprocess.run([bin_folder / "regesta", "demo"], capture_output=True, text=True, env=CLEAN, cwd=tmp_path)
    assert demo.returncode == 1 and "pip install 'regesta[demo]'" in demo.stderr and not list(tmp_path.iterdir())
