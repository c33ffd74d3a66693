"""A correction does what it says to the frame, or is refused with its reason; all of it can be
undone, done again, and played from the start."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from editor.errors import CorrectionError
from editor.film import corrections, saved
from editor.film.applying import apply, handles
from editor.film.corrected import Corrected, begin, changes
from editor.film.corrections import (
    KINDS,
    LONGEST_NOTE,
    Ban,
    Drop,
    Insert,
    Lock,
    Move,
    MustInclude,
    NeedNot,
    Note,
    Replace,
    Restore,
    Slip,
    Trim,
    Unban,
    Unlock,
    as_json,
    from_json,
    words,
)  # fmt: skip
from editor.film.replay import replay
from editor.film.saved import Edit
from editor.film.timeline import Alternative
from editor.timing import FrameSpan
from tests.film.paper import clip, film

A, B, C = clip("a.mov"), clip("b.mov", 200), clip("c.mov", 60, Fraction(30000, 1001))
SLOW = clip("slow.mov", 40, 10)
NTSC = Fraction(30000, 1001)


def begun(rate: Fraction | int = 25, spans=None, extra=()) -> Corrected:
    """Four cuts: a 10-30, b 50-90, c 5-35, a 60-80; all clips are known."""
    spans = spans or [(A, 10, 30), (B, 50, 90), (C, 5, 35), (A, 60, 80)]
    known = {one.digest: one for one in (A, B, C, SLOW, *extra)}
    return begin(film(rate, spans), known)


def after(*done, state: Corrected | None = None) -> Corrected:
    state = state or begun()
    for one in done:
        state = apply(state, one)
    return state


def shown(state: Corrected) -> list[tuple[str, int, int, int]]:
    return [(p.id, p.cut.source.first, p.cut.source.stop, p.cut.length) for p in state.shown]


def refused(*done, state: Corrected | None = None) -> str:
    with pytest.raises(CorrectionError) as caught:
        after(*done, state=state)
    return str(caught.value)


# --- each kind ------------------------------------------------------------------------------------


def test_a_film_nobody_touched_is_the_version_itself():
    state = begun()
    assert state.timeline == state.base
    assert state.untouched


def test_a_dropped_cut_leaves_no_gap_and_comes_back_where_it_was():
    state = after(Drop("c2"))
    assert [cut.clip.name for cut in state.timeline.cuts] == ["a.mov", "c.mov", "a.mov"]
    assert [cut.start for cut in state.timeline.cuts] == [0, 20, 45]
    assert apply(state, Restore("c2")).timeline == begun().base


def test_a_cut_comes_back_between_its_neighbours_also_when_they_moved():
    state = after(Drop("c2"), Move("c1", None), Restore("c2"))
    assert [piece.id for piece in state.shown] == ["c2", "c3", "c4", "c1"]


def test_a_ripple_trim_moves_all_that_follows():
    state = after(Trim("c1", "out", 5, "ripple"))
    assert shown(state)[0] == ("c1", 10, 35, 25)
    assert [cut.start for cut in state.timeline.cuts] == [0, 25, 65, 90]


def test_a_later_in_point_shortens_the_cut():
    assert shown(after(Trim("c1", "in", 5, "ripple")))[0] == ("c1", 15, 30, 15)


@pytest.mark.parametrize("edge", ["in", "out"])
def test_a_roll_keeps_the_film_as_long_as_it_was(edge):
    cut = {"in": "c2", "out": "c1"}[edge]
    state = after(Trim(cut, edge, 7, "roll"))
    assert shown(state)[:2] == [("c1", 10, 37, 27), ("c2", 57, 90, 33)]
    assert state.timeline.frames == begun().base.frames


def test_a_roll_between_rates_keeps_the_film_as_long_as_it_was():
    state = begun(spans=[(SLOW, 5, 20), (C, 5, 35)])
    for by in (1, 1, 1, 1, 1, -4, 6, -7):
        state = apply(state, Trim("c1", "out", by, "roll"))
        assert state.timeline.frames == begun(spans=[(SLOW, 5, 20), (C, 5, 35)]).base.frames


@pytest.mark.parametrize("one", [A, C, SLOW], ids=lambda one: str(one.rate))
@pytest.mark.parametrize("edge", ["in", "out"])
def test_nudging_there_and_back_ends_where_it_began_whatever_the_rates(one, edge):
    state = start = begun(Fraction(24000, 1001), [(one, 10, 30), (B, 50, 90)])
    way = [1, 1, 1, 1, 1, -1, 2, -3, -3]
    for by in way:
        state = apply(state, Trim("c1", edge, by, "ripple"))
    assert sum(way) == 0
    assert state.timeline == start.timeline


def test_a_slip_shows_later_frames_in_the_same_place():
    state = after(Slip("c2", 10))
    assert shown(state)[1] == ("c2", 60, 100, 40)
    assert state.timeline.frames == begun().base.frames


def test_a_moved_cut_stands_before_the_one_named():
    state = after(Move("c4", "c2"))
    assert [piece.id for piece in state.shown] == ["c1", "c4", "c2", "c3"]
    assert [piece.id for piece in after(Move("c1", None)).shown] == ["c2", "c3", "c4", "c1"]


def test_a_replaced_cut_keeps_its_place_and_offers_what_stood_there():
    state = after(Replace("c2", "bmov", 100, 130))
    assert shown(state)[1] == ("c2", 100, 130, 30)
    (other,) = state.shown[1].cut.alternatives
    assert (other.source, other.why) == (FrameSpan(50, 90), "stood here before")


def test_an_alternative_that_is_taken_keeps_its_shots_name():
    timeline = film(25, [(A, 10, 30), (B, 50, 90)])
    other = Alternative(B, FrameSpan(100, 120), "b.mov #4", "other take")
    cuts = (timeline.cuts[0], replace(timeline.cuts[1], alternatives=(other,)))
    state = apply(begin(replace(timeline, cuts=cuts), {}), Replace("c2", B.digest, 100, 120))
    assert state.shown[1].cut.shot == "b.mov #4"
    assert [one.why for one in state.shown[1].cut.alternatives] == ["stood here before"]


def test_a_new_cut_is_as_long_as_its_frames_last():
    state = after(Insert("n1", SLOW.digest, 10, 20, "c1"))
    assert shown(state)[0] == ("n1", 10, 20, 25)
    assert after(Insert("n1", SLOW.digest, 10, 20, None)).shown[-1].id == "n1"


def test_a_ban_drops_what_shows_the_frames_and_keeps_them_out():
    state = after(Ban("amov", 20, 65))
    assert [piece.id for piece in state.shown] == ["c2", "c3"]
    assert "banned" in refused(Ban("amov", 20, 65), Restore("c1"))
    assert "banned" in refused(Ban("amov", 20, 65), Insert("n1", "amov", 60, 70, None))
    assert "banned" in refused(Ban("bmov", 95, 99), Replace("c2", "bmov", 90, 99))
    assert after(Ban("amov", 20, 65), Unban("amov", 20, 65), Restore("c1")).shown[0].id == "c1"


def test_a_whole_clip_can_be_banned():
    assert [piece.id for piece in after(Ban("amov", None, None)).shown] == ["c2", "c3"]


def test_must_includes_are_kept_for_the_next_cut_and_can_be_taken_back():
    state = after(MustInclude("bmov", 100, 120), MustInclude("cmov", None, None))
    assert [(mark.digest, mark.span) for mark in state.musts] == [
        ("bmov", FrameSpan(100, 120)),
        ("cmov", None),
    ]
    assert apply(state, NeedNot("cmov", None, None)).musts == state.musts[:1]


def test_notes_are_on_a_cut_or_on_the_film():
    state = after(Note("c2", " too long "), Note(None, "nearly"))
    assert (state.note("c2"), state.note("")) == ("too long", "nearly")
    assert after(Note("c2", "x"), Note("c2", "")).note("c2") == ""


# --- what cannot hold -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "said"),
    [
        ([Trim("c1", "in", 20, "ripple")], "out before in"),
        ([Trim("c1", "out", -20, "ripple")], "out before in"),
        ([Trim("c1", "in", -11, "ripple")], "beyond the media. a.mov begins 10 frames before"),
        ([Trim("c4", "out", 21, "ripple")], "beyond the media. a.mov ends 20 frames after"),
        ([Trim("c1", "in", 1, "roll")], "first"),
        ([Trim("c4", "out", 1, "roll")], "last"),
        ([Trim("c1", "out", 45, "roll")], "would put out before in"),
        ([Slip("c1", -11)], "beyond the media"),
        ([Slip("c2", 111)], "beyond the media"),
        ([Trim("c1", "out", 31, "ripple")], "would be used twice: cut 4"),
        ([Insert("n1", "amov", 0, 11, None)], "would be used twice: cut 1"),
        ([Replace("c2", "amov", 79, 90)], "would be used twice"),
        ([Drop("c1"), Insert("n1", "amov", 0, 20, None), Restore("c1")], "would be used twice"),
        ([Insert("n1", "amov", 20, 20, None)], "Out before in"),
        ([Insert("n1", "amov", 90, 101, None)], "Beyond the media"),
        ([Insert("n1", "nobody", 0, 1, None)], "not among the footage"),
        ([Insert("c1", "bmov", 0, 1, None)], "new id"),
        ([Insert("n1", "bmov", 0, 1, "c9")], "no cut c9"),
        ([Replace("c2", "bmov", 50, 90)], "already"),
        ([Drop("c9")], "no cut c9"),
        ([Drop("c1"), Drop("c1")], "not in the film"),
        ([Drop("c1"), Move("c2", "c1")], "not in the film"),
        ([Restore("c1")], "nothing to put back"),
        ([Drop("c1"), Drop("c2"), Drop("c3"), Drop("c4")], "last one"),
        ([Ban("amov", None, None), Ban("bmov", 0, 200), Ban("cmov", None, None)], "last one"),
        ([Move("c1", "c1")], "before itself"),
        ([Move("c1", "c2")], "already"),
        ([Move("c4", None)], "already"),
        ([Lock("c1"), Lock("c1")], "locked already"),
        ([Unlock("c1")], "not locked"),
        ([Drop("c1"), Lock("c1")], "not in the film"),
        ([Ban("amov", 5, None)], "both"),
        ([Ban("amov", 0, 5), Ban("amov", 0, 5)], "banned already"),
        ([Ban("amov", 0, 5), Unban("amov", 0, 6)], "not banned"),
        ([Ban("amov", 0, 5), MustInclude("amov", 4, 9)], "lift the ban"),
        ([MustInclude("amov", 4, 9), Ban("amov", 0, 5)], "must be included"),
        ([MustInclude("amov", 4, 9), MustInclude("amov", 8, 12)], "included already"),
        ([NeedNot("amov", 4, 9)], "not marked"),
        ([Note(None, "x" * (LONGEST_NOTE + 1))], "too long"),
        ([Note("c9", "x")], "no cut c9"),
        ([Note(None, "")], "already"),
    ],
)  # fmt: skip
def test_what_cannot_hold_is_refused_with_the_reason(done, said):
    before = begun()
    *first, last = done
    state = after(*first) if first else before
    assert said in refused(last, state=state)


@pytest.mark.parametrize(
    "one",
    [
        Drop("c2"),
        Trim("c2", "in", 1, "ripple"),
        Trim("c1", "out", 1, "roll"),
        Slip("c2", 1),
        Move("c2", None),
        Replace("c2", "bmov", 0, 9),
        Ban("bmov", 80, 100),
    ],
)
def test_a_locked_cut_stays_as_it_is(one):
    state = after(Lock("c2"))
    assert "locked" in refused(one, state=state)
    assert apply(apply(state, Unlock("c2")), one).timeline != begun().timeline


def test_a_film_that_repeats_frames_already_may_go_on_to_do_so():
    state = begun(spans=[(A, 10, 30), (A, 20, 40), (B, 0, 10)])
    assert shown(after(Trim("c2", "out", 5, "ripple"), state=state))[1] == ("c2", 20, 45, 25)
    assert "twice" in refused(Trim("c2", "in", -1, "ripple"), state=state)


def test_handles_say_how_far_an_edge_can_go():
    for rate in (Fraction(24000, 1001), Fraction(25), NTSC, Fraction(60)):
        for one in (A, C, SLOW):
            state = begun(rate, [(one, 10, 30), (B, 50, 90)])
            before, behind = handles(state.shown[0].cut, rate)
            for edge, most in (("in", before), ("out", behind)):
                sign = -1 if edge == "in" else 1
                assert after(Trim("c1", edge, sign * most, "ripple"), state=state)
                said = refused(Trim("c1", edge, sign * (most + 1), "ripple"), state=state)
                assert "beyond the media" in said


# --- the log --------------------------------------------------------------------------------------


def test_undo_and_redo_go_back_and_forth_without_end():
    start = begun()
    done = [Drop("c1"), Trim("c2", "in", 5, "ripple"), Note("c2", "hm")]
    log = replay(start, done)
    whole = log.state
    for _ in range(3):
        log = log.act("undo").act("undo").act("undo")
        assert log.state == start
        log = log.act("redo").act("redo").act("redo")
        assert log.state == whole
    with pytest.raises(CorrectionError, match="nothing to redo"):
        log.act("redo")
    with pytest.raises(CorrectionError, match="nothing to undo"):
        replay(start, ()).act("undo")


def test_a_new_correction_after_undo_forgets_what_could_be_redone():
    log = replay(begun(), [Drop("c1"), "undo", Drop("c2")])
    assert log.redoable is None
    assert log.undoable == Drop("c2")
    assert [piece.id for piece in log.state.shown] == ["c1", "c3", "c4"]


def drawn(state: Corrected, draw: np.random.Generator, number: int):
    """A correction of any kind, sensible or not."""
    ids = [piece.id for piece in state.pieces]
    cut, other = (str(draw.choice(ids)) for _ in range(2))
    digest = str(draw.choice(list(state.clips)))
    first = int(draw.integers(-5, 120))
    span = (digest, first, first + int(draw.integers(-2, 40)))
    by = int(draw.integers(1, 12)) * int(draw.choice([-1, 1]))
    before = None if draw.random() < 0.2 else other
    return [
        Drop(cut), Restore(cut),
        Trim(cut, str(draw.choice(["in", "out"])), by, str(draw.choice(["ripple", "roll"]))),
        Slip(cut, by), Move(cut, before), Replace(cut, *span), Insert(f"n{number}", *span, before),
        Lock(cut), Unlock(cut), Ban(*span), Unban(*span), MustInclude(*span), NeedNot(*span),
        Note(cut, f"note {number}"), "undo", "redo",
    ][int(draw.choice(16, p=np.r_[[0.05, 0.08, 0.2], np.full(13, 0.67 / 13)]))]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_done_the_film_is_whole_and_plays_again_from_its_json(seed):
    draw = np.random.default_rng(seed)
    rate = [Fraction(25), Fraction(24000, 1001), Fraction(60)][seed % 3]
    start = begun(rate, [(A, 10, 30), (B, 50, 90), (C, 5, 35), (SLOW, 3, 20), (A, 60, 80)])
    log, acts, said_no = replay(start, ()), [], 0
    for number in range(150):
        act = drawn(log.state, draw, number)
        try:
            log = log.act(act)
        except CorrectionError as err:
            assert str(err).endswith(".")
            said_no += 1
            continue
        acts.append(act)
        check_whole(log.state)
    assert 10 < len(acts) < 150
    assert said_no
    again = [
        act if isinstance(act, str) else from_json(json.loads(json.dumps(as_json(act))))
        for act in acts
    ]
    assert replay(start, again).state == log.state
    while log.undoable is not None:
        log = log.act("undo")
    assert log.state == start


def check_whole(state: Corrected) -> None:
    """The film has no gap, no frame outside its media and none twice, and can be saved."""
    timeline = state.timeline
    at, used = 0, set()
    for cut in timeline.cuts:
        assert cut.start == at
        at = cut.stop
        assert 0 <= cut.source.first < cut.source.stop <= cut.clip.frames
        frames = {(cut.clip.digest, n) for n in range(cut.source.first, cut.source.stop)}
        assert not frames & used
        used |= frames
        seconds = len(cut.source) / cut.clip.rate - cut.length / timeline.rate
        assert abs(seconds) <= 1 / (2 * timeline.rate) + 1 / cut.clip.rate  # three roundings
    edit = Edit(timeline, "correction")
    assert saved.from_json(saved.as_json(edit)) == edit


# --- as JSON and in words -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "object"),
        ({}, "No correction is called None"),
        ({"kind": "explode"}, "Known: drop"),
        ({"kind": "drop"}, "has cut"),
        ({"kind": "drop", "cut": "c1", "force": True}, "not cut, force"),
        ({"kind": "drop", "cut": 3}, "cut cannot be 3"),
        ({"kind": "drop", "cut": "../c1"}, "cut cannot be"),
        ({"kind": "trim", "cut": "c1", "edge": "in", "by": 0, "mode": "roll"}, "by cannot be 0"),
        ({"kind": "trim", "cut": "c1", "edge": "in", "by": True, "mode": "roll"}, "by cannot"),
        ({"kind": "trim", "cut": "c1", "edge": "in", "by": 1.5, "mode": "roll"}, "by cannot"),
        ({"kind": "trim", "cut": "c1", "edge": "in", "by": 1 << 60, "mode": "roll"}, "by cannot"),
        ({"kind": "trim", "cut": "c1", "edge": "up", "by": 1, "mode": "roll"}, "edge cannot"),
        ({"kind": "move", "cut": None, "before": None}, "cut cannot be None"),
        ({"kind": "replace", "cut": "c1", "clip": "a", "clip_in": None, "clip_out": 3}, "clip_in"),
        ({"kind": "note", "cut": None, "text": None}, "text cannot"),
    ],
)
def test_a_malformed_correction_is_refused_by_its_part(value, said):
    with pytest.raises(CorrectionError, match=said):
        from_json(value)


def test_every_kind_is_told_in_words():
    done = [
        Drop("c1"), Restore("c1"), Trim("c1", "in", 1, "ripple"), Trim("c1", "out", -2, "roll"),
        Slip("c2", 3), Move("c1", None), Replace("c2", "bmov", 0, 9),
        Insert("n1", "bmov", 100, 109, "c3"), Lock("c1"), Unlock("c1"), Ban("slowmov", 0, 9),
        Unban("slowmov", 0, 9), MustInclude("slowmov", None, None),
        NeedNot("slowmov", None, None), Note("c1", "x"), Note(None, "x"),
    ]  # fmt: skip
    assert {type(one) for one in done} == set(KINDS.values())
    state, said = begun(), []
    for one in done:
        said.append(words(state, one))
        state = apply(state, one)
    assert said[0] == "drop cut 1 (a.mov)"
    assert said[2] == "trim cut 1 (a.mov): in 1 frame later"
    assert said[3] == "trim cut 1 (a.mov): out 2 frames earlier, rolling"
    assert said[7] == "insert b.mov, frames 100 to 109, before cut 2 (c.mov)"
    assert len(set(said)) == len(said)


def test_what_was_done_to_a_cut_can_be_told_from_it():
    state = after(
        Trim("c1", "in", 2, "ripple"), Move("c4", "c2"), Replace("c3", "cmov", 40, 60),
        Insert("n5", "bmov", 0, 9, None),
    )  # fmt: skip
    assert changes(state) == {
        "c1": ("trimmed",), "c2": (), "c3": ("replaced",), "c4": ("moved",), "n5": ("inserted",),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("done", "moved"),
    [
        ([Move("c2", "c4")], {"c2"}),
        ([Move("c3", "c2")], {"c3"}),
        ([Move("c1", None)], {"c1"}),
        ([Move("c2", "c4"), Move("c2", "c3")], set()),
        ([Move("c2", "c4"), Move("c3", None)], {"c3"}),
        ([Move("c3", "c1"), Move("c1", "c4")], {"c1", "c3"}),
    ],
)
def test_moved_is_the_cut_that_was_put_elsewhere_and_not_its_neighbour(done, moved):
    assert {cut for cut, told in changes(after(*done)).items() if "moved" in told} == moved


def test_the_longest_note_is_the_same_everywhere():
    from editor.correcting import desk

    assert desk.LONGEST_NOTE == corrections.LONGEST_NOTE
