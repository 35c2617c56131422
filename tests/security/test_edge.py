"""The edge: what web pages, strangers and slow or greedy clients can make the server do."""

import http.client
import json
import socket
import subprocess
import threading
import time

import pytest

from regesta_server import Server, binary, eventually

ROUTES = [  # one of each kind: plain and streaming, reading and writing, every front
    ("GET", "/api/v1/assets"),
    ("POST", "/api/v1/prompts/p/versions"),
    ("POST", "/api/v1/users"),
    ("PUT", "/api/v1/blobs"),
    ("GET", "/api/v1/changes"),
    ("POST", "/api/v1/jobs/lease"),
    ("POST", "/api/2.0/mlflow/experiments/create"),
    ("POST", "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=x&path=y"),
    ("PUT", "/api/2.0/mlflow-artifacts/artifacts/a/b"),
    ("GET", "/get-artifact?run_uuid=x&path=y"),
    ("POST", "/api/public/v2/prompts"),
    ("GET", "/git/prompts.git/info/refs?service=git-receive-pack"),
    ("POST", "/git/prompts.git/git-receive-pack"),
    ("POST", "/v1/traces"),
    ("GET", "/metrics"),
    ("GET", "/nothing/here"),
]


def ask(port, method, path, headers, body=b"{}", host="127.0.0.1"):
    """One request with exactly these headers (and a length); `Host` is ours unless given."""
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if method != "GET":
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body if method != "GET" else None)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method,path", ROUTES)
def test_a_rebound_name_reaches_no_route_of_a_server_without_users(server, method, path):
    """DNS rebinding: evil.example resolves to 127.0.0.1, so the page's requests are same-origin and need no leave."""
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.nip.io", "0.0.0.0", "localhost.evil.example",
                 "[::ffff:8.8.8.8]", "2130706433", "[::1].evil.com", "127.0.0.1:80:evil",
                 "127.0.0.1:evil.com", "[::1]:80.evil.com"):
        for browser in ({"User-Agent": "Mozilla/5.0"}, {"Sec-Fetch-Site": "same-origin"}):
            status, text = ask(server.port, method, path,
                               {"Host": host, "Content-Type": "application/json"} | browser)
            assert status == 403, (host, browser, status, text)


def test_a_target_in_absolute_form_is_held_to_the_same_names(server):
    """A proxy's client names the host in the request line: it must not get past the check of Host."""
    status, text = ask(server.port, "GET", "http://evil.example/api/v1/assets", {"Host": "127.0.0.1"})
    assert status == 403, text
    status, text = ask(server.port, "GET", f"http://localhost:{server.port}/api/v1/assets", {"Host": "localhost"})
    assert status == 200, text


@pytest.mark.parametrize("method,path", ROUTES)
def test_a_page_elsewhere_reaches_no_route_of_a_server_without_users(server, method, path):
    """A web page posts text/plain, which browsers send without asking first, or reads with an <img> or fetch()."""
    pages = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
             {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:1"},
             {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
             {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}]
    for page in pages:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            status, text = ask(server.port, method, path, page | {"Content-Type": kind})
            assert status == 403, (page, kind, status, text)


def test_a_form_is_refused_when_the_browser_says_nothing_of_its_origin(server):
    """Old browsers send forms without Origin; programs such as curl do so too, and stay welcome."""
    form = {"Content-Type": "text/plain", "User-Agent": "Mozilla/5.0 (X11; Linux)"}
    assert ask(server.port, "POST", "/api/v1/prompts/p/versions", form, b'{"template": "x"}')[0] == 403
    curl = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "curl/8.0"}
    status, text = ask(server.port, "POST", "/api/v1/prompts/p/versions", curl, b'{"template": "x"}')
    assert status == 400 and "Content-Type" in text  # told what to send, not taken for a page


