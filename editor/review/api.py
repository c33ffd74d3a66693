"""Answer the page's questions and changes in JSON, as docs/review-api.md says."""

import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from editor.correcting import Desk, Opened, history
from editor.correcting.analyses import kept, style_of
from editor.errors import EditorError
from editor.footage.clip import Clip
from editor.review import curves, views
from editor.review.room import Room
from editor.review.security import TooLarge
from editor.store import REASONS, VERDICTS

Json = dict[str, Any]

TITLE = re.compile(r"[^/\\\x00]{1,300}")
DIGEST = re.compile(r"[\w.-]{1,200}")


class Wrong(Exception):
    """A request that is not in the form that the API has."""

    def __init__(self, message: str, status: int = 400, code: str = "request") -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Told(JSONResponse):
    """An answer in JSON; a text that is no Unicode is escaped, as JSON may and UTF-8 may not."""

    def render(self, content: Any) -> bytes:
        """The answer's body."""
        try:
            return super().render(content)
        except UnicodeEncodeError:
            return json.dumps(content, allow_nan=False).encode("ascii")


def failed(status: int, code: str, message: str, **more: Any) -> Told:
    """An error as the API has it."""
    return Told({"error": {"code": code, "message": message, **more}}, status)


async def body(request: Request) -> Json:
    """The request's JSON object. Raises Wrong."""
    try:
        data = await request.body()
        value = json.loads(data) if data else {}
    except TooLarge as err:
        raise Wrong("The request is too large.", 413, "large") from err
    except (ValueError, RecursionError) as err:
        raise Wrong("The request's body is no JSON.") from err
    if not isinstance(value, dict):
        raise Wrong("The request's body is no JSON object.")
    return value


def only(given: Json, **kinds: type | tuple[type, ...]) -> None:
    """Raise Wrong unless the object's keys are of `kinds`, and no others are there."""
    if unknown := sorted(given.keys() - kinds.keys()):
        raise Wrong(f"Unknown: {', '.join(unknown)[:100]}. Known: {', '.join(kinds)}.")
    for key, kind in kinds.items():
        value = given.get(key)
        if key in given and (not isinstance(value, kind) or isinstance(value, bool)):
            raise Wrong(f"{key} cannot be {value!r:.60}.")


def revision(given: Json) -> int:
    """The revision that the client saw. Raises Wrong."""
    value = given.get("revision")
    if type(value) is not int or value < 0:
        raise Wrong("A change names the revision that it is for.")
    return value


def reasons(given: Json) -> list[str]:
    """Why. Raises Wrong."""
    value = given.get("reasons", [])
    if not isinstance(value, list) or any(one not in REASONS for one in value):
        raise Wrong(f"Reasons are any of {', '.join(REASONS)}.")
    return list(dict.fromkeys(value))


def title_of(request: Request) -> str:
    """The version that a request names. Raises Wrong."""
    title = str(request.path_params["title"])
    if not TITLE.fullmatch(title):
        raise Wrong("No such version.", 404, "unknown")
    return title


def room(request: Request) -> Room:
    """What the server works with."""
    found: Room = request.app.state.room
    return found


async def session(request: Request) -> Response:
    """The token, for a tab that has only the cookie; a POST sets the cookie."""
    here = room(request)
    answer = Told({"token": here.token, "outputs": here.desk.outputs.name})
    if request.method == "POST":
        answer.set_cookie(
            here.cookie, here.token, max_age=30 * 86_400, httponly=True, samesite="strict"
        )
    return answer


def versions(request: Request) -> Response:
    """The list."""
    desk = room(request).desk
    rows = []
    for one in desk.versions():
        standing, verdict = 0, None
        if one.row is not None and one.row.revision:
            try:
                opened = desk.open(one.version.title)
                standing, verdict = opened.log.cursor, opened.verdicts.get(None)
            except EditorError as err:
                rows.append({**views.listed(one, 0, None), "problem": str(err)})
                continue
        rows.append(views.listed(one, standing, verdict))
    return Told({"versions": rows, "contradictions": history.contrary_preferences(desk)})


def version(request: Request) -> Response:
    """One version as it stands."""
    desk = room(request).desk
    return shown(desk, desk.open(title_of(request)))


def shown(desk: Desk, opened: Opened) -> Response:
    """A version as it stands, with what its clips came to."""
    clips = opened.log.state.clips.values()
    analyses = kept(clips, opened.edit, desk.cache)
    return Told(views.version(opened, desk.states_of(opened), analyses))


def drawn(request: Request) -> Response:
    """What is drawn along the film."""
    desk = room(request).desk
    opened = desk.open(title_of(request))
    timeline = opened.timeline
    analyses = kept((cut.clip for cut in timeline.cuts), opened.edit, desk.cache)
    if not analyses:
        raise Wrong("None of the footage's analyses is in the cache.", 404, "not analysed")
    beats = desk.beats(opened)
    found = curves.draw(timeline, analyses, style_of(opened.edit), beats)
    for row, piece in zip(found["pacing"], opened.log.state.shown, strict=True):
        row["id"] = piece.id
    return Told({"revision": opened.revision, **found})


