"""A stand-in for Slack: the methods of the Web API that Regesta uses, answered as Slack's reference describes them, and people who
click buttons. The unmodified slack_sdk drives it, too, and signs and verifies the calls. A real Slack cannot be had here."""

import http.server
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from slack_sdk.signature import SignatureVerifier

CHANNEL, TEAM = "C012BANK", "T012BANK"


class Slack:
    def __init__(self):
        self.secret = "8f742231b10e8888abcd99yyyzzz85a5"
        self.token = "xoxb-stand-in"
        self.lock = threading.RLock()
        self.messages, self.calls = {}, []
        self.down = self.revoked = False
        self.limited = 0  # requests still to be answered with 429
        self.last = 0.0
        self.users = {"UBOT": {"id": "UBOT", "name": "regesta", "team_id": TEAM, "is_bot": True}}
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                self.do_POST()

            def do_POST(self):
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                address = urllib.parse.urlsplit(self.path)
                arguments = dict(urllib.parse.parse_qsl(address.query))
                if "json" in (self.headers.get("Content-Type") or ""):
                    arguments |= json.loads(raw or b"{}")
                elif raw:
                    arguments |= dict(urllib.parse.parse_qsl(raw.decode()))
                with site.lock:
                    status, body, headers = site.answer(address.path.rpartition("/")[2], arguments,
                                                        self.headers.get("Authorization"))
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def person(self, identifier, **more):
        self.users[identifier] = {"id": identifier, "name": identifier.lower(), "team_id": TEAM, "deleted": False,
                                  "is_bot": False, "is_restricted": False, "is_ultra_restricted": False} | more
        return identifier

    def stamp(self):
        """Slack's times are unique within a channel."""
        self.last = max(time.time(), self.last + 0.001)
        return f"{self.last:.6f}"

    def answer(self, method, arguments, authorization):
        self.calls.append(method)
        if self.down:
            return 503, {}, {}
        if self.limited:
            self.limited -= 1
            return 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"}
        if authorization != f"Bearer {self.token}":
            return 200, {"ok": False, "error": "not_authed"}, {}
        if self.revoked:
            return 200, {"ok": False, "error": "token_revoked"}, {}
        found = getattr(self, "do_" + method.replace(".", "_"), None)
        result = found(arguments) if found else "unknown_method"
        return 200, ({"ok": False, "error": result} if isinstance(result, str) else {"ok": True, **result}), {}

    def do_auth_test(self, _):
        return {"user_id": "UBOT", "user": "regesta", "team_id": TEAM, "team": "Bank"}

    def do_chat_postMessage(self, arguments):
        if arguments.get("channel") != CHANNEL:
            return "channel_not_found"
        blocks = arguments.get("blocks", [])
        if len(blocks) > 50 or len(arguments.get("text", "")) > 40_000:
            return "invalid_blocks"
        if any(len(block.get("text", {}).get("text", "x")) not in range(1, 3001) for block in blocks):
            return "invalid_blocks_format"
        message = {"type": "message", "ts": self.stamp(), "user": "UBOT", "bot_id": "BBOT", "text": arguments.get("text", ""),
                   "blocks": blocks}
        for name in ("thread_ts", "metadata"):
            if name in arguments:
                message[name] = arguments[name]
        self.messages[message["ts"]] = message
        return {"channel": CHANNEL, "ts": message["ts"], "message": message}

    def do_chat_update(self, arguments):
        message = self.messages.get(arguments["ts"])
        if not message or arguments.get("channel") != CHANNEL:
            return "message_not_found"
        if message["user"] != "UBOT":
            return "cant_update_message"
        message |= {name: arguments[name] for name in ("text", "blocks", "metadata") if name in arguments}
        message["edited"] = {"user": "UBOT", "ts": self.stamp()}
        return {"channel": CHANNEL, "ts": message["ts"], "text": message["text"]}

    def do_chat_getPermalink(self, arguments):
        return {"channel": CHANNEL, "permalink": f"https://bank.slack.example/archives/{CHANNEL}/p{arguments['message_ts'].replace('.', '')}"}

    def shown(self, message):
        replies = [one for one in self.messages.values() if one.get("thread_ts") == message["ts"]]
        return message | ({"reply_count": len(replies), "latest_reply": replies[-1]["ts"]} if replies else {})

    def do_conversations_history(self, arguments):
        if arguments.get("channel") != CHANNEL:
            return "channel_not_found"
        found = [one for one in self.messages.values() if "thread_ts" not in one
                 and float(arguments.get("oldest", 0)) <= float(one["ts"]) <= float(arguments.get("latest", "9e12"))]
        return {"messages": [self.shown(one) for one in found[::-1]][:int(arguments.get("limit", 100))], "has_more": False}

    def do_conversations_replies(self, arguments):
        parent = self.messages.get(arguments["ts"])
        if not parent:
            return "thread_not_found"
        return {"messages": [self.shown(parent)] + [one for one in self.messages.values() if one.get("thread_ts") == arguments["ts"]]}

    def do_users_info(self, arguments):
        user = self.users.get(arguments["user"])
        return {"user": user} if user else "user_not_found"

    # What people do
    def reply(self, user, stamp, text):
        with self.lock:
            message = {"type": "message", "ts": self.stamp(), "user": user, "text": text, "thread_ts": stamp}
            self.messages[message["ts"]] = message

    def requests(self):
        with self.lock:
            return [json.loads(json.dumps(one)) for one in self.messages.values() if "thread_ts" not in one]

    def thread(self, stamp):
        with self.lock:
            return [one["text"] for one in self.messages.values() if one.get("thread_ts") == stamp]

    def click(self, url, user, stamp, action, secret=None, at=None, team=TEAM, body=None, signature=None, action_at=None):
        """A person clicks a button; returns the answer's status and what was sent, so that it can be replayed."""
        with self.lock:
            payload = {"type": "block_actions", "team": {"id": team}, "user": {"id": user, "username": user.lower(), "team_id": team},
                       "api_app_id": "A012", "container": {"type": "message", "message_ts": stamp, "channel_id": CHANNEL},
                       "channel": {"id": CHANNEL}, "message": self.messages.get(stamp, {}),
                       "actions": [{"type": "button", "action_id": f"regesta_{action}", "block_id": "regesta_review",
                                    "action_ts": action_at or self.stamp()}]}
        body = body or urllib.parse.urlencode({"payload": json.dumps(payload)})
        at = str(int(at or time.time()))
        signature = signature or SignatureVerifier(secret or self.secret).generate_signature(timestamp=at, body=body)
        call = urllib.request.Request(url, body.encode(), {"Content-Type": "application/x-www-form-urlencoded",
                                                           "X-Slack-Request-Timestamp": at, "X-Slack-Signature": signature})
        try:
            with urllib.request.urlopen(call, timeout=60) as answer:
                return answer.status, (body, at, signature)
        except urllib.error.HTTPError as refused:
            return refused.code, (body, at, signature)
