"""Takes out one sync call after another and proves that a power cut then loses something: each place in the program that
syncs a file or folder is needed, and the scenarios would notice its loss.

    python tests/crash/sync_sites.py [--seconds 30] [--only NAME] [--markdown]
"""

import argparse
import collections
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from disk import program
from sync_scenarios import SCENARIOS
from sync_world import World

from regesta_server import ROOT, binary

LONG = 120  # seconds: from here on all that may survive is tried
SYNCS = re.compile(r"\bfile::(syncFile|syncFolder|replaceFiles|makeFolders|settle)\(")
SURVIVORS = {"folder": ["nothing", "names", "latest"], "file": ["names", "nothing"]}
# Places whose loss nobody could notice, by a pattern of their names, and why.
EXEMPT = {
    "sqlite:journal": "protects a database while it is made and holds nothing",
    "syncFolder ← replaceFiles ← Folder::choosePlace": "the name of a draft, which gets another one",
    "settle ← Log::recover": "synced with the key before, unless the setting ledger.key names another folder",
    ".*makeFolders ← WorkFolder::WorkFolder": "a scratch folder",
    ".*makeFolders ← PackCache::PackCache": "a cache: what is lost is made again",
    "(settle|syncFolder) ← makeFolders ← Unfinished::Unfinished": "the folder gets its name at the end, which is synced",
    ".*makeFolders ← server::createPrivate": "backup and restore sync all folders at their end",
    "syncFolder ← replaceFiles ← server::(backup|newKey)": "backup and restore sync all folders at their end",
    "syncFolder ← SqliteDatabase::backup": "backup and restore sync all folders at their end",
    "syncFile ← replaceFiles ← server::backup": "a draft, which is copied into the backup",
    "settle ← makeFolders ← (replaceFiles ← )?(cli::.*|.*choosePlace)": "folders that were there before the command, which are the user's",
}
# Places that make the same entries durable: one is enough, and the loss of all of them is noticed.
GROUPS = {
    "the entries of the data directory": "sqlite:folder|(settle|syncFolder) ← makeFolders ← (Folder::Folder|Publisher::repair)",
}
# Calls that no scenario reaches, by file and what the line begins with, and why.
NOT_REACHED = {
    "blob/bucket_medium.cpp": "spool files of uploads to a bucket, which nobody reads after a restart",
    "blob/local.cpp": "the store of whole files of earlier versions: only unit tests still write one",
    "api/mlflow/artifact_streams.cpp": "a folder of clients' artifacts next to the server, which the server does not own",
}


def is_exempt(name):
    return any(re.fullmatch(pattern, name) for pattern in (*EXEMPT, *GROUPS.values()))


def shim():
    return program().parent / "libskip_sync.so"


class Site:
    """Where the program calls fsync, by the functions from the call out to the first one that is not in base/file.cpp."""

    def __init__(self, name, kind):
        self.name, self.kind = name, kind
        self.prefixes, self.scenarios, self.places = set(), [], set()

    def add(self, prefix, scenario, place):
        self.prefixes.add(prefix)
        if place:
            self.places.add(place)
        if scenario not in self.scenarios:
            self.scenarios.append(scenario)


class Symbols:
    """Functions and lines of return addresses."""

    def __init__(self):
        self.known = {}

    def learn(self, offsets):
        missing = sorted(set(offsets) - set(self.known))
        if not missing:
            return
        # One byte before the return address is the call.
        asked = "".join(f"{int(offset, 16) - 1:#x}\n" for offset in missing)
        done = subprocess.run(["llvm-symbolizer-19", f"--obj={binary()}", "--no-inlines", "--demangle"], input=asked, capture_output=True, text=True, check=True)
        for offset, block in zip(missing, done.stdout.strip().split("\n\n"), strict=True):
            function, place = block.split("\n")[:2]
            file, line = place.rsplit(":", 2)[:2]
            self.known[offset] = (function, file, int(line))

    def __getitem__(self, offset):
        return self.known[offset]


def short(function):
    """regesta::blob::(anonymous namespace)::Folder::publish(…) → Folder::publish"""
    name = re.sub(r"\[abi:\w+\]", "", function)
    name = re.sub(r"\(anonymous namespace\)::", "", name)
    name = re.sub(r"::\{lambda.*|::\$_\d+.*", "", name).split("(")[0]
    return "::".join(name.split("::")[-2:]) if not name.startswith("regesta::file::") else name.split("::")[-1]


