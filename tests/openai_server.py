"""A small OpenAI-compatible server for tests: /v1/chat/completions whole and streamed, /v1/embeddings, /v1/models, with the
API's error shapes. It answers by rules, keeps what it was asked, and misbehaves on order. test_openai_server.py lets the real
`openai` package talk to it.

    with OpenAIServer() as model:
        model.says("hello", when="greet")        # whenever the last user message contains "greet"
        model.fail(429, times=2, retry_after=0)  # the next two calls
"""

import hashlib
import http.server
import json
import math
import re
import threading
import time


class OpenAIServer:
    def __init__(self, key=None):
        self.key = key
        self.requests = []  # (path, body)
        self.rules = []     # (pattern, answer)
        self.faults = []    # status, headers, body
        self.delay = 0.0
        self.hold = None    # an Event: answers wait for it
        self.cut_streams = 0
        self.busy = self.most_busy = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(_Handler):
            model = outer

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        if self.hold:
            self.hold.set()
        self.http.shutdown()
        self.http.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http.server_port}/v1"

    def says(self, answer, when=""):
        """`answer`: text, a list of tool calls, or a function of the request's body. Later rules win."""
        self.rules.insert(0, (when, answer))
        return self

    def fail(self, status, times=1, retry_after=None, message="out of order", headers=None):
        extra = dict(headers or {})
        if retry_after is not None:
            extra["Retry-After"] = str(retry_after)
        self.faults += [(status, extra, message)] * times
        return self

    def chats(self):
        return [body for path, body in self.requests if path == "/v1/chat/completions"]

    def answer_to(self, body):
        said = "\n".join(m["content"] for m in body["messages"] if isinstance(m.get("content"), str))
        for pattern, answer in self.rules:
            if re.search(pattern, said):
                return answer(body) if callable(answer) else answer
        return "I have nothing to say."


def embedding(text, size=64):
    """Words that two texts share bring them nearer: enough for `similar`."""
    vector = [0.0] * size
    for word in re.findall(r"\w+", text.lower()):
        vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % size] += 1.0
    length = math.sqrt(sum(x * x for x in vector)) or 1.0
    return [x / length for x in vector]


def usage(body, answer):
    count = lambda text: max(1, len(str(text).split()))
    return {"prompt_tokens": count(body["messages"]), "completion_tokens": count(answer),
            "total_tokens": count(body["messages"]) + count(answer)}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model = None

    def log_message(self, *_):
        pass

    def send(self, status, body, headers=None):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def fault(self, status, message, code=None, headers=None):
        kind = {401: "invalid_request_error", 429: "rate_limit_error"}.get(
            status, "invalid_request_error" if status < 500 else "server_error")
        self.send(status, {"error": {"message": message, "type": kind, "param": None, "code": code}}, headers)

    def do_GET(self):
        if self.path == "/v1/models":
            return self.send(200, {"object": "list", "data": [{"id": "test-model", "object": "model", "created": 1,
                                                               "owned_by": "tests"}]})
        self.fault(404, f"Unknown request URL: GET {self.path}", "unknown_url")

    def do_POST(self):
        model = self.model
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with model.lock:
            model.busy += 1
            model.most_busy = max(model.most_busy, model.busy)
        try:
            self.post(model, raw)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with model.lock:
                model.busy -= 1

    def post(self, model, raw):
        if model.key and self.headers.get("Authorization") != f"Bearer {model.key}":
            return self.fault(401, "Incorrect API key provided", "invalid_api_key")
        with model.lock:
            planned = model.faults.pop(0) if model.faults else None
        if planned:
            return self.fault(planned[0], planned[2], headers=planned[1])
        try:
            body = json.loads(raw)
        except ValueError:
            return self.fault(400, "We could not parse the JSON body of your request.")
        with model.lock:
            model.requests.append((self.path, body))
        if model.hold:
            model.hold.wait(60)
        time.sleep(model.delay)
        if self.path == "/v1/chat/completions":
            return self.chat(model, body)
        if self.path == "/v1/embeddings":
            return self.embed(body)
        self.fault(404, f"Unknown request URL: POST {self.path}", "unknown_url")

    def chat(self, model, body):
        if not body.get("model"):
            return self.fault(400, "you must provide a model parameter")
        if not isinstance(body.get("messages"), list) or not body["messages"]:
            return self.fault(400, "Invalid 'messages': empty array", "empty_array")
        if body["model"] == "no-such-model":
            return self.fault(404, "The model `no-such-model` does not exist", "model_not_found")
        answer = model.answer_to(body)
        tools = answer if isinstance(answer, list) else None
        text = None if tools else answer
        head = {"id": "chatcmpl-test", "created": int(time.time()), "model": body["model"]}
        reason = "tool_calls" if tools else "stop"
        if not body.get("stream"):
            message = {"role": "assistant", "content": text, "refusal": None}
            if tools:
                message["tool_calls"] = tools
            return self.send(200, {**head, "object": "chat.completion", "usage": usage(body, answer), "choices": [
                {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}]})
        self.stream(model, body, head, text, tools, reason, answer)

    def stream(self, model, body, head, text, tools, reason, answer):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with_usage = (body.get("stream_options") or {}).get("include_usage")

        def write(data):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()

        def event(choices, extra=None):
            chunk = {**head, "object": "chat.completion.chunk", "choices": choices, **(extra or {})}
            if with_usage and not extra:
                chunk["usage"] = None
            write(b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n")

        def delta(content, finish=None):
            event([{"index": 0, "delta": content, "logprobs": None, "finish_reason": finish}])

        delta({"role": "assistant", "content": "" if text is not None else None})
        with model.lock:
            cut = model.cut_streams > 0
            model.cut_streams -= 1 if cut else 0
        pieces = [text[i:i + 7] for i in range(0, len(text), 7)] if text is not None else []
        for index, piece in enumerate(pieces):
            if cut and index == len(pieces) // 2:
                self.close_connection = True
                self.connection.close()
                raise BrokenPipeError
            delta({"content": piece})
        for index, call in enumerate(tools or []):
            function = call["function"]
            delta({"tool_calls": [{"index": index, "id": call["id"], "type": "function",
                                   "function": {"name": function["name"], "arguments": ""}}]})
            arguments = function["arguments"]
            for i in range(0, len(arguments), 5):
                delta({"tool_calls": [{"index": index, "function": {"arguments": arguments[i:i + 5]}}]})
        delta({}, reason)
        if with_usage:
            event([], {"usage": usage(body, answer)})
        write(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def embed(self, body):
        texts = body.get("input")
        texts = texts if isinstance(texts, list) else [texts]
        if not all(isinstance(t, str) and t for t in texts):
            return self.fault(400, "'$.input' is invalid.")
        import base64
        import struct
        packed = body.get("encoding_format") == "base64"
        pack = lambda v: base64.b64encode(struct.pack(f"<{len(v)}f", *v)).decode()
        self.send(200, {"object": "list", "model": body.get("model"), "usage": {"prompt_tokens": 1, "total_tokens": 1},
                        "data": [{"object": "embedding", "index": i,
                                  "embedding": pack(embedding(t)) if packed else embedding(t)} for i, t in enumerate(texts)]})
