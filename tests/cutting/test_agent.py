from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from editor.config import Pace, Style
from editor.cutting import agent
from editor.cutting.brief import Brief
from editor.cutting.observation import FEATURES, SIZES
from editor.cutting.reward import CUT_TERMS, FILM_TERMS, TERMS
from editor.errors import PolicyError, StyleError
from editor.learning import like
from editor.learning.simulate import World, simulate
from editor.timing import convert_length
from models import checkpoint
from models.checkpoint import Card
from models.policy import Policy

STYLE = Style("test", "", 15.0, "recorded", Pace(2.5, 0.7, 0.3, shortest=0.5, longest=9.0))
POOL = simulate(World(20, 3.0, 0.6, 0.5, 0.7, 0.3, 2.0, 7.0), np.random.default_rng(1))
BRIEF = Brief(STYLE, 15.0, "recorded", 0, rate=Fraction(24000, 1001))
CUTTERS = ("greedy", "chronological", "uniform", "random")


def a_policy() -> Policy:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return Policy(replace(SIZES, width=16, point_width=8, pair_width=8, heads=2))


@pytest.fixture(params=[*CUTTERS, "network"])
def decision(request):
    if request.param == "network":
        return agent.cut(POOL, BRIEF, agent.policy_cutter("network", a_policy()))
    return agent.cut(POOL, BRIEF, agent.load_policy(request.param))


def test_the_film_has_the_asked_length_on_its_own_frame_grid(decision):
    timeline = agent.assemble(POOL, decision, BRIEF.rate, (1280, 720), None, "letterbox")
    assert abs(float(timeline.duration) - BRIEF.duration) <= 1.0
    at = 0
    for cut in timeline.cuts:
        assert cut.start == at
        assert cut.length == convert_length(len(cut.source), cut.clip.rate, BRIEF.rate)
        assert 0 <= cut.source.first < cut.source.stop <= cut.clip.frames
        at = cut.stop
    assert timeline.frames == at


def test_every_cut_carries_its_reward_its_terms_and_a_reason(decision):
    for made in decision.choices:
        assert set(made.terms) == set(CUT_TERMS)
        assert all(-1 <= value <= 1 for value in made.terms.values())
        assert made.reason.startswith(("over ", "the only choice"))
    assert set(decision.film_terms) == set(FILM_TERMS)
    total = sum(made.reward for made in decision.choices)
    assert total == pytest.approx(decision.score, abs=1e-4)


def test_a_reason_names_terms_in_an_editors_words():
    made = agent.cut(POOL, BRIEF, agent.load_policy("greedy"))
    words = {term.words for term in TERMS.values()}
    named = [choice.reason.split(": ", 1)[1] for choice in made.choices if ": " in choice.reason]
    told = [text for text in named if not text.startswith("no term")]
    assert told
    for text in told:
        for part in text.split(", "):
            assert part.rsplit(" ", 1)[0] in words
            assert float(part.rsplit(" ", 1)[1]) > 0


def test_the_other_takes_of_a_line_are_its_alternatives():
    pool = simulate(World(20, 3.0, 1.0, 0.5, 0.7, 0.3, 2.0, 7.0), np.random.default_rng(2))
    said = int(np.flatnonzero((pool.line >= 0) & pool.pair.any((1, 2)))[0])
    pool = replace(pool, must=np.where(np.arange(pool.size) == said, 0, -1))
    decision = agent.cut(pool, BRIEF, agent.load_policy("uniform"))
    spoken = [made for made in decision.choices if pool.line[made.shot] >= 0]
    assert spoken
    for made in spoken:
        takes = [other for other in made.alternatives if other.why == "other take"]
        assert takes
        assert all(take.clip != pool.clips[int(pool.clip[made.shot])] for take in takes)


def test_one_seed_decides_the_same_film_and_another_seed_another():
    cutter = agent.policy_cutter("network", a_policy())
    one, two, other = (agent.cut(POOL, replace(BRIEF, seed=s), cutter) for s in (5, 5, 6))
    assert one == two
    assert one.choices != other.choices


@pytest.mark.parametrize("name", ["uniform", "random", "base"])
def test_who_never_looks_at_what_a_film_scores_is_left_alone(name):
    cutter = agent.load_policy(name)
    aimed = agent.aiming(cutter, lambda lengths: -float(sum(lengths)))
    assert agent.cut(POOL, BRIEF, aimed) == agent.cut(POOL, BRIEF, cutter)


@pytest.mark.parametrize("name", ["greedy", "base+search"])
def test_lengths_that_are_worth_something_beside_the_score_come_nearer(name):
    asked = np.array([1.0, 1.5, 2.0, 3.0, 5.0])
    plain = agent.load_policy(name)
    aimed = agent.aiming(plain, lambda lengths: -like.distance(np.array(lengths), asked))
    shots, away = [], []
    for cutter in (plain, aimed):
        decision = agent.cut(POOL, BRIEF, cutter)
        made = agent.assemble(POOL, decision, BRIEF.rate, (1280, 720), None, "letterbox")
        away.append(like.distance(np.array(made.lengths), asked))
        shots.append([choice.shot for choice in decision.choices])
        assert all(choice.reason for choice in decision.choices)
    assert shots[0] == shots[1] and away[1] < away[0]


def test_an_unknown_policy_is_refused_with_the_known_ones():
    with pytest.raises(PolicyError, match="greedy"):
        agent.load_policy("kurosawa")


def test_a_policy_of_another_version_is_refused_naming_both_sides(tmp_path):
    features = {kind: list(names) for kind, names in FEATURES.items()}
    features["film"] = [*features["film"], "tide"]
    policy = a_policy()
    path = tmp_path / "old.safetensors"
    card = Card(policy.sizes.table(), features, list(TERMS), "", 0, [], {})
    checkpoint.save_policy(path, policy, card)
    with pytest.raises(PolicyError, match="tide"):
        agent.load_policy(str(path))


def test_a_policy_file_cuts_by_its_path_with_and_without_search(tmp_path):
    policy = a_policy()
    features = {kind: list(names) for kind, names in FEATURES.items()}
    path = tmp_path / "mine.safetensors"
    card = Card(policy.sizes.table(), features, list(TERMS), "", 0, [], {})
    checkpoint.save_policy(path, policy, card)
    plain = agent.cut(POOL, BRIEF, agent.load_policy(str(path)))
    searched = agent.cut(POOL, BRIEF, agent.load_policy(f"{path}{agent.SEARCH}"))
    assert searched.score >= plain.score


@pytest.mark.parametrize("seconds", [0.0, -5.0, float("inf"), float("nan")])
def test_a_length_that_is_no_length_is_refused(seconds):
    with pytest.raises(StyleError, match="cannot be made"):
        agent.length(POOL, STYLE, seconds)


def test_of_a_longer_film_than_the_footage_the_longest_is_made_and_said():
    usable = float(POOL.usable)
    length, why = agent.length(POOL, STYLE, usable + 100)
    assert length == usable and f"{usable + 100:g} s were asked for" in why
    assert agent.length(POOL, STYLE, usable - 1)[0] == usable - 1


def test_the_suggested_length_is_the_styles_or_two_fifths_of_the_footage():
    assert agent.suggest_duration(POOL, STYLE) == 15.0
    long = replace(STYLE, duration=9000.0)
    assert agent.suggest_duration(POOL, long) == pytest.approx(0.4 * float(POOL.usable))
