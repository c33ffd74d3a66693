"""What docs/review-api.md says is what the server does: looking, correcting, judging, making."""

import io
import json
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from editor.cli import MADE, main
from editor.correcting import making
from editor.film import saved
from editor.film.timeline import Timeline
from editor.progress import Silent
from editor.review import jobs as working
from editor.review.room import Room
from editor.timing import source_frame
from editor.versions import versions
from tests import media
from tests.film import edits
from tests.review import outputs as building
from tests.review.outputs import PORT, client, error

ONE = "/api/versions/toys-v001"
MEDIA = "/media/versions/toys-v001"


@pytest.fixture(scope="module")
def cut_once(tmp_path_factory):
    """Real rushes with a real cut of them: analysed, without its film."""
    folder = tmp_path_factory.mktemp("real")
    for number in range(3):
        media.numbered(
            folder / "rushes" / f"take {number}.mp4", 150, 25, size=(160, 96),
            sound=media.tone(6.0, 300.0 + 50 * number),
            scenes=media.Scenes(seed=1000 * number, cuts=(75,), pan=1.5),
        )  # fmt: skip
    cut(folder / "outputs", "toys")
    return folder / "outputs"


def cut(outputs: Path, name: str, *wishes: str) -> str:
    """Cut the rushes beside an outputs folder; returns the version's title."""
    before = {version.title for version in versions(outputs)} if outputs.exists() else set()
    argv = ["cut", str(outputs.parent / "rushes"), "--outputs", str(outputs), "--no-render"]
    asked = ["--policy", "greedy", "--duration", "5", "--name", name]
    assert main([*argv, *asked, *wishes]) == MADE
    (title,) = {version.title for version in versions(outputs)} - before
    return title


@pytest.fixture
def real(cut_once):
    """A client over the real cut; its versions add up within this module."""
    with Room(cut_once, PORT) as room:
        yield client(room)


def post(page, path: str, **body):
    return page.post(f"{ONE}/{path}", json=body)


def correct(page, **correction):
    revision = page.get(ONE).json()["revision"]
    return post(page, "corrections", revision=revision, correction=correction)


def change(page, title: str, **correction):
    """A correction of any version."""
    one = f"/api/versions/{title}"
    now = page.get(one).json()["revision"]
    return page.post(f"{one}/corrections", json={"revision": now, "correction": correction})


def ids(told: dict) -> list[str]:
    return [cut["id"] for cut in told["cuts"] if not cut["dropped"]]


def done(page, answer) -> dict:
    """Wait for a job, and return it."""
    assert answer.status_code == 202, answer.text
    number = answer.json()["job"]["id"]
    job = page.app.state.room.jobs.find(number)
    assert job.ended.wait(120)
    told = page.get(f"/api/jobs/{number}").json()["job"]
    assert told["state"] == "done", told
    return told["result"]


# --- looking --------------------------------------------------------------------------------------


def test_versions_are_listed_the_newest_first(client):
    told = client.get("/api/versions").json()["versions"]
    assert {row["title"] for row in told} == {"toys-v001", "toys-v002"}
    row = next(row for row in told if row["title"] == "toys-v001")
    assert (row["cuts"], row["frames"], row["rate"], row["problem"]) == (4, 100, "25/1", None)
    assert (row["rendered"], row["revision"], row["verdict"]) == (False, 0, None)


def test_a_version_that_cannot_be_read_is_listed_with_its_problem(client, outputs):
    (outputs / "toys-v002" / "edit.json").write_text("{")
    (outputs / "old-v001").mkdir()
    rows = {row["title"]: row for row in client.get("/api/versions").json()["versions"]}
    assert "edit.json" in rows["toys-v002"]["problem"]
    assert "cut the same footage again" in rows["old-v001"]["problem"]
    assert rows["toys-v001"]["problem"] is None
    assert error(client.get("/api/versions/old-v001"))[:2] == (422, "refused")


