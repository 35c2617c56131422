#!/usr/bin/env python3
"""Prompt delivery beside nginx, which serves the same bytes from disk: each server on core 0, the client on core 1,
interleaved rounds, medians. Then 10,000 watchers of the change feed.

    tools/bench delivery, or python3 bench/delivery_bench.py [--rounds 5] [--seconds 3] [--watchers 10000] [--only fetch|watch]

Needs nginx and wrk on the PATH. REGESTA_PRESET chooses the build (release).
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile

from http_bench import cpu_seconds, start_nginx

ROOT = pathlib.Path(__file__).resolve().parent.parent
PRESET = os.environ.get("REGESTA_PRESET", "release")
BUILD = ROOT / "build" / PRESET
PROGRAM, LOAD = BUILD / "regesta", BUILD / "bench/delivery_load"
RESOLVE = "/api/v1/prompts/loan-summary/resolve"
KEYS = 5000


def call(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= 300:
        raise SystemExit(f"{method} {path}: {answer.status} {content.decode()}")
    return content


def start_ours(folder, *pin):
    process = subprocess.Popen([*pin, PROGRAM, "serve", "--data", folder / "data", "--listen", "127.0.0.1:0", "--threads", "1" if pin else "2"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    port = int(re.search(r"http://[^:]+:(\d+)", process.stdout.readline())[1])
    for text in ("Summarise the loan. ", "Sum up the loan. "):
        call(port, "POST", "/api/v1/prompts/loan-summary/versions", {"template": text * 75})
    call(port, "PUT", "/api/v1/assets/prompt/loan-summary/aliases/production", {"version": 1})
    return process, port


def keys_script(folder):
    """wrk asks with another key each time."""
    script = folder / "keys.lua"
    script.write_text(f"""
local paths, at = {{}}, 0
init = function()  -- wrk has set the Host header by now
  for i = 1, {KEYS} do paths[i] = wrk.format("GET", "{RESOLVE}?key=user-" .. i) end
end
request = function() at = at % {KEYS} + 1; return paths[at] end
""")
    return script


def measure(process, port, path, seconds, script=None):
    """Requests a second, and microseconds of server CPU a request."""
    before = cpu_seconds(process.pid)
    more = ["-s", str(script)] if script else []
    out = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", "-c64", f"-d{seconds}s", *more, f"http://127.0.0.1:{port}{path}"],
                         capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"errors while measuring {path}:\n{out}")
    requests = int(re.search(r"(\d+) requests in", out)[1])
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), (cpu_seconds(process.pid) - before) / requests * 1e6


def pace(port, paths, rate, seconds):
    out = subprocess.run(["taskset", "-c", "1", LOAD, "pace", str(port), str(rate), str(seconds), "64"], input="\n".join(paths) + "\n",
                         capture_output=True, text=True, check=True).stdout
    return json.loads(out)


def compare(ours, nginx, path, script, arguments, name):
    results = {"regesta": [], "nginx": []}
    for _ in range(arguments.rounds):
        results["nginx"].append(measure(*nginx, "/file", arguments.seconds))
        results["regesta"].append(measure(*ours, path, arguments.seconds, script))
    rate = {server: statistics.median(row[0] for row in rows) for server, rows in results.items()}
    cpu = {server: min(row[1] for row in rows) for server, rows in results.items()}
    print(f"{name:34} {rate['regesta']:9,.0f} {rate['nginx']:9,.0f} {rate['regesta'] / rate['nginx']:7.2f}   "
          f"{cpu['regesta']:6.2f} {cpu['nginx']:6.2f} {cpu['nginx'] / cpu['regesta']:7.2f}", flush=True)
    return rate["regesta"]


def fetches(folder, arguments):
    ours = start_ours(folder, "taskset", "-c", "0")
    body = call(ours[1], "GET", RESOLVE)
    (folder / "file").write_bytes(body)
    nginx = start_nginx(folder, {"on": False, "log": False})
    keys = [f"{RESOLVE}?key=user-{i}" for i in range(KEYS)]
    print(f"{len(body)} bytes, keep-alive, 64 connections\n{'':34} {'regesta/s':>9} {'nginx/s':>9} {'ratio':>7}   {'us CPU':>6} {'nginx':>6} {'ratio':>7}")
    try:
        rates = [compare(ours, nginx, RESOLVE, None, arguments, "resolve production")]
        call(ours[1], "POST", "/api/v1/prompts/loan-summary/rollouts", {"version": 2, "steps": [{"weight": 50}]})
        rates.append(compare(ours, nginx, RESOLVE, keys_script(folder), arguments, f"rollout at 50 %, {KEYS} sticky keys"))
        for paths, rate, name in ((["/file"], rates[0], "nginx"), ([RESOLVE], rates[0], "rollout running, no key"), (keys, rates[1], "sticky keys")):
            port = nginx[1] if name == "nginx" else ours[1]
            got = pace(port, paths, rate / 2, arguments.seconds * 2)
            print(f"at {rate / 2:8,.0f}/s: {name:26} p50 {got['p50']:.2f} ms, p99 {got['p99']:.2f} ms, longest {got['max']:.1f} ms, {got['errors']} errors")
    finally:
        for process, _ in (ours, nginx):
            process.terminate()
            process.wait()


def watchers(folder, arguments):
    process, port = start_ours(folder)
    try:
        out = subprocess.run([LOAD, "watch", str(port), str(arguments.watchers), "10", "loan-summary"], capture_output=True, text=True)
        if out.returncode:
            raise SystemExit(out.stderr)
        moves = json.loads(out.stdout)
        memory = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text())[1]) / 1024
        middle = {name: statistics.median(move[name] for move in moves) for name in moves[0]}
        print(f"{arguments.watchers} watchers, both cores for server and watchers, {len(moves)} moves: acknowledged after {middle['acknowledged']:.1f} ms, "
              f"first told {middle['first']:.1f}, half {middle['median']:.1f}, last {middle['last']:.1f} ms "
              f"(slowest move {max(move['last'] for move in moves):.1f}); server memory {memory:.0f} MiB")
    finally:
        process.terminate()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--watchers", type=int, default=10_000)
    parser.add_argument("--only", choices=["fetch", "watch"])
    arguments = parser.parse_args()
    for tool in ("nginx", "wrk", "taskset"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is needed")
    subprocess.run([ROOT / "tools/build", PRESET, "regesta", "delivery_load"], check=True, stdout=subprocess.DEVNULL)
    for name, run in (("fetch", fetches), ("watch", watchers)):
        if arguments.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                run(pathlib.Path(folder), arguments)


if __name__ == "__main__":
    main()
