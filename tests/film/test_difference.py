from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from editor.film.difference import KINDS, Difference, compare
from editor.film.retelling import words
from editor.film.timeline import Music, Timeline
from tests.film import edits
from tests.film.returned import films

A, B, C = (films.clip(name, 25, 500, "01:00:00:00") for name in ("a.mov", "b.mov", "c.mov"))
FAST = films.clip("fast.mov", 50, 1000)
SPANS = [(A, 10, 60), (B, 0, 40), (C, 100, 200), (A, 200, 260)]


def film(*spans, rate=25, **changes) -> Timeline:
    return edits.film(rate, spans, **changes)


def told(difference: Difference) -> list[tuple[str, int | None, int | None]]:
    return [(c.kind, c.before_index, c.after_index) for c in difference.changes]


def test_the_same_film_differs_in_nothing():
    found = compare(film(*SPANS), film(*SPANS))
    assert found.same
    assert told(found) == [("kept", n, n) for n in range(4)]
    assert words(found) == ("Nothing was changed: all 4 cuts are as they were.",)


def test_a_dropped_cut_stands_where_it_stood():
    found = compare(film(*SPANS), film(SPANS[0], *SPANS[2:]))
    assert told(found) == [("kept", 0, 0), ("dropped", 1, None), ("kept", 2, 1), ("kept", 3, 2)]
    assert words(found) == (
        "Kept 3 of 4 cuts as they were.",
        "Cut 2 (b.mov 01:00:00:00 to 01:00:01:15) dropped, 40 frames.",
        "The film is 40 frames shorter: 00:00:08:10.",
    )


def test_a_trim_says_how_many_frames_at_which_end():
    found = compare(film(*SPANS), film((A, 22, 60), (B, 0, 43), *SPANS[2:]))
    first, second = found.of("trimmed")
    assert (first.head, first.tail, second.head, second.tail) == (12, 0, 0, -3)
    assert words(found)[1:3] == (
        "Cut 1 (a.mov): 12 frames off its beginning.",
        "Cut 2 (b.mov): 3 frames added at its end.",
    )


def test_a_slip_and_a_roll_are_called_so():
    found = compare(film(*SPANS), film((A, 15, 65), *SPANS[1:]))
    assert found.of("trimmed")[0].slipped == 5
    assert words(found)[1] == "Cut 1 (a.mov): slipped by 5 frames to later ones of the clip."
    rolled = compare(film((B, 0, 40), (C, 100, 200)), film((B, 0, 33), (C, 93, 200)))
    assert [(c.head, c.tail) for c in rolled.changes] == [(0, 7), (-7, 0)]
    assert words(rolled) == (
        "Kept none of the 2 cuts as it was.",
        "The edit point between cuts 1 and 2 (b.mov, c.mov) rolled 7 frames earlier.",
    )


def test_a_moved_cut_is_the_one_that_left_the_others_in_order():
    one, two, three, four = SPANS
    found = compare(film(*SPANS), film(four, one, two, three))
    assert [c.kind for c in found.changes] == ["moved", "kept", "kept", "kept"]
    assert words(found)[1] == "Cut 4 (a.mov) moved earlier, it is now cut 1."
    trimmed = compare(film(*SPANS), film(two, three, four, (A, 10, 54)))
    assert told(trimmed)[-1] == ("moved", 0, 3)
    assert trimmed.changes[-1].tail == 6
    assert "moved later, it is now cut 4; 6 frames off its end" in words(trimmed)[1]


def test_a_cut_that_moved_past_another_moved_later_whatever_was_dropped_before_it():
    spans = [*SPANS, (B, 100, 140)]
    found = compare(film(*spans), film(spans[0], spans[4], spans[2], spans[3]))
    assert "Cut 5 (b.mov) moved earlier, it is now cut 2." in words(found)
    found = compare(film(*spans), film(spans[1], spans[3], spans[4], spans[2]))
    assert "Cut 3 (c.mov) moved later, it is now cut 4." in words(found)


MANY = [((A, B, C)[n % 3], 30 * n, 30 * n + 20 + n) for n in range(15)]


def rearranged(*order: int) -> Difference:
    return compare(film(*MANY), film(*(MANY[n] for n in order)))


