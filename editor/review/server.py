"""Serve the review page on this machine alone, until the editor has done."""

import socket
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from editor.errors import (
    CorrectionError,
    EditorError,
    OutputError,
    StaleError,
    StoreError,
    UnknownError,
)
from editor.progress import printable
from editor.review import api, media, work
from editor.review.room import Room
from editor.review.security import Guard

HERE = Path(__file__).parent
LOOPBACK = "127.0.0.1"
PORT = 8642  # where an open page finds a server that was started again
TRIES = 20  # ports after PORT that are tried where it is taken
MOST_CONNECTIONS = 128


def create_app(room: Room) -> Starlette:
    """The application over one outputs folder; nothing is listened to yet."""
    app = Starlette(
        routes=[
            Route("/", page),
            Route("/favicon.ico", icon),
            *api.routes(),
            *media.routes(),
            *work.routes(),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[Middleware(Guard, token=room.token, port=room.port)],
        exception_handlers=_FAULTS,
    )
    app.state.room = room
    return app


def page(request: Request) -> Response:
    """The page itself: the same for everybody, all content comes over the API."""
    return FileResponse(HERE / "templates" / "index.html", media_type="text/html")


def icon(request: Request) -> Response:
    """A browser asks for it unasked."""
    return FileResponse(HERE / "static" / "icon.svg", media_type="image/svg+xml")


# --- what goes wrong ------------------------------------------------------------------------------


def _stale(request: Request, err: Exception) -> Response:
    revision = err.revision if isinstance(err, StaleError) else 0
    return api.failed(409, "stale", printable(str(err)), revision=revision)


def _wrong(request: Request, err: Exception) -> Response:
    assert isinstance(err, api.Wrong)
    return api.failed(err.status, err.code, printable(str(err)))


def _unknown(request: Request, err: Exception) -> Response:
    assert isinstance(err, HTTPException)
    said = {404: "There is no such thing here.", 405: "That cannot be done here."}
    message = said.get(err.status_code, str(err.detail))
    return api.failed(err.status_code, "unknown", message)


def _said(status: int, code: str) -> Callable[[Request, Exception], Response]:
    return lambda request, err: api.failed(status, code, printable(str(err)))


def _ours(request: Request, err: Exception) -> Response:
    message = f"A fault of this program: {type(err).__name__}. The terminal says more."
    return api.failed(500, "fault", message)


_FAULTS: Mapping[Any, Callable[[Request, Exception], Response]] = {
    StaleError: _stale,
    CorrectionError: _said(422, "refused"),
    StoreError: _said(503, "store"),
    UnknownError: _said(404, "unknown"),
    OutputError: _said(507, "disk"),
    EditorError: _said(422, "refused"),
    api.Wrong: _wrong,
    HTTPException: _unknown,
    Exception: _ours,
}


# --- listening ------------------------------------------------------------------------------------


def listen(port: int | None) -> socket.socket:
    """A socket on the loopback interface: on that port, or from PORT on the first free one.

    Raises EditorError where a port that was asked for is taken.
    """
    wanted = [port] if port is not None else range(PORT, PORT + TRIES)
    for one in wanted:
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((LOOPBACK, one))
            found.listen()  # only now nobody else can have it
        except OSError as err:
            found.close()
            if port is not None:
                raise EditorError(
                    f"--port {port} cannot be used: {err.strerror}. Another number, or none, would"
                    " do."
                ) from err
            continue
        return found
    raise EditorError(f"No port from {PORT} to {PORT + TRIES - 1} is free: name one with --port.")


def serve(outputs: Path, port: int | None, browser: bool, say: Callable[[str], None]) -> None:
    """Serve one outputs folder until interrupted. say: told the address to open."""
    with listen(port) as sock, Room(outputs, sock.getsockname()[1]) as room:
        address = f"http://{LOOPBACK}:{room.port}/#token={room.token}"
        config = uvicorn.Config(
            create_app(room),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=2,
        )
        say(f"Review of {room.desk.outputs}:\n  {address}\nCtrl-C ends it; all is saved.")
        if browser:
            webbrowser.open(address)
        with suppress(KeyboardInterrupt):  # how an editor says that it is enough for today
            uvicorn.Server(config).run(sockets=[sock])