def test_a_version_tells_all_that_the_page_shows(client):
    told = client.get(ONE).json()
    assert (told["rate"], told["size"], told["frames"]) == ("25/1", [160, 96], 100)
    assert (told["undo"], told["redo"], told["corrected"]) == (0, 0, False)
    assert told["style"]["pace"]["median"] > 0
    cut = told["cuts"][1]
    assert (cut["id"], cut["number"], cut["film_in"], cut["film_out"]) == ("c2", 2, 20, 50)
    assert (cut["clip_in"], cut["clip_out"], cut["before"], cut["after"]) == (50, 80, 50, 20)
    assert (cut["timecode_in"], cut["reason"]) == ("00:00:02:00", "over a")
    assert cut["terms"] == {"novelty": 0.5}
    (other,) = cut["alternatives"]
    assert (other["clip_in"], other["clip_out"], other["length"]) == (85, 95, 10)
    assert told["clips"][cut["clip"]]["state"] == "here"


def test_what_the_document_names_is_what_is_told(client):
    """Every key of the document's two examples is in the answer, and every key there is named."""
    text = (Path(__file__).parents[2] / "docs" / "review-api.md").read_text()
    told = client.get(ONE).json()
    for key in (*told, *told["cuts"][0], *next(iter(told["clips"].values()))):
        assert f'"{key}"' in text, key


def test_all_footage_is_told_also_what_the_film_does_not_show(client, tmp_path, outputs, clips):
    one = building.version(outputs, building.film(clips[:1]), name="one")
    told = client.get(f"/api/versions/{one}").json()
    assert len(told["clips"]) == 1
    every = client.get(f"/api/versions/{one}/clips").json()["clips"]
    assert {clip["name"] for clip in every.values()} == {"a.mp4", "b c.mp4"}


@pytest.mark.parametrize("path", ["/api/versions/nope-v001", f"{ONE}/nope", "/nope", "/api/jobs/9"])
def test_what_is_not_there_is_said(client, path):
    assert error(client.get(path))[:2] == (404, "unknown")


# --- correcting -----------------------------------------------------------------------------------


def test_a_correction_answers_with_the_film_as_it_stands(client):
    told = correct(client, kind="trim", cut="c2", edge="in", by=5, mode="ripple").json()
    assert told == client.get(ONE).json()
    cut = told["cuts"][1]
    assert (cut["clip_in"], cut["length"], cut["changed"]) == (55, 25, ["trimmed"])
    assert cut["was"] == {
        "clip": cut["clip"], "clip_in": 50, "clip_out": 80, "length": 30, "number": 2,
        "timecode_in": "00:00:02:00", "timecode_out": "00:00:03:05",
    }  # fmt: skip
    assert told["undo_says"] == "trim cut 2 (b c.mp4): in 5 frames later"
    assert (told["revision"], told["corrected"], told["frames"]) == (1, True, 95)


def test_every_kind_of_correction_can_be_sent(client):
    told = client.get(ONE).json()
    a, b = told["cuts"][0]["clip"], told["cuts"][1]["clip"]
    for correction in (
        {"kind": "drop", "cut": "c1"},
        {"kind": "restore", "cut": "c1"},
        {"kind": "trim", "cut": "c1", "edge": "out", "by": 2, "mode": "roll"},
        {"kind": "slip", "cut": "c2", "by": 3},
        {"kind": "move", "cut": "c4", "before": "c1"},
        {"kind": "replace", "cut": "c2", "clip": b, "clip_in": 85, "clip_out": 95},
        {"kind": "insert", "clip": a, "clip_in": 60, "clip_out": 70, "before": None},
        {"kind": "lock", "cut": "c3"},
        {"kind": "unlock", "cut": "c3"},
        {"kind": "ban", "clip": a, "clip_in": 90, "clip_out": 100},
        {"kind": "unban", "clip": a, "clip_in": 90, "clip_out": 100},
        {"kind": "must-include", "clip": b, "clip_in": None, "clip_out": None},
        {"kind": "need-not", "clip": b, "clip_in": None, "clip_out": None},
        {"kind": "note", "cut": "c3", "text": "nice"},
        {"kind": "note", "cut": None, "text": "nearly"},
    ):
        answer = correct(client, **correction)
        assert answer.status_code == 200, answer.text
    told = answer.json()
    assert ids(told) == ["c4", "c1", "c2", "c3", "n7"]
    assert (told["note"], told["cuts"][3]["note"]) == ("nearly", "nice")
    assert told["undo"] == 15