@pytest.mark.parametrize("apart", range(1, 8))
@pytest.mark.parametrize("first", [0, 4, 7])
def test_of_two_that_changed_places_both_are_named_and_none_between(first, apart):
    order = list(range(15))
    other = first + apart
    order[first], order[other] = other, first
    found = rearranged(*order)
    assert len(found.of("moved")) == (1 if apart == 1 else 2)
    names = [MANY[n][0].name for n in (first, other)]
    assert words(found) == (
        f"Kept {14 if apart == 1 else 13} of 15 cuts as they were.",
        f"Cuts {first + 1} ({names[0]}) and {other + 1} ({names[1]}) changed places.",
    )


def test_a_swap_beside_other_changes_is_one_still():
    spans = [MANY[n] for n in (1, 2, 3, 6, 5, 4, 7, 8, 9, 10, 11, 12, 13, 14, 0)]
    spans[3] = (spans[3][0], spans[3][1] + 4, spans[3][2])
    said = words(compare(film(*MANY), film(*spans)))
    assert said[1:] == (
        "Cuts 5 (b.mov) and 7 (a.mov) changed places, they are now cuts 6 and 4; cut 7: 4 frames"
        " off its beginning.",
        "Cut 1 (a.mov) moved later, it is now cut 15.",
        "The film is 4 frames shorter: 00:00:16:01.",
    )


@pytest.mark.parametrize("count", [2, 3, 5])
def test_what_was_put_elsewhere_moved_and_not_what_it_passed(count):
    order = [n for n in range(15) if n != 3]
    order.insert(3 + count, 3)
    found = rearranged(*order)
    assert [c.before_index for c in found.of("moved")] == [3]
    assert words(found)[1] == f"Cut 4 (a.mov) moved later, it is now cut {4 + count}."


@pytest.mark.parametrize("seed", range(20))
def test_no_more_cuts_moved_than_have_to(seed):
    order = np.random.default_rng(seed).permutation(15).tolist()
    longest = [1] * 15  # ascending run that ends with each
    for n in range(15):
        longest[n] += max((longest[m] for m in range(n) if order[m] < order[n]), default=0)
    found = rearranged(*order)
    assert len(found.of("moved")) == 15 - max(longest)
    said = " ".join(words(found))
    assert all(f"{c.before_index + 1} (" in said for c in found.of("moved"))


def test_a_cut_that_stands_twice_is_shown_again_and_was_not_split():
    said = words(compare(film(*SPANS), film(*SPANS, SPANS[0])))
    assert said[0] == "Kept 4 of 4 cuts as they were."
    assert said[1].startswith("Cut 1 is shown again: a.mov ") and "is now cut 5" in said[1]


@pytest.mark.parametrize("at", [30, 31, 45])
def test_a_further_piece_at_another_rate_was_split_though_the_pieces_share_a_frame(at):
    found = compare(film((FAST, 0, 101)), film((FAST, 0, at + 1), (FAST, at, 101)))
    (said,) = (line for line in words(found) if "now cut" in line)
    assert "Cut 1 was split" in said
    again = compare(film((FAST, 0, 101)), film((FAST, 0, 101), (FAST, at, 101)))
    assert any("Cut 1 is shown again" in line for line in words(again))


def kept(difference: Difference) -> list[tuple[int, int]]:
    """Places before and after of the cuts that stayed."""
    return [
        (c.before_index, c.after_index)
        for c in difference.changes
        if c.kind in ("kept", "trimmed") and c.before_index is not None
    ]


@pytest.mark.parametrize("copies", [2, 3])
@pytest.mark.parametrize("length", [1, 2, 4, 7, 40])
def test_of_whole_copies_the_one_in_place_was_kept_and_the_others_are_shown_again(copies, length):
    spans = [((A, B, C)[n % 3], 10 * n, 10 * n + 10) for n in range(length)]
    found = compare(film(*spans), film(*spans * copies))
    assert kept(found) == [(n, n) for n in range(length)]
    again = [line for line in words(found) if "is shown again" in line]
    assert len(again) == length * (copies - 1) == len(found.of("inserted"))
    assert not found.of("moved") and not found.of("dropped")


