"""The TypeScript client: its package, its own tests, its page, and files that it shares with the Python client."""

import json
import os
import re
import shutil
import subprocess
import tarfile

import pytest

import regesta
from regesta_server import ROOT, binary
from sdk import connect, make, point

SOURCE = ROOT / "sdk" / "typescript"
PROGRAMS = {name: value for name, value in os.environ.items() if not name.startswith("REGESTA_")} | {
    "PATH": f"{os.environ['PATH']}:{ROOT}/.venv/bin", "REGESTA_BINARY": binary()}


def run(*words, folder=SOURCE, **environment):
    done = subprocess.run(list(map(str, words)), cwd=folder, capture_output=True, text=True, timeout=600, env=PROGRAMS | environment)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def package():
    return ROOT / run(ROOT / "packaging" / "npm").split()[-1]


@pytest.fixture(scope="module")
def project(package, tmp_path_factory):
    """A project that has installed the package."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "package.json").write_text('{"name": "mine", "private": true}')
    run("npm", "install", "--offline", "--no-audit", "--no-fund", package, folder=folder)
    return folder


@pytest.mark.parametrize("file", sorted(path.name for path in (SOURCE / "test").glob("*.test.mjs")))
def test_its_own_tests(package, file):
    run("node", "--test", f"test/{file}")


def test_the_package_has_no_dependencies_and_only_what_it_needs(package):
    with tarfile.open(package) as archive:
        names = archive.getnames()
        manifest = json.load(archive.extractfile("package/package.json"))
    assert "dependencies" not in manifest and manifest["version"] == regesta.__version__
    assert {"package/LICENSE", "package/README.md", "package/dist/index.js", "package/dist/index.d.ts"} <= set(names)
    assert not [name for name in names if not re.fullmatch(r"package/(LICENSE|README\.md|package\.json|dist/[a-z]+\.(d\.ts|js))", name)]


def test_the_types(project):
    (project / "use.mts").write_text("""
import { Client, GateRefused, type Prompt } from "@regesta/client";
const client = new Client({ freshFor: 1 });
const prompt: Prompt = await client.prompt("greeting", { key: "a", context: { group: "staff" } });
const text: string = await prompt.render({ name: "Ada" });
client.score(prompt, "m", text.length);
try {
  const move = await client.promote("prompt/greeting@2");
  const to: number = move.toVersion;
  console.log(to);
} catch (error) {
  if (error instanceof GateRefused) console.log(error.violations[0]?.msg, error.changeRequest);
}
// @ts-expect-error a name is a text
await client.prompt(7);
""")
    run(SOURCE / "node_modules" / ".bin" / "tsc", "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck", "--typeRoots",
        SOURCE / "node_modules" / "@types", "--types", "node", "use.mts", folder=project)


def test_the_programs_of_the_page(server, project):
    make(server, template="Hello {{name}}!")
    make(server, template="Good to see you, {{name}}!")
    point(server, 1)
    page = (ROOT / "docs" / "typescript.md").read_text(encoding="utf-8")
    greet, promote = re.findall(r"```js\n(.*?)```", page, re.S)
    (project / "greet.mjs").write_text(greet.replace("http://127.0.0.1:4600", server.url))
    (project / "promote.mjs").write_text(promote)
    assert run("node", "greet.mjs", folder=project) == "Hello Ada!\n"
    assert run("node", "promote.mjs", folder=project, REGESTA_URL=server.url) == ""
    with connect(server) as client:
        assert client.prompt("greeting").version == 2
        assert client.quality("greeting")[0]["metric"] == "helpfulness"
    assert f"regesta-client-{regesta.__version__}.tgz" in page


@pytest.mark.parametrize("writer", ["typescript", "python"])
def test_both_clients_read_the_same_files(server, project, tmp_path, writer):
    make(server, template="Größe {{name}}")
    point(server, 1)
    program = project / "read.mjs"
    program.write_text("""
import { Client } from "@regesta/client";
const client = new Client({ cacheDir: process.argv[2], timeout: 60, follow: false });
const prompt = await client.prompt("greeting", { key: "größe (1)!", context: { b: [1, "ä"], a: { d: true, c: null } } });
console.log(await prompt.render({ name: "Ada" }), prompt.stale);
await client.close();
""")

    def typescript():
        return run("node", program, tmp_path / "cache", folder=project, REGESTA_URL=server.url).strip()

    def python():
        with connect(server, cache_dir=tmp_path / "cache", follow=False) as client:
            prompt = client.prompt("greeting", key="größe (1)!", context={"b": [1, "ä"], "a": {"d": True, "c": None}})
            return f"{prompt.render(name='Ada')} {str(prompt.stale).lower()}"

    first, second = (typescript, python) if writer == "typescript" else (python, typescript)
    assert first() == "Größe Ada false"
    server.stop()
    assert second() == "Größe Ada true"
    server.start(server.port)


def test_node_is_there():
    assert shutil.which("npm", path=PROGRAMS["PATH"]) and int(run("node", "--version").strip("v\n").split(".")[0]) >= 20
