"""What an editor sees of import: a new version, what was changed, what was not found."""

import hashlib
import json
import shutil
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from PIL import Image

from editor import exchange
from editor.cli import MADE, WRONG, main
from editor.film import saved, storyboard
from editor.film.export import exporters
from editor.film.export.carried import CARRIES
from editor.film.returned.readers import READERS
from editor.film.saved import Edit
from editor.film.timeline import Alternative, Music, Timeline
from editor.footage import ingest
from editor.footage.cache import Cache
from editor.footage.clip import Clip
from editor.timing import FrameSpan
from editor.versions import Version, drafting
from tests import media
from tests.film import edits
from tests.film.returned import films

NTSC = Fraction(30000, 1001)
FORMATS = sorted(READERS)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Footage of three rates, a song, and an outputs folder with one version of a film."""
    folder = tmp_path_factory.mktemp("home")
    rushes = folder / "my rushes"
    small = {"size": (160, 96)}
    media.numbered(
        rushes / "änne 1.mov", 120, NTSC, sound=media.tone(4), start_timecode="00:59:59;20", **small
    )
    media.numbered(rushes / "two.mp4", 150, NTSC, **small, scenes=media.Scenes(seed=3))
    media.numbered(rushes / "pal.mov", 100, 25, start_timecode="10:00:00:00", **small)
    media.audio_only(folder / "song.wav", 3)
    clips, _ = ingest.ingest((rushes,), Cache(folder / "outputs" / ".cache"), lambda *_: None)
    found = {clip.name: clip for clip in clips}
    one, two, pal = (found[name] for name in ("änne 1.mov", "two.mp4", "pal.mov"))
    film = edits.film(
        NTSC, [(one, 10, 40), (two, 5, 65), (pal, 20, 60), (one, 60, 100), (two, 90, 150)]
    )
    other = Alternative(two, FrameSpan(70, 100), "two.mp4 #2", "other take")
    first = replace(
        film.cuts[0], reason="sharper", reward=0.5, terms={"pace": 0.5}, alternatives=(other,)
    )
    film = replace(film, cuts=(first, *film.cuts[1:]), music=Music(folder / "song.wav"))
    version(film, folder / "outputs", "toys")
    return folder


def version(film: Timeline, outputs: Path, name: str, **changes: Any) -> Version:
    """A version as cut leaves it."""
    edit = Edit(film, "cut", **changes)
    with drafting(outputs, name) as draft:

        def seal(made: Version) -> None:
            saved.write(edit, draft.folder)
            exchange.beside(edit, made, (), draft.folder)

        return draft.publish(seal)


@pytest.fixture
def outputs(home, tmp_path) -> Path:
    """The outputs for one test alone; the footage is everybody's."""
    return Path(shutil.copytree(home / "outputs", tmp_path / "outputs"))