def test_a_correction_for_an_old_revision_is_refused_and_changes_nothing(client):
    correct(client, kind="drop", cut="c1")
    for path, body in (
        ("corrections", {"correction": {"kind": "drop", "cut": "c2"}}),
        ("undo", {}),
        ("verdict", {"verdict": "approve"}),
        ("render", {}),
        ("again", {}),
    ):
        status, code, message = error(post(client, path, revision=0, **body))
        assert (status, code) == (409, "stale")
        assert "changed elsewhere" in message
    assert post(client, "undo", revision=0).json()["error"]["revision"] == 1
    assert ids(client.get(ONE).json()) == ["c2", "c3", "c4"]


def test_a_correction_that_cannot_hold_is_refused_with_its_reason(client):
    status, code, message = error(
        correct(client, kind="trim", cut="c1", edge="in", by=-11, mode="ripple")
    )
    assert (status, code) == (422, "refused")
    assert "beyond the media" in message
    assert client.get(ONE).json()["revision"] == 0


def test_undo_goes_on_over_a_restart(outputs):
    with Room(outputs, PORT) as room:
        page = client_of(room)
        for cut in ("c1", "c2"):
            correct(page, kind="drop", cut=cut)
        post(page, "undo", revision=2)
    with Room(outputs, PORT) as room:
        page = client_of(room)
        told = page.get(ONE).json()
        assert (ids(told), told["undo"], told["redo"]) == (["c2", "c3", "c4"], 1, 1)
        assert told["redo_says"] == "drop cut 1 (b c.mp4)"
        assert ids(post(page, "redo", revision=3).json()) == ["c3", "c4"]
        post(page, "undo", revision=4)
        assert ids(post(page, "undo", revision=5).json()) == ["c1", "c2", "c3", "c4"]
        assert error(post(page, "undo", revision=6))[:2] == (422, "refused")


def client_of(room):
    return building.client(room)


def test_the_command_line_and_the_page_see_the_same_film(client, outputs, capsys):
    correct(client, kind="drop", cut="c1")
    argv = ["correct", "toys-v001", "trim", "1", "in", "5", "--outputs", str(outputs), "--json"]
    assert main(argv) == MADE
    said = json.loads(capsys.readouterr().out)
    assert said == client.get(ONE).json()
    assert said["revision"] == 2


def test_a_locked_or_damaged_store_is_said_and_what_was_kept_is_there_afterwards(outputs):
    with Room(outputs, PORT, patience=0.05) as room:
        page = client(room)
        correct(page, kind="drop", cut="c1")
        with closing(sqlite3.connect(outputs / "store.sqlite")) as other:
            other.execute("BEGIN IMMEDIATE")
            status, code, message = error(post(page, "undo", revision=1))
            assert (status, code) == (503, "store")
            assert "locked by another program" in message
            assert ids(page.get(ONE).json()) == ["c2", "c3", "c4"]
            other.execute("ROLLBACK")
        assert ids(post(page, "undo", revision=1).json()) == ["c1", "c2", "c3", "c4"]


HALF = "half a \ud83c"  # of an emoji that was cut in two


def test_a_text_that_is_none_is_refused_and_changes_nothing(client):
    pair = {"versions": ["toys-v001", "toys-v002"]}
    number = client.post("/api/comparisons", json=pair).json()["comparison"]
    for path, body in (
        (f"{ONE}/corrections", {"correction": {"kind": "note", "cut": "c1", "text": HALF}}),
        (f"{ONE}/verdict", {"verdict": "reject", "note": HALF}),
        (f"/api/comparisons/{number}", {"preferred": "left", "note": HALF}),
    ):
        body |= {} if "comparisons" in path else {"revision": 0}
        kind = {"content-type": "application/json"}
        answer = client.post(path, content=json.dumps(body), headers=kind)
        assert error(answer)[:2] == (422, "refused")
        assert "half a character" in error(answer)[2]
    assert client.get(ONE).json()["revision"] == 0


def test_a_version_with_a_text_that_is_none_can_be_opened_all_the_same(client, room):
    desk = room.desk
    note = {"kind": "note", "cut": None, "text": HALF}  # as an earlier program kept it
    desk.store.act(desk.open("toys-v001").row.id, 0, "do", note)
    assert client.get(ONE).json()["note"] == HALF
    assert client.get("/api/history").status_code == 200
    assert correct(client, kind="note", cut=None, text="whole").json()["note"] == "whole"


# --- judging --------------------------------------------------------------------------------------