def terms(request: Request) -> Response:
    """What the reward's terms are called."""
    from editor.cutting.reward import TERMS  # torch

    rows = {name: {"family": one.family, "words": one.words} for name, one in TERMS.items()}
    return Told({"terms": rows, "reasons": list(REASONS)})


def clips(request: Request) -> Response:
    """All footage of a version."""
    desk = room(request).desk
    title = title_of(request)
    known, states = desk.footage(title), desk.states(title)
    return Told(
        {"clips": {key: views.clip_view(clip, states.get(key)) for key, clip in known.items()}}
    )


def clip_of(request: Request) -> Clip:
    """The clip that a request names, of the version's own footage alone. Raises Wrong."""
    digest = str(request.path_params["digest"])
    desk, title = room(request).desk, title_of(request)
    found = None
    if DIGEST.fullmatch(digest):
        found = desk.open(title).log.state.clips.get(digest) or desk.footage(title).get(digest)
    if found is None:
        raise Wrong("This version's footage has no such clip.", 404, "unknown")
    return found


def moments(request: Request) -> Response:
    """Moments of the footage that answer a search."""
    return Told(room(request).moments(title_of(request), dict(request.query_params)))


async def correct(request: Request) -> Response:
    """One correction."""
    given = await body(request)
    only(given, revision=int, correction=dict)
    if "correction" not in given:
        raise Wrong("There is no correction in it.")
    return await _change(request, given, given["correction"])


async def undo(request: Request) -> Response:
    """Take one back."""
    given = await body(request)
    only(given, revision=int)
    return await _change(request, given, "undo")


async def redo(request: Request) -> Response:
    """Do it again."""
    given = await body(request)
    only(given, revision=int)
    return await _change(request, given, "redo")


async def _change(request: Request, given: Json, asked: Mapping[str, Any] | str) -> Response:
    desk, title, seen = room(request).desk, title_of(request), revision(given)
    return await run_in_threadpool(lambda: shown(desk, desk.act(title, seen, asked)))


async def judge(request: Request) -> Response:
    """A verdict on the film or a cut."""
    given = await body(request)
    nothing = type(None)
    only(
        given,
        revision=int,
        cut=(str, nothing),
        verdict=(str, nothing),
        reasons=list,
        note=str,
    )
    verdict = given.get("verdict")
    if verdict not in (None, *VERDICTS):
        raise Wrong(f"A verdict is one of {', '.join(VERDICTS)}, or null.")
    desk, title, seen, why = room(request).desk, title_of(request), revision(given), reasons(given)
    cut, note = given.get("cut"), given.get("note", "")
    return await run_in_threadpool(
        lambda: shown(desk, desk.judge(title, seen, cut, verdict, why, note))
    )


async def compare(request: Request) -> Response:
    """Two versions side by side, by lot."""
    given = await body(request)
    only(given, versions=list)
    pair = given.get("versions", [])
    if len(pair) != 2 or any(not isinstance(one, str) for one in pair):
        raise Wrong("A comparison has two versions.")
    desk = room(request).desk
    number, left, right = await run_in_threadpool(lambda: desk.compare(*pair))
    return Told({"comparison": number, "left": left, "right": right})


async def answer(request: Request) -> Response:
    """Which of the two is preferred."""
    given = await body(request)
    only(given, preferred=str, reasons=list, note=str)
    side = given.get("preferred")
    if side not in ("left", "right", "neither"):
        raise Wrong("Preferred is left, right or neither.")
    desk, why, note = room(request).desk, reasons(given), given.get("note", "")
    number = int(request.path_params["comparison"])
    row = await run_in_threadpool(lambda: desk.answer(number, side, why, note))
    titles = {one.id: one.title for one in desk.store.versions()}
    other = row.right if row.preferred == row.left else row.left
    preferred = titles[row.preferred] if row.preferred is not None else None
    return Told({"preferred": preferred, "over": titles[other] if preferred else None})


def told(request: Request) -> Response:
    """All that happened."""
    rows = history.events(room(request).desk)
    return Told({"events": [history.as_json(row) for row in rows]})


def routes() -> list[Route]:
    """What this module answers."""
    one = "/api/versions/{title}"
    return [
        Route("/api/session", session, methods=["GET", "POST"]),
        Route("/api/versions", versions),
        Route("/api/terms", terms),
        Route("/api/history", told),
        Route(one, version),
        Route(f"{one}/curves", drawn),
        Route(f"{one}/clips", clips),
        Route(f"{one}/moments", moments),
        Route(f"{one}/corrections", correct, methods=["POST"]),
        Route(f"{one}/undo", undo, methods=["POST"]),
        Route(f"{one}/redo", redo, methods=["POST"]),
        Route(f"{one}/verdict", judge, methods=["POST"]),
        Route("/api/comparisons", compare, methods=["POST"]),
        Route("/api/comparisons/{comparison:int}", answer, methods=["POST"]),
    ]