@pytest.fixture(autouse=True)
def quick_storyboard(request, monkeypatch):
    """A blank storyboard, but where a test looks at it: drawing takes longer than all the rest."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(storyboard, "draw", lambda timeline, path: path.write_bytes(b"PNG"))


@pytest.fixture
def film(outputs) -> Timeline:
    return saved.read(outputs / "toys-v001").timeline


@pytest.fixture
def bring(outputs, capsys):
    """Import a file: what --json says."""

    def call(path: Path, *options: object, status: int = MADE) -> Any:
        words = ["import", path, "--outputs", outputs, "--json", *options]
        assert main([str(word) for word in words]) == status
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return json.loads(out) if status == MADE else err.splitlines()[-1]

    return call


def exported(film: Timeline, format: str, folder: Path, name: str = "toys-v001") -> Path:
    folder.mkdir(exist_ok=True)
    edit = Edit(film, "cut")
    sequence, _ = exchange.compose(name, edit, music=True)
    return exporters.export(sequence, format, folder).files[0]


def changed(film: Timeline, spans: list[tuple[Clip, int, int]]) -> Timeline:
    return replace(film, cuts=edits.film(film.rate, spans).cuts)


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_brings_a_version_back_unchanged(format, film, bring, outputs, tmp_path):
    made = bring(exported(film, format, tmp_path / "sent"))
    edit = saved.read(outputs / "toys-v002")
    assert (made["version"], made["parent"]) == ("toys-v002", "toys-v001")
    assert edit.timeline == film
    assert (edit.made_by, edit.parent) == ("import", "toys-v001")
    assert made["difference"]["words"] == ["Nothing was changed: all 5 cuts are as they were."]
    assert made["format"] == format and made["skipped"] == []
    assert not any("switched off" in note for note in made["notes"])  # our own alternatives are


@pytest.fixture
def drawn() -> None:
    """Asked for by a test that looks at the storyboard."""


def test_a_version_has_all_that_others_have(film, bring, outputs, tmp_path, drawn):
    bring(exported(film, "fcpxml", tmp_path / "sent"))
    names = {path.name for path in (outputs / "toys-v002").iterdir()}
    assert names == {"edit.json", "report.json", "storyboard.png", "timeline.otio"}
    assert Image.open(outputs / "toys-v002" / "storyboard.png").width > 1000
    kept = saved.read(outputs / "toys-v002").timeline.cuts[0]
    assert (kept.reason, kept.alternatives[0].why) == ("sharper", "other take")


@pytest.mark.parametrize("format", FORMATS)
def test_what_was_changed_is_told(format, film, bring, tmp_path):
    one, two, pal = (film.cuts[i].clip for i in (0, 1, 2))
    spans = [(two, 5, 65), (one, 10, 34), (pal, 20, 60), (two, 95, 150), (pal, 70, 90)]
    made = bring(exported(changed(film, spans), format, tmp_path / "sent"))
    changes = {change["kind"]: change for change in made["difference"]["changes"]}
    assert made["difference"]["counts"] == {
        "kept": 2, "trimmed": 1, "retimed": 0, "moved": 1, "replaced": 0, "inserted": 1,
        "dropped": 1,
    }  # fmt: skip
    assert (changes["moved"]["before_index"], changes["moved"]["tail"]) == (0, 6)
    assert (changes["trimmed"]["before_index"], changes["trimmed"]["head"]) == (4, 5)
    assert changes["dropped"]["before_index"] == 3
    assert changes["inserted"]["after"]["clip_in"] == 70


def test_an_import_can_be_rendered_at_once(film, bring, outputs, tmp_path):
    short = changed(film, [(film.cuts[0].clip, 10, 22), (film.cuts[1].clip, 20, 29)])
    made = bring(exported(short, "mlt", tmp_path / "sent"), "--render", "--name", "recut")
    assert made["film"] == str(outputs / "recut-v001" / "film.mp4")
    assert edits.numbers(Path(made["film"])) == [*range(10, 22), *range(20, 29)]


def test_what_it_made_is_told_in_words(film, outputs, tmp_path, capsys):
    spans = [(cut.clip, cut.source.first, cut.source.stop) for cut in film.cuts]
    path = exported(changed(film, [spans[0], *spans[2:]]), "otio", tmp_path / "sent")
    assert main(["import", str(path), "--outputs", str(outputs)]) == MADE
    said = capsys.readouterr().out
    assert "Made toys-v002 from toys-v001.otio: 4 cuts" in said
    assert "Onto    toys-v001, which it came from" in said
    assert "Cut 2 (two.mp4 00:00:00:05 to 00:00:02:05) dropped, 60 frames." in said


# --- which version it came from -------------------------------------------------------------------


def test_the_version_is_found_by_what_it_shows(film, bring, outputs, tmp_path):
    version(film, outputs, "other")
    spans = [(cut.clip, cut.source.first, cut.source.stop) for cut in film.cuts]
    version(changed(film, [spans[1], spans[4]]), outputs, "short")
    path = exported(changed(film, [spans[4], spans[1]]), "edl", tmp_path / "sent", "renamed")
    assert bring(path)["parent"] == "short-v001"
    assert bring(path, "--onto", "toys-v001")["parent"] == "toys-v001"
    assert bring(path, "--onto", outputs / "other-v001")["parent"] == "other-v001"


def test_a_film_of_no_version_is_a_version_of_its_own(film, bring, outputs, tmp_path):
    path = exported(film, "fcpxml", tmp_path / "sent", "renamed")
    shutil.rmtree(outputs / "toys-v001")
    made = bring(path)
    assert (made["version"], made["parent"], made["difference"]) == ("renamed-v001", None, None)


def test_an_unknown_version_is_answered_with_the_known(film, bring, tmp_path):
    path = exported(film, "otio", tmp_path / "sent")
    said = bring(path, "--onto", "toys-v009", status=WRONG)
    assert "toys-v009" in said and "toys-v001" in said


def test_a_list_without_a_rate_takes_it_from_its_version_or_its_media(
    film, bring, outputs, tmp_path
):
    path = exported(film, "edl", tmp_path / "sent")
    path.write_text(path.read_text().replace("FCM: DROP", "FCM: NON-DROP").replace(";", ":"))
    assert bring(path)["rate"] == "30000/1001"
    shutil.rmtree(outputs)
    assert bring(path)["rate"] == "30000/1001"
    assert bring(path, "--rate", "30")["rate"] == "30"


# --- where the media are --------------------------------------------------------------------------


@pytest.fixture
def moved(film, tmp_path):
    """The film as sent from a folder that is there no more; the clips lie in another."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir(), new.mkdir()
    clips = {}
    for cut in film.cuts:
        shutil.copy(cut.clip.path, old)
        clips[cut.clip.digest] = replace(cut.clip, path=old / cut.clip.name)
    cuts = tuple(replace(cut, clip=clips[cut.clip.digest], alternatives=()) for cut in film.cuts)
    sent = replace(film, cuts=cuts, music=None)
    return sent, old, new