def test_a_verdict_stands_with_its_reasons_until_it_is_taken_back(client):
    body = {"cut": "c2", "verdict": "reject", "reasons": ["rhythm"], "note": "too long"}
    told = post(client, "verdict", revision=0, **body).json()
    assert told["cuts"][1]["verdict"]["verdict"] == "reject"
    assert told["cuts"][1]["verdict"]["reasons"] == ["rhythm"]
    assert told["verdict"] is None
    told = post(client, "verdict", revision=1, cut="c2", verdict=None).json()
    assert told["cuts"][1]["verdict"] is None
    assert told["contradictions"] == []


def test_contradictory_verdicts_are_shown(client):
    post(client, "verdict", revision=0, cut="c2", verdict="approve")
    told = post(client, "verdict", revision=1, cut="c2", verdict="reject").json()
    assert "approved at revision 1 and rejected at 2" in told["contradictions"][0]
    for number, cut in enumerate(("c1", "c3"), 2):
        post(client, "verdict", revision=number, cut=cut, verdict="reject")
    told = post(client, "verdict", revision=4, verdict="approve").json()
    assert "the film is approved, and 3 of its 4 cuts are rejected" in told["contradictions"]


@pytest.mark.parametrize(
    "body", [{"verdict": "maybe"}, {"verdict": "reject", "reasons": ["ugly"]}, {"verdict": 1},
             {"verdict": "reject", "reasons": "rhythm"}, {"cut": 2, "verdict": "reject"}],
)  # fmt: skip
def test_a_verdict_that_is_none_is_refused(client, body):
    assert post(client, "verdict", revision=0, **body).status_code == 400


def test_a_preference_is_for_the_version_whichever_side_it_was_on(client):
    pair = ["toys-v001", "toys-v002"]
    sides = set()
    for _ in range(20):
        asked = client.post("/api/comparisons", json={"versions": pair}).json()
        assert {asked["left"], asked["right"]} == set(pair)
        sides.add(asked["left"])
        side = "left" if asked["left"] == "toys-v002" else "right"
        path = f"/api/comparisons/{asked['comparison']}"
        told = client.post(path, json={"preferred": side, "reasons": ["rhythm"]}).json()
        assert told == {"preferred": "toys-v002", "over": "toys-v001"}
        assert error(client.post(path, json={"preferred": side}))[:2] == (409, "stale")
    assert sides == set(pair)


def test_preferences_that_contradict_each_other_are_shown(client, outputs, capsys):
    for one, other in (("toys-v001", "toys-v002"), ("toys-v002", "toys-v001")):
        assert main(["prefer", one, other, "--outputs", str(outputs)]) == MADE
    told = client.get("/api/versions").json()["contradictions"]
    assert told == ["toys-v002 was preferred to toys-v001, and toys-v001 to toys-v002"]
    for _ in range(2):
        assert main(["prefer", "toys-v002", "toys-v001", "--outputs", str(outputs)]) == MADE
    (told,) = client.get("/api/versions").json()["contradictions"]
    assert told == "toys-v002 was preferred to toys-v001 3 times, and toys-v001 to toys-v002"


def test_history_tells_all_of_it_in_words(client):
    correct(client, kind="drop", cut="c2")
    post(client, "undo", revision=1)
    post(client, "verdict", revision=2, cut="c1", verdict="reject", reasons=["content"])
    rows = client.get("/api/history").json()["events"]
    told = [(row["kind"], row["says"]) for row in rows if row["version"] == "toys-v001"]
    assert told == [
        ("made", "cut: 4 cuts"),
        ("correction", "drop cut 2 (b c.mp4)"),
        ("undo", "drop cut 2 (b c.mp4)"),
        ("verdict", "rejected cut 1 (a.mp4) (content)"),
    ]


# --- pictures and sound ---------------------------------------------------------------------------


def shown_by(timeline: Timeline) -> list[int]:
    """The number that each frame of the film carries."""
    return [
        source_frame(offset, cut.source.first, cut.source.stop, cut.clip.rate, timeline.rate)
        for cut in timeline.cuts
        for offset in range(cut.length)
    ]


