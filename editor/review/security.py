"""Turn away every request that does not come from this machine's own page.

A page of another site can make a browser send requests here, and a name that an attacker owns can
be pointed at 127.0.0.1. So the Host must be ours, an Origin must be ours, and whoever reads or
changes anything must show a token that only this outputs folder's owner has.
"""

import hmac
import json
import os
import secrets
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from editor.errors import OutputError

HEADER = "x-editor-token"
LARGEST_BODY = 64 * 1024  # bytes: a correction with the longest note has 20 kB
METHODS = ("GET", "HEAD", "POST")
OPEN = ("/", "/favicon.ico")  # and what lies under /static/: the same for everybody, no footage
TOKEN_FILE = "review-token"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " media-src 'self' blob:; connect-src 'self'; font-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script';"
    " trusted-types 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


def token_of(folder: Path) -> str:
    """The token of an outputs folder, kept where its owner alone can read it.

    It outlives the server, so that a page that is open goes on after a restart. Raises OutputError.
    """
    path = folder / TOKEN_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(32))
        except FileExistsError:
            pass
        os.chmod(path, 0o600)
        token = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as err:
        raise OutputError(f"{path} cannot be made or read: {err}.") from err
    if len(token) >= 32 and token.isascii() and token.isprintable():
        return token
    path.unlink()  # half written by a run that was killed
    return token_of(folder)


def cookie_name(port: int) -> str:
    """Browsers send a host's cookies to all its ports: the name tells two servers apart."""
    return f"editor-{port}"


class Guard:
    """Wraps the application: checks every request, and puts the policy on every answer."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app, self._token = app, token
        self._cookie = cookie_name(port)
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"}
        if port == 80:  # where browsers leave the port out
            self._hosts |= {"127.0.0.1", "localhost", "[::1]"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or say why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not served here.")  # uvicorn closes it

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if "cache-control" not in headers:
                    headers["cache-control"] = "no-store"
            await send(message)

        if (fault := self._fault(scope)) is not None:
            await _refuse(guarded, *fault)
            return
        await self._app(scope, _limited(receive, guarded, Headers(scope=scope)), guarded)

    def _fault(self, scope: Scope) -> tuple[int, str, str] | None:
        """Status, code and message of a request that is turned away."""
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return 403, "host", "This server answers to its own address alone."
        own = f"http://{hosts[0].lower()}"
        if any(origin.lower() != own for origin in headers.getlist("origin")):
            return 403, "origin", "This request comes from another site's page."
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return 403, "origin", "This request comes from another site's page."
        if method not in METHODS:
            return 405, "method", f"{method} is not served here."
        if (length := headers.get("content-length")) and _too_long(length):
            return 413, "large", f"A request has at most {LARGEST_BODY} bytes."
        if method == "POST":
            if not self._is_token(headers.get(HEADER)):
                return 401, "token", "The token is missing or wrong: open the address shown."
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind not in ("application/json", ""):
                return 400, "type", "A request's body is application/json."
        elif path not in OPEN and not path.startswith("/static/") and not self._knows(headers):
            return 401, "token", "The token is missing or wrong: open the address shown."
        return None

    def _knows(self, headers: Headers) -> bool:
        if self._is_token(headers.get(HEADER)):
            return True
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        return self._cookie in cookies and self._is_token(cookies[self._cookie].value)

    def _is_token(self, given: str | None) -> bool:
        return given is not None and hmac.compare_digest(
            given.encode("utf-8", "replace"), self._token.encode()
        )


def _too_long(length: str) -> bool:
    return not length.isdecimal() or len(length) > 9 or int(length) > LARGEST_BODY


class TooLarge(Exception):
    """A body grew beyond LARGEST_BODY while it was read."""


def _limited(receive: Receive, send: Send, headers: Headers) -> Receive:
    """Stop reading a body without a length that grows too large."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > LARGEST_BODY:
            raise TooLarge
        return message

    return limited


async def _refuse(send: Send, status: int, code: str, message: str) -> None:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