def test_a_copy_behind_something_new_is_not_the_kept_one():
    new = (FAST, 0, 50)
    found = compare(film(*SPANS), film(new, *SPANS, new, *SPANS))
    assert kept(found) == [(n, n + 1) for n in range(4)]


def test_of_copies_the_longest_run_was_kept():
    found = compare(film(*SPANS), film(*SPANS[:2], SPANS[3], *SPANS))
    assert kept(found) == [(n, n + 3) for n in range(4)]


def test_a_trim_in_the_copy_in_place_does_not_move_its_cut_to_the_other():
    trimmed = [*SPANS[:2], (C, 104, 200), SPANS[3]]
    found = compare(film(*SPANS), film(*trimmed, *SPANS))
    assert kept(found) in ([(n, n) for n in range(4)], [(n, n + 4) for n in range(4)])
    both = [*SPANS[:2], (C, 103, 200), SPANS[3]]
    found = compare(film(*SPANS), film(*trimmed, *both))
    assert not found.of("moved")


def test_a_swap_of_cuts_that_share_frames_is_a_swap_and_no_slip():
    spans = [(A, 0, 50), (B, 0, 40), (A, 10, 60)]
    found = compare(film(*spans), film(*spans[::-1]))
    assert [(c.head, c.tail) for c in found.changes] == [(0, 0)] * 3
    assert len(found.of("moved")) == 2


def test_of_copies_in_the_film_before_the_one_that_went_was_dropped():
    found = compare(film(*SPANS, *SPANS), film(*SPANS))
    assert kept(found) == [(n, n) for n in range(4)]
    assert [c.before_index for c in found.of("dropped")] == [4, 5, 6, 7]


def test_of_two_that_changed_places_the_shorter_moved():
    found = compare(film((A, 0, 90), (B, 0, 20)), film((B, 0, 20), (A, 0, 90)))
    assert [(c.kind, c.cut.clip.name) for c in found.changes] == [
        ("moved", "b.mov"),
        ("kept", "a.mov"),
    ]


def test_what_stands_in_the_place_of_another_replaced_it():
    found = compare(film(*SPANS), film(SPANS[0], (C, 300, 330), *SPANS[2:]))
    assert told(found)[1] == ("replaced", 1, 1)
    assert words(found)[1] == (
        "Cut 2 (b.mov 01:00:00:00 to 01:00:01:15) replaced by c.mov 01:00:12:00 to 01:00:13:05."
    )
    other = compare(film(*SPANS), film(SPANS[0], (B, 300, 330), *SPANS[2:]))
    assert "another moment of the same clip" in words(other)[1]


def test_what_is_new_was_inserted():
    found = compare(film(*SPANS), film(SPANS[0], (FAST, 0, 50), *SPANS[1:]))
    assert told(found)[1] == ("inserted", None, 1)
    assert words(found)[1] == ("Inserted as cut 2: fast.mov 00:00:00:00 to 00:00:01:00, 25 frames.")


def test_a_split_and_a_join_know_their_other_half():
    parts = [(C, 100, 140), (B, 0, 40), (C, 150, 200)]
    split = compare(film((C, 100, 200)), film(*parts))
    assert [(c.kind, c.shared) for c in split.changes] == [
        ("inserted", 0), ("inserted", None), ("trimmed", None),
    ]  # fmt: skip
    assert any(line.startswith("Cut 1 was split: c.mov") for line in words(split))
    joined = compare(film((C, 100, 140), (C, 140, 200)), film((C, 100, 200)))
    assert sorted((c.kind, c.shared) for c in joined.changes if c.shared is not None) == [
        ("dropped", 0)
    ]
    assert any("was joined to what is now cut 1" in line for line in words(joined))


def test_a_split_takes_no_place_from_what_was_replaced():
    before, after = film((C, 100, 200), (B, 0, 40)), film((C, 100, 140), (C, 150, 200), (A, 0, 40))
    assert compare(before, after).of("replaced")[0].before_index == 1


def test_touching_by_a_frame_is_no_trim():
    found = compare(film((A, 0, 50)), film((A, 49, 120)))
    assert told(found) == [("replaced", 0, 0)]