def test_the_film_to_play_is_the_film_as_it_stands_frame_for_frame(client, room, tmp_path):
    correct(client, kind="trim", cut="c2", edge="in", by=-7, mode="ripple")
    correct(client, kind="move", cut="c4", before="c1")
    for revision in (2, 0):
        answer = client.get(f"{MEDIA}/film?revision={revision}")
        assert answer.headers["content-type"] == "video/mp4"
        path = tmp_path / f"{revision}.mp4"
        path.write_bytes(answer.content)
        timeline = room.timeline_at(room.desk.open("toys-v001"), revision)
        assert edits.numbers(path) == shown_by(timeline)
        with av.open(str(path)) as film:
            pictures = film.streams.video[0]
            assert pictures.average_rate == 25
            assert all(packet.is_keyframe for packet in film.demux(pictures) if packet.size)
            assert film.streams.audio
    assert error(client.get(f"{MEDIA}/film?revision=3"))[:2] == (422, "refused")


def test_a_film_of_mixed_rates_and_sizes_plays_frame_for_frame(outputs, tmp_path):
    for n, (rate, size) in enumerate([(24, (320, 180)), (50, (240, 180)), (10, (640, 360))]):
        media.numbered(tmp_path / "mixed" / f"{n}.mp4", 60, rate, size=size)
    made, _ = building.ingest.ingest(
        [tmp_path / "mixed"], building.Cache(outputs / ".cache"), lambda *told: None
    )
    timeline = edits.many_cuts(made, 25, 12, size=(320, 180))
    title = building.version(outputs, timeline, name="mixed")
    with Room(outputs, PORT) as room:
        making, _ = room.film(room.desk.open(title), 0)
        path = room.proxies.wait(making)
        assert edits.numbers(path) == shown_by(timeline)


def test_how_far_the_film_is_can_be_asked(client, room):
    told = client.get(f"{ONE}/film?revision=0").json()
    room.proxies.wait(room.film(room.desk.open("toys-v001"), 0)[0])
    told = client.get(f"{ONE}/film?revision=0").json()
    assert (told["ready"], told["share"], told["problem"]) == (True, 1.0, None)
    assert (told["rate"], told["frames"], told["size"]) == ("25/1", 100, [160, 96])
    assert client.get(told["url"]).status_code == 200


def test_a_film_is_handed_out_in_ranges(client):
    whole = client.get(f"{MEDIA}/film?revision=0").content
    part = client.get(f"{MEDIA}/film?revision=0", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"


def test_undo_brings_back_the_film_that_was_made_before(client, room):
    first = room.proxies.wait(room.film(room.desk.open("toys-v001"), 0)[0])
    correct(client, kind="drop", cut="c1")
    post(client, "undo", revision=1)
    again, _ = room.film(room.desk.open("toys-v001"), 2)
    assert again.ready
    assert again.path == first


def test_a_clip_plays_whole_and_a_thumbnail_is_its_very_frame(client, tmp_path):
    digest = client.get(ONE).json()["cuts"][1]["clip"]
    for turn in range(2):  # from the clip itself, then from what was made to play it
        answer = client.get(f"{MEDIA}/thumbs/{digest}/{57 + turn}?width=320")
        picture = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))
        assert picture.shape == (192, 320, 3)
        assert media.read_number(picture) == 57 + turn
        (tmp_path / "clip.mp4").write_bytes(client.get(f"{MEDIA}/clips/{digest}").content)
    assert edits.numbers(tmp_path / "clip.mp4") == list(range(100))
    assert client.get(f"{ONE}/clips/{digest}/proxy").json()["ready"]


@pytest.mark.parametrize("query", ["100?width=160", "0?width=161", "0?width=9999"])
def test_a_thumbnail_that_cannot_be_is_refused(client, query):
    digest = client.get(ONE).json()["cuts"][1]["clip"]
    assert client.get(f"{MEDIA}/thumbs/{digest}/{query}").status_code in (400, 404)


# --- footage that is not where it was -------------------------------------------------------------


def test_footage_that_moved_is_said_and_found_by_its_content(client, tmp_path):
    moved = tmp_path / "rushes" / "elsewhere"
    moved.mkdir()
    (tmp_path / "rushes" / "a.mp4").rename(moved / "renamed.mp4")
    told = client.get(ONE).json()
    states = {clip["name"]: clip["state"] for clip in told["clips"].values()}
    assert states == {"a.mp4": "missing", "b c.mp4": "here"}
    assert "is gone" in told["problems"][0]
    assert client.get(f"{ONE}/film?revision=0").status_code == 422
    result = done(client, client.post(f"{ONE}/relink", json={}))
    assert (result["found"], result["lost"]) == (1, [])
    told = client.get(ONE).json()
    assert {clip["name"] for clip in told["clips"].values()} == {"renamed.mp4", "b c.mp4"}
    assert told["problems"] == []
    assert client.get(f"{MEDIA}/film?revision=0").status_code == 200


