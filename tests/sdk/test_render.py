"""What the client renders by itself is what the server renders."""

import itertools

import pytest

import regesta
from sdk import connect, make

TEMPLATES = [
    "Hello {{name}}!", "{{ name }}{{name}}", "{{{name}}}", "{{&name}}", "{{{{name}}}}", "a } b }} { {{name}}", "{{name}}}",
    "{ {{name}} }", "{{name}", "{{user.name}}", "{{#name}}yes {{name}}{{/name}}{{^name}}no{{/name}}", "{{! note }}{{name}}",
    "{{=<% %>=}}<% name %>", '{{"a": 1}} {{name}}', "{{\nname\t}}", "plain", "größe {{name}} €", "{{na-me}} {{1}}",
]
FSTRINGS = ["Hello {name}!", "{{{name}}} {{}}", "{name}{name}", "{name.first}", "{name[0]}", "{{name}}", "a {{ {name} }} b"]
VALUES = ["Ada", "", "{{name}} {name} <b>&", "größe 😀\n", 7, -(2**63), 2**64, True, None, 1.5, 1e300, [1, "a"], {"first": "A"}, 0]


@pytest.fixture(scope="module")
def client(shared_server):
    with connect(shared_server, follow=False) as made:
        yield made


def outcome(render):
    try:
        return render()
    except regesta.RegestaError as error:
        return f"error {error.status}: {error}"


def differences(client, prompt, given):
    """How often the client renders by itself, and where that differs from the server."""
    here, found = 0, []
    for values in given:
        mine = prompt._here(values, False)
        if mine is None:
            continue
        here += 1
        theirs = outcome(lambda values=values: client._render_there(prompt, values, prompt.type == "chat"))
        if mine != theirs:
            found.append((prompt.text, values, mine, theirs))
    return here, found


def versions(server, client, name, contents):
    for content in contents:
        yield client.prompt(name, str(make(server, name, **content)["version"]))


def test_texts_of_both_languages(shared_server, client):
    contents = [{"template": text} for text in TEMPLATES if text != "{{name}"]
    contents += [{"template": text, "template_format": "f-string"} for text in FSTRINGS]
    given = [{"name": value} for value in VALUES] + [{}, {"name": "a", "other": "b"}, {"na-me": "x", "1": 5}, {"user": {"name": "N"}}]
    count, wrong = 0, []
    for prompt in versions(shared_server, client, "texts", contents):
        here, found = differences(client, prompt, given)
        count += here
        wrong += found
    assert wrong == []
    assert count > 120  # and not all of it by the server


def test_schemas(shared_server, client):
    properties = {"name": {"type": "string"}, "count": {"type": "integer", "default": 3}, "flag": {"type": "boolean"},
                  "any": {"default": None}, "level": {"type": "number"}}
    contents = [
        {"template": "{{name}} {{count}} {{flag}} {{any}} {{level}}", "input_schema": {"type": "object", "properties": properties, **more}}
        for more in ({}, {"required": ["name"]}, {"required": ["name", "count", "any"]}, {"additionalProperties": False})]
    contents.append({"template": "{{name}}", "input_schema": {"type": "object", "properties": {"name": {"type": "string", "enum": ["a", "b"]}}}})
    names, some = ("name", "count", "flag", "any", "level"), ("a", 1, True, None)
    given = [dict(zip(names, values)) for values in itertools.product(some, repeat=len(names))][::7]
    given += [{"name": "a"}, {}, {"name": "a", "more": "b"}, {"name": "c"}]
    count, wrong = 0, []
    for prompt in versions(shared_server, client, "schemas", contents):
        here, found = differences(client, prompt, given)
        count += here
        wrong += found
    assert wrong == []
    assert count > 10


def test_chats(shared_server, client):
    content = {"messages": [
        {"role": "system", "content": "Be {{tone}}.", "name": "n"}, {"type": "placeholder", "name": "history"},
        {"role": "user", "content": [{"type": "text", "text": "{{tone}}"}]}]}
    given = [{"tone": "kind"}, {"tone": "kind", "history": [{"role": "user", "content": "x", "more": [1]}]},
             {"tone": "kind", "history": []}, {"tone": "kind", "history": None}, {"tone": "kind", "history": "text"}, {}]
    [prompt] = versions(shared_server, client, "chats", [content])
    here, wrong = differences(client, prompt, given)
    assert wrong == [] and here == 4
    with pytest.raises(regesta.RegestaError, match="must be a list of messages"):
        prompt.render_messages(tone="kind", history="text")


def test_the_server_renders_what_only_it_can(shared_server, client):
    make(shared_server, "jinja", template="{% for x in rows %}{{ x|upper }};{% endfor %}", template_format="jinja2")
    prompt = client.prompt("jinja", "1")
    assert prompt.render(rows=["a", "b"]) == "A;B;"
    assert prompt.render_messages(rows=["a"]) == [{"role": "user", "content": "A;"}]
    make(shared_server, "sections", template="{{#rows}}{{.}};{{/rows}}{{n}}")
    assert client.prompt("sections", "1").render({"rows": [1, 2], "n": 0.5}) == "1;2;0.5"
    with pytest.raises(regesta.RegestaError, match="'name' is missing"):
        client.prompt("texts", "1").render()
