"""Build an outputs folder with versions to review, and a client of the server over it."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from zlib import crc32

from starlette.testclient import TestClient

from editor.config import load_style
from editor.film import saved
from editor.film.saved import Edit
from editor.film.timeline import Alternative, Timeline
from editor.footage import ingest
from editor.footage.cache import Cache
from editor.footage.clip import Clip
from editor.review.room import Room
from editor.review.server import create_app
from editor.timing import FrameSpan
from editor.versions import drafting
from tests import media
from tests.film import edits

PORT = 8642
SIZE = (160, 96)  # px


def footage(folder: Path, names: Sequence[str] = ("a.mp4", "b c.mp4")) -> tuple[Clip, ...]:
    """Clips of 100 numbered frames, with sound, ingested."""
    for name in names:
        seed = crc32(name.encode())
        media.numbered(
            folder / name, 100, 25, size=SIZE, sound=media.tone(4.0, 300.0 + seed % 99),
            scenes=media.Scenes(seed=seed % 1000),
        )  # fmt: skip
    clips, _ = ingest.ingest([folder], Cache(folder.parent / "outputs" / ".cache"), _nobody)
    return clips


def _nobody(done: int, total: int, name: str) -> None:
    """Nobody watches."""


def film(clips: Sequence[Clip], rate: int = 25) -> Timeline:
    """Four cuts: 10-30, 50-80, 5-35 and 60-90 of clips in turn; the second has an alternative."""
    one, two = clips[0], clips[1 % len(clips)]
    spans = [(one, 10, 30), (two, 50, 80), (one, 35, 55), (two, 10, 40)]
    timeline = edits.film(rate, spans, size=SIZE)
    other = Alternative(two, FrameSpan(85, 95), f"{two.name} #2", "other take")
    cuts = list(timeline.cuts)
    cuts[1] = replace(cuts[1], alternatives=(other,), reason="over a", terms={"novelty": 0.5})
    return replace(timeline, cuts=tuple(cuts))


def version(outputs: Path, timeline: Timeline, name: str = "toys", **changes: Any) -> str:
    """Make a version of a timeline, without its film; returns its title."""
    style = load_style("default")
    asked = {
        "footage": [str(next(iter(timeline.cuts)).clip.path.parent)],
        "policy": "greedy",
        "seed": 3,
        "duration_s": None,
        "only": [],
        "ban": [],
        "must_include": [],
        "music": None,
        "backbone": None,
        "weights": None,
        "style": {**asdict(style), "weights": dict(style.weights)},
    }
    edit = Edit(timeline, **{"made_by": "cut", "asked": asked, **changes})
    with drafting(outputs, name) as draft:
        return draft.publish(lambda made: saved.write(edit, draft.folder) and None).title


def client(room: Room, **headers: str) -> TestClient:
    """A client as the page is: with the token, on the server's own address."""
    return TestClient(
        create_app(room),
        base_url=f"http://127.0.0.1:{room.port}",
        headers={"X-Editor-Token": room.token, **headers},
        raise_server_exceptions=False,
    )


def error(answer: Any) -> tuple[int, str, str]:
    """Status, code and message of a refusal."""
    told = answer.json()["error"]
    return answer.status_code, told["code"], told["message"]