@pytest.mark.parametrize("format", ["edl", "fcp7", "fcpxml", "kdenlive", "mlt", "otio"])
def test_media_that_moved_are_found_by_name(format, moved, outputs, bring, tmp_path):
    sent, old, new = moved
    shutil.rmtree(outputs / "toys-v001")
    path = exported(sent, format, tmp_path / "sent", "renamed")
    (new / "deep").mkdir()
    for file in list(old.iterdir()):
        file.rename(new / "deep" / file.name)
    made = bring(path, "--footage", new, "--rate", "29.97")
    assert {Path(cut["clip"]).parent for cut in made["cuts"]} == {new / "deep"}
    (said,) = (note for note in made["notes"] if "relinked" in note)
    assert said.startswith(f"3 media relinked: found by their names in {new / 'deep'} (")
    assert all(name in said for name in ("änne 1.mov", "two.mp4", "pal.mov"))


def test_one_medium_that_moved_says_where_it_was_relinked_to(moved, outputs, bring, tmp_path):
    sent, old, new = moved
    shutil.rmtree(outputs / "toys-v001")
    path = exported(sent, "otio", tmp_path / "sent", "renamed")
    (old / "two.mp4").rename(new / "two.mp4")
    made = bring(path, "--footage", new)
    assert f"two.mp4: relinked: found by its name at {new / 'two.mp4'}" in made["notes"]


def test_media_that_moved_together_with_the_file_say_so(moved, outputs, bring, tmp_path):
    sent, old, new = moved
    shutil.rmtree(outputs / "toys-v001")
    path = exported(sent, "otio", old, "renamed")
    for file in old.iterdir():
        file.rename(new / file.name)
    (said,) = (note for note in bring(new / path.name)["notes"] if "relinked" in note)
    assert said.startswith(f"3 media relinked: found by their relative paths in {new} (")


