"""The fake model server, called by the real `openai` package: it implements the API that the runner's tests rely on."""

import openai
import pytest
from openai_server import OpenAIServer, embedding

TOOL = [{"id": "call_1", "type": "function", "function": {"name": "find", "arguments": '{"q": "loans"}'}}]


@pytest.fixture
def model():
    with OpenAIServer(key="sk-test") as server:
        yield server


@pytest.fixture
def client(model):
    return openai.OpenAI(base_url=model.url, api_key="sk-test", max_retries=2)


def ask(client, text, **more):
    return client.chat.completions.create(model="test-model", messages=[{"role": "user", "content": text}], **more)


def test_whole_answers(model, client):
    model.says("Hello, Eva.", when="greet")
    got = ask(client, "greet Eva")
    assert got.choices[0].message.content == "Hello, Eva." and got.choices[0].finish_reason == "stop"
    assert got.usage.completion_tokens == 2 and got.model == "test-model"


def test_streams_with_usage(model, client):
    model.says("Grüße aus Köln, Straße für Straße.")
    chunks = list(ask(client, "x", stream=True, stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Grüße aus Köln, Straße für Straße."
    assert chunks[-1].usage.total_tokens > 0 and not chunks[-1].choices


def test_tools_whole_and_streamed(model, client):
    model.says(TOOL)
    assert ask(client, "x").choices[0].message.tool_calls[0].function.arguments == '{"q": "loans"}'
    pieces = [c.choices[0].delta.tool_calls for c in ask(client, "x", stream=True) if c.choices]
    assert "".join(p[0].function.arguments for p in pieces if p) == '{"q": "loans"}'


def test_embeddings(model, client):
    got = client.embeddings.create(model="e", input=["a loan", "a house"])
    assert [round(x, 5) for x in got.data[0].embedding] == [round(x, 5) for x in embedding("a loan")]


def test_faults_as_the_package_knows_them(model, client):
    model.says("at last")
    model.fail(429, times=2, retry_after=0)
    assert ask(client, "x").choices[0].message.content == "at last"
    model.fail(500, times=5, retry_after=0)
    with pytest.raises(openai.InternalServerError):
        ask(client, "x")
    model.faults.clear()
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        client.chat.completions.create(model="no-such-model", messages=[{"role": "user", "content": "x"}])
    with pytest.raises(openai.AuthenticationError):
        ask(openai.OpenAI(base_url=model.url, api_key="wrong", max_retries=0), "x")
    model.cut_streams = 1
    with pytest.raises(openai.OpenAIError):
        list(ask(client, "x", stream=True))