def test_retimed_cuts_say_their_speed_and_no_false_trim():
    found = compare(film(*SPANS), film((A, 10, 35), *SPANS[1:]), {0: Fraction(2)})
    (change,) = found.of("retimed")
    assert (change.speed, change.head, change.tail) == (2, 0, 0)
    assert words(found)[1] == "Cut 1 (a.mov): retimed, it plays at 200 %."


def test_what_played_so_before_was_not_retimed():
    two, one = {0: Fraction(2)}, {0: Fraction(1)}
    assert compare(film(*SPANS), film(*SPANS), two, two).same
    found = compare(film(*SPANS), film(*SPANS[:1]), one, two)
    assert words(found)[1] == "Cut 1 (a.mov): retimed, it plays at 100 %."
    moved = compare(film(*SPANS), film(*SPANS[1:], SPANS[0]), {3: Fraction(2)}, two)
    assert words(moved)[1:] == ("Cut 1 (a.mov) moved later, it is now cut 4.",)


def test_trims_of_other_rates_are_told_in_frames_of_the_film():
    found = compare(film((FAST, 0, 100)), film((FAST, 10, 99)))
    assert words(found)[1] == (
        "Cut 1 (fast.mov): 5 frames (10 of the clip's) off its beginning, 1 frame of the clip"
        " off its end."
    )


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("stop", range(47, 53))
def test_frames_taken_off_a_cut_of_another_rate_are_those_that_the_film_is_shorter_by(first, stop):
    before, after = film((FAST, first, 100)), film((FAST, first, stop))
    (said,) = (text for text in words(compare(before, after)) if text.startswith("Cut 1"))
    gone = before.cuts[0].length - after.cuts[0].length
    assert said.startswith(f"Cut 1 (fast.mov): {gone} frames (")


def test_what_holds_for_the_whole_film_is_told_too(tmp_path):
    before = film(*SPANS)
    after = replace(before, size=(64, 36), music=Music(tmp_path / "song.wav"))
    found = compare(before, after)
    assert found.settings == ("size", "music") and not found.same
    assert words(found)[-2:] == (
        "The film's size was 320x180 and is now 64x36.",
        "The music was none and is now song.wav.",
    )


def test_clips_are_the_same_wherever_they_lie(tmp_path):
    elsewhere = replace(A, path=tmp_path / "copy.mov")
    assert compare(film((A, 0, 50)), film((elsewhere, 0, 50))).of("kept")


def test_films_of_nothing_are_compared_too():
    empty = Timeline((), Fraction(25), (320, 180))
    assert told(compare(empty, film(SPANS[0]))) == [("inserted", None, 0)]
    assert told(compare(film(SPANS[0]), empty)) == [("dropped", 0, None)]
    assert compare(empty, empty).same


@pytest.mark.parametrize("seed", range(30))
def test_every_cut_of_both_films_is_told_once_and_the_sums_are_right(seed):
    random = np.random.default_rng(seed)

    def drawn() -> Timeline:
        spans = []
        for _ in range(int(random.integers(1, 14))):
            clip = (A, B, C)[int(random.integers(3))]
            first = int(random.integers(0, 12)) * 40
            spans.append((clip, first, first + int(random.integers(1, 120)) % (500 - first) + 1))
        return film(*spans)

    before, after = drawn(), drawn()
    found = compare(before, after)
    old = sorted(c.before_index for c in found.changes if c.before_index is not None)
    new = [c.after_index for c in found.changes if c.after_index is not None]
    assert (old, new) == (list(range(len(before.cuts))), list(range(len(after.cuts))))
    assert sum(len(found.of(kind)) for kind in KINDS) == len(found.changes)
    for change in found.changes:
        if change.before is not None and change.after is not None and change.kind != "replaced":
            length = len(change.before.source) - change.head - change.tail
            assert length == len(change.after.source)
    assert len(words(found)) >= 1
    still = [c.before_index for c in found.changes if c.kind in ("kept", "trimmed")]
    assert still == sorted(still)


def test_a_film_of_two_thousand_cuts_is_compared_in_seconds():
    spans = [((A, B, C)[n % 3], n % 400, n % 400 + 20) for n in range(2000)]
    found = compare(film(*spans), film(*spans[5:], *spans[:5]))
    assert len(found.of("kept")) + len(found.of("moved")) == 2000
