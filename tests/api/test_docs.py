"""The documentation below /docs: pages, search index and error page as a browser gets them, under a strict content security policy and offline."""

import gzip
import http.client
import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

PAGES = ["/docs/", "/docs/git.html", "/docs/security/threat-model.html", "/docs/search.html"]


class Site:
    def __init__(self, port):
        self.port = port

    def get(self, path, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


class Page(HTMLParser):
    """What a page refers to, and what it has inline."""

    def __init__(self, html):
        super().__init__()
        self.links, self.loads, self.inline = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in names):
            self.inline.append(tag)
        self.inline += [name for name in names if name == "style" or name.startswith("on")]
        if tag == "a" and "href" in names:
            self.links.append(names["href"])
        elif "src" in names or (tag == "link" and {"stylesheet", "icon"} & set(names.get("rel", "").split())):
            self.loads.append(names.get("src") or names["href"])


@pytest.fixture
def site(server):
    site = Site(server.port)
    if b"built without its documentation" in site.get("/docs/")[2]:
        pytest.fail("this program was built without its documentation: install Python 3.11 and npm (tools/setup), and build "
                    "again without REGESTA_DOCS=OFF")
    return site


def page(site, path):
    status, headers, body = site.get(path)
    assert status == 200, path
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    return Page(body.decode())


def test_the_address_without_a_slash_leads_to_the_start_page(site):
    status, headers, _ = site.get("/docs")
    assert (status, headers["Location"]) == (308, "/docs/")
    assert b"<h1>" in site.get("/docs/")[2]


def test_a_page_is_also_found_without_its_ending(site):
    status, headers, _ = site.get("/docs/sign-in")
    assert (status, headers["Location"]) == (308, "/docs/sign-in.html")


@pytest.mark.parametrize("path", PAGES)
def test_pages_obey_the_policy(site, path):
    policy = site.get(path)[1]["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert page(site, path).inline == []


@pytest.mark.parametrize("path", PAGES)
def test_pages_load_only_what_is_there(site, path):
    types = {"css": "text/css", "js": "text/javascript", "png": "image/png", "svg": "image/svg+xml"}
    loads = page(site, path).loads
    assert len(loads) >= 5
    for name in loads:
        assert not urlsplit(name).netloc, f"{path} loads {name} from elsewhere"
        target = urlsplit(urljoin(path, name)).path
        status, headers, _ = site.get(target)
        assert status == 200, f"{path} loads {target}"
        assert headers["Content-Type"].startswith(types[target.rpartition(".")[2]]), target
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_every_link_leads_somewhere(site):
    seen, waiting = {"/docs/"}, ["/docs/"]
    while waiting:
        path = waiting.pop()
        status, headers, body = site.get(path)
        assert status == 200, path
        if not headers["Content-Type"].startswith("text/html"):
            continue
        for link in Page(body.decode()).links:
            target = urlsplit(urljoin(path, link))
            if not target.netloc and target.path.startswith("/docs") and target.path not in seen:
                seen.add(target.path)
                waiting.append(target.path)
    assert len(seen) >= 20


def test_the_search_index_knows_the_pages(site):
    status, headers, body = site.get("/docs/searchindex.js")
    assert status == 200 and headers["Content-Type"].startswith("text/javascript")
    assert body.startswith(b"Search.setIndex(")
    assert re.search(rb'"git"', body) and b"rollout" in body
    assert b"searchindex.js" in site.get("/docs/search.html")[2]


def test_an_unknown_page_says_so_and_finds_its_styles(site):
    for path in ("/docs/nothing.html", "/docs/security/nothing.html"):
        status, headers, body = site.get(path)
        assert status == 404 and headers["Content-Type"].startswith("text/html")
        shown = Page(body.decode())
        assert b"Page not found" in body and shown.inline == []
        assert all(name.startswith("/docs/") for name in shown.loads)


def test_answers_are_compressed_and_validated(site):
    _, plain, body = site.get("/docs/git.html")
    status, packed, short = site.get("/docs/git.html", {"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip" and gzip.decompress(short) == body
    assert site.get("/docs/git.html", {"If-None-Match": plain["ETag"]})[0] == 304
