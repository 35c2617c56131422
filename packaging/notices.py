#!/usr/bin/env python3
"""Collects what the program contains: licence texts of its libraries, a list of them, and an SBOM (CycloneDX 1.6).

Shared libraries and headers come from Debian packages, the rest from crates.io and npm. Packages of one of these that are
not on this machine are listed without a licence text.
"""
import argparse
import json
import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What every system has, and so no wheel carries: glibc, and the libraries of the compiler.
SYSTEM = re.compile(r"^(linux-vdso|ld-linux|libc\.|libm\.|libresolv\.|libstdc\+\+|libgcc_s)")
SHIPPED_JS = ("svelte", "markdown-it", "dompurify")  # and what they need, compiled into the web UI


def said(*command, cwd=None):
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=600).stdout


def debian(program):
    """(package, version, copyright file) of the shared libraries, and of the headers that are compiled in."""
    names = set()
    for name, path in re.findall(r"^\s*(\S+) => (\S+)", said("ldd", program), re.M):
        if SYSTEM.match(name):
            continue
        for spelled in (path, path.removeprefix("/usr"), "/usr" + path, str(Path(path).resolve())):
            found = subprocess.run(["dpkg-query", "-S", spelled], capture_output=True, text=True)
            if found.returncode == 0:
                names.add(found.stdout.split(":")[0])
                break
    wanted = (ROOT / "tools" / "apt-packages.txt").read_text().split("# For tests")[0]
    names |= {name for line in wanted.splitlines() for name in line.split("#")[0].split() if re.fullmatch(r"lib.*-dev|zlib1g-dev", name)}
    for name in sorted(names):
        version = said("dpkg-query", "-W", "-f", "${Version}", name)
        yield name, version, Path("/usr/share/doc") / name / "copyright"


def crates():
    """(name, version, licence, files) of the crates in the program."""
    listed = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"]
    try:
        packages = json.loads(said(*listed, cwd=ROOT / "native"))["packages"]
    except (OSError, subprocess.CalledProcessError):
        lock = tomllib.loads((ROOT / "native" / "Cargo.lock").read_text())
        packages = [{**one, "license": None, "manifest_path": "/none"} for one in lock["package"]]
    for one in sorted(packages, key=lambda one: (one["name"], one["version"])):
        if one.get("source"):
            folder = Path(one["manifest_path"]).parent
            files = sorted(p for p in folder.glob("*") if re.match(r"(?i)(licen[cs]e|copying|notice)", p.name) and p.is_file())
            yield one["name"], one["version"], one["license"], files


def scripts():
    """(name, version, licence, files) of the JavaScript in the web UI."""
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    wanted, seen = list(SHIPPED_JS), set()
    while wanted:
        name = wanted.pop()
        one = lock.get(f"node_modules/{name}")
        if one is None or name in seen:
            continue
        seen.add(name)
        wanted += one.get("dependencies", {})
    for name in sorted(seen):
        folder = ROOT / "web" / "node_modules" / name
        files = sorted(p for p in folder.glob("*") if re.match(r"(?i)(licen[cs]e|copying)", p.name) and p.is_file())
        yield name, lock[f"node_modules/{name}"]["version"], lock[f"node_modules/{name}"].get("license"), files


def collect(program):
    """Rows of (kind, name, version, licence, files)."""
    for name, version, file in debian(program):
        yield "deb", name, version, "see its text", [file] if file.is_file() else []
    for name, version, license, files in crates():
        yield "cargo", name, version, license, files
    for name, version, license, files in scripts():
        yield "npm", name, version, license, files


def purl(kind, name, version):
    if kind == "deb":
        return f"pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-12"
    return f"pkg:{kind}/{name.replace('@', '%40')}@{version}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--licenses", type=Path, help="folder for the texts and for NOTICES.md")
    parser.add_argument("--sbom", type=Path)
    options = parser.parse_args()
    version = re.search(r'version = "(.*)"', (ROOT / "src" / "server" / "version.h").read_text()).group(1)
    rows = list(collect(options.program))
    if options.licenses:
        options.licenses.mkdir(parents=True, exist_ok=True)
        lines = ["# Third-party software in Regesta", "", "| source | name | version | license | text |", "| --- | --- | --- | --- | --- |"]
        for kind, name, number, license, files in rows:
            texts = []
            for file in files:
                target = f"{kind}-{name.replace('/', '-').replace('@', '')}-{number.replace(':', '-')}-{file.name}.txt"
                (options.licenses / target).write_bytes(file.read_bytes())
                texts.append(target)
            lines.append(f"| {kind} | {name} | {number} | {license or 'unknown'} | {', '.join(texts) or '-'} |")
        lines += ["", "The sources of packages from Debian are in Debian's archive, under the version that is given."]
        (options.licenses / "NOTICES.md").write_text("\n".join(lines) + "\n")
    if options.sbom:
        components = [{"type": "library", "name": name, "version": number, "purl": purl(kind, name, number), "bom-ref": purl(kind, name, number),
                       **({"licenses": [{"expression": license.replace("/", " OR ")}]} if license and kind != "deb" else {})}
                      for kind, name, number, license, _ in rows]
        document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
                    "metadata": {"component": {"type": "application", "name": "regesta", "version": version, "bom-ref": f"regesta@{version}",
                                               "licenses": [{"license": {"id": "Apache-2.0"}}]}},
                    "components": components,
                    "dependencies": [{"ref": f"regesta@{version}", "dependsOn": sorted(one["bom-ref"] for one in components)}]}
        options.sbom.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    print(f"{len(rows)} packages, {sum(not files for *_, files in rows)} of them without a licence text")


if __name__ == "__main__":
    main()