def test_media_that_are_where_the_file_says_were_not_relinked(film, bring, tmp_path):
    for format in ("otio", "fcp7", "fcpxml", "mlt"):
        made = bring(exported(film, format, tmp_path / format))
        assert not any("found by" in note or "relinked" in note for note in made["notes"])


def test_media_beside_the_file_are_kept_by_whole_paths_wherever_one_stands(
    film, bring, tmp_path, monkeypatch
):
    path = exported(film, "otio", tmp_path / "sent")
    for cut in film.cuts:
        (path.parent / cut.clip.name).exists() or shutil.copy(cut.clip.path, path.parent)
    told = json.loads(path.read_text())

    def gone(node: Any) -> None:
        for child in node.values() if isinstance(node, dict) else node:
            if isinstance(child, dict | list):
                gone(child)
        if isinstance(node, dict) and "target_url" in node:
            node["target_url"] = Path(node["target_url"]).name

    gone(told)
    path.write_text(json.dumps(told))
    monkeypatch.chdir(tmp_path)
    made = bring(Path("sent") / path.name, "--onto", "toys-v001")
    assert all(Path(cut["clip"]).is_absolute() for cut in made["cuts"])
    assert len(made["cuts"]) == len(film.cuts)


@pytest.mark.parametrize("format", ["fcpxml", "mlt", "otio"])
def test_media_that_were_renamed_are_found_by_content(format, moved, outputs, bring, tmp_path):
    sent, old, new = moved
    shutil.rmtree(outputs / "toys-v001")
    path = exported(sent, format, tmp_path / "sent", "renamed")
    for number, file in enumerate(sorted(old.iterdir())):
        file.rename(new / f"clip {number}{file.suffix}")
    made = bring(path, "--footage", new)
    assert made["skipped"] == []
    assert films.shown(saved.read(outputs / "renamed-v001").timeline) == [
        (name.replace("pal.mov", "clip 0.mov").replace("two.mp4", "clip 1.mp4")
         .replace("änne 1.mov", "clip 2.mov"), frame)
        for name, frame in films.shown(sent)
    ]  # fmt: skip
    assert any("found by its content" in note for note in made["notes"])


def test_media_known_by_timecode_alone_are_found_by_it(moved, outputs, bring, tmp_path):
    sent, old, new = moved
    shutil.rmtree(outputs / "toys-v001")
    pal = changed(sent, [(cut.clip, 20, 60) for cut in sent.cuts if cut.clip.name == "pal.mov"])
    path = exported(pal, "fcp7", tmp_path / "sent", "renamed")
    (old / "pal.mov").rename(new / "C0001.mov")
    made = bring(path, "--footage", new)
    assert made["cuts"][0]["clip"] == str(new / "C0001.mov")
    assert any("timecode alone" in note for note in made["notes"])


def test_a_file_that_is_another_now_is_told(moved, outputs, bring, tmp_path):
    sent, old, _ = moved
    shutil.rmtree(outputs / "toys-v001")
    path = exported(sent, "otio", tmp_path / "sent", "renamed")
    media.numbered(old / "two.mp4", 150, NTSC, size=(160, 96), scenes=media.Scenes(seed=99))
    assert any("content has changed" in note for note in bring(path)["notes"])


@pytest.mark.parametrize("format", ["edl", "fcp7", "fcpxml", "kdenlive", "mlt", "otio"])
def test_missing_media_are_a_named_gap_and_the_rest_is_there(
    format, moved, outputs, bring, tmp_path
):
    sent, old, _ = moved
    shutil.rmtree(outputs / "toys-v001")
    path = exported(sent, format, tmp_path / "sent", "renamed")
    (old / "two.mp4").unlink()
    made = bring(path, "--rate", "29.97")
    assert len(made["cuts"]) == 3
    assert [Path(left["path"]).name for left in made["skipped"]] == ["two.mp4"]
    assert sum("two.mp4 at" in note and "left out" in note for note in made["notes"]) == 2
    assert any("gap" in note and "closed" in note for note in made["notes"])


