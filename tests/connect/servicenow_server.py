"""A stand-in for ServiceNow: the operations of its Table API that Regesta uses, on the tables that it uses. It was
written from knowledge of the public Table API, and its columns were not compared with an instance: none can be installed here."""

import base64
import collections
import datetime
import http.server
import json
import re
import threading
import time
import urllib.parse

APPROVALS = ("not requested", "requested", "approved", "rejected")
FIELDS = {  # of each table: what exists; what a caller may set
    "change_request": ("sys_id number short_description description correlation_id correlation_display assignment_group type approval "
                       "state comments work_notes sys_created_by sys_created_on sys_updated_on sys_updated_by sys_mod_count",
                       "short_description description correlation_id correlation_display assignment_group type approval state comments "
                       "work_notes"),
    "sys_user": ("sys_id user_name name", ""),
    "sys_audit": ("sys_id tablename documentkey fieldname oldvalue newvalue user sys_created_on", ""),
    "sys_journal_field": ("sys_id name element element_id value sys_created_by sys_created_on", ""),
    "sysapproval_approver": ("sys_id sysapproval approver state sys_mod_count sys_created_on sys_updated_on sys_updated_by", "state"),
}


class Account:
    def __init__(self, login, identifier, display):
        self.login, self.id, self.display = login, identifier, display
        self.token = f"password-of-{login}"
        self.revoked = False


