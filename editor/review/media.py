"""Hand out what a browser shows: films and clips by Range, thumbnails, pictures of a version."""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from editor.correcting.analyses import kept
from editor.film import intra
from editor.footage.clip import Clip
from editor.review.api import Wrong, clip_of, room, title_of
from editor.review.proxies import WIDTHS, Making
from editor.review.views import rate

KEEP = {"cache-control": "private, max-age=31536000, immutable"}  # named by content
PAPERS = {
    "film.mp4": "video/mp4",
    "storyboard.png": "image/png",
    "pacing.png": "image/png",
}


def film_state(request: Request) -> Response:
    """How far the film of a revision is."""
    here, title = room(request), title_of(request)
    opened = here.desk.open(title)
    revision = _revision(request, opened.revision)
    making, timeline = here.film(opened, revision)
    url = f"/media/versions/{_quoted(title)}/film?revision={revision}"
    return _state(making, url, timeline)


def film(request: Request) -> Response:
    """The film of a revision; waits until it is made."""
    here = room(request)
    opened = here.desk.open(title_of(request))
    making, _ = here.film(opened, _revision(request, opened.revision))
    return _file(here.proxies.wait(making), "video/mp4")


def clip_state(request: Request) -> Response:
    """How far the proxy of a clip is."""
    clip = clip_of(request)
    making, timeline = _clip(request, clip)
    url = f"/media/versions/{_quoted(title_of(request))}/clips/{_quoted(clip.digest)}"
    return _state(making, url, timeline, clip)


def clip(request: Request) -> Response:
    """A clip's proxy; waits until it is made."""
    making, _ = _clip(request, clip_of(request))
    return _file(room(request).proxies.wait(making), "video/mp4")


def thumbnail(request: Request) -> Response:
    """One frame of a clip."""
    width = request.query_params.get("width", "160")
    if width not in {str(one) for one in WIDTHS}:
        raise Wrong(f"A thumbnail is {', '.join(map(str, WIDTHS))} px wide.")
    here, one = room(request), clip_of(request)
    frame = int(request.path_params["frame"])
    if frame >= one.frames:
        raise Wrong(f"{one.name} has frames 0 to {one.frames - 1}.", 404, "unknown")
    timeline = here.desk.open(title_of(request)).timeline
    return _file(here.proxies.thumbnail(one, frame, int(width), timeline), "image/jpeg", KEEP)


def paper(request: Request) -> Response:
    """What was rendered into the version's folder."""
    name = str(request.path_params["name"])
    desk = room(request).desk
    path = desk.find(title_of(request)).folder / name
    known = name in PAPERS and not path.is_symlink() and path.is_file()
    if not known or not path.resolve().is_relative_to(desk.outputs.resolve()):  # a folder's link
        raise Wrong("The version has no such file.", 404, "unknown")
    return _file(path, PAPERS[name])


def _clip(request: Request, one: Clip) -> tuple[Making, Any]:
    here = room(request)
    opened = here.desk.open(title_of(request))
    known = kept([one], opened.edit, here.desk.cache).get(one.digest)
    timeline = opened.timeline
    return here.proxies.clip(one, timeline, known.sound if known else None), timeline


def _state(making: Making, url: str, timeline: Any, one: Clip | None = None) -> Response:
    return JSONResponse(
        {
            "ready": making.ready,
            "share": 1.0 if making.ready else round(making.share, 3),
            "url": url,
            "rate": rate(one.rate if one else timeline.rate),
            "frames": one.frames if one else timeline.frames,
            "size": list(intra.proxy_size(timeline.size)),
            "problem": making.problem or None,
        }
    )


def _revision(request: Request, now: int) -> int:
    word = request.query_params.get("revision", str(now))
    if not (word.isdecimal() and len(word) < 10):
        raise Wrong("A revision is a whole number.")
    return int(word)


def _file(path: Path, kind: str, headers: dict[str, str] | None = None) -> Response:
    return FileResponse(path, headers=headers, media_type=kind)


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def routes() -> list[Route]:
    """What this module answers."""
    one, media = "/api/versions/{title}", "/media/versions/{title}"
    return [
        Route(f"{one}/film", film_state),
        Route(f"{one}/clips/{{digest}}/proxy", clip_state),
        Route(f"{media}/film", film),
        Route(f"{media}/clips/{{digest}}", clip),
        Route(f"{media}/thumbs/{{digest}}/{{frame:int}}.jpg", thumbnail),
        Route(f"{media}/thumbs/{{digest}}/{{frame:int}}", thumbnail),
        Route(f"{media}/{{name}}", paper),
    ]
