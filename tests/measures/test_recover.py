"""Is a professional edit found again: the questions, the hidden frames, what is learned of whom."""

from dataclasses import replace

import numpy as np
import pytest

from editor.measures import pairs, ranking, recover, seen
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


def test_what_the_film_has_shown_is_used_and_nothing_that_comes():
    """A shot's features after shot i do not change with what comes later than i."""
    film = views(20, 2)
    cut = 8
    changed = replace(film, embedding=film.embedding.copy())
    changed.embedding[cut + 3 :] = changed.embedding[cut + 3 :][::-1]
    names = pairs.film_features(film)[1]
    before = [n for n, name in enumerate(names) if "before" in name and "embedding" in name]
    whole, other = (pairs.film_features(v)[0][cut, : cut + 3][:, before] for v in (film, changed))
    # standardising and centring by the film move all alike; the ranks stay
    np.testing.assert_array_equal(whole[:, 0].argsort(), other[:, 0].argsort())


def test_learning_beats_similarity_where_films_cut_to_and_fro():
    films = [(f"Film {seed}", views(36, seed)) for seed in (1, 2, 3)]
    done = recover.recover(films, {}, 0)
    for film in done.films:
        ahead = recover.gain(film, recover.LEARNED_ON, recover.FLOOR_ON, "auc", 0)
        assert ahead.mean > 0
    text = done.text()
    assert "Is the floor beaten?" in text and "chance" in text


def test_no_film_is_scored_by_what_was_learned_of_it_or_of_another_file_of_it():
    one, two, three = views(14, 1), views(14, 2), views(9, 3)
    films = [("One", one), ("One, trailer", replace(three, film=one.film)), ("Two", two)]
    done = recover.recover(films, {}, 0)
    assert done.learned_from["One"] == ("Two",)
    assert done.learned_from["One, trailer"] == ("Two",)
    assert done.learned_from["Two"] == ("One", "One, trailer")
    again = recover.recover([films[0], films[2]], {}, 0)
    mine, other = (d.films[0].found[recover.LEARNED].rows["auc"] for d in (done, again))
    np.testing.assert_array_equal(mine, other)


def test_one_film_alone_has_its_floor_and_says_that_nothing_was_learned():
    done = recover.recover([("One", views(12, 1))], {}, 0)
    assert recover.LEARNED not in done.films[0].found
    assert "give two films or more" in done.text()


def test_an_interval_holds_its_mean_and_is_narrower_for_a_longer_film():
    rng = np.random.default_rng(0)
    short, long = (recover.by_shot(rng.uniform(size=n), 0) for n in (20, 500))
    for row in (short, long):
        assert row.low <= row.mean <= row.high
    assert long.high - long.low < short.high - short.low
