"""The gateway before the simulated provider, and what passes on the wire.

Everything listens on 127.0.0.1, on a port that is free, and ends with the
`with` that began it.
"""

import contextlib
import http.client
import io
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES = pathlib.Path(os.environ.get("PLANGUARD_EXAMPLES", ROOT / "target/debug/examples"))
STARTED_SECS = 20
STOPPED = "planguard stopped this call"
CONNECTION_HEADERS = {"connection", "keep-alive", "transfer-encoding", "upgrade"}


def triggers():
    """The texts that make some client send a request again, as the crate lists them."""
    source = (ROOT / "src/refusal/trigger.rs").read_text()
    rows = re.findall(r'^    trigger\(\w+, r(#?)"(.*)"\1\),$', source, re.M)
    assert len(rows) == len(re.findall(r"^    trigger\(", source, re.M)) > 0
    return [re.compile(pattern, re.I) for _, pattern in rows]


def first_trigger(text):
    found = (row.search(text) for row in triggers())
    return next((match.group() for match in found if match), None)


@contextlib.contextmanager
def program(*command):
    """A program that prints `listening on URL` when it is ready: that URL."""
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        impatience = threading.Timer(STARTED_SECS, child.kill)
        impatience.start()
        try:
            for line in child.stdout:
                if found := re.match(r"listening on (http://[\d.]+:\d+)", line):
                    impatience.cancel()
                    yield found.group(1)
                    return
            log.seek(0)
            raise RuntimeError(f"{command[0]} did not start: {log.read().decode()}")
        finally:
            impatience.cancel()
            child.kill()
            child.wait()
            child.stdout.close()


class Tap:
    """Passes connections on to `upstream` and keeps what went through, both ways.

    `instead` maps the beginning of an answer to what is sent in its place.
    """

    def __init__(self, upstream, instead=()):
        self.upstream = address(upstream)
        self.instead = dict(instead)
        self.kept = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A thread that waits in accept() would keep the socket listening.
        with contextlib.suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.upstream)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self.join, args=(client, server), daemon=True).start()

    def join(self, client, server):
        sent, got = bytearray(), bytearray()
        self.kept.append((sent, got))
        with client, server:
            back = threading.Thread(target=pump, args=(server, client, got, self.instead))
            back.start()
            pump(client, server, sent, {})
            back.join()

    def exchanges(self):
        """Each request with its answer, or with None."""
        found = []
        for sent, got in self.kept:
            requests = list(messages(bytes(sent), Request))
            answers = list(messages(bytes(got), Answer, [one.method for one in requests]))
            answers += [None] * (len(requests) - len(answers))
            found += zip(requests, answers)
        return found

    def model_calls(self):
        ends = ("/chat/completions", "/messages", "/responses")
        path = lambda request: request.path.split("?")[0]
        return [both for both in self.exchanges() if path(both[0]).endswith(ends)]


def pump(source, sink, kept, instead):
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            for before, after in instead.items():
                if piece.startswith(before):
                    piece = after + piece[len(before):]
            kept += piece
            sink.sendall(piece)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class Message:
    """One HTTP/1.1 message: first line, headers, body without its framing."""

    def __init__(self, stream, bodiless=False):
        self.first = stream.readline().decode("latin-1").strip()
        if not self.first:
            raise EOFError
        headers = http.client.parse_headers(stream)
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = b"" if bodiless else self.read(stream)

    def read(self, stream):
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return stream.read(int(self.headers.get("content-length", 0)))
        pieces = []
        while size := int(stream.readline().split(b";")[0] or b"0", 16):
            pieces.append(stream.read(size))
            stream.readline()
        stream.readline()
        return b"".join(pieces)

    def lasting(self):
        """The headers that concern no connection."""
        return {k: v for k, v in self.headers.items() if k not in CONNECTION_HEADERS}


class Request(Message):
    @property
    def method(self):
        return self.first.split(" ")[0]

    @property
    def path(self):
        return self.first.split(" ")[1]


class Answer(Message):
    @property
    def status(self):
        return int(self.first.split(" ")[1])


def messages(data, kind, methods=None):
    stream = io.BytesIO(data)
    number = 0
    while stream.tell() < len(data):
        bodiless = methods is not None and methods[number:number + 1] == ["HEAD"]
        try:
            yield kind(stream, bodiless)
        except (EOFError, ValueError):
            return
        number += 1


def address(url):
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def post(url, body, key):
    """One request, never a second: status and body."""
    connection = http.client.HTTPConnection(*address(url.split("/v1")[0]), timeout=30)
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    try:
        connection.request("POST", "/v1" + url.split("/v1")[1], json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Setting:
    """client → `front` → gateway → `back` → simulated provider."""

    def __init__(self, front, gateway, back, provider):
        self.front, self.gateway, self.back, self.provider = front, gateway, back, provider
        self.url = front.url

    def late(self):
        """How many requests arrived after the provider's first signal was sent."""
        return fetch(self.provider + "/simulator/tally")["after_first_signal"]

    def arrivals(self):
        """How many requests the provider got."""
        return len(fetch(self.provider + "/simulator/arrivals"))


@contextlib.contextmanager
def setting(answers, *, deltas=8, pace_ms=0, instead=()):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        listen = ("--listen", "127.0.0.1:0", "--answers", answers)
        pace = ("--deltas", str(deltas), "--pace-ms", str(pace_ms))
        provider = stack.enter_context(program(EXAMPLES / "simulator", *listen, *pace))
        back = stack.enter_context(Tap(provider))
        config = pathlib.Path(folder, "gateway.toml")
        config.write_text(
            'listen = "127.0.0.1:0"\n'
            f"ledger = '{folder}/ledger.jsonl'\n"
            '[[upstream]]\nprofile = "zai"\n'
            'openai = "https://api.z.ai/api/coding/paas/v4"\n'
            'anthropic = "https://api.z.ai/api/anthropic"\n'
            'responses = "https://api.z.ai/api/v1"\n'
            f'via = "{back.url}"\n'
        )
        gateway = stack.enter_context(program(EXAMPLES / "gateway", "--config", config))
        front = stack.enter_context(Tap(gateway, instead))
        yield Setting(front, gateway, back, provider)