@pytest.mark.parametrize("format", ["edl", "fcp7", "fcpxml", "kdenlive", "mlt", "otio"])
def test_media_that_are_gone_keep_their_place_where_a_version_knows_them(
    format, moved, outputs, bring, tmp_path
):
    sent, old, _ = moved
    saved.write(replace(saved.read(outputs / "toys-v001"), timeline=sent), outputs / "toys-v001")
    path = exported(sent, format, tmp_path / "sent")
    (old / "two.mp4").unlink()
    made = bring(path, "--onto", "toys-v001", "--render")
    assert len(made["cuts"]) == 5 and made["film"] is None
    assert made["difference"]["counts"]["kept"] == 5
    assert [Path(left["path"]).name for left in made["skipped"]] == ["two.mp4"]
    (said,) = {note for note in made["notes"] if "two.mp4" in note and "rendered" in note}
    assert str(old / "two.mp4") in said
    assert (outputs / made["version"] / "storyboard.png").is_file()


@pytest.mark.parametrize("format", ["edl", "fcp7", "fcpxml", "kdenlive", "mlt", "otio"])
@pytest.mark.parametrize("onto", [False, True])
def test_media_that_are_all_gone_keep_their_place_too(
    format, onto, moved, outputs, bring, tmp_path
):
    sent, old, _ = moved
    saved.write(replace(saved.read(outputs / "toys-v001"), timeline=sent), outputs / "toys-v001")
    path = exported(sent, format, tmp_path / "sent", "toys-v001")
    shutil.rmtree(old)
    made = bring(path, *(["--onto", "toys-v001"] if onto else []), "--render")
    assert len(made["cuts"]) == 5 and made["film"] is None
    assert made["difference"]["counts"]["kept"] == 5
    assert any("None of its media is there" in n and "--footage" in n for n in made["notes"])


def test_the_music_and_a_sound_event_are_found_by_name_as_pictures_are(film, bring, tmp_path):
    whole = exported(film, "edl", tmp_path / "sent").read_text()
    kept = [line for line in whole.splitlines() if not line.startswith("* MUSIC")]
    event = "901  SONG     A     C        00:00:00:00 00:00:05:00 01:00:00:00 01:00:05:00"
    (tmp_path / "a.edl").write_text("\n".join([*kept, event, "* FROM CLIP NAME: beat.wav", ""]))
    elsewhere = tmp_path / "sounds"
    elsewhere.mkdir()
    shutil.copy(film.music.path, elsewhere / "beat.wav")
    made = bring(tmp_path / "a.edl", "--onto", "toys-v001", "--footage", elsewhere)
    music = saved.read(Path(made["timeline"]).parent).timeline.music
    assert music is not None and music.path == elsewhere / "beat.wav"
    assert f"beat.wav: relinked: found by its name at {elsewhere / 'beat.wav'}" in made["notes"]


def test_a_sound_that_begins_the_film_and_soon_ends_is_no_music(film, bring, tmp_path):
    path = exported(replace(film, music=None), "otio", tmp_path / "sent")
    timeline = otio.adapters.read_from_file(str(path))
    time = otio.opentime.RationalTime
    voice = shutil.copy(film.music.path, tmp_path / "voice.wav")
    spoken = otio.schema.Clip(
        "voice.wav",
        otio.schema.ExternalReference(Path(voice).as_uri()),
        otio.opentime.TimeRange(time(0, 30), time(30, 30)),
    )
    timeline.tracks.append(otio.schema.Track("VO", [spoken], kind=otio.schema.TrackKind.Audio))
    otio.adapters.write_to_file(timeline, str(path))
    made = bring(path, "--onto", "toys-v001")
    assert saved.read(Path(made["timeline"]).parent).timeline.music is None
    assert any("is left out: it lasts less than half" in note for note in made["notes"])


