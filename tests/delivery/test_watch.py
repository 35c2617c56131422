"""The change feed: everybody hears, nobody is made to wait by one who does not read, and a break in the line loses nothing."""

import socket
import threading
import time

from delivery import Watcher, call, done, eventually, make_prompt


def move(port, version, name="summary"):
    done(port, "PUT", f"/api/v1/assets/prompt/{name}/aliases/production", {"version": version})


def test_watchers_hear_of_what_they_asked_for(server):
    make_prompt(server.port)
    make_prompt(server.port, "other")
    everything, one = Watcher(server.port), Watcher(server.port, "?prompt=summary")
    move(server.port, 2, "other")
    move(server.port, 2)
    heard = [(event[1], event[2]["subject"]) for event in everything.until("alias.moved")]
    assert heard[0] == ("alias.moved", "prompt/other#production")
    assert [event[2]["subject"] for event in one.until("alias.moved")] == ["prompt/summary#production"]
    everything.close(), one.close()


def test_who_comes_back_misses_nothing(server):
    make_prompt(server.port)
    watcher = Watcher(server.port)
    move(server.port, 2)
    last = watcher.until("alias.moved")[-1][0]
    watcher.close()
    for version in (1, 2, 1):
        move(server.port, version)
    again = Watcher(server.port, last=last)
    while len(again.events()) < 3:
        again.more()
    assert [event[2]["data"]["to"] for event in again.events()] == [1, 2, 1]
    assert [event[0] for event in again.events()] == [last + 1, last + 2, last + 3]
    again.close()


def test_a_long_poll_answers_when_something_happens(server):
    make_prompt(server.port)
    _, _, now = call(server.port, "GET", "/api/v1/changes")
    assert now["items"] == []
    threading.Timer(0.3, move, (server.port, 2)).start()
    began = time.monotonic()
    _, _, answer = call(server.port, "GET", f"/api/v1/changes?after={now['next']}&wait=30&prompt=summary")
    assert time.monotonic() - began > 0.2, "it waited"
    assert [item["body"]["action"] for item in answer["items"]] == ["alias.moved"]
    assert answer["next"] == answer["items"][-1]["index"]
    _, _, nothing = call(server.port, "GET", f"/api/v1/changes?after={answer['next']}&wait=1")
    assert nothing == {"items": [], "next": answer["next"]}


def test_one_who_does_not_read_holds_nobody_up(server):
    make_prompt(server.port)
    deaf = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
    for each in deaf:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        each.sendall(b"GET /api/v1/changes HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
    before = memory(server)
    listening = Watcher(server.port)
    big = "x" * 4000
    for i in range(300):
        done(server.port, "PATCH", "/api/v1/assets/prompt/summary", {"description": f"{i} {big}"})
    move(server.port, 2)
    listening.until("alias.moved")
    assert memory(server) - before < 40 << 20
    for each in [*deaf, listening.socket]:
        each.close()


def memory(server):
    with open(f"/proc/{server.process.pid}/statm") as fields:
        return int(fields.read().split()[1]) * 4096


def test_a_stopping_server_ends_its_streams(server):
    watcher = Watcher(server.port)
    assert server.stop() == 0
    try:
        while True:
            watcher.more()
    except EOFError:
        pass
    server.start()


def test_rubbish_is_refused(server):
    for query in ("after=x", "after=-5", "wait=x"):
        assert call(server.port, "GET", f"/api/v1/changes?{query}")[0] == 400, query


def test_many_watchers_are_told(server):
    make_prompt(server.port)
    watchers = [Watcher(server.port, "?prompt=summary") for _ in range(200)]
    move(server.port, 2)
    for watcher in watchers:
        watcher.until("alias.moved")
    for watcher in watchers:
        watcher.close()
    eventually(lambda: resolve_is(server.port, 2))


def resolve_is(port, version):
    return call(port, "GET", "/api/v1/prompts/summary/resolve")[2]["version"] == version
