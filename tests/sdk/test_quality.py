"""Scores and reports."""

import pytest

import regesta
from sdk import connect, greeting


@pytest.fixture
def client(server):
    greeting(server)
    with connect(server) as made:
        yield made


def counts(client):
    return {(one["version"], one["metric"]): one["count"] for one in client.quality("greeting")}


def test_scores_arrive_in_batches(client):
    prompt = client.prompt("greeting")
    for i in range(1200):
        client.score(prompt, "helpfulness", i % 2, unit=f"user-{i}")
    client.score("greeting", "latency_ms", 840, version="1.1.0")
    assert client.flush(60)
    assert counts(client) == {(1, "helpfulness"): 1200, (2, "latency_ms"): 1}
    assert client.flush(0)


def test_scores_outlive_an_outage_and_count_once(server, client):
    prompt = client.prompt("greeting")
    client.score(prompt, "m", 1)
    assert client.flush(60)
    server.stop()
    client.score(prompt, "m", 0)
    client.score(prompt, "m", 0, key="same")
    client.score(prompt, "m", 0, key="same")
    assert not client.flush(0.2)
    server.start(server.port)
    assert client.flush(60)
    assert counts(client) == {(1, "m"): 3}


def test_a_score_whose_response_was_lost_counts_once(client, monkeypatch):
    call, lost = client._transport.call, []

    def losing(method, path, *more):
        answer = call(method, path, *more)
        if method == "POST" and not lost:
            lost.append(answer)
            raise regesta.Unavailable("the response was lost")
        return answer

    monkeypatch.setattr(client._transport, "call", losing)
    client.score("greeting", "m", 1, version=1)
    assert client.flush(60) and lost
    assert counts(client) == {(1, "m"): 1}


def test_scores_are_sent_when_the_client_is_closed(server):
    greeting(server)
    with connect(server) as client:
        client.score("greeting", "m", 1, version=1)
    with connect(server) as client:
        assert counts(client) == {(1, "m"): 1}


def test_a_report_is_durable_when_it_returns(client, caplog):
    client.report("greeting", "m", 0.5, version="1.0.0", unit="u", key="k")
    client.report(client.prompt("greeting"), "m", 0.5, key="k")
    assert counts(client) == {(1, "m"): 1}
    with pytest.raises(regesta.RegestaError, match="no version 7"):
        client.report("greeting", "m", 0.5, version="7.0.0")
    [refused] = client.report_all("greeting", [{"version": 1, "metric": "m", "value": 1}, {"version": 9, "metric": "m", "value": 1}])
    assert refused["index"] == 1
    with pytest.raises(ValueError, match="needs the version"):
        client.score("greeting", "m", 1)
    client.score("greeting", "m", 1, version=9)
    assert client.flush(60) and "were refused" in caplog.text