def test_footage_that_changed_is_said_and_never_guessed(client, tmp_path):
    path = tmp_path / "rushes" / "a.mp4"
    path.write_bytes((tmp_path / "rushes" / "b c.mp4").read_bytes())
    told = client.get(ONE).json()
    assert "changed" in {clip["state"] for clip in told["clips"].values()}
    assert "its content changed" in told["problems"][0]
    result = done(client, client.post(f"{ONE}/relink", json={}))
    assert result["lost"] == ["a.mp4"]
    job = post(client, "render", revision=0).json()["job"]["id"]
    found = client.app.state.room.jobs.find(job)
    assert found.ended.wait(60)
    assert found.state == "failed"
    assert "its content changed" in found.message


def test_footage_that_is_found_elsewhere_is_cut_from_and_what_is_lost_is_said(cut_once, tmp_path):
    shutil.copytree(cut_once.parent / "rushes", tmp_path / "rushes")
    title = cut(tmp_path / "outputs", "toys")
    (tmp_path / "away").mkdir()
    (tmp_path / "rushes" / "take 0.mp4").rename(tmp_path / "away" / "found.mp4")
    (tmp_path / "rushes" / "take 1.mp4").unlink()
    with Room(tmp_path / "outputs", PORT) as room:
        room.desk.relink(title, [tmp_path / "away"])
        opened = room.desk.open(title)
        asked = making.again_config(room.desk, opened, None, None, False)
        assert asked.footage == (tmp_path / "rushes", tmp_path / "away" / "found.mp4")
        made = making.again(room.desk, title, Silent(), film=False)
        notes = saved.read(made.folder).notes
        assert any("take 1.mp4 is gone: cut again without it" in note for note in notes)


# --- with analyses: curves, moments, making -------------------------------------------------------


def test_curves_lie_along_the_film(real):
    told, drawn = real.get(ONE).json(), real.get(f"{ONE}/curves").json()
    assert drawn["frames"] == told["frames"] == len(drawn["waveform"]["level"])
    assert all(-40 < level < 0 for level in drawn["waveform"]["level"])  # a steady tone
    assert [row["id"] for row in drawn["pacing"]] == ids(told)
    assert all(row["low"] < row["median"] < row["high"] for row in drawn["pacing"])


def test_curves_without_analyses_say_so(client):
    assert error(client.get(f"{ONE}/curves"))[:2] == (404, "not analysed")


def test_moments_can_be_looked_for(real):
    every = real.get(f"{ONE}/moments?limit=500").json()
    assert every["total"] == len(every["moments"]) >= 6
    cut = real.get(ONE).json()["cuts"][0]
    like = real.get(f"{ONE}/moments?like={cut['id']}").json()["moments"]
    assert like[0]["clip"] == cut["clip"]
    assert like[0]["likeness"] > like[-1]["likeness"]
    own = real.get(f"{ONE}/moments?clip={cut['clip']}").json()["moments"]
    assert {row["clip"] for row in own} == {cut["clip"]}
    unused = real.get(f"{ONE}/moments?unused=yes").json()
    assert unused["total"] < every["total"]
    assert not any(row["used_by"] for row in unused["moments"])
    assert real.get(f"{ONE}/moments?speech=yes").json()["total"] == 0
    assert (
        real.get(f"{ONE}/moments?text=take+1&limit=1").json()["moments"][0]["shot"][:6] == "take 1"
    )
    for query in ("faces=maybe", "limit=-1", "like=c99", "offset=1e9"):
        assert error(real.get(f"{ONE}/moments?{query}"))[:2] == (422, "refused")


def test_the_terms_have_words(real):
    told = real.get("/api/terms").json()
    assert told["terms"]["jump_cut"]["family"] == "continuity"
    assert told["reasons"][0] == "rhythm"