class ServiceNow:
    """One instance. People act on it through its API, as Regesta does."""

    def __init__(self, skew=0.0):
        self.skew = skew
        self.lock = threading.RLock()
        self.accounts = []
        self.tables = {name: [] for name in FIELDS}
        self.requests, self.errors = [], []
        self.failures = collections.deque()  # (predicate, status, headers)
        self.down = False
        self.lost = []  # methods whose next answer is lost after the work was done
        self.after_loss = lambda: None
        self.frozen = set()  # fields that a business rule keeps
        self.numbers = 30000
        self.bot = self.account("regesta.bot", "Regesta bot")
        self.open(0)

    # the instance
    def open(self, port):
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                site.serve(self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

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

    def account(self, login, display):
        made = Account(login, self.sys_id(), display)
        self.accounts.append(made)
        self.tables["sys_user"].append({"sys_id": made.id, "user_name": login, "name": display})
        return made

    def fail(self, count, status, headers=None, when=lambda method, path: True):
        for _ in range(count):
            self.failures.append((when, status, headers or {}))

    def count(self, method, pattern):
        with self.lock:
            return sum(1 for made, path, _ in self.requests if made == method and re.search(pattern, path))

    def sys_id(self):
        self.last_id = getattr(self, "last_id", 0) + 1
        return f"{self.last_id:032x}"

    def now(self):
        """Values of times are UTC, with seconds."""
        return datetime.datetime.fromtimestamp(time.time() + self.skew, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")

    # one request
    def serve(self, handler):
        raw = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(handler.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if self.down:
            handler.close_connection = True
            handler.connection.close()
            return
        with self.lock:
            self.requests.append((handler.command, url.path, raw.decode()))
            status, headers, body = self.dispatch(handler, url.path, query, raw)
            lost = handler.command in self.lost
            if lost:
                self.lost.remove(handler.command)
                self.after_loss()
        if lost:
            handler.close_connection = True
            handler.connection.close()
            return
        data = json.dumps(body).encode()
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

    @staticmethod
    def error(status, message, detail=None):
        return status, {}, {"error": {"message": message, "detail": detail}, "status": "failure"}

    def dispatch(self, handler, path, query, raw):
        account = self.authenticated(handler.headers.get("Authorization", ""))
        for failure in list(self.failures):
            when, status, headers = failure
            if when(handler.command, path):
                self.failures.remove(failure)
                return status, headers, {"error": {"message": f"failure {status}", "detail": None}, "status": "failure"}
        if account is None:
            return self.error(401, "User Not Authenticated", "Required to provide Auth information")
        found = re.fullmatch(r"/api/now/table/([a-z_]+)(?:/([0-9a-f]{32}))?", path)
        if not found or found[1] not in FIELDS:
            return self.error(400, "Invalid table")
        table, identifier = found[1], found[2]
        if handler.command == "GET" and not identifier:
            return self.listed(table, query)
        if handler.command == "POST" and not identifier and table == "change_request":
            return self.written(table, None, json.loads(raw), account, query)
        record = next((one for one in self.tables[table] if one["sys_id"] == identifier), None)
        if record is None:
            return self.error(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
        if handler.command == "GET":
            return 200, {}, {"result": self.shown(record, query)}
        if handler.command == "PATCH":
            return self.written(table, record, json.loads(raw), account, query)
        return self.error(405, "Method not supported")

    def authenticated(self, header):
        kind, _, value = header.partition(" ")
        if kind != "Basic":
            return None
        login, _, password = base64.b64decode(value).decode().partition(":")
        return next((one for one in self.accounts if one.login == login and one.token == password and not one.revoked), None)

    def shown(self, record, query):
        wanted = query.get("sysparm_fields", "").split(",") if query.get("sysparm_fields") else list(record)
        return {name: record.get(name, "") for name in wanted if name not in ("comments", "work_notes")}

    def listed(self, table, query):
        """Encoded queries of equal values, joined by ^, and one ORDERBY. A condition on an unknown field is ignored, as there."""
        rows, order = list(self.tables[table]), None
        for term in query.get("sysparm_query", "").split("^"):
            if term.startswith("ORDERBY"):
                order = term.removeprefix("ORDERBY")
            elif "=" in term:
                name, _, value = term.partition("=")
                if name in FIELDS[table][0].split():
                    rows = [row for row in rows if row.get(name, "") == value]
        if order:
            rows.sort(key=lambda row: row.get(order, ""))
        start, size = int(query.get("sysparm_offset", 0)), int(query.get("sysparm_limit", 10_000))
        return 200, {"X-Total-Count": str(len(rows))}, {"result": [self.shown(row, query) for row in rows[start:start + size]]}

    def written(self, table, record, body, account, query):
        may = FIELDS[table][1].split()
        for name, value in body.items():
            if name not in may or not isinstance(value, str):
                self.errors.append((account.login, name, value))
                return self.error(400, "Exception while writing", f"{name} cannot be set")
        if len(body.get("short_description", "")) > 160 or body.get("approval", "requested") not in APPROVALS:
            self.errors.append((account.login, body))
        now, created = self.now(), record is None
        if created:
            self.numbers += 1
            record = {"sys_id": self.sys_id(), "number": f"CHG00{self.numbers}", "approval": "not requested", "state": "-5",
                      "sys_created_by": account.login, "sys_created_on": now, "sys_mod_count": "-1"}
            self.tables[table].append(record)
        for name, value in body.items():
            if name in ("comments", "work_notes"):
                self.tables["sys_journal_field"].append({"sys_id": self.sys_id(), "name": table, "element": name, "value": value,
                                                         "element_id": record["sys_id"], "sys_created_by": account.login,
                                                         "sys_created_on": now})
            elif record.get(name, "") != value and name not in self.frozen:
                if not created and table == "change_request":
                    self.tables["sys_audit"].append({"sys_id": self.sys_id(), "tablename": table, "documentkey": record["sys_id"],
                                                     "fieldname": name, "oldvalue": record.get(name, ""), "newvalue": value,
                                                     "user": account.login, "sys_created_on": now})
                record[name] = value
        record |= {"sys_updated_on": now, "sys_updated_by": account.login, "sys_mod_count": str(int(record["sys_mod_count"]) + 1)}
        if table == "sysapproval_approver" and body.get("state") in ("approved", "rejected"):
            change = next(one for one in self.tables["change_request"] if one["sys_id"] == record["sysapproval"])
            self.written("change_request", change, {"approval": body["state"]}, account, {})
        return (201 if created else 200), {}, {"result": self.shown(record, query)}

    # what people do
    def find(self, number):
        return next(one for one in self.tables["change_request"] if one["number"] == number)

    def approver(self, number, account):
        """The record by which the account is asked; the instance's own rules make it."""
        with self.lock:
            made = {"sys_id": self.sys_id(), "sysapproval": self.find(number)["sys_id"], "approver": account.id, "state": "requested",
                    "sys_mod_count": "0", "sys_created_on": self.now(), "sys_updated_on": self.now(), "sys_updated_by": "system"}
            self.tables["sysapproval_approver"].append(made)
            return made

    def write(self, account, table, record, **fields):
        with self.lock:
            status, _, body = self.written(table, record, fields, account, {})
            assert status == 200, body

    def journal(self, number):
        with self.lock:
            return [one["value"] for one in self.tables["sys_journal_field"] if one["element_id"] == self.find(number)["sys_id"]]
