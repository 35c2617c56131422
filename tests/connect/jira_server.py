"""A stand-in for JIRA, Cloud or Data Center: the operations that Regesta and the Python clients of JIRA use, as Atlassian's published
API descriptions define them. Requests and answers are checked against jira_schema.json. A real JIRA cannot be installed here."""

import base64
import collections
import copy
import datetime
import hashlib
import hmac
import http.server
import json
import pathlib
import re
import threading
import time
import urllib.parse
import urllib.request

import jsonschema

SCHEMA = json.loads((pathlib.Path(__file__).resolve().parent / "jira_schema.json").read_text())
STATUSES = ["To Do", "In Review", "Approved", "Rejected", "Done", "Canceled"]


def check(name, value):
    jsonschema.validate(value, {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})


def text_of(value):
    """The plain text of a document, or the text itself."""
    if value is None or isinstance(value, str):
        return value or ""
    lines, kind = [], value.get("type")
    if kind == "text":
        return value["text"]
    if kind == "hardBreak":
        return "\n"
    parts = [text_of(child) for child in value.get("content", [])]
    if kind in ("doc", "table", "tableRow"):
        lines = parts
        return ("  " if kind == "tableRow" else "\n").join(lines)
    return "".join(parts)


def document(text):
    lines = [{"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []} for line in text.split("\n")]
    return {"type": "doc", "version": 1, "content": lines}


class Account:
    def __init__(self, login, identifier, display):
        self.login, self.id, self.display = login, identifier, display
        self.token = f"token-of-{login}-{identifier}"
        self.revoked = False


class Jira:
    """One site. People act on it through its API, as Regesta does. `cloud` decides which edition it is."""

    def __init__(self, cloud=True, skew=0.0):
        self.cloud, self.skew = cloud, skew  # its clock differs from ours by so many seconds
        self.lock = threading.RLock()
        self.accounts, self.issues, self.indexed = [], {}, set()
        self.requests, self.schema_errors = [], []
        self.failures = collections.deque()  # (predicate, status, headers): answers to the next matching requests
        self.down = False
        self.after = None  # called with (method, path) after an operation was done, before its answer is sent
        self.index_at_once = True
        self.last = 0
        self.numbers = 10000
        self.bot = self.account("bot@bank.example", "bot-5b10", "Regesta bot")
        self.open(0)

    # the site
    def open(self, port):
        jira = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                jira.serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        class Site(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Site(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def account(self, login, identifier, display):
        made = Account(login, identifier, display)
        self.accounts.append(made)
        return made

    def fail(self, count, status, headers=None, when=lambda method, path: True):
        for _ in range(count):
            self.failures.append((when, status, headers or {}))

    def count(self, method, pattern):
        with self.lock:
            return sum(1 for made, path, _ in self.requests if made == method and re.search(pattern, path))

    # time and numbers
    def now(self):
        """Strictly rising, in milliseconds."""
        self.last = max(self.last + 1, int((time.time() + self.skew) * 1000))
        return self.last

    def stamp(self, millis):
        moment = datetime.datetime.fromtimestamp(millis / 1000, datetime.timezone(datetime.timedelta(hours=2)))
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{millis % 1000:03d}+0200"

    def number(self):
        self.numbers += 1
        return str(self.numbers)

    # one request
    def serve(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        raw = handler.rfile.read(length)
        url = urllib.parse.urlsplit(handler.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if self.down:
            handler.close_connection = True
            handler.connection.close()
            return
        with self.lock:
            self.requests.append((handler.command, url.path, raw.decode()))
            status, headers, body = self.dispatch(handler, url.path, query, raw)
        if self.after:
            self.after(handler.command, url.path)
        data = b"" if body is None else json.dumps(body).encode()
        try:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Type", "application/json;charset=UTF-8")
            handler.send_header("Content-Length", str(len(data)))
            handler.end_headers()
            handler.wfile.write(data)
        except OSError:
            pass

    def dispatch(self, handler, path, query, raw):
        account = self.authenticated(handler.headers.get("Authorization", ""))
        for failure in list(self.failures) if account in (self.bot, None) else []:  # people's clients are not what is tested
            when, status, headers = failure
            if when(handler.command, path):
                self.failures.remove(failure)
                return status, headers, {"errorMessages": [f"failure {status}"], "errors": {}}
        if account is None and not path.endswith("/serverInfo"):
            return 401, {}, {"errorMessages": ["You are not authenticated."], "errors": {}}
        found = re.fullmatch(r"/rest/api/(2|3|latest)(/.*)", path)
        if not found or (found[1] == "3" and not self.cloud):
            return 404, {}, {"errorMessages": ["no such resource"], "errors": {}}
        self.version = 3 if found[1] == "3" else 2
        body = json.loads(raw) if raw else None
        for method, pattern, operation in OPERATIONS:
            match = re.fullmatch(pattern, found[2])
            if match and method == handler.command:
                name = operation.__name__
                try:
                    if body is not None:
                        check(f"{name}{self.version}", body)
                except jsonschema.ValidationError as error:
                    if account is self.bot:
                        self.schema_errors.append((name, error.message))
                    return 400, {}, {"errorMessages": [], "errors": {name: error.message[:200]}}
                status, answer = operation(self, account, query, body, *match.groups())
                if status < 300 and answer is not None and f"{name}Answer" in SCHEMA["$defs"]:
                    check(f"{name}Answer", answer)
                return status, {}, answer
        return 404, {}, {"errorMessages": [f"no such resource {found[2]}"], "errors": {}}

    def authenticated(self, header):
        kind, _, value = header.partition(" ")
        login, token = None, value
        if kind == "Basic":
            login, _, token = base64.b64decode(value).decode().partition(":")
        if kind == "Bearer" and self.cloud:
            return None
        for account in self.accounts:
            if account.token == token and not account.revoked and login in (None, account.login):
                return account
        return None

    # what it shows
    def user(self, account):
        common = {"self": self.url, "displayName": account.display, "active": True, "timeZone": "Europe/Berlin"}
        if self.cloud:
            return common | {"accountId": account.id, "accountType": "atlassian"}
        return common | {"key": account.id, "name": account.login, "emailAddress": account.login}

    def markup(self, value):
        if self.version == 3:
            return value if isinstance(value, dict) else document(value or "")
        return text_of(value)

    def status(self, name):
        return {"self": self.url, "id": str(STATUSES.index(name) + 1), "name": name,
                "statusCategory": {"id": 2, "key": "new", "name": "To Do"}}

    def history(self, change):
        return {"id": change["id"], "author": self.user(change["author"]), "created": self.stamp(change["at"]), "items": change["items"]}

    def comment_view(self, comment):
        view = {"self": self.url, "id": comment["id"], "author": self.user(comment["author"]), "body": self.markup(comment["body"]),
                "created": self.stamp(comment["at"]), "updated": self.stamp(comment["at"])}
        if comment.get("visibility"):
            view["visibility"] = comment["visibility"]
        return view

    def issue_view(self, issue, query):
        wanted = query.get("fields", "*all").split(",")
        fields = {"summary": issue["summary"], "description": self.markup(issue["description"]), "labels": issue["labels"],
                  "status": self.status(issue["status"]), "creator": self.user(issue["creator"]), "updated": self.stamp(issue["updated"]),
                  "project": {"id": "1", "key": issue["project"]}, "issuetype": {"id": "1", "name": "Task"},
                  "created": self.stamp(issue["created"]),
                  "comment": {"comments": [self.comment_view(one) for one in issue["comments"]], "total": len(issue["comments"]),
                              "maxResults": 100, "startAt": 0}}
        if "*all" not in wanted:
            fields = {name: value for name, value in fields.items() if name in wanted}
        view = {"id": issue["id"], "key": issue["key"], "self": f"{self.url}/rest/api/2/issue/{issue['id']}", "fields": fields}
        if "changelog" in query.get("expand", ""):
            histories = [self.history(change) for change in issue["changes"]]
            view["changelog"] = {"startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories}
        return view

    def find(self, name):
        return next((issue for issue in self.issues.values() if name in (issue["id"], issue["key"])), None)

    def change(self, issue, author, items):
        at = self.now()
        issue["updated"] = at
        entry = {"id": self.number(), "author": author, "at": at, "items": items}
        issue["changes"].append(entry)
        return entry

    def move(self, issue, author, status):
        former, issue["status"] = issue["status"], status
        return self.change(issue, author, [{"field": "status", "fieldtype": "jira", "from": "1", "fromString": former,
                                            "to": str(STATUSES.index(status) + 1), "toString": status}])

    # events to a webhook of the site's administrator
    def event(self, url, secret, body=None, **headers):
        data = json.dumps(body or {"webhookEvent": "jira:issue_updated", "timestamp": self.last}).encode()
        signature = "sha256=" + hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json", "X-Hub-Signature": signature} | headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


# Operations: (site, account, query, body, path variables) -> (status, answer)
def myself(jira, account, query, body):
    return 200, jira.user(account)


def server_info(jira, account, query, body):
    return 200, {"baseUrl": jira.url, "version": "10.3.0", "versionNumbers": [10, 3, 0], "buildNumber": 1,
                 "deploymentType": "Cloud" if jira.cloud else "Server", "serverTitle": "JIRA"}


def create_issue(jira, account, query, body):
    fields = body["fields"]
    if fields["project"]["key"] != "ML":
        return 400, {"errorMessages": [], "errors": {"project": "valid project is required"}}
    number = len(jira.issues) + 1
    at = jira.now()
    issue = {"id": jira.number(), "key": f"ML-{number}", "project": "ML", "summary": fields["summary"],
             "description": fields.get("description"), "labels": fields.get("labels", []), "status": "To Do", "creator": account,
             "created": at, "updated": at, "comments": [], "changes": []}
    jira.issues[issue["id"]] = issue
    if jira.index_at_once:
        jira.indexed.add(issue["id"])
    return 201, {"id": issue["id"], "key": issue["key"], "self": f"{jira.url}/rest/api/2/issue/{issue['id']}"}


def search(jira, account, query, body):
    label = re.search(r'labels = "([^"]+)"', query["jql"])[1]
    found = [issue for issue in jira.issues.values() if label in issue["labels"] and issue["id"] in jira.indexed]
    return 200, {"issues": [jira.issue_view(issue, query) for issue in found], "isLast": True, "total": len(found)}


def get_issue(jira, account, query, body, name):
    issue = jira.find(name)
    if not issue:
        return 404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}}
    return 200, jira.issue_view(issue, query)


def edit_issue(jira, account, query, body, name):
    issue = jira.find(name)
    if not issue:
        return 404, {"errorMessages": ["Issue does not exist"], "errors": {}}
    items = []
    for field, value in body["fields"].items():
        if issue[field] != value:
            items.append({"field": field, "fieldtype": "jira", "from": None, "fromString": text_of(issue[field]), "to": None,
                          "toString": text_of(value)} if field != "labels" else {"field": field, "fieldtype": "jira"})
            issue[field] = copy.deepcopy(value)
    if items:
        jira.change(issue, account, items)
    return 204, None


def delete_issue(jira, account, query, body, name):
    jira.issues.pop(jira.find(name)["id"])
    return 204, None


def changelog(jira, account, query, body, name):
    issue = jira.find(name)
    if not issue:
        return 404, {"errorMessages": ["Issue does not exist"], "errors": {}}
    start, size = int(query.get("startAt", 0)), min(int(query.get("maxResults", 100)), 3)  # small pages: callers must follow them
    values = [jira.history(change) for change in issue["changes"]]
    return 200, {"startAt": start, "maxResults": size, "total": len(values), "isLast": start + size >= len(values),
                 "values": values[start:start + size]}


def get_comments(jira, account, query, body, name):
    issue = jira.find(name)
    if not issue:
        return 404, {"errorMessages": ["Issue does not exist"], "errors": {}}
    start, size = int(query.get("startAt", 0)), min(int(query.get("maxResults", 100)), 3)
    views = [jira.comment_view(one) for one in issue["comments"]]
    return 200, {"startAt": start, "maxResults": size, "total": len(views), "comments": views[start:start + size]}


def add_comment(jira, account, query, body, name):
    issue = jira.find(name)
    if not issue:
        return 404, {"errorMessages": ["Issue does not exist"], "errors": {}}
    at = jira.now()
    issue["updated"] = at
    comment = {"id": jira.number(), "author": account, "at": at, "body": body["body"], "visibility": body.get("visibility")}
    issue["comments"].append(comment)
    return 201, jira.comment_view(comment)


def get_transitions(jira, account, query, body, name):
    issue = jira.find(name)
    if not issue:
        return 404, {"errorMessages": ["Issue does not exist"], "errors": {}}
    ways = [status for status in STATUSES if status != issue["status"]]
    return 200, {"transitions": [{"id": str(STATUSES.index(status) + 101), "name": f"to {status}", "to": jira.status(status)}
                                 for status in ways]}


def do_transition(jira, account, query, body, name):
    issue = jira.find(name)
    jira.move(issue, account, STATUSES[int(body["transition"]["id"]) - 101])
    return 204, None


ISSUE = r"/issue/([^/]+)"
OPERATIONS = [
    ("GET", "/myself", myself), ("GET", "/serverInfo", server_info), ("POST", "/issue", create_issue),
    ("GET", "/search/jql", search), ("GET", "/search", search), ("GET", ISSUE, get_issue), ("PUT", ISSUE, edit_issue),
    ("DELETE", ISSUE, delete_issue), ("GET", ISSUE + "/changelog", changelog), ("GET", ISSUE + "/comment", get_comments),
    ("POST", ISSUE + "/comment", add_comment), ("GET", ISSUE + "/transitions", get_transitions),
    ("POST", ISSUE + "/transitions", do_transition),
]
