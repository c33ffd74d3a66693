"""Start what takes time, and say how far it is: render, cut again, export, relink, retrain."""

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from editor.correcting import making
from editor.errors import StaleError
from editor.review.api import Json, Wrong, body, only, revision, room, title_of
from editor.review.jobs import Job, JobWatch

LONGEST = 86_400.0  # s of a film
LARGEST_SEED = 1 << 32


async def _start(
    request: Request, kind: str, given: Json, work: Callable[[JobWatch], dict[str, Any]]
) -> Response:
    """Queue work on the version as the client saw it."""
    here, title = room(request), title_of(request)
    opened = await run_in_threadpool(lambda: here.desk.open(title))
    if opened.revision != (seen := revision(given)):
        raise StaleError(
            f"{title} was changed elsewhere meanwhile: it is at revision {opened.revision}, this"
            f" was for {seen}.",
            opened.revision,
        )
    return _accepted(here.jobs.start(kind, title, work))


def _accepted(job: Job) -> Response:
    return JSONResponse({"job": job.as_json()}, 202)


async def render(request: Request) -> Response:
    """The corrected film as a new version."""
    given = await body(request)
    only(given, revision=int)
    desk, title = room(request).desk, title_of(request)
    return await _start(
        request,
        "render",
        given,
        lambda watch: {"version": making.render(desk, title, watch).title},
    )


async def again(request: Request) -> Response:
    """Another cut, with what is locked, banned and demanded."""
    given = await body(request)
    nothing = type(None)
    only(given, revision=int, seed=(int, nothing), duration_s=(int, float, nothing))
    seed, duration = given.get("seed"), given.get("duration_s")
    if seed is not None and not 0 <= seed < LARGEST_SEED:
        raise Wrong(f"A seed is 0 to {LARGEST_SEED - 1}.")
    if duration is not None and not 0 < duration <= LONGEST:
        raise Wrong("A film lasts more than 0 s and at most a day.")
    desk, title = room(request).desk, title_of(request)
    return await _start(
        request,
        "again",
        given,
        lambda watch: {"version": making.again(desk, title, watch, seed, duration).title},
    )


async def export(request: Request) -> Response:
    """The film as it stands, for another editing program."""
    given = await body(request)
    only(given, revision=int, format=str)
    wanted = given.get("format", "")
    if wanted not in {row["name"] for row in making.formats()}:
        raise Wrong(f"No format is called {wanted!r:.40}.")
    desk, title = room(request).desk, title_of(request)
    return await _start(
        request, "export", given, lambda watch: making.export(desk, title, wanted, watch)
    )


def formats(request: Request) -> Response:
    """What export can write."""
    return JSONResponse({"formats": making.formats()})


async def relink(request: Request) -> Response:
    """Look for footage that moved, by its content."""
    only(await body(request))
    here, title = room(request), title_of(request)
    await run_in_threadpool(lambda: here.desk.open(title))

    def work(watch: JobWatch) -> dict[str, Any]:
        with watch.stage("looking"):
            found, lost = here.desk.relink(title)
        return {"found": len(found), "lost": list(lost), "version": title}

    return _accepted(here.jobs.start("relink", title, work))


async def retrain(request: Request) -> Response:
    """Learn from all corrections, verdicts and preferences."""
    only(await body(request))
    here = room(request)

    def work(watch: JobWatch) -> dict[str, Any]:
        return making.retrain(here.desk, watch)

    return _accepted(here.jobs.start("retrain", "", work))


def jobs(request: Request) -> Response:
    """All work of late."""
    return JSONResponse({"jobs": [job.as_json() for job in room(request).jobs.all()]})


def job(request: Request) -> Response:
    """One piece of work."""
    return JSONResponse({"job": _job(request).as_json()})


async def stop(request: Request) -> Response:
    """Give one up; it ends at its next step."""
    only(await body(request))
    found = _job(request)
    found.stop.set()
    return JSONResponse({"job": found.as_json()})


def _job(request: Request) -> Job:
    found = room(request).jobs.find(int(request.path_params["job"]))
    if found is None:
        raise Wrong("There is no such work.", 404, "unknown")
    return found


def routes() -> list[Route]:
    """What this module answers."""
    one = "/api/versions/{title}"
    return [
        Route(f"{one}/render", render, methods=["POST"]),
        Route(f"{one}/again", again, methods=["POST"]),
        Route(f"{one}/export", export, methods=["POST"]),
        Route(f"{one}/relink", relink, methods=["POST"]),
        Route("/api/retrain", retrain, methods=["POST"]),
        Route("/api/formats", formats),
        Route("/api/jobs", jobs),
        Route("/api/jobs/{job:int}", job),
        Route("/api/jobs/{job:int}/stop", stop, methods=["POST"]),
    ]