def test_render_makes_the_corrected_film_a_version_of_its_own(real, cut_once):
    told = real.get(ONE).json()
    last = ids(told)[-1]
    correct(real, kind="trim", cut=last, edge="out", by=-3, mode="ripple")
    told = correct(real, kind="note", cut=last, text="shorter").json()
    before = (cut_once / "toys-v001" / "edit.json").read_bytes()
    result = done(real, post(real, "render", revision=told["revision"]))
    folder = cut_once / result["version"]
    edit = saved.read(folder)
    assert (edit.made_by, edit.parent) == ("correction", "toys-v001")
    assert edit.timeline.frames == told["frames"]
    assert edits.numbers(folder / "film.mp4") == shown_by(edit.timeline)
    names = {"film.mp4", "timeline.otio", "storyboard.png", "pacing.png", "report.json"}
    assert names <= {path.name for path in folder.iterdir()}
    report = json.loads((folder / "report.json").read_text())
    assert "Note on cut" in report["notes"][0]
    assert (cut_once / "toys-v001" / "edit.json").read_bytes() == before
    assert result["version"] in real.get(ONE).json()["children"]
    assert real.get(f"/media/versions/{result['version']}/film.mp4").status_code == 200


def test_cut_again_keeps_what_is_locked_and_leaves_out_what_is_banned(real, cut_once):
    told = real.get(ONE).json()
    kept = next(cut for cut in told["cuts"] if not cut["dropped"])
    other = next(cut for cut in told["cuts"] if cut["clip"] != kept["clip"])
    correct(real, kind="lock", cut=kept["id"])
    span = {"clip": other["clip"], "clip_in": None, "clip_out": None}
    told = correct(real, kind="ban", **span).json()
    result = done(real, post(real, "again", revision=told["revision"], duration_s=3))
    edit = saved.read(cut_once / result["version"])
    assert (edit.made_by, edit.parent) == ("cut", "toys-v001")
    shown = {(cut.clip.digest, cut.source.first, cut.source.stop) for cut in edit.timeline.cuts}
    assert (kept["clip"], kept["clip_in"], kept["clip_out"]) in shown
    assert other["clip"] not in {digest for digest, _, _ in shown}
    assert edit.timeline.size == tuple(told["size"])


def test_a_locked_cut_can_be_no_part_of_a_longer_one_in_the_next_cut(client, room, clips):
    told = correct(client, kind="lock", cut="c1").json()  # frames 10 to 30
    one = f"{clips[0].path}@"
    asked = making.again_config(room.desk, room.desk.open("toys-v001"), None, None, False)
    assert (asked.must, asked.ban) == ((f"{one}10-30",), (f"{one}9-10", f"{one}30-31"))
    correct(client, kind="trim", cut="c3", edge="in", by=-5, mode="ripple")
    told = correct(client, kind="lock", cut="c3").json()  # frames 30 to 55 of the same clip
    assert told["cuts"][2]["clip_in"] == 30
    asked = making.again_config(room.desk, room.desk.open("toys-v001"), None, None, False)
    assert asked.must == (f"{one}10-30", f"{one}30-55")  # side by side: neither bars the other
    assert asked.ban == (f"{one}9-10", f"{one}55-56")


@pytest.mark.parametrize("way", ["again", "render"])
def test_locks_bans_and_musts_go_on_with_the_next_version_and_can_be_taken_back(
    real, cut_once, way
):
    title = cut(cut_once, "marked")
    one = f"/api/versions/{title}"
    told = real.get(one).json()
    shown = [cut for cut in told["cuts"] if not cut["dropped"]]
    unused = next(
        digest
        for digest in real.get(f"{one}/clips").json()["clips"]
        if digest not in {cut["clip"] for cut in shown[:2]}
    )
    kept, must = shown[0], shown[1]
    ban = {"clip": unused, "clip_in": 140, "clip_out": 150}
    need = {"clip": must["clip"], "clip_in": must["clip_in"], "clip_out": must["clip_in"] + 15}
    for asked in (
        {"kind": "lock", "cut": kept["id"]},
        {"kind": "ban", **ban},
        {"kind": "must-include", **need},
    ):
        assert change(real, title, **asked).status_code == 200
    if way == "again":
        result = done(real, real.post(f"{one}/again", json={"revision": told["revision"] + 3}))
    else:
        result = {"version": making.render(real.app.state.room.desk, title, Silent(), False).title}
    after, one = result["version"], f"/api/versions/{result['version']}"
    told = real.get(one).json()
    assert (told["bans"], told["musts"]) == ([ban], [need])
    held = [cut for cut in told["cuts"] if cut["locked"]]
    assert [(cut["clip"], cut["clip_in"], cut["clip_out"]) for cut in held] == [
        (kept["clip"], kept["clip_in"], kept["clip_out"])
    ]
    for asked in (
        {"kind": "unlock", "cut": held[0]["id"]},
        {"kind": "drop", "cut": held[0]["id"]},
        {"kind": "unban", **ban},
        {"kind": "need-not", **need},
        {"kind": "ban", "clip": kept["clip"], "clip_in": None, "clip_out": None},
    ):
        assert change(real, after, **asked).status_code == 200, asked
    told = real.get(one).json()
    result = done(real, real.post(f"{one}/again", json={"revision": told["revision"]}))
    cuts = saved.read(cut_once / result["version"]).timeline.cuts
    assert kept["clip"] not in {cut.clip.digest for cut in cuts}


