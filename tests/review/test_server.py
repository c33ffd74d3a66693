"""The server itself, over a socket: it is killed again and again, and loses nothing."""

import http.client
import json
import multiprocessing
import os
import signal
import socket
from pathlib import Path

import pytest
import uvicorn

from editor.correcting import Desk
from editor.errors import EditorError
from editor.review import server
from editor.review.room import Room

FORK = multiprocessing.get_context("fork")
KILLS = 50
ONE = "/api/versions/toys-v001"


def serve(outputs: Path, sock: socket.socket, ready) -> None:
    """The server in a process of its own, as `serve` runs it."""
    with Room(outputs, sock.getsockname()[1]) as room:

        class Told(uvicorn.Server):
            async def startup(self, sockets=None):
                await super().startup(sockets)
                ready.send(room.token)

        config = uvicorn.Config(server.create_app(room), log_level="error", lifespan="off")
        Told(config).run(sockets=[sock])


class Running:
    """A server in a process that can be killed."""

    def __init__(self, outputs: Path, sock: socket.socket) -> None:
        self.port = sock.getsockname()[1]
        heard, ready = FORK.Pipe(duplex=False)
        self.process = FORK.Process(target=serve, args=(outputs, sock, ready), daemon=True)
        self.process.start()
        self.token = heard.recv() if heard.poll(60) else ""
        assert self.token

    def ask(self, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
        """One request."""
        page = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"X-Editor-Token": self.token, "Content-Type": "application/json"}
        page.request(method, path, json.dumps(body) if body else None, headers)
        answer = page.getresponse()
        told = json.loads(answer.read())
        page.close()
        return answer.status, told

    def kill(self) -> None:
        """As a crash or a lost battery does."""
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()


@pytest.fixture
def sock():
    with server.listen(None) as listening:
        yield listening


def test_a_server_that_is_killed_between_any_two_corrections_loses_none(outputs, sock):
    sent = []
    token = None
    for turn in range(KILLS):
        running = Running(outputs, sock)
        try:
            assert token in (None, running.token)  # an open page goes on
            token = running.token
            status, told = running.ask("GET", ONE)
            assert status == 200
            assert told["revision"] == len(sent)
            assert told["note"] == (sent[-1] if sent else "")
            note = {"kind": "note", "cut": None, "text": f"number {turn}"}
            body = {"revision": told["revision"], "correction": note}
            status, told = running.ask("POST", f"{ONE}/corrections", body)
            assert status == 200, told
            sent.append(f"number {turn}")
        finally:
            running.kill()
    with Desk(outputs) as desk:
        opened = desk.open("toys-v001")
        assert [one.text for one in opened.log.corrections] == sent
        assert opened.revision == KILLS


def test_two_servers_on_one_folder_do_not_overwrite_each_other(outputs):
    with server.listen(None) as one, server.listen(None) as two:
        pages = [Running(outputs, one), Running(outputs, two)]
        try:
            stale = kept = 0
            for turn in range(20):
                seen = [page.ask("GET", ONE)[1]["revision"] for page in pages]
                for page, revision in zip(pages, seen, strict=True):
                    note = {"kind": "note", "cut": None, "text": f"{turn} at {page.port}"}
                    body = {"revision": revision, "correction": note}
                    status, _ = page.ask("POST", f"{ONE}/corrections", body)
                    kept += status == 200
                    stale += status == 409
            assert (kept, stale) == (20, 20)
            assert pages[0].ask("GET", ONE) == pages[1].ask("GET", ONE)
            assert pages[0].ask("GET", ONE)[1]["revision"] == 20
        finally:
            for page in pages:
                page.kill()


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/static/../../api.py", "/static/%2e%2e/server.py", "//etc/passwd",
     "/static//etc/passwd", "/media/versions/../store.sqlite", "/static/..%5cserver.py"],
)  # fmt: skip
def test_a_path_that_climbs_reaches_nothing_over_the_wire(outputs, sock, path):
    running = Running(outputs, sock)
    try:
        with socket.create_connection(("127.0.0.1", running.port), timeout=60) as raw:
            lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{running.port}",
                     f"X-Editor-Token: {running.token}", "Connection: close", "", ""]  # fmt: skip
            raw.sendall("\r\n".join(lines).encode())
            answer = b"".join(iter(lambda: raw.recv(65_536), b""))
        assert answer.split()[1] in (b"404", b"400")
        assert b"root:" not in answer
        assert b"import" not in answer
    finally:
        running.kill()


def test_two_hosts_in_one_request_are_refused_over_the_wire(outputs, sock):
    running = Running(outputs, sock)
    try:
        with socket.create_connection(("127.0.0.1", running.port), timeout=60) as raw:
            lines = [f"GET {ONE} HTTP/1.1", f"Host: 127.0.0.1:{running.port}", "Host: evil.example",
                     f"X-Editor-Token: {running.token}", "Connection: close", "", ""]  # fmt: skip
            raw.sendall("\r\n".join(lines).encode())
            answer = b"".join(iter(lambda: raw.recv(65_536), b""))
        assert answer.split()[1] in (b"400", b"403")
    finally:
        running.kill()


def test_a_port_that_is_taken_is_said_and_another_is_found(sock):
    taken = sock.getsockname()[1]
    with pytest.raises(EditorError, match=f"--port {taken} cannot be used"):
        server.listen(taken)
    with server.listen(None) as other:
        assert other.getsockname()[1] != taken


def test_a_folder_that_is_none_is_said(tmp_path):
    with pytest.raises(EditorError, match="no such folder"):
        server.serve(tmp_path / "nowhere", None, False, print)
