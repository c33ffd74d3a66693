"""Is a professional edit found again: the questions, the hidden frames, what is learned of whom."""

from dataclasses import replace

import numpy as np
import pytest

from editor.measures import pairs, ranking, recover, seen, shown
from editor.measures.ranking import Scores
from editor.timing import FrameSpan
from tests.measures.films import views


def perfect(size: int) -> np.ndarray:
    return np.eye(size, k=1)


def test_a_scorer_that_knows_the_edit_answers_everything():
    found = ranking.answer(Scores(perfect(9), ranking.chained(perfect(9))))
    for name in ("auc", "recall@1", "recall@5", "order", "tau", "pairwise"):
        assert found.rows[name].mean() == 1.0, name


def test_a_scorer_that_knows_nothing_answers_as_chance_does():
    none = np.zeros((9, 9))
    found = ranking.answer(Scores(none, ranking.chained(none)))
    for name, value in found.chance.items():
        assert found.rows[name].mean() == pytest.approx(value), name


def test_a_scorer_that_has_it_backwards_is_worse_than_chance():
    found = ranking.answer(Scores(perfect(9).T, ranking.chained(perfect(9).T)))
    assert found.rows["tau"].mean() == -1.0
    assert found.rows["pairwise"].mean() == 0.0 == found.rows["order"].mean()


def test_of_unseen_shots_only_the_later_ones_are_candidates():
    assert ranking.candidates(5, 2, True).tolist() == [3, 4]
    assert ranking.candidates(5, 2, False).tolist() == [0, 1, 3, 4]
    found = ranking.answer(Scores(perfect(5), unseen=True))
    assert len(found.rows["auc"]) == 3  # the last but one has a single candidate: no question


@pytest.mark.parametrize("length", [1, 2, 5, 6, 7, 8, 100])
def test_frames_next_to_a_cut_are_never_seen(length):
    shot = FrameSpan(50, 50 + length)
    shown = seen.visible(shot)
    assert shot.first <= shown.first < shown.stop <= shot.stop
    if length > 2 * seen.HIDDEN:
        assert shown == FrameSpan(50 + seen.HIDDEN, 50 + length - seen.HIDDEN)


def test_a_film_run_backwards_twice_is_the_film():
    film = views(8, 3)
    again = seen.mirrored(seen.mirrored(film))
    for name in ("seconds", "embedding", "colour", "thumb", "face", "ends"):
        np.testing.assert_allclose(getattr(again, name), getattr(film, name))


def test_similarity_finds_scenes_and_is_symmetric_in_nothing_but_its_mean():
    found = ranking.answer(pairs.similarity(views(60, 1)))
    assert found.rows["auc"].mean() > 0.7
    assert abs(found.rows["pairwise"].mean() - 0.5) < 0.2


def test_in_what_order_the_unseen_shots_come_is_not_told():
    film, cut = views(20, 2), 8
    kept = np.r_[: cut + 1, 19:cut:-1]  # what comes after `cut`, the other way round
    one, other = (shown.likeness(some) for some in (film, seen.select(film, kept)))
    before = shown.following(one)[: cut + 1]
    near = {"rtol": 1e-4, "atol": 1e-4}  # sums of float32 in another order
    np.testing.assert_allclose(before[:, kept], shown.following(other)[: cut + 1], **near)


def test_how_much_the_film_has_shown_is_not_told():
    """Shots long past may as well be none of the film's: what they say has faded."""
    alike = shown.likeness(views(60, 2))
    whole, part = shown.following(alike)[40:, 40:], shown.following(alike[20:, 20:])[20:, 20:]
    later = np.triu_indices(len(part), 1)
    np.testing.assert_allclose(whole[later], part[later], atol=0.001)


def test_where_two_set_ups_alternate_the_next_is_like_the_one_before():
    alike = np.full((6, 6), -1.0)
    for one in (0, 1):
        alike[one::2, one::2] = 1.0
    after = shown.following(alike)[1]  # shown: A B; A is shot 2, B is shot 3
    assert after[2] == pytest.approx(after[3])  # the last one counts no more than that before it
    after = shown.following(alike)[2]  # shown: A B A
    assert after[4] > after[3]


def test_likeness_is_the_same_both_ways_and_less_for_a_shot_that_is_like_all():
    film = views(20, 4)
    common = film.embedding.copy()
    common[7] = film.embedding.mean(axis=(0, 1))  # of every scene a little
    common[7] /= np.linalg.norm(common[7], axis=-1, keepdims=True)
    alike = shown.likeness(replace(film, embedding=common))
    np.testing.assert_allclose(alike, alike.T)
    same = [(a, b) for a in range(20) for b in range(20) if a != b and 7 not in (a, b)]
    scene = np.mean([alike[a, b] for a, b in same if a // 5 == b // 5])
    assert np.delete(alike[7], 7).mean() < scene


def test_shots_lately_shown_tell_the_next_better_than_the_last_alone():
    """Where a shot by itself is only faintly like the other shots of its scene."""
    ahead = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        scene, own = rng.standard_normal((12, 16)), rng.standard_normal((120, 16))
        alike = np.corrcoef(np.repeat(scene, 10, axis=0) + 1.5 * own)
        tables = (shown.following(alike / alike.std()), alike)
        lately, last = (ranking.answer(Scores(table, unseen=True)).rows["auc"] for table in tables)
        ahead.append(lately.mean() - last.mean())
    assert np.mean(ahead) > 3 * np.std(ahead) / np.sqrt(len(ahead)) > 0


def test_the_page_says_for_every_film_whether_the_floor_is_beaten():
    text = recover.recover([(f"Film {seed}", views(12, seed)) for seed in (1, 2)], {}, 0).text()
    assert "Is the floor beaten?" in text and "chance" in text
    for title in ("Film 1", "Film 2"):
        assert f"{title}, {recover.FILM_ON}" in text


def test_no_film_is_scored_by_what_was_learned_of_it_or_of_another_file_of_it():
    one, two, three = views(14, 1), views(14, 2), views(9, 3)
    films = [("One", one), ("One, trailer", replace(three, film=one.film)), ("Two", two)]
    done = recover.recover(films, {}, 0)
    assert done.learned_from["One"] == ("Two",)
    assert done.learned_from["One, trailer"] == ("Two",)
    assert done.learned_from["Two"] == ("One", "One, trailer")
    again = recover.recover([films[0], films[2]], {}, 0)
    for scorer in (recover.LEARNED, recover.FILM_ON):
        mine, other = (made.films[0].found[scorer].rows for made in (done, again))
        for name, row in mine.items():
            np.testing.assert_array_equal(row, other[name])


def test_one_film_alone_has_its_floor_and_says_that_nothing_was_learned():
    done = recover.recover([("One", views(12, 1))], {}, 0)
    assert recover.LEARNED not in done.films[0].found
    assert list(done.films[0].found[recover.FILM_ON].rows) == ["auc", "recall@1", "recall@5"]
    assert "give two films or more" in done.text()


def test_an_interval_holds_its_mean_and_is_narrower_for_a_longer_film():
    rng = np.random.default_rng(0)
    short, long = (recover.by_shot(rng.uniform(size=n), 0) for n in (20, 500))
    for row in (short, long):
        assert row.low <= row.mean <= row.high
    assert long.high - long.low < short.high - short.low
