"""An HTTP proxy in front of a server under test: keeps what clients sent, so that tests can count it and send it again."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP = {"connection", "transfer-encoding", "keep-alive"}


class Recorded:
    def __init__(self, method, path, headers, body, status, answer):
        self.method, self.path, self.headers, self.body, self.status, self.answer = method, path, headers, body, status, answer

    def __repr__(self):
        return f"{self.method} {self.path} {len(self.body)} -> {self.status} {len(self.answer)}"


class RecordingProxy:
    """Forwards to `port` of this machine with the client's own Host header, so that answers name the proxy."""

    def __init__(self, port):
        self.requests, lock = [], threading.Lock()
        recorded = self.requests

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *words):
                pass

            def body(self):
                if "chunked" in self.headers.get("Transfer-Encoding", ""):
                    parts = []
                    while size := int(self.rfile.readline().split(b";")[0], 16):
                        parts.append(self.rfile.read(size))
                        self.rfile.readline()
                    self.rfile.readline()
                    return b"".join(parts)
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))

            def forward(self):
                body = self.body()
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP | {"content-length"}}
                connection.request(self.command, self.path, body=body or None, headers=headers | ({"Content-Length": str(len(body))} if body else {}))
                response = connection.getresponse()
                answer = response.read()
                with lock:
                    recorded.append(Recorded(self.command, self.path, headers, body, response.status, answer))
                self.send_response(response.status)
                for name, value in response.getheaders():
                    if name.lower() not in HOP | {"content-length"}:
                        self.send_header(name, value)
                length = response.getheader("Content-Length") if self.command == "HEAD" else None
                self.send_header("Content-Length", length or str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                connection.close()

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = forward

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def sent(self, part):
        """What went to paths that contain `part`."""
        return [request for request in self.requests if part in request.path]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