@pytest.mark.parametrize("covered", [True, False])
def test_the_sound_of_a_clip_of_the_film_that_runs_without_its_picture_is_named(
    covered, film, bring, tmp_path
):
    path = exported(film, "otio", tmp_path / "sent")
    timeline = otio.adapters.read_from_file(str(path))
    pictures, sounds = timeline.video_tracks()[0], timeline.audio_tracks()[0]
    if covered:  # a cutaway over the whole of the first cut, whose sound stays
        above = otio.schema.Track("V9", [pictures[2].deepcopy()])
        above[0].source_range = otio.opentime.TimeRange(
            above[0].source_range.start_time, pictures[0].source_range.duration
        )
        timeline.tracks.append(above)
        at = "00:00:00:00"
    else:  # a line of it once more, under others
        gap = otio.schema.Gap(source_range=pictures[1].source_range)
        wild = otio.schema.Track("A9", [gap, sounds[0].deepcopy()], kind="Audio")
        timeline.tracks.append(wild)
        at = "00:00:02:00"
    otio.adapters.write_to_file(timeline, str(path))
    made = bring(path, "--onto", "toys-v001")
    (said,) = [note for note in made["notes"] if "runs there without its picture" in note]
    assert said.startswith(f"the sound of änne 1.mov at {at}, 30 frames, ")


def relinked(path: Path, kind: str, name: str, url: str, to: Path) -> Path:
    """The .otio with the media of every clip of a name, on tracks of a kind, at another URL."""
    told = json.loads(path.read_text())
    for track in told["tracks"]["children"]:
        for child in track["children"] if track["kind"] == kind else ():
            reference = child.get("media_references", {}).get("DEFAULT_MEDIA")
            if child.get("name") == name and reference:
                reference["target_url"], child["metadata"] = url, {}
                reference["available_range"] = None
                child["name"] = Path(url).name
    to.write_text(json.dumps(told))
    return to


@pytest.mark.parametrize("name", ["gone.mov", "änne 1.mxf"])
def test_the_sound_of_a_picture_that_is_gone_is_its_own_and_no_music(name, film, bring, tmp_path):
    path = exported(film, "otio", tmp_path / "sent")
    made = bring(relinked(path, "Video", "änne 1.mov", f"file:///gone/{name}", tmp_path / "a.otio"))
    assert saved.read(Path(made["timeline"]).parent).timeline.music == film.music
    own = [note for note in made["notes"] if "änne 1.mov" in note and "sound" in note]
    assert own == [
        f"the sound änne 1.mov at {at} is the own sound of {name}, whose picture is gone: it is"
        " left out with it"
        for at in ("00:00:00:00", "00:00:04:18")
    ]


def test_what_is_told_of_paths_leads_there_from_the_root(film, bring, outputs, tmp_path):
    path = exported(film, "mlt", tmp_path / "sent")
    inside = tmp_path / "deep" / "er"
    inside.mkdir(parents=True)
    found = bring(
        inside / ".." / ".." / "sent" / path.name,
        "--footage",
        inside / "..",
        "--outputs",
        inside / ".." / ".." / "out",
    )
    assert found["file"] == str(path)
    assert found["timeline"].startswith(str(tmp_path / "out"))


def test_a_film_of_which_no_media_are_found_is_refused(moved, outputs, bring, tmp_path):
    sent, old, _ = moved
    shutil.rmtree(outputs / "toys-v001")
    path = exported(sent, "mlt", tmp_path / "sent", "renamed")
    shutil.rmtree(old)
    said = bring(path, status=WRONG)
    assert said.startswith(f"editor: {path}: none of its media was found") and "--footage" in said
    assert not list(outputs.glob("*-v*"))


# --- bundles and bad input ------------------------------------------------------------------------