def test_what_a_first_cut_was_asked_is_shown_and_can_be_taken_back(cut_once):
    cut(cut_once, "asked", "--ban", "take 0.mp4", "--must-include", "take 1.mp4@20-60")
    with Room(cut_once, PORT) as room:
        page = client(room)
        told = page.get("/api/versions/asked-v001").json()
        (ban,), (must,) = told["bans"], told["musts"]
        assert (ban["clip_in"], must["clip_in"], must["clip_out"]) == (None, 20, 60)
        told = change(page, "asked-v001", kind="unban", **ban).json()
        told = change(page, "asked-v001", kind="need-not", **must).json()
        asked = making.again_config(room.desk, room.desk.open("asked-v001"), None, None, False)
        assert (told["bans"], told["musts"], asked.ban, asked.must) == ([], [], (), ())


def test_export_hands_out_the_film_as_it_stands(real, cut_once):
    told = real.get(ONE).json()
    assert {"edl", "otio"} <= {row["name"] for row in real.get("/api/formats").json()["formats"]}
    result = done(real, post(real, "export", revision=told["revision"], format="edl"))
    assert Path(result["files"][0]).read_text().startswith("TITLE")
    assert saved.read(cut_once / result["version"]).timeline.frames == told["frames"]
    assert post(real, "export", revision=told["revision"], format="vhs").status_code == 400


def test_work_can_be_given_up(client, room):
    began, go_on = working.threading.Event(), working.threading.Event()

    def work(watch):
        with watch.stage("long") as advance:
            began.set()
            assert go_on.wait(60)
            advance(1, 2, "half")
        return {}

    job = room.jobs.start("render", "toys-v001", work)
    waiting = room.jobs.start("render", "toys-v001", work)
    assert began.wait(60)
    assert client.get(f"/api/jobs/{job.id}").json()["job"]["stage"] == "long"
    for one in (job, waiting):
        client.post(f"/api/jobs/{one.id}/stop", json={})
    go_on.set()
    assert job.ended.wait(60)
    assert waiting.ended.wait(60)
    assert [row["state"] for row in client.get("/api/jobs").json()["jobs"]] == ["stopped"] * 2


def test_nothing_is_left_behind_by_work_that_was_given_up(real, cut_once):
    before = [one.title for one in versions(cut_once)]
    room = real.app.state.room
    answer = post(real, "render", revision=real.get(ONE).json()["revision"])
    job = room.jobs.find(answer.json()["job"]["id"])
    job.stop.set()
    assert job.ended.wait(60)
    assert job.state == "stopped"
    assert [one.title for one in versions(cut_once)] == before
    assert not list(cut_once.glob(".partial-*"))


def test_work_that_says_nothing_for_long_does_not_hold_up_the_end(monkeypatch):
    monkeypatch.setattr(working, "GRACE", 0.05)
    begun, never, cleaned = threading.Event(), threading.Event(), threading.Event()

    def silent(watch) -> dict:
        try:
            begun.set()
            while not never.wait(0.01):
                pass
            return {}
        finally:
            cleaned.set()

    with working.Jobs() as jobs:
        job = jobs.start("again", "toys-v001", silent)
        assert begun.wait(10)
    assert job.state == "stopped"
    assert cleaned.is_set()
