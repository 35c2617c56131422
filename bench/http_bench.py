#!/usr/bin/env python3
"""Compares the HTTP layer with nginx: the same bytes, each server on core 0, wrk on core 1, interleaved rounds, medians.

    tools/build release bench_http && python3 bench/http_bench.py [--rounds 5] [--seconds 3] [--log] [--only NAME]

Needs nginx, wrk and (for the TLS rows) openssl on the PATH.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/release/bench/bench_http"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_file(folder):
    """A prompt version as the native API answers it, about 1.7 KB."""
    body = json.dumps({"name": "loan-summary", "version": 7, "alias": "production", "template": "Summarise the loan. " * 75})
    (folder / "file").write_text(body)
    return folder / "file"


def start_ours(folder, file, tls):
    environment = dict(os.environ)
    if tls["log"]:
        environment["ACCESS_LOG"] = str(folder / "access.log")
    arguments = [str(file)] + ([tls["cert"], tls["key"]] if tls["on"] else [])
    process = subprocess.Popen(["taskset", "-c", "0", PROGRAM, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    return process, int(process.stdout.readline())


def start_nginx(folder, tls):
    port = free_port()
    listen = f"{port} ssl" if tls["on"] else f"{port}"
    certificate = f"ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {tls['cert']}; ssl_certificate_key {tls['key']};" if tls["on"] else ""
    log = f"access_log {folder}/nginx.access buffer=64k;" if tls["log"] else "access_log off;"
    (folder / "nginx.conf").write_text(f"""
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections 4096; }}
http {{ {log} keepalive_requests 1000000000; sendfile on; tcp_nodelay on; open_file_cache max=10;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{listen}; {certificate} root {folder}; default_type application/json;
    location = /health {{ default_type text/plain; return 200 OK; }} }} }}
""")
    process = subprocess.Popen(["taskset", "-c", "0", "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")])
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.01)
    raise SystemExit("nginx did not start")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(process, port, case, seconds):
    """Requests per second, and microseconds of server CPU per request."""
    scheme = "https" if case["tls"] else "http"
    before = cpu_seconds(process.pid)
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{case['connections']}", f"-d{seconds}s", "--latency"]
    for header in case.get("headers", []):
        command += ["-H", header]
    out = subprocess.run([*command, f"{scheme}://127.0.0.1:{port}{case['path']}"], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"errors while measuring {case['name']}:\n{out}")
    requests = int(re.search(r"(\d+) requests in", out)[1])
    p99 = re.search(r"99%\s+([\d.]+)(\w+)", out)
    p99 = float(p99[1]) * {"us": 0.001, "ms": 1, "s": 1000}[p99[2]]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), (cpu_seconds(process.pid) - before) / requests * 1e6, p99


CASES = [
    {"name": "health, keep-alive", "path": "/health", "connections": 64, "tls": False},
    {"name": "1.7 KB, keep-alive", "path": "/file", "connections": 64, "tls": False},
    {"name": "health, 1000 connections", "path": "/health", "connections": 1000, "tls": False},
    {"name": "health, close", "path": "/health", "connections": 64, "tls": False, "headers": ["Connection: close"]},
    {"name": "health, TLS keep-alive", "path": "/health", "connections": 64, "tls": True},
    {"name": "health, TLS close", "path": "/health", "connections": 64, "tls": True, "headers": ["Connection: close"]},
]


def compare(case, folder, file, arguments, keys):
    tls = {"on": case["tls"], "log": arguments.log, **keys}
    servers = {"regesta": start_ours(folder, file, tls), "nginx": start_nginx(folder, tls)}
    results = {name: [] for name in servers}
    try:
        for _ in range(arguments.rounds):
            for name, (process, port) in servers.items():
                results[name].append(measure(process, port, case, arguments.seconds))
    finally:
        for process, _ in servers.values():
            process.terminate()
            process.wait()
    # CPU per request: the smallest of the rounds, which neighbours on the machine disturb least.
    summary = {name: [statistics.median(r[0] for r in rows), min(r[1] for r in rows), statistics.median(r[2] for r in rows)]
               for name, rows in results.items()}
    ours, theirs = summary["regesta"], summary["nginx"]
    print(f"{case['name']:26} {ours[0]:10,.0f} {theirs[0]:10,.0f} {ours[0] / theirs[0]:7.2f}   {ours[1]:6.2f} {theirs[1]:6.2f}   {ours[2]:6.2f} {theirs[2]:6.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--log", action="store_true", help="with access logs")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    arguments = parser.parse_args()
    for tool in ("nginx", "wrk", "openssl", "taskset"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is needed")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        file = make_file(folder)
        keys = {"cert": str(folder / "cert.pem"), "key": str(folder / "key.pem")}
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-keyout", keys["key"], "-out", keys["cert"]], check=True, capture_output=True)
        print(f"{'':26} {'regesta/s':>10} {'nginx/s':>10} {'ratio':>7}   {'us CPU':>6} {'nginx':>6}   {'p99 ms':>6} {'nginx':>6}")
        for case in CASES:
            if arguments.only in case["name"]:
                compare(case, folder, file, arguments, keys)


if __name__ == "__main__":
    main()