def test_a_bundle_brings_its_own_media_where_they_lie_nowhere_else(moved, outputs, bring, tmp_path):
    sent, old, _ = moved
    path = exported(sent, "otioz", tmp_path / "sent", "renamed")
    shutil.rmtree(outputs)
    shutil.rmtree(old)
    made = bring(path)
    clips = {Path(cut["clip"]) for cut in made["cuts"]}
    assert all(clip.is_relative_to(outputs / "media") and clip.is_file() for clip in clips)
    (said,) = (note for note in made["notes"] if "bundle" in note)
    assert said.startswith(f"3 media unpacked from the bundle, below {outputs / 'media'} (")
    film = saved.read(outputs / "renamed-v001").timeline
    assert films.shown(film) == films.shown(sent)
    assert bring(path)["difference"]["counts"]["kept"] == 5


def test_a_bundle_takes_the_footage_that_is_there(film, bring, outputs, tmp_path):
    made = bring(exported(film, "otioz", tmp_path / "sent"))
    assert {cut["clip"] for cut in made["cuts"]} == {str(cut.clip.path) for cut in film.cuts}
    assert not (outputs / "media").exists()
    (said,) = (note for note in made["notes"] if "bundle" in note)
    folder = film.cuts[0].clip.path.parent
    assert said == f"3 media are in the bundle and in {folder}: linked there, nothing was unpacked"
    assert not any("found by" in note for note in made["notes"])


def everything(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.blake2b(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "file://elsewhere.example/rushes/two.mp4", "file:///dev/zero",
        "http://example.com/two.mp4", "file:///rushes/a%00b.mp4", "../../../../../etc/shadow",
        "\\\\server\\share\\two.mp4", "C:\\rushes\\two.mp4", "file:///proc/self/mem",
    ],
)  # fmt: skip
def test_a_url_to_anywhere_is_a_named_gap_and_nothing_is_written_there(
    url, film, home, bring, outputs, tmp_path
):
    path = exported(changed(film, [(cut.clip, 20, 40) for cut in film.cuts]), "otio", tmp_path)
    value = json.loads(path.read_text())
    for track in value["tracks"]["children"]:
        for child in track["children"]:
            if child.get("name") == "two.mp4":
                child["media_references"]["DEFAULT_MEDIA"]["target_url"] = url
                child["metadata"], child["name"] = {}, "nothing.mp4"
                child["media_references"]["DEFAULT_MEDIA"]["available_range"] = None
    strange = tmp_path / "strange.otio"
    strange.write_text(json.dumps(value))
    before = everything(home)
    shutil.rmtree(outputs / "toys-v001")
    made = bring(strange)
    assert {Path(cut["clip"]).name for cut in made["cuts"]} <= {"änne 1.mov", "pal.mov", "two.mp4"}
    if "two.mp4" not in url:  # what is called so is found by its name
        assert len(made["cuts"]) == 3 and len(made["skipped"]) == 1
    assert everything(home) == before


def test_a_bundle_that_reaches_outside_leaves_nothing_behind(film, bring, outputs, tmp_path):
    path = exported(film, "otioz", tmp_path / "sent")
    with zipfile.ZipFile(path, "a") as bundle:
        bundle.writestr("../../escaped.mov", b"x")
    before = sorted(path.name for path in outputs.iterdir())
    assert "leads out of the bundle" in bring(path, status=WRONG)
    assert sorted(path.name for path in outputs.iterdir()) == before
    assert not list(tmp_path.rglob("escaped.mov"))


def test_a_broken_file_leaves_no_version(film, bring, outputs, tmp_path):
    path = exported(film, "fcpxml", tmp_path / "sent")
    path.write_text(path.read_text()[:500])
    assert "no whole XML" in bring(path, status=WRONG)
    assert [path.name for path in outputs.glob("*-v*")] == ["toys-v001"]


@pytest.mark.parametrize("format", sorted(CARRIES))
def test_the_help_names_what_can_be_read(format, capsys):
    assert main(["import", "--help"]) == MADE
    said = capsys.readouterr().out
    assert (CARRIES[format].suffix in said) == (format in READERS)