def test_programs_and_the_servers_own_pages_stay_welcome(server):
    own = f"http://127.0.0.1:{server.port}"
    for headers in ({}, {"Host": f"localhost:{server.port}"}, {"Host": "[::1]:80"}, {"Host": "127.9.9.9"},
                    {"Origin": own}, {"Origin": own, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
                    {"Host": "localhost", "Origin": "http://localhost"}):
        status, text = ask(server.port, "POST", "/api/2.0/mlflow/experiments/search",
                           headers | {"Content-Type": "application/json"}, b'{"max_results": 1}')
        assert status == 200, (headers, text)
    # A link from anywhere opens the web UI.
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert ask(server.port, "GET", "/", link)[0] == 200


def test_a_page_cannot_use_what_the_browser_holds_where_people_sign_in(house):
    """With users: cached Basic credentials and cookies are sent along by browsers; no page elsewhere may use them."""
    port = house.server.port
    basic = house.root.authorization
    for method, path in ROUTES:
        if method == "GET":
            continue
        status, text = ask(port, method, path, basic | {"Origin": "https://evil.example", "Content-Type": "text/plain"})
        assert status == 403, (path, status, text)
    names = [user["name"] for user in house.root.ok("GET", "/api/v1/users")["items"]]
    assert "mallory" not in names


def test_the_agent_answers_neither_rebound_names_nor_pages(server, tmp_path):
    """`regesta agent` serves prompts with its own credentials: to programs of this machine alone."""
    assert ask(server.port, "POST", "/api/v1/prompts/p/versions", {"Content-Type": "application/json"},
               b'{"template": "hello"}')[0] in (200, 201)
    process = subprocess.Popen([binary(), "agent", "--server", server.url, "--listen", "127.0.0.1:0", "--dir",
                                str(tmp_path / "agent")], stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        path = "/api/v1/prompts/p/versions/1"
        assert ask(port, "GET", path, {})[0] == 200
        assert ask(port, "GET", path, {"Host": "evil.example"})[0] == 403
        assert ask(port, "GET", path, {"Origin": "http://evil.example"})[0] == 403
    finally:
        process.terminate()
        process.wait(60)


# --- bodies and connections -------------------------------------------------------------------------------------------


def begin(port, path, headers, length, sent):
    """Sends a head that declares `length` bytes and `sent` of them, and keeps the connection."""
    peer = socket.create_connection(("127.0.0.1", port), timeout=30)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    peer.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}Content-Length: {length}\r\n\r\n".encode())
    try:
        peer.sendall(b" " * sent)
    except OSError:
        pass
    return peer


def status_of(peer):
    peer.settimeout(60)
    return int(peer.recv(100).split()[1])


def test_strangers_hold_no_memory_with_bodies_that_do_not_end(house):
    """20 connections of 8 MiB each held the whole body budget, and everybody else was told to come again."""
    size = 8 * 1024 * 1024
    held = [begin(house.server.port, "/api/2.0/mlflow/runs/log-batch", {"Content-Type": "application/json"}, size,
                  size - 1) for _ in range(30)]
    try:
        assert house.carl.post("/api/2.0/mlflow/experiments/create", {"name": "e"}).status == 200
        assert status_of(held[0]) == 401
    finally:
        for peer in held:
            peer.close()


def test_one_identity_holds_only_its_part_of_the_body_budget(house):
    """A reader's token with 30 half-sent bodies must not keep others from writing."""
    size = 8 * 1024 * 1024
    held = [begin(house.server.port, "/api/2.0/mlflow/experiments/search",
                  {"Content-Type": "application/json"} | house.rex.authorization, size, size - 1) for _ in range(30)]
    try:
        large = {"name": "p", "description": "x" * 4000, "tags": []}
        assert house.carl.post("/api/2.0/mlflow/registered-models/create", large).status == 200
    finally:
        for peer in held:
            peer.close()


def test_routes_that_are_open_to_all_take_small_bodies_only(house):
    """Signing in needs a name and a password, not 8 MiB of memory."""
    peer = begin(house.server.port, "/api/v1/session", {"Content-Type": "application/json"}, 1024 * 1024, 0)
    assert status_of(peer) == 413
    peer.close()


def test_no_byte_of_a_strangers_upload_is_taken(house):
    """Expect: 100-continue: the server must not ask for a body that it will not take."""
    for path in ("/api/2.0/mlflow/upload-artifact?run_uuid=x&path=y", "/git/prompts.git/git-receive-pack",
                 "/api/v1/jobs/lease", "/v1/traces"):
        peer = begin(house.server.port, path, {"Expect": "100-continue", "Content-Type": "application/json"}, 1000, 0)
        assert status_of(peer) == 401, path
        peer.close()


@pytest.mark.parametrize("body", [
    b"[" + b"0," * 3_000_000 + b"0]",
    b'{"metrics": [' + b"{}," * 2_000_000 + b"{}]}",
    b"{" + b",".join(b'"%d":0' % i for i in range(400_000)) + b"}",
    b"[" * 100_000,
])
def test_small_json_does_not_become_much_memory(house, body):
    """A body of a few MiB with millions of values took a hundred times its size."""
    answer = house.carl.call("POST", "/api/2.0/mlflow/runs/log-batch", raw=body,
                             headers={"Content-Type": "application/json"})
    assert answer.status in (400, 413), answer
    peak = next(int(line.split()[1]) for line in open(f"/proc/{house.server.process.pid}/status") if "VmHWM" in line)
    assert peak < 600 * 1024, f"{peak} KiB"


def test_many_dense_bodies_at_once_do_not_become_gigabytes(house):
    """Each is within the limits; together they took a hundred times the budget for bodies."""
    import gzip
    plain = b'{"metrics": [' + b"0," * 900_000 + b"0]}"
    packed = gzip.compress(b'{"resourceSpans": [' + b"0," * 900_000 + b"0]}", 9)
    statuses = []
    def post(i):
        if i % 2:
            answer = house.carl.call("POST", "/api/2.0/mlflow/runs/log-batch", raw=plain,
                                     headers={"Content-Type": "application/json"})
        else:
            answer = house.dora.call("POST", "/v1/traces", raw=packed, headers={
                "Content-Type": "application/json", "Content-Encoding": "gzip", "x-mlflow-experiment-id": "0"})
        statuses.append(answer.status)
    threads = [threading.Thread(target=post, args=(i,)) for i in range(48)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert all(400 <= status < 500 for status in statuses), statuses
    peak = next(int(line.split()[1]) for line in open(f"/proc/{house.server.process.pid}/status") if "VmHWM" in line)
    assert peak < 900 * 1024, f"{peak} KiB"
    assert house.rex.post("/api/2.0/mlflow/experiments/search", {"max_results": 1}).status == 200


def test_packed_spans_do_not_become_gigabytes(house):
    """32 MiB of empty spans in a gzip of some KiB: each empty message costs hundreds of bytes once decoded."""
    import gzip
    count = 8_000_000
    spans = b"\x12\x00" * count  # ScopeSpans.spans, empty
    def nested(tag, inner):
        size, length = len(inner), b""
        while size > 127:
            length += bytes([size & 127 | 128])
            size >>= 7
        return bytes([tag]) + length + bytes([size]) + inner
    body = gzip.compress(nested(0x0A, nested(0x12, spans)), 9)
    answer = house.carl.call("POST", "/v1/traces", raw=body, headers={
        "Content-Type": "application/x-protobuf", "Content-Encoding": "gzip", "x-mlflow-experiment-id": "0"})
    assert 400 <= answer.status < 500, answer
    peak = next(int(line.split()[1]) for line in open(f"/proc/{house.server.process.pid}/status") if "VmHWM" in line)
    assert peak < 700 * 1024, f"{peak} KiB"


# --- quotas -----------------------------------------------------------------------------------------------------------


def open_streams(port, headers, count):
    """Opens event streams until one is refused; the sockets and the statuses."""
    peers, statuses = [], []
    for _ in range(count):
        peer = socket.create_connection(("127.0.0.1", port), timeout=60)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        peer.sendall(f"GET /api/v1/changes HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n{lines}\r\n"
                     .encode())
        statuses.append(int(peer.recv(100).split()[1]))
        peers.append(peer)
    return peers, statuses


def test_one_token_opens_a_bounded_number_of_streams(house):
    """800 event streams by one token."""
    token = house.token("greedy", {"role": "reader"})
    peers, statuses = open_streams(house.server.port, token.authorization, 230)
    try:
        assert statuses.count(200) == 200 and set(statuses[200:]) == {429}
        others, answered = open_streams(house.server.port, house.rex.authorization, 1)
        assert answered == [200]
        others[0].close()
    finally:
        for peer in peers:
            peer.close()
    eventually(lambda: open_streams(house.server.port, token.authorization, 1)[1] == [200], every=0.2)  # they are given back


# --- guessing ---------------------------------------------------------------------------------------------------------


def test_parallel_guesses_get_no_further_than_guesses_in_a_row(house):
    """64 guesses at once were all checked before the first failure counted."""
    house.root.ok("POST", "/api/v1/users", {"name": "victim", "password": "a long password"})
    statuses = []
    def guess(i):
        answer = ask(house.server.port, "POST", "/api/v1/session", {"Content-Type": "application/json"},
                     json.dumps({"user": "victim", "password": f"guess {i}"}).encode())
        statuses.append(answer[0])
    threads = [threading.Thread(target=guess, args=(i,)) for i in range(64)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert statuses.count(401) <= 5 and statuses.count(401) + statuses.count(429) == 64, statuses


def test_strangers_neither_flush_what_is_remembered_nor_lock_anybody_out(house):
    """DELETE /api/v1/session with a made-up cookie made the server forget every password it had checked; wrong passwords
    then kept their owners out."""
    assert house.carl.get("/api/v1/users/me").status == 200
    for i in range(20):
        ask(house.server.port, "DELETE", "/api/v1/session", {"Cookie": f"regesta_session=made-up-{i}"})
        ask(house.server.port, "POST", "/api/v1/session", {"Content-Type": "application/json"},
            json.dumps({"user": "carl", "password": f"guess {i}"}).encode())
    for _ in range(20):
        assert house.carl.get("/api/v1/users/me").status == 200
    # Also after the server forgets on purpose, because users changed.
    house.root.ok("POST", "/api/v1/users", {"name": "new", "password": "a long password"})
    assert house.carl.get("/api/v1/users/me").status == 200


def test_guessing_holds_neither_the_waiting_threads_nor_the_memory(house):
    """Made-up names at once: each check takes tens of MiB and milliseconds; whoever signed in before gets through."""
    assert house.carl.get("/api/v1/users/me").status == 200
    stop = threading.Event()
    def flood(i):
        n = 0
        while not stop.is_set():
            n += 1
            try:
                ask(house.server.port, "POST", "/api/v1/session", {"Content-Type": "application/json"},
                    json.dumps({"user": f"nobody-{i}-{n}", "password": "guess"}).encode())
            except OSError:
                pass
    threads = [threading.Thread(target=flood, args=(i,)) for i in range(40)]
    [thread.start() for thread in threads]
    try:
        for i in range(10):
            began = time.time()
            assert house.carl.post("/api/2.0/mlflow/experiments/create", {"name": f"e{i}"}).status == 200
            assert time.time() - began < 5
    finally:
        stop.set()
        [thread.join() for thread in threads]


def test_a_trusted_proxy_alone_says_who_and_how(tmp_path):
    """X-Forwarded-Proto makes cookies Secure only if a trusted proxy sent it."""
    for options, secure in ((["--trusted-proxies", "127.0.0.1"], True), ([], False)):
        server = Server(tmp_path / f"data-{secure}", *options).start()
        try:
            ask(server.port, "POST", "/api/v1/users", {"Content-Type": "application/json"},
                b'{"name": "root", "password": "a long password"}')
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            connection.request("POST", "/api/v1/session", b'{"user": "root", "password": "a long password"}',
                               {"Content-Type": "application/json", "X-Forwarded-Proto": "https"})
            cookie = connection.getresponse().headers["Set-Cookie"]
            assert ("Secure" in cookie and cookie.startswith("__Host-regesta_session=")) == secure, cookie
            assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
            connection.close()
        finally:
            server.stop()
