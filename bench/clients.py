"""What measurements do with a server: one call, and several clients at once."""

import json
import threading
import time
import urllib.error
import urllib.request


def call(server, method, path, body=None, fine=(200, 201)):
    """The answer's JSON. `body`: bytes, or what becomes JSON."""
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        status, text = refused.code, refused.read()
    assert status in fine, (method, path, status, text[:500])
    return json.loads(text or b"null")


def together(act, works):
    """Runs act(work) for each work in a thread of its own and returns the seconds until all are done."""
    failures = []

    def run(work):
        try:
            act(work)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - began