def read_log(log, symbols, scenario, sites):
    lines = [line.rstrip("\n").split("\t") for line in pathlib.Path(log).read_text().splitlines()] if pathlib.Path(log).exists() else []
    symbols.learn(offset for _, callers, _ in lines if not callers.startswith("sqlite:") for offset in callers.split(",") if offset)
    for _, callers, path in lines:
        kind = "file" if pathlib.Path(path).suffix or "." in pathlib.Path(path).name else "folder"
        if callers.startswith("sqlite:"):
            sites.setdefault(callers, Site(callers, "folder" if callers == "sqlite:folder" else "file")).add(callers, scenario, None)
            continue
        names, used, place = [], [], None
        for offset in filter(None, callers.split(",")):
            function, file, line = symbols[offset]
            used.append(offset)
            if not names or short(function) != names[-1]:
                names.append(short(function))
            if not file.endswith("base/file.cpp"):
                place = (str(pathlib.Path(file).resolve()), line)
                break
        kind = "file" if names[0] == "syncFile" else "folder"
        name = " ← ".join(names)
        sites.setdefault(name, Site(name, kind)).add(",".join(used) + ",", scenario, place)


def attempt(scenario, survivors, skip, log=None):
    """None, or what was lost."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="regesta-sync-"))
    environment = {"LD_PRELOAD": str(shim())}
    if log:
        environment["POWERCUT_SYNC_LOG"] = str(log)
    if skip:
        environment["POWERCUT_SKIP_SYNC"] = ";".join(sorted(skip))
    world = World(folder, environment, survivors)
    try:
        scenario(world)
        return None
    except Exception as e:
        return e
    finally:
        world.close()
        shutil.rmtree(folder, ignore_errors=True)


def find_sites(scenarios, modes):
    """Runs all scenarios as they are, and returns the places that sync."""
    symbols, sites = Symbols(), {}
    with tempfile.TemporaryDirectory() as folder:
        for scenario in scenarios:
            for survivors in modes:
                log = pathlib.Path(folder) / f"{scenario.__name__}-{survivors}"
                lost = attempt(scenario, survivors, None, log)
                if lost:
                    raise AssertionError(f"{scenario.__name__}: {scenario.__doc__}: lost with {survivors} surviving: {lost}") from lost
                read_log(log, symbols, scenario, sites)
    return sites


def mutate(site):
    """The scenario that notices that the place does not sync, and how; or None."""
    for scenario in site.scenarios:
        for survivors in SURVIVORS[site.kind]:
            lost = attempt(scenario, survivors, site.prefixes)
            if lost:
                return scenario, lost
    return None


def groups(sites):
    """A site for each group, with all that its places do."""
    for name, pattern in GROUPS.items():
        group = Site(name, "folder")
        for site in sites.values():
            if re.fullmatch(pattern, site.name):
                group.prefixes |= site.prefixes
                group.scenarios += [scenario for scenario in site.scenarios if scenario not in group.scenarios]
        yield group


def calls_in_source():
    """(file, line, function name called) of each call in the program's source, without base/file.cpp itself."""
    for path in sorted((ROOT / "src").rglob("*.cpp")):
        if path.name == "file.cpp":
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if SYNCS.search(line):
                yield str(path), number, line.strip()


def not_reached(sites):
    """Calls that no scenario reaches and no reason excuses."""
    reached = {place for site in sites.values() for place in site.places}
    lines = collections.defaultdict(set)
    for file, line in reached:
        lines[file].update((line - 1, line, line + 1))
    for file, line, text in calls_in_source():
        name = pathlib.Path(file).relative_to(ROOT / "src")
        if line not in lines[file] and str(name) not in NOT_REACHED:
            yield f"{name}:{line}: {text}"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=10**9)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    arguments.add_argument("--only", default="", help="only the scenarios with this in their name")
    arguments.add_argument("--markdown", action="store_true")
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    chosen = [scenario for scenario in SCENARIOS if options.only in scenario.__name__]
    modes = ["nothing", "names", "latest"]
    if options.seconds < LONG:
        modes = [random.Random(options.seed).choice(modes)]
    sites = find_sites(chosen, modes)
    until = time.monotonic() + options.seconds
    faults = [] if options.only else [f"no scenario reaches {call}" for call in not_reached(sites)]
    order = sorted((site for site in sites.values() if not is_exempt(site.name)), key=lambda site: site.name)
    if not options.only:
        order += groups(sites)
    random.Random(options.seed).shuffle(order)
    rows = []
    for site in order:
        if time.monotonic() > until:
            break
        found = mutate(site)
        if not found:
            faults.append(f"nothing notices that this does not sync: {site.name} (in {', '.join(s.__name__ for s in site.scenarios)})")
            print(f"MISSED {site.name}", flush=True)
            continue
        rows.append((site.name, found[0].__doc__, str(found[1])))
        print(f"| `{site.name}` | {found[0].__doc__} |" if options.markdown else f"caught {site.name}: {found[0].__name__}: {str(found[1])[:150]}", flush=True)
    for fault in faults:
        print(fault, file=sys.stderr)
    exempt = sum(map(is_exempt, sites))
    print(f"{len(sites)} places sync, {exempt} of them exempt or redundant; {len(rows)} of {len(order)} taken out, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
