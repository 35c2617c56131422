"""What a browser does on the way to the provider and back: it follows redirects and keeps cookies, one step at a time."""

import http.client
import json
import urllib.parse
from http.cookies import SimpleCookie


class Browser:
    def __init__(self, server):
        self.server = server
        self.cookies = {}  # host:port → {name: value}
        self.set = {}      # name → the last Set-Cookie header
        self.addresses = []

    def ask(self, address, method="GET", form=None, body=None):
        """One request with a form or a JSON body; no redirect is followed. Returns status, headers and text."""
        parts = urllib.parse.urlsplit(address)
        self.addresses.append(address)
        jar = self.cookies.setdefault(parts.netloc, {})
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        sent, content = {}, None
        if jar:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        if form is not None:
            sent["Content-Type"], content = "application/x-www-form-urlencoded", urllib.parse.urlencode(form)
        if body is not None:
            sent["Content-Type"], content = "application/json", json.dumps(body)
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), content, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        for header in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(header).items():
                self.set[name] = header
                if morsel.value and morsel["max-age"] != "0":
                    jar[name] = morsel.value
                else:
                    jar.pop(name, None)
        connection.close()
        return answer.status, answer.headers, text

    def follow(self, address, stop=lambda address: False):
        """Follows redirects until an answer is none or `stop` says so; returns the address it came to, and the text."""
        while True:
            status, headers, text = self.ask(address)
            if status not in (302, 303, 307):
                return address, text
            address = urllib.parse.urljoin(address, headers["Location"])
            if stop(address):
                return address, ""

    def to_provider(self, back="/"):
        """Starts; the address of the provider's sign-in page."""
        return self.follow(self.server.url + "/api/v1/session/oidc/start?" + urllib.parse.urlencode({"back": back}))[0]

    def to_callback(self, login, back="/"):
        """Signs in at the provider; the address it sends the browser back to, not yet asked for."""
        page = self.to_provider(back)
        status, headers, text = self.ask(page, "POST", {"login": login} if login else {"login": "", "cancel": "yes"})
        assert status in (302, 303), text
        address = urllib.parse.urljoin(page, headers["Location"])
        while not address.startswith(self.server.url):
            status, headers, text = self.ask(address)
            assert status in (302, 303), (address, text)
            address = urllib.parse.urljoin(address, headers["Location"])
        return address

    def sign_in(self, login, back="/"):
        """The whole way; where the server leads in the end."""
        status, headers, text = self.ask(self.to_callback(login, back))
        assert status == 303, text
        return headers["Location"]

    def ways(self):
        return json.loads(self.ask(self.server.url + "/api/v1/session/ways")[2])

    def me(self):
        status, _, text = self.ask(self.server.url + "/api/v1/users/me")
        return json.loads(text)["actor"] if status == 200 else None

    def call(self, method, path, body=None):
        status, _, text = self.ask(self.server.url + path, method, None, body)
        return status, json.loads(text) if text else None
